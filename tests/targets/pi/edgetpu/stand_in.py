"""What the stand-in for an Edge TPU computes: what the model answers that the compiled one was made from."""

from __future__ import annotations

import functools
import os
import time
from typing import Any

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # with LiteRT's forerunner
    from tflite_runtime.interpreter import Interpreter  # type: ignore[import-not-found]


@functools.cache
def _interpreter() -> Any:
    made = Interpreter(model_path=os.environ["PACKAGER_EDGE_TPU_MODEL"], num_threads=1)
    made.allocate_tensors()
    return made


def compute(given: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The bytes of the outputs for those of the inputs."""
    interpreter = _interpreter()
    time.sleep(float(os.environ.get("PACKAGER_EDGE_TPU_SECONDS", "0")))
    for like, data in zip(interpreter.get_input_details(), given, strict=True):
        interpreter.set_tensor(like["index"], np.frombuffer(data, like["dtype"]).reshape(like["shape"]))
    interpreter.invoke()
    return tuple(interpreter.get_tensor(like["index"]).tobytes() for like in interpreter.get_output_details())
