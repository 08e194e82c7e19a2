"""Generated files on disk: five states, people's edits, hostile paths, and a kill at any moment."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packager import writing
from packager.errors import WriteError
from packager.writing import Change, Plan, Project, State, plan_tree, write_file, write_files, write_tree

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links, modes or fork")


def build_file_tree(root: Path, tree: dict[str, str]) -> Path:
    """Write ``{path: text}``; "-> target" makes a symlink, a path that ends in "/" an empty folder."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        elif text.startswith("-> "):
            path.symlink_to(text.removeprefix("-> "))
        else:
            path.write_bytes(text.encode())
    return root


def read_file_tree(root: Path, *, own: bool = False) -> dict[str, str]:
    """The inverse of ``build_file_tree``; lock files and manifest only with ``own``."""
    tree = {}
    # Not by rglob(), which goes around the file systems of tests/other_systems.py from Python 3.13 on.
    walked = [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]
    for path in sorted(walked):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            tree[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            if not any(path.iterdir()):
                tree[f"{name}/"] = ""
        elif own or path.name not in (writing.LOCK, writing.MANIFEST):
            tree[name] = path.read_bytes().decode()
    return tree


def project(tree: dict[str, str], folder: str = "") -> Project:
    return Project(folder, {path: text.encode() for path, text in tree.items()}, model_sha256="a" * 64)


def write(root: Path, tree: dict[str, str], **options: bool) -> dict[str, str]:
    """Write one project; the changes, without those of its lock file."""
    changes = write_tree(root, [project(tree)], version="1.0", **options)
    return {change.path: str(change.state) for change in changes if change.path != writing.LOCK}


def plan(root: Path, tree: dict[str, str], **options: bool) -> Plan:
    return plan_tree(root, [project(tree)], version="1.0", **options)


def inodes(root: Path) -> dict[str, tuple[int, int]]:
    found = {str(path): path.lstat() for path in (root, *root.rglob("*"))}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in found.items()}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "work" / "out"


@pytest.fixture(autouse=True)
def _leaves_nothing_beside(tmp_path: Path) -> Iterator[None]:
    yield
    assert not [str(path) for path in tmp_path.rglob(".*packager-*")]


# --- The five states ---------------------------------------------------------------------------------------


# (first run, what a person then does: text, or None to delete, second run) → (states, files)
STATES = {
    "created": ({}, {}, {"a": "1"}, {"a": "created"}, {"a": "1"}),
    "deleted by a person": ({"a": "1"}, {"a": None}, {"a": "1"}, {"a": "created"}, {"a": "1"}),
    "unchanged": ({"a": "1"}, {}, {"a": "1"}, {"a": "unchanged"}, {"a": "1"}),
    "replaced": ({"a": "1"}, {}, {"a": "2"}, {"a": "replaced"}, {"a": "2"}),
    "edited, same text": ({"a": "1"}, {"a": "me"}, {"a": "1"}, {"a": "kept"}, {"a": "me"}),
    "edited, new text": ({"a": "1"}, {"a": "me"}, {"a": "2"}, {"a": "kept_new"}, {"a": "me", "a.new": "2"}),
    "edited to the new text": ({"a": "1"}, {"a": "2"}, {"a": "2"}, {"a": "unchanged"}, {"a": "2"}),
    "removed": ({"a": "1", "b": "1"}, {}, {"b": "1"}, {"a": "removed", "b": "unchanged"}, {"b": "1"}),
    "removed by a person": ({"a": "1", "b": "1"}, {"a": None}, {"b": "1"}, {"b": "unchanged"}, {"b": "1"}),
    "orphaned": ({"a": "1"}, {"a": "me"}, {}, {"a": "orphaned"}, {"a": "me"}),
    "a person's file before": ({}, {"a": "me"}, {"a": "1"}, {"a": "kept_new"}, {"a": "me", "a.new": "1"}),
    "a person's same file before": ({}, {"a": "1"}, {"a": "1"}, {"a": "unchanged"}, {"a": "1"}),
    "a person's file called .new": (
        {"a": "1"},
        {"a.new": "1"},
        {"a.new": "1"},
        {"a": "removed", "a.new": "unchanged"},
        {"a.new": "1"},
    ),
    "empty folders go": ({"d/e/a": "1"}, {}, {"b": "1"}, {"b": "created", "d/e/a": "removed"}, {"b": "1"}),
    "people's folders stay": (
        {"d/a": "1"},
        {"d/mine": "me", "empty/": ""},
        {},
        {"d/a": "removed"},
        {"d/mine": "me", "empty/": ""},
    ),
    "a file becomes a folder": ({"a": "1"}, {}, {"a/b": "1"}, {"a": "removed", "a/b": "created"}, {"a/b": "1"}),
    "a folder becomes a file": ({"a/b": "1"}, {}, {"a": "1"}, {"a": "created", "a/b": "removed"}, {"a": "1"}),
}


