"""The front insertion: what goes in comes out, and the graph keeps every byte."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from packager.errors import ModelError
from packager.metadata.embedding import embed, strip
from packager.metadata.reader import read_files
from packager.model import parse_model
from tests.hand_made import IMAGE, SCORES, with_weights_behind
from tests.models import T, pack, ports, unpack

METADATA = struct.pack("<I", 8) + b"M001" + bytes(range(33))
FILES = {"labels.txt": b"a\nb\n", "Größe.txt": "ä".encode()}

MODELS = {
    "plain": ports((IMAGE,), (SCORES,)),
    "no buffers": ports((IMAGE,), (SCORES,), buffers=[]),
    "weights": ports((IMAGE,), (SCORES,), buffers=[b"", b"w" * 99, b"v"]),
    "other metadata": ports((IMAGE,), (SCORES,), buffers=[b"", b"1.5.0"], metadata={"min_runtime_version": 1}),
    "metadata": ports((IMAGE,), (SCORES,), buffers=[b"", b"old", b"w"], metadata={"TFLITE_METADATA": 1, "x": 2}),
    "metadata in buffer 0": ports((IMAGE,), (SCORES,), metadata={"TFLITE_METADATA": 0}),
    "metadata out of range": ports((IMAGE,), (SCORES,), metadata={"TFLITE_METADATA": 7}),
    "shared buffer": ports((IMAGE,), (SCORES,), buffers=[b"", b"z"], metadata={"TFLITE_METADATA": 1, "y": 1}),
    "hostile names": ports((T("../\n\0*/${x}", (1,)),), (T("😀", ()),)),
}


@pytest.fixture(params=MODELS)
def data(request: pytest.FixtureRequest) -> bytes:
    return MODELS[request.param]


def test_strip_takes_out_what_embed_put_in(data: bytes) -> None:
    assert strip(embed(data, METADATA, FILES)) == data
    assert strip(data) == data


def test_embedding_again_replaces(data: bytes) -> None:
    once = embed(data, METADATA, FILES)
    assert embed(embed(data, METADATA + b"other", {"gone": b"!"}), METADATA, FILES) == once


def test_the_graph_stands_in_the_file_byte_for_byte(data: bytes) -> None:
    embedded = embed(data, METADATA, {})
    assert embedded.endswith(data)
    assert (len(embedded) - len(data)) % 64 == 0


def test_metadata_and_files_are_found(data: bytes) -> None:
    model = parse_model(embed(data, METADATA, FILES))
    assert model.metadata_buffer == METADATA
    assert model.data.index(METADATA) % 16 == 0
    assert read_files(model) == FILES


def test_everything_else_reads_the_same_with_litert_schema(data: bytes) -> None:
    before, after = unpack(data), unpack(embed(data, METADATA, FILES))
    entries = [(entry.name, entry.buffer) for entry in before.metadata if entry.name != b"TFLITE_METADATA"]
    assert [(entry.name, entry.buffer) for entry in after.metadata][:-1] == entries
    assert after.metadata[-1].name == b"TFLITE_METADATA"
    index = after.metadata[-1].buffer
    assert bytes(after.buffers[index].data) == METADATA
    # Buffer 0 is that of tensors without weights, and nobody's else.
    assert index > 0
    assert after.buffers[0].data is None
    assert index not in [number for _, number in entries]
    for number, buffer in enumerate(before.buffers):
        if number != index:
            assert _plain(after.buffers[number]) == _plain(buffer)
    for model in (before, after):
        model.buffers, model.metadata = [], []
    assert pack(before) == pack(after)


def _plain(buffer: object) -> bytes:
    data = buffer.data  # type: ignore[attr-defined]
    return b"" if data is None else bytes(data)


def test_the_old_metadata_buffer_is_reused() -> None:
    after = unpack(embed(MODELS["metadata"], METADATA, {}))
    assert len(after.buffers) == 3
    assert after.metadata[-1].buffer == 1


def test_the_archive_is_reproducible(data: bytes) -> None:
    embedded = embed(data, METADATA, FILES)
    assert embedded == embed(data, METADATA, dict(reversed(FILES.items())))
    with zipfile.ZipFile(io.BytesIO(embedded)) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.compress_type == zipfile.ZIP_STORED
            # Android's reader does not look for bytes before the archive: positions are those in the file.
            assert embedded[info.header_offset :].startswith(b"PK\3\4")
    (start,) = struct.unpack_from("<I", embedded, len(embedded) - 6)
    assert embedded[start:].startswith(b"PK\1\2")


def test_a_zip_among_the_weights_is_no_archive() -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("secret.txt", "part of the weights")
    # The buffer is the last thing in the file, as the archive would be.
    data = ports((IMAGE,), (SCORES,), buffers=[b"", inner.getvalue()])
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert read_files(parse_model(data)) == {}
    assert strip(data) == data
    embedded = embed(data, METADATA, FILES)
    assert strip(embedded) == data
    assert read_files(parse_model(embedded)) == FILES


def _run(data: bytes, folder: Path) -> list[float]:
    path = folder / "model.tflite"
    path.write_bytes(data)
    code = """
