"""Boards that run TensorFlow Lite Micro, and whether a model fits on one before it is flashed.

The figures of the table are those of the documents in ``sources``. Where a maker counts in KB or MB, these are
powers of two. What a program adds beside the model and the arena comes from ``code_size``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packager.errors import ConfigError
from packager.targets.micro.code_size import Footprint, estimate
from packager.targets.target import Level, Problem

# Above this share of flash or RAM there is a warning: sensors, radio and the rest of a firmware need room too.
TIGHT = 0.8

_KB = 1024
_MB = 1024 * 1024


class Source(NamedTuple):
    """Where figures of a board come from: fields of Board, the document, and its page."""

    figures: tuple[str, ...]
    document: str
    url: str


@dataclass(frozen=True)
class Board:
    """A board.

    ``flash_bytes``, ``ram_bytes`` and ``psram_bytes`` are what the board has. ``program_bytes`` is what a program
    may take of the flash as the board is set up by default: behind a bootloader, in the default partition.
    ``static_ram_bytes`` is the largest piece of RAM in one region that a linker gives to static data, as the
    tensor arena is. ``system_flash_bytes`` and ``system_ram_bytes`` are taken by the framework of a program that
    does nothing. ``platforms`` are those of the generated projects that build for it.
    """

    key: str
    title: str
    core: str
    clock_mhz: int
    flash_bytes: int
    ram_bytes: int
    psram_bytes: int
    program_bytes: int
    static_ram_bytes: int
    system_flash_bytes: int
    system_ram_bytes: int
    platforms: tuple[str, ...]
    sources: tuple[Source, ...]


# What a program of nothing takes: measured ones, from compilers' own output that people published.
_MBED = (85_328, 44_552)  # arduino:mbed_nano 4, an empty sketch on Nano 33 BLE
_RENESAS = (51_880, 6_740)  # arduino:renesas_uno 1, Blink on Uno R4 WiFi
_ESP32 = (219_648, 18_608)  # ESP-IDF 5 hello_world, 0x35a00 bytes of flash; RAM of a small arduino-esp32 sketch
# Startup code, clocks, a serial driver: an allowance, not a measurement.
_BARE = (32 * _KB, 8 * _KB)

# Bytes of the partition for a program on Espressif's chips: as Arduino sets it, and as the generated projects do, in
# esp-idf/partitions.csv and with huge_app.csv in platformio.ini.
_ESP_PARTITION = 1_310_720
_ESP_PROJECTS = {"esp-idf": 0x3F0000, "platformio": 0x300000}

_PRODUCT = ("core", "clock_mhz", "flash_bytes", "ram_bytes")
_MBED_SOURCE = Source(
    ("system_flash_bytes", "system_ram_bytes"),
    "arduino-cli's summary for an empty sketch, core arduino:mbed_nano, board nano33ble: 85328 and 44552 bytes",
    "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
)
_RENESAS_SOURCE = Source(
    ("program_bytes", "static_ram_bytes", "system_flash_bytes", "system_ram_bytes"),
    "arduino-cli's summary for Blink, core arduino:renesas_uno, board unor4wifi: 51880 of 262144 and 6740 of 32768",
    "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
)
_ESP_SYSTEM_SOURCE = Source(
    ("system_flash_bytes", "system_ram_bytes"),
    "idf.py's summary for the example hello_world, 0x35a00 bytes; arduino-cli's for a small sketch, 18608 bytes",
    "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-guides/tools/idf-size.html",
)
_ESP_PARTITION_SOURCE = Source(
    ("program_bytes",),
    "arduino-esp32, tools/partitions/default.csv: app0 of 0x140000 bytes",
    "https://docs.espressif.com/projects/arduino-esp32/en/latest/tutorials/partition_table.html",
)
_BARE_SOURCE = Source(
    ("system_flash_bytes", "system_ram_bytes"),
    "an allowance for startup code, clocks and a serial driver; not measured",
    "",
)
_STM32H7_SOURCE = Source(
    ("static_ram_bytes",),
    "STM32H747xI datasheet DS12930, section Memories: 512 KB of AXI SRAM, the largest block of the 1 MB",
    "https://www.st.com/en/microcontrollers-microprocessors/stm32h747xi.html",
)
_ALL_OF_IT = "all of the chip's; nothing is set aside by default"

_BOARDS = (
    Board(
        key="nano-33-ble-sense",
        title="Arduino Nano 33 BLE Sense",
        core="cortex-m4f",
        clock_mhz=64,
        flash_bytes=1 * _MB,
        ram_bytes=256 * _KB,
        psram_bytes=0,
        program_bytes=983_040,
        static_ram_bytes=256 * _KB,
        system_flash_bytes=_MBED[0],
        system_ram_bytes=_MBED[1],
        platforms=("arduino", "platformio", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "Nano 33 BLE Sense datasheet ABX00031, Features: nRF52840, 64 MHz Cortex-M4F, 1 MB flash, 256 KB RAM",
                "https://docs.arduino.cc/hardware/nano-33-ble-sense/",
            ),
            Source(
                ("program_bytes", "static_ram_bytes"),
                "arduino-cli's summary, board nano33ble: maximum 983040 and 262144 bytes; 64 KB are the loader's",
                "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
            ),
            _MBED_SOURCE,
        ),
    ),
    Board(
        key="nicla-vision",
        title="Arduino Nicla Vision",
        core="cortex-m7",
        clock_mhz=480,
        flash_bytes=2 * _MB,
        ram_bytes=1 * _MB,
        psram_bytes=0,
        program_bytes=1_966_080,
        static_ram_bytes=523_624,
        system_flash_bytes=_MBED[0],
        system_ram_bytes=_MBED[1],
        platforms=("arduino", "platformio", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "Nicla Vision tech specs ABX00051: STM32H747AII6, Cortex-M7 at 480 MHz, 2 MB flash, 1 MB RAM",
                "https://docs.arduino.cc/hardware/nicla-vision/",
            ),
            Source(
                ("program_bytes", "static_ram_bytes"),
                "arduino-cli's summary for boards of STM32H747: maximum 1966080 and 523624 bytes",
                "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
            ),
            _STM32H7_SOURCE,
            _MBED_SOURCE,
        ),
    ),
    Board(
        key="portenta-h7",
        title="Arduino Portenta H7",
        core="cortex-m7",
        clock_mhz=480,
        flash_bytes=2 * _MB,
        ram_bytes=1 * _MB,
        psram_bytes=8 * _MB,
        program_bytes=1_966_080,
        static_ram_bytes=523_624,
        system_flash_bytes=_MBED[0],
        system_ram_bytes=_MBED[1],
        platforms=("arduino", "platformio", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "Portenta H7 datasheet ABX00042, Features: STM32H747XI, Cortex-M7 at 480 MHz, 2 MB flash, 1 MB RAM; "
                "8 MB SDRAM",
                "https://docs.arduino.cc/hardware/portenta-h7/",
            ),
            Source(
                ("program_bytes", "static_ram_bytes"),
                "arduino-cli's summary for boards of STM32H747: maximum 1966080 and 523624 bytes",
                "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
            ),
            _STM32H7_SOURCE,
            _MBED_SOURCE,
        ),
    ),
    Board(
        key="uno-r4",
        title="Arduino Uno R4",
        core="cortex-m4f",
        clock_mhz=48,
        flash_bytes=256 * _KB,
        ram_bytes=32 * _KB,
        psram_bytes=0,
        program_bytes=256 * _KB,
        static_ram_bytes=32 * _KB,
        system_flash_bytes=_RENESAS[0],
        system_ram_bytes=_RENESAS[1],
        # Neither of the Arduino libraries names the Renesas core among those it was made for.
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "Uno R4 Minima datasheet ABX00080, Features: R7FA4M1AB3CFM, 48 MHz Cortex-M4F, 256 KB flash, 32 KB "
                "SRAM (the same in the WiFi model, ABX00087)",
                "https://docs.arduino.cc/hardware/uno-r4-minima/",
            ),
            _RENESAS_SOURCE,
        ),
    ),
    Board(
        key="esp32",
        title="ESP32-DevKitC",
        core="xtensa-lx6",
        clock_mhz=240,
        flash_bytes=4 * _MB,
        ram_bytes=520 * _KB,
        psram_bytes=0,
        program_bytes=_ESP_PARTITION,
        static_ram_bytes=160 * _KB,
        system_flash_bytes=_ESP32[0],
        system_ram_bytes=_ESP32[1],
        platforms=("esp-idf", "arduino", "platformio", "zephyr"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "ESP32-WROOM-32E datasheet, Module Overview: Xtensa LX6, 240 MHz, 520 KB SRAM, 4 MB flash (N4)",
                "https://www.espressif.com/en/products/modules",
            ),
            Source(
                ("static_ram_bytes",),
                "ESP-IDF Programming Guide, Memory Types: at most 160 KB of DRAM are allocated statically, the rest "
                "is heap",
                "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-guides/memory-types.html",
            ),
            _ESP_PARTITION_SOURCE,
            _ESP_SYSTEM_SOURCE,
        ),
    ),
    Board(
        key="esp32-s3",
        title="ESP32-S3-DevKitC-1 with PSRAM (N8R8)",
        core="xtensa-lx7",
        clock_mhz=240,
        flash_bytes=8 * _MB,
        ram_bytes=512 * _KB,
        psram_bytes=8 * _MB,
        program_bytes=_ESP_PARTITION,
        static_ram_bytes=320 * _KB,
        system_flash_bytes=_ESP32[0],
        system_ram_bytes=_ESP32[1],
        platforms=("esp-idf", "arduino", "platformio", "zephyr"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "ESP32-S3-WROOM-1 datasheet, Series Comparison: N8R8 with 8 MB flash and 8 MB PSRAM; Xtensa LX7, "
                "240 MHz, 512 KB SRAM",
                "https://www.espressif.com/en/dev-board/esp32-s3-devkitc-1-en",
            ),
            Source(
                ("static_ram_bytes",),
                "arduino-cli's summary for ESP32-S3: maximum 327680 bytes of dynamic memory",
                "https://docs.espressif.com/projects/esp-idf/en/stable/esp32s3/api-guides/memory-types.html",
            ),
            _ESP_PARTITION_SOURCE,
            _ESP_SYSTEM_SOURCE,
        ),
    ),
    Board(
        key="esp32-c3",
        title="ESP32-C3-DevKitM-1",
        core="rv32imc",
        clock_mhz=160,
        flash_bytes=4 * _MB,
        ram_bytes=400 * _KB,
        psram_bytes=0,
        program_bytes=_ESP_PARTITION,
        static_ram_bytes=320 * _KB,
        system_flash_bytes=_ESP32[0],
        system_ram_bytes=_ESP32[1],
        platforms=("esp-idf", "arduino", "platformio", "zephyr"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "ESP32-C3-MINI-1 datasheet, Module Overview: 32-bit RISC-V, 160 MHz, 400 KB SRAM, 4 MB flash (N4)",
                "https://www.espressif.com/en/products/socs/esp32-c3",
            ),
            Source(
                ("static_ram_bytes",),
                "arduino-cli's summary for ESP32-C3: maximum 327680 bytes of dynamic memory",
                "https://docs.espressif.com/projects/esp-idf/en/stable/esp32c3/api-guides/memory-types.html",
            ),
            _ESP_PARTITION_SOURCE,
            _ESP_SYSTEM_SOURCE,
        ),
    ),
    Board(
        key="pico",
        title="Raspberry Pi Pico",
        core="cortex-m0+",
        clock_mhz=133,
        flash_bytes=2 * _MB,
        ram_bytes=264 * _KB,
        psram_bytes=0,
        program_bytes=2 * _MB,
        static_ram_bytes=256 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("pico", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes"),
                "Raspberry Pi Pico datasheet, section 1: RP2040, Cortex-M0+ at up to 133 MHz, 264 KB SRAM, 2 MB "
                "flash; " + _ALL_OF_IT,
                "https://datasheets.raspberrypi.com/pico/pico-datasheet.pdf",
            ),
            Source(
                ("static_ram_bytes",),
                "RP2040 datasheet, section 2.6.2: four striped banks of 64 KB, beside two of 4 KB for stacks",
                "https://datasheets.raspberrypi.com/rp2040/rp2040-datasheet.pdf",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="pico-2",
        title="Raspberry Pi Pico 2",
        core="cortex-m33",
        clock_mhz=150,
        flash_bytes=4 * _MB,
        ram_bytes=520 * _KB,
        psram_bytes=0,
        program_bytes=4 * _MB,
        static_ram_bytes=512 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("pico", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes"),
                "Raspberry Pi Pico 2 datasheet, section 1: RP2350, Cortex-M33 at up to 150 MHz, 520 KB SRAM, 4 MB "
                "flash; " + _ALL_OF_IT,
                "https://datasheets.raspberrypi.com/pico/pico-2-datasheet.pdf",
            ),
            Source(
                ("static_ram_bytes",),
                "RP2350 datasheet, section 4.2: eight striped banks of 64 KB, beside two of 4 KB for stacks",
                "https://datasheets.raspberrypi.com/rp2350/rp2350-datasheet.pdf",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="stm32f4-discovery",
        title="STM32F4 Discovery (STM32F407G-DISC1)",
        core="cortex-m4f",
        clock_mhz=168,
        flash_bytes=1 * _MB,
        ram_bytes=192 * _KB,
        psram_bytes=0,
        program_bytes=1 * _MB,
        static_ram_bytes=128 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                ("flash_bytes", "ram_bytes", "psram_bytes", "program_bytes"),
                "STM32F4 Discovery user manual UM1472: STM32F407VGT6, 1 MB flash, 192 KB RAM; " + _ALL_OF_IT,
                "https://www.st.com/en/evaluation-tools/stm32f4discovery.html",
            ),
            Source(
                ("core", "clock_mhz", "static_ram_bytes"),
                "STM32F407xx datasheet DS8626: Cortex-M4F, up to 168 MHz; 128 KB of SRAM in a row, 64 KB of CCM",
                "https://www.st.com/en/microcontrollers-microprocessors/stm32f407vg.html",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="nucleo-h743zi",
        title="STM32H7 Nucleo (NUCLEO-H743ZI2)",
        core="cortex-m7",
        clock_mhz=480,
        flash_bytes=2 * _MB,
        ram_bytes=1 * _MB,
        psram_bytes=0,
        program_bytes=2 * _MB,
        static_ram_bytes=512 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes", "static_ram_bytes"),
                "STM32H743xI datasheet DS12110: Cortex-M7 at up to 480 MHz, 2 MB flash, 1 MB RAM, of which 512 KB of "
                "AXI SRAM are the largest block; " + _ALL_OF_IT,
                "https://www.st.com/en/evaluation-tools/nucleo-h743zi.html",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="nrf52840-dk",
        title="Nordic nRF52840 DK",
        core="cortex-m4f",
        clock_mhz=64,
        flash_bytes=1 * _MB,
        ram_bytes=256 * _KB,
        psram_bytes=0,
        program_bytes=1 * _MB,
        static_ram_bytes=256 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes", "static_ram_bytes"),
                "nRF52840 Product Specification, Key features: 64 MHz Cortex-M4F, 1 MB flash, 256 KB RAM; "
                + _ALL_OF_IT,
                "https://www.nordicsemi.com/Products/Development-hardware/nRF52840-DK",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="nrf5340-dk",
        title="Nordic nRF5340 DK (application core)",
        core="cortex-m33",
        clock_mhz=128,
        flash_bytes=1 * _MB,
        ram_bytes=512 * _KB,
        psram_bytes=0,
        program_bytes=1 * _MB,
        static_ram_bytes=512 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes", "static_ram_bytes"),
                "nRF5340 Product Specification, Key features: application core Cortex-M33 at 128 MHz, 1 MB flash, "
                "512 KB RAM; " + _ALL_OF_IT,
                "https://www.nordicsemi.com/Products/Development-hardware/nRF5340-DK",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="teensy-4-1",
        title="Teensy 4.1",
        core="cortex-m7",
        clock_mhz=600,
        flash_bytes=8 * _MB,
        ram_bytes=1 * _MB,
        psram_bytes=0,
        program_bytes=7936 * _KB,
        static_ram_bytes=512 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes", "static_ram_bytes"),
                "Teensy 4.1 product page, Technical Specifications and Memory: i.MX RT1062, Cortex-M7 at 600 MHz, "
                "8 MB flash of which 7936 KB are the program's, 1024 KB RAM of which 512 KB are tightly coupled; "
                "places for PSRAM chips, none soldered",
                "https://www.pjrc.com/store/teensy41.html",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="xiao-esp32s3",
        title="Seeed Studio XIAO ESP32S3",
        core="xtensa-lx7",
        clock_mhz=240,
        flash_bytes=8 * _MB,
        ram_bytes=512 * _KB,
        psram_bytes=8 * _MB,
        program_bytes=_ESP_PARTITION,
        static_ram_bytes=320 * _KB,
        system_flash_bytes=_ESP32[0],
        system_ram_bytes=_ESP32[1],
        platforms=("esp-idf", "arduino", "platformio", "zephyr"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "XIAO ESP32S3 wiki, Specification: ESP32-S3R8, Xtensa LX7, 240 MHz, 8 MB PSRAM, 8 MB flash, 512 KB "
                "SRAM of the chip",
                "https://wiki.seeedstudio.com/xiao_esp32s3_getting_started/",
            ),
            Source(
                ("static_ram_bytes",),
                "arduino-cli's summary for ESP32-S3: maximum 327680 bytes of dynamic memory",
                "https://docs.espressif.com/projects/esp-idf/en/stable/esp32s3/api-guides/memory-types.html",
            ),
            _ESP_PARTITION_SOURCE,
            _ESP_SYSTEM_SOURCE,
        ),
    ),
    Board(
        key="xiao-nrf52840",
        title="Seeed Studio XIAO nRF52840",
        core="cortex-m4f",
        clock_mhz=64,
        flash_bytes=1 * _MB,
        ram_bytes=256 * _KB,
        psram_bytes=0,
        program_bytes=811_008,
        static_ram_bytes=232 * _KB,
        system_flash_bytes=_MBED[0],
        system_ram_bytes=_MBED[1],
        platforms=("arduino", "zephyr", "cmake"),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes"),
                "XIAO nRF52840 wiki, Specification: nRF52840, Cortex-M4F, 64 MHz, 1 MB flash, 256 KB RAM",
                "https://wiki.seeedstudio.com/XIAO_BLE/",
            ),
            Source(
                ("program_bytes", "static_ram_bytes"),
                "Seeed's boards.txt: maximum 811008 bytes of program and 237568 of data; SoftDevice and bootloader "
                "keep the rest",
                "https://wiki.seeedstudio.com/XIAO_BLE/",
            ),
            _MBED_SOURCE,
        ),
    ),
    Board(
        key="sparkfun-edge",
        title="SparkFun Edge",
        core="cortex-m4f",
        clock_mhz=48,
        flash_bytes=1 * _MB,
        ram_bytes=384 * _KB,
        psram_bytes=0,
        program_bytes=960_000,
        static_ram_bytes=384 * _KB,
        system_flash_bytes=_BARE[0],
        system_ram_bytes=_BARE[1],
        platforms=("cmake",),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "static_ram_bytes"),
                "SparkFun Edge hookup guide: Apollo3 Blue, Cortex-M4F at 48 MHz (96 MHz in bursts), 1 MB flash, "
                "384 KB SRAM",
                "https://learn.sparkfun.com/tutorials/sparkfun-edge-hookup-guide",
            ),
            Source(
                ("program_bytes",),
                "Arduino_Apollo3's boards.txt: maximum 960000 bytes behind the bootloader",
                "https://learn.sparkfun.com/tutorials/programming-the-sparkfun-edge-with-arduino",
            ),
            _BARE_SOURCE,
        ),
    ),
    Board(
        key="uno",
        title="Arduino Uno",
        core="avr",
        clock_mhz=16,
        flash_bytes=32 * _KB,
        ram_bytes=2 * _KB,
        psram_bytes=0,
        program_bytes=32_256,
        static_ram_bytes=2 * _KB,
        system_flash_bytes=444,
        system_ram_bytes=9,
        platforms=(),
        sources=(
            Source(
                (*_PRODUCT, "psram_bytes", "program_bytes", "static_ram_bytes"),
                "Uno Rev3 datasheet A000066: ATmega328P, 8-bit AVR, 16 MHz, 32 KB flash of which 512 bytes are the "
                "bootloader's, 2 KB SRAM",
                "https://docs.arduino.cc/hardware/uno-rev3/",
            ),
            Source(
                ("system_flash_bytes", "system_ram_bytes"),
                "arduino-cli's summary for an empty sketch, core arduino:avr: 444 and 9 bytes",
                "https://docs.arduino.cc/arduino-cli/commands/arduino-cli_compile/",
            ),
        ),
    ),
)

BOARDS: dict[str, Board] = {board.key: board for board in _BOARDS}


def find_board(key: str) -> Board:
    """The board of that key; capitals, spaces, dots and underscores do not matter.

    Raises:
        ConfigError: there is none.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    if plain in BOARDS:
        return BOARDS[plain]
    close = difflib.get_close_matches(plain, BOARDS, n=3, cutoff=0.5)
    # Boards go by their makers' names too: "arduino-nano-33-ble-sense".
    close += [board for board in BOARDS if board not in close and (board in plain or plain in board) and plain]
    meant = f"Did you mean {' or '.join(close[:3])}? " if close else ""
    raise ConfigError(f"there is no board {key!r} in the table", fix=meant + "All of them: packager boards")


