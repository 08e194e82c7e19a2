"""The one builder of models for tests, in the object API of LiteRT's own schema.

`graph` makes what a converter would; what no converter writes is set in the objects that `unpack` gives, and packed
again. The models that more than one test uses are in hand_made.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


# A tensor by its name, or by its place where several have the same name or none.
Port = str | int


@dataclass(frozen=True)
class Op:
    """An operator and its tensors, of which "" is one left out; see `options`."""

    name: str
    inputs: Sequence[Port]
    outputs: Sequence[Port]
    options: Any = None
    custom: bool = False


def options(name: str, **values: Any) -> Any:
    """The options of a kind of operators, such as ``options("Reshape", newShape=[4])``."""
    made = getattr(schema, f"{name}OptionsT")()
    for field, value in values.items():
        assert hasattr(made, field)
        setattr(made, field, value)
    return made


def graph(tensors: Sequence[T], operators: Sequence[Op], inputs: Sequence[Port], outputs: Sequence[Port]) -> bytes:
    """The .tflite of one graph."""
    return pack(_model(tensors, operators, inputs, outputs))


def ports(
    inputs: Sequence[T],
    outputs: Sequence[T],
    *,
    operator: str = "",
    buffers: Sequence[bytes] = (b"",),
    metadata: Mapping[str, int] | None = None,
) -> bytes:
    """A .tflite with these inputs and outputs, and nothing between: enough for everything but running it.

    ``operator`` names a custom one that computes all outputs from all inputs. ``metadata`` are the model's entries,
    each with the index of its buffer.
    """
    tensors = [*inputs, *outputs]
    first, last = range(len(inputs)), range(len(inputs), len(tensors))
    model = _model(tensors, [Op(operator, first, last, custom=True)] if operator else [], first, last)
    for tensor in model.subgraphs[0].tensors:
        tensor.buffer = 0
    model.buffers = []
    for data in buffers:
        buffer = schema.BufferT()
        buffer.data = list(data) or None
        model.buffers.append(buffer)
    model.metadata = []
    for name, index in (metadata or {}).items():
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, index
        model.metadata.append(entry)
    return pack(model)


def _model(tensors: Sequence[T], operators: Sequence[Op], inputs: Sequence[Port], outputs: Sequence[Port]) -> Any:
    names = {tensor.name: number for number, tensor in enumerate(tensors)}

    def places(ports: Sequence[Port]) -> list[int]:
        return [port if isinstance(port, int) else names[port] if port else -1 for port in ports]

    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    sub = schema.SubGraphT()
    sub.name = "main"
    sub.tensors = [_tensor(tensor, model) for tensor in tensors]
    sub.inputs, sub.outputs = places(inputs), places(outputs)
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
        node.inputs, node.outputs = places(operator.inputs), places(operator.outputs)
        if operator.options is not None:
            node.builtinOptions = operator.options
            kind = type(operator.options).__name__.removesuffix("T")
            node.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        sub.operators.append(node)
    model.subgraphs = [sub]
    return model


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


def pack(model: Any) -> bytes:
    """The .tflite of a ModelT."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def unpack(data: bytes) -> Any:
    """The ModelT of a .tflite; no object is shared, so that each can be changed."""
    return schema.ModelT.InitFromPackedBuf(data, 0)
