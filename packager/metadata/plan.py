"""Whether what is asked to be written into a model fits it, and what then holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packager.errors import MetadataError
from packager.metadata.annotation import (
    ACTIVATION,
    AUDIO_CHANNELS,
    CHANNELS,
    CROP,
    DELIMITER,
    HEAD,
    HOP,
    IOU,
    LABELS,
    MEAN,
    PAD,
    POINTS,
    RESIZE,
    SAMPLE_RATE,
    STD,
    TASK,
    THRESHOLD,
    VOCABULARY,
    Annotation,
    TensorSpec,
    misfit,
)
from packager.metadata.labels import LabelFile, check_count, read_labels
from packager.metadata.pictures import check_float32, check_image, image_channels, normalization
from packager.metadata.sounds import sound_format
from packager.metadata.texts import check_delimiter, checked_delimiter, read_vocabulary, token_roles
from packager.metadata.view import (
    OWN_SETTINGS,
    ModelMetadata,
    TensorMetadata,
    count_labels,
    find_out_of_range,
    tensor_metadata,
)
from packager.model import Model, Tensor
from packager.settings import Example, Part, Setting, find_wrong_type
from packager.tasks import AnswerKind, Head, InputKind, MaskForm, Task
from packager.tasks.heads import (
    HEADS,
    SSD_OPERATOR,
    find_heads,
    head_fits,
    landmark_items,
    mask_form,
    ssd_roles,
)
from packager.terminal import counted

# By role: the name and description of a tensor of which nothing else is known. They are tflite-support's, whose
# Task Library finds a detector's outputs by these names.
ROLES = {
    "image": ("image", "Input image."),
    "audio": ("audio_clip", "Input audio clip to be classified."),
    "text": ("input_text", "Input text to be classified, as tokens."),
    # MediaPipe finds the inputs of a BERT by these names.
    "text_ids": ("ids", "Tokenized ids of the input text."),
    "text_mask": ("mask", "Mask with 1 for real tokens and 0 for padding tokens."),
    "text_segment_ids": ("segment_ids", "0 for the first sequence, 1 for the second sequence if exists."),
    "classes": ("probability", "Scores of the labels respectively."),
    "mask": ("segmentation_masks", "Scores of the labels respectively, for each pixel."),
    "location": ("location", "The locations of the detected boxes."),
    "category": ("category", "The categories of the detected boxes."),
    "score": ("score", "The scores of the detected boxes."),
    "number": ("number of detections", "The number of the detected boxes."),
    "detections": ("detections", "Boxes and scores of all candidates."),
    "grid": ("grid", "Scores of the labels respectively, the background first, for each cell of the picture."),
    "poses": ("poses", "The points of each body and their scores."),
    "": ("", ""),
}
_DETECTOR_OUTPUTS = ("location", "category", "score", "number")
# The outputs that labels belong to, where the task's first output is not the one.
_LABELLED = ("classes", "mask", "category", "detections", "grid", "poses")
# The input kinds and the answer kinds that a setting says something about; the others go with every task.
_KINDS: dict[Setting, tuple[InputKind | AnswerKind, ...]] = {
    MEAN: (InputKind.IMAGE,),
    STD: (InputKind.IMAGE,),
    CROP: (InputKind.IMAGE,),
    RESIZE: (InputKind.IMAGE,),
    PAD: (InputKind.IMAGE,),
    CHANNELS: (InputKind.IMAGE,),
    ACTIVATION: (AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK),
    HEAD: (AnswerKind.BOXES, AnswerKind.KEYPOINTS),
    THRESHOLD: (AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS),
    IOU: (AnswerKind.BOXES, AnswerKind.KEYPOINTS),
    POINTS: (AnswerKind.KEYPOINTS,),
    HOP: (InputKind.AUDIO,),
    SAMPLE_RATE: (InputKind.AUDIO,),
    AUDIO_CHANNELS: (InputKind.AUDIO,),
    VOCABULARY: (InputKind.TEXT,),
    DELIMITER: (InputKind.TEXT,),
}


@dataclass(frozen=True)
class Plan:
    """An annotation that was checked against its model.

    ``old`` is the metadata in the model; ``settings``, ``mean``, ``std``, ``sample_rate`` and ``audio_channels`` are
    what holds afterwards, whether given or kept; absent, empty and 0 where they do not apply. ``settings`` are (name,
    value) pairs of ``OWN_SETTINGS``, without those that say no more than their default. Roles are keys of ``ROLES``.
    ``labels`` are the new ones, ``labelled`` the index of the output they belong to, and ``labels_values`` whether
    that holds numbers of labels rather than a score for each. ``vocabulary`` is a new one, None where that in the
    model stays, and ``delimiter`` what holds afterwards, empty but for a text of a single input.
    """

    old: ModelMetadata
    task: Task
    head: Head | None
    settings: tuple[tuple[str, str | float], ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    input_roles: tuple[str, ...]
    output_roles: tuple[str, ...]
    labelled: int | None
    labels_values: bool
    labels: tuple[tuple[LabelFile, tuple[str, ...]], ...]
    sample_rate: int
    audio_channels: int
    vocabulary: bytes | None
    delimiter: str


def make_plan(model: Model, annotation: Annotation, old: ModelMetadata) -> Plan:
    """Check ``annotation`` against ``model``; ``old`` is the metadata in the model, empty where there is none.

    Raises:
        MetadataError: it does not fit, or a label file is wrong; every message names the fix.
    """
    wrong = find_wrong_type(annotation)
    if wrong is not None:
        raise MetadataError(wrong, where=model.path, about=wrong[0])
    task = annotation.task or old.task
    if task is None:
        raise MetadataError(
            "no task is given, and the model names none",
            where=model.path,
            fix=("Set ", TASK, f" to one of {', '.join(Task)}; the last is for anything else."),
            about=TASK,
        )
    _refuse_settings_of_other_tasks(model, annotation, task)
    _check_texts(model, annotation)
    check_delimiter(model, annotation)
    vocabulary = read_vocabulary(annotation)
    # In one order, however they are given: the default ones first.
    files = sorted(enumerate(annotation.labels), key=lambda item: item[1].locale)
    labels = tuple(
        (file, read_labels(file.path, localized=bool(file.locale), given=Setting(Annotation, "labels", index)))
        for index, file in files
    )
    head = _head(model, annotation, old, task, labels)
    input_roles, output_roles = _roles(model, task, head, annotation, old)
    sample_rate, audio_channels = sound_format(model, annotation, old, task)
    delimiter = checked_delimiter(model, annotation, old, vocabulary) if task.input is InputKind.TEXT else ""
    labelled = next((i for i, role in enumerate(output_roles) if role in _LABELLED), 0 if model.outputs else None)
    if labelled is not None:
        names = tensor_metadata(old.outputs, labelled).class_names
        if names and task.answer is not AnswerKind.TENSORS and all(file.locale for file, _ in labels):
            labels = ((LabelFile(model.path), names), *labels)
        points = old.points if annotation.points is None else annotation.points
        count = count_labels(model, labelled, task, head, points)
        _check_labels(model, task, head, tensor_metadata(old.outputs, labelled), count, labels)
    if head is not None and task.answer is AnswerKind.KEYPOINTS:
        _check_points(model, annotation, old, head)
    takes_picture = task.input is InputKind.IMAGE
    if takes_picture and annotation.channels is not None and image_channels(model.inputs[0]) == 1:
        raise MetadataError(
            (CHANNELS, " says an order, and the image input is gray: it has 1 channel"),
            where=model.path,
            fix="Leave it out.",
            about=CHANNELS,
        )
    mean, std = normalization(model, annotation, old) if takes_picture else ((), ())
    _check_specs(model, "inputs", annotation.inputs, model.inputs)
    _check_specs(model, "outputs", annotation.outputs, model.outputs)
    return Plan(
        old=old,
        task=task,
        head=head,
        settings=_settings(annotation, old, task, head),
        mean=mean,
        std=std,
        input_roles=input_roles,
        output_roles=output_roles,
        labelled=labelled,
        labels_values=head in (Head.SSD, Head.END_TO_END)
        or (task.answer is AnswerKind.MASK and mask_form(model.outputs[0]) is MaskForm.CLASS_NUMBERS),
        labels=labels,
        sample_rate=sample_rate,
        audio_channels=audio_channels,
        vocabulary=vocabulary,
        delimiter=delimiter,
    )


def _refuse_settings_of_other_tasks(model: Model, annotation: Annotation, task: Task) -> None:
    for setting in _KINDS:
        value = getattr(annotation, setting.name)
        if value is not None and not _goes_with(setting, task):
            tasks = [item for item in Task if _goes_with(setting, item)]
            raise MetadataError(
                (setting, f" does not go with the task {task}"),
                where=model.path,
                fix=("Leave it out, or set ", TASK, f" to {' or '.join(tasks)}."),
                about=setting,
            )
    for setting, fix in (
        (PAD, "Give the gray value around the picture: 0 is black, YOLO's is 114."),
        (THRESHOLD, "Give the score from which on there is an answer, such as 0.25."),
        (IOU, "Give the overlap at which two boxes are one, such as 0.45."),
        (POINTS, "Give the number of points that the model answers with."),
        (HOP, "Give the number of samples from one window to the next, at most the window's."),
    ):
        value = getattr(annotation, setting.name)
        wrong = None if value is None else find_out_of_range(setting.name, value)
        if wrong is not None:
            raise MetadataError((setting, f" {wrong}"), where=model.path, fix=fix, about=setting)
    for setting, number, fix in (
        (SAMPLE_RATE, annotation.sample_rate, "Give the number of samples in a second, such as 16000."),
        (AUDIO_CHANNELS, annotation.audio_channels, "Give 1 for mono, 2 for stereo."),
    ):
        if number is not None and not 0 < number < 2**32:
            raise MetadataError(
                (setting, " is not a whole number from 1 to 4,294,967,295"), where=model.path, fix=fix, about=setting
            )


def _goes_with(setting: Setting, task: Task) -> bool:
    return task.input in _KINDS[setting] or task.answer in _KINDS[setting]


def _settings(
    annotation: Annotation, old: ModelMetadata, task: Task, head: Head | None
) -> tuple[tuple[str, str | float], ...]:
    """The ``OWN_SETTINGS`` that hold afterwards: given, or kept where they go with the task."""
    settings: list[tuple[str, str | float]] = []
    for name in OWN_SETTINGS:
        if _goes_with(Setting(Annotation, name), task):
            given = head if name == "head" else getattr(annotation, name)
            value = getattr(old, name) if given is None else given
            if name == "crop" or value != getattr(ModelMetadata, name):
                settings.append((name, float(value) if name in ("threshold", "iou") else value))
    return tuple(settings)


def _check_texts(model: Model, annotation: Annotation) -> None:
    texts = {
        Setting(Annotation, name): getattr(annotation, name)
        for name in ("name", "version", "author", "license", "description", "delimiter")
    }
    for side in ("inputs", "outputs"):
        for index, spec in enumerate(getattr(annotation, side)):
            texts[Setting(Annotation, side, index, "name")] = spec.name
            texts[Setting(Annotation, side, index, "description")] = spec.description
    for setting, text in texts.items():
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise MetadataError(
                (setting, f" is not valid Unicode: {text!r}"),
                where=model.path,
                fix="Give it in UTF-8.",
                about=setting,
            ) from None


# What the outputs of a detector, and of a pose model, look like.
_HEAD_SHAPES = {
    AnswerKind.BOXES: f"the four outputs of {SSD_OPERATOR} (boxes, categories, scores, their number), or one of "
    "[1, 4 + classes, boxes], [1, boxes, 5 + classes], [1, boxes, 6] or [1, height / 8, width / 8, classes + 1]",
    AnswerKind.KEYPOINTS: "one output of [1, 1, points, 3], [1, bodies, 56] or [1, 5 + 3 x points, bodies], or a "
    "vector of landmarks",
}


def _head(
    model: Model,
    annotation: Annotation,
    old: ModelMetadata,
    task: Task,
    labels: Sequence[tuple[LabelFile, tuple[str, ...]]],
) -> Head | None:
    """How the outputs of a detector or pose model are laid out: as given, as kept, or as they can only be.

    Raises:
        MetadataError: they are none of the task's, are not of the head that is given, or could be of two.
    """
    if not _goes_with(HEAD, task):
        return None
    kept = (items for output in old.outputs if (items := output.labels()) is not None)
    default = next((items for file, items in labels if not file.locale), next(kept, None))
    heads = find_heads(model, task, None if default is None else len(default))
    shapes = _shapes(model)
    if annotation.head is not None:
        # Labels may say that the shape is another's. Where they fit none, that has a message of its own.
        can_be = default is None or annotation.head in (*heads, *find_heads(model, task))
        if annotation.head in HEADS[task.answer] and head_fits(model, annotation.head) and can_be:
            return annotation.head
        fits = "is of no head of this task" if not heads else f"fits {' or '.join(heads)}"
        raise MetadataError(
            (HEAD, f" {annotation.head} does not fit the model: what it answers with, {shapes}, {fits}"),
            where=model.path,
            fix=("Leave it out, or set ", HEAD, f" to {' or '.join(heads)}.") if heads else "Leave it out.",
            about=HEAD,
        )
    if not heads:
        given = None if annotation.task is None else TASK
        raise misfit(
            model, given, f"{task} takes a model with {_HEAD_SHAPES[task.answer]}, and this one has {shapes}"
        )
    if old.head in HEADS[task.answer] and head_fits(model, old.head):
        return old.head
    if len(heads) == 1:
        return heads[0]
    raise MetadataError(
        f"its output {shapes} could be that of {' or '.join(heads)}",
        where=model.path,
        fix=("Say which one the model has: ", *_choices(HEAD, heads), "."),
        about=HEAD,
    )


def _choices(setting: Setting, values: Sequence[str]) -> tuple[Part, ...]:
    parts: list[Part] = [Example.of((setting, values[0]))]
    for value in values[1:]:
        parts += [" or ", Example.of((setting, value))]
    return tuple(parts)


def _shapes(model: Model) -> str:
    # A model may have a thousand of them.
    shown = [str(list(tensor.shape)) for tensor in model.outputs[:4]]
    return " and ".join(shown) + (" and more" if len(model.outputs) > 4 else "") if shown else "no output"


def _check_points(model: Model, annotation: Annotation, old: ModelMetadata, head: Head) -> None:
    points = old.points if annotation.points is None else annotation.points
    if head is not Head.LANDMARKS:
        found = count_labels(model, 0, Task.POSE, head)
        if annotation.points not in (None, found):
            raise MetadataError(
                (POINTS, f" is {points}, and the output {_shapes(model)} of the head {head} has {found}"),
                where=model.path,
                fix="Leave it out: the model tells.",
                about=POINTS,
            )
        return
    counts = [items for tensor in model.outputs if (items := landmark_items(tensor))]
    if points is None:
        raise MetadataError(
            "how many points its landmarks have is not given, and the model does not tell",
            where=model.path,
            fix=("Give it, for example ", Example.of((POINTS, max(max(counts) // 3, 1)))),
            about=POINTS,
        )
    if not any(items in (2 * points, 3 * points) for items in counts):
        raise MetadataError(
            (POINTS, f" is {points}, and its outputs {_shapes(model)} hold no two or three numbers for each"),
            where=model.path,
            fix="Give the number of points that the model was made for.",
            about=None if annotation.points is None else POINTS,
        )


def _roles(
    model: Model, task: Task, head: Head | None, annotation: Annotation, old: ModelMetadata
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What each input and output is for the task, as keys of ``ROLES``.

    Raises:
        MetadataError: the model has other inputs and outputs than the task.
    """
    inputs, outputs = model.inputs, model.outputs
    given = TASK if annotation.task else None
    if task is Task.TENSORS:
        return ("",) * len(inputs), ("",) * len(outputs)
    if not inputs or not outputs:
        raise misfit(model, given, "the model has no input or no output")
    single = {InputKind.IMAGE: "image", InputKind.AUDIO: "audio"}.get(task.input)
    if task.input is InputKind.IMAGE:
        if len(inputs) != 1:
            raise misfit(model, given, f"{task} takes a model with one input, and this one has {len(inputs)}")
        check_image(model, given)
    if task.input is InputKind.TEXT:
        return token_roles(model, annotation, old, given), _output_roles(model, task, head, given)
    role = single or ""
    return (role,) * len(inputs), _output_roles(model, task, head, given)


