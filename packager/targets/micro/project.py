"""Microcontrollers: the model as an array in flash, and a class that runs it with TensorFlow Lite Micro."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ConfigError, TargetError, about
from packager.finding import is_file
from packager.metadata.embedding import strip
from packager.model import Model, Tensor, read_model
from packager.model.layers import count_work
from packager.render.templates import TEMPLATE_SUFFIX, render_layers, template_files
from packager.runtimes import Runtime, Tolerance, is_installed, require
from packager.settings import Choice, Example, Part, Setting
from packager.targets.micro.answers import (
    ANSWER_TYPES,
    AnyAnswerContext,
    KeypointsContext,
    answer_bytes,
    answer_layers,
    build_answer,
    golden_answer,
)
from packager.targets.micro.arena import kernel_bytes, least_arena, likely_arena, need_of, share
from packager.targets.micro.frontend import FrontendContext, build_frontend, read_frontend, with_frontend
from packager.targets.micro.libraries import (
    FUNCTIONS,
    Accelerator,
    ArduinoLibrary,
    Kernels,
    Library,
    Platform,
    library_of,
)
from packager.targets.micro.names import class_name, snake_name
from packager.targets.micro.operators import (
    int8_operators,
    is_stateful,
    missing_in,
    operator_problems,
    resolver_methods,
)
from packager.targets.micro.ports import CTYPES, PortContext, build_ports, fill_rows, literals
from packager.targets.micro.sources import (
    KINDS,
    DeviceContext,
    InputSource,
    boards_with,
    build_device,
    device_layers,
    find_device,
    first_platform,
    motion_window,
)
from packager.targets.target import (
    EDGE_TPU_OPERATOR,
    ETHOS_U_OPERATOR,
    Level,
    Problem,
    Target,
    check_model,
    project_name,
    task_layers,
)
from packager.targets.versions import pinned
from packager.tasks import AnswerKind, ChannelOrder, CropMode, InputKind, Resize
from packager.terminal import counted

if TYPE_CHECKING:
    from packager.golden import GoldenCase, Goldens, GoldenSet
    from packager.render.naming import ProjectName
    from packager.targets.micro.boards import Board
    from packager.tasks.image import ImageInput
    from packager.tasks.kinds import Array

# int8 outputs are bit-identical between TensorFlow Lite Micro's reference kernels on x86-64 and on Cortex-M;
# the optimized kernels of a board's library may round in another way, and another core sums floats otherwise.
TOLERANCE = Tolerance(counts=2, absolute=1e-4)
# What the self-test's golden cases may take of a board's flash.
_GOLDEN_BYTES = 256 << 10
# What a README lists of them.
_MOST_LAYERS = 100
# What most boards have; a model beyond it fits few.
_COMMON_FLASH_BYTES = 2 << 20


class ArduinoForm(Choice):
    """How the sources come to Arduino."""

    SKETCH = "sketch", "A sketch that holds them."
    LIBRARY = "library", "An Arduino library that other sketches share, with that sketch in it."


def _board_titles() -> dict[str, str]:
    from packager.targets.micro.boards import BOARDS

    return {board.key: board.title for board in BOARDS.values()}


@dataclass(frozen=True)
class Options:
    """The options of the micro target."""

    name: str = field(default="", metadata={"help": "Name of the sketch, class and namespace; default: the model's."})
    platform: Platform | None = field(
        default=None, metadata={"help": "What builds the project; default: the board's first, without one arduino."}
    )
    board: str = field(
        default="",
        metadata={"help": "Board to build for, and to check the model's size against.", "known": _board_titles},
    )
    arduino_library: ArduinoLibrary | None = field(
        default=None,
        metadata={"help": "Arduino library of TensorFlow Lite Micro; default: the board's, without one tensorflow."},
    )
    arduino_form: ArduinoForm = field(
        default=ArduinoForm.SKETCH, metadata={"help": "A sketch, or a library with that sketch as its example."}
    )
    source: InputSource = field(
        default=InputSource.SERIAL, metadata={"help": "What the program takes its input from, of what the board has."}
    )
    arena_section: str = field(
        default="", metadata={"help": "Linker section of the arena, such as one of a faster RAM; default: .bss."}
    )
    model_section: str = field(
        default="",
        metadata={"help": "Linker section of the model, such as one of a flash of its own; default: .rodata."},
    )
    profile: bool = field(
        default=False, metadata={"help": "Have the self-test print the microseconds of each operator."}
    )
    accelerator: Accelerator | None = field(
        default=None, metadata={"help": "What the model was compiled for, on a platform that can run it."}
    )
    uncompiled: Path | None = field(
        default=None,
        metadata={
            "help": "The .tflite that was given to vela, which computes the golden cases; default: that of the same "
            "name without _vela, beside the model or one folder up."
        },
    )
    frontend: Path | None = field(
        default=None,
        metadata={"help": "A .tflite in front of the model, which makes its input, features, of samples of a sound."},
    )
    frontend_stride: int | None = field(
        default=None,
        metadata={
            "help": "Samples from the start of one window of the front end to that of the next; default: 320 for "
            "windows of 480."
        },
    )
    frontend_rate: int | None = field(
        default=None, metadata={"help": "Samples a second that the front end takes; default: 16000."}
    )
    arena_margin: int = field(
        default=10, metadata={"help": "Percent to add to the measured minimum of the tensor arena."}
    )
    arena_bytes: int | None = field(
        default=None, metadata={"help": "Bytes of the tensor arena, in place of the measured minimum and margin."}
    )
    also: tuple[Path, ...] = field(
        default=(),
        metadata={
            "help": "Further annotated .tflite, which take turns with the first in one program and one tensor arena.",
            "argument": "MODEL",
        },
    )


@dataclass(frozen=True)
class Build:
    """What builds the project, of what the options leave to the board."""

    platform: Platform
    arduino_library: ArduinoLibrary
    board: Board | None

    @property
    def library(self) -> Library:
        """What brings TensorFlow Lite Micro."""
        return library_of(self.platform, self.arduino_library)

    @property
    def kernels(self) -> Kernels:
        """The kernels that the library has for the board, or for a core that it has faster ones for."""
        return self.library.kernels_on(self.board.core) if self.board else self.library.kernels

    @property
    def board_name(self) -> str:
        """What the platform calls the board, or one that it knows; "" where a project does not name it."""
        names = self.board.names if self.board else {}
        return names.get(self.platform, _BOARD_NAMES.get(self.platform, ""))


_PLATFORM = Setting(Options, "platform")
_BOARD = Setting(Options, "board")
_ARDUINO_LIBRARY = Setting(Options, "arduino_library")
_SOURCE = Setting(Options, "source")
_ARENA_SECTION = Setting(Options, "arena_section")
_MODEL_SECTION = Setting(Options, "model_section")
_ACCELERATOR = Setting(Options, "accelerator")
_UNCOMPILED = Setting(Options, "uncompiled")
_ARENA_MARGIN = Setting(Options, "arena_margin")
_ARENA_BYTES = Setting(Options, "arena_bytes")
_ALSO = Setting(Options, "also")
_FRONTEND = Setting(Options, "frontend")
# The generated code, and the boards, count in 32 bits.
_LARGEST_ARENA = 2**31 - 1


@dataclass(frozen=True)
class Table:
    """The lookup table of one channel, or of all where they are the same, as rows of C++."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class ImageContext:
    """Camera frames as input; ``pad`` is the pixel around a letterboxed one."""

    kind = InputKind.IMAGE

    ports: tuple[PortContext, ...]
    width: int
    height: int
    channels: int
    is_color: bool
    is_planar: bool
    is_bgr: bool
    is_stretch: bool
    is_center_crop: bool
    is_letterbox: bool
    is_bilinear: bool
    crop_text: str
    pad: int
    tables: tuple[Table, ...]
    table_count: int
    table_index: str
    table_text: str
    frame_text: str
    frame_format: str

    @property
    def port(self) -> PortContext:
        """The one input."""
        return self.ports[0]


