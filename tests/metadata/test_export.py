"""`metadata export` and the JSON of `metadata show`."""

from __future__ import annotations

import json
import stat
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from typer.testing import CliRunner

from packager.cli import app
from packager.errors import MetadataError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import embed
from packager.metadata.export import export_metadata, metadata_to_json
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata, TensorMetadata
from packager.model import Model, parse_model, read_model
from packager.tasks import Task
from packager.writing import write_files
from tests.bounds import within
from tests.hand_made import classifier
from tests.models import T, ports


def test_the_json_is_stable(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("Größe\nb\n", "utf-8")
    model = parse_model(ports((T("", (1, 2)),), (T("", (1, 2)),)))
    annotation = Annotation(
        Task.TENSORS,
        (LabelFile(path), LabelFile(path, "de")),
        name="n",
        inputs=(TensorSpec("x", "y", (-3.4028234663852886e38, 1e-7), (0.1,)),),
    )
    exported = export_metadata(parse_model(annotate(model, annotation)))
    assert list(exported) == ["metadata.json", "labels.txt", "labels_de.txt"]
    assert exported["labels.txt"] == "Größe\nb\n".encode()

    def file(name: str, locale: str) -> dict[str, object]:
        return {
            "name": name,
            "description": "Labels for categories that the model can recognize.",
            "kind": "TENSOR_AXIS_LABELS",
            "locale": locale,
            "bytes": 10,
        }

    nothing = {
        "name": "",
        "description": "",
        "dimension_names": [],
        "content": "feature",
        "color_space": "",
        "sample_rate": 0,
        "audio_channels": 0,
        "mean": [],
        "std": [],
        "minimum": [],
        "maximum": [],
        "tokenizer": None,
        "labels": None,
        "localized_labels": {},
        "files": [],
    }
    expected = {
        "name": "n",
        "description": "",
        "version": "",
        "author": "",
        "license": "",
        "min_parser_version": "1.5.0",
        "task": "tensors",
        "crop": "stretch",
        "resize": "antialias",
        "pad": 0,
        "channels": "rgb",
        "activation": "none",
        "head": None,
        "threshold": None,
        "iou": None,
        "points": None,
        "hop": None,
        "tokenizer": None,
        "inputs": [
            nothing | {"name": "x", "description": "y", "minimum": [-3.4028235e38, 1e-7], "maximum": [0.1]},
        ],
        "outputs": [
            nothing
            | {
                "labels": ["Größe", "b"],
                "localized_labels": {"de": ["Größe", "b"]},
                "files": [file("labels.txt", ""), file("labels_de.txt", "de")],
            }
        ],
        "files": [],
    }
    # Not by value: the digits are the point.
    assert exported["metadata.json"].decode() == json.dumps(expected, indent=2, ensure_ascii=False) + "\n"


def test_numbers_that_json_has_not() -> None:
    tensor = TensorMetadata(minimum=(float("-inf"),), maximum=(float("nan"), 2.0))
    found = metadata_to_json(ModelMetadata(outputs=(tensor,)))["outputs"][0]
    assert (found["minimum"], found["maximum"]) == ([None], [None, 2.0])
    assert metadata_to_json(ModelMetadata())["task"] is None


def test_a_model_without_metadata() -> None:
    with pytest.raises(MetadataError, match="carries no metadata") as caught:
        export_metadata(classifier())
    assert "metadata attach" in (caught.value.fix or "")


HOSTILE_NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system.ini",
    "C:evil",
    "..",
    ".",
    "a/",
    "dir/labels.txt",
    "labels.txt",
    "LABELS.TXT",
    "labels-2.txt",
    "metadata.json",
    "Metadata.JSON",
    "x/metadata.json",
    "con",
    "NUL.txt",
    "conin$",
    "com¹.txt",
    "aux .h",
    ".git",
    ".bashrc",
    "packager.lock.json",
    "trailing. . .",
    "y" * 199 + ". x",
    "y" * 199 + " .x",
    "new\nline\t\x1b[31m",
    "C1\x9b31m",
    'star*?"<>|',
    "x" * 300,
    "x" * 301,
    "ä" * 150,
    "emoji 🐱.txt",
    "-rf",
    "~",
    "labels\u202etxt.exe",
    "la\u200bbels.txt",
    "\u2066labels.txt\u2069",
    "\ufefflabels.txt",
    "labels\u3164.txt",
    "labels\ufe0f.txt",
    "labels\u034f.txt",
    "labels\u2800.txt",
    "labels\U000e0061.txt",
    "é.txt",
    "e\u0301.txt",
    "É.TXT",
    "Straße",
    "STRASSE",
    "ﬁ.txt",
    "fi.txt",
    "\u2028",
    "",
]


