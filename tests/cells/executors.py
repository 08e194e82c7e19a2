"""How a generated project runs its own self-test: on the runtime that it is for, or on one that stands in for it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from packager.replay import verify
from packager.targets.micro.arena import likely_arena
from packager.targets.micro.project import GoldenContext
from packager.tasks import InputKind
from tests.cells.breakages import Broken
from tests.cells.models import Row
from tests.cells.projects import Project
from tests.conftest import write_files
from tests.targets.android import harness as android
from tests.targets.ios.harness import Swift, picture_files, results, swift_root
from tests.targets.micro import harness as micro
from tests.targets.pi.emulated import Machine, find_pi

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Verdict:
    """What a self-test said: of all, and of each golden case in ``cases``; ``lines`` are what it printed."""

    passed: bool
    cases: Mapping[str, bool]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A project, and the ways in which it is broken."""

    project: Project
    broken: Mapping[str, Broken]

    def variants(self) -> Iterator[tuple[str, Files]]:
        """The files that are others than in the project: none under an empty name, and then what is broken."""
        yield "", {}
        yield from ((name, item.changed) for name, item in self.broken.items())


# By model, by what is wrong with it (nothing first); an error where the project could not be run.
Verdicts = dict[str, dict[str, Verdict] | Exception]


def each(subjects: Mapping[str, Subject], run: Callable[[Subject], dict[str, Verdict]]) -> Verdicts:
    """What ``run`` says of each; what it raises of one leaves the others alone."""
    verdicts: Verdicts = {}
    for name, subject in subjects.items():
        try:
            verdicts[name] = run(subject)
        except Exception as error:
            verdicts[name] = error
    return verdicts


class Executor(ABC):
    """Runs the projects of one target, all in one go: compilers and runtimes take longest to start."""

    name: ClassVar[str]
    target: ClassVar[str]
    # By pyproject.toml, the toolchains that it takes.
    marks: ClassVar[tuple[str, ...]] = ()
    # The models that are run here, where that is not all that the target serves.
    models: ClassVar[tuple[str, ...]] = ()
    # The models that are broken, where those are not all.
    broken: ClassVar[tuple[str, ...] | None] = None
    # Whether it is packaged on a machine that has not the target's runtime.
    stands_in: ClassVar[bool] = False

    def options(self, _row: Row) -> dict[str, Any]:
        """Options of the target, but for the name."""
        return {}

    @abstractmethod
    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        """Run the self-tests of the projects, by the names of their models; ``work`` is an empty folder."""


# --- Raspberry Pi ----------------------------------------

# Models that others made, for pictures: large enough for kernels to differ.
LARGE = ("ssd_coco", "yolo11", "yolov8n", "deeplab", "deeplab_argmax", "movenet_lightning")


class OnThisComputer(Executor):
    """The package's own command, ``python -m … selftest``, in a process for each package that has LiteRT loaded."""

    name = target = "pi"
    kernels: ClassVar[str] = ""

    def python(self) -> list[str]:
        return [sys.executable]

    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        jobs = []
        for name, subject in subjects.items():
            folder = write_files(work / name / "package", subject.project.files)
            (self_test,) = folder.glob("*/selftest.py")
            variants = [[str(work / name / str(number)), [*changed]] for number, changed in _numbered(subject)]
            for number, changed in _numbered(subject):
                write_files(work / name / str(number), changed)
            jobs.append([str(folder), self_test.parent.name, variants])
        command = [*self.python(), "-c", _FORKS, self.kernels]
        subprocess.run(command, input=json.dumps(jobs), text=True, check=True)
        return each(
            subjects,
            lambda subject: {
                variant: pi_verdict((work / subject.project.row.name / f"{number}.txt").read_text())
                for number, (variant, _) in enumerate(subject.variants())
            },
        )


def _numbered(subject: Subject) -> Iterator[tuple[int, Files]]:
    return enumerate(changed for _, changed in subject.variants())


