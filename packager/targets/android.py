"""Android: a Kotlin library module that runs the model with LiteRT's Interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port, asset_files
from packager.errors import about
from packager.model import Tensor
from packager.render.literals import float32
from packager.render.naming import PackageName, PascalName, SnakeName, camel_case, unique
from packager.runtimes import Runtime, Tolerance
from packager.settings import Setting
from packager.targets.target import Target, mobile_problems, project_name, task_layers
from packager.tasks import AnswerKind, ChannelOrder, CropMode, InputKind, Resize

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput


@dataclass(frozen=True)
class Options:
    """The options of the android target."""

    name: str = field(
        default="", metadata={"help": "Name of the Gradle module and of its class; default: the model's."}
    )
    package: str = field(
        default="", metadata={"help": "Package and namespace of the module; default: com.example.NAME."}
    )


@dataclass(frozen=True)
class Kind:
    """How Kotlin holds a tensor of a dtype.

    ``view`` turns a ByteBuffer into a buffer of the array's items, which for bytes ``put_view`` does without
    moving the ByteBuffer's position; ``narrow`` takes an Int to an item.
    """

    dtype: str
    array: str
    item: str
    item_bytes: int
    view: str
    put_view: str
    narrow: str
    is_float: bool = False
    is_bool: bool = False
    is_unsigned: bool = False

    @property
    def is_integer(self) -> bool:
        """Whether Kotlin's item has the tensor's value, which it has not for uint8."""
        return not (self.is_float or self.is_bool or self.is_unsigned)

    @property
    def is_bytes(self) -> bool:
        """Whether the array is the tensor's bytes as they are."""
        return self.array == "ByteArray"


_KINDS = {
    kind.dtype: kind
    for kind in (
        Kind("float32", "FloatArray", "Float", 4, ".asFloatBuffer()", ".asFloatBuffer()", "", is_float=True),
        Kind("int8", "ByteArray", "Byte", 1, "", ".duplicate()", ".toByte()"),
        Kind("uint8", "ByteArray", "Byte", 1, "", ".duplicate()", ".toByte()", is_unsigned=True),
        Kind("int16", "ShortArray", "Short", 2, ".asShortBuffer()", ".asShortBuffer()", ".toShort()"),
        Kind("int32", "IntArray", "Int", 4, ".asIntBuffer()", ".asIntBuffer()", ""),
        Kind("int64", "LongArray", "Long", 8, ".asLongBuffer()", ".asLongBuffer()", ".toLong()"),
        Kind("bool", "BooleanArray", "Boolean", 1, "", "", "", is_bool=True),
    )
}


@dataclass(frozen=True)
class TensorContext:
    """One input or output in the generated code; ``meaning`` says in words what its integers stand for."""

    index: int
    name: str
    title: str
    description: str
    has_description: bool
    dtype: str
    array: str
    put_view: str
    is_float: bool
    is_bool: bool
    is_unsigned: bool
    is_bytes: bool
    shape: str
    size: int
    byte_size: int
    meaning: str


@dataclass(frozen=True)
class QuantizedContext:
    """An input or output whose integers stand for real numbers; ``minus_zero_point`` follows an item."""

    name: str
    pascal: str
    dtype: str
    array: str
    narrow: str
    is_unsigned: bool
    meaning: str
    scale: float
    zero_point: int
    minus_zero_point: str
    minimum: int
    maximum: int


@dataclass(frozen=True)
class ProjectContext:
    """What every project has."""

    name: str
    class_name: str
    package: str
    package_path: str
    title: str
    description: str
    has_description: bool
    model_file: str
    model_sha256: str
    golden_runtime: str
    tolerance_text: str
    has_state: bool


@dataclass(frozen=True)
class LetterboxContext:
    """What is around a letterboxed picture: the 8-bit gray ``pad``, ``color`` in words; new arrays are of zeros."""

    pad: int
    is_filled: bool
    color: str


