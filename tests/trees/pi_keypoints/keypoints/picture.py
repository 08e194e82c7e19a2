"""Pictures from files, from Pillow and from NumPy, in RGB."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Union

import numpy as np
from PIL import Image, UnidentifiedImageError

from .errors import InputError
from .files import open_file

# A file, which is turned upright as its EXIF data say; or, as they lie, a Pillow image,
# or an array of uint8, height x width x 3 (red, green, blue) or height x width. OpenCV
# has blue first: give it ``frame[:, :, ::-1]``.
Picture = Union[str, "os.PathLike[str]", Image.Image, np.ndarray]

# What turns a picture upright, by the orientation in its EXIF data.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_picture(picture: Picture) -> Image.Image:
    """``picture`` with 8 bits a pixel and channel, in mode RGB: not to be changed.

    Raises:
        InputError: it cannot be read, or is no such array.
    """
    if isinstance(picture, np.ndarray):
        return _in_mode(_from_array(picture))
    if isinstance(picture, Image.Image):
        with _reading("the picture"):
            return _convert(picture)
    if not isinstance(picture, (str, os.PathLike)):
        kind = type(picture).__name__
        raise TypeError(f"a picture is a path, a Pillow image or an array, not {kind}")
    with open_file(picture) as file:
        return read_picture(file, picture)


def read_picture(
    file: BinaryIO,
    name: object,
    formats: list[str] | None = None,
    most_pixels: float = math.inf,
) -> Image.Image:
    """The picture in an open file, as ``load_picture`` gives it.

    ``name`` is what errors call it, ``formats`` those of Pillow's that it may have.

    Raises:
        InputError: it cannot be read, or has more than ``most_pixels``.
    """
    with _reading(name), Image.open(file, formats=formats) as opened:
        if opened.width * opened.height > most_pixels:
            raise ValueError(f"has more than {most_pixels:,} pixels")
        upright, turn = _convert(opened), _turn(opened)
        return upright if turn is None else upright.transpose(turn)


@contextmanager
def _reading(name: object) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Of large pictures, damaged EXIF data and transparency that gets lost.
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError:
        raise InputError(f"{name}: is no picture that Pillow can read") from None
    except Exception as error:  # A damaged file makes Pillow raise just anything.
        what = str(error) or type(error).__name__
        raise InputError(f"{name}: {what}") from error


def _convert(picture: Image.Image) -> Image.Image:
    picture.load()
    if picture.mode in ("I", "F"):
        raise ValueError("has pixels of 32 bits: save it with 8 bits a channel")
    if 0 in picture.size:
        raise ValueError("has no pixels")
    if picture.mode.startswith("I;16"):
        # Pillow would clip these to 255 rather than scale them.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return _in_mode(picture)


def _in_mode(picture: Image.Image) -> Image.Image:
    # Even where nothing is to be done, convert() would copy it.
    in_mode = picture.mode == "RGB"
    return picture if in_mode else picture.convert("RGB")


def _turn(picture: Image.Image) -> Image.Transpose | None:
    with suppress(Exception):  # Damaged EXIF data make no picture worthless.
        return TURNS.get(picture.getexif().get(0x0112, 1))
    return None


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype != np.uint8:
        raise InputError(f"an array of {array.dtype}: pixels are uint8, 0 to 255")
    if array.size == 0 or array.ndim < 2 or array.shape[2:] not in ((), (3,)):
        raise InputError(
            f"an array of {list(array.shape)}: a picture is height x width x 3, "
            "or height x width"
        )
    return Image.fromarray(array)
