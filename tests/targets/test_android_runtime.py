"""What runs an Android module's model: accelerators and their fallback, threads, coroutines, models from elsewhere, R8.

All modules of this file are compiled in one go. One JVM runs them with a delegate that stands in for a GPU's, see
android/gpu/; another one runs what R8 leaves of them, where the classes of a GPU are missing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.errors import TargetError
from packager.golden import build_goldens, read_samples
from packager.model import parse_model, read_model
from packager.targets.android import TARGET, Delivery, LiteRt, Options
from packager.targets.target import build_project
from tests import hand_made
from tests.conftest import write_files
from tests.example_models import digits, golden_pictures
from tests.targets.android import harness

pytestmark = [pytest.mark.slow, pytest.mark.kotlin]

Files = Mapping[str, bytes]
COMPILED = LiteRt.COMPILED_MODEL
PICTURES = [f"{name}.png" for name in ("zero", "three", "five", "seven", "nine")]


def packaged(annotated: AnnotatedModel, options: Options, samples: list[Path]) -> dict[str, bytes]:
    TARGET.check_options(annotated.model, options)
    goldens = build_goldens(annotated, read_samples(annotated, samples), [TARGET.runtime])
    return build_project(TARGET, annotated, options, goldens)[1]


def tensors(data: bytes, name: str) -> AnnotatedModel:
    return annotated_model(parse_model(data, Path(f"{name}.tflite")))


def assets(files: Files) -> dict[str, bytes]:
    """The assets of a module and of its test, as the test's APK holds them."""
    inner = {path.split("/assets/", 1)[1]: content for path, content in files.items() if "/assets/" in path}
    return inner | {path.removeprefix("download/"): files[path] for path in files if path.startswith("download/")}


SHRUNK_APP = """
package packager.tests

import android.content.Context
import com.example.digits.Accelerator
import com.example.digits.DigitsClassifier

object ShrunkApp {
    @JvmStatic
    fun run(context: Context): List<String?> {
        val reports = listOf(
            com.example.digits.SelfTest(context, context.assets).run().failures,
            com.example.sine.SelfTest(context, context.assets).run().failures,
            com.example.every.SelfTest(context, context.assets).run().failures,
        )
        return reports.flatten() + DigitsClassifier.create(context, Accelerator.GPU).use { it.fallbackReason }
    }
}
"""


@pytest.fixture(scope="session")
def modules(examples: Path) -> dict[str, dict[str, bytes]]:
    """The files of each module, by its name."""
    sine = read_annotated(examples / "sine" / "sine.tflite")
    pictures = golden_pictures(examples)

    def classifier(**options: Any) -> dict[str, bytes]:
        return packaged(digits(examples), Options(**options), pictures)

    made = {
        "digits": classifier(name="digits", coroutines=True),
        "digits_download": classifier(name="digits_download", delivery=Delivery.DOWNLOAD),
        "digits_compiled": classifier(name="digits_compiled", runtime=COMPILED),
        "sine": packaged(sine, Options(name="sine", coroutines=True), []),
        "every": packaged(tensors(hand_made.every_dtype(), "every"), Options(), []),
        "every_compiled": packaged(
            tensors(hand_made.every_dtype(without="int16"), "every_compiled"), Options(runtime=COMPILED), []
        ),
        "sine_compiled": packaged(
            sine, Options(name="sine_compiled", runtime=COMPILED, delivery=Delivery.DOWNLOAD), []
        ),
        "stateful": packaged(tensors(hand_made.stateful(), "stateful"), Options(coroutines=True), []),
    }
    checks = (harness.HERE / "FlowChecks.kt").read_bytes()
    made["digits"]["src/test/kotlin/com/example/digits/FlowChecks.kt"] = checks
    made["shrunk"] = {"ShrunkApp.kt": SHRUNK_APP.encode()}
    return made


@pytest.fixture(scope="session")
def kotlin() -> harness.Toolchain:
    return harness.toolchain()


class Compiled:
    """The modules in a folder; ``classes`` is where those are that compile."""

    def __init__(self, work: Path, classes: Path, broken: Mapping[str, AssertionError]) -> None:
        self.work, self.classes, self.broken = work, classes, broken

    def require(self, *modules: str) -> None:
        """Raise what is wrong with the first of them that does not compile."""
        for module in modules:
            if module in self.broken:
                raise self.broken[module]


