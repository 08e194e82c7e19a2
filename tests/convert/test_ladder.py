"""The ladder on the nets of courses that examples/ has, as docs/ladder.md shows it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packager.annotated import read_annotated
from packager.ladder import RUNGS
from packager.report.comparison import read_comparison
from tests.conftest import PROJECT
from tests.tensorflow import packager_with_tensorflow, tensorflow_python

pytestmark = pytest.mark.tensorflow

MNIST = PROJECT / "build" / "mnist"
DIGITS = (
    "--task", "image-classification", "--labels", PROJECT / "examples" / "digits" / "labels.txt",
    "--mean", "0", "--std", "255",
)  # fmt: skip
HELD_OUT = 1000


@pytest.fixture(scope="module")
def tensorflow() -> Path:
    """The environment, and the pictures that the examples train on and are asked about."""
    python = tensorflow_python()
    subprocess.run([python, PROJECT / "examples" / "mnist.py"], check=True, capture_output=True)
    return python


@dataclass(frozen=True)
class Result:
    """What a ladder wrote, and what it printed."""

    folder: Path
    document: Mapping[str, Any]
    printed: str

    def model(self, name: str) -> Mapping[str, Any]:
        (found,) = (item for item in self.document["models"] if item["path"].startswith(f"{name}."))
        return dict(found)

    def top1(self, name: str) -> float:
        return float(self.model(name)["accuracy"]["top1"])


def ladder(folder: Path, source: str, *options: str) -> Result:
    ran = packager_with_tensorflow(
        "ladder", PROJECT / "examples" / source, "-o", folder, "--data", MNIST / "held-out.npz",
        "--train", MNIST / "train.npz", *DIGITS, *options,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return Result(folder, json.loads((folder / "comparison.json").read_text()), ran.stdout)


@pytest.fixture(scope="module")
def fashion(tensorflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return ladder(tmp_path_factory.mktemp("ladder") / "fashion", "fashion/fashion.h5")


@pytest.fixture(scope="module")
def digits(tensorflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return ladder(tmp_path_factory.mktemp("ladder") / "digits", "digits/conv.keras", "--qat")


def test_what_is_written(fashion: Result) -> None:
    written = {path.name for path in fashion.folder.iterdir()}
    assert written == {*(f"{name}.tflite" for name in RUNGS), "comparison.json", "report.html"}
    assert [item["path"] for item in fashion.document["models"]] == [
        "fashion.h5", *(f"{name}.tflite" for name in RUNGS)
    ]  # fmt: skip
    for name in RUNGS:
        data = (fashion.folder / f"{name}.tflite").read_bytes()
        model = fashion.model(name)
        assert (model["bytes"], model["gzip_bytes"]) == (len(data), len(gzip.compress(data, mtime=0)))
        annotated = read_annotated(fashion.folder / f"{name}.tflite")
        assert (annotated.task, annotated.labels) == ("image-classification", tuple("0123456789"))
    # The report reads what the ladder says of targets.
    assert {item.target for item in read_comparison(fashion.folder / "comparison.json").recommendations} == {
        "android", "ios", "pi", "micro", "coral"
    }  # fmt: skip
    for name in ("comparison.json", "report.html"):
        assert str(fashion.folder.parent) not in (fashion.folder / name).read_text()
        assert str(PROJECT) not in (fashion.folder / name).read_text()


def test_a_dense_net_becomes_a_tenth_as_large(fashion: Result) -> None:
    """As courses show it: 1.2 MB, 400 KB, 200 KB, 100 KB, at the same accuracy."""
    names = ("fashion", "float", "float16", "dynamic", "int8")
    sizes = [round(fashion.model(name)["bytes"] / 100_000) for name in names]
    assert sizes == [12, 4, 2, 1, 1]
    for name in RUNGS:
        assert fashion.top1(name) == pytest.approx(fashion.top1("fashion"), abs=0.005)


def test_a_convolutional_net_is_trained_with_quantization(digits: Result) -> None:
    sizes = [digits.model(name)["bytes"] / 1000 for name in ("conv", "float", "int8", "qat")]
    assert sizes == pytest.approx([970, 315, 87, 85], rel=0.05)
    # A picture or two of a thousand are chance.
    assert digits.top1("qat") >= digits.top1("int8") - 0.002
    assert digits.top1("qat") >= digits.top1("conv") - 0.005


@pytest.mark.parametrize("name", ["fashion", "digits"])
def test_what_is_recommended(name: str, request: pytest.FixtureRequest) -> None:
    result: Result = request.getfixturevalue(name)
    chosen = {target: item["path"] for target, item in result.document["recommendations"].items()}
    tflites = [item for item in result.document["models"] if item["path"].endswith(".tflite")]
    for target in ("android", "ios", "pi", "micro"):
        able = [item for item in tflites if item["targets"][target]["runs"]]
        best = min(able, key=lambda item: item["bytes"])
        # On these two nothing is lost, so the smallest is it.
        assert chosen[target] == best["path"]
    # Google's own default recipe does not run there.
    assert not result.model("dynamic")["targets"]["micro"]["runs"]
    assert result.model("dynamic")["arena_bytes"] is None
    assert result.model("int8")["arena_bytes"] > 0
    assert chosen["coral"] in ("int8.tflite", "qat.tflite")
    for target, path in chosen.items():
        assert re.search(rf"^{target}: {re.escape(path)}$", result.printed, re.M)


def test_readme_shows_these_figures(fashion: Result, digits: Result) -> None:
    """Bytes within a hundredth, accuracies within half a point: training differs from one processor to the next."""
    text = (PROJECT / "README.md").read_text()
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in text.partition("| recipe |")[2].partition("\n\n")[0].splitlines()[2:]
    ]
    assert [row[0] for row in rows] == ["the model", *RUNGS, "qat"]
    for row in rows:
        for result, source, column in ((fashion, "fashion", 1), (digits, "conv", 3)):
            size, accuracy = row[column : column + 2]
            name = source if row[0] == "the model" else row[0]
            if size == "–":
                assert result is fashion
                assert name == "qat"
                continue
            model = result.model(name)
            assert int(size.replace(",", "")) == pytest.approx(model["bytes"], rel=0.01)
            assert float(accuracy.removesuffix(" %")) == pytest.approx(100 * result.top1(name), abs=0.5)


def test_the_smallest_example_is_what_convert_makes(tensorflow: Path, tmp_path: Path) -> None:
    folder = PROJECT / "examples" / "line"
    ran = packager_with_tensorflow("convert", folder / "line.keras", "-o", tmp_path / "line.tflite")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "line.tflite").read_bytes() == (folder / "line.tflite").read_bytes()


@pytest.mark.parametrize(
    ("there", "data", "message"),
    [
        (True, MNIST / "held-out.npz", "comparison.json: is of another ladder\n"),
        (False, MNIST / "nosuch.npz", "nosuch.npz: no such file\n"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_converted(
    there: bool, data: Path, message: str, tensorflow: Path, tmp_path: Path
) -> None:
    if there:
        (tmp_path / "comparison.json").write_text("{}")
    source = PROJECT / "examples" / "line" / "line.keras"
    ran = packager_with_tensorflow("ladder", source, "-o", tmp_path, "--data", data)
    assert ran.returncode == 1
    assert message in ran.stderr
    assert "quantizing" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == (["comparison.json"] if there else [])
