"""From a text to the numbers of its tokens: BERT's words and WordPiece.

What Unicode says of a character is asked of Python. Its versions agree on all that
Unicode 13 had.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from .errors import damaged
from .vocabulary import read_vocabulary

# A word of more characters is unknown.
LONGEST_WORD = 100
# The blocks of Chinese characters, each of which is a word.
CHINESE = [
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
]


class Tokenizer:
    """Splits texts into tokens; ``pad`` is the number that stands behind them.

    Raises InstallationError if the vocabulary cannot be read.
    """

    def __init__(self) -> None:
        self._vocabulary = read_vocabulary()
        self.pad = self._vocabulary.get("[PAD]", 0)
        try:
            self._first = self._vocabulary["[CLS]"]
            self._last = self._vocabulary["[SEP]"]
            self._unknown = self._vocabulary["[UNK]"]
        except KeyError as missing:
            raise damaged("vocabulary.json", f"lacks {missing}") from None

    def encode(self, text: str, length: int) -> list[int]:
        """The numbers of the first tokens between [CLS] and [SEP], ``length`` at most."""
        return [self._first, *islice(self._pieces(text), length - 2), self._last]

    def _pieces(self, text: str) -> Iterator[int]:
        for word in "".join(map(_spelled, text)).split():
            yield from self._split(word)

    def _split(self, word: str) -> list[int]:
        """A word as the longest pieces there are, from its beginning."""
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        numbers: list[int] = []
        start, prefix = 0, ""
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._vocabulary.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            numbers.append(number)
            start, prefix = end, "##"
        return numbers


@lru_cache(maxsize=65536)
def _spelled(char: str) -> str:
    """Itself, nothing, a space where words end, or a word of its own in spaces."""
    category = unicodedata.category(char)
    if char in "\t\n\r":
        return " "
    if category in ("Cc", "Cf", "Co") or char == "\ufffd":
        return ""
    if char.isspace():
        return " "
    # In lower case, without accents.
    parts = unicodedata.normalize("NFD", char)
    plain = "".join(
        part.lower() for part in parts if unicodedata.category(part) != "Mn"
    )
    if any(first <= ord(char) <= last for first, last in CHINESE):
        return f" {plain} "
    return "".join(f" {part} " if _is_punctuation(part) else part for part in plain)


def _is_punctuation(char: str) -> bool:
    """All signs of ASCII are, also $ and ^."""
    if "!" <= char <= "~":
        return not char.isalnum()
    return unicodedata.category(char).startswith("P")
