"""The examples, annotated as their packager.toml would, for the tests of all targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packager.annotated import AnnotatedModel, annotated_model
from packager.config import read_config
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.model import parse_model, read_model
from packager.tasks import CropMode, Task


def packaged(path: Path) -> AnnotatedModel:
    """The model of the packager.toml at ``path``, or in the folder ``path``, annotated as it says."""
    config = read_config(path)
    assert config.metadata is not None
    return annotated_model(parse_model(annotate(read_model(config.model), config.metadata), config.model))


def digits(
    examples: Path, crop: CropMode = CropMode.STRETCH, labels: Path | None = None, **texts: Any
) -> AnnotatedModel:
    """An image classifier: int8, 28x28 gray, ten labels."""
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(labels or examples / "digits" / "labels.txt"),),
        mean=(0.0,),
        std=(255.0,),
        crop=crop,
        **{"name": "digits", **texts},
    )
    model = read_model(examples / "digits" / "digits.tflite")
    return annotated_model(parse_model(annotate(model, annotation), model.path.name))


def sine(examples: Path) -> AnnotatedModel:
    """A plain tensor model: one number in, one out, int8."""
    annotation = Annotation(
        task=Task.TENSORS,
        name="sine",
        inputs=(TensorSpec("x", "The angle in radians.", (0.0,), (6.2831855,)),),
        outputs=(TensorSpec("y", "Its sine."),),
    )
    model = read_model(examples / "sine" / "sine.tflite")
    return annotated_model(parse_model(annotate(model, annotation), model.path.name))


def golden_pictures(examples: Path) -> list[Path]:
    """The five golden inputs of digits."""
    return sorted((examples / "digits" / "golden").glob("*.png"))
