"""What the generated Pi package makes of pictures and of outputs is what this tool's own reference makes of them."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.golden import Goldens
from packager.metadata.attach import Annotation, LabelFile
from packager.render.templates import render_layers
from packager.targets import pi
from packager.targets.pi import TARGET, Options
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from packager.tasks.boxes import Boxes
from packager.tasks.classes import Classes
from packager.tasks.image import ImageInput, input_tensor, place
from packager.tasks.keypoints import Keypoints
from packager.tasks.mask import Mask, Segmentation
from tests.conftest import write_files
from tests.hand_made import COLORS, Output, attached, picture_model

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]
Load = Callable[..., Callable[[str], ModuleType]]

SIZES = ((37, 91), (640, 480), (8, 8), (1, 300))


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Write the package of a model, without model and golden cases, and import its modules by name."""
    sys.path.insert(0, str(tmp_path))
    before = set(sys.modules)

    def write(annotated: AnnotatedModel, name: str = "generated") -> Callable[[str], ModuleType]:
        context = TARGET.build_context(annotated, Options(name=name), Goldens({}, None))
        write_files(tmp_path, render_layers(TARGET.layers(context), context))
        for file, content in pi.assets(annotated, context).items():
            (tmp_path / name / file).write_bytes(content)
        importlib.invalidate_caches()
        return lambda module: importlib.import_module(f"{name}.{module}")

    yield write
    sys.path.remove(str(tmp_path))
    for module in set(sys.modules) - before:
        if module.startswith("generated"):
            del sys.modules[module]


