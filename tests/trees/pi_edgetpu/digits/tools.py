"""The commands that every package has beside its own, and their common options."""

from __future__ import annotations

import argparse
from typing import Any

from .bench import default_threads, measure, report_lines
from .console import number, print_json, tell
from .edge_tpu import ABSENT, DEVICES
from .finding import Finding
from .runtime import MOST_THREADS
from .selftest import self_test

MOST_RUNS = 1_000_000


def add_tools(commands: Any) -> None:
    """Add them: of parsed arguments, ``TOOL`` is then what does the one that was given."""
    selftest = commands.add_parser(
        "selftest", help="replay the golden cases; exit with 1 if one fails"
    )
    selftest.add_argument(
        "--device",
        choices=[device for device in DEVICES if device != "auto"],
        default="cpu",
        help="what runs the model (default: cpu)",
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
    bench.add_argument(
        "--device",
        choices=[device for device in DEVICES if device != "auto"],
        help="what runs the model (default: the CPU, then the Edge TPU)",
    )
    bench.set_defaults(TOOL=_bench)
    # __main__ looks for it before anything else is loaded.
    commands.add_parser("doctor", help="find what is wrong with this device")


def _self_test(arguments: argparse.Namespace) -> int:
    return 0 if self_test(arguments.device) else 1


def add_device(parser: argparse.ArgumentParser, dest: str = "device") -> None:
    """The option for what runs the model."""
    parser.add_argument(
        "--device",
        dest=dest,
        choices=DEVICES,
        default="auto",
        help="what runs the model (default: auto, the Edge TPU where there is one)",
    )


def tell_fallback(reason: Finding | None, device: str) -> None:
    """Say on stderr why the model is not on ``device``.

    To want one where there is one, and to have none, is no news.
    """
    is_news = device != "auto" or (reason and reason.name not in ABSENT)
    if reason is not None and is_news:
        tell(f"on the CPU, for {reason}")


def _threads(text: str) -> list[int]:
    return [number(int, 1, MOST_THREADS)(part) for part in text.split(",")]


def _bench(arguments: argparse.Namespace) -> int:
    threads = arguments.threads or default_threads()
    devices = [arguments.device] if arguments.device else ["cpu", "edgetpu"]
    report = measure(arguments.runs, arguments.warm_up, threads, devices, tell)
    if arguments.json:
        print_json(report)
    else:
        print("\n".join(report_lines(report)))
    return 0 if report["results"] else 1
