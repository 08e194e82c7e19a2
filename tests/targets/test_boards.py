"""The table of boards, the estimate of flash and RAM, and the problems that come of them."""

from __future__ import annotations

import difflib
from dataclasses import fields
from pathlib import Path

import pytest

from packager.errors import ConfigError
from packager.model import read_model
from packager.targets.micro import Platform
from packager.targets.micro.boards import BOARDS, TIGHT, Board, check_board, find_board
from packager.targets.micro.code_size import Footprint, estimate
from packager.targets.micro.operators import resolver_method
from packager.targets.target import Level

pytestmark = pytest.mark.slow

REQUIRED = """
    nano-33-ble-sense nicla-vision portenta-h7 uno-r4 esp32 esp32-s3 esp32-c3 pico pico-2 stm32f4-discovery
    nucleo-h743zi nrf52840-dk nrf5340-dk teensy-4-1 xiao-esp32s3 xiao-nrf52840 sparkfun-edge uno
""".split()
FIGURES = (
    "core clock_mhz flash_bytes ram_bytes psram_bytes program_bytes static_ram_bytes system_flash_bytes "
    "system_ram_bytes"
).split()
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
    assert board.psram_bytes == 0 or board.psram_bytes > board.ram_bytes
    assert set(board.platforms) <= {platform.value for platform in Platform}
    sourced = [figure for source in board.sources for figure in source.figures]
    assert set(sourced) == set(FIGURES) <= {field.name for field in fields(Board)}
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
    ("written", "meant"), [("esp32s3", "esp32-s3"), ("pico2", "pico-2"), ("nano", "nano-33-ble-sense")]
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
    code = estimate("cortex-m4f", operators, 0, 0, optimized_kernels=False).flash_code
    assert linked <= code <= 1.11 * linked


# The same with CMSIS-NN's kernels, from pico-tflmicro of December 2024.
LINKED_CMSIS_NN = {"sine": 44_524, "person_detect": 86_616, "digits": 82_140, "mobilenet": 108_104, "lstm": 69_392}


@pytest.mark.parametrize(("name", "linked"), LINKED_CMSIS_NN.items())
def test_the_estimate_with_optimized_kernels_is_near_too(name: str, linked: int) -> None:
    code = estimate("cortex-m4f", LINKED[name][0], 0, 0).flash_code
    assert linked <= code <= 1.11 * linked


@pytest.mark.parametrize(("name", "linked"), [("sine", 46_968), ("person_detect", 64_804)])
def test_a_core_without_an_fpu_has_float_arithmetic_too(name: str, linked: int) -> None:
    code = estimate("cortex-m0+", LINKED[name][0], 0, 0, optimized_kernels=False).flash_code
    assert linked <= code <= 1.11 * linked


def test_other_cores_have_no_cmsis_nn() -> None:
    for core in ("xtensa-lx7", "rv32imc"):
        assert estimate(core, PERSON, 0, 0) == estimate(core, PERSON, 0, 0, optimized_kernels=False)


def test_a_footprint_adds_up() -> None:
    needs = estimate("cortex-m4f", PERSON, 300_568, 85_264)
    assert (needs.flash_model, needs.ram_arena) == (300_568, 85_264)
    assert needs.flash == 300_568 + needs.flash_code
    assert needs.ram == 85_264 + needs.ram_rest
    assert needs == Footprint(300_568, needs.flash_code, 85_264, needs.ram_rest)


def test_an_operator_counts_once_however_often_it_is_named() -> None:
    assert estimate("cortex-m4f", PERSON * 2, 0, 0) == estimate("cortex-m4f", PERSON, 0, 0)


def test_operators_that_share_code_are_smaller_together() -> None:
    def code(*operators: str) -> int:
        return estimate("cortex-m4f", operators, 0, 0).flash_code

    assert code("MAXIMUM", "MINIMUM") < code("MAXIMUM") + code("MINIMUM") - code()
    assert code() < code("ADD") < code("ADD", "CONV_2D")


def test_an_operator_without_a_figure_counts_as_a_large_one() -> None:
    base = estimate("cortex-m4f", (), 0, 0).flash_code
    unknown = estimate("cortex-m4f", ("SOMETHING_NEW",), 0, 0).flash_code
    assert unknown - base > estimate("cortex-m4f", ("UNIDIRECTIONAL_SEQUENCE_LSTM",), 0, 0).flash_code - base


def test_every_operator_of_the_resolver_was_measured() -> None:
    from packager.targets.micro import code_size, kernels, operators

    names = {*kernels.KERNELS, *operators._CUSTOM}
    assert set(code_size._OWN) == names
    assert {name for _, shared in code_size._SHARED for name in shared.split()} <= names


def test_code_is_larger_on_cores_of_longer_instructions() -> None:
    sizes = {core: estimate(core, PERSON, 0, 0).flash_code for core in ("cortex-m4f", "rv32imc", "xtensa-lx6")}
    assert sizes["cortex-m4f"] < sizes["rv32imc"] < sizes["xtensa-lx6"]
    assert estimate("a core of tomorrow", PERSON, 0, 0).flash_code >= max(sizes.values())


