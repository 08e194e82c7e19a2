"""The iOS package: its whole tree, and its Swift compiled and run on TensorFlow Lite's C library."""

from __future__ import annotations

import json
import plistlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ConfigError
from packager.golden import (
    GoldenSet,
    Picture,
    build_goldens,
    golden_files,
    read_samples,
)
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model
from packager.render.templates import templates_folder
from packager.targets.ios import _OWN_TYPES, TARGET, Options
from packager.targets.litert import asset_files
from packager.targets.target import build_project
from packager.tasks import Activation, ChannelOrder, CropMode, Task
from packager.tasks.image import ImageInput, input_tensor
from packager.tasks.quantization import dequantize
from tests import hand_made
from tests.cells.projects import project as project_of_row
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.models import Op, T, graph, options
from tests.targets.hostile_names import PORT_NAMES
from tests.targets.ios.harness import Swift, complaints, results, rgb_file, swift_root

pytestmark = pytest.mark.slow

Files = dict[str, bytes]
Compare = Callable[[str, Mapping[str, bytes]], None]


# --- models ----------------------------------------


def mixed_model(custom: str = "") -> bytes:
    """a AND b (bool), x + x (int64), q reshaped (int16 in steps of 0.5), -f (float), n reshaped (int32, steps of 0).

    Some names are hostile; a step of 0 is how some converters say that integers stand for themselves.
    ``custom`` names a custom operator to put into the place of the last one.
    """
    both, twice, negative = (f'{name} */ "\\() ${{}}' for name in ("both", "twice", "negative"))
    operators = [
        Op("LOGICAL_AND", ["a", "b"], [both], options("LogicalAnd")),
        Op("ADD", ['x */ """'] * 2, [twice], options("Add")),
        Op("RESHAPE", ["q"], ["same"], options("Reshape", newShape=[4])),
        Op("RESHAPE", ["n"], ["itself"], options("Reshape", newShape=[2])),
        Op(custom, ["f"], [negative], custom=True) if custom else Op("NEG", ["f"], [negative], options("Neg")),
    ]
    tensors = [
        T("a", [3], "bool"),
        T("b", [3], "bool"),
        T('x */ """', [2], "int64"),
        T("q", [4], "int16", 0.5),
        T("f", [2]),
        T("n", [2], "int32", 0.0),
        T(both, [3], "bool"),
        T(twice, [2], "int64"),
        T("same", [4], "int16", 0.5),
        T(negative, [2]),
        T("itself", [2], "int32", 0.0),
    ]
    return graph(tensors, operators, range(6), range(6, 11))


# --- the tree ----------------------------------------


def project(annotated: AnnotatedModel, samples: list[Path], **options: Any) -> Files:
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(**options), goldens)[1]


def context_of(annotated: AnnotatedModel, **options: Any) -> Any:
    goldens = build_goldens(annotated, read_samples(annotated, []), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(**options), goldens)[0]


def test_tree_of_a_classifier(examples: Path, assert_tree: Compare) -> None:
    assert_tree("ios_digits", project(digits(examples), golden_pictures(examples)))


def test_tree_of_a_tensor_model(examples: Path, assert_tree: Compare) -> None:
    assert_tree("ios_sine", project(sine(examples), []))


def test_the_privacy_manifest_is_a_property_list(examples: Path) -> None:
    """With the four keys that Apple asks for, which tell of nothing."""
    files = project(sine(examples), [])
    manifest = plistlib.loads(files["Sources/Sine/PrivacyInfo.xcprivacy"])
    assert manifest == {
        "NSPrivacyTracking": False,
        "NSPrivacyTrackingDomains": [],
        "NSPrivacyCollectedDataTypes": [],
        "NSPrivacyAccessedAPITypes": [],
    }


