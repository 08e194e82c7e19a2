"""One operator at a time, of each type: what the kernels of TensorFlow Lite Micro are tried on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tests.models import Op, T, graph, options

# What NumPy and the schema both have.
DTYPES = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 bool".split()

_SCALES = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)}


@dataclass(frozen=True)
class Example:
    """A node; an input that is None is left out, by -1."""

    operator: str
    inputs: tuple[T | None, ...]
    outputs: tuple[T, ...]
    options: Any = None

    def to_model(self) -> bytes:
        inputs = [tensor for tensor in self.inputs if tensor is not None]
        node = Op(
            self.operator,
            ["" if tensor is None else tensor.name for tensor in self.inputs],
            [tensor.name for tensor in self.outputs],
            self.options,
        )
        fed = [tensor.name for tensor in inputs if tensor.data is None and not tensor.is_variable]
        return graph([*inputs, *self.outputs], [node], fed, list(node.outputs))

    def with_input(self, place: int, **changes: Any) -> Example:
        inputs = list(self.inputs)
        tensor = inputs[place]
        assert tensor is not None
        inputs[place] = dataclasses.replace(tensor, **changes)
        return dataclasses.replace(self, inputs=tuple(inputs))

    def with_output(self, **changes: Any) -> Example:
        first, *others = self.outputs
        return dataclasses.replace(self, outputs=(dataclasses.replace(first, **changes), *others))

    def without(self, place: int) -> Example:
        inputs = list(self.inputs)
        inputs[place] = None
        return dataclasses.replace(self, inputs=tuple(inputs))


def tensor(
    name: str, shape: Sequence[int], dtype: str, *, quantization: tuple[float, int] | None = None, **more: Any
) -> T:
    scale, zero_point = quantization or _SCALES.get(dtype) or (None, 0)
    return T(name, list(shape), dtype, scale, zero_point, **more)


def constant(name: str, shape: Sequence[int], dtype: str, quantization: tuple[float, int] | None = None) -> T:
    return tensor(name, shape, dtype, quantization=quantization, data=np.ones(tuple(shape)))


def numbers(name: str, values: Any, dtype: str = "int32") -> T:
    return T(name, list(np.shape(values)), dtype, data=np.array(values))


def weights(name: str, shape: Sequence[int], dtype: str) -> T:
    kind = {"int16": "int8", "int32": "int8"}.get(dtype, dtype)
    return constant(name, shape, kind, (1 / 128, 0) if kind in ("int8", "uint8") else None)


def bias(shape: Sequence[int], dtype: str, int16: str = "int64") -> T:
    kind = {"float32": "float32", "int16": int16}.get(dtype, "int32")
    return constant("bias", shape, kind, (_SCALES.get(dtype, (1.0, 0))[0] / 128, 0) if kind != "float32" else None)


# --- the operators ----------------------------------------

_UNARY = {
    **dict.fromkeys(
        "ABS CEIL COS ELU EXP FLOOR HARD_SWISH LOG LOGICAL_NOT LOGISTIC NEG RELU RELU6 ROUND RSQRT SIN SQRT SQUARE "
        "TANH LOG_SOFTMAX ZEROS_LIKE".split()
    ),
    "LEAKY_RELU": options("LeakyRelu"),
    "SOFTMAX": options("Softmax", beta=1.0),
    "L2_NORMALIZATION": options("L2Norm"),
}
# Kernels insist on these where they know the range of their answer.
_RANGES = {
    ("LOG_SOFTMAX", "int8"): (16 / 256, 127),
    ("TANH", "int8"): (1 / 128, 0),
    ("L2_NORMALIZATION", "int8"): (1 / 128, 0),
}
_BINARY = {
    "ADD": options("Add"),
    "ADD_N": options("AddN"),
    "DIV": options("Div"),
    "FLOOR_DIV": options("FloorDiv"),
    "FLOOR_MOD": options("FloorMod"),
    "MAXIMUM": options("MaximumMinimum"),
    "MINIMUM": options("MaximumMinimum"),
    "MUL": options("Mul"),
    "SQUARED_DIFFERENCE": options("SquaredDifference"),
    "SUB": options("Sub"),
}
_COMPARISONS = "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR NOT_EQUAL".split()
_REDUCTIONS = "MEAN REDUCE_ALL REDUCE_MAX REDUCE_MIN SUM".split()
_POOLS = "AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D".split()


def _unary(name: str, dtype: str) -> Example:
    out = tensor("y", [1, 4], dtype, quantization=_RANGES.get((name, dtype)))
    return Example(name, (tensor("x", [1, 4], dtype),), (out,), _UNARY[name])


def _binary(name: str, dtype: str) -> Example:
    out = tensor("y", [1, 4], "bool" if name in _COMPARISONS else dtype)
    return Example(name, (tensor("x", [1, 4], dtype), constant("c", [1, 4], dtype)), (out,), _BINARY.get(name))


def _reduction(name: str, dtype: str) -> Example:
    inputs = (tensor("x", [2, 4], dtype), numbers("axis", [1]))
    return Example(name, inputs, (tensor("y", [2], dtype),), options("Reducer"))


def _pool(name: str, dtype: str) -> Example:
    pool = options("Pool2D", filterWidth=2, filterHeight=2, strideW=2, strideH=2, padding=1)
    return Example(name, (tensor("x", [1, 2, 2, 1], dtype),), (tensor("y", [1, 1, 1, 1], dtype),), pool)


def _one(
    name: str,
    opts: Any,
    shape: Sequence[int],
    *others: T,
    out: Sequence[int],
    dtype: str,
    out_dtype: str | None = None,
) -> Example:
    """Data first, what is beside it then."""
    return Example(name, (tensor("x", shape, dtype), *others), (tensor("y", out, out_dtype or dtype),), opts)


def _convolution(name: str, dtype: str) -> Example:
    kinds = {
        "CONV_2D": ([1, 2, 2, 1], [2, 1, 1, 1], options("Conv2D", strideW=1, strideH=1, padding=1)),
        "DEPTHWISE_CONV_2D": (
            [1, 2, 2, 2],
            [1, 1, 1, 2],
            options("DepthwiseConv2D", strideW=1, strideH=1, padding=1, depthMultiplier=1),
        ),
    }
    shape, kernel, opts = kinds[name]
    inputs = (tensor("x", shape, dtype), weights("w", kernel, dtype), bias([2], dtype))
    return Example(name, inputs, (tensor("y", [1, 2, 2, 2], dtype),), opts)


def _lstm(dtype: str) -> Example:
    units, features = 2, 3
    gates = [weights(f"input{gate}", [units, features], dtype) for gate in range(4)]
    gates += [weights(f"recurrent{gate}", [units, units], dtype) for gate in range(4)]
    biases = [dataclasses.replace(bias([units], dtype), name=f"bias{gate}") for gate in range(4)]
    state = tensor("state", [1, units], dtype, is_variable=True)
    cell = tensor("cell", [1, units], "float32" if dtype == "float32" else "int16", is_variable=True)
    inputs = (
        tensor("x", [1, 4, features], dtype), *gates, *[None] * 3, *biases, *[None] * 2, state, cell, *[None] * 4
    )  # fmt: skip
    opts = options("UnidirectionalSequenceLSTM", fusedActivationFunction=4)
    return Example("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (tensor("y", [1, 4, units], dtype),), opts)


def _svdf(dtype: str) -> Example:
    step = None if dtype == "float32" else (1 / 128, 0)
    state = tensor("state", [1, 8], "float32" if dtype == "float32" else "int8", quantization=step, is_variable=True)
    constant_bias = constant("bias", [2], "float32" if step is None else "int32", step and (1 / 128 / 128, 0))
    inputs = (tensor("x", [1, 3], dtype), weights("feature", [2, 3], dtype), weights("time", [2, 4], dtype))
    return Example("SVDF", (*inputs, constant_bias, state), (tensor("y", [1, 2], dtype),), options("SVDF", rank=1))


Build = Callable[[str], Example]
EXAMPLES: dict[str, Build] = {
    **{name: partial(_unary, name) for name in _UNARY},
    **{name: partial(_binary, name) for name in (*_BINARY, *_COMPARISONS)},
    **{name: partial(_reduction, name) for name in _REDUCTIONS},
    **{name: partial(_pool, name) for name in _POOLS},
    **{name: partial(_convolution, name) for name in ("CONV_2D", "DEPTHWISE_CONV_2D")},
    "ARG_MAX": lambda d: _one(
        "ARG_MAX", options("ArgMax"), [1, 4], numbers("i", 1), out=[1], dtype=d, out_dtype="int32"
    ),
    "ARG_MIN": lambda d: _one(
        "ARG_MIN", options("ArgMin"), [1, 4], numbers("i", 1), out=[1], dtype=d, out_dtype="int32"
    ),
    "BATCH_MATMUL": lambda d: _one(
        "BATCH_MATMUL", options("BatchMatMul"), [1, 2, 4], constant("c", [1, 4, 2], d), out=[1, 2, 2], dtype=d
    ),
    "BATCH_TO_SPACE_ND": lambda d: _one(
        "BATCH_TO_SPACE_ND", options("BatchToSpaceND"), [4, 1, 1, 1], numbers("i", [2, 2]),
        numbers("j", [[0, 0], [0, 0]]), out=[1, 2, 2, 1], dtype=d,
    ),
    "BROADCAST_ARGS": lambda d: _one("BROADCAST_ARGS", None, [2], constant("c", [2], d), out=[2], dtype=d),
    "BROADCAST_TO": lambda d: _one(
        "BROADCAST_TO", options("BroadcastTo"), [1, 4], numbers("i", [2, 4]), out=[2, 4], dtype=d
    ),
    "CAST": lambda d: _one("CAST", options("Cast"), [1, 4], out=[1, 4], dtype=d, out_dtype="float32"),
    "CONCATENATION": lambda d: _one(
        "CONCATENATION", options("Concatenation", axis=1), [1, 4], tensor("z", [1, 4], d), out=[1, 8], dtype=d
    ),
    "CUMSUM": lambda d: _one("CUMSUM", options("Cumsum"), [1, 4], numbers("i", 1), out=[1, 4], dtype=d),
    "DEPTH_TO_SPACE": lambda d: _one(
        "DEPTH_TO_SPACE", options("DepthToSpace", blockSize=2), [1, 1, 1, 4], out=[1, 2, 2, 1], dtype=d
    ),
    "DEQUANTIZE": lambda d: _one(
        "DEQUANTIZE", options("Dequantize"), [1, 4], out=[1, 4], dtype=d, out_dtype="float32"
    ),
    "DYNAMIC_UPDATE_SLICE": lambda d: _one(
        "DYNAMIC_UPDATE_SLICE", options("DynamicUpdateSlice"), [1, 4], tensor("z", [1, 2], d), numbers("i", [0, 1]),
        out=[1, 4], dtype=d,
    ),
    "EMBEDDING_LOOKUP": lambda d: Example(
        "EMBEDDING_LOOKUP", (numbers("i", [2]), constant("table", [3, 4], d)), (tensor("y", [1, 4], d),)
    ),
    "EXPAND_DIMS": lambda d: _one(
        "EXPAND_DIMS", options("ExpandDims"), [1, 4], numbers("i", 0), out=[1, 1, 4], dtype=d
    ),
    "FILL": lambda d: Example("FILL", (numbers("i", [2, 3]), tensor("x", [], d)), (tensor("y", [2, 3], d),)),
    "FULLY_CONNECTED": lambda d: _one(
        "FULLY_CONNECTED", options("FullyConnected"), [1, 4], weights("w", [2, 4], d), bias([2], d), out=[1, 2],
        dtype=d,
    ),
    "GATHER": lambda d: _one("GATHER", options("Gather", axis=1), [1, 4], numbers("i", [1, 2]), out=[1, 2], dtype=d),
    "GATHER_ND": lambda d: _one(
        "GATHER_ND", options("GatherNd"), [2, 4], numbers("i", [[1], [0]]), out=[2, 4], dtype=d
    ),
    "MIRROR_PAD": lambda d: _one(
        "MIRROR_PAD", options("MirrorPad", mode=1), [1, 4], numbers("i", [[0, 0], [1, 1]]), out=[1, 6], dtype=d
    ),
    "PACK": lambda d: _one(
        "PACK", options("Pack", valuesCount=2, axis=0), [4], tensor("z", [4], d), out=[2, 4], dtype=d
    ),
    "PAD": lambda d: _one("PAD", options("Pad"), [1, 4], numbers("i", [[0, 0], [1, 1]]), out=[1, 6], dtype=d),
    "PADV2": lambda d: _one(
        "PADV2", options("PadV2"), [1, 4], numbers("i", [[0, 0], [1, 1]]), constant("c", [1], d), out=[1, 6], dtype=d
    ),
    "PRELU": lambda d: _one("PRELU", None, [1, 2, 2, 4], weights("w", [1, 1, 4], d), out=[1, 2, 2, 4], dtype=d),
    "QUANTIZE": lambda d: _one("QUANTIZE", options("Quantize"), [1, 4], out=[1, 4], dtype=d, out_dtype="int8"),
    "RESHAPE": lambda d: _one(
        "RESHAPE", options("Reshape", newShape=[4]), [1, 4], numbers("i", [4]), out=[4], dtype=d
    ),
    "RESIZE_BILINEAR": lambda d: _one(
        "RESIZE_BILINEAR", options("ResizeBilinear"), [1, 2, 2, 1], numbers("i", [4, 4]), out=[1, 4, 4, 1], dtype=d
    ),
    "RESIZE_NEAREST_NEIGHBOR": lambda d: _one(
        "RESIZE_NEAREST_NEIGHBOR", options("ResizeNearestNeighbor"), [1, 2, 2, 1], numbers("i", [4, 4]),
        out=[1, 4, 4, 1], dtype=d,
    ),
    "REVERSE_V2": lambda d: _one("REVERSE_V2", options("ReverseV2"), [1, 4], numbers("i", [1]), out=[1, 4], dtype=d),
    "SELECT_V2": lambda d: Example(
        "SELECT_V2",
        (tensor("condition", [1, 4], "bool"), tensor("x", [1, 4], d), tensor("z", [1, 4], d)),
        (tensor("y", [1, 4], d),),
        options("SelectV2"),
    ),
    "SHAPE": lambda d: _one("SHAPE", options("Shape"), [1, 4], out=[2], dtype=d, out_dtype="int32"),
    "SLICE": lambda d: _one(
        "SLICE", options("Slice"), [1, 4], numbers("i", [0, 1]), numbers("j", [1, 2]), out=[1, 2], dtype=d
    ),
    "SPACE_TO_BATCH_ND": lambda d: _one(
        "SPACE_TO_BATCH_ND", options("SpaceToBatchND"), [1, 2, 2, 1], numbers("i", [2, 2]),
        numbers("j", [[0, 0], [0, 0]]), out=[4, 1, 1, 1], dtype=d,
    ),
    "SPACE_TO_DEPTH": lambda d: _one(
        "SPACE_TO_DEPTH", options("SpaceToDepth", blockSize=2), [1, 2, 2, 1], out=[1, 1, 1, 4], dtype=d
    ),
    "SPLIT": lambda d: Example(
        "SPLIT", (numbers("i", 1), tensor("x", [1, 4], d)), (tensor("y", [1, 2], d), tensor("z", [1, 2], d)),
        options("Split", numSplits=2),
    ),
    "SPLIT_V": lambda d: Example(
        "SPLIT_V",
        (tensor("x", [1, 4], d), numbers("i", [2, 2]), numbers("j", 1)),
        (tensor("y", [1, 2], d), tensor("z", [1, 2], d)),
        options("SplitV", numSplits=2),
    ),
    "SQUEEZE": lambda d: _one("SQUEEZE", options("Squeeze", squeezeDims=[0]), [1, 4], out=[4], dtype=d),
    "STRIDED_SLICE": lambda d: _one(
        "STRIDED_SLICE", options("StridedSlice"), [1, 4], numbers("i", [0, 1]), numbers("j", [1, 3]),
        numbers("k", [1, 1]), out=[1, 2], dtype=d,
    ),
    "SVDF": _svdf,
    "TRANSPOSE": lambda d: _one("TRANSPOSE", options("Transpose"), [1, 4], numbers("i", [1, 0]), out=[4, 1], dtype=d),
    "TRANSPOSE_CONV": lambda d: Example(
        "TRANSPOSE_CONV",
        (numbers("i", [1, 2, 2, 2]), weights("w", [2, 1, 1, 1], d), tensor("x", [1, 2, 2, 1], d), bias([2], d)),
        (tensor("y", [1, 2, 2, 2], d),),
        options("TransposeConv", strideW=1, strideH=1, padding=1),
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNPACK": lambda d: Example(
        "UNPACK", (tensor("x", [2, 4], d),), (tensor("y", [4], d), tensor("z", [4], d)), options("Unpack", num=2)
    ),
}  # fmt: skip


def of_rank(name: str, rank: int) -> Example:
    """``name`` on float32 data of ``rank`` dimensions of two items each (bool for the logical ones)."""
    shape = [2] * rank
    x, out = tensor("x", shape, "float32"), tensor("y", shape, "float32")
    ones, zeros = numbers("k", [1] * rank), numbers("i", [0] * rank)
    none = numbers("i", np.zeros((rank, 2), int))
    example = EXAMPLES[name]("float32")
    inputs: dict[str, tuple[T, ...]] = {
        "ADD": (x, constant("c", [1 + place % 2 for place in range(rank)], "float32")),
        "BATCH_MATMUL": (x, constant("c", shape, "float32")),
        "BROADCAST_TO": (tensor("x", [1] * rank, "float32"), numbers("i", shape)),
        "CONCATENATION": (x, tensor("z", shape, "float32")),
        "DYNAMIC_UPDATE_SLICE": (x, tensor("z", shape, "float32"), zeros),
        "PAD": (x, none),
        "PRELU": (x, constant("c", shape, "float32")),
        "REVERSE_V2": (x, numbers("i", [0])),
        "SLICE": (x, zeros, numbers("j", shape)),
        "STRIDED_SLICE": (x, zeros, numbers("j", shape), ones),
        "TRANSPOSE": (x, numbers("i", list(range(rank)))),
    }
    if name == "CONCATENATION":
        out = tensor("y", [*shape[:1], *shape[1:-1], 4] if rank > 1 else [4], "float32")
        example = dataclasses.replace(example, options=options("Concatenation", axis=rank - 1))
    others = (x, *example.inputs[1:])
    return dataclasses.replace(example, inputs=inputs.get(name, others), outputs=(out,))
