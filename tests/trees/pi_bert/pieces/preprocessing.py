"""From a text to the model's input tensors."""

from __future__ import annotations

import numpy as np

from .errors import InputError
from .tokenizer import Tokenizer

# What is given to the model's class.
Given = str

LENGTH = 12


class Preprocessor:
    """Makes input tensors of texts.

    Raises InstallationError if the package is not whole.
    """

    def __init__(self) -> None:
        self._tokenizer = Tokenizer()

    def tensors(self, text: Given) -> list[np.ndarray]:
        """The input tensors, each of 12 numbers:

        mask: 1 for each token, then 0 (int32 [1, 12])
        ids: the numbers of its tokens, then padding (int32 [1, 12])
        segment_ids: 0: all is of the first text (int32 [1, 12])

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
        mask = np.arange(LENGTH) < len(numbers)
        segment_ids = np.zeros(LENGTH)
        return [
            mask.astype(np.int32).reshape([1, 12]),
            ids.astype(np.int32).reshape([1, 12]),
            segment_ids.astype(np.int32).reshape([1, 12]),
        ]
