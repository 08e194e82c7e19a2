"""Real models, packaged for Android: their classes answer as other people's programs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.targets.android import Options
from tests.conftest import write_files
from tests.targets.android import harness
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
from tests.targets.test_android import package

pytestmark = [pytest.mark.slow, pytest.mark.kotlin]

METHODS = {"detect": "detect", "segment": "segment", "pose": "estimate"}


@pytest.fixture(scope="session")
def pictures(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return asked_pictures(models, tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def answers(models: Path, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By model the answers to its pictures; all are compiled in one go and run in one JVM."""
    tools, work = harness.toolchain(), tmp_path_factory.mktemp("android")
    modules = {
        name: package(annotated_case(models, name, work), pictures[name], Options(name=name)) for name in CASES
    }
    folders = {name: write_files(work / name, module.files) for name, module in modules.items()}
    broken = harness.compile_kotlin(tools, folders, harness.DRIVER, work / "classes")
    assert broken == {}
    assets = {name: data for module in modules.values() for name, data in module.assets.items()}
    assets |= {path.name: path.read_bytes() for paths in pictures.values() for path in paths}
    calls = [
        {
            "class": module.class_name,
            "calls": [
                {"method": METHODS[CASES[name].command], "given": [{"picture": path.name}]} for path in pictures[name]
            ],
        }
        for name, module in modules.items()
    ]
    told = harness.run_driver(tools, [work / "classes"], assets, {"calls": calls}, work / "run")["calls"]
    return {name: [plain(item["answer"]) for item in items] for name, items in zip(modules, told, strict=True)}


def plain(value: Any, key: str = "") -> Any:
    """The driver's JSON, in which floats are texts, with numbers."""
    if isinstance(value, dict):
        return {name: plain(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item, key) for item in value]
    return float(value) if key in ("score", "box", "x", "y") else value


@pytest.mark.parametrize("name", ["ssd", "yolo11", "yolov8"])
def test_detections(name: str, models: Path, pictures: Pictures, answers: dict[str, Any]) -> None:
    for stated, picture, found in zip(
        expected_of(models, CASES[name].model), pictures[name], answers[name], strict=False
    ):
        check_detections(models, stated, picture, found)


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
    check_pose(models, stated, answers["movenet"][0])
