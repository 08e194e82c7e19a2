"""The generated Pi package that classifies arrays: of one input, and of two with an output beside the classes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from packager.annotated import AnnotatedModel
from packager.metadata.attach import Annotation, LabelFile
from packager.tasks import Activation, Task
from packager.tasks.classes import Classes
from tests.conftest import write_files
from tests.hand_made import COLORS, attached
from tests.models import Op, T, graph
from tests.targets.pi.code import check_code
from tests.targets.test_pi import Compare, project, unused_names
from tests.targets.test_pi_files import run, run_code, told

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]

WEIGHTS = np.array([[2, 0, 0, 1], [0, 2, 0, 1], [0, 0, 2, 1]], np.float32)


def one() -> AnnotatedModel:
    """The largest of the first three of four numbers, int8 in steps of 0.1, as logits."""
    tensors = [
        T("readings", [1, 4], "int8", 0.1, 0),
        T("real", [1, 4]),
        T("weights", WEIGHTS.shape, data=WEIGHTS),
        T("bias", [3], data=np.zeros(3, np.float32)),
        T("logits", [1, 3]),
    ]
    operators = [
        Op("DEQUANTIZE", ["readings"], ["real"], schema.DequantizeOptionsT()),
        Op("FULLY_CONNECTED", ["real", "weights", "bias"], ["logits"], schema.FullyConnectedOptionsT()),
    ]
    german = COLORS.with_name("colors_de.txt")
    annotation = Annotation(
        task=Task.TENSOR_CLASSIFICATION,
        labels=(LabelFile(COLORS), LabelFile(german, "de")),
        activation=Activation.SOFTMAX,
    )
    return attached(graph(tensors, operators, ["readings"], ["logits"]), annotation, "one")


def two() -> AnnotatedModel:
    """Scores that are one input, and the sum of both inputs beside them."""
    tensors = [T("scores", [1, 3]), T("offsets", [1, 3]), T("same", [1, 3]), T("sum", [1, 3])]
    operators = [
        Op("ABS", ["scores"], ["same"]),
        Op("ADD", ["scores", "offsets"], ["sum"], schema.AddOptionsT()),
    ]
    annotation = Annotation(task=Task.TENSOR_CLASSIFICATION, labels=(LabelFile(COLORS),))
    return attached(graph(tensors, operators, ["scores", "offsets"], ["same", "sum"]), annotation, "two")


MODELS: dict[str, Callable[[], AnnotatedModel]] = {"one": one, "two": two}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packages, and arrays beside them."""
    folder = tmp_path_factory.mktemp("pi")
    for make in MODELS.values():
        write_files(folder, project(make(), []))
    np.save(folder / "real.npy", np.array([0.5, 1.5, -0.5, 0.25]))
    np.save(folder / "raw.npy", np.array([[5, 15, -5, 3]], np.int8))
    np.savez(folder / "both.npz", scores=[0.25, 0.5, 0.125], offsets=np.zeros((1, 3), np.float32))
    np.savez_compressed(folder / "packed.npz", scores=[0.75, 0.5, 0.125], offsets=np.zeros(3), other="x")
    return folder