import json, sys, numpy
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], numpy.float32([10, 20, 30, 40]))
interpreter.invoke()
print(json.dumps(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tolist()))
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, timeout=60, check=True)
    result: list[float] = json.loads(done.stdout)
    return result


def test_weights_behind_the_flatbuffer_are_still_found(tmp_path: Path) -> None:
    data = with_weights_behind()
    embedded = embed(data, METADATA, FILES)
    assert _run(data, tmp_path) == [11, 22, 33, 44]
    assert _run(embedded, tmp_path) == [11, 22, 33, 44]
    assert strip(embedded) == data
    assert embed(embedded, METADATA, FILES) == embedded
    assert parse_model(embedded).subgraphs == parse_model(data).subgraphs


def test_large_custom_options_move_too() -> None:
    model = unpack(ports((IMAGE,), (SCORES,), operator="Mine"))
    model.subgraphs[0].operators[0].largeCustomOptionsOffset = 4096
    model.subgraphs[0].operators[0].largeCustomOptionsSize = 7
    data = pack(model).ljust(4096, b"\0") + b"options"
    embedded = embed(data, METADATA, {})
    offset = unpack(embedded).subgraphs[0].operators[0].largeCustomOptionsOffset
    assert embedded[offset : offset + 7] == b"options"
    assert strip(embedded) == data


def test_npu_models_are_refused() -> None:
    data = ports((IMAGE,), (SCORES,), operator="DISPATCH_OP")
    with pytest.raises(ModelError, match="compiled for an NPU"):
        embed(data, METADATA, {})


def test_models_that_only_list_an_npu_operator_are_not() -> None:
    """Converters leave operator kinds in the list that no operator is of any more."""
    model = unpack(ports((IMAGE,), (SCORES,), operator="Mine"))
    unused = schema.OperatorCodeT()
    unused.builtinCode = unused.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    unused.customCode = "DISPATCH_OP"
    model.operatorCodes.append(unused)
    data = pack(model)
    assert strip(embed(data, METADATA, {})) == data
    # In a body of an IF it counts as well.
    body = schema.SubGraphT()
    body.tensors, body.inputs, body.outputs = model.subgraphs[0].tensors, [0], [1]
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 1, [0], [1]
    body.operators = [node]
    model.subgraphs.append(body)
    with pytest.raises(ModelError, match="compiled for an NPU"):
        embed(pack(model), METADATA, {})


def test_models_of_a_newer_format_are_refused() -> None:
    # A root table with a field 10: the vtable is written by hand in front of a tiny model.
    graph = ports((IMAGE,), (SCORES,))
    old_root = struct.unpack_from("<I", graph)[0]
    vtable = struct.pack("<HH11H", 26, 12, 0, 0, 4, *[0] * 7, 8) + bytes(2)
    start = 8 + len(vtable)
    size = start + 12
    subgraphs = size + old_root + _field(graph, old_root, 2)
    target = subgraphs + struct.unpack_from("<I", graph, subgraphs - size)[0]
    data = struct.pack("<I4s", start, b"TFL3") + vtable
    data += struct.pack("<iII", len(vtable), target - (start + 4), 1) + graph
    assert parse_model(data).subgraphs
    with pytest.raises(ModelError, match="newer format"):
        embed(data, METADATA, {})


def _field(data: bytes, table: int, slot: int) -> int:
    vtable = table - struct.unpack_from("<i", data, table)[0]
    field: int = struct.unpack_from("<H", data, vtable + 4 + 2 * slot)[0]
    return field


@pytest.mark.parametrize("length", [0, 3, 7, 8, 12, 20, 40])
def test_a_cut_off_model_is_an_error(length: int) -> None:
    with pytest.raises(ModelError):
        embed(MODELS["plain"][:length], METADATA, {})
    with pytest.raises(ModelError):
        embed(embed(MODELS["plain"], METADATA, {})[:length], METADATA, {})
