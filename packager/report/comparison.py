"""A comparison of models on the page: read from what ``packager compare --json`` and the ladder write."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from packager.errors import ConfigError
from packager.reading import read_file
from packager.report.samples import COLORS, figure, number, text_width, touch
from packager.targets import TARGETS
from packager.targets.target import Level, Problem
from packager.terminal import visible_line

FILE_NAME = "comparison.json"

_LARGEST = 4 << 20
_MOST_MODELS = 100
_LONGEST = 500
# What an accuracy is called, by the key that holds it.
_METRICS = {"top1": "top 1", "map": "mAP", "miou": "mean IoU"}


@dataclass(frozen=True)
class Accuracy:
    """How often a model is right on the data: ``value`` of 0 to 1 in ``metric``, and the interval that holds it."""

    metric: str
    value: float
    interval: tuple[float, float] | None
    more: tuple[tuple[str, float], ...]
    samples: int | None


@dataclass(frozen=True)
class Agreement:
    """How far a model's outputs are from those of the first one; None where it was not measured."""

    top1: float | None
    most: float | None
    rms: float | None
    snr_db: float | None


@dataclass(frozen=True)
class Latency:
    """Milliseconds of a run; ``by_threads`` are (threads, median, p95)."""

    median: float
    p95: float | None
    by_threads: tuple[tuple[int, float, float | None], ...]


@dataclass(frozen=True)
class Variant:
    """One of the models compared; ``failed`` says why it has no figures. ``targets`` are problems by target."""

    path: str
    bytes: int | None
    gzip_bytes: int | None
    accuracy: Accuracy | None
    mcnemar_p: float | None
    agreement: Agreement | None
    latency: Latency | None
    arena_bytes: int | None
    targets: Mapping[str, tuple[bool, tuple[Problem, ...]]]
    failed: str | None


@dataclass(frozen=True)
class Recommendation:
    """The variant for a target, and why; an empty ``path`` where there is none for it."""

    target: str
    path: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """Models compared on data; ``recommendations`` and ``reproduce`` (commands) are the ladder's."""

    data: str
    samples: int | None
    variants: tuple[Variant, ...]
    recommendations: tuple[Recommendation, ...] = ()
    reproduce: tuple[str, ...] = ()


def read_comparison(path: Path) -> Comparison:
    """The comparison in a JSON file.

    Raises:
        ConfigError: it cannot be read, or is no comparison; the message names what in it is not.
    """
    try:
        document = json.loads(read_file(path, _LARGEST))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path) from None
    except (ValueError, RecursionError):
        raise ConfigError("is no JSON", where=path, fix=_FIX) from None
    return _Reader(path).comparison(document)


# What a ladder recommends for, beside the targets.
CORAL = "coral"
_FIX = "Write it with packager compare --json."
T = TypeVar("T")


