"""What a data set is: samples that are read when they are asked for, and what is true of each."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.dataset.items import ArraysItem, Item, PictureItem, SoundItem, TextItem, misfit, reading
from packager.dataset.truth import TrueBoxes
from packager.errors import ConfigError
from packager.golden.pictures import load_picture
from packager.reading import open_file, read_file
from packager.tasks import InputKind
from packager.tasks.kinds import Array

# A text of a data set; no tokenizer reads so far.
_LONGEST_TEXT = 1 << 24


class Source(ABC):
    """Where the samples come from; frozen, and small where it goes to another process."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def read(self, indices: Sequence[int]) -> Iterable[Item]:
        """The samples of these numbers, one after the other.

        Raises:
            ConfigError: one cannot be read.
        """

    @abstractmethod
    def part(self, start: int, stop: int) -> Source:
        """Those from ``start`` up to ``stop``."""


@dataclass(frozen=True)
class Files(Source):
    """A file a sample: pictures, .wav or .txt, as ``kind`` says; ``names`` are relative to ``folder``."""

    folder: Path
    names: tuple[str, ...] = field(repr=False)
    kind: InputKind

    def __len__(self) -> int:
        """How many there are."""
        return len(self.names)

    def read(self, indices: Sequence[int]) -> Iterable[Item]:
        """The files of these numbers, each read when it comes."""
        for index in indices:
            path = self.folder / self.names[index]
            with reading(path):
                item = self._read(path)
            yield item

    def _read(self, path: Path) -> Item:
        match self.kind:
            case InputKind.IMAGE:
                return PictureItem(str(path), load_picture(path))
            case InputKind.TEXT:
                return TextItem(str(path), read_file(path, _LONGEST_TEXT).decode("utf-8-sig").strip())
            case _:
                return SoundItem(str(path), path)

    def part(self, start: int, stop: int) -> Files:
        """Fewer names."""
        return replace(self, names=self.names[start:stop])


@dataclass(frozen=True)
class StoredArray:
    """An array [samples, …] in an .npy, or the ``entry`` of an .npz; C order, so that a sample is a piece of it."""

    path: Path
    entry: str | None
    shape: tuple[int, ...]
    dtype: str
    offset: int

    def open(self, stack: ExitStack) -> IO[bytes]:
        """The stream that holds it."""
        file = stack.enter_context(open_file(self.path))
        if self.entry is None:
            return file
        return stack.enter_context(stack.enter_context(zipfile.ZipFile(file)).open(self.entry))

    def read(self, stream: IO[bytes], index: int) -> Array:
        """Sample ``index`` of it."""
        dtype, shape = np.dtype(self.dtype), self.shape[1:]
        count = int(np.prod(shape, dtype=np.int64))
        stream.seek(self.offset + index * count * dtype.itemsize)
        data = stream.read(count * dtype.itemsize)
        if len(data) < count * dtype.itemsize:
            raise ConfigError("ends in the middle of an array", where=self.path)
        return np.frombuffer(data, dtype).reshape(shape)


@dataclass(frozen=True)
class Arrays(Source):
    """The arrays of an .npy or .npz, one an input; ``are_pictures`` where they are pixels."""

    stored: tuple[StoredArray, ...]
    are_pictures: bool
    first: int
    count: int

    def __len__(self) -> int:
        """How many there are."""
        return self.count

    def read(self, indices: Sequence[int]) -> Iterable[Item]:
        """These samples, of pictures or as they are."""
        path = self.stored[0].path
        with ExitStack() as stack:
            with reading(path):
                streams = [array.open(stack) for array in self.stored]
            for index in indices:
                where = f"{path} (sample {self.first + index})"
                with reading(where):
                    arrays = tuple(
                        array.read(stream, self.first + index)
                        for array, stream in zip(self.stored, streams, strict=True)
                    )
                    item: Item = (
                        PictureItem(where, _to_picture(arrays[0])) if self.are_pictures else ArraysItem(where, arrays)
                    )
                yield item

    def part(self, start: int, stop: int) -> Arrays:
        """The same file, and fewer of its samples."""
        return replace(self, first=self.first + start, count=stop - start)


def _to_picture(pixels: Array) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels)


@dataclass(frozen=True)
class Rows(Source):
    """Numbers of a csv [samples, columns], the row of each for the one input of a model."""

    path: Path
    lines: tuple[int, ...] = field(repr=False)
    values: tuple[tuple[float, ...], ...] = field(repr=False)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.lines)

    def read(self, indices: Sequence[int]) -> Iterable[Item]:
        """These rows."""
        for index in indices:
            yield ArraysItem(f"{self.path}:{self.lines[index]}", (np.array(self.values[index]),))

    def part(self, start: int, stop: int) -> Rows:
        """Fewer rows."""
        return replace(self, lines=self.lines[start:stop], values=self.values[start:stop])


