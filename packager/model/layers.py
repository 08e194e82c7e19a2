"""What one inference computes, layer by layer, told from shapes alone: nothing is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from packager.model.view import Model, Node, Subgraph, Tensor


@dataclass(frozen=True)
class Layer:
    """An operator of a graph.

    Attributes:
        graph: the index of its subgraph; 0 is the main one. A body of a loop or a branch counts once.
        index: its place there.
        operator: its kind, as in ``Model.operators``.
        output: the name of its first output, "" where it has none, and ``shape`` that tensor's.
        shape: the dimensions of the first output, an open one as it stands in the file.
        macs: multiply-accumulates; 0 for what only moves, compares or scales, None where that cannot be told.
        weight_bytes: of the constants that it reads, each counted with the first layer that reads it.
    """

    graph: int
    index: int
    operator: str
    output: str
    shape: tuple[int, ...]
    macs: int | None
    weight_bytes: int

    @property
    def short_output(self) -> str:
        """The first of the names, separated by semicolons, of all that went into a fused operator."""
        return self.output.split(";")[0]


@dataclass(frozen=True)
class Work:
    """The layers of a model in its own order, and their sums."""

    layers: tuple[Layer, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, without those of ``unknown``."""
        return sum(layer.macs or 0 for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all constants that a layer reads."""
        return sum(layer.weight_bytes for layer in self.layers)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The kinds of operators whose multiply-accumulates cannot be told, each once."""
        return tuple(dict.fromkeys(layer.operator for layer in self.layers if layer.macs is None))


def count_work(model: Model) -> Work:
    """Multiply-accumulates and weights of each layer.

    One multiply-accumulate is a product that is added to a sum, as the papers on MobileNet count them (Howard et al.
    2017, section 3.1; Sandler et al. 2018, table 4): those of convolutions, matrix products and recurrent cells.
    Biases, activations, poolings and elementwise operators count nothing.
    """
    layers = []
    for number, graph in enumerate(model.subgraphs):
        seen: set[int] = set()
        for node in graph.nodes:
            constants = {index for index in node.inputs if index >= 0 and graph.tensors[index].constant_bytes} - seen
            seen |= constants
            output = _tensor(graph, node.outputs, 0)
            layers.append(
                Layer(
                    graph=number,
                    index=node.index,
                    operator=node.operator.name,
                    output="" if output is None else output.name,
                    shape=() if output is None else output.shape,
                    macs=_macs(graph, node),
                    weight_bytes=sum(graph.tensors[index].constant_bytes for index in constants),
                )
            )
    return Work(tuple(layers))


def _macs(graph: Subgraph, node: Node) -> int | None:
    if node.operator.custom:
        return 0 if node.operator.name in _CUSTOM_WITHOUT else None
    if node.operator.name.startswith("STABLEHLO_"):
        return None
    formula = _FORMULAS.get(node.operator.name)
    if formula is None:
        return 0
    inputs = [_tensor(graph, node.inputs, place) for place in range(len(node.inputs))]
    output = _tensor(graph, node.outputs, 0)
    return None if output is None else formula(inputs, output)


def _tensor(graph: Subgraph, indices: Sequence[int], place: int) -> Tensor | None:
    return graph.tensors[indices[place]] if place < len(indices) and indices[place] >= 0 else None


Inputs = Sequence[Tensor | None]


def _share(total: int, parts: int) -> int | None:
    """``total / parts``; None where shapes contradict one another."""
    return total // parts if parts > 0 and total % parts == 0 else None


def _of_output(weights: int, axis: int) -> Callable[[Inputs, Tensor], int | None]:
    """Each output item is a sum over all weights of its channel: ``output.size * weights.size / channels``.

    CONV_2D's filter is [channels, height, width, inputs of a group]: reference/conv.h, whose four inner loops these
    are. FULLY_CONNECTED's is [units, depth] (reference/fully_connected.h), CONV_3D's [depth, height, width, inputs,
    channels] (reference/conv3d.h).
    """

    def macs(inputs: Inputs, output: Tensor) -> int | None:
        tensor = inputs[weights] if weights < len(inputs) else None
        if tensor is None or len(tensor.shape) < 2:
            return None
        per_item = _share(tensor.size, tensor.shape[axis])
        return None if per_item is None else output.size * per_item

    return macs


def _of_input(data: int, weights: int, axis: int) -> Callable[[Inputs, Tensor], int | None]:
    """Each input item goes into all weights of its channel: ``input.size * weights.size / channels``.

    TRANSPOSE_CONV's filter is [channels, height, width, inputs] (reference/transpose_conv.h, which scatters every
    input item), CONV_3D_TRANSPOSE's [depth, height, width, channels, inputs] (reference/conv3d_transpose.h). What
    would fall beside the output is counted too.
    """

    def macs(inputs: Inputs, _output: Tensor) -> int | None:
        tensor, source = (inputs[place] if place < len(inputs) else None for place in (weights, data))
        if tensor is None or source is None or len(tensor.shape) < 2:
            return None
        per_item = _share(tensor.size, tensor.shape[axis])
        return None if per_item is None else source.size * per_item

    return macs


def _depthwise(inputs: Inputs, output: Tensor) -> int | None:
    """``output.size * height * width``, filter [1, height, width, channels]: reference/depthwiseconv_float.h."""
    weights = inputs[1] if len(inputs) > 1 else None
    return None if weights is None or len(weights.shape) != 4 else output.size * math.prod(weights.shape[1:3])


def _matmul(inputs: Inputs, output: Tensor) -> int | None:
    """``output.size * depth``: [.., rows, depth] or its transpose by [.., depth, columns]: reference/batch_matmul.h.

    Whether the first is transposed does not matter: its two last dimensions are ``rows`` and ``depth``.
    """
    left = inputs[0] if inputs else None
    if left is None or len(left.shape) < 2 or len(output.shape) < 2:
        return None
    depth = _share(math.prod(left.shape[-2:]), output.shape[-2])
    return None if depth is None else output.size * depth


def _recurrent(*weights: int) -> Callable[[Inputs, Tensor], int | None]:
    """Each step of each sequence takes all weights once: ``steps * sequences * sum of the sizes of the weights``.

    The places of an LSTM's weights, peepholes and projections are those of kernels/unidirectional_sequence_lstm.cc
    and bidirectional_sequence_lstm.cc, of the others those of the kernels called as they are. A cell's products of
    gates and states are elementwise, and not counted. The input is [sequences, steps, size], in either order, or
    [sequences, size] for one step.
    """

    def macs(inputs: Inputs, _output: Tensor) -> int | None:
        source = inputs[0] if inputs else None
        if source is None or len(source.shape) < 2:
            return None
        used = [inputs[place] for place in weights if place < len(inputs)]
        return math.prod(source.shape[:-1]) * sum(tensor.size for tensor in used if tensor is not None)

    return macs


_FORMULAS: Mapping[str, Callable[[Inputs, Tensor], int | None]] = {
    "CONV_2D": _of_output(1, 0),
    "FULLY_CONNECTED": _of_output(1, 0),
    "CONV_3D": _of_output(1, -1),
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _of_input(2, 1, -1),
    "CONV_3D_TRANSPOSE": _of_input(2, 1, -1),
    "BATCH_MATMUL": _matmul,
    "SVDF": _recurrent(1, 2),
    "RNN": _recurrent(1, 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": _recurrent(1, 2),
    "LSTM": _recurrent(*range(1, 12), 16),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent(*range(1, 12), 16),
    "BIDIRECTIONAL_SEQUENCE_RNN": _recurrent(1, 2, 5, 6, 10, 11),
    "BIDIRECTIONAL_SEQUENCE_LSTM": _recurrent(*range(1, 12), 16, *range(18, 29), 33, *range(40, 48)),
}

# Custom operators that multiply nothing with weights.
_CUSTOM_WITHOUT = frozenset(
    """
    CIRCULAR_BUFFER TFLM_DECODE TFLite_Detection_PostProcess SignalDelay SignalFramer SignalStacker
    """.split()
)
