"""The iOS target: a Swift package that is a CocoaPod too, on TensorFlow Lite's C API.

The C API because the pod TensorFlowLiteSwift has no int8 tensors; two ways to add it to an app because there is
no official Swift package of the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port, asset_files
from packager.errors import ConfigError
from packager.render.naming import PascalName, camel_case, unique
from packager.runtimes import Runtime
from packager.settings import Example, Setting
from packager.targets.target import Target, image_of, is_classifier, mobile_problems, project_name
from packager.tasks import AnswerKind, CropMode, InputKind

if TYPE_CHECKING:
    from packager.golden import Goldens

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
class PortContext:
    """One input or output of a plain tensor model.

    ``item`` is the Swift type of the tensor's items as bytes, ``swift_type`` that of the typed API: ``Float`` for
    a quantized tensor. ``constant`` names its quantization, ``tolerance`` is a Swift expression, ``example`` an
    array of the right size, ``separator`` follows the port in a list of arguments and
    ``array_separator`` in an array literal of several lines.
    """

    index: int
    name: str
    title: str
    has_title: bool
    description: str
    has_description: bool
    meaning: str
    item: str
    swift_type: str
    is_quantized: bool
    is_bool: bool
    is_float: bool
    constant: str
    scale: float
    zero_point: int
    tolerance: str
    example: str
    separator: str
    array_separator: str


@dataclass(frozen=True)
class Context:
    """What the templates place.

    ``inputs`` and ``outputs`` describe plain tensors and classifiers alike; the fields that start with ``image``
    and ``output`` are None for a model that takes plain tensors.
    """

    module: str
    type_name: str
    error_name: str
    self_test_imports: tuple[str, ...]
    image_io_imports: tuple[str, ...]
    title: str
    description: str
    has_description: bool
    deployment_target: str
    is_classifier: bool
    inputs: tuple[PortContext, ...]
    outputs: tuple[PortContext, ...]
    has_one_input: bool
    quantized: tuple[PortContext, ...]
    has_quantization: bool
    has_quantized_input: bool
    has_quantized_output: bool
    has_float_output: bool
    has_integer_output: bool
    reads_arrays: bool
    golden_runtime: str
    golden_cases: str
    tolerance_counts: int
    tolerance_absolute: float
    image_width: int | None
    image_height: int | None
    image_channels: int | None
    image_item: str | None
    table_size: int | None
    is_gray: bool
    is_stretch: bool
    is_center_crop: bool
    is_letterbox: bool
    class_count: int | None


def _module_name(options: Options, annotated: AnnotatedModel) -> PascalName:
    name = PascalName.of(project_name(annotated, options))
    # NS is how all of Foundation's older names begin, also those of its error codes.
    is_taken = name.lower() in _MODULES | _TYPES | _BEGINNINGS or re.match(r"NS(?![a-z])", name)
    return PascalName(name + "Net") if is_taken else name


def _type_name(module: str, *, is_classifier: bool) -> str:
    # A type must not bear the name of its module: Swift could then no longer name anything else in the module.
    first, second = ("Classifier", "Model") if is_classifier else ("Model", "Runner")
    return module + (second if module.endswith(first) else first)


def _ports(ports: tuple[Port, ...], constants: dict[tuple[str, int], str], side: str) -> tuple[PortContext, ...]:
    names = unique([camel_case(port.name) for port in ports], "")
    return tuple(
        _port(index, port, name, constants[side, index], is_last=index == len(ports) - 1)
        for index, (port, name) in enumerate(zip(ports, names, strict=True))
    )


def _port(index: int, port: Port, name: str, constant: str, *, is_last: bool) -> PortContext:
    tensor = port.tensor
    is_bool, is_float = tensor.dtype == "bool", tensor.dtype == "float32"
    quantization = None if is_bool or is_float else tensor.quantization
    item = _ITEMS[tensor.dtype]
    swift_type = item if quantization is None else "Float"
    kind = "truth values" if is_bool else "numbers" if quantization is None else f"real numbers, {item} in the model"
    shape = " x ".join(map(str, tensor.shape)) + " " if tensor.shape else ""
    return PortContext(
        index=index,
        name=name,
        title=port.title,
        has_title=port.title != name,
        description=port.description,
        has_description=bool(port.description),
        meaning=shape + kind,
        # Bytes of a tensor are read as integers: a Bool made of any other byte than 0 and 1 is undefined.
        item="UInt8" if is_bool else item,
        swift_type=swift_type,
        is_quantized=quantization is not None,
        is_bool=is_bool,
        is_float=is_float,
        constant=constant,
        scale=1.0 if quantization is None else quantization.scale,
        zero_point=0 if quantization is None else quantization.zero_point,
        # Integers without quantization are indices, counts, truth values: nothing that may be off by some steps.
        tolerance="golden.tolerance.absolute"
        if is_float
        else "0"
        if quantization is None
        else "golden.tolerance.counts",
        example=f"[{swift_type}](repeating: {'false' if is_bool else '0'}, count: {tensor.size})",
        separator="" if is_last else ",",
        # As swift-format has it: a comma behind the last of several items, none behind a single one.
        array_separator="" if is_last and index == 0 else ",",
    )


def _constants(annotated: AnnotatedModel) -> dict[tuple[str, int], str]:
    keys = [
        (side, index)
        for side, ports in (("input", annotated.inputs), ("output", annotated.outputs))
        for index in range(len(ports))
    ]
    ports = [*annotated.inputs, *annotated.outputs]
    names = unique([camel_case(port.name) + "Quantization" for port in ports], "")
    return dict(zip(keys, names, strict=True))


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    from packager.golden import litert_tolerance

    if not re.fullmatch(r"[0-9]{2}(\.[0-9]{1,2})?", options.deployment_target) or options.deployment_target < "12":
        setting = Setting(Options, "deployment_target")
        raise ConfigError(
            (setting, f" is {options.deployment_target!r}, which is no version of iOS that TensorFlow Lite supports"),
            fix=("Write 12.0 or newer, such as ", Example.of((setting, "13.0"))),
            about=setting,
        )
    module = _module_name(options, annotated)
    constants = _constants(annotated)
    inputs = _ports(annotated.inputs, constants, "input")
    outputs = _ports(annotated.outputs, constants, "output")
    image = image_of(annotated)
    description = annotated.metadata.description
    golden = goldens.sets[Runtime.LITERT_REFERENCE]
    allowed = litert_tolerance(annotated.model, golden)
    classifier = is_classifier(annotated)
    quantized_inputs = () if classifier else tuple(port for port in inputs if port.is_quantized)
    quantized_outputs = tuple(port for port in outputs if port.is_quantized)
    return Context(
        module=module,
        type_name=_type_name(module, is_classifier=classifier),
        error_name=f"{module}Error",
        # In swift-format's order.
        self_test_imports=tuple(sorted(("Foundation", module))),
        image_io_imports=tuple(sorted(("Foundation", "ImageIO", module))),
        title=annotated.title(options.name),
        description=description,
        has_description=bool(description),
        deployment_target=options.deployment_target,
        is_classifier=classifier,
        inputs=inputs,
        outputs=outputs,
        has_one_input=len(inputs) == 1,
        quantized=quantized_inputs + quantized_outputs,
        has_quantization=bool(quantized_inputs or quantized_outputs),
        has_quantized_input=bool(quantized_inputs),
        has_quantized_output=bool(quantized_outputs),
        has_float_output=any(port.item == "Float" for port in outputs),
        has_integer_output=any(port.item != "Float" for port in outputs),
        reads_arrays=classifier or any(not port.is_bool for port in outputs),
        golden_runtime=golden.runtime,
        golden_cases="1 golden case" if len(golden.cases) == 1 else f"{len(golden.cases)} golden cases",
        tolerance_counts=allowed.counts,
        tolerance_absolute=allowed.absolute,
        image_width=None if image is None else image.width,
        image_height=None if image is None else image.height,
        image_channels=None if image is None else image.channels,
        image_item=None if image is None else _ITEMS[image.tensor.dtype],
        table_size=None if image is None else image.channels * 256,
        is_gray=image is not None and image.channels == 1,
        is_stretch=image is not None and image.crop is CropMode.STRETCH,
        is_center_crop=image is not None and image.crop is CropMode.CENTER_CROP,
        is_letterbox=image is not None and image.crop is CropMode.LETTERBOX,
        class_count=len(annotated.labels) if classifier else None,
    )


def _layers(context: Context) -> tuple[str, ...]:
    kind = "ios/image" if context.is_classifier else "ios/tensors"
    return ("ios/common", kind, "ios/quantized") if context.has_quantization else ("ios/common", kind)


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import golden_files, litert_tolerance

    assets = f"Sources/{context.module}/Assets"
    golden = f"Tests/{context.module}Tests/Golden"
    golden_set = goldens.sets[Runtime.LITERT_REFERENCE]
    cases = golden_files(annotated, golden_set, litert_tolerance(annotated.model, golden_set))
    return {
        **{f"{assets}/{name}": content for name, content in asset_files(annotated).items()},
        **{f"{golden}/{name}": content for name, content in cases.items()},
    }


def _next_steps(context: Context) -> tuple[str, ...]:
    return (
        f"Add to your app's Podfile: pod '{context.module}', :path => 'PATH', :testspecs => ['Tests']",
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
)
