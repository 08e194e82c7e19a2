"""Keypoints: where the joints of a body, or the landmarks of a face or hand, are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packager.model import Tensor
from packager.settings import Text
from packager.tasks import AnswerKind, Head
from packager.tasks.kinds import Answer, Array, Placement

# The keypoints of COCO, in its order, and the lines between them that make a skeleton.
COCO_KEYPOINTS = (
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)


@dataclass(frozen=True)
class Keypoint:
    """``x`` and ``y`` are in the upright picture's pixels."""

    name: str
    x: float
    y: float
    score: float


@dataclass(frozen=True)
class Pose:
    """The keypoints of one body."""

    score: float
    keypoints: tuple[Keypoint, ...]


@dataclass(frozen=True)
class Keypoints(Answer[tuple[Pose, ...]]):
    """The output ``tensor`` (the model's first), laid out as ``head`` says, of ``names`` points a body."""

    kind = AnswerKind.KEYPOINTS

    head: Head
    tensor: Tensor
    names: tuple[str, ...]
    threshold: float
    iou: float

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> tuple[Pose, ...]:
        """The poses, best first."""
        raise NotImplementedError

    def to_json(self, answer: tuple[Pose, ...]) -> list[Any]:
        """All poses with all points."""
        raise NotImplementedError

    def agreement(self, share: float, answers: Sequence[tuple[Pose, ...]]) -> Mapping[str, float]:
        """How far a point may be off, as a fraction of the picture's longer side, and its score."""
        raise NotImplementedError

    def find_differences(
        self, actual: tuple[Pose, ...], golden: tuple[Pose, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By distance."""
        raise NotImplementedError

    def find_weakness(self, answers: Sequence[tuple[Pose, ...]]) -> tuple[str, Text] | None:
        """Whether nobody was found in any case."""
        raise NotImplementedError
