"""What all tests share: the folder of real models, toolchains that may be absent, golden trees."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from jsonschema import Draft4Validator

from packager.config import Config, _Reader
from packager.errors import ConfigError
from packager.metadata.writers import TfliteSupportWriter
from packager.runtimes import Runtime, is_installed
from packager.schema import config_schema
from tests.tree_comparison import compare_tree, kept_files

SCHEMA = Draft4Validator(config_schema())

PROJECT = Path(__file__).parent.parent
TREES = Path(__file__).parent / "trees"
ABSENT = Path(__file__).parent / "absent"
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
# What stands for them in a parametrization where there is none: its tests ask for the fixture, and do not vanish.
NO_MODELS = "no-models"
# The names of the real models, for tests that take each.
REAL_MODELS = sorted(path.stem for path in MODELS.glob("*.tflite")) or [NO_MODELS]

# The marks of tests that need a toolchain (pyproject.toml says what each is), and the programs that stand for one.
TOOLCHAINS = {
    "arduino": "arduino-builder",
    "arm": "arm-none-eabi-g++ qemu-system-arm",
    "atheris": "",
    "chromium": "chromium",
    "cpp": "cmake g++ nm xxd",
    "kotlin": "java mvn",
    "mediapipe": "",
    "pi_root": "",
    "portaudio": "",
    "shells": "bash curl dash fish zsh",
    "swift": "",
    "tensorflow": "",
    "uv": "uv",
    "vela": "",
}
# Where pyproject.toml has tflite-support; PACKAGER_WITHOUT=tflite-support tells that it was left out on purpose.
PROMISES_TFLITE_SUPPORT = (
    sys.version_info < (3, 12) and platform.machine() == "x86_64" and sys.platform in ("linux", "darwin")
)
_MARK_OF = {program: mark for mark, programs in TOOLCHAINS.items() for program in programs.split()}
_running: list[pytest.Item] = []
# Of tests that need TensorFlow Lite Micro's package itself, and not what stands in for it.
needs_micro = pytest.mark.tflite_micro

# What Hypothesis keeps of failures. Its own choice, beside this folder, is one that pytest would look for tests in.
set_hypothesis_home_dir(PROJECT / "build" / "hypothesis")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-trees", action="store_true", help="rewrite tests/trees from what is generated")
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A fixture that is called as a toolchain marks the tests that use it; what needs one is slow."""
    for name in TOOLCHAINS.keys() & set(getattr(item, "fixturenames", ())):
        item.add_marker(name)
    if any(item.get_closest_marker(name) for name in (*TOOLCHAINS, "long")):
        item.add_marker("slow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        chosen = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = chosen


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _running[:] = [item]
    if item.get_closest_marker("tflite_micro"):
        require_tflite_micro()


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of real models that others made; without it, see missing_toolchain."""
    if REAL_MODELS == [NO_MODELS]:
        missing_toolchain(f"no models in {MODELS}: set PACKAGER_MODELS to a folder that holds them")
    return MODELS


@pytest.fixture(scope="session")
def examples() -> Path:
    return PROJECT / "examples"


def tflite_support() -> TfliteSupportWriter:
    """The writer that uses tflite-support; skips where there are no wheels of it."""
    try:
        return TfliteSupportWriter()
    except ImportError as error:
        if "tflite-support" in os.environ.get("PACKAGER_WITHOUT", "") or not PROMISES_TFLITE_SUPPORT:
            pytest.skip(f"tflite-support is not installed ({error})")
        raise


def needs_toolchain(mark: str) -> None:
    """Fail a test that comes to ask for a toolchain without its mark: `-m "not swift"` leaves out all of Swift's."""
    for item in _running:
        assert item.get_closest_marker(mark), f"{item.nodeid} needs the toolchain {mark!r}: mark it so"


def missing_toolchain(reason: str) -> NoReturn:
    """Skip, saying what to install; fail where the environment promises every toolchain, and the models."""
    if os.environ.get("PACKAGER_REQUIRE_TOOLCHAINS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def require_tflite_micro() -> None:
    """Skip unless TensorFlow Lite Micro's package is installed; fail where the lock promises it."""
    if is_installed(Runtime.TFLITE_MICRO):
        return
    reason = "tflite-micro is not installed: it has wheels for Linux on x86-64 only"
    if sys.platform == "linux" and platform.machine() == "x86_64":
        missing_toolchain(reason)
    pytest.skip(reason)


def hide(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make ``modules`` impossible to import, here and in child processes, as where there are no wheels of them."""
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("PACKAGER_TEST_ABSENT", " ".join(modules))
    monkeypatch.setenv("PYTHONPATH", str(ABSENT), prepend=os.pathsep)


@pytest.fixture
def no_tflite_micro(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine for which tflite-micro has no wheels."""
    hide(monkeypatch, "tflite_micro")


def require_tools(*names: str, install: str) -> None:
    """Skip (see missing_toolchain) unless all of ``names`` are on the PATH; the first tells which toolchain it is."""
    needs_toolchain(_MARK_OF[names[0]])
    absent = [name for name in names if shutil.which(name) is None]
    if absent:
        missing_toolchain(f"{', '.join(absent)} not found; install: {install}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Debian's Chromium, headless."""
    require_tools("chromium", install="chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        yield browser
        browser.close()


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


@pytest.fixture(autouse=True, scope="session")
def schema_agrees_with_reader() -> Iterator[None]:
    """Whatever packager.toml a test reads, well or not: the schema for editors takes it if its reader does.

    What is no TOML, is too much of it, or is not there at all is refused before there is a document to compare.
    """
    with pytest.MonkeyPatch.context() as patch:
        read = _Reader.config

        def read_both(reader: _Reader, document: dict[str, Any]) -> Config:
            try:
                config = read(reader, document)
            except ConfigError as error:
                if SCHEMA.is_valid(document):
                    pytest.fail(f"the schema takes what its reader refuses ({error.what}): {document}")
                raise
            for wrong in SCHEMA.iter_errors(document):
                pytest.fail(f"the schema refuses what its reader takes: {wrong.message}")
            return config

        patch.setattr(_Reader, "config", read_both)
        yield


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
