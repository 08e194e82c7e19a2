"""The model: a picture in, labels and scores out."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

import numpy as np
from PIL import Image

from .errors import damaged
from .files import read_own_file
from .picture import load_picture
from .runtime import load_interpreter

WIDTH, HEIGHT, CHANNELS = 28, 28, 1
CLASSES = 10


class Category(NamedTuple):
    """One line of an answer."""

    label: str
    index: int
    score: float


class DigitsClassifier:
    """Classifies pictures into 10 classes.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self.labels = _read_labels()
        self._interpreter = load_interpreter(threads)
        # LiteRT's description of a tensor: index, name, shape, dtype, quantization.
        self.input = self._interpreter.get_input_details()[0]
        self.output = self._interpreter.get_output_details()[0]
        self._table = _read_table(np.dtype(self.input["dtype"]))

    def classify(
        self,
        picture: str | os.PathLike[str] | Image.Image | np.ndarray,
        top_k: int = 5,
    ) -> list[Category]:
        """The best classes for a picture, best first.

        Args:
            picture: a file, which is turned upright as its EXIF data say; or as they
                lie, a Pillow image, or an array of uint8, height x width x 3 (red,
                green, blue) or height x width. OpenCV has blue first: give it
                ``frame[:, :, ::-1]``.
            top_k: how many classes.

        Raises:
            InputError: the picture cannot be read; others can still be classified.
        """
        return self.categories(self.run(self.input_tensor(picture)), top_k)

    def input_tensor(
        self, picture: str | os.PathLike[str] | Image.Image | np.ndarray
    ) -> np.ndarray:
        """The input tensor for a picture: [1, 28, 28, 1]."""
        fitted = _fit(load_picture(picture))
        pixels = np.asarray(fitted).reshape(HEIGHT, WIDTH, CHANNELS)
        return self._table[np.arange(CHANNELS), pixels][np.newaxis]

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """The raw output tensor for a ready input tensor."""
        self._interpreter.set_tensor(self.input["index"], tensor)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self.output["index"])

    def categories(self, output: np.ndarray, top_k: int = 5) -> list[Category]:
        """A raw output tensor as labels and scores, best first."""
        if top_k < 1:
            raise ValueError(f"the best {top_k} classes: give 1 or more")
        scale, zero_point = self.output["quantization"]
        steps = output.reshape(-1).astype(np.float32) - np.float32(zero_point)
        scores = steps * np.float32(scale)
        best = np.argsort(-scores, kind="stable")[:top_k]
        return [
            Category(self.labels[index], int(index), float(scores[index]))
            for index in best
        ]


def _read_labels() -> list[str]:
    try:
        labels = json.loads(read_own_file("labels.json"))
    except (ValueError, RecursionError):
        labels = []
    if not isinstance(labels, list) or [*map(type, labels)] != [str] * CLASSES:
        raise damaged("labels.json", f"is no list of {CLASSES} strings")
    return labels


def _read_table(dtype: np.dtype) -> np.ndarray:
    """What each 8-bit pixel becomes: normalization and quantization in one table."""
    data = read_own_file("input_table.bin")
    if len(data) != CHANNELS * 256 * dtype.itemsize:
        raise damaged("input_table.bin", "has another size")
    table = np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype)
    return table.reshape(CHANNELS, 256)


def _fit(picture: Image.Image) -> Image.Image:
    """The whole picture, stretched to the model's input."""
    return _resize(picture, WIDTH, HEIGHT)


def _resize(picture: Image.Image, width: int, height: int) -> Image.Image:
    # In the order of Pillow 13. In one step the order, and with it some pixels, would
    # depend on Pillow's version.
    down_first = picture.height - height > 2 * max(picture.width - width, 0)
    between = (picture.width, height) if down_first else (width, picture.height)
    bilinear = Image.Resampling.BILINEAR
    return picture.resize(between, bilinear).resize((width, height), bilinear)
