"""WAV files that other programs write, and such as nobody should."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile  # type: ignore[import-untyped]

Array = np.ndarray[Any, Any]
SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
FORMATS = ("WAV", "WAVEX")
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


def written(samples: Array, rate: int, subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    """A file that libsndfile writes."""
    data = io.BytesIO()
    soundfile.write(data, samples, rate, subtype=subtype, format=kind)
    return data.getvalue()


def as_mono(data: bytes) -> Array:
    """What libsndfile reads, as float32, and the mean of the channels."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    mono: Array = samples.mean(axis=1, dtype=np.float32)
    return mono


def noise(frames: int, channels: int = 1) -> Array:
    return np.random.default_rng(frames).uniform(-1, 1, (frames, channels))


def header(code: int = PCM, channels: int = 1, rate: int = 16_000, bits: int = 16, align: int | None = None) -> bytes:
    align = channels * -(-bits // 8) if align is None else align
    return struct.pack("<HHIIHH", code, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """A chunk, which says that it has ``size`` bytes."""
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes, size: int | None = None, name: bytes = b"RIFF", kind: bytes = b"WAVE") -> bytes:
    body = kind + b"".join(chunks)
    return name + struct.pack("<I", len(body) if size is None else size) + body


FMT = chunk(b"fmt ", header())
# Four samples of 16 bits.
FOUR = struct.pack("<4h", 0, 16384, -16384, -32768)
DATA = chunk(b"data", FOUR)
GOOD = riff(FMT, DATA)
NAN = struct.pack("<2f", 0.5, float("nan"))

# Files whose sizes are wrong, and what can be told of them all the same: these four samples.
READABLE = {
    "as it should be": GOOD,
    "other chunks before and behind": riff(
        chunk(b"JUNK", b"x" * 27),
        chunk(b"LIST", b"INFOISFT"),
        FMT,
        chunk(b"fact", b"abcd"),
        DATA,
        chunk(b"id3 ", b""),
    ),
    "two headers": riff(FMT, chunk(b"fmt ", header(channels=7)), DATA),
    "a longer header": riff(chunk(b"fmt ", header() + b"\0\0"), DATA),
    "a size of more than there is": riff(FMT, chunk(b"data", FOUR, 1 << 20)),
    "from a pipe": riff(FMT, chunk(b"data", FOUR, 0xFFFFFFFF), size=0xFFFFFFFF),
    "from another pipe": riff(FMT, chunk(b"data", FOUR, 0x7FFFFFFF), size=0x7FFFFFFF),
    "never closed": riff(FMT, chunk(b"data", FOUR, 0), size=0),
    "never closed by Python": riff(FMT, chunk(b"data", FOUR, 0), size=36),
    "half a sample at the end": riff(FMT, chunk(b"data", FOUR + b"\1")),
    "a wrong number of bytes a second": GOOD.replace(struct.pack("<I", 32_000), b"\0\0\0\0"),
    "12 bits in 16": riff(chunk(b"fmt ", header(bits=12)), DATA),
}

# Files that cannot be read, and a word of why.
UNREADABLE = {
    "nothing": (b"", "is empty"),
    "a byte": (b"R", "is no WAV file"),
    "a text": (b"this is no sound at all", "is no WAV file"),
    "MP3": (b"ID3\4\0\0\0\0\0\0\0\0 and more", "is an MP3 file"),
    "MP3 without tags": (b"\xff\xfb\x90\x64" + bytes(40), "is an MP3 file"),
    "FLAC": (written(noise(50), 8_000, "PCM_16", "FLAC"), "is a FLAC file"),
    "Ogg": (written(noise(500), 8_000, "VORBIS", "OGG"), "is an Ogg file"),
    "AIFF": (written(noise(50), 8_000, "PCM_16", "AIFF"), "is an AIFF file"),
    "AU": (written(noise(50), 8_000, "PCM_16", "AU"), "is an AU file"),
    "CAF": (written(noise(50), 8_000, "PCM_16", "CAF"), "is a CAF file"),
    "W64": (written(noise(50), 8_000, "PCM_16", "W64"), "is a Wave64 file"),
    "MP4": (b"\0\0\0\x20ftypM4A \0\0\0\0", "is an MP4 file"),
    "RF64": (written(noise(50), 8_000, "PCM_16", "RF64"), "is an RF64 file"),
    "big-endian": (riff(FMT, DATA, name=b"RIFX"), "is a big-endian RIFX file"),
    "AVI": (riff(FMT, DATA, kind=b"AVI "), "is no WAV file"),
    "IMA ADPCM": (written(noise(500), 8_000, "IMA_ADPCM"), "holds ADPCM"),
    "Microsoft ADPCM": (written(noise(500), 8_000, "MS_ADPCM"), "holds ADPCM"),
    "A-law": (written(noise(50), 8_000, "ALAW"), "holds A-law"),
    "µ-law": (written(noise(50), 8_000, "ULAW"), "holds µ-law"),
    "GSM": (written(noise(500), 8_000, "GSM610"), "holds GSM"),
    "another codec": (riff(chunk(b"fmt ", header(0x1234)), DATA), "holds codec 0x1234"),
    "a cut header": (riff(chunk(b"fmt ", header()[:10]), DATA), "its header is cut off"),
    "a cut file": (GOOD[:30], "no samples"),
    "no header": (riff(DATA), "its samples come before its header"),
    "samples before the header": (riff(DATA, FMT), "its samples come before its header"),
    "no data": (riff(FMT), "holds no samples"),
    "empty data": (riff(FMT, chunk(b"data", b"")[:8], chunk(b"LIST", b"INFO")), "holds no samples"),
    "half a sample": (riff(FMT, chunk(b"data", b"\1")), "holds no samples"),
    "a rate of 0": (riff(chunk(b"fmt ", header(rate=0)), DATA), "0 samples a second"),
    "no channels": (riff(chunk(b"fmt ", header(channels=0)), DATA), "channels"),
    "no bits": (riff(chunk(b"fmt ", header(bits=0)), DATA), "0 bits"),
    "64 bits": (riff(chunk(b"fmt ", header(bits=64)), DATA), "64 bits"),
    "floats of 16 bits": (riff(chunk(b"fmt ", header(FLOAT)), DATA), "16 bits"),
    "frames that overlap": (riff(chunk(b"fmt ", header(channels=2, align=2)), DATA), "take 2 bytes"),
    "an unknown SubFormat": (riff(chunk(b"fmt ", header(EXTENSIBLE) + b"\1" * 24), DATA), "holds codec 0xfffe"),
    "a thousand chunks": (riff(*[chunk(b"JUNK", b"")] * 1000, FMT, DATA), "holds no samples"),
    "NaN": (riff(chunk(b"fmt ", header(FLOAT, bits=32)), chunk(b"data", NAN)), "numbers"),
    "more than a float32": (
        riff(chunk(b"fmt ", header(FLOAT, bits=64)), chunk(b"data", struct.pack("<d", 1e300))),
        "numbers",
    ),
}  # fmt: skip


def mutants(count: int) -> Iterator[bytes]:
    """Files of every form with damaged bytes in their headers, or cut off."""
    chance = random.Random(0)
    whole = [
        written(noise(20, channels), 16_000, subtype, kind)
        for subtype in SUBTYPES
        for kind in FORMATS
        for channels in (1, 3)
    ]
    for _ in range(count):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 1, 2, 5))):
            place = chance.randrange(min(len(data), 90))
            data[place] = chance.choice((0, 1, 2, 255, 127, 128, data[place] ^ 1 << chance.randrange(8)))
        yield bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)
