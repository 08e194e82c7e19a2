"""What happens to tests whose toolchain or models are absent, and which tests a mark chooses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.conftest import NO_MODELS, PROJECT, TOOLCHAINS

pytestmark = pytest.mark.slow

Tests = tuple[Path, *tuple[str | Path, ...]]
TESTS = """
import pytest
from tests.conftest import REAL_MODELS, require_tools

@pytest.mark.parametrize("name", REAL_MODELS)
def test_models(name, models): assert (models / f"{name}.tflite").is_file()

@pytest.mark.cpp
def test_marked(): require_tools("g++", "make", install="apt-get install g++")

def test_unmarked(): require_tools("g++", install="apt-get install g++")

@pytest.mark.arm
def test_marked_otherwise(): require_tools("g++", install="apt-get install g++")

@pytest.fixture
def swift(): pass

@pytest.fixture
def built(swift): pass

def test_of_a_fixture(built): pass

@pytest.mark.long
def test_long(): pass

def test_plain(): pass
"""


def run(folder: Path, *arguments: str | Path, **environment: str) -> dict[str, str]:
    """What a child pytest says of each test that it chose: "", or how it ended and why."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PACKAGER_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-n0", f"--junitxml={folder / 'report.xml'}", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env={**kept, **environment}, capture_output=True, text=True)
    assert done.returncode in (0, 1, 5), done.stdout + done.stderr
    cases = ET.parse(folder / "report.xml").iter("testcase")
    return {case.get("name", ""): "".join(f"{end.tag}: {end.get('message')}" for end in case) for case in cases}


@pytest.fixture
def tests(tmp_path: Path) -> Tests:
    """What to run to have TESTS run with the conftest.py and the settings of this project."""
    (tmp_path / "test_it.py").write_text(TESTS)
    return tmp_path, "-p", "tests.conftest", "-c", PROJECT / "pyproject.toml", tmp_path / "test_it.py"


def test_a_missing_toolchain_is_a_skip_that_says_what_to_install(tests: Tests, tmp_path: Path) -> None:
    reason = "g++, make not found; install: apt-get install g++"
    assert run(*tests, "-k", "test_marked and not otherwise", PATH=str(tmp_path)) == {
        "test_marked": f"skipped: {reason}"
    }
    promised = run(*tests, "-k", "test_marked", PATH=str(tmp_path), PACKAGER_REQUIRE_TOOLCHAINS="1")
    assert promised["test_marked"] == f"failure: Failed: {reason}"


@pytest.mark.parametrize("is_there", [True, False], ids=["empty", "absent"])
def test_missing_models(tests: Tests, is_there: bool, tmp_path: Path) -> None:
    """A test for each model does not vanish without them."""
    folder = tmp_path / "none"
    if is_there:
        folder.mkdir()
    reason = f"no models in {folder}: set PACKAGER_MODELS to a folder that holds them"
    name = f"test_models[{NO_MODELS}]"
    said = run(*tests, "-k", "test_models", PACKAGER_MODELS=str(folder))
    assert said == {name: f"skipped: {reason}"}
    promised = run(*tests, "-k", "test_models", PACKAGER_MODELS=str(folder), PACKAGER_REQUIRE_TOOLCHAINS="1")
    assert promised == {name: f'error: failed on setup with "Failed: {reason}"'}


def test_each_file_has_a_test_that_fails_for_want_of_the_models(tmp_path: Path) -> None:
    """Each that has a test for every model."""
    files = [
        path
        for path in PROJECT.glob("tests/**/test_*.py")
        if re.search(r"\b(REAL_MODELS|NO_MODELS)\b", path.read_text()) and path != Path(__file__)
    ]
    assert len(files) >= 5
    said = run(tmp_path, *files, "-k", NO_MODELS, PACKAGER_MODELS=str(tmp_path), PACKAGER_REQUIRE_TOOLCHAINS="1")
    assert len(said) >= len(files)
    assert {text.partition(" in ")[0] for text in said.values()} == {'error: failed on setup with "Failed: no models'}


def test_a_test_without_the_mark_of_its_toolchain_fails(tests: Tests) -> None:
    said = run(*tests, "-k", "unmarked or otherwise")
    assert len(said) == 2
    assert all("needs the toolchain 'cpp': mark it so" in text for text in said.values())


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (("-m", "swift"), {"test_of_a_fixture"}),
        (("-m", "not slow"), {"test_plain", "test_unmarked"}),
        (("-m", "arm or cpp"), {"test_marked", "test_marked_otherwise"}),
        (("-m", "long"), set()),
        (("-m", "long", "--long"), {"test_long"}),
    ],
)
def test_what_a_mark_chooses(tests: Tests, arguments: tuple[str, ...], chosen: set[str]) -> None:
    assert {*run(*tests, "-k", "not models", *arguments)} == chosen


def test_every_toolchain_has_its_mark_and_a_line() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    marks = {line.split(":")[0] for line in settings["markers"]}
    assert marks == {*TOOLCHAINS, "slow", "long", "tflite_micro"}
    told = (PROJECT / "CONTRIBUTING.md").read_text()
    assert [mark for mark in marks if f"`{mark}`" not in told] == []
