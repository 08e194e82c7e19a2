"""What the commands for pictures share: options, answers, and these as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from .answer import Segmentation
from .batch import add_model_options
from .labels import LOCALES
from .model import MaskSegmenter
from .preprocessing import Given


def add_options(parser: argparse.ArgumentParser) -> None:
    """What changes the answers, and what runs the model."""
    parser.add_argument(
        "--locale", choices=LOCALES, default="", help="the language of the labels"
    )
    add_model_options(parser)


class Task:
    """The model with the options that were given."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.model = MaskSegmenter(
            arguments.threads,
            arguments.locale,
        )

    def answer(self, picture: Given) -> Segmentation:
        """The class of each pixel of a picture."""
        return self.model.segment(picture)


def to_document(found: Segmentation) -> dict[str, Any]:
    """What JSON holds of an answer."""
    height, width = found.mask.shape
    classes = [item._asdict() for item in found.classes]
    return {"width": width, "height": height, "classes": classes}
