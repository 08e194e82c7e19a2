"""Arrays as the model's tensors.

``like`` is LiteRT's description of a tensor: index, name, shape, dtype, quantization.
"""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Iterable
from typing import IO

import numpy as np

from .errors import InputError
from .files import open_file


def read_array(path: str | os.PathLike[str], name: str, like: dict) -> np.ndarray:
    """The array in an .npy file, for the input ``name``.

    Raises:
        InputError: it cannot be read, or does not fit the input.
    """
    with open_file(path) as file:
        try:
            np.lib.format.read_magic(file)
        except ValueError:
            file.seek(0)
            what = "an .npz" if file.read(4) == b"PK\x03\x04" else "no .npy file"
            raise InputError(
                f"{path}: is {what}: save the array of input {name!r} alone, with "
                f"numpy.save({name + '.npy'!r}, array)"
            ) from None
        file.seek(0)
        try:
            return _load(file, name, like)
        except Exception as error:  # A damaged file makes NumPy raise just anything.
            raise _unreadable(path, error) from error


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
    """``given`` in the shape and dtype of the input ``name``, quantized if need be.

    Raises:
        InputError: it has another size, or values that do not fit.
    """
    array, dtype = np.asarray(given), np.dtype(like["dtype"])
    _check(name, array.shape, array.dtype, like)
    with np.errstate(all="ignore"):  # What does not fit is found below.
        if array.dtype.kind != "f":
            raw = array.astype(dtype)
            fits = raw == array
        else:
            raw = _quantize(array, like)
            fits = np.isfinite(array)
    if not fits.all():
        worst = array[~fits][0]
        raise InputError(f"input {name!r} takes {dtype}, and {worst} does not fit")
    return raw.reshape(like["shape"])


def _quantize(real: np.ndarray, like: dict) -> np.ndarray:
    scale, zero_point = like["quantization"]
    steps = real.astype(np.float64) / scale
    # Half away from zero, as the converter does; then what does not fit is clamped.
    rounded = np.sign(steps) * np.floor(np.abs(steps) + 0.5) + zero_point
    limits = np.iinfo(like["dtype"])
    return np.clip(rounded, limits.min, limits.max).astype(like["dtype"])


def _check(name: str, shape: tuple[int, ...], dtype: np.dtype, like: dict) -> None:
    if dtype.kind not in "biuf":
        raise InputError(f"input {name!r} takes numbers, not {dtype}")
    takes = like["shape"].tolist()
    if _size(shape) != _size(takes):
        raise InputError(f"input {name!r} takes {takes}, not {list(shape)}")


def _size(shape: Iterable[int]) -> int:
    return functools.reduce(operator.mul, shape, 1)
