"""Between a quantized tensor's integers and the real numbers that they stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from packager.model import Quantization, Tensor
from packager.tasks.kinds import Array

_PIECE = 1 << 20


def quantize(real: npt.NDArray[np.float64], quantization: Quantization, dtype: str) -> npt.NDArray[np.generic]:
    """``zero_point + round(real / scale)``, half away from zero, clamped to ``dtype``'s range."""
    limits = np.iinfo(dtype)
    quantized = np.empty(real.shape, dtype)
    items, results = real.reshape(-1), quantized.reshape(-1)
    # Piece by piece, because each step makes an array of its own and an input may have millions of items.
    for start in range(0, items.size, _PIECE):
        piece = slice(start, start + _PIECE)
        scaled = items[piece] / quantization.scale
        rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
        results[piece] = np.clip(rounded + quantization.zero_point, limits.min, limits.max)
    return quantized


def dequantize(values: Array, tensor: Tensor) -> Array:
    """``scale * (q - zero_point)`` as float32 where ``tensor`` is quantized; else the values as float32."""
    affine = tensor.affine
    if affine is None:
        return values.astype(np.float32)
    steps = values.astype(np.float32) - np.float32(affine.zero_point)
    real: Array = steps * np.float32(affine.scale)
    return real
