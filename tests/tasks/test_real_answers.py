"""Answers of real models, against those of programs that others wrote; and what breaks them."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model
from packager.golden import Sample, build_goldens
from packager.metadata.reader import read_files
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import Model, read_model
from packager.runtimes import Runtime
from packager.tasks import CropMode, Head, Task
from packager.tasks.boxes import Boxes, boxes_answer, overlap
from packager.tasks.classes import Labels
from packager.tasks.image import ImageInput, image_input, input_tensor, place
from packager.tasks.keypoints import COCO_KEYPOINTS, keypoints_answer
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.mask import Segmentation, mask_answer
from tests.conftest import MODELS, NO_MODELS
from tests.mediapipe import sampled_as_mediapipe

pytestmark = pytest.mark.slow

EXPECTED = MODELS / "expected_tasks.json"
ANSWERS: dict[str, Callable[[Model, ModelMetadata], Answer[Any]]] = {
    "object-detection": boxes_answer,
    "image-segmentation": mask_answer,
    "pose": keypoints_answer,
}
CASES = {
    f"{Path(entry['model']).stem}-{Path(entry['input']).stem}": entry
    for entry in (json.loads(EXPECTED.read_text())["cases"] if EXPECTED.is_file() else ())
    if entry["task"] in ANSWERS
}
# How far LiteRT's kernels are from one another (golden/files.py), as a share of an output's range.
QUANTIZED, FLOAT = 24 / 256, 1e-4


def labels_of(model: Model, folder: Path, entry: dict[str, Any]) -> list[str]:
    """Those of the file named in the case, or of Ultralytics' own metadata in the model."""
    if "labels" in entry:
        return (folder / str(entry["labels"])).read_text().splitlines()
    if "yolov8" in entry["model"]:
        names = ast.literal_eval(read_files(model)["temp_meta.txt"].decode())["names"]
    elif "yolo" in entry["model"]:
        with zipfile.ZipFile(model.path) as archive:
            names = json.loads(archive.read("metadata.json"))["names"]
    else:
        return []
    return [names[key] for key in sorted(names, key=int)]


def annotate_by_hand(folder: Path, entry: dict[str, Any]) -> AnnotatedModel:
    plain = annotated_model(read_model(folder / entry["model"]))
    labels = "".join(f"{label}\n" for label in labels_of(plain.model, folder, entry))
    files = (AssociatedFile("labels.txt", "", "TENSOR_AXIS_LABELS", "", labels.encode()),) if labels else ()
    metadata = ModelMetadata(
        task=Task.named(entry["task"]),
        crop=CropMode(entry.get("crop", "stretch")),
        pad=entry.get("pad", 0),
        inputs=(TensorMetadata(mean=(float(entry.get("mean", 0)),), std=(float(entry.get("std", 1)),)),),
        outputs=(TensorMetadata(files=files),),
    )
    return replace(
        plain,
        metadata=metadata,
        input=image_input(plain.model, metadata),
        answer=ANSWERS[entry["task"]](plain.model, metadata),
    )


@dataclass(frozen=True)
class Run:
    """A real picture through a real model: the outputs of XNNPACK and of LiteRT's own kernels."""

    annotated: AnnotatedModel
    placement: Placement
    fast: tuple[Array, ...]
    slow: tuple[Array, ...]

    @property
    def answer(self) -> Any:
        return self.annotated.answer

    def read(self, outputs: tuple[Array, ...]) -> Any:
        return self.answer.read(outputs, self.placement)


@cache
def run(name: str, *, as_mediapipe: bool = False) -> Run:
    entry = CASES[name]
    annotated = annotate_by_hand(MODELS, entry)
    image = annotated.input
    assert isinstance(image, ImageInput)
    with Image.open(MODELS / entry["input"]) as opened:
        picture = opened.convert("RGB")
    placement = place(picture.size, image)
    shown = sampled_as_mediapipe(picture, image.width, image.height) if as_mediapipe else picture
    sample = Sample(name, None, (input_tensor(shown, image),), placement)
    sets = build_goldens(annotated, [sample], [Runtime.LITERT, Runtime.LITERT_REFERENCE]).sets
    fast, slow = (sets[runtime].cases[0].outputs for runtime in (Runtime.LITERT, Runtime.LITERT_REFERENCE))
    return Run(annotated, placement, fast, slow)


