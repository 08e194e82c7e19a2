"""Keypoints: where the joints of a body, or the landmarks of a face or hand, are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.errors import MetadataError
from packager.metadata.annotation import POINTS
from packager.metadata.view import ModelMetadata, count_labels
from packager.model import Model, Tensor
from packager.settings import Text
from packager.tasks import AnswerKind, Head, Task
from packager.tasks.boxes import (
    DEFAULT_IOU,
    DEFAULT_THRESHOLD,
    MOST_CANDIDATES,
    choose_head,
    corners,
    input_scale,
    suppress,
)
from packager.tasks.classes import labels_misfit, read_labels
from packager.tasks.heads import image_layout, landmark_items
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.quantization import dequantize
from packager.tasks.scores import REAL_SAMPLES
from packager.terminal import counted

# The keypoints of COCO, in its order, and the lines between them that its annotations call the skeleton.
COCO_KEYPOINTS = (
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
COCO_SKELETON = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12)),
    *((5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10)),
    *((1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
)
# A point of a lower score is a guess.
CERTAIN_POINT = 0.25


@dataclass(frozen=True)
class Keypoint:
    """``x`` and ``y`` are in the upright picture's pixels."""

    name: str
    x: float
    y: float
    score: float


@dataclass(frozen=True)
class Pose:
    """The keypoints of one body in a picture of ``size`` (width, height)."""

    score: float
    keypoints: tuple[Keypoint, ...]
    size: tuple[int, int]


def keypoints_answer(model: Model, metadata: ModelMetadata) -> Keypoints:
    """The keypoints of a pose model that takes a picture.

    Raises:
        MetadataError: its outputs are laid out in no known way, or for other labels or points.
    """
    head = choose_head(model, metadata, Task.POSE, None)
    output = _find_landmarks(model, metadata.points) if head is Head.LANDMARKS else 0
    count = count_labels(model, output, Task.POSE, head, metadata.points)
    assert count is not None, "the head fits, and has points"
    names, labels = tuple(f"point {number}" for number in range(count)), read_labels(metadata).default
    if count == len(COCO_KEYPOINTS) and head is not Head.LANDMARKS:
        names = COCO_KEYPOINTS
    if len(labels) == count:
        names = labels
    # YOLO's label is that of the whole body.
    elif labels and head is not Head.YOLO_POSE:
        raise labels_misfit(model, len(labels), counted(count, "point"))
    layout = image_layout(model.inputs[0])
    assert layout is not None, "an image input has been found"
    # The others answer with the one body that they look for.
    default = DEFAULT_THRESHOLD if head in (Head.MOVENET_MULTIPOSE, Head.YOLO_POSE) else 0.0
    return Keypoints(
        head=head,
        output=output,
        tensor=model.outputs[output],
        names=names,
        threshold=default if metadata.threshold is None else metadata.threshold,
        iou=DEFAULT_IOU if metadata.iou is None else metadata.iou,
        input_size=(layout.width, layout.height),
    )


def _find_landmarks(model: Model, points: int | None) -> int:
    """Which output holds the landmarks."""
    fix = ("Attach it with their number, ", POINTS, ": packager metadata attach --help")
    if points is None:
        raise MetadataError("nothing tells how many landmarks its output holds", where=model.path, fix=fix)
    for index, tensor in enumerate(model.outputs):
        if landmark_items(tensor) in (2 * points, 3 * points) and points > 0:
            return index
    sizes = " and ".join(str(list(tensor.shape)) for tensor in model.outputs[:5])
    what = f"no output holds two or three numbers for each of {counted(points, 'point')}, only {sizes}"
    raise MetadataError(what, where=model.path, fix=fix)


