"""Forms of inputs, and sizes of pictures, by which the code that makes the first of the second differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from packager.model import Quantization
from packager.tasks import ChannelOrder, CropMode, Resize
from packager.tasks.image import ImageInput, Region

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
    # Weights that are not their own mirror image: they lie between two numbers, and are rounded up.
    "wide": Input(2, 2048, "uint8", BILINEAR, STRETCH),
    "large": Input(224, 224, "uint8", ANTIALIAS, LETTERBOX),
    "large_bilinear": Input(224, 224, "uint8", BILINEAR, LETTERBOX),
}
SMALL = [name for name in INPUTS if not name.startswith("large")]
LARGE = [name for name in INPUTS if name not in SMALL]

SIZES = (
    *((1, 1), (1, 7), (7, 1), (2, 3), (20, 33), (33, 20), (28, 28), (27, 29), (13, 200), (200, 13), (64, 48)),
    *((333, 217), (217, 333), (3, 1000), (1000, 3), (640, 480)),
    # To 33x20: rounding counts three pixels for one; twice, and not thrice, as many rows go as columns.
    *((9, 61), (53, 75)),
)


def regions(width: int, height: int) -> Iterator[Region | None]:
    """Of an upright picture: the whole, one that leaves something on every side, and a pixel in the last corner."""
    yield None
    if min(width, height) > 12:
        yield (3, 5, width - 2, height - 4)
        yield (width - 1, height - 1, width, height)
