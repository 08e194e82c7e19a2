"""Generated packages on a Raspberry Pi: in the root that make_pi_root.sh makes, under emulation."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.conftest import PROJECT, missing_toolchain, needs_toolchain

HERE = Path(__file__).parent
# 64-bit and 32-bit Raspberry Pi OS.
Machine = Literal["aarch64", "armhf"]


@dataclass(frozen=True)
class Pi:
    """A root that make_pi_root.sh made."""

    root: Path

    def command(self, machine: Machine) -> list[str]:
        """What starts its Python."""
        return [str(HERE / "in_pi_root.sh"), str(self.root), machine]

    def python(
        self, *arguments: str | Path, machine: Machine = "aarch64", folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What its Python says when started so in ``folder``."""
        command = [*self.command(machine), *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def find_pi() -> Pi:
    """The root in PACKAGER_PI_ROOT or build/pi-root; without one, see missing_toolchain."""
    needs_toolchain("pi_root")
    root = Path(os.environ.get("PACKAGER_PI_ROOT", PROJECT / "build" / "pi-root"))
    if not root.is_dir():
        missing_toolchain(f"no Raspberry Pi in {root}; install: tests/targets/pi/make_pi_root.sh")
    return Pi(root)
