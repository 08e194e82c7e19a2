"""Boxes: what a detector found, and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.errors import MetadataError
from packager.metadata.annotation import AS_TENSORS, HEAD
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.settings import Text
from packager.tasks import Activation, AnswerKind, Head, Task
from packager.tasks.classes import Labels, labels_misfit, read_labels
from packager.tasks.heads import HEADS, class_count, find_heads, head_fits, image_layout, ssd_roles
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.quantization import dequantize
from packager.tasks.scores import REAL_SAMPLES, activate
from packager.terminal import counted

DEFAULT_THRESHOLD = 0.25
DEFAULT_IOU = 0.45
# Detections in an answer, and candidates that are looked at for them, the best ones.
MOST_DETECTIONS = 100
MOST_CANDIDATES = 1000
# Beyond it a coordinate is no fraction of the picture but a pixel: boxes reach a little over its edges.
LARGEST_FRACTION = 2.0


@dataclass(frozen=True)
class Detection:
    """One object; ``box`` is (left, top, right, bottom) in the upright picture's pixels. ``label`` may be missing."""

    label: str | None
    index: int
    score: float
    box: tuple[float, float, float, float]


def choose_head(model: Model, metadata: ModelMetadata, task: Task, classes: int | None) -> Head:
    """The head that the metadata name, or the only one that the outputs' shapes allow.

    Raises:
        MetadataError: the outputs are laid out otherwise, or in more than one way.
    """
    heads = find_heads(model, task, classes)
    shapes = " and ".join(str(list(tensor.shape)) for tensor in model.outputs[:5])
    if metadata.head is None and len(heads) > 1:
        raise MetadataError(
            f"its output {shapes} could be that of the heads {' and '.join(heads)}, and its metadata names none",
            where=model.path,
            fix=("Attach the one that the model was made with, ", HEAD, ": packager metadata attach --help"),
        )
    if metadata.head is None and heads:
        return heads[0]
    if metadata.head not in HEADS[task.answer] or not head_fits(model, metadata.head):
        head = "any head" if metadata.head is None else f"the head {metadata.head}"
        raise MetadataError(
            f"its outputs {shapes} are not those of {head} for {task}",
            where=model.path,
            fix=("Attach metadata that fits, or attach it with ", AS_TENSORS, ": packager metadata attach --help"),
        )
    return metadata.head


def boxes_answer(model: Model, metadata: ModelMetadata) -> Boxes:
    """The boxes of a detector that takes a picture.

    Raises:
        MetadataError: its outputs are laid out in no known way, in more than one, or for other labels.
    """
    labels = read_labels(metadata)
    head = choose_head(model, metadata, Task.OBJECT_DETECTION, len(labels.default) or None)
    roles = (ssd_roles(model) if head is Head.SSD else None) or (0,)
    classes = class_count(model, head, roles)
    if classes and labels.default and len(labels.default) != classes:
        raise labels_misfit(model, len(labels.default), counted(classes, "class/classes"))
    layout = image_layout(model.inputs[0])
    assert layout is not None, "an image input has been found"
    return Boxes(
        head=head,
        outputs=model.outputs,
        roles=roles,
        class_count=classes,
        labels=labels,
        activation=metadata.activation,
        threshold=DEFAULT_THRESHOLD if metadata.threshold is None else metadata.threshold,
        iou=DEFAULT_IOU if metadata.iou is None else metadata.iou,
        input_size=(layout.width, layout.height),
    )


@dataclass(frozen=True)
class _Candidates:
    """Boxes [N, 4] (left, top, right, bottom) as float32 pixels of the input, with scores and class numbers [N]."""

    boxes: Array
    scores: Array
    classes: Array

    def take(self, places: Array) -> _Candidates:
        return _Candidates(self.boxes[places], self.scores[places], self.classes[places])

    def best(self, most: int) -> _Candidates:
        """The best ones, best first; of equal scores the first."""
        return self.take(np.argsort(-self.scores, kind="stable")[:most])


