"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

# null stands for what is infinite or not a number.
NUMBER = {"type": ["number", "null"]}
CATEGORY = {
    "type": "object",
    "required": ["label", "index", "score"],
    "properties": {
        "label": {"type": "string"},
        "index": {"type": "integer"},
        "score": NUMBER,
    },
}
WINDOW = {
    "type": "object",
    "required": ["start", "results"],
    "properties": {
        "start": {"type": "number", "description": "in seconds"},
        "results": {"type": "array", "items": CATEGORY},
    },
}
ANSWER = {
    "type": "object",
    "required": ["windows"],
    "properties": {"windows": {"type": "array", "items": WINDOW}},
}
# The content of an answer, by the path of the request.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
}
