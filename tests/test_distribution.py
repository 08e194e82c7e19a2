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


# What `uv export` takes from the lock on each platform.
PLATFORMS = [
    # platform, Python, packages that must be there, packages that must not
    (
        "x86_64-unknown-linux-gnu",
        "3.11",
        {"tflite-support", "tflite-micro", "ai-edge-litert", "libusb-package"},
        set(),
    ),
    ("x86_64-unknown-linux-gnu", "3.12", {"tflite-micro", "ai-edge-litert"}, {"tflite-support"}),
    ("x86_64-unknown-linux-gnu", "3.14", {"ai-edge-litert"}, {"tflite-support"}),
    ("aarch64-unknown-linux-gnu", "3.11", {"ai-edge-litert"}, {"tflite-support", "tflite-micro"}),
    ("aarch64-apple-darwin", "3.11", {"ai-edge-litert"}, {"tflite-support", "tflite-micro"}),
    ("aarch64-apple-darwin", "3.13", {"ai-edge-litert"}, {"tflite-support", "tflite-micro"}),
    ("x86_64-apple-darwin", "3.11", {"tflite-support"}, {"tflite-micro", "ai-edge-litert"}),
    ("x86_64-pc-windows-msvc", "3.11", {"ai-edge-litert"}, {"tflite-support", "tflite-micro"}),
    ("x86_64-pc-windows-msvc", "3.13", {"ai-edge-litert"}, {"tflite-support", "tflite-micro"}),
]


@pytest.mark.uv
@pytest.mark.parametrize(("platform", "python", "present", "absent"), PLATFORMS)
def test_the_lock_resolves_for(
    platform: str, python: str, present: set[str], absent: set[str], tmp_path: Path
) -> None:
    """Every locked package for the platform has a wheel for it, and the ones with no wheels there are left out."""
    requirements = tmp_path / "requirements.txt"
    subprocess.run(
        [uv(), "export", "-q", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "-o", requirements],
        cwd=PROJECT,
        check=True,
    )
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
    names = set(re.findall(r"^ \+ ([a-z0-9-]+)==", resolved.stderr, re.MULTILINE))
    assert present <= names
    assert not absent & names