def of_task(task: Task) -> list[str]:
    return [name for name, entry in CASES.items() if entry["task"] == task] or [NO_MODELS]


def test_every_picture_case_is_here(models: Path) -> None:
    assert len(CASES) == 7


def is_mediapipes(name: str) -> bool:
    return bool(CASES[name]["source"] == "MediaPipe")


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", of_task(Task.OBJECT_DETECTION))
def test_detections(name: str) -> None:
    one, expected = run(name, as_mediapipe=is_mediapipes(name)), CASES[name]["detections"]
    found = [item for item in one.read(one.fast) if item.score >= 0.5]
    assert [item.label for item in found] == [item["label"] for item in expected]
    for item, golden in zip(found, expected, strict=True):
        assert item.score == pytest.approx(golden["score"], abs=0.03)
        for side, (value, right) in enumerate(zip(item.box, golden["box"], strict=True)):
            assert value == pytest.approx(right, abs=0.02 * one.placement.size[side % 2])


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", of_task(Task.OBJECT_DETECTION))
def test_detections_of_our_own_pixels(name: str) -> None:
    """What they sample otherwise moves MediaPipe's scores by up to 0.08 and its boxes a little."""
    one, expected = run(name), CASES[name]["detections"]
    found = one.read(one.fast)
    for golden in expected:
        best = max((item for item in found), key=lambda item: overlap(item.box, golden["box"]))
        assert best.label == golden["label"]
        assert overlap(best.box, golden["box"]) >= 0.85
        assert best.score == pytest.approx(golden["score"], abs=0.08 if is_mediapipes(name) else 0.03)


def test_segmentation(models: Path) -> None:
    name, numbers = of_task(Task.IMAGE_SEGMENTATION)
    expected = CASES[name]["pixels"]
    for as_mediapipe in (True, False):
        one = run(name, as_mediapipe=as_mediapipe)
        counts = {str(item["index"]): item["pixels"] for item in one.answer.to_json(one.read(one.fast))}
        assert {index: counts[index] for index in expected} == pytest.approx(
            expected, rel=0.01 if as_mediapipe else 0.02
        )
    with Image.open(models / "bird_segmentation_mask.bmp") as opened:
        golden = np.asarray(opened) > 0
    one = run(numbers)
    # All that is no background: both programs take a part of the bird for another animal.
    bird = one.read(one.fast).mask > 0
    assert bird.shape == golden.shape
    assert (bird & golden).sum() / (bird | golden).sum() >= 0.85


def test_pose(models: Path) -> None:
    (name,) = of_task(Task.POSE)
    one, expected = run(name), CASES[name]["keypoints"]
    (pose,) = one.read(one.fast)
    assert [point.name for point in pose.keypoints] == list(COCO_KEYPOINTS)
    checked = 0
    for point, (x, y, score) in zip(pose.keypoints, expected, strict=True):
        if score >= 0.5:
            assert point.x / one.placement.size[0] == pytest.approx(x, abs=0.03), point.name
            assert point.y / one.placement.size[1] == pytest.approx(y, abs=0.03), point.name
            checked += 1
    assert checked == 11


def share(one: Run) -> float:
    return QUANTIZED if one.annotated.model.quantized_operators else FLOAT


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", [*CASES] or [NO_MODELS])
def test_other_kernels_agree(name: str) -> None:
    one = run(name)
    fast, slow = one.read(one.fast), one.read(one.slow)
    allowed = one.answer.agreement(share(one), (fast,))
    assert one.answer.find_differences(slow, fast, allowed) == ()
    assert one.answer.find_differences(fast, slow, allowed) == ()
    assert one.answer.find_weakness((fast,)) is None


