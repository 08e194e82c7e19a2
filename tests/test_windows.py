"""What is other on Windows, and on disks that do not tell names by case: see ``other_systems`` for how it is here."""

from __future__ import annotations

import ntpath
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from packager import config, finding, initial, writing
from packager.annotated import annotated_model
from packager.config import read_config
from packager.errors import WriteError
from packager.finding import find_files
from packager.golden.samples import read_samples
from packager.metadata.annotation import Annotation
from packager.metadata.attach import annotate
from packager.metadata.labels import LabelFile
from packager.model import parse_model
from packager.pipeline import build
from packager.tasks import Task
from packager.toml_lines import NO_LINES
from packager.writing import Change, State, write_file, write_files, write_tree
from tests.conftest import PROJECT
from tests.hand_made import COLORS, WORDS, classifier, text_classifier
from tests.other_systems import CHILD, IN_USE, refusal, windows, without_case
from tests.processes import alive
from tests.test_isolation import endless
from tests.test_writing import build_file_tree, inodes, plan, project, read_file_tree, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="makes of Linux what others are")

SEE = "Close what has it"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "work" / "out"


@pytest.fixture(autouse=True)
def _leaves_nothing_beside(tmp_path: Path) -> Iterator[None]:
    yield
    assert not [str(path) for path in tmp_path.rglob(".*packager-*")]


def spelled(root: Path) -> list[str]:
    """Files and empty folders as the disk spells them."""
    found = []
    for folder, folders, files in os.walk(root):
        found += [Path(folder, name).relative_to(root).as_posix() for name in files]
        found += [] if folders or files else [Path(folder).relative_to(root).as_posix() + "/"]
    return sorted(name for name in found if Path(name).name not in (writing.LOCK, writing.MANIFEST))


# --- Names that differ in case -----------------------------------------------------------------------------

# (first run, what a person then does, second run) → (states, files as they are spelled then)
CASES: dict[str, Any] = {
    "a file": ({"A.kt": "1"}, {}, {"a.kt": "2"}, {"a.kt": "replaced"}, {"a.kt": "2"}),
    "the same text": ({"A.kt": "1"}, {}, {"a.kt": "1"}, {"a.kt": "replaced"}, {"a.kt": "1"}),
    "composed": ({"e\u0301.kt": "1"}, {}, {"é.kt": "2"}, {"é.kt": "replaced"}, {"é.kt": "2"}),
    "edited": ({"A.kt": "1"}, {"A.kt": "me"}, {"a.kt": "1"}, {"a.kt": "kept"}, {"A.kt": "me"}),
    "edited, new text": (
        {"A.kt": "1"},
        {"A.kt": "me"},
        {"a.kt": "2"},
        {"a.kt": "kept_new"},
        {"A.kt": "me", "a.kt.new": "2"},
    ),
    "a folder": (
        {"Src/D/A": "1", "Src/B": "1"},
        {"Src/D/mine": "me"},
        {"src/d/A": "1", "src/C": "1"},
        {"src/d/A": "replaced", "Src/B": "removed", "src/C": "created"},
        {"src/d/A": "1", "src/C": "1", "src/d/mine": "me"},
    ),
    "a file becomes a folder": ({"A": "1"}, {}, {"a/b": "1"}, {"A": "removed", "a/b": "created"}, {"a/b": "1"}),
    "a folder becomes a file": ({"A/b": "1"}, {}, {"a": "1"}, {"A/b": "removed", "a": "created"}, {"a": "1"}),
    "deleted by a person": ({"A": "1"}, {"A": None}, {"a": "1"}, {"a": "created"}, {"a": "1"}),
    "a person's own file": ({}, {"A": "me"}, {"a": "1"}, {"a": "kept_new"}, {"A": "me", "a.new": "1"}),
}


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_names_in_another_case(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Any, exchange: bool
) -> None:
    without_case(monkeypatch, tmp_path)
    if not exchange:
        monkeypatch.setattr(writing, "_exchange", lambda _one, _other: False)
    first, edits, second, states, files = case
    write(out, first)
    for path, text in edits.items():
        (out / path).unlink() if text is None else build_file_tree(out, {path: text})
    assert write(out, second) == states
    assert read_file_tree(out) == files
    assert spelled(out) == sorted(files)
    before = inodes(out)
    write(out, second)
    assert inodes(out) == before, "and once more there is nothing to do"


