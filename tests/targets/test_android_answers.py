"""What the generated Kotlin reads in raw outputs, hostile ones too, is what this tool's own reference reads in them.

All modules are compiled in one go and run in one JVM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.golden import Goldens, GoldenSet
from packager.metadata.attach import Annotation, LabelFile
from packager.render.templates import render_layers
from packager.runtimes import Runtime
from packager.targets import android
from packager.targets.android import TARGET
from packager.tasks import Activation, CropMode, Head, Task
from packager.tasks.boxes import Boxes, Detection
from packager.tasks.image import ImageInput, place
from packager.tasks.keypoints import Keypoints, Pose
from packager.tasks.mask import Mask, Segmentation
from packager.tasks.scores import activate
from tests.conftest import write_files
from tests.hand_made import COLORS, attached
from tests.models import T, ports
from tests.targets.android import harness

pytestmark = [pytest.mark.slow, pytest.mark.kotlin]

Array = np.ndarray[Any, Any]
SIZES = ((37, 91), (640, 480), (8, 8), (1, 300))
INPUT = (1, 24, 40, 3)


@dataclass(frozen=True)
class Asked:
    """Raw ``outputs`` for a picture of ``size`` (width, height), and what is asked of the answer."""

    outputs: Sequence[Array]
    size: tuple[int, int]
    threshold: float
    iou: float = 0.45
    most: int = 100
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    runs: int = 1


@dataclass(frozen=True)
class Module:
    """A model, and what is asked of it."""

    annotated: AnnotatedModel
    asked: Sequence[Asked]


@dataclass(frozen=True)
class Told:
    """What Kotlin says, how long it took to, and how many bytes that allocated."""

    answer: Any
    milliseconds: float
    allocated: int


def spread(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.uniform(0, 1, shape).astype(np.float32)


def model(outputs: Sequence[T], annotation: Annotation, shape: tuple[int, ...] = INPUT) -> AnnotatedModel:
    """A model of these outputs; nothing runs it."""
    return attached(ports([T("", shape)], outputs), annotation)


# --- boxes ----------------------------------------

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


WHOLE = (0.0, -1.0, 2.5, 7.0, 1e9, 2147483520.0, 2147483648.0, 1e30, np.inf, -np.inf, np.nan, -0.4)


def hostile_boxes(head: Head, random: np.random.Generator, activation: Activation) -> Iterator[list[Array]]:
    """No numbers, infinite ones, boxes that are upside down, none at all, all alike, and classes that are none."""
    for value in (np.nan, np.inf, -np.inf, 0.0, 0.5, 1e30, -1e30, 30.0):
        yield [np.full(shape, value, np.float32) for shape in BOX_SHAPES[head]]
    for value in (np.nan, np.inf, -np.inf, -0.0, 1e38):
        outputs = random_boxes(head, random, activation)
        for output in outputs:
            output.reshape(-1)[:: int(random.integers(2, 9))] = value
        yield outputs
    upside_down = random_boxes(head, random, activation)
    # Sizes below 0; of finished boxes a right side that is left of the left one.
    boxes = upside_down[0][:, 2:4] if head is Head.YOLO_V8 else upside_down[0][..., 2:4]
    boxes *= np.float32(-1)
    yield upside_down
    if activation is not Activation.NONE:
        # Logits so large that the scores of several classes are equal.
        saturated = random_boxes(head, random, activation)
        saturated[0] *= np.float32(20)
        yield saturated
    if head in (Head.SSD, Head.END_TO_END):
        classes = random_boxes(head, random, activation)
        numbers = classes[1][0] if head is Head.SSD else classes[0][0, :, 5]
        numbers[:] = np.array(WHOLE[: len(numbers)], np.float32)
        if head is Head.SSD:
            classes[3][0] = 10
        yield classes
    if head is Head.SSD:
        for count in (np.nan, np.inf, -np.inf, -3, 1e9, 2.9):
            counted = random_boxes(head, random, activation)
            counted[3][0] = count
            yield counted


def only(annotated: AnnotatedModel, asked: Asked) -> list[Array]:
    """The outputs without what is not asked for: scores of other classes are no numbers."""
    answer = annotated.answer
    assert isinstance(answer, Boxes)
    labels = answer.labels.default
    outputs = [output.copy() for output in asked.outputs]

    def is_wanted(index: float) -> bool:
        label = labels[int(index)] if 0 <= index < len(labels) else ""
        return (not asked.allow or label in asked.allow) and label not in asked.deny

    first = outputs[0][0]
    if answer.head is Head.SSD:
        outputs[2][0, [not is_wanted(np.floor(index + 0.5)) for index in outputs[1][0]]] = np.nan
    elif answer.head is Head.END_TO_END:
        first[[not is_wanted(np.floor(index + 0.5)) for index in first[:, 5]], 4] = np.nan
    elif answer.head is Head.FOMO:
        scores = activate(first, answer.activation)
        scores[..., [False, *(not is_wanted(index) for index in range(answer.class_count))]] = np.nan
        return [scores[None]]
    else:
        rows = first.T if answer.head is Head.YOLO_V5 else first
        classes = activate(rows[-answer.class_count :], answer.activation, axis=0).argmax(axis=0)
        rows[-answer.class_count :, [not is_wanted(index) for index in classes]] = np.nan
    return outputs


def box_module(head: Head, activation: Activation, crop: CropMode) -> Module:
    is_labelled = crop is not CropMode.STRETCH
    annotation = Annotation(
        task=Task.OBJECT_DETECTION,
        labels=(LabelFile(COLORS),) if is_labelled else (),
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        head=head,
        activation=activation if head in LOGITS else None,
        threshold=0.3,
    )
    shape = (1, 40, 56, 3) if head is Head.FOMO else INPUT
    annotated = model([T(f"{n}", item) for n, item in enumerate(BOX_SHAPES[head])], annotation, shape)
    random = np.random.default_rng(3)
    asked = [Asked(random_boxes(head, random, activation), size, 0.3) for size in SIZES * 4]
    asked += [Asked(outputs, SIZES[0], 0.3) for outputs in hostile_boxes(head, random, activation)]
    for threshold, iou, most in ((0.0, 0.45, 100), (1.0, 0.45, 100), (0.5, 0.0, 100), (0.1, 1.0, 7), (0.2, 0.3, 1)):
        asked.append(Asked(random_boxes(head, random, activation), SIZES[1], threshold, iou, most))
    if is_labelled:
        for allow, deny in ((("red",), ()), ((), ("red", "blue")), (("red", "green"), ("green",)), (("blue",), ())):
            asked.append(Asked(random_boxes(head, random, activation), SIZES[1], 0.3, 0.45, 2, allow, deny))
    return Module(annotated, asked)


CROPS = (*CropMode,) * 4
BOX_MODULES = {
    f"{head}_{activation}".replace("-", "_"): (head, Activation(activation), crop)
    for crop, (head, activation) in zip(
        CROPS,
        [(head, activation) for head in BOX_SHAPES for activation in (Activation if head in LOGITS else ["none"])],
        strict=False,
    )
}


def quantized_module(head: Head, *dtypes: str) -> Module:
    """Detections in integers, and where there are several outputs in those of different types."""
    affine = {"int8": (1 / 64, -20), "uint8": (1 / 100, 3), "int16": (1e-4, 0), "int32": (1e-3, 5)}
    outputs = [
        T(f"{number}", shape, dtype, *affine.get(dtype, ()))
        for number, (shape, dtype) in enumerate(zip(BOX_SHAPES[head], dtypes, strict=True))
    ]
    annotated = model(outputs, Annotation(task=Task.OBJECT_DETECTION, mean=(0.0,), std=(255.0,), head=head))
    random = np.random.default_rng(5)
    asked = []
    for size in SIZES:
        raw = []
        for real, dtype in zip(random_boxes(head, random, Activation.NONE), dtypes, strict=True):
            scale, zero = affine.get(dtype, (1, 0))
            limits = None if dtype == "float32" else np.iinfo(dtype)
            steps = real if limits is None else np.clip(np.round(real / scale) + zero, limits.min, limits.max)
            raw.append(steps.astype(dtype))
        asked.append(Asked(raw, size, 0.25))
    return Module(annotated, asked)


QUANTIZED: dict[str, tuple[Any, ...]] = {
    "quantized_yolo_v8": (Head.YOLO_V8, "int8"),
    "quantized_ssd": (Head.SSD, "uint8", "int8", "float32", "int32"),
    "mixed_ssd": (Head.SSD, "int16", "int64", "int16", "int32"),
}

# --- keypoints ----------------------------------------

POINT_SHAPES = {
    Head.MOVENET: (1, 1, 17, 3),
    Head.MOVENET_MULTIPOSE: (1, 6, 56),
    Head.YOLO_POSE: (1, 5 + 3 * 4, 70),
    Head.LANDMARKS: (1, 15),
}


def keypoint_module(head: Head, crop: CropMode) -> Module:
    shape = POINT_SHAPES[head]
    annotation = Annotation(
        task=Task.POSE,
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        head=head,
        points=5 if head is Head.LANDMARKS else None,
    )
    annotated = model([T("points", shape)], annotation)
    assert isinstance(annotated.answer, Keypoints)
    least = annotated.answer.threshold
    random = np.random.default_rng(4)
    asked = []
    for size in SIZES * 4:
        values = spread(random, shape)
        if head in (Head.YOLO_POSE, Head.LANDMARKS) and random.random() < 0.5:
            values *= 30
        asked.append(Asked([values], size, least))
    for value in (np.nan, np.inf, -np.inf, 0.0, 0.5, 1e38):
        asked.append(Asked([np.full(shape, value, np.float32)], SIZES[0], least))
        values = spread(random, shape)
        values.reshape(-1)[:: int(random.integers(2, 9))] = value
        asked.append(Asked([values], SIZES[0], least))
    if head is not Head.LANDMARKS:
        asked += [Asked([spread(random, shape)], SIZES[1], threshold, 0.3, 2) for threshold in (0.0, 0.5, 0.9)]
    return Module(annotated, asked)


KEYPOINT_MODULES = dict(
    zip(
        ("movenet", "movenet_multipose", "yolo_pose", "landmarks"),
        [
            (Head.MOVENET, CropMode.LETTERBOX),
            (Head.MOVENET_MULTIPOSE, CropMode.CENTER_CROP),
            (Head.YOLO_POSE, CropMode.STRETCH),
            (Head.LANDMARKS, CropMode.LETTERBOX),
        ],
        strict=True,
    )
)

# --- masks ----------------------------------------


@dataclass(frozen=True)
class MaskCase:
    shape: tuple[int, ...]
    dtype: str
    crop: CropMode
    scale: float | None = None
    is_sigmoid: bool = False

    @property
    def is_probability(self) -> bool:
        return self.shape[3:] in ((), (1,)) and (self.scale is not None or self.dtype == "float32")


MASK_MODULES = {
    "scores": MaskCase((1, 9, 13, 3), "float32", CropMode.STRETCH),
    "scores_boxed": MaskCase((1, 9, 13, 3), "float32", CropMode.LETTERBOX),
    "scores_int8": MaskCase((1, 9, 13, 3), "int8", CropMode.LETTERBOX, 0.1),
    "scores_uint8": MaskCase((1, 9, 13, 3), "uint8", CropMode.STRETCH, 0.1),
    "numbers_int32": MaskCase((1, 9, 13), "int32", CropMode.CENTER_CROP),
    "numbers_uint8": MaskCase((1, 9, 13, 1), "uint8", CropMode.LETTERBOX),
    "numbers_int64": MaskCase((1, 9, 13), "int64", CropMode.STRETCH),
    "numbers_bool": MaskCase((1, 9, 13), "bool", CropMode.STRETCH),
    "probability": MaskCase((1, 9, 13, 1), "float32", CropMode.LETTERBOX),
    "probability_sigmoid": MaskCase((1, 9, 13), "float32", CropMode.CENTER_CROP, is_sigmoid=True),
    "probability_int8": MaskCase((1, 9, 13), "int8", CropMode.STRETCH, 0.1),
}


def mask_module(case: MaskCase) -> Module:
    annotation = Annotation(
        task=Task.IMAGE_SEGMENTATION,
        labels=() if case.is_probability else (LabelFile(COLORS),),
        mean=(0.0,),
        std=(255.0,),
        crop=case.crop,
        activation=Activation.SIGMOID if case.is_sigmoid else None,
    )
    affine = () if case.scale is None else (case.scale, 3)
    annotated = model([T("mask", case.shape, case.dtype, *affine)], annotation)
    random = np.random.default_rng(6)
    asked = []
    raw: Array
    for size in (*SIZES, (300, 1), (24, 40), (1000, 700)):
        if case.dtype == "float32":
            raw = spread(random, case.shape) * 3 - 1
        elif case.dtype == "bool":
            raw = random.random(case.shape) < 0.5
        else:
            limits = np.iinfo(case.dtype)
            raw = random.integers(max(limits.min, -300), min(limits.max, 300), case.shape, endpoint=True)
        asked.append(Asked([raw.astype(case.dtype)], size, 0.5))
    if case.dtype == "float32":
        for value in (np.nan, np.inf, -np.inf, 0.0):
            asked.append(Asked([np.full(case.shape, value, np.float32)], SIZES[0], 0.5))
            raw = spread(random, case.shape)
            raw.reshape(-1)[:: int(random.integers(2, 9))] = value
            asked.append(Asked([raw], SIZES[0], 0.5))
    elif case.dtype in ("int32", "int64"):
        limits = np.iinfo(case.dtype)
        raw = np.array([limits.min, limits.max, -1, 0, 254, 255, 256, 2**31 - 1])
        asked.append(Asked([np.resize(raw, case.shape).astype(case.dtype)], SIZES[0], 0.5))
    if case.is_probability:
        asked += [Asked([asked[0].outputs[0]], SIZES[1], threshold) for threshold in (0.0, 0.1, 1.0)]
    return Module(annotated, asked)


# --- as fast as a camera ----------------------------------------

# YOLO v8 of 80 classes on 640x640, and DeepLab of 21 on 257x257.
YOLO, DEEPLAB = (1, 84, 8400), (1, 257, 257, 21)


def large_yolo() -> Module:
    """Some candidates as in a photo, and all of them above the threshold, where all scores are equal or none are."""
    annotated = model(
        [T("boxes", YOLO)],
        Annotation(task=Task.OBJECT_DETECTION, mean=(0.0,), std=(255.0,), head=Head.YOLO_V8),
        (1, 640, 640, 3),
    )
    random = np.random.default_rng(7)
    photo = spread(random, YOLO) * np.float32(0.2)
    photo[:, 4:, ::170] += np.float32(0.6)
    every, equal = spread(random, YOLO), spread(random, YOLO)
    every[:, 2:4] *= np.float32(0.1)
    every[:, 4:] = every[:, 4:] * np.float32(0.5) + np.float32(0.5)
    equal[:, 2:4] *= np.float32(0.01)
    equal[:, 4:] = 0.5
    return Module(annotated, [Asked([values], (1280, 720), 0.25, runs=60) for values in (photo, every, equal)])


def large_mask() -> Module:
    annotated = model(
        [T("scores", DEEPLAB)], Annotation(task=Task.IMAGE_SEGMENTATION, mean=(0.0,), std=(255.0,)), (1, 257, 257, 3)
    )
    return Module(annotated, [Asked([spread(np.random.default_rng(8), DEEPLAB)], (1920, 1080), 0.5, runs=60)])


# --- all of them ----------------------------------------

MODULES: dict[str, Callable[[], Module]] = {
    **{name: partial(box_module, *arguments) for name, arguments in BOX_MODULES.items()},
    **{name: partial(quantized_module, *arguments) for name, arguments in QUANTIZED.items()},
    **{name: partial(keypoint_module, *arguments) for name, arguments in KEYPOINT_MODULES.items()},
    **{name: partial(mask_module, case) for name, case in MASK_MODULES.items()},
    "large_yolo": large_yolo,
    "large_mask": large_mask,
}


@pytest.fixture(scope="session")
def made() -> dict[str, Module]:
    return {name: make() for name, make in MODULES.items()}


@pytest.fixture(scope="session")
def told(made: dict[str, Module], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Told] | AssertionError]:
    """By module what Kotlin reads in each of the outputs; the error where it does not compile."""
    tools, work = harness.toolchain(), tmp_path_factory.mktemp("answers")
    goldens = Goldens({Runtime.LITERT_REFERENCE: GoldenSet("no runtime", ())}, None)
    folders, jobs = {}, {}
    (work / "run").mkdir()
    for name, module in made.items():
        context = TARGET.build_context(module.annotated, android.Options(name=name), goldens)
        files = render_layers(TARGET.layers(context), context)
        kept = {path: data for path, data in files.items() if path.rpartition("/")[2] in READERS}
        kept["src/main/kotlin/Preprocessor.kt"] = preprocessor(context).encode()
        folders[name] = write_files(work / "modules" / name, kept)
        outputs = [[np.ascontiguousarray(output).tobytes() for output in asked.outputs] for asked in module.asked]
        (work / "run" / f"{name}.bin").write_bytes(b"".join(map(b"".join, outputs)))
        jobs[name] = {
            "package": context.project.package,
            "labels": None if context.project.labels is None else module.annotated.labels,
            "file": f"{name}.bin",
            "cases": [
                {
                    "lengths": [len(data) for data in parts],
                    "size": asked.size,
                    "options": options(context, asked),
                    "runs": asked.runs,
                }
                for asked, parts in zip(module.asked, outputs, strict=True)
            ],
        }
    broken = harness.compile_kotlin(tools, folders, harness.DRIVER, work / "classes")
    run = {name: job for name, job in jobs.items() if name not in broken}
    found = harness.run_driver(tools, [work / "classes"], {}, {"answers": [*run.values()]}, work / "run")["answers"]
    read = {
        name: [Told(item["answer"], item["milliseconds"], item["allocated"]) for item in items]
        for name, items in zip(run, found, strict=True)
    }
    return {**broken, **read}


# What reads an answer; without pictures and runtime, which take longest to compile.
READERS = frozenset(
    f"{name}.kt"
    for name in """
    AnswerReader AnswerDifferences BestScores CellObjects Detection Labels Options Placement Pose RealNumbers
    Segmentation Suppression GoldenCase TensorRunner Accelerator
    """.split()
)


def preprocessor(context: android.Context) -> str:
    """What readers know of it."""
    assert isinstance(context.input, android.ImageContext)
    size = f"const val WIDTH = {context.input.width}; const val HEIGHT = {context.input.height}"
    return f"package {context.project.package}\n\ninternal object Preprocessor {{ {size} }}\n"


def options(context: android.Context, asked: Asked) -> list[Any] | None:
    """The arguments of the module's Options."""
    has = context.answer.options
    if has is None:
        return None
    return [
        *([asked.most] if has.max_results else []),
        asked.threshold,
        *([asked.iou] if has.has_iou else []),
        *([asked.allow, asked.deny] if has.has_labels else []),
    ]


