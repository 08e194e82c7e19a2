"""From the bytes of a .tflite to a Model. Field numbers are those of tensorflow/lite/schema/schema.fbs."""

from __future__ import annotations

import hashlib
import math
import struct
from itertools import islice
from pathlib import Path

from packager.errors import ModelError
from packager.model.archive import Archive, find_archive
from packager.model.flatbuffer import FlatBufferError, Table
from packager.model.operators import BUILTIN_OPERATORS, CUSTOM, QUANTIZED_RANGES, TENSOR_TYPES
from packager.model.view import Model, Node, Operator, Quantization, Signature, Sizes, Subgraph, Tensor
from packager.reading import read_file

IDENTIFIER = b"TFL3"
METADATA_NAME = "TFLITE_METADATA"

# Kernels take up to 8 dimensions; a product of some thousand large ones would take minutes to compute.
_MAX_RANK = 64

# First bytes of files that people hand over in place of a .tflite.
_LOOKS_LIKE = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89HDF", "an HDF5 file (a Keras model?)"),
    (b"PK\x03\x04", "a zip archive (a .keras model, or a .task bundle?)"),
    (b"version https://git-lfs", "a Git LFS pointer: run `git lfs pull`"),
)


def read_model(path: Path | str) -> Model:
    """Read and parse the .tflite at ``path``.

    Raises:
        ModelError: the file cannot be read, is no .tflite, or is truncated or damaged.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise ModelError(
                "is a folder, not a .tflite",
                where=path,
                fix="Name the .tflite file; a SavedModel is converted first, with TensorFlow's TFLiteConverter.",
            )
        data = read_file(path)
    except FileNotFoundError:
        raise ModelError("no such file", where=path) from None
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", where=path) from None
    except ValueError:
        raise ModelError("cannot be read: its name holds a NUL", where=repr(str(path))) from None
    return parse_model(data, path)


def parse_model(data: bytes, path: Path | str = "model.tflite") -> Model:
    """Parse the bytes of a .tflite; ``path`` is only for messages.

    Raises:
        ModelError: ``data`` is no .tflite, or is truncated or damaged.
    """
    path = Path(path)
    if not data:
        raise ModelError("is empty (0 bytes)", where=path, fix="Convert or download the model again.")
    if data[4:8] != IDENTIFIER:
        kind = next((f": it looks like {kind}" for magic, kind in _LOOKS_LIKE if data.startswith(magic)), "")
        raise ModelError(
            f"is not a TensorFlow Lite model{kind}",
            where=path,
            fix="A .tflite has the letters TFL3 at its fifth byte; TensorFlow's TFLiteConverter writes one.",
        )
    try:
        return _parse(data, path)
    except (FlatBufferError, struct.error) as error:
        raise ModelError(
            f"is truncated or damaged: {error}", where=path, fix="Convert, copy or download the model again."
        ) from None


def open_archive(data: bytes) -> Archive | None:
    """The zip archive of associated files behind a model; None where there is none."""
    archive = find_archive(data)
    # A zip may also be among the weights, as the content of a lookup table: that one is no archive of ours.
    return archive if archive is not None and archive.start >= _weights_end(data) else None


def archive_start(data: bytes) -> int:
    """Where the archive of associated files begins; the length of ``data`` where there is none."""
    archive = open_archive(data)
    return len(data) if archive is None else archive.start


def _weights_end(data: bytes) -> int:
    ends = [len(IDENTIFIER) + 4]
    for buffer in Table.root(data).tables(4):
        offset, blob = buffer.scalar(1, "Q"), buffer.blob(0)
        ends.append(offset + buffer.scalar(2, "Q") if offset > 1 else 0 if blob is None else sum(blob))
    return max(ends)


def _parse(data: bytes, path: Path) -> Model:
    root = Table.root(data)
    if next(root.tables(9), None) is not None:
        raise ModelError(
            "keeps its weights in another file (external buffers), which is not supported",
            where=path,
            fix="Convert it into one file.",
        )
    buffers = list(root.tables(4))
    extents = [_buffer_extent(buffer) for buffer in buffers]
    buffer_sizes = [end - start for start, end in extents]
    operators = [_operator(table) for table in root.tables(1)]
    subgraphs = tuple(_subgraph(table, operators, buffer_sizes) for table in root.tables(2))
    if not subgraphs:
        raise FlatBufferError("it has no graph")
    metadata_index = metadata_buffer_index(root)
    metadata_buffer = None
    metadata_bytes = 0
    if metadata_index is not None:
        if not metadata_index < len(buffers):
            raise FlatBufferError(f"its metadata is said to be in buffer {metadata_index} of {len(buffers)}")
        blob = buffers[metadata_index].blob(0)
        if blob is not None:
            metadata_buffer = bytes(data[blob[0] : blob[0] + blob[1]])
            metadata_bytes = blob[1]
    archive_bytes = len(data) - archive_start(data)
    weights = _covered(extents) - metadata_bytes
    return Model(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        description=root.string(3) or "",
        subgraphs=subgraphs,
        signatures=tuple(_signature(table, subgraphs) for table in root.tables(7)),
        sizes=Sizes(
            weights=weights,
            metadata=metadata_bytes + archive_bytes,
            graph=len(data) - weights - metadata_bytes - archive_bytes,
        ),
        data=data,
        metadata_buffer=metadata_buffer,
    )


def operator_tables(model: Model) -> tuple[Table, ...]:
    """The tables of the operators of the main graph, for who asks for their options."""
    return tuple(next(Table.root(model.data).tables(2)).tables(3))


def constant_bytes(model: Model, tensor: Tensor) -> bytes:
    """What stands behind a constant tensor of the main graph."""
    root = Table.root(model.data)
    graph = next(root.tables(2))
    table = next(islice(graph.tables(0), tensor.index, None))
    buffer = next(islice(root.tables(4), table.scalar(2, "I"), None))
    start, end = _buffer_extent(buffer)
    return bytes(model.data[start:end])


def metadata_buffer_index(root: Table) -> int | None:
    """The index of the buffer that holds the model's metadata, or None."""
    for entry in root.tables(6):
        if entry.string(0) == METADATA_NAME:
            return entry.scalar(1, "I")
    return None


