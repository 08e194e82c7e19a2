"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

OUTPUTS = {
    "type": "object",
    "required": [
        "embedding",
        "counts",
    ],
    "properties": {
        "embedding": {
            "description": "float32 [1, 4]",
        },
        "counts": {
            "description": "int32 [1, 2]",
        },
    },
}
ANSWER = {
    "type": "object",
    "required": ["outputs"],
    "properties": {"outputs": OUTPUTS},
}
# The content of an answer, by the path of the request.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
}
