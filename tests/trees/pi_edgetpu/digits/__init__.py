"""digits: see README.md."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer import (
        Category,
    )
    from .errors import (
        InputError,
        InstallationError,
    )
    from .model import (
        DigitsClassifier,
    )

__all__ = [
    "Category",
    "DigitsClassifier",
    "InputError",
    "InstallationError",
]

_MODULES = {
    "Category": ".answer",
    "InputError": ".errors",
    "InstallationError": ".errors",
    "DigitsClassifier": ".model",
}


def __getattr__(name: str) -> object:
    # Loaded when first asked for: NumPy takes a while, and the command line wants to
    # be there before it, for one who interrupts.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
