"""When an answer is the golden one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .answer import Detection, read_detections
from .files import FOLDER
from .labels import read_labels
from .picture import load_picture
from .preprocessing import place

# What the golden answers were made with, whatever a caller takes.
GOLDEN_IOU = 0.45


def find_differences(
    outputs: list[np.ndarray], case: dict[str, Any], agreement: dict[str, float]
) -> list[str]:
    """In what the outputs of a case do not say what its golden answers say.

    Each golden detection takes the one of its class that overlaps it best, never that
    of its rank. One that finds none counts only if its score is well above the
    threshold.
    """
    within, least = agreement["score"], agreement["overlap"]
    certain = agreement["threshold"] + within
    picture = load_picture(FOLDER / "golden" / case["picture"])
    left = read_detections(
        outputs,
        place(picture.size),
        read_labels(),
        agreement["threshold"],
        GOLDEN_IOU,
    )
    problems = []
    for item in case["answers"]:
        golden = Detection(**{**item, "box": tuple(item["box"])})
        overlaps = [
            _overlap(golden.box, actual.box)
            if (actual.index, actual.label) == (golden.index, golden.label)
            and abs(actual.score - golden.score) <= within
            else 0.0
            for actual in left
        ]
        best = max(overlaps, default=0.0)
        if best >= least:
            del left[overlaps.index(best)]
        elif golden.score > certain:
            problems.append(f"no {_words(golden)}")
    problems += [f"{_words(item)} is new" for item in left if not item.score <= certain]
    return problems


def _words(item: Detection) -> str:
    box = ", ".join(f"{side:.1f}" for side in item.box)
    return f"{item.label or item.index!r} ({item.score:.4f}) at {box}"


def _overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """The intersection over union of two boxes."""
    if not all(map(math.isfinite, (*first, *second))):
        return 0.0
    across = max(0.0, min(first[2], second[2]) - max(first[0], second[0]))
    down = max(0.0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [
        max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) for box in (first, second)
    ]
    union = sum(areas) - across * down
    # Two boxes without area are one where they lie at the edge.
    return across * down / union if union > 0 else float(areas == [0, 0])
