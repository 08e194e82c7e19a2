"""The labels of the classes, by index."""

from __future__ import annotations

import json

from .errors import damaged
from .files import read_own_file

# Translations that the model carries.
LOCALES = [
    "de",
]


def read_labels(locale: str = "") -> list[str]:
    """The labels of a locale of ``LOCALES``, else the model's own.

    Raises:
        InstallationError: they cannot be read.
        ValueError: there is no such locale.
    """
    if locale and locale not in LOCALES:
        raise ValueError(f"no labels for {locale!r}: there are {', '.join(LOCALES)}")
    name = f"labels.{locale}.json" if locale else "labels.json"
    try:
        labels = json.loads(read_own_file(name))
    except (ValueError, RecursionError):
        labels = []
    if not isinstance(labels, list) or [*map(type, labels)] != [str] * 3:
        raise damaged(name, "is no list of 3 strings")
    return labels
