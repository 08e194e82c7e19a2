"""The numbers of the tokens that the model knows."""

from __future__ import annotations

import json

from .errors import damaged
from .files import read_own_file

SIZE = 22


def read_vocabulary() -> dict[str, int]:
    """The number of each token.

    Raises:
        InstallationError: they cannot be read.
    """
    name = "vocabulary.json"
    try:
        vocabulary = json.loads(read_own_file(name))
    except (ValueError, RecursionError):
        vocabulary = None
    numbers = vocabulary.values() if isinstance(vocabulary, dict) else []
    if [*map(type, numbers)] != [int] * SIZE:
        raise damaged(name, f"holds no numbers of {SIZE} tokens")
    return vocabulary
