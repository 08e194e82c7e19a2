"""digits: see README.md."""

from .errors import InputError, InstallationError
from .model import (
    Category,
    DigitsClassifier,
)

__all__ = [
    "Category",
    "DigitsClassifier",
    "InputError",
    "InstallationError",
]
