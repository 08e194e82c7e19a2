"""The runtimes that compute golden answers, and how far from these an answer may be.

Apart from ``golden.py``, so that the commands that only name a runtime do not load NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
