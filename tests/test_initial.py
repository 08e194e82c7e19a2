"""`packager init`: what it writes is read back by `packager build`, whatever the model is called."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from packager.annotated import annotated_model
from packager.config import Config, read_config
from packager.errors import ConfigError, ModelError
from packager.initial import Proposal, TensorLine, propose, render_proposal
from packager.inspection import inspect_model
from packager.inspection import runs as can_run
from packager.metadata.annotation import DEFAULT_DELIMITER
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.reader import read_metadata
from packager.model import parse_model, read_model
from packager.render.naming import ProjectName
from packager.targets import TARGETS
from packager.tasks import CropMode, Head, Resize, Task
from tests import hand_made
from tests.conftest import HOSTILE_LABELS, PROJECT, REAL_MODELS
from tests.metadata.exports import SAYS, model_of, with_json
from tests.models import Op, T, graph, ports
from tests.test_model_reader import EXAMPLES


def read_back(proposal: Proposal, folder: Path) -> Config:
    (folder / "packager.toml").write_bytes(render_proposal(proposal))
    return read_config(folder)


@pytest.fixture(params=[*(path.stem for path in EXAMPLES), *REAL_MODELS])
def model_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    own = {path.stem: path for path in EXAMPLES}
    folder = own[request.param].parent if request.param in own else request.getfixturevalue("models")
    return Path(shutil.copy(folder / f"{request.param}.tflite", tmp_path))


def test_every_model(model_path: Path, tmp_path: Path) -> None:
    proposal = propose(model_path, tmp_path)
    config = read_back(proposal, tmp_path)
    report = inspect_model(model_path)
    assert config.model.samefile(model_path)
    assert config.name == proposal.name
    assert config.golden == ()
    runnable = tuple(name for name, problems in report.targets.items() if can_run(problems))
    assert (config.targets or tuple(TARGETS)) == (runnable or tuple(TARGETS))
    if report.metadata is not None:
        assert config.metadata is None
        return
    assert config.metadata is not None
    assert len(config.metadata.inputs) == len(report.model.inputs)
    assert len(config.metadata.outputs) == len(report.model.outputs)
    # Ready for `packager build`: the metadata goes into the model, once a classifier has its labels.
    if config.metadata.task is not Task.IMAGE_CLASSIFICATION:
        annotate(read_model(config.model), config.metadata)


def test_the_whole_file(tmp_path: Path, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    """What a person sees first, to the letter."""
    shutil.copy(PROJECT / "examples" / "digits" / "digits.tflite", tmp_path)
    for name in ("golden/a.png", "golden/b.jpg", "labels.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    proposal = propose(tmp_path / "digits.tflite", tmp_path)
    assert_tree("init_digits", {"packager.toml": render_proposal(proposal)})


def test_a_classifier_is_proposed(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "examples" / "digits" / "digits.tflite", tmp_path)
    proposal = propose(tmp_path / "digits.tflite", tmp_path)
    config = read_back(proposal, tmp_path)
    # The quantization of the input covers 0..1, which tells the normalization; the labels are still to be named.
    assert config.metadata == Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        mean=(0.0,),
        std=(255.0,),
        crop=CropMode.STRETCH,
        inputs=(TensorSpec("input"),),
        outputs=(TensorSpec("output"),),
    )
    assert (proposal.label_count, proposal.labels) == ("classes (10)", "")


@pytest.mark.parametrize("name", ["labels.txt", "digits_labels.csv", "labels_digits.json"])
def test_labels_beside_the_model_are_found(tmp_path: Path, name: str) -> None:
    shutil.copy(PROJECT / "examples" / "digits" / "digits.tflite", tmp_path)
    (tmp_path / name).touch()
    config = read_back(propose(tmp_path / "digits.tflite", tmp_path), tmp_path)
    assert config.metadata is not None
    assert config.metadata.labels == (LabelFile(tmp_path / name),)


def test_a_model_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "models").mkdir()
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", tmp_path / "models")
    config = read_back(propose(tmp_path / "models" / "sine.tflite", tmp_path / "here"), tmp_path / "here")
    assert config.model == tmp_path / "here" / "../models/sine.tflite"


@pytest.mark.parametrize(
    "name", ["plain", "under_score", "${x}$y", "'", " ", "-", "#", "{{ x }}{% if %}", *HOSTILE_LABELS]
)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name.replace('/', '∕')}.tflite"
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", path)
    proposal = propose(path, tmp_path)
    config = read_back(proposal, tmp_path)
    assert (config.model, config.name) == (path, path.stem)
    # Nothing of the name is outside of its two strings and its comment.
    plain = render_proposal(replace(proposal, model="m.tflite", name="m", package="m")).decode()
    assert len(render_proposal(proposal).decode().splitlines()) == len(plain.splitlines())


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    path = tmp_path / "bad\udcff.tflite"
    try:
        shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", path)
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    with pytest.raises(ConfigError) as caught:
        propose(path, tmp_path)
    assert caught.value.what == "has a name that is not valid Unicode"


def test_hostile_texts_from_the_model(tmp_path: Path) -> None:
    """Tensor names and notes reach comments and strings of the file."""
    texts = tuple(TensorLine(text, f"{text}: int8 [1, 2]") for text in HOSTILE_LABELS)
    proposal = replace(
        PROPOSAL,
        golden=tuple(HOSTILE_LABELS),
        targets=("pi",),
        target_notes=tuple(HOSTILE_LABELS),
        metadata_notes=tuple(HOSTILE_LABELS),
        labels=HOSTILE_LABELS[0],
        vocabulary=HOSTILE_LABELS[1],
        inputs=texts,
        outputs=texts,
    )
    config = read_back(proposal, tmp_path)
    assert config.golden == tuple(HOSTILE_LABELS)
    assert config.metadata is not None
    assert [spec.name for spec in config.metadata.inputs] == HOSTILE_LABELS
    assert [spec.name for spec in config.metadata.outputs] == HOSTILE_LABELS
    assert config.metadata.labels == (LabelFile(tmp_path / HOSTILE_LABELS[0]),)
    assert config.metadata.vocabulary == tmp_path / HOSTILE_LABELS[1]


def test_the_commented_lines_are_right(tmp_path: Path) -> None:
    """A person who takes a # away gets a key that exists."""
    for proposal in (PROPOSAL, replace(PROPOSAL, carries_metadata=True), SPARSE):
        keys = [
            line.removeprefix("# ") if is_commented_toml(line) else line
            for line in render_proposal(proposal).decode().splitlines()
        ]
        assert sum(is_commented_toml(line) for line in render_proposal(proposal).decode().splitlines()) >= 6
        (tmp_path / "packager.toml").write_text("\n".join(keys))
        config = read_config(tmp_path)
        assert config.metadata is not None
        assert config.targets == tuple(TARGETS)
        assert config.options["android"].package == "com.example.x"


