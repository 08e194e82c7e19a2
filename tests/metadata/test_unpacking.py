"""Metadata as tflite-support's objects: what its own reader makes, without what that believes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import pytest

from packager.errors import MetadataError
from packager.metadata import unpacking
from packager.metadata.attach import Annotation, annotate, import_tflite_support
from packager.metadata.embedding import embed
from packager.metadata.unpacking import unpack_metadata
from packager.model import parse_model, read_model
from packager.tasks import Task
from tests.hand_made import classifier
from tests.test_model_reader import at_most

schema = import_tflite_support().schema


def plain(value: Any) -> Any:
    """A tree of tflite-support's objects as dicts, lists, str and numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__"):
        return {"": type(value).__name__, **{name: plain(item) for name, item in vars(value).items()}}
    return value


def finish(metadata: Any) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(metadata.Pack(builder), b"M001")
    return bytes(builder.Output())


def full(kind: str, number: int = 0) -> Any:
    """An object of the schema with something in every field, by the fields that tflite-support's class has."""
    made = getattr(schema, f"{kind}T")()
    fields = dict(unpacking._TABLES[kind])
    assert list(vars(made)) == list(fields), "the fields of the schema, in its order"
    for name, what in fields.items():
        number += 1
        item = what.strip("[]")
        value: Any
        if "|" in what:
            kinds = what.split("|")
            choice = number % len(kinds)
            setattr(made, f"{name}Type", choice + 1)
            value = full(kinds[choice], number)
        elif item in unpacking._TABLES:
            value = full(item, number) if item == what else [full(item, number), full(item, number + 1)]
        else:
            value = f"{name} {number} ä" if item == "string" else 0.5 if item == "f" else number % 100
            value = value if item == what else [value] * 3
        setattr(made, name, value)
    return made


def test_what_tflite_support_reads_is_read() -> None:
    tables = {name.removesuffix("T") for name in vars(schema) if f"{name}T" in vars(schema)}
    assert tables == set(unpacking._TABLES)
    seen = set()
    for number in range(24):
        data = finish(full("ModelMetadata", number))
        theirs = schema.ModelMetadataT.InitFromObj(schema.ModelMetadata.GetRootAsModelMetadata(data, 0))
        assert plain(unpack_metadata(data, schema)) == plain(theirs)
        seen |= {kind for kind in unpacking._TABLES if f"'{kind}T'" in repr(plain(theirs))}
    assert seen == tables, "every table was among them"


def test_real_metadata(models: Path) -> None:
    count = 0
    for path in sorted(models.glob("*.tflite")):
        data = read_model(path).metadata_buffer
        if data is not None:
            theirs = schema.ModelMetadataT.InitFromObj(schema.ModelMetadata.GetRootAsModelMetadata(data, 0))
            ours = unpack_metadata(data, schema)
            assert plain(ours) == plain(theirs)
            # With lists for arrays, so that what is old is packed as what is new.
            assert finish(ours) == finish(unpack_metadata(finish(ours), schema))
            count += 1
    assert count > 3


def repeated(builder: flatbuffers.Builder, item: int, count: int) -> int:
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(item)
    return int(builder.EndVector())


def groups(builder: flatbuffers.Builder) -> int:
    names = repeated(builder, builder.CreateString("n" * 1000), 1000)
    schema.TensorGroupStart(builder)
    schema.TensorGroupAddTensorNames(builder, names)
    group = schema.TensorGroupEnd(builder)
    vector = repeated(builder, group, 1000)
    schema.SubGraphMetadataStart(builder)
    schema.SubGraphMetadataAddOutputTensorGroups(builder, vector)
    return repeated(builder, schema.SubGraphMetadataEnd(builder), 1)


def custom(builder: flatbuffers.Builder) -> int:
    data = builder.CreateByteVector(b"x" * 20_000)
    schema.CustomMetadataStart(builder)
    schema.CustomMetadataAddData(builder, data)
    vector = repeated(builder, schema.CustomMetadataEnd(builder), 1000)
    schema.SubGraphMetadataStart(builder)
    schema.SubGraphMetadataAddCustomMetadata(builder, vector)
    return repeated(builder, schema.SubGraphMetadataEnd(builder), 1)


def graphs(builder: flatbuffers.Builder) -> int:
    name = builder.CreateString("n" * 50_000)
    schema.SubGraphMetadataStart(builder)
    schema.SubGraphMetadataAddName(builder, name)
    return repeated(builder, schema.SubGraphMetadataEnd(builder), 20_000)


def files(builder: flatbuffers.Builder) -> int:
    """A square of shared tables: a thousand options of a thousand files each."""
    schema.AssociatedFileStart(builder)
    vector = repeated(builder, schema.AssociatedFileEnd(builder), 1000)
    schema.BertTokenizerOptionsStart(builder)
    schema.BertTokenizerOptionsAddVocabFile(builder, vector)
    options = schema.BertTokenizerOptionsEnd(builder)
    schema.ProcessUnitStart(builder)
    schema.ProcessUnitAddOptionsType(builder, 4)
    schema.ProcessUnitAddOptions(builder, options)
    units = repeated(builder, schema.ProcessUnitEnd(builder), 1000)
    schema.SubGraphMetadataStart(builder)
    schema.SubGraphMetadataAddInputProcessUnits(builder, units)
    return repeated(builder, schema.SubGraphMetadataEnd(builder), 1)


@pytest.mark.parametrize("make", [groups, custom, graphs, files])
def test_shared_parts_cannot_fill_the_memory(make: Callable[[flatbuffers.Builder], int]) -> None:
    builder = flatbuffers.Builder(0)
    vector = make(builder)
    schema.ModelMetadataStart(builder)
    schema.ModelMetadataAddSubgraphMetadata(builder, vector)
    builder.Finish(schema.ModelMetadataEnd(builder), b"M001")
    model = parse_model(embed(classifier().data, bytes(builder.Output()), {}))
    assert len(model.data) < 150_000
    start = time.process_time()
    with at_most(200_000_000), pytest.raises(MetadataError, match="describes more than it can hold"):
        annotate(model, Annotation(Task.TENSORS, name="n"))
    assert time.process_time() - start < 2
