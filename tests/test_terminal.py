"""Text of strangers and a terminal: whatever a model, a file or a path holds, nothing but characters come out."""

from __future__ import annotations

import ast
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from ai_edge_litert import schema_py_generated as schema
from typer.testing import CliRunner

import packager.cli
from packager.cli import app
from packager.errors import PackagerError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.model import parse_model
from packager.tasks import Task
from packager.terminal import visible
from tests.conftest import needs_micro
from tests.models import Op, T, graph, options, pack, unpack

pytestmark = pytest.mark.slow

# Escapes of one and of two bytes, a window's title, a forged message, what turns text around or hides it, a line end
# that only Unicode knows.
EVIL = (
    "x\x1b[31m\x1b]0;title\x07\x9b2J\x9d\nerror: forged\r\x08\x7f\x00"
    "\u202eevil\u2066\u200b\u200d\ufeff\u2028\u2029\x85\U000e0041"
)
SHOWN = (
    "x\\x1b[31m\\x1b]0;title\\x07\\x9b2J\\x9d\\nerror: forged\\r\\x08\\x7f\\x00"
    "\\u202eevil\\u2066\\u200b\\u200d\\ufeff\\u2028\\u2029\\x85\\U000e0041"
)
# What a file's name can be, on Linux: anything but a slash and a NUL; with half a surrogate, a byte that is no UTF-8.
EVIL_NAME = EVIL.replace("\x00", "") + "\udcff"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (EVIL, SHOWN),
        ("\udcff\ud800", "\\udcff\\ud800"),
        ("plain", "plain"),
        ("", ""),
        ("éß 犬\u3000\u00a0עברית العربية 🐈 \\n", "éß 犬\u3000\u00a0עברית العربية 🐈 \\n"),
        ("tab\t", "tab\\t"),
        ("\ue000", "\\ue000"),
        ("\U0010ffff", "\\U0010ffff"),
    ],
    ids=ascii,
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_visible_keeps_what_it_is_told_to() -> None:
    assert visible("a\tb\n\x1b", keep="\t\n") == "a\tb\n\\x1b"


def test_no_character_that_does_something_is_left() -> None:
    for code in range(sys.maxunicode + 1):
        shown = visible(chr(code))
        assert all(unicodedata.category(item) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for item in shown)


# --- errors ----------------------------------------


def test_an_error_has_the_lines_that_it_was_given() -> None:
    error = PackagerError(EVIL, where=EVIL_NAME, fix=EVIL, details=[EVIL, ("a", EVIL)])
    lines = str(error).split("\n")
    assert lines == [f"{visible(EVIL_NAME)}: {SHOWN}", f"  {SHOWN}", f"  a{SHOWN}", f"  {SHOWN}"]
    assert error.what == EVIL


def test_a_message_has_an_end() -> None:
    """A tensor's name may have megabytes."""
    lines = str(PackagerError("x" * 1_000_000, fix="y" * 1_000_000)).split("\n")
    assert [len(line) for line in lines] == [2_000, 2_000]
    assert lines[0].endswith("x…")


# --- every command ----------------------------------------


