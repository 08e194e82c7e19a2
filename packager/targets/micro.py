"""Microcontrollers: the model as an array in flash, and a class that runs it with TensorFlow Lite Micro."""

from __future__ import annotations

import hashlib
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, TargetError, about
from packager.metadata.embedding import strip
from packager.model import Model, Tensor
from packager.render.literals import float32
from packager.render.naming import unique
from packager.runtimes import Runtime, Tolerance
from packager.settings import Setting
from packager.targets.micro_names import class_name, snake_name
from packager.targets.micro_operators import (
    is_stateful,
    missing_in_arduino_library,
    operator_problems,
    resolver_methods,
)
from packager.targets.target import EDGE_TPU_OPERATOR, Level, Problem, Target, image_of, is_classifier, project_name
from packager.tasks import AnswerKind, CropMode, InputKind

if TYPE_CHECKING:
    from packager.golden import GoldenCase, Goldens
    from packager.tasks.kinds import Array

# int8 outputs are bit-identical between TensorFlow Lite Micro's reference kernels on x86-64 and on Cortex-M;
# the optimized kernels of a board's library may round in another way, and another core sums floats otherwise.
TOLERANCE = Tolerance(counts=2, absolute=1e-4)
# What the self-test's golden cases may take of a board's flash.
_GOLDEN_BYTES = 256 << 10
# What most boards have; a model beyond it fits few.
_COMMON_FLASH_BYTES = 2 << 20


class Platform(StrEnum):
    """What builds the project."""

    ARDUINO = "arduino"
    CMAKE = "cmake"
    ESP_IDF = "esp-idf"
    ZEPHYR = "zephyr"
    PICO = "pico"
    PLATFORMIO = "platformio"


class ArduinoLibrary(StrEnum):
    """The Arduino library of TensorFlow Lite Micro: Arduino_TensorFlowLite or Chirale_TensorFlowLite."""

    TENSORFLOW = "tensorflow"
    CHIRALE = "chirale"


class ArduinoForm(StrEnum):
    """A sketch that holds the sources, or an Arduino library that other sketches share, with that sketch in it."""

    SKETCH = "sketch"
    LIBRARY = "library"


@dataclass(frozen=True)
class Options:
    """The options of the micro target."""

    name: str = field(default="", metadata={"help": "Name of the sketch, class and namespace; default: the model's."})
    platform: Platform = field(default=Platform.ARDUINO, metadata={"help": "What builds the project."})
    board: str = field(default="", metadata={"help": "Board to check the model's size against."})
    arduino_library: ArduinoLibrary = field(
        default=ArduinoLibrary.TENSORFLOW, metadata={"help": "Arduino library of TensorFlow Lite Micro."}
    )
    arduino_form: ArduinoForm = field(
        default=ArduinoForm.SKETCH, metadata={"help": "A sketch, or a library with that sketch as its example."}
    )
    arena_margin: int = field(
        default=10, metadata={"help": "Percent to add to the measured minimum of the tensor arena."}
    )
    arena_bytes: int | None = field(
        default=None, metadata={"help": "Bytes of the tensor arena, in place of the measured minimum and margin."}
    )


_PLATFORM = Setting(Options, "platform")
_BOARD = Setting(Options, "board")
_ARDUINO_LIBRARY = Setting(Options, "arduino_library")
_ARENA_MARGIN = Setting(Options, "arena_margin")
_ARENA_BYTES = Setting(Options, "arena_bytes")
# The generated code, and the boards, count in 32 bits.
_LARGEST_ARENA = 2**31 - 1


@dataclass(frozen=True)
class PortContext:
    """One input or output in the generated code; ``accessor`` is the method that gives its items.

    ``has_converter`` says that it is quantized, so that there are real numbers behind its items;
    ``has_quantize`` that items are made from these (an image goes through a lookup table instead).
    """

    index: int
    title: str
    description: str
    dtype: str
    ctype: str
    shape: str
    size: int
    accessor: str
    constant: str
    is_float: bool
    has_converter: bool
    has_quantize: bool
    scale: float
    zero_point: int
    real_text: str
    real_expression: str


@dataclass(frozen=True)
class Table:
    """The lookup table of one channel, or of all where they are the same, as rows of C++."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class ImageContext:
    """The image input of a classifier. ``channel_tables`` holds the index of each channel's table."""

    width: int
    height: int
    channels: int
    ctype: str
    crop_text: str
    is_color: bool
    is_stretch: bool
    is_center_crop: bool
    is_letterbox: bool
    is_cropped: bool
    is_quantized: bool
    tables: tuple[Table, ...]
    table_count: int
    table_index: str
    channel_tables: tuple[int, ...]
    frame_text: str
    frame_format: str


