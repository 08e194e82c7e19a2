"""Tensors in and tensors out, as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packager.settings import Text
from packager.tasks import AnswerKind, InputKind
from packager.tasks.kinds import Answer, Array, Input, Placement


@dataclass(frozen=True)
class TensorsInput(Input):
    """Inputs that take arrays of their own shapes."""

    kind = InputKind.TENSORS


@dataclass(frozen=True)
class TensorsAnswer(Answer[None]):
    """Outputs of which nothing more is known; the self-tests compare them raw."""

    kind = AnswerKind.TENSORS

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> None:
        """No answer beside the outputs themselves."""

    def to_json(self, _answer: None) -> list[Any]:
        """Nothing."""
        return []

    def agreement(self, _share: float, _answers: Sequence[None]) -> Mapping[str, float]:
        """Nothing."""
        return {}

    def find_differences(self, _actual: None, _golden: None, _agreement: Mapping[str, float]) -> tuple[str, ...]:
        """None: the raw outputs decide."""
        return ()

    def find_weakness(self, _answers: Sequence[None]) -> tuple[str, Text] | None:
        """None: every output proves something."""
        return None
