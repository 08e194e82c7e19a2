"""Real models of every task, packaged for the Pi: their commands answer as other people's programs do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import annotated_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.tasks import Task
from tests.conftest import write_files
from tests.targets.real_models import (
    CASES,
    SCORE,
    annotated_case,
    check_bird,
    check_cat,
    check_detections,
    check_mask,
    check_pose,
    detection_picture,
    expected_of,
    sampled,
)
from tests.targets.test_pi import project
from tests.targets.test_pi_files import run, told

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def packages(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of ``CASES``, each with the pictures of its cases as golden ones."""
    folder = tmp_path_factory.mktemp("models")
    for name, case in CASES.items():
        pictures = [models / stated["input"] for stated in expected_of(models, case.model)]
        write_files(folder, project(annotated_case(models, name, folder), pictures, name))
    return folder


def answer(packages: Path, name: str, picture: Path, *arguments: str | Path) -> dict[str, Any]:
    ran = run(packages, name, CASES[name].command, picture, "--json", *arguments)
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    assert document["picture"] == str(picture)
    return document


@pytest.mark.parametrize("name", ["ssd", "yolo11", "yolov8"])
def test_detections(name: str, models: Path, packages: Path, tmp_path: Path) -> None:
    for stated in expected_of(models, CASES[name].model):
        picture = detection_picture(models, stated, tmp_path)
        check_detections(models, stated, picture, answer(packages, name, picture)["detections"])


def test_ssd_finds_the_cat_in_the_picture_itself(models: Path, packages: Path) -> None:
    check_cat(answer(packages, "ssd", models / "cat.bmp")["detections"])


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
    (stated,) = expected_of(models, CASES["deeplab"].model)
    picture = models / stated["input"]
    small = answer(packages, "deeplab", sampled(picture, 257, tmp_path))
    check_bird(stated, small, answer(packages, "deeplab", picture))
    (stated,) = expected_of(models, CASES["argmax"].model)
    answer(packages, "argmax", models / stated["input"], "--mask", tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask:
        check_mask(models, stated, np.asarray(mask))


def test_poses(models: Path, packages: Path) -> None:
    (stated,) = expected_of(models, CASES["movenet"].model)
    check_pose(models, stated, answer(packages, "movenet", models / stated["input"])["poses"])
