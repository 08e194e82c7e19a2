"""Pieces of work in processes of their own, which stay, so that rivals can be timed in turn."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

# Ends a worker's program; `works` is what it does, by name. Each line asks for so many rounds of one of them, and is
# answered by the seconds of the fastest.
_SERVE = """
import sys, time
print("ready", flush=True)
for line in sys.stdin:
    name, rounds = line.split()
    best = float("inf")
    for _ in range(int(rounds)):
        start = time.perf_counter()
        works[name]()
        best = min(best, time.perf_counter() - start)
    print(best, flush=True)
"""


class Worker:
    """A process that prints ``ready`` and then answers as ``_SERVE`` does."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, which __exit__ closes
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )
        while not self._read().endswith("ready\n"):  # JUnit puts a point before it
            pass

    @classmethod
    def python(cls, python: str | Path, program: str, *arguments: str | Path) -> Self:
        """Python that runs ``program``, which puts functions of no argument into a dict ``works``."""
        return cls([python, "-I", "-c", program + _SERVE, *arguments])

    def ask(self, work: str, rounds: int) -> float:
        """What it says of so many rounds: the seconds of the fastest."""
        assert self._process.stdin is not None
        print(work, rounds, file=self._process.stdin, flush=True)
        return float(self._read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate()
        self._errors.close()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.communicate()
            self._errors.seek(0)
            raise AssertionError(self._errors.read().decode())
        return line


def fastest(works: Sequence[tuple[Worker, str]], rounds: int = 5, turns: int = 50) -> Mapping[str, float]:
    """The milliseconds of each piece of work, the smallest of all: in turns, so that a busy machine slows all."""
    times = [[worker.ask(work, rounds) for worker, work in works] for _ in range(turns)]
    return {work: min(side) * 1000 for (_, work), side in zip(works, zip(*times, strict=True), strict=True)}


def medians(works: Sequence[tuple[Worker, str]], turns: int, warm_up: int = 0) -> Mapping[str, float]:
    """The milliseconds of each piece of work, the median of so many rounds, which are taken in turns."""
    for worker, work in works:
        worker.ask(work, warm_up)
    times = [[worker.ask(work, 1) for worker, work in works] for _ in range(turns)]
    sides = zip(*times, strict=True)
    return {work: statistics.median(side) * 1000 for (_, work), side in zip(works, sides, strict=True)}
