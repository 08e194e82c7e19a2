"""The command ``camera`` of the generated Pi package: on folders for real, on cameras by stand-ins."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import write_files
from tests.example_models import sine
from tests.mediapipe import mediapipe_python
from tests.targets.test_pi import project
from tests.targets.test_pi_commands import COMMANDS, packages, photo
from tests.targets.test_pi_files import SECONDS, Run, colors, make, run, run_code, told

__all__ = ["packages"]
pytestmark = pytest.mark.slow

STAND_INS = Path(__file__).parent / "pi" / "cameras"
CSI = [
    {
        "Model": "imx708",
        "Location": 2,
        "Rotation": 180,
        "Id": "/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a",
        "Num": 0,
    }
]
USB = {"Model": "Webcam", "Id": "/base/axi/pcie@120000/rp1/usb@200000-1:1.0-046d:0825", "Num": 1}
KINDS = {**COMMANDS, "colors": "classify"}


@pytest.fixture(scope="module")
def every(packages: Path) -> Path:
    """The packages of all kinds of answers, and a folder ``pictures`` of three, beside a text."""
    write_files(packages, project(colors(), [packages / "a.png"]))
    for name, size in {"b.png": (90, 130), "a.jpg": (120, 80), "c.png": (64, 48)}.items():
        photo(packages / "pictures" / name, size)
    (packages / "pictures" / "readme.txt").write_text("no picture")
    return packages


def watch(folder: Path, kind: str, *arguments: str | Path, **options: Any) -> Run:
    return run(folder, kind, "camera", "--headless", *arguments, **options)


def lines(ran: Run, code: int = 0) -> list[dict[str, Any]]:
    assert ran.returncode == code, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def summary(ran: Run) -> tuple[int, int]:
    """How many frames were answered, and how many dropped."""
    (line,) = (line for line in told(ran) if line.endswith(" dropped"))
    words = line.split()
    assert (words[1], words[-1]) == ("frames", "dropped")
    return int(words[0]), int(words[-2])


# --- folders ----------------------------------------

OPTIONS = [
    ("boxes", ""),
    ("boxes", "--threshold 0.7"),
    ("boxes", "--iou 0.99 --locale de"),
    ("mask", "--locale de --threads 2"),
    ("keypoints", ""),
    ("keypoints", "--threshold 0.9"),
    ("embedding", ""),
    ("colors", "--top-k 2 --threshold 0.2"),
]


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_a_line_for_each_picture_is_what_it_is_answered_alone(kind: str, options: str, every: Path) -> None:
    pictures = [f"pictures/{name}" for name in ("a.jpg", "b.png", "c.png")]
    ran = watch(every, kind, "--source", "pictures", *options.split())
    assert summary(ran) == (3, 0)
    alone = run(every, kind, KINDS[kind], *pictures, "--json", *options.split())
    expected = lines(alone) if kind == "colors" else json.loads(alone.stdout)
    assert lines(ran) == [{"frame": number, **answer} for number, answer in enumerate(expected)]


def test_a_limit_ends_it(every: Path) -> None:
    ran = watch(every, "boxes", "--source", "pictures", "--limit", "2")
    assert [line["picture"] for line in lines(ran)] == ["pictures/a.jpg", "pictures/b.png"]
    assert summary(ran) == (2, 0)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_frames_are_turned_then_mirrored(rotate: int, mirror: bool, every: Path, tmp_path: Path) -> None:
    options = ["--rotate", str(rotate), *["--mirror"] * mirror, "--threshold", "1", "--save", str(tmp_path / "out")]
    ran = watch(every, "boxes", "--source", "pictures", *options)
    assert [line["detections"] for line in lines(ran)] == [[]] * 3
    with Image.open(every / "pictures" / "c.png") as picture, Image.open(tmp_path / "out" / "000002.jpg") as saved:
        # EXIF's degrees are clockwise, NumPy's are not.
        expected = np.rot90(np.asarray(picture), -rotate // 90)
        expected = expected[:, ::-1] if mirror else expected
        assert saved.size == expected.shape[1::-1]
        assert abs(np.asarray(saved).astype(int) - expected).mean() < 4


@pytest.mark.parametrize("kind", ["boxes", "mask", "keypoints"])
def test_saved_frames_are_what_draw_draws(kind: str, every: Path, tmp_path: Path) -> None:
    ran = watch(every, kind, "--source", "pictures", "--save", tmp_path / "new" / "out")
    assert summary(ran) == (3, 0)
    saved = sorted(path.name for path in (tmp_path / "new" / "out").iterdir())
    assert saved == ["000000.jpg", "000001.jpg", "000002.jpg"]
    assert run(every, kind, KINDS[kind], "pictures/b.png", "--draw", tmp_path / "b.png").returncode == 0
    with Image.open(tmp_path / "b.png") as drawn, Image.open(tmp_path / "new" / "out" / "000001.jpg") as image:
        assert (image.format, image.size) == ("JPEG", drawn.size)
        # JPEG blurs the edges of letters and lines.
        difference = abs(np.asarray(image).astype(int) - np.asarray(drawn)).max(axis=2)
        assert np.median(difference) <= 4
        assert (difference > 100).mean() < 0.02


@pytest.mark.parametrize("kind", ["colors", "embedding"])
def test_classes_and_numbers_are_written_into_the_corner(kind: str, every: Path, tmp_path: Path) -> None:
    for size in [(640, 480), (1, 1), (700, 3)]:
        name = f"{size[0]}x{size[1]}"
        photo(tmp_path / name / "a.png", size)
        ran = watch(every, kind, "--source", tmp_path / name, "--save", tmp_path / "out" / name)
        assert summary(ran) == (1, 0)
    with (
        Image.open(tmp_path / "640x480" / "a.png") as plain,
        Image.open(tmp_path / "out/640x480/000000.jpg") as drawn,
    ):
        changed = abs(np.asarray(drawn).astype(int) - np.asarray(plain)).max(axis=2) > 60
    assert changed[:10, :20].mean() > 0.6
    assert not changed[200:].any()


def test_a_broken_picture_ends_nothing(every: Path, tmp_path: Path) -> None:
    shutil.copytree(every / "pictures", tmp_path / "pictures")
    make(tmp_path / "pictures" / "bad.png", b"no picture")
    make(tmp_path / "pictures" / "folder.png", Path.mkdir)
    make(tmp_path / "pictures" / "pipe.png", os.mkfifo)
    ran = watch(every, "boxes", "--source", tmp_path / "pictures")
    assert [line["frame"] for line in lines(ran, 1)] == [0, 1, 3]
    assert summary(ran) == (3, 0)
    assert [line.split(": ", 1)[1] for line in told(ran)[:-1]] == [
        "is no picture that Pillow can read",
        *["is not a regular file"] * 2,
    ]


# --- cameras and videos, by stand-ins ----------------------------------------


@pytest.fixture
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts stand-ins in place, with a red picture; gives the file of what they were asked."""

    def stand_in(*modules: str, frames: int = 3, listed: object = CSI, broken: str = "") -> Path:
        for module in modules:
            (tmp_path / "modules").mkdir(exist_ok=True)
            shutil.copy(STAND_INS / f"{module}.py", tmp_path / "modules")
        Image.new("RGB", (64, 48), (250, 20, 10)).save(tmp_path / "red.png")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
        monkeypatch.setenv("CAMERA_PICTURE", str(tmp_path / "red.png"))
        monkeypatch.setenv("CAMERA_FRAMES", str(frames))
        monkeypatch.setenv("CAMERA_LIST", json.dumps(listed))
        monkeypatch.setenv("CAMERA_BROKEN", broken)
        monkeypatch.setenv("CAMERA_LOG", str(tmp_path / "log"))
        return tmp_path / "log"

    return stand_in


