"""The frozen view of a model's metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, Head, MaskForm, Resize, Task
from packager.tasks.heads import class_count, head_fits, mask_form

if TYPE_CHECKING:
    from packager.model import Model


# The name of the entry in SubGraphMetadata.custom_metadata in which this tool keeps what the schema has no
# field for: a JSON object of the task and these, as far as they were given. They are fields of ModelMetadata and of
# Annotation, and keys and options of the same names.
CUSTOM_METADATA_NAME = "tflite-packager"
OWN_SETTINGS = ("crop", "resize", "pad", "channels", "activation", "head", "threshold", "iou", "points", "hop")

# A label file has a label a line. Labels that hold line breaks are kept exactly in this file beside it.
EXACT_LABELS_SUFFIX = ".exact.json"

# The limits of those that are numbers, both included.
_LIMITS: dict[str, tuple[float, float]] = {
    "pad": (0, 255),
    "threshold": (0, 1),
    "iou": (0, 1),
    "points": (1, 10_000),
    "hop": (1, (1 << 31) - 1),
}


def find_out_of_range(name: str, value: float) -> str | None:
    """What is wrong with the value of one of ``OWN_SETTINGS``, in words that follow its name; None: nothing."""
    low, high = _LIMITS[name]
    if low <= value <= high:  # NaN is neither
        return None
    return f"is not a {'whole ' if high > 1 else ''}number from {low:,} to {high:,}"


@dataclass(frozen=True)
class AssociatedFile:
    """A file packed into the model. ``kind`` is the schema's AssociatedFileType; ``data`` None if it is lost."""

    name: str
    description: str
    kind: str
    locale: str
    data: bytes | None = field(repr=False)


@dataclass(frozen=True)
class TokenizerMetadata:
    """What makes tokens of a text: ``kind`` is ``regex``, ``bert`` or ``sentencepiece``.

    ``delimiter`` is the regular expression of the first, at which a text is split; ``vocabulary`` the file of the
    tokens, and of a SentencePiece model its own; None where none is named.
    """

    kind: str
    delimiter: str = ""
    vocabulary: AssociatedFile | None = None


@dataclass(frozen=True)
class TensorMetadata:
    """What the metadata says about one input or output.

    ``content`` is ``feature``, ``image``, ``bounding_boxes``, ``audio`` or empty; ``color_space`` ``RGB``,
    ``GRAYSCALE`` or empty. ``mean`` and ``std`` are per channel, in units of 8-bit pixels for images;
    ``minimum`` and ``maximum`` are of the tensor after normalization, before quantization. ``classes`` is
    ``count_labels`` of the output. ``class_names`` are labels that stand in no label file, but in the metadata of
    another tool. ``tokenizer`` is that of a text which is the only input.
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
    tokenizer: TokenizerMetadata | None = None
    files: tuple[AssociatedFile, ...] = ()
    classes: int | None = None
    class_names: tuple[str, ...] = ()

    def labels(self, locale: str = "") -> tuple[str, ...] | None:
        """The labels of ``locale`` (the default ones for ``""``), or None where there are none."""
        file = self._label_files.get(locale)
        if file is None or file.data is None:
            return self.class_names or None if not locale else None
        exact = self._by_name.get(file.name + EXACT_LABELS_SUFFIX)
        labels = None if exact is None or exact.data is None else _exact_labels(exact.data)
        if labels is not None:
            return labels
        return split_labels(file.data, self.classes if file.kind == "TENSOR_AXIS_LABELS" else None)

    @cached_property
    def _label_files(self) -> dict[str, AssociatedFile]:
        """The first label file of each locale, of those that are there."""
        there = [file for file in self.files if file.kind in LABEL_KINDS and file.data is not None]
        return {file.locale: file for file in reversed(there)}

    @cached_property
    def _by_name(self) -> dict[str, AssociatedFile]:
        return {file.name: file for file in self.files}

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


def count_labels(
    model: Model, output: int, task: Task | None, head: Head | None, points: int | None = None
) -> int | None:
    """How many labels an output takes, by its place among them; None where nothing tells."""
    tensor = model.outputs[output]
    answer = None if task is None else task.answer
    if answer in (AnswerKind.BOXES, AnswerKind.KEYPOINTS):
        # A stranger may have named a head that the outputs are not of.
        if head is None or not head_fits(model, head):
            return None
        return class_count(model, head) or _point_count(model.outputs[0].shape, head, points)
    if answer is AnswerKind.MASK:
        form = mask_form(tensor)
        if form is not MaskForm.SCORES:
            return 2 if form is MaskForm.PROBABILITY else None  # the background, and what is looked for
    return tensor.shape[-1] if tensor.shape and tensor.shape_signature[-1] > 0 else None


def _point_count(shape: tuple[int, ...], head: Head, points: int | None) -> int | None:
    match head:
        case Head.MOVENET:
            return shape[2]
        case Head.MOVENET_MULTIPOSE:
            return 17
        case Head.YOLO_POSE:
            return (shape[1] - 5) // 3
        case _:
            return points


def split_labels(data: bytes, classes: int | None = None) -> tuple[str, ...]:
    """The labels of a label file in a model, whoever packed it: one a line.

    Blank lines at the end are no labels, unless there are no more lines than ``classes``; those in between keep the
    index of what follows right. Line ends are those of any system, encodings what editors save.
    """
    encoding = find_wide_encoding(data) or "utf-8-sig"
    text = data.decode(encoding, "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    # Alone, a carriage return ends lines only where nothing else does.
    lines = text.split("\n" if "\n" in text else "\r")
    if not lines[-1]:
        lines.pop()  # what stands behind the last line end
    while lines and not lines[-1].strip(" \t") and len(lines) > (classes or 0):
        lines.pop()
    return tuple(lines)


def find_wide_encoding(data: bytes) -> str | None:
    """The codec of a text that is UTF-16 or UTF-32, by its byte order mark or its NULs; None where it is neither."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec
    if b"\0" not in data:
        return None
    zeros = [data[start::4].count(0) * 4 / max(len(data), 4) for start in range(4)]
    for codec, wide, narrow, size in _PATTERNS:
        # Most text has some characters beyond Latin, and none has many NULs of its own.
        if len(data) % size == 0 and all(zeros[i] > 0.5 for i in wide) and all(zeros[i] < 0.1 for i in narrow):
            return codec
    return None


