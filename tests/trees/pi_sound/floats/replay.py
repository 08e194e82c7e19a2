"""Golden sounds as the model's input."""

from __future__ import annotations

from typing import Any

import numpy as np

from .files import FOLDER, read_items
from .preprocessing import Preprocessor
from .sound import RATE, WINDOW
from .wav import read_wav


def golden_inputs(
    case: dict[str, Any], rules: list[dict[str, Any]], _details: object
) -> tuple[list[np.ndarray], list[str]]:
    """The input tensors of a case, and what is wrong with them."""
    rate, blocks = read_wav(FOLDER / "golden" / case["sound"])
    problems = [] if rate == RATE else ["a sound of another rate"]
    sound = np.concatenate([*blocks, np.zeros(0, np.float32)])
    tensors = Preprocessor().tensors(sound[case["start"] :][:WINDOW])
    for tensor, name, rule in zip(tensors, case["inputs"], rules):
        items = tensor.reshape(-1)[:: rule["stride"]]
        if not np.array_equal(items, read_items(f"golden/{name}", items.dtype)):
            problems.append("another input tensor")
    return tensors, problems
