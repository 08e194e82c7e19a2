"""Tiny models with inputs and outputs that no real one at hand has."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
}
# (scale, zero point) of the quantized ones in `every_dtype`.
QUANTIZED = {"int8": (0.1, -7), "uint8": (0.25, 128), "int16": (0.001, 0)}


class _Builder:
    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "made by a test of tflite-packager"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.inputs, self.graph.outputs, self.graph.operators = [], [], [], []

    def tensor(self, name: str, dtype: str, shape: list[int], data: bytes = b"") -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape, tensor.buffer = name, _TYPES[dtype], shape, 0
        if data:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def quantize(self, tensor: int, scale: float, zero_point: int) -> None:
        parameters = schema.QuantizationParametersT()
        parameters.scale, parameters.zeroPoint = [scale], [zero_point]
        self.graph.tensors[tensor].quantization = parameters

    def operator(self, code: int, inputs: list[int], output: int) -> schema.OperatorT:
        codes = self.model.operatorCodes
        if not any(item.builtinCode == code for item in codes):
            made = schema.OperatorCodeT()
            made.builtinCode = made.deprecatedBuiltinCode = code
            made.version = 1
            codes.append(made)
        operator = schema.OperatorT()
        operator.opcodeIndex = next(i for i, item in enumerate(codes) if item.builtinCode == code)
        operator.inputs, operator.outputs = inputs, [output]
        self.graph.operators.append(operator)
        return operator

    def finish(self) -> bytes:
        self.model.subgraphs = [self.graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def every_dtype() -> bytes:
    """An input of each dtype, [2, 3], and as many outputs: each is an input as it is, [3, 2], in reverse order.

    Some names clash with what the generated class calls its own.
    """
    builder = _Builder()
    shape = builder.tensor("shape", "int32", [2], np.array([3, 2], "<i4").tobytes())
    names = {"float32": "interpreter", "int8": "Input Buffers", "uint8": "a_1", "int16": "a1", "bool": "class"}
    outputs = []
    for dtype in _TYPES:
        source = builder.tensor(names.get(dtype, dtype), dtype, [2, 3])
        result = builder.tensor(names.get(dtype, dtype), dtype, [3, 2])
        for tensor in (source, result):
            if dtype in QUANTIZED:
                builder.quantize(tensor, *QUANTIZED[dtype])
        builder.operator(schema.BuiltinOperator.RESHAPE, [source, shape], result)
        builder.graph.inputs.append(source)
        outputs.append(result)
    builder.graph.outputs = outputs[::-1]
    return builder.finish()


def named(names: Sequence[str], first: int = 0) -> bytes:
    """An input [2, 3] for each name, and an output [3, 2] of the same name, in reverse order.

    They are float32, int8 and bool in turn, from the ``first`` of these on: what code makes of a name depends on it.
    """
    dtypes = itertools.islice(itertools.cycle(("float32", "int8", "bool")), first, None)
    builder = _Builder()
    shape = builder.tensor("shape", "int32", [2], np.array([3, 2], "<i4").tobytes())
    outputs = []
    for name, dtype in zip(names, dtypes, strict=False):
        source = builder.tensor(name, dtype, [2, 3])
        result = builder.tensor(name, dtype, [3, 2])
        if dtype == "int8":
            for tensor in (source, result):
                builder.quantize(tensor, *QUANTIZED["int8"])
        builder.operator(schema.BuiltinOperator.RESHAPE, [source, shape], result)
        builder.graph.inputs.append(source)
        outputs.append(result)
    builder.graph.outputs = outputs[::-1]
    return builder.finish()


def many_items() -> bytes:
    """200 rows of 201 floats in, the same in one row out: more than a golden case keeps."""
    builder = _Builder()
    shape = builder.tensor("shape", "int32", [1], np.array([200 * 201], "<i4").tobytes())
    rows, row = builder.tensor("rows", "float32", [200, 201]), builder.tensor("row", "float32", [200 * 201])
    builder.operator(schema.BuiltinOperator.RESHAPE, [rows, shape], row)
    builder.graph.inputs, builder.graph.outputs = [rows], [row]
    return builder.finish()


def with_zeros(model: bytes, output: int) -> bytes:
    """``model`` with an operator at its end that takes the output of that number from itself."""
    builder = _Builder()
    builder.model = schema.ModelT.InitFromPackedBuf(model, 0)
    builder.graph = builder.model.subgraphs[0]
    outputs = list(map(int, builder.graph.outputs))
    result, outputs[output] = outputs[output], len(builder.graph.tensors)
    builder.graph.outputs = outputs
    builder.graph.tensors.append(copy.deepcopy(builder.graph.tensors[result]))
    operator = builder.operator(schema.BuiltinOperator.SUB, [result, result], outputs[output])
    operator.builtinOptionsType = schema.BuiltinOptions.SubOptions
    operator.builtinOptions = schema.SubOptionsT()
    builder.model.signatureDefs = []
    return builder.finish()


def mean_color(width: int, height: int, channels: int) -> bytes:
    """A float picture in, the mean of each channel out."""
    builder = _Builder()
    picture = builder.tensor("picture", "float32", [1, height, width, channels])
    axes = builder.tensor("axes", "int32", [2], np.array([1, 2], "<i4").tobytes())
    mean = builder.tensor("mean", "float32", [1, channels])
    operator = builder.operator(schema.BuiltinOperator.MEAN, [picture, axes], mean)
    operator.builtinOptionsType = schema.BuiltinOptions.ReducerOptions
    operator.builtinOptions = schema.ReducerOptionsT()
    builder.graph.inputs, builder.graph.outputs = [picture], [mean]
    return builder.finish()
