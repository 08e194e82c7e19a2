"""get-runtime.sh of an iOS package: from an archive of the pod's layout to the Swift package TensorFlowLiteC."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import plistlib
import shutil
import signal
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from packager.targets.versions import pinned
from tests.cells.projects import project
from tests.conftest import require_tools, write_files
from tests.targets.ios.harness import swift_root

NAMES = ("TensorFlowLiteC", "TensorFlowLiteCCoreML", "TensorFlowLiteCMetal")
SLICES = ("ios-arm64", "ios-arm64_x86_64-simulator")

pytestmark = [pytest.mark.slow, pytest.mark.shells]


def archive(content: str = "library", names: tuple[str, ...] = NAMES) -> bytes:
    """A .tar.gz laid out as that of the pod: static frameworks without an Info.plist."""
    files: dict[str, bytes] = {"README.md": b"TensorFlow Lite"}
    for name in names:
        framework = f"Frameworks/{name}.xcframework"
        files[f"{framework}/Info.plist"] = plistlib.dumps({"AvailableLibraries": list(SLICES)})
        for slice in SLICES:
            files[f"{framework}/{slice}/{name}.framework/{name}"] = f"{content} {slice}".encode() * 999
            files[f"{framework}/{slice}/{name}.framework/Modules/module.modulemap"] = b"framework module"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"TensorFlowLiteC-2.17.0/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


@dataclass(frozen=True)
class Place:
    """A folder with spaces in its name, in it a package with the script, and a server of archives."""

    folder: Path
    server: str
    served: Path

    @property
    def package(self) -> Path:
        return self.folder / "TensorFlowLiteC"

    def run(self, *arguments: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
        script = self.folder / "Sine" / "Scripts" / "get-runtime.sh"
        return subprocess.run(
            [shell, script, *arguments], capture_output=True, text=True, timeout=60, cwd=self.folder, check=False
        )

    def left(self) -> list[str]:
        """What stands beside the package, hidden files too."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != "Sine")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    require_tools("curl", "tar", install="apt-get install curl tar")
    served, folder = tmp_path / "served", tmp_path / "my apps"
    served.mkdir()
    handler = functools.partial(Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        write_files(folder / "Sine", project("ios", "sine").files)
        yield Place(folder, url, served)
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and tells of none."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def library(package: Path) -> bytes:
    return (
        package / "Frameworks/TensorFlowLiteC.xcframework/ios-arm64/TensorFlowLiteC.framework/TensorFlowLiteC"
    ).read_bytes()


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a run that failed."""
    assert done.returncode == 1, done
    told = [line for line in done.stderr.splitlines() if line.startswith("get-runtime.sh: ")]
    assert len(told) == 1, done.stderr
    return told[0].removeprefix("get-runtime.sh: ")


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_default_archive_becomes_a_package(place: Place, shell: str) -> None:
    """The script as it is, but for a server of ours in the place of the pod's."""
    require_tools(shell, install=f"apt-get install {shell}")
    data = archive()
    (place.served / "pod.tar.gz").write_bytes(data)
    script = place.folder / "Sine" / "Scripts" / "get-runtime.sh"
    versions = pinned("ios")
    text = script.read_text()
    for old, new in (
        (versions["tensorflow_lite_c_url"], f"{place.server}/pod.tar.gz"),
        (versions["tensorflow_lite_c_sha256"], sha256(data)),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    script.write_text(text)
    done = place.run(shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert place.left() == ["TensorFlowLiteC"]
    assert library(place.package) == b"library ios-arm64" * 999
    again = place.run(shell=shell)
    assert (again.returncode, again.stdout) == (0, f"{place.package} is there already\n")


def test_every_slice_has_an_info_plist(place: Place) -> None:
    """Xcode embeds no framework without one; that of an xcframework stays as it was."""
    (place.served / "pod.tar.gz").write_bytes(archive())
    assert place.run(f"{place.server}/pod.tar.gz").returncode == 0
    for name in NAMES:
        framework = place.package / "Frameworks" / f"{name}.xcframework"
        assert plistlib.loads((framework / "Info.plist").read_bytes()) == {"AvailableLibraries": list(SLICES)}
        for slice in SLICES:
            told = plistlib.loads((framework / slice / f"{name}.framework" / "Info.plist").read_bytes())
            assert (told["CFBundleExecutable"], told["CFBundlePackageType"]) == (name, "FMWK")


def test_a_file_without_its_sha256_prints_it(place: Place) -> None:
    data = archive(names=NAMES[:1])
    file = place.folder / "my archive.tar.gz"
    file.write_bytes(data)
    done = place.run("my archive.tar.gz")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"its SHA256, to give to the next run: {sha256(data)}",
    )
    assert place.run("my archive.tar.gz", sha256(data).upper()).stdout == f"{place.package} is there already\n"
    file.unlink()
    assert sorted(path.name for path in (place.package / "Frameworks").iterdir()) == ["TensorFlowLiteC.xcframework"]


def test_another_archive_replaces_the_first(place: Place) -> None:
    for content in ("first", "second"):
        (place.served / f"{content}.tar.gz").write_bytes(archive(content))
        assert place.run(f"{place.server}/{content}.tar.gz").returncode == 0
    assert library(place.package).startswith(b"second")
    assert place.left() == ["TensorFlowLiteC"]


def served_badly(place: Place) -> Mapping[str, tuple[list[str], str]]:
    """Runs that fail, by what is wrong: the arguments, and the message."""
    data = archive("new")
    (place.served / "good.tar.gz").write_bytes(data)
    (place.served / "truncated.tar.gz").write_bytes(data[: len(data) // 2])
    (place.served / "page.tar.gz").write_bytes(b"<html>not found</html>")
    (place.served / "other.tar.gz").write_bytes(archive(names=("TensorFlowLiteSelectTfOps",)))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/pod.tar.gz"
    url = f"{place.server}/{{}}.tar.gz".format
    wrong = "0" * 64
    return {
        "sha256": (
            [url("good"), wrong],
            f"{url('good')} has the SHA256 {sha256(data)}, not {wrong}: it is damaged, or another one",
        ),
        "truncated": ([url("truncated")], f"cannot unpack {url('truncated')}, it is damaged or no .tar.gz: "),
        "page": ([url("page")], f"cannot unpack {url('page')}, it is damaged or no .tar.gz: "),
        "other": ([url("other")], f"{url('other')} holds no TensorFlowLiteC.xcframework"),
        "absent": (
            [url("absent")],
            f"cannot get {url('absent')}: get it in another way, and give this script the file",
        ),
        "no network": ([nobody], f"cannot get {nobody}: get it in another way, and give this script the file"),
        "no file": (["absent.tar.gz"], "there is no file absent.tar.gz"),
        "no number": ([url("good"), "z" * 64], f"a SHA256 has 64 hexadecimal digits: {'z' * 64}"),
        "short": ([url("good"), "abc"], "a SHA256 has 64 hexadecimal digits: abc"),
        "too many": ([url("good"), wrong, "more"], "give ARCHIVE and SHA256, no more"),
    }


@pytest.mark.parametrize("has_one", [False, True])
def test_a_failure_changes_nothing(place: Place, has_one: bool) -> None:
    if has_one:
        (place.served / "old.tar.gz").write_bytes(archive("old"))
        assert place.run(f"{place.server}/old.tar.gz").returncode == 0
    for name, (arguments, message) in served_badly(place).items():
        told = failed(place.run(*arguments))
        assert told.startswith(message), (name, told)
        assert place.left() == (["TensorFlowLiteC"] if has_one else []), name
    if has_one:
        assert library(place.package).startswith(b"old")


def test_a_folder_that_somebody_made_is_left(place: Place) -> None:
    place.package.mkdir()
    (place.package / "Package.swift").write_text("mine")
    (place.served / "pod.tar.gz").write_bytes(archive())
    told = failed(place.run(f"{place.server}/pod.tar.gz"))
    assert told == f"{place.package} is not of this script: move it away, or go on using it"
    assert [path.name for path in place.package.iterdir()] == ["Package.swift"]


def test_a_run_that_is_stopped_leaves_nothing(place: Place) -> None:
    """Ctrl-C while it waits for a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/pod.tar.gz"
        script = place.folder / "Sine" / "Scripts" / "get-runtime.sh"
        with subprocess.Popen(["sh", script, url], start_new_session=True, stderr=subprocess.DEVNULL) as process:
            connection, _ = silent.accept()
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(30) != 0
            connection.close()
    assert place.left() == []


@pytest.mark.swift
def test_swift_reads_the_package(place: Place) -> None:
    (place.served / "pod.tar.gz").write_bytes(archive())
    assert place.run(f"{place.server}/pod.tar.gz").returncode == 0
    with swift_root() as swift:
        shutil.copytree(place.package, swift.work / "Made" / "TensorFlowLiteC")
        done = swift.run("swift", "package", "dump-package", at="Made/TensorFlowLiteC")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [target["name"] for target in told["targets"]] == list(NAMES)
    assert [product["name"] for product in told["products"]] == list(NAMES)
