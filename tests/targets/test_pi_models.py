"""Real models of every task, packaged for the Pi: their commands answer as other people's programs do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import annotated_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.tasks import CropMode, Task
from tests.conftest import write_files
from tests.mediapipe import sampled_as_mediapipe
from tests.targets.test_pi import project
from tests.targets.test_pi_files import run, told

pytestmark = pytest.mark.slow

# How far a score may be off, and a side of a box as a share of the picture's.
SCORE, SIDE = 0.03, 0.02


@dataclass(frozen=True)
class Case:
    """A model, the command of its package, and whether its labels are those of PASCAL VOC."""

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
    cases: list[dict[str, Any]] = json.loads((models / "expected_tasks.json").read_text())["cases"]
    return [case for case in cases if case["model"] == model]


@pytest.fixture(scope="session")
def packages(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of ``CASES``, each with the pictures of its cases as golden ones."""
    folder = tmp_path_factory.mktemp("models")
    # A sentence follows the labels.
    voc = (models / "pascal_voc_segmentation_labels.txt").read_text().splitlines()[:21]
    (folder / "voc.txt").write_text("\n".join(voc))
    for name, case in CASES.items():
        cases = expected_of(models, case.model)
        stated = cases[0]
        labels = folder / "voc.txt" if case.voc else models / stated["labels"] if "labels" in stated else None
        annotation = Annotation(
            task=Task.named(stated["task"]),
            labels=() if labels is None else (LabelFile(labels),),
            mean=(float(stated["mean"]),) if "mean" in stated else None,
            std=(float(stated["std"]),) if "std" in stated else None,
            crop=CropMode(stated.get("crop", "stretch")),
            pad=stated.get("pad"),
        )
        annotated = annotated_model(parse_model(annotate(read_model(models / case.model), annotation)))
        write_files(folder, project(annotated, [models / one["input"] for one in cases], name))
    return folder


def answer(packages: Path, name: str, picture: Path, *arguments: str | Path) -> dict[str, Any]:
    ran = run(packages, name, CASES[name].command, picture, "--json", *arguments)
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    assert document["picture"] == str(picture)
    return document


def sampled(picture: Path, size: int, folder: Path) -> Path:
    """``picture`` of ``size`` x ``size``, made smaller as MediaPipe does it."""
    with Image.open(picture) as opened:
        sampled_as_mediapipe(opened, size, size).save(folder / "sampled.png")
    return folder / "sampled.png"


@pytest.mark.parametrize("name", ["ssd", "yolo11", "yolov8"])
def test_detections(name: str, models: Path, packages: Path, tmp_path: Path) -> None:
    """Those of 0.5 and more, each by its class and box.

    SSD's scores hang on how a picture is made smaller: MediaPipe samples half a pixel aside, and so a cat has 0.70
    instead of 0.62. So its answer is compared with the one for a picture sampled in its way.
    """
    for case in expected_of(models, CASES[name].model):
        picture = models / case["input"]
        with Image.open(picture) as opened:
            width, height = opened.size
        scale = np.ones(4)
        if case["source"] == "MediaPipe":
            picture = sampled(picture, 300, tmp_path)
            scale = np.array([width, height, width, height]) / 300
        found = answer(packages, name, picture)["detections"]
        assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
        certain = [item for item in found if item["score"] >= 0.5 + SCORE]
        assert len(certain) <= len(case["detections"])
        for expected in case["detections"]:
            near = [
                item
                for item in found
                if item["label"] == expected["label"]
                and item["index"] == expected.get("index", item["index"])
                and abs(item["score"] - expected["score"]) <= SCORE
                and (np.abs(item["box"] * scale - expected["box"]) <= SIDE * max(width, height)).all()
            ]
            assert near, (expected, found)


def test_ssd_finds_the_cat_in_the_picture_itself(models: Path, packages: Path) -> None:
    (best, *_) = answer(packages, "ssd", models / "cat.bmp")["detections"]
    assert (best["label"], best["index"]) == ("cat", 16)
    assert best["score"] == pytest.approx(0.7383, abs=SCORE)
    assert best["box"] == pytest.approx([43, 44, 358, 332], abs=0.02 * 358 + 2)


# --- sounds and texts ----------------------------------------


