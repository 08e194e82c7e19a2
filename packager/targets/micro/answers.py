"""What the generated C++ says of an answer: its numbers, its layers of templates, and its golden cases."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packager.targets.micro.ports import PortContext, build_ports, fill_rows, literals
from packager.tasks import Activation, AnswerKind, Head, MaskForm

if TYPE_CHECKING:
    from packager.annotated import AnnotatedModel
    from packager.golden import GoldenCase
    from packager.tasks.boxes import Boxes, Detection
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import Keypoints, Pose
    from packager.tasks.kinds import Array
    from packager.tasks.mask import Mask, Segmentation

# Classes in an answer, as on the other targets.
_MOST_CATEGORIES = 3
# Pixels of a golden mask that go into a board's flash, about: more of them prove nothing more.
_MOST_MASK_PIXELS = 16_384


@dataclass(frozen=True)
class AnswerContext:
    """What every answer has: its outputs, what they are in words, and the generated headers that it needs.

    ``is_placed`` says that it is in pixels of a frame.
    """

    ports: tuple[PortContext, ...]
    meaning: str
    headers: tuple[str, ...]
    is_placed: bool


@dataclass(frozen=True)
class TensorsAnswerContext(AnswerContext):
    """Numbers as answer."""

    kind = AnswerKind.TENSORS


@dataclass(frozen=True)
class ClassesContext(AnswerContext):
    """A score in ``port`` for each label; a ``threshold`` of 0 leaves none out.

    ``by_items`` says that the best item is that of the best score.
    """

    kind = AnswerKind.CLASSES

    port: PortContext
    has_activation: bool
    is_softmax: bool
    is_sigmoid: bool
    by_items: bool
    threshold: float
    max_results: int


@dataclass(frozen=True)
class GridContext:
    """The cells of FOMO, and the objects that they can make at most.

    ``most_cells`` is 0 where there are no more than may be looked at.
    """

    rows: int
    columns: int
    most_objects: int
    most_cells: int


@dataclass(frozen=True)
class SsdContext:
    """The outputs of an ``ssd``."""

    boxes: PortContext
    classes: PortContext
    scores: PortContext
    count: PortContext


@dataclass(frozen=True)
class BoxesContext(AnswerContext):
    """Detections in ``port``, or for an ``ssd`` in four of them, as one of the heads has them.

    ``items`` is how many numbers there are of a candidate or a cell, and ``first_class`` the first of its scores.
    ``may_be_pixels`` says that the type of the output has room for coordinates that are no fractions.
    """

    kind = AnswerKind.BOXES

    port: PortContext
    threshold: float
    has_iou: bool
    iou: float
    max_results: int
    candidates: int
    most_candidates: int
    items: int
    first_class: int
    is_yolo_v8: bool
    grid: GridContext | None
    ssd: SsdContext | None
    has_activation: bool
    is_softmax: bool
    is_sigmoid: bool
    has_sigmoid: bool
    by_items: bool
    may_be_pixels: bool


@dataclass(frozen=True)
class MaskContext(AnswerContext):
    """A class for each pixel, by one of three forms of output: scores, a probability, else class numbers.

    ``classes`` is how many a mask can hold.
    """

    kind = AnswerKind.MASK

    port: PortContext
    is_scores: bool
    is_probability: bool
    threshold: float
    has_activation: bool
    width: int
    height: int
    classes: int


@dataclass(frozen=True)
class KeypointsContext(AnswerContext):
    """Points in ``port``, as one of the heads has them; ``items`` is how many numbers a body has, or a landmark."""

    kind = AnswerKind.KEYPOINTS

    port: PortContext
    names: tuple[str, ...]
    point_count: int
    pose_bytes: int
    threshold: float
    has_iou: bool
    iou: float
    max_results: int
    candidates: int
    most_candidates: int
    items: int
    is_multipose: bool
    is_landmarks: bool
    has_depth: bool
    may_be_pixels: bool


AnyAnswerContext = TensorsAnswerContext | ClassesContext | BoxesContext | MaskContext | KeypointsContext


def build_answer(annotated: AnnotatedModel) -> AnyAnswerContext:
    """What the templates are told of the model's answer."""
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask

    ports = build_ports(annotated, "output")
    match annotated.answer:
        case Classes() as answer:
            return _classes(answer, ports)
        case Boxes() as answer:
            return _boxes(answer, ports)
        case Mask() as answer:
            return _mask(answer, ports)
        case Keypoints() as answer:
            return _keypoints(answer, ports)
        case _:
            return TensorsAnswerContext(ports, "the items of its output tensors", (), is_placed=False)


