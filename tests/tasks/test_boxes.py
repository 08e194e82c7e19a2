"""Boxes: every head against plain loops, non-maximum suppression, the way back into the picture, agreement."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from packager.errors import MetadataError
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import Model, Quantization
from packager.tasks import Activation, Head, Task
from packager.tasks.boxes import Boxes, Detection, boxes_answer, overlap, suppress
from packager.tasks.classes import Labels
from packager.tasks.heads import SSD_OPERATOR
from packager.tasks.kinds import Array, Placement
from tests.bounds import within
from tests.tasks.shapes import Shape, model, tensor

SIZE = (96, 64)  # of the input: width, height
NAN, INFINITE = math.nan, math.inf


def boxes(head: Head, *shapes: Shape, quantization: Quantization | None = None, **options: Any) -> Boxes:
    dtype = "float32" if quantization is None else "int8"
    return replace(
        Boxes(
            head=head,
            outputs=tuple(tensor(shape, dtype, quantization) for shape in shapes),
            roles=tuple(range(len(shapes))),
            class_count=0,
            labels=Labels(("ant", "bee", "cat")),
            activation=Activation.NONE,
            threshold=0.25,
            iou=0.5,
            input_size=SIZE,
        ),
        **options,
    )


Found = tuple[int, float, tuple[float, ...]]


def plain(answer: Sequence[Detection]) -> list[Found]:
    return [(item.index, item.score, item.box) for item in answer]


def clip(box: Sequence[float], size: tuple[int, int]) -> tuple[float, ...]:
    return tuple(float(min(max(value, 0), size[side % 2])) for side, value in enumerate(box))


def share(one: Sequence[float], two: Sequence[float]) -> Fraction:
    """Intersection over union, exactly; 0 without a union."""
    left, top = max(one[0], two[0]), max(one[1], two[1])
    right, bottom = min(one[2], two[2]), min(one[3], two[3])
    common = Fraction(max(right - left, 0)) * Fraction(max(bottom - top, 0))
    union = sum(Fraction(max(it[2] - it[0], 0)) * Fraction(max(it[3] - it[1], 0)) for it in (one, two)) - common
    return common / union if union else Fraction(0)


def random_boxes(chance: random.Random, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Centre x, centre y, width, height in pixels: quarters, so that float32 is exact; they crowd and reach over."""
    for _ in range(count):
        yield (
            chance.randrange(-8, 4 * SIZE[0] + 8) / 4,
            chance.randrange(-8, 4 * SIZE[1] + 8) / 4,
            chance.randrange(0, 200) / 2,
            chance.randrange(0, 200) / 2,
        )


