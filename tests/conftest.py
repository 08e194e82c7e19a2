"""What all tests share: the folder of real models, toolchains that may be absent, golden trees."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

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

UPDATE = "uv run pytest --update-trees"


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


@pytest.fixture
def assert_tree(request: pytest.FixtureRequest) -> Callable[[str, Mapping[str, bytes]], None]:
    """Compare a whole generated project with the one kept under tests/trees/NAME.

    Text is kept as it is; of other files the sha256, in ``binary.sha256``. A missing file, an extra file and a
    different one all fail.
    """

    def compare(name: str, files: Mapping[str, bytes]) -> None:
        kept: dict[str, bytes] = {}
        hashes = []
        for path, content in sorted(files.items()):
            if _is_text(content):
                kept[path] = content
            else:
                hashes.append(f"{hashlib.sha256(content).hexdigest()}  {path}\n")
        kept["binary.sha256"] = "".join(hashes).encode()
        folder = TREES / name
        if request.config.getoption("--update-trees"):
            shutil.rmtree(folder, ignore_errors=True)
            write_files(folder, kept)
        on_disk = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        hint = f"If the change is meant, run: {UPDATE} and read the diff."
        assert sorted(on_disk) == sorted(kept), hint
        for path in sorted(kept):
            assert on_disk[path].decode() == kept[path].decode(), f"{path}: {hint}"

    return compare


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
