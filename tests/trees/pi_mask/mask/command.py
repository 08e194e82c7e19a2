"""The command line: python -m mask segment PICTURE… | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import Image

from .batch import add_command, answer_each
from .console import Parser, printable
from .draw import draw_segmentation
from .drawing import add_png, write_png
from .labels import LOCALES
from .model import MaskSegmenter
from .picture import load_picture
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m mask")
    commands = parser.add_subparsers(dest="command", required=True)
    segment = add_command(commands, "segment", "tell the class of each pixel")
    segment.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    add_png(segment, "--mask", "write the mask: 8 bits a pixel, its class number")
    add_png(segment, "--draw", "draw the mask over the picture, with a legend")
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    if (arguments.mask or arguments.draw) and len(arguments.pictures) > 1:
        segment.error("--mask and --draw are for one picture")

    segmenter = MaskSegmenter(arguments.threads, arguments.locale)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = segmenter.segment(picture)
        if arguments.mask:
            write_png(Image.fromarray(found.mask), arguments.mask, path)
        if arguments.draw:
            write_png(draw_segmentation(picture, found), arguments.draw, path)
        classes = [item._asdict() for item in found.classes]
        return {"width": picture.width, "height": picture.height, "classes": classes}

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    pixels = document["width"] * document["height"]
    for item in document["classes"]:
        name = item["label"] or f"class {item['index']}"
        yield f"{item['pixels'] / pixels:8.2%}  {printable(name)}"
