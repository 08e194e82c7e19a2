"""The class in a firmware: memory that is given, models that share it or are set at run time, sections, sizes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from packager.cli import app
from packager.errors import ConfigError, PackagerError
from packager.metadata.embedding import strip
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, ArduinoForm, Options
from packager.targets.micro.c_array import read_c_array
from packager.targets.micro.libraries import Platform
from packager.targets.target import build_project
from packager.tasks.kinds import Array
from tests.conftest import needs_micro, require_tools, write_files
from tests.targets.micro import harness
from tests.targets.micro.projects import emulated_files, named, project_files

pytestmark = [pytest.mark.slow, needs_micro]

# The interpreter of 2020 needs more than is stated.
ARENA = 24 << 10
HEAD = """
#include <stdio.h>
#include <string.h>

#include <new>

#include "digits.h"
#include "sine.h"
"""


def write_project(name: str, folder: Path, models: Path, examples: Path, **options: object) -> Path:
    """The sources of a project for CMake, and their folder."""
    annotated, goldens = named(name, models, examples)
    files = project_files(annotated, goldens, platform=Platform.CMAKE, arena_bytes=ARENA, **options)
    return write_files(folder, files) / "src"


def compile_program(folders: list[Path], code: str, work: Path, defines: tuple[str, ...] = ()) -> Path:
    """A program of the class's sources in ``folders`` and of ``code``."""
    main = work / "program.cpp"
    main.write_text(code)
    includes = tuple(f"-I{folder}" for folder in folders)
    objects = [harness.compile_source(main, work / "main.o", includes=includes)]
    programs = ("main.cpp", "app.cpp", "self_test.cpp", "golden_data.cpp", "model_data.cpp")
    for number, folder in enumerate(folders):
        sources = [*(path for path in sorted(folder.glob("*.cpp")) if path.name not in programs)]
        for source in (*sources, folder / "model_data.S"):
            target = work / f"{number}-{source.name}.o"
            objects.append(harness.compile_source(source, target, defines=defines, includes=(f"-I{folder}",)))
    return harness.link(objects, work / "program.elf")


def c_array(name: str, array: Array | bytes) -> str:
    data = array if isinstance(array, bytes) else array.tobytes()
    return f"alignas(16) static const unsigned char {name}[] = {{{', '.join(map(str, data))}}};\n"


def symbols(program: Path) -> dict[str, tuple[str, int]]:
    """Of each symbol its kind and its size."""
    listed = harness.run_tool(["arm-none-eabi-nm", "-CS", str(program)]).splitlines()
    words = [line.split(maxsplit=3) for line in listed]
    return {found[3]: (found[2], int(found[1], 16)) for found in words if len(found) == 4}


def write_sketch(folder: Path, models: Path, examples: Path, names: tuple[str, ...]) -> tuple[Path, list[Path]]:
    """A sketch in which models take turns, and its sources."""
    (annotated, goldens), *others = [named(name, models, examples) for name in names]
    goldens = dataclasses.replace(goldens, companions=tuple(others))
    files = emulated_files(annotated, goldens, also=tuple(Path(f"{name}.tflite") for name in names[1:]))
    write_files(folder, files)
    (ino,) = folder.glob("*/*.ino")
    return ino.parent / "src", [ino, *sorted(ino.parent.rglob("*.cpp")), harness.CORE / "core.cpp"]


@pytest.mark.arm
@pytest.mark.parametrize("names", [("digits", "sine"), ("sine", "micro_speech_quantized", "digits")], ids="-".join)
def test_models_take_turns_in_one_arena(names: tuple[str, ...], models: Path, examples: Path, tmp_path: Path) -> None:
    """In one firmware, each answering as it does alone, and the linker keeps no arena of their own."""
    _, sources = write_sketch(tmp_path / "project", models, examples, names)
    program = harness.compile_sources(sources, tmp_path / "self_test.elf", defines=("-DSELF_TEST=1",))
    lines = harness.run(program).lines
    cases = [len(named(name, models, examples)[1].sets[Runtime.TFLITE_MICRO].cases) for name in names]
    assert [line for line in lines if line.startswith("case ") and "max difference 0," in line] == [
        line for line in lines if line.startswith("case ")
    ]
    assert sum(line.startswith("case ") for line in lines) == sum(cases)
    assert [line for line in lines if line.endswith("PASS")] == [*(f"{name}: PASS" for name in names), "PASS"]
    arenas = [size for kind, size in symbols(program).values() if kind in "bB" and size > 2_000]
    assert len(arenas) == 1


