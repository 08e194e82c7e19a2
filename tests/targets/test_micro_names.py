"""Names of tensors and of projects in C++: whatever they are, the sources compile, without a warning."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from packager.annotated import annotated_model
from packager.model import parse_model
from packager.render.naming import SnakeName
from packager.targets.micro import Platform
from packager.targets.micro.names import class_name, snake_name
from tests import hand_made
from tests.conftest import needs_micro, require_tools, write_files
from tests.targets.hostile_names import PORT_NAMES
from tests.targets.micro import harness
from tests.targets.micro.projects import emulated_files, named

pytestmark = [pytest.mark.slow, needs_micro]

SELF_TEST = ("-DSELF_TEST=1",)
COMPILERS = ("arm-none-eabi-g++", "g++")
# Of the generated code, of the cores, of the library; what C and C++ have stands in a test of its own.
PROJECT_NAMES = """
    Console Limits Model T PI arena interpreter console resolver golden kernel label status_text class std micro tflm
    Input answer quantize
    鳥
""".split()


def flags(compiler: str, folder: Path, *options: str) -> list[str]:
    cpu = harness.CPU if compiler.startswith("arm") else ()
    headers = [f"-I{folder}", f"-I{harness.CORE}", f"-I{harness.HERE}/arduino/libraries/TensorFlowLite/src"]
    return [compiler, *cpu, "-std=gnu++17", *options, *harness.library().includes, *headers]


def check_syntax(folder: Path, sources: list[Path], *options: str) -> None:
    command = [*flags(COMPILERS[0], folder), *harness.WARNINGS, "-fsyntax-only", *options]
    harness.run_tool([*command, *map(str, sources)])


@pytest.mark.arm
@pytest.mark.parametrize("first", range(3))
def test_names_of_tensors_clash_with_nothing(first: int, tmp_path: Path) -> None:
    annotated = annotated_model(parse_model(hand_made.named(PORT_NAMES, first), "named.tflite"))
    write_files(tmp_path, emulated_files(annotated, platform=Platform.CMAKE))
    for options in ((), SELF_TEST):
        check_syntax(tmp_path / "src", sorted((tmp_path / "src").glob("*.cpp")), *options)


@pytest.mark.arm
@pytest.mark.parametrize("name", PROJECT_NAMES)
def test_names_of_projects_clash_with_nothing(name: str, examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    program = write_files(tmp_path / "a", emulated_files(annotated, goldens, platform=Platform.CMAKE, name=name))
    sketch = write_files(tmp_path / "b", emulated_files(annotated, goldens, name=name))
    check_syntax(program / "src", sorted((program / "src").glob("*.cpp")))
    check_syntax(program / "src", [program / "src/self_test.cpp", program / "src/golden_data.cpp"], *SELF_TEST)
    (ino,) = sketch.glob("*/*.ino")
    check_syntax(ino.parent, [ino], "-x", "c++", "-include", "Arduino.h")


@pytest.mark.arm
@pytest.mark.cpp
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_project_is_called_as_something_of_c(compiler: str, examples: Path, models: Path, tmp_path: Path) -> None:
    """Nothing that its headers declare or define is the name of a namespace, and no file hides a header."""
    require_tools(compiler, install=f"apt-get install g++ {harness.INSTALL}")
    annotated, goldens = named("digits", models, examples)
    folder = write_files(tmp_path, emulated_files(annotated, goldens, platform=Platform.CMAKE)) / "src"
    command = flags(compiler, folder, *SELF_TEST)
    words: set[str] = set()
    headers: set[str] = set()
    includes: set[str] = set()
    for source in sorted(folder.glob("*.cpp")):
        words |= set(re.findall(r"\b[a-z][a-z0-9_]*\b", harness.run_tool([*command, "-E", "-P", str(source)])))
        words |= set(re.findall(r"#define ([a-z]\w*)\b", harness.run_tool([*command, "-E", "-dM", str(source)])))
        headers |= set(re.findall(r"/(?:include|newlib)/(\w+)\.h\b", harness.run_tool([*command, "-M", str(source)])))
        includes |= set(re.findall(r'#include (?:<[^>]+>|"tensorflow[^"]+")', source.read_text()))

    hidden = [name for name in sorted(headers) if snake_name(name) == name]
    assert hidden == []

    names = [word for word in sorted(words) if SnakeName.of(word) == word == snake_name(word)]
    lines = sorted(includes) + [f"namespace {name} {{ struct T; }}" for name in names]
    (tmp_path / "names.cpp").write_text("\n".join(lines) + "\n")
    compiled = subprocess.run(
        [*command, "-fsyntax-only", str(tmp_path / "names.cpp")], capture_output=True, text=True, check=False
    )
    refused = {
        lines[int(line) - 1] for line in re.findall(r"names\.cpp:(\d+):\d+: (?:error|warning)", compiled.stderr)
    }
    assert refused == set(), compiled.stderr[:2000]
    assert len(names) > 1000


@pytest.mark.parametrize(
    ("text", "snake", "pascal"),
    [
        ("memcpy", "memcpy_model", "Memcpy"),
        ("strtoll_l", "strtoll_l_model", "StrtollL"),
        ("Infinity", "infinity_model", "Infinity"),
        ("time_t", "time_t_model", "TimeT"),
        ("wctype", "wctype_model", "Wctype"),
        ("console", "console", "ConsoleNet"),
        ("digits", "digits", "Digits"),
        ("street", "street", "Street"),
    ],
)
def test_names(text: str, snake: str, pascal: str) -> None:
    assert (snake_name(text), class_name(text)) == (snake, pascal)