@pytest.mark.parametrize(
    ("name", "module", "model_type"),
    [
        ("", "Sine", "SineModel"),
        ("my wave-model", "MyWaveModel", "MyWaveModelRunner"),
        ("vision", "VisionNet", "VisionNetModel"),
        ("swift UI", "SwiftUINet", "SwiftUINetModel"),
        ("../../x", "X", "XModel"),
        ("Foundation", "FoundationNet", "FoundationNetModel"),
        ("testing", "TestingNet", "TestingNetModel"),
        ("XCTest", "XCTestNet", "XCTestNetModel"),
        ("Swift", "SwiftNet", "SwiftNetModel"),
        ("charts", "ChartsNet", "ChartsNetModel"),
        # Types of Foundation and of the standard library.
        ("Data", "DataNet", "DataNetModel"),
        ("URL", "URLNet", "URLNetModel"),
        ("bundle", "BundleNet", "BundleNetModel"),
        ("Date", "DateNet", "DateNetModel"),
        ("range", "RangeNet", "RangeNetModel"),
        ("Task", "TaskNet", "TaskNetModel"),
        # CoreML has an MLModel and an MLModelError, CreateML an MLImageClassifier.
        ("ML", "MLNet", "MLNetModel"),
        ("NS", "NSNet", "NSNetModel"),
        ("NSManagedObject", "NSManagedObjectNet", "NSManagedObjectNetModel"),
        ("NSfw", "NSfw", "NSfwModel"),
        # Types of the package itself.
        ("Session", "SessionNet", "SessionNetModel"),
        ("tokenizer", "TokenizerNet", "TokenizerNetModel"),
        # An error of the same name would be CocoaError, DecodingError, CancellationError.
        ("Cocoa", "CocoaNet", "CocoaNetModel"),
        ("decoding", "DecodingNet", "DecodingNetModel"),
        ("Cancellation", "CancellationNet", "CancellationNetModel"),
    ],
)
def test_names_clash_with_nothing(examples: Path, name: str, module: str, model_type: str) -> None:
    files = project(sine(examples), [], name=name)
    assert f"Sources/{module}/{model_type}.swift" in files
    assert f"Sources/{module}/{module}Error.swift" in files


def test_no_module_is_called_as_a_type_of_its_own() -> None:
    """Swift takes the name of a module for that of a type in it."""
    types, folder = set(), templates_folder() / "ios"
    for path in folder.rglob("*.swift*"):
        # An app is a module of its own.
        if path.is_file() and "Tests" not in path.parts and folder / "app" not in path.parents:
            types |= set(
                re.findall(r"^ *(?:final )?(?:class|struct|enum) (\w+)", path.read_text("utf-8"), re.MULTILINE)
            )
    # Those within the class are named by it.
    inner = {"Accelerator", "Box", "Category", "ClassPixels", "Detection", "Keypoint", "Options", "Orientation"}
    inner |= {"Outputs", "Pose", "RGBImage", "Region", "SampleStream", "Segmentation", "Window"}
    inner |= {"Agreement", "Answer", "AsyncIterator", "Case", "Document", "File", "Frame", "Input", "Object", "Point"}
    inner |= {"Rule", "Filter", "Pair", "PixelFrame", "Plane", "YUVFrame", "Format", "Upright"}
    assert types - inner == {name for name in types if name.lower() in _OWN_TYPES}
    assert len(types - inner) > 15


def test_no_error_is_called_as_one_of_swifts_own(examples: Path, swift: Swift) -> None:
    """Of what the toolchain here has: all public types of its modules whose names end in Error."""
    code = "for module in Swift _Concurrency Foundation XCTest Testing; do swift symbolgraph-extract -output-dir . "
    ran = swift.run(
        "bash", "-ec", code + "-module-name $module -target x86_64-pc-linux-gnu 2>&1; done", at="expected"
    )
    assert ran.returncode == 0, ran.stdout
    errors = set()
    for path in (swift.work / "expected").glob("*.symbols.json"):
        paths = [symbol["pathComponents"] for symbol in json.loads(path.read_text())["symbols"]]
        errors |= {name for name, *inner in paths if name.endswith("Error") and not inner}
    assert {"DecodingError", "CancellationError", "URLError", "NSError", "XCTestError"} <= errors
    for error in sorted(errors):
        context = context_of(sine(examples), name=error.removesuffix("Error") or "Error")
        assert context.project.error_name not in errors, error


