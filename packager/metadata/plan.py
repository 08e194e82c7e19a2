"""What is asked to be written into a model, and whether it fits that model."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packager.errors import MetadataError
from packager.metadata.labels import LabelFile, check_count, read_labels
from packager.metadata.view import CropMode, ModelMetadata, Task, TensorMetadata
from packager.model import Model, Quantization, Tensor
from packager.reading import read_file

IMAGE_TASKS = (Task.IMAGE_CLASSIFICATION, Task.OBJECT_DETECTION, Task.IMAGE_SEGMENTATION)

# By role: the name and description of a tensor of which nothing else is known. They are tflite-support's, whose
# Task Library finds a detector's outputs by these names.
ROLES = {
    "image": ("image", "Input image."),
    "audio": ("audio_clip", "Input audio clip to be classified."),
    "text": ("input_text", "Input text to be classified, as tokens."),
    "classes": ("probability", "Scores of the labels respectively."),
    "mask": ("segmentation_masks", "Scores of the labels respectively, for each pixel."),
    "location": ("location", "The locations of the detected boxes."),
    "category": ("category", "The categories of the detected boxes."),
    "score": ("score", "The scores of the detected boxes."),
    "number": ("number of detections", "The number of the detected boxes."),
    "": ("", ""),
}
_DETECTOR_OUTPUTS = {"location": 3, "category": 2, "score": 2, "number": 1}  # with their ranks
_DETECTION_OPERATOR = "TFLite_Detection_PostProcess"


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


@dataclass(frozen=True)
class Annotation:
    """What to write into a model. None, and an empty tuple, keep what is in it.

    ``labels`` are those of the classes (of the first output; for an object detector of its categories); a file
    replaces the labels of its own locale. ``mean`` and ``std`` are of an image input, in units of 8-bit pixels,
    one value or one a channel: the model takes ``(pixel - mean) / std``. ``crop`` is for image tasks too.
    ``inputs`` and ``outputs`` are in the model's order, and may be fewer. ``sample_rate`` (Hz) and
    ``audio_channels`` are for audio; ``vocabulary`` (a file, packed as it is) and ``delimiter`` (the regular
    expression at which a text is split into tokens) for text.
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
    delimiter: str = r"[^\w\']+"


@dataclass(frozen=True)
class Plan:
    """An annotation that was checked against its model.

    ``crop``, ``mean``, ``std``, ``sample_rate`` and ``audio_channels`` are what holds afterwards, whether given
    or kept; None, empty and 0 where they do not apply. Roles are keys of ``ROLES``. ``labels`` are the new ones,
    and ``labelled`` the index of the output they belong to.
    """

    task: Task
    crop: CropMode | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    input_roles: tuple[str, ...]
    output_roles: tuple[str, ...]
    labelled: int | None
    labels: tuple[tuple[LabelFile, tuple[str, ...]], ...]
    sample_rate: int
    audio_channels: int
    vocabulary: bytes | None


def make_plan(model: Model, annotation: Annotation, old: ModelMetadata) -> Plan:
    """Check ``annotation`` against ``model``; ``old`` is the metadata in the model, empty where there is none.

    Raises:
        MetadataError: it does not fit, or a label file is wrong; every message names the fix.
    """
    task = annotation.task or old.task
    if task is None:
        raise MetadataError(
            "no task is given, and the model names none",
            where=model.path,
            fix=f"Add --task with one of {', '.join(Task)}; tensors is for anything else.",
        )
    _refuse_options_of_other_tasks(model, annotation, task)
    _check_texts(annotation)
    input_roles, output_roles = _roles(model, task)
    labelled = next((i for i, role in enumerate(output_roles) if role in ("classes", "mask", "category")), None)
    if task is Task.TENSORS and model.outputs:
        labelled = 0
    # In one order, however they are given: the default ones first.
    files = sorted(annotation.labels, key=lambda file: file.locale)
    labels = tuple((file, read_labels(file.path)) for file in files)
    if labelled is not None:
        _check_labels(model, task, _tensor_metadata(old.outputs, labelled), model.outputs[labelled], labels)
    mean, std = _normalization(model, annotation, old) if task in IMAGE_TASKS else ((), ())
    _check_specs(model, "input", annotation.inputs, model.inputs)
    _check_specs(model, "output", annotation.outputs, model.outputs)
    first_input = _tensor_metadata(old.inputs, 0)
    return Plan(
        task=task,
        crop=(annotation.crop or old.crop) if task in IMAGE_TASKS else None,
        mean=mean,
        std=std,
        input_roles=input_roles,
        output_roles=output_roles,
        labelled=labelled,
        labels=labels,
        sample_rate=first_input.sample_rate if annotation.sample_rate is None else annotation.sample_rate,
        audio_channels=first_input.audio_channels if annotation.audio_channels is None else annotation.audio_channels,
        vocabulary=_read_vocabulary(annotation),
    )


