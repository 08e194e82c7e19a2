"""The microcontroller target on a machine for which TensorFlow Lite Micro's package has no wheels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from packager.annotated import AnnotatedModel, annotated_model
from packager.cli import app
from packager.errors import MissingPackageError, ModelError, PackagerError
from packager.golden import Goldens, Sample, build_goldens, read_samples
from packager.model import read_model
from packager.pipeline import build, package
from packager.replay import _compare, verify
from packager.runtimes import Runtime, Tolerance, is_installed
from packager.targets.micro import Options, Platform
from packager.targets.micro.arena import least_arena, likely_arena
from packager.targets.micro.project import stand_in_tolerance
from tests.cells.models import ROWS, Row
from tests.conftest import hide, needs_micro, write_files
from tests.example_models import sine
from tests.models import pack, unpack
from tests.targets.micro.projects import named, plain, project_files

pytestmark = pytest.mark.slow

Compare = Callable[[str, Mapping[str, bytes]], None]
ON_A_DESK = Options(arena_bytes=200_000, platform=Platform.CMAKE)


def made_elsewhere(annotated: AnnotatedModel) -> Goldens:
    return build_goldens(annotated, read_samples(annotated, ()), [Runtime.LITERT_FOR_MICRO])


def files_of(annotated: AnnotatedModel) -> dict[str, bytes]:
    return project_files(annotated, made_elsewhere(annotated), arena_bytes=likely_arena(annotated.model))


@pytest.fixture
def folder(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with sine.tflite in it."""
    (tmp_path / "sine.tflite").write_bytes((examples / "sine" / "sine.tflite").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the project ----------------------------------------


def test_tree(examples: Path, assert_tree: Compare) -> None:
    annotated = sine(examples)
    files = project_files(
        annotated, made_elsewhere(annotated), arena_bytes=likely_arena(annotated.model), platform=Platform.CMAKE
    )
    assert_tree("micro_sine_made_elsewhere", files)


@pytest.mark.usefixtures("no_tflite_micro")
def test_with_an_arena_it_is_packaged_and_says_what_it_is(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["micro", "sine.tflite", "-o", "out", "--arena-bytes", "6144"])
    assert ran.exit_code == 0, ran.output
    assert "the tensor arena of 6,144 bytes was not measured" in ran.stderr
    assert "LiteRT's reference kernels computed the golden cases" in ran.stderr
    replayed = CliRunner().invoke(app, ["verify", "out"])
    assert replayed.exit_code == 0, replayed.output
    assert replayed.stdout.splitlines()[-2:] == [
        "tensor arena of 6144 bytes, not checked: that takes the package tflite-micro",
        f"PASS 3 cases ({verify(folder / 'out').runtime})",
    ]
    assert re.fullmatch(r"ai-edge-litert [\d.]+, reference kernels", verify(folder / "out").runtime)


# --- what is missing ----------------------------------------


@pytest.mark.usefixtures("no_tflite_micro")
def test_without_an_arena_an_estimate_is_taken_and_marked_so(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["micro", "sine.tflite", "-o", "out"])
    assert ran.exit_code == 0, ran.output
    likely = likely_arena(read_model(folder / "sine.tflite"))
    assert f"the tensor arena of {likely:,} bytes is an estimate" in ran.stderr
    header = (folder / "out/sine/sine.h").read_text()
    assert "// An estimate, of the tensors that are in use at once; no minimum was measured.\n" in header
    assert f"constexpr size_t kArenaBytes = {likely};\n" in header
    assert "an estimate: half more than the tensors in use at once" in (folder / "out/README.md").read_text()


@pytest.mark.usefixtures("no_tflite_micro")
def test_an_arena_that_holds_not_even_the_inputs_is_refused(models: Path, tmp_path: Path) -> None:
    path = models / "micro_speech_quantized.tflite"
    least = least_arena(read_model(path))
    with pytest.raises(PackagerError, match=f"is less than the {least:,} bytes"):
        package("micro", path, tmp_path / "out", Options(arena_bytes=least - 1))


@pytest.mark.usefixtures("no_tflite_micro")
def test_where_no_target_is_named_all_are_built(folder: Path) -> None:
    (folder / "packager.toml").write_text("model = 'sine.tflite'\n")
    report = build(".", "out")
    assert ([*report.folders], report.skipped) == (["android", "ios", "pi", "micro"], ())


def test_where_no_runtime_is_it_is_said_before_anything_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Intel Macs."""
    hide(monkeypatch, "tflite_micro", "ai_edge_litert")
    (folder / "packager.toml").write_text("model = 'sine.tflite'\n")
    said: list[str] = []
    with pytest.raises(MissingPackageError, match="Intel Macs"):
        build(".", "out", say=said.append)
    with pytest.raises(MissingPackageError, match="Intel Macs"):
        package("micro", "sine.tflite", "out", Options(arena_bytes=6144), say=said.append)
    assert said == []


@pytest.mark.usefixtures("no_tflite_micro")
@pytest.mark.parametrize("name", ["person_detect", "audio_preprocessor_int8"])
def test_what_litert_refuses_is_for_another_machine(name: str, models: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="LiteRT cannot run it") as caught:
        package("micro", models / f"{name}.tflite", tmp_path / "out", ON_A_DESK)
    assert "do this on Linux on x86-64" in str(caught.value.fix)
    assert not (tmp_path / "out").exists()


def test_the_child_process_cannot_import_it_either(sine_model: AnnotatedModel, no_tflite_micro: None) -> None:
    """What every test here rests on."""
    assert not is_installed(Runtime.TFLITE_MICRO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("packager.golden.running.require", lambda _runtime, _path: None)
        with pytest.raises(PackagerError, match="import of tflite_micro halted"):
            build_goldens(sine_model, read_samples(sine_model, ()), [Runtime.TFLITE_MICRO])


@pytest.fixture
def sine_model(examples: Path) -> AnnotatedModel:
    return sine(examples)


# --- replaying ----------------------------------------


@needs_micro
def test_a_project_made_with_it_is_replayed_without(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """hello_world is up to 3 counts off, where the project itself allows 2."""
    annotated = annotated_model(read_model(models / "hello_world_int8.tflite"))
    samples = [Sample(f"at_{x + 128}", None, (np.array([[x]], np.int8),)) for x in range(-128, 128, 3)]
    goldens = build_goldens(annotated, samples, [Runtime.TFLITE_MICRO])
    folder = write_files(tmp_path, project_files(annotated, goldens))
    assert verify(folder).passed
    hide(monkeypatch, "tflite_micro")
    report = verify(folder)
    assert report.passed, report.problems
    assert 0 < max(case.difference for case in report.cases) <= 12
    assert report.smallest_arena is None


@pytest.mark.parametrize("has_runtime", [pytest.param(True, marks=needs_micro), False])
def test_a_damaged_project_made_elsewhere_fails(
    examples: Path, tmp_path: Path, has_runtime: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A golden answer beyond the tolerance, a weight with another sign bit, an arena that is too small."""
    if not has_runtime:
        hide(monkeypatch, "tflite_micro")
    annotated = sine(examples)
    goldens, arena = made_elsewhere(annotated), likely_arena(annotated.model)
    found = goldens.sets[Runtime.LITERT_FOR_MICRO]

    def answering(change: int) -> Path:
        first = found.cases[0]
        output = first.outputs[0] + np.int8(change if first.outputs[0][0, 0] < 0 else -change)
        cases = (replace(first, outputs=(output,)), *found.cases[1:])
        wrong = replace(goldens, sets={Runtime.LITERT_FOR_MICRO: replace(found, cases=cases)})
        return write_files(tmp_path / f"{change}", project_files(annotated, wrong, arena_bytes=arena))

    assert verify(answering(10)).passed
    assert [case.passed for case in verify(answering(15)).cases] == [False, True, True]

    other = project_files(plain(with_a_flipped_weight(annotated.model.data), "sine"), goldens, arena_bytes=arena)
    whole = project_files(annotated, goldens, arena_bytes=arena)
    array = {"sine/model_data.cpp": other["sine/model_data.cpp"]}
    folder = write_files(tmp_path / "weight", {**whole, **array})
    assert any(problem.startswith("the answer differs") for problem in verify(folder).problems)

    folder = write_files(tmp_path / "arena", project_files(annotated, goldens, arena_bytes=512))
    assert verify(folder).passed is not has_runtime


def with_a_flipped_weight(data: bytes) -> bytes:
    """The largest weight of the last layer has another sign."""
    model = unpack(data)
    graph = model.subgraphs[0]
    buffer = model.buffers[graph.tensors[graph.operators[-1].inputs[1]].buffer]
    weights = np.array(buffer.data).astype(np.uint8).view(np.int8)
    largest = np.abs(weights.astype(int)).argmax()
    weights[largest] = -max(int(weights[largest]), -127)
    buffer.data = weights.view(np.uint8)
    return pack(model)


@needs_micro
def test_a_healthy_project_that_litert_refuses_is_not_called_broken(
    models: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotated, goldens = named("person_detect", models, examples)
    folder = write_files(tmp_path, project_files(annotated, goldens, platform=Platform.CMAKE))
    hide(monkeypatch, "tflite_micro")
    with pytest.raises(ModelError, match="LiteRT cannot run it") as caught:
        verify(folder)
    assert "do this on Linux on x86-64" in str(caught.value.fix)
    edit = folder / "src" / "model_data.cpp"
    edit.write_text(edit.read_text().replace("0x00, ", "0x01, ", 1))
    assert not verify(folder).passed


# --- how near they are ----------------------------------------

# Those that differ most; all of them take a minute.
ALWAYS = ("gestures", "hello_world_float", "hello_world_int8", "kws_ref_model")
REAL = [
    *("hello_world_int8", "hello_world_float", "micro_speech_quantized", "trained_lstm_int8", "kws_ref_model"),
    *("resnet8_cifar10_int8",),
]
MADE_HERE = [row for row in ROWS if "micro" not in row.refused and not row.is_real]


def is_long(name: str) -> Any:
    return () if name in ALWAYS else pytest.mark.long


@needs_micro
@pytest.mark.parametrize("made", [pytest.param(row, id=row.name, marks=is_long(row.name)) for row in MADE_HERE])
def test_the_stand_in_is_as_near_as_is_allowed_and_the_estimate_of_the_arena_is_enough(made: Row) -> None:
    assert_near(made.annotated())


@needs_micro
@pytest.mark.parametrize("name", [pytest.param(name, marks=is_long(name)) for name in REAL])
def test_so_they_are_for_models_that_others_made(name: str, models: Path) -> None:
    assert_near(annotated_model(read_model(models / f"{name}.tflite")))


def assert_near(annotated: AnnotatedModel) -> None:
    goldens = build_goldens(annotated, read_samples(annotated, ()), [Runtime.LITERT_FOR_MICRO, Runtime.TFLITE_MICRO])
    stand_in, itself = (goldens.sets[runtime] for runtime in (Runtime.LITERT_FOR_MICRO, Runtime.TFLITE_MICRO))
    tolerance = stand_in_tolerance(annotated.model, stand_in)
    if not annotated.model.quantized_operators:
        # LiteRT's other kernels differ in the last bits.
        tolerance = Tolerance(0, 0.0)
    for one, other in zip(stand_in.cases, itself.cases, strict=True):
        assert _compare(one.name, one.outputs, other.outputs, tolerance).passed
    assert goldens.arena_bytes is not None
    assert least_arena(annotated.model) < goldens.arena_bytes <= likely_arena(annotated.model)
