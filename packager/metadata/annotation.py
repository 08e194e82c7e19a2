"""What is asked to be written into a model, and what messages call the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
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

    name: str | None = field(default=None, metadata={"help": "What generated code calls it."})
    description: str | None = field(default=None, metadata={"help": "What it is, for people to read."})
    minimum: tuple[float, ...] | None = field(
        default=None,
        metadata={
            "help": "Smallest real value, after normalization and before quantization: one number, or one a channel."
        },
    )
    maximum: tuple[float, ...] | None = field(
        default=None,
        metadata={
            "help": "Largest real value, after normalization and before quantization: one number, or one a channel."
        },
    )


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

    task: Task | None = field(default=None, metadata={"help": f"What the model is for: {Task.listed()}."})
    labels: tuple[LabelFile, ...] = field(default=(), metadata={"help": "Labels as .txt, .csv or .json."})
    mean: tuple[float, ...] | None = field(
        default=None, metadata={"help": "Mean of the 8-bit pixels: one number, or one for each channel."}
    )
    std: tuple[float, ...] | None = field(
        default=None,
        metadata={"help": "Standard deviation of the 8-bit pixels: one number, or one for each channel."},
    )
    crop: CropMode | None = field(
        default=None,
        metadata={"help": "How a picture of another shape is fitted: stretch, center-crop or letterbox."},
    )
    name: str | None = field(default=None, metadata={"help": "The model's name."})
    version: str | None = field(default=None, metadata={"help": "The model's version."})
    author: str | None = field(default=None, metadata={"help": "Who made the model."})
    license: str | None = field(default=None, metadata={"help": "The model's license."})
    description: str | None = field(default=None, metadata={"help": "What the model does."})
    inputs: tuple[TensorSpec, ...] = field(
        default=(), metadata={"help": "What goes in: each input, in the model's order."}
    )
    outputs: tuple[TensorSpec, ...] = field(
        default=(), metadata={"help": "What comes out: each output, in the model's order."}
    )
    sample_rate: int | None = field(default=None, metadata={"help": "Sample rate of an audio input, in Hz."})
    audio_channels: int | None = field(default=None, metadata={"help": "Number of channels of an audio input."})
    vocabulary: Path | None = field(default=None, metadata={"help": "Vocabulary of a text input: vocab.txt."})
    delimiter: str | None = field(
        default=None,
        metadata={"help": f"Regular expression at which a text is split into tokens; default: {DEFAULT_DELIMITER}."},
    )
    resize: Resize | None = field(
        default=None, metadata={"help": "How a picture is resized: antialias (the default) or bilinear."}
    )
    pad: int | None = field(
        default=None, metadata={"help": "Gray value around a letterboxed picture: 0 to 255; default: 0, black."}
    )
    channels: ChannelOrder | None = field(
        default=None, metadata={"help": "Order of a picture's channels: rgb (the default) or bgr."}
    )
    activation: Activation | None = field(
        default=None,
        metadata={
            "help": "What makes scores of the outputs of a model that ends in logits: none (the default), softmax or "
            "sigmoid."
        },
    )
    head: Head | None = field(
        default=None,
        metadata={
            "help": "How the outputs are laid out, where more than one fits: ssd, yolo-v5, yolo-v8, end-to-end or "
            "fomo; for a pose movenet, movenet-multipose, yolo-pose or landmarks."
        },
    )
    threshold: float | None = field(
        default=None, metadata={"help": "Score from which on there is an answer, 0 to 1; default for boxes: 0.25."}
    )
    iou: float | None = field(
        default=None, metadata={"help": "Intersection over union at which two boxes are one, 0 to 1; default: 0.45."}
    )
    points: int | None = field(default=None, metadata={"help": "Number of landmarks that the model answers with."})
    hop: int | None = field(
        default=None,
        metadata={"help": "Samples from one window of an audio input to the next; default: half a window."},
    )


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
