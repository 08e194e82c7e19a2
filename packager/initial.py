"""`packager init`: a first packager.toml, from what is in the model and beside it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packager.annotated import port_names
from packager.errors import ConfigError, MetadataError
from packager.finding import TooManyEntriesError, find_files, is_file
from packager.inspection import inspect_model, runs
from packager.metadata.annotation import DEFAULT_DELIMITER
from packager.metadata.labels import read_labels
from packager.metadata.pictures import usual_normalization
from packager.metadata.plan import ROLES, detector_roles
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata, count_labels
from packager.model import Model, Tensor
from packager.render.naming import LONGEST_PROJECT_NAME, SnakeName
from packager.render.templates import render_layers
from packager.schema import SCHEMA_NAME
from packager.tasks import Activation, AnswerKind, CropMode, Head, InputKind, Resize, Task
from packager.tasks.heads import (
    ImageLayout,
    ends_in_logits,
    find_heads,
    image_layout,
    landmark_items,
    mask_form,
    text_misfit,
    text_roles,
)

_LABEL_SUFFIXES = (".txt", ".csv", ".json")
# What golden samples are, where they are no arrays.
_SAMPLE_SUFFIXES = {
    InputKind.IMAGE: (".png", ".jpg", ".jpeg", ".bmp", ".webp"),
    InputKind.AUDIO: (".wav",),
    InputKind.TEXT: (".txt",),
}
# The sample rate of most models that take sounds.
_LIKELY_RATE = 16_000

Ask = Callable[[str, str], str]


def _accept(_question: str, proposed: str) -> str:
    """The answers of nobody."""
    return proposed


@dataclass(frozen=True)
class TensorLine:
    """An input or output in the file."""

    name: str
    shape: str


@dataclass(frozen=True)
class Proposal:
    """What the packager.toml will say: the context of its template. Numbers are as they stand there."""

    name: str
    package: str
    model: str
    golden: tuple[str, ...]
    targets: tuple[str, ...]
    target_notes: tuple[str, ...]
    carries_metadata: bool
    metadata_notes: tuple[str, ...]
    task_lines: tuple[str, ...]
    task: str
    takes_labels: bool
    label_count: str
    labels: str
    takes_sound: bool
    sample_rate: str
    hop: str
    takes_text: bool
    is_split: bool
    vocabulary: str
    delimiter: str
    takes_picture: bool
    takes_pixels: bool
    has_normalization: bool
    mean: str
    std: str
    crop: str
    pad: str
    is_letterboxed: bool
    is_bilinear: bool
    has_classes: bool
    lacks_activation: bool
    activation: str
    has_head: bool
    heads: str
    head: str
    has_threshold: bool
    threshold: str
    has_landmarks: bool
    points: str
    inputs: tuple[TensorLine, ...]
    outputs: tuple[TensorLine, ...]
    schema: str = SCHEMA_NAME


@dataclass(frozen=True)
class _Picture:
    """How a picture goes into the models of a kind: what their usual training does."""

    normalization: tuple[float, float] | None
    crop: CropMode = CropMode.STRETCH
    pad: int = 0
    resize: Resize = Resize.ANTIALIAS


_YOLO = _Picture((0, 255), CropMode.LETTERBOX, 114, Resize.BILINEAR)
# MoveNet takes pixels, of a picture that tf.image.resize_with_pad fitted.
_MOVENET = _Picture((0, 1), CropMode.LETTERBOX, 0, Resize.BILINEAR)
_PICTURES = {
    Head.SSD: _Picture((127.5, 127.5)),
    Head.YOLO_V5: _YOLO,
    Head.YOLO_V8: _YOLO,
    Head.END_TO_END: _YOLO,
    Head.YOLO_POSE: _YOLO,
    # Edge Impulse's "fit shortest axis".
    Head.FOMO: _Picture((0, 255), CropMode.CENTER_CROP),
    Head.MOVENET: _MOVENET,
    Head.MOVENET_MULTIPOSE: _MOVENET,
}
# From which score on there is an answer, where many candidates have one.
_THRESHOLDS = {
    Head.SSD: "0.5",
    Head.FOMO: "0.5",
    **dict.fromkeys((Head.YOLO_V5, Head.YOLO_V8, Head.END_TO_END, Head.YOLO_POSE, Head.MOVENET_MULTIPOSE), "0.25"),
}


def propose(path: Path, folder: Path, ask: Ask = _accept) -> Proposal:
    """Look at the model at ``path`` and at the files in ``folder``, where the packager.toml will stand.

    Args:
        path: the model.
        folder: where the packager.toml will stand.
        ask: a person who takes a question and the answer that is proposed; by default nobody is asked.

    Raises:
        ModelError: ``path`` is no readable .tflite.
        MetadataError: its metadata is damaged.
        ConfigError: its name is one that TOML cannot hold.
    """
    report = inspect_model(path)
    model = report.model
    metadata, notes = _carried(model, report.metadata)
    name = (metadata.name if metadata else "") or path.stem
    name = _until(ask, "Name of the projects", _shortened(name), _why_no_name)
    relative = _relative(path, folder)
    labels = _label_file(path, folder)
    heads: tuple[Head, ...] = ()
    head: Head | None = None
    normalization = None
    points = "1"
    task = (metadata.task if metadata else None) or Task.TENSORS
    vocabulary = _vocabulary_file(path, folder)
    if metadata is None:
        # What its own metadata say it is counts for more than its shapes.
        likely = _likely_task(model, _count_labels(folder, labels), has_vocabulary=bool(vocabulary))
        task = _ask_task(ask, Task.TENSORS if notes else likely)
        heads = find_heads(model, task)
        head = _ask_head(ask, heads)
        if task.answer is AnswerKind.CLASSES:
            labels = ask("File with the labels", labels or "labels.txt") if ask is not _accept else labels
        elif task.answer in (AnswerKind.BOXES, AnswerKind.MASK):
            labels = ask("File with the labels, if there is one", labels)
        if task.input is InputKind.TEXT and ask is not _accept:
            vocabulary = ask("File with the vocabulary", vocabulary or "vocab.txt")
        if head is Head.LANDMARKS:
            points = _until(ask, "Number of landmarks", _likely_points(model), _why_no_points)
    takes_picture = task.input is InputKind.IMAGE
    picture = _picture(model, head)
    takes_pixels = takes_picture and _takes_pixels(model)
    if metadata is None and takes_picture and not takes_pixels:
        normalization = _ask_normalization(ask, picture.normalization)
    lacks = ends_in_logits(model, 0) if task.answer is AnswerKind.CLASSES and model.outputs else None
    count = count_labels(model, 0, task, head) if model.outputs else None
    # Others look for a detector's outputs by name.
    roles = [ROLES[role][0] for role in detector_roles(model, head)] if task.answer is AnswerKind.BOXES else []
    tokens = text_roles(model, ()) if task.input is InputKind.TEXT and 1 < len(model.inputs) <= 3 else None
    runnable = tuple(target for target, problems in report.targets.items() if runs(problems))
    target_notes = tuple(
        f"Not {target}: {problem.what}"
        for target, problems in report.targets.items()
        if not runs(problems)
        for problem in problems
    )
    return Proposal(
        name=name,
        package=SnakeName.of(name),
        model=relative,
        golden=_golden_patterns(folder, task.input),
        targets=runnable if target_notes else (),
        target_notes=target_notes,
        carries_metadata=metadata is not None,
        metadata_notes=notes,
        task_lines=tuple(textwrap.wrap(f"{Task.listed()}.", 115, break_on_hyphens=False)),
        task=task.value,
        takes_labels=task.answer in (AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK),
        label_count="classes" if count is None else f"classes ({count})",
        labels=labels,
        takes_sound=task.input is InputKind.AUDIO,
        sample_rate=str(_LIKELY_RATE),
        hop=str(max(model.inputs[0].size // 2, 1)) if model.inputs else "1",
        takes_text=task.input is InputKind.TEXT,
        is_split=len(model.inputs) == 1,
        vocabulary=vocabulary,
        delimiter=DEFAULT_DELIMITER,
        takes_picture=takes_picture,
        takes_pixels=takes_pixels,
        has_normalization=normalization is not None,
        mean=normalization[0] if normalization else "127.5",
        std=normalization[1] if normalization else "127.5",
        crop=picture.crop.value,
        pad=str(picture.pad),
        is_letterboxed=picture.crop is CropMode.LETTERBOX,
        is_bilinear=picture.resize is Resize.BILINEAR,
        has_classes=task.answer is AnswerKind.CLASSES,
        lacks_activation=lacks not in (None, Activation.NONE),
        activation=(Activation.SOFTMAX if lacks in (None, Activation.NONE) else lacks).value,
        has_head=head is not None,
        heads=" or ".join(heads),
        head="" if head is None else head.value,
        has_threshold=head in _THRESHOLDS,
        threshold="" if head is None else _THRESHOLDS.get(head, ""),
        has_landmarks=head is Head.LANDMARKS,
        points=points,
        inputs=_lines(model.inputs, tokens or [""] * len(model.inputs), "input"),
        outputs=_lines(model.outputs, roles or [""] * len(model.outputs), "output"),
    )


def render_proposal(proposal: Proposal) -> bytes:
    """The text of the packager.toml."""
    return render_layers(("config",), proposal)["packager.toml"]


def _carried(model: Model, metadata: ModelMetadata | None) -> tuple[ModelMetadata | None, tuple[str, ...]]:
    """The metadata that suffice to build with, and why those that are there do not."""
    try:
        read_metadata(model)
    except MetadataError as error:  # of Ultralytics', for a task that there is not here
        return None, (error.what,)
    return metadata, ()


# --- what the model is for ----------------------------------------


def _likely_task(model: Model, labels: int, *, has_vocabulary: bool) -> Task:
    """What shapes tell, of things that look alike the more usual one; ``labels`` are those beside the model."""
    if has_vocabulary and text_misfit(model) is None and [len(tensor.shape) for tensor in model.outputs] == [2]:
        return Task.TEXT_CLASSIFICATION
    image = image_layout(model.inputs[0]) if len(model.inputs) == 1 else None
    if image is not None and len(model.inputs[0].shape) == 3 and image.width != image.height:
        image = None  # rather readings of sensors, one after the other, than a gray picture
    if image is None or not model.outputs or model.inputs[0].dtype not in ("float32", "int8", "uint8"):
        return _likely_task_of_numbers(model, labels)
    heads = find_heads(model, Task.OBJECT_DETECTION)
    poses = find_heads(model, Task.POSE)
    shape = model.outputs[0].shape
    # A YOLO v8 of 52 classes is as large as the pose model of COCO's 17 points, and hardly anybody has one.
    if poses and poses[0] is not Head.LANDMARKS and (not heads or poses[0] is not Head.YOLO_POSE or shape[1] == 56):
        return Task.POSE
    is_like_picture = len(shape) > 2 and shape[1] * image.width == shape[2] * image.height
    form = mask_form(model.outputs[0]) if len(model.outputs) == 1 else None
    # Boxes have three dimensions too, but hardly the picture's proportions.
    if form is not None and min(shape[1:3]) > 1 and is_like_picture and Head.FOMO not in heads:
        return Task.IMAGE_SEGMENTATION
    if heads:
        return Task.OBJECT_DETECTION
    if form is not None and len(shape) == 4 and min(shape[1:3]) > 1:
        return Task.IMAGE_SEGMENTATION
    is_list = len(model.outputs) == 1 and len(shape) == 2
    if is_list and _looks_like_features(model.inputs[0], image):
        return _likely_task_of_numbers(model, labels)
    return Task.IMAGE_CLASSIFICATION if is_list else Task.TENSORS


def _looks_like_features(tensor: Tensor, image: ImageLayout) -> bool:
    """Whether what could be a gray picture is a spectrogram: a strip of numbers that no usual pixels are."""
    is_strip = max(image.width, image.height) > 2 * min(image.width, image.height)
    is_strange = tensor.dtype == "int8" and usual_normalization(tensor) is None
    return image.channels == 1 and is_strip and is_strange


def _likely_task_of_numbers(model: Model, labels: int) -> Task:
    """Labels that fit make a classifier, and a long row of numbers is a sound."""
    shape = model.outputs[0].shape_signature if model.outputs else ()
    if not labels or not 1 <= len(shape) <= 2 or shape[-1] != labels:
        return Task.TENSORS
    tensor = model.inputs[0]
    is_row = len(model.inputs) == 1 and tensor.shape[:-1] in ((), (1,)) and tensor.size >= _LIKELY_RATE // 2
    is_sound = is_row and tensor.dtype in ("float32", "int16") and not tensor.is_dynamic
    return Task.AUDIO_CLASSIFICATION if is_sound else Task.TENSOR_CLASSIFICATION


def _picture(model: Model, head: Head | None) -> _Picture:
    picture = _Picture(None) if head is None else _PICTURES.get(head, _Picture(None))
    tensor = model.inputs[0] if model.inputs else None
    if tensor is None:
        return picture
    # A uint8 input takes the pixels as they are, whatever the metadata says they stand for.
    usual = (127.5, 127.5) if tensor.dtype == "uint8" else None
    return replace(picture, normalization=usual_normalization(tensor) or picture.normalization or usual)


def _takes_pixels(model: Model) -> bool:
    """Whether nothing is to be said of the normalization: the input is of pixels, which stand for themselves."""
    return bool(model.inputs) and model.inputs[0].dtype == "uint8" and not model.inputs[0].is_quantized


def _likely_points(model: Model) -> str:
    items = max(map(landmark_items, model.outputs), default=0)
    return str(max(items // (3 if items % 3 == 0 else 2), 1))


# --- what a person says ----------------------------------------


def _until(ask: Ask, question: str, proposed: str, why_not: Callable[[str], str]) -> str:
    """The first answer against which ``why_not`` has nothing; what it has stands before the next question."""
    answer = ask(question, proposed)
    while ask is not _accept and (complaint := why_not(answer)):
        answer = ask(f"{complaint} {question}", proposed)
    return answer


def _ask_task(ask: Ask, proposed: Task) -> Task:
    return Task.named(_until(ask, f"Task ({', '.join(Task)})", proposed.value, _why_no_task))


def _ask_head(ask: Ask, heads: Sequence[Head]) -> Head | None:
    if len(heads) < 2:
        return heads[0] if heads else None
    question = f"Head: its output could be of {' or '.join(heads)}"
    return Head(
        _until(ask, question, heads[0].value, lambda answer: "" if answer in heads else "It is none of them.")
    )


def _ask_normalization(ask: Ask, proposed: tuple[float, float] | None) -> tuple[str, str] | None:
    """Mean and standard deviation, as they stand in the file; None where nobody can tell."""
    mean, std = (f"{value:g}" for value in proposed or (127.5, 127.5))
    if ask is _accept:
        return None if proposed is None else (mean, std)
    mean = _until(ask, "Mean of the pixels (127.5 for -1..1, 0 for 0..1)", mean, _why_no_mean)
    std = _until(ask, "Standard deviation (127.5 for -1..1, 255 for 0..1)", std, _why_no_std)
    return _number(mean), _number(std)


def _shortened(name: str) -> str:
    """``name``, so long that no target refuses it."""

    def fits(text: str) -> bool:
        return len(text) <= LONGEST_PROJECT_NAME and len(SnakeName.of(text)) <= LONGEST_PROJECT_NAME

    shorter = (name[:length].rstrip() for length in range(min(len(name), LONGEST_PROJECT_NAME), 0, -1))
    return name if fits(name) else next((text for text in shorter if fits(text)), name)


def _why_no_name(answer: str) -> str:
    return "" if _shortened(answer) == answer else f"At most {LONGEST_PROJECT_NAME} letters fit all targets."


def _why_no_task(answer: str) -> str:
    return "" if answer in list(Task) else "That is none of the tasks."


def _why_no_points(answer: str) -> str:
    return "" if answer.isascii() and answer.isdigit() and 0 < int(answer[:9]) <= 10_000 else "Give a whole number."


def _why_no_mean(answer: str) -> str:
    try:
        # A float32, as it goes into the model.
        return "" if abs(float(answer)) < 3.4e38 else "That is no number that a model can hold."
    except ValueError:
        return "That is no number."


def _why_no_std(answer: str) -> str:
    return _why_no_mean(answer) or (
        "" if float(answer) > 1e-30 else "The pixels are divided by it: give one above 0."
    )


def _number(answer: str) -> str:
    # With the digits of a float32.
    return f"{float(answer):.9g}"


# --- what is beside the model ----------------------------------------


def _relative(path: Path, folder: Path) -> str:
    try:
        # Path.relative_to() goes up only since Python 3.12.
        relative = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another of Windows' drives
        relative = path.resolve().as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError:
        raise ConfigError("has a name that is not valid Unicode", where=path, fix="Rename it first.") from None
    return relative


def _label_file(path: Path, folder: Path) -> str:
    stems = ("labels", f"{path.stem}_labels", f"labels_{path.stem}")
    names = (f"{stem}{suffix}" for stem in stems for suffix in _LABEL_SUFFIXES)
    return next((name for name in names if is_file(folder / name)), "")


def _vocabulary_file(path: Path, folder: Path) -> str:
    names = ("vocab.txt", f"{path.stem}_vocab.txt", "vocabulary.txt")
    return next((name for name in names if is_file(folder / name)), "")


def _count_labels(folder: Path, labels: str) -> int:
    try:
        return len(read_labels(folder / labels)) if labels else 0
    except MetadataError:
        return 0  # it is told when it is attached


def _golden_patterns(folder: Path, kind: InputKind) -> tuple[str, ...]:
    suffixes = _SAMPLE_SUFFIXES.get(kind, (".npy", ".npz"))
    return tuple(pattern for suffix in suffixes if _names_files(folder, pattern := f"golden/*{suffix}"))


def _names_files(folder: Path, pattern: str) -> bool:
    try:
        return bool(find_files(folder, pattern))
    except TooManyEntriesError:
        return False  # so many samples are no golden cases


def _lines(tensors: tuple[Tensor, ...], names: Sequence[str], kind: str) -> tuple[TensorLine, ...]:
    spelled = port_names([tensor.name for tensor in tensors], [""] * len(tensors), kind)
    return tuple(
        TensorLine(name or other, f"{tensor.name}: {tensor.dtype} {list(tensor.shape)}")
        for tensor, name, other in zip(tensors, names, spelled, strict=True)
    )
