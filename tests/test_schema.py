"""The schema for editors: that it takes what the reader of packager.toml takes, and what editors make of it.

``conftest.py`` compares the two on every packager.toml that any test reads: the tables of errors in
``test_config.py``, those that `init` writes, the examples, the blocks of the documentation.
"""

from __future__ import annotations

import copy
import datetime
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from typer.testing import CliRunner

import packager
from packager.cli import app
from packager.config import _Reader, read_config
from packager.errors import ConfigError
from packager.schema import SCHEMA_NAME, check_schema_place, render_schema
from packager.targets import TARGETS
from packager.tasks import Task
from packager.toml_lines import NO_LINES
from tests.conftest import PROJECT

TAPLO = Path(sys.executable).with_name("taplo")


def walk(schema: dict[str, Any], keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The schema and all in it, each by the keys that lead to what it is of; a list's items by those of the list."""
    yield keys, schema
    for name, inner in schema.get("properties", {}).items():
        yield from walk(inner, (*keys, name))
    for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
        yield from walk(inner, keys)


def test_it_is_a_schema() -> None:
    assert packager.config_schema()["$schema"] == Draft4Validator.META_SCHEMA["id"]
    Draft4Validator.check_schema(packager.config_schema())


def test_every_key_is_explained() -> None:
    told = {keys for keys, schema in walk(packager.config_schema()) if schema.get("description", "").endswith(".")}
    assert {keys for keys, _ in walk(packager.config_schema())} - {()} == told - {()}


def test_every_choice_is_explained() -> None:
    found = {}
    for keys, schema in walk(packager.config_schema()):
        if "enum" in schema:
            meanings = schema["x-taplo"]["docs"]["enumValues"]
            assert len(meanings) == len(schema["enum"])
            assert all(meanings), keys
            found[keys] = schema["enum"]
    assert found["metadata", "task"] == list(Task)
    assert found["targets",] == list(TARGETS)
    assert "esp32-s3" in found["micro", "board"]


# --- the reader and the schema ----------------------------------------

# Every form that a value may have.
WHOLE = """
name = "Digits"
model = "digits.tflite"
golden = ["golden/*.png"]
golden_limit = 64
targets = ["pi", "android"]
[metadata]
task = "object-detection"
labels = [{ path = "labels.txt" }, { path = "labels.csv", locale = "pt-BR" }, "plain.txt"]
mean = [123.5, 116]
std = 58
crop = "letterbox"
resize = "bilinear"
channels = "bgr"
activation = "sigmoid"
head = "ssd"
name = "n"
pad = 114
threshold = 0.5
iou = 1
vocabulary = "vocab.txt"
hop = 8000
[[metadata.inputs]]
name = "image"
minimum = 0
maximum = [1, 2.5]
[[metadata.outputs]]
[android]
package = "org.example"
[ios]
deployment_target = "15.0"
[micro]
platform = "pico"
board = "none of the known"
arena_bytes = 9000
"""

VALUES = st.sampled_from(
    [
        *("", "x", "de", "de!", "pi", "arduino", "pico", "tensors", "pose", "none", "stretch", "labels.txt"),
        *(0, 1, -1, 2**62, 0.5, 1.0, 16000.0, float("nan"), float("inf"), True, False),
        *(datetime.date(2026, 11, 23), datetime.time(1, 2), datetime.datetime(2026, 11, 23, 1, 2)),
        *([], [[]], ["pi"], ["pi", "pii"], [1, 2.5], [1, "x"], [True], ["x", {"path": "y"}], [{}], [{"name": "x"}]),
        *({}, {"path": "x"}, {"locale": "de"}, {"path": "x", "locale": "de-"}, {"path": 1}, {"name": "x"}),
        *({"name": "x", "minimum": 1}, {"minimum": ["x"]}, {"task": "pose"}, {"nmae": "x"}),
    ]
)
KEYS = st.sampled_from(sorted({key for keys, _ in walk(packager.config_schema()) for key in keys} | {"nmae", ""}))


def places(value: Any) -> Iterator[tuple[Any, str | int]]:
    """Each table or list of a document, with each key or index in it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield value, key
        yield from places(inner)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The whole document with some of its values gone, replaced, moved into a list or out of it, and keys added."""
    document = tomllib.loads(WHOLE)
    for _ in range(draw(st.integers(0, 4))):
        found = list(places(document))
        if not found:
            break
        around, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["remove", "replace", "replace", "wrap", "unwrap", "add", "add"])):
            case "remove":
                del around[key]
            case "replace":
                around[key] = copy.deepcopy(draw(VALUES))
            case "wrap":
                around[key] = [around[key]]
            case "unwrap" if isinstance(around[key], list) and around[key]:
                around[key] = around[key][0]
            case "add" if isinstance(around, dict):
                around[draw(KEYS)] = copy.deepcopy(draw(VALUES))
    return document


# A busy machine is no failure.
@settings(deadline=None, max_examples=400)
@given(documents())
def test_any_document(document: dict[str, Any]) -> None:
    """What is read is compared, see above."""
    with suppress(ConfigError):
        _Reader(Path("packager.toml"), NO_LINES).config(document)


@pytest.mark.parametrize(
    ("patched", "text", "what"),
    [
        ("check_keys", "model = 'm'\nnmae = 'x'", "the schema refuses what its reader takes"),
        ("value", "model = 'm'\nname = 1", "the schema refuses what its reader takes"),
    ],
)
def test_a_reader_that_takes_more_fails_any_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patched: str, text: str, what: str
) -> None:
    (tmp_path / "packager.toml").write_text(text)
    monkeypatch.setattr(_Reader, patched, lambda _self, value, *_: value)
    monkeypatch.setattr("packager.config.TARGETS", {})
    with pytest.raises(pytest.fail.Exception, match=what):
        read_config(tmp_path)


