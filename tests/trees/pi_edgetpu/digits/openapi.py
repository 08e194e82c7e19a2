"""The service as programs read of it: OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from .request import TYPES
from .schema import CONTENTS

TITLE = "digits"
REFUSALS = {
    "400": "The request cannot be read, or does not fit the model.",
    "403": "The service is not known by this name.",
    "408": "The request came too slowly.",
    "411": "The Content-Length is missing.",
    "413": "The request is too large.",
    "415": "The Content-Type is none of those above.",
    "500": "The model does not run.",
    "503": "Too many requests wait: ask again after Retry-After seconds.",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
HEALTH = {
    "type": "object",
    "required": ["status", "device", "cases", "failed", "waiting"],
    "properties": {
        "status": {"enum": ["ok", "failing"]},
        "device": {"type": "string"},
        "cases": {"type": "integer"},
        "failed": {"type": "array"},
        "waiting": {"type": "integer"},
    },
}


def build_openapi(most_bytes: int) -> dict[str, Any]:
    """The document, for requests of at most so many bytes."""
    paths: dict[str, Any] = {
        path: {"post": _operation(path, content, most_bytes)}
        for path, content in CONTENTS.items()
    }
    responses = {"200": _json("All is well.", HEALTH)}
    responses["503"] = _json("The golden cases fail here.", HEALTH)
    paths["/health"] = {"get": {"operationId": "health", "responses": responses}}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1.0.0"},
        "paths": paths,
    }


def _operation(path: str, content: dict[str, Any], most_bytes: int) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": "OK", "content": content}}
    responses.update({status: _json(REFUSALS[status], ERROR) for status in REFUSALS})
    responses["503"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return {
        "operationId": path.strip("/"),
        "requestBody": {
            "required": True,
            "description": f"At most {most_bytes:,} bytes.",
            "content": TYPES,
        },
        "responses": responses,
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"description": description, "content": content}
