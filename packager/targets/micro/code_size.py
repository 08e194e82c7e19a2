"""How much flash and RAM TensorFlow Lite Micro takes for a model, from the measured sizes of ``code_size.toml``.

The table says what was measured, and how. The estimate is never below what these links gave, and at most 12 % above
for one operator and 11 % for the models that were linked (sine, digits, person_detect, micro_speech, a MobileNet, an
LSTM, a wake word). All operators together come out 20 % too large. A build with ``-O2`` or with another C library has
other sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from packager.targets.micro.libraries import Kernels
from packager.targets.micro.tables import read_table


@dataclass(frozen=True)
class Footprint:
    """Bytes, without the framework of the board: the model, the code, the tensor arena, and the other RAM."""

    flash_model: int
    flash_code: int
    ram_arena: int
    ram_rest: int

    @property
    def flash(self) -> int:
        """Model and code."""
        return self.flash_model + self.flash_code

    @property
    def ram(self) -> int:
        """Arena, stack, interpreter and resolver."""
        return self.ram_arena + self.ram_rest


def estimate(
    board_core: str,
    operators: Sequence[str],
    model_bytes: int,
    arena_bytes: int,
    *,
    kernels: Kernels,
) -> Footprint:
    """The footprint of a model on a core; ``operators`` are the names of ``Model.operators``, each counted once.

    ``kernels`` are those of the library that it is built with: a chip maker's are larger than the reference ones.
    """
    table = read_table("code_size")
    runtime, core = table["runtime"], table["cores"].get(board_core, table["cores"]["another"])
    distinct = frozenset(operators)
    code = sum(table["operators"].get(name, runtime["unknown_operator"]) for name in distinct)
    code += sum(part["flash"] for part in table["shared"] if not distinct.isdisjoint(part["operators"]))
    if kernels is not Kernels.REFERENCE:
        added = table[_TABLES[kernels]]["operators"]
        code += sum(added.get(name, 0) for name in distinct)
    return Footprint(
        flash_model=model_bytes,
        flash_code=math.ceil(runtime["flash"] * core["runtime"] + code * core["kernels"]),
        ram_arena=arena_bytes,
        ram_rest=runtime["stack"] + runtime["static_ram"] + runtime["resolver_entry"] * len(distinct),
    )


_TABLES = {Kernels.CMSIS_NN: "cmsis_nn", Kernels.ESP_NN: "esp_nn"}
