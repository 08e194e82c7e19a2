"""Reading a model's metadata. Slots of fields are given by number; ``schema`` has their names."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args, get_type_hints

from packager.errors import MetadataError
from packager.metadata.schema import IDENTIFIER, AssociatedFileType, ProcessUnitOptions
from packager.metadata.ultralytics import with_export
from packager.metadata.view import (
    CUSTOM_METADATA_NAME,
    EXACT_LABELS_SUFFIX,
    LABEL_KINDS,
    OWN_SETTINGS,
    AssociatedFile,
    ModelMetadata,
    TensorMetadata,
    TokenizerMetadata,
    count_labels,
    find_out_of_range,
)
from packager.model import Model
from packager.model.archive import ArchiveError
from packager.model.flatbuffer import FlatBufferError, Table
from packager.model.reader import open_archive
from packager.tasks import Task

_PACK_AGAIN = "Download it again, or attach the files to the model that it was made from."

# What the label files of a model may hold, counted as often as they are named: their bytes, and what Python takes for
# a label beside its text. A hundred thousand landmarks in six languages fit.
_MAX_LABELS = 32 << 20
_LABEL_BYTES = 16

_FILE_KINDS = tuple(kind.name for kind in AssociatedFileType)
_CONTENTS = ("", "feature", "image", "bounding_boxes", "audio")
_COLOR_SPACES = ("", "RGB", "GRAYSCALE")
# The tokenizers by their number among the options of a process unit, with the slot of the file that each cannot do
# without; and that of the regular expression.
_TOKENIZERS: Mapping[int, tuple[str, int]] = {
    ProcessUnitOptions.BertTokenizerOptions: ("bert", 0),
    ProcessUnitOptions.SentencePieceTokenizerOptions: ("sentencepiece", 0),
    ProcessUnitOptions.RegexTokenizerOptions: ("regex", 1),
}
_DELIMITER_SLOT = 0


def read_metadata(model: Model, *, lenient: bool = False) -> ModelMetadata | None:
    """The metadata in ``model``, or None where it carries none.

    What this tool wrote counts, else what Ultralytics did, else what can be told from tflite-support's.

    Args:
        model: the model.
        lenient: leave out what Ultralytics wrote where it is damaged or of no task here, instead of refusing it.

    Raises:
        MetadataError: the metadata is there and is damaged, or a model of Ultralytics' is of no task here.
    """
    metadata, is_ours = None, False
    try:
        files = read_files(model)
    except MetadataError:
        if model.metadata_buffer is None:
            return None  # whatever that archive is
        raise
    if model.metadata_buffer is not None:
        metadata, is_ours = _read(model, files)
    if not is_ours:
        metadata = with_export(model, metadata or ModelMetadata(), files, lenient=lenient) or metadata
    if metadata is None:
        return None
    return replace(metadata, outputs=tuple(_with_classes(metadata, model)))


def _read(model: Model, files: Mapping[str, bytes]) -> tuple[ModelMetadata, bool]:
    """The metadata of tflite-support's form, and whether this tool wrote them."""
    assert model.metadata_buffer is not None
    if model.metadata_buffer[4:8] != IDENTIFIER:
        raise MetadataError("its metadata is not of the format that tflite-support writes", where=model.path)
    try:
        return _parse(Table.root(model.metadata_buffer), _Packed(files))
    except (FlatBufferError, struct.error, ValueError, RecursionError) as error:
        raise MetadataError(f"its metadata is damaged: {error}", where=model.path) from None


def _with_classes(metadata: ModelMetadata, model: Model) -> Iterator[TensorMetadata]:
    # Label files do not tell how many classes there are.
    for index, item in enumerate(metadata.outputs):
        if index < len(model.outputs):
            classes = count_labels(model, index, metadata.task, metadata.head, metadata.points)
            yield replace(item, classes=classes)
        else:
            yield item


def read_files(model: Model) -> dict[str, bytes]:
    """The files packed into ``model``, by name, in the order of the archive; empty where there are none.

    Raises:
        MetadataError: the archive is damaged, or is packed so as to do harm.
    """
    archive = open_archive(model.data)
    try:
        return {} if archive is None else archive.unpack()
    except ArchiveError as error:
        raise MetadataError(str(error), where=model.path, fix=_PACK_AGAIN) from None


