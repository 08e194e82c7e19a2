"""Compiles and runs generated Swift packages, in a Debian root with Swift and TensorFlow Lite's C library."""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.conftest import PROJECT, missing_toolchain, needs_toolchain, write_files

HERE = Path(__file__).parent
# What makes warnings errors, for the sources of a package; its manifest says that they are of Swift 6.
_RESOURCES = '      resources: [.copy("Assets"), .copy("PrivacyInfo.xcprivacy")],\n'
_STRICT = '      swiftSettings: [.unsafeFlags(["-warnings-as-errors", "-strict-concurrency=complete"])],\n'


@dataclass(frozen=True)
class Swift:
    """The Swift root, with all that is compiled in ``work``, and what the checks read in ``expected`` there."""

    root: Path
    work: Path

    def run(self, *command: str, at: str = ".") -> subprocess.CompletedProcess[str]:
        """A command in the folder ``at`` of ``work``."""
        return subprocess.run(self.command(*command, at=at), capture_output=True, text=True, check=False)

    def command(self, *command: str, at: str = ".") -> list[str | Path]:
        """What runs a command in the folder ``at`` of ``work``."""
        inside = Path("/") / self.work.relative_to(self.root)
        script = 'cd "$1" && export CHECKS="$2" && shift 2 && exec "$@"'
        folders = [inside / at, inside / "expected"]
        return [PROJECT / "tests" / "in_debian_root.sh", self.root, "bash", "-c", script, "_", *folders, *command]

    def add(
        self,
        module: str,
        type_name: str,
        files: Mapping[str, bytes],
        checks: Sequence[str],
        delegates: Sequence[str] = (),
        method: str = "",
    ) -> None:
        """Write a generated package, and beside its tests the ``checks``, in which stand names for its own.

        It is compiled without a warning. ``delegates`` are the libraries of accelerators to link; ``method`` is what
        the class calls its answer.
        """
        folder = write_files(self.work / module, files)
        manifest = (folder / "Package.swift").read_text()
        assert _RESOURCES in manifest
        manifest = manifest.replace(_RESOURCES, _RESOURCES + _STRICT)
        for delegate in delegates:
            line = f'.product(name: "{delegate}", package: "TensorFlowLiteC"),'
            assert f"// {line}" in manifest
            manifest = manifest.replace(f"// {line}", line)
        (folder / "Package.swift").write_text(manifest)
        folder = self.work / "Checks" / "Tests" / f"{module}Tests"
        shutil.copytree(self.work / module / "Tests" / f"{module}Tests", folder)
        for name in checks:
            text = (HERE / "checks" / name).read_text()
            (folder / name).write_text(
                text.replace("MODULE", module).replace("TYPE", type_name).replace("METHOD", method)
            )

    def write_manifest(self, modules: Sequence[str]) -> None:
        """The package Checks, whose tests are those of all ``modules``: one build instead of one for each."""
        dependencies = "".join(f'    .package(path: "../{module}"),\n' for module in modules)
        targets = "".join(
            f'    .testTarget(name: "{module}Tests",\n'
            f'      dependencies: [.product(name: "{module}", package: "{module}")],\n'
            '      resources: [.copy("Golden")]),\n'
            for module in modules
        )
        (self.work / "Checks" / "Package.swift").write_text(
            "// swift-tools-version: 5.9\nimport PackageDescription\n\n"
            f'let package = Package(\n  name: "Checks",\n  dependencies: [\n{dependencies}  ],\n'
            f"  targets: [\n{targets}  ]\n)\n"
        )


@contextmanager
def swift_root() -> Iterator[Swift]:
    """A folder in the root that make_swift_root.sh made; without one, see missing_toolchain."""
    needs_toolchain("swift")
    root = Path(os.environ.get("PACKAGER_SWIFT_ROOT", PROJECT / "build" / "swift-root"))
    if not root.is_dir() or os.geteuid() != 0:
        missing_toolchain(f"no Swift in {root}; install: as root, tests/targets/ios/make_swift_root.sh")
    work = Path(tempfile.mkdtemp(prefix="work-", dir=root))
    shutil.copytree(HERE, work, dirs_exist_ok=True)
    try:
        yield Swift(root, work)
    finally:
        shutil.rmtree(work)


def results(output: str) -> dict[str, str]:
    """How each test ended, by its name."""
    return dict(re.findall(r"Test Case '([\w.]+)' (passed|failed|skipped)", output))


def complaints(output: str) -> str:
    """What of the output of compiler and tests says what is wrong, else its end."""
    lines = output.splitlines()
    found = [line[:500] for line in lines if re.search("error: |Sanitizer|Fatal", line)]
    return "\n".join(found or lines[-99:])


def picture_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The pixels of the PNGs among ``files``, for checks."""
    return {
        f"{path.removesuffix('.png')}.rgb": rgb_file(Image.open(io.BytesIO(data)))
        for path, data in files.items()
        if path.endswith(".png")
    }


def rgb_file(picture: Image.Image) -> bytes:
    """A picture for checks, which have no decoder: width and height as little-endian Int32, then the pixels."""
    return struct.pack("<ii", *picture.size) + picture.convert("RGB").tobytes()
