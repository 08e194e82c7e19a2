"""The zip archive of associated files behind a model.

A stranger made it, so what it says of itself is checked: Python's ``zipfile`` unpacks a whole file before it looks at
the size that it should have, and takes methods that fill the memory from a few kilobytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

# Label files have some kilobytes, vocabularies and indices some megabytes, and all tools of the format store them as
# they are. So this much may come out of an archive beyond the bytes of the file itself; more is made to fill memory.
_MORE_BYTES = 64 << 20
_LONGEST_NAME = 4096

_END_MAGIC, _END_BYTES = b"PK\5\6", 22
_LOCAL_HEADER = struct.Struct("<4s22xHH")
# General purpose bits: how hard deflate tried (1, 2), sizes behind the data (3), UTF-8 names (11).
_HARMLESS_FLAGS = 0b1000_0000_1110
_ENCRYPTED, _UTF8 = 0x1, 0x800


class ArchiveError(ValueError):
    """A file in the archive is damaged, or is packed so as to do harm."""


@dataclass(frozen=True)
class Archive:
    """An archive in ``data``, the whole .tflite; its first file, or its directory if it has none, is at ``start``.

    ``end`` is where its directory and the ``comment`` behind that end; mostly, but not always, where the file does.
    """

    data: bytes = field(repr=False)
    start: int
    end: int
    comment: bytes
    entries: tuple[zipfile.ZipInfo, ...] = field(repr=False)

    def unpack(self) -> dict[str, bytes]:
        """The files by name, in the order of the archive.

        Of two of one name the last counts: tflite-support appends a file that is loaded again, and reads it so.

        Raises:
            ArchiveError: a file is damaged, encrypted, or packed by a method that the format's tools do not use; or
                all together have 64 MiB more than the .tflite.
        """
        longest = max((len(entry.filename.encode()) for entry in self.entries), default=0)
        if longest > _LONGEST_NAME:
            raise ArchiveError(f"its archive holds a file with a name of {longest:,} bytes")
        entries = {entry.filename: entry for entry in self.entries}
        for entry in entries.values():
            _check_method(entry)
        # Each file is checked to have the size that it should, so that these sums are what all of them have.
        if sum(entry.file_size for entry in entries.values()) > len(self.data) + _MORE_BYTES:
            raise ArchiveError(f"the files packed into it unpack to more than {len(self.data) + _MORE_BYTES:,} bytes")
        if sum(entry.compress_size for entry in entries.values()) > len(self.data) - self.start:
            raise ArchiveError("the files packed into it share their bytes")
        return {name: self._read(entry) for name, entry in entries.items()}

    def _read(self, entry: zipfile.ZipInfo) -> bytes:
        try:
            content = _unpacked(self._packed(entry), entry)
        except (ArchiveError, zlib.error) as error:
            raise ArchiveError(f"its file {entry.filename!r} is damaged: {error}") from None
        return content

    def _packed(self, entry: zipfile.ZipInfo) -> memoryview:
        position = entry.header_offset
        if not 0 <= position <= len(self.data) - _LOCAL_HEADER.size:
            raise ArchiveError("it lies outside the file")
        magic, name_length, extra_length = _LOCAL_HEADER.unpack_from(self.data, position)
        if magic != b"PK\3\4":
            raise ArchiveError("no file begins where it should")
        name = position + _LOCAL_HEADER.size
        start = name + name_length + extra_length
        # Other readers go by this name, not by that of the directory.
        encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
        if self.data[name : name + name_length] != entry.orig_filename.encode(encoding):
            raise ArchiveError("it calls itself by another name")
        if start + entry.compress_size > len(self.data):
            raise ArchiveError("it runs past the end of the file")
        return memoryview(self.data)[start : start + entry.compress_size]


def find_archive(data: bytes) -> Archive | None:
    """The archive whose directory ends ``data``, wherever it begins; None where there is none that can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            entries = tuple(opened.infolist())
            start = min((entry.header_offset for entry in entries), default=opened.start_dir)
            # zipfile looks for the last one too, and takes what stands behind it for nothing.
            end = data.rfind(_END_MAGIC) + _END_BYTES + len(opened.comment)
            comment = opened.comment
    except Exception:  # a directory of nonsense makes zipfile let out whatever went wrong
        return None
    return Archive(data, start, end, comment, entries)


def _check_method(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"its file {entry.filename!r} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & ~_HARMLESS_FLAGS:
        raise ArchiveError(
            f"its file {entry.filename!r} is packed in a way that no tool of the format uses "
            f"(method {entry.compress_type})"
        )


def _unpacked(packed: memoryview, entry: zipfile.ZipInfo) -> bytes:
    should = entry.file_size
    if entry.compress_type == zipfile.ZIP_STORED:
        content = bytes(packed)
    else:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        content = unpacker.decompress(packed, should + 1)
        if len(content) > should:
            raise ArchiveError(f"it has more than the {should:,} bytes that it should")
        if not unpacker.eof:
            raise ArchiveError("it is cut off")
        if unpacker.unused_data:
            raise ArchiveError("something stands behind its end")
    if len(content) != should:
        raise ArchiveError(f"it has {len(content):,} bytes, and should have {should:,}")
    if zlib.crc32(content) != entry.CRC:
        raise ArchiveError("its checksum is another one")
    return content
