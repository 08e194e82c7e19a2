"""What a generated Android module makes of pictures and frames, against the reference, item by item.

Only the sources that make inputs are compiled, for inputs of every form, of which no model need exist.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.golden.frames import Layout, StoredFrame, random_frame
from packager.model import Quantization
from packager.targets.android import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import ChannelOrder, CropMode, Resize
from packager.tasks.image import ImageInput, input_tensor, lookup_table
from packager.tasks.kinds import Array
from packager.tasks.yuv import Region, Rotation, frame_tensor, upright
from tests.conftest import write_files
from tests.example_models import digits
from tests.targets.android import harness

pytestmark = pytest.mark.slow

SOURCES = {"Preprocessor.kt", "ResizeWeights.kt", "Placement.kt", "YuvFrame.kt", "YuvRows.kt", "BitmapRows.kt"}
SOURCES |= {"PixelRows.kt"}
ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)
INT8 = Quantization((0.0175,), (-3,), None)


@dataclass(frozen=True)
class Input:
    """The facts of an input, by which the sources differ."""

    width: int
    height: int
    dtype: str
    resize: Resize
    crop: CropMode
    pad: int = 0
    order: ChannelOrder = ChannelOrder.RGB
    channels: int = 3
    is_planar: bool = False
    has_channels: bool = True

    def of(self, image: ImageInput) -> ImageInput:
        """Another input with these facts."""
        plane = (self.height, self.width)
        shape = (*plane, self.channels) if self.has_channels else plane
        shape = (1, self.channels, *plane) if self.is_planar else (1, *shape)
        tensor = replace(
            image.tensor, shape=shape, dtype=self.dtype, quantization=INT8 if self.dtype == "int8" else None
        )
        facts = {name: value for name, value in asdict(self).items() if name not in ("dtype", "has_channels")}
        mean, std = ((103.5, 116.25, 123.75), (57.5, 57.25, 58.5)) if self.channels == 3 else ((127.5,), (127.5,))
        return replace(image, tensor=tensor, mean=mean, std=std, **facts)


ANTIALIAS, BILINEAR = Resize.ANTIALIAS, Resize.BILINEAR
STRETCH, CENTER_CROP, LETTERBOX = CropMode.STRETCH, CropMode.CENTER_CROP, CropMode.LETTERBOX
BGR = ChannelOrder.BGR
INPUTS = {
    "antialias": Input(33, 20, "uint8", ANTIALIAS, STRETCH),
    "bilinear": Input(20, 33, "uint8", BILINEAR, STRETCH),
    "antialias_planar": Input(31, 29, "float32", ANTIALIAS, LETTERBOX, 114, is_planar=True),
    "bilinear_planar": Input(40, 24, "int8", BILINEAR, LETTERBOX, 255, BGR, is_planar=True),
    "antialias_cropped": Input(20, 33, "int8", ANTIALIAS, CENTER_CROP, order=BGR),
    "bilinear_cropped": Input(33, 20, "float32", BILINEAR, CENTER_CROP),
    "antialias_letterboxed": Input(24, 24, "float32", ANTIALIAS, LETTERBOX, order=BGR),
    "bilinear_letterboxed": Input(24, 24, "float32", BILINEAR, LETTERBOX, 114),
    "gray_antialias": Input(28, 28, "int8", ANTIALIAS, LETTERBOX, 200, channels=1, has_channels=False),
    "gray_bilinear": Input(33, 20, "float32", BILINEAR, CENTER_CROP, channels=1),
    "gray_planar": Input(21, 34, "uint8", BILINEAR, LETTERBOX, 9, channels=1, is_planar=True),
    "one_pixel": Input(1, 1, "uint8", ANTIALIAS, CENTER_CROP),
    "large": Input(224, 224, "uint8", ANTIALIAS, LETTERBOX),
    "large_bilinear": Input(224, 224, "uint8", BILINEAR, LETTERBOX),
}
SMALL = [name for name in INPUTS if not name.startswith("large")]
LARGE = [name for name in INPUTS if name not in SMALL]


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
        if isinstance(self.source, StoredFrame):
            return frame_tensor(self.source.frame, self.rotation, self.region, image)
        picture = Image.fromarray(self.source[:, :, :3])
        return input_tensor(upright(picture, self.rotation, self.region), image)


def regions(size: tuple[int, int], rotation: int) -> Iterator[Region | None]:
    """Of the upright picture: the whole, one that leaves something on every side, and a pixel in the last corner."""
    width, height = size if rotation in (0, 180) else size[::-1]
    yield None
    if min(width, height) > 12:
        yield (3, 5, width - 2, height - 4)
        yield (width - 1, height - 1, width, height)


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


SIZES = (
    *((1, 1), (1, 7), (7, 1), (2, 3), (20, 33), (33, 20), (28, 28), (27, 29), (13, 200), (200, 13), (64, 48)),
    *((333, 217), (217, 333), (3, 1000), (1000, 3), (640, 480)),
)


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
                for region in regions((width, height), rotation):
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
        *(Shot(f"4000x3000 turned by {rotation}", photo, rotation) for rotation in ROTATIONS),
        *(Shot(f"frame of 4000x3000 turned by {rotation}", frame, rotation) for rotation in ROTATIONS),
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


def picture_sources(name: str, annotated: AnnotatedModel) -> dict[str, bytes]:
    """Of the project those sources that make the input."""
    (sample, *_) = read_samples(annotated, ())
    outputs = tuple(np.zeros(port.tensor.shape, port.tensor.dtype) for port in annotated.outputs)
    case = GoldenCase(sample.name, sample.given, sample.inputs, outputs, annotated.answer.read(outputs, None))
    goldens = Goldens({TARGET.runtime: GoldenSet("none", (case,))}, None)
    _, files = build_project(TARGET, annotated, Options(name=name), goldens)
    return {path: content for path, content in files.items() if path.rpartition("/")[2] in SOURCES}


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
