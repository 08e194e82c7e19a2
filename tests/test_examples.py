"""The examples are as good as README says, and what is built of them proves itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from examples.gestures import motions
from packager.annotated import AnnotatedModel, annotated_model
from packager.config import read_config
from packager.metadata.attach import annotate
from packager.model import parse_model, read_model
from packager.pipeline import build
from packager.replay import verify
from packager.tasks.quantization import quantize


def packaged(config_path: Path) -> AnnotatedModel:
    config = read_config(config_path)
    assert config.metadata is not None
    return annotated_model(parse_model(annotate(read_model(config.model), config.metadata), config.model))


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


# --- both ----------------------------------------


@pytest.mark.parametrize("name", ["gestures"])
def test_what_is_built_proves_itself(examples: Path, name: str, tmp_path: Path) -> None:
    build(examples / name, tmp_path)
    assert verify(tmp_path / "micro").passed
    ran = subprocess.run(
        [sys.executable, "-m", read_config(examples / name).name, "selftest"],
        cwd=tmp_path / "pi", capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
