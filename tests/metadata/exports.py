"""Models as Ultralytics' exporter leaves them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import flatbuffers

from packager.metadata.embedding import embed
from packager.metadata.schema import OBJECTS, AssociatedFileType, ContentProperties
from packager.model import Model, parse_model
from tests.models import T, ports

Shape = tuple[int, ...]
SAYS: dict[str, Any] = {
    "description": "Ultralytics YOLO26n model trained on coco.yaml",
    "author": "Ultralytics",
    "date": "2026-08-31T00:00:00+00:00",
    "version": "8.4.137",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
    "stride": 32,
    "task": "detect",
    "batch": 1,
    "imgsz": [64, 96],
    "names": {0: "cat", 1: "dog", 2: "a\nbird"},
    "args": {"batch": 1, "nms": False},
    "channels": 3,
    "end2end": False,
}


def model_of(*outputs: Shape, image: Shape | T = (1, 64, 96, 3)) -> bytes:
    image = image if isinstance(image, T) else T("", image)
    return ports((image,), [T("", shape) for shape in outputs])


def with_json(data: bytes, says: Any) -> Model:
    """``data`` as the exporter leaves it."""
    file = io.BytesIO(data)
    # As of another second it would be another model, and a fuzz test another mutant.
    entry = zipfile.ZipInfo("metadata.json")
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(entry, says if isinstance(says, str | bytes) else json.dumps(says, indent=2))
    return parse_model(file.getvalue())


def with_literal(data: bytes, says: Any) -> Model:
    """``data`` as releases before 8.3 left it: the literal is what tflite-support takes for a list of labels."""
    root, graph, file = OBJECTS.ModelMetadataT(), OBJECTS.SubGraphMetadataT(), OBJECTS.AssociatedFileT()
    root.name, root.version, root.subgraphMetadata = "Their name", "8.0.221", [graph]
    image, output = OBJECTS.TensorMetadataT(), OBJECTS.TensorMetadataT()
    image.name, image.content, output.name = "image", OBJECTS.ContentT(), "output"
    image.content.contentPropertiesType = ContentProperties.ImageProperties
    image.content.contentProperties = OBJECTS.ImagePropertiesT()
    file.name, file.type = "temp_meta.txt", AssociatedFileType.TENSOR_AXIS_LABELS
    output.associatedFiles = [file]
    graph.inputTensorMetadata, graph.outputTensorMetadata = [image], [output]
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), b"M001")
    text = says if isinstance(says, bytes) else str(says).encode()
    return parse_model(embed(data, bytes(builder.Output()), {"temp_meta.txt": text}))
