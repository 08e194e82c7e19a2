"""Compiles generated Android modules and runs them on a desktop JVM, with real inference and a real framework.

Maven brings the Kotlin compiler, Robolectric with Android's framework, and TensorFlow Lite's AARs. Their x86-64
library is built for bionic, Android's C library: a shim that hands its calls on to glibc stands in for that.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT, missing_toolchain, require_tools

HERE = Path(__file__).parent
DRIVER = tuple(HERE / f"{name}.kt" for name in ("Driver", "Calls", "Answers"))
OPTIMIZE = HERE / "proguard-android-optimize.txt"
CACHE = PROJECT / "build" / "android-tests"
APP = "packager.tests"
_CLASSPATH_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
# For compilers, which run for a minute at most: not worth much optimization themselves. It halves their CPU time.
# Of one compiler alone it would keep 48 MB of code, which a long run fills.
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=240m", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Toolchain:
    """Where everything lies: class paths, and the folders ``native``, ``shim`` and ``robolectric``.

    ``litert`` is the runtime's own part of ``runtime``. Kotlin compiles with ``gpu``, what an app adds for a GPU;
    no module runs with it. ``gpu_stand_in`` takes its place where one is asked for, see the folder gpu/.
    """

    compiler: tuple[Path, ...]
    runtime: tuple[Path, ...]
    litert: tuple[Path, ...]
    gpu: tuple[Path, ...]
    gpu_stand_in: tuple[Path, ...]
    r8: Path
    native: Path
    shim: Path
    robolectric: Path


def toolchain() -> Toolchain:
    """The toolchain; skips the test where a program of it is absent."""
    require_tools(
        "java", "javac", "mvn", "gcc", "nm", install="apt-get install openjdk-17-jdk-headless maven gcc binutils"
    )
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        missing_toolchain("Android's x86-64 library runs here on Linux on x86-64 only")
    artifacts = _maven("pom.xml")
    jars = {path.name: _unpacked(path) / "classes.jar" if path.suffix == ".aar" else path for path in artifacts}

    def named(*starts: str) -> tuple[Path, ...]:
        return tuple(jar for name, jar in jars.items() if name.startswith(starts))

    litert, gpu = named("tensorflow-lite-2", "tensorflow-lite-api-"), named("tensorflow-lite-gpu-")
    (r8,) = named("r8-")
    (android,) = named("android-all-instrumented")
    native = litert[0].parent / "jni" / "x86_64"
    robolectric = CACHE / "robolectric"
    robolectric.mkdir(parents=True, exist_ok=True)
    if not (robolectric / android.name).exists():
        (robolectric / android.name).symlink_to(android)
    return Toolchain(
        compiler=_compiler(artifacts),
        runtime=tuple(jar for jar in jars.values() if jar not in (*gpu, r8, *named("kotlin-compiler"))),
        litert=litert,
        gpu=gpu,
        gpu_stand_in=(_gpu_stand_in((*litert, *gpu)), *named("tensorflow-lite-gpu-api-")),
        r8=r8,
        native=native,
        shim=_bionic_shim(native / "libtensorflowlite_jni.so"),
        robolectric=robolectric,
    )


def compile_kotlin(
    tools: Toolchain, projects: Mapping[str, Path], others: Sequence[Path], out: Path
) -> dict[str, AssertionError]:
    """Compile the Kotlin of all ``projects``, their folders by name, and the files ``others`` in one go.

    A warning is an error, and so is in a project's main sources what explicit API mode refuses. Returns, by name, the
    errors of the projects that do not compile: ``out`` has the classes of the rest. Raises AssertionError where the
    compiler complains of nothing in a project.
    """
    sources = {name: sorted(folder.rglob("*.kt")) for name, folder in projects.items()}
    broken: dict[str, AssertionError] = {}
    while True:
        told = _kotlinc(
            tools.compiler,
            (*tools.runtime, *tools.gpu),
            [*itertools.chain(*sources.values()), *others],
            out,
            "-Xexplicit-api=warning",
        )
        if told is None:
            return broken
        places = [Path(place) for place in re.findall(r"^(/.+):\d+:\d+: (?:error|warning): ", told, re.MULTILINE)]
        found = {name for name in sources if any(place.is_relative_to(projects[name]) for place in places)}
        assert found, told
        for name in sorted(found):
            broken[name] = AssertionError(f"the project {name!r} does not compile:\n{told}")
            del sources[name]


def shrink(tools: Toolchain, classes: Path, rules: Sequence[Path], out: Path) -> None:
    """R8 on the classes of an app, with Kotlin's and LiteRT's own, by ``rules`` and those of LiteRT's archives."""
    app = out.with_suffix(".app.jar")
    with zipfile.ZipFile(app, "w") as jar:
        for path in sorted(classes.rglob("*.class")):
            jar.write(path, path.relative_to(classes).as_posix())
    kotlin = [path for path in tools.runtime if path.name.startswith(("kotlin-stdlib", "annotations-13"))]
    (android,) = tools.robolectric.iterdir()
    java = Path(shutil.which("java") or "").resolve().parents[1]
    archives = [path.with_name("proguard.txt") for path in tools.litert]
    command: list[str | Path] = [*_JAVA, "-cp", tools.r8, "com.android.tools.r8.R8", "--classfile", "--output", out]
    command += itertools.chain.from_iterable(("--lib", path) for path in (android, java))
    command += itertools.chain.from_iterable(("--pg-conf", path) for path in (*rules, *archives))
    done = subprocess.run([*command, app, *kotlin, *tools.litert], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def write_apk(path: Path, assets: Mapping[str, bytes]) -> None:
    """An app that holds ``assets``: uncompressed but for those under ``compressed/``, which lose that prefix."""
    with zipfile.ZipFile(path, "w") as apk:
        apk.writestr("AndroidManifest.xml", _binary_manifest(APP, 23, 34))
        for name, content in assets.items():
            method = zipfile.ZIP_DEFLATED if name.startswith("compressed/") else zipfile.ZIP_STORED
            apk.writestr("assets/" + name.removeprefix("compressed/"), content, method)


def run_driver(
    tools: Toolchain,
    classes: Sequence[Path],
    assets: Mapping[str, bytes],
    job: dict[str, Any],
    work: Path,
    *,
    driver: str = "Driver",
    libraries: Sequence[Path] | None = None,
    folder: Path | None = None,
) -> Any:
    """Run Driver.kt, or another driver, with ``job`` under Robolectric in an app of ``assets``; returns its answers.

    ``classes`` come first in the class path, before ``libraries``: the toolchain's, unless given. It runs in
    ``folder``. Further APKs that the job names lie in ``work`` already.
    """
    command, environment = driver_command(tools, classes, assets, work, driver, libraries)
    (work / "job.json").write_text(json.dumps(job))
    done = subprocess.run(command, env=environment, capture_output=True, timeout=900, cwd=folder)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-10_000:]
    return json.loads((work / "answers.json").read_text())


