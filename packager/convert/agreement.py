"""How far the answers of a .tflite may be from those of its source, and how far they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from packager.convert.recipes import Recipe
from packager.model import Model, Tensor
from packager.tasks.kinds import Array

# Rounding noise of b bits over ±4 standard deviations of a normal distribution, which is what calibration on the
# smallest and largest value spans: a step of 8σ/2^b has the variance step²/12, so σ² is 6.02·b − 7.27 dB above it.
_DB_PER_BIT = 20 * math.log10(2)
_RANGE_DB = 10 * math.log10(64 / 12)
# Values are no normal distribution, and layers amplify the noise of those before. A judgment: models of 2 to 53
# layers that were right kept more than this leaves, and broken ones less (docs/converting.md).
_MARGIN_DB = 12.0
# With noise of half its power a signal is not worth having, whatever the recipe; and no rounding of float32 is worse.
_LOWEST_DB = 3.0
_FLOAT_DB = 80.0


@dataclass(frozen=True)
class OutputAgreement:
    """How one output of the .tflite compares with the source's, over all samples.

    ``snr_db`` is the variance of the source's values over the mean squared difference, infinite where they are equal,
    and ``needed_db`` what the recipe allows at least. ``largest`` and ``rms`` are differences in the output's unit,
    ``step`` the distance of two neighbouring values of a quantized output, and a millionth of the largest value of a
    float one: below a step in ``rms`` nothing is wrong, however small the signal. ``top1`` is in how many samples of
    all the same item is largest, None for an output that is no list of scores; ``is_constant`` is whether the source
    answers the same to all samples, which proves nothing.
    """

    name: str
    snr_db: float
    needed_db: float
    largest: float
    rms: float
    step: float
    top1: float | None
    is_finite: bool = True
    is_constant: bool = False

    @property
    def agrees(self) -> bool:
        """Whether it is as near as the recipe allows."""
        return self.is_finite and (self.snr_db >= self.needed_db or self.rms <= self.step)


@dataclass(frozen=True)
class Agreement:
    """All outputs; ``runtime`` is what ran the .tflite."""

    runtime: str
    samples: int
    outputs: tuple[OutputAgreement, ...]

    @property
    def agrees(self) -> bool:
        """Whether all are as near as the recipe allows."""
        return all(output.agrees for output in self.outputs)

    @property
    def worst(self) -> OutputAgreement:
        """The output that is furthest from what the recipe allows."""
        return min(self.outputs, key=lambda output: (output.agrees, output.snr_db - output.needed_db))


def needed_snr(recipes: Sequence[Recipe], model: Model) -> float:
    """The ratio of signal to noise, in dB, that a model quantized by ``recipes`` must keep at least.

    Each layer with weights adds the noise of a rounding of its weights and one of its activations, as far as these
    are quantized; that of the layers adds up in power.
    """
    layers = max(1, count_layers(model))
    bits = [bits for recipe in recipes for bits in (recipe.weight_bits, recipe.activation_bits) if bits < 32]
    if not bits:
        return _FLOAT_DB
    noise = layers * sum(10 ** (-(_DB_PER_BIT * each - _RANGE_DB) / 10) for each in bits)
    return min(_FLOAT_DB, max(_LOWEST_DB, -10 * math.log10(noise) - _MARGIN_DB))


_WITH_WEIGHTS = frozenset(
    """
    BATCH_MATMUL CONV_2D CONV_3D DEPTHWISE_CONV_2D EMBEDDING_LOOKUP FULLY_CONNECTED GATHER TRANSPOSE_CONV
    UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN SVDF
    """.split()
)


def count_layers(model: Model) -> int:
    """The operators with weights."""
    return sum(node.operator.name in _WITH_WEIGHTS for graph in model.subgraphs for node in graph.nodes)


def compare(
    expected: Sequence[tuple[Array, ...]],
    actual: Sequence[tuple[Array, ...]],
    tensors: Sequence[Tensor],
    needed: float,
) -> tuple[OutputAgreement, ...]:
    """How ``actual``, a tuple of the outputs ``tensors`` a sample, compares with ``expected``, real values."""
    return tuple(
        _compare_output(
            np.stack([sample[index].astype(np.float64) for sample in expected]),
            np.stack([_real(sample[index], tensor) for sample in actual]),
            tensor,
            needed,
        )
        for index, tensor in enumerate(tensors)
    )


def _real(values: Array, tensor: Tensor) -> Array:
    affine = tensor.affine
    real = values.astype(np.float64)
    return real if affine is None else (real - affine.zero_point) * affine.scale


def _compare_output(expected: Array, actual: Array, tensor: Tensor, needed: float) -> OutputAgreement:
    actual = actual.reshape(expected.shape)
    is_finite = bool(np.isfinite(actual).all() and np.isfinite(expected).all())
    if not is_finite:
        return OutputAgreement(tensor.name, -math.inf, needed, math.inf, math.inf, 0.0, None, is_finite=False)
    difference = actual - expected
    noise = float(np.mean(difference**2)) if difference.size else 0.0
    signal = float(np.var(expected)) if difference.size else 0.0
    # What float32 cannot tell from 0 is no difference.
    floor = float(np.mean(expected**2)) * 2.0**-46 if difference.size else 0.0
    snr = math.inf if noise <= floor else 10 * math.log10(signal / noise) if signal > 0 else -math.inf
    rows = expected.reshape(len(expected), -1)
    is_scores = rows.shape[1] > 1 and rows.shape[1] == expected.shape[-1]
    top1 = None
    if is_scores:
        # The same item, or one that ties with it: quantized scores often do.
        others = actual.reshape(rows.shape)
        top1 = float(np.mean(others[np.arange(len(rows)), rows.argmax(axis=1)] == others.max(axis=1)))
    return OutputAgreement(
        name=tensor.name,
        snr_db=snr,
        needed_db=needed,
        largest=float(np.abs(difference).max(initial=0.0)),
        rms=math.sqrt(noise),
        step=1e-6 * float(np.abs(expected).max(initial=0.0)) if tensor.affine is None else float(tensor.affine.scale),
        top1=top1,
        is_constant=len(expected) > 1 and float(np.mean(np.var(expected, axis=0))) <= np.mean(expected**2) * 2.0**-40,
    )