@pytest.mark.arm
def test_each_model_takes_its_own_input_in_its_turn(models: Path, examples: Path, tmp_path: Path) -> None:
    _, sources = write_sketch(tmp_path / "project", models, examples, ("digits", "sine"))
    program = harness.compile_sources(sources, tmp_path / "program.elf")
    cases = named("digits", models, examples)[1].sets[Runtime.TFLITE_MICRO].cases[:2]
    frames = [(case.inputs[0].astype(int) + 128).astype("uint8").tobytes() for case in cases]
    lines = harness.run(program, frames[0] + b"1.5708 " + frames[1] + b"4.7124\n").lines
    assert [lines[0].split()[0], lines[2].split()[0]] == [case.answer[0].label for case in cases]
    assert [round(float(lines[number])) for number in (1, 3)] == [1, -1]


@pytest.mark.arm
def test_one_model_that_answers_otherwise_fails_the_program(models: Path, examples: Path, tmp_path: Path) -> None:
    core, sources = write_sketch(tmp_path / "project", models, examples, ("digits", "sine"))
    golden = core / "sine" / "golden_data.cpp"
    golden.write_text(
        re.sub(r"(kCase0Output\w*\[\w+\] = \{\s*)(-?\d+)", lambda m: m[1] + str(-int(m[2]) - 9), golden.read_text())
    )
    lines = harness.run(
        harness.compile_sources(sources, tmp_path / "self_test.elf", defines=("-DSELF_TEST=1",))
    ).lines
    assert [line for line in lines if line.endswith(("PASS", "FAIL"))] == ["digits: PASS", "sine: FAIL", "FAIL"]


def test_what_several_models_need_is_told_before_golden_cases(models: Path, examples: Path) -> None:
    annotated, _ = named("digits", models, examples)
    sine, large = examples / "sine/sine.tflite", models / "yolo11n_full_integer_quant.tflite"

    def refused(*also: Path, **options: Any) -> str:
        with pytest.raises(PackagerError) as caught:
            TARGET.check_options(annotated.model, Options(also=also, **options))
        return caught.value.what

    TARGET.check_options(annotated.model, Options(also=(sine,)))
    assert refused(sine, sine) == "two of the models are called sine"
    assert "several models make a sketch" in refused(sine, arduino_form=ArduinoForm.LIBRARY)
    assert "flash" in refused(large, board="pico")
    compiled = models / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"
    assert refused(compiled) == "cannot run on a microcontroller: it is compiled for the Edge TPU"


def test_an_arena_that_is_too_small_for_one_of_several_is_told(models: Path, examples: Path) -> None:
    """Whichever of them comes first."""
    for names in (("digits", "sine"), ("sine", "digits")):
        (annotated, goldens), other = (named(name, models, examples) for name in names)
        options = Options(also=(Path("other.tflite"),), arena_bytes=2_000)
        context, _ = build_project(TARGET, annotated, options, dataclasses.replace(goldens, companions=(other,)))
        (problem,) = TARGET.find_warnings(context)
        assert "that digits may need on a 32-bit target, and is refused" in problem.what


