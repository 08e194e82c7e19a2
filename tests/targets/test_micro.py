"""The microcontroller target without a cross compiler: problems, resolver table, arena, array, tree, verify."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import annotated_model
from packager.errors import ConfigError, PackagerError, TargetError
from packager.golden import GoldenCase, read_samples
from packager.model import Operator, parse_model, read_model
from packager.pipeline import package
from packager.replay import verify
from packager.runtimes import Runtime
from packager.targets.micro.arena import Need, kernel_bytes, least_arena, need_of
from packager.targets.micro.boards import BOARDS
from packager.targets.micro.c_array import model_source, read_c_array
from packager.targets.micro.kernels import KERNELS
from packager.targets.micro.libraries import ArduinoLibrary, Kernels, Platform
from packager.targets.micro.operators import _CUSTOM, resolver_method
from packager.targets.micro.ports import literals
from packager.targets.micro.project import (
    TARGET,
    ArduinoForm,
    Options,
    TensorsInputContext,
    _cases_for_flash,
    choose_build,
)
from packager.targets.target import Level, build_project
from packager.tasks import Task
from tests import hand_made
from tests.cells.models import example
from tests.conftest import needs_micro, require_tools, write_files
from tests.example_models import digits, sine
from tests.models import Op, T, graph
from tests.targets.micro.projects import goldens_of, named, plain, project_files

pytestmark = [pytest.mark.slow, needs_micro]

Compare = Callable[[str, Mapping[str, bytes]], None]


# --- trees ----------------------------------------


def test_tree_of_a_classifier(examples: Path, models: Path, assert_tree: Compare) -> None:
    annotated, goldens = named("digits", models, examples)
    assert_tree("micro_digits", project_files(annotated, goldens))


def test_tree_of_a_tensor_model(examples: Path, models: Path, assert_tree: Compare) -> None:
    annotated, goldens = named("sine", models, examples)
    assert_tree("micro_sine", project_files(annotated, goldens, arduino_library=ArduinoLibrary.CHIRALE))


def test_tree_of_an_arduino_library(examples: Path, models: Path, assert_tree: Compare) -> None:
    annotated, goldens = named("sine", models, examples)
    files = project_files(
        annotated,
        goldens,
        arduino_library=ArduinoLibrary.CHIRALE,
        arduino_form=ArduinoForm.LIBRARY,
        board="nano-33-ble-sense",
    )
    assert_tree("micro_library", files)


def test_tree_of_a_streaming_model_with_two_sizes_of_integers(
    models: Path, examples: Path, assert_tree: Compare
) -> None:
    annotated, goldens = named("keyword_scrambled_8bit", models, examples)
    assert_tree("micro_keyword", project_files(annotated, goldens))


def test_tree_of_several_models(examples: Path, models: Path, assert_tree: Compare) -> None:
    """All around the models: what each of them has is in the other trees."""
    first, goldens = named("sine", models, examples)
    second = plain((examples / "line" / "line.tflite").read_bytes(), "line")
    goldens = replace(goldens, companions=((second, goldens_of(second, read_samples(second, ()))),))
    files = project_files(first, goldens, also=(Path("line.tflite"),))
    own = ("README.md", "app.cpp", "app.h", "self_test.h", "sine_and_line.ino")
    assert_tree("micro_several", {path: files[path] for path in files if path.count("/") < 3 or path.endswith(own)})


def test_tree_of_a_detector(examples: Path, assert_tree: Compare) -> None:
    """Without what is long: the model and its golden cases."""
    annotated = example("shapes", Task.OBJECT_DETECTION).annotated()
    goldens = goldens_of(annotated, read_samples(annotated, [examples / "shapes/golden/small.png"]))
    files = project_files(annotated, goldens, name="shapes", platform=Platform.CMAKE)
    long = ("src/model.tflite", "src/model_data.cpp", "src/golden_data.cpp")
    assert_tree("micro_shapes", {path: files[path] for path in files if path not in long})


def test_same_input_same_bytes(examples: Path) -> None:
    assert project_files(sine(examples)) == project_files(sine(examples))


def test_the_array_holds_the_model_without_its_metadata(examples: Path) -> None:
    files = project_files(digits(examples), arena_bytes=16384)
    assert read_c_array(files["digits/model_data.cpp"]) == (examples / "digits" / "digits.tflite").read_bytes()


# --- the array ----------------------------------------


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 24, 4096 * 12, 4096 * 12 + 5, 3 * 4096 * 12])
def test_the_array_reads_back(length: int) -> None:
    data = bytes(i * 7 % 256 for i in range(length))
    source = model_source("m", data)
    assert read_c_array(source) == data
    rows = source.decode().split("= {\n")[1].split("};")[0].splitlines()
    assert rows == [
        "    " + ", ".join(f"0x{byte:02x}" for byte in data[start : start + 12]) + ","
        for start in range(0, length, 12)
    ]


def test_floats_read_back_from_their_literals() -> None:
    bits = np.random.default_rng(2).integers(0, 2**32, 100_000, np.uint32)
    values = np.concatenate(
        [bits.view(np.float32), np.array([0, -0.0, 1, 1e-45, 3.4028235e38, 16777216], np.float32)]
    )
    found = literals(values)
    assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?f|NAN|-?INFINITY", text) for text in found)
    # A decimal number without a point or an exponent would be an integer with a wrong suffix.
    assert all("." in text or "e" in text for text in found if text.endswith("f"))
    words = [text.replace("INFINITY", "inf").replace("NAN", "nan").removesuffix("f") for text in found]
    words = [word + "f" if word.endswith("in") else word for word in words]
    back = np.array([float(word) for word in words], np.float32)
    same = (back.view(np.uint32) == values.view(np.uint32)) | (np.isnan(back) & np.isnan(values))
    assert same.all()


# --- what TensorFlow Lite Micro cannot run ----------------------------------------


def errors(data: bytes) -> list[tuple[str, str]]:
    return [
        (problem.what, problem.fix)
        for problem in TARGET.find_problems(parse_model(data))
        if problem.level is Level.ERROR
    ]


@pytest.mark.parametrize(
    ("data", "what", "fix"),
    [
        (hand_made.dense("float16", dequantized=True), "float16", "full integer quantization"),
        (hand_made.dense("int8"), "hybrid model, of int8 weights", "representative_dataset"),
        (hand_made.single("TOPK_V2"), "no operator TOPK_V2 (TOPK_V2, operator 0, which computes 'y')", "firmware"),
        (hand_made.single("MyOp", custom=True), "no custom operator MyOp (MyOp, operator 0", "allow_custom_ops"),
        (hand_made.single("RELU", "uint8"), "RELU does not take uint8", "representative_dataset"),
        (hand_made.single("RELU", signature=[1, -1]), "open shape [1, -1]", "fixed shape"),
        (hand_made.single("RESHAPE", "float16"), "input 'x' is of float16", "float32, int8"),
    ],
)
def test_an_error_names_the_reason_the_place_and_the_remedy(data: bytes, what: str, fix: str) -> None:
    ((told, remedy),) = errors(data)[:1]
    assert what in told
    assert fix in remedy


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("mobilenet_v1_0.25_128_quant", "CONV_2D does not take uint8 (CONV_2D, operator 0"),
        ("mobilenet_v1_0.25_128_quant_edgetpu", "compiled for the Edge TPU"),
        (
            "yamnet_audio_classifier_with_metadata",
            "no operator RFFT2D (RFFT2D, operator 7, which computes 'stft/rfft4')",
        ),
        ("l2_norm_composite", "no operator STABLEHLO_COMPOSITE"),
        ("model_invoking_error", "no custom operator fake-op-double"),
        ("movenet_single_pose_lightning_ptq", "CAST does not take uint8 (CAST, operator 0"),
        ("deeplabv3_mnv2_dm05_pascal_quant", "CONV_2D does not take uint8 (CONV_2D, operator 0"),
        ("yolov8n_int8", "hybrid model, of int8 weights and float32 activations"),
    ],
)
def test_models_that_others_made_and_it_refuses(models: Path, name: str, what: str) -> None:
    assert what in errors((models / f"{name}.tflite").read_bytes())[0][0]


def test_the_models_of_tensorflow_lite_micro_itself_have_no_problem(models: Path) -> None:
    for name in (
        *("hello_world_int8", "micro_speech_quantized", "person_detect", "keyword_scrambled_8bit"),
        *("audio_preprocessor_int8", "kws_ref_model", "resnet8_cifar10_int8"),
    ):
        assert TARGET.find_problems(read_model(models / f"{name}.tflite")) == ()


@pytest.mark.parametrize(
    ("operator", "options", "platforms"),
    [
        ("REDUCE_ALL", Options(), "cmake, or to one of esp-idf, zephyr"),
        # It is of the same year.
        ("REDUCE_ALL", Options(arduino_library=ArduinoLibrary.CHIRALE), "cmake, or to one of esp-idf, zephyr"),
        ("BATCH_MATMUL", Options(), "cmake, or to one of esp-idf, zephyr, pico"),
        ("REVERSE_V2", Options(board="pico"), "zephyr, or to one of cmake"),
        (
            "REVERSE_V2",
            Options(board="esp32-s3", platform=Platform.ARDUINO),
            "esp-idf, or to one of zephyr",
        ),
    ],
)
def test_an_operator_that_a_library_lacks(operator: str, options: Options, platforms: str) -> None:
    with pytest.raises(TargetError, match=f"has no {operator}") as caught:
        TARGET.check_options(parse_model(hand_made.single(operator)), options)
    is_arduino = choose_build(options).platform is Platform.ARDUINO
    end = "; no Options.arduino_library has it." if is_arduino else "."
    assert caught.value.fix == f"Set Options.platform to {platforms}{end}"


def test_signal_operators_are_refused_where_no_library_has_them(models: Path) -> None:
    model = read_model(models / "audio_preprocessor_int8.tflite")
    for options in (
        Options(arduino_library=ArduinoLibrary.CHIRALE),
        Options(board="esp32", platform=Platform.PLATFORMIO),
        Options(platform=Platform.ZEPHYR),
    ):
        with pytest.raises(TargetError, match="Signal"):
            TARGET.check_options(model, options)
    for options in (Options(platform=Platform.PICO), Options(board="esp32"), Options(platform=Platform.CMAKE)):
        TARGET.check_options(model, options)


@pytest.mark.parametrize(
    ("board", "platform", "library"),
    [
        ("", Platform.ARDUINO, ArduinoLibrary.TENSORFLOW),
        ("nano-33-ble-sense", Platform.ARDUINO, ArduinoLibrary.TENSORFLOW),
        ("nano-rp2040-connect", Platform.ARDUINO, ArduinoLibrary.CHIRALE),
        ("esp32", Platform.ESP_IDF, ArduinoLibrary.CHIRALE),
        ("pico", Platform.PICO, ArduinoLibrary.TENSORFLOW),
        ("sparkfun-edge", Platform.CMAKE, ArduinoLibrary.TENSORFLOW),
    ],
)
def test_the_board_chooses_platform_and_library(board: str, platform: Platform, library: ArduinoLibrary) -> None:
    build = choose_build(Options(board=board))
    assert (build.platform, build.arduino_library) == (platform, library)


# --- the resolver ----------------------------------------


@pytest.mark.cpp
def test_the_table_is_what_the_runtime_registers() -> None:
    """The symbols of the runtime on PyPI: a release with other operators fails here."""
    require_tools("nm", install="apt-get install binutils")
    import tflite_micro

    (library,) = Path(tflite_micro.__file__).parent.rglob("_runtime*.so")
    listed = subprocess.run(["nm", "-DC", library], capture_output=True, text=True, check=True).stdout
    symbols = set(re.findall(r" T \S*::Register_([A-Z0-9_]+)\(\)", listed))
    # Parts of the kernels of others: a kernel of one type, an alias, and BASIC_CLASSIFIER, which no method adds.
    parts = {name for name in symbols if re.fullmatch(r"(RFFT|IRFFT|OVERLAP_ADD)_(FLOAT|INT16|INT32)", name)}
    parts |= {"L2NORM_REF", "BASIC_CLASSIFIER"}
    custom = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removeprefix("Add")).upper() for name in _CUSTOM.values()}
    assert set(KERNELS) | {name.replace("ETHOS_U", "ETHOSU") for name in custom} == symbols - parts


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("CONV_2D", "AddConv2D"),
        ("MAX_POOL_2D", "AddMaxPool2D"),
        ("RELU6", "AddRelu6"),
        ("SPLIT_V", "AddSplitV"),
        ("BATCH_MATMUL", "AddBatchMatMul"),
        ("CUMSUM", "AddCumSum"),
        ("PADV2", "AddPadV2"),
        ("REVERSE_V2", "AddReverseV2"),
        ("SPACE_TO_BATCH_ND", "AddSpaceToBatchNd"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "AddUnidirectionalSequenceLSTM"),
        ("TOPK_V2", None),
    ],
)
def test_names_of_builtin_operators(name: str, method: str | None) -> None:
    assert resolver_method(Operator(name, 1, custom=False)) == method


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("SignalFftAutoScale", "AddFftAutoScale"),
        ("SignalPCAN", "AddPCAN"),
        ("TFLM_DECODE", "AddDecode"),
        ("CIRCULAR_BUFFER", "AddCircularBuffer"),
        ("TFLite_Detection_PostProcess", "AddDetectionPostprocess"),
        ("CONV_2D", None),
    ],
)
def test_names_of_custom_operators(name: str, method: str | None) -> None:
    assert resolver_method(Operator(name, 1, custom=True)) == method


# --- the arena ----------------------------------------

ARENA_MODELS = (
    "digits",
    "sine",
    "hello_world_int8",
    "hello_world_float",
    "micro_speech_quantized",
    "person_detect",
    "keyword_scrambled_8bit",
    "trained_lstm_int8",
    "movie_review",
)


@pytest.mark.parametrize("name", ARENA_MODELS)
def test_the_arena_suffices_and_is_not_much_larger(name: str, models: Path, examples: Path, tmp_path: Path) -> None:
    annotated, goldens = named(name, models, examples)
    _, files = build_project(TARGET, annotated, Options(platform=Platform.CMAKE), goldens)
    header = next(text for path, text in files.items() if b"kNeededArenaBytes = " in text).decode()
    stated = int(re.search(r"kArenaBytes = sizeof\(void\*\) > 4 \? (\d+) :", header)[1])  # type: ignore[index]
    array = next(data for path, data in files.items() if path.endswith("model_data.cpp"))
    (tmp_path / "model.tflite").write_bytes(read_c_array(array) or b"")
    # To the byte, in a process of its own, and on the bytes that the board has.
    program = (
        "import sys, numpy as np; from pathlib import Path; from packager.golden import runner\n"
        "data = Path(sys.argv[1]).read_bytes(); case = [array for _, array in np.load(sys.argv[2]).items()]\n"
        "outputs = int(sys.argv[3]); smallest = runner.smallest_arena(data, case, outputs, 1 << 25, step=1)\n"
        "def run(count, size): return list(runner._run_micro(data, [case] * count, outputs, size))\n"
        "run(3, smallest); assert not runner._survives(lambda size: run(1, size), smallest - 1)\n"
        "print(smallest)"
    )
    import numpy as np

    np.savez(tmp_path / "case.npz", *goldens.sets[Runtime.TFLITE_MICRO].cases[0].inputs)
    smallest = int(
        subprocess.run(
            [
                sys.executable,
                "-c",
                program,
                tmp_path / "model.tflite",
                tmp_path / "case.npz",
                str(len(annotated.outputs)),
            ],
            capture_output=True,
            check=True,
        ).stdout
    )
    assert smallest <= stated <= max(smallest * 1.15, smallest + 1024)
    # What is known of it beforehand.
    assert 0 < least_arena(annotated.model) < smallest


# The smallest arena on an emulated Cortex-M3, to 4 bytes, of upstream TensorFlow Lite Micro of 20 August 2026; how
# they were found is in docs/microcontrollers.md.
ON_CORTEX_M3 = {
    "digits": 9_724,
    "sine": 1_068,
    "hello_world_float": 1_068,
    "micro_speech_quantized": 6_800,
    "keyword_scrambled_8bit": 10_400,
    "trained_lstm_int8": 3_224,
    "kws_ref_model": 22_772,
    "resnet8_cifar10_int8": 54_340,
    "audio_preprocessor_int8": 8_436,
    "person_detect": 82_296,
}


@pytest.mark.parametrize(("name", "smallest"), ON_CORTEX_M3.items())
def test_what_a_32_bit_target_needs(name: str, smallest: int, models: Path, examples: Path) -> None:
    annotated, goldens = named(name, models, examples)
    assert goldens.arena_bytes is not None
    need = need_of(goldens.arena_bytes, goldens.arena_use)
    assert need.least <= smallest <= need.bytes
    # With what CMSIS-NN's kernels would take besides.
    assert need.bytes + kernel_bytes(annotated.model, Kernels.CMSIS_NN, "cortex-m3") <= 1.15 * smallest + 512
    # Of all that is known: a runtime that says nothing of its use.
    assert need_of(goldens.arena_bytes, None) == Need(goldens.arena_bytes, goldens.arena_bytes, 0)


def convolution(name: str, source: tuple[int, ...], filter: tuple[int, ...], output: tuple[int, ...]) -> bytes:
    tensors = [T("x", source, "int8", 0.1), T("w", filter, "int8", 0.1), T("y", output, "int8", 0.1)]
    return graph(tensors, [Op(name, ["x", "w", ""], ["y"])], ["x"], ["y"])


@pytest.mark.parametrize(
    ("shapes", "m4", "helium", "s3", "esp32"),
    [
        # By hand, from the functions that the libraries ask; 16 for the operator, and 64 where there is a buffer.
        (("CONV_2D", (1, 8, 8, 3), (4, 3, 3, 3), (1, 8, 8, 4)), 128 + 80, 128 + 80, 1584 + 80, 16),
        (("CONV_2D", (1, 8, 8, 8), (4, 1, 1, 8), (1, 8, 8, 4)), 64 + 80, 64 + 80, 240 + 80, 16),
        (("DEPTHWISE_CONV_2D", (1, 8, 8, 16), (1, 3, 3, 16), (1, 8, 8, 16)), 16, 4464 + 80, 2096 + 80, 16),
        (("DEPTHWISE_CONV_2D", (1, 8, 8, 16), (1, 5, 5, 16), (1, 8, 8, 16)), 800 + 80, 12400 + 80, 2880 + 80, 16),
    ],
)
def test_what_faster_kernels_take(
    shapes: tuple[str, Any, Any, Any], m4: int, helium: int, s3: int, esp32: int
) -> None:
    model = parse_model(convolution(*shapes))
    assert kernel_bytes(model, Kernels.REFERENCE, "") == 0
    assert kernel_bytes(model, Kernels.CMSIS_NN, "cortex-m4f") == m4
    assert kernel_bytes(model, Kernels.CMSIS_NN, "", helium=True) == helium
    assert kernel_bytes(model, Kernels.ESP_NN, "") == kernel_bytes(model, Kernels.ESP_NN, "xtensa-lx7") == s3
    assert kernel_bytes(model, Kernels.ESP_NN, "xtensa-lx6") == esp32


def test_an_arena_that_is_given_too_small_is_warned_of(examples: Path, models: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    measured = need_of(goldens.arena_bytes or 0, goldens.arena_use)
    need = replace(measured, bytes=measured.bytes + kernel_bytes(annotated.model, Kernels.CMSIS_NN, ""))

    def warnings(size: int | None) -> list[str]:
        context, _ = build_project(TARGET, annotated, Options(arena_bytes=size), goldens)
        return [problem.what for problem in TARGET.find_warnings(context)]

    assert warnings(None) == warnings(need.bytes) == []
    (small,), (tiny,) = warnings(need.bytes - 1), warnings(need.least - 1)
    assert f"{need.bytes - 1:,} bytes is smaller than the {need.bytes:,} that the model may need" in small
    assert not small.endswith(", and is refused")
    assert tiny.endswith(", and is refused")


def test_the_command_warns_of_an_arena_that_is_too_small(examples: Path, tmp_path: Path) -> None:
    report = package("micro", examples / "sine/sine.tflite", tmp_path / "out", Options(arena_bytes=900))
    assert any("the tensor arena of 900 bytes is smaller" in problem.what for _, problem in report.warnings)


def test_margin_and_size_of_the_arena_can_be_given(examples: Path, models: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    measured = need_of(goldens.arena_bytes or 0, goldens.arena_use).bytes
    measured += kernel_bytes(annotated.model, Kernels.CMSIS_NN, "")

    def arena(**options: int) -> int:
        context, _ = build_project(TARGET, annotated, Options(**options), goldens)  # type: ignore[arg-type]
        return int(context.project.arena.bytes)

    assert arena(arena_margin=0) == -(-measured // 16) * 16
    assert arena(arena_margin=50) == -(-measured * 3 // 2 // 16) * 16
    assert arena(arena_bytes=4000, arena_margin=50) == 4000
    with pytest.raises(ConfigError, match=r"Options\.arena_margin makes an arena of more than 2,147,483,647 bytes"):
        arena(arena_margin=10**30)


# --- names ----------------------------------------


@pytest.mark.parametrize(
    ("name", "sketch", "class_name"),
    [
        ("My Model 2", "my_model_2", "MyModel2"),
        ("string", "string_model", "StringNet"),
        ("math", "math_model", "Math"),
        ("self_test", "self_test_model", "SelfTest"),
        ("PI", "pi", "PINet"),
        ("status", "status", "StatusNet"),
        ("stream", "stream_model", "StreamNet"),
        ("../../etc", "etc", "Etc"),
    ],
)
def test_names_hide_nothing(name: str, sketch: str, class_name: str, examples: Path, models: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    context, files = build_project(TARGET, annotated, Options(name=name), goldens)
    assert (context.project.name, context.project.class_name) == (sketch, class_name)
    assert f"{sketch}/{sketch}.ino" in files


@pytest.mark.parametrize("platform", list(Platform))
def test_every_platform_has_the_core(platform: Platform, examples: Path, models: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    context, files = build_project(TARGET, annotated, Options(platform=platform), goldens)
    sources = {
        path.removeprefix(f"{context.project.core}/") for path in files if path.startswith(f"{context.project.core}/")
    }
    assert {"model_data.h", "model_data.cpp", "sine.h", "sine.cpp", "self_test.cpp", "golden_data.cpp"} <= sources
    assert ("model_data.S" in sources, "model.tflite" in sources) == (platform is not Platform.ARDUINO,) * 2
    if platform is not Platform.ARDUINO:
        assert files[f"{context.project.core}/model.tflite"] == (examples / "sine" / "sine.tflite").read_bytes()


def test_a_model_larger_than_the_board(examples: Path, models: Path) -> None:
    annotated, goldens = named("mobilenet_v1_0.25_224_1_metadata_1", models, examples)
    with pytest.raises(TargetError, match=r"flash|RAM") as caught:
        build_project(TARGET, annotated, Options(board="nano-33-ble-sense"), goldens)
    assert caught.value.fix


# --- verify ----------------------------------------


@pytest.fixture
def sine_project(examples: Path, models: Path, tmp_path: Path) -> Path:
    annotated, goldens = named("sine", models, examples)
    return write_files(tmp_path / "micro", project_files(annotated, goldens))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_verify_passes_what_was_made(sine_project: Path, examples: Path) -> None:
    report = verify(sine_project)
    assert report.passed
    assert [(case.passed, case.difference) for case in report.cases] == [(True, 0.0)] * 3
    assert report.model_bytes == len((examples / "sine" / "sine.tflite").read_bytes())
    assert report.smallest_arena is not None
    assert report.needed_arena is not None
    assert report.needed_arena <= report.arena_bytes


def test_verify_finds_a_changed_byte(sine_project: Path) -> None:
    source = sine_project / "sine/model_data.cpp"
    data = bytearray(read_c_array(source.read_bytes()) or b"")
    data[len(data) // 2] ^= 0x55
    source.write_bytes(model_source("sine", bytes(data)))
    assert "not the one that was written" in verify(sine_project).problems[0]


def test_verify_finds_a_truncated_array(sine_project: Path) -> None:
    source = sine_project / "sine/model_data.cpp"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join(lines[:-60] + lines[-2:]))
    problems = verify(sine_project).problems
    assert any("SHA-256" in problem for problem in problems)
    assert any("states another size" in problem for problem in problems)


def test_verify_finds_a_small_arena(sine_project: Path) -> None:
    header = sine_project / "sine/sine.h"
    header.write_text(re.sub(r"kArenaBytes = \d+;", "kArenaBytes = 512;", header.read_text(), count=1))
    (problem,) = verify(sine_project).problems
    assert problem.startswith("the tensor arena has 512 bytes, and ")


def test_verify_finds_another_model_beside_the_assembler(examples: Path, models: Path, tmp_path: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    write_files(tmp_path, project_files(annotated, goldens, platform=Platform.CMAKE))
    (tmp_path / "src/model.tflite").write_bytes(b"other")
    (problem,) = verify(tmp_path).problems
    assert problem.startswith("model.tflite")


@pytest.mark.parametrize("broken", ["golden_data.cpp", "model_data.cpp", "model_data.h", "sine.h"])
def test_verify_says_which_file_is_not_ours(sine_project: Path, broken: str) -> None:
    (sine_project / "sine" / broken).write_text("// mine\n")
    with pytest.raises(ConfigError, match="Make the project again") as caught:
        verify(sine_project)
    assert caught.value.where is not None


def test_verify_survives_bytes_that_are_no_text(sine_project: Path) -> None:
    golden = sine_project / "sine/golden_data.cpp"
    golden.write_bytes(golden.read_bytes().replace(b"] = {\n    ", b"] = {\n    \xff", 1))
    with pytest.raises(ConfigError):
        verify(sine_project)


def test_verify_of_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no microcontroller project"):
        verify(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        verify(tmp_path / "absent")


# --- what is refused before golden cases are computed ----------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "what"),
    [
        (Options(arena_margin=-1), ConfigError, "Options.arena_margin is below 0"),
        *(
            (
                Options(arena_bytes=size),
                ConfigError,
                "Options.arena_bytes is not a whole number from 1 to 2,147,483,647",
            )
            for size in (0, -1, 2**31, 10**400)
        ),
        (Options(board="nosuch"), ConfigError, "no board 'nosuch'"),
        (Options(board="uno"), TargetError, "no 8-bit core"),
        (
            Options(board="esp32", platform=Platform.ARDUINO, arduino_library=ArduinoLibrary.TENSORFLOW),
            ConfigError,
            "Options.arduino_library is tensorflow, which does not build for the ESP32-DevKitC",
        ),
        (
            Options(board="pico", platform=Platform.ESP_IDF),
            ConfigError,
            "Options.platform is esp-idf, which does not build for the Raspberry Pi Pico",
        ),
        (Options(board="uno-r4"), TargetError, "the Arduino Uno R4 has 256 KB"),
        (
            Options(board="pico", platform=Platform.CMAKE, arena_bytes=1 << 20),
            TargetError,
            "it needs about 1,036 KB of RAM",
        ),
        (
            Options(arena_bytes=64 << 20),
            TargetError,
            "67,108,864 of tensor arena, and the board with the most is the",
        ),
        (Options(arena_bytes=64 << 20, platform=Platform.ZEPHYR), TargetError, "fits on no board of the table"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_computed(
    tmp_path: Path, options: Options, error: type[PackagerError], what: str
) -> None:
    (tmp_path / "model.tflite").write_bytes(hand_made.table(300_000))
    said: list[str] = []
    with pytest.raises(error) as caught:
        package("micro", tmp_path / "model.tflite", tmp_path / "out", options, say=said.append)
    assert what in caught.value.what
    assert caught.value.fix
    assert said == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("platform", Platform)
def test_a_model_larger_than_any_flash_is_refused_at_once(tmp_path: Path, platform: Platform) -> None:
    """But not for CMake, which may build for a computer."""
    largest = max(board.flash_bytes for board in BOARDS.values())
    model = parse_model(hand_made.table(largest))
    if platform is Platform.CMAKE:
        TARGET.check_options(model, Options(platform=platform))
        return
    with pytest.raises(TargetError) as caught:
        TARGET.check_options(model, Options(platform=platform))
    assert f"at least {model.sizes.weights:,} bytes of flash" in caught.value.what
    assert f"with {largest >> 20}.0 MB of flash" in caught.value.what
    assert "Options.platform to cmake" in str(caught.value)
    TARGET.check_options(parse_model(hand_made.table(largest // 2)), Options(platform=platform))


def test_inputs_and_outputs_that_fit_in_no_arena_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    """Their golden cases would be as large."""
    (tmp_path / "model.tflite").write_bytes(hand_made.copy("float32", None, 8_000_000))
    said: list[str] = []
    with pytest.raises(TargetError) as caught:
        package("micro", tmp_path / "model.tflite", tmp_path / "out", Options(), say=said.append)
    assert "32,000,000 of tensor arena" in caught.value.what
    with pytest.raises(TargetError, match=r"30\.5 MB of RAM"):
        package("micro", tmp_path / "model.tflite", tmp_path / "out", Options(board="esp32-s3"), say=said.append)
    assert said == []
    TARGET.check_options(read_model(tmp_path / "model.tflite"), Options(platform=Platform.CMAKE))


def test_golden_cases_larger_than_usual_are_told() -> None:
    annotated = annotated_model(parse_model(hand_made.copy("float32", None, 50_000)))
    goldens = goldens_of(annotated, read_samples(annotated, ()))
    context, _ = build_project(TARGET, annotated, Options(platform=Platform.CMAKE), goldens)
    more = len(goldens.sets[Runtime.TFLITE_MICRO].cases) - 1
    told = f"1 golden case (400,000 bytes of flash; {more} more would take too much flash)"
    assert f"set SELF_TEST to 1, and the board replays {told}" in TARGET.next_steps(context)


def test_a_scale_of_zero_makes_no_real_numbers() -> None:
    def affine(dtype: str, scale: float | None) -> tuple[float, int] | None:
        model = parse_model(hand_made.copy(dtype, scale))
        annotated = annotated_model(model)
        context, _ = build_project(TARGET, annotated, Options(), goldens_of(annotated, read_samples(annotated, ())))
        (port,), found = context.input.ports, model.inputs[0].affine
        assert (port.affine is None) == (found is None)
        assert isinstance(context.input, TensorsInputContext)
        assert context.input.is_quantized == (found is not None)
        return None if found is None else (found.scale, found.zero_point)

    assert affine("int8", 0.5) == (0.5, 0)
    assert affine("int8", 0.0) is None
    assert affine("int16", None) is None
    assert affine("float32", 0.5) is None


def test_the_arena_is_checked_again_when_it_is_measured(examples: Path, models: Path) -> None:
    annotated, goldens = named("sine", models, examples)
    huge = replace(goldens, arena_bytes=64 << 20, arena_use=None)
    with pytest.raises(TargetError, match="of tensor arena"):
        build_project(TARGET, annotated, Options(), huge)
    build_project(TARGET, annotated, Options(platform=Platform.CMAKE), huge)


# --- memory ----------------------------------------


def test_the_memory_for_a_project_is_that_of_the_model_and_of_its_text(tmp_path: Path) -> None:
    """Six characters a byte of the model, and the indent of each line; whatever is held twice shows."""
    (tmp_path / "model.tflite").write_bytes(hand_made.table(24 << 20))
    size = (tmp_path / "model.tflite").stat().st_size

    def peak() -> float:
        tracemalloc.start()
        try:
            package("micro", tmp_path / "model.tflite", tmp_path / "out", Options(platform=Platform.CMAKE))
            return tracemalloc.get_traced_memory()[1] / size
        finally:
            tracemalloc.stop()

    assert peak() < 7.75
    # Once more over the files of the first run.
    assert peak() < 7.75


@pytest.mark.parametrize(("sizes", "kept"), [([10], 1), ([300_000], 1), ([100_000] * 3, 2), ([200_000, 62_144], 2)])
def test_golden_cases_leave_room_in_flash(sizes: list[int], kept: int, examples: Path) -> None:
    tensor = np.zeros(1, np.uint8)
    cases = [GoldenCase("case", None, (np.zeros(size - 1, np.uint8),), (tensor,), None) for size in sizes]
    assert len(_cases_for_flash(sine(examples), cases)) == kept