def photo(size: tuple[int, int], seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Noise over a gradient, of ``size`` (width, height)."""
    width, height = size
    slope = np.linspace(0, 160, width, dtype=np.float32)[None, :, None]
    noise = np.random.default_rng(seed).integers(0, 96, (height, width, 3))
    return Image.fromarray((slope + noise).astype(np.uint8)).convert(mode)


# --- pictures ----------------------------------------

SHAPES = {"rgb": (1, 12, 20, 3), "planar": (1, 3, 12, 20), "gray": (1, 12, 20, 1), "planar gray": (1, 1, 12, 20)}


@pytest.mark.parametrize("crop", CropMode)
@pytest.mark.parametrize("resize", Resize)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_input_tensors(crop: CropMode, resize: Resize, shape: str, dtype: str, load: Load) -> None:
    """Bit for bit, with blue first and a mean of its own for each channel where there are three."""
    is_gray = "gray" in shape
    for order, mean in itertools.product(ChannelOrder, ((0.0,), (10.0, 20.0, 30.5))):
        if is_gray and (order is ChannelOrder.BGR or len(mean) == 3):
            continue
        annotation = Annotation(
            task=Task.IMAGE_TO_TENSORS,
            mean=mean,
            std=(255.0,),
            crop=crop,
            resize=resize,
            pad=114 if crop is CropMode.LETTERBOX else None,
            channels=None if is_gray else order,
        )
        data = picture_model({"output": Output(np.zeros((1, 2)))}, SHAPES[shape], dtype)
        annotated = attached(data, annotation)
        assert isinstance(annotated.input, ImageInput)
        name = f"generated{order}{len(mean)}"
        preprocessor = load(annotated, name)("preprocessing").Preprocessor()
        for size in SIZES:
            picture = photo(size, mode="L" if is_gray else "RGB")
            (tensor,) = preprocessor.tensors(picture)
            np.testing.assert_array_equal(tensor, input_tensor(picture, annotated.input), strict=True)
            assert tensor.flags.c_contiguous


@pytest.mark.parametrize("is_tall", [False, True])
def test_bilinear_for_any_size(is_tall: bool, load: Load) -> None:
    """Smaller, larger and equal, where neighbours lie beyond the edges and where a pixel is met exactly."""
    annotation = Annotation(task=Task.IMAGE_TO_TENSORS, resize=Resize.BILINEAR)
    shape = (1, 96, 33, 3) if is_tall else (1, 30, 64, 3)
    annotated = attached(picture_model({"output": Output(np.zeros((1, 2)))}, shape, "uint8"), annotation)
    assert isinstance(annotated.input, ImageInput)
    preprocessor = load(annotated)("preprocessing").Preprocessor()
    random = np.random.default_rng(5)
    sizes = [(33, 96), (64, 30), (66, 192), (16, 15), (1, 1), (2, 2000), (1920, 1080)]
    sizes += [(int(width), int(height)) for width, height in random.integers(1, 400, (60, 2))]
    for number, (width, height) in enumerate(sizes):
        picture = photo((width, height), number)
        (tensor,) = preprocessor.tensors(picture)
        np.testing.assert_array_equal(tensor, input_tensor(picture, annotated.input), err_msg=f"{width}x{height}")


# --- outputs ----------------------------------------


def spread(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.uniform(0, 1, shape).astype(np.float32)


BOX_SHAPES: dict[Head, tuple[tuple[int, ...], ...]] = {
    Head.SSD: ((1, 10, 4), (1, 10), (1, 10), (1,)),
    Head.YOLO_V5: ((1, 90, 8),),
    Head.YOLO_V8: ((1, 7, 90),),
    Head.END_TO_END: ((1, 12, 6),),
    Head.FOMO: ((1, 5, 7, 4),),
}
LOGITS = (Head.YOLO_V5, Head.YOLO_V8, Head.FOMO)


def random_boxes(head: Head, random: np.random.Generator, activation: Activation) -> list[Array]:
    """Outputs in real numbers, with boxes that overlap, scores that are equal, and coordinates of either kind."""
    outputs = [spread(random, shape) for shape in BOX_SHAPES[head]]
    first = outputs[0]
    pixels = np.float32(40 if random.random() < 0.4 else 1)
    if head is Head.YOLO_V8:
        first[:, :4] *= pixels
        first[:, 4:] = np.round(first[:, 4:] ** 4 * 20) / 20
    if head is Head.YOLO_V5:
        first[..., :4] *= pixels
    if head is Head.END_TO_END:
        first[..., :4] = np.sort(first[..., :4].reshape(1, -1, 2, 2), axis=2).reshape(1, -1, 4) * pixels
        first[..., 5] = random.integers(-1, 4, first.shape[:2])
    if head is Head.SSD:
        outputs[0] = np.sort(first.reshape(1, -1, 2, 2), axis=2).reshape(1, -1, 4)
        outputs[1] = np.asarray(random.integers(0, 4, outputs[1].shape), np.float32)
        outputs[3] = np.array([random.integers(0, 12)], np.float32)
    if activation is not Activation.NONE:
        scores = {Head.YOLO_V5: first[..., 4:], Head.YOLO_V8: first[:, 4:], Head.FOMO: first}[head]
        scores[...] = scores * 8 - 5
    return outputs


def box_model(head: Head, activation: Activation, crop: CropMode, *, labelled: bool) -> AnnotatedModel:
    shapes = BOX_SHAPES[head]
    outputs = {f"output {place}": Output(np.zeros(shape)) for place, shape in enumerate(shapes)}
    shape = (1, 40, 56, 3) if head is Head.FOMO else (1, 24, 40, 3)
    annotation = Annotation(
        task=Task.OBJECT_DETECTION,
        labels=(LabelFile(COLORS),) if labelled else (),
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        head=head,
        activation=activation if head in LOGITS else None,
        threshold=0.3,
    )
    return attached(picture_model(outputs, shape), annotation)


@pytest.mark.parametrize("crop", CropMode)
@pytest.mark.parametrize(
    ("head", "activation"),
    [(head, activation) for head in BOX_SHAPES for activation in (Activation if head in LOGITS else ["none"])],
)
def test_boxes(head: Head, activation: Activation, crop: CropMode, load: Load) -> None:
    is_labelled = crop is not CropMode.STRETCH
    annotated = box_model(head, Activation(activation), crop, labelled=is_labelled)
    assert isinstance(annotated.input, ImageInput)
    assert isinstance(annotated.answer, Boxes)
    package = load(annotated)
    read, placing = package("answer").read_detections, package("preprocessing").place
    labels = [package("labels").read_labels()] if is_labelled else []
    iou = [annotated.answer.iou] if head in (Head.YOLO_V5, Head.YOLO_V8) else []
    random = np.random.default_rng(3)
    seen = 0
    for size in SIZES * 6:
        outputs = random_boxes(head, random, Activation(activation))
        if random.random() < 0.1:
            outputs[0].reshape(-1)[:: int(random.integers(2, 9))] = random.choice([np.nan, np.inf, -np.inf])
        expected = annotated.answer.read(outputs, place(size, annotated.input))
        found = read(outputs, placing(size), *labels, annotated.answer.threshold, *iou)
        assert [(item.label, item.index) for item in found] == [(item.label, item.index) for item in expected]
        for item, other in zip(found, expected, strict=True):
            assert item.score == pytest.approx(other.score, abs=1e-6)
            assert item.box == pytest.approx(other.box, rel=1e-5, abs=1e-4, nan_ok=True)
        seen += len(expected)
    assert seen > 20


@pytest.mark.parametrize("crop", CropMode)
@pytest.mark.parametrize("head", [Head.MOVENET, Head.MOVENET_MULTIPOSE, Head.YOLO_POSE, Head.LANDMARKS])
def test_keypoints(head: Head, crop: CropMode, load: Load) -> None:
    shape = {
        Head.MOVENET: (1, 1, 17, 3),
        Head.MOVENET_MULTIPOSE: (1, 6, 56),
        Head.YOLO_POSE: (1, 5 + 3 * 4, 70),
        Head.LANDMARKS: (1, 15),
    }[head]
    annotation = Annotation(
        task=Task.POSE,
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        head=head,
        points=5 if head is Head.LANDMARKS else None,
    )
    annotated = attached(picture_model({"output": Output(np.zeros(shape))}, (1, 24, 40, 3)), annotation)
    assert isinstance(annotated.input, ImageInput)
    assert isinstance(annotated.answer, Keypoints)
    package = load(annotated)
    read, placing = package("answer").read_poses, package("preprocessing").place
    options = {
        Head.LANDMARKS: [],
        Head.YOLO_POSE: [annotated.answer.threshold, annotated.answer.iou],
    }.get(head, [annotated.answer.threshold])
    random = np.random.default_rng(4)
    for size in SIZES * 6:
        values = spread(random, shape)
        if head in (Head.YOLO_POSE, Head.LANDMARKS) and random.random() < 0.5:
            values *= 30
        expected = annotated.answer.read([values], place(size, annotated.input))
        found = read([values], placing(size), *options)
        assert [pose.score for pose in found] == pytest.approx([pose.score for pose in expected], abs=1e-6)
        for pose, other in zip(found, expected, strict=True):
            assert [point.name for point in pose.keypoints] == [point.name for point in other.keypoints]
            for point, golden in zip(pose.keypoints, other.keypoints, strict=True):
                assert point[1:] == pytest.approx((golden.x, golden.y, golden.score), rel=1e-5, abs=1e-4)


MASKS: dict[str, tuple[tuple[int, ...], str]] = {
    "scores": ((1, 9, 13, 3), "float32"),
    "int8 scores": ((1, 9, 13, 3), "int8"),
    "class numbers": ((1, 9, 13), "int32"),
    "probability": ((1, 9, 13, 1), "float32"),
    "int8 probability": ((1, 9, 13), "int8"),
}


@pytest.mark.parametrize("crop", CropMode)
@pytest.mark.parametrize(
    ("form", "activation"),
    # The best of several scores needs no activation.
    [*((form, "none") for form in MASKS), ("probability", "sigmoid"), ("int8 probability", "sigmoid")],
)
def test_masks(form: str, activation: str, crop: CropMode, load: Load) -> None:
    shape, dtype = MASKS[form]
    output = Output(np.zeros(shape), dtype, 0.1 if dtype == "int8" else None, 3)
    annotation = Annotation(
        task=Task.IMAGE_SEGMENTATION,
        labels=() if "probability" in form else (LabelFile(COLORS),),
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        activation=Activation(activation),
    )
    annotated = attached(picture_model({"output": output}, (1, 24, 40, 3)), annotation)
    assert isinstance(annotated.input, ImageInput)
    assert isinstance(annotated.answer, Mask)
    package = load(annotated)
    placing, read = package("preprocessing").place, package("answer").read_segmentation
    random = np.random.default_rng(6)
    for size in SIZES:
        if dtype == "float32":
            raw = spread(random, shape) * 3 - 1
        else:
            raw = random.integers(-3, 300 if dtype == "int32" else 120, shape).astype(dtype)
        real = raw
        if form == "int8 probability":
            real = package("values").to_real(raw, {"quantization": (0.1, 3), "dtype": raw.dtype})
        labels = [] if "probability" in form else [package("labels").read_labels()]
        threshold = [annotated.answer.threshold] if "probability" in form else []
        expected = annotated.answer.read([raw], place(size, annotated.input))
        found = read([real], placing(size), *labels, *threshold)
        np.testing.assert_array_equal(found.mask, expected.mask, strict=True)
        golden = [item for item in annotated.answer.to_json(expected) if item["index"] != 255]
        assert [item._asdict() for item in found.classes] == golden


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("threshold", [0, 0.3])
def test_classes(activation: Activation, dtype: str, threshold: float, load: Load) -> None:
    output = Output(np.zeros((1, 3)), dtype, 0.04 if dtype == "int8" else None, 5)
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(COLORS),),
        mean=(0.0,),
        std=(255.0,),
        activation=activation,
        threshold=threshold,
    )
    annotated = attached(picture_model({"output": output}), annotation)
    assert isinstance(annotated.answer, Classes)
    package = load(annotated)
    random = np.random.default_rng(8)
    for _ in range(20):
        raw = random.integers(-128, 128, (1, 3)).astype(np.int8)
        if dtype == "float32":
            raw = np.round(random.normal(0, 3, (1, 3)), 1).astype(np.float32)
        real = package("values").to_real(raw, {"quantization": (0.04, 5)}) if dtype == "int8" else raw
        found = package("answer").read_categories([real], package("labels").read_labels(), 3, threshold)
        expected = annotated.answer.read([raw])
        assert [(item.label, item.index) for item in found] == [(item.label, item.index) for item in expected]
        assert [item.score for item in found] == pytest.approx([item.score for item in expected], abs=1e-6)


# --- when two answers agree ----------------------------------------


def judged(package: Callable[[str], ModuleType], annotated: AnnotatedModel, path: Path, golden: Any) -> Any:
    """A function that tells what the package has against outputs, the golden answer being ``golden``."""
    answer = annotated.answer
    photo((90, 60)).save(path / "golden.png")
    vars(package("agreement"))["FOLDER"] = path
    (path / "golden").mkdir()
    photo((90, 60)).save(path / "golden" / "golden.png")
    case = {"picture": "golden.png", "answers": json.loads(json.dumps(answer.to_json(golden)))}
    for ending, content in answer.files(golden).items():
        (path / "golden" / ending).write_bytes(content)
        case[ending.partition(".")[0]] = ending
    agreement = answer.agreement(0.02, [golden])

    def judge(outputs: list[Array]) -> tuple[bool, bool]:
        assert isinstance(annotated.input, ImageInput)
        actual = answer.read(outputs, place((90, 60), annotated.input))
        theirs = answer.find_differences(actual, golden, agreement)
        return bool(package("agreement").find_differences(outputs, case, agreement)), bool(theirs)

    return judge


@pytest.mark.parametrize("head", [Head.YOLO_V8, Head.SSD])
def test_boxes_agree_where_the_reference_says_so(head: Head, load: Load, tmp_path: Path) -> None:
    annotated = box_model(head, Activation.NONE, CropMode.LETTERBOX, labelled=True)
    assert isinstance(annotated.input, ImageInput)
    random = np.random.default_rng(9)
    outputs = random_boxes(head, random, Activation.NONE)
    outputs[-1] = np.array([9], np.float32) if head is Head.SSD else outputs[-1]
    golden = annotated.answer.read(outputs, place((90, 60), annotated.input))
    judge = judged(load(annotated), annotated, tmp_path, golden)
    assert judge(outputs) == (False, False)
    verdicts = []
    for strength in np.geomspace(1e-4, 0.5, 60):
        changed = [array + (random.normal(0, strength, array.shape) * (array < 1)).astype("f4") for array in outputs]
        verdicts.append(judge(changed))
    assert all(mine == theirs for mine, theirs in verdicts)
    assert {mine for mine, _ in verdicts} == {False, True}


def test_masks_agree_where_the_reference_says_so(load: Load, tmp_path: Path) -> None:
    annotation = Annotation(
        task=Task.IMAGE_SEGMENTATION,
        labels=(LabelFile(COLORS),),
        mean=(0.0,),
        std=(255.0,),
        crop=CropMode.CENTER_CROP,
    )
    annotated = attached(picture_model({"output": Output(np.zeros((1, 24, 24, 3)))}, (1, 24, 24, 3)), annotation)
    assert isinstance(annotated.input, ImageInput)
    scores = np.zeros((1, 24, 24, 3), np.float32)
    scores[:, :, 9:, 1] = 1
    scores[:, 18:, :, 2] = 2
    golden = annotated.answer.read([scores], place((90, 60), annotated.input))
    assert isinstance(golden, Segmentation)
    judge = judged(load(annotated), annotated, tmp_path, golden)
    assert judge([scores]) == (False, False)
    verdicts = [judge([np.roll(scores, (down, right), (1, 2))]) for down in range(-2, 3) for right in range(-2, 3)]
    noise = np.random.default_rng(2)
    verdicts += [judge([scores + noise.normal(0, s, scores.shape).astype("f4")]) for s in np.linspace(0.1, 1, 20)]
    assert all(mine == theirs for mine, theirs in verdicts)
    assert {mine for mine, _ in verdicts} == {False, True}


@pytest.mark.parametrize("head", [Head.MOVENET, Head.MOVENET_MULTIPOSE])
def test_keypoints_agree_where_the_reference_says_so(head: Head, load: Load, tmp_path: Path) -> None:
    shape = (1, 1, 17, 3) if head is Head.MOVENET else (1, 6, 56)
    annotation = Annotation(task=Task.POSE, mean=(0.0,), std=(255.0,), head=head)
    annotated = attached(picture_model({"output": Output(np.zeros(shape))}, (1, 24, 40, 3)), annotation)
    assert isinstance(annotated.input, ImageInput)
    random = np.random.default_rng(12)
    values = spread(random, shape)
    golden = annotated.answer.read([values], place((90, 60), annotated.input))
    judge = judged(load(annotated), annotated, tmp_path, golden)
    assert judge([values]) == (False, False)
    verdicts = [
        judge([values + random.normal(0, strength, shape).astype("f4")]) for strength in np.geomspace(1e-4, 0.3, 40)
    ]
    assert all(mine == theirs for mine, theirs in verdicts)
    assert {mine for mine, _ in verdicts} == {False, True}
