"""Golden cases as files: their layout, how outputs are compared, and that what is broken is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model
from packager.golden import (
    GoldenCase,
    GoldenSet,
    Rule,
    Sample,
    build_goldens,
    golden_files,
    output_rules,
    read_samples,
)
from packager.golden.cases import Picture
from packager.golden.ranking import Ranking, output_rankings
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.runtimes import Runtime
from packager.settings import Text
from packager.tasks import AnswerKind, CropMode, Task
from packager.tasks.kinds import Answer, Array, Placement
from tests.conftest import MODELS
from tests.golden_comparison import find_differences
from tests.hand_made import mixed
from tests.models import Op, T, graph

pytestmark = pytest.mark.slow

# --- the layout ----------------------------------------


@dataclass(frozen=True)
class Parity(Answer[str]):
    """Whether the first item is even: an answer with a number to agree on and a file."""

    kind = AnswerKind.MASK

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> str:
        return "odd" if outputs[0].flat[0] % 2 else "even"

    def to_json(self, answer: str) -> list[Any]:
        return [{"label": answer}]

    def files(self, answer: str) -> Mapping[str, bytes]:
        return {"mask.png": answer.encode()}

    def agreement(self, share: float, answers: Sequence[str]) -> Mapping[str, float]:
        return {"share": share, "odd": answers.count("odd")}

    def find_differences(self, actual: str, golden: str, agreement: Mapping[str, float]) -> tuple[str, ...]:
        return () if actual == golden else (f"is {actual}, not {golden}",)

    def find_weakness(self, answers: Sequence[str]) -> tuple[str, Text] | None:
        return None


def tensors_model(data: bytes) -> AnnotatedModel:
    return annotated_model(parse_model(data))


def test_the_layout() -> None:
    """All of it, with items whose order of bytes shows."""
    annotated = replace(tensors_model(mixed()), answer=Parity())
    five = GoldenCase(
        name="five",
        given=None,
        inputs=(np.array([[1, -2]], ">f4"), np.array([[0.5, 0]], "<f4")),
        outputs=(np.array([5, 1.5], ">f4"), np.array([-3, 7], np.int8), np.array([2, 0.25], "<f4")),
        answer='"odd"\n',
    )
    files = golden_files(annotated, GoldenSet("runtime 1.0", (five, replace(five, name="six", answer="fünf"))))
    document = files.pop("cases.json").decode()
    assert document.endswith("}\n")
    assert '"label": "fünf"' in document

    def case(name: str, label: str) -> dict[str, Any]:
        return {
            "name": name,
            "picture": None,
            "inputs": [f"{name}.input0.bin", f"{name}.input1.bin"],
            "outputs": [f"{name}.output0.bin", f"{name}.output1.bin", f"{name}.output2.bin"],
            "answers": [{"label": label}],
            "mask": f"{name}.mask.png",
        }

    assert json.loads(document) == {
        "runtime": "runtime 1.0",
        "inputs": [{"stride": 1}, {"stride": 1}],
        "outputs": [
            {"absolute": 0.234, "items": 0, "stride": 1},
            {"counts": 12, "items": 0, "stride": 1},
            {"absolute": 0.0938, "items": 0, "stride": 1},
        ],
        "agreement": {"share": 0.046875, "odd": 0},
        "cases": [case("five", '"odd"\n'), case("six", "fünf")],
    }
    for name, mask in (("five", b'"odd"\n'), ("six", "fünf".encode())):
        assert files.pop(f"{name}.mask.png") == mask
        assert files.pop(f"{name}.input0.bin") == b"\0\0\x80\x3f\0\0\0\xc0"
        assert files.pop(f"{name}.input1.bin") == b"\0\0\0\x3f\0\0\0\0"
        assert files.pop(f"{name}.output0.bin") == b"\0\0\xa0\x40\0\0\xc0\x3f"
        assert files.pop(f"{name}.output1.bin") == b"\xfd\7"
        assert files.pop(f"{name}.output2.bin") == b"\0\0\0\x40\0\0\x80\x3e"
    assert files == {}


@pytest.mark.parametrize(
    ("shape", "stride"),
    [
        ((1, 128, 128), 1),
        ((1, 16385), 2),
        ((2, 8193), 5),  # 2 divides the batch, and 3 the rows
        ((1, 224, 224, 3), 11),
        ((1, 257, 257, 21), 89),
        ((1, 84, 8400), 47),
        ((1, 16384, 3), 5),
        ((0, 100000), 1),
        ((), 1),
    ],
)
@pytest.mark.parametrize("given", [Picture(b"png"), None])
def test_large_tensors_are_sampled(shape: tuple[int, ...], stride: int, given: Picture | None) -> None:
    """But for inputs that no picture makes: the model takes them whole."""
    data = graph([T("x", shape), T("y", shape)], [Op("ABS", ["x"], ["y"])], ["x"], ["y"])
    values = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    files = golden_files(tensors_model(data), GoldenSet("", (GoldenCase("a", given, (values,), (values,), None),)))
    document = json.loads(files["cases.json"])
    expected = [stride if given else 1, stride]
    assert [document["inputs"][0]["stride"], document["outputs"][0]["stride"]] == expected
    for name, step in zip(("a.input0.bin", "a.output0.bin"), expected, strict=True):
        np.testing.assert_array_equal(np.frombuffer(files[name], "<f4"), values.reshape(-1)[::step], strict=True)


# --- rankings ----------------------------------------


def rankings(operators: list[Op], outputs: list[str]) -> tuple[Ranking, ...]:
    names = sorted({str(name) for operator in operators for name in (*operator.inputs, *operator.outputs)})
    return output_rankings(parse_model(graph([T(name, [1, 4]) for name in names], operators, ["x"], outputs)))


DETECT = Op("TFLite_Detection_PostProcess", ["x", "x", "x"], ["boxes", "classes", "scores", "number"], custom=True)


@pytest.mark.parametrize(
    ("operators", "outputs", "expected"),
    [
        ([Op("ABS", ["x"], ["y"])], ["y", "x"], "NONE NONE"),
        ([DETECT], ["number", "scores", "classes", "boxes"], "NONE NONE ORDER ORDER"),
        (
            [DETECT, Op("ABS", ["boxes"], ["a"]), Op("ADD", ["a", "x"], ["b"]), Op("ABS", ["scores"], ["c"])],
            ["b", "c", "x"],
            "ORDER NONE NONE",
        ),
        ([Op("TOPK_V2", ["x", "k"], ["values", "indices"])], ["values", "indices"], "NONE ORDER"),
        (
            [Op("TOPK_V2", ["x", "k"], ["values", "indices"]), Op("GATHER", ["x", "indices"], ["best"])],
            ["best", "values"],
            "ORDER NONE",
        ),
        ([Op("NON_MAX_SUPPRESSION_V4", ["x", "x"], ["kept", "count"])], ["kept", "count"], "ORDER ORDER"),
        ([Op("NON_MAX_SUPPRESSION_V5", ["x", "x"], ["kept", "s", "count"])], ["s", "count"], "ORDER ORDER"),
        ([Op("ARG_MAX", ["x", "axis"], ["y"])], ["y"], "CHOICE"),
        ([Op("ARG_MIN", ["x", "axis"], ["i"]), Op("GATHER_ND", ["x", "i"], ["y"])], ["y", "x"], "CHOICE NONE"),
        (
            [Op("TOPK_V2", ["x", "k"], ["v", "i"]), Op("ARG_MAX", ["i", "axis"], ["y"])],
            ["y"],
            "ORDER",
        ),
        ([Op("WHILE", ["x"], ["y"])], ["y"], "NONE"),
    ],
)
def test_what_a_ranking_shows_in(operators: list[Op], outputs: list[str], expected: str) -> None:
    assert " ".join(ranking.name for ranking in rankings(operators, outputs)) == expected


@pytest.mark.parametrize("caller", ["WHILE", "IF", "CALL", "STABLEHLO_COMPOSITE"])
def test_a_ranking_in_the_graph_of_a_loop(caller: str) -> None:
    outer = parse_model(
        graph(
            [T("x", [1]), T("y", [1]), T("z", [1])],
            [Op("ABS", ["x"], ["z"]), Op(caller, ["x"], ["y"])],
            ["x"],
            ["y", "z"],
        )
    )
    inner = parse_model(graph([T("x", [1]), T("y", [1])], [Op("ARG_MAX", ["x"], ["y"])], ["x"], ["y"]))
    both = replace(outer, subgraphs=(outer.main, inner.main))
    assert output_rankings(both) == (Ranking.CHOICE, Ranking.NONE)
    assert output_rankings(outer) == (Ranking.NONE, Ranking.NONE)


# --- rules ----------------------------------------


def rules_of(data: bytes, *cases: Array) -> tuple[Rule | None, ...]:
    sets = GoldenSet("", tuple(GoldenCase(str(index), None, (), (case,), None) for index, case in enumerate(cases)))
    return output_rules(parse_model(data), sets)


def small(dtype: str, scale: float | None, *, operator: str = "ABS", count: int = 1) -> bytes:
    """A graph with ``count`` quantized operators, whose output comes from the last of them."""
    shape = [1, 4]
    tensors = [T(str(number), shape, "int8", 0.5) for number in range(count)]
    nodes = [Op("ABS", [str(number)], [str(number + 1)]) for number in range(count - 1)]
    last = Op(operator, [str(count - 1)], ["y"])
    return graph([*tensors, T("y", shape, dtype, scale)], [*nodes, last], ["0"], ["y"])


FLOATS = np.array([[0.5, -8.0, 0, 1]], np.float32)
COUNTS = np.array([[1, 2, 3, 4]], np.int8)


def test_quantized_integers_may_be_some_counts_off() -> None:
    assert rules_of(small("int8", 0.5, count=16), COUNTS) == (Rule(12, 0, 1),)
    assert rules_of(small("int8", 0.5, count=17), COUNTS) == (Rule(24, 0, 1),)


def test_a_few_of_many_items_may_be_further_off() -> None:
    """But never as many as zeros in their place would be."""
    model = small("int8", 0.5, count=17)
    assert rules_of(model, np.full((1, 1023), 100, np.int8)) == (Rule(24, 0, 1),)
    assert rules_of(model, np.full((1, 3072), 100, np.int8)) == (Rule(24, 12, 1),)
    quiet = np.full((1, 3072), 24, np.int8)
    assert rules_of(model, quiet) == (Rule(24, 0, 1),)
    some = quiet.copy()
    some[0, :20] = -25
    assert rules_of(model, quiet, some) == (Rule(24, 5, 1),)
    floats = graph([T("x", [1, 4]), T("y", [1, 4])], [Op("ABS", ["x"], ["y"])], ["x"], ["y"])
    assert rules_of(floats, np.ones((1, 3072), np.float32)) == (Rule(0.0001, 0, 1),)


def test_what_counts_as_zero_is_the_zero_point() -> None:
    shape = [1, 4]
    tensors = [T("x", shape, "int8", 0.5), T("y", shape, "int8", 0.5, -128)]
    model = graph(tensors, [Op("ABS", ["x"], ["y"])], ["x"], ["y"])
    assert rules_of(model, np.full((1, 3072), -128, np.int8)) == (Rule(12, 0, 1),)
    assert rules_of(model, np.zeros((1, 3072), np.int8)) == (Rule(12, 12, 1),)


def test_integers_that_count_are_exact() -> None:
    for dtype in ("int32", "int64", "uint8", "bool"):
        assert rules_of(small(dtype, None, operator="CAST"), np.ones((1, 200_003), dtype)) == (Rule(0, 0, 13),)


def test_a_choice_between_near_ties_may_flip() -> None:
    for operator in ("ARG_MAX", "ARG_MIN"):
        model = small("int64", None, operator=operator)
        assert rules_of(model, np.ones((1, 1000), np.int64)) == (Rule(0, 100, 1),)
        assert rules_of(model, np.eye(20, dtype=np.int64)) == (Rule(0, 5, 1),)
        assert rules_of(model, np.ones((1,), np.int64)) == (Rule(0, 0, 1),)
    floats = graph([T("x", [1, 4]), T("y", [1], "int64")], [Op("ARG_MAX", ["x"], ["y"])], ["x"], ["y"])
    assert rules_of(floats, np.ones((1, 10_000), np.int64)) == (Rule(0, 36, 1),)
    chosen = graph(
        [T("x", [1, 4], "int8", 0.5), T("i", [1], "int64"), T("y", [1, 4], "int8", 0.5)],
        [Op("ARG_MAX", ["x"], ["i"]), Op("GATHER", ["x", "i"], ["y"])],
        ["x"],
        ["y"],
    )
    assert rules_of(chosen, np.full((1, 52), 100, np.int8)) == (Rule(12, 13, 1),)


def test_floats_have_a_tolerance_of_their_own_range() -> None:
    floats = graph([T("x", [1, 4]), T("y", [1, 4])], [Op("ABS", ["x"], ["y"])], ["x"], ["y"])
    assert rules_of(floats, FLOATS, 2 * FLOATS, 0 * FLOATS) == (Rule(0.0016, 0, 1),)
    assert rules_of(floats, FLOATS / 1000) == (Rule(1e-6, 0, 1),)
    assert rules_of(floats, 0 * FLOATS, np.zeros((1, 0), np.float32)) == (Rule(1e-6, 0, 1),)
    assert rules_of(small("float32", None), FLOATS) == (Rule(0.375, 0, 1),)


def test_a_quiet_output_is_not_held_to_less_than_its_step() -> None:
    """A DEQUANTIZE tells the step."""
    for quiet in (FLOATS, FLOATS / 100):
        assert rules_of(small("float32", None, operator="DEQUANTIZE", count=17), quiet) == (Rule(12.0, 0, 1),)


# --- real models ----------------------------------------


@dataclass(frozen=True)
class Real:
    """A model with pictures that it knows something of; Ultralytics' models say themselves what they are for."""

    name: str
    pictures: tuple[str, ...]
    annotation: Annotation | None = None
    labels: str = ""


