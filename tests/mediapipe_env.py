"""The Python of the environment that has MediaPipe, whose answers and times ours are compared with."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import PROJECT, missing_toolchain


def mediapipe_python() -> Path:
    """PACKAGER_MEDIAPIPE, the path of a python, or what the script makes; without either, see missing_toolchain.

    Tests that use it are marked ``mediapipe``. Run it with ``-I``, away from the packager's own modules.
    """
    python = Path(os.environ.get("PACKAGER_MEDIAPIPE", PROJECT / ".venv-mediapipe" / "bin" / "python"))
    if not python.is_file():
        missing_toolchain(f"no MediaPipe at {python}; install: tests/make_mediapipe.sh")
    return python
