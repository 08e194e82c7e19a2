"""Building the metadata FlatBuffer: a writer's objects for what is new, merged over what is there."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packager.errors import MetadataError
from packager.metadata.annotation import Annotation, TensorSpec
from packager.metadata.labels import label_file
from packager.metadata.plan import ROLES, Plan
from packager.metadata.reader import read_files
from packager.metadata.schema import (
    TABLES,
    AssociatedFileType,
    BoundingBoxType,
    ColorSpaceType,
    ContentProperties,
    CoordinateType,
    ProcessUnitOptions,
    finish_metadata,
    unpack_metadata,
)
from packager.metadata.ultralytics import LITERAL_NAME, find_literal
from packager.metadata.view import CUSTOM_METADATA_NAME, EXACT_LABELS_SUFFIX
from packager.metadata.writers import MetadataWriter
from packager.model import Model, Tensor
from packager.model.flatbuffer import FlatBufferError
from packager.tasks import Head, InputKind
from packager.tasks.heads import image_layout

_DETECTION_GROUP = "detection_result"
_TOKENIZERS = (
    ProcessUnitOptions.RegexTokenizerOptions,
    ProcessUnitOptions.BertTokenizerOptions,
    ProcessUnitOptions.SentencePieceTokenizerOptions,
)


class MetadataBuilder:
    """Merges a plan over the metadata in the model, in the schema's Python objects (``ModelMetadataT``…)."""

    def __init__(self, writer: MetadataWriter, model: Model, annotation: Annotation, plan: Plan) -> None:
        """Keep what ``build`` works on."""
        self._writer = writer
        self._objects = writer.objects
        self._model = model
        self._annotation = annotation
        self._plan = plan
        self._new_files: dict[str, bytes] = {}

    def build(self) -> tuple[bytes, dict[str, bytes]]:
        """The metadata FlatBuffer, and all files that belong to it by name.

        Raises:
            MetadataError: the metadata in the model is damaged.
        """
        metadata = self._unpack()
        before, packed = _file_names(metadata), read_files(self._model)
        if not metadata.subgraphMetadata:
            metadata.subgraphMetadata = [self._objects.SubGraphMetadataT()]
        graph = metadata.subgraphMetadata[0]
        self._set_general(metadata)
        self._disown_literal(metadata, packed)
        plan, given = self._plan, self._annotation
        graph.inputTensorMetadata = self._tensors(
            graph.inputTensorMetadata, self._model.inputs, plan.input_roles, given.inputs
        )
        graph.outputTensorMetadata = self._tensors(
            graph.outputTensorMetadata, self._model.outputs, plan.output_roles, given.outputs
        )
        if plan.labelled is not None:
            self._set_labels(metadata, graph.outputTensorMetadata[plan.labelled])
        if plan.task.input is InputKind.TEXT:
            self._set_tokenizer(metadata, graph)
        if plan.head is Head.SSD:
            self._set_group(graph)
        self._set_own_entry(graph)
        gone = before - _file_names(metadata)
        kept = {name: data for name, data in packed.items() if name not in gone}
        return self._pack(metadata), kept | self._new_files

    def _unpack(self) -> Any:
        buffer = self._model.metadata_buffer
        if buffer is None:
            return self._objects.ModelMetadataT()
        try:
            return unpack_metadata(buffer, self._objects)
        except (FlatBufferError, struct.error) as error:
            raise MetadataError(f"its metadata is damaged: {error}", where=self._model.path) from None

    def _pack(self, metadata: Any) -> bytes:
        metadata.minParserVersion = None
        metadata.minParserVersion = self._writer.minimum_parser_version(metadata)
        return finish_metadata(metadata)

    def _disown_literal(self, metadata: Any, packed: Mapping[str, bytes]) -> None:
        """Take what Ultralytics wrote as a list of labels for none, and leave it in the model."""
        if find_literal(packed):
            for file in _associated_files(metadata):
                if file.name == LITERAL_NAME:
                    file.type = AssociatedFileType.UNKNOWN

    def _set_general(self, metadata: Any) -> None:
        for field in ("name", "version", "description", "author", "license"):
            given, kept = getattr(self._annotation, field), getattr(metadata, field)
            # What another tool says elsewhere goes in as well.
            kept = kept or getattr(self._plan.old, field) or kept
            setattr(metadata, field, kept if given is None else given)

    def _tensors(
        self, old: list[Any] | None, tensors: Sequence[Tensor], roles: Sequence[str], specs: Sequence[TensorSpec]
    ) -> list[Any]:
        # Readers refuse metadata of another number of tensors than the model has.
        described = (old or [])[: len(tensors)]
        described += [self._objects.TensorMetadataT() for _ in tensors[len(described) :]]
        for index, (item, tensor, role) in enumerate(zip(described, tensors, roles, strict=True)):
            spec = specs[index] if index < len(specs) else TensorSpec()
            self._merge(item, self._fresh(role, tensor), role, spec)
        return described

    def _fresh(self, role: str, tensor: Tensor) -> Any:
        """The metadata of a tensor of which nothing is known but its role."""
        plan, (name, description) = self._plan, ROLES[role]
        if role == "image":
            layout = image_layout(tensor)
            is_gray = layout is not None and layout.channels == 1
            return self._writer.image(name, description, plan.mean, plan.std, is_gray=is_gray, dtype=tensor.dtype)
        if role == "audio":
            return self._writer.audio(name, description, plan.sample_rate, plan.audio_channels)
        if role == "classes":
            return self._writer.classes(name, description, tensor.dtype)
        fresh = self._writer.tensor(name, description)
        content = fresh.content
        if role == "mask":
            content.contentPropertiesType = ContentProperties.ImageProperties
            content.contentProperties = self._objects.ImagePropertiesT()
            content.contentProperties.colorSpace = ColorSpaceType.GRAYSCALE
            content.range = self._dimensions(1, 2)
        if role == "location":
            content.contentPropertiesType = ContentProperties.BoundingBoxProperties
            boxes = content.contentProperties = self._objects.BoundingBoxPropertiesT()
            boxes.index = [1, 0, 3, 2]  # where left, top, right and bottom stand in a box
            boxes.type, boxes.coordinateType = BoundingBoxType.BOUNDARIES, CoordinateType.RATIO
        if role in ("location", "category", "score"):
            content.range = self._dimensions(2, 2)
        return fresh

    def _dimensions(self, first: int, last: int) -> Any:
        dimensions = self._objects.ValueRangeT()
        dimensions.min, dimensions.max = first, last
        return dimensions

    def _merge(self, old: Any, fresh: Any, role: str, spec: TensorSpec) -> None:
        old.name = (old.name or fresh.name or None) if spec.name is None else spec.name
        if spec.description is None:
            old.description = old.description or fresh.description or None
        else:
            old.description = spec.description
        is_known = old.content is not None and old.content.contentProperties is not None
        if not is_known or (role and old.content.contentPropertiesType != fresh.content.contentPropertiesType):
            old.content = fresh.content
        elif role in ("image", "audio"):
            for field, value in vars(fresh.content.contentProperties).items():
                if value is not None:
                    setattr(old.content.contentProperties, field, value)
        for unit in fresh.processUnits or ():
            _replace_unit(old, unit)

        given = self._annotation
        renormalized = role == "image" and (given.mean is not None or given.std is not None)
        if renormalized or old.stats is None or (old.stats.min is None and old.stats.max is None):
            old.stats = fresh.stats
        if spec.minimum is not None:
            old.stats.min = list(spec.minimum)
        if spec.maximum is not None:
            old.stats.max = list(spec.maximum)

    def _set_labels(self, metadata: Any, tensor: Any) -> None:
        label_kinds = (AssociatedFileType.TENSOR_AXIS_LABELS, AssociatedFileType.TENSOR_VALUE_LABELS)
        for file, labels in self._plan.labels:
            old = list(tensor.associatedFiles or ())
            replaced = [item for item in old if item.type in label_kinds and (item.locale or "") == file.locale]
            exact_names = {(item.name or "") + EXACT_LABELS_SUFFIX for item in replaced}
            gone = {id(item) for item in old if item.name in exact_names} | {id(item) for item in replaced}
            kept = [item for item in old if id(item) not in gone]
            tensor.associatedFiles = kept
            name = _free_name(metadata, file.canonical_name)

            entry = self._writer.label_file(name, file.locale or None)
            if self._plan.labels_values:
                entry.type = AssociatedFileType.TENSOR_VALUE_LABELS
            entries = [entry]
            self._new_files[name], exact = label_file(labels)
            if exact is not None:
                exact_name = name + EXACT_LABELS_SUFFIX
                what = f"The labels of {name} with their line breaks, as a JSON array."
                entries.append(self._writer.associated_file(exact_name, what))
                self._new_files[exact_name] = exact
            # In the old one's place; default labels go first, since other readers take the first file for them.
            first = next((item for item in (old if not file.locale else replaced) if item.type in label_kinds), None)
            before = old if first is None else old[: old.index(first)]
            place = sum(id(item) not in gone for item in before)
            tensor.associatedFiles = kept[:place] + entries + kept[place:]

    def _set_tokenizer(self, metadata: Any, graph: Any) -> None:
        """Write a new vocabulary, or a new delimiter, where tflite-support's writers do.

        WordPiece is of all inputs together; the tokenizer with a delimiter of the only one.
        """
        plan = self._plan
        if plan.vocabulary is None:
            for unit in (*(graph.inputTensorMetadata[0].processUnits or ()), *(graph.inputProcessUnits or ())):
                if unit.optionsType == ProcessUnitOptions.RegexTokenizerOptions:
                    unit.options.delimRegexPattern = plan.delimiter
            return
        owners = ((graph, "inputProcessUnits"), *((item, "processUnits") for item in graph.inputTensorMetadata))
        for owner, units in owners:
            kept = [unit for unit in getattr(owner, units) or () if unit.optionsType not in _TOKENIZERS]
            setattr(owner, units, kept or None)
        name = _free_name(metadata, "vocab.txt")
        self._new_files[name] = plan.vocabulary
        if plan.delimiter:
            tensor = graph.inputTensorMetadata[0]
            unit = self._writer.regex_tokenizer(plan.delimiter, name)
            tensor.processUnits = [*(tensor.processUnits or ()), unit]
        else:
            # MediaPipe takes the first for the tokenizer.
            unit = self._writer.bert_tokenizer(name)
            graph.inputProcessUnits = [unit, *(graph.inputProcessUnits or ())]

    def _set_group(self, graph: Any) -> None:
        """Say that boxes, categories and scores belong together, as tflite-support's detector writer does."""
        names = dict(zip(self._plan.output_roles, (item.name for item in graph.outputTensorMetadata), strict=True))
        groups = graph.outputTensorGroups = graph.outputTensorGroups or []
        group = next((item for item in groups if item.name == _DETECTION_GROUP), None)
        if group is None:
            if groups:
                return  # another tool's grouping stays
            group = self._objects.TensorGroupT()
            group.name = _DETECTION_GROUP
            groups.append(group)
        group.tensorNames = [names["location"], names["category"], names["score"]]

    def _set_own_entry(self, graph: Any) -> None:
        value = {"task": self._plan.task, **dict(self._plan.settings)}
        entries = graph.customMetadata = graph.customMetadata or []
        entry = next((item for item in entries if item.name == CUSTOM_METADATA_NAME), None)
        if entry is None:
            entry = self._objects.CustomMetadataT()
            entry.name = CUSTOM_METADATA_NAME
            entries.append(entry)
        entry.data = list(json.dumps(value, sort_keys=True).encode())


def _associated_files(value: Any) -> Iterator[Any]:
    """Every AssociatedFileT in an object tree, those of tokenizers included."""
    if isinstance(value, list):
        for item in value:
            yield from _associated_files(item)
        return
    table = type(value).__name__.removesuffix("T")
    if table == "AssociatedFile":
        yield value
    for name, _ in TABLES.get(table, ()):
        yield from _associated_files(getattr(value, name))


def _file_names(metadata: Any) -> set[str]:
    return {file.name for file in _associated_files(metadata) if file.name}


def _free_name(metadata: Any, name: str) -> str:
    """``name``, or one like it where another part of the metadata has a file of that name."""
    taken = _file_names(metadata)
    stem, _, suffix = name.rpartition(".")
    number, free = 1, name
    while free in taken or free + EXACT_LABELS_SUFFIX in taken:
        number += 1
        free = f"{stem}-{number}.{suffix}"
    return free


def _replace_unit(tensor: Any, unit: Any) -> None:
    units = tensor.processUnits = tensor.processUnits or []
    for index, old in enumerate(units):
        if old.optionsType == unit.optionsType:
            units[index] = unit
            return
    units.append(unit)
