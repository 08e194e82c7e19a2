"""What all drawings need."""

from __future__ import annotations

import argparse
import os

from PIL import Image, ImageDraw, ImageFont

from .console import printable
from .errors import InputError

LONGEST_NAME = 30


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


def stroke(image: Image.Image) -> int:
    """How wide lines are on a picture of this size."""
    return max(2, round(sum(image.size) / 600))


def font_for(image: Image.Image) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Letters that can be read on a picture of this size."""
    try:
        return ImageFont.load_default(max(12, round(sum(image.size) / 90)))
    except TypeError:  # Pillow 9, the last for Python 3.7, has letters of one size.
        return ImageFont.load_default()


def draw_text(
    image: Image.Image,
    at: tuple[float, float],
    name: str,
    value: str,
    color: tuple[int, ...],
) -> None:
    """Name and value on a patch of ``color``, its lower left corner at ``at`` if it fits.

    A long name is cut.
    """
    draw, font = ImageDraw.Draw(image), font_for(image)
    shown = printable(name)
    if len(shown) > LONGEST_NAME:
        shown = shown[: LONGEST_NAME - 1] + "…"
    shown = f"{shown} {value}".strip()
    if not isinstance(font, ImageFont.FreeTypeFont):  # It has Latin letters only.
        shown = shown.encode("latin-1", "replace").decode("latin-1")
    left, _, right, _ = font.getbbox(shown)
    # Patches are of one height, whichever letters they hold.
    _, top, _, bottom = font.getbbox("Ág")
    margin = stroke(image)
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    x = max(0, min(at[0], image.width - width))
    y = max(0, min(at[1] - height, image.height - height))
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=color)
    # Black on what is bright, white on what is dark, as the eye weighs colours.
    brightness = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]
    ink = (0, 0, 0) if brightness > 127 else (255, 255, 255)
    draw.text((x + margin - left, y + margin - top), shown, fill=ink, font=font)
