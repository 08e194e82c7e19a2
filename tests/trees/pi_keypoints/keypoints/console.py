"""The part of the command line that is the same for every model."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from .errors import InputError, InstallationError

T = TypeVar("T", int, float)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}\n")


def number(kind: Callable[[str], T], least: T, most: T) -> Callable[[str], T]:
    """What argparse takes as the type of a number, int or float, within limits."""
    what = "whole number" if kind is int else "number"

    def convert(text: str) -> T:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is no {what} from {least} to {most}"
            )
        return value

    return convert


def printable(text: str) -> str:
    """``text`` on one line, without characters that would steer the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def print_json(document: Any) -> None:
    """Print it on one line, as ``json_text`` has it."""
    print(json_text(document))


def json_text(document: Any) -> str:
    """JSON on one line, with null for what is infinite or not a number."""
    return json.dumps(_finite(document))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def tell(message: object) -> None:
    """Write one line to stderr."""
    print(printable(str(message)), file=sys.stderr)


def run(main: Callable[[], int]) -> int:
    """What ``main`` returns, or the exit code for what ended it early."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Each answer at once, also to a terminal that lacks some of its characters.
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        return main()
    except KeyboardInterrupt:
        tell("interrupted")
        return 130
    except (InputError, InstallationError) as error:
        tell(error)
        return 1
    except OSError as error:
        # Stdout's reader has seen enough (| head), or its disk is full. Python would
        # write the rest when it ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 141
        tell(error)
        return 1
