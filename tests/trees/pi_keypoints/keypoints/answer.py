"""From the model's output to points in the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .preprocessing import HEIGHT, WIDTH, Placement

NAMES = [
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
]


class Keypoint(NamedTuple):
    """A point in the picture's pixels."""

    name: str
    x: float
    y: float
    score: float


class Pose(NamedTuple):
    """The points of one body, in the order of ``NAMES``."""

    score: float
    keypoints: list[Keypoint]


def read_poses(
    outputs: list[np.ndarray], placement: Placement, threshold: float
) -> list[Pose]:
    """The poses of at least ``threshold`` in outputs of real numbers, best first."""
    with np.errstate(all="ignore"):  # Of points that are infinite.
        points, scores = _decode(outputs)
        is_there = scores >= np.float32(threshold)
        points, scores = points[is_there], scores[is_there]
        order = np.argsort(-scores, kind="stable")
        points, scores = points[order], scores[order]
        x, y = placement.to_picture(points[:, :, 0], points[:, :, 1])
    rows = zip(x.tolist(), y.tolist(), points[:, :, 2].tolist())
    return [
        Pose(score, [Keypoint(*point) for point in zip(NAMES, *row)])
        for score, row in zip(scores.tolist(), rows)
    ]


def _decode(outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """y, x and score of each point; the score of the body is their mean."""
    values = np.asarray(outputs[0], np.float32)
    bodies = values.reshape(-1, 3 * len(NAMES))
    triples = bodies[:, : 3 * len(NAMES)].reshape(-1, len(NAMES), 3)
    places = triples[:, :, 1::-1] * np.array([WIDTH, HEIGHT], np.float32)
    points = np.concatenate([places, triples[:, :, 2:]], axis=2)
    return points, points[:, :, 2].mean(axis=1)
