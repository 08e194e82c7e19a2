"""How good a detector is: the mean average precision of COCO, by pycocotools, and its interval."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.comparison.figures import Interval, bootstrap
from packager.dataset.truth import TrueBoxes
from packager.tasks.boxes import MOST_DETECTIONS
from packager.tasks.kinds import Array

# The place of 0.5 among the overlaps that the mean is over.
_HALF = 0


@dataclass(frozen=True)
class MeanPrecision:
    """``map`` is the mean over classes and overlaps (0.50, 0.55 … 0.95), ``map50`` at 0.50; NaN without objects."""

    map: float
    map50: float
    interval: Interval


@dataclass(frozen=True)
class _Ranked:
    """The detections of a class, best first: the picture of each, and for each overlap whether it is right, or wrong.

    ``objects`` is how many there are to find in each picture.
    """

    pictures: Array
    right: Array
    wrong: Array
    objects: Array

    def precision(self, weights: Array, recalls: Array) -> Array | None:
        """The average precision at each overlap where picture i counts ``weights[i]`` times; None without objects."""
        count = self.objects @ weights
        if count == 0:
            return None
        taken = weights[self.pictures]
        hits, misses = (np.cumsum(side * taken, axis=1) for side in (self.right, self.wrong))
        precision = hits / (hits + misses + np.spacing(1))
        # The best precision at a recall is that at it or at a higher one.
        highest = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        highest = np.concatenate([highest, np.zeros((len(highest), 1))], axis=1)
        places = [np.searchsorted(row, recalls, side="left") for row in hits / count]
        average: Array = np.array([row[place].mean() for row, place in zip(highest, places, strict=True)])
        return average


def mean_precision(truths: Sequence[TrueBoxes], found: Array, classes: int) -> MeanPrecision:
    """The mean average precision of what was ``found``: rows (picture, class, score, left, top, right, bottom).

    That of COCO (T.-Y. Lin et al., Microsoft COCO, ECCV 2014) as pycocotools computes it, over all sizes of objects
    and 100 detections a picture. The interval is ``bootstrap``'s over the pictures.
    """
    from pycocotools.cocoeval import COCOeval

    images = [{"id": number} for number in range(len(truths))]
    categories = [{"id": number} for number in range(classes)]
    true = [
        {
            "image_id": number,
            "category_id": item.index,
            "bbox": list(item.box),
            "area": item.area,
            "iscrowd": int(item.is_crowd),
        }
        for number, truth in enumerate(truths)
        for item in truth.boxes
    ]
    detections = [
        {
            "image_id": int(picture),
            "category_id": int(index),
            "bbox": [left, top, right - left, bottom - top],
            "area": (right - left) * (bottom - top),
            "score": score,
        }
        for picture, index, score, left, top, right, bottom in found.tolist()
    ]
    # It prints what it does.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_coco(images, categories, true), _coco(images, categories, detections), "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [evaluation.params.areaRng[0]], ["all"]
        evaluation.params.maxDets = [MOST_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]
    ranked = _rank(evaluation.evalImgs, len(truths), classes)
    recalls = evaluation.params.recThrs

    def figure(weights: Array) -> float:
        rows = [row for one in ranked if (row := one.precision(weights, recalls)) is not None]
        return float(np.mean(rows)) if rows else math.nan

    return MeanPrecision(_mean(precision), _mean(precision[_HALF]), bootstrap(len(truths), figure))


def _mean(precision: Array) -> float:
    # Of a class without objects all are -1.
    there = precision[precision > -1]
    return float(there.mean()) if there.size else math.nan


def _coco(images: Any, categories: Any, annotations: list[dict[str, Any]]) -> Any:
    from pycocotools.coco import COCO

    coco = COCO()
    # From 1: it takes the number 0 for no object.
    numbered = [{"iscrowd": 0, **item, "id": number} for number, item in enumerate(annotations, 1)]
    coco.dataset = {"images": images, "categories": categories, "annotations": numbered}
    coco.createIndex()
    return coco


def _rank(results: Sequence[dict[str, Any] | None], pictures: int, classes: int) -> list[_Ranked]:
    """What pycocotools found out about each picture, put together as its ``accumulate`` does."""
    ranked = []
    for index in range(classes):
        there = [item for item in results[index * pictures : (index + 1) * pictures] if item is not None]
        if not there:
            continue
        scores = np.concatenate([np.asarray(item["dtScores"], np.float64) for item in there])
        order = np.argsort(-scores, kind="mergesort")
        matched, ignored = (
            np.concatenate([item[key] for item in there], axis=1)[:, order].astype(bool)
            for key in ("dtMatches", "dtIgnore")
        )
        objects = np.zeros(pictures)
        for item in there:
            objects[item["image_id"]] += np.count_nonzero(np.asarray(item["gtIgnore"]) == 0)
        owners = np.concatenate([np.full(len(item["dtScores"]), item["image_id"]) for item in there])[order]
        ranked.append(_Ranked(owners, matched & ~ignored, ~matched & ~ignored, objects))
    return ranked
