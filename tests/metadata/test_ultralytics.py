"""What Ultralytics' exporter writes: over its tasks and releases, kept on attach, and as a stranger's file."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from packager.cli import app
from packager.errors import MetadataError, PackagerError
from packager.inspection import inspect_model
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.embedding import embed, strip
from packager.metadata.export import export_metadata
from packager.metadata.reader import read_files, read_metadata
from packager.metadata.view import LABEL_KINDS, ModelMetadata
from packager.model import Model, parse_model, read_model
from packager.pipeline import plan_build
from packager.tasks import CropMode, Head, Resize, Task
from tests.bounds import within
from tests.metadata.exports import SAYS, model_of, with_json, with_literal
from tests.metadata.test_archive import Entry, raw_zip

NHWC, NCHW = (1, 64, 96, 3), (1, 3, 64, 96)

FORMS = pytest.mark.parametrize("form", [with_json, with_literal])


def read(model: Model, *, lenient: bool = False) -> ModelMetadata:
    metadata = read_metadata(model, lenient=lenient)
    assert metadata is not None
    return metadata


def facts(metadata: ModelMetadata) -> tuple[Any, ...]:
    image, answer = metadata.inputs[0], metadata.outputs[0]
    picture = metadata.crop, metadata.pad, metadata.resize, image.mean, image.std, image.content, image.color_space
    return metadata.task, metadata.head, answer.labels(), *picture


NAMES = ("cat", "dog", "a\nbird")
LETTERBOX = (CropMode.LETTERBOX, 114, Resize.BILINEAR, (0.0,), (255.0,), "image", "RGB")
CROP = (CropMode.CENTER_CROP, 0, Resize.ANTIALIAS, (0.0,), (255.0,), "image", "RGB")
POSE = {"task": "pose", "names": {0: "person"}, "kpt_shape": [4, 3]}
KPT_NAMES = {0: ["nose", "left", "right", "tail"]}
FITTING: list[tuple[bytes, Mapping[str, Any], tuple[Any, ...]]] = [
    (model_of((1, 7, 84)), {}, (Task.OBJECT_DETECTION, Head.YOLO_V8, NAMES, *LETTERBOX)),
    (model_of((1, 7, 84), image=NCHW), {}, (Task.OBJECT_DETECTION, Head.YOLO_V8, NAMES, *LETTERBOX)),
    (model_of((1, 84, 8)), {}, (Task.OBJECT_DETECTION, Head.YOLO_V5, NAMES, *LETTERBOX)),
    (model_of((1, 300, 6)), {"end2end": True}, (Task.OBJECT_DETECTION, Head.END_TO_END, NAMES, *LETTERBOX)),
    (model_of((1, 300, 6)), {"args": {"nms": True}}, (Task.OBJECT_DETECTION, Head.END_TO_END, NAMES, *LETTERBOX)),
    (
        model_of((1, 300, 6)),
        {"end2end": True, "names": ["cat"]},
        (Task.OBJECT_DETECTION, Head.END_TO_END, ("cat",), *LETTERBOX),
    ),
    (model_of((1, 300, 6)), {"names": ["cat"]}, (Task.OBJECT_DETECTION, Head.YOLO_V5, ("cat",), *LETTERBOX)),
    (model_of((1, 17, 84)), POSE, (Task.POSE, Head.YOLO_POSE, None, *LETTERBOX)),
    (
        model_of((1, 17, 84)),
        {**POSE, "kpt_names": KPT_NAMES},
        (Task.POSE, Head.YOLO_POSE, ("nose", "left", "right", "tail"), *LETTERBOX),
    ),
    (model_of((1, 3)), {"task": "classify"}, (Task.IMAGE_CLASSIFICATION, None, NAMES, *CROP)),
    (
        model_of((1, 3)),
        {"task": "classify", "version": "8.0.233"},
        (Task.IMAGE_CLASSIFICATION, None, NAMES, *CROP),
    ),
    (
        model_of((1, 3)),
        {"task": "classify", "version": "8.0.232"},
        (Task.IMAGE_CLASSIFICATION, None, NAMES, CROP[0], 0, Resize.BILINEAR, *CROP[3:]),
    ),
    (
        model_of((1, 3), image=(1, 1, 64, 64)),
        {"task": "classify", "channels": 1},
        (Task.IMAGE_CLASSIFICATION, None, NAMES, *CROP[:-1], "GRAYSCALE"),
    ),
]


@FORMS
@pytest.mark.parametrize(("data", "says", "expected"), FITTING)
def test_what_it_says_is_enough(data: bytes, says: Mapping[str, Any], expected: tuple[Any, ...], form: Any) -> None:
    model = form(data, {**SAYS, **says})
    before = read(model)
    assert facts(before) == expected
    assert before.description == SAYS["description"]
    assert (before.author, before.license) == ("Ultralytics", SAYS["license"])
    annotated = annotate(model, Annotation())
    after = read(parse_model(annotated))
    assert facts(after) == expected
    for field in ("name", "description", "version", "author", "license"):
        assert getattr(after, field) == getattr(before, field)
    assert annotate(parse_model(annotated), Annotation()) == annotated
    # Whoever reads what it wrote finds it where it looks: the first file of the archive.
    with zipfile.ZipFile(io.BytesIO(annotated)) as archive:
        first = archive.namelist()[0]
        text = archive.read(first)
    assert {first: text} == read_files(model)
    parse = json.loads if first == "metadata.json" else ast.literal_eval
    assert parse(text.decode())["task"] == says.get("task", "detect")
    label_files = [file.name for file in after.outputs[0].files if file.kind in LABEL_KINDS]
    assert label_files == (["labels.txt"] if expected[2] else [])


@pytest.mark.parametrize(
    ("name", "packed"),
    [("yolo11n_full_integer_quant", "metadata.json"), ("yolov8n_int8", "temp_meta.txt")],
)
def test_real_exports(models: Path, tmp_path: Path, name: str, packed: str) -> None:
    path = models / f"{name}.tflite"
    model = read_model(path)
    metadata = read(model)
    labels = metadata.outputs[0].labels()
    assert labels is not None
    assert (len(labels), labels[0], labels[79]) == (80, "person", "toothbrush")
    assert facts(metadata)[:2] == (Task.OBJECT_DETECTION, Head.YOLO_V8)
    assert facts(metadata)[3:] == LETTERBOX
    out = tmp_path / "out.tflite"
    result = CliRunner().invoke(app, ["metadata", "attach", str(path), "-o", str(out)])
    assert result.exit_code == 0, result.output
    after = read_model(out)
    assert facts(read(after)) == facts(metadata)
    assert read_files(after)[packed] == read_files(model)[packed]
    assert strip(after.data) == strip(model.data)
    # What is said wins over what it says.
    other = read(parse_model(annotate(model, Annotation(crop=CropMode.STRETCH, pad=0, mean=(1.0,)))))
    assert (other.crop, other.pad, other.resize) == (CropMode.STRETCH, 0, Resize.BILINEAR)
    assert (other.inputs[0].mean, other.inputs[0].std) == ((1.0,), (255.0,))
    # As tensors it needs no labels, and its own stay for those who read them.
    tensors = parse_model(annotate(model, Annotation(Task.TENSORS)))
    assert read(tensors).task is Task.TENSORS
    assert read(tensors).outputs[0].labels() is None
    assert read_files(tensors) == read_files(model)
    assert annotate(tensors, Annotation(Task.TENSORS)) == tensors.data


@FORMS
def test_labels_of_ones_own_replace_its_names(tmp_path: Path, form: Any) -> None:
    english, german = tmp_path / "labels.txt", tmp_path / "labels_de.txt"
    english.write_text("one\ntwo\nthree\n")
    german.write_text("Katze\nHund\nVogel\n")
    model = form(model_of((1, 7, 84)), SAYS)
    own = read(parse_model(annotate(model, Annotation(labels=(LabelFile(english),)))))
    assert own.outputs[0].labels() == ("one", "two", "three")
    translated = read(parse_model(annotate(model, Annotation(labels=(LabelFile(german, "de"),)))))
    assert translated.outputs[0].labels() == NAMES
    assert translated.outputs[0].labels("de") == ("Katze", "Hund", "Vogel")


@FORMS
def test_our_entry_wins(form: Any) -> None:
    model = form(model_of((1, 7, 84)), SAYS)
    tensors = annotate(model, Annotation(Task.TENSORS))
    assert facts(read(parse_model(tensors)))[:3] == (Task.TENSORS, None, None)
    # Even where it goes on to say something else.
    files = read_files(parse_model(tensors))
    changed = {name: data.replace(b"detect", b"segment") for name, data in files.items()}
    metadata = parse_model(tensors).metadata_buffer
    assert metadata is not None
    assert read(parse_model(embed(tensors, metadata, changed))).task is Task.TENSORS


# --- What no task here is for ------------------------------------------------------------------------------------

UNFIT: list[tuple[bytes, Mapping[str, Any], str]] = [
    (model_of((1, 39, 84)), {"task": "segment"}, "for the task 'segment': there is no such task here"),
    (model_of((1, 8, 84)), {"task": "obb"}, "for the task 'obb': there is no such task here, only detect, classify"),
    (model_of((1, 7, 84)), {"task": "\x1b[31m" + "x" * 99}, "there is no such task here"),
    (model_of((1, 8, 84)), {}, "it has 3 names, and its output [1, 8, 84] takes 4"),
    (model_of((1, 7)), {}, "it answers with [1, 7], which is of no head that is known"),
    (model_of((1, 8, 12, 4)), {}, "which is of no head that is known"),
    (model_of((1, 4)), {"task": "classify"}, "it has 3 names, and answers with [1, 4]"),
    (model_of((1, 7, 84), image=(1, 96)), {}, "it takes no picture"),
    (model_of((1, 13, 84)), {**POSE, "kpt_shape": [4, 2]}, "only points of x, y and score of one class"),
    (model_of((1, 17, 84)), {**POSE, "names": ["a", "b"]}, "only points of x, y and score of one class"),
    (model_of((1, 300, 18)), {**POSE, "end2end": True}, "only points of x, y and score of one class"),
    (
        model_of((1, 17, 84)),
        {**POSE, "kpt_names": {0: ["nose"]}},
        "it has 1 name, and its output [1, 17, 84] takes 4",
    ),
]


@FORMS
@pytest.mark.parametrize(("data", "says", "what"), UNFIT)
def test_other_models_of_its_are_refused(
    data: bytes, says: Mapping[str, Any], what: str, form: Any, tmp_path: Path
) -> None:
    model = form(data, {**SAYS, **says})
    with pytest.raises(MetadataError) as caught:
        read_metadata(model)
    assert what in caught.value.what
    assert len(str(caught.value)) < 400
    with pytest.raises(MetadataError, match="Ultralytics exported it for the task"):
        annotate(model, Annotation(name="n"))
    # It can be looked at, and be attached for another task.
    lenient = read(model, lenient=True)
    assert (lenient.task, lenient.author) == (None, "Ultralytics")
    assert all(output.labels() is None for output in lenient.outputs)
    path = tmp_path / "m.tflite"
    path.write_bytes(model.data)
    assert inspect_model(path).metadata == lenient
    assert json.loads(export_metadata(model)["metadata.json"])["task"] is None
    tensors = annotate(model, Annotation(Task.TENSORS))
    assert read(parse_model(tensors)).task is Task.TENSORS
    assert read_files(parse_model(tensors)) == read_files(model)


def test_everybody_hears_it_in_their_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.tflite").write_bytes(with_json(model_of((1, 39, 84)), {**SAYS, "task": "segment"}).data)
    with pytest.raises(PackagerError) as caught:
        annotate(read_model("m.tflite"), Annotation())
    assert caught.value.fix is not None
    assert caught.value.fix.startswith("It can go in as plain tensors: attach it with Annotation(task=Task.TENSORS)")
    for arguments in (["metadata", "attach", "m.tflite", "-o", "out.tflite"], ["pi", "m.tflite", "-o", "out"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1, result.output
        assert "attach it with --task tensors: packager metadata attach --help" in result.stderr
    Path("packager.toml").write_text('model = "m.tflite"\n[metadata]\nname = "n"\n')
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert 'attach it with [metadata] task = "tensors"' in str(caught.value)


# --- What is damaged, and what is somebody else's ------------------------------------------------------------------

DAMAGED: list[Mapping[str, Any]] = [
    {"task": None},
    {"task": ["detect"]},
    {"task": 5},
    {"names": None},
    {"names": "abc"},
    {"names": 3},
    {"names": {"0": "a", "2": "b"}},
    {"names": {"1": "a", "2": "b", "3": "c"}},
    {"names": {"a": "b"}},
    {"names": {"0": ["a"], "1": "b", "2": "c"}},
    {"names": [1, 2, 3]},
    {"names": ["a", None, "c"]},
    {"version": 8},
    {"author": ["Ultralytics"]},
    {"description": {}},
    {"license": 1.0},
    {"kpt_shape": "17, 3"},
    {"kpt_shape": [17.0, 3]},
    {"kpt_shape": [True, 3]},
    {"kpt_names": {0: [1, 2]}},
]


@FORMS
@pytest.mark.parametrize("says", DAMAGED)
def test_damaged(says: Mapping[str, Any], form: Any) -> None:
    model = form(model_of((1, 7, 84)), {**SAYS, **says})
    with pytest.raises(MetadataError, match="what Ultralytics wrote into it is damaged"):
        read_metadata(model)
    assert read(model, lenient=True).task is None
    assert read(parse_model(annotate(model, Annotation(Task.TENSORS)))).task is Task.TENSORS


def test_half_a_surrogate_pair_is_damage() -> None:
    for says in ({"names": ["\ud800", "b", "c"]}, {"description": "\udfff"}):
        with pytest.raises(MetadataError, match="what Ultralytics wrote into it is damaged"):
            read_metadata(with_json(model_of((1, 7, 84)), {**SAYS, **says}))


# Of no form that its exporter writes: what a stranger, or another tool, keeps under this name.
FOREIGN = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b"null",
    b'"detect"',
    b'{"task": "detect", "stride": 32}',
    b'{"task": "detect", "names": ["a", "b", "c"]}',
    b"[" * 100_000,
    b'{"a": ' * 100_000,
    b"-" * 500_000 + b"1",
    b"(" * 150 + b")" * 150,
    b"1+" * 400_000 + b"1",
    b"1 " * 400_000,
    b"not " * 200_000 + b"1",
    b"'a' " * 200_000,
    b"[0]" * 300_000,
    b"a." * 400_000 + b"b",
    b"lambda:" * 100_000 + b"1",
    b"9" * 100_000,
    b"{**{'task': 'detect'}}",
    b"{[]: 1}",
    b"{'task': __import__('os').getcwd(), 'names': [], 'stride': 1}",
    b"{'task': f'{1}', 'names': [], 'stride': 1}",
    b"'\\d' + '\\N{nothing}'",
    b"\0",
    b" " * (5 << 20),
    b"[" + b"0," * (3 << 20) + b"0]",
]


@pytest.mark.slow
@FORMS
@pytest.mark.parametrize("text", FOREIGN, ids=range(len(FOREIGN)))
def test_somebody_elses_file_is_nobodys_metadata(text: bytes, form: Any) -> None:
    model = form(model_of((1, 7, 84)), text)
    with within(1):
        metadata = read_metadata(model)
    if form is with_json:
        assert metadata is None
    # Nor is it taken away.
    tensors = annotate(model, Annotation(Task.TENSORS))
    assert read_files(parse_model(tensors)) == read_files(model)


@pytest.mark.slow
@FORMS
def test_it_is_damaged_byte_by_byte(form: Any) -> None:
    text = (json.dumps if form is with_json else str)({**SAYS, "names": ["a", "b", "c"]}).encode()
    for position in range(0, len(text), 3):
        for byte in b"\0\"'{[,\xff9":
            model = form(model_of((1, 7, 84)), text[:position] + bytes([byte]) + text[position + 1 :])
            try:
                metadata = read_metadata(model)
            except MetadataError:
                continue
            assert metadata is None or metadata.task in (None, Task.OBJECT_DETECTION, Task.IMAGE_CLASSIFICATION)


# --- What else other tools leave at the end ------------------------------------------------------------------------


def test_what_stands_around_a_foreign_zip_stays() -> None:
    data = model_of((1, 7, 84)) + b"between the two"
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps(SAYS))
        archive.writestr("anchors.bin", bytes(range(256)))
        archive.comment = b"made by nobody"
    model = parse_model(file.getvalue() + b"a signature, say")
    annotated = annotate(model, Annotation())
    assert read_files(parse_model(annotated)).items() >= read_files(model).items()
    graph = strip(annotated)
    assert graph == data + b"a signature, say" == strip(model.data)
    with zipfile.ZipFile(io.BytesIO(annotated)) as archive:
        assert archive.testzip() is None
        assert archive.comment == b"made by nobody"
        assert archive.namelist() == ["metadata.json", "anchors.bin", "labels.txt", "labels.txt.exact.json"]
    assert annotate(parse_model(annotated), Annotation()) == annotated
    assert facts(read(parse_model(annotated)))[:3] == (Task.OBJECT_DETECTION, Head.YOLO_V8, NAMES)


def test_a_comment_alone_stays() -> None:
    data = model_of((1, 7, 84))
    model = parse_model(data + raw_zip(start=len(data))[:-2] + b"\x05\0hello")
    annotated = annotate(model, Annotation(Task.TENSORS))
    with zipfile.ZipFile(io.BytesIO(annotated)) as archive:
        assert (archive.comment, archive.namelist()) == (b"hello", [])
    assert annotate(parse_model(annotated), Annotation()) == annotated


def test_an_archive_that_cannot_be_read_is_nobodys_metadata() -> None:
    """Nothing in the model names its files, so nobody misses them; attach, which would lose them, refuses."""
    data = model_of((1, 7, 84))
    model = parse_model(data + raw_zip(Entry(b"metadata.json", b"{}", method=99), start=len(data)))
    assert read_metadata(model) is None
    with pytest.raises(MetadataError, match="is packed in a way that no tool of the format uses"):
        annotate(model, Annotation(Task.TENSORS))


def test_a_file_of_its_name_among_others() -> None:
    """Another tool's archive with a file of that name is as it was."""
    data = model_of((1, 7, 84))
    zipped = raw_zip(Entry(b"a.txt", b"1"), Entry(b"metadata.json", b'{"tool": 1}'), start=len(data))
    model = parse_model(data + zipped)
    assert read_metadata(model) is None
    assert list(read_files(parse_model(annotate(model, Annotation(Task.TENSORS))))) == ["metadata.json", "a.txt"]
