"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

# null stands for what is infinite or not a number.
NUMBER = {"type": ["number", "null"]}
DETECTION = {
    "type": "object",
    "required": ["label", "index", "score", "box"],
    "properties": {
        "label": {"type": ["string", "null"]},
        "index": {"type": "integer"},
        "score": NUMBER,
        "box": {
            "type": "array",
            "minItems": 4,
            "maxItems": 4,
            "items": NUMBER,
            "description": "left, top, right, bottom in the picture's pixels",
        },
    },
}
ANSWER = {
    "type": "object",
    "required": ["detections"],
    "properties": {"detections": {"type": "array", "items": DETECTION}},
}
# The content of an answer, by the path of the request.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
}
