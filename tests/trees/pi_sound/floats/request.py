"""What the service is asked: sounds."""

from __future__ import annotations

from typing import Any

# What OpenAPI says of the body of a request, by its Content-Type.
TYPES: dict[str, dict[str, Any]] = {
    "audio/wav": {},
    "audio/wave": {},
    "audio/x-wav": {},
    "audio/vnd.wave": {},
}


def read_request(body: bytes, _kind: str, _inputs: object) -> bytes:
    """The WAV file that a body is: it is read as it is heard."""
    return body
