"""Reading what there is in a folder, an .npy, an .npz or a csv, and the class of each sample."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.dataset.dataset import Arrays, Dataset, Files, Rows, Source, StoredArray, Texts, check_kind, read_stored
from packager.dataset.items import check_shape, misfit, reading
from packager.dataset.truth import find_masks, read_coco
from packager.errors import ConfigError
from packager.finding import is_file, is_folder
from packager.reading import open_file
from packager.tasks import AnswerKind, InputKind
from packager.tasks.kinds import Array
from packager.terminal import counted

LABELLED = "Give a folder with a folder for each class, an .npz with x and y, or a csv with a column label."
# Columns of a csv, in lower case.
_FILE_COLUMNS = ("path", "file", "filename", "image")
_LABEL_COLUMNS = ("label", "class")
_TEXT_COLUMN = "text"
_LARGEST_ARRAY = 1 << 40


def read_dataset(path: Path | str, annotated: AnnotatedModel, *, labelled: bool) -> Dataset:
    """The data at ``path``, for ``annotated`` and all models that take the same.

    A folder with a folder for each class, or (where labels are not needed) of files; pictures that Pillow reads, .wav
    (the first window) or .txt, as the model's task takes. An .npy [samples, …]. An .npz with ``x_test`` and
    ``y_test``, with ``x`` and ``y``, or with an array an input under the input's name and ``y``. A csv whose header
    names a column of files (``path``, ``file``, ``filename``, ``image``; relative to the csv), of texts (``text``),
    or columns of numbers, and one of classes (``label``, ``class``).

    For a detector a COCO JSON, or a folder with one called ``annotations.json``; its pictures stand beside it. For a
    segmenter a folder with ``images`` and ``masks``: PNGs of gray or palette values, which are the classes.

    Arrays hold real values, but for uint8 ones for a model that takes pictures, which are pixels: [samples, height,
    width] or [samples, height, width, 1, 3 or 4]. A class is a label of the model, or in arrays and csv its number.

    Args:
        path: a folder or a file.
        annotated: the model whose inputs and labels the data are checked against.
        labelled: whether data without classes are an error.

    Raises:
        ConfigError: there is nothing, or it does not fit the model; the message names the file.
    """
    path = Path(path)
    with reading(path):
        if is_folder(path):
            dataset = _read_folder(path, annotated)
        elif path.suffix.lower() in (".npy", ".npz"):
            dataset = _read_arrays(path, annotated)
        elif path.suffix.lower() == ".csv":
            dataset = _read_csv(path, annotated)
        elif path.suffix.lower() == ".json" and annotated.task.answer is AnswerKind.BOXES:
            dataset = _read_boxes(path, annotated)
        else:
            path.stat()
            raise ConfigError("is no folder, .npy, .npz or .csv", where=path, fix=LABELLED)
    if labelled and dataset.classes is None:
        raise ConfigError("does not tell the class of its samples", where=path, fix=LABELLED)
    return dataset


# --- folders ----------------------------------------


def _read_folder(path: Path, annotated: AnnotatedModel) -> Dataset:
    if annotated.task.answer is AnswerKind.BOXES and is_file(path / "annotations.json"):
        return _read_boxes(path / "annotations.json", annotated)
    if annotated.task.answer is AnswerKind.MASK and is_folder(path / "masks"):
        names, found = _find_files(path / "images", "images", InputKind.IMAGE)
        if not names or found is not InputKind.IMAGE:
            raise ConfigError(
                "holds no picture", where=path / "images", fix="Beside masks stand the pictures, in images."
            )
        return Dataset(path, Files(path, tuple(names), found), masks=find_masks(path, names))
    folders = sorted(entry.name for entry in _entries(path) if entry.is_dir())
    kind = annotated.task.input
    if not folders:
        names, found = _find_files(path, "", kind)
        if not names:
            raise _empty(path, annotated, found)
        check_kind(found, annotated, path)
        return Dataset(path, Files(path, tuple(names), found))
    labels = annotated.labels or tuple(folders)
    names, classes = [], []
    for folder in folders:
        if folder not in labels:
            raise ConfigError(
                f"is none of the {counted(len(labels), 'label')} of {annotated.model.path}",
                where=path / folder,
                fix=f"The labels are: {_listed(labels)}. Name the folder as one of them, or move it elsewhere.",
            )
        inside, found = _find_files(path / folder, folder, kind)
        if not inside:
            raise _empty(path / folder, annotated, found)
        check_kind(found, annotated, path / folder)
        names += inside
        classes += [labels.index(folder)] * len(inside)
    return Dataset(path, Files(path, tuple(names), kind), tuple(classes))


def _read_boxes(path: Path, annotated: AnnotatedModel) -> Dataset:
    names, boxes = read_coco(path, annotated)
    return Dataset(path, Files(path.parent, names, InputKind.IMAGE), boxes=boxes)


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                yield entry


def _find_files(path: Path, prefix: str, kind: InputKind) -> tuple[list[str], InputKind]:
    """The sorted names of the files of ``kind``; where there are none, of another kind that is there."""
    by_kind: dict[InputKind, list[str]] = {one: [] for one in (InputKind.IMAGE, InputKind.AUDIO, InputKind.TEXT)}
    # First, or all rare formats are tried before PNG and JPEG whenever a picture is opened.
    Image.preinit()
    endings = dict.fromkeys(Image.registered_extensions(), InputKind.IMAGE)
    endings |= {".wav": InputKind.AUDIO, ".txt": InputKind.TEXT}
    for entry in _entries(path):
        found = endings.get(PurePath(entry.name).suffix.lower())
        if found is not None and entry.is_file():
            by_kind[found].append(str(PurePath(prefix, entry.name)))
    chosen = kind if by_kind.get(kind) else next((one for one, names in by_kind.items() if names), kind)
    return sorted(by_kind.get(chosen, ())), chosen


def _empty(path: Path, annotated: AnnotatedModel, kind: InputKind) -> ConfigError:
    what = {InputKind.AUDIO: "no .wav", InputKind.TEXT: "no .txt", InputKind.IMAGE: "no picture"}
    if kind not in what:
        return ConfigError(
            f"is a folder, and the task of {annotated.model.path} takes arrays",
            where=path,
            fix="Give an .npy, .npz or csv, or attach the metadata of a task that takes pictures: "
            "packager metadata attach --help",
        )
    return ConfigError(f"holds {what[kind]}", where=path, fix=LABELLED)


# --- arrays ----------------------------------------


def _read_arrays(path: Path, annotated: AnnotatedModel) -> Dataset:
    with open_file(path) as file:
        is_archive = file.read(4) == b"PK\x03\x04"
        names: list[str] = []
        if is_archive:
            with zipfile.ZipFile(file) as archive:
                names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    ports = annotated.inputs
    y_name: str | None = None
    if not is_archive:
        chosen: list[str | None] = [None]
        if len(ports) != 1:
            raise ConfigError(
                f"holds one array, and {annotated.model.path} has {len(ports)} inputs",
                where=path,
                fix="Save an .npz with an array for each: " + ", ".join(port.name for port in ports),
            )
    else:
        chosen = [port.name for port in ports]
        if not set(chosen) <= set(names):
            chosen = ["x_test" if "x_test" in names else "x"] if len(ports) == 1 else chosen
        absent = next((name for name in chosen if name not in names), None)
        if absent is not None:
            raise ConfigError(
                f"has no array {absent!r}, but {_listed(names) or 'none'}",
                where=path,
                fix="Save it by np.savez with x and y"
                + (", or with the inputs' names: " + ", ".join(port.name for port in ports) if len(ports) > 1 else "")
                + ".",
            )
        candidates = ("y_test", "y") if "x_test" in chosen else ("y",)
        y_name = next((name for name in candidates if name in names), None)
    stored = tuple(read_stored(path, None if name is None else f"{name}.npy") for name in chosen)
    count = stored[0].shape[0]
    classes = None
    if y_name is not None:
        classes = _read_classes(path, read_stored(path, f"{y_name}.npy"), count, annotated)
    return Dataset(path, _check_arrays(path, stored, annotated), classes)


def _check_arrays(path: Path, stored: tuple[StoredArray, ...], annotated: AnnotatedModel) -> Arrays:
    count = stored[0].shape[0]
    if count == 0:
        raise ConfigError("holds no samples", where=path)
    if any(array.shape[0] != count for array in stored):
        raise ConfigError(
            "its arrays hold " + ", ".join(str(array.shape[0]) for array in stored) + " samples",
            where=path,
            fix="Save as many of each input.",
        )
    if any(np.dtype(array.dtype).kind == "U" for array in stored):
        raise ConfigError("holds texts, not numbers", where=path, fix="Give texts in a csv with a column text.")
    are_pictures = annotated.task.input is InputKind.IMAGE and np.dtype(stored[0].dtype) == np.uint8
    for array, port in zip(stored, annotated.inputs, strict=True):
        shape = array.shape[1:]
        if are_pictures:
            if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,), (4,)) or 0 in shape:
                raise ConfigError(
                    f"holds uint8 samples of {list(shape)}, which are no pictures",
                    where=path,
                    fix="Save pictures as [samples, height, width, 3], and what is none as float32.",
                )
        else:
            check_shape(shape, port, str(path))
        if array.shape[0] * max(1, int(np.prod(shape, dtype=np.float64))) > _LARGEST_ARRAY:
            raise ConfigError(f"holds an array of {list(array.shape)}", where=path)
    return Arrays(stored, are_pictures, 0, count)


def _read_classes(path: Path, stored: StoredArray, count: int, annotated: AnnotatedModel) -> tuple[int, ...] | None:
    name = (stored.entry or "").removesuffix(".npy")
    if stored.shape[0] != count:
        raise ConfigError(
            f"holds {counted(count, 'sample')} and {counted(stored.shape[0], 'class/classes')} ({name})",
            where=path,
            fix="Save one class a sample.",
        )
    size = int(np.prod(stored.shape[1:], dtype=np.float64))
    is_whole = np.dtype(stored.dtype).kind in "biuU"
    if size != 1 or not is_whole:
        if annotated.task.answer is not AnswerKind.CLASSES:
            return None  # what a regression, say, is to give
        raise ConfigError(
            f"its array {name!r} {list(stored.shape)} of {np.dtype(stored.dtype)} is not one class a sample",
            where=path,
            fix="Save the number of each sample's class, np.argmax(y, axis=1) of one-hot ones.",
        )
    with ExitStack() as stack:
        stream = stored.open(stack)
        stream.seek(stored.offset)
        dtype = np.dtype(stored.dtype)
        data = stream.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise ConfigError("ends in the middle of an array", where=path)
    values: Array = np.frombuffer(data, dtype)
    if dtype.kind == "U":
        return _classes_of(
            [str(value) for value in values], [f"{path} (sample {i})" for i in range(count)], annotated
        )
    most = len(annotated.labels)
    wrong = np.flatnonzero((values < 0) | (values >= most) if most else values < 0)
    if wrong.size:
        raise ConfigError(
            f"sample {wrong[0]} has the class {values[wrong[0]]}"
            + (f", and {annotated.model.path} has {counted(most, 'label')}" if most else ""),
            where=path,
            fix=f"Classes are numbers from 0 to {most - 1}." if most else "Classes are numbers from 0.",
        )
    return tuple(map(int, values))


# --- csv ----------------------------------------


def _read_csv(path: Path, annotated: AnnotatedModel) -> Dataset:
    with open_file(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        first = text.readline()
        delimiter = max(",;\t", key=first.count)
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        reader = csv.reader(text, delimiter=delimiter)
        rows: list[list[str]] = []
        lines: list[int] = []
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = reader.line_num + 1
            if len(row) != len(header):
                raise ConfigError(
                    f"has {counted(len(row), 'cell')}, and the header {len(header)}", where=f"{path}:{line}"
                )
            rows.append(row)
            lines.append(line)
    if not rows:
        raise ConfigError("holds no samples", where=path, fix="Write a header, and a line a sample below it.")
    columns = [name.lower() for name in header]
    label = next((columns.index(name) for name in _LABEL_COLUMNS if name in columns), None)
    file_column = next((columns.index(name) for name in _FILE_COLUMNS if name in columns), None)
    wheres = [f"{path}:{line}" for line in lines]
    classes = None
    if label is not None:
        classes = _classes_of([row[label].strip() for row in rows], wheres, annotated)
    source: Source
    if file_column is not None:
        source = _files_of([row[file_column].strip() for row in rows], wheres, path, annotated)
    elif _TEXT_COLUMN in columns:
        if annotated.task.input is not InputKind.TEXT:
            raise misfit("texts", annotated, path)
        index = columns.index(_TEXT_COLUMN)
        source = Texts(path, tuple(lines), tuple(row[index] for row in rows))
    else:
        source = _rows_of(rows, lines, [index for index in range(len(header)) if index != label], path, annotated)
    return Dataset(path, source, classes)


def _files_of(names: Sequence[str], wheres: Sequence[str], path: Path, annotated: AnnotatedModel) -> Files:
    kind = annotated.task.input
    if kind is InputKind.TENSORS:
        raise misfit("files", annotated, path)
    for name, where in zip(names, wheres, strict=True):
        if not name or not (path.parent / name).is_file():
            raise ConfigError(
                f"names no file: {path.parent / name} is not there" if name else "names no file",
                where=where,
                fix="The files of a csv are relative to its own folder.",
            )
    return Files(path.parent, tuple(names), kind)


def _rows_of(
    rows: Sequence[Sequence[str]], lines: Sequence[int], columns: Sequence[int], path: Path, annotated: AnnotatedModel
) -> Rows:
    if len(annotated.inputs) != 1 or annotated.task.input in (InputKind.AUDIO, InputKind.TEXT):
        raise misfit("numbers", annotated, path)
    if not columns:
        raise ConfigError("has no column of samples", where=path, fix="Name one path, or write columns of numbers.")
    values = []
    for row, line in zip(rows, lines, strict=True):
        try:
            values.append(tuple(float(row[index]) for index in columns))
        except ValueError:
            cell = next(row[index] for index in columns if not _is_number(row[index]))
            raise ConfigError(
                f"{cell!r} is no number",
                where=f"{path}:{line}",
                fix="Columns are of numbers, but for one of classes that is called label; or name a column path.",
            ) from None
    check_shape((len(columns),), annotated.inputs[0], str(path))
    return Rows(path, tuple(lines), tuple(values))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- classes ----------------------------------------


def _classes_of(texts: Sequence[str], wheres: Sequence[str], annotated: AnnotatedModel) -> tuple[int, ...]:
    """Each a label, or the number of one; where the model has no labels, a number, or its place among all sorted."""
    labels = annotated.labels
    are_numbers = all(text.isdecimal() for text in texts)
    if not labels and not are_numbers:
        labels = tuple(sorted(set(texts)))
    numbers = {label: number for number, label in reversed(list(enumerate(labels)))}
    classes = []
    for text, where in zip(texts, wheres, strict=True):
        number = numbers.get(text)
        if number is None and text.isdecimal() and (not labels or int(text) < len(labels)):
            number = int(text)
        if number is None:
            raise ConfigError(
                f"its class {text!r} is none of the {counted(len(labels), 'label')} of {annotated.model.path}",
                where=where,
                fix=f"The labels are: {_listed(labels)}; a number from 0 to {len(labels) - 1} does too.",
            )
        classes.append(number)
    return tuple(classes)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
