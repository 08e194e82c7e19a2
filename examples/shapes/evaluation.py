"""How good a detector is: what its packaged form finds in pictures, and the mean average precision of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.tasks.boxes import Boxes, Detection, overlap
from packager.tasks.image import ImageInput, input_tensor, place

# Whose box must overlap the true one by so much, to count (intersection over union).
OVERLAP = 0.5

Box = tuple[float, float, float, float]


def detect(model: AnnotatedModel, pictures: Iterable[Image.Image]) -> list[tuple[Detection, ...]]:
    """What ``model``, a detector, finds in each picture: its own preprocessing, LiteRT, and its own reading."""
    image, answer = model.input, model.answer
    assert isinstance(image, ImageInput)
    assert isinstance(answer, Boxes)
    interpreter = Interpreter(model_content=model.model.data, num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    targets = [detail["index"] for detail in interpreter.get_output_details()]
    found = []
    for picture in pictures:
        interpreter.set_tensor(source, input_tensor(picture, image))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(target) for target in targets]
        found.append(answer.read(outputs, place(picture.size, image)))
    return found


def mean_average_precision(
    found: Sequence[Sequence[Detection]], truth: Sequence[Sequence[tuple[int, Box]]], classes: int
) -> float:
    """The mean over the classes of the average precision at an overlap of 0.5.

    ``found`` holds the detections in each picture, ``truth`` the class and the box of each object in it. As the
    development kit of PASCAL VOC 2010 and later computes it (VOCevaldet.m, VOCap.m): over all pictures, best score
    first, a detection is right if the true box of its class that it overlaps most is overlapped by half at least,
    and has not been found before. The precision at a recall is the largest at that recall or a higher one, and the
    average is the area below.
    """
    return float(np.mean([_average_precision(found, truth, index) for index in range(classes)]))


def _average_precision(
    found: Sequence[Sequence[Detection]], truth: Sequence[Sequence[tuple[int, Box]]], index: int
) -> float:
    true = [[box for kind, box in objects if kind == index] for objects in truth]
    ranked = sorted(
        ((item, number) for number, items in enumerate(found) for item in items if item.index == index),
        key=lambda pair: -pair[0].score,
    )
    taken = [[False] * len(boxes) for boxes in true]
    right = np.zeros(len(ranked))
    for rank, (item, number) in enumerate(ranked):
        overlaps = [overlap(item.box, box) for box in true[number]]
        best = max(range(len(overlaps)), key=overlaps.__getitem__, default=None)
        if best is not None and overlaps[best] >= OVERLAP and not taken[number][best]:
            taken[number][best] = True
            right[rank] = 1
    hits = np.cumsum(right)
    recall = hits / sum(map(len, true))
    precision = hits / np.arange(1, len(ranked) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * highest).sum())
