"""What a generated Android module makes of pictures and frames, against the reference, item by item.

Only the sources that make inputs are compiled, for inputs of every form, of which no model need exist.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.golden.frames import Layout, StoredFrame, random_frame
from packager.tasks import Resize
from packager.tasks.image import ImageInput, Region, input_tensor, lookup_table, upright
from packager.tasks.kinds import Array
from packager.tasks.yuv import ORIENTATIONS, Rotation, frame_tensor
from tests.conftest import write_files
from tests.example_models import digits
from tests.targets.android import harness
from tests.targets.android.pictures import frame_worker, picture_sources
from tests.targets.pictures import INPUTS, LARGE, SIZES, SMALL, regions

pytestmark = pytest.mark.slow

ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)


@dataclass(frozen=True)
class Shot:
    """A bitmap (RGBA pixels [height, width, 4]) or a frame, and how it is taken."""

    name: str
    source: Array | StoredFrame
    rotation: int = 0
    region: Region | None = None
    config: str = "ARGB_8888"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as it lies in memory."""
        if isinstance(self.source, StoredFrame):
            return self.source.width, self.source.height
        return self.source.shape[1], self.source.shape[0]

    def tensor(self, image: ImageInput) -> Array:
        """The input tensor by the reference."""
        assert self.rotation in ROTATIONS
        orientation = ORIENTATIONS[self.rotation]
        if isinstance(self.source, StoredFrame):
            return frame_tensor(self.source.frame, orientation, self.region, image)
        picture = Image.fromarray(self.source[:, :, :3])
        return input_tensor(upright(picture, orientation, self.region), image)


def bitmap(generator: np.random.Generator, width: int, height: int, *, is_opaque: bool = True) -> Array:
    """Noise."""
    pixels = generator.integers(0, 256, (height, width, 4), dtype=np.uint8)
    if is_opaque:
        pixels[:, :, 3] = 255
    else:
        # Bitmaps keep colors times alpha, so that only of full colors nothing is lost.
        pixels[:, :, :3] = pixels[:, :, :3] // 128 * 255
        pixels[:, :, 3] = pixels[:, :, 3] // 2 + 128
    return pixels


def small_shots() -> tuple[Shot, ...]:
    """Pictures and frames of odd sizes, turned in all ways, whole and in part."""
    generator = np.random.default_rng(1)
    shots = []
    layouts = itertools.cycle(Layout)
    for width, height in SIZES:
        frame = random_frame(generator, width, height, next(layouts), width % 5)
        for source in (bitmap(generator, width, height), frame):
            kind = "bitmap" if source is not frame else "frame"
            for rotation in ROTATIONS:
                for region in regions(*((height, width) if rotation in (90, 270) else (width, height))):
                    name = f"{kind} {width}x{height} turned by {rotation}, {region}"
                    shots.append(Shot(name, source, rotation, region))
    for layout in Layout:
        frame = random_frame(generator, 61, 47, layout, 11)
        shots += (Shot(f"{layout} turned by {rotation}", frame, rotation) for rotation in ROTATIONS)
    shots.append(Shot("transparent", bitmap(generator, 70, 50, is_opaque=False), 90))
    gray = bitmap(generator, 70, 50)
    # What RGB_565 keeps of these is what they are.
    gray[:, :, :3] = gray[:, :, :1] // 128 * 255
    shots.append(Shot("RGB_565", gray, 90, config="RGB_565"))
    shots.append(Shot("HARDWARE", bitmap(generator, 70, 50), 180, config="HARDWARE"))
    return tuple(shots)


def large_shots() -> tuple[Shot, ...]:
    """What cameras make."""
    generator = np.random.default_rng(2)
    photo, frame = bitmap(generator, 4000, 3000), random_frame(generator, 4000, 3000, Layout.NV21, 96)
    panorama = bitmap(generator, 12000, 400)
    return (
        Shot("4000x3000", photo),
        Shot("4000x3000 turned by 90", photo, 90),
        Shot("frame of 4000x3000 turned by 180", frame, 180),
        Shot("frame of 4000x3000 turned by 270", frame, 270),
        Shot("part of 4000x3000", photo, 90, (1001, 501, 2002, 3503)),
        Shot("part of a frame of 4000x3000", frame, 270, (1001, 501, 2002, 3503)),
        Shot("12000x400", panorama),
        Shot("12000x400 turned", panorama, 90),
    )


