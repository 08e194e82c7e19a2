"""Classes: a score for each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.errors import MetadataError
from packager.metadata.annotation import ACTIVATION, LABELS
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.settings import Example, Text
from packager.tasks import Activation, AnswerKind
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.quantization import dequantize
from packager.tasks.scores import REAL_SAMPLES, activate
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


def labels_misfit(model: Model, labels: int, expected: str) -> MetadataError:
    """The error for ``model``'s so many labels, where it takes as many as ``expected`` ("10 classes") says."""
    return MetadataError(
        f"its metadata holds {counted(labels, 'label')} for {expected}",
        where=model.path,
        fix=("Attach the right ones with ", LABELS, ": packager metadata attach --help"),
    )


def classes_answer(model: Model, metadata: ModelMetadata) -> Classes:
    """The classes in the first output that has labels.

    Raises:
        MetadataError: no output has any, or it has other than its labels are for.
    """
    labels = read_labels(metadata)
    output = next((index for index, item in enumerate(metadata.outputs) if item.labels() is not None), 0)
    tensor = model.outputs[output]
    if len(labels.default) != tensor.size:
        raise labels_misfit(model, len(labels.default), counted(tensor.size, "class/classes"))
    return Classes(output, tensor, labels, metadata.activation, metadata.threshold or 0.0)


@dataclass(frozen=True)
class Category:
    """One line of a classification, ``score`` in real numbers."""

    label: str
    index: int
    score: float


@dataclass(frozen=True)
class Classes(Answer[tuple[Category, ...]]):
    """The scores in ``tensor``, the model's output of the number ``output``: an item for each label.

    ``activation`` makes scores of its items; those below ``threshold`` are left out, and none where that is 0.
    """

    kind = AnswerKind.CLASSES

    output: int
    tensor: Tensor
    labels: Labels
    activation: Activation
    threshold: float

    def read(self, outputs: Sequence[Array], placement: Placement | None = None) -> tuple[Category, ...]:
        """The classes of at least ``threshold``, best first; of equal scores the lower index first, NaN last."""
        best, scores = self.rank(outputs)
        return tuple(Category(self.labels.default[index], int(index), float(scores[index])) for index in best)

    def rank(self, outputs: Sequence[Array]) -> tuple[Array, Array]:
        """The numbers of the classes in the answer, in its order, and the scores of all of them (float32)."""
        scores = activate(dequantize(outputs[self.output].reshape(-1), self.tensor), self.activation)
        best = np.argsort(-scores, kind="stable")
        if self.threshold > 0:
            best = best[scores[best] >= np.float32(self.threshold)]
        return best, scores

    def to_json(self, answer: tuple[Category, ...]) -> list[Any]:
        """The best three."""
        return [{"label": item.label, "index": item.index, "score": item.score} for item in answer[:GOLDEN_CLASSES]]

    def agreement(self, share: float, answers: Sequence[tuple[Category, ...]]) -> Mapping[str, float]:
        """How far the score of a class may be off.

        ``share`` of 256 counts of a quantized output, else of the largest golden score or of 1. What an activation
        made is of 0 to 1 as if the graph ended in it; a thousandth more is what floats of logits up to 20 add.
        """
        if self.activation is not Activation.NONE:
            return {"score": share + 1e-3}
        if self.tensor.affine is not None:
            return {"score": share * 256 * self.tensor.affine.scale + 1e-6}
        return {"score": share * max([1.0, *(item.score for answer in answers for item in answer[:1])]) + 1e-6}

    def find_differences(
        self, actual: tuple[Category, ...], golden: tuple[Category, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By the golden best three and their scores; no other class may be clearly better than the best of them."""
        within = agreement["score"]
        scores = {(item.index, item.label): item.score for item in actual}
        differences = []
        for item in golden[:GOLDEN_CLASSES]:
            score = scores.get((item.index, item.label))
            if score is None and item.score > self.threshold + within:
                differences.append(f"{item.label} ({item.score:.4g}) is missing")
            elif score is not None and not abs(score - item.score) <= within:
                differences.append(f"{item.label} has {score:.4g}, golden {item.score:.4g}")
        best = golden[0].score if golden else self.threshold
        if actual and actual[0].score > best + 2 * within:
            differences.append(f"{actual[0].label} has {actual[0].score:.4g}, above the golden best")
        return tuple(differences)

    def find_weakness(self, answers: Sequence[tuple[Category, ...]]) -> tuple[str, Text] | None:
        """Whether there is no class in any case, or scores that are none."""
        scores = [item.score for answer in answers for item in answer]
        if not scores:
            return f"no golden case has a class with a score of {self.threshold:g} or more", REAL_SAMPLES
        if self.activation is Activation.NONE and not -1e-3 <= min(scores) <= max(scores) <= 1 + 1e-3:
            return (
                f"its golden scores are from {min(scores):.3g} to {max(scores):.3g}, so the model ends in logits",
                (
                    "Attach what makes scores of them: ",
                    Example.of((ACTIVATION, Activation.SOFTMAX)),
                    " where one class is right, ",
                    Example.of((ACTIVATION, Activation.SIGMOID)),
                    " where each may be.",
                ),
            )
        return None
