"""What shapes and operators tell, over tables and over models that others made."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from packager.model import Quantization, read_model
from packager.tasks import Activation, Head, MaskForm, Task
from packager.tasks.heads import (
    SSD_OPERATOR,
    ImageLayout,
    class_count,
    ends_in_logits,
    find_heads,
    image_layout,
    landmark_items,
    mask_form,
    ssd_roles,
)
from tests.tasks.shapes import INT8, Shape, model, tensor

V5, V8, END, FOMO = Head.YOLO_V5, Head.YOLO_V8, Head.END_TO_END, Head.FOMO
SSD = ((1, 10, 4), (1, 10), (1, 10), (1,))


@pytest.mark.parametrize(
    ("outputs", "classes", "heads"),
    [
        ([(1, 84, 8400)], None, (V8,)),
        ([(1, 84, 8400)], 80, (V8,)),
        ([(1, 84, 8400)], 3, (V8,)),
        ([(1, 5, 2100)], 1, (V8,)),
        ([(1, 25200, 85)], None, (V5,)),
        ([(1, 25200, 85)], 80, (V5,)),
        ([(1, 6300, 6)], None, (END, V5)),
        ([(1, 6300, 6)], 1, (END, V5)),
        ([(1, 300, 6)], 80, (END,)),
        ([(1, 300, 6)], 2, (END,)),
        ([(1, 5, 6)], None, (END,)),
        ([(1, 1, 6)], None, (END,)),
        # More classes than candidates: only the labels tell.
        ([(1, 204, 84)], None, (V5,)),
        ([(1, 204, 84)], 200, (V8,)),
        ([(1, 84, 204)], 199, (V5,)),
        # As many: nothing tells but they.
        ([(1, 84, 84)], None, (V8, V5)),
        ([(1, 84, 84)], 80, (V8,)),
        ([(1, 84, 84)], 79, (V5,)),
        ([(1, 4, 8400)], None, ()),
        ([(1, 8400, 5)], None, ()),
        ([(1, 8400, 4)], None, ()),
        ([(2, 84, 8400)], None, ()),
        ([(1, 84, 0)], None, ()),
        ([(1, -84, 84)], None, ()),
        ([(84, 8400)], None, ()),
        ([(1, 1000)], None, ()),
        ([()], None, ()),
        ([], None, ()),
        ([(1, 8, 12, 2)], None, (FOMO,)),
        ([(1, 8, 12, 4)], 3, (FOMO,)),
        ([(1, 8, 12, 1)], None, ()),
        ([(1, 12, 8, 3)], None, ()),
        ([(1, 64, 96, 21)], None, ()),
        ([(2, 8, 12, 3)], None, ()),
        (SSD, None, (Head.SSD,)),
        (SSD, 90, (Head.SSD,)),
        ([(), (), (), ()], None, (Head.SSD,)),
        ([SSD[1], SSD[0], SSD[2], SSD[3]], None, ()),
        (SSD[:3], None, ()),
        ([*SSD, (1,)], None, ()),
        ([(1, 84, 8400), (1, 84, 8400)], None, ()),
    ],
)
def test_detection_heads(outputs: list[Shape], classes: int | None, heads: tuple[Head, ...]) -> None:
    assert find_heads(model(outputs), Task.OBJECT_DETECTION, classes) == heads


@pytest.mark.parametrize(("side", "grids"), [(96, {12}), (100, {12, 13}), (64, {8}), (7, {1}), (65, {8, 9})])
def test_a_fomo_grid_is_an_eighth_of_the_picture(side: int, grids: set[int]) -> None:
    for planar, grid in itertools.product([False, True], range(1, 20)):
        picture = (1, 1, side, side) if planar else (1, side, side, 1)
        heads = find_heads(model([(1, grid, grid, 3)], [picture]), Task.OBJECT_DETECTION)
        assert (heads == (FOMO,)) == (grid in grids), (planar, grid)


def test_a_fomo_grid_needs_a_picture() -> None:
    for inputs in ([], [(1, 64)], [(1, 64, 96, 3), (1, 64, 96, 3)]):
        assert find_heads(model([(1, 8, 12, 2)], inputs), Task.OBJECT_DETECTION) == ()


@pytest.mark.parametrize(
    ("outputs", "heads"),
    [
        ([(1, 1, 17, 3)], (Head.MOVENET,)),
        ([(1, 1, 5, 3)], (Head.MOVENET,)),
        ([(1, 6, 56)], (Head.MOVENET_MULTIPOSE,)),
        ([(1, 8, 56)], (Head.MOVENET_MULTIPOSE,)),
        ([(1, 56, 8400)], (Head.YOLO_POSE,)),
        ([(1, 8, 2100)], (Head.YOLO_POSE,)),
        ([(1, 68, 8400)], (Head.YOLO_POSE,)),
        ([(1, 84, 8400)], ()),
        ([(1, 5, 8400)], ()),
        ([(1, 8400, 56)], ()),
        ([(1, 17, 3)], ()),
        ([(1, 17, 17, 3)], ()),
        ([(1, 42)], (Head.LANDMARKS,)),
        ([(1, 63)], (Head.LANDMARKS,)),
        ([(1, 1, 1, 1404)], (Head.LANDMARKS,)),
        ([(1, 1), (1, 63), (1, 1)], (Head.LANDMARKS,)),
        ([(1, 1, 17, 3), (1, 1)], ()),
        ([(1, 5)], ()),
        ([(1, 0)], ()),
        ([(2, 42)], ()),
        ([(42,)], ()),
        ([()], ()),
        ([], ()),
    ],
)
def test_pose_heads(outputs: list[Shape], heads: tuple[Head, ...]) -> None:
    assert find_heads(model(outputs), Task.POSE) == heads


def test_other_tasks_have_no_heads() -> None:
    for task in set(Task) - {Task.OBJECT_DETECTION, Task.POSE}:
        assert find_heads(model([(1, 84, 8400)]), task) == ()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_ssd_roles_are_those_of_the_operator(order: tuple[int, ...]) -> None:
    """Tensors 1 to 4 are the outputs; the operator makes them in the order 3, 1, 4, 2."""
    own = (3, 1, 4, 2)
    shapes: list[Shape] = [(), (), (), ()]
    made = model(shapes, operators=[(SSD_OPERATOR, (0,), own)], order=order)
    roles = ssd_roles(made)
    assert roles is not None
    assert tuple(made.main.outputs[role] for role in roles) == own
    # With something behind the operator the order of the tensors tells.
    behind = model(shapes, operators=[(SSD_OPERATOR, (0,), (9, 10, 11, 12))], order=order)
    roles = ssd_roles(behind)
    assert roles is not None
    assert tuple(behind.main.outputs[role] for role in roles) == (1, 2, 3, 4)


def test_an_output_given_twice_is_no_ssd() -> None:
    assert ssd_roles(model(SSD, order=(0, 1, 2, 2))) is None
    assert ssd_roles(model(SSD[:2])) is None


def test_class_counts() -> None:
    for head, outputs, count in (
        (V5, [(1, 25200, 85)], 80),
        (V5, [(1, 6300, 6)], 1),
        (V8, [(1, 84, 8400)], 80),
        (FOMO, [(1, 8, 12, 4)], 3),
        (END, [(1, 300, 6)], 0),
    ):
        assert class_count(model(outputs), head) == count
    assert class_count(model(SSD), Head.SSD, (0, 1, 2, 3)) == 0


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 64, 96, 3), ImageLayout(64, 96, 3, is_planar=False)),
        ((1, 64, 96, 1), ImageLayout(64, 96, 1, is_planar=False)),
        ((1, 3, 64, 96), ImageLayout(64, 96, 3, is_planar=True)),
        ((1, 1, 64, 96), ImageLayout(64, 96, 1, is_planar=True)),
        ((1, 3, 96, 3), ImageLayout(3, 96, 3, is_planar=False)),
        ((1, 1, 1, 1), ImageLayout(1, 1, 1, is_planar=False)),
        ((1, 64, 96, 4), None),
        ((2, 64, 96, 3), None),
        ((1, 0, 96, 3), None),
        ((1, -64, 96, 3), None),
        ((64, 96, 3), None),
        ((), None),
    ],
)
def test_image_layouts(shape: Shape, layout: ImageLayout | None) -> None:
    assert image_layout(tensor(shape)) == layout


@pytest.mark.parametrize(
    ("shape", "dtype", "quantization", "form"),
    [
        ((1, 65, 33, 21), "float32", None, MaskForm.SCORES),
        ((1, 65, 33, 2), "int8", INT8, MaskForm.SCORES),
        ((1, 65, 33, 1), "float32", None, MaskForm.PROBABILITY),
        ((1, 65, 33), "float32", None, MaskForm.PROBABILITY),
        ((1, 65, 33), "uint8", INT8, MaskForm.PROBABILITY),
        ((1, 65, 33), "uint8", Quantization((0.0,), (0,), None), MaskForm.CLASS_NUMBERS),
        ((1, 65, 33), "int64", None, MaskForm.CLASS_NUMBERS),
        ((1, 65, 33, 1), "int32", None, MaskForm.CLASS_NUMBERS),
        ((1, 65), "int64", None, None),
        ((2, 65, 33), "int64", None, None),
        ((1, 65, 0), "int64", None, None),
        ((), "int64", None, None),
    ],
)
def test_mask_forms(shape: Shape, dtype: str, quantization: Quantization | None, form: MaskForm | None) -> None:
    assert mask_form(tensor(shape, dtype, quantization)) is form


@pytest.mark.parametrize(
    ("names", "classes", "lacks"),
    [
        (["CONV_2D", "SOFTMAX"], 10, Activation.NONE),
        (["CONV_2D", "LOGISTIC"], 10, Activation.NONE),
        (["CONV_2D", "SOFTMAX", "QUANTIZE", "RESHAPE", "DEQUANTIZE"], 10, Activation.NONE),
        (["SOFTMAX", "FULLY_CONNECTED"], 10, Activation.SOFTMAX),
        (["FULLY_CONNECTED"], 1, Activation.SIGMOID),
        (["CONV_2D", "RESHAPE", "DEQUANTIZE"], 10, Activation.SOFTMAX),
        (["FULLY_CONNECTED", "ADD"], 10, Activation.SOFTMAX),
        (["SOFTMAX", "MUL"], 10, None),
        (["some-operator"], 10, None),
        (["RESHAPE"], 10, None),
        ([], 10, None),
    ],
)
def test_what_a_graph_ends_in(names: list[str], classes: int, lacks: Activation | None) -> None:
    """A chain of operators from tensor 0, the input, through 2, 3, … to 1, the output."""
    places = [0, *range(2, len(names) + 1), 1]
    chain = [(name, (fed,), (made,)) for name, fed, made in zip(names, places, places[1:], strict=False)]
    assert ends_in_logits(model([(1, classes)], operators=chain), 0) is lacks


def test_a_graph_that_is_a_circle() -> None:
    circle = [("RESHAPE", (2,), (1,)), ("RESHAPE", (1,), (2,))]
    assert ends_in_logits(model([(1, 10)], operators=circle), 0) is None


def test_landmark_vectors() -> None:
    found = [landmark_items(tensor((1, count))) for count in range(1, 11)]
    assert found == [0, 2, 3, 4, 0, 6, 0, 8, 9, 10]


def test_real_models(models: Path) -> None:
    for name, task, heads in (
        ("ssd_mobilenet_v1_no_metadata", Task.OBJECT_DETECTION, (Head.SSD,)),
        ("yolo11n_full_integer_quant", Task.OBJECT_DETECTION, (V8,)),
        ("yolov8n_int8", Task.OBJECT_DETECTION, (V8,)),
        ("movenet_single_pose_lightning_ptq", Task.POSE, (Head.MOVENET,)),
        ("deeplabv3", Task.OBJECT_DETECTION, ()),
        ("mobilenet_v1_0.25_128_quant", Task.OBJECT_DETECTION, ()),
    ):
        assert find_heads(read_model(models / f"{name}.tflite"), task) == heads, name
    assert ssd_roles(read_model(models / "ssd_mobilenet_v1_no_metadata.tflite")) == (0, 1, 2, 3)
    for name, lacks in (
        ("mobilenet_v2_1.0_224_quant", Activation.NONE),
        ("yamnet_audio_classifier_with_metadata", Activation.NONE),
        ("keyword_scrambled_8bit", Activation.NONE),
        ("mobilenet_v1_0.25_128_quant_edgetpu", None),
    ):
        assert ends_in_logits(read_model(models / f"{name}.tflite"), 0) is lacks, name
    for name, form in (
        ("deeplabv3", MaskForm.SCORES),
        ("deeplabv3_mnv2_dm05_pascal_quant", MaskForm.CLASS_NUMBERS),
        ("mobilenet_v2_1.0_224_quant", None),
    ):
        assert mask_form(read_model(models / f"{name}.tflite").outputs[0]) is form, name


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, packager.tasks.heads; print({'numpy', 'PIL'} & set(sys.modules) or '')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