def is_commented_toml(line: str) -> bool:
    try:
        return line.startswith("# ") and bool(tomllib.loads(line.removeprefix("# ")))
    except tomllib.TOMLDecodeError:
        return False


# Every section of the file, with all that can be told, and with as little of it as there may be.
PROPOSAL = Proposal(
    name="x",
    package="x",
    model="x.tflite",
    golden=(),
    targets=(),
    target_notes=(),
    carries_metadata=False,
    metadata_notes=(),
    task_lines=("image-classification or tensors.",),
    task="image-classification",
    takes_labels=True,
    label_count="classes (10)",
    labels="",
    takes_sound=True,
    sample_rate="16000",
    hop="8000",
    takes_text=True,
    is_split=True,
    vocabulary="vocab.txt",
    delimiter=DEFAULT_DELIMITER,
    takes_picture=True,
    takes_pixels=False,
    has_normalization=True,
    mean="127.5",
    std="127.5",
    crop="letterbox",
    pad="114",
    is_letterboxed=True,
    is_bilinear=True,
    has_classes=True,
    lacks_activation=True,
    activation="softmax",
    has_head=True,
    heads="ssd or fomo",
    head="ssd",
    has_threshold=True,
    threshold="0.25",
    has_landmarks=True,
    points="21",
    inputs=(TensorLine("a", "a"),),
    outputs=(TensorLine("b", "b"),),
)
SPARSE = replace(
    PROPOSAL,
    vocabulary="",
    has_normalization=False,
    is_letterboxed=False,
    is_bilinear=False,
    lacks_activation=False,
    has_head=False,
    has_threshold=False,
    has_landmarks=False,
)


