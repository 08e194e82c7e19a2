"""The iOS target: a Swift package that is a CocoaPod too, on TensorFlow Lite's C API.

The C API because the pod TensorFlowLiteSwift has no int8 tensors; two ways to add it to an app because there is
no official Swift package of the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError
from packager.model import Tensor
from packager.render.naming import PascalName, camel_case, unique
from packager.runtimes import Runtime
from packager.settings import Example, Setting
from packager.targets.litert import asset_files, mobile_problems
from packager.targets.target import Target, find_further_outputs, project_name, task_layers
from packager.targets.versions import pinned
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, InputKind, Resize

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput

# What a module must not be called by. Modules of Apple's that apps import, or that this package itself does: two
# modules of one name cannot be used together.
_MODULES = frozenset(
    """
    Accelerate Accounts ActivityKit AppIntents AppKit ARKit AudioToolbox AVFAudio AVFoundation AVKit BackgroundTasks
    Builtin CallKit CarPlay Charts CloudKit Cocoa Combine Compression Contacts CoreAudio CoreBluetooth CoreData
    CoreFoundation CoreGraphics CoreHaptics CoreImage CoreLocation CoreMedia CoreML CoreMotion CoreNFC CoreSpotlight
    CoreTelephony CoreText CoreVideo CreateML CryptoKit Cxx CxxStdlib Darwin DeviceCheck Dispatch Distributed EventKit
    Foundation GameController GameKit GameplayKit Glibc HealthKit HomeKit ImageIO Intents IOKit JavaScriptCore
    LocalAuthentication MapKit Matter MediaPlayer Messages MessageUI Metal MetalKit MetricKit MLCompute ModelIO
    MultipeerConnectivity Musl NaturalLanguage NearbyInteraction Network NetworkExtension NotificationCenter
    ObjectiveC Observation OS OSLog PackageDescription PassKit PDFKit PencilKit Photos PhotosUI PushKit QuartzCore
    QuickLook RealityKit RegexBuilder ReplayKit RoomPlan SafariServices SceneKit ScreenTime Security SensorKit
    ShazamKit SIMD Social SoundAnalysis Spatial Speech SpriteKit StoreKit Swift SwiftData SwiftShims SwiftUI Symbols
    Synchronization SystemConfiguration TabularData TensorFlowLite TensorFlowLiteC TensorFlowLiteSwift Testing TipKit
    Translation UIKit UniformTypeIdentifiers UserNotifications VideoToolbox Vision VisionKit WatchKit WeatherKit
    WebKit WidgetKit XCTest
    """.lower().split()
)
# Types of the standard library, of Foundation and of UIKit that code around this package names: with a module of the
# same name, `URL.x` would mean either.
_TYPES = frozenset(
    """
    Actor AffineTransform AnyHashable AnyObject Array ArraySlice Atomic AttributedString BlockOperation Bool Bug
    Bundle Calendar Character CharacterSet Clock Codable CodingKey Collection Color Comment Comparable ConditionTrait
    Data Date DateComponents DateFormatter DateInterval Decimal Decodable Decoder Dictionary Dimension Double Duration
    Encodable Encoder Equatable Error Executor Expectation FileHandle FileManager FileWrapper Float Float16 Formatter
    Hashable Hasher Host Identifiable IndexPath IndexSet InputStream Int Int8 Int16 Int32 Int64 Int128 Issue
    IteratorProtocol Job JSONDecoder JSONEncoder JSONSerialization KeyPath Locale MainActor Measurement MemoryLayout
    Mirror Morphology Mutex Never Notification NumberFormatter Numeric ObjectIdentifier Observable Operation
    OperationQueue Optional OutputStream Pipe Port Predicate Process ProcessInfo Progress PropertyListDecoder
    PropertyListEncoder Range RangeSet Regex Result RunLoop Scanner Sendable Sequence Set Slice SortDescriptor
    SourceLocation Stream Strideable String Substring Tag Task TaskGroup Test Thread TimeInterval Timer TimeZone Trait
    UInt UInt8 UInt16 UInt32 UInt64 UInt128 UndoManager Unicode Unit Unmanaged URL URLComponents URLQueryItem
    URLRequest URLResponse URLSession UserDefaults UUID View Void
    CGFloat CGImage CGPoint CGRect CGSize UIColor UIImage UIView UIViewController
    """.lower().split()
)
# With Error, Model or Classifier behind them, these are types of Apple's.
_BEGINNINGS = frozenset(
    """
    AR ASAuthorization AV BG Cancellation CK CL CN Cocoa CoreML CustomNS CX Decoding EK Encoding ExpectationFailed GK
    HK HM IN LA Localized Mach MC MK ML MLImage MLSound MLText MP NI NL NW ObjC PHPhotos POSIX Recoverable SK SN TK
    URL VN VNCoreML VT WK XCTest
    """.lower().split()
)
_ITEMS = {
    "float32": "Float",
    "int8": "Int8",
    "uint8": "UInt8",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "Int64",
    "bool": "Bool",
}


@dataclass(frozen=True)
class Options:
    """What the iOS project may be told."""

    name: str = field(default="", metadata={"help": "Name of the module; the model's name if not given."})
    deployment_target: str = field(default="13.0", metadata={"help": "Oldest iOS that the package supports."})


@dataclass(frozen=True)
class QuantizationContext:
    """How a tensor's integers stand for real numbers."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class ConstantContext(QuantizationContext):
    """A quantization that code keeps under a ``name``."""

    name: str


