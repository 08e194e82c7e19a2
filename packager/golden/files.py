"""Golden cases as the files of a project, and how far a device's outputs may be from them."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.golden.cases import GoldenCase, GoldenSet, Picture, Sound, Text
from packager.golden.frames import GoldenFrame
from packager.golden.ranking import Ranking, output_rankings
from packager.model import Model, Tensor
from packager.tasks.kinds import Array

# Items of a tensor that are kept. More of them prove nothing more, and take more room than the model.
MOST_ITEMS = 16_384
# The steps of an 8-bit tensor, and so the fineness of all that is computed from one.
_STEPS = 256
# How far floats differ where no quantized layer is before them, as a share of the largest one.
_FLOAT_SHARE = 1e-4
# What float32 rounds in sums of terms around 10; an output may be their small difference.
_FLOAT_NOISE = 1e-6


@dataclass(frozen=True)
class Rule:
    """How an output is compared: of every ``stride``-th item, how far one may be off, and how many may be further.

    ``allowed`` is in counts for integers (then it is an int), in the output's own numbers for floats.
    """

    allowed: int | float
    items: int
    stride: int

    def to_json(self) -> dict[str, int | float]:
        """The rule as it stands in ``cases.json``."""
        kind = "counts" if isinstance(self.allowed, int) else "absolute"
        return {kind: self.allowed, "items": self.items, "stride": self.stride}


def kernel_counts(model: Model) -> int:
    """By how many steps of 8 bits LiteRT's kernels may differ at the end of ``model``; 0 where nothing is quantized.

    LiteRT's own kernels and XNNPACK's, on x86-64 and on Arm, each round quantized layers in their own way, and what
    they differ by grows from layer to layer. Measured with LiteRT 2.3.0 and TensorFlow Lite 2.16.1, with and without
    XNNPACK: up to 11 counts in nets of up to 9 quantized operators (digits over 1,000 pictures, hello_world, an
    LSTM), up to 22 in those of 31 and more (MobileNet v1 and v2, YAMNet).
    """
    return 0 if not model.quantized_operators else 12 if model.quantized_operators <= 16 else 24


def score_share(model: Model) -> float:
    """How far a score may be off, as a share of its range.

    Floats differed by 7e-5 where outputs go up to 33 (DeepLab); behind quantized layers they are as coarse as these.
    """
    return kernel_counts(model) / _STEPS or _FLOAT_SHARE


def output_rules(model: Model, goldens: GoldenSet) -> tuple[Rule | None, ...]:
    """How each output of a device is compared with the golden ones; None where a ranking decides its order."""
    return tuple(
        None if ranking is Ranking.ORDER else _output_rule(model, number, ranking, goldens)
        for number, ranking in enumerate(output_rankings(model))
    )


def _output_rule(model: Model, number: int, ranking: Ranking, goldens: GoldenSet) -> Rule:
    tensors = [case.outputs[number] for case in goldens.cases]
    largest = max(tensors, key=lambda tensor: tensor.size)
    stride = _stride(largest.shape)
    kept = -(-largest.size // stride)
    output = model.outputs[number]
    is_index = largest.dtype.kind != "f" and not output.is_quantized
    allowed: int | float = 0 if is_index else kernel_counts(model)
    if largest.dtype.kind == "f":
        allowed = _float_allowance(model, number, tensors)
    # What zeros in its place would be refused for, with a margin of four.
    zero = 0 if output.affine is None else output.affine.zero_point
    loud = max(np.count_nonzero(np.abs(tensor.reshape(-1)[::stride] - float(zero)) > allowed) for tensor in tensors)
    return Rule(allowed, min(_strays(model, ranking, kept, is_index=is_index), loud // 4), stride)


def _strays(model: Model, ranking: Ranking, kept: int, *, is_index: bool) -> int:
    """How many of an output's ``kept`` items may be further off than the others.

    Behind quantized layers a few items are beyond any count, since steps add up: with XNNPACK and without, 20 of a
    million were more than 24 counts apart in YOLO11n, up to 1,100 in YOLOv8n. Where an ARG_MAX chooses between scores
    that are nearly equal, the choice flips: in 0.2 to 0.7 % of the pixels of deeplabv3_mnv2_dm05_pascal_quant where
    a picture shows one of its classes, in 9 % of a sunflower, for which it has none. What follows from a choice is in
    another place of a heat map then: up to 18 % of MoveNet's numbers were more than 24 steps off, mostly those of
    points that it does not see.
    """
    if ranking is Ranking.CHOICE and model.quantized_operators:
        return kept // (10 if is_index else 4)
    is_coarse = ranking is Ranking.CHOICE or (model.quantized_operators and not is_index)
    return 4 * (kept // 1024) if is_coarse else 0


def _float_allowance(model: Model, number: int, tensors: Iterable[Array]) -> float:
    """How far a float may be off: a share of the output's largest golden item, and no less than a quantized step is.

    What comes straight from a DEQUANTIZE has steps of its own, however quiet the golden cases are.
    """
    source = _dequantized(model, number)
    if source is not None and source.quantization is not None:
        allowed = max(source.quantization.scales) * kernel_counts(model)
    else:
        allowed = score_share(model) * max(float(np.abs(tensor).max(initial=0)) for tensor in tensors)
    return float(f"{max(allowed, _FLOAT_NOISE):.3g}")


def _dequantized(model: Model, number: int) -> Tensor | None:
    """The 8-bit tensor that output ``number`` is dequantized from, if it is."""
    index = model.main.outputs[number]
    for node in model.main.nodes:
        if node.operator.name == "DEQUANTIZE" and index in node.outputs and node.inputs[0] >= 0:
            tensor = model.main.tensors[node.inputs[0]]
            return tensor if tensor.is_quantized and tensor.dtype in ("int8", "uint8") else None
    return None


def _stride(shape: Sequence[int]) -> int:
    """The smallest prime that leaves ``MOST_ITEMS`` and divides no dimension, so that no row is left out."""
    least = -(-math.prod(shape) // MOST_ITEMS)
    return 1 if least <= 1 else next(stride for stride in itertools.count(least) if _is_free(stride, shape))


def _is_free(stride: int, shape: Sequence[int]) -> bool:
    is_prime = all(stride % divisor for divisor in range(2, int(stride**0.5) + 1))
    return is_prime and all(dimension % stride for dimension in shape)


def golden_files(
    annotated: AnnotatedModel,
    goldens: GoldenSet,
    *,
    most_bytes: int | None = None,
    frames: Sequence[GoldenFrame] = (),
) -> dict[str, bytes]:
    """The cases as files that any language reads: all, or the smallest of them within ``most_bytes``.

    That is one at least, one whose answer proves something where there is any; the rules are those of all cases.

    ``cases.json`` names for each case its ``picture`` (PNG, or null for arrays) or its ``sound`` (WAV) and the sample
    at which its window of it has its ``start``, or holds its ``text``; it names its ``inputs`` and ``outputs`` (files
    of raw little-endian items in the tensor's dtype, C order: every ``stride``-th of the flattened tensor) and its
    ``answers``; and, for all cases, how outputs (``Rule``; null for one that is not compared, whose files are null
    too) and answers (``Answer.agreement``) are compared.

    ``frames``, where there are any, are pieces of ``memory``, a file: [start, bytes] of the planes ``y``, ``u`` and
    ``v``, or ``planes`` of a ``format``, each [start, bytes, bytes a row]. Turned upright, which is clockwise by
    ``rotation`` degrees or by EXIF's ``orientation``, and cut to the ``region`` [left, top, right, bottom], null for
    the whole, one becomes its ``inputs``, which are kept as those of the cases are.
    """
    strides, rules, made = _made(annotated, goldens)
    kept = made if most_bytes is None else _smallest(annotated, goldens, made, most_bytes)
    answers = [case.answer for case in goldens.cases]
    document = {
        "runtime": goldens.runtime,
        "inputs": [{"stride": stride} for stride in strides],
        "outputs": [None if rule is None else rule.to_json() for rule in rules],
        "agreement": annotated.answer.agreement(score_share(annotated.model), answers),
        "cases": [case.entry for case in kept],
    }
    files = {name: content for case in kept for name, content in case.files.items()}
    if frames:
        document["frames"] = [_frame_files(frame, strides[0], files) for frame in frames]
    files["cases.json"] = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def proof_cases(annotated: AnnotatedModel, goldens: GoldenSet, most_bytes: int) -> tuple[str, ...]:
    """The names of the cases that ``golden_files`` keeps with ``most_bytes``."""
    _, _, made = _made(annotated, goldens)
    return tuple(case.entry["name"] for case in _smallest(annotated, goldens, made, most_bytes))


def _made(
    annotated: AnnotatedModel, goldens: GoldenSet
) -> tuple[list[int], tuple[Rule | None, ...], list[_CaseFiles]]:
    """The strides of the inputs, the rules of the outputs, and all cases as files."""
    is_made = all(case.given is not None for case in goldens.cases)
    # What is not made of anything is fed to the model from its file, whole.
    strides = [_stride(tensor.shape) if is_made else 1 for tensor in goldens.cases[0].inputs]
    rules = output_rules(annotated.model, goldens)
    return strides, rules, [_case_files(annotated, case, strides, rules) for case in goldens.cases]


@dataclass(frozen=True)
class _CaseFiles:
    """A case as it stands in ``cases.json``, and the files that it names."""

    entry: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values()))


def _smallest(
    annotated: AnnotatedModel, goldens: GoldenSet, made: Sequence[_CaseFiles], most_bytes: int
) -> list[_CaseFiles]:
    """Of the cases, ``made`` into files, the smallest within ``most_bytes``, in their order; one at least."""

    def preference(number: int) -> tuple[bool, int]:
        weakness = annotated.answer.find_weakness([goldens.cases[number].answer])
        return weakness is not None, made[number].size

    chosen: list[int] = []
    size = 0
    for number in sorted(range(len(made)), key=preference):
        size += made[number].size
        if chosen and size > most_bytes:
            break
        chosen.append(number)
    return [made[number] for number in sorted(chosen)]


def _case_files(
    annotated: AnnotatedModel, case: GoldenCase, strides: Sequence[int], rules: Sequence[Rule | None]
) -> _CaseFiles:
    files: dict[str, bytes] = {}

    def put(name: str, content: bytes) -> str:
        files[name] = content
        return name

    entry: dict[str, Any] = {
        "name": case.name,
        **_given(case, put),
        "inputs": [
            put(f"{case.name}.input{number}.bin", _sampled(tensor, stride))
            for number, (tensor, stride) in enumerate(zip(case.inputs, strides, strict=True))
        ],
        "outputs": [
            None if rule is None else put(f"{case.name}.output{number}.bin", _sampled(tensor, rule.stride))
            for number, (tensor, rule) in enumerate(zip(case.outputs, rules, strict=True))
        ],
        "answers": annotated.answer.to_json(case.answer),
    }
    for ending, content in annotated.answer.files(case.answer).items():
        entry[ending.partition(".")[0]] = put(f"{case.name}.{ending}", content)
    return _CaseFiles(entry, files)


def _frame_files(golden: GoldenFrame, stride: int, files: dict[str, bytes]) -> dict[str, Any]:
    """A frame as it stands in ``cases.json``; its memory and its tensor go into ``files``."""
    memory, tensor = golden.memory, f"{golden.name}.input0.bin"
    files[memory] = golden.stored.memory.tobytes()
    files[tensor] = _sampled(golden.tensor, stride)
    return {"name": golden.name, "memory": memory, **golden.to_json(), "inputs": [tensor]}


def _given(case: GoldenCase, put: Callable[[str, bytes], str]) -> dict[str, Any]:
    """What a case was made of."""
    match case.given:
        case Picture(png):
            return {"picture": put(f"{case.name}.png", png)}
        case Sound(file, wav, start):
            return {"sound": put(f"{file}.wav", wav), "start": start}
        case Text(text):
            return {"text": text}
        case None:
            return {"picture": None}


def _sampled(tensor: Array, stride: int) -> bytes:
    return tensor.reshape(-1)[::stride].astype(tensor.dtype.newbyteorder("<")).tobytes()
