"""Real models, packaged for iOS: their classes answer as other people's programs do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.golden import build_goldens, read_samples
from packager.targets.ios import TARGET, Options
from packager.targets.target import build_project
from tests.conftest import write_files
from tests.targets.ios.harness import complaints, results, rgb_file, swift_root
from tests.targets.real_models import (
    CASES,
    Pictures,
    annotated_case,
    asked_pictures,
    check_bird,
    check_cat,
    check_detections,
    check_mask,
    check_pose,
    expected_of,
)

# The C library here has TensorFlow Lite's reference kernels, which round otherwise than XNNPACK's: so does Python's
# interpreter with these, whose answers the golden cases of tests/cells hold.
SCORE, DISTANCE = 0.035, 0.05

pytestmark = [pytest.mark.slow, pytest.mark.swift]


@pytest.fixture(scope="module")
def pictures(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return asked_pictures(models, tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def answers(models: Path, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By model the answers to its pictures; all are compiled in one go."""
    folder, modules = tmp_path_factory.mktemp("ios-models"), {}
    with swift_root() as root:
        for name in CASES:
            annotated = annotated_case(models, name, folder)
            goldens = build_goldens(annotated, read_samples(annotated, []), [TARGET.runtime])
            context, files = build_project(TARGET, annotated, Options(name=name), goldens)
            modules[name] = context.project.module
            checks, method = ("AnswersChecks.swift", "PictureCases.swift"), context.answer.method
            root.add(modules[name], context.project.type_name, files, checks, method=method)
            given = {f"{path.name}.rgb": rgb_file(Image.open(path)) for path in pictures[name]}
            write_files(root.work / "expected" / modules[name], given)
        root.write_manifest([*modules.values()])
        ran = root.run("swift", "test", "-Xswiftc", "-gnone", "--filter", "AnswersChecks", at="Checks")
        output = ran.stdout + ran.stderr
        assert [*results(output).values()] == ["passed"] * len(CASES), complaints(output)
        return {
            name: [
                plain(json.loads((root.work / "expected" / module / f"{path.name}.rgb.json").read_text()))
                for path in pictures[name]
            ]
            for name, module in modules.items()
        }


def plain(value: Any) -> Any:
    """Boxes as lists of their sides."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"left", "top", "right", "bottom"}:
            return [value[side] for side in ("left", "top", "right", "bottom")]
        return {name: plain(item) for name, item in value.items()}
    return value


@pytest.mark.parametrize("name", ["ssd", "yolo11", "yolov8"])
def test_detections(name: str, models: Path, pictures: Pictures, answers: dict[str, Any]) -> None:
    for stated, picture, found in zip(
        expected_of(models, CASES[name].model), pictures[name], answers[name], strict=False
    ):
        check_detections(models, stated, picture, found, SCORE)


def test_ssd_finds_the_cat_in_the_picture_itself(answers: dict[str, Any]) -> None:
    check_cat(answers["ssd"][-1])


def test_masks(models: Path, answers: dict[str, Any]) -> None:
    (stated,) = expected_of(models, CASES["deeplab"].model)
    check_bird(stated, *answers["deeplab"])
    (stated,) = expected_of(models, CASES["argmax"].model)
    (answer,) = answers["argmax"]
    check_mask(models, stated, np.array(answer["mask"]).reshape(answer["height"], answer["width"]))


def test_poses(models: Path, answers: dict[str, Any]) -> None:
    (stated,) = expected_of(models, CASES["movenet"].model)
    check_pose(models, stated, answers["movenet"][0], DISTANCE)
