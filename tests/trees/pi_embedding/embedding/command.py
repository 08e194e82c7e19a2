"""The command line: python -m embedding embed PICTURE… | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .batch import add_command, answer_each, answer_options
from .console import Parser
from .model import EmbeddingEmbedder
from .picture import Picture
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m embedding")
    commands = parser.add_subparsers(dest="command", required=True)
    options = answer_options()
    add_command(commands, "embed", "print the outputs for each picture", options)
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))

    embedder = EmbeddingEmbedder(arguments.threads)

    def embed(picture: Picture) -> dict[str, Any]:
        outputs = embedder.embed(picture)
        return {"outputs": {name: array.tolist() for name, array in outputs.items()}}

    if arguments.command == "serve":
        return serve(arguments, embedder, {"/predict": embed})
    return answer_each(arguments.pictures, embed, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """The first numbers of each output."""
    for name, values in document["outputs"].items():
        array = np.asarray(values)
        first = " ".join(f"{value:.6g}" for value in array.reshape(-1)[:8])
        yield f"{name} {list(array.shape)}: {first}{' …' * (array.size > 8)}"
