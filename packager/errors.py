"""The one error root. The CLI prints it as one message on stderr and exits with 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from packager.settings import PYTHON, Asker, Part, Setting, Text
from packager.terminal import visible_line


class PackagerError(Exception):
    """Something a user can cause and can mend.

    Args:
        what: what failed, in one sentence without a final full stop.
        where: the file (or ``file:line``) in which it failed.
        fix: what to do or to run next.
        details: more about what failed, a line each.
        about: the setting that is wrong. Where it has a place of its own, such as a line of packager.toml, that
            place is ``where``.
    """

    def __init__(
        self,
        what: Text,
        *,
        where: Path | str | None = None,
        fix: Text | None = None,
        details: Sequence[Text] = (),
        about: Setting | None = None,
    ) -> None:
        """Keep the parts apart so that callers may show them in their own way."""
        self.parts = _parts(what)
        self.where = None if where is None else str(where)
        self.fix_parts = None if fix is None else _parts(fix)
        self.detail_parts = tuple(map(_parts, details))
        self.about = about
        super().__init__(self.what)

    @property
    def what(self) -> str:
        """What failed, in the words of whoever asked; in Python's where nobody put in theirs."""
        return _join(self.parts)

    @property
    def fix(self) -> str | None:
        """What to do, likewise."""
        return None if self.fix_parts is None else _join(self.fix_parts)

    @property
    def details(self) -> tuple[str, ...]:
        """More about what failed, likewise."""
        return tuple(map(_join, self.detail_parts))

    @property
    def lines(self) -> tuple[str, ...]:
        """The message to show: ``where: what``, and each detail and the fix on a line of its own.

        Whatever the parts hold, it has these lines and no others, and nothing in it steers a terminal.
        """
        first = self.what if self.where is None else f"{visible_line(self.where, 1_000)}: {self.what}"
        rest = self.details if self.fix is None else (*self.details, self.fix)
        return tuple(map(visible_line, (first, *(f"  {line}" for line in rest))))

    def answer(self, asker: Asker) -> None:
        """Put the words of ``asker`` in the place of the settings that are theirs."""
        if self.about is not None:
            self.where = asker.place(self.about) or self.where

        def answered(parts: tuple[Part, ...]) -> tuple[Part, ...]:
            return tuple(_answered(part, asker, self.where) for part in parts)

        self.parts = answered(self.parts)
        self.fix_parts = None if self.fix_parts is None else answered(self.fix_parts)
        self.detail_parts = tuple(map(answered, self.detail_parts))

    def __str__(self) -> str:
        """The lines of the message."""
        return "\n".join(self.lines)


def _parts(text: Text) -> tuple[Part, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _answered(part: Part, asker: Asker, where: str | None) -> Part:
    if isinstance(part, Setting):
        return asker.name(part, where) or part
    return part if isinstance(part, str) else asker.example(part) or part


def _join(parts: tuple[Part, ...]) -> str:
    return "".join(str(_answered(part, PYTHON, None)) for part in parts)


def worded(text: Text, asker: Asker) -> str:
    """``text`` in the words of ``asker``, and in Python's where it has none."""
    return _join(tuple(_answered(part, asker, None) for part in _parts(text)))


@contextmanager
def asked_by(asker: Asker) -> Iterator[None]:
    """Give the errors raised inside the words of ``asker``."""
    try:
        yield
    except PackagerError as error:
        error.answer(asker)
        raise


@contextmanager
def about(setting: Setting) -> Iterator[None]:
    """Say of the errors raised inside, by what knows no settings, that ``setting`` is wrong."""
    try:
        yield
    except PackagerError as error:
        if error.about is None:
            error.about, error.parts = setting, (setting, ": ", *error.parts)
        raise


class ModelError(PackagerError):
    """The model file cannot be read, or a runtime cannot run it."""


class MetadataError(PackagerError):
    """The metadata asked for does not fit the model, or the metadata in a model is broken."""


class ConfigError(PackagerError):
    """packager.toml, or an option, is wrong."""


class MissingPackageError(PackagerError):
    """A Python package that this command needs is not installed, or has no wheel for this platform."""


class TargetError(PackagerError):
    """A target cannot take this model, or not with these options."""


class WriteError(PackagerError):
    """The output cannot be written; what was there is untouched."""
