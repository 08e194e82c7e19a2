"""The targets. To add one: a module here, a folder in ``templates/``, a line in TARGETS."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packager.targets.target import Target

# A target's name, which is its module's too, and what it makes. Nothing is imported here, so that `--help` is quick.
TARGETS: dict[str, str] = {
    "android": "an Android library module in Kotlin",
    "ios": "a Swift package for iOS",
    "pi": "a Python package for the Raspberry Pi",
    "micro": "a C array and a sketch for microcontrollers",
}


def load_target(name: str) -> Target[Any, Any]:
    """The target of that name; KeyError where there is none."""
    if name not in TARGETS:
        raise KeyError(name)
    target: Target[Any, Any] = import_module(f"packager.targets.{name}").TARGET
    return target