def check_board(
    key: str, *, model_bytes: int, arena_bytes: int, operators: Sequence[str], platform: str = ""
) -> tuple[Problem, ...]:
    """Whether a model fits on a board, before anything is flashed.

    ``operators`` are the names of ``Model.operators``, ``platform`` is that of the generated project, if it is known.
    An error where it cannot fit, a warning where it takes more than ``TIGHT`` of flash or RAM, fits only with another
    partition or in PSRAM, or where the platform does not build for the board.

    Raises:
        ConfigError: there is no such board.
    """
    board = find_board(key)
    needs = estimate(board.core, operators, model_bytes, arena_bytes)
    if not board.platforms:
        return (_cannot(board, needs),)
    problems = []
    if platform and platform not in board.platforms:
        problems.append(
            Problem(
                Level.WARNING,
                f"there is no known {platform} support for the {board.title}",
                f"Choose another platform for it: {', '.join(board.platforms)}.",
            )
        )
    for problem in (_flash_problem(board, needs, platform), _ram_problem(board, needs)):
        if problem is not None:
            problems.append(problem)
    return tuple(problems)


def find_boards_that_fit(*, model_bytes: int, arena_bytes: int, operators: Sequence[str]) -> tuple[str, ...]:
    """The keys of the boards on which a model fits at all, if need be in PSRAM or with another partition."""

    def fits(key: str) -> bool:
        problems = check_board(key, model_bytes=model_bytes, arena_bytes=arena_bytes, operators=operators)
        return all(problem.level is not Level.ERROR for problem in problems)

    return tuple(filter(fits, BOARDS))


