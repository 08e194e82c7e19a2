"""sine: see README.md."""

from .model import Sine

__all__ = ["Sine"]