def test_a_reader_that_takes_less_fails_any_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packager.toml").write_text("model = 'm'\ntargets = ['pi']")
    monkeypatch.setattr("packager.config.TARGETS", {})
    with pytest.raises(pytest.fail.Exception, match="the schema takes what its reader refuses"):
        read_config(tmp_path)


# --- the files ----------------------------------------


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_it() -> None:
    code, out, err = invoke("schema")
    assert (code, json.loads(out), err) == (0, packager.config_schema(), "")
    assert out.encode() == render_schema()


def test_the_command_loads_nothing_heavy() -> None:
    code = (
        "import sys; from packager.cli import app; app(['schema'], standalone_mode=False);"
        "sys.exit(' '.join({'numpy', 'PIL', 'jinja2', 'rich', 'packager.golden'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr.strip(), done.stdout.encode()) == ("", render_schema())


def test_the_command_writes_it(tmp_path: Path) -> None:
    for given_path, path in (("some.json", "some.json"), ("", SCHEMA_NAME)):
        out = tmp_path / path
        assert invoke("schema", "-o", tmp_path / given_path) == (0, "", f"wrote {out}\n")
        assert out.read_bytes() == render_schema()


OLDER = b'{"title": "packager.toml of tflite-packager", "properties": {}}'
FOREIGN = [b"", b"{}", b"[]", b"7", b'{"title": "mine"}', b"\xff", b"[" * 100_000, b" " * (2 << 20)]


def test_an_older_one_is_refreshed(tmp_path: Path) -> None:
    path = tmp_path / SCHEMA_NAME
    path.write_bytes(OLDER)
    assert invoke("schema", "-o", path)[0] == 0
    assert path.read_bytes() == render_schema()


@pytest.mark.parametrize("content", FOREIGN, ids=[repr(content[:20]) for content in FOREIGN])
def test_another_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / SCHEMA_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        check_schema_place(path)
    assert (caught.value.what, caught.value.where) == (
        "is there already, and is no schema of packager.toml",
        str(path),
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(PROJECT / "examples" / "digits" / "digits.tflite", tmp_path))


@pytest.mark.parametrize("command", ["init", "schema"])
def test_commands_do_not_replace_another_file(model: Path, command: str) -> None:
    path = model.with_name(SCHEMA_NAME)
    path.write_bytes(b"{}")
    arguments: list[str | Path] = ["init", "--yes", model] if command == "init" else ["schema", "-o", path]
    code, _, err = invoke(*arguments)
    assert code == 1
    assert err.splitlines()[0] == f"error: {path}: is there already, and is no schema of packager.toml"
    assert path.read_bytes() == b"{}"
    assert not model.with_name("packager.toml").exists()
    assert invoke(*arguments, "--force")[0] == 0
    assert path.read_bytes() == render_schema()


def test_init_writes_it_beside_its_file(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "digits.toml"
    assert invoke("init", "--yes", model, "-o", path)[0] == 0
    assert path.read_text("utf-8").splitlines()[0] == f"#:schema ./{SCHEMA_NAME}"
    assert path.with_name(SCHEMA_NAME).read_bytes() == render_schema()


def test_that_of_the_examples() -> None:
    """All of them name one."""
    examples = PROJECT / "examples"
    assert (examples / SCHEMA_NAME).read_bytes() == render_schema(), "run: packager schema -o examples"
    for path in examples.glob("*/*.toml"):
        assert path.read_text("utf-8").splitlines()[0] == f"#:schema ../{SCHEMA_NAME}", path


# --- an editor's own engine ----------------------------------------


def lint(path: Path) -> tuple[int, str]:
    """What Taplo says of a file; it would get nothing from a network."""
    command = [str(TAPLO), "lint", "--no-auto-config", "--colors", "never", path.name]
    environment = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stderr


def test_taplo_takes_what_init_writes(model: Path) -> None:
    invoke("init", "--yes", model)
    assert lint(model.with_name("packager.toml"))[0] == 0


@pytest.mark.parametrize("path", sorted((PROJECT / "examples").glob("*/*.toml")), ids=lambda path: path.parent.name)
def test_taplo_takes_the_examples(path: Path) -> None:
    assert lint(path)[0] == 0


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ('crop = "stretch"', 'corp = "stretch"', "'corp' was unexpected"),
        ('crop = "stretch"', 'crop = "fit"', '"fit" is not one of ["stretch","center-crop","letterbox"]'),
        ("mean = 0", 'mean = "0"', '"0" is not of types "array", "number"'),
        ("mean = 0", 'mean = ["0"]', '"0" is not of type "number"'),
        ("mean = 0", "sample_rate = 16000.0", '16000.0 is not of type "integer"'),
        ('name = "input"', 'nmae = "input"', "'nmae' was unexpected"),
        ('model = "digits.tflite"', "", '"model" is a required property'),
        ('model = "digits.tflite"', 'model = "m"\ntargets = ["pi", "pie"]', '"pie" is not one of'),
    ],
)
def test_taplo_names_what_is_wrong(model: Path, line: str, wrong: str, said: str) -> None:
    invoke("init", "--yes", model)
    path = model.with_name("packager.toml")
    text = path.read_text("utf-8")
    assert line in text.splitlines()
    path.write_text(text.replace(f"\n{line}\n", f"\n{wrong}\n"), "utf-8")
    code, told = lint(path)
    assert code == 1
    assert said in told