# Reads [[folder, package, [[folder of changed files, their names], …]], …] from stdin. What a package prints, and its
# exit code, go to a file of the name of the folder of changed files.
_FORKS = """
import functools, json, os, runpy, signal, sys
import numpy, PIL.Image
try:
    import ai_edge_litert.interpreter as litert
except ImportError:
    import tflite_runtime.interpreter as litert
if sys.argv[1]:
    kind = getattr(litert.OpResolverType, sys.argv[1])
    litert.Interpreter = functools.partial(litert.Interpreter, experimental_op_resolver_type=kind)

def run(folder, package, changed, names):
    for name in names:
        os.replace(name, name + ".kept")
        os.replace(os.path.join(changed, name), name)
    file = os.open(changed + ".txt", os.O_CREAT | os.O_WRONLY)
    os.dup2(file, 1), os.dup2(file, 2), os.close(file)
    # As in a new process, but for what Python has compiled.
    for module in [module for module in sys.modules if module.split(".")[0] == package]:
        del sys.modules[module]
    sys.argv = [package, "selftest"]
    try:
        runpy.run_module(package, run_name="__main__", alter_sys=True)
    except SystemExit as stopped:
        print("exit code", stopped.code, flush=True)
    for name in names:
        os.replace(name + ".kept", name)

for folder, package, variants in json.load(sys.stdin):
    child = os.fork()
    if child == 0:
        signal.alarm(600)
        os.chdir(folder)
        sys.path.insert(0, folder)
        for variant in variants:
            run(folder, package, *variant)
        os._exit(0)
    os.waitpid(child, 0)
"""


def pi_verdict(text: str) -> Verdict:
    """Of a line a case, ``PASS name: …``, and one for all, ``PASS 3 cases, …``."""
    *lines, code = text.splitlines()
    told = [line for line in lines if line.startswith(("PASS", "FAIL"))]
    cases = {line.split()[1].rstrip(":"): line.startswith("PASS") for line in told[:-1]}
    passed = bool(told) and told[-1].startswith("PASS")
    assert code == f"exit code {0 if passed else 1}", text
    assert len(cases) == max(0, len(told) - 1), text
    return Verdict(passed, cases, tuple(lines))


class OwnKernels(OnThisComputer):
    """With LiteRT's own kernels in place of XNNPACK's."""

    name, kernels, broken = "pi-own-kernels", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", ()
    models = ("digits", "yolo_v8", "mask_scores", "movenet", "embedding", "sine", *LARGE)


class ReferenceKernels(OnThisComputer):
    """With LiteRT's reference kernels, too slow for the models that others made."""

    name, kernels, broken = "pi-reference-kernels", "BUILTIN_REF", ()
    models = ("digits", "yolo_v8", "mask_scores", "movenet", "embedding", "sine")


class OnAarch64(OnThisComputer):
    """On an emulated 64-bit Raspberry Pi, with the wheels that pip installs there."""

    name, marks = "pi-aarch64", ("pi_root",)
    models: ClassVar[tuple[str, ...]] = ("digits", "sine", "yamnet", "movie_review", *LARGE)
    broken: ClassVar[tuple[str, ...] | None] = ("digits",)
    machine: ClassVar[Machine] = "aarch64"

    def python(self) -> list[str]:
        return find_pi().command(self.machine)


class On32Bits(OnAarch64):
    """On an emulated 32-bit one, whose newest runtime is tflite-runtime."""

    name, machine = "pi-armhf", "armhf"
    models: ClassVar[tuple[str, ...]] = ("digits", "mobilenet_v1")
    broken: ClassVar[tuple[str, ...] | None] = ()


# --- Android ----------------------------------------


