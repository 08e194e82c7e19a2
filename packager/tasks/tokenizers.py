"""How a text becomes the numbers of its tokens: by two of the tokenizers that tflite-support's metadata describe.

``RegexTokenizer`` is that of tflite-support (cc/text/tokenizers/regex_tokenizer.cc and
cc/task/processor/regex_preprocessor.cc) and of MediaPipe, which are the same. ``WordPiece`` is BERT's own
(google-research/bert, tokenization.py), as Hugging Face's ``tokenizers`` has it: BertNormalizer, BertPreTokenizer,
WordPiece. That is what models are trained with; the BertTokenizer of tflite-support and MediaPipe only lowers the
letters of ASCII, always, and leaves accents, so that it agrees on English text alone.

What Unicode says of a character is asked of Python, whose tables grow with its versions (13 in 3.9, 16 in 3.14): of
characters that are as old as Unicode 13 all versions say the same, so golden cases of ordinary text hold everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice

from packager.tasks.delimiter import python_pattern

START, UNKNOWN, PAD = "<START>", "<UNKNOWN>", "<PAD>"
CLS, SEP, UNK, BERT_PAD = "[CLS]", "[SEP]", "[UNK]", "[PAD]"
# BERT's: a word of more characters is unknown.
LONGEST_WORD = 100
# The largest vocabularies of BERT's kind, for a hundred languages, have half a million tokens and some megabytes.
MOST_TOKENS = 2_000_000
_LARGEST_ID = 2**31 - 1


class VocabularyError(ValueError):
    """What is wrong with a vocabulary, in words that follow its name, and what to do about it."""

    def __init__(self, what: str, fix: str) -> None:
        """Keep both."""
        super().__init__(what)
        self.fix = fix


@dataclass(frozen=True)
class RegexTokenizer:
    """Splits a text wherever ``delimiter``, an expression of RE2, matches.

    ``<START>`` comes first if the vocabulary has it; tokens that it has not are ``<UNKNOWN>``. Upper case stays.
    """

    delimiter: str
    vocabulary: Mapping[str, int] = field(repr=False)

    @cached_property
    def pattern(self) -> str:
        """The delimiter for Python's ``re.compile(…, re.ASCII)``."""
        return python_pattern(self.delimiter)

    @property
    def pad(self) -> int:
        """That of ``<PAD>``."""
        return self.vocabulary[PAD]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The tokens that a text can hold as they are."""
        return tuple(token for token in self.vocabulary if list(self._split(f" {token} ")) == [token])

    def encode(self, text: str, length: int) -> list[int]:
        """The numbers of the first tokens."""
        start = [self.vocabulary[START]] if START in self.vocabulary else []
        unknown = self.vocabulary[UNKNOWN]
        tokens = islice(self._split(text), length - len(start))
        return start + [self.vocabulary.get(token, unknown) for token in tokens]

    def _split(self, text: str) -> Iterator[str]:
        end = 0
        for found in re.finditer(self.pattern, text, re.ASCII):
            if found.start() > end:
                yield text[end : found.start()]
            end = found.end()
        if end < len(text):
            yield text[end:]


@dataclass(frozen=True)
class WordPiece:
    """BERT's: words, and each word as the longest pieces that the vocabulary has, from its beginning.

    A text stands between ``[CLS]`` and ``[SEP]``, and is cut so that both have room. Where ``is_uncased``, letters
    are lowered and lose their accents.
    """

    vocabulary: Mapping[str, int] = field(repr=False)

    @cached_property
    def is_uncased(self) -> bool:
        """Whether no token has an upper-case letter, the special ones in brackets aside: nothing else tells."""
        return all(token == token.lower() or _is_special(token) for token in self.vocabulary)

    @property
    def pad(self) -> int:
        """That of ``[PAD]``, 0 where the vocabulary has none."""
        return self.vocabulary.get(BERT_PAD, 0)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The tokens that a text can hold as they are."""
        tokens = self.vocabulary.items()
        return tuple(token for token, number in tokens if [*self._pieces(token)] == [number] and token.isalnum())

    def encode(self, text: str, length: int) -> list[int]:
        """The numbers of the first pieces, between those of ``[CLS]`` and ``[SEP]``."""
        pieces = islice(self._pieces(text), length - 2)
        return [self.vocabulary[CLS], *pieces, self.vocabulary[SEP]]

    def _pieces(self, text: str) -> Iterator[int]:
        for word in "".join(_spelled(char, self.is_uncased) for char in text).split():
            yield from self._split(word)

    def _split(self, word: str) -> Sequence[int]:
        unknown = [self.vocabulary[UNK]]
        if len(word) > LONGEST_WORD:
            return unknown
        found: list[int] = []
        start, prefix = 0, ""
        while start < len(word):
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self.vocabulary), None)
            if end is None:
                return unknown
            found.append(self.vocabulary[prefix + word[start:end]])
            start, prefix = end, "##"
        return found


