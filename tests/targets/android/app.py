"""The app of a generated Android project: its resources through aapt2, and its screens on a desktop JVM."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.conftest import require_tools, write_files
from tests.targets.android import harness

ANDROIDX = sorted((harness.HERE / "androidx").glob("*.kt"))


@dataclass(frozen=True)
class Resources:
    """What aapt2 makes of an app: an APK without code, the folder of its ``R.java``, and its manifest."""

    apk: Path
    java: Path
    manifest: Path


def link_resources(
    tools: harness.Toolchain, app: Path, package: str, work: Path, assets: Path | None = None
) -> Resources:
    """Compile and link the manifest and the resources of the app module in the folder ``app``, with these assets.

    Raises AssertionError where aapt2 refuses them.
    """
    require_tools("java", "aapt2", install="apt-get install openjdk-17-jdk-headless aapt")
    work.mkdir(parents=True, exist_ok=True)
    main, compiled = app / "src" / "main", work / "compiled.zip"
    manifest, apk, java = work / "AndroidManifest.xml", work / "app.apk", work / "java"
    # The Android Gradle Plugin puts the namespace there.
    text = (main / "AndroidManifest.xml").read_text()
    text = text.replace("<manifest ", f'<manifest package="{package}" ', 1)
    # Debian's aapt2 is of Android 10, and this element of Android 12.
    manifest.write_text(re.sub(r"<uses-native-library\s[^<>]*/>", "", text))
    _aapt2("compile", "--dir", main / "res", "-o", compiled)
    framework = ("-I", _framework(tools), "--min-sdk-version", "23", "--target-sdk-version", "34")
    given = () if assets is None else ("-A", assets, "-0", "tflite")
    _aapt2("link", *framework, "--manifest", manifest, "--java", java, "-o", apk, *given, compiled)
    return Resources(apk, java, manifest)


def compile_apps(
    tools: harness.Toolchain,
    projects: Mapping[str, Path],
    linked: Sequence[Resources],
    others: Sequence[Path],
    out: Path,
) -> dict[str, AssertionError]:
    """Compile whole projects, their modules and apps, as ``harness.compile_kotlin`` does modules.

    ``out`` has the classes ``R`` of these apps, too.
    """
    java = [path for resources in linked for path in sorted(resources.java.rglob("*.java"))]
    out.mkdir()
    if java:
        subprocess.run(["javac", "-nowarn", "-d", out, *java], check=True, capture_output=True)
    # The framework is instrumented: its classes have a method for Robolectric that compilers do not see, of an
    # interface whose method they do see, so that no class could extend a view. They get one without that method.
    seen = out.parent / f"{out.name}-compiler"
    (seen / "ShadowedObject.java").parent.mkdir(parents=True)
    (seen / "ShadowedObject.java").write_text(
        "package org.robolectric.internal.bytecode; public interface ShadowedObject {}"
    )
    subprocess.run(["javac", "-d", seen, seen / "ShadowedObject.java"], check=True, capture_output=True)
    compiling = replace(tools, runtime=(seen, out, *tools.runtime))
    return harness.compile_kotlin(compiling, projects, [*ANDROIDX, *others], out)


def run_apps(tools: harness.Toolchain, classes: Path, apps: Mapping[str, str], work: Path) -> None:
    """Run AppDriver.kt on ``apps``, packages by name.

    In ``work`` lie NAME.job.json, and in the folder NAME what ``link_resources`` made. There the driver puts
    NAME.json and the screens, or else NAME.failure.txt.
    """
    command = [
        *("java", "--add-opens=java.base/java.io=ALL-UNNAMED"),
        "-Drobolectric.offline=true",
        f"-Drobolectric.dependency.dir={tools.robolectric}",
        f"-Djava.library.path={tools.native}",
        f"-Dpackager.work={work}",
        *("-cp", ":".join(map(str, (classes, *tools.runtime)))),
        "packager.tests.AppDriverKt",
        *(word for pair in apps.items() for word in pair),
    ]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tools.shim)}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=600)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-10_000:]


def shown_strings(tools: harness.Toolchain, values: str, work: Path) -> dict[str, str]:
    """The strings by their names that an app would show of ``values``, an XML file of them."""
    app = write_files(work / "app", {"src/main/res/values/strings.xml": values.encode()})
    (app / "src/main/AndroidManifest.xml").write_text("<manifest />")
    linked = link_resources(tools, app, "com.example.strings", work / "linked")
    dumped = subprocess.run(["aapt2", "dump", "resources", linked.apk], capture_output=True, text=True, check=True)
    return dict(re.findall(r' string/(\w+)\n +\(\) "(.*)"$', dumped.stdout, re.MULTILINE))


def _framework(tools: harness.Toolchain) -> Path:
    return next(path for path in tools.runtime if path.name.startswith("android-all-instrumented"))


def _aapt2(*arguments: str | Path) -> None:
    done = subprocess.run(["aapt2", *arguments], capture_output=True, text=True)
    # It reads a framework of a newer Android than its own, and says so.
    errors = [line for line in done.stderr.splitlines() if " W " not in line[:12]]
    assert done.returncode == 0, "\n".join(errors)