@dataclass(frozen=True)
class AudioContext:
    """Microphone samples as input: 16-bit ones become quantized items, floats, or items as they are.

    There are ``hop`` of them from the start of one window to that of the next; ``is_fed`` says that the class keeps
    the window.
    """

    kind = InputKind.AUDIO

    ports: tuple[PortContext, ...]
    sample_rate: int
    hop: int
    is_quantized: bool
    is_float: bool
    is_fed: bool

    @property
    def port(self) -> PortContext:
        """The one input."""
        return self.ports[0]


@dataclass(frozen=True)
class TensorsInputContext:
    """Numbers as input; ``is_quantized`` says that items of a port are made from real ones."""

    kind = InputKind.TENSORS

    ports: tuple[PortContext, ...]
    is_quantized: bool


InputContext = ImageContext | AudioContext | TensorsInputContext


@dataclass(frozen=True)
class GoldenArray:
    """One tensor of a golden case; ``constant`` is its port's."""

    name: str
    ctype: str
    constant: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class GoldenCaseContext:
    """A golden case: its inputs and then its outputs, and its answer, whose array is left out where it is empty."""

    name: str
    arrays: tuple[GoldenArray, ...]
    answer_name: str
    answer_rows: tuple[str, ...]
    answer_fields: tuple[str, ...]


@dataclass(frozen=True)
class ConstantContext:
    """A number of the self-test: how far answers may be from the golden ones."""

    name: str
    value: float
    comment: str


@dataclass(frozen=True)
class GoldenContext:
    """The golden cases and their ``bytes``, ``left_out`` more without room, and how far an output may be off.

    ``title`` is what computed them; it stands in for TensorFlow Lite Micro where ``is_stand_in``.
    """

    runtime: str
    title: str
    is_stand_in: bool
    bytes: int
    cases: tuple[GoldenCaseContext, ...]
    count: int
    left_out: int
    has_special_floats: bool
    tolerance_counts: int
    tolerance_absolute: float
    answer_type: str
    agreement: tuple[ConstantContext, ...]


@dataclass(frozen=True)
class ArenaContext:
    """The tensor arena: its size on a 32-bit target, and what makes it unless that is given.

    ``measured`` is the minimum on a 64-bit computer, and ``needed`` what is enough on a 32-bit target; in fewer than
    ``least`` bytes the library may fault there. ``planning`` bytes must be free beside those in use at last. All are
    None where nothing was measured; the size is an estimate then, if it is not given. ``host_bytes`` is the size on a
    64-bit computer, None for a sketch, which runs on none, and where it is the same. ``needed`` has the
    ``kernel_bytes`` of the platform's kernels; the size is ``helium_bytes`` where these are for Arm's Helium, None
    where that is the same. ``margin`` is in percent.
    """

    bytes: int
    host_bytes: int | None
    measured: int | None
    needed: int | None
    least: int | None
    planning: int | None
    kernel_bytes: int
    helium_bytes: int | None
    margin: int
    is_given: bool

    @property
    def is_measured(self) -> bool:
        """Whether TensorFlow Lite Micro has run the model."""
        return self.measured is not None


@dataclass(frozen=True)
class FunctionsContext:
    """What computes an operator in the kernels of a chip's maker: one of these functions."""

    operator: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class KernelsContext:
    """The kernels of a chip's maker in the platform's library, and which ``operators`` of the model they have.

    ``are_enabled`` says that the project asks for them, ``are_optional`` that the library has the others too.
    """

    title: str
    operators: str
    functions: tuple[FunctionsContext, ...]
    are_enabled: bool
    are_optional: bool


@dataclass(frozen=True)
class LayerContext:
    """A layer that multiplies or has weights; numbers as people read them."""

    operator: str
    output: str
    shape: str
    macs: str
    weights: str


@dataclass(frozen=True)
class WorkContext:
    """What one inference computes: its layers, ``left_out`` more, and their sums.

    ``unknown`` names the operators whose multiply-accumulates cannot be told.
    """

    macs: str
    weights: str
    layers: tuple[LayerContext, ...]
    left_out: int
    unknown: str


@dataclass(frozen=True)
class ArduinoContext:
    """What only a project for Arduino has; ``folder`` is that of the sketch, ``sentence`` describes the library."""

    header: str
    is_chirale: bool
    is_library: bool
    folder: str
    sentence: str


@dataclass(frozen=True)
class VersionsContext:
    """What the project asks for, see versions.toml."""

    esp_tflite_micro: str
    esp_idf: str
    esp32_camera: str
    chirale: str


@dataclass(frozen=True)
class ProjectContext:
    """What every project has: ``name`` is that of the files and of the namespace, ``core`` the folder of the sources.

    ``board`` is told of, and ``board_name`` is what the platform calls it, or one that it knows.
    ``sources`` are those of the class, without the model's; ``readme`` is the file that describes them.
    ``file_sha256`` is that of the file with what was left out of the array; "" where that is nothing.
    ``subject`` and ``origin`` are the model, or the models, in a sentence; ``command_file`` tells what command made
    them. ``program_sources`` are those around the class, ``arrays`` what leads from ``core`` to each model's
    array, and ``arena_object`` the source that holds the tensor arena. A model among several ``shares_arena`` with
    them; its self-test puts ``verdict`` before PASS and FAIL.
    """

    name: str
    class_name: str
    guard: str
    title: str
    description: str
    command: str
    platform: str
    board: str
    board_name: str
    core: str
    readme: str
    subject: str
    origin: str
    command_file: str
    sources: tuple[str, ...]
    program_sources: tuple[str, ...]
    arrays: tuple[str, ...]
    arena_object: str
    shares_arena: bool
    verdict: str
    labels: tuple[str, ...]
    arduino: ArduinoContext | None
    program_headers: tuple[str, ...]
    system_headers: tuple[str, ...]
    self_test_headers: tuple[str, ...]
    initializes_target: bool
    model_bytes: int
    work: WorkContext
    kernels: KernelsContext
    arena_section: str
    model_section: str
    model_sha256: str
    file_sha256: str
    arena: ArenaContext
    operators: tuple[str, ...]
    operator_count: int
    is_stateful: bool
    uses_ethos_u: bool
    frontend: FrontendContext | None
    has_profile: bool
    node_count: int
    has_integer_output: bool
    has_float_output: bool
    has_affine: bool
    prints_real: bool
    prints_whole: bool
    golden: GoldenContext
    line_bytes: int
    versions: VersionsContext


@dataclass(frozen=True)
class ModelContext:
    """What the templates of one model use."""

    project: ProjectContext
    input: InputContext
    answer: AnyAnswerContext
    device: DeviceContext | None


@dataclass(frozen=True)
class Context(ModelContext):
    """What the templates of the micro target use; ``members`` are the models of a program that has several."""

    members: tuple[ModelContext, ...] = ()


# --- inputs and outputs ----------------------------------------


def _input(annotated: AnnotatedModel, options: Options) -> InputContext:
    from packager.tasks.audio import AudioInput
    from packager.tasks.image import ImageInput

    ports = build_ports(annotated, "input")
    if isinstance(annotated.input, ImageInput):
        return _image(annotated.input, ports[0])
    if isinstance(annotated.input, AudioInput):
        return AudioContext(
            ports=ports,
            sample_rate=annotated.input.sample_rate,
            hop=annotated.input.hop,
            is_quantized=bool(ports[0].affine),
            is_float=ports[0].is_float,
            is_fed=options.source is InputSource.MICROPHONE,
        )
    return TensorsInputContext(ports, is_quantized=any(port.affine for port in ports))