def _classes(answer: Classes, ports: tuple[PortContext, ...]) -> ClassesContext:
    port = ports[answer.output]
    is_sigmoid = answer.activation is Activation.SIGMOID
    return ClassesContext(
        ports=ports,
        meaning="a score for each of its labels",
        headers=("list.h",),
        is_placed=False,
        port=port,
        has_activation=answer.activation is not Activation.NONE,
        is_softmax=answer.activation is Activation.SOFTMAX,
        is_sigmoid=is_sigmoid,
        by_items=port.is_exact and not is_sigmoid,
        threshold=answer.threshold,
        max_results=min(_MOST_CATEGORIES, port.size),
    )


_BEST_OF_MANY = ("best_scores.h", "box.h", "list.h", "placement.h")


def _boxes(answer: Boxes, ports: tuple[PortContext, ...]) -> BoxesContext:
    from packager.tasks.boxes import MOST_CANDIDATES, MOST_DETECTIONS

    head, port = answer.head, ports[answer.roles[0]]
    has_iou = head in (Head.YOLO_V5, Head.YOLO_V8)
    activation = answer.activation if has_iou or head is Head.FOMO else Activation.NONE
    rows_of = {Head.YOLO_V5: 5 + answer.class_count, Head.YOLO_V8: 4 + answer.class_count}
    items = {Head.SSD: 4, Head.END_TO_END: 6, Head.FOMO: 1 + answer.class_count, **rows_of}[head]
    ssd = SsdContext(*(ports[role] for role in answer.roles)) if head is Head.SSD else None
    candidates = port.size // items
    if ssd:
        candidates = min(candidates, ssd.classes.size, ssd.scores.size)
    grid = _grid(answer) if head is Head.FOMO else None
    return BoxesContext(
        ports=ports,
        meaning="objects, and where they are",
        headers=_BEST_OF_MANY,
        is_placed=True,
        port=port,
        threshold=answer.threshold,
        has_iou=has_iou,
        iou=answer.iou,
        max_results=min(MOST_DETECTIONS, grid.most_objects if grid else candidates),
        candidates=candidates,
        most_candidates=min(MOST_CANDIDATES, candidates),
        items=items,
        first_class=5 if head is Head.YOLO_V5 else 4,
        is_yolo_v8=head is Head.YOLO_V8,
        grid=grid,
        ssd=ssd,
        has_activation=activation is not Activation.NONE,
        is_softmax=activation is Activation.SOFTMAX,
        is_sigmoid=activation is Activation.SIGMOID,
        has_sigmoid=activation is Activation.SIGMOID or (activation is not Activation.NONE and head is Head.YOLO_V5),
        by_items=port.is_exact,
        may_be_pixels=ssd is None and grid is None and port.may_be_above_two,
    )