ANIMALS = ("cat.bmp", "cats_and_dogs.jpg", "parrot.jpg")
SHOWN = ("bird_segmentation.bmp", "cat.bmp", "squat.bmp")


def pictured(task: Task) -> Annotation:
    return Annotation(task=task, mean=(127.5,), std=(127.5,))


CLASSIFIER = pictured(Task.IMAGE_CLASSIFICATION)
REAL = (
    Real("mobilenet_v1_0.25_128_quant", ANIMALS, CLASSIFIER, "imagenet_labels.txt"),
    Real("mobilenet_v2_1.0_224_quant", ANIMALS),
    Real("mobilenet_v1_0.25_224_1_default_1", ANIMALS, CLASSIFIER, "imagenet_labels.txt"),
    Real("ssd_mobilenet_v1_no_metadata", ANIMALS, pictured(Task.OBJECT_DETECTION), "coco_labels.txt"),
    Real("deeplabv3", SHOWN, pictured(Task.IMAGE_SEGMENTATION)),
    Real("deeplabv3_mnv2_dm05_pascal_quant", SHOWN, pictured(Task.IMAGE_SEGMENTATION)),
    Real("movenet_single_pose_lightning_ptq", ("squat.bmp",), Annotation(task=Task.POSE, crop=CropMode.LETTERBOX)),
    Real("yolo11n_full_integer_quant", ANIMALS),
    Real("yolov8n_int8", ANIMALS),
    Real("yamnet_audio_classifier_with_metadata", (), Annotation(task=Task.TENSORS)),
)


