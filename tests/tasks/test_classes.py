"""Classes: activation, order, threshold; when two answers agree."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from packager.model import Quantization
from packager.settings import Example
from packager.tasks import Activation
from packager.tasks.classes import Category, Classes, Labels
from packager.tasks.scores import activate
from tests.tasks.shapes import tensor


def classes(
    count: int = 4,
    activation: Activation = Activation.NONE,
    threshold: float = 0.0,
    quantization: Quantization | None = None,
) -> Classes:
    dtype = "float32" if quantization is None else "int8"
    labels = Labels(tuple(f"label {number}" for number in range(count)))
    return Classes(0, tensor((1, count), dtype, quantization), labels, activation, threshold)


def answer(*scores: float, **options: Any) -> tuple[Category, ...]:
    return classes(len(scores), **options).read([np.array([scores], np.float32)])


NAN = math.nan


@pytest.mark.parametrize(
    ("scores", "threshold", "order"),
    [
        ((0.1, 0.4, 0.3, 0.2), 0.0, [1, 2, 3, 0]),
        ((0.5, 0.7, 0.5, 0.7), 0.0, [1, 3, 0, 2]),
        ((0.0, -0.0, 0.0), 0.0, [0, 1, 2]),
        ((-3.0, -1.0, -2.0), 0.0, [1, 2, 0]),
        ((0.1, 0.4, 0.25, 0.2), 0.25, [1, 2]),
        ((0.1, 0.4), 0.5, []),
        ((0.1, NAN, 0.4), 0.0, [2, 0, 1]),
        ((0.1, NAN, 0.4), 0.2, [2]),
        ((NAN, NAN), 0.0, [0, 1]),
        ((math.inf, 1.0, -math.inf), 0.0, [0, 1, 2]),
        # As a float32 the threshold is the score.
        ((0.1, 0.3), float(np.float32(0.3)), [1]),
        ((0.1, 0.3), 0.3, [1]),
    ],
)
def test_order_and_threshold(scores: tuple[float, ...], threshold: float, order: list[int]) -> None:
    found = answer(*scores, threshold=threshold)
    assert [item.index for item in found] == order
    assert [item.label for item in found] == [f"label {index}" for index in order]


def test_equal_scores_of_many_classes() -> None:
    scores = np.random.default_rng(0).integers(0, 4, 1001) / 4
    found = [item.index for item in answer(*scores)]
    assert found == sorted(range(1001), key=lambda index: (-scores[index], index))


@pytest.mark.parametrize("size", [1, 2, 10, 1001])
def test_activations(size: int) -> None:
    chance = random.Random(size)
    for _ in range(20):
        values = [np.float32(chance.uniform(-30, 30)).item() for _ in range(size)]
        powers = [math.exp(value - max(values)) for value in values]
        expected = {
            Activation.NONE: values,
            Activation.SOFTMAX: [power / math.fsum(powers) for power in powers],
            Activation.SIGMOID: [1 / (1 + math.exp(-value)) for value in values],
        }
        for activation, scores in expected.items():
            found = activate(np.array([values], np.float32), activation)
            assert found.dtype == np.float32
            np.testing.assert_allclose(found[0], scores, atol=1e-6)


def test_activations_of_the_largest_numbers(recwarn: pytest.WarningsRecorder) -> None:
    huge = np.array([3e38, -3e38, 0, math.inf, -math.inf], np.float32)
    assert activate(huge, Activation.SIGMOID).tolist() == [1, 0, 0.5, 1, 0]
    assert activate(huge[:3], Activation.SOFTMAX).tolist() == [1, 0, 0]
    assert np.isnan(activate(np.array([NAN, 0], np.float32), Activation.SOFTMAX)).all()
    assert not recwarn.list


def test_softmax_of_each_place_by_itself() -> None:
    values = np.random.default_rng(0).normal(0, 5, (2, 3, 4)).astype(np.float32)
    for axis in range(3):
        np.testing.assert_allclose(activate(values, Activation.SOFTMAX, axis).sum(axis), 1, atol=1e-6)


def test_a_quantized_output_is_made_real_first() -> None:
    quantization = Quantization((0.25,), (-4,), None)
    found = classes(3, Activation.SIGMOID, quantization=quantization).read([np.array([[-4, 4, -128]], np.int8)])
    expected = [1 / (1 + math.exp(-value)) for value in (2.0, 0.0, -31.0)]
    assert [item.index for item in found] == [1, 0, 2]
    assert [item.score for item in found] == pytest.approx(expected, abs=1e-6)


def test_json_is_the_best_three() -> None:
    assert classes().to_json(answer(0.125, 0.5, 0.25, 0.0)) == [
        {"label": "label 1", "index": 1, "score": 0.5},
        {"label": "label 2", "index": 2, "score": 0.25},
        {"label": "label 0", "index": 0, "score": 0.125},
    ]
    assert classes().to_json(()) == []


GOLDEN = (0.05, 0.6, 0.3, 0.04, 0.01)


@pytest.mark.parametrize(
    ("actual", "agrees"),
    [
        (GOLDEN, True),
        ((0.05, 0.51, 0.39, 0.04, 0.01), True),
        # Ranks may change as long as the scores are near.
        ((0.05, 0.40, 0.6, 0.04, 0.01), False),
        ((0.05, 0.3, 0.6, 0.04, 0.01), False),
        ((0.05, 0.0, 0.3, 0.64, 0.01), False),
        ((0.0, 0.0, 0.0, 0.0, 0.0), False),
        ((0.05, 0.6, 0.3, 0.04, 0.79), True),
        ((0.05, 0.6, 0.3, 0.04, 0.81), False),
        ((0.05, NAN, 0.3, 0.04, 0.01), False),
    ],
)
def test_agreement(actual: tuple[float, ...], agrees: bool) -> None:
    differences = classes().find_differences(answer(*actual), answer(*GOLDEN), {"score": 0.1})
    assert (differences == ()) == agrees, differences


def test_swapped_labels_differ() -> None:
    right = classes(5)
    swapped = Classes(0, right.tensor, Labels(right.labels.default[::-1]), right.activation, right.threshold)
    outputs = [np.array([GOLDEN], np.float32)]
    assert swapped.find_differences(swapped.read(outputs), right.read(outputs), {"score": 0.1})


def test_agreement_at_the_threshold() -> None:
    """What one of the two leaves out counts only where it is clearly beyond the threshold."""
    kind = classes(threshold=0.5)
    near, clear, none = (answer(score, 0.0, threshold=0.5) for score in (0.55, 0.75, 0.1))
    assert kind.find_differences(none, near, {"score": 0.1}) == ()
    assert kind.find_differences(near, none, {"score": 0.1}) == ()
    assert kind.find_differences(none, clear, {"score": 0.1})
    assert kind.find_differences(clear, none, {"score": 0.1})
    assert kind.find_differences(none, none, {"score": 0.1}) == ()


@pytest.mark.parametrize(
    ("options", "scores", "within"),
    [
        ({}, GOLDEN, 0.1),
        ({}, (3.0, 50.0, -80.0), 5.0),
        ({"quantization": Quantization((1 / 256,), (-128,), None)}, GOLDEN, 0.1),
        ({"quantization": Quantization((0.25,), (0,), None)}, (3.0, 20.0), 6.4),
        ({"activation": Activation.SOFTMAX}, (3.0, 50.0), 0.101),
        ({}, (), 0.1),
    ],
)
def test_how_far_scores_may_be_off(options: dict[str, Any], scores: tuple[float, ...], within: float) -> None:
    kind = classes(len(scores), **options)
    found = kind.agreement(0.1, (answer(*scores), ()) if scores else ())
    assert found == {"score": pytest.approx(within, abs=2e-6)}


def test_weakness() -> None:
    kind = classes()
    assert kind.find_weakness((answer(0.0, 1.0), answer(0.5, 1.0005))) is None
    for scores in ((-2.0, 3.0), (0.2, 1.01), (-0.1, 0.5)):
        found = kind.find_weakness((answer(0.0, 1.0), answer(*scores)))
        assert found is not None
        assert "logits" in found[0]
        assert [part.settings[0][0].name for part in found[1] if isinstance(part, Example)] == ["activation"] * 2
    assert classes(activation=Activation.SOFTMAX).find_weakness((answer(0.5, 0.5),)) is None
    found = classes(threshold=0.5).find_weakness(((), ()))
    assert found is not None
    assert found[0] == "no golden case has a class with a score of 0.5 or more"