def expected(annotated: AnnotatedModel, asked: Asked) -> Any:
    """What the reference reads."""
    answer, image = annotated.answer, annotated.input
    assert isinstance(answer, Boxes | Keypoints | Mask)
    assert isinstance(image, ImageInput)
    outputs = asked.outputs
    if asked.allow or asked.deny:
        assert isinstance(answer, Boxes)
        outputs = only(annotated, asked)
        if answer.head is Head.FOMO:
            answer = replace(answer, activation=Activation.NONE)
    changed = replace(answer, threshold=asked.threshold)
    if not isinstance(changed, Mask):
        changed = replace(changed, iou=asked.iou)
    return changed.read(outputs, place(asked.size, image))


def near(actual: Sequence[str], golden: Sequence[float]) -> bool:
    return [float(number) for number in actual] == pytest.approx([*golden], rel=1e-5, abs=1e-4, nan_ok=True)


def check_boxes(told: Any, expected: Sequence[Detection], most: int) -> None:
    assert [(item["label"], item["index"]) for item in told] == [(it.label, it.index) for it in expected[:most]]
    for item, other in zip(told, expected, strict=False):
        assert near([item["score"]], [other.score])
        assert near(item["box"], other.box)


def check_poses(told: Any, expected: Sequence[Pose], most: int) -> None:
    assert len(told) == min(most, len(expected))
    for item, other in zip(told, expected, strict=False):
        assert near([item["score"]], [other.score])
        for point, golden in zip(item["keypoints"], other.keypoints, strict=True):
            assert point["name"] == golden.name
            assert near([point["x"], point["y"], point["score"]], [golden.x, golden.y, golden.score])


