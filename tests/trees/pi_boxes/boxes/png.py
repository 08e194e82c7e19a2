"""Pictures that are written as the command line says."""

from __future__ import annotations

import argparse
import os

from PIL import Image

from .errors import InputError


def add_png(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    """An option that names a PNG to write."""
    parser.add_argument(option, type=_png_name, metavar="OUT.png", help=what)


def _png_name(text: str) -> str:
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .png")
    return text


def write_png(image: Image.Image, path: str, source: str) -> None:
    """Write ``image``, unless over the picture ``source`` that it was made from.

    Raises:
        InputError: it cannot be written.
    """
    if os.path.exists(path) and os.path.samefile(path, source):
        raise InputError(f"{path}: is the picture itself; write to another file")
    try:
        image.save(path, "PNG")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
