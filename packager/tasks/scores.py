"""From the numbers in a model's outputs to scores."""

from __future__ import annotations

import numpy as np

from packager.runtimes import GOLDEN_SETTING
from packager.settings import Example, Text
from packager.tasks import Activation
from packager.tasks.kinds import Array

# What to do about golden answers that prove little.
REAL_SAMPLES: Text = (
    "Random samples rarely show a model anything; give some of what it was made for: ",
    Example.of((GOLDEN_SETTING, ("FILE",))),
)


def activate(values: Array, activation: Activation, axis: int = -1) -> Array:
    """Scores of ``values`` (float32, any shape), along ``axis`` for softmax, in float32.

    softmax: exp(x - m) divided by their sum, where m is the largest x; sigmoid: 1 / (1 + exp(-x)).
    """
    result = values
    with np.errstate(over="ignore", invalid="ignore"):
        if activation is Activation.SOFTMAX:
            powers = np.exp(values - values.max(axis=axis, keepdims=True))
            result = powers / powers.sum(axis=axis, keepdims=True)
        if activation is Activation.SIGMOID:
            result = np.float32(1) / (np.float32(1) + np.exp(-values))
    return result
