"""The package as others get it: the wheel, and the lock for the platforms that lack some dependencies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import PROJECT, missing_toolchain, needs_toolchain


def uv() -> str:
    """uv as the Makefile finds it."""
    needs_toolchain("uv")
    found = shutil.which("uv") or shutil.which("uv", path=str(PROJECT / ".tools" / "bin"))
    if found is None:
        missing_toolchain("uv not found; install: pip install uv")
    return found


@pytest.mark.uv
def test_an_installed_wheel_finds_its_templates_from_another_folder(examples: Path, tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    # The dependencies come from this environment, the package itself from the wheel alone.
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    subprocess.run([uv(), "pip", "install", "-q", "--no-deps", "--python", python, wheel], check=True, cwd=tmp_path)
    mine = next(path for path in sys.path if path.endswith("site-packages"))
    kept = tmp_path / "dependencies"
    kept.mkdir()
    for entry in Path(mine).iterdir():
        if "packager" not in entry.name:
            (kept / entry.name).symlink_to(entry)
    (site / "dependencies.pth").write_text(f"{kept}\n")
    where = subprocess.run(
        [python, "-c", "import packager; print(packager.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    ran = subprocess.run(
        [tmp_path / "env" / "bin" / "packager", "build", examples / "sine", "-o", tmp_path / "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "manifest.json").is_file()


# What `uv export` takes from the lock on each platform, with the extra `convert`.
LINUX, ARM, MAC = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"
INTEL_MAC, WINDOWS = "x86_64-apple-darwin", "x86_64-pc-windows-msvc"
RUNTIMES = {"tflite-support", "libusb-package", "tflite-micro", "ai-edge-litert"}
TENSORFLOW = {"tensorflow", "tensorflow-cpu", "tf-keras", "tensorflow-model-optimization"}
PLATFORMS = [
    # platform, Python, those of RUNTIMES and TENSORFLOW that are there, and TensorFlow's version
    (LINUX, "3.11", RUNTIMES | TENSORFLOW - {"tensorflow"}, "2.19.1"),
    (LINUX, "3.12", {"tflite-micro", "ai-edge-litert"} | TENSORFLOW - {"tensorflow"}, "2.21.0"),
    (LINUX, "3.13", {"tflite-micro", "ai-edge-litert"} | TENSORFLOW - {"tensorflow"}, "2.21.0"),
    (LINUX, "3.14", {"tflite-micro", "ai-edge-litert"}, ""),
    *((ARM, python, {"ai-edge-litert"} | TENSORFLOW - {"tensorflow-cpu"}, "2.21.0") for python in ("3.11", "3.13")),
    (ARM, "3.14", {"ai-edge-litert"}, ""),
    *((MAC, python, {"ai-edge-litert"} | TENSORFLOW - {"tensorflow-cpu"}, "2.21.0") for python in ("3.11", "3.13")),
    (MAC, "3.14", {"ai-edge-litert"}, ""),
    (INTEL_MAC, "3.11", {"tflite-support", "libusb-package"}, ""),
    (INTEL_MAC, "3.13", set(), ""),
    *(
        (WINDOWS, python, {"ai-edge-litert"} | TENSORFLOW - {"tensorflow-cpu"}, "2.21.0")
        for python in ("3.11", "3.13")
    ),
    (WINDOWS, "3.14", {"ai-edge-litert"}, ""),
]


@pytest.fixture(scope="module")
def requirements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lock") / "requirements.txt"
    subprocess.run(
        [uv(), "export", "-q", "--frozen", "--no-dev", "--extra", "convert", "--no-emit-project", "-o", path],
        cwd=PROJECT,
        check=True,
    )
    return path


@pytest.mark.uv
@pytest.mark.parametrize(("platform", "python", "present", "tensorflow"), PLATFORMS)
def test_the_lock_resolves_for(
    platform: str, python: str, present: set[str], tensorflow: str, requirements: Path, tmp_path: Path
) -> None:
    """Every locked package for the platform has a wheel for it, and the ones with no wheels there are left out."""
    resolved = subprocess.run(
        [
            uv(), "pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", "--python-platform", platform,
            "--python-version", python, "--target", tmp_path / "target", "-r", requirements,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert resolved.returncode == 0, resolved.stderr
    found = dict(re.findall(r"^ \+ ([a-z0-9-]+)==(\S+)", resolved.stderr, re.MULTILINE))
    assert found.keys() & (RUNTIMES | TENSORFLOW) == present
    assert {found[name] for name in ("tensorflow", "tensorflow-cpu") if name in found} == {tensorflow} - {""}
    assert {"flatbuffers", "numpy", "pillow", "soxr", "typer"} <= found.keys()
