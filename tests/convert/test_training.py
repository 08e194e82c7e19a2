"""Training on: what is rebuilt for tf-keras answers as it did, and what comes of training is as good as before."""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from packager.annotated import read_annotated
from packager.convert.recipes import Quantize, TuneOptions, check_tuning
from packager.errors import ConfigError
from tests.conftest import PROJECT
from tests.tensorflow import packager_with_tensorflow, tensorflow_python

REBUILT = Path(__file__).with_name("rebuilt.py")
LAYER = "training on needs tf-keras (Keras 2), which cannot have the layer "


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "TuneOptions.epochs is not a whole number from 1 up"),
        ({"batch_size": -1}, "TuneOptions.batch_size is not a whole number from 1 up"),
        ({"patience": 0}, "TuneOptions.patience is not a whole number from 1 up"),
        ({"learning_rate": 0.0}, "TuneOptions.learning_rate is not between 0 and 1"),
        ({"learning_rate": float("nan")}, "TuneOptions.learning_rate is not between 0 and 1"),
        ({"prune": 1.0}, "TuneOptions.prune is not between 0 and 1"),
        ({"quantize": Quantize.FLOAT16}, "TuneOptions.quantize is int8 or none: what is trained with is int8"),
        ({"quantize": Quantize.NONE}, "TuneOptions.quantize none leaves nothing to train for"),
    ],
)
def test_options_out_of_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_tuning(dataclasses.replace(TuneOptions(), **changes))
    assert caught.value.what == message


@pytest.mark.tensorflow
def test_models_of_keras_3_are_rebuilt_for_tf_keras() -> None:
    """``tf_keras_model`` itself compares what both answer; here it does for every kind of layer."""
    ran = subprocess.run([tensorflow_python(), "-m", "tests.convert.rebuilt"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    results = json.loads(ran.stdout.splitlines()[-1])
    assert results == {
        "dense": [[2]],
        "residual": [[3]],
        "nested_twice": [[4]],
        "outputs_by_name": [[2], [3]],
        "encoder_and_decoder": [[8, 8, 1]],
        "other_settings": [[144]],
        "sequences": [[3]],
        "words": [[2]],
        "arithmetic": f"{LAYER}'multiply' (Multiply): it is an operation on tensors, and no layer",
        "new_activation": f"{LAYER}'last' (Dense): ValueError: Unknown activation function 'hard_silu' cannot be "
        "deserialized.",
        "in_a_subclass": "subclass is a model whose code is Python (Subclass): its layers cannot be read off it",
    }


# --- the command ----------------------------------------

LINE = PROJECT / "examples" / "line" / "line.keras"
PICTURES = 400


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the pictures that examples/fashion was trained on."""
    subprocess.run([tensorflow_python(), PROJECT / "examples" / "mnist.py"], check=True, capture_output=True)
    path = tmp_path_factory.mktemp("pictures") / "some.npz"
    with np.load(PROJECT / "build" / "mnist" / "train.npz") as file:
        chosen = np.arange(PICTURES) * len(file["x"]) // PICTURES
        np.savez(path, x=file["x"][chosen], y=file["y"][chosen])
    return path


def qat(source: Path, out: Path, data: Path, *options: str | Path) -> str:
    ran = packager_with_tensorflow("qat", source, "-o", out, "--data", data, *options)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def constants(path: Path) -> dict[tuple[int, ...], np.ndarray[Any, Any]]:
    """The weights of two dimensions, by their shapes."""
    interpreter = Interpreter(model_content=path.read_bytes())
    details = interpreter.get_tensor_details()
    shapes = {tuple(detail["shape"]): detail["index"] for detail in details}
    return {
        shape: interpreter.get_tensor(index) for shape, index in shapes.items() if len(shape) == 2 and shape[0] > 1
    }


@pytest.mark.tensorflow
@pytest.mark.parametrize("quantize", ["int8", pytest.param("none", marks=pytest.mark.long)])
def test_pruning(quantize: str, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "pruned.tflite"
    told = qat(
        PROJECT / "examples" / "fashion" / "fashion.h5", out, pictures, "--prune", "0.75", "--quantize", quantize,
        "--epochs", "2", "--learning-rate", "0.001", "--task", "image-classification",
        "--labels", PROJECT / "examples" / "digits" / "labels.txt", "--mean", "0", "--std", "255",
    )  # fmt: skip
    weights = constants(out)
    assert {shape: str(array.dtype) for shape, array in weights.items()} == dict.fromkeys(
        [(128, 784), (10, 128)], "int8" if quantize == "int8" else "float32"
    )
    for array in weights.values():
        # Rounding to int8 makes some more.
        assert 0.749 <= np.mean(array == 0) <= (0.9 if quantize == "int8" else 0.751)
    size, packed = len(out.read_bytes()), len(gzip.compress(out.read_bytes(), mtime=0))
    assert packed < size / 2
    assert f"{size:,} bytes, {packed:,} of them gzipped; as floats and before: 409,8" in told
    assert "75.0% of the weights are zero" in told
    # Of the 40 that were left out; the model itself has them all right.
    (right,) = re.findall(r"right in (\d+\.\d)% of 40 samples", told)
    assert float(right) >= 90
    annotated = read_annotated(out)
    assert (annotated.task, annotated.inputs[0].tensor.dtype) == (
        "image-classification", "int8" if quantize == "int8" else "float32"
    )  # fmt: skip


@pytest.mark.tensorflow
def test_without_classes_it_learns_to_answer_as_it_did(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.linspace(-1, 4, 200, dtype=np.float32)[:, None])
    out = tmp_path / "out.tflite"
    qat(LINE, out, tmp_path / "x.npy", "--io", "float", "--target", "micro", "--epochs", "4")
    interpreter = Interpreter(model_content=out.read_bytes())
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert {detail["dtype"] for detail in interpreter.get_tensor_details()} >= {np.int8}
    for x in (-1.0, 0.0, 2.5, 4.0):
        interpreter.set_tensor(source["index"], np.array([[x]], np.float32))
        interpreter.invoke()
        assert interpreter.get_tensor(target["index"])[0, 0] == pytest.approx(2 * x - 1, abs=0.15)


@pytest.mark.tensorflow
@pytest.mark.long
def test_the_same_bytes_twice(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.linspace(-1, 4, 200, dtype=np.float32)[:, None])
    for name in ("once", "again"):
        qat(LINE, tmp_path / name, tmp_path / "x.npy")
    assert (tmp_path / "once").read_bytes() == (tmp_path / "again").read_bytes()


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (9, (), "9 samples are too few to train on: every tenth tells when to stop"),
        (
            50,
            ("--target", "coral", "--io", "float", "--prune", "0.5", "--quantize", "none"),
            "the Edge TPU does not run",
        ),
    ],
)
def test_what_cannot_be_trained(samples: int, options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((samples, 1), np.float32))
    ran = packager_with_tensorflow("qat", LINE, "-o", tmp_path / "out.tflite", "--data", tmp_path / "x.npy", *options)
    assert ran.returncode == 1
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "out.tflite").exists()