def describe_largest() -> str:
    """The board of the table with the most flash, and of those the one with the most RAM."""
    able = [board for board in BOARDS.values() if board.platforms]
    board = max(able, key=lambda board: (board.flash_bytes, board.ram_bytes + board.psram_bytes))
    psram = f" and {_size(board.psram_bytes)} of external RAM" if board.psram_bytes else ""
    return f"the {board.title}, with {_size(board.flash_bytes)} of flash, {_size(board.ram_bytes)} of RAM{psram}"


def describe_fit(key: str, *, model_bytes: int, arena_bytes: int, operators: Sequence[str]) -> str:
    """What a model takes of a board's flash and static RAM, in a sentence without a full stop.

    Raises:
        ConfigError: there is no such board.
    """
    board = find_board(key)
    needs = estimate(board.core, operators, model_bytes, arena_bytes)
    flash, ram = needs.flash + board.system_flash_bytes, needs.ram + board.system_ram_bytes
    return (
        f"{board.title}: about {_size(flash)} of {_size(board.flash_bytes)} flash and "
        f"{_size(ram)} of {_size(board.static_ram_bytes)} RAM for static data"
    )


def _cannot(board: Board, needs: Footprint) -> Problem:
    return Problem(
        Level.ERROR,
        f"TensorFlow Lite Micro runs on no 8-bit core, and the {board.title} has {_size(board.flash_bytes)} of flash "
        f"and {_size(board.ram_bytes)} of RAM where this model takes about {_size(needs.flash)} and "
        f"{_size(needs.ram)} on a 32-bit one",
        "Use a board with a 32-bit core, for example uno-r4 or nano-33-ble-sense; all of them: packager boards",
    )


