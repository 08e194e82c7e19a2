"""Compiles generated microcontroller projects for an emulated Cortex-M3 and runs them.

The interpreter is TensorFlow Lite Micro of July 2020 from the crate tfmicro, the one source on a package registry;
``shim2020`` gives it today's interface. Its outputs of int8 models are bit-identical to the newest runtime's, its
arena sizes are not comparable.
"""

from __future__ import annotations

import fcntl
import functools
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PROJECT, missing_toolchain, require_tools

HERE = Path(__file__).parent
BUILD = PROJECT / "build" / "micro"
CORE = HERE / "arduino/hardware/packager/emulated/cores/emulated"
# Percent of arena beyond what today's interpreter needs: that of 2020 has larger structures, and plans worse.
ARENA_MARGIN = 100
INSTALL = "gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm cargo make"
CPU = ("-mcpu=cortex-m3", "-mthumb")
# Ours are compiled without a warning; the library's headers are not ours.
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
CODE = ("-Os", "-ffunction-sections", "-fdata-sections", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")


@dataclass(frozen=True)
class Library:
    """TensorFlow Lite Micro of 2020: ``includes`` are its headers, seen as a system's, behind today's interface."""

    archive: Path
    startup: Path
    includes: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """What a program printed on the emulated board, and its exit code."""

    output: str
    errors: str
    code: int

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def library() -> Library:
    """The library and the board's start-up code, built once into build/micro (about 25 s)."""
    require_tools("arm-none-eabi-g++", "qemu-system-arm", "cargo", "make", install=f"apt-get install {INSTALL}")
    return _library()


@functools.cache
def _library() -> Library:
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        crate = _crate()
        subprocess.run(["make", "-s", "-j2", "-f", HERE / "library.mk", f"CRATE={crate}"], cwd=BUILD, check=True)
        startup = BUILD / "startup.o"
        subprocess.run(["arm-none-eabi-gcc", *CPU, "-O2", "-c", HERE / "bsp/startup.c", "-o", startup], check=True)
    tensorflow = crate / "submodules/tensorflow"
    downloads = tensorflow / "tensorflow/lite/micro/tools/make/downloads"
    folders = (
        HERE / "shim2020",
        tensorflow,
        downloads,
        downloads / "gemmlowp",
        downloads / "flatbuffers/include",
        downloads / "ruy",
    )
    includes = tuple(option for folder in folders for option in ("-isystem", str(folder)))
    defines = ("-DTF_LITE_STATIC_MEMORY", "-DGEMMLOWP_ALLOW_SLOW_SCALAR_FALLBACK")
    return Library(BUILD / "libtflm2020.a", startup, (*includes, *defines))


def _crate() -> Path:
    folder = BUILD / "crate"
    if not (folder / "vendor").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "src").mkdir(parents=True)
        (folder / "src/lib.rs").write_text("")
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n'
            '[dependencies]\ntfmicro = "=0.1.0"\n[workspace]\n'
        )
        done = subprocess.run(
            ["cargo", "vendor", "-q", "vendor"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            missing_toolchain(f"the crate tfmicro cannot be fetched by cargo ({done.stderr})")
    return folder / "vendor/tfmicro"


def compile_sources(
    sources: list[Path],
    program: Path,
    *,
    standard: str = "gnu++14",
    defines: tuple[str, ...] = (),
    includes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = WARNINGS,
) -> Path:
    """Link C++ (.cpp, .ino) and assembler sources with the library; every warning is an error."""
    given = {"standard": standard, "defines": defines, "includes": includes, "warnings": warnings}
    objects = [
        compile_source(source, program.with_suffix(f".{number}.o"), **given)  # type: ignore[arg-type]
        for number, source in enumerate(sources)
    ]
    return link(objects, program)


def compile_source(
    source: Path,
    target: Path,
    *,
    standard: str = "gnu++14",
    defines: tuple[str, ...] = (),
    includes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = WARNINGS,
) -> Path:
    """The object of one source."""
    language = ("-x", "c++", "-include", "Arduino.h") if source.suffix == ".ino" else ()
    standards = () if source.suffix == ".S" else (f"-std={standard}",)
    command = ["arm-none-eabi-g++", *CPU, *standards, *CODE, *warnings, *defines, *includes, *library().includes]
    headers = [f"-I{source.parent}", f"-I{CORE}", f"-I{HERE}/arduino/libraries/TensorFlowLite/src"]
    run_tool([*command, *headers, *language, "-c", str(source), "-o", str(target)])
    return target


def link(objects: list[Path], program: Path, specs: tuple[str, ...] = ()) -> Path:
    """The program of some objects and the library; ``specs`` come first."""
    archive = str(library().archive)
    run_tool(["arm-none-eabi-g++", *specs, *link_flags(), *map(str, objects), archive, "-lm", "-o", str(program)])
    return program


def link_flags() -> tuple[str, ...]:
    found = library()
    return (
        *CPU,
        "--specs=rdimon.specs",
        "-nostartfiles",
        f"-L{HERE}/bsp",
        f"-T{HERE}/bsp/mps2.ld",
        "-Wl,--gc-sections",
        str(found.startup),
    )


def compile_sketch(project: Path, program: Path, **options: object) -> Path:
    """Compile the sketch of ``project`` as Arduino's builder would."""
    return compile_sources(sketch_sources(project), program, **options)  # type: ignore[arg-type]


def sketch_sources(project: Path) -> list[Path]:
    """The sketch that is the one folder of ``project`` with an .ino, and what takes the place of a board's core."""
    (ino,) = project.glob("*/*.ino")
    return [ino, *sorted(ino.parent.glob("*.cpp")), CORE / "core.cpp"]


def run_tool(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def run(program: Path, stdin: bytes = b"", seconds: int = 120) -> Run:
    """Run a program on the emulated board; its standard input is the serial port's."""
    done = run_bytes(program, stdin, seconds)
    return Run(done.stdout.decode(), done.stderr.decode(errors="replace"), done.returncode)


def run_bytes(program: Path, stdin: bytes = b"", seconds: int = 120) -> subprocess.CompletedProcess[bytes]:
    """As ``run``, for a program that writes no text."""
    return subprocess.run(
        [
            *("qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none", "-serial", "none"),
            *("-semihosting-config", "enable=on,target=native", "-kernel", str(program)),
        ],
        input=stdin,
        capture_output=True,
        timeout=seconds,
        check=False,
    )


def flash_bytes(program: Path) -> int:
    """What the program takes in flash: code, constants and the initial values of variables."""
    text, data, *_ = run_tool(["arm-none-eabi-size", str(program)]).splitlines()[1].split()
    return int(text) + int(data)
