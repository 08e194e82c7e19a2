"""`packager compare`: what models of the same data cost and give, side by side."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from packager.annotated import AnnotatedModel, annotated_model
from packager.comparison.figures import (
    Agreement,
    Interval,
    McNemar,
    agreement,
    mcnemar,
    mean_iou,
    mean_iou_interval,
    wilson,
)
from packager.comparison.measuring import Latency, measure_arena, measure_latency
from packager.comparison.pool import Pool, dask_pool, local_pool
from packager.comparison.work import GROUP, KERAS_SLICE, SLICE, RunError, Tally, Unit, Variant, run_unit
from packager.dataset import Dataset, read_dataset
from packager.errors import ConfigError, ModelError
from packager.extras import Extra, require_extra
from packager.finding import find_files, is_file, is_folder
from packager.inspection import inspect_model, runs, targets_to_json
from packager.metadata.attach import Annotation, annotate
from packager.metadata.view import ModelMetadata
from packager.model import parse_model, read_model
from packager.reading import read_file
from packager.runtimes import Runtime, is_installed, require
from packager.tasks import Activation, AnswerKind, Task
from packager.tasks.classes import Classes, Labels

if TYPE_CHECKING:
    from rich.console import Group

    from packager.targets.target import Problem

# Where there are fewer classes, the best five say nothing.
_LEAST_FOR_TOP5 = 6
# The smallest part of a slice for which it is worth to start child processes.
_SHARE = 20

# Told what is being done.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Accuracy:
    """How often, or how far, a model is right: ``figures`` by their names in JSON; the first has an interval.

    ``top1`` and ``top5`` (None below 6 classes) for classes, ``map`` and ``map50`` for boxes, ``miou`` for masks.
    """

    figures: tuple[tuple[str, float | None], ...]
    interval: Interval
    samples: int

    @property
    def name(self) -> str:
        """What the first figure is."""
        return self.figures[0][0]

    @property
    def value(self) -> float:
        """The first figure."""
        value = self.figures[0][1]
        return math.nan if value is None else value

    def to_json(self) -> dict[str, Any]:
        """The figures, ``interval`` and ``samples``."""
        return {**dict(self.figures), "interval": list(self.interval), "samples": self.samples}


@dataclass(frozen=True)
class ComparedModel:
    """The figures of one model. What there is none of is None; ``failed`` says why a model could not be run."""

    path: Path
    bytes: int
    gzip_bytes: int
    accuracy: Accuracy | None
    mcnemar: McNemar | None
    agreement: Agreement | None
    latency: Latency | None
    arena_bytes: int | None
    targets: Mapping[str, tuple[Problem, ...]]
    failed: str | None

    def to_json(self) -> dict[str, Any]:
        """As it stands in the JSON of a comparison."""
        return {
            "path": str(self.path),
            "bytes": self.bytes,
            "gzip_bytes": self.gzip_bytes,
            "accuracy": None if self.accuracy is None else self.accuracy.to_json(),
            "mcnemar": None if self.mcnemar is None else self.mcnemar.to_json(),
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "latency_ms": None if self.latency is None else self.latency.to_json(),
            "arena_bytes": self.arena_bytes,
            "targets": targets_to_json(self.targets),
            "failed": self.failed,
        }


@dataclass(frozen=True)
class Comparison:
    """Models side by side on ``samples`` of the data at ``data``; the first is what the others are compared with."""

    data: Path
    samples: int
    task: Task
    models: tuple[ComparedModel, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values; the keys and their order are stable.

        ``data`` {path, samples, task} and ``models`` [{path, bytes, gzip_bytes, accuracy, mcnemar {p, first_only,
        this_only}, agreement {top1, max, rms, snr_db}, latency_ms {median, p95, by_threads}, arena_bytes, targets (as
        `inspect --json`), failed}]. ``accuracy`` is {top1, top5} of classes, {map, map50} of boxes or {miou} of
        masks, each with interval [low, high] (95 %) and samples. What there is none of is null.
        """
        return {
            "data": {"path": str(self.data), "samples": self.samples, "task": str(self.task)},
            "models": [model.to_json() for model in self.models],
        }

    def to_rich(self, width: int) -> Group:
        """The comparison as tables for a terminal of so many columns."""
        from packager.comparison.table import comparison_to_rich

        return comparison_to_rich(self, width)