def driver_command(
    tools: Toolchain,
    classes: Sequence[Path],
    assets: Mapping[str, bytes],
    work: Path,
    driver: str,
    libraries: Sequence[Path] | None = None,
) -> tuple[list[str], dict[str, str]]:
    """The command that runs a driver as ``run_driver`` does, and its environment."""
    work.mkdir(parents=True, exist_ok=True)
    write_apk(work / "app.apk", assets)
    (work / "empty").mkdir(exist_ok=True)
    config = work / "config" / "com" / "android" / "tools"
    config.mkdir(parents=True, exist_ok=True)
    (config / "test_config.properties").write_text(
        f"android_merged_manifest={HERE / 'AndroidManifest.xml'}\nandroid_merged_assets={work / 'empty'}\n"
        f"android_resource_apk={work / 'app.apk'}\nandroid_custom_package={APP}\n"
    )
    native = (tools.native, *(path for path in classes if path.is_dir()))
    command = [
        "java",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "-Drobolectric.offline=true",
        f"-Drobolectric.dependency.dir={tools.robolectric}",
        f"-Djava.library.path={_join(native)}",
        f"-Dpackager.work={work}",
        "-cp",
        _join((work / "config", *classes, *(tools.runtime if libraries is None else libraries))),
        "org.junit.runner.JUnitCore",
        f"packager.tests.{driver}",
    ]
    return command, {**os.environ, "LD_LIBRARY_PATH": str(tools.shim)}


# Versions of the Android Gradle Plugin's API: the one next below 8.9 that is on Maven Central, and the newest of 9.4.
PLUGINS = ("8.7.0", "9.4.1")


