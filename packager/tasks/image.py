"""How a picture becomes the model's input tensor; the generated projects do exactly the same.

Decoded RGB, BGR or gray 8-bit pixels → crop mode → one of two resizes → per-channel lookup table → NHWC or NCHW.
After the resize a pixel is still 8 bits, so normalization and quantization are a table of 256 values a channel.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from packager.errors import MetadataError
from packager.metadata.annotation import AS_TENSORS, MEAN, STD
from packager.metadata.view import ModelMetadata, normalizes_every_pixel
from packager.model import Model, Tensor
from packager.settings import Example, Part
from packager.tasks import ChannelOrder, CropMode, InputKind, Resize
from packager.tasks.heads import image_layout
from packager.tasks.kinds import Input, Placement
from packager.tasks.quantization import quantize

# Left, top, right and bottom, of which the last two are outside.
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class ImageInput(Input):
    """An image input [1, height, width, channels], or [1, channels, height, width] where ``is_planar``.

    A gray one may be [1, height, width] too. ``channels`` is 1 (gray) or 3, in the order ``order``. ``mean`` and
    ``std`` hold one value a channel, in that order and in units of 8-bit pixels; ``pad`` is the gray value around a
    letterboxed picture.
    """

    kind = InputKind.IMAGE

    tensor: Tensor
    width: int
    height: int
    channels: int
    is_planar: bool
    crop: CropMode
    pad: int
    resize: Resize
    order: ChannelOrder
    mean: tuple[float, ...]
    std: tuple[float, ...]


def image_input(model: Model, metadata: ModelMetadata) -> ImageInput:
    """The image input of a model with one.

    Raises:
        MetadataError: it takes no picture, or the metadata do not say how.
    """

    def fail(what: str, *fix: Part) -> MetadataError:
        return MetadataError(what, where=model.path, fix=fix)

    again = "Attach metadata that fits: packager metadata attach --help"
    if len(model.inputs) != 1:
        raise fail(f"a model that takes a picture has one input, and this one has {len(model.inputs)}", again)
    tensor = model.inputs[0]
    layout = image_layout(tensor)
    if layout is None or tensor.is_dynamic:
        raise fail(
            "an image input is [1, height, width, 1 or 3], [1, 1 or 3, height, width] or, gray, [1, height, width], "
            "and this one is "
            f"{list(tensor.shape_signature)}",
            *("Convert it with a fixed shape and a batch of 1, or attach it with ", AS_TENSORS, "."),
        )
    if tensor.dtype not in ("float32", "int8", "uint8"):
        raise fail(f"an image input of {tensor.dtype} is not supported", "Convert it to float32, int8 or uint8.")
    if tensor.dtype == "int8" and tensor.affine is None:
        raise fail("its int8 image input has no scale and zero point", "Convert it with a representative dataset.")
    mean = metadata.inputs[0].mean if metadata.inputs else ()
    std = metadata.inputs[0].std if metadata.inputs else ()
    if tensor.dtype == "float32" and not (mean and std):
        raise fail(
            "a float image model needs its normalization, and its metadata holds none",
            *("Attach it, for example with ", Example.of((MEAN, (127.5,)), (STD, (127.5,)))),
            ": packager metadata attach --help",
        )
    if any(len(values) not in (0, 1, layout.channels) for values in (mean, std)) or not normalizes_every_pixel(
        mean, std
    ):
        raise fail("its normalization does not fit its channels, or has a std of 0", again)
    return ImageInput(
        tensor=tensor,
        width=layout.width,
        height=layout.height,
        channels=layout.channels,
        is_planar=layout.is_planar,
        crop=metadata.crop,
        pad=metadata.pad,
        resize=metadata.resize,
        order=metadata.channels,
        mean=_per_channel(mean, layout.channels, 0.0),
        std=_per_channel(std, layout.channels, 1.0),
    )


def _per_channel(values: tuple[float, ...], channels: int, default: float) -> tuple[float, ...]:
    return (values or (default,)) * (1 if len(values) == channels else channels)


def lookup_table(image: ImageInput) -> npt.NDArray[np.generic]:
    """The table that maps a pixel to an item of the input tensor: shape [channels, 256], the tensor's dtype.

    The channels are in the model's order. ``(pixel - mean) / std``, for int8 followed by ``quantize``. A uint8 input
    takes the pixel itself: its scale and zero point, where it has any, already stand for the normalization, which is
    how TensorFlow Lite's Task Library feeds it.
    """
    pixels = np.arange(256, dtype=np.float64)
    if image.tensor.dtype == "uint8":
        return np.tile(pixels.astype(np.uint8), (image.channels, 1))
    real = (pixels - np.array(image.mean)[:, None]) / np.array(image.std)[:, None]
    if image.tensor.affine is not None:
        return quantize(real, image.tensor.affine, image.tensor.dtype)
    table: npt.NDArray[np.generic] = real.astype(np.float32)
    return table


def place(size: tuple[int, int], image: ImageInput) -> Placement:
    """What part of a picture of ``size`` (width, height) is resized, to which size, and where in the input it goes.

    Only integers, so that every language agrees: center-crop cuts the largest centred box of the input's aspect
    ratio (rounded down, at least 1 pixel); letterbox resizes the whole picture to the largest size of its own
    aspect ratio (rounded half up, at least 1), and puts it in the middle (rounded down).
    """
    width, height = size
    box = (0, 0, width, height)
    fitted_width, fitted_height = image.width, image.height
    if image.crop is CropMode.CENTER_CROP:
        box_width = max(1, min(width, height * image.width // image.height))
        box_height = max(1, min(height, width * image.height // image.width))
        left, top = (width - box_width) // 2, (height - box_height) // 2
        box = (left, top, left + box_width, top + box_height)
    if image.crop is CropMode.LETTERBOX:
        fitted_width = min(image.width, max(1, (2 * width * image.height + height) // (2 * height)))
        fitted_height = min(image.height, max(1, (2 * height * image.width + width) // (2 * width)))
    x, y = (image.width - fitted_width) // 2, (image.height - fitted_height) // 2
    return Placement(size, box, (x, y, fitted_width, fitted_height), (image.width, image.height))


def antialias(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Pillow's bilinear resize, in the order of Pillow 13.

    Pixels are rounded between the two directions, so the order shows by a count here and there. Pillow 13 goes down
    first where the height shrinks by more than twice what the width shrinks by (found by trying 6,000 sizes), older
    versions always go across first; in two steps every version, and every generated project, gives the same.
    """
    down_first = picture.height - size[1] > 2 * max(picture.width - size[0], 0)
    between = (picture.width, size[1]) if down_first else (size[0], picture.height)
    return picture.resize(between, Image.Resampling.BILINEAR).resize(size, Image.Resampling.BILINEAR)


