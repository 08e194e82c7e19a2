"""Android: a Kotlin library module that runs the model with LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, TargetError, about
from packager.model import Model, Tensor
from packager.render.literals import float32
from packager.render.naming import PackageName, PascalName, SnakeName, unique
from packager.runtimes import Runtime
from packager.settings import Choice, Example, Setting
from packager.targets import mobile
from packager.targets.litert import mobile_problems, shipped_labels, worded_asset_files
from packager.targets.target import Enclosure, Target, project_name, task_layers
from packager.targets.versions import pinned
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, Head, InputKind, MaskForm, Resize

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.audio import AudioInput
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask
    from packager.tasks.text import TextInput


class LiteRt(Choice):
    """Which of LiteRT's interfaces runs the model."""

    INTERPRETER = "interpreter", "LiteRT 1.4's Interpreter."
    COMPILED_MODEL = "compiled-model", "LiteRT 2's CompiledModel; the code is type-checked, and was not run."


class Delivery(Choice):
    """How the model comes to a device."""

    ASSETS = "assets", "In the module's assets."
    DOWNLOAD = "download", "The app downloads it, and the module checks its sha256."


@dataclass(frozen=True)
class Options:
    """The options of the android target."""

    name: str = field(
        default="", metadata={"help": "Name of the Gradle module and of its class; default: the model's."}
    )
    package: str = field(
        default="", metadata={"help": "Package and namespace of the module; default: com.example.NAME."}
    )
    runtime: LiteRt = field(default=LiteRt.INTERPRETER, metadata={"help": "What of LiteRT runs the model."})
    delivery: Delivery = field(default=Delivery.ASSETS, metadata={"help": "How the model comes to a device."})
    coroutines: bool = field(
        default=False, metadata={"help": "Also suspending functions, and a Flow of answers for one of frames."}
    )
    app: bool = field(
        default=False,
        metadata={"help": "Also an app to try the model, in a project for Android Studio.", "option": "with_app"},
    )


_RUNTIME = Setting(Options, "runtime")


@dataclass(frozen=True)
class Kind:
    """How Kotlin holds a tensor of a dtype.

    ``getter`` is the function of a ByteBuffer that gets an item, ``view`` turns a ByteBuffer into a buffer of items
    with a position of its own, and ``narrow`` takes an Int to an item.
    """

    dtype: str
    array: str
    item_bytes: int
    getter: str
    view: str
    narrow: str
    is_float: bool = False
    is_bool: bool = False
    is_unsigned: bool = False

    def item(self, buffer: str, index: str) -> str:
        """Kotlin for the item of that number in a ByteBuffer."""
        at = index if self.item_bytes == 1 else f"{self.item_bytes} * {index}"
        return f"{buffer}.{self.getter}({at})"


