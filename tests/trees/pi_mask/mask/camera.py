"""The command line: python -m mask camera, which answers for frame after frame."""

from __future__ import annotations

import argparse
import io
import os
import time
from collections import deque
from contextlib import suppress
from typing import Any

from PIL import Image

from .console import number, print_json, tell
from .draw import draw_answer
from .errors import InputError
from .frames import TURNS, Grabber
from .sources import open_source
from .task import Task, add_options, to_document
from .window import Window

MOST_FRAMES = 1_000_000_000


def add_camera(commands: Any) -> None:
    """Add the command."""
    camera = commands.add_parser("camera", help="answer for what a camera sees")
    camera.add_argument(
        "--source",
        default="0",
        help="a camera's number, a video or a folder of pictures (default: 0)",
    )
    camera.add_argument(
        "--headless",
        action="store_true",
        help="no window: print one JSON object for each frame",
    )
    camera.add_argument(
        "--save",
        metavar="DIR",
        help="write each frame with its answer drawn, as a JPEG into a new folder",
    )
    camera.add_argument(
        "--rotate",
        type=int,
        choices=[*TURNS],
        default=0,
        help="turn frames clockwise by so many degrees",
    )
    camera.add_argument(
        "--mirror", action="store_true", help="swap left and right, once turned"
    )
    camera.add_argument(
        "--limit",
        type=number(int, 1, MOST_FRAMES),
        metavar="N",
        help="end after so many frames",
    )
    add_options(camera)
    camera.set_defaults(TOOL=_watch)


def _watch(arguments: argparse.Namespace) -> int:
    window = None if arguments.headless else Window()
    album = None if arguments.save is None else Album(arguments.save)
    source = open_source(arguments.source)
    task = Task(arguments)

    def are_wanted() -> bool:
        return window is None or window.update()

    grabber = Grabber(source, arguments.rotate, arguments.mirror)
    answered, is_whole = 0, True
    start = time.perf_counter()
    # Of the last frames, for how many there are a second now.
    times: deque[float] = deque([start], maxlen=30)
    try:
        for ready in grabber.frames(are_wanted):
            if isinstance(ready, InputError):
                tell(ready)
                is_whole = False
                continue
            frame, found = ready.frame, task.answer(ready.prepared)
            if arguments.headless:
                name = {"picture": frame.name} if frame.name else {}
                print_json({"frame": frame.number, **name, **to_document(found)})
            if album or window:
                drawn = draw_answer(frame.picture, found)
                if album:
                    album.add(drawn, frame.number)
                if window:
                    rate = len(times) / (time.perf_counter() - times[0])
                    window.show(drawn, f"{rate:.1f} frames a second")
            times.append(time.perf_counter())
            answered += 1
            if answered == arguments.limit:
                break
    finally:
        grabber.close()
        seconds = time.perf_counter() - start
        if answered:
            rate = f"{answered / seconds:.1f} a second"
            dropped = f"{grabber.dropped} dropped"
            tell(f"{answered} frames in {seconds:.1f} s, {rate}, and {dropped}")
    return 0 if is_whole else 1


class Album:
    """A folder of JPEGs, made if it is not there.

    Raises:
        InputError: it holds something, or cannot be made.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        try:
            os.makedirs(folder, exist_ok=True)
            is_empty = not os.listdir(folder)
        except OSError as error:
            raise InputError(f"{folder}: {error.strerror}") from None
        if not is_empty:
            raise InputError(f"{folder}: is not empty; save to a new folder")

    def add(self, image: Image.Image, frame: int) -> None:
        """Write a picture, by its frame's number.

        Raises:
            InputError: it cannot be written.
        """
        path = os.path.join(self._folder, f"{frame:06}.jpg")
        data = io.BytesIO()
        image.save(data, "JPEG", quality=90)
        try:
            with open(path, "wb") as file:
                file.write(data.getbuffer())
        except OSError as error:
            with suppress(OSError):
                os.unlink(path)  # Half a picture is none.
            raise InputError(f"{path}: {error.strerror}") from None
