"""`packager compare`: its figures against a plain loop, and what becomes of models and data that are bad."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from rich.console import Console

from examples.shapes import pictures as shapes
from packager.annotated import read_annotated
from packager.comparison import Comparison, compare, comparison
from packager.comparison.comparison import slices
from packager.comparison.plot import render_plot
from packager.comparison.work import Unit, Variant, run_unit
from packager.config import read_config
from packager.dataset import read_dataset
from packager.errors import ConfigError
from packager.golden import build_goldens, read_samples
from packager.golden.isolation import IsolatedModel
from packager.inspection import inspect_model
from packager.metadata.attach import Annotation, annotate
from packager.metadata.embedding import strip
from packager.model import parse_model
from packager.runtimes import Runtime
from packager.tasks import Task
from packager.tasks.mask import Mask
from tests import hand_made
from tests.cells.projects import annotated
from tests.comparison.samples import CIFAR, in_threads, save_coco, save_networks, save_pictures
from tests.conftest import PROJECT, needs_micro
from tests.models import Op, T, graph, options
from tests.processes import alive, wait_for
from tests.test_isolation import endless

pytestmark = pytest.mark.slow
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "local_pool", in_threads)


def save(folder: Path, name: str, data: bytes, annotation: Annotation) -> Path:
    path = folder / f"{name}.tflite"
    path.write_bytes(annotate(parse_model(data, path), annotation))
    return path


# --- the whole, on classes ----------------------------------------


@pytest.fixture(scope="module")
def cifar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 pictures."""
    folder = tmp_path_factory.mktemp("cifar")
    save_pictures(folder, 300, (32, 32))
    return folder


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory, models: Path) -> list[Path]:
    return save_networks(tmp_path_factory.mktemp("networks"), models)