@pytest.mark.parametrize("case", STATES.values(), ids=STATES)
def test_each_state_of_a_file_has_its_rule(out: Path, case: Any) -> None:
    first, edits, second, states, files = case
    write(out, first)
    for path, text in edits.items():
        (out / path).unlink() if text is None else build_file_tree(out, {path: text})
    assert write(out, second) == states
    assert read_file_tree(out) == files
    before = inodes(out)
    write(out, second)
    assert inodes(out) == before, "a run that changes nothing must not touch the disk"


# What follows on: "1" was generated, a person made it "me", "2" was generated and stands in a.new.
STEPS = {
    "same text again": ({}, "2", {"a": "kept"}, {"a": "me", "a.new": "2"}),
    "merged by the person": ({"a.new": None}, "2", {"a": "kept"}, {"a": "me"}),
    "the next new text": ({}, "3", {"a": "kept_new"}, {"a": "me", "a.new": "3"}),
    "accepted": ({"a": "2"}, "2", {"a": "unchanged", "a.new": "removed"}, {"a": "2"}),
    "accepted, then new text": ({"a": "2"}, "3", {"a": "replaced", "a.new": "removed"}, {"a": "3"}),
    "accepted, .new is edited": ({"a": "2", "a.new": "me"}, "2", {"a": "unchanged"}, {"a": "2", "a.new": "me"}),
    "deleted": ({"a": None}, "2", {"a": "created", "a.new": "removed"}, {"a": "2"}),
    "no longer generated": ({}, None, {"a": "orphaned", "a.new": "removed"}, {"a": "me"}),
}


@pytest.mark.parametrize("case", STEPS.values(), ids=STEPS)
def test_what_follows_on_a_kept_edit(out: Path, case: Any) -> None:
    edits, text, states, files = case
    write(out, {"a": "1"})
    build_file_tree(out, {"a": "me"})
    write(out, {"a": "2"})
    for path, edit in edits.items():
        (out / path).unlink() if edit is None else build_file_tree(out, {path: edit})
    assert write(out, {} if text is None else {"a": text}) == states
    assert read_file_tree(out) == files


def test_an_edited_new_file_is_not_overwritten(out: Path) -> None:
    write(out, {"a": "1"})
    build_file_tree(out, {"a": "me", "a.new": "also me"})
    with pytest.raises(WriteError, match=r"a\.new: .*edited too"):
        write(out, {"a": "2"})
    assert write(out, {"a": "2"}, force=True) == {"a": "replaced"}
    assert read_file_tree(out) == {"a": "2", "a.new": "also me"}


def test_force_replaces_edits_and_still_leaves_orphans(out: Path) -> None:
    write(out, {"a": "1", "b": "1"})
    build_file_tree(out, {"a": "me", "b": "me", "mine": "me"})
    assert write(out, {"a": "1"}, force=True) == {"a": "replaced", "b": "orphaned"}
    assert read_file_tree(out) == {"a": "1", "b": "me", "mine": "me"}


def test_diff_shows_edited_and_differing_files_and_writes_nothing(out: Path) -> None:
    write(out, {"edited": "x\ny\n", "old": "1", "same": "s", "binary": "\0"})
    build_file_tree(out, {"edited": "x\nme\n"})
    before = inodes(out)
    planned = plan(out, {"edited": "x\ny\n", "old": "2", "same": "s", "binary": "\0\1", "fresh": "f"})
    assert planned.diff() == (
        "Binary files differ: binary\n"
        "--- edited\ton disk\n+++ edited\tgenerated\n@@ -1,2 +1,2 @@\n x\n-me\n+y\n"
        "--- old\ton disk\n+++ old\tgenerated\n@@ -1 +1 @@\n"
        "-1\n\\ No newline at end of file\n+2\n\\ No newline at end of file\n"
    )
    assert Change("edited", State.KEPT) in planned.changes
    assert inodes(out) == before
    assert plan(out.with_name("none"), {"a": "1"}).diff() == ""


