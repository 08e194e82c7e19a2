"""LiteRT, with the model in it."""

from __future__ import annotations

import hashlib
from typing import Any

from .errors import InstallationError, damaged
from .files import FOLDER, read_own_file

MODEL_SHA256 = "2d06ff36af91b06f17807b1a26d4cefaa9e09017d0930a8ce78226165b1e9d37"
MOST_THREADS = 64


def load_interpreter(threads: int) -> Any:
    """An interpreter of the model, ready to run on so many threads of the CPU.

    Raises:
        InstallationError: the model or LiteRT is missing or damaged.
        ValueError: nobody has that many threads.
    """
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"{threads} threads: give 1 to {MOST_THREADS}")
    # LiteRT may crash on a damaged model, and another one's answers mean nothing here.
    if hashlib.sha256(read_own_file("model.tflite")).hexdigest() != MODEL_SHA256:
        raise damaged("model.tflite", "is not the model that was packaged")
    path = str(FOLDER / "model.tflite")
    interpreter = _interpreter_class()(model_path=path, num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _interpreter_class() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as litert:
        try:
            # 32-bit Raspberry Pi OS has only LiteRT's forerunner.
            from tflite_runtime.interpreter import Interpreter
        except ImportError as forerunner:
            raise InstallationError(
                f"neither ai-edge-litert ({litert}) nor tflite-runtime ({forerunner}) "
                "can be imported: run pip install . in the folder of this package; "
                "ai-edge-litert has wheels for 64 bits and Python 3.10 to 3.14, "
                "tflite-runtime for Linux, also on armv7l, and Python 3.9 to 3.11"
            ) from None
    return Interpreter
