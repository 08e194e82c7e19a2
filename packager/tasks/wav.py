"""WAV files: read in blocks, whoever wrote them, and written as 16-bit mono.

The standard library's ``wave`` takes no floats, and before Python 3.12 no WAVE_FORMAT_EXTENSIBLE. The generated
projects read the same files in the same way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from packager.tasks.kinds import Array

# Chunks that are looked through for the samples; a file can hold one every 8 bytes.
_MOST_CHUNKS = 1_000
_BLOCK_BYTES = 1 << 18
_UNKNOWN = 0xFFFFFFFF
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# What stands behind the format in a SubFormat (the rest of KSDATAFORMAT_SUBTYPE_PCM and its like).
_SUBTYPE = bytes.fromhex("000000001000800000aa00389b71")
_CODECS = {
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
# How files of other formats begin; MP4's name stands behind four bytes of length.
_OTHERS = (
    (b"ID3", "an MP3 file"),
    (b"\xff\xfb", "an MP3 file"),
    (b"\xff\xf3", "an MP3 file"),
    (b"\xff\xf2", "an MP3 file"),
    (b"fLaC", "a FLAC file"),
    (b"OggS", "an Ogg file"),
    (b"FORM", "an AIFF file"),
    (b"caff", "a CAF file"),
    (b".snd", "an AU file"),
    (b"wvpk", "a WavPack file"),
    (b"RF64", "an RF64 file"),
    (b"BW64", "a BW64 file"),
    (b"RIFX", "a big-endian RIFX file"),
    (b"riff", "a Wave64 file"),
)
SAVE_AS = "Save it as a WAV file of PCM samples, for example by: ffmpeg -i FILE -c:a pcm_s16le OUT.wav"


class WavError(ValueError):
    """The file is no WAV that can be read; the message follows its name."""


@dataclass(frozen=True)
class Wav:
    """An open file: ``frames`` of ``channels`` samples each, ``rate`` a second, from the byte ``start`` on.

    A sample has ``width`` bytes: an unsigned integer of 1, a signed one of 2 to 4, or a float of 4 or 8.
    """

    stream: BinaryIO
    rate: int
    channels: int
    width: int
    is_float: bool
    start: int
    frames: int

    def blocks(self) -> Iterator[Array]:
        """The mean of the channels, float32 of -1 to 1 (a file of floats may go beyond), block by block.

        Raises:
            WavError: samples are infinite or not numbers.
        """
        frame = self.channels * self.width
        left = self.frames
        self.stream.seek(self.start)
        while left:
            data = self.stream.read(min(left, max(1, _BLOCK_BYTES // frame)) * frame)
            count = len(data) // frame
            if not count:
                return
            left -= count
            yield self._mono(data[: count * frame])

    def _mono(self, data: bytes) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            samples = _decode(data, self.width, is_float=self.is_float)
            mono: Array = samples.reshape(-1, self.channels).mean(axis=1, dtype=np.float32)
        if not np.isfinite(mono).all():
            raise WavError("holds samples that are infinite or not numbers")
        return mono


def _decode(data: bytes, width: int, *, is_float: bool) -> Array:
    if is_float:
        floats: Array = np.frombuffer(data, f"<f{width}").astype(np.float32)
        return floats
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = padded.tobytes(), 4
    return np.frombuffer(data, f"<i{width}").astype(np.float32) / np.float32(1 << (8 * width - 1))


def open_wav(stream: BinaryIO) -> Wav:
    """Find the samples in a WAV file; nothing of them is read.

    Of sizes that the file does not have, as recorders that were cut off and programs that write into a pipe leave
    them, what is there counts.

    Raises:
        WavError: it is no WAV file, holds no samples, or such as need a decoder.
    """
    head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise WavError(_what_else(head))
    riff_end = 8 + int.from_bytes(head[4:8], "little")
    end = stream.seek(0, 2)
    form: bytes | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        stream.seek(at)
        name, size = stream.read(4), int.from_bytes(stream.read(4), "little")
        at += 8
        if at > end:
            break
        if name == b"fmt " and form is None:
            form = stream.read(min(size, 40))
        if name == b"data":
            if form is None:
                raise WavError("is damaged: its samples come before its header")
            # One that went through a pipe does not know its size; one that was never closed says that it is empty.
            is_open = size == _UNKNOWN or (size == 0 and riff_end <= at)
            return _wav(stream, form, at, end - at if is_open else min(size, end - at))
        at += size + (size & 1)
    raise WavError("holds no samples")


def _what_else(head: bytes) -> str:
    if not head:
        return "is empty"
    found = next((what for start, what in _OTHERS if head.startswith(start)), None)
    if head[4:8] == b"ftyp":
        found = "an MP4 file"
    return f"is {found}, not a WAV file" if found else "is no WAV file"


def _wav(stream: BinaryIO, form: bytes, start: int, size: int) -> Wav:
    if len(form) < 16:
        raise WavError("is damaged: its header is cut off")
    code, channels, rate, _, align, bits = struct.unpack("<HHIIHH", form[:16])
    if code == _EXTENSIBLE and len(form) == 40 and form[26:] == _SUBTYPE:
        code = int.from_bytes(form[24:26], "little")
    if code not in (_PCM, _FLOAT):
        raise WavError(f"holds {_CODECS.get(code, f'codec 0x{code:04x}')}, not PCM samples")
    width = -(-bits // 8)
    if width not in ((4, 8) if code == _FLOAT else (1, 2, 3, 4)):
        raise WavError(f"holds {'floats' if code == _FLOAT else 'samples'} of {bits} bits, which are none")
    if not channels or align != channels * width:
        raise WavError(f"is damaged: it says that {channels} channels of {bits} bits take {align} bytes")
    if not rate:
        raise WavError("is damaged: it says that it has 0 samples a second")
    frames = size // align
    if not frames:
        raise WavError("holds no samples")
    return Wav(stream, rate, channels, width, code == _FLOAT, start, frames)


def wav_bytes(samples: Array, rate: int) -> bytes:
    """A mono WAV file of 16 bits; ``samples`` are int16."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _PCM, 1, rate, (2 * rate) & 0xFFFFFFFF, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
