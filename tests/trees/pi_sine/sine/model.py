"""The model: arrays in, arrays out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # 32-bit Raspberry Pi OS has only LiteRT's forerunner.
    from tflite_runtime.interpreter import Interpreter

FOLDER = Path(__file__).parent


class Sine:
    """Runs the model on one thread or more."""

    def __init__(self, threads: int = 1) -> None:
        self._interpreter = Interpreter(model_path=str(FOLDER / "model.tflite"), num_threads=threads)
        self._interpreter.allocate_tensors()
        # LiteRT's description of each tensor: index, name, shape, dtype, quantization (scale, zero_point).
        self.inputs = self._interpreter.get_input_details()
        self.outputs = self._interpreter.get_output_details()

    def run(
        self,
        x: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """Run the model once; values are real numbers on both sides.

        Args:
            x: The angle in radians. (int8 [1, 1])

        Returns the outputs by name:
            y: Its sine. (int8 [1, 1])
        """
        given = [
            x,
        ]
        names = [
            "y",
        ]
        raw = self.run_raw([_to_raw(np.asarray(array), like) for array, like in zip(given, self.inputs)])
        return {name: _to_real(array, like) for name, array, like in zip(names, raw, self.outputs)}

    def run_raw(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """Run the model once on arrays of its own dtypes and shapes, in the order of its inputs."""
        # Each run starts afresh, also for a model that keeps state between runs.
        self._interpreter.reset_all_variables()
        for like, array in zip(self.inputs, inputs):
            self._interpreter.set_tensor(like["index"], array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(like["index"]) for like in self.outputs]


def _to_raw(array: np.ndarray, like: dict) -> np.ndarray:
    array = array.reshape(like["shape"])
    scale, zero_point = like["quantization"]
    if scale and array.dtype.kind == "f" and np.dtype(like["dtype"]).kind in "iu":
        steps = array.astype(np.float64) / scale
        limits = np.iinfo(like["dtype"])
        # Half away from zero, as the converter does; then what does not fit is clamped.
        array = np.clip(np.sign(steps) * np.floor(np.abs(steps) + 0.5) + zero_point, limits.min, limits.max)
    return array.astype(like["dtype"])


def _to_real(array: np.ndarray, like: dict) -> np.ndarray:
    scale, zero_point = like["quantization"]
    if not scale or array.dtype.kind == "f":
        return array
    return (array.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
