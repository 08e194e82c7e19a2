"""Finds what is wrong with a device: python -m digits doctor.

It needs nothing but Python itself, for what is wrong may be all else.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .console import Parser, print_json, printable
from .finding import Finding
from .wheels import what_to_do

FOLDER = Path(__file__).parent
# What Python, NumPy and LiteRT take themselves, and the model beside its file.
OWN_MEGABYTES = 60
# A Raspberry Pi slows down from here on.
HOT_CELSIUS = 80
SECONDS = 300


def command() -> int:
    """Look, print what was found, and return 1 if the model does not run for it."""
    parser = Parser(prog="python -m digits doctor")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON list of all that was found"
    )
    arguments = parser.parse_args(sys.argv[2:])
    findings = []
    for finding in examine():
        findings.append(finding)
        if not arguments.json:
            print(f"{finding.level:<8} {printable(finding.what)}")
            if finding.fix:
                print(f"{'':<8} -> {printable(finding.fix)}")
    if arguments.json:
        print_json([finding._asdict() for finding in findings])
    return 1 if any(finding.level == "error" for finding in findings) else 0


def examine(root: Path = Path("/")) -> Iterator[Finding]:
    """What is to be said of the system whose files are below ``root``, and of Python."""
    yield from _python()
    yield from _packages()
    yield from _memory(root)
    yield from _heat(root)
    yield from _clock()
    yield from _camera(root)
    yield _self_test("selftest", "the golden cases")


def _python() -> Iterator[Finding]:
    bits = 64 if sys.maxsize > 2**32 else 32
    library, version = platform.libc_ver()
    where = f"Python {platform.python_version()} on {platform.machine()}, {bits} bits"
    yield Finding("python", f"{where}, {library} {version}".rstrip(", "), level="ok")
    if platform.system() == "Linux" and library != "glibc":
        yield Finding(
            "libc",
            "the C library is not glibc, for which the wheels of LiteRT are",
            "take Raspberry Pi OS or another Debian, in a container too",
        )
    # Of LiteRT, and of the last tflite-runtime for what LiteRT has no wheels for.
    needed = (2, 27) if bits == 64 and sys.version_info >= (3, 10) else (2, 34)
    is_told = library == "glibc" and sys.version_info >= (3, 8)
    if is_told and tuple(map(int, version.split(".")[:2])) < needed:
        yield Finding(
            "libc",
            "glibc {}, and the wheels of LiteRT need {}.{}".format(version, *needed),
            "take a newer system: Raspberry Pi OS 12 or 13 with 64 bits",
        )


def _packages() -> Iterator[Finding]:
    numpy, broken = _imported("numpy")
    yield numpy
    yield _imported("PIL.Image", "Pillow")[0]
    litert, why = _imported("ai_edge_litert.interpreter", "ai-edge-litert")
    if litert.level == "ok":
        yield litert
        return
    forerunner, other = _imported("tflite_runtime.interpreter", "tflite-runtime")
    if forerunner.level != "ok":
        if "No module named" not in why:
            yield litert
        else:
            yield Finding("litert", what_to_do(why, other), "see README.md, Install")
        return
    yield forerunner
    if not broken and numpy.what.startswith("numpy 2"):
        yield Finding(
            "numpy-abi",
            f"tflite-runtime was built for NumPy 1, and here is {numpy.what}",
            "pip install 'numpy<2'",
        )


def _imported(module: str, package: str = "") -> tuple[Finding, str]:
    """Whether ``module`` can be imported, in a process that may die; and why not."""
    package = package or module
    top = module.partition(".")[0]
    code = (
        f"import {module}, {top}\n"
        f"print(getattr({top}, '__version__', ''))\n"
        f"import importlib.metadata as m; print(m.version('{package}'))"
    )
    done = _run(["-c", code])
    printed = done.stdout.split()
    if printed:
        return Finding(top, f"{package} {printed[-1]}", level="ok"), ""
    if done.stdout.strip("\n") or done.returncode == 0:
        return Finding(top, f"{package} is there", level="ok"), ""
    if done.returncode < 0:
        why = f"signal {-done.returncode}"
        fix = f"its wheel is not for this processor: sudo apt install python3-{top}"
        return Finding(top, f"{package} kills Python ({why})", fix), why
    why = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
    return Finding(top, f"{package} cannot be imported ({why})", _import_fix(why)), why


def _import_fix(why: str) -> str:
    if "No module named" in why:
        return "pip install . in the folder of this package, in the same environment"
    for library, debian in (("openblas", "libopenblas0"), ("libtiff", "libtiff6")):
        if library in why and "cannot open shared object" in why:
            return f"sudo apt install {debian}"
    return "pip install --force-reinstall it"


def _memory(root: Path) -> Iterator[Finding]:
    lines = _read(root / "proc/meminfo").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    kilobytes = {name: int(value.split()[0]) for name, value in fields.items()}
    if "MemAvailable" not in kilobytes:
        return
    total, free = (kilobytes[name] // 1024 for name in ("MemTotal", "MemAvailable"))
    swap = kilobytes.get("SwapTotal", 0) // 1024
    model = max(path.stat().st_size for path in FOLDER.glob("*.tflite"))
    needed = OWN_MEGABYTES + 3 * model // 2**20
    what = f"{free:,} of {total:,} MB of memory are free, and {swap:,} MB of swap"
    if free < needed:
        has_room = free + kilobytes.get("SwapFree", 0) // 1024 >= needed
        yield Finding(
            "memory",
            f"{what}; the model takes about {needed:,} MB",
            "end other programs, or boot without the desktop (sudo raspi-config)",
            "warning" if has_room else "error",
        )
    else:
        yield Finding("memory", what, level="ok")


def _heat(root: Path) -> Iterator[Finding]:
    celsius = read_celsius(root)
    if celsius is not None:
        what, is_hot = f"the processor has {celsius:.0f} C", celsius >= HOT_CELSIUS
        fix = "give it a heat sink, a fan or air" if is_hot else ""
        level = "warning" if is_hot else "ok"
        yield Finding("heat", what, fix, level)
    throttled = read_throttled(root)
    if throttled & 0x10001:
        yield Finding(
            "voltage",
            f"the voltage {'is' if throttled & 1 else 'was'} too low",
            "take the power supply that is made for this Pi, and a short cable",
            "warning",
        )
    if throttled & 0xE000E:
        yield Finding(
            "throttled",
            f"the processor {'is' if throttled & 0xE else 'was'} slowed down",
            "give it a heat sink, a fan or air, and enough current",
            "warning",
        )
    governor = _read(
        root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    ).strip()
    if governor == "powersave":
        yield Finding(
            "governor",
            "the processor stays at its lowest speed (governor powersave)",
            "echo ondemand | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
            "warning",
        )


def read_celsius(root: Path = Path("/")) -> float | None:
    """The temperature of the hottest sensor; None where there is none."""
    texts = [_read(path) for path in root.glob("sys/class/thermal/thermal_zone*/temp")]
    values = [int(text) / 1000 for text in texts if text.strip().lstrip("-").isdigit()]
    return max(values, default=None)


def read_throttled(root: Path = Path("/")) -> int:
    """The bits of a Raspberry Pi's get_throttled; 0 on another machine."""
    found = [*root.glob("sys/devices/platform/soc*/*firmware/get_throttled")]
    text = _read(found[0]).strip() if found else ""
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _clock() -> Iterator[Finding]:
    # A Raspberry Pi has no clock of its own: without a network it starts in the past.
    installed = (FOLDER / "doctor.py").stat().st_mtime
    if time.time() < max(installed - 86_400, 1_700_000_000):
        yield Finding(
            "clock",
            f"the clock is wrong: it is {time.strftime('%Y-%m-%d')} here",
            "sudo timedatectl set-ntp true, or pip finds no certificate valid",
            "warning",
        )