@dataclass(frozen=True)
class Texts(Source):
    """The texts of a csv."""

    path: Path
    lines: tuple[int, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.lines)

    def read(self, indices: Sequence[int]) -> Iterable[Item]:
        """These texts."""
        return (TextItem(f"{self.path}:{self.lines[index]}", self.texts[index]) for index in indices)

    def part(self, start: int, stop: int) -> Texts:
        """Fewer texts."""
        return replace(self, lines=self.lines[start:stop], texts=self.texts[start:stop])


@dataclass(frozen=True)
class Dataset:
    """Samples, and the class of each: its place among the model's labels, or among the sorted names of the classes.

    ``classes`` is None where the data do not tell; so are ``boxes``, the objects in each picture, and ``masks``, the
    file of each. Samples are read when they are asked for, so a data set may be of a million pictures, and goes to
    other processes; ``part`` makes it smaller for that.
    """

    path: Path
    source: Source
    classes: tuple[int, ...] | None = field(default=None, repr=False)
    boxes: tuple[TrueBoxes, ...] | None = field(default=None, repr=False)
    masks: tuple[str, ...] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.source)

    def part(self, start: int, stop: int) -> Dataset:
        """The samples from ``start`` up to ``stop``, which then count from 0."""
        return replace(
            self,
            source=self.source.part(start, stop),
            classes=None if self.classes is None else self.classes[start:stop],
            boxes=None if self.boxes is None else self.boxes[start:stop],
            masks=None if self.masks is None else self.masks[start:stop],
        )

    def items(self, indices: Sequence[int]) -> Iterable[Item]:
        """The samples of these numbers as they are, for several models to take.

        Raises:
            ConfigError: one cannot be read.
        """
        return self.source.read(indices)

    def tensors(self, annotated: AnnotatedModel, indices: Sequence[int]) -> list[tuple[Array, ...]]:
        """What goes into this model: for each sample a tensor for each input, of its own shape and dtype.

        Raises:
            ConfigError: a sample cannot be read, or does not fit the model.
        """
        return [item.tensors(annotated) for item in self.items(indices)]

    def values(self, annotated: AnnotatedModel, indices: Sequence[int]) -> list[tuple[Array, ...]]:
        """The same as real values of the same shapes: what a Keras model takes, or a representative dataset holds.

        float32; an input of integers that are not quantized, such as numbers of tokens, has its own type.

        Raises:
            ConfigError: as ``tensors``.
        """
        return [item.values(annotated) for item in self.items(indices)]


def check_kind(kind: InputKind, annotated: AnnotatedModel, where: Path) -> None:
    """Refuse files of another kind than the model takes.

    Raises:
        ConfigError: they are.
    """
    if annotated.task.input is not kind:
        what = {InputKind.IMAGE: "pictures", InputKind.AUDIO: "sounds", InputKind.TEXT: "texts"}[kind]
        raise misfit(what, annotated, where)


_HEADERS: dict[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_stored(path: Path, entry: str | None) -> StoredArray:
    """What the header of an .npy, or of the ``entry`` of an .npz, says; ``reading`` is around it.

    Raises:
        ConfigError: it is an array that cannot be read sample by sample.
    """
    name = "" if entry is None else f"its array {entry.removesuffix('.npy')!r} "
    with ExitStack() as stack:
        if entry is not None:
            with open_file(path) as file, zipfile.ZipFile(file) as archive:
                method = archive.getinfo(entry).compress_type
            if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # Python unpacks other methods without a bound.
                raise ConfigError(f"{name}is packed in an unusual way", where=path, fix="Save it by np.savez.")
        stream = StoredArray(path, entry, (), "f4", 0).open(stack)
        version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
        if version not in _HEADERS:
            raise ConfigError(f"{name}holds records, not numbers", where=path)
        shape, is_fortran, dtype = _HEADERS[version](stream)
        if dtype.kind not in "biufU":
            raise ConfigError(
                f"{name}holds {dtype}, not numbers", where=path, fix="Save arrays of numbers by np.savez."
            )
        if not shape:
            raise ConfigError(f"{name}holds a single number", where=path, fix="Save an array [samples, …].")
        if is_fortran and len(shape) > 1:
            raise ConfigError(
                f"{name}is in Fortran order", where=path, fix="Save np.ascontiguousarray of it by np.savez."
            )
        return StoredArray(path, entry, shape, dtype.str, stream.tell())
