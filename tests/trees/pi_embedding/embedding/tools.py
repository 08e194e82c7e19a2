"""The commands that every package has beside its own."""

from __future__ import annotations

import argparse
from typing import Any

from .selftest import self_test


def add_tools(commands: Any) -> None:
    """Add them: of parsed arguments, ``TOOL`` is then what does the one that was given."""
    selftest = commands.add_parser(
        "selftest", help="replay the golden cases; exit with 1 if one fails"
    )
    selftest.set_defaults(TOOL=_self_test)


def _self_test(_arguments: argparse.Namespace) -> int:
    return 0 if self_test() else 1
