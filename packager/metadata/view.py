"""The frozen view of a model's metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum


class Task(StrEnum):
    """What the model is for."""

    IMAGE_CLASSIFICATION = "image-classification"
    OBJECT_DETECTION = "object-detection"
    IMAGE_SEGMENTATION = "image-segmentation"
    AUDIO_CLASSIFICATION = "audio-classification"
    TEXT_CLASSIFICATION = "text-classification"
    TENSORS = "tensors"


class CropMode(StrEnum):
    """How a picture of another aspect ratio becomes the model's.

    ``STRETCH`` resizes it whole; ``CENTER_CROP`` cuts the largest centred box of the model's aspect ratio;
    ``LETTERBOX`` resizes it whole with its own aspect ratio and fills the rest with black.
    """

    STRETCH = "stretch"
    CENTER_CROP = "center-crop"
    LETTERBOX = "letterbox"


# The name of the entry in SubGraphMetadata.custom_metadata in which this tool keeps what the schema has no
# field for: the task and the crop mode, as JSON.
CUSTOM_METADATA_NAME = "tflite-packager"

# A label file has a label a line. Labels that hold line breaks are kept exactly in this file beside it.
EXACT_LABELS_SUFFIX = ".exact.json"


@dataclass(frozen=True)
class AssociatedFile:
    """A file packed into the model. ``kind`` is the schema's AssociatedFileType; ``data`` None if it is lost."""

    name: str
    description: str
    kind: str
    locale: str
    data: bytes | None = field(repr=False)


@dataclass(frozen=True)
class TensorMetadata:
    """What the metadata says about one input or output.

    ``content`` is ``feature``, ``image``, ``bounding_boxes``, ``audio`` or empty; ``color_space`` ``RGB``,
    ``GRAYSCALE`` or empty. ``mean`` and ``std`` are per channel, in units of 8-bit pixels for images;
    ``minimum`` and ``maximum`` are of the tensor after normalization, before quantization.
    """

    name: str = ""
    description: str = ""
    dimension_names: tuple[str, ...] = ()
    content: str = ""
    color_space: str = ""
    sample_rate: int = 0
    audio_channels: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    files: tuple[AssociatedFile, ...] = ()

    def labels(self, locale: str = "") -> tuple[str, ...] | None:
        """The labels of ``locale`` (the default ones for ``""``), or None where there are none."""
        by_name = {file.name: file for file in self.files}
        for file in self.files:
            if file.kind in LABEL_KINDS and file.locale == locale and file.data is not None:
                exact = by_name.get(file.name + EXACT_LABELS_SUFFIX)
                labels = None if exact is None or exact.data is None else _exact_labels(exact.data)
                return split_labels(file.data) if labels is None else labels
        return None

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales for which there are label files, without the default one."""
        return tuple(file.locale for file in self.files if file.kind in LABEL_KINDS and file.locale)


LABEL_KINDS = ("TENSOR_AXIS_LABELS", "TENSOR_VALUE_LABELS")


def _exact_labels(data: bytes) -> tuple[str, ...] | None:
    """The labels in a JSON array; None where it is none, since strangers may have made the file."""
    try:
        labels = json.loads(data)
        if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
            "".join(labels).encode()  # JSON can hold half a surrogate pair, which no file can
            return tuple(labels)
    except (ValueError, RecursionError):
        pass
    return None


def split_labels(data: bytes) -> tuple[str, ...]:
    """The labels of a label file: one a line, as TensorFlow Lite's own libraries read it."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def normalizes_every_pixel(mean: tuple[float, ...], std: tuple[float, ...]) -> bool:
    """Whether ``(pixel - mean) / std`` is a float32 for every 8-bit pixel."""
    limit = float.fromhex("0x1.fffffep127")
    return all(value != 0 for value in std) and all(
        abs((pixel - m) / s) <= limit for m in mean or (0.0,) for s in std or (1.0,) for pixel in (0, 255)
    )


@dataclass(frozen=True)
class ModelMetadata:
    """A model's metadata. ``task`` is None where neither this tool wrote it nor it can be told."""

    name: str = ""
    description: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    min_parser_version: str = ""
    task: Task | None = None
    crop: CropMode = CropMode.STRETCH
    inputs: tuple[TensorMetadata, ...] = ()
    outputs: tuple[TensorMetadata, ...] = ()
    files: tuple[AssociatedFile, ...] = ()
