"""`metadata attach`: what goes in by task, what is kept, what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packager.errors import MetadataError, ModelError, PackagerError, WriteError
from packager.metadata.attach import (
    Annotation,
    LabelFile,
    TensorSpec,
    annotate,
    attach_metadata,
)
from packager.metadata.embedding import embed
from packager.metadata.export import export_metadata
from packager.metadata.reader import read_metadata
from packager.metadata.schema import OBJECTS, finish_metadata, unpack_metadata
from packager.metadata.view import ModelMetadata
from packager.model import Model, parse_model, read_model
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from tests.conftest import REAL_MODELS, tflite_support
from tests.hand_made import IMAGE, SCORES, classifier
from tests.metadata.test_archive import Entry, raw_zip
from tests.metadata.test_labels import HOSTILE
from tests.models import T, pack, ports, unpack

CLASSIFY = Task.IMAGE_CLASSIFICATION


@pytest.fixture
def labels(tmp_path: Path) -> Callable[..., LabelFile]:
    """Writes a label file: labels(3) has three labels, labels("a", "b") these two."""

    def write(*content: str | int, locale: str = "") -> LabelFile:
        first = content[0]
        lines = [f"label {number}" for number in range(first)] if isinstance(first, int) else content
        path = tmp_path / f"any name {len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(lines))
        return LabelFile(path, locale)

    return write


def read(data: bytes) -> ModelMetadata:
    metadata = read_metadata(parse_model(data))
    assert metadata is not None
    return metadata


def again(data: bytes, annotation: Annotation) -> bytes:
    return annotate(parse_model(data), annotation)


# --- What goes in ----------------------------------------------------------------------------------------------


def test_an_image_classifier(labels: Callable[..., LabelFile]) -> None:
    annotation = Annotation(
        task=CLASSIFY,
        labels=(labels("Katze", "Hund", "Maus", locale="de"), labels("cat", "dog", "mouse")),
        mean=(123.675, 116.28, 103.53),
        std=(58.395,),
        crop=CropMode.CENTER_CROP,
        name="Pets",
        version="1.2",
        author="me",
        license="MIT",
        description="Tells pets apart.",
        inputs=(TensorSpec(name="photo"),),
        outputs=(TensorSpec(description="How sure."),),
    )
    metadata = read(annotate(classifier(), annotation))
    assert dataclasses.replace(metadata, inputs=(), outputs=()) == ModelMetadata(
        name="Pets",
        version="1.2",
        author="me",
        license="MIT",
        description="Tells pets apart.",
        min_parser_version="1.5.0",
        task=CLASSIFY,
        crop=CropMode.CENTER_CROP,
    )
    (image,), (scores,) = metadata.inputs, metadata.outputs
    assert (image.name, image.content, image.color_space) == ("photo", "image", "RGB")
    assert image.mean == pytest.approx((123.675, 116.28, 103.53))
    assert image.std == pytest.approx((58.395,) * 3)
    assert image.minimum == pytest.approx([(0 - mean) / 58.395 for mean in image.mean])
    assert image.maximum == pytest.approx([(255 - mean) / 58.395 for mean in image.mean])
    assert (scores.name, scores.description, scores.content) == ("probability", "How sure.", "feature")
    assert scores.labels() == ("cat", "dog", "mouse")
    assert scores.labels("de") == ("Katze", "Hund", "Maus")
    assert [(file.name, file.locale) for file in scores.files] == [("labels.txt", ""), ("labels_de.txt", "de")]


def test_gray_models_are_gray(labels: Callable[..., LabelFile]) -> None:
    model = classifier(T("", (1, 8, 8, 1)))
    metadata = read(annotate(model, Annotation(CLASSIFY, (labels(3),), mean=(0,), std=(255,))))
    assert metadata.inputs[0].color_space == "GRAYSCALE"
    assert metadata.inputs[0].maximum == (1.0,)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (1, 1, 1, 3)])
def test_shapes_of_scores(shape: tuple[int, ...], labels: Callable[..., LabelFile]) -> None:
    model = classifier(scores=T("", shape))
    metadata = read(annotate(model, Annotation(CLASSIFY, (labels(3),), mean=(0,), std=(1,))))
    assert metadata.outputs[0].labels() == ("label 0", "label 1", "label 2")


@pytest.mark.parametrize(
    ("quantization", "mean", "std"),
    [((), 0, 1), ((1 / 128, 128), 128, 128), ((1 / 256, 0), 0, 256), ((0.0, 0), 0, 1)],
)
def test_uint8_images_need_no_normalization(
    quantization: tuple[float, int] | tuple[()], mean: float, std: float, labels: Callable[..., LabelFile]
) -> None:
    model = classifier(T("", (1, 4, 4, 3), "uint8", *quantization))
    image = read(annotate(model, Annotation(CLASSIFY, (labels(3),)))).inputs[0]
    assert (image.mean, image.std) == ((mean,), (std,))
    assert (image.minimum, image.maximum) == ((0,), (255,))


def test_a_detector(models: Path) -> None:
    model = read_model(models / "ssd_mobilenet_v1_no_metadata.tflite")
    annotation = Annotation(Task.OBJECT_DETECTION, (LabelFile(models / "coco_labels.txt"),), crop=CropMode.LETTERBOX)
    metadata = read(annotate(model, annotation))
    assert [output.name for output in metadata.outputs] == ["location", "category", "score", "number of detections"]
    assert metadata.outputs[0].content == "bounding_boxes"
    assert metadata.outputs[1].files[0].kind == "TENSOR_VALUE_LABELS"
    assert len(metadata.outputs[1].labels() or ()) == 90
    assert (metadata.task, metadata.crop) == (Task.OBJECT_DETECTION, CropMode.LETTERBOX)
    displayed = displayed_json(annotate(model, annotation))
    graph = displayed["subgraph_metadata"][0]
    assert graph["output_tensor_groups"] == [
        {"name": "detection_result", "tensor_names": ["location", "category", "score"]}
    ]
    boxes = graph["output_tensor_metadata"][0]["content"]["content_properties"]
    assert (boxes["index"], boxes["type"]) == ([1, 0, 3, 2], "BOUNDARIES")


def test_a_detector_whose_outputs_come_in_another_order(labels: Callable[..., LabelFile]) -> None:
    # As TensorFlow 2's object detection API exports them: the order in which the tensors were made counts.
    model = unpack(ports((IMAGE,), (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,)))))
    model.subgraphs[0].outputs = [3, 1, 4, 2]
    metadata = read(
        annotate(
            parse_model(pack(model)),
            Annotation(Task.OBJECT_DETECTION, (labels("cat"),), mean=(0,), std=(1,)),
        )
    )
    assert [item.name for item in metadata.outputs] == ["score", "location", "number of detections", "category"]
    assert metadata.outputs[3].labels() == ("cat",)


def test_a_segmenter(models: Path) -> None:
    model = read_model(models / "deeplabv3.tflite")
    metadata = read(annotate(model, Annotation(task=Task.IMAGE_SEGMENTATION)))
    assert metadata.outputs[0].content == "image"
    assert metadata.outputs[0].color_space == "GRAYSCALE"
    assert len(metadata.outputs[0].labels() or ()) == 21


def test_an_audio_classifier(labels: Callable[..., LabelFile]) -> None:
    model = classifier(T("", (1, 1600)))
    annotation = Annotation(Task.AUDIO_CLASSIFICATION, (labels(3),), sample_rate=16_000)
    data = annotate(model, annotation)
    audio = read(data).inputs[0]
    assert (audio.content, audio.sample_rate, audio.audio_channels) == ("audio", 16_000, 1)
    assert own_entry(data) == {"task": "audio-classification"}
    assert own_entry(again(data, Annotation(hop=400))) == {"task": "audio-classification", "hop": 400}
    # The rate stays.
    assert again(data, Annotation(Task.AUDIO_CLASSIFICATION, hop=400)) == again(data, Annotation(hop=400))
    assert read(again(data, Annotation(sample_rate=8_000))).inputs[0].sample_rate == 8_000


def test_a_text_classifier(models: Path, labels: Callable[..., LabelFile], tmp_path: Path) -> None:
    vocabulary = tmp_path / "words"
    vocabulary.write_bytes(b"<PAD> 0\n<UNKNOWN> 1\ngood 2\n")
    model = read_model(models / "movie_review.tflite")
    annotation = Annotation(Task.TEXT_CLASSIFICATION, (labels(2),), vocabulary=vocabulary)
    data = annotate(model, annotation)
    assert read(data).outputs[0].labels() == ("label 0", "label 1")
    assert export_metadata(parse_model(data))["vocab.txt"] == vocabulary.read_bytes()
    tokenizer = displayed_json(data)["subgraph_metadata"][0]["input_tensor_metadata"][0]["process_units"][0]
    assert tokenizer["options"]["delim_regex_pattern"] == r"[^\w\']+"
    assert again(data, annotation) == data
    # Kept when something else is attached, replaced by another.
    kept = export_metadata(parse_model(again(data, Annotation(name="n"))))
    assert kept["vocab.txt"] == vocabulary.read_bytes()
    vocabulary.write_bytes(b"<UNKNOWN> 1\n<PAD> 0\n")
    assert export_metadata(parse_model(again(data, annotation)))["vocab.txt"] == b"<UNKNOWN> 1\n<PAD> 0\n"
    # Each stays where the other is given.
    other = again(data, Annotation(delimiter=r"\s+"))
    for again_attached in (other, again(other, annotation), again(other, Annotation(name="n"))):
        tokenizer = read(again_attached).inputs[0].tokenizer
        assert tokenizer is not None
        assert (tokenizer.kind, tokenizer.delimiter) == ("regex", r"\s+")
        assert tokenizer.vocabulary is not None


def test_any_other_model(labels: Callable[..., LabelFile]) -> None:
    model = parse_model(ports((T("", (1, 2)), T("", (1,), "int32")), (T("", (1, 3)), T("", ()))))
    annotation = Annotation(
        Task.TENSORS,
        inputs=(TensorSpec("position", "In metres.", (-1, -2), (1, 2)), TensorSpec(minimum=(0,))),
        outputs=(TensorSpec("torque", maximum=(9.5,)),),
    )
    metadata = read(annotate(model, annotation))
    position, count = metadata.inputs
    assert (position.name, position.description) == ("position", "In metres.")
    assert (position.minimum, position.maximum) == ((-1, -2), (1, 2))
    assert (count.name, count.minimum, count.maximum) == ("", (0,), ())
    assert [output.name for output in metadata.outputs] == ["torque", ""]
    assert metadata.outputs[0].maximum == (9.5,)
    assert metadata.outputs[0].labels() is None
    labelled = read(annotate(model, Annotation(Task.TENSORS, (labels("x", "y", "z"),))))
    assert labelled.outputs[0].labels() == ("x", "y", "z")


def test_hostile_text_comes_back(labels: Callable[..., LabelFile]) -> None:
    model = classifier(scores=T("", (1, len(HOSTILE))))
    text = "".join(HOSTILE)
    annotation = Annotation(
        CLASSIFY,
        (labels(*HOSTILE), labels(*reversed(HOSTILE), locale="fr")),
        mean=(0,),
        std=(1,),
        name=text,
        version=text,
        author=text,
        license=text,
        description=text,
        inputs=(TensorSpec(text, text),),
        outputs=(TensorSpec(text, text),),
    )
    data = annotate(model, annotation)
    metadata = read(data)
    assert {metadata.name, metadata.version, metadata.author, metadata.license, metadata.description} == {text}
    for tensor in (*metadata.inputs, *metadata.outputs):
        assert (tensor.name, tensor.description) == (text, text)
    assert metadata.outputs[0].labels() == HOSTILE
    assert metadata.outputs[0].labels("fr") == HOSTILE[::-1]
    assert again(data, annotation) == data
    assert displayed_json(data)["name"] == text


# --- What is kept ----------------------------------------------------------------------------------------------

FOREIGN = {
    "mobilenet_v1_0.25_128_quant.tflite": CLASSIFY,
    "mobilenet_v1_0.25_128_quant_edgetpu.tflite": CLASSIFY,
    "mobilenet_v1_0.25_224_1_metadata_1.tflite": CLASSIFY,
    "mobilenet_v2_1.0_224_quant.tflite": CLASSIFY,
    "deeplabv3.tflite": Task.IMAGE_SEGMENTATION,
    "yamnet_audio_classifier_with_metadata.tflite": Task.AUDIO_CLASSIFICATION,
}


@pytest.mark.parametrize("name", FOREIGN)
def test_metadata_of_others_is_kept(name: str, models: Path) -> None:
    model = read_model(models / name)
    before = read_metadata(model)
    assert before is not None
    after = read(annotate(model, Annotation()))
    assert after == dataclasses.replace(before, task=FOREIGN[name], min_parser_version="1.5.0")


@pytest.mark.parametrize("name", FOREIGN)
def test_one_thing_is_replaced(name: str, models: Path) -> None:
    model = read_model(models / name)
    before = read(annotate(model, Annotation()))
    data = annotate(model, Annotation(version="2", inputs=(TensorSpec(description="new"),)))
    changed = dataclasses.replace(before.inputs[0], description="new")
    assert read(data) == dataclasses.replace(before, version="2", inputs=(changed,))


def test_new_labels_replace_those_of_their_locale(labels: Callable[..., LabelFile]) -> None:
    first = Annotation(CLASSIFY, (labels("a", "b", "c"), labels("x", "y", "z", locale="de")), (0,), (1,))
    data = annotate(classifier(), first)
    data = again(data, Annotation(labels=(labels("a\n", "b", "d"),)))
    metadata = read(data)
    assert metadata.outputs[0].labels() == ("a\n", "b", "d")
    assert metadata.outputs[0].labels("de") == ("x", "y", "z")
    names = ["labels.txt", "labels.txt.exact.json", "labels_de.txt"]
    assert [file.name for file in metadata.outputs[0].files] == names
    data = again(data, Annotation(labels=(labels("a", "b", "c"),)))
    assert list(export_metadata(parse_model(data))) == ["metadata.json", "labels.txt", "labels_de.txt"]
    assert data == annotate(classifier(), first)


def test_default_labels_come_first(labels: Callable[..., LabelFile]) -> None:
    # tflite-support takes the first label file for the default one, whatever its locale.
    german, english = labels("a", "b", "c", locale="de"), labels("x", "y", "z")
    both = annotate(classifier(), Annotation(CLASSIFY, (german, english), (0,), (1,)))
    assert [file.locale for file in read(both).outputs[0].files] == ["", "de"]
    assert both == annotate(classifier(), Annotation(CLASSIFY, (english, german), (0,), (1,)))
    one = annotate(classifier(), Annotation(CLASSIFY, (english,), (0,), (1,)))
    assert again(one, Annotation(labels=(german,))) == both


def test_the_old_label_file_goes_with_its_labels(models: Path) -> None:
    model = read_model(models / "mobilenet_v2_1.0_224_quant.tflite")
    data = annotate(model, Annotation(labels=(LabelFile(models / "imagenet_labels.txt"),)))
    assert list(export_metadata(parse_model(data))) == ["metadata.json", "labels.txt"]


def test_files_of_others_survive(models: Path, tmp_path: Path) -> None:
    tflite_support()
    from tensorflow_lite_support.metadata.python.metadata import MetadataPopulator

    readme = tmp_path / "README.md"
    readme.write_text("read me")
    foreign = bytearray(annotate(classifier(), Annotation(Task.TENSORS)))
    populator = MetadataPopulator.with_model_buffer(foreign)
    populator.load_metadata_buffer(bytearray(parse_model(bytes(foreign)).metadata_buffer or b""))
    populator.load_associated_files([str(readme)])
    with pytest.warns(UserWarning, match="does not exist in the metadata"):
        populator.populate()
    data = again(bytes(populator.get_model_buffer()), Annotation(name="n"))
    assert export_metadata(parse_model(data))["README.md"] == b"read me"


def test_a_name_that_another_output_uses_is_left_to_it(labels: Callable[..., LabelFile]) -> None:
    model = parse_model(ports((T("", (1, 2)),), (T("", (1, 2)), T("", (1, 3)))))
    data = annotate(model, Annotation(Task.TENSORS, (labels("a", "b"),)))
    # Move the label file to the second output, as another tool might have put it.
    metadata = unpack_metadata(parse_model(data).metadata_buffer or b"")
    first, second = metadata.subgraphMetadata[0].outputTensorMetadata
    first.associatedFiles, second.associatedFiles = None, first.associatedFiles
    moved = embed(data, finish_metadata(metadata), {"labels.txt": b"p\nq\nr\n"})
    annotation = Annotation(labels=(labels("c", "d"),))
    result = again(moved, annotation)
    assert read(result).outputs[0].labels() == ("c", "d")
    assert read(result).outputs[1].labels() == ("p", "q", "r")
    assert [file.name for file in read(result).outputs[0].files] == ["labels-2.txt"]
    assert again(result, annotation) == result


def test_another_normalization_moves_the_value_range(labels: Callable[..., LabelFile]) -> None:
    data = annotate(classifier(), Annotation(CLASSIFY, (labels(3),), (0,), (255,)))
    assert (read(data).inputs[0].minimum, read(data).inputs[0].maximum) == ((0,), (1,))
    data = again(data, Annotation(mean=(127.5,), std=(127.5,)))
    assert (read(data).inputs[0].minimum, read(data).inputs[0].maximum) == ((-1,), (1,))
    data = again(data, Annotation(mean=(0,)))
    assert (read(data).inputs[0].mean, read(data).inputs[0].std) == ((0,), (127.5,))
    assert again(data, Annotation()) == data


def test_a_detector_taken_as_tensors_keeps_its_labels(labels: Callable[..., LabelFile]) -> None:
    # 90 categories over 9 boxes, in an output that comes first.
    model = unpack(ports((IMAGE,), (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,)))))
    model.subgraphs[0].outputs = [2, 1, 3, 4]
    detector = Annotation(Task.OBJECT_DETECTION, (labels(90),), (0,), (1,))
    data = annotate(parse_model(pack(model)), detector)
    assert len(read(again(data, Annotation(Task.TENSORS))).outputs[0].labels() or ()) == 90
    with pytest.raises(MetadataError, match="has 90 labels, and the output has 9 classes"):
        again(data, Annotation(Task.TENSORS, (labels(90),)))


def test_another_task_replaces_what_the_tensors_are(labels: Callable[..., LabelFile]) -> None:
    data = annotate(classifier(), Annotation(CLASSIFY, (labels(3),), (0,), (1,), crop=CropMode.LETTERBOX))
    as_tensors = read(again(data, Annotation(Task.TENSORS)))
    assert (as_tensors.task, as_tensors.crop) == (Task.TENSORS, CropMode.STRETCH)
    assert as_tensors.outputs[0].labels() is not None
    as_numbers = read(again(data, Annotation(Task.TENSOR_CLASSIFICATION)))
    assert as_numbers.inputs[0].content == "image"


# --- Reproducible, lossless, readable by others ----------------------------------------------------------------


def displayed_json(data: bytes) -> dict[str, Any]:
    displayer = tflite_support().displayer.with_model_buffer(data)
    result = json.loads(displayer.get_metadata_json())
    assert isinstance(result, dict)
    return result


# Not yolov8n: what its metadata calls labels is a Python literal of one line, which is refused.
ANNOTATED = [name for name in REAL_MODELS if name != "yolov8n_int8"]


@pytest.mark.parametrize("name", ANNOTATED)
def test_twice_is_once(name: str, models: Path) -> None:
    annotation = Annotation(
        Task.TENSORS, name="n", inputs=(TensorSpec("in", minimum=(0.1,)),), outputs=(TensorSpec("out"),)
    )
    model = read_model(models / f"{name}.tflite")
    data = annotate(model, annotation)
    assert annotate(model, annotation) == data
    assert again(data, annotation) == data
    assert again(data, Annotation()) == data


@pytest.mark.parametrize("name", FOREIGN)
def test_twice_is_once_over_the_metadata_of_others(name: str, models: Path) -> None:
    model = read_model(models / name)
    old = read_metadata(model)
    assert old is not None
    image: dict[str, Any] = (
        {"mean": (123.675,), "std": (58.395,)} if FOREIGN[name] is not Task.AUDIO_CLASSIFICATION else {}
    )
    label_files = export_metadata(model)
    path = models / "imagenet_labels.txt"
    with_labels = (LabelFile(path),) if "imagenet_labels.txt" in label_files else ()
    annotation = Annotation(labels=with_labels, **image)
    data = annotate(model, annotation)
    assert again(data, annotation) == data
    # Nor does it matter what was attached in between.
    between = annotate(model, dataclasses.replace(annotation, name="other", labels=()))
    assert again(between, dataclasses.replace(annotation, name=old.name)) == data


@pytest.mark.parametrize("name", ANNOTATED)
def test_tflite_support_reads_it_and_the_graph_is_the_same(name: str, models: Path) -> None:
    model = read_model(models / f"{name}.tflite")
    data = annotate(model, Annotation(Task.TENSORS, name="a name"))
    assert displayed_json(data)["name"] == "a name"
    after = parse_model(data)
    assert (after.subgraphs, after.signatures) == (model.subgraphs, model.signatures)
    assert after.description == model.description


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, labels: Callable[..., LabelFile]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(classifier().data)
    path.chmod(0o640)
    annotation = Annotation(CLASSIFY, (labels(3),), (0,), (1,))
    model = attach_metadata(path, annotation, path)
    assert model.data == path.read_bytes() == annotate(classifier(), annotation)
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(MetadataError):
        attach_metadata(path, Annotation(labels=(labels(4),)), path)
    assert path.read_bytes() == model.data
    link = tmp_path / "link.tflite"
    link.symlink_to(path)
    attach_metadata(path, dataclasses.replace(annotation, name="n"), link)
    assert link.is_symlink()
    assert read(path.read_bytes()).name == "n"
    for out, where in ((tmp_path, tmp_path), (path / "x.tflite", path)):
        with pytest.raises(WriteError) as caught:
            attach_metadata(path, annotation, out)
        assert caught.value.where == str(where)
    assert {item.suffix for item in tmp_path.iterdir()} <= {".tflite", ".json"}
    new = tmp_path / "new folder" / "x.tflite"
    assert attach_metadata(path, annotation, new).data == new.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="needs hard links and pipes")
def test_what_else_stands_at_the_output(tmp_path: Path, labels: Callable[..., LabelFile]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(classifier().data)
    (tmp_path / "backup").hardlink_to(path)
    attach_metadata(path, Annotation(CLASSIFY, (labels(3),), (0,), (1,)), path)
    assert (tmp_path / "backup").read_bytes() == classifier().data
    # Nor is a device replaced by a file, as /dev/null would be for the superuser.
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WriteError, match="not a file"):
        attach_metadata(path, Annotation(), tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


# --- What the schema has no field for ---------------------------------------------------------------------------

EVERYTHING: dict[str, object] = {
    "crop": CropMode.LETTERBOX,
    "resize": Resize.BILINEAR,
    "pad": 114,
    "channels": ChannelOrder.BGR,
    "activation": Activation.SOFTMAX,
    "threshold": 0.5,
}


def own_entry(data: bytes) -> object:
    """The value of this tool's entry, as tflite-support's reader sees it."""
    (entry,) = displayed_json(data)["subgraph_metadata"][0]["custom_metadata"]
    assert entry["name"] == "tflite-packager"
    return json.loads(bytes(entry["data"]))


def test_our_entry_holds_what_was_given(labels: Callable[..., LabelFile]) -> None:
    plain = Annotation(CLASSIFY, (labels(3),), (0,), (1,))
    assert own_entry(annotate(classifier(), plain)) == {"task": "image-classification", "crop": "stretch"}
    full = dataclasses.replace(plain, **EVERYTHING)  # type: ignore[arg-type]
    data = annotate(classifier(), full)
    assert own_entry(data) == {"task": "image-classification", **EVERYTHING}
    metadata = read(data)
    assert {name: getattr(metadata, name) for name in EVERYTHING} == EVERYTHING
    assert again(data, full) == again(data, Annotation()) == data
    # What goes with the new task stays, and no more.
    features = again(data, Annotation(Task.TENSOR_CLASSIFICATION))
    assert own_entry(features) == {"task": "tensor-classification", "activation": "softmax", "threshold": 0.5}
    assert own_entry(again(data, Annotation(Task.TENSORS))) == {"task": "tensors"}
    back = again(data, dataclasses.replace(plain, resize=Resize.ANTIALIAS, pad=0, activation=Activation.NONE))
    assert own_entry(back) == {
        "task": "image-classification",
        "crop": "letterbox",
        "channels": "bgr",
        "threshold": 0.5,
    }


@pytest.mark.parametrize(
    ("entry", "field", "value"),
    [
        ('{"task": "tensors"}', "task", Task.TENSORS),
        ('{"crop": "letterbox", "task": "image-classification"}', "crop", CropMode.LETTERBOX),
        ('{"threshold": 1}', "threshold", 1.0),
        ('{"iou": 0}', "iou", 0.0),
        ('{"pad": 255, "unheard of": [1e400]}', "pad", 255),
        ('{"points": 10000}', "points", 10_000),
        ('{"head": "end-to-end", "resize": "bilinear"}', "head", Head.END_TO_END),
        ("{}", "crop", CropMode.STRETCH),
    ],
)
def test_an_entry_that_is_there_is_read(entry: str, field: str, value: object) -> None:
    assert getattr(read(with_entry(entry.encode())), field) == value


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "[]",
        "null",
        "{",
        "\xff",
        "[" * 100_000,
        '{"task": "nonsense"}',
        '{"task": null}',
        '{"task": ["tensors"]}',
        '{"crop": 1}',
        '{"resize": "BILINEAR"}',
        '{"head": {}}',
        '{"channels": ""}',
        '{"pad": "114"}',
        '{"pad": 256}',
        '{"pad": true}',
        '{"pad": 1.0}',
        '{"threshold": NaN}',
        '{"threshold": Infinity}',
        '{"threshold": -0.1}',
        '{"threshold": null}',
        '{"iou": 1e99}',
        '{"iou": false}',
        '{"points": 0}',
        '{"points": 1e3}',
        '{"points": ' + "9" * 5_000 + "}",
    ],
)
def test_a_hostile_entry_is_damage(entry: str) -> None:
    with pytest.raises(MetadataError, match="its metadata is damaged"):
        read(with_entry(entry.encode("latin-1")))


def with_entry(value: bytes) -> bytes:
    """A classifier whose entry of this tool is ``value``."""
    root, graph, entry = OBJECTS.ModelMetadataT(), OBJECTS.SubGraphMetadataT(), OBJECTS.CustomMetadataT()
    entry.name, entry.data = "tflite-packager", list(value)
    graph.customMetadata = [entry]
    root.subgraphMetadata = [graph]
    return embed(classifier().data, finish_metadata(root), {})


# --- What is refused -------------------------------------------------------------------------------------------

FLOAT, INT8 = classifier(), classifier(T("", (1, 4, 4, 3), "int8", 1 / 255, -128))
NORMALIZED = {"mean": (0.0,), "std": (1.0,)}


@pytest.mark.parametrize(
    ("model", "count", "given", "what", "fix"),
    [
        (FLOAT, 0, {}, "no task", "Set Annotation.task to one of image-classification, object"),
        (FLOAT, 0, {"task": CLASSIFY}, "no labels are given", "(labels=(LabelFile(Path('labels.txt')),))"),
        (
            FLOAT,
            2,
            {},
            "2 labels, and the output has 3 classes: missing or extra background class",
            "Add the class",
        ),
        (FLOAT, 4, {}, "4 labels, and the output has 3 classes: missing or extra background class", "Remove the l"),
        (FLOAT, 7, {}, "7 labels, and the output has 3 classes", "belongs to this model"),
        (FLOAT, 3, {}, "no normalization is given for an image input of float32", "std=(127.5,)) for [-1"),
        (FLOAT, 3, {}, "no normalization", "(mean=(0,), std=(255,)) for [0, 1]"),
        (INT8, 3, {}, "no normalization is given for an image input of int8", "(mean=(0,), std=(255,))"),
        (classifier(T("", (1, 4, 4, 3), "int8", 0.00784314, -1)), 3, {}, "no norm", "(mean=(127.5,), std=(127.5,))"),
        (classifier(T("", (1, 4, 4, 1), "int8", 0.05, 3)), 3, {}, "no normalization", "(mean=(131,), std=(20,));"),
        (classifier(T("", (1, 4, 4, 3), "int8")), 3, {}, "no normalization", "std=(127.5,)) for [-1"),
        (FLOAT, 3, {"mean": (0.0,)}, "no Annotation.std is given, and the model names", "Give both: Annotation("),
        (FLOAT, 3, {"mean": (0.0,) * 2, "std": (1.0,)}, "Annotation.mean has 2 values", "one for each of the 3"),
        (FLOAT, 3, {"mean": (0.0,), "std": (1.0,) * 4}, "Annotation.std has 4 values", "one for each of the 3"),
        (classifier(T("", (1, 4, 4, 1))), 3, {"mean": (0.0,) * 3, "std": (1.0,)}, "has 1 channel", "with one value."),
        (FLOAT, 3, {"mean": (0.0,), "std": (0.0,)}, "Annotation.std is 0, and the pixels", "(std=(1,))"),
        (FLOAT, 3, {"mean": (0.0,), "std": (1.0, 1e-60, 1.0)}, "Annotation.std is 0", "(std=(1,))"),
        (FLOAT, 3, {"mean": (0.0,), "std": (-0.0,)}, "Annotation.std is 0,", "(std=(1,))"),
        (FLOAT, 3, {"mean": (0.0,), "std": (1e-40,)}, "so small that a pixel, divided by it, is beyond", "trained"),
        (FLOAT, 3, {"mean": (3e38,), "std": (0.1,)}, "so small that a pixel, divided by it, is beyond", "trained"),
        (FLOAT, 3, {"mean": (0.0,), "std": (-2.0,)}, "Annotation.std is -2", "a number above 0"),
        (FLOAT, 3, {"mean": (float("nan"),), "std": (1.0,)}, "Annotation.mean is not a number", "and 3.4e38"),
        (FLOAT, 3, {"mean": (0.0,), "std": (1e99,)}, "Annotation.std is beyond float32", "and 3.4e38"),
        (classifier(scores=T("", (1, 5, 3))), 3, NORMALIZED, "this one [1, 5, 3] (rank 3)", "Task.TENSORS"),
        (classifier(scores=T("", (2, 3))), 3, NORMALIZED, "this one [2, 3]", "Task.TENSORS"),
        (classifier(scores=T("", ())), 1, NORMALIZED, "this one [] (rank 0)", "Task.TENSORS"),
        (classifier(T("", (2, 4, 4))), 3, NORMALIZED, "and this one [2, 4, 4]", "Task.TENSORS"),
        (classifier(T("", (1, 4, 4, 2))), 3, NORMALIZED, "and this one [1, 4, 4, 2]", "Task.TENSORS"),
        (classifier(T("", (1, 4, 4, 3), "int32")), 3, NORMALIZED, "and this one int32", "Task.TENSORS"),
        (
            parse_model(ports((IMAGE, IMAGE), (SCORES,))),
            3,
            NORMALIZED,
            "with one input, and this one has 2",
            "TENSORS",
        ),
        (
            parse_model(ports((IMAGE,), (SCORES, SCORES))),
            3,
            NORMALIZED,
            "with one output, and this one has 2",
            "TENSORS",
        ),
        (FLOAT, 3, {"task": Task.IMAGE_SEGMENTATION, **NORMALIZED}, "[1, height, width, classes]", "Task.TENSORS"),
        (FLOAT, 3, {"task": Task.OBJECT_DETECTION, **NORMALIZED}, "four outputs", "Task.TENSORS"),
        (
            parse_model(ports((IMAGE,), (T("", (4,)),) * 4)),
            3,
            {"task": Task.OBJECT_DETECTION, **NORMALIZED},
            "[4]",
            "TENSORS",
        ),
        (FLOAT, 4, {"task": Task.TENSORS}, "4 labels, and the output has 3 classes", "Remove"),
        (
            FLOAT,
            0,
            {"task": Task.TENSORS, "mean": (0.0,)},
            "Annotation.mean does not go with the task tensors",
            "Leave it out",
        ),
        (FLOAT, 0, {"task": Task.TENSORS, "crop": CropMode.STRETCH}, "crop does not go", "to image-classification"),
        (FLOAT, 3, {"task": Task.AUDIO_CLASSIFICATION, "std": (1.0,)}, "Annotation.std does not go", "Leave it out"),
        (FLOAT, 3, {"task": Task.AUDIO_CLASSIFICATION, "sample_rate": 0}, "sample_rate is not a whole", "16000"),
        (FLOAT, 3, {"sample_rate": 8000}, "Annotation.sample_rate does not go", "to audio-classification"),
        (FLOAT, 3, {"vocabulary": Path("v")}, "Annotation.vocabulary does not go", "to text-classification"),
        (FLOAT, 3, {"task": Task.TEXT_CLASSIFICATION, "vocabulary": Path("/none")}, "cannot be read", "vocabulary."),
        (
            FLOAT,
            3,
            {"task": Task.TEXT_CLASSIFICATION, "vocabulary": Path("v"), "delimiter": "("},
            "Annotation.delimiter has a ( without a )",
            "Annotation(delimiter=",
        ),
        (FLOAT, 3, {"name": "\udcff", **NORMALIZED}, "not valid Unicode", "UTF-8"),
        (FLOAT, 3, {"inputs": (TensorSpec(),) * 2, **NORMALIZED}, "2 inputs are described", "Annotation.inputs once"),
        (FLOAT, 3, {"outputs": (TensorSpec(),) * 2, **NORMALIZED}, "2 outputs are described", "Annotation.outputs "),
        (FLOAT, 3, {"outputs": (TensorSpec(minimum=(0, 0)),), **NORMALIZED}, "has 2 values for 3 channels", "each"),
        (FLOAT, 3, {"outputs": (TensorSpec(minimum=(1,), maximum=(2, 0, 2)),), **NORMALIZED}, "above its", "Swap"),
        (
            FLOAT,
            3,
            {"outputs": (TensorSpec(maximum=(float("inf"),)),), **NORMALIZED},
            "maximum is infinite",
            "3.4e38",
        ),
    ],
)
def test_refused(
    model: Model, count: int, given: dict[str, object], what: str, fix: str, labels: Callable[..., LabelFile]
) -> None:
    task = {} if what == "no task" else {"task": CLASSIFY}
    annotation = Annotation(**{"labels": (labels(count),) if count else (), **task, **given})  # type: ignore[arg-type]
    with pytest.raises(MetadataError) as caught:
        annotate(model, annotation)
    assert what in caught.value.what
    assert fix in (caught.value.fix or "")
    assert "check failed" not in caught.value.what


def test_labels_of_locales(labels: Callable[..., LabelFile]) -> None:
    german, english = labels("a", "b", "c", locale="de"), labels("a", "b", "c")
    cases = {
        (german,): "no default ones",
        (english, english): "two label files are given for the default labels",
        (english, german, german): "two label files are given for the locale de",
    }
    for files, what in cases.items():
        with pytest.raises(MetadataError, match=what):
            annotate(classifier(), Annotation(CLASSIFY, files, (0,), (1,)))
    data = annotate(classifier(scores=T("", (1, 4, 3))), Annotation(Task.TENSORS, (german, english)))
    assert read(data).outputs[0].locales == ("de",)


def test_a_detectors_translations_are_as_many(labels: Callable[..., LabelFile]) -> None:
    model = parse_model(ports((IMAGE,), (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,)))))
    files = (labels("a", "b", "c"), labels("a", "b", "c", "d", "e", locale="de"))
    with pytest.raises(MetadataError, match="has 5 labels, and the default ones are 3"):
        annotate(model, Annotation(Task.OBJECT_DETECTION, files, (0,), (1,)))


def test_a_thousand_labels_for_imagenet(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("".join(f"{number}\n" for number in range(1000)))
    model = read_model(models / "mobilenet_v1_0.25_224_1_default_1.tflite")
    with pytest.raises(MetadataError, match="missing or extra background class") as caught:
        annotate(model, Annotation(CLASSIFY, (LabelFile(path),), (127.5,), (127.5,)))
    assert "1000" in caught.value.what
    assert "1001" in caught.value.what


def test_broken_metadata_of_others_is_refused(labels: Callable[..., LabelFile]) -> None:
    with pytest.raises(MetadataError, match="not of the format"):
        again(embed(FLOAT.data, b"not metadata", {}), Annotation(Task.TENSORS))
    with pytest.raises(MetadataError, match="damaged"):
        again(embed(FLOAT.data, b"\xff\xff\0\0M001", {}), Annotation(Task.TENSORS))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/maps is Linux's")
def test_libusb_comes_from_its_package() -> None:
    tflite_support()
    code = """
