"""What all drawings need."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from .console import printable

LONGEST_NAME = 30


def stroke(image: Image.Image) -> int:
    """How wide lines are on a picture of this size."""
    return max(2, round(sum(image.size) / 600))


def font_for(image: Image.Image) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Letters that can be read on a picture of this size."""
    return _font(max(12, round(sum(image.size) / 90)))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    try:
        return ImageFont.load_default(size)
    except TypeError:  # Pillow 9, the last for Python 3.7, has letters of one size.
        return ImageFont.load_default()


def line_height(image: Image.Image) -> int:
    """How high a patch of text is: the same whichever letters it holds."""
    _, top, _, bottom = font_for(image).getbbox("Ág")
    return round(bottom - top) + 2 * stroke(image)


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
    margin, top = stroke(image), font.getbbox("Ág")[1]
    width, height = right - left + 2 * margin, line_height(image)
    x = max(0, min(at[0], image.width - width))
    y = max(0, min(at[1] - height, image.height - height))
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=color)
    # Black on what is bright, white on what is dark, as the eye weighs colours.
    brightness = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]
    ink = (0, 0, 0) if brightness > 127 else (255, 255, 255)
    draw.text((x + margin - left, y + margin - top), shown, fill=ink, font=font)
