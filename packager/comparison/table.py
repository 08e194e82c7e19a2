"""A comparison as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from packager.inspection import make_table, plain_text, runs
from packager.terminal import counted

if TYPE_CHECKING:
    from rich.console import Group

    from packager.comparison.comparison import ComparedModel, Comparison

# Columns below which each model has a table of its own, a line a figure.
_NARROW = 76

_TITLES = {"top1": "top-1", "top5": "top-5", "map": "mAP", "map50": "mAP50", "miou": "mIoU"}


def comparison_to_rich(comparison: Comparison, width: int) -> Group:
    """Tables of what the models cost, what they give and how long they take; or one a model in a narrow terminal."""
    from rich.console import Group

    data = f"{comparison.data}: {counted(comparison.samples, 'sample')}, {comparison.task}"
    first = comparison.models[0].path
    parts = {
        "size": [_size(model) for model in comparison.models],
        "accuracy in %": [_quality(model) for model in comparison.models],
        f"difference from {first.name}": [_difference(model) for model in comparison.models],
        "latency in ms": [_speed(model) for model in comparison.models],
    }
    names = [str(model.path) for model in comparison.models]
    tables: list[Any] = []
    if width >= _NARROW:
        for title, rows in parts.items():
            # What no model has takes no place.
            columns = [column for row in rows for column in row]
            columns = list(dict.fromkeys(column for column in columns if any(row.get(column) for row in rows)))
            if columns:
                tables.append(make_table(plain_text(title), "model", *columns))
            for name, row in zip(names, rows, strict=True) if columns else ():
                tables[-1].add_row(plain_text(name), *(row.get(column) or "–" for column in columns))
    else:
        for name, *of_model in zip(names, *parts.values(), strict=True):
            tables.append(make_table(plain_text(name), "", ""))
            tables[-1].show_header = False
            for row in of_model:
                for column, value in row.items():
                    if value:
                        tables[-1].add_row(column, value)
    failed = [f"{model.path}: {model.failed}" for model in comparison.models if model.failed is not None]
    return Group(plain_text(data, ""), *tables, *map(plain_text, failed))


def _size(model: ComparedModel) -> dict[str, str]:
    return {
        "bytes": f"{model.bytes:,}",
        "gzip": f"{model.gzip_bytes:,}",
        "arena": "" if model.arena_bytes is None else f"{model.arena_bytes:,}",
        "runs on": ", ".join(name for name, problems in model.targets.items() if runs(problems)),
    }


def _quality(model: ComparedModel) -> dict[str, str]:
    row, accuracy = {}, model.accuracy
    if accuracy is not None:
        (name, value), *others = accuracy.figures
        row = {_TITLES[name]: _percent(value), "95 %": "–".join(map(_percent, accuracy.interval))}
        row |= {_TITLES[name]: _percent(value) for name, value in others if value is not None}
    if model.mcnemar is not None:
        row["McNemar p"] = f"{model.mcnemar.p:.2g}"
    return row


def _difference(model: ComparedModel) -> dict[str, str]:
    agreed = model.agreement
    if agreed is None:
        return {}
    return {
        "same class in %": "" if agreed.top1 is None else _percent(agreed.top1),
        "largest": f"{agreed.max:.3g}",
        "RMS": f"{agreed.rms:.3g}",
        "SNR in dB": _decibels(agreed.snr_db),
    }


def _speed(model: ComparedModel) -> dict[str, str]:
    row = {}
    for threads, times in () if model.latency is None else model.latency.by_threads:
        row[counted(threads, "thread")] = f"{times.median:.3g}"
        row[f"p95 ({threads})"] = f"{times.p95:.3g}"
    return row


def _percent(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{100 * value:.1f}"


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "equal" if value > 0 else "–"
