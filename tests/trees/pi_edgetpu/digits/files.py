"""Files that people name, and those of this package."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .errors import InputError, damaged

FOLDER = Path(__file__).parent


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file: a named pipe would keep us waiting, and a device never ends.

    Raises:
        InputError: it is none, or cannot be opened.
    """
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            return open(path, "rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # the name holds a NUL
        raise InputError(f"{path}: {error}") from None
    raise InputError(f"{path}: is not a regular file")


def read_own_file(name: str) -> bytes:
    """The bytes of a file that belongs to this package.

    Raises:
        InstallationError: it cannot be read.
    """
    try:
        return (FOLDER / name).read_bytes()
    except OSError as error:
        raise damaged(name, f"cannot be read ({error.strerror})") from None


def read_items(name: str, like: np.dtype | type) -> np.ndarray:
    """The items, in one dimension and of the dtype ``like``, of a tensor of this package.

    Raises:
        InstallationError: it cannot be read.
    """
    data, dtype = read_own_file(name), np.dtype(like)
    if len(data) % dtype.itemsize:
        raise damaged(name, "is cut off")
    # Files are little-endian.
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype)
