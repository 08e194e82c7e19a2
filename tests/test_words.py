"""Whose words: a wrong setting is named as whoever set it names it, with an option, a key or a field."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from ai_edge_litert import schema_py_generated as schema
from typer.testing import CliRunner

import packager
from packager.cli import _Options, app
from packager.config import KEYS, read_config
from packager.errors import PackagerError, about, asked_by
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.view import OWN_SETTINGS
from packager.model import parse_model, read_model
from packager.pipeline import package, plan_build
from packager.settings import FORCE, Example, Setting
from packager.targets import TARGETS, load_target
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from tests import hand_made
from tests.conftest import needs_micro
from tests.models import Op, T, graph, ports

pytestmark = pytest.mark.slow

# What a word of each of the three looks like; commands as a whole are for everybody.
OPTION, KEY, FIELD = r"(?<![\w-])--[a-z]", r"\[\[?[a-z]+(\.[a-z]+)?\]\]? ?", r"\b(Annotation|Options|LabelFile)\b"
COMMAND = re.compile(r"packager [a-z]+( [a-z]+)? --help")


def assert_words(message: str, own: str, *foreign: str) -> None:
    assert own in message, message
    for pattern in foreign:
        assert not re.search(pattern, COMMAND.sub("", message)), message


# --- the fields of an annotation ----------------------------------------

CLASSIFIER = {
    "task": Task.IMAGE_CLASSIFICATION,
    "labels": (LabelFile(Path("labels.txt")),),
    "mean": (0.0,),
    "std": (255.0,),
}
AUDIO = {"task": Task.AUDIO_CLASSIFICATION, "labels": (LabelFile(Path("labels.txt")),)}
TEXT = {"task": Task.TEXT_CLASSIFICATION, "labels": (LabelFile(Path("labels.txt")),)}
POSE = {"task": Task.POSE}
TENSORS = {"task": Task.TENSORS}
BROKEN = "\udcff"


@dataclass(frozen=True)
class Wrong:
    """A way to set a field wrongly: what else is set, and what the message is about."""

    wrong: Mapping[str, Any]
    rest: Mapping[str, Any] = field(default_factory=lambda: TENSORS)
    what: str = ""

    @property
    def annotation(self) -> Annotation:
        return Annotation(**{**self.rest, **self.wrong})


WRONG = {
    "task": Wrong({"task": None}, what="no task is given"),
    "labels": Wrong({"labels": ()}, CLASSIFIER, "no labels are given"),
    "labels.path": Wrong({"labels": (LabelFile(Path("nosuch.txt")),)}, CLASSIFIER, "no such label file"),
    "mean": Wrong({"mean": (float("nan"),)}, CLASSIFIER, "is not a number"),
    "std": Wrong({"std": (0.0,)}, CLASSIFIER, "is 0, and the pixels are divided by it"),
    "crop": Wrong({"crop": CropMode.LETTERBOX}, what="does not go with the task tensors"),
    "resize": Wrong({"resize": Resize.BILINEAR}, what="does not go with the task tensors"),
    "pad": Wrong({"pad": 256}, CLASSIFIER, "is not a whole number from 0 to 255"),
    "channels": Wrong({"channels": ChannelOrder.BGR}, what="does not go with the task tensors"),
    "activation": Wrong({"activation": Activation.SOFTMAX}, what="does not go with the task tensors"),
    "head": Wrong({"head": Head.SSD}, CLASSIFIER, "does not go with the task image-classification"),
    "threshold": Wrong({"threshold": float("nan")}, CLASSIFIER, "is not a number from 0 to 1"),
    "iou": Wrong({"iou": 0.5}, CLASSIFIER, "does not go with the task image-classification"),
    "points": Wrong({"points": 0}, POSE, "is not a whole number from 1 to 10,000"),
    **{name: Wrong({name: BROKEN}) for name in ("name", "version", "author", "license", "description")},
    "inputs": Wrong({"inputs": (TensorSpec("a"), TensorSpec("b"))}, what="2 inputs are described"),
    "outputs": Wrong({"outputs": (TensorSpec("a"), TensorSpec("b"))}, what="2 outputs are described"),
    **{
        f"{side}.{part}": Wrong({side: (spec,)}, what="is not valid Unicode")
        for side in ("inputs", "outputs")
        for part, spec in {"name": TensorSpec(BROKEN), "description": TensorSpec(None, BROKEN)}.items()
    },
    **{
        f"{side}.minimum": Wrong({side: (TensorSpec(minimum=(-float("inf"),), maximum=(1.0,)),)}, what="is infinite")
        for side in ("inputs", "outputs")
    },
    **{
        f"{side}.maximum": Wrong({side: (TensorSpec(minimum=(0.0,), maximum=(1e39,)),)}, what="is beyond float32")
        for side in ("inputs", "outputs")
    },
    "sample_rate": Wrong({"sample_rate": 0}, AUDIO, "is not a whole number from 1"),
    "audio_channels": Wrong({"audio_channels": 2**40}, AUDIO, "is not a whole number from 1"),
    "hop": Wrong({"hop": 0}, AUDIO, "is not a whole number from 1 to 2,147,483,647"),
    "vocabulary": Wrong({"vocabulary": Path("nosuch.txt")}, TEXT, "cannot be read: No such file"),
    "delimiter": Wrong({"delimiter": "(", "vocabulary": Path("labels.txt")}, TEXT, "has a ( without a )"),
}

# A second way to be wrong, where the words are others.
MORE = [
    Wrong({"mean": (1.0, 2.0)}, CLASSIFIER, "mean has 2 values, and the image input has 1 channel"),
    Wrong({"std": None}, CLASSIFIER, "std is given, and the model names none"),
    Wrong({"std": (-0.0,)}, CLASSIFIER, "std is 0, and the pixels are divided by it"),
    Wrong({"std": (1e-40,)}, CLASSIFIER, "std is so small that a pixel"),
    Wrong({"task": Task.OBJECT_DETECTION}, CLASSIFIER, "object-detection takes a model with the four outputs of"),
    Wrong({"labels": (LabelFile(Path("labels.txt"), "de"),)}, CLASSIFIER, "no default ones"),
    Wrong({"labels": (LabelFile(Path("labels.txt")),) * 2}, CLASSIFIER, "two label files are given"),
    Wrong({"pad": -1}, CLASSIFIER, "is not a whole number from 0 to 255"),
    Wrong({"pad": 114}, AUDIO, "does not go with the task audio-classification"),
    Wrong({"threshold": 1.5}, AUDIO, "is not a number from 0 to 1"),
    Wrong({"threshold": 0.5}, TENSORS, "does not go with the task tensors"),
    Wrong({"activation": Activation.SIGMOID}, POSE, "does not go with the task pose"),
    Wrong({"iou": -0.5}, POSE, "is not a number from 0 to 1"),
    Wrong({"points": 17}, CLASSIFIER, "does not go with the task image-classification"),
    Wrong({"sample_rate": 8000}, TENSORS, "does not go with the task tensors"),
    Wrong({"hop": 8000}, TENSORS, "does not go with the task tensors"),
    Wrong({"task": Task.AUDIO_CLASSIFICATION}, AUDIO, "a sound goes in as [1, N] or [N] samples"),
    Wrong({"vocabulary": Path("labels.txt")}, TENSORS, "does not go with the task tensors"),
    Wrong({"delimiter": " "}, TENSORS, "does not go with the task tensors"),
    Wrong({"delimiter": "(" * 20_000 + ")" * 20_000, "vocabulary": Path("labels.txt")}, TEXT, "40,000 characters"),
    Wrong({"delimiter": "a{99999999999999999}", "vocabulary": Path("labels.txt")}, TEXT, "beyond what RE2 takes"),
    Wrong({"vocabulary": Path()}, TEXT, "cannot be read: it is a folder, not a file"),
    Wrong({"inputs": (TensorSpec(minimum=(2.0,), maximum=(1.0,)),)}, TENSORS, "has a minimum above its maximum"),
]


def fields_of_an_annotation() -> list[str]:
    """Each field by its name; those of the dataclasses in it behind a dot."""
    inner: dict[str, list[type]] = {"labels": [LabelFile], "inputs": [TensorSpec], "outputs": [TensorSpec]}
    return [
        name
        for item in dataclasses.fields(Annotation)
        for name in (
            item.name,
            *(f"{item.name}.{part.name}" for kind in inner.get(item.name, ()) for part in dataclasses.fields(kind)),
        )
    ]


def test_no_field_of_an_annotation_is_forgotten() -> None:
    # A locale is refused before there is an annotation; see test_a_locale.
    assert {*WRONG, "labels.locale"} == set(fields_of_an_annotation())


CASES = [*WRONG.items(), *((f"more {number}", wrong) for number, wrong in enumerate(MORE))]


@pytest.fixture
def folder(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the model m.tflite and its labels."""
    shutil.copy(examples / "digits" / "digits.tflite", tmp_path / "m.tflite")
    shutil.copy(examples / "digits" / "labels.txt", tmp_path / "labels.txt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name_of(name: str, wrong: Wrong) -> str:
    """The field that ``wrong`` is about."""
    return name if name in WRONG else next(iter(wrong.wrong))


def options_of(annotation: Annotation) -> list[str]:
    """The annotation as options of `metadata attach`."""
    words = []
    for item in dataclasses.fields(annotation):
        value, option = getattr(annotation, item.name), f"--{item.name.replace('_', '-')}"
        if value is None or value == item.default:
            continue
        if item.name in ("inputs", "outputs"):
            side = item.name.removesuffix("s")
            for spec in value:
                words += [
                    f"--{side}-{part}={text}" for part in ("name", "description") if (text := getattr(spec, part))
                ]
                if spec.minimum is not None:
                    words.append(f"--{side}-range={spec.minimum[0]},{spec.maximum[0]}")
        elif item.name == "labels":
            words += [f"{option}={file}" for file in value]
        else:
            words.append(f"{option}={','.join(map(str, value)) if isinstance(value, tuple) else value}")
    return words


def toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if dataclasses.is_dataclass(value):
        return toml({item.name: getattr(value, item.name) for item in dataclasses.fields(value)})
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {toml(item)}" for key, item in value.items() if item not in (None, ""))
        return f"{{ {inner} }}"
    return json.dumps(str(value)) if isinstance(value, str | Path) else str(value)


def toml_of(annotation: Annotation) -> str:
    """The annotation as a packager.toml, a line a key."""
    lines = ['model = "m.tflite"', 'targets = "pi"', "", "[metadata]"]
    for item in dataclasses.fields(annotation):
        value = getattr(annotation, item.name)
        if value is not None and value != item.default:
            lines += [f"{item.name} = {toml(value)}"]
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "wrong"), CASES, ids=[name for name, _ in CASES])
def test_the_command_line_hears_of_options(folder: Path, name: str, wrong: Wrong) -> None:
    arguments = ["metadata", "attach", "m.tflite", "-o", "out.tflite", *options_of(wrong.annotation)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert wrong.what in result.stderr
    setting, _, part = name_of(name, wrong).partition(".")
    option = {"inputs": "--input", "outputs": "--output"}.get(setting, f"--{setting.replace('_', '-')}")
    if setting in ("inputs", "outputs"):
        option += "-range" if part in ("minimum", "maximum") else f"-{part}" if part else "-"
    assert_words(result.stderr, option, KEY, FIELD)
    assert list(folder.glob("out*")) == []


@pytest.mark.parametrize(("name", "wrong"), CASES, ids=[name for name, _ in CASES])
def test_packager_toml_hears_of_keys_and_lines(folder: Path, name: str, wrong: Wrong) -> None:
    (folder / "packager.toml").write_text(text := toml_of(wrong.annotation))
    result = CliRunner().invoke(app, ["build", "-o", "out"])
    assert result.exit_code == 1, result.output
    setting, _, part = name_of(name, wrong).partition(".")
    lines = text.splitlines()
    line = next((number for number, at in enumerate(lines, 1) if at.startswith(f"{setting} =")), 4)
    if BROKEN in repr(wrong.wrong) or "udcff" in text:
        assert result.stderr.startswith(f"error: packager.toml:{line}: is no valid TOML: "), result.stderr
        return
    assert wrong.what in result.stderr
    assert f"packager.toml:{line}" in result.stderr
    if setting in ("inputs", "outputs"):
        key = f"[metadata.{setting}] {part}" if part else f"[metadata.{setting}]"
    else:
        key = f"[metadata] {setting}"
    assert_words(result.stderr, key, OPTION, FIELD)
    assert list(folder.glob("out*")) == []
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert str(caught.value) in result.stderr


@pytest.mark.parametrize(("name", "wrong"), CASES, ids=[name for name, _ in CASES])
def test_python_hears_of_fields(folder: Path, name: str, wrong: Wrong) -> None:
    with pytest.raises(PackagerError) as caught:
        annotate(read_model("m.tflite"), wrong.annotation)
    assert wrong.what in caught.value.what
    setting, _, part = name_of(name, wrong).partition(".")
    if setting in ("inputs", "outputs") and part:
        setting = f"{setting}[0].{part}"
    assert_words(str(caught.value).replace("(", "."), f"Annotation.{setting}", OPTION, KEY)


def test_a_locale(folder: Path) -> None:
    with pytest.raises(PackagerError) as caught:
        LabelFile(Path("labels.txt"), "de!")
    assert_words(str(caught.value), "'de!' is no locale", OPTION, KEY)
    text = "model = 'm.tflite'\n[metadata]\n\nlabels = { path = 'labels.txt', locale = 'de!' }"
    (folder / "packager.toml").write_text(text)
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert_words(str(caught.value), "packager.toml:4: 'de!' is no locale", OPTION, FIELD)


def test_the_line_is_that_of_the_one_that_is_wrong(folder: Path) -> None:
    (folder / "packager.toml").write_text(
        "model = 'm.tflite'\n[metadata]\ntask = 'tensors'\n\n[[metadata.inputs]]\nname = 'image'\nmaximum = inf\n"
        "[[metadata.outputs]]\nname = 'a'\n[[metadata.outputs]]\n# here\nname = 'b'\n"
    )
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert str(caught.value).startswith("packager.toml:7: [metadata.inputs] maximum is infinite\n")
    (folder / "packager.toml").write_text((folder / "packager.toml").read_text().replace("inf", "1"))
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert str(caught.value).splitlines() == [
        "packager.toml:10: 2 outputs are described, and the model has 1",
        "  Give [[metadata.outputs]] once for each output at most, in the model's order.",
    ]


def test_another_line_is_told_with_its_key(folder: Path) -> None:
    """A missing label file has a place of its own; the advice says where its name stands."""
    (folder / "packager.toml").write_text(
        "model = 'm.tflite'\n[metadata]\ntask = 'image-classification'\nmean = 0\nstd = 1\n"
        "[[metadata.labels]]\npath = 'labels.txt'\n[[metadata.labels]]\npath = 'none.txt'\nlocale = 'de'\n"
    )
    with pytest.raises(PackagerError) as caught:
        plan_build(".", "out")
    assert str(caught.value) == (
        "none.txt: no such label file\n  Check the path given as [metadata] labels (packager.toml:8)."
    )


def test_what_the_model_says_is_not_what_was_asked(folder: Path) -> None:
    """A normalization kept from the metadata in the model is nobody's setting."""
    model = parse_model(ports((T("", (1, 4, 4, 3)),), (T("", (1, 10)),)))
    data = annotate(model, Annotation(**{**CLASSIFIER, "mean": (0.0,) * 3, "std": (1.0,) * 3}))  # type: ignore[arg-type]
    one = parse_model(ports((T("", (1, 4, 4, 1)),), (T("", (1, 10)),)))
    metadata = parse_model(data).metadata_buffer
    from packager.metadata.embedding import embed

    mixed = parse_model(embed(one.data, metadata or b"", {"labels.txt": b"0\n" * 10}))
    with pytest.raises(PackagerError) as caught:
        annotate(mixed, Annotation())
    assert caught.value.what == "the mean in its metadata has 3 values, and the image input has 1 channel"
    assert caught.value.fix == "Give Annotation.mean with one value."
    assert caught.value.where == "model.tflite"


# --- the options of a target ----------------------------------------

# An operator that the Arduino library of 2023 has not, and 24 MB of weights.
NEW = graph(
    [T("a", [1, 4, 4]), T("b", [1, 4, 4]), T("y", [1, 4, 4])],
    [Op("BATCH_MATMUL", ["a", "b"], ["y"], schema.BatchMatMulOptionsT())],
    ["a", "b"],
    ["y"],
)
HUGE = graph(
    [T("x", [1, 1000]), T("w", [6000, 1000], data=np.ones((6000, 1000))), T("y", [1, 6000])],
    [Op("FULLY_CONNECTED", ["x", "w", ""], ["y"], schema.FullyConnectedOptionsT())],
    ["x"],
    ["y"],
)

# Any text makes a name, and there are two forms of a sketch.
# An uncompiled model is read with an accelerator alone: tests/targets/test_micro_ethos_u.py. Further models have no
# option: tests/targets/test_micro_firmware.py.
NEVER_WRONG = {"name", "also", "arduino_form", "delivery", "coroutines", "app", "uncompiled", "profile"}
BAD_OPTIONS: dict[str, dict[str, tuple[Any, str, str]]] = {
    # field → value, what, model
    "android": {
        "package": ("Com", "'Com' is no package name", "sine"),
        "runtime": ("compiled-model", "cannot clear what the model remembers from earlier runs", "stateful"),
    },
    "ios": {"deployment_target": ("9.0", "is '9.0', which is no version of iOS", "sine")},
    "pi": {"edgetpu": ("sine.tflite", "is not compiled for the Edge TPU", "sine")},
    "micro": {
        "board": ("nosuch", "there is no board 'nosuch'", "sine"),
        "platform": ("arduino", "fits on no board of the table", "huge"),
        "arduino_library": ("tensorflow", "has no BATCH_MATMUL", "new"),
        "source": ("camera", "and no board is given", "sine"),
        "arena_section": (".a b", "is no name of a linker section", "sine"),
        "model_section": ("9", "is no name of a linker section", "sine"),
        "accelerator": ("ethos-u", "holds no operator ethos-u", "sine"),
        "frontend": ("sine.tflite", "its input is int8", "sine"),
        "frontend_stride": (320, "is of a front end, and none is given", "sine"),
        "frontend_rate": (16000, "is of a front end, and none is given", "sine"),
        "arena_margin": (-1, "is below 0, which is less than what was measured", "sine"),
        "arena_bytes": (0, "is not a whole number from 1", "sine"),
    },
}
MORE_OPTIONS = [
    ("micro", "arena_margin", 2**62, "makes an arena of more than", "sine"),
    ("micro", "arena_bytes", 2**31, "is not a whole number from 1", "sine"),
    ("ios", "deployment_target", "thirteen", "is 'thirteen', which is no version of iOS", "sine"),
    ("android", "package", "com.class", "'com.class' is no package name", "sine"),
    ("pi", "edgetpu", "nosuch.tflite", "no such file", "sine"),
    ("pi", "edgetpu", "compiled.tflite", "is compiled from another model than", "sine"),
]
OPTION_CASES = [
    *((target, name, *row) for target, rows in BAD_OPTIONS.items() for name, row in rows.items()),
    *MORE_OPTIONS,
]
OPTION_IDS = [f"{target} {name} {value}" for target, name, value, *_ in OPTION_CASES]


def test_no_option_of_a_target_is_forgotten() -> None:
    for target in TARGETS:
        names = {item.name for item in dataclasses.fields(load_target(target).options)}
        assert set(BAD_OPTIONS[target]) == names - NEVER_WRONG, target


@pytest.fixture
def option_models(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(examples / "sine" / "sine.tflite", tmp_path / "sine.tflite")
    (tmp_path / "new.tflite").write_bytes(NEW)
    (tmp_path / "huge.tflite").write_bytes(HUGE)
    (tmp_path / "stateful.tflite").write_bytes(hand_made.stateful())
    (tmp_path / "compiled.tflite").write_bytes(hand_made.compiled(hand_made.classifier()))
    return tmp_path


# An arena that is made of what was measured.
MEASURED = {("micro", "arena_margin", 2**62)}


@pytest.mark.parametrize(
    ("target", "name", "value", "what", "model"),
    [pytest.param(*case, marks=needs_micro if case[:3] in MEASURED else ()) for case in OPTION_CASES],
    ids=OPTION_IDS,
)
def test_a_targets_option_three_ways(
    option_models: Path, target: str, name: str, value: Any, what: str, model: str
) -> None:
    # By the command.
    option = f"--{name.replace('_', '-')}"
    result = CliRunner().invoke(app, [target, f"{model}.tflite", "-o", "out", f"{option}={value}"])
    assert result.exit_code == 1, result.output
    assert what in result.stderr
    assert_words(result.stderr, option, KEY, FIELD)
    # By packager.toml.
    text = f"model = '{model}.tflite'\ntargets = '{target}'\n\n[{target}]\n# here\n{name} = {toml(value)}\n"
    (option_models / "packager.toml").write_text(text)
    result = CliRunner().invoke(app, ["build", "-o", "out"])
    assert result.exit_code == 1, result.output
    assert what in result.stderr
    assert "packager.toml:6" in result.stderr
    assert_words(result.stderr, f"[{target}] {name}", OPTION, FIELD)
    # By Python.
    options = load_target(target).options
    kind = typing.get_type_hints(options)[name]
    choices = [one for one in typing.get_args(kind) or (kind,) if issubclass(one, Enum | Path)]
    with pytest.raises(PackagerError) as caught:
        package(target, f"{model}.tflite", "out", options(**{name: choices[0](value) if choices else value}))
    assert what in str(caught.value)
    assert_words(str(caught.value), "Options", OPTION, KEY)
    assert name in str(caught.value)
    assert not (option_models / "out").exists()


@pytest.mark.parametrize(
    "target", [pytest.param(name, marks=needs_micro if name == "micro" else ()) for name in TARGETS]
)
@pytest.mark.parametrize("value", [2**62, 10**400, -(10**30)], ids=lambda value: str(value)[:6])
def test_whole_numbers_beyond_all_bounds(option_models: Path, target: str, value: int) -> None:
    """None is taken, and none comes back as a traceback or a page of digits."""
    options = load_target(target).options
    for name, kind in typing.get_type_hints(options).items():
        if kind not in (int, int | None):
            continue
        option = f"--{name.replace('_', '-')}"
        by_command = CliRunner().invoke(app, [target, "sine.tflite", "-o", "out", f"{option}={value}"])
        (option_models / "packager.toml").write_text(
            f"model = 'sine.tflite'\ntargets = '{target}'\n[{target}]\n{name} = {value}\n"
        )
        by_file = CliRunner().invoke(app, ["build", "-o", "out"])
        for result, words in ((by_command, option), (by_file, "packager.toml:4: ")):
            assert result.exit_code == 1, result.output
            assert words in result.stderr
            assert len(result.stderr) < 400
        with pytest.raises(PackagerError, match=name):
            package(target, "sine.tflite", "out", options(**{name: value}))


# The whole numbers of an annotation: with what they go, and what they may be.
WHOLE_NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "sample_rate": (AUDIO, "1 to 4,294,967,295"),
    "audio_channels": (AUDIO, "1 to 4,294,967,295"),
    "hop": (AUDIO, "1 to 2,147,483,647"),
    "pad": (CLASSIFIER, "0 to 255"),
    "points": (POSE, "1 to 10,000"),
}


@pytest.mark.parametrize("value", [2**32, 10**30, 10**400, -1])
@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_whole_numbers_of_an_annotation(folder: Path, name: str, value: int) -> None:
    hints = typing.get_type_hints(Annotation)
    assert {item for item, kind in hints.items() if kind == int | None} == set(WHOLE_NUMBERS)
    rest, limits = WHOLE_NUMBERS[name]
    annotation = Annotation(**{**rest, name: value})
    by_command = CliRunner().invoke(
        app, ["metadata", "attach", "m.tflite", "-o", "out.tflite", *options_of(annotation)]
    )
    (folder / "packager.toml").write_text(toml_of(annotation))
    by_file = CliRunner().invoke(app, ["build", "-o", "out"])
    line = 1 + next(number for number, text in enumerate(toml_of(annotation).splitlines()) if text.startswith(name))
    for result, words in ((by_command, f"--{name.replace('_', '-')}"), (by_file, f"packager.toml:{line}: ")):
        assert result.exit_code == 1, result.output
        assert words in result.stderr
        assert len(result.stderr) < 400
    with pytest.raises(PackagerError, match=f"Annotation.{name} is not a whole number from {limits}"):
        annotate(read_model("m.tflite"), annotation)


@pytest.mark.parametrize("target", TARGETS)
def test_a_choice_that_is_none(option_models: Path, target: str) -> None:
    options = load_target(target).options
    for item in dataclasses.fields(options):
        if not isinstance(item.default, Enum):
            continue
        option = f"--{item.name.replace('_', '-')}"
        result = CliRunner().invoke(app, [target, "sine.tflite", "-o", "out", option, "nosuch"])
        assert result.exit_code == 2
        assert_words(result.stderr, option, KEY, FIELD)
        (option_models / "packager.toml").write_text(f"model = 'sine.tflite'\n[{target}]\n{item.name} = 'nosuch'")
        result = CliRunner().invoke(app, ["build"])
        assert result.exit_code == 1
        assert f"packager.toml:3: {item.name} = 'nosuch' is not one of " in result.stderr
        assert_words(result.stderr, item.name, OPTION, FIELD)
        with pytest.raises(PackagerError) as caught:
            package(target, "sine.tflite", "out", options(**{item.name: "nosuch"}))
        assert caught.value.what == f"Options.{item.name} is 'nosuch', and should be of {type(item.default).__name__}"


# As who checks no types may write them.
A_NUMBER: Any = 1
A_TEXT: Any = "x"


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"mean": 127.5}, "Annotation.mean is 127.5, and should be a tuple of float"),
        ({"std": ("1",)}, "Annotation.std is ('1',), and should be a tuple of float"),
        ({"task": "tensors"}, "Annotation.task is 'tensors', and should be of Task"),
        ({"labels": ("labels.txt",)}, "Annotation.labels is ('labels.txt',), and should be a tuple of LabelFile"),
        (
            {"inputs": TensorSpec("x")},
            "Annotation.inputs is TensorSpec(name='x', description=None, minimum=None, ma",
        ),
        (
            {"inputs": (TensorSpec("x", minimum=A_NUMBER),)},
            "Annotation.inputs[0].minimum is 1, and should be a tuple of float",
        ),
        ({"labels": (LabelFile(A_TEXT),)}, "Annotation.labels[0].path is 'x', and should be of Path"),
        ({"name": 5}, "Annotation.name is 5, and should be of str"),
        ({"sample_rate": 16000.0}, "Annotation.sample_rate is 16000.0, and should be of int"),
        ({"sample_rate": True}, "Annotation.sample_rate is True, and should be of int"),
        ({"vocabulary": "x"}, "Annotation.vocabulary is 'x', and should be of Path"),
    ],
    ids=str,
)
def test_python_hears_of_types(given: dict[str, Any], what: str) -> None:
    with pytest.raises(PackagerError) as caught:
        annotate(parse_model(ports((T("", (1, 2)),), (T("", (1, 2)),))), Annotation(**{**TENSORS, **given}))
    assert caught.value.what.startswith(what)


