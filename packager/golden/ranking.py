"""Which outputs of a model a ranking has its hand in: where two values are nearly equal, a rounding decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from packager.model import Model

# What each operator that ranks does to its outputs: those named here come in the order of the ranking, the others
# (sorted scores, the number of detections) are nearly the same whatever the order.
_SORTING: Mapping[str, tuple[int, ...]] = {
    "TFLite_Detection_PostProcess": (0, 1),
    "NON_MAX_SUPPRESSION_V4": (0, 1),
    "NON_MAX_SUPPRESSION_V5": (0, 1, 2),
    "TOPK_V2": (1,),
}
_CHOOSING = ("ARG_MAX", "ARG_MIN")
# Operators that run another graph of the model.
_CALLING = ("CALL", "IF", "WHILE", "STABLEHLO_WHILE", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE")


class Ranking(IntEnum):
    """How a ranking shows in an output."""

    NONE = 0
    CHOICE = 1  # some of its items are chosen by an ARG_MAX or ARG_MIN, or follow from its choice
    ORDER = 2  # the order of its items is that of a ranking, or they follow from it


def output_rankings(model: Model) -> tuple[Ranking, ...]:
    """How a ranking shows in each output: everything that is computed from its results, from node to node."""
    found: dict[int, Ranking] = {}
    inside = max(
        (_ranking(node.operator.name) for graph in model.subgraphs[1:] for node in graph.nodes),
        default=Ranking.NONE,
    )
    for node in model.main.nodes:
        name = node.operator.name
        carried = max((found.get(index, Ranking.NONE) for index in node.inputs), default=Ranking.NONE)
        if name in _CALLING:
            carried = max(carried, inside)
        for position, index in enumerate(node.outputs):
            is_ranked = name in _CHOOSING or position in _SORTING.get(name, ())
            found[index] = max(carried, _ranking(name) if is_ranked else Ranking.NONE)
    return tuple(found.get(index, Ranking.NONE) for index in model.main.outputs)


def _ranking(operator: str) -> Ranking:
    if operator in _SORTING:
        return Ranking.ORDER
    return Ranking.CHOICE if operator in _CHOOSING else Ranking.NONE
