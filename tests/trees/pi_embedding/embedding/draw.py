"""The first numbers of each output, drawn over their picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .drawing import draw_text, line_height

COLOR = (0, 230, 118)
# Of each output.
MOST_NUMBERS = 4


def draw_answer(picture: Image.Image, found: dict[str, np.ndarray]) -> Image.Image:
    """A copy of the picture with the outputs that fit in, from its upper left corner."""
    image = picture.convert("RGB")  # a copy, whatever it was
    height = line_height(image)
    rows = [*found.items()][: max(1, image.height // height)]
    for row, (name, array) in enumerate(rows, start=1):
        first = array.reshape(-1)[:MOST_NUMBERS]
        shown = " ".join(f"{value:.3g}" for value in first.tolist())
        shown += " …" * (array.size > MOST_NUMBERS)
        draw_text(image, (0, row * height), name, shown, COLOR)
    return image
