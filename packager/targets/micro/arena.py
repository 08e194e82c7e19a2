"""How large a tensor arena must be, as far as a model says so itself; what it takes is measured by running it."""

from __future__ import annotations

from packager.model import Model, Subgraph, Tensor
from packager.model.operators import TENSOR_TYPE_BITS


def least_arena(model: Model) -> int:
    """Bytes without which no arena is: all inputs are in it at once, and so are all outputs, maybe in their place."""

    def size(tensors: tuple[Tensor, ...]) -> int:
        # One that is weights stays in flash, and one that stands twice is in the arena once.
        return sum(map(_size, {tensor.index: tensor for tensor in tensors}.values()))

    return max(size(model.inputs), size(model.outputs))


def likely_arena(model: Model) -> int:
    """Bytes that are as a rule enough: half more than the tensors in use at once, and 512 for each tensor.

    The half is for the gaps that the planner leaves and for what kernels need besides. With TensorFlow Lite Micro of
    October 2026 and 49 models of 3 to 562 tensors, it was 1.1 to 3.9 times what was measured on a 64-bit computer.
    """
    tensors = sum(len(graph.tensors) for graph in model.subgraphs)
    enough = sum(map(_most_at_once, model.subgraphs)) * 3 // 2 + 512 * tensors
    return -(-enough // 1024) * 1024


def _most_at_once(graph: Subgraph) -> int:
    """Bytes of the tensors that are kept, at the operator where they are most."""
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.outputs, len(graph.nodes))
    for number, node in enumerate(graph.nodes):
        for index in (*node.inputs, *node.outputs):
            first.setdefault(index, number)
            last[index] = max(number, last.get(index, 0))
    for tensor in graph.tensors:
        if tensor.is_variable:
            first[tensor.index], last[tensor.index] = 0, len(graph.nodes)
    # What an operator begins to need and what another no longer needs, so that one walk counts them.
    changes = [0] * (len(graph.nodes) + 2)
    for index, number in first.items():
        if index >= 0:
            changes[number] += _size(graph.tensors[index])
            changes[last.get(index, number) + 1] -= _size(graph.tensors[index])
    most = now = 0
    for change in changes:
        now += change
        most = max(most, now)
    return most


def _size(tensor: Tensor) -> int:
    return 0 if tensor.constant_bytes else max(tensor.size, 1) * TENSOR_TYPE_BITS.get(tensor.dtype, 64) // 8
