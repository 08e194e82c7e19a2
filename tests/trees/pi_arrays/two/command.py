"""The command line: python -m two classify ARRAY.npz… | serve | selftest | bench | doctor."""

from __future__ import annotations

from .console import Parser, print_json, printable, tell
from .errors import InputError
from .serve import add_serve, serve
from .task import Task, add_options, to_document
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m two")
    commands = parser.add_subparsers(dest="command", required=True)
    classify = commands.add_parser(
        "classify", help="print the best classes for each array"
    )
    classify.add_argument("arrays", nargs="+", metavar="ARRAY.npz")
    classify.add_argument(
        "--json", action="store_true", help="print one JSON object for each"
    )
    add_options(classify)
    options = Parser(add_help=False)
    add_options(options)
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))

    task = Task(arguments)
    if arguments.command == "serve":
        asked = {"/predict": lambda array: to_document(task.answer(array))}
        return serve(arguments, task.model, asked)
    failed = False
    for array in arguments.arrays:
        try:
            found = task.answer(array)
        except InputError as error:
            tell(error)
            failed = True
            continue
        if arguments.json:
            print_json({"array": array, **to_document(found)})
        else:
            print(printable(array))
            for category in found:
                print(f"  {category.score:8.4f}  {printable(category.label)}")
    return 1 if failed else 0
