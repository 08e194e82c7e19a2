"""Android: a Kotlin library module that runs the model with LiteRT's Interpreter."""

from __future__ import annotations

import math
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
from packager.targets.target import Target, image_of, is_classifier, mobile_problems, project_name
from packager.tasks import AnswerKind, CropMode, InputKind

if TYPE_CHECKING:
    from packager.golden import Goldens


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
    """One input or output in the generated code.

    ``quantization`` says in words what the integers stand for. ``scale`` and what follows it mean something only
    for a tensor that is among the context's quantized ones.
    """

    index: int
    name: str
    pascal: str
    title: str
    description: str
    has_description: bool
    dtype: str
    array: str
    put_view: str
    narrow: str
    is_float: bool
    is_bool: bool
    is_unsigned: bool
    is_bytes: bool
    shape: str
    size: int
    byte_size: int
    quantization: str
    scale: float
    zero_point: int
    minus_zero_point: str
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Context:
    """What the templates of the android target use."""

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
    is_classifier: bool
    # An image classifier.
    label_count: int
    width: int
    height: int
    channels: int
    is_gray: bool
    pixel_format: str
    is_stretch: bool
    is_center_crop: bool
    is_letterbox: bool
    input_dtype: str
    input_bytes: int
    is_float_input: bool
    output_dtype: str
    output_item: str
    has_output_view: bool
    output_view: str
    is_float_output: bool
    is_integer_output: bool
    is_unsigned_output: bool
    is_signed_output: bool
    output_scale: float
    output_zero_point: int
    difference_unit: str
    tolerance_key: str
    # A plain tensor model.
    inputs: tuple[TensorContext, ...]
    outputs: tuple[TensorContext, ...]
    quantized_inputs: tuple[TensorContext, ...]
    quantized_outputs: tuple[TensorContext, ...]
    has_bool_input: bool
    has_quantized_inputs: bool
    has_one_output: bool
    has_many_outputs: bool
    result_type: str
    has_state: bool
    # Each way to hold a tensor that needs a helper, once.
    output_kinds: tuple[Kind, ...]
    difference_kinds: tuple[Kind, ...]
    decoded_kinds: tuple[Kind, ...]
    has_decoded_buffers: bool
    has_numbers: bool


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    from packager.golden import litert_tolerance

    project = project_name(annotated, options)
    name = SnakeName.of(project)
    with about(Setting(Options, "package")):
        package = PackageName.parse(options.package or f"com.example.{name}")
    image, score = image_of(annotated), annotated.outputs[0].tensor
    score_kind = _KINDS[score.dtype]
    golden = goldens.sets[Runtime.LITERT_REFERENCE]
    # What the class itself calls so must not be hidden by a parameter.
    inputs = _tensors(annotated.inputs, ("interpreter", "inputBuffers"), None)
    # The file tells nothing of the shape of some outputs (those of a detection); the runs do.
    shapes = [{case.outputs[index].shape for case in golden.cases} for index in range(len(annotated.outputs))]
    outputs = _tensors(annotated.outputs, (), shapes)
    output_kinds = [_KINDS[output.dtype] for output in outputs]
    decoded = [_KINDS[tensor.dtype] for tensor in (*inputs, *outputs) if not tensor.is_bytes]
    quantized_inputs = tuple(tensor for tensor in inputs if tensor.quantization)
    class_name = _class_name(project, is_classifier(annotated))
    return Context(
        name=name,
        class_name=class_name,
        package=package,
        package_path=package.replace(".", "/"),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        has_description=bool(annotated.metadata.description),
        model_file=annotated.model.path.name,
        model_sha256=annotated.model.sha256,
        golden_runtime=golden.runtime,
        tolerance_text=_tolerance_text(litert_tolerance(annotated.model, golden), outputs),
        is_classifier=is_classifier(annotated),
        label_count=len(annotated.labels),
        width=0 if image is None else image.width,
        height=0 if image is None else image.height,
        channels=0 if image is None else image.channels,
        is_gray=image is not None and image.channels == 1,
        pixel_format="gray" if image is not None and image.channels == 1 else "RGB",
        is_stretch=image is not None and image.crop is CropMode.STRETCH,
        is_center_crop=image is not None and image.crop is CropMode.CENTER_CROP,
        is_letterbox=image is not None and image.crop is CropMode.LETTERBOX,
        input_dtype="" if image is None else image.tensor.dtype,
        input_bytes=0 if image is None else inputs[0].byte_size,
        is_float_input=image is not None and _KINDS[image.tensor.dtype].is_float,
        output_dtype=score.dtype,
        output_item="Byte" if score_kind.is_bool else score_kind.item,
        has_output_view=bool(score_kind.view),
        output_view=score_kind.view,
        is_float_output=score_kind.is_float,
        is_integer_output=not score_kind.is_float,
        is_unsigned_output=score_kind.is_unsigned,
        is_signed_output=not score_kind.is_float and not score_kind.is_unsigned,
        output_scale=score.quantization.scale if score.quantization else 1.0,
        output_zero_point=score.quantization.zero_point if score.quantization else 0,
        difference_unit="real numbers" if score_kind.is_float else f"steps of the {score.dtype} output",
        tolerance_key="absolute" if score_kind.is_float else "counts",
        inputs=inputs,
        outputs=outputs,
        quantized_inputs=quantized_inputs,
        quantized_outputs=tuple(tensor for tensor in outputs if tensor.quantization),
        has_bool_input=any(tensor.is_bool for tensor in inputs),
        has_quantized_inputs=bool(quantized_inputs),
        has_one_output=len(outputs) == 1,
        has_many_outputs=len(outputs) != 1,
        result_type=outputs[0].array if len(outputs) == 1 else "Outputs",
        has_state=any(tensor.is_variable for graph in annotated.model.subgraphs for tensor in graph.tensors),
        output_kinds=_once(output_kinds, lambda kind: kind.array),
        # int8, int16… share what compares signed integers only where Kotlin holds them in the same type.
        difference_kinds=_once(output_kinds, lambda kind: kind.item + str(kind.is_unsigned)),
        decoded_kinds=_once(decoded, lambda kind: kind.array),
        has_decoded_buffers=any(not kind.is_bool for kind in decoded),
        has_numbers=any(not kind.is_bool for kind in output_kinds),
    )