@dataclass(frozen=True)
class Measured:
    annotated: AnnotatedModel
    samples: tuple[Sample, ...]
    litert: GoldenSet
    reference: GoldenSet
    files: dict[str, bytes]

    def differences(self, change: Callable[[int, Array], Array] = lambda _number, tensor: tensor) -> tuple[str, ...]:
        """What is said of the raw golden outputs, each as ``change`` makes it; the first argument is its number."""
        actual = [[change(*item) for item in enumerate(case.outputs)] for case in self.litert.cases]
        return find_differences(self.annotated.as_tensors(), self.samples, self.litert, self.files, actual)


@cache
def measured(real: Real) -> Measured:
    labels = (LabelFile(MODELS / real.labels),) if real.labels else ()
    model = read_model(MODELS / f"{real.name}.tflite")
    if real.annotation is not None:
        model = parse_model(annotate(model, replace(real.annotation, labels=labels)), model.path)
    annotated = annotated_model(model)
    samples = read_samples(annotated, [MODELS / name for name in real.pictures])
    sets = build_goldens(annotated, samples, [Runtime.LITERT, Runtime.LITERT_REFERENCE]).sets
    litert, reference = sets[Runtime.LITERT], sets[Runtime.LITERT_REFERENCE]
    return Measured(annotated, samples, litert, reference, golden_files(annotated, litert))