@pytest.mark.parametrize("version", ["", "12.4", "13'", "thirteen", "13.0.0.0"])
def test_deployment_target_is_a_version(examples: Path, version: str) -> None:
    with pytest.raises(ConfigError, match="is no version of iOS"):
        TARGET.check_options(sine(examples).model, Options(deployment_target=version))


# --- Swift ----------------------------------------

SIZES = [(1, 1), (1, 7), (7, 1), (28, 28), (27, 29), (56, 14), (224, 224), (223, 225), (3, 500), (500, 3), (640, 480)]
SIZES += [(1013, 17), (100, 131)]


@dataclass(frozen=True)
class Package:
    """A generated package, and what Python expects of it."""

    module: str
    type_name: str
    files: Files
    expected: Files
    checks: tuple[str, ...]
    delegates: tuple[str, ...] = ()


def package(module: str, annotated: AnnotatedModel, samples: list[Path], *checks: str) -> Package:
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    golden = goldens.sets[TARGET.runtime]
    context, files = build_project(TARGET, annotated, Options(name=module), goldens)
    cases = golden_files(annotated, golden)
    expected = {f"golden/{name}": data for name, data in exact_goldens(cases).items()}
    if annotated.answer.kind == "classes":
        expected |= classifier_expectations(annotated, golden)
        checks = ("ClassifierChecks.swift", "PictureCases.swift", *checks)
    else:
        checks = ("TensorChecks.swift", "Cases.swift", *checks)
    return Package(module, context.project.type_name, files, expected, checks)


def classifier_expectations(annotated: AnnotatedModel, golden: GoldenSet) -> Files:
    assert isinstance(annotated.input, ImageInput)
    random = np.random.default_rng(1)
    files = {"labels.json": asset_files(annotated)["labels.json"]}
    answers = []
    for case in sorted(golden.cases, key=lambda case: case.name):
        assert isinstance(case.given, Picture)
        files[f"golden/{case.name}.rgb"] = rgb_file(Image.open(BytesIO(case.given.png)))
        answers.append([vars(answer) for answer in case.answer[:3]])
    files["answers.json"] = json.dumps(answers).encode()
    for width, height in SIZES:
        picture = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        files[f"pictures/{width}x{height}.rgb"] = rgb_file(picture)
        files[f"pictures/{width}x{height}.bin"] = input_tensor(picture, annotated.input).tobytes()
    picture = Image.fromarray(random.integers(0, 256, (3, 5, 3), dtype=np.uint8))
    # What a picture stored with EXIF orientation 2, 3… has to go through, as in Pillow's exif_transpose.
    method = Image.Transpose
    turns = [method.FLIP_LEFT_RIGHT, method.ROTATE_180, method.FLIP_TOP_BOTTOM, method.TRANSPOSE]
    turns += [method.ROTATE_270, method.TRANSVERSE, method.ROTATE_90]
    for number, turned in enumerate([picture, *(picture.transpose(turn) for turn in turns)], 1):
        files[f"orientations/{number}.rgb"] = rgb_file(turned)
    return files


def exact_goldens(files: Files) -> Files:
    """Debian's library computes integers as the reference does, and sums floats in another order."""
    document = json.loads(files["cases.json"])
    for rule in filter(None, document["outputs"]):
        rule |= {"items": 0, **({"counts": 0} if "counts" in rule else {"absolute": 1e-5})}
    exact = {"score": 1e-5, "overlap": 0.9999, "distance": 1e-5}
    document["agreement"] = {name: exact.get(name, value) for name, value in document["agreement"].items()}
    return {**files, "cases.json": json.dumps(document).encode()}


