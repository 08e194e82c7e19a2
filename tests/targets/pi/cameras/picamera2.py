"""Picamera2 as of 0.3.38 (picamera2.py and request.py), with the cameras of CAMERA_LIST, as JSON.

"BGR888" is what it calls an array whose pixels are red, green, blue (``Helpers._get_pil_mode``), "RGB888" the
reverse. A frame's array is a copy, and whoever asks for one waits for it.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

if os.environ.get("CAMERA_BROKEN") == "numpy":
    raise ValueError(
        "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88"
    )


def _log(what: str) -> None:
    with Path(os.environ["CAMERA_LOG"]).open("a") as file:
        print(what, file=file)


class Picamera2:
    """A camera; CAMERA_BROKEN may say ``busy``, or ``hangs``, which it does after the last frame."""

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """The cameras that there are."""
        cameras: list[dict[str, Any]] = json.loads(os.environ["CAMERA_LIST"])
        return cameras

    def __init__(self, camera_num: int = 0) -> None:
        _log(f"open {camera_num}")
        if os.environ.get("CAMERA_BROKEN") == "busy":
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self._array: np.ndarray[Any, Any] | None = None
        self._left = int(os.environ["CAMERA_FRAMES"])

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        """What ``configure`` takes."""
        return {"main": main}

    def configure(self, camera_config: dict[str, Any]) -> None:
        """From now on frames are so."""
        main = camera_config["main"]
        _log(f"configure {main['size']} {main['format']}")
        with Image.open(os.environ["CAMERA_PICTURE"]) as picture:
            array = np.asarray(picture.convert("RGB").resize(main["size"]))
        self._array = {"BGR888": array, "RGB888": array[:, :, ::-1]}[main["format"]]

    def start(self) -> None:
        """Frames come."""
        _log("start")

    def capture_array(self, name: str = "main") -> np.ndarray[Any, Any]:
        """The next frame."""
        assert self._array is not None
        assert name == "main"
        if not self._left:
            if os.environ.get("CAMERA_BROKEN") == "hangs":
                time.sleep(1000)
            raise RuntimeError("camera was unplugged")
        self._left -= 1
        return np.copy(self._array)

    def close(self) -> None:
        """No more; of one that was unplugged it fails."""
        _log("close")
        if not self._left:
            raise RuntimeError("failed to stop camera")
