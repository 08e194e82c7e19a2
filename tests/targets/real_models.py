"""Models of every task that others made, and what other people's programs answer with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.tasks import CropMode, Task
from tests.mediapipe import sampled_as_mediapipe

# How far a score may be off, and a side of a box as a share of the picture's.
SCORE, SIDE = 0.03, 0.02

Answer = Mapping[str, Any]
# By the name of a model.
Pictures = Mapping[str, list[Path]]


@dataclass(frozen=True)
class Case:
    """A model, what a program or a class calls its answer, and whether its labels are those of PASCAL VOC."""

    model: str
    command: str
    voc: bool = False


CASES = {
    "ssd": Case("ssd_mobilenet_v1_no_metadata.tflite", "detect"),
    "yolo11": Case("yolo11n_full_integer_quant.tflite", "detect"),
    "yolov8": Case("yolov8n_int8.tflite", "detect"),
    "deeplab": Case("deeplabv3.tflite", "segment", voc=True),
    "argmax": Case("deeplabv3_mnv2_dm05_pascal_quant.tflite", "segment", voc=True),
    "movenet": Case("movenet_single_pose_lightning_ptq.tflite", "pose"),
}


def expected_of(models: Path, model: str) -> list[dict[str, Any]]:
    """What is stated of a model."""
    cases: list[dict[str, Any]] = json.loads((models / "expected_tasks.json").read_text())["cases"]
    return [case for case in cases if case["model"] == model]


def annotated_case(models: Path, name: str, folder: Path) -> AnnotatedModel:
    """The model of ``CASES`` as it is stated; ``folder`` takes its labels."""
    case, stated = CASES[name], expected_of(models, CASES[name].model)[0]
    labels = models / stated["labels"] if "labels" in stated else None
    if case.voc:
        labels = folder / "voc.txt"
        # A sentence follows the labels.
        lines = (models / "pascal_voc_segmentation_labels.txt").read_text().splitlines()[:21]
        labels.write_text("\n".join(lines))
    annotation = Annotation(
        task=Task.named(stated["task"]),
        labels=() if labels is None else (LabelFile(labels),),
        mean=(float(stated["mean"]),) if "mean" in stated else None,
        std=(float(stated["std"]),) if "std" in stated else None,
        crop=CropMode(stated.get("crop", "stretch")),
        pad=stated.get("pad"),
    )
    return annotated_model(parse_model(annotate(read_model(models / case.model), annotation)))


def sampled(picture: Path, size: int, folder: Path) -> Path:
    """``picture`` of ``size`` x ``size``, made smaller as MediaPipe does it."""
    path = folder / f"{picture.stem}_{size}.png"
    with Image.open(picture) as opened:
        sampled_as_mediapipe(opened, size, size).save(path)
    return path


def asked_pictures(models: Path, folder: Path) -> Pictures:
    """What each model of ``CASES`` is asked with; ``folder`` takes the pictures that are made."""
    asked = {}
    for name, case in CASES.items():
        stated = expected_of(models, case.model)
        asked[name] = [models / item["input"] for item in stated]
        if case.command == "detect":
            asked[name] = [detection_picture(models, item, folder) for item in stated]
    asked["ssd"].append(models / "cat.bmp")
    asked["deeplab"].insert(0, sampled(asked["deeplab"][0], 257, folder))
    return asked


def detection_picture(models: Path, stated: Answer, folder: Path) -> Path:
    """The picture to ask with.

    SSD's scores hang on how a picture is made smaller: MediaPipe samples half a pixel aside, and so a cat has 0.70
    instead of 0.62. So its answer is compared with the one for a picture sampled in its way.
    """
    picture = models / stated["input"]
    return sampled(picture, 300, folder) if stated["source"] == "MediaPipe" else picture


def check_detections(models: Path, stated: Answer, asked: Path, found: Sequence[Answer], most: float = SCORE) -> None:
    """Those of 0.5 and more, each by its class and box; ``found`` are those in the picture ``asked``.

    ``most`` is how far a score may be off.
    """
    with Image.open(models / stated["input"]) as opened, Image.open(asked) as given:
        width, height = opened.size
        scale = np.array([width / given.width, height / given.height] * 2)
    assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
    certain = [item for item in found if item["score"] >= 0.5 + most]
    assert len(certain) <= len(stated["detections"])
    for expected in stated["detections"]:
        near = [
            item
            for item in found
            if item["label"] == expected["label"]
            and item["index"] == expected.get("index", item["index"])
            and abs(item["score"] - expected["score"]) <= most
            and (np.abs(item["box"] * scale - expected["box"]) <= SIDE * max(width, height)).all()
        ]
        assert near, (expected, found)


def check_cat(found: Sequence[Answer]) -> None:
    """What SSD finds in cat.bmp itself."""
    best = found[0]
    assert (best["label"], best["index"]) == ("cat", 16)
    assert best["score"] == pytest.approx(0.7383, abs=SCORE)
    assert best["box"] == pytest.approx([43, 44, 358, 332], abs=0.02 * 358 + 2)


def check_bird(stated: Answer, small: Answer, whole: Answer) -> None:
    """DeepLab's masks of a picture sampled to 257 x 257, and of the picture itself."""
    assert (small["width"], small["height"]) == (257, 257)
    assert [(item["index"], item["label"]) for item in small["classes"]] == [(0, "background"), (3, "bird")]
    for item in small["classes"]:
        assert item["pixels"] * (513 / 257) ** 2 == pytest.approx(stated["pixels"][str(item["index"])], rel=0.01)
    assert (whole["width"], whole["height"]) == (513, 513)
    for item in whole["classes"]:
        assert item["pixels"] == pytest.approx(stated["pixels"][str(item["index"])], rel=0.02)


def check_mask(models: Path, stated: Answer, mask: np.ndarray[Any, Any]) -> None:
    """That of the model with an ARG_MAX, which takes a part of the bird for a dog."""
    with Image.open(models / stated["mask"]) as golden:
        bird, expected = mask > 0, np.asarray(golden) > 0
    assert (bird & expected).sum() / (bird | expected).sum() >= 0.85


def check_pose(models: Path, stated: Answer, poses: Sequence[Answer], most: float = 0.03) -> None:
    """Those points that Coral's file is sure of; ``most`` is how far one may be off, as a share of the picture."""
    with Image.open(models / stated["input"]) as opened:
        width, height = opened.size
    (pose,) = poses
    for point, (x, y, score) in zip(pose["keypoints"], stated["keypoints"], strict=True):
        if score >= 0.5:
            assert (point["x"] / width, point["y"] / height) == pytest.approx((x, y), abs=most), point
