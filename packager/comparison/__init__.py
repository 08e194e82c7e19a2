"""Models of the same data side by side: what each costs, and what each gives."""

from packager.comparison.comparison import Accuracy, ComparedModel, Comparison, compare

__all__ = ["Accuracy", "ComparedModel", "Comparison", "compare"]