@pytest.mark.parametrize(
    "name",
    ["hello_world_int8", "person_detect", "micro_speech_quantized", "trained_lstm_int8", "keyword_scrambled_8bit"],
)
def test_a_real_model_has_no_unmeasured_operator(models: Path, name: str) -> None:
    from packager.targets.micro.code_size import _OWN

    operators = [operator for operator, _ in read_model(models / f"{name}.tflite").operators]
    assert all(operator.name in _OWN and resolver_method(operator) for operator in operators)


# --- the problems ----------------------------------------


def check(key: str, model_bytes: int, arena_bytes: int, platform: str = "") -> list[tuple[Level, str]]:
    problems = check_board(key, model_bytes=model_bytes, arena_bytes=arena_bytes, operators=PERSON, platform=platform)
    assert all(problem.fix for problem in problems)
    return [(problem.level, problem.what) for problem in problems]


@pytest.mark.parametrize("key", ABLE)
def test_a_small_model_fits_on_every_board_that_can(key: str) -> None:
    assert check_board(key, model_bytes=2_704, arena_bytes=2_144, operators=SINE) == ()


@pytest.mark.parametrize(("model_bytes", "arena_bytes"), [(0, 0), (2_704, 2_144), (300_568, 93_792)])
def test_arduino_uno_can_run_no_model(model_bytes: int, arena_bytes: int) -> None:
    ((level, what),) = check("uno", model_bytes, arena_bytes)
    assert level is Level.ERROR
    assert what.startswith("TensorFlow Lite Micro runs on no 8-bit core, and the Arduino Uno has 32 KB of flash")


def test_an_error_names_the_figures_the_remedies_and_boards_that_fit() -> None:
    flash, ram = check_board("uno-r4", model_bytes=300_568, arena_bytes=93_792, operators=PERSON)
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
        "It fits on: nano-33-ble-sense, nrf52840-dk, xiao-nrf52840, sparkfun-edge."
    )
    assert ram.fix == (
        "A smaller input takes a smaller arena, by the square of its side for a picture; int8 takes a quarter of "
        "float32. Or take a board with PSRAM, for example esp32-s3. "
        "It fits on: nano-33-ble-sense, nrf52840-dk, xiao-nrf52840, sparkfun-edge."
    )


@pytest.mark.parametrize("key", ABLE)
def test_boards_that_an_error_names_do_fit(key: str) -> None:
    problems = check_board(key, model_bytes=300_568, arena_bytes=93_792, operators=PERSON)
    named = [
        other
        for problem in problems
        if "It fits on: " in problem.fix
        for other in problem.fix.split("It fits on: ")[1].removesuffix(".").split(", ")
    ]
    for other in named:
        assert check_board(other, model_bytes=300_568, arena_bytes=93_792, operators=PERSON) == ()


@pytest.mark.parametrize("key", ABLE)
def test_ram_is_free_then_tight_then_too_small(key: str) -> None:
    board = find_board(key)
    rest = estimate(board.core, PERSON, 0, 0).ram_rest + board.system_ram_bytes
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


@pytest.mark.parametrize("key", [key for key in ABLE if not key.startswith(("esp", "xiao-esp"))])
def test_flash_is_free_then_tight_then_too_small(key: str) -> None:
    board = find_board(key)
    rest = estimate(board.core, PERSON, 0, 0).flash_code + board.system_flash_bytes
    tight = int(TIGHT * board.program_bytes) - rest
    assert check(key, tight, 1000) == []
    assert [level for level, _ in check(key, tight + 1, 1000)] == [Level.WARNING]
    assert [level for level, _ in check(key, board.program_bytes - rest, 1000)] == [Level.WARNING]
    assert [level for level, _ in check(key, board.program_bytes - rest + 1, 1000)] == [Level.ERROR]
    assert [level for level, _ in check(key, board.flash_bytes, 1000)] == [Level.ERROR]


def test_a_larger_partition_is_a_remedy_on_espressif_chips() -> None:
    model_bytes = 1_500_000
    ((level, what),) = check("esp32", model_bytes, 1000, "arduino")
    assert level is Level.WARNING
    assert what.endswith("; the ESP32-DevKitC has 4.0 MB, of which a program gets 1,280 KB by default")
    # These projects bring a larger one.
    assert check("esp32", model_bytes, 1000, "esp-idf") == []
    assert check("esp32", model_bytes, 1000, "platformio") == []
    assert [level for level, _ in check("esp32", 4_000_000, 1000, "esp-idf")] == [Level.ERROR]


def test_a_platform_that_does_not_build_for_the_board_is_told() -> None:
    ((level, what),) = check("nrf5340-dk", 1000, 1000, "pico")
    assert (level, what) == (
        Level.WARNING,
        "there is no known pico support for the Nordic nRF5340 DK (application core)",
    )
    assert check("nrf5340-dk", 1000, 1000, "zephyr") == []
