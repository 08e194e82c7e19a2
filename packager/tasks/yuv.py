"""How a camera's frame becomes the model's input tensor; the generated projects do exactly the same.

Planes of YUV 4:2:0 → RGB, in integers → turned upright → a region of it → all that ``image.py`` does with a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from packager.tasks.image import ImageInput, Region, input_tensor, upright

Plane = npt.NDArray[np.uint8]

# EXIF's orientation of a picture that must be turned clockwise by so many degrees to be upright.
Rotation = Literal[0, 90, 180, 270]
ORIENTATIONS: Mapping[Rotation, int] = {0: 1, 90: 6, 180: 3, 270: 8}


class Range(StrEnum):
    """What of 8 bits the planes use."""

    FULL = "full"
    """All of them, as JPEG, Android's cameras and Apple's 420f do."""
    VIDEO = "video"
    """16 to 235 for Y, and 16 to 240 for U and V, as television and Apple's 420v do."""


@dataclass(frozen=True)
class YuvFrame:
    """A frame of ``width`` x ``height`` pixels in planes, by the constants of BT.601.

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
    range: Range = Range.FULL


# What steps of u and v are in the colours, with 16 bits behind the point: v in red, u and v in green, u in blue.
_CHROMA = {Range.FULL: (91881, -22554, -46802, 116130), Range.VIDEO: (104597, -25675, -53279, 132201)}
_HALF = 1 << 15


def luma(frame: YuvFrame) -> npt.NDArray[np.uint8]:
    """The gray picture, [height, width]: Y of each pixel in full range, clamped to 0 to 255."""
    return _luma(frame).clip(0, 255).astype(np.uint8)


def _luma(frame: YuvFrame) -> npt.NDArray[np.int32]:
    y = _samples(frame.y, frame.width, frame.height, frame.y_row_stride, 1).astype(np.int32)
    return y if frame.range is Range.FULL else (76309 * (y - 16) + _HALF) >> 16


def rgb(frame: YuvFrame) -> npt.NDArray[np.uint8]:
    """The picture in colour, [height, width, 3].

    With u = U - 128 and v = V - 128 of the pixel's block, in full range by the constants of libjpeg's jdcolor.c,
    which are those of JFIF in 16 bits: R = Y + (91881v + 32768 >> 16), G = Y + (-22554u - 46802v + 32768 >> 16),
    B = Y + (116130u + 32768 >> 16), each clamped to 0 to 255.

    In video range by the constants that FFmpeg's libswscale has for BT.601 (ff_yuv2rgb_coeffs in yuv2rgb.c): those
    times 255/224, and Y by 255/219, in 16 bits. With y = (76309(Y - 16) + 32768 >> 16), which is not clamped: R = y +
    (104597v + 32768 >> 16), G = y + (-25675u - 53279v + 32768 >> 16), B = y + (132201u + 32768 >> 16), each clamped.
    """
    size = (frame.width + 1) // 2, (frame.height + 1) // 2
    u, v = (
        _samples(plane, *size, frame.uv_row_stride, frame.uv_pixel_stride).astype(np.int32) - 128
        for plane in (frame.u, frame.v)
    )
    red_v, green_u, green_v, blue_u = _CHROMA[frame.range]
    offsets = np.stack([red_v * v + _HALF, green_u * u + green_v * v + _HALF, blue_u * u + _HALF], axis=2) >> 16
    each = offsets.repeat(2, axis=0).repeat(2, axis=1)[: frame.height, : frame.width]
    pixels: npt.NDArray[np.uint8] = (_luma(frame)[:, :, None] + each).clip(0, 255).astype(np.uint8)
    return pixels


def _samples(plane: Plane, width: int, height: int, row_stride: int, pixel_stride: int) -> npt.NDArray[np.uint8]:
    rows = np.arange(height)[:, None] * row_stride
    samples: npt.NDArray[np.uint8] = plane[rows + np.arange(width) * pixel_stride]
    return samples


def frame_tensor(
    frame: YuvFrame, orientation: int, region: Region | None, image: ImageInput
) -> npt.NDArray[np.generic]:
    """The input tensor for a region of the frame turned upright: the input's own shape and dtype."""
    pixels = luma(frame) if image.channels == 1 else rgb(frame)
    return input_tensor(upright(Image.fromarray(pixels), orientation, region), image)