def _buffer_extent(buffer: Table) -> tuple[int, int]:
    """Where a buffer's bytes start and end in the file."""
    # An offset above 1 says that the bytes stand behind the FlatBuffer (models over 2 GB); 0 and 1 say that
    # they do not.
    offset, size = buffer.scalar(1, "Q"), buffer.scalar(2, "Q")
    if offset > 1:
        if offset + size > len(buffer.data):
            raise FlatBufferError(f"a buffer of {size} bytes at {offset} runs past the end of the file")
        return offset, offset + size
    blob = buffer.blob(0)
    return (0, 0) if blob is None else (blob[0], blob[0] + blob[1])


def _covered(extents: list[tuple[int, int]]) -> int:
    """How many bytes of the file lie in ``extents``, each counted once."""
    covered = reached = 0
    for start, end in sorted(extents):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _operator(table: Table) -> Operator:
    # Codes above 126 do not fit the old byte field, so writers put a placeholder there; see schema_utils.cc.
    code = max(table.scalar(0, "b"), table.scalar(3, "i"))
    version = table.scalar(2, "i", 1)
    if code == CUSTOM:
        return Operator(table.string(1) or "unnamed custom operator", version, custom=True)
    name = BUILTIN_OPERATORS[code] if 0 <= code < len(BUILTIN_OPERATORS) else f"BUILTIN_{code}"
    return Operator(name, version, custom=False)


