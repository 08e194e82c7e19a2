"""The class in a firmware: memory that is given, models that share it or are set at run time, sections, sizes."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from packager.errors import ConfigError
from packager.metadata.embedding import strip
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, Options
from packager.targets.micro.c_array import read_c_array
from packager.targets.micro.libraries import Platform
from packager.tasks.kinds import Array
from tests.conftest import needs_micro, require_tools, write_files
from tests.targets.micro import harness
from tests.targets.micro.projects import named, project_files

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


@pytest.mark.arm
def test_two_models_take_turns_in_one_arena(models: Path, examples: Path, tmp_path: Path) -> None:
    """In one firmware, each answering as it does alone, and the linker keeps no arena of their own."""
    folders = [write_project(name, tmp_path / name, models, examples) for name in ("digits", "sine")]
    code = HEAD
    for name in ("digits", "sine"):
        cases = named(name, models, examples)[1].sets[Runtime.TFLITE_MICRO].cases
        for number, case in enumerate(cases[:3]):
            code += c_array(f"{name}_input_{number}", case.inputs[0]) + c_array(
                f"{name}_output_{number}", case.outputs[0]
            )
    code += f"""
alignas(16) static uint8_t arena[{ARENA}];

template <typename Model, size_t kIn, size_t kOut>
static int turn(Model& model, const unsigned char (&input)[kIn], const unsigned char (&output)[kOut]) {{
  if (static_cast<int>(model.begin(arena, sizeof(arena))) != 0) return 1;
  memcpy(model.input(), input, kIn);
  if (static_cast<int>(model.invoke()) != 0) return 2;
  return memcmp(model.output(), output, kOut) == 0 ? 0 : 3;
}}

static digits::Digits digits_model;
static sine::Sine sine_model;

int main() {{
"""
    for number in (0, 1, 2):
        for name in ("digits", "sine"):
            code += f'  printf("%d\\n", turn({name}_model, {name}_input_{number}, {name}_output_{number}));\n'
    program = compile_program(folders, code + "}\n", tmp_path)
    assert harness.run(program).lines == ["0"] * 6
    arenas = {name: size for name, (kind, size) in symbols(program).items() if kind in "bB" and size >= ARENA}
    assert arenas == {"arena": ARENA}


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
