"""The app of a generated Android project: its resources through aapt2, and its screens on a desktop JVM."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.conftest import require_tools
from tests.targets.android import harness

ANDROIDX = sorted((harness.HERE / "androidx").glob("*.kt"))


@dataclass(frozen=True)
class Resources:
    """What aapt2 makes of an app: an APK without code, the folder of its ``R.java``, and its manifest."""

    apk: Path
    java: Path
    manifest: Path


def link_resources(tools: harness.Toolchain, app: Path, package: str, work: Path) -> Resources:
    """Compile and link the manifest and the resources of the app module in the folder ``app``.

    Raises AssertionError where aapt2 refuses them.
    """
    require_tools("java", "aapt2", install="apt-get install openjdk-17-jdk-headless aapt")
    work.mkdir(parents=True, exist_ok=True)
    main, compiled = app / "src" / "main", work / "compiled.zip"
    manifest, apk, java = work / "AndroidManifest.xml", work / "app.apk", work / "java"
    # The Android Gradle Plugin puts the namespace there.
    text = (main / "AndroidManifest.xml").read_text()
    manifest.write_text(text.replace("<manifest ", f'<manifest package="{package}" ', 1))
    _aapt2("compile", "--dir", main / "res", "-o", compiled)
    framework = ("-I", _framework(tools), "--min-sdk-version", "23", "--target-sdk-version", "34")
    _aapt2("link", *framework, "--manifest", manifest, "--java", java, "-o", apk, compiled)
    return Resources(apk, java, manifest)


def compile_apps(
    tools: harness.Toolchain, projects: Mapping[str, Path], linked: Sequence[Resources], others: Sequence[Path], out: Path
) -> dict[str, AssertionError]:
    """Compile whole projects, their modules and apps, as ``harness.compile_kotlin`` does modules.

    ``out`` has the classes ``R`` of these apps, too.
    """
    java = [path for resources in linked for path in sorted(resources.java.rglob("*.java"))]
    subprocess.run(["javac", "-nowarn", "-d", out, *java], check=True, capture_output=True)
    # The framework is instrumented: its classes have a method for Robolectric that compilers do not see, of an
    # interface whose method they do see, so that no class could extend a view. They get one without that method.
    seen = out.parent / f"{out.name}-compiler"
    (seen / "ShadowedObject.java").parent.mkdir(parents=True)
    (seen / "ShadowedObject.java").write_text("package org.robolectric.internal.bytecode; public interface ShadowedObject {}")
    subprocess.run(["javac", "-d", seen, seen / "ShadowedObject.java"], check=True, capture_output=True)
    compiling = replace(tools, runtime=(seen, out, *tools.runtime))
    return harness.compile_kotlin(compiling, projects, [*ANDROIDX, *others], out)


def _framework(tools: harness.Toolchain) -> Path:
    return next(path for path in tools.runtime if path.name.startswith("android-all-instrumented"))


def _aapt2(*arguments: str | Path) -> None:
    done = subprocess.run(["aapt2", *arguments], capture_output=True, text=True)
    # It reads a framework of a newer Android than its own, and says so.
    errors = [line for line in done.stderr.splitlines() if " W " not in line[:12]]
    assert done.returncode == 0, "\n".join(errors)
