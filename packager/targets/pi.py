"""Raspberry Pi: a Python package that runs the model with LiteRT."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import TargetError, about
from packager.model import Model, read_model
from packager.render.naming import PascalName, SnakeName
from packager.runtimes import Runtime
from packager.settings import Setting
from packager.targets.edge_tpu import find_differences, is_compiled
from packager.targets.litert import ENDINGS, mobile_problems, shipped_labels, worded_asset_files
from packager.targets.target import Target, project_name, task_layers
from packager.targets.versions import pinned
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, Head, InputKind, MaskForm, Resize

if TYPE_CHECKING:
    from packager.golden import Goldens
    from packager.tasks.audio import AudioInput
    from packager.tasks.boxes import Boxes
    from packager.tasks.image import ImageInput
    from packager.tasks.text import TextInput


# What a package cannot be called: modules of any Python from 3.7 to 3.14, whichever runs here; what the package
# needs, and what that needs; what installs it, and the folder in which it is built.
_TAKEN = sys.stdlib_module_names | frozenset(
    """
    aifc annotationlib asynchat asyncore audioop binhex cgi cgitb chunk compression crypt distutils dummy_threading
    formatter imghdr imp lib2to3 macpath mailcap msilib nis nntplib ossaudiodev parser pipes smtpd sndhdr spwd sunau
    symbol telnetlib tomllib uu xdrlib
    ai_edge_litert backports backports_strenum cffi cv2 flatbuffers google libcamera ml_dtypes numpy picamera2 pil
    pillow protobuf pycparser sounddevice soxr tflite_runtime tqdm typing_extensions
    build pip pkg_resources setuptools wheel
    """.split()
)
# What the command of a package, first in the path of its environment, would hide: the utilities of POSIX (IEEE Std
# 1003.1-2017, "Utilities"), and what shells and other people's scripts call most.
_TAKEN_COMMANDS = frozenset(
    """
    admin alias ar asa at awk basename batch bc bg c99 cal cat cd cflow chgrp chmod chown cksum cmp comm command
    compress cp crontab csplit ctags cut cxref date dd delta df diff dirname du echo ed env ex expand expr false fc fg
    file find fold fort77 fuser gencat get getconf getopts grep hash head iconv id ipcrm ipcs jobs join kill lex link
    ln locale localedef logger logname lp ls m4 mailx make man mesg mkdir mkfifo more mv newgrp nice nl nm nohup od
    paste patch pathchk pax pr printf prs ps pwd qalter qdel qhold qmove qmsg qrerun qrls qselect qsig qstat qsub read
    renice rm rmdel rmdir sact sccs sed sh sleep sort split strings strip stty tabs tail talk tee test time touch tput
    tr true tsort tty type ulimit umask unalias uname uncompress unexpand unget uniq unlink uucp uudecode uuencode
    uustat uux val vi wait wc what who write xargs yacc zcat
    activate apt bash clear curl docker exit export git gzip install less lsusb mount nano node ping pip pip3 python
    python3 reboot reset screen service set shutdown source ssh su sudo systemctl tar top unzip watch wget which zip
    """.split()
)
# What the cases may take by which an Edge TPU proves itself, at every start.
_PROOF_BYTES = 100_000
# What the modules themselves call so, beside their errors.
_TAKEN_CLASSES = frozenset({"INPUTS", "OUTPUTS", "FOLDER", "Parser", "Runner"})


@dataclass(frozen=True)
class Options:
    """The options of the pi target."""

    name: str = field(
        default="", metadata={"help": "Name of the Python package and its class; default: the model's."}
    )
    edgetpu: Path | None = field(
        default=None,
        metadata={"help": "The same model compiled by edgetpu_compiler, to ship with it for a Coral Edge TPU."},
    )


@dataclass(frozen=True)
class PortContext:
    """One input or output in the generated code."""

    name: str
    meaning: str
    dtype: str
    shape: str


@dataclass(frozen=True)
class ModuleContext:
    """A module of the package, and what of it the package itself shows."""

    name: str
    exports: tuple[str, ...]


@dataclass(frozen=True)
class LabelsContext:
    """How many labels the package ships (0: none), and the locales of their translations."""

    count: int
    locales: tuple[str, ...]


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    ai_edge_litert: str
    tflite_runtime: str
    tflite_runtime_python37: str
    pillow: str
    pillow_python37: str
    soxr: str
    sounddevice: str


@dataclass(frozen=True)
class EdgeTpuContext:
    """The model compiled for the Edge TPU, the whole file, and the golden cases by which that proves itself."""

    sha256: str
    proof: tuple[str, ...]
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class ProjectContext:
    """Names, and what is true of the model whatever it is for.

    ``opens_files`` is whether people give it the names of files, ``parameters`` what its class is made with.
    """

    package: str
    distribution: str
    command: str
    class_name: str
    title: str
    description: str
    modules: tuple[ModuleContext, ...]
    exports: tuple[str, ...]
    model_sha256: str
    opens_files: bool
    takes_pictures: bool
    parameters: str
    labels: LabelsContext
    edge_tpu: EdgeTpuContext | None
    versions: VersionsContext


@dataclass(frozen=True)
class GivenContext:
    """What every input is called, and how one is given."""

    argument: str
    metavar: str
    a_given: str
    givens: str
    meaning: str
    shell_example: str
    shell_examples: str
    python_example: str
    preprocessor_arguments: str


@dataclass(frozen=True)
class ImageContext(GivenContext):
    """A picture.

    ``is_placed`` is whether it matters where in the input the picture lies, and ``maps_back`` whether points of the
    input become points of the picture. ``has_table`` is False where pixels go in as they are, ``has_one_table`` True
    where one table is for all channels.
    """

    kind = InputKind.IMAGE

    and_back: str
    color: str
    pillow_mode: str
    crop: str
    is_center_crop: bool
    is_letterbox: bool
    is_placed: bool
    maps_back: bool
    is_bilinear: bool
    is_planar: bool
    is_bgr: bool
    is_color: bool
    has_table: bool
    has_one_table: bool
    dtype: str
    width: int
    height: int
    pad: int
    channels: int
    shape: str
    canvas_shape: str
    resized_shape: str


@dataclass(frozen=True)
class TokensContext:
    """One input of a text's tokens: the array of the generated code that it takes, and what that holds."""

    array: str
    meaning: str
    dtype: str
    shape: str


