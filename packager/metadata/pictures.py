"""Whether what is said of a picture fits a model: its normalization."""

from __future__ import annotations

import math
import struct

from packager.errors import MetadataError
from packager.metadata.annotation import (
    MEAN,
    STD,
    Annotation,
    misfit,
)
from packager.metadata.view import (
    ModelMetadata,
    normalizes_every_pixel,
    tensor_metadata,
)
from packager.model import Model, Quantization, Tensor
from packager.settings import Example, Part, Setting
from packager.tasks.heads import (
    image_layout,
)
from packager.terminal import counted


def check_image(model: Model, given: Setting | None) -> None:
    """Refuse an input that takes no picture."""
    tensor = model.inputs[0]
    if image_layout(tensor) is None:
        raise misfit(
            model,
            given,
            "an image input has the shape [1, height, width, 3] or [1, 3, height, width], or for gray 1 channel or "
            f"none, and this one {list(tensor.shape)}",
        )
    if tensor.dtype not in ("float32", "float16", "int8", "uint8", "int16"):
        raise misfit(model, given, f"an image input holds float32, int8 or uint8, and this one {tensor.dtype}")


def image_channels(tensor: Tensor) -> int:
    """The channels of an image input."""
    layout = image_layout(tensor)
    assert layout is not None  # its role was checked
    return layout.channels


def normalization(
    model: Model, annotation: Annotation, old: ModelMetadata
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean and std that hold afterwards, one value a channel: given, kept, or as the quantization says."""
    tensor, kept = model.inputs[0], tensor_metadata(old.inputs, 0)
    channels = image_channels(tensor)
    mean = kept.mean if annotation.mean is None else annotation.mean
    std = kept.std if annotation.std is None else annotation.std
    if annotation.mean is None and annotation.std is None and not mean and not std:
        if tensor.dtype != "uint8":
            raise MetadataError(
                f"no normalization is given for an image input of {tensor.dtype}, and the model names none",
                where=model.path,
                fix=_suggest_normalization(tensor),
            )
        # Raw pixels: the normalization that quantization takes back again.
        implied = _implied_normalization(tensor.quantization, 0) or (0.0, 1.0)
        mean, std = (implied[0],), (implied[1],)
    for setting, values, given in ((MEAN, mean, annotation.mean), (STD, std, annotation.std)):
        about = None if given is None else setting
        name: Part = f"the {setting.name} in its metadata" if given is None else setting
        if not values:
            raise MetadataError(
                ("no ", setting, " is given, and the model names none"),
                where=model.path,
                fix=("Give both: ", _usual(127.5, 127.5), " for [-1, 1], ", _usual(0, 255), " for [0, 1]."),
                about=setting,
            )
        if len(values) not in (1, channels):
            raise MetadataError(
                (
                    name,
                    f" has {counted(len(values), 'value')}, and the image input has {counted(channels, 'channel')}",
                ),
                where=model.path,
                fix=(
                    *("Give ", setting, " with one value"),
                    f" for all channels, or with one for each of the {channels}." if channels > 1 else ".",
                ),
                about=about,
            )
        for value in values:
            check_float32(model, setting, value, name, about)
    count = max(len(mean), len(std))
    mean = tuple(_float32(value) for value in (mean * count if len(mean) == 1 else mean))
    std = tuple(_float32(value) for value in (std * count if len(std) == 1 else std))
    about = None if annotation.std is None else STD
    name = "the std in its metadata" if annotation.std is None else STD
    wrong = next((value for value in std if value <= 0), None)
    if wrong is not None:
        raise MetadataError(
            (name, f" is {wrong:g}, and the pixels are divided by it"),
            where=model.path,
            fix=(
                "Give what the model was trained with, a number above 0; ",
                Example.of((STD, (1.0,))),
                " leaves the pixels as they are.",
            ),
            about=about,
        )
    if not normalizes_every_pixel(mean, std):
        raise MetadataError(
            (name, " is so small that a pixel, divided by it, is beyond float32"),
            where=model.path,
            fix="Give what the model was trained with.",
            about=about,
        )
    return mean, std


# Mean and std of the usual trainings: pixels as -1..1, as 0..1, and as they are.
_USUAL_NORMALIZATIONS = ((127.5, 127.5), (0.0, 255.0), (0.0, 1.0))


def usual_normalization(tensor: Tensor) -> tuple[float, float] | None:
    """The usual mean and std that an int8 image input's quantization stands for; None where it is none of them."""
    implied = _implied_normalization(tensor.quantization, -128) if tensor.dtype == "int8" else None
    if implied is None:
        return None
    # Calibration moves the range by a step or so.
    return next(
        (
            (mean, std)
            for mean, std in _USUAL_NORMALIZATIONS
            if abs(implied[0] - mean) <= 1 and abs(implied[1] / std - 1) < 0.01
        ),
        None,
    )


def _usual(mean: float, std: float) -> Example:
    return Example.of((MEAN, (mean,)), (STD, (std,)))


def _suggest_normalization(tensor: Tensor) -> tuple[Part, ...]:
    implied = _implied_normalization(tensor.quantization, -128) if tensor.dtype == "int8" else None
    if implied is None:
        return (
            *("Give what the model was trained with: ", _usual(127.5, 127.5), " for [-1, 1], "),
            *(_usual(0, 255), " for [0, 1]."),
        )
    mean, std = usual_normalization(tensor) or implied
    return (
        *("Its quantization looks like ", _usual(mean, std), "; "),
        "give what the model was trained with: (pixel - mean) / std.",
    )


def _implied_normalization(quantization: Quantization | None, lowest: int) -> tuple[float, float] | None:
    """Mean and std with which pixel p becomes the quantized value ``p + lowest``; None where none can be told."""
    if quantization is None or not quantization.scale > 0:
        return None
    return float(quantization.zero_point - lowest), 1 / quantization.scale


def _float32(value: float) -> float:
    """The nearest float32, and 0 for -0; infinite where ``value`` is beyond it."""
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return math.inf
    return float(rounded) + 0.0


def check_float32(model: Model, setting: Setting, value: float, name: Part, about: Setting | None) -> None:
    """Refuse a value that float32 cannot hold; ``name`` is what the message calls it."""
    if not math.isfinite(_float32(value)):
        what = "not a number" if math.isnan(value) else "infinite" if math.isinf(value) else "beyond float32"
        raise MetadataError(
            (name, f" is {what}"),
            where=model.path,
            fix="Give a number between -3.4e38 and 3.4e38.",
            about=about,
        )