# --- force, and the mechanism ----------------------------------------


def test_force(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "mine").touch()
    (folder / "packager.toml").write_text("model = 'm.tflite'\ntargets = 'pi'\n")
    for arguments in (["build", "-o", "out"], ["pi", "m.tflite", "-o", "out"]):
        result = CliRunner().invoke(app, arguments)
        assert "run again with --force to write among these files." in result.stderr
    calls: list[Callable[[], Any]] = [lambda: packager.build(".", "out"), lambda: package("pi", "m.tflite", "out")]
    for call in calls:
        with pytest.raises(PackagerError) as caught:
            call()
        assert "run again with force=True to write among these files." in str(caught.value)


def test_skipped_targets_have_the_words_of_the_file(option_models: Path) -> None:
    """Where no target is named, what keeps one from being built is told and the others are."""
    (option_models / "packager.toml").write_text("model = 'new.tflite'\n\n[micro]\nname = 'x'\n")
    report = packager.build(".", "out")
    (item,) = report.skipped
    assert_words(str(item.why), "Set [micro] platform to cmake, or to one of", OPTION, FIELD)


def test_no_message_of_the_library_names_an_option() -> None:
    """Options stand in cli.py, and in commands as a whole."""
    package_folder = Path(packager.__file__).parent
    allowed = re.compile(r"--help|--gc-sections|--json|# ---|`--help`")
    for path in sorted(package_folder.rglob("*.py")):
        if path.name == "cli.py":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not re.search(OPTION, allowed.sub("", line)), f"{path.name}:{number}: {line}"


