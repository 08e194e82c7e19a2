"""The models from which mutants are made: real ones, the examples, and tiny ones with metadata of every task."""

from __future__ import annotations

import io
import json
import random
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from packager.config import read_config
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import embed
from packager.metadata.reader import read_files
from packager.metadata.schema import finish_metadata
from packager.model import Model, parse_model, read_model
from packager.model.operators import TENSOR_TYPES
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from tests.conftest import MODELS, PROJECT
from tests.hand_made import BERT_INPUTS, IMAGE, SCORES, classifier, with_weights_behind
from tests.metadata.exports import SAYS, model_of, with_json, with_literal
from tests.metadata.test_archive import DEFLATED, Entry, deflated, raw_zip
from tests.metadata.test_export import HOSTILE_NAMES
from tests.metadata.test_labels import HOSTILE
from tests.metadata.test_metadata_schema import full
from tests.models import Op, T, graph, pack, ports, unpack

# Larger models are cut: their graph is what can be read wrongly, and most of their bytes are weights.
_LARGEST = 30_000
_KEPT_WEIGHTS = 32


@cache
def seeds() -> dict[str, bytes]:
    """The seeds by name, always in the same order; all of them models that are read without an error."""
    found = {**dict(_tiny()), **dict(_annotated()), **dict(_examples()), **dict(_real())}
    for name, data in found.items():
        assert parse_model(data), name
    return found


def _real() -> Iterator[tuple[str, bytes]]:
    for path in sorted(MODELS.glob("*.tflite")):
        model = read_model(path)
        yield path.stem, model.data if len(model.data) <= _LARGEST else cut(model)


def cut(model: Model) -> bytes:
    """The graph of ``model`` with the first bytes of its weights, in the layout of tflite-support."""
    theirs = unpack(model.data)
    kept = {entry.buffer for entry in theirs.metadata or () if entry.name == b"TFLITE_METADATA"}
    for index, buffer in enumerate(theirs.buffers):
        if buffer.data is not None and index not in kept:
            buffer.data = buffer.data[:_KEPT_WEIGHTS]
    for part in theirs.subgraphs:
        for node in part.operators:
            if node.customOptions is not None:
                node.customOptions = node.customOptions[:_KEPT_WEIGHTS]
        for tensor in part.tensors:
            if tensor.quantization is not None and (tensor.quantization.scale is not None):
                tensor.quantization.scale = tensor.quantization.scale[:4]
                tensor.quantization.zeroPoint = tensor.quantization.zeroPoint[:4]
    return with_zip(pack(theirs), read_files(model))


def with_zip(data: bytes, files: dict[str, bytes]) -> bytes:
    """``data`` with ``files`` behind it as tflite-support appends them."""
    out = io.BytesIO(data)
    if files:
        with zipfile.ZipFile(out, "a") as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _examples() -> Iterator[tuple[str, bytes]]:
    for name in ("digits", "sine"):
        config = read_config(PROJECT / "examples" / name)
        assert config.metadata is not None
        model = read_model(config.model)
        yield f"example {name}", model.data
        yield f"example {name}, annotated", annotate(model, config.metadata)


def _tiny() -> Iterator[tuple[str, bytes]]:
    yield "classifier", classifier().data
    yield "weights behind", with_weights_behind()
    yield (
        "entries",
        ports((IMAGE,), (SCORES,), buffers=[b"", b"1.5.0", b"w" * 40], metadata={"min_runtime_version": 1}),
    )
    yield "int8", ports((T("", (1, 4, 4, 3), "int8", 0.5, -128),), (T("", (1, 3), "int8", 1 / 256, -128),))
    yield "uint8", ports((T("", (1, 4, 4, 1), "uint8", 1.0, 0),), (T("", (1, 3), "uint8", 1 / 256, 0),))
    yield "int16", ports((T("", (1, 8), "int16", 0.1, 0),), (T("", (1, 2), "int16", 0.2, 0),))
    yield "names", ports(tuple(T(name, (2,)) for name in HOSTILE), (T("😀", ()), T("", (1,)), T("", (1,))))
    yield (
        "taken types",
        ports(_ports(["float32", "int8", "uint8", "int16", "int32", "int64", "bool"]), (SCORES,)),
    )
    yield "all types", ports(_ports(TENSOR_TYPES), _ports(TENSOR_TYPES))
    for name in ("edgetpu-custom-op", "DISPATCH_OP", "TFLite_Detection_PostProcess", "SignalFramer", "Mine"):
        yield f"operator {name}", ports((IMAGE,), (SCORES,), operator=name)
    yield "graphs", _graphs()


