"""The files of this package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import damaged

FOLDER = Path(__file__).parent


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
