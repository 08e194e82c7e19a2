"""The model: a picture in, labels and scores out."""

from __future__ import annotations

from .answer import Category, read_categories
from .labels import read_labels
from .preprocessing import Given, Preprocessor
from .proof import open_runner


class DigitsClassifier:
    """Classifies pictures into 10 classes.

    ``device`` is one of ``edge_tpu.DEVICES``. The model runs on what the attribute of
    that name says in the end; ``fallback_reason`` says why not on an Edge TPU.
    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1, device: str = "auto") -> None:
        self.labels = read_labels()
        self._runner, self.fallback_reason = open_runner(threads, device)
        self.device = self._runner.device
        self._preprocessor = Preprocessor()

    def classify(
        self,
        picture: Given,
        top_k: int = 5,
        threshold: float = 0.0,
    ) -> list[Category]:
        """The best classes for a picture, best first.

        Args:
            picture: a file, a Pillow image or an array: see ``picture.Picture``.
            top_k: how many classes at most.
            threshold: the least score; 0 leaves out none.

        Raises:
            InputError: the picture cannot be read.
        """
        if top_k < 1:
            raise ValueError(f"the best {top_k} classes: give 1 or more")
        outputs = self._runner.run(self._preprocessor.tensors(picture))
        return read_categories(outputs, self.labels, top_k, threshold)
