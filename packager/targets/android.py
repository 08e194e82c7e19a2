"""Android: a Kotlin library module that runs the model with LiteRT's Interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import about
from packager.model import Tensor
from packager.render.literals import float32
from packager.render.naming import PackageName, PascalName, SnakeName, camel_case, unique
from packager.runtimes import Runtime
from packager.settings import Setting
from packager.targets.litert import asset_files, mobile_problems
from packager.targets.target import Target, find_further_outputs, project_name, task_layers
from packager.targets.versions import pinned
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, InputKind, Resize

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
    app: bool = field(
        default=False,
        metadata={"help": "Also an app to try the model, in a project for Android Studio.", "option": "with_app"},
    )


@dataclass(frozen=True)
class Kind:
    """How Kotlin holds a tensor of a dtype.

    ``view`` turns a ByteBuffer into a buffer of the array's items, which for bytes ``put_view`` does without
    moving the ByteBuffer's position; ``narrow`` takes an Int to an item.
    """

    dtype: str
    array: str
    item_bytes: int
    view: str
    put_view: str
    narrow: str
    is_float: bool = False
    is_bool: bool = False
    is_unsigned: bool = False

    @property
    def comparison(self) -> str:
        """The self-test's function that compares such arrays."""
        return "unsignedDifferenceFrom" if self.is_unsigned else "differenceFrom"

    @property
    def is_bytes(self) -> bool:
        """Whether the array is the tensor's bytes as they are."""
        return self.array == "ByteArray"


