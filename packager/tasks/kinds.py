"""What every input kind and every answer kind is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from packager.settings import Text
from packager.tasks import AnswerKind, InputKind

Array = np.ndarray[Any, Any]
A = TypeVar("A")


@dataclass(frozen=True)
class Placement:
    """Where a picture's pixels lie in an image input, all in whole pixels.

    ``box`` (left, top, right, bottom) of the picture of ``size`` (width, height) was resized to ``fitted`` (x, y,
    width, height) in the input of ``input_size`` (width, height).
    """

    size: tuple[int, int]
    box: tuple[int, int, int, int]
    fitted: tuple[int, int, int, int]
    input_size: tuple[int, int]

    @classmethod
    def whole(cls, size: tuple[int, int]) -> Placement:
        """That of a picture that is the input itself, of ``size`` (width, height): where a ready tensor went in."""
        return cls(size, (0, 0, *size), (0, 0, *size), size)

    def to_picture(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Pixels of the input as those of the picture, within it: float32, ``box.left + (x - fitted.x) * w / f``.

        ``w`` is the width of ``box`` and ``f`` that of ``fitted``; likewise down.
        """
        places = []
        for axis, values in enumerate((x, y)):
            first, last = self.box[axis], self.box[axis + 2]
            moved = (values - np.float32(self.fitted[axis])) * np.float32(last - first)
            place = np.float32(first) + moved / np.float32(self.fitted[axis + 2])
            places.append(place.clip(np.float32(0), np.float32(self.size[axis])))
        return places[0], places[1]


class Input(ABC):
    """An input kind, with the facts of one model; subclasses are frozen dataclasses."""

    kind: ClassVar[InputKind]


class Answer(ABC, Generic[A]):
    """An answer kind, with the facts of one model: how outputs become an answer of the type ``A``.

    Subclasses are frozen dataclasses. What ``read`` computes is the reference that every language reproduces: float32
    in the stated order of operations, within 1e-5; of equal scores the lower index comes first.
    """

    kind: ClassVar[AnswerKind]

    @abstractmethod
    def read(self, outputs: Sequence[Array], placement: Placement | None) -> A:
        """The answer in the model's raw ``outputs``; ``placement`` is that of a picture, None for other inputs."""

    @abstractmethod
    def to_json(self, answer: A) -> list[Any]:
        """The answer as it stands in ``cases.json``, in JSON's values."""

    def files(self, _answer: A) -> Mapping[str, bytes]:
        """What of the answer stands in files beside ``cases.json``, by the ending of their names."""
        return {}

    @abstractmethod
    def agreement(self, share: float, answers: Sequence[A]) -> Mapping[str, float]:
        """What ``find_differences`` allows, as it stands in ``cases.json``.

        ``share`` is how far an output may be off as a fraction of its range; ``answers`` are the golden ones.
        """

    @abstractmethod
    def find_differences(self, actual: A, golden: A, agreement: Mapping[str, float]) -> tuple[str, ...]:
        """In what ``actual`` is not the golden answer, in words; empty where the two agree."""

    @abstractmethod
    def find_weakness(self, answers: Sequence[A]) -> tuple[str, Text] | None:
        """Why the golden answers of all cases prove little (they are empty, or of one class), and what to do."""
