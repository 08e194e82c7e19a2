"""The models made by hand that several tests use, each for what no real one at hand has; see models.py."""

from __future__ import annotations

import copy as copying
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from packager.annotated import AnnotatedModel, annotated_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import Model, Tensor, parse_model
from packager.targets.target import EDGE_TPU_OPERATOR
from packager.tasks import Task
from tests.models import Op, T, graph, options, pack, ports, unpack

IMAGE = T("", (1, 4, 4, 3))
SCORES = T("", (1, 3))
# Scale and zero point of the quantized tensors of `every_dtype` and `named`.
QUANTIZED = {"int8": (0.1, -7), "uint8": (0.25, 128), "int16": (0.001, 0)}


# --- with no operators: for all but running ----------------------------------------


def classifier(image: T = IMAGE, scores: T = SCORES) -> Model:
    return parse_model(ports([image], [scores]))


def tensor_like(tensor: Tensor, name: str = "") -> T:
    """A tensor of its name, if no other is given, shape, type and scale."""
    affine = tensor.affine
    scale, zero_point = (None, 0) if affine is None else (affine.scale, affine.zero_point)
    return T(name or tensor.name, tensor.shape, tensor.dtype, scale, zero_point)


def compiled(model: Model) -> bytes:
    """As edgetpu_compiler leaves a model of which all goes onto the Edge TPU."""
    inputs, outputs = map(tensor_like, model.inputs), map(tensor_like, model.outputs)
    return ports([*inputs], [*outputs], operator=EDGE_TPU_OPERATOR)


# --- arithmetic ----------------------------------------


