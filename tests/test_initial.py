"""`packager init`: what it writes is read back by `packager build`, whatever the model is called."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from packager.config import Config, read_config
from packager.errors import ConfigError, ModelError
from packager.initial import Proposal, TensorLine, propose, render_proposal
from packager.inspection import inspect_model
from packager.inspection import runs as can_run
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.model import read_model
from packager.targets import TARGETS
from packager.tasks import CropMode, Task
from tests.conftest import HOSTILE_LABELS, PROJECT, REAL_MODELS
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
    assert config.metadata.task in (Task.TENSORS, Task.IMAGE_CLASSIFICATION)
    assert len(config.metadata.inputs) == len(report.model.inputs)
    assert len(config.metadata.outputs) == len(report.model.outputs)
    # Ready for `packager build`: the metadata goes into the model, once a classifier has its labels.
    if config.metadata.task is Task.TENSORS:
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
    assert (proposal.classes, proposal.labels) == (10, "")


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
    proposal = Proposal(
        name="x",
        package="x",
        model="x.tflite",
        golden=tuple(HOSTILE_LABELS),
        targets=("pi",),
        target_notes=tuple(HOSTILE_LABELS),
        carries_metadata=False,
        task="image-classification",
        is_image=True,
        classes=10,
        labels=HOSTILE_LABELS[0],
        has_normalization=True,
        mean="127.5",
        std="127.5",
        inputs=texts,
        outputs=texts,
    )
    config = read_back(proposal, tmp_path)
    assert config.golden == tuple(HOSTILE_LABELS)
    assert config.metadata is not None
    assert [spec.name for spec in config.metadata.inputs] == HOSTILE_LABELS
    assert [spec.name for spec in config.metadata.outputs] == HOSTILE_LABELS
    assert config.metadata.labels == (LabelFile(tmp_path / HOSTILE_LABELS[0]),)


def test_the_commented_lines_are_right(tmp_path: Path) -> None:
    """A person who takes a # away gets a key that exists."""
    for carries_metadata in (True, False):
        proposal = Proposal(
            name="x",
            package="x",
            model="x.tflite",
            golden=(),
            targets=(),
            target_notes=(),
            carries_metadata=carries_metadata,
            task="image-classification",
            is_image=True,
            classes=10,
            labels="",
            has_normalization=False,
            mean="127.5",
            std="127.5",
            inputs=(TensorLine("a", "a"),),
            outputs=(TensorLine("b", "b"),),
        )
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


def answering(*answers: str) -> Callable[[str, str], str]:
    remaining: Iterator[str] = iter(answers)

    def ask(_question: str, proposed: str) -> str:
        answer = next(remaining)
        return proposed if answer == "=" else answer

    return ask


def test_answers_of_a_person(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", tmp_path)
    proposal = propose(tmp_path / "sine.tflite", tmp_path)
    assert read_back(proposal.ask(answering("=", "=")), tmp_path) == read_back(proposal, tmp_path)
    # Wrong answers are asked for again.
    told = proposal.ask(
        answering('My "net"', "pictures", "image-classification", "l.csv", "half", "127.5", "", "1e2")
    )
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
    told = propose(tmp_path / "m.tflite", tmp_path).ask(answering("net"))
    config = read_back(told, tmp_path)
    assert (config.name, config.metadata) == ("net", None)


def test_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"GIF89a")
    with pytest.raises(ModelError, match="is not a TensorFlow Lite model"):
        propose(tmp_path / "x.tflite", tmp_path)


def test_a_wrong_answer_is_told_why(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "examples" / "sine" / "sine.tflite", tmp_path)
    proposal = propose(tmp_path / "sine.tflite", tmp_path)
    asked: list[str] = []
    answers = answering(
        "n", "pictures", "image-classification", "l.csv", "half", "nan", "1e39", "0.123456789", "0", "-1", "inf", "2"
    )  # fmt: skip

    def ask(question: str, proposed: str) -> str:
        asked.append(question.split("(")[0].strip())
        return answers(question, proposed)

    told = proposal.ask(ask)
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
