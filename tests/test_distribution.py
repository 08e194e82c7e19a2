"""The package as others get it: the wheel, and the lock for the platforms that lack some dependencies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from packaging.metadata import Metadata

import packager
from packager.metadata.attach import Annotation, annotate
from packager.model import read_model
from packager.tasks import Task
from tests.conftest import PROJECT, missing_toolchain, needs_toolchain
from tests.targets.pi.emulated import find_pi


def uv() -> str:
    """uv as the Makefile finds it."""
    needs_toolchain("uv")
    found = shutil.which("uv") or shutil.which("uv", path=str(PROJECT / ".tools" / "bin"))
    if found is None:
        missing_toolchain("uv not found; install: pip install uv")
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and, in ``of_sdist``, the wheel that is made of it alone; the wheel of the checkout."""
    needs_toolchain("uv")
    folder = tmp_path_factory.mktemp("built")
    for arguments in (["--sdist"], ["--wheel"]):
        subprocess.run([uv(), "build", "--quiet", *arguments, "-o", folder, PROJECT], cwd=folder, check=True)
    (sdist,) = folder.glob("*.tar.gz")
    subprocess.run([uv(), "build", "--quiet", "--wheel", "-o", folder / "of_sdist", sdist], cwd=folder, check=True)
    return folder


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.uv
def test_the_sdist_makes_the_same_wheel(built: Path) -> None:
    names = []
    for folder in (built, built / "of_sdist"):
        with zipfile.ZipFile(wheel_in(folder)) as archive:
            names.append({name: archive.read(name) for name in archive.namelist()})
    assert names[0] == names[1]
    made = {name for name in names[0] if ".dist-info/" not in name}
    kept = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "packager").rglob("*") if path.is_file()}
    templates = {
        path.relative_to(PROJECT).as_posix() for path in (PROJECT / "templates").rglob("*") if path.is_file()
    }
    assert made == {name for name in kept if "__pycache__" not in name} | {f"packager/{name}" for name in templates}


@pytest.mark.uv
def test_the_metadata_of_the_package(built: Path) -> None:
    with zipfile.ZipFile(wheel_in(built)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(name)
    metadata = Metadata.from_email(text)  # refuses what an index would
    assert (metadata.name, str(metadata.version)) == ("tflite-packager", packager.__version__)
    assert f"\n## [{packager.__version__}] - 20" in (PROJECT / "CHANGELOG.md").read_text("utf-8")
    assert metadata.summary
    assert metadata.author
    assert metadata.keywords
    assert (metadata.license_expression, metadata.license_files) == ("Apache-2.0", ["LICENSE"])
    assert metadata.description_content_type == "text/markdown"
    tokens = MarkdownIt().parse(metadata.description or "")
    inline = [child for token in tokens for child in token.children or ()]
    targets = [str(child.attrs.get("href") or child.attrs.get("src")) for child in inline if child.attrs]
    assert [target for target in targets if not target.startswith("https://")] == []


# How people install and run a program: each in an environment that it makes, with the versions of the lock.
INSTALLERS = {
    "uvx": "uvx --from {wheel} --constraints {constraints} packager",
    "uv tool": "uv tool install --quiet --constraints {constraints} {wheel}",
    "pipx": "{python} -m pipx run --spec {wheel} --pip-args=--constraint={constraints} packager",
}


@pytest.mark.uv
@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_wheel_runs(installer: str, built: Path, constraints: Path, examples: Path, tmp_path: Path) -> None:
    """From an empty folder, without anything of this environment."""
    shutil.copytree(examples / "sine", tmp_path / "sine", ignore=shutil.ignore_patterns("*.py"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    folders = {name: str(tmp_path / name.lower()) for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "PIPX_HOME")}
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
    pythons = dict.fromkeys(("UV_PYTHON", "PIPX_DEFAULT_PYTHON"), sys.executable)
    environment = {**kept, **folders, **pythons, "PATH": path}
    line = INSTALLERS[installer].format(wheel=wheel_in(built), constraints=constraints, python=sys.executable)
    command = line.split()
    if installer == "uv tool":
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        command = [str(tmp_path / "uv_tool_bin_dir" / "packager")]
    for arguments, told in (("--version",), f"packager {packager.__version__}\n"), (("build", "sine"), ""):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, told), done.stderr
    assert (tmp_path / "sine" / "dist" / "sine" / "manifest.json").is_file()


@pytest.mark.uv
@pytest.mark.pi_root
def test_the_wheel_attaches_on_aarch64(built: Path, requirements: Path, models: Path, tmp_path: Path) -> None:
    """What needs no child process: the emulator starts none."""
    pi, site = find_pi(), tmp_path / "site"
    install: list[str | Path] = [
        uv(),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        site,
        "--python-version",
        "3.11",
    ]
    install += ["--python-platform", ARM, "--only-binary", ":all:", "--no-config"]
    # tflite-support, TensorFlow and the like stay away: what reads and attaches is small.
    lines = re.sub(r"\\\n *", " ", requirements.read_text("utf-8")).splitlines()
    small = tmp_path / "small.txt"
    small.write_text(
        "\n".join(line for line in lines if not re.match(r"(tensor|tf-|keras|ai-edge|ml-|scipy|h5py)", line))
    )
    subprocess.run([*install, "--requirement", small], cwd=tmp_path, check=True)
    subprocess.run([*install, wheel_in(built)], cwd=tmp_path, check=True)
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from packager.__main__ import main; main()"
    model, out = models / "hello_world_int8.tflite", tmp_path / "out.tflite"
    named = Annotation(Task.TENSORS, name="a name", description="ä 🐈")
    attach: list[str | Path] = ["metadata", "attach", model, "--task", "tensors", "--name", "a name"]
    for arguments in ([*attach, "--description", "ä 🐈", "-o", out], ["inspect", out]):
        ran = pi.python("-c", code, *arguments, folder=tmp_path)
        assert ran.returncode == 0, ran.stderr
    assert "a name" in ran.stdout
    assert out.read_bytes() == annotate(read_model(model), named)


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


@pytest.fixture(scope="module")
def constraints(requirements: Path) -> Path:
    """The versions of the lock alone: a constraint has no hash."""
    path = requirements.with_name("constraints.txt")
    path.write_text(
        "".join(line.rstrip(" \\") + "\n" for line in requirements.read_text().splitlines() if "==" in line)
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
