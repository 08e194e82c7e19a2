"""The work of a comparison, in units that any process may do: some models on a slice of the samples.

A unit reads its own samples, once for all its models; each of these runs in an isolated child process, so that one
that kills its interpreter costs its own figures and nothing else. What comes back is small. It does not matter who
does which unit, nor in what order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.dataset import Dataset
from packager.dataset.items import Item
from packager.dataset.truth import read_mask
from packager.errors import ConfigError, ModelError
from packager.golden.isolation import Failure, IsolatedModel, Outcome
from packager.golden.running import TIME_LIMIT, explain, memory_limit
from packager.golden.samples import input_bytes
from packager.model import Tensor, read_model
from packager.runtimes import Runtime
from packager.tasks.boxes import Boxes
from packager.tasks.classes import Classes
from packager.tasks.kinds import Array, Placement
from packager.tasks.mask import UNSEEN, Mask
from packager.tasks.quantization import dequantize

if TYPE_CHECKING:
    from packager.convert.session import Session

# Models that a unit runs beside the first one, on the samples that it has read.
GROUP = 8
# Samples of a unit, where there are that many: starting its child processes is then little of its time.
SLICE = 2500
# The same where TensorFlow starts, which takes ten seconds.
KERAS_SLICE = 20_000
# Bytes of tensors that a unit holds at a time, and samples.
_CHUNK_BYTES = 64 << 20
_CHUNK = 64
# Samples that go through a model at a time, where it can be resized: more are no faster.
_BATCH = 8
_LARGEST_OUTPUT = 2 << 30
_MOST_CLASSES = 256


@dataclass(frozen=True)
class Variant:
    """A model to run: where it is, and what its metadata say; its bytes are read where it runs.

    ``sha256`` is that of its file, None for a model of Keras. That takes and gives real values, which mean what those
    of the .tflite mean whose metadata it has.
    """

    annotated: AnnotatedModel
    path: Path
    sha256: str | None

    @classmethod
    def of(cls, annotated: AnnotatedModel, path: Path, sha256: str) -> Variant:
        """The variant of an ``annotated`` .tflite, whose file at ``path`` has that digest."""
        bare = replace(annotated.model, data=b"", metadata_buffer=None)
        return cls(replace(annotated, model=bare), path, sha256)

    @classmethod
    def of_keras(cls, path: Path, like: Variant) -> Variant:
        """The variant of a model of Keras at ``path``, with the metadata of ``like``."""
        annotated = like.annotated
        outputs = tuple(replace(port, tensor=_as_float(port.tensor)) for port in annotated.outputs)
        answer = annotated.answer
        match answer:
            case Classes() | Mask():
                answer = replace(answer, tensor=_as_float(answer.tensor))
            case Boxes():
                answer = replace(answer, outputs=tuple(map(_as_float, answer.outputs)))
        return cls(replace(annotated, outputs=outputs, answer=answer), path, None)

    @property
    def is_keras(self) -> bool:
        """Whether it is a model of Keras or a SavedModel."""
        return self.sha256 is None

    def inputs(self, item: Item) -> tuple[Array, ...]:
        """What of a sample goes into it."""
        return item.values(self.annotated) if self.is_keras else item.tensors(self.annotated)

    def read(self) -> bytes:
        """The bytes of its .tflite.

        Raises:
            ModelError: it cannot be read.
            ConfigError: it is another one.
        """
        model = read_model(self.path)
        if model.sha256 != self.sha256:
            raise ConfigError("is another file than it was when the comparison began", where=self.path)
        return model.data


def _as_float(tensor: Tensor) -> Tensor:
    return replace(tensor, dtype="float32", quantization=None) if tensor.is_quantized else tensor


@dataclass(frozen=True)
class Unit:
    """Some ``variants`` on a slice of the samples; the first is that which the others are compared with."""

    dataset: Dataset
    variants: tuple[Variant, ...]


@dataclass
class Tally:
    """What a model gave for the samples of a slice, an item or a row for each in order.

    ``failed`` says why there is nothing. ``best`` is the best class and ``places`` that of the true class in the
    answer, -1 for none (int32). ``errors``, ``signals`` and ``largest`` (float64) are for ``figures.agreement``, and
    ``items`` is the number of values a sample. ``found`` are the detections: (sample, class, score, left, top, right,
    bottom). ``overlaps``, ``predicted`` and ``true`` are pixels of each class.
    """

    failed: str | None = None
    items: int = 0
    best: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    signals: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    found: list[tuple[float, ...]] = field(default_factory=list)
    overlaps: list[Array] = field(default_factory=list)
    predicted: list[Array] = field(default_factory=list)
    true: list[Array] = field(default_factory=list)


def run_unit(unit: Unit) -> tuple[Tally, ...]:
    """What each of the unit's variants gives for its samples.

    Raises:
        PackagerError: a sample cannot be read or does not fit, or a model is not there.
    """
    tallies = tuple(Tally() for _ in unit.variants)
    with ExitStack() as stack:
        children: list[Child | KerasChild] = []
        for variant in unit.variants:
            children.append(KerasChild(variant) if variant.is_keras else Child(variant))
            stack.callback(children[-1].close)
        for chunk in _chunks(len(unit.dataset), unit.variants):
            inputs = _read_inputs(unit, chunk)
            reference: list[Array] | None = None
            for number, (variant, child, tally) in enumerate(zip(unit.variants, children, tallies, strict=True)):
                if tally.failed is not None:
                    continue
                try:
                    outputs = child.run(inputs[number].tensors)
                except RunError as error:
                    tally.failed = str(error)
                    continue
                real = _real_values(variant.annotated, outputs)
                if number == 0:
                    reference = real
                elif reference is not None:
                    _compare(tally, real, _in_order(unit.variants[0].annotated, variant.annotated, reference))
                for index, case, placement in zip(chunk, outputs, inputs[number].placements, strict=True):
                    _judge(tally, unit.dataset, index, variant.annotated, case, placement)
        for child, tally in zip(children, tallies, strict=True):
            try:
                child.finish()
            except RunError as error:
                tally.failed = str(error)
    return tallies


def _chunks(samples: int, variants: Sequence[Variant]) -> Iterator[range]:
    inputs = sum(input_bytes(variant.annotated) for variant in variants)
    # As they come, as real values, and those of the first.
    outputs = max(sum(12 * max(port.tensor.size, 0) for port in one.annotated.outputs) for one in variants)
    size = min(max(_CHUNK_BYTES // (2 * inputs + outputs + 1), 1), _CHUNK)
    return (range(start, min(start + size, samples)) for start in range(0, samples, size))


@dataclass
class _Inputs:
    """What goes into a variant, a tuple a sample, and where the picture lies in it."""

    tensors: list[tuple[Array, ...]] = field(default_factory=list)
    placements: list[Placement | None] = field(default_factory=list)


def _read_inputs(unit: Unit, chunk: Sequence[int]) -> list[_Inputs]:
    """For each variant what goes in; each sample is read once."""
    inputs = [_Inputs() for _ in unit.variants]
    for index, item in zip(chunk, unit.dataset.items(chunk), strict=True):
        for variant, taken in zip(unit.variants, inputs, strict=True):
            taken.tensors.append(variant.inputs(item))
            taken.placements.append(item.placement(variant.annotated))
        truth = None if unit.dataset.boxes is None else unit.dataset.boxes[index]
        placement = inputs[0].placements[-1]
        if truth is not None and placement is not None and truth.size not in (None, placement.size):
            raise ConfigError(
                f"is of {' x '.join(map(str, placement.size))} pixels, and {unit.dataset.path} says "
                f"{' x '.join(map(str, truth.size or ()))}",
                where=item.where,
                fix="Boxes are in pixels of the picture as it is shown: correct width and height, and the boxes.",
            )
    return inputs


# --- running ----------------------------------------


class RunError(Exception):
    """Why a variant has no figures; a sentence without a full stop."""


class Child:
    """A variant in its isolated process, which goes on one by one where batches make it fail."""

    def __init__(self, variant: Variant) -> None:
        """Read the model; ``Variant.read`` says what may be wrong."""
        self._data = variant.read()
        self._outputs = len(variant.annotated.outputs)
        self._memory = memory_limit(variant.annotated.model, _LARGEST_OUTPUT)
        self._model = IsolatedModel(self._data, batch=_BATCH, memory_bytes=self._memory)

    def close(self) -> None:
        """End the process."""
        self._model.close()

    def run(self, samples: Sequence[tuple[Array, ...]]) -> list[tuple[Array, ...]]:
        """The outputs of each sample.

        Raises:
            RunError: it cannot be run.
        """
        outcome = self._ask({}, samples)
        if outcome.failure is Failure.DIED and self._model.batch > 1:
            # What it does in batches is no matter of a device.
            self._model = IsolatedModel(self._data, batch=1, memory_bytes=self._memory)
            outcome = self._ask({}, samples)
        self._check(outcome)
        tensors = iter(outcome.tensors)
        return [tuple(next(tensors) for _ in range(self._outputs)) for _ in samples]

    def time(self, samples: Sequence[tuple[Array, ...]], threads: int, most: int, seconds: float) -> Array:
        """Milliseconds of each of up to ``most`` inferences; see ``runner.Server.time``.

        Raises:
            RunError: it cannot be run.
        """
        outcome = self._ask({"threads": threads, "most": most, "seconds": seconds}, samples)
        self._check(outcome)
        return outcome.tensors[0]

    def finish(self) -> None:
        """End the process.

        Raises:
            RunError: the model had damaged its memory, so that what it gave is worth nothing.
        """
        self._check(self._model.finish())

    def _check(self, outcome: Outcome) -> None:
        if outcome.failure is not None:
            raise RunError(explain(outcome, Runtime.LITERT, self._memory, _LARGEST_OUTPUT)[0])

    def _ask(self, request: dict[str, Any], samples: Sequence[tuple[Array, ...]]) -> Outcome:
        inputs = [np.stack(tensors) for tensors in zip(*samples, strict=True)]
        return self._model.ask(request, inputs, seconds=TIME_LIMIT, output_limit=_LARGEST_OUTPUT)


class KerasChild:
    """A model of Keras in a child process with TensorFlow; its outputs in the order and the shapes of the .tflite."""

    def __init__(self, variant: Variant) -> None:
        """Start nothing so far."""
        self._variant = variant
        self._stack = ExitStack()
        self._session: Session | None = None

    def finish(self) -> None:
        """End the process."""
        self._stack.close()

    close = finish

    def run(self, samples: Sequence[tuple[Array, ...]]) -> list[tuple[Array, ...]]:
        """The outputs of each sample.

        Raises:
            RunError: it cannot be loaded or run, or gives other outputs than the .tflite.
        """
        from packager.convert.session import Session

        try:
            if self._session is None:
                self._session = self._stack.enter_context(Session())
                self._session.load(self._variant.path)
            outputs = self._session.predict(samples)
        except ModelError as error:
            raise RunError(error.what) from None
        tensors = [port.tensor for port in self._variant.annotated.outputs]
        order = _find_order([output.size for output in outputs[0]], [tensor.size for tensor in tensors])
        if order is None:
            shapes = " and ".join(str(list(output.shape)) for output in outputs[0])
            raise RunError(f"its outputs {shapes} are not those of {self._variant.annotated.model.path}")
        return [
            tuple(case[place].reshape(tensor.shape) for place, tensor in zip(order, tensors, strict=True))
            for case in outputs
        ]


def _find_order(given: Sequence[int], wanted: Sequence[int]) -> list[int] | None:
    """For each of the sizes that are ``wanted`` the place of the first of ``given`` that is left; None if none is."""
    left = list(enumerate(given))
    order = []
    for size in wanted:
        found = next((item for item in left if item[1] == size), None)
        if found is None:
            return None
        left.remove(found)
        order.append(found[0])
    return None if left else order


# --- judging ----------------------------------------


def _real_values(annotated: AnnotatedModel, outputs: Sequence[tuple[Array, ...]]) -> list[Array]:
    """For each output the real values [cases, items] (float32); of outputs of a changing size those of the first."""
    real = []
    for number, port in enumerate(annotated.outputs):
        cases = [dequantize(case[number].reshape(-1), port.tensor) for case in outputs]
        size = min(map(len, cases))
        real.append(np.stack([case[:size] for case in cases]))
    return real


def _in_order(first: AnnotatedModel, this: AnnotatedModel, reference: Sequence[Array]) -> list[Array]:
    """The outputs of the ``first`` in the order of ``this``: by their names where these are the same, else as is."""
    names = [port.name for port in first.outputs]
    mine = [port.name for port in this.outputs]
    return [reference[names.index(name)] for name in mine] if sorted(names) == sorted(mine) else list(reference)


def _compare(tally: Tally, real: Sequence[Array], reference: Sequence[Array]) -> None:
    """Count how far the values are from the reference; nothing where the outputs are others."""
    if [one.shape for one in real] != [one.shape for one in reference]:
        return
    mine, theirs = (np.concatenate(side, axis=1).astype(np.float64) for side in (real, reference))
    with np.errstate(over="ignore", invalid="ignore"):
        differences = mine - theirs
        tally.errors += (differences**2).sum(axis=1).tolist()
        tally.signals += (theirs**2).sum(axis=1).tolist()
        tally.largest += np.abs(differences).max(axis=1, initial=0).tolist()
    tally.items = mine.shape[1]


def _judge(
    tally: Tally,
    dataset: Dataset,
    index: int,
    annotated: AnnotatedModel,
    outputs: tuple[Array, ...],
    placement: Placement | None,
) -> None:
    match annotated.answer:
        case Classes() as classes:
            order, _ = classes.rank(outputs)
            tally.best.append(int(order[0]) if order.size else -1)
            if dataset.classes is not None:
                place = np.flatnonzero(order == dataset.classes[index])
                tally.places.append(int(place[0]) if place.size else -1)
        case Boxes() as boxes if dataset.boxes is not None:
            for item in boxes.read(outputs, placement):
                tally.found.append((index, item.index, item.score, *item.box))
        case Mask() as mask if dataset.masks is not None:
            given = mask.read(outputs, placement).mask
            path = dataset.path / dataset.masks[index]
            true = read_mask(path, (given.shape[1], given.shape[0]), mask.class_count)
            count = mask.class_count or _MOST_CLASSES
            counted = true != UNSEEN
            # What nobody looked at is of no class, and so no overlap.
            tally.overlaps.append(np.bincount(true[counted & (given == true)], minlength=count))
            tally.predicted.append(np.bincount(given[counted & (given != UNSEEN)], minlength=count)[:count])
            tally.true.append(np.bincount(true[counted], minlength=count))