def _flash_problem(board: Board, needs: Footprint, platform: str) -> Problem | None:
    partitioned = board.program_bytes == _ESP_PARTITION
    program = _ESP_PROJECTS.get(platform, _ESP_PARTITION) if partitioned else board.program_bytes
    total = needs.flash + board.system_flash_bytes
    parts = (
        f"it needs about {_size(total)} of flash (model {_size(needs.flash_model)}, "
        f"TensorFlow Lite Micro {_size(needs.flash_code)}, framework {_size(board.system_flash_bytes)})"
    )
    has = f"the {board.title} has {_size(board.flash_bytes)}"
    quantize = (
        "Quantize the model: int8 weights take a quarter of float32 ones. Or prune it, or choose a smaller one."
    )
    if total > board.flash_bytes:
        return Problem(Level.ERROR, f"{parts}, and {has}", quantize + _others(board, needs))
    if total > program and partitioned:
        return Problem(
            Level.WARNING,
            f"{parts}; {has}, of which a program gets {_size(program)} by default",
            "Give the program a larger partition: Tools > Partition Scheme in Arduino, board_build.partitions in "
            "platformio.ini, partitions.csv in ESP-IDF. " + quantize,
        )
    if total > program:
        return Problem(
            Level.ERROR,
            f"{parts}; {has}, of which the bootloader leaves {_size(program)}",
            quantize + _others(board, needs),
        )
    if total > TIGHT * program:
        share = f"{total / program:.0%} of the {_size(program)} that a program on the {board.title} gets"
        return Problem(Level.WARNING, f"{parts}, {share}", quantize)
    return None


