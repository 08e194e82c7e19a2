"""The best classes, drawn over their picture."""

from __future__ import annotations

from PIL import Image

from .answer import Category
from .drawing import draw_text, line_height

COLOR = (0, 230, 118)


def draw_answer(picture: Image.Image, found: list[Category]) -> Image.Image:
    """A copy of the picture with the classes that fit in, from its upper left corner."""
    image = picture.convert("RGB")  # a copy, whatever it was
    height = line_height(image)
    for row, category in enumerate(found[: max(1, image.height // height)], start=1):
        at = (0, row * height)
        draw_text(image, at, category.label, f"{category.score:.2f}", COLOR)
    return image
