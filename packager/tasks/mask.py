"""Masks: a class for each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packager.model import Tensor
from packager.settings import Text
from packager.tasks import Activation, AnswerKind, MaskForm
from packager.tasks.classes import Labels
from packager.tasks.kinds import Answer, Array, Placement


@dataclass(frozen=True)
class Segmentation:
    """``mask`` is uint8 [height, width] of class numbers in the picture's own size, 255 where nobody looked."""

    mask: Array = field(repr=False)


@dataclass(frozen=True)
class Mask(Answer[Segmentation]):
    """The output ``tensor`` (the model's only one) of ``height`` x ``width`` pixels."""

    kind = AnswerKind.MASK

    tensor: Tensor
    form: MaskForm
    height: int
    width: int
    class_count: int
    labels: Labels
    activation: Activation
    threshold: float

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> Segmentation:
        """The class of every pixel of the picture, by nearest."""
        raise NotImplementedError

    def to_json(self, answer: Segmentation) -> list[Any]:
        """Label, index and number of pixels of each class that occurs."""
        raise NotImplementedError

    def files(self, answer: Segmentation) -> Mapping[str, bytes]:
        """The mask as an 8-bit gray PNG, ``mask.png``."""
        raise NotImplementedError

    def agreement(self, share: float, answers: Sequence[Segmentation]) -> Mapping[str, float]:
        """How much the pixels of each golden class must overlap."""
        raise NotImplementedError

    def find_differences(
        self, actual: Segmentation, golden: Segmentation, agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By intersection over union of each golden class."""
        raise NotImplementedError

    def find_weakness(self, answers: Sequence[Segmentation]) -> tuple[str, Text] | None:
        """Whether all masks are of one class."""
        raise NotImplementedError
