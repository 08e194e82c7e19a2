"""Arrays as the model's tensors.

``like`` is LiteRT's description of a tensor: index, name, shape, dtype, quantization.
"""

from __future__ import annotations

import functools
import operator
import os
import zipfile
from collections.abc import Iterable
from typing import IO

import numpy as np

from .errors import InputError
from .files import open_file


def read_arrays(
    path: str | os.PathLike[str], likes: dict[str, dict]
) -> dict[str, np.ndarray]:
    """The arrays in an .npz file, for the inputs of these names.

    Raises:
        InputError: it cannot be read, lacks one, or has one that does not fit.
    """
    with open_file(path) as file:
        if file.read(4) != b"PK\x03\x04":
            raise InputError(
                f"{path}: is no .npz file: save an array for each input, with "
                f"numpy.savez(path, {', '.join(f'{name}=…' for name in likes)})"
            )
        try:
            with zipfile.ZipFile(file) as archive:
                return {name: _unpack(archive, name, likes[name]) for name in likes}
        except Exception as error:  # A damaged file makes NumPy raise just anything.
            raise _unreadable(path, error) from error


def _unpack(archive: zipfile.ZipFile, name: str, like: dict) -> np.ndarray:
    if name + ".npy" not in archive.namelist():
        raise ValueError(f"has no array {name!r}")
    entry = archive.getinfo(name + ".npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("is packed in an unusual way: save it by numpy.savez")
    with archive.open(entry) as file:
        return _load(file, name, like)


def _load(file: IO[bytes], name: str, like: dict) -> np.ndarray:
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError("is of version {}.{}: save it again".format(*version))
    # First the header alone: it may promise any number of items.
    header = np.lib.format.read_array_header_1_0(file)
    _check(name, header[0], header[2], like)
    file.seek(0)
    return np.load(file, allow_pickle=False)


def _unreadable(path: str | os.PathLike[str], error: Exception) -> InputError:
    what = str(error).partition("\n")[0] or type(error).__name__
    return InputError(f"{path}: {what}")


def to_raw(name: str, given: np.ndarray, like: dict) -> np.ndarray:
    """``given`` in the shape and dtype of the input ``name``.

    Raises:
        InputError: it has another size, or values that do not fit.
    """
    array, dtype = np.asarray(given), np.dtype(like["dtype"])
    _check(name, array.shape, array.dtype, like)
    with np.errstate(all="ignore"):  # What does not fit is found below.
        raw = array.astype(dtype)
        fits = np.isfinite(raw) == np.isfinite(array)
    if not fits.all():
        worst = array[~fits][0]
        raise InputError(f"input {name!r} takes {dtype}, and {worst} does not fit")
    return raw.reshape(like["shape"])


def _check(name: str, shape: tuple[int, ...], dtype: np.dtype, like: dict) -> None:
    if dtype.kind not in "biuf":
        raise InputError(f"input {name!r} takes numbers, not {dtype}")
    takes = like["shape"].tolist()
    if _size(shape) != _size(takes):
        raise InputError(f"input {name!r} takes {takes}, not {list(shape)}")


def _size(shape: Iterable[int]) -> int:
    return functools.reduce(operator.mul, shape, 1)