def answers(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    ran = run(folder, *arguments, "--json")
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_tree(assert_tree: Compare) -> None:
    assert_tree("pi_arrays", project(two(), []))


def test_one_array(packages: Path) -> None:
    real, raw = answers(packages, "one", "classify", "real.npy", "raw.npy")
    assert (real["array"], raw["array"]) == ("real.npy", "raw.npy")
    # round(0.25 / 0.1) is 3, away from zero: both are the same items.
    assert real["results"] == raw["results"]
    logits = np.array([1.0, 3.0, -1.0])
    scores = np.exp(logits) / np.exp(logits).sum()
    assert [(item["label"], item["index"]) for item in raw["results"]] == [("green", 1), ("red", 0), ("blue", 2)]
    assert [item["score"] for item in raw["results"]] == pytest.approx(scores[[1, 0, 2]], abs=1e-6)


def test_options(packages: Path) -> None:
    (best,) = answers(packages, "one", "classify", "raw.npy", "--top-k=1", "--locale=de")
    assert [item["label"] for item in best["results"]] == ["grün"]
    (none,) = answers(packages, "one", "classify", "raw.npy", "--threshold=0.99")
    assert none["results"] == []


def test_two_arrays(packages: Path) -> None:
    both, packed = answers(packages, "two", "classify", "both.npz", "packed.npz")
    assert [item["score"] for item in both["results"]] == [0.5, 0.25, 0.125]
    assert [item["label"] for item in packed["results"]] == ["red", "green", "blue"]


def test_python(packages: Path) -> None:
    code = """
import numpy as np
from one import OneClassifier
from two import TwoClassifier
one, two = OneClassifier(locale="de"), TwoClassifier(threads=2)
assert one.classify(np.array([0.5, 1.5, -0.5, 0.25]))[0].label == "grün"
assert one.classify("raw.npy", top_k=2)[1].index == 0
given = {"scores": np.array([0.1, 0.2, 0.9]), "offsets": np.zeros(3)}
assert two.classify(given)[0] == ("blue", 2, float(np.float32(0.9)))
for model, wrong, what in (
    (one, np.zeros(5), "input 'input' takes [1, 4], not [5]"),
    (one, np.array([np.nan, 0, 0, 0]), "input 'input' takes int8, and nan does not fit"),
    (two, {"scores": np.zeros(3)}, "no array for the input 'offsets'"),
):
    try:
        model.classify(wrong)
    except ValueError as error:
        assert str(error) == what, error
    else:
        raise AssertionError(what)
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr


def npz(entries: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def npy(array: Array) -> bytes:
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


GOOD = npy(np.zeros(3))
HUGE = npy(np.zeros(3)).replace(b"(3,)", b"(9,)")
BAD_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is no .npz file: save an array for each input"),
    "one array": (GOOD, "numpy.savez(path, scores=…, offsets=…)"),
    "no archive": (b"PK\3\4 and nothing more", "not a zip file"),
    "cut off": (npz({"scores.npy": GOOD, "offsets.npy": GOOD})[:-30], "not a zip file"),
    "without one": (npz({"scores.npy": GOOD}), "has no array 'offsets'"),
    "of another name": (npz({"scores": GOOD, "offsets.npy": GOOD}), "has no array 'scores'"),
    "of another size": (npz({"scores.npy": npy(np.zeros(4)), "offsets.npy": GOOD}), "takes [1, 3], not [4]"),
    "of a header that lies": (npz({"scores.npy": HUGE, "offsets.npy": GOOD}), "takes [1, 3], not [9]"),
    "of objects": (npz({"scores.npy": npy(np.array([{}])), "offsets.npy": GOOD}), "takes numbers, not object"),
    "of no arrays": (npz({"scores.npy": b"text", "offsets.npy": b"text"}), "magic string"),
    "packed by bzip2": (npz({"scores.npy": GOOD, "offsets.npy": GOOD}, zipfile.ZIP_BZIP2), "numpy.savez"),
}


@pytest.mark.parametrize("what", BAD_ARCHIVES)
def test_a_bad_archive_is_one_line_and_stops_no_other(what: str, packages: Path, tmp_path: Path) -> None:
    data, expected = BAD_ARCHIVES[what]
    bad = tmp_path / "bad.npz"
    bad.write_bytes(data)
    ran = run(packages, "two", "classify", bad, "both.npz", "--json")
    assert ran.returncode == 1
    (line,) = told(ran)
    assert line.startswith(f"{bad}: ")
    assert expected in line
    assert [json.loads(text)["array"] for text in ran.stdout.splitlines()] == ["both.npz"]


def test_the_classes_are_those_of_the_labelled_output() -> None:
    answer = two().answer
    assert isinstance(answer, Classes)
    assert (answer.output, answer.labels.default) == (0, ("red", "green", "blue"))


def test_code_is_as_ruff_has_it_and_holds_nothing_unused(tmp_path: Path) -> None:
    for kind, make in MODELS.items():
        files = project(make(), [], "A long name of a dozen words")
        assert unused_names(files) == set(), kind
        write_files(tmp_path / kind, files)
    check_code(tmp_path)
