"""What all tests share: the folder of real models, toolchains that may be absent, golden trees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.tree_comparison import compare_tree, kept_files

PROJECT = Path(__file__).parent.parent
TREES = Path(__file__).parent / "trees"
# Ten labels that have come out as something else from one generated language or another.
HOSTILE_LABELS = [
    'a "quoted" label',
    "two\nlines\r\nand a third",
    "*/ int x; /* nested",
    "${x} $x \\(x) #{x} %s {0}",
    "back\\slash at the end\\",
    "emoji 🐈\u200d⬛ and accents éß",
    "עברית and العربية",
    "\u202eright-to-left override",
    "'single' `back` ??/ trigraph",
    "tab\tand digits after it: \x011",
]

MODELS = Path(os.environ.get("PACKAGER_MODELS", PROJECT.parent / "shared" / "models"))
# The names of the real models, for tests that take each; none where the folder is absent.
REAL_MODELS = sorted(path.stem for path in MODELS.glob("*.tflite"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-trees", action="store_true", help="rewrite tests/trees from what is generated")


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of real models that others made; tests that need it skip where it is absent."""
    if not MODELS.is_dir():
        pytest.skip(f"no models in {MODELS}: set PACKAGER_MODELS to a folder that holds them")
    return MODELS


@pytest.fixture(scope="session")
def examples() -> Path:
    return PROJECT / "examples"


def missing_toolchain(reason: str) -> None:
    """Skip, saying what to install; fail where the environment promises every toolchain."""
    if os.environ.get("PACKAGER_REQUIRE_TOOLCHAINS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def require_tools(*names: str, install: str) -> None:
    """Skip (see missing_toolchain) unless every program of ``names`` is on the PATH."""
    absent = [name for name in names if shutil.which(name) is None]
    if absent:
        missing_toolchain(f"{', '.join(absent)} not found; install: {install}")


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write a generated project for a test to compile and run."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def check_tree(files: Mapping[str, bytes], name: str, project: Path = PROJECT, update: bool = False) -> str:
    """What to tell where ``files`` is not the generated project in tests/trees/NAME; it is in build/trees/NAME then.

    ``update`` makes it the one that is kept.
    """
    here, there = f"tests/trees/{name}", f"build/trees/{name}"
    if update:
        shutil.rmtree(project / here, ignore_errors=True)
        write_files(project / here, kept_files(files))
    shutil.rmtree(project / there, ignore_errors=True)
    told = compare_tree(files, project / here, here, there)
    if told:
        write_files(project / there, files)
    return told


@pytest.fixture
def assert_tree(request: pytest.FixtureRequest) -> Callable[[str, Mapping[str, bytes]], None]:
    """Compare a whole generated project with the one kept under tests/trees/NAME.

    Of files that are no text, and of long arrays in a text, the sha256 is kept. A missing file, an extra file and a
    different one all fail.
    """

    def compare(name: str, files: Mapping[str, bytes]) -> None:
        told = check_tree(files, name, update=request.config.getoption("--update-trees"))
        if told:
            pytest.fail(told, pytrace=False)

    return compare
