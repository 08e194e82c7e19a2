"""What the commands for pictures share: options, answers, and these as JSON."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .batch import add_model_options
from .model import EmbeddingEmbedder
from .preprocessing import Given


def add_options(parser: argparse.ArgumentParser) -> None:
    """What changes the answers, and what runs the model."""
    add_model_options(parser)


class Task:
    """The model with the options that were given."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.model = EmbeddingEmbedder(
            arguments.threads,
        )

    def answer(self, picture: Given) -> dict[str, np.ndarray]:
        """The outputs for a picture by name."""
        return self.model.embed(picture)


def to_document(found: dict[str, np.ndarray]) -> dict[str, Any]:
    """What JSON holds of an answer."""
    return {"outputs": {name: array.tolist() for name, array in found.items()}}
