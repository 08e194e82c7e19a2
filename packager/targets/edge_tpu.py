"""The Edge TPU: what its compiler would make of a .tflite, on paper, and what it has made of one.

The rules are those of Coral's page "TensorFlow models on the Edge TPU" (coral.ai/docs/edgetpu/models-intro) for
compiler 16 and runtime 14: "Model requirements", and the table of "Supported operations" with the known limitations.
The compiler itself is Google's, and knows more of them: nothing here can run it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from packager.model import Model, Node, Tensor
from packager.model.flatbuffer import FlatBufferError, Table
from packager.model.reader import constant_bytes, operator_tables
from packager.targets.target import EDGE_TPU_OPERATOR, Level, Problem
from packager.terminal import counted


class Verdict(StrEnum):
    """How much of a model the Edge TPU would run; ``COMPILED`` is one that was compiled for it."""

    ALL = "all"
    PART = "part"
    NONE = "none"
    COMPILED = "compiled"


@dataclass(frozen=True)
class Cut:
    """The first operator that stays on the CPU: its place, its name, the tensor that it computes, and why."""

    index: int
    operator: str
    tensor: str
    why: str


@dataclass(frozen=True)
class Mapping:
    """A model on the Edge TPU.

    ``mapped`` of its ``operators`` run there; of a compiled model those are the parts that were compiled. ``cut`` is
    where the graph is cut in two, if it is: of what follows nothing is mapped. ``runtime`` is the version of the
    library that a compiled model takes.
    """

    verdict: Verdict
    operators: int
    mapped: int
    cut: Cut | None
    runtime: int | None
    problems: tuple[Problem, ...]


def map_model(model: Model) -> Mapping:
    """What of ``model`` would run, or runs, on the Edge TPU."""
    if is_compiled(model):
        return _map_compiled(model)
    nodes, graph = model.main.nodes, model.main
    obstacles = tuple(_obstacles(model))
    tables = operator_tables(model)
    staying = [
        None if _is_edge(node, graph.tensors) else _why_not(_Operation(model, node, table))
        for node, table in zip(nodes, tables, strict=True)
    ]
    place = next((number for number, why in enumerate(staying) if why is not None), None)
    cut = None
    if place is not None:
        node = nodes[place]
        computed = next((graph.tensors[index].name for index in node.outputs if index >= 0), "")
        cut = Cut(place, node.operator.name, computed, str(staying[place]))
    before = nodes if place is None else nodes[:place]
    # What converts floats at the edge of the model stays on the CPU, and cuts nothing.
    mapped = 0 if obstacles else sum(not _is_edge(node, graph.tensors) for node in before)
    verdict = Verdict.NONE if not mapped else Verdict.ALL if cut is None else Verdict.PART
    problems = (*obstacles, *_cut_problems(cut, mapped, len(nodes)), *_float_problems(model))
    return Mapping(verdict, len(nodes), mapped, None if obstacles else cut, None, problems)


def edge_tpu_problems(model: Model) -> tuple[Problem, ...]:
    """What keeps a model from the Edge TPU, an error, and what of it would stay on the CPU, a warning."""
    return map_model(model).problems


def _obstacles(model: Model) -> Iterator[Problem]:
    """What the compiler takes no model with."""
    graph = model.main
    dynamic = next((tensor for tensor in graph.tensors if min(tensor.shape_signature, default=0) < 0), None)
    if dynamic is not None:
        yield Problem(
            Level.ERROR,
            f"its tensor {dynamic.name!r} has the open shape {list(dynamic.shape_signature)}, and the Edge TPU "
            "takes constant sizes",
            "Convert it with a fixed shape, the batch of 1 included.",
        )
    if len(model.subgraphs) > 1:
        yield Problem(Level.ERROR, "it has loops or branches, which the Edge TPU has not", "Unroll or remove them.")


def _cut_problems(cut: Cut | None, mapped: int, operators: int) -> Iterator[Problem]:
    if cut is None:
        return
    level = Level.WARNING if mapped else Level.ERROR
    if mapped:
        end = f"it and the {counted(operators - cut.index - 1, 'operator')} behind it stay on the CPU"
    else:
        end = "it is the first, so that all stays on the CPU"
    where = f"its {cut.operator} (operator {cut.index}" + (f", {cut.tensor!r})" if cut.tensor else ")")
    if _EIGHT_BITS in cut.why:
        fix = "Convert it with full integer quantization: int8."
    else:
        fix = "Replace it, or move it behind all others."
    yield Problem(level, f"{where} {cut.why}: {end}", fix)


def _float_problems(model: Model) -> Iterator[Problem]:
    edges = [node for node in model.main.nodes if _is_edge(node, model.main.tensors)]
    converted = {index for node in edges for index in (*node.inputs, *node.outputs)}
    ports = (*model.inputs, *model.outputs)
    floats = [tensor.name for tensor in ports if tensor.dtype == "float32" and tensor.index in converted]
    if floats:
        yield Problem(
            Level.WARNING,
            f"{', '.join(map(repr, floats))} is of float32: the CPU converts it in every inference",
            "Convert it with int8 or uint8 inputs and outputs.",
        )


# --- one operator ----------------------------------------

_WIDE = ("float32", "float16", "float64", "int16", "int4")
_EIGHT_BITS = "the Edge TPU computes in 8 bits only"
# The batch is the first dimension; then come, in a picture, y, x and z.
_MOST_SOFTMAX = 16_000
# Items of axes, paddings, strides.
_MOST_ITEMS = 64


@dataclass(frozen=True)
class _Operation:
    """A node, and its table in the file, which has its options."""

    model: Model
    node: Node
    table: Table

    def tensor(self, place: int) -> Tensor | None:
        """Its input at ``place``; None for one that is left out."""
        inputs = self.node.inputs
        return self.model.main.tensors[inputs[place]] if place < len(inputs) and inputs[place] >= 0 else None

    @property
    def inputs(self) -> list[Tensor]:
        return [self.model.main.tensors[index] for index in self.node.inputs if index >= 0]

    @property
    def outputs(self) -> list[Tensor]:
        return [self.model.main.tensors[index] for index in self.node.outputs if index >= 0]

    def option(self, slot: int, layout: str, default: int = 0) -> int:
        """A field of its builtin options."""
        options = self.table.table(4)
        return default if options is None else options.scalar(slot, layout, default)

    def integers(self, place: int) -> tuple[int, ...] | None:
        """The items of a constant input of int32 or int64; None where it is none."""
        tensor = self.tensor(place)
        if tensor is None or not tensor.constant_bytes or tensor.size > _MOST_ITEMS:
            return None
        layout = {"int32": "i", "int64": "q"}.get(tensor.dtype)
        data = constant_bytes(self.model, tensor)
        if layout is None or len(data) != tensor.size * struct.calcsize(layout):
            return None
        return struct.unpack(f"<{tensor.size}{layout}", data)

    def axes(self, place: int) -> tuple[int, ...]:
        """The axes of a reduction, counted from the first dimension."""
        first = self.tensor(0)
        rank = 1 if first is None else max(len(first.shape), 1)
        return tuple(axis % rank for axis in self.integers(place) or ())


def _is_edge(node: Node, tensors: Sequence[Tensor]) -> bool:
    """Whether it makes 8 bits of floats, or floats of 8 bits: where a model begins and ends."""
    types = {tensors[index].dtype for index in (*node.inputs, *node.outputs) if index >= 0}
    return node.operator.name in ("QUANTIZE", "DEQUANTIZE") and types in ({"float32", "int8"}, {"float32", "uint8"})


def _why_not(operation: _Operation) -> str | None:
    """Why an operator stays on the CPU; None where it does not."""
    name = operation.node.operator.name
    if operation.node.operator.custom or name not in SUPPORTED:
        return "is none of the Edge TPU's operators"
    # The states of an LSTM have 16 bits.
    wide = _WIDE if name != "UNIDIRECTIONAL_SEQUENCE_LSTM" else tuple(one for one in _WIDE if one != "int16")
    tensors = (*operation.inputs, *operation.outputs)
    found = next((tensor for tensor in tensors if tensor.dtype in wide), None)
    if found is not None:
        return f"has {found.dtype} ({found.name!r}), and {_EIGHT_BITS}"
    large = next((one for one in tensors if not one.constant_bytes and math.prod(one.shape[:-3]) > 1), None)
    if large is not None:
        return f"has {list(large.shape)} ({large.name!r}), and only the last three dimensions may be above 1"
    limit = SUPPORTED[name]
    try:
        return None if limit is None else limit(operation)
    except (FlatBufferError, struct.error):
        return "has options that cannot be read"


def _activation(slot: int) -> Callable[[_Operation], str | None]:
    def check(operation: _Operation) -> str | None:
        return "has a fused activation" if operation.option(slot, "b") else None

    return check


def _dilation(slot: int) -> Callable[[_Operation], str | None]:
    def check(operation: _Operation) -> str | None:
        across, down = (operation.option(number, "i", 1) for number in (slot, slot + 1))
        if across != down:
            return f"has the dilations {across} in x and {down} in y, which must be the same"
        return _weights(operation)

    return check


def _weights(operation: _Operation) -> str | None:
    computed = next((tensor for tensor in operation.inputs[1:] if not tensor.constant_bytes), None)
    return None if computed is None else f"has weights that are computed ({computed.name!r})"


def _concatenation(operation: _Operation) -> str | None:
    if operation.option(1, "b"):
        return "has a fused activation"
    for tensor in operation.inputs:
        if not tensor.constant_bytes:
            continue
        zero = 0 if tensor.affine is None else tensor.affine.zero_point
        data = constant_bytes(operation.model, tensor)
        if len(operation.inputs) != 2 or data.count(bytes([zero % 256])) != len(data):
            return "joins a constant, which may only be zeros, and with one other tensor"
    return None


def _fully_connected(operation: _Operation) -> str | None:
    if operation.option(1, "b"):
        return "has shuffled weights"
    wide = next((one for one in operation.outputs if sum(size > 1 for size in one.shape) > 1), None)
    if wide is not None:
        return f"computes {list(wide.shape)}, which may have but one dimension above 1"
    return _weights(operation)


def _mean(operation: _Operation) -> str | None:
    axes, tensor = operation.axes(1), operation.tensor(0)
    if 0 in axes and tensor is not None and len(tensor.shape) > 1:
        return "reduces the batch"
    if tensor is not None and len(tensor.shape) - 1 in axes and tensor.shape[-1] % 4:
        return f"reduces the last dimension of {tensor.shape[-1]}, which must be a multiple of 4"
    return None


def _reduction(operation: _Operation) -> str | None:
    tensor = operation.tensor(0)
    is_batch = 0 in operation.axes(1) and tensor is not None and len(tensor.shape) > 1
    return "reduces the batch" if is_batch else None


def _pack(operation: _Operation) -> str | None:
    return "packs along the batch" if operation.option(1, "i") == 0 else None


def _pad(operation: _Operation) -> str | None:
    return "pads the batch" if any((operation.integers(1) or ())[:2]) else None


def _prelu(operation: _Operation) -> str | None:
    alpha = operation.tensor(1)
    is_flat = alpha is None or math.prod(alpha.shape[:-1]) == 1
    return None if is_flat else "has slopes of more than one dimension (in Keras: shared_axes=[1, 2])"


def _softmax(operation: _Operation) -> str | None:
    tensor = operation.tensor(0)
    if tensor is None or (sum(size > 1 for size in tensor.shape) <= 1 and tensor.size <= _MOST_SOFTMAX):
        return None
    return f"takes {list(tensor.shape)}, which may have but one dimension above 1, of at most {_MOST_SOFTMAX:,}"


def _split(operation: _Operation) -> str | None:
    axis, tensor = operation.integers(0), operation.tensor(1)
    is_batch = axis is not None and tensor is not None and axis[0] % max(len(tensor.shape), 1) == 0
    return "splits the batch" if is_batch else None


def _strided_slice(operation: _Operation) -> str | None:
    strides = operation.integers(3)
    if strides is None or any(stride != 1 for stride in strides):
        return "has strides other than 1"
    return "has an ellipsis or a new axis" if operation.option(2, "i") or operation.option(3, "i") else None


# "All operations supported by the Edge TPU", by their names in a .tflite, with the known limitations that a file
# shows; reshapes and resizes of large tensors may stay on the CPU as well.
SUPPORTED: dict[str, Callable[[_Operation], str | None] | None] = {
    "ADD": None,
    "AVERAGE_POOL_2D": _activation(5),
    "CONCATENATION": _concatenation,
    "CONV_2D": _dilation(4),
    "DEPTHWISE_CONV_2D": _dilation(5),
    "EXPAND_DIMS": None,
    "FULLY_CONNECTED": _fully_connected,
    "L2_NORMALIZATION": None,
    "LOGISTIC": None,
    "MAXIMUM": None,
    "MAX_POOL_2D": _activation(5),
    "MEAN": _mean,
    "MINIMUM": None,
    "MUL": None,
    "PACK": _pack,
    "PAD": _pad,
    "PRELU": _prelu,
    "QUANTIZE": None,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "RELU": None,
    "RELU6": None,
    "RELU_N1_TO_1": None,
    "RESHAPE": None,
    "RESIZE_BILINEAR": None,
    "RESIZE_NEAREST_NEIGHBOR": None,
    "RSQRT": None,
    "SLICE": None,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": None,
    "SPLIT": _split,
    "SQUARED_DIFFERENCE": None,
    "SQUEEZE": None,
    "STRIDED_SLICE": _strided_slice,
    "SUB": None,
    "SUM": _reduction,
    "TANH": None,
    "TRANSPOSE": None,
    "TRANSPOSE_CONV": None,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": None,
}


# --- models that were compiled for it ----------------------------------------


def is_compiled(model: Model) -> bool:
    """Whether edgetpu_compiler wrote it, with at least one part for the Edge TPU."""
    return any(operator.custom and operator.name == EDGE_TPU_OPERATOR for operator, _ in model.operators)


def _map_compiled(model: Model) -> Mapping:
    nodes = model.main.nodes
    mapped = [node for node in nodes if node.operator.name == EDGE_TPU_OPERATOR]
    others = sorted({node.operator.name for node in nodes} - {EDGE_TPU_OPERATOR})
    problems = []
    if others:
        problems.append(
            Problem(
                Level.WARNING,
                f"the compiler has left {', '.join(others)} to the CPU",
                "Look at the model that it was compiled from with packager inspect.",
            )
        )
    return Mapping(Verdict.COMPILED, len(nodes), len(mapped), None, _needed_runtime(model), tuple(problems))


def _needed_runtime(model: Model) -> int | None:
    """The version of the runtime that a compiled model takes: ``Package.min_runtime_version`` of its executable.

    See executable/executable.fbs of libedgetpu; the executable is a FlatBuffer within the model's own.
    """
    start = model.data.find(_EXECUTABLE) - 4
    if start < 0:
        return None
    try:
        version = Table.root(model.data[start:]).scalar(0, "i")
    except (FlatBufferError, struct.error):
        return None
    return version if 0 < version < 1_000 else None


_EXECUTABLE = b"DWN1"


def find_differences(model: Model, compiled: Model) -> tuple[str, ...]:
    """In what ``compiled`` has other inputs and outputs than the ``model`` that it should be compiled from.

    Shapes, types and quantization; and the order of the names, where they are the same ones.
    """
    return (
        *_port_differences("input", model.inputs, compiled.inputs),
        *_port_differences("output", model.outputs, compiled.outputs),
    )


def _port_differences(side: str, tensors: Sequence[Tensor], compiled: Sequence[Tensor]) -> Iterator[str]:
    if len(tensors) != len(compiled):
        yield f"it has {len(compiled)} {side}s, and the model {len(tensors)}"
        return
    for number, (one, other) in enumerate(zip(tensors, compiled, strict=True)):
        for what, expected, found in zip(("shape", "type", "quantization"), _facts(one), _facts(other), strict=True):
            if expected != found:
                yield f"the {what} of {side} {number} ({one.name!r}) is {found}, and in the model {expected}"
    names, found_names = [one.name for one in tensors], [one.name for one in compiled]
    if names != found_names and sorted(names) == sorted(found_names):
        yield f"its {side}s are in another order: {', '.join(map(repr, found_names))}"


def _facts(tensor: Tensor) -> tuple[str, str, str]:
    affine = tensor.affine
    quantization = "none" if affine is None else f"scale {affine.scale:.7g}, zero point {affine.zero_point}"
    return str(list(tensor.shape)), tensor.dtype, quantization