@dataclass(frozen=True)
class PortContext:
    """An input or output of a plain tensor model.

    ``item`` is the Swift type of the tensor's items as bytes, ``swift_type`` that of the typed API: ``Float`` for
    a quantized tensor. ``constant`` is the name of its quantization, and ``separator`` follows the port in a list of
    arguments.
    """

    name: str
    title: str
    has_title: bool
    description: str
    has_description: bool
    meaning: str
    item: str
    swift_type: str
    constant: str | None
    separator: str


@dataclass(frozen=True)
class InputPortContext(PortContext):
    """``example`` is an array of the right size; ``array_separator`` follows it in an array literal of many lines."""

    example: str
    array_separator: str


@dataclass(frozen=True)
class OutputPortContext(PortContext):
    """``index`` is its place among the outputs."""

    index: int
    is_bool: bool


@dataclass(frozen=True)
class RawOutputContext:
    """An output as the self-test reads it; ``separator`` follows it in an array literal."""

    name: str
    item: str
    separator: str


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    tensorflow_lite_c: str
    tensorflow_lite_c_newest: str
    tensorflow_lite_c_url: str
    tensorflow_lite_c_sha256: str


@dataclass(frozen=True)
class ProjectContext:
    """Names, and what is true of the model whatever its task.

    ``reads_assets`` and ``reads_arrays`` tell whether code needs another file than the model, and a tensor's items.
    """

    module: str
    type_name: str
    error_name: str
    self_test_imports: tuple[str, ...]
    title: str
    description: str
    has_description: bool
    deployment_target: str
    outputs: tuple[RawOutputContext, ...]
    reads_assets: bool
    reads_arrays: bool
    has_quantization: bool
    has_quantized_input: bool
    has_quantized_output: bool
    has_float_output: bool
    has_integer_output: bool
    golden_runtime: str
    golden_cases: str
    versions: VersionsContext


@dataclass(frozen=True)
class LetterboxContext:
    """What is around a letterboxed picture: ``pad`` in each channel, in words ``colour``."""

    pad: int
    colour: str


@dataclass(frozen=True)
class ImageContext:
    """The picture that the model takes."""

    kind = InputKind.IMAGE

    width: int
    height: int
    channels: int
    item: str
    table_size: int
    is_gray: bool
    is_stretch: bool
    is_center_crop: bool
    letterbox: LetterboxContext | None
    is_bgr: bool
    io_imports: tuple[str, ...]


@dataclass(frozen=True)
class InputsContext:
    """The tensors that the model takes."""

    kind = InputKind.TENSORS

    ports: tuple[InputPortContext, ...]
    has_one: bool
    constants: tuple[ConstantContext, ...]


@dataclass(frozen=True)
class ClassesContext:
    """The scores that the model gives: ``item`` is the Swift type of its output's items.

    ``numbers`` is what code calls these items: ``scores``, or ``logits`` where an activation makes scores of them.
    """

    kind = AnswerKind.CLASSES

    class_count: int
    item: str
    is_float: bool
    quantization: QuantizationContext | None
    numbers: str
    is_softmax: bool
    is_sigmoid: bool
    threshold: float | None


@dataclass(frozen=True)
class OutputsContext:
    """The tensors that the model gives."""

    kind = AnswerKind.TENSORS

    ports: tuple[OutputPortContext, ...]
    constants: tuple[ConstantContext, ...]


@dataclass(frozen=True)
class Context:
    """What the templates place."""

    project: ProjectContext
    input: ImageContext | InputsContext
    answer: ClassesContext | OutputsContext