def answering(*answers: str) -> Callable[[str, str], str]:
    remaining: Iterator[str] = iter(answers)

    def ask(_question: str, proposed: str) -> str:
        answer = next(remaining)
        return proposed if answer == "=" else answer

    return ask


def test_answers_of_a_person(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", tmp_path)
    path = tmp_path / "sine.tflite"
    assert propose(path, tmp_path, answering("=", "=")) == propose(path, tmp_path)
    # Wrong answers are asked for again.
    answers = answering(
        "n" * 65, 'My "net"', "pictures", "image-classification", "l.csv", "half", "127.5", "", "1e2"
    )  # fmt: skip
    told = propose(path, tmp_path, answers)
    config = read_back(told, tmp_path)
    assert config.name == 'My "net"'
    assert config.metadata is not None
    assert (config.metadata.task, config.metadata.labels) == (
        Task.IMAGE_CLASSIFICATION,
        (LabelFile(tmp_path / "l.csv"),),
    )
    assert (config.metadata.mean, config.metadata.std) == ((127.5,), (100.0,))


def test_a_model_that_carries_metadata_is_asked_for_its_name_only(models: Path, tmp_path: Path) -> None:
    shutil.copy(models / "mobilenet_v2_1.0_224_quant.tflite", tmp_path / "m.tflite")
    told = propose(tmp_path / "m.tflite", tmp_path, answering("net"))
    config = read_back(told, tmp_path)
    assert (config.name, config.metadata) == ("net", None)


def test_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"GIF89a")
    with pytest.raises(ModelError, match="is not a TensorFlow Lite model"):
        propose(tmp_path / "x.tflite", tmp_path)


