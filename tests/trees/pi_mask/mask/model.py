"""The model: a picture in, a class for each of its pixels out."""

from __future__ import annotations

from .answer import Segmentation, read_segmentation
from .labels import read_labels
from .preprocessing import Given, Preprocessor, place
from .runtime import Runner


class MaskSegmenter:
    """Tells what the pixels of pictures show.

    ``locale`` chooses the language of the labels, of ``labels.LOCALES``.
    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1, locale: str = "") -> None:
        self.labels = read_labels(locale)
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def segment(self, picture: Given) -> Segmentation:
        """The class of each pixel of a picture, in its own size.

        Args:
            picture: a file, a Pillow image or an array: see ``picture.Picture``.

        Raises:
            InputError: the picture cannot be read.
        """
        prepared = self._preprocessor.prepare(picture)
        outputs = self._runner.run_raw(prepared.tensors)
        return read_segmentation(
            outputs,
            place(prepared.size),
            self.labels,
        )