_KINDS = {
    kind.dtype: kind
    for kind in (
        Kind("float32", "FloatArray", 4, "getFloat", ".asFloatBuffer()", "", is_float=True),
        Kind("int8", "ByteArray", 1, "get", ".duplicate()", ".toByte()"),
        Kind("uint8", "ByteArray", 1, "get", ".duplicate()", ".toByte()", is_unsigned=True),
        Kind("int16", "ShortArray", 2, "getShort", ".asShortBuffer()", ".toShort()"),
        Kind("int32", "IntArray", 4, "getInt", ".asIntBuffer()", ""),
        Kind("int64", "LongArray", 8, "getLong", ".asLongBuffer()", ".toLong()"),
        Kind("bool", "BooleanArray", 1, "get", "", "", is_bool=True),
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
    view: str
    is_bool: bool
    shape: str
    size: int
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
class RawTensorContext:
    """An input or output as golden cases compare it; ``number`` is Kotlin for the Double of ``items`` at ``at``."""

    index: int
    item_bytes: int
    byte_size: int
    number: str


@dataclass(frozen=True)
class NumbersContext:
    """The class that reads outputs of a dtype as real numbers; ``real`` is Kotlin for that of ``items[i]``."""

    type: str
    dtype: str
    array: str
    view: str
    real: str
    is_float: bool
    is_bool: bool
    is_quantized: bool


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    litert: str
    litert_2: str
    kotlinx_coroutines: str
    robolectric: str
    androidx_test_runner: str
    junit: str
    agp: str
    gradle: str
    gradle_sha256: str
    kotlin: str
    androidx_activity: str
    androidx_camera: str


@dataclass(frozen=True)
class LabelsContext:
    """How many labels the module ships, the locales of their translations, and whether answers may leave some out."""

    count: int
    locales: tuple[str, ...]
    are_chosen: bool


@dataclass(frozen=True)
class ProjectContext:
    """What every project has.

    ``variable`` is what code that uses it calls an object of the class. ``purpose`` follows the title. ``labels`` is
    None where the answer needs none.
    """

    name: str
    class_name: str
    variable: str
    package: str
    package_path: str
    title: str
    purpose: str
    description: str
    has_description: bool
    model_file: str
    model_sha256: str
    golden_runtime: str
    has_state: bool
    inputs: tuple[RawTensorContext, ...]
    outputs: tuple[RawTensorContext, ...]
    arrays: tuple[Kind, ...]
    numbers: tuple[NumbersContext, ...]
    labels: LabelsContext | None
    has_locales: bool
    is_downloaded: bool
    min_sdk: int
    min_android: str
    versions: VersionsContext


@dataclass(frozen=True)
class LetterboxContext:
    """What is around a letterboxed picture: the 8-bit gray ``pad``, ``color`` in words."""

    pad: int
    color: str


@dataclass(frozen=True)
class GivenContext:
    """What every input has: whether it is made of something, which golden cases compare, and Kotlin for one."""

    is_made: bool
    example: str


@dataclass(frozen=True)
class ImageContext(GivenContext):
    """A picture as input; ``letterbox`` is None where the picture fills it.

    ``is_placed`` is whether it matters where in the input the picture lies.
    """

    kind = InputKind.IMAGE

    is_placed: bool
    shape: str
    width: int
    height: int
    channels: int
    is_gray: bool
    is_color: bool
    is_bgr: bool
    is_planar: bool
    is_antialias: bool
    is_bilinear: bool
    pixel_format: str
    is_stretch: bool
    is_center_crop: bool
    letterbox: LetterboxContext | None
    dtype: str
    byte_size: int
    is_float: bool


@dataclass(frozen=True)
class AudioContext(GivenContext):
    """Samples of a sound, ``rate`` a second, as input.

    ``window``, of ``seconds``, and ``hop`` are in samples. int16 items are quantized with ``scale`` and
    ``zero_point``, or else 16-bit samples.
    """

    kind = InputKind.AUDIO

    rate: int
    window: int
    hop: int
    seconds: str
    dtype: str
    shape: str
    is_float: bool
    is_integer: bool
    is_quantized: bool
    scale: float
    zero_point: int


@dataclass(frozen=True)
class TokensContext:
    """One input of a text's tokens; ``put`` is Kotlin that writes the item ``i`` into its ByteBuffer."""

    index: int
    dtype: str
    shape: str
    meaning: str
    put: str


@dataclass(frozen=True)
class TextContext(GivenContext, mobile.TextContext):
    """A text as input."""

    tensors: tuple[TokensContext, ...]
    is_word_piece: bool


@dataclass(frozen=True)
class TensorsInputContext(GivenContext):
    """Arrays as inputs; ``arguments`` are their names, with commas between."""

    kind = InputKind.TENSORS

    tensors: tuple[TensorContext, ...]
    arguments: str
    quantized: tuple[QuantizedContext, ...]
    has_quantized: bool
    has_bool: bool


@dataclass(frozen=True)
class AnswerContext(mobile.AnswerContext):
    """``type`` is what the class returns."""

    type: str


@dataclass(frozen=True)
class ClassesContext(AnswerContext, mobile.ClassesContext):
    """Classes as answer, in an output whose item ``i`` stands for the Float ``real`` (Kotlin)."""

    dtype: str
    meaning: str
    real: str
    is_plain: bool
    has_activation: bool


@dataclass(frozen=True)
class NumberedContext:
    """An output of that number; ``numbers`` is Kotlin for what reads its real numbers."""

    index: int
    numbers: str


@dataclass(frozen=True)
class SsdContext:
    """Which of the outputs of an SSD is which."""

    boxes: NumberedContext
    classes: NumberedContext
    scores: NumberedContext
    count: NumberedContext


@dataclass(frozen=True)
class BoxesContext(AnswerContext, mobile.BoxesContext):
    """Detections, as one of the heads has them.

    Of each answer here, ``numbers`` is Kotlin for what reads the real numbers of its (first) output, and ``layout``
    says in words what that holds. ``ssd`` is None for the other heads. ``activation`` says in words what makes scores
    of the output.
    """

    numbers: str
    layout: str
    activation: str
    ssd: SsdContext | None
    is_end_to_end: bool


@dataclass(frozen=True)
class MaskContext(AnswerContext, mobile.MaskContext):
    """A class for each pixel.

    ``item`` is Kotlin for what compares as number ``start + channel`` of ``items``, or is the class number ``pixel``;
    ``first`` for that of number ``start``.
    """

    numbers: str
    layout: str
    activation: str
    array: str
    view: str
    item: str
    first: str
    is_float: bool


@dataclass(frozen=True)
class KeypointsContext(AnswerContext, mobile.KeypointsContext):
    """Points, as one of the heads has them; ``output`` is the number of theirs.

    ``are_numbered`` is whether the names are no more than numbers: of a mesh there are hundreds.
    """

    numbers: str
    layout: str
    output: int
    count: int
    are_numbered: bool


@dataclass(frozen=True)
class EmbeddingContext:
    """An output of a picture: the ``array`` that an answer holds of it, of real numbers where it is quantized.

    The answer then holds the raw ``items`` too; ``real`` is Kotlin for the number of one of them.
    """

    index: int
    name: str
    title: str
    meaning: str
    dtype: str
    shape: str
    array: str
    is_quantized: bool
    items: str
    items_array: str
    real: str


@dataclass(frozen=True)
class TensorsAnswerContext(AnswerContext):
    """Arrays as outputs; ``embeddings`` are those of a picture, of which ``is_plain`` says that one is all."""

    kind = AnswerKind.TENSORS

    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    embeddings: tuple[EmbeddingContext, ...]
    is_one: bool
    is_many: bool
    is_plain: bool


@dataclass(frozen=True)
class AppInputContext:
    """An input in the app: ``value`` is Kotlin that makes it of its ``numbers``, a FloatArray."""

    name: str
    size: int
    value: str


@dataclass(frozen=True)
class AppOutputContext:
    """An output in the app: ``value`` is Kotlin for its array, of real numbers, in an ``answer``."""

    title: str
    value: str


@dataclass(frozen=True)
class AppContext:
    """The app to try the model in.

    ``is_drawn`` is whether it draws answers over their picture, and ``bones`` are what lines it draws between
    keypoints. ``inputs`` and ``outputs`` are those of arrays; ``is_dequantized`` is whether the class itself makes
    real numbers of one of the outputs.
    """

    package: str
    is_drawn: bool
    bones: tuple[mobile.BoneContext, ...]
    inputs: tuple[AppInputContext, ...]
    outputs: tuple[AppOutputContext, ...]
    is_dequantized: bool


@dataclass(frozen=True)
class ArrayContext:
    """A tensor as LiteRT's CompiledModel takes and gives it: an array, by a function that ends in ``method``."""

    index: int
    array: str
    size: int
    byte_size: int
    view: str
    method: str


@dataclass(frozen=True)
class RunnerContext:
    """What LiteRT's CompiledModel is told of the model; ``source`` is Kotlin's type of where it is."""

    source: str
    inputs: tuple[ArrayContext, ...]
    outputs: tuple[ArrayContext, ...]


@dataclass(frozen=True)
class CoroutinesContext:
    """What the functions for coroutines are called: of one input, and of a camera's frames."""

    awaits: str
    flow: str


@dataclass(frozen=True)
class Context:
    """What the templates of the android target use.

    ``runner`` is None with LiteRT's Interpreter, and ``coroutines`` where none are asked for.
    """

    project: ProjectContext
    app: AppContext | None
    runner: RunnerContext | None
    coroutines: CoroutinesContext | None
    input: ImageContext | AudioContext | TextContext | TensorsInputContext
    answer: ClassesContext | BoxesContext | MaskContext | KeypointsContext | TensorsAnswerContext


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    answer = _answer(annotated, goldens)
    awaits = f"await{answer.method[0].upper()}{answer.method[1:]}"
    context = Context(
        project=_project(annotated, options, goldens),
        runner=_runner(annotated, options, goldens) if options.runtime is LiteRt.COMPILED_MODEL else None,
        app=None,
        coroutines=CoroutinesContext(awaits, _FLOWS[answer.kind]) if options.coroutines else None,
        input=_input(annotated),
        answer=answer,
    )
    return replace(context, app=_app(context)) if options.app else context


# The folders of the project that the app makes, and those that Gradle makes there.
_APP_FOLDERS = ("app", "build", "gradle")


def _app(context: Context) -> AppContext:
    project, input, answer = context.project, context.input, context.answer
    if project.name in _APP_FOLDERS:
        setting = Setting(Options, "name")
        fix = ("Give another one: ", Example.of((setting, f"{project.name}_model")))
        raise ConfigError(f"the app's project has a folder {project.name} already", about=setting, fix=fix)
    outputs = _app_outputs(context, answer) if isinstance(answer, TensorsAnswerContext) else ()
    return AppContext(
        package=f"{project.package}.app",
        is_drawn=answer.kind in mobile.DRAWN,
        bones=mobile.bones(answer.names) if isinstance(answer, KeypointsContext) else (),
        inputs=_app_inputs(project, input) if isinstance(input, TensorsInputContext) else (),
        outputs=outputs,
        is_dequantized=any(output.value.startswith(f"{project.class_name}.") for output in outputs),
    )


def _app_inputs(project: ProjectContext, input: TensorsInputContext) -> tuple[AppInputContext, ...]:
    pascal = {tensor.name: tensor.pascal for tensor in input.quantized}
    return tuple(
        AppInputContext(
            name=tensor.name,
            size=tensor.size,
            value=f"{project.class_name}.quantize{pascal[tensor.name]}(numbers)"
            if tensor.name in pascal
            else _of_numbers(_KINDS[tensor.dtype], tensor.size),
        )
        for tensor in input.tensors
    )


def _app_outputs(context: Context, answer: TensorsAnswerContext) -> tuple[AppOutputContext, ...]:
    # What is said of a picture is of real numbers already.
    project, quantized = context.project, answer.quantized if context.input.kind is InputKind.TENSORS else ()
    pascal = {tensor.name: tensor.pascal for tensor in quantized}
    outputs = []
    for tensor in answer.tensors:
        items = "answer" if answer.is_plain else f"answer.{tensor.name}"
        real = f"{project.class_name}.dequantize{pascal[tensor.name]}({items})" if tensor.name in pascal else items
        outputs.append(AppOutputContext(tensor.title, real))
    return tuple(outputs)


def _of_numbers(kind: Kind, size: int) -> str:
    """Kotlin for an array of that kind, of the FloatArray ``numbers``."""
    if kind.is_float:
        return "numbers"
    item = "numbers[it] != 0f" if kind.is_bool else f"numbers[it].toInt(){kind.narrow}"
    return f"{kind.array}({size}) {{ {item} }}"


_FLOWS = {
    AnswerKind.CLASSES: "classifications",
    AnswerKind.BOXES: "detections",
    AnswerKind.MASK: "segmentations",
    AnswerKind.KEYPOINTS: "poses",
    AnswerKind.TENSORS: "embeddings",
}


def _project(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> ProjectContext:
    project = project_name(annotated, options)
    name = SnakeName.of(project)
    with about(Setting(Options, "package")):
        package = PackageName.parse(options.package or f"com.example.{name}")
    labels = _labels(annotated)
    kinds = annotated.input.kind, annotated.answer.kind
    return ProjectContext(
        name=name,
        versions=VersionsContext(**pinned("android")),
        class_name=_class_name(project, *kinds),
        variable=mobile.ending(*kinds).lower().removeprefix("pose"),
        package=package,
        package_path=package.replace(".", "/"),
        title=annotated.title(options.name),
        purpose=mobile.purpose(*kinds, labels.count if labels else 0),
        description=annotated.metadata.description,
        has_description=bool(annotated.metadata.description),
        model_file=annotated.model.path.name,
        model_sha256=annotated.model.sha256,
        golden_runtime=goldens.sets[Runtime.LITERT_REFERENCE].runtime,
        has_state=mobile.has_state(annotated.model),
        inputs=_raw_tensors(annotated.inputs),
        outputs=_raw_tensors(annotated.outputs),
        arrays=_arrays(annotated),
        numbers=_numbers(annotated),
        has_locales=labels is not None and bool(labels.locales),
        is_downloaded=options.delivery is Delivery.DOWNLOAD,
        min_sdk=24 if options.runtime is LiteRt.COMPILED_MODEL else 23,
        min_android="7" if options.runtime is LiteRt.COMPILED_MODEL else "6",
        labels=labels,
    )


# How the names of CompiledModel's functions that write or read a tensor end. They copy bits, so that of Int8 serves
# all types of one byte an item (LiteRT 2.2.0, litert/kotlin/src/main/jni/litert_tensor_buffer_jni.cc, lines 31, 43).
_COMPILED_METHODS = {
    "float32": "Float",
    "int32": "Int",
    "int64": "Long",
    "int8": "Int8",
    "uint8": "Int8",
    "bool": "Int8",
}


def _runner(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> RunnerContext:
    cases = goldens.sets[Runtime.LITERT_REFERENCE].cases
    for index, tensor in enumerate(annotated.model.outputs):
        if any(case.outputs[index].shape != tensor.shape for case in cases):
            raise _uncompiled(
                annotated.model, f"gives outputs of the shape in the file, and {tensor.name!r} has another"
            )
    return RunnerContext(
        source="File" if options.delivery is Delivery.DOWNLOAD else "ModelFile",
        inputs=_compiled(annotated.model.inputs),
        outputs=_compiled(annotated.model.outputs),
    )


def _compiled(tensors: Sequence[Tensor]) -> tuple[ArrayContext, ...]:
    contexts = []
    for index, tensor in enumerate(tensors):
        kind, method = _KINDS[tensor.dtype], _COMPILED_METHODS[tensor.dtype]
        is_byte = method == "Int8"
        contexts.append(
            ArrayContext(
                index=index,
                array="ByteArray" if is_byte else kind.array,
                size=tensor.size,
                byte_size=tensor.size * kind.item_bytes,
                view=".duplicate()" if is_byte else kind.view,
                method=method,
            )
        )
    return tuple(contexts)


def _check_options(model: Model, options: Options) -> None:
    """See what LiteRT's CompiledModel cannot do that its Interpreter can."""
    if options.runtime is not LiteRt.COMPILED_MODEL:
        return
    for side, tensors in (("input", model.inputs), ("output", model.outputs)):
        for tensor in tensors:
            if tensor.dtype not in _COMPILED_METHODS:
                raise _uncompiled(model, f"has no function for the {side} {tensor.name!r}, of {tensor.dtype}")
    if mobile.has_state(model):
        raise _uncompiled(model, "cannot clear what the model remembers from earlier runs")
    if model.signatures:
        first = model.signatures[0]
        named = [{tensor for _, tensor in side} for side in (first.inputs, first.outputs)]
        if named != [{tensor.name for tensor in side} for side in (model.inputs, model.outputs)]:
            raise _uncompiled(model, f"runs its first signature, {first.key!r}, which is not its main graph")


def _uncompiled(model: Model, lack: str) -> TargetError:
    return TargetError(
        f"LiteRT's CompiledModel {lack}",
        where=model.path,
        fix=("Set ", _RUNTIME, f" to {LiteRt.INTERPRETER}."),
    )


def _labels(annotated: AnnotatedModel) -> LabelsContext | None:
    labels = shipped_labels(annotated.answer)
    if not labels:
        return None
    are_chosen = annotated.answer.kind is not AnswerKind.MASK
    return LabelsContext(len(labels[""]), tuple(filter(None, labels)), are_chosen)


def _arrays(annotated: AnnotatedModel) -> tuple[Kind, ...]:
    """The arrays that go in and come out, each once."""
    ports = annotated.inputs if annotated.input.kind is InputKind.TENSORS else ()
    ports += annotated.outputs if annotated.answer.kind is AnswerKind.TENSORS else ()
    return tuple({kind.array: kind for port in ports if (kind := _KINDS[port.tensor.dtype])}.values())


def _read_as_numbers(annotated: AnnotatedModel) -> tuple[Tensor, ...]:
    """The outputs that the answer reads as real numbers, into arrays that are used again."""
    from packager.tasks.boxes import Boxes
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask

    match annotated.answer:
        case Boxes() as answer:
            return tuple(answer.outputs[role] for role in answer.roles)
        case Mask(form=MaskForm.PROBABILITY) | Keypoints() as answer:
            return (answer.tensor,)
        case _:
            return ()


def _numbers(annotated: AnnotatedModel) -> tuple[NumbersContext, ...]:
    tensors = _read_as_numbers(annotated)
    contexts = []
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        kind = _KINDS[dtype]
        is_quantized = any(tensor.affine is not None for tensor in tensors if tensor.dtype == dtype)
        item = "(items[i].toInt() and 0xFF)" if kind.is_unsigned else "items[i]"
        if is_quantized:
            # An Int takes what is beyond 16 bits, and a Float what is beyond 24.
            steps = f"{item}.toFloat()" if kind.item_bytes > 2 else item
            real = f"({steps} - zeroPoint) * scale"
        else:
            real = f"{item}.toFloat()"
        contexts.append(
            NumbersContext(
                type=_numbers_type(tensors, dtype),
                dtype=dtype,
                array=kind.array,
                view=kind.view,
                real=real,
                is_float=kind.is_float,
                is_bool=kind.is_bool,
                is_quantized=is_quantized,
            )
        )
    return tuple(contexts)


def _numbers_type(tensors: Sequence[Tensor], dtype: str) -> str:
    return "RealNumbers" if len({tensor.dtype for tensor in tensors}) == 1 else f"{dtype.capitalize()}Numbers"


def _numbers_of(annotated: AnnotatedModel, tensor: Tensor) -> str:
    """Kotlin for what reads the real numbers of an output."""
    tensors = _read_as_numbers(annotated)
    affine, others = tensor.affine, [other for other in tensors if other.dtype == tensor.dtype]
    arguments = ""
    if affine is not None:
        arguments = f"scale = {float32(affine.scale)}f, zeroPoint = {affine.zero_point}"
    elif any(other.affine is not None for other in others):
        arguments = "scale = 1f, zeroPoint = 0"
    return f"{_numbers_type(tensors, tensor.dtype)}({arguments})"


def _raw_tensors(ports: tuple[Port, ...]) -> tuple[RawTensorContext, ...]:
    kinds = [_KINDS[port.tensor.dtype] for port in ports]
    return tuple(
        RawTensorContext(index, kind.item_bytes, port.tensor.size * kind.item_bytes, _number(kind))
        for index, (port, kind) in enumerate(zip(ports, kinds, strict=True))
    )


def _number(kind: Kind) -> str:
    item = f"items.{kind.getter}(at)"
    if kind.is_bool:
        return f"if ({item}.toInt() != 0) 1.0 else 0.0"
    return f"({item}.toInt() and 0xFF).toDouble()" if kind.is_unsigned else f"{item}.toDouble()"


def _input(annotated: AnnotatedModel) -> ImageContext | AudioContext | TextContext | TensorsInputContext:
    if annotated.input.kind is InputKind.IMAGE:
        from packager.tasks.image import ImageInput

        assert isinstance(annotated.input, ImageInput)
        return _image(annotated.input, annotated.answer.kind)
    if annotated.input.kind is InputKind.AUDIO:
        from packager.tasks.audio import AudioInput

        assert isinstance(annotated.input, AudioInput)
        return _audio(annotated.input)
    if annotated.input.kind is InputKind.TEXT:
        from packager.tasks.text import TextInput

        assert isinstance(annotated.input, TextInput)
        return _text(annotated.input)
    return _tensors_input(annotated)


def _image(image: ImageInput, answer: AnswerKind) -> ImageContext:
    kind = _KINDS[image.tensor.dtype]
    return ImageContext(
        is_made=True,
        example="bitmap",
        is_placed=answer in (AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS),
        shape=str(list(image.tensor.shape)),
        width=image.width,
        height=image.height,
        channels=image.channels,
        is_gray=image.channels == 1,
        is_color=image.channels == 3,
        is_bgr=image.channels == 3 and image.order is ChannelOrder.BGR,
        is_planar=image.is_planar,
        is_antialias=image.resize is Resize.ANTIALIAS,
        is_bilinear=image.resize is Resize.BILINEAR,
        pixel_format="gray" if image.channels == 1 else image.order.upper(),
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        letterbox=_letterbox(image.pad) if image.crop is CropMode.LETTERBOX else None,
        dtype=image.tensor.dtype,
        byte_size=image.tensor.size * kind.item_bytes,
        is_float=kind.is_float,
    )


def _letterbox(pad: int) -> LetterboxContext:
    return LetterboxContext(pad, {0: "black", 255: "white"}.get(pad, f"gray ({pad} of 255)"))


def _audio(audio: AudioInput) -> AudioContext:
    affine = audio.tensor.affine
    is_float = audio.tensor.dtype == "float32"
    return AudioContext(
        is_made=True,
        example="samples",
        rate=audio.sample_rate,
        window=audio.window,
        hop=audio.hop,
        seconds=f"{audio.window / audio.sample_rate:.4g}",
        dtype=audio.tensor.dtype,
        shape=str(list(audio.tensor.shape)),
        is_float=is_float,
        is_integer=not is_float,
        is_quantized=affine is not None,
        scale=1 / 32768 if affine is None else affine.scale,
        zero_point=0 if affine is None else affine.zero_point,
    )


# What each input of a text holds, and Kotlin for its item of the number i.
_TOKENS = {
    "ids": ("the numbers of its tokens, then padding", "numbers[i]"),
    "mask": ("1 for each token, then 0", "if (i < count) 1 else 0"),
    "segment_ids": ("0: all is of the first text", "0"),
}


def _text(text: TextInput) -> TextContext:
    shared = mobile.text(text)
    return TextContext(
        **vars(shared),
        is_made=True,
        example='"a text"',
        is_word_piece=not shared.pattern,
        tensors=tuple(
            TokensContext(
                index, tensor.dtype, str(list(tensor.shape)), _TOKENS[role][0], _put(tensor, _TOKENS[role][1])
            )
            for index, (role, tensor) in enumerate(zip(text.roles, text.tensors, strict=True))
        ),
    )


def _put(tensor: Tensor, number: str) -> str:
    return f"putInt(4 * i, {number})" if tensor.dtype == "int32" else f"putLong(8 * i, ({number}).toLong())"


def _tensors_input(annotated: AnnotatedModel) -> TensorsInputContext:
    # What the class itself calls so must not be hidden by a parameter.
    names = mobile.port_names(annotated.inputs, ("runner", "reader", "options"))
    tensors = tuple(
        _tensor(index, name, port, {port.tensor.shape})
        for index, (name, port) in enumerate(zip(names, annotated.inputs, strict=True))
    )
    quantized = _quantized(names, annotated.inputs)
    return TensorsInputContext(
        is_made=False,
        example=", ".join(f"{tensor.name} = {tensor.array}({tensor.size})" for tensor in tensors),
        tensors=tensors,
        arguments=", ".join(tensor.name for tensor in tensors),
        quantized=quantized,
        has_quantized=bool(quantized),
        has_bool=any(tensor.is_bool for tensor in tensors),
    )


def _answer(
    annotated: AnnotatedModel, goldens: Goldens
) -> ClassesContext | BoxesContext | MaskContext | KeypointsContext | TensorsAnswerContext:
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask

    match annotated.answer:
        case Classes() as answer:
            return _classes(answer)
        case Boxes() as answer:
            return _boxes(annotated, answer)
        case Mask() as answer:
            return _mask(annotated, answer)
        case Keypoints() as answer:
            return _keypoints(annotated, answer)
        case _:
            return _tensors_answer(annotated, goldens)


def _classes(answer: Classes) -> ClassesContext:
    kind = _KINDS[answer.tensor.dtype]
    return ClassesContext(
        **vars(mobile.classes(answer)),
        type="List<Category>",
        dtype=answer.tensor.dtype,
        meaning=_meaning(answer.tensor),
        real=_real(answer.tensor, kind.item("items", "i")),
        is_plain=answer.activation is Activation.NONE,
        has_activation=answer.activation is not Activation.NONE,
    )


_ACTIVATIONS = {
    Activation.NONE: "the output",
    Activation.SOFTMAX: "softmax of the output",
    Activation.SIGMOID: "sigmoid of the output",
}


_LAYOUTS = {
    Head.SSD: "boxes, classes, scores and their number, of TensorFlow's detection operator",
    Head.YOLO_V5: "of each candidate its box, objectness, and a score for each class",
    Head.YOLO_V8: "of all candidates the boxes, then the scores of each class",
    Head.END_TO_END: "of each detection its box, score and class",
    Head.FOMO: "of each cell a score for the background and for each class",
    Head.MOVENET: "y, x and score of each point",
    Head.MOVENET_MULTIPOSE: "of each body y, x and score of each point, a box, and its score",
    Head.YOLO_POSE: "of all candidates the boxes and scores, then x, y and score of each point",
    Head.LANDMARKS: "x, y and maybe a depth of each point",
}


def _boxes(annotated: AnnotatedModel, answer: Boxes) -> BoxesContext:
    outputs = [NumberedContext(role, _numbers_of(annotated, answer.outputs[role])) for role in answer.roles]
    shared = mobile.boxes(answer)
    return BoxesContext(
        **vars(shared),
        type="List<Detection>",
        numbers=outputs[0].numbers,
        layout=_LAYOUTS[answer.head],
        activation=_ACTIVATIONS[answer.activation if shared.has_activation else Activation.NONE],
        ssd=SsdContext(*outputs) if answer.head is Head.SSD else None,
        is_end_to_end=answer.head is Head.END_TO_END,
    )


_FORMS = {
    MaskForm.SCORES: "of each pixel a score for each class",
    MaskForm.CLASS_NUMBERS: "the class number of each pixel",
    MaskForm.PROBABILITY: "the probability of class 1 for each pixel",
}


def _mask(annotated: AnnotatedModel, answer: Mask) -> MaskContext:
    shared, kind = mobile.mask(annotated, answer), _KINDS[answer.tensor.dtype]
    # Of bytes, truth values among them, and of what is compared with Int.
    widened = ".toInt() and 0xFF" if kind.is_unsigned or kind.is_bool else ""
    return MaskContext(
        **vars(shared),
        type="Segmentation",
        numbers=_numbers_of(annotated, answer.tensor),
        layout=_FORMS[answer.form],
        activation=_ACTIVATIONS[Activation.SIGMOID if shared.has_activation else Activation.NONE],
        array="ByteArray" if kind.is_bool else kind.array,
        view=".duplicate()" if kind.is_bool else kind.view,
        item=f"items[{'start + channel' if shared.is_scores else 'pixel'}]{widened}",
        first=f"items[start]{widened}",
        is_float=kind.is_float,
    )


def _keypoints(annotated: AnnotatedModel, answer: Keypoints) -> KeypointsContext:
    return KeypointsContext(
        **vars(mobile.keypoints(answer)),
        type="List<Pose>",
        numbers=_numbers_of(annotated, answer.tensor),
        layout=_LAYOUTS[answer.head],
        output=answer.output,
        count=len(answer.names),
        are_numbered=answer.names == tuple(f"point {number}" for number in range(len(answer.names))),
    )


def _tensors_answer(annotated: AnnotatedModel, goldens: Goldens) -> TensorsAnswerContext:
    names = mobile.port_names(annotated.outputs)
    # The file tells nothing of the shape of some outputs (those of a detection); the runs do.
    cases = goldens.sets[Runtime.LITERT_REFERENCE].cases
    tensors = tuple(
        _tensor(index, name, port, {case.outputs[index].shape for case in cases})
        for index, (name, port) in enumerate(zip(names, annotated.outputs, strict=True))
    )
    quantized = _quantized(names, annotated.outputs)
    is_run = annotated.input.kind is InputKind.TENSORS
    # A picture's are real numbers, beside which the raw ones stand.
    is_plain = len(tensors) == 1 and (is_run or not quantized)
    return TensorsAnswerContext(
        **vars(mobile.arrays(annotated)),
        type=tensors[0].array if is_plain else "Outputs",
        tensors=tensors,
        quantized=quantized,
        embeddings=_embeddings(tensors, quantized),
        is_one=len(tensors) == 1,
        is_many=len(tensors) != 1,
        is_plain=is_plain,
    )


def _embeddings(
    tensors: Sequence[TensorContext], quantized: Sequence[QuantizedContext]
) -> tuple[EmbeddingContext, ...]:
    reals = {tensor.name: tensor.real for tensor in quantized}
    items = unique([tensor.name for tensor in tensors] + [f"{tensor.name}Items" for tensor in tensors], "")
    return tuple(
        EmbeddingContext(
            index=tensor.index,
            name=tensor.name,
            title=tensor.title,
            meaning=tensor.meaning,
            dtype=tensor.dtype,
            shape=tensor.shape,
            array="FloatArray" if tensor.name in reals else tensor.array,
            is_quantized=tensor.name in reals,
            items=name,
            items_array=tensor.array,
            real=reals.get(tensor.name, "").replace("items[", f"{name}["),
        )
        for tensor, name in zip(tensors, items[len(tensors) :], strict=True)
    )


def _class_name(name: str, input: InputKind, answer: AnswerKind) -> PascalName:
    """``DigitsClassifier`` or ``SineModel``: with such an ending it is no class that the generated code imports."""
    pascal, ending = PascalName.of(name), mobile.ending(input, answer)
    return pascal if pascal.endswith(ending) else PascalName(pascal + ending)


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
        view=kind.view,
        is_bool=kind.is_bool,
        shape=str(list(next(iter(shapes)))) if len(shapes) == 1 else "of a shape that depends on the input",
        size=tensor.size,
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


def _layers(context: Context) -> tuple[str, ...]:
    """The folders of templates: for the two kinds, and for what only some models of them have."""
    own = {
        f"android/runtime/{LiteRt.COMPILED_MODEL if context.runner else LiteRt.INTERPRETER}": True,
        "android/real_numbers": bool(context.project.numbers),
        "android/coroutines/common": context.coroutines is not None,
        f"android/coroutines/in/{context.input.kind}": context.coroutines is not None,
        "android/arrays": bool(context.project.arrays),
        "android/labels": context.project.labels is not None,
    }
    return (
        *mobile.layers("android", context.input, context.answer),
        *(layer for layer, is_used in own.items() if is_used),
    )


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


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import Camera, build_frames, golden_files

    name, golden_set = context.project.name, goldens.sets[Runtime.LITERT_REFERENCE]
    assets = worded_asset_files(annotated)
    proof = golden_files(annotated, golden_set, most_bytes=mobile.PROOF_BYTES)
    assets.update({f"golden/{file}": data for file, data in proof.items()})
    files = {}
    if context.project.is_downloaded:
        files[f"download/{name}.tflite"] = assets.pop("model.tflite")
    files.update({f"src/main/assets/{name}/{file}": data for file, data in assets.items()})
    golden = golden_files(annotated, golden_set, frames=build_frames(annotated, Camera.ANDROID))
    files.update({f"src/androidTest/assets/{name}_golden/{file}": data for file, data in golden.items()})
    return files


def _enclosure(context: Context) -> Enclosure | None:
    if context.app is None:
        return None
    layers = task_layers("android/app", context.input.kind, context.answer.kind)
    return Enclosure(context.project.name, (*layers, "android/app/drawn") if context.app.is_drawn else layers)


def _next_steps(context: Context) -> tuple[str, ...]:
    name = context.project.name
    if context.app is not None:
        return (
            "open the folder in Android Studio and run app, or, with Gradle:",
            "gradle wrapper",
            "./gradlew :app:installDebug",
            f"./gradlew :{name}:connectedAndroidTest",
        )
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
    cells=(
        (InputKind.IMAGE, AnswerKind.CLASSES),
        (InputKind.IMAGE, AnswerKind.BOXES),
        (InputKind.IMAGE, AnswerKind.MASK),
        (InputKind.IMAGE, AnswerKind.KEYPOINTS),
        (InputKind.IMAGE, AnswerKind.TENSORS),
        (InputKind.AUDIO, AnswerKind.CLASSES),
        (InputKind.TEXT, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.TENSORS),
    ),
    options=Options,
    context=Context,
    find_problems=mobile_problems,
    build_context=_build_context,
    layers=_layers,
    extra_files=_extra_files,
    next_steps=_next_steps,
    enclosure=_enclosure,
    check_options=_check_options,
)
