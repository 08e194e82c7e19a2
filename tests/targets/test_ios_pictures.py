"""What a generated iOS package makes of pictures and frames, against the reference, item by item.

Only the sources that make inputs are compiled, for inputs of every form, of which no model need exist.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.golden.frames import Layout, PixelFormat, random_buffer, random_frame
from packager.tasks import Resize
from packager.tasks.image import ImageInput, Region, input_tensor, lookup_table, upright
from packager.tasks.kinds import Array
from packager.tasks.yuv import Range, YuvFrame, frame_tensor
from tests.conftest import write_files
from tests.example_models import digits
from tests.targets.ios.harness import Swift, swift_root
from tests.targets.ios.pictures import build_program, frame_worker, picture_module
from tests.targets.pictures import INPUTS, LARGE, SIZES, SMALL, regions

pytestmark = [pytest.mark.slow, pytest.mark.swift]

# Of EXIF: rows and columns of memory are exchanged from 5 on.
ORIENTATIONS = range(1, 9)
CHANNELS = {"rgb": [0, 1, 2], "bgra": [2, 1, 0], "rgba": [0, 1, 2], "argb": [1, 2, 3]}


@dataclass(frozen=True)
class Planes:
    """A frame in memory: ``planes`` are pieces of it, [start, bytes, bytes a row]."""

    memory: Array
    kind: str
    width: int
    height: int
    planes: tuple[tuple[int, int, int], ...]
    bytes_per_pixel: int = 0

    def tensor(self, orientation: int, region: Region | None, image: ImageInput) -> Array:
        """The input tensor by the reference."""
        if self.kind in CHANNELS:
            ((start, _, stride),) = self.planes
            size = 3 if self.kind == "rgb" else 4
            places = np.arange(self.height)[:, None, None] * stride + np.arange(self.width)[:, None] * size
            pixels = self.memory[start + places + CHANNELS[self.kind]]
            return input_tensor(upright(Image.fromarray(pixels), orientation, region), image)
        starts = [start for start, *_ in self.planes]
        if len(starts) == 2:
            starts.append(starts[1] + 1)
        y, u, v = (self.memory[start:] for start in starts)
        strides = (self.planes[0][2], self.planes[1][2], self.bytes_per_pixel)
        frame = YuvFrame(self.width, self.height, y, u, v, *strides, Range(self.kind))
        return frame_tensor(frame, orientation, region, image)


@dataclass(frozen=True)
class Shot:
    """A frame, and how it is taken."""

    name: str
    source: Planes
    orientation: int = 1
    region: Region | None = None

    def to_json(self, start: int) -> dict[str, Any]:
        """As Driver.swift reads it, where its memory begins at ``start``."""
        region = self.region
        return {
            "kind": self.source.kind,
            "width": self.source.width,
            "height": self.source.height,
            "planes": [
                {"start": start + offset, "size": size, "bytesPerRow": stride}
                for offset, size, stride in self.source.planes
            ],
            "bytesPerPixel": self.source.bytes_per_pixel,
            "orientation": self.orientation,
            "region": region and [region[0], region[1], region[2] - region[0], region[3] - region[1]],
        }


def packed(generator: np.random.Generator, width: int, height: int, kind: str, padding: int) -> Planes:
    """Noise of one plane, as bytes of a pixel by their names; that of ``rgb`` is never padded."""
    if kind == "rgb":
        memory = generator.integers(0, 256, 3 * width * height, dtype=np.uint8)
        return Planes(memory, kind, width, height, ((0, memory.size, 3 * width),))
    buffer = random_buffer(generator, width, height, PixelFormat.BGRA, padding)
    return Planes(buffer.memory, kind, width, height, buffer.planes)


def biplanar(generator: np.random.Generator, width: int, height: int, kind: str, padding: int) -> Planes:
    """Noise of two planes."""
    buffer = random_buffer(generator, width, height, PixelFormat.FULL, padding)
    return Planes(buffer.memory, kind, width, height, buffer.planes, 2)


def planar(generator: np.random.Generator, width: int, height: int, kind: str, padding: int) -> Planes:
    """Noise of three planes."""
    stored = random_frame(generator, width, height, Layout.I420, padding)
    strides = (stored.y_row_stride, stored.uv_row_stride, stored.uv_row_stride)
    places = zip((stored.y, stored.u, stored.v), strides, strict=True)
    return Planes(stored.memory, kind, width, height, tuple((*place, stride) for place, stride in places), 1)


MAKERS = (
    *((packed, kind) for kind in CHANNELS),
    *((maker, range) for maker in (biplanar, planar) for range in Range),
)


def small_shots() -> Iterator[Shot]:
    """Frames of odd sizes, turned in all ways, whole and in part."""
    generator = np.random.default_rng(1)
    kinds = itertools.cycle(MAKERS)
    for width, height in SIZES:
        for _ in range(3):
            maker, kind = next(kinds)
            source = maker(generator, width, height, kind, width % 5)
            for orientation in ORIENTATIONS:
                for region in regions(*((width, height) if orientation < 5 else (height, width))):
                    name = f"{maker.__name__} {kind} {width}x{height}, orientation {orientation}, {region}"
                    yield Shot(name, source, orientation, region)
    for maker, kind in MAKERS:
        source = maker(generator, 61, 47, kind, 11)
        for orientation in ORIENTATIONS:
            yield Shot(f"{maker.__name__} {kind}, orientation {orientation}", source, orientation)


def large_shots() -> Iterator[Shot]:
    """What cameras make."""
    generator = np.random.default_rng(2)
    photo = packed(generator, 4000, 3000, "bgra", 128)
    frame = biplanar(generator, 4000, 3000, Range.FULL, 96)
    yield Shot("4000x3000", photo)
    yield Shot("4000x3000 turned", photo, 6)
    yield Shot("frame of 4000x3000 upside down", frame, 3)
    yield Shot("frame of 4000x3000 turned", replace(frame, kind=Range.VIDEO), 8)
    yield Shot("part of 4000x3000", photo, 6, (1001, 501, 2002, 3503))
    yield Shot("part of a frame of 4000x3000", frame, 5, (1001, 501, 2002, 3503))
    panorama = packed(generator, 12000, 400, "rgb", 0)
    yield Shot("12000x400", panorama)
    yield Shot("12000x400 turned", panorama, 7)


MOST = 2**63 - 1


def refusals() -> Iterator[tuple[Shot, str]]:
    """What cannot be meant, and what is said of it."""
    generator = np.random.default_rng(3)
    rgb, bgra = packed(generator, 30, 20, "rgb", 0), packed(generator, 31, 21, "bgra", 5)
    nv12, i420 = biplanar(generator, 31, 21, Range.FULL, 5), planar(generator, 31, 21, Range.VIDEO, 5)

    def plane(source: Planes, number: int, size: int = 0, stride: int | None = None) -> Planes:
        """With another number of bytes, and bytes a row, in a plane."""
        planes = list(source.planes)
        start, bytes, old = planes[number]
        planes[number] = (start, bytes + size, old if stride is None else stride)
        return replace(source, planes=tuple(planes))

    outside = "does not lie in the upright picture of"
    for name, orientation, region, size in (
        ("outside", 1, (0, 0, 31, 20), "30 x 20"),
        ("outside turned", 6, (0, 0, 30, 20), "20 x 30"),
        ("left of it", 1, (-1, 0, 3, 3), "30 x 20"),
        ("empty", 1, (5, 5, 5, 9), "30 x 20"),
        ("inside out", 1, (5, 5, 4, 4), "30 x 20"),
        ("far away", 1, (MOST - 1, 0, MOST, 1), "30 x 20"),
        ("all and more", 1, (0, 0, MOST, MOST), "30 x 20"),
    ):
        left, top, right, bottom = region
        told = f"a region of {right - left} x {bottom - top} at {left}, {top}"
        yield Shot(name, rgb, orientation, region), f"{told} {outside} {size}"
    yield Shot("too few bytes", plane(rgb, 0, -1)), "a picture of 30 x 20 has 3 bytes a pixel, not 1799 in all"
    for width, height in ((0, 20), (30, -20), (MOST, MOST), (3 * 2**62 // 2, 4)):
        wrong = replace(rgb, width=width, height=height)
        yield Shot("another size", wrong), f"a picture of {width} x {height} has 3 bytes a pixel, not 1800 in all"
        if width > 0 and height > 0:
            told = f"the frame of {width} x {height} does not fit 2704 bytes with 129 a row and 4 a pixel"
            yield Shot("another size", replace(bgra, width=width, height=height)), told
            told = f"plane y of {width} x {height} does not fit 751 bytes with 36 a row and 1 a pixel"
            yield Shot("another size", replace(nv12, width=width, height=height)), told
    yield Shot("no pixels", replace(bgra, width=0)), "the frame of 0 x 21 has no pixels"
    yield Shot("no rows", replace(nv12, height=-1)), "plane y of 31 x -1 has no pixels"
    fits = "does not fit {} bytes with {} a row and {} a pixel"
    yield Shot("a byte less", plane(bgra, 0, -1)), f"the frame of 31 x 21 {fits.format(2703, 129, 4)}"
    for stride in (123, 0, -129, MOST):
        yield Shot("rows", plane(bgra, 0, 0, stride)), f"the frame of 31 x 21 {fits.format(2704, stride, 4)}"
    yield Shot("nothing", plane(bgra, 0, -2704)), f"the frame of 31 x 21 {fits.format(0, 129, 4)}"
    for source, names in ((nv12, "yv"), (i420, "yuv")):
        for number, name in enumerate(names):
            size = "31 x 21" if name == "y" else "16 x 11"
            _, count, stride = source.planes[number]
            step = 1 if name == "y" else source.bytes_per_pixel
            # V begins a byte behind U.
            left = count - (2 if source is nv12 and name == "v" else 1)
            told = f"plane {name} of {size} {fits.format(left, stride, step)}"
            yield Shot(f"a byte less of {name}", plane(source, number, -1)), told
    yield Shot("y rows overlap", plane(nv12, 0, 0, 30)), f"plane y of 31 x 21 {fits.format(751, 30, 1)}"
    yield Shot("no colors", plane(nv12, 1, -nv12.planes[1][1])), f"plane u of 16 x 11 {fits.format(0, 37, 2)}"
    for step in (0, -1, 3, MOST):
        told = f"plane u of 16 x 11 {fits.format(i420.planes[1][1], i420.planes[1][2], step)}"
        yield Shot("pixels", replace(i420, bytes_per_pixel=step)), told


@dataclass(frozen=True)
class Answers:
    """By input the tensors of all its shots, and what was refused of these."""

    images: Mapping[str, ImageInput]
    tensors: Mapping[str, bytes]
    failures: Mapping[str, list[str | None]]


@pytest.fixture(scope="module")
def swift() -> Iterator[Swift]:
    with swift_root() as root:
        yield root


@pytest.fixture(scope="module")
def answers(examples: Path, swift: Swift) -> Answers:
    """Compile the sources of all inputs, and run each with its shots."""
    annotated = digits(examples)
    assert isinstance(annotated.input, ImageInput)
    images = {name: facts.of(annotated.input) for name, facts in INPUTS.items()}
    modules = {name: name.title().replace("_", "") for name in images}
    build_program(swift, {modules[name]: picture_module(modules[name], annotated, images[name]) for name in images})
    run = swift.work / "run"
    run.mkdir()
    refused = tuple(shot for shot, _ in REFUSALS)
    for group, shots in {"small": SMALL_SHOTS, "refused": refused, "large": LARGE_SHOTS}.items():
        write_shots(run, group, shots)
    fits = [
        {
            "module": modules[name],
            "memory": f"{group}.bin",
            "shots": f"{group}.json",
            "size": image.tensor.size * np.dtype(image.tensor.dtype).itemsize,
            "out": f"{name}.{group}.fits",
        }
        for name, image in images.items()
        for group in (("large",) if name in LARGE else ("small", "refused"))
    ]
    tables = {f"{modules[name]}.table": lookup_table(image).tobytes() for name, image in images.items()}
    write_files(run, {**tables, "fits.json": json.dumps(fits).encode()})
    ran = swift.run("Pictures/.build/release/Pictures", "run", "fits.json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    names = [str(fit["out"]).removesuffix(".fits") for fit in fits]
    failures = json.loads((run / "failures.json").read_text())
    return Answers(
        images,
        {name: (run / f"{name}.fits").read_bytes() for name in names},
        dict(zip(names, failures, strict=True)),
    )


SMALL_SHOTS = tuple(small_shots())
LARGE_SHOTS = tuple(large_shots())
REFUSALS = tuple(refusals())


def write_shots(folder: Path, group: str, shots: Sequence[Shot]) -> None:
    """Write the bytes of all shots, those of each source once, and what Driver.swift is told of each."""
    starts: dict[int, int] = {}
    entries = []
    with (folder / f"{group}.bin").open("wb") as file:
        for shot in shots:
            memory = shot.source.memory
            if id(memory) not in starts:
                starts[id(memory)] = file.tell()
                file.write(memory.tobytes())
            entries.append(shot.to_json(starts[id(memory)]))
    (folder / f"{group}.json").write_text(json.dumps(entries))


@pytest.mark.parametrize("name", SMALL)
def test_inputs_are_those_of_the_reference(name: str, answers: Answers) -> None:
    compare(SMALL_SHOTS, answers.images[name], answers.tensors[f"{name}.small"], answers.failures[f"{name}.small"])


@pytest.mark.parametrize("name", LARGE)
def test_large_pictures_give_the_inputs_of_the_reference(name: str, answers: Answers) -> None:
    compare(LARGE_SHOTS, answers.images[name], answers.tensors[f"{name}.large"], answers.failures[f"{name}.large"])


def compare(shots: Sequence[Shot], image: ImageInput, tensors: bytes, failures: list[str | None]) -> None:
    dtype = np.dtype(image.tensor.dtype)
    made = np.frombuffer(tensors, dtype.newbyteorder("<")).reshape(-1, *image.tensor.shape)
    for shot, actual, failure in zip(shots, made, failures, strict=True):
        assert failure is None, f"{shot.name}: {failure}"
        expected = shot.source.tensor(shot.orientation, shot.region, image)
        assert actual.tobytes() == expected.tobytes(), f"{shot.name} differs in {(actual != expected).sum()} items"


@pytest.mark.parametrize("name", SMALL)
def test_what_cannot_be_meant_is_refused(name: str, answers: Answers) -> None:
    for (shot, message), failure in zip(REFUSALS, answers.failures[f"{name}.refused"], strict=True):
        assert failure == message, shot.name


def test_no_frame_but_the_first_allocates(examples: Path, swift: Swift) -> None:
    """Nothing is asked of the heap, neither for what is kept nor for what is given back."""
    pixels = np.random.default_rng(0).integers(0, 256, (1920, 1080, 3), dtype=np.uint8)
    works = [
        f"{resize}_{kind}_{orientation}"
        for resize in Resize
        for kind in ("rgb", "bgra", "full", "video")
        for orientation in (1, 6)
    ]
    with frame_worker(swift, examples, pixels) as worker:
        for work in works:
            # Each has weights and rows of its own.
            worker.ask(work, 1)
            found = {asked: worker.ask(f"{asked}:{work}", 5) for asked in ("allocations", "growth")}
            assert found == {"allocations": 0, "growth": 0}, work
