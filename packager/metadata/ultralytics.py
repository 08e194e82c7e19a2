"""What Ultralytics' exporter writes into a .tflite: the task, the names of the classes, the version.

``_add_tflite_metadata`` of its exporter.py appends a zip that holds a ``metadata.json``. Releases before 8.3 put the
same as a Python literal, ``temp_meta.txt``, where tflite-support keeps label files. How a picture becomes the input
is in its data/augment.py: ``LetterBox`` (gray 114, OpenCV's linear resize) and, for classes, ``classify_transforms``.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from packager.errors import MetadataError
from packager.metadata.annotation import AS_TENSORS
from packager.metadata.view import LABEL_KINDS, ModelMetadata, TensorMetadata, count_labels
from packager.model import Model
from packager.settings import Part
from packager.tasks import CropMode, Head, Resize, Task
from packager.tasks.heads import ImageLayout, find_heads, image_layout
from packager.terminal import counted

JSON_NAME, LITERAL_NAME = "metadata.json", "temp_meta.txt"

# Ten thousand names of classes take some hundred kilobytes. What Python makes of a text takes ten times its size,
# of a literal a hundred times.
_LONGEST_JSON = 4 << 20
_LONGEST_LITERAL = 1 << 20

_TASKS = {"detect": Task.OBJECT_DETECTION, "classify": Task.IMAGE_CLASSIFICATION, "pose": Task.POSE}
_PAD = 114
# From this release on Pillow resizes a classifier's pictures, before OpenCV did (its pull request 4546).
_PILLOW_SINCE = (8, 0, 233)


@dataclass(frozen=True)
class _Export:
    """What the exporter says, its types checked. ``names`` are those of the classes, ``points`` those of a pose.

    ``point_shape`` is (points, numbers a point); ``about`` is for the fields of ModelMetadata of those names.
    """

    task: str
    names: tuple[str, ...]
    points: tuple[str, ...]
    point_shape: tuple[int, ...]
    is_end_to_end: bool
    about: Mapping[str, str]


def find_literal(files: Mapping[str, bytes]) -> bool:
    """Whether one of the ``files`` of a model is Ultralytics' literal, which its metadata call a list of labels."""
    return _parse(files, LITERAL_NAME) is not None


def with_export(
    model: Model, metadata: ModelMetadata, files: Mapping[str, bytes], *, lenient: bool
) -> ModelMetadata | None:
    """``metadata`` with what Ultralytics says in one of the ``files`` of ``model``; None where it says nothing.

    Args:
        model: the model.
        metadata: what tflite-support's metadata say; empty where there are none.
        files: the files packed into the model.
        lenient: leave out what is damaged or of no task here, instead of refusing it.

    Raises:
        MetadataError: it is damaged, or there is no task here for such a model.
    """
    value = _parse(files, JSON_NAME) or _parse(files, LITERAL_NAME)
    if value is None:
        return None

    def fail(what: str, *fix: Part) -> MetadataError:
        return MetadataError(what, where=model.path, fix=(*fix, AS_TENSORS, ": packager metadata attach --help"))

    # Its literal is no list of labels, and its boxes are no classes.
    plain = replace(metadata, task=None, outputs=tuple(map(_without_literal, metadata.outputs)))
    try:
        export = _export(value)
        about: dict[str, Any] = {key: getattr(plain, key) or text for key, text in export.about.items()}
        plain = replace(plain, **about)
    except ValueError as error:
        if lenient:
            return plain
        what = f"what Ultralytics wrote into it is damaged: {error}"
        raise fail(what, "Export it again, or attach it as plain tensors with ") from None
    try:
        return _described(model, plain, export)
    except ValueError as error:
        if lenient:
            return plain
        what = f"Ultralytics exported it for the task {export.task[:40]!r}: {error}"
        raise fail(what, "It can go in as plain tensors: attach it with ") from None


def _parse(files: Mapping[str, bytes], name: str) -> dict[Any, Any] | None:
    """The object in the file ``name``; None where it is none of Ultralytics'."""
    data = files.get(name, b"")
    limit, parse = (_LONGEST_JSON, json.loads) if name == JSON_NAME else (_LONGEST_LITERAL, ast.literal_eval)
    if not 0 < len(data) <= limit:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in a literal
            value = parse(data.decode())
    # All that literal_eval raises by its documentation. Somebody else's file of this name may hold anything.
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    is_export = isinstance(value, dict) and {"stride", "task", "names"} <= value.keys()
    return value if is_export else None