def evil_model() -> bytes:
    """A model that runs everywhere, and in which all text is evil."""
    second, third = EVIL + "2", EVIL + "3"
    model = unpack(
        graph(
            [T(EVIL, [1, 4]), T(second, [1, 4], data=np.ones((1, 4))), T(third, [1, 4])],
            [Op("ADD", [EVIL, second], [third], options("Add"))],
            [EVIL],
            [third],
        )
    )
    model.description = EVIL
    (main,) = model.subgraphs
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = EVIL, 0
    signature.inputs, signature.outputs = [schema.TensorMapT()], [schema.TensorMapT()]
    signature.inputs[0].name, signature.inputs[0].tensorIndex = EVIL, main.inputs[0]
    signature.outputs[0].name, signature.outputs[0].tensorIndex = EVIL, main.outputs[0]
    model.signatureDefs = [signature]
    return pack(model)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an evil name, and in it models, labels, projects."""
    # Without the byte that is no UTF-8: a packager.toml can name no model in such a folder.
    folder = tmp_path_factory.mktemp("evil") / EVIL_NAME.removesuffix("\udcff")
    folder.mkdir()
    (folder / "plain.tflite").write_bytes(evil_model())
    labels = folder / "labels.json"
    labels.write_text(json.dumps([EVIL, "b", "c", "d"]))
    annotation = Annotation(
        Task.TENSORS,
        (LabelFile(labels),),
        name=EVIL,
        version=EVIL,
        author=EVIL,
        license=EVIL,
        description=EVIL,
        inputs=(TensorSpec(EVIL, EVIL),),
        outputs=(TensorSpec(EVIL, EVIL),),
    )
    (folder / "evil.tflite").write_bytes(annotate(parse_model(evil_model()), annotation))
    custom = graph(
        [T(EVIL, [1, 4]), T("y", [1, 4])],
        [Op(EVIL.replace("\x00", ""), [EVIL], ["y"], custom=True)],
        [EVIL],
        ["y"],
    )
    (folder / "custom.tflite").write_bytes(custom)
    np.save(folder / "good.npy", np.ones((2, 4), np.float32))
    (folder / "half.npy").write_bytes(b"\x93NUMPY" + EVIL.encode())
    (folder / "packager.toml").write_text('model = "evil.tflite"\nname = "x"\n')
    bad = folder / "bad"
    bad.mkdir()
    key = json.dumps(EVIL.replace("\U000e0041", "")).replace("\\u007f", "\\u007F")
    (bad / "packager.toml").write_text(f"model = 'm'\n{key} = 1\n")
    for target, given in {"pi": (), "micro": ("--arena-bytes=65536",)}.items():
        result = CliRunner().invoke(
            app, [target, str(folder / "evil.tflite"), "-o", str(folder / target), "--name=x", *given]
        )
        assert result.exit_code == 0, result.stderr
    edited = next((folder / "pi").glob("README.md"))
    edited.write_text(edited.read_text() + f"{EVIL}\n")
    strange = folder / "strange"
    shutil.copytree(folder / "micro", strange)
    golden = next(strange.rglob("golden_data.cpp"))
    golden.write_text(golden.read_text().replace("const float", f"const {EVIL.replace(chr(10), '')}float"))
    return folder


# What this environment lacks; tests/convert/ has another.
NEEDS_TENSORFLOW = ("qat", "ladder")


def calls(folder: Path) -> dict[str, list[list[str]]]:
    """For each command, the ways in which it meets evil."""

    def here(name: str) -> str:
        return str(folder / name)

    new = iter(range(1_000))
    targets = {
        target: [
            [target, here("evil.tflite"), "-o", here(f"new{next(new)}{EVIL_NAME}"), "--name=x"],
            [target, here("evil.tflite"), "-o", here("no")],
            [target, here("custom.tflite"), "-o", here("no")],
            [target, here("evil.tflite"), "-o", here("no"), "--golden", here(f"nosuch{EVIL_NAME}.npy")],
            [target, here("evil.tflite"), "-o", here("no"), "--golden", here("half.npy")],
            [target, here("evil.tflite"), "-o", here(target), "--diff", "--name=x"],
            [target, here("evil.tflite"), "-o", here(target), "--name=x"],
            [target, here("evil.tflite"), "-o", here("no"), f"--{EVIL_NAME}"],
            [target, here("evil.tflite"), EVIL_NAME, "-o", here("no")],
        ]
        for target in ("android", "ios", "pi", "micro")
    }
    targets["micro"] += [
        ["micro", here("evil.tflite"), "-o", here("no"), "--board", EVIL_NAME],
        ["micro", here("evil.tflite"), "-o", here("no"), "--platform", EVIL_NAME],
    ]
    return {
        "init": [
            ["init", here("plain.tflite"), "-o", here(f"new{EVIL_NAME}.toml"), "--force"],
            ["init", here("evil.tflite"), "-o", here(f"evil{EVIL_NAME}.toml"), "--force"],
            ["init", here("custom.tflite"), "--yes", "-o", here("custom.toml"), "--force"],
            ["init", here("evil.tflite"), "--yes"],
        ],
        "schema": [
            ["schema", "-o", here(f"new{EVIL_NAME}.json")],
            ["schema", "-o", here("labels.json")],
            ["schema", EVIL_NAME],
        ],
        "inspect": [
            *(["inspect", here(name), *json] for name in ("plain.tflite", "evil.tflite", "custom.tflite")
              for json in ([], ["--json"])),
            ["inspect", EVIL_NAME],
            ["inspect", here("labels.json")],
            ["inspect", "a", EVIL_NAME],
        ],
        "metadata attach": [
            ["metadata", "attach", here("plain.tflite"), "-o", here(f"out{EVIL_NAME}.tflite"), "--task", "tensors"],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--task", EVIL_NAME],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--mean", EVIL_NAME],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--input-range", EVIL_NAME],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--task", "tensors", "--name", EVIL_NAME],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--task", "tensors",
             "--labels", EVIL_NAME],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--task", "tensors",
             "--labels", here("labels.json"), "--labels", here("labels.json")],
            ["metadata", "attach", here("plain.tflite"), "-o", here("no"), "--task", "text-classification",
             "--labels", here("labels.json"), "--vocabulary", EVIL_NAME, "--delimiter", f"({EVIL}"],
        ],
        "metadata show": [
            ["metadata", "show", here("evil.tflite")],
            ["metadata", "show", here("evil.tflite"), "--json"],
            ["metadata", "show", here("plain.tflite")],
        ],
        "metadata export": [
            ["metadata", "export", here("evil.tflite"), "-o", here(f"exported{EVIL_NAME}")],
            ["metadata", "export", here("plain.tflite"), "-o", here("no")],
        ],
        "convert": [
            ["convert", here("evil.tflite"), "-o", here(f"new{EVIL_NAME}.tflite"), "--quantize", "weights-int8"],
            ["convert", EVIL_NAME, "-o", here("no")],
            ["convert", here("evil.tflite"), "-o", here("no"), "--quantize", EVIL_NAME],
            ["convert", here("evil.tflite"), "-o", here("no"), "--layers", f"({EVIL_NAME}=none"],
            ["convert", here("evil.tflite"), "-o", here("no"), "--quantize", "int8", "--representative", EVIL_NAME],
        ],
        "qat": [
            ["qat", EVIL_NAME, "-o", here("no"), "--data", EVIL_NAME],
            ["qat", EVIL_NAME, "-o", here("no"), "--data", EVIL_NAME, "--quantize", EVIL_NAME],
        ],
        "ladder": [
            ["ladder", EVIL_NAME, "-o", here("no"), "--data", EVIL_NAME],
            ["ladder", EVIL_NAME, "-o", here("no"), "--data", EVIL_NAME, "--plot", EVIL_NAME],
        ],
        "compare": [
            ["compare", here("evil.tflite"), "--data", here("good.npy")],
            ["compare", here("evil.tflite"), "--data", here("good.npy"), "--json"],
            ["compare", here("evil.tflite"), "--data", here(f"nosuch{EVIL_NAME}")],
            ["compare", here("evil.tflite"), "--data", here("half.npy")],
            ["compare", here("evil.tflite"), "--data", here("half.npy"), "--dask", EVIL_NAME],
            ["compare", here("evil.tflite"), "--data", here("half.npy"), "--plot", EVIL_NAME],
            ["compare", EVIL_NAME, "--data", here("half.npy")],
        ],
        "report": [
            ["report", here("evil.tflite"), "-o", here(f"report{EVIL_NAME}.html")],
            ["report", here("half.npy"), "-o", here("no")],
            ["report", EVIL_NAME, "-o", here("no")],
        ],
        "build": [
            ["build", str(folder), "-o", here(f"built{EVIL_NAME}")],
            ["build", here("bad")],
            ["build", here("nosuch")],
        ],
        **targets,
        "boards": [["boards"], ["boards", "--json"]],
        "doctor": [["doctor"], ["doctor", "--json"]],
        "verify": [
            ["verify", here("micro")],
            ["verify", here("micro"), "--json"],
            ["verify", here("strange")],
            ["verify", here("nosuch")],
            ["verify", here("pi")],
        ],
    }  # fmt: skip


def registered(group: Any, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from registered(command, f"{prefix}{name} ")
        else:
            yield prefix + name


def test_no_command_is_forgotten(tmp_path: Path) -> None:
    assert set(registered(typer.main.get_command(app))) == set(calls(tmp_path))


def assert_harmless(text: str) -> None:
    for character in text:
        assert character in "\n\t" or unicodedata.category(character) not in (
            "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp",
        ), (character, text)  # fmt: skip
    for line in text.split("\n"):
        assert not line.startswith("error: forged")


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=needs_micro if name == "micro" else ()) for name in calls(Path())]
)
def test_no_command_lets_anything_out(evil: Path, command: str) -> None:
    for number, arguments in enumerate(calls(evil)[command]):
        if "--diff" in arguments:
            continue  # exact bytes where nobody looks at them
        result = CliRunner().invoke(app, arguments, input="\n" * 10)
        assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
        works = number == 0 and command not in NEEDS_TENSORFLOW
        assert result.exit_code == 0 or not works, f"the first one works: {result.stderr}"
        for text in (result.stdout, result.stderr):
            assert_harmless(text)
        assert result.stderr.count("\nerror: ") + result.stderr.startswith("error: ") <= 1
        if "--json" in arguments and result.stdout:
            json.loads(result.stdout, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))


def test_a_terminal_gets_nothing_but_text(evil: Path) -> None:
    """Every command in one process on a real terminal; colours are off, so that each escape is a stranger's."""
    arguments = [
        call for group in calls(evil).values() for number, call in enumerate(group) if number < 3 or "--diff" in call
    ]
    program = (
        "import json, sys\n"
        "from packager.cli import app\n"
        "for arguments in json.load(open(sys.argv[1], encoding='utf-8', errors='surrogateescape')):\n"
        "    try:\n"
        "        app(arguments)\n"
        "    except SystemExit as done:\n"
        "        print('exit', done.code)\n"
    )
    (evil / "calls.json").write_text(json.dumps(arguments))
    shown = on_a_terminal([sys.executable, "-c", program, str(evil / "calls.json")], "\n" * 40)
    assert shown.count("exit ") == len(arguments)
    assert "Traceback" not in shown
    assert_harmless(shown.replace("\r\n", "\n"))
    assert f"Name of the projects [{SHOWN}]: wrote " in shown


