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
from packager.targets.litert import asset_files, labels_file, mobile_problems, shipped_labels
from packager.targets.target import Target, project_name, task_layers
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
    name: str
    item_bytes: int
    number: str


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    litert: str
    androidx_test_runner: str
    junit: str


@dataclass(frozen=True)
class LabelsContext:
    """How many labels the module ships, and the locales of their translations."""

    count: int
    locales: tuple[str, ...]


@dataclass(frozen=True)
class ProjectContext:
    """What every project has.

    ``purpose`` follows the title. ``labels`` is None where the answer needs none.
    """

    name: str
    class_name: str
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
    labels: LabelsContext | None
    has_locales: bool
    versions: VersionsContext


@dataclass(frozen=True)
class LetterboxContext:
    """What is around a letterboxed picture: the 8-bit gray ``pad``, ``color`` in words; new arrays are of zeros."""

    pad: int
    is_filled: bool
    color: str


@dataclass(frozen=True)
class ImageContext:
    """A picture as input; ``letterbox`` is None where the picture fills it.

    Of every input, ``is_made`` is whether it is made of something; golden cases compare it then. ``is_placed`` is
    whether it matters where in the input the picture lies.
    """

    kind = InputKind.IMAGE

    is_made: bool
    is_placed: bool
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
    is_float: bool


@dataclass(frozen=True)
class TensorsInputContext:
    """Arrays as inputs; ``arguments`` are their names, with commas between."""

    kind = InputKind.TENSORS

    is_made: bool
    tensors: tuple[TensorContext, ...]
    arguments: str
    quantized: tuple[QuantizedContext, ...]
    has_quantized: bool
    has_bool: bool


@dataclass(frozen=True)
class OptionsContext:
    """What may be asked of an answer: how many results (Kotlin), from which score on, of which labels.

    ``iou`` is None where no boxes or poses are suppressed.
    """

    max_results: str
    a_result: str
    results: str
    threshold: float
    has_labels: bool
    iou: float | None


@dataclass(frozen=True)
class ClassesContext:
    """Classes as answer, in the output of that number, whose item ``i`` stands for the Float ``real`` (Kotlin).

    Of every answer, ``method`` is what the class calls it, ``type`` that of what it returns, and ``gives`` says what
    that is in words, which ``order`` continues behind what was given. ``options`` is None where there are none.
    ``is_compared`` is whether golden cases have more than raw outputs.
    """

    kind = AnswerKind.CLASSES

    method: str
    type: str
    gives: str
    order: str
    options: OptionsContext | None
    is_compared: bool
    output: int
    label_count: int
    dtype: str
    meaning: str
    real: str
    is_plain: bool
    is_softmax: bool
    is_sigmoid: bool
    has_activation: bool


@dataclass(frozen=True)
class TensorsAnswerContext:
    """Arrays as outputs."""

    kind = AnswerKind.TENSORS

    method: str
    type: str
    gives: str
    order: str
    options: OptionsContext | None
    is_compared: bool
    tensors: tuple[TensorContext, ...]
    quantized: tuple[QuantizedContext, ...]
    is_one: bool
    is_many: bool


@dataclass(frozen=True)
class Context:
    """What the templates of the android target use."""

    project: ProjectContext
    input: ImageContext | TensorsInputContext
    answer: ClassesContext | TensorsAnswerContext


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    return Context(
        project=_project(annotated, options, goldens),
        input=_input(annotated),
        answer=_answer(annotated, goldens),
    )


# What the class is for, behind its title.
_PURPOSES = {
    AnswerKind.CLASSES: ": names the best of {labels} labels for {given}",
    AnswerKind.TENSORS: "",
}
_GIVEN = {
    InputKind.IMAGE: "a picture",
    InputKind.TENSORS: "arrays",
}