@dataclass(frozen=True)
class Made:
    one: int = 0
    two: tuple[str, ...] = ()


class Shouting:
    """An asker that claims `one` only."""

    def name(self, setting: Setting, where: str | None) -> str | None:
        return f"ONE at {where}" if setting.name == "one" else None

    def example(self, example: Example) -> str | None:
        return None

    def place(self, setting: Setting) -> str | None:
        return "there" if setting.name == "one" else None


def test_the_innermost_asker_answers_and_what_is_left_is_pythons() -> None:
    one, two = Setting(Made, "one"), Setting(Made, "two", 3)
    with pytest.raises(PackagerError) as caught, asked_by(Shouting()):
        raise PackagerError(
            (one, " and ", two, " and ", Example.of((one, 1), (two, ("x",)))),
            where="here",
            fix=("see ", one, ", ", FORCE),
            details=["a", ("b ", two)],
            about=one,
        )
    error = caught.value
    assert (error.what, error.where) == (
        "ONE at there and Made.two[3] and Made(one=1, two=('x',))",
        "there",
    )
    assert (error.fix, error.details) == ("see ONE at there, force=True", ("a", "b Made.two[3]"))
    assert str(error).splitlines() == [
        f"there: {error.what}", "  a", "  b Made.two[3]", "  see ONE at there, force=True",
    ]  # fmt: skip


