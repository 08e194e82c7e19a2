"""The command line: python -m sine run x.npy | selftest."""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from .model import Sine
from .selftest import self_test

INPUTS = [
    "x",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sine")
    # An input may be called "command" or "threads" too, but never in capitals.
    commands = parser.add_subparsers(dest="COMMAND", required=True)
    run = commands.add_parser("run", help="run the model on .npy files and print its outputs as JSON")
    for name in INPUTS:
        run.add_argument(name, metavar=f"{name}.npy", help="real numbers, or the tensor's own dtype")
    run.add_argument("--threads", dest="THREADS", type=int, default=1, metavar="N", help="CPU threads (default: 1)")
    commands.add_parser("selftest", help="replay the golden cases; exit with 1 if one fails")
    arguments = vars(parser.parse_args())
    if arguments["COMMAND"] == "selftest":
        return 0 if self_test() else 1

    try:
        arrays = {name: np.load(arguments[name], allow_pickle=False) for name in INPUTS}
        outputs = Sine(threads=arguments["THREADS"]).run(**arrays)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({name: array.tolist() for name, array in outputs.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