@pytest.fixture(scope="module")
def compared(cifar: Path, networks: list[Path]) -> dict[str, Any]:
    """What the command prints of both networks."""
    program = Path(sys.executable).with_name("packager")
    command: list[str | Path] = [program, "compare", *networks, "--data", cifar, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


def plainly(path: Path, folder: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The classes of all pictures, and the real scores of a model: as somebody would write it."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    classes, scores = [], []
    for index, label in enumerate(CIFAR):
        for picture in sorted((folder / label).iterdir()):
            pixels = np.asarray(Image.open(picture).convert("RGB"), np.float32)[None]
            if source["dtype"] == np.int8:
                pixels = (pixels - 128).astype(np.int8)
            interpreter.set_tensor(source["index"], pixels)
            interpreter.invoke()
            scale, zero_point = target["quantization"]
            output = interpreter.get_tensor(target["index"])[0].astype(np.float64)
            scores.append((output - zero_point) * scale if scale else output)
            classes.append(index)
    return np.array(classes), np.array(scores)


def test_accuracy_and_agreement_are_those_of_a_plain_loop(
    compared: dict[str, Any], cifar: Path, networks: list[Path]
) -> None:
    first, second = compared["models"]
    classes, scores = plainly(networks[0], cifar)
    _, others = plainly(networks[1], cifar)
    for row, values in ((first, scores), (second, others)):
        # Quantized scores tie; the lower class comes first.
        ranks = np.argsort(-values, axis=1, kind="stable")
        assert row["accuracy"]["top1"] == np.mean(ranks[:, 0] == classes)
        assert row["accuracy"]["top5"] == np.mean((ranks[:, :5] == classes[:, None]).any(axis=1))
        assert row["accuracy"]["samples"] == 300
        assert row["accuracy"]["interval"][0] < row["accuracy"]["top1"] < row["accuracy"]["interval"][1]
    assert (first["mcnemar"], first["agreement"]) == (None, None)
    right, other = (values.argmax(axis=1) == classes for values in (scores, others))
    assert second["mcnemar"]["first_only"] == np.sum(right & ~other) > 0
    assert second["mcnemar"]["this_only"] == np.sum(other & ~right) > 0
    agreement = second["agreement"]
    assert agreement["top1"] == np.mean(scores.argmax(axis=1) == others.argmax(axis=1))
    assert agreement["max"] == pytest.approx(np.abs(scores - others).max(), rel=1e-6)
    assert agreement["rms"] == pytest.approx(np.sqrt(np.mean((scores - others) ** 2)), rel=1e-6)
    ratio = 10 * np.log10(np.sum(scores**2) / np.sum((scores - others) ** 2))
    assert agreement["snr_db"] == pytest.approx(ratio, rel=1e-6)


def test_what_else_it_tells(compared: dict[str, Any], cifar: Path, networks: list[Path]) -> None:
    assert compared["data"] == {"path": str(cifar), "samples": 300, "task": "image-classification"}
    for row, path in zip(compared["models"], networks, strict=True):
        assert list(row) == (
            "path bytes gzip_bytes accuracy mcnemar agreement latency_ms arena_bytes targets failed".split()
        )
        assert (row["path"], row["bytes"], row["failed"]) == (str(path), path.stat().st_size, None)
        assert row["gzip_bytes"] == len(gzip.compress(path.read_bytes()))
        assert row["targets"] == inspect_model(path).to_json()["targets"]
        times = row["latency_ms"]
        assert {"median": times["median"], "p95": times["p95"]} == times["by_threads"]["1"]
        assert all(0 < item["median"] <= item["p95"] for item in times["by_threads"].values())


@needs_micro
def test_the_arena_is_that_of_micro(compared: dict[str, Any], networks: list[Path]) -> None:
    given = read_annotated(networks[0])
    goldens = build_goldens(given, read_samples(given, [])[:1], [Runtime.TFLITE_MICRO])
    assert compared["models"][0]["arena_bytes"] == goldens.arena_bytes


@pytest.fixture(scope="module")
def found(cifar: Path, networks: list[Path]) -> Comparison:
    """What the function returns of both networks, by threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "local_pool", in_threads)
        return compare(networks, cifar)


def test_a_slice_more_or_less_is_the_same(
    cifar: Path, networks: list[Path], found: Comparison, threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does which part: what does not depend on the clock is the same to the last bit."""

    def settled(given: Comparison) -> list[Any]:
        rows = given.to_json()["models"]
        return [{key: value for key, value in row.items() if key != "latency_ms"} for row in rows]

    monkeypatch.setattr(comparison, "slices", lambda _samples, _workers, _size: [range(70), range(70, 300)])
    assert settled(compare(networks, cifar)) == settled(found)


@pytest.mark.parametrize(
    ("samples", "workers", "size", "sizes"),
    [
        (1, 2, 2500, [1]),
        (200, 2, 2500, [200]),
        (300, 2, 2500, [150, 150]),
        (5000, 2, 2500, [2500, 2500]),
        (5001, 2, 2500, [2500, 2501]),
        (15_000, 2, 2500, [2500] * 6),
        (1_000_000, 64, 2500, [2604, 2604]),
    ],
)
def test_slices(samples: int, workers: int, size: int, sizes: list[int]) -> None:
    found = slices(samples, workers, size)
    assert [len(part) for part in found][: len(sizes)] == sizes
    assert [index for part in found for index in part] == list(range(samples))
    assert len(found) in (1, *range(2, workers + 1)) or len(found) % workers == 0


# --- other answers ----------------------------------------


def test_a_detector(tmp_path: Path, threads: None) -> None:
    """That of examples/shapes, on scenes that it has not seen: by VOC's measure, of all precisions, about as good."""
    from examples.shapes.evaluation import mean_average_precision

    scenes = list(shapes.scenes(shapes.HELD_OUT, 60))
    truth = [[(shape.index, shape.box) for shape in scene.shapes] for scene in scenes]
    save_coco(tmp_path, [(scene.picture, boxes) for scene, boxes in zip(scenes, truth, strict=True)], shapes.LABELS)
    folder = PROJECT / "examples/shapes"
    settings = read_config(folder).metadata
    assert settings is not None
    paths = [save(tmp_path, name, (folder / f"{name}.tflite").read_bytes(), settings) for name in ("shapes",)]
    (row,) = compare(paths, tmp_path).models
    assert row.accuracy is not None
    found = []
    given = read_annotated(paths[0])
    interpreter = Interpreter(model_path=str(paths[0]))
    interpreter.allocate_tensors()
    for number in range(1, 61):
        (item,) = read_dataset(tmp_path, given, labelled=False).items([number - 1])
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], item.tensors(given)[0])
        interpreter.invoke()
        outputs = [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
        found.append(given.answer.read(outputs, item.placement(given)))
    figures = row.accuracy.to_json()
    # COCO averages the precision at 101 recalls, VOC the area.
    assert figures["map50"] == pytest.approx(mean_average_precision(found, truth, 3), abs=0.02)
    low, high = figures["interval"]
    assert 0.2 < low < figures["map"] < high < figures["map50"] < 1
    assert row.to_json()["mcnemar"] is None


def test_a_segmenter(tmp_path: Path, threads: None) -> None:
    given = annotated("mask_scores")
    assert isinstance(given.answer, Mask)
    path = tmp_path / "model.tflite"
    path.write_bytes(given.model.data)
    for name in ("images", "masks"):
        (tmp_path / "data" / name).mkdir(parents=True)
    generator = np.random.default_rng(0)
    unions, overlaps = np.zeros(3), np.zeros(3)
    for number in range(6):
        picture = Image.fromarray(generator.integers(0, 256, (20 + number, 30, 3), dtype=np.uint8))
        picture.save(tmp_path / "data/images" / f"{number}.png")
        # Blocks of the three classes, and a part that nobody says anything about.
        mask = generator.integers(0, 3, (5, 6), dtype=np.uint8).repeat(5, 0).repeat(5, 1)
        mask = np.vstack([mask, np.full((number, 30), 255, np.uint8)])[: 20 + number]
        Image.fromarray(mask, "P" if number % 2 else "L").save(tmp_path / "data/masks" / f"{number}.png")
    for item, mask_file in zip(
        read_dataset(tmp_path / "data", given, labelled=False).items(range(6)),
        sorted((tmp_path / "data/masks").iterdir()),
        strict=True,
    ):
        interpreter = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], item.tensors(given)[0])
        interpreter.invoke()
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        answer = given.answer.read([output], item.placement(given)).mask
        true = np.asarray(Image.open(mask_file))
        for k in range(3):
            overlaps[k] += np.sum((answer == k) & (true == k))
            unions[k] += np.sum(((answer == k) | (true == k)) & (true != 255))
    (row,) = compare([path], tmp_path / "data").models
    assert row.accuracy is not None
    assert row.accuracy.value == pytest.approx(np.mean(overlaps / unions))
    assert row.accuracy.interval[0] <= row.accuracy.value <= row.accuracy.interval[1]