def _module_name(options: Options, annotated: AnnotatedModel) -> PascalName:
    name = PascalName.of(project_name(annotated, options))
    # NS is how all of Foundation's older names begin, also those of its error codes.
    is_taken = name.lower() in _MODULES | _TYPES | _BEGINNINGS or re.match(r"NS(?![a-z])", name)
    return PascalName(name + "Net") if is_taken else name


def _type_name(module: str, answer: AnswerKind) -> str:
    # A type must not bear the name of its module: Swift could then no longer name anything else in the module.
    first, second = ("Classifier", "Model") if answer is AnswerKind.CLASSES else ("Model", "Runner")
    return module + (second if module.endswith(first) else first)


def _raw_item(tensor: Tensor) -> str:
    # Bytes of a tensor are read as integers: a Bool made of any other byte than 0 and 1 is undefined.
    return "UInt8" if tensor.dtype == "bool" else _ITEMS[tensor.dtype]


def _port(port: Port, name: str, constant: str, *, is_last: bool) -> PortContext:
    tensor = port.tensor
    item = _ITEMS[tensor.dtype]
    is_quantized = tensor.affine is not None
    kind = "truth values" if tensor.dtype == "bool" else "numbers"
    shape = " x ".join(map(str, tensor.shape)) + " " if tensor.shape else ""
    return PortContext(
        name=name,
        title=port.title,
        has_title=port.title != name,
        description=port.description,
        has_description=bool(port.description),
        meaning=shape + (f"real numbers, {item} in the model" if is_quantized else kind),
        item=_raw_item(tensor),
        swift_type="Float" if is_quantized else item,
        constant=constant if is_quantized else None,
        separator="" if is_last else ",",
    )


def _ports(ports: tuple[Port, ...], constants: Sequence[str]) -> tuple[PortContext, ...]:
    names = unique([camel_case(port.name) for port in ports], "")
    return tuple(
        _port(port, name, constant, is_last=port is ports[-1])
        for port, name, constant in zip(ports, names, constants, strict=True)
    )


def _constants(ports: tuple[Port, ...], names: Sequence[str]) -> tuple[ConstantContext, ...]:
    found = ((port.tensor.affine, name) for port, name in zip(ports, names, strict=True))
    return tuple(ConstantContext(one.scale, one.zero_point, name) for one, name in found if one is not None)


def _inputs(ports: tuple[Port, ...], constants: Sequence[str]) -> InputsContext:
    found = []
    for port, context in zip(ports, _ports(ports, constants), strict=True):
        zero = "false" if context.swift_type == "Bool" else "0"
        example = f"[{context.swift_type}](repeating: {zero}, count: {port.tensor.size})"
        found.append(InputPortContext(**vars(context), example=example, array_separator=_array_separator(ports)))
    return InputsContext(tuple(found), len(ports) == 1, _constants(ports, constants))


def _array_separator(ports: tuple[Port, ...]) -> str:
    # As swift-format has it: a comma behind the last of several items, none behind a single one.
    return "" if len(ports) == 1 else ","


def _raw_outputs(ports: tuple[Port, ...]) -> tuple[RawOutputContext, ...]:
    names = unique([camel_case(port.name) for port in ports], "")
    return tuple(
        RawOutputContext(name, _raw_item(port.tensor), _array_separator(ports))
        for port, name in zip(ports, names, strict=True)
    )


def _outputs(ports: tuple[Port, ...], constants: Sequence[str]) -> OutputsContext:
    found = (
        OutputPortContext(**vars(context), index=index, is_bool=port.tensor.dtype == "bool")
        for index, (port, context) in enumerate(zip(ports, _ports(ports, constants), strict=True))
    )
    return OutputsContext(tuple(found), _constants(ports, constants))


def _image(image: ImageInput, module: str) -> ImageContext:
    return ImageContext(
        width=image.width,
        height=image.height,
        channels=image.channels,
        item=_ITEMS[image.tensor.dtype],
        table_size=image.channels * 256,
        is_gray=image.channels == 1,
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        letterbox=LetterboxContext(image.pad, f"the gray {image.pad}" if image.pad else "black")
        if image.crop is CropMode.LETTERBOX
        else None,
        is_bgr=image.order is ChannelOrder.BGR and image.channels == 3,
        # In swift-format's order.
        io_imports=tuple(sorted(("Foundation", "ImageIO", module))),
    )


