"""The command line over several pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from .console import Parser, number, print_json, printable, tell
from .errors import InputError
from .runtime import MOST_THREADS


def answer_options() -> argparse.ArgumentParser:
    """The options that every command has that gives answers."""
    made = Parser(add_help=False)
    made.add_argument(
        "--threads",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    return made


def add_command(
    commands: Any, name: str, what: str, options: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """A command for pictures; ``options`` are those of the answers."""
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=what, parents=[options]
    )
    made.add_argument("pictures", nargs="+", metavar="PICTURE")
    made.add_argument(
        "--json",
        action="store_true",
        help="print a JSON object, or a list of them for several pictures",
    )
    return made


def answer_each(
    pictures: list[str],
    answer: Callable[[str], dict[str, Any]],
    show: Callable[[dict[str, Any]], Iterable[str]],
    as_json: bool,
) -> int:
    """Print the answer for each picture, as JSON or as the lines of ``show``.

    JSON is one object for one picture, and a list of them for several. A picture that
    cannot be read is a line on stderr. Returns the exit code: 1 if there was one.
    """
    documents = []
    for picture in pictures:
        try:
            document = {"picture": picture, **answer(picture)}
        except InputError as error:
            tell(error)
            continue
        documents.append(document)
        if not as_json:
            print(printable(picture))
            for line in show(document):
                print("  " + line)
    if as_json and len(pictures) > 1:
        print_json(documents)
    elif as_json and documents:
        print_json(documents[0])
    return 0 if len(documents) == len(pictures) else 1
