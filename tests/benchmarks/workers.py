"""Pieces of work in Python processes of their own, which stay, so that rivals can be timed in turn."""

from __future__ import annotations

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
    """A process that runs ``program``, which puts functions of no argument into a dict ``works``."""

    def __init__(self, python: str | Path, program: str, *arguments: str | Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, which __exit__ closes
        self._process = subprocess.Popen(
            [python, "-I", "-c", program + _SERVE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._read()

    def seconds(self, work: str, rounds: int) -> float:
        """Of the fastest of so many rounds."""
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
    times = [[worker.seconds(work, rounds) for worker, work in works] for _ in range(turns)]
    return {work: min(side) * 1000 for (_, work), side in zip(works, zip(*times, strict=True), strict=True)}
