"""A comparison as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from packager.inspection import make_table, plain_text, runs
from packager.terminal import counted

if TYPE_CHECKING:
    from rich.console import Group

    from packager.comparison.comparison import Accuracy, ComparedModel, Comparison

# Columns below which a model has a block of lines rather than one line.
_WIDE = 110

_TITLES = {"top1": "top-1", "top5": "top-5", "map": "mAP", "map50": "mAP50", "miou": "mIoU"}


def comparison_to_rich(comparison: Comparison, width: int) -> Group:
    """One table with a line a model where the terminal has so many columns, else a table for each model."""
    from rich.console import Group

    data = f"{comparison.data}: {counted(comparison.samples, 'sample')}, {comparison.task}"
    rows = [_row(model) for model in comparison.models]
    # What no model has takes no place.
    titles = [title for title in rows[0] if any(row[title] for row in rows)]
    tables: list[Any] = []
    if width >= _WIDE:
        wide = make_table("comparison", *titles)
        for row in rows:
            wide.add_row(*(plain_text(row[title] or "–") for title in titles))
        tables.append(wide)
    else:
        for row in rows:
            narrow = make_table("", "model", row["model"])
            for title in titles[1:]:
                narrow.add_row(title, plain_text(row[title] or "–"))
            tables.append(narrow)
    failed = [f"{model.path}: {model.failed}" for model in comparison.models if model.failed is not None]
    return Group(plain_text(data, ""), *tables, *(plain_text(line) for line in failed))


def _row(model: ComparedModel) -> dict[str, str]:
    agreed, latency = model.agreement, model.latency
    row = {
        "model": str(model.path),
        "bytes": f"{model.bytes:,}",
        "gzip": f"{model.gzip_bytes:,}",
        "accuracy (95 %)": "" if model.accuracy is None else _accuracy(model.accuracy),
        "McNemar p": "" if model.mcnemar is None else f"{model.mcnemar.p:.2g}",
        "agrees": "" if agreed is None or agreed.top1 is None else f"{agreed.top1:.2%}",
        "max diff": "" if agreed is None else f"{agreed.max:.3g}",
        "rms diff": "" if agreed is None else f"{agreed.rms:.3g}",
        "SNR dB": "" if agreed is None else _decibels(agreed.snr_db),
        "ms": "" if latency is None else f"{latency.single.median:.3g}",
        "p95": "" if latency is None else f"{latency.single.p95:.3g}",
        "threads: ms": "",
        "arena": "" if model.arena_bytes is None else f"{model.arena_bytes:,}",
        "runs on": ", ".join(name for name, problems in model.targets.items() if runs(problems)) or "none",
    }
    if latency is not None:
        row["threads: ms"] = ", ".join(f"{threads}: {times.median:.3g}" for threads, times in latency.by_threads[1:])
    if model.failed is not None:
        row["accuracy (95 %)"] = "failed"
    return row


def _accuracy(accuracy: Accuracy) -> str:
    def shown(value: float | None) -> str:
        return "–" if value is None or not math.isfinite(value) else f"{100 * value:.1f}"

    low, high = map(shown, accuracy.interval)
    (name, first), *rest = accuracy.figures
    others = "".join(f", {_TITLES[other]} {shown(value)}" for other, value in rest if value is not None)
    return f"{_TITLES[name]} {shown(first)} ({low}–{high}){others}"


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "equal" if value > 0 else "–"