class _Reader:
    """Turns JSON into dataclasses; what is null or not there is None."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def comparison(self, document: Any) -> Comparison:
        top = self.table(document, "it")
        data = self.table(top.get("data") or {}, "data")
        models = self.items(top.get("models"), "models", _MOST_MODELS)
        if not models:
            raise self.fail("models", "no list of models")
        chosen = self.table(top.get("recommendations") or {}, "recommendations")
        return Comparison(
            data=self.text(data.get("path"), "data.path") or "",
            samples=self.whole(data.get("samples"), "data.samples"),
            variants=tuple(self.variant(item, f"models[{place}]") for place, item in enumerate(models)),
            recommendations=tuple(
                self.recommendation(target, chosen[target]) for target in (*TARGETS, CORAL) if chosen.get(target)
            ),
            reproduce=tuple(
                self.text(item, "reproduce") or "" for item in self.items(top.get("reproduce"), "reproduce", 100)
            ),
        )

    def recommendation(self, target: str, value: Any) -> Recommendation:
        item = self.table(value, f"recommendations.{target}")
        path, why = (self.text(item.get(key), f"recommendations.{target}.{key}") for key in ("path", "why"))
        return Recommendation(target, path or "", why or "")

    def variant(self, value: Any, name: str) -> Variant:
        item = self.table(value, name)
        path = self.text(item.get("path"), f"{name}.path")
        if not path:
            raise self.fail(f"{name}.path", "no path")
        tested = item.get("mcnemar")
        return Variant(
            path=path,
            bytes=self.whole(item.get("bytes"), f"{name}.bytes"),
            gzip_bytes=self.whole(item.get("gzip_bytes"), f"{name}.gzip_bytes"),
            accuracy=self.maybe(item.get("accuracy"), f"{name}.accuracy", self.accuracy),
            mcnemar_p=self.number(self.table(tested, f"{name}.mcnemar").get("p"), f"{name}.mcnemar.p")
            if tested
            else None,
            agreement=self.maybe(item.get("agreement"), f"{name}.agreement", self.agreement),
            latency=self.maybe(item.get("latency_ms"), f"{name}.latency_ms", self.latency),
            arena_bytes=self.whole(item.get("arena_bytes"), f"{name}.arena_bytes"),
            targets=self.targets(item.get("targets") or {}, f"{name}.targets"),
            failed=self.text(item.get("failed"), f"{name}.failed"),
        )

    def accuracy(self, item: Mapping[str, Any], name: str) -> Accuracy | None:
        metric = next((key for key in _METRICS if item.get(key) is not None), None)
        if metric is None:
            return None
        value = self.number(item[metric], f"{name}.{metric}")
        assert value is not None
        ends = [self.number(end, f"{name}.interval") for end in self.items(item.get("interval"), name, 2)]
        more = [(key, self.number(item.get(key), f"{name}.{key}")) for key in ("top5", "map50")]
        return Accuracy(
            metric=_METRICS[metric],
            value=value,
            interval=(ends[0], ends[1]) if len(ends) == 2 and None not in ends else None,  # type: ignore[arg-type]
            more=tuple((key, found) for key, found in more if found is not None),
            samples=self.whole(item.get("samples"), f"{name}.samples"),
        )

    def agreement(self, item: Mapping[str, Any], name: str) -> Agreement:
        return Agreement(*(self.number(item.get(key), f"{name}.{key}") for key in ("top1", "max", "rms", "snr_db")))

    def latency(self, item: Mapping[str, Any], name: str) -> Latency | None:
        median = self.number(item.get("median"), f"{name}.median")
        if median is None:
            return None
        threads = self.table(item.get("by_threads") or {}, f"{name}.by_threads")
        found = []
        for key, value in threads.items():
            each = self.table(value, f"{name}.by_threads")
            middle = self.number(each.get("median"), f"{name}.by_threads.median")
            if middle is not None and key.isdecimal() and len(key) < 5:
                found.append((int(key), middle, self.number(each.get("p95"), f"{name}.by_threads.p95")))
        return Latency(median, self.number(item.get("p95"), f"{name}.p95"), tuple(sorted(found)))

    def targets(self, value: Any, name: str) -> Mapping[str, tuple[bool, tuple[Problem, ...]]]:
        found = {}
        for target in TARGETS:
            item = self.table(value, name).get(target)
            if item is not None:
                problems = self.items(self.table(item, name).get("problems"), name, 100)
                found[target] = (item.get("runs") is True, tuple(self.problem(one, name) for one in problems))
        return found

    def problem(self, value: Any, name: str) -> Problem:
        item = self.table(value, name)
        what, fix = (self.text(item.get(key), f"{name}.problems.{key}") or "" for key in ("what", "fix"))
        return Problem(Level.ERROR if item.get("level") == "error" else Level.WARNING, what, fix)

    def maybe(self, value: Any, name: str, make: Callable[[Mapping[str, Any], str], T]) -> T | None:
        return None if value is None else make(self.table(value, name), name)

    def table(self, value: Any, name: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.fail(name, "no object")
        return value

    def items(self, value: Any, name: str, most: int) -> Sequence[Any]:
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise self.fail(name, f"no list of at most {most}")
        return value

    def text(self, value: Any, name: str) -> str | None:
        if value is not None and not isinstance(value, str):
            raise self.fail(name, "no text")
        return value

    def number(self, value: Any, name: str) -> float | None:
        if value is None:
            return None
        # 1e999 is infinite, and an integer may be beyond any float.
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise self.fail(name, "no number")
        return float(value)

    def whole(self, value: Any, name: str) -> int | None:
        found = self.number(value, name)
        if found is not None and (found < 0 or found != math.floor(found)):
            raise self.fail(name, "no whole number from 0 up")
        return None if found is None else int(found)

    def fail(self, name: str, what: str) -> ConfigError:
        return ConfigError(f"is no comparison of models: {name} is {what}", where=self.path, fix=_FIX)


# --- the table ----------------------------------------


@dataclass(frozen=True)
class CellContext:
    """A figure: ``key`` is what it is sorted by ("" where there is none, which comes last), ``note`` stands below."""

    text: str
    key: str
    note: str


@dataclass(frozen=True)
class NoteContext:
    """What speaks against a target, and what to do."""

    head: str
    what: str
    fix: str
    is_error: bool


@dataclass(frozen=True)
class VariantContext:
    """A row of the table; ``percent`` and ``gzip_percent`` are the lengths of the bars of its sizes."""

    name: str
    label: str
    color: int
    is_recommended: bool
    recommended: str
    percent: str
    gzip_percent: str
    size: CellContext
    gzip: CellContext
    accuracy: CellContext
    agreement: CellContext
    latency: CellContext
    arena: CellContext
    runs: CellContext
    notes: tuple[NoteContext, ...]
    failed: str


@dataclass(frozen=True)
class TickContext:
    """A mark of an axis."""

    at: str
    text: str


@dataclass(frozen=True)
class DotContext:
    """A model in the picture: its place, its interval, its label, and a line to that where it is not beside it."""

    color: int
    x: str
    y: str
    top: str
    bottom: str
    label: str
    label_x: str
    label_y: str
    anchor: str
    leader_x: str
    leader_y: str
    has_leader: bool


@dataclass(frozen=True)
class ScatterContext:
    """Accuracy over size, in a box of ``width`` x ``height``; the axes meet at ``left``, ``bottom``."""

    alt: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_ticks: tuple[TickContext, ...]
    y_ticks: tuple[TickContext, ...]
    x_title: str
    y_title: str
    dots: tuple[DotContext, ...]


@dataclass(frozen=True)
class ComparisonContext:
    """The comparison: a table, a picture where there are two accuracies, and what is recommended."""

    lead: str
    metric: str
    recommendations: tuple[NoteContext, ...]
    variants: tuple[VariantContext, ...]
    scatter: ScatterContext | None
    footnote: str


_ABSENT = CellContext("–", "", "")


def build_comparison(comparison: Comparison) -> ComparisonContext:
    """The contexts of a comparison."""
    found = [item.accuracy for item in comparison.variants if item.accuracy is not None]
    metric = found[0].metric if found else "top 1"
    largest = max((max(item.bytes or 0, item.gzip_bytes or 0) for item in comparison.variants), default=0) or 1
    count = "" if comparison.samples is None else f"{comparison.samples:,} samples"
    of = f" of {visible_line(comparison.data, _LONGEST)}" if comparison.data else ""
    first = visible_line(comparison.variants[0].path, _LONGEST)
    return ComparisonContext(
        lead=f"Measured on {count or 'the data'}{of}. The first, {first}, is what the others are compared with.",
        metric=metric,
        recommendations=tuple(
            NoteContext(
                item.target, visible_line(item.path or "none", _LONGEST), visible_line(item.why, _LONGEST), False
            )
            for item in comparison.recommendations
        ),
        variants=tuple(
            _variant(item, place, largest, comparison.recommendations)
            for place, item in enumerate(comparison.variants)
        ),
        scatter=build_scatter(comparison.variants, metric),
        footnote=_footnote(comparison.variants),
    )


def _footnote(variants: Sequence[Variant]) -> str:
    parts = ["gzip is what a download takes."]
    if any(item.accuracy and item.accuracy.interval for item in variants):
        parts.append("Intervals hold the true accuracy in 95 of 100 such samples of data.")
    if any(item.mcnemar_p is not None for item in variants):
        parts.append("p is McNemar's: how often chance alone makes such a difference to the first.")
    if any(item.latency for item in variants):
        parts.append("Latencies are of this computer, and tell only which is faster.")
    return " ".join(parts)


def _variant(item: Variant, place: int, largest: int, chosen: Sequence[Recommendation]) -> VariantContext:
    targets = ", ".join(one.target for one in chosen if one.path == item.path)
    return VariantContext(
        name=visible_line(item.path, _LONGEST),
        label=_label(item),
        color=place % COLORS,
        is_recommended=bool(targets),
        recommended=f"recommended for {targets}" if targets else "",
        percent=number(100 * (item.bytes or 0) / largest),
        gzip_percent=number(100 * (item.gzip_bytes or 0) / largest),
        size=_bytes_cell(item.bytes),
        gzip=_bytes_cell(item.gzip_bytes),
        accuracy=_accuracy_cell(item),
        agreement=_agreement_cell(item.agreement),
        latency=_latency_cell(item.latency),
        arena=_bytes_cell(item.arena_bytes),
        runs=_runs_cell(item),
        notes=tuple(
            NoteContext(target, cut_sentence(problem.what), cut_sentence(problem.fix), problem.level is Level.ERROR)
            for target, (_, problems) in item.targets.items()
            for problem in problems
        ),
        failed=cut_sentence(item.failed or ""),
    )


def cut_sentence(text: str) -> str:
    """A message with a full stop; "" stays so."""
    shown = visible_line(text.strip(), 1_000)
    return shown if not shown or shown[-1] in ".!?…" else shown + "."


def _label(item: Variant) -> str:
    return visible_line(item.path.replace("\\", "/").rpartition("/")[2].removesuffix(".tflite"), 20)


def _bytes_cell(count: int | None) -> CellContext:
    return _ABSENT if count is None else CellContext(f"{count:,}", str(count), "")


def _accuracy_cell(item: Variant) -> CellContext:
    found = item.accuracy
    if found is None:
        return _ABSENT
    notes = []
    if found.interval is not None:
        notes.append(f"{found.interval[0]:.1%} to {found.interval[1]:.1%}")
    notes += [f"{_MORE[key]} {value:.1%}" for key, value in found.more]
    if item.mcnemar_p is not None:
        notes.append(f"p = {item.mcnemar_p:.2g}")
    return CellContext(f"{found.value:.1%}", repr(found.value), "; ".join(notes))


_MORE = {"top5": "top 5", "map50": "mAP@0.5"}


def _agreement_cell(found: Agreement | None) -> CellContext:
    if found is None:
        return _ABSENT
    notes = [
        f"{name} {figure(value)}{unit}"
        for name, value, unit in (("max", found.most, ""), ("rms", found.rms, ""), ("SNR", found.snr_db, " dB"))
        if value is not None
    ]
    if found.top1 is None:
        return CellContext(notes[0], repr(-(found.rms or 0.0)), "; ".join(notes[1:])) if notes else _ABSENT
    return CellContext(f"{found.top1:.1%}", repr(found.top1), "; ".join(notes))


def _latency_cell(found: Latency | None) -> CellContext:
    if found is None:
        return _ABSENT
    notes = [f"p95 {_milliseconds(found.p95)}"] if found.p95 is not None else []
    notes += [
        f"{threads} {'thread' if threads == 1 else 'threads'} {_milliseconds(median)}"
        for threads, median, _ in found.by_threads
        if len(found.by_threads) > 1
    ]
    return CellContext(_milliseconds(found.median), repr(found.median), "; ".join(notes))


def _milliseconds(value: float) -> str:
    """In three digits: no clock of a busy computer tells more."""
    return f"{value:.3g}"


def _runs_cell(item: Variant) -> CellContext:
    able = [target for target, (runs, _) in item.targets.items() if runs]
    if not item.targets:
        return _ABSENT
    return CellContext(", ".join(able) or "nowhere", str(-len(able)), "")


# --- the picture ----------------------------------------

_WIDTH, _HEIGHT = 400, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 388, 28, 256
_FONT = 12


def build_scatter(variants: Sequence[Variant], metric: str) -> ScatterContext | None:
    """Accuracy over size; None where fewer than two models have both."""
    shown = [
        (place, item, item.accuracy, item.bytes)
        for place, item in enumerate(variants)
        if item.accuracy is not None and item.accuracy.metric == metric and item.bytes
    ]
    if len(shown) < 2:
        return None
    largest = max(size for *_, size in shown)
    unit = 1 << 20 if largest >= 2 << 20 else 1 << 10
    x_ticks, x_most = _ticks(0.0, largest / unit), 1.08 * largest
    ends: list[float] = [
        end for _, _, accuracy, _ in shown for end in (accuracy.value, *(accuracy.interval or ())) if 0 <= end <= 1
    ] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    room = max(0.005, (high - low) * 0.1)
    low, high = max(0.0, low - room), min(1.0, high + room)
    y_ticks = _ticks(low, high)

    def across(size: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * size / x_most

    def up(value: float) -> float:
        share = (min(high, max(low, value)) - low) / (high - low)
        return _BOTTOM - (_BOTTOM - _TOP) * share

    places = [(across(size), up(accuracy.value)) for _, _, accuracy, size in shown]
    intervals = [accuracy.interval or (accuracy.value, accuracy.value) for _, _, accuracy, _ in shown]
    bars = [(x, up(end), up(start)) for (x, _), (start, end) in zip(places, intervals, strict=True)]
    labels = _place_labels(places, bars, [_label(item) for _, item, _, _ in shown])
    dots = tuple(
        DotContext(
            color=place % COLORS,
            x=number(x),
            y=number(y),
            top=number(bar[1]),
            bottom=number(bar[2]),
            label=_label(item),
            label_x=number(label.x),
            label_y=number(label.y),
            anchor=label.anchor,
            leader_x=number(label.x),
            leader_y=number(label.y - _FONT / 3),
            has_leader=label.is_away,
        )
        for (place, item, _, _), (x, y), bar, label in zip(shown, places, bars, labels, strict=True)
    )
    told = "; ".join(
        f"{_label(item)} {accuracy.value:.1%} with {size:,} bytes" for _, item, accuracy, size in shown[:10]
    )
    return ScatterContext(
        alt=f"Accuracy ({metric}) over size: {told}. The table has all figures.",
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        x_ticks=tuple(TickContext(number(across(tick * unit)), f"{tick:,g}") for tick in x_ticks),
        y_ticks=tuple(TickContext(number(up(tick)), f"{100 * tick:.6g}%") for tick in y_ticks),
        x_title=f"size of the file, {'MB' if unit > 1024 else 'KB'}",
        y_title=metric,
        dots=dots,
    )


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers from ``low`` to ``high``."""
    rough = (high - low) / 4
    unit: float = 10 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * unit >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * count, 12) for count in range(first, last + 1)]


