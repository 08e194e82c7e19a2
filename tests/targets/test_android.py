"""The android target: what it generates, and that this compiles and gives the golden answers.

All generated modules are compiled in one go and run in one JVM; see android/harness.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.errors import ConfigError
from packager.golden import build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import Model, parse_model, read_model
from packager.targets.android import TARGET, Options
from packager.targets.target import build_project, served
from packager.tasks import CropMode, Task
from packager.tasks.quantization import dequantize, quantize
from tests import hand_made
from tests.conftest import write_files
from tests.example_models import digits, golden_pictures
from tests.targets.android import harness
from tests.targets.hostile_names import PORT_NAMES

pytestmark = pytest.mark.slow

# What a label file of a stranger may hold, and what it would do to code into which it came unescaped.
HOSTILE = (
    'quotes " and \'\'\' and """',
    "line\nbreak\r\nand\ttab",
    "end of comment */ and // of line",
    "${Runtime.getRuntime()} $x {{ name }} {% if %}",
    "back\\slash \\n \\u0041 \\",
    "emoji 🦊👩‍👩‍👧 and e\u0301",
    "right to left עברית \u202eabc\u202c",
    "</script> &amp; <b>",
    " spaces ",
    "\u2028 separators \u2029 and \x00 zero",
)


@dataclass(frozen=True)
class Module:
    """A model that is packaged and run."""

    annotated: AnnotatedModel
    files: Mapping[str, bytes]

    @property
    def package(self) -> str:
        kotlin = next(path for path in self.files if path.endswith("/SelfTest.kt"))
        return kotlin.removeprefix("src/androidTest/kotlin/").removesuffix("/SelfTest.kt").replace("/", ".")

    @property
    def class_name(self) -> str:
        names = [Path(path).stem for path in self.files if path.startswith("src/main/kotlin/")]
        (name,) = (name for name in names if name.endswith(("Classifier", "Model")))
        return f"{self.package}.{name}"

    @property
    def assets(self) -> dict[str, bytes]:
        """The assets of the module and of its test, as the test's APK holds them."""
        return {path.split("/assets/", 1)[1]: content for path, content in self.files.items() if "/assets/" in path}


def package(
    annotated: AnnotatedModel,
    samples: Sequence[Path] = (),
    options: Options | None = None,
) -> Module:
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    view, _ = served(TARGET, annotated)
    _, files = build_project(
        TARGET, view, options or Options(), goldens if view is annotated else goldens.as_tensors()
    )
    return Module(view, files)


def classifier(model: Model, labels: Sequence[str], folder: Path, **annotation: Any) -> AnnotatedModel:
    file = folder / "labels.json"
    file.write_text(json.dumps(list(labels)))
    data = annotate(model, Annotation(task=Task.IMAGE_CLASSIFICATION, labels=(LabelFile(file),), **annotation))
    return annotated_model(parse_model(data, model.path))


# --- what is generated ----------------------------------------


