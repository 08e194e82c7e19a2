"""What goes in and what comes out of the model, in C++: types, names, real numbers, literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.model import Quantization
from packager.render.literals import float32
from packager.render.naming import unique
from packager.tasks import AnswerKind

if TYPE_CHECKING:
    from packager.tasks.kinds import Array


@dataclass(frozen=True)
class AffineContext:
    """What makes real numbers of a port's items; ``real_expression`` does so for ``item`` in C++."""

    scale: float
    zero_point: int
    real_expression: str


@dataclass(frozen=True)
class PortContext:
    """One input or output in the generated code; ``accessor`` is the method that gives its items.

    ``affine`` is None where there are no real numbers behind its integers, and of floats, which are their own.
    ``real_open`` and ``real_close`` stand around an item for its real number. ``is_ranked`` says that a ranking
    decides the order of its items.
    """

    index: int
    title: str
    description: str
    dtype: str
    ctype: str
    shape: str
    size: int
    accessor: str
    constant: str
    is_float: bool
    affine: AffineContext | None
    real_text: str
    type_number: int
    has_shape: bool
    dimensions: str
    real_open: str
    real_close: str
    is_ranked: bool

    @property
    def is_exact(self) -> bool:
        """Whether items are equal where their real numbers are; those of 32 bits and more, as float32, may differ."""
        return self.dtype in _EXACT

    @property
    def may_be_above_two(self) -> bool:
        """Whether the type has room for real numbers above 2, beyond which coordinates are pixels."""
        if self.affine is None or not self.is_exact:
            return True
        import numpy as np

        from packager.tasks.boxes import LARGEST_FRACTION

        return self.affine.scale * (int(np.iinfo(self.dtype).max) - self.affine.zero_point) > LARGEST_FRACTION


CTYPES = {
    "float32": "float",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "bool": "bool",
}


# What TensorFlow Lite's C interface calls them (TfLiteType).
_TYPE_NUMBERS = {"float32": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9}
_EXACT = ("int8", "uint8", "int16", "bool")


def build_ports(annotated: AnnotatedModel, side: str) -> tuple[PortContext, ...]:
    """The inputs or the outputs of a model; ``side`` is ``input`` or ``output``."""
    ports = annotated.inputs if side == "input" else annotated.outputs
    accessors = (side,) if len(ports) == 1 else unique([f"{side}_{port.name}" for port in ports])
    # a_1 and a1 are one once they are joined.
    constants = unique(["k" + "".join(map(str.capitalize, accessor.split("_"))) for accessor in accessors], "")
    # As plain tensors there is nothing that could be compared in place of one.
    ranked = (False,) * len(ports)
    if side == "output" and annotated.answer.kind is not AnswerKind.TENSORS:
        from packager.golden.ranking import Ranking, output_rankings

        ranked = tuple(ranking is Ranking.ORDER for ranking in output_rankings(annotated.model))
    return tuple(
        _port(index, port, accessor, constant, is_ranked=is_ranked)
        for index, (port, accessor, constant, is_ranked) in enumerate(
            zip(ports, accessors, constants, ranked, strict=True)
        )
    )


def _port(index: int, port: Port, accessor: str, constant: str, *, is_ranked: bool) -> PortContext:
    tensor, affine = port.tensor, port.tensor.affine
    is_float = tensor.dtype == "float32"
    real_open, real_close = ("", "") if is_float else ("static_cast<float>(", ")")
    return PortContext(
        index=index,
        title=port.title,
        description=port.description,
        dtype=tensor.dtype,
        ctype=CTYPES[tensor.dtype],
        shape="[" + ", ".join(map(str, tensor.shape)) + "]",
        size=tensor.size,
        accessor=accessor,
        constant=constant,
        is_float=is_float,
        affine=_affine(affine) if affine else None,
        real_text=_real(affine.scale, "item", affine.zero_point, "") if affine else "the item itself",
        type_number=_TYPE_NUMBERS[tensor.dtype],
        has_shape=bool(tensor.shape),
        dimensions=", ".join(map(str, tensor.shape)),
        real_open=f"Answer::dequantize_{accessor}(" if affine else real_open,
        real_close=")" if affine else real_close,
        is_ranked=is_ranked,
    )


def _affine(quantization: Quantization) -> AffineContext:
    scale, zero_point = quantization.scale, quantization.zero_point
    return AffineContext(scale, zero_point, _real(scale, "static_cast<float>(item)", zero_point, "f"))


def _real(scale: float, item: str, zero_point: int, suffix: str) -> str:
    """``scale * (item - zero_point)``, as one writes it for this zero point; ``suffix`` ends each float literal."""
    factor = float32(scale) + suffix
    if zero_point == 0:
        return f"{factor} * {item}"
    offset = float32(abs(zero_point)) + suffix if suffix else str(abs(zero_point))
    return f"{factor} * ({item} {'-' if zero_point > 0 else '+'} {offset})"


def literals(array: Array) -> list[str]:
    """The items of ``array`` as C++ writes them."""
    import numpy as np

    items = array.reshape(-1)
    if array.dtype == np.float32:
        # The shortest text that reads back as the same float32, by NumPy: an output may have millions of items.
        return [_SPECIAL_FLOATS.get(text) or text.decode() + "f" for text in items.astype("S32").tolist()]
    if array.dtype == np.bool_:
        return ["true" if value else "false" for value in items.tolist()]
    # The literal 9223372036854775808 is too large for a minus to be put in front of it.
    return ["INT64_MIN" if value == -(2**63) else str(value) for value in items.tolist()]


_SPECIAL_FLOATS = {b"nan": "NAN", b"inf": "INFINITY", b"-inf": "-INFINITY"}


def fill_rows(texts: Sequence[str], width: int) -> tuple[str, ...]:
    """Lines of at most ``width`` characters, each item followed by a comma."""
    rows: list[str] = []
    row: list[str] = []
    length = 0
    for literal in texts:
        if length + len(literal) + 1 > width:
            rows.append(" ".join(row))
            row, length = [], 0
        row.append(literal + ",")
        length += len(literal) + 2
    return (*rows, " ".join(row))
