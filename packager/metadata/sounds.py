"""Whether what is said of a sound fits a model."""

from __future__ import annotations

from packager.errors import MetadataError
from packager.metadata.annotation import (
    AS_TENSOR_CLASSIFICATION,
    AUDIO_CHANNELS,
    HOP,
    SAMPLE_RATE,
    TASK,
    Annotation,
)
from packager.metadata.view import ModelMetadata, tensor_metadata
from packager.model import Model
from packager.settings import Example, Part, Setting, Text
from packager.tasks import InputKind, Task

# Seconds that a window of sound lasts. Fewer items than in the least of them are features.
_SHORTEST_WINDOW, _LONGEST_WINDOW = 0.1, 60


def sound_format(model: Model, annotation: Annotation, old: ModelMetadata, task: Task) -> tuple[int, int]:
    """The sample rate and the number of channels that hold afterwards."""
    kept = tensor_metadata(old.inputs, 0)
    rate = kept.sample_rate if annotation.sample_rate is None else annotation.sample_rate
    channels = kept.audio_channels if annotation.audio_channels is None else annotation.audio_channels
    if task.input is InputKind.AUDIO:
        hop = old.hop if annotation.hop is None else annotation.hop
        check_audio(model, rate, channels, hop, annotation)
        channels = 1
    return rate, channels


def check_audio(
    model: Model, sample_rate: int, channels: int, hop: int | None, given: Annotation | None = None
) -> None:
    """Refuse a model that takes no mono samples, or such as its settings do not fit.

    ``sample_rate`` and ``channels`` are 0, and ``hop`` None, where nothing says what they are; ``given`` is what was
    asked for, None where all of it stands in the model.

    Raises:
        MetadataError: it takes features, samples of another form, or a window of no usual length.
    """
    asked = given or Annotation()

    def misfit(setting: Setting, what: Text, *fix: Part) -> MetadataError:
        about = None if getattr(asked, setting.name) is None else setting
        return MetadataError(what, where=model.path, fix=fix, about=about)

    if len(model.inputs) != 1:
        count = len(model.inputs)
        raise misfit(TASK, f"a model that takes a sound has one input, and this one has {count}", *_FEATURES)
    tensor = model.inputs[0]
    shape = list(tensor.shape_signature)
    if tensor.shape[:-1] not in ((), (1,)) or not tensor.shape:
        raise misfit(TASK, f"a sound goes in as [1, N] or [N] samples, and this input is {shape}", *_FEATURES)
    if shape[-1] < 0:
        raise misfit(
            TASK,
            f"its audio input takes any number of samples, {shape}",
            "Convert it with a fixed shape: YAMNet, for example, takes [15600] or [1, 15600].",
        )
    if tensor.dtype not in ("float32", "int16"):
        raise misfit(
            TASK,
            f"a sound goes in as samples of float32 or int16: {tensor.size:,} items of {tensor.dtype} look like "
            "features",
            *_FEATURES,
        )
    if not sample_rate:
        raise MetadataError(
            "no sample rate is given for its audio input, and the model names none",
            where=model.path,
            fix=("Give what the model was trained with, for example ", Example.of((SAMPLE_RATE, 16_000))),
            about=None if given is None else SAMPLE_RATE,
        )
    seconds = tensor.size / sample_rate
    if not _SHORTEST_WINDOW <= seconds <= _LONGEST_WINDOW:
        raise misfit(
            SAMPLE_RATE,
            f"{tensor.size:,} samples at {sample_rate:,} a second are {seconds:,.4g} s, and a window of sound lasts "
            f"{_SHORTEST_WINDOW} to {_LONGEST_WINDOW} s: they look like features, or the rate is wrong",
            *("Give the rate that the model was trained with. ", *_FEATURES),
        )
    if channels > 1:
        raise misfit(
            AUDIO_CHANNELS,
            f"its audio input has {channels:,} channels, and only mono is supported",
            *("Convert the model for mono. ", *_FEATURES),
        )
    if hop is not None and not 1 <= hop <= tensor.size:
        raise misfit(
            HOP,
            (HOP, f" is {hop:,}, and a window has {tensor.size:,} samples: those in between would not be heard"),
            f"Give a whole number from 1 to {tensor.size}, or leave it out: half a window is usual.",
        )


_FEATURES: tuple[Part, ...] = (
    "If features go in, attach it with ",
    AS_TENSOR_CLASSIFICATION,
    " and make them of the sound beforehand, on a microcontroller by a front end such as TensorFlow Lite Micro's.",
)
