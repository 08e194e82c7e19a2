"""Golden frames: what a camera gives, and the exact input tensor that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.tasks.image import ImageInput, Region, input_tensor, upright
from packager.tasks.kinds import Array
from packager.tasks.yuv import ORIENTATIONS, Plane, Range, YuvFrame, frame_tensor


class Layout(StrEnum):
    """How the chroma lies in memory, behind the luma; by the names of their FourCC codes."""

    I420 = "i420"
    """A plane of U, then one of V."""
    NV12 = "nv12"
    """U and V in turns."""
    NV21 = "nv21"
    """V and U in turns: what Android's cameras give most."""


class PixelFormat(StrEnum):
    """How an iPhone's camera gives pixels; by the names of their FourCC codes."""

    FULL = "420f"
    """A plane of Y, and one of U and V in turns, in full range."""
    VIDEO = "420v"
    """The same in video range."""
    BGRA = "32bgra"
    """Blue, green, red and a byte that means nothing."""


@dataclass(frozen=True)
class StoredFrame:
    """A frame whose planes are pieces of ``memory``: where ``y``, ``u`` and ``v`` start, and their bytes."""

    memory: Plane = field(repr=False)
    y: tuple[int, int]
    u: tuple[int, int]
    v: tuple[int, int]
    width: int
    height: int
    y_row_stride: int
    uv_row_stride: int
    uv_pixel_stride: int

    @property
    def frame(self) -> YuvFrame:
        """The frame itself."""
        y, u, v = (self.memory[start : start + size] for start, size in (self.y, self.u, self.v))
        strides = (self.y_row_stride, self.uv_row_stride, self.uv_pixel_stride)
        return YuvFrame(self.width, self.height, y, u, v, *strides)

    def tensor(self, orientation: int, region: Region | None, image: ImageInput) -> Array:
        """The input tensor for a region of the frame turned upright."""
        return frame_tensor(self.frame, orientation, region, image)


def random_frame(
    generator: np.random.Generator, width: int, height: int, layout: Layout, padding: int
) -> StoredFrame:
    """Noise of every Y, U and V, with ``padding`` bytes of other noise behind each row but the last of a plane."""
    columns, rows = (width + 1) // 2, (height + 1) // 2
    pixel_stride = 1 if layout is Layout.I420 else 2
    y_row_stride, uv_row_stride = width + padding, columns * pixel_stride + padding
    y = (0, (height - 1) * y_row_stride + width)
    size = (rows - 1) * uv_row_stride + (columns - 1) * pixel_stride + 1
    first = y_row_stride * height
    second = first + (uv_row_stride * rows if layout is Layout.I420 else 1)
    u, v = ((second, size), (first, size)) if layout is Layout.NV21 else ((first, size), (second, size))
    memory = generator.integers(0, 256, second + size, dtype=np.uint8)
    return StoredFrame(memory, y, u, v, width, height, y_row_stride, uv_row_stride, pixel_stride)


@dataclass(frozen=True)
class PixelBuffer:
    """A frame as Apple's CVPixelBuffer has it: ``planes`` of ``memory``, each [start, bytes, bytes a row]."""

    memory: Plane = field(repr=False)
    format: PixelFormat
    width: int
    height: int
    planes: tuple[tuple[int, int, int], ...]

    def tensor(self, orientation: int, region: Region | None, image: ImageInput) -> Array:
        """The input tensor for a region of the frame turned upright."""
        if self.format is PixelFormat.BGRA:
            ((start, _, stride),) = self.planes
            rows = np.arange(self.height)[:, None] * stride + start
            pixels = self.memory[(rows + np.arange(4 * self.width)).reshape(self.height, self.width, 4)]
            picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 2::-1]))
            return input_tensor(upright(picture, orientation, region), image)
        (y, y_bytes, y_stride), (uv, uv_bytes, uv_stride) = self.planes
        y_plane, uv_plane = self.memory[y : y + y_bytes], self.memory[uv : uv + uv_bytes]
        range = Range.VIDEO if self.format is PixelFormat.VIDEO else Range.FULL
        strides = (y_stride, uv_stride, 2)
        frame = YuvFrame(self.width, self.height, y_plane, uv_plane, uv_plane[1:], *strides, range)
        return frame_tensor(frame, orientation, region, image)