def check_build_script(script: Path, plugin_version: str, work: Path, receiver: str = "Script") -> None:
    """Type-check a .gradle.kts against the APIs of Gradle, of the Android Gradle Plugin and of Kotlin's.

    ``receiver`` is the class of GradleDsl.kt that has what such a script sees.
    """
    require_tools("java", "mvn", install="apt-get install openjdk-17-jdk-headless maven")
    artifacts = _maven("gradle-pom.xml", f"-Dagp={plugin_version}")
    plugin = next(path for path in artifacts if "sam-with-receiver" in path.name)
    # Gradle compiles a script as the body of a class whose receiver is the project, after its own imports.
    lines = script.read_text().splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    body = [line for line in lines if not line.startswith("import ")]
    packages = ("org.gradle.api", "org.gradle.api.initialization.resolve", "org.gradle.api.publish.maven")
    defaults = [f"import {package}.*" for package in packages]
    head = "package packager.tests\n\n" + "\n".join([*defaults, *imports])
    source = work / "Script.kt"
    source.write_text(head + f"\n\nfun {receiver}.script() {{\n" + "\n".join(body) + "\n}\n")
    told = _kotlinc(
        _compiler(artifacts),
        [path for path in artifacts if not path.name.startswith("kotlin-compiler")],
        [source, HERE / "GradleDsl.kt"],
        work / "classes",
        f"-Xplugin={plugin}",
        "-P",
        "plugin:org.jetbrains.kotlin.samWithReceiver:annotation=org.gradle.api.HasImplicitReceiver",
    )
    assert told is None, told


def _maven(pom: str, *properties: str) -> list[Path]:
    """The artifacts that ``pom`` names with these ``properties``, from the local repository or the network."""
    CACHE.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256((HERE / pom).read_bytes() + " ".join(properties).encode())
    listed = CACHE / f"{Path(pom).stem}-{digest.hexdigest()[:12]}.classpath"
    if listed.is_file():
        artifacts = [Path(name) for name in listed.read_text().strip().split(":")]
        if all(path.is_file() for path in artifacts):
            return artifacts
    command: list[str | Path] = ["mvn", "-B", "-q", "-f", HERE / pom, _CLASSPATH_GOAL, f"-Dmdep.outputFile={listed}"]
    command += properties
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        missing_toolchain(f"Maven cannot get what {pom} names (it needs Maven Central): {errors[:1]}")
    return [Path(name) for name in listed.read_text().strip().split(":")]


def _unpacked(archive: Path) -> Path:
    folder = CACHE / archive.stem
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with zipfile.ZipFile(archive) as file:
            file.extractall(partial)
        partial.rename(folder)
    return folder


