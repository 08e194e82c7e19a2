"""What inputs and outputs are for each task: by shape, by head, by number of labels; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packager.errors import MetadataError
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata
from packager.model import Model, parse_model, read_model
from packager.tasks import AnswerKind, ChannelOrder, Head, InputKind, Task
from tests.models import T, ports

Shape = tuple[int, ...]
NHWC, NCHW, GRAY = (1, 64, 96, 3), (1, 3, 64, 96), (1, 1, 64, 96)
SSD = ((1, 10, 4), (1, 10), (1, 10), (1,))
DETECT, SEGMENT, POSE = Task.OBJECT_DETECTION, Task.IMAGE_SEGMENTATION, Task.POSE


def model_of(image: Shape, *outputs: Shape | T) -> Model:
    return parse_model(
        ports((T("", image),), tuple(item if isinstance(item, T) else T("", item) for item in outputs))
    )


def annotation_of(folder: Path, task: Task, labels: int = 0, **given: Any) -> Annotation:
    files: tuple[LabelFile, ...] = ()
    if labels:
        path = folder / "labels.json"
        path.write_text(json.dumps([f"label {number}" for number in range(labels)]))
        files = (LabelFile(path),)
    normalization = {"mean": (0.0,), "std": (255.0,)} if task.input is InputKind.IMAGE else {}
    return Annotation(task, files, **{**normalization, **given})


def attach(folder: Path, model: Model, task: Task, labels: int = 0, **given: Any) -> ModelMetadata:
    annotation = annotation_of(folder, task, labels, **given)
    data = annotate(model, annotation)
    again = parse_model(data)
    assert annotate(again, annotation) == annotate(again, Annotation()) == data
    metadata = read_metadata(again)
    assert metadata is not None
    return metadata


@pytest.mark.parametrize(
    ("task", "outputs", "labels", "given", "head", "names"),
    [
        (DETECT, SSD, 3, {}, Head.SSD, ("location", "category", "score", "number of detections")),
        (DETECT, SSD, 0, {}, Head.SSD, ("location", "category", "score", "number of detections")),
        (DETECT, [(1, 84, 8400)], 80, {}, Head.YOLO_V8, ("detections",)),
        (DETECT, [(1, 84, 8400)], 0, {}, Head.YOLO_V8, ("detections",)),
        (DETECT, [(1, 25200, 85)], 80, {}, Head.YOLO_V5, ("detections",)),
        (DETECT, [(1, 300, 6)], 80, {}, Head.END_TO_END, ("detections",)),
        (DETECT, [(1, 6300, 6)], 1, {"head": Head.YOLO_V5}, Head.YOLO_V5, ("detections",)),
        (DETECT, [(1, 6300, 6)], 1, {"head": Head.END_TO_END}, Head.END_TO_END, ("detections",)),
        (DETECT, [(1, 84, 84)], 79, {}, Head.YOLO_V5, ("detections",)),
        # More classes than candidates, and no labels: what is said counts.
        (DETECT, [(1, 204, 84)], 0, {"head": Head.YOLO_V8}, Head.YOLO_V8, ("detections",)),
        (DETECT, [(1, 204, 84)], 0, {}, Head.YOLO_V5, ("detections",)),
        (DETECT, [(1, 204, 84)], 200, {}, Head.YOLO_V8, ("detections",)),
        (DETECT, [(1, 8, 12, 3)], 2, {}, Head.FOMO, ("grid",)),
        (SEGMENT, [(1, 64, 96, 21)], 21, {}, None, ("segmentation_masks",)),
        (SEGMENT, [(1, 64, 96, 21)], 0, {}, None, ("segmentation_masks",)),
        (SEGMENT, [T("", (1, 64, 96), "int64")], 21, {}, None, ("segmentation_masks",)),
        (SEGMENT, [T("", (1, 64, 96, 1), "uint8")], 5, {}, None, ("segmentation_masks",)),
        (SEGMENT, [(1, 64, 96, 1)], 2, {}, None, ("segmentation_masks",)),
        (SEGMENT, [T("", (1, 64, 96), "int8", 1 / 256, -128)], 2, {}, None, ("segmentation_masks",)),
        (SEGMENT, [(1, 8, 12, 3)], 3, {}, None, ("segmentation_masks",)),
        (POSE, [(1, 1, 17, 3)], 0, {}, Head.MOVENET, ("poses",)),
        (POSE, [(1, 1, 4, 3)], 4, {"points": 4}, Head.MOVENET, ("poses",)),
        (POSE, [(1, 6, 56)], 17, {}, Head.MOVENET_MULTIPOSE, ("poses",)),
        (POSE, [(1, 56, 8400)], 17, {}, Head.YOLO_POSE, ("poses",)),
        (POSE, [(1, 63)], 21, {"points": 21}, Head.LANDMARKS, ("poses",)),
        (POSE, [(1, 1, 1, 1404), (1, 1, 1, 1)], 0, {"points": 468}, Head.LANDMARKS, ("poses", "")),
        (Task.IMAGE_TO_TENSORS, [(1, 1280), (1, 7, 7, 2)], 0, {}, None, ("", "")),
        (Task.IMAGE_CLASSIFICATION, [(1, 5)], 5, {}, None, ("probability",)),
    ],
)
@pytest.mark.parametrize("image", [NHWC, NCHW])
def test_outputs(
    tmp_path: Path,
    image: Shape,
    task: Task,
    outputs: list[Shape | T],
    labels: int,
    given: dict[str, Any],
    head: Head | None,
    names: tuple[str, ...],
) -> None:
    metadata = attach(tmp_path, model_of(image, *outputs), task, labels, **given)
    assert (metadata.task, metadata.head) == (task, head)
    assert tuple(item.name for item in metadata.outputs) == names
    assert (metadata.inputs[0].name, metadata.inputs[0].color_space) == ("image", "RGB")
    found = [items for item in metadata.outputs if (items := item.labels()) is not None]
    assert [len(items) for items in found] == ([labels] if labels else [])


@pytest.mark.parametrize(
    ("task", "outputs", "kind"),
    [
        (DETECT, SSD, "TENSOR_VALUE_LABELS"),
        (DETECT, [(1, 300, 6)], "TENSOR_VALUE_LABELS"),
        (DETECT, [(1, 7, 8400)], "TENSOR_AXIS_LABELS"),
        (SEGMENT, [(1, 64, 96, 3)], "TENSOR_AXIS_LABELS"),
        (SEGMENT, [T("", (1, 64, 96), "int64")], "TENSOR_VALUE_LABELS"),
    ],
)
def test_labels_of_an_axis_and_of_values(tmp_path: Path, task: Task, outputs: list[Shape | T], kind: str) -> None:
    metadata = attach(tmp_path, model_of(NHWC, *outputs), task, 3)
    assert [file.kind for item in metadata.outputs for file in item.files] == [kind]


def test_a_planar_gray_picture(tmp_path: Path) -> None:
    metadata = attach(tmp_path, model_of(GRAY, (1, 4)), Task.IMAGE_CLASSIFICATION, 4)
    assert (metadata.inputs[0].color_space, metadata.inputs[0].mean) == ("GRAYSCALE", (0.0,))


def test_labels_on_any_scores(tmp_path: Path) -> None:
    model = parse_model(ports((T("", (1, 49, 10)), T("", (1, 2))), (T("", (1, 12)), T("", (1, 8)))))
    metadata = attach(tmp_path, model, Task.TENSOR_CLASSIFICATION, 12, threshold=0.5)
    assert [item.name for item in metadata.outputs] == ["probability", ""]
    assert (len(metadata.outputs[0].labels() or ()), metadata.threshold) == (12, 0.5)


@pytest.mark.parametrize(
    ("task", "image", "outputs", "labels", "given", "what", "fix"),
    [
        (
            DETECT,
            NHWC,
            [(1, 6300, 6)],
            1,
            {},
            "its output [1, 6300, 6] could be that of end-to-end or yolo-v5",
            "Say which one the model has: Annotation(head=Head.END_TO_END) or Annotation(head=Head.YOLO_V5).",
        ),
        (DETECT, NHWC, [(1, 84, 84)], 0, {}, "could be that of yolo-v8 or yolo-v5", "head=Head.YOLO_V5"),
        (
            DETECT,
            NHWC,
            [(1, 84, 8400)],
            80,
            {"head": Head.YOLO_V5},
            "Annotation.head yolo-v5 does not fit the model: what it answers with, [1, 84, 8400], fits yolo-v8",
            "Leave it out, or set Annotation.head to yolo-v8.",
        ),
        (DETECT, NHWC, [(1, 10)], 0, {"head": Head.FOMO}, "is of no head of this task", "Leave it out."),
        (POSE, NHWC, [(1, 1, 17, 3)], 0, {"head": Head.SSD}, "fits movenet", "head to movenet."),
        (DETECT, NHWC, [(1, 10)], 0, {}, "object-detection takes a model with the four outputs of", "TENSORS"),
        (DETECT, NHWC, [(1, 84, 8400)], 79, {}, "79 labels, and the output has 80 classes", "Add the class"),
        (DETECT, NHWC, [(1, 6300, 6)], 80, {"head": Head.YOLO_V5}, "the output has 1 class", "belongs to this model"),
        (SEGMENT, NHWC, [(1, 64, 96, 21)], 20, {}, "20 labels, and the output has 21 classes", "Add the class"),
        (SEGMENT, NHWC, [(1, 64, 96, 1)], 1, {}, "1 label, and the output has 2 classes", "Add the class"),
        (SEGMENT, NHWC, [(1, 21)], 0, {}, "[1, height, width, classes] or [1, height, width], and", "TENSORS"),
        (POSE, NHWC, [(1, 64, 96, 21)], 0, {}, "pose takes a model with one output of [1, 1, points, 3]", "TENSORS"),
        (POSE, NHWC, [(1, 63)], 0, {}, "how many points its landmarks have is not given", "(points=21)"),
        (POSE, NHWC, [(1, 63)], 0, {"points": 17}, "Annotation.points is 17, and its outputs [1, 63] hold", "Give"),
        (POSE, NHWC, [(1, 1, 17, 3)], 0, {"points": 21}, "of the head movenet has 17", "Leave it out"),
        (POSE, NHWC, [(1, 1, 17, 3)], 21, {}, "21 labels, and the output has 17 points", "belongs to this model"),
        (DETECT, (1, 64), [(1, 84, 8400)], 0, {}, "or for gray 1 channel or none, and this one [1, 64]", "TENSORS"),
        (SEGMENT, GRAY, [(1, 64, 96, 3)], 0, {"channels": ChannelOrder.BGR}, "the image input is gray", "Leave it"),
        (Task.TENSOR_CLASSIFICATION, NHWC, [(1, 5)], 0, {}, "no labels are given", "labels.txt"),
    ],
)
def test_refused(
    tmp_path: Path,
    task: Task,
    image: Shape,
    outputs: list[Shape | T],
    labels: int,
    given: dict[str, Any],
    what: str,
    fix: str,
) -> None:
    with pytest.raises(MetadataError) as caught:
        annotate(model_of(image, *outputs), annotation_of(tmp_path, task, labels, **given))
    assert what in caught.value.what
    assert fix in (caught.value.fix or "")


def test_a_head_is_kept_with_its_task(tmp_path: Path) -> None:
    data = annotate(model_of(NHWC, (1, 6300, 6)), annotation_of(tmp_path, DETECT, 1, head=Head.YOLO_V5))
    renamed = read_metadata(parse_model(annotate(parse_model(data), Annotation(name="n"))))
    assert renamed is not None
    assert (renamed.head, renamed.name) == (Head.YOLO_V5, "n")
    other = read_metadata(parse_model(annotate(parse_model(data), Annotation(Task.IMAGE_TO_TENSORS))))
    assert other is not None
    assert other.head is None


# Which kinds each setting is about: stated once more, on purpose.
ABOUT: dict[str, set[InputKind | AnswerKind]] = {
    **{name: {InputKind.IMAGE} for name in ("mean", "std", "crop", "resize", "pad", "channels")},
    "activation": {AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK},
    "head": {AnswerKind.BOXES, AnswerKind.KEYPOINTS},
    "threshold": {AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS},
    "iou": {AnswerKind.BOXES, AnswerKind.KEYPOINTS},
    "points": {AnswerKind.KEYPOINTS},
}
VALUES = {
    "mean": (0.0,),
    "std": (1.0,),
    "crop": "letterbox",
    "resize": "bilinear",
    "pad": 114,
    "channels": "bgr",
    "activation": "softmax",
    "head": "ssd",
    "threshold": 0.5,
    "iou": 0.5,
    "points": 17,
}


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("name", ABOUT)
def test_settings_go_with_kinds(task: Task, name: str) -> None:
    from typing import get_args, get_type_hints

    kind = next(iter(get_args(get_type_hints(Annotation)[name])))
    value = kind(VALUES[name]) if isinstance(VALUES[name], str) else VALUES[name]
    with pytest.raises(MetadataError) as caught:
        annotate(model_of((1, 2), (3, 4)), Annotation(task, **{name: value}))  # type: ignore[arg-type]
    refused = f"Annotation.{name} does not go with the task {task}" in caught.value.what
    assert refused == (not {task.input, task.answer} & ABOUT[name])
    if refused:
        fitting = [item for item in Task if {item.input, item.answer} & ABOUT[name]]
        assert caught.value.fix == f"Leave it out, or set Annotation.task to {' or '.join(fitting)}."


def test_real_models(models: Path, tmp_path: Path) -> None:
    labels = tmp_path / "voc.txt"
    lines = (models / "pascal_voc_segmentation_labels.txt").read_text().splitlines()
    labels.write_text("\n".join(lines[:21]))
    coral = read_model(models / "deeplabv3_mnv2_dm05_pascal_quant.tflite")
    metadata = read_metadata(parse_model(annotate(coral, Annotation(SEGMENT, (LabelFile(labels),)))))
    assert metadata is not None
    assert metadata.outputs[0].labels() == tuple(lines[:21])
    movenet = read_model(models / "movenet_single_pose_lightning_ptq.tflite")
    # Its uint8 input stands for the pixels: nothing but the task needs saying.
    metadata = read_metadata(parse_model(annotate(movenet, Annotation(POSE))))
    assert metadata is not None
    assert (metadata.head, metadata.inputs[0].mean, metadata.inputs[0].std) == (Head.MOVENET, (0.0,), (1.0,))
