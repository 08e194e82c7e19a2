"""What is asked to be written into a model, and what messages call the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packager.errors import MetadataError
from packager.metadata.labels import LabelFile
from packager.model import Model
from packager.settings import Example, Setting
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task


@dataclass(frozen=True)
class TensorSpec:
    """What people say about one input or output; None keeps what the model says.

    ``minimum`` and ``maximum`` hold one value, or one for each channel (the last dimension), in the units of
    the tensor after normalization and before quantization.
    """

    name: str | None = None
    description: str | None = None
    minimum: tuple[float, ...] | None = None
    maximum: tuple[float, ...] | None = None


# What is no letter, digit, underscore or apostrophe of ASCII parts tokens: that of tflite-support's models.
DEFAULT_DELIMITER = r"[^\w\']+"


@dataclass(frozen=True)
class Annotation:
    """What to write into a model. None, and an empty tuple, keep what is in it.

    ``labels`` are those of the classes (of the first output; for an object detector of its categories, for a pose of
    its points); a file replaces the labels of its own locale. ``mean`` and ``std`` are of an image input, in units of
    8-bit pixels, one value or one a channel: the model takes ``(pixel - mean) / std``. ``crop``, ``resize``, ``pad``
    (0 to 255) and ``channels`` are for image inputs too, ``activation`` to ``points`` for the answers that have
    them, as ``ModelMetadata`` says; ``threshold`` and ``iou`` are from 0 to 1. ``inputs`` and ``outputs`` are in the
    model's order, and may be fewer. ``sample_rate`` (Hz), ``audio_channels`` and ``hop`` (samples) are for audio;
    ``vocabulary`` (a file, packed with LF) is for text: of WordPiece for a model of two or three inputs, else of the
    tokenizer that splits a text at ``delimiter`` (a regular expression; ``DEFAULT_DELIMITER`` where none is named).
    """

    task: Task | None = None
    labels: tuple[LabelFile, ...] = ()
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    crop: CropMode | None = None
    name: str | None = None
    version: str | None = None
    author: str | None = None
    license: str | None = None
    description: str | None = None
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    sample_rate: int | None = None
    audio_channels: int | None = None
    vocabulary: Path | None = None
    delimiter: str | None = None
    resize: Resize | None = None
    pad: int | None = None
    channels: ChannelOrder | None = None
    activation: Activation | None = None
    head: Head | None = None
    threshold: float | None = None
    iou: float | None = None
    points: int | None = None
    hop: int | None = None


TASK = Setting(Annotation, "task")
LABELS = Setting(Annotation, "labels")
MEAN = Setting(Annotation, "mean")
STD = Setting(Annotation, "std")
CROP = Setting(Annotation, "crop")
RESIZE = Setting(Annotation, "resize")
PAD = Setting(Annotation, "pad")
CHANNELS = Setting(Annotation, "channels")
ACTIVATION = Setting(Annotation, "activation")
HEAD = Setting(Annotation, "head")
THRESHOLD = Setting(Annotation, "threshold")
IOU = Setting(Annotation, "iou")
POINTS = Setting(Annotation, "points")
HOP = Setting(Annotation, "hop")
SAMPLE_RATE = Setting(Annotation, "sample_rate")
AUDIO_CHANNELS = Setting(Annotation, "audio_channels")
VOCABULARY = Setting(Annotation, "vocabulary")
DELIMITER = Setting(Annotation, "delimiter")
AS_TENSORS = Example.of((TASK, Task.TENSORS))
AS_TENSOR_CLASSIFICATION = Example.of((TASK, Task.TENSOR_CLASSIFICATION))
WITH_VOCABULARY = Example.of((VOCABULARY, Path("vocab.txt")))


def misfit(model: Model, given: Setting | None, what: str) -> MetadataError:
    """The error for a model of which ``what`` makes it none of the task; ``given`` if the task was."""
    return MetadataError(
        what,
        where=model.path,
        fix=("Use the task that the model was made for; ", AS_TENSORS, " takes any model."),
        about=given,
    )
