"""Size against accuracy, drawn with Matplotlib."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from packager.comparison.comparison import ComparedModel, Comparison
from packager.errors import ConfigError
from packager.extras import Extra, require_extra
from packager.settings import Setting
from packager.terminal import visible_line

PLOT = Setting(None, "plot")
_TITLES = {
    "top1": "accuracy (top-1)",
    "map": "mean average precision",
    "miou": "mean intersection over union",
    "agreement": "agreement with the first model (top-1)",
}
_FORMATS = (".png", ".svg")
# Inches, and pixels an inch.
_SIZE = (8, 4.5)
_DPI = 150
_LONGEST_NAME = 40
# Told apart by the colour-blind: Okabe and Ito, "Color Universal Design" (2008); and by their shapes.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
_SHAPES = "osD^vP*X<>h"


def check_plot(path: Path) -> None:
    """See that a plot can be drawn to ``path``, before there is one.

    Raises:
        ConfigError: its name ends in neither .png nor .svg.
        MissingPackageError: the extra ``compare`` is not installed.
    """
    if path.suffix.lower() not in _FORMATS:
        raise ConfigError("is neither a .png nor an .svg", where=path, fix="Name the plot so.", about=PLOT)
    require_extra(Extra.COMPARE, "drawing a plot")


def render_plot(comparison: Comparison, suffix: str) -> bytes:
    """The plot as a ``.png`` or an ``.svg``: bytes of each model on a logarithmic axis, accuracy with its interval.

    Where the data have no classes, the agreement with the first model stands for the accuracy. The same comparison
    gives the same bytes.

    Raises:
        ConfigError: there is no such figure of any model.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    points = [(model, *_point(model)) for model in comparison.models]
    drawn = [point for point in points if point[2] is not None]
    if not drawn:
        points = [(model, "agreement", *_agreement(model, number)) for number, model in enumerate(comparison.models)]
        drawn = [point for point in points if point[2] is not None]
    if not drawn:
        raise ConfigError(
            "there is no accuracy to plot: no model has one on these data",
            fix="Give data that tell the class of each sample.",
        )
    # Not this user's own style; ids in an SVG are made of it, not of chance.
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "svg.hashsalt": "packager", "svg.fonttype": "path"}):
        figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure) if suffix.lower() == ".png" else FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_xscale("log")
        # Names of points of one size would lie over each other, so they stand in a legend, in the order of sizes.
        for number, (model, _, value, interval) in enumerate(sorted(drawn, key=lambda point: point[0].bytes)):
            assert value is not None
            low, high = interval or (value, value)
            reach = [[max(value - low, 0)], [max(high - value, 0)]]
            axes.errorbar(
                model.bytes, value, reach, fmt=_SHAPES[number % len(_SHAPES)], capsize=4, markersize=8,
                color=_COLORS[number % len(_COLORS)], markeredgecolor="black", label=_name(model),
            )  # fmt: skip
        figure.legend(loc="outside right upper", frameon=False, fontsize=9)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel("size of the file (bytes)")
        axes.set_ylabel(_TITLES[drawn[0][1]] + (", with its 95 % interval" if drawn[0][3] else ""))
        _scale(axes, [model.bytes for model, *_ in drawn])
        axes.grid(visible=True, which="major", alpha=0.3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        data = io.BytesIO()
        # No date, nor Matplotlib's version.
        metadata = {"Software": None} if suffix.lower() == ".png" else {"Date": None, "Creator": None}
        canvas.print_figure(data, format=suffix.lower().removeprefix("."), metadata=metadata)
    return data.getvalue()


_Point = tuple[float | None, tuple[float, float] | None]


def _point(model: ComparedModel) -> tuple[str, float | None, tuple[float, float] | None]:
    accuracy = model.accuracy
    if accuracy is None or not math.isfinite(accuracy.value):
        return "", None, None
    return accuracy.name, accuracy.value, accuracy.interval


def _agreement(model: ComparedModel, number: int) -> _Point:
    if number == 0:
        return (1.0 if model.failed is None else None), None
    return (None if model.agreement is None else model.agreement.top1), None


def _name(model: ComparedModel) -> str:
    name = visible_line(model.path.name or str(model.path), _LONGEST_NAME)
    # A dollar sign would begin a formula, and a legend leaves out what begins with a line.
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def _scale(axes: Any, sizes: list[int]) -> None:
    """Marks at sizes that people know, with room beside the outermost points."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = min(sizes) / 1.5, max(sizes) * 1.5
    marks = [step * 10**power for power in range(13) for step in (1, 2, 5)]
    inside = [mark for mark in marks if low <= mark <= high]
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(inside[:: -(-len(inside) // 8)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _megabytes(size)))


def _megabytes(size: float) -> str:
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size:g} B"