class OnTheJvm(Executor):
    """The SelfTest of every module under Robolectric: compiled in one go, run in one JVM."""

    name, target, marks = "android", "android", ("kotlin",)

    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        tools = android.toolchain()
        folders = {name: write_files(work / "modules" / name, made.project.files) for name, made in subjects.items()}
        broken = android.compile_kotlin(tools, folders, android.DRIVER, work / "classes")
        compiled = {name: subject for name, subject in subjects.items() if name not in broken}
        jobs: dict[tuple[str, str], dict[str, str]] = {}
        (work / "run").mkdir()
        for name, subject in compiled.items():
            for variant, changed in subject.variants():
                apk = f"{len(jobs)}.apk"
                android.write_apk(work / "run" / apk, _assets({**subject.project.files, **changed}))
                jobs[name, variant] = {"package": subject.project.context.project.package, "apk": apk}
        ran = android.run_driver(tools, [work / "classes"], {}, {"damaged": [*jobs.values()]}, work / "run")
        reports = dict(zip(jobs, ran["damaged"], strict=True))
        return {**broken, **each(compiled, lambda subject: android_verdicts(subject, reports))}


def _assets(files: Files) -> dict[str, bytes]:
    """The assets of a module and of its test, as the test's APK holds them."""
    return {path.split("/assets/", 1)[1]: content for path, content in files.items() if "/assets/" in path}


def android_verdicts(subject: Subject, reports: Mapping[tuple[str, str], Any]) -> dict[str, Verdict]:
    """Of reports of a number of cases, and of failures that begin with the name of theirs."""
    verdicts = {}
    for variant, changed in subject.variants():
        report = reports[subject.project.row.name, variant]
        names, failures = case_names(subject.project, changed), tuple(report["failures"])
        assert report["cases"] == len(names)
        cases = {name: not any(line.startswith(f"{name}, ") for line in failures) for name in names}
        verdicts[variant] = Verdict(report["passed"], cases, failures)
    return verdicts


def case_names(project: Project, changed: Files) -> list[str]:
    """The golden cases in the project's files, some of which are ``changed``."""
    path = f"{project.golden_folder}cases.json"
    return [case["name"] for case in json.loads({**project.files, **changed}[path])["cases"]]


# --- iOS ----------------------------------------


class OnLinux(Executor):
    """The SelfTest of every package with TensorFlow Lite's C library: one build, and a run for each changed asset."""

    name, target, marks = "ios", "ios", ("swift",)

    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        with swift_root() as swift:
            modules = {name: subject.project.context.project.module for name, subject in subjects.items()}
            for name, subject in subjects.items():
                is_picture = subject.project.annotated.input.kind is InputKind.IMAGE
                checks = ["Cell.swift", "PictureCases.swift" if is_picture else "Cases.swift"]
                type_name = subject.project.context.project.type_name
                swift.add(modules[name], type_name, subject.project.files, checks)
            swift.write_manifest([*modules.values()])
            built = swift.run("swift", "build", "--build-tests", "-Xswiftc", "-gnone", at="Checks")
            assert built.returncode == 0, built.stdout[-8000:] + built.stderr
            verdicts: dict[str, dict[str, Verdict]] = {name: {} for name in subjects}
            for number in itertools.count():
                # What is not in the folder of golden cases is replaced in what was built: one change a run.
                given = {name: self._round(subject, number) for name, subject in subjects.items()}
                if not any(given.values()):
                    break
                for name, told in self._run_round(swift, subjects, modules, given).items():
                    verdicts[name] |= told
        return {**verdicts}

    def _round(self, subject: Subject, number: int) -> dict[str, Files]:
        """What is run together: first all that changes golden cases only, then one other change at a time."""
        folder = subject.project.golden_folder
        assert folder is not None
        # The cases that prove an accelerator take no part.
        variants = {
            name: {path: data for path, data in changed.items() if "/Assets/golden/" not in path}
            for name, changed in subject.variants()
        }
        others = {
            name: changed
            for name, changed in variants.items()
            if not all(path.startswith(folder) for path in changed)
        }
        if number == 0:
            return {name: changed for name, changed in variants.items() if name not in others}
        return dict([*others.items()][number - 1 : number])

    def _run_round(
        self,
        swift: Swift,
        subjects: Mapping[str, Subject],
        modules: Mapping[str, str],
        given: Mapping[str, Mapping[str, Files]],
    ) -> dict[str, dict[str, Verdict]]:
        expected = swift.work / "expected"
        shutil.rmtree(expected, ignore_errors=True)
        expected.mkdir()
        kept: dict[Path, bytes] = {}
        for name, variants in given.items():
            project, module = subjects[name].project, modules[name]
            folder = project.golden_folder
            assert folder is not None
            for number, changed in enumerate(variants.values()):
                files = {**project.files, **changed}
                golden = {path.removeprefix(folder): data for path, data in files.items() if path.startswith(folder)}
                write_files(expected / module / str(number), {**golden, **picture_files(golden)})
                for path in (path for path in changed if not path.startswith(folder)):
                    (built,) = swift.work.glob(
                        f"Checks/.build/*/debug/{module}_{module}.resources/{path.removeprefix(f'Sources/{module}/')}"
                    )
                    kept[built] = built.read_bytes()
                    built.write_bytes(changed[path])
        ran = swift.run(".build/debug/ChecksPackageTests.xctest", at="Checks")
        ended = results(ran.stdout + ran.stderr)
        for file, content in kept.items():
            file.write_bytes(content)
        told: dict[str, dict[str, Verdict]] = {}
        for name, variants in given.items():
            module = modules[name]
            assert ended[f"{module}Cell.testCell"] == "passed", ran.stdout + ran.stderr
            verdicts = json.loads((expected / f"{module}.json").read_text())
            told[name] = {variant: swift_verdict(verdicts[str(number)]) for number, variant in enumerate(variants)}
            # What the package's user runs; of pictures it needs Apple's decoder.
            if "" in variants and ended[f"{module}Tests.testGoldenCases"] == "failed":
                told[name][""] = replace(told[name][""], passed=False, lines=(ran.stdout + ran.stderr,))
        return told