def _grid(answer: Boxes) -> GridContext:
    """Cells that begin an object do not touch: of two rows, and of two columns, one has some."""
    from packager.tasks.boxes import MOST_CANDIDATES

    _, rows, columns, _ = answer.outputs[0].shape
    cells, classes = rows * columns * answer.class_count, answer.class_count
    return GridContext(
        rows=rows,
        columns=columns,
        most_objects=classes * -(-rows // 2) * -(-columns // 2),
        most_cells=MOST_CANDIDATES if cells > MOST_CANDIDATES else 0,
    )


def _mask(answer: Mask, ports: tuple[PortContext, ...]) -> MaskContext:
    from packager.tasks.mask import UNSEEN

    is_probability = answer.form is MaskForm.PROBABILITY
    return MaskContext(
        ports=ports,
        meaning="a class for each pixel",
        headers=("placement.h",),
        is_placed=True,
        port=ports[0],
        is_scores=answer.form is MaskForm.SCORES,
        is_probability=is_probability,
        threshold=answer.threshold,
        has_activation=is_probability and answer.activation is not Activation.NONE,
        width=answer.width,
        height=answer.height,
        classes=UNSEEN if answer.form is MaskForm.CLASS_NUMBERS else answer.class_count,
    )


def _keypoints(answer: Keypoints, ports: tuple[PortContext, ...]) -> KeypointsContext:
    from packager.tasks.boxes import MOST_CANDIDATES, MOST_DETECTIONS

    head, port, points = answer.head, ports[answer.output], len(answer.names)
    has_iou, is_multipose = head is Head.YOLO_POSE, head is Head.MOVENET_MULTIPOSE
    bodies = {Head.YOLO_POSE: answer.tensor.shape[-1], Head.MOVENET_MULTIPOSE: answer.tensor.shape[1]}.get(head, 1)
    items = port.size // points if head is Head.LANDMARKS else port.size // bodies
    return KeypointsContext(
        ports=ports,
        meaning="points of bodies, faces or hands",
        headers=(
            *(("best_scores.h",) if has_iou or is_multipose else ()),
            *(("box.h",) if has_iou else ()),
            *("list.h", "placement.h"),
        ),
        is_placed=True,
        port=port,
        names=answer.names,
        point_count=points,
        pose_bytes=4 + 12 * points,
        threshold=answer.threshold,
        has_iou=has_iou,
        iou=answer.iou,
        max_results=min(MOST_DETECTIONS, bodies),
        candidates=bodies,
        most_candidates=min(MOST_CANDIDATES, bodies),
        items=items,
        is_multipose=is_multipose,
        is_landmarks=head is Head.LANDMARKS,
        has_depth=head is Head.LANDMARKS and items == 3,
        may_be_pixels=head in (Head.LANDMARKS, Head.YOLO_POSE) and port.may_be_above_two,
    )


# --- templates ----------------------------------------


def answer_layers(answer: AnyAnswerContext, labels: Sequence[str]) -> tuple[str, ...]:
    """The folders of templates beside that of the kind."""
    boxes = answer if isinstance(answer, BoxesContext) else None
    points = answer if isinstance(answer, KeypointsContext) else None
    has_iou = (boxes is not None and boxes.has_iou) or (points is not None and points.has_iou)
    own = {
        "yolo/out/boxes": boxes is not None and has_iou,
        "fomo/out/boxes": boxes is not None and boxes.grid is not None,
        "finished/out/boxes": boxes is not None and not has_iou and boxes.grid is None,
        "yolo/out/keypoints": points is not None and has_iou,
        "landmarks/out/keypoints": points is not None and points.is_landmarks,
        "movenet/out/keypoints": points is not None and not has_iou and not points.is_landmarks,
        "labels": bool(labels),
        "list": "list.h" in answer.headers,
        "candidates": "best_scores.h" in answer.headers or isinstance(answer, ClassesContext),
        "box": "box.h" in answer.headers,
        "suppression": has_iou,
        "places": boxes is not None or points is not None,
    }
    return tuple(f"micro/{layer}" for layer, is_used in own.items() if is_used)


# --- golden answers ----------------------------------------

ANSWER_TYPES = {
    AnswerKind.CLASSES: "Category",
    AnswerKind.BOXES: "Detection",
    AnswerKind.MASK: "uint8_t",
    AnswerKind.KEYPOINTS: "Pose",
    AnswerKind.TENSORS: "",
}


@dataclass(frozen=True)
class GoldenAnswer:
    """A golden answer in C++: the ``rows`` of its array, none where it is empty, and the ``fields`` of its case."""

    rows: tuple[str, ...]
    fields: tuple[str, ...]


def golden_answer(annotated: AnnotatedModel, case: GoldenCase, name: str) -> GoldenAnswer:
    """The answer of ``case``, in the pixels of its own picture, in an array of that name."""
    match annotated.answer.kind:
        case AnswerKind.CLASSES:
            categories = case.answer[:_MOST_CATEGORIES]
            return _listed(name, categories, tuple(f"{{{item.index}, {_float(item.score)}}}," for item in categories))
        case AnswerKind.BOXES:
            rows = tuple(map(_detection, case.answer))
            return _listed(name, case.answer, rows, _frame_size(annotated, case))
        case AnswerKind.KEYPOINTS:
            rows = tuple(row for pose in case.answer for row in _pose(pose))
            return _listed(name, case.answer, rows, _frame_size(annotated, case))
        case AnswerKind.MASK:
            step, pixels = _sampled(case.answer)
            height, width = case.answer.mask.shape
            numbers = [str(number) for number in pixels.reshape(-1).tolist()]
            return GoldenAnswer(fill_rows(numbers, 76), (name, str(step), str(width), str(height)))
        case _:
            return GoldenAnswer((), ())


def answer_bytes(answer: Any) -> int:
    """What a golden answer takes of a board's flash."""
    from packager.tasks.boxes import Detection
    from packager.tasks.keypoints import Pose
    from packager.tasks.mask import Segmentation

    if isinstance(answer, Segmentation):
        return int(_sampled(answer)[1].size)
    items = answer or ()
    if items and isinstance(items[0], Detection):
        return 24 * len(items)
    if items and isinstance(items[0], Pose):
        return sum(4 + 12 * len(pose.keypoints) for pose in items)
    return 8 * len(items[:_MOST_CATEGORIES])


def _listed(name: str, items: Sequence[Any], rows: tuple[str, ...], size: tuple[int, ...] = ()) -> GoldenAnswer:
    # An array of nothing is no C++.
    return GoldenAnswer(rows, (name if items else "nullptr", str(len(items)), *map(str, size)))


def _frame_size(annotated: AnnotatedModel, case: GoldenCase) -> tuple[int, int]:
    """That of the picture; a ready tensor is a picture of its own size."""
    from PIL import Image

    from packager.golden.cases import Picture
    from packager.tasks.boxes import Boxes
    from packager.tasks.keypoints import Keypoints

    assert isinstance(annotated.answer, Boxes | Keypoints)
    if not isinstance(case.given, Picture):
        return annotated.answer.input_size
    with Image.open(io.BytesIO(case.given.png)) as picture:
        return picture.size


def _float(value: float) -> str:
    import numpy as np

    return literals(np.array(value, np.float32))[0]


def _detection(item: Detection) -> str:
    return f"{{{item.index}, {_float(item.score)}, {{{', '.join(map(_float, item.box))}}}}},"


def _pose(pose: Pose) -> Iterator[str]:
    yield f"{{{_float(pose.score)},"
    for number, point in enumerate(pose.keypoints):
        start = "{" if number == 0 else ""
        end = "}}," if number == len(pose.keypoints) - 1 else ","
        yield f" {start or ' '}{{{_float(point.x)}, {_float(point.y)}, {_float(point.score)}}}{end}"


def _sampled(answer: Segmentation) -> tuple[int, Array]:
    """Every so many-th pixel of a golden mask, across and down."""
    step = max(1, math.ceil(math.sqrt(answer.mask.size / _MOST_MASK_PIXELS)))
    return step, answer.mask[::step, ::step]