Cameras = Callable[..., Path]


def test_picamera_comes_first(every: Path, cameras: Cameras) -> None:
    """Its reds are red, it is asked for a small frame, and given back."""
    log = cameras("picamera2", "cv2", frames=100)
    ran = watch(every, "colors", "--limit", "1")
    (line,) = lines(ran)
    assert line["results"][0]["label"] == "red"
    assert line["results"][0]["score"] > 0.9
    assert list(line) == ["frame", "results"]
    assert log.read_text().splitlines() == ["open 0", "configure (640, 480) BGR888", "start", "close"]


def test_opencv_where_picamera_is_not(every: Path, cameras: Cameras) -> None:
    log = cameras("cv2", frames=100)
    ran = watch(every, "colors", "--source", "1", "--limit", "1")
    assert lines(ran)[0]["results"][0]["label"] == "red"
    assert log.read_text().splitlines() == ["open 1", "set 3 640", "set 4 480", "release"]


@pytest.mark.parametrize("listed", [[], CSI, [*CSI, USB], [{"Model": "imx219", "Id": "/base/soc/i2c0mux/imx219@10"}]])
def test_opencv_for_what_picamera_does_not_list_or_has_at_usb(listed: object, every: Path, cameras: Cameras) -> None:
    log = cameras("picamera2", "cv2", frames=100, listed=listed)
    assert len(lines(watch(every, "colors", "--source", "1", "--limit", "1"))) == 1
    assert log.read_text().splitlines()[:2] == ["open 1", "set 3 640"]


