"""The annotated model: what a target sees of a model and its metadata, whoever wrote that."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.errors import MetadataError, ModelError
from packager.initial import propose
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import embed
from packager.metadata.schema import OBJECTS, AssociatedFileType, ContentProperties, ProcessUnitOptions
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import Model, Quantization, Tensor, parse_model, read_model
from packager.targets.litert import asset_files
from packager.tasks import CropMode, Head, Task
from packager.tasks.boxes import Boxes
from packager.tasks.image import ImageInput, lookup_table
from packager.tasks.mask import Mask
from tests import hand_made
from tests.conftest import HOSTILE_LABELS, PROJECT
from tests.tasks import shapes
from tests.test_model_reader import build

DIGITS = PROJECT / "examples" / "digits" / "digits.tflite"
SINE = PROJECT / "examples" / "sine" / "sine.tflite"


def annotated(path: Path, annotation: Annotation) -> AnnotatedModel:
    return annotated_model(parse_model(annotate(read_model(path), annotation), path))


def test_a_model_without_metadata() -> None:
    found = read_annotated(SINE)
    assert (found.name, found.task, found.input.kind, found.answer.kind, found.labels) == (
        "sine",
        Task.TENSORS,
        "tensors",
        "tensors",
        (),
    )
    assert [(port.name, port.title, port.description) for port in (*found.inputs, *found.outputs)] == [
        ("input", "serving_default_x:0", ""),
        ("output", "StatefulPartitionedCall:0", ""),
    ]
    assert asset_files(found) == {"model.tflite": SINE.read_bytes()}


def test_names_from_the_metadata() -> None:
    specs: dict[str, Any] = {"inputs": (TensorSpec("The Angle", "In radians."),), "outputs": (TensorSpec("class"),)}
    found = annotated(SINE, Annotation(task=Task.TENSORS, name="Sine wave", **specs))
    assert found.name == "Sine wave"
    assert [(port.name, port.title, port.description) for port in (*found.inputs, *found.outputs)] == [
        ("the_angle", "The Angle", "In radians."),
        ("class_model", "class", ""),
    ]


def test_a_classifier(examples: Path) -> None:
    found = annotated(
        DIGITS,
        Annotation(
            task=Task.IMAGE_CLASSIFICATION,
            labels=(LabelFile(examples / "digits" / "labels.txt"),),
            mean=(0.0,),
            std=(255.0,),
            crop=CropMode.LETTERBOX,
        ),
    )
    assert found.answer.kind == "classes"
    assert found.labels == tuple("0123456789")
    image = found.input
    assert isinstance(image, ImageInput)
    assert (image.width, image.height, image.channels, image.crop) == (28, 28, 1, CropMode.LETTERBOX)
    assert (image.mean, image.std, image.tensor) == ((0.0,), (255.0,), found.inputs[0].tensor)
    files = asset_files(found)
    assert list(files) == ["model.tflite", "labels.json", "input_table.bin"]
    assert files["model.tflite"] == found.model.data
    assert json.loads(files["labels.json"]) == list("0123456789")
    np.testing.assert_array_equal(np.frombuffer(files["input_table.bin"], "<i1").reshape(1, 256), lookup_table(image))


def test_assets_keep_hostile_labels(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(HOSTILE_LABELS))
    labels = (LabelFile(tmp_path / "labels.json"),)
    found = annotated(DIGITS, Annotation(Task.IMAGE_CLASSIFICATION, labels, (0.0,), (255.0,)))
    assert found.labels == tuple(HOSTILE_LABELS)
    assert json.loads(asset_files(found)["labels.json"]) == HOSTILE_LABELS


def test_many_tensors_are_called_by_their_names(models: Path) -> None:
    found = read_annotated(models / "ssd_mobilenet_v1_no_metadata.tflite")
    assert [port.name for port in found.inputs] == ["input"]
    assert [port.name for port in found.outputs] == [
        "tflite_detection_postprocess",
        "tflite_detection_postprocess_1",
        "tflite_detection_postprocess_2",
        "tflite_detection_postprocess_3",
    ]


# --- metadata that other tools wrote ----------------------------------------


@pytest.mark.parametrize(
    ("name", "task", "labels"),
    [
        ("mobilenet_v2_1.0_224_quant", Task.IMAGE_CLASSIFICATION, 1001),
        ("mobilenet_v1_0.25_224_1_metadata_1", Task.IMAGE_CLASSIFICATION, 1001),
        ("deeplabv3", Task.IMAGE_SEGMENTATION, 21),
        ("yamnet_audio_classifier_with_metadata", Task.AUDIO_CLASSIFICATION, 521),
        ("movie_review", Task.TENSORS, 0),
        ("hello_world_int8", Task.TENSORS, 0),
    ],
)
def test_foreign_metadata(models: Path, name: str, task: Task, labels: int) -> None:
    found = read_annotated(models / f"{name}.tflite")
    assert (found.task, len(found.labels)) == (task, labels)
    assert (found.answer.kind == "classes") == (task in (Task.IMAGE_CLASSIFICATION, Task.AUDIO_CLASSIFICATION))


def test_foreign_classifiers(models: Path) -> None:
    quantized = read_annotated(models / "mobilenet_v2_1.0_224_quant.tflite").input
    floating = read_annotated(models / "mobilenet_v1_0.25_224_1_metadata_1.tflite").input
    assert isinstance(quantized, ImageInput)
    assert isinstance(floating, ImageInput)
    for image in (quantized, floating):
        assert (image.width, image.height, image.channels, image.crop) == (224, 224, 3, CropMode.STRETCH)
    assert (floating.mean, floating.std) == ((127.5,) * 3, (127.5,) * 3)
    np.testing.assert_array_equal(lookup_table(quantized), np.tile(np.arange(256, dtype=np.uint8), (3, 1)))


def foreign(
    model: Model,
    *,
    labels: int | None = 10,
    mean: tuple[float, ...] | None = (0.0,),
    std: tuple[float, ...] | None = (255.0,),
    inputs: int = 1,
    outputs: int = 1,
    names: tuple[str, ...] = (),
) -> Model:
    """``model`` with a classifier's metadata as the schema lets anybody write it, right or wrong."""
    image = OBJECTS.TensorMetadataT()
    image.content = OBJECTS.ContentT()
    image.content.contentPropertiesType = ContentProperties.ImageProperties
    image.content.contentProperties = OBJECTS.ImagePropertiesT()
    if mean is not None or std is not None:
        unit = OBJECTS.ProcessUnitT()
        unit.optionsType = ProcessUnitOptions.NormalizationOptions
        unit.options = OBJECTS.NormalizationOptionsT()
        unit.options.mean, unit.options.std = mean, std
        image.processUnits = [unit]
    files = {}
    classes = OBJECTS.TensorMetadataT()
    if labels is not None:
        entry = OBJECTS.AssociatedFileT()
        entry.name, entry.type = "labels.txt", AssociatedFileType.TENSOR_AXIS_LABELS
        classes.associatedFiles = [entry]
        files["labels.txt"] = "".join(f"label {number}\n" for number in range(labels)).encode()
    graph = OBJECTS.SubGraphMetadataT()
    graph.inputTensorMetadata = [image] * inputs
    graph.outputTensorMetadata = [classes] * outputs
    for tensor, name in zip((image, classes), names, strict=False):
        tensor.name = name
    metadata = OBJECTS.ModelMetadataT()
    metadata.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(metadata.Pack(builder), b"M001")
    return parse_model(embed(model.data, bytes(builder.Output()), files), model.path)