def sides(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def steps(chance: random.Random, count: int) -> list[float]:
    """Scores of a few values, so that there are ties."""
    return [chance.randrange(0, 17) / 16 for _ in range(count)]


def detected(candidates: Sequence[Found], size: tuple[int, int] = SIZE) -> list[Found]:
    """The detections among (class, score, box in pixels), by plain loops over exact numbers."""
    ranked = sorted((item for item in candidates if item[1] >= 0.25), key=lambda item: -item[1])[:1000]
    kept: list[Found] = []
    for item in ranked:
        if len(kept) < 100 and not any(item[0] == other[0] and share(item[2], other[2]) > 0.5 for other in kept):
            kept.append(item)
    return [(index, score, clip(box, size)) for index, score, box in kept]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("in_pixels", [True, False])
def test_yolo_v8(seed: int, in_pixels: bool) -> None:
    chance = random.Random(seed)
    count, classes = chance.choice([(30, 1), (200, 3), (1500, 5)])
    raw = list(random_boxes(chance, count))
    scores = [steps(chance, classes) for _ in range(count)]
    # Fractions of 64 are as exact in float32, and here none is above 2.
    size = (64, 64)
    unit = 1 if in_pixels else 64
    columns = [[*(value / unit for value in box), *row] for box, row in zip(raw, scores, strict=True)]
    output = np.array([columns], np.float32).transpose(0, 2, 1)
    candidates = [(row.index(max(row)), max(row), sides(box)) for box, row in zip(raw, scores, strict=True)]
    found = plain(boxes(Head.YOLO_V8, output.shape, input_size=size).read([output], Placement.whole(size)))
    assert found == detected(candidates, size)
    assert len(found) > 5


@pytest.mark.parametrize("seed", range(8))
def test_yolo_v5(seed: int) -> None:
    chance = random.Random(seed)
    count, classes = 300, chance.choice([1, 4])
    raw = list(random_boxes(chance, count))
    rows = [(chance.randrange(0, 9) / 8, steps(chance, classes)) for _ in range(count)]
    output = np.array([[[*box, sure, *row] for box, (sure, row) in zip(raw, rows, strict=True)]], np.float32)
    candidates = [
        (row.index(max(row)), sure * max(row), sides(box)) for box, (sure, row) in zip(raw, rows, strict=True)
    ]
    kind = boxes(Head.YOLO_V5, output.shape)
    found = plain(kind.read([output], None))
    assert found == detected(candidates)
    assert len(found) > 5


def test_the_suppression_of_a_box_by_one_that_was_dropped_does_not_count() -> None:
    """Three in a row: the second goes because of the first, and the third stays, though the second covers it."""
    line = np.array([[0, 0, 8, 8], [3, 0, 11, 8], [6, 0, 14, 8]], np.float32)
    assert suppress(line, np.zeros(3), 0.4).tolist() == [0, 2]
    assert suppress(line, np.array([0, 1, 0]), 0.4).tolist() == [0, 1, 2]
    assert suppress(line[:0], np.zeros(0), 0.4).tolist() == []


def test_only_an_overlap_above_the_limit_is_suppressed() -> None:
    half = np.array([[0, 0, 8, 8], [0, 0, 8, 4]], np.float32)
    assert suppress(half, np.zeros(2), 0.5).tolist() == [0, 1]
    assert suppress(half, np.zeros(2), 0.4999).tolist() == [0]
    empty = np.array([[4, 4, 4, 4], [4, 4, 4, 4], [5, 5, 3, 3]], np.float32)
    assert suppress(empty, np.zeros(3), 0.0).tolist() == [0, 1, 2]


def test_at_most_a_hundred_and_of_the_best_thousand() -> None:
    """1,500 boxes that do not touch; then one place that 1,000 better ones cover."""
    size = (4000, 10)
    output = np.zeros((1, 5, 1500), np.float32)
    output[0, 0], output[0, 1], output[0, 2:4] = np.arange(1500) * 2 + 1, 5, 1
    output[0, 4] = np.linspace(0.3, 0.9, 1500)
    kind = boxes(Head.YOLO_V8, output.shape, input_size=size)
    found = kind.read([output], None)
    assert [round(item.box[0] + 0.5) for item in found] == [2 * place + 1 for place in range(1499, 1399, -1)]
    output[0, 0, 500:] = 3000
    assert [round(item.box[0] + 0.5) for item in kind.read([output], None)] == [3000]
    output[0, 0, 501:] = 3000
    output[0, 0, 500] = 7
    assert [round(item.box[0] + 0.5) for item in kind.read([output], None)] == [3000, 7]


@pytest.mark.parametrize(
    ("values", "is_pixels"), [((0.5, 0.5, 2.0, 1.0), False), ((0.5, 0.5, 2.01, 1.0), True), ((1, 1, 1, 1), False)]
)
def test_pixels_are_told_by_a_value_above_two(values: tuple[float, ...], is_pixels: bool) -> None:
    """Of any candidate, whatever its score."""
    output = np.zeros((1, 5, 8), np.float32)
    output[0, :, 0] = [0.5, 0.5, 0.5, 0.5, 0.9]
    output[0, :4, 7] = values
    (found,) = boxes(Head.YOLO_V8, output.shape).read([output], None)
    unit = (1, 1) if is_pixels else SIZE
    assert found.box == (0.25 * unit[0], 0.25 * unit[1], 0.75 * unit[0], 0.75 * unit[1])


@pytest.mark.parametrize("in_pixels", [True, False])
def test_end_to_end(in_pixels: bool) -> None:
    """No suppression: what covers another stays; the class is rounded, and none below 0."""
    unit = (1.0, 1.0) if in_pixels else (float(SIZE[0]), float(SIZE[1]))
    rows = [
        (8.0, 16.0, 48.0, 32.0, 0.5, 1.0),
        (8.0, 16.0, 48.0, 32.0, 0.75, 1.0),
        (8.0, 16.0, 48.0, 32.0, 0.75, 0.0),
        (-8.0, -8.0, 104.0, 72.0, 0.25, 1.6),
        (0.0, 0.0, 8.0, 8.0, 0.2, 0.0),
        (0.0, 0.0, 8.0, 8.0, 0.9, -1.0),
        (0.0, 0.0, 8.0, 8.0, NAN, 0.0),
        (0.0, 0.0, 8.0, 8.0, 0.9, NAN),
        (0.0, 0.0, 8.0, 8.0, 0.9, 1e30),
    ]
    output = np.array([[[*(v / unit[i % 2] for i, v in enumerate(row[:4])), *row[4:]] for row in rows]], np.float32)
    found = boxes(Head.END_TO_END, output.shape).read([output], None)
    assert [(item.label, item.index, item.score) for item in found] == [
        ("bee", 1, 0.75),
        ("ant", 0, 0.75),
        ("bee", 1, 0.5),
        ("cat", 2, 0.25),
    ]
    assert found[0].box == pytest.approx((8, 16, 48, 32))
    assert found[3].box == (0, 0, 96, 64)


def test_at_most_a_hundred_finished_boxes() -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :, 4] = np.linspace(0.3, 0.9, 300)
    found = boxes(Head.END_TO_END, rows.shape).read([rows], None)
    assert [item.score for item in found] == rows[0, :199:-1, 4].tolist()