def broken_boxes(one: Run, answer: Boxes) -> dict[str, Any]:
    right, labels, width = one.read(one.fast), answer.labels.default, one.placement.size[0]
    boxes, scores = list(one.fast), list(one.fast)
    if answer.head is Head.SSD:
        boxes[0], scores[2] = one.fast[0] * 0, one.fast[2] * 0
    else:
        zero = answer.outputs[0].quantization.zero_point if answer.outputs[0].quantization else 0
        boxes[0], scores[0] = one.fast[0].copy(), one.fast[0].copy()
        boxes[0][:, :4], scores[0][:, 4:] = zero, zero
    return {
        "zeroed boxes": one.read(tuple(boxes)),
        "zeroed scores": one.read(tuple(scores)),
        "taken back wrongly": answer.read(one.fast, replace(one.placement, fitted=(0, 0, 100, 100))),
        "not taken back": answer.read(one.fast, None),
        "swapped labels": replace(answer, labels=Labels((*labels[1:], labels[0]))).read(one.fast, one.placement),
        "classes one off": tuple(replace(item, index=item.index + 1) for item in right),
        "nothing": (),
        "one less": right[1:],
        "mirrored": tuple(
            replace(item, box=(width - item.box[2], item.box[1], width - item.box[0], item.box[3])) for item in right
        ),
    }


def broken_answers(one: Run) -> dict[str, Any]:
    """The answer after each of the mistakes that generated code could make."""
    answer, right = one.answer, one.read(one.fast)
    if isinstance(answer, Boxes):
        return broken_boxes(one, answer)
    if isinstance(right, Segmentation):
        mask = right.mask
        return {
            "shifted mask": replace(right, mask=np.roll(mask, 40, axis=1)),
            "transposed mask": replace(right, mask=mask.T),
            "flipped mask": replace(right, mask=mask[::-1]),
            "zeroed output": one.read((one.fast[0] * 0,)),
            "one class further": replace(right, mask=np.where(mask == 3, 4, mask)),
            "another size": replace(right, mask=mask[:-1]),
        }
    (pose,) = right
    width, height = pose.size

    def moved_by(x: float, y: float) -> Any:
        return (replace(pose, keypoints=tuple(replace(it, x=it.x + x, y=it.y + y) for it in pose.keypoints)),)

    points = pose.keypoints
    best = max(points, key=lambda point: point.score)
    return {
        "moved points": moved_by(0.1 * width, 0),
        "points moved down": moved_by(0, 0.15 * height),
        "swapped x and y": (replace(pose, keypoints=tuple(replace(it, x=it.y, y=it.x) for it in points)),),
        "one point elsewhere": (
            replace(pose, keypoints=tuple(replace(it, x=0.0, y=0.0) if it is best else it for it in points)),
        ),
        "points in another order": (replace(pose, keypoints=points[::-1]),),
        "zeroed output": one.read((one.fast[0] * 0,)),
        "nothing": (),
        "twice": (pose, pose),
    }


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", [*CASES] or [NO_MODELS])
def test_broken_answers_are_found(name: str) -> None:
    one = run(name)
    golden = one.read(one.fast)
    allowed = one.answer.agreement(share(one), (golden,))
    broken = broken_answers(one)
    assert len(broken) >= 6, broken
    unnoticed = [
        mistake for mistake, answer in broken.items() if not one.answer.find_differences(answer, golden, allowed)
    ]
    assert unnoticed == []


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", [*CASES] or [NO_MODELS])
def test_answers_are_json(name: str) -> None:
    one = run(name)
    golden = one.read(one.fast)
    document = json.loads(json.dumps(one.answer.to_json(golden), allow_nan=False))
    assert document
    assert next(iter(document[0])) in ("label", "score")
