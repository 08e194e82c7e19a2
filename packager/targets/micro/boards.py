"""Boards that run TensorFlow Lite Micro, and whether a model fits on one before it is flashed.

The figures are those of ``boards.toml``, which names the source of each. What a program adds beside the model and the
arena comes from ``code_size``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from packager.errors import ConfigError
from packager.targets.micro.code_size import Footprint, estimate
from packager.targets.micro.libraries import ArduinoLibrary, Platform, library_of
from packager.targets.micro.tables import read_table
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
    may take of the flash as the board is set up by default: behind a bootloader, in the default partition;
    ``partitions`` is that of the generated projects, by platform, where these set up another one.
    ``static_ram_bytes`` is the largest piece of RAM in one region that a linker gives to static data, as the
    tensor arena is. ``system_flash_bytes`` and ``system_ram_bytes`` are taken by the framework of a program that
    does nothing. ``platforms`` are those of the generated projects that build for it, and ``arduino_libraries``
    those that compile for it there, the recommended one first; ``names`` is what these platforms call it, where a
    project says so. ``camera``, ``microphone`` and ``imu`` are what it has, "" for
    none.
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
    partitions: Mapping[str, int]
    platforms: tuple[Platform, ...]
    names: Mapping[str, str]
    arduino_libraries: tuple[ArduinoLibrary, ...]
    camera: str
    microphone: str
    imu: str
    sources: tuple[Source, ...]

    @property
    def platform(self) -> Platform:
        """The platform unless another one is asked for."""
        return self.platforms[0] if self.platforms else Platform.ARDUINO

    def program_bytes_for(self, platform: Platform) -> int:
        """What a program of that platform may take of the flash."""
        return self.partitions.get(platform, self.program_bytes)

    @property
    def arduino_library(self) -> ArduinoLibrary:
        """The library for Arduino unless another one is asked for."""
        return self.arduino_libraries[0] if self.arduino_libraries else ArduinoLibrary.TENSORFLOW


def _read_boards() -> Mapping[str, Board]:
    table = read_table("boards")
    return {key: _board(key, board, table["frameworks"]) for key, board in table["boards"].items()}


def _board(key: str, table: Mapping[str, Any], frameworks: Mapping[str, Any]) -> Board:
    figures = {name: value for name, value in table.items() if name not in ("framework", "sources")}
    framework = frameworks[table["framework"]]
    sources = [Source(tuple(source["figures"]), source["document"], source["url"]) for source in table["sources"]]
    sources.append(Source(("system_flash_bytes", "system_ram_bytes"), framework["document"], framework["url"]))
    partitions = dict(framework.get("partitions", {}))
    if partitions:
        sources.append(Source(("program_bytes",), partitions.pop("document"), partitions.pop("url")))
        figures["program_bytes"] = partitions[Platform.ARDUINO]
    return Board(
        key=key,
        **{
            "names": {},
            "camera": "",
            "microphone": "",
            "imu": "",
            **figures,
            "platforms": tuple(map(Platform, table["platforms"])),
            "arduino_libraries": tuple(map(ArduinoLibrary, table.get("arduino_libraries", ()))),
        },
        system_flash_bytes=framework["flash_bytes"],
        system_ram_bytes=framework["ram_bytes"],
        partitions=partitions,
        sources=tuple(sources),
    )


BOARDS = _read_boards()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def find_board(key: str) -> Board:
    """The board of that key; capitals, spaces, dots and underscores do not matter.

    Raises:
        ConfigError: there is none.
    """
    plain = _plain(key)
    if plain in BOARDS:
        return BOARDS[plain]
    close = difflib.get_close_matches(plain, BOARDS, n=3, cutoff=0.5)
    # Boards go by their makers' names too, and by a part of theirs: "arduino-nano-33-ble-sense", "rp2040".
    close += [
        name
        for name, board in BOARDS.items()
        if plain and name not in close and (name in plain or plain in name or plain in _plain(board.title))
    ]
    meant = f"Did you mean {' or '.join(close[:3])}? " if close else ""
    raise ConfigError(f"there is no board {key!r} in the table", fix=meant + "All of them: packager boards")


@dataclass(frozen=True)
class Demand:
    """What is to be fitted onto a board.

    ``operators`` are the names of ``Model.operators``, and ``buffers`` the bytes of RAM that the generated class
    keeps.
    ``platform`` and ``arduino_library`` are those of the generated project, None for what each board takes.
    """

    model_bytes: int
    arena_bytes: int
    operators: Sequence[str]
    platform: Platform | None = None
    arduino_library: ArduinoLibrary | None = None
    buffers: int = 0

    def on(self, board: Board) -> Footprint:
        """What it takes there, with the kernels that the library has for the board's core."""
        library = library_of(self.platform or board.platform, self.arduino_library or board.arduino_library)
        kernels = library.kernels_on(board.core)
        found = estimate(board.core, self.operators, self.model_bytes, self.arena_bytes, kernels=kernels)
        return replace(found, ram_rest=found.ram_rest + self.buffers)


