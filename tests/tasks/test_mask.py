"""Masks: classes of pixels, and their way back into the picture, against plain loops; agreement."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.errors import MetadataError
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import Quantization, Tensor
from packager.tasks import Activation, ChannelOrder, CropMode, MaskForm, Resize, Task
from packager.tasks.classes import Labels
from packager.tasks.image import ImageInput, place
from packager.tasks.kinds import Array, Placement
from packager.tasks.mask import Mask, Segmentation, mask_answer, voc_colours
from tests.tasks.shapes import INT8, Shape, model, tensor


def mask(form: MaskForm, output: Tensor, **options: Any) -> Mask:
    return replace(
        Mask(
            tensor=output,
            form=form,
            height=output.shape[1],
            width=output.shape[2],
            class_count=3,
            labels=Labels(("background", "ant", "bee")),
            activation=Activation.NONE,
            threshold=0.5,
            input_size=(output.shape[2], output.shape[1]),
        ),
        **options,
    )


def numbers(height: int, width: int, **options: Any) -> Mask:
    return mask(MaskForm.CLASS_NUMBERS, tensor((1, height, width), "int64"), **options)


# --- the classes of the mask's own pixels ----------------------------------------

NAN = math.nan


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.1, 0.7, 0.2), 1),
        ((0.5, 0.25, 0.5), 0),
        ((0.25, 0.5, 0.5), 1),
        ((0.0, 0.0, 0.0), 0),
        ((-3.0, -1.0, -2.0), 1),
        ((-math.inf, 0.0, math.inf), 2),
    ],
)
def test_the_best_score_decides(scores: tuple[float, ...], expected: int) -> None:
    output = np.array(scores, np.float32).reshape(1, 1, 1, 3)
    for activation in Activation:  # which change no order
        kind = mask(MaskForm.SCORES, tensor((1, 1, 1, 3)), activation=activation)
        assert kind.read([output], None).mask.tolist() == [[expected]]


def test_scores_of_integers() -> None:
    values = np.random.default_rng(0).integers(-128, 128, (1, 7, 5, 3), dtype=np.int8)
    found = mask(MaskForm.SCORES, tensor((1, 7, 5, 3), "int8", INT8)).read([values], None).mask
    expected = [[max(range(3), key=lambda it: (int(pixel[it]), -it)) for pixel in row] for row in values[0]]
    assert found.dtype == np.uint8
    assert found.tolist() == expected


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 2, 3, 1)])
def test_class_numbers(dtype: str, shape: Shape) -> None:
    values = np.array([[0, 1, 1], [1, 0, 0]]).astype(dtype).reshape(shape)
    kind = mask(MaskForm.CLASS_NUMBERS, tensor(shape, dtype))
    assert kind.read([values], None).mask.tolist() == [[0, 1, 1], [1, 0, 0]]


def test_class_numbers_that_no_mask_holds() -> None:
    values = np.array([[[0, 254, 255, 256, -1, 1 << 40, -(1 << 40)]]], np.int64)
    assert numbers(1, 7).read([values], None).mask.tolist() == [[0, 254, 255, 255, 255, 255, 255]]


@pytest.mark.parametrize(
    ("value", "activation", "threshold", "expected"),
    [
        (0.5, Activation.NONE, 0.5, 1),
        (0.4999, Activation.NONE, 0.5, 0),
        (0.3, Activation.NONE, 0.3, 1),
        (0.3, Activation.NONE, 0.31, 0),
        (0.0, Activation.SIGMOID, 0.5, 1),
        (-0.01, Activation.SIGMOID, 0.5, 0),
        # Of one channel it would be 1 everywhere.
        (-0.01, Activation.SOFTMAX, 0.5, 0),
        (2.0, Activation.SIGMOID, 0.9, 0),
        (2.3, Activation.SIGMOID, 0.9, 1),
        (NAN, Activation.NONE, 0.5, 0),
    ],
)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 1, 1)])
def test_probabilities(value: float, activation: Activation, threshold: float, expected: int, shape: Shape) -> None:
    kind = mask(MaskForm.PROBABILITY, tensor(shape), activation=activation, threshold=threshold)
    assert kind.read([np.full(shape, value, np.float32)], None).mask.tolist() == [[expected]]


def test_probabilities_of_integers() -> None:
    quantization = Quantization((1 / 256,), (-128,), None)
    kind = mask(MaskForm.PROBABILITY, tensor((1, 1, 3), "int8", quantization))
    assert kind.read([np.array([[[-1, 0, 1]]], np.int8)], None).mask.tolist() == [[0, 1, 1]]


# --- back into the picture ----------------------------------------


def plain_mask(classes: Array, placement: Placement) -> Array:
    """For each pixel of the picture the class where its centre lies, in fractions; 255 where nobody looked."""
    (width, height), (left, top, right, bottom) = placement.size, placement.box
    x, y, fitted_width, fitted_height = placement.fitted
    expected = np.full((height, width), 255, np.uint8)
    rows, columns = classes.shape
    for row in range(top, bottom):
        down = y + Fraction(2 * (row - top) + 1, 2) * Fraction(fitted_height, bottom - top)
        for column in range(left, right):
            across = x + Fraction(2 * (column - left) + 1, 2) * Fraction(fitted_width, right - left)
            expected[row, column] = classes[
                int(down * rows / placement.input_size[1]), int(across * columns / placement.input_size[0])
            ]
    return expected


@pytest.mark.parametrize("crop", list(CropMode))
@pytest.mark.parametrize("size", [(40, 30), (30, 40), (1, 1), (7, 61), (64, 48), (20, 20)])
@pytest.mark.parametrize(("input_size", "grid"), [((24, 24), (24, 24)), ((24, 16), (16, 24)), ((32, 16), (5, 9))])
def test_back_into_the_picture(
    crop: CropMode, size: tuple[int, int], input_size: tuple[int, int], grid: tuple[int, int]
) -> None:
    """Of masks as large as the input, and of others."""
    shape = (1, input_size[1], input_size[0], 3)
    image = ImageInput(
        tensor=tensor(shape),
        width=input_size[0],
        height=input_size[1],
        channels=3,
        is_planar=False,
        crop=crop,
        pad=0,
        resize=Resize.ANTIALIAS,
        order=ChannelOrder.RGB,
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    )
    placement = place(size, image)
    classes = np.random.default_rng(0).integers(0, 3, grid)
    found = numbers(*grid, input_size=input_size).read([classes[None]], placement)
    np.testing.assert_array_equal(found.mask, plain_mask(classes, placement), strict=True)


def test_the_issue_of_32_bits() -> None:
    """A large picture in a large input: the products are beyond 32 bits."""
    placement = Placement((1, 30_000), (0, 0, 1, 30_000), (0, 0, 1, 4096), (1, 4096))
    classes = (np.arange(2048) % 7).reshape(1, 2048, 1)
    found = numbers(2048, 1, input_size=(1, 4096)).read([classes], placement).mask[:, 0]
    assert found.tolist() == [(2 * row + 1) * 2048 // 60_000 % 7 for row in range(30_000)]


# --- the answer in files ----------------------------------------


def answer(pixels: Any) -> Segmentation:
    return Segmentation(np.array(pixels, np.uint8))


def test_json_and_files() -> None:
    found = answer([[0, 0, 2], [7, 255, 0]])
    kind = numbers(2, 3)
    assert kind.to_json(found) == [
        {"label": "background", "index": 0, "pixels": 3},
        {"label": "bee", "index": 2, "pixels": 1},
        {"label": None, "index": 7, "pixels": 1},
    ]
    ((name, data),) = kind.files(found).items()
    assert name == "mask.png"
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(opened), found.mask)
    assert kind.files(found) == kind.files(found)


# --- when two answers agree ----------------------------------------


def square(left: int, top: int, size: int = 40, index: int = 1) -> Array:
    pixels = np.zeros((100, 100), np.uint8)
    pixels[top : top + size, left : left + size] = index
    return pixels


def with_pixels(count: int, index: int = 2) -> Array:
    pixels = square(10, 10)
    pixels.reshape(-1)[:count] = index
    return pixels


GOLDEN = square(10, 10)


@pytest.mark.parametrize(
    ("actual", "golden", "agrees"),
    [
        (GOLDEN, GOLDEN, True),
        (square(12, 10), GOLDEN, True),
        (square(20, 10), GOLDEN, False),
        (square(10, 10, index=2), GOLDEN, False),
        (GOLDEN * 0, GOLDEN, False),
        (GOLDEN, GOLDEN * 0, False),
        (GOLDEN.T[:-1], GOLDEN, False),
        # New classes count from 1 % of the pixels on, golden ones from 0.1 %.
        (with_pixels(99), GOLDEN, True),
        (with_pixels(100), GOLDEN, False),
        (GOLDEN, with_pixels(9), True),
        (GOLDEN, with_pixels(10), False),
        (with_pixels(8), with_pixels(10), True),
        # The unseen is no class.
        (with_pixels(500, 255), with_pixels(500, 255), True),
        (np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.uint8), True),
    ],
)
def test_agreement(actual: Array, golden: Array, agrees: bool) -> None:
    differences = numbers(100, 100).find_differences(answer(actual), answer(golden), {"overlap": 0.8})
    assert (differences == ()) == agrees, differences


def test_agreement_is_the_intersection_over_union() -> None:
    chance = random.Random(0)
    for _ in range(100):
        one, two = (square(chance.randrange(60), chance.randrange(60)) for _ in range(2))
        ratios = [
            (np.logical_and(one == index, two == index).sum() / np.logical_or(one == index, two == index).sum())
            for index in (0, 1)
        ]
        for limit in (0.3, 0.5, 0.9):
            differences = numbers(100, 100).find_differences(answer(one), answer(two), {"overlap": limit})
            assert len(differences) == sum(ratio < limit for ratio in ratios)


def test_how_much_must_overlap() -> None:
    found = [numbers(2, 2).agreement(share, ())["overlap"] for share in (24 / 256, 12 / 256, 1e-4, 0.5)]
    assert found == pytest.approx([0.575, 0.7625, 0.9496, 0.5])


@pytest.mark.parametrize(
    ("masks", "weakness"),
    [
        ([[[0, 0]], [[1, 1]]], None),
        ([[[0, 1]]], None),
        ([[[0, 0]], [[0, 0]]], "all golden masks show background alone"),
        ([[[9, 9, 255]]], "all golden masks show class 9 alone"),
        ([[[255]]], "all golden masks show nothing alone"),
    ],
)
def test_weakness(masks: list[Any], weakness: str | None) -> None:
    found = numbers(1, 2).find_weakness(tuple(map(answer, masks)))
    assert (None if found is None else found[0]) == weakness


def test_voc_colours() -> None:
    """PASCAL VOC's first 21 classes as its documentation shows them, and the colour of its void pixels."""
    names = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128)]
    names += [(128, 128, 128), (64, 0, 0), (192, 0, 0), (64, 128, 0), (192, 128, 0), (64, 0, 128), (192, 0, 128)]
    names += [(64, 128, 128), (192, 128, 128), (0, 64, 0), (128, 64, 0), (0, 192, 0), (128, 192, 0), (0, 64, 128)]
    found = voc_colours()
    assert (found.shape, str(found.dtype)) == ((256, 3), "uint8")
    assert found[:21].tolist() == [list(name) for name in names]
    assert found[255].tolist() == [224, 224, 192]
    assert len({tuple(colour) for colour in found.tolist()}) == 256