# --- Lock file, manifest, bytes ----------------------------------------------------------------------------


def test_lock_file(out: Path) -> None:
    write_tree(out, [project({"b": "2", "a/ü": "1"}, "android")], version="1.2")
    assert (out / "android/packager.lock.json").read_bytes().decode() == (
        f"""{{
  "files": {{
    "a/ü": "{sha256("1")}",
    "b": "{sha256("2")}"
  }},
  "model": {{
    "sha256": "{"a" * 64}"
  }},
  "packager": "1.2"
}}
"""
    )


def test_manifest_tells_what_is_on_disk(out: Path) -> None:
    projects = [project({"a": "1"}, "android"), project({"b": "1"}, "ios")]
    write_tree(out, projects, version="1", manifest=True)
    build_file_tree(out, {"android/a": "me", "mine": "me"})
    changes = write_tree(out, projects, version="1", manifest=True)
    manifest = json.loads((out / "manifest.json").read_text())
    on_disk = {path: sha256(text) for path, text in read_file_tree(out, own=True).items()}
    del on_disk["mine"], on_disk["manifest.json"]
    assert manifest == {"files": on_disk}
    assert list(manifest["files"]) == ["android/a", "android/packager.lock.json", "ios/b", "ios/packager.lock.json"]
    assert Change("manifest.json", State.REPLACED) in changes


def test_other_projects_stay(out: Path) -> None:
    write_tree(out, [project({"a": "1"}, "android"), project({"b": "1"}, "ios")], version="1", manifest=True)
    write_tree(out, [project({"c": "2"}, "ios")], version="1")
    assert read_file_tree(out) == {"android/a": "1", "ios/c": "2"}


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    tree = {"b/c": "1", "a": "2", "b/a": "3"}
    for name, order in ("one", tree), ("two", dict(reversed(tree.items()))):
        projects = [project(order, "x"), project(order, "y")]
        write_tree(tmp_path / name, projects, version="1", manifest=True)
    assert read_file_tree(tmp_path / "one", own=True) == read_file_tree(tmp_path / "two", own=True)


# --- People's own files ------------------------------------------------------------------------------------


@posix_only
def test_peoples_files_survive_as_they_are(out: Path, tmp_path: Path) -> None:
    write(out, {"run.sh": "#!/bin/sh\n", "a": "1", "d/b": "1"})
    build_file_tree(tmp_path, {"elsewhere/f": "outside"})
    mine = {
        "build/big.o": "bytes",
        "build/read-only/f": "x",
        ".git/HEAD": "ref",
        "to-file": "-> a",
        "to-folder": "-> ../../elsewhere",
        "dangling": "-> nowhere",
        "empty/": "",
    }
    build_file_tree(out, mine)
    os.mkfifo(out / "build/pipe")
    os.utime(out / "build", (1, 1))
    (out / "a").chmod(0o700)
    (out / "build/big.o").chmod(0o755)
    (out / "build/read-only").chmod(0o555)
    out.chmod(0o750)
    before = inodes(out)

    write(out, {"run.sh": "#!/bin/sh\n", "a": "2"})

    assert (out / "build").stat().st_mtime == 1
    (out / "build/pipe").unlink()
    assert read_file_tree(out) == {"run.sh": "#!/bin/sh\n", "a": "2", **mine}
    assert inodes(out)[str(out / "build/big.o")] == before[str(out / "build/big.o")], "a hard link, not a copy"
    assert read_file_tree(tmp_path / "elsewhere") == {"f": "outside"}
    modes = {path: (out / path).stat().st_mode & 0o777 for path in ("", "a", "build/big.o", "build/read-only")}
    assert modes == {"": 0o750, "a": 0o700, "build/big.o": 0o755, "build/read-only": 0o555}
    assert (out / "run.sh").stat().st_mode & 0o100, "a script can be run"


