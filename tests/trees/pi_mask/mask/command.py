"""The command line: python -m mask segment PICTURE… | serve | selftest | bench | doctor."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Callable

from PIL import Image

from .answer import Segmentation
from .batch import add_command, answer_each, answer_options
from .console import Parser, printable
from .draw import draw_segmentation
from .drawing import add_png, write_png
from .labels import LOCALES
from .model import MaskSegmenter
from .picture import Picture, load_picture
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m mask")
    commands = parser.add_subparsers(dest="command", required=True)
    options = answer_options()
    options.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    segment = add_command(commands, "segment", "tell the class of each pixel", options)
    add_png(segment, "--mask", "write the mask: 8 bits a pixel, its class number")
    add_png(segment, "--draw", "draw the mask over the picture, with a legend")
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and (arguments.mask or arguments.draw) and arguments.pictures[1:]:
        segment.error("--mask and --draw are for one picture")

    segmenter = MaskSegmenter(arguments.threads, arguments.locale)

    def segments_of(picture: Picture) -> Segmentation:
        return segmenter.segment(picture)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = segments_of(picture)
        if arguments.mask:
            write_png(Image.fromarray(found.mask), arguments.mask, path)
        if arguments.draw:
            write_png(draw_segmentation(picture, found), arguments.draw, path)
        return _document(found)

    if is_served:
        asked: dict[str, Callable[[Picture], Any]] = {
            "/predict": lambda picture: _document(segments_of(picture)),
            "/mask": lambda picture: _png(segments_of(picture)),
        }
        return serve(arguments, segmenter, asked)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _document(found: Segmentation) -> dict[str, Any]:
    height, width = found.mask.shape
    classes = [item._asdict() for item in found.classes]
    return {"width": width, "height": height, "classes": classes}


def _png(found: Segmentation) -> bytes:
    file = io.BytesIO()
    Image.fromarray(found.mask).save(file, "PNG")
    return file.getvalue()


def _lines(document: dict[str, Any]) -> Iterator[str]:
    pixels = document["width"] * document["height"]
    for item in document["classes"]:
        name = item["label"] or f"class {item['index']}"
        yield f"{item['pixels'] / pixels:8.2%}  {printable(name)}"