@dataclass(frozen=True)
class ImageContext:
    """A picture as input; ``letterbox`` is None where the picture fills it."""

    kind = InputKind.IMAGE

    width: int
    height: int
    channels: int
    is_gray: bool
    is_bgr: bool
    pixel_format: str
    is_stretch: bool
    is_center_crop: bool
    letterbox: LetterboxContext | None
    dtype: str
    byte_size: int
    is_float: bool


@dataclass(frozen=True)
class TensorsInputContext:
    """Arrays as inputs."""

    kind = InputKind.TENSORS

    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    has_quantized: bool
    has_bool: bool


@dataclass(frozen=True)
class AffineContext:
    """``real = scale * (item - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class ClassesContext:
    """Scores as output; ``affine`` is what makes them of integers, None for floats."""

    kind = AnswerKind.CLASSES

    label_count: int
    dtype: str
    item: str
    has_view: bool
    view: str
    is_float: bool
    is_unsigned: bool
    is_signed: bool
    affine: AffineContext | None
    difference_unit: str
    tolerance_key: str


@dataclass(frozen=True)
class TensorsAnswerContext:
    """Arrays as outputs. The kinds are the ways to hold a tensor that need a helper, each once."""

    kind = AnswerKind.TENSORS

    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    is_one: bool
    is_many: bool
    result_type: str
    kinds: tuple[Kind, ...]
    difference_kinds: tuple[Kind, ...]
    has_numbers: bool
    decoded_kinds: tuple[Kind, ...]
    has_decoded_buffers: bool


@dataclass(frozen=True)
class Context:
    """What the templates of the android target use."""

    project: ProjectContext
    input: ImageContext | TensorsInputContext
    answer: ClassesContext | TensorsAnswerContext


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput

    input, answer = annotated.input, annotated.answer
    return Context(
        project=_project(annotated, options, goldens),
        input=_image(input) if isinstance(input, ImageInput) else _tensors_input(annotated),
        answer=_classes(answer) if isinstance(answer, Classes) else _tensors_answer(annotated, goldens),
    )


def _project(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> ProjectContext:
    from packager.golden import litert_tolerance

    project = project_name(annotated, options)
    name = SnakeName.of(project)
    with about(Setting(Options, "package")):
        package = PackageName.parse(options.package or f"com.example.{name}")
    golden = goldens.sets[Runtime.LITERT_REFERENCE]
    return ProjectContext(
        name=name,
        class_name=_class_name(project, annotated.answer.kind),
        package=package,
        package_path=package.replace(".", "/"),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        has_description=bool(annotated.metadata.description),
        model_file=annotated.model.path.name,
        model_sha256=annotated.model.sha256,
        golden_runtime=golden.runtime,
        tolerance_text=_tolerance_text(litert_tolerance(annotated.model, golden), annotated.model.outputs),
        has_state=any(tensor.is_variable for graph in annotated.model.subgraphs for tensor in graph.tensors),
    )


def _image(image: ImageInput) -> ImageContext:
    kind = _KINDS[image.tensor.dtype]
    return ImageContext(
        width=image.width,
        height=image.height,
        channels=image.channels,
        is_gray=image.channels == 1,
        is_bgr=image.channels == 3 and image.order is ChannelOrder.BGR,
        pixel_format="gray" if image.channels == 1 else image.order.upper(),
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        letterbox=_letterbox(image.pad) if image.crop is CropMode.LETTERBOX else None,
        dtype=image.tensor.dtype,
        byte_size=image.tensor.size * kind.item_bytes,
        is_float=kind.is_float,
    )


def _letterbox(pad: int) -> LetterboxContext:
    return LetterboxContext(pad, pad != 0, {0: "black", 255: "white"}.get(pad, f"gray ({pad} of 255)"))


def _classes(answer: Classes) -> ClassesContext:
    tensor, kind = answer.tensor, _KINDS[answer.tensor.dtype]
    scale, zero_point = (
        (tensor.quantization.scale, tensor.quantization.zero_point) if tensor.quantization else (1.0, 0)
    )
    return ClassesContext(
        label_count=len(answer.labels.default),
        dtype=tensor.dtype,
        item="Byte" if kind.is_bool else kind.item,
        has_view=bool(kind.view),
        view=kind.view,
        is_float=kind.is_float,
        is_unsigned=kind.is_unsigned,
        is_signed=not kind.is_float and not kind.is_unsigned,
        affine=None if kind.is_float else AffineContext(scale, zero_point),
        difference_unit="real numbers" if kind.is_float else f"steps of the {tensor.dtype} output",
        tolerance_key="absolute" if kind.is_float else "counts",
    )


def _tensors_input(annotated: AnnotatedModel) -> TensorsInputContext:
    # What the class itself calls so must not be hidden by a parameter.
    names = _names(annotated.inputs, ("interpreter", "inputBuffers"))
    tensors = tuple(
        _tensor(index, name, port, {port.tensor.shape})
        for index, (name, port) in enumerate(zip(names, annotated.inputs, strict=True))
    )
    quantized = _quantized(names, annotated.inputs)
    return TensorsInputContext(
        tensors=tensors,
        quantized=quantized,
        has_quantized=bool(quantized),
        has_bool=any(tensor.is_bool for tensor in tensors),
    )


def _tensors_answer(annotated: AnnotatedModel, goldens: Goldens) -> TensorsAnswerContext:
    names = _names(annotated.outputs, ())
    # The file tells nothing of the shape of some outputs (those of a detection); the runs do.
    cases = goldens.sets[Runtime.LITERT_REFERENCE].cases
    tensors = tuple(
        _tensor(index, name, port, {case.outputs[index].shape for case in cases})
        for index, (name, port) in enumerate(zip(names, annotated.outputs, strict=True))
    )
    kinds = [_KINDS[port.tensor.dtype] for port in annotated.outputs]
    decoded = [kind for port in annotated.inputs if not (kind := _KINDS[port.tensor.dtype]).is_bytes]
    decoded += [kind for kind in kinds if not kind.is_bytes]
    return TensorsAnswerContext(
        tensors=tensors,
        quantized=_quantized(names, annotated.outputs),
        is_one=len(tensors) == 1,
        is_many=len(tensors) != 1,
        result_type=tensors[0].array if len(tensors) == 1 else "Outputs",
        kinds=_once(kinds, lambda kind: kind.array),
        # int8, int16… share what compares signed integers only where Kotlin holds them in the same type.
        difference_kinds=_once(kinds, lambda kind: kind.item + str(kind.is_unsigned)),
        has_numbers=any(not kind.is_bool for kind in kinds),
        decoded_kinds=_once(decoded, lambda kind: kind.array),
        has_decoded_buffers=any(not kind.is_bool for kind in decoded),
    )


def _tolerance_text(tolerance: Tolerance, outputs: tuple[Tensor, ...]) -> str:
    is_float = [_KINDS[output.dtype].is_float for output in outputs]
    texts = []
    if not all(is_float):
        texts.append(f"{tolerance.counts} steps for integers")
    if any(is_float):
        texts.append(f"{tolerance.absolute:g} for floats")
    return " and ".join(texts)


_ENDINGS = {AnswerKind.CLASSES: "Classifier", AnswerKind.TENSORS: "Model"}


def _class_name(name: str, kind: AnswerKind) -> PascalName:
    """``DigitsClassifier`` or ``SineModel``: with such an ending it is no class that the generated code imports."""
    pascal, ending = PascalName.of(name), _ENDINGS[kind]
    return pascal if pascal.endswith(ending) else PascalName(pascal + ending)


def _names(ports: tuple[Port, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    return unique([*taken, *(camel_case(port.name) for port in ports)], "")[len(taken) :]


def _tensor(index: int, name: str, port: Port, shapes: set[tuple[int, ...]]) -> TensorContext:
    tensor, kind = port.tensor, _KINDS[port.tensor.dtype]
    return TensorContext(
        index=index,
        name=name,
        title=port.title,
        description=port.description,
        has_description=bool(port.description),
        dtype=tensor.dtype,
        array=kind.array,
        put_view=kind.put_view,
        is_float=kind.is_float,
        is_bool=kind.is_bool,
        is_unsigned=kind.is_unsigned,
        is_bytes=kind.is_bytes,
        shape=str(list(next(iter(shapes)))) if len(shapes) == 1 else "of a shape that depends on the input",
        size=tensor.size,
        byte_size=tensor.size * kind.item_bytes,
        meaning=_meaning(tensor),
    )


def _quantized(names: Sequence[str], ports: tuple[Port, ...]) -> tuple[QuantizedContext, ...]:
    """The ports whose integers stand for real numbers."""
    contexts = []
    for name, port in zip(names, ports, strict=True):
        tensor, kind, affine = port.tensor, _KINDS[port.tensor.dtype], port.tensor.affine
        if affine is None:
            continue
        bits = 8 * kind.item_bytes
        context = QuantizedContext(
            name=name,
            pascal=name[0].upper() + name[1:],
            dtype=tensor.dtype,
            array=kind.array,
            narrow=kind.narrow,
            is_unsigned=kind.is_unsigned,
            meaning=_meaning(tensor),
            scale=affine.scale,
            zero_point=affine.zero_point,
            minus_zero_point=_minus(affine.zero_point),
            minimum=0 if kind.is_unsigned else -(1 << (bits - 1)),
            maximum=(1 << bits) - 1 if kind.is_unsigned else (1 << (bits - 1)) - 1,
        )
        contexts.append(context)
    return tuple(contexts)


def _meaning(tensor: Tensor) -> str:
    affine = tensor.affine
    if affine is None:
        return ""
    item = f"(item{_minus(affine.zero_point)})" if affine.zero_point else "item"
    return f", real number = {float32(affine.scale)} * {item}"


def _minus(zero_point: int) -> str:
    return "" if zero_point == 0 else f" - {zero_point}" if zero_point > 0 else f" + {-zero_point}"


def _once(kinds: Sequence[Kind], key: Callable[[Kind], str]) -> tuple[Kind, ...]:
    return tuple({key(kind): kind for kind in reversed(kinds)}.values())[::-1]


def _find_lack(annotated: AnnotatedModel) -> str | None:
    from packager.tasks.image import ImageInput

    image = annotated.input
    if not isinstance(image, ImageInput):
        return None
    if image.resize is Resize.BILINEAR:
        return f"takes no pictures resized by `{image.resize}`"
    if image.is_planar:
        return "takes no pictures whose channels follow one another ([1, 3, height, width])"
    return None


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import golden_files

    files = {f"src/main/assets/{context.project.name}/{name}": data for name, data in asset_files(annotated).items()}
    golden_set = goldens.sets[Runtime.LITERT_REFERENCE]
    golden = golden_files(annotated, golden_set)
    files.update(
        {f"src/androidTest/assets/{context.project.name}_golden/{name}": data for name, data in golden.items()}
    )
    return files


def _next_steps(context: Context) -> tuple[str, ...]:
    name = context.project.name
    return (
        f"copy the folder into your app's project as {name}/",
        f'in settings.gradle.kts: include(":{name}")',
        f'in the app\'s build.gradle.kts: implementation(project(":{name}"))',
        f"./gradlew :{name}:connectedAndroidTest",
    )


TARGET = Target(
    name="android",
    title="Android",
    runtime=Runtime.LITERT_REFERENCE,
    cells=((InputKind.IMAGE, AnswerKind.CLASSES), (InputKind.TENSORS, AnswerKind.TENSORS)),
    options=Options,
    context=Context,
    find_problems=mobile_problems,
    build_context=_build_context,
    layers=lambda context: task_layers("android", context.input.kind, context.answer.kind),
    extra_files=_extra_files,
    next_steps=_next_steps,
    find_lack=_find_lack,
)