def test_without_classes_there_is_agreement(tmp_path: Path, models: Path, threads: None) -> None:
    """A model of plain numbers, float and int8."""
    values = np.linspace(0, 6, 150, dtype=np.float32)[:, None]
    np.save(tmp_path / "x.npy", values)
    paths = [models / f"hello_world_{kind}.tflite" for kind in ("float", "int8")]
    found = compare(paths, tmp_path / "x.npy").to_json()
    assert found["data"]["task"] == "tensors"
    assert [row["accuracy"] for row in found["models"]] == [None, None]
    agreement = found["models"][1]["agreement"]
    assert agreement["top1"] is None
    assert 0 < agreement["rms"] < agreement["max"] < 0.2
    assert 20 < agreement["snr_db"] < 60


# --- models that do not run ----------------------------------------


def test_a_model_that_kills_its_interpreter_costs_its_row(tmp_path: Path, models: Path) -> None:
    """With processes: the pool goes on."""
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 100, (300, 96)).astype(np.int16))
    (tmp_path / "copy.tflite").write_bytes(hand_made.copy("int16", None, 96))
    paths = [tmp_path / "copy.tflite", models / "keyword_scrambled_8bit.tflite", tmp_path / "copy.tflite"]
    good, bad, again = compare(paths, tmp_path / "x.npy").models
    assert bad.failed is not None
    assert bad.failed.startswith(("LiteRT died while it ran", "LiteRT damaged its memory while it ran"))
    assert (bad.accuracy, bad.agreement, bad.latency) == (None, None, None)
    # TensorFlow Lite Micro runs it.
    assert bad.targets == inspect_model(paths[1]).targets
    assert good.failed is None
    assert again.failed is None
    assert again.agreement is not None
    assert (again.agreement.max, again.agreement.to_json()["snr_db"]) == (0, None)


