"""The command line: python -m boxes detect PICTURE… | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .answer import Detection
from .batch import add_command, answer_each, answer_options
from .console import Parser, number, printable
from .draw import draw_detections
from .drawing import add_png, write_png
from .labels import LOCALES
from .model import IOU, THRESHOLD, BoxesDetector
from .picture import Picture, load_picture
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m boxes")
    commands = parser.add_subparsers(dest="command", required=True)
    options = answer_options()
    options.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=THRESHOLD,
        metavar="SCORE",
        help=f"leave out what scores less (default: {THRESHOLD})",
    )
    options.add_argument(
        "--iou",
        type=number(float, 0, 1),
        default=IOU,
        metavar="SHARE",
        help=f"leave out what overlaps a better one by more than this (default: {IOU})",
    )
    options.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    detect = add_command(commands, "detect", "find objects in each picture", options)
    add_png(detect, "--draw", "draw the boxes over the picture")
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and arguments.draw and len(arguments.pictures) > 1:
        detect.error("--draw is for one picture")

    detector = BoxesDetector(arguments.threads, arguments.locale)

    def detect_in(picture: Picture) -> list[Detection]:
        return detector.detect(picture, arguments.threshold, arguments.iou)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = detect_in(picture)
        if arguments.draw:
            write_png(draw_detections(picture, found), arguments.draw, path)
        return _document(found)

    if is_served:
        asked = {"/predict": lambda picture: _document(detect_in(picture))}
        return serve(arguments, detector, asked)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _document(found: list[Detection]) -> dict[str, Any]:
    return {"detections": [item._asdict() for item in found]}


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for item in document["detections"]:
        left, top, right, bottom = item["box"]
        name = item["label"] or f"class {item['index']}"
        box = f"{left:.0f}, {top:.0f} to {right:.0f}, {bottom:.0f}"
        yield f"{item['score']:8.4f}  {printable(name)}  ({box})"
