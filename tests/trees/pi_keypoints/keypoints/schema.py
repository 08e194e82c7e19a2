"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

# null stands for what is infinite or not a number.
NUMBER = {"type": ["number", "null"]}
KEYPOINT = {
    "type": "object",
    "required": ["name", "x", "y", "score"],
    "properties": {
        "name": {"type": "string"},
        "x": NUMBER,
        "y": NUMBER,
        "score": NUMBER,
    },
}
POSE = {
    "type": "object",
    "required": ["score", "keypoints"],
    "properties": {
        "score": NUMBER,
        "keypoints": {"type": "array", "items": KEYPOINT},
    },
}
ANSWER = {
    "type": "object",
    "required": ["poses"],
    "properties": {"poses": {"type": "array", "items": POSE}},
}
# The content of an answer, by the path of the request.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
}
