"""A package with a model for the Edge TPU, against a stand-in for its library that is a real delegate."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ModelError, TargetError
from packager.golden import build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import Model, parse_model, read_model
from packager.pipeline import package
from packager.targets.pi import TARGET, Options
from packager.targets.target import EDGE_TPU_OPERATOR, build_project
from packager.tasks import Task
from tests import hand_made
from tests.cells.models import ROWS
from tests.conftest import require_tools, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import compiled
from tests.hand_made import tensor_like as tensor
from tests.models import Op, T, graph, pack, ports, unpack
from tests.targets.pi.code import check_code
from tests.targets.pi.serving import served, wait_until
from tests.targets.test_pi import unused_names

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "pi" / "edgetpu"
MOBILENET = "mobilenet_v1_0.25_128_quant"


def files_of(annotated: AnnotatedModel, folder: Path, data: bytes, samples: list[Path]) -> dict[str, bytes]:
    path = folder / "compiled_edgetpu.tflite"
    path.write_bytes(data)
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(edgetpu=path), goldens)[1]


@dataclass(frozen=True)
class Coral:
    """A package, and the folder with the library."""

    folder: Path
    library: Path

    def environment(self, mode: str, library: Path | None = None) -> dict[str, str]:
        (model,) = self.folder.glob("*/model.tflite")
        return {
            **os.environ,
            "LD_LIBRARY_PATH": str(library or self.library),
            "PYTHONPATH": str(HERE),
            "PACKAGER_EDGE_TPU": mode,
            "PACKAGER_EDGE_TPU_MODEL": str(model),
        }

    def run(self, mode: str, *arguments: str | Path, library: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = self.environment(mode, library)
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def command(self, mode: str, *arguments: str | Path, library: Path | None = None) -> Any:
        (package,) = (path.parent.name for path in self.folder.glob("*/model.tflite"))
        return self.run(mode, "-m", package, *arguments, library=library)

    def opened(self, mode: str, device: str, library: Path | None = None) -> tuple[str, str | None]:
        """What the class runs on, and the name of the reason."""
        code = (
            f"import digits; made = digits.DigitsClassifier(device={device!r})\n"
            "reason = made.fallback_reason; assert reason is None or reason.what and reason.fix\n"
            "assert made.classify('digits/golden/five.png')[0].label == '5'\n"
            "import json; print(json.dumps([made.device, reason and reason.name]))"
        )
        ran = self.run(mode, "-c", code, library=library)
        assert ran.returncode == 0, ran.stderr
        device, reason = json.loads(ran.stdout)
        return device, reason


def build_library(folder: Path, source: Path, *options: str) -> Path:
    require_tools("g++", install="apt-get install g++")
    folder.mkdir(exist_ok=True)
    library = folder / "libedgetpu.so.1"
    flags = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-x", "c")
    subprocess.run(["g++", *flags, "-o", library, source, "-x", "none", *options], check=True)
    return folder


@pytest.fixture(scope="module")
def cpp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the stand-in."""
    return build_library(tmp_path_factory.mktemp("library"), HERE / "edgetpu.c")


