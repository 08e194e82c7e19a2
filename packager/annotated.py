"""The annotated model: the contract that every target reads, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packager.errors import MetadataError, ModelError
from packager.metadata.plan import AS_TENSORS, LABELS, MEAN, STD
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata, Task, TensorMetadata, normalizes_every_pixel
from packager.model import Model, Tensor, read_model
from packager.naming import SnakeName, unique
from packager.settings import Example, Part
from packager.terminal import counted

if TYPE_CHECKING:
    from packager.preprocessing import ImageInput


# Inputs, and outputs, that code is generated and metadata is written for. No model for a device has a tenth of them,
# and a file of 1 MB can list a tensor 250,000 times.
MOST_PORTS = 1000


@dataclass(frozen=True)
class Port:
    """One input or output as generated code shows it: ``name`` is a snake_case identifier, unique on its side.

    ``title`` and ``description`` are people's text and may hold anything.
    """

    tensor: Tensor
    name: SnakeName
    title: str
    description: str
    metadata: TensorMetadata


@dataclass(frozen=True)
class AnnotatedModel:
    """A model with its metadata resolved.

    ``labels`` are those of the first output, in the order of its classes; empty for a model without labels.
    """

    model: Model
    metadata: ModelMetadata
    task: Task
    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    labels: tuple[str, ...]

    @cached_property
    def image(self) -> ImageInput | None:
        """The image input of an image classifier; None for any other task, whose tensors go in as they are."""
        return _image_input(self) if self.task is Task.IMAGE_CLASSIFICATION else None

    def title(self, name: str) -> str:
        """What people read at the head of a project: the name in the metadata, else ``name``, else the file's."""
        return self.metadata.name or name or self.name

    @property
    def is_classifier(self) -> bool:
        """Whether generated code takes pictures and answers with labels."""
        return self.task is Task.IMAGE_CLASSIFICATION


def read_annotated(path: Path | str) -> AnnotatedModel:
    """Read an annotated .tflite. One without metadata is taken as a plain tensor model.

    Raises:
        ModelError: the file is no readable .tflite.
        MetadataError: its metadata is damaged, or an image classifier's is incomplete.
    """
    return annotated_model(read_model(path))


def annotated_model(model: Model) -> AnnotatedModel:
    """Resolve ``model``'s metadata; see ``read_annotated``."""
    if not model.outputs:
        raise ModelError("has no outputs, so there is nothing to package", where=model.path)
    check_ports(model)
    metadata = read_metadata(model) or ModelMetadata()
    labels = metadata.outputs[0].labels() if metadata.outputs else None
    annotated = AnnotatedModel(
        model=model,
        metadata=metadata,
        task=_task(model, metadata),
        name=metadata.name or model.path.stem,
        inputs=_ports(model.inputs, metadata.inputs, "input"),
        outputs=_ports(model.outputs, metadata.outputs, "output"),
        labels=labels or (),
    )
    if annotated.is_classifier:
        _check_classifier(annotated)
    return annotated


def _task(model: Model, metadata: ModelMetadata) -> Task:
    # Other tools' metadata names no task: a picture in and labels at the output are taken for a classifier, and YOLO
    # labels its boxes so. This tool attaches it to a list of classes only.
    is_list = all(tensor.shape and tensor.size == tensor.shape[-1] for tensor in model.outputs)
    if metadata.task is Task.IMAGE_CLASSIFICATION and not is_list:
        return Task.TENSORS
    return metadata.task or Task.TENSORS


def check_ports(model: Model) -> None:
    """Refuse a model of absurdly many inputs or outputs.

    Raises:
        ModelError: it has more than ``MOST_PORTS``.
    """
    for side, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) > MOST_PORTS:
            raise ModelError(
                f"has {len(tensors):,} {side}, and at most {MOST_PORTS:,} are supported",
                where=model.path,
                fix="Convert it with its values joined into fewer tensors.",
            )


def _ports(tensors: tuple[Tensor, ...], metadata: tuple[TensorMetadata, ...], kind: str) -> tuple[Port, ...]:
    described = metadata if len(metadata) == len(tensors) else (TensorMetadata(),) * len(tensors)
    titles = [
        item.name or tensor.name or f"{kind} {tensor.index}" for tensor, item in zip(tensors, described, strict=True)
    ]
    names = port_names([tensor.name for tensor in tensors], [item.name for item in described], kind)
    return tuple(
        Port(tensor, name, title, item.description, item)
        for tensor, name, title, item in zip(tensors, names, titles, described, strict=True)
    )


