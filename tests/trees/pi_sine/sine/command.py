"""The command line: python -m sine run x.npy | selftest | bench | doctor."""

from __future__ import annotations

from .arrays import read_array
from .console import Parser, number, print_json
from .model import INPUTS, Sine
from .runtime import MOST_THREADS
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m sine")
    # An input may be called "command" or "threads" too, but never in capitals.
    commands = parser.add_subparsers(dest="COMMAND", required=True)
    run = commands.add_parser(
        "run", help="run the model on .npy files and print its outputs as JSON"
    )
    for name in INPUTS:
        run.add_argument(
            name,
            metavar=f"{name}.npy",
            help="real numbers, or the tensor's own dtype",
        )
    run.add_argument(
        "--threads",
        dest="THREADS",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    add_tools(commands)
    parsed = parser.parse_args()
    if "TOOL" in parsed:
        return int(parsed.TOOL(parsed))
    arguments = vars(parsed)

    model = Sine(arguments["THREADS"])
    arrays = {
        name: read_array(arguments[name], name, like)
        for name, like in zip(INPUTS, model.inputs)
    }
    outputs = model.run(**arrays)
    print_json({name: array.tolist() for name, array in outputs.items()})
    return 0
