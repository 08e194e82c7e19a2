"""Golden pictures as the model's input."""

from __future__ import annotations

from typing import Any

import numpy as np

from .files import FOLDER, read_items
from .preprocessing import Preprocessor


def golden_inputs(
    case: dict[str, Any], rules: list[dict[str, Any]], _details: object
) -> tuple[list[np.ndarray], list[str]]:
    """The input tensors of a case, and what is wrong with them."""
    tensors = Preprocessor().tensors(FOLDER / "golden" / case["picture"])
    problems = []
    for tensor, name, rule in zip(tensors, case["inputs"], rules):
        items = tensor.reshape(-1)[:: rule["stride"]]
        if not np.array_equal(items, read_items(f"golden/{name}", items.dtype)):
            problems.append("another input tensor")
    return tensors, problems
