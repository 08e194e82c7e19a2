"""The projects for CMake, ESP-IDF, Zephyr, the Pico SDK and PlatformIO: compared whole, built, and run emulated."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.golden import Goldens, build_goldens, read_samples
from packager.metadata.attach import Annotation, annotate
from packager.metadata.labels import LabelFile
from packager.model import read_model
from packager.model.reader import parse_model
from packager.render.templates import templates_folder
from packager.runtimes import Runtime
from packager.targets.micro import TARGET, Options, Platform
from packager.targets.micro.boards import BOARDS
from packager.targets.micro.code_size import estimate
from packager.targets.micro.libraries import Kernels
from packager.targets.target import build_project
from packager.tasks import Task
from tests.conftest import PROJECT, needs_micro, require_tools, write_files
from tests.targets.micro import harness

pytestmark = [pytest.mark.slow, needs_micro]

EXAMPLES = PROJECT / "examples"
STAND_INS = Path(__file__).parent / "micro_headers"
TOOLCHAIN = templates_folder() / "micro/cmake/cmake/arm-none-eabi.cmake"
MARGIN = harness.ARENA_MARGIN
PLATFORMS = [platform for platform in Platform if platform is not Platform.ARDUINO]
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
HEADERS: dict[Platform, tuple[Path, ...]] = {
    Platform.CMAKE: (),
    Platform.ESP_IDF: (STAND_INS / "esp-idf/include",),
    Platform.ZEPHYR: (STAND_INS / "zephyr/include",),
    Platform.PICO: (STAND_INS / "pico/pico_sdk/include",),
    Platform.PLATFORMIO: (harness.CORE, harness.HERE / "arduino/libraries/Chirale_TensorFlowLite/src"),
}


# --- projects ----------------------------------------


@cache
def sine() -> tuple[AnnotatedModel, Goldens]:
    annotated = read_annotated(EXAMPLES / "sine/sine.tflite")
    return annotated, build_goldens(annotated, read_samples(annotated, ()), [Runtime.TFLITE_MICRO])


@cache
def digits() -> tuple[AnnotatedModel, Goldens]:
    model = read_model(EXAMPLES / "digits/digits.tflite")
    labels = LabelFile(EXAMPLES / "digits/labels.txt")
    annotation = Annotation(task=Task.IMAGE_CLASSIFICATION, labels=(labels,), mean=(0.0,), std=(255.0,))
    annotated = annotated_model(parse_model(annotate(model, annotation), model.path))
    pictures = sorted((EXAMPLES / "digits/golden").glob("*.png"))
    return annotated, build_goldens(annotated, read_samples(annotated, pictures), [Runtime.TFLITE_MICRO])


@cache
def both() -> tuple[AnnotatedModel, Goldens]:
    """Two models that take turns in one program, with ``OTHER`` as an option."""
    annotated, goldens = digits()
    return annotated, replace(goldens, companions=(sine(),))


OTHER = (EXAMPLES / "sine/sine.tflite",)


def whole_numbers() -> tuple[AnnotatedModel, Goldens]:
    """A model with int64 as output, which TensorFlow Lite Micro runs; made from the sine's, to be compiled only."""
    annotated, goldens = sine()
    (port,) = annotated.outputs
    port = replace(port, tensor=replace(port.tensor, dtype="int64", quantization=None))
    found = goldens.sets[Runtime.TFLITE_MICRO]
    cases = tuple(
        replace(case, outputs=tuple(tensor.astype(np.int64) for tensor in case.outputs)) for case in found.cases
    )
    return replace(annotated, outputs=(port,)), replace(
        goldens, sets={Runtime.TFLITE_MICRO: replace(found, cases=cases)}
    )


def project(made: tuple[AnnotatedModel, Goldens], platform: Platform, **options: object) -> dict[str, bytes]:
    _, files = build_project(TARGET, made[0], Options(platform=platform, **options), made[1])  # type: ignore[arg-type]
    return files


