"""What the service is asked: texts."""

from __future__ import annotations

import json
from typing import Any

from .errors import InputError

# What OpenAPI says of the body of a request, by its Content-Type.
TYPES: dict[str, dict[str, Any]] = {
    "text/plain": {"schema": {"type": "string"}},
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string"}},
        }
    },
}


def read_request(body: bytes, kind: str, _inputs: object) -> str:
    """The text in a body, or in the JSON that it is.

    Raises:
        InputError: it is none, or not UTF-8.
    """
    try:
        if kind == "text/plain":
            return body.decode()
        document = json.loads(body)
    except UnicodeDecodeError:
        raise InputError("the text is not UTF-8") from None
    except (ValueError, RecursionError):
        raise InputError("the request is no JSON") from None
    text = document.get("text") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise InputError('give an object with a string: {"text": "…"}')
    return text