def test_an_old_picamera_has_cameras_by_their_place(every: Path, cameras: Cameras) -> None:
    log = cameras("picamera2", listed=[{"Model": "imx219", "Id": "/base/soc/i2c0mux/imx219@10"}] * 2)
    assert len(lines(watch(every, "colors", "--source", "1", "--limit", "1"))) == 1
    assert log.read_text().startswith("open 1\nconfigure")


@pytest.mark.parametrize(("module", "source"), [("picamera2", "0"), ("cv2", "1")])
def test_the_newest_frame_is_answered_and_what_came_before_it_is_dropped(
    module: str, source: str, every: Path, cameras: Cameras
) -> None:
    """Frames come as fast as they are taken; then the camera is unplugged."""
    total = 2000
    log = cameras(module, frames=total)
    ran = watch(every, "colors", "--source", source)
    numbers = [line["frame"] for line in lines(ran, 1)]
    answered, dropped = summary(ran)
    assert (answered, answered + dropped) == (len(numbers), total)
    assert numbers == sorted({*numbers})
    assert numbers[-1] == total - 1
    assert dropped
    (line,) = (line for line in told(ran) if not line.endswith("dropped"))
    assert line.startswith(f"camera {source}: gives no more frames")
    assert log.read_text().endswith(("close\n", "release\n"))


def test_a_video_is_answered_whole(every: Path, cameras: Cameras, tmp_path: Path) -> None:
    log = cameras("picamera2", "cv2", frames=40)
    (tmp_path / "clip.mp4").write_bytes(b"a video")
    ran = watch(every, "colors", "--source", tmp_path / "clip.mp4")
    assert [line["frame"] for line in lines(ran)] == [*range(40)]
    assert summary(ran) == (40, 0)
    assert log.read_text().splitlines() == ["open clip.mp4", "release"]


