"""From a picture to the model's input tensor, and back."""

from __future__ import annotations

from typing import NamedTuple, Union

import numpy as np
from PIL import Image

from .errors import damaged
from .files import read_items
from .picture import Picture, load_picture

WIDTH, HEIGHT = 16, 16
# Resized at once: what comes in between stays in the processor's cache.
ROWS = 32
CHANNELS = 3
DTYPE = np.dtype(np.float32)


class Placement(NamedTuple):
    """Which part of a picture lies where in the input, in whole pixels."""

    size: tuple[int, int]
    """Width and height of the picture."""
    box: tuple[int, int, int, int]
    """What of it the model sees: left, top, right, bottom."""
    fitted: tuple[int, int, int, int]
    """Where that is in the input: left, top, width, height."""

    def to_picture(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points of the input (float32, in pixels) are in the picture."""
        left, top, right, bottom = map(np.float32, self.box)
        x0, y0, width, height = map(np.float32, self.fitted)
        picture_x = left + (x - x0) * (right - left) / width
        picture_y = top + (y - y0) * (bottom - top) / height
        limits = tuple(map(np.float32, self.size))
        return picture_x.clip(0, limits[0]), picture_y.clip(0, limits[1])


class Prepared(NamedTuple):
    """A picture that has become the model's input."""

    size: tuple[int, int]
    """Width and height of the picture."""
    tensors: list[np.ndarray]
    """The input tensor: [1, 3, 16, 16]."""


# What is given to the model's class.
Given = Union[Picture, Prepared]


def place(size: tuple[int, int]) -> Placement:
    """The whole picture in the middle of the input, for its width and height."""
    width, height = size
    # Rounded half up.
    fitted_width = (2 * width * HEIGHT + height) // (2 * height)
    fitted_height = (2 * height * WIDTH + width) // (2 * width)
    fitted_width = min(WIDTH, max(1, fitted_width))
    fitted_height = min(HEIGHT, max(1, fitted_height))
    left, top = (WIDTH - fitted_width) // 2, (HEIGHT - fitted_height) // 2
    fitted = (left, top, fitted_width, fitted_height)
    return Placement(size, (0, 0, width, height), fitted)


class Preprocessor:
    """Makes input tensors of pictures.

    Raises InstallationError if the package is not whole.
    """

    def __init__(self) -> None:
        # What each 8-bit pixel becomes: normalization and quantization in one table.
        tables = read_items("input_table.bin", DTYPE)
        if tables.size != CHANNELS * 256:
            raise damaged("input_table.bin", "has another size")
        # It is the same for all channels.
        self._table = tables[:256]

    def tensors(self, picture: Given) -> list[np.ndarray]:
        """The input tensor for a picture: [1, 3, 16, 16].

        Raises:
            InputError: the picture cannot be read.
        """
        return self.prepare(picture).tensors

    def prepare(self, picture: Given) -> Prepared:
        """The input for a picture, which any thread may make.

        Raises:
            InputError: the picture cannot be read.
        """
        if isinstance(picture, Prepared):
            return picture
        loaded = load_picture(picture)
        pixels = _fit(loaded)
        pixels = pixels.transpose(2, 0, 1)
        tensor = self._table.take(pixels)
        return Prepared(loaded.size, [tensor.reshape([1, 3, 16, 16])])


def _fit(picture: Image.Image) -> np.ndarray:
    """The whole picture in the middle of the input."""
    left, top, width, height = place(picture.size).fitted
    canvas = np.full((HEIGHT, WIDTH, 3), 114, np.uint8)
    canvas[top : top + height, left : left + width] = _resize(picture, width, height)
    return canvas


def _resize(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """Between the four nearest pixels, as OpenCV and tf.image.resize do, in integers.

    The pixel (x, y) and its neighbours, clamped into the picture, weigh 2048 - f and f
    along each axis.
    """
    weights_x = _weights(picture.width, width)
    weights_y = _weights(picture.height, height)[:, np.newaxis]
    weights_x = np.repeat(weights_x, 3)
    corners = [
        _gather(picture, width, height, right, down).reshape(height, -1)
        for down in (0, 1)
        for right in (0, 1)
    ]
    resized = np.empty_like(corners[0])
    for top in range(0, height, ROWS):
        rows = slice(top, top + ROWS)
        above = _between(corners[0][rows], corners[1][rows], weights_x)
        below = _between(corners[2][rows], corners[3][rows], weights_x)
        below -= above
        below *= weights_y[rows]
        above <<= 11
        above += below
        above += 1 << 21
        above >>= 22
        resized[rows] = above
    return resized.reshape(height, width, 3)


def _weights(source: int, size: int) -> np.ndarray:
    """How much of 2048 the second of two neighbours weighs, for each new pixel."""
    numerators = (2 * np.arange(size) + 1) * source - size
    first, rest = np.divmod(numerators, 2 * size)
    weights = (rest * 2048 + size) // (2 * size)
    # Outside, a neighbour is the pixel at the edge: all weight is then on that one.
    weights[first < 0] = 2048
    weights[first >= source - 1] = 0
    return weights.astype(np.int32)


def _between(left: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What is between left and right neighbours, times 2048."""
    mixed = right.astype(np.int32)
    between = left.astype(np.int32)
    mixed -= between
    mixed *= weights
    between <<= 11
    between += mixed
    return between


def _gather(
    picture: Image.Image, width: int, height: int, right: int, down: int
) -> np.ndarray:
    """For each new pixel the one that is so much to the right of and below its first.

    Black outside. Pillow takes the pixel in which a point lies; half a pixel to the
    left and up, and a little more than floats may be off, that is the first of two.
    """
    step_x, step_y = picture.width / width, picture.height / height
    shift_x, shift_y = right - 0.5 + 0.25 / width, down - 0.5 + 0.25 / height
    affine = (step_x, 0, shift_x, 0, step_y, shift_y)
    nearest = Image.Resampling.NEAREST
    return np.asarray(
        picture.transform((width, height), Image.Transform.AFFINE, affine, nearest)
    )