def port_names(tensors: Sequence[str], given: Sequence[str], kind: str) -> tuple[SnakeName, ...]:
    """What code calls the inputs or outputs whose names in the graph are ``tensors``, and ``given`` in the metadata.

    Converters name tensors like serving_default_dense_input:0: a single one is called by its role, which ``kind``
    is; so are those without any name.
    """
    many = len(tensors) > 1
    texts = [name or (tensor if many else "") for tensor, name in zip(tensors, given, strict=True)]
    return tuple(map(SnakeName, unique([SnakeName.of(text, kind) for text in texts])))


def _image_input(annotated: AnnotatedModel) -> ImageInput:
    from packager.preprocessing import ImageInput

    port = annotated.inputs[0]
    _, height, width, channels = port.tensor.shape
    return ImageInput(
        tensor=port.tensor,
        width=width,
        height=height,
        channels=channels,
        crop=annotated.metadata.crop,
        mean=_per_channel(port.metadata.mean, channels, 0.0),
        std=_per_channel(port.metadata.std, channels, 1.0),
    )


def _per_channel(values: tuple[float, ...], channels: int, default: float) -> tuple[float, ...]:
    return (values or (default,)) * (1 if len(values) == channels else channels)


def _check_classifier(annotated: AnnotatedModel) -> None:
    def fail(what: str, *fix: Part) -> MetadataError:
        return MetadataError(what, where=annotated.model.path, fix=fix)

    again = "Attach metadata that fits: packager metadata attach --help"
    if len(annotated.inputs) != 1 or len(annotated.outputs) != 1:
        raise fail("an image classifier has one input and one output", again)
    tensor, port = annotated.inputs[0].tensor, annotated.inputs[0]
    shape = tensor.shape
    if tensor.is_dynamic or len(shape) != 4 or min(shape) < 1 or shape[0] != 1 or shape[3] not in (1, 3):
        raise fail(
            "an image classifier's input is [1, height, width, 1 or 3], and this one is "
            f"{list(tensor.shape_signature)}",
            *("Convert it with a fixed shape and a batch of 1, or attach it with ", AS_TENSORS, "."),
        )
    if tensor.dtype not in ("float32", "int8", "uint8"):
        raise fail(f"an image input of {tensor.dtype} is not supported", "Convert it to float32, int8 or uint8.")
    if tensor.dtype == "int8" and not tensor.is_quantized:
        raise fail("its int8 image input has no scale and zero point", "Convert it with a representative dataset.")
    count = annotated.outputs[0].tensor.size
    if len(annotated.labels) != count:
        raise fail(
            f"its metadata holds {counted(len(annotated.labels), 'label')} for {counted(count, 'class/classes')}",
            *("Attach the right ones with ", LABELS, ": packager metadata attach --help"),
        )
    if tensor.dtype == "float32" and not (port.metadata.mean and port.metadata.std):
        raise fail(
            "a float image model needs its normalization, and its metadata holds none",
            *("Attach it, for example with ", Example.of((MEAN, (127.5,)), (STD, (127.5,)))),
            ": packager metadata attach --help",
        )
    mean, std = port.metadata.mean, port.metadata.std
    if any(len(values) not in (0, 1, shape[3]) for values in (mean, std)) or not normalizes_every_pixel(mean, std):
        raise fail("its normalization does not fit its channels, or has a std of 0", again)


def asset_files(annotated: AnnotatedModel) -> dict[str, bytes]:
    """The data that every LiteRT project ships, by file name.

    ``model.tflite`` is the annotated model; for a classifier ``labels.json`` holds the labels as a JSON array of
    strings, and ``input_table.bin`` the lookup table [channels, 256] from pixels to input items, little-endian in
    the input's dtype.
    """
    files = {"model.tflite": annotated.model.data}
    if annotated.image is not None:
        from packager.preprocessing import lookup_table

        table = lookup_table(annotated.image)
        files["labels.json"] = (json.dumps(annotated.labels, ensure_ascii=False, indent=0) + "\n").encode()
        files["input_table.bin"] = table.astype(table.dtype.newbyteorder("<")).tobytes()
    return files
