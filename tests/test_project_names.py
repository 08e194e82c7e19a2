"""What a project is called, from the command line to its files: refused, or told where nobody would guess it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from packager.errors import ConfigError
from packager.metadata.attach import Annotation, annotate
from packager.model import parse_model, read_model
from packager.pipeline import build, package
from packager.targets import TARGETS, load_target
from packager.tasks import Task

pytestmark = pytest.mark.slow

LONG = "a" * 65


def packager(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("packager"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def sine(examples: Path) -> Path:
    return examples / "sine" / "sine.tflite"


def named_by_metadata(model: Path, folder: Path, name: str) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(annotate(read_model(model), Annotation(task=Task.TENSORS, name=name)))
    assert parse_model(path.read_bytes()).metadata_buffer is not None
    return path


def named_by_its_file(model: Path, folder: Path, name: str) -> Path:
    return Path(shutil.copy(model, folder / f"{name}.tflite"))


@pytest.mark.parametrize("target", TARGETS)
def test_a_long_name_is_refused_wherever_it_comes_from(target: str, sine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    what = "has 65 characters, and 64 are the most"
    with pytest.raises(ConfigError, match=what):
        package(target, sine, out, load_target(target).options(name=LONG))
    with pytest.raises(ConfigError, match=what) as caught:
        package(target, named_by_metadata(sine, tmp_path, LONG), out)
    assert caught.value.where == f"{tmp_path / 'model.tflite'} (its metadata)"
    with pytest.raises(ConfigError, match=what) as caught:
        package(target, named_by_its_file(sine, tmp_path, LONG), out)
    assert caught.value.where == str(tmp_path / f"{LONG}.tflite")
    assert caught.value.fix == "Give another one: Options(name='NAME')"
    assert not out.exists()


@pytest.mark.parametrize(
    ("table", "line", "fix"),
    [(f'name = "{LONG}"\n', 2, 'name = "NAME"'), (f'[ios]\nname = "{LONG}"\n', 3, '[ios] name = "NAME"')],
)
def test_a_long_name_in_packager_toml_is_refused(table: str, line: int, fix: str, sine: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{sine}"\n{table}')
    with pytest.raises(ConfigError, match="has 65 characters, and 64 are the most") as caught:
        build(tmp_path, tmp_path / "out")
    assert caught.value.where == f"{tmp_path / 'packager.toml'}:{line}"
    assert caught.value.fix == f"Give another one: {fix}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("  ", "no letter and no digit"),
        ("../..", "no letter and no digit"),
        ("a\x1b[2Jb", "control character '\\\\x1b'"),
    ],
)
def test_a_name_that_is_none_is_one_message(name: str, why: str, sine: Path, tmp_path: Path) -> None:
    ran = packager("pi", sine, "-o", tmp_path / "pi", "--name", name)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.search(why, ran.stderr), ran.stderr
    assert "\x1b" not in ran.stderr
    assert not (tmp_path / "pi").exists()


def test_the_longest_name_makes_a_project(sine: Path, tmp_path: Path) -> None:
    package("pi", sine, tmp_path / "pi", load_target("pi").options(name="a" * 64))
    assert (tmp_path / "pi" / ("a" * 64) / "model.py").is_file()


def test_an_unforeseeable_spelling_is_told_once_for_all_targets(sine: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{sine}"\nname = "鳥"\n', "utf-8")
    report = build(tmp_path, tmp_path / "out")
    problems = {problem for _, problem in report.warnings}
    assert [target for target, _ in report.warnings] == list(TARGETS)
    assert [problem.what for problem in problems] == ["code and files spell the name '鳥' as niao"]
    assert (tmp_path / "out" / "pi" / "niao").is_dir()
    assert (tmp_path / "out" / "ios" / "Niao.podspec").is_file()


def test_the_command_tells_the_spelling(sine: Path, tmp_path: Path) -> None:
    ran = packager("pi", named_by_its_file(sine, tmp_path, "日本語"), "-o", tmp_path / "pi")
    assert ran.returncode == 0, ran.stderr
    warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning")]
    assert warnings == ["warning: pi: code and files spell the name '日本語' as ribenyu"]
    ran = packager("pi", sine, "-o", tmp_path / "other", "--name", "Café 2")
    assert (ran.returncode, "warning" in ran.stderr) == (0, False)


@pytest.mark.parametrize(
    ("first", "second"), [("鳥", "犬"), ("日本", "日本語"), ("кошка", "собака"), ("\ue000", "\ue001")]
)
def test_two_names_make_two_projects(first: str, second: str, sine: Path, tmp_path: Path) -> None:
    for name in (first, second):
        package("pi", sine, tmp_path / name, load_target("pi").options(name=name))
    packages = [path.parent.name for path in sorted(tmp_path.glob("*/*/model.py"))]
    assert len(set(packages)) == 2, packages
