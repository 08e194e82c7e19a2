"""`packager doctor`: what on this computer keeps commands from their work, each with what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from packager import __version__
from packager.extras import Extra

# What runtimes, and the models in them, take at the same time.
_LEAST_MEGABYTES = 500
# An import that takes longer is stuck.
_SECONDS = 120
_INTEL_MACS = "for Intel Macs there are no wheels: package on another computer"


class Level(StrEnum):
    """An error keeps some command from working at all; a warning makes it slower, or its figures coarser."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """Something that was looked at: ``name`` is for programs, ``what`` and ``fix`` for people."""

    name: str
    what: str
    fix: str = ""
    level: Level = Level.ERROR


def examine() -> Iterator[Finding]:
    """All that is looked at, in turn: each runtime is loaded in a process of its own, which may die of it."""
    where = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("packager", f"tflite-packager {__version__}, {where}", level=Level.OK)
    yield _imported("numpy", "numpy", "reads and writes tensors")
    yield _imported("PIL.Image", "pillow", "reads pictures")
    yield _imported(
        "ai_edge_litert.interpreter", "ai-edge-litert", "computes golden cases for Android, iOS and the Raspberry Pi",
        fix=_INTEL_MACS if sys.platform == "darwin" and platform.machine() == "x86_64" else "",
    )  # fmt: skip
    yield _micro()
    for extra in Extra:
        yield _extra(extra)
    yield from _disk()


def has_errors(findings: list[Finding]) -> bool:
    """Whether one keeps a command from working."""
    return any(finding.level is Level.ERROR for finding in findings)


def _imported(module: str, package: str, purpose: str, *, fix: str = "") -> Finding:
    if find_spec(module.partition(".")[0]) is None:
        return Finding(package, f"{package}, which {purpose}, is not installed", fix or f"pip install {package}")
    why = _why_not(module)
    if why is None:
        return Finding(package, f"{package} {_version(package)}, which {purpose}", level=Level.OK)
    again = f"install {package} again with pip, in an environment without other programs"
    return Finding(package, f"{package}, which {purpose}, cannot be imported: {why}", again)


def _micro() -> Finding:
    has_wheels = sys.platform == "linux" and platform.machine() == "x86_64"
    if has_wheels or find_spec("tflite_micro") is not None:
        return _imported("tflite_micro", "tflite-micro", "computes golden cases for microcontrollers")
    what = "tflite-micro has no wheels for this platform: LiteRT's reference kernels compute for microcontrollers"
    fix = "the tensor arena is an estimate then, unless arena_bytes says it; on Linux on x86-64 it is measured"
    return Finding("tflite-micro", what, fix, Level.WARNING)


def _extra(extra: Extra) -> Finding:
    absent = [module for module in extra.modules if find_spec(module) is None]
    if absent:
        how = f"pip install 'tflite-packager[{extra}]'"
        return Finding(extra, f"the extra {extra} is not installed; where it is wanted: {how}", level=Level.OK)
    return Finding(extra, f"the extra {extra} is installed", level=Level.OK)


def _disk() -> Iterator[Finding]:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free // 2**20
    if free < _LEAST_MEGABYTES:
        yield Finding(
            "disk",
            f"{free:,} MB are free in {folder}, where models are computed on",
            "make room there, or set TMPDIR to another folder",
            Level.WARNING,
        )
    if not os.access(".", os.W_OK):
        yield Finding(
            "folder", "nothing can be written into this folder", "go to another one, or give -o", Level.WARNING
        )


def _why_not(module: str) -> str | None:
    """Why a module cannot be imported, by a Python that tries; None where it can."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it takes more than {_SECONDS} s"
    if done.returncode == 0:
        return None
    if done.returncode < 0:
        return f"Python dies of it (signal {-done.returncode}), as with a wheel for another processor"
    return (done.stderr.strip().splitlines() or ["it says nothing"])[-1]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of an unknown version"