@dataclass(frozen=True)
class TextContext(GivenContext):
    """A text, of ``length`` tokens.

    ``pattern`` is what stands between tokens, as Python has it; empty for WordPiece. ``vocabulary_size`` counts what
    can be looked up: a token that stands twice in the file counts once.
    """

    kind = InputKind.TEXT

    plural: str
    length: int
    inputs: tuple[TokensContext, ...]
    has_mask: bool
    has_segment_ids: bool
    vocabulary_size: int
    is_word_piece: bool
    is_uncased: bool
    pattern: str
    has_start: bool


@dataclass(frozen=True)
class AudioContext(GivenContext):
    """Samples of a sound, ``rate`` a second.

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
    is_quantized: bool
    scale: float
    zero_point: int


@dataclass(frozen=True)
class TensorsInputContext(GivenContext):
    """Arrays. A plain input is one that is not quantized.

    ``reads_archives`` is whether several arrays are given as one, by their names; ``is_one_array`` whether the class
    takes one without a name.
    """

    kind = InputKind.TENSORS

    plural: str
    method: str
    reads_archives: bool
    is_one_array: bool
    inputs: tuple[PortContext, ...]
    npy_files: str
    has_float_input: bool
    has_integer_input: bool
    has_plain_integer_input: bool
    has_quantized_input: bool


@dataclass(frozen=True)
class ClassesContext:
    """Labels and scores. In each answer ``is_compared`` tells whether its self-test has more than raw outputs."""

    kind = AnswerKind.CLASSES

    is_compared: bool
    has_quantized_output: bool
    has_plain_output: bool
    output: int
    classes: int
    top_k: int
    threshold: float
    has_activation: bool
    is_softmax: bool


@dataclass(frozen=True)
class SsdContext:
    """Which of the outputs of an SSD is which."""

    boxes: int
    classes: int
    scores: int
    count: int


@dataclass(frozen=True)
class BoxesContext:
    """Detections, as one of the heads has them.

    ``is_finished``: its boxes need no suppression and their classes are numbers; ``has_iou``: they need it.
    ``has_either_units``: coordinates are pixels or fractions, as their size tells.
    """

    kind = AnswerKind.BOXES

    is_compared: bool
    has_quantized_output: bool
    has_plain_output: bool
    threshold: float
    iou: float
    ssd: SsdContext | None
    is_yolo_v5: bool
    is_yolo_v8: bool
    is_end_to_end: bool
    is_fomo: bool
    is_finished: bool
    has_iou: bool
    has_either_units: bool
    is_softmax: bool
    has_sigmoid: bool


@dataclass(frozen=True)
class MaskContext:
    """A class for each pixel, by one of three forms of output: scores, a probability, else class numbers."""

    kind = AnswerKind.MASK

    is_compared: bool
    has_quantized_output: bool
    has_plain_output: bool
    is_scores: bool
    is_probability: bool
    can_be_unseen: bool
    is_cropped: bool
    has_activation: bool
    threshold: float
    height: int
    width: int
    channels: int


@dataclass(frozen=True)
class KeypointsContext:
    """Points, as one of the heads has them; ``output`` is the number of theirs."""

    kind = AnswerKind.KEYPOINTS

    is_compared: bool
    has_quantized_output: bool
    has_plain_output: bool
    output: int
    names: tuple[str, ...]
    is_coco: bool
    is_multipose: bool
    is_landmarks: bool
    has_threshold: bool
    has_iou: bool
    has_either_units: bool
    threshold: float
    iou: float


@dataclass(frozen=True)
class TensorsAnswerContext:
    """Arrays. A plain output is one that is not quantized."""

    kind = AnswerKind.TENSORS

    is_compared: bool
    has_quantized_output: bool
    has_plain_output: bool
    outputs: tuple[PortContext, ...]


@dataclass(frozen=True)
class Context:
    """What the templates of the pi target use."""

    project: ProjectContext
    input: ImageContext | AudioContext | TextContext | TensorsInputContext
    answer: ClassesContext | BoxesContext | MaskContext | KeypointsContext | TensorsAnswerContext


def _port(port: Port) -> PortContext:
    tensor = port.tensor
    return PortContext(
        name=port.name,
        meaning=port.description or port.title,
        dtype=tensor.dtype,
        shape=str(list(tensor.shape)),
    )


def _is_float(port: Port) -> bool:
    return port.tensor.dtype.startswith("float")


def _is_quantized(port: Port) -> bool:
    """Whether LiteRT tells one scale for it, in ``get_input_details()`` and its like."""
    return port.tensor.affine is not None


# What its answers are made of.
_EXPORTS = {
    AnswerKind.CLASSES: ("Category",),
    AnswerKind.BOXES: ("Detection",),
    AnswerKind.MASK: ("ClassPixels", "Segmentation"),
    AnswerKind.KEYPOINTS: ("Keypoint", "Pose"),
}


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    name = project_name(annotated, options)
    package = _package_name(name)
    kind = annotated.answer.kind
    are_tensors = annotated.input.kind is InputKind.TENSORS and kind is AnswerKind.TENSORS
    class_name = _class_name(name, "" if are_tensors else ENDINGS[kind])
    shown = (class_name, "Window") if annotated.input.kind is InputKind.AUDIO else (class_name,)
    # In the order of isort.
    modules = (
        ModuleContext("answer", _EXPORTS.get(kind, ())),
        ModuleContext("errors", ("InputError", "InstallationError")),
        ModuleContext("model", tuple(sorted(shown))),
    )
    labels = shipped_labels(annotated.answer)
    project = ProjectContext(
        package=package,
        distribution=package.replace("_", "-"),
        command=_command_name(package),
        class_name=class_name,
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        modules=tuple(module for module in modules if module.exports),
        exports=tuple(sorted(name for module in modules for name in module.exports)),
        model_sha256=annotated.model.sha256,
        opens_files=annotated.input.kind is not InputKind.TEXT,
        takes_pictures=annotated.input.kind is InputKind.IMAGE,
        parameters=_parameters(has_locales=len(labels) > 1, has_device=options.edgetpu is not None),
        labels=LabelsContext(len(labels.get("", ())), tuple(filter(None, labels))),
        edge_tpu=_edge_tpu(annotated, options, goldens),
        versions=VersionsContext(**pinned("pi")),
    )
    return Context(project, _input(annotated), _answer(annotated))


def _parameters(*, has_locales: bool, has_device: bool) -> str:
    """Those of the class, formatted as ruff does it: in a line where they fit."""
    names = ["self", "threads: int = 1", *['locale: str = ""'] * has_locales, *['device: str = "auto"'] * has_device]
    # With all of them it does not fit.
    return "".join(f"\n        {name}," for name in names) + "\n    " if len(names) > 3 else ", ".join(names)


def _edge_tpu(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> EdgeTpuContext | None:
    from packager.golden import proof_cases

    compiled = _read_compiled(annotated.model, options)
    if compiled is None:
        return None
    cases = proof_cases(annotated, goldens.sets[Runtime.LITERT], _PROOF_BYTES)
    return EdgeTpuContext(compiled.sha256, cases, compiled.data)


def _read_compiled(model: Model, options: Options) -> Model | None:
    """The compiled model that ``options`` name, if they do.

    Raises:
        ModelError: it cannot be read.
        TargetError: it is not compiled for the Edge TPU, or not from ``model``.
    """
    if options.edgetpu is None:
        return None
    setting = Setting(Options, "edgetpu")
    with about(setting):
        compiled = read_model(options.edgetpu)
    if not is_compiled(compiled):
        raise TargetError(
            (setting, ": is not compiled for the Edge TPU"),
            where=options.edgetpu,
            fix="Give what edgetpu_compiler wrote: its name ends in _edgetpu.tflite.",
            about=setting,
        )
    differences = find_differences(model, compiled)
    if differences:
        raise TargetError(
            (setting, f": is compiled from another model than {model.path}"),
            where=options.edgetpu,
            fix="Compile the model that is packaged: edgetpu_compiler keeps its inputs and outputs.",
            details=differences,
            about=setting,
        )
    return compiled


def _check_options(model: Model, options: Options) -> None:
    _read_compiled(model, options)


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
    return _tensors(annotated)


_TOKENS = {
    "ids": "the numbers of its tokens, then padding",
    "mask": "1 for each token, then 0",
    "segment_ids": "0: all is of the first text",
}


def _text(text: TextInput) -> TextContext:
    from packager.tasks.tokenizers import START, RegexTokenizer, WordPiece

    tokenizer = text.tokenizer
    return TextContext(
        argument="text",
        metavar="TEXT",
        a_given="a text",
        givens="texts",
        meaning="the text",
        shell_example='"a text"',
        shell_examples='"a text" "another one"',
        python_example='"a text"',
        preprocessor_arguments="",
        plural="s" if len(text.roles) > 1 else "",
        length=text.length,
        inputs=tuple(
            TokensContext(role, _TOKENS[role], tensor.dtype, str(list(tensor.shape)))
            for role, tensor in zip(text.roles, text.tensors, strict=True)
        ),
        has_mask="mask" in text.roles,
        has_segment_ids="segment_ids" in text.roles,
        vocabulary_size=len(tokenizer.vocabulary),
        is_word_piece=isinstance(tokenizer, WordPiece),
        is_uncased=isinstance(tokenizer, WordPiece) and tokenizer.is_uncased,
        pattern=tokenizer.pattern if isinstance(tokenizer, RegexTokenizer) else "",
        has_start=isinstance(tokenizer, RegexTokenizer) and START in tokenizer.vocabulary,
    )


def _audio(audio: AudioInput) -> AudioContext:
    affine = audio.tensor.affine
    return AudioContext(
        argument="samples",
        metavar="FILE.wav",
        a_given="a window of sound",
        givens="sounds",
        meaning="mono, at most ``sound.WINDOW`` of them: int16, or floats of -1 to 1",
        shell_example="sound.wav",
        shell_examples="*.wav",
        python_example='"sound.wav"',
        preprocessor_arguments="",
        rate=audio.sample_rate,
        window=audio.window,
        hop=audio.hop,
        seconds=f"{audio.window / audio.sample_rate:.4g}",
        dtype=audio.tensor.dtype,
        shape=str(list(audio.tensor.shape)),
        is_float=affine is None and audio.tensor.dtype == "float32",
        is_quantized=affine is not None,
        scale=1 / 32768 if affine is None else affine.scale,
        zero_point=0 if affine is None else affine.zero_point,
    )


def _tensors(annotated: AnnotatedModel) -> TensorsInputContext:
    is_classified, has_many = annotated.answer.kind is AnswerKind.CLASSES, len(annotated.inputs) > 1
    ending = "npz" if has_many else "npy"
    return TensorsInputContext(
        argument="array",
        metavar=f"ARRAY.{ending}",
        a_given="an array for each input" if has_many else "an array",
        givens="arrays",
        meaning="the name of an .npz file, or an array for each input by its name"
        if has_many
        else "the name of an .npy file, or an array",
        shell_example=f"array.{ending}",
        shell_examples=f"*.{ending}",
        python_example=f'"array.{ending}"',
        preprocessor_arguments="self._runner.inputs",
        plural="s" if has_many else "",
        method="classify" if is_classified else "run",
        reads_archives=is_classified and has_many,
        is_one_array=is_classified and not has_many,
        inputs=tuple(map(_port, annotated.inputs)),
        npy_files=" ".join(f"{port.name}.npy" for port in annotated.inputs),
        has_float_input=any(_is_float(port) for port in annotated.inputs),
        has_integer_input=any(not _is_float(port) for port in annotated.inputs),
        has_plain_integer_input=any(not _is_float(port) and not _is_quantized(port) for port in annotated.inputs),
        has_quantized_input=any(map(_is_quantized, annotated.inputs)),
    )


def _is_center_crop(annotated: AnnotatedModel) -> bool:
    from packager.tasks.image import ImageInput

    return isinstance(annotated.input, ImageInput) and annotated.input.crop is CropMode.CENTER_CROP


def _image(image: ImageInput, answer: AnswerKind) -> ImageContext:
    from packager.tasks.image import lookup_table

    is_gray = image.channels == 1
    table = lookup_table(image)
    maps_back = answer in (AnswerKind.BOXES, AnswerKind.KEYPOINTS)
    is_located = maps_back or answer is AnswerKind.MASK
    channels = "" if is_gray else ", 3"
    # A uint8 input takes the pixels: its scale stands for the normalization.
    has_table = image.tensor.dtype != "uint8"
    return ImageContext(
        argument="picture",
        metavar="PICTURE",
        a_given="a picture",
        givens="pictures",
        meaning="a file, a Pillow image or an array: see ``picture.Picture``",
        shell_example="photo.jpg",
        shell_examples="*.jpg",
        python_example='"photo.jpg"',
        preprocessor_arguments="",
        and_back=", and back" if maps_back else "",
        color="gray" if is_gray else "RGB",
        pillow_mode="L" if is_gray else "RGB",
        crop=image.crop.value,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        is_letterbox=image.crop is CropMode.LETTERBOX,
        is_placed=is_located or image.crop is not CropMode.STRETCH,
        maps_back=maps_back,
        is_bilinear=image.resize is Resize.BILINEAR,
        is_planar=image.is_planar and not is_gray,
        is_bgr=image.order is ChannelOrder.BGR and not is_gray,
        is_color=not is_gray,
        has_table=has_table,
        has_one_table=has_table and bool((table == table[0]).all()),
        dtype=image.tensor.dtype,
        width=image.width,
        height=image.height,
        pad=image.pad,
        channels=image.channels,
        shape=str(list(image.tensor.shape)),
        canvas_shape=f"(HEIGHT, WIDTH{channels})",
        resized_shape=f"height, width{channels}",
    )


def _answer(
    annotated: AnnotatedModel,
) -> ClassesContext | BoxesContext | MaskContext | KeypointsContext | TensorsAnswerContext:
    from packager.tasks.boxes import Boxes
    from packager.tasks.classes import Classes
    from packager.tasks.keypoints import COCO_KEYPOINTS, Keypoints
    from packager.tasks.mask import Mask

    has_quantized_output = any(map(_is_quantized, annotated.outputs))
    has_plain_output = any(not _is_quantized(port) for port in annotated.outputs)
    match annotated.answer:
        case Classes() as answer:
            return ClassesContext(
                is_compared=True,
                has_quantized_output=has_quantized_output,
                has_plain_output=has_plain_output,
                output=answer.output,
                classes=len(answer.labels.default),
                top_k=min(5, len(answer.labels.default)),
                threshold=answer.threshold,
                has_activation=answer.activation is not Activation.NONE,
                is_softmax=answer.activation is Activation.SOFTMAX,
            )
        case Boxes() as answer:
            return _boxes(answer, has_quantized_output, has_plain_output)
        case Mask() as answer:
            is_probability = answer.form is MaskForm.PROBABILITY
            return MaskContext(
                is_compared=True,
                # Of scores the largest integer is the best, whatever it stands for.
                has_quantized_output=has_quantized_output and is_probability,
                has_plain_output=has_plain_output,
                is_scores=answer.form is MaskForm.SCORES,
                is_probability=is_probability,
                can_be_unseen=answer.form is MaskForm.CLASS_NUMBERS or _is_center_crop(annotated),
                is_cropped=_is_center_crop(annotated),
                has_activation=answer.activation is not Activation.NONE,
                threshold=answer.threshold,
                height=answer.height,
                width=answer.width,
                channels=answer.class_count,
            )
        case Keypoints() as answer:
            return KeypointsContext(
                is_compared=True,
                has_quantized_output=has_quantized_output,
                has_plain_output=has_plain_output,
                output=answer.output,
                names=answer.names,
                is_coco=answer.names == COCO_KEYPOINTS,
                is_multipose=answer.head is Head.MOVENET_MULTIPOSE,
                is_landmarks=answer.head is Head.LANDMARKS,
                has_threshold=answer.head is not Head.LANDMARKS,
                has_iou=answer.head is Head.YOLO_POSE,
                has_either_units=answer.head in (Head.YOLO_POSE, Head.LANDMARKS),
                threshold=answer.threshold,
                iou=answer.iou,
            )
        case _:
            return TensorsAnswerContext(
                is_compared=False,
                has_quantized_output=has_quantized_output,
                has_plain_output=has_plain_output,
                outputs=tuple(map(_port, annotated.outputs)),
            )


def _boxes(answer: Boxes, has_quantized_output: bool, has_plain_output: bool) -> BoxesContext:
    head = answer.head
    has_iou = head in (Head.YOLO_V5, Head.YOLO_V8)
    has_activation = has_iou or head is Head.FOMO
    is_softmax = has_activation and answer.activation is Activation.SOFTMAX
    is_sigmoid = has_activation and answer.activation is Activation.SIGMOID
    return BoxesContext(
        is_compared=True,
        has_quantized_output=has_quantized_output,
        has_plain_output=has_plain_output,
        threshold=answer.threshold,
        iou=answer.iou,
        ssd=SsdContext(*answer.roles) if head is Head.SSD else None,
        is_yolo_v5=head is Head.YOLO_V5,
        is_yolo_v8=head is Head.YOLO_V8,
        is_end_to_end=head is Head.END_TO_END,
        is_fomo=head is Head.FOMO,
        is_finished=head in (Head.SSD, Head.END_TO_END),
        has_iou=has_iou,
        has_either_units=has_iou or head is Head.END_TO_END,
        is_softmax=is_softmax,
        # The objectness of YOLO v5 is of a sigmoid, whatever its classes are of.
        has_sigmoid=is_sigmoid or (is_softmax and head is Head.YOLO_V5),
    )


def _layers(context: Context) -> tuple[str, ...]:
    """The folders of templates: for the two kinds, and for what only some models of them have."""
    is_picture, answer = context.input.kind is InputKind.IMAGE, context.answer
    own = {
        "pi/edgetpu": context.project.edge_tpu is not None,
        "pi/quantized-output": answer.has_quantized_output,
        "pi/labels": context.project.labels.count > 0,
        "pi/wordpiece/in/text": isinstance(context.input, TextContext) and context.input.is_word_piece,
        "pi/regex/in/text": isinstance(context.input, TextContext) and not context.input.is_word_piece,
        # What hears a sound answers for each window of it.
        "pi/classify/out/classes": answer.kind is AnswerKind.CLASSES and context.input.kind is not InputKind.AUDIO,
        "pi/batch": is_picture and answer.kind is not AnswerKind.CLASSES,
        "pi/png": answer.kind in (AnswerKind.BOXES, AnswerKind.MASK, AnswerKind.KEYPOINTS),
        # Files are dropped on the page of the service.
        "pi/dropping": context.input.kind in (InputKind.IMAGE, InputKind.AUDIO),
        "pi/suppression": isinstance(answer, BoxesContext | KeypointsContext) and answer.has_iou,
    }
    return (
        *task_layers("pi", context.input.kind, context.answer.kind),
        *(layer for layer, is_used in own.items() if is_used),
    )


def _package_name(name: str) -> SnakeName:
    package = SnakeName.of(name)
    return SnakeName(f"{package}_model") if package in _TAKEN else package


def _command_name(package: str) -> str:
    """What the package is called in a shell, in which it must hide nothing."""
    name = package.replace("_", "-")
    return f"{name}-model" if name in _TAKEN_COMMANDS else name


def _class_name(name: str, ending: str) -> PascalName:
    pascal = PascalName.of(f"{name} {ending}" if ending else name)
    # As an exception's, its name would mislead, and hide one of Python's own.
    is_taken = pascal in _TAKEN_CLASSES or pascal.endswith(("Error", "Exception", "Warning"))
    return PascalName(f"{pascal}Net") if is_taken else pascal


def assets(annotated: AnnotatedModel, context: Context) -> dict[str, bytes]:
    """What the package reads when it runs, by file name.

    The model, and as it was compiled for an Edge TPU; its labels by locale, the table of pixels, the tokens of texts.
    """
    files = worded_asset_files(annotated)
    if context.project.edge_tpu is not None:
        files["model_edgetpu.tflite"] = context.project.edge_tpu.data
    if isinstance(context.input, ImageContext) and not context.input.has_table:
        del files["input_table.bin"]
    return files


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> dict[str, bytes]:
    from packager.golden import golden_files

    golden = golden_files(annotated, goldens.sets[Runtime.LITERT])
    files = {f"golden/{name}": data for name, data in golden.items()}
    return {f"{context.project.package}/{name}": data for name, data in (assets(annotated, context) | files).items()}


_COMMANDS = {
    AnswerKind.CLASSES: "classify",
    AnswerKind.BOXES: "detect",
    AnswerKind.MASK: "segment",
    AnswerKind.KEYPOINTS: "pose",
    AnswerKind.TENSORS: "embed",
}


def _next_steps(context: Context) -> tuple[str, ...]:
    pictures = f"{context.project.package}/golden/*.png --json"
    given = context.input
    if isinstance(given, TensorsInputContext):
        command = f"{given.method} --help"
    elif isinstance(given, TextContext):
        command = f"{_COMMANDS[context.answer.kind]} {given.shell_example}"
    elif isinstance(given, AudioContext):
        command = f"listen {context.project.package}/golden/*.wav --json"
    else:
        command = f"{_COMMANDS[context.answer.kind]} {pictures}"
    return (
        "copy the folder to the Pi, and there: ./install.sh",
        f"python -m {context.project.package} selftest",
        f"python -m {context.project.package} {command}",
    )


TARGET = Target(
    name="pi",
    title="a Raspberry Pi",
    runtime=Runtime.LITERT,
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
    check_options=_check_options,
    layers=_layers,
    extra_files=_extra_files,
    next_steps=_next_steps,
)
