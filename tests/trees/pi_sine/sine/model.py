"""The model: arrays in, arrays out."""

from __future__ import annotations

import numpy as np

from .arrays import to_raw
from .outputs import OUTPUTS
from .runtime import Runner

INPUTS = [
    "x",
]


class Sine:
    """Runs the model.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self._runner = Runner(threads)
        # LiteRT's description of each input: index, name, shape, dtype, quantization.
        self.inputs = self._runner.inputs

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
        return dict(zip(OUTPUTS, self._runner.run(inputs)))
