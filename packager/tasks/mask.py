"""Masks: a class for each pixel."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from packager.errors import MetadataError
from packager.metadata.annotation import AS_TENSORS
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.settings import Text
from packager.tasks import Activation, AnswerKind, MaskForm
from packager.tasks.classes import Labels, labels_misfit, read_labels
from packager.tasks.heads import image_layout, mask_form
from packager.tasks.kinds import Answer, Array, Placement
from packager.tasks.quantization import dequantize
from packager.tasks.scores import REAL_SAMPLES, activate
from packager.terminal import counted

# The number in a mask of pixels that the model was not shown, and so one more than the classes that it can hold.
UNSEEN = 255
DEFAULT_PROBABILITY = 0.5
# Shares of a mask from which on a class counts in a comparison: a golden one, and one that the golden mask lacks.
_GOLDEN_SHARE, _NEW_SHARE = 0.001, 0.01


@dataclass(frozen=True)
class Segmentation:
    """``mask`` is uint8 [height, width] of class numbers in the picture's own size, 255 where nobody looked."""

    mask: Array = field(repr=False)


def mask_answer(model: Model, metadata: ModelMetadata) -> Mask:
    """The mask of a segmenter that takes a picture.

    Raises:
        MetadataError: its output is no mask, or has other than its labels are for, or more than 255 classes.
    """

    def fail(what: str, *fix: Any) -> MetadataError:
        return MetadataError(what, where=model.path, fix=(*fix, ": packager metadata attach --help"))

    form = mask_form(model.outputs[0]) if len(model.outputs) == 1 else None
    if form is None:
        shapes = " and ".join(str(list(tensor.shape)) for tensor in model.outputs[:5])
        raise fail(
            "a segmenter has one output [1, height, width, classes] or [1, height, width], and this one has "
            + shapes,
            *("Attach metadata that fits, or attach it with ", AS_TENSORS),
        )
    tensor, labels = model.outputs[0], read_labels(metadata)
    named = len(labels.default)
    # Class numbers may be any; a probability is of one class, beside the background.
    classes = {MaskForm.SCORES: tensor.shape[-1], MaskForm.PROBABILITY: 2, MaskForm.CLASS_NUMBERS: named}[form]
    if named not in (0, classes):
        raise labels_misfit(model, named, counted(classes, "class/classes"))
    if classes > UNSEEN:
        raise fail(
            f"it tells {classes} classes apart, and a mask of 8 bits holds {UNSEEN}",
            *("Attach it with ", AS_TENSORS),
        )
    layout = image_layout(model.inputs[0])
    assert layout is not None, "an image input has been found"
    return Mask(
        tensor=tensor,
        form=form,
        height=tensor.shape[1],
        width=tensor.shape[2],
        class_count=classes,
        labels=labels,
        activation=metadata.activation,
        threshold=DEFAULT_PROBABILITY if metadata.threshold is None else metadata.threshold,
        input_size=(layout.width, layout.height),
    )