def _camera(root: Path) -> Iterator[Finding]:
    cameras = sorted(root.glob("dev/video[0-9]*"))
    for camera in cameras:
        if not os.access(camera, os.R_OK | os.W_OK):
            yield Finding(
                "camera-rights",
                f"this user may not use /dev/{camera.name}",
                "sudo usermod -aG video $USER, and log in again",
                "warning",
            )
            break
    if not cameras:
        yield Finding("camera", "there is no camera", level="ok")
    elif root.joinpath("usr/lib/python3/dist-packages/picamera2").is_dir():
        yield from _picamera()


def _picamera() -> Iterator[Finding]:
    """Picamera2 comes with the system, and environments do not see it by themselves."""
    if _run(["-c", "import picamera2"]).returncode == 0:
        yield Finding("picamera2", "Picamera2 is there", level="ok")
        return
    yield Finding(
        "picamera2",
        "Picamera2 is installed, and this Python does not see it",
        "make the environment with python3 -m venv --system-site-packages",
        "warning",
    )


def _self_test(name: str, what: str, *arguments: str) -> Finding:
    done = _run(["-m", "digits", "selftest", *arguments])
    said = (done.stdout or done.stderr).strip().splitlines() or ["it says nothing"]
    if done.returncode == 0:
        return Finding(name, f"{what} agree: {said[-1]}", level="ok")
    again = " ".join(["python -m digits selftest", *arguments])
    return Finding(name, f"{what} fail: {said[-1]}", f"{again} tells more")


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """What this Python does with ``arguments``."""
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"{SECONDS} s are over")


def _read(path: Path) -> str:
    """The text of a file of the system; empty where there is none."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