def _tensor_metadata(tensors: tuple[TensorMetadata, ...], index: int) -> TensorMetadata:
    return tensors[index] if index < len(tensors) else TensorMetadata()


def _refuse_options_of_other_tasks(model: Model, annotation: Annotation, task: Task) -> None:
    for option, value, tasks in (
        ("--mean", annotation.mean, IMAGE_TASKS),
        ("--std", annotation.std, IMAGE_TASKS),
        ("--crop", annotation.crop, IMAGE_TASKS),
        ("--sample-rate", annotation.sample_rate, (Task.AUDIO_CLASSIFICATION,)),
        ("--audio-channels", annotation.audio_channels, (Task.AUDIO_CLASSIFICATION,)),
        ("--vocabulary", annotation.vocabulary, (Task.TEXT_CLASSIFICATION,)),
    ):
        if value is not None and task not in tasks:
            raise MetadataError(
                f"{option} does not go with the task {task}",
                where=model.path,
                fix=f"Leave it out, or use --task {' or '.join(tasks)}.",
            )
    for option, number in (
        ("--sample-rate", annotation.sample_rate),
        ("--audio-channels", annotation.audio_channels),
    ):
        if number is not None and not 0 < number < 2**32:
            raise MetadataError(f"{option} is {number}", where=model.path, fix="Give a number from 1 up.")


def _check_texts(annotation: Annotation) -> None:
    specs = (*annotation.inputs, *annotation.outputs)
    texts = [annotation.name, annotation.version, annotation.author, annotation.license, annotation.description]
    texts.append(annotation.delimiter)
    texts += [text for spec in specs for text in (spec.name, spec.description)]
    for text in texts:
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise MetadataError(f"{text!r} is not valid Unicode", fix="Give it in UTF-8.") from None