def _ports(types: Any) -> tuple[T, ...]:
    return tuple(T(f"serving_default_{dtype}:0", (2, 3), dtype, 0.5, 1) for dtype in types)


def _graphs() -> bytes:
    """Control flow, signatures, open dimensions, weights for each channel, optional inputs, sparse tensors."""
    kinds = ("FULLY_CONNECTED", "WHILE", "IF", "TOPK_V2", "STABLEHLO_COMPOSITE", "CONV_2D")
    tensors = [
        T("x", [1, 8], signature=[-1, 8]),
        T("y", [1, 8]),
        T("w", [8, 4], "int8", 0.1, data=np.ones((8, 4))),
        T("state", [1, 8], is_variable=True),
    ]
    model = unpack(graph(tensors, [Op(kind, ["x", "w", ""], ["y"]) for kind in kinds], ["x"], ["y"]))
    weights = model.subgraphs[0].tensors[2]
    weights.quantization.scale, weights.quantization.zeroPoint = [0.1] * 4, [0] * 4
    weights.quantization.quantizedDimension = 1
    weights.sparsity = schema.SparsityParametersT()
    weights.sparsity.traversalOrder = [0, 1]
    for code in model.operatorCodes:
        code.version = 2
    entry = schema.MetadataT()
    entry.name, entry.buffer = "m", weights.buffer
    model.metadata = [entry]
    model.subgraphs.append(unpack(classifier().data).subgraphs[0])
    model.signatureDefs = []
    for key in ("serving_default", "train"):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = key, 0
        for side, index in (("inputs", 0), ("outputs", 1)):
            tensor = schema.TensorMapT()
            tensor.name, tensor.tensorIndex = side, index
            setattr(signature, side, [tensor])
        model.signatureDefs.append(signature)
    return pack(model)