def _image(image: ImageInput, port: PortContext) -> ImageContext:
    from packager.tasks.image import lookup_table

    is_color = image.channels == 3
    channels = [Table(fill_rows(literals(channel), 72)) for channel in lookup_table(image)]
    # Three tables are kept where not all are the same, so that the channel is the index.
    tables = channels[:1] if len(set(channels)) == 1 else channels
    size = f"{image.width}x{image.height}"
    return ImageContext(
        ports=(port,),
        width=image.width,
        height=image.height,
        channels=image.channels,
        is_color=is_color,
        is_planar=image.is_planar,
        is_bgr=image.order is ChannelOrder.BGR,
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        is_letterbox=image.crop is CropMode.LETTERBOX,
        is_bilinear=image.resize is Resize.BILINEAR,
        crop_text=_crop_text(image),
        pad=image.pad,
        tables=tuple(tables),
        table_count=len(tables),
        table_index="channel" if len(tables) > 1 else "0",
        table_text=_TABLE_TEXTS[image.tensor.dtype],
        frame_text=f"{size} pixels, {'three bytes' if is_color else 'one byte'} each,",
        frame_format="kRgb888" if is_color else "kGray",
    )


_TABLE_TEXTS = {"float32": "normalized", "int8": "normalized and quantized", "uint8": "itself"}
_COLORS = {0: "black", 255: "white"}


def _crop_text(image: ImageInput) -> str:
    if image.crop is CropMode.STRETCH:
        return "the whole frame, stretched"
    if image.crop is CropMode.CENTER_CROP:
        return "the largest centered box of the input's aspect ratio"
    return f"the whole frame in its own aspect ratio, on {_COLORS.get(image.pad, f'gray {image.pad}')}"


# --- the project ----------------------------------------


def _find_problems(model: Model) -> tuple[Problem, ...]:
    if any(operator.name == EDGE_TPU_OPERATOR for operator, _ in model.operators):
        return (
            Problem(
                Level.ERROR,
                "it is compiled for the Edge TPU",
                "Package the .tflite that was given to edgetpu_compiler.",
            ),
        )
    problems = [
        problem
        for side, tensors in (("input", model.inputs), ("output", model.outputs))
        for tensor in tensors
        for problem in _interface_problems(side, tensor)
    ]
    problems += operator_problems(model)
    if _is_for_ethos_u(model):
        problems.append(
            Problem(
                Level.WARNING,
                f"it is compiled for an Arm Ethos-U (operator {ETHOS_U_OPERATOR}), whose answers only the chip tells",
                f"It takes the accelerator {Accelerator.ETHOS_U}, on one of the platforms {_ACCELERATED}; elsewhere "
                "package the .tflite that was given to vela.",
            )
        )
    size = len(model.data)
    if size > _COMMON_FLASH_BYTES:
        problems.append(
            Problem(
                Level.WARNING,
                f"it has {size / 1e6:.1f} MB, and most boards have 1 or 2 MB of flash",
                "Name your board, and its memory is checked too.",
            )
        )
    return tuple(problems)


def _is_for_ethos_u(model: Model) -> bool:
    return any(operator.name == ETHOS_U_OPERATOR for operator, _ in model.operators)


# The platforms whose library can be built with an Ethos-U's driver.
_ACCELERATED = ", ".join(
    platform
    for platform in Platform
    if Accelerator.ETHOS_U in library_of(platform, ArduinoLibrary.TENSORFLOW).accelerators
)


def _interface_problems(side: str, tensor: Tensor) -> Iterable[Problem]:
    if tensor.dtype not in CTYPES:
        yield Problem(
            Level.ERROR,
            f"its {side} {tensor.name!r} is of {tensor.dtype}",
            "Convert it with one of these as interface: " + ", ".join(CTYPES),
        )
    if side == "input" and tensor.is_dynamic:
        yield Problem(
            Level.ERROR,
            f"its input {tensor.name!r} has the open shape {list(tensor.shape_signature)}, and TensorFlow Lite Micro "
            "plans its memory once",
            "Convert it with a fixed shape.",
        )


def _build_context(annotated: AnnotatedModel, options: Options, goldens: Goldens) -> Context:
    if not options.also:
        alone = _model_context(annotated, options, goldens)
        return Context(alone.project, alone.input, alone.answer, alone.device)
    given = (annotated, *(companion for companion, _ in goldens.companions))
    models = [member.model for member in given]
    name = _program_name(given, options)
    build = choose_build(options)
    core = f"{snake_name(name)}/src" if build.platform is Platform.ARDUINO else _CORE_FOLDERS[build.platform]
    own = replace(options, name="", also=())
    members = tuple(
        _model_context(member, own, found, core) for member, found in ((annotated, goldens), *goldens.companions)
    )
    command = _command(annotated.model, options)
    members = tuple(replace(member, project=replace(member.project, command=command)) for member in members)
    first = members[0]
    program = _program(name, build, core, options, members, models)
    return Context(program, first.input, first.answer, first.device, members)


def _program_name(models: Sequence[AnnotatedModel], options: Options) -> ProjectName:
    """What a program of several models is called: as the options say, else as they all are.

    Raises:
        ConfigError: that cannot be spelled, or two models would have the same namespace.
    """
    names = [project_name(model, replace(options, name="")) for model in models]
    for number, name in enumerate(names):
        if snake_name(name) in map(snake_name, names[:number]):
            raise ConfigError(
                f"two of the models are called {snake_name(name)}",
                where=models[number].model.path,
                fix="Give one of them another name where its metadata are attached.",
                about=_ALSO,
            )
    return project_name(models[0], replace(options, name=options.name or " and ".join(map(str, names))))


def _program(
    name: ProjectName,
    build: Build,
    core: str,
    options: Options,
    members: Sequence[ModelContext],
    models: Sequence[Model],
) -> ProjectContext:
    """The program around several models: what it has in common with the first, and what is theirs together."""
    projects = [member.project for member in members]
    first, size = projects[0], sum(project.model_bytes for project in projects)
    arena = max((project.arena for project in projects), key=lambda arena: arena.bytes)
    return replace(
        first,
        name=snake_name(name),
        class_name=class_name(name),
        guard=snake_name(name).upper(),
        title=str(name),
        description="",
        core=core,
        readme=f"{core}/README.md",
        board=_check_board(models, build, model_bytes=size, arena_bytes=arena.bytes),
        subject=f"{len(members)} models in turn",
        origin=f"{len(members)} models of {size} bytes together",
        command_file=f"{first.core}/model_data.h",
        model_bytes=size,
        arena=arena,
        arduino=None if first.arduino is None else replace(first.arduino, folder=snake_name(name)),
        sources=tuple(f"{project.name}/{source}" for project in projects for source in project.sources),
        program_sources=(
            "app.cpp",
            *(f"{project.name}/{source}" for project in projects for source in project.program_sources),
        ),
        arrays=tuple(f"{project.name}/{array}" for project in projects for array in project.arrays),
        arena_object="app",
        shares_arena=False,
        uses_ethos_u=any(project.uses_ethos_u for project in projects),
        golden=replace(
            first.golden,
            **{
                name: sum(getattr(project.golden, name) for project in projects)
                for name in ("bytes", "count", "left_out")
            },
        ),
    )


def _model_context(annotated: AnnotatedModel, options: Options, goldens: Goldens, program: str = "") -> ModelContext:
    """The context of one model; ``program`` is the folder of the sources around several."""
    input, answer = _input(annotated, options), build_answer(annotated)
    project = _project(annotated, options, goldens, input, answer, program)
    return ModelContext(project, input, answer, _device(annotated, options, input, project))


