"""Label files: reading what people have, checking it, and the one form in which labels go into a model.

Read by suffix:

- ``.json``: an array of strings, or an object from index to label (``{"0": "cat", "1": "dog"}``).
- ``.csv``: one column of labels; or ``index,label``; or any columns under a header that names one of them
  ``label``, ``name`` or ``display_name`` (and, if the order of the rows is not that of the classes, one
  ``index`` or ``id``). A label that holds a comma stands in double quotes.
- anything else: a label a line. ``0 background`` is a label like any other: nothing is taken off.

All are UTF-8 and have 4 MiB at most; a byte order mark, and the line ends of any system, are no part of a label, and
blank lines at the end are none. Indices run from 0.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packager.errors import MetadataError
from packager.metadata.view import find_wide_encoding, split_labels
from packager.reading import read_file, without_windows_marks
from packager.settings import Setting
from packager.terminal import counted

_LOCALE = "[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*"
_LABEL_COLUMNS = ("label", "name", "display_name")
_INDEX_COLUMNS = ("index", "id")

# COCO numbers 80 classes from 1 to 90; label files fill the gaps with one of these.
_PLACEHOLDERS = frozenset({"n/a", "???"})
# ImageNet's own lists call a bird and a machine `crane`, and two kinds of swimsuit `maillot`.
_IMAGENET_DOUBLES = frozenset({"crane", "maillot"})
_IMAGENET_SIZES = (1000, 1001)

# Lists of a hundred thousand classes have some megabytes.
_MAX_BYTES = 4 << 20

_FORMATS = "A label file is a label a line (.txt), or .csv or .json: see packager metadata attach --help."


@dataclass(frozen=True)
class LabelFile:
    """A label file to attach. ``locale`` is such as ``de`` or ``pt-BR``; empty for the default labels."""

    path: Path = field(metadata={"help": "Labels as .txt, .csv or .json."})
    locale: str = field(
        default="",
        metadata={
            "help": "Language of the labels, and a region if need be: de, pt-BR; default: the default labels.",
            "pattern": _LOCALE,
        },
    )

    def __post_init__(self) -> None:
        """Refuse a locale that could not stand in a file name."""
        if self.locale and not re.fullmatch(_LOCALE, self.locale):
            raise MetadataError(
                f"{self.locale!r} is no locale", fix="Name a language, and a region if need be: de, pt-BR."
            )

    @classmethod
    def parse(cls, text: str) -> LabelFile:
        """``labels.txt``, or ``de=labels_de.txt`` for the labels of a locale."""
        localized = re.fullmatch(f"({_LOCALE})=(.+)", text)
        return cls(Path(text)) if localized is None else cls(Path(localized[2]), localized[1])

    def __str__(self) -> str:
        """What ``parse`` makes it from."""
        return f"{self.locale}={self.path}" if self.locale else str(self.path)

    @property
    def canonical_name(self) -> str:
        """Its name inside the model, whatever it is called outside."""
        return f"labels_{self.locale}.txt" if self.locale else "labels.txt"


def read_labels(path: Path, *, localized: bool = False, given: Setting | None = None) -> tuple[str, ...]:
    """The labels in a file, in the order of the classes.

    Args:
        path: the file.
        localized: whether it is a translation, in which two classes may well have the same name.
        given: the setting that names the file.

    Raises:
        MetadataError: the file cannot be read, holds no labels, or a label in it is blank or there twice.
    """
    text = _read_text(path, given)
    suffix = path.suffix.lower()
    try:
        labels = _from_json(text) if suffix == ".json" else _from_csv(text) if suffix == ".csv" else _from_lines(text)
    except RecursionError:
        raise _not_understood("its brackets nest too deep", path) from None
    except (ValueError, csv.Error) as error:
        raise _not_understood(str(error), path) from None
    _check(labels, path, localized=localized)
    return labels


def _not_understood(why: str, path: Path) -> MetadataError:
    return MetadataError(f"the label file is not understood: {why}", where=path, fix=_FORMATS)


def label_file(labels: Sequence[str]) -> tuple[bytes, bytes | None]:
    """The label file as it goes into a model: UTF-8, a label a line.

    A label that holds line breaks gets a space for each. Where labels cannot be told from the lines, an exact JSON
    array of them all comes second, else None.
    """
    lines = "".join(re.sub(r"\r\n|\r|\n", " ", label) + "\n" for label in labels).encode()
    is_exact = split_labels(lines) == tuple(labels)
    return lines, None if is_exact else json.dumps(list(labels), ensure_ascii=False).encode()


def check_count(count: int, expected: int, where: Path, origin: str, reason: str) -> None:
    """Refuse ``count`` labels where there should be ``expected``.

    ``origin`` says in the message where the labels are, ``reason`` why there should be so many.

    Raises:
        MetadataError: the two differ.
    """
    if count == expected:
        return
    what = f"{origin} has {counted(count, 'label')}, and {reason}"
    fix = "Use the label file that belongs to this model."
    if abs(count - expected) == 1:
        what += ": missing or extra background class"
        fix = (
            "Add the class that is missing as a line of its own (mostly `background`, as the first line)."
            if count < expected
            else "Remove the line that is no class of this model (mostly `background`, the first line)."
        )
    raise MetadataError(what, where=where, fix=fix)


def _read_text(path: Path, given: Setting | None) -> str:
    fix = None if given is None else ("Check the path given as ", given, ".")
    try:
        data = read_file(path, _MAX_BYTES)
    except FileNotFoundError:
        raise MetadataError("no such label file", where=path, fix=fix) from None
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise MetadataError(f"cannot be read: {reason}", where=path, fix=fix) from None
    encoding = find_wide_encoding(data)
    if encoding is not None:
        raise MetadataError(
            f"the label file is {encoding[:6].upper()}, not UTF-8", where=path, fix="Save it as UTF-8."
        )
    if b"\0" in data:
        line = 1 + len(re.findall(rb"\r\n|\r|\n", data[: data.index(0)]))
        raise MetadataError(
            f"the label file holds a NUL byte (line {line})", where=path, fix="Remove it; a label file is text."
        )
    try:
        return without_windows_marks(data).decode()
    except UnicodeDecodeError as error:
        raise MetadataError(
            f"the label file is not UTF-8 (byte {error.start})", where=path, fix="Save it as UTF-8."
        ) from None


def _from_lines(text: str) -> tuple[str, ...]:
    # Not splitlines(): it also breaks at form feeds and Unicode separators, which a label may hold.
    lines = re.split(r"\r\n|\r|\n", text)
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(lines)


def _from_json(text: str) -> tuple[str, ...]:
    if not text.strip():
        return ()
    # Pairs, so that an index that is there twice is seen; numbers are no labels, and may have any length.
    value = json.loads(
        text, object_pairs_hook=tuple, parse_int=_no_label, parse_float=_no_label, parse_constant=_no_label
    )
    if isinstance(value, tuple):
        return _by_index([(str(index), label) for index, label in value])
    if not isinstance(value, list):
        raise ValueError("the JSON is neither an array of labels nor an object from index to label")
    return tuple(_string(label, number) for number, label in enumerate(value))


def _no_label(_number: str) -> None:
    return None


def _from_csv(text: str) -> tuple[str, ...]:
    rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True))
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        return ()
    header = [cell.strip().lower() for cell in rows[0]]
    column = next((header.index(name) for name in _LABEL_COLUMNS if name in header), None)
    index = next((header.index(name) for name in _INDEX_COLUMNS if name in header), None)
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width and (row or width > 1):
            raise ValueError(
                f"its row {number} has {len(row)} columns, and the first has {width}; "
                "a label that holds a comma stands in double quotes"
            )
    if column is not None:
        rows = rows[1:]
    elif width <= 2:
        column, index = width - 1, 0 if width == 2 else None
    else:
        raise ValueError(f"its rows have {width} columns, and no header names one of them `label`")
    labels = [row[column] if row else "" for row in rows]
    return tuple(labels) if index is None else _by_index([(row[index], row[column]) for row in rows])


def _by_index(pairs: Sequence[tuple[str, object]]) -> tuple[str, ...]:
    by_index: dict[int, str] = {}
    for text, label in pairs:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
            raise ValueError(
                f"{_short(text)} stands where the index of a class should (a label with a comma needs quotes)"
            )
        if int(text) in by_index:
            raise ValueError(f"the index {int(text)} is there twice")
        by_index[int(text)] = _string(label, int(text))
    missing = next((number for number in range(len(pairs)) if number not in by_index), None)
    if missing is not None:
        raise ValueError(f"its indices do not run from 0 to {len(pairs) - 1}: {missing} is missing")
    return tuple(by_index[number] for number in range(len(pairs)))


def _string(label: object, number: int) -> str:
    if not isinstance(label, str):
        raise ValueError(f"label {number} is no string")
    return label


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _check(labels: tuple[str, ...], path: Path, *, localized: bool) -> None:
    if not labels:
        raise MetadataError(
            "the label file holds no labels", where=path, fix="Write the model's labels into it, one a line."
        )
    doubles = _IMAGENET_DOUBLES if len(labels) in _IMAGENET_SIZES else frozenset[str]()
    seen: dict[str, list[int]] = {}
    for number, label in enumerate(labels, 1):
        if not label.strip():
            raise MetadataError(
                f"label {number} of {len(labels)} is blank",
                where=path,
                fix="Name the class, or write ??? for an index that the model never answers.",
            )
        try:
            label.encode()
        except UnicodeEncodeError:
            raise MetadataError(
                f"label {number} holds half a surrogate pair, which no file can keep",
                where=path,
                fix="Write the character itself, or both halves.",
            ) from None
        numbers = seen.setdefault(label, [])
        numbers.append(number)
        # ImageNet has two of each of its doubles, and no more.
        allowed = 2 if label in doubles else 1
        if len(numbers) > allowed and not localized and label.lower() not in _PLACEHOLDERS:
            raise MetadataError(
                f"labels {numbers[0]} and {number} are both {_short(label)}",
                where=path,
                fix=f"Give each class a label of its own, such as {_short(label + ' (2)')}.",
            )
