"""LiteRT, with the model in it."""

from __future__ import annotations

import hashlib
import platform
import sys
from typing import Any

import numpy as np

from .errors import InputError, InstallationError, damaged
from .files import FOLDER, read_own_file

MODEL_SHA256 = "6fe2ac51d1a28f375b17cf34b6a5cd90fb4e1e54e2eef4e8d2dd96cbf5ce8f5b"
MOST_THREADS = 64


class Runner:
    """The model: tensors in, tensors out.

    ``inputs`` and ``outputs`` are LiteRT's descriptions of its tensors: index, name,
    shape, dtype, quantization.

    Raises:
        InstallationError: the model or LiteRT is missing or damaged.
        ValueError: nobody has that many threads.
    """

    def __init__(self, threads: int = 1) -> None:
        if not 1 <= threads <= MOST_THREADS:
            raise ValueError(f"{threads} threads: give 1 to {MOST_THREADS}")
        # LiteRT may crash on a damaged model, and another's answers mean nothing here.
        model = read_own_file("model.tflite")
        if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
            raise damaged("model.tflite", "is not the model that was packaged")
        path = str(FOLDER / "model.tflite")
        self._interpreter = _interpreter_class()(model_path=path, num_threads=threads)
        self._interpreter.allocate_tensors()
        self.inputs = self._interpreter.get_input_details()
        self.outputs = self._interpreter.get_output_details()

    def run_raw(self, tensors: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs for tensors of the inputs' own dtypes, shapes and order.

        Raises:
            InputError: the model cannot run on them.
        """
        # Each run starts afresh, also for a model that keeps state between runs.
        self._interpreter.reset_all_variables()
        for like, tensor in zip(self.inputs, tensors):
            self._interpreter.set_tensor(like["index"], tensor)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise InputError(f"the model cannot run on these inputs: {error}") from None
        return [self._interpreter.get_tensor(like["index"]) for like in self.outputs]


def _interpreter_class() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as litert:
        try:
            # 32-bit Raspberry Pi OS has only LiteRT's forerunner.
            from tflite_runtime.interpreter import Interpreter  # type: ignore
        except ImportError as forerunner:
            raise InstallationError(_what_to_do(litert, forerunner)) from None
    return Interpreter


def _what_to_do(litert: ImportError, forerunner: ImportError) -> str:
    """Where there is no LiteRT: what this Python on this machine needs."""
    version = sys.version_info[:2]
    here = "Python {}.{} on {}".format(*version, platform.machine())
    again = "pip install . in the folder of this package"
    if sys.maxsize < 2**32:  # The kernel may have 64 bits: platform.machine() tells.
        if version <= (3, 11):
            return f"tflite-runtime is missing ({forerunner}): run linux32 {again}"
        return (
            f"there is no LiteRT for {here} with 32 bits: tflite-runtime has wheels "
            "for 32-bit Arm and Python 3.7 to 3.11 only; take one of these, or an "
            "operating system of 64 bits"
        )
    if version < (3, 10):
        return f"tflite-runtime is missing ({forerunner}) for {here}: run {again}"
    return (
        f"ai-edge-litert is missing ({litert}) for {here}: run {again}; "
        "there are wheels for Python 3.10 to 3.14"
    )
