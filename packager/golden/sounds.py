"""Golden samples that are sounds: .wav."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from packager.errors import ConfigError
from packager.golden.cases import Sample, Sound
from packager.reading import open_file
from packager.render.naming import SnakeName
from packager.tasks.audio import AudioInput, input_tensor, read_sound, to_pcm, window_starts
from packager.tasks.kinds import Array
from packager.tasks.wav import SAVE_AS, WavError, open_wav, wav_bytes

# The windows of a sound that become cases.
MOST_WINDOWS = 8


def count_windows(audio: AudioInput, path: Path) -> int:
    """How many samples a file makes, as far as its header tells."""
    with open_file(path) as file:
        try:
            wav = open_wav(file)
        except WavError as error:
            raise _unreadable(path, error) from None
    return min(len(window_starts(wav.frames * audio.sample_rate // wav.rate, audio)), MOST_WINDOWS)


def sound_samples(audio: AudioInput, name: SnakeName, path: Path) -> tuple[Sample, ...]:
    """A sample for each window; what goes into the project, and so into the tensors, is kept in 16 bits."""
    most = (MOST_WINDOWS - 1) * audio.hop + audio.window
    with open_file(path) as file:
        try:
            samples = read_sound(open_wav(file), audio.sample_rate, most)
        except WavError as error:
            raise _unreadable(path, error) from None
    return window_samples(audio, name, to_pcm(samples))


def window_of(sound: Sound, audio: AudioInput) -> Array:
    """The int16 samples of the window that a sample was made of; zeros follow where there are too few."""
    # As ``wav_bytes`` writes it: the samples stand behind 44 bytes.
    samples = np.frombuffer(sound.wav, "<i2", offset=44)[sound.start :][: audio.window]
    window = np.zeros(audio.window, np.int16)
    window[: samples.size] = samples
    return window


def _unreadable(path: Path, error: WavError) -> ConfigError:
    return ConfigError(f"cannot be read as a golden sample: it {error}", where=path, fix=SAVE_AS)


def window_samples(audio: AudioInput, name: SnakeName, pcm: Array) -> tuple[Sample, ...]:
    """A sample for each window of int16 samples at the model's rate."""
    starts = window_starts(pcm.size, audio)
    pcm = pcm[: starts[-1] + audio.window]
    wav = wav_bytes(pcm, audio.sample_rate)
    samples = pcm.astype(np.float32) / np.float32(32768)
    return tuple(
        Sample(
            f"{name}_{number}",
            Sound(name, wav, start),
            (input_tensor(samples[start : start + audio.window], audio),),
        )
        for number, start in enumerate(starts)
    )


def random_sound(generator: np.random.Generator, audio: AudioInput, windows: int) -> Array:
    """Noise with a louder tone in it, which rises from one hop to the next; 16 bits, so that every machine has it."""
    count = (windows - 1) * audio.hop + audio.window
    noise = generator.integers(-3000, 3001, count)
    time = np.arange(count)
    square = time * (400 + 200 * (time // audio.hop)) * 2 // audio.sample_rate % 2
    return (noise + 8000 * (2 * square - 1)).astype(np.int16)
