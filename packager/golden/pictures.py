"""Golden samples that are pictures."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from packager.annotated import AnnotatedModel
from packager.errors import ConfigError
from packager.golden.cases import Picture, Sample
from packager.reading import open_file
from packager.tasks.image import ImageInput, input_tensor, place, upright

# The pixels of the long side of a picture that goes into a project.
LONGEST_SIDE = 512


def load_picture(path: Path) -> Image.Image:
    """The picture in a file of any format that Pillow reads, upright."""
    with warnings.catch_warnings(action="ignore"), open_file(path) as file, Image.open(file) as opened:
        opened.load()
        # Cameras store pictures turned and say so; the generated code turns them upright too. Pillow's own function
        # writes the EXIF data anew, and refuses what it cannot write.
        orientation: Any = 1
        with suppress(Exception):  # damaged EXIF data make no picture worthless
            orientation = opened.getexif().get(ExifTags.Base.Orientation)
        picture = upright(opened, orientation)
        # What is upright already is still that of the file, which is closed.
        picture = opened.copy() if picture is opened else picture
    # What else the file says is left out: Pillow warns of transparency that it cannot carry over, and EXIF data would
    # turn the picture once more.
    picture.info.clear()
    if picture.mode.startswith("I;16"):
        # Pillow would clip these to 255 rather than scale them.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ConfigError("has pixels of 32 bits", where=path, fix="Save it with 8 bits a channel.")
    return picture


def picture_sample(annotated: AnnotatedModel, name: str, picture: Image.Image) -> Sample:
    """A picture as a golden sample: PNG, because JPEG decoders differ, and at most 512 pixels long."""
    image = annotated.input
    assert isinstance(image, ImageInput)
    plain = picture.convert("L" if image.channels == 1 else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    # Phones convert a picture that names its color space, and the input tensor would be another one.
    plain.save(png, "PNG", optimize=True, icc_profile=None)
    return Sample(name, Picture(png.getvalue()), (input_tensor(plain, image),), place(plain.size, image))


def random_picture(generator: np.random.Generator, image: ImageInput, number: int) -> Image.Image:
    """Noise, not of the input's own size, so that the resize is tested too."""
    size = (image.height + 13 * number, image.width * 3 // 2 - 7 * number)
    pixels = generator.integers(0, 256, (*(max(1, side) for side in size), 3), dtype=np.uint8)
    return Image.fromarray(pixels)
