"""Golden frames: what a camera gives, and the exact input tensor that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from packager.tasks.image import ImageInput
from packager.tasks.kinds import Array
from packager.tasks.yuv import Plane, Region, Rotation, YuvFrame, frame_tensor


class Layout(StrEnum):
    """How the chroma lies in memory, behind the luma; by the names of their FourCC codes."""

    I420 = "i420"
    """A plane of U, then one of V."""
    NV12 = "nv12"
    """U and V in turns."""
    NV21 = "nv21"
    """V and U in turns: what Android's cameras give most."""


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
class GoldenFrame:
    """A frame, how it is turned upright and what region of it is taken, and the input tensor that it becomes."""

    name: str
    stored: StoredFrame
    rotation: Rotation
    region: Region | None
    tensor: Array = field(repr=False)


# Odd sizes, of which one is turned by 90 and one by 270 degrees: columns and rows are told apart.
_FRAMES: tuple[tuple[int, int, Layout, int, Rotation, Region | None], ...] = (
    (61, 47, Layout.NV21, 3, 90, None),
    (64, 38, Layout.NV12, 0, 0, (7, 5, 52, 36)),
    (47, 75, Layout.I420, 17, 270, (3, 1, 70, 40)),
)


def build_frames(image: ImageInput) -> tuple[GoldenFrame, ...]:
    """Frames of every layout, each with a rotation or a region: seeded noise, small beside a camera's."""
    generator = np.random.default_rng(0)
    frames = []
    for width, height, layout, padding, rotation, region in _FRAMES:
        stored = random_frame(generator, width, height, layout, padding)
        tensor = frame_tensor(stored.frame, rotation, region, image)
        frames.append(GoldenFrame(f"frame_{layout}", stored, rotation, region, tensor))
    return tuple(frames)
