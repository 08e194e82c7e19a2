"""What golden cases are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from packager.runtimes import Runtime
from packager.tasks.kinds import Array, Placement


@dataclass(frozen=True)
class Sample:
    """One input of a golden case: ``inputs`` are ready tensors, ``picture`` the PNG that the first came from.

    ``placement`` tells where the picture lies in that tensor; both are None for any other input.
    """

    name: str
    picture: bytes | None = field(repr=False)
    inputs: tuple[Array, ...] = field(repr=False)
    placement: Placement | None = None


@dataclass(frozen=True)
class GoldenCase:
    """A sample with the raw output tensors of the runtime; ``answer`` is that of the model's ``Answer.read``."""

    name: str
    picture: bytes | None = field(repr=False)
    inputs: tuple[Array, ...] = field(repr=False)
    outputs: tuple[Array, ...] = field(repr=False)
    answer: Any


@dataclass(frozen=True)
class GoldenSet:
    """The golden cases of one runtime; ``runtime`` names package and version."""

    runtime: str
    cases: tuple[GoldenCase, ...]


@dataclass(frozen=True)
class Goldens:
    """What ``build_goldens`` measured: a set for each runtime asked for, and TFLite Micro's smallest arena.

    ``arena_bytes`` is a multiple of 16 and has no margin; None where TFLite Micro was not asked for.
    """

    sets: dict[Runtime, GoldenSet]
    arena_bytes: int | None

    def as_tensors(self) -> Goldens:
        """The same cases without pictures and answers, for a project that takes and gives plain tensors."""
        return replace(
            self,
            sets={
                runtime: replace(
                    one,
                    cases=tuple(replace(case, picture=None, answer=None) for case in one.cases),
                )
                for runtime, one in self.sets.items()
            },
        )
