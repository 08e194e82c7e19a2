"""The bytes of a model as C++ and as assembler. Megabytes of text, so NumPy formats them and no template does."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np

_PER_LINE = 12
# Two bytes at a time: half as many table look-ups.
_PAIR = b"0x%02x, 0x%02x, "
_PAIR_WIDTH = len(_PAIR % (0, 0))
_INDENT = 4
_LINE_WIDTH = _INDENT + _PER_LINE // 2 * _PAIR_WIDTH
# Characters that are read at once.
_PIECE = 1 << 20
# Lines that are formatted at once, so that the memory beside the result stays small.
_CHUNK = 4096


def model_source(name: str, data: bytes, section: str = "", part: str = "model") -> bytes:
    """``PART_data.cpp``: the array ``NAME_PART_data``, aligned as TensorFlow Lite Micro wants weights to be.

    It is in that ``section``; the compiler chooses one for what is constant unless it is named.
    """
    where = f' __attribute__((section("{section}")))' if section else ""
    head = f"""\
#include "{part}_data.h"

// const at namespace scope: the linker leaves it in flash.
alignas(16) const unsigned char {name}_{part}_data[]{where} = {{
"""
    tail = f"""\
}};
const unsigned int {name}_{part}_size = {len(data)};
"""
    rows, rest = divmod(len(data), _PER_LINE)
    text = io.BytesIO()
    # Room for all of it at once, which getvalue() then gives away; a join would need as much again.
    text.seek(len(head) + rows * _LINE_WIDTH + (rest and _INDENT + rest * _PAIR_WIDTH // 2) + len(tail) - 1)
    text.write(b"\n")
    text.seek(0)
    text.write(head.encode())
    for lines in _rows(data):
        text.write(lines)
    text.write(tail.encode())
    return text.getvalue()


def model_assembler(name: str, data: bytes, section: str = "", part: str = "model", folder: str = "") -> bytes:
    """``PART_data.S``: the same symbols from ``PART.tflite``, without a compiler reading megabytes of text.

    ``folder`` leads to it from where the compiler looks for files: "" or a path that ends in a slash.
    """
    where = section or f".rodata.{name}_{part}_data"
    return f"""\
/* The same as {part}_data.cpp, for builds that can assemble: the bytes come from {part}.tflite beside this file,
   which takes a compiler no time and no memory. Link one of the two. */

    .section {where}, "a"
    .balign 16
    .global {name}_{part}_data
    .type {name}_{part}_data, %object
{name}_{part}_data:
    .incbin "{folder}{part}.tflite"
    .size {name}_{part}_data, . - {name}_{part}_data

    .section .rodata.{name}_{part}_size, "a"
    .balign 4
    .global {name}_{part}_size
    .type {name}_{part}_size, %object
{name}_{part}_size:
    .4byte {len(data)}
    .size {name}_{part}_size, 4

    .section .note.GNU-stack, "", %progbits
""".encode()


def read_c_array(source: bytes) -> bytes | None:
    """The bytes of the first array of hexadecimal bytes in a C++ source; None where there is none."""
    start = re.search(rb"\[\][^=]{0,200}=\s*\{", source)
    end = -1 if start is None else source.find(b"}", start.end())
    if start is None or end < 0:
        return None
    data = bytearray()
    position = start.end()
    while position < end:
        # Piece by piece, each up to a comma: all at once takes several times the memory of the text.
        comma = source.find(b",", min(position + _PIECE, end), end)
        stop = end if comma < 0 else comma + 1
        digits = source[position:stop].replace(b"0x", b"").replace(b",", b"")
        try:
            data += bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            return None
        position = stop
    return bytes(data)


def _rows(data: bytes) -> Iterator[bytes]:
    """Rows of twelve hexadecimal bytes, as clang-format lays them out, each ending in a newline; many at once."""
    rows = len(data) // _PER_LINE
    words = np.frombuffer(data, "<u2", rows * _PER_LINE // 2)
    table = _pairs()
    for start in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - start)
        lines = np.full((count, _LINE_WIDTH), ord(" "), np.uint8)
        chunk = table[words[start * _PER_LINE // 2 : (start + count) * _PER_LINE // 2]]
        lines[:, _INDENT:] = chunk.view(np.uint8).reshape(count, -1)
        lines[:, -1] = ord("\n")
        yield lines.tobytes()
    rest = data[rows * _PER_LINE :]
    if rest:
        yield b" " * _INDENT + b", ".join(b"0x%02x" % byte for byte in rest) + b",\n"


def _pairs() -> np.ndarray[tuple[int], np.dtype[np.void]]:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    pairs = np.tile(np.frombuffer(_PAIR % (0, 0), np.uint8), (65536, 1))
    values = np.arange(65536, dtype=np.uint16)
    for position, shift in ((2, 4), (3, 0), (8, 12), (9, 8)):
        pairs[:, position] = digits[(values >> shift) & 15]
    return pairs.view(f"V{_PAIR_WIDTH}").reshape(-1)
