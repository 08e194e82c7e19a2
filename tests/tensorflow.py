"""The environment that has TensorFlow and the packager with all its extras; the others show what runs without."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.conftest import PROJECT, missing_toolchain, needs_toolchain


def tensorflow_python() -> Path:
    """PACKAGER_TENSORFLOW, the path of a python, or what the script makes; without either, see missing_toolchain."""
    needs_toolchain("tensorflow")
    python = Path(os.environ.get("PACKAGER_TENSORFLOW", PROJECT / ".venv-tensorflow" / "bin" / "python"))
    if not python.is_file():
        missing_toolchain(f"no TensorFlow at {python}; install: tests/make_tensorflow.sh")
    return python


def packager_with_tensorflow(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``packager`` with these arguments in that environment; how it ended, and what it printed."""
    command = [tensorflow_python(), "-m", "packager", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)
