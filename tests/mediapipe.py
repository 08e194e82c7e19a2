"""MediaPipe, whose answers and times ours are compared with: its Python, and how it makes pictures smaller."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import PROJECT, missing_toolchain, needs_toolchain


def mediapipe_python() -> Path:
    """PACKAGER_MEDIAPIPE, the path of a python, or what the script makes; without either, see missing_toolchain.

    Run it with ``-I``, away from the packager's own modules.
    """
    needs_toolchain("mediapipe")
    python = Path(os.environ.get("PACKAGER_MEDIAPIPE", PROJECT / ".venv-mediapipe" / "bin" / "python"))
    if not python.is_file():
        missing_toolchain(f"no MediaPipe at {python}; install: tests/make_mediapipe.sh")
    return python


def sampled_as_mediapipe(picture: Image.Image, width: int, height: int) -> Image.Image:
    """``picture`` in another size, bilinear as MediaPipe samples: item d of D at d * S / D, not half a pixel on."""
    lines = np.asarray(picture.convert("RGB")).astype(float)
    for axis, (length, size) in enumerate(((picture.height, height), (picture.width, width))):
        first, part = np.divmod(np.arange(size) * length / size, 1)
        low = first.astype(int)
        part = part.reshape(-1, 1, 1) if axis == 0 else part.reshape(-1, 1)
        lines = lines.take(low, axis) * (1 - part) + lines.take(np.minimum(low + 1, length - 1), axis) * part
    return Image.fromarray((lines + 0.5).astype(np.uint8))