def detector_roles(model: Model, head: Head | None) -> tuple[str, ...]:
    """What each output of a detector with that head is, as keys of ``ROLES``; empty where there is no head."""
    order = ssd_roles(model) if head is Head.SSD else None
    if order is not None:
        return tuple(_DETECTOR_OUTPUTS[order.index(index)] for index in range(len(model.outputs)))
    return () if head is None else ("grid" if head is Head.FOMO else "detections",)


def _output_roles(model: Model, task: Task, head: Head | None, given: Setting | None) -> tuple[str, ...]:
    outputs = model.outputs
    match task.answer:
        case AnswerKind.TENSORS:
            return ("",) * len(outputs)
        case AnswerKind.BOXES:
            return detector_roles(model, head)
        case AnswerKind.KEYPOINTS:
            return tuple("poses" if head is not Head.LANDMARKS or landmark_items(item) else "" for item in outputs)
        case AnswerKind.MASK:
            if len(outputs) != 1 or mask_form(outputs[0]) is None:
                raise misfit(
                    model,
                    given,
                    f"{task} takes a model with one output [1, height, width, classes] or [1, height, width], and "
                    f"this one has {_shapes(model)}",
                )
            return ("mask",)
        case AnswerKind.CLASSES:
            if task.input is InputKind.IMAGE and len(outputs) != 1:
                raise misfit(model, given, f"{task} takes a model with one output, and this one has {len(outputs)}")
            shape = list(outputs[0].shape)
            if len(shape) not in (1, 2, 4) or any(size not in (1, -1) for size in shape[:-1]):
                what = f"the output of {task} has the shape [1, classes], and this one {shape} (rank {len(shape)})"
                raise misfit(model, given, what)
            # YAMNet also answers with embeddings.
            return ("classes",) + ("",) * (len(outputs) - 1)