def ssd_outputs(number: float = 3) -> list[Array]:
    return [
        np.array([[[0.25, 0.125, 0.5, 0.75], [0, 0, 1, 1], [-0.5, 0.5, 0.25, 1.5], [0, 0, 1, 1]]], np.float32),
        np.array([[2, 0, 7, 1]], np.float32),
        np.array([[0.5, 0.75, 0.5, 0.9]], np.float32),
        np.array([number], np.float32),
    ]


SSD_ANSWER = [
    ("ant", 0, 0.75, (0, 0, 96, 64)),
    ("cat", 2, 0.5, (12, 16, 72, 32)),
    (None, 7, 0.5, (48, 0, 96, 16)),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 0, 3, 1)])
def test_ssd(order: tuple[int, ...]) -> None:
    """In any order; the number says how many are meant; classes beyond the labels have none."""
    outputs = ssd_outputs()
    shuffled = [outputs[role] for role in order]
    kind = boxes(
        Head.SSD, *(output.shape for output in shuffled), roles=tuple(order.index(role) for role in range(4))
    )
    found = kind.read(shuffled, None)
    assert [(item.label, item.index, item.score, item.box) for item in found] == SSD_ANSWER


@pytest.mark.parametrize(
    ("number", "count"), [(0, 0), (1, 1), (2.9, 2), (100, 4), (-1, 0), (NAN, 0), (INFINITE, 4), (-INFINITE, 0)]
)
def test_the_number_of_an_ssd(number: float, count: int) -> None:
    outputs = ssd_outputs(number)
    assert len(boxes(Head.SSD, *(output.shape for output in outputs)).read(outputs, None)) == count


def test_an_ssd_of_outputs_that_do_not_fit_together() -> None:
    """What a file says of shapes that are known at run time only."""
    for outputs in ([np.zeros((), np.float32)] * 4, [np.zeros(0, np.float32)] * 4):
        assert boxes(Head.SSD, (), (), (), ()).read(outputs, None) == ()


def grid(rows: Sequence[str]) -> Array:
    """A FOMO grid: a digit is a class of the score 0.5, a letter (a = 1, b = 2) one of 0.75."""
    output = np.zeros((1, len(rows), len(rows[0]), 4), np.float32)
    for y, row in enumerate(rows):
        for x, sign in enumerate(row):
            if sign != ".":
                output[0, y, x, int(sign) if sign.isdigit() else ord(sign) - ord("a") + 1] = (
                    0.5 if sign.isdigit() else 0.75
                )
    return output


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["....", "....", "...."], []),
        (["1...", "....", "...."], [(0, 0.5, (0, 0, 1, 1))]),
        # Corners touch, and the best score is that of all.
        (["1...", ".a..", "...."], [(0, 0.75, (0, 0, 2, 2))]),
        (["..1.", ".1..", "...."], [(0, 0.5, (1, 0, 3, 2))]),
        # Classes do not join.
        (["12..", "....", "..3."], [(0, 0.5, (0, 0, 1, 1)), (1, 0.5, (1, 0, 2, 1)), (2, 0.5, (2, 2, 3, 3))]),
        # Two that grow together.
        (["1..1", "1..1", "1111"], [(0, 0.5, (0, 0, 4, 3))]),
        (["1..1", "....", "1..1"], [(0, 0.5, (x, y, x + 1, y + 1)) for y in (0, 2) for x in (0, 3)]),
        (["1...", "....", "b..."], [(1, 0.75, (0, 2, 1, 3)), (0, 0.5, (0, 0, 1, 1))]),
    ],
)
def test_fomo(rows: list[str], expected: list[Found]) -> None:
    output = grid(rows)
    kind = boxes(Head.FOMO, output.shape, input_size=(40, 60))
    scaled = [(index, score, (l * 10, t * 20, r * 10, b * 20)) for index, score, (l, t, r, b) in expected]  # noqa: E741
    assert plain(kind.read([output], None)) == scaled