@dataclass(frozen=True)
class AudioContext:
    """An input of microphone samples, and how a 16-bit sample becomes an item of it."""

    sample_rate: int
    is_quantized: bool
    is_float: bool
    is_pcm: bool


@dataclass(frozen=True)
class GoldenArray:
    """One tensor of a golden case; ``constant`` is its port's."""

    name: str
    ctype: str
    constant: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class GoldenContext:
    """A golden case: its inputs and then its outputs."""

    name: str
    arrays: tuple[GoldenArray, ...]


@dataclass(frozen=True)
class Context:
    """What the templates of the micro target use."""

    core: str
    sketch: str
    snake: str
    guard: str
    namespace: str
    class_name: str
    title: str
    description: str
    command: str
    platform: str
    board: str
    arduino_header: str
    sketch_headers: tuple[str, ...]
    self_test_headers: tuple[str, ...]
    is_chirale: bool
    is_library: bool
    ino_folder: str
    library_text: str
    initializes_target: bool
    model_bytes: int
    model_sha256: str
    is_stripped: bool
    file_sha256: str
    arena_bytes: int
    arena_measured: int
    arena_margin: int
    arena_is_given: bool
    operators: tuple[str, ...]
    operator_count: int
    inputs: tuple[PortContext, ...]
    outputs: tuple[PortContext, ...]
    has_quantize: bool
    has_integer_output: bool
    has_float_output: bool
    has_real_answer: bool
    has_whole_answer: bool
    is_stateful: bool
    is_classifier: bool
    image: ImageContext | None
    is_audio: bool
    audio: AudioContext | None
    has_labels: bool
    labels: tuple[str, ...]
    golden_runtime: str
    golden_cases: tuple[GoldenContext, ...]
    golden_count: int
    golden_left_out: int
    golden_has_special_floats: bool
    tolerance_counts: int
    tolerance_absolute: float
    line_bytes: int


# --- inputs and outputs ----------------------------------------

CTYPES = {
    "float32": "float",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "bool": "bool",
}


def _inputs(annotated: AnnotatedModel) -> tuple[PortContext, ...]:
    ports = _ports(annotated.inputs, "input")
    if is_classifier(annotated):
        return ports
    return tuple(replace(port, has_quantize=port.has_converter) for port in ports)


def _ports(ports: tuple[Port, ...], side: str) -> tuple[PortContext, ...]:
    accessors = (side,) if len(ports) == 1 else unique([f"{side}_{port.name}" for port in ports])
    # a_1 and a1 are one once they are joined.
    constants = unique(["k" + "".join(map(str.capitalize, accessor.split("_"))) for accessor in accessors], "")
    return tuple(
        _port(index, port, accessor, constant)
        for index, (port, accessor, constant) in enumerate(zip(ports, accessors, constants, strict=True))
    )


def _port(index: int, port: Port, accessor: str, constant: str) -> PortContext:
    tensor, quantization = port.tensor, port.tensor.quantization
    has_converter = quantization is not None and tensor.dtype not in ("float32", "int64", "bool")
    scale = quantization.scale if quantization is not None and has_converter else 1.0
    zero_point = quantization.zero_point if quantization is not None and has_converter else 0
    return PortContext(
        index=index,
        title=port.title,
        description=port.description,
        dtype=tensor.dtype,
        ctype=CTYPES[tensor.dtype],
        shape="[" + ", ".join(map(str, tensor.shape)) + "]",
        size=tensor.size,
        accessor=accessor,
        constant=constant,
        is_float=tensor.dtype == "float32",
        has_converter=has_converter,
        has_quantize=False,
        scale=scale,
        zero_point=zero_point,
        real_text=_real(scale, "item", zero_point, "") if has_converter else "the item itself",
        real_expression=_real(scale, "static_cast<float>(item)", zero_point, "f"),
    )


def _real(scale: float, item: str, zero_point: int, suffix: str) -> str:
    """``scale * (item - zero_point)``, as one writes it for this zero point; ``suffix`` ends each float literal."""
    factor = float32(scale) + suffix
    if zero_point == 0:
        return f"{factor} * {item}"
    offset = float32(abs(zero_point)) + suffix if suffix else str(abs(zero_point))
    return f"{factor} * ({item} {'-' if zero_point > 0 else '+'} {offset})"


