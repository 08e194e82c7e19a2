"""How fast the model runs on this device: the inference alone, on a golden input."""

from __future__ import annotations

import math
import os
import time
from typing import Any, Callable

from .doctor import read_celsius, read_throttled
from .replay import golden_inputs
from .runtime import Runner
from .selftest import read_golden

# Numbers of threads that are tried, as far as there are cores.
THREADS = [1, 2, 4]
COLUMNS = ["load", "first", "mean", "p50", "p90", "p99", "max"]


def default_threads() -> list[int]:
    """Those that are tried unless told otherwise."""
    cores = os.cpu_count() or 1
    return [count for count in THREADS if count <= cores]


def measure(
    runs: int, warm_up: int, threads: list[int], say: Callable[[str], None]
) -> dict[str, Any]:
    """Milliseconds with each number of threads.

    ``load`` is until the model can run, ``first`` the first run, and the others are of
    ``runs`` after ``warm_up`` more. ``say`` is told what runs.
    """
    tried = [("cpu", count) for count in threads]
    before = _condition()
    results = []
    for device, count in tried:
        say(f"{device}, {count} thread{'s' if count > 1 else ''}")
        times = _times(count, runs, warm_up)
        results.append({"device": device, "threads": count, **times})
    return {
        "runs": runs,
        "warm_up": warm_up,
        "before": before,
        "after": _condition(),
        "results": results,
    }


def _times(threads: int, runs: int, warm_up: int) -> dict[str, float]:
    start = time.perf_counter()
    runner = Runner(threads)
    load = (time.perf_counter() - start) * 1000
    golden = read_golden()
    inputs, _ = golden_inputs(golden["cases"][0], golden["inputs"], runner.inputs)

    def run() -> float:
        start = time.perf_counter()
        runner.run_raw(inputs)
        return (time.perf_counter() - start) * 1000

    first = run()
    for _ in range(warm_up):
        run()
    taken = sorted(run() for _ in range(runs))
    mean = sum(taken) / runs
    return {
        "load": load,
        "first": first,
        "mean": mean,
        "p50": _percentile(taken, 50),
        "p90": _percentile(taken, 90),
        "p99": _percentile(taken, 99),
        "max": taken[-1],
        "per_second": 1000 / mean,
    }


def _percentile(ordered: list[float], percent: int) -> float:
    """The smallest that so many percent are not above."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def _condition() -> dict[str, Any]:
    """The heat, and the bits of a Raspberry Pi's get_throttled."""
    return {"celsius": read_celsius(), "throttled": read_throttled()}


def report_lines(report: dict[str, Any]) -> list[str]:
    """What ``measure`` has found, for people."""
    head = "".join(f"{name:>9}" for name in COLUMNS)
    lines = [f"{'device':<12}threads{head}   per second"]
    for result in report["results"]:
        times = "".join(f"{result[name]:9.2f}" for name in COLUMNS)
        name = f"{result['device']:<12}{result['threads']:>7}"
        lines.append(f"{name}{times}{result['per_second']:13.1f}")
    lines.append(f"in milliseconds, of {report['runs']} runs")
    before, after = report["before"], report["after"]
    if before["celsius"] is not None:
        heat = f"{before['celsius']:.0f} C before, {after['celsius']:.0f} C after"
        lines.append(f"the processor had {heat}")
    if after["throttled"] & 0xF:
        lines.append("the processor is slowed down or short of voltage: see doctor")
    return lines