def _tolerance_text(tolerance: Tolerance, outputs: tuple[TensorContext, ...]) -> str:
    texts = []
    if not all(output.is_float for output in outputs):
        texts.append(f"{tolerance.counts} steps for integers")
    if any(output.is_float for output in outputs):
        texts.append(f"{tolerance.absolute:g} for floats")
    return " and ".join(texts)


def _class_name(name: str, is_classifier: bool) -> PascalName:
    """``DigitsClassifier`` or ``SineModel``: with such an ending it is no class that the generated code imports."""
    pascal = PascalName.of(name)
    ending = "Classifier" if is_classifier else "Model"
    return pascal if pascal.endswith(ending) else PascalName(pascal + ending)


def _tensors(
    ports: tuple[Port, ...], taken: tuple[str, ...], shapes: list[set[tuple[int, ...]]] | None
) -> tuple[TensorContext, ...]:
    names = unique([*taken, *(camel_case(port.name) for port in ports)], "")[len(taken) :]
    return tuple(
        _tensor(index, name, port, {port.tensor.shape} if shapes is None else shapes[index])
        for index, (name, port) in enumerate(zip(names, ports, strict=True))
    )


def _tensor(index: int, name: str, port: Port, shapes: set[tuple[int, ...]]) -> TensorContext:
    tensor, kind = port.tensor, _KINDS[port.tensor.dtype]
    quantization = tensor.quantization if _has_real_values(tensor) else None
    scale, zero_point = (1.0, 0) if quantization is None else (quantization.scale, quantization.zero_point)
    minus = "" if zero_point == 0 else f" - {zero_point}" if zero_point > 0 else f" + {-zero_point}"
    item = f"(item{minus})" if minus else "item"
    bits = 8 * kind.item_bytes
    return TensorContext(
        index=index,
        name=name,
        pascal=name[0].upper() + name[1:],
        title=port.title,
        description=port.description,
        has_description=bool(port.description),
        dtype=tensor.dtype,
        array=kind.array,
        put_view=kind.put_view,
        narrow=kind.narrow,
        is_float=kind.is_float,
        is_bool=kind.is_bool,
        is_unsigned=kind.is_unsigned,
        is_bytes=kind.is_bytes,
        shape=str(list(next(iter(shapes)))) if len(shapes) == 1 else "of a shape that depends on the input",
        size=tensor.size,
        byte_size=tensor.size * kind.item_bytes,
        quantization="" if quantization is None else f", real number = {float32(scale)} * {item}",
        scale=scale,
        zero_point=zero_point,
        minus_zero_point=minus,
        minimum=0 if kind.is_unsigned else -(1 << (bits - 1)),
        maximum=(1 << bits) - 1 if kind.is_unsigned else (1 << (bits - 1)) - 1,
    )


def _has_real_values(tensor: Tensor) -> bool:
    quantization = tensor.quantization
    return (
        quantization is not None
        and tensor.dtype in ("int8", "uint8", "int16", "int32")
        and quantization.axis is None
        and math.isfinite(quantization.scale)
        and quantization.scale > 0
    )


def _once(kinds: Sequence[Kind], key: Callable[[Kind], str]) -> tuple[Kind, ...]:
    return tuple({key(kind): kind for kind in reversed(kinds)}.values())[::-1]


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import golden_files, litert_tolerance

    files = {f"src/main/assets/{context.name}/{name}": data for name, data in asset_files(annotated).items()}
    golden_set = goldens.sets[Runtime.LITERT_REFERENCE]
    golden = golden_files(annotated, golden_set, litert_tolerance(annotated.model, golden_set))
    files.update({f"src/androidTest/assets/{context.name}_golden/{name}": data for name, data in golden.items()})
    return files


def _next_steps(context: Context) -> tuple[str, ...]:
    return (
        f"copy the folder into your app's project as {context.name}/",
        f'in settings.gradle.kts: include(":{context.name}")',
        f'in the app\'s build.gradle.kts: implementation(project(":{context.name}"))',
        f"./gradlew :{context.name}:connectedAndroidTest",
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
    layers=lambda context: ("android/common", "android/classifier" if context.is_classifier else "android/tensors"),
    extra_files=_extra_files,
    next_steps=_next_steps,
)