def _subgraph(table: Table, operators: list[Operator], buffer_sizes: list[int]) -> Subgraph:
    tensors = tuple(_tensor(index, item, buffer_sizes) for index, item in enumerate(table.tables(0)))
    name = table.string(4) or ""
    nodes = []
    for index, item in enumerate(table.tables(3)):
        kind = item.scalar(0, "I")
        if kind >= len(operators):
            raise FlatBufferError(f"operator {index} is of kind {kind}, and there are {len(operators)} kinds")
        node = Node(index, operators[kind], item.ints(1), item.ints(2))
        for side, indices in (("an input", node.inputs), ("an output", node.outputs)):
            # LiteRT takes -1, and nothing else below 0, for one that is left out, on both sides.
            wrong = next((number for number in indices if not -1 <= number < len(tensors)), None)
            if wrong is not None:
                raise FlatBufferError(
                    f"operator {index} has tensor {wrong} as {side}, and there are {len(tensors)} tensors"
                )
        # Whoever tells of an operator tells where it is.
        computed = next((tensors[number].name for number in node.outputs if number >= 0), "")
        table.allowance.take(len(name) + len(computed))
        nodes.append(node)
    inputs, outputs = table.ints(1), table.ints(2)
    for index in (*inputs, *outputs):
        if not 0 <= index < len(tensors):
            raise FlatBufferError(f"tensor {index} is an input or output, and there are {len(tensors)} tensors")
        # All of it is told again, as often as it is an input or output.
        tensor = tensors[index]
        table.allowance.take(len(tensor.name) + 12 * len(tensor.quantization.scales if tensor.quantization else ()))
    return Subgraph(name, tensors, tuple(nodes), inputs, outputs)


def _tensor(index: int, table: Table, buffer_sizes: list[int]) -> Tensor:
    kind = table.scalar(1, "b")
    buffer = table.scalar(2, "I")
    if buffer >= max(len(buffer_sizes), 1):
        raise FlatBufferError(f"tensor {index} is in buffer {buffer} of {len(buffer_sizes)}")
    shape = table.ints(0)
    if len(shape) > _MAX_RANK:
        raise FlatBufferError(f"tensor {index} has {len(shape)} dimensions")
    if min(shape, default=0) < 0:
        raise FlatBufferError(f"tensor {index} has the shape {list(shape)}")
    dtype = TENSOR_TYPES[kind] if 0 <= kind < len(TENSOR_TYPES) else f"type{kind}"
    return Tensor(
        index=index,
        name=table.string(3) or "",
        shape=shape,
        # Of another rank than the shape where the runtime finds that out; no runtime minds.
        shape_signature=table.ints(7) or shape,
        dtype=dtype,
        quantization=_quantization(index, dtype, table.table(4)),
        constant_bytes=buffer_sizes[buffer] if buffer_sizes else 0,
        is_variable=bool(table.scalar(5, "b")),
    )


def _quantization(index: int, dtype: str, table: Table | None) -> Quantization | None:
    if table is None:
        return None
    scales = table.scalars(2, "f")
    if not scales:
        return None
    zero_points = table.ints(3, "q") or (0,)
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if len(zero_points) != len(scales):
        raise FlatBufferError(f"tensor {index} has {len(scales)} scales and {len(zero_points)} zero points")
    axis = table.scalar(6, "i") if len(scales) > 1 else None
    if axis is not None and axis < 0:
        raise FlatBufferError(f"tensor {index} is quantized along dimension {axis}")
    if dtype in QUANTIZED_RANGES:
        _check_quantization(index, dtype, scales, zero_points)
    return Quantization(scales, zero_points, axis)


def _check_quantization(index: int, dtype: str, scales: tuple[float, ...], zero_points: tuple[int, ...]) -> None:
    low, high = QUANTIZED_RANGES[dtype]
    for scale in scales:
        if not 0 <= scale < math.inf:
            raise FlatBufferError(f"tensor {index} has the scale {scale}")
    for zero_point in zero_points:
        if not low <= zero_point <= high:
            raise FlatBufferError(f"tensor {index} of {dtype} has the zero point {zero_point}")


def _signature(table: Table, subgraphs: tuple[Subgraph, ...]) -> Signature:
    graph = table.scalar(4, "I")
    if graph >= len(subgraphs):
        raise FlatBufferError(f"a signature names graph {graph} of {len(subgraphs)}")
    tensors = subgraphs[graph].tensors

    def names(slot: int) -> tuple[tuple[str, str], ...]:
        pairs = []
        for item in table.tables(slot):
            index = item.scalar(1, "I")
            if index >= len(tensors):
                raise FlatBufferError(f"a signature names tensor {index} of {len(tensors)}")
            table.allowance.take(len(tensors[index].name))
            pairs.append((item.string(0) or "", tensors[index].name))
        return tuple(pairs)

    return Signature(table.string(2) or "", names(0), names(1))
