"""The model: a picture in, labels and scores out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # 32-bit Raspberry Pi OS has only LiteRT's forerunner.
    from tflite_runtime.interpreter import Interpreter

FOLDER = Path(__file__).parent
WIDTH, HEIGHT, CHANNELS = 28, 28, 1


class Category(NamedTuple):
    """One line of an answer."""

    label: str
    index: int
    score: float


class DigitsClassifier:
    """Classifies pictures into 10 classes."""

    def __init__(self, threads: int = 1) -> None:
        self.labels: list[str] = json.loads((FOLDER / "labels.json").read_text("utf-8"))
        self._interpreter = Interpreter(model_path=str(FOLDER / "model.tflite"), num_threads=threads)
        self._interpreter.allocate_tensors()
        # LiteRT's description of a tensor: index, name, shape, dtype, quantization (scale, zero_point).
        self.input = self._interpreter.get_input_details()[0]
        self.output = self._interpreter.get_output_details()[0]
        # What each 8-bit pixel becomes in the input tensor: normalization and quantization in one table.
        table = np.fromfile(FOLDER / "input_table.bin", np.dtype(self.input["dtype"]).newbyteorder("<"))
        self._table = table.astype(self.input["dtype"]).reshape(CHANNELS, 256)

    def classify(self, picture: Image.Image | str | Path, top_k: int = 5) -> list[Category]:
        """The best classes for a picture (a file's name, or a Pillow image), best first."""
        if not isinstance(picture, Image.Image):
            with Image.open(picture) as opened:
                picture = ImageOps.exif_transpose(opened)
        return self.categories(self.run(self.input_tensor(picture)), top_k)

    def input_tensor(self, picture: Image.Image) -> np.ndarray:
        """The input tensor for a picture: shape [1, 28, 28, 1]."""
        pixels = np.asarray(_fit(picture.convert("L"))).reshape(HEIGHT, WIDTH, CHANNELS)
        return self._table[np.arange(CHANNELS), pixels][np.newaxis]

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """The raw output tensor for a ready input tensor."""
        self._interpreter.set_tensor(self.input["index"], tensor)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self.output["index"])

    def categories(self, output: np.ndarray, top_k: int = 5) -> list[Category]:
        """A raw output tensor as labels and scores, best first."""
        scale, zero_point = self.output["quantization"]
        scores = (output.reshape(-1).astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
        best = np.argsort(-scores, kind="stable")[:top_k]
        return [Category(self.labels[index], int(index), float(scores[index])) for index in best]


def _fit(picture: Image.Image) -> Image.Image:
    """The whole picture, stretched to the model's input."""
    return _resize(picture, WIDTH, HEIGHT)


def _resize(picture: Image.Image, width: int, height: int) -> Image.Image:
    # In the order of Pillow 13. In one step the order, and with it some pixels, would depend on Pillow's version.
    down_first = picture.height - height > 2 * max(picture.width - width, 0)
    between = (picture.width, height) if down_first else (width, picture.height)
    return picture.resize(between, Image.Resampling.BILINEAR).resize((width, height), Image.Resampling.BILINEAR)
