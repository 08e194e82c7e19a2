"""The runtimes that compute golden answers, how many they compute, and how far from these an answer may be.

Apart from ``golden.py``, so that the commands that only name a runtime do not load NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from packager.errors import MissingPackageError
from packager.settings import Setting

# Megabytes that the input tensors of all golden cases may take together, and likewise the outputs; more is a damaged
# shape, or a project that nobody wants in an app.
GOLDEN_LIMIT = 128
GOLDEN_SETTING = Setting(None, "golden")
GOLDEN_LIMIT_SETTING = Setting(None, "golden_limit")


class Runtime(StrEnum):
    """What computes the answers: LiteRT with its default delegates or without, TFLite Micro, or its stand-in.

    TFLite Micro has wheels for one platform. Its kernels were made of the reference kernels, which LiteRT has as
    BUILTIN_REF beside the faster ones that it runs without delegates: these stand in for it elsewhere.
    """

    LITERT = "litert"
    LITERT_REFERENCE = "litert-reference"
    LITERT_FOR_MICRO = "litert-for-micro"
    TFLITE_MICRO = "tflite-micro"

    @property
    def package(self) -> str:
        """The package that has it."""
        return "tflite-micro" if self is Runtime.TFLITE_MICRO else "ai-edge-litert"


_LITERT = "ai-edge-litert, which has wheels for Linux, Windows and Apple Silicon"
_INSTALL = {
    "ai-edge-litert": _LITERT,
    "tflite-micro": f"tflite-micro, which has wheels for Linux on x86-64, or in its place {_LITERT}",
}


def is_installed(runtime: Runtime) -> bool:
    """Whether this Python has the package of ``runtime``; nothing is imported."""
    return find_spec(runtime.package.replace("-", "_")) is not None


def require(runtime: Runtime, path: Path) -> None:
    """See that the golden cases of the model at ``path`` can be computed.

    Raises:
        MissingPackageError: the package of ``runtime`` is not installed.
    """
    if not is_installed(runtime):
        raise MissingPackageError(
            f"computing golden cases needs the package {runtime.package}, which is not installed",
            where=path,
            fix=f"pip install {_INSTALL[runtime.package]}. For Intel Macs there are none: package it elsewhere.",
        )


@dataclass(frozen=True)
class Tolerance:
    """How far an output may be from the golden one: ``counts`` for integer tensors, ``absolute`` for floats."""

    counts: int
    absolute: float
