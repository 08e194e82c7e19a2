"""Which Pythons there are wheels of LiteRT for."""

from __future__ import annotations

import platform
import sys


def what_to_do(litert: object, forerunner: object) -> str:
    """Where there is no LiteRT: what this Python on this machine needs.

    The arguments are why there is neither it nor its forerunner.
    """
    version = sys.version_info[:2]
    here = "Python {}.{} on {}".format(*version, platform.machine())
    again = "pip install . in the folder of this package"
    if sys.maxsize < 2**32:  # The kernel may have 64 bits: platform.machine() tells.
        if version <= (3, 11):
            return f"tflite-runtime is missing ({forerunner}): run linux32 {again}"
        return (
            f"there is no LiteRT for {here} with 32 bits: tflite-runtime has wheels "
            "for 32-bit Arm and Python 3.7 to 3.11 only; take one of these, or an "
            "operating system of 64 bits"
        )
    if version < (3, 10):
        return f"tflite-runtime is missing ({forerunner}) for {here}: run {again}"
    return (
        f"ai-edge-litert is missing ({litert}) for {here}: run {again}; "
        "there are wheels for Python 3.10 to 3.14"
    )
