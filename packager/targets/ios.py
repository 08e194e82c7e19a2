"""The iOS target: a Swift package that is a CocoaPod too, on TensorFlow Lite's C API.

The C API because the pod TensorFlowLiteSwift has no int8 tensors; two ways to add it to an app because there is
no official Swift package of the runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError
from packager.model import Model, Tensor
from packager.render.literals import float32
from packager.render.naming import PascalName, unique
from packager.runtimes import Runtime
from packager.settings import Example, Setting
from packager.targets import mobile
from packager.targets.ios_app import AppContext, app_layers, build_app
from packager.targets.litert import mobile_problems, shipped_labels, worded_asset_files
from packager.targets.target import Enclosure, Target, project_name
from packager.targets.versions import pinned
from packager.tasks import AnswerKind, ChannelOrder, CropMode, Head, InputKind, Resize

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.audio import AudioInput
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.image import ImageInput
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask
    from packager.tasks.text import TextInput

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
# Types of the package itself: a module of such a name could not be named in it.
_OWN_TYPES = frozenset(
    """
    AnswerReader Assets Axis BestScores Canvas CellObjects GoldenCases Labels Locked ModelFile PackedRows PixelRows
    Placement PortableSHA256 Preprocessor RealNumbers ResizeWeights RowLayout Runner Scratch Session Suppression
    Tokenizer Vocabulary WantedLabels YUVRows
    """.lower().split()
)
# With Error, Model or Classifier behind them, these are types of Apple's.
_BEGINNINGS = frozenset(
    """
    AR ASAuthorization AV BG Cancellation CI CK CL CN Cocoa CoreML CustomNS CX Decoding EK Encoding ExpectationFailed
    GK HK HM IN LA Localized Mach MC MK ML MLImage MLSound MLText MP NI NL NW ObjC PHPhotos POSIX Recoverable SK SN TK
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
    app: bool = field(
        default=False,
        metadata={"help": "Also an app to try the model, in a project for Xcode.", "option": "with_app"},
    )


@dataclass(frozen=True)
class ArrayContext:
    """An input or output that code takes or gives as an array of ``item``; ``separator`` follows it in a list."""

    name: str
    title: str
    has_title: bool
    description: str
    has_description: bool
    meaning: str
    item: str
    separator: str


@dataclass(frozen=True)
class InputArrayContext(ArrayContext):
    """The input of the number ``index``; ``example`` is Swift for an array of the right size."""

    index: int
    example: str


@dataclass(frozen=True)
class OutputArrayContext(ArrayContext):
    """``reading`` is Swift for what is read from the runner."""

    reading: str


@dataclass(frozen=True)
class QuantizedContext:
    """A quantized input or output, in whose ``function`` real numbers and ``item`` become one another.

    ``real`` is Swift for the Float that ``$0`` stands for, and ``plus_zero_point`` for what is added to steps.
    """

    name: str
    function: str
    item: str
    meaning: str
    scale: float
    plus_zero_point: str
    real: str


@dataclass(frozen=True)
class RawTensorContext:
    """An input or output as golden cases compare it, of ``item``; ``separator`` follows it in an array literal."""

    index: int
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
class LabelsContext:
    """How many labels the package ships, and the locales of their translations."""

    count: int
    locales: tuple[str, ...]


@dataclass(frozen=True)
class ProjectContext:
    """Names, and what is true of the model whatever its task.

    ``purpose`` follows the title, and ``what`` says what goes in and comes out. ``labels`` is None where the answer
    needs none. ``reads_assets`` tells whether code reads another file than the model.
    """

    module: str
    type_name: str
    error_name: str
    title: str
    purpose: str
    what: str
    description: str
    has_description: bool
    deployment_target: str
    model_sha256: str
    inputs: tuple[RawTensorContext, ...]
    outputs: tuple[RawTensorContext, ...]
    labels: LabelsContext | None
    has_locales: bool
    has_state: bool
    reads_assets: bool
    golden_runtime: str
    golden_cases: str
    versions: VersionsContext


@dataclass(frozen=True)
class GivenContext:
    """What of every input is known.

    ``is_made`` is whether it is made of something; golden cases compare it then. ``is_placed`` is whether it matters
    where in the input a picture lies. ``has_frames`` is whether a camera's frames are among the golden cases.
    """

    is_made: bool
    is_placed: bool
    has_frames: bool


@dataclass(frozen=True)
class LetterboxContext:
    """What is around a letterboxed picture: ``pad`` in each channel, in words ``colour``."""

    pad: int
    colour: str


