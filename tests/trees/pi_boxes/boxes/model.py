"""The model: a picture in, boxes around what it shows out."""

from __future__ import annotations

from .answer import Detection, read_detections
from .labels import read_labels
from .preprocessing import Given, Preprocessor, place
from .runtime import Runner

THRESHOLD = 0.25
IOU = 0.45


class BoxesDetector:
    """Finds objects in pictures.

    ``locale`` chooses the language of the labels, of ``labels.LOCALES``.
    Raises InstallationError if the package or LiteRT is not whole.
    """

    def __init__(self, threads: int = 1, locale: str = "") -> None:
        self.labels = read_labels(locale)
        self._runner = Runner(threads)
        self._preprocessor = Preprocessor()

    def detect(
        self, picture: Given, threshold: float = THRESHOLD, iou: float = IOU
    ) -> list[Detection]:
        """What is in a picture, best first, at most 100.

        Args:
            picture: a file, a Pillow image or an array: see ``picture.Picture``.
            threshold: the least score.
            iou: of two detections of a class whose intersection is more than this share
                of their union, only the better one is an answer.

        Raises:
            InputError: the picture cannot be read.
        """
        prepared = self._preprocessor.prepare(picture)
        outputs = self._runner.run(prepared.tensors)
        return read_detections(
            outputs,
            place(prepared.size),
            self.labels,
            threshold,
            iou,
        )