def _compiler(artifacts: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(path for path in artifacts if path.name.startswith(("kotlin", "annotations-13")))


def _kotlinc(
    compiler: Sequence[Path], classpath: Sequence[Path], sources: Sequence[Path], out: Path, *options: str
) -> str | None:
    """What the compiler complains of, a warning too; None where it compiles."""
    command = [
        *(*_JAVA, "-cp", _join(compiler), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"),
        *("-no-stdlib", "-no-reflect", "-jvm-target", "17", "-cp", _join(classpath), "-d", str(out)),
        *options,
        *map(str, sources),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    complaints = re.split(r"^(?=(?:\S.*:\d+:\d+: )?(?:error|warning): )", done.stderr, flags=re.MULTILINE)
    found = [text for text in complaints if text.strip() and not _EXPLICIT_ELSEWHERE.match(text)]
    return "".join(found) if found or done.returncode != 0 else None


# Gradle asks for explicit API mode of modules' main sources only; the compiler has one mode for all that it is given.
_EXPLICIT_ELSEWHERE = re.compile(r"(?!.*(?<!/app)/src/main/).+:\d+:\d+: warning: .* in explicit API mode\.")


def _join(paths: Sequence[Path]) -> str:
    return ":".join(map(str, paths))


def _gpu_stand_in(classpath: Sequence[Path]) -> Path:
    """The folder gpu/, compiled: classes and a library."""
    sources = sorted((HERE / "gpu").iterdir())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    folder = CACHE / f"gpu-{digest.hexdigest()[:12]}"
    if not folder.is_dir():
        work = folder.with_suffix(".partial")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        java = [path for path in sources if path.suffix == ".java"]
        subprocess.run(["javac", "-cp", _join(classpath), "-d", work, *java], check=True)
        options = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror")
        library = ("-o", work / "libpackager_gpu.so", HERE / "gpu" / "gpu_delegate.c")
        subprocess.run(["gcc", *options, *library], check=True)
        work.rename(folder)
    return folder


def _bionic_shim(library: Path) -> Path:
    """Stand-ins for the C libraries that ``library`` is linked with, in a folder of their own."""
    source = (HERE / "bionic_shim.c").read_text()
    digest = hashlib.sha256(source.encode() + library.read_bytes()).hexdigest()
    folder = CACHE / f"bionic-{digest[:12]}"
    if folder.is_dir():
        return folder
    listed = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True)
    symbols = (line.split()[-2:] for line in listed.stdout.splitlines())
    needed = {name.split("@")[0] for kind, name in symbols if kind == "U"}
    special = {*re.findall(r"BIONIC\((\w+)\);", source), "__sF"}
    passed_on = sorted(needed - special)
    work = folder.with_suffix(".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    names = ", ".join(f'"{name}"' for name in passed_on)
    (work / "names.h").write_text(f"#define NAME_COUNT {len(passed_on)}\nstatic const char *names[] = {{{names}}};\n")
    (work / "jumps.s").write_text(
        "\n".join(
            f".globl {name}\n.type {name},@function\n{name}: jmp *shim_table+{8 * index}(%rip)"
            for index, name in enumerate(passed_on)
        )
        + '\n.section .note.GNU-stack,"",@progbits\n'
    )
    (work / "empty.c").write_text("")
    # bionic's libraries have one symbol version.
    (work / "versions.map").write_text("LIBC { global: *; };\n")
    shim = [HERE / "bionic_shim.c", work / "jumps.s"]
    for name, sources, versioned in (
        ("libc.so", shim, True),
        ("libm.so", [work / "empty.c"], True),
        ("libdl.so", [work / "empty.c"], True),
        ("liblog.so", [work / "empty.c"], False),
    ):
        options = [f"-Wl,--version-script={work / 'versions.map'}"] if versioned else []
        command = ["gcc", "-shared", "-fPIC", "-O1", "-w", "-fno-builtin", f"-I{work}", f"-Wl,-soname,{name}"]
        subprocess.run([*command, "-o", work / name, *sources, *options], check=True)
    work.rename(folder)
    return folder


def _binary_manifest(package: str, minimum_sdk: int, target_sdk: int) -> bytes:
    """A minimal AndroidManifest.xml in the binary form that an APK holds."""
    android = "http://schemas.android.com/apk/res/android"
    strings = ["minSdkVersion", "targetSdkVersion", "android", android, "manifest", "package", package, "uses-sdk"]
    strings.append("application")
    none = 0xFFFFFFFF

    def chunk(kind: int, body: bytes) -> bytes:
        return struct.pack("<HHI", kind, 16, 8 + len(body)) + body

    def start(name: str, *attributes: tuple[int, str, int, int, int]) -> bytes:
        body = struct.pack(
            "<IIIIHHHHHH", 1, none, none, strings.index(name), 20, 20, len(attributes), 0, 0, 0
        ) + b"".join(
            struct.pack("<IIIHBBI", namespace, strings.index(attribute), raw, 8, 0, kind, data)
            for namespace, attribute, raw, kind, data in attributes
        )
        return chunk(0x0102, body)

    def end(name: str) -> bytes:
        return chunk(0x0103, struct.pack("<IIII", 1, none, none, strings.index(name)))

    own, prefix = strings.index(package), strings.index(android)
    namespace = struct.pack("<IIII", 1, none, strings.index("android"), prefix)
    body = (
        chunk(0x0100, namespace)
        + start("manifest", (none, "package", own, 3, own))
        + start(
            "uses-sdk",
            (prefix, "minSdkVersion", none, 0x10, minimum_sdk),
            (prefix, "targetSdkVersion", none, 0x10, target_sdk),
        )
        + end("uses-sdk")
        + start("application")
        + end("application")
        + end("manifest")
        + chunk(0x0101, namespace)
    )
    data, offsets = b"", b""
    for text in strings:
        offsets += struct.pack("<I", len(data))
        data += struct.pack("<H", len(text)) + text.encode("utf-16le") + b"\0\0"
    data += b"\0" * (-len(data) % 4)
    size = 28 + len(offsets) + len(data)
    pool = struct.pack("<HHIIIIII", 1, 28, size, len(strings), 0, 0, 28 + len(offsets), 0) + offsets + data
    # The resource ids of the first two strings, by which the framework knows these attributes.
    resources = struct.pack("<HHIII", 0x0180, 8, 16, 0x0101020C, 0x01010270)
    return struct.pack("<HHI", 3, 8, 8 + len(pool) + len(resources) + len(body)) + pool + resources + body