def _is_special(token: str) -> bool:
    return token.startswith("[") and token.endswith("]")


# The blocks of Chinese characters, as BERT lists them: of these each is a word of its own. (Hugging Face's
# tokenizers begin the last but two at U+2B920, a slip.)
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


@lru_cache(maxsize=1 << 16)
def _spelled(char: str, is_uncased: bool) -> str:
    """A character as it goes into words: itself, nothing, a space where words end, or a word of its own in spaces.

    Each is taken apart (NFD) on its own: a row of a million accents has no order that would take hours to find.
    """
    category = unicodedata.category(char)
    if char in "\t\n\r":
        return " "
    if category in ("Cc", "Cf", "Co") or char == "\ufffd":
        return ""
    if char.isspace():
        return " "
    plain = char
    if is_uncased:
        parts = unicodedata.normalize("NFD", char)
        plain = "".join(part.lower() for part in parts if unicodedata.category(part) != "Mn")
    if any(first <= ord(char) <= last for first, last in _CHINESE):
        return f" {plain} "
    return "".join(f" {part} " if _is_punctuation(part) else part for part in plain)


def _is_punctuation(char: str) -> bool:
    """Whether it is a word of its own: for BERT all signs of ASCII are, such as $ and ^."""
    if "!" <= char <= "~":
        return not char.isalnum()
    return unicodedata.category(char).startswith("P")


def regex_tokenizer(delimiter: str, vocabulary: bytes) -> RegexTokenizer:
    """The one with the delimiter and the vocabulary file, both checked.

    Raises:
        VocabularyError: it cannot have that vocabulary.
        DelimiterError: it cannot have that delimiter.
    """
    tokenizer = RegexTokenizer(delimiter, read_regex_vocabulary(vocabulary))
    _ = tokenizer.pattern
    return tokenizer


def read_regex_vocabulary(data: bytes) -> dict[str, int]:
    """A vocabulary of ``RegexTokenizer``: ``token number`` a line; of a token that stands twice the last counts.

    As tflite-support reads it (cc/utils/common_utils.cc): the first two fields of a line, parted by one space, blank
    lines left out; and it wants ``<PAD>`` and ``<UNKNOWN>``.

    Raises:
        VocabularyError: it is another file, or lacks one of these.
    """
    vocabulary: dict[str, int] = {}
    for number, line in _lines(data):
        fields = line.split(" ")
        id_ = fields[1] if len(fields) > 1 else ""
        if not (id_.isascii() and id_.isdigit() and len(id_) <= 10 and int(id_) <= _LARGEST_ID):
            raise VocabularyError(
                f"is no vocabulary of 'token number' lines: line {number} is {_shown(line)}",
                f"Write behind each token a space and its number, from 0 to {_LARGEST_ID:,}, as in the training.",
            )
        vocabulary[fields[0]] = int(id_)
    _require(vocabulary, PAD, UNKNOWN)
    return vocabulary


def read_word_pieces(data: bytes) -> dict[str, int]:
    """A vocabulary of ``WordPiece``: a token a line, numbered from 0; of one that stands twice the last counts.

    Raises:
        VocabularyError: it is another file, has blank lines before its end, or lacks [CLS], [SEP] or [UNK].
    """
    vocabulary: dict[str, int] = {}
    for count, (number, line) in enumerate(_lines(data)):
        if number != count + 1:
            # Readers differ in whether a blank line takes a number.
            raise VocabularyError(f"has a blank line, {count + 1}, before its end", "Give the file of the model.")
        vocabulary[line] = count
    _require(vocabulary, CLS, SEP, UNK)
    return vocabulary


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The lines that are not blank with their numbers, counted from 1; line ends are those of any system."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise VocabularyError(f"is not UTF-8 (byte {error.start:,})", "Save it in UTF-8.") from None
    if text.startswith("\ufeff"):
        raise VocabularyError("begins with a byte order mark", "Save it as UTF-8 without one.")
    lines = text.split("\n")
    if len(lines) > MOST_TOKENS:
        raise VocabularyError(f"has {len(lines):,} lines, and at most {MOST_TOKENS:,} are taken", "Give the model's.")
    for number, line in enumerate(lines, 1):
        if line.removesuffix("\r"):
            yield number, line.removesuffix("\r")


def _require(vocabulary: Mapping[str, int], *tokens: str) -> None:
    missing = [token for token in tokens if token not in vocabulary]
    if missing:
        raise VocabularyError(
            f"has no {' and no '.join(missing)}" if vocabulary else "is empty",
            f"Give the file that the model was trained with: it has {', '.join(tokens)}.",
        )


def _shown(line: str) -> str:
    return repr(line if len(line) <= 40 else line[:40] + "…")
