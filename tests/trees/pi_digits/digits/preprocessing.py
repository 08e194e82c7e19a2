"""From a picture to the model's input tensor."""

from __future__ import annotations

from typing import NamedTuple, Union

import numpy as np
from PIL import Image

from .errors import damaged
from .files import read_items
from .picture import Picture, load_picture

WIDTH, HEIGHT = 28, 28
CHANNELS = 1
DTYPE = np.dtype(np.int8)


class Prepared(NamedTuple):
    """A picture that has become the model's input."""

    size: tuple[int, int]
    """Width and height of the picture."""
    tensors: list[np.ndarray]
    """The input tensor: [1, 28, 28, 1]."""


# What is given to the model's class.
Given = Union[Picture, Prepared]


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
        """The input tensor for a picture: [1, 28, 28, 1].

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
        tensor = self._table.take(pixels)
        return Prepared(loaded.size, [tensor.reshape([1, 28, 28, 1])])


def _fit(picture: Image.Image) -> np.ndarray:
    """The whole picture, stretched to the input."""
    return _resize(picture, WIDTH, HEIGHT)


def _resize(picture: Image.Image, width: int, height: int) -> np.ndarray:
    # In the order of Pillow 13. In one step the order, and with it some pixels, would
    # depend on Pillow's version.
    down_first = picture.height - height > 2 * max(picture.width - width, 0)
    between = (picture.width, height) if down_first else (width, picture.height)
    bilinear = Image.Resampling.BILINEAR
    resized = picture.resize(between, bilinear).resize((width, height), bilinear)
    return np.asarray(resized)
