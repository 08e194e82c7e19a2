"""Modules of those generated Swift sources that make inputs, of every form, of which no model need exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from packager.annotated import AnnotatedModel
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.targets.ios import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import CropMode, Resize
from packager.tasks.image import ImageInput, lookup_table
from tests.benchmarks.workers import Worker
from tests.conftest import write_files
from tests.example_models import digits
from tests.targets.ios.harness import HERE, Swift
from tests.targets.pictures import Input

PROGRAM = HERE / "pictures_program"
SOURCES = (
    *("Axis", "Orientation", "PackedRows", "PixelFrame", "PixelRows", "Placement", "Preprocessor", "RGBImage"),
    *("Region", "ResizeWeights", "Scratch", "YUVFrame", "YUVRows"),
)
FRAMES = {resize: Input(224, 224, "float32", resize, CropMode.STRETCH) for resize in Resize}


def picture_module(module: str, annotated: AnnotatedModel, image: ImageInput) -> dict[str, bytes]:
    """Of a package those sources that make ``image``, its class without all else, and PictureDriver.swift."""
    annotated = replace(annotated, input=image)
    (sample, *_) = read_samples(annotated, ())
    outputs = tuple(np.zeros(port.tensor.shape, port.tensor.dtype) for port in annotated.outputs)
    case = GoldenCase(sample.name, sample.given, sample.inputs, outputs, annotated.answer.read(outputs, None))
    goldens = Goldens({TARGET.runtime: GoldenSet("none", (case,))}, None)
    context, files = build_project(TARGET, annotated, Options(name=module), goldens)
    project = context.project
    sources = {PurePosixPath(path).name: data for path, data in files.items() if path.startswith("Sources/")}
    driver = (
        (PROGRAM / "PictureDriver.swift").read_text().replace("MODULE", module).replace("TYPE", project.type_name)
    )
    kept = {name: data for name, data in sources.items() if name in {f"{kept}.swift" for kept in SOURCES}}
    assert len(kept) == len(SOURCES)
    return {
        **kept,
        f"{project.error_name}.swift": sources[f"{project.error_name}.swift"],
        "Driver.swift": driver.encode(),
    }


def build_program(swift: Swift, modules: Mapping[str, Mapping[str, bytes]]) -> None:
    """Compile all ``modules``, and the program Pictures that imports them, as apps for the store are."""
    for module, files in modules.items():
        write_files(swift.work / "Pictures" / "Sources" / module, files)
    imports = "".join(f"import {module}\n" for module in modules)
    drivers = "".join(f'  "{module}": {module}Driver.self,\n' for module in modules)
    text = (PROGRAM / "main.swift").read_text().replace("// IMPORTS\n", imports).replace("  // DRIVERS\n", drivers)
    names = "".join(f', "{module}"' for module in modules)
    targets = "".join(f'    .target(name: "{module}", dependencies: ["Driver"]),\n' for module in modules)
    package = (
        '// swift-tools-version: 5.9\nimport PackageDescription\n\nlet package = Package(\n  name: "Pictures",\n'
        f'  targets: [\n    .target(name: "Driver"),\n    .target(name: "Heap"),\n{targets}'
        f'    .executableTarget(name: "Pictures", dependencies: ["Driver", "Heap"{names}]),\n  ]\n)\n'
    )
    write_files(
        swift.work / "Pictures",
        {
            "Package.swift": package.encode(),
            "Sources/Driver/Driver.swift": (PROGRAM / "Driver.swift").read_bytes(),
            "Sources/Heap/heap.c": (PROGRAM / "heap.c").read_bytes(),
            "Sources/Heap/include/heap.h": (PROGRAM / "heap.h").read_bytes(),
            "Sources/Pictures/main.swift": text.encode(),
        },
    )
    built = swift.run("swift", "build", "-c", "release", "-Xswiftc", "-gnone", at="Pictures")
    assert built.returncode == 0, built.stdout[-8000:] + built.stderr


@contextmanager
def frame_worker(swift: Swift, examples: Path, pixels: npt.NDArray[np.uint8]) -> Iterator[Worker]:
    """The program Pictures with a picture of ``pixels``, which are [1920, 1080, 3], on inputs of 224x224.

    Its works are called after the resize, what the picture is, and EXIF's orientation, as in ``antialias_full_6``.
    """
    annotated = digits(examples)
    assert isinstance(annotated.input, ImageInput)
    images = {resize.title(): facts.of(annotated.input) for resize, facts in FRAMES.items()}
    build_program(swift, {module: picture_module(module, annotated, image) for module, image in images.items()})
    files = {f"{module}.table": lookup_table(image).tobytes() for module, image in images.items()}
    write_files(swift.work / "run", {**files, "pixels.rgb": pixels.tobytes()})
    with Worker(swift.command("Pictures/.build/release/Pictures", "run")) as worker:
        yield worker
