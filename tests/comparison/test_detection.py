"""The mean average precision: pycocotools' own, and the bootstrap against pictures that really stand there twice."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from packager.comparison import detection
from packager.comparison.detection import mean_precision
from packager.dataset.truth import TrueBox, TrueBoxes

Array = np.ndarray[Any, Any]
CLASSES = 3


def made_up(pictures: int, seed: int = 0, digits: int = 1) -> tuple[list[TrueBoxes], Array]:
    """Objects, some of them crowds, and detections of most of them, of some twice, and of what is not there."""
    generator = np.random.default_rng(seed)
    truths, found = [], []
    for picture in range(pictures):
        boxes = []
        for _ in range(generator.integers(0, 5)):
            left, top, width, height = (*generator.uniform(0, 100, 2), *generator.uniform(5, 120, 2))
            index = int(generator.integers(0, CLASSES))
            boxes.append(TrueBox(index, (left, top, width, height), width * height, generator.random() < 0.1))
            for _ in range(generator.integers(0, 3)):
                shift = generator.normal(scale=0.1, size=4) * (width, height, width, height)
                corners = np.array([left, top, left + width, top + height]) + shift
                # With one digit many scores tie.
                found.append((picture, index, round(generator.random(), digits), *corners))
        for _ in range(generator.integers(0, 2)):
            corners = generator.uniform(0, 60, 2)
            found.append((picture, generator.integers(0, CLASSES), generator.random(), *corners, *(corners + 30)))
        truths.append(TrueBoxes(None, tuple(boxes)))
    return truths, np.array(found, float).reshape(-1, 7)


def with_pycocotools(truths: list[TrueBoxes], found: Array) -> Array:
    """All its figures, as its users get them: from a JSON and an array of results."""
    annotations = [
        {"image_id": number + 1, "category_id": box.index + 1, "bbox": list(box.box), "area": box.area}
        | {"iscrowd": int(box.is_crowd)}
        for number, truth in enumerate(truths)
        for box in truth.boxes
    ]
    true = COCO()
    true.dataset = {
        "info": {},
        "images": [{"id": number + 1} for number in range(len(truths))],
        "categories": [{"id": number + 1} for number in range(CLASSES)],
        "annotations": [{**item, "id": number + 1} for number, item in enumerate(annotations)],
    }
    results = np.column_stack(
        [found[:, 0] + 1, found[:, 3:5], found[:, 5:7] - found[:, 3:5], found[:, 2], found[:, 1] + 1]
    )
    with contextlib.redirect_stdout(io.StringIO()):
        true.createIndex()
        evaluation = COCOeval(true, true.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    figures: Array = evaluation.stats
    return figures


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_pycocotools(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    truths, found = made_up(30, seed)
    result = mean_precision(truths, found, CLASSES)
    assert (result.map, result.map50) == pytest.approx(with_pycocotools(truths, found)[:2], abs=1e-12)
    low, high = result.interval
    assert 0 < low < result.map < high < 1
    assert capsys.readouterr().out == ""


def test_a_picture_that_counts_twice_stands_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bootstrap computes for a resample is what pycocotools says of it; ties come in another order."""
    truths, found = made_up(12, 5, digits=9)
    seen: list[float] = []
    generator = np.random.default_rng(1)
    resamples = [generator.multinomial(12, np.full(12, 1 / 12)) for _ in range(5)]

    def compute(_pictures: int, figure: Any) -> tuple[float, float]:
        seen.extend(figure(weights.astype(float)) for weights in resamples)
        return 0.0, 1.0

    monkeypatch.setattr(detection, "bootstrap", compute)
    mean_precision(truths, found, CLASSES)
    for weights, value in zip(resamples, seen, strict=True):
        chosen = np.repeat(np.arange(12), weights)
        again = [
            found[found[:, 0] == picture] * [0, *[1] * 6] + [place, *[0] * 6] for place, picture in enumerate(chosen)
        ]
        expected = with_pycocotools([truths[picture] for picture in chosen], np.concatenate(again))[0]
        assert value == pytest.approx(expected, abs=1e-12)


def test_nothing_found_and_nothing_there() -> None:
    truths, _ = made_up(6)
    none = np.zeros((0, 7))
    assert (mean_precision(truths, none, CLASSES).map, mean_precision(truths, none, CLASSES).interval) == (0, (0, 0))
    empty = [TrueBoxes(None, ()) for _ in truths]
    result = mean_precision(empty, none, CLASSES)
    assert math.isnan(result.map)
    assert math.isnan(result.interval[0])


def test_what_is_found_exactly() -> None:
    truths, _ = made_up(6)
    rows = [
        (number, box.index, 0.5, box.box[0], box.box[1], box.box[0] + box.box[2], box.box[1] + box.box[3])
        for number, truth in enumerate(truths)
        for box in truth.boxes
    ]
    result = mean_precision(truths, np.array(rows), CLASSES)
    assert (result.map, result.map50) == pytest.approx((1, 1))
    assert result.interval == pytest.approx((1, 1))
