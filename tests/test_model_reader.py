"""Reading a .tflite: equal to what LiteRT's own schema reads, and unmoved by damaged and hostile files."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from packager.annotated import annotated_model
from packager.config import read_config
from packager.errors import MetadataError, ModelError
from packager.inspection import Inspection
from packager.metadata.attach import annotate
from packager.metadata.reader import read_metadata
from packager.model import Quantization, parse_model, read_model
from packager.model.operators import BUILTIN_OPERATORS, TENSOR_TYPE_BITS, TENSOR_TYPES
from packager.targets import TARGETS, load_target
from tests.bounds import at_most, within
from tests.conftest import PROJECT, REAL_MODELS
from tests.models import T, graph, pack, unpack

EXAMPLES = sorted((PROJECT / "examples").rglob("*.tflite"))


@pytest.fixture(params=[*(path.stem for path in EXAMPLES), *REAL_MODELS])
def model_path(request: pytest.FixtureRequest) -> Path:
    own = {path.stem: path for path in EXAMPLES}
    if request.param in own:
        return own[request.param]
    folder: Path = request.getfixturevalue("models")
    return folder / f"{request.param}.tflite"


def names_of(enum: type) -> list[str]:
    """The names of an enum of the schema in the order of their codes, which must have no gaps."""
    codes = {value: name for name, value in vars(enum).items() if not name.startswith("_")}
    assert sorted(codes) == list(range(len(codes)))
    return [codes[code] for code in range(len(codes))]


def test_operators_are_those_of_the_schema() -> None:
    assert list(BUILTIN_OPERATORS) == names_of(schema.BuiltinOperator)


def test_tensor_types_are_those_of_the_schema() -> None:
    assert list(TENSOR_TYPES) == [name.lower() for name in names_of(schema.TensorType)]
    assert set(TENSOR_TYPES) - set(TENSOR_TYPE_BITS) == {"string", "resource", "variant"}


def text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def items(vector: Any) -> tuple[Any, ...]:
    return () if vector is None else tuple(item.item() if hasattr(item, "item") else item for item in vector)


def quantization(parameters: Any) -> tuple[Any, ...] | None:
    if parameters is None or not items(parameters.scale):
        return None
    scales = items(parameters.scale)
    return scales, items(parameters.zeroPoint), parameters.quantizedDimension if len(scales) > 1 else None


def operator(code: Any) -> tuple[str, int, bool]:
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    custom = number == schema.BuiltinOperator.CUSTOM
    return text(code.customCode) if custom else BUILTIN_OPERATORS[number], code.version, custom


def test_fields_are_those_that_the_schema_reads(model_path: Path) -> None:
    data = model_path.read_bytes()
    theirs = unpack(data)
    ours = read_model(model_path)

    assert (ours.path, ours.data, ours.sha256) == (model_path, data, hashlib.sha256(data).hexdigest())
    assert ours.description == text(theirs.description)
    assert len(ours.subgraphs) == len(theirs.subgraphs)
    used: Counter[tuple[str, int, bool]] = Counter()
    for main, expected in zip(ours.subgraphs, theirs.subgraphs, strict=True):
        assert main.name == text(expected.name)
        assert (main.inputs, main.outputs) == (items(expected.inputs), items(expected.outputs))
        for index, (tensor, their) in enumerate(zip(main.tensors, expected.tensors, strict=True)):
            shape = items(their.shape)
            constant = theirs.buffers[their.buffer].data if theirs.buffers else None
            assert (tensor.index, tensor.name, tensor.shape) == (index, text(their.name), shape)
            assert tensor.shape_signature == (items(their.shapeSignature) or shape)
            assert tensor.dtype == names_of(schema.TensorType)[their.type].lower()
            assert tensor.constant_bytes == (0 if constant is None else len(constant))
            assert tensor.is_variable == their.isVariable
            found = tensor.quantization
            given = None if found is None else (found.scales, found.zero_points, found.axis)
            assert given == quantization(their.quantization)
        for index, (node, their) in enumerate(zip(main.nodes, expected.operators, strict=True)):
            kind = operator(theirs.operatorCodes[their.opcodeIndex])
            used[kind] += 1
            assert (node.index, node.inputs, node.outputs) == (index, items(their.inputs), items(their.outputs))
            assert (node.operator.name, node.operator.version, node.operator.custom) == kind
    assert {(kind.name, kind.version, kind.custom): count for kind, count in ours.operators} == used

    def pairs(maps: Any, graph: int) -> tuple[tuple[str, str], ...]:
        tensors = theirs.subgraphs[graph].tensors
        return tuple((text(item.name), text(tensors[item.tensorIndex].name)) for item in items(maps))

    assert [(item.key, item.inputs, item.outputs) for item in ours.signatures] == [
        (text(item.signatureKey), pairs(item.inputs, item.subgraphIndex), pairs(item.outputs, item.subgraphIndex))
        for item in items(theirs.signatureDefs)
    ]

    named = [entry for entry in items(theirs.metadata) if entry.name == b"TFLITE_METADATA"]
    metadata = bytes(theirs.buffers[named[0].buffer].data) if named else None
    assert ours.metadata_buffer == metadata
    weights = sum(0 if buffer.data is None else len(buffer.data) for buffer in theirs.buffers or ())
    assert ours.sizes.weights == weights - len(metadata or b"")
    assert ours.sizes.weights + ours.sizes.metadata + ours.sizes.graph == len(data)
    assert min(ours.sizes.graph, ours.sizes.metadata) >= 0


def test_signatures_of_the_example() -> None:
    """What the test above compares is not empty everywhere."""
    model = read_model(PROJECT / "examples" / "digits" / "digits.tflite")
    (signature,) = model.signatures
    assert signature.key == "serving_default"
    assert [tensor for _, tensor in signature.inputs] == [model.inputs[0].name]
    assert model.inputs[0].is_quantized
    assert any(node.operator.version > 1 for node in model.main.nodes)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("hello_world_int8", 3),
        ("hello_world_float", 0),
        ("keyword_scrambled_8bit", 15),
        ("mobilenet_v2_1.0_224_quant", 66),
    ],
)
def test_quantized_operators(models: Path, name: str, count: int) -> None:
    assert read_model(models / f"{name}.tflite").quantized_operators == count


def build(
    *,
    tensor: dict[str, Any] | None = None,
    buffers: tuple[dict[str, Any], ...] = ({},),
    graphs: int = 1,
    **fields: Any,
) -> bytes:
    """A model with one tensor, and in it what no converter writes; ``fields`` are those of ModelT."""
    model = unpack(graph([T("x", [1, 2])], [], [0], [0]))
    (main,) = model.subgraphs
    main.tensors[0].buffer = 0
    vars(main.tensors[0]).update(tensor or {})
    model.subgraphs *= graphs
    model.buffers = []
    for values in buffers:
        buffer = schema.BufferT()
        vars(buffer).update(values)
        model.buffers.append(buffer)
    vars(model).update(fields)
    return pack(model)


def test_open_dimensions_and_scalars() -> None:
    model = parse_model(build(tensor={"shape": [1, 1, 3], "shapeSignature": [-1, -1, 3]}))
    assert (model.inputs[0].shape_signature, model.inputs[0].is_dynamic) == ((-1, -1, 3), True)
    assert not parse_model(build(tensor={"shapeSignature": [-1, 2]})).inputs[0].is_dynamic
    assert parse_model(build(tensor={"shape": []})).inputs[0].size == 1


def test_codes_from_the_future() -> None:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = 4711, 127, 2
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, [0, -1], [0]
    graph = schema.SubGraphT.InitFromObj(schema.Model.GetRootAs(build()).Subgraphs(0))
    graph.operators = [node]
    graph.tensors[0].type = 99
    model = parse_model(build(operatorCodes=[code], subgraphs=[graph]))
    assert [(kind.name, kind.version, kind.custom) for kind, _ in model.operators] == [("BUILTIN_4711", 2, False)]
    assert model.main.nodes[0].inputs == (0, -1)
    assert model.inputs[0].dtype == "type99"


def test_weights_behind_the_flatbuffer() -> None:
    """As in models over 2 GB: a buffer names an absolute position."""
    length = len(build(buffers=({}, {"offset": 2, "size": 20}), tensor={"buffer": 1}))
    data = build(buffers=({}, {"offset": length, "size": 20}), tensor={"buffer": 1}) + bytes(20)
    model = parse_model(data)
    assert model.inputs[0].constant_bytes == 20
    assert (model.sizes.weights, model.sizes.graph) == (20, length)
    with pytest.raises(ModelError, match="runs past the end"):
        parse_model(data[:-1])


def test_shared_weights_are_counted_once() -> None:
    length = len(build(buffers=({"offset": 2, "size": 20},) * 3))
    data = build(buffers=({"offset": length, "size": 20},) * 3) + bytes(20)
    assert parse_model(data).sizes.weights == 20


def test_a_scale_of_zero_is_no_quantization() -> None:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = [0.0], [0]
    int8 = {"type": schema.TensorType.INT8, "quantization": parameters}
    assert not parse_model(build(tensor=int8)).inputs[0].is_quantized
    assert parse_model(build(tensor=int8)).inputs[0].affine is None
    parameters.scale = [0.5]
    assert parse_model(build(tensor=int8)).inputs[0].is_quantized
    assert parse_model(build(tensor=int8)).inputs[0].affine == Quantization((0.5,), (0,), None)
    assert not parse_model(build(tensor={"quantization": parameters})).inputs[0].is_quantized


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty (0 bytes)"),
        (b"x", "is not a TensorFlow Lite model"),
        (b"\x1c\0\0\0TFL4" + bytes(40), "is not a TensorFlow Lite model"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "is not a TensorFlow Lite model: it looks like a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "is not a TensorFlow Lite model: it looks like a JPEG picture"),
        (b"\x89HDF\r\n\x1a\n", "is not a TensorFlow Lite model: it looks like an HDF5 file (a Keras model?)"),
        (
            b"PK\x03\x04" + bytes(40),
            "is not a TensorFlow Lite model: it looks like a zip archive (a .keras model, or a .task bundle?)",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is not a TensorFlow Lite model: it looks like a Git LFS pointer: run `git lfs pull`",
        ),
    ],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert (caught.value.what, caught.value.where) == (message, str(path))
    assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.tflite", "no such file"),
        ("file/x.tflite", "cannot be read: Not a directory"),
        (".", "is a folder, not a .tflite"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("a\0b.tflite", "cannot be read: its name holds a NUL"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / name)
    assert caught.value.what == message


def node(inputs: list[int], outputs: list[int]) -> bytes:
    """A model of two tensors and one operator with these indices."""
    code, operator = schema.OperatorCodeT(), schema.OperatorT()
    operator.inputs, operator.outputs = inputs, outputs
    graph = schema.SubGraphT.InitFromObj(schema.Model.GetRootAs(build()).Subgraphs(0))
    graph.tensors.append(graph.tensors[0])
    graph.operators = [operator]
    return build(operatorCodes=[code], subgraphs=[graph])


def quantized(
    scales: list[float], zero_points: list[int], kind: str = "int8", axis: int = 0, shape: tuple[int, ...] = (1, 2)
) -> bytes:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint, parameters.quantizedDimension = scales, zero_points, axis
    code = getattr(schema.TensorType, kind.upper())
    return build(tensor={"type": code, "quantization": parameters, "shape": list(shape)})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (node([0, 2], [1]), "operator 0 has tensor 2 as an input, and there are 2 tensors"),
        (node([0, -2], [1]), "operator 0 has tensor -2 as an input"),
        (node([-(2**31)], [1]), "operator 0 has tensor -2147483648 as an input"),
        (node([0], [2**31 - 1]), "operator 0 has tensor 2147483647 as an output"),
        (node([0], [-2]), "operator 0 has tensor -2 as an output"),
        (quantized([float("nan")], [0]), "tensor 0 has the scale nan"),
        (quantized([float("inf")], [0]), "tensor 0 has the scale inf"),
        (quantized([-0.5], [0]), "tensor 0 has the scale -0.5"),
        (quantized([0.5, float("nan")], [0, 0]), "tensor 0 has the scale nan"),
        (quantized([0.5], [128]), "tensor 0 of int8 has the zero point 128"),
        (quantized([0.5], [-1], "uint8"), "tensor 0 of uint8 has the zero point -1"),
        (quantized([0.5], [8], "int4"), "tensor 0 of int4 has the zero point 8"),
        (quantized([0.5], [2**40], "int32"), "tensor 0 of int32 has the zero point 1099511627776"),
        (quantized([0.5, 0.5], [0, 0, 0]), "tensor 0 has 2 scales and 3 zero points"),
        (quantized([0.5] * 3, [0, 0]), "tensor 0 has 3 scales and 2 zero points"),
        (quantized([0.5], [0, 0]), "tensor 0 has 1 scales and 2 zero points"),
        (quantized([0.5, 0.5], [0, 0], axis=-1), "tensor 0 is quantized along dimension -1"),
        (build(tensor={"shape": [1, -1]}), r"tensor 0 has the shape \[1, -1\]"),
        (build(tensor={"shape": [-(2**31)]}), r"tensor 0 has the shape \[-2147483648\]"),
        (b"\0\0\0\0TFL3", "no valid vtable"),
        (b"\xff\xff\xff\xffTFL3", "lies outside"),
        (build(graphs=0), "it has no graph"),
        (build(tensor={"buffer": 7}), "tensor 0 is in buffer 7 of 1"),
        (build(tensor={"shape": [2**31 - 1] * 65}), "tensor 0 has 65 dimensions"),
    ],
)
def test_what_contradicts_itself(data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match="is truncated or damaged: .*" + message):
        parse_model(data)


@pytest.mark.parametrize(
    "data",
    [
        node([0, -1], [1]),
        node([0], [-1, 1]),  # optional outputs are allowed as optional inputs are
        node([], []),
        quantized([1e-45], [127]),
        quantized([3.4e38], [-128]),
        quantized([0.5, 0.25], [3], axis=1),
        quantized([0.5, 0.25], [0, 0], axis=3),  # as in person_detect, which TensorFlow Lite Micro runs
        quantized([float("nan")], [2**40], "float32"),  # of a type that is not quantized
        quantized([-1.0], [2**40], "bool"),
        build(tensor={"shape": [0, 3]}),
        build(tensor={"shape": [2**31 - 1] * 8}),
        build(tensor={"shapeSignature": [-5, 2]}),
    ],
)
def test_what_is_odd_and_no_contradiction(data: bytes) -> None:
    model = parse_model(data)
    use(data)
    for target in TARGETS:
        load_target(target).find_problems(model)
    assert model.quantized_operators == 0


def test_one_zero_point_for_all_channels() -> None:
    tensor = parse_model(quantized([0.5, 0.25], [3], axis=1)).inputs[0]
    assert tensor.quantization == Quantization((0.5, 0.25), (3, 3), 1)
    assert tensor.affine is None


@pytest.mark.parametrize("dtype", [*TENSOR_TYPES, "type99"])
def test_every_type_is_read_and_judged(dtype: str) -> None:
    """As input and as output, with and without quantization: each target says that it takes it, or why not."""
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = [0.5], [1]
    code = TENSOR_TYPES.index(dtype) if dtype in TENSOR_TYPES else 99
    for quantization in (None, parameters):
        data = build(tensor={"type": code, "quantization": quantization})
        model = parse_model(data)
        assert model.inputs[0].dtype == dtype
        is_integer = dtype in ("int2", "int4", "uint4", "int8", "uint8", "int16", "uint16", "int32", "uint32")
        assert model.inputs[0].is_quantized == (quantization is not None and is_integer)
        assert use(data)
        json.dumps(Inspection(model, None, {}).to_json(), allow_nan=False)
        for target in TARGETS:
            errors = [problem for problem in load_target(target).find_problems(model) if problem.level == "error"]
            taken = dtype in ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
            assert bool(errors) != taken


def use(data: bytes) -> bool:
    """Read ``data`` as `packager inspect` and `packager build` do; False if it was refused, as it may be."""
    try:
        model = parse_model(data)
        report = Inspection(model, read_metadata(model), {}).to_json()
        annotated = annotated_model(model)
    except (ModelError, MetadataError):
        return False
    json.dumps(report, allow_nan=False)
    sizes = model.sizes
    assert sizes.weights + sizes.graph + sizes.metadata == len(data)
    assert min(sizes.weights, sizes.graph, sizes.metadata) >= 0
    # What targets do with every model.
    for port in (*annotated.inputs, *annotated.outputs):
        assert port.name.isidentifier()
        assert port.tensor.size is not None
    return True


@cache
def annotated_example(name: str) -> bytes:
    """An example with its metadata: a FlatBuffer in a FlatBuffer, and a zip behind them."""
    config = read_config(PROJECT / "examples" / name)
    assert config.metadata is not None
    return annotate(read_model(config.model), config.metadata)


def test_every_truncation_is_refused(model_path: Path) -> None:
    data = model_path.read_bytes()
    end_of_graph = len(data) - read_model(model_path).sizes.metadata
    for length in range(0, len(data), max(97, len(data) // 150)):
        assert not use(data[:length]) or length >= end_of_graph


@pytest.mark.parametrize("name", ["digits", "sine"])
def test_truncated_metadata(name: str) -> None:
    data = annotated_example(name)
    for length in range(0, len(data), 97 if name == "digits" else 13):
        # Without its archive the model is whole, but a classifier lacks its labels.
        assert not use(data[:length]) or name == "sine"


def mutations(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    generator = random.Random(seed)
    for _ in range(count):
        spoilt = bytearray(data)
        for _ in range(generator.choice((1, 1, 2, 8))):
            spoilt[generator.randrange(len(data))] = generator.choice(
                (0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256))
            )
        yield bytes(spoilt)


FUZZED = [
    "hello_world_int8.tflite",
    "l2_norm_composite.tflite",
    "model_invoking_error.tflite",
    "keyword_scrambled_8bit.tflite",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", FUZZED)
def test_byte_flips(models: Path, name: str) -> None:
    data = (models / name).read_bytes()
    assert use(data)
    results = Counter(use(spoilt) for spoilt in mutations(data, 0, 1000))
    assert results[False] > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "sine"])
def test_byte_flips_with_metadata(name: str) -> None:
    data = annotated_example(name)
    graph = len(read_model(PROJECT / "examples" / name / f"{name}.tflite").data)
    assert use(data)
    results = Counter(use(spoilt) for spoilt in mutations(data, 1, 400))
    # The prefix and the archive, without the graph between them.
    start = data.index(b"PKGR")
    for spoilt in mutations(data[: start + 2000], 2, 600):
        results[use(spoilt + data[start + 2000 :])] += 1
    for spoilt in mutations(data[graph:], 3, 600):
        results[use(data[:graph] + spoilt)] += 1
    assert results[False] > 20


@pytest.mark.parametrize("value", [1, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_every_word_replaced(examples: Path, value: int) -> None:
    """Each length, offset and count of the file in its turn; as a length it would fill the memory."""
    data = (examples / "sine" / "sine.tflite").read_bytes()
    with at_most(100_000_000):
        for position in range(0, len(data) - 3, 4):
            use(data[:position] + struct.pack("<I", value) + data[position + 4 :])


def repeated(builder: flatbuffers.Builder, item: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(item)
    return int(builder.EndVector())


def numbers(builder: flatbuffers.Builder, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependInt32(0)
    return int(builder.EndVector())


Make = Callable[[flatbuffers.Builder], int]


def hostile(make_tensor: Make, tensors: int, graphs: int = 1, nodes: int = 0) -> bytes:
    """A small model in which many tables are the same one."""
    builder = flatbuffers.Builder(1 << 20)
    tensor = make_tensor(builder)
    indices = numbers(builder, 5000) if nodes else 0
    schema.OperatorStart(builder)
    if nodes:
        schema.OperatorAddInputs(builder, indices)
        schema.OperatorAddOutputs(builder, indices)
    node = schema.OperatorEnd(builder)
    schema.OperatorCodeStart(builder)
    code = schema.OperatorCodeEnd(builder)
    tensor_vector, node_vector = repeated(builder, tensor, tensors), repeated(builder, node, nodes)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensor_vector)
    schema.SubGraphAddOperators(builder, node_vector)
    graph = schema.SubGraphEnd(builder)
    graph_vector, code_vector = repeated(builder, graph, graphs), repeated(builder, code, 1)
    schema.ModelStart(builder)
    schema.ModelAddSubgraphs(builder, graph_vector)
    schema.ModelAddOperatorCodes(builder, code_vector)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def plain_tensor(builder: flatbuffers.Builder) -> int:
    schema.TensorStart(builder)
    return int(schema.TensorEnd(builder))


def long_name(builder: flatbuffers.Builder) -> int:
    name = builder.CreateString("n" * 50_000)
    schema.TensorStart(builder)
    schema.TensorAddName(builder, name)
    return int(schema.TensorEnd(builder))


def many_scales(builder: flatbuffers.Builder) -> int:
    scales = numbers(builder, 10_000)
    schema.QuantizationParametersStart(builder)
    schema.QuantizationParametersAddScale(builder, scales)
    parameters = schema.QuantizationParametersEnd(builder)
    schema.TensorStart(builder)
    schema.TensorAddQuantization(builder, parameters)
    return int(schema.TensorEnd(builder))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(hostile(plain_tensor, 4_000, graphs=10_000), id="10,000 graphs of 4,000 tensors"),
        pytest.param(hostile(long_name, 10_000), id="10,000 tensors with a name of 50 KB"),
        pytest.param(hostile(many_scales, 10_000), id="10,000 tensors with 10,000 scales"),
        pytest.param(hostile(plain_tensor, 1, nodes=10_000), id="10,000 operators with 5,000 inputs"),
    ],
)
def test_shared_parts_cannot_fill_the_memory(data: bytes) -> None:
    assert len(data) < 150_000
    with within(2), at_most(200_000_000), pytest.raises(ModelError, match="describes more than it can hold"):
        parse_model(data)


def named(**fields: Any) -> Any:
    """A graph of one tensor with a name of 100 KB."""
    graph = schema.SubGraphT.InitFromObj(schema.Model.GetRootAs(build()).Subgraphs(0))
    graph.tensors[0].name = "n" * 100_000
    vars(graph).update(fields)
    return graph


def kinds(count: int) -> tuple[list[Any], list[Any]]:
    """So many custom operators, each of another kind, all with tensor 0 as output."""
    codes, nodes = [], []
    for number in range(count):
        code, node = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = f"o{number}"
        node.opcodeIndex, node.inputs, node.outputs = number, [0], [0]
        codes.append(code)
        nodes.append(node)
    return codes, nodes


def signature(count: int) -> Any:
    made = schema.SignatureDefT()
    made.inputs = []
    for number in range(count):
        argument = schema.TensorMapT()
        argument.name, argument.tensorIndex = f"a{number}", 0
        made.inputs.append(argument)
    return made


def scales(count: int) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale = parameters.zeroPoint = [1.0] * count
    parameters.zeroPoint = [0] * count
    tensor = named().tensors[0]
    tensor.name, tensor.quantization = "x", parameters
    return tensor


CODES, NODES = kinds(3000)
REPEATED: dict[str, dict[str, Any]] = {
    "inputs": {"subgraphs": [named(inputs=[0] * 10_000)]},
    "outputs": {"subgraphs": [named(outputs=[0] * 10_000)]},
    "inputs of 5,000 scales": {"subgraphs": [named(tensors=[scales(5000)], inputs=[0] * 10_000)]},
    "operators": {"subgraphs": [named(operators=NODES)], "operatorCodes": CODES},
    "operators of a graph with a long name": {
        "subgraphs": [named(name="g" * 100_000, operators=NODES)],
        "operatorCodes": CODES,
    },
    "arguments": {"subgraphs": [named()], "signatureDefs": [signature(3000)]},
}


@pytest.mark.parametrize("kind", REPEATED)
def test_what_is_told_of_a_tensor_again_and_again_is_bounded(kind: str) -> None:
    """Each of some thousand inputs, or problems of operators, would be told with a name of 100 KB."""
    data = build(**REPEATED[kind])
    assert len(data) < 600_000
    with within(1), at_most(200_000_000), pytest.raises(ModelError, match="describes more than it can hold"):
        tell(data)


def tell(data: bytes) -> str:
    model = parse_model(data)
    problems = {name: load_target(name).find_problems(model) for name in TARGETS}
    return json.dumps(Inspection(model, None, problems).to_json())


def test_some_sharing_is_allowed() -> None:
    model = parse_model(hostile(long_name, 5))
    assert {tensor.name for tensor in model.main.tensors} == {"n" * 50_000}
    assert len(parse_model(hostile(plain_tensor, 10_000)).main.tensors) == 10_000