def compare(
    models: Sequence[Path | str],
    data: Path | str,
    *,
    annotation: Annotation | None = None,
    dask: str | None = None,
    progress: Progress = lambda _text: None,
) -> Comparison:
    """Compare models of the same data.

    The work is done by a process a core, or by a Dask cluster; each model runs in isolated child processes of theirs.
    A model that cannot be run, or kills its interpreter, has no figures, and the others do.

    Args:
        models: .tflite files; files of Keras, or folders of SavedModels, beside one that was converted.
        data: as for ``read_dataset``.
        annotation: what replaces, or stands for, the metadata of each model.
        dask: the address of a Dask scheduler.
        progress: told now and then what is being done; an empty text at the end.

    Raises:
        ModelError: a file is no readable .tflite.
        MetadataError: its metadata are damaged, or ``annotation`` does not fit it.
        ConfigError: the data cannot be read or do not fit, or there is no cluster at ``dask``.
        MissingPackageError: a package that this needs is not installed.
    """
    paths = [Path(path) for path in models]
    if not paths:
        raise ConfigError("there is nothing to compare", fix="Name a model, and others of the same data.")
    require(Runtime.LITERT, paths[0])
    sizes = [_read_sizes(path) for path in paths]
    variants = _read_variants(paths, annotation, is_far=dask is not None)
    inspections = [None if variant.is_keras else inspect_model(variant.path) for variant in variants]
    first = variants[0].annotated
    dataset = read_dataset(Path(data).absolute() if dask else data, first, labelled=False)
    variants = [_with_classes(variant, dataset) for variant in variants]
    if dataset.boxes is not None:
        require_extra(Extra.COMPARE, "packager compare of detectors")
    pool: AbstractContextManager[Pool] = dask_pool(dask, dataset.path) if dask else local_pool()
    try:
        with pool as started:
            micro = [item is not None and runs(item.targets["micro"]) for item in inspections]
            tallies, arenas = _work(variants, dataset, micro, started, progress)
        latencies = []
        for variant, tally in zip(variants, tallies, strict=True):
            progress(f"measuring the latency of {variant.path}")
            latencies.append(_latency(variant, tally, dataset))
    finally:
        progress("")
    rows = []
    for number, (path, inspection) in enumerate(zip(paths, inspections, strict=True)):
        tally = tallies[number]
        rows.append(
            ComparedModel(
                path=path,
                bytes=sizes[number][0],
                gzip_bytes=sizes[number][1],
                accuracy=_accuracy(tally, dataset, variants[number].annotated),
                mcnemar=_mcnemar(tallies[0], tally) if number else None,
                agreement=_agreement(tallies[0], tally) if number else None,
                latency=latencies[number],
                arena_bytes=arenas[number],
                targets={} if inspection is None else inspection.targets,
                failed=tally.failed,
            )
        )
    return Comparison(Path(data), len(dataset), variants[0].annotated.task, tuple(rows))


def _read_variants(paths: Sequence[Path], annotation: Annotation | None, *, is_far: bool) -> list[Variant]:
    """The models; one of Keras has the metadata of the first .tflite that has any, or else of the first."""
    places = [path.absolute() if is_far else path for path in paths]
    found: dict[Path, Variant] = {}
    for path, place in zip(paths, places, strict=True):
        if not is_keras(path):
            model = read_model(path)
            digest = model.sha256
            if annotation is not None and annotation != Annotation():
                model = parse_model(annotate(model, annotation), path)
            found[place] = Variant.of(annotated_model(model), place, digest)
    keras = [place for place in places if place not in found]
    if keras:
        require_extra(Extra.CONVERT, "packager compare with a model of Keras")
        if not found:
            raise ConfigError(
                "a model of Keras holds no labels and no normalization, and there is no .tflite that does",
                where=keras[0],
                fix="Name one that was converted from it too: packager convert --help",
            )
        metadata = (variant for variant in found.values() if variant.annotated.metadata != ModelMetadata())
        like = next(metadata, next(iter(found.values())))
        found |= {place: Variant.of_keras(place, like) for place in keras}
    return [found[place] for place in places]


def _with_classes(variant: Variant, dataset: Dataset) -> Variant:
    """A model without a task whose one output is a list, where the data tell classes: these are the items of it."""
    annotated = variant.annotated
    tensor = annotated.outputs[0].tensor
    if annotated.task is not Task.TENSORS or dataset.classes is None or len(annotated.outputs) > 1:
        return variant
    is_list = 1 < tensor.size == tensor.shape[-1] > max(dataset.classes) if tensor.shape else False
    if not is_list or tensor.dtype == "string":
        return variant
    labels = tuple(map(str, range(tensor.size)))
    answer = Classes(0, tensor, Labels(labels), Activation.NONE, 0.0)
    return replace(
        variant, annotated=replace(annotated, task=Task.TENSOR_CLASSIFICATION, labels=labels, answer=answer)
    )


def is_keras(path: Path) -> bool:
    """Whether ``path`` is named as a model of Keras is, or is the folder of a SavedModel."""
    return path.suffix.lower() in (".keras", ".h5", ".hdf5") or is_folder(path)


def _read_sizes(path: Path) -> tuple[int, int]:
    """The bytes of a file, or of all those in the folder of a SavedModel, as they are and packed by gzip.

    Raises:
        ModelError: there are none.
    """
    if is_folder(path) and not is_file(path / "saved_model.pb"):
        raise ModelError(
            "is no SavedModel: it has no saved_model.pb", where=path, fix="Export one by model.export('folder')."
        )
    try:
        files = [read_file(file) for file in (find_files(path, "**") if is_folder(path) else (path,))]
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", where=path) from None
    return sum(map(len, files)), sum(len(gzip.compress(data, mtime=0)) for data in files)


# --- the work ----------------------------------------


