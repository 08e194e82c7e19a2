"""Quantized outputs as real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_real(tensor: np.ndarray, like: dict[str, Any]) -> np.ndarray:
    """An output, of LiteRT's description ``like``, as real numbers."""
    scale, zero_point = like["quantization"]
    return (tensor.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
