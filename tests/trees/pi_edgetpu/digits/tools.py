"""The commands that every package has beside its own, and their common options."""

from __future__ import annotations

import argparse
from typing import Any

from .console import tell
from .edge_tpu import ABSENT, DEVICES
from .finding import Finding
from .selftest import self_test


def add_tools(commands: Any) -> None:
    """Add them: of parsed arguments, ``TOOL`` is then what does the one that was given."""
    selftest = commands.add_parser(
        "selftest", help="replay the golden cases; exit with 1 if one fails"
    )
    selftest.add_argument(
        "--device",
        choices=[device for device in DEVICES if device != "auto"],
        default="cpu",
        help="what runs the model (default: cpu)",
    )
    selftest.set_defaults(TOOL=_self_test)


def _self_test(arguments: argparse.Namespace) -> int:
    return 0 if self_test(arguments.device) else 1


def add_device(parser: argparse.ArgumentParser, dest: str = "device") -> None:
    """The option for what runs the model."""
    parser.add_argument(
        "--device",
        dest=dest,
        choices=DEVICES,
        default="auto",
        help="what runs the model (default: auto, the Edge TPU where there is one)",
    )


def tell_fallback(reason: Finding | None, device: str) -> None:
    """Say on stderr why the model is not on ``device``.

    To want one where there is one, and to have none, is no news.
    """
    is_news = device != "auto" or (reason and reason.name not in ABSENT)
    if reason is not None and is_news:
        tell(f"on the CPU, for {reason}")
