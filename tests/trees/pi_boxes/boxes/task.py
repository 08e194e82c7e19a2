"""What the commands for pictures share: options, answers, and these as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from .answer import Detection
from .batch import add_model_options
from .console import number
from .labels import LOCALES
from .model import IOU, THRESHOLD, BoxesDetector
from .preprocessing import Given


def add_options(parser: argparse.ArgumentParser) -> None:
    """What changes the answers, and what runs the model."""
    parser.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=THRESHOLD,
        metavar="SCORE",
        help=f"leave out what scores less (default: {THRESHOLD})",
    )
    parser.add_argument(
        "--iou",
        type=number(float, 0, 1),
        default=IOU,
        metavar="SHARE",
        help=f"leave out what overlaps a better one by more than this (default: {IOU})",
    )
    parser.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    add_model_options(parser)


class Task:
    """The model with the options that were given."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.model = BoxesDetector(
            arguments.threads,
            arguments.locale,
        )

    def answer(self, picture: Given) -> list[Detection]:
        """What is in a picture, best first."""
        given = self._arguments
        return self.model.detect(picture, given.threshold, given.iou)


def to_document(found: list[Detection]) -> dict[str, Any]:
    """What JSON holds of an answer."""
    return {"detections": [item._asdict() for item in found]}
