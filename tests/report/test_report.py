"""What the page of a model, or of a comparison, says; whole pages are in tests/trees/report_*."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import packager
from packager.annotated import annotated_model
from packager.cli import app
from packager.errors import ConfigError, ModelError, PackagerError
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.model import parse_model
from packager.pipeline import build, plan_build
from packager.report import Subject, render_page, write_report
from packager.report.comparison import build_comparison, build_scatter, read_comparison
from packager.report.page import ModelContext, attach_command, build_page, model_commands
from packager.report.samples import SampleContext, build_samples
from packager.runtimes import Runtime
from packager.tasks.image import fit
from packager.writing import State
from tests.cells.models import ROWS, Row, mask_scores, movenet, ssd
from tests.conftest import PROJECT, needs_micro
from tests.hand_made import mixed
from tests.models import Op, T, graph
from tests.report.conftest import PageOf
from tests.report.pages import COMPARISON, FIVE


def row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def subject_of(name: str, outputs: tuple[Any, ...], folder: Path) -> Subject:
    """A model of the table with golden cases of these outputs, as if a runtime had given them."""
    annotated = row(name).annotated()
    samples = read_samples(annotated, row(name).samples(folder))
    cases = tuple(
        GoldenCase(one.name, one.given, one.inputs, outputs, annotated.answer.read(outputs, one.placement))
        for one in samples
    )
    return Subject(annotated, Goldens({Runtime.LITERT: GoldenSet("litert 1", cases)}, None))


def sample_of(name: str, outputs: tuple[Any, ...], folder: Path) -> SampleContext:
    subject = subject_of(name, outputs, folder)
    return build_samples(subject.annotated, subject.goldens.sets[Runtime.LITERT].cases)[0]


def model_of(subject: Subject) -> ModelContext:
    (model,) = build_page([subject], title="", comparison=None, commands=()).models
    return model


# --- whole pages ----------------------------------------


@needs_micro
@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "comparison", "hostile"])
def test_the_whole_page(name: str, page_of: PageOf, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    assert_tree(f"report_{name}", {"report.html": page_of(name).read_bytes()})


@needs_micro
@pytest.mark.slow
def test_build_writes_the_same_page_as_report(page_of: PageOf, examples: Path, tmp_path: Path) -> None:
    """Beside the projects, of the same answers, in whatever folder; and a person's edits of it are kept."""
    digits = Path(shutil.copytree(examples / "digits", tmp_path / "elsewhere" / "digits"))
    out = tmp_path / "out"
    build(digits, out)
    page = out / "report.html"
    assert page.read_bytes() == page_of("digits").read_bytes()
    assert str(tmp_path) not in page.read_text("utf-8")
    assert "report.html" in json.loads((out / "manifest.json").read_text())["files"]
    page.write_text("mine")
    assert "-mine" in plan_build(digits, out).diff().splitlines()
    states = {change.path: change.state for change in build(digits, out).changes}
    assert states["report.html"] is State.KEPT
    assert page.read_text() == "mine"


@needs_micro
@pytest.mark.slow
def test_of_what_build_wrote(examples: Path, tmp_path: Path) -> None:
    """The golden samples are those of the projects: pictures, arrays, and none of another folder."""
    for name, samples in (("digits", ["five", "nine"]), ("gestures", ["circle", "idle"])):
        out = tmp_path / name
        config = tmp_path / f"{name}_config"
        shutil.copytree(examples / name, config)
        path = config / "packager.toml"
        path.write_text(re.sub("(?m)^targets = .*", 'targets = ["pi"]', path.read_text()))
        build(config, out)
        write_report(out, tmp_path / "report.html")
        text = (tmp_path / "report.html").read_text("utf-8")
        assert re.findall(r'aria-label="Golden sample (\w+)"', text)[:2] == samples
        assert "samples are made up" not in text
    cases = next(out.glob("pi/**/cases.json"))
    document = json.loads(cases.read_text())
    document["cases"][0]["inputs"] = ["../secret.bin"]
    cases.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=r"names '\.\./secret\.bin'"):
        write_report(out, tmp_path / "other.html")
    assert not (tmp_path / "other.html").exists()