def test_the_helper_writes_a_good_classifier() -> None:
    found = annotated_model(foreign(read_model(DIGITS)))
    assert found.answer.kind == "classes"
    assert found.labels[9] == "label 9"
    assert isinstance(found.input, ImageInput)
    assert (found.input.mean, found.input.std) == ((0.0,), (255.0,))


@pytest.mark.parametrize(("mean", "std"), [(None, None), ((), ()), ((0.0,), None)])
def test_an_integer_input_needs_no_normalization(mean: Any, std: Any) -> None:
    found = annotated_model(foreign(read_model(DIGITS), mean=mean, std=std))
    assert isinstance(found.input, ImageInput)
    assert (found.input.mean, found.input.std) == ((0.0,), (1.0,))


def test_equal_names_are_told_apart() -> None:
    model = read_model(DIGITS)
    main = replace(model.main, inputs=model.main.inputs * 2, outputs=model.main.outputs * 3)
    found = annotated_model(replace(model, subgraphs=(main,)))
    assert [port.name for port in found.inputs] == ["serving_default_image_0", "serving_default_image_0_2"]
    assert [port.name for port in found.outputs] == [
        "statefulpartitionedcall_0",
        "statefulpartitionedcall_0_2",
        "statefulpartitionedcall_0_3",
    ]


