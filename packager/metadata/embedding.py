"""Putting metadata into a .tflite without touching its graph, and taking it out again.

Offsets in a FlatBuffer are relative and point forward, so a new root table can stand in front of a finished
file and point into it. A model that this tool annotated is laid out as::

    prefix    root offset, "TFL3", "PKGR", length of the prefix;
              root table, `buffers` and `metadata` vectors, the metadata itself, zeros up to a multiple of 64
    graph     the model as it was, byte for byte (its own root offset and "TFL3" included), and whatever else stood
              behind it
    archive   the associated files: a zip of stored files, all of the same date

The one change in the graph are absolute file positions, which only models with data behind their FlatBuffer
hold: they move by the prefix's length, and `strip` moves them back.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Collection, Iterator, Mapping

from packager.errors import ModelError
from packager.metadata.ultralytics import JSON_NAME, LITERAL_NAME
from packager.model.flatbuffer import FlatBufferError, Table, u32
from packager.model.reader import IDENTIFIER, METADATA_NAME, open_archive

_MAGIC = b"PKGR"
# Weights are aligned to 16 bytes, and some runtimes ask for whole cache lines.
_ALIGNMENT = 64
# FlatBuffers' own limit, and that of the runtimes' verifier.
_MAX_OFFSET = 2**31 - 1

# Fields of table Model in tensorflow/lite/schema/schema.fbs. All but the version are offsets.
_VERSION, _SUBGRAPHS, _BUFFERS, _METADATA, _LAST = 0, 2, 4, 6, 9

# LiteRT's ahead-of-time compilers put NPU code behind the FlatBuffer and its position into this operator's
# options, whose format is theirs alone.
_NPU_OPERATOR = "DISPATCH_OP"


def embed(data: bytes, metadata: bytes, files: Mapping[str, bytes]) -> bytes:
    """``data`` with ``metadata`` as its TFLITE_METADATA and ``files`` as its archive, in place of what it had.

    Args:
        data: a whole .tflite, annotated or not.
        metadata: a finished metadata FlatBuffer (identifier M001).
        files: the associated files by name; all of them, since the old archive goes.

    Raises:
        ModelError: ``data`` is damaged, or its metadata cannot be replaced without a change to its graph.
    """
    try:
        graph = strip(data)
        prefix = _prefix(graph, metadata)
        shifted = _shift(graph, len(prefix))
    except (FlatBufferError, struct.error) as error:
        raise ModelError(f"the model is truncated or damaged: {error}") from None
    old = open_archive(data)
    return _append_archive(prefix + shifted, files, b"" if old is None else old.comment)


def strip(data: bytes) -> bytes:
    """The model without what ``embed`` added; of a model that another tool annotated, only the archive goes.

    Raises:
        ModelError: ``data`` is damaged.
    """
    try:
        length = _prefix_length(data)
        archive = open_archive(data)
        graph = data[length:] if archive is None else data[length : archive.start] + data[archive.end :]
        return _shift(graph, -length)
    except (FlatBufferError, struct.error) as error:
        raise ModelError(f"the model is truncated or damaged: {error}") from None


def _prefix_length(data: bytes) -> int:
    """The length of this tool's prefix; 0 where there is none."""
    if data[8:12] != _MAGIC:
        return 0
    length = u32(data, 12)
    is_ours = length % _ALIGNMENT == 0 and u32(data, 0) < length and data[length + 4 : length + 8] == IDENTIFIER
    return length if is_ours else 0


def _prefix(graph: bytes, metadata: bytes) -> bytes:
    root = Table.root(graph)
    present = [slot for slot in range(root.slot_count()) if root.field(slot) is not None]
    if any(slot > _LAST for slot in present):
        raise ModelError(
            "the model is of a newer format than this version knows, and annotating it could lose a part",
            fix="Update tflite-packager.",
        )
    if _has_npu_code(root):
        raise ModelError(
            f"the model was compiled for an NPU ({_NPU_OPERATOR}), and its code would no longer be found",
            fix="Attach metadata to the model first, then compile that.",
        )
    buffers = [table.position for table in root.tables(_BUFFERS)]
    entries = [table for table in root.tables(_METADATA) if table.string(0) != METADATA_NAME]
    if not all(map(_has_name, entries)):
        raise ModelError(
            "the model has an entry in its list of metadata whose name cannot be read, and tflite-support would read "
            "no metadata at all",
            fix="The model may be damaged: convert or download it again.",
        )

    out = _Writer()
    fields = out.table({*present, _BUFFERS, _METADATA})
    out.point(0, fields.table)
    for slot in present:
        if slot == _VERSION:
            out.put(fields[slot], root.scalar(_VERSION, "I"))
        elif slot not in (_BUFFERS, _METADATA):
            out.point_into_graph(fields[slot], _target(root, slot))

    # Buffer 0 is the empty one, that of tensors without weights.
    index = _reusable_buffer(root, len(buffers)) or max(len(buffers), 1)
    items = out.vector(fields[_BUFFERS], max(len(buffers), index + 1))
    for number, position in enumerate(buffers):
        if number != index:
            out.point_into_graph(items[number], position)
    if not buffers:
        out.point(items[0], out.table(()).table)
    buffer = out.table({0})
    out.point(items[index], buffer.table)

    items = out.vector(fields[_METADATA], len(entries) + 1)
    for item, entry in zip(items, entries, strict=False):
        out.point_into_graph(item, entry.position)
    new = out.table({0, 1})
    out.point(items[-1], new.table)
    out.put(new[1], index)
    out.blob(new[0], METADATA_NAME.encode(), 4)
    out.blob(buffer[0], metadata, 16)
    return out.finish()