def _roles(model: Model, task: Task) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What each input and output is for the task, as keys of ``ROLES``.

    Raises:
        MetadataError: the model has other inputs and outputs than the task.
    """
    inputs, outputs = model.inputs, model.outputs

    def fail(what: str) -> MetadataError:
        return MetadataError(
            what, where=model.path, fix="Use the task that the model was made for; --task tensors takes any model."
        )

    if task is Task.TENSORS:
        return ("",) * len(inputs), ("",) * len(outputs)
    if task in IMAGE_TASKS:
        if len(inputs) != 1:
            raise fail(f"{task} takes a model with one input, and this one has {len(inputs)}")
        if len(inputs[0].shape) != 4 or inputs[0].shape[3] not in (1, 3):
            raise fail(
                f"an image input has the shape [1, height, width, 3], or 1 channel for gray, and this one "
                f"{list(inputs[0].shape)}"
            )
        if inputs[0].dtype not in ("float32", "float16", "int8", "uint8", "int16"):
            raise fail(f"an image input holds float32, int8 or uint8, and this one {inputs[0].dtype}")
    if not inputs or not outputs:
        raise fail("the model has no input or no output")
    output = outputs[0]
    if task is Task.OBJECT_DETECTION:
        return ("image",), _detector_roles(model, fail)
    if task is Task.IMAGE_SEGMENTATION:
        if len(outputs) != 1 or len(output.shape) != 4:
            raise fail(
                "image-segmentation takes a model with one output [1, height, width, classes], and this one has "
                + " and ".join(str(list(tensor.shape)) for tensor in outputs)
            )
        return ("image",), ("mask",)
    shape = list(output.shape)
    if len(shape) not in (1, 2, 4) or any(size not in (1, -1) for size in shape[:-1]):
        raise fail(f"the output of {task} has the shape [1, classes], and this one {shape} (rank {len(shape)})")
    if task is Task.IMAGE_CLASSIFICATION:
        if len(outputs) != 1:
            raise fail(f"image-classification takes a model with one output, and this one has {len(outputs)}")
        return ("image",), ("classes",)
    # Others may have more: YAMNet also answers with embeddings, BERT takes ids, mask and segments.
    if task is Task.AUDIO_CLASSIFICATION and len(inputs) != 1:
        raise fail(f"audio-classification takes a model with one input, and this one has {len(inputs)}")
    role = "audio" if task is Task.AUDIO_CLASSIFICATION else "text" if len(inputs) == 1 else ""
    return (role,) * len(inputs), ("classes",) + ("",) * (len(outputs) - 1)


def _detector_roles(model: Model, fail: Callable[[str], MetadataError]) -> tuple[str, ...]:
    indices = model.main.outputs
    if len(set(indices)) != 4:
        raise fail(
            f"object-detection takes a model that ends in {_DETECTION_OPERATOR}, with four outputs "
            f"(boxes, categories, scores, their number), and this one has {len(indices)}"
        )
    # The operator's own order; where a converter put something behind it, the order in which the tensors were
    # made, which is also how tflite-support tells them.
    own = [node.outputs for node in model.main.nodes if node.operator.name == _DETECTION_OPERATOR]
    order = own[0] if own and set(own[0]) == set(indices) else tuple(sorted(indices))
    roles = tuple(list(_DETECTOR_OUTPUTS)[order.index(index)] for index in indices)
    for role, tensor in zip(roles, model.outputs, strict=True):
        # The operator sizes its outputs at run time, so mostly they have no shape in the file.
        if tensor.shape and len(tensor.shape) != _DETECTOR_OUTPUTS[role]:
            raise fail(f"the detector's output {tensor.name!r} ({role}) has the shape {list(tensor.shape)}")
    return roles


def _check_labels(
    model: Model,
    task: Task,
    old: TensorMetadata,
    output: Tensor,
    new: tuple[tuple[LabelFile, tuple[str, ...]], ...],
) -> None:
    locales = [file.locale for file, _ in new]
    twice = next((locale for locale in locales if locales.count(locale) > 1), None)
    if twice is not None:
        raise MetadataError(
            f"two label files are given for {'the locale ' + twice if twice else 'the default labels'}",
            where=model.path,
            fix="Name the locale of a translated file: --labels labels.txt --labels de=labels_de.txt",
        )
    counts: dict[str, tuple[int, Path, str]] = {}
    for locale in ("", *old.locales):
        labels = old.labels(locale)
        if labels is not None:
            counts[locale] = len(labels), model.path, "the label file in the model"
    for file, labels in new:
        counts[file.locale] = len(labels), file.path, "the label file"
    if "" not in counts and (counts or task is not Task.TENSORS):
        raise MetadataError(
            "no labels are given, and the model holds none"
            if not counts
            else "labels are given for a locale, and no default ones",
            where=model.path,
            fix="Add --labels labels.txt, a file with a label a line; a translated one is de=labels_de.txt.",
        )
    expected = counts.get("", (0,))[0]
    reason = f"the default ones are {expected}"
    # A detector answers with the index of a label; no axis of an output tells how many there are.
    indexed = task is Task.OBJECT_DETECTION or (task is Task.TENSORS and not new and _holds_indices(old))
    if not indexed and output.shape and output.shape_signature[-1] > 0:
        expected = output.shape[-1]
        reason = f"the output has {expected} classes"
    for count, where, origin in counts.values():
        check_count(count, expected, where, origin, reason)


def _holds_indices(tensor: TensorMetadata) -> bool:
    return any(file.kind == "TENSOR_VALUE_LABELS" for file in tensor.files)


def _normalization(
    model: Model, annotation: Annotation, old: ModelMetadata
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    tensor, kept = model.inputs[0], _tensor_metadata(old.inputs, 0)
    channels = tensor.shape[3]
    mean = kept.mean if annotation.mean is None else annotation.mean
    std = kept.std if annotation.std is None else annotation.std
    if annotation.mean is None and annotation.std is None and not mean and not std:
        if tensor.dtype != "uint8":
            raise MetadataError(
                f"no normalization is given for an image input of {tensor.dtype}, and the model names none",
                where=model.path,
                fix=_suggest_normalization(tensor),
            )
        # Raw pixels: the normalization that quantization takes back again.
        implied = _implied_normalization(tensor.quantization, 0) or (0.0, 1.0)
        mean, std = (implied[0],), (implied[1],)
    for option, values in (("--mean", mean), ("--std", std)):
        if len(values) not in (1, channels):
            raise MetadataError(
                f"{option} has {len(values)} values, and the image input has {channels} "
                f"channel{'s' if channels > 1 else ''}",
                where=model.path,
                fix=f"Give {option} once for all channels, or once for each of the {channels}."
                if channels > 1
                else f"Give {option} once.",
            )
    count = max(len(mean), len(std))
    mean = tuple(_float32(model, "--mean", value) for value in (mean * count if len(mean) == 1 else mean))
    std = tuple(_float32(model, "--std", value) for value in (std * count if len(std) == 1 else std))
    if any(value <= 0 for value in std):
        raise MetadataError(
            f"--std is {next(value for value in std if value <= 0):g}, and the pixels are divided by it",
            where=model.path,
            fix="Give what the model was trained with, a number above 0; --std 1 leaves the pixels as they are.",
        )
    return mean, std


# Mean and std of the usual trainings: pixels as -1..1, as 0..1, and as they are.
_USUAL_NORMALIZATIONS = ((127.5, 127.5), (0.0, 255.0), (0.0, 1.0))


def usual_normalization(tensor: Tensor) -> tuple[float, float] | None:
    """The usual mean and std that an int8 image input's quantization stands for; None where it is none of them."""
    implied = _implied_normalization(tensor.quantization, -128) if tensor.dtype == "int8" else None
    if implied is None:
        return None
    # Calibration moves the range by a step or so.
    return next(
        (
            (mean, std)
            for mean, std in _USUAL_NORMALIZATIONS
            if abs(implied[0] - mean) <= 1 and abs(implied[1] / std - 1) < 0.01
        ),
        None,
    )