@dataclass(frozen=True)
class Boxes(Answer[tuple[Detection, ...]]):
    """A detector's ``outputs`` (all of the model's), laid out as ``head`` says.

    ``roles`` are the indices of the outputs that hold boxes, classes, scores and their number for an ``ssd``, (0,)
    for every other head. ``class_count`` is 0 where nothing tells it. ``activation`` is of the scores of ``yolo-v5``
    (whose objectness sigmoid makes, where any is set), ``yolo-v8`` and ``fomo``; others are finished.
    ``input_size`` (width, height) is that of the model's input.
    """

    kind = AnswerKind.BOXES

    head: Head
    outputs: tuple[Tensor, ...]
    roles: tuple[int, ...]
    class_count: int
    labels: Labels
    activation: Activation
    threshold: float
    iou: float
    input_size: tuple[int, int]

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> tuple[Detection, ...]:
        """The detections of at least ``threshold``, best first, at most 100.

        What is no number, or of no class, is none. YOLO v5 and v8 give overlapping candidates: the best 1,000 go
        through ``suppress``.
        """
        place = placement or Placement.whole(self.input_size)
        real = [dequantize(outputs[role], self.outputs[role]) for role in self.roles]
        decode = _DECODERS[self.head]
        with np.errstate(all="ignore"):  # of infinite boxes, which no golden case has
            found = decode(self, *real).best(MOST_CANDIDATES)
            if self.head in (Head.YOLO_V5, Head.YOLO_V8):
                found = found.take(suppress(found.boxes, found.classes, self.iou))
            found = found.best(MOST_DETECTIONS)
            left, top = place.to_picture(found.boxes[:, 0], found.boxes[:, 1])
            right, bottom = place.to_picture(found.boxes[:, 2], found.boxes[:, 3])
        boxes = np.stack([left, top, right, bottom], axis=1).tolist()
        labels = dict(enumerate(self.labels.default))
        return tuple(
            Detection(labels.get(index), index, score, (box[0], box[1], box[2], box[3]))
            for index, score, box in zip(found.classes.tolist(), found.scores.tolist(), boxes, strict=True)
        )

    def to_json(self, answer: tuple[Detection, ...]) -> list[Any]:
        """All detections."""
        return [
            {"label": item.label, "index": item.index, "score": item.score, "box": list(item.box)} for item in answer
        ]

    def agreement(self, share: float, _answers: Sequence[tuple[Detection, ...]]) -> Mapping[str, float]:
        """How far scores (of 0 to 1) may be off, from which score on there is an answer, how much boxes must overlap.

        Sides that are each off by ``share`` of a box leave an overlap of about 1 - 4 * share.
        """
        return {
            "score": share + 1e-6,
            "threshold": self.threshold,
            "overlap": max(0.5, 0.95 - 4 * share),
        }

    def find_differences(
        self, actual: tuple[Detection, ...], golden: tuple[Detection, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By class and overlap, never by rank: each golden detection takes the best overlapping one that is left.

        One that finds no other counts only where its score is clearly beyond the threshold.
        """
        within, certain = agreement["score"], agreement["threshold"] + agreement["score"]
        left = list(actual)
        differences = []
        for item in golden:
            fitting = [
                (overlap(item.box, other.box), -place)
                for place, other in enumerate(left)
                if (other.index, other.label) == (item.index, item.label) and abs(other.score - item.score) <= within
            ]
            best, place = max(fitting, default=(0.0, 0))
            if best >= agreement["overlap"]:
                del left[-place]
            elif item.score > certain:
                differences.append(f"{_words(item)} is missing")
        # Written so that a score that is no number counts.
        differences += [f"{_words(item)} is not golden" for item in left if not item.score <= certain]
        return tuple(differences)

    def find_weakness(self, answers: Sequence[tuple[Detection, ...]]) -> tuple[str, Text] | None:
        """Whether nothing was found in any case."""
        if any(answers):
            return None
        return f"no golden case has a detection with a score of {self.threshold:g} or more", REAL_SAMPLES


def _words(item: Detection) -> str:
    name = item.label or f"class {item.index}"
    return f"{name} ({item.score:.4g}) at {', '.join(f'{side:.1f}' for side in item.box)}"


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """The intersection over union of two boxes (left, top, right, bottom); 1 where both are empty, 0 for NaN."""
    if not all(map(math.isfinite, (*first, *second))):
        return 0.0
    across = max(0.0, min(first[2], second[2]) - max(first[0], second[0]))
    down = max(0.0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) for box in (first, second)]
    union = sum(areas) - across * down
    return across * down / union if union > 0 else float(areas == [0, 0])


def suppress(boxes: Array, classes: Array, iou: float) -> Array:
    """Class-wise non-maximum suppression: the places of those of ``boxes`` [N, 4] that stay, at most 100.

    They stand best first, and may reach over the picture's edges. Greedy: the best one stays, and those of its class
    go whose intersection with it is above iou * union (float32); and so on with what is left.
    """
    left, top, right, bottom = boxes.T
    zero = np.float32(0)
    areas = np.maximum(right - left, zero) * np.maximum(bottom - top, zero)
    is_left = np.ones(len(areas), bool)
    kept: list[int] = []
    while len(kept) < MOST_DETECTIONS and is_left.any():
        best = int(is_left.argmax())
        kept.append(best)
        across = np.maximum(np.minimum(right, right[best]) - np.maximum(left, left[best]), zero)
        down = np.maximum(np.minimum(bottom, bottom[best]) - np.maximum(top, top[best]), zero)
        common = across * down
        covers = common > np.float32(iou) * (areas + areas[best] - common)
        is_left &= ~(covers & (classes == classes[best]))
        is_left[best] = False
    return np.array(kept, np.int64)


def input_scale(boxes: Array, size: tuple[int, int]) -> tuple[np.float32, np.float32]:
    """What makes pixels of the input of the coordinates ``boxes`` of all candidates: 1 where one is above 2."""
    is_pixels = bool((boxes > LARGEST_FRACTION).any())
    return (np.float32(1), np.float32(1)) if is_pixels else (np.float32(size[0]), np.float32(size[1]))


def corners(boxes: Array, scale: tuple[np.float32, np.float32]) -> Array:
    """Boxes [4, N] of centre x, centre y, width and height as [N, 4] of left, top, right, bottom.

    ``scale`` makes pixels of the input of them at the end: ``(x - width / 2) * W``.
    """
    x, y, width, height = boxes
    half_width, half_height = width / np.float32(2), height / np.float32(2)
    sides = (x - half_width, y - half_height, x + half_width, y + half_height)
    return np.stack([side * scale[place % 2] for place, side in enumerate(sides)], axis=1)


def _decode_yolo_v8(kind: Boxes, output: Array) -> _Candidates:
    rows = output[0]
    return _decode_yolo(kind, rows[:4], activate(rows[4:], kind.activation, axis=0), None)


def _decode_yolo_v5(kind: Boxes, output: Array) -> _Candidates:
    rows = output[0].T
    is_logit = kind.activation is not Activation.NONE
    objectness = activate(rows[4], Activation.SIGMOID) if is_logit else rows[4]
    return _decode_yolo(kind, rows[:4], activate(rows[5:], kind.activation, axis=0), objectness)


def _decode_yolo(kind: Boxes, boxes: Array, classes: Array, objectness: Array | None) -> _Candidates:
    """Each candidate has its best class only, the lowest of equals; the score of v5 is objectness * that class's."""
    scores = classes.max(axis=0)
    if objectness is not None:
        scores = objectness * scores
    places = np.flatnonzero(scores >= np.float32(kind.threshold))
    sides = corners(boxes[:, places], input_scale(boxes, kind.input_size))
    return _Candidates(sides, scores[places], classes[:, places].argmax(axis=0))


def _decode_end_to_end(kind: Boxes, output: Array) -> _Candidates:
    rows = output[0]
    scale = input_scale(rows[:, :4], kind.input_size)
    return _finished(kind, rows[:, :4] * np.array(scale * 2, np.float32), rows[:, 4], rows[:, 5])


def _decode_ssd(kind: Boxes, boxes: Array, classes: Array, scores: Array, number: Array) -> _Candidates:
    """[top, left, bottom, right] as fractions, of which only the first so many are meant."""
    most = min(boxes.size // 4, classes.size, scores.size)
    count = int(np.clip(np.nan_to_num(number.reshape(-1)[:1]), 0, most).sum())
    width, height = kind.input_size
    sides = boxes.reshape(-1)[: 4 * count].reshape(count, 4) * np.array([height, width] * 2, np.float32)
    return _finished(kind, sides[:, [1, 0, 3, 2]], scores.reshape(-1)[:count], classes.reshape(-1)[:count])


def _finished(kind: Boxes, boxes: Array, scores: Array, classes: Array) -> _Candidates:
    """Class numbers are real ones, and where they were quantized not whole."""
    whole = np.floor(classes + np.float32(0.5))
    places = np.flatnonzero((scores >= np.float32(kind.threshold)) & (whole >= 0) & (whole < 2.0**31))
    return _Candidates(boxes[places], scores[places], whole[places].astype(np.int64))


def _decode_fomo(kind: Boxes, output: Array) -> _Candidates:
    """Cells of one class that touch are one object, and its centre is the box's.

    As Edge Impulse decodes it (inferencing-sdk-cpp, ei_fill_result_struct.h): row by row, each cell of at least
    ``threshold`` (of the best 1,000) joins the first object of its class that it touches, corners included, or
    begins one; then objects that have grown together join in the same way. The box is the union (there, one that
    grows to the left or upwards loses its other side), the score the best one. Class 0 is the background.
    """
    grid = activate(output[0], kind.activation)[:, :, 1:]
    rows, columns, _ = grid.shape
    scores = grid.reshape(-1)
    hot = np.flatnonzero(scores >= np.float32(kind.threshold))
    hot = np.sort(hot[np.argsort(-scores[hot], kind="stable")[:MOST_CANDIDATES]])
    cells = [
        _Object(column, row, column + 1, row + 1, index, score)
        for row, column, index, score in zip(
            *(places.tolist() for places in np.unravel_index(hot, grid.shape)), scores[hot].tolist(), strict=True
        )
    ]
    objects = _join(_join(cells))
    boxes = np.array([(item.left, item.top, item.right, item.bottom) for item in objects], np.float32)
    width, height = kind.input_size
    return _Candidates(
        boxes.reshape(-1, 4) * np.array([width, height] * 2, np.float32) / np.array([columns, rows] * 2, np.float32),
        np.array([item.score for item in objects], np.float32),
        np.array([item.index for item in objects], np.int64),
    )


@dataclass
class _Object:
    left: int
    top: int
    right: int
    bottom: int
    index: int
    score: float

    def touches(self, other: _Object) -> bool:
        return (
            self.index == other.index
            and max(self.left, other.left) <= min(self.right, other.right)
            and max(self.top, other.top) <= min(self.bottom, other.bottom)
        )


def _join(objects: Sequence[_Object]) -> list[_Object]:
    joined: list[_Object] = []
    for item in objects:
        first = next((other for other in joined if other.touches(item)), None)
        if first is None:
            joined.append(item)
            continue
        first.left, first.top = min(first.left, item.left), min(first.top, item.top)
        first.right, first.bottom = max(first.right, item.right), max(first.bottom, item.bottom)
        first.score = max(first.score, item.score)
    return joined


_DECODERS: Mapping[Head, Callable[..., _Candidates]] = {
    Head.SSD: _decode_ssd,
    Head.YOLO_V5: _decode_yolo_v5,
    Head.YOLO_V8: _decode_yolo_v8,
    Head.END_TO_END: _decode_end_to_end,
    Head.FOMO: _decode_fomo,
}