@dataclass(frozen=True)
class _Label:
    x: float
    y: float
    anchor: str
    is_away: bool


def _place_labels(
    places: Sequence[tuple[float, float]], bars: Sequence[tuple[float, float, float]], texts: Sequence[str]
) -> list[_Label]:
    """A place for each label where it touches no dot, no interval and no other label, as near as there is one."""
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    taken += [(x - 4, min(top, bottom) - 1, x + 4, max(top, bottom) + 1) for x, top, bottom in bars]
    labels = []
    for (x, y), text in zip(places, texts, strict=True):
        width = text_width(text) * _FONT + 2
        found = None
        for distance in range(0, 240, _FONT + 2):
            for shift in {0: (0,)}.get(distance, (-distance, distance)):
                for anchor, start in (("start", x + 9), ("end", x - 9 - width), ("middle", x - width / 2)):
                    middle = y + shift - (12 if anchor == "middle" and shift <= 0 else 0)
                    box = (start, middle - _FONT * 0.6, start + width, middle + _FONT * 0.6)
                    inside = box[0] >= _LEFT + 2 and box[2] <= _WIDTH and box[1] >= 0 and box[3] <= _BOTTOM
                    if inside and not any(touch(box, other) for other in taken):
                        at = {"start": start, "end": start + width, "middle": x}[anchor]
                        found = found or (_Label(at, middle + _FONT / 3, anchor, distance > _FONT + 2), box)
            if found:
                break
        # With more models than there is room the labels end up over one another; the table has them all.
        label, box = found or (_Label(x + 9, y + _FONT / 3, "start", False), (x, y, x, y))
        labels.append(label)
        taken.append(box)
    return labels
