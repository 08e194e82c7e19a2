"""Reading regular files, and refusing at once whatever else stands at a path."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from packager.reading import open_file, read_file

pytestmark = pytest.mark.slow


def test_a_file_and_a_link_to_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_file(tmp_path / "file") == read_file(tmp_path / "link") == b"bytes"
    with open_file(tmp_path / "file") as file:
        assert file.read(2) == b"by"


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a named pipe, not a file"):
        read_file(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a folder, not a file"):
        read_file(tmp_path)
    with pytest.raises(OSError, match="it is a device, not a file"):
        read_file(Path("/dev/zero"))


def test_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="it is a socket, not a file"):
            read_file(tmp_path / "socket")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing")


def command(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "packager", *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=30, check=False)


ASKED: dict[str, list[str]] = {
    "inspect": ["inspect", "BAD"],
    "show": ["metadata", "show", "BAD"],
    "export": ["metadata", "export", "BAD", "-o", "out"],
    "attach": ["metadata", "attach", "BAD", "-o", "out", "--task", "tensors"],
    "init": ["init", "BAD", "--yes"],
    "model": ["pi", "BAD", "-o", "out"],
    "labels": ["metadata", "attach", "digits.tflite", "-o", "out", "--task", "tensors", "--labels", "BAD"],
    "vocabulary": "metadata attach digits.tflite -o out --vocabulary BAD --task text-classification "
    "--labels labels.txt".split(),
    "picture": ["pi", "digits.tflite", "-o", "out", "--golden", "BAD"],
    "array": ["pi", "digits.tflite", "-o", "out", "--golden", "BAD.npy"],
    "configuration": ["build", "BAD", "-o", "out"],
    "verify": ["verify", "project"],
    "edited": ["pi", "digits.tflite", "-o", "mine"],
    "written": ["metadata", "attach", "digits.tflite", "-o", "BAD", "--task", "tensors"],
}


@pytest.mark.parametrize(
    ("asked", "kind"),
    # Not the output as a device: should this ever fail, root's machine is without one.
    [(asked, kind) for asked in ASKED for kind in ("pipe", "device") if (asked, kind) != ("written", "device")],
)
def test_nothing_waits_for_a_pipe_or_fills_the_memory_from_a_device(
    tmp_path: Path, examples: Path, kind: str, asked: str
) -> None:
    """As model, label file, picture, golden array, configuration, part of a project, output: an error at once."""
    for name in ("digits.tflite", "labels.txt"):
        (tmp_path / name).write_bytes((examples / "digits" / name).read_bytes())
    (tmp_path / "project").mkdir()
    (tmp_path / "project/golden_data.cpp").write_text("")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/packager.lock.json").write_text('{"files": {"pyproject.toml": "0"}}')
    places = ["BAD", "BAD.npy", "project/model_data.cpp", "mine/pyproject.toml"]
    for place in places:
        if kind == "pipe":
            os.mkfifo(tmp_path / place)
        else:
            (tmp_path / place).symlink_to("/dev/zero")
    ran = command(*ASKED[asked], cwd=tmp_path)
    assert ran.returncode == 1, ran
    said = ran.stderr.splitlines()
    errors = [line for line in said if not line.startswith(("computing ", "writing ", "attaching "))]
    assert errors[0].startswith("error: ")
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "out").exists()
    if kind == "pipe":
        assert all((tmp_path / place).is_fifo() for place in places)
    else:
        assert all((tmp_path / place).is_symlink() for place in places)