def _classes(classes: Classes) -> ClassesContext:
    tensor = classes.tensor
    affine = tensor.affine
    return ClassesContext(
        class_count=len(classes.labels.default),
        item=_raw_item(tensor),
        is_float=tensor.dtype == "float32",
        quantization=None if affine is None else QuantizationContext(affine.scale, affine.zero_point),
        numbers="scores" if classes.activation is Activation.NONE else "logits",
        is_softmax=classes.activation is Activation.SOFTMAX,
        is_sigmoid=classes.activation is Activation.SIGMOID,
        threshold=classes.threshold or None,
    )


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput

    if not re.fullmatch(r"[0-9]{2}(\.[0-9]{1,2})?", options.deployment_target) or options.deployment_target < "12":
        setting = Setting(Options, "deployment_target")
        raise ConfigError(
            (setting, f" is {options.deployment_target!r}, which is no version of iOS that TensorFlow Lite supports"),
            fix=("Write 12.0 or newer, such as ", Example.of((setting, "13.0"))),
            about=setting,
        )
    module = _module_name(options, annotated)
    ports = (*annotated.inputs, *annotated.outputs)
    constants = unique([camel_case(port.name) + "Quantization" for port in ports], "")
    first_output = len(annotated.inputs)
    given, answer = annotated.input, annotated.answer
    takes_picture, has_classes = isinstance(given, ImageInput), isinstance(answer, Classes)
    # Pictures become integers by a table.
    has_quantized_input = not takes_picture and any(port.tensor.affine for port in annotated.inputs)
    has_quantized_output = any(port.tensor.affine for port in annotated.outputs)
    output_dtypes = [port.tensor.dtype for port in annotated.outputs]
    description = annotated.metadata.description
    golden = goldens.sets[Runtime.LITERT_REFERENCE]
    project = ProjectContext(
        module=module,
        type_name=_type_name(module, answer.kind),
        error_name=f"{module}Error",
        # In swift-format's order.
        self_test_imports=tuple(sorted(("Foundation", module))),
        title=annotated.title(options.name),
        description=description,
        has_description=bool(description),
        deployment_target=options.deployment_target,
        outputs=_raw_outputs(annotated.outputs),
        reads_assets=takes_picture or has_classes,
        reads_arrays=takes_picture or any(dtype != "bool" for dtype in output_dtypes),
        has_quantization=has_quantized_input or has_quantized_output,
        has_quantized_input=has_quantized_input,
        has_quantized_output=has_quantized_output,
        has_float_output=any(dtype == "float32" for dtype in output_dtypes),
        has_integer_output=any(dtype != "float32" for dtype in output_dtypes),
        versions=VersionsContext(**pinned("ios")),
        golden_runtime=golden.runtime,
        golden_cases="1 golden case" if len(golden.cases) == 1 else f"{len(golden.cases)} golden cases",
    )
    return Context(
        project,
        _image(given, module)
        if isinstance(given, ImageInput)
        else _inputs(annotated.inputs, constants[:first_output]),
        _classes(answer) if isinstance(answer, Classes) else _outputs(annotated.outputs, constants[first_output:]),
    )


def _find_lack(annotated: AnnotatedModel) -> str | None:
    from packager.tasks.image import ImageInput

    given = annotated.input
    if isinstance(given, ImageInput) and given.resize is Resize.BILINEAR:
        return "has no bilinear resize"
    if isinstance(given, ImageInput) and given.is_planar:
        return "takes no pictures of [1, channels, height, width]"
    return find_further_outputs(annotated)


def _layers(context: Context) -> tuple[str, ...]:
    layers = task_layers("ios", context.input.kind, context.answer.kind)
    return (*layers, "ios/quantized") if context.project.has_quantization else layers


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import golden_files

    assets = f"Sources/{context.project.module}/Assets"
    golden = f"Tests/{context.project.module}Tests/Golden"
    golden_set = goldens.sets[Runtime.LITERT_REFERENCE]
    cases = golden_files(annotated, golden_set)
    return {
        **{f"{assets}/{name}": content for name, content in asset_files(annotated).items()},
        **{f"{golden}/{name}": content for name, content in cases.items()},
    }


def _next_steps(context: Context) -> tuple[str, ...]:
    return (
        f"Add to your app's Podfile: pod '{context.project.module}', :path => 'PATH', :testspecs => ['Tests']",
        "Run pod install, then the self-test: its scheme's Test in Xcode. README.md has the Swift package way.",
    )


TARGET = Target(
    name="ios",
    title="iOS",
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
