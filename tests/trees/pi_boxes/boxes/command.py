"""The command line: python -m boxes detect PICTURE… | camera | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .batch import add_command, answer_each
from .camera import add_camera
from .console import Parser, printable
from .draw import draw_answer
from .picture import load_picture
from .png import add_png, write_png
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
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    if arguments.draw and len(arguments.pictures) > 1:
        detect.error("--draw is for one picture")

    task = Task(arguments)

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