def _project(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> ProjectContext:
    project = project_name(annotated, options)
    name = SnakeName.of(project)
    with about(Setting(Options, "package")):
        package = PackageName.parse(options.package or f"com.example.{name}")
    labels = shipped_labels(annotated.answer)
    count = len(labels.get("", ()))
    kinds = annotated.input.kind, annotated.answer.kind
    return ProjectContext(
        name=name,
        versions=VersionsContext(**pinned("android")),
        class_name=_class_name(project, *kinds),
        package=package,
        package_path=package.replace(".", "/"),
        title=annotated.title(options.name),
        purpose=_PURPOSES[kinds[1]].format(labels=f"{count:,}", given=_GIVEN[kinds[0]]),
        description=annotated.metadata.description,
        has_description=bool(annotated.metadata.description),
        model_file=annotated.model.path.name,
        model_sha256=annotated.model.sha256,
        golden_runtime=goldens.sets[Runtime.LITERT_REFERENCE].runtime,
        has_state=any(tensor.is_variable for graph in annotated.model.subgraphs for tensor in graph.tensors),
        inputs=_raw_tensors(annotated.inputs),
        outputs=_raw_tensors(annotated.outputs),
        arrays=_arrays(annotated),
        has_locales=len(labels) > 1,
        labels=LabelsContext(count, tuple(filter(None, labels))) if labels else None,
    )


def _arrays(annotated: AnnotatedModel) -> tuple[Kind, ...]:
    """The arrays that go in and come out, each once."""
    ports = annotated.inputs if annotated.input.kind is InputKind.TENSORS else ()
    ports += annotated.outputs if annotated.answer.kind is AnswerKind.TENSORS else ()
    return tuple({kind.array: kind for port in ports if (kind := _KINDS[port.tensor.dtype])}.values())


def _raw_tensors(ports: tuple[Port, ...]) -> tuple[RawTensorContext, ...]:
    kinds = [_KINDS[port.tensor.dtype] for port in ports]
    names = _names(ports, ())
    return tuple(
        RawTensorContext(index, name, kind.item_bytes, _number(kind))
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )


def _number(kind: Kind) -> str:
    item = f"items.{kind.getter}(at)"
    if kind.is_bool:
        return f"if ({item}.toInt() != 0) 1.0 else 0.0"
    return f"({item}.toInt() and 0xFF).toDouble()" if kind.is_unsigned else f"{item}.toDouble()"


def _input(annotated: AnnotatedModel) -> ImageContext | TensorsInputContext:
    if annotated.input.kind is InputKind.IMAGE:
        from packager.tasks.image import ImageInput

        assert isinstance(annotated.input, ImageInput)
        return _image(annotated.input, annotated.answer.kind)
    return _tensors_input(annotated)


def _image(image: ImageInput, answer: AnswerKind) -> ImageContext:
    return ImageContext(
        is_made=True,
        is_placed=answer in (AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS),
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
        is_float=_KINDS[image.tensor.dtype].is_float,
    )


def _letterbox(pad: int) -> LetterboxContext:
    return LetterboxContext(pad, pad != 0, {0: "black", 255: "white"}.get(pad, f"gray ({pad} of 255)"))


def _tensors_input(annotated: AnnotatedModel) -> TensorsInputContext:
    # What the class itself calls so must not be hidden by a parameter.
    names = _names(annotated.inputs, ("runner", "reader", "options"))
    tensors = tuple(
        _tensor(index, name, port, {port.tensor.shape})
        for index, (name, port) in enumerate(zip(names, annotated.inputs, strict=True))
    )
    quantized = _quantized(names, annotated.inputs)
    return TensorsInputContext(
        is_made=False,
        tensors=tensors,
        arguments=", ".join(tensor.name for tensor in tensors),
        quantized=quantized,
        has_quantized=bool(quantized),
        has_bool=any(tensor.is_bool for tensor in tensors),
    )


def _answer(annotated: AnnotatedModel, goldens: Goldens) -> ClassesContext | TensorsAnswerContext:
    if annotated.answer.kind is AnswerKind.CLASSES:
        from packager.tasks.classes import Classes

        assert isinstance(annotated.answer, Classes)
        return _classes(annotated.answer)
    return _tensors_answer(annotated, goldens)


def _classes(answer: Classes) -> ClassesContext:
    kind = _KINDS[answer.tensor.dtype]
    return ClassesContext(
        method="classify",
        type="List<Category>",
        gives="The best classes",
        order=", best first; of equal ones the one of the lower index first",
        options=OptionsContext("3", "a class", "classes", answer.threshold, has_labels=True, iou=None),
        is_compared=True,
        output=answer.output,
        label_count=len(answer.labels.default),
        dtype=answer.tensor.dtype,
        meaning=_meaning(answer.tensor),
        real=_real(answer.tensor, kind.item("items", "i")),
        is_plain=answer.activation is Activation.NONE,
        is_softmax=answer.activation is Activation.SOFTMAX,
        is_sigmoid=answer.activation is Activation.SIGMOID,
        has_activation=answer.activation is not Activation.NONE,
    )


def _tensors_answer(annotated: AnnotatedModel, goldens: Goldens) -> TensorsAnswerContext:
    names = _names(annotated.outputs, ())
    # The file tells nothing of the shape of some outputs (those of a detection); the runs do.
    cases = goldens.sets[Runtime.LITERT_REFERENCE].cases
    tensors = tuple(
        _tensor(index, name, port, {case.outputs[index].shape for case in cases})
        for index, (name, port) in enumerate(zip(names, annotated.outputs, strict=True))
    )
    return TensorsAnswerContext(
        method="run" if annotated.input.kind is InputKind.TENSORS else "embed",
        type=tensors[0].array if len(tensors) == 1 else "Outputs",
        gives="The output" if len(tensors) == 1 else "The outputs",
        order="",
        options=None,
        is_compared=False,
        tensors=tensors,
        quantized=_quantized(names, annotated.outputs),
        is_one=len(tensors) == 1,
        is_many=len(tensors) != 1,
    )


_ENDINGS = {
    AnswerKind.CLASSES: "Classifier",
    AnswerKind.BOXES: "Detector",
    AnswerKind.MASK: "Segmenter",
    AnswerKind.KEYPOINTS: "PoseEstimator",
    AnswerKind.TENSORS: "Embedder",
}


def _class_name(name: str, input: InputKind, answer: AnswerKind) -> PascalName:
    """``DigitsClassifier`` or ``SineModel``: with such an ending it is no class that the generated code imports."""
    are_tensors = input is InputKind.TENSORS and answer is AnswerKind.TENSORS
    pascal, ending = PascalName.of(name), "Model" if are_tensors else _ENDINGS[answer]
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
        "android/arrays": bool(context.project.arrays),
        "android/labels": context.project.labels is not None,
        "android/options": context.answer.options is not None,
    }
    return (
        *task_layers("android", context.input.kind, context.answer.kind),
        "android/runtime/interpreter",
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


# The golden cases that prove an accelerator are in every app: the smallest, and more of them within this.
_PROOF_BYTES = 100_000


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import golden_files

    name, golden_set = context.project.name, goldens.sets[Runtime.LITERT_REFERENCE]
    assets = asset_files(annotated)
    assets.pop("labels.json", None)
    for locale, labels in shipped_labels(annotated.answer).items():
        assets[f"labels.{locale}.json" if locale else "labels.json"] = labels_file(labels)
    proof = golden_files(annotated, golden_set, most_bytes=_PROOF_BYTES)
    assets.update({f"golden/{file}": data for file, data in proof.items()})
    files = {f"src/main/assets/{name}/{file}": data for file, data in assets.items()}
    golden = golden_files(annotated, golden_set)
    files.update({f"src/androidTest/assets/{name}_golden/{file}": data for file, data in golden.items()})
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
    layers=_layers,
    extra_files=_extra_files,
    next_steps=_next_steps,
    find_lack=_find_lack,
)
