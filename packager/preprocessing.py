"""How a picture becomes the model's input tensor; the generated projects do exactly the same.

Decoded RGB (or gray) 8-bit pixels → crop mode → Pillow's antialiased bilinear resize → per-channel lookup table.
After the resize a pixel is still 8 bits, so normalization and quantization are a table of 256 values a channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from packager.metadata.view import CropMode
from packager.model import Quantization, Tensor

_PIECE = 1 << 20


@dataclass(frozen=True)
class ImageInput:
    """An image input [1, height, width, channels]; ``channels`` is 1 (gray) or 3 (RGB).

    ``mean`` and ``std`` hold one value a channel, in units of 8-bit pixels.
    """

    tensor: Tensor
    width: int
    height: int
    channels: int
    crop: CropMode
    mean: tuple[float, ...]
    std: tuple[float, ...]


def quantize(real: npt.NDArray[np.float64], quantization: Quantization, dtype: str) -> npt.NDArray[np.generic]:
    """``zero_point + round(real / scale)``, half away from zero, clamped to ``dtype``'s range."""
    limits = np.iinfo(dtype)
    quantized = np.empty(real.shape, dtype)
    items, results = real.reshape(-1), quantized.reshape(-1)
    # Piece by piece, because each step makes an array of its own and an input may have millions of items.
    for start in range(0, items.size, _PIECE):
        piece = slice(start, start + _PIECE)
        scaled = items[piece] / quantization.scale
        rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
        results[piece] = np.clip(rounded + quantization.zero_point, limits.min, limits.max)
    return quantized


def lookup_table(image: ImageInput) -> npt.NDArray[np.generic]:
    """The table that maps a pixel to an item of the input tensor: shape [channels, 256], the tensor's dtype.

    ``(pixel - mean) / std``, for int8 followed by ``quantize``. A uint8 input takes the pixel itself: its scale
    and zero point already stand for the normalization, which is how TensorFlow Lite's Task Library feeds it.
    """
    pixels = np.arange(256, dtype=np.float64)
    if image.tensor.dtype == "uint8":
        return np.tile(pixels.astype(np.uint8), (image.channels, 1))
    real = (pixels - np.array(image.mean)[:, None]) / np.array(image.std)[:, None]
    if image.tensor.quantization is not None and image.tensor.dtype != "float32":
        return quantize(real, image.tensor.quantization, image.tensor.dtype)
    table: npt.NDArray[np.generic] = real.astype(np.float32)
    return table


def resize_box(size: tuple[int, int], image: ImageInput) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """What part of a picture of ``size`` (width, height) is resized, and to which size.

    Returns ((left, top, right, bottom), (width, height)). Only integers, so that every language agrees:
    center-crop cuts the largest centred box of the input's aspect ratio (rounded down, at least 1 pixel);
    letterbox resizes the whole picture to the largest size of its own aspect ratio (rounded down, at least 1).
    """
    width, height = size
    whole = (0, 0, width, height)
    if image.crop is CropMode.CENTER_CROP:
        box_width = max(1, min(width, height * image.width // image.height))
        box_height = max(1, min(height, width * image.height // image.width))
        left, top = (width - box_width) // 2, (height - box_height) // 2
        return (left, top, left + box_width, top + box_height), (image.width, image.height)
    if image.crop is CropMode.LETTERBOX:
        fitted_width = max(1, min(image.width, width * image.height // height))
        fitted_height = max(1, min(image.height, height * image.width // width))
        return whole, (fitted_width, fitted_height)
    return whole, (image.width, image.height)


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Pillow's bilinear resize, in the order of Pillow 13.

    Pixels are rounded between the two directions, so the order shows by a count here and there. Pillow 13 goes down
    first where the height shrinks by more than twice what the width shrinks by (found by trying 6,000 sizes), older
    versions always go across first; in two steps every version, and every generated project, gives the same.
    """
    down_first = picture.height - size[1] > 2 * max(picture.width - size[0], 0)
    between = (picture.width, size[1]) if down_first else (size[0], picture.height)
    return picture.resize(between, Image.Resampling.BILINEAR).resize(size, Image.Resampling.BILINEAR)


def fit(picture: Image.Image, image: ImageInput) -> Image.Image:
    """``picture`` (mode RGB or L) cropped and resized to the input's width and height."""
    box, size = resize_box(picture.size, image)
    resized = resize(picture.crop(box), size)
    if size == (image.width, image.height):
        return resized
    canvas = Image.new(picture.mode, (image.width, image.height))
    canvas.paste(resized, ((image.width - size[0]) // 2, (image.height - size[1]) // 2))
    return canvas


def input_tensor(picture: Image.Image, image: ImageInput) -> npt.NDArray[np.generic]:
    """The input tensor for ``picture``: shape [1, height, width, channels], the tensor's dtype."""
    pixels = np.asarray(fit(picture.convert("L" if image.channels == 1 else "RGB"), image))
    pixels = pixels.reshape(image.height, image.width, image.channels)
    table = lookup_table(image)
    tensor: npt.NDArray[np.generic] = table[np.arange(image.channels), pixels][None]
    return tensor