@pytest.fixture(scope="module")
def coral(cpp: Path, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Coral:
    folder, annotated = tmp_path_factory.mktemp("coral"), digits(examples)
    files = files_of(annotated, folder, compiled(annotated.model), golden_pictures(examples)[:3])
    return Coral(write_files(folder, files), cpp)


# --- what it runs on ----------------------------------------

PATHS = [
    ("right", "edgetpu", ("edgetpu", None)),
    ("right", "edgetpu:usb", ("edgetpu", None)),
    ("right", "auto", ("edgetpu", None)),
    ("right", "cpu", ("cpu", None)),
    ("right", "edgetpu:pci", ("cpu", "no-device")),
    ("absent", "edgetpu", ("cpu", "no-device")),
    ("absent", "auto", ("cpu", "no-device")),
    ("wrong", "edgetpu", ("cpu", "wrong-answers")),
    ("wrong", "auto", ("cpu", "wrong-answers")),
    ("idle", "edgetpu", ("cpu", "not-delegated")),
    ("old", "edgetpu", ("cpu", "old-library")),
    ("mismatch", "edgetpu", ("cpu", "mismatch")),
    ("failing", "edgetpu", ("cpu", "failed")),
    ("crash", "edgetpu", ("cpu", "crash")),
    ("crash", "auto", ("cpu", "crash")),
]


@pytest.mark.parametrize(("mode", "device", "expected"), PATHS)
def test_what_the_model_runs_on(mode: str, device: str, expected: tuple[str, str | None], coral: Coral) -> None:
    assert coral.opened(mode, device) == expected


def test_there_is_no_other_device(coral: Coral) -> None:
    ran = coral.run("right", "-c", "import digits; digits.DigitsClassifier(device='tpu')")
    assert ran.stderr.splitlines()[-1].startswith("ValueError: no device 'tpu'")


def garbage(_cpp: Path, folder: Path) -> None:
    (folder / "libedgetpu.so.1").write_text("<html>404</html>" * 100)


def other_library(_cpp: Path, folder: Path) -> None:
    source = folder / "other.c"
    source.write_text("int edgetpu_version(void) { return 1; }\n")
    build_library(folder, source)


def without_usb(_cpp: Path, folder: Path) -> None:
    """As on a system without libusb: linked with a library that is not there any more."""
    usb = folder / "usb.c"
    usb.write_text("int libusb_init(void) { return 0; }\n")
    needed = folder / "libusb-0.0.so.0"
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-soname,libusb-0.0.so.0", "-o", needed, usb], check=True)
    build_library(folder, HERE / "edgetpu.c", "-Wl,--no-as-needed", str(needed))
    needed.unlink()


LIBRARIES: dict[str, tuple[Callable[[Path, Path], None], str, str]] = {
    "none": (lambda _cpp, _folder: None, "no-library", "libedgetpu1-std"),
    "garbage": (garbage, "wrong-library", "invalid ELF header"),
    "other": (other_library, "wrong-library", "something else"),
    "without libusb": (without_usb, "missing-dependency", "sudo apt install libusb-1.0-0"),
}


@pytest.mark.parametrize("kind", LIBRARIES)
def test_a_library_that_cannot_be_used(kind: str, coral: Coral, cpp: Path, tmp_path: Path) -> None:
    make, name, words = LIBRARIES[kind]
    make(cpp, tmp_path)
    assert coral.opened("right", "edgetpu", library=tmp_path) == ("cpu", name)
    ran = coral.command("right", "classify", "digits/golden/five.png", "--device", "edgetpu", library=tmp_path)
    (line,) = (line for line in ran.stderr.splitlines() if not line.startswith("INFO: "))
    assert words in line
    assert (ran.returncode, line.startswith("on the CPU, for ")) == (0, True)


def test_a_runtime_too_old_for_what_stays_on_the_cpu(examples: Path, cpp: Path, tmp_path: Path) -> None:
    """A part of the compiled model is an operator of a version that no LiteRT has yet."""
    annotated = digits(examples)
    (given,), (answered,) = annotated.model.inputs, annotated.model.outputs
    tensors = [tensor(given, "x"), tensor(answered, "between"), tensor(answered, "y")]
    operators = [Op(EDGE_TPU_OPERATOR, ["x"], ["between"], custom=True), Op("LOGISTIC", ["between"], ["y"])]
    model = unpack(graph(tensors, operators, ["x"], ["y"]))
    model.operatorCodes[1].version = 99
    files = files_of(annotated, tmp_path, pack(model), golden_pictures(examples)[:1])
    made = Coral(write_files(tmp_path / "pi", files), cpp)
    assert made.opened("right", "edgetpu") == ("cpu", "old-runtime")


# --- the commands ----------------------------------------


def told(ran: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in ran.stderr.splitlines() if not line.startswith(("INFO: ", "ERROR: "))]


def test_the_command_line_tells_only_what_was_not_to_be_expected(coral: Coral) -> None:
    def say(mode: str, *device: str) -> list[str]:
        ran = coral.command(mode, "classify", "digits/golden/five.png", "--json", *device)
        assert json.loads(ran.stdout)["results"][0]["label"] == "5", ran.stderr
        return told(ran)

    assert say("right") == say("right", "--device", "edgetpu:usb") == say("wrong", "--device", "cpu") == []
    assert say("absent") == []
    assert len(say("absent", "--device", "edgetpu")) == len(say("wrong")) == 1


@pytest.mark.parametrize(
    ("mode", "device", "code", "last"),
    [
        ("right", "edgetpu", 0, "PASS 3 cases, 0 failed"),
        ("wrong", "edgetpu", 1, "FAIL 3 cases, 3 failed"),
        ("wrong", "cpu", 0, "PASS 3 cases, 0 failed"),
        ("absent", "edgetpu", 1, ""),
        ("crash", "edgetpu", 1, ""),
    ],
)
def test_the_self_test_runs_where_it_is_told_to(mode: str, device: str, code: int, last: str, coral: Coral) -> None:
    ran = coral.command(mode, "selftest", "--device", device)
    assert ran.returncode == code, ran.stderr
    assert ran.stdout[-200:].rpartition("\n")[0].rpartition("\n")[2].startswith(last)
    assert len(told(ran)) == (last == "")


def test_a_device_that_is_pulled_out_is_one_line(coral: Coral) -> None:
    code = (
        "import os, digits; made = digits.DigitsClassifier(device='edgetpu'); assert made.device == 'edgetpu'\n"
        "import ctypes; ctypes.CDLL(None).setenv(b'PACKAGER_EDGE_TPU', b'failing', 1)\n"
        "from digits.edge_tpu import EdgeTpuError\n"
        "try: made.classify('digits/golden/five.png')\n"
        "except EdgeTpuError as error: print(error.finding.name)"
    )
    ran = coral.run("right", "-c", code)
    assert ran.stdout == "failed\n", ran.stderr


# Pulls the device out when it is told to.
PULLED = """
import ctypes, signal, sys
pull = lambda *_: ctypes.CDLL(None).setenv(b"PACKAGER_EDGE_TPU", b"failing", 1)
signal.signal(signal.SIGUSR1, pull)
from digits.__main__ import script
sys.exit(script())
"""


def test_a_service_tells_what_runs_the_model(coral: Coral) -> None:
    five = (coral.folder / "digits/golden/five.png").read_bytes()

    def on(mode: str) -> Any:
        environment = coral.environment(mode)
        return served(coral.folder, "digits", "--device", "edgetpu", program=PULLED, environment=environment)

    with on("right") as service:
        health = service.ask("/health")
        assert (health.status, health.document["device"]) == (200, "edgetpu")
        assert health.document["fallback_reason"] is None
        assert service.ask(body=five).status == 200
        service.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: service.ask(body=five).status == 500)
        health = service.ask("/health")
        assert (health.status, health.document["status"]) == (503, "failing")
        assert health.document["reason"] == service.ask(body=five).error
        code, said = service.stop()
        assert (code, said) == (0, [health.document["reason"]])
    with on("absent") as service:
        health = service.ask("/health")
        assert (health.status, health.document["device"]) == (200, "cpu")
        assert health.document["fallback_reason"]["name"] == "no-device"
        assert service.ask(body=five).status == 200
        assert service.stop()[0] == 0


