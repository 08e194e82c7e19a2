"""The archive behind a model is a stranger's: what it says of itself bounds nothing, what it really holds does."""

from __future__ import annotations

import bz2
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import flatbuffers
import pytest

from packager.errors import MetadataError
from packager.metadata.attach import Annotation, annotate
from packager.metadata.embedding import embed
from packager.metadata.export import export_metadata
from packager.metadata.reader import read_files, read_metadata
from packager.metadata.schema import OBJECTS, AssociatedFileType
from packager.model import Model, parse_model
from packager.tasks import Task
from tests.bounds import at_most, within
from tests.hand_made import IMAGE, SCORES, classifier
from tests.models import ports

pytestmark = pytest.mark.slow

STORED, DEFLATED, BZIP2, LZMA, ZSTD = 0, 8, 12, 14, 93


@dataclass(frozen=True)
class Entry:
    """An entry of a zip as somebody lies about it; None says the truth."""

    name: bytes
    packed: bytes
    method: int = STORED
    size: int | None = None
    crc: int | None = None
    flags: int = 0
    local_name: bytes | None = None
    share: bool = False  # the bytes of the entry before this one, its local header included


def raw_zip(*entries: Entry, start: int = 0) -> bytes:
    """A zip made by hand; ``start`` is where it will stand in the file."""
    out, directory, position = bytearray(), bytearray(), 0
    for entry in entries:
        size = len(entry.packed) if entry.size is None else entry.size
        crc = zlib.crc32(entry.packed) if entry.crc is None else entry.crc
        sizes = struct.pack("<III", crc, len(entry.packed), size)
        head = struct.pack("<HHHHH", 20, entry.flags, entry.method, 0, 33) + sizes
        if not entry.share:
            name = entry.name if entry.local_name is None else entry.local_name
            position = start + len(out)
            out += b"PK\3\4" + head + struct.pack("<HH", len(name), 0) + name + entry.packed
        directory += b"PK\1\2" + struct.pack("<H", 20) + head
        directory += struct.pack("<HHHHHII", len(entry.name), 0, 0, 0, 0, 0, position) + entry.name
    count = min(len(entries), 0xFFFF)
    end = struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, count, count, len(directory), start + len(out), 0)
    return bytes(out + directory + end)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, deflated piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def with_archive(*entries: Entry) -> Model:
    """A tiny model with metadata and this archive behind it."""
    data = annotate(classifier(), Annotation(Task.TENSORS, name="n"))
    return parse_model(data + raw_zip(*entries, start=len(data)), "tiny.tflite")