def refusals() -> tuple[tuple[Shot, str], ...]:
    """Arguments that cannot be meant, and what is said of them."""
    generator = np.random.default_rng(3)
    picture, frame = bitmap(generator, 30, 20), random_frame(generator, 31, 21, Layout.NV21, 5)
    outside = "the region is not within the upright picture of"

    def plane(name: str, **changes: Any) -> Shot:
        return Shot(name, replace(frame, **changes))

    def short(name: str) -> Shot:
        start, size = getattr(frame, name)
        return plane(f"plane {name} too small", **{name: (start, size - 1)})

    return (
        (Shot("45 degrees", picture, 45), "rotationDegrees is 0, 90, 180 or 270, and not 45"),
        (Shot("-90 degrees", frame, -90), "rotationDegrees is 0, 90, 180 or 270, and not -90"),
        (Shot("outside", picture, 0, (0, 0, 31, 20)), f"{outside} 30 x 20 pixels: Rect(0, 0 - 31, 20)"),
        (Shot("outside turned", picture, 90, (0, 0, 30, 20)), f"{outside} 20 x 30 pixels: Rect(0, 0 - 30, 20)"),
        (Shot("left of it", frame, 0, (-1, 0, 3, 3)), f"{outside} 31 x 21 pixels: Rect(-1, 0 - 3, 3)"),
        (Shot("empty", frame, 0, (5, 5, 5, 9)), "the region is empty: Rect(5, 5 - 5, 9)"),
        (Shot("inside out", picture, 0, (5, 5, 4, 4)), "the region is empty: Rect(5, 5 - 4, 4)"),
        (short("y"), "plane y of 31 x 21 pixels has 750 bytes, and takes 751"),
        (short("u"), "plane u of 16 x 11 pixels has 400 bytes, and takes 401"),
        (short("v"), "plane v of 16 x 11 pixels has 400 bytes, and takes 401"),
        (plane("y rows overlap", y_row_stride=30), "rows of 31 pixels of plane y do not fit"),
        (plane("no pixel stride", uv_pixel_stride=0), "rows of 16 pixels of plane u do not fit"),
        (plane("too wide", uv_pixel_stride=3), "rows of 16 pixels of plane u do not fit"),
        (plane("no pixels", width=0), "a frame has no 0 x 21 pixels"),
    )


@dataclass(frozen=True)
class Answers:
    """By input the tensors of all its shots, and what was refused of these."""

    images: Mapping[str, ImageInput]
    tensors: Mapping[str, bytes]
    failures: Mapping[str, list[str | None]]