def with_files(files: Mapping[str, bytes]) -> Model:
    metadata = parse_model(annotate(classifier(), Annotation(Task.TENSORS))).metadata_buffer
    assert metadata is not None
    return parse_model(embed(classifier().data, metadata, files), "tiny.tflite")


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    files = {name: str(number).encode() for number, name in enumerate(HOSTILE_NAMES)}
    exported = export_metadata(with_files(files))
    assert json.loads(exported["metadata.json"])["task"] == "tensors", "metadata.json is always ours"
    assert sorted(exported.values())[: len(files)] == sorted(files.values()), "no file is lost"
    spellings = {unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold()) for name in exported}
    assert len(spellings) == len(files) + 1
    for name, data in exported.items():
        assert PurePosixPath(name).name == PureWindowsPath(name).name == name
        assert name not in ("", ".", "..")
        assert name == name.strip(" .")
        assert name.isprintable()
        assert not set(name) & set("\u3164\ufe0f\u034f\u2800"), "what nobody sees"
        assert len(name.encode()) < 240
        (tmp_path / name).write_bytes(data)
    assert len(list(tmp_path.iterdir())) == len(exported)
    write_files(tmp_path / "written", exported)  # no name is one that the writer refuses


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        [f"{number}/a.txt" for number in range(20_000)],
        [f"{number}\\{'x' * 300}.txt" for number in range(20_000)],
        [f"{number}.txt" for number in range(20_000)],
        # Each name that a repeated one could get is taken.
        [*(f"a-{number}.txt" for number in range(2, 10_000)), *(f"{number}/a.txt" for number in range(10_000))],
        [name for number in range(10_000) for name in (f"a-{number}.txt", f"{number}/A.txt")],
    ],
)
def test_names_of_many_files_take_no_time(names: list[str]) -> None:
    model = with_files(dict.fromkeys(names, b"x"))
    with within(1):
        assert len(export_metadata(model)) == len(names) + 1


def test_real_models(models: Path) -> None:
    for path in sorted(models.glob("*.tflite")):
        model = read_model(path)
        if (metadata := read_metadata(model)) is not None:
            exported = export_metadata(model)
            assert json.loads(exported["metadata.json"]) == metadata_to_json(metadata)
            labels = [output.labels() for output in metadata.outputs if output.labels() is not None]
            assert labels
            assert len(exported) == 2


# --- On disk ---------------------------------------------------------------------------------------------------

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links or modes")


def export(model: Model, out: Path, *options: str) -> tuple[int, str]:
    """`packager metadata export`; its exit code and what it says on stderr."""
    path = out.parent / "model.tflite"
    path.write_bytes(model.data)
    result = CliRunner().invoke(app, ["metadata", "export", str(path), "-o", str(out), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stderr


def test_an_existing_file_is_replaced_with_force_only(tmp_path: Path) -> None:
    model, out = with_files({"labels.txt": b"a\n", "other.txt": b"b"}), tmp_path / "out"
    out.mkdir()
    (out / "mine").write_bytes(b"me")
    (out / "labels.txt").write_bytes(b"me")
    code, said = export(model, out)
    assert (code, said.count("error:")) == (1, 1)
    assert str(out / "labels.txt") in said
    assert "--force" in said
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {"mine": b"me", "labels.txt": b"me"}
    assert export(model, out, "--force")[0] == 0
    assert (out / "labels.txt").read_bytes() == b"a\n"
    assert (out / "mine").read_bytes() == b"me"
    # What is there already is no conflict.
    assert export(model, out) == (0, "")


@posix_only
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_nothing_is_written_through_links(tmp_path: Path, force: list[str]) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.write_bytes(b"outside")
    for target in (outside, tmp_path / "nowhere"):
        (out / "labels.txt").symlink_to(target)
        code, said = export(with_files({"a.txt": b"1", "labels.txt": b"2"}), out, *force)
        assert (code, said.count("in the way")) == (1, 1)
        assert [path.name for path in out.iterdir()] == ["labels.txt"], "all is checked before anything is written"
        (out / "labels.txt").unlink()
    assert outside.read_bytes() == b"outside"
    assert not (tmp_path / "nowhere").exists()


@posix_only
def test_nothing_becomes_executable(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = b"#!/bin/sh\nrm -rf ~\n"
    assert export(with_files({"run.sh": script, "x": script, "old": script}), out)[0] == 0
    for name in ("run.sh", "x", "old", "metadata.json"):
        assert not (out / name).stat().st_mode & 0o111
    (out / "old").write_bytes(b"mine")
    (out / "old").chmod(0o750)
    assert export(with_files({"old": script}), out, "--force")[0] == 0
    assert stat.S_IMODE((out / "old").stat().st_mode) == 0o640, "whose mode was for what was in it before"


@posix_only
def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "b").mkdir()
    code, said = export(with_files({"a": b"1", "b": b"2"}), out)
    assert (code, "in the way" in said) == (1, True)
    assert [path.name for path in out.iterdir()] == ["b"]
