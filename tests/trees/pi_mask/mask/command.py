"""The command line: python -m mask segment PICTURE… | camera | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import Image

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
    parser = Parser(prog="python -m mask")
    commands = parser.add_subparsers(dest="command", required=True)
    segment = add_command(commands, "segment", "tell the class of each pixel")
    add_options(segment)
    add_png(segment, "--mask", "write the mask: 8 bits a pixel, its class number")
    add_png(segment, "--draw", "draw the mask over the picture, with a legend")
    add_camera(commands)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    if (arguments.mask or arguments.draw) and len(arguments.pictures) > 1:
        segment.error("--mask and --draw are for one picture")

    task = Task(arguments)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = task.answer(picture)
        if arguments.mask:
            write_png(Image.fromarray(found.mask), arguments.mask, path)
        if arguments.draw:
            write_png(draw_answer(picture, found), arguments.draw, path)
        return to_document(found)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    pixels = document["width"] * document["height"]
    for item in document["classes"]:
        name = item["label"] or f"class {item['index']}"
        yield f"{item['pixels'] / pixels:8.2%}  {printable(name)}"
