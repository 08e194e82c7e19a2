"""The files that a pattern names: as ``Path.glob``, and with a limit to what it looks at."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

MOST_ENTRIES = 100_000
"""Files and folders that a pattern may look at: some seconds on a slow disk, and no search of all of it."""


class TooManyEntriesError(Exception):
    """A pattern looks at more than MOST_ENTRIES files and folders."""


# No system takes a longer path.
_LONGEST = 4096


def find_files(folder: Path, pattern: str) -> tuple[Path, ...]:
    """The regular files that ``pattern`` names, sorted; none where it names nothing.

    ``*``, ``?`` and ``[…]`` stand for parts of a name, ``**`` for any folders, without following links, and at the
    end for all that is in them. A relative pattern starts from ``folder``.

    Raises:
        TooManyEntriesError: it is so wide that the answer would take minutes.
    """
    if len(pattern) > _LONGEST:
        return ()
    pure = PurePath(pattern)
    # Two ** in a row say no more than one.
    parts = [part for part, last in zip(pure.parts, ("", *pure.parts), strict=False) if (part, last) != ("**", "**")]
    if parts and parts[-1] == "**":
        parts.append("*")
    start, parts = (Path(pure.anchor), parts[1:]) if pure.is_absolute() else (folder, parts)
    # Not as Windows compares paths: golden cases have one order on every system.
    return tuple(sorted(_walk(start, parts), key=lambda path: path.parts))


def is_folder(path: Path) -> bool:
    """Whether there is a folder at ``path``; False where no system takes such a path."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether there is a regular file at ``path``, likewise."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _walk(start: Path, parts: list[str]) -> Iterator[Path]:
    matches = [re.compile(fnmatch.translate(os.path.normcase(part))).match for part in parts]
    todo = [(start, 0)] if parts else []
    seen = set(todo)
    looked = 0

    def add(path: Path, index: int) -> None:
        # Several ** come to the same folder in many ways.
        if (path, index) not in seen:
            seen.add((path, index))
            todo.append((path, index))

    while todo:
        folder, index = todo.pop()
        part, is_last = parts[index], index == len(parts) - 1
        looked += 1
        if not re.search(r"[*?[]", part):
            if not is_last:
                add(folder / part, index + 1)
            elif is_file(folder / part):
                yield folder / part
        else:
            if part == "**":
                add(folder, index + 1)
            for entry in _entries(folder):
                looked += 1
                if looked > MOST_ENTRIES:
                    raise TooManyEntriesError
                if part == "**":
                    if _is_folder(entry, follow=False):
                        add(folder / entry.name, index)
                elif matches[index](os.path.normcase(entry.name)):
                    if not is_last and _is_folder(entry, follow=True):
                        add(folder / entry.name, index + 1)
                    elif is_last and is_file(folder / entry.name):
                        yield folder / entry.name
        if looked > MOST_ENTRIES:
            raise TooManyEntriesError


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (OSError, ValueError):  # no folder, or not ours to read; a name that holds a NUL
        return []


def _is_folder(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False