@dataclass(frozen=True)
class ImageContext(GivenContext):
    """The picture that the model takes; ``maps_back`` is whether points of the input become points of the picture."""

    kind = InputKind.IMAGE

    maps_back: bool
    width: int
    height: int
    shape: str
    item: str
    channels: int
    table_size: int
    is_gray: bool
    is_color: bool
    is_stretch: bool
    is_center_crop: bool
    letterbox: LetterboxContext | None
    is_bgr: bool
    is_planar: bool
    is_bilinear: bool
    is_antialias: bool


@dataclass(frozen=True)
class AudioContext(GivenContext):
    """Samples of a sound, ``rate`` a second, in an input of ``item``.

    ``window``, of ``seconds``, and ``hop`` are in samples. ``steps`` is Swift for the real number of steps that a
    sample has as an integer, to which ``plus_zero_point`` adds the item for 0.
    """

    kind = InputKind.AUDIO

    rate: int
    window: int
    hop: int
    seconds: str
    item: str
    is_float: bool
    is_quantized: bool
    steps: str
    plus_zero_point: str


@dataclass(frozen=True)
class TokensContext:
    """One input of a text's tokens, of ``item``, which code calls ``items``.

    ``number`` is Swift for its item of the number ``index``.
    """

    index: int
    items: str
    item: str
    meaning: str
    number: str


@dataclass(frozen=True)
class TextContext(GivenContext, mobile.TextContext):
    """A text."""

    inputs: tuple[TokensContext, ...]


@dataclass(frozen=True)
class ArraysContext(GivenContext):
    """The arrays that the model takes."""

    kind = InputKind.TENSORS

    arrays: tuple[InputArrayContext, ...]
    quantized: tuple[QuantizedContext, ...]


@dataclass(frozen=True)
class OutputContext:
    """An output that is read as real numbers.

    ``reading`` is Swift for these; where they are integers in the model it takes the property ``name``, whose value
    is ``numbers``.
    """

    name: str
    is_integer: bool
    numbers: str
    reading: str


@dataclass(frozen=True)
class AnswerContext(mobile.AnswerContext):
    """``type`` is what the class returns, outside of the class ``scoped_type``."""

    type: str
    scoped_type: str


@dataclass(frozen=True)
class ClassesContext(AnswerContext, mobile.ClassesContext):
    """Classes, in an output of ``item``; ``real`` is Swift for the score or logit of ``index``."""

    item: str
    real: str


@dataclass(frozen=True)
class SsdContext:
    """Which of the outputs of an SSD is which; ``integers`` are those that are none of floats."""

    boxes: OutputContext
    classes: OutputContext
    scores: OutputContext
    count: OutputContext
    integers: tuple[OutputContext, ...]


@dataclass(frozen=True)
class BoxesContext(AnswerContext, mobile.BoxesContext):
    """Detections; ``ssd`` is None for the other heads."""

    output: OutputContext
    ssd: SsdContext | None


@dataclass(frozen=True)
class MaskContext(AnswerContext, mobile.MaskContext):
    """A class for each pixel."""

    output: OutputContext
    item: str


@dataclass(frozen=True)
class KeypointsContext(AnswerContext, mobile.KeypointsContext):
    """Points."""

    output: OutputContext


@dataclass(frozen=True)
class ArraysAnswerContext(AnswerContext):
    """Arrays, as the model gives them; of a picture real numbers, and what they are made of."""

    kind = AnswerKind.TENSORS

    arrays: tuple[OutputArrayContext, ...]
    quantized: tuple[QuantizedContext, ...]
    is_one: bool
    is_many: bool


@dataclass(frozen=True)
class Context:
    """What the templates place."""

    project: ProjectContext
    app: AppContext | None
    input: ImageContext | AudioContext | TextContext | ArraysContext
    answer: ClassesContext | BoxesContext | MaskContext | KeypointsContext | ArraysAnswerContext


def _module_name(options: Options, annotated: AnnotatedModel) -> PascalName:
    name = PascalName.of(project_name(annotated, options))
    # NS is how all of Foundation's older names begin, also those of its error codes.
    is_taken = name.lower() in _MODULES | _TYPES | _OWN_TYPES | _BEGINNINGS or re.match(r"NS(?![a-z])", name)
    return PascalName(name + "Net") if is_taken else name