def _check_labels(
    model: Model,
    task: Task,
    head: Head | None,
    old: TensorMetadata,
    classes: int | None,
    new: tuple[tuple[LabelFile, tuple[str, ...]], ...],
) -> None:
    locales = [file.locale for file, _ in new]
    twice = next((locale for locale in locales if locales.count(locale) > 1), None)
    if twice is not None:
        raise MetadataError(
            f"two label files are given for {'the locale ' + twice if twice else 'the default labels'}",
            where=model.path,
            fix=("Name the locale of a translated file: ", _TRANSLATED),
            about=LABELS,
        )
    counts: dict[str, tuple[int, Path, str]] = {}
    for locale in ("", *old.locales):
        labels = old.labels(locale)
        if labels is not None:
            counts[locale] = len(labels), model.path, "the label file in the model"
    for file, labels in new:
        counts[file.locale] = len(labels), file.path, "the label file"
    if "" not in counts and (counts or task.answer is AnswerKind.CLASSES):
        raise MetadataError(
            "no labels are given, and the model holds none"
            if not counts
            else "labels are given for a locale, and no default ones",
            where=model.path,
            fix=("Add a file with a label a line: ", _TRANSLATED if counts else _LABELLED_BY),
            about=LABELS,
        )
    expected = counts.get("", (0,))[0]
    reason = f"the default ones are {expected}"
    # Labels that stay in the model may be those of another task: a detector's are of no axis of its output.
    stay = task.answer is AnswerKind.TENSORS and not new
    if not stay and classes is not None:
        expected = classes
        what = "point" if task.answer is AnswerKind.KEYPOINTS else "class/classes"
        reason = f"the output has {counted(expected, what)}"
    for count, where, origin in counts.values():
        check_count(count, expected, where, origin, reason)


