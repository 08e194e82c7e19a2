"""What the service is asked: pictures."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from .picture import read_picture

# Pillow reads others too; these are what browsers and cameras make.
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP"]
MOST_PIXELS = 50_000_000
# What OpenAPI says of the body of a request, by its Content-Type.
TYPES: dict[str, dict[str, Any]] = {f"image/{name.lower()}": {} for name in FORMATS}


def read_request(body: bytes, _kind: str, _inputs: object) -> Image.Image:
    """The picture in a body.

    Raises:
        InputError: it cannot be read, or has more than ``MOST_PIXELS``.
    """
    return read_picture(io.BytesIO(body), "the picture", FORMATS, MOST_PIXELS)
