"""From a text to the numbers of its tokens, as TensorFlow Lite's RegexTokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from .errors import damaged
from .vocabulary import read_vocabulary

# What stands between two tokens.
DELIMITER = re.compile("[^\\w']+", re.ASCII)


class Tokenizer:
    """Splits texts into tokens; ``pad`` is the number that stands behind them.

    Raises InstallationError if the vocabulary cannot be read.
    """

    def __init__(self) -> None:
        self._vocabulary = read_vocabulary()
        try:
            self.pad = self._vocabulary["<PAD>"]
            self._unknown = self._vocabulary["<UNKNOWN>"]
            self._start = self._vocabulary["<START>"]
        except KeyError as missing:
            raise damaged("vocabulary.json", f"lacks {missing}") from None

    def encode(self, text: str, length: int) -> list[int]:
        """The numbers of the first tokens, behind that of <START>, ``length`` at most."""
        tokens = islice(_split(text), length - 1)
        numbers = [self._vocabulary.get(token, self._unknown) for token in tokens]
        return [self._start, *numbers]


def _split(text: str) -> Iterator[str]:
    """What stands between delimiters, if anything does."""
    end = 0
    for found in DELIMITER.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        end = found.end()
    if end < len(text):
        yield text[end:]