@posix_only
def test_hard_linked_files_of_people_are_not_rewritten(out: Path, tmp_path: Path) -> None:
    write(out, {"a": "1"})
    (tmp_path / "backup").hardlink_to(out / "a")
    write(out, {"a": "2"})
    assert (tmp_path / "backup").read_text() == "1"


@posix_only
def test_without_hard_links_files_are_copied(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no hard links here", str(self))

    write(out, {"a": "1"})
    build_file_tree(out, {"mine": "me"})
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write(out, {"a": "2"})
    assert read_file_tree(out) == {"a": "2", "mine": "me"}


@posix_only
def test_a_link_to_the_root_stays_a_link(out: Path, tmp_path: Path) -> None:
    write(out, {"a": "1"})
    link = tmp_path / "link"
    link.symlink_to(out)
    write(link, {"a": "2"})
    assert link.is_symlink()
    assert read_file_tree(out) == {"a": "2"}


def test_a_file_that_changes_during_the_run_is_not_lost(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(out, {"a": "1"})
    build_file_tree(out, {"mine": "before"})
    create = writing._create

    def create_while_somebody_saves(*arguments: Any, **options: Any) -> None:
        (out / "mine~").write_text("saved meanwhile")
        (out / "mine~").replace(out / "mine")
        create(*arguments, **options)

    monkeypatch.setattr(writing, "_create", create_while_somebody_saves)
    with pytest.raises(WriteError, match="changed during the run"):
        write(out, {"a": "2"})
    assert read_file_tree(out) == {"a": "1", "mine": "saved meanwhile"}


# --- What is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "..",
        ".",
        "",
        "a//b",
        "./a",
        "a/",
        "a\\..\\b",
        "C:x",
        "C:/x",
        "a\0b",
        "a\nb",
        "a\x1b[2J",
        "a\u202eb",
        "a\u3164b",
        "a\ufe0fb",
        "a\u2800b",
        "\ud800",
        "nul",
        "COM1.txt",
        "d/aux.h",
        "lpt¹",
        "a.",
        "a ",
        "what?",
        ".git/hooks/pre-commit",
        "d/.GIT/config",
        "packager.lock.json",
        "Packager.Lock.json",
        "packager.lock.json/x",
    ],
)
def test_hostile_paths_are_refused(out: Path, path: str) -> None:
    with pytest.raises(WriteError) as refused:
        write(out, {"fine": "1", path: "2"})
    assert str(refused.value).replace("\n  ", "").isprintable()
    assert not out.parent.exists(), "nothing may be made before all paths are known to be good"


@pytest.mark.parametrize("folder", ["..", "/tmp", "a/../..", ".", "a/", "nul", "a\\b"])
def test_hostile_project_folders_are_refused(out: Path, folder: str) -> None:
    with pytest.raises(WriteError):
        write_tree(out, [project({}, folder)], version="1")
    assert not out.parent.exists()


@pytest.mark.parametrize(
    "tree",
    [
        {"a": "", "A": ""},
        {"é": "", "e\u0301": ""},
        {"Straße": "", "STRASSE": ""},
        {"a": "", "a/b": ""},
        {"a/b": "", "a": ""},
        {"A": "", "a/b": ""},
        {"src/a": "", "Src/b": ""},
        {"a": "", "a.new": ""},
        {"a": "", "A.new/b": ""},
    ],
)
def test_colliding_paths_are_refused(out: Path, tree: dict[str, str]) -> None:
    with pytest.raises(WriteError, match="is refused"):
        write(out, tree)


def test_the_same_path_in_two_projects_is_refused(out: Path) -> None:
    with pytest.raises(WriteError, match="collides with 'x/a'"):
        write_tree(out, [project({"x/a": "1"}), project({"a": "2"}, "x")], version="1")


