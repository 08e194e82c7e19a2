"""Frames of cameras in the generated C++, on the host's compiler: every format, stride, region and size.

With ``bilinear`` the tensor is bit for bit that of the other platforms; with ``antialias`` it is the mean of boxes.
"""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.golden import read_samples
from packager.tasks import ChannelOrder, CropMode, Resize
from packager.tasks.image import ImageInput, fit
from packager.tasks.yuv import YuvFrame, luma, rgb
from tests import hand_made
from tests.conftest import needs_micro, require_tools, write_files
from tests.example_models import digits
from tests.targets.micro import harness
from tests.targets.micro.projects import classifier, goldens_of, project_files
from tests.targets.test_micro_emulated import box_average, layout

pytestmark = [pytest.mark.cpp, needs_micro]

Bytes = npt.NDArray[np.uint8]

FORMATS = ("kGray", "kRgb888", "kRgb565", "kRgb565Le", "kYuyv", "kUyvy")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover")
# Reads frames whose buffer ends with their last pixel, and writes the tensors.
DRIVER = """
#include <stdio.h>
#include <stdlib.h>

#include "input.h"

using namespace NAME;

struct Tensor : Input {
  TYPE items[kInputSize];
  Tensor() { input_ = items; }
};

static Tensor tensor;

int main() {
  int head[9];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    uint8_t* pixels = static_cast<uint8_t*>(malloc(static_cast<size_t>(head[8])));
    if (fread(pixels, static_cast<size_t>(head[8]), 1, stdin) != 1) return 1;
    Frame frame{pixels, static_cast<PixelFormat>(head[0]), head[1], head[2]};
    frame.row_stride = head[3];
    frame.region = {head[4], head[5], head[6], head[7]};
    tensor.fill_input(frame);
    free(pixels);
    fwrite(tensor.items, sizeof tensor.items, 1, stdout);
  }
}
"""


# What an input of another kind has in place of the model's own.
CHANGES: dict[str, dict[str, Any]] = {
    "planar": {"is_planar": True, "pad": 255},
    "blue-first": {"order": ChannelOrder.BGR, "pad": 114},
}


@dataclasses.dataclass(frozen=True)
class Frame:
    """A frame in memory, and the same as a picture [height, width, 3], or [height, width] where it is gray."""

    format: str
    data: bytes
    picture: Bytes
    stride: int
    region: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def request(self) -> bytes:
        height, width = self.picture.shape[:2]
        head = [FORMATS.index(self.format), width, height, self.stride, *self.region, len(self.data)]
        return np.array(head, np.int32).tobytes() + self.data

    def tensor(self, image: ImageInput, resize: Any) -> npt.NDArray[np.generic]:
        x, y, width, height = self.region
        part = self.picture[y : y + height, x : x + width] if width else self.picture
        mode = "L" if image.channels == 1 else "RGB"
        return layout(image, resize(Image.fromarray(part).convert(mode), image))


def unpacked(packed: npt.NDArray[np.int64]) -> Bytes:
    channels = (packed >> 11) * 255 // 31, (packed >> 5 & 63) * 255 // 63, (packed & 31) * 255 // 31
    made: Bytes = np.stack(channels, -1).astype(np.uint8)
    return made


