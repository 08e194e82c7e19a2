"""Disk → bytes: regular files only.

A named pipe makes whoever opens it wait for ever, and a device such as ``/dev/zero`` never ends; both may stand where
a model, a label file, a picture or a configuration is expected.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def open_file(path: Path) -> BinaryIO:
    """Open the regular file at ``path``, or the one that a link there leads to, for reading.

    Raises:
        OSError: it is not there, may not be read, or is no regular file; ``strerror`` says which.
        ValueError: the path holds a NUL.
    """
    # Before opening, because opening alone can set a device off; after it, because another may stand there by then.
    _check_is_file(path, path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check_is_file(path, os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, limit: int | None = None) -> bytes:
    """The bytes of the regular file at ``path``.

    Raises:
        OSError: as ``open_file``; or it has more than ``limit`` bytes, a whole number of KiB.
        ValueError: the path holds a NUL.
    """
    with open_file(path) as file:
        data = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(data) > limit:
        most = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
        raise OSError(errno.EFBIG, f"it has more than {most}", str(path))
    return data


def without_windows_marks(data: bytes) -> bytes:
    """A text in UTF-8 as it would be saved elsewhere than on Windows, so that it gives the same model.

    A byte order mark goes, and CRLF become LF where all lines end so; else a CR is a character of its line.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    return data.replace(b"\r\n", b"\n") if data.count(b"\n") == data.count(b"\r\n") else data


def _check_is_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
