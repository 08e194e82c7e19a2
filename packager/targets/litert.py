"""What the targets that run LiteRT share: which models it takes, and the data that every project ships."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from packager.annotated import AnnotatedModel
from packager.model import Model
from packager.targets.target import EDGE_TPU_OPERATOR, ETHOS_U_OPERATOR, Level, Problem
from packager.tasks import AnswerKind, InputKind

if TYPE_CHECKING:
    from packager.tasks.kinds import Answer

# What the name of the class ends in; that of plain arrays each target calls in its own way.
ENDINGS = {
    AnswerKind.CLASSES: "Classifier",
    AnswerKind.BOXES: "Detector",
    AnswerKind.MASK: "Segmenter",
    AnswerKind.KEYPOINTS: "PoseEstimator",
    AnswerKind.TENSORS: "Embedder",
}
# Google's advice for models that an app downloads or ships; larger ones are what stores and users complain about.
_MOBILE_WARN_BYTES = 15_000_000


def mobile_problems(model: Model) -> tuple[Problem, ...]:
    """What LiteRT on a phone or a single-board computer cannot run, or should not."""
    problems = []
    for side, tensors in (("input", model.inputs), ("output", model.outputs)):
        for tensor in tensors:
            if tensor.dtype not in _INTERFACE_DTYPES:
                problems.append(
                    Problem(
                        Level.ERROR,
                        f"its {side} {tensor.name!r} is of {tensor.dtype}",
                        "Convert it with one of these as interface: " + ", ".join(_INTERFACE_DTYPES),
                    )
                )
    if any(tensor.is_dynamic for tensor in model.inputs):
        names = ", ".join(repr(tensor.name) for tensor in model.inputs if tensor.is_dynamic)
        problems.append(
            Problem(
                Level.WARNING,
                f"the input {names} has an open shape; the project uses the shape in the file",
                "Convert it with a fixed shape to be sure.",
            )
        )
    problems += _quantization_problems(model)
    problems += _svdf_problems(model)
    edge_tpu = any(operator.name == EDGE_TPU_OPERATOR for operator, _ in model.operators)
    custom = [operator.name for operator, _ in model.operators if operator.custom]
    unknown = [name for name in custom if name not in (*LITERT_CUSTOM_OPERATORS, EDGE_TPU_OPERATOR)]
    if ETHOS_U_OPERATOR in unknown:
        problems.append(
            Problem(
                Level.ERROR,
                f"it is compiled for an Arm Ethos-U (operator {ETHOS_U_OPERATOR}), and LiteRT runs none",
                "Package the .tflite that was given to vela.",
            )
        )
    elif unknown:
        problems.append(
            Problem(
                Level.ERROR,
                f"LiteRT has no custom operator {', '.join(unknown)}",
                "Convert it without custom operators (allow_custom_ops = False shows where they come from).",
            )
        )
    if edge_tpu:
        problems.append(
            Problem(
                Level.ERROR,
                "it is compiled for the Edge TPU",
                "Package the .tflite that was given to edgetpu_compiler; target pi takes the compiled one beside it.",
            )
        )
    size = len(model.data)
    if size > _MOBILE_WARN_BYTES:
        problems.append(
            Problem(
                Level.WARNING,
                f"it has {size / 1e6:.1f} MB; 3 to 5 MB is the advice for an app, and above 15 MB people notice",
                "Quantize it: int8 takes a quarter of float32.",
            )
        )
    return tuple(problems)


def _quantization_problems(model: Model) -> Iterator[Problem]:
    """Scales that belong to no dimension, which LiteRT refuses to load."""
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            quantization, rank = tensor.quantization, len(tensor.shape)
            if quantization is None or quantization.axis is None or not rank:
                continue
            axis, count = quantization.axis, len(quantization.scales)
            if 0 <= axis < rank and tensor.shape[axis] == count:
                continue
            yield Problem(
                Level.ERROR,
                f"LiteRT does not load it: its tensor {tensor.name!r} has {count} scales along dimension {axis}, and "
                f"the shape {list(tensor.shape)}",
                "Convert it again: converters of 2019 to 2020 wrote such files. TensorFlow Lite Micro takes them.",
            )
            return


def _svdf_problems(model: Model) -> Iterator[Problem]:
    for graph in model.subgraphs:
        for node in graph.nodes:
            if node.operator.name != "SVDF" or node.operator.custom or len(node.inputs) < 5:
                continue
            data, _, time, _, state = (graph.tensors[index].dtype if index >= 0 else "" for index in node.inputs[:5])
            if data == "int8" and "int8" in (time, state):
                yield Problem(
                    Level.ERROR,
                    f"LiteRT's SVDF (operator {node.index}) takes weights_time and state for int16, without a look; "
                    "here they are int8, and it writes beyond their end",
                    "Convert it with int16 states, as TensorFlow's converter does; TensorFlow Lite Micro takes int8.",
                )
                return


# Custom operators that LiteRT's builtin resolver registers (tensorflow/lite/core/kernels/register.cc).
LITERT_CUSTOM_OPERATORS = (
    "NumericVerify",
    "Mfcc",
    "AudioSpectrogram",
    "TFLite_Detection_PostProcess",
)
_INTERFACE_DTYPES = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")


def labels_file(labels: tuple[str, ...]) -> bytes:
    """Labels as a JSON array of strings, one a line."""
    return (json.dumps(labels, ensure_ascii=False, indent=0) + "\n").encode()


def shipped_labels(answer: Answer[Any]) -> dict[str, tuple[str, ...]]:
    """The labels of an answer by locale, "" for the model's own; empty where it has none or needs none."""
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.mask import Mask

    if not isinstance(answer, Classes | Boxes | Mask) or not answer.labels.default:
        return {}
    labels = answer.labels
    fitting = {
        locale: texts
        for locale, texts in labels.translations
        # Strangers write locales too, and files are named after them.
        if re.fullmatch(r"[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8}){0,4}", locale) and len(texts) == len(labels.default)
    }
    return {"": labels.default, **dict(sorted(fitting.items()))}


