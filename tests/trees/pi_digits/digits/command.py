"""The command line: python -m digits classify PICTURE… | camera | serve | selftest | bench | doctor."""

from __future__ import annotations

from .camera import add_camera
from .console import Parser, print_json, printable, tell
from .errors import InputError
from .serve import add_serve, serve
from .task import Task, add_options, to_document
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m digits")
    commands = parser.add_subparsers(dest="command", required=True)
    classify = commands.add_parser(
        "classify", help="print the best classes for each picture"
    )
    classify.add_argument("pictures", nargs="+", metavar="PICTURE")
    classify.add_argument(
        "--json", action="store_true", help="print one JSON object for each"
    )
    add_options(classify)
    add_camera(commands)
    options = Parser(add_help=False)
    add_options(options)
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))

    task = Task(arguments)
    if arguments.command == "serve":
        asked = {"/predict": lambda picture: to_document(task.answer(picture))}
        return serve(arguments, task.model, asked)
    failed = False
    for picture in arguments.pictures:
        try:
            found = task.answer(picture)
        except InputError as error:
            tell(error)
            failed = True
            continue
        if arguments.json:
            print_json({"picture": picture, **to_document(found)})
        else:
            print(printable(picture))
            for category in found:
                print(f"  {category.score:8.4f}  {printable(category.label)}")
    return 1 if failed else 0