def _annotated() -> Iterator[tuple[str, bytes]]:
    """Every task, with what can be attached to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def labels(*texts: str, locale: str = "") -> LabelFile:
            path = folder / f"labels{len(list(folder.iterdir()))}.json"
            path.write_text(json.dumps(texts))
            return LabelFile(path, locale)

        (folder / "pieces").write_bytes(b"[CLS]\n[SEP]\n[UNK]\ngood\n")
        (folder / "vocabulary").write_bytes(b"<PAD> 0\n<UNKNOWN> 1\ngood 2\n")
        three, german = labels("cat", "dog", "mouse"), labels("Katze", "Hund", "Maus", locale="de")
        hostile = labels(*HOSTILE), labels(*HOSTILE[::-1], locale="fr")
        text = "".join(HOSTILE)
        specs = (TensorSpec(text, text, (-1.0,), (1.0,)),)
        boxes = ports((IMAGE,), (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,))))
        mask = ports((T("", (1, 4, 4, 3), "uint8", 1 / 128, 128),), (T("", (1, 4, 4, 3)),))
        cases: dict[str, tuple[Model, Annotation]] = {
            "classes": (
                classifier(),
                Annotation(Task.IMAGE_CLASSIFICATION, (three, german), (127.5,), (127.5,), CropMode.CENTER_CROP, "n"),
            ),
            "hostile classes": (
                classifier(scores=T("", (1, len(HOSTILE)))),
                Annotation(
                    Task.IMAGE_CLASSIFICATION, hostile, (0, 1, 2), (255,), CropMode.LETTERBOX, text, text, text, text,
                    text, specs, specs,
                ),
            ),
            "gray": (
                classifier(T("", (1, 8, 8, 1), "int8", 1 / 255, -128)),
                Annotation(Task.IMAGE_CLASSIFICATION, (three,), (0,), (255,)),
            ),
            "boxes": (parse_model(boxes), Annotation(Task.OBJECT_DETECTION, (labels("cat", "dog"),), (0,), (1,))),
            "mask": (parse_model(mask), Annotation(Task.IMAGE_SEGMENTATION, (three,))),
            "candidates": (
                parse_model(ports((T("", (1, 3, 32, 32)),), (T("", (1, 7, 21)),))),
                Annotation(
                    Task.OBJECT_DETECTION, (three,), (0,), (255,), CropMode.LETTERBOX, resize=Resize.BILINEAR,
                    pad=114, channels=ChannelOrder.BGR, head=Head.YOLO_V8, activation=Activation.SIGMOID,
                    threshold=0.5, iou=0.5,
                ),
            ),
            "landmarks": (
                parse_model(ports((T("", (1, 8, 8, 3), "uint8"),), (T("", (1, 6)),))),
                Annotation(Task.POSE, (three,), points=3, threshold=0.1),
            ),
            "audio": (
                classifier(T("", (1, 1600), "int16")),
                Annotation(Task.AUDIO_CLASSIFICATION, (three,), sample_rate=16_000, audio_channels=1, hop=400),
            ),
            "text": (
                classifier(T("", (1, 256), "int32")),
                Annotation(Task.TEXT_CLASSIFICATION, (three,), vocabulary=folder / "vocabulary"),
            ),
            "bert": (
                parse_model(ports(tuple(T(name, (1, 8), "int32") for name in BERT_INPUTS), (T("", (1, 3)),))),
                Annotation(Task.TEXT_CLASSIFICATION, (three,), vocabulary=folder / "pieces"),
            ),
            "tensors": (
                parse_model(ports((T("", (1, 2)), T("", (1,), "int32")), (T("", (1, 3)), T("", ())))),
                Annotation(Task.TENSORS, (three,), inputs=specs, outputs=specs),
            ),
        }  # fmt: skip
        for name, (model, annotation) in cases.items():
            yield f"task {name}", annotate(model, annotation)
    for form in (with_json, with_literal):
        says = {**SAYS, "kpt_shape": [17, 3], "kpt_names": {0: ["nose"]}}
        yield f"Ultralytics, {form.__name__}", form(model_of((1, 7, 84)), says).data
    for number in range(4):
        yield (
            f"every table of metadata {number}",
            embed(classifier().data, finish_metadata(full("ModelMetadata", number)), {}),
        )
    names = {name: name.encode() for name in HOSTILE_NAMES if name}
    yield "hostile files", embed(classifier().data, finish_metadata(full("ModelMetadata")), names)
    metadata = finish_metadata(full("ModelMetadata"))
    theirs = ports((IMAGE,), (SCORES,), buffers=[b"", metadata], metadata={"TFLITE_METADATA": 1})
    packed = deflated(b"a\nb\nc\n" * 50)
    files = (Entry(b"labels.txt", b"a\nb\nc\n"), Entry(b"deflated", packed, DEFLATED, 300, _crc(b"a\nb\nc\n" * 50)))
    yield "layout of others", theirs + raw_zip(*files, start=len(theirs))


def _crc(data: bytes) -> int:
    return zlib.crc32(data)


def pick(chance: random.Random) -> tuple[str, bytes]:
    """A seed: half of the time one with metadata, and more often one of the small, of which more can be used."""
    names = list(with_metadata() if chance.random() < 0.5 else seeds())
    name = min(chance.choices(names, k=2), key=lambda name: len(seeds()[name]))
    return name, seeds()[name]


@cache
def with_metadata() -> tuple[str, ...]:
    return tuple(name for name, data in seeds().items() if parse_model(data).metadata_buffer is not None)
