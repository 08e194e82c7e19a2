"""Models that are nothing but shapes, for rules that look at no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packager.model import Model, Node, Operator, Quantization, Sizes, Subgraph, Tensor

Shape = tuple[int, ...]
INT8 = Quantization((1 / 255,), (-128,), None)


def tensor(
    shape: Shape, dtype: str = "float32", quantization: Quantization | None = None, index: int = 0, name: str = "t"
) -> Tensor:
    return Tensor(index, name, shape, shape, dtype, quantization, 0, is_variable=False)


def model(
    outputs: Sequence[Shape | Tensor],
    inputs: Sequence[Shape | Tensor] = ((1, 64, 96, 3),),
    operators: Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]] = (),
    order: Sequence[int] | None = None,
) -> Model:
    """A graph of tensors 0, 1, … (the inputs, then the outputs) and ``operators`` (name, inputs, outputs).

    ``order`` puts the outputs into another order than that in which they were made.
    """
    sides = [item if isinstance(item, Tensor) else tensor(item) for item in (*inputs, *outputs)]
    first = len(inputs)
    made = tuple(range(first, len(sides)))
    graph = Subgraph(
        "main",
        tuple(sides),
        tuple(Node(i, Operator(name, 1, False), fed, made) for i, (name, fed, made) in enumerate(operators)),
        tuple(range(first)),
        made if order is None else tuple(made[place] for place in order),
    )
    return Model(Path("shapes.tflite"), "", "", (graph,), (), Sizes(0, 0, 0), b"", None)
