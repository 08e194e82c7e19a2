"""What the service answers, as OpenAPI has it."""

from __future__ import annotations

from typing import Any

ANSWER = {
    "type": "object",
    "required": [
        "y",
    ],
    "properties": {
        "y": {
            "description": "int8 [1, 1]",
        },
    },
}
# The content of an answer, by the path of the request.
CONTENTS: dict[str, dict[str, Any]] = {
    "/predict": {"application/json": {"schema": ANSWER}},
}
