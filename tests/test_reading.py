"""Reading regular files, and refusing at once whatever else stands at a path."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from packager.reading import open_file, read_file


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