@posix_only
@pytest.mark.parametrize(
    ("obstacle", "path"),
    [
        ({"d": "-> ../../elsewhere"}, "d/f"),
        ({"d": "-> ../../elsewhere"}, "d/e/f"),
        ({"f": "-> ../../elsewhere/f"}, "f"),
        ({"f": "-> nowhere"}, "f"),
        ({"d": "a file"}, "d/f"),
        ({"f/mine": "a folder"}, "f"),
        ({"f": "me", "f.new/": ""}, "f/x"),
        ({"packager.lock.json": "-> ../../elsewhere/f"}, "f"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_written_through_links_or_over_folders(
    out: Path, tmp_path: Path, obstacle: dict[str, str], path: str, force: bool
) -> None:
    build_file_tree(tmp_path, {"elsewhere/f": "outside"})
    write_tree(out, [], version="1", manifest=True)
    build_file_tree(out, obstacle)
    with pytest.raises(WriteError, match="in the way"):
        write(out, {path: "1"}, force=force)
    assert read_file_tree(out) == obstacle
    assert read_file_tree(tmp_path / "elsewhere") == {"f": "outside"}


def test_a_file_as_root_is_refused(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"out": "me"})
    for root in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(WriteError):
            write(root, {"a": "1"}, force=True)
    assert read_file_tree(tmp_path) == {"out": "me"}


def test_a_folder_that_is_not_ours_needs_force(out: Path) -> None:
    build_file_tree(out, {"a": "me", "mine": "me"})
    with pytest.raises(WriteError, match="not empty") as refused:
        write(out, {"a": "1"})
    assert "force=True" in str(refused.value)
    assert read_file_tree(out) == {"a": "me", "mine": "me"}
    assert write(out, {"a": "1"}, force=True) == {"a": "replaced"}
    assert read_file_tree(out) == {"a": "1", "mine": "me"}


def test_an_empty_folder_is_accepted(out: Path) -> None:
    out.mkdir(parents=True)
    assert write(out, {"a": "1"}) == {"a": "created"}


@pytest.mark.parametrize("below", [".", "deeper"])
def test_the_current_folder_is_not_swapped_away(out: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    write(out, {"a": "1"})
    (out / "deeper").mkdir()
    monkeypatch.chdir(out / below)
    with pytest.raises(WriteError) as refused:
        write(Path() if below == "." else out, {"a": "2"})
    assert f"cd {out.parent}" in str(refused.value)
    assert write(out, {"a": "1"}) == {"a": "unchanged"}, "without a change there is no swap"
    monkeypatch.chdir(out.parent)
    assert write(Path("out"), {"a": "2"}) == {"a": "replaced"}


def test_a_tree_with_something_mounted_in_it_is_refused(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(out, {"a": "1"})
    build_file_tree(out, {"volume/mine": "me"})
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path).name == "volume")
    with pytest.raises(WriteError, match="mounted") as refused:
        write(out, {"a": "2"})
    assert refused.value.where == str(out / "volume")
    assert read_file_tree(out) == {"a": "1", "volume/mine": "me"}


@posix_only
def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"one": "-> two", "two": "-> one"})
    with pytest.raises(WriteError):
        write(tmp_path / "one", {"a": "1"})


BROKEN_LOCKS = {
    "not JSON": "<<<<<<< HEAD",
    "not UTF-8": b"\xff\xfe".decode("latin-1"),
    "a list": "[]",
    "foreign": '{"name": "npm"}',
    "files is a list": '{"files": []}',
    "hash is a number": '{"files": {"a": 1}}',
    "deep": "[" * 100_000,
    "absolute": json.dumps({"files": {"/etc/passwd": "0" * 64}}),
    "outside": json.dumps({"files": {"../victim": sha256("outside")}}),
    "outside, deeper": json.dumps({"files": {"d/../../victim": sha256("outside")}}),
}


@pytest.mark.parametrize("text", BROKEN_LOCKS.values(), ids=BROKEN_LOCKS)
def test_a_broken_lock_file_is_named_and_never_obeyed(out: Path, text: str) -> None:
    write(out, {"a": "1"})
    build_file_tree(out.parent, {"victim": "outside", "out/packager.lock.json": text})
    with pytest.raises(WriteError, match=r"packager\.lock\.json: .*broken"):
        write(out, {"a": "2"})
    assert read_file_tree(out.parent) == {"victim": "outside", "out/a": "1"}
    assert write(out, {"a": "2"}, force=True) == {"a": "replaced"}
    assert read_file_tree(out.parent) == {"victim": "outside", "out/a": "2"}
    assert write(out, {"a": "2"}) == {"a": "unchanged"}


