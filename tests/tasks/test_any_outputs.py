"""Whatever a model answers: an answer is in order, in the picture and JSON, and agrees with itself."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from packager.model import Quantization
from packager.tasks import Activation, AnswerKind, Head, MaskForm
from packager.tasks.boxes import Boxes
from packager.tasks.classes import Classes, Labels
from packager.tasks.keypoints import Keypoints
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.mask import Mask
from packager.tasks.tensors import TensorsAnswer
from tests.tasks.shapes import Shape, tensor

SIZE = (96, 64)


def any_answer(chance: random.Random) -> tuple[Answer[Any], list[Shape], str]:
    """An answer, the shapes of its outputs and their dtype."""
    dtype = chance.choice(["float32", "int8", "uint8"])
    quantization = None if dtype == "float32" else Quantization((chance.choice([1 / 256, 0.1]),), (3,), None)
    count, classes = chance.randrange(1, 200), chance.randrange(1, 5)
    activation, threshold, iou = chance.choice(list(Activation)), chance.choice([0.0, 0.25, 0.9]), chance.random()
    labels = Labels(tuple(f"label {number}" for number in range(classes)))

    def made(shape: Shape) -> Any:
        return tensor(shape, dtype, quantization)

    def boxes(head: Head, *shapes: Shape) -> tuple[Answer[Any], list[Shape], str]:
        tensors, roles = tuple(map(made, shapes)), tuple(range(len(shapes)))
        return Boxes(head, tensors, roles, classes, labels, activation, threshold, iou, SIZE), list(shapes), dtype

    def poses(head: Head, shape: Shape, points: int) -> tuple[Answer[Any], list[Shape], str]:
        names = tuple(f"point {number}" for number in range(points))
        return Keypoints(head, 0, made(shape), names, threshold, iou, SIZE), [shape], dtype

    def mask(form: MaskForm, shape: Shape) -> tuple[Answer[Any], list[Shape], str]:
        output = made(shape) if form is not MaskForm.CLASS_NUMBERS else tensor(shape, "int64")
        answer = Mask(output, form, shape[1], shape[2], classes, labels, activation, threshold, SIZE)
        return answer, [shape], output.dtype

    makers: tuple[Callable[[], tuple[Answer[Any], list[Shape], str]], ...] = (
        lambda: (Classes(0, made((1, classes)), labels, activation, threshold), [(1, classes)], dtype),
        lambda: boxes(Head.SSD, (1, count, 4), (1, count), (1, count), (1,)),
        lambda: boxes(Head.YOLO_V5, (1, count, 5 + classes)),
        lambda: boxes(Head.YOLO_V8, (1, 4 + classes, count)),
        lambda: boxes(Head.END_TO_END, (1, count, 6)),
        lambda: boxes(Head.FOMO, (1, 8, 12, 1 + classes)),
        lambda: mask(MaskForm.SCORES, (1, 9, 7, 1 + classes)),
        lambda: mask(MaskForm.PROBABILITY, (1, 9, 7, 1)),
        lambda: mask(MaskForm.CLASS_NUMBERS, (1, 9, 7)),
        lambda: poses(Head.MOVENET, (1, 1, 1 + classes, 3), 1 + classes),
        lambda: poses(Head.MOVENET_MULTIPOSE, (1, 6, 56), 17),
        lambda: poses(Head.YOLO_POSE, (1, 5 + 3 * classes, count), classes),
        lambda: poses(Head.LANDMARKS, (1, 2 * classes), classes),
        lambda: (TensorsAnswer(), [(1, 3)], dtype),
    )
    make: Callable[[], tuple[Answer[Any], list[Shape], str]] = chance.choice(makers)
    return make()


def any_values(shape: Shape, dtype: str, chance: random.Random) -> Array:
    generator = np.random.default_rng(chance.randrange(1 << 30))
    if dtype == "float32":
        values = generator.normal(0, chance.choice([0.1, 1, 100, 1e30]), shape).astype(np.float32)
        return values if chance.random() < 0.5 else np.abs(values)
    limits = np.iinfo(dtype)
    return np.asarray(generator.integers(limits.min, limits.max, shape, dtype=np.int64, endpoint=True), dtype)


def any_placement(chance: random.Random) -> Placement | None:
    return chance.choice(
        [
            None,
            Placement((640, 480), (0, 0, 640, 480), (0, 0, 96, 64), SIZE),
            Placement((640, 480), (0, 26, 640, 453), (0, 0, 96, 64), SIZE),
            Placement((3, 200), (0, 0, 3, 200), (47, 0, 1, 64), SIZE),
        ]
    )


@pytest.mark.parametrize("seed", range(400))
def test_any_outputs(seed: int) -> None:
    chance = random.Random(seed)
    answer, shapes, dtype = any_answer(chance)
    outputs = [any_values(shape, dtype, chance) for shape in shapes]
    placement = any_placement(chance)
    found = answer.read(outputs, placement)
    document = answer.to_json(found)
    json.dumps(document, allow_nan=False)
    scores = [item["score"] for item in document if "score" in item]
    assert scores == sorted(scores, reverse=True)
    width, height = (placement or Placement.whole(SIZE)).size
    for item in document:
        corners = [tuple(item["box"][:2]), tuple(item["box"][2:])] if "box" in item else []
        for x, y in [*corners, *((point["x"], point["y"]) for point in item.get("keypoints", ()))]:
            assert 0 <= x <= width
            assert 0 <= y <= height
    agreement = answer.agreement(1e-4, (found,))
    assert all(math.isfinite(value) for value in agreement.values())
    assert (
        list(agreement)
        == {
            AnswerKind.CLASSES: ["score"],
            AnswerKind.BOXES: ["score", "threshold", "overlap"],
            AnswerKind.MASK: ["overlap"],
            AnswerKind.KEYPOINTS: ["distance", "score"],
            AnswerKind.TENSORS: [],
        }[answer.kind]
    )
    assert answer.find_differences(found, found, agreement) == ()
    weakness = answer.find_weakness((found,))
    assert weakness is None or all(weakness)
