"""The schema of metadata: our objects and tflite-support's are packed into the same bytes, and read from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import pytest

from packager.errors import MetadataError
from packager.metadata import schema
from packager.metadata.attach import Annotation, annotate
from packager.metadata.embedding import embed
from packager.metadata.schema import IDENTIFIER, OBJECTS, TABLES, finish_metadata, unpack_metadata
from packager.metadata.writers import PortableWriter
from packager.model import parse_model, read_model
from packager.tasks import Task
from tests.bounds import at_most, within
from tests.conftest import tflite_support
from tests.hand_made import classifier


def plain(value: Any) -> Any:
    """A tree of tflite-support's objects as dicts, lists, str and numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__"):
        fields = {
            name: [*item] if name == "data" and item is not None else plain(item)
            for name, item in vars(value).items()
        }
        return {"": type(value).__name__, **fields}
    return value


def full(kind: str, number: int = 0, objects: Any = OBJECTS) -> Any:
    """An object of the schema with something in every field."""
    made = getattr(objects, f"{kind}T")()
    fields = dict(TABLES[kind])
    assert list(vars(made)) == list(fields), "the fields of the schema, in its order"
    for name, what in fields.items():
        number += 1
        item = what.strip("[]")
        value: Any
        if item in schema.UNIONS:
            kinds = [choice.name for choice in schema.UNIONS[item] if choice]
            choice = number % len(kinds)
            setattr(made, f"{name}Type", choice + 1)
            value = full(kinds[choice], number, objects)
        elif item in TABLES:
            parts = [full(item, number + part, objects) for part in range(2)]
            value = parts[0] if item == what else parts
        else:
            value = f"{name} {number} ä" if item == "string" else 0.5 if item == "f" else number % 100
            value = value if item == what else [value] * 3
        setattr(made, name, value)
    return made


def test_the_tables_and_the_numbers_are_those_of_tflite_support() -> None:
    theirs = tflite_support().objects
    assert {name.removesuffix("T") for name in vars(theirs) if f"{name}T" in vars(theirs)} == set(TABLES)
    for name in (
        *("AssociatedFileType", "ColorSpaceType", "BoundingBoxType"),
        *("CoordinateType", "ContentProperties", "ProcessUnitOptions"),
    ):
        numbers = {key: value for key, value in vars(getattr(theirs, name)).items() if key[0] != "_"}
        assert {item.name: item.value for item in getattr(schema, name)} == numbers


def test_what_tflite_support_reads_and_packs_is_the_same() -> None:
    support = tflite_support()
    objects, seen = support.objects, set()
    for number in range(24):
        data = finish_metadata(full("ModelMetadata", number))
        assert data == finish_metadata(full("ModelMetadata", number, objects))
        theirs = objects.ModelMetadataT.InitFromObj(objects.ModelMetadata.GetRootAsModelMetadata(data, 0))
        assert plain(unpack_metadata(data)) == plain(unpack_metadata(data, objects)) == plain(theirs)
        assert finish_metadata(unpack_metadata(data)) == data
        seen |= {kind for kind in TABLES if f"'{kind}T'" in repr(plain(theirs))}
    assert seen == set(TABLES), "every table was among them"


def test_real_metadata(models: Path) -> None:
    support, count = tflite_support(), 0
    objects = support.objects
    for path in sorted(models.glob("*.tflite")):
        data = read_model(path).metadata_buffer
        if data is not None:
            theirs = objects.ModelMetadataT.InitFromObj(objects.ModelMetadata.GetRootAsModelMetadata(data, 0))
            ours = unpack_metadata(data)
            assert plain(ours) == plain(unpack_metadata(data, objects)) == plain(theirs)
            # With lists for arrays, so that what is old is packed as what is new.
            packed = finish_metadata(ours)
            assert packed == finish_metadata(unpack_metadata(data, objects))
            assert packed == finish_metadata(unpack_metadata(packed))
            count += 1
    assert count > 3