def test_where_the_first_does_not_run(tmp_path: Path, models: Path, threads: None) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 3), np.float32))
    (tmp_path / "copy.tflite").write_bytes(hand_made.copy("float32", None, 3))
    paths = [models / "model_invoking_error.tflite", tmp_path / "copy.tflite"]
    refused, copied = compare(paths, tmp_path / "x.npy").models
    assert refused.failed is not None
    assert "unresolved custom op" in refused.failed
    assert (copied.failed, copied.agreement) == (None, None)
    assert copied.latency is not None


# --- batches ----------------------------------------


def less_their_mean() -> bytes:
    """``x`` [1, 4] less its mean over the first axis: 0 for one sample, and not for a batch of several."""
    return graph(
        [T("x", [1, 4]), T("axis", [1], "int32", data=np.array([0])), T("mean", [1, 4]), T("y", [1, 4])],
        [
            Op("MEAN", ["x", "axis"], ["mean"], options("Reducer", keepDims=True)),
            Op("SUB", ["x", "mean"], ["y"], options("Sub")),
        ],
        ["x"],
        ["y"],
    )


def asked(data: bytes, inputs: list[np.ndarray[Any, Any]], batch: int) -> list[np.ndarray[Any, Any]]:
    with IsolatedModel(data, batch=batch, memory_bytes=4 << 30) as model:
        outcome = model.ask({}, inputs, seconds=60, output_limit=1 << 20)
        assert outcome.failure is None
        return outcome.tensors


def test_batches_answer_as_single_samples_do(networks: list[Path]) -> None:
    pixels = np.random.default_rng(0).integers(-128, 128, (21, 1, 32, 32, 3)).astype(np.int8)
    data = networks[0].read_bytes()
    for one, other in zip(asked(data, [pixels], 8), asked(data, [pixels], 1), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
        assert one.shape == (1, 10)


def test_a_model_whose_samples_mix_has_no_batches() -> None:
    values = np.random.default_rng(0).random((20, 1, 4), np.float32)
    for output in asked(less_their_mean(), [values], 8):
        np.testing.assert_array_equal(output, np.zeros((1, 4), np.float32))


def test_a_model_that_keeps_a_state_begins_anew() -> None:
    """Each sample by itself: the same one gives the same, in whatever place."""
    values = np.tile(np.random.default_rng(0).random((1, 1, 3), np.float32), (12, 1, 1))
    outputs = asked(hand_made.stateful(), [values], 4)
    assert np.ptp(np.concatenate(outputs), axis=0).max() == 0


# --- bad data ----------------------------------------


def test_a_corrupt_picture_ends_it_with_its_name(tmp_path: Path, networks: list[Path]) -> None:
    """In the middle of 1,000, found by a process of its own."""
    save_pictures(tmp_path, 1000, (8, 8))
    bad = sorted((tmp_path / "frog").iterdir())[50]
    bad.write_bytes(bad.read_bytes()[:-40])
    with pytest.raises(ConfigError) as caught:
        compare(networks[:1], tmp_path)
    assert caught.value.where == str(bad)
    assert caught.value.what.startswith("cannot be read: ")


COCO = {
    "images": [{"id": 1, "file_name": "1.png", "width": 8, "height": 6}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 3, 3]}],
    "categories": [{"id": 1, "name": "circle"}],
}
BAD_COCO = [
    ({"annotations": None}, "is no COCO JSON of objects: "),
    ({"images": []}, "lists no pictures"),
    ({"images": [{"id": 1, "file_name": "2.png"}]}, "names the picture '2.png', which is not there"),
    ({"images": [{"id": 1, "file_name": "1.png", "width": 9, "height": 6}]}, "is of 8 x 6 pixels, and "),
    (
        {"categories": [{"id": 1, "name": "cat"}]},
        "has objects of the category 'cat', which is none of the 3 labels of",
    ),
    ({"categories": []}, "has an annotation of the category 1, which it does not list"),
    (
        {"annotations": [{"image_id": 2, "category_id": 1, "bbox": [1, 1, 3, 3]}]},
        "has an annotation of the picture 2, which",
    ),
    ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, -3, 3]}]}, "has the bbox [1, 1, -3, 3]"),
    ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1]}]}, "is no COCO JSON of objects: "),
    ({"annotations": [{"image_id": 1, "category_id": 1}]}, "is no COCO JSON of objects: no 'bbox'"),
]


