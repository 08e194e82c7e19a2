"""Golden cases as the files of a project, and how far a device's answers may be from them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.golden.cases import GoldenSet
from packager.model import Model
from packager.runtimes import Tolerance


def litert_tolerance(model: Model, goldens: GoldenSet) -> Tolerance:
    """How far LiteRT's answers on a device may be from the golden ones.

    LiteRT's own kernels and XNNPACK's, on x86-64 and on Arm, each round quantized layers in their own way, and what
    they differ by grows from layer to layer. Measured with LiteRT 2.3.0 and TensorFlow Lite 2.16.1, with and without
    XNNPACK: up to 11 counts in nets of up to 9 quantized operators (digits over 1,000 pictures, hello_world, an
    LSTM), up to 22 in those of 31 and more (MobileNet v1 and v2, YAMNet). Floats differed by 5e-5 where outputs go up
    to 19 (DeepLab); behind quantized layers they are as coarse as these, 256 steps over their range.
    """
    counts = 12 if model.quantized_operators <= 16 else 24
    floats = (tensor for case in goldens.cases for tensor in case.outputs if tensor.dtype.kind == "f" and tensor.size)
    largest = max([1.0, *(float(np.abs(tensor).max()) for tensor in floats)])
    return Tolerance(counts, float(f"{largest * (counts / 256 if model.quantized_operators else 1e-4):.3g}"))


def golden_files(annotated: AnnotatedModel, goldens: GoldenSet, tolerance: Tolerance) -> dict[str, bytes]:
    """The cases as files that any language reads.

    ``cases.json`` names for each case its ``picture`` (PNG, or null), its ``inputs`` and ``outputs`` (files of raw
    little-endian items in the tensor's dtype, C order) and its ``answers``.
    """
    files: dict[str, bytes] = {}
    cases = []
    for case in goldens.cases:
        entry: dict[str, Any] = {"name": case.name, "picture": None, "inputs": [], "outputs": []}
        if case.picture is not None:
            entry["picture"] = f"{case.name}.png"
            files[entry["picture"]] = case.picture
        for side, tensors in (("inputs", case.inputs), ("outputs", case.outputs)):
            for index, tensor in enumerate(tensors):
                path = f"{case.name}.{side.removesuffix('s')}{index}.bin"
                files[path] = tensor.astype(tensor.dtype.newbyteorder("<")).tobytes()
                entry[side].append(path)
        entry["answers"] = annotated.answer.to_json(case.answer)
        cases.append(entry)
    document = {
        "runtime": goldens.runtime,
        "tolerance": {"counts": tolerance.counts, "absolute": tolerance.absolute},
        "cases": cases,
    }
    files["cases.json"] = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    return files
