"""How a sound becomes the model's input tensors; the generated projects do exactly the same.

Mono samples of -1 to 1, at the model's rate → windows, one every ``hop`` samples → float32 as they are, or int16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from packager.metadata.sounds import check_audio
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.tasks import InputKind
from packager.tasks.kinds import Array, Input
from packager.tasks.quantization import quantize
from packager.tasks.wav import Wav, WavError

# Rates from which, and to which, a sound is brought to the model's; a ratio beyond these takes soxr minutes.
_LEAST_RATE, _LARGEST_RATE = 1_000, 1_000_000


@dataclass(frozen=True)
class AudioInput(Input):
    """An audio input [window] or [1, window] of mono samples, ``sample_rate`` of them a second, float32 or int16.

    ``hop`` is how many samples there are from the start of one window to that of the next.
    """

    kind = InputKind.AUDIO

    tensor: Tensor
    sample_rate: int
    window: int
    hop: int


def audio_input(model: Model, metadata: ModelMetadata) -> AudioInput:
    """The audio input of a model with one; the hop is half a window where the metadata name none.

    Raises:
        MetadataError: it takes no samples of a sound, or the metadata do not say how many there are a second.
    """
    described = metadata.inputs[0] if metadata.inputs else None
    rate = 0 if described is None else described.sample_rate
    check_audio(model, rate, 0 if described is None else described.audio_channels, metadata.hop)
    tensor = model.inputs[0]
    return AudioInput(tensor, rate, tensor.size, tensor.size // 2 if metadata.hop is None else metadata.hop)


def window_starts(samples: int, audio: AudioInput) -> range:
    """Where the windows of a clip of so many samples start: those that it fills, or the one at 0 if it fills none."""
    return range(0, max(samples - audio.window, 0) + 1, audio.hop)


def input_tensor(samples: Array, audio: AudioInput) -> Array:
    """The input tensor of a window of float32 samples; zeros follow where there are too few.

    int16 is quantized where the tensor has a scale; else it is ``samples * 32768``, rounded half away from zero and
    clamped, so that 16-bit PCM goes in as it was.
    """
    window = np.zeros(audio.window, np.float32)
    window[: samples.size] = samples
    if audio.tensor.dtype == "float32":
        return window.reshape(audio.tensor.shape)
    affine = audio.tensor.affine
    items = to_pcm(window) if affine is None else quantize(window.astype(np.float64), affine, "int16")
    return items.reshape(audio.tensor.shape)


def to_pcm(samples: Array) -> Array:
    """Float samples as int16: ``samples * 32768``, rounded half away from zero and clamped."""
    scaled = samples.astype(np.float64) * 32768
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    pcm: Array = np.clip(rounded, -32768, 32767).astype(np.int16)
    return pcm


def read_sound(wav: Wav, rate: int, most: int) -> Array:
    """The first ``most`` samples of a sound at ``rate`` (float32), or all where there are fewer.

    One of another rate is resampled with soxr at its quality VHQ, which is the same in whatever blocks.

    Raises:
        WavError: it has none, they are no numbers, or its rate is none of a sound.
    """
    pieces, count = [np.zeros(0, np.float32)], 0
    for piece in _at_rate(wav, rate):
        pieces.append(piece)
        count += piece.size
        if count >= most:
            break
    samples: Array = np.concatenate(pieces)[:most]
    if not samples.size:
        raise WavError("holds no samples")
    return samples


def _at_rate(wav: Wav, rate: int) -> Iterator[Array]:
    if wav.rate == rate:
        yield from wav.blocks()
        return
    if not _LEAST_RATE <= wav.rate <= _LARGEST_RATE:
        raise WavError(f"has {wav.rate:,} samples a second, which is no rate of a sound")
    import soxr

    stream = soxr.ResampleStream(wav.rate, rate, 1, dtype="float32", quality="VHQ")
    for block in wav.blocks():
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
