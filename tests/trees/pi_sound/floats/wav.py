"""Sounds from WAV files, block by block, so that one of hours takes no more memory."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Union

import numpy as np

from .errors import InputError
from .files import open_file

# The name of a file, or what is in one.
Wav = Union[str, "os.PathLike[str]", bytes]

# Chunks that are looked through for the samples, and bytes that are read at once.
MOST_CHUNKS = 1000
BLOCK_BYTES = 1 << 18
UNKNOWN = 0xFFFFFFFF
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# What follows the format's number in the header of WAVE_FORMAT_EXTENSIBLE.
SUBTYPE = bytes.fromhex("000000001000800000aa00389b71")
CODECS = {
    0x0002: "ADPCM",
    0x0006: "A-law",
    0x0007: "µ-law",
    0x0011: "ADPCM",
    0x0031: "GSM",
    0x0050: "MPEG",
    0x0055: "MP3",
    0x00FF: "AAC",
    0x0161: "WMA",
}
# How files of other formats begin.
OTHERS = {
    b"ID3": "an MP3 file",
    b"\xff\xfb": "an MP3 file",
    b"\xff\xf3": "an MP3 file",
    b"\xff\xf2": "an MP3 file",
    b"fLaC": "a FLAC file",
    b"OggS": "an Ogg file",
    b"FORM": "an AIFF file",
    b"caff": "a CAF file",
    b".snd": "an AU file",
    b"wvpk": "a WavPack file",
    b"RF64": "an RF64 file",
    b"BW64": "a BW64 file",
    b"RIFX": "a big-endian RIFX file",
    b"riff": "a Wave64 file",
}


class Form(NamedTuple):
    """How samples stand in a file: ``frames`` of one for each channel, from ``start``."""

    rate: int
    channels: int
    width: int
    is_float: bool
    start: int
    frames: int


def name_of(wav: Wav) -> object:
    """What errors call it."""
    return "the sound" if isinstance(wav, bytes) else wav


def _open(wav: Wav) -> BinaryIO:
    return io.BytesIO(wav) if isinstance(wav, bytes) else open_file(wav)


def read_wav(wav: Wav) -> tuple[int, Iterator[np.ndarray]]:
    """The sample rate of a WAV file, and its samples in blocks.

    These are the mean of the channels, as float32 of -1 to 1; what is in the file as
    float may go beyond. PCM of 8 to 32 bits and floats of 32 and 64 bits are read. The
    iterator raises InputError for samples that are no numbers.

    Raises:
        InputError: it is no such file, or cannot be read.
    """
    with _open(wav) as file:
        try:
            form = _find_samples(file)
        except ValueError as error:
            raise InputError(f"{name_of(wav)}: {error}") from None
    return form.rate, _blocks(wav, form)


def _find_samples(file: BinaryIO) -> Form:
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise ValueError(_what_else(head))
    riff_end = 8 + int.from_bytes(head[4:8], "little")
    end = file.seek(0, os.SEEK_END)
    header = None
    at = 12
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        name, size = file.read(4), int.from_bytes(file.read(4), "little")
        at += 8
        if at > end:
            break
        if name == b"fmt " and header is None:
            header = file.read(min(size, 40))
        if name == b"data":
            if header is None:
                raise ValueError("is damaged: its samples come before its header")
            # What went through a pipe does not know its size; a recording that was cut
            # off says that it has no samples, or more than are there.
            is_open = size == UNKNOWN or (size == 0 and riff_end <= at)
            return _form(header, at, end - at if is_open else min(size, end - at))
        at += size + (size & 1)
    raise ValueError("holds no samples")


def _what_else(head: bytes) -> str:
    found = [what for start, what in OTHERS.items() if head.startswith(start)]
    if head[4:8] == b"ftyp":
        found = ["an MP4 file"]
    what = f"is {found[0]}, not a WAV file" if found else "is no WAV file"
    return f"{what}: convert it, for example by ffmpeg -i FILE OUT.wav"


def _form(header: bytes, start: int, size: int) -> Form:
    if len(header) < 16:
        raise ValueError("is damaged: its header is cut off")
    code, channels, rate, _, align, bits = struct.unpack("<HHIIHH", header[:16])
    if code == EXTENSIBLE and len(header) == 40 and header[26:] == SUBTYPE:
        code = int.from_bytes(header[24:26], "little")
    if code not in (PCM, FLOAT):
        codec = CODECS.get(code, f"codec 0x{code:04x}")
        raise ValueError(
            f"holds {codec}, not PCM samples: convert it, for example by ffmpeg -i FILE "
            "-c:a pcm_s16le OUT.wav"
        )
    width = -(-bits // 8)
    if width not in ((4, 8) if code == FLOAT else (1, 2, 3, 4)):
        raise ValueError(f"is damaged: it says that its samples have {bits} bits")
    if not channels or align != channels * width:
        raise ValueError(f"is damaged: {channels} channels do not take {align} bytes")
    if not rate:
        raise ValueError("is damaged: it says that it has 0 samples a second")
    if size < align:
        raise ValueError("holds no samples")
    return Form(rate, channels, width, code == FLOAT, start, size // align)


def _blocks(wav: Wav, form: Form) -> Iterator[np.ndarray]:
    frame = form.channels * form.width
    left = form.frames
    with _open(wav) as file:
        file.seek(form.start)
        while left:
            try:
                data = file.read(min(left, max(1, BLOCK_BYTES // frame)) * frame)
            except OSError as error:
                raise InputError(f"{name_of(wav)}: {error.strerror}") from None
            count = len(data) // frame
            if not count:
                return
            left -= count
            with np.errstate(over="ignore", invalid="ignore"):
                samples = _decode(data[: count * frame], form.width, form.is_float)
                mono = samples.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
            if not np.isfinite(mono).all():
                raise InputError(
                    f"{name_of(wav)}: holds samples that are no finite numbers"
                )
            yield mono


def _decode(data: bytes, width: int, is_float: bool) -> np.ndarray:
    if is_float:
        return np.frombuffer(data, f"<f{width}").astype(np.float32)
    if width == 1:  # The only ones without a sign.
        unsigned = np.frombuffer(data, np.uint8).astype(np.float32)
        return (unsigned - np.float32(128)) / np.float32(128)
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = padded.tobytes(), 4
    signed = np.frombuffer(data, f"<i{width}").astype(np.float32)
    return signed / np.float32(1 << (8 * width - 1))
