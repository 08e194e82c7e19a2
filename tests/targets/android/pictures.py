"""The sources of generated modules that make inputs, for inputs of every form, of which no model need exist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from packager.annotated import AnnotatedModel
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.targets.android import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import CropMode, Resize
from packager.tasks.image import ImageInput, lookup_table
from tests.benchmarks.workers import Worker
from tests.conftest import write_files
from tests.example_models import digits
from tests.targets.android import harness
from tests.targets.pictures import Input

SOURCES = ("Preprocessor", "ResizeWeights", "Placement", "YuvFrame", "PixelRows", "YuvRows", "BitmapRows")


def picture_sources(name: str, annotated: AnnotatedModel) -> dict[str, bytes]:
    """Of the project those sources that make the input."""
    (sample, *_) = read_samples(annotated, ())
    outputs = tuple(np.zeros(port.tensor.shape, port.tensor.dtype) for port in annotated.outputs)
    case = GoldenCase(sample.name, sample.given, sample.inputs, outputs, annotated.answer.read(outputs, None))
    goldens = Goldens({TARGET.runtime: GoldenSet("none", (case,))}, None)
    _, files = build_project(TARGET, annotated, Options(name=name), goldens)
    return {path: content for path, content in files.items() if PurePosixPath(path).stem in SOURCES}


def frame_worker(tools: harness.Toolchain, examples: Path, work: Path, pixels: npt.NDArray[np.uint8]) -> Worker:
    """FrameDriver.kt with a bitmap of ``pixels``, which are [1920, 1080, 3], on modules with inputs of 224x224."""
    annotated = digits(examples)
    assert isinstance(annotated.input, ImageInput)
    folders = []
    for name, dtype, resize in (
        ("antialias", "float32", Resize.ANTIALIAS),
        ("bilinear", "float32", Resize.BILINEAR),
        ("bilinear_bytes", "uint8", Resize.BILINEAR),
    ):
        image = Input(224, 224, dtype, resize, CropMode.STRETCH).of(annotated.input)
        folders.append(write_files(work / name, picture_sources(name, replace(annotated, input=image))))
        (work / f"{name}.table").write_bytes(lookup_table(image).tobytes())
    sources = [source for folder in folders for source in folder.rglob("*.kt")]
    harness.compile_kotlin(tools, {}, [*sources, harness.HERE / "FrameDriver.kt"], work / "classes")
    argb = np.concatenate([np.full((1920, 1080, 1), 255, np.uint8), pixels], axis=2)
    (work / "pixels.argb").write_bytes(argb.tobytes())
    return Worker(*harness.driver_command(tools, [work / "classes"], {}, work, "FrameDriver"))
