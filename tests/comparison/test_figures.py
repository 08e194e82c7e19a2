"""The figures, each against another way to compute it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from packager.comparison.figures import agreement, bootstrap, mcnemar, mean_iou, mean_iou_interval, wilson


@pytest.mark.parametrize(("right", "samples"), [(8, 10), (1, 7), (4321, 5000), (499_999, 1_000_000)])
def test_wilson_solves_its_equation(right: int, samples: int) -> None:
    """The ends are the proportions that are just so likely: (share - p)² = z² p (1 - p) / n."""
    share = right / samples
    for end in wilson(right, samples):
        assert (share - end) ** 2 == pytest.approx(1.959963984540054**2 * end * (1 - end) / samples, rel=1e-9)
    low, high = wilson(right, samples)
    assert 0 <= low < share < high <= 1


def test_wilson_of_the_literature() -> None:
    """A. Agresti and B. Coull, Approximate is better than "exact" (1998): 0 of 10, and R's prop.test of 81 of 263."""
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=5e-5)
    assert wilson(10, 10) == pytest.approx((0.7225, 1), abs=5e-5)
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion (1998), table I: 0.2553 to 0.3662.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("first", "this"), [(0, 0), (0, 1), (5, 0), (3, 12), (12, 3), (50, 50), (700, 640)])
def test_mcnemar_is_the_binomial_test(first: int, this: int) -> None:
    count = first + this
    tail = sum(Fraction(math.comb(count, number), 2**count) for number in range(min(first, this) + 1))
    result = mcnemar(first, this)
    assert result.p == pytest.approx(float(min(Fraction(1), 2 * tail)), rel=1e-9)
    assert (result.first_only, result.this_only) == (first, this)


def test_mcnemar_of_a_million() -> None:
    """Against the normal distribution with a correction for continuity, which is near it by then."""
    normal = math.erfc((5000 - 1) / math.sqrt(1_000_000) / math.sqrt(2))
    assert mcnemar(497_500, 502_500).p == pytest.approx(normal, rel=1e-2)


def test_agreement() -> None:
    generator = np.random.default_rng(0)
    first = generator.normal(size=(40, 7))
    this = first + generator.normal(scale=0.01, size=first.shape)
    errors, signals = ((this - first) ** 2).sum(axis=1), (first**2).sum(axis=1)
    result = agreement(this.argmax(1) == first.argmax(1), errors, signals, np.abs(this - first).max(axis=1), 7)
    assert result.top1 == np.mean(this.argmax(1) == first.argmax(1))
    assert result.max == np.abs(this - first).max()
    assert result.rms == pytest.approx(np.sqrt(np.mean((this - first) ** 2)))
    noise = np.linalg.norm(this - first) / np.linalg.norm(first)
    assert result.snr_db == pytest.approx(-20 * np.log10(noise))
    # Whoever computed which sample.
    order = generator.permutation(40)
    again = agreement(None, errors[order], signals[order], np.ones(40), 7)
    assert (again.rms, again.snr_db, again.top1) == (result.rms, result.snr_db, None)


@pytest.mark.parametrize(
    ("errors", "signals", "ratio"),
    [
        ([0, 0], [1, 2], math.inf),
        ([1, 0], [0, 0], -math.inf),
        ([math.nan, 1], [1, 1], None),
        ([math.inf, 1], [1, 1], None),
    ],
)
def test_agreement_at_its_ends(errors: list[float], signals: list[float], ratio: float | None) -> None:
    result = agreement(None, np.array(errors, float), np.array(signals, float), np.ones(2), 1)
    assert result.snr_db == ratio if ratio is not None else math.isnan(result.snr_db)
    assert result.to_json()["snr_db"] is None


def test_mean_iou_pixel_by_pixel() -> None:
    generator = np.random.default_rng(0)
    true, given = (generator.integers(0, 3, (5, 6, 7)) for _ in range(2))
    shares = [np.mean(((true == k) & (given == k))[(true == k) | (given == k)]) for k in range(3)]
    counts = [
        np.array([[np.sum(one == k) for k in range(4)] for one in sides])  # class 3 is nowhere
        for sides in (np.where(true == given, true, -1), given, true)
    ]
    assert mean_iou(*counts) == pytest.approx(np.mean(shares))
    low, high = mean_iou_interval(*counts)
    assert 0 < low < mean_iou(*counts) < high < 1
    assert (low, high) == mean_iou_interval(*counts)
    assert math.isnan(mean_iou(*(0 * side for side in counts)))


def test_bootstrap_of_a_mean() -> None:
    """Of a mean the interval is near that of the normal distribution."""
    values = np.random.default_rng(3).exponential(size=400)
    low, high = bootstrap(400, lambda weights: float(weights @ values / weights.sum()))
    reach = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.015)
