"""digits: see README.md."""

from .model import Category, DigitsClassifier

__all__ = ["Category", "DigitsClassifier"]
