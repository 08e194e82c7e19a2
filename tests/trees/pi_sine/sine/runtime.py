"""LiteRT, with the model in it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from .errors import InputError, InstallationError, damaged
from .files import FOLDER, read_own_file
from .values import to_real
from .wheels import what_to_do

MODEL_SHA256 = "2d06ff36af91b06f17807b1a26d4cefaa9e09017d0930a8ce78226165b1e9d37"
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
        litert = import_litert()
        self._interpreter = _open(litert, threads)
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

    def run(self, tensors: list[np.ndarray]) -> list[np.ndarray]:
        """``run_raw`` with outputs in real numbers."""
        return self.to_real(self.run_raw(tensors))

    def to_real(self, raw: list[np.ndarray]) -> list[np.ndarray]:
        """Raw outputs in real numbers."""
        return [to_real(tensor, like) for tensor, like in zip(raw, self.outputs)]


def _open(litert: Any, threads: int) -> Any:
    path = _checked("model.tflite", MODEL_SHA256)
    try:
        interpreter = litert.Interpreter(model_path=path, num_threads=threads)
        interpreter.allocate_tensors()
    except SystemError:
        raise InstallationError(
            "tflite-runtime was built for NumPy 1: pip install 'numpy<2'"
        ) from None
    except (RuntimeError, ValueError) as error:
        # Only an older one than that which made the golden cases refuses the model.
        raise InstallationError(
            f"{litert.__name__.split('.')[0]} does not take the model, and may be too "
            f"old for it ({' '.join(str(error).split())}): pip install --upgrade it"
        ) from None
    return interpreter


def _checked(name: str, sha256: str) -> str:
    """The path of a model of this package."""
    # LiteRT may crash on a damaged model, and another's answers mean nothing here.
    if hashlib.sha256(read_own_file(name)).hexdigest() != sha256:
        raise damaged(name, "is not the model that was packaged")
    return str(FOLDER / name)


def import_litert() -> Any:
    """The module of LiteRT, or of its forerunner, that has ``Interpreter``.

    Raises:
        InstallationError: there is neither.
    """
    try:
        from ai_edge_litert import interpreter
    except ImportError as litert:
        try:
            # 32-bit Raspberry Pi OS has only LiteRT's forerunner.
            from tflite_runtime import interpreter  # type: ignore
        except ImportError as forerunner:
            raise InstallationError(what_to_do(litert, forerunner)) from None
    return interpreter
