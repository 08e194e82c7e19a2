"""When an answer is the golden one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from .answer import UNSEEN, read_mask
from .errors import damaged
from .files import FOLDER
from .labels import read_labels
from .picture import load_picture
from .preprocessing import place

# Shares of a mask from which on a class counts: a golden one, and one that is new.
GOLDEN_SHARE, NEW_SHARE = 0.001, 0.01


def find_differences(
    outputs: list[np.ndarray], case: dict[str, Any], agreement: dict[str, float]
) -> list[str]:
    """In what the outputs of a case do not say what its golden mask says.

    Each golden class overlaps its own pixels, and none is new: most pixels of most
    masks are background, and would hide a class that is missing.
    """
    placement = place(load_picture(FOLDER / "golden" / case["picture"]).size)
    actual = read_mask(outputs, placement)
    golden = _read_golden(case["mask"])
    if actual.shape != golden.shape:
        return [f"a mask of {actual.shape}, not {golden.shape}"]
    problems = []
    found = np.bincount(actual.reshape(-1), minlength=UNSEEN + 1)
    expected = np.bincount(golden.reshape(-1), minlength=UNSEEN + 1)
    labels = read_labels()
    golden_labels = {item["index"]: item["label"] for item in case["answers"]}
    for index in range(UNSEEN):
        if expected[index] >= max(1, GOLDEN_SHARE * golden.size):
            common = np.count_nonzero((actual == index) & (golden == index))
            overlap = common / (found[index] + expected[index] - common)
            if overlap < agreement["overlap"]:
                problems.append(f"class {index} overlaps its own by {overlap:.3f}")
        elif not expected[index] and found[index] >= max(1, NEW_SHARE * golden.size):
            problems.append(f"class {index} is new, in {found[index]} pixels")
    for index, label in golden_labels.items():
        if label != (labels[index] if index < len(labels) else None):
            problems.append(f"class {index} is not called {label!r}")
    return problems


def _read_golden(name: str) -> np.ndarray:
    try:
        with Image.open(FOLDER / "golden" / name) as mask:
            return np.asarray(mask.convert("L"))
    except OSError:
        raise damaged(f"golden/{name}", "cannot be read") from None
