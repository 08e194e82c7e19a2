"""The part of the command line that is the same for every model."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from .errors import InputError, InstallationError


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}\n")


def number(least: int, most: int) -> Callable[[str], int]:
    """What argparse takes as the type of a whole number within limits."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is no whole number from {least} to {most}"
            )
        return value

    return convert


def printable(text: str) -> str:
    """``text`` on one line, without characters that would steer the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


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
