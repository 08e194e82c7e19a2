"""Of boxes that overlap, the best one."""

from __future__ import annotations

import numpy as np

MOST_KEPT = 100


def find_corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes [4, N] of centre x, centre y, width, height as [N, 4]: left, top, right, bottom."""
    x, y, width, height = boxes
    half_width, half_height = width / np.float32(2), height / np.float32(2)
    sides = [x - half_width, y - half_height, x + half_width, y + half_height]
    return np.stack(sides, axis=1)


def suppress(boxes: np.ndarray, classes: np.ndarray, iou: float) -> np.ndarray:
    """Non-maximum suppression by class: the places of those that stay, at most 100.

    ``boxes`` [N, 4] stand best first. The best one stays, and those of its class go
    whose intersection with it is above ``iou`` of their union; and so on with the rest.
    """
    left, top, right, bottom = boxes.T
    zero = np.float32(0)
    areas = np.maximum(right - left, zero) * np.maximum(bottom - top, zero)
    is_left = np.ones(len(areas), bool)
    kept: list[int] = []
    while len(kept) < MOST_KEPT and is_left.any():
        best = int(is_left.argmax())
        kept.append(best)
        across = np.minimum(right, right[best]) - np.maximum(left, left[best])
        down = np.minimum(bottom, bottom[best]) - np.maximum(top, top[best])
        common = np.maximum(across, zero) * np.maximum(down, zero)
        is_covered = common > np.float32(iou) * (areas + areas[best] - common)
        is_left &= ~(is_covered & (classes == classes[best]))
        is_left[best] = False
    return np.array(kept, np.int64)
