"""WAV files: read as libsndfile reads them, whoever wrote them, or refused in a sentence."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from packager.tasks.wav import WavError, open_wav, wav_bytes
from tests.tasks.wavs import (
    FORMATS,
    READABLE,
    SUBTYPES,
    UNREADABLE,
    Array,
    as_mono,
    chunk,
    header,
    mutants,
    noise,
    riff,
    written,
)


def read(data: bytes) -> Array:
    return np.concatenate(list(open_wav(io.BytesIO(data)).blocks()))


@pytest.mark.parametrize("channels", [1, 2, 3, 7])
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_every_form_is_read_as_libsndfile_reads_it(subtype: str, kind: str, channels: int) -> None:
    data = written(noise(1_000, channels), 44_100, subtype, kind)
    wav = open_wav(io.BytesIO(data))
    assert (wav.rate, wav.channels, wav.frames) == (44_100, channels, 1_000)
    found = read(data)
    np.testing.assert_array_equal(found, as_mono(data), strict=True)
    assert found.std() > 0.1


def test_the_ends_of_a_range() -> None:
    lowest = {"PCM_U8": 0, "PCM_16": -(2**15), "PCM_24": -(2**23), "PCM_32": -(2**31)}
    for subtype, item in lowest.items():
        width = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4}[subtype]
        one = item.to_bytes(width, "little", signed=item < 0)
        assert read(riff(chunk(b"fmt ", header(bits=8 * width)), chunk(b"data", one))).tolist() == [-1.0]


def test_long_files_come_in_blocks() -> None:
    """Of any number of channels; the samples are the same."""
    for channels in (1, 5, 1_000):
        data = written(noise(300_000 // channels, channels), 8_000)
        wav = open_wav(io.BytesIO(data))
        blocks = list(wav.blocks())
        assert len(blocks) > 1
        assert max(block.size for block in blocks) <= 1 << 18
        np.testing.assert_array_equal(np.concatenate(blocks), as_mono(data))


@pytest.mark.parametrize("what", READABLE)
def test_wrong_sizes_do_no_harm(what: str) -> None:
    assert read(READABLE[what]).tolist() == [0, 0.5, -0.5, -1]


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read(what: str) -> None:
    data, why = UNREADABLE[what]
    with pytest.raises(WavError, match=why):
        read(data)


def test_mutants_are_read_or_refused() -> None:
    refused = 0
    for data in mutants(4_000):
        try:
            samples = read(data)
        except WavError:
            refused += 1
        else:
            assert 1 <= samples.size <= len(data)
            assert np.isfinite(samples).all()
    assert 400 < refused < 3_900


def test_a_file_that_shrinks_while_it_is_read() -> None:
    stream = io.BytesIO(written(noise(300_000), 8_000))
    blocks = open_wav(stream).blocks()
    next(blocks)
    stream.truncate(300_000)
    rest = sum(block.size for block in blocks)
    assert 0 < rest < 200_000


def test_what_is_written_is_read_by_all() -> None:
    samples = np.array([-32768, -1, 0, 1, 32767], np.int16)
    data = wav_bytes(samples, 22_050)
    with wave.open(io.BytesIO(data)) as opened:
        assert opened.getparams()[:4] == (1, 2, 22_050, 5)
        assert opened.readframes(5) == samples.astype("<i2").tobytes()
    np.testing.assert_array_equal(read(data), samples / np.float32(32768))
    np.testing.assert_array_equal(as_mono(data), samples / np.float32(32768))
    # A rate that only a damaged file has is no reason to fail.
    assert open_wav(io.BytesIO(wav_bytes(samples, 2**32 - 1))).rate == 2**32 - 1


def test_the_header_alone_is_read_of_a_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.write(riff(chunk(b"fmt ", header()), b"data" + b"\xff" * 4))
        file.truncate(100 << 30)
    with path.open("rb") as file:
        wav = open_wav(file)
        assert wav.frames > 50_000_000_000
        assert next(wav.blocks()).size == 1 << 17
