"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

CLASS = {
    "type": "object",
    "required": ["label", "index", "pixels"],
    "properties": {
        "label": {"type": ["string", "null"]},
        "index": {"type": "integer"},
        "pixels": {"type": "integer"},
    },
}
ANSWER = {
    "type": "object",
    "required": ["width", "height", "classes"],
    "properties": {
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "classes": {"type": "array", "items": CLASS},
    },
}
# The content of an answer, by the path of the request: at /mask it is the class number
# of each pixel, 255 where there is none.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
    "/mask": {"image/png": {}},
}
