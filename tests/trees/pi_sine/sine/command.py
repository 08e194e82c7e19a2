"""The command line: python -m sine run x.npy | serve | selftest | bench | doctor."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import read_array
from .console import Parser, number, print_json
from .model import INPUTS, Sine
from .runtime import MOST_THREADS
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m sine")
    # An input may be called "command" or "threads" too, but never in capitals.
    commands = parser.add_subparsers(dest="COMMAND", required=True)
    options = Parser(add_help=False)
    options.add_argument(
        "--threads",
        dest="THREADS",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    run = commands.add_parser(
        "run",
        help="run the model on .npy files and print its outputs as JSON",
        parents=[options],
    )
    for name in INPUTS:
        run.add_argument(
            name,
            metavar=f"{name}.npy",
            help="real numbers, or the tensor's own dtype",
        )
    add_serve(commands, options)
    add_tools(commands)
    parsed = parser.parse_args()
    if "TOOL" in parsed:
        return int(parsed.TOOL(parsed))
    arguments = vars(parsed)

    model = Sine(arguments["THREADS"])

    def answer(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        outputs = model.run(**arrays)
        return {name: array.tolist() for name, array in outputs.items()}

    if parsed.COMMAND == "serve":
        return serve(parsed, model, {"/predict": answer})
    arrays = {
        name: read_array(arguments[name], name, like)
        for name, like in zip(INPUTS, model.inputs)
    }
    print_json(answer(arrays))
    return 0
