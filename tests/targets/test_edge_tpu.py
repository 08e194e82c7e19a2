"""What of a model the Edge TPU would run, by Coral's published rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.model import Model, parse_model, read_model
from packager.model.reader import operator_tables
from packager.targets.edge_tpu import SUPPORTED, Verdict, map_model
from packager.targets.target import EDGE_TPU_OPERATOR, Level
from tests import hand_made
from tests.models import Op, T, graph, options, pack, unpack

NAMES = "abcdefgh"


def byte(name: str, shape: Sequence[int], dtype: str = "int8", **more: Any) -> T:
    return T(name, shape, dtype, 0.5 if dtype == "int8" else None, **more)


def constant(name: str, values: Any, dtype: str = "int32") -> T:
    data = np.array(values, dtype)
    return T(name, data.shape, dtype, 0.5 if dtype == "int8" else None, data=data)


def model(name: str, inputs: Sequence[T], output: T, made: Any = None) -> Model:
    """RELU, and behind it the operator in question, whose constants are those of ``inputs`` that have data."""
    given = next(tensor for tensor in inputs if tensor.data is None)
    x = byte("x", given.shape)
    operators = [Op("RELU", ["x"], [given.name]), Op(name, [one.name for one in inputs], [output.name], made)]
    return parse_model(graph([x, *inputs, output], operators, ["x"], [output.name]), Path("m"))


A, WEIGHTS = byte("a", [1, 8, 8, 4]), constant("w", np.ones((4, 1, 1, 4)), "int8")


def conv(across: int, down: int) -> Model:
    made = options("Conv2D", strideW=1, strideH=1, dilationWFactor=across, dilationHFactor=down)
    return model("CONV_2D", [A, WEIGHTS, constant("b", [0] * 4)], byte("y", [1, 8, 8, 4]), made)


def pool(name: str, activation: int) -> Model:
    made = options("Pool2D", strideW=2, strideH=2, filterWidth=2, filterHeight=2, fusedActivationFunction=activation)
    return model(name, [A], byte("y", [1, 4, 4, 4]), made)


def reduced(name: str, axes: Sequence[int], shape: Sequence[int] = (1, 8, 8, 4)) -> Model:
    return model(name, [byte("a", shape), constant("axes", axes)], byte("y", [1, 4]))


def joined(value: int, *, third: bool = False, activation: int = 0) -> Model:
    zeros = constant("zeros", np.full((1, 8, 8, 4), value), "int8")
    inputs = [A, zeros, *[constant("more", np.zeros((1, 8, 8, 4)), "int8")] * third]
    made = options("Concatenation", axis=3, fusedActivationFunction=activation)
    return model("CONCATENATION", inputs, byte("y", [1, 8, 8, 8]), made)


def dense(shape: Sequence[int], answer: Sequence[int], weights_format: int = 0) -> Model:
    made = options("FullyConnected", weightsFormat=weights_format)
    weights = constant("w", np.ones((answer[-1], shape[-1])), "int8")
    return model("FULLY_CONNECTED", [byte("a", shape), weights], byte("y", answer), made)


def sliced(strides: Sequence[int], ellipsis: int = 0, new_axis: int = 0) -> Model:
    made = options("StridedSlice", ellipsisMask=ellipsis, newAxisMask=new_axis)
    inputs = [A, constant("begin", [0] * 4), constant("end", [1, 8, 8, 4]), constant("strides", strides)]
    return model("STRIDED_SLICE", inputs, byte("y", [1, 8, 8, 4]), made)


def slopes(shape: Sequence[int]) -> Model:
    return model("PRELU", [A, constant("slopes", np.ones(shape), "int8")], byte("y", [1, 8, 8, 4]))


def padded(pads: Sequence[Sequence[int]]) -> Model:
    return model("PAD", [A, constant("pads", pads)], byte("y", [1, 9, 9, 4]))


def packed(axis: int) -> Model:
    inputs = [byte("a", [4]), byte("a2", [4])]
    operators = [Op("RELU", ["x"], [one.name]) for one in inputs]
    operators.append(Op("PACK", ["a", "a2"], ["y"], options("Pack", axis=axis)))
    tensors = [byte("x", [4]), *inputs, byte("y", [2, 4])]
    return parse_model(graph(tensors, operators, ["x"], ["y"]), Path("m"))


def split(axis: int) -> Model:
    return model("SPLIT", [constant("axis", [axis]), A], byte("y", [1, 8, 8, 4]), options("Split", numSplits=1))


def plain(name: str, shape: Sequence[int]) -> Model:
    return model(name, [byte("a", shape)], byte("y", shape))


def computed_weights() -> Model:
    tensors = [byte("x", [1, 4]), byte("a", [1, 4]), byte("w", [4, 4]), byte("y", [1, 4])]
    operators = [
        Op("RELU", ["x"], ["a"]),
        Op("FULLY_CONNECTED", ["a", "w"], ["y"], options("FullyConnected")),
    ]
    return parse_model(graph(tensors, operators, ["x", "w"], ["y"]), Path("m"))


# A model, and why its second operator stays on the CPU; None where it does not.
LIMITS: dict[str, tuple[Model, str | None]] = {
    "conv": (conv(2, 2), None),
    "unlike dilations": (conv(2, 1), "the dilations 2 in x and 1 in y"),
    "average": (pool("AVERAGE_POOL_2D", 0), None),
    "average and ReLU": (pool("AVERAGE_POOL_2D", 1), "a fused activation"),
    "largest": (pool("MAX_POOL_2D", 0), None),
    "largest and ReLU": (pool("MAX_POOL_2D", 1), "a fused activation"),
    "mean of y and x": (reduced("MEAN", [1, 2]), None),
    "mean of all but the batch, from the end": (reduced("MEAN", [-1, -2, -3]), None),
    "mean of the batch": (reduced("MEAN", [0]), "reduces the batch"),
    "mean of 6 channels": (reduced("MEAN", [3], (1, 8, 8, 6)), "a multiple of 4"),
    "sum": (reduced("SUM", [2]), None),
    "sum of the batch": (reduced("SUM", [-4]), "reduces the batch"),
    "zeros behind": (joined(0), None),
    "ones behind": (joined(1), "may only be zeros"),
    "zeros behind, twice": (joined(0, third=True), "with one other tensor"),
    "joined and ReLU": (joined(0, activation=1), "a fused activation"),
    "dense": (dense([1, 8], [1, 4]), None),
    "dense of two rows": (dense([2, 8], [2, 4]), "may have but one dimension above 1"),
    "shuffled": (dense([1, 8], [1, 4], 1), "shuffled weights"),
    "computed weights": (computed_weights(), "weights that are computed"),
    "slice": (sliced([1, 1, 1, 1]), None),
    "every second": (sliced([1, 2, 1, 1]), "strides other than 1"),
    "ellipsis": (sliced([1, 1, 1, 1], ellipsis=1), "an ellipsis"),
    "new axis": (sliced([1, 1, 1, 1], new_axis=1), "a new axis"),
    "slopes by channel": (slopes([1, 1, 4]), None),
    "slopes by pixel": (slopes([8, 8, 4]), "more than one dimension"),
    "padded": (padded([[0, 0], [0, 1], [1, 0], [0, 0]]), None),
    "padded batch": (padded([[0, 1], [0, 0], [0, 0], [0, 0]]), "pads the batch"),
    "packed": (packed(1), None),
    "packed into a batch": (packed(0), "packs along the batch"),
    "split channels": (split(3), None),
    "split batch": (split(-4), "splits the batch"),
    "softmax": (plain("SOFTMAX", [1, 16_000]), None),
    "softmax of 16,001": (plain("SOFTMAX", [1, 16_001]), "of at most 16,000"),
    "softmax of rows": (plain("SOFTMAX", [2, 10]), "may have but one dimension above 1"),
    "four dimensions": (
        model("RESHAPE", [byte("a", [6, 20])], byte("y", [2, 3, 4, 5])),
        "only the last three dimensions",
    ),
    "a batch of 1": (plain("TANH", [1, 1, 3, 4, 5]), None),
    "unknown": (plain("ELU", [1, 4]), "is none of the Edge TPU's operators"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_limits_of_operators(name: str) -> None:
    made, why = LIMITS[name]
    mapping = map_model(made)
    if why is None:
        assert (mapping.verdict, mapping.problems) == (Verdict.ALL, ())
        return
    assert mapping.verdict is Verdict.PART
    assert mapping.cut is not None
    assert mapping.cut.index == mapping.mapped == len(made.main.nodes) - 1
    assert (mapping.cut.operator, mapping.cut.tensor) == (made.main.nodes[-1].operator.name, "y")
    assert why in mapping.cut.why
    (problem,) = mapping.problems
    assert problem.level is Level.WARNING
    assert why in problem.what


def test_every_limit_is_tried() -> None:
    limited = {name for name, limit in SUPPORTED.items() if limit is not None}
    tried = {made.main.nodes[-1].operator.name for made, why in LIMITS.values() if why is not None}
    # They share theirs with others.
    assert limited - tried == {"DEPTHWISE_CONV_2D", "REDUCE_MAX", "REDUCE_MIN"}


def test_what_converts_floats_at_the_edge_cuts_nothing() -> None:
    tensors = [T("x", [1, 4]), byte("a", [1, 4]), byte("b", [1, 4]), T("y", [1, 4])]
    operators = [Op("QUANTIZE", ["x"], ["a"]), Op("TANH", ["a"], ["b"]), Op("DEQUANTIZE", ["b"], ["y"])]
    mapping = map_model(parse_model(graph(tensors, operators, ["x"], ["y"]), Path("m")))
    assert (mapping.verdict, mapping.mapped, mapping.operators, mapping.cut) == (Verdict.ALL, 1, 3, None)
    (problem,) = mapping.problems
    assert (problem.level, "'x', 'y'" in problem.what) == (Level.WARNING, True)


def test_all_behind_the_cut_stays_on_the_cpu() -> None:
    tensors = [byte(name, [1, 4]) for name in NAMES[:5]]
    kinds = ["RELU", "TANH", "ELU", "RELU"]
    operators = [Op(kind, [NAMES[place]], [NAMES[place + 1]]) for place, kind in enumerate(kinds)]
    mapping = map_model(parse_model(graph(tensors, operators, ["a"], ["e"]), Path("m")))
    assert (mapping.verdict, mapping.mapped, mapping.operators) == (Verdict.PART, 2, 4)
    assert "it and the 1 operator behind it stay on the CPU" in mapping.problems[0].what


@pytest.mark.parametrize("change", ["signature", "subgraph"])
def test_what_the_compiler_takes_no_model_with(change: str) -> None:
    made = unpack(plain("TANH", [1, 4]).data)
    if change == "signature":
        made.subgraphs[0].tensors[0].shapeSignature = [-1, 4]
    else:
        made.subgraphs.append(made.subgraphs[0])
    mapping = map_model(parse_model(pack(made), Path("m")))
    assert (mapping.verdict, mapping.mapped) == (Verdict.NONE, 0)
    assert [problem.level for problem in mapping.problems] == [Level.ERROR]


def test_options_that_are_damaged_are_told_of() -> None:
    whole = conv(1, 1)
    table = operator_tables(whole)[1].table(4)
    assert table is not None
    data = bytearray(whole.data)
    data[table.position : table.position + 4] = b"\xff\xff\xff\x7f"
    mapping = map_model(parse_model(bytes(data), Path("m")))
    assert mapping.cut is not None
    assert (mapping.mapped, mapping.cut.why) == (1, "has options that cannot be read")


def test_a_compiled_model_tells_what_is_left() -> None:
    mapping = map_model(parse_model(hand_made.compiled(plain("TANH", [1, 4])), Path("m")))
    assert (mapping.verdict, mapping.mapped, mapping.operators, mapping.problems) == (Verdict.COMPILED, 1, 1, ())
    tensors = [byte(name, [1, 4]) for name in "xay"]
    operators = [Op(EDGE_TPU_OPERATOR, ["x"], ["a"], custom=True), Op("ELU", ["a"], ["y"])]
    mapping = map_model(parse_model(graph(tensors, operators, ["x"], ["y"]), Path("m")))
    assert (mapping.mapped, mapping.operators) == (1, 2)
    assert ["ELU" in problem.what for problem in mapping.problems] == [True]


# The verdict, how many of how many operators, and where the graph is cut.
REAL = {
    "audio_preprocessor_int8": ("none", 0, 22, "SignalWindow"),
    "deeplabv3": ("none", 0, 70, "CONV_2D"),
    "deeplabv3_mnv2_dm05_pascal_quant": ("part", 71, 72, "ARG_MAX"),
    "hello_world_float": ("none", 0, 3, None),
    "hello_world_int8": ("none", 0, 3, None),
    "keyword_scrambled_8bit": ("none", 0, 15, "QUANTIZE"),
    "kws_ref_model": ("none", 0, 13, None),
    "l2_norm_composite": ("none", 0, 1, None),
    "micro_speech_quantized": ("all", 4, 4, None),
    "mobilenet_v1_0.25_128_quant": ("all", 31, 31, None),
    "mobilenet_v1_0.25_128_quant_edgetpu": ("compiled", 1, 1, None),
    "mobilenet_v1_0.25_224_1_default_1": ("none", 0, 31, "CONV_2D"),
    "mobilenet_v1_0.25_224_1_metadata_1": ("none", 0, 31, "CONV_2D"),
    "mobilenet_v2_1.0_224_quant": ("all", 66, 66, None),
    "model_invoking_error": ("none", 0, 1, "fake-op-double"),
    "movenet_single_pose_lightning_ptq": ("none", 0, 157, "CAST"),
    "movie_review": ("none", 0, 5, "GATHER"),
    "person_detect": ("all", 31, 31, None),
    "resnet8_cifar10_int8": ("none", 0, 16, None),
    "ssd_mobilenet_v1_no_metadata": ("part", 63, 64, "TFLite_Detection_PostProcess"),
    "trained_lstm_int8": ("all", 4, 4, None),
    "yamnet_audio_classifier_with_metadata": ("none", 0, 47, "STRIDED_SLICE"),
    "yolo11n_full_integer_quant": ("part", 138, 348, "TRANSPOSE"),
    "yolov8n_int8": ("none", 0, 254, "PAD"),
}


def test_real_models(models: Path) -> None:
    """The uint8 MobileNet, of which Google's compiler made one operator: all of it was mapped."""
    found = {}
    for path in sorted(models.glob("*.tflite")):
        mapping = map_model(read_model(path))
        cut = None if mapping.cut is None else mapping.cut.operator
        found[path.stem] = (str(mapping.verdict), mapping.mapped, mapping.operators, cut)
    assert found == REAL
    assert map_model(read_model(models / "mobilenet_v1_0.25_128_quant_edgetpu.tflite")).runtime == 12
