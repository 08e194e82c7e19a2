"""The commands that every package has beside its own."""

from __future__ import annotations

import argparse
from typing import Any

from .bench import default_threads, measure, report_lines
from .console import number, print_json, tell
from .runtime import MOST_THREADS
from .selftest import self_test

MOST_RUNS = 1_000_000


def add_tools(commands: Any) -> None:
    """Add them: of parsed arguments, ``TOOL`` is then what does the one that was given."""
    selftest = commands.add_parser(
        "selftest", help="replay the golden cases; exit with 1 if one fails"
    )
    selftest.set_defaults(TOOL=_self_test)
    bench = commands.add_parser("bench", help="measure how fast the model runs here")
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.add_argument(
        "--runs",
        type=number(int, 1, MOST_RUNS),
        default=100,
        metavar="N",
        help="runs that are measured (default: 100)",
    )
    bench.add_argument(
        "--warm-up",
        type=number(int, 0, MOST_RUNS),
        default=10,
        metavar="N",
        help="runs before them (default: 10)",
    )
    bench.add_argument(
        "--threads",
        type=_threads,
        metavar="N,…",
        help="numbers of CPU threads, with commas (default: 1,2,4, as there are cores)",
    )
    bench.set_defaults(TOOL=_bench)
    # __main__ looks for it before anything else is loaded.
    commands.add_parser("doctor", help="find what is wrong with this device")


def _self_test(_arguments: argparse.Namespace) -> int:
    return 0 if self_test() else 1


def _threads(text: str) -> list[int]:
    return [number(int, 1, MOST_THREADS)(part) for part in text.split(",")]


def _bench(arguments: argparse.Namespace) -> int:
    threads = arguments.threads or default_threads()
    report = measure(arguments.runs, arguments.warm_up, threads, tell)
    if arguments.json:
        print_json(report)
    else:
        print("\n".join(report_lines(report)))
    return 0 if report["results"] else 1