def vocabulary_file(annotated: AnnotatedModel) -> bytes:
    """The numbers of tokens as a JSON object, a token a line."""
    from packager.tasks.text import TextInput

    assert isinstance(annotated.input, TextInput)
    vocabulary = dict(annotated.input.tokenizer.vocabulary)
    return (json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n").encode()


def asset_files(annotated: AnnotatedModel) -> dict[str, bytes]:
    """The data that every LiteRT project ships, by file name.

    ``model.tflite`` is the annotated model; for answers that name classes ``labels.json`` holds the labels as a JSON
    array of strings, and for a picture ``input_table.bin`` the lookup table [channels, 256] from pixels to input
    items, little-endian in the input's dtype.
    """
    files = {"model.tflite": annotated.model.data}
    if annotated.answer.kind in (AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK):
        files["labels.json"] = labels_file(annotated.labels)
    if annotated.input.kind is InputKind.IMAGE:
        from packager.tasks.image import ImageInput, lookup_table

        assert isinstance(annotated.input, ImageInput)
        table = lookup_table(annotated.input)
        files["input_table.bin"] = table.astype(table.dtype.newbyteorder("<")).tobytes()
    return files


def worded_asset_files(annotated: AnnotatedModel) -> dict[str, bytes]:
    """``asset_files``, with the labels in every language that they have, if any, and with the tokens of texts."""
    files = asset_files(annotated)
    files.pop("labels.json", None)
    for locale, labels in shipped_labels(annotated.answer).items():
        files[f"labels.{locale}.json" if locale else "labels.json"] = labels_file(labels)
    if annotated.input.kind is InputKind.TEXT:
        files["vocabulary.json"] = vocabulary_file(annotated)
    return files
