"""The versions that generated projects pin: ``versions.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def pinned(target: str) -> Mapping[str, str]:
    """The versions that projects of ``target`` ask for, by the name of the package."""
    table: Mapping[str, str] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))[target]
    return table
