"""sine: see README.md."""

from .errors import InputError, InstallationError
from .model import Sine

__all__ = [
    "InputError",
    "InstallationError",
    "Sine",
]