@posix_only
def test_a_lock_file_does_not_reach_through_a_link(out: Path, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"elsewhere/f": "outside"})
    lock = json.dumps({"files": {"d/f": sha256("outside")}})
    build_file_tree(out, {"packager.lock.json": lock, "d": "-> ../../elsewhere"})
    assert write(out, {"a": "1"}) == {"a": "created"}
    assert read_file_tree(tmp_path) == {
        "elsewhere/f": "outside",
        "work/out/a": "1",
        "work/out/d": "-> ../../elsewhere",
    }


def test_somebody_elses_manifest_is_not_replaced(out: Path) -> None:
    build_file_tree(out, {"manifest.json": '{"short_name": "my web app"}'})
    with pytest.raises(WriteError, match=r"manifest\.json"):
        write(out, {"a": "1"}, manifest=True)


@pytest.mark.parametrize(("code", "fix"), [(errno.ENOSPC, "Free some disk"), (errno.EACCES, "may write")])
def test_what_the_system_refuses_leaves_the_old_folder(
    out: Path, monkeypatch: pytest.MonkeyPatch, code: int, fix: str
) -> None:
    write(out, {"a": "1"})

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(writing, "_create", refuse)
    with pytest.raises(WriteError, match=fix) as refused:
        write(out, {"a": "2"})
    assert refused.value.where == str(out / "a"), "the place that the user knows, not the hidden one"
    with pytest.raises(WriteError, match=fix):
        write_file(out / "a", b"2")
    assert read_file_tree(out) == {"a": "1"}


@posix_only
def test_a_disk_that_fills_up_leaves_the_old_folder(out: Path) -> None:
    import resource

    write(out, {"a": "1"})
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(WriteError):
            write(out, {"a": "2", "b": "x" * 100_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_file_tree(out) == {"a": "1"}


# --- One file ----------------------------------------------------------------------------------------------


@posix_only
def test_write_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "model.tflite"
    write_file(path, b"1")
    assert path.stat().st_mode & 0o600 == 0o600
    path.chmod(0o604)
    (tmp_path / "backup").hardlink_to(path)
    (tmp_path / "link").symlink_to(path)
    write_file(tmp_path / "link", b"2")
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o604
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "backup").read_bytes() == b"1"
    with pytest.raises(WriteError, match="not a file"):
        write_file(tmp_path, b"3")


@posix_only
def test_write_file_makes_nothing_executable(tmp_path: Path) -> None:
    write_file(tmp_path / "model.tflite", b"#!\0\0TFL3")
    assert not (tmp_path / "model.tflite").stat().st_mode & 0o111


@posix_only
def test_what_a_model_chose_is_never_executable(out: Path) -> None:
    # A model's first bytes are an offset, and those of a golden answer are what the model says.
    write_tree(out, [Project("", dict.fromkeys(MODEL_CHOSEN, b"#!/bin/sh\n"), "a" * 64)], version="1")
    for path in MODEL_CHOSEN:
        assert not (out / path).stat().st_mode & 0o111


MODEL_CHOSEN = ("model.tflite", "golden/random_0.output0.bin", "input_table.bin", "labels.json", "noext")


# --- Into a folder that holds other things -----------------------------------------------------------------


def test_write_files(tmp_path: Path) -> None:
    build_file_tree(tmp_path / "work", {"same": "1", "mine": "me", "d/mine": "me"})
    before = inodes(tmp_path / "work")
    changes = write_files(tmp_path / "work", {"same": b"1", "new": b"2", "d/e/f": b"3"})
    assert changes == (Change("d/e/f", State.CREATED), Change("new", State.CREATED), Change("same", State.UNCHANGED))
    expected = {"same": "1", "new": "2", "d/e/f": "3", "mine": "me", "d/mine": "me"}
    assert read_file_tree(tmp_path / "work") == expected
    after = inodes(tmp_path / "work")
    assert all(after[path] == before[path] for path in before if path.endswith(("same", "mine")))
    with pytest.raises(WriteError, match="is there already, and holds something else") as caught:
        write_files(tmp_path / "work", {"a": b"1", "mine": b"x"})
    assert (caught.value.where, "force=True" in (caught.value.fix or "")) == (str(tmp_path / "work" / "mine"), True)
    assert read_file_tree(tmp_path / "work") == expected
    assert write_files(tmp_path / "work", {"mine": b"x"}, force=True) == (Change("mine", State.REPLACED),)
    assert read_file_tree(tmp_path / "work") == {**expected, "mine": "x"}


def test_write_files_makes_its_folder(tmp_path: Path) -> None:
    write_files(tmp_path / "a" / "b", {"c": b"1", "c.new": b"2"})
    assert read_file_tree(tmp_path) == {"a/b/c": "1", "a/b/c.new": "2"}
    with pytest.raises(WriteError, match="not a folder"):
        write_files(tmp_path / "a" / "b" / "c", {"d": b"1"})


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "nul", "a\u202eb", "a\u3164b", "\ud800", "", "a/"])
def test_write_files_refuses_hostile_paths(tmp_path: Path, path: str) -> None:
    with pytest.raises(WriteError, match="is refused"):
        write_files(tmp_path / "work", {"fine": b"1", path: b"2"})
    assert list(tmp_path.iterdir()) == []