def check_board(key: str, demand: Demand) -> tuple[Problem, ...]:
    """Whether a model fits on a board, before anything is flashed.

    An error where it cannot fit, a warning where it takes more than ``TIGHT`` of flash or RAM, or fits only with
    another partition or in PSRAM. Whether the board has the platform is not looked at.

    Raises:
        ConfigError: there is no such board.
    """
    board = find_board(key)
    if not board.platforms:
        return (_cannot(board, demand),)
    problems = (_flash_problem(board, demand), _ram_problem(board, demand))
    return tuple(problem for problem in problems if problem is not None)


def find_boards_that_fit(demand: Demand) -> tuple[str, ...]:
    """The keys of the boards on which a model fits at all, if need be in PSRAM or with another partition."""

    def fits(key: str) -> bool:
        return all(problem.level is not Level.ERROR for problem in check_board(key, demand))

    return tuple(filter(fits, BOARDS))


def describe_largest() -> str:
    """The board of the table with the most flash, and of those the one with the most RAM."""
    able = [board for board in BOARDS.values() if board.platforms]
    board = max(able, key=lambda board: (board.flash_bytes, board.ram_bytes + board.psram_bytes))
    psram = f" and {_size(board.psram_bytes)} of external RAM" if board.psram_bytes else ""
    return f"the {board.title}, with {_size(board.flash_bytes)} of flash, {_size(board.ram_bytes)} of RAM{psram}"


def describe_fit(key: str, demand: Demand) -> str:
    """What a model takes of a board's flash and static RAM, in a sentence without a full stop.

    Raises:
        ConfigError: there is no such board.
    """
    board = find_board(key)
    needs = demand.on(board)
    flash, ram = needs.flash + board.system_flash_bytes, needs.ram + board.system_ram_bytes
    return (
        f"{board.title}: about {_size(flash)} of {_size(board.flash_bytes)} flash and "
        f"{_size(ram)} of {_size(board.static_ram_bytes)} RAM for static data"
    )


def _cannot(board: Board, demand: Demand) -> Problem:
    needs = demand.on(board)
    return Problem(
        Level.ERROR,
        f"TensorFlow Lite Micro runs on no 8-bit core, and the {board.title} has {_size(board.flash_bytes)} of flash "
        f"and {_size(board.ram_bytes)} of RAM where this model takes about {_size(needs.flash)} and "
        f"{_size(needs.ram)} on a 32-bit one",
        "Use a board with a 32-bit core, for example uno-r4 or nano-33-ble-sense; all of them: packager boards",
    )


def _flash_problem(board: Board, demand: Demand) -> Problem | None:
    needs = demand.on(board)
    program = board.program_bytes_for(demand.platform or board.platform)
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
        return Problem(Level.ERROR, f"{parts}, and {has}", quantize + _others(board, demand))
    if total > program and board.partitions:
        return Problem(
            Level.WARNING,
            f"{parts}; {has}, of which a program gets {_size(program)}",
            "Give the program a larger partition: Tools > Partition Scheme in Arduino, board_build.partitions in "
            "platformio.ini, partitions.csv in ESP-IDF. " + quantize,
        )
    if total > program:
        return Problem(
            Level.ERROR,
            f"{parts}; {has}, of which the bootloader leaves {_size(program)}",
            quantize + _others(board, demand),
        )
    if total > TIGHT * program:
        share = f"{total / program:.0%} of the {_size(program)} that a program on the {board.title} gets"
        return Problem(Level.WARNING, f"{parts}, {share}", quantize)
    return None


def _ram_problem(board: Board, demand: Demand) -> Problem | None:
    needs = demand.on(board)
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
    return Problem(Level.ERROR, f"{parts}, and {has}", smaller + regions + psram + _others(board, demand))


def _others(board: Board, demand: Demand) -> str:
    """The boards of the table, of the same platform, on which it fits well, the smallest ones first."""
    found = [
        other.key
        for other in sorted(BOARDS.values(), key=lambda other: (other.flash_bytes, other.ram_bytes))
        if (demand.platform in other.platforms if demand.platform else other.platforms)
        and other is not board
        and _fits_well(other, demand)
    ]
    return f" It fits on: {', '.join(found[:4])}." if found else ""


def _fits_well(board: Board, demand: Demand) -> bool:
    needs = demand.on(board)
    return (
        needs.flash + board.system_flash_bytes <= TIGHT * board.program_bytes_for(demand.platform or board.platform)
        and needs.ram + board.system_ram_bytes <= TIGHT * board.static_ram_bytes
    )


def _size(count: int) -> str:
    if count < 10 * _KB:
        return f"{count:,} bytes"
    if count < 10 * _MB // 4:
        return f"{count / _KB:,.0f} KB"
    return f"{count / _MB:,.1f} MB"
