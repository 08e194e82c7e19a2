"""What the commands for pictures share: options, answers, and these as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from .answer import Pose
from .batch import add_model_options
from .console import number
from .model import THRESHOLD, KeypointsPoseEstimator
from .preprocessing import Given


def add_options(parser: argparse.ArgumentParser) -> None:
    """What changes the answers, and what runs the model."""
    parser.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=THRESHOLD,
        metavar="SCORE",
        help=f"leave out poses that score less (default: {THRESHOLD})",
    )
    add_model_options(parser)


class Task:
    """The model with the options that were given."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self.model = KeypointsPoseEstimator(
            arguments.threads,
        )

    def answer(self, picture: Given) -> list[Pose]:
        """The points of those in a picture, best first."""
        return self.model.estimate(picture, self._arguments.threshold)


def to_document(found: list[Pose]) -> dict[str, Any]:
    """What JSON holds of an answer."""
    poses = [
        {"score": item.score, "keypoints": [it._asdict() for it in item.keypoints]}
        for item in found
    ]
    return {"poses": poses}