@pytest.mark.parametrize(("changes", "what"), BAD_COCO)
def test_a_coco_json_that_does_not_fit(changes: dict[str, Any], what: str, tmp_path: Path) -> None:
    settings = read_config(PROJECT / "examples/shapes").metadata
    assert settings is not None
    path = save(tmp_path, "shapes", (PROJECT / "examples/shapes/shapes.tflite").read_bytes(), settings)
    Image.new("RGB", (8, 6)).save(tmp_path / "1.png")
    (tmp_path / "annotations.json").write_text(json.dumps({**COCO, **changes}))
    given = read_annotated(path)

    def read() -> None:
        dataset = read_dataset(tmp_path, given, labelled=False)
        run_unit(Unit(dataset, (Variant.of(given, path, given.model.sha256),)))

    with pytest.raises(ConfigError) as caught:
        read()
    assert caught.value.what.startswith(what)
    assert (caught.value.where or "").startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("mask", "what"),
    [
        (None, "has no mask"),
        (Image.new("RGB", (20, 16)), "is a picture of the mode RGB, no mask"),
        (Image.new("L", (16, 20)), "is of 16 x 20 pixels, and its picture of 20 x 16"),
        (Image.new("L", (20, 16), 3), "holds the class 3, and the model has 3 classes"),
    ],
)
def test_a_mask_that_does_not_fit(mask: Image.Image | None, what: str, tmp_path: Path) -> None:
    given = annotated("mask_scores")
    path = tmp_path / "model.tflite"
    path.write_bytes(given.model.data)
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (20, 16)).save(tmp_path / "images" / "a.jpg")
    if mask is not None:
        mask.save(tmp_path / "masks" / "a.png")

    def read() -> None:
        dataset = read_dataset(tmp_path, given, labelled=False)
        run_unit(Unit(dataset, (Variant.of(given, path, given.model.sha256),)))

    with pytest.raises(ConfigError) as caught:
        read()
    assert caught.value.what.startswith(what)


def test_a_model_that_is_another_by_now(tmp_path: Path, networks: list[Path], cifar: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(networks[0].read_bytes())
    given = read_annotated(path)
    path.write_bytes(networks[1].read_bytes())
    with pytest.raises(ConfigError, match="is another file than it was when the comparison began"):
        run_unit(Unit(read_dataset(cifar, given, labelled=True), (Variant.of(given, path, given.model.sha256),)))


def test_a_model_without_metadata(networks: list[Path], tmp_path: Path) -> None:
    """The class of an array is the number of the item; what is no list of these has none."""
    paths = []
    for network in networks:
        paths.append(tmp_path / network.name)
        paths[-1].write_bytes(strip(network.read_bytes()))
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=pixels, y=np.arange(20) % 10)
    found = compare(paths, tmp_path / "x.npz")
    assert found.task is Task.TENSOR_CLASSIFICATION
    labelled = compare(networks, tmp_path / "x.npz")
    assert [model.accuracy for model in found.models] == [model.accuracy for model in labelled.models]
    np.savez(tmp_path / "other.npz", x=pixels, y=np.arange(20))
    assert compare(paths, tmp_path / "other.npz").models[0].accuracy is None


