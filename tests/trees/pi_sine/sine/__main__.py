"""The command line: python -m sine run x.npy | selftest."""

from __future__ import annotations

import json
import sys

import numpy as np

from .arrays import read_array
from .console import Parser, number, run
from .model import INPUTS, Sine
from .runtime import MOST_THREADS
from .selftest import self_test


def main() -> int:
    parser = Parser(prog="python -m sine")
    # An input may be called "command" or "threads" too, but never in capitals.
    commands = parser.add_subparsers(dest="COMMAND", required=True)
    command = commands.add_parser(
        "run", help="run the model on .npy files and print its outputs as JSON"
    )
    for name in INPUTS:
        command.add_argument(
            name,
            metavar=f"{name}.npy",
            help="real numbers, or the tensor's own dtype",
        )
    command.add_argument(
        "--threads",
        dest="THREADS",
        type=number(1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )
    commands.add_parser(
        "selftest", help="replay the golden cases; exit with 1 if one fails"
    )
    arguments = vars(parser.parse_args())
    if arguments["COMMAND"] == "selftest":
        return 0 if self_test() else 1

    model = Sine(arguments["THREADS"])
    arrays = {
        name: read_array(arguments[name], name, like)
        for name, like in zip(INPUTS, model.inputs)
    }
    outputs = model.run(**arrays)
    # JSON has no word for what is infinite or not a number.
    values = {
        name: np.where(np.isfinite(array), array, None).tolist()
        for name, array in outputs.items()
    }
    print(json.dumps(values))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