def packed_zip(method: int, data: bytes, name: bytes = b"bomb") -> Entry:
    """An entry of ``data`` packed by another method that Python's zipfile can unpack."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("x", data)
        info = archive.infolist()[0]
    packed = out.getvalue()[30 + 1 :][: info.compress_size]
    return Entry(name, packed, method, size=len(data), crc=info.CRC)


def test_what_the_formats_own_tools_write_is_read() -> None:
    text = b"cat\ndog\n" * 100
    files = (
        Entry(b"labels.txt", b"cat\ndog\n"),
        Entry("Größe.txt".encode(), deflated(text), DEFLATED, len(text), zlib.crc32(text), flags=0x800),
        Entry(b"empty", b""),
        Entry(b"dir/", b""),
        Entry(b"old \x84", b"cp437"),
    )
    expected = {"labels.txt": b"cat\ndog\n", "Größe.txt": text, "empty": b"", "dir/": b"", "old ä": b"cp437"}
    assert read_files(with_archive(*files)) == expected


def test_sizes_behind_the_data_are_read() -> None:
    """As a writer does that cannot seek."""
    data = annotate(classifier(), Annotation(Task.TENSORS))

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise OSError

    out = Stream()
    out.write(data)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", b"a\n" * 50)
    assert read_files(parse_model(out.getvalue())) == {"labels.txt": b"a\n" * 50}


def test_of_two_entries_of_one_name_the_last_counts() -> None:
    """tflite-support appends a file that is loaded again, and reads the last one."""
    model = with_archive(Entry(b"a", b"old"), Entry(b"b", b"b"), Entry(b"a", b"new"))
    assert read_files(model) == {"a": b"new", "b": b"b"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = annotate(model, Annotation(name="m"))
    assert read_files(parse_model(data)) == {"a": b"new", "b": b"b"}


def many(entry: Entry, count: int) -> tuple[Entry, ...]:
    """One entry under ``count`` names."""
    shared = (replace(entry, name=b"%d" % number, share=True) for number in range(1, count))
    return (entry, *shared)


# Blocks of no bytes: unpacking them takes time, and nothing comes out that could be counted.
NOTHING = b"\0\0\0\xff\xff" * 200_000 + b"\3\0"
BOMBS: dict[str, tuple[Callable[[], tuple[Entry, ...]], str]] = {
    "deflate that says 10 bytes": (
        lambda: (Entry(b"bomb", zeros(400), DEFLATED, size=10, crc=zlib.crc32(bytes(10))),),
        "its file 'bomb' is damaged: it has more than the 10 bytes that it should",
    ),
    "deflate that says 400 MB": (lambda: (Entry(b"bomb", zeros(400), DEFLATED, size=400 << 20),), "unpack to more"),
    "four of 60 MB": (
        lambda: tuple(Entry(b"%d" % number, zeros(60), DEFLATED, size=60 << 20) for number in range(4)),
        "unpack to more",
    ),
    "four that say 1 byte": (
        lambda: tuple(Entry(b"%d" % number, zeros(60), DEFLATED, size=1) for number in range(4)),
        "its file '0' is damaged: it has more than the 1 byte",
    ),
    "one entry a thousand times": (
        lambda: many(Entry(b"0", zeros(1), DEFLATED, size=1 << 20, crc=zlib.crc32(bytes(1 << 20))), 1000),
        "unpack to more",
    ),
    "a small entry a thousand times": (
        lambda: many(Entry(b"0", b"x" * 1000), 1000),
        "share their bytes",
    ),
    "stored bytes ten thousand times": (lambda: many(Entry(b"0", bytes(1 << 20), crc=0), 10_000), "unpack to more"),
    "a megabyte of nothing ten thousand times": (
        lambda: many(Entry(b"0", NOTHING, DEFLATED, size=0, crc=0), 10_000),
        "share their bytes",
    ),
    "bzip2": (
        lambda: (Entry(b"bomb", bz2.compress(bytes(400 << 20)), BZIP2, size=10, crc=zlib.crc32(bytes(10))),),
        "its file 'bomb' is packed in a way that no tool of the format uses (method 12)",
    ),
    "lzma": (lambda: (packed_zip(LZMA, bytes(100 << 20)),), "(method 14)"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_do_not_go_off(kind: str) -> None:
    make, message = BOMBS[kind]
    model = with_archive(*make())
    for use in (read_files, read_metadata, export_metadata, lambda model: annotate(model, Annotation(name="m"))):
        with within(1), at_most(300_000_000), pytest.raises(MetadataError) as caught:
            use(model)
        assert message in caught.value.what
        assert caught.value.where == "tiny.tflite"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry(b"x", b"secret", flags=1), "its file 'x' is encrypted"),
        (Entry(b"x", b"secret", flags=0x41), "its file 'x' is encrypted"),
        (Entry(b"x", b"patch", flags=0x20), "its file 'x' is packed in a way"),
        (packed_zip(BZIP2, b"ab", b"x"), "is packed in a way that no tool of the format uses (method 12)"),
        (packed_zip(LZMA, b"ab", b"x"), "(method 14)"),
        (Entry(b"x", b"zstandard", ZSTD), "(method 93)"),
        (Entry(b"x", deflated(b"abc"), 9, 3, zlib.crc32(b"abc")), "(method 9)"),
        (Entry(b"x", b"abc", crc=1), "its file 'x' is damaged: its checksum is another one"),
        (Entry(b"x", deflated(b"abc"), DEFLATED, 3, crc=1), "'x' is damaged: its checksum"),
        (Entry(b"x", b"abc", size=2, crc=zlib.crc32(b"ab")), "'x' is damaged: it has 3 bytes, and should have 2"),
        (Entry(b"x", b"abc", size=4, crc=zlib.crc32(b"abc")), "'x' is damaged: it has 3 bytes, and should have 4"),
        (Entry(b"x", deflated(b"abc"), DEFLATED, 2, zlib.crc32(b"ab")), "has more than the 2 bytes that it should"),
        (Entry(b"x", deflated(b"abc"), DEFLATED, 4, zlib.crc32(b"abc")), "it has 3 bytes, and should have 4"),
        (Entry(b"x", deflated(b"abc")[:-1], DEFLATED, 3, zlib.crc32(b"abc")), "'x' is damaged: it is cut off"),
        (Entry(b"x", deflated(b"abc") + b"!", DEFLATED, 3, zlib.crc32(b"abc")), "something stands behind its end"),
        (Entry(b"x", b"\xff\xff\xff", DEFLATED, 3), "'x' is damaged: Error -3"),
        (Entry(b"x", b"", DEFLATED, 0), "'x' is damaged: it is cut off"),
        (Entry(b"x", b"abc", local_name=b"y"), "'x' is damaged: it calls itself by another name"),
        (Entry(b"n" * 5000, b"abc"), "a file with a name of 5,000 bytes"),
        (Entry(b"\x84" * 3000, b"abc"), "a file with a name of 6,000 bytes"),
    ],
)
def test_an_entry_that_lies_is_named(entry: Entry, message: str) -> None:
    with pytest.raises(MetadataError) as caught:
        read_files(with_archive(Entry(b"fine", b"fine"), entry))
    assert message in caught.value.what
    with pytest.raises(MetadataError):
        annotate(with_archive(entry), Annotation(name="m"))


def test_a_local_header_that_is_none() -> None:
    model = with_archive(Entry(b"abc", b"123"), Entry(b"x", b"456"))
    spoilt = model.data.replace(b"PK\3\4", b"PK\3\5")
    with pytest.raises(MetadataError, match="'abc' is damaged: no file begins where it should"):
        read_files(parse_model(spoilt))


def test_large_files_of_a_large_model_are_read() -> None:
    """Stored bytes are bounded by the file itself."""
    model = with_archive(Entry(b"index.ldb", b"i" * (70 << 20)))
    assert len(read_files(model)["index.ldb"]) == 70 << 20


def test_many_files_take_no_time() -> None:
    model = with_archive(*(Entry(b"%d.txt" % number, b"x") for number in range(20_000)))
    with within(1):
        assert len(read_files(model)) == 20_000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda end: end[:12] + b"\xff\xff\xff\xff" + end[16:],
        lambda end: end[:16] + b"\xff\xff\xff\xff" + end[20:],
        lambda end: end[:12] + b"\xff" * 8 + end[20:],
        lambda end: end[:8] + b"\xff" * 12 + end[20:],
    ],
)
def test_a_directory_that_lies_is_no_archive(spoil: Callable[[bytes], bytes]) -> None:
    data = with_archive(Entry(b"x", b"abc")).data
    assert read_files(parse_model(data[:-22] + spoil(data[-22:]))) == {}


@pytest.mark.parametrize("offset", [2**63, 2**64 - 1, 2**62])
def test_a_directory_of_64_bits_that_lies_is_no_archive(offset: int) -> None:
    data = annotate(classifier(), Annotation(Task.TENSORS))
    entry = raw_zip(Entry(b"x", b"abc"), start=len(data))[:-22]
    start = len(data) + len(entry)
    for size, where in ((offset, 0), (0, offset), (offset, offset)):
        end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, where)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, start, 1)
        end = struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        model = parse_model(data + entry + end64 + locator + end)
        assert read_files(model) == {}


def test_a_bomb_among_the_weights_does_not_go_off() -> None:
    """An archive in a lookup table is no archive of ours; tflite-support would unpack it to check the result."""
    bomb = raw_zip(*(Entry(b"%d" % i, zeros(60), DEFLATED, size=60 << 20) for i in range(20)))
    model = parse_model(ports((IMAGE,), (SCORES,), buffers=[b"", bomb]))
    assert zipfile.is_zipfile(io.BytesIO(model.data))
    assert read_files(model) == {}
    with within(1), at_most(300_000_000):
        data = annotate(model, Annotation(Task.TENSORS, name="n"))
    assert read_files(parse_model(data)) == {}


def test_a_name_that_reads_as_the_end_of_another_archive() -> None:
    """The directory's last bytes are a name; read as a 64-bit directory's locator it would lead elsewhere."""
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 64, 1)
    for name in (locator, b"x" * 10 + locator, locator.replace(b"\0", b"\1")):
        model = with_archive(Entry(name, b"abc"))
        try:
            files = read_files(parse_model(annotate(model, Annotation(name="m"))))
        except MetadataError:
            continue
        assert set(files.values()) <= {b"abc"}


def test_label_files_are_bounded_however_often_they_are_named() -> None:

    def model(count: int, labels: bytes, *, exact: bool) -> Model:
        metadata, graph, tensor = OBJECTS.ModelMetadataT(), OBJECTS.SubGraphMetadataT(), OBJECTS.TensorMetadataT()
        tensor.associatedFiles = []
        for number in range(count):
            file = OBJECTS.AssociatedFileT()
            file.name, file.locale, file.type = "l.txt", f"l{number}", AssociatedFileType.TENSOR_AXIS_LABELS
            tensor.associatedFiles.append(file)
        if exact:
            file = OBJECTS.AssociatedFileT()
            file.name = "l.txt.exact.json"
            tensor.associatedFiles.append(file)
        graph.outputTensorMetadata = [tensor]
        metadata.subgraphMetadata = [graph]
        builder = flatbuffers.Builder(0)
        builder.Finish(metadata.Pack(builder), b"M001")
        files = {"l.txt": b"a\n", "l.txt.exact.json": labels} if exact else {"l.txt": labels}
        return parse_model(embed(classifier().data, bytes(builder.Output()), files), "tiny.tflite")

    exact_list = b"[" + b"0," * (8 << 20) + b"0]"
    for hostile in (
        model(1, b"\n" * (60 << 20) + b"a", exact=False),
        model(2000, b"a\n" * 10_000, exact=False),
        model(1, exact_list, exact=True),
        model(1, b"[" + b"{}," * (8 << 20) + b"0]", exact=True),
    ):
        with within(1), at_most(700_000_000), pytest.raises(MetadataError, match="label"):
            read_metadata(hostile)
    fine = read_metadata(model(6, "".join(f"a landmark, {n}\n" for n in range(100_000)).encode(), exact=False))
    assert fine is not None
    assert len(fine.outputs[0].labels("l5") or ()) == 100_000