def test_write_files_refuses_colliding_paths(tmp_path: Path) -> None:
    for tree in ({"a": b"", "A": b""}, {"é": b"", "e\u0301": b""}, {"a": b"", "a/b": b""}):
        with pytest.raises(WriteError, match="collides"):
            write_files(tmp_path / "work", tree)
    assert list(tmp_path.iterdir()) == []


@posix_only
@pytest.mark.parametrize(
    ("obstacle", "path"),
    [
        ({"d": "-> ../elsewhere"}, "d/f"),
        ({"f": "-> ../elsewhere/f"}, "f"),
        ({"f": "-> nowhere"}, "f"),
        ({"d": "a file"}, "d/f"),
        ({"f/mine": "a folder"}, "f"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_write_files_writes_through_no_link_and_over_no_folder(
    tmp_path: Path, obstacle: dict[str, str], path: str, force: bool
) -> None:
    build_file_tree(tmp_path, {"elsewhere/f": "outside"})
    build_file_tree(tmp_path / "work", obstacle)
    with pytest.raises(WriteError, match="in the way"):
        write_files(tmp_path / "work", {"a": b"1", path: b"2"}, force=force)
    assert read_file_tree(tmp_path / "work") == obstacle
    assert read_file_tree(tmp_path / "elsewhere") == {"f": "outside"}


@posix_only
def test_write_files_follows_the_folder_that_a_person_named(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"real/": "", "link": "-> real"})
    write_files(tmp_path / "link", {"a": b"1"})
    assert read_file_tree(tmp_path / "real") == {"a": "1"}
    assert (tmp_path / "link").is_symlink()


@posix_only
def test_write_files_writes_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path / "work", {"b": "old"})
    create = writing._create

    def fail_at_c(path: Path, *arguments: Any, **options: Any) -> None:
        if ".c." in path.name:
            raise OSError(errno.ENOSPC, "no space left on device", str(path))
        create(path, *arguments, **options)

    monkeypatch.setattr(writing, "_create", fail_at_c)
    with pytest.raises(WriteError, match="no space left") as caught:
        write_files(tmp_path / "work", {"a": b"1", "b": b"2", "c": b"3"}, force=True)
    assert "disk space" in (caught.value.fix or "")
    assert read_file_tree(tmp_path / "work") == {"b": "old"}


# --- A kill at any moment ----------------------------------------------------------------------------------

OLD = {"a": "1", "gone/b": "1", "edited": "1"}
NEW = {"a": "2", "deep/c": "2", "edited": "2"}
MINE = {"build/big": "bytes", "link": "-> a", "edited": "me"}
EVENTS = ("open", "os.", "shutil.", "ctypes.", "fcntl.")


def die_at(number: int) -> None:
    """Kill this process at its ``number``-th operation on files."""
    count = itertools.count(1)

    def hook(event: str, _: object) -> None:
        if event.startswith(EVENTS) and next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def killed(number: int, root: Path) -> bool:
    """Write NEW in a child that dies at its ``number``-th operation; False when it got to its end."""
    child = os.fork()
    if child == 0:
        die_at(number)
        write(root, NEW)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def kill_everywhere(folder: Path, *, exists: bool, exchange: bool) -> None:
    """Run the writer again and again, with a kill one operation later each time."""
    import ctypes  # noqa: F401 (so that the children do not have to die at each step of its import)

    # It is slow, and of use against a loss of power only.
    vars(os)["fsync"] = lambda _: None
    if not exchange:
        vars(writing)["_exchange"] = lambda _one, _other: False

    def build_old(root: Path) -> None:
        if exists:
            write(root, OLD)
            build_file_tree(root, MINE)
        else:
            root.parent.mkdir()

    def read(root: Path) -> dict[str, str] | None:
        return read_file_tree(root, own=True) if root.exists() else None

    build_old(folder / "expected/out")
    old = read(folder / "expected/out")
    write(folder / "expected/out", NEW)
    new = read(folder / "expected/out")
    seen = []
    for number in itertools.count(1):
        root = folder / str(number) / "out"
        build_old(root)
        went_on = killed(number, root)
        if exists and not exchange and not root.exists():
            assert read(root.with_name(".out.packager-old")) == old, number
            seen.append("aside")
        else:
            assert read(root) in (old, new), number
            seen.append("old" if read(root) == old else "new")
        write(root, NEW)
        assert read(root) == new, number
        assert [path.name for path in root.parent.iterdir()] == ["out"], number
        if not went_on:
            break
    wanted = ["old", "aside", "new"] if exists and not exchange else ["old", "new"]
    assert [state for state, _ in itertools.groupby(seen)] == wanted
    assert len(seen) > 20


@pytest.mark.slow
@posix_only
@pytest.mark.parametrize(("exists", "exchange"), [(True, True), (True, False), (False, True)])
def test_a_kill_at_any_moment_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, exists: bool, exchange: bool
) -> None:
    # In a process of its own: it forks, which a process with threads (of a runtime, say) must not do.
    code = f"import test_writing as t; t.kill_everywhere(t.Path({str(tmp_path)!r}), {exists=}, {exchange=})"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(writing.__file__).parents[1]), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no exchange of folders")