def sine_package(examples: Path, folder: Path) -> Package:
    """The model of one int8 input, with real inputs of every kind: halves between two steps, beyond the range."""
    annotated = sine(examples)
    quantization = annotated.inputs[0].tensor.quantization
    assert quantization is not None
    steps = np.arange(-140, 140, 7, dtype=np.float64)
    reals = np.concatenate([(steps + 0.5) * quantization.scale, steps * quantization.scale * 1.7, [0.0, -0.0, 1e30]])
    xs = reals.astype(np.float32)
    paths = []
    for number, x in enumerate(xs):
        paths.append(folder / f"{number}.npy")
        np.save(paths[-1], np.array([[x]], dtype=np.float32))
    goldens = build_goldens(annotated, read_samples(annotated, paths), [TARGET.runtime])
    ys = [
        float(dequantize(case.outputs[0], annotated.outputs[0].tensor).flat[0])
        for case in goldens.sets[TARGET.runtime].cases
    ]
    made = package("Sine", annotated, [], "SineChecks.swift")
    made.expected["predict.json"] = json.dumps({"x": [float(x) for x in xs], "y": ys}).encode()
    made.expected["garbage.tflite"] = bytes(1000)
    made.expected["unknown_operator.tflite"] = mixed_model(custom="NoSuchOperator")
    return made


def reannotated(annotated: AnnotatedModel, **changes: Any) -> AnnotatedModel:
    return annotated_model(parse_model(annotate(annotated.model, Annotation(task=annotated.task, **changes))))


def packages(examples: Path, folder: Path) -> Iterator[Package]:
    pictures = golden_pictures(examples)
    labels = folder / "labels.json"
    labels.write_text(json.dumps(HOSTILE_LABELS))
    texts = {"name": 'x"*/ \\(y) """', "description": '*/ import Nothing\n#error("\\u{202e}") `x` </a>\n/* \\'}
    yield package("Digits", digits(examples), pictures)
    hostile = digits(examples, CropMode.CENTER_CROP, labels, **texts)
    yield package("Hostile", reannotated(hostile, activation=Activation.SIGMOID), pictures[:2])
    boxed = digits(examples, CropMode.LETTERBOX)
    yield package("Boxed", reannotated(boxed, activation=Activation.SOFTMAX, threshold=0.125), pictures[:2])
    yield sine_package(examples, folder)
    accelerated = package("Accelerated", sine(examples), [], "AcceleratedChecks.swift")
    yield replace(accelerated, delegates=("TensorFlowLiteCCoreML", "TensorFlowLiteCMetal"))
    yield package("Mixed", annotated_model(parse_model(mixed_model())), [], "MixedChecks.swift")
    for first in range(3):
        yield package(f"Named{first}", annotated_model(parse_model(hand_made.named(PORT_NAMES, first))), [])
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(Path(__file__).parent / "colors.txt"),),
        mean=(127.5,),
        std=(127.5,),
        crop=CropMode.LETTERBOX,
        pad=114,
        channels=ChannelOrder.BGR,
    )
    colored = hand_made.attached(hand_made.colors("float32", 33, 20), annotation, "colors")
    yield package("Colors", colored, [])