def test_a_damaged_compiled_model_says_so(coral: Coral, tmp_path: Path) -> None:
    made = Coral(
        write_files(
            tmp_path,
            {
                path.relative_to(coral.folder).as_posix(): path.read_bytes()
                for path in coral.folder.rglob("*")
                if path.is_file()
            },
        ),
        coral.library,
    )
    (tmp_path / "digits" / "model_edgetpu.tflite").write_bytes(b"")
    ran = made.command("right", "classify", "digits/golden/five.png")
    (line,) = told(ran)
    assert (ran.returncode, line.startswith("model_edgetpu.tflite of this package")) == (1, True)


# --- other tasks, real models, the code ----------------------------------------

KINDS = ("shapes", "audio", "words", "mask_scores", "yolo_pose", "embedding", "gestures", "sine")


@pytest.mark.parametrize("name", KINDS)
def test_every_task_runs_on_it(name: str, cpp: Path, tmp_path: Path) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    annotated = row.annotated()
    files = files_of(annotated, tmp_path, compiled(annotated.model), row.samples(tmp_path)[:1])
    made = Coral(write_files(tmp_path / "pi", files), cpp)
    for mode, code in (("right", 0), ("wrong", 1)):
        ran = made.command(mode, "selftest", "--device", "edgetpu")
        assert ran.returncode == code, ran.stdout + ran.stderr
    check_code(tmp_path / "pi")
    assert unused_names(files) == set()


