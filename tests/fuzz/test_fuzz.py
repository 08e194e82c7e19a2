"""The fuzz in short, and that it finds what it is for."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import packager.metadata.export
from packager.errors import PackagerError
from tests.conftest import missing_toolchain, needs_toolchain
from tests.fuzz import mutate, mutators, uses
from tests.fuzz.mutators import mutant
from tests.fuzz.seeds import seeds
from tests.hand_made import classifier

pytestmark = pytest.mark.slow

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="measures in /proc, and limits with RLIMIT_AS")


@linux_only
@pytest.mark.parametrize("count", [120, pytest.param(1200, marks=pytest.mark.long)])
def test_mutants(count: int) -> None:
    """`python -m tests.fuzz.mutate` and tests/fuzz/atheris_harness.py go on for longer."""
    report = mutate.run(range(count), jobs=2)
    assert report.mutants == count
    assert report.findings == [], str(report)
    for use in ("parse", "inspect", "show", "export", "attach", "init", "target"):
        assert report.outcomes[use, "ok"] > count / 12
    assert report.outcomes["parse", "refused"] > count / 12
    assert 0 < report.slowest[0] < uses.MOST_SECONDS
    assert 50 << 20 < report.largest[0] < uses.MOST_BYTES


@pytest.mark.parametrize("name", seeds())
def test_a_seed_as_it_is(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        took, findings = uses.exercise(seeds()[name], random.Random(1), tmp_path)
    assert findings == []
    assert {use.outcome for use in took if use.use in ("parse", "inspect", "init")} == {"ok"}


def test_a_number_makes_the_same_mutant() -> None:
    code = (
        "import hashlib; from tests.fuzz.mutators import mutant\n"
        "for number in range(60): print(hashlib.sha256(mutant(number)[1]).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [hashlib.sha256(mutant(number)[1]).hexdigest() for number in range(60)]
    assert len(set(done.stdout.split())) > 55


@pytest.mark.parametrize("change", list(dict.fromkeys((*mutators.RAW, *mutators.STRUCTURED))))
def test_every_mutator_changes_something(change: mutators.Mutator) -> None:
    changed = set()
    data = seeds()["task classes"] if change is not mutators.change_kind else seeds()["graphs"]
    for number in range(40):
        try:
            changed.add(change(random.Random(number), data))
        except Exception:  # what cannot be packed: mutant() takes another change
            continue
    assert len(changed - {data}) > 10


# --- What it would find ----------------------------------------


def first_finding(folder: Path, numbers: range = range(100)) -> tuple[int, uses.Finding]:
    for number in numbers:
        _, findings = mutate.use_mutant(number, folder)
        if findings:
            return number, findings[0]
    pytest.fail(f"nothing was found in {len(numbers)} mutants")


def test_an_exception_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a reader raises that believes a field: for the few models in which it is odd."""
    shape = packager.metadata.export._numbers

    def planted(values: Any) -> Any:
        if len(values) == 3:
            raise ValueError("planted")
        return shape(values)

    monkeypatch.setattr(packager.metadata.export, "_numbers", planted)
    number, finding = first_finding(tmp_path)
    assert finding.what == "ValueError: planted"
    assert "in planted" in finding.trace
    assert first_finding(tmp_path, range(number, number + 1))[1].what == "ValueError: planted", (
        "its number replays it"
    )


@pytest.mark.parametrize(
    ("plant", "what"),
    [
        (lambda: sum(1 for _ in iter(lambda: time.process_time() < end_of(), False)), "took 6"),
        (lambda: bytearray(uses.MOST_BYTES + (50 << 20)), "MB"),
        (lambda: raise_from_memory_error(), "PackagerError: swallowed"),
        (lambda: raise_error(""), "PackagerError: "),
        (lambda: warnings.warn("planted", stacklevel=1), "UserWarning: planted"),
    ],
    ids=["time", "memory", "MemoryError", "message", "warning"],
)
@linux_only
def test_more_is_found(plant: Callable[[], Any], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started.clear()
    monkeypatch.setattr(uses, "parse_model", lambda data, path: (plant(), classifier())[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, findings = uses.exercise(classifier().data, random.Random(0), tmp_path, share=0)
    assert [finding.use for finding in findings] == ["parse"]
    assert what in findings[0].what


started: list[float] = []


def end_of() -> float:
    started.append(time.process_time())
    return started[0] + uses.MOST_SECONDS + 0.2


def raise_from_memory_error() -> None:
    try:
        raise MemoryError
    except MemoryError:
        raise PackagerError("swallowed") from None


def raise_error(text: str) -> None:
    raise PackagerError(text)


@pytest.mark.parametrize(
    ("plant", "patience", "what"),
    [
        ("os.abort()", 60, "signal 6"),
        ("os._exit(3)", 60, "exit code 3"),
        ("time.sleep(300)", 20, "no answer for 20 s"),
    ],
)
def test_a_worker_that_dies_is_found(plant: str, patience: float, what: str) -> None:
    """At mutant 2 of 4, and the others are used all the same."""
    code = f"""
import os, sys, time
from tests.fuzz import mutate
use_mutant = mutate.use_mutant
def planted(number, folder):
    if number == 2:
        {plant}
    return (), []
mutate.use_mutant = planted
mutate.main(["--worker", *sys.argv[1:]])
"""
    report = mutate.run(range(4), jobs=1, worker=(sys.executable, "-c", code), patience=patience)
    assert [(number, finding.use) for number, finding in report.findings] == [(2, "worker")]
    assert what in report.findings[0][1].what
    assert report.mutants == 4
    assert "--seed 2" in str(report)


def test_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mutate.main(["--seed", "7", "--save", str(tmp_path / "m.tflite")]) == 0
    assert (tmp_path / "m.tflite").read_bytes() == mutant(7)[1]
    assert "1 mutants, 0 findings" in capsys.readouterr().out


@linux_only
@pytest.mark.atheris
@pytest.mark.long
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Atheris has no wheels for this Python")
def test_atheris(tmp_path: Path) -> None:
    needs_toolchain("atheris")
    if importlib.util.find_spec("atheris") is None:
        missing_toolchain("atheris not found; install: uv sync")
    command = [sys.executable, "-m", "tests.fuzz.atheris_harness", "--seconds", "5", "--artifacts", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 findings" in done.stdout
    assert not done.stdout.startswith("0 inputs")
