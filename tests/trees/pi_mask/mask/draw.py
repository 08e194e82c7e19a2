"""A mask, drawn over its picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .answer import UNSEEN, Segmentation
from .drawing import draw_text, font_for, stroke


def draw_answer(picture: Image.Image, found: Segmentation) -> Image.Image:
    """A copy of the picture under the colours of its classes, with a legend below."""
    colors = _colors()
    plain = np.asarray(picture.convert("RGB")).astype(np.uint16)
    mixed = (plain + colors[found.mask] + 1) // 2
    # Where there is no class the picture stays as it is.
    mixed = np.where((found.mask == UNSEEN)[..., np.newaxis], plain, mixed)
    drawn = Image.fromarray(mixed.astype(np.uint8))

    most = found.mask.size
    names = [item.label or f"class {item.index}" for item in found.classes]
    line = round(font_for(drawn).getbbox("Ág")[3]) + 3 * stroke(drawn)
    image = Image.new("RGB", (drawn.width, drawn.height + line * len(names)))
    image.paste(drawn)
    for row, (item, name) in enumerate(zip(found.classes, names), start=1):
        at = (0, drawn.height + line * row)
        color = tuple(colors[item.index].tolist())
        image.paste(color, (0, at[1] - line, image.width, at[1]))
        draw_text(image, at, name, f"{item.pixels / most:.1%}", color)
    return image


def _colors() -> np.ndarray:
    """PASCAL VOC's colours, uint8 [256, 3]: the bits of a class number in turn.

    The lowest ones become the highest bits of red, green and blue, and so on.
    """
    classes = np.arange(256)[:, np.newaxis]
    parts = np.zeros((256, 3), np.uint8)
    for step in range(8):
        bits = (classes >> (3 * step + np.arange(3))) & 1
        parts |= (bits << (7 - step)).astype(np.uint8)
    return parts
