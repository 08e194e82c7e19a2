"""One sample of a data set, and what goes of it into a model: the same preprocessing as on every target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, PackagerError
from packager.model import Tensor
from packager.reading import open_file
from packager.tasks import InputKind, audio, image, text
from packager.tasks.audio import AudioInput
from packager.tasks.image import ImageInput
from packager.tasks.kinds import Array, Placement
from packager.tasks.quantization import dequantize, quantize
from packager.tasks.text import TextInput
from packager.tasks.wav import SAVE_AS, WavError, open_wav

ATTACH = "packager metadata attach --help"


class Item(ABC):
    """One sample; ``where`` says which, for messages."""

    where: str

    @abstractmethod
    def tensors(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """What goes into the inputs of ``annotated``: each of the tensor's own shape and dtype.

        Raises:
            ConfigError: the sample does not fit the model.
        """

    @abstractmethod
    def values(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The real values of ``tensors``, not quantized: float32; where integers stand for themselves, these."""

    def placement(self, _annotated: AnnotatedModel) -> Placement | None:
        """Where a picture lies in the input; None for anything else."""
        return None


@dataclass(frozen=True)
class PictureItem(Item):
    """A picture, upright, of 8 bits a channel; ``fitted`` keeps it cropped and resized, for models alike in that."""

    where: str
    picture: Image.Image = field(repr=False)
    fitted: dict[Any, Image.Image] = field(default_factory=dict, repr=False, compare=False)

    def tensors(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The picture, cropped, resized and looked up."""
        return (self._look_up(_image_input(annotated, self.where)),)

    def values(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The same without its quantization."""
        given = _image_input(annotated, self.where)
        if given.tensor.dtype == "uint8":
            return (dequantize(self._look_up(given), given.tensor),)
        return (self._look_up(replace(given, tensor=_as_float(given.tensor))),)

    def _look_up(self, given: ImageInput) -> Array:
        key = (given.width, given.height, given.channels, given.crop, given.pad, given.resize)
        if key not in self.fitted:
            self.fitted[key] = image.fit_any(self.picture, given)
        return image.look_up(self.fitted[key], given)

    def placement(self, annotated: AnnotatedModel) -> Placement | None:
        """What of the picture goes where."""
        return image.place(self.picture.size, _image_input(annotated, self.where))


@dataclass(frozen=True)
class SoundItem(Item):
    """A .wav, of which the first window goes into a model."""

    where: str
    path: Path

    def tensors(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The first window of the sound."""
        given = _audio_input(annotated, self.where)
        return (audio.input_tensor(self._read(given), given),)

    def values(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The same without its quantization."""
        given = _audio_input(annotated, self.where)
        if given.tensor.affine is not None:
            given = replace(given, tensor=_as_float(given.tensor))
        return (audio.input_tensor(self._read(given), given),)

    def _read(self, given: AudioInput) -> Array:
        with reading(self.path), open_file(self.path) as file:
            try:
                return audio.read_sound(open_wav(file), given.sample_rate, given.window)
            except WavError as error:
                raise ConfigError(f"cannot be read: it {error}", where=self.path, fix=SAVE_AS) from None


@dataclass(frozen=True)
class TextItem(Item):
    """A text."""

    where: str
    text: str

    def tensors(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The numbers of its tokens."""
        if not isinstance(annotated.input, TextInput):
            raise misfit("texts", annotated, self.where)
        return text.input_tensors(self.text, annotated.input)

    def values(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The same: numbers of tokens are not quantized."""
        return self.tensors(annotated)


@dataclass(frozen=True)
class ArraysItem(Item):
    """Real values, an array for each input; any number type, the shape as it stood in the file."""

    where: str
    arrays: tuple[Array, ...] = field(repr=False)

    def tensors(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The arrays, quantized where the input is."""
        return tuple(self._fit(*pair, is_real=False) for pair in self._pairs(annotated))

    def values(self, annotated: AnnotatedModel) -> tuple[Array, ...]:
        """The arrays as they are."""
        return tuple(self._fit(*pair, is_real=True) for pair in self._pairs(annotated))

    def _pairs(self, annotated: AnnotatedModel) -> Iterator[tuple[Array, Port]]:
        if annotated.task.input in (InputKind.AUDIO, InputKind.TEXT) and len(self.arrays) != len(annotated.inputs):
            raise misfit("arrays", annotated, self.where)
        if len(self.arrays) != len(annotated.inputs):
            raise ConfigError(
                f"holds {len(self.arrays)} arrays a sample, and {annotated.model.path} has {len(annotated.inputs)} "
                "inputs",
                where=self.where,
            )
        return zip(self.arrays, annotated.inputs, strict=True)

    def _fit(self, array: Array, port: Port, *, is_real: bool) -> Array:
        tensor = port.tensor
        check_shape(array.shape, port, self.where)
        if not np.isfinite(array).all():
            raise ConfigError(
                f"holds {array[~np.isfinite(array)].flat[0]} for input {port.name!r}",
                where=self.where,
                fix="Leave such samples out, or put a value in the place of what is missing.",
            )
        if tensor.affine is not None and not is_real:
            return quantize(array.astype(np.float64), tensor.affine, tensor.dtype).reshape(tensor.shape)
        dtype = "float32" if tensor.affine is not None else tensor.dtype
        return _cast(array, np.dtype(dtype), port, self.where).reshape(tensor.shape)


def _cast(array: Array, dtype: np.dtype[np.generic], port: Port, where: str) -> Array:
    """``array`` as ``dtype``: for integers only where that keeps each value."""
    with np.errstate(over="ignore", invalid="ignore"):
        cast: Array = array.astype(dtype)
    is_kept = np.isfinite(cast) if dtype.kind == "f" else cast == array
    if not is_kept.all():
        raise ConfigError(
            f"holds {array[~is_kept].flat[0]}, and input {port.name!r} is {dtype}",
            where=where,
            fix="Save what the model takes: np.savez(file, x=samples, y=classes).",
        )
    return cast


def check_shape(shape: tuple[int, ...], port: Port, where: str) -> None:
    """Refuse a sample of another shape than the input's; dimensions of 1 and a flat array aside.

    Raises:
        ConfigError: it is.
    """
    expected = [size for size in port.tensor.shape if size != 1]
    given = [size for size in shape if size != 1]
    if given != expected and given != [port.tensor.size]:
        raise ConfigError(
            f"holds samples of {list(shape)}, and input {port.name!r} is {list(port.tensor.shape)}",
            where=where,
            fix=f"Save them as [samples, {', '.join(map(str, port.tensor.shape[1:]))}]."
            if len(port.tensor.shape) > 1
            else None,
        )


def misfit(what: str, annotated: AnnotatedModel, where: Path | str) -> ConfigError:
    """The error for data of another kind than the model takes."""
    return ConfigError(
        f"holds {what}, and the task of {annotated.model.path} is {annotated.task}",
        where=where,
        fix=f"Give other data, or attach the metadata of a task that takes {what}: {ATTACH}",
    )


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Whatever goes wrong in reading a file of a data set becomes a ConfigError that names it."""
    try:
        yield
    except PackagerError:
        raise
    except FileNotFoundError:
        raise ConfigError("no such file", where=path) from None
    except Exception as error:  # on a damaged file, NumPy and Pillow raise whatever happens to go wrong
        what = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise ConfigError(
            f"cannot be read: {what}", where=path, fix="Leave it out of the data, or put a sound one in its place."
        ) from None


def _image_input(annotated: AnnotatedModel, where: str) -> ImageInput:
    if not isinstance(annotated.input, ImageInput):
        raise misfit("pictures", annotated, where)
    return annotated.input


def _audio_input(annotated: AnnotatedModel, where: str) -> AudioInput:
    if not isinstance(annotated.input, AudioInput):
        raise misfit("sounds", annotated, where)
    return annotated.input


def _as_float(tensor: Tensor) -> Tensor:
    return replace(tensor, dtype="float32", quantization=None)