real_models = pytest.mark.parametrize("real", REAL, ids=lambda real: real.name)


@real_models
def test_other_kernels_agree(models: Path, real: Real) -> None:
    """LiteRT's own against XNNPACK's, and the other way round, raw and in the answer; and these do differ."""
    found = measured(real)
    outputs = [case.outputs for case in found.reference.cases]
    assert find_differences(found.annotated, found.samples, found.litert, found.files, outputs) == ()
    back = golden_files(found.annotated, found.reference)
    outputs = [case.outputs for case in found.litert.cases]
    assert find_differences(found.annotated, found.samples, found.reference, back, outputs) == ()
    assert any(
        (one != other).any()
        for case, twin in zip(found.litert.cases, found.reference.cases, strict=True)
        for one, other in zip(case.outputs, twin.outputs, strict=True)
    )


def zero_point(found: Measured, number: int) -> int:
    tensor = found.annotated.outputs[number].tensor
    return tensor.quantization.zero_point if tensor.is_quantized and tensor.quantization is not None else 0


@real_models
@pytest.mark.parametrize("broken", ["zero", "half", "moved", "offset", "cut"])
def test_broken_outputs_are_refused(models: Path, real: Real, broken: str) -> None:
    """Each output alone, without a look at the answer; the only item of an output moves nowhere."""
    found = measured(real)
    assert found.differences() == ()
    document = json.loads(found.files["cases.json"])
    compared = [number for number, rule in enumerate(document["outputs"]) if rule is not None]
    assert compared

    def change(tensor: Array, zero: int) -> Array:
        if broken == "zero":
            return np.full_like(tensor, zero)
        if broken == "half":
            return ((tensor.astype(np.float64) - zero) / 2 + zero).astype(tensor.dtype)
        if broken == "moved":
            return np.roll(tensor, tensor.size // 7 + 1)
        if broken == "cut":
            return tensor.reshape(-1)[: tensor.size // 2]
        shifted: Array = tensor + np.array(np.abs(tensor.astype(np.float64)).max() / 4).astype(tensor.dtype)
        return shifted

    for number in compared:
        if broken == "moved" and found.litert.cases[0].outputs[number].size == 1:
            continue
        zero = zero_point(found, number)
        differences = found.differences(
            lambda index, tensor, number=number, zero=zero: change(tensor, zero) if index == number else tensor  # type: ignore[misc]
        )
        assert differences, number


@real_models
def test_the_files_are_small(models: Path, real: Real) -> None:
    """Of up to three cases, with their pictures. DeepLab's whole tensors took 19 MB beside a model of 2.8 MB."""
    assert sum(map(len, measured(real).files.values())) < 1_500_000


def test_the_detections_of_a_ranking_are_left_to_the_answer(models: Path) -> None:
    found = measured(REAL[3])
    document = json.loads(found.files["cases.json"])
    assert document["outputs"] == [
        None,
        None,
        {"absolute": 0.0758, "items": 0, "stride": 1},
        {"absolute": 0.938, "items": 0, "stride": 1},
    ]
    for case in document["cases"]:
        name = case["name"]
        assert case["outputs"] == [None, None, f"{name}.output2.bin", f"{name}.output3.bin"]
    assert not [name for name in found.files if "output0" in name or "output1" in name]


def test_an_answer_is_compared_too() -> None:
    annotated = replace(tensors_model(mixed()), answer=Parity())
    outputs = (np.array([4], np.float32), np.array([1], np.int8), np.array([1], np.float32))
    sample = Sample("a", None, ())
    goldens = GoldenSet("", (GoldenCase("a", None, (), outputs, "odd"),))
    found = find_differences(annotated, [sample], goldens, golden_files(annotated, goldens), [outputs])
    assert found == ("a: is even, not odd",)
