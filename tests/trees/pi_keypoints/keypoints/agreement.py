"""When an answer is the golden one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .answer import Keypoint, Pose, read_poses
from .files import FOLDER
from .picture import load_picture
from .preprocessing import place

# What the golden answers were made with, whatever a caller takes.
GOLDEN_THRESHOLD = 0.0


def find_differences(
    outputs: list[np.ndarray], case: dict[str, Any], agreement: dict[str, float]
) -> list[str]:
    """In what the outputs of a case do not say what its golden answers say.

    Each golden pose takes the nearest one, never that of its rank. Points that are as
    good as unseen do not count, nor do poses that only one side has, unless their score
    is well above the threshold.
    """
    picture = load_picture(FOLDER / "golden" / case["picture"])
    within, far = agreement["score"], agreement["distance"] * max(picture.size)
    certain = GOLDEN_THRESHOLD + within
    left = read_poses(outputs, place(picture.size), GOLDEN_THRESHOLD)
    problems = []
    for item in case["answers"]:
        golden = Pose(item["score"], [Keypoint(**point) for point in item["keypoints"]])
        distances = [_mean_distance(golden, actual) for actual in left]
        nearest = min(distances, default=math.inf)
        if golden.score <= certain and nearest > far:
            continue
        if nearest == math.inf:
            problems.append(f"no pose of a score of {golden.score:.4f}")
            continue
        actual = left.pop(distances.index(nearest))
        for expected, point in zip(golden.keypoints, actual.keypoints):
            if expected.name != point.name:
                problems.append(f"{point.name!r} is not {expected.name!r}")
            away = _distance(expected, point)
            if expected.score > within and not away <= far:
                problems.append(f"{point.name!r} is {away:.1f} pixels away")
            if not abs(expected.score - point.score) <= within:
                score = f"{point.score:.4f}, not {expected.score:.4f}"
                problems.append(f"{point.name!r} scores {score}")
    new = [pose.score for pose in left if not pose.score <= certain]
    problems += [f"a pose of a score of {score:.4f} is new" for score in new]
    return problems


def _distance(first: Keypoint, second: Keypoint) -> float:
    return math.hypot(first.x - second.x, first.y - second.y)


def _mean_distance(first: Pose, second: Pose) -> float:
    pairs = zip(first.keypoints, second.keypoints)
    return sum(_distance(*pair) for pair in pairs) / len(first.keypoints)
