"""What is, or is not, as it should be on a device, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Something that was looked at.

    ``name`` is for programs, and stays as it is; ``what`` and ``fix`` are for people.
    ``level`` is error where the model does not run for it, warning where it does not
    run as it should, and ok.
    """

    name: str
    what: str
    fix: str = ""
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}" if self.fix else self.what
