"""Every model of the folder on every target: what is said of it is what its runtime does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from packager.errors import TargetError
from packager.inspection import runs
from packager.model import read_model
from packager.pipeline import build
from packager.runtimes import Runtime
from packager.targets import TARGETS, load_target
from tests.conftest import needs_micro
from tests.models import options
from tests.runtimes import LITERT, MICRO, run_files, run_models
from tests.targets.micro.operators import Example, constant, tensor, weights
from tests.test_model_reader import build as build_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paths(models: Path) -> list[Path]:
    return sorted(models.glob("*.tflite"))


@needs_micro
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_offered_runs_and_what_is_refused_does_not(target: str, paths: list[Path]) -> None:
    chosen = load_target(target)
    ran = run_files(MICRO if chosen.runtime is Runtime.TFLITE_MICRO else LITERT, paths)
    assert len(ran) == len(paths) > 20
    offered = {path.name: runs(chosen.find_problems(read_model(path))) for path in paths}
    wrong = {name: refused for name, refused in ran.items() if offered[name] != (refused is None)}
    assert wrong == {}


# Others build for every target, or take minutes.
REASONS = {
    "audio_preprocessor_int8": "Arduino_TensorFlowLite has no SignalWindow",
    "deeplabv3_mnv2_dm05_pascal_quant": "CONV_2D does not take uint8",
    "keyword_scrambled_8bit": "SVDF (operator 1)",
    "l2_norm_composite": "no operator STABLEHLO_COMPOSITE",
    "mobilenet_v1_0.25_128_quant": "CONV_2D does not take uint8",
    "mobilenet_v1_0.25_128_quant_edgetpu": "it is compiled for the Edge TPU",
    "model_invoking_error": "no custom operator fake-op-double",
    "movenet_single_pose_lightning_ptq": "CAST does not take uint8",
    "person_detect": "LiteRT does not load it",
    "yamnet_audio_classifier_with_metadata": "no operator RFFT2D",
    "yolov8n_int8": "hybrid model, of int8 weights",
}


@needs_micro
@pytest.mark.parametrize("name", REASONS)
def test_a_build_says_why_it_leaves_a_target_out(name: str, models: Path, tmp_path: Path) -> None:
    path = models / f"{name}.tflite"
    (tmp_path / "packager.toml").write_text(f"model = {json.dumps(str(path))}\n")
    offered = [target for target in TARGETS if runs(load_target(target).find_problems(read_model(path)))]
    if name == "audio_preprocessor_int8":  # by upstream, and not by the library for Arduino
        offered.remove("micro")
    if not offered:
        with pytest.raises(TargetError) as caught:
            build(tmp_path, tmp_path / "out")
        assert REASONS[name] in str(caught.value)
        return
    report = build(tmp_path, tmp_path / "out")
    assert list(report.folders) == offered
    assert sorted([*offered, *(item.target for item in report.skipped)]) == sorted(TARGETS)
    for item in report.skipped:
        assert REASONS[name] in item.why.what
        assert item.why.fix


# --- what LiteRT refuses ----------------------------------------


def litert_errors(data: bytes, path: Path) -> list[str]:
    path.write_bytes(data)
    problems = load_target("pi").find_problems(read_model(path))
    return [problem.what for problem in problems if problem.level == "error"]


def svdf(time: str, state: str, dtype: str = "int8") -> bytes:
    """A layer so wide that the heap shows what is written beyond a state."""
    units, features, memory = 64, 96, 8
    step = None if dtype == "float32" else (1 / 128, 0)
    bias = ("float32", None) if dtype == "float32" else ("int32", (1 / 128 / 128, 0))
    inputs = (
        tensor("x", [1, features], dtype),
        weights("feature", [units, features], dtype),
        constant("time", [units, memory], time, step),
        constant("bias", [units], *bias),
        tensor("state", [1, units * memory], state, quantization=step, is_variable=True),
    )
    relu = options("SVDF", rank=1, fusedActivationFunction=1)
    return Example("SVDF", inputs, (tensor("y", [1, units], dtype),), relu).to_model()


@pytest.mark.parametrize(
    ("time", "state", "dtype", "dies"),
    [
        ("int8", "int8", "int8", True),
        ("int16", "int8", "int8", True),
        ("int16", "int16", "int8", False),
        ("float32", "float32", "float32", False),
    ],
)
def test_states_that_litert_writes_beyond(time: str, state: str, dtype: str, dies: bool, tmp_path: Path) -> None:
    data = svdf(time, state, dtype)
    assert (run_models(LITERT, {"svdf.tflite": data}, tmp_path)["svdf.tflite"] is not None) == dies
    assert any("SVDF (operator 0)" in what for what in litert_errors(data, tmp_path / "svdf.tflite")) == dies


@pytest.mark.parametrize(
    ("shape", "axis", "count"),
    [([2, 4], 1, 4), ([2, 4], 0, 2), ([2, 4], 2, 4), ([2, 4], 1, 3), ([8], 3, 8), ([1, 4], 0, 2)],
)
def test_scales_that_belong_to_no_dimension(shape: list[int], axis: int, count: int, tmp_path: Path) -> None:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint, parameters.quantizedDimension = [0.1] * count, [0] * count, axis
    data = build_model(tensor={"shape": shape, "type": schema.TensorType.INT8, "quantization": parameters})
    refused = run_models(LITERT, {"x.tflite": data}, tmp_path)["x.tflite"]
    told = [
        what
        for what in litert_errors(data, tmp_path / "x.tflite")
        if f"{count} scales along dimension {axis}" in what
    ]
    assert bool(told) == ("quantization" in (refused or ""))