def slices(samples: int, workers: int, size: int = SLICE) -> list[range]:
    """The samples in slices of about ``size``, as many for each of ``workers``, and none of few samples."""
    rounds = max(1, round(samples / (workers * size)))
    count = max(1, min(workers * rounds, samples * _SHARE // size))
    bounds = [number * samples // count for number in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(bounds)]


def _groups(variants: Sequence[Variant], parts: int, workers: int) -> list[list[int]]:
    """The numbers of the variants that a unit runs beside the first: few enough that every worker has a unit."""
    has_keras = any(variant.is_keras for variant in variants)
    others = range(1, len(variants))
    count = max(1, -(-len(others) // GROUP), 1 if has_keras else min(len(others), workers // parts))
    return [list(others[number::count]) for number in range(count)]


def _work(
    variants: Sequence[Variant], dataset: Dataset, micro: Sequence[bool], pool: Pool, progress: Progress
) -> tuple[list[Tally], list[int | None]]:
    """The tally of each variant over all samples, and its arena."""
    has_keras = any(variant.is_keras for variant in variants)
    ranges = slices(len(dataset), pool.workers, KERAS_SLICE if has_keras else SLICE)
    groups = _groups(variants, len(ranges), pool.workers)
    submit = pool.executor.submit
    # First, because what comes last should be short.
    measured = {
        submit(measure_arena, variant): number
        for number, variant in enumerate(variants)
        if micro[number] and is_installed(Runtime.TFLITE_MICRO)
    }
    units = {
        submit(run_unit, Unit(dataset.part(part.start, part.stop), tuple(variants[n] for n in (0, *group)))): (
            part,
            (0, *group),
        )
        for group in groups
        for part in ranges
    }
    found: list[dict[int, Tally]] = [{} for _ in variants]
    arenas: list[int | None] = [None] * len(variants)
    progress(f"running {len(variants)} models on {len(dataset):,} samples")
    done = 0
    everything: list[Future[Any]] = [*units, *measured]
    for future in as_completed(everything):
        if future in measured:
            arenas[measured[future]] = future.result()
            continue
        part, numbers = units[future]
        for number, tally in zip(numbers, future.result(), strict=True):
            found[number].setdefault(part.start, tally)
        done += len(part)
        progress(f"ran {done:,} of {len(dataset) * len(groups):,} samples")
    return [_joined(tallies) for tallies in found], arenas


def _joined(tallies: Mapping[int, Tally]) -> Tally:
    """The tallies of slices, by the number of their first samples, as one."""
    whole = Tally()
    for start, tally in sorted(tallies.items()):
        if tally.failed is not None:
            return Tally(failed=tally.failed)
        whole.items = tally.items
        for name in ("best", "places", "errors", "signals", "largest", "overlaps", "predicted", "true"):
            getattr(whole, name).extend(getattr(tally, name))
        whole.found += [(index + start, *rest) for index, *rest in tally.found]
    return whole


def _latency(variant: Variant, tally: Tally, dataset: Dataset) -> Latency | None:
    if tally.failed is not None or variant.is_keras:
        return None
    try:
        return measure_latency(variant, dataset)
    except RunError:
        # It ran all samples, and fails with more threads, say.
        return None


# --- the figures ----------------------------------------


def _accuracy(tally: Tally, dataset: Dataset, annotated: AnnotatedModel) -> Accuracy | None:
    samples = len(dataset)
    if tally.failed is not None:
        return None
    if annotated.task.answer is AnswerKind.CLASSES and dataset.classes is not None:
        places = np.array(tally.places)
        right = int((places == 0).sum())
        five = float(((places >= 0) & (places < 5)).mean()) if len(annotated.labels) >= _LEAST_FOR_TOP5 else None
        return Accuracy((("top1", right / samples), ("top5", five)), wilson(right, samples), samples)
    if annotated.task.answer is AnswerKind.BOXES and dataset.boxes is not None:
        from packager.comparison.detection import mean_precision

        classes = 1 + max(
            [len(annotated.labels) - 1]
            + [item.index for truth in dataset.boxes for item in truth.boxes]
            + [int(row[1]) for row in tally.found]
        )
        result = mean_precision(dataset.boxes, np.array(tally.found).reshape(-1, 7), classes)
        return Accuracy((("map", result.map), ("map50", result.map50)), result.interval, samples)
    if annotated.task.answer is AnswerKind.MASK and dataset.masks is not None:
        sides = [np.array(side) for side in (tally.overlaps, tally.predicted, tally.true)]
        return Accuracy((("miou", mean_iou(*sides)),), mean_iou_interval(*sides), samples)
    return None


def _mcnemar(first: Tally, this: Tally) -> McNemar | None:
    if not first.places or not this.places:
        return None
    right, mine = (np.array(tally.places) == 0 for tally in (first, this))
    return mcnemar(int((right & ~mine).sum()), int((mine & ~right).sum()))


def _agreement(first: Tally, this: Tally) -> Agreement | None:
    if first.failed is not None or this.failed is not None or not this.errors:
        return None
    same = np.array(first.best) == np.array(this.best) if first.best and this.best else None
    return agreement(same, np.array(this.errors), np.array(this.signals), np.array(this.largest), this.items)
