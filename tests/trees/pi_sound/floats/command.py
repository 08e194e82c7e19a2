"""The command line: python -m floats listen FILE.wav… | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, Callable

import numpy as np

from .answer import CLASSES
from .console import Parser, number, print_json, printable, tell
from .errors import InputError
from .labels import LOCALES
from .microphone import Microphone
from .model import FloatsClassifier, Window
from .runtime import MOST_THREADS
from .serve import add_serve, serve
from .sound import HOP, RATE, WINDOW, Sound, load_sound
from .tools import add_tools

Follow = Callable[["Iterable[np.ndarray]"], "Iterator[Window]"]

# Windows in one request of the service: others wait for its turn to end.
MOST_SERVED = 1000


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m floats")
    commands = parser.add_subparsers(dest="command", required=True)
    options = Parser(add_help=False)
    options.add_argument(
        "--hop",
        type=number(int, 1, WINDOW),
        default=HOP,
        metavar="SAMPLES",
        help=f"samples from one window to the next, 1 to {WINDOW} (default: {HOP})",
    )
    options.add_argument(
        "--top-k",
        type=number(int, 1, CLASSES),
        default=3,
        metavar="K",
        help=f"how many classes, 1 to {CLASSES} (default: 3)",
    )
    options.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=0.0,
        metavar="SCORE",
        help="leave out classes below this score (default: 0.0)",
    )
    options.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    options.add_argument(
        "--threads",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    listen = commands.add_parser(
        "listen",
        help="print the best classes for each window of sounds",
        parents=[options],
    )
    listen.add_argument("files", nargs="*", metavar="FILE.wav")
    listen.add_argument(
        "--microphone",
        nargs="?",
        const="",
        metavar="DEVICE",
        help="listen until Ctrl-C; DEVICE is a number or a part of a name that "
        "python -m sounddevice shows (default: the system's own)",
    )
    listen.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object for each file, or for each window of a microphone",
    )
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and bool(arguments.files) == (arguments.microphone is not None):
        listen.error("give FILE.wav…, or --microphone")

    classifier = FloatsClassifier(arguments.threads, arguments.locale)

    def follow(blocks: Iterable[np.ndarray]) -> Iterator[Window]:
        return classifier.follow(
            blocks, arguments.hop, arguments.top_k, arguments.threshold
        )

    def answer(sound: Sound) -> dict[str, Any]:
        windows = [*islice(follow(load_sound(sound)), MOST_SERVED + 1)]
        if len(windows) > MOST_SERVED:
            raise InputError(f"has more than {MOST_SERVED} windows: ask for its parts")
        return {"windows": [_document(window, 0) for window in windows]}

    if is_served:
        return serve(arguments, classifier, {"/predict": answer})
    if arguments.microphone is None:
        return _listen_to_files(arguments.files, follow, arguments.json)
    return _listen_to_microphone(arguments.microphone, follow, arguments.json)


def _listen_to_files(files: list[str], follow: Follow, as_json: bool) -> int:
    failed = False
    for file in files:
        try:
            windows = follow(load_sound(file))
            if as_json:
                heard = [_document(window, 0) for window in windows]
                print_json({"file": file, "windows": heard})
            else:
                print(printable(file))
                for window in windows:
                    print("  " + _line(window, 0))
        except InputError as error:
            tell(error)
            failed = True
    return 1 if failed else 0


def _listen_to_microphone(device: str, follow: Follow, as_json: bool) -> int:
    with closing(Microphone(device)) as microphone:
        while True:
            for window in follow(microphone.blocks()):
                start = microphone.start / RATE
                if as_json:
                    print_json(_document(window, start))
                else:
                    print(_line(window, start))
            tell("some was not heard: the model is slower than the windows come")


def _document(window: Window, start: float) -> dict[str, Any]:
    results = [category._asdict() for category in window.results]
    return {"start": start + window.start, "results": results}


def _line(window: Window, start: float) -> str:
    categories = [f"{item.label} {item.score:.2f}" for item in window.results]
    return f"{start + window.start:9.3f} s  {printable(', '.join(categories) or '-')}"
