"""Every model of the folder on every target: what is said of it is what its runtime does."""

from __future__ import annotations

from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from packager.inspection import runs
from packager.model import read_model
from packager.runtimes import Runtime
from packager.targets import TARGETS, load_target
from tests.runtimes import LITERT, MICRO, run_files, run_models
from tests.targets.micro.operators import Example, constant, options, tensor, weights
from tests.test_model_reader import build as build_model


@pytest.fixture(scope="module")
def paths(models: Path) -> list[Path]:
    return sorted(models.glob("*.tflite"))


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_offered_runs_and_what_is_refused_does_not(target: str, paths: list[Path]) -> None:
    chosen = load_target(target)
    ran = run_files(MICRO if chosen.runtime is Runtime.TFLITE_MICRO else LITERT, paths)
    assert len(ran) == len(paths) > 20
    offered = {path.name: runs(chosen.find_problems(read_model(path))) for path in paths}
    wrong = {name: refused for name, refused in ran.items() if offered[name] != (refused is None)}
    assert wrong == {}


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