def core(platform: Platform) -> str:
    return "main" if platform is Platform.ESP_IDF else "src"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_whole_project_is_as_it_was(platform: Platform, assert_tree: Callable[..., None]) -> None:
    assert_tree(f"micro_platform_{platform}", project(sine(), platform))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_sources_are_the_same_on_every_platform(platform: Platform) -> None:
    def shared(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
        own = ("main.cpp", "CMakeLists.txt", "idf_component.yml", "linker.lf", "README.md")
        return {
            # The command that made it names the platform; Arduino's library sets the serial port up by itself.
            path.removeprefix(folder + "/"): content.replace(platform.encode(), b"")
            for path, content in files.items()
            if path.startswith(folder + "/") and path.removeprefix(folder + "/") not in own
        }

    ours = shared(project(digits(), platform), core(platform))
    reference = {
        path: content.replace(b"cmake", b"").replace(platform.encode(), b"")
        for path, content in shared(project(digits(), Platform.CMAKE), "src").items()
    }
    assert len(ours) == 24
    if platform is Platform.ESP_IDF:
        # It names ESP-NN's functions, and what they take of the arena; the others name CMSIS-NN's.
        for files in (ours, reference):
            del files["self_test.cpp"], files["digits.h"]
    if platform is Platform.PLATFORMIO:
        for files in (ours, reference):
            del files["digits.cpp"]
    assert {path: content.replace(b"cmake", b"") for path, content in ours.items()} == reference


# --- compiled with warnings as errors, and run ----------------------------------------


def compile_project(
    folder: Path, platform: Platform, standard: str, defines: tuple[str, ...] = ("-DSELF_TEST=1",)
) -> Path:
    sources = folder / core(platform)
    files = [*sorted(sources.glob("*.cpp")), sources / "model_data.S"]
    files = [file for file in files if file.name != "model_data.cpp"]
    if platform is Platform.PLATFORMIO:
        files.append(harness.CORE / "core.cpp")
    if platform is Platform.ESP_IDF:
        start = folder / "start.cpp"
        start.write_text('extern "C" void app_main();\nint main() { app_main(); }\n')
        files.append(start)
    includes = tuple(option for header in HEADERS[platform] for option in ("-isystem", str(header)))
    return harness.compile_sources(
        files, folder / "program", standard=standard, defines=defines, includes=(f"-I{sources}", *includes)
    )


@pytest.mark.arm
@pytest.mark.parametrize("standard", ["gnu++14", "gnu++17"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_self_test_passes_on_the_emulated_board(platform: Platform, standard: str, tmp_path: Path) -> None:
    folder = write_files(tmp_path, project(digits(), platform, arena_margin=MARGIN))
    done = harness.run(compile_project(folder, platform, standard))
    cases = len(digits()[1].sets[Runtime.TFLITE_MICRO].cases)
    assert done.lines[-1] == "PASS"
    starts = [line.split(":")[0].split(" ")[0] for line in done.lines]
    assert starts == ["case"] * cases + ["kernel"] * 4 + ["arena", "PASS"]
    assert done.code == 0


@pytest.mark.arm
@pytest.mark.parametrize("platform", [Platform.CMAKE, Platform.PLATFORMIO])
def test_a_golden_of_another_answer_fails(platform: Platform, tmp_path: Path) -> None:
    annotated, goldens = sine()
    found = goldens.sets[Runtime.TFLITE_MICRO]
    wrong = tuple(replace(case, outputs=tuple(tensor + 9 for tensor in case.outputs)) for case in found.cases)
    made = (annotated, replace(goldens, sets={Runtime.TFLITE_MICRO: replace(found, cases=wrong)}))
    folder = write_files(tmp_path, project(made, platform, arena_margin=MARGIN))
    done = harness.run(compile_project(folder, platform, "gnu++17"))
    assert done.lines[-1] == "FAIL"
    # An Arduino board has no exit code.
    assert done.code == (0 if platform is Platform.PLATFORMIO else 1)


@pytest.mark.arm
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_program_answers_to_numbers(platform: Platform, tmp_path: Path) -> None:
    annotated, goldens = sine()
    (port,), (answer,) = annotated.inputs, annotated.outputs
    assert port.tensor.quantization is not None
    assert answer.tensor.quantization is not None
    inputs, lines = [], []
    for case in goldens.sets[Runtime.TFLITE_MICRO].cases:
        step = int(case.inputs[0].item()) - port.tensor.quantization.zero_point
        inputs.append(f"{step * port.tensor.quantization.scale:.6f}")
        step = int(case.outputs[0].item()) - answer.tensor.quantization.zero_point
        lines.append(six_decimals(np.float32(step) * np.float32(answer.tensor.quantization.scale)))
    folder = write_files(tmp_path, project(sine(), platform, arena_margin=MARGIN))
    program = compile_project(folder, platform, "gnu++17", ())
    done = harness.run(program, ("\r\n".join(inputs) + " \n\n").encode())
    assert done.lines == lines
    assert done.code == 0


def six_decimals(value: np.float32) -> str:
    size = abs(value)
    whole = int(size)
    millionths = int((size - np.float32(whole)) * np.float32(1e6) + np.float32(0.5))
    return f"{'-' if value < 0 else ''}{whole}.{millionths:06}"


@pytest.mark.arm
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_program_answers_to_frames(platform: Platform, tmp_path: Path) -> None:
    _, goldens = digits()
    # Inputs of int8 with a zero point of -128 and a scale of 1 / 255: the pixel is the item + 128.
    cases = goldens.sets[Runtime.TFLITE_MICRO].cases
    frames = b"".join((case.inputs[0].astype(np.int16) + 128).astype(np.uint8).tobytes() for case in cases)
    folder = write_files(tmp_path, project(digits(), platform, arena_margin=MARGIN))
    # What is left at the end is no whole frame.
    done = harness.run(compile_project(folder, platform, "gnu++17", ()), frames + b"abc")
    best = [case.answer[0] for case in cases]
    assert done.lines == [f"{item.label} {six_decimals(np.float32(item.score))}" for item in best]
    assert done.code == 0


@pytest.mark.arm
@pytest.mark.parametrize("standard", ["gnu++14", "gnu++17"])
@pytest.mark.parametrize("defines", [(), ("-DSELF_TEST=1",)], ids=["program", "self-test"])
def test_an_output_of_whole_numbers_compiles(standard: str, defines: tuple[str, ...], tmp_path: Path) -> None:
    folder = write_files(tmp_path, project(whole_numbers(), Platform.CMAKE))
    compile_project(folder, Platform.CMAKE, standard, defines)


# --- built by their own CMake files ----------------------------------------


def include_dirs() -> str:
    return ";".join(option for option in harness.library().includes if not option.startswith("-"))


def run_cmake(source: Path, build: Path, *options: str, variables: Mapping[str, str] | None = None) -> None:
    require_tools("cmake", "make", install="apt-get install cmake make")
    environment = {**os.environ, **(variables or {})}
    commands: tuple[list[str | Path], ...] = (
        ["cmake", "-S", source, "-B", build, "-Werror=dev", "--warn-uninitialized", *options],
        ["cmake", "--build", build, "-j2"],
    )
    for command in commands:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def emulated(*flags: str) -> tuple[str, ...]:
    """The options for a project of which the stand-ins make a program for the emulated board."""
    return (
        f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}",
        "-DCPU_FLAGS=-mcpu=cortex-m3",
        "-DCMAKE_CXX_FLAGS=" + " ".join(("-mcpu=cortex-m3 -mthumb -Os", *WARNINGS, *flags)),
        "-DCMAKE_EXE_LINKER_FLAGS=" + " ".join(harness.link_flags()),
        f"-DEMULATED_INCLUDE_DIRS={include_dirs()}",
        f"-DEMULATED_LIBRARY={harness.library().archive}",
    )


Made = Callable[[], tuple[AnnotatedModel, Goldens]]
PROGRAMS = pytest.mark.parametrize(("made", "also"), [(digits, ()), (both, OTHER)], ids=["digits", "digits_and_sine"])


def program_name(also: tuple[Path, ...]) -> str:
    return "digits_and_sine_app" if also else "digits_app"


def check_self_test(program: Path) -> None:
    done = harness.run(program)
    assert done.lines[-1] == "PASS", done.output
    assert done.code == 0


@pytest.mark.arm
@pytest.mark.cpp
@pytest.mark.parametrize("standard", ["14", "17"])
def test_cmake_builds_a_program_for_a_board(standard: str, tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(digits(), Platform.CMAKE, arena_margin=MARGIN))
    options = (
        f"--toolchain={folder}/cmake/arm-none-eabi.cmake",
        "-DCPU_FLAGS=-mcpu=cortex-m3",
        # The board's start-up code stands in for the C library's.
        "-DLINK_SPECS=--specs=rdimon.specs -nostartfiles",
        f"-DTFLM_LIBRARY={harness.library().archive}",
        f"-DTFLM_INCLUDE_DIRS={include_dirs()}",
        f"-DLINKER_SCRIPT={harness.HERE}/bsp/mps2.ld",
        f"-DBOARD_SOURCES={harness.HERE}/bsp/startup.c",
        f"-DCMAKE_CXX_STANDARD={standard}",
        "-DSELF_TEST=ON",
    )
    # The flags of the environment go behind those of the toolchain file.
    run_cmake(folder, tmp_path / "build", *options, variables={"CXXFLAGS": " ".join(WARNINGS)})
    check_self_test(tmp_path / "build/digits_app")


@pytest.mark.arm
@pytest.mark.cpp
@pytest.mark.parametrize("made", [sine, digits])
def test_the_estimated_flash_is_near_to_a_program_that_is_linked(
    made: Callable[[], tuple[AnnotatedModel, Goldens]], tmp_path: Path
) -> None:
    harness.library()
    model = made()[0].model
    folder = write_files(tmp_path / "project", project(made(), Platform.CMAKE, arena_margin=MARGIN))
    options = (
        f"--toolchain={folder}/cmake/arm-none-eabi.cmake",
        "-DLINK_SPECS=--specs=nano.specs --specs=rdimon.specs -nostartfiles",
        f"-DTFLM_LIBRARY={harness.library().archive}",
        f"-DTFLM_INCLUDE_DIRS={include_dirs()}",
        f"-DLINKER_SCRIPT={harness.HERE}/bsp/mps2.ld",
        f"-DBOARD_SOURCES={harness.HERE}/bsp/startup.c",
    )
    run_cmake(folder, tmp_path / "build", *options)
    (program,) = (tmp_path / "build").glob("*_app")
    operators = [operator.name for operator, _ in model.operators]
    # The library is six years older than the measured one, the program reads and prints numbers besides.
    needs = estimate("cortex-m0+", operators, len(model.data), 0, kernels=Kernels.REFERENCE)
    assert 0.75 < needs.flash / harness.flash_bytes(program) < 1.25


@pytest.mark.arm
@pytest.mark.cpp
def test_cmake_builds_a_library_for_a_firmware(tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(sine(), Platform.CMAKE, arena_margin=MARGIN))
    options = (
        f"--toolchain={folder}/cmake/arm-none-eabi.cmake",
        "-DCPU_FLAGS=-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16",
        f"-DTFLM_LIBRARY={harness.library().archive}",
        f"-DTFLM_INCLUDE_DIRS={include_dirs()}",
    )
    run_cmake(folder, tmp_path / "build", *options)
    assert not (tmp_path / "build/sine_app").exists()
    symbols = harness.run_tool(["arm-none-eabi-nm", "-C", str(tmp_path / "build/libsine_model.a")])
    defined = {line.split(" ", 2)[2] for line in symbols.splitlines() if line.count(" ") >= 2 and " U " not in line}
    assert {"sine::Sine::begin()", "sine::Sine::invoke()", "sine_model_data", "sine_model_size"} <= defined


# Names of targets, libraries and files that a build has anyway, and one that would end a comment or a string.
NAMES_OF_OTHERS = ("test", "m", "app", '*/ "${x}" \\')


@pytest.mark.arm
@pytest.mark.cpp
@pytest.mark.parametrize("name", NAMES_OF_OTHERS)
def test_cmake_builds_whatever_the_name_is(name: str, tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(sine(), Platform.CMAKE, name=name, arena_margin=MARGIN))
    options = (
        f"--toolchain={folder}/cmake/arm-none-eabi.cmake",
        "-DLINK_SPECS=--specs=rdimon.specs -nostartfiles",
        f"-DTFLM_LIBRARY={harness.library().archive}",
        f"-DTFLM_INCLUDE_DIRS={include_dirs()}",
        f"-DLINKER_SCRIPT={harness.HERE}/bsp/mps2.ld",
        f"-DBOARD_SOURCES={harness.HERE}/bsp/startup.c",
    )
    run_cmake(folder, tmp_path / "build", *options)
    (program,) = (tmp_path / "build").glob("*_app")
    done = harness.run(program, b"0 1.5707964")
    assert [round(float(line), 1) for line in done.lines] == [0.0, 1.0]


@pytest.mark.arm
@pytest.mark.cpp
def test_cmake_notices_another_model(tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(sine(), Platform.CMAKE, arena_margin=MARGIN))
    options = (
        f"--toolchain={folder}/cmake/arm-none-eabi.cmake",
        f"-DTFLM_LIBRARY={harness.library().archive}",
        f"-DTFLM_INCLUDE_DIRS={include_dirs()}",
    )
    run_cmake(folder, tmp_path / "build", *options)
    model = folder / "src/model.tflite"
    model.write_bytes(model.read_bytes()[:-4] + b"\1\2\3\4")
    subprocess.run(["cmake", "--build", tmp_path / "build"], check=True, capture_output=True)
    run = ["arm-none-eabi-objcopy", "-O", "binary", "-j", ".rodata.sine_model_data"]
    subprocess.run(["arm-none-eabi-ar", "x", tmp_path / "build/libsine_model.a"], cwd=tmp_path, check=True)
    (found,) = tmp_path.glob("model_data*")
    subprocess.run([*run, found, tmp_path / "bytes"], check=True)
    assert (tmp_path / "bytes").read_bytes() == model.read_bytes()


@pytest.mark.cpp
def test_cmake_says_what_is_missing(tmp_path: Path) -> None:
    require_tools("cmake", install="apt-get install cmake")
    folder = write_files(tmp_path / "project", project(sine(), Platform.CMAKE, arena_margin=MARGIN))
    done = subprocess.run(
        ["cmake", "-S", folder, "-B", tmp_path / "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Set -DTFLM_DIR to TensorFlow Lite Micro: see README.md" in done.stderr


@pytest.mark.arm
@pytest.mark.cpp
@PROGRAMS
def test_esp_idf_project_builds_with_stand_ins(made: Made, also: tuple[Path, ...], tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(made(), Platform.ESP_IDF, arena_margin=MARGIN, also=also))
    variables = {"IDF_PATH": str(STAND_INS / "esp-idf")}
    run_cmake(folder, tmp_path / "build", *emulated(), "-DSELF_TEST=1", variables=variables)
    check_self_test(tmp_path / f"build/{program_name(also)}.elf")


@pytest.mark.arm
@pytest.mark.cpp
@PROGRAMS
def test_zephyr_project_builds_with_stand_ins(made: Made, also: tuple[Path, ...], tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(made(), Platform.ZEPHYR, arena_margin=MARGIN, also=also))
    variables = {"ZEPHYR_BASE": str(STAND_INS / "zephyr")}
    # A toolchain file has programs alone looked for on the computer.
    options = (*emulated(), "-DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=NEVER", "-DSELF_TEST=1")
    run_cmake(folder, tmp_path / "build", *options, variables=variables)
    check_self_test(tmp_path / "build/app")


@pytest.mark.arm
@pytest.mark.cpp
@PROGRAMS
def test_pico_project_builds_with_stand_ins(made: Made, also: tuple[Path, ...], tmp_path: Path) -> None:
    harness.library()
    folder = write_files(tmp_path / "project", project(made(), Platform.PICO, arena_margin=MARGIN, also=also))
    options = (*emulated(), "-DSELF_TEST=ON", f"-DPICO_TFLMICRO_PATH={STAND_INS}/pico/pico-tflmicro")
    run_cmake(folder, tmp_path / "build", *options, variables={"PICO_SDK_PATH": str(STAND_INS / "pico/pico_sdk")})
    check_self_test(tmp_path / f"build/{program_name(also)}")
    assert (tmp_path / f"build/{program_name(also)}.bin").stat().st_size > 0


# --- the files of other tools ----------------------------------------


def test_partitions_fill_the_flash_without_a_gap_or_an_overlap() -> None:
    text = project(sine(), Platform.ESP_IDF)["partitions.csv"].decode()
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if not line.startswith("#")]
    extents = [(int(offset, 16), int(size, 16)) for *_, offset, size in rows]
    assert all(a + size == b for (a, size), (b, _) in pairwise(extents))
    assert sum(extents[-1]) == BOARDS["esp32"].flash_bytes
    assert extents[-1][0] % 0x10000 == 0
    assert rows[-1][1:3] == ["app", "factory"]


def test_platformio_ini_holds_sections_that_extend_one_another() -> None:
    import configparser

    ini = configparser.ConfigParser(interpolation=None)
    ini.read_string(project(sine(), Platform.PLATFORMIO)["platformio.ini"].decode())
    environments = {name for name in ini.sections() if name.startswith("env:")}
    assert f"env:{ini['platformio']['default_envs']}" in environments
    named = {board.names[Platform.PLATFORMIO] for board in BOARDS.values() if Platform.PLATFORMIO in board.platforms}
    assert {f"env:{name}" for name in named} <= environments
    for name in environments:
        assert ini[name].get("extends", "env:nano33ble") in environments
        assert "extends" in ini[name] or ini[name]["board"] == name.removeprefix("env:")


def test_sample_yaml_and_component_yaml_are_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    sample = yaml.safe_load(project(sine(), Platform.ZEPHYR)["sample.yaml"])
    assert sample["sample"] == {"name": "sine"}
    assert sample["tests"] == {
        "sine.self_test": {"extra_args": "SELF_TEST=1", "integration_platforms": ["mps2/an385"]}
    }
    component = yaml.safe_load(project(sine(), Platform.ESP_IDF)["main/idf_component.yml"])
    assert component["dependencies"]["espressif/esp-tflite-micro"] == {"version": "^1.4.0"}


# --- boards ----------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_board_is_checked_and_named(platform: Platform) -> None:
    key = next(key for key, board in BOARDS.items() if platform in board.platforms)
    files = project(sine(), platform, board=key)
    assert BOARDS[key].title in files[f"{core(platform)}/README.md"].decode()


@pytest.mark.parametrize(
    ("board", "platform", "path", "line"),
    [
        ("esp32", None, "README.md", "idf.py set-target esp32"),
        (
            "pico-2",
            None,
            "CMakeLists.txt",
            'set(PICO_BOARD pico2 CACHE STRING "pico, pico_w, pico2 or another board of the SDK")',
        ),
        ("esp32-cam", Platform.PLATFORMIO, "platformio.ini", "default_envs = esp32cam"),
    ],
)
def test_a_board_is_called_as_its_platform_does(board: str, platform: Platform | None, path: str, line: str) -> None:
    files = build_project(TARGET, sine()[0], Options(platform=platform, board=board), sine()[1])[1]
    assert line in files[path].decode().splitlines()