def _device(
    annotated: AnnotatedModel, options: Options, input: InputContext, project: ProjectContext
) -> DeviceContext | None:
    board = choose_build(options).board
    if board is None:
        return None
    folder = project.arduino.folder if project.arduino else project.core
    is_color = isinstance(input, ImageContext) and input.is_color
    return build_device(options.source, board, folder, annotated.model.inputs[0], is_color=is_color)


def _project(
    annotated: AnnotatedModel,
    options: Options,
    goldens: Goldens,
    input: InputContext,
    answer: AnyAnswerContext,
    program: str,
) -> ProjectContext:
    given, build = project_name(annotated, options), choose_build(options)
    name = snake_name(given)
    model = annotated.model
    data = strip(model.data)
    arena = plan_arena(model, options, goldens, build, _heard_by(annotated))
    operators = resolver_methods(model)
    frontend = _frontend(annotated)
    labels = _labels(annotated)
    profiler = ("profiler.h",) if options.profile else ()
    golden = _golden(annotated, goldens, (*input.ports, *answer.ports))
    arduino = _arduino(annotated, options, build, name) if build.platform is Platform.ARDUINO else None
    core = _CORE_FOLDERS[build.platform] if arduino is None else "src" if arduino.is_library else name
    if program:
        core = f"{program}/{name}"
    texts = [case.name for case in golden.cases], _names(labels, answer)
    # What the self-test compares: features are told, too.
    told = [*(input.ports if frontend else ()), *(port for port in answer.ports if not port.is_ranked)]
    return ProjectContext(
        name=name,
        class_name=class_name(given),
        versions=VersionsContext(**pinned("micro")),
        guard=name.upper(),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        command=_command(model, options),
        platform=build.platform.value,
        board=""
        if program
        else _check_board(
            _models(annotated),
            build,
            model_bytes=_flash(annotated),
            arena_bytes=arena.bytes,
            buffers=frontend.buffers if frontend else 0,
        ),
        board_name=(build.board.names if build.board else {}).get(
            build.platform, _BOARD_NAMES.get(build.platform, "")
        ),
        core=core,
        readme="README.md" if arduino and not program else f"{core}/README.md",
        subject="the model",
        origin=f"a model of {len(data)} bytes",
        command_file=f"{core}/model_data.h",
        program_sources=("app.cpp", "self_test.cpp", "golden_data.cpp"),
        arrays=("frontend", "model") if frontend else ("model",),
        arena_object=name,
        shares_arena=bool(program),
        verdict=f"{name}: " if program else "",
        sources=_sources(name, _class_layers(input, answer, labels, frontend, has_profile=options.profile)),
        labels=labels,
        arduino=arduino,
        # Sorted, as clang-format keeps them.
        program_headers=tuple(
            sorted((f"{name}.h", "self_test.h", *(() if options.source is InputSource.SERIAL else ("source.h",))))
        ),
        system_headers=("math.h", *_SELF_TEST_HEADERS) if answer.kind is AnswerKind.KEYPOINTS else _SELF_TEST_HEADERS,
        self_test_headers=tuple(sorted((f"{name}.h", "golden_data.h", "line.h", *profiler))),
        # Arduino's libraries open the serial port there, which the sketch does.
        initializes_target=build.platform not in (Platform.ARDUINO, Platform.PLATFORMIO),
        model_bytes=len(data),
        work=_work(model),
        kernels=_kernels(model, build),
        arena_section=options.arena_section,
        model_section=options.model_section,
        model_sha256=hashlib.sha256(data).hexdigest(),
        file_sha256=model.sha256 if data != model.data else "",
        arena=arena,
        operators=operators,
        operator_count=max(1, len(operators)),
        is_stateful=frontend is not None or is_stateful(model),
        uses_ethos_u=options.accelerator is Accelerator.ETHOS_U,
        frontend=frontend,
        has_profile=options.profile,
        node_count=max(1, sum(len(graph.nodes) for one in _models(annotated) for graph in one.subgraphs)),
        has_integer_output=any(not port.is_float for port in told),
        has_float_output=any(port.is_float for port in told),
        has_affine=any(port.affine for port in (*input.ports, *answer.ports)),
        prints_real=answer.kind is not AnswerKind.TENSORS
        or any(port.is_float or port.affine for port in answer.ports),
        prints_whole=answer.kind is AnswerKind.TENSORS
        and any(not port.is_float and not port.affine for port in answer.ports),
        golden=golden,
        line_bytes=128 + 20 * len(answer.ports) + sum(max(len(text.encode()) for text in part) for part in texts),
    )


def _work(model: Model) -> WorkContext:
    work = count_work(model)
    layers = [layer for layer in work.layers if layer.macs != 0 or layer.weight_bytes]
    return WorkContext(
        macs=f"{work.macs:,}",
        weights=f"{work.weight_bytes:,}",
        layers=tuple(
            LayerContext(
                operator=layer.operator,
                output=layer.short_output,
                shape="[" + ", ".join(map(str, layer.shape)) + "]",
                macs="?" if layer.macs is None else f"{layer.macs:,}",
                weights=f"{layer.weight_bytes:,}",
            )
            for layer in layers[:_MOST_LAYERS]
        ),
        left_out=max(0, len(layers) - _MOST_LAYERS),
        unknown=", ".join(work.unknown),
    )


def _heard_by(annotated: AnnotatedModel) -> Model | None:
    """The front end of a model that has one."""
    from packager.tasks.features import FeaturesInput

    return annotated.input.frontend if isinstance(annotated.input, FeaturesInput) else None


def _models(annotated: AnnotatedModel) -> tuple[Model, ...]:
    """The model, and its front end."""
    frontend = _heard_by(annotated)
    return (annotated.model,) if frontend is None else (annotated.model, frontend)


def _flash(annotated: AnnotatedModel) -> int:
    """Bytes that the models take."""
    return sum(len(strip(model.data)) for model in _models(annotated))


def _frontend(annotated: AnnotatedModel) -> FrontendContext | None:
    from packager.tasks.features import FeaturesInput

    if not isinstance(annotated.input, FeaturesInput):
        return None
    return build_frontend(annotated.input, annotated.model, annotated.answer.kind)


def _labels(annotated: AnnotatedModel) -> tuple[str, ...]:
    """The labels of the answer; those of points are in its context, and plain tensors need none."""
    return (
        annotated.labels if annotated.answer.kind in (AnswerKind.CLASSES, AnswerKind.BOXES, AnswerKind.MASK) else ()
    )


def _names(labels: tuple[str, ...], answer: AnyAnswerContext) -> tuple[str, ...]:
    """What is printed of an answer, beside numbers."""
    return (answer.names if isinstance(answer, KeypointsContext) else labels) or ("",)


def _class_layers(
    input: InputContext,
    answer: AnyAnswerContext,
    labels: tuple[str, ...],
    frontend: FrontendContext | None,
    *,
    has_profile: bool,
) -> tuple[str, ...]:
    """The folders of templates of the class and of its self-test."""
    layers = (*task_layers("micro", input.kind, answer.kind), *answer_layers(answer, labels))
    if isinstance(input, ImageContext):
        layers += (f"micro/{'bilinear' if input.is_bilinear else 'average'}/in/image",)
    if frontend is not None:
        layers = _behind_frontend("micro", layers, frontend)
    return (*layers, "micro/profile") if has_profile else layers


def _behind_frontend(folder: str, layers: tuple[str, ...], frontend: FrontendContext) -> tuple[str, ...]:
    """``layers`` with what a front end has in place of an input of numbers, and of an answer to each of them."""
    own = folder.replace("micro", "micro/frontend", 1)
    heard = f"{own}/out/{AnswerKind.CLASSES}"
    layers = tuple(f"{own}/common" if layer == f"{folder}/in/{InputKind.TENSORS}" else layer for layer in layers)
    if not frontend.has_recognizer:
        return layers
    spoken = f"{folder}/out/{AnswerKind.CLASSES}"
    return (*layers, heard) if folder == "micro" else tuple(heard if layer == spoken else layer for layer in layers)