def _suggest_normalization(tensor: Tensor) -> str:
    implied = _implied_normalization(tensor.quantization, -128) if tensor.dtype == "int8" else None
    if implied is None:
        return (
            "Give what the model was trained with: --mean 127.5 --std 127.5 for [-1, 1], "
            "--mean 0 --std 255 for [0, 1]."
        )
    mean, std = usual_normalization(tensor) or implied
    return (
        f"Its quantization looks like --mean {mean:.6g} --std {std:.6g}; "
        "give what the model was trained with: (pixel - mean) / std."
    )


def _implied_normalization(quantization: Quantization | None, lowest: int) -> tuple[float, float] | None:
    """Mean and std with which pixel p becomes the quantized value ``p + lowest``; None where none can be told."""
    if quantization is None or not quantization.scale > 0:
        return None
    return float(quantization.zero_point - lowest), 1 / quantization.scale


def _float32(model: Model, option: str, value: float) -> float:
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        rounded = math.inf
    if not math.isfinite(rounded):
        raise MetadataError(f"{option} is {value}", where=model.path, fix="Give a finite number of float32's range.")
    return float(rounded)


def _check_specs(model: Model, kind: str, specs: Sequence[TensorSpec], tensors: Sequence[Tensor]) -> None:
    if len(specs) > len(tensors):
        raise MetadataError(
            f"{len(specs)} {kind}s are described, and the model has {len(tensors)}",
            where=model.path,
            fix=f"Give --{kind}-name and the like once for each {kind} at most, in the model's order.",
        )
    for number, (spec, tensor) in enumerate(zip(specs, tensors, strict=False), 1):
        channels = tensor.shape[-1] if tensor.shape else 1
        for values in (spec.minimum, spec.maximum):
            if values is not None and len(values) not in (1, channels):
                raise MetadataError(
                    f"the value range of {kind} {number} has {len(values)} values for {channels} channels",
                    where=model.path,
                    fix="Give one for all channels, or one for each.",
                )
            for value in values or ():
                _float32(model, "a value range", value)
        low, high = spec.minimum, spec.maximum
        if low and high and any(a > b for a, b in zip(low * len(high), high * len(low), strict=True)):
            raise MetadataError(
                f"the value range of {kind} {number} has a minimum above its maximum",
                where=model.path,
                fix="Swap the two.",
            )


def _read_vocabulary(annotation: Annotation) -> bytes | None:
    path, delimiter = annotation.vocabulary, annotation.delimiter
    if path is None:
        return None
    try:
        re.compile(delimiter)
    except re.error as error:
        raise MetadataError(
            f"the delimiter {delimiter!r} is no regular expression: {error}", fix=r"Such as [^\w\']+"
        ) from None
    try:
        return read_file(path)
    except OSError as error:
        raise MetadataError(f"cannot be read: {error.strerror}", where=path, fix="Check --vocabulary.") from None
