"""The model: arrays in, arrays out."""

from __future__ import annotations

import numpy as np

from .arrays import to_raw, to_real
from .errors import InputError
from .runtime import load_interpreter

INPUTS = [
    "x",
]
OUTPUTS = [
    "y",
]


class Sine:
    """Runs the model.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self._interpreter = load_interpreter(threads)
        # LiteRT's description of each tensor: index, name, shape, dtype, quantization.
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

        Raises:
            InputError: an array does not fit its input.
        """
        given = {
            "x": x,
        }
        return self._run(given)

    def _run(self, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        inputs = [
            to_raw(name, array, like)
            for (name, array), like in zip(given.items(), self.inputs)
        ]
        outputs = [
            to_real(array, like)
            for array, like in zip(self.run_raw(inputs), self.outputs)
        ]
        return dict(zip(OUTPUTS, outputs))

    def run_raw(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """Run the model once on arrays of its own dtypes, shapes and order."""
        # Each run starts afresh, also for a model that keeps state between runs.
        self._interpreter.reset_all_variables()
        for like, array in zip(self.inputs, inputs):
            self._interpreter.set_tensor(like["index"], array)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise InputError(f"the model cannot run on these inputs: {error}") from None
        return [self._interpreter.get_tensor(like["index"]) for like in self.outputs]