def test_what_knows_no_setting_is_told_by_its_caller() -> None:
    with pytest.raises(PackagerError) as caught, about(Setting(Made, "one")):
        raise PackagerError("is wrong", where="here")
    assert str(caught.value) == "here: Made.one: is wrong"


def test_a_setting_exists() -> None:
    with pytest.raises(AttributeError, match="Made has no field 'three'"):
        Setting(Made, "three")


def test_a_field_may_have_another_name_as_an_option() -> None:
    @dataclasses.dataclass
    class Named:
        plain_one: bool = False
        app: bool = dataclasses.field(default=False, metadata={"option": "with_app"})

    options = [Setting(Named, "plain_one").option, Setting(Named, "app").option, Setting(None, "force").option]
    assert options == ["--plain-one", "--with-app", "--force"]


def test_a_flag_in_an_example() -> None:
    app = Setting(load_target("android").options, "app")
    assert KEYS.example(Example.of((app, True))) == "[android] app = true"
    assert _Options().example(Example.of((app, True), *FORCE.settings)) == "--with-app --force"


def test_every_field_of_an_annotation_has_an_option() -> None:
    attach: Any = typer.main.get_command(app).commands["metadata"].commands["attach"]  # type: ignore[attr-defined]
    options = {name for parameter in attach.params for name in parameter.opts}
    own: Sequence[str] = [name for name in WRONG if "." not in name and name not in ("inputs", "outputs")]
    assert {f"--{name.replace('_', '-')}" for name in own} <= options
    for side in ("input", "output"):
        assert {f"--{side}-name", f"--{side}-description", f"--{side}-range"} <= options


