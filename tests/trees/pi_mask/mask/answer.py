"""From the model's output to a class for each pixel of the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .preprocessing import HEIGHT, WIDTH, Placement

# In a mask: what the model was not shown.
UNSEEN = 255


class ClassPixels(NamedTuple):
    """A class that occurs in a mask, and in how many pixels."""

    label: str | None
    index: int  # type: ignore[assignment]  # hides the method of tuples
    pixels: int


@dataclass(frozen=True)
class Segmentation:
    """``mask`` is uint8 [height, width] of class numbers in the picture's own size.

    It is ``UNSEEN`` where the model did not look, or gave no class.
    ``classes`` are those that occur, in their order.
    """

    mask: np.ndarray = field(repr=False)
    classes: list[ClassPixels]


def read_segmentation(
    outputs: list[np.ndarray],
    placement: Placement,
    labels: list[str],
) -> Segmentation:
    """The class of each pixel of the picture, and which ones there are."""
    mask = read_mask(outputs, placement)
    pixels = np.bincount(mask.reshape(-1), minlength=UNSEEN + 1)[:UNSEEN]
    classes = []
    for index in np.flatnonzero(pixels).tolist():
        label = labels[index] if index < len(labels) else None
        classes.append(ClassPixels(label, index, int(pixels[index])))
    return Segmentation(mask, classes)


def read_mask(outputs: list[np.ndarray], placement: Placement) -> np.ndarray:
    """The mask in the picture's own size: each pixel takes the class of the nearest."""
    # The best class; of equal scores the lowest.
    scores = outputs[0].reshape(12, 12, 3)
    classes = scores.argmax(axis=2).astype(np.uint8)
    left, top, right, bottom = placement.box
    x, y, width, height = placement.fitted
    columns = _nearest(right - left, x, width, WIDTH, 12)
    rows = _nearest(bottom - top, y, height, HEIGHT, 12)
    mask = np.full(placement.size[::-1], UNSEEN, np.uint8)
    mask[top:bottom, left:right] = classes[rows[:, np.newaxis], columns]
    return mask


def _nearest(
    count: int, start: int, fitted: int, size: int, mask_size: int
) -> np.ndarray:
    """For each of ``count`` pixels of the picture, along one axis, the one of the mask.

    They lie in ``fitted`` pixels of the input, from ``start`` on, and its ``size`` in
    ``mask_size`` of the mask; the middle of a pixel says where.
    """
    # Numbers beyond 32 bits, which NumPy takes for integers on some systems.
    middles = (2 * np.arange(count, dtype=np.int64) + 1) * fitted + 2 * count * start
    return middles * mask_size // (2 * count * size)