@pytest.fixture(scope="session")
def compiled(
    kotlin: harness.Toolchain, modules: dict[str, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Compiled:
    work = tmp_path_factory.mktemp("android-runtime")
    folders = {name: write_files(work / name, files) for name, files in modules.items()}
    declarations = sorted((harness.HERE / "litert2").iterdir())
    others = [harness.HERE / "RuntimeDriver.kt", *declarations]
    broken = harness.compile_kotlin(kotlin, folders, others, work / "classes")
    # The tests on a developer's desk read files beside the module's sources.
    for name in modules:
        for goldens in (work / name / "src" / "androidTest" / "assets").glob("*"):
            shutil.copytree(goldens, work / "desk" / "src" / "androidTest" / "assets" / goldens.name)
        for model in (work / name / "download").glob("*"):
            (work / "desk" / "download").mkdir(parents=True, exist_ok=True)
            shutil.copy(model, work / "desk" / "download")
    return Compiled(work, work / "classes", broken)


def test_every_module_compiles(compiled: Compiled, modules: dict[str, dict[str, bytes]]) -> None:
    """Those on LiteRT 2 against declarations of its interface."""
    compiled.require(*modules)


# --- what runs ----------------------------------------

CREATE = {"do": "create", "package": "com.example.digits", "class": "DigitsClassifier", "goldens": "digits_golden"}
GPU = {**CREATE, "accelerator": "GPU"}
DESK = ("digits", "digits_download", "sine", "every")
DOWNLOADED = {
    **CREATE,
    "package": "com.example.digits_download",
    "class": "DigitsDownloadClassifier",
    "goldens": "digits_download_golden",
    "downloaded": True,
}


def jobs(work: Path, seconds: float) -> dict[str, dict[str, Any]]:
    model, other = str(work / "model.tflite"), str(work / "other.tflite")
    share = {**CREATE, "pictures": PICTURES, "milliseconds": round(seconds * 1000)}
    return {
        "cpu": CREATE,
        "gpu right": {**GPU, "gpu": "right"},
        "gpu wrong": {**GPU, "gpu": "wrong"},
        "gpu wrong, not verified": {**GPU, "gpu": "wrong", "verify": False},
        "gpu throws": {**GPU, "gpu": "throws"},
        "gpu unlisted": {**GPU, "gpu": "unlisted"},
        "gpu without an operator": {**GPU, "gpu": "unsupported"},
        "nnapi": {**CREATE, "accelerator": "NNAPI"},
        "nnapi on Android 15": {**CREATE, "accelerator": "NNAPI", "sdk": 35},
        "nnapi on Android 8.0": {**CREATE, "accelerator": "NNAPI", "sdk": 26},
        "file": {**CREATE, "file": model},
        "another file": {**CREATE, "file": other},
        "no file": {**CREATE, "file": str(work / "absent.tflite")},
        "downloaded": {**DOWNLOADED, "file": model},
        "another downloaded": {**DOWNLOADED, "file": other},
        "share": {**share, "do": "share"},
        "close": {**share, "do": "close", "milliseconds": 300},
        "flow": {"do": "call", "class": "com.example.digits.FlowChecks"},
        **{f"desk {name}": {"do": "test", "class": f"com.example.{name}.LocalGoldenCasesTest"} for name in DESK},
    }


@pytest.fixture(scope="session")
def answers(
    request: pytest.FixtureRequest,
    kotlin: harness.Toolchain,
    compiled: Compiled,
    modules: dict[str, dict[str, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What was seen in the JVM with a stand-in for a GPU."""
    work = tmp_path_factory.mktemp("android-runtime-run")
    model = modules["digits"]["src/main/assets/digits/model.tflite"]
    (work / "model.tflite").write_bytes(model)
    (work / "other.tflite").write_bytes(model[:-1] + bytes([model[-1] ^ 1]))
    seconds = 20 if request.config.getoption("--long") else 3
    given = {
        name: job
        for name, job in jobs(work, seconds).items()
        if not any(f"com.example.{module}." in f"{job.get('package', '')}.{job['class']}" for module in compiled.broken)
    }
    found = {path: data for name, files in modules.items() for path, data in assets(files).items()}
    classes = [compiled.classes, *kotlin.gpu_stand_in]
    folder = compiled.work / "desk"
    answers = harness.run_driver(kotlin, classes, found, given, work, driver="RuntimeDriver", folder=folder)
    return {"work": work, **answers}


def test_the_cpu_is_what_a_model_runs_on(answers: dict[str, Any]) -> None:
    assert answers["cpu"] == {"accelerator": "CPU", "fallbackReason": None, "differences": []}


def test_an_accelerator_that_answers_rightly_is_kept(answers: dict[str, Any]) -> None:
    kept = {"accelerator": "GPU", "fallbackReason": None, "differences": [], "delegates": 0}
    assert answers["gpu right"] == kept


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("gpu wrong", "GPU does not answer as the golden cases say: "),
        ("gpu throws", "GPU cannot run the model: no OpenCL library on this device"),
        ("gpu unlisted", "GPU cannot run the model: LiteRT has no GPU for this device"),
        ("gpu without an operator", "GPU cannot run the model: "),
        ("nnapi on Android 15", "NNAPI cannot run the model: NNAPI is deprecated since Android 15 (API 35)"),
        ("nnapi on Android 8.0", "NNAPI cannot run the model: NNAPI came with Android 8.1 (API 27)"),
    ],
)
def test_an_accelerator_that_is_no_good_gives_way_to_the_cpu(answers: dict[str, Any], job: str, reason: str) -> None:
    """With a reason, right answers, and nothing left open."""
    found = answers[job]
    assert (found["accelerator"], found["differences"]) == ("CPU", [])
    assert found["fallbackReason"].startswith(reason)
    assert found.get("delegates", 0) == 0


def test_a_reason_tells_what_differs(answers: dict[str, Any]) -> None:
    reason = answers["gpu wrong"]["fallbackReason"]
    assert "items of output 0 differ by more than 12" in reason
    assert reason.endswith("(differences: 2)"), reason
    assert "SOFTMAX is not supported" in answers["gpu without an operator"]["fallbackReason"]


def test_without_the_proof_a_wrong_accelerator_is_kept(answers: dict[str, Any]) -> None:
    """So it is the proof that finds it."""
    found = answers["gpu wrong, not verified"]
    assert (found["accelerator"], found["fallbackReason"], found["delegates"]) == ("GPU", None, 0)
    assert found["differences"]


def test_nnapi_is_taken_up_to_android_14(answers: dict[str, Any]) -> None:
    """There is none here, and LiteRT runs the whole model on the CPU then."""
    assert answers["nnapi"] == {"accelerator": "NNAPI", "fallbackReason": None, "differences": []}


def test_one_instance_serves_many_threads(answers: dict[str, Any]) -> None:
    found = answers["share"]
    assert found["wrong"] == 0
    assert found["different"] == len(PICTURES)
    assert found["least"] > 0
    assert found["right"] > 100


def test_closing_ends_those_who_are_at_work(answers: dict[str, Any]) -> None:
    assert answers["close"] == ["java.lang.IllegalStateException: the DigitsClassifier is closed"] * 8


def test_coroutines(answers: dict[str, Any], compiled: Compiled) -> None:
    compiled.require("digits")
    assert answers["flow"] == []


@pytest.mark.parametrize("job", ["file", "downloaded"])
def test_a_downloaded_model_is_read(answers: dict[str, Any], job: str) -> None:
    assert answers[job] == {"accelerator": "CPU", "fallbackReason": None, "differences": []}


@pytest.mark.parametrize("job", ["another file", "another downloaded"])
def test_another_model_is_refused_by_its_sha256(
    answers: dict[str, Any], modules: dict[str, dict[str, bytes]], job: str
) -> None:
    work = answers["work"]
    found, right = (hashlib.sha256((work / f"{name}.tflite").read_bytes()).hexdigest() for name in ("other", "model"))
    assert answers[job] == {
        "failure": f"java.lang.IllegalArgumentException: {work}/other.tflite is another model: its sha256 is {found}, "
        f"and {right} that of the right one"
    }
    assert "java.io.FileNotFoundException" in answers["no file"]["failure"]


def test_a_module_whose_model_is_downloaded_ships_none(modules: dict[str, dict[str, bytes]]) -> None:
    files = modules["digits_download"]
    assert [path for path in files if path.endswith(".tflite")] == ["download/digits_download.tflite"]
    assert files["download/digits_download.tflite"] == modules["digits"]["src/main/assets/digits/model.tflite"]


@pytest.mark.parametrize("module", DESK)
def test_on_a_developers_desk(answers: dict[str, Any], compiled: Compiled, module: str) -> None:
    """The tests in src/test: all of a model's cases, and here, where LiteRT has a library, its inference."""
    compiled.require(module)
    assert answers[f"desk {module}"] == {"inputsAndAnswers": None, "inference": None}


# --- what R8 leaves ----------------------------------------


@pytest.fixture(scope="session")
def shrunk(
    kotlin: harness.Toolchain,
    compiled: Compiled,
    modules: dict[str, dict[str, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[str]:
    """What the shrunk app says, where there are no classes of a GPU."""
    compiled.require("digits", "sine", "every", "shrunk")
    work = tmp_path_factory.mktemp("android-shrunk")
    keep = work / "app.pro"
    keep.write_text("-keep class packager.tests.ShrunkApp {\n    public static ** run(android.content.Context);\n}\n")
    names = ("digits", "sine", "every")
    rules = [compiled.work / name / "consumer-rules.pro" for name in names]
    harness.shrink(kotlin, compiled.classes, [harness.OPTIMIZE, keep, *rules], work / "shrunk.jar")
    driver = work / "driver" / "packager" / "tests"
    driver.mkdir(parents=True)
    for path in (compiled.classes / "packager" / "tests").glob("RuntimeDriver*.class"):
        shutil.copy(path, driver)
    found = {path: data for name in names for path, data in assets(modules[name]).items()}
    libraries = [path for path in kotlin.runtime if path not in kotlin.litert]
    job = {"app": {"do": "call", "class": "packager.tests.ShrunkApp"}}
    answers: dict[str, list[str]] = harness.run_driver(
        kotlin,
        [work / "driver", work / "shrunk.jar"],
        found,
        job,
        work,
        driver="RuntimeDriver",
        libraries=libraries,
    )
    return answers["app"]


def test_shrunk_classes_pass_the_self_tests(shrunk: list[str]) -> None:
    assert shrunk[:-1] == []


def test_an_app_without_the_artifacts_of_a_gpu_is_told_of_them(shrunk: list[str]) -> None:
    assert shrunk[-1].startswith(
        "GPU cannot run the model: the app lacks an artifact of the GPU: add com.google.ai.edge.litert:litert-gpu and "
        "litert-gpu-api, 1.4.2 (java.lang.NoClassDefFoundError: "
    )


# --- what is refused, and what the compiler finds ----------------------------------------


@pytest.mark.parametrize(
    ("data", "lack"),
    [
        (lambda: hand_made.copy("int16", None), "has no function for the input 'x', of int16"),
        (hand_made.stateful, "cannot clear what the model remembers from earlier runs"),
    ],
)
def test_what_a_compiled_model_cannot_do_is_refused(data: Callable[[], bytes], lack: str) -> None:
    model = parse_model(data(), Path("model.tflite"))
    TARGET.check_options(model, Options())
    with pytest.raises(TargetError) as raised:
        TARGET.check_options(model, Options(runtime=COMPILED))
    assert lack in raised.value.what
    assert raised.value.fix == "Set Options.runtime to interpreter."


def test_a_first_signature_of_another_graph_is_refused(examples: Path) -> None:
    model = read_model(examples / "sine" / "sine.tflite")
    TARGET.check_options(model, Options(runtime=COMPILED))
    (signature,) = model.signatures
    other = replace(model, signatures=(replace(signature, key="other", inputs=()), signature))
    with pytest.raises(TargetError, match="runs its first signature, 'other', which is not its main graph"):
        TARGET.check_options(other, Options(runtime=COMPILED))


@pytest.mark.parametrize(
    ("call", "wrong", "complaint"),
    [
        ("readInt8()", "readInt16()", "unresolved reference 'readInt16'"),
        ("CompiledModel.create(model.assets, model.path, options, environment)",
         "CompiledModel.create(model.path, model.assets, options, environment)", "argument type mismatch"),
        ("compiled.createInputBuffers()", "compiled.createInputBuffers(0, 1)", "none of the following candidates"),
    ],
)
def test_a_wrong_call_of_litert_2_does_not_compile(
    kotlin: harness.Toolchain,
    modules: dict[str, dict[str, bytes]],
    tmp_path: Path,
    call: str,
    wrong: str,
    complaint: str,
) -> None:
    """So the declarations find what is none of its interface."""
    files = {
        path: data
        for path, data in modules["digits_compiled"].items()
        if Path(path).name in ("CompiledModelRunner.kt", "ModelFile.kt", "TensorRunner.kt", "Accelerator.kt", "DownloadedFile.kt")
    }
    (runner,) = (path for path in files if path.endswith("CompiledModelRunner.kt"))
    assert files[runner].count(call.encode()) == 1
    files[runner] = files[runner].replace(call.encode(), wrong.encode())
    folder = write_files(tmp_path / "module", files)
    declarations = sorted((harness.HERE / "litert2").iterdir())
    broken = harness.compile_kotlin(kotlin, {"wrong": folder}, declarations, tmp_path / "classes")
    assert complaint in str(broken["wrong"]).lower()


@pytest.mark.parametrize("plugin", harness.PLUGINS)
@pytest.mark.parametrize("module", ["digits", "sine_compiled"])
def test_build_script_type_checks(
    modules: dict[str, dict[str, bytes]], tmp_path: Path, plugin: str, module: str
) -> None:
    write_files(tmp_path, {"build.gradle.kts": modules[module]["build.gradle.kts"]})
    harness.check_build_script(tmp_path / "build.gradle.kts", plugin, tmp_path)