def test_the_swap_is_one_step_here(out: Path) -> None:
    build_file_tree(out, {"one/a": "1", "two/b": "2"})
    assert writing._exchange(out / "one", out / "two")
    assert read_file_tree(out) == {"one/b": "2", "two/a": "1"}
    assert not writing._exchange(out / "one", out / "absent")


def test_without_exchange_a_failed_rename_puts_the_old_folder_back(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(out, {"a": "1"})
    rename = Path.rename

    def rename_but_not_the_new(self: Path, target: Path) -> Path:
        if self.name.endswith("-new"):
            raise PermissionError(errno.EACCES, "in use", str(self))
        return rename(self, target)

    monkeypatch.setattr(writing, "_exchange", lambda _one, _other: False)
    monkeypatch.setattr(Path, "rename", rename_but_not_the_new)
    with pytest.raises(WriteError, match="in use"):
        write(out, {"a": "2"})
    assert read_file_tree(out) == {"a": "1"}


def test_a_folder_made_anew_after_a_kill_does_not_cost_the_old_one(out: Path) -> None:
    aside = out.with_name(".out.packager-old")
    build_file_tree(out.parent, {".out.packager-old/a": "me", ".out.packager-new/a": "1", "out/x": "other"})
    with pytest.raises(WriteError, match="interrupted run") as refused:
        write(out, {"a": "1"}, force=True)
    assert refused.value.where == str(aside)
    assert read_file_tree(aside) == {"a": "me"}
    (aside / "a").unlink()
    aside.rmdir()
    write(out, {"a": "1"}, force=True)


@posix_only
def test_a_stale_name_that_is_a_link_is_not_followed(out: Path, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"elsewhere/f": "outside", "work/.out.packager-new": "-> ../elsewhere"})
    write(out, {"a": "1"})
    assert read_file_tree(tmp_path) == {"elsewhere/f": "outside", "work/out/a": "1"}


@posix_only
def test_writers_at_the_same_time_take_turns(out: Path) -> None:
    failures: list[BaseException] = []

    def write_often(text: str) -> None:
        try:
            for number in range(10):
                write(out, {"a": f"{text} {number}", "b": f"{text} {number}"}, force=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write_often, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert (out / "a").read_text() == (out / "b").read_text()
