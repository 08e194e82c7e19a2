"""Boxes: what a detector found, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packager.model import Tensor
from packager.settings import Text
from packager.tasks import Activation, AnswerKind, Head
from packager.tasks.classes import Labels
from packager.tasks.kinds import Answer, Array, Placement


@dataclass(frozen=True)
class Detection:
    """One object; ``box`` is (left, top, right, bottom) in the upright picture's pixels. ``label`` may be missing."""

    label: str | None
    index: int
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Boxes(Answer[tuple[Detection, ...]]):
    """A detector's ``outputs`` (all of the model's), laid out as ``head`` says.

    ``roles`` are the indices of the outputs that hold boxes, classes, scores and their number for an ``ssd``, (0,)
    for every other head. ``class_count`` is 0 where nothing tells it.
    """

    kind = AnswerKind.BOXES

    head: Head
    outputs: tuple[Tensor, ...]
    roles: tuple[int, ...]
    class_count: int
    labels: Labels
    activation: Activation
    threshold: float
    iou: float

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> tuple[Detection, ...]:
        """The detections of at least ``threshold``, best first."""
        raise NotImplementedError

    def to_json(self, answer: tuple[Detection, ...]) -> list[Any]:
        """All detections."""
        raise NotImplementedError

    def agreement(self, share: float, answers: Sequence[tuple[Detection, ...]]) -> Mapping[str, float]:
        """How far scores may be off, and how much boxes must overlap."""
        raise NotImplementedError

    def find_differences(
        self, actual: tuple[Detection, ...], golden: tuple[Detection, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By class and overlap, never by rank."""
        raise NotImplementedError

    def find_weakness(self, answers: Sequence[tuple[Detection, ...]]) -> tuple[str, Text] | None:
        """Whether nothing was found in any case."""
        raise NotImplementedError
