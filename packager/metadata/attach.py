"""Writing metadata into a model: checked against the model, built, embedded losslessly, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packager.annotated import check_ports
from packager.errors import MetadataError, ModelError, PackagerError
from packager.metadata.annotation import Annotation, TensorSpec
from packager.metadata.build import MetadataBuilder
from packager.metadata.embedding import embed, strip
from packager.metadata.labels import LabelFile
from packager.metadata.plan import make_plan
from packager.metadata.reader import read_files, read_metadata
from packager.metadata.view import ModelMetadata, TensorMetadata
from packager.metadata.writers import MetadataWriter, find_writer
from packager.model import Model, parse_model, read_model
from packager.writing import write_file

__all__ = ["Annotation", "LabelFile", "TensorSpec", "annotate", "attach_metadata"]


def attach_metadata(model_path: Path | str, annotation: Annotation, out_path: Path | str) -> Model:
    """Annotate the .tflite at ``model_path`` and write it to ``out_path``, which may be the same file.

    The output appears whole or not at all, in a folder that is made where there is none. A link there stays one, and
    an existing file keeps its permissions. Returns the annotated model.

    Raises:
        ModelError, MetadataError: as ``annotate``.
        WriteError: the output cannot be written.
    """
    data = annotate(read_model(model_path), annotation)
    write_file(Path(out_path), data)
    return parse_model(data, out_path)


def annotate(model: Model, annotation: Annotation) -> bytes:
    """The bytes of ``model`` with ``annotation`` in its metadata; all else in it stays as it was.

    Pure but for reading the label files. The same input gives the same bytes, and annotating the result in the
    same way gives the same bytes again.

    Raises:
        MetadataError: the annotation does not fit the model, a label file is wrong, or the metadata that is in
            the model is damaged.
        ModelError: metadata cannot go into this model without a change to its graph, or it has more inputs or outputs
            than any model for a device.
    """
    check_ports(model)
    old = read_metadata(model, lenient=annotation.task is not None)
    plan = make_plan(model, annotation, old or ModelMetadata())
    writer = find_writer()
    metadata, files = MetadataBuilder(writer, model, annotation, plan).build()
    try:
        data = embed(model.data, metadata, files)
    except ModelError as error:
        raise ModelError(error.what, where=model.path, fix=error.fix) from None
    _check_result(writer, model, data, files)
    return data


def _check_result(writer: MetadataWriter, model: Model, data: bytes, files: Mapping[str, bytes]) -> None:
    """Read ``data`` back, with this package and with tflite-support where it wrote them, before anyone gets it."""
    try:
        after = parse_model(data, model.path)
        metadata, found = read_metadata(after), read_files(after)
        graph_is_unchanged = (
            # By their texts where they differ: a scale that is no number equals nothing.
            (after.subgraphs == model.subgraphs or repr(after.subgraphs) == repr(model.subgraphs))
            and after.signatures == model.signatures
            and strip(data) == strip(model.data)
        )
        theirs = writer.read_back(data, has_files=bool(files))
    except Exception as error:  # whatever it is, a model that cannot be read back must not be handed out
        raise _failed(model, f"cannot be read back ({type(error).__name__}: {error})") from error
    if not graph_is_unchanged:
        raise _failed(model, "has another graph than before")
    if found != files:
        raise _failed(model, "holds other files than it should")
    if metadata is None or (theirs is not None and not _agree(theirs, metadata, files)):
        raise _failed(model, "reads differently with tflite-support")


def _failed(model: Model, what: str) -> PackagerError:
    return MetadataError(
        f"packager's own check failed: the annotated model {what}; nothing was written",
        where=model.path,
        fix="The model may be damaged. If it runs elsewhere, this is a bug of packager: please report it.",
    )


def _agree(theirs: tuple[dict[str, Any], list[str]], metadata: ModelMetadata, files: Mapping[str, bytes]) -> bool:
    found, packed = theirs
    return _summary_of_json(found) == _summary(metadata) and sorted(packed) == sorted(files)


def _summary(metadata: ModelMetadata) -> list[Any]:
    def tensor(item: TensorMetadata) -> tuple[Any, ...]:
        return item.name, item.description, [(file.name, file.locale) for file in item.files]

    general = [metadata.name, metadata.description, metadata.version, metadata.author, metadata.license]
    tensors = [tensor(item) for item in (*metadata.inputs, *metadata.outputs)]
    return [*general, metadata.min_parser_version, *tensors]


def _summary_of_json(metadata: dict[str, Any]) -> list[Any]:
    def tensor(item: dict[str, Any]) -> tuple[Any, ...]:
        files = [(file.get("name", ""), file.get("locale", "")) for file in item.get("associated_files", ())]
        return item.get("name", ""), item.get("description", ""), files

    general = [metadata.get(key, "") for key in ("name", "description", "version", "author", "license")]
    graph = metadata["subgraph_metadata"][0]
    tensors = [
        tensor(item) for key in ("input_tensor_metadata", "output_tensor_metadata") for item in graph.get(key, ())
    ]
    return [*general, metadata.get("min_parser_version", ""), *tensors]
