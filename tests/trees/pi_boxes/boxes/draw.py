"""Detections, drawn over their picture."""

from __future__ import annotations

import colorsys

from PIL import Image, ImageDraw

from .answer import Detection
from .drawing import draw_text, stroke


def draw_answer(picture: Image.Image, found: list[Detection]) -> Image.Image:
    """A copy of the picture with a box and a label for each; the best ones on top."""
    image = picture.convert("RGB")  # a copy, whatever it was
    draw, width = ImageDraw.Draw(image), stroke(image)
    for item in reversed(found):
        left, top, right, bottom = item.box
        # Corners are whole pixels; those of a box at the edge belong to the picture.
        corners = (
            round(left),
            round(top),
            max(round(left), min(round(right), image.width - 1)),
            max(round(top), min(round(bottom), image.height - 1)),
        )
        draw.rectangle(corners, outline=_color(item.index), width=width)
    for item in reversed(found):
        name = item.label or f"class {item.index}"
        at = (round(item.box[0]), round(item.box[1]))
        draw_text(image, at, name, f"{item.score:.2f}", _color(item.index))
    return image


def _color(index: int) -> tuple[int, ...]:
    """A bright colour of its own for each class: hues that lie far apart."""
    hue = (0.33 + index * 0.618034) % 1
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 1.0))