def test_code_with_labels_of_several_languages(examples: Path, tmp_path: Path) -> None:
    names = {"": hand_made.COLORS, "de": hand_made.COLORS.parent / "colors_de.txt"}
    labels = tuple(LabelFile(path, locale) for locale, path in names.items() if path.is_file())
    annotation = Annotation(task=Task.IMAGE_CLASSIFICATION, labels=labels, mean=(0.0,), std=(255.0,))
    annotated = annotated_model(parse_model(annotate(parse_model(hand_made.colors()), annotation), "colors.tflite"))
    files = files_of(annotated, tmp_path, compiled(annotated.model), [])
    assert len(labels) == 2
    write_files(tmp_path / "pi", files)
    check_code(tmp_path / "pi")


def test_a_mobilenet_that_was_compiled(models: Path, cpp: Path, tmp_path: Path) -> None:
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(models / "imagenet_labels.txt"),),
        mean=(127.5,),
        std=(127.5,),
    )
    annotated = annotated_model(parse_model(annotate(read_model(models / f"{MOBILENET}.tflite"), annotation)))
    data = (models / f"{MOBILENET}_edgetpu.tflite").read_bytes()
    made = Coral(write_files(tmp_path / "pi", files_of(annotated, tmp_path, data, [models / "cat.bmp"])), cpp)
    ran = made.command("right", "selftest", "--device", "edgetpu")
    assert ran.returncode == 0, ran.stdout + ran.stderr


Compare = Callable[[str, Mapping[str, bytes]], None]


def test_tree(examples: Path, tmp_path: Path, assert_tree: Compare) -> None:
    annotated = digits(examples)
    assert_tree("pi_edgetpu", files_of(annotated, tmp_path, compiled(annotated.model), golden_pictures(examples)))


# --- packaging ----------------------------------------


def with_first_output(model: Model, **changes: Any) -> bytes:
    first, *rest = [tensor(one) for one in model.outputs]
    changed = T(**{**vars(first), **changes})
    return ports([tensor(one) for one in model.inputs], [changed, *rest], operator=EDGE_TPU_OPERATOR)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shape": (1, 11)}, "the shape of output 0 .* is \\[1, 11\\], and in the model \\[1, 10\\]"),
        ({"dtype": "uint8", "zero_point": 0}, "the type of output 0 .* is uint8, and in the model int8"),
        ({"scale": 0.25}, "the quantization of output 0 .* is scale 0.25, "),
        ({"scale": None}, "the quantization of output 0 .* is none, "),
    ],
)
def test_a_model_compiled_from_another_is_refused(
    changes: dict[str, Any], words: str, examples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other_edgetpu.tflite"
    path.write_bytes(with_first_output(digits(examples).model, **changes))
    with pytest.raises(TargetError) as raised:
        package("pi", examples / "digits" / "digits.tflite", tmp_path / "pi", Options(edgetpu=path))
    assert any(re.search(words, line) for line in raised.value.details), raised.value.details
    assert not (tmp_path / "pi").exists()


def test_outputs_in_another_order_are_refused(tmp_path: Path) -> None:
    x, *outputs = (T(name, [1, 4], "int8", 0.5, 0) for name in ("x", "a", "b"))
    reshapes = [Op("RESHAPE", ["x"], [one.name]) for one in outputs]
    (tmp_path / "m.tflite").write_bytes(graph([x, *outputs], reshapes, ["x"], ["a", "b"]))
    path = tmp_path / "m_edgetpu.tflite"
    path.write_bytes(ports([x], outputs[::-1], operator=EDGE_TPU_OPERATOR))
    with pytest.raises(TargetError) as raised:
        package("pi", tmp_path / "m.tflite", tmp_path / "pi", Options(edgetpu=path))
    assert raised.value.details == ("its outputs are in another order: 'b', 'a'",)


def test_what_is_not_compiled_is_refused(examples: Path, tmp_path: Path) -> None:
    model = examples / "sine" / "sine.tflite"
    with pytest.raises(TargetError, match="is not compiled for the Edge TPU"):
        package("pi", model, tmp_path / "pi", Options(edgetpu=model))
    with pytest.raises(ModelError, match="edgetpu: no such file"):
        package("pi", model, tmp_path / "pi", Options(edgetpu=tmp_path / "nosuch.tflite"))
    assert sine(examples).model.inputs
