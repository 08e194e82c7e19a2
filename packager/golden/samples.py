"""Sample inputs: from files, or made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from packager.annotated import AnnotatedModel
from packager.errors import ConfigError, ModelError
from packager.golden.arrays import array_sample, random_tensor
from packager.golden.cases import Sample, reading_sample
from packager.golden.pictures import load_picture, picture_sample, random_picture
from packager.golden.sounds import count_windows, random_sound, sound_samples, window_samples
from packager.golden.texts import random_text, read_texts, text_sample
from packager.model import Tensor
from packager.render.naming import SnakeName, unique
from packager.runtimes import GOLDEN_LIMIT, GOLDEN_LIMIT_SETTING
from packager.settings import Example, Text
from packager.tasks.audio import AudioInput
from packager.tasks.features import FeaturesInput
from packager.tasks.image import ImageInput
from packager.tasks.text import TextInput

# Cases made up where no samples are given.
RANDOM_CASES = 3
# Items of an input beyond which its shape is taken for a damaged one, whatever the limit on golden cases.
_LARGEST_INPUT = 1 << 34


def read_samples(
    annotated: AnnotatedModel, paths: Sequence[Path], *, limit: int = GOLDEN_LIMIT
) -> tuple[Sample, ...]:
    """Sample inputs from files; seeded random ones where ``paths`` is empty.

    A picture (anything Pillow reads) suits a model that takes one. Of a ``.wav`` (PCM or floats, of any rate and any
    number of channels) each window is a sample, up to the first ``MOST_WINDOWS``: the rest of it is cut off; of a
    ``.txt`` (UTF-8) each line. ``.npy`` holds the tensor of a model with one input, ``.npz`` one array an input under
    the input's name: arrays of the tensor's own dtype go in as they are, float arrays for a quantized input hold real
    values and are quantized. With a front end a sample is a window of samples still; ``build_features`` makes the
    input of it. ``limit`` is how many megabytes the tensors of all samples may take together.

    Raises:
        ConfigError: a file is missing, is of no such kind, or does not fit the model, or all are beyond ``limit``.
        ModelError: the model's inputs are of a type or shape for which there are no samples.
    """
    bytes_each = input_bytes(annotated)
    texts = read_texts(paths) if isinstance(annotated.input, TextInput) else {}
    count = len(texts) or sum(_count_cases(annotated, path) for path in paths)
    check_budget("inputs", bytes_each, count or RANDOM_CASES, limit, annotated.model.path)
    if not paths:
        return _random_samples(annotated)
    if isinstance(annotated.input, TextInput):
        return tuple(text_sample(annotated.input, name, text) for name, text in texts.items())
    names = unique([SnakeName.of(path.stem) for path in paths])
    made: list[Sample] = []
    for path, name in zip(paths, names, strict=True):
        with reading_sample(path):
            made += _read_samples(annotated, path, SnakeName(name))
    # A window of one sound may be called as another sample is.
    unlike = unique([sample.name for sample in made])
    return tuple(replace(sample, name=name) for sample, name in zip(made, unlike, strict=True))


def _count_cases(annotated: AnnotatedModel, path: Path) -> int:
    """How many cases a file makes, as far as it tells before it is read."""
    audio = _listening(annotated)
    if audio is None:
        return 1
    with reading_sample(path):
        return count_windows(audio, path)


def _listening(annotated: AnnotatedModel) -> AudioInput | None:
    """The windows of a sound that are samples; None for a model that takes no sound."""
    if isinstance(annotated.input, FeaturesInput):
        return annotated.input.clip
    return annotated.input if isinstance(annotated.input, AudioInput) else None


def check_budget(side: str, bytes_each: int, cases: int, limit: int, path: Path) -> None:
    """Refuse golden cases that take too much memory and disk, before any is made."""
    if limit < 1:
        raise ConfigError((GOLDEN_LIMIT_SETTING, " is not a whole number from 1 up"), about=GOLDEN_LIMIT_SETTING)
    total = bytes_each * cases
    if total > limit << 20:
        raise ConfigError(
            f"the {side} of {cases} golden cases take {-(-total >> 20):,} MB, and the limit is {limit:,} MB",
            where=path,
            fix=give_fewer(-(-total >> 20)),
        )


def give_fewer(megabytes: int) -> Text:
    """What to do where golden cases take so many megabytes."""
    return "Give fewer golden samples, or raise the limit: ", Example.of((GOLDEN_LIMIT_SETTING, megabytes))


def _read_samples(annotated: AnnotatedModel, path: Path, name: SnakeName) -> tuple[Sample, ...]:
    audio = _listening(annotated)
    if audio is not None:
        return sound_samples(audio, name, path)
    match annotated.input:
        case ImageInput() if path.suffix in _ARRAYS and path.exists():
            raise ConfigError(
                f"holds an array, and the model's task is {annotated.task}",
                where=path,
                fix="Give the picture itself: the golden case proves what becomes of it.",
            )
        case _ if path.suffix in _ARRAYS:
            return (array_sample(annotated, name, path),)
        case _ if path.suffix.lower() in _OTHERS:
            what, task = _OTHERS[path.suffix.lower()]
            fix = f"Give other samples, or attach the metadata of {task}: packager metadata attach --help"
            raise ConfigError(f"is a {what}, and the model's task is {annotated.task}", where=path, fix=fix)
    picture = load_picture(path)
    if not isinstance(annotated.input, ImageInput):
        raise ConfigError(
            f"is a picture, and the model's task is {annotated.task}",
            where=path,
            fix="Give .npy samples, or attach the metadata of a task that takes pictures: "
            "packager metadata attach --help",
        )
    return (picture_sample(annotated, name, picture),)


_ARRAYS = (".npy", ".npz")
# By the ending of a file what it is, where the model takes something else, and the task that takes it.
_OTHERS = {".wav": ("sound", "audio-classification"), ".txt": ("text", "text-classification")}


def _random_samples(annotated: AnnotatedModel) -> tuple[Sample, ...]:
    generator = np.random.default_rng(0)
    audio = _listening(annotated)
    if audio is not None:
        pcm = random_sound(generator, audio, RANDOM_CASES)
        return window_samples(audio, SnakeName("random"), pcm)
    samples = []
    for number in range(RANDOM_CASES):
        name = f"random_{number}"
        match annotated.input:
            case ImageInput() as image:
                samples.append(picture_sample(annotated, name, random_picture(generator, image, number)))
            case TextInput() as text:
                samples.append(text_sample(text, name, random_text(generator, text)))
            case _:
                tensors = tuple(random_tensor(generator, port) for port in annotated.inputs)
                samples.append(Sample(name, None, tensors))
    return tuple(samples)


def input_bytes(annotated: AnnotatedModel) -> int:
    """The bytes of all inputs of one case; ModelError where there are no samples of a type or shape."""
    return sum(_tensor_bytes(port.tensor, annotated.model.path) for port in annotated.inputs)


def _tensor_bytes(tensor: Tensor, path: Path) -> int:
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        dtype = np.dtype(object)
    what, fix = "", None
    if dtype.kind not in "biuf":
        what = f"is of {tensor.dtype}, for which there are no samples"
    elif tensor.is_dynamic:
        what = f"has the open shape {list(tensor.shape_signature)}"
        fix = "Convert it with a fixed shape."
    elif min(tensor.shape, default=1) < 1 or tensor.size > _LARGEST_INPUT:
        what = f"has the shape {list(tensor.shape)}, which no sample can have"
    if what:
        raise ModelError(f"its input {tensor.name!r} {what}", where=path, fix=fix)
    return tensor.size * dtype.itemsize
