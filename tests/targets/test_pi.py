"""The Raspberry Pi package: its whole tree, and its own command line on the real runtime of this machine."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model
from packager.golden import build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.targets.pi import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import CropMode, Task
from packager.tasks.image import ImageInput, input_tensor
from tests import hand_made
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.targets.hostile_names import PORT_NAMES
from tests.targets.pi.code import check_code, generic_values

pytestmark = pytest.mark.slow


def project(annotated: AnnotatedModel, samples: list[Path], name: str = "") -> dict[str, bytes]:
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(name=name), goldens)[1]


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )


Compare = Callable[[str, Mapping[str, bytes]], None]


def test_tree_of_a_classifier(examples: Path, assert_tree: Compare) -> None:
    assert_tree("pi_digits", project(digits(examples), golden_pictures(examples)))


def test_tree_of_a_tensor_model(examples: Path, assert_tree: Compare) -> None:
    assert_tree("pi_sine", project(sine(examples), []))


def every_branch(examples: Path) -> dict[str, dict[str, bytes]]:
    """Packages that have all that the templates may or may not place."""
    texts: dict[str, Any] = {"name": 'x"*/ \\(y) """', "description": "\n".join(HOSTILE_LABELS)}
    floats = parse_model(hand_made.mean_color(8, 6, 3), "floats.tflite")
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION, labels=(LabelFile(hand_made.COLORS),), mean=(0.0,), std=(255.0,)
    )
    return {
        "stretch": project(digits(examples, **texts), []),
        "center_crop": project(digits(examples, CropMode.CENTER_CROP), [], "ABC"),
        "letterbox": project(digits(examples, CropMode.LETTERBOX), [], "A long name of a dozen words"),
        "floats": project(annotated_model(parse_model(annotate(floats, annotation))), []),
        "sine": project(sine(examples), []),
        "every_dtype": project(annotated_model(parse_model(hand_made.every_dtype(), "every_dtype.tflite")), []),
        "mixed": project(annotated_model(parse_model(hand_made.mixed(), "mixed.tflite")), []),
        "plain": project(annotated_model(parse_model(hand_made.copy("int32", None), "plain.tflite")), []),
    }


def test_code_is_as_ruff_has_it_and_for_python_3_7(examples: Path, tmp_path: Path) -> None:
    for name, files in every_branch(examples).items():
        write_files(tmp_path / name, files)
    check_code(tmp_path)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from collections.abc import Callable\nF = Callable[[int], str]", 1),
        ("from typing import Callable\nF = Callable[[int], str]", 0),
        ("x = list[int]", 1),
        ("x: list[int] = []\ndef f(x: dict[str, int]) -> tuple[int, ...]: ...", 0),
        ("x = items[0]", 0),
    ],
)
def test_what_python_3_7_cannot_compute_is_found(source: str, found: int) -> None:
    assert len([*generic_values(source)]) == found


# What argparse, the server of Python and its streams call or read, and the package's list of names.
CALLED = {
    *("error", "__all__"),
    *("allow_reuse_address", "daemon_threads", "disable_nagle_algorithm", "protocol_version", "request_queue_size"),
    *("do_GET", "do_HEAD", "do_POST", "handle_expect_100", "log_message", "send_error", "setup", "version_string"),
    *("handle_error", "readable", "readinto", "server_bind"),
}


def unused_names(files: Mapping[str, bytes]) -> set[str]:
    """Functions and constants of a package that nothing in it uses, and that its README does not tell of."""
    modules = {path: ast.parse(content) for path, content in files.items() if path.endswith(".py")}
    defined: dict[str, str] = {}
    used = {"classify", "listen", "detect", "segment", "estimate", "embed", "run", "main", "_run"}
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                defined[node.name] = path
            elif isinstance(node, ast.Assign):
                defined.update({target.id: path for target in node.targets if isinstance(target, ast.Name)})
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
    return set(defined) - used - CALLED


def test_no_module_holds_what_its_model_does_not_use(examples: Path) -> None:
    for name, files in every_branch(examples).items():
        assert unused_names(files) == set(), name