_LABELLED_BY = Example.of((LABELS, (LabelFile(Path("labels.txt")),)))
_TRANSLATED = Example.of((LABELS, (LabelFile(Path("labels.txt")), LabelFile(Path("labels_de.txt"), "de"))))


def _check_specs(model: Model, side: str, specs: Sequence[TensorSpec], tensors: Sequence[Tensor]) -> None:
    kind = side.removesuffix("s")
    if len(specs) > len(tensors):
        raise MetadataError(
            f"{counted(len(specs), kind)} {'is' if len(specs) == 1 else 'are'} described, and the model has "
            f"{len(tensors)}",
            where=model.path,
            fix=("Give ", Setting(Annotation, side), f" once for each {kind} at most, in the model's order."),
            about=Setting(Annotation, side, len(tensors)),
        )
    for index, (spec, tensor) in enumerate(zip(specs, tensors, strict=False)):
        channels = tensor.shape[-1] if tensor.shape else 1
        for part, values in (("minimum", spec.minimum), ("maximum", spec.maximum)):
            setting = Setting(Annotation, side, index, part)
            if values is not None and len(values) not in (1, channels):
                raise MetadataError(
                    (setting, f" of {kind} {index + 1} has {len(values)} values for {counted(channels, 'channel')}"),
                    where=model.path,
                    fix="Give one for all channels, or one for each.",
                    about=setting,
                )
            for value in values or ():
                check_float32(model, setting, value, setting, setting)
        low, high = spec.minimum, spec.maximum
        if low and high and any(a > b for a, b in zip(low * len(high), high * len(low), strict=True)):
            setting = Setting(Annotation, side, index)
            raise MetadataError(
                (setting, f" of {kind} {index + 1} has a minimum above its maximum"),
                where=model.path,
                fix="Swap the two.",
                about=Setting(Annotation, side, index, "minimum"),
            )