def test_a_fomo_grid_that_is_all_hot_ends() -> None:
    generator = np.random.default_rng(0)
    output = generator.random((1, 200, 200, 4), np.float32)
    with within(1):
        boxes(Head.FOMO, output.shape).read([output], None)


def test_activations() -> None:
    """Of classes; objectness is one of its own."""
    logits = [-2.0, 1.0, 0.5]
    v8 = np.array([[[0.5, 0.5, 0.25, 0.25, *logits]]], np.float32).transpose(0, 2, 1)
    v5 = np.array([[[0.5, 0.5, 0.25, 0.25, 1.5, *logits]]], np.float32)
    fomo = np.array([[[[0.25, *logits]]]], np.float32)
    sure = 1 / (1 + math.exp(-1.5))
    total = sum(map(math.exp, logits))
    sigmoid, softmax = 1 / (1 + math.exp(-1)), math.exp(1) / total
    for head, output, activation, score in (
        (Head.YOLO_V8, v8, Activation.SIGMOID, sigmoid),
        (Head.YOLO_V8, v8, Activation.SOFTMAX, softmax),
        (Head.YOLO_V5, v5, Activation.SIGMOID, sure * sigmoid),
        (Head.YOLO_V5, v5, Activation.SOFTMAX, sure * softmax),
        (Head.FOMO, fomo, Activation.SOFTMAX, math.exp(1) / (total + math.exp(0.25))),
    ):
        found = boxes(head, output.shape, activation=activation).read([output], None)
        assert found[0].index == 1
        assert found[0].score == pytest.approx(score, abs=1e-6), (head, activation)


def test_quantized_outputs_are_made_real() -> None:
    quantization = Quantization((1 / 128,), (-128,), None)
    real = np.array([[[0.5, 0.5, 0.25, 0.5, 0.25, 0.75, 0.75]]], np.float32).transpose(0, 2, 1)
    output = np.round(real * 128 - 128).astype(np.int8)
    (found,) = boxes(Head.YOLO_V8, output.shape, quantization=quantization).read([output], None)
    assert (found.index, found.score, found.box) == (1, 0.75, (36, 16, 60, 48))


@pytest.mark.parametrize("head", [Head.YOLO_V5, Head.YOLO_V8, Head.END_TO_END, Head.FOMO])
def test_no_numbers_make_no_detection_and_no_warning(head: Head, recwarn: pytest.WarningsRecorder) -> None:
    shape = {Head.YOLO_V5: (1, 8, 9), Head.YOLO_V8: (1, 9, 8), Head.END_TO_END: (1, 8, 6), Head.FOMO: (1, 4, 6, 3)}
    kind = boxes(head, shape[head])
    assert kind.read([np.full(shape[head], NAN, np.float32)], None) == ()
    for value in (INFINITE, 3e38, -3e38):
        kind.read([np.full(shape[head], value, np.float32)], None)
    assert not recwarn.list


@pytest.mark.parametrize(
    "placement",
    [
        Placement.whole(SIZE),
        Placement((640, 480), (0, 0, 640, 480), (0, 0, 96, 64), SIZE),
        Placement((640, 480), (0, 26, 640, 453), (0, 0, 96, 64), SIZE),
        Placement((333, 1000), (0, 389, 333, 611), (0, 0, 96, 64), SIZE),
        Placement((640, 480), (0, 0, 640, 480), (5, 0, 85, 64), SIZE),
        Placement((1000, 10), (0, 0, 1000, 10), (0, 31, 96, 1), SIZE),
    ],
)
def test_back_into_the_picture(placement: Placement) -> None:
    """Whatever lies in the picture comes back to its place, and nothing lies outside."""
    chance = random.Random(0)
    x, y, width, height = placement.fitted
    for _ in range(50):
        wanted = [chance.uniform(0, placement.size[side % 2]) for side in range(4)]
        left, top = min(wanted[0], wanted[2]), min(wanted[1], wanted[3])
        right, bottom = max(wanted[0], wanted[2]), max(wanted[1], wanted[3])
        first_x, first_y, last_x, last_y = placement.box
        shown = [
            x + (left - first_x) * width / (last_x - first_x),
            y + (top - first_y) * height / (last_y - first_y),
            x + (right - first_x) * width / (last_x - first_x),
            y + (bottom - first_y) * height / (last_y - first_y),
        ]
        rows = np.array([[[*shown, 0.9, 0], [0, 0, 96, 64, 0.5, 0]]], np.float32)
        found, whole = boxes(Head.END_TO_END, rows.shape).read([rows], placement)
        assert found.box == pytest.approx((left, top, right, bottom), abs=2e-4 * max(placement.size))
        for value, most in zip(whole.box, placement.size * 2, strict=True):
            assert 0 <= value <= most


