"""The command line: python -m two classify ARRAY.npz… | serve | selftest | bench | doctor."""

from __future__ import annotations

from typing import Any

from .answer import CLASSES
from .console import Parser, number, print_json, printable, tell
from .errors import InputError
from .model import TwoClassifier
from .preprocessing import Given
from .runtime import MOST_THREADS
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m two")
    commands = parser.add_subparsers(dest="command", required=True)
    options = Parser(add_help=False)
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
        "--threads",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    classify = commands.add_parser(
        "classify",
        help="print the best classes for each array",
        parents=[options],
    )
    classify.add_argument("arrays", nargs="+", metavar="ARRAY.npz")
    classify.add_argument(
        "--json", action="store_true", help="print one JSON object for each"
    )
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))

    classifier = TwoClassifier(arguments.threads)

    def answer(array: Given) -> dict[str, Any]:
        found = classifier.classify(array, arguments.top_k, arguments.threshold)
        return {"results": [category._asdict() for category in found]}

    if arguments.command == "serve":
        return serve(arguments, classifier, {"/predict": answer})
    failed = False
    for array in arguments.arrays:
        try:
            document = answer(array)
        except InputError as error:
            tell(error)
            failed = True
            continue
        if arguments.json:
            print_json({"array": array, **document})
        else:
            print(printable(array))
            for category in document["results"]:
                print(f"  {category['score']:8.4f}  {printable(category['label'])}")
    return 1 if failed else 0
