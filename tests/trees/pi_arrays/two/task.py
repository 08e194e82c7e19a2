"""What the commands that classify share: options, answers, and these as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from .answer import CLASSES, Category
from .console import number
from .model import TwoClassifier
from .preprocessing import Given
from .runtime import MOST_THREADS


def add_options(parser: argparse.ArgumentParser) -> None:
    """What changes the answers, and what runs the model."""
    parser.add_argument(
        "--top-k",
        type=number(int, 1, CLASSES),
        default=3,
        metavar="K",
        help=f"how many classes, 1 to {CLASSES} (default: 3)",
    )
    parser.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=0.0,
        metavar="SCORE",
        help="leave out classes below this score (default: 0.0)",
    )
    parser.add_argument(
        "--threads",
        type=number(int, 1, MOST_THREADS),
        default=1,
        metavar="N",
        help="CPU threads (default: 1)",
    )


class Task:
    """The model with the options that were given."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.model = TwoClassifier(
            arguments.threads,
        )

    def answer(self, array: Given) -> list[Category]:
        """The best classes for an array for each input, best first."""
        given = self._arguments
        return self.model.classify(array, given.top_k, given.threshold)


def to_document(found: list[Category]) -> dict[str, Any]:
    """What JSON holds of an answer."""
    return {"results": [category._asdict() for category in found]}
