"""Small models that take a picture, for every answer that a package can give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from packager.annotated import AnnotatedModel, annotated_model
from packager.metadata.attach import Annotation, annotate
from packager.model import parse_model
from tests.targets.micro.graphs import Op, T, graph


@dataclass(frozen=True)
class Output:
    """What an output holds for a black picture; a bright one adds up to ``reach`` to each item."""

    values: np.ndarray[Any, Any]
    dtype: str = "float32"
    scale: float | None = None
    zero_point: int = 0
    reach: float = 0.0


def picture_model(
    outputs: Mapping[str, Output], shape: Sequence[int] = (1, 8, 8, 3), dtype: str = "float32"
) -> bytes:
    """A .tflite with an image input of ``shape`` and these outputs, which a dense layer makes of the pixels."""
    count = int(np.prod(shape))
    # A float picture is of 0 to 1 here, and one of 8 bits is made so.
    scale = None if dtype == "float32" else 1 / 255
    tensors = [
        T("image", shape, dtype, scale, -128 if dtype == "int8" else 0),
        T("flat shape", [2], "int32", data=np.array([1, count])),
        T("flat", [1, count]),
    ]
    operators = []
    source = "image"
    if dtype != "float32":
        source = "real"
        tensors.append(T("real", shape))
        operators.append(Op("DEQUANTIZE", ["image"], ["real"], schema.DequantizeOptionsT()))
    operators.append(_reshape(source, "flat shape", "flat", [1, count]))
    random = np.random.default_rng(11)
    for name, output in outputs.items():
        items = output.values.size
        weights = random.uniform(0, 2 * output.reach / count, (items, count)).astype(np.float32)
        dense = schema.FullyConnectedOptionsT()
        dense.keepNumDims = False
        is_float = output.dtype == "float32"
        tensors += [
            T(f"{name} weights", [items, count], data=weights),
            T(f"{name} bias", [items], data=output.values.reshape(-1).astype(np.float32)),
            T(f"{name} row", [1, items]),
            T(f"{name} shape", [output.values.ndim], "int32", data=np.array(output.values.shape)),
            T(name if is_float else f"{name} real", output.values.shape),
        ]
        operators.append(Op("FULLY_CONNECTED", ["flat", f"{name} weights", f"{name} bias"], [f"{name} row"], dense))
        operators.append(_reshape(f"{name} row", f"{name} shape", tensors[-1].name, output.values.shape))
        if not is_float:
            tensors.append(T(name, output.values.shape, output.dtype, output.scale, output.zero_point))
            kind = "CAST" if output.scale is None else "QUANTIZE"
            options = schema.CastOptionsT() if output.scale is None else schema.QuantizeOptionsT()
            if isinstance(options, schema.CastOptionsT):
                options.outDataType = getattr(schema.TensorType, output.dtype.upper())
            operators.append(Op(kind, [f"{name} real"], [name], options))
    return graph(tensors, operators, ["image"], list(outputs))


def _reshape(source: str, shape: str, target: str, sizes: Sequence[int]) -> Op:
    options = schema.ReshapeOptionsT()
    options.newShape = list(sizes)
    return Op("RESHAPE", [source, shape], [target], options)


def attached(data: bytes, annotation: Annotation, name: str = "model") -> AnnotatedModel:
    """The model with that metadata."""
    return annotated_model(parse_model(annotate(parse_model(data, f"{name}.tflite"), annotation), f"{name}.tflite"))