def _has_name(entry: Table) -> bool:
    name = entry.blob(0)
    if name is None:
        return False
    try:
        entry.data[name[0] : sum(name)].decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_npu_code(root: Table) -> bool:
    """Whether an operator is the NPU's: converters leave kinds in the list that no operator is of any more."""
    kinds = [_NPU_OPERATOR in (kind.string(1) or "") for kind in root.tables(1)]
    used = {operator.scalar(0, "I") for graph in root.tables(_SUBGRAPHS) for operator in graph.tables(3)}
    return any(is_npu for number, is_npu in enumerate(kinds) if number in used)


def _target(table: Table, slot: int) -> int:
    position = table.offset(slot)
    assert position is not None  # asked for present fields only
    return position


def _reusable_buffer(root: Table, buffers: int) -> int | None:
    """The buffer of the metadata that is already there, unless something else uses it as well."""
    named = [(entry.string(0), entry.scalar(1, "I")) for entry in root.tables(_METADATA)]
    index = next((index for name, index in named if name == METADATA_NAME), 0)
    used = {index for name, index in named if name != METADATA_NAME}
    used.update(tensor.scalar(2, "I") for graph in root.tables(_SUBGRAPHS) for tensor in graph.tables(0))
    return index if 0 < index < buffers and index not in used else None


def _absolute_positions(root: Table) -> Iterator[int]:
    """Where the graph holds absolute file positions: Buffer.offset and Operator.large_custom_options_offset.

    Both are 64-bit; 0 and 1 say that there is no data behind the FlatBuffer.
    """
    operators = (table for graph in root.tables(_SUBGRAPHS) for table in graph.tables(3))
    for tables, slot in ((root.tables(_BUFFERS), 1), (operators, 9)):
        for table in tables:
            field = table.field(slot)
            if field is not None and table.scalar(slot, "Q") > 1:
                yield field


def _shift(graph: bytes, distance: int) -> bytes:
    # Tables may be shared, hence the set.
    positions = set(_absolute_positions(Table.root(graph))) if distance else ()
    if not positions:
        return graph
    shifted = bytearray(graph)
    for position in positions:
        (value,) = struct.unpack_from("<Q", graph, position)
        struct.pack_into("<Q", shifted, position, value + distance)
    return bytes(shifted)


def _append_archive(model: bytes, files: Mapping[str, bytes], comment: bytes) -> bytes:
    if not files and not comment:
        return model
    out = io.BytesIO()
    out.write(model)
    # Mode "w" behind the model, so that the archive's positions are those in the whole file, as Android's reader
    # wants them; "a" would look for an archive among the weights. Stored, not deflated: zlib's output differs
    # between its versions, and labels are small. Ultralytics takes the first file for its own.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = comment
        for name in sorted(files, key=lambda name: (name not in (JSON_NAME, LITERAL_NAME), name)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, also when run on Windows
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


class _Fields(dict[int, int]):
    """Where the fields of a new table stand, by slot, and the table itself."""

    table: int = 0


class _Writer:
    """Writes the prefix front to back; pointers into the graph wait until its length is known."""

    def __init__(self) -> None:
        self._out = bytearray(struct.pack("<I4s4sI", 0, IDENTIFIER, _MAGIC, 0))
        self._into_graph: list[tuple[int, int]] = []

    def _align(self, alignment: int, ahead: int = 0) -> None:
        self._out += bytes(-(len(self._out) + ahead) % alignment)

    def table(self, slots: Collection[int]) -> _Fields:
        """A table with room for ``slots``, four bytes each."""
        count = max(slots, default=-1) + 1
        fields = _Fields()
        vtable = struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(slots))
        order = sorted(slots)
        for slot in range(count):
            vtable += struct.pack("<H", 4 + 4 * order.index(slot) if slot in slots else 0)
        self._align(4, ahead=len(vtable))
        self._out += vtable
        fields.table = len(self._out)
        self._out += struct.pack("<i", len(vtable)) + bytes(4 * len(slots))
        for number, slot in enumerate(order):
            fields[slot] = fields.table + 4 + 4 * number
        return fields

    def vector(self, field: int, length: int) -> range:
        """A vector of ``length`` offsets, pointed to by ``field``; returns the positions of its items."""
        self._align(4)
        self.point(field, len(self._out))
        self._out += struct.pack("<I", length)
        first = len(self._out)
        self._out += bytes(4 * length)
        return range(first, first + 4 * length, 4)

    def blob(self, field: int, data: bytes, alignment: int) -> None:
        """A byte vector or string pointed to by ``field``, its first byte aligned."""
        self._align(alignment, ahead=4)
        self.point(field, len(self._out))
        self._out += struct.pack("<I", len(data)) + data + b"\0"

    def put(self, field: int, value: int) -> None:
        struct.pack_into("<I", self._out, field, value)

    def point(self, field: int, target: int) -> None:
        self.put(field, target - field)

    def point_into_graph(self, field: int, target: int) -> None:
        self._into_graph.append((field, target))

    def finish(self) -> bytes:
        self._align(_ALIGNMENT)
        length = len(self._out)
        self.put(12, length)
        for field, target in self._into_graph:
            if length + target > _MAX_OFFSET:
                raise ModelError(
                    "the model has no room for metadata: FlatBuffers end at 2 GB",
                    fix="Convert it with its weights behind the FlatBuffer (use_buffer_offset).",
                )
            self.point(field, length + target)
        return bytes(self._out)