@pytest.mark.parametrize("first", range(3))
def test_names_of_tensors_clash_with_nothing(first: int, tmp_path: Path) -> None:
    annotated = annotated_model(parse_model(hand_made.named(PORT_NAMES, first), "named.tflite"))
    write_files(tmp_path, project(annotated, []))
    names = [port.name for port in annotated.inputs]
    assert len({*names}) == len(PORT_NAMES)
    for path in tmp_path.rglob("*.py"):
        compile(path.read_text(), path, "exec")
    assert run(tmp_path, "named", "selftest").returncode == 0
    code = (
        "import numpy as np, named; model = named.Named()\n"
        "given = {name: np.zeros((2, 3), like['dtype']) for name, like in zip(named.model.INPUTS, model.inputs)}\n"
        "print(*model.run(**given))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.stdout.split() == [port.name for port in annotated.outputs], ran.stderr
    for name in names:
        np.save(tmp_path / f"{name}.npy", np.zeros((2, 3), np.int8))
    ran = run(tmp_path, "named", "run", *(f"{name}.npy" for name in names))
    assert list(json.loads(ran.stdout)) == [port.name for port in annotated.outputs], ran.stderr


def capitalized_names(examples: Path) -> set[str]:
    """What the generated modules import, define or look up, in capitals."""
    found = set()
    for files in every_branch(examples).values():
        for path, content in files.items():
            for node in ast.walk(ast.parse(content)) if path.endswith(".py") else ():
                if isinstance(node, ast.Name):
                    found.add(node.id)
                elif isinstance(node, ast.ImportFrom):
                    found.update(item.name for item in node.names)
    return {name for name in found if name[0].isupper()}


def test_names_of_projects_clash_with_nothing(examples: Path, tmp_path: Path) -> None:
    texts = {
        *capitalized_names(examples),
        "ValueError",
        "Exception",
        "UserWarning",
        "random",
        "numpy",
        "pillow",
        "PIL",
    }
    texts |= {"telnetlib", "tomllib", "compression", "build", "model", "selftest", "console", "self", "class", "json"}
    assert {"InputError", "RuntimeError", "INPUTS", "Parser", "Any"} <= texts
    annotated = sine(examples)
    goldens = build_goldens(annotated, read_samples(annotated, []), [TARGET.runtime])
    for number, text in enumerate(sorted(texts)):
        context, files = build_project(TARGET, annotated, Options(name=text), goldens)
        write_files(tmp_path / str(number), files)
        (tmp_path / str(number)).joinpath("name.txt").write_text(
            f"{context.project.package} {context.project.class_name}"
        )
    # In one process, for each takes as long to start as all to run.
    code = (
        "import importlib, sys; from pathlib import Path\n"
        "for folder in map(str, sorted(Path().iterdir())):\n"
        "    sys.path.insert(0, folder)\n"
        "    package, kind = Path(folder, 'name.txt').read_text().split()\n"
        "    module = importlib.import_module(package)\n"
        "    assert module.__file__.startswith(str(Path(folder).resolve())), package\n"
        "    assert importlib.import_module(package + '.selftest').self_test(), package\n"
        "    importlib.import_module(package + '.__main__')\n"
        "    model = getattr(module, kind)()\n"
        "    try: model.run([1, 2, 3])\n"
        "    except module.InputError: pass\n"
        "    else: raise AssertionError(package)\n"
        "    sys.path.remove(folder)\n"
        # Two that differ in capitals are packages of one name.
        "    for name in [name for name in sys.modules if name.split('.')[0] == package]: del sys.modules[name]\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_digits_answers(examples: Path, tmp_path: Path) -> None:
    pictures = golden_pictures(examples)
    write_files(tmp_path, project(digits(examples), pictures))
    answered = run(tmp_path, "digits", "classify", *pictures, "--json")
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert [answer["picture"] for answer in answers] == list(map(str, pictures))
    assert [words[answer["results"][0]["index"]] for answer in answers] == [path.stem for path in pictures]


@pytest.mark.parametrize("crop", list(CropMode))
@pytest.mark.parametrize("size", [(28, 28), (100, 37), (31, 90), (1, 5), (640, 2)])
def test_input_tensor_is_the_packagers_own(
    examples: Path, tmp_path: Path, crop: CropMode, size: tuple[int, int]
) -> None:
    annotated = digits(examples, crop)
    write_files(tmp_path, project(annotated, golden_pictures(examples)[:1]))
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    code = (
        "import numpy; from PIL import Image; from digits.preprocessing import Preprocessor;"
        "numpy.save('tensor.npy', Preprocessor().tensors(Image.open('picture.png'))[0])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert isinstance(annotated.input, ImageInput)
    expected = input_tensor(Image.fromarray(pixels), annotated.input)
    np.testing.assert_array_equal(np.load(tmp_path / "tensor.npy"), expected, strict=True)


def test_hostile_labels_come_out_as_themselves(examples: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(HOSTILE_LABELS))
    write_files(tmp_path / "pi", project(digits(examples, labels=labels), golden_pictures(examples)))
    assert run(tmp_path / "pi", "digits", "selftest").returncode == 0
    answered = run(
        tmp_path / "pi", "digits", "classify", *golden_pictures(examples)[:1], "--json", "--top-k", str(10)
    )
    results = json.loads(answered.stdout)["results"]
    assert {result["index"]: result["label"] for result in results} == dict(enumerate(HOSTILE_LABELS))


def test_tensor_model_runs_on_real_numbers(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(sine(examples), []))
    np.save(tmp_path / "x.npy", np.array([[1.5]], np.float32))
    ran = run(tmp_path, "sine", "run", "x.npy")
    assert json.loads(ran.stdout)["y"][0][0] == pytest.approx(np.sin(1.5), abs=0.1)


def test_a_missing_picture_is_one_message(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:1]))
    ran = run(tmp_path, "digits", "classify", "nosuch.png", "--json")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v1_0.25_128_quant.tflite",
        "mobilenet_v2_1.0_224_quant.tflite",
        "mobilenet_v1_0.25_224_1_default_1.tflite",
    ],
)
def test_mobilenets_answer_as_expected(models: Path, tmp_path: Path, name: str) -> None:
    """Float with labels and mean/std attached here, and uint8."""
    expected = [entry for entry in json.loads((models / "expected.json").read_text()) if entry["model"] == name]
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(models / "imagenet_labels.txt"),),
        mean=(127.5,),
        std=(127.5,),
    )
    annotated = annotated_model(parse_model(annotate(read_model(models / name), annotation)))
    pictures = [models / entry["image"] for entry in expected]
    write_files(tmp_path, project(annotated, pictures, "mobilenet"))
    answered = run(tmp_path, "mobilenet", "classify", *pictures, "--json")
    best = [json.loads(line)["results"][0] for line in answered.stdout.splitlines()]
    assert [(result["label"], result["index"]) for result in best] == [
        (entry["top_label"], entry["top_index"]) for entry in expected
    ]
    assert [result["score"] for result in best] == pytest.approx([entry["score"] for entry in expected], abs=0.005)