@pytest.mark.parametrize(
    ("model", "limit", "what"),
    [
        ("sine", 0, "is not a whole number from 1 up"),
        ("large", 2, "the inputs of 3 golden cases take 12 MB, and the limit is 2 MB"),
    ],
)
def test_the_limit_of_golden_cases_three_ways(option_models: Path, model: str, limit: int, what: str) -> None:
    (option_models / "large.tflite").write_bytes(hand_made.copy("int8", 0.5, 4 << 20))
    result = CliRunner().invoke(app, ["pi", f"{model}.tflite", "-o", "out", "--golden-limit", str(limit)])
    assert result.exit_code == 1, result.output
    assert what in result.stderr
    assert_words(result.stderr, "--golden-limit", KEY, FIELD)
    (option_models / "packager.toml").write_text(f"model = '{model}.tflite'\n# here\ngolden_limit = {limit}\n")
    result = CliRunner().invoke(app, ["build", "-o", "out"])
    assert result.exit_code == 1, result.output
    assert what in result.stderr
    assert_words(result.stderr, "golden_limit", OPTION, FIELD)
    if model == "sine":
        assert "packager.toml:3" in result.stderr
    with pytest.raises(PackagerError) as caught:
        package("pi", f"{model}.tflite", "out", golden_limit=limit)
    assert what in str(caught.value)
    assert_words(str(caught.value), "golden_limit", OPTION, KEY)
    assert not (option_models / "out").exists()