def frame(generator: np.random.Generator, format: str, width: int, height: int, padding: int, *, gray: bool) -> Frame:
    """A random frame with ``padding`` bytes behind each row but the last; ``gray`` is what becomes of it."""
    if format in ("kYuyv", "kUyvy"):
        pairs = generator.integers(0, 256, (height, (width + 1) // 2, 4), dtype=np.uint8)
        rows = pairs.reshape(height, -1)
        y, u, v = (0, 1, 3) if format == "kYuyv" else (1, 0, 2)
        lumas = pairs[..., [y, y + 2]].reshape(height, -1)[:, :width]
        # Chroma has rows of its own, so each row is a frame of one.
        one = [
            YuvFrame(width, 1, lumas[row], pairs[row, :, u], pairs[row, :, v], width, (width + 1) // 2, 1)
            for row in range(height)
        ]
        picture = np.concatenate([luma(row) if gray else rgb(row) for row in one])
    elif format == "kGray":
        picture = rows = generator.integers(0, 256, (height, width), dtype=np.uint8)
    elif format == "kRgb888":
        picture = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        rows = picture.reshape(height, -1)
    else:
        packed = generator.integers(0, 1 << 16, (height, width))
        picture = unpacked(packed)
        rows = packed.astype(">u2" if format == "kRgb565" else "<u2").view(np.uint8).reshape(height, -1)
    bytes_a_row = rows.shape[1]
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    data = padded.reshape(-1)[: padded.size - padding].tobytes()
    return Frame(format, data, picture, bytes_a_row + padding if padding else 0)


SIZES = [(1, 1), (1, 7), (9, 1), (2, 3), (8, 7), (12, 8), (13, 33), (61, 37), (96, 96), (160, 120), (176, 144)]


def frames(image: ImageInput) -> Iterator[Frame]:
    generator = np.random.default_rng(11)
    gray = image.channels == 1
    sizes = [*SIZES, (image.width, image.height), (image.width * 2, image.height * 2)]
    for (width, height), format in itertools.product(sizes, FORMATS):
        yield frame(generator, format, width, height, 0, gray=gray)
        padded = frame(generator, format, width, height, 5, gray=gray)
        yield padded
        left, top = width // 3, height // 4
        yield dataclasses.replace(padded, region=(left, top, (width - left + 1) // 2, height - top))
    # Those that cameras have.
    for (width, height), format in zip(
        [(320, 240), (640, 480), (640, 480)], ("kRgb565", "kYuyv", "kGray"), strict=True
    ):
        yield frame(generator, format, width, height, 0, gray=gray)


def bilinear(picture: Image.Image, image: ImageInput) -> Bytes:
    return np.asarray(fit(picture, image)).reshape(image.height, image.width, image.channels)


def averaged(picture: Image.Image, image: ImageInput) -> Bytes:
    return box_average(np.asarray(picture).reshape(picture.height, picture.width, image.channels), image)


def annotated_as(kind: str, crop: CropMode, examples: Path, folder: Path) -> AnnotatedModel:
    if kind == "gray":
        return digits(examples, crop)
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    return classifier(hand_made.colors("int8"), "colors", folder / "labels.txt", crop, (120.0,), (200.0,))


def compile_input(project: Path, name: str, ctype: str) -> Path:
    require_tools("g++", install="apt-get install g++")
    (project / "driver.cpp").write_text(DRIVER.replace("NAME", name).replace("TYPE", ctype))
    program = project / "driver"
    sources = [project / "driver.cpp", *(project / name / file for file in ("input.cpp", "placement.cpp"))]
    includes = f"-I{project / name}"
    harness.run_tool(["g++", "-std=c++14", "-O1", *WARNINGS, includes, *map(str, sources), "-o", str(program)])
    return program


@pytest.mark.parametrize(
    ("kind", "crop"),
    [
        *itertools.product(("gray", "color"), CropMode),
        ("planar", CropMode.LETTERBOX),
        ("blue-first", CropMode.STRETCH),
    ],
)
def test_frames_of_any_size_are_bit_equal_with_bilinear(
    kind: str, crop: CropMode, examples: Path, tmp_path: Path
) -> None:
    check(kind, Resize.BILINEAR, crop, examples, tmp_path)


@pytest.mark.parametrize("kind", ["gray", "color"])
def test_frames_are_averaged_with_antialias(kind: str, examples: Path, tmp_path: Path) -> None:
    check(kind, Resize.ANTIALIAS, CropMode.LETTERBOX, examples, tmp_path)


def check(kind: str, resize: Resize, crop: CropMode, examples: Path, folder: Path) -> None:
    plain = annotated_as(kind, crop, examples, folder)
    assert isinstance(plain.input, ImageInput)
    image = dataclasses.replace(plain.input, resize=resize, **CHANGES.get(kind, {}))
    goldens = goldens_of(plain, read_samples(plain, ()))
    project = write_files(folder / "p", project_files(dataclasses.replace(plain, input=image), goldens))
    program = compile_input(project, plain.name, "int8_t")
    asked = list(frames(image))
    stdin = b"".join(item.request for item in asked)
    done = subprocess.run([program], input=stdin, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    got = np.frombuffer(done.stdout, np.int8).reshape(len(asked), -1)
    for item, tensor in zip(asked, got, strict=True):
        place = f"{item.format} {item.picture.shape} {item.region}"
        expected = item.tensor(image, bilinear if resize is Resize.BILINEAR else averaged)
        np.testing.assert_array_equal(tensor, expected, place)
