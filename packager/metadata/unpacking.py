"""From a metadata FlatBuffer to tflite-support's objects, every offset checked.

Its own ``InitFromObj`` believes what it reads: offsets that share what they point to made 9 KB into 8 GB of objects.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from packager.model.flatbuffer import Table

# tflite-support's metadata_schema.fbs: the fields of each table in the order of their slots, under the names that
# the Python objects give them. A scalar is a ``struct`` character, a vector stands in brackets, and a union, whose
# type is the field before it, lists its tables. A test compares this with what InitFromObj makes.
_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "AssociatedFile": (
        ("name", "string"),
        ("description", "string"),
        ("type", "b"),
        ("locale", "string"),
        ("version", "string"),
    ),
    "FeatureProperties": (),
    "ImageSize": (("width", "I"), ("height", "I")),
    "ImageProperties": (("colorSpace", "b"), ("defaultSize", "ImageSize")),
    "AudioProperties": (("sampleRate", "I"), ("channels", "I")),
    "BoundingBoxProperties": (("index", "[I]"), ("type", "b"), ("coordinateType", "b")),
    "ValueRange": (("min", "i"), ("max", "i")),
    "Content": (
        ("contentPropertiesType", "B"),
        ("contentProperties", "FeatureProperties|ImageProperties|BoundingBoxProperties|AudioProperties"),
        ("range", "ValueRange"),
    ),
    "NormalizationOptions": (("mean", "[f]"), ("std", "[f]")),
    "ScoreCalibrationOptions": (("scoreTransformation", "b"), ("defaultScore", "f")),
    "ScoreThresholdingOptions": (("globalScoreThreshold", "f"),),
    "BertTokenizerOptions": (("vocabFile", "[AssociatedFile]"),),
    "SentencePieceTokenizerOptions": (("sentencePieceModel", "[AssociatedFile]"), ("vocabFile", "[AssociatedFile]")),
    "RegexTokenizerOptions": (("delimRegexPattern", "string"), ("vocabFile", "[AssociatedFile]")),
    "ProcessUnit": (
        ("optionsType", "B"),
        (
            "options",
            "NormalizationOptions|ScoreCalibrationOptions|ScoreThresholdingOptions|BertTokenizerOptions|"
            "SentencePieceTokenizerOptions|RegexTokenizerOptions",
        ),
    ),
    "Stats": (("max", "[f]"), ("min", "[f]")),
    "TensorGroup": (("name", "string"), ("tensorNames", "[string]")),
    "TensorMetadata": (
        ("name", "string"),
        ("description", "string"),
        ("dimensionNames", "[string]"),
        ("content", "Content"),
        ("processUnits", "[ProcessUnit]"),
        ("stats", "Stats"),
        ("associatedFiles", "[AssociatedFile]"),
    ),
    "CustomMetadata": (("name", "string"), ("data", "[B]")),
    "SubGraphMetadata": (
        ("name", "string"),
        ("description", "string"),
        ("inputTensorMetadata", "[TensorMetadata]"),
        ("outputTensorMetadata", "[TensorMetadata]"),
        ("associatedFiles", "[AssociatedFile]"),
        ("inputProcessUnits", "[ProcessUnit]"),
        ("outputProcessUnits", "[ProcessUnit]"),
        ("inputTensorGroups", "[TensorGroup]"),
        ("outputTensorGroups", "[TensorGroup]"),
        ("customMetadata", "[CustomMetadata]"),
    ),
    "ModelMetadata": (
        ("name", "string"),
        ("description", "string"),
        ("version", "string"),
        ("subgraphMetadata", "[SubGraphMetadata]"),
        ("author", "string"),
        ("license", "string"),
        ("associatedFiles", "[AssociatedFile]"),
        ("minParserVersion", "string"),
    ),
}


def unpack_metadata(data: bytes, schema: ModuleType) -> Any:
    """The ``ModelMetadataT`` in ``data``, as ``InitFromObj`` makes it, but with str for bytes and lists for arrays.

    Custom data stays an array, because the flatbuffers package packs a list of a megabyte for a second.

    Args:
        data: the metadata FlatBuffer.
        schema: tflite-support's ``metadata_schema_py_generated``.

    Raises:
        FlatBufferError, struct.error: ``data`` is damaged, or describes more than it can hold.
    """
    return _unpack(Table.root(data), "ModelMetadata", schema)


def _unpack(table: Table, kind: str, schema: ModuleType) -> Any:
    made = getattr(schema, f"{kind}T")()
    for slot, (name, what) in enumerate(_TABLES[kind]):
        if table.field(slot) is None:
            continue
        if "|" in what:
            number, kinds = getattr(made, f"{name}Type"), what.split("|")
            value = _unpack_one(table, slot, kinds[number - 1], schema) if 0 < number <= len(kinds) else None
        elif what in _TABLES:
            value = _unpack_one(table, slot, what, schema)
        else:
            value = _vector(table, slot, what[1:-1], schema) if what[0] == "[" else _plain(table, slot, what)
        setattr(made, name, value)
    return made


def _unpack_one(table: Table, slot: int, kind: str, schema: ModuleType) -> Any:
    found = table.table(slot)
    return None if found is None else _unpack(found, kind, schema)


def _vector(table: Table, slot: int, what: str, schema: ModuleType) -> Any:
    if what == "B":
        return np.array(table.ints(slot, what), np.uint8)
    if what in _TABLES:
        return [_unpack(item, what, schema) for item in table.tables(slot)]
    return list(table.strings(slot) if what == "string" else table.scalars(slot, what))


def _plain(table: Table, slot: int, what: str) -> Any:
    return table.string(slot) if what == "string" else table.scalar(slot, what)