# --- the command ----------------------------------------


def test_the_plot(cifar: Path, found: Comparison) -> None:
    png, svg = render_plot(found, ".png"), render_plot(found, ".svg")
    assert (png, svg) == (render_plot(found, ".png"), render_plot(found, ".svg"))
    with Image.open(io.BytesIO(png)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 675))
    # A group for the interval of each model, in the plot and in its legend; no date, and no path.
    assert svg.count(b'id="LineCollection_') == 4
    assert b"<dc:date>" not in svg
    assert str(cifar.parent).encode() not in svg


def test_a_plot_of_nothing(found: Comparison) -> None:
    failed = replace(found.models[0], accuracy=None, failed="it died")
    with pytest.raises(ConfigError, match="there is no accuracy to plot"):
        render_plot(replace(found, models=(failed,)), ".png")


def test_the_tables(compared: dict[str, Any], found: Comparison) -> None:
    """Each figure stands in a terminal of 80 columns and in one of 30, and no line is longer."""
    for width in (80, 30):
        console = Console(width=width, record=True, file=io.StringIO())
        console.print(found.to_rich(width))
        text = console.export_text()
        assert max(map(len, text.splitlines())) <= width
        for row in compared["models"]:
            assert f"{row['bytes']:,}" in text
            assert f"{100 * row['accuracy']['top1']:.1f}" in text


def test_an_option_that_is_wrong(networks: list[Path], cifar: Path, tmp_path: Path) -> None:
    def told(*arguments: str | Path, **environment: str) -> str:
        command = [Path(sys.executable).with_name("packager"), "compare", networks[0], *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
        assert ran.returncode == 1
        assert ran.stdout == ""
        return ran.stderr

    assert told("--data", tmp_path) == (
        f"error: {tmp_path}: holds no picture\n"
        "  Give a folder with a folder for each class, an .npz with x and y, or a csv with a column label.\n"
    )
    assert told("--data", cifar, "--plot", "plot.jpg").startswith("error: plot.jpg: is neither a .png nor an .svg\n")
    without = {"PYTHONPATH": str(PROJECT / "tests/absent"), "PACKAGER_TEST_ABSENT": "matplotlib distributed"}
    for option, value, what, package, extra in (
        ("--plot", "plot.png", "drawing a plot", "matplotlib", "compare"),
        ("--dask", "tcp://127.0.0.1:1", "work on a Dask cluster", "distributed", "dask"),
    ):
        assert told("--data", cifar, option, value, **without) == (
            f"error: {what} needs {package}, which is not installed: pip install 'tflite-packager[{extra}]'\n"
        )
    assert not list(Path.cwd().glob("plot.*"))


@linux_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_it(number: signal.Signals, tmp_path: Path) -> None:
    """Killed while workers wait for a model that never ends."""
    (tmp_path / "model.tflite").write_bytes(endless())
    np.save(tmp_path / "x.npy", np.ones((400, 1), np.float32))
    mark = uuid.uuid4().hex
    command: list[str | Path] = [Path(sys.executable).with_name("packager"), "compare", "model.tflite"]
    environment = {**os.environ, "PACKAGER_MARK": mark}
    parent = subprocess.Popen(
        [*command, "--data", "x.npy"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )

    def is_running() -> bool:
        return sum("runner.py" in Path(f"/proc/{one}/cmdline").read_text() for one in alive(mark)) == 2

    assert wait_for(is_running, 60)
    time.sleep(0.5)
    parent.send_signal(number)
    _, printed = parent.communicate(timeout=20)
    if number != signal.SIGKILL:  # by which Python's own resource tracker has something to say
        assert printed == {signal.SIGTERM: "error: terminated\n", signal.SIGINT: "error: interrupted\n"}[number]
    assert wait_for(lambda: not alive(mark))
