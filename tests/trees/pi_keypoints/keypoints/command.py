"""The command line: python -m keypoints pose PICTURE… | camera | serve | selftest | bench | doctor."""

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
    parser = Parser(prog="python -m keypoints")
    commands = parser.add_subparsers(dest="command", required=True)
    pose = add_command(commands, "pose", "find the points in each picture")
    add_options(pose)
    add_png(pose, "--draw", "draw the points over the picture")
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
        pose.error("--draw is for one picture")

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
    for pose in document["poses"]:
        yield f"{pose['score']:8.4f}"
        for point in pose["keypoints"]:
            at = f"{point['x']:.1f}, {point['y']:.1f}"
            yield f"  {point['score']:8.4f}  {printable(point['name'])}  ({at})"
