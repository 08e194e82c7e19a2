"""The table of boards, the estimate of flash and RAM, and the problems that come of them."""

from __future__ import annotations

import difflib
from dataclasses import fields
from pathlib import Path

import pytest

from packager.errors import ConfigError
from packager.model import read_model
from packager.targets.micro import Platform
from packager.targets.micro.boards import BOARDS, TIGHT, Board, Demand, check_board, find_board
from packager.targets.micro.code_size import Footprint, estimate
from packager.targets.micro.kernels import KERNELS
from packager.targets.micro.libraries import LIBRARIES, ArduinoLibrary, Kernels, Library
from packager.targets.micro.operators import _CUSTOM, resolver_method
from packager.targets.micro.tables import read_table
from packager.targets.target import Level

pytestmark = pytest.mark.slow

CMSIS_NN = Kernels.CMSIS_NN
REQUIRED = """
    nano-33-ble-sense nicla-vision portenta-h7 uno-r4 esp32 esp32-s3 esp32-c3 pico pico-2 stm32f4-discovery
    nucleo-h743zi nrf52840-dk nrf5340-dk teensy-4-1 xiao-esp32s3 xiao-nrf52840 sparkfun-edge uno nano-rp2040-connect
    esp32-cam xiao-esp32s3-sense nucleo-l4r5zi m5stack-cores3 esp32-s3-eye nano-33-ble-sense-rev2
""".split()
FIGURES = (
    "core clock_mhz flash_bytes ram_bytes psram_bytes program_bytes static_ram_bytes system_flash_bytes "
    "system_ram_bytes"
).split()
RESOLVED = {*KERNELS, *_CUSTOM}
ABLE = [key for key, board in BOARDS.items() if board.platforms]
SINE = ("FULLY_CONNECTED",)
PERSON = ("AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "RESHAPE", "SOFTMAX")


# --- the table ----------------------------------------


def test_every_board_that_was_asked_for_is_there() -> None:
    assert set(REQUIRED) <= set(BOARDS)


def test_keys_and_titles_are_unique() -> None:
    assert [board.key for board in BOARDS.values()] == list(BOARDS)
    assert len({board.title for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_figures_are_sane_and_each_has_a_source(board: Board) -> None:
    assert 16 <= board.clock_mhz <= 1000
    assert board.system_flash_bytes < board.program_bytes <= board.flash_bytes
    assert board.system_ram_bytes < board.static_ram_bytes <= board.ram_bytes
    assert board.ram_bytes < board.flash_bytes
    assert all(board.system_flash_bytes < size <= board.flash_bytes for size in board.partitions.values())
    assert ("arduino" in board.platforms) == bool(board.arduino_libraries)
    assert board.psram_bytes == 0 or board.psram_bytes > board.ram_bytes
    sourced = [figure for source in board.sources for figure in source.figures]
    parts = {name for name in ("camera", "microphone", "imu") if getattr(board, name)}
    assert set(sourced) == {*FIGURES, *parts} <= {field.name for field in fields(Board)}
    for source in board.sources:
        assert source.document
        # An allowance has no page, everything else has.
        assert source.url.startswith("https://") or "not measured" in source.document


@pytest.mark.parametrize("platform", Platform)
def test_every_platform_has_a_board(platform: Platform) -> None:
    assert any(platform in board.platforms for board in BOARDS.values())


@pytest.mark.parametrize(
    ("written", "key"),
    [("Nano 33 BLE Sense", "nano-33-ble-sense"), ("teensy_4.1", "teensy-4-1"), ("ESP32-S3", "esp32-s3")],
)
def test_find_board_takes_a_name_as_people_write_it(written: str, key: str) -> None:
    assert find_board(written).key == key


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("esp32s3", "esp32-s3"),
        ("pico2", "pico-2"),
        ("nano", "nano-33-ble-sense"),
        ("rp2040", "nano-rp2040-connect"),
        ("AI Thinker", "esp32-cam"),
    ],
)
def test_find_board_names_close_ones(written: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_board(written)
    assert meant in str(caught.value.fix).split("?")[0].removeprefix("Did you mean ").split(" or ")


def test_find_board_without_a_close_one_names_the_command() -> None:
    with pytest.raises(ConfigError) as caught:
        find_board("zx spectrum")
    assert not difflib.get_close_matches("zx-spectrum", BOARDS)
    assert caught.value.fix == "All of them: packager boards"


# --- the estimate ----------------------------------------

# `text` of programs that were linked with --gc-sections from upstream TensorFlow Lite Micro of August 2026, as
# code_size.py tells; without the model.
LINKED = {
    "sine": (SINE, 38_188),
    "person_detect": (PERSON, 54_964),
    "micro_speech": (("RESHAPE", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D", "SOFTMAX"), 52_244),
    "digits": (("CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"), 55_380),
    "mobilenet": (
        ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED", "SOFTMAX", "PAD"),
        69_700,
    ),
    "lstm": (
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "FULLY_CONNECTED", "RESHAPE", "STRIDED_SLICE", "SHAPE", "PACK"),
        59_628,
    ),
    "wake word": (
        (
            *("CALL_ONCE", "VAR_HANDLE", "RESHAPE", "READ_VARIABLE", "STRIDED_SLICE", "CONCATENATION"),
            *(
                "ASSIGN_VARIABLE",
                "CONV_2D",
                "DEPTHWISE_CONV_2D",
                "SPLIT_V",
                "FULLY_CONNECTED",
                "LOGISTIC",
                "QUANTIZE",
            ),
        ),
        72_452,
    ),
    "elementwise": (("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "RELU", "TANH", "LOGISTIC"), 69_256),
}


@pytest.mark.parametrize(("operators", "linked"), LINKED.values(), ids=list(LINKED))
def test_the_estimate_is_near_to_what_was_linked_and_not_below(operators: tuple[str, ...], linked: int) -> None:
    code = estimate("cortex-m4f", operators, 0, 0, kernels=Kernels.REFERENCE).flash_code
    assert linked <= code <= 1.11 * linked


# The same with CMSIS-NN's kernels, from pico-tflmicro of December 2024.
LINKED_CMSIS_NN = {"sine": 44_524, "person_detect": 86_616, "digits": 82_140, "mobilenet": 108_104, "lstm": 69_392}


@pytest.mark.parametrize(("name", "linked"), LINKED_CMSIS_NN.items())
def test_the_estimate_with_optimized_kernels_is_near_too(name: str, linked: int) -> None:
    code = estimate("cortex-m4f", LINKED[name][0], 0, 0, kernels=CMSIS_NN).flash_code
    assert linked <= code <= 1.11 * linked


@pytest.mark.parametrize(("name", "linked"), [("sine", 46_968), ("person_detect", 64_804)])
def test_a_core_without_an_fpu_has_float_arithmetic_too(name: str, linked: int) -> None:
    code = estimate("cortex-m0+", LINKED[name][0], 0, 0, kernels=Kernels.REFERENCE).flash_code
    assert linked <= code <= 1.11 * linked


@pytest.mark.parametrize("core", ["cortex-m4f", "xtensa-lx7", "rv32imc"])
def test_kernels_of_a_chip_maker_are_larger(core: str) -> None:
    sizes = [estimate(core, PERSON, 0, 0, kernels=kernels).flash_code for kernels in Kernels]
    assert sizes[0] < min(sizes[1:])
    # An operator of which nobody made a faster one.
    assert len({estimate(core, ("SIN",), 0, 0, kernels=kernels) for kernels in Kernels}) == 1


@pytest.mark.parametrize(
    ("key", "platform", "library", "kernels"),
    [
        ("nano-33-ble-sense", Platform.ARDUINO, ArduinoLibrary.TENSORFLOW, Kernels.CMSIS_NN),
        ("esp32-s3", Platform.ESP_IDF, None, Kernels.ESP_NN),
        ("esp32-s3", Platform.ARDUINO, None, Kernels.CMSIS_NN),
        ("esp32-s3", Platform.ZEPHYR, None, Kernels.REFERENCE),
        ("pico", None, None, Kernels.CMSIS_NN),
        ("nrf5340-dk", Platform.CMAKE, None, Kernels.CMSIS_NN),
    ],
)
def test_the_estimate_knows_the_kernels_of_a_platform(
    key: str, platform: Platform | None, library: ArduinoLibrary | None, kernels: Kernels
) -> None:
    board = find_board(key)
    expected = estimate(board.core, PERSON, 1000, 2000, kernels=kernels)
    assert Demand(1000, 2000, PERSON, platform, library).on(board) == expected


def test_a_footprint_adds_up() -> None:
    needs = estimate("cortex-m4f", PERSON, 300_568, 85_264, kernels=CMSIS_NN)
    assert (needs.flash_model, needs.ram_arena) == (300_568, 85_264)
    assert needs.flash == 300_568 + needs.flash_code
    assert needs.ram == 85_264 + needs.ram_rest
    assert needs == Footprint(300_568, needs.flash_code, 85_264, needs.ram_rest)


def test_an_operator_counts_once_however_often_it_is_named() -> None:
    twice, once = (estimate("cortex-m4f", PERSON * count, 0, 0, kernels=CMSIS_NN) for count in (2, 1))
    assert twice == once


def test_operators_that_share_code_are_smaller_together() -> None:
    def code(*operators: str) -> int:
        return estimate("cortex-m4f", operators, 0, 0, kernels=CMSIS_NN).flash_code

    assert code("MAXIMUM", "MINIMUM") < code("MAXIMUM") + code("MINIMUM") - code()
    assert code() < code("ADD") < code("ADD", "CONV_2D")


def test_an_operator_without_a_figure_counts_as_a_large_one() -> None:
    lstm, unknown = (
        estimate("cortex-m4f", (name,), 0, 0, kernels=CMSIS_NN).flash_code
        for name in ("UNIDIRECTIONAL_SEQUENCE_LSTM", "SOMETHING_NEW")
    )
    assert unknown > lstm


def test_every_operator_of_the_resolver_was_measured() -> None:
    table = read_table("code_size")
    assert set(table["operators"]) == RESOLVED
    assert {name for part in table["shared"] for name in part["operators"]} <= RESOLVED
    for kernels in ("cmsis_nn", "esp_nn"):
        assert set(table[kernels]["operators"]) < RESOLVED
    for sourced in (table["source"], table["cores"], table["cmsis_nn"], table["esp_nn"]):
        assert sourced["document"]
        assert sourced["url"].startswith("https://")


def test_every_core_of_a_board_was_measured() -> None:
    cores = {board.core for board in BOARDS.values() if board.platforms}
    assert cores <= set(read_table("code_size")["cores"])


def test_code_is_larger_on_cores_of_longer_instructions() -> None:
    sizes = {
        core: estimate(core, PERSON, 0, 0, kernels=Kernels.REFERENCE).flash_code
        for core in ("cortex-m4f", "rv32imc", "xtensa-lx6", "a core of tomorrow")
    }
    assert sizes["cortex-m4f"] < sizes["rv32imc"] < sizes["xtensa-lx6"] <= sizes["a core of tomorrow"]


@pytest.mark.parametrize(
    "name",
    ["hello_world_int8", "person_detect", "micro_speech_quantized", "trained_lstm_int8", "keyword_scrambled_8bit"],
)
def test_a_real_model_has_no_unmeasured_operator(models: Path, name: str) -> None:
    operators = [operator for operator, _ in read_model(models / f"{name}.tflite").operators]
    assert all(operator.name in RESOLVED and resolver_method(operator) for operator in operators)


# --- the libraries ----------------------------------------


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=list(LIBRARIES))
def test_a_library_lacks_only_what_upstream_has(library: Library) -> None:
    assert library.lacks <= RESOLVED
    assert library.document
    assert library.url.startswith("https://")


def test_upstream_and_espressif_have_all_operators_and_others_have_not() -> None:
    """As their published resolvers say; see the sources in the table."""
    assert {key: len(library.lacks) for key, library in LIBRARIES.items()} == {
        "tflite-micro": 0,
        "esp-tflite-micro": 0,
        "zephyr": 12,
        "pico-tflmicro": 5,
        "tensorflow": 21,
        "chirale": 21,
    }
    # So that the one is no remedy for what the other lacks.
    assert LIBRARIES["tensorflow"].lacks == LIBRARIES["chirale"].lacks


# --- the problems ----------------------------------------


def check(key: str, model_bytes: int, arena_bytes: int, platform: Platform | None = None) -> list[tuple[Level, str]]:
    problems = check_board(key, Demand(model_bytes, arena_bytes, PERSON, platform))
    assert all(problem.fix for problem in problems)
    return [(problem.level, problem.what) for problem in problems]


@pytest.mark.parametrize("key", ABLE)
def test_a_small_model_fits_on_every_board_that_can(key: str) -> None:
    assert check_board(key, Demand(2_704, 2_144, SINE)) == ()


@pytest.mark.parametrize(("model_bytes", "arena_bytes"), [(0, 0), (2_704, 2_144), (300_568, 93_792)])
def test_arduino_uno_can_run_no_model(model_bytes: int, arena_bytes: int) -> None:
    ((level, what),) = check("uno", model_bytes, arena_bytes)
    assert level is Level.ERROR
    assert what.startswith("TensorFlow Lite Micro runs on no 8-bit core, and the Arduino Uno has 32 KB of flash")


def test_an_error_names_the_figures_the_remedies_and_boards_that_fit() -> None:
    flash, ram = check_board("uno-r4", Demand(300_568, 93_792, PERSON))
    assert (flash.level, ram.level) == (Level.ERROR, Level.ERROR)
    assert flash.what == (
        "it needs about 429 KB of flash (model 294 KB, TensorFlow Lite Micro 85 KB, framework 51 KB), and the "
        "Arduino Uno R4 has 256 KB"
    )
    assert ram.what == (
        "it needs about 103 KB of RAM (tensor arena 92 KB, stack and interpreter 4,708 bytes, framework 6,740 "
        "bytes), and the Arduino Uno R4 has 32 KB for static data"
    )
    assert flash.fix == (
        "Quantize the model: int8 weights take a quarter of float32 ones. Or prune it, or choose a smaller one. "
        "It fits on: nano-33-ble-sense, nano-33-ble-sense-rev2, nrf52840-dk, xiao-nrf52840."
    )
    assert ram.fix == (
        "A smaller input takes a smaller arena, by the square of its side for a picture; int8 takes a quarter of "
        "float32. Or take a board with PSRAM, for example esp32-s3. "
        "It fits on: nano-33-ble-sense, nano-33-ble-sense-rev2, nrf52840-dk, xiao-nrf52840."
    )


@pytest.mark.parametrize("key", ABLE)
def test_boards_that_an_error_names_do_fit(key: str) -> None:
    problems = check_board(key, Demand(300_568, 93_792, PERSON))
    named = [
        other
        for problem in problems
        if "It fits on: " in problem.fix
        for other in problem.fix.split("It fits on: ")[1].removesuffix(".").split(", ")
    ]
    for other in named:
        assert check_board(other, Demand(300_568, 93_792, PERSON)) == ()


@pytest.mark.parametrize("key", ABLE)
def test_ram_is_free_then_tight_then_too_small(key: str) -> None:
    board = find_board(key)
    rest = Demand(0, 0, PERSON).on(board).ram_rest + board.system_ram_bytes
    tight = int(TIGHT * board.static_ram_bytes) - rest
    full = board.static_ram_bytes - rest
    assert check(key, 1000, tight) == []
    ((level, _),) = check(key, 1000, tight + 1)
    assert level is Level.WARNING
    ((level, _),) = check(key, 1000, full)
    assert level is Level.WARNING
    ((level, what),) = check(key, 1000, full + 1)
    # External RAM holds an arena for which the chip has no room.
    assert (level is Level.WARNING) == (board.psram_bytes > 0)
    assert ("external RAM" in what) == (board.psram_bytes > 0)


@pytest.mark.parametrize("key", [key for key in ABLE if BOARDS[key].psram_bytes])
def test_psram_holds_an_arena_of_its_own_size_and_no_more(key: str) -> None:
    assert [level for level, _ in check(key, 1000, BOARDS[key].psram_bytes)] == [Level.WARNING]
    assert [level for level, _ in check(key, 1000, BOARDS[key].psram_bytes + 1)] == [Level.ERROR]


@pytest.mark.parametrize("key", [key for key in ABLE if not BOARDS[key].partitions])
def test_flash_is_free_then_tight_then_too_small(key: str) -> None:
    board = find_board(key)
    rest = Demand(0, 0, PERSON).on(board).flash_code + board.system_flash_bytes
    tight = int(TIGHT * board.program_bytes) - rest
    assert check(key, tight, 1000) == []
    assert [level for level, _ in check(key, tight + 1, 1000)] == [Level.WARNING]
    assert [level for level, _ in check(key, board.program_bytes - rest, 1000)] == [Level.WARNING]
    assert [level for level, _ in check(key, board.program_bytes - rest + 1, 1000)] == [Level.ERROR]
    assert [level for level, _ in check(key, board.flash_bytes, 1000)] == [Level.ERROR]


def test_a_larger_partition_is_a_remedy_on_espressif_chips() -> None:
    model_bytes = 1_500_000
    ((level, what),) = check("esp32", model_bytes, 1000, Platform.ARDUINO)
    assert level is Level.WARNING
    assert what.endswith("; the ESP32-DevKitC has 4.0 MB, of which a program gets 1,280 KB")
    # These projects bring a larger one.
    assert check("esp32", model_bytes, 1000, Platform.ESP_IDF) == []
    assert check("esp32", model_bytes, 1000, Platform.PLATFORMIO) == []
    assert [level for level, _ in check("esp32", 4_000_000, 1000, Platform.ESP_IDF)] == [Level.ERROR]


def test_an_error_names_boards_of_the_same_platform() -> None:
    problems = check_board("pico", Demand(300_568, 400_000, PERSON, Platform.PICO))
    assert [problem.fix.split("It fits on: ")[1] for problem in problems if "It fits on" in problem.fix] == [
        "pico-2."
    ]
