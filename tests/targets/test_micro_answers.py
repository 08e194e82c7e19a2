"""Answers that generated C++ reads from outputs: the reference's, also of what is made to be hard to read.

The sources of the answer alone are compiled for this computer, with the compiler's checks of memory and of undefined
behaviour, and are given outputs that no model would make.
"""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.golden import GoldenCase, Goldens, GoldenSet
from packager.metadata.attach import Annotation, LabelFile
from packager.runtimes import Runtime
from packager.targets.micro.libraries import Platform
from packager.targets.micro.project import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import Activation, AnswerKind, CropMode, Head, Task
from packager.tasks.classes import Classes
from packager.tasks.image import ImageInput, place
from packager.tasks.mask import Segmentation
from tests.conftest import require_tools, write_files
from tests.hand_made import COLORS, Output, attached, picture_model
from tests.models import Op, T, graph, options

pytestmark = [pytest.mark.slow, pytest.mark.cpp]

Array = np.ndarray[Any, Any]
Random = np.random.Generator
Type = tuple[str, float | None, int]
LABELS = (LabelFile(COLORS),)
# Of 40 classes.
MANY_LABELS = LabelFile(Path(__file__).parent / "many_labels.txt")
# Of frames, width and height: smaller and larger than the input, wide, high and the input's own.
SIZES = ((12, 8), (7, 5), (100, 31), (30, 200), (1, 1), (320, 240), (3, 400))
CROPS = (CropMode.STRETCH, CropMode.CENTER_CROP, CropMode.LETTERBOX)


# --- models and outputs ----------------------------------------


@dataclass(frozen=True)
class Hard:
    """A model, and outputs of its shapes and types."""

    annotated: AnnotatedModel
    outputs: tuple[tuple[Array, ...], ...]
    tolerance: float = 0.0


def model(task: Task, outputs: tuple[Output, ...], **settings: Any) -> AnnotatedModel:
    """Of an input of 12 x 8 gray pixels; of 128 x 96 for a grid, which is an eighth of its input."""
    is_grid = settings.get("head") is Head.FOMO
    data = grid_model(outputs[0]) if is_grid else picture_model(named(outputs), (1, 8, 12, 1))
    return attached(data, Annotation(task, mean=(0.0,), std=(255.0,), **settings))


def named(outputs: tuple[Output, ...]) -> dict[str, Output]:
    return {f"output {number}": output for number, output in enumerate(outputs)}


def grid_model(output: Output) -> bytes:
    _, height, width, channels = shape = output.values.shape
    tensors = [
        T("image", [1, 8 * height, 8 * width, 1]),
        T("weights", [channels, 8, 8, 1], data=np.zeros((channels, 8, 8, 1), np.float32)),
        T("bias", [channels], data=np.zeros(channels, np.float32)),
        T("grid", shape),
        T("quantized", shape, "int8", output.scale, output.zero_point),
    ]
    conv = Op("CONV_2D", ["image", "weights", "bias"], ["grid"], options("Conv2D", strideW=8, strideH=8, padding=1))
    if output.dtype == "float32":
        return graph(tensors[:4], [conv], ["image"], ["grid"])
    quantize = Op("QUANTIZE", ["grid"], ["quantized"], options("Quantize"))
    return graph(tensors, [conv, quantize], ["image"], ["quantized"])