def with_weights_behind() -> bytes:
    """``y = x + w``, x and w float32 [4], where w = [1, 2, 3, 4] stands behind the FlatBuffer."""
    weights = np.arange(1, 5, dtype="<f4").tobytes()
    tensors = [T(name, [4]) for name in ("x", "w", "y")]
    model = unpack(graph(tensors, [Op("ADD", ["x", "w"], ["y"], options("Add"))], ["x"], ["y"]))
    buffer = model.buffers[model.subgraphs[0].tensors[1].buffer]
    # Any position, so that the file has the length that it will have: 1 is read as none.
    buffer.offset, buffer.size = 2, len(weights)
    buffer.offset = -(-len(pack(model)) // 16) * 16
    return pack(model).ljust(buffer.offset, b"\0") + weights


def mixed() -> bytes:
    """Two float inputs; their sum as float and as int8, and their product."""
    return graph(
        [
            T("first", [1, 4]),
            T("second", [1, 4]),
            T("sum", [1, 4]),
            T("rounded", [1, 4], "int8", 0.0625, 3),
            T("product", [1, 4]),
        ],
        [
            Op("ADD", ["first", "second"], ["sum"], options("Add")),
            Op("QUANTIZE", ["sum"], ["rounded"], options("Quantize")),
            Op("MUL", ["first", "second"], ["product"], options("Mul")),
        ],
        ["first", "second"],
        ["sum", "rounded", "product"],
    )


def stateful(memory: int = 4, features: int = 3, units: int = 2) -> bytes:
    """A float SVDF layer: each answer depends on the inputs before it."""
    generator = np.random.default_rng(1)
    return graph(
        [
            T("features", [1, features]),
            T("weights_feature", [units, features], data=generator.normal(size=(units, features))),
            T("weights_time", [units, memory], data=generator.normal(size=(units, memory))),
            T("bias", [units], data=generator.normal(size=units)),
            T("state", [1, memory * units], is_variable=True),
            T("answer", [1, units]),
        ],
        [
            Op(
                "SVDF",
                ["features", "weights_feature", "weights_time", "bias", "state"],
                ["answer"],
                options("SVDF", rank=1),
            )
        ],
        ["features"],
        ["answer"],
    )


def copy(dtype: str, scale: float | None, size: int = 8) -> bytes:
    """A model that gives its input back."""
    return graph(
        [
            T("x", [1, size], dtype, scale),
            T("shape", [1], "int32", data=np.array([size])),
            T("y", [size], dtype, scale),
        ],
        [_reshape("x", "shape", "y", [size])],
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
        options("FullyConnected"),
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
            Op("GATHER", ["table", "row"], ["found"], options("Gather")),
            Op("ADD", ["found", "x"], ["y"], options("Add")),
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


# --- a tensor of each kind, whose values stay as they are ----------------------------------------


def _turned(ports: Sequence[tuple[str, str]]) -> bytes:
    """An input [2, 3] for each name and dtype, and an output [3, 2] of the same name, in reverse order."""
    tensors, operators = [T("shape", [2], "int32", data=np.array([3, 2]))], []
    for name, dtype in ports:
        place = len(tensors)
        tensors += [T(name, shape, dtype, *QUANTIZED.get(dtype, ())) for shape in ([2, 3], [3, 2])]
        operators.append(Op("RESHAPE", [place, 0], [place + 1]))
    count = len(tensors)
    return graph(tensors, operators, range(1, count, 2), range(count - 1, 0, -2))


def every_dtype(*, without: str = "") -> bytes:
    """An input of each dtype, [2, 3], and as many outputs: each is an input as it is, [3, 2], in reverse order.

    Some names clash with what the generated class calls its own. A dtype may be left out.
    """
    names = {"float32": "runner", "int8": "Reader", "uint8": "a_1", "int16": "a1", "bool": "class"}
    dtypes = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
    return _turned([(names.get(dtype, dtype), dtype) for dtype in dtypes if dtype != without])


def named(names: Sequence[str], first: int = 0) -> bytes:
    """An input [2, 3] for each name, and an output [3, 2] of the same name, in reverse order.

    They are float32, int8 and bool in turn, from the ``first`` of these on: what code makes of a name depends on it.
    """
    dtypes = itertools.islice(itertools.cycle(("float32", "int8", "bool")), first, None)
    return _turned(list(zip(names, dtypes, strict=False)))


def many_items() -> bytes:
    """200 rows of 201 floats in, the same in one row out: more than a golden case keeps."""
    count = 200 * 201
    return graph(
        [T("shape", [1], "int32", data=np.array([count])), T("rows", [200, 201]), T("row", [count])],
        [Op("RESHAPE", ["rows", "shape"], ["row"])],
        ["rows"],
        ["row"],
    )


# --- pictures ----------------------------------------


def colors(dtype: str = "int8", width: int = 8, height: int = 6) -> bytes:
    """Which of red, green and blue a picture has most of: an image classifier that needs no training."""
    padding = schema.Padding.VALID
    pool = options("Pool2D", filterWidth=width, filterHeight=height, strideW=1, strideH=1, padding=padding)
    scale = 1 / 255 if dtype == "int8" else None
    return graph(
        [
            T("image", [1, height, width, 3], dtype, scale, -128),
            T("means", [1, 1, 1, 3], dtype, scale, -128),
            T("shape", [2], "int32", data=np.array([1, 3])),
            T("scores", [1, 3], dtype, scale, -128),
        ],
        [Op("AVERAGE_POOL_2D", ["image"], ["means"], pool), _reshape("means", "shape", "scores", [1, 3])],
        ["image"],
        ["scores"],
    )


def mean_color(width: int, height: int, channels: int) -> bytes:
    """A float picture in, the mean of each channel out."""
    return graph(
        [
            T("picture", [1, height, width, channels]),
            T("axes", [2], "int32", data=np.array([1, 2])),
            T("mean", [1, channels]),
        ],
        [Op("MEAN", ["picture", "axes"], ["mean"], options("Reducer"))],
        ["picture"],
        ["mean"],
    )


@dataclass(frozen=True)
class Output:
    """What an output holds for a black picture; a bright one adds up to ``reach`` to each item."""

    values: np.ndarray[Any, Any]
    dtype: str = "float32"
    scale: float | None = None
    zero_point: int = 0
    reach: float = 0.0


def picture_model(
    outputs: Mapping[str, Output], shape: Sequence[int] = (1, 8, 8, 3), dtype: str = "float32"
) -> bytes:
    """A .tflite with an image input of ``shape`` and these outputs, which a dense layer makes of the pixels."""
    count = int(np.prod(shape))
    # A float picture is of 0 to 1 here, and one of 8 bits is made so.
    scale = None if dtype == "float32" else 1 / 255
    tensors = [
        T("image", shape, dtype, scale, -128 if dtype == "int8" else 0),
        T("flat shape", [2], "int32", data=np.array([1, count])),
        T("flat", [1, count]),
    ]
    operators = []
    source = "image"
    if dtype != "float32":
        source = "real"
        tensors.append(T("real", shape))
        operators.append(Op("DEQUANTIZE", ["image"], ["real"], options("Dequantize")))
    operators.append(_reshape(source, "flat shape", "flat", [1, count]))
    random = np.random.default_rng(11)
    for name, output in outputs.items():
        items = output.values.size
        weights = random.uniform(0, 2 * output.reach / count, (items, count)).astype(np.float32)
        is_float = output.dtype == "float32"
        tensors += [
            T(f"{name} weights", [items, count], data=weights),
            T(f"{name} bias", [items], data=output.values.reshape(-1).astype(np.float32)),
            T(f"{name} row", [1, items]),
            T(f"{name} shape", [output.values.ndim], "int32", data=np.array(output.values.shape)),
            T(name if is_float else f"{name} real", output.values.shape),
        ]
        operators.append(
            Op(
                "FULLY_CONNECTED",
                ["flat", f"{name} weights", f"{name} bias"],
                [f"{name} row"],
                options("FullyConnected"),
            )
        )
        operators.append(_reshape(f"{name} row", f"{name} shape", tensors[-1].name, output.values.shape))
        if not is_float:
            tensors.append(T(name, output.values.shape, output.dtype, output.scale, output.zero_point))
            kind, made = "QUANTIZE", options("Quantize")
            if output.scale is None:
                kind, made = "CAST", options("Cast", outDataType=getattr(schema.TensorType, output.dtype.upper()))
            operators.append(Op(kind, [f"{name} real"], [name], made))
    return graph(tensors, operators, ["image"], list(outputs))


# --- sounds ----------------------------------------


def loudness(
    dtype: str = "float32",
    shape: Sequence[int] = (1, 1600),
    *,
    scale: float | None = None,
    embedding: bool = False,
) -> bytes:
    """Whether a window of sound is quiet, or in which half of it there is more to hear: three scores.

    int16 items are quantized with ``scale``, or samples as they are; ``embedding`` is a second output, the powers.
    """
    size = shape[-1]
    halves = np.zeros((3, size))
    halves[:, : size // 2], halves[:, size // 2 :] = [[-1], [1], [0]], [[-1], [0], [1]]
    tensors = [
        T("sound", shape, dtype, scale),
        T("powers", shape),
        T("weights", [3, size], data=halves * (1000 / size)),
        T("bias", [3], data=np.array([2.0, 0, 0])),
        T("logits", [1, 3]),
        T("scores", [1, 3]),
    ]
    samples, operators = "sound", []
    if scale is not None:
        samples = "samples"
        tensors.append(T("samples", shape))
        operators = [Op("DEQUANTIZE", ["sound"], ["samples"], options("Dequantize"))]
    elif dtype == "int16":
        samples = "samples"
        tensors += [T("cast", shape), T("full", [1], data=np.array([1 / 32768])), T("samples", shape)]
        operators = [
            Op("CAST", ["sound"], ["cast"], options("Cast", outDataType=schema.TensorType.FLOAT32)),
            Op("MUL", ["cast", "full"], ["samples"], options("Mul")),
        ]
    operators += [
        Op("MUL", [samples, samples], ["powers"], options("Mul")),
        Op("FULLY_CONNECTED", ["powers", "weights", "bias"], ["logits"], options("FullyConnected")),
        Op("SOFTMAX", ["logits"], ["scores"], options("Softmax", beta=1.0)),
    ]
    return graph(tensors, operators, ["sound"], ["scores", "powers"] if embedding else ["scores"])


def _reshape(source: str, shape: str, target: str, sizes: Sequence[int]) -> Op:
    return Op("RESHAPE", [source, shape], [target], options("Reshape", newShape=list(sizes)))


def attached(data: bytes, annotation: Annotation, name: str = "model") -> AnnotatedModel:
    """The model with that metadata."""
    return annotated_model(parse_model(annotate(parse_model(data, f"{name}.tflite"), annotation), f"{name}.tflite"))


# --- texts ----------------------------------------


def text_classifier(tokens: int = 9, length: int = 8, dtype: str = "int32") -> bytes:
    """Token ids in, three scores out: of tokens 3, 6, … the first, of 4, 7, … the second, of 5, 8, … the third.

    A mean over the ids, and so over the padding too; the first three tokens are of no class.
    """
    table = np.zeros((tokens, 3), np.float32)
    for token in range(3, tokens):
        table[token, token % 3] = 6
    return graph(
        [
            T("ids", [1, length], dtype),
            T("table", table.shape, data=table),
            T("found", [1, length, 3]),
            T("axis", [1], "int32", data=np.array([1])),
            T("mean", [1, 3]),
            T("scores", [1, 3]),
        ],
        [
            Op("GATHER", ["table", "ids"], ["found"], options("Gather")),
            Op("MEAN", ["found", "axis"], ["mean"], options("Reducer")),
            Op("SOFTMAX", ["mean"], ["scores"], options("Softmax", beta=1.0)),
        ],
        ["ids"],
        ["scores"],
    )


# What the inputs of a BERT are called when Keras saved it, and their order there.
BERT_INPUTS = ("serving_default_input_mask:0", "serving_default_input_word_ids:0", "serving_default_input_type_ids:0")


def bert(tokens: int, length: int = 12, names: Sequence[str] = BERT_INPUTS, dtype: str = "int32") -> bytes:
    """Inputs mask, ids and segment ids of those names, three scores out; two names leave the segment ids out.

    A sum over the tokens that the mask leaves: of token n it is of class n modulo 3, and the more the larger n.
    """
    table = np.zeros((tokens, 3), np.float32)
    table[np.arange(tokens), np.arange(tokens) % 3] = np.linspace(0.1, 1, tokens)
    mask, ids, *segments = names
    summed = "segmented" if segments else "found"
    return graph(
        [
            *(T(name, [1, length], dtype) for name in names),
            T("table", table.shape, data=table),
            T("segment table", [2, 3], data=np.array([[0, 0, 0.25], [9, 9, 0]], np.float32)),
            T("found", [1, length, 3]),
            T("segment", [1, length, 3]),
            T("segmented", [1, length, 3]),
            T("real", [1, length]),
            T("last", [1], "int32", data=np.array([2])),
            T("weights", [1, length, 1]),
            T("masked", [1, length, 3]),
            T("axis", [1], "int32", data=np.array([1])),
            T("sum", [1, 3]),
            T("scores", [1, 3]),
        ],
        [
            Op("GATHER", ["table", ids], ["found"], options("Gather")),
            *(Op("GATHER", ["segment table", name], ["segment"], options("Gather")) for name in segments),
            *(Op("ADD", ["found", "segment"], ["segmented"], options("Add")) for _ in segments),
            Op("CAST", [mask], ["real"], options("Cast")),
            Op("EXPAND_DIMS", ["real", "last"], ["weights"], options("ExpandDims")),
            Op("MUL", [summed, "weights"], ["masked"], options("Mul")),
            Op("SUM", ["masked", "axis"], ["sum"], options("Reducer")),
            Op("SOFTMAX", ["sum"], ["scores"], options("Softmax", beta=1.0)),
        ],
        list(names),
        ["scores"],
    )


_FILES = Path(__file__).parent / "targets"
WORDS, PIECES, COLORS = (_FILES / f"{name}.txt" for name in ("words", "pieces", "colors"))


def words(**settings: Any) -> AnnotatedModel:
    """`text_classifier` with its vocabulary: which color the words are of."""
    annotation = Annotation(Task.TEXT_CLASSIFICATION, (LabelFile(COLORS),), vocabulary=WORDS, **settings)
    return attached(text_classifier(), annotation, "words")


def pieces(names: Sequence[str] = BERT_INPUTS, vocabulary: Path = PIECES) -> AnnotatedModel:
    """`bert` with its vocabulary, without case."""
    data = bert(len(vocabulary.read_text("utf-8").split("\n")) - 1, names=names)
    return attached(data, Annotation(Task.TEXT_CLASSIFICATION, (LabelFile(COLORS),), vocabulary=vocabulary), "pieces")


# --- a model that answers otherwise ----------------------------------------


def with_zeros(data: bytes, output: int) -> bytes:
    """A model with an operator at its end that takes the output of that number from itself."""
    model = unpack(data)
    sub = model.subgraphs[0]
    outputs = list(map(int, sub.outputs))
    result, outputs[output] = outputs[output], len(sub.tensors)
    sub.outputs = outputs
    sub.tensors.append(copying.deepcopy(sub.tensors[result]))
    code, node = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.SUB
    code.version = 1
    node.opcodeIndex, node.inputs, node.outputs = len(model.operatorCodes), [result, result], [outputs[output]]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.SubOptions, schema.SubOptionsT()
    model.operatorCodes.append(code)
    sub.operators.append(node)
    model.signatureDefs = []
    return pack(model)


# --- front ends ----------------------------------------

# Of the form of a front end: samples that it takes and slices that it gives, and what its model takes.
FRONTENDS: Mapping[str, tuple[T, T, T]] = {
    "pcm": (T("samples", [1, 6], "int16"), T("slice", [6], "int16"), T("features", [1, 24], "int16")),
    "floats": (T("samples", [1, 6]), T("slice", [1, 6]), T("features", [1, 4, 6])),
    "quantized": (T("samples", [6]), T("slice", [6]), T("features", [1, 24], "int8", 1 / 64, -5)),
    "requantized": (
        T("samples", [1, 6], "int16", 1 / 32768),
        T("slice", [1, 6], "int8", 1 / 100, 3),
        T("features", [1, 4, 6, 1], "int8", 1 / 64, -5),
    ),
}


def frontend(form: str) -> bytes:
    """What makes 6 features of a window of 6 samples: each sample, or where it takes floats the power of each."""
    taken, made, _ = FRONTENDS[form]
    sides = ["samples"], ["slice"]
    match form:
        case "pcm":
            shape = T("shape", [1], "int32", data=np.array([6]))
            return graph([taken, made, shape], [_reshape("samples", "shape", "slice", [6])], *sides)
        case "requantized":
            return graph([taken, made], [Op("QUANTIZE", *sides, options("Quantize"))], *sides)
    return graph([taken, made], [Op("MUL", ["samples", "samples"], ["slice"], options("Mul"))], *sides)


def behind_frontend(form: str) -> bytes:
    """What 4 slices of such a front end go into: three scores; of samples as they are those themselves."""
    taken = FRONTENDS[form][2]
    shape = T("shape", [2], "int32", data=np.array([1, 24]))
    if form == "pcm":
        flat = T("flat", [24], "int16")
        shape = T("shape", [1], "int32", data=np.array([24]))
        return graph([taken, flat, shape], [_reshape("features", "shape", "flat", [24])], ["features"], ["flat"])
    weights = np.random.default_rng(4).normal(size=(3, 24))
    operators = [
        _reshape("real" if taken.scale else "features", "shape", "flat", [1, 24]),
        Op("FULLY_CONNECTED", ["flat", "weights", "bias"], ["logits"], options("FullyConnected")),
        Op("SOFTMAX", ["logits"], ["scores"], options("Softmax", beta=1.0)),
    ]
    tensors = [taken, T("flat", [1, 24]), shape, T("weights", [3, 24], data=weights)]
    tensors += [T("bias", [3], data=np.zeros(3)), T("logits", [1, 3]), T("scores", [1, 3])]
    if taken.scale:
        tensors.append(T("real", taken.shape))
        operators.insert(0, Op("DEQUANTIZE", ["features"], ["real"], options("Dequantize")))
    return graph(tensors, operators, ["features"], ["scores"])