def _sources(name: str, layers: Iterable[str]) -> tuple[str, ...]:
    """The sources of the class that ``layers`` have, without the model's."""
    folder = "{{ project.core }}/"
    found = {path for layer in layers for path, _ in template_files(layer) if path.startswith(folder)}
    files = {path.removeprefix(folder).split(".parts/")[0].removesuffix(TEMPLATE_SUFFIX) for path in found}
    sources = {file.replace("{{ project.name }}", name) for file in files if file.endswith(".cpp")}
    return tuple(sorted(sources - {"self_test.cpp", "golden_data.cpp"}))


def _kernels(model: Model, build: Build) -> KernelsContext:
    library, kernels = build.library, build.kernels
    used = int8_operators(model)
    functions = [
        FunctionsContext(operator, names) for operator, names in FUNCTIONS[kernels].items() if operator in used
    ]
    return KernelsContext(
        title=library.kernels,
        operators=", ".join(item.operator for item in functions),
        functions=tuple(functions),
        are_enabled=build.board is not None and kernels is library.kernels,
        are_optional=bool(library.kernel_cores),
    )


def _arduino(annotated: AnnotatedModel, options: Options, build: Build, name: str) -> ArduinoContext:
    is_library = options.arduino_form is ArduinoForm.LIBRARY
    return ArduinoContext(
        header=_ARDUINO_HEADERS[build.arduino_library],
        is_chirale=build.arduino_library is ArduinoLibrary.CHIRALE,
        is_library=is_library,
        folder=f"examples/{name}" if is_library else name,
        sentence=annotated.metadata.description
        or f"The model {project_name(annotated, options)}, run by TensorFlow Lite Micro.",
    )


_SELF_TEST_HEADERS = ("stdint.h", "string.h")
_CORE_FOLDERS = {
    Platform.CMAKE: "src",
    Platform.ESP_IDF: "main",
    Platform.ZEPHYR: "src",
    Platform.PICO: "src",
    Platform.PLATFORMIO: "src",
}
# What platforms call a board, for a project that names none.
_BOARD_NAMES = {Platform.ESP_IDF: "esp32s3", Platform.PICO: "pico", Platform.PLATFORMIO: "nano33ble"}
_ARDUINO_HEADERS = {
    ArduinoLibrary.TENSORFLOW: "TensorFlowLite.h",
    ArduinoLibrary.CHIRALE: "Chirale_TensorFlowLite.h",
}


def read_companions(options: Options) -> tuple[AnnotatedModel, ...]:
    """The models that take turns with the first.

    Raises:
        ModelError: one cannot be read, TargetError: or cannot run here.
    """
    return tuple(annotated_model(read_model(path)) for path in options.also)


def _check_options(model: Model, options: Options) -> None:
    if options.also:
        _check_several(model, options)
    _check_model(model, options)


def _check_several(model: Model, options: Options) -> None:
    """See that all models can share a program, as far as that is known before golden cases are computed."""
    if options.arduino_form is ArduinoForm.LIBRARY:
        raise ConfigError(
            (Setting(Options, "arduino_form"), f" is {ArduinoForm.LIBRARY}, and several models make a sketch"),
            fix="Make a library of each of them, and a sketch that includes both.",
            about=Setting(Options, "arduino_form"),
        )
    if options.frontend is not None:
        raise ConfigError(
            (_FRONTEND, " goes with one model, and there are several"),
            fix="Package that model alone, and call the others in its program, with an arena of their own.",
            about=_FRONTEND,
        )
    if options.source is not InputSource.SERIAL:
        raise ConfigError(
            (_SOURCE, f" is {options.source}, which goes with one model, and there are several"),
            fix="Package that model alone, and take its source.* into the program of the others.",
            about=_SOURCE,
        )
    companions = read_companions(options)
    _program_name((annotated_model(model), *companions), options)
    build = choose_build(options)
    models = [model, *(companion.model for companion in companions)]
    for companion in models[1:]:
        check_model(TARGET, companion)
        _check_model(companion, replace(options, also=()))
    _check_board(
        models,
        build,
        model_bytes=sum(one.sizes.weights for one in models),
        arena_bytes=max(options.arena_bytes or least_arena(one) for one in models),
    )


def _check_model(model: Model, options: Options) -> None:
    if options.arena_margin < 0:
        raise ConfigError(
            (_ARENA_MARGIN, " is below 0, which is less than what was measured"),
            fix=("Give a smaller arena with ", _ARENA_BYTES, "."),
            about=_ARENA_MARGIN,
        )
    if options.arena_bytes is not None and not 0 < options.arena_bytes <= _LARGEST_ARENA:
        raise ConfigError(
            (_ARENA_BYTES, f" is not a whole number from 1 to {_LARGEST_ARENA:,}"),
            fix="Leave it out, and the measured minimum and a margin are taken.",
            about=_ARENA_BYTES,
        )
    for setting, name in ((_ARENA_SECTION, options.arena_section), (_MODEL_SECTION, options.model_section)):
        if name and not re.fullmatch(r"[A-Za-z._][\w.$]{0,99}", name, re.ASCII):
            raise ConfigError(
                (setting, " is no name of a linker section"),
                fix=("Give one of letters, digits, points and underscores: ", Example.of((setting, ".bss.fast"))),
                about=setting,
            )
    build = choose_build(options)
    _check_source(options, build)
    _check_accelerator(model, options, build)
    frontend = read_frontend(options)
    models = (model,) if frontend is None else (model, frontend)
    for one in models:
        _check_library(one, build)
    # The weights are the least that the array can have; its size, and an arena to be measured, are not known yet.
    arena_bytes = options.arena_bytes or max(map(least_arena, models))
    _check_board(models, build, model_bytes=sum(one.sizes.weights for one in models), arena_bytes=arena_bytes)
    if frontend is not None:
        require(Runtime.TFLITE_MICRO, frontend.path)
    if not is_installed(Runtime.TFLITE_MICRO) or options.accelerator is not None:
        _check_unmeasured(model, options)


def _check_unmeasured(model: Model, options: Options) -> None:
    """See that an arena that is given is not known to be too small, where none can be measured."""
    least = least_arena(model)
    if options.arena_bytes is not None and options.arena_bytes < least:
        raise ConfigError(
            (_ARENA_BYTES, f" is less than the {least:,} bytes that the model's inputs or outputs take alone"),
            fix=(
                Example.of((_ARENA_BYTES, likely_arena(model))),
                " is an estimate that is enough as a rule, and is taken where none is given. On Linux on x86-64 it "
                "is measured.",
            ),
            about=_ARENA_BYTES,
        )


