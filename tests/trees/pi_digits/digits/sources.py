"""What frames come from: a camera, a video, or the pictures of a folder."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Union

from PIL import Image

from .errors import InputError, InstallationError
from .files import open_file
from .picture import load_picture

# What a camera is asked for; it gives what it has that is near.
WIDTH, HEIGHT = 640, 480
# The largest number that a camera may have.
MOST_CAMERAS = 999


class Frame(NamedTuple):
    """One picture of many."""

    number: int
    """How many the source gave before it."""
    picture: Image.Image
    name: str = ""
    """The file's, of a picture in a folder."""


# A picture that cannot be read takes the place of its frame, and ends nothing.
Frames = Iterator[Union[Frame, InputError]]


class Folder:
    """The pictures in a folder, by name: files with an ending that Pillow knows.

    Raises:
        InputError: it holds none, or cannot be read.
    """

    is_live = False

    def __init__(self, path: str) -> None:
        kinds = Image.registered_extensions()
        endings = tuple(ending for ending in kinds if kinds[ending] in Image.OPEN)
        try:
            names = sorted(os.listdir(path))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        found = [os.path.join(path, name) for name in names]
        self._paths = [name for name in found if name.lower().endswith(endings)]
        if not self._paths:
            raise InputError(f"{path}: is a folder without pictures")

    def frames(self) -> Frames:
        """Each picture, or what is wrong with it."""
        for number, path in enumerate(self._paths):
            try:
                yield Frame(number, load_picture(path), path)
            except InputError as error:
                yield error

    def close(self) -> None:
        """There is nothing to give back."""


class OpenCV:
    """A video, or a camera by its number, through OpenCV.

    Raises:
        InputError: it cannot be opened.
        InstallationError: OpenCV is not installed.
    """

    def __init__(self, source: str | int) -> None:
        # It would tell on stderr what is told here.
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        cv2 = _import_opencv()
        self.is_live = isinstance(source, int)
        self._name = f"camera {source}" if self.is_live else str(source)
        # FFmpeg takes a name with a colon for an address.
        given = source if isinstance(source, int) else os.path.abspath(source)
        self._failure = cv2.error
        self._capture = cv2.VideoCapture(given)
        if not self._capture.isOpened():
            wrong = "there is none, or another program uses it"
            what = wrong if self.is_live else "is no video that OpenCV can read"
            raise InputError(f"{self._name}: {what}")
        if self.is_live:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)

    def frames(self) -> Frames:
        """Each frame, until the video ends.

        Raises:
            InputError: the camera gives no more, or the video has none.
        """
        number = 0
        while True:
            try:
                is_there, array = self._capture.read()
            except self._failure as error:
                raise InputError(f"{self._name}: {error}") from None
            if not is_there:
                break
            # Three channels whatever the camera has, and blue comes first.
            size, layout = array.shape[1::-1], ("raw", "BGR", 0, 1)
            yield Frame(number, Image.frombuffer("RGB", size, array, *layout))
            number += 1
        if self.is_live or not number:
            raise InputError(f"{self._name}: gives no {'more ' * bool(number)}frames")

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()


class PiCamera:
    """A camera through Picamera2, from its own list.

    Raises:
        InputError: another program uses it.
    """

    is_live = True

    def __init__(self, picamera2: Any, number: int) -> None:
        self._name = f"camera {number}"
        try:
            self._camera = picamera2.Picamera2(number)
            # Picamera2's name for red first, see its manual, 4.2.2.2.
            main = {"size": (WIDTH, HEIGHT), "format": "BGR888"}
            configuration = self._camera.create_video_configuration(main=main)
            self._camera.configure(configuration)
            self._camera.start()
        except Exception as error:  # RuntimeError as a rule, and what libcamera has.
            what = f"{error}; does another program use it?"
            raise InputError(f"{self._name}: {what}") from error

    def frames(self) -> Frames:
        """Each frame.

        Raises:
            InputError: the camera gives no more.
        """
        number = 0
        while True:
            try:
                picture = Image.fromarray(self._camera.capture_array())
            except Exception as error:
                what = f"gives no more frames: {error}"
                raise InputError(f"{self._name}: {what}") from error
            yield Frame(number, picture)
            number += 1

    def close(self) -> None:
        """Give the camera back."""
        with suppress(Exception):  # One that was unplugged does not stop.
            self._camera.close()


Source = Union[Folder, OpenCV, PiCamera]


def open_source(source: str) -> Source:
    """A camera by its number, else a folder or a video by its name.

    Raises:
        InputError: there is no such source, or it cannot be read.
        InstallationError: what reads it is not installed.
    """
    if source.isdecimal() and len(source) <= len(str(MOST_CAMERAS)):
        return _open_camera(int(source))
    if os.path.isdir(source):
        return Folder(source)
    open_file(source).close()
    return OpenCV(source)


def _open_camera(number: int) -> Source:
    try:
        import picamera2
    except ImportError:
        return OpenCV(number)
    except Exception as error:  # Its parts were built for another NumPy, or so.
        raise InstallationError(
            f"Picamera2 cannot be loaded ({error}): if that is for NumPy, "
            "pip install 'numpy<2'"
        ) from error
    cameras = picamera2.Picamera2.global_camera_info()
    for place, camera in enumerate(cameras):
        # Before 0.3.13 it is the place that counts. OpenCV does better with USB.
        if camera.get("Num", place) == number and "/usb" not in camera.get("Id", ""):
            return PiCamera(picamera2, number)
    return OpenCV(number)


def _import_opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        what = "cameras and videos take" if error.name == "cv2" else f"{error}:"
        raise InstallationError(f"{what} {what_to_install()}") from None
    return cv2


def what_to_install(root: Path = Path("/")) -> str:
    """What this system takes for a camera, whose files are below ``root``."""
    opencv = "pip install opencv-python-headless"
    if platform.machine() in ("armv7l", "armv8l", "armv6l"):
        # There are no wheels for it.
        opencv = "sudo apt install python3-opencv"
    try:
        board = (root / "proc/device-tree/model").read_text(errors="replace")
    except OSError:
        board = ""
    if "Raspberry Pi" not in board:
        return f"OpenCV: {opencv}"
    seen = "an environment of python3 -m venv --system-site-packages"
    if (root / "usr/lib/python3/dist-packages/picamera2").is_dir():
        picamera = f"Picamera2, which this Python does not see: make {seen}"
    else:
        picamera = f"Picamera2: sudo apt install python3-picamera2, and {seen}"
    return f"{picamera}; or, for USB cameras and videos, OpenCV: {opencv}"