def swift_verdict(said: Mapping[str, list[str]]) -> Verdict:
    """Of the names of the cases, and failures that begin with the name of theirs."""
    failures = said["failures"]
    cases = {name: not any(line.startswith(f"{name}: ") for line in failures) for name in said["cases"]}
    return Verdict(not failures, cases, tuple(failures))


# --- microcontrollers ----------------------------------------


class OnMicroRuntime(Executor):
    """`packager verify`: the arrays that would be compiled, in TensorFlow Lite Micro's package on this computer."""

    name = target = "micro"
    # It measures the arena too, which takes its time.
    broken: ClassVar[tuple[str, ...] | None] = ("sine", "mixed")

    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        return each(subjects, lambda subject: self._run(subject, work / subject.project.row.name))

    def _run(self, subject: Subject, work: Path) -> dict[str, Verdict]:
        verdicts = {}
        for number, (variant, changed) in enumerate(subject.variants()):
            report = verify(write_files(work / str(number), {**subject.project.files, **changed}))
            cases = {case.name: case.passed for case in report.cases}
            verdicts[variant] = Verdict(report.passed, cases, report.problems)
        return verdicts


class OnCortexM3(Executor):
    """The sketch, compiled for an emulated board. Its runtime computes integers, and these floats, bit for bit."""

    name, target, marks = "micro-emulated", "micro", ("arm",)
    models: ClassVar[tuple[str, ...]] = (
        *("digits", "colors", "sigmoid", "yolo_v8", "yolo_v5", "ssd", "end_to_end", "fomo", "mask_scores"),
        *("probability", "movenet", "movenet_multipose", "landmarks"),
        *("embedding", "axes", "sine", "mixed", "stateful"),
        *("hello_world_int8", "hello_world_float", "micro_speech", "person_detect"),
    )
    # One of each way to read an answer, and what is no picture.
    broken: ClassVar[tuple[str, ...] | None] = (
        *("digits", "yolo_v8", "fomo", "mask_scores", "movenet", "embedding", "axes", "sine", "mixed", "stateful"),
        *("hello_world_int8", "hello_world_float", "micro_speech", "person_detect"),
    )
    # Where that margin is too small.
    arenas: ClassVar[Mapping[str, int]] = {"micro_speech": 16384, "person_detect": 160000}

    def options(self, row: Row) -> dict[str, Any]:
        return {"arena_bytes": self.arenas.get(row.name), "arena_margin": micro.ARENA_MARGIN}

    def run(self, subjects: Mapping[str, Subject], work: Path) -> Verdicts:
        micro.library()
        return each(subjects, lambda subject: self._run(subject, work / subject.project.row.name))

    def _run(self, subject: Subject, work: Path) -> dict[str, Verdict]:
        """Of a program as it was made, and of others that differ in the object of the golden cases."""
        verdicts, objects = {}, dict[Path, Path]()
        for number, (variant, changed) in enumerate(subject.variants()):
            folder = write_files(work, {**subject.project.files, **changed})
            sources = micro.sketch_sources(folder)
            for source in sources:
                if source not in objects or source in {folder / path for path in changed}:
                    target = work / f"{number}-{source.name}.o"
                    objects[source] = micro.compile_source(source, target, defines=("-DSELF_TEST=1",))
            program = micro.link([objects[source] for source in sources], work / f"{number}.elf")
            verdicts[variant] = micro_verdict(micro.run(program).lines, subject.project.context.project.golden)
        return verdicts


