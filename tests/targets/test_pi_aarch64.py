"""The Raspberry Pi package on emulated ARM processors, with the wheels that pip installs there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import write_files
from tests.example_models import digits, golden_pictures, sine
from tests.targets.pi.emulated import Machine, Pi, find_pi
from tests.targets.pi.projects import PACKAGE, write_project
from tests.targets.test_pi import project

pytestmark = pytest.mark.pi_root


@pytest.fixture(scope="module")
def pi() -> Pi:
    return find_pi()


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize(
    ("machine", "says", "runtime"),
    [("aarch64", "aarch64", "ai_edge_litert"), ("armhf", "armv7l", "tflite_runtime")],
)
def test_digits_passes_its_self_test(
    examples: Path, tmp_path: Path, pi: Pi, machine: Machine, says: str, runtime: str
) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)))
    told = pi.self_test(tmp_path, "digits", machine)
    assert last_line(told).startswith("PASS 5 cases, 0 failed")
    # That it was that machine, with that runtime and no other.
    code = (
        "import platform, sys, digits; digits.DigitsClassifier()\n"
        "print(platform.machine(), *sys.modules.keys() & {'ai_edge_litert', 'tflite_runtime'})"
    )
    ran = pi.python("-c", code, machine=machine, folder=tmp_path)
    assert ran.stdout.split() == [says, runtime], ran.stderr


def test_sine_passes_its_self_test(examples: Path, tmp_path: Path, pi: Pi) -> None:
    write_files(tmp_path, project(sine(examples), []))
    assert last_line(pi.self_test(tmp_path, "sine")).startswith("PASS 3 cases, 0 failed")


def test_a_broken_golden_case_fails(examples: Path, tmp_path: Path, pi: Pi) -> None:
    files = project(digits(examples), golden_pictures(examples))
    name = "digits/golden/cases.json"
    document = json.loads(files[name])
    first, second = document["cases"][:2]
    first["answers"], second["answers"] = second["answers"], first["answers"]
    files[name] = json.dumps(document).encode()
    write_files(tmp_path, files)
    ran = pi.python("-m", "digits", "selftest", folder=tmp_path)
    assert ran.returncode == 1, ran.stderr
    assert last_line(ran.stdout).startswith("FAIL 5 cases, 2 failed")


def test_a_32_bit_python_without_a_wheel_is_told_which_have_one(examples: Path, tmp_path: Path, pi: Pi) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:1]))
    # As on a Python for which tflite-runtime has no wheel.
    code = (
        "import runpy, sys, numpy, PIL.Image; sys.version_info = (3, 13, 0)\n"
        "sys.modules['tflite_runtime'] = None; runpy.run_module('digits', run_name='__main__')"
    )
    ran = pi.python("-c", code, "selftest", machine="armhf", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert "armv7l" in ran.stderr
    assert "Python 3.9 to 3.11" in ran.stderr


YOLO = 'task = "object-detection"\nhead = "yolo-v8"\nmean = 0\nstd = 255\ncrop = "letterbox"\npad = 114'
# Models that others made, with real pictures: of random ones a detector says nothing.
REAL = [
    (
        "ssd_mobilenet_v1_no_metadata",
        'task = "object-detection"\nhead = "ssd"\nlabels = "coco_labels.txt"\nmean = 127.5\nstd = 127.5',
        ["cats_and_dogs.jpg", "cat.bmp"],
    ),
    ("yolo11n_full_integer_quant", YOLO, ["cats_and_dogs.jpg"]),
    ("yolov8n_int8", YOLO, ["cats_and_dogs.jpg", "cat.bmp"]),
    ("movenet_single_pose_lightning_ptq", 'task = "pose"', ["squat.bmp"]),
    (
        "deeplabv3",
        'task = "image-segmentation"\nmean = 127.5\nstd = 127.5',
        ["bird_segmentation.bmp", "cat.bmp"],
    ),
    (
        "deeplabv3_mnv2_dm05_pascal_quant",
        'task = "image-segmentation"',
        ["bird_segmentation.bmp", "cat.bmp"],
    ),
]


@pytest.mark.parametrize(
    ("model", "metadata", "pictures"),
    [pytest.param(*case, id=case[0]) for case in REAL],
)
def test_real_models_pass_their_self_tests(
    models: Path, tmp_path: Path, pi: Pi, model: str, metadata: str, pictures: list[str]
) -> None:
    """Detectors, poses and segmenters give the answers, and the raw outputs, that they gave on this machine."""
    shutil.copy(models / "coco_labels.txt", tmp_path)
    made = write_project(tmp_path, models / f"{model}.tflite", metadata, [models / name for name in pictures])
    answers = json.loads((made / PACKAGE / "golden" / "cases.json").read_text())["cases"]
    assert all(case["answers"] for case in answers)
    told = pi.self_test(made, PACKAGE)
    assert last_line(told).startswith(f"PASS {len(pictures)} case")


def test_texts_have_the_answers_of_others(models: Path, tmp_path: Path, pi: Pi) -> None:
    cases = json.loads((models / "expected_tasks.json").read_text())["cases"]
    (case,) = [case for case in cases if case["model"] == "movie_review.tflite"]
    for name in (case["labels"], case["vocabulary"]):
        shutil.copy(models / name, tmp_path)
    texts = [stated["text"] for stated in case["texts"]]
    metadata = f'task = "text-classification"\nlabels = "{case["labels"]}"\nvocabulary = "{case["vocabulary"]}"'
    given = tmp_path / "given" / "texts.txt"
    given.parent.mkdir()
    given.write_text("\n".join(texts))
    made = write_project(tmp_path, models / case["model"], metadata, [given])
    assert last_line(pi.self_test(made, PACKAGE)).startswith("PASS 2 cases, 0 failed")
    ran = pi.python("-m", PACKAGE, "classify", "--json", *texts, folder=made)
    assert ran.returncode == 0, ran.stderr
    for line, stated in zip(ran.stdout.splitlines(), case["texts"], strict=True):
        answer = json.loads(line)
        assert answer["text"] == stated["text"]
        assert [item["label"] for item in answer["results"]] == [item["label"] for item in stated["categories"]]
        for item, expected in zip(answer["results"], stated["categories"], strict=True):
            assert item["score"] == pytest.approx(expected["score"], abs=0.03)