def _alone() -> list[tuple[str, Any]]:
    """Metadata with one part of the schema each."""
    made = []

    def metadata(what: str) -> tuple[Any, Any, Any]:
        root, graph, tensor = OBJECTS.ModelMetadataT(), OBJECTS.SubGraphMetadataT(), OBJECTS.TensorMetadataT()
        root.subgraphMetadata, graph.inputTensorMetadata = [graph], [tensor]
        made.append((what, root))
        return root, graph, tensor

    for kind in schema.AssociatedFileType:
        for place in range(3):
            owner = metadata(f"{kind.name} {place}")[place]
            file = OBJECTS.AssociatedFileT()
            file.type = kind
            owner.associatedFiles = [file]
    for version in ("", "1"):
        file = OBJECTS.AssociatedFileT()
        file.version = version
        metadata(f"version {version!r}")[1].associatedFiles = [file]
    for unit_kind in list(schema.ProcessUnitOptions)[1:]:
        for field in ("inputProcessUnits", "outputProcessUnits", "processUnits"):
            unit = OBJECTS.ProcessUnitT()
            unit.optionsType, unit.options = unit_kind, full(unit_kind.name)
            setattr(metadata(f"{unit_kind.name} {field}")[2 if field == "processUnits" else 1], field, [unit])
    for content in list(schema.ContentProperties)[1:]:
        tensor = metadata(content.name)[2]
        tensor.content = OBJECTS.ContentT()
        tensor.content.contentPropertiesType, tensor.content.contentProperties = content, full(content.name)
    for field, what in TABLES["SubGraphMetadata"]:
        for empty in (True, False):
            value = full(what.strip("[]")) if what.strip("[]") in TABLES else "text"
            items = [] if empty else [value]
            setattr(metadata(f"{field} {items and 1}")[1], field, items if what[0] == "[" else value)
    return made


ALONE = _alone()


@pytest.mark.parametrize(("what", "metadata"), ALONE, ids=[what for what, _ in ALONE])
def test_the_minimum_parser_version_is_that_of_tflite_support(what: str, metadata: Any) -> None:
    support = tflite_support()
    assert PortableWriter().minimum_parser_version(metadata) == support.minimum_parser_version(metadata)


def table(builder: flatbuffers.Builder, kind: str, **offsets: int) -> int:
    """A table of that kind, whose fields are what is at these offsets."""
    names = [name for name, _ in TABLES[kind]]
    builder.StartObject(len(names))
    for name, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(names.index(name), offset, 0)
    return int(builder.EndObject())


def repeated(builder: flatbuffers.Builder, item: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(item)
    return int(builder.EndVector())


def groups(builder: flatbuffers.Builder) -> int:
    names = repeated(builder, builder.CreateString("n" * 1000), 1000)
    vector = repeated(builder, table(builder, "TensorGroup", tensorNames=names), 1000)
    return repeated(builder, table(builder, "SubGraphMetadata", outputTensorGroups=vector), 1)


def custom(builder: flatbuffers.Builder) -> int:
    entry = table(builder, "CustomMetadata", data=builder.CreateByteVector(b"x" * 20_000))
    vector = repeated(builder, entry, 1000)
    return repeated(builder, table(builder, "SubGraphMetadata", customMetadata=vector), 1)


def graphs(builder: flatbuffers.Builder) -> int:
    return repeated(builder, table(builder, "SubGraphMetadata", name=builder.CreateString("n" * 50_000)), 20_000)


def files(builder: flatbuffers.Builder) -> int:
    """A square of shared tables: a thousand options of a thousand files each."""
    vector = repeated(builder, table(builder, "AssociatedFile"), 1000)
    options = table(builder, "BertTokenizerOptions", vocabFile=vector)
    builder.StartObject(2)
    builder.PrependUint8Slot(0, schema.ProcessUnitOptions.BertTokenizerOptions, 0)
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    units = repeated(builder, builder.EndObject(), 1000)
    return repeated(builder, table(builder, "SubGraphMetadata", inputProcessUnits=units), 1)


@pytest.mark.parametrize("make", [groups, custom, graphs, files])
def test_shared_parts_cannot_fill_the_memory(make: Callable[[flatbuffers.Builder], int]) -> None:
    builder = flatbuffers.Builder(0)
    vector = make(builder)
    builder.Finish(table(builder, "ModelMetadata", subgraphMetadata=vector), IDENTIFIER)
    model = parse_model(embed(classifier().data, bytes(builder.Output()), {}))
    assert len(model.data) < 150_000
    with within(1), at_most(200_000_000), pytest.raises(MetadataError, match="describes more than it can hold"):
        annotate(model, Annotation(Task.TENSORS, name="n"))