def _type_name(module: str, input: InputKind, answer: AnswerKind) -> str:
    # A type must not bear the name of its module: Swift could then no longer name anything else in the module.
    ending = mobile.ending(input, answer)
    other = "Runner" if ending == "Model" else "Model"
    return module + (other if module.endswith(ending) else ending)


def _check_options(_model: Model, options: Options) -> None:
    if not re.fullmatch(r"[0-9]{2}(\.[0-9]{1,2})?", options.deployment_target) or options.deployment_target < "13":
        setting = Setting(Options, "deployment_target")
        raise ConfigError(
            (setting, f" is {options.deployment_target!r}, which is no version of iOS that the package supports"),
            fix=("Write 13.0 or newer, such as ", Example.of((setting, "15.0"))),
            about=setting,
        )


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    project = _project(annotated, options, goldens)
    answer = _answer(annotated, goldens, project.type_name)
    context = Context(project=project, app=None, input=_input(annotated), answer=answer)
    return replace(context, app=build_app(context, annotated)) if options.app else context


_GIVENS = {
    InputKind.IMAGE: "pictures",
    InputKind.AUDIO: "sounds",
    InputKind.TEXT: "texts",
    InputKind.TENSORS: "tensors",
}
_RESULTS = {
    AnswerKind.CLASSES: "labels",
    AnswerKind.BOXES: "boxes",
    AnswerKind.MASK: "a class for each pixel",
    AnswerKind.KEYPOINTS: "points",
    AnswerKind.TENSORS: "tensors",
}