@pytest.mark.slow
def test_a_target_that_fails_is_said(tmp_path: Path) -> None:
    """What a runtime refuses is on the page, in the words of packager.toml and without a path."""
    shape = np.array([3, 3], np.int32)
    data = graph(
        [T("x", [1, 4]), T("shape", [2], "int32", data=shape), T("y", [3, 3])],
        [Op("RESHAPE", ["x", "shape"], ["y"])],
        ["x"],
        ["y"],
    )
    (tmp_path / "broken.tflite").write_bytes(data)
    write_report(tmp_path / "broken.tflite", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "LiteRT cannot run it" in text
    assert text.count("✗ no") >= 3
    assert str(tmp_path) not in text


@pytest.mark.slow
@pytest.mark.usefixtures("no_tflite_micro")
def test_without_tflite_micro_the_arena_is_estimated(examples: Path, tmp_path: Path) -> None:
    write_report(examples / "sine", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "estimated from the graph" in text
    assert "Arduino Nano 33 BLE Sense" in text
    assert "✗ no" not in text


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, "holds no comparison.json, no manifest.json and no packager.toml"),
        ({"manifest.json": "{}"}, "holds no project with the annotated model"),
        ({"packager.toml": 'model = "nosuch.tflite"\n'}, "no such file"),
        ({"comparison.json": "{"}, "is no JSON"),
    ],
)
def test_folders_of_which_there_is_no_page(files: dict[str, str], error: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(PackagerError, match=error):
        packager.write_report(folder, tmp_path / "report.html")
    with pytest.raises(ModelError):
        packager.write_report(tmp_path / "nosuch.tflite", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


# --- golden samples ----------------------------------------


def test_the_input_is_what_the_model_sees(tmp_path: Path) -> None:
    """Pixel by pixel, whatever the order of channels, the layout and the quantization."""
    for name in ("blue_first", "yolo_v8", "colors", "sigmoid", "embedding"):
        annotated = row(name).annotated()
        image: Any = annotated.input
        (path, *_) = row(name).samples(tmp_path)
        (sample,) = read_samples(annotated, [path])
        outputs = tuple(np.zeros(port.tensor.shape, port.tensor.dtype) for port in annotated.outputs)
        case = GoldenCase(sample.name, sample.given, sample.inputs, outputs, annotated.answer.read(outputs, None))
        shown = build_samples(annotated, [case])[0].input
        assert shown is not None
        found = Image.open(io.BytesIO(base64.b64decode(shown.data.partition(",")[2])))
        expected = np.asarray(fit(Image.open(path), image)).astype(int)
        # A step of the quantization stands for more than a pixel's in none of these.
        assert np.abs(np.asarray(found).astype(int) - expected).max() <= 1, name


def test_boxes_stand_over_the_picture_in_its_own_pixels(tmp_path: Path) -> None:
    subject = subject_of("ssd", ssd(), tmp_path)
    (case, *_) = subject.goldens.sets[Runtime.LITERT].cases
    (sample, *_) = build_samples(subject.annotated, [case])
    assert sample.picture is not None
    assert (sample.picture.width, sample.picture.height) == (60, 40)
    drawn = [(float(box.x), float(box.y), float(box.width), box.label) for box in reversed(sample.picture.boxes)]
    for (x, y, width, label), item in zip(drawn, case.answer, strict=True):
        left, top, right, _ = item.box
        assert (x, y, width) == pytest.approx((left, top, right - left), abs=0.06)
        assert label == f"{item.label} {item.score:.2f}"
    assert "red 0.900" in sample.picture.alt


def test_a_mask_has_the_colours_of_its_legend(tmp_path: Path) -> None:
    sample = sample_of("mask_scores", (mask_scores(),), tmp_path)
    assert sample.picture is not None
    assert sample.answer is not None
    mask = Image.open(io.BytesIO(base64.b64decode(sample.picture.mask.partition(",")[2]))).convert("RGBA")
    assert mask.size == (sample.picture.width, sample.picture.height)
    shown = {tuple(pixel[:3]) for pixel in np.asarray(mask).reshape(-1, 4).tolist() if pixel[3]}
    style = (PROJECT / "templates/report/report.html.parts/20-style.css").read_text()
    colors = {row.color for row in sample.answer.rows if row.color < 7}
    assert {tuple(bytes.fromhex(re.findall(rf"--c{color}: #(\w+);", style)[0])) for color in colors} == shown


def test_a_skeleton_leaves_out_guesses(tmp_path: Path) -> None:
    points = movenet()
    points[0, 0, 9, 2] = 0.1  # a wrist
    full, without = (sample_of("movenet", (output,), tmp_path) for output in (movenet(), points))
    assert full.picture is not None
    assert without.picture is not None
    assert len(full.picture.lines) == 19
    assert len(without.picture.lines) == 18
    assert [point.title for point in without.picture.points if point.is_guess] == ["left wrist 0.10"]


def test_texts_and_their_tokens(tmp_path: Path) -> None:
    sample = sample_of("words", (np.array([[0.1, 0.7, 0.2]], np.float32),), tmp_path)
    assert sample.text is not None
    assert sample.text.text == "red, Red rose"
    assert [token.text for token in sample.text.tokens][:2] == ["<START>", "red"]
    assert sample.answer is not None
    assert [item.name for item in sample.answer.rows] == ["green", "blue", "red"]


def test_weak_answers_are_said() -> None:
    annotated = annotated_model(parse_model(mixed(), "mixed.tflite"))
    model = model_of(Subject(annotated, Goldens({}, None)))
    assert model.samples == ()
    assert model.golden_lead.startswith("None: ")


def test_an_answer_of_nothing_is_said(tmp_path: Path) -> None:
    model = model_of(subject_of("ssd", tuple(np.zeros_like(part) for part in ssd()), tmp_path))
    assert model.weakness is not None
    assert 'golden = "FILE"' in model.weakness.fix
    assert model.samples[0].answer is not None
    assert model.samples[0].answer.rest == "nothing has a score of 0.25 or more"


# --- targets, boards, commands ----------------------------------------


def test_targets_as_inspect_says() -> None:
    annotated = row("shapes").annotated()
    model = model_of(Subject(annotated, Goldens({}, None)))
    assert [(one.name, one.is_able, one.form) for one in model.targets] == [
        ("android", True, "object-detection"),
        ("ios", True, "object-detection"),
        ("pi", True, "object-detection"),
        ("micro", True, "object-detection"),
    ]
    assert model.memory is not None
    assert "estimated" in model.memory.lead
    assert {board.level for board in model.memory.boards} == {"good", "warn", "bad"}
    measured = model_of(Subject(annotated, Goldens({}, 40_000))).memory
    assert measured is not None
    assert "47,600 bytes (43,264 on a 32-bit target and 10 % of margin)" in measured.lead


def test_commands_make_the_metadata_again(tmp_path: Path) -> None:
    """The command that the page shows attaches what the model has."""
    for name in ("shapes", "sigmoid", "words"):
        annotated = row(name).annotated()
        folder = tmp_path / name
        folder.mkdir()
        (folder / "MODEL.tflite").write_bytes(row(name).data())
        (folder / "labels.txt").write_text("\n".join(annotated.labels) + "\n")
        tokenizer = annotated.metadata.tokenizer_of(len(annotated.inputs))
        if tokenizer is not None and tokenizer.vocabulary is not None:
            (folder / tokenizer.vocabulary.name).write_bytes(tokenizer.vocabulary.data or b"")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            done = CliRunner().invoke(app, shlex.split(attach_command(annotated))[1:])
        assert done.exit_code == 0, done.output
        again = packager.read_annotated(folder / f"{name}.tflite")
        assert again.metadata.task is annotated.task
        assert (again.input, again.answer) == (annotated.input, annotated.answer)
    assert model_commands(Subject(annotated, Goldens({}, None)), ["a b.txt"])[-1].endswith("--golden 'a b.txt'")


# --- comparisons ----------------------------------------


def changed(tmp_path: Path, change: Callable[[Any], None]) -> Path:
    document = json.loads(COMPARISON.read_text())
    change(document)
    path = tmp_path / "comparison.json"
    path.write_text(json.dumps(document))
    return path


def test_figures_of_a_comparison() -> None:
    context = build_comparison(read_comparison(COMPARISON))
    first, dynamic, *_, failed, last = context.variants
    assert (first.size.text, first.size.key, first.percent) == ("43,212", "43212", "100")
    assert (first.agreement.text, first.agreement.key) == ("–", "")
    assert dynamic.runs.text == "android, ios, pi"
    assert [note.head for note in dynamic.notes] == ["micro"]
    assert dynamic.accuracy.note == "98.2% to 99.5%; top 5 100.0%; p = 1"
    assert failed.failed == "LiteRT cannot run it: SOFTMAX of int16 is not supported."
    assert (failed.accuracy.key, failed.latency.key) == ("", "")
    assert last.latency.note == "p95 0.043; 1 thread 0.036; 4 threads 0.034"
    assert context.variants[3].recommended == "recommended for android, ios, pi, micro"


def test_a_comparison_of_nulls(tmp_path: Path) -> None:
    """A Keras model, no data, nothing that could be measured."""

    def empty(document: Any) -> None:
        document["models"] = [{"path": "a.keras", "bytes": 10}, {"path": "b.tflite", "bytes": None, "failed": "it"}]
        document["data"] = None
        del document["recommendations"], document["reproduce"]

    comparison = read_comparison(changed(tmp_path, empty))
    context = build_comparison(comparison)
    assert context.scatter is None
    assert b"a.keras" in render_page([], comparison=comparison, commands=())


def test_other_metrics(tmp_path: Path) -> None:
    def boxes(document: Any) -> None:
        for number, model in enumerate(document["models"]):
            model["accuracy"] = {"map": 0.4 + number / 100, "map50": 0.9, "interval": None, "samples": 50}

    comparison = read_comparison(changed(tmp_path, boxes))
    context = build_comparison(comparison)
    assert context.metric == "mAP"
    assert context.variants[0].accuracy.note == "mAP@0.5 90.0%"
    scatter = build_scatter(comparison.variants, "mAP")
    assert scatter is not None
    assert len(scatter.dots) == 6
    # Better is further up, larger is further to the right.
    assert float(scatter.dots[5].y) < float(scatter.dots[0].y)
    assert float(scatter.dots[0].x) > float(scatter.dots[3].x)


WRONG: dict[str, Callable[[Any], Any]] = {
    "models is no list of models": lambda it: it.pop("models"),
    "models is no list of at most 100": lambda it: it.update(models={}),
    r"models\[0\] is no object": lambda it: it.update(models=[1]),
    r"models\[1\].path is no path": lambda it: it["models"][1].pop("path"),
    r"models\[0\].path is no text": lambda it: it["models"][0].update(path=1),
    r"models\[2\].bytes is no number": lambda it: it["models"][2].update(bytes="many"),
    r"models\[2\].bytes is no whole number from 0 up": lambda it: it["models"][2].update(bytes=-1),
    r"models\[3\].arena_bytes is no number": lambda it: it["models"][3].update(arena_bytes=10**400),
    r"models\[0\].accuracy.top1 is no number": lambda it: it["models"][0]["accuracy"].update(top1=float("nan")),
    r"models\[0\].accuracy is no object": lambda it: it["models"][0].update(accuracy=[0.5]),
    r"models\[0\].latency_ms.by_threads is no object": lambda it: it["models"][0]["latency_ms"].update(
        by_threads={"1": 1}
    ),
    r"models\[0\].targets is no object": lambda it: (
        it["models"][0].update(targets=[]) or it["models"][0].update(targets=["pi"])
    ),
    "recommendations.pi is no object": lambda it: it["recommendations"].update(pi="x"),
    "reproduce is no text": lambda it: it.update(reproduce=[None, 1]),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_comparison(what: str, tmp_path: Path) -> None:
    path = changed(tmp_path, WRONG[what])
    with pytest.raises(ConfigError, match=what) as caught:
        read_comparison(path)
    assert caught.value.fix
    assert caught.value.where == str(path)


def test_a_recommended_model_outside_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    secret = tmp_path / "secret.tflite"
    secret.write_bytes(mixed())
    for path in ("../secret.tflite", str(secret)):

        def point(document: Any, path: str = path) -> None:
            document["recommendations"]["micro"]["path"] = path
            document["recommendations"] = {"micro": document["recommendations"]["micro"]}

        changed(folder, point)
        write_report(folder, tmp_path / "report.html")
        assert 'id="golden"' not in (tmp_path / "report.html").read_text("utf-8")


def test_a_golden_sample_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        write_report(FIVE.parent.parent, tmp_path / "report.html", golden=[tmp_path / "nosuch.png"])