# UTF-32's little-endian mark begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# By codec: which bytes of four are NUL in Latin text, which are not, and how many bytes a character takes.
_PATTERNS = (
    ("utf-32-le", (1, 2, 3), (0,), 4),
    ("utf-32-be", (0, 1, 2), (3,), 4),
    ("utf-16-le", (1, 3), (0, 2), 2),
    ("utf-16-be", (0, 2), (1, 3), 2),
)


def normalizes_every_pixel(mean: tuple[float, ...], std: tuple[float, ...]) -> bool:
    """Whether ``(pixel - mean) / std`` is a float32 for every 8-bit pixel."""
    limit = float.fromhex("0x1.fffffep127")
    return all(value != 0 for value in std) and all(
        abs((pixel - m) / s) <= limit for m in mean or (0.0,) for s in std or (1.0,) for pixel in (0, 255)
    )


@dataclass(frozen=True)
class ModelMetadata:
    """A model's metadata. ``task`` is None where neither this tool wrote it nor it can be told.

    From ``crop`` to ``hop`` stands what the schema has no field for: of a picture how it is brought to the
    input's size, the gray value (0 to 255) that letterbox fills with, and the order of its channels; of the outputs
    what makes scores of them, how they are laid out, from which score on there is an answer, at which intersection
    over union two boxes are one, and how many points a body or face has; of a sound how many samples there are from
    one window to the next. None: nothing was said. ``tokenizer`` is that of all inputs together, as BERT's are.
    """

    name: str = ""
    description: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    min_parser_version: str = ""
    task: Task | None = None
    crop: CropMode = CropMode.STRETCH
    resize: Resize = Resize.ANTIALIAS
    pad: int = 0
    channels: ChannelOrder = ChannelOrder.RGB
    activation: Activation = Activation.NONE
    head: Head | None = None
    threshold: float | None = None
    iou: float | None = None
    points: int | None = None
    hop: int | None = None
    tokenizer: TokenizerMetadata | None = None
    inputs: tuple[TensorMetadata, ...] = ()
    outputs: tuple[TensorMetadata, ...] = ()
    files: tuple[AssociatedFile, ...] = ()

    def tokenizer_of(self, inputs: int) -> TokenizerMetadata | None:
        """What makes tokens of the text that a model of so many inputs takes: a single input may have its own."""
        own = self.inputs[0].tokenizer if inputs == 1 and self.inputs else None
        return own or self.tokenizer


def tensor_metadata(tensors: tuple[TensorMetadata, ...], index: int) -> TensorMetadata:
    """That of the input or output ``index``, empty where nothing is said of it."""
    return tensors[index] if index < len(tensors) else TensorMetadata()
