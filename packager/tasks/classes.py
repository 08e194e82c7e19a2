"""Classes: a score for each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.errors import MetadataError
from packager.metadata.plan import LABELS
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.tasks import Activation, AnswerKind
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.quantization import dequantize
from packager.terminal import counted

GOLDEN_CLASSES = 3


@dataclass(frozen=True)
class Labels:
    """The default labels in the order of the classes, and ``translations`` as (locale, labels) pairs."""

    default: tuple[str, ...] = ()
    translations: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read_labels(metadata: ModelMetadata) -> Labels:
    """The labels of the first output that has any."""
    for item in metadata.outputs:
        labels = item.labels()
        if labels is not None:
            found = ((locale, item.labels(locale)) for locale in item.locales)
            return Labels(labels, tuple((locale, texts) for locale, texts in found if texts is not None))
    return Labels()


def classes_answer(model: Model, metadata: ModelMetadata) -> Classes:
    """The classes of a model with one output.

    Raises:
        MetadataError: it has more, or other than its labels are for.
    """
    if len(model.outputs) != 1:
        raise MetadataError(
            "a classifier has one output",
            where=model.path,
            fix="Attach metadata that fits: packager metadata attach --help",
        )
    tensor, labels = model.outputs[0], read_labels(metadata)
    if len(labels.default) != tensor.size:
        what = f"{counted(len(labels.default), 'label')} for {counted(tensor.size, 'class/classes')}"
        raise MetadataError(
            f"its metadata holds {what}",
            where=model.path,
            fix=("Attach the right ones with ", LABELS, ": packager metadata attach --help"),
        )
    return Classes(tensor, labels, metadata.activation, metadata.threshold or 0.0)


@dataclass(frozen=True)
class Category:
    """One line of a classification, ``score`` in real numbers."""

    label: str
    index: int
    score: float


@dataclass(frozen=True)
class Classes(Answer[tuple[Category, ...]]):
    """The scores in the output ``tensor`` (the model's first), whose last axis has an item for each label."""

    kind = AnswerKind.CLASSES

    tensor: Tensor
    labels: Labels
    activation: Activation
    threshold: float

    def read(self, outputs: Sequence[Array], placement: Placement | None = None) -> tuple[Category, ...]:
        """All classes, best first; of equal scores the lower index first."""
        scores = dequantize(outputs[0].reshape(-1), self.tensor)
        best = np.argsort(-scores, kind="stable")
        return tuple(Category(self.labels.default[index], int(index), float(scores[index])) for index in best)

    def to_json(self, answer: tuple[Category, ...]) -> list[Any]:
        """The best three."""
        return [{"label": item.label, "index": item.index, "score": item.score} for item in answer[:GOLDEN_CLASSES]]

    def agreement(self, score: float) -> Mapping[str, float]:
        """How far the score of a class may be off."""
        return {"score": score}

    def find_differences(
        self, actual: tuple[Category, ...], golden: tuple[Category, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By the golden best classes and their scores."""
        raise NotImplementedError

    def find_weakness(self, answers: Sequence[tuple[Category, ...]]) -> str | None:
        """Nothing."""
        raise NotImplementedError