def _export(value: dict[Any, Any]) -> _Export:
    """``value`` with its types checked; ValueError where one is wrong."""
    task, shape, arguments = value["task"], value.get("kpt_shape", ()), value.get("args")
    if not isinstance(task, str):
        raise ValueError("its task is no text")
    if not isinstance(shape, list | tuple) or not all(type(item) is int for item in shape):
        raise ValueError("its kpt_shape is no list of whole numbers")
    about = {key: value.get(key, "") for key in ("description", "version", "author", "license")}
    names, points = _names(value["names"]), _point_names(value.get("kpt_names"))
    for text in (task, *names, *points, *about.values()):
        if not isinstance(text, str):
            raise ValueError("a text in it is none")
        text.encode()  # JSON can hold half a surrogate pair, which no file can
    return _Export(
        task=task,
        names=names,
        points=points,
        point_shape=tuple(shape),
        is_end_to_end=value.get("end2end") is True or (isinstance(arguments, dict) and arguments.get("nms") is True),
        about=about,
    )


def _names(value: Any) -> tuple[Any, ...]:
    """The names by the numbers of the classes, which in JSON are strings."""
    if isinstance(value, list | tuple):
        return tuple(value)
    if not isinstance(value, dict):
        raise ValueError("its names are no list")
    by_number = {str(key): name for key, name in value.items()}
    try:
        return tuple(by_number[str(number)] for number in range(len(value)))
    except KeyError:
        raise ValueError(f"its {len(value)} names are not numbered from 0") from None


def _point_names(value: Any) -> tuple[Any, ...]:
    """The names of the points, which stand under the number of the only class; empty where there are none."""
    lists = list(value.values()) if isinstance(value, dict) else []
    return tuple(lists[0]) if len(lists) == 1 and isinstance(lists[0], list | tuple) else ()


def _without_literal(output: TensorMetadata) -> TensorMetadata:
    return replace(
        output,
        files=tuple(
            replace(file, kind="UNKNOWN") if file.name == LITERAL_NAME and file.kind in LABEL_KINDS else file
            for file in output.files
        ),
    )


def _described(model: Model, metadata: ModelMetadata, export: _Export) -> ModelMetadata:
    """``metadata`` with the task and all that follows from it; ValueError where the model is no such one."""
    task = _TASKS.get(export.task)
    if task is None:
        raise ValueError(f"there is no such task here, only {', '.join(_TASKS)}")
    layout = image_layout(model.inputs[0]) if len(model.inputs) == 1 else None
    if layout is None or not model.outputs:
        raise ValueError("it takes no picture")
    head = _head(model, task, export)
    labels = export.points if task is Task.POSE else export.names
    count = count_labels(model, 0, task, head)
    if count not in (None, len(labels)) and labels:
        raise ValueError(
            f"it has {counted(len(labels), 'name')}, and its output {list(model.outputs[0].shape)} takes {count}"
        )
    image, *_ = metadata.inputs or (TensorMetadata(name="image"),)
    scores, *others = metadata.outputs or (TensorMetadata(),)
    described = replace(
        metadata,
        task=task,
        head=head,
        inputs=(_image(image, layout),),
        outputs=(replace(scores, class_names=labels), *others),
    )
    if task is Task.IMAGE_CLASSIFICATION:
        release = tuple(map(int, re.findall(r"\d{1,9}", export.about["version"])[:3])) or _PILLOW_SINCE
        return replace(
            described,
            crop=CropMode.CENTER_CROP,
            resize=Resize.ANTIALIAS if release >= _PILLOW_SINCE else Resize.BILINEAR,
        )
    return replace(described, crop=CropMode.LETTERBOX, pad=_PAD, resize=Resize.BILINEAR)


def _image(image: TensorMetadata, layout: ImageLayout) -> TensorMetadata:
    color = "GRAYSCALE" if layout.channels == 1 else "RGB"
    return replace(image, content="image", color_space=color, mean=(0.0,), std=(255.0,))


def _head(model: Model, task: Task, export: _Export) -> Head | None:
    shapes = ", ".join(str(list(tensor.shape)) for tensor in model.outputs[:4])
    if task is Task.IMAGE_CLASSIFICATION:
        if len(model.outputs) != 1 or model.outputs[0].size != len(export.names):
            raise ValueError(f"it has {counted(len(export.names), 'name')}, and answers with {shapes}")
        return None
    heads = find_heads(model, task, len(export.names))
    if task is Task.POSE:
        # The points stand behind a box and the score of one class, each as x, y and a score of its own.
        points = export.point_shape[0] if len(export.point_shape) == 2 and export.point_shape[1] == 3 else 0
        if Head.YOLO_POSE not in heads or len(export.names) != 1 or model.outputs[0].shape[1] != 5 + 3 * points:
            raise ValueError(
                f"only points of x, y and score of one class are supported, and it answers with {shapes}"
            )
        return Head.YOLO_POSE
    # Shapes alone take a list of finished boxes for a YOLO v5 of one class too.
    found = [head for head in heads if (head is Head.END_TO_END) == export.is_end_to_end] or list(heads)
    if not found or found[0] not in (Head.YOLO_V8, Head.YOLO_V5, Head.END_TO_END):
        raise ValueError(f"it answers with {shapes}, which is of no head that is known")
    return found[0]
