"""`packager doctor`, on this computer and on such that lack something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from packager.cli import app
from tests.conftest import hide, write_files

# Each asks a process of its own.
pytestmark = pytest.mark.slow


def doctor(*arguments: str) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
    result = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    findings = json.loads(result.stdout)
    for finding in findings:
        assert set(finding) == {"name", "what", "fix", "level"}
        assert bool(finding["fix"]) == (finding["level"] != "ok"), finding
    return result.exit_code, {finding["name"]: finding for finding in findings}


def test_this_computer() -> None:
    code, findings = doctor()
    assert code == 0
    assert {"packager", "numpy", "pillow", "ai-edge-litert", "tflite-micro", "convert", "dask"} <= findings.keys()
    assert findings["numpy"]["level"] == findings["ai-edge-litert"]["level"] == "ok"


def test_for_people() -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert {line.split()[0] for line in result.stdout.splitlines()} <= {"ok", "warning", "->"}


# A module in the place of another, and what is said of it.
BROKEN = {
    "raise ImportError('DLL load failed')": "ImportError: DLL load failed",
    "import os, signal; os.kill(os.getpid(), signal.SIGILL)": "Python dies of it (signal 4)",
}


@pytest.mark.parametrize("source", BROKEN)
def test_a_runtime_that_cannot_be_loaded(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"ai_edge_litert/__init__.py": source.encode()})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, findings = doctor()
    assert (code, findings["ai-edge-litert"]["level"]) == (1, "error")
    assert BROKEN[source] in findings["ai-edge-litert"]["what"]
    assert findings["numpy"]["level"] == "ok"


def test_a_full_disk_and_a_folder_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system of processes is both."""
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    monkeypatch.chdir("/proc")
    code, findings = doctor()
    assert (code, findings["disk"]["level"]) == (0, "warning")


@pytest.mark.parametrize(("module", "package"), [("ai_edge_litert", "ai-edge-litert"), ("PIL", "pillow")])
def test_without_a_package(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, module)
    code, findings = doctor()
    assert (code, findings[package]["level"]) == (1, "error")
    assert "is not installed" in findings[package]["what"]


def test_where_tflite_micro_has_no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "tflite_micro")
    code, findings = doctor()
    assert findings["tflite-micro"]["level"] in ("warning", "error")
    assert code == (findings["tflite-micro"]["level"] == "error")
