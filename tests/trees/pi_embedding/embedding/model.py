"""The model: a picture in, arrays out."""

from __future__ import annotations

import numpy as np

from .outputs import OUTPUTS
from .preprocessing import Given, Preprocessor
from .runtime import Runner


class EmbeddingEmbedder:
    """Turns pictures into arrays of numbers.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def embed(self, picture: Given) -> dict[str, np.ndarray]:
        """The outputs for a picture by name, in real numbers.

        Args:
            picture: a file, a Pillow image or an array: see ``picture.Picture``.

        Returns:
            embedding: embedding (float32 [1, 4])
            counts: counts (int32 [1, 2])

        Raises:
            InputError: the picture cannot be read.
        """
        outputs = self._runner.run_raw(self._preprocessor.tensors(picture))
        return dict(zip(OUTPUTS, outputs))
