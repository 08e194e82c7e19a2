"""Keypoints: every head against plain loops, the way back into the picture, agreement."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from packager.errors import MetadataError
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import Quantization
from packager.tasks import Head, Task
from packager.tasks.boxes import overlap
from packager.tasks.keypoints import (
    COCO_KEYPOINTS,
    COCO_SKELETON,
    Keypoint,
    Keypoints,
    Pose,
    keypoints_answer,
)
from packager.tasks.kinds import Placement
from tests.tasks.shapes import Shape, model, tensor

SIZE = (96, 64)
NAN = math.nan


def keypoints(
    head: Head, shape: Shape, count: int = 17, quantization: Quantization | None = None, **options: Any
) -> Keypoints:
    return replace(
        Keypoints(
            head=head,
            output=0,
            tensor=tensor(shape, "float32" if quantization is None else "int8", quantization),
            names=tuple(f"point {number}" for number in range(count)),
            threshold=0.25,
            iou=0.5,
            input_size=SIZE,
        ),
        **options,
    )


def places(pose: Pose) -> list[tuple[float, float, float]]:
    return [(point.x, point.y, point.score) for point in pose.keypoints]


def test_movenet() -> None:
    """y before x; the score of the pose is the mean."""
    output = np.array([[[[0.25, 0.5, 0.75], [0.5, 0.125, 0.25]]]], np.float32)
    (pose,) = keypoints(Head.MOVENET, output.shape, 2).read([output], None)
    assert pose.score == 0.5
    assert [point.name for point in pose.keypoints] == ["point 0", "point 1"]
    assert places(pose) == [(48, 16, 0.75), (12, 32, 0.25)]
    assert pose.size == SIZE
    assert keypoints(Head.MOVENET, output.shape, 2, threshold=0.51).read([output], None) == ()
    assert keypoints(Head.MOVENET, output.shape, 2, threshold=0.5).read([output], None) == (pose,)


def test_points_stay_in_the_picture() -> None:
    output = np.array([[[[-0.5, 1.5, 0.75], [2.0, -1.0, 0.25]]]], np.float32)
    (pose,) = keypoints(Head.MOVENET, output.shape, 2).read([output], None)
    assert places(pose) == [(96, 0, 0.75), (0, 64, 0.25)]


def test_multipose() -> None:
    """Six bodies: each with its own score at the end; those below the threshold are none, ties keep their order."""
    output = np.random.default_rng(0).integers(0, 65, (1, 6, 56)).astype(np.float32) / 64
    output[0, :, 55] = [0.25, 0.75, 0.125, 0.75, 0.0, 0.5]
    poses = keypoints(Head.MOVENET_MULTIPOSE, output.shape).read([output], None)
    assert [pose.score for pose in poses] == [0.75, 0.75, 0.5, 0.25]
    for pose, body in zip(poses, (1, 3, 5, 0), strict=True):
        row = output[0, body].tolist()
        assert places(pose) == [(96 * row[3 * k + 1], 64 * row[3 * k], row[3 * k + 2]) for k in range(17)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("in_pixels", [True, False])
def test_yolo_pose(seed: int, in_pixels: bool) -> None:
    """Boxes choose the bodies, by plain loops; their points go with them, in the same units."""
    chance = random.Random(seed)
    size, count, points = (64, 64), 120, 4
    unit = 1 if in_pixels else 64
    bodies = []
    for _ in range(count):
        box = [
            chance.randrange(0, 257) / 4,
            chance.randrange(0, 257) / 4,
            chance.randrange(16, 65),
            chance.randrange(16, 65),
        ]
        marks = [
            [chance.randrange(0, 257) / 4, chance.randrange(0, 257) / 4, chance.randrange(0, 9) / 8]
            for _ in range(points)
        ]
        bodies.append((box, chance.randrange(0, 17) / 16, marks))
    columns = [
        [*(v / unit for v in box), score, *(v for x, y, seen in marks for v in (x / unit, y / unit, seen))]
        for box, score, marks in bodies
    ]
    output = np.array([columns], np.float32).transpose(0, 2, 1)
    kept: list[Any] = []
    for body in sorted((body for body in bodies if body[1] >= 0.25), key=lambda body: -body[1]):
        (x, y, width, height), _, _ = body
        corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        if all(overlap(corners, other) <= 0.5 for other, _ in kept):
            kept.append((corners, body))
    kind = keypoints(Head.YOLO_POSE, output.shape, points, input_size=size)
    found = [(pose.score, places(pose)) for pose in kind.read([output], Placement.whole(size))]
    assert found == [(score, list(map(tuple, marks))) for _, (_, score, marks) in kept]
    assert len(found) > 5


@pytest.mark.parametrize("depth", [False, True])
@pytest.mark.parametrize("in_pixels", [False, True])
@pytest.mark.parametrize("lead", [(1,), (1, 1, 1)])
def test_landmarks(depth: bool, in_pixels: bool, lead: Shape) -> None:
    """A depth above 2 makes no pixels of the others."""
    unit = (1, 1) if in_pixels else SIZE
    rows = [[24 / unit[0], 48 / unit[1], 77.0], [48 / unit[0], 16 / unit[1], -3.0]]
    output = np.array([row[: 3 if depth else 2] for row in rows], np.float32).reshape(*lead, -1)
    (pose,) = keypoints(Head.LANDMARKS, output.shape, 2).read([output], None)
    assert pose.score == 1
    assert places(pose) == [(24, 48, 1), (48, 16, 1)]


def test_landmarks_of_another_output() -> None:
    kind = keypoints(Head.LANDMARKS, (1, 4), 2, output=1)
    (pose,) = kind.read([np.zeros((1, 1), np.float32), np.full((1, 4), 0.5, np.float32)], None)
    assert places(pose) == [(48, 32, 1), (48, 32, 1)]


def test_quantized_outputs_are_made_real() -> None:
    quantization = Quantization((1 / 128,), (-128,), None)
    output = np.array([[[[-96, -64, -32], [-64, -112, -96]]]], np.int8)
    (pose,) = keypoints(Head.MOVENET, output.shape, 2, quantization).read([output], None)
    assert places(pose) == [(48, 16, 0.75), (12, 32, 0.25)]


@pytest.mark.parametrize(
    "placement",
    [
        Placement((640, 480), (0, 0, 640, 480), (0, 0, 96, 64), SIZE),
        Placement((640, 480), (0, 26, 640, 453), (0, 0, 96, 64), SIZE),
        Placement((640, 480), (0, 0, 640, 480), (5, 0, 85, 64), SIZE),
        Placement((10, 1000), (0, 0, 10, 1000), (47, 0, 1, 64), SIZE),
    ],
)
def test_back_into_the_picture(placement: Placement) -> None:
    chance = random.Random(0)
    (left, top, right, bottom), (x, y, width, height) = placement.box, placement.fitted
    for _ in range(50):
        wanted = chance.uniform(left, right), chance.uniform(top, bottom)
        across = (x + (wanted[0] - left) * width / (right - left)) / SIZE[0]
        down = (y + (wanted[1] - top) * height / (bottom - top)) / SIZE[1]
        output = np.array([[[[down, across, 1], [down, across, 1]]]], np.float32)
        (pose,) = keypoints(Head.MOVENET, output.shape, 2).read([output], placement)
        assert pose.size == placement.size
        for point in pose.keypoints:
            assert (point.x, point.y) == pytest.approx(wanted, abs=2e-4 * max(placement.size))


@pytest.mark.parametrize(
    ("head", "shape"),
    [(Head.MOVENET, (1, 1, 17, 3)), (Head.MOVENET_MULTIPOSE, (1, 6, 56)), (Head.YOLO_POSE, (1, 56, 84))],
)
def test_no_numbers_make_no_pose_and_no_warning(head: Head, shape: Shape, recwarn: pytest.WarningsRecorder) -> None:
    kind = keypoints(head, shape)
    assert kind.read([np.full(shape, NAN, np.float32)], None) == ()
    for value in (math.inf, 3e38, -3e38):
        kind.read([np.full(shape, value, np.float32)], None)
    assert not recwarn.list


def test_the_skeleton() -> None:
    """It joins every point to every other, and left as right."""
    lines = {frozenset(line) for line in COCO_SKELETON}
    assert len(lines) == len(COCO_SKELETON) == 19
    sides = {"left": "right", "right": "left"}
    mirrored = [
        COCO_KEYPOINTS.index(" ".join(sides.get(word, word) for word in name.split())) for name in COCO_KEYPOINTS
    ]
    assert {frozenset(mirrored[place] for place in line) for line in lines} == lines
    reached = {0}
    while new := {place for line in lines if line & reached for place in line} - reached:
        reached |= new
    assert reached == set(range(17))


# --- when two answers agree ----------------------------------------


def pose(x: float = 50, y: float = 50, score: float = 0.8, point: float = 0.8) -> Pose:
    return Pose(score, (Keypoint("a", x, y, point), Keypoint("b", x + 10, y + 20, 0.9)), (200, 100))


def with_point(it: Pose, **changes: Any) -> Pose:
    return replace(it, keypoints=(replace(it.keypoints[0], **changes), *it.keypoints[1:]))


AGREEMENT = {"distance": 0.05, "score": 0.2}
KIND = keypoints(Head.MOVENET_MULTIPOSE, (1, 6, 56), 2)
ONE, OTHER = pose(), pose(150, 50, 0.6)


@pytest.mark.parametrize(
    ("actual", "golden", "agrees"),
    [
        ((), (), True),
        ((ONE, OTHER), (ONE, OTHER), True),
        ((OTHER, ONE), (ONE, OTHER), True),
        # Five hundredths of 200 pixels.
        ((pose(59.9, 50),), (ONE,), True),
        ((pose(60.1, 50),), (ONE,), False),
        ((pose(50, 39.9),), (ONE,), False),
        ((with_point(ONE, x=61.0),), (ONE,), False),
        # As good as unseen, so it may be anywhere.
        ((with_point(ONE, x=190.0, score=0.1),), (with_point(ONE, score=0.2),), True),
        ((with_point(ONE, x=190.0, score=0.3),), (with_point(ONE, score=0.21),), False),
        ((with_point(ONE, score=0.61),), (ONE,), True),
        ((with_point(ONE, score=0.59),), (ONE,), False),
        ((with_point(ONE, score=NAN),), (ONE,), False),
        ((with_point(ONE, x=NAN),), (ONE,), False),
        ((), (ONE,), False),
        ((ONE,), (), False),
        ((ONE,), (ONE, OTHER), False),
        ((ONE, OTHER), (ONE,), False),
        ((ONE, pose(150, 50, 0.44)), (ONE,), True),
        ((ONE, pose(150, 50, 0.46)), (ONE,), False),
        ((ONE,), (ONE, pose(150, 50, 0.44)), True),
        ((ONE,), (pose(150, 50, 0.44), ONE), True),
        ((ONE,), (ONE, pose(150, 50, 0.46)), False),
        ((ONE, replace(ONE, score=NAN)), (ONE,), False),
    ],
)
def test_agreement(actual: tuple[Pose, ...], golden: tuple[Pose, ...], agrees: bool) -> None:
    differences = KIND.find_differences(actual, golden, AGREEMENT)
    assert (differences == ()) == agrees, differences


def test_how_far_points_may_be_off() -> None:
    assert KIND.agreement(24 / 256, ()) == pytest.approx({"distance": 0.056875, "score": 0.5625}, abs=2e-6)
    assert KIND.agreement(1e-4, ()) == pytest.approx({"distance": 0.01005, "score": 0.0006}, abs=2e-6)


def test_weakness() -> None:
    assert KIND.find_weakness(((), (ONE,))) is None
    unsure = replace(ONE, keypoints=tuple(replace(point, score=0.2) for point in ONE.keypoints))
    for answers in (((), ()), ((unsure,),)):
        found = KIND.find_weakness(answers)
        assert found is not None
        assert found[0] == "no golden case has a pose with a point of a score of 0.25 or more"


def test_json() -> None:
    document = KIND.to_json((ONE,))
    assert json.loads(json.dumps(document)) == [
        {
            "score": 0.8,
            "keypoints": [
                {"name": "a", "x": 50, "y": 50, "score": 0.8},
                {"name": "b", "x": 60, "y": 70, "score": 0.9},
            ],
        }
    ]


# --- which answer a model has ----------------------------------------


def metadata(*labels: str, **options: Any) -> ModelMetadata:
    text = "".join(f"{label}\n" for label in labels).encode()
    files = (AssociatedFile("labels.txt", "", "TENSOR_AXIS_LABELS", "", text),) if labels else ()
    return ModelMetadata(task=Task.POSE, outputs=(TensorMetadata(files=files),), **options)


NUMBERED = tuple(f"point {number}" for number in range(21))


@pytest.mark.parametrize(
    ("outputs", "given", "head", "names", "threshold"),
    [
        ([(1, 1, 17, 3)], metadata(), Head.MOVENET, COCO_KEYPOINTS, 0.0),
        ([(1, 1, 5, 3)], metadata(), Head.MOVENET, NUMBERED[:5], 0.0),
        ([(1, 1, 2, 3)], metadata("top", "tail"), Head.MOVENET, ("top", "tail"), 0.0),
        ([(1, 6, 56)], metadata(), Head.MOVENET_MULTIPOSE, COCO_KEYPOINTS, 0.25),
        ([(1, 56, 8400)], metadata("person"), Head.YOLO_POSE, COCO_KEYPOINTS, 0.25),
        ([(1, 68, 8400)], metadata("hand"), Head.YOLO_POSE, NUMBERED, 0.25),
        ([(1, 63)], metadata(points=21), Head.LANDMARKS, NUMBERED, 0.0),
        ([(1, 42)], metadata(points=21, threshold=0.5), Head.LANDMARKS, NUMBERED, 0.5),
        ([(1, 34)], metadata(points=17), Head.LANDMARKS, tuple(f"point {n}" for n in range(17)), 0.0),
    ],
)
def test_the_answer_of_a_model(
    outputs: list[Shape], given: ModelMetadata, head: Head, names: tuple[str, ...], threshold: float
) -> None:
    found = keypoints_answer(model(outputs), given)
    assert (found.head, found.output, found.names, found.threshold) == (head, 0, names, threshold)
    assert (found.input_size, found.iou) == (SIZE, 0.45)


def test_landmarks_beside_other_outputs() -> None:
    found = keypoints_answer(model([(1, 1), (1, 6), (1, 63), (1, 63)]), metadata(points=21))
    assert (found.output, found.tensor.shape) == (2, (1, 63))


@pytest.mark.parametrize(
    ("outputs", "given", "what"),
    [
        ([(1, 84, 8400)], metadata(), "its outputs [1, 84, 8400] are not those of any head for pose"),
        ([(1, 63)], metadata(head=Head.MOVENET), "its outputs [1, 63] are not those of the head movenet for pose"),
        ([(1, 63)], metadata(), "nothing tells how many landmarks its output holds"),
        ([(1, 63)], metadata(points=20), "no output holds two or three numbers for each of 20 points, only [1, 63]"),
        ([(1, 63)], metadata(points=0), "no output holds two or three numbers for each of 0 points, only [1, 63]"),
        ([(1, 1, 17, 3)], metadata("a", "b"), "its metadata holds 2 labels for 17 points"),
    ],
)
def test_models_that_do_not_fit(outputs: list[Shape], given: ModelMetadata, what: str) -> None:
    with pytest.raises(MetadataError) as caught:
        keypoints_answer(model(outputs), given)
    assert (caught.value.what, caught.value.where) == (what, "shapes.tflite")
    assert "metadata attach" in (caught.value.fix or "")