def test_the_command_packages_and_replays_several(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = CliRunner().invoke(
        app,
        [
            *("micro", str(examples / "digits/digits.tflite"), str(examples / "sine/sine.tflite")),
            *("-o", str(tmp_path / "out"), "--platform", "cmake", "--name", "both"),
        ],
    )
    assert run.exit_code == 0, run.output
    told = json.loads(CliRunner().invoke(app, ["verify", str(tmp_path / "out"), "--json"]).stdout)
    assert [Path(model["folder"]).name for model in told["models"]] == ["digits", "sine"]
    assert told["passed"] is True
    data = tmp_path / "out/src/sine/model_data.cpp"
    data.write_bytes(data.read_bytes().replace(b"0x00", b"0x01", 400))
    run = CliRunner().invoke(app, ["verify", str(tmp_path / "out")])
    assert run.exit_code == 1
    assert "sine" in run.stdout


@pytest.mark.arm
def test_a_model_is_checked_before_it_is_used(models: Path, examples: Path, tmp_path: Path) -> None:
    folders = [write_project(name, tmp_path / name, models, examples) for name in ("digits", "sine")]
    annotated, _ = named("sine", models, examples)
    data = strip(annotated.model.data)
    damaged = bytearray(data)
    # The offset of the root table.
    damaged[0] ^= 0x80
    code = HEAD + c_array("good", data) + c_array("damaged", bytes(damaged)) + c_array("shifted", b"\0" + data)
    code += c_array("hash", hashlib.sha256(data).digest())
    code += """
using namespace sine;

static const char* told(Status status) { return status_text(status); }

int main() {
  Sine model;
  printf("%s\\n", told(Sine::use(damaged, sizeof(damaged))));
  printf("%s\\n", told(Sine::use(good, 7)));
  printf("%s\\n", told(Sine::use(good, sizeof(good) - 16)));
  printf("%s\\n", told(Sine::use(shifted + 1, sizeof(good))));
  printf("%s\\n", told(Sine::use(good, sizeof(good), damaged)));
  printf("%s\\n", told(Sine::use(digits_model_data, digits_model_size)));
  printf("%s\\n", told(model.begin()));
  printf("%d %s\\n", model.input() == nullptr, told(model.invoke()));
  printf("%s\\n", told(Sine::use(good, sizeof(good), hash)));
  printf("%s\\n", told(model.begin()));
  model.input()[0] = Sine::quantize_input(1.5708f);
  printf("%s %d\\n", told(model.invoke()), Sine::dequantize_output(model.output()[0]) > 0.9f);
}
"""
    code = code.replace('#include "sine.h"\n', '#include "sine.h"\n#include "digits_data.h"\n')
    (tmp_path / "digits" / "src" / "digits_data.h").write_text(
        (tmp_path / "digits" / "src" / "model_data.h").read_text()
    )
    bad, other = "no model, a damaged one, or one that is not at a multiple of 16", "other inputs or outputs"
    lines = harness.run(compile_program(folders, code, tmp_path)).lines
    lines = [line for line in lines if line]
    assert lines[:4] == [bad] * 4
    assert lines[4:6] == ["the model has another SHA-256", "ok"]
    assert other in lines[6] or "AllocateTensors failed" in lines[6] or "operator" in lines[6]
    assert lines[7:] == ["1 begin() has not succeeded", "ok", "ok", "ok 1"]


@pytest.mark.arm
def test_arena_and_model_are_in_the_sections_that_are_named(models: Path, examples: Path, tmp_path: Path) -> None:
    folder = write_project(
        "sine", tmp_path / "sine", models, examples, arena_section=".bss.fast", model_section=".rodata.slow"
    )
    for source, symbol, section in (
        ("sine.cpp", "sine::Sine::begin()::arena", ".bss.fast"),
        ("model_data.cpp", "sine_model_data", ".rodata.slow"),
        ("model_data.S", "sine_model_data", ".rodata.slow"),
    ):
        made = harness.compile_source(folder / source, tmp_path / f"{source}.o", includes=(f"-I{folder}",))
        listed = harness.run_tool(["arm-none-eabi-objdump", "-tC", str(made)])
        (line,) = [line for line in listed.splitlines() if line.endswith(" " + symbol)]
        assert section in line.split(), line
    # What verify reads.
    assert read_c_array((folder / "model_data.cpp").read_bytes()) == strip(
        named("sine", models, examples)[0].model.data
    )


@pytest.mark.parametrize("name", ['.bss")))', ".a b", "9", ".b\n", "é", "." + "a" * 100])
def test_a_name_that_no_section_has(name: str, models: Path, examples: Path) -> None:
    annotated, _ = named("sine", models, examples)
    for options in (Options(arena_section=name), Options(model_section=name)):
        with pytest.raises(ConfigError, match="no name of a linker section"):
            TARGET.check_options(annotated.model, options)


@pytest.mark.cpp
def test_the_hash_is_sha256(models: Path, examples: Path, tmp_path: Path) -> None:
    require_tools("g++", install="apt-get install g++")
    folder = write_project("sine", tmp_path / "sine", models, examples)
    (tmp_path / "main.cpp").write_text("""
#include <stdio.h>

#include "sha256.h"

int main() {
  static uint8_t data[300];
  for (size_t bytes = 0; bytes <= sizeof(data); ++bytes) {
    uint8_t hash[32];
    sine::hash_sha256(data, bytes, hash);
    for (int byte : hash) printf("%02x", byte);
    printf("\\n");
    if (bytes < sizeof(data)) data[bytes] = static_cast<uint8_t>(7 * bytes);
  }
}
""")
    program = tmp_path / "program"
    command = ["g++", "-std=c++11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined"]
    sources = [str(folder / "sha256.cpp"), str(tmp_path / "main.cpp")]
    harness.run_tool([*command, f"-I{folder}", *sources, "-o", str(program)])
    told = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == [hashlib.sha256(bytes(7 * n % 256 for n in range(size))).hexdigest() for size in range(301)]


# What one writes by hand: bytes in, bytes out.
MINIMAL = """
#include <stdio.h>

#include "model_data.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

alignas(16) static uint8_t arena[ARENA];

int main() {
  static tflite::MicroMutableOpResolver<1> resolver;
  resolver.AddFullyConnected();
  static tflite::MicroInterpreter interpreter(tflite::GetModel(hello_world_int8_model_data), resolver, arena,
                                              sizeof(arena));
  if (interpreter.AllocateTensors() != kTfLiteOk) return 1;
  int byte;
  while ((byte = getchar()) >= 0) {
    interpreter.input(0)->data.int8[0] = static_cast<int8_t>(byte);
    if (interpreter.Invoke() != kTfLiteOk) return 1;
    putchar('a' + (interpreter.output(0)->data.int8[0] & 15));
  }
}
"""


@pytest.mark.arm
def test_the_program_is_not_much_larger_than_a_minimal_one(
    models: Path, examples: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """With newlib-nano: at most 3 KB of flash more and 1 KB of RAM."""
    folder = write_project("hello_world_int8", tmp_path / "p", models, examples)
    by_hand = tmp_path / "minimal.cpp"
    by_hand.write_text(MINIMAL.replace("ARENA", str(ARENA)))
    includes = (f"-I{folder}",)
    model = harness.compile_source(folder / "model_data.S", tmp_path / "model.o", includes=includes)
    minimal = [harness.compile_source(by_hand, tmp_path / "minimal.o", includes=includes, warnings=()), model]
    sources = [path for path in sorted(folder.glob("*.cpp")) if path.name != "model_data.cpp"]
    ours = [harness.compile_source(path, tmp_path / f"{path.name}.o", includes=includes) for path in sources]
    sizes = []
    for name, objects in (("minimal", minimal), ("ours", [*ours, model])):
        program = harness.link(objects, tmp_path / f"{name}.elf", ("--specs=nano.specs",))
        text, data, bss = harness.run_tool(["arm-none-eabi-size", str(program)]).splitlines()[1].split()[:3]
        sizes.append((int(text) + int(data), int(data) + int(bss)))
        assert harness.run(program, b"1\n").output.strip()
    flash, ram = (after - before for before, after in zip(*sizes, strict=True))
    record_property("flash", flash)
    record_property("ram", ram)
    assert flash <= 3 << 10, sizes
    assert ram <= 1 << 10, sizes


@pytest.mark.arm
def test_a_profile_tells_the_time_of_each_operator(models: Path, examples: Path, tmp_path: Path) -> None:
    annotated, goldens = named("digits", models, examples)
    write_files(tmp_path, project_files(annotated, goldens, arena_bytes=ARENA, profile=True))
    program = harness.compile_sketch(tmp_path, tmp_path / "self_test.elf", defines=("-DSELF_TEST=1",))
    lines = harness.run(program).lines
    assert lines[-1] == "PASS"
    first, second = lines.index("| operator | name | us | % |"), lines.index("operator,name,microseconds")
    operators = [node.operator.name for node in annotated.model.main.nodes]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first + 2 : second]]
    rows = [line.split(",") for line in lines[second + 1 : second + 1 + len(operators)]]
    assert [row[:2] for row in rows] == [[str(number), name] for number, name in enumerate(operators)]
    assert [cells[:3] for cells in table[:-1]] == rows
    total = sum(int(row[2]) for row in rows)
    assert table[-1] == ["", "all", str(total), "100"]
    assert [int(cells[3]) for cells in table[:-1]] == [100 * int(row[2]) // total for row in rows]
    # Of the cases' own times the mean is a little more.
    times = [int(line.split(" us")[0].split()[-1]) for line in lines[:first]]
    assert 0 < total <= sum(times) / len(times)


@pytest.mark.arm
def test_a_profile_compiles_where_the_library_keeps_its_names_in_tflite_micro(
    models: Path, examples: Path, tmp_path: Path
) -> None:
    folder = write_project("digits", tmp_path, models, examples, profile=True)
    for source in ("digits.cpp", "profiler.cpp", "self_test.cpp"):
        harness.run_tool(
            [
                *(
                    "arm-none-eabi-g++",
                    *harness.CPU,
                    "-std=c++17",
                    "-fsyntax-only",
                    *harness.WARNINGS,
                    "-DSELF_TEST=1",
                ),
                *("-isystem", str(harness.HERE / "namespaced"), str(folder / source)),
            ]
        )
