"""The examples are as good as README says, and what is built of them proves itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from examples.gestures import motions
from examples.shapes import pictures
from examples.shapes.evaluation import Box, detect, mean_average_precision
from packager.config import read_config
from packager.pipeline import build
from packager.replay import verify
from packager.tasks.boxes import Detection
from packager.tasks.quantization import quantize
from tests.conftest import PROJECT, needs_micro
from tests.example_models import packaged

# --- shapes ----------------------------------------


def found(index: int, score: float, left: float) -> Detection:
    return Detection(None, index, score, (left, 0.0, left + 10, 10.0))


def true(index: int, left: float) -> tuple[int, Box]:
    return index, (left, 0.0, left + 10, 10.0)


@pytest.mark.parametrize(
    ("detections", "truth", "precision"),
    [
        ([[found(0, 0.9, 0)]], [[true(0, 0)]], 1),
        ([[]], [[true(0, 0)]], 0),
        # Overlaps of 0.54 and of 0.43.
        ([[found(0, 0.9, 3)]], [[true(0, 0)]], 1),
        ([[found(0, 0.9, 4)]], [[true(0, 0)]], 0),
        # Another class, and another picture.
        ([[found(1, 0.9, 0)]], [[true(0, 0)]], 0),
        ([[], [found(0, 0.9, 0)]], [[true(0, 0)], []], 0),
        # Half of what is there.
        ([[found(0, 0.9, 0)]], [[true(0, 0), true(0, 50)]], 1 / 2),
        # What is found twice is wrong the second time; whether that costs anything is a matter of its rank.
        ([[found(0, 0.9, 0), found(0, 0.8, 1)]], [[true(0, 0)]], 1),
        (
            [[found(0, 0.9, 0), found(0, 0.8, 1), found(0, 0.7, 50)]],
            [[true(0, 0), true(0, 50)]],
            1 / 2 + 1 / 2 * 2 / 3,
        ),
        ([[found(0, 0.9, 30), found(0, 0.8, 0)]], [[true(0, 0)]], 1 / 2),
        # The best overlap only: the other one is near enough, and yet it is not found.
        ([[found(0, 0.9, 0), found(0, 0.8, 0)]], [[true(0, 0), true(0, 2)]], 1 / 2),
        # By score over all pictures: right, wrong, right, right of five; a precision of 3/4 counts from 2/5 on.
        (
            [[found(0, 0.9, 0), found(0, 0.6, 20)], [found(0, 0.7, 0), found(0, 0.8, 40)]],
            [[true(0, 0), true(0, 20), true(0, 60)], [true(0, 0), true(0, 80)]],
            1 / 5 + 2 / 5 * 3 / 4,
        ),
    ],
)  # fmt: skip
def test_average_precision(
    detections: list[list[Detection]], truth: list[list[tuple[int, Box]]], precision: float
) -> None:
    assert mean_average_precision(detections, truth, 1) == pytest.approx(precision)


def test_the_mean_is_over_the_classes() -> None:
    truth = [[true(0, 0), true(1, 50)]]
    assert mean_average_precision([[found(0, 0.5, 0)]], truth, 2) == 0.5


@pytest.mark.slow
def test_shapes_are_found(examples: Path) -> None:
    held_out = list(pictures.scenes(pictures.HELD_OUT, 500))
    truth = [[(shape.index, shape.box) for shape in scene.shapes] for scene in held_out]
    assert {len(boxes) for boxes in truth} == set(range(pictures.MOST_SHAPES + 1))
    precision = {}
    for name, dtype in (("packager.toml", "int8"), ("float.toml", "float32")):
        model = packaged(examples / "shapes" / name)
        assert model.labels == pictures.LABELS
        assert model.model.path.stat().st_size < 300_000
        assert {model.inputs[0].tensor.dtype, model.outputs[0].tensor.dtype} == {dtype}
        # No picture is of the model's own size.
        assert model.inputs[0].tensor.shape[1:3] not in {scene.picture.size for scene in held_out}
        detections = detect(model, [scene.picture for scene in held_out])
        precision[dtype] = mean_average_precision(detections, truth, len(pictures.LABELS))
    assert min(precision.values()) >= 0.9
    assert abs(precision["int8"] - precision["float32"]) <= 0.02


def test_the_same_seed_gives_the_same_pictures() -> None:
    made, again = (list(pictures.scenes(pictures.TRAINING, 5)) for _ in range(2))
    other = list(pictures.scenes(pictures.HELD_OUT, 5))
    assert made == again
    assert made != other


# --- gestures ----------------------------------------


def test_gestures_are_told_apart(examples: Path) -> None:
    model = packaged(examples / "gestures")
    assert model.labels == motions.LABELS
    assert model.model.path.stat().st_size < 30_000
    tensor = model.inputs[0].tensor
    assert tensor.affine is not None
    assert {tensor.dtype, model.outputs[0].tensor.dtype} == {"int8"}
    interpreter = Interpreter(model_content=model.model.data, num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    windows, true = motions.windows(motions.HELD_OUT, 2000)
    told = []
    for window in quantize(windows.astype(np.float64), tensor.affine, tensor.dtype):
        interpreter.set_tensor(source, window[None])
        interpreter.invoke()
        told.append(model.answer.read([interpreter.get_tensor(target)], None)[0].index)
    assert np.mean(np.array(told) == true) >= 0.98


def test_the_same_seed_gives_the_same_motions() -> None:
    made, again = (motions.windows(motions.TRAINING, 20)[0] for _ in range(2))
    np.testing.assert_array_equal(made, again)
    assert not np.array_equal(made, motions.windows(motions.HELD_OUT, 20)[0])


# --- line ----------------------------------------


def test_the_line_is_learned(examples: Path) -> None:
    interpreter = Interpreter(model_path=str(examples / "line" / "line.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    for x in (-1.0, 0.5, 10.0):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.array([[x]], np.float32))
        interpreter.invoke()
        assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, 0] == pytest.approx(
            2 * x - 1, abs=0.05
        )


# --- all ----------------------------------------


@needs_micro
@pytest.mark.slow
@pytest.mark.parametrize("name", ["gestures", "line", "shapes", "shapes/float.toml"])
def test_what_is_built_proves_itself(examples: Path, name: str, tmp_path: Path) -> None:
    build(examples / name, tmp_path)
    assert verify(tmp_path / "micro").passed
    ran = subprocess.run(
        [sys.executable, "-m", read_config(examples / name).name, "selftest"],
        cwd=tmp_path / "pi", capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.slow
def test_the_pictures_of_their_answers_are_up_to_date(tmp_path: Path) -> None:
    folder = PROJECT / "docs" / "pictures"
    ran = subprocess.run([sys.executable, folder / "make.py", tmp_path], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in folder.glob("*.png"))
    for name in made:
        # The pixels, because compressed bytes differ from one zlib to the next.
        with Image.open(tmp_path / name) as now, Image.open(folder / name) as kept:
            assert now == kept, f"{name} is out of date: uv run docs/pictures/make.py"
