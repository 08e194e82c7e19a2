"""Sounds at the model's sample rate, and the windows of them that it takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Union

import numpy as np

from .errors import InputError
from .wav import name_of, read_wav

# Samples a second, samples in a window, and samples from one window to the next.
RATE = 16000
WINDOW = 1600
HOP = 800
# Sample rates that are converted to the model's.
LEAST_RATE, LARGEST_RATE = 1000, 1_000_000

# The name of a WAV file, what is in one, or mono samples: see ``to_samples``.
Sound = Union[str, "os.PathLike[str]", bytes, np.ndarray]


def load_sound(sound: Sound, rate: int = RATE) -> Iterator[np.ndarray]:
    """The samples of a sound at ``RATE``, float32, in blocks.

    Args:
        sound: a WAV file, its bytes, or samples.
        rate: how many of the samples there are a second; a file says so itself.

    Raises:
        InputError: it cannot be read, or has another rate and soxr is not installed.
            Where samples in a file are no numbers, the iterator raises it.
    """
    if isinstance(sound, np.ndarray):
        return _at_rate("the sound", rate, iter([to_samples(sound)]))
    if not isinstance(sound, (str, os.PathLike, bytes)):
        kind = type(sound).__name__
        raise TypeError(f"a sound is a path, bytes or an array, not {kind}")
    rate, blocks = read_wav(sound)
    return _at_rate(f"{name_of(sound)}:", rate, blocks)


def to_samples(array: np.ndarray) -> np.ndarray:
    """Mono samples as float32 of -1 to 1: what is int16 is divided by 32768.

    Raises:
        InputError: they are not one after the other, no numbers, or of another type.
    """
    if array.ndim != 1:
        raise InputError(f"an array of {list(array.shape)}: give mono samples, [N]")
    if array.dtype == np.int16:
        return array.astype(np.float32) / np.float32(32768)
    if array.dtype.kind != "f":
        raise InputError(f"an array of {array.dtype}: samples are floats or int16")
    with np.errstate(over="ignore"):
        samples = array.astype(np.float32)
    if not np.isfinite(samples).all():
        raise InputError("an array of samples that are no finite numbers")
    return samples


def windows(blocks: Iterable[np.ndarray], hop: int) -> Iterator[tuple[int, np.ndarray]]:
    """The windows of a sound in blocks, each with the number of its first sample.

    They are those that it fills; of one that fills none, all there is.
    """
    start, heard = 0, np.zeros(0, np.float32)
    for block in blocks:
        heard = np.concatenate([heard, block])
        while heard.size >= WINDOW:
            yield start, heard[:WINDOW]
            start, heard = start + hop, heard[hop:]
    if start == 0:
        yield start, heard


def _at_rate(
    name: str, rate: int, blocks: Iterator[np.ndarray]
) -> Iterator[np.ndarray]:
    if rate == RATE:
        return blocks
    if not LEAST_RATE <= rate <= LARGEST_RATE:
        raise InputError(f"{name} has {rate} samples a second, no rate of a sound")
    try:
        import soxr
    except ImportError:
        raise InputError(
            f"{name} has {rate} samples a second, and the model takes {RATE}: convert "
            "it, or pip install soxr, with which that is done here"
        ) from None
    # Resampled in one piece or in many, it is the same.
    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="VHQ")
    return _resampled(stream.resample_chunk, blocks)


def _resampled(
    resample: Callable[..., np.ndarray], blocks: Iterator[np.ndarray]
) -> Iterator[np.ndarray]:
    for block in blocks:
        yield resample(block)
    yield resample(np.zeros(0, np.float32), last=True)
