"""The model: a picture in, labels and scores out."""

from __future__ import annotations

from .answer import Category, read_categories
from .labels import read_labels
from .preprocessing import Given, Preprocessor
from .runtime import Runner


class DigitsClassifier:
    """Classifies pictures into 10 classes.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self.labels = read_labels()
        self._runner = Runner(threads)
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