def test_metadata_of_another_number_of_tensors_is_left_out() -> None:
    """It cannot be told which entry is whose."""
    model = foreign(read_model(SINE), inputs=2, outputs=2, labels=None, names=("first", "second"))
    found = annotated_model(model)
    assert (found.task, found.inputs[0].name, found.outputs[0].name) == (Task.TENSORS, "input", "output")


@pytest.mark.parametrize("sides", [(1, 10, 5), (1, 5, 10), (10, 1), ()])
def test_labels_at_an_output_that_is_no_list_of_classes_make_no_classifier(sides: tuple[int, ...]) -> None:
    """YOLO's own metadata labels its boxes so, and says nothing of a task."""
    model = foreign(read_model(DIGITS))
    index = model.main.outputs[0]
    tensor = replace(model.outputs[0], shape=sides, shape_signature=sides)
    tensors = (*model.main.tensors[:index], tensor, *model.main.tensors[index + 1 :])
    boxes = replace(model, subgraphs=(replace(model.main, tensors=tensors),))
    assert (annotated_model(model).task, annotated_model(boxes).task) == (Task.IMAGE_CLASSIFICATION, Task.TENSORS)


@pytest.mark.parametrize(
    ("names", "ports"),
    [
        (("鳥", "犬"), ["niao", "quan"]),
        (("日本", "日本語"), ["riben", "ribenyu"]),
        (("\ue000", "\ue001"), ["input_d3bff2", "input_5af0ac"]),
        (("", ""), ["input", "input_2"]),
        ((" ", "input"), ["input", "input_2"]),
        (("a_1", "a-1"), ["a_1", "a_1_2"]),
        (("self", "SELF"), ["self_model", "self_model_2"]),
        (("x" * 100_000, "x" * 100_001), ["x" * 100, "x" * 100 + "_2"]),
        (("鳥",), ["input"]),
    ],
)
def test_names_of_inputs(names: tuple[str, ...], ports: list[str], tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(hand_made.named(names))
    assert [port.name for port in read_annotated(path).inputs] == ports
    assert [line.name for line in propose(path, tmp_path).inputs] == ports


def test_hostile_names_become_identifiers() -> None:
    for text in HOSTILE_LABELS:
        found = annotated_model(foreign(read_model(DIGITS), names=(text, text)))
        assert found.inputs[0].title == text
        assert found.inputs[0].name.isidentifier()
        assert found.inputs[0].name.isascii()


# --- a task is an input kind and an answer kind ----------------------------------------


PICTURE, VECTOR = (1, 64, 96, 3), (1, 128)
SSD: list[tuple[int, ...]] = [(1, 10, 4), (1, 10), (1, 10), (1,)]


def labelled(count: int) -> tuple[TensorMetadata, ...]:
    text = "".join(f"label {number}\n" for number in range(count)).encode()
    return (TensorMetadata(files=(AssociatedFile("labels.txt", "", "TENSOR_AXIS_LABELS", "", text),)),)


def resolve(
    monkeypatch: pytest.MonkeyPatch,
    metadata: ModelMetadata,
    outputs: Sequence[tuple[int, ...] | Tensor],
    inputs: Sequence[tuple[int, ...]] = (PICTURE,),
) -> AnnotatedModel:
    normalized = tuple(TensorMetadata(mean=(0.0,), std=(255.0,), sample_rate=16_000) for _ in inputs)
    monkeypatch.setattr("packager.annotated.read_metadata", lambda _: replace(metadata, inputs=normalized))
    return annotated_model(shapes.model(outputs, inputs))


@pytest.mark.parametrize(
    ("task", "inputs", "outputs", "labels", "input_kind", "answer_kind"),
    [
        (Task.IMAGE_CLASSIFICATION, [PICTURE], [(1, 10)], 10, "image", "classes"),
        (Task.OBJECT_DETECTION, [PICTURE], SSD, 90, "image", "boxes"),
        (Task.OBJECT_DETECTION, [(1, 3, 64, 96)], [(1, 84, 8400)], 80, "image", "boxes"),
        (Task.IMAGE_SEGMENTATION, [PICTURE], [(1, 64, 96, 21)], 21, "image", "mask"),
        (Task.POSE, [PICTURE], [(1, 1, 17, 3)], 0, "image", "keypoints"),
        (Task.IMAGE_TO_TENSORS, [PICTURE], [(1, 64, 96, 1), (1, 7)], 0, "image", "tensors"),
        (Task.TENSOR_CLASSIFICATION, [VECTOR], [(1, 10)], 10, "tensors", "classes"),
        (Task.TENSOR_CLASSIFICATION, [VECTOR, (1, 3)], [(1, 10)], 10, "tensors", "classes"),
        (Task.AUDIO_CLASSIFICATION, [(1, 15600)], [(1, 10), (1, 64)], 10, "audio", "classes"),
        (Task.TENSORS, [VECTOR, VECTOR], [(1, 2), (3,)], 0, "tensors", "tensors"),
    ],
)
def test_kinds_of_tasks(
    task: Task,
    inputs: list[tuple[int, ...]],
    outputs: list[tuple[int, ...]],
    labels: int,
    input_kind: str,
    answer_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata = ModelMetadata(task=task, outputs=labelled(labels) if labels else ())
    found = resolve(monkeypatch, metadata, outputs, inputs)
    assert (found.task, found.input.kind, found.answer.kind) == (task, input_kind, answer_kind)
    files = asset_files(found)
    assert ("input_table.bin" in files) == (input_kind == "image")
    assert ("labels.json" in files) == (answer_kind in ("classes", "boxes", "mask"))
    plain = found.as_tensors()
    assert (plain.input.kind, plain.answer.kind) == ("tensors", "tensors")


@pytest.mark.parametrize(
    ("task", "outputs"),
    [
        (Task.IMAGE_CLASSIFICATION, [(1, 5, 10)]),
        (Task.OBJECT_DETECTION, [(1, 896, 16), (1, 896, 1)]),
        (Task.IMAGE_SEGMENTATION, [(1, 10)]),
        (Task.IMAGE_SEGMENTATION, [(1, 4, 4, 2), (1, 2)]),
    ],
)
def test_what_others_metadata_seem_to_say_need_not_be(
    task: Task, outputs: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = resolve(monkeypatch, ModelMetadata(task=task, outputs=labelled(10)), outputs)
    assert (found.task, found.input.kind, found.answer.kind) == (Task.TENSORS, "tensors", "tensors")


@pytest.mark.parametrize(
    ("metadata", "outputs", "what"),
    [
        (
            ModelMetadata(task=Task.OBJECT_DETECTION, head=Head.YOLO_V8),
            SSD,
            "its outputs [1, 10, 4] and [1, 10] and [1, 10] and [1] are not those of the head yolo-v8 for "
            "object-detection",
        ),
        (
            ModelMetadata(task=Task.OBJECT_DETECTION, head=Head.MOVENET),
            [(1, 1, 17, 3)],
            "its outputs [1, 1, 17, 3] are not those of the head movenet for object-detection",
        ),
        (
            ModelMetadata(task=Task.POSE, head=Head.YOLO_V8),
            [(1, 84, 8400)],
            "its outputs [1, 84, 8400] are not those of the head yolo-v8 for pose",
        ),
        (
            ModelMetadata(task=Task.POSE),
            [(1, 84, 8400)],
            "its outputs [1, 84, 8400] are not those of any head for pose",
        ),
        (
            ModelMetadata(task=Task.IMAGE_SEGMENTATION, outputs=labelled(3)),
            [(1, 64, 96, 21)],
            "its metadata holds 3 labels for 21 classes",
        ),
        (
            ModelMetadata(task=Task.TENSOR_CLASSIFICATION, outputs=labelled(10)),
            [shapes.tensor((1, 10), "string", name="words")],
            "tensor-classification reads numbers, and its output 'words' is of string",
        ),
    ],
)
def test_tasks_that_do_not_fit(
    metadata: ModelMetadata, outputs: list[Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MetadataError) as caught:
        resolve(monkeypatch, metadata, outputs)
    assert (caught.value.what, caught.value.where) == (what, "shapes.tflite")
    assert "metadata attach" in (caught.value.fix or "")


def test_attached_detectors_and_segmenters(models: Path, tmp_path: Path) -> None:
    pictures: dict[str, Any] = {"mean": (127.5,), "std": (127.5,)}
    for name, task, labels, kind in (
        ("ssd_mobilenet_v1_no_metadata", Task.OBJECT_DETECTION, models / "coco_labels.txt", Boxes),
        ("deeplabv3", Task.IMAGE_SEGMENTATION, tmp_path / "labels.txt", Mask),
    ):
        voc = (models / "pascal_voc_segmentation_labels.txt").read_text().splitlines()[:21]
        (tmp_path / "labels.txt").write_text("\n".join(voc))
        found = annotated(models / f"{name}.tflite", Annotation(task, (LabelFile(labels),), **pictures))
        assert isinstance(found.answer, kind)
        assert found.answer.labels.default == found.labels
        assert len(found.labels) == (90 if kind is Boxes else 21)


# --- what is refused ----------------------------------------


def changed(model: Model | None = None, **fields: Any) -> Model:
    """``model``, or the digits model with a good classifier's metadata, with another input tensor; not to be run."""
    model = foreign(read_model(DIGITS)) if model is None else model
    index = model.main.inputs[0]
    tensor = replace(model.inputs[0], **fields)
    tensors = (*model.main.tensors[:index], tensor, *model.main.tensors[index + 1 :])
    return replace(model, subgraphs=(replace(model.main, tensors=tensors),))


def shape(*sides: int) -> dict[str, Any]:
    return {"shape": sides, "shape_signature": sides}


SHAPE = (
    "an image input is [1, height, width, 1 or 3], [1, 1 or 3, height, width] or, gray, [1, height, width], and this "
    "one is "
)
NORMALIZATION = "its normalization does not fit its channels, or has a std of 0"
REFUSED = [
    (lambda: foreign(read_model(DIGITS), labels=9), "its metadata holds 9 labels for 10 classes"),
    (lambda: foreign(read_model(DIGITS), labels=11), "its metadata holds 11 labels for 10 classes"),
    (lambda: changed(**shape(1, 28)), SHAPE + "[1, 28]"),
    (lambda: changed(**shape(2, 28, 28)), SHAPE + "[2, 28, 28]"),
    (lambda: changed(**shape()), SHAPE + "[]"),
    (lambda: changed(**shape(2, 28, 28, 1)), SHAPE + "[2, 28, 28, 1]"),
    (lambda: changed(**shape(1, 28, 28, 4)), SHAPE + "[1, 28, 28, 4]"),
    (lambda: changed(**shape(1, 0, 28, 1)), SHAPE + "[1, 0, 28, 1]"),
    (lambda: changed(**shape(1, -28, 28, 1)), SHAPE + "[1, -28, 28, 1]"),
    (lambda: changed(shape=(1, 1, 1, 1), shape_signature=(1, -1, -1, 1)), SHAPE + "[1, -1, -1, 1]"),
    (lambda: changed(dtype="int16"), "an image input of int16 is not supported"),
    (lambda: changed(dtype="string"), "an image input of string is not supported"),
    (lambda: changed(quantization=None), "its int8 image input has no scale and zero point"),
    (
        lambda: changed(quantization=Quantization((0.0,), (0,), None)),
        "its int8 image input has no scale and zero point",
    ),
    (
        lambda: changed(foreign(read_model(DIGITS), mean=None, std=None), dtype="float32", quantization=None),
        "a float image model needs its normalization, and its metadata holds none",
    ),
    (lambda: foreign(read_model(DIGITS), std=(0.0,)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), mean=(0.0, 0.0, 0.0)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), std=(1.0, 1.0)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), mean=(float("nan"),)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), std=(float("nan"),)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), mean=(float("inf"),)), NORMALIZATION),
    (lambda: foreign(read_model(DIGITS), mean=(3e38,), std=(1e-5,)), NORMALIZATION),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[f"{i}: {item[1][:40]}" for i, item in enumerate(REFUSED)])
def test_incomplete_classifiers(make: Any, message: str) -> None:
    model = make()
    with pytest.raises(MetadataError) as caught:
        annotated_model(model)
    assert (caught.value.what, caught.value.where) == (message, str(DIGITS))
    assert caught.value.fix


def test_a_classifier_with_two_inputs() -> None:
    model = foreign(read_model(DIGITS))
    twice = replace(model, subgraphs=(replace(model.main, inputs=model.main.inputs * 2),))
    with pytest.raises(MetadataError, match="a model that takes a picture has one input, and this one has 2"):
        annotated_model(twice)


def test_a_model_without_outputs() -> None:
    model = parse_model(build())
    assert annotated_model(model).outputs
    with pytest.raises(ModelError, match="has no outputs"):
        annotated_model(replace(model, subgraphs=(replace(model.main, outputs=()),)))


def test_damaged_metadata() -> None:
    data = bytearray(foreign(read_model(DIGITS)).data)
    # The root of the metadata now points far behind its end.
    start = data.index(b"M001") - 4
    data[start : start + 4] = struct.pack("<I", 0x7FFF_0000)
    with pytest.raises(MetadataError, match="its metadata is damaged"):
        annotated_model(parse_model(bytes(data)))