_KINDS = {
    kind.dtype: kind
    for kind in (
        Kind("float32", "FloatArray", 4, ".asFloatBuffer()", ".asFloatBuffer()", "", is_float=True),
        Kind("int8", "ByteArray", 1, "", ".duplicate()", ".toByte()"),
        Kind("uint8", "ByteArray", 1, "", ".duplicate()", ".toByte()", is_unsigned=True),
        Kind("int16", "ShortArray", 2, ".asShortBuffer()", ".asShortBuffer()", ".toShort()"),
        Kind("int32", "IntArray", 4, ".asIntBuffer()", ".asIntBuffer()", ""),
        Kind("int64", "LongArray", 8, ".asLongBuffer()", ".asLongBuffer()", ".toLong()"),
        Kind("bool", "BooleanArray", 1, "", "", "", is_bool=True),
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
    comparison: str
    is_bool: bool
    is_bytes: bool
    shape: str
    size: int
    byte_size: int
    meaning: str


@dataclass(frozen=True)
class QuantizedContext:
    """An input or output whose integers stand for real numbers; ``real`` is Kotlin for that of ``items[it]``."""

    name: str
    pascal: str
    dtype: str
    array: str
    narrow: str
    meaning: str
    real: str
    scale: float
    zero_point: int
    minimum: int
    maximum: int


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    litert: str
    androidx_test_runner: str
    junit: str


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
    has_state: bool
    versions: VersionsContext


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
    """Arrays as inputs; ``decoded_kinds`` are those that the self-test does not feed as bytes, each once."""

    kind = InputKind.TENSORS

    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    has_quantized: bool
    has_bool: bool
    decoded_kinds: tuple[Kind, ...]
    has_decoded_buffers: bool


@dataclass(frozen=True)
class ClassesContext:
    """Classes as answer.

    Real numbers come of the items (``is_converted``; of floats nothing must be made) and scores of these (unless
    ``is_plain``): ``real`` is Kotlin for the number of ``output[it]``, which ``meaning`` tells in words, and
    ``numbers`` and ``scores`` are what Kotlin calls the two arrays. ``threshold`` is a Kotlin expression.
    """

    kind = AnswerKind.CLASSES

    label_count: int
    dtype: str
    array: str
    comparison: str
    meaning: str
    is_converted: bool
    real: str
    numbers: str
    scores: str
    is_plain: bool
    is_softmax: bool
    is_sigmoid: bool
    has_activation: bool
    threshold: str
    kinds: tuple[Kind, ...]
    compared_kinds: tuple[Kind, ...]
    has_numbers: bool


@dataclass(frozen=True)
class TensorsAnswerContext:
    """Arrays as outputs.

    Of every answer, ``kinds`` are the arrays that its outputs take, each once, and ``compared_kinds`` what the
    self-test compares in its own way, of which ``has_numbers`` tells whether one is of other than truth values.
    """

    kind = AnswerKind.TENSORS

    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    is_one: bool
    is_many: bool
    result_type: str
    kinds: tuple[Kind, ...]
    compared_kinds: tuple[Kind, ...]
    has_numbers: bool


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
    project = project_name(annotated, options)
    name = SnakeName.of(project)
    with about(Setting(Options, "package")):
        package = PackageName.parse(options.package or f"com.example.{name}")
    return ProjectContext(
        name=name,
        versions=VersionsContext(**pinned("android")),
        class_name=_class_name(project, annotated.answer.kind),
        package=package,
        package_path=package.replace(".", "/"),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        has_description=bool(annotated.metadata.description),
        model_file=annotated.model.path.name,
        model_sha256=annotated.model.sha256,
        golden_runtime=goldens.sets[Runtime.LITERT_REFERENCE].runtime,
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
    is_plain = answer.activation is Activation.NONE
    numbers = "output" if kind.is_float else "scores" if is_plain else "logits"
    return ClassesContext(
        label_count=len(answer.labels.default),
        dtype=tensor.dtype,
        array=kind.array,
        comparison=kind.comparison,
        meaning=_meaning(tensor),
        is_converted=not kind.is_float,
        real=_real(tensor, "output[it]"),
        numbers=numbers,
        scores=numbers if is_plain else "scores",
        is_plain=is_plain,
        is_softmax=answer.activation is Activation.SOFTMAX,
        is_sigmoid=answer.activation is Activation.SIGMOID,
        has_activation=not is_plain,
        # 0 leaves out nothing, though scores that are none may be below it.
        threshold=f"{float32(answer.threshold)}f" if answer.threshold > 0 else "Float.NEGATIVE_INFINITY",
        kinds=(kind,),
        compared_kinds=(kind,),
        has_numbers=not kind.is_bool,
    )


def _tensors_input(annotated: AnnotatedModel) -> TensorsInputContext:
    # What the class itself calls so must not be hidden by a parameter.
    names = _names(annotated.inputs, ("interpreter", "inputBuffers"))
    tensors = tuple(
        _tensor(index, name, port, {port.tensor.shape})
        for index, (name, port) in enumerate(zip(names, annotated.inputs, strict=True))
    )
    quantized = _quantized(names, annotated.inputs)
    decoded = _once([kind for port in annotated.inputs if not (kind := _KINDS[port.tensor.dtype]).is_bytes])
    return TensorsInputContext(
        tensors=tensors,
        quantized=quantized,
        has_quantized=bool(quantized),
        has_bool=any(tensor.is_bool for tensor in tensors),
        decoded_kinds=decoded,
        has_decoded_buffers=any(not kind.is_bool for kind in decoded),
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
    return TensorsAnswerContext(
        tensors=tensors,
        quantized=_quantized(names, annotated.outputs),
        is_one=len(tensors) == 1,
        is_many=len(tensors) != 1,
        result_type=tensors[0].array if len(tensors) == 1 else "Outputs",
        kinds=_once(kinds),
        compared_kinds=tuple(dict.fromkeys(kinds)),
        has_numbers=any(not kind.is_bool for kind in kinds),
    )


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
        comparison=kind.comparison,
        is_bool=kind.is_bool,
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
            meaning=_meaning(tensor),
            real=_real(tensor, "items[it]"),
            scale=affine.scale,
            zero_point=affine.zero_point,
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


def _real(tensor: Tensor, item: str) -> str:
    """Kotlin for the real number, a Float, that ``item`` of a tensor stands for."""
    kind, affine = _KINDS[tensor.dtype], tensor.affine
    if kind.is_float:
        return item
    if kind.is_bool:
        return f"if ({item}) 1f else 0f"
    if affine is None:
        return f"({item}.toInt() and 0xFF).toFloat()" if kind.is_unsigned else f"{item}.toFloat()"
    number = f"({item}.toInt() and 0xFF)" if kind.is_unsigned else f"{item}.toFloat()"
    steps = f"({number}{_minus(affine.zero_point)})" if affine.zero_point else number
    return f"{steps} * {float32(affine.scale)}f"


def _minus(zero_point: int) -> str:
    return "" if zero_point == 0 else f" - {zero_point}" if zero_point > 0 else f" + {-zero_point}"


def _once(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """Of the kinds that Kotlin holds in the same array the first."""
    return tuple({kind.array: kind for kind in reversed(kinds)}.values())[::-1]


def _find_lack(annotated: AnnotatedModel) -> str | None:
    from packager.tasks.image import ImageInput

    image = annotated.input
    if not isinstance(image, ImageInput):
        return find_further_outputs(annotated)
    if image.resize is Resize.BILINEAR:
        return f"takes no pictures resized by `{image.resize}`"
    if image.is_planar:
        return "takes no pictures whose channels follow one another ([1, 3, height, width])"
    return find_further_outputs(annotated)


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
