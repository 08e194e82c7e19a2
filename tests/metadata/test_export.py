"""`metadata export` and the JSON of `metadata show`."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from packager.errors import MetadataError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import embed
from packager.metadata.export import export_metadata, metadata_to_json
from packager.metadata.reader import read_metadata
from packager.metadata.view import ModelMetadata, Task, TensorMetadata
from packager.model import parse_model, read_model
from tests.metadata.tiny import T, Tiny, classifier


def test_the_json_is_stable(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("Größe\nb\n", "utf-8")
    model = Tiny((T((1, 2)),), (T((1, 2)),)).model()
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
    "metadata.json",
    "Metadata.JSON",
    "con",
    "NUL.txt",
    "trailing. . .",
    "new\nline\t\x1b[31m",
    'star*?"<>|',
    "x" * 300,
    "ä" * 150,
    "emoji 🐱.txt",
    "-rf",
    "~",
]


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    metadata = parse_model(annotate(classifier(), Annotation(Task.TENSORS))).metadata_buffer
    assert metadata is not None
    files = {name: str(number).encode() for number, name in enumerate(HOSTILE_NAMES)}
    exported = export_metadata(parse_model(embed(classifier().data, metadata, files)))
    assert sorted(exported.values())[: len(files)] == sorted(files.values())
    assert len({name.casefold() for name in exported}) == len(files) + 1
    for name, data in exported.items():
        assert PurePosixPath(name).name == PureWindowsPath(name).name == name
        assert name not in ("", ".", "..")
        assert name == name.strip(" .")
        assert name.isprintable()
        (tmp_path / name).write_bytes(data)
    assert len(list(tmp_path.iterdir())) == len(exported)


def test_real_models(models: Path) -> None:
    for path in sorted(models.glob("*.tflite")):
        model = read_model(path)
        if (metadata := read_metadata(model)) is not None:
            exported = export_metadata(model)
            assert json.loads(exported["metadata.json"]) == metadata_to_json(metadata)
            labels = [output.labels() for output in metadata.outputs if output.labels() is not None]
            assert labels
            assert len(exported) == 2