BROKEN: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "busy": (
        {"broken": "busy"},
        ("picamera2",),
        "camera 0: Camera __init__ sequence did not complete.; does another",
    ),
    "numpy": ({"broken": "numpy"}, ("picamera2",), "Picamera2 cannot be loaded (numpy.dtype size changed"),
    "none": ({"listed": []}, ("picamera2",), "cameras and videos take "),
    "not 1": ({}, ("cv2",), "camera 0: there is none, or another program uses it"),
    "gives none": ({"frames": 0}, ("picamera2",), "camera 0: gives no more frames: camera was unplugged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_cameras_that_cannot_be_used_are_one_line(name: str, every: Path, cameras: Cameras) -> None:
    how, modules, expected = BROKEN[name]
    cameras(*modules, **how)
    ran = watch(every, "colors")
    (line,) = told(ran)
    assert (ran.returncode, ran.stdout, line.startswith(expected)) == (1, "", True), line


@pytest.mark.parametrize(
    ("frames", "broken", "name", "expected"),
    [
        (0, "", "clip.mp4", "clip.mp4: gives no frames"),
        (3, "error", "clip.mp4", "clip.mp4: (-215:Assertion failed) in function 'retrieve'"),
        (3, "", "notes.txt", "notes.txt: is no video that OpenCV can read"),
    ],
)
def test_videos_that_are_none_are_one_line(
    frames: int, broken: str, name: str, expected: str, every: Path, cameras: Cameras, tmp_path: Path
) -> None:
    cameras("cv2", frames=frames, broken=broken)
    (tmp_path / name).write_bytes(b"what it may be")
    ran = watch(every, "colors", "--source", tmp_path / name)
    assert (ran.returncode, ran.stdout, told(ran)) == (1, "", [f"{tmp_path}/{expected}"])


def test_a_camera_that_hangs_is_given_up(every: Path, cameras: Cameras) -> None:
    cameras("picamera2", frames=2, broken="hangs")
    code = """
import sys, colors.frames
colors.frames.PATIENCE = 0.5
sys.argv = ["colors", "camera", "--headless"]
from colors.__main__ import script
sys.exit(script())
"""
    ran = run_code(every, code)
    assert lines(ran, 1)[-1]["frame"] == 1
    assert "no frame has come for 0.5 s" in told(ran)


def test_ctrl_c_gives_the_camera_back(every: Path, cameras: Cameras) -> None:
    log = cameras("picamera2", frames=10**9)
    command = [sys.executable, "-m", "colors", "camera", "--headless"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=every, **pipes) as process:  # type: ignore[call-overload]
        assert json.loads(process.stdout.readline())["frame"] >= 0
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
    told_last = errors.splitlines()[-2:]
    assert (process.returncode, told_last[1]) == (130, "interrupted")
    assert told_last[0].endswith(" dropped")
    assert log.read_text().endswith("close\n")


# --- what is missing, or wrong ----------------------------------------


def test_without_a_display_the_fix_is_told(every: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    ran = run(every, "boxes", "camera", "--source", "pictures")
    (line,) = told(ran)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert line.startswith(("no window: ", "a window takes Tk ("))
    assert line.endswith("give --headless")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nosuch", "nosuch: No such file or directory"),
        ("9999", "9999: No such file or directory"),
        ("-1", None),
        ("/dev/null", "/dev/null: is not a regular file"),
        ("boxes", "boxes: is a folder without pictures"),
        ("\x1b[31m", "\\x1b[31m: No such file or directory"),
    ],
)
def test_sources_that_are_none_are_one_line(source: str, expected: str | None, every: Path) -> None:
    ran = watch(every, "boxes", f"--source={source}")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert told(ran) == [expected or f"{source}: No such file or directory"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("full", "is not empty; save to a new folder"), ("file", "File exists"), ("file/out", "Not a directory")],
)
def test_folders_that_are_not_written_into(name: str, expected: str, every: Path, tmp_path: Path) -> None:
    photo(tmp_path / "full" / "000000.jpg")
    before = (tmp_path / "full" / "000000.jpg").read_bytes()
    (tmp_path / "file").write_text("")
    ran = watch(every, "boxes", "--source", "pictures", "--save", tmp_path / name)
    assert (ran.returncode, ran.stdout, told(ran)) == (1, "", [f"{tmp_path / name}: {expected}"])
    assert (tmp_path / "full" / "000000.jpg").read_bytes() == before


