"""What is known of recipes, targets and messages without TensorFlow."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from packager.convert.agreement import compare, needed_snr
from packager.convert.conversion import convert_model, spread
from packager.convert.explaining import explain, find_unconverted
from packager.convert.protocol import Reason
from packager.convert.recipes import (
    IO,
    RECIPES,
    ConvertOptions,
    ConvertTarget,
    Engine,
    LayerRule,
    Ops,
    Optimize,
    Quantize,
    check_recipe,
)
from packager.errors import ConfigError, MissingPackageError, PackagerError, TargetError
from packager.extras import Extra, require_extra
from packager.model import parse_model
from packager.targets.edge_tpu import edge_tpu_problems
from packager.targets.target import Level
from tests.models import Op, T, graph, options

SAMPLES = Path("samples.npy")


def dense(dtype: str, batch: int = 1) -> bytes:
    """A dense layer of weights that are constants."""
    data = np.ones((3, 4), np.dtype(dtype) if dtype != "float32" else np.float32)
    tensors = [T("x", [batch, 4], dtype), T("w", [3, 4], dtype, data=data), T("y", [batch, 3], dtype)]
    return graph(tensors, [Op("FULLY_CONNECTED", ["x", "w"], ["y"], options("FullyConnected"))], ["x"], ["y"])


@pytest.mark.parametrize("quantize", Quantize)
@pytest.mark.parametrize("target", ConvertTarget)
def test_a_target_refuses_what_its_runtime_does_not_run(quantize: Quantize, target: ConvertTarget) -> None:
    chosen = ConvertOptions(quantize=quantize, target=target, representative=SAMPLES)
    engine = {"micro": Engine.MICRO, "coral": Engine.EDGE_TPU}.get(target, Engine.LITERT)
    if engine in RECIPES[quantize].refused:
        with pytest.raises(TargetError) as caught:
            check_recipe(chosen)
        # What it says to do instead is a recipe that this target takes.
        assert caught.value.fix is not None
        assert "Quantize.INT8" in caught.value.fix
        check_recipe(ConvertOptions(quantize=Quantize.INT8, target=target, representative=SAMPLES))
    else:
        check_recipe(chosen)


@pytest.mark.parametrize(
    ("chosen", "kind", "words"),
    [
        (ConvertOptions(quantize=Quantize.INT8), ConfigError, "is calibrated on samples"),
        (ConvertOptions(io=IO.INT8), ConfigError, "needs activations of 8 bits"),
        (
            ConvertOptions(quantize=Quantize.INT16X8, io=IO.UINT8, representative=SAMPLES),
            ConfigError,
            "needs activations of 8 bits",
        ),
        (ConvertOptions(samples=0), ConfigError, "samples is not a whole number"),
        (ConvertOptions(time_limit=0), ConfigError, "time_limit is not a whole number"),
        (ConvertOptions(ops=Ops.SELECT_TF, target=ConvertTarget.MICRO), TargetError, "none of TensorFlow's own"),
        (
            ConvertOptions(layers=(LayerRule("a", Quantize.DYNAMIC_INT4),), target=ConvertTarget.MICRO),
            TargetError,
            "does not run dynamic-int4",
        ),
    ],
)
def test_options_that_do_not_go_together(chosen: ConvertOptions, kind: type[PackagerError], words: str) -> None:
    with pytest.raises(kind) as caught:
        check_recipe(chosen)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["dense", "=int8", "(=int8", "dense=int9", "dense=float16"])
def test_rules_for_layers_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError):
        LayerRule.parse(text)


def test_a_rule_for_layers() -> None:
    assert LayerRule.parse("a=b.*=weights-int4") == LayerRule("a=b.*", Quantize.WEIGHTS_INT4)


@pytest.mark.skipif("tensorflow" in sys.modules, reason="TensorFlow is here")
def test_without_the_extra_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    try:
        require_extra(Extra.CONVERT, "packager convert")
    except MissingPackageError:
        pass
    else:
        pytest.skip("the extra is installed")
    with pytest.raises(MissingPackageError) as caught:
        convert_model(tmp_path / "model.keras", tmp_path / "out.tflite")
    assert len(str(caught.value).splitlines()) == 1
    assert "pip install 'tflite-packager[convert]'" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_older_names_are_explained(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(PackagerError):
        convert_model(
            tmp_path / "no.keras", tmp_path / "out", ConvertOptions(optimize=Optimize.SIZE), say=told.append
        )
    assert len(told) == 1
    assert "Name the recipe: dynamic is what they do alone" in told[0]


def test_samples_are_spread_evenly() -> None:
    assert spread(3, 200) == [0, 1, 2]
    assert spread(1000, 4) == [0, 250, 500, 750]


# --- messages of the converter ----------------------------------------

# As TensorFlow 2.19.1 prints it.
UNSUPPORTED = """Could not translate MLIR to FlatBuffer.<unknown>:0: error: \
loc(callsite(callsite(fused["MatrixInverse:", \
"sequential_5/inverse/MatrixInverse@__inference___call___22"] at fused["StatefulPartitionedCall:",
"StatefulPartitionedCall@__inference_call_192"]) at fused["StatefulPartitionedCall:", "StatefulPartitionedCall"])):
'tf.MatrixInverse' op is neither a custom op nor a flex op
error: failed while converting: 'main':
Some ops are not supported by the native TFLite runtime, you can enable TF kernels fallback using TF Select.
TF Select ops: MatrixInverse
"""


def test_an_operator_is_named_with_its_layer() -> None:
    (found,) = find_unconverted(UNSUPPORTED, ["inverse"])
    assert (found.operator, found.layer) == ("MatrixInverse", "inverse")
    (unknown,) = find_unconverted(UNSUPPORTED, [])
    assert unknown.layer == "sequential_5/inverse"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    facts = {
        "type": "ValueError",
        "message": "it is \x1b[1mso\x1b[0m",
        "name": "Mine",
        "signatures": ["a"],
        "weight": "dense/kernel",
        "count": 1,
        "size": 2,
        "inputs": ["x"],
        "shape": [None, 3],
        "given": [1, 4],
        "layers": [],
        "select_tf": False,
        "place": "file.py:1",
        "what": "it is so",
    }
    error = explain(reason, facts, Path("model.keras"))
    assert error.what
    assert "\x1b" not in str(error)
    assert error.fix or reason is Reason.SAYS


# --- how far answers may be ----------------------------------------


def test_what_a_recipe_must_keep() -> None:
    model = parse_model(dense("float32"), Path("m.tflite"))
    assert needed_snr([RECIPES[Quantize.NONE]], model) == 80
    # 6.02 · 8 - 7.27 dB a rounding; one of weights and one of activations; 12 dB of margin.
    assert needed_snr([RECIPES[Quantize.INT8]], model) == pytest.approx(6.0206 * 8 - 7.27 - 3.01 - 12, abs=0.01)
    assert needed_snr([RECIPES[Quantize.DYNAMIC_INT4]] * 10, model) == 3


def test_the_noise_of_rounding_is_what_is_allowed_for() -> None:
    """Rounded to 8 bits over ±4 standard deviations, random numbers keep what the formula says."""
    real = np.random.default_rng(0).normal(size=(100, 1, 1000)).clip(-4, 4)
    step = 8 / 256
    rounded = np.round(real / step) * step
    tensor = parse_model(dense("float32"), Path("m.tflite")).outputs[0]
    (found,) = compare([(one,) for one in real], [(one,) for one in rounded], [tensor], 40)
    assert found.snr_db == pytest.approx(6.0206 * 8 - 7.27, abs=0.1)
    assert found.agrees
    assert found.top1 is not None
    (found,) = compare([(one,) for one in real], [(one,) for one in rounded], [tensor], 42)
    assert not found.agrees


@pytest.mark.parametrize("answer", [math.nan, math.inf])
def test_what_is_no_number_never_agrees(answer: float) -> None:
    tensor = parse_model(dense("float32"), Path("m.tflite")).outputs[0]
    actual = np.array([[answer, 0, 0]])
    (found,) = compare([(np.zeros((1, 3)),)], [(actual,)], [tensor], -100)
    assert not found.agrees


# --- the Edge TPU, on paper ----------------------------------------


@pytest.mark.parametrize(("dtype", "runs"), [("int8", True), ("uint8", True), ("float32", False), ("int16", False)])
def test_the_edge_tpu_takes_8_bits(dtype: str, runs: bool) -> None:
    errors = [
        problem for problem in edge_tpu_problems(parse_model(dense(dtype), Path("m"))) if problem.level is Level.ERROR
    ]
    assert (not errors) == runs


def test_the_edge_tpu_lacks_operators() -> None:
    tensors = [T("x", [1, 4], "int8"), T("y", [1, 4], "int8")]
    model = parse_model(graph(tensors, [Op("ELU", ["x"], ["y"])], ["x"], ["y"]), Path("m"))
    (problem,) = edge_tpu_problems(model)
    assert (problem.level, "ELU" in problem.what) == (Level.ERROR, True)
