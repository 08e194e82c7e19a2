"""`packager verify` on what a stranger hands over: clear errors, in bounded time and memory."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from packager import replay
from packager.errors import ConfigError
from packager.replay import verify
from packager.targets.c_array import model_source, read_c_array
from tests.bounds import within
from tests.conftest import needs_micro, write_files
from tests.example_models import sine
from tests.targets.micro.projects import project_files

pytestmark = [pytest.mark.slow, needs_micro]


@pytest.fixture(scope="module")
def files(examples: Path) -> dict[str, bytes]:
    return project_files(sine(examples))


@pytest.fixture
def core(files: dict[str, bytes], tmp_path: Path) -> Path:
    """The folder of the sources of a project that passes."""
    return write_files(tmp_path, files) / "sine"


def edit(path: Path, pattern: str, text: str) -> None:
    changed, count = re.subn(pattern, text, path.read_text(), count=1)
    assert count == 1
    path.write_text(changed)


def enlarge(path: Path) -> None:
    """A terabyte, of which nothing takes room on the disk."""
    with path.open("ab") as file:
        file.truncate(1 << 40)


# --- numbers and repeats ----------------------------------------

DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("name", "pattern", "text", "what"),
    [
        ("sine.h", r"kArenaBytes = \d+", f"kArenaBytes = {DIGITS}", "holds no kArenaBytes"),
        ("golden_data.h", r"kToleranceCounts = \d+", f"kToleranceCounts = {DIGITS}", "holds no kToleranceCounts"),
        ("golden_data.h", r"(?=constexpr)", "// kToleranceAbsolute = 1e1e1f;\n", "holds no kToleranceAbsolute"),
        ("golden_data.cpp", r"kCase1Input", f"kCase{DIGITS}Input", "case random_1 does not fit the model"),
        ("golden_data.cpp", r"kCase1Input", "kCase7Input", "holds no golden cases"),
        ("golden_data.cpp", r"(?<=\] = \{\n    )", f"{DIGITS}, ", "case random_0 does not fit the model"),
        ("golden_data.cpp", r"(?<=\] = \{\n    )", "1, ", "case random_0 does not fit the model"),
        ("golden_data.cpp", r"(?<=\] = \{\n    )-?\d+", "128", "a broken array in case 0"),
        ("golden_data.cpp", r"(?<=\] = \{\n    )-?\d+", "NAN", "a broken array in case 0"),
        ("golden_data.cpp", r"const int8_t", "const float", "case random_0 does not fit the model"),
        ("golden_data.cpp", r"const int8_t", "const wchar_t", "case random_0 does not fit the model"),
        ("golden_data.cpp", r"(?s)\};.*", "", "a broken array in case 0"),
    ],
)
def test_numbers_and_arrays_that_no_project_has(core: Path, name: str, pattern: str, text: str, what: str) -> None:
    edit(core / name, pattern, text)
    with within(1), pytest.raises(ConfigError, match=re.escape(what)) as caught:
        verify(core)
    assert caught.value.where == str(core / name)
    assert "Make the project again" in str(caught.value.fix)


def test_a_size_that_lies_is_a_problem_of_the_array(core: Path) -> None:
    edit(core / "model_data.cpp", r"_model_size = \d+", f"_model_size = {DIGITS}")
    assert any("states another size" in problem for problem in verify(core).problems)


@pytest.mark.parametrize(
    "line",
    [
        "const int8_t kCase0x[k] = {\n",
        "const int8_t kCase" + "1" * 200_000 + "\n",
        "const " + "a" * 200_000 + "\n",
        "const int8_t kCase0x[" + "k" * 200_000 + "\n",
        '        "' + "a" * 200_000 + "\n",
    ],
)
def test_repeats_that_would_be_tried_one_split_after_another(core: Path, line: str) -> None:
    golden = core / "golden_data.cpp"
    golden.write_text(line * (4_000_000 // len(line)) + golden.read_text().replace("};", ""))
    with within(1), pytest.raises(ConfigError):
        verify(core)


@pytest.mark.parametrize("start", ["[] = {", "[]", "[] = ", "[] = {0x", "x"])
@pytest.mark.parametrize("filler", [" ", "0", "x", ",", "[]", "[] = {", "0x00, ", "{", "\0"])
def test_arrays_without_an_end(start: str, filler: str) -> None:
    with within(1):
        assert read_c_array((start + filler * (8_000_000 // len(filler))).encode()) is None


# --- sizes ----------------------------------------


@pytest.mark.parametrize("name", ["model_data.cpp", "golden_data.cpp", "model_data.h", "golden_data.h"])
def test_a_file_larger_than_any_of_ours_is_not_read(core: Path, name: str) -> None:
    enlarge(core / name)
    with within(1), pytest.raises(ConfigError, match=r"has 1,099,511,627,776 bytes, more than this tool writes"):
        verify(core)


@pytest.mark.parametrize("make", [enlarge, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_header_of_somebody_else_does_not_matter(core: Path, make: Callable[[Path], None]) -> None:
    make(core / "another.h")
    with within(1):
        assert verify(core).passed


@pytest.mark.parametrize("make", [enlarge, os.mkfifo])
def test_a_model_of_another_size_beside_it_is_not_read(core: Path, make: Callable[[Path], None]) -> None:
    make(core / "model.tflite")
    with within(1):
        (problem,) = verify(core).problems
    assert problem.startswith("model.tflite")


@pytest.mark.parametrize("name", ["model_data.cpp", "golden_data.cpp", "model_data.h", "golden_data.h"])
def test_what_is_no_file_is_not_waited_for(core: Path, name: str) -> None:
    (core / name).unlink()
    os.mkfifo(core / name)
    with within(1), pytest.raises(ConfigError, match="it is a named pipe, not a file"):
        verify(core)


def test_items_are_counted_before_they_are_kept(core: Path) -> None:
    golden = core / "golden_data.cpp"
    golden.write_text(golden.read_text().replace("] = {\n", "] = {\n" + "1," * 10_000_000, 1))
    size = golden.stat().st_size
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError, match="does not fit"):
            verify(core)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * size
    finally:
        tracemalloc.stop()


def test_the_memory_for_an_array_is_that_of_its_text_and_of_its_bytes() -> None:
    data = bytes(range(256)) * 32_768
    text = model_source("m", data)
    tracemalloc.start()
    try:
        assert read_c_array(text) == data
        # The bytes, as they grow and as they are given away, and pieces of the text.
        assert tracemalloc.get_traced_memory()[1] < 2.5 * len(data)
    finally:
        tracemalloc.stop()


# --- where the project is ----------------------------------------


def test_links_in_a_circle_are_not_followed(core: Path) -> None:
    folder = core.parent
    (folder / "round").symlink_to(folder)
    (core / "up").symlink_to("..")
    with within(1):
        assert verify(folder).folder == folder
    (core / "model_data.cpp").unlink()
    with within(1), pytest.raises(ConfigError, match="holds no microcontroller project of this tool"):
        verify(folder)


def test_the_highest_project_is_taken(core: Path, files: dict[str, bytes]) -> None:
    deeper = write_files(core.parent / "build" / "copy", files)
    assert replay._find_core(core.parent) == core
    assert replay._find_core(deeper) == deeper / "sine"


def test_a_huge_folder_is_not_searched_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_MOST_ENTRIES", 100)
    for number in range(60):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "file").touch()
    with pytest.raises(ConfigError, match="in its first 100 files") as caught:
        verify(tmp_path)
    assert caught.value.fix == "Give the folder of the project itself."


def test_a_deep_folder_is_not_searched_to_its_end(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["f"] * 60)
    deep.mkdir(parents=True)
    (deep / "model_data.cpp").touch()
    (deep / "golden_data.cpp").touch()
    with pytest.raises(ConfigError, match="holds no microcontroller project"):
        verify(tmp_path)