from packager.metadata.writers import TfliteSupportWriter
TfliteSupportWriter()
print(*{line.split()[-1] for line in open("/proc/self/maps") if "libusb" in line})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "libusb_package" in done.stdout
    assert len(done.stdout.split()) == 1  # so one of the system is not needed


def test_tensorflow_is_hidden_only_during_the_import() -> None:
    tflite_support()
    assert sys.modules.get("tensorflow", "absent") == "absent"


def test_a_failed_self_check_hands_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from packager.metadata import attach

    def other_graph(data: bytes, metadata: bytes, files: dict[str, bytes]) -> bytes:
        return embed(classifier(scores=T("", (1, 9))).data, metadata, files)

    monkeypatch.setattr(attach, "embed", other_graph)
    with pytest.raises(MetadataError, match="own check failed: the annotated model has another graph"):
        annotate(FLOAT, Annotation(Task.TENSORS))
    monkeypatch.setattr(attach, "embed", lambda data, metadata, files: embed(data, metadata, {"x": b""}))
    with pytest.raises(MetadataError, match="holds other files than it should"):
        annotate(FLOAT, Annotation(Task.TENSORS))
    monkeypatch.setattr(attach, "embed", lambda data, metadata, files: embed(data, metadata, files)[:-70])
    with pytest.raises(MetadataError, match="cannot be read back"):
        annotate(FLOAT, Annotation(Task.TENSORS))


