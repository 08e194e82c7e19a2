"""The models that the microcontroller tests package, with their golden answers computed once a session."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packager.annotated import AnnotatedModel, annotated_model
from packager.golden import Goldens, Sample, build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model, read_model
from packager.targets.micro import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import CropMode, Task
from tests.example_models import digits, golden_pictures, sine
from tests.targets.micro import harness


def annotated_as(data: bytes, annotation: Annotation, name: str) -> AnnotatedModel:
    return annotated_model(parse_model(annotate(parse_model(data), annotation), f"{name}.tflite"))


def plain(data: bytes, name: str) -> AnnotatedModel:
    return annotated_model(parse_model(data, f"{name}.tflite"))


def classifier(
    data: bytes,
    name: str,
    labels: Path,
    crop: CropMode = CropMode.STRETCH,
    mean: tuple[float, ...] = (0.0,),
    std: tuple[float, ...] = (255.0,),
) -> AnnotatedModel:
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION, labels=(LabelFile(labels),), mean=mean, std=std, crop=crop, name=name
    )
    return annotated_as(data, annotation, name)


@functools.cache
def named(name: str, folder: Path, examples: Path) -> tuple[AnnotatedModel, Goldens]:
    """A model of this project or of the folder of real models, with the golden answers of TensorFlow Lite Micro."""
    pictures: Sequence[Path] = ()
    if name == "digits":
        annotated, pictures = digits(examples), golden_pictures(examples)
    elif name == "sine":
        annotated = sine(examples)
    else:
        annotated = annotated_model(read_model(folder / f"{name}.tflite"))
    return annotated, goldens_of(annotated, read_samples(annotated, pictures))


def goldens_of(annotated: AnnotatedModel, samples: Sequence[Sample]) -> Goldens:
    return build_goldens(annotated, samples, [TARGET.runtime])


def project_files(annotated: AnnotatedModel, goldens: Goldens | None = None, **options: Any) -> dict[str, bytes]:
    goldens = goldens or goldens_of(annotated, read_samples(annotated, ()))
    return build_project(TARGET, annotated, Options(**options), goldens)[1]


def emulated_files(annotated: AnnotatedModel, goldens: Goldens | None = None, **options: Any) -> dict[str, bytes]:
    """A project for the emulated board, whose interpreter needs a larger arena."""
    return project_files(annotated, goldens, **{"arena_margin": harness.ARENA_MARGIN, **options})
