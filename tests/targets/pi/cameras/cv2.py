"""OpenCV's VideoCapture as of 5.0 (docs.opencv.org, "cv::VideoCapture"): a camera by its number, a file by its name.

Frames are [height, width, 3] of blue, green, red. There is a camera 1. What cannot be opened gives no frame, and
neither does a file behind its last one, or a camera that is unplugged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CAP_PROP_FRAME_WIDTH, CAP_PROP_FRAME_HEIGHT = 3, 4


class error(Exception):  # noqa: N801, N818, it is called so
    """What OpenCV raises."""


def _log(what: str) -> None:
    with Path(os.environ["CAMERA_LOG"]).open("a") as file:
        print(what, file=file)


class VideoCapture:
    """What gives frames."""

    def __init__(self, source: int | str) -> None:
        self._is_opened = source == 1 or (isinstance(source, str) and not source.endswith(".txt"))
        self._size = {CAP_PROP_FRAME_WIDTH: 1280, CAP_PROP_FRAME_HEIGHT: 720}
        self._array: np.ndarray[Any, Any] | None = None
        self._left = int(os.environ["CAMERA_FRAMES"])
        _log(f"open {source if isinstance(source, int) else Path(source).name}")

    def isOpened(self) -> bool:
        """Whether it gives frames."""
        return self._is_opened

    def set(self, prop: int, value: float) -> bool:
        """Ask for a size."""
        _log(f"set {prop} {value:g}")
        self._size[prop] = int(value)
        return True

    def read(self) -> tuple[bool, np.ndarray[Any, Any] | None]:
        """Whether there is a frame, and the frame."""
        if not self._is_opened or not self._left:
            return False, None
        if os.environ.get("CAMERA_BROKEN") == "error":
            raise error("(-215:Assertion failed) in function 'retrieve'")
        self._left -= 1
        if self._array is None:
            with Image.open(os.environ["CAMERA_PICTURE"]) as picture:
                size = self._size[CAP_PROP_FRAME_WIDTH], self._size[CAP_PROP_FRAME_HEIGHT]
                array = np.asarray(picture.convert("RGB").resize(size))
            self._array = array[:, :, ::-1]
        return True, self._array.copy("C")

    def release(self) -> None:
        """No more."""
        _log("release")
