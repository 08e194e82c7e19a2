"""What golden cases are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.errors import ConfigError, PackagerError
from packager.runtimes import Runtime
from packager.tasks.kinds import Array, Placement

if TYPE_CHECKING:
    from packager.annotated import AnnotatedModel


@dataclass(frozen=True)
class Picture:
    """A picture that an input was made of, as a PNG."""

    png: bytes = field(repr=False)


@dataclass(frozen=True)
class Sound:
    """A window of a sound that an input was made of, from sample ``start`` on.

    ``wav`` is mono, of 16 bits and the model's sample rate, and has the name ``file`` (without an ending) in the
    project: windows of one sound share it.
    """

    file: str
    wav: bytes = field(repr=False)
    start: int


@dataclass(frozen=True)
class Text:
    """A text that the inputs were made of."""

    text: str


Given = Picture | Sound | Text


@dataclass(frozen=True)
class Sample:
    """One input of a golden case: ``inputs`` are ready tensors, ``given`` what they were made of, None for arrays.

    ``placement`` tells where a picture lies in the tensor, and is None for anything else.
    """

    name: str
    given: Given | None
    inputs: tuple[Array, ...] = field(repr=False)
    placement: Placement | None = None


@dataclass(frozen=True)
class GoldenCase:
    """A sample with the raw output tensors of the runtime; ``answer`` is that of the model's ``Answer.read``."""

    name: str
    given: Given | None
    inputs: tuple[Array, ...] = field(repr=False)
    outputs: tuple[Array, ...] = field(repr=False)
    answer: Any


@dataclass(frozen=True)
class GoldenSet:
    """The golden cases of one runtime; ``runtime`` names package and version."""

    runtime: str
    cases: tuple[GoldenCase, ...]


@dataclass(frozen=True)
class ArenaUse:
    """What is in TFLite Micro's arena once a model is prepared on this 64-bit computer, as it reports itself.

    Attributes:
        planned: bytes of the tensors and scratch buffers that share their places over time.
        persistent: bytes of all that stays: structures, what kernels keep, variables.
        eval_tensors: how many TfLiteEvalTensor are among the latter.
        tensors: how many TfLiteTensor.
        nodes: how many NodeAndRegistration.
        variables: how many tensors keep their contents.
    """

    planned: int
    persistent: int
    eval_tensors: int
    tensors: int
    nodes: int
    variables: int


@dataclass(frozen=True)
class MeasuredArena:
    """TFLite Micro's smallest arena for a model on this computer, a multiple of 16, and what it reports of it."""

    bytes: int
    use: ArenaUse | None


@dataclass(frozen=True)
class Goldens:
    """What ``build_goldens`` measured: a set for each runtime asked for, and TFLite Micro's smallest arena.

    ``arena_bytes`` is a multiple of 16 and has no margin; None where TFLite Micro was not asked for. ``arena_use``
    is what the runtime reports of it, None where it reports nothing. ``frontend`` is the arena of what made the
    inputs, where that is a model too. ``companions`` are further models that a project holds, with what was measured
    of each.
    """

    sets: dict[Runtime, GoldenSet]
    arena_bytes: int | None
    arena_use: ArenaUse | None = None
    frontend: MeasuredArena | None = None
    companions: tuple[tuple[AnnotatedModel, Goldens], ...] = ()

    def with_those_of(self, other: Goldens) -> Goldens:
        """These and the ones that another process measured."""
        measured = self if other.arena_bytes is None else other
        return replace(measured, sets={**self.sets, **other.sets})

    def as_tensors(self) -> Goldens:
        """The same cases without what they were made of and answers, for a project of plain tensors."""
        return replace(
            self,
            sets={
                runtime: replace(
                    one,
                    cases=tuple(replace(case, given=None, answer=None) for case in one.cases),
                )
                for runtime, one in self.sets.items()
            },
        )


@contextmanager
def reading_sample(path: Path) -> Iterator[None]:
    """Whatever goes wrong in reading a golden sample becomes a ConfigError."""
    try:
        yield
    except FileNotFoundError:
        raise ConfigError("no such golden sample", where=path) from None
    except PackagerError:
        raise
    except Exception as error:  # on a damaged file, NumPy and Pillow raise whatever happens to go wrong
        what = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise ConfigError(f"cannot be read as a golden sample: {what}", where=path) from None