def _ram_problem(board: Board, needs: Footprint) -> Problem | None:
    rest = needs.ram_rest + board.system_ram_bytes
    total = needs.ram_arena + rest
    parts = (
        f"it needs about {_size(total)} of RAM (tensor arena {_size(needs.ram_arena)}, "
        f"stack and interpreter {_size(needs.ram_rest)}, framework {_size(board.system_ram_bytes)})"
    )
    has = f"the {board.title} has {_size(board.static_ram_bytes)} for static data"
    smaller = (
        "A smaller input takes a smaller arena, by the square of its side for a picture; int8 takes a quarter of "
        "float32."
    )
    if total <= TIGHT * board.static_ram_bytes:
        return None
    if total <= board.static_ram_bytes:
        return Problem(Level.WARNING, f"{parts}, {total / board.static_ram_bytes:.0%}: {has}", smaller)
    if needs.ram_arena <= board.psram_bytes and rest <= board.static_ram_bytes:
        return Problem(
            Level.WARNING,
            f"{parts}, and {has} in the chip; the arena fits in its {_size(board.psram_bytes)} of external RAM, "
            "which is several times slower",
            "Put the arena there: sdkconfig.psram does it in an esp-idf project, a section attribute elsewhere. "
            + smaller,
        )
    # The largest region may be taken while others, on another bus or with another name, are free.
    elsewhere = board.ram_bytes - board.static_ram_bytes
    regions = (
        f" Its other RAM, {_size(elsewhere)}, is in other regions: a section attribute puts the arena there, where "
        "one of them is large enough."
        if elsewhere >= needs.ram_arena
        else ""
    )
    psram = "" if board.psram_bytes else " Or take a board with PSRAM, for example esp32-s3."
    return Problem(Level.ERROR, f"{parts}, and {has}", smaller + regions + psram + _others(board, needs))


def _others(board: Board, needs: Footprint) -> str:
    """The boards of the table on which it fits well, the smallest ones first."""
    found = [
        other.key
        for other in sorted(BOARDS.values(), key=lambda other: (other.flash_bytes, other.ram_bytes))
        if other.platforms
        and other is not board
        and needs.flash + other.system_flash_bytes <= TIGHT * other.program_bytes
        and needs.ram + other.system_ram_bytes <= TIGHT * other.static_ram_bytes
    ]
    return f" It fits on: {', '.join(found[:4])}." if found else ""


def _size(count: int) -> str:
    if count < 10 * _KB:
        return f"{count:,} bytes"
    if count < 10 * _MB // 4:
        return f"{count / _KB:,.0f} KB"
    return f"{count / _MB:,.1f} MB"
