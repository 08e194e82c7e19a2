"""From the model's output to boxes in the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .preprocessing import HEIGHT, WIDTH, Placement
from .suppression import find_corners, suppress

# Candidates that are looked at: the best ones.
MOST_CANDIDATES = 1000
# A coordinate beyond it is no fraction of the input but a pixel: boxes reach a little
# over its edges.
LARGEST_FRACTION = 2


class Detection(NamedTuple):
    """One object, and its box in the picture's pixels: left, top, right, bottom."""

    label: str | None
    index: int  # type: ignore[assignment]  # hides the method of tuples
    score: float
    box: tuple[float, float, float, float]


class _Candidates(NamedTuple):
    """Boxes [N, 4] in the input's pixels (float32), with scores and class numbers."""

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    def take(self, places: np.ndarray) -> _Candidates:
        boxes, scores, classes = (array[places] for array in self)
        return _Candidates(boxes, scores, classes)

    def best(self, most: int) -> _Candidates:
        """The best ones, best first; of equal scores the first."""
        return self.take(np.argsort(-self.scores, kind="stable")[:most])


def read_detections(
    outputs: list[np.ndarray],
    placement: Placement,
    labels: list[str],
    threshold: float,
    iou: float,
) -> list[Detection]:
    """The detections of at least ``threshold`` in outputs of real numbers.

    The best ones are first.
    Of two of a class whose intersection is more than ``iou`` of their union, the better
    one is an answer.
    """
    with np.errstate(all="ignore"):  # Of boxes that are infinite.
        found = _candidates(outputs, threshold).best(MOST_CANDIDATES)
        found = found.take(suppress(found.boxes, found.classes, iou))
        left, top = placement.to_picture(found.boxes[:, 0], found.boxes[:, 1])
        right, bottom = placement.to_picture(found.boxes[:, 2], found.boxes[:, 3])
    boxes = zip(left.tolist(), top.tolist(), right.tolist(), bottom.tolist())
    rows = zip(found.classes.tolist(), found.scores.tolist(), boxes)
    return [
        Detection(labels[index] if index < len(labels) else None, index, score, box)
        for index, score, box in rows
    ]


def _candidates(outputs: list[np.ndarray], threshold: float) -> _Candidates:
    """YOLO v8 to 12: rows of centre x, centre y, width, height, and each class's score."""
    rows = np.asarray(outputs[0][0], np.float32)
    boxes = rows[:4]
    by_class = rows[4:]
    scores = by_class.max(axis=0)
    places = np.flatnonzero(scores >= np.float32(threshold))
    # Of equal scores the lowest class.
    classes = by_class[:, places].argmax(axis=0)
    sides = find_corners(boxes[:, places])
    if not (boxes > LARGEST_FRACTION).any():
        sides *= np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], np.float32)
    return _Candidates(sides, scores[places], classes)