@pytest.fixture(scope="session")
def answers(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Compile the sources of all inputs, and run each with its shots."""
    tools = harness.toolchain()
    work = tmp_path_factory.mktemp("android-pictures")
    annotated = digits(examples)
    assert isinstance(annotated.input, ImageInput)
    images = {name: facts.of(annotated.input) for name, facts in INPUTS.items()}
    folders = {
        name: write_files(work / name, picture_sources(name, replace(annotated, input=image)))
        for name, image in images.items()
    }
    broken = harness.compile_kotlin(tools, folders, harness.DRIVER, work / "classes")
    assert not broken, "".join(map(str, broken.values()))
    run = work / "run"
    run.mkdir()
    groups = {"small": SMALL_SHOTS, "refused": tuple(shot for shot, _ in REFUSALS), "large": large_shots()}
    tasks = {name: write_shots(run / f"{name}.bin", shots) for name, shots in groups.items()}
    fits: list[dict[str, Any]] = []
    for name, image in images.items():
        for group in ("large",) if name in LARGE else ("small", "refused"):
            fits.append(
                {
                    "package": f"com.example.{name}",
                    "table": f"{name}.bin",
                    "size": image.tensor.size * np.dtype(image.tensor.dtype).itemsize,
                    "data": f"{group}.bin",
                    "pictures": tasks[group],
                    "out": f"{name}.{group}.fits",
                }
            )
    assets = {f"{name}.bin": lookup_table(image).tobytes() for name, image in images.items()}
    found = harness.run_driver(tools, [work / "classes"], assets, {"fits": fits}, run)["fits"]
    names = [fit["out"].removesuffix(".fits") for fit in fits]
    return Answers(
        images,
        {name: (run / f"{name}.fits").read_bytes() for name in names},
        dict(zip(names, found, strict=True)),
    )


SMALL_SHOTS = small_shots()
REFUSALS = refusals()


def write_shots(path: Path, shots: Sequence[Shot]) -> list[dict[str, Any]]:
    """Write the bytes of all shots to ``path``, those of each source once, and tell Driver.kt of each."""
    starts: dict[int, int] = {}
    entries = []
    with path.open("wb") as file:
        for shot in shots:
            # Android's integers are ARGB.
            memory = shot.source[:, :, [3, 0, 1, 2]] if isinstance(shot.source, np.ndarray) else shot.source.memory
            if id(shot.source) not in starts:
                starts[id(shot.source)] = file.tell()
                file.write(memory.tobytes())
            start = starts[id(shot.source)]
            width, height = shot.size
            entry: dict[str, Any] = {
                "width": width,
                "height": height,
                "rotation": shot.rotation,
                "region": shot.region,
                "start": start,
                "config": shot.config,
            }
            if isinstance(shot.source, StoredFrame):
                places = {"y": shot.source.y, "u": shot.source.u, "v": shot.source.v}
                entry["planes"] = {
                    **{name: (start + offset, size) for name, (offset, size) in places.items()},
                    "y_row_stride": shot.source.y_row_stride,
                    "uv_row_stride": shot.source.uv_row_stride,
                    "uv_pixel_stride": shot.source.uv_pixel_stride,
                }
            entries.append(entry)
    return entries


@pytest.mark.kotlin
@pytest.mark.parametrize("name", SMALL)
def test_inputs_are_those_of_the_reference(name: str, answers: Answers) -> None:
    compare(SMALL_SHOTS, answers.images[name], answers.tensors[f"{name}.small"], answers.failures[f"{name}.small"])


@pytest.mark.kotlin
@pytest.mark.parametrize("name", LARGE)
def test_large_pictures_give_the_inputs_of_the_reference(name: str, answers: Answers) -> None:
    compare(large_shots(), answers.images[name], answers.tensors[f"{name}.large"], answers.failures[f"{name}.large"])


def compare(shots: tuple[Shot, ...], image: ImageInput, tensors: bytes, failures: list[str | None]) -> None:
    dtype = np.dtype(image.tensor.dtype)
    made = np.frombuffer(tensors, dtype.newbyteorder("<")).reshape(-1, *image.tensor.shape)
    for shot, actual, failure in zip(shots, made, failures, strict=True):
        assert failure is None, f"{shot.name}: {failure}"
        expected = shot.tensor(image)
        assert actual.tobytes() == expected.tobytes(), f"{shot.name} differs in {(actual != expected).sum()} items"


@pytest.mark.kotlin
@pytest.mark.parametrize("name", SMALL)
def test_what_cannot_be_meant_is_refused(name: str, answers: Answers) -> None:
    for (shot, message), failure in zip(REFUSALS, answers.failures[f"{name}.refused"], strict=True):
        assert failure is not None, shot.name
        assert failure.startswith(f"java.lang.IllegalArgumentException: {message}"), failure


@pytest.mark.kotlin
def test_no_frame_but_the_first_allocates(examples: Path, tmp_path: Path) -> None:
    """Nothing of a picture's or a frame's, and nothing that getPixels does for a row, is left to collect."""
    pixels = np.zeros((1920, 1080, 3), np.uint8)
    works = [f"{resize}_{kind}_{turn}" for resize in Resize for kind in ("bitmap", "yuv") for turn in (0, 90)]
    with frame_worker(harness.toolchain(), examples, tmp_path, pixels) as jvm:
        # The JVM itself allocates now and then, when it compiles what it runs.
        bytes_a_frame = {work: min(jvm.ask(f"bytes:{work}", 5) for _ in range(8)) for work in (*works, "rows")}
        assert bytes_a_frame == dict.fromkeys((*works, "rows"), 0)
        assert jvm.ask("bytes:support_float32", 5) > 1_000_000
