"""MediaPipe Tasks takes what `metadata attach` makes, and answers as it did for those who attached it by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from packager.annotated import AnnotatedModel
from packager.cli import app
from packager.golden import build_goldens
from packager.golden.texts import text_sample
from packager.runtimes import Runtime
from packager.tasks.text import TextInput
from tests import hand_made
from tests.mediapipe import mediapipe_python

pytestmark = pytest.mark.mediapipe

# Prints the answer for a picture, as JSON: the detections of 0.5 and more, or the labels and the pixels by class; for
# a text its classes, and for a sound the best one of each window.
PROGRAM = """
import json
import sys
import wave

import mediapipe
import numpy
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import audio, text, vision
from mediapipe.tasks.python.components.containers import AudioData

task, model, given = sys.argv[1:]
base = tasks.BaseOptions(model_asset_path=model)
if task == "text-classification":
    with text.TextClassifier.create_from_options(text.TextClassifierOptions(base_options=base)) as classifier:
        (found,) = classifier.classify(given).classifications
    answer = [{"label": item.category_name, "score": item.score} for item in found.categories]
elif task == "audio-classification":
    with wave.open(given) as sound:
        rate, samples = sound.getframerate(), sound.readframes(sound.getnframes())
    clip = AudioData.create_from_array(numpy.frombuffer(samples, "<i2") / 32768, rate)
    with audio.AudioClassifier.create_from_options(audio.AudioClassifierOptions(base_options=base)) as classifier:
        windows = classifier.classify(clip)
    best = [window.classifications[0].categories[0] for window in windows]
    answer = [[item.category_name, item.score] for item in best]
elif task == "object-detection":
    image = mediapipe.Image.create_from_file(given)
    options = vision.ObjectDetectorOptions(base_options=base, score_threshold=0.5)
    with vision.ObjectDetector.create_from_options(options) as detector:
        found = detector.detect(image).detections
    answer = []
    for item in found:
        box = item.bounding_box
        answer.append({
            "label": item.categories[0].category_name,
            "score": item.categories[0].score,
            "box": [box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height],
        })
else:
    image = mediapipe.Image.create_from_file(given)
    options = vision.ImageSegmenterOptions(base_options=base, output_category_mask=True)
    with vision.ImageSegmenter.create_from_options(options) as segmenter:
        mask = segmenter.segment(image).category_mask.numpy_view()
        classes, pixels = numpy.unique(mask, return_counts=True)
        answer = {"labels": segmenter.labels, "pixels": dict(zip(map(str, classes), map(int, pixels)))}
print(json.dumps(answer))
"""


def attached(models: Path, case: dict[str, Any], out: Path) -> Path:
    """The model of ``case`` with what it says of it, as a person would attach it."""
    options = [f"--{name}={case[name]}" for name in ("task", "mean", "std", "crop") if name in case]
    options += [f"--{name}={models / case[name]}" for name in ("labels", "vocabulary") if name in case]
    arguments = ["metadata", "attach", str(models / case["model"]), "-o", str(out), *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return out


def answer(task: str, model: Path, given: Path | str) -> Any:
    arguments = [str(mediapipe_python()), "-I", "-c", PROGRAM, task, str(model), str(given)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cases_of(models: Path, model: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((models / "expected_tasks.json").read_text())["cases"]
    return [case for case in cases if case["model"] == model]


def test_a_detector(models: Path, tmp_path: Path) -> None:
    cases = cases_of(models, "ssd_mobilenet_v1_no_metadata.tflite")
    assert len(cases) == 2
    for case in cases:
        picture = models / case["input"]
        found = answer(case["task"], attached(models, case, tmp_path / "m.tflite"), picture)
        # What that file allows: XNNPACK's kernels differ from processor to processor.
        with Image.open(picture) as opened:
            side = 0.02 * max(opened.size)
        assert [item["label"] for item in found] == [item["label"] for item in case["detections"]]
        for item, expected in zip(found, case["detections"], strict=True):
            assert item["score"] == pytest.approx(expected["score"], abs=0.03)
            assert item["box"] == pytest.approx(expected["box"], abs=side)


def test_a_segmenter(models: Path, tmp_path: Path) -> None:
    (case,) = cases_of(models, "deeplabv3.tflite")
    found = answer(case["task"], attached(models, case, tmp_path / "m.tflite"), models / case["input"])
    assert found["labels"][::15] == ["background", "person"]
    assert sorted(found["pixels"]) == sorted(case["pixels"])
    for index, pixels in case["pixels"].items():
        assert found["pixels"][index] == pytest.approx(pixels, rel=0.01)


def test_a_text_classifier(models: Path, tmp_path: Path) -> None:
    (case,) = cases_of(models, "movie_review.tflite")
    model = attached(models, case, tmp_path / "m.tflite")
    for stated in case["texts"]:
        found = answer(case["task"], model, stated["text"])
        assert [item["label"] for item in found] == [item["label"] for item in stated["categories"]]
        for item, expected in zip(found, stated["categories"], strict=True):
            assert item["score"] == pytest.approx(expected["score"], abs=0.001)


def test_a_sound_classifier(models: Path, tmp_path: Path) -> None:
    (case,) = cases_of(models, "yamnet_audio_classifier_with_metadata.tflite")
    found = answer(case["task"], attached(models, case, tmp_path / "m.tflite"), models / case["input"])
    # What fills only a part of a window is left out, as that file says.
    for (label, score), (expected, stated) in zip(found, case["windows"], strict=False):
        assert (label, score) == (expected, pytest.approx(stated, abs=0.001))
    assert len(found) in (len(case["windows"]), len(case["windows"]) + 1)


# English, on which MediaPipe's BERT tokenizer and the one that models are trained with agree.
TEXTS = ["A red rose", "the sky's-blue", "UNSEEN grass, reds!", "空 a sky ' 空空", "Red\tred", "", "green " * 20]


@pytest.mark.parametrize("model", [hand_made.words, hand_made.pieces])
def test_both_tokenizers(model: Callable[[], AnnotatedModel], tmp_path: Path) -> None:
    """Vocabulary and inputs are found, and texts become the same tokens."""
    annotated = model()
    assert isinstance(annotated.input, TextInput)
    path = tmp_path / "m.tflite"
    path.write_bytes(annotated.model.data)
    samples = [text_sample(annotated.input, f"text_{number}", text) for number, text in enumerate(TEXTS)]
    goldens = build_goldens(annotated, samples, [Runtime.LITERT]).sets[Runtime.LITERT]
    for text, case in zip(TEXTS, goldens.cases, strict=True):
        theirs = {item["label"]: item["score"] for item in answer("text-classification", path, text)}
        assert theirs == pytest.approx({item.label: item.score for item in case.answer}, abs=1e-5), text