# Of each kind: an int8 classifier, floats, a sound, numbers.
REPRESENTATIVE = ("digits", "hello_world_float", "micro_speech", "sine")


class OnMicroRuntimeMadeElsewhere(OnMicroRuntime):
    """A project made without TensorFlow Lite Micro's package, replayed with it."""

    name, stands_in, models, broken = "micro-made-elsewhere", True, REPRESENTATIVE, ()

    def options(self, row: Row) -> dict[str, Any]:
        return {"arena_bytes": likely_arena(row.annotated().model)}


class OnCortexM3MadeElsewhere(OnCortexM3):
    """The same, compiled."""

    name, stands_in, models = "micro-emulated-made-elsewhere", True, REPRESENTATIVE
    broken: ClassVar[tuple[str, ...] | None] = ("sine", "hello_world_float")
    # As estimated for today's interpreter, or as that of 2020 needs.
    arenas: ClassVar[Mapping[str, int]] = {**dict.fromkeys(REPRESENTATIVE, 16384), "hello_world_float": 6144}


def micro_verdict(lines: Sequence[str], golden: GoldenContext) -> Verdict:
    """Of a line a case, ``case name: max difference 0, 0.000000, 7 us…``, of kernels, the arena, and PASS or FAIL.

    A case whose answer is another one ends in that.

    A float has a point. What the runtime itself computed for golden cases comes out the same to the last bit.
    """
    counts, absolute = (golden.tolerance_counts, golden.tolerance_absolute) if golden.is_stand_in else (0, 0.0)
    differences = {}
    wrong = {line.split()[1].rstrip(":") for line in lines if line.endswith(", the answer differs")}
    for line in lines[:-2]:
        if line.startswith("kernel: "):
            assert line.endswith(" of the reference"), lines
            continue
        found = re.match(r"case (\w+): max difference (.+?), \d+ us", line)
        assert found is not None, lines
        differences[found[1]] = found[2].split(", ")
    cases = {
        name: name not in wrong
        and all(item != "too large" and float(item) <= (absolute if "." in item else counts) for item in items)
        for name, items in differences.items()
    }
    return Verdict(lines[-1] == "PASS", cases, tuple(lines))


EXECUTORS: dict[str, Executor] = {
    executor.name: executor
    for executor in (
        OnThisComputer(),
        OwnKernels(),
        ReferenceKernels(),
        OnAarch64(),
        On32Bits(),
        OnTheJvm(),
        OnLinux(),
        OnMicroRuntime(),
        OnMicroRuntimeMadeElsewhere(),
        OnCortexM3(),
        OnCortexM3MadeElsewhere(),
    )
}
