"""Mutants: a number makes the same one each time."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from packager.metadata.embedding import embed
from packager.metadata.reader import read_files
from packager.metadata.schema import finish_metadata, unpack_metadata
from packager.model import parse_model
from packager.model.operators import BUILTIN_OPERATORS
from packager.model.reader import open_archive
from tests.fuzz.seeds import pick, with_zip
from tests.metadata.test_archive import DEFLATED, STORED, Entry, deflated, raw_zip
from tests.metadata.test_export import HOSTILE_NAMES
from tests.metadata.test_labels import HOSTILE
from tests.models import pack, unpack

# Numbers on the edge of something.
WORDS = (
    *(0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000),
    *(0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFF80),
)
INTEGERS = (
    *(0, 1, -1, -2, 2, 3, 4, 5, 7, 8, 9, 16, 64, 100, 127, 128, -128, -129, 255, 256, 1000, 4096, 32767, 65535),
    *(1 << 20, (1 << 31) - 1, -(1 << 31), (1 << 32) - 1, (1 << 63) - 1, -(1 << 63)),
)
FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 1e-7, 1e-45, -1e-45, 1.2e-38, 3.4e38, -3.4e38, 255.0, 127.5, 1 / 255),
    *(float("nan"), float("inf"), float("-inf")),
)
NAMES = (
    "",
    "a",
    "x" * 300,
    "TFLITE_METADATA",
    "tflite-packager",
    "labels.txt",
    "serving_default_x:0",
    "con",
    "class",
    "edgetpu-custom-op",
    "DISPATCH_OP",
    "TFLite_Detection_PostProcess",
    "SignalFramer",
    "ethos-u",
    "metadata.json",
    *("9", "{{ name }}", "\ud800", "a\n" * 50, "é" * 100, "数字", "main", "self", "{}", '{"task": 1}', "\x9b31m"),
)
TEXTS = (*NAMES, *HOSTILE, *HOSTILE_NAMES)
OWN = (
    b'{"task": "tensors"}',
    b'{"task": "image-classification", "crop": "letterbox"}',
    b'{"task": null}',
    b'{"task": "no such"}',
    b'{"crop": []}',
    b"[" * 5000,
    b"\xff",
    b"1e999",
    b'{"task": "\\ud800"}',
    b"",
)

# Repeated blocks of repeated files grow beyond what is quick to use.
LONGEST = 1 << 20

Mutator = Callable[[random.Random, bytes], bytes]


def mutant(number: int) -> tuple[str, bytes]:
    """The mutant of that number: what was done to which seed, and its bytes."""
    chance = random.Random(number)
    name, data = pick(chance)
    done = [name]
    # What takes the model apart comes first, as it needs a whole one.
    if chance.random() < 0.7:
        for _ in range(chance.choice((1, 1, 2, 3))):
            change = chance.choice(STRUCTURED)
            try:
                data = change(chance, data)
            except Exception:
                # The schema's own classes let out whatever goes wrong when they pack nonsense, or read it.
                continue
            done.append(change.__name__)
    if len(done) == 1 or chance.random() < 0.15:
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            change = chance.choice(RAW)
            data = change(chance, data)
            done.append(change.__name__)
    return ", ".join(done), data[:LONGEST]


# --- bytes ----------------------------------------


def flip_bytes(chance: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if out:
            out[_place(chance, out)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(out)


def set_word(chance: random.Random, data: bytes) -> bytes:
    """A word of a FlatBuffer: a length, an offset, a scalar."""
    layout = chance.choice(("<H", "<I", "<I", "<I", "<Q"))
    size = struct.calcsize(layout)
    if len(data) < size:
        return data
    position = _place(chance, data) // size * size % (len(data) - size + 1)
    (old,) = struct.unpack_from(layout, data, position)
    near = old + chance.choice((-16, -8, -4, -1, 1, 2, 4, 8, 64))
    value = chance.choice((chance.choice(WORDS), chance.choice(WORDS), near, old * 2, old * 4))
    return _put(data, position, struct.pack(layout, value % (1 << 8 * size)))


def point_elsewhere(chance: random.Random, data: bytes) -> bytes:
    """An offset: to a place of its own choice, or to where another one points, so that the two share it."""
    if len(data) < 16:
        return data
    position, other = (chance.randrange(len(data) // 4) * 4 for _ in range(2))
    target = other + struct.unpack_from("<I", data.ljust(other + 4, b"\0"), other)[0]
    if chance.random() < 0.5 or target > len(data):
        target = other
    return _put(data, position, struct.pack("<I", (target - position) % (1 << 32)))


def cut_off(chance: random.Random, data: bytes) -> bytes:
    length = chance.randrange(len(data) + 1)
    return data[:length] if chance.random() < 0.7 else data[length:]


def splice(chance: random.Random, data: bytes) -> bytes:
    _, other = pick(chance)
    start, end = _range(chance, other)
    position = _place(chance, data)
    piece = other[start:end]
    return data[:position] + piece + data[position + (len(piece) if chance.random() < 0.7 else 0) :]


def repeat_block(chance: random.Random, data: bytes) -> bytes:
    start, end = _range(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def move_block(chance: random.Random, data: bytes) -> bytes:
    """Copy a block over another place; the length stays."""
    start, end = _range(chance, data)
    block = data[start:end] if chance.random() < 0.7 else bytes(end - start)
    return _put(data, _place(chance, data), block)[: len(data)]


def drop_block(chance: random.Random, data: bytes) -> bytes:
    start, end = _range(chance, data)
    return data[:start] + data[end:]


def _place(chance: random.Random, data: bytes | bytearray) -> int:
    """Anywhere, but more often at the beginning, where the prefix and the tables stand, or at the end."""
    length = max(1, len(data))
    part = chance.random()
    if part < 0.3:
        return chance.randrange(min(length, 600))
    return length - 1 - chance.randrange(min(length, 600)) if part < 0.5 else chance.randrange(length)


def _range(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = _place(chance, data) // 4 * 4
    return start, min(len(data), start + chance.choice((4, 8, 16, 64, 256, 1024)))


def _put(data: bytes, position: int, block: bytes) -> bytes:
    return data[:position] + block + data[position + len(block) :]


RAW: tuple[Mutator, ...] = (
    flip_bytes,
    flip_bytes,
    set_word,
    set_word,
    set_word,
    point_elsewhere,
    point_elsewhere,
    cut_off,
    splice,
    repeat_block,
    move_block,
    drop_block,
)


# --- the archive ----------------------------------------


def change_archive(chance: random.Random, data: bytes) -> bytes:
    """Entries with other names, sizes, methods; some that share their bytes; lies in the directory."""
    archive = open_archive(data)
    files = {"labels.txt": b"a\nb\nc\n", "x": b"#!/bin/sh\n"} if archive is None else archive.unpack()
    front = data if archive is None else data[: archive.start]
    entries = []
    for name, content in files.items():
        method = chance.choice((STORED, DEFLATED))
        packed = content if method == STORED else deflated(content)
        entries.append(Entry(name.encode(), packed, method, len(content), zlib.crc32(content), 0x800))
    for _ in range(chance.choice((1, 2, 5))):
        index = chance.randrange(len(entries))
        if chance.random() < 0.2:
            entries.insert(index + 1, replace(entries[index], share=True, name=_name(chance)))
        else:
            entries[index] = replace(entries[index], **_lie(chance))
    if chance.random() < 0.1:
        entries = [replace(entries[0], name=b"%d.txt" % number) for number in range(chance.choice((100, 2000)))]
    out = raw_zip(*entries, start=len(front))
    if chance.random() < 0.4:
        end = len(out) - 22
        out = _put(out, chance.randrange(max(0, end - 46), len(out) - 4), struct.pack("<I", chance.choice(WORDS)))
    if chance.random() < 0.1:
        out = out[:-2] + struct.pack("<H", 4) + b"PK\5\6"
    return front + out


def _lie(chance: random.Random) -> dict[str, Any]:
    what = chance.choice(("name", "local_name", "size", "crc", "flags", "method", "packed"))
    value: Any = _name(chance)
    if what in ("size", "crc"):
        value = chance.choice(WORDS)
    elif what == "flags":
        value = 1 << chance.randrange(16)
    elif what == "method":
        value = chance.choice((0, 1, 8, 9, 12, 14, 93, 99, 0xFFFF))
    elif what == "packed":
        value = chance.choice(
            (b"", b"a\n" * 5000, deflated(bytes(1 << 20)), b"\xff\xfe", b'["a"]', b"\0\0\0\xff\xff" * 99)
        )
    return {what: value}


def _name(chance: random.Random) -> bytes:
    name = chance.choice((*TEXTS, *_random_texts(chance))).encode("utf-8", "replace")
    return chance.choice((name, name, name, b"\xff\xfe", name + b"\0x", b"../" + name, name * 40))[:60_000]


def _random_texts(chance: random.Random) -> Iterator[str]:
    for _ in range(3):
        yield "".join(chr(chance.choice((chance.randrange(0x80), chance.randrange(0x3000)))) for _ in range(6))


# --- the objects of the schemas ----------------------------------------


def change_model(chance: random.Random, data: bytes) -> bytes:
    """A part of the graph becomes another: a shape, a type, a scale, an index, a name, a whole table."""
    archive = open_archive(data)
    model = unpack(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        _change_port(chance, model) if chance.random() < 0.4 else _change_any(chance, model)
    return pack(model) + (b"" if archive is None else data[archive.start :])


def _change_port(chance: random.Random, model: Any) -> None:
    """Of thousands of tensors the inputs and outputs are what everything looks at."""
    graph = model.subgraphs[0]
    tensor = graph.tensors[int(chance.choice([*graph.inputs, *graph.outputs]))]
    what = chance.choice(("type", "shape", "signature", "quantization", "name", "batch"))
    if what == "type":
        tensor.type = chance.randrange(-1, 26)
    elif what == "shape":
        tensor.shape = [chance.choice(INTEGERS[:20]) for _ in range(chance.randrange(6))]
    elif what == "batch" and tensor.shape is not None and len(tensor.shape):
        tensor.shape = [*tensor.shape]
        tensor.shape[chance.randrange(len(tensor.shape))] = chance.choice(INTEGERS[:25])
    elif what == "signature":
        tensor.shapeSignature = [chance.choice((-1, 1, *map(int, tensor.shape))) for _ in tensor.shape]
    elif what == "name":
        tensor.name = chance.choice(TEXTS).encode("utf-8", "replace")
    elif tensor.quantization is not None:
        count = chance.choice((0, 1, 1, 1, 2, 3))
        tensor.quantization.scale = [chance.choice(FLOATS) for _ in range(count)]
        tensor.quantization.zeroPoint = [chance.choice(INTEGERS[:18]) for _ in range(count)]
    if chance.random() < 0.2:
        graph.outputs = [*graph.outputs, *graph.outputs][: chance.choice((0, 1, 2, 4))]


def change_kind(chance: random.Random, data: bytes) -> bytes:
    """Another operator: one that exists, a custom one, or one of the future."""
    archive = open_archive(data)
    model = unpack(data)
    kind = chance.choice(model.operatorCodes)
    kind.builtinCode = chance.choice((chance.randrange(len(BUILTIN_OPERATORS)), 32, 32, 4711, -1))
    kind.deprecatedBuiltinCode = max(-1, min(kind.builtinCode, 127))
    kind.customCode = chance.choice((None, *TEXTS))
    return pack(model) + (b"" if archive is None else data[archive.start :])


def change_metadata(chance: random.Random, data: bytes) -> bytes:
    """A part of the metadata becomes another."""
    model = parse_model(data)
    files = read_files(model)
    metadata = unpack_metadata(model.metadata_buffer or b"")
    graph = metadata.subgraphMetadata[0]
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        choice = chance.random()
        if choice < 0.15:
            entry = chance.choice(graph.customMetadata)
            entry.name, entry.data = "tflite-packager", list(chance.choice(OWN))
        elif choice < 0.4:
            _change_tensor(chance, chance.choice([*graph.inputTensorMetadata, *graph.outputTensorMetadata]))
        else:
            _change_any(chance, metadata)
    packed = finish_metadata(metadata)
    if chance.random() < 0.5:
        return embed(data, packed, files)
    theirs = unpack(data)
    named = next(entry for entry in theirs.metadata if entry.name == b"TFLITE_METADATA")
    theirs.buffers[named.buffer].data = np.frombuffer(packed, np.uint8)
    return with_zip(pack(theirs), files)


def _change_tensor(chance: random.Random, tensor: Any) -> None:
    what = chance.choice(("normalization", "stats", "content", "labels", "names"))
    units = [unit.options for unit in tensor.processUnits or () if unit.optionsType == 1]
    if what == "normalization" and units:
        count = chance.choice((0, 1, 1, 2, 3, 3, 4))
        units[0].mean = [chance.choice(FLOATS) for _ in range(count)]
        units[0].std = [chance.choice(FLOATS) for _ in range(chance.choice((count, 1)))]
    elif what == "stats" and tensor.stats is not None:
        tensor.stats.min = [chance.choice(FLOATS) for _ in range(chance.choice((0, 1, 1, 3)))]
        tensor.stats.max = [chance.choice(FLOATS) for _ in range(chance.choice((0, 1, 1, 3)))]
    elif what == "content" and tensor.content is not None:
        tensor.content.contentPropertiesType = chance.randrange(7)
    elif what == "labels" and tensor.associatedFiles:
        file = chance.choice(tensor.associatedFiles)
        file.locale = chance.choice((None, "de", *TEXTS))
        file.type = chance.randrange(8)
    else:
        tensor.name = chance.choice((None, *TEXTS)) or None
        tensor.description = chance.choice((None, *TEXTS)) or None


def _change_any(chance: random.Random, root: Any) -> None:
    """Change one thing anywhere in a tree of the schema's objects."""
    places = list(_places(root))
    # Half of the time something near the root, which there is less of.
    owner, key = places[min(chance.randrange(len(places)), chance.randrange(len(places)))]
    old = owner[key] if isinstance(owner, list) else getattr(owner, key)
    new = _other(chance, key, old, root)
    if isinstance(owner, list):
        owner[key] = new
    else:
        setattr(owner, key, new)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every attribute and item of a tree, by breadth."""
    waiting = [value]
    seen = set()
    for item in waiting:
        if id(item) in seen:
            continue
        seen.add(id(item))
        children = (
            [(item, index, child) for index, child in enumerate(item)]
            if isinstance(item, list)
            else [(item, name, child) for name, child in vars(item).items()]
        )
        for owner, key, child in children:
            yield owner, key
            if isinstance(child, list) or hasattr(child, "__dict__"):
                waiting.append(child)


def _other(chance: random.Random, key: Any, old: Any, root: Any) -> Any:
    if chance.random() < 0.05:
        return None
    if isinstance(old, bytes):
        old = list(old[:5000])
    if isinstance(old, list):
        return _other_list(chance, old)
    if isinstance(old, bool) or (isinstance(old, int) and str(key).lower().endswith("type")):
        return chance.randrange(-1, 27)
    if isinstance(old, int):
        return chance.choice((*INTEGERS, old + 1, old - 1))
    if isinstance(old, float):
        return chance.choice(FLOATS)
    if isinstance(old, str | bytes):
        text = chance.choice((*TEXTS, *_random_texts(chance))).encode("utf-8", "replace")
        return chance.choice((text, text, text * 20, text * 2000, b"\xff" + text, chance.randbytes(9)))
    if old is None:
        return chance.choice((None, None, 1, "x", []))
    return chance.choice([child for owner, name in _places(root) if type(child := _get(owner, name)) is type(old)])


def _get(owner: Any, key: Any) -> Any:
    return owner[key] if isinstance(owner, list) else getattr(owner, key)


def _other_list(chance: random.Random, old: list[Any]) -> list[Any]:
    how = chance.choice(("none", "less", "double", "many", "turned", "number"))
    if how == "none" or not old:
        return []
    if how == "less":
        return [item for item in old if chance.random() < 0.5]
    if how == "many":
        return [chance.choice(old)] * chance.choice((3, 3, 20, 20, 300, 5000))
    if how == "turned":
        return old[::-1]
    if how == "number" and isinstance(old[0], int | float):
        numbers: tuple[Any, ...] = FLOATS if isinstance(old[0], float) else INTEGERS
        return [chance.choice((item, chance.choice(numbers))) for item in old]
    return old * 2


STRUCTURED: tuple[Mutator, ...] = (
    change_model,
    change_model,
    change_model,
    change_kind,
    change_metadata,
    change_metadata,
    change_archive,
)
