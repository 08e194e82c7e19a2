"""A model of Keras beside what was converted from it: the same pictures, and answers that agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.tensorflow import packager_with_tensorflow, tensorflow_python

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]

# A network that needs no training: it says which third of the picture is brightest. Saved by Keras 3, and as .tflite.
MADE = """
import numpy as np, tensorflow as tf, keras
layers = [keras.layers.Input((6, 9, 1)), keras.layers.AveragePooling2D((6, 3)), keras.layers.Flatten()]
model = keras.Sequential(layers)
model.save("model.keras")
open("model.tflite", "wb").write(tf.lite.TFLiteConverter.from_keras_model(model).convert())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras")
    ran = subprocess.run([tensorflow_python(), "-c", MADE], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    pixels = np.random.default_rng(0).integers(0, 256, (40, 6, 9), dtype=np.uint8)
    thirds = pixels.reshape(40, 6, 3, 3).mean(axis=(1, 3))
    np.savez(folder / "data.npz", x=pixels, y=thirds.argmax(axis=1))
    (folder / "labels.txt").write_text("left\nmiddle\nright\n")
    arguments = "metadata attach model.tflite -o annotated.tflite --task image-classification --labels labels.txt"
    (folder / "broken.keras").write_bytes((folder / "model.keras").read_bytes()[:-100])
    assert packager_with_tensorflow(*arguments.split(), "--mean", "0", "--std", "255", cwd=folder).returncode == 0
    return folder


def test_a_model_of_keras_is_right_where_its_tflite_is(folder: Path) -> None:
    arguments = ["model.keras", "annotated.tflite", "broken.keras", "--data", "data.npz", "--json"]
    ran = packager_with_tensorflow("compare", *arguments, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    keras, tflite, broken = json.loads(ran.stdout)["models"]
    assert keras["accuracy"]["top1"] == tflite["accuracy"]["top1"] == 1
    assert (keras["failed"], keras["latency_ms"], keras["arena_bytes"], keras["targets"]) == (None, None, None, {})
    assert broken["failed"]
    assert (broken["accuracy"], broken["agreement"]) == (None, None)
    assert keras["bytes"] == (folder / "model.keras").stat().st_size
    assert tflite["agreement"]["top1"] == 1
    assert tflite["agreement"]["max"] < 1e-5
    assert tflite["agreement"]["snr_db"] is None or tflite["agreement"]["snr_db"] > 100


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ["model.keras"],
            "model.keras: a model of Keras holds no labels and no normalization, and there is no .tflite",
        ),
        (["annotated.tflite", "absent.keras"], "absent.keras: cannot be read: No such file or directory"),
        (["annotated.tflite", "."], ".: is no SavedModel: it has no saved_model.pb"),
    ],
)
def test_a_model_of_keras_that_cannot_be_compared(names: list[str], told: str, folder: Path) -> None:
    ran = packager_with_tensorflow("compare", *names, "--data", "data.npz", cwd=folder)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error: {told}")
