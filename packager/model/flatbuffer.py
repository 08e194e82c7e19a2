"""A read-only view of FlatBuffer tables that checks every offset.

The ``flatbuffers`` package trusts its input: in a truncated or hostile file it reads bytes of another field
or raises whatever ``struct`` raises. Here each access is checked, and a bad one is a ``FlatBufferError``.
The layout is that of https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")

# Offsets and indices may share what they point to, so that a few hostile kilobytes can describe more than any memory
# holds. Writers hardly share anything: whoever walks over more than so many times the file's bytes is led around.
_SHARING = 4
_SHARING_BYTES = 1 << 18
# What an item of a vector of tables takes at least: its offset, and the table's own offset to its vtable.
_TABLE_BYTES = 8


class FlatBufferError(ValueError):
    """The bytes are no valid FlatBuffer of the expected schema."""


def _unpack(layout: struct.Struct, data: bytes, position: int) -> int:
    if position < 0 or position + layout.size > len(data):
        raise FlatBufferError(f"offset {position} lies outside the {len(data)} bytes of the file")
    value: int = layout.unpack_from(data, position)[0]
    return value


def u32(data: bytes, position: int) -> int:
    """The little-endian uint32 at ``position``; FlatBufferError outside ``data``."""
    return _unpack(_U32, data, position)


class _Allowance:
    """The bytes that may still be walked over, from one root table."""

    def __init__(self, size: int) -> None:
        self._left = _SHARING * size + _SHARING_BYTES

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise FlatBufferError("its tables share their parts so often that it describes more than it can hold")


@dataclass(frozen=True)
class Table:
    """One table of a FlatBuffer: ``data`` is the whole buffer, ``position`` the table's start in it."""

    data: bytes
    position: int
    allowance: _Allowance = dataclasses.field(repr=False, compare=False)

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The root table; FlatBufferError if the root offset points outside ``data``."""
        table = cls(data, u32(data, 0), _Allowance(len(data)))
        table.slot_count()
        return table

    def _vtable(self) -> int:
        vtable = self.position - _unpack(_I32, self.data, self.position)
        if _unpack(_U16, self.data, vtable) < 4:
            raise FlatBufferError(f"the table at {self.position} has no valid vtable")
        return vtable

    def slot_count(self) -> int:
        """How many fields the vtable has room for."""
        return (_unpack(_U16, self.data, self._vtable()) - 4) // 2

    def field(self, slot: int) -> int | None:
        """The absolute position of a field's inline value, or None where the field is absent."""
        vtable = self._vtable()
        if 4 + 2 * slot + 2 > _unpack(_U16, self.data, vtable):
            return None
        offset = _unpack(_U16, self.data, vtable + 4 + 2 * slot)
        return self.position + offset if offset else None

    def scalar(self, slot: int, layout: str, default: int = 0) -> int:
        """A scalar field; ``layout`` is a ``struct`` character such as ``"b"``, ``"I"``, ``"Q"``."""
        position = self.field(slot)
        return default if position is None else _unpack(struct.Struct("<" + layout), self.data, position)

    def offset(self, slot: int) -> int | None:
        """The absolute position that an offset field points to, or None where it is absent."""
        position = self.field(slot)
        return None if position is None else position + u32(self.data, position)

    def table(self, slot: int) -> Table | None:
        """A sub-table, or None."""
        position = self.offset(slot)
        return None if position is None else Table(self.data, position, self.allowance)

    def vector(self, slot: int, item_size: int) -> tuple[int, int] | None:
        """A vector's first item's position and its length, checked against the buffer's end; or None."""
        position = self.offset(slot)
        if position is None:
            return None
        length = u32(self.data, position)
        if position + 4 + length * item_size > len(self.data):
            raise FlatBufferError(f"a vector of {length} items at {position} runs past the end of the file")
        return position + 4, length

    def scalars(self, slot: int, layout: str) -> tuple[float, ...]:
        """A vector of scalars; empty where it is absent."""
        item = struct.Struct("<" + layout)
        found = self.vector(slot, item.size)
        if found is None:
            return ()
        self.allowance.take(found[1] * item.size)
        return struct.unpack_from(f"<{found[1]}{layout}", self.data, found[0])

    def ints(self, slot: int, layout: str = "i") -> tuple[int, ...]:
        """A vector of integers; empty where it is absent."""
        return tuple(int(value) for value in self.scalars(slot, layout))

    def tables(self, slot: int) -> Iterator[Table]:
        """The tables of a vector of tables."""
        found = self.vector(slot, 4)
        if found is not None:
            first, length = found
            for position in range(first, first + 4 * length, 4):
                self.allowance.take(_TABLE_BYTES)
                yield Table(self.data, position + u32(self.data, position), self.allowance)

    def blob(self, slot: int) -> tuple[int, int] | None:
        """A byte vector as (position, length), or None."""
        return self.vector(slot, 1)

    def string(self, slot: int) -> str | None:
        """A UTF-8 string (invalid bytes become U+FFFD), or None."""
        found = self.blob(slot)
        return None if found is None else self._text(*found)

    def strings(self, slot: int) -> tuple[str, ...]:
        """A vector of strings."""
        found = self.vector(slot, 4)
        if found is None:
            return ()
        texts = []
        for position in range(found[0], found[0] + 4 * found[1], 4):
            start = position + u32(self.data, position)
            texts.append(self._text(start + 4, u32(self.data, start)))
        return tuple(texts)

    def _text(self, position: int, length: int) -> str:
        if position + length > len(self.data):
            raise FlatBufferError(f"a string of {length} bytes at {position} runs past the end of the file")
        self.allowance.take(4 + length)
        return bytes(self.data[position : position + length]).decode("utf-8", "replace")