def test_what_tflite_support_reads_otherwise_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tflite_support()
    from packager.metadata import attach

    metadata = parse_model(annotate(FLOAT, Annotation(Task.TENSORS))).metadata_buffer or b""

    def twice(data: bytes, metadata: bytes, files: dict[str, bytes]) -> bytes:
        front = embed(data, metadata, {})
        return front + raw_zip(Entry(b"x", b"1"), Entry(b"x", b"1"), start=len(front))

    monkeypatch.setattr(attach, "embed", twice)
    with pytest.raises(MetadataError, match="reads differently with tflite-support"):
        annotate(parse_model(embed(FLOAT.data, metadata, {"x": b"1"})), Annotation(Task.TENSORS))


# --- Damaged files ---------------------------------------------------------------------------------------------


def _survives(data: bytes) -> None:
    """Everything that reads metadata either works or raises a PackagerError."""
    try:
        model = parse_model(data)
        export_metadata(model)
        annotate(model, Annotation(Task.TENSORS, name="n"))
    except PackagerError:
        pass


def test_truncated_models(models: Path, labels: Callable[..., LabelFile]) -> None:
    model = read_model(models / "micro_speech_quantized.tflite")
    data = annotate(model, Annotation(Task.TENSOR_CLASSIFICATION, (labels("a\n", "b", "c", "d"),)))
    prefix = len(data) - len(model.data)
    lengths = {*range(0, prefix, 97), *range(prefix, len(data), 1013), *range(len(data) - 400, len(data), 13)}
    for length in sorted(lengths):
        _survives(data[:length])


def test_damaged_models(labels: Callable[..., LabelFile]) -> None:
    data = annotate(classifier(), Annotation(CLASSIFY, (labels("a\n", "b", "c"),), (0,), (1,)))
    chance = random.Random(0)
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 8))):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        _survives(bytes(damaged))


def test_a_bad_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        attach_metadata(tmp_path / "none.tflite", Annotation(), tmp_path / "out.tflite")
    assert list(tmp_path.iterdir()) == []