def _project(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> ProjectContext:
    module = _module_name(options, annotated)
    given, answer = annotated.input.kind, annotated.answer.kind
    labels = shipped_labels(annotated.answer)
    count = len(labels.get("", ()))
    description = annotated.metadata.description
    golden = goldens.sets[Runtime.LITERT_REFERENCE]
    return ProjectContext(
        module=module,
        type_name=_type_name(module, given, answer),
        error_name=f"{module}Error",
        title=annotated.title(options.name),
        purpose=mobile.purpose(given, answer, count),
        what=f"{_GIVENS[given]} in, {_RESULTS[answer]} out",
        description=description,
        has_description=bool(description),
        deployment_target=options.deployment_target,
        model_sha256=annotated.model.sha256,
        inputs=_raw_tensors(annotated.inputs),
        outputs=_raw_tensors(annotated.outputs),
        labels=LabelsContext(count, tuple(filter(None, labels))) if labels else None,
        has_locales=len(labels) > 1,
        has_state=mobile.has_state(annotated.model),
        reads_assets=bool(labels) or given in (InputKind.IMAGE, InputKind.TEXT),
        versions=VersionsContext(**pinned("ios")),
        golden_runtime=golden.runtime,
        golden_cases="1 golden case" if len(golden.cases) == 1 else f"{len(golden.cases)} golden cases",
    )


def _raw_item(tensor: Tensor) -> str:
    # Bytes of a tensor are read as integers: a Bool made of any other byte than 0 and 1 is undefined.
    return "UInt8" if tensor.dtype == "bool" else _ITEMS[tensor.dtype]


def _raw_tensors(ports: tuple[Port, ...]) -> tuple[RawTensorContext, ...]:
    # As swift-format has it: a comma behind the last of several items, none behind a single one.
    separator = "" if len(ports) == 1 else ","
    return tuple(
        RawTensorContext(index, name, _raw_item(port.tensor), separator)
        for index, (name, port) in enumerate(zip(mobile.port_names(ports), ports, strict=True))
    )


def _input(annotated: AnnotatedModel) -> ImageContext | AudioContext | TextContext | ArraysContext:
    from packager.tasks.audio import AudioInput
    from packager.tasks.image import ImageInput
    from packager.tasks.text import TextInput

    match annotated.input:
        case ImageInput() as image:
            return _image(image, annotated.answer.kind)
        case AudioInput() as audio:
            return _audio(audio)
        case TextInput() as text:
            return _text(text)
        case _:
            return _arrays(annotated)


def _image(image: ImageInput, answer: AnswerKind) -> ImageContext:
    maps_back = answer in (AnswerKind.BOXES, AnswerKind.KEYPOINTS)
    return ImageContext(
        is_made=True,
        is_placed=maps_back or answer is AnswerKind.MASK,
        has_frames=True,
        maps_back=maps_back,
        width=image.width,
        height=image.height,
        channels=image.channels,
        shape=str(list(image.tensor.shape)),
        item=_ITEMS[image.tensor.dtype],
        table_size=image.channels * 256,
        is_gray=image.channels == 1,
        is_color=image.channels == 3,
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        letterbox=LetterboxContext(image.pad, f"the gray {image.pad}" if image.pad else "black")
        if image.crop is CropMode.LETTERBOX
        else None,
        is_bgr=image.order is ChannelOrder.BGR and image.channels == 3,
        is_planar=image.is_planar,
        is_bilinear=image.resize is Resize.BILINEAR,
        is_antialias=image.resize is Resize.ANTIALIAS,
    )


def _audio(audio: AudioInput) -> AudioContext:
    affine = audio.tensor.affine
    return AudioContext(
        is_made=True,
        is_placed=False,
        has_frames=False,
        rate=audio.sample_rate,
        window=audio.window,
        hop=audio.hop,
        seconds=f"{audio.window / audio.sample_rate:.4g}",
        item=_ITEMS[audio.tensor.dtype],
        is_float=audio.tensor.dtype == "float32",
        is_quantized=affine is not None,
        steps="Double(sample) * 32768"
        if affine is None
        else f"Double(sample) / Double({float32(affine.scale)} as Float)",
        plus_zero_point="" if affine is None else _plus(affine.zero_point),
    )


# What each input of a text is called, and holds; and Swift for its item of the number ``index``.
_TOKENS = {
    "ids": (
        "ids",
        "the numbers of its tokens, then padding",
        "{item}(index < count ? numbers[index] : tokenizer.pad)",
    ),
    "mask": ("mask", "1 for each token, then 0", "index < count ? 1 : 0"),
    "segment_ids": ("segmentIDs", "0: all is of the first text", "0"),
}


def _tokens(index: int, role: str, item: str) -> TokensContext:
    items, meaning, number = _TOKENS[role]
    return TokensContext(index, items, item, meaning, number.format(item=item))


def _text(text: TextInput) -> TextContext:
    return TextContext(
        **vars(mobile.text(text)),
        is_made=True,
        is_placed=False,
        has_frames=False,
        inputs=tuple(
            _tokens(index, role, _ITEMS[tensor.dtype])
            for index, (role, tensor) in enumerate(zip(text.roles, text.tensors, strict=True))
        ),
    )


def _arrays(annotated: AnnotatedModel) -> ArraysContext:
    # What the methods themselves call so must not be hidden by a parameter.
    names = mobile.port_names(annotated.inputs, ("session", "options", "model"))
    found = []
    for index, (name, port) in enumerate(zip(names, annotated.inputs, strict=True)):
        item = _ITEMS[port.tensor.dtype]
        zero = "false" if item == "Bool" else "0"
        example = f"[{item}](repeating: {zero}, count: {port.tensor.size})"
        is_last = index == len(names) - 1
        array = _array(name, port, {port.tensor.shape}, is_last=is_last)
        found.append(InputArrayContext(**vars(array), index=index, example=example))
    return ArraysContext(
        is_made=False,
        is_placed=False,
        has_frames=False,
        arrays=tuple(found),
        quantized=_quantized(names, annotated.inputs),
    )


def _array(name: str, port: Port, shapes: set[tuple[int, ...]], *, is_last: bool) -> ArrayContext:
    """``shapes`` are those that the tensor had."""
    item = _ITEMS[port.tensor.dtype]
    shape = str(list(next(iter(shapes)))) if len(shapes) == 1 else "of a shape that depends on the input"
    return ArrayContext(
        name=name,
        title=port.title,
        has_title=port.title != name,
        description=port.description,
        has_description=bool(port.description),
        meaning=f"{item} {shape}{_meaning(port.tensor)}",
        item=item,
        separator="" if is_last else ",",
    )


def _quantized(names: Sequence[str], ports: tuple[Port, ...]) -> tuple[QuantizedContext, ...]:
    return tuple(
        QuantizedContext(
            name=name,
            function=name[0].upper() + name[1:],
            item=_ITEMS[port.tensor.dtype],
            meaning=f"{_ITEMS[port.tensor.dtype]}{_meaning(port.tensor)}",
            scale=port.tensor.affine.scale,
            plus_zero_point=_plus(port.tensor.affine.zero_point),
            real=_real(port.tensor, "$0"),
        )
        for name, port in zip(names, ports, strict=True)
        if port.tensor.affine is not None
    )


def _meaning(tensor: Tensor) -> str:
    affine = tensor.affine
    if affine is None:
        return ""
    steps = f"(item{_plus(-affine.zero_point)})" if affine.zero_point else "item"
    return f" that stand for {float32(affine.scale)} * {steps}"


def _plus(number: int) -> str:
    """Swift that adds ``number``."""
    return "" if number == 0 else f" - {-number}" if number < 0 else f" + {number}"


def _real(tensor: Tensor, item: str) -> str:
    """Swift for the Float that an item stands for."""
    affine = tensor.affine
    if affine is None:
        return item if tensor.dtype == "float32" else f"Float({item})"
    steps = f"(Float({item}){_plus(-affine.zero_point)})" if affine.zero_point else f"Float({item})"
    return f"{steps} * {float32(affine.scale)}"


def _answer(
    annotated: AnnotatedModel, goldens: Goldens, name: str
) -> ClassesContext | BoxesContext | MaskContext | KeypointsContext | ArraysAnswerContext:
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import Keypoints
    from packager.tasks.mask import Mask

    match annotated.answer:
        case Classes() as classes:
            return _classes(classes, name)
        case Boxes() as boxes:
            return _boxes(boxes, name)
        case Mask() as mask:
            return _mask(mask, annotated, name)
        case Keypoints() as keypoints:
            return _keypoints(keypoints, name)
        case _:
            return _arrays_answer(annotated, goldens, name)


def _classes(classes: Classes, name: str) -> ClassesContext:
    return ClassesContext(
        **vars(mobile.classes(classes)),
        type="[Category]",
        scoped_type=f"[{name}.Category]",
        item=_raw_item(classes.tensor),
        real=_real(classes.tensor, "items[index]"),
    )


def _output(tensor: Tensor, index: int, name: str = "numbers") -> OutputContext:
    affine, item = tensor.affine, _raw_item(tensor)
    scale, zero_point = (1, 0) if affine is None else (affine.scale, affine.zero_point)
    is_integer = tensor.dtype != "float32"
    return OutputContext(
        name=name,
        is_integer=is_integer,
        numbers=f"RealNumbers<{item}>(scale: {float32(scale)}, zeroPoint: {zero_point})",
        reading=f"{name}.of(runner.output({index}))"
        if is_integer
        else f"runner.output({index}).bindMemory(to: Float.self)",
    )


def _boxes(boxes: Boxes, name: str) -> BoxesContext:
    ssd = None
    if boxes.head is Head.SSD:
        names = ("boxNumbers", "classNumbers", "scoreNumbers", "countNumbers")
        found = (_output(boxes.outputs[role], role, one) for role, one in zip(boxes.roles, names, strict=True))
        places, classes, scores, count = found
        integers = tuple(output for output in (places, classes, scores, count) if output.is_integer)
        ssd = SsdContext(places, classes, scores, count, integers)
    return BoxesContext(
        **vars(mobile.boxes(boxes)),
        type="[Detection]",
        scoped_type=f"[{name}.Detection]",
        output=_output(boxes.outputs[0], 0),
        ssd=ssd,
    )


def _mask(mask: Mask, annotated: AnnotatedModel, name: str) -> MaskContext:
    return MaskContext(
        **vars(mobile.mask(annotated, mask)),
        type="Segmentation",
        scoped_type=f"{name}.Segmentation",
        output=_output(mask.tensor, 0),
        item=_raw_item(mask.tensor),
    )


def _keypoints(keypoints: Keypoints, name: str) -> KeypointsContext:
    return KeypointsContext(
        **vars(mobile.keypoints(keypoints)),
        type="[Pose]",
        scoped_type=f"[{name}.Pose]",
        output=_output(keypoints.tensor, keypoints.output),
    )


def _arrays_answer(annotated: AnnotatedModel, goldens: Goldens, name: str) -> ArraysAnswerContext:
    is_run = annotated.input.kind is InputKind.TENSORS
    cases = goldens.sets[Runtime.LITERT_REFERENCE].cases
    names = mobile.port_names(annotated.outputs)
    arrays = []
    for index, (port, called) in enumerate(zip(annotated.outputs, names, strict=True)):
        # The file tells nothing of the shape of some outputs (those of a detection); the runs do.
        array = _array(called, port, {case.outputs[index].shape for case in cases}, is_last=False)
        items = f"runner.output({index}).bindMemory(to: {array.item}.self)"
        whole = f"runner.output({index}).map {{ $0 != 0 }}" if array.item == "Bool" else f"Array({items})"
        if not is_run and port.tensor.affine is not None:
            # Of a picture, real numbers.
            reals = f"{items}.map {{ {_real(port.tensor, '$0')} }}"
            arrays.append(OutputArrayContext(**{**vars(array), "item": "Float"}, reading=reals))
            array = replace(array, name=f"{called}Items")
        arrays.append(OutputArrayContext(**vars(array), reading=whole))
    unambiguous = unique([array.name for array in arrays], "")
    arrays = [replace(array, name=called) for array, called in zip(arrays, unambiguous, strict=True)]
    arrays[-1] = replace(arrays[-1], separator="")
    is_one = len(arrays) == 1
    return ArraysAnswerContext(
        **vars(mobile.arrays(annotated)),
        type=f"[{arrays[0].item}]" if is_one else "Outputs",
        scoped_type=f"[{arrays[0].item}]" if is_one else f"{name}.Outputs",
        arrays=tuple(arrays),
        quantized=_quantized(names, annotated.outputs) if is_run else (),
        is_one=is_one,
        is_many=not is_one,
    )


def _layers(context: Context) -> tuple[str, ...]:
    """The folders of templates: for the two kinds, and for what only some models of them have."""
    answer = context.answer
    own = {
        "ios/integers": _reads_integers(answer),
        "ios/labels": context.project.labels is not None,
        "ios/wanted_labels": answer.options is not None and answer.options.has_labels,
    }
    return (
        *mobile.layers("ios", context.input, answer),
        *(layer for layer, is_used in own.items() if is_used),
    )


def _reads_integers(answer: AnswerContext) -> bool:
    """Whether an output of integers is read as real numbers, item by item."""
    match answer:
        case BoxesContext(ssd=SsdContext(integers=integers)):
            return bool(integers)
        case BoxesContext(output=output) | KeypointsContext(output=output):
            return output.is_integer
        case MaskContext(output=output, is_probability=True):
            return output.is_integer
        case _:
            return False


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.golden import Camera, build_frames, golden_files
    from packager.tasks.text import TextInput

    module, golden_set = context.project.module, goldens.sets[Runtime.LITERT_REFERENCE]
    assets = worded_asset_files(annotated)
    if isinstance(annotated.input, TextInput):
        assets["vocabulary.json"] = _vocabulary_file(annotated.input)
    proof = golden_files(annotated, golden_set, most_bytes=mobile.PROOF_BYTES)
    assets.update({f"golden/{name}": content for name, content in proof.items()})
    files = {f"Sources/{module}/Assets/{name}": content for name, content in assets.items()}
    golden = golden_files(annotated, golden_set, frames=build_frames(annotated, Camera.IOS))
    files.update({f"Tests/{module}Tests/Golden/{name}": content for name, content in golden.items()})
    return files


def _vocabulary_file(text: TextInput) -> bytes:
    """Tokens, and their numbers, as two arrays: Swift's dictionaries take equivalent texts for one."""
    vocabulary = text.tokenizer.vocabulary
    document = {"tokens": list(vocabulary), "numbers": list(vocabulary.values())}
    return (json.dumps(document, ensure_ascii=False, indent=0) + "\n").encode()


def _enclosure(context: Context) -> Enclosure | None:
    if context.app is None:
        return None
    return Enclosure(context.project.module, app_layers(context.input.kind, context.answer.kind))


def _next_steps(context: Context) -> tuple[str, ...]:
    module = context.project.module
    if context.app is not None:
        return (
            f"Run {module}/Scripts/get-runtime.sh",
            f"Open {context.app.name}.xcodeproj in Xcode, choose your team, and run {context.app.name}.",
        )
    return (
        f"Put the folder beside your app's as {module}, and run {module}/Scripts/get-runtime.sh",
        "In Xcode: File > Add Package Dependencies > Add Local. Its Product > Test is the self-test.",
        "README.md has the way of CocoaPods.",
    )


TARGET = Target(
    name="ios",
    title="iOS",
    runtime=Runtime.LITERT_REFERENCE,
    cells=(
        (InputKind.IMAGE, AnswerKind.CLASSES),
        (InputKind.IMAGE, AnswerKind.BOXES),
        (InputKind.IMAGE, AnswerKind.MASK),
        (InputKind.IMAGE, AnswerKind.KEYPOINTS),
        (InputKind.IMAGE, AnswerKind.TENSORS),
        (InputKind.TEXT, AnswerKind.CLASSES),
        (InputKind.AUDIO, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.TENSORS),
    ),
    options=Options,
    context=Context,
    find_problems=mobile_problems,
    build_context=_build_context,
    layers=_layers,
    check_options=_check_options,
    extra_files=_extra_files,
    next_steps=_next_steps,
    enclosure=_enclosure,
)
