"""The fuzz that coverage guides: ``python -m tests.fuzz.atheris_harness --seconds 600``.

Needs Atheris: ``uv sync``. What it finds is written to ``--artifacts`` and can be looked at again with
``--replay FILE``. The exit code is 1 where there are findings.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

# libFuzzer stops at the first finding; so often it is started again.
_MOST_FINDINGS = 10
_LONGEST = 120_000
# Of all uses of a model so many are tried with each input, so that there are more inputs.
_SHARE = 0.3
# Code that counts where it passes takes some times as long.
_PATIENCE = 4.0


def run(seconds: int, artifacts: Path) -> int:
    """Start libFuzzer until the time is over; the number of findings."""
    from tests.fuzz.seeds import seeds

    inputs, covered = 0, 0
    findings: list[str] = []
    end = time.monotonic() + seconds
    artifacts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="packager-fuzz-") as name:
        corpus = Path(name)
        for number, data in enumerate(seeds().values()):
            (corpus / f"seed{number}").write_bytes(data)
        while (left := int(end - time.monotonic())) > 0 and len(findings) < _MOST_FINDINGS:
            flags = (
                f"-max_total_time={left}",
                f"-max_len={_LONGEST}",
                f"-artifact_prefix={artifacts}/",
                f"-seed={len(findings) + 1}",
                "-len_control=0",
                "-timeout=60",
                "-rss_limit_mb=3000",
                "-print_final_stats=1",
            )
            child = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.atheris_harness", "--child", str(corpus), *flags],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
            inputs += sum(map(int, re.findall(r"number_of_executed_units: (\d+)", child.stdout)))
            covered = max([covered, *map(int, re.findall(r"cov: (\d+)", child.stdout))])
            if child.returncode != 0:
                findings.append(child.stdout)
        size = len(list(corpus.iterdir()))
    print(f"{inputs:,} inputs in {seconds} s, {covered:,} places covered, corpus of {size}, {len(findings)} findings")
    for text in findings:
        told = [line for line in text.splitlines() if not line.startswith(("#", "INFO:", "WARNING:"))]
        print("FOUND " + "\n".join(told)[-4000:])
    return len(findings)


def _child(arguments: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["packager"]):
        from tests.fuzz import mutators, uses
        from tests.fuzz.mutate import limit_memory
        from tests.fuzz.seeds import seeds

        seeds()
    limit_memory()
    folder = tempfile.TemporaryDirectory(prefix="packager-fuzz-")

    def use(data: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _, findings = uses.exercise(
                data, random.Random(zlib.crc32(data)), Path(folder.name), share=_SHARE, patience=_PATIENCE
            )
        for finding in findings:
            raise AssertionError(f"{finding.use}: {finding.what}\n{finding.trace}")

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        how = chance.random()
        if how < 0.3:  # taken apart by the schema, which is safe with a seed only
            return mutators.mutant(seed)[1][:longest]
        if how < 0.8:
            return chance.choice(mutators.RAW)(chance, data)[:longest]
        changed: bytes = atheris.Mutate(data, longest)
        return changed

    atheris.Setup([sys.argv[0], *arguments], use, custom_mutator=mutate)
    atheris.Fuzz()


def _replay(path: Path) -> int:
    from tests.fuzz.uses import exercise

    data = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        _, findings = exercise(data, random.Random(zlib.crc32(data)), Path(folder), share=_SHARE)
    for finding in findings:
        print(f"FOUND {finding.use}: {finding.what}\n{finding.trace}")
    return len(findings)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--child"]:
        _child(given[1:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    parser.add_argument("--artifacts", type=Path, default=Path("build/fuzz"), help="where findings are written")
    parser.add_argument("--replay", type=Path, help="use this file alone")
    options = parser.parse_args(given)
    found = _replay(options.replay) if options.replay is not None else run(options.seconds, options.artifacts)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