def test_a_wrong_answer_is_told_why(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", tmp_path)
    asked: list[str] = []
    answers = answering(
        "n", "pictures", "image-classification", "l.csv", "half", "nan", "1e39", "0.123456789", "0", "-1", "inf", "2"
    )  # fmt: skip

    def ask(question: str, proposed: str) -> str:
        asked.append(question.split("(")[0].strip())
        return answers(question, proposed)

    told = propose(tmp_path / "sine.tflite", tmp_path, ask)
    assert asked[1:] == [
        "Task",
        "That is none of the tasks. Task",
        "File with the labels",
        "Mean of the pixels",
        "That is no number. Mean of the pixels",
        "That is no number that a model can hold. Mean of the pixels",
        "That is no number that a model can hold. Mean of the pixels",
        "Standard deviation",
        "The pixels are divided by it: give one above 0. Standard deviation",
        "The pixels are divided by it: give one above 0. Standard deviation",
        "That is no number that a model can hold. Standard deviation",
    ]
    assert (told.mean, told.std) == ("0.123456789", "2")


# --- what a model is taken for ----------------------------------------

IMAGE, PLANAR, UINT8 = T("", (1, 64, 96, 3)), T("", (1, 3, 64, 96)), T("", (1, 64, 96, 3), "uint8")
SSD = (T("", (1, 10, 4)), T("", (1, 10)), T("", (1, 10)), T("", (1,)))
PIXELS: dict[str, Any] = {}
UNIT = {"mean": (0.0,), "std": (255.0,)}
STRETCH, LETTERBOX = {"crop": CropMode.STRETCH}, {"crop": CropMode.LETTERBOX, "resize": Resize.BILINEAR}
YOLO = {**LETTERBOX, "pad": 114, "threshold": 0.25}
MOVENET = {**LETTERBOX, "pad": 0}
DETECT, SEGMENT, POSE = Task.OBJECT_DETECTION, Task.IMAGE_SEGMENTATION, Task.POSE


@pytest.mark.parametrize(
    ("image", "outputs", "expected"),
    [
        (IMAGE, SSD, {"head": Head.SSD, "mean": (127.5,), "std": (127.5,), "threshold": 0.5, **STRETCH}),
        (IMAGE, [T("", (1, 84, 756))], {"head": Head.YOLO_V8, **UNIT, **YOLO}),
        (PLANAR, [T("", (1, 7, 756))], {"head": Head.YOLO_V8, **UNIT, **YOLO}),
        (UINT8, [T("", (1, 84, 756))], {"head": Head.YOLO_V8, **PIXELS, **YOLO}),
        (IMAGE, [T("", (1, 756, 85))], {"head": Head.YOLO_V5, **UNIT, **YOLO}),
        (IMAGE, [T("", (1, 300, 6))], {"head": Head.END_TO_END, **UNIT, **YOLO}),
        (
            IMAGE,
            [T("", (1, 8, 12, 3))],
            {"head": Head.FOMO, **UNIT, "crop": CropMode.CENTER_CROP, "threshold": 0.5},
        ),
        (IMAGE, [T("", (1, 64, 96, 21))], {"task": SEGMENT, **STRETCH}),
        (IMAGE, [T("", (1, 32, 48, 2))], {"task": SEGMENT, **STRETCH}),
        (UINT8, [T("", (1, 64, 96), "int64")], {"task": SEGMENT, **PIXELS, **STRETCH}),
        (UINT8, [T("", (1, 1, 17, 3))], {"head": Head.MOVENET, **PIXELS, **MOVENET}),
        (
            IMAGE,
            [T("", (1, 6, 56))],
            {"head": Head.MOVENET_MULTIPOSE, "mean": (0,), "std": (1,), "threshold": 0.25, **MOVENET},
        ),
        (IMAGE, [T("", (1, 56, 756))], {"head": Head.YOLO_POSE, **UNIT, **YOLO}),
        (IMAGE, [T("", (1, 1000))], {"task": Task.IMAGE_CLASSIFICATION, **STRETCH}),
        # A strip of gray pixels, and a square of odd ones.
        (
            T("", (1, 32, 128, 1), "int8", 1 / 255, -128),
            [T("", (1, 37))],
            {"task": Task.IMAGE_CLASSIFICATION, **UNIT, **STRETCH},
        ),
        (
            T("", (1, 28, 28, 1), "int8", 0.0127, -95),
            [T("", (1, 10))],
            {"task": Task.IMAGE_CLASSIFICATION, **STRETCH},
        ),
        (IMAGE, [T("", (1, 128)), T("", (1, 5))], {"task": Task.TENSORS}),
        (T("", (1, 1960)), [T("", (1, 4))], {"task": Task.TENSORS}),
    ],
)
def test_what_a_model_is_taken_for(
    tmp_path: Path, image: T, outputs: Sequence[T], expected: Mapping[str, Any]
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(ports((image,), tuple(outputs)))
    metadata = read_back(propose(path, tmp_path), tmp_path).metadata
    assert metadata is not None
    poses = (Head.MOVENET, Head.MOVENET_MULTIPOSE, Head.YOLO_POSE)
    task = expected.get("task", POSE if expected.get("head") in poses else DETECT)
    defaults = Annotation(inputs=metadata.inputs, outputs=metadata.outputs)
    given = {item.name for item in fields(metadata) if getattr(metadata, item.name) != getattr(defaults, item.name)}
    assert {name: getattr(metadata, name) for name in given} == {"task": task, **expected}
    # It builds as it stands, but for what nobody can tell: the labels of classes, how floats were normalized.
    if task is not Task.IMAGE_CLASSIFICATION and (image.dtype == "uint8" or given >= {"mean", "std"}):
        after = read_metadata(parse_model(annotate(parse_model(path.read_bytes()), metadata)))
        assert after is not None
        assert (after.task, after.head) == (task, expected.get("head"))


@pytest.mark.parametrize(
    ("given", "task"),
    [
        ([T("", (1, 128, 3), "int8")], Task.TENSOR_CLASSIFICATION),
        # Keyword spotting: 49 times 10 coefficients, of -123 to 26.
        ([T("", (1, 49, 10, 1), "int8", 0.585, 83)], Task.TENSOR_CLASSIFICATION),
        ([T("", (1, 1960), "int8")], Task.TENSOR_CLASSIFICATION),
        ([T("", (1, 1960))], Task.TENSOR_CLASSIFICATION),
        ([T("", (4,)), T("", (4,))], Task.TENSOR_CLASSIFICATION),
        ([T("", (15600,))], Task.AUDIO_CLASSIFICATION),
        ([T("", (1, 16000), "int16")], Task.AUDIO_CLASSIFICATION),
        ([T("", (1, 16000), "int8")], Task.TENSOR_CLASSIFICATION),
        ([T("", (1, 16000)), T("", (1,))], Task.TENSOR_CLASSIFICATION),
    ],
)
def test_a_classifier_of_numbers_is_told_by_the_labels_beside_it(
    given: Sequence[T], task: Task, tmp_path: Path
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(ports(tuple(given), (T("", (1, 3)),)))
    assert propose(path, tmp_path).task == Task.TENSORS
    (tmp_path / "labels.txt").write_text("a\nb\n")
    assert propose(path, tmp_path).task == Task.TENSORS  # another model's
    (tmp_path / "labels.txt").write_text("a\nb\nb\n")
    assert propose(path, tmp_path).task == Task.TENSORS  # one that is there twice
    shutil.copy(hand_made.COLORS, tmp_path / "labels.txt")
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "a.wav").write_bytes(b"")
    config = read_back(propose(path, tmp_path), tmp_path)
    assert config.metadata is not None
    assert config.metadata.task == task
    is_sound = task is Task.AUDIO_CLASSIFICATION
    assert (config.metadata.sample_rate, config.golden) == ((16000, ("golden/*.wav",)) if is_sound else (None, ()))
    # It builds as it stands.
    assert annotated_model(parse_model(annotate(parse_model(path.read_bytes()), config.metadata))).task is task


def test_a_text_classifier_is_told_by_the_vocabulary_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(hand_made.text_classifier())
    assert propose(path, tmp_path).task == Task.TENSORS
    shutil.copy(hand_made.WORDS, tmp_path / "m_vocab.txt")
    shutil.copy(hand_made.COLORS, tmp_path / "labels.txt")
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden/a.txt").write_text("a rose\n")
    config = read_back(propose(path, tmp_path), tmp_path)
    assert config.golden == ("golden/*.txt",)
    assert config.metadata is not None
    assert (config.metadata.task, config.metadata.vocabulary) == (Task.TEXT_CLASSIFICATION, tmp_path / "m_vocab.txt")
    annotated = annotated_model(parse_model(annotate(parse_model(path.read_bytes()), config.metadata)))
    assert annotated.input.kind == "text"
    # The commented delimiter is the one that holds without it.
    text = render_proposal(propose(path, tmp_path)).decode()
    assert text.count("# delimiter = ") == 1
    (tmp_path / "packager.toml").write_text(text.replace("# delimiter", "delimiter"), "utf-8")
    delimited = read_config(tmp_path).metadata
    assert delimited is not None
    assert delimited.delimiter == DEFAULT_DELIMITER


def test_a_berts_inputs_have_the_names_that_mediapipe_looks_for(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(hand_made.bert(22))
    told = propose(path, tmp_path, answering("=", "text-classification", "l.txt", "v.txt"))
    assert (told.labels, told.vocabulary, told.is_split) == ("l.txt", "v.txt", False)
    assert [line.name for line in told.inputs] == ["mask", "ids", "segment_ids"]
    assert "delimiter" not in render_proposal(told).decode()


def test_a_detectors_outputs_have_the_names_that_others_look_for(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(ports((IMAGE,), SSD))
    names = [line.name for line in propose(path, tmp_path).outputs]
    assert names == ["location", "category", "score", "number of detections"]


def test_the_whole_file_of_a_detector(
    tmp_path: Path, assert_tree: Callable[[str, Mapping[str, bytes]], None]
) -> None:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "street.jpg").touch()
    path = tmp_path / "yolo.tflite"
    path.write_bytes(ports((T("image", (1, 96, 96, 3)),), (T("boxes", (1, 6, 189)),)))
    assert_tree("init_detector", {"packager.toml": render_proposal(propose(path, tmp_path))})


def test_a_person_is_asked_which_head_it_is(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(ports((IMAGE,), (T("", (1, 6300, 6)),)))
    asked: list[str] = []
    answers = answering("=", "=", "yolo", "yolo-v5", "", "=", "=")

    def ask(question: str, proposed: str) -> str:
        asked.append(f"{question} [{proposed}]")
        return answers(question, proposed)

    proposal = propose(path, tmp_path, ask)
    assert asked[2:] == [
        "Head: its output could be of end-to-end or yolo-v5 [end-to-end]",
        "It is none of them. Head: its output could be of end-to-end or yolo-v5 [end-to-end]",
        "File with the labels, if there is one []",
        "Mean of the pixels (127.5 for -1..1, 0 for 0..1) [0]",
        "Standard deviation (127.5 for -1..1, 255 for 0..1) [255]",
    ]
    metadata = read_back(proposal, tmp_path).metadata
    assert metadata is not None
    assert metadata.head is Head.YOLO_V5
    # Nobody is asked: the file says that there is a choice.
    text = render_proposal(propose(path, tmp_path)).decode()
    assert "by their shapes it is end-to-end or yolo-v5." in text


def test_landmarks_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(ports((UINT8,), (T("", (1, 63)),)))
    metadata = read_back(propose(path, tmp_path, answering("=", "pose", "0", "=")), tmp_path).metadata
    assert metadata is not None
    assert (metadata.task, metadata.head, metadata.points) == (POSE, Head.LANDMARKS, 21)
    annotate(read_model(path), metadata)


def test_a_task_that_the_model_is_not_for(tmp_path: Path) -> None:
    """A person may know better; build says what does not fit."""
    path = tmp_path / "m.tflite"
    path.write_bytes(ports((T("", (1, 7)),), (T("", (1, 4)),)))
    for task in Task:
        answers = answering("=", task, *["="] * 5)
        metadata = read_back(propose(path, tmp_path, answers), tmp_path).metadata
        assert metadata is not None
        assert metadata.task is task


@pytest.mark.parametrize(
    ("operators", "size", "activation"),
    [
        (["FULLY_CONNECTED"], 10, "softmax"),
        (["FULLY_CONNECTED", "RESHAPE"], 10, "softmax"),
        (["FULLY_CONNECTED"], 1, "sigmoid"),
        (["FULLY_CONNECTED", "SOFTMAX"], 10, None),
        (["FULLY_CONNECTED", "LOGISTIC"], 1, None),
        (["CUSTOM"], 10, None),
    ],
)
def test_logits_are_told(tmp_path: Path, operators: list[str], size: int, activation: str | None) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(with_operators(operators, size))
    metadata = read_back(propose(path, tmp_path), tmp_path).metadata
    assert metadata is not None
    assert metadata.task is Task.IMAGE_CLASSIFICATION
    assert metadata.activation == activation


def with_operators(names: Sequence[str], size: int) -> bytes:
    """A picture to ``size`` scores through these operators, one behind the other."""
    nodes = [Op(name, [number], [number + 1]) for number, name in enumerate(names)]
    return graph([IMAGE, *[T("", (1, size))] * len(names)], nodes, [0], [len(names)])


@pytest.mark.parametrize("name", ["yolo11n_full_integer_quant", "yolov8n_int8"])
def test_what_ultralytics_exported_needs_no_table(models: Path, tmp_path: Path, name: str) -> None:
    path = Path(shutil.copy(models / f"{name}.tflite", tmp_path / "m.tflite"))
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "a.jpg").touch()
    config = read_back(propose(path, tmp_path), tmp_path)
    assert (config.metadata, config.golden) == (None, ("golden/*.jpg",))


def test_what_ultralytics_exported_for_another_task_goes_as_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(with_json(model_of((1, 39, 84)), {**SAYS, "task": "segment"}).data)
    proposal = propose(path, tmp_path)
    metadata = read_back(proposal, tmp_path).metadata
    assert metadata is not None
    assert metadata.task is Task.TENSORS
    assert "# Ultralytics exported it for the task 'segment': there is no such" in render_proposal(proposal).decode()
    annotate(read_model(path), metadata)


@pytest.mark.parametrize("name", ["x" * 65, "a b " * 30, "鳥" * 60, "x" * 200])
def test_no_name_is_too_long_to_build_with(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.tflite"
    try:
        shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", path)
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    proposal = propose(path, tmp_path)
    assert name.startswith(proposal.name)
    assert ProjectName.parse(proposal.name)
    assert proposal.name == proposal.name.strip()
    assert read_back(proposal, tmp_path).name == proposal.name