def plan_arena(
    model: Model, options: Options, goldens: Goldens, build: Build, frontend: Model | None = None
) -> ArenaContext:
    """The arena that a project gets: as large as ``options`` say, or as was measured and a margin, or estimated."""
    measured, use = goldens.arena_bytes, goldens.arena_use
    models = (model,) if frontend is None else (model, frontend)
    if measured is None:
        given = options.arena_bytes is not None
        size = sum(map(likely_arena, models)) if options.arena_bytes is None else options.arena_bytes
        return ArenaContext(size, None, None, None, None, None, 0, None, options.arena_margin, is_given=given)
    if goldens.frontend is not None:
        from packager.golden import MeasuredArena

        both = share(MeasuredArena(measured, use), goldens.frontend)
        measured, use = both.bytes, both.use
    need, kernels = need_of(measured, use), build.kernels
    core = build.board.core if build.board else ""
    extra = sum(kernel_bytes(one, kernels, core) for one in models)
    vectors = (
        sum(kernel_bytes(one, kernels, core, helium=True) for one in models)
        if kernels is Kernels.CMSIS_NN and not core
        else extra
    )
    arena, host, helium = (
        -(-size * (100 + options.arena_margin) // 1600) * 16
        for size in (need.bytes + extra, measured, need.bytes + max(extra, vectors))
    )
    if options.arena_bytes is not None:
        arena = host = helium = options.arena_bytes
    elif max(host, helium) > _LARGEST_ARENA:
        raise ConfigError(
            (_ARENA_MARGIN, f" makes an arena of more than {_LARGEST_ARENA:,} bytes"),
            fix="Give it in percent of what was measured: 10 is usual.",
            about=_ARENA_MARGIN,
        )
    return ArenaContext(
        bytes=arena,
        host_bytes=host if build.platform is not Platform.ARDUINO and host != arena else None,
        measured=measured,
        needed=need.bytes + extra,
        least=need.least,
        planning=need.planning,
        kernel_bytes=extra,
        helium_bytes=helium if build.platform is not Platform.ARDUINO and helium != arena else None,
        margin=options.arena_margin,
        is_given=options.arena_bytes is not None,
    )


def _find_warnings(context: Context) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    for project in [member.project for member in context.members] or [context.project]:
        arena, who = project.arena, project.title if context.members else "the model"
        if arena.needed is None or arena.bytes >= arena.needed:
            continue
        assert arena.least is not None
        certainly = ", and is refused" if arena.bytes < arena.least else ""
        problems.append(
            Problem(
                Level.WARNING,
                f"the tensor arena of {arena.bytes:,} bytes is smaller than the {arena.needed:,} that {who} may need "
                f"on a 32-bit target{certainly}",
                "Leave its size out, and it is measured; or lower it to what the self-test says on the board.",
            )
        )
    return tuple(problems)


def choose_build(options: Options) -> Build:
    """What builds the project: as the options say, else as the board in them would have it.

    Raises:
        ConfigError: there is no such board, or it has not what the options ask for.
    """
    if not options.board:
        return Build(options.platform or Platform.ARDUINO, options.arduino_library or ArduinoLibrary.TENSORFLOW, None)
    from packager.targets.micro.boards import find_board

    with about(_BOARD):
        board = find_board(options.board)
    platform = options.platform or first_platform(options.source, board)
    library = options.arduino_library or board.arduino_library
    if board.platforms and platform not in board.platforms:
        raise _unfit(board, _PLATFORM, platform, board.platforms)
    if platform is Platform.ARDUINO and board.platforms and library not in board.arduino_libraries:
        raise _unfit(board, _ARDUINO_LIBRARY, library, board.arduino_libraries)
    return Build(platform, library, board)


def _unfit(board: Board, setting: Setting, given: str, known: Sequence[Platform | ArduinoLibrary]) -> ConfigError:
    others = f", or one of {', '.join(known[1:])}" if len(known) > 1 else ""
    return ConfigError(
        (setting, f" is {given}, which does not build for the {board.title}"),
        fix=("For this board leave it out, or give ", Example.of((setting, known[0])), others, "."),
        about=setting,
    )


def _check_source(options: Options, build: Build) -> None:
    """See that the board has the source, and the platform what reads it."""
    source = options.source
    if source is InputSource.SERIAL:
        return
    boards = ", ".join(boards_with(source))
    if build.board is None:
        raise ConfigError(
            (_SOURCE, f" is {source}, and no board is given"),
            fix=("Set ", _BOARD, f" to one that has one: {boards}"),
            about=_SOURCE,
        )
    device = find_device(source, build.board.key)
    if device is None:
        raise ConfigError(
            (_SOURCE, f" is {source}, and the {build.board.title} has no {source.device} that a project could read"),
            fix=("Set ", _BOARD, f" to one that has one: {boards}"),
            about=_SOURCE,
        )
    if build.platform not in device.platforms:
        others = f", or to {device.platforms[1]}" if len(device.platforms) > 1 else ""
        raise ConfigError(
            (_SOURCE, f" is {source}, which is read by {device.title}, and that is not for {build.platform}"),
            fix=("Set ", _PLATFORM, f" to {device.platforms[0]}{others}; or leave it out."),
            about=_SOURCE,
        )


def _check_input(annotated: AnnotatedModel, options: Options) -> None:
    """See that the source gives what the model takes."""
    source = options.source
    if source is InputSource.SERIAL:
        return
    from packager.tasks.audio import AudioInput
    from packager.tasks.features import FeaturesInput

    # A front end makes a model of numbers one of sound.
    input = annotated.input.clip if isinstance(annotated.input, FeaturesInput) else annotated.input
    kind, given = KINDS[source], input.kind
    board = choose_build(options).board
    device = find_device(source, board.key if board else "")
    wrong, fix = "", f"Leave it out: the program then takes its input from {InputSource.SERIAL}."
    if given is not kind:
        wrong = f"the model takes {_TAKEN_KINDS[given]}"
    elif isinstance(input, AudioInput) and device and input.sample_rate not in device.rates:
        rates = ", ".join(map(str, device.rates))
        wrong = f"its library gives {rates} samples a second, and the model takes {input.sample_rate}"
    elif source is InputSource.IMU and (len(annotated.inputs) > 1 or not motion_window(annotated.model.inputs[0])):
        shapes = ", ".join(str(list(tensor.shape)) for tensor in annotated.model.inputs)
        wrong = f"a window of measurements is [1, steps, 3 or 6], and the model takes {shapes}"
    if wrong:
        raise ConfigError((_SOURCE, f" is {source}, and {wrong}"), where=annotated.model.path, fix=fix, about=_SOURCE)


_TAKEN_KINDS = {
    InputKind.IMAGE: "pictures",
    InputKind.AUDIO: "sound",
    InputKind.TEXT: "texts",
    InputKind.TENSORS: "numbers",
}


def _check_accelerator(model: Model, options: Options, build: Build) -> None:
    """See that a model for an Ethos-U goes where there may be one, and no other does."""
    uncompiled = "package the .tflite that was given to vela."
    if not _is_for_ethos_u(model):
        if options.accelerator is not None:
            raise ConfigError(
                (_ACCELERATOR, f" is {options.accelerator}, and the model holds no operator {ETHOS_U_OPERATOR}"),
                where=model.path,
                fix="Compile it by vela first, or leave that out.",
                about=_ACCELERATOR,
            )
        return
    if options.accelerator is None:
        raise TargetError(
            f"it is compiled for an Arm Ethos-U (operator {ETHOS_U_OPERATOR})",
            where=model.path,
            fix=(
                *("Give ", Example.of((_ACCELERATOR, Accelerator.ETHOS_U)), " and set ", _PLATFORM),
                f" to one of {_ACCELERATED}; or {uncompiled}",
            ),
        )
    if build.board is not None:
        raise ConfigError(
            (_ACCELERATOR, f" is {options.accelerator}, which the {build.board.title} has not"),
            fix=("Leave ", _BOARD, f" out: no board of the table has one. Or {uncompiled}"),
            about=_ACCELERATOR,
        )
    if options.accelerator not in build.library.accelerators:
        raise ConfigError(
            (_ACCELERATOR, f" is {options.accelerator}, for which {build.library.title} has no operator"),
            fix=("Set ", _PLATFORM, f" to one of {_ACCELERATED}; or {uncompiled}"),
            about=_ACCELERATOR,
        )


def _golden_source(annotated: AnnotatedModel, options: Options) -> AnnotatedModel:
    """The model from which that for an Ethos-U was compiled: nothing but the chip runs the latter.

    Raises:
        ConfigError: it is not given and not found, or has other inputs or outputs.
        ModelError: it cannot be read.
    """
    if options.accelerator is None:
        return annotated
    path = options.uncompiled or _find_uncompiled(annotated.model.path)
    if path is None:
        raise ConfigError(
            "the golden cases of a model for an Arm Ethos-U are computed by the .tflite that was given to vela, and "
            "that is not given",
            where=annotated.model.path,
            fix=("Give it: ", Example.of((_UNCOMPILED, Path("MODEL.tflite"))), "."),
            about=_UNCOMPILED,
        )
    model = read_model(path)
    sides = ((annotated.model.inputs, model.inputs), (annotated.model.outputs, model.outputs))
    for compiled, original in sides:
        if [(one.shape, one.dtype, one.quantization) for one in compiled] != [
            (one.shape, one.dtype, one.quantization) for one in original
        ]:
            raise ConfigError(
                (_UNCOMPILED, f" is {path}, whose inputs or outputs are others than the compiled model's"),
                fix="Give the .tflite that was given to vela.",
                about=_UNCOMPILED,
            )
    return replace(annotated, model=model)


def _find_uncompiled(path: Path) -> Path | None:
    """What vela makes NAME_vela.tflite of, by default in a folder below."""
    name = path.name.removesuffix("_vela.tflite")
    if name == path.name:
        return None
    places = (path.parent / f"{name}.tflite", path.absolute().parent.parent / f"{name}.tflite")
    return next((place for place in places if is_file(place)), None)


def _check_library(model: Model, build: Build) -> None:
    """See that the library has the operators: some are years behind TensorFlow Lite Micro, or leave kernels out."""
    missing = missing_in(build.library, model)
    if not missing:
        return
    known = build.board.platforms if build.board else tuple(Platform)
    able = [platform for platform in known if not missing_in(library_of(platform, build.arduino_library), model)]
    fix: list[Part] = ["Take a board with the platform cmake, which has all operators: for example nucleo-h743zi."]
    if able:
        fix = ["Set ", _PLATFORM, f" to {able[0]}" + (f", or to one of {', '.join(able[1:])}" if able[1:] else "")]
        fix += ["; no ", _ARDUINO_LIBRARY, " has it."] if build.platform is Platform.ARDUINO else ["."]
    raise TargetError(f"{build.library.title} has no {', '.join(missing)}", where=model.path, fix=fix)


def _check_board(
    models: Sequence[Model], build: Build, *, model_bytes: int, arena_bytes: int, buffers: int = 0
) -> str:
    """The board, what a model and its front end take of it, and what is tight, for a reader; "" without a board."""
    from packager.targets.micro.boards import (
        Demand,
        check_board,
        describe_fit,
        describe_largest,
        find_boards_that_fit,
    )

    where = models[0].path
    operators = [operator.name for model in models for operator, _ in model.operators]
    if build.board is None:
        # A CMake project may be for a board, or a computer, of any size.
        if build.platform is not Platform.CMAKE and not find_boards_that_fit(
            Demand(model_bytes, arena_bytes, operators)
        ):
            arena = f" and {arena_bytes:,} of tensor arena" if arena_bytes else ""
            raise TargetError(
                f"it fits on no board of the table: it takes at least {model_bytes:,} bytes of flash for the model"
                f"{arena}, and the board with the most is {describe_largest()}",
                where=where,
                fix=(
                    *("Quantize it to int8, or give it a smaller input; or set ", _PLATFORM),
                    f" to {Platform.CMAKE}, which takes a board of any size.",
                ),
            )
        return ""
    demand = Demand(model_bytes, arena_bytes, operators, build.platform, build.arduino_library, buffers)
    problems = check_board(build.board.key, demand)
    for problem in problems:
        if problem.level is Level.ERROR:
            raise TargetError(problem.what, where=where, fix=problem.fix)
    sentences = [describe_fit(build.board.key, demand)]
    for problem in problems:
        sentences += [problem.what, problem.fix.removesuffix(".")]
    return ". ".join(sentences)


def _command(model: Model, options: Options) -> str:
    """The command that makes this project again, with the options that are not the default."""
    words = ["packager", "micro", model.path.name]
    for option in fields(options):
        value = getattr(options, option.name)
        if value != option.default and option.name != _ALSO.name:
            words.append(f"--{option.name.replace('_', '-')}")
            words += [] if value is True else [value.name if isinstance(value, Path) else str(value)]
    return shlex.join([*words[:3], *(path.name for path in options.also), *words[3:]])


def _cases_for_flash(annotated: AnnotatedModel, cases: Sequence[GoldenCase]) -> Sequence[GoldenCase]:
    """The first cases that have room in a board's flash together, and at least one."""
    total = 0
    for count, case in enumerate(cases):
        total += _case_bytes(annotated, case)
        if total > _GOLDEN_BYTES and count:
            return cases[:count]
    return cases


def _case_bytes(annotated: AnnotatedModel, case: GoldenCase) -> int:
    tensors = (*_samples(annotated, case), *case.inputs, *case.outputs)
    return sum(tensor.nbytes for tensor in tensors) + answer_bytes(case.answer)


def _samples(annotated: AnnotatedModel, case: GoldenCase) -> tuple[Array, ...]:
    """The samples of a sound of which a front end made the inputs of the case."""
    from packager.golden import Sound, window_of
    from packager.tasks.features import FeaturesInput

    if not isinstance(annotated.input, FeaturesInput):
        return ()
    assert isinstance(case.given, Sound)
    return (window_of(case.given, annotated.input.clip),)


def stand_in_tolerance(model: Model, goldens: GoldenSet) -> Tolerance:
    """How far the outputs of TensorFlow Lite Micro may be from ``goldens`` of LiteRT's reference kernels.

    Floats were bit-identical, integers not: LiteRT rounds some layers in another way. Measured with LiteRT 2.3.0 and
    TensorFlow Lite Micro of October 2026 over random inputs to the ten quantized models at hand that both run: by
    nothing for 90 to 100 % of them, and else by up to 5 counts in nets of 3 or 4 operators, 11 in those of 8 to 17,
    16 in YOLO11n. As far may LiteRT's kernels be from one another, so the same counts are allowed. Beyond them were
    7 of 10,000 inputs to the example gestures alone, by up to 6 counts.
    """
    from packager.golden import kernel_counts, output_rules

    counts, absolute = [TOLERANCE.counts], [TOLERANCE.absolute]
    for output, rule in zip(model.outputs, output_rules(model, goldens), strict=True):
        if output.is_quantized:
            counts.append(kernel_counts(model))
        elif output.dtype == "float32" and rule is not None and model.quantized_operators:
            absolute.append(rule.allowed)
    return Tolerance(max(counts), max(absolute))


# What an answer may be off in, of what ``Answer.agreement`` allows; the threshold is the answer's own.
_AGREEMENTS = {
    "score": "How far a score may be from the golden one",
    "overlap": "How much of their union a golden box or class must share",
    "distance": "How far a point may be from the golden one, in longer sides of the frame",
}


def _golden(annotated: AnnotatedModel, goldens: Goldens, ports: tuple[PortContext, ...]) -> GoldenContext:
    model, is_stand_in = annotated.model, Runtime.TFLITE_MICRO not in goldens.sets
    found = goldens.sets[Runtime.LITERT_FOR_MICRO if is_stand_in else Runtime.TFLITE_MICRO]
    tolerance = stand_in_tolerance(model, found) if is_stand_in else TOLERANCE
    kept = _cases_for_flash(annotated, found.cases)
    cases = tuple(_golden_case(annotated, number, case, ports) for number, case in enumerate(kept))
    agreement = annotated.answer.agreement(_score_share(model, tolerance), [case.answer for case in found.cases])
    return GoldenContext(
        runtime=found.runtime,
        title="LiteRT's reference kernels" if is_stand_in else "TensorFlow Lite Micro",
        is_stand_in=is_stand_in,
        bytes=sum(_case_bytes(annotated, case) for case in kept),
        cases=cases,
        count=len(cases),
        left_out=len(found.cases) - len(cases),
        has_special_floats=any(
            "NAN" in row or "INFINITY" in row
            for case in cases
            for rows in (case.answer_rows, *(array.rows for array in case.arrays))
            for row in rows
        ),
        tolerance_counts=tolerance.counts,
        tolerance_absolute=tolerance.absolute,
        answer_type=ANSWER_TYPES[annotated.answer.kind],
        agreement=tuple(
            ConstantContext(f"kAgreement{name.capitalize()}", value, _AGREEMENTS[name])
            for name, value in agreement.items()
            if name in _AGREEMENTS
        ),
    )


def _score_share(model: Model, tolerance: Tolerance) -> float:
    """How far a score may be off, as a share of its range."""
    return max(tolerance.absolute, tolerance.counts / 256 if model.quantized_operators else 0.0)


def _golden_case(
    annotated: AnnotatedModel, number: int, case: GoldenCase, ports: tuple[PortContext, ...]
) -> GoldenCaseContext:
    named = [
        *(("int16_t", "kSamples", samples) for samples in _samples(annotated, case)),
        *(
            (port.ctype, port.constant, tensor)
            for port, tensor in zip(ports, (*case.inputs, *case.outputs), strict=True)
        ),
    ]
    arrays = tuple(
        GoldenArray(
            name=f"kCase{number}{constant[1:]}",
            ctype=ctype,
            constant=constant,
            rows=fill_rows(literals(tensor), 76),
        )
        for ctype, constant, tensor in named
    )
    name = f"kAnswer{number}"
    answer = golden_answer(annotated, case, name)
    return GoldenCaseContext(case.name, arrays, name, answer.rows, answer.fields)


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    if not context.members:
        return _model_files(annotated, context.project)
    models = (annotated, *(companion for companion, _ in goldens.companions))
    files: dict[str, bytes] = {}
    for member, model in zip(context.members, models, strict=True):
        files.update(render_layers(_member_layers(member), member))
        files.update(_model_files(model, member.project, f"{member.project.name}/"))
    return files


def _model_files(annotated: AnnotatedModel, project: ProjectContext, folder: str = "") -> dict[str, bytes]:
    """The array; ``folder`` leads to it from where the compiler looks for files."""
    from packager.targets.micro.c_array import model_assembler, model_source

    frontend = _heard_by(annotated)
    parts = {"model": annotated.model.data}
    if frontend is not None:
        parts["frontend"] = frontend.data
    files = {}
    for part, data in parts.items():
        content, place = strip(data), f"{project.core}/{part}"
        files[f"{place}_data.cpp"] = model_source(project.name, content, project.model_section, part)
        if project.arduino is None:
            # The Arduino IDE's builder does not assemble .S files with a path to what they include.
            files[f"{place}_data.S"] = model_assembler(project.name, content, project.model_section, part, folder)
            files[f"{place}.tflite"] = content
    return files


def _member_layers(context: ModelContext) -> tuple[str, ...]:
    """The templates of a model among several."""
    kinds = (context.input.kind, context.answer.kind)
    return (*_model_layers(context), *task_layers("micro/app", *kinds), "micro/turn")


def _layers(context: Context) -> tuple[str, ...]:
    project = context.project
    if context.members:
        platform = (
            ("micro/several-arduino", "micro/arduino-setup") if project.arduino else (f"micro/{project.platform}",)
        )
        return ("micro/several", "micro/console", *platform)
    layers = _model_layers(context)
    # A sketch is a program of its own; the other platforms share one, and lend it their console.
    if project.arduino is None:
        return (
            *layers,
            *_program_layers("micro/app", context),
            "micro/alone",
            "micro/console",
            f"micro/{project.platform}",
        )
    library = ("micro/arduino-library",) if project.arduino.is_library else ()
    return (*layers, *_program_layers("micro/arduino", context), "micro/arduino-setup", *library)


def _model_layers(context: ModelContext) -> tuple[str, ...]:
    """The templates of a model's class, self-test and README."""
    project = context.project
    frontend = project.frontend
    layers = _class_layers(context.input, context.answer, project.labels, frontend, has_profile=project.has_profile)
    if (
        frontend.quantizes
        if frontend is not None
        else not isinstance(context.input, ImageContext) and context.input.is_quantized
    ):
        layers += ("micro/quantize",)
    if project.golden.is_stand_in:
        layers += ("micro/stand-in",)
    if project.uses_ethos_u:
        layers += ("micro/ethos-u",)
    return layers


def _program_layers(folder: str, context: ModelContext) -> tuple[str, ...]:
    layers = task_layers(folder, context.input.kind, context.answer.kind)
    frontend = context.project.frontend
    if frontend is not None:
        layers = _behind_frontend(folder, layers, frontend)
    if context.device is None:
        return layers
    # The device in place of what reads the serial port or the console.
    inputs = (f"{folder}/in/{context.input.kind}", f"{folder.replace('micro', 'micro/frontend', 1)}/common")
    layers = tuple(layer for layer in layers if layer not in inputs)
    platform = Platform(context.project.platform)
    return (*layers, *device_layers(context.device, platform, has_frontend=frontend is not None))


def _next_steps(context: Context) -> tuple[str, ...]:
    project, arduino, golden = context.project, context.project.arduino, context.project.golden
    start = (
        f"open {arduino.folder}/{project.name}.ino in the Arduino IDE, with {arduino.header} installed"
        if arduino
        else "build it as README.md in the folder says"
    )
    size = [f"{golden.bytes:,} bytes of flash"] if golden.bytes > _GOLDEN_BYTES else []
    left_out = [f"{golden.left_out} more would take too much flash"] if golden.left_out else []
    notes = f" ({'; '.join([*size, *left_out])})" if size or left_out else ""
    return (
        *([project.board] if project.board else []),
        start,
        f"set SELF_TEST to 1, and the board replays {counted(golden.count, 'golden case')}{notes}",
        *_desk_steps(context.project),
    )


def _desk_steps(project: ProjectContext) -> tuple[str, ...]:
    if project.uses_ethos_u:
        return (
            f"the tensor arena of {project.arena.bytes:,} bytes was not measured: the self-test says what is in use",
            "the .tflite that was given to vela computed the golden cases, which the chip alone can replay",
        )
    replay = "packager verify FOLDER replays them on this computer"
    if not project.golden.is_stand_in:
        return (replay,)
    was = "was not measured" if project.arena.is_given else "is an estimate"
    return (
        replay,
        f"the tensor arena of {project.arena.bytes:,} bytes {was}: "
        "the self-test says what is in use, and packager verify on Linux on x86-64 what is needed",
        f"{project.golden.title} computed the golden cases, in place of TensorFlow Lite Micro",
    )


TARGET = Target(
    name="micro",
    title="a microcontroller",
    runtime=Runtime.TFLITE_MICRO,
    stand_in=Runtime.LITERT_FOR_MICRO,
    cells=(
        (InputKind.IMAGE, AnswerKind.CLASSES),
        (InputKind.IMAGE, AnswerKind.BOXES),
        (InputKind.IMAGE, AnswerKind.MASK),
        (InputKind.IMAGE, AnswerKind.KEYPOINTS),
        (InputKind.IMAGE, AnswerKind.TENSORS),
        (InputKind.AUDIO, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.CLASSES),
        (InputKind.TENSORS, AnswerKind.TENSORS),
    ),
    options=Options,
    context=Context,
    find_problems=_find_problems,
    build_context=_build_context,
    layers=_layers,
    extra_files=_extra_files,
    next_steps=_next_steps,
    check_options=_check_options,
    with_frontend=with_frontend,
    check_input=_check_input,
    golden_source=_golden_source,
    find_warnings=_find_warnings,
    companions=read_companions,
)