def test_json_and_missing_labels() -> None:
    outputs = ssd_outputs()
    kind = boxes(Head.SSD, *(output.shape for output in outputs), labels=Labels())
    assert kind.to_json(kind.read(outputs, None))[0] == {
        "label": None,
        "index": 0,
        "score": 0.75,
        "box": [0, 0, 96, 64],
    }
    assert kind.to_json(()) == []


# --- when two answers agree ----------------------------------------


def detection(score: float = 0.8, box: tuple[float, float, float, float] = (10, 10, 50, 50), index: int = 1) -> Any:
    return Detection(f"label {index}", index, score, box)


AGREEMENT = {"score": 0.1, "threshold": 0.25, "overlap": 0.6}
ONE, OTHER = detection(), detection(0.7, (60, 10, 90, 50), 2)


@pytest.mark.parametrize(
    ("actual", "golden", "agrees"),
    [
        ((), (), True),
        ((ONE, OTHER), (ONE, OTHER), True),
        ((OTHER, ONE), (ONE, OTHER), True),
        ((detection(0.71), OTHER), (ONE, OTHER), True),
        ((detection(0.69), OTHER), (ONE, OTHER), False),
        ((detection(box=(15, 10, 55, 50)),), (ONE,), True),
        ((detection(box=(25, 10, 65, 50)),), (ONE,), False),
        ((detection(box=(0, 0, 0, 0)),), (ONE,), False),
        ((detection(index=2),), (ONE,), False),
        ((replace(ONE, label="other"),), (ONE,), False),
        ((ONE,), (ONE, OTHER), False),
        ((ONE, OTHER), (ONE,), False),
        ((ONE, ONE), (ONE,), False),
        ((ONE,), (ONE, ONE), False),
        ((), (ONE,), False),
        ((ONE,), (), False),
        # At the threshold the one has what the other has not.
        ((ONE, detection(0.34, (60, 60, 90, 90))), (ONE,), True),
        ((ONE, detection(0.36, (60, 60, 90, 90))), (ONE,), False),
        ((ONE,), (ONE, detection(0.34, (60, 60, 90, 90))), True),
        ((ONE,), (ONE, detection(0.36, (60, 60, 90, 90))), False),
        ((detection(NAN),), (ONE,), False),
        ((ONE, detection(NAN)), (ONE,), False),
        ((detection(box=(NAN, 10, 50, 50)),), (ONE,), False),
        # The better overlap is taken first, so that the second finds its own too.
        ((detection(box=(20, 10, 60, 50)), ONE), (ONE, detection(box=(24, 10, 64, 50))), True),
        ((detection(box=(0, 5, 0, 9)),), (detection(box=(0, 5, 0, 9)),), True),
    ],
)
def test_agreement(actual: tuple[Detection, ...], golden: tuple[Detection, ...], agrees: bool) -> None:
    differences = boxes(Head.END_TO_END, (1, 10, 6)).find_differences(actual, golden, AGREEMENT)
    assert (differences == ()) == agrees, differences


def test_how_far_boxes_may_be_off() -> None:
    kind = boxes(Head.END_TO_END, (1, 10, 6), threshold=0.3)
    approximately = pytest.approx
    assert kind.agreement(24 / 256, ()) == approximately(
        {"score": 0.09375, "threshold": 0.3, "overlap": 0.575}, abs=2e-6
    )
    assert kind.agreement(1e-4, ()) == approximately({"score": 1e-4, "threshold": 0.3, "overlap": 0.9496}, abs=2e-6)
    assert kind.agreement(0.5, ())["overlap"] == 0.5


def test_weakness() -> None:
    kind = boxes(Head.END_TO_END, (1, 10, 6))
    assert kind.find_weakness(((), (ONE,))) is None
    found = kind.find_weakness(((), ()))
    assert found is not None
    assert found[0] == "no golden case has a detection with a score of 0.25 or more"


