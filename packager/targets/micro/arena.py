"""How large a tensor arena must be: of a measured one what a 32-bit target needs, else what the model says itself.

The constants are of upstream TensorFlow Lite Micro of 20 August 2026 (commit 90b983c2), compared on an emulated
Cortex-M3; docs/microcontrollers.md tells how, and what came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.model import Model, Subgraph, Tensor
from packager.model.operators import TENSOR_TYPE_BITS
from packager.targets.micro.libraries import FUNCTIONS, Kernels

if TYPE_CHECKING:
    from packager.golden import ArenaUse, MeasuredArena

# How many bytes smaller a structure is on a 32-bit target: TfLiteEvalTensor has 12 and not 24, TfLiteTensor and
# NodeAndRegistration have 32 and not 64.
_EVAL_TENSOR = 12
_TENSOR = 32
_NODE = 32
# And the allocators and the planner with what records their use, which a target has not: 400 to 848 for the models
# that were compared, in which what kernels keep is still as on the computer.
_FIXED = 384
# At most so much more than is needed is counted for what kernels keep: 16 to 464 for these models.
_SLACK = 128
_NODE_SLACK = 32
# What else the library takes without looking whether it got it: tensors while it prepares an operator, and where
# there are variables what it notes of each tensor and of scratch buffers, for these get their places after that.
_PREPARING = 64
_NOTE = 24
_SCRATCH_NOTES = 144


@dataclass(frozen=True)
class Need:
    """What a 32-bit target needs of the arena.

    Attributes:
        bytes: what is enough, a multiple of 16.
        least: less is not enough, and the library may fault in it instead of refusing it.
        planning: what must be free while memory is planned, beyond all that is in use afterwards.
    """

    bytes: int
    least: int
    planning: int


def share(first: MeasuredArena, second: MeasuredArena) -> MeasuredArena:
    """The arena of two models that run in turn: what persists of both, and the larger one's tensors.

    They share an allocator, so that one of two is left out.
    """
    if first.use is None or second.use is None:
        return replace(first, bytes=first.bytes + second.bytes, use=None)
    both = (first, first.use), (second, second.use)
    persistent = sum(use.persistent for _, use in both) - _FIXED
    beside = max(max(use.planned, arena.bytes - use.persistent) for arena, use in both)
    use = replace(
        first.use,
        planned=max(use.planned for _, use in both),
        persistent=persistent,
        eval_tensors=sum(use.eval_tensors for _, use in both),
        tensors=sum(use.tensors for _, use in both),
        nodes=sum(use.nodes for _, use in both),
        variables=sum(use.variables for _, use in both),
    )
    return replace(first, bytes=persistent + beside, use=use)


def need_of(measured: int, use: ArenaUse | None) -> Need:
    """What was ``measured`` on a 64-bit computer, for 32 bits; as it is where the runtime did not report its ``use``.

    The arena holds what persists and, beside it, the tensors and scratch buffers that share their places. These are
    the same on both. While their places are planned, the planner's own notes stand there; they are no larger on a
    32-bit target.
    """
    if use is None:
        return Need(measured, measured, 0)
    smaller = _EVAL_TENSOR * use.eval_tensors + _TENSOR * use.tensors + _NODE * use.nodes + _FIXED
    persistent = max(0, use.persistent - smaller)
    enough = persistent + max(use.planned, measured - use.persistent)
    sure = max(0, persistent - _SLACK - _NODE_SLACK * use.nodes) + use.planned
    unchecked = persistent + (_NOTE * use.eval_tensors + _SCRATCH_NOTES if use.variables else _PREPARING)
    return Need(
        bytes=-(-enough // 16) * 16,
        least=min(max(unchecked, sure), enough),
        planning=max(0, measured - use.persistent - use.planned),
    )


def kernel_bytes(model: Model, kernels: Kernels, core: str, *, helium: bool = False) -> int:
    """Bytes at most that ``kernels`` take of the arena beyond the reference ones.

    A kernel has a scratch buffer while it runs: the largest one counts. What it keeps has 16 bytes more, and what is
    noted of a buffer 64.

    Args:
        model: the model.
        kernels: those of the library.
        core: the board's, "" where it is not known: any that has such kernels.
        helium: whether it has Arm's vector extension, as no board of the table has.
    """
    scratch = [0]
    for graph in model.subgraphs:
        for node in graph.nodes:
            tensors = [graph.tensors[index] for index in (*node.inputs[:2], *node.outputs[:1]) if index >= 0]
            if node.operator.name not in FUNCTIONS[kernels] or not tensors or tensors[0].dtype != "int8":
                continue
            if kernels is Kernels.CMSIS_NN:
                scratch.append(_cmsis_nn(node.operator.name, tensors, helium=helium))
            else:
                scratch.append(_esp_nn(node.operator.name, tensors, is_s3=core in ("", "xtensa-lx7")))
    return _round(max(scratch), 16) + 16 * (len(scratch) - 1) + 64 * sum(map(bool, scratch))


def _cmsis_nn(name: str, tensors: Sequence[Tensor], *, helium: bool) -> int:
    """Bytes of scratch, as arm_*_get_buffer_size of CMSIS-NN in pico-tflmicro of December 2024 (commit dfea53b9).

    ``tensors`` are the input, of a convolution the filter, and the output.
    """
    source, filter, output = tensors[0], tensors[min(1, len(tensors) - 1)], tensors[-1]
    if any(len(tensor.shape) != 4 for tensor in (source, filter, output)):
        return 0
    channels, area = source.shape[3], filter.shape[1] * filter.shape[2]
    if name == "CONV_2D":
        return 4 * _round(area * channels, 16)
    if name == "DEPTHWISE_CONV_2D" and helium and channels == 1:
        # As a convolution, whose filter is turned.
        return 4 * _round(area, 16) + filter.size
    if name == "DEPTHWISE_CONV_2D" and channels == output.shape[3]:
        # In blocks of 124 channels; without Helium, 3 x 3 takes none.
        return 4 * 124 * area if helium else 0 if area == 9 else 2 * area * channels
    return 4 * channels if name == "AVERAGE_POOL_2D" else 0


def _esp_nn(name: str, tensors: Sequence[Tensor], *, is_s3: bool) -> int:
    """Bytes of scratch, as esp_nn_get_*_scratch_size of ESP-NN of April 2026 (commit d45b843c).

    On ESP32-S3 filters and padded inputs are copied to where vectors are aligned; other chips have plain C. Where a
    padding or a stride decides, the larger one counts.
    """
    source, filter, output = tensors[0], tensors[min(1, len(tensors) - 1)], tensors[-1]
    if name == "SOFTMAX":
        return 4 * (source.shape[-1] if source.shape else 1)
    if not is_s3 or any(len(tensor.shape) != 4 for tensor in (source, filter, output)):
        return 0
    _, height, width, channels = source.shape
    rows, columns = filter.shape[1:3]
    if name == "CONV_2D":
        outputs, eighths = filter.shape[0], _round(channels, 8)
        if rows == columns == 1:
            copied = height * width * eighths if channels % 8 else 0
            is_whole = output.shape[1:3] == source.shape[1:3]
            filters = eighths * outputs if is_whole else 2 * _round(channels, 16) * outputs
            return copied + filters + 16 * eighths + 4 * outputs + 64
        copied = (height + rows) * (width + columns) * channels
        window = _round(rows * columns * channels, 16)
        filters = outputs * rows * (columns * _round(channels, 16) + _round(columns * channels, 16))
        return max(2 * copied + filters, (outputs + 1) * window + 32) + 4 * outputs + 64
    if name != "DEPTHWISE_CONV_2D":
        return 0
    plain = height * width * channels
    padded = (height + rows) * (width + columns)
    if channels != output.shape[3]:
        return 2 * (filter.size + plain) + 32
    if channels % 16 == 0 and rows == columns == 3:
        whole = padded * channels
        return filter.size + (whole if whole <= 40 << 10 else (width + columns) * rows * channels) + 16
    if channels % 8 == 0 and rows == columns == 3 and channels >= 12:
        wide = _round(channels, 16)
        return (9 + (height + 2 * rows) * (width + 2 * columns) + output.shape[1] * output.shape[2]) * wide + 64
    if channels % 8 == 0:
        whole = 2 * (filter.size + plain)
        is_tiled = whole > 48 << 10 and (rows, columns) != (3, 3)
        return (2 * filter.size + 2 * width * rows * channels if is_tiled else whole) + 32
    wide = _round(channels, 8)
    return 2 * wide * (rows * columns + height * width) + output.shape[1] * output.shape[2] * wide + 12 * wide + 80


def _round(size: int, step: int) -> int:
    return -(-size // step) * step


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