def test_a_raised_limit_is_enough(option_models: Path) -> None:
    """The one that the message proposes."""
    (option_models / "large.tflite").write_bytes(hand_made.copy("int8", 0.5, 1 << 20))
    told = CliRunner().invoke(app, ["pi", "large.tflite", "-o", "out", "--golden-limit", "2"]).stderr
    proposed = re.search(r"--golden-limit \d+", told)
    assert proposed is not None
    assert CliRunner().invoke(app, ["pi", "large.tflite", "-o", "out", *proposed[0].split()]).exit_code == 0
    (option_models / "packager.toml").write_text("model = 'large.tflite'\ngolden_limit = 3\ntargets = ['pi']\n")
    assert CliRunner().invoke(app, ["build", "-o", "built"]).exit_code == 0


# --- what is right is right for everybody ----------------------------------------

RIGHT = [
    Annotation(
        **CLASSIFIER,  # type: ignore[arg-type]
        crop=CropMode.LETTERBOX,
        resize=Resize.BILINEAR,
        pad=114,
        activation=Activation.SIGMOID,
        threshold=0.25,
    ),
    Annotation(Task.OBJECT_DETECTION, channels=ChannelOrder.BGR, head=Head.YOLO_V5, threshold=1, iou=0.5),
    Annotation(Task.POSE, head=Head.LANDMARKS, points=21, threshold=0),
    Annotation(**AUDIO, sample_rate=16_000, audio_channels=1, hop=400),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("annotation", RIGHT, ids=lambda annotation: annotation.task)
def test_options_keys_and_fields_say_the_same(folder: Path, annotation: Annotation) -> None:
    """A setting that is right comes to the same bytes, whoever writes it."""
    shapes = {
        Task.OBJECT_DETECTION: (T("", (1, 64, 64, 3), "uint8"), T("", (1, 6300, 6))),
        Task.POSE: (T("", (1, 64, 64, 3), "uint8"), T("", (1, 63))),
        Task.AUDIO_CLASSIFICATION: (T("", (1, 1600)), T("", (1, 10))),
    }
    if annotation.task in shapes:
        taken, answered = shapes[annotation.task]
        Path("m.tflite").write_bytes(ports((taken,), (answered,)))
    by_python = annotate(read_model("m.tflite"), annotation)
    result = CliRunner().invoke(app, ["metadata", "attach", "m.tflite", "-o", "out.tflite", *options_of(annotation)])
    assert result.exit_code == 0, result.output
    assert Path("out.tflite").read_bytes() == by_python
    Path("packager.toml").write_text(toml_of(annotation))
    config = read_config(".")
    assert config.metadata is not None
    assert annotate(read_model(config.model), config.metadata) == by_python
    # And it is shown, to people and to programs.
    given = {name: getattr(annotation, name) for name in OWN_SETTINGS if getattr(annotation, name) is not None}
    shown = CliRunner().invoke(app, ["metadata", "show", "out.tflite"]).stdout
    assert {tuple(line.split()) for line in shown.splitlines()} >= {
        (name, f"{float(value) if name in ('threshold', 'iou') else value}") for name, value in given.items()
    }
    as_json = json.loads(CliRunner().invoke(app, ["metadata", "show", "out.tflite", "--json"]).stdout)
    assert {name: as_json[name] for name in given} == given


def test_every_setting_of_our_entry_is_tried() -> None:
    assert {name for right in RIGHT for name in OWN_SETTINGS if getattr(right, name) is not None} == set(OWN_SETTINGS)


@pytest.mark.parametrize("name", ["task", "crop", "resize", "channels", "activation", "head"])
def test_a_choice_of_an_annotation_that_is_none(folder: Path, name: str) -> None:
    result = CliRunner().invoke(app, ["metadata", "attach", "m.tflite", "-o", "out.tflite", f"--{name}=nosuch"])
    assert result.exit_code == 2
    kind = next(iter(typing.get_args(typing.get_type_hints(Annotation)[name])))
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())
    assert f"'nosuch' is not one of {', '.join(kind)}" in text
    Path("packager.toml").write_text(f"model = 'm.tflite'\n[metadata]\n{name} = 'nosuch'")
    result = CliRunner().invoke(app, ["build"])
    assert result.exit_code == 1
    assert f"packager.toml:3: {name} = 'nosuch' is not one of {', '.join(kind)}" in result.stderr
