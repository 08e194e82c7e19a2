"""The fuzz: ``python -m tests.fuzz.mutate --count 20000``, or ``--seed N`` to see what mutant N does.

Mutants are made and used in worker processes with a limit on their memory; a worker that dies, or that does not come
back, is a finding of the mutant it was at. The exit code is 1 where there are findings.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.fuzz.mutators import mutant
from tests.fuzz.uses import MOST_BYTES, Finding, exercise

# Seconds without a word after which a worker is taken for lost.
PATIENCE = 120
WORKER = (sys.executable, "-m", "tests.fuzz.mutate", "--worker")


@dataclass
class Report:
    """What came of a run; ``findings`` by the mutant's number, the rest the worst of all uses."""

    mutants: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    slowest: tuple[float, str, int] = (0.0, "", 0)
    largest: tuple[int, str, int] = (0, "", 0)

    def add(self, number: int, took: Sequence[dict[str, Any]], findings: Sequence[Finding]) -> None:
        self.mutants += 1
        self.findings += [(number, finding) for finding in findings]
        for use in took:
            self.outcomes[use["use"].split()[0], use["outcome"]] += 1
            self.slowest = max(self.slowest, (use["seconds"], use["use"], number))
            self.largest = max(self.largest, (use["peak_bytes"], use["use"], number))

    def __str__(self) -> str:
        lines = [f"{self.mutants:,} mutants, {len(self.findings)} findings"]
        uses = dict.fromkeys(use for use, _ in self.outcomes)
        lines += [
            f"  {use}: " + ", ".join(f"{count:,} {outcome}" for (name, outcome), count in counts if name == use)
            for use in uses
            for counts in [sorted(self.outcomes.items())]
        ]
        lines.append("slowest use: {:.2f} s ({}, mutant {})".format(*self.slowest))
        lines.append("largest use: {:.0f} MB ({}, mutant {})".format(self.largest[0] / 1e6, *self.largest[1:]))
        kinds: dict[str, list[int]] = {}
        for number, finding in self.findings:
            place = [line for line in finding.trace.splitlines() if line.startswith("  File ")][-1:]
            kinds.setdefault("\n".join((f"{finding.use}: {finding.what}", *place)), []).append(number)
        for what, numbers in sorted(kinds.items(), key=lambda item: -len(item[1])):
            lines.append(f"FOUND by {len(numbers)} mutants, such as --seed {numbers[0]}: {what}")
        return "\n".join(lines)


def run(numbers: range, jobs: int, worker: Sequence[str] = WORKER, patience: float = PATIENCE) -> Report:
    """Use the mutants of these numbers in ``jobs`` processes at a time."""
    report = Report()
    lock = threading.Lock()

    def work(share: range) -> None:
        while share:
            at, rest = _run_worker(share, worker, patience, report, lock)
            if rest is None:
                return
            with lock:
                report.add(at, (), [Finding("worker", rest, "")])
            share = range(at + share.step, share.stop, share.step)

    threads = [
        threading.Thread(target=work, args=(range(numbers.start + job, numbers.stop, jobs),)) for job in range(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.findings.sort(key=lambda item: item[0])
    return report


def _run_worker(
    share: range, worker: Sequence[str], patience: float, report: Report, lock: threading.Lock
) -> tuple[int, str | None]:
    """One process over ``share``; the mutant it ended at, and how if not well."""
    child = subprocess.Popen(
        [*worker, str(share.start), str(share.stop), str(share.step)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read_lines, args=(child.stdout, lines), daemon=True)
    reader.start()
    at = share.start
    try:
        while True:
            try:
                line = lines.get(timeout=patience)
            except queue.Empty:
                return at, f"no answer for {patience} s"
            if line is None:
                child.wait()
                break
            told = json.loads(line)
            at = told["number"]
            if "took" in told:
                with lock:
                    report.add(at, told["took"], [Finding(**finding) for finding in told["findings"]])
    finally:
        child.kill()
        child.wait()
        reader.join()
        child.stdout.close()
    code = child.returncode
    return at, None if code == 0 else f"the process died ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


def _read_lines(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        if line.startswith("{"):  # libraries print too
            lines.put(line)
    lines.put(None)


def work(numbers: range) -> None:
    """What a worker does: a line for each mutant it begins, and one for each it ends."""
    limit_memory()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory(prefix="packager-fuzz-") as folder:
        for number in numbers:
            print(json.dumps({"number": number}), file=out, flush=True)
            took, findings = use_mutant(number, Path(folder))
            told = {"number": number, "took": [asdict(use) for use in took], "findings": list(map(asdict, findings))}
            print(json.dumps(told), file=out, flush=True)
    out.flush()


def use_mutant(number: int, folder: Path) -> tuple[Any, list[Finding]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a user would see them
        try:
            _, data = mutant(number)
        except Exception:
            return (), [Finding("mutator", "the mutator itself failed", traceback.format_exc())]
        return exercise(data, random.Random(number), folder)


def limit_memory() -> None:
    """Let an allocation of more than all of the allowed bytes fail, before the machine suffers from it."""
    if sys.platform != "linux":
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * MOST_BYTES, used + 2 * MOST_BYTES))


def replay(number: int, save: Path | None) -> Report:
    """Use one mutant in this process, and say what it is."""
    what, data = mutant(number)
    print(f"mutant {number}: {len(data)} bytes; {what}")
    if save is not None:
        save.write_bytes(data)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        took, findings = use_mutant(number, Path(folder))
    report.add(number, [asdict(use) for use in took], findings)
    for finding in findings:
        print(finding.trace)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many mutants")
    parser.add_argument("--start", type=int, default=0, help="the number of the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--seed", type=int, help="use this mutant alone, and show what it does")
    parser.add_argument("--save", type=Path, help="with --seed: write the mutant to this file")
    parser.add_argument("--worker", type=int, nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.worker is not None:
        work(range(*given.worker))
        return 0
    start = time.monotonic()
    report = (
        run(range(given.start, given.start + given.count), given.jobs)
        if given.seed is None
        else replay(given.seed, given.save)
    )
    print(report)
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
