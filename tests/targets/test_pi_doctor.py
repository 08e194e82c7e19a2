"""The doctor of a generated package, on systems that something is wrong with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import compiled
from tests.targets.test_pi import project
from tests.targets.test_pi_edge_tpu import HERE as STAND_IN
from tests.targets.test_pi_edge_tpu import Coral, build_library, files_of

pytestmark = pytest.mark.slow

Findings = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def package(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("pi"), project(digits(examples), golden_pictures(examples)[:1]))


@pytest.fixture(scope="module")
def sines(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("pi"), project(sine(examples), []))


def doctor(folder: Path, package: str, python: str | Path = sys.executable) -> tuple[int, Findings]:
    """Its exit code, and what it found, by name."""
    command = [str(python), "-m", package, "doctor", "--json"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    findings = json.loads(ran.stdout)
    for finding in findings:
        assert set(finding) == {"name", "what", "fix", "level"}
        assert finding["level"] in ("ok", "warning", "error")
        assert bool(finding["fix"]) == (finding["level"] != "ok"), finding
    return ran.returncode, {finding["name"]: finding for finding in findings}


def levels(findings: Findings) -> dict[str, str]:
    return {name: finding["level"] for name, finding in findings.items() if finding["level"] != "ok"}


def test_a_machine_with_which_nothing_is_wrong(package: Path, sines: Path) -> None:
    code, findings = doctor(package, "digits")
    assert code == 0
    assert {"python", "numpy", "PIL", "ai_edge_litert", "selftest"} <= findings.keys()
    assert "error" not in levels(findings).values()
    code, findings = doctor(sines, "sine")
    assert code == 0
    assert findings.keys().isdisjoint({"PIL", "camera", "library"})


def test_for_people_each_finding_has_a_line_and_its_fix_another(package: Path, tmp_path: Path) -> None:
    python = bare_python(tmp_path, {})
    command = [str(python), "-m", "digits", "doctor"]
    ran = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    lines = ran.stdout.splitlines()
    heads = [line.split()[0] for line in lines]
    assert {"ok", "error", "->"} <= {*heads} <= {"ok", "warning", "error", "->"}
    assert all(heads[place + 1] == "->" for place, head in enumerate(heads) if head in ("warning", "error"))


# --- Python and its packages ----------------------------------------


def bare_python(folder: Path, packages: Mapping[str, str]) -> Path:
    """A Python without packages but these modules."""
    venv.create(folder / "bare", with_pip=False, symlinks=True)
    (site,) = (folder / "bare").glob("lib/python*/site-packages")
    for name, text in packages.items():
        path = f"{name}.py" if "/" in name else f"{name}/__init__.py"
        write_files(site, {path: text.encode()})
    return folder / "bare" / "bin" / "python"


NUMPY_1, NUMPY_2 = "__version__ = '1.26.4'", "__version__ = '2.1.3'"
LITERT = {"ai_edge_litert": "__version__ = '2.3.0'", "ai_edge_litert/interpreter": ""}
FORERUNNER = {"tflite_runtime": "__version__ = '2.14.0'", "tflite_runtime/interpreter": ""}
MISSING_LIBRARY = "raise ImportError('libopenblas.so.0: cannot open shared object file: No such file or directory')"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"

# The packages that there are, and what is found of them; the golden cases fail in any case.
PACKAGES: dict[str, tuple[dict[str, str], dict[str, tuple[str, str]]]] = {
    "none": ({}, {"numpy": ("cannot be imported", "pip install ."), "litert": ("is missing", "README.md")}),
    "no LiteRT": ({"numpy": NUMPY_2}, {"litert": ("is missing", "README.md")}),
    "no library": ({"numpy": MISSING_LIBRARY, **LITERT}, {"numpy": ("libopenblas.so.0", "apt install libopenblas0")}),
    "another processor": ({"numpy": KILLED, **LITERT}, {"numpy": ("kills Python", "apt install python3-numpy")}),
    "damaged": (
        {"numpy": NUMPY_2, **LITERT, "ai_edge_litert/interpreter": "raise ImportError('undefined symbol: x')"},
        {"ai_edge_litert": ("undefined symbol", "--force-reinstall")},
    ),
    "ABI": ({"numpy": NUMPY_2, **FORERUNNER}, {"numpy-abi": ("was built for NumPy 1", "pip install 'numpy<2'")}),
    "all of them": ({"numpy": NUMPY_1, **FORERUNNER}, {}),
}


@pytest.mark.parametrize("kind", PACKAGES)
def test_packages(kind: str, sines: Path, tmp_path: Path) -> None:
    packages, expected = PACKAGES[kind]
    code, findings = doctor(sines, "sine", bare_python(tmp_path, packages))
    found = {name for name, level in levels(findings).items() if level == "error"}
    assert (code, found) == (1, {*expected, "selftest"})
    for name, (what, fix) in expected.items():
        assert what in findings[name]["what"]
        assert fix in findings[name]["fix"]


def test_golden_cases_that_fail_are_an_error(package: Path, tmp_path: Path) -> None:
    files = {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*") if path.is_file()}
    folder = write_files(tmp_path, files)
    (folder / "digits/golden/five.output0.bin").write_bytes(bytes(10))
    code, findings = doctor(folder, "digits")
    assert (code, findings["selftest"]["level"]) == (1, "error")
    assert "FAIL 1 cases" in findings["selftest"]["what"]
    # Files of tomorrow: the clock stands in the past.
    later = 86_400 * 3 + (folder / "digits/doctor.py").stat().st_mtime
    os.utime(folder / "digits/doctor.py", (later, later))
    assert doctor(folder, "digits")[1]["clock"]["level"] == "warning"


# --- the system, by its files ----------------------------------------

MEMORY = "MemTotal: 900000 kB\nMemFree: 1 kB\nMemAvailable: {} kB\nSwapTotal: {} kB\nSwapFree: {} kB\n"
THERMAL = "sys/class/thermal/thermal_zone0/temp"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
THROTTLED_5 = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

SYSTEMS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}),
    "cool": ({THERMAL: "51000\n", THROTTLED: "0\n", GOVERNOR: "ondemand\n"}, {}),
    "hot": ({THERMAL: "51000\n", THERMAL.replace("0/", "1/"): "80000\n"}, {"heat": "warning"}),
    "no number": ({THERMAL: "\n", THROTTLED: "Error\n"}, {}),
    "low voltage": ({THROTTLED: "50005\n"}, {"voltage": "warning", "throttled": "warning"}),
    "was low": ({THROTTLED: "10000\n"}, {"voltage": "warning"}),
    "throttled Pi 5": ({THROTTLED_5: "20002\n"}, {"throttled": "warning"}),
    "slow": ({GOVERNOR: "powersave\n"}, {"governor": "warning"}),
    "memory": ({"proc/meminfo": MEMORY.format(500_000, 0, 0)}, {}),
    "no memory": ({"proc/meminfo": MEMORY.format(30_000, 0, 0)}, {"memory": "error"}),
    "swap": ({"proc/meminfo": MEMORY.format(30_000, 900_000, 800_000)}, {"memory": "warning"}),
    "used swap": ({"proc/meminfo": MEMORY.format(30_000, 900_000, 1_000)}, {"memory": "error"}),
    "camera": ({"dev/video0": ""}, {}),
    "picamera2": (
        {"dev/video0": "", "usr/lib/python3/dist-packages/picamera2/__init__.py": ""},
        {"picamera2": "warning"},
    ),
}


def examined(run: Any, root: Path) -> Findings:
    code = (
        "import json; from pathlib import Path; from digits.doctor import examine\n"
        f"print(json.dumps([item._asdict() for item in examine(Path({str(root)!r}))]))"
    )
    return {finding["name"]: finding for finding in json.loads(run(code))}


@pytest.mark.parametrize("kind", SYSTEMS)
def test_the_system(kind: str, package: Path, tmp_path: Path) -> None:
    files, expected = SYSTEMS[kind]
    root = write_files(tmp_path, {name: text.encode() for name, text in files.items()})

    def run(code: str) -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=package, capture_output=True, text=True, check=True).stdout

    assert levels(examined(run, root)) == expected


# --- the Edge TPU ----------------------------------------

USB = {"idVendor": "18d1", "idProduct": "9302", "speed": "5000", "busnum": "2", "devnum": "3"}
FRESH = {**USB, "idVendor": "1a6e", "idProduct": "089a"}
OTHER = {**USB, "idVendor": "046d"}
PCI = {"vendor": "0x1ac1", "device": "0x089a"}


def usb(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"sys/bus/usb/devices/2-1/{name}": f"{text}\n" for name, text in facts.items()}


PCIE = {f"sys/bus/pci/devices/0000:01:00.0/{name}": f"{text}\n" for name, text in PCI.items()}
NODE, APEX = {"dev/bus/usb/002/003": ""}, {"dev/apex_0": ""}

# What the system shows, how the stand-in is, and what is found.
DEVICES: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    "none": ({}, "absent", {"no-device": "warning"}),
    "a mouse": ({**usb(OTHER), **NODE}, "absent", {"no-device": "warning"}),
    "USB": ({**usb(USB), **NODE}, "right", {}),
    "USB, not used yet": ({**usb(FRESH), **NODE}, "right", {}),
    "USB without rights": (usb(USB), "absent", {"usb-rights": "warning", "edgetpu-selftest": "error"}),
    "USB 2": ({**usb({**USB, "speed": "480"}), **NODE}, "right", {"usb-speed": "warning"}),
    "PCIe": ({**PCIE, **APEX}, "right", {}),
    "PCIe without a driver": (PCIE, "absent", {"pci-driver": "warning", "edgetpu-selftest": "error"}),
    "wrong answers": ({**usb(USB), **NODE}, "wrong", {"edgetpu-selftest": "error"}),
}


@pytest.fixture(scope="module")
def cpp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("library"), STAND_IN / "edgetpu.c")


@pytest.fixture(scope="module")
def coral(cpp: Path, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Coral:
    folder, annotated = tmp_path_factory.mktemp("coral"), digits(examples)
    files = files_of(annotated, folder, compiled(annotated.model), golden_pictures(examples)[:1])
    return Coral(write_files(folder, files), cpp)


@pytest.mark.parametrize("kind", DEVICES)
def test_edge_tpus(kind: str, coral: Coral, tmp_path: Path) -> None:
    files, mode, expected = DEVICES[kind]
    root = write_files(tmp_path, {name: text.encode() for name, text in files.items()})
    assert levels(examined(lambda code: coral.run(mode, "-c", code).stdout, root)) == expected


def test_without_its_library(coral: Coral, tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"proc/meminfo": b""})
    library = tmp_path / "none"
    found = levels(examined(lambda code: coral.run("right", "-c", code, library=library).stdout, root))
    assert found == {"no-library": "warning", "no-device": "warning"}
