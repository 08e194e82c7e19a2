"""The command line: python -m mask segment PICTURE… | camera | serve | selftest | bench | doctor."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Callable

from PIL import Image

from .answer import Segmentation
from .batch import add_command, answer_each
from .camera import add_camera
from .console import Parser, printable
from .draw import draw_answer
from .picture import Picture, load_picture
from .png import add_png, write_png
from .serve import add_serve, serve
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
    options = Parser(add_help=False)
    add_options(options)
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and (arguments.mask or arguments.draw) and arguments.pictures[1:]:
        segment.error("--mask and --draw are for one picture")

    task = Task(arguments)
    if is_served:
        asked: dict[str, Callable[[Picture], Any]] = {
            "/predict": lambda picture: to_document(task.answer(picture)),
            "/mask": lambda picture: _png(task.answer(picture)),
        }
        return serve(arguments, task.model, asked)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = task.answer(picture)
        if arguments.mask:
            write_png(Image.fromarray(found.mask), arguments.mask, path)
        if arguments.draw:
            write_png(draw_answer(picture, found), arguments.draw, path)
        return to_document(found)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _png(found: Segmentation) -> bytes:
    file = io.BytesIO()
    Image.fromarray(found.mask).save(file, "PNG")
    return file.getvalue()


def _lines(document: dict[str, Any]) -> Iterator[str]:
    pixels = document["width"] * document["height"]
    for item in document["classes"]:
        name = item["label"] or f"class {item['index']}"
        yield f"{item['pixels'] / pixels:8.2%}  {printable(name)}"