def test_digits_tree(examples: Path, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    assert_tree("android_digits", package(digits(examples), golden_pictures(examples)).files)


def test_sine_tree(examples: Path, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    assert_tree("android_sine", package(read_annotated(examples / "sine" / "sine.tflite")).files)


def test_names_come_from_options(examples: Path) -> None:
    options = Options(name="Night Owl 2", package="org.example.birds")
    module = package(read_annotated(examples / "sine" / "sine.tflite"), options=options)
    assert module.class_name == "org.example.birds.NightOwl2Model"
    assert "src/main/assets/night_owl_2/model.tflite" in module.files


@pytest.mark.parametrize("name", ["digits", "java.digits", "com.class", "com.", "com.a-b", "com.1a", "com/a.b"])
def test_a_wrong_package_is_refused(examples: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no package name"):
        package(read_annotated(examples / "sine" / "sine.tflite"), options=Options(package=name))


def test_same_input_same_bytes(examples: Path) -> None:
    first, second = (package(digits(examples), golden_pictures(examples)).files for _ in range(2))
    assert first == second


def test_digits_and_sine_have_no_problems(examples: Path) -> None:
    for name in ("digits", "sine"):
        assert TARGET.find_problems(read_model(examples / name / f"{name}.tflite")) == ()


# What a class, a module or a package might be mistaken for.
PROJECT_NAMES = (
    "Interpreter",
    "self test",
    "鳥",
    "when",
    "java",
    "any",
    "context",
    "Model Asset",
    "model",
    "LongArray",
)

# --- what runs ----------------------------------------


@pytest.fixture(scope="session")
def modules(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Module]:
    """The models that need nothing from elsewhere, packaged; each under its own name."""
    folder = tmp_path_factory.mktemp("android-models")
    sine = package(read_annotated(examples / "sine" / "sine.tflite"))
    made = {"digits": package(digits(examples), golden_pictures(examples)), "sine": sine}

    hostile = classifier(
        read_model(examples / "digits" / "digits.tflite"),
        HOSTILE,
        folder,
        mean=(0.0,),
        std=(255.0,),
        crop=CropMode.LETTERBOX,
        name=HOSTILE[2] + HOSTILE[0],
        description="\n".join(HOSTILE[:7]) + HOSTILE[4],
    )
    made["hostile"] = package(hostile, options=Options(name="hostile"))

    # Larger than what a golden case keeps of a tensor.
    large = parse_model(hand_made.mean_color(131, 97, 3), folder / "large_picture.tflite")
    colors = classifier(
        large, ("red", "green", "blue"), folder, mean=(103.5, 116.25, 123.75), std=(57.5, 57.25, 58.5)
    )
    made["large_picture"] = package(colors, options=Options(name="large picture"))
    every = annotated_model(parse_model(hand_made.every_dtype(), folder / "every_dtype.tflite"))
    made["every_dtype"] = package(every)

    for first in range(3):
        named = annotated_model(parse_model(hand_made.named(PORT_NAMES, first), folder / "named.tflite"))
        # Words that are no keywords of Kotlin or Java, though of other languages.
        options = Options(name=f"named {first}", package=f"com.data.open.Value.template{first}")
        made[f"named {first}"] = package(named, options=options)
    for name in PROJECT_NAMES:
        made[name] = package(read_annotated(examples / "sine" / "sine.tflite"), options=Options(name=name))
    return made


@dataclass(frozen=True)
class Damage:
    """One changed asset of a module, and what its self-test must say."""

    module: str
    asset: str
    change: Callable[[bytes], bytes]
    failure: str


DAMAGES = {
    "table": Damage("digits", "digits/input_table.bin", lambda data: data[1:] + data[:1], "items of input 0 differ"),
    "fewer kept items of a picture": Damage(
        "large_picture",
        "large_picture_golden/random_0.input0.bin",
        lambda data: data[:-4],
        "input 0 has 38121 items; golden are",
    ),
    "zeros": Damage(
        "digits", "digits/model.tflite", lambda data: hand_made.with_zeros(data, 0), "five, 5 has the score 0.0"
    ),
}


# A picture of one pixel, and as many classes as there are.
CALLS: dict[str, Sequence[dict[str, Any]]] = {
    "hostile": (
        {"method": "getLabels"},
        {"method": "classify", "given": [{"gray": 7}, {"int": 0}, {"null": "region"}, {"options": [10, 0, [], []]}]},
    ),
}


@dataclass(frozen=True)
class Answers:
    """What the driver found, by module; what is told of the modules that do not compile."""

    broken: dict[str, AssertionError]
    self_tests: dict[str, dict[str, Any]]
    golden_cases_failures: list[str | None]
    damaged: dict[str, dict[str, Any]]
    calls: dict[str, list[dict[str, Any]]]
    conversions: dict[int, list[float]]

    def of(self, module: str) -> Answers:
        """Itself, where the module compiles."""
        if module in self.broken:
            raise self.broken[module]
        return self


@dataclass(frozen=True)
class Conversion:
    """A static function of a module, and what it is called with; ``tensor`` is the dtype that it is about."""

    module: str
    method: str
    kind: str
    tensor: str
    values: tuple[float, ...]


CONVERSIONS = (
    Conversion("sine", "quantizeInput", "FloatArray", "int8", (0, 1.5, 3.14159, 6.3, -1.0, 100.0, -1e30, 1e30)),
    Conversion("sine", "dequantizeOutput", "ByteArray", "int8", (-128, -1, 0, 1, 127)),
    # Of names that clash the second gets a number; see hand_made.
    Conversion("every_dtype", "quantizeReader2", "FloatArray", "int8", (0.05, -0.05, 0.25, -0.25, 14, -13)),
    Conversion("every_dtype", "quantizeA1", "FloatArray", "uint8", (0.125, 0.375, -0.125, -32, -33, 31.75, 40)),
    Conversion("every_dtype", "quantizeA12", "FloatArray", "int16", (0.0005, -0.0005, 32.767, 40, -40)),
    Conversion("every_dtype", "dequantizeReader", "ByteArray", "int8", (-128, -7, 0, 127)),
    Conversion("every_dtype", "dequantizeA12", "ByteArray", "uint8", (0, 127, 128, 255)),
    Conversion("every_dtype", "dequantizeA1", "ShortArray", "int16", (-32768, 0, 32767)),
)


@pytest.fixture(scope="session")
def kotlin() -> harness.Toolchain:
    return harness.toolchain()


@pytest.fixture(scope="session")
def answers(
    kotlin: harness.Toolchain,
    modules: dict[str, Module],
    tmp_path_factory: pytest.TempPathFactory,
) -> Answers:
    """Compile everything, and run once what compiles."""
    work = tmp_path_factory.mktemp("android")
    folders = {name: write_files(work / name, module.files) for name, module in modules.items()}
    broken = harness.compile_kotlin(kotlin, folders, harness.DRIVER, work / "classes")
    made = {name: module for name, module in modules.items() if name not in broken}
    assets = {name: content for module in made.values() for name, content in module.assets.items()}
    if "hostile" in made:
        # One model is compressed, as by an app that does not know better.
        assets["compressed/hostile/model.tflite"] = assets.pop("hostile/model.tflite")

    run = work / "run"
    run.mkdir()
    damages = {name: damage for name, damage in DAMAGES.items() if damage.module in made}
    for name, damage in damages.items():
        damaged = dict(made[damage.module].assets)
        changed = damage.change(damaged[damage.asset])
        assert changed != damaged[damage.asset]
        harness.write_apk(run / f"{name}.apk", {**damaged, damage.asset: changed})
    conversions = {index: item for index, item in enumerate(CONVERSIONS) if item.module in made}
    job = {
        "selfTests": [{"package": module.package} for module in made.values()],
        "damaged": [
            {"package": made[damage.module].package, "apk": f"{name}.apk"} for name, damage in damages.items()
        ],
        "goldenCasesTests": [{"package": made[name].package} for name in ("digits",) if name in made],
        "calls": [
            {"class": made[name].class_name, "calls": [*calls]} for name, calls in CALLS.items() if name in made
        ],
        "conversions": [
            {
                "class": made[item.module].class_name,
                "method": item.method,
                "type": item.kind,
                "values": item.values,
            }
            for item in conversions.values()
        ],
    }
    found = harness.run_driver(kotlin, [work / "classes"], assets, job, run)
    return Answers(
        broken=broken,
        self_tests=dict(zip(made, found["selfTests"], strict=True)),
        golden_cases_failures=[item["failure"] for item in found["goldenCasesTests"]],
        damaged=dict(zip(damages, found["damaged"], strict=True)),
        calls=dict(zip((name for name in CALLS if name in made), found["calls"], strict=True)),
        conversions=dict(zip(conversions, found["conversions"], strict=True)),
    )


def test_self_tests_pass(answers: Answers, modules: dict[str, Module]) -> None:
    for name in modules:
        report = answers.of(name).self_tests[name]
        assert report["passed"], f"{name}: {report['report']}"
        assert report["cases"] == (5 if name == "digits" else 3)


def test_junit_test_passes(answers: Answers) -> None:
    assert answers.of("digits").golden_cases_failures == [None]


@pytest.mark.parametrize("name", DAMAGES)
def test_self_test_finds_what_is_wrong(answers: Answers, name: str) -> None:
    report = answers.of(DAMAGES[name].module).damaged[name]
    assert not report["passed"]
    assert any(DAMAGES[name].failure in line for line in report["failures"]), report["failures"]


def test_labels_come_out_as_themselves(answers: Answers) -> None:
    labels, everything = answers.of("hostile").calls["hostile"]
    assert tuple(labels["answer"]) == HOSTILE
    assert sorted(item["index"] for item in everything["answer"]) == list(range(len(HOSTILE)))
    assert all(item["label"] == HOSTILE[item["index"]] for item in everything["answer"])


@pytest.mark.parametrize(
    "index", range(len(CONVERSIONS)), ids=[f"{item.module}-{item.method}" for item in CONVERSIONS]
)
def test_conversions_are_those_of_python(index: int, answers: Answers, modules: dict[str, Module]) -> None:
    item = CONVERSIONS[index]
    actual = answers.of(item.module).conversions[index]
    annotated = modules[item.module].annotated
    ports = annotated.inputs if item.method.startswith("quantize") else annotated.outputs
    tensor = next(port.tensor for port in ports if port.tensor.dtype == item.tensor)
    assert tensor.quantization is not None
    if item.method.startswith("quantize"):
        expected = quantize(np.array(item.values, np.float32).astype(np.float64), tensor.quantization, tensor.dtype)
        signed = expected.view(tensor.dtype.removeprefix("u"))  # Kotlin's bytes are signed
        assert actual == signed.tolist()
    else:
        assert np.array_equal(np.array(actual, np.float32), dequantize(np.array(item.values), tensor))


def test_a_project_that_does_not_compile_is_told_by_its_name(kotlin: harness.Toolchain, tmp_path: Path) -> None:
    """One of which the compiler only warns, too; the others are compiled."""
    sources = {
        "good": "fun good() = 1",
        "wrong type": 'fun wrong(): Int = "1"',
        "warned of": '@Deprecated("old") fun old() = 1\nfun warned() = old()',
    }
    folders = {name: tmp_path / name for name in sources}
    for name, text in sources.items():
        write_files(folders[name] / "src", {"Source.kt": f"package {name.split()[0]}\n\n{text}\n".encode()})
    (tmp_path / "Other.kt").write_text("fun other() = good.good()\n")
    broken = harness.compile_kotlin(kotlin, folders, [tmp_path / "Other.kt"], tmp_path / "classes")
    assert sorted(broken) == ["warned of", "wrong type"]
    for name, error in broken.items():
        assert f"the project {name!r} does not compile:" in str(error)
        assert f"{folders[name]}/src/Source.kt:" in str(error)
    assert {path.name for path in (tmp_path / "classes").rglob("*.class")} == {"SourceKt.class", "OtherKt.class"}

    (tmp_path / "Other.kt").write_text("fun other() = good.bad()\n")
    with pytest.raises(AssertionError, match=r"Other\.kt:1:\d+: error: unresolved reference"):
        harness.compile_kotlin(kotlin, {"good": folders["good"]}, [tmp_path / "Other.kt"], tmp_path / "classes")
