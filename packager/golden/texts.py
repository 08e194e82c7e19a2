"""Golden samples that are texts: .txt, a text a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from packager.errors import ConfigError
from packager.golden.cases import Sample, Text, reading_sample
from packager.reading import read_file
from packager.render.naming import SnakeName, unique
from packager.tasks.text import TextInput, input_tensors

# A file of texts, its texts and the characters of each. A project holds them all, for people to read.
_LARGEST_TEXTS = 1 << 20
_MOST_TEXTS = 100
_LONGEST_TEXT = 10_000
# Words of a text that is made up, and what no vocabulary has.
_RANDOM_WORDS = 12
_UNKNOWN_WORD = "qzxqzx"


def read_texts(paths: Sequence[Path]) -> dict[str, str]:
    """The texts in files that hold one a line, by the names of their samples; blank lines are none."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.suffix.lower() != ".txt":
            raise ConfigError("is no .txt, and the model takes texts", where=path, fix="Give a .txt, a text a line.")
        with reading_sample(path):
            data = read_file(path, _LARGEST_TEXTS)
        try:
            lines = [line.removesuffix("\r") for line in data.decode("utf-8-sig").split("\n")]
        except UnicodeDecodeError:
            raise ConfigError("is not in UTF-8", where=path, fix="Save it in UTF-8.") from None
        texts = [line for line in lines if line.strip()]
        if not texts:
            raise ConfigError("holds no text", where=path, fix="Write a text a line.")
        if max(map(len, texts)) > _LONGEST_TEXT:
            raise ConfigError(
                f"has a text of more than {_LONGEST_TEXT:,} characters", where=path, fix="Give shorter ones."
            )
        found += [(f"{path.stem}_{number}", text) for number, text in enumerate(texts)]
        if len(found) > _MOST_TEXTS:
            raise ConfigError(
                f"brings more than {_MOST_TEXTS} golden texts", where=path, fix="A few that differ prove as much."
            )
    names = unique([SnakeName.of(name) for name, _ in found])
    return dict(zip(names, (text for _, text in found), strict=True))


def text_sample(input: TextInput, name: str, text: str) -> Sample:
    """A text as a golden sample."""
    return Sample(name, Text(text), input_tensors(text, input))


def random_text(generator: np.random.Generator, input: TextInput) -> str:
    """Words of the vocabulary, that of the largest number among them, and an unknown one."""
    tokenizer = input.tokenizer
    # Of ASCII where there are such: of these all versions of Unicode say the same.
    words = [word for word in tokenizer.words if word.isascii()] or list(tokenizer.words)
    if not words:
        return _UNKNOWN_WORD
    count = min(_RANDOM_WORDS, max(input.length - 4, 1))
    chosen = [words[index] for index in generator.integers(0, len(words), count)]
    return " ".join((*chosen, max(words, key=tokenizer.vocabulary.__getitem__), _UNKNOWN_WORD))
