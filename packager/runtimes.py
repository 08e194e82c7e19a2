"""The runtimes that compute golden answers, how many they compute, and how far from these an answer may be.

Apart from ``golden.py``, so that the commands that only name a runtime do not load NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from packager.settings import Setting

# Megabytes that the input tensors of all golden cases may take together, and likewise the outputs; more is a damaged
# shape, or a project that nobody wants in an app.
GOLDEN_LIMIT = 128
GOLDEN_SETTING = Setting(None, "golden")
GOLDEN_LIMIT_SETTING = Setting(None, "golden_limit")


class Runtime(StrEnum):
    """What computes the answers: LiteRT with its default delegates, without, or TFLite Micro."""

    LITERT = "litert"
    LITERT_REFERENCE = "litert-reference"
    TFLITE_MICRO = "tflite-micro"


@dataclass(frozen=True)
class Tolerance:
    """How far an output may be from the golden one: ``counts`` for integer tensors, ``absolute`` for floats."""

    counts: int
    absolute: float
