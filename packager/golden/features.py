"""Golden samples for a model behind a front end: what that makes of windows of a sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from packager.golden.cases import MeasuredArena, Sample
from packager.golden.running import run_sequences
from packager.tasks.features import FeaturesInput


def build_features(input: FeaturesInput, samples: Sequence[Sample]) -> tuple[tuple[Sample, ...], MeasuredArena]:
    """``samples``, whose inputs are windows of int16 samples, with the features of these, and the front end's arena.

    Each begins with a front end that has heard nothing.

    Raises:
        MissingPackageError: TensorFlow Lite Micro is not installed, which alone runs front ends.
        ModelError: it refuses the front end, dies from it, or takes longer than TIME_LIMIT.
    """
    windows = [(window,) for sample in samples for window in input.windows(sample.inputs[0])]
    outputs, arena = run_sequences(input.frontend, windows, input.slices)
    slices = np.stack([items.reshape(-1) for (items,) in outputs]).reshape(len(samples), input.slices, -1)
    made = (replace(sample, inputs=(input.join(items),)) for sample, items in zip(samples, slices, strict=True))
    return tuple(made), arena
