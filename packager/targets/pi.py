"""Raspberry Pi: a Python package that runs the model with LiteRT."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.render.naming import PascalName, SnakeName
from packager.runtimes import Runtime
from packager.targets.litert import asset_files, mobile_problems
from packager.targets.target import Target, project_name, task_layers
from packager.tasks import AnswerKind, CropMode, InputKind

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.image import ImageInput


# What a package cannot be called: modules of any Python from 3.9 to 3.14, whichever runs here; what the package
# needs, and what that needs; what installs it, and the folder in which it is built.
_TAKEN = sys.stdlib_module_names | frozenset(
    """
    aifc annotationlib asynchat asyncore audioop binhex cgi cgitb chunk compression crypt distutils formatter
    imghdr imp lib2to3 mailcap msilib nis nntplib ossaudiodev parser pipes smtpd sndhdr spwd sunau symbol telnetlib
    tomllib uu xdrlib
    ai_edge_litert backports backports_strenum flatbuffers google ml_dtypes numpy pil pillow protobuf tflite_runtime
    tqdm typing_extensions
    build pip pkg_resources setuptools wheel
    """.split()
)
# What the modules themselves call so, beside their errors.
_TAKEN_CLASSES = frozenset({"INPUTS", "OUTPUTS", "FOLDER", "Parser"})


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
class ProjectContext:
    """Names, and what is true of the model whatever it is for."""

    package: str
    distribution: str
    class_name: str
    title: str
    description: str
    exports: tuple[str, ...]
    model_sha256: str


@dataclass(frozen=True)
class ImageContext:
    """A picture, in ``color`` (the README's word) and Pillow's mode."""

    kind = InputKind.IMAGE

    color: str
    pillow_mode: str
    is_center_crop: bool
    is_letterbox: bool
    crop: str
    width: int
    height: int
    channels: int


@dataclass(frozen=True)
class TensorsInputContext:
    """Arrays. A plain input is one that is not quantized."""

    kind = InputKind.TENSORS

    inputs: tuple[PortContext, ...]
    npy_files: str
    has_float_input: bool
    has_integer_input: bool
    has_plain_integer_input: bool
    has_quantized_input: bool


@dataclass(frozen=True)
class ClassesContext:
    """Labels and scores."""

    kind = AnswerKind.CLASSES

    model_exports: tuple[str, ...]
    classes: int
    top_k: int
    has_quantized_output: bool


@dataclass(frozen=True)
class TensorsAnswerContext:
    """Arrays. A plain output is one that is not quantized."""

    kind = AnswerKind.TENSORS

    outputs: tuple[PortContext, ...]
    has_plain_output: bool
    has_quantized_output: bool


@dataclass(frozen=True)
class Context:
    """What the templates of the pi target use."""

    project: ProjectContext
    input: ImageContext | TensorsInputContext
    answer: ClassesContext | TensorsAnswerContext


def _port(port: Port) -> PortContext:
    tensor = port.tensor
    return PortContext(
        name=port.name,
        meaning=port.description or port.title,
        dtype=tensor.dtype,
        shape="[" + ", ".join(map(str, tensor.shape)) + "]",
    )


def _is_float(port: Port) -> bool:
    return port.tensor.dtype.startswith("float")


def _is_quantized(port: Port) -> bool:
    """Whether LiteRT tells one scale for it, in ``get_input_details()`` and its like."""
    quantization = port.tensor.quantization
    return port.tensor.is_quantized and quantization is not None and quantization.axis is None


def _build_context(annotated: AnnotatedModel, options: Options, _goldens: Goldens) -> Context:
    name = project_name(annotated, options)
    package = _package_name(name)
    class_name = _class_name(name, _ENDINGS[annotated.answer.kind])
    answer = _answer(annotated, class_name)
    model_exports = answer.model_exports if isinstance(answer, ClassesContext) else (class_name,)
    project = ProjectContext(
        package=package,
        distribution=package.replace("_", "-"),
        class_name=class_name,
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        # In the order of ruff and isort.
        exports=tuple(sorted((*model_exports, "InputError", "InstallationError"), key=_sort_key)),
        model_sha256=annotated.model.sha256,
    )
    return Context(project, _input(annotated), answer)


def _input(annotated: AnnotatedModel) -> ImageContext | TensorsInputContext:
    if annotated.input.kind is InputKind.IMAGE:
        from packager.tasks.image import ImageInput

        assert isinstance(annotated.input, ImageInput)
        return _image(annotated.input)
    return TensorsInputContext(
        inputs=tuple(map(_port, annotated.inputs)),
        npy_files=" ".join(f"{port.name}.npy" for port in annotated.inputs),
        has_float_input=any(_is_float(port) for port in annotated.inputs),
        has_integer_input=any(not _is_float(port) for port in annotated.inputs),
        has_plain_integer_input=any(not _is_float(port) and not _is_quantized(port) for port in annotated.inputs),
        has_quantized_input=any(map(_is_quantized, annotated.inputs)),
    )


def _image(image: ImageInput) -> ImageContext:
    is_gray = image.channels == 1
    return ImageContext(
        color="gray" if is_gray else "RGB",
        pillow_mode="L" if is_gray else "RGB",
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        is_letterbox=image.crop is CropMode.LETTERBOX,
        crop=image.crop.value,
        width=image.width,
        height=image.height,
        channels=image.channels,
    )


def _answer(annotated: AnnotatedModel, class_name: str) -> ClassesContext | TensorsAnswerContext:
    has_quantized_output = any(map(_is_quantized, annotated.outputs))
    if annotated.answer.kind is AnswerKind.CLASSES:
        return ClassesContext(
            model_exports=tuple(sorted(("Category", class_name), key=_sort_key)),
            classes=len(annotated.labels),
            top_k=min(5, len(annotated.labels)),
            has_quantized_output=has_quantized_output,
        )
    return TensorsAnswerContext(
        outputs=tuple(map(_port, annotated.outputs)),
        has_plain_output=any(not _is_quantized(port) for port in annotated.outputs),
        has_quantized_output=has_quantized_output,
    )


def _package_name(name: str) -> SnakeName:
    package = SnakeName.of(name)
    return SnakeName(f"{package}_model") if package in _TAKEN else package


# What stands behind the name in that of the class.
_ENDINGS = {AnswerKind.CLASSES: " Classifier", AnswerKind.TENSORS: ""}


def _class_name(name: str, ending: str) -> PascalName:
    pascal = PascalName.of(name + ending)
    # As an exception's, its name would mislead, and hide one of Python's own.
    is_taken = pascal in _TAKEN_CLASSES or pascal.endswith(("Error", "Exception", "Warning"))
    return PascalName(f"{pascal}Net") if is_taken else pascal


def _sort_key(name: str) -> tuple[bool, str]:
    """Names in capitals first, which pass for constants."""
    return not name.isupper(), name


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> dict[str, bytes]:
    from packager.golden import golden_files

    files = {f"{context.project.package}/{name}": data for name, data in asset_files(annotated).items()}
    golden_set = goldens.sets[Runtime.LITERT]
    golden = golden_files(annotated, golden_set)
    files.update({f"{context.project.package}/golden/{name}": data for name, data in golden.items()})
    return files


def _next_steps(context: Context) -> tuple[str, ...]:
    picture = f"{context.project.package}/golden/*.png --json"
    is_classifier = context.answer.kind is AnswerKind.CLASSES
    return (
        "copy the folder to the Pi, and there: pip install .",
        f"python -m {context.project.package} selftest",
        f"python -m {context.project.package} " + (f"classify {picture}" if is_classifier else "run --help"),
    )


TARGET = Target(
    name="pi",
    title="a Raspberry Pi",
    runtime=Runtime.LITERT,
    cells=((InputKind.IMAGE, AnswerKind.CLASSES), (InputKind.TENSORS, AnswerKind.TENSORS)),
    options=Options,
    context=Context,
    find_problems=mobile_problems,
    build_context=_build_context,
    layers=lambda context: task_layers("pi", context.input.kind, context.answer.kind),
    extra_files=_extra_files,
    next_steps=_next_steps,
)
