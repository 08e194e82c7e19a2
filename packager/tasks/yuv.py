"""How a camera's frame becomes the model's input tensor; the generated projects do exactly the same.

Planes of YUV 4:2:0 → RGB, in integers → turned upright → a region of it → all that ``image.py`` does with a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from packager.tasks.image import ImageInput, input_tensor

Rotation = Literal[0, 90, 180, 270]
Region = tuple[int, int, int, int]
Plane = npt.NDArray[np.uint8]

# Pillow turns the other way round.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


@dataclass(frozen=True)
class YuvFrame:
    """A frame of ``width`` x ``height`` pixels in planes, BT.601 in the full range of 8 bits, as JPEG has it.

    Pixel (x, y) has its luma at ``y * y_row_stride + x`` of the plane ``y``, and shares its chroma with the others of
    a block of 2x2: at ``y // 2 * uv_row_stride + x // 2 * uv_pixel_stride`` of ``u`` and ``v``. So there are
    (width + 1) // 2 by (height + 1) // 2 of these, and a plane may end with the last of them.
    """

    width: int
    height: int
    y: Plane
    u: Plane
    v: Plane
    y_row_stride: int
    uv_row_stride: int
    uv_pixel_stride: int


def luma(frame: YuvFrame) -> npt.NDArray[np.uint8]:
    """Y of each pixel, [height, width]: the gray picture."""
    return _samples(frame.y, frame.width, frame.height, frame.y_row_stride, 1)


def rgb(frame: YuvFrame) -> npt.NDArray[np.uint8]:
    """The picture in colour, [height, width, 3], by the constants of libjpeg's jdcolor.c: those of JFIF in 16 bits.

    With u = U - 128 and v = V - 128 of the pixel's block: R = Y + (91881v + 32768 >> 16), G = Y + (-22554u - 46802v
    + 32768 >> 16), B = Y + (116130u + 32768 >> 16), each clamped to 0 to 255.
    """
    size = (frame.width + 1) // 2, (frame.height + 1) // 2
    u, v = (
        _samples(plane, *size, frame.uv_row_stride, frame.uv_pixel_stride).astype(np.int32) - 128
        for plane in (frame.u, frame.v)
    )
    half = 1 << 15
    offsets = np.stack([91881 * v + half, -22554 * u - 46802 * v + half, 116130 * u + half], axis=2) >> 16
    each = offsets.repeat(2, axis=0).repeat(2, axis=1)[: frame.height, : frame.width]
    pixels: npt.NDArray[np.uint8] = (luma(frame)[:, :, None] + each).clip(0, 255).astype(np.uint8)
    return pixels


def _samples(plane: Plane, width: int, height: int, row_stride: int, pixel_stride: int) -> npt.NDArray[np.uint8]:
    rows = np.arange(height)[:, None] * row_stride
    samples: npt.NDArray[np.uint8] = plane[rows + np.arange(width) * pixel_stride]
    return samples


def upright(picture: Image.Image, rotation: Rotation, region: Region | None = None) -> Image.Image:
    """``picture`` turned clockwise by ``rotation`` degrees, and of that the ``region`` (left, top, right, bottom)."""
    turned = picture.transpose(_TURNS[rotation]) if rotation else picture
    return turned.crop(region) if region else turned


def frame_tensor(
    frame: YuvFrame, rotation: Rotation, region: Region | None, image: ImageInput
) -> npt.NDArray[np.generic]:
    """The input tensor for a region of the frame turned upright: the input's own shape and dtype."""
    pixels = luma(frame) if image.channels == 1 else rgb(frame)
    return input_tensor(upright(Image.fromarray(pixels), rotation, region), image)
