"""Models of a few hundred bytes, made for the tests with LiteRT's own schema."""

from __future__ import annotations

from dataclasses import dataclass, field

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from packager.model import Model, parse_model


@dataclass(frozen=True)
class T:
    """A tensor: its shape, type, and (scale, zero point) where it is quantized."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    quantization: tuple[float, int] | None = None
    name: str = ""


@dataclass
class Tiny:
    """A model with these inputs and outputs and no operators: enough for everything but running it."""

    inputs: tuple[T, ...]
    outputs: tuple[T, ...]
    buffers: list[bytes] = field(default_factory=lambda: [b""])
    metadata: dict[str, int] = field(default_factory=dict)
    custom_operator: str = ""

    def packed(self) -> bytes:
        model = schema.ModelT()
        model.version = 3
        model.description = "tiny"
        model.buffers = []
        for data in self.buffers:
            buffer = schema.BufferT()
            buffer.data = list(data) or None
            model.buffers.append(buffer)
        model.metadata = []
        for name, index in self.metadata.items():
            entry = schema.MetadataT()
            entry.name, entry.buffer = name, index
            model.metadata.append(entry)
        graph = schema.SubGraphT()
        graph.tensors = [_tensor(item) for item in (*self.inputs, *self.outputs)]
        graph.inputs = list(range(len(self.inputs)))
        graph.outputs = list(range(len(self.inputs), len(graph.tensors)))
        model.subgraphs = [graph]
        if self.custom_operator:
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
            code.customCode = self.custom_operator
            model.operatorCodes = [code]
            node = schema.OperatorT()
            node.inputs, node.outputs = graph.inputs, graph.outputs
            graph.operators = [node]
        return pack(model)

    def model(self) -> Model:
        return parse_model(self.packed(), "tiny.tflite")


def _tensor(item: T) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name = item.name
    tensor.shape = list(item.shape)
    tensor.type = getattr(schema.TensorType, item.dtype.upper())
    if item.quantization is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [item.quantization[0]]
        tensor.quantization.zeroPoint = [item.quantization[1]]
    return tensor


def pack(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def unpack(data: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(data, 0)


IMAGE = T((1, 4, 4, 3))
SCORES = T((1, 3))


def classifier(image: T = IMAGE, scores: T = SCORES) -> Model:
    return Tiny((image,), (scores,)).model()


def with_weights_behind() -> bytes:
    """``y = x + w``, x and w float32 [4], where w = [1, 2, 3, 4] stands behind the FlatBuffer."""
    weights = b"".join(value.to_bytes(4, "little") for value in (0x3F800000, 0x40000000, 0x40400000, 0x40800000))
    model = schema.ModelT()
    model.version = 3
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    model.operatorCodes = [code]
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(T((4,), name=name)) for name in ("x", "w", "y")]
    graph.tensors[1].buffer = 1
    graph.inputs, graph.outputs = [0], [2]
    node = schema.OperatorT()
    node.inputs, node.outputs = [0, 1], [2]
    node.builtinOptionsType = schema.BuiltinOptions.AddOptions
    node.builtinOptions = schema.AddOptionsT()
    # As the converter writes it: no custom options, so an offset of 1 would be read as none.
    graph.operators = [node]
    model.subgraphs = [graph]
    model.buffers = [schema.BufferT(), schema.BufferT()]
    model.buffers[1].offset, model.buffers[1].size = 2, len(weights)
    length = -(-len(pack(model)) // 16) * 16
    model.buffers[1].offset = length
    return pack(model).ljust(length, b"\0") + weights
