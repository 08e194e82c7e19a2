"""When an answer is the golden one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .answer import CLASSES, read_categories
from .labels import read_labels


def find_differences(
    outputs: list[np.ndarray], case: dict[str, Any], agreement: dict[str, float]
) -> list[str]:
    """In what the outputs of a case do not say what its golden answers say.

    Each golden class has its score, and none is clearly better than their best: two
    that score nearly the same may change places.
    """
    within = agreement["score"]
    actual = read_categories(outputs, read_labels(), CLASSES, 0)
    scores = {(item.label, item.index): item.score for item in actual}
    problems = []
    for golden in case["answers"]:
        score = scores.get((golden["label"], golden["index"]))
        if score is None:
            problems.append(f"no class {golden['index']} is {golden['label']!r}")
        elif not abs(score - golden["score"]) <= within:
            expected = f"{golden['score']:.4f}"
            problems.append(f"{golden['label']!r} scores {score:.4f}, not {expected}")
    if case["answers"] and actual[0].score > case["answers"][0]["score"] + 2 * within:
        problems.append(f"answers {actual[0].label!r} ({actual[0].score:.4f})")
    return problems
