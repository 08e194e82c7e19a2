"""Whole generated projects against those that are kept in tests/trees, as text."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

UPDATE = "uv run pytest --update-trees"
# Of a difference, as many lines as a screen or two has; the files themselves have the rest.
MOST_LINES, MOST_LINES_OF_ALL = 80, 400
# Longer arrays are of models and of tensors, which nobody reads.
_MOST_ROWS = 32

_HASHES = "binary.sha256"
_NUMBER = r"[+-]?(?:0[xX][0-9a-fA-F]+|\d[\d.]*(?:[eE][+-]?\d+)?)[fFuUlL]*"
_ROW = re.compile(rf"\s*{_NUMBER}(?:(?:\s*,\s*|\s+){_NUMBER})*,?\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def kept_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is kept of a generated project: texts without their long arrays, and the sha256 of any other file."""
    made = _kept_of(files)
    texts = {name: text.encode() for name, text in made.items() if isinstance(text, str)}
    hashes = "".join(f"{digest.hex()}  {name}\n" for name, digest in made.items() if isinstance(digest, bytes))
    return {**texts, _HASHES: hashes.encode()} if hashes else texts


def compare_tree(files: Mapping[str, bytes], kept: Path, here: str, there: str) -> str:
    """What to tell where ``files``, a generated project, is not the one in the folder ``kept``; "" where it is.

    ``here`` is what to call that folder, and ``there`` the one in which the project can be looked at.
    """
    expected, found = _read(kept), _kept_of(files)
    if expected == found:
        return ""
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    differing = [name for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]]
    lines = [
        f"{here} is not what is generated: {len(missing)} missing, {len(extra)} extra, {len(differing)} different",
        *(f"  missing: {name}" for name in missing),
        *(f"  extra: {name}" for name in extra),
        *(f"  different: {name}" for name in differing),
        f"What is generated is in {there}. If it is meant, run: {UPDATE} and read the diff.",
    ]
    shown = 0
    for place, name in enumerate(differing):
        diff = _diff(expected[name], found[name], f"{here}/{name}", f"{there}/{name}")
        if shown + min(len(diff), MOST_LINES) > MOST_LINES_OF_ALL:
            lines += ["", f"[cut: the differences of {len(differing) - place} more files]"]
            break
        lines += ["", *diff[:MOST_LINES]]
        shown += min(len(diff), MOST_LINES)
        if len(diff) > MOST_LINES:
            lines.append(f"[cut: {len(diff) - MOST_LINES} more lines]")
    return "\n".join(lines)


def _kept_of(files: Mapping[str, bytes]) -> dict[str, str | bytes]:
    """Of each file the text that is kept, or the sha256."""
    return {name: _kept_of_file(name, files[name]) for name in sorted(files)}


def _kept_of_file(name: str, content: bytes) -> str | bytes:
    digest = hashlib.sha256(content).digest()
    # Of one byte it may be a text by chance.
    if name.endswith(".bin"):
        return digest
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return digest
    return digest if _CONTROL.search(text) else "".join(_without_arrays(text))


def _without_arrays(text: str) -> Iterator[str]:
    """The lines of ``text``, and a line with the sha256 in place of many rows of numbers."""
    for is_row, group in groupby(text.splitlines(keepends=True), lambda line: _ROW.fullmatch(line) is not None):
        lines = list(group)
        if is_row and len(lines) > _MOST_ROWS:
            indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
            digest = hashlib.sha256("".join(lines).encode()).hexdigest()
            yield f"{indent}// {len(lines)} rows of numbers, sha256 {digest}\n"
        else:
            yield from lines


def _read(folder: Path) -> dict[str, str | bytes]:
    """The same of the files that `kept_files` made."""
    made: dict[str, str | bytes] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            made[path.relative_to(folder).as_posix()] = path.read_bytes().decode()
    for line in str(made.pop(_HASHES, "")).splitlines():
        digest, name = line.split("  ", 1)
        made[name] = bytes.fromhex(digest)
    return made


def _diff(expected: str | bytes, found: str | bytes, expected_name: str, found_name: str) -> Sequence[str]:
    """A unified diff, of a binary file one of its sha256."""
    before, after = (
        content.split("\n") if isinstance(content, str) else [f"sha256 {content.hex()}"]
        for content in (expected, found)
    )
    return list(difflib.unified_diff(before, after, expected_name, found_name, lineterm=""))