def check_mask(told: Any, expected: Segmentation, classes: Sequence[Any]) -> None:
    mask = np.array(told["mask"], np.uint8).reshape(told["height"], told["width"])
    np.testing.assert_array_equal(mask, expected.mask)
    assert told["classes"] == [item for item in classes if item["index"] != 255]


@pytest.mark.parametrize("name", MODULES)
def test_answers(name: str, made: dict[str, Module], told: dict[str, list[Told] | AssertionError]) -> None:
    module, found = made[name], told[name]
    if isinstance(found, AssertionError):
        raise found
    seen = 0
    for asked, item in zip(module.asked, found, strict=True):
        reference = expected(module.annotated, asked)
        if isinstance(reference, Segmentation):
            check_mask(item.answer, reference, module.annotated.answer.to_json(reference))
            seen += 1
        elif isinstance(module.annotated.answer, Boxes):
            check_boxes(item.answer, reference, asked.most)
            seen += len(reference)
        else:
            check_poses(item.answer, reference, asked.most)
            seen += len(reference)
    assert seen >= min(3, len(found))


def test_a_frame_takes_a_few_milliseconds_and_no_object_a_candidate(
    told: dict[str, list[Told] | AssertionError],
) -> None:
    """Limits are ten times what a computer of 2024 takes; arrays of all candidates would be 33,600 bytes each."""
    yolo, mask = told["large_yolo"], told["large_mask"]
    assert isinstance(yolo, list)
    assert isinstance(mask, list)
    print([(item.milliseconds, item.allocated) for item in (*yolo, *mask)])
    for item in yolo:
        assert item.milliseconds < 30
        # 100 detections of 100 bytes each, and the views of buffers.
        assert item.allocated < 30_000
    for item in mask:
        assert item.milliseconds < 50
        assert item.allocated < 1920 * 1080 + 30_000