def real_package(models: Path, folder: Path, annotation: Annotation, model: str, sample: Path) -> None:
    """The package "net" of a real model in ``folder``."""
    annotated = annotated_model(parse_model(annotate(read_model(models / model), annotation)))
    write_files(folder, project(annotated, [sample], "net"))


def texts_case(models: Path, folder: Path) -> tuple[list[str], Callable[[str], None]]:
    """Write the package of movie_review; its arguments, and what checks that its answers are those of MediaPipe."""
    (case,) = expected_of(models, "movie_review.tflite")
    texts = [stated["text"] for stated in case["texts"]]
    (folder / "texts.txt").write_text("\n".join(texts))
    annotation = Annotation(
        task=Task.TEXT_CLASSIFICATION,
        labels=(LabelFile(models / case["labels"]),),
        vocabulary=models / case["vocabulary"],
    )
    real_package(models, folder, annotation, case["model"], folder / "texts.txt")

    def check(printed: str) -> None:
        for answer, stated in zip(map(json.loads, printed.splitlines()), case["texts"], strict=True):
            assert answer["text"] == stated["text"]
            assert [item["label"] for item in answer["results"]] == [item["label"] for item in stated["categories"]]
            for item, expected in zip(answer["results"], stated["categories"], strict=True):
                assert item["score"] == pytest.approx(expected["score"], abs=SCORE)

    return ["classify", *texts, "--json"], check


def sounds_case(models: Path, folder: Path) -> tuple[list[str], Callable[[str], None]]:
    """Likewise of YAMNet, whose windows follow one another."""
    (case,) = expected_of(models, "yamnet_audio_classifier_with_metadata.tflite")
    sound = models / case["input"]
    annotation = Annotation(task=Task.AUDIO_CLASSIFICATION, hop=15600)
    real_package(models, folder, annotation, case["model"], sound)

    def check(printed: str) -> None:
        answer = json.loads(printed)
        assert answer["file"] == str(sound)
        assert [window["start"] for window in answer["windows"]] == [0.0, 0.975, 1.95, 2.925]
        for window, (label, score) in zip(answer["windows"], case["windows"], strict=True):
            assert window["results"][0]["label"] == label
            assert window["results"][0]["score"] == pytest.approx(score, abs=SCORE)

    return ["listen", str(sound), "--json"], check


OTHER_CASES = {"texts": texts_case, "sounds": sounds_case}


@pytest.mark.parametrize("kind", OTHER_CASES)
def test_sounds_and_texts(kind: str, models: Path, tmp_path: Path) -> None:
    arguments, check = OTHER_CASES[kind](models, tmp_path)
    ran = run(tmp_path, "net", *arguments)
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    check(ran.stdout)


# --- masks and poses ----------------------------------------


def test_masks(models: Path, packages: Path, tmp_path: Path) -> None:
    (case,) = expected_of(models, CASES["deeplab"].model)
    picture = sampled(models / case["input"], 257, tmp_path)
    document = answer(packages, "deeplab", picture)
    assert (document["width"], document["height"]) == (257, 257)
    assert [(item["index"], item["label"]) for item in document["classes"]] == [(0, "background"), (3, "bird")]
    for item in document["classes"]:
        assert item["pixels"] * (513 / 257) ** 2 == pytest.approx(case["pixels"][str(item["index"])], rel=0.01)
    document = answer(packages, "deeplab", models / case["input"])
    assert (document["width"], document["height"]) == (513, 513)
    for item in document["classes"]:
        assert item["pixels"] == pytest.approx(case["pixels"][str(item["index"])], rel=0.02)
    (case,) = expected_of(models, CASES["argmax"].model)
    answer(packages, "argmax", models / case["input"], "--mask", tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask, Image.open(models / case["mask"]) as golden:
        # The model takes a part of the bird for a dog.
        bird, expected = np.asarray(mask) > 0, np.asarray(golden) > 0
    assert (bird & expected).sum() / (bird | expected).sum() >= 0.85


def test_poses(models: Path, packages: Path) -> None:
    (case,) = expected_of(models, CASES["movenet"].model)
    with Image.open(models / case["input"]) as opened:
        width, height = opened.size
    (pose,) = answer(packages, "movenet", models / case["input"])["poses"]
    for point, (x, y, score) in zip(pose["keypoints"], case["keypoints"], strict=True):
        if score >= 0.5:
            assert (point["x"] / width, point["y"] / height) == pytest.approx((x, y), abs=0.03), point
