"""Real models answer the same after `metadata attach`, on the runtimes that run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from packager.metadata.attach import Annotation, TensorSpec, attach_metadata
from packager.model import read_model
from packager.tasks import Task
from tests.conftest import REAL_MODELS, needs_micro

# What neither runtime has operators for, and what LiteRT refuses or dies from. And yolov8n: what its metadata calls
# labels is none. test_attach.py compares the structure of the others.
NOWHERE = {"model_invoking_error", "mobilenet_v1_0.25_128_quant_edgetpu", "yolov8n_int8"}
LITERT = sorted({*REAL_MODELS} - NOWHERE - {"audio_preprocessor_int8", "keyword_scrambled_8bit", "person_detect"})
# Not here: yolo11n takes minutes.
MICRO = [
    *("audio_preprocessor_int8", "hello_world_int8", "kws_ref_model", "micro_speech_quantized", "person_detect"),
    *("resnet8_cifar10_int8", "trained_lstm_int8"),
]

# A model can take its interpreter down, so all run in another process: before and after in the same one.
RUN = """
import json, sys
import numpy as np

def random_input(shape, dtype):
    numbers = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        return numbers.uniform(-1, 1, shape).astype(dtype)
    return numbers.integers(0, 100, shape).astype(dtype)

def litert(path):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_path=path)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], random_input(detail["shape"], detail["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]

def micro(path):
    from tflite_micro import runtime
    interpreter = runtime.Interpreter.from_file(path, arena_size=400_000)
    detail = interpreter.get_input_details(0)
    interpreter.set_input(random_input(detail["shape"], detail["dtype"]), 0)
    interpreter.invoke()
    return [np.array(interpreter.get_output(0))]

for name, run, before, after in json.load(sys.stdin):
    old, new = (globals()[run](path) for path in (before, after))
    same = len(old) == len(new) and all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(old, new))
    print(json.dumps([name, run, same]), flush=True)
"""


@pytest.fixture(scope="module")
def answers(models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bool]:
    """Whether a model's answers are the same before and after, by (name, runtime); what crashed is missing."""
    folder = tmp_path_factory.mktemp("annotated")
    jobs = []
    for runtime, names in (("litert", LITERT), ("micro", MICRO)):
        for name in names:
            before, after = models / f"{name}.tflite", folder / f"{name}.tflite"
            specs = (TensorSpec("a name", "A description."),)
            attach_metadata(before, Annotation(Task.TENSORS, name="n", inputs=specs, outputs=specs), after)
            jobs.append((name, runtime, str(before), str(after)))
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(jobs),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {(name, runtime): same for name, runtime, same in rows}


@pytest.mark.slow
@pytest.mark.parametrize("name", LITERT)
def test_litert_answers_the_same(name: str, answers: dict[tuple[str, str], bool]) -> None:
    assert answers.get((name, "litert"), "crashed") is True


@needs_micro
@pytest.mark.parametrize("name", MICRO)
def test_tflite_micro_answers_the_same(name: str, answers: dict[tuple[str, str], bool]) -> None:
    assert answers.get((name, "micro"), "crashed") is True


def test_the_composite_model_is_one_that_other_tools_break(models: Path) -> None:
    model = read_model(models / "l2_norm_composite.tflite")
    assert "STABLEHLO_COMPOSITE" in [operator.name for operator, _ in model.operators]
