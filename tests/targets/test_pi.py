"""The Raspberry Pi package: its whole tree, and its own command line on the real runtime of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.golden import build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.view import CropMode, Task
from packager.model import parse_model, read_model
from packager.preprocessing import input_tensor
from packager.targets.pi import TARGET, Options
from packager.targets.target import build_project
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures, sine


def project(annotated: AnnotatedModel, samples: list[Path], name: str = "") -> dict[str, bytes]:
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(name=name), goldens)[1]


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )


Compare = Callable[[str, Mapping[str, bytes]], None]


def test_tree_of_a_classifier(examples: Path, assert_tree: Compare) -> None:
    assert_tree("pi_digits", project(digits(examples), golden_pictures(examples)))


def test_tree_of_a_tensor_model(examples: Path, assert_tree: Compare) -> None:
    assert_tree("pi_sine", project(sine(examples), []))


def test_digits_answers_and_passes_its_self_test(examples: Path, tmp_path: Path) -> None:
    pictures = golden_pictures(examples)
    write_files(tmp_path, project(digits(examples), pictures))
    tested = run(tmp_path, "digits", "selftest")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    answered = run(tmp_path, "digits", "classify", *pictures, "--json")
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert [answer["picture"] for answer in answers] == list(map(str, pictures))
    assert [words[answer["results"][0]["index"]] for answer in answers] == [path.stem for path in pictures]


@pytest.mark.parametrize("spoilt", ["zero.input0.bin", "zero.output0.bin", "zero.png", "cases.json"])
def test_self_test_fails_on_a_spoilt_golden_case(examples: Path, tmp_path: Path, spoilt: str) -> None:
    files = project(digits(examples), golden_pictures(examples))
    golden = "digits/golden/"
    if spoilt == "zero.png":
        files[golden + spoilt] = files[golden + "nine.png"]
    elif spoilt == "cases.json":
        document = json.loads(files[golden + spoilt])
        document["cases"][0]["answers"][0]["index"] = 3
        files[golden + spoilt] = json.dumps(document).encode()
    else:
        content = bytearray(files[golden + spoilt])
        content[5] ^= 0x55
        files[golden + spoilt] = bytes(content)
    write_files(tmp_path, files)
    tested = run(tmp_path, "digits", "selftest")
    assert tested.returncode == 1
    assert tested.stdout.splitlines()[-1].startswith("FAIL")


@pytest.mark.parametrize("crop", list(CropMode))
@pytest.mark.parametrize("size", [(28, 28), (100, 37), (31, 90), (1, 5), (640, 2)])
def test_input_tensor_is_the_packagers_own(
    examples: Path, tmp_path: Path, crop: CropMode, size: tuple[int, int]
) -> None:
    annotated = digits(examples, crop)
    write_files(tmp_path, project(annotated, golden_pictures(examples)[:1]))
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    code = (
        "import sys, numpy; from PIL import Image; from digits import DigitsClassifier;"
        "numpy.save('tensor.npy', DigitsClassifier().input_tensor(Image.open('picture.png')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert annotated.image is not None
    expected = input_tensor(Image.fromarray(pixels), annotated.image)
    np.testing.assert_array_equal(np.load(tmp_path / "tensor.npy"), expected, strict=True)


def test_hostile_labels_come_out_as_themselves(examples: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(HOSTILE_LABELS))
    write_files(tmp_path / "pi", project(digits(examples, labels=labels), golden_pictures(examples)))
    assert run(tmp_path / "pi", "digits", "selftest").returncode == 0
    answered = run(
        tmp_path / "pi", "digits", "classify", *golden_pictures(examples)[:1], "--json", "--top-k", str(10)
    )
    results = json.loads(answered.stdout)["results"]
    assert {result["index"]: result["label"] for result in results} == dict(enumerate(HOSTILE_LABELS))


def test_tensor_model_runs_on_real_numbers(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(sine(examples), []))
    assert run(tmp_path, "sine", "selftest").returncode == 0
    np.save(tmp_path / "x.npy", np.array([[1.5]], np.float32))
    ran = run(tmp_path, "sine", "run", "x.npy")
    assert json.loads(ran.stdout)["y"][0][0] == pytest.approx(np.sin(1.5), abs=0.1)


def test_a_missing_picture_is_one_message(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:1]))
    ran = run(tmp_path, "digits", "classify", "nosuch.png", "--json")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v1_0.25_128_quant.tflite",
        "mobilenet_v2_1.0_224_quant.tflite",
        "mobilenet_v1_0.25_224_1_default_1.tflite",
    ],
)
def test_mobilenets_answer_as_expected(models: Path, tmp_path: Path, name: str) -> None:
    """Float with labels and mean/std attached here, and uint8."""
    expected = [entry for entry in json.loads((models / "expected.json").read_text()) if entry["model"] == name]
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(models / "imagenet_labels.txt"),),
        mean=(127.5,),
        std=(127.5,),
    )
    annotated = annotated_model(parse_model(annotate(read_model(models / name), annotation)))
    pictures = [models / entry["image"] for entry in expected]
    write_files(tmp_path, project(annotated, pictures, "mobilenet"))
    tested = run(tmp_path, "mobilenet", "selftest")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    answered = run(tmp_path, "mobilenet", "classify", *pictures, "--json")
    best = [json.loads(line)["results"][0] for line in answered.stdout.splitlines()]
    assert [(result["label"], result["index"]) for result in best] == [
        (entry["top_label"], entry["top_index"]) for entry in expected
    ]
    assert [result["score"] for result in best] == pytest.approx([entry["score"] for entry in expected], abs=0.005)


def test_many_outputs(models: Path, tmp_path: Path) -> None:
    annotated = read_annotated(models / "ssd_mobilenet_v1_no_metadata.tflite")
    write_files(tmp_path, project(annotated, [], "detector"))
    tested = run(tmp_path, "detector", "selftest")
    assert tested.returncode == 0, tested.stdout + tested.stderr
