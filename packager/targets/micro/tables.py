"""The tables beside this file, as TOML: the one reader of them all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """The contents of ``NAME.toml``: ``boards``, ``code_size`` or ``libraries``."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