@pytest.fixture(scope="module")
def swift(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """With the packages, what is expected of them, and the package Checks that tests all of them."""
    with swift_root() as root:
        made = list(packages(examples, tmp_path_factory.mktemp("ios")))
        for item in made:
            root.add(item.module, item.type_name, item.files, item.checks, item.delegates)
            write_files(root.work / "expected" / item.module, item.expected)
        root.write_manifest([item.module for item in made])
        yield root


@pytest.fixture(scope="module")
def checked(swift: Swift) -> tuple[str, dict[str, str]]:
    """The output of all the Swift tests, and how each ended."""
    ran = swift.run("swift", "test", "-Xswiftc", "-gnone", at="Checks")
    return ran.stdout + ran.stderr, results(ran.stdout + ran.stderr)


CLASSIFIER_CHECKS = (
    *("GoldenCasesExactly", "InputTensors", "Orientations", "Frames", "Regions", "Classify", "Options", "Errors"),
    *("Threads", "Actor", "Stream"),
)
TENSOR_CHECKS = ("GoldenCasesExactly",)
SINE_CHECKS = ("Actor", "ModelsThatDoNotLoad", "ModelFile", "SHA256", "AcceleratorsThatAreNotLinked")


def expect(checked: tuple[str, dict[str, str]], names: list[str]) -> None:
    output, ended = checked
    found = {name: ended.get(name, "absent") for name in names}
    assert found == dict.fromkeys(names, "passed"), complaints(output)


@pytest.mark.parametrize("module", ["Digits", "Hostile", "Boxed", "Colors"])
def test_classifier_runs_as_python_says(checked: tuple[str, dict[str, str]], module: str) -> None:
    expect(checked, [f"{module}Checks.test{name}" for name in CLASSIFIER_CHECKS])


@pytest.mark.parametrize("module", ["Sine", "Mixed"])
def test_tensor_model_runs_as_python_says(checked: tuple[str, dict[str, str]], module: str) -> None:
    names = [f"{module}Checks.test{name}" for name in TENSOR_CHECKS]
    expect(checked, [*names, f"{module}Tests.testGoldenCases", f"{module}RunChecks.testRun"])


@pytest.mark.parametrize("name", ["Works", "IsAbsent", "RefusesTheModel", "ComputesZeros"])
def test_an_accelerator_proves_itself(checked: tuple[str, dict[str, str]], name: str) -> None:
    expect(checked, [f"AcceleratedAcceleratorChecks.testOneThat{name}"])


@pytest.mark.parametrize("name", SINE_CHECKS)
def test_what_every_package_does(checked: tuple[str, dict[str, str]], name: str) -> None:
    expect(checked, [f"SineRunChecks.test{name}"])


@pytest.mark.parametrize("first", range(3))
def test_names_of_tensors_clash_with_nothing(checked: tuple[str, dict[str, str]], first: int) -> None:
    module = f"Named{first}"
    expect(checked, [f"{module}Checks.test{name}" for name in TENSOR_CHECKS] + [f"{module}Tests.testGoldenCases"])


def test_package_passes_its_own_self_test(swift: Swift) -> None:
    ran = swift.run("swift", "test", "-Xswiftc", "-gnone", at="Sine")
    assert (ran.returncode, results(ran.stdout)) == (0, {"SineTests.testGoldenCases": "passed"}), (
        ran.stdout + ran.stderr
    )


# Models of tests/cells, one for each answer of a picture and for each other input.
APPLE = ("yolo_v8", "probability", "class_numbers", "movenet", "landmarks", "embedding", "audio", "bert", "stateful")


def test_adapters_compile_as_a_pod_and_read_pictures(swift: Swift) -> None:
    modules = []
    for name in APPLE:
        made = project_of_row("ios", name)
        modules.append(made.context.project.module)
        write_files(swift.work / modules[-1], made.files)
    ran = swift.run("./apple.sh", ".", *modules)
    formats = ["BGRA", "RGBA", "ARGB", "420f", "420v", "refused"]
    expected = [f"{name} ok" for name in (*formats, "RGB", "CMYK", "no space", "gray", "UIImage", "no CGImage")]
    assert (ran.returncode, ran.stdout.splitlines()) == (0, expected), ran.stdout + ran.stderr


def test_swift_is_formatted(swift: Swift) -> None:
    generated = [
        path.relative_to(swift.work).as_posix()
        for path in sorted(swift.work.glob("*/Package.swift"))
        if path.parent.name not in ("Checks", "TensorFlowLiteC", "Accelerated")
    ]
    folders = [str(Path(path).parent / folder) for path in generated for folder in ("Sources", "Tests")]
    ran = swift.run("/usr/libexec/swift/bin/swift-format", "lint", "--strict", "--recursive", *generated, *folders)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, ""), ran.stdout + ran.stderr
