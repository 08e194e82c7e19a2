"""From a text to the model's input tensor."""

from __future__ import annotations

import numpy as np

from .errors import InputError
from .tokenizer import Tokenizer

# What is given to the model's class.
Given = str

LENGTH = 8


class Preprocessor:
    """Makes input tensors of texts.

    Raises InstallationError if the package is not whole.
    """

    def __init__(self) -> None:
        self._tokenizer = Tokenizer()

    def tensors(self, text: Given) -> list[np.ndarray]:
        """The input tensor, each of 8 numbers:

        ids: the numbers of its tokens, then padding (int32 [1, 8])

        Raises:
            InputError: the text is not valid Unicode.
        """
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InputError(f"{text[:40]!r}: is not valid Unicode") from None
        numbers = self._tokenizer.encode(text, LENGTH)
        ids = np.full(LENGTH, self._tokenizer.pad)
        ids[: len(numbers)] = numbers
        return [
            ids.astype(np.int32).reshape([1, 8]),
        ]