def test_a_file_that_a_person_spelled_otherwise_is_found(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_case(monkeypatch, tmp_path)
    write_tree(out, [project({"README.md": "1", "b": "1"}, "android")], version="1", manifest=True)
    (out / "android/README.md").rename(out / "android/Readme.md")
    (out / "android").rename(out / "Android")
    changes = write_tree(out, [project({"README.md": "2", "b": "1"}, "android")], version="1", manifest=True)
    assert Change("android/README.md", State.REPLACED) in changes
    assert spelled(out) == ["android/README.md", "android/b"]
    assert read_file_tree(out) == {"android/README.md": "2", "android/b": "1"}


@pytest.mark.parametrize("exchange", [True, False])
def test_an_output_folder_in_another_case(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    without_case(monkeypatch, tmp_path)
    if not exchange:
        monkeypatch.setattr(writing, "_exchange", lambda _one, _other: False)
    write(out, {"a": "1"})
    build_file_tree(out, {"mine": "me"})
    other = tmp_path / "Work" / "OUT"
    assert write(other, {"a": "2"}) == {"a": "replaced"}
    assert write(other, {"a": "2"}) == {"a": "unchanged"}
    assert read_file_tree(out) == {"a": "2", "mine": "me"}
    assert len(list(out.parent.iterdir())) == 1
    write_files(other, {"A": b"3", "b": b"1"}, force=True)
    assert read_file_tree(out) == {"A": "3", "b": "1", "mine": "me"}


@pytest.mark.parametrize("force", [False, True])
def test_a_persons_file_in_another_case_is_in_the_way(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    without_case(monkeypatch, tmp_path)
    write(out, {"x": "1", "Ab": "1"})
    (out / "Ab").rename(out / "AB")
    build_file_tree(out, {"D": "me"})
    with pytest.raises(WriteError, match="in the way"):
        write(out, {"x": "1", "d/e": "1"}, force=force)
    assert read_file_tree(out) == {"x": "1", "AB": "1", "D": "me"}
    assert write(out, {"x": "1", "ab/c": "1"}) == {"x": "unchanged", "Ab": "removed", "ab/c": "created"}
    assert read_file_tree(out) == {"x": "1", "ab/c": "1", "D": "me"}


def test_case_tells_names_where_the_disk_says_so(out: Path) -> None:
    write(out, {"Src/A.kt": "1"})
    build_file_tree(out, {"src/mine": "me", "Src/a.kt": "me", "src/readme": "me"})
    assert write(out, {"src/a.kt": "1", "src/README": "1"}) == {
        "Src/A.kt": "removed",
        "src/a.kt": "created",
        "src/README": "created",
    }
    mine = {"Src/a.kt": "me", "src/mine": "me", "src/readme": "me"}
    assert read_file_tree(out) == {"src/README": "1", "src/a.kt": "1", **mine}


# --- Line ends ---------------------------------------------------------------------------------------------


def crlf(root: Path) -> None:
    """What git for Windows makes of the texts in ``root`` where it takes them out of a repository."""
    for path in root.rglob("*"):
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            path.write_bytes(data.replace(b"\n", b"\r\n"))


# (first run, what a person then does to the files with CRLF, second run) → (states, files)
LINES: dict[str, Any] = {
    "unchanged": ("1\n2\n", None, "1\n2\n", {"a": "unchanged"}, {"a": "1\r\n2\r\n"}),
    "replaced": ("1\n2\n", None, "3\n", {"a": "replaced"}, {"a": "3\n"}),
    "only some lines": ("1\n2\n", {"a": "1\r\n2\n"}, "1\n2\n", {"a": "unchanged"}, {"a": "1\r\n2\n"}),
    "removed": ("1\n", None, None, {"a": "removed"}, {}),
    "edited": ("1\n2\n", {"a": "1\r\nme\r\n"}, "1\n2\n", {"a": "kept"}, {"a": "1\r\nme\r\n"}),
    "edited, new text": ("1\n", {"a": "me\r\n"}, "2\n", {"a": "kept_new"}, {"a": "me\r\n", "a.new": "2\n"}),
    "no line end at the end": ("1\n", {"a": "1"}, "1\n", {"a": "kept"}, {"a": "1"}),
    "a person's same file": (None, {"a": "1\r\n"}, "1\n", {"a": "unchanged"}, {"a": "1\r\n"}),
}


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_other_line_ends_are_no_edit(out: Path, case: Any) -> None:
    first, edits, second, states, files = case
    write(out, {} if first is None else {"a": first})
    crlf(out)
    build_file_tree(out, edits or {})
    before = inodes(out)
    assert write(out, {} if second is None else {"a": second}) == states
    assert read_file_tree(out) == files
    if set(states.values()) <= {"unchanged", "kept"} and first == second:
        assert inodes(out) == before, "the lock file has other line ends too, and stays"


def test_the_new_text_beside_an_edited_file_may_get_other_line_ends(out: Path) -> None:
    write(out, {"a": "1\n"})
    build_file_tree(out, {"a": "me\n"})
    write(out, {"a": "2\n"})
    crlf(out)
    before = inodes(out)
    assert write(out, {"a": "2\n"}) == {"a": "kept"}
    assert inodes(out) == before
    assert write(out, {"a": "3\n"}) == {"a": "kept_new"}
    assert read_file_tree(out) == {"a": "me\r\n", "a.new": "3\n"}
    crlf(out)
    build_file_tree(out, {"a": "3\r\n"})
    assert write(out, {"a": "3\n"}) == {"a": "unchanged", "a.new": "removed"}


@pytest.mark.parametrize("name", ["golden/a.bin", "picture.png"])
def test_no_text_is_made_whole_again(out: Path, name: str) -> None:
    """Git takes some binary files for texts, and what it makes of them is another file."""
    data = b"A\n" if name.endswith(".bin") else b"\x89\n"
    tree = [writing.Project("", {name: data}, "a" * 64)]
    write_tree(out, tree, version="1")
    crlf(out)
    assert Change(name, State.REPLACED) in write_tree(out, tree, version="1")
    assert (out / name).read_bytes() == data


def test_the_manifest_is_the_same_with_other_line_ends(out: Path) -> None:
    tree = [project({"a": "1\n"}, "pi")]
    write_tree(out, tree, version="1", manifest=True)
    crlf(out)
    before = inodes(out)
    write_tree(out, tree, version="1", manifest=True)
    assert inodes(out) == before


def test_a_diff_shows_what_was_edited_and_no_line_ends(out: Path) -> None:
    write(out, {"a": "1\n2\n", "b": "1\n"})
    crlf(out)
    build_file_tree(out, {"a": "1\r\nme\r\n"})
    assert plan(out, {"a": "1\n2\n", "b": "1\n"}).diff() == (
        "--- a\ton disk\n+++ a\tgenerated\n@@ -1,2 +1,2 @@\n 1\r\n-me\r\n+2\r\n"
    )


# --- Files and folders that are in use ---------------------------------------------------------------------


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    return windows(monkeypatch)


def test_trees_and_files_are_written(out: Path, disk: SimpleNamespace) -> None:
    write(out, {"run.py": "#!x\n", "d/a": "1"})
    build_file_tree(out, {"d/mine": "me"})
    assert write(out, {"run.py": "#!x\n", "d/a": "2"}) == {"run.py": "unchanged", "d/a": "replaced"}
    write_file(out.parent / "m.tflite", b"1")
    write_file(out.parent / "m.tflite", b"2")
    write_files(out.parent / "labels", {"a/b": b"1"})
    write_files(out.parent / "labels", {"a/b": b"2"}, force=True)
    expected = {"out/run.py": "#!x\n", "out/d/a": "2", "out/d/mine": "me", "m.tflite": "2", "labels/a/b": "2"}
    assert read_file_tree(out.parent) == expected


def test_without_hard_links_files_are_copied(out: Path, disk: SimpleNamespace) -> None:
    disk.links = False
    write(out, {"a": "1"})
    build_file_tree(out, {"mine": "me"})
    write(out, {"a": "2"})
    assert read_file_tree(out) == {"a": "2", "mine": "me"}


@pytest.mark.parametrize("held", ["a", "mine", "d"])
def test_a_tree_that_is_in_use_stays(
    out: Path, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setattr(writing, "_PATIENCE", 0.1)
    write(out, {"a": "1"})
    build_file_tree(out, {"mine": "me", "d/x": "me"})
    before = inodes(out)
    place = out / "d/x" if held == "d" else out / held
    with place.open("rb"), pytest.raises(WriteError, match=SEE) as caught:
        write(out, {"a": "2"})
    assert caught.value.where == str(out)
    assert inodes(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert write(out, {"a": "2"}) == {"a": "replaced"}


def test_a_file_that_is_in_use_stays(tmp_path: Path, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PATIENCE", 0.1)
    build_file_tree(tmp_path, {"m.tflite": "1", "d/b": "1"})
    with (tmp_path / "m.tflite").open("rb"), pytest.raises(WriteError, match=SEE) as caught:
        write_file(tmp_path / "m.tflite", b"2")
    assert caught.value.where == str(tmp_path / "m.tflite")
    with (tmp_path / "d/b").open("rb"), pytest.raises(WriteError, match=SEE) as caught:
        write_files(tmp_path / "d", {"b": b"2"}, force=True)
    assert caught.value.where == str(tmp_path / "d/b")
    assert read_file_tree(tmp_path) == {"m.tflite": "1", "d/b": "1"}


def test_a_virus_scanner_is_waited_for(out: Path, disk: SimpleNamespace) -> None:
    """It has what is new open for a moment."""
    write(out, {"a": "1"})
    scanned = (out / "a").open("rb")
    tries: list[float] = []

    def scan() -> None:
        tries.append(time.monotonic())
        if len(tries) == 3:
            scanned.close()

    disk.scan = scan
    assert write(out, {"a": "2"}) == {"a": "replaced"}
    assert len(tries) == 3


def test_a_virus_scanner_leaves_nothing_of_an_old_tree(out: Path, disk: SimpleNamespace) -> None:
    build_file_tree(out, {"d/a": "1", "b": "1"})
    scanned = (out / "d/a").open("rb")
    tries: list[float] = []

    def scan() -> None:
        tries.append(time.monotonic())
        if len(tries) == 3:
            scanned.close()

    disk.scan = scan
    writing._remove(out)
    assert not out.exists()
    assert len(tries) == 3


def test_the_old_tree_comes_back_where_the_new_one_cannot_take_its_place(
    out: Path, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_PATIENCE", 0.1)
    write(out, {"a": "1"})
    rename = os.rename

    def rename_but_not_the_new(source: Any, target: Any) -> None:
        if os.fspath(source).endswith("-new"):
            raise refusal(IN_USE, source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", rename_but_not_the_new)
    with pytest.raises(WriteError, match=SEE) as caught:
        write(out, {"a": "2"})
    assert caught.value.where == str(out)
    assert read_file_tree(out) == {"a": "1"}


def test_what_an_earlier_run_could_not_delete_is_named(
    out: Path, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_PATIENCE", 0.1)
    write(out, {"a": "1"})
    build_file_tree(out.parent, {".out.packager-old/a": "0"})
    aside = out.with_name(".out.packager-old")
    with (aside / "a").open("rb"), pytest.raises(WriteError, match="cannot be deleted") as caught:
        write(out, {"a": "2"})
    assert caught.value.where == str(aside)
    assert write(out, {"a": "2"}) == {"a": "replaced"}


def test_read_only_files_stay_read_only_and_nothing_stays_behind(
    out: Path, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_PATIENCE", 0.1)
    write(out, {"a": "1", "b": "1"})
    build_file_tree(out, {".git/objects/x": "me", "mine": "me"})
    for path in ("a", ".git/objects/x"):
        os.chmod(out / path, 0o400)  # noqa: PTH101 (what stands for Windows)
    write(out, {"a": "2", "b": "1"})
    assert read_file_tree(out) == {"a": "2", "b": "1", ".git/objects/x": "me", "mine": "me"}
    assert [path for path in read_file_tree(out) if not (out / path).stat().st_mode & 0o200] == [
        ".git/objects/x",
        "a",
    ]
    with pytest.raises(WriteError, match="read-only"):
        write_file(out / "a", b"3")
    assert (out / "a").read_bytes() == b"2"


def test_a_junction_is_not_followed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(out, {"a": "1"})
    build_file_tree(out, {"junction/x": "me"})
    lstat = Path.lstat

    def with_tag(self: Path) -> Any:
        tag = writing._JUNCTION if self.name == "junction" else 0
        status = lstat(self)
        return SimpleNamespace(
            st_reparse_tag=tag,
            **{name: getattr(status, name) for name in dir(status) if name.startswith("st_")},
        )

    monkeypatch.setattr(Path, "lstat", with_tag)
    with pytest.raises(WriteError, match="mounted here") as caught:
        write(out, {"a": "2"})
    assert caught.value.where == str(out / "junction")
    assert read_file_tree(out) == {"a": "1", "junction/x": "me"}


@pytest.mark.parametrize(("code", "length", "fix"), [(3, 250, "LongPaths"), (206, 90, "LongPaths"), (3, 90, None)])
def test_long_paths_are_told(
    out: Path, monkeypatch: pytest.MonkeyPatch, code: int, length: int, fix: str | None
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        error = FileNotFoundError(2, "The system cannot find the path specified", "x" * length)
        error.winerror = code  # type: ignore[attr-defined, unused-ignore]
        raise error

    monkeypatch.setattr(writing, "_create", refuse)
    with pytest.raises(WriteError) as caught:
        write(out, {"a": "1"})
    assert (fix in (caught.value.fix or "")) if fix else caught.value.fix is None


# --- One writer at a time ----------------------------------------------------------------------------------

WRITER = """
import os, sys, time
from pathlib import Path
import filelock
from packager import writing
from tests.other_systems import WindowsLock

sys.platform, filelock.FileLock = "win32", WindowsLock
folder, mark = Path(sys.argv[1]), Path(sys.argv[1], "mark")
print("ready", flush=True)
input()
for _ in range(int(sys.argv[2])):
    with writing._only_writer(folder):
        mark.touch(exist_ok=False)
        print("in", flush=True)
        time.sleep(float(sys.argv[3]))
        mark.unlink()
    time.sleep(0.01)
"""


def writer(folder: Path, times: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(times), str(seconds)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.slow
def test_writers_of_two_processes_take_turns(tmp_path: Path) -> None:
    children = [writer(tmp_path, 4, 0.03) for _ in range(2)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    assert [child.communicate()[0] for child in children] == ["in\n" * 4] * 2
    assert [child.returncode for child in children] == [0, 0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_a_killed_writer_left_blocks_nobody(tmp_path: Path, disk: SimpleNamespace) -> None:
    child = writer(tmp_path, 1, 60)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    assert child.stdout.readline() == "in\n"
    thread = threading.Thread(target=write_file, args=(tmp_path / "m", b"1"), daemon=True)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive(), "the lock is held"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    thread.join(5)
    assert not thread.is_alive()
    (tmp_path / "mark").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


# --- What people write -------------------------------------------------------------------------------------


def windows_marks(path: Path, text: str) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + text.encode().replace(b"\n", b"\r\n"))
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.txt", "a b\nc\nd,\n"),
        ("labels.csv", '"a\nb"\nc\n"d,"\n'),
        ("labels.json", '["a",\n "b",\n "c"]\n'),
    ],
)
def test_labels_with_windows_line_ends_give_the_same_model(tmp_path: Path, name: str, text: str) -> None:
    labels = LabelFile(tmp_path / name)
    annotation = Annotation(Task.IMAGE_CLASSIFICATION, (labels,), mean=(0.0,), std=(1.0,))
    labels.path.write_text(text, "utf-8")
    made = annotate(classifier(), annotation)
    windows_marks(labels.path, text)
    assert annotate(classifier(), annotation) == made


def test_a_vocabulary_with_windows_line_ends_gives_the_same_model(tmp_path: Path) -> None:
    other = windows_marks(tmp_path / "words.txt", WORDS.read_text("utf-8"))
    model = parse_model(text_classifier(), "m.tflite")
    made = [
        annotate(model, Annotation(Task.TEXT_CLASSIFICATION, (LabelFile(COLORS),), vocabulary=path))
        for path in (WORDS, other)
    ]
    assert made[0] == made[1]


def test_golden_texts_with_windows_line_ends_are_the_same(tmp_path: Path) -> None:
    annotation = Annotation(Task.TEXT_CLASSIFICATION, (LabelFile(COLORS),), vocabulary=WORDS)
    annotated = annotated_model(parse_model(annotate(parse_model(text_classifier(), "m"), annotation), "m.tflite"))
    text = "a good film\n\nno line end here"
    (tmp_path / "texts.txt").write_text(text, "utf-8")
    samples = [read_samples(annotated, [tmp_path / "texts.txt"])]
    samples += [read_samples(annotated, [windows_marks(tmp_path / "texts.txt", text)])]
    assert [(sample.name, sample.given) for sample in samples[0]] == [
        (sample.name, sample.given) for sample in samples[1]
    ]
    assert len(samples[0]) == 2


def test_a_configuration_with_windows_line_ends_is_the_same(tmp_path: Path) -> None:
    text = 'model = "m"\n[metadata]\ndescription = """two\nlines"""\nlabels = [\n  "a",\n]\n'
    (tmp_path / "packager.toml").write_text(text, "utf-8")
    plain = read_config(tmp_path)
    windows_marks(tmp_path / "packager.toml", text)
    assert read_config(tmp_path) == plain


# --- Paths -------------------------------------------------------------------------------------------------


class BackslashPath(type(Path())):  # type: ignore[misc]
    """A path that takes what is joined to it as Windows does."""

    def __truediv__(self, key: Any) -> Any:
        return super().__truediv__(PureWindowsPath(key).as_posix())


def test_backslashes_name_files_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {"golden/B.PNG": "", "golden/a.png": "", "golden/c.txt": "", "models/m.tflite": ""})
    monkeypatch.setattr(finding, "PurePath", PureWindowsPath)
    monkeypatch.setattr(os.path, "normcase", ntpath.normcase)
    document = tomllib.loads(
        "model = 'models\\m.tflite'\ngolden = ['golden\\*.png', 'golden\\..\\golden\\c.txt']\n"
        "[metadata]\nlabels = { path = 'texts\\l.txt', locale = 'de' }\n"
    )
    found = config._Reader(BackslashPath(tmp_path / "packager.toml"), NO_LINES).config(document)
    assert [path.name for path in found.golden_samples()] == ["B.PNG", "a.png", "c.txt"]
    assert found.model.is_file()
    assert found.metadata is not None
    assert found.metadata.labels[0].path == tmp_path / "texts/l.txt"
    assert find_files(tmp_path, "golden\\*.png") == (tmp_path / "golden/B.PNG", tmp_path / "golden/a.png")
    assert find_files(tmp_path, "**\\*.tflite") == (tmp_path / "models/m.tflite",)


def test_golden_files_have_one_order_on_every_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unordered(type(Path())):  # type: ignore[misc]
        """As Windows: a path that compares without its case."""

        def __lt__(self, other: Any) -> bool:
            return str(self).lower() < str(other).lower()

    build_file_tree(tmp_path, {"a.png": "", "B.png": "", "c.png": ""})
    assert [path.name for path in find_files(Unordered(tmp_path), "*.png")] == ["B.png", "a.png", "c.png"]


def test_a_model_on_another_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert initial._relative(tmp_path / "m.tflite", tmp_path / "a") == "../m.tflite"
    relpath = ntpath.relpath
    monkeypatch.setattr(os.path, "relpath", lambda path, start: relpath(f"D:{path}", f"C:{start}"))
    assert initial._relative(tmp_path / "m.tflite", tmp_path / "a") == (tmp_path / "m.tflite").as_posix()


@pytest.mark.parametrize(("name", "folder"), [("nul", "_nul"), ("Com1.x", "_Com1.x"), ("a b.", "a-b")])
def test_the_default_folder_has_a_name_that_windows_takes(tmp_path: Path, name: str, folder: str) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "m"\nname = "{name}"', "utf-8")
    assert read_config(tmp_path).default_out == tmp_path / "dist" / folder


# --- Python on Windows -------------------------------------------------------------------------------------

IN_CHILD = """
import importlib, pkgutil, sys, warnings, packager
warnings.filterwarnings("error", category=EncodingWarning, module=r"packager(\\.|$)")
for module in pkgutil.walk_packages(packager.__path__, "packager."):
    # Typer asks Windows for its console when it is imported.
    if module.name not in ("packager.cli", "packager.__main__"):
        importlib.import_module(module.name)
assert list(packager.build(*sys.argv[1:]).folders) == ["android", "ios", "pi"]
assert sys.platform == "win32" and not {"fcntl", "resource", "pwd"} & sys.modules.keys()
"""


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., None]:
    """Runs code without what Windows lacks; the processes that it starts have none of it either."""

    def run(code: str, *arguments: Path, **environment: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(CHILD, "utf-8")
        command = [sys.executable, "-X", "warn_default_encoding", "-c", code, *map(str, arguments)]
        path = os.pathsep.join([str(tmp_path), str(PROJECT)])
        environment = {**os.environ, **environment, "PYTHONPATH": path}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr

    return run


@pytest.mark.slow
def test_projects_are_the_same_without_what_windows_lacks(
    child: Callable[..., None], tmp_path: Path, examples: Path
) -> None:
    """The golden cases as well."""
    (tmp_path / "sine.tflite").write_bytes((examples / "sine/sine.tflite").read_bytes())
    (tmp_path / "packager.toml").write_text('model = "sine.tflite"\ntargets = ["android", "ios", "pi"]', "utf-8")
    child(IN_CHILD, tmp_path, tmp_path / "out")
    build(tmp_path, tmp_path / "here")
    made = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "out", tmp_path / "here")
    ]
    assert made[0] == made[1]


ENDLESS = """
import sys
from pathlib import Path
import numpy as np
from packager.golden.isolation import Failure, run_isolated
job = {"runtimes": ["litert"], "cases": 1, "inputs": 1, "outputs": 1, "arena_limit": 0}
limits = {"seconds": 2, "cpu_seconds": 60, "memory_bytes": 1 << 32, "output_limit": 1 << 20}
outcome = run_isolated(job, Path(sys.argv[1]).read_bytes(), [np.zeros(1, np.float32)], **limits)
assert outcome.failure is Failure.TIME, outcome
outcome = run_isolated(job, b"TFL3", [np.zeros(1, np.float32)], **limits)
assert outcome.failure is Failure.RUNTIME, outcome
del job["inputs"]
outcome = run_isolated(job, b"TFL3", [], **limits)
assert outcome.failure is Failure.DIED, outcome
"""


@pytest.mark.slow
def test_the_time_limit_holds_without_what_windows_lacks(child: Callable[..., None], tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    (tmp_path / "endless.tflite").write_bytes(endless())
    child(ENDLESS, tmp_path / "endless.tflite", PACKAGER_MARK=mark)
    assert alive(mark) == []


def test_every_text_is_opened_with_its_encoding() -> None:
    """Windows has another one for files of which none is said."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--preview", "--select", "PLW1514"]
    checked = subprocess.run([*command, PROJECT / "packager"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