@dataclass(frozen=True)
class Mask(Answer[Segmentation]):
    """The output ``tensor`` (the model's only one) of ``height`` x ``width`` pixels, all over the input.

    ``class_count`` is 0 where class numbers come without labels. ``activation`` and ``threshold`` are for a
    probability alone, since of several scores the best one stays the best. ``input_size`` (width, height) is that of
    the model's input.
    """

    kind = AnswerKind.MASK

    tensor: Tensor
    form: MaskForm
    height: int
    width: int
    class_count: int
    labels: Labels
    activation: Activation
    threshold: float
    input_size: tuple[int, int]

    def read(self, outputs: Sequence[Array], placement: Placement | None) -> Segmentation:
        """The class of every pixel of the picture, by nearest.

        Pixel d of the D of ``box`` has its centre at x + (2d + 1)F / 2D of the input, where x and F are the place and
        size of ``fitted``; of the I pixels of the input, and the M of the mask, that is the mask's pixel
        floor(M(2Dx + (2d + 1)F) / 2DI): floor((2d + 1)M / 2D) where the picture fills the input. The integers do not
        fit into 32 bits.
        """
        place = placement or Placement.whole(self.input_size)
        classes = self._classes(outputs[0])
        columns, rows = (self._places(place, axis) for axis in (0, 1))
        left, top, right, bottom = place.box
        mask = np.full(place.size[::-1], UNSEEN, np.uint8)
        mask[top:bottom, left:right] = classes[rows[:, None], columns]
        return Segmentation(mask)

    def _places(self, place: Placement, axis: int) -> npt.NDArray[np.int64]:
        """For each pixel of the picture's box along ``axis`` the one of the mask."""
        count, size = place.box[axis + 2] - place.box[axis], place.input_size[axis]
        centres = 2 * count * place.fitted[axis] + (2 * np.arange(count) + 1) * place.fitted[axis + 2]
        return (self.width, self.height)[axis] * centres // (2 * count * size)

    def _classes(self, output: Array) -> Array:
        """The class of each of the mask's own pixels, uint8 [height, width]; of equal scores the lowest class."""
        pixels = output.reshape(self.height, self.width, -1)
        if self.form is MaskForm.CLASS_NUMBERS:
            # Beyond what a mask holds there is no class.
            return np.where((pixels >= 0) & (pixels < UNSEEN), pixels, UNSEEN).astype(np.uint8)[:, :, 0]
        if self.form is MaskForm.SCORES:
            # As integers: all of a tensor are quantized alike.
            best: Array = pixels.argmax(axis=2).astype(np.uint8)
            return best
        scores = activate(dequantize(pixels[:, :, 0], self.tensor), self._sigmoid())
        return (scores >= np.float32(self.threshold)).astype(np.uint8)

    def _sigmoid(self) -> Activation:
        # Softmax of one channel would be 1 everywhere.
        return Activation.NONE if self.activation is Activation.NONE else Activation.SIGMOID

    def to_json(self, answer: Segmentation) -> list[Any]:
        """Label, index and number of pixels of each class that occurs, in the order of the classes."""
        labels = dict(enumerate(self.labels.default))
        return [
            {"label": labels.get(index), "index": index, "pixels": pixels}
            for index, pixels in _pixels(answer).items()
            if pixels
        ]

    def files(self, answer: Segmentation) -> Mapping[str, bytes]:
        """The mask as an 8-bit gray PNG, ``mask.png``."""
        stream = io.BytesIO()
        Image.fromarray(answer.mask).save(stream, "PNG", optimize=True)
        return {"mask.png": stream.getvalue()}

    def agreement(self, share: float, _answers: Sequence[Segmentation]) -> Mapping[str, float]:
        """How much the pixels of each golden class must overlap.

        Scores that are off by ``share`` change the class of pixels where two classes are nearly equal, along the
        edges; small and ragged classes are mostly edge.
        """
        return {"overlap": max(0.5, 0.95 - 4 * share)}

    def find_differences(
        self, actual: Segmentation, golden: Segmentation, agreement: Mapping[str, float]
    ) -> tuple[str, ...]:
        """By intersection over union of each golden class, and by classes that the golden mask has not.

        Golden classes of less than 0.1 % of the pixels do not count, nor new ones of less than 1 %.
        """
        if actual.mask.shape != golden.mask.shape:
            return (f"its mask is {actual.mask.shape}, golden {golden.mask.shape}",)
        found, expected = _pixels(actual), _pixels(golden)
        labels = dict(enumerate(self.labels.default))
        differences = []
        for index in range(UNSEEN):
            name = labels.get(index) or f"class {index}"
            if expected[index] >= max(1.0, _GOLDEN_SHARE * golden.mask.size):
                common = int(((actual.mask == index) & (golden.mask == index)).sum())
                shared = common / (found[index] + expected[index] - common)
                if shared < agreement["overlap"]:
                    differences.append(f"{name} overlaps the golden pixels by {shared:.3f}")
            elif not expected[index] and found[index] >= max(1.0, _NEW_SHARE * golden.mask.size):
                differences.append(f"{name} has {counted(found[index], 'pixel')}, golden none")
        return tuple(differences)

    def find_weakness(self, answers: Sequence[Segmentation]) -> tuple[str, Text] | None:
        """Whether all masks are of one class, the same one."""
        shown = {
            index for answer in answers for index, pixels in _pixels(answer).items() if pixels and index != UNSEEN
        }
        if len(shown) > 1:
            return None
        name = next((dict(enumerate(self.labels.default)).get(index, f"class {index}") for index in shown), "nothing")
        return f"all golden masks show {name} alone", REAL_SAMPLES


def _pixels(answer: Segmentation) -> dict[int, int]:
    """How many pixels each of the 255 classes has."""
    return dict(enumerate(np.bincount(answer.mask.reshape(-1), minlength=UNSEEN)[:UNSEEN].tolist()))


def voc_colours(count: int = 256) -> npt.NDArray[np.uint8]:
    """PASCAL VOC's colours of ``count`` classes, [count, 3] of red, green, blue; the first one is black.

    As its development kit makes them (VOClabelcolormap): the bits of a class number go in turn to red, green and
    blue, the lowest of them to the highest bit of a colour.
    """
    classes = np.arange(count)[:, None]
    bits = sum(((classes >> (3 * step + np.arange(3))) & 1) << (7 - step) for step in range(8))
    return np.asarray(bits, np.uint8)