def random_buffer(
    generator: np.random.Generator, width: int, height: int, format: PixelFormat, padding: int
) -> PixelBuffer:
    """Noise, with ``padding`` bytes of other noise behind each row but the last of a plane."""
    if format is PixelFormat.BGRA:
        stride = 4 * width + padding
        size = (height - 1) * stride + 4 * width
        memory = generator.integers(0, 256, size, dtype=np.uint8)
        return PixelBuffer(memory, format, width, height, ((0, size, stride),))
    stored = random_frame(generator, width, height, Layout.NV12, padding)
    planes = ((*stored.y, stored.y_row_stride), (stored.u[0], stored.u[1] + 1, stored.uv_row_stride))
    return PixelBuffer(stored.memory, format, width, height, planes)


@dataclass(frozen=True)
class GoldenFrame:
    """A frame, how it is turned upright and what region of it is taken, and the input tensor that it becomes."""

    name: str
    stored: StoredFrame | PixelBuffer
    orientation: int
    region: Region | None
    tensor: Array = field(repr=False)

    @property
    def memory(self) -> str:
        """The name of the file of its memory."""
        is_packed = isinstance(self.stored, PixelBuffer) and self.stored.format is PixelFormat.BGRA
        return f"{self.name}.{'bgra' if is_packed else 'yuv'}"

    def to_json(self) -> dict[str, Any]:
        """How it lies in memory and is turned, as it stands in ``cases.json``."""
        facts = {name: value for name, value in vars(self.stored).items() if name != "memory"}
        turned = {"orientation": self.orientation}
        if isinstance(self.stored, StoredFrame):
            turned = {"rotation": _ROTATIONS[self.orientation]}
        return {**facts, **turned, "region": self.region}


_ROTATIONS = {orientation: rotation for rotation, orientation in ORIENTATIONS.items()}


class Camera(StrEnum):
    """Whose frames a project takes."""

    ANDROID = "android"
    IOS = "ios"


# Odd sizes, of which some are turned in different ways: columns and rows are told apart.
_FRAMES: Mapping[Camera, tuple[tuple[int, int, Layout | PixelFormat, int, int, Region | None], ...]] = {
    Camera.ANDROID: (
        (61, 47, Layout.NV21, 3, ORIENTATIONS[90], None),
        (64, 38, Layout.NV12, 0, ORIENTATIONS[0], (7, 5, 52, 36)),
        (47, 75, Layout.I420, 17, ORIENTATIONS[270], (3, 1, 70, 40)),
    ),
    Camera.IOS: (
        (61, 47, PixelFormat.FULL, 3, 6, None),
        (64, 38, PixelFormat.VIDEO, 0, 1, (7, 5, 52, 36)),
        (47, 75, PixelFormat.BGRA, 17, 5, (3, 1, 70, 40)),
    ),
}


def build_frames(annotated: AnnotatedModel, camera: Camera) -> tuple[GoldenFrame, ...]:
    """Frames of every layout that the camera has, each turned or with a region; none where no picture is taken.

    They are seeded noise, small beside a camera's.
    """
    image = annotated.input
    if not isinstance(image, ImageInput):
        return ()
    generator, frames = np.random.default_rng(0), []
    for width, height, layout, padding, orientation, region in _FRAMES[camera]:
        stored = (
            random_frame(generator, width, height, layout, padding)
            if isinstance(layout, Layout)
            else random_buffer(generator, width, height, layout, padding)
        )
        tensor = stored.tensor(orientation, region, image)
        frames.append(GoldenFrame(f"frame_{layout}", stored, orientation, region, tensor))
    return tuple(frames)
