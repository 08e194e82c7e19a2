"""Small models of Keras through every recipe, in the environment with TensorFlow."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packager.convert.recipes import RECIPES, Engine, Quantize
from tests.conftest import PROJECT
from tests.tensorflow import packager_with_tensorflow, tensorflow_python

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models, and what they were converted to."""
    folder = tmp_path_factory.mktemp("conversions")
    command = [tensorflow_python(), PROJECT / "tests" / "convert" / "models.py", folder]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return result


def worst(report: dict[str, Any]) -> float:
    """The lowest ratio of signal to noise; null where all answers are the same."""
    ratios = [output["snr_db"] for output in report["agreement"]["outputs"]]
    return min(float(ratio) for ratio in ratios)


@pytest.mark.parametrize("source", ["mlp.keras", "mlp.h5", "mlp_saved"])
def test_every_kind_of_source(found: dict[str, Any], source: str) -> None:
    report = found[f"float_{source}"]
    assert worst(report) >= 80
    assert report["sha256"] == report["again"]
    assert report["inputs"] == [["features", [1, 32], "float32"]]
    assert report["outputs"] == [["output" if source == "mlp_saved" else "scores", [1, 5], "float32"]]


def test_keras_and_h5_give_the_same_file(found: dict[str, Any]) -> None:
    assert found["float_mlp.keras"]["sha256"] == found["float_mlp.h5"]["sha256"]


@pytest.mark.parametrize("name", ["int8_mlp", "lstm_int8"])
def test_two_conversions_are_equal(found: dict[str, Any], name: str) -> None:
    assert found[name]["sha256"] == found[name]["again"]


def test_the_command_gives_the_same_bytes_in_a_process_of_its_own(folder: Path, found: dict[str, Any]) -> None:
    arguments = ["convert", "mlp.keras", "-o", "again.tflite", "--quantize", "int8", "--representative", "v32.npy"]
    done = packager_with_tensorflow(*arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sha256"] == found["int8_mlp"]["sha256"]
    assert hashlib.sha256((folder / "again.tflite").read_bytes()).hexdigest() == found["int8_mlp"]["sha256"]
    assert "quantizing it: int8, calibrated on 40 samples" in done.stderr


def test_names_and_order_are_the_models(found: dict[str, Any]) -> None:
    assert [name for name, *_ in found["two"]["inputs"]] == ["zebra", "ant"]
    assert [name for name, *_ in found["two"]["outputs"]] == ["total", "alone"]


@pytest.mark.parametrize("quantize", Quantize)
def test_what_runs_a_recipe(found: dict[str, Any], quantize: Quantize) -> None:
    """The table in docs/converting.md and in recipes.py is what the runtimes do."""
    runtimes, refused = found[f"matrix_{quantize}"]["runtimes"], RECIPES[quantize].refused
    runs = {engine: runtimes[key] for engine, key in KEYS.items()}
    assert {engine for engine, told in runs.items() if told != "runs"} == set(refused), runs
    assert ("wrong" in runs[Engine.MICRO]) == (quantize is Quantize.WEIGHTS_INT8), runs
    assert found[f"matrix_{quantize}"]["warnings"] == []


KEYS = {Engine.LITERT: "litert", Engine.MICRO: "tflite-micro", Engine.EDGE_TPU: "edge-tpu"}


def test_int8_has_int8_inside_and_at_its_ends(found: dict[str, Any]) -> None:
    report = found["micro"]
    assert [dtype for _, _, dtype in (*report["inputs"], *report["outputs"])] == ["int8", "int8"]
    assert "DEQUANTIZE" not in report["operators"]
    assert report["agreement"]["runtime"] == "tflite-micro"


def test_recurrent_layers_are_builtins(found: dict[str, Any]) -> None:
    assert "WHILE" in found["lstm_loop"]["operators"]
    for name in ("lstm_micro", "lstm_int8"):
        assert not {"WHILE", "DEQUANTIZE"} & set(found[name]["operators"])
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in found["keras_2"]["operators"]


def test_layers_have_recipes_of_their_own(found: dict[str, Any]) -> None:
    # 32 · 64 weights of 4 bits, and 64 · 5 of 32.
    assert found["mixed"]["bytes"] < found["float_mlp.keras"]["bytes"] - 32 * 64 * 3
    assert found["mixed"]["bytes"] > 32 * 64 // 2 + 64 * 5 * 4


def test_tokens_stay_integers(found: dict[str, Any]) -> None:
    assert [found[name]["inputs"][0][2] for name in ("text", "text_int8")] == ["int32", "int32"]


def test_what_operators_of_tensorflow_lose(found: dict[str, Any]) -> None:
    report = found["select_tf"]
    assert report["agreement"] is None
    assert len(report["warnings"]) == 6
    assert "FlexMatrixInverse" in report["operators"]


def test_an_outlier_breaks_int8_and_not_int16(found: dict[str, Any]) -> None:
    assert "Quantize.INT16X8" in found["outlier"]["error"]
    assert worst(found["outlier_16"]) > 30


def test_of_a_tflite(found: dict[str, Any]) -> None:
    assert worst(found["of_tflite"]) > 30


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong_samples", "holds samples of [4], and input 'input' is [1, 32]"),
        ("open", "its input 'input' has the open shape [1, ?]"),
        ("shape", "does not fit its input 'input' of [?, ?]"),
        ("unsupported", "LiteRT has no operator for tf.MatrixInverse of the layer 'sequential"),
        ("custom", "has Inverse, which is none of Keras"),
        ("lambda", "has a Lambda layer, which is Python code in the file"),
        ("nan", "the layer 'spoiled' has 1 of 16 numbers of its 'kernel' infinite or not a number"),
        ("unbuilt", "was never built"),
        ("broken", "cannot be loaded"),
        ("weights", "holds weights only"),
        ("empty_folder", "is no SavedModel"),
        ("pictures_corrupt", "0500.png: "),
        ("pictures_unknown", "yellow: is none of the 4 labels"),
        ("pictures_nothing", "nothing"),
        ("outlier", "does not answer as the model does"),
    ],
)
def test_errors_say_what_is_wrong_and_write_nothing(found: dict[str, Any], name: str, words: str) -> None:
    assert words in found[name]["error"]
    assert len(found[name]["error"].splitlines()) >= 2, "it says nothing of what to do"
    assert found[name]["wrote"] is False
    assert "Traceback" not in found[name]["error"]


def test_a_lambda_that_is_trusted(found: dict[str, Any]) -> None:
    assert worst(found["trusted"]) >= 80
