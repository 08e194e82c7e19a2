"""The figures of a comparison: pure arithmetic, each with its source."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.tasks.kinds import Array

# The 97.5 % quantile of the normal distribution.
_Z = 1.959963984540054
# Resamples of a bootstrap, and the shares of them below and above an interval of 95 %.
RESAMPLES = 1000
_PERCENTILES = (2.5, 97.5)

Interval = tuple[float, float]


@dataclass(frozen=True)
class McNemar:
    """Samples that one model has right and the other wrong, and how likely so uneven a split is by chance."""

    p: float
    first_only: int
    this_only: int

    def to_json(self) -> dict[str, Any]:
        """``p``, ``first_only``, ``this_only``."""
        return {"p": self.p, "first_only": self.first_only, "this_only": self.this_only}


@dataclass(frozen=True)
class Agreement:
    """How near a model's outputs are to the first one's, in real values over all items of all outputs.

    ``top1`` is the share of samples of the same best class, None for what are no classes; ``max`` and ``rms`` are of
    the differences; ``snr_db`` is infinite where there is none.
    """

    top1: float | None
    max: float
    rms: float
    snr_db: float

    def to_json(self) -> dict[str, Any]:
        """``top1``, ``max``, ``rms``, ``snr_db``; the last is null where the outputs are equal."""
        return {
            "top1": self.top1,
            "max": self.max,
            "rms": self.rms,
            "snr_db": self.snr_db if math.isfinite(self.snr_db) else None,
        }


def wilson(right: int, samples: int) -> Interval:
    """The 95 % interval of a proportion.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), without
    correction for continuity: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    """
    share = right / samples
    middle = share + _Z**2 / (2 * samples)
    reach = _Z * math.sqrt(share * (1 - share) / samples + _Z**2 / (4 * samples**2))
    whole = 1 + _Z**2 / samples
    # At the ends the formula gives them, but for rounding.
    low = 0.0 if right == 0 else (middle - reach) / whole
    high = 1.0 if right == samples else (middle + reach) / whole
    return low, high


def mcnemar(first_only: int, this_only: int) -> McNemar:
    """McNemar's exact test (Q. McNemar, Psychometrika 12, 1947): a binomial test of 1/2 on the discordant pairs.

    The p-value is two-sided: twice the smaller tail, at most 1.
    """
    count, few = first_only + this_only, min(first_only, this_only)
    whole = math.lgamma(count + 1) - count * math.log(2)
    tail = math.fsum(math.exp(whole - math.lgamma(i + 1) - math.lgamma(count - i + 1)) for i in range(few + 1))
    return McNemar(min(1.0, 2 * tail), first_only, this_only)


def agreement(same: Array | None, errors: Array, signals: Array, largest: Array, items: int) -> Agreement:
    """Of what each sample adds: whether its best class is the ``same``, and its sums of squares.

    ``errors`` and ``signals`` (float64 [samples]) are the sums of the squares of the differences and of the first
    model's real values, ``largest`` the largest differences, ``items`` the number of values of a sample. Summed
    exactly, so that it does not matter which process computed what.

    The signal to noise ratio is 10 log10(Σ first² / Σ (this - first)²) dB.
    """
    error, signal = math.fsum(errors), math.fsum(signals)
    ratio = math.inf if error == 0 else math.nan
    if 0 < error < math.inf:
        ratio = 10 * math.log10(signal / error) if signal > 0 else -math.inf
    return Agreement(
        top1=None if same is None else float(same.mean()),
        max=float(largest.max()),
        rms=math.sqrt(error / (len(errors) * items)),
        snr_db=ratio,
    )


def mean_iou(overlaps: Array, predicted: Array, true: Array) -> float:
    """The mean over classes of the intersection over union of all pictures; NaN where there is no class at all.

    ``overlaps``, ``predicted`` and ``true`` are numbers of pixels [pictures, classes]. A class that is neither in the
    masks nor predicted does not count (as in PASCAL VOC, Everingham et al., IJCV 88, 2010).
    """
    return float(_mean_iou(*(counts.sum(axis=0, dtype=np.float64) for counts in (overlaps, predicted, true))))


def _mean_iou(overlap: Array, predicted: Array, true: Array) -> float:
    union = predicted + true - overlap
    there = union > 0
    return float((overlap[there] / union[there]).mean()) if there.any() else math.nan


def mean_iou_interval(overlaps: Array, predicted: Array, true: Array) -> Interval:
    """The 95 % interval of ``mean_iou`` by ``bootstrap``."""
    sides = [counts.astype(np.float64) for counts in (overlaps, predicted, true)]
    return bootstrap(len(overlaps), lambda weights: _mean_iou(*(weights @ counts for counts in sides)))


def bootstrap(pictures: int, figure: Callable[[Array], float]) -> Interval:
    """The 95 % interval of a figure of ``pictures`` by the percentile bootstrap (B. Efron, Ann. Statist. 7, 1979).

    ``figure`` takes how often each picture is in a resample (float64 [pictures]). The resamples are the same for
    every model of a comparison, and in every run.
    """
    generator = np.random.default_rng(0)
    even = np.full(pictures, 1 / pictures)
    figures = [figure(generator.multinomial(pictures, even).astype(np.float64)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(figures, _PERCENTILES) if not np.isnan(figures).all() else (math.nan, math.nan)
    return float(low), float(high)
