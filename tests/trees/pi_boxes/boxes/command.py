"""The command line: python -m boxes detect PICTURE… | camera | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .batch import add_command, answer_each
from .camera import add_camera
from .console import Parser, printable
from .draw import draw_answer
from .picture import load_picture
from .png import add_png, write_png
from .serve import add_serve, serve
from .task import Task, add_options, to_document
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m boxes")
    commands = parser.add_subparsers(dest="command", required=True)
    detect = add_command(commands, "detect", "find objects in each picture")
    add_options(detect)
    add_png(detect, "--draw", "draw the boxes over the picture")
    add_camera(commands)
    options = Parser(add_help=False)
    add_options(options)
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and arguments.draw and len(arguments.pictures) > 1:
        detect.error("--draw is for one picture")

    task = Task(arguments)
    if is_served:
        asked = {"/predict": lambda picture: to_document(task.answer(picture))}
        return serve(arguments, task.model, asked)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = task.answer(picture)
        if arguments.draw:
            write_png(draw_answer(picture, found), arguments.draw, path)
        return to_document(found)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for item in document["detections"]:
        left, top, right, bottom = item["box"]
        name = item["label"] or f"class {item['index']}"
        box = f"{left:.0f}, {top:.0f} to {right:.0f}, {bottom:.0f}"
        yield f"{item['score']:8.4f}  {printable(name)}  ({box})"
