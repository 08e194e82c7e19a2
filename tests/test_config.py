"""packager.toml: what it may say, and where an error in it is."""

from __future__ import annotations

import json
import os
import typing
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from packager.config import Config, read_config
from packager.errors import ConfigError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec
from packager.targets import TARGETS, load_target
from packager.tasks import CropMode, Task
from packager.toml_lines import read_lines
from tests.bounds import within

ALL = "android, ios, pi, micro"


def written(folder: Path, text: str) -> Path:
    path = folder / "packager.toml"
    path.write_bytes(text.encode())
    return path


def test_everything(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
name = "Digits"
model = "models/digits.tflite"
golden = ["golden/*.png", "more/*.npy"]
targets = ["pi", "android"]

[metadata]
task = "image-classification"
labels = [{ path = "labels.txt" }, { path = "de/labels.csv", locale = "de" }, "plain.txt"]
mean = [123.5, 116, 103.25]
std = 58
crop = "center-crop"
name = "n"
version = "v"
author = "a"
license = "l"
description = \"\"\"
two
lines\"\"\"

[[metadata.inputs]]
name = "image"
description = "in"
minimum = 0
maximum = [1, 2.5]

[[metadata.outputs]]

[android]
package = "org.example.digits"
""",
    )
    config = read_config(path)
    options = {name: load_target(name).options() for name in TARGETS}
    options["android"] = load_target("android").options(package="org.example.digits")
    assert config == Config(
        path=path,
        name="Digits",
        model=tmp_path / "models/digits.tflite",
        golden=("golden/*.png", "more/*.npy"),
        targets=("pi", "android"),
        metadata=Annotation(
            task=Task.IMAGE_CLASSIFICATION,
            labels=(
                LabelFile(tmp_path / "labels.txt"),
                LabelFile(tmp_path / "de/labels.csv", "de"),
                LabelFile(tmp_path / "plain.txt"),
            ),
            mean=(123.5, 116.0, 103.25),
            std=(58.0,),
            crop=CropMode.CENTER_CROP,
            name="n",
            version="v",
            author="a",
            license="l",
            description="two\nlines",
            inputs=(TensorSpec("image", "in", (0.0,), (1.0, 2.5)),),
            outputs=(TensorSpec(),),
        ),
        options=options,
    )
    assert config.metadata is not None
    assert all(type(value) is float for value in config.metadata.mean or ())


def test_the_least(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, 'model = "a.b.tflite"'))
    assert (config.name, config.model, config.folder) == ("a.b", tmp_path / "a.b.tflite", tmp_path)
    assert (config.golden, config.targets, config.metadata) == ((), None, None)
    assert list(config.options) == list(TARGETS)
    for name, options in config.options.items():
        assert options == load_target(name).options()


def test_the_folder_stands_for_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'model = "m.tflite"')
    assert read_config(tmp_path) == read_config(path) == read_config(str(path))


def test_a_single_value_stands_without_brackets(tmp_path: Path) -> None:
    text = (
        'model = "m"\ngolden = "g"\ntargets = "pi"\n[metadata]\nlabels = "l.txt"\nmean = 1\ninputs = { name = "x" }'
    )
    config = read_config(written(tmp_path, text))
    assert (config.golden, config.targets) == (("g",), ("pi",))
    assert config.metadata == Annotation(
        labels=(LabelFile(tmp_path / "l.txt"),), mean=(1.0,), inputs=(TensorSpec("x"),)
    )


def test_a_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, '\ufeffmodel = "m"\r\nname = "x"\r\n')).name == "x"


def test_paths_start_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    written(tmp_path / "a", 'model = "../m.tflite"\n[metadata]\nlabels = "/absolute/labels.txt"')
    monkeypatch.chdir(tmp_path)
    config = read_config("a/packager.toml")
    assert config.model == Path("a/../m.tflite")
    assert config.metadata is not None
    assert config.metadata.labels[0].path == Path("/absolute/labels.txt")


def another_value(default: Any, kind: Any) -> Any:
    """A value of an option's type, ``kind``, that is not its default."""
    kinds = [one for one in typing.get_args(kind) or (kind,) if isinstance(one, type) and issubclass(one, StrEnum)]
    if kinds:
        return list(kinds[0])[-1]
    if isinstance(default, bool):
        return not default
    if Path in typing.get_args(kind):
        return "text"
    return 7 if default is None else default + 1 if isinstance(default, int | float) else "text"


@pytest.mark.parametrize("name", TARGETS)
def test_every_option_of_a_target_has_a_key(tmp_path: Path, name: str) -> None:
    options = load_target(name).options
    hints = typing.get_type_hints(options)
    for option in fields(options):
        value = another_value(getattr(options(), option.name), hints[option.name])
        text = f'model = "m"\n[{name}]\n{option.name} = {json.dumps(value)}'
        kinds = typing.get_args(hints[option.name])
        read = tmp_path / value if Path in kinds else value
        read = (read,) if typing.get_origin(hints[option.name]) is tuple else read
        assert read_config(written(tmp_path, text)).options[name] == options(**{option.name: read})


# --- golden samples ----------------------------------------


def test_golden_samples(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    for name in ("g/b.png", "g/a.png", "g/deep/c.png", "x.npy", "../out.npy"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for patterns, expected in [
        ('["g/*.png", "x.npy"]', ["g/a.png", "g/b.png", "x.npy"]),
        ('["x.npy", "g/[b-c].png"]', ["x.npy", "g/b.png"]),
        ('"g/**/*.png"', ["g/a.png", "g/b.png", "g/deep/c.png"]),
        ('"../*.npy"', ["../out.npy"]),
        (f'"{(folder / "x.npy").as_posix()}"', ["x.npy"]),
        ("[]", []),
    ]:
        config = read_config(written(folder, f'model = "m"\ngolden = {patterns}'))
        assert sorted(config.golden_samples()) == sorted(folder / name for name in expected)
    config = read_config(written(folder, 'model = "m"\ngolden = ["x.npy", "g/*.png"]'))
    assert config.golden_samples() == (folder / "x.npy", folder / "g/a.png", folder / "g/b.png")


@pytest.mark.parametrize(
    ("pattern", "what", "fix"),
    [
        ("g/*.png", "no file matches the golden pattern 'g/*.png'", None),
        ("nothing.png", "no file matches the golden pattern 'nothing.png'", None),
        ("/nothing.png", "no file matches the golden pattern '/nothing.png'", None),
        ("packager.toml/x", "no file matches the golden pattern 'packager.toml/x'", None),
        ("", "no file matches the golden pattern ''", None),
        ("\\u0000", "no file matches the golden pattern '\\x00'", None),
        ("*/\\u0000/../*", "no file matches the golden pattern '*/\\x00/../*'", None),
        ("[", "no file matches the golden pattern '['", None),
        ("x" * 5000, "no file matches the golden pattern 'xxxxxxxxxx", None),
        ("*a" * 2000 + "b", "no file matches the golden pattern '*a*a*a*a*a", None),
        ("**/" * 100_000 + "x", "no file matches the golden pattern '**/**/**/", None),
        ("../" * 10_000 + "x", "no file matches the golden pattern '../../../", None),
        ("folder", "the golden pattern 'folder' names a folder", 'Name the files in it: "folder/*"'),
        ("../../", "the golden pattern '../../' names a folder", 'Name the files in it: "../../*"'),
    ],
)
def test_golden_patterns_that_name_nothing(tmp_path: Path, pattern: str, what: str, fix: str | None) -> None:
    (tmp_path / "folder").mkdir()
    config = read_config(written(tmp_path, f'model = "m"\n\ngolden = ["packager.toml", "{pattern}"]'))
    with within(1), pytest.raises(ConfigError) as caught:
        config.golden_samples()
    assert caught.value.what.startswith(what)
    assert (caught.value.where, caught.value.fix) == (f"{config.path}:3", fix)


@pytest.mark.parametrize("pattern", ["../../**", "/**/*.png", "**/*", "../**/**/*/**/nothing", "*/../*/../*/../*/x"])
def test_golden_patterns_do_not_search_the_whole_disk(
    tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packager.finding.MOST_ENTRIES", 300)
    folder = tmp_path / "a" / "b"
    for number in range(400):
        (folder / f"{number % 20}" / f"{number}").mkdir(parents=True)
        (folder / f"{number % 20}" / f"{number}.npy").touch()
    config = read_config(written(folder, f'model = "m"\ngolden = "{pattern}"'))
    with pytest.raises(ConfigError) as caught:
        config.golden_samples()
    assert caught.value.what == f"the golden pattern {pattern!r} looks at more than 300 files and folders"
    assert (caught.value.where, caught.value.fix) == (f"{config.path}:2", "Name a folder, and no `**` above it.")


def test_golden_samples_are_a_thousand_at_most(tmp_path: Path) -> None:
    for number in range(1_001):
        (tmp_path / f"{number}.npy").touch()
    config = read_config(written(tmp_path, 'model = "m"\ngolden = ["1.npy", "*.npy"]'))
    with pytest.raises(ConfigError, match="golden names 1,002 files, and 1,000 is the most") as caught:
        config.golden_samples()
    assert caught.value.where == f"{config.path}:2"


def test_golden_patterns_leave_folders_and_loops_out(tmp_path: Path) -> None:
    for name in ("a/b/c.npy", "a/d.npy"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "link.npy").symlink_to("d.npy")
    (tmp_path / "a" / "nowhere.npy").symlink_to("none")
    os.mkfifo(tmp_path / "a" / "pipe.npy")
    (tmp_path / "locked").mkdir(mode=0)
    for pattern, expected in [
        ("**/*.npy", ["a/b/c.npy", "a/d.npy", "a/link.npy"]),
        ("a/**", ["a/b/c.npy", "a/d.npy", "a/link.npy"]),
        ("a/*", ["a/d.npy", "a/link.npy"]),
        ("a/loop/a/[cd].npy", ["a/loop/a/d.npy"]),
        ("a/l*p/a/d.npy", ["a/loop/a/d.npy"]),
        (f"{tmp_path}/a/d*", ["a/d.npy"]),
        ("./a//d.npy", ["a/d.npy"]),
    ]:
        config = read_config(written(tmp_path, f'model = "m"\ngolden = "{pattern}"'))
        assert config.golden_samples() == tuple(tmp_path / name for name in expected), pattern


# --- errors ----------------------------------------

ERRORS = [
    # text, line, what, fix
    ("model = 'm'\n\nmodle = 'x'", 3, "unknown key 'modle'", "Did you mean 'model'?"),
    (
        "zzz = 1\nmodel = 'm'",
        1,
        "unknown key 'zzz'",
        f"Known are: name, model, golden, golden_limit, targets, metadata, {ALL}",
    ),
    (
        "model = 'm'\n# comment\n\n[ios]\nname = 'a'\n\nnmae = 'b'",
        7,
        "unknown key 'nmae' in [ios]",
        "Did you mean 'name'?",
    ),
    ("model = 'm'\n[metadata]\nlabel = 'l'", 3, "unknown key 'label' in [metadata]", "Did you mean 'labels'?"),
    ("model = 'm'\n[metdata]\n", 2, "unknown key 'metdata'", "Did you mean 'metadata'?"),
    ("model = 'm'\n[metadata]\n[andriod]\npackage = 'a.b'", 3, "unknown key 'andriod'", "Did you mean 'android'?"),
    ("model = 'm'\nmetadata.labell = 'l'", 2, "unknown key 'labell' in [metadata]", "Did you mean 'labels'?"),
    (
        "model = 'm'\n[[metadata.inputs]]\nname = 'a'\n[[metadata.inputs]]\nname = 'b'\ndescripton = ''",
        6,
        "unknown key 'descripton' in [metadata.inputs]",
        "Did you mean 'description'?",
    ),
    (
        "model = 'm'\n[[metadata.inputs]]\nminimun = 1\n[[metadata.inputs]]\nname = 'b'",
        3,
        "unknown key 'minimun' in [metadata.inputs]",
        "Did you mean 'minimum'?",
    ),
    (
        "model = 'm'\n[metadata]\nmean = 1\nlabels = { path = 'l', local = 'de' }",
        4,
        "unknown key 'local' in [metadata.labels]",
        "Did you mean 'locale'?",
    ),
    (
        "model = 'm'\n[metadata]\nlabels = [\n  'a',\n  { path = 'l', local = 'de' },\n]\nstd = 1",
        3,
        "unknown key 'local' in [metadata.labels]",
        "Did you mean 'locale'?",
    ),
    # Types.
    ("model = 7", 1, "model is a whole number, and should be a string", None),
    ("name = true\nmodel = 'm'", 1, "name is true or false, and should be a string", None),
    ("model = 'm'\nname = 2026-11-23", 2, "name is a date or a time, and should be a string", None),
    ("model = 'm'\nname = [1]", 2, "name is a list, and should be a string", None),
    ("model = 'm'\ngolden = [\n  'a',\n  3.5,\n]", 2, "golden is a number, and should be a string", None),
    ("model = 'm'\nmetadata = 'x'", 2, "metadata is a string, and should be a table", None),
    ("model = 'm'\n[[metadata]]", 2, "metadata is a list, and should be a table", None),
    ("model = 'm'\nandroid = 3", 2, "android is a whole number, and should be a table", None),
    ("model = 'm'\n[metadata]\nmean = ['a']", 3, "mean is a string, and should be a number", None),
    ("model = 'm'\n[metadata]\nmean = false", 3, "mean is true or false, and should be a number", None),
    (
        "model = 'm'\n[metadata]\nsample_rate = 16000.0",
        3,
        "sample_rate is a number, and should be a whole number",
        None,
    ),
    (
        "model = 'm'\n[[metadata.inputs]]\nname = 'a'\n\n[[metadata.inputs]]\n# here\nname = 5",
        7,
        "name is a whole number, and should be a string",
        None,
    ),
    ("model = 'm'\n[metadata]\ninputs = ['x']", 3, "inputs is a string, and should be a table", None),
    (
        "model = 'm'\n[metadata]\ndescription = '''\na\nb'''\nversion = 1.0",
        6,
        "version is a number, and should be a string",
        None,
    ),
    # Values.
    (
        "model = 'm'\n[metadata]\n\ntask = 'image'",
        4,
        f"task = 'image' is not one of {', '.join(Task)}",
        None,
    ),
    ("model = 'm'\n[metadata]\ncrop = 'fit'", 3, "crop = 'fit' is not one of stretch, center-crop, letterbox", None),
    ("model = 'm'\ntargets = ['pi', 'arduino']", 2, "unknown target 'arduino'", "Known are: " + ALL),
    ("model = 'm'\ntargets = []", 2, "targets names none", f"Leave it out, or name some of {ALL}."),
    ("model = 'm'\ntargets = ['andriod']", 2, "unknown target 'andriod'", "Did you mean 'android'?"),
    ("model = 'm'\n[metadata]\nlabels = { locale = 'de' }", 3, "[metadata.labels] needs the key 'path'", None),
    (
        "model = 'm'\n[[metadata.labels]]\npath = 'l'\n[[metadata.labels]]\nlocale = 'de'",
        4,
        "[metadata.labels] needs the key 'path'",
        None,
    ),
    (
        "model = 'm'\n[[metadata.labels]]\npath = 'l'\nlocale = 'de!'",
        2,
        "'de!' is no locale",
        "Name a language, and a region if need be: de, pt-BR.",
    ),
    # A character that only Python takes for the end of a line.
    ("model = 'm\u2028m\x85'\nname = 1", 2, "name is a whole number, and should be a string", None),
]


@pytest.mark.parametrize(("text", "line", "what", "fix"), ERRORS, ids=[error[2][:50] for error in ERRORS])
def test_errors_name_their_line(tmp_path: Path, text: str, line: int, what: str, fix: str | None) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, f"{path}:{line}", fix)


def test_a_missing_model(tmp_path: Path) -> None:
    path = written(tmp_path, "name = 'x'")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    error = caught.value
    assert (error.what, error.where, error.fix) == (
        "the key `model` is missing",
        str(path),
        'Add: model = "model.tflite"',
    )


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("model = 'm'\nname =", 2, "Invalid value (at end of document)"),
        ("model = 'm'\nname = 'a'\nname = 'b'", 3, "Cannot overwrite a value (at end of document)"),
        ("model = \\", 1, "Invalid value (column 9)"),
        ("[metadata", 1, "Expected ']' at the end of a table declaration (at end of document)"),
        ("model = 'm'\rname = 'n'", 1, "Expected newline or end of document after a statement (column 12)"),
    ],
)
def test_no_toml(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert (caught.value.what, caught.value.where) == (f"is no valid TOML: {what}", f"{path}:{line}")


def test_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_bytes('model = "m"\nname = "Größe"'.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path)
    assert (caught.value.what, caught.value.where) == ("is not UTF-8", f"{tmp_path / 'packager.toml'}:2")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing.toml", "no such file"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("a\0b", "cannot be read: its name holds a NUL"),
    ],
)
def test_no_such_file(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / name)
    assert caught.value.what == what


