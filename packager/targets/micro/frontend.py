"""A model in front of the model, which makes features of a sound: whether the two fit, and what C++ says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.errors import ConfigError, TargetError, about
from packager.metadata.embedding import strip
from packager.model import Model, Tensor, read_model
from packager.render.literals import float32
from packager.settings import Example, Setting
from packager.targets.micro.operators import is_stateful, operator_problems, resolver_methods
from packager.targets.micro.ports import CTYPES
from packager.tasks import AnswerKind, InputKind

if TYPE_CHECKING:
    from packager.annotated import AnnotatedModel
    from packager.tasks.features import FeaturesInput

# Those of TensorFlow Lite Micro's own front end: windows of 30 ms, one every 20 ms.
_RATE = 16_000
_STRIDES = {480: 320}
_LEAST_RATE, _LARGEST_RATE = 1_000, 1_000_000
# About so much of a sound is new from one answer to the next, unless the model wants all of its input new.
_HOP_SECONDS = 0.1
# The samples of all windows; the published front end and its model have 23,520.
_MOST_SAMPLES = 1 << 24
_SAMPLES = ("int16", "float32")
_ITEM_BYTES = {"int8": 1, "uint8": 1, "int16": 2, "float32": 4}


@dataclass(frozen=True)
class FrontendContext:
    """The front end, and what becomes of its items.

    ``sample`` is an item of its input made of ``samples[i]`` (16 bits) in C++, ``item`` an item of the model's input
    made of ``items[i]`` of its output. There are ``hop`` slices from one answer to the next: all are new where
    the model ``keeps_state``.
    """

    title: str
    bytes: int
    sha256: str
    operators: tuple[str, ...]
    operator_count: int
    ctype: str
    made_ctype: str
    item_ctype: str
    sample: str
    item: str
    item_text: str
    has_float_items: bool
    keeps_state: bool
    quantizes: bool
    sample_rate: int
    window: int
    stride: int
    features: int
    slices: int
    hop: int
    clip: int
    seconds: str
    buffers: int
    has_recognizer: bool


def read_frontend(options: Any) -> Model | None:
    """The front end that ``options`` name; None where they name none.

    Raises:
        ModelError: it cannot be read.
    """
    if options.frontend is None:
        return None
    with about(Setting(type(options), "frontend")):
        return read_model(options.frontend)


def with_frontend(annotated: AnnotatedModel, options: Any) -> AnnotatedModel:
    """The model with the front end that ``options`` name as its input; as it is where they name none.

    Raises:
        ConfigError: the two do not fit, or what must be known of the front end is not given.
        ModelError: the front end cannot be read.
        TargetError: TensorFlow Lite Micro cannot run it.
    """
    frontend = read_frontend(options)
    setting, stride, rate = (
        Setting(type(options), name) for name in ("frontend", "frontend_stride", "frontend_rate")
    )
    if frontend is None:
        lone = next((one for one in (stride, rate) if getattr(options, one.name) is not None), None)
        if lone is not None:
            raise ConfigError(
                (lone, " is of a front end, and none is given"),
                fix=("Give it too, ", Example.of((setting, Path("MODEL.tflite"))), ", or leave that out."),
                about=lone,
            )
        return annotated
    if annotated.task.input is not InputKind.TENSORS:
        raise ConfigError(
            (setting, f" makes features of a sound, and the model's task is {annotated.task}"),
            where=annotated.model.path,
            fix="Attach the metadata of tensor-classification: packager metadata attach --help. A model that takes "
            "samples needs no front end.",
            about=setting,
        )
    with about(setting):
        heard = features_input(annotated.model, frontend, _choose_rate(options.frontend_rate, rate), stride=1)
    chosen = _choose_stride(options.frontend_stride, heard.window.window, stride)
    return replace(annotated, input=replace(heard, stride=chosen))


def features_input(model: Model, frontend: Model, sample_rate: int, stride: int) -> FeaturesInput:
    """The input of ``model`` that a front end fills, with the time outermost.

    Raises:
        ConfigError: the front end's items do not fill it.
        TargetError: it is no front end, or TensorFlow Lite Micro cannot run it.
    """
    from packager.tasks.features import FeaturesInput, is_convertible, is_copied

    _check_frontend(frontend)
    if len(model.inputs) != 1:
        raise ConfigError(f"a front end fills one input, and the model has {len(model.inputs)}", where=model.path)
    wanted, made = model.inputs[0], frontend.outputs[0]
    what = f"{frontend.path.name} gives {_described(made)}, and the model takes {_described(wanted)}"
    features, shape = made.size, [size for size in wanted.shape if size != 1]
    if wanted.size % features or len(shape) > 2 or (len(shape) == 2 and shape[1] != features):
        raise ConfigError(
            f"{what}, which is no whole number of slices of {features} items, one after the other",
            fix="Give the front end that the model was trained with.",
        )
    if not is_copied(made, wanted) and not is_convertible(made, wanted):
        raise ConfigError(
            f"{what}, and what items stand for is not known, so none can be made of the other",
            fix="Convert both with the same type, or with their scales.",
        )
    found = FeaturesInput(wanted, frontend, sample_rate, stride, wanted.size // features)
    if found.slices * found.window.window > _MOST_SAMPLES:
        raise ConfigError(
            f"{what}: {found.slices:,} windows of {found.window.window:,} samples are beyond any microcontroller",
            fix="Give the front end that the model was trained with.",
        )
    return found


def _check_frontend(frontend: Model) -> None:
    problem = next(iter(operator_problems(frontend)), None)
    if problem is not None:
        raise TargetError(f"cannot run on a microcontroller: {problem.what}", where=frontend.path, fix=problem.fix)
    fix = "Give one that takes samples as [1, N] of int16 and gives features, such as audio_preprocessor_int8.tflite."
    sides = len(frontend.inputs), len(frontend.outputs)
    if sides != (1, 1):
        what = f"has {sides[0]} inputs and {sides[1]} outputs, and a front end one each"
        raise TargetError(what, where=frontend.path, fix=fix)
    for side, tensor, dtypes in (
        ("input", frontend.inputs[0], _SAMPLES),
        ("output", frontend.outputs[0], tuple(_ITEM_BYTES)),
    ):
        if tensor.dtype not in dtypes or tensor.is_dynamic or min(tensor.shape, default=1) < 1:
            raise TargetError(
                f"its {side} is {_described(tensor)}, and that of a front end has a fixed shape and is of "
                f"{' or '.join(dtypes)}",
                where=frontend.path,
                fix=fix,
            )


def _described(tensor: Tensor) -> str:
    shape = "[" + ", ".join(map(str, tensor.shape)) + "]"
    scale = (
        f" of scale {float32(tensor.affine.scale)} and zero point {tensor.affine.zero_point}" if tensor.affine else ""
    )
    return f"{tensor.dtype} {shape}{scale}"


def _choose_rate(given: int | None, setting: Setting) -> int:
    if given is None or _LEAST_RATE <= given <= _LARGEST_RATE:
        return _RATE if given is None else given
    raise ConfigError(
        (setting, " is no rate of a sound"),
        fix=("Give how many samples a second the front end was made for: ", Example.of((setting, _RATE)), "."),
        about=setting,
    )


def _choose_stride(given: int | None, window: int, setting: Setting) -> int:
    chosen = _STRIDES.get(window) if given is None else given
    example = Example.of((setting, max(1, window * 2 // 3)))
    if chosen is None:
        raise ConfigError(
            f"the front end takes windows of {window} samples, and nothing says how far one is behind the other",
            fix=("Give it as the model was trained: ", example, "."),
            about=setting,
        )
    if not 1 <= chosen <= window:
        raise ConfigError(
            (setting, f" is not a whole number from 1 to {window}, the window of the front end"),
            fix=("Give how far one window is behind the other: ", example, "."),
            about=setting,
        )
    return chosen


# --- the generated code ----------------------------------------


def build_frontend(features: FeaturesInput, model: Model, answer: AnswerKind) -> FrontendContext:
    """What the templates are told of the front end of ``model``."""
    from packager.tasks.features import is_copied

    data, operators = strip(features.frontend.data), resolver_methods(features.frontend)
    taken, made, wanted = features.window.tensor, features.made, features.tensor
    copied, keeps_state = is_copied(made, wanted), is_stateful(model)
    seconds = features.stride / features.sample_rate
    return FrontendContext(
        title=features.frontend.path.name,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        operators=operators,
        operator_count=max(1, len(operators)),
        ctype=CTYPES[taken.dtype],
        made_ctype=CTYPES[made.dtype],
        item_ctype=CTYPES[wanted.dtype],
        sample=_sample(taken),
        item="items[i]" if copied else _quantized(wanted, _real(made)),
        item_text=_item_text(made, wanted, is_copied=copied),
        has_float_items=wanted.dtype == "float32",
        keeps_state=keeps_state,
        quantizes=bool(taken.affine) or (not copied and bool(wanted.affine)),
        sample_rate=features.sample_rate,
        window=features.window.window,
        stride=features.stride,
        features=made.size,
        slices=features.slices,
        hop=features.slices if keeps_state else min(features.slices, max(1, round(_HOP_SECONDS / seconds))),
        clip=features.clip.window,
        seconds=f"{features.clip.window / features.sample_rate:.3g}",
        # The samples of a window and the ring of slices.
        buffers=2 * features.window.window + features.slices * made.size * _ITEM_BYTES[wanted.dtype],
        has_recognizer=answer is AnswerKind.CLASSES,
    )


def _sample(taken: Tensor) -> str:
    if taken.dtype == "int16" and taken.affine is None:
        return "samples[i]"
    return _quantized(taken, "static_cast<float>(samples[i]) / 32768.0f")


def _real(made: Tensor) -> str:
    if made.affine is None:
        return "items[i]"
    zero_point = float32(made.affine.zero_point)
    return f"{float32(made.affine.scale)}f * (static_cast<float>(items[i]) - {zero_point}f)"


def _quantized(wanted: Tensor, real: str) -> str:
    if wanted.affine is None:
        return real
    scale, zero_point = float32(wanted.affine.scale), wanted.affine.zero_point
    return f"quantize<{CTYPES[wanted.dtype]}>(\n        {real}, {scale}f, {zero_point})"


def _item_text(made: Tensor, wanted: Tensor, *, is_copied: bool) -> str:
    if is_copied:
        return "as they are"
    return f"by the real numbers that they stand for, from {_described(made)} to {_described(wanted)}"