# --- which answer a model has ----------------------------------------


def metadata(labels: int = 0, **options: Any) -> ModelMetadata:
    text = "".join(f"label {number}\n" for number in range(labels)).encode()
    files = (AssociatedFile("labels.txt", "", "TENSOR_AXIS_LABELS", "", text),) if labels else ()
    return ModelMetadata(task=Task.IMAGE_SEGMENTATION, outputs=(TensorMetadata(files=files),), **options)


@pytest.mark.parametrize(
    ("output", "labels", "form", "count"),
    [
        (tensor((1, 64, 96, 21)), 21, MaskForm.SCORES, 21),
        (tensor((1, 64, 96, 21)), 0, MaskForm.SCORES, 21),
        (tensor((1, 8, 12, 255)), 0, MaskForm.SCORES, 255),
        (tensor((1, 513, 513), "int64"), 21, MaskForm.CLASS_NUMBERS, 21),
        (tensor((1, 513, 513), "int64"), 0, MaskForm.CLASS_NUMBERS, 0),
        (tensor((1, 64, 96, 1), "uint8", INT8), 2, MaskForm.PROBABILITY, 2),
        (tensor((1, 64, 96)), 0, MaskForm.PROBABILITY, 2),
    ],
)
def test_the_answer_of_a_model(output: Tensor, labels: int, form: MaskForm, count: int) -> None:
    found = mask_answer(model([output]), metadata(labels))
    assert (found.form, found.class_count, len(found.labels.default)) == (form, count, labels)
    assert ((found.height, found.width), found.input_size, found.threshold) == (output.shape[1:3], (96, 64), 0.5)