def test_a_folder_without_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path)
    assert caught.value.where == str(tmp_path / "packager.toml")
    assert caught.value.fix == "Write one: packager init MODEL.tflite"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a",), 1),
        (("b",), 3),
        (("t",), 7),
        (("t", "c"), 8),
        (("t", "d", "e"), 9),
        (("t", "d", "f"), 9),
        (("t", "g", "h"), 10),
        (("l",), 12),
        (("l", 0, "x"), 13),
        (("l", 1), 14),
        (("l", 1, "x"), 15),
        (("l", 1, "y", 1), 16),
        (("t", "u", "v"), 20),
    ],
)
def test_lines(keys: tuple[str | int, ...], line: int) -> None:
    text = (
        "a = 1\n\nb = [\n  1,\n  2,\n]\n[t]\nc = 1\nd = { e = 1, f = 2 }\ng.h = 1\n\n[[l]]\nx = 1\n[[l]]\nx = 2\n"
        "y = [\n  1,\n  2]\n[t.u]\nv = 1\n"
    )
    assert read_lines(text).line(keys) == line


# --- the examples ----------------------------------------


def test_the_examples(examples: Path) -> None:
    paths = sorted(examples.glob("*/*.toml"))
    assert sorted({path.parent.name for path in paths}) == ["digits", "gestures", "line", "shapes", "sine"]
    for path in paths:
        config = read_config(path)
        assert config.model.is_file()
        assert config.metadata is not None
        assert all(file.path.is_file() for file in config.metadata.labels)
        assert bool(config.golden_samples()) == bool(config.golden)
