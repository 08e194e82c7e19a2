"""The main job as its user meets it: packager.toml in, projects on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import packager
from packager.cli import _Options, app
from packager.config import read_config
from packager.errors import ConfigError, ModelError, PackagerError, TargetError, worded
from packager.pipeline import build, package, plan_build
from packager.settings import PYTHON
from packager.targets import TARGETS
from packager.targets.target import Level
from packager.tasks.scores import REAL_SAMPLES
from packager.writing import State
from tests.conftest import needs_micro
from tests.hand_made import colors
from tests.targets.micro.operators import EXAMPLES
from tests.test_isolation import slow
from tests.test_terminal import on_a_terminal

pytestmark = pytest.mark.slow

PI_ONLY = 'targets = ["pi"]\n'


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def digits(examples: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(examples / "digits", tmp_path / "digits"))


def pi_config(folder: Path, text: str) -> Path:
    path = folder / "packager.toml"
    path.write_text(PI_ONLY + text)
    return path


@needs_micro
def test_build_writes_every_project_and_a_manifest(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = build(digits, out)
    assert list(report.folders) == list(TARGETS)
    files = files_of(out)
    manifest = json.loads(files.pop("manifest.json"))["files"]
    assert manifest == {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    for target in TARGETS:
        lock = json.loads(files[f"{target}/packager.lock.json"])
        assert lock["packager"] == packager.__version__
        assert lock["model"] == {"sha256": report.annotated.model.sha256}
    sketches = [path for path in files if path.endswith(".ino")]
    assert len(sketches) == 1
    sketch = Path(sketches[0]).stem
    assert {f"micro/{sketch}/{name}" for name in (f"{sketch}.ino", "model_data.h", "model_data.cpp")} <= files.keys()


@needs_micro
def test_two_builds_give_the_same_bytes(digits: Path, tmp_path: Path) -> None:
    build(digits, tmp_path / "one")
    elsewhere = Path(shutil.copytree(digits, tmp_path / "another" / "place"))
    build(elsewhere, tmp_path / "deeper" / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "deeper" / "two")
    again = build(digits, tmp_path / "one")
    assert {change.state for change in again.changes} == {State.UNCHANGED}


def test_default_output_is_dist_beside_the_config(digits: Path) -> None:
    (digits / "packager.toml").write_text((digits / "packager.toml").read_text().replace('["android"', '["pi"] # ["'))
    assert build(digits).out == digits / "dist" / "digits"
    assert (digits / "dist" / "digits" / "pi" / "digits" / "model.tflite").is_file()


def test_an_edited_file_survives_and_its_new_text_stands_beside_it(digits: Path, tmp_path: Path) -> None:
    config = pi_config(digits, 'model = "digits.tflite"\n')
    build(config, tmp_path / "out")
    edited = tmp_path / "out" / "pi" / "README.md"
    edited.write_text("mine\n")
    (tmp_path / "out" / "pi" / "own.py").write_text("also mine\n")
    build(config, tmp_path / "out")
    assert edited.read_text() == "mine\n"
    diff = plan_build(config, tmp_path / "out").diff()
    assert "-mine" in diff.splitlines()
    pi_config(digits, 'model = "digits.tflite"\nname = "other"\n')
    report = build(config, tmp_path / "out")
    states = {change.path: change.state for change in report.changes}
    assert states["pi/README.md"] is State.KEPT_NEW
    assert edited.read_text() == "mine\n"
    assert (tmp_path / "out" / "pi" / "README.md.new").is_file()
    assert not (tmp_path / "out" / "pi" / "digits").exists()
    build(config, tmp_path / "out", force=True)
    assert edited.read_text() != "mine\n"
    assert (tmp_path / "out" / "pi" / "own.py").read_text() == "also mine\n"


def test_a_named_target_that_cannot_run_is_an_error_and_nothing_is_written(models: Path, tmp_path: Path) -> None:
    model = models / "mobilenet_v2_1.0_224_quant.tflite"
    (tmp_path / "packager.toml").write_text(f'model = "{model}"\ntargets = ["pi", "micro"]\n')
    with pytest.raises(TargetError) as caught:
        build(tmp_path, tmp_path / "out")
    assert caught.value.fix
    assert not (tmp_path / "out").exists()


def test_an_unnamed_target_that_cannot_run_is_skipped(models: Path, tmp_path: Path) -> None:
    model = models / "mobilenet_v2_1.0_224_quant.tflite"
    (tmp_path / "packager.toml").write_text(f'model = "{model}"\n')
    report = build(tmp_path, tmp_path / "out")
    assert list(report.folders) == ["android", "ios", "pi"]
    assert [item.target for item in report.skipped] == ["micro"]


@needs_micro
def test_person_detect_builds_for_micro_though_litert_refuses_it(models: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{models / "person_detect.tflite"}"\n')
    report = build(tmp_path, tmp_path / "out")
    assert list(report.folders) == ["micro"]
    assert {item.target for item in report.skipped} == {"android", "ios", "pi"}


@needs_micro
def test_a_model_that_would_kill_a_runtime_is_not_built_for_it(models: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{models / "keyword_scrambled_8bit.tflite"}"\n')
    report = build(tmp_path, tmp_path / "out")
    assert list(report.folders) == ["micro"]
    with pytest.raises(TargetError, match="SVDF"):
        package("pi", models / "keyword_scrambled_8bit.tflite", tmp_path / "pi")


@needs_micro
def test_a_model_that_kills_its_runtime_does_not_kill_the_tool(tmp_path: Path) -> None:
    """What nobody foresees: blocks of no width, by which the kernel divides."""
    block = np.zeros(2, np.int32)
    (tmp_path / "zero.tflite").write_bytes(
        EXAMPLES["BATCH_TO_SPACE_ND"]("float32").with_input(1, data=block).to_model()
    )
    with pytest.raises(ModelError, match="died while it ran the model"):
        package("micro", tmp_path / "zero.tflite", tmp_path / "micro")
    assert not (tmp_path / "micro").exists()


def test_a_model_that_runs_nowhere_is_an_error(models: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{models / "model_invoking_error.tflite"}"\n')
    with pytest.raises(TargetError):
        build(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_package_writes_one_target(models: Path, tmp_path: Path) -> None:
    report = package("pi", models / "mobilenet_v2_1.0_224_quant.tflite", tmp_path / "pi", golden=[models / "cat.bmp"])
    assert report.folders == {"pi": tmp_path / "pi"}
    assert (tmp_path / "pi" / "packager.lock.json").is_file()
    assert not (tmp_path / "pi" / "manifest.json").exists()


# --- warnings and progress ----------------------------------------


def write_logits(folder: Path) -> Path:
    """A classifier with scores from 0 to 255."""
    (folder / "logits.tflite").write_bytes(colors("float32"))
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    (folder / "packager.toml").write_text(
        'model = "logits.tflite"\n[metadata]\ntask = "image-classification"\nlabels = "labels.txt"\n'
        "mean = 0\nstd = 1\n"
    )
    return folder


@needs_micro
def test_golden_answers_that_prove_little_are_said_once(tmp_path: Path) -> None:
    """Not for each target, and not for targets that package it as tensors, whose raw outputs are compared."""
    folder = write_logits(tmp_path)
    report = build(folder, tmp_path / "out")
    assert len(report.folders) == 4
    (warning,) = [problem for name, problem in report.warnings if name == "golden"]
    assert warning.level is Level.WARNING
    assert warning.what.startswith("its golden scores are from ")
    ran = CliRunner().invoke(app, ["build", str(folder), "-o", str(tmp_path / "out")])
    assert ran.stderr.count("warning: golden: its golden scores are from ") == 1
    assert f"\n  {warning.fix}\n" in ran.stderr


@needs_micro
def test_good_answers_are_no_matter(digits: Path, tmp_path: Path) -> None:
    report = build(digits, tmp_path / "out")
    assert [name for name, _ in report.warnings if name == "golden"] == []


def test_samples_are_asked_for_in_the_words_of_who_asked(digits: Path) -> None:
    said = "Random samples rarely show a model anything; give some of what it was made for: "
    assert worded(REAL_SAMPLES, read_config(digits).asker) == f'{said}golden = "FILE"'
    assert worded(REAL_SAMPLES, _Options()) == f"{said}--golden FILE"
    assert worded(REAL_SAMPLES, PYTHON) == f"{said}golden=('FILE',)"


def test_a_long_run_shows_its_progress_on_a_terminal(tmp_path: Path) -> None:
    """A line that is written anew and leaves nothing; nothing of it on a terminal that cannot, nor in a file."""
    (tmp_path / "slow.tflite").write_bytes(slow(12))
    command = [sys.executable, "-m", "packager", "pi", str(tmp_path / "slow.tflite"), "-o", str(tmp_path / "pi")]
    said = "computing 3 golden cases (litert)\n"
    shown = on_a_terminal(command, "", "xterm").replace("\r\n", "\n")
    start, _, rest = shown.partition(said)
    texts = rest.partition(f"writing {tmp_path / 'pi'}\n")[0].split("\r")
    assert start == ""
    assert texts[0] == texts[-1] == ""
    assert texts[-2].strip() == ""
    *lines, blank = texts[1:-1]
    assert lines
    assert set(lines) <= {f"computing golden case {number} of 3 (litert)" for number in (1, 2, 3)}
    assert len(blank) == len(lines[-1])
    assert "\r" not in on_a_terminal([*command, "--force"], "", "dumb").replace("\r\n", "\n")
    ran = subprocess.run([*command, "--force"], capture_output=True, text=True, check=True)
    assert ran.stderr.startswith(f"{said}writing ")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('model = "nosuch.tflite"\n', ModelError),
        ('model = "labels.txt"\n', ModelError),
        ('model = "digits.tflite"\ngolden = ["nosuch/*.png"]\n', ConfigError),
        ('model = "digits.tflite"\ngolden = ["golden/*.png"]\n', ConfigError),
        (
            'model = "digits.tflite"\n[metadata]\nlabels = "packager.toml"\ntask = "image-classification"\n',
            PackagerError,
        ),
    ],
)
def test_bad_input_leaves_nothing_behind(digits: Path, tmp_path: Path, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        build(pi_config(digits, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_command_that_takes_a_tflite_imports_tensorflow(digits: Path, tmp_path: Path) -> None:
    """Each heavy package only where it is needed; the runtimes only ever in a child process."""
    code = """
import sys
from packager.cli import app
try:
    app(sys.argv[1:])
except SystemExit as exit:
    assert exit.code in (0, None), exit.code
heavy = ("tensorflow", "tf_keras", "ai_edge_litert", "tflite_micro", "tensorflow_lite_support")
print(*[name for name in heavy if sys.modules.get(name)], file=sys.stderr)
"""
    model = str(digits / "digits.tflite")
    attach = ["metadata", "attach", model, "-o", str(tmp_path / "a.tflite"), "--task", "tensors"]
    for arguments, loaded in (
        (["inspect", model], ""),
        (attach, "tensorflow_lite_support"),
        (["metadata", "show", str(tmp_path / "a.tflite")], ""),
        (["pi", str(tmp_path / "a.tflite"), "-o", str(tmp_path / "pi")], ""),
        (["build", str(digits), "-o", str(tmp_path / "all")], "tensorflow_lite_support"),
    ):
        ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.splitlines()[-1] == loaded, arguments
