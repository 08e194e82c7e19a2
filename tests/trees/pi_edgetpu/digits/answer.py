"""From the model's output to classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

CLASSES = 10


class Category(NamedTuple):
    """One line of an answer."""

    label: str
    index: int  # type: ignore[assignment]  # hides the method of tuples
    score: float


def read_categories(
    outputs: list[np.ndarray], labels: list[str], top_k: int, threshold: float
) -> list[Category]:
    """The best classes in outputs of real numbers, ``top_k`` at most, best first.

    Those of at least ``threshold``, if it is not 0. Of equal scores the lower index is
    first.
    """
    scores = outputs[0].reshape(-1).astype(np.float32)
    best = np.argsort(-scores, kind="stable")
    if threshold > 0:
        best = best[scores[best] >= np.float32(threshold)]
    best = best[:top_k]
    return [Category(labels[index], int(index), float(scores[index])) for index in best]
