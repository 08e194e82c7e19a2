"""What the service is asked: arrays, as lists in JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .errors import InputError

NAMES = [
    "x",
]
# What OpenAPI says of the body of a request, by its Content-Type.
TYPES: dict[str, dict[str, Any]] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": NAMES,
            "properties": {
                "x": {
                    "description": "int8 [1, 1]",
                },
            },
        }
    }
}


def read_request(body: bytes, _kind: str, inputs: list[dict]) -> dict[str, np.ndarray]:
    """The arrays in a body by name; ``inputs`` are LiteRT's descriptions of the inputs.

    Raises:
        InputError: they are none, or not all of them.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("the request is no JSON") from None
    if not isinstance(document, dict) or document.keys() != set(NAMES):
        raise InputError(f"give an object with an array for each of {NAMES}")
    return {
        name: _to_array(name, document[name], like) for name, like in zip(NAMES, inputs)
    }


def _to_array(name: str, values: object, like: dict) -> np.ndarray:
    """Numbers are real ones, for JSON may write 1.0 as 1, unless those of ``like`` are not."""
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        array = np.array("")
    if array.dtype.kind not in "biuf":
        raise InputError(f"input {name!r} takes numbers, in lists of one length")
    is_real = like["quantization"][0] or np.dtype(like["dtype"]).kind == "f"
    return array.astype(np.float64) if is_real else array
