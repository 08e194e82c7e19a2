"""The table of kernels against the runtime: each operator of each type, refused by both or by neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from packager.model import parse_model
from packager.targets import load_target
from packager.targets.micro.kernels import CUSTOM_KERNELS, KERNELS, MOST_DIMENSIONS, OUTPUT
from packager.targets.micro.operators import _CUSTOM, operator_problems
from packager.targets.target import ETHOS_U_OPERATOR, Level
from tests import hand_made
from tests.conftest import needs_micro
from tests.runtimes import MICRO, run_models
from tests.targets.micro.operators import DTYPES, EXAMPLES, Example, of_rank, tensor

pytestmark = [pytest.mark.slow, needs_micro]

# Those that run other graphs, or that keep state in resources, which the packager refuses.
WITHOUT_EXAMPLE = {"IF", "WHILE", "CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"}


def disagreements(examples: Mapping[str, Example], folder: Path) -> dict[str, str]:
    """Where the packager and the runtime do not say the same, and what each says."""
    models = {name: example.to_model() for name, example in examples.items()}
    assert models
    found = {}
    for name, refused in run_models(MICRO, models, folder).items():
        problems = operator_problems(parse_model(models[name]))
        if bool(problems) != (refused is not None):
            found[name] = problems[0].what if problems else f"not refused; the runtime: {refused}"
    return found


def test_there_is_an_example_of_every_kernel() -> None:
    assert set(EXAMPLES) | WITHOUT_EXAMPLE == set(KERNELS)
    assert set(CUSTOM_KERNELS) | {ETHOS_U_OPERATOR} == set(_CUSTOM)


@pytest.mark.parametrize(("name", "kernel"), {**KERNELS, **CUSTOM_KERNELS}.items())
def test_each_type_of_the_data_has_its_weights(name: str, kernel: object) -> None:
    kernel = {**KERNELS, **CUSTOM_KERNELS}[name]
    for types in kernel.with_type.values():
        assert set(kernel.types) <= set(types)


def test_types_of_the_data(tmp_path: Path) -> None:
    examples = {f"{name}-{dtype}": build(dtype) for name, build in EXAMPLES.items() for dtype in DTYPES}
    # These read whatever they get as bool. No other example is refused that the runtime takes.
    unread = {f"{name}-{dtype}" for name in ("LOGICAL_AND", "LOGICAL_OR") for dtype in DTYPES if dtype != "bool"}
    assert set(disagreements(examples, tmp_path)) == unread


def test_types_of_axes_shapes_and_conditions(tmp_path: Path) -> None:
    examples = {
        f"{name}-{place}-{dtype}": EXAMPLES[name](kernel.types[0]).with_input(place, dtype=dtype)
        for name, kernel in KERNELS.items()
        for place in kernel.beside
        if place != OUTPUT
        for dtype in ("int32", "int64")
    }
    # Read as int32 without a look: of int64, every other number is then a zero.
    unread = {"TRANSPOSE-1-int64", "TRANSPOSE_CONV-0-int64"}
    unread |= {"BATCH_TO_SPACE_ND-2-int64", "SPACE_TO_BATCH_ND-2-int64"}
    assert set(disagreements(examples, tmp_path)) == unread


def test_types_of_outputs(tmp_path: Path) -> None:
    names = ("CAST", "QUANTIZE", "ARG_MAX", "ARG_MIN", "SHAPE", "DEQUANTIZE")
    examples = {}
    for name in names:
        for dtype in set(KERNELS[name].types) & set(DTYPES):
            for output in DTYPES:
                scaled = tensor("y", [], output, quantization=(1 / 256, 0))
                changes = {"dtype": output, "scale": scaled.scale, "zero_point": 0}
                examples[f"{name}-{dtype}-{output}"] = EXAMPLES[name](dtype).with_output(**changes)
    assert disagreements(examples, tmp_path) == {}


def test_types_of_weights(tmp_path: Path) -> None:
    examples = {
        f"{name}-{dtype}-{kind}": EXAMPLES[name](dtype).with_input(place, dtype=kind, scale=1 / 128, zero_point=0)
        for name, place in [("CONV_2D", 1), ("DEPTHWISE_CONV_2D", 1), ("FULLY_CONNECTED", 1), ("TRANSPOSE_CONV", 1)]
        for dtype in KERNELS[name].types
        for kind in ("float32", "float16", "int4", "int8", "uint8", "int16")
    }
    # Asserted, which a release build leaves out.
    assert set(disagreements(examples, tmp_path)) == {"TRANSPOSE_CONV-int16-int16"}


@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "SVDF"])
def test_a_bias_that_is_left_out(name: str, tmp_path: Path) -> None:
    example = EXAMPLES[name]("float32")
    place = len(example.inputs) - 1 if name != "SVDF" else 3
    assert disagreements({name: example.without(place)}, tmp_path) == {}


def test_numbers_of_dimensions(tmp_path: Path) -> None:
    names = (
        *("ADD", "BATCH_MATMUL", "BROADCAST_TO", "CONCATENATION", "DYNAMIC_UPDATE_SLICE", "L2_NORMALIZATION", "PAD"),
        *("PRELU", "REVERSE_V2", "SLICE", "STRIDED_SLICE", "TRANSPOSE", "RELU", "RESIZE_BILINEAR"),
        *("RESIZE_NEAREST_NEIGHBOR",),
    )
    examples = {f"{name}-{rank}": of_rank(name, rank) for name in names for rank in range(1, MOST_DIMENSIONS + 2)}
    # One dimension too many is written behind the end of a shape on the stack, and goes unnoticed.
    assert set(disagreements(examples, tmp_path)) == {"ADD-7", "RELU-7"}


def computed_constants() -> Iterator[tuple[str, Example]]:
    for name, kernel in KERNELS.items():
        for place in kernel.constant:
            yield f"{name}-{place}", EXAMPLES[name](kernel.types[0]).with_input(place, data=None)


def test_what_must_stand_in_the_file(tmp_path: Path) -> None:
    assert disagreements(dict(computed_constants()), tmp_path) == {}


@pytest.mark.parametrize(("place", "part"), [(9, "peephole"), (16, "projection"), (20, "layer normalization")])
def test_parts_of_an_lstm_that_the_kernel_lacks(place: int, part: str, tmp_path: Path) -> None:
    example = EXAMPLES["UNIDIRECTIONAL_SEQUENCE_LSTM"]("float32")
    inputs = list(example.inputs)
    inputs[place] = tensor("more", [2], "float32", data=np.ones(2))
    changed = Example(example.operator, tuple(inputs), example.outputs, example.options)
    assert disagreements({part: changed}, tmp_path) == {}
    (problem,) = operator_problems(parse_model(changed.to_model()))
    assert f"has no {part}" in problem.what


@pytest.mark.parametrize(
    ("example", "what", "fix"),
    [
        (EXAMPLES["CAST"]("uint8"), "CAST does not take uint8 (CAST, operator 0, which computes 'y')", "firmware"),
        (EXAMPLES["FLOOR_DIV"]("int32"), "FLOOR_DIV does not take int32", "It takes float32"),
        (EXAMPLES["RELU"]("uint8"), "RELU does not take uint8", "full integer quantization"),
        (
            EXAMPLES["ARG_MAX"]("float32").with_output(dtype="int64"),
            "ARG_MAX takes float32 and does not give int64",
            "It takes int32",
        ),
        (EXAMPLES["TRANSPOSE"]("int8").with_input(1, dtype="int64"), "as its input 'i', int64", "It takes int32"),
        (EXAMPLES["STRIDED_SLICE"]("int8").with_input(1, data=None), "'i' in the file", "fixed shape"),
        (of_rank("TRANSPOSE", 6), "TRANSPOSE takes at most 5 dimensions, and gets [2, 2, 2, 2, 2, 2]", "Reshape"),
        (EXAMPLES["DEPTHWISE_CONV_2D"]("int8").without(2), "leaves the bias", "use_bias"),
        (
            EXAMPLES["ADD"]("float32").with_input(1, dtype="int32"),
            "ADD takes inputs of one type, and has float32 and int32",
            "Cast",
        ),
    ],
)
def test_a_refusal_names_the_operator_the_place_and_the_remedy(example: Example, what: str, fix: str) -> None:
    (problem,) = operator_problems(parse_model(example.to_model()))
    assert what in problem.what
    assert f"({example.operator}, operator 0" in problem.what
    assert fix in problem.fix


def test_an_ethos_u_model_is_told_of_and_its_tensors_are_not_judged() -> None:
    model = parse_model(hand_made.single(ETHOS_U_OPERATOR, "int8", custom=True))
    assert operator_problems(model) == ()
    (problem,) = load_target("micro").find_problems(model)
    assert problem.level is Level.WARNING
    assert "Ethos-U" in problem.what
    assert "vela" in problem.fix