def test_overlaps() -> None:
    chance = random.Random(3)
    for _ in range(300):
        one, two = (tuple(chance.randrange(0, 12) for _ in range(4)) for _ in range(2))
        expected = share(one, two)
        areas = [max(box[2] - box[0], 0) * max(box[3] - box[1], 0) for box in (one, two)]
        assert overlap(one, two) == pytest.approx(1.0 if areas == [0, 0] else float(expected))
    assert overlap((0, 0, NAN, 4), (0, 0, 4, 4)) == 0


# --- which answer a model has ----------------------------------------


def metadata(labels: int = 0, **options: Any) -> ModelMetadata:
    text = "".join(f"label {number}\n" for number in range(labels)).encode()
    files = (AssociatedFile("labels.txt", "", "TENSOR_VALUE_LABELS", "", text),) if labels else ()
    return ModelMetadata(task=Task.OBJECT_DETECTION, outputs=(TensorMetadata(files=files),), **options)


@pytest.mark.parametrize(
    ("outputs", "given", "head", "count"),
    [
        ([(1, 84, 8400)], metadata(80), Head.YOLO_V8, 80),
        ([(1, 84, 8400)], metadata(), Head.YOLO_V8, 80),
        ([(1, 25200, 85)], metadata(80), Head.YOLO_V5, 80),
        ([(1, 300, 6)], metadata(80), Head.END_TO_END, 0),
        ([(1, 300, 6)], metadata(1, head=Head.YOLO_V5), Head.YOLO_V5, 1),
        ([(1, 300, 6)], metadata(1, head=Head.END_TO_END), Head.END_TO_END, 0),
        ([(1, 204, 84)], metadata(head=Head.YOLO_V8), Head.YOLO_V8, 200),
        ([(1, 8, 12, 4)], metadata(3), Head.FOMO, 3),
        ([(1, 10, 4), (1, 10), (1, 10), (1,)], metadata(90), Head.SSD, 0),
    ],
)
def test_the_answer_of_a_model(outputs: list[Shape], given: ModelMetadata, head: Head, count: int) -> None:
    found = boxes_answer(model(outputs), given)
    assert (found.head, found.class_count, found.threshold, found.iou) == (head, count, 0.25, 0.45)
    assert found.input_size == (96, 64)
    assert found.roles == (tuple(range(4)) if head is Head.SSD else (0,))


def test_settings_of_an_answer() -> None:
    given = metadata(80, threshold=0.0, iou=0.7, activation=Activation.SIGMOID)
    planar = model([(1, 84, 8400)], [(1, 3, 64, 96)])
    found = boxes_answer(planar, given)
    assert (found.threshold, found.iou, found.activation, found.input_size) == (0, 0.7, Activation.SIGMOID, (96, 64))


def test_the_operator_tells_the_roles() -> None:
    shapes: list[Shape] = [(), (), (), ()]
    made = model(shapes, operators=[(SSD_OPERATOR, (0,), (4, 3, 2, 1))])
    assert boxes_answer(made, metadata(90)).roles == (3, 2, 1, 0)


@pytest.mark.parametrize(
    ("outputs", "given", "what"),
    [
        ([(1, 1000)], metadata(), "its outputs [1, 1000] are not those of any head for object-detection"),
        (
            [(1, 84, 8400)],
            metadata(head=Head.SSD),
            "its outputs [1, 84, 8400] are not those of the head ssd for object-detection",
        ),
        (
            [(1, 84, 8400), (1, 2)],
            metadata(head=Head.YOLO_V8),
            "its outputs [1, 84, 8400] and [1, 2] are not those of the head yolo-v8 for object-detection",
        ),
        (
            [(1, 300, 6)],
            metadata(1),
            "its output [1, 300, 6] could be that of the heads end-to-end and yolo-v5, and its metadata names none",
        ),
        ([(1, 84, 8400)], metadata(79), "its metadata holds 79 labels for 80 classes"),
        ([(1, 300, 6)], metadata(2, head=Head.YOLO_V5), "its metadata holds 2 labels for 1 class"),
    ],
)
def test_models_that_do_not_fit(outputs: list[Shape], given: ModelMetadata, what: str) -> None:
    made: Model = model(outputs)
    with pytest.raises(MetadataError) as caught:
        boxes_answer(made, given)
    assert (caught.value.what, caught.value.where) == (what, "shapes.tflite")
    assert "metadata attach" in (caught.value.fix or "")