def bilinear(pixels: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """``pixels`` [height, width, channels] resized to ``size`` (width, height) without antialiasing, in integers.

    What tf.image.resize and OpenCV's INTER_LINEAR do with half-pixel centres, within 1 count. Along an axis, item d
    of D lies in the source of S pixels at n / 2D with n = (2d + 1)S - D: between the pixels i = floor(n / 2D) and
    i + 1, clamped into the picture, which weigh 2048 - f and f, where f = floor(((n mod 2D) * 2048 + D) / 2D). The
    sum of four pixels is rounded once, (v + 2**21) >> 22.
    """
    height, width, channels = pixels.shape
    columns, across = _neighbours(width, size[0])
    rows, down = _neighbours(height, size[1])
    columns = (columns[:, :, None] * channels + np.arange(channels)).reshape(2, -1)
    across = across.repeat(channels, axis=1)
    lines = pixels.reshape(height, width * channels)
    # Only the rows, and of these the columns, that the result is made of are ever touched.
    total = np.full((size[1], size[0] * channels), 1 << 21, np.int32)
    for row, weight in zip(rows, down, strict=True):
        line = lines[row]
        mixed = line.take(columns[0], axis=1) * across[0]
        mixed += line.take(columns[1], axis=1) * across[1]
        mixed *= weight[:, None]
        total += mixed
    total >>= 22
    return total.astype(np.uint8).reshape(size[1], size[0], channels)


def _neighbours(source: int, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The indices of the two pixels between which each of ``size`` items lies, and their weights: [2, size] each."""
    position = (2 * np.arange(size) + 1) * source - size
    index, rest = np.divmod(position, 2 * size)
    weight = (rest * 2048 + size) // (2 * size)
    pair = np.stack([index, index + 1]).clip(0, source - 1)
    return pair, np.stack([2048 - weight, weight]).astype(np.int32)


def fit(picture: Image.Image, image: ImageInput) -> Image.Image:
    """``picture`` (mode RGB or L) cropped and resized to the input's width and height."""
    placement = place(picture.size, image)
    x, y, width, height = placement.fitted
    whole = placement.box == (0, 0, *picture.size)
    part = picture if whole else picture.crop(placement.box)
    if image.resize is Resize.BILINEAR:
        pixels = np.asarray(part).reshape(part.height, part.width, image.channels)
        scaled = bilinear(pixels, (width, height))
        resized = Image.fromarray(scaled if image.channels == 3 else scaled[:, :, 0])
    else:
        resized = antialias(part, (width, height))
    if (width, height) == placement.input_size:
        return resized
    canvas = Image.new(picture.mode, placement.input_size, (image.pad,) * image.channels)
    canvas.paste(resized, (x, y))
    return canvas


# How a picture is turned upright, by the orientation that EXIF gives it.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(picture: Image.Image, orientation: int, region: Region | None = None) -> Image.Image:
    """``picture`` as it is looked at, and of that the ``region``.

    ``orientation`` is EXIF's number for how it is stored, from 2 to 8; any other means upright.
    """
    turned = picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture
    return turned.crop(region) if region else turned


def input_tensor(picture: Image.Image, image: ImageInput) -> npt.NDArray[np.generic]:
    """The input tensor for ``picture`` (any mode): the input's own shape and dtype."""
    return look_up(fit_any(picture, image), image)


def fit_any(picture: Image.Image, image: ImageInput) -> Image.Image:
    """``fit`` for a picture of any mode."""
    mode = "L" if image.channels == 1 else "RGB"
    return fit(picture if picture.mode == mode else picture.convert(mode), image)


# A picture of a small model takes less time than its table.
_table = functools.lru_cache(maxsize=64)(lookup_table)


def look_up(fitted: Image.Image, image: ImageInput) -> npt.NDArray[np.generic]:
    """The input tensor for a picture of the input's size and mode (RGB or L)."""
    pixels = np.asarray(fitted).reshape(image.height, image.width, image.channels)
    if image.order is ChannelOrder.BGR:
        pixels = pixels[:, :, ::-1]
    table = _table(image)
    tensor = np.empty(image.tensor.shape, table.dtype)
    planes = tensor[0] if image.is_planar else tensor.reshape(pixels.shape).transpose(2, 0, 1)
    for channel, plane in enumerate(planes):
        plane[:] = table[channel].take(pixels[:, :, channel])
    return tensor