def on_a_terminal(command: list[str], typed: str, term: str = "dumb") -> str:
    """What ``command`` shows on a terminal of 4,000 columns and the kind ``term``, on which ``typed`` is typed."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": term, "COLUMNS": "4000", "NO_COLOR": "1"}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    assert child.stdin is not None
    child.stdin.write(typed.encode())
    child.stdin.close()
    shown = b""
    while True:
        try:
            read = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not read:
            break
        shown += read
    os.close(leader)
    child.wait()
    return shown.decode("utf-8", "surrogateescape")


# --- diffs, JSON, encodings ----------------------------------------


@pytest.fixture
def edited(examples: Path, tmp_path: Path) -> Path:
    out = tmp_path / "pi"
    assert CliRunner().invoke(app, ["pi", str(examples / "sine" / "sine.tflite"), "-o", str(out)]).exit_code == 0
    (out / "README.md").write_bytes(f"{EVIL}\tmine \xa0é\n".replace("\0", "").encode())
    return out


def test_a_diff_is_exact_in_a_file_and_visible_on_a_terminal(edited: Path, examples: Path) -> None:
    arguments = ["pi", str(examples / "sine" / "sine.tflite"), "-o", str(edited), "--diff"]
    command = [sys.executable, "-m", "packager", *arguments]
    patch = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    before = (edited / "README.md").read_bytes()
    assert b"\n-" + before.split(b"\n")[0] in patch.stdout
    assert b"\n-" + before.split(b"\n")[1] in patch.stdout
    shown = on_a_terminal(command, "").replace("\r\n", "\n")
    line = visible(before.decode().split("\n")[1].removesuffix("\n"), keep="\t")
    assert f"\n-{line}\n" in shown
    assert_harmless(shown.replace("\t", ""))


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_a_diff_is_a_patch(edited: Path, examples: Path) -> None:
    arguments = ["pi", str(examples / "sine" / "sine.tflite"), "-o", str(edited), "--diff"]
    command = [sys.executable, "-m", "packager", *arguments]
    diff = subprocess.run(command, capture_output=True, check=True).stdout
    subprocess.run(["patch", "-p0", "--binary"], input=diff, cwd=edited, check=True, capture_output=True)
    again = subprocess.run(command, capture_output=True, check=True).stdout
    assert again == b""


def test_json_says_the_same_with_escapes(evil: Path) -> None:
    result = CliRunner().invoke(app, ["metadata", "show", str(evil / "evil.tflite"), "--json"])
    document = json.loads(result.stdout)
    assert document["name"] == document["inputs"][0]["description"] == document["outputs"][0]["labels"][0] == EVIL
    assert "\\u202e" in result.stdout
    assert "\\udb40\\udc41" in result.stdout
    plain = packager.cli._to_json({"é 犬\u3000": [1.5, float("inf"), float("nan"), None, "\udcff\x7f\x9b"]})
    assert plain == (
        '{\n  "é 犬\u3000": [\n    1.5,\n    null,\n    null,\n    null,\n    "\\udcff\\u007f\\u009b"\n  ]\n}'
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_encoding_without_the_character(evil: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "packager"]
    for arguments in (["inspect", str(evil / "evil.tflite")], ["boards"], ["inspect", "犬\u2028é"]):
        ran = subprocess.run(
            [*command, *arguments], capture_output=True, env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"}
        )
        assert b"Traceback" not in ran.stderr
        assert_harmless((ran.stdout + ran.stderr).decode(encoding))
    assert "error: 犬\\u2028é: no such file".encode(encoding, "backslashreplace") in ran.stderr


def test_a_stream_of_somebody_elses(examples: Path) -> None:
    """Notebooks and tests put streams of text in the place of stdout."""
    with redirect_stdout(io.StringIO()) as out:
        packager.cli._print("犬\x1b\udcff")
        packager.cli._show(visible_table("x\x1b[31m"))
    assert out.getvalue().startswith("犬\\x1b\\udcff\n")
    assert_harmless(out.getvalue())
    assert "x\\x1b[31m" in out.getvalue()


def visible_table(cell: str) -> Any:
    """A table whose cell nobody made visible."""
    from rich.table import Table
    from rich.text import Text

    table = Table("a")
    table.add_row(Text(cell))
    return table


def test_the_answer_that_is_proposed_is_the_exact_one(evil: Path, tmp_path: Path) -> None:
    from packager.config import read_config

    out = tmp_path / "packager.toml"
    result = CliRunner().invoke(app, ["init", str(evil / "evil.tflite"), "-o", str(out)], input="\n")
    assert result.exit_code == 0, result.stderr
    assert f"Name of the projects [{SHOWN}]: " in result.stderr
    assert result.stdout == ""
    assert read_config(out).name == EVIL


# --- one place ----------------------------------------


def test_all_printing_goes_through_one_place() -> None:
    """Nothing in the package prints but `_write` of cli.py, and usage errors, which Typer prints."""
    printing: list[str] = []
    for path in sorted(Path(packager.cli.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            names = {
                ast.unparse(node.func)
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
            }
            found = [name for name in names if re.fullmatch(PRINTS, name)]
            printing += [f"{path.name}: {function.name}: {name}" for name in found]
    assert printing == ["cli.py: _write: typer.echo"]


PRINTS = r"print|typer\.(echo|secho|prompt|confirm)|sys\.(stdout|stderr)\.(write|buffer.*)|.*\bpprint"
