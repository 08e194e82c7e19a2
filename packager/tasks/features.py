"""Features of a sound: what a model in front of the other, its front end, makes of windows of samples.

Mono samples of 16 bits, at the front end's rate → a window every ``stride`` samples → a slice of features each → the
last ``slices`` of them, oldest first, as the model's input tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from packager.model import Model, Tensor
from packager.tasks.audio import AudioInput, input_tensor
from packager.tasks.kinds import Array
from packager.tasks.quantization import dequantize
from packager.tasks.tensors import TensorsInput


@dataclass(frozen=True)
class FeaturesInput(TensorsInput):
    """The one input of a model, ``tensor``, that a front end fills with ``slices`` of its output.

    The front end takes ``sample_rate`` samples a second; ``stride`` of them are from the start of one window to that
    of the next.
    """

    tensor: Tensor
    frontend: Model
    sample_rate: int
    stride: int
    slices: int

    @property
    def window(self) -> AudioInput:
        """The front end's own input."""
        (tensor,) = self.frontend.inputs
        return AudioInput(tensor, self.sample_rate, tensor.size, self.stride)

    @property
    def made(self) -> Tensor:
        """The front end's output: one slice."""
        return self.frontend.outputs[0]

    @property
    def clip(self) -> AudioInput:
        """What all slices are made of, as one window of 16-bit samples, half of it behind the one before."""
        count = (self.slices - 1) * self.stride + self.window.window
        tensor = replace(
            self.frontend.inputs[0], shape=(count,), shape_signature=(count,), dtype="int16", quantization=None
        )
        return AudioInput(tensor, self.sample_rate, count, count // 2)

    def windows(self, pcm: Array) -> Iterator[Array]:
        """The front end's input tensors, one for each slice, of as many 16-bit samples as ``clip`` takes."""
        samples = pcm.reshape(-1).astype(np.float32) / np.float32(32768)
        for number in range(self.slices):
            start = number * self.stride
            yield input_tensor(samples[start : start + self.window.window], self.window)

    def join(self, slices: Array) -> Array:
        """The model's input tensor of ``slices`` [slices, ...] of the front end's items.

        Items of one type and scale, and those that stand for no real numbers, are copied; others become real numbers
        (float32), and the nearest items to these, half away from zero and clamped.
        """
        if is_copied(self.made, self.tensor):
            return slices.reshape(self.tensor.shape)
        real = dequantize(slices.reshape(self.tensor.shape), self.made)
        affine = self.tensor.affine
        if affine is None:
            return real
        limits = np.iinfo(self.tensor.dtype)
        scaled = real / np.float32(affine.scale)
        rounded = np.sign(scaled) * np.floor(np.abs(scaled) + np.float32(0.5))
        items: Array = np.clip(rounded + np.float32(affine.zero_point), limits.min, limits.max)
        return items.astype(self.tensor.dtype)


def is_copied(made: Tensor, wanted: Tensor) -> bool:
    """Whether items of a front end go into the model as they are."""
    if made.dtype != wanted.dtype:
        return False
    if made.affine is None or wanted.affine is None:
        return made.affine is None
    return (made.affine.scale, made.affine.zero_point) == (wanted.affine.scale, wanted.affine.zero_point)


def is_convertible(made: Tensor, wanted: Tensor) -> bool:
    """Whether the real numbers behind a front end's items have items in the model."""
    return (made.dtype == "float32" or made.affine is not None) and (
        wanted.dtype == "float32" or wanted.affine is not None
    )