def test_settings_of_an_answer() -> None:
    found = mask_answer(model([(1, 4, 4, 1)]), metadata(threshold=0.3, activation=Activation.SIGMOID))
    assert (found.threshold, found.activation) == (0.3, Activation.SIGMOID)


NO_MASK = "a segmenter has one output [1, height, width, classes] or [1, height, width], and this one has "
REFUSED: list[tuple[Callable[[], list[Shape | Tensor]], int, str]] = [
    (lambda: [(1, 64, 96)], 3, "its metadata holds 3 labels for 2 classes"),
    (lambda: [(1, 64, 96, 21)], 20, "its metadata holds 20 labels for 21 classes"),
    (lambda: [(1, 64, 96, 256)], 0, "it tells 256 classes apart, and a mask of 8 bits holds 255"),
    (lambda: [tensor((1, 4, 4), "int64")], 256, "it tells 256 classes apart, and a mask of 8 bits holds 255"),
    (lambda: [(1, 1000)], 0, NO_MASK + "[1, 1000]"),
    (lambda: [(2, 4, 4, 3)], 0, NO_MASK + "[2, 4, 4, 3]"),
    (lambda: [(1, 4, 4, 3), (1, 2)], 0, NO_MASK + "[1, 4, 4, 3] and [1, 2]"),
]


@pytest.mark.parametrize(("outputs", "labels", "what"), REFUSED)
def test_models_that_do_not_fit(outputs: Callable[[], list[Shape | Tensor]], labels: int, what: str) -> None:
    with pytest.raises(MetadataError) as caught:
        mask_answer(model(outputs()), metadata(labels))
    assert (caught.value.what, caught.value.where) == (what, "shapes.tflite")
    assert "metadata attach" in (caught.value.fix or "")
