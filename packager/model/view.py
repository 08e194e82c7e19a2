"""The frozen view of a model that everything else works on."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packager.model.operators import QUANTIZED_RANGES


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: ``real = scale * (quantized - zero_point)``.

    ``axis`` is the quantized dimension, or None for per-tensor parameters (then both tuples hold one item). Of a
    tensor of integers the scales are finite and not below 0, and the zero points in the type's range. The axis may be
    beyond the tensor's rank: converters have written such, and TensorFlow Lite Micro runs them.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None

    @property
    def scale(self) -> float:
        """The per-tensor scale (the first one where there is one for each channel)."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The per-tensor zero point (the first one where there is one for each channel)."""
        return self.zero_points[0]


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph.

    ``shape`` is what the converter wrote; ``shape_signature``, of the same rank, is below 0 where a dimension may be
    resized, and equals ``shape`` where none may. ``dtype`` is a NumPy name, or the schema's own (``"string"``) where
    NumPy has none. ``constant_bytes`` is the size of the weights behind the tensor, 0 for one that the runtime
    computes.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: str
    quantization: Quantization | None
    constant_bytes: int
    is_variable: bool

    @property
    def size(self) -> int:
        """The number of items; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def is_quantized(self) -> bool:
        """Whether its integers stand for real numbers. A scale of 0 is how some converters say that they do not."""
        return self.quantization is not None and self.quantization.scale > 0 and self.dtype in QUANTIZED_RANGES

    @property
    def affine(self) -> Quantization | None:
        """What its integers stand for, where one scale, finite and above 0, is for all of them; else None."""
        quantization = self.quantization
        return quantization if quantization is not None and quantization.axis is None and self.is_quantized else None

    @property
    def is_dynamic(self) -> bool:
        """Whether a dimension behind the first one (the batch, which runtimes take as 1) is left open."""
        return any(dimension < 0 for dimension in self.shape_signature[1:])


@dataclass(frozen=True)
class Operator:
    """An operator kind: a BuiltinOperator's name, or a custom operator's own."""

    name: str
    version: int
    custom: bool


@dataclass(frozen=True)
class Node:
    """One operator in the graph; ``inputs`` and ``outputs`` are tensor indices, -1 for an optional one left out."""

    index: int
    operator: Operator
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Subgraph:
    """A graph: the first is the main one, others are bodies of IF, WHILE and the like."""

    name: str
    tensors: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """A named entry point; ``inputs`` and ``outputs`` are (argument name, tensor name) pairs."""

    key: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sizes:
    """Bytes of the file by part; they add up to the file's size."""

    weights: int
    metadata: int
    graph: int


@dataclass(frozen=True)
class Model:
    """A parsed .tflite.

    ``data`` is the whole file. ``metadata_buffer`` is the FlatBuffer under the name TFLITE_METADATA, if any.
    """

    path: Path
    sha256: str
    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    sizes: Sizes
    data: bytes = field(repr=False)
    metadata_buffer: bytes | None = field(repr=False)

    @property
    def main(self) -> Subgraph:
        """The main graph."""
        return self.subgraphs[0]

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """The main graph's inputs, in its order."""
        return tuple(self.main.tensors[index] for index in self.main.inputs)

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """The main graph's outputs, in its order."""
        return tuple(self.main.tensors[index] for index in self.main.outputs)

    @cached_property
    def quantized_operators(self) -> int:
        """How many operators read or write 8- or 16-bit quantized tensors."""
        return sum(
            any(
                graph.tensors[index].is_quantized and graph.tensors[index].dtype in ("int8", "uint8", "int16")
                for index in (*node.inputs, *node.outputs)
                if index >= 0
            )
            for graph in self.subgraphs
            for node in graph.nodes
        )

    @cached_property
    def operators(self) -> tuple[tuple[Operator, int], ...]:
        """The operators in use with their counts over all subgraphs, in the order of first use."""
        return tuple(Counter(node.operator for graph in self.subgraphs for node in graph.nodes).items())
