"""From the samples of a window to the model's input tensor."""

from __future__ import annotations

import numpy as np

from .errors import InputError
from .sound import WINDOW, to_samples

# What is given to the model's class: mono samples, float or int16.
Given = np.ndarray


class Preprocessor:
    """Makes input tensors of the samples of a window."""

    def tensors(self, samples: Given) -> list[np.ndarray]:
        """The input tensor for up to ``WINDOW`` samples: float32 [1, 1600].

        Zeros follow where there are fewer.

        Raises:
            InputError: there are more, or they are no samples.
        """
        given = to_samples(samples)
        if given.size > WINDOW:
            raise InputError(f"{given.size} samples, and a window has {WINDOW}")
        window = np.zeros(WINDOW, np.float32)
        window[: given.size] = given
        return [window.reshape([1, 1600])]
