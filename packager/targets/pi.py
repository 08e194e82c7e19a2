"""Raspberry Pi: a Python package that runs the model with LiteRT."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port, asset_files
from packager.metadata.view import CropMode
from packager.naming import PascalName, SnakeName
from packager.runtimes import Runtime
from packager.targets.target import Target, mobile_problems, project_name

if TYPE_CHECKING:
    from packager.golden import Goldens


@dataclass(frozen=True)
class Options:
    """The options of the pi target."""

    name: str = field(
        default="", metadata={"help": "Name of the Python package and its class; default: the model's."}
    )


@dataclass(frozen=True)
class PortContext:
    """One input or output in the generated code."""

    name: str
    meaning: str
    dtype: str
    shape: str


@dataclass(frozen=True)
class Context:
    """What the templates of the pi target use."""

    package: str
    distribution: str
    class_name: str
    title: str
    description: str
    is_classifier: bool
    has_quantized_input: bool
    has_quantized_output: bool
    color: str
    pillow_mode: str
    is_center_crop: bool
    is_letterbox: bool
    crop: str
    width: int
    height: int
    channels: int
    inputs: tuple[PortContext, ...]
    outputs: tuple[PortContext, ...]
    classes: int
    npy_files: str


def _port(port: Port) -> PortContext:
    tensor = port.tensor
    return PortContext(
        name=port.name,
        meaning=port.description or port.title,
        dtype=tensor.dtype,
        shape="[" + ", ".join(map(str, tensor.shape)) + "]",
    )


def _build_context(annotated: AnnotatedModel, options: Options, _goldens: Goldens) -> Context:
    name = project_name(annotated, options)
    package = SnakeName.of(name)
    if package in sys.stdlib_module_names or package in ("numpy", "pip", "setuptools"):
        # `python -m random` is somebody else's.
        package = SnakeName(f"{package}_model")
    image = annotated.image
    is_gray = image is not None and image.channels == 1
    return Context(
        package=package,
        distribution=package.replace("_", "-"),
        class_name=PascalName.of(f"{name} Classifier" if annotated.is_classifier else name),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        is_classifier=annotated.is_classifier,
        has_quantized_input=any(port.tensor.is_quantized for port in annotated.inputs),
        has_quantized_output=annotated.outputs[0].tensor.is_quantized,
        color="gray" if is_gray else "RGB",
        pillow_mode="L" if is_gray else "RGB",
        is_center_crop=image is not None and image.crop is CropMode.CENTER_CROP,
        is_letterbox=image is not None and image.crop is CropMode.LETTERBOX,
        crop="" if image is None else image.crop.value,
        width=0 if image is None else image.width,
        height=0 if image is None else image.height,
        channels=0 if image is None else image.channels,
        inputs=tuple(map(_port, annotated.inputs)),
        outputs=tuple(map(_port, annotated.outputs)),
        classes=len(annotated.labels),
        npy_files=" ".join(f"{port.name}.npy" for port in annotated.inputs),
    )


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> dict[str, bytes]:
    from packager.golden import golden_files, litert_tolerance

    files = {f"{context.package}/{name}": data for name, data in asset_files(annotated).items()}
    golden_set = goldens.sets[Runtime.LITERT]
    golden = golden_files(golden_set, litert_tolerance(annotated.model, golden_set))
    files.update({f"{context.package}/golden/{name}": data for name, data in golden.items()})
    return files


def _next_steps(context: Context) -> tuple[str, ...]:
    picture = f"{context.package}/golden/*.png --json"
    return (
        "copy the folder to the Pi, and there: pip install .",
        f"python -m {context.package} selftest",
        f"python -m {context.package} " + (f"classify {picture}" if context.is_classifier else "run --help"),
    )


TARGET = Target(
    name="pi",
    title="a Raspberry Pi",
    runtime=Runtime.LITERT,
    options=Options,
    context=Context,
    find_problems=mobile_problems,
    build_context=_build_context,
    layers=lambda context: ("pi/common", "pi/image" if context.is_classifier else "pi/tensors"),
    extra_files=_extra_files,
    next_steps=_next_steps,
)
