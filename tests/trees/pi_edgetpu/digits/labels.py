"""The labels of the classes, by index."""

from __future__ import annotations

import json

from .errors import damaged
from .files import read_own_file


def read_labels() -> list[str]:
    """The labels.

    Raises:
        InstallationError: they cannot be read.
    """
    name = "labels.json"
    try:
        labels = json.loads(read_own_file(name))
    except (ValueError, RecursionError):
        labels = []
    if not isinstance(labels, list) or [*map(type, labels)] != [str] * 10:
        raise damaged(name, "is no list of 10 strings")
    return labels
