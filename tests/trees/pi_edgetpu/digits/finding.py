"""What is wrong with a device, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Something that keeps a model from running as it should.

    ``name`` is for programs, and stays as it is; ``what`` and ``fix`` are for people.
    """

    name: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}"