@dataclass(frozen=True)
class Keypoints(Answer[tuple[Pose, ...]]):
    """The output ``tensor`` (number ``output`` of the model), laid out as ``head`` says, of ``names`` points a body.

    ``input_size`` (width, height) is that of the model's input.
    """

    kind = AnswerKind.KEYPOINTS

    head: Head
    output: int
    tensor: Tensor
    names: tuple[str, ...]
    threshold: float
    iou: float
    input_size: tuple[int, int]

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> tuple[Pose, ...]:
        """The poses of at least ``threshold``, best first; each point within the picture.

        - ``movenet`` [1, 1, K, 3]: y, x (fractions of the input) and score; the pose's score is their mean.
        - ``movenet-multipose`` [1, 6, 56]: such triples of 17 points, a box, and the pose's score as the last item.
        - ``yolo-pose`` [1, 5 + 3K, N]: boxes and their score as of YOLO v8 with one class, which go through
          ``suppress`` likewise, then x, y and score of each point in the same units as the boxes.
        - ``landmarks``: x, y and maybe a depth of each point, pixels of the input where one of x and y is above 2,
          else fractions; scores are 1.
        """
        place = placement or Placement.whole(self.input_size)
        values = dequantize(outputs[self.output], self.tensor)
        with np.errstate(all="ignore"):  # of infinite numbers, which no golden case has
            points, scores = self._decode(values)
            order = np.argsort(-scores, kind="stable")
            points, scores = points[order], scores[order]
            x, y = place.to_picture(points[:, :, 0], points[:, :, 1])
        return tuple(
            Pose(score, tuple(map(Keypoint, self.names, *lines)), place.size)
            for score, lines in zip(
                scores.tolist(),
                zip(x.tolist(), y.tolist(), points[:, :, 2].tolist(), strict=True),
                strict=True,
            )
        )

    def _decode(self, values: Array) -> tuple[Array, Array]:
        """Points [poses, K, 3] of x and y (pixels of the input) and score, and the scores [poses]; float32."""
        size, least = np.array(self.input_size, np.float32), np.float32(self.threshold)
        count = len(self.names)
        if self.head is Head.YOLO_POSE:
            rows = values[0]
            scale = input_scale(rows[:4], self.input_size)
            places = np.flatnonzero(rows[4] >= least)
            places = places[np.argsort(-rows[4][places], kind="stable")[:MOST_CANDIDATES]]
            boxes = corners(rows[:4, places], scale)
            places = places[suppress(boxes, np.zeros(len(boxes)), self.iou)]
            points = rows[5:, places].T.reshape(-1, count, 3)
            return points * np.array([*scale, 1], np.float32), rows[4, places]
        if self.head is Head.LANDMARKS:
            points = values.reshape(1, count, -1)[:, :, :2]
            scaled = points * np.array(input_scale(points, self.input_size), np.float32)
            scores = np.ones((1, count, 1), np.float32)
            found, whole = np.concatenate([scaled, scores], axis=2), np.ones(1, np.float32)
        else:
            bodies = values.reshape(-1, 3 * count) if self.head is Head.MOVENET else values[0]
            triples = bodies[:, : 3 * count].reshape(-1, count, 3)
            found = np.concatenate([triples[:, :, 1::-1] * size, triples[:, :, 2:]], axis=2)
            whole = found[:, :, 2].mean(axis=1) if self.head is Head.MOVENET else bodies[:, -1]
        is_there = whole >= least
        return found[is_there], whole[is_there]

    def to_json(self, answer: tuple[Pose, ...]) -> list[Any]:
        """All poses with all points."""
        return [
            {
                "score": pose.score,
                "keypoints": [{"name": it.name, "x": it.x, "y": it.y, "score": it.score} for it in pose.keypoints],
            }
            for pose in answer
        ]

    def agreement(self, share: float, _answers: Sequence[tuple[Pose, ...]]) -> Mapping[str, float]:
        """How far a point may be off, as a fraction of the picture's longer side, and its score.

        Points are the highest cells of heat maps, and the neighbouring cell of MoveNet's 48 is 2 % away. Its scores
        are coarse: of int8, LiteRT's own kernels and XNNPACK's differ by up to 0.39 where points agree in place, and
        those of TensorFlow Lite 2.16.1 by up to 0.51 from either.
        """
        return {"distance": 0.01 + share / 2, "score": 6 * share + 1e-6}

    def find_differences(
        self, actual: tuple[Pose, ...], golden: tuple[Pose, ...], agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By distance: each golden pose takes the nearest one that is left, and is compared with it point by point.

        Points that are as good as unseen do not count, nor do poses without counterpart whose score is not clearly
        beyond the threshold.
        """
        within, certain = agreement["score"], self.threshold + agreement["score"]
        left = list(actual)
        differences = []
        for pose in golden:
            longer = max(pose.size)
            distances = [(_mean_distance(pose, other) / longer, place) for place, other in enumerate(left)]
            nearest, place = min(distances, default=(math.inf, 0))
            if pose.score <= certain and nearest > agreement["distance"]:
                continue
            if nearest == math.inf:
                differences.append(f"a pose ({pose.score:.4g}) is missing")
                continue
            other = left.pop(place)
            for point, found in zip(pose.keypoints, other.keypoints, strict=True):
                away = _distance(point, found) / longer
                if point.score > within and not away <= agreement["distance"]:
                    differences.append(f"{point.name} is {away:.1%} of the picture away from the golden one")
                if not abs(point.score - found.score) <= within:
                    differences.append(f"{point.name} has {found.score:.4g}, golden {point.score:.4g}")
        # Written so that a score that is no number counts.
        differences += [f"a pose ({pose.score:.4g}) is not golden" for pose in left if not pose.score <= certain]
        return tuple(differences)

    def find_weakness(self, answers: Sequence[tuple[Pose, ...]]) -> tuple[str, Text] | None:
        """Whether nobody was found in any case."""
        scores = [point.score for answer in answers for pose in answer for point in pose.keypoints]
        if max(scores, default=0) >= CERTAIN_POINT:
            return None
        return f"no golden case has a pose with a point of a score of {CERTAIN_POINT} or more", REAL_SAMPLES


def _distance(first: Keypoint, second: Keypoint) -> float:
    return math.hypot(first.x - second.x, first.y - second.y)


def _mean_distance(first: Pose, second: Pose) -> float:
    pairs = zip(first.keypoints, second.keypoints, strict=True)
    return math.fsum(_distance(*pair) for pair in pairs) / len(first.keypoints)
