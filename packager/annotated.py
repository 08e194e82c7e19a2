"""The annotated model: the contract that every target reads, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.errors import MetadataError, ModelError
from packager.metadata.annotation import AS_TENSORS
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata, TensorMetadata
from packager.model import Model, Tensor, read_model
from packager.render.naming import SnakeName, unique
from packager.tasks import AnswerKind, InputKind, Task
from packager.tasks.heads import find_heads, mask_form

if TYPE_CHECKING:
    from packager.tasks.kinds import Answer, Input


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

    ``labels`` are those of the first output that has any, in the order of its classes; empty for a model without.
    ``input`` and ``answer`` are the kinds of its task with the facts of this model.
    """

    model: Model
    metadata: ModelMetadata
    task: Task
    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    labels: tuple[str, ...]
    input: Input
    answer: Answer[Any]

    def title(self, name: str) -> str:
        """What people read at the head of a project: the name in the metadata, else ``name``, else the file's."""
        return self.metadata.name or name or self.name

    def as_tensors(self) -> AnnotatedModel:
        """The same model for a target that has nothing for its task: plain tensors go in and come out."""
        from packager.tasks.tensors import TensorsAnswer, TensorsInput

        return replace(self, input=TensorsInput(), answer=TensorsAnswer())


def read_annotated(path: Path | str) -> AnnotatedModel:
    """Read an annotated .tflite. One without metadata is taken as a plain tensor model.

    Raises:
        ModelError: the file is no readable .tflite.
        MetadataError: its metadata is damaged, incomplete, or for a model of other inputs and outputs.
    """
    return annotated_model(read_model(path))


def annotated_model(model: Model) -> AnnotatedModel:
    """Resolve ``model``'s metadata; see ``read_annotated``."""
    if not model.outputs:
        raise ModelError("has no outputs, so there is nothing to package", where=model.path)
    check_ports(model)
    metadata = read_metadata(model) or ModelMetadata()
    task = _task(model, metadata)
    return AnnotatedModel(
        model=model,
        metadata=metadata,
        task=task,
        name=metadata.name or model.path.stem,
        inputs=_ports(model.inputs, metadata.inputs, "input"),
        outputs=_ports(model.outputs, metadata.outputs, "output"),
        labels=next((labels for item in metadata.outputs if (labels := item.labels()) is not None), ()),
        input=_input(task, model, metadata),
        answer=_answer(task, model, metadata),
    )


def _input(task: Task, model: Model, metadata: ModelMetadata) -> Input:
    if task.input is InputKind.IMAGE:
        from packager.tasks.image import image_input

        return image_input(model, metadata)
    if task.input is InputKind.AUDIO:
        from packager.tasks.audio import audio_input

        return audio_input(model, metadata)
    if task.input is InputKind.TEXT:
        from packager.tasks.text import text_input

        return text_input(model, metadata)
    from packager.tasks.tensors import TensorsInput

    return TensorsInput()


def _answer(task: Task, model: Model, metadata: ModelMetadata) -> Answer[Any]:
    from packager.tasks.tensors import TensorsAnswer

    if task.answer is AnswerKind.TENSORS:
        return TensorsAnswer()
    wrong = next((tensor for tensor in model.outputs if tensor.dtype not in _NUMBERS), None)
    if wrong is not None:
        raise MetadataError(
            f"{task} reads numbers, and its output {wrong.name!r} is of {wrong.dtype}",
            where=model.path,
            fix=("Attach it with ", AS_TENSORS, ": packager metadata attach --help"),
        )
    match task.answer:
        case AnswerKind.CLASSES:
            from packager.tasks.classes import classes_answer

            return classes_answer(model, metadata)
        case AnswerKind.BOXES:
            from packager.tasks.boxes import boxes_answer

            return boxes_answer(model, metadata)
        case AnswerKind.MASK:
            from packager.tasks.mask import mask_answer

            return mask_answer(model, metadata)
        case AnswerKind.KEYPOINTS:
            from packager.tasks.keypoints import keypoints_answer

            return keypoints_answer(model, metadata)


_NUMBERS = ("float32", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "bool")


def _task(model: Model, metadata: ModelMetadata) -> Task:
    # Other tools' metadata names no task, and what is read from it need not fit: a picture in and labels at the
    # output are taken for a classifier, and YOLO labels its boxes so. This tool attaches no task that cannot be.
    match metadata.task:
        case Task.IMAGE_CLASSIFICATION:
            can_be = all(tensor.shape and tensor.size == tensor.shape[-1] for tensor in model.outputs)
        case Task.OBJECT_DETECTION:
            can_be = metadata.head is not None or bool(find_heads(model, Task.OBJECT_DETECTION))
        case Task.IMAGE_SEGMENTATION:
            can_be = len(model.outputs) == 1 and mask_form(model.outputs[0]) is not None
        case _:
            can_be = True
    return metadata.task if metadata.task is not None and can_be else Task.TENSORS


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