def hard(
    task: Task,
    make: Callable[[Random], tuple[Array, ...]],
    *,
    types: tuple[Type | None, ...] = (None,) * 4,
    **settings: Any,
) -> Hard:
    """``types`` are dtype, scale and zero point of outputs that are no floats; floats hold what is no number, too."""
    random = np.random.default_rng(7)
    cases = [list(make(random)) for _ in range(8)]
    outputs = []
    for number, (first, kind) in enumerate(zip(cases[0], types, strict=False)):
        dtype, scale, zero = kind or ("float32", None, 0)
        outputs.append(Output(first.astype(np.float32), dtype, scale, zero))
        for turn, case in enumerate(cases):
            if kind is not None:
                limits = np.iinfo(dtype)
                real = np.nan_to_num(case[number]) / (scale or 1)
                case[number] = np.clip(np.round(real) + zero, limits.min, limits.max).astype(dtype)
                continue
            case[number] = case[number].astype(np.float32)
            if turn >= 4:
                flat = case[number].reshape(-1)
                # The first ones too, before which nothing is.
                picked = np.array([turn % 2, *random.integers(0, flat.size, flat.size // 40)]) % flat.size
                flat[picked] = random.choice(np.array([np.nan, np.inf, -np.inf, 0, -0.0], np.float32), len(picked))
    # NumPy adds the scores of a body in another order, and has exponentials of its own.
    is_exact = "activation" not in settings and settings.get("head") is not Head.MOVENET
    return Hard(model(task, tuple(outputs), **settings), tuple(map(tuple, cases)), 0.0 if is_exact else 1e-5)


def rows(random: Random, count: int, classes: int) -> Array:
    """Candidates [count, 4 + classes] of YOLO: centre, size and scores, many of them equal."""
    places = random.uniform(0.1, 0.9, (count, 2))
    sizes = random.uniform(0.02, 0.5, (count, 2))
    scores = random.integers(0, 60, (count, classes)) / 64
    return np.concatenate([places, sizes, scores], axis=1)


def logits(random: Random, count: int, classes: int) -> Array:
    found = rows(random, count, classes)
    found[:, 4:] = random.integers(-40, 60, (count, classes)) / 2
    return found


def corners(random: Random, count: int) -> Array:
    found = rows(random, count, 0)
    return np.concatenate([found[:, :2] - found[:, 2:] / 2, found[:, :2] + found[:, 2:] / 2], axis=1)


def v5(candidates: Array, objectness: Array | float) -> tuple[Array, ...]:
    return (np.insert(candidates, 4, objectness, axis=1)[None],)


def finished(random: Random) -> tuple[Array, ...]:
    scores, numbers = random.integers(0, 64, (150, 1)) / 64, random.integers(-1, 6, (150, 1)) + 0.3
    return (np.concatenate([corners(random, 150), scores, numbers], 1)[None],)


def ssd(random: Random) -> tuple[Array, ...]:
    sides, scores = corners(random, 110)[:, [1, 0, 3, 2]], random.integers(0, 64, (1, 110)) / 64
    number = random.choice(np.array([[105.7], [0], [-3], [1e9], [np.nan], [7]]))
    return sides[None], random.integers(0, 5, (1, 110)) + 0.2, scores, number


def bodies(random: Random, count: int, points: int) -> Array:
    triples = random.uniform(0, 1, (count, points, 3))
    triples[..., 2] = random.integers(0, 64, (count, points)) / 64
    return triples.reshape(count, 3 * points)


PIXELS = np.array([12, 8, 12, 8])
DETECTION, POSE, MASKS, VISION = (
    Task.OBJECT_DETECTION,
    Task.POSE,
    Task.IMAGE_SEGMENTATION,
    Task.IMAGE_CLASSIFICATION,
)
SIGMOID, SOFTMAX = Activation.SIGMOID, Activation.SOFTMAX
INT8, UINT8, INT16 = ("int8", 1 / 128, -100), ("uint8", 1 / 200, 3), ("int16", 1 / 20000, 0)
COARSE = ("int8", 0.25, 10)
TWO_AND_MORE = ("int8", 0.1, -128)


def detectors() -> Iterator[tuple[str, Callable[[], Hard]]]:
    def v8(make: Callable[[Random, int, int], Array], count: int) -> Callable[[Random], tuple[Array, ...]]:
        return lambda random: (make(random, count, 3).T[None],)

    def detector(head: Head, make: Callable[[Random], tuple[Array, ...]], **settings: Any) -> Callable[[], Hard]:
        settings = {"labels": LABELS, **settings}
        return lambda: hard(DETECTION, make, head=head, **settings)

    yield "v8", detector(Head.YOLO_V8, v8(rows, 300))
    yield "v8_more_than_the_best", detector(Head.YOLO_V8, v8(rows, 1300), iou=0.9, threshold=0.1)
    yield "v8_int8", detector(Head.YOLO_V8, v8(rows, 300), types=(INT8,), crop=CropMode.LETTERBOX)
    yield "v8_int16", detector(Head.YOLO_V8, v8(rows, 120), types=(INT16,), crop=CropMode.CENTER_CROP)
    yield "v8_sigmoid", detector(Head.YOLO_V8, v8(logits, 200), activation=SIGMOID, threshold=0.5, iou=0.2)
    yield "v8_softmax", detector(Head.YOLO_V8, v8(logits, 200), activation=SOFTMAX)
    yield "v8_sigmoid_int8", detector(Head.YOLO_V8, v8(logits, 200), activation=SIGMOID, types=(COARSE,))
    yield (
        "v8_pixels_int8",
        detector(
            Head.YOLO_V8,
            lambda random: ((rows(random, 90, 3) * np.array([*PIXELS, 1, 1, 1])).T[None],),
            types=(TWO_AND_MORE,),
        ),
    )
    yield (
        "v5_pixels",
        detector(
            Head.YOLO_V5,
            lambda random: v5(rows(random, 300, 3) * np.array([*PIXELS, 1, 1, 1]), random.uniform(0.2, 1, 300)),
        ),
    )
    yield "v5_uint8", detector(Head.YOLO_V5, lambda random: v5(rows(random, 300, 3), 0.9), types=(UINT8,))
    for activation in (SIGMOID, SOFTMAX):
        yield (
            f"v5_{activation}",
            detector(
                Head.YOLO_V5,
                lambda random: v5(logits(random, 300, 3), random.integers(-6, 12, 300) / 2),
                activation=activation,
            ),
        )
    yield "end_to_end", detector(Head.END_TO_END, finished, labels=())
    yield (
        "end_to_end_pixels",
        detector(
            Head.END_TO_END,
            lambda random: (finished(random)[0] * np.array([*PIXELS, 1, 1]),),
            crop=CropMode.CENTER_CROP,
        ),
    )
    yield "ssd", detector(Head.SSD, ssd, crop=CropMode.LETTERBOX)
    yield "ssd_quantized", detector(Head.SSD, ssd, types=(INT8, ("uint8", 0.02, 0), INT8, ("uint8", 1.0, 0)))


def grids() -> Iterator[tuple[str, Callable[[], Hard]]]:
    def fomo(classes: int, share: float, height: int = 12, **settings: Any) -> Callable[[], Hard]:
        def make(random: Random) -> tuple[Array, ...]:
            grid = random.integers(-30, 5, (1, height, 16, classes + 1)) / 4
            grid[random.uniform(0, 1, grid.shape) < share] += 10
            return (grid if "activation" in settings else np.clip(grid / 16, 0, 1),)

        return lambda: hard(DETECTION, make, head=Head.FOMO, **settings)

    yield "fomo", fomo(2, 0.1, crop=CropMode.LETTERBOX)
    yield "fomo_nearly_all", fomo(3, 0.9)
    yield "fomo_more_than_the_best", fomo(8, 0.2, height=48)
    yield "fomo_softmax", fomo(2, 0.1, activation=SOFTMAX)
    yield "fomo_sigmoid_int8", fomo(2, 0.2, activation=SIGMOID, types=(COARSE,))


def poses() -> Iterator[tuple[str, Callable[[], Hard]]]:
    def pose(head: Head, make: Callable[[Random], Array], **settings: Any) -> Callable[[], Hard]:
        return lambda: hard(POSE, lambda random: (make(random),), head=head, **settings)

    def yolo(random: Random) -> Array:
        found = np.concatenate([rows(random, 120, 1), bodies(random, 120, 5)], 1)
        return found.T[None]

    def multipose(random: Random) -> Array:
        found: Array = np.concatenate([bodies(random, 6, 17), random.integers(0, 4, (6, 5)) / 4], 1)[None]
        return found

    def landmarks(random: Random) -> Array:
        return random.uniform(0, 8, (1, 15))

    yield "movenet", pose(Head.MOVENET, lambda random: bodies(random, 1, 17).reshape(1, 1, 17, 3), threshold=0.4)
    yield "movenet_uint8", pose(Head.MOVENET, lambda random: bodies(random, 1, 9).reshape(1, 1, 9, 3), types=(UINT8,))
    yield "multipose", pose(Head.MOVENET_MULTIPOSE, multipose, crop=CropMode.LETTERBOX)
    yield "yolo_pose", pose(Head.YOLO_POSE, yolo)
    yield "yolo_pose_int8", pose(Head.YOLO_POSE, yolo, types=(INT8,), crop=CropMode.CENTER_CROP)
    yield "landmarks", pose(Head.LANDMARKS, landmarks, points=5)
    yield "landmarks_fractions", pose(Head.LANDMARKS, lambda random: landmarks(random) / 8, points=5, types=(INT8,))


def masks() -> Iterator[tuple[str, Callable[[], Hard]]]:
    def mask(make: Callable[[Random], Array], **settings: Any) -> Callable[[], Hard]:
        return lambda: hard(MASKS, lambda random: (make(random),), **settings)

    def scores(random: Random) -> Array:
        return random.integers(0, 5, (1, 7, 10, 3)) / 4

    def numbers(random: Random) -> Array:
        return random.choice(np.array([-3, 0, 1, 2, 7, 254, 255, 256, 100_000]), (1, 7, 10))

    def probability(random: Random) -> Array:
        return random.integers(-20, 20, (1, 7, 10, 1)) / 8

    for crop in CROPS:
        yield f"scores_{crop}", mask(scores, crop=crop, labels=LABELS)
    yield "scores_int8", mask(scores, types=(INT8,))
    yield "numbers", mask(numbers, types=(("int32", None, 0),))
    yield "numbers_of_64_bits", mask(numbers, types=(("int64", None, 0),), crop=CropMode.CENTER_CROP)
    yield "probability", mask(probability, threshold=0.25)
    yield "probability_sigmoid_int8", mask(probability, types=(COARSE,), activation=SIGMOID, threshold=0.5)


def classes() -> Iterator[tuple[str, Callable[[], Hard]]]:
    def scores(random: Random) -> tuple[Array, ...]:
        return (random.integers(-30, 30, (1, 40)) / 8,)

    def classifier(**settings: Any) -> Callable[[], Hard]:
        return lambda: hard(VISION, scores, labels=(MANY_LABELS,), **settings)

    yield "classes", classifier()
    yield "classes_threshold", classifier(threshold=0.5)
    yield "classes_int8", classifier(types=(COARSE,))
    yield "classes_int64", classifier(types=(("int64", None, 0),))
    yield "classes_softmax", classifier(activation=SOFTMAX, threshold=0.1)
    yield "classes_sigmoid_int8", classifier(activation=SIGMOID, types=(("int8", 1.0, 0),))


# --- the program ----------------------------------------

# Reads frame sizes and outputs, and prints what is read of them.
MAIN = """
#include <stdio.h>

#include <initializer_list>

#include "answer.h"
#include "placement.h"

using namespace hard;

struct Probe : Answer {
  bool feed() {
PORTS
    return true;
  }
};

static Probe answer;

static void show(float value) { printf(" %.9g", static_cast<double>(value)); }

int main() {
  int size[2];
  while (fread(size, sizeof(size), 1, stdin) == 1) {
    if (!answer.feed()) return 1;
    const Placement placement = place(size[0], size[1]);
    (void)placement;
    (void)show;
SHOW
    printf("\\n");
  }
}
"""
PORT = """
    static CTYPE ACCESSOR[CONSTANTSize];
    if (fread(ACCESSOR, sizeof(ACCESSOR), 1, stdin) != 1) return false;
    ACCESSOR_ = ACCESSOR;
"""
SHOW = {
    AnswerKind.BOXES: """
    for (const Detection& item : answer.read_detections(placement)) {
      printf(" %zu", item.index);
      for (float it : {item.score, item.box.left, item.box.top, item.box.right, item.box.bottom}) show(it);
    }""",
    AnswerKind.KEYPOINTS: """
    for (const Pose& pose : answer.read_poses(placement)) {
      show(pose.score);
      for (const Keypoint& point : pose.keypoints) {
        for (float it : {point.x, point.y, point.score}) show(it);
      }
    }""",
    AnswerKind.MASK: """
    static uint8_t mask[400 * 400];
    answer.read_mask(placement, mask);
    for (int i = 0; i < size[0] * size[1]; ++i) printf(" %d", mask[i]);
    if (answer.class_at(-1, 0, placement) != kUnseen) return 2;
    if (answer.class_at(0, size[1], placement) != kUnseen) return 2;""",
    AnswerKind.CLASSES: """
    for (const Category& item : answer.read_categories()) {
      printf(" %zu", item.index);
      show(item.score);
    }
    const float best = answer.score(answer.best());
    show(best == best ? static_cast<float>(answer.best()) : best);
    show(answer.score(kMaxResults));
    if (answer.score(40) != 0.0f || answer.label(40)[0] != '\\0') return 2;""",
}
CODE = ("-std=c++11", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")


def project(annotated: AnnotatedModel) -> tuple[Any, dict[str, bytes]]:
    """A project of which only the answer counts, and not what its golden case holds."""
    zeros = [np.zeros(port.tensor.shape, port.tensor.dtype) for port in (*annotated.inputs, *annotated.outputs)]
    count = len(annotated.inputs)
    answer = Segmentation(np.zeros((1, 1), np.uint8)) if annotated.answer.kind is AnswerKind.MASK else ()
    case = GoldenCase("none", None, tuple(zeros[:count]), tuple(zeros[count:]), answer)
    goldens = Goldens({Runtime.TFLITE_MICRO: GoldenSet("none", (case,))}, 1024)
    return build_project(TARGET, annotated, Options(name="hard", platform=Platform.CMAKE), goldens)


def build(annotated: AnnotatedModel, folder: Path) -> Path:
    """The program of the sources of an answer."""
    require_tools("g++", install="apt-get install g++")
    context, files = project(annotated)
    core = write_files(folder, files) / "src"
    ports = "".join(
        PORT.replace("CTYPE", port.ctype).replace("ACCESSOR", port.accessor).replace("CONSTANT", port.constant)
        for port in context.answer.ports
    )
    (folder / "main.cpp").write_text(MAIN.replace("PORTS", ports).replace("SHOW", SHOW[annotated.answer.kind]))
    sources = [core / name for name in context.project.sources if name not in ("hard.cpp", "input.cpp", "sha256.cpp")]
    program = folder / "program"
    command = ["g++", *CODE, *WARNINGS, f"-I{core}", *map(str, sources), str(folder / "main.cpp"), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def numbers_of(annotated: AnnotatedModel, outputs: tuple[Array, ...], size: tuple[int, int]) -> list[float]:
    """The reference's answer as the program prints it."""
    assert isinstance(annotated.input, ImageInput)
    answer = annotated.answer.read(outputs, place(size, annotated.input))
    match annotated.answer.kind:
        case AnswerKind.BOXES:
            return [number for item in answer for number in (item.index, item.score, *item.box)]
        case AnswerKind.KEYPOINTS:
            return [
                number
                for pose in answer
                for number in (pose.score, *(part for it in pose.keypoints for part in (it.x, it.y, it.score)))
            ]
        case AnswerKind.MASK:
            return [float(number) for number in answer.mask.reshape(-1)]
    assert isinstance(annotated.answer, Classes)
    order, scores = dataclasses.replace(annotated.answer, threshold=0.0).rank(outputs)
    # Of scores that are all no number none is the best.
    best = np.nan if np.isnan(scores[order[0]]) else order[0]
    return [*(number for item in answer[:3] for number in (item.index, item.score)), best, scores[3]]


MODELS = dict(itertools.chain(detectors(), grids(), poses(), masks(), classes()))


@pytest.mark.parametrize("name", MODELS)
def test_an_answer_is_the_references(name: str, tmp_path: Path) -> None:
    made = MODELS[name]()
    program = build(made.annotated, tmp_path)
    asked = [
        (outputs, SIZES[(number + turn) % len(SIZES)])
        for turn in (0, 3)
        for number, outputs in enumerate(made.outputs)
    ]
    stdin = b"".join(
        np.array(size, np.int32).tobytes() + b"".join(output.tobytes() for output in outputs)
        for outputs, size in asked
    )
    done = subprocess.run([program], input=stdin, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(asked)
    sizes = set()
    for line, (outputs, size) in zip(lines, asked, strict=True):
        told = np.array([float(word) for word in line.split()], np.float32)
        expected = np.array(numbers_of(made.annotated, outputs, size), np.float32)
        sizes.add(len(expected))
        assert told.shape == expected.shape
        np.testing.assert_allclose(told, expected, rtol=made.tolerance, atol=made.tolerance)
    # Something was found.
    assert max(sizes) > 2


@pytest.mark.parametrize("name", ["fomo", "ssd", "v5_sigmoid", "multipose", "scores_center-crop", "classes_softmax"])
def test_trees_of_answers(name: str, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    """What reads an answer and shows it, of models that nobody ran."""
    _, files = project(MODELS[name]().annotated)
    shown = ("answer.h", "answer.cpp", "placement.cpp", "placement.h", "app.cpp", "self_test.cpp", "golden_data.h")
    assert_tree(f"micro_answers_{name}", {path: files[path] for path in files if path.endswith(shown)})
