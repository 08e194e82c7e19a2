"""The command line: exit codes, what goes to stdout and what to stderr, and no traceback for bad input."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from packager import __version__
from packager.cli import app
from packager.settings import Setting
from packager.targets import TARGETS
from tests.conftest import needs_micro, require_tools

pytestmark = pytest.mark.slow


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "packager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_help_names_every_command() -> None:
    code, out, _ = invoke("--help")
    listed = [line.split()[0] for line in out.split("Commands:")[1].splitlines() if line.strip()]
    assert code == 0
    assert listed == [
        *("convert", "qat", "ladder", "compare", "init", "inspect", "metadata", "build", "report", *TARGETS),
        *("schema", "boards", "doctor", "verify"),
    ]


def helps() -> Iterator[tuple[str, str]]:
    """Each command, and its help at a terminal of 80 columns."""
    commands = {"": typer.main.get_command(app)}
    while commands:
        name, command = commands.popitem()
        commands.update({f"{name} {inner}".strip(): item for inner, item in getattr(command, "commands", {}).items()})
        result = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "80"})
        assert result.exit_code == 0
        yield name, result.stdout


def test_help_reads_as_english() -> None:
    """Whole sentences, no Python types, nothing cut off."""
    for name, text in helps():
        assert "..." not in text.split("\n", 1)[1], name
        assert not re.search(r"<(str|int|float|list)\b", text), text
        about, *sections = re.split(r"\n\n(?=\w+:\n)", text)
        assert about.endswith("."), about
        for section in sections:
            # An entry a line: what is wrapped belongs to the one above.
            for entry in filter(None, re.sub(r"\n {4,}", "  ", section).split("\n")[1:]):
                words = re.split(r"  +", re.sub(r"\s*\[(default: .*|required)\]", "", entry.strip()), maxsplit=1)[1]
                assert words.strip().endswith("."), (name, entry)


@pytest.mark.parametrize("target", TARGETS)
def test_help_of_a_target_says_what_it_writes(target: str) -> None:
    text = " ".join(dict(helps())[target].split())
    assert f"Write {TARGETS[target]} from an annotated .tflite." in text


def test_help_loads_nothing_heavy() -> None:
    heavy = (
        "numpy PIL jinja2 rich tensorflow ai_edge_litert tflite_micro tensorflow_lite_support flatbuffers anyascii "
        "packager.golden packager.tasks.image packager.pipeline packager.config packager.metadata packager.model "
        "packager.inspection packager.writing packager.targets.target"
    )
    for command in ([], ["metadata"], ["metadata", "attach"], ["build"], ["convert"]):
        code = (
            "import sys; from packager.cli import app; app(sys.argv[2:] + ['--help'], standalone_mode=False);"
            "print('\\nloaded', *sorted(set(sys.modules) & set(sys.argv[1].split())))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code, heavy, *command], capture_output=True, text=True, check=True
        )
        # The help of what annotates is that of the fields which it fills in.
        annotates = command in (["metadata", "attach"], ["convert"])
        needed = " packager.metadata packager.model" if annotates else ""
        assert ran.stdout.splitlines()[-1] == f"loaded{needed}", command
        assert ran.stdout.startswith("Usage: ")


def test_version() -> None:
    assert invoke("--version") == (0, f"packager {__version__}\n", "")


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_has_the_common_options_and_its_own(target: str) -> None:
    from packager.targets import load_target

    code, out, _ = invoke(target, "--help")
    assert code == 0
    options = load_target(target).options
    fields = (field for field in dataclasses.fields(options) if "argument" not in field.metadata)
    own = (Setting(options, field.name).option for field in fields)
    assert "--no-" not in out
    for option in ("--out", "--golden", "--force", "--diff", *own):
        assert f"{option} " in out or f"{option}\n" in out, option


@pytest.fixture
def bad_inputs(models: Path, tmp_path: Path) -> dict[str, Path]:
    """Things that people hand over in place of a model."""
    (tmp_path / "empty.tflite").touch()
    (tmp_path / "truncated.tflite").write_bytes((models / "person_detect.tflite").read_bytes()[:200_000])
    return {
        "empty": tmp_path / "empty.tflite",
        "truncated": tmp_path / "truncated.tflite",
        "picture": models / "cat.bmp",
        "folder": models,
        "missing": tmp_path / "nosuch.tflite",
    }


@pytest.mark.parametrize("kind", ["empty", "truncated", "picture", "folder", "missing"])
@pytest.mark.parametrize("command", ["inspect", "show", "export", "attach", "init", *TARGETS])
def test_bad_input_is_one_message_and_exit_code_1(
    bad_inputs: dict[str, Path], tmp_path: Path, kind: str, command: str
) -> None:
    path, out = bad_inputs[kind], tmp_path / "out"
    commands: dict[str, list[str | Path]] = {
        "inspect": ["inspect", path],
        "init": ["init", path, "--yes", "-o", out],
        "show": ["metadata", "show", path],
        "export": ["metadata", "export", path, "-o", out],
        "attach": ["metadata", "attach", path, "-o", out, "--task", "tensors"],
    }
    code, stdout, stderr = invoke(*commands.get(command, [command, path, "-o", out]))
    assert (code, stdout) == (1, "")
    assert stderr.startswith(f"error: {path}: ")
    assert stderr.count("error:") == 1
    assert not out.exists()


def test_a_model_that_no_runtime_has_is_one_message(models: Path, tmp_path: Path) -> None:
    for target in TARGETS:
        code, stdout, stderr = invoke(target, models / "model_invoking_error.tflite", "-o", tmp_path / "out")
        assert (code, stdout) == (1, "")
        assert stderr.count("error:") == 1
        assert not (tmp_path / "out").exists()


def test_a_file_without_labels_is_one_message(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").touch()
    model, out = examples / "digits" / "digits.tflite", tmp_path / "out.tflite"
    code, stdout, stderr = invoke(
        "metadata", "attach", model, "-o", out, "--task", "image-classification", "--labels", tmp_path / "labels.txt",
        "--mean", "0", "--std", "255",
    )  # fmt: skip
    assert (code, stdout) == (1, "")
    assert stderr.startswith(f"error: {tmp_path / 'labels.txt'}: ")
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["inspect"],
        ["metadata", "attach", "m.tflite"],
        ["metadata", "attach", "m.tflite", "-o", "x", "--task", "nosuch"],
        ["metadata", "attach", "m.tflite", "-o", "x", "--mean", "abc"],
        ["micro", "m.tflite", "-o", "x", "--platform", "nosuch"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    code, stdout, stderr = invoke(*arguments)
    assert (code, stdout) == (2, "")
    assert stderr


def test_json_is_json_and_nothing_else(examples: Path, tmp_path: Path) -> None:
    annotated = tmp_path / "sine.tflite"
    invoke(
        "metadata", "attach", examples / "sine" / "sine.tflite", "-o", annotated, "--task", "tensors", "--name", "s"
    )
    inspected = json.loads(run("inspect", annotated, "--json").stdout)
    assert {"sha256", "size_bytes", "inputs", "outputs", "operators", "metadata", "targets"} <= inspected.keys()
    assert inspected["size_bytes"] == annotated.stat().st_size
    shown = json.loads(run("metadata", "show", annotated, "--json").stdout)
    assert shown == inspected["metadata"]
    assert shown["name"] == "s"
    assert json.loads(run("boards", "--json").stdout)


def test_show_says_when_there_is_none(examples: Path) -> None:
    code, _, stderr = invoke("metadata", "show", examples / "sine" / "sine.tflite")
    assert code == 1
    assert stderr.startswith("error: ")


def test_attach_show_export(examples: Path, tmp_path: Path) -> None:
    out = tmp_path / "digits.tflite"
    folder = examples / "digits"
    code, stdout, _ = invoke(
        "metadata", "attach", folder / "digits.tflite", "-o", out, "--task", "image-classification",
        "--labels", folder / "labels.txt", "--labels", f"de={folder / 'labels.txt'}", "--mean", "0", "--std", "255",
        "--crop", "letterbox", "--name", "Digits", "--version", "2", "--author", "me", "--license", "MIT",
        "--description", "tells digits", "--input-name", "image", "--output-name", "scores",
    )  # fmt: skip
    assert (code, stdout) == (0, "")
    shown = json.loads(invoke("metadata", "show", out, "--json")[1])
    about = ("name", "version", "author", "license", "description", "task", "crop")
    assert [shown[key] for key in about] == [
        "Digits", "2", "me", "MIT", "tells digits", "image-classification", "letterbox",
    ]  # fmt: skip
    assert invoke("metadata", "show", out)[0] == 0
    assert invoke("metadata", "export", out, "-o", tmp_path / "exported")[0] == 0
    assert sorted(path.name for path in (tmp_path / "exported").iterdir()) == [
        "labels.txt",
        "labels_de.txt",
        "metadata.json",
    ]


def test_init_then_build(examples: Path, tmp_path: Path) -> None:
    for name in ("digits.tflite", "labels.txt"):
        (tmp_path / name).write_bytes((examples / "digits" / name).read_bytes())
    assert invoke("init", tmp_path / "digits.tflite", "--yes")[0] == 0
    first = (tmp_path / "packager.toml").read_bytes()
    code, _, stderr = invoke("init", tmp_path / "digits.tflite", "--yes")
    assert code == 1, "an existing file is not replaced"
    assert (tmp_path / "packager.toml").read_bytes() == first
    code, stdout, stderr = invoke("build", tmp_path)
    assert (code, stdout) == (0, ""), stderr
    assert (tmp_path / "dist" / "digits" / "manifest.json").is_file()
    report = tmp_path / "dist" / "digits" / "report.html"
    assert stderr.endswith(f"\nall about the model: {report}\n")
    assert report.is_file()
    again = tmp_path / "again.html"
    assert invoke("report", tmp_path / "dist" / "digits", "-o", again)[:2] == (0, "")
    assert again.is_file()
    code, stdout, stderr = invoke("report", tmp_path / "labels.txt", "-o", tmp_path / "no.html")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: ")
    assert not (tmp_path / "no.html").exists()


def test_init_asks(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes((examples / "digits" / "digits.tflite").read_bytes())
    answers = "seven\nnonsense\nimage-classification\nwords.txt\nx\n1\n2\n"
    result = CliRunner().invoke(app, ["init", str(tmp_path / "net.tflite")], input=answers)
    assert result.exit_code == 0, result.stderr
    from packager.config import read_config

    config = read_config(tmp_path)
    assert config.name == "seven"
    assert config.metadata is not None
    assert (config.metadata.mean, config.metadata.std) == ((1.0,), (2.0,))
    assert config.metadata.labels[0].path == tmp_path / "words.txt"


def test_build_tells_about_edited_files_and_shows_them(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "packager.toml").write_text(f'model = "{examples / "sine" / "sine.tflite"}"\ntargets = ["pi"]\n')
    assert invoke("build", tmp_path, "-o", tmp_path / "out")[0] == 0
    readme = tmp_path / "out" / "pi" / "README.md"
    readme.write_text("mine\n")
    told = invoke("build", tmp_path, "-o", tmp_path / "out")[2]
    assert [line for line in told.splitlines() if line.startswith("kept: pi/README.md")]
    code, diff, _ = invoke("build", tmp_path, "-o", tmp_path / "out", "--diff")
    assert code == 0
    assert "-mine" in diff.splitlines()
    assert readme.read_text() == "mine\n"
    invoke("build", tmp_path, "-o", tmp_path / "out", "--force")
    assert readme.read_text() != "mine\n"


@needs_micro
def test_verify_passes_a_fresh_project_and_fails_a_damaged_one(examples: Path, tmp_path: Path) -> None:
    model = examples / "sine" / "sine.tflite"
    assert invoke("micro", model, "-o", tmp_path / "p", "--board", "nano-33-ble-sense")[0] == 0
    code, out, _ = invoke("verify", tmp_path / "p")
    assert (code, out.splitlines()[-1].split()[:2]) == (0, ["PASS", "3"])
    data = next((tmp_path / "p").rglob("model_data.cpp"))
    text = data.read_text()
    at = text.index("0x", len(text) // 2)
    data.write_text(f"{text[:at]}0x{0xFF ^ int(text[at + 2 : at + 4], 16):02x}{text[at + 4 :]}")
    code, out, _ = invoke("verify", tmp_path / "p", "--json")
    assert (code, json.loads(out)["passed"]) == (1, False)


@pytest.mark.parametrize("board", ["uno", "nosuch"])
def test_a_board_that_cannot_is_one_message(examples: Path, tmp_path: Path, board: str) -> None:
    model = examples / "sine" / "sine.tflite"
    code, stdout, stderr = invoke("micro", model, "-o", tmp_path / "p", "--board", board)
    assert (code, stdout) == (1, "")
    assert stderr.count("error: ") == 1
    assert not (tmp_path / "p").exists()


# Each sources what `packager --show-completion` gives that shell, and completes `packager me`.
COMPLETIONS = {
    "bash": """
        eval "$(_PACKAGER_COMPLETE=source_bash packager)"
        COMP_WORDS=(packager me) COMP_CWORD=1
        _packager_completion packager me packager
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    # _arguments works inside the line editor only; it would offer what it is given.
    "zsh": """
        compdef() { }
        _arguments() { print -r -- "$@" }
        eval "$(_PACKAGER_COMPLETE=source_zsh packager)"
        words=(packager me) CURRENT=2
        _packager_completion
    """,
    "fish": """
        _PACKAGER_COMPLETE=source_fish packager | source
        complete -C "packager me"
    """,
}


