"""The one error root. The CLI prints it as one message on stderr and exits with 1."""

from __future__ import annotations

from pathlib import Path


class PackagerError(Exception):
    """Something a user can cause and can mend.

    Args:
        what: what failed, in one sentence without a final full stop.
        where: the file (or ``file:line``) in which it failed.
        fix: what to do or to run next.
    """

    def __init__(self, what: str, *, where: Path | str | None = None, fix: str | None = None) -> None:
        """Keep the three parts apart so that callers may show them in their own way."""
        self.what = what
        self.where = None if where is None else str(where)
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        """``where: what`` and, on a line of its own, the fix."""
        message = self.what if self.where is None else f"{self.where}: {self.what}"
        return message if self.fix is None else f"{message}\n  {self.fix}"


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