def test_a_full_disk_ends_it_and_leaves_no_half_picture(every: Path, tmp_path: Path) -> None:
    """A file may not be larger than this; b.png's frame is."""
    photo(tmp_path / "in" / "a.png", (8, 8))
    photo(tmp_path / "in" / "b.png", (900, 900))
    ran = watch(
        every,
        "boxes",
        *("--source", tmp_path / "in", "--save", tmp_path / "out"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
    )
    assert len(lines(ran, 1)) == 2
    assert summary(ran) == (1, 0)
    assert told(ran)[-1] == f"{tmp_path / 'out' / '000001.jpg'}: File too large"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000000.jpg"]


def test_a_reader_who_has_seen_enough(every: Path, cameras: Cameras) -> None:
    log = cameras("picamera2", frames=10**9)
    command = f"{sys.executable} -m colors camera --headless | head -n 1"
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=every,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (ran.returncode, len(ran.stdout.splitlines())) == (141, 1)
    assert told(ran)[-1].endswith(" dropped")
    assert log.read_text().endswith("close\n")


@pytest.mark.parametrize(
    "arguments",
    ["--rotate 45", "--rotate x", "--limit 0", "--limit x", "--save", "pictures", "--json", "--threshold 2"],
)
def test_wrong_options_are_one_line(arguments: str, every: Path) -> None:
    ran = watch(every, "boxes", *arguments.split())
    assert (ran.returncode, ran.stdout, len(told(ran))) == (2, "", 1)


def test_only_what_looks_at_pictures_has_it(examples: Path, tmp_path: Path) -> None:
    folder = write_files(tmp_path, project(sine(examples), []))
    assert run(folder, "sine", "camera").returncode == 2
    assert not {path.name for path in folder.rglob("*.py")} & {"camera.py", "sources.py", "frames.py", "window.py"}


OPENCV = "OpenCV: pip install opencv-python-headless"
SYSTEM_SITE = "an environment of python3 -m venv --system-site-packages"


@pytest.mark.parametrize(
    ("board", "machine", "has_picamera", "expected"),
    [
        ("", "x86_64", False, OPENCV),
        ("Coral Dev Board", "aarch64", True, OPENCV),
        (
            "Raspberry Pi 5 Model B Rev 1.0",
            "aarch64",
            False,
            f"Picamera2: sudo apt install python3-picamera2, and {SYSTEM_SITE}; or, for USB cameras and videos, "
            f"{OPENCV}",
        ),
        (
            "Raspberry Pi 3 Model B Plus",
            "armv7l",
            True,
            f"Picamera2, which this Python does not see: make {SYSTEM_SITE}; or, for USB cameras and videos, "
            "OpenCV: sudo apt install python3-opencv",
        ),
    ],
)
def test_what_to_install(
    board: str, machine: str, has_picamera: bool, expected: str, every: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    if board:
        write_files(root, {"proc/device-tree/model": board.encode() + b"\0"})
    if has_picamera:
        (root / "usr/lib/python3/dist-packages/picamera2").mkdir(parents=True)
    code = (
        f"import platform, pathlib; platform.machine = lambda: {machine!r}\n"
        f"from boxes.sources import what_to_install; print(what_to_install(pathlib.Path({str(root)!r})))"
    )
    assert run_code(every, code).stdout == expected + "\n"


# --- the real OpenCV ----------------------------------------

WRITE_VIDEO = """
import sys, cv2, numpy
writer = cv2.VideoWriter(sys.argv[1], cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
assert writer.isOpened()
for color in [(10, 20, 250)] * 5 + [(250, 20, 10)] * 5:  # blue first
    writer.write(numpy.full((48, 64, 3), color, numpy.uint8))
writer.release()
print(cv2.__file__)
"""


@pytest.mark.mediapipe
def test_a_real_video(every: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MediaPipe brings OpenCV along."""
    command: list[str | Path] = [mediapipe_python(), "-I", "-c", WRITE_VIDEO, tmp_path / "clip.avi"]
    written = subprocess.run(command, capture_output=True, text=True, check=True)
    packages_of_it = Path(written.stdout.strip()).parents[1]
    (tmp_path / "modules").mkdir()
    for path in packages_of_it.glob("*cv*"):
        (tmp_path / "modules" / path.name).symlink_to(path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    ran = watch(every, "colors", "--source", tmp_path / "clip.avi", "--top-k", "1")
    assert [line["results"][0]["label"] for line in lines(ran)] == ["red"] * 5 + ["blue"] * 5
    (tmp_path / "cut.avi").write_bytes((tmp_path / "clip.avi").read_bytes()[:100])
    ran = watch(every, "colors", "--source", tmp_path / "cut.avi")
    assert (ran.returncode, ran.stdout, told(ran)) == (
        1,
        "",
        [f"{tmp_path}/cut.avi: is no video that OpenCV can read"],
    )
    ran = watch(every, "colors")
    assert told(ran) == ["camera 0: there is none, or another program uses it"]