@pytest.mark.shells
@pytest.mark.parametrize("shell", COMPLETIONS)
def test_completion(shell: str) -> None:
    require_tools(shell, install=f"apt-get install {shell}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [shell, "-c", COMPLETIONS[shell]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert [word for word in ("metadata", "micro", "inspect") if word in ran.stdout] == ["metadata"], ran.stderr


@pytest.mark.parametrize("path", ["x" * 5_000, "x/" * 3_000 + "y", "m.tflite/x", "a\nb/c"])
def test_paths_that_no_system_takes_are_one_message(
    examples: Path, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.tflite").write_bytes((examples / "sine" / "sine.tflite").read_bytes())
    attach = ["metadata", "attach", "m.tflite", "--task", "tensors"]
    for arguments in [
        ["init", path, "--yes"],
        ["inspect", path],
        ["metadata", "show", path],
        ["metadata", "export", path, "-o", "out"],
        [*attach, "-o", "out", "--labels", path],
        ["build", path],
        ["pi", path, "-o", "out"],
        ["pi", "m.tflite", "-o", "out", "--golden", path],
        ["verify", path],
        # A folder may be made, where its name is one.
        *([[command, "m.tflite", "-o", path] for command in ("init --yes", "pi")] if "\n" not in path else []),
    ]:
        code, stdout, stderr = invoke(*arguments[0].split(), *arguments[1:])
        assert (code, stdout) == (1, ""), arguments
        assert stderr.count("error: ") == 1
        assert len(stderr.splitlines()) <= 4
        assert max(map(len, stderr.splitlines())) <= 2_000
