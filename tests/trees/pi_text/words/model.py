"""The model: a text in, labels and scores out."""

from __future__ import annotations

from .answer import Category, read_categories
from .labels import read_labels
from .preprocessing import Given, Preprocessor
from .runtime import Runner


class WordsClassifier:
    """Classifies texts into 3 classes.

    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1) -> None:
        self.labels = read_labels()
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def classify(
        self,
        text: Given,
        top_k: int = 3,
        threshold: float = 0.0,
    ) -> list[Category]:
        """The best classes for a text, best first.

        Args:
            text: the text.
            top_k: how many classes at most.
            threshold: the least score; 0 leaves out none.

        Raises:
            InputError: the text cannot be read.
        """
        if top_k < 1:
            raise ValueError(f"the best {top_k} classes: give 1 or more")
        outputs = self._runner.run_raw(self._preprocessor.tensors(text))
        return read_categories(outputs, self.labels, top_k, threshold)
