"""The FlatBuffers schema of metadata: its tables, and the Python objects that they become and are packed from.

The field numbers, types and names are those of tflite-support's ``metadata_schema.fbs``. The objects are
tflite-support's own where there is that package, else those of ``OBJECTS`` here, which behave alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, ClassVar

from packager.model.flatbuffer import Table

IDENTIFIER = b"M001"


class AssociatedFileType(IntEnum):
    """What a file in the model is."""

    UNKNOWN = 0
    DESCRIPTIONS = 1
    TENSOR_AXIS_LABELS = 2
    TENSOR_VALUE_LABELS = 3
    TENSOR_AXIS_SCORE_CALIBRATION = 4
    VOCABULARY = 5
    SCANN_INDEX_FILE = 6


class ColorSpaceType(IntEnum):
    """The colours of a picture."""

    UNKNOWN = 0
    RGB = 1
    GRAYSCALE = 2


class BoundingBoxType(IntEnum):
    """What the four numbers of a box are."""

    UNKNOWN = 0
    BOUNDARIES = 1
    UPPER_LEFT = 2
    CENTER = 3


class CoordinateType(IntEnum):
    """What the numbers of a box count."""

    RATIO = 0
    PIXEL = 1


class ContentProperties(IntEnum):
    """The tables that a tensor's content may be, by their number in the union."""

    NONE = 0
    FeatureProperties = 1
    ImageProperties = 2
    BoundingBoxProperties = 3
    AudioProperties = 4


class ProcessUnitOptions(IntEnum):
    """The tables that a process unit may have, by their number in the union."""

    NONE = 0
    NormalizationOptions = 1
    ScoreCalibrationOptions = 2
    ScoreThresholdingOptions = 3
    BertTokenizerOptions = 4
    SentencePieceTokenizerOptions = 5
    RegexTokenizerOptions = 6


UNIONS: Mapping[str, type[IntEnum]] = {
    "ContentProperties": ContentProperties,
    "ProcessUnitOptions": ProcessUnitOptions,
}

# The fields of each table in the order of their slots, under the names that the Python objects give them. A scalar is
# a ``struct`` character, a vector stands in brackets, and a union follows the field with its number.
TABLES: Mapping[str, tuple[tuple[str, str], ...]] = {
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
        ("contentProperties", "ContentProperties"),
        ("range", "ValueRange"),
    ),
    "NormalizationOptions": (("mean", "[f]"), ("std", "[f]")),
    "ScoreCalibrationOptions": (("scoreTransformation", "b"), ("defaultScore", "f")),
    "ScoreThresholdingOptions": (("globalScoreThreshold", "f"),),
    "BertTokenizerOptions": (("vocabFile", "[AssociatedFile]"),),
    "SentencePieceTokenizerOptions": (("sentencePieceModel", "[AssociatedFile]"), ("vocabFile", "[AssociatedFile]")),
    "RegexTokenizerOptions": (("delimRegexPattern", "string"), ("vocabFile", "[AssociatedFile]")),
    "ProcessUnit": (("optionsType", "B"), ("options", "ProcessUnitOptions")),
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

# Bytes of a scalar, and what the methods of flatbuffers' builder call its type.
_SCALARS = {"b": (1, "Int8"), "B": (1, "Uint8"), "i": (4, "Int32"), "I": (4, "Uint32"), "f": (4, "Float32")}


