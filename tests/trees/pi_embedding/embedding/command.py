"""The command line: python -m embedding embed PICTURE… | camera | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .batch import add_command, answer_each
from .camera import add_camera
from .console import Parser
from .serve import add_serve, serve
from .task import Task, add_options, to_document
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m embedding")
    commands = parser.add_subparsers(dest="command", required=True)
    embed = add_command(commands, "embed", "print the outputs for each picture")
    add_options(embed)
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

    def answer(path: str) -> dict[str, Any]:
        return to_document(task.answer(path))

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """The first numbers of each output."""
    for name, values in document["outputs"].items():
        array = np.asarray(values)
        first = " ".join(f"{value:.6g}" for value in array.reshape(-1)[:8])
        yield f"{name} {list(array.shape)}: {first}{' …' * (array.size > 8)}"
