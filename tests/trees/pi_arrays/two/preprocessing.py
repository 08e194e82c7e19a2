"""From an array for each input to the model's input tensors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from .arrays import read_arrays, to_raw
from .errors import InputError

# What is given to the model's class: the name of a file, or what it holds.
Given = Union[str, "os.PathLike[str]", "Mapping[str, np.ndarray]"]

INPUTS = [
    "scores",
    "offsets",
]


class Preprocessor:
    """Makes input tensors of arrays; ``inputs`` are LiteRT's descriptions of them."""

    def __init__(self, inputs: list[dict[str, Any]]) -> None:
        self._inputs = dict(zip(INPUTS, inputs))

    def tensors(self, array: Given) -> list[np.ndarray]:
        """The input tensors:

        scores: scores (float32 [1, 3])
        offsets: offsets (float32 [1, 3])

        Raises:
            InputError: a file cannot be read, or an array does not fit its input.
        """
        if isinstance(array, (str, os.PathLike)):
            array = read_arrays(array, self._inputs)
        missing = [name for name in INPUTS if name not in array]
        if missing:
            raise InputError(f"no array for the input {missing[0]!r}")
        return [to_raw(name, array[name], like) for name, like in self._inputs.items()]
