"""What a microphone hears."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import Any

import numpy as np

from .errors import InputError, InstallationError
from .sound import RATE

# Samples in a block, and the blocks of ten seconds, which wait for the model at most.
BLOCK = max(RATE // 10, 1)
MOST_BLOCKS = 100


class Microphone:
    """A microphone, which hears until it is closed.

    ``device`` is a number or a part of a name that ``python -m sounddevice`` shows, ""
    the system's own. ``start`` is the number of the first sample in what ``blocks``
    gives.

    Raises:
        InstallationError: sounddevice, or the PortAudio library, is not installed.
        InputError: there is no such microphone, or it does not give RATE.
    """

    def __init__(self, device: str = "") -> None:
        sounddevice = _import_sounddevice()
        self.start = 0
        self._heard = 0
        self._is_lost = False
        self._waiting: Queue[tuple[int, np.ndarray]] = Queue(MOST_BLOCKS)
        try:
            self._stream = sounddevice.InputStream(
                samplerate=RATE,
                blocksize=BLOCK,
                device=int(device) if device.isdecimal() else device or None,
                channels=1,
                dtype="float32",
                callback=self._hear,
            )
            self._stream.start()
        except (ValueError, OverflowError, sounddevice.PortAudioError) as error:
            name = f" {device!r}" if device else ""
            raise InputError(
                f"no microphone{name} that gives {RATE} samples a second: {error} "
                "(python -m sounddevice shows what there is)"
            ) from None

    def blocks(self) -> Iterator[np.ndarray]:
        """Samples at RATE as they come, float32.

        It ends where some were lost, because what takes the blocks is too slow. What
        has waited is given up too, so that the next call begins with the present.

        Raises:
            InputError: the microphone is gone.
        """
        self._forget()
        is_first = True
        while not self._is_lost:
            try:
                start, block = self._waiting.get(timeout=1)
            except Empty:
                if not self._stream.active:
                    raise InputError("the microphone has stopped") from None
                continue
            if is_first:
                self.start, is_first = start, False
            yield block

    def close(self) -> None:
        """Hear no more."""
        self._stream.close()

    def _forget(self) -> None:
        if self._is_lost:
            while not self._waiting.empty():
                self._waiting.get()
            self._is_lost = False

    def _hear(self, data: np.ndarray, count: int, _time: object, status: Any) -> None:
        """Called in a thread of its own, which must not wait."""
        try:
            self._waiting.put_nowait((self._heard, data[:, 0].copy()))
        except Full:
            self._is_lost = True
        self._is_lost |= bool(status.input_overflow)
        self._heard += count


def _import_sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise InstallationError(
            "a microphone takes the package sounddevice: pip install sounddevice"
        ) from None
    except OSError as error:
        raise InstallationError(
            f"a microphone takes the PortAudio library ({error}): on a Raspberry Pi, "
            "sudo apt install libportaudio2"
        ) from None
    return sounddevice
