"""From a picture to the model's input tensor."""

from __future__ import annotations

from typing import NamedTuple, Union

import numpy as np
from PIL import Image

from .picture import Picture, load_picture

WIDTH, HEIGHT = 16, 16


class Placement(NamedTuple):
    """Which part of a picture lies where in the input, in whole pixels."""

    size: tuple[int, int]
    """Width and height of the picture."""
    box: tuple[int, int, int, int]
    """What of it the model sees: left, top, right, bottom."""
    fitted: tuple[int, int, int, int]
    """Where that is in the input: left, top, width, height."""


class Prepared(NamedTuple):
    """A picture that has become the model's input."""

    size: tuple[int, int]
    """Width and height of the picture."""
    tensors: list[np.ndarray]
    """The input tensor: [1, 16, 16, 3]."""


# What is given to the model's class.
Given = Union[Picture, Prepared]


def place(size: tuple[int, int]) -> Placement:
    """The largest centred box of the input's aspect ratio, for a width and height."""
    width, height = size
    box_width = max(1, min(width, height * WIDTH // HEIGHT))
    box_height = max(1, min(height, width * HEIGHT // WIDTH))
    left, top = (width - box_width) // 2, (height - box_height) // 2
    box = (left, top, left + box_width, top + box_height)
    return Placement(size, box, (0, 0, WIDTH, HEIGHT))


class Preprocessor:
    """Makes input tensors of pictures.

    The model takes the pixels themselves: its own scale stands for normalization.
    """

    def tensors(self, picture: Given) -> list[np.ndarray]:
        """The input tensor for a picture: [1, 16, 16, 3].

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
        tensor = np.ascontiguousarray(pixels)
        return Prepared(loaded.size, [tensor.reshape([1, 16, 16, 3])])


def _fit(picture: Image.Image) -> np.ndarray:
    """The largest centred box of the input's aspect ratio, in the input's size."""
    return _resize(picture.crop(place(picture.size).box), WIDTH, HEIGHT)


def _resize(picture: Image.Image, width: int, height: int) -> np.ndarray:
    # In the order of Pillow 13. In one step the order, and with it some pixels, would
    # depend on Pillow's version.
    down_first = picture.height - height > 2 * max(picture.width - width, 0)
    between = (picture.width, height) if down_first else (width, picture.height)
    bilinear = Image.Resampling.BILINEAR
    resized = picture.resize(between, bilinear).resize((width, height), bilinear)
    return np.asarray(resized)
