"""How a generated package measures its own speed."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import compiled
from tests.targets.test_pi import project
from tests.targets.test_pi_edge_tpu import HERE as STAND_IN
from tests.targets.test_pi_edge_tpu import Coral, build_library, files_of, told

pytestmark = pytest.mark.slow

TIMES = ("load", "first", "mean", "p50", "p90", "p99", "max", "per_second")


def check(report: Any) -> list[tuple[str, int]]:
    """What was measured, after a look at the figures."""
    assert set(report) == {"runs", "warm_up", "before", "after", "results"}
    for result in report["results"]:
        assert set(result) == {"device", "threads", *TIMES}
        assert all(result[name] > 0 for name in TIMES)
        assert result["p50"] <= result["p90"] <= result["p99"] <= result["max"]
        assert result["mean"] <= result["max"]
        assert result["per_second"] == pytest.approx(1000 / result["mean"])
    return [(result["device"], result["threads"]) for result in report["results"]]


def test_every_number_of_threads(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(sine(examples), []))

    def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sine", "bench", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    ran = bench("--json", "--runs", "7", "--warm-up", "0", "--threads", "3,1")
    report = json.loads(ran.stdout)
    assert (report["runs"], report["warm_up"]) == (7, 0)
    assert check(report) == [("cpu", 3), ("cpu", 1)]
    ran = bench("--json", "--runs", "1")
    assert check(json.loads(ran.stdout)) == [("cpu", count) for count in (1, 2, 4) if count <= (os.cpu_count() or 1)]
    ran = bench("--runs", "2", "--threads", "1")
    head, row, *_ = ran.stdout.splitlines()
    assert head.split()[:2] == ["device", "threads"]
    assert row.split()[:2] == ["cpu", "1"]
    ran = bench("--threads", "1,0")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)


def test_percentiles_are_the_nearest_ranks(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(sine(examples), []))
    sizes = (1, 2, 10, 100, 250)
    code = (
        "import json; from sine.bench import _percentile\n"
        f"print(json.dumps([[_percentile(list(range(1, n + 1)), p) for p in (50, 90, 99)] for n in {sizes}]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = [[max(math.ceil(n * p / 100), 1) for p in (50, 90, 99)] for n in sizes]
    assert json.loads(ran.stdout) == expected == [[1] * 3, [1, 2, 2], [5, 9, 10], [50, 90, 99], [125, 225, 248]]


@pytest.fixture(scope="module")
def cpp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("library"), STAND_IN / "edgetpu.c")


@pytest.fixture(scope="module")
def coral(cpp: Path, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Coral:
    folder, annotated = tmp_path_factory.mktemp("coral"), digits(examples)
    files = files_of(annotated, folder, compiled(annotated.model), golden_pictures(examples)[:1])
    return Coral(write_files(folder, files), cpp)


def test_the_cpu_beside_the_edge_tpu(coral: Coral, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKAGER_EDGE_TPU_SECONDS", "0.03")
    few = ("--json", "--runs", "3", "--warm-up", "1", "--threads", "1")
    report = json.loads(coral.command("right", "bench", *few).stdout)
    assert check(report) == [("cpu", 1), ("edgetpu", 1)]
    cpu, edge_tpu = report["results"]
    assert cpu["p50"] < 30 <= edge_tpu["p50"]
    ran = coral.command("right", "bench", "--device", "edgetpu:usb", *few)
    assert check(json.loads(ran.stdout)) == [("edgetpu:usb", 1)]


def test_without_an_edge_tpu_the_cpu_is_measured(coral: Coral) -> None:
    few = ("--json", "--runs", "1", "--threads", "1")
    ran = coral.command("absent", "bench", *few)
    assert check(json.loads(ran.stdout)) == [("cpu", 1)]
    assert (ran.returncode, "finds no Edge TPU" in told(ran)[-1]) == (0, True)
    ran = coral.command("absent", "bench", *few, "--device", "edgetpu")
    assert (ran.returncode, json.loads(ran.stdout)["results"]) == (1, [])
