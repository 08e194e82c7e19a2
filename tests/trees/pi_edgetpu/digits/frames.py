"""Frames, which come while the model is busy with the one before."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Callable, Iterator, NamedTuple

from PIL import Image

from .errors import InputError
from .preprocessing import Prepared, Preprocessor
from .sources import Frame, Source

# What turns a frame, by degrees clockwise; Pillow counts the other way round.
TURNS = {
    0: [],
    90: [Image.Transpose.ROTATE_270],
    180: [Image.Transpose.ROTATE_180],
    270: [Image.Transpose.ROTATE_90],
}
# Seconds for which there may be no frame. OpenCV itself waits ten for a camera.
PATIENCE = 20
# Seconds between two looks at whether frames are still wanted.
GLANCE = 0.05


class Ready(NamedTuple):
    """A frame, and what the model takes of it."""

    frame: Frame
    prepared: Prepared


class _End(NamedTuple):
    """Behind the last frame; ``error`` is what ended them before their time."""

    error: InputError | None


class Grabber:
    """Takes the frames of a source, in a thread of its own.

    Of a camera the newest frame waits, and what it replaces is ``dropped``; what comes
    from a file waits until it is taken. Frames are turned by so many degrees clockwise,
    then mirrored, and made ready while the model is busy.
    """

    def __init__(self, source: Source, rotate: int, mirror: bool) -> None:
        self.dropped = 0
        self._source = source
        self._turns = TURNS[rotate] + [Image.Transpose.FLIP_LEFT_RIGHT] * mirror
        self._preprocessor = Preprocessor()
        self._waiting: Queue[Any] = Queue(1)
        self._is_closed = Event()
        # A camera that hangs keeps the thread, and must not keep the process.
        self._thread = Thread(target=self._grab, daemon=True)
        self._thread.start()

    def frames(self, are_wanted: Callable[[], bool]) -> Iterator[Ready | InputError]:
        """Each frame, or what is wrong with it, as long as ``are_wanted`` says so.

        Raises:
            InputError: the source has broken off, or gives nothing.
        """
        since = time.monotonic()
        while are_wanted():
            try:
                taken = self._waiting.get(timeout=GLANCE)
            except Empty:
                if time.monotonic() - since > PATIENCE:
                    raise InputError(f"no frame has come for {PATIENCE} s") from None
                continue
            if isinstance(taken, _End):
                if taken.error is not None:
                    raise taken.error
                return
            yield taken
            since = time.monotonic()

    def close(self) -> None:
        """Take no more frames, and give the source back."""
        self._is_closed.set()
        self._thread.join(2)

    def _grab(self) -> None:
        error = None
        try:
            with closing(self._source):
                for frame in self._source.frames():
                    is_broken = isinstance(frame, InputError)
                    self._put(frame if is_broken else self._ready(frame))
                    if self._is_closed.is_set():
                        break
        except (InputError, MemoryError) as failure:
            error = InputError(str(failure) or "there is no memory for a frame")
        self._put(_End(error))

    def _ready(self, frame: Frame) -> Ready:
        for turn in self._turns:
            frame = frame._replace(picture=frame.picture.transpose(turn))
        return Ready(frame, self._preprocessor.prepare(frame.picture))

    def _put(self, item: Ready | InputError | _End) -> None:
        if self._source.is_live and isinstance(item, Ready):
            with suppress(Empty):
                self._waiting.get_nowait()
                self.dropped += 1
        while not self._is_closed.is_set():
            with suppress(Full):
                self._waiting.put(item, timeout=GLANCE)
                return