class _Object:
    """A table as a Python object, as the FlatBuffers compiler makes them: every field there, None or 0 until set."""

    TABLE: ClassVar[str]

    def __init__(self) -> None:
        for name, what in TABLES[self.TABLE]:
            setattr(self, name, 0 if what in _SCALARS else None)

    def Pack(self, builder: Any) -> int:  # noqa: N802
        """Write the table; returns its offset.

        The order of the parts is that of the FlatBuffers compiler's own code, and so are the bytes.
        """
        fields = [(name, what, getattr(self, name)) for name, what in TABLES[self.TABLE]]
        offsets = {
            name: _pack(builder, what, value)
            for name, what, value in fields
            if what not in _SCALARS and value is not None
        }
        builder.StartObject(len(fields))
        for slot, (name, what, value) in enumerate(fields):
            if what in _SCALARS:
                getattr(builder, f"Prepend{_SCALARS[what][1]}Slot")(slot, value, 0)
            elif name in offsets:
                builder.PrependUOffsetTRelativeSlot(slot, offsets[name], 0)
        return int(builder.EndObject())


def _pack(builder: Any, what: str, value: Any) -> int:
    if what == "string":
        return int(builder.CreateString(value))
    if what[0] != "[":
        return int(value.Pack(builder))
    item = what[1:-1]
    if item == "B":
        return int(builder.CreateByteVector(bytes(value)))
    if item in _SCALARS:
        size, kind = _SCALARS[item]
        prepend = getattr(builder, f"Prepend{kind}")
    else:
        size, prepend = 4, builder.PrependUOffsetTRelative
        value = [_pack(builder, item, one) for one in value]
    builder.StartVector(size, len(value), size)
    for one in reversed(value):
        prepend(one)
    return int(builder.EndVector())


OBJECTS = SimpleNamespace(**{f"{name}T": type(f"{name}T", (_Object,), {"TABLE": name}) for name in TABLES})
"""The classes of the objects, under the names that the FlatBuffers compiler gives them: ``ModelMetadataT``…"""


def finish_metadata(metadata: Any) -> bytes:
    """The metadata FlatBuffer of a ``ModelMetadataT``, whosoever's."""
    import flatbuffers

    builder = flatbuffers.Builder(0)
    builder.Finish(metadata.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def unpack_metadata(data: bytes, objects: Any = OBJECTS) -> Any:
    """The ``ModelMetadataT`` in ``data``, as ``InitFromObj`` makes it, but with str for bytes and lists for arrays.

    Every offset is checked. ``InitFromObj`` of the FlatBuffers compiler's code believes what it reads: offsets that
    share what they point to made 9 KB into 8 GB of objects.

    Args:
        data: the metadata FlatBuffer.
        objects: the module with the classes to make, ``OBJECTS`` or tflite-support's.

    Raises:
        FlatBufferError, struct.error: ``data`` is damaged, or describes more than it can hold.
    """
    return _unpack(Table.root(data), "ModelMetadata", objects)


def _unpack(table: Table, kind: str, objects: Any) -> Any:
    made = getattr(objects, f"{kind}T")()
    for slot, (name, what) in enumerate(TABLES[kind]):
        if table.field(slot) is None:
            continue
        if what in UNIONS:
            number, kinds = getattr(made, f"{name}Type"), [item.name for item in UNIONS[what]]
            value = _unpack_one(table, slot, kinds[number], objects) if 0 < number < len(kinds) else None
        elif what in TABLES:
            value = _unpack_one(table, slot, what, objects)
        elif what == "string":
            value = table.string(slot)
        else:
            value = _vector(table, slot, what[1:-1], objects) if what[0] == "[" else table.scalar(slot, what)
        setattr(made, name, value)
    return made


def _unpack_one(table: Table, slot: int, kind: str, objects: Any) -> Any:
    found = table.table(slot)
    return None if found is None else _unpack(found, kind, objects)


def _vector(table: Table, slot: int, what: str, objects: Any) -> Any:
    if what == "B":
        data = bytes(table.ints(slot, what))
        if objects is OBJECTS:
            return data
        import numpy as np

        # The FlatBuffers compiler's code packs a list of a megabyte for a second, and knows no bytes.
        return np.frombuffer(data, np.uint8)
    if what in TABLES:
        return [_unpack(item, what, objects) for item in table.tables(slot)]
    return list(table.strings(slot) if what == "string" else table.scalars(slot, what))
