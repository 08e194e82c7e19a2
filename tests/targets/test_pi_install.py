"""install.sh of a generated package, and what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from packager.targets.pi import _command_name
from tests.conftest import PROJECT, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.targets.test_pi import project
from tests.test_distribution import uv

pytestmark = pytest.mark.slow


def installed(folder: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What install.sh says. Unless told otherwise it takes the Python that this one was made of."""
    script = folder / "install.sh"
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    command, given = [str(script), *map(str, arguments)], {**kept, "PYTHON": sys.executable, **environment}
    return subprocess.run(command, cwd="/", env=given, capture_output=True, text=True, check=False)


def is_shared(environment: Path) -> bool:
    """Whether it sees the packages of the system."""
    return "include-system-site-packages = true" in (environment / "pyvenv.cfg").read_text()


@pytest.mark.uv
def test_it_installs_all_and_can_be_run_again(examples: Path, tmp_path: Path) -> None:
    versions = tmp_path / "versions.txt"
    export = [
        str(uv()),
        "export",
        "-q",
        "--frozen",
        "--no-dev",
        "--no-hashes",
        "--no-emit-project",
        "-o",
        str(versions),
    ]
    subprocess.run(export, cwd=PROJECT, check=True)
    # uv takes a backports.strenum that says of itself that it is for older Pythons; pip does not.
    lines = [line for line in versions.read_text().splitlines() if not line.startswith("backports")]
    versions.write_text("\n".join(lines))
    files = project(digits(examples), golden_pictures(examples)[:2])
    folder = write_files(tmp_path / "a folder", files)
    for _ in range(2):
        ran = installed(folder, PIP_CONSTRAINT=str(versions))
        assert ran.returncode == 0, ran.stderr
        *_, passed, last = ran.stdout.splitlines()
        assert passed.startswith("PASS 2 cases")
        assert last == f"installed: {folder}/.venv/bin/digits --help"
    assert not is_shared(folder / ".venv")
    (site,) = (folder / ".venv").glob("lib/python*/site-packages/digits")
    there = {path.relative_to(site.parent).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {name for name in there if not name.endswith(".pyc")} == {name for name in files if "/" in name}
    command = [str(folder / ".venv/bin/digits"), "classify", "--json", *map(str, golden_pictures(examples)[:1])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert len(json.loads(done.stdout)["results"]) == 5, done.stderr
    done = subprocess.run([command[0], "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (site / "golden" / "cases.json").write_text("{")
    ran = installed(folder, PIP_CONSTRAINT=str(versions), PIP_NO_INDEX="1")
    assert ran.returncode != 0


@pytest.fixture
def sines(examples: Path, tmp_path: Path) -> Path:
    return write_files(tmp_path / "pi", project(sine(examples), []))


# A package of the system, and whether the environment is to see it; pip finds nothing, and is not asked further.
SYSTEMS = {"": False, "picamera2": True, "tflite_runtime": True, "numpy": False}


@pytest.mark.parametrize("package", SYSTEMS)
def test_what_the_environment_sees(package: str, sines: Path, tmp_path: Path) -> None:
    system = write_files(tmp_path / "system", {f"{package}/__init__.py": b""} if package else {"none": b""})
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={system} exec {sys.base_prefix}/bin/python3 "$@"\n')
    python.chmod(0o755)
    ran = installed(sines, tmp_path / "environment", PYTHON=str(python), PIP_NO_INDEX="1")
    assert ran.returncode != 0
    assert is_shared(tmp_path / "environment") == SYSTEMS[package]
    assert not (sines / ".venv").exists()


FAILURES = {
    "too old": ('[ "$1" = --version ] && echo Python 3.5.3 && exit; exit 1', "Python 3.5.3 is too old"),
    "no venv": ("case $2 in *ensurepip*) exit 1 ;; esac", "sudo apt install python3-venv"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_python_that_cannot_do_it_is_one_line(kind: str, sines: Path, tmp_path: Path) -> None:
    text, words = FAILURES[kind]
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{text}\n")
    python.chmod(0o755)
    ran = installed(sines, PYTHON=str(python))
    (line,) = ran.stderr.splitlines()
    assert (ran.returncode, line.startswith("install.sh: "), words in line) == (1, True, True), line
    assert not (sines / ".venv").exists()


def test_no_python_and_too_many_arguments_are_one_line(sines: Path) -> None:
    for ran in (installed(sines, PYTHON="nosuch"), installed(sines, "a", "b")):
        assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1), ran.stderr


COMMANDS = [("digits", "digits"), ("my_birds", "my-birds"), ("cat", "cat-model"), ("pip", "pip-model")]


@pytest.mark.parametrize(("package", "command"), COMMANDS)
def test_the_command_hides_none_of_the_system(package: str, command: str) -> None:
    assert _command_name(package) == command
