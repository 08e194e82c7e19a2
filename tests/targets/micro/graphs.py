"""Small models for tests, written with the schema's own object API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_TYPES = {name.lower(): code for name, code in vars(schema.TensorType).items() if not name.startswith("_")}


@dataclass(frozen=True)
class T:
    """A tensor; ``data`` makes it a constant, ``scale`` a quantized one."""

    name: str
    shape: Sequence[int]
    dtype: str = "float32"
    scale: float | None = None
    zero_point: int = 0
    data: np.ndarray[Any, Any] | None = None
    is_variable: bool = False
    signature: Sequence[int] | None = None


@dataclass(frozen=True)
class Op:
    """An operator, its tensors by name; ``options`` is an object of the schema such as Pool2DOptionsT."""

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    options: Any = None
    custom: bool = False


def graph(tensors: Sequence[T], operators: Sequence[Op], inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The .tflite of one graph."""
    index = {tensor.name: number for number, tensor in enumerate(tensors)}
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    sub = schema.SubGraphT()
    sub.name = "main"
    sub.tensors = [_tensor(tensor, model) for tensor in tensors]
    sub.inputs = [index[name] for name in inputs]
    sub.outputs = [index[name] for name in outputs]
    sub.operators = []
    model.operatorCodes = []
    for operator in operators:
        code = schema.OperatorCodeT()
        code.version = 1
        builtin = schema.BuiltinOperator.CUSTOM if operator.custom else getattr(schema.BuiltinOperator, operator.name)
        code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, 127)
        if operator.custom:
            code.customCode = operator.name
        model.operatorCodes.append(code)
        node = schema.OperatorT()
        node.opcodeIndex = len(model.operatorCodes) - 1
        node.inputs = [index[name] if name else -1 for name in operator.inputs]
        node.outputs = [index[name] for name in operator.outputs]
        if operator.options is not None:
            node.builtinOptions = operator.options
            kind = type(operator.options).__name__.removesuffix("T")
            node.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        sub.operators.append(node)
    model.subgraphs = [sub]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(tensor: T, model: Any) -> Any:
    made = schema.TensorT()
    made.name = tensor.name
    made.shape = list(tensor.shape)
    if tensor.signature is not None:
        made.shapeSignature = list(tensor.signature)
    made.type = _TYPES[tensor.dtype]
    made.isVariable = tensor.is_variable
    if tensor.scale is not None:
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = [tensor.scale]
        made.quantization.zeroPoint = [tensor.zero_point]
    buffer = schema.BufferT()
    if tensor.data is not None:
        # NumPy has no int4: half a byte an item.
        items = np.zeros(-(-tensor.data.size // 2)) if tensor.dtype == "int4" else tensor.data
        buffer.data = np.frombuffer(items.astype(tensor.dtype.replace("int4", "int8")).tobytes(), np.uint8)
    model.buffers.append(buffer)
    made.buffer = len(model.buffers) - 1
    return made


def mixed() -> bytes:
    """Two float inputs; their sum as float and as int8, and their product."""
    add, mul = schema.AddOptionsT(), schema.MulOptionsT()
    return graph(
        [
            T("first", [1, 4]),
            T("second", [1, 4]),
            T("sum", [1, 4]),
            T("rounded", [1, 4], "int8", 0.0625, 3),
            T("product", [1, 4]),
        ],
        [
            Op("ADD", ["first", "second"], ["sum"], add),
            Op("QUANTIZE", ["sum"], ["rounded"], schema.QuantizeOptionsT()),
            Op("MUL", ["first", "second"], ["product"], mul),
        ],
        ["first", "second"],
        ["sum", "rounded", "product"],
    )


def colors(dtype: str = "int8", width: int = 8, height: int = 6) -> bytes:
    """Which of red, green and blue a picture has most of: an image classifier that needs no training."""
    pool = schema.Pool2DOptionsT()
    pool.filterWidth, pool.filterHeight, pool.strideW, pool.strideH = width, height, 1, 1
    pool.padding = schema.Padding.VALID
    scale = 1 / 255 if dtype == "int8" else None
    shape = np.array([1, 3], np.int32)
    options = schema.ReshapeOptionsT()
    options.newShape = [1, 3]
    return graph(
        [
            T("image", [1, height, width, 3], dtype, scale, -128),
            T("means", [1, 1, 1, 3], dtype, scale, -128),
            T("shape", [2], "int32", data=shape),
            T("scores", [1, 3], dtype, scale, -128),
        ],
        [Op("AVERAGE_POOL_2D", ["image"], ["means"], pool), Op("RESHAPE", ["means", "shape"], ["scores"], options)],
        ["image"],
        ["scores"],
    )


def stateful(memory: int = 4, features: int = 3, units: int = 2) -> bytes:
    """A float SVDF layer: each answer depends on the inputs before it."""
    generator = np.random.default_rng(1)
    options = schema.SVDFOptionsT()
    options.rank = 1
    return graph(
        [
            T("features", [1, features]),
            T("weights_feature", [units, features], data=generator.normal(size=(units, features))),
            T("weights_time", [units, memory], data=generator.normal(size=(units, memory))),
            T("bias", [units], data=generator.normal(size=units)),
            T("state", [1, memory * units], is_variable=True),
            T("answer", [1, units]),
        ],
        [Op("SVDF", ["features", "weights_feature", "weights_time", "bias", "state"], ["answer"], options)],
        ["features"],
        ["answer"],
    )


def copy(dtype: str, scale: float | None, size: int = 8) -> bytes:
    """A model that gives its input back."""
    options = schema.ReshapeOptionsT()
    options.newShape = [size]
    return graph(
        [
            T("x", [1, size], dtype, scale),
            T("shape", [1], "int32", data=np.array([size])),
            T("y", [size], dtype, scale),
        ],
        [Op("RESHAPE", ["x", "shape"], ["y"], options)],
        ["x"],
        ["y"],
    )


def dense(weights: str, *, dequantized: bool = False, activation: str = "float32") -> bytes:
    """A fully connected layer with weights of a type: hybrid for int8, or float16 behind a DEQUANTIZE."""
    values = np.ones((2, 4))
    scale = 0.5 if weights == "int8" else None
    tensors = [
        T("x", [1, 4], activation),
        T("weights", [2, 4], weights, scale, data=values),
        T("weights_float", [2, 4]),
        T("y", [1, 2], activation),
    ]
    layer = Op(
        "FULLY_CONNECTED",
        ["x", "weights_float" if dequantized else "weights", ""],
        ["y"],
        schema.FullyConnectedOptionsT(),
    )
    first = [Op("DEQUANTIZE", ["weights"], ["weights_float"])] if dequantized else []
    return graph(tensors, [*first, layer], ["x"], ["y"])


def table(size: int) -> bytes:
    """A model of ``size`` bytes of weights that computes next to nothing: one row of a table, and a sum."""
    rows = np.random.default_rng(0).random((size // 16, 4), np.float32)
    return graph(
        [
            T("table", rows.shape, data=rows),
            T("row", [1], "int32", data=np.array([2])),
            T("found", [1, 4]),
            T("x", [1, 4]),
            T("y", [1, 4]),
        ],
        [
            Op("GATHER", ["table", "row"], ["found"], schema.GatherOptionsT()),
            Op("ADD", ["found", "x"], ["y"], schema.AddOptionsT()),
        ],
        ["x"],
        ["y"],
    )


def single(
    name: str, dtype: str = "float32", *, custom: bool = False, signature: Sequence[int] | None = None
) -> bytes:
    """One operator of one input and one output."""
    return graph(
        [T("x", [1, 4], dtype, signature=signature), T("y", [1, 4], dtype)],
        [Op(name, ["x"], ["y"], custom=custom)],
        ["x"],
        ["y"],
    )