class _Packed:
    """The files in the archive, and how much of the label files among them may still be named."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._left = _MAX_LABELS

    def get(self, name: str, kind: str) -> bytes | None:
        """The content of a file that the metadata names; None for one that is lost."""
        if kind in LABEL_KINDS:
            for file, separator in ((name, b"\n"), (name + EXACT_LABELS_SUFFIX, b",")):
                labels = self._files.get(file, b"")
                self._left -= len(labels)
                if self._left >= 0:  # so that no more than what was left is ever counted
                    self._left -= _LABEL_BYTES * labels.count(separator)
            if self._left < 0:
                raise FlatBufferError(f"it names label files of more than {_MAX_LABELS:,} bytes in all")
        return self._files.get(name)


def _parse(root: Table, data: _Packed) -> tuple[ModelMetadata, bool]:
    graph = next(root.tables(3), None)
    inputs = () if graph is None else tuple(_tensor(table, data) for table in graph.tables(2))
    outputs = () if graph is None else tuple(_tensor(table, data) for table in graph.tables(3))
    own = {} if graph is None else _own_entry(graph)
    task = own.pop("task", None)
    is_ours = task is not None
    tokenizer = None if graph is None else _tokenizer(graph, 5, data)
    metadata = ModelMetadata(
        name=root.string(0) or "",
        description=root.string(1) or "",
        version=root.string(2) or "",
        author=root.string(4) or "",
        license=root.string(5) or "",
        min_parser_version=root.string(7) or "",
        task=task or _infer_task(inputs, outputs, tokenizer),
        tokenizer=tokenizer,
        inputs=inputs,
        outputs=outputs,
        files=_files(root, 6, data) + (() if graph is None else _files(graph, 4, data)),
        **own,
    )
    return metadata, is_ours


def _own_entry(graph: Table) -> dict[str, Any]:
    """The task and the ``OWN_SETTINGS`` that this tool wrote; other keys are those of versions to come."""
    for entry in graph.tables(9):
        blob = entry.blob(1)
        if entry.string(0) == CUSTOM_METADATA_NAME and blob is not None:
            value = json.loads(entry.data[blob[0] : blob[0] + blob[1]])
            if not isinstance(value, dict):
                raise FlatBufferError(f"its entry {CUSTOM_METADATA_NAME} is no JSON object")
            hints = get_type_hints(ModelMetadata)
            return {key: _own_value(key, value[key], hints[key]) for key in ("task", *OWN_SETTINGS) if key in value}
    return {}


def _own_value(key: str, value: Any, kind: Any) -> Any:
    """``value`` as the field ``key`` of ModelMetadata, whose type is ``kind``, has it."""
    kind = next((item for item in get_args(kind) if item is not type(None)), kind)
    if issubclass(kind, Task):
        return Task.named(value)
    if issubclass(kind, str):
        return kind(value)
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise FlatBufferError(f"its entry {CUSTOM_METADATA_NAME} has a {key} that is no number of its kind")
    wrong = find_out_of_range(key, value)
    if wrong is not None:
        raise FlatBufferError(f"its entry {CUSTOM_METADATA_NAME} has a {key} that {wrong}")
    return kind(value)


def _infer_task(
    inputs: tuple[TensorMetadata, ...], outputs: tuple[TensorMetadata, ...], tokenizer: TokenizerMetadata | None
) -> Task | None:
    """Metadata that other tools wrote names no task: an image in and one labelled output is a classifier."""
    labelled = bool(outputs) and outputs[0].labels() is not None
    if labelled and (tokenizer is not None or (len(inputs) == 1 and inputs[0].tokenizer is not None)):
        return Task.TEXT_CLASSIFICATION
    if len(inputs) != 1 or not outputs:
        return None
    if inputs[0].content == "audio" and labelled:
        return Task.AUDIO_CLASSIFICATION
    if inputs[0].content == "image":
        if len(outputs) == 1 and labelled and outputs[0].content != "image":
            return Task.IMAGE_CLASSIFICATION
        if len(outputs) == 1 and outputs[0].content == "image":
            return Task.IMAGE_SEGMENTATION
        if any(output.content == "bounding_boxes" for output in outputs):
            return Task.OBJECT_DETECTION
    return None


def _tensor(table: Table, data: _Packed) -> TensorMetadata:
    content = table.table(3)
    kind = 0 if content is None else content.scalar(0, "b")
    properties = None if content is None else content.table(1)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    for unit in table.tables(4):
        options = unit.table(1)
        if unit.scalar(0, "b") == ProcessUnitOptions.NormalizationOptions and options is not None:
            mean, std = options.scalars(0, "f"), options.scalars(1, "f")
    stats = table.table(5)
    color = properties.scalar(0, "b") if kind == 2 and properties is not None else 0
    audio = properties if kind == 4 else None
    return TensorMetadata(
        name=table.string(0) or "",
        description=table.string(1) or "",
        dimension_names=table.strings(2),
        content=_CONTENTS[kind] if 0 <= kind < len(_CONTENTS) else "",
        color_space=_COLOR_SPACES[color] if 0 <= color < len(_COLOR_SPACES) else "",
        sample_rate=0 if audio is None else audio.scalar(0, "I"),
        audio_channels=0 if audio is None else audio.scalar(1, "I"),
        mean=mean,
        std=std,
        minimum=() if stats is None else stats.scalars(1, "f"),
        maximum=() if stats is None else stats.scalars(0, "f"),
        tokenizer=_tokenizer(table, 4, data),
        files=_files(table, 6, data),
    )


def _tokenizer(table: Table, slot: int, data: _Packed) -> TokenizerMetadata | None:
    """The first tokenizer among the process units in that slot."""
    for unit in table.tables(slot):
        kind, file_slot = _TOKENIZERS.get(unit.scalar(0, "b"), ("", 0))
        options = unit.table(1)
        if kind and options is not None:
            delimiter = (options.string(_DELIMITER_SLOT) or "") if kind == "regex" else ""
            # tflite-support, too, takes the first file.
            return TokenizerMetadata(kind, delimiter, next(iter(_files(options, file_slot, data)), None))
    return None


def _files(table: Table, slot: int, data: _Packed) -> tuple[AssociatedFile, ...]:
    files = []
    for item in table.tables(slot):
        name = item.string(0) or ""
        code = item.scalar(2, "b")
        kind = _FILE_KINDS[code] if 0 <= code < len(_FILE_KINDS) else "UNKNOWN"
        files.append(
            AssociatedFile(
                name=name,
                description=item.string(1) or "",
                kind=kind,
                locale=item.string(3) or "",
                data=data.get(name, kind),
            )
        )
    return tuple(files)