def _literals(array: Array) -> list[str]:
    """The items of ``array`` as C++ writes them."""
    import numpy as np

    items = array.reshape(-1)
    if array.dtype == np.float32:
        # Each distinct value once, by its bits: a picture has 256 of them and a hundred thousand items.
        distinct, positions = np.unique(items.view(np.uint32), return_inverse=True)
        literals = [_float_literal(value) for value in distinct.view(np.float32).tolist()]
        return [literals[position] for position in positions.tolist()]
    if array.dtype == np.bool_:
        return ["true" if value else "false" for value in items.tolist()]
    # The literal 9223372036854775808 is too large for a minus to be put in front of it.
    return ["INT64_MIN" if value == -(2**63) else str(value) for value in items.tolist()]


def _float_literal(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return float32(value) + "f"


def _rows(literals: Sequence[str], width: int) -> tuple[str, ...]:
    """Lines of at most ``width`` characters, each item followed by a comma."""
    rows: list[str] = []
    row: list[str] = []
    length = 0
    for literal in literals:
        if length + len(literal) + 1 > width:
            rows.append(" ".join(row))
            row, length = [], 0
        row.append(literal + ",")
        length += len(literal) + 2
    return (*rows, " ".join(row))


_CROP_TEXTS = {
    CropMode.STRETCH: "the whole frame, stretched",
    CropMode.CENTER_CROP: "the largest centered box of the input's aspect ratio",
    CropMode.LETTERBOX: "the whole frame in its own aspect ratio, on black",
}


def _image(annotated: AnnotatedModel) -> ImageContext | None:
    from packager.tasks.image import lookup_table

    image = image_of(annotated)
    if image is None:
        return None
    dtype, color = image.tensor.dtype, image.channels == 3
    channels = [Table(_rows(_literals(channel), 72)) for channel in lookup_table(image)]
    # Three tables are kept where not all are the same, so that the channel is the index.
    tables = channels[:1] if len(set(channels)) == 1 else channels
    size = f"{image.width}x{image.height}"
    return ImageContext(
        width=image.width,
        height=image.height,
        channels=image.channels,
        ctype=CTYPES[dtype],
        crop_text=_CROP_TEXTS[image.crop],
        is_color=color,
        is_stretch=image.crop is CropMode.STRETCH,
        is_center_crop=image.crop is CropMode.CENTER_CROP,
        is_letterbox=image.crop is CropMode.LETTERBOX,
        is_cropped=image.crop is not CropMode.STRETCH,
        is_quantized=dtype == "int8",
        tables=tuple(tables),
        table_count=len(tables),
        table_index="channel" if len(tables) > 1 else "0",
        channel_tables=tuple(range(image.channels)) if len(tables) > 1 else (0,) * image.channels,
        frame_text=f"{size} pixels, {'three bytes' if color else 'one byte'} each,",
        frame_format="kRgb888" if color else "kGray",
    )


def _audio(annotated: AnnotatedModel) -> AudioContext | None:
    if len(annotated.inputs) != 1:
        return None
    port = annotated.inputs[0]
    if port.metadata.content != "audio" or port.metadata.audio_channels > 1:
        return None
    quantized = port.tensor.is_quantized
    return AudioContext(
        sample_rate=port.metadata.sample_rate,
        is_quantized=quantized,
        is_float=port.tensor.dtype == "float32",
        is_pcm=not quantized and port.tensor.dtype == "int16",
    )


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
    name = project_name(annotated, options)
    model = annotated.model
    data = strip(model.data)
    golden_set = goldens.sets[Runtime.TFLITE_MICRO]
    measured, arena = _arena(options, goldens)
    operators = resolver_methods(model)
    board = _check_board(model, options, model_bytes=len(data), arena_bytes=arena)
    snake = snake_name(name)
    is_library = options.platform is Platform.ARDUINO and options.arduino_form is ArduinoForm.LIBRARY
    inputs, outputs = _inputs(annotated), _ports(annotated.outputs, "output")
    image, audio = _image(annotated), _audio(annotated)
    labels = annotated.labels if len(outputs) == 1 and len(annotated.labels) == outputs[0].size else ()
    cases = _cases_for_flash(golden_set.cases)
    golden_cases = tuple(_golden(number, case, (*inputs, *outputs)) for number, case in enumerate(cases))
    texts = [case.name for case in golden_cases], labels or [""]
    return Context(
        core=_core_folder(options, snake),
        sketch=snake,
        snake=snake,
        guard=snake.upper(),
        namespace=snake,
        class_name=class_name(name),
        title=annotated.title(options.name),
        description=annotated.metadata.description,
        command=_command(model, options),
        platform=options.platform.value,
        board=board,
        arduino_header=_ARDUINO_HEADERS[options.arduino_library],
        # Sorted, as clang-format keeps them.
        sketch_headers=tuple(sorted((f"{snake}.h", "self_test.h"))),
        self_test_headers=tuple(sorted((f"{snake}.h", "golden_data.h"))),
        is_chirale=options.arduino_library is ArduinoLibrary.CHIRALE,
        is_library=is_library,
        ino_folder=f"examples/{snake}" if is_library else snake,
        library_text=annotated.metadata.description or f"The model {name}, run by TensorFlow Lite Micro.",
        # Arduino's libraries open the serial port there, which the sketch does.
        initializes_target=options.platform not in (Platform.ARDUINO, Platform.PLATFORMIO),
        model_bytes=len(data),
        model_sha256=hashlib.sha256(data).hexdigest(),
        is_stripped=data != model.data,
        file_sha256=model.sha256,
        arena_bytes=arena,
        arena_measured=measured,
        arena_margin=options.arena_margin,
        arena_is_given=options.arena_bytes is not None,
        operators=operators,
        operator_count=max(1, len(operators)),
        inputs=inputs,
        outputs=outputs,
        has_quantize=any(port.has_quantize for port in inputs),
        has_integer_output=any(not port.is_float for port in outputs),
        has_float_output=any(port.is_float for port in outputs),
        has_real_answer=bool(labels) or any(port.is_float or port.has_converter for port in outputs),
        has_whole_answer=not labels and any(not port.is_float and not port.has_converter for port in outputs),
        is_stateful=is_stateful(model),
        is_classifier=is_classifier(annotated),
        image=image,
        is_audio=audio is not None,
        audio=audio,
        has_labels=bool(labels),
        labels=labels,
        golden_runtime=golden_set.runtime,
        golden_cases=golden_cases,
        golden_count=len(golden_cases),
        golden_left_out=len(golden_set.cases) - len(golden_cases),
        golden_has_special_floats=any(
            "NAN" in row or "INFINITY" in row for case in golden_cases for array in case.arrays for row in array.rows
        ),
        tolerance_counts=TOLERANCE.counts,
        tolerance_absolute=TOLERANCE.absolute,
        line_bytes=128 + 20 * len(outputs) + sum(max(len(text.encode()) for text in part) for part in texts),
    )


def _core_folder(options: Options, sketch: str) -> str:
    if options.platform is not Platform.ARDUINO:
        return _CORE_FOLDERS[options.platform]
    return "src" if options.arduino_form is ArduinoForm.LIBRARY else sketch


_CORE_FOLDERS = {
    Platform.CMAKE: "src",
    Platform.ESP_IDF: "main",
    Platform.ZEPHYR: "src",
    Platform.PICO: "src",
    Platform.PLATFORMIO: "src",
}
_ARDUINO_HEADERS = {
    ArduinoLibrary.TENSORFLOW: "TensorFlowLite.h",
    ArduinoLibrary.CHIRALE: "Chirale_TensorFlowLite.h",
}


def _check_options(model: Model, options: Options) -> None:
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
    _check_platform(model, options)
    # The weights are the least that the array can have; its size, and an arena to be measured, are not known yet.
    _check_board(model, options, model_bytes=model.sizes.weights, arena_bytes=options.arena_bytes or 0)


def _arena(options: Options, goldens: Goldens) -> tuple[int, int]:
    """The measured minimum, and the size of the tensor arena."""
    measured = goldens.arena_bytes
    assert measured is not None
    if options.arena_bytes is not None:
        return measured, options.arena_bytes
    arena = -(-measured * (100 + options.arena_margin) // 1600) * 16
    if arena > _LARGEST_ARENA:
        raise ConfigError(
            (_ARENA_MARGIN, f" makes an arena of more than {_LARGEST_ARENA:,} bytes"),
            fix="Give it in percent of what was measured: 10 is usual.",
            about=_ARENA_MARGIN,
        )
    return measured, arena


def _check_platform(model: Model, options: Options) -> None:
    if options.platform is not Platform.ARDUINO or options.arduino_library is not ArduinoLibrary.TENSORFLOW:
        return
    missing = missing_in_arduino_library(model)
    if missing:
        raise TargetError(
            f"the library Arduino_TensorFlowLite, of 2023, has no {', '.join(missing)}",
            where=model.path,
            fix=("Set ", _ARDUINO_LIBRARY, f" to {ArduinoLibrary.CHIRALE}, or ", _PLATFORM, " to another one."),
        )


def _check_board(model: Model, options: Options, *, model_bytes: int, arena_bytes: int) -> str:
    """The board, what the model takes of it, and what is tight, for a reader; "" without a board."""
    from packager.targets.boards import check_board, describe_fit, describe_largest, find_boards_that_fit

    operators = [operator.name for operator, _ in model.operators]
    if not options.board:
        # A CMake project may be for a board, or a computer, of any size.
        if options.platform is not Platform.CMAKE and not find_boards_that_fit(
            model_bytes=model_bytes, arena_bytes=arena_bytes, operators=operators
        ):
            arena = f" and {arena_bytes:,} of tensor arena" if arena_bytes else ""
            raise TargetError(
                f"it fits on no board of the table: it takes at least {model_bytes:,} bytes of flash for the model"
                f"{arena}, and the board with the most is {describe_largest()}",
                where=model.path,
                fix=(
                    *("Quantize it to int8, or give it a smaller input; or set ", _PLATFORM),
                    f" to {Platform.CMAKE}, which takes a board of any size.",
                ),
            )
        return ""
    with about(_BOARD):
        problems = check_board(
            options.board,
            model_bytes=model_bytes,
            arena_bytes=arena_bytes,
            operators=operators,
            platform=options.platform.value,
        )
    for problem in problems:
        if problem.level is Level.ERROR:
            raise TargetError(problem.what, where=model.path, fix=problem.fix)
    sentences = [describe_fit(options.board, model_bytes=model_bytes, arena_bytes=arena_bytes, operators=operators)]
    for problem in problems:
        sentences += [problem.what, problem.fix.removesuffix(".")]
    return ". ".join(sentences)


def _command(model: Model, options: Options) -> str:
    """The command that makes this project again, with the options that are not the default."""
    words = ["packager", "micro", model.path.name]
    for option in fields(options):
        value = getattr(options, option.name)
        if value != option.default:
            words += [f"--{option.name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _cases_for_flash(cases: Sequence[GoldenCase]) -> Sequence[GoldenCase]:
    """The first cases that have room in a board's flash together, and at least one."""
    total = 0
    for count, case in enumerate(cases):
        total += sum(tensor.nbytes for tensor in (*case.inputs, *case.outputs))
        if total > _GOLDEN_BYTES and count:
            return cases[:count]
    return cases


def _golden(number: int, case: GoldenCase, ports: tuple[PortContext, ...]) -> GoldenContext:
    tensors = (*case.inputs, *case.outputs)
    arrays = tuple(
        GoldenArray(
            name=f"kCase{number}{port.constant[1:]}",
            ctype=port.ctype,
            constant=port.constant,
            rows=_rows(_literals(tensor), 76),
        )
        for port, tensor in zip(ports, tensors, strict=True)
    )
    return GoldenContext(case.name, arrays)


def _extra_files(annotated: AnnotatedModel, context: Context, goldens: Goldens) -> Mapping[str, bytes]:
    from packager.targets.c_array import model_assembler, model_source

    data = strip(annotated.model.data)
    files = {f"{context.core}/model_data.cpp": model_source(context.snake, data)}
    if context.platform != Platform.ARDUINO:
        # The Arduino IDE's builder does not assemble .S files with a path to what they include.
        files[f"{context.core}/model_data.S"] = model_assembler(context.snake, data)
        files[f"{context.core}/model.tflite"] = data
    return files


def _layers(context: Context) -> tuple[str, ...]:
    shell = f"micro/{context.platform}"
    # A sketch is a program of its own; the other platforms share one, and lend it their console.
    if context.platform != Platform.ARDUINO:
        return "micro/core", "micro/app", shell
    return ("micro/core", shell, "micro/arduino-library") if context.is_library else ("micro/core", shell)


def _next_steps(context: Context) -> tuple[str, ...]:
    if context.platform == Platform.ARDUINO:
        start = (
            f"open {context.ino_folder}/{context.sketch}.ino in the Arduino IDE, "
            f"with {context.arduino_header} installed"
        )
    else:
        start = "build it as README.md in the folder says"
    left_out = f" ({context.golden_left_out} more would take too much flash)" if context.golden_left_out else ""
    return (
        *([context.board] if context.board else []),
        start,
        f"set SELF_TEST to 1, and the board replays {context.golden_count} golden cases{left_out}",
        "packager verify FOLDER replays them on this computer",
    )


TARGET = Target(
    name="micro",
    title="a microcontroller",
    runtime=Runtime.TFLITE_MICRO,
    cells=((InputKind.IMAGE, AnswerKind.CLASSES), (InputKind.TENSORS, AnswerKind.TENSORS)),
    options=Options,
    context=Context,
    find_problems=_find_problems,
    build_context=_build_context,
    layers=_layers,
    extra_files=_extra_files,
    next_steps=_next_steps,
    check_options=_check_options,
)
