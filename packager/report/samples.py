"""Golden samples on the page: what went in as the model saw it, and what came out drawn on it.

Shapes are for SVG over the picture: sharp at any size, and smaller than another picture.
"""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel, Port
from packager.golden import GoldenCase, Picture, Text
from packager.tasks import ChannelOrder
from packager.tasks.audio import AudioInput
from packager.tasks.boxes import Boxes, Detection
from packager.tasks.classes import Classes
from packager.tasks.image import ImageInput
from packager.tasks.keypoints import CERTAIN_POINT, COCO_KEYPOINTS, COCO_SKELETON, Keypoint, Keypoints, Pose
from packager.tasks.kinds import Array
from packager.tasks.mask import UNSEEN, Mask, Segmentation
from packager.tasks.quantization import dequantize
from packager.tasks.text import TextInput
from packager.tasks.tokenizers import RegexTokenizer
from packager.terminal import counted, visible_line

# What is shown: samples of a model, rows (twice as many of an answer, folded beyond some), tokens of a text,
# characters of a label and of a text.
MOST_SAMPLES = 6
_MOST_ROWS = 8
_MOST_UNFOLDED = 10
_MOST_TOKENS = 64
_LONGEST_LABEL = 30
_LONGEST_TEXT = 2_000
# Larger ones become JPEG: a golden picture is a PNG, which for a photo has ten times the bytes.
_LARGEST_PNG = 64_000
# The CSS pixels that the long side of a picture with shapes on it, and of any other, is enlarged towards, in whole
# steps; those of the widest picture; and those of letters on it.
_PICTURE_SIDE, _INPUT_SIDE = 384, 224
_WIDEST = 416
_FONT = 16
# Points of a line across a plot.
_COLUMNS = 300
# Okabe and Ito's colours, which the colour-blind tell apart too (https://jfly.uni-koeln.de/color/). The style
# has them by their place here. White letters stand on the dark one.
_RGB = (
    *((230, 159, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167)),
    *((86, 180, 233), (213, 94, 0), (240, 228, 66)),
)
COLORS = len(_RGB)
_DARK = 1
_MASK_ALPHA = 150


@dataclass(frozen=True)
class BoxShape:
    """A box, and its label on a patch; in pixels of the picture. ``color`` is the number of one of ``COLORS``."""

    color: int
    x: str
    y: str
    width: str
    height: str
    label: str
    is_dark: bool
    patch_x: str
    patch_y: str
    patch_width: str
    text_x: str
    text_y: str
    text_width: str


@dataclass(frozen=True)
class LineShape:
    """A bone of a skeleton."""

    color: int
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class PointShape:
    """A keypoint; ``is_guess`` where its score is low."""

    color: int
    x: str
    y: str
    title: str
    is_guess: bool


@dataclass(frozen=True)
class PictureContext:
    """A picture, with its answer over it.

    ``data`` and ``mask`` ("" without one) are data URLs, ``width`` and ``height`` in pixels, ``shown_width`` in CSS
    pixels. ``font``, ``patch_height``, ``radius`` are in pixels of the picture.
    """

    data: str
    alt: str
    width: int
    height: int
    shown_width: int
    is_enlarged: bool
    mask: str
    boxes: tuple[BoxShape, ...]
    lines: tuple[LineShape, ...]
    points: tuple[PointShape, ...]
    font: str
    patch_height: str
    radius: str


@dataclass(frozen=True)
class InputContext:
    """The input tensor as a picture; ``width`` and ``height`` are CSS pixels, a whole number for each of its own."""

    data: str
    alt: str
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class CurveContext:
    """A curve of a plot: ``points`` are those of an SVG polyline."""

    color: int
    points: str


@dataclass(frozen=True)
class PlotContext:
    """A signal over time, in a box of 300 x 100."""

    caption: str
    alt: str
    curves: tuple[CurveContext, ...]


@dataclass(frozen=True)
class TokenContext:
    """A token and its number."""

    text: str
    number: int


@dataclass(frozen=True)
class TextContext:
    """A text, its tokens, and what of them is not shown."""

    text: str
    tokens: tuple[TokenContext, ...]
    rest: str


@dataclass(frozen=True)
class ArrayContext:
    """A tensor in figures."""

    name: str
    shape: str
    dtype: str
    least: str
    mean: str
    most: str
    first: str


@dataclass(frozen=True)
class RowContext:
    """A line of an answer; ``percent`` is the length of its bar, ``place`` where it is, if it is anywhere."""

    name: str
    color: int
    has_swatch: bool
    percent: str
    value: str
    place: str


@dataclass(frozen=True)
class AnswerContext:
    """An answer as a table, folded where it is long; ``rest`` is what is left out, or why there is none."""

    is_folded: bool
    caption: str
    name_head: str
    value_head: str
    place_head: str
    rows: tuple[RowContext, ...]
    rest: str


@dataclass(frozen=True)
class SampleContext:
    """A golden sample: what it was made of, what went in and what came out."""

    name: str
    picture: PictureContext | None
    input: InputContext | None
    plot: PlotContext | None
    text: TextContext | None
    inputs: tuple[ArrayContext, ...]
    answer: AnswerContext | None
    outputs: tuple[ArrayContext, ...]


def build_samples(annotated: AnnotatedModel, cases: Sequence[GoldenCase]) -> tuple[SampleContext, ...]:
    """The first ``MOST_SAMPLES`` of the golden cases."""
    shown = cases[:MOST_SAMPLES]
    colors = _colors(annotated, shown)
    return tuple(_sample(annotated, case, colors) for case in shown)


def _sample(annotated: AnnotatedModel, case: GoldenCase, colors: dict[int, int]) -> SampleContext:
    answer = _answer(annotated, case, colors)
    image = annotated.input if isinstance(annotated.input, ImageInput) else None
    text = None
    if isinstance(annotated.input, TextInput) and isinstance(case.given, Text):
        text = _text(annotated.input, case.given.text, case.inputs)
    plot = None if image or text else _plot(annotated, case)
    return SampleContext(
        name=visible_line(case.name, _LONGEST_TEXT),
        picture=_picture(annotated, case, answer, colors) if isinstance(case.given, Picture) else None,
        input=_input(image, case) if image else None,
        plot=plot,
        text=text,
        inputs=() if image or text or plot else _arrays(annotated.inputs, case.inputs),
        answer=answer,
        outputs=() if answer else _arrays(annotated.outputs, case.outputs),
    )


def _colors(annotated: AnnotatedModel, cases: Sequence[GoldenCase]) -> dict[int, int]:
    """A colour for each class that occurs, the same in all samples; of more classes than colours some share one."""
    classes: set[int] = set()
    for case in cases:
        if isinstance(annotated.answer, Boxes):
            classes.update(item.index for item in case.answer)
        elif isinstance(annotated.answer, Mask):
            classes.update(np.unique(case.answer.mask).tolist())
    return {index: number % COLORS for number, index in enumerate(sorted(classes - _background(annotated)))}


def _background(annotated: AnnotatedModel) -> set[int]:
    """What of a mask is not painted."""
    if not isinstance(annotated.answer, Mask):
        return set()
    first = annotated.labels[0].strip().lower() if annotated.labels else "background"
    return {0, UNSEEN} if first in ("background", "__background__", "bg") else {UNSEEN}


# --- pictures ----------------------------------------


def data_url(data: bytes, kind: str) -> str:
    """``data`` as what stands in the ``src`` of a picture."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _png(picture: Image.Image, **options: Any) -> str:
    stream = io.BytesIO()
    picture.save(stream, "PNG", **options)
    return data_url(stream.getvalue(), "png")


def _picture(
    annotated: AnnotatedModel, case: GoldenCase, answer: AnswerContext | None, colors: dict[int, int]
) -> PictureContext:
    assert isinstance(case.given, Picture)
    data = data_url(case.given.png, "png")
    with Image.open(io.BytesIO(case.given.png)) as opened:
        width, height = opened.size
        if len(case.given.png) > _LARGEST_PNG:
            stream = io.BytesIO()
            opened.convert("RGB").save(stream, "JPEG", quality=88)
            data = data_url(stream.getvalue(), "jpeg")
    is_plain = not isinstance(annotated.answer, Boxes | Mask | Keypoints)
    times = max(1, (_INPUT_SIDE if is_plain else _PICTURE_SIDE) // max(width, height))
    font = _FONT * max(1.0, max(width, height) * times / _WIDEST) / times
    boxes = _boxes(case.answer, colors, font, width, height) if isinstance(annotated.answer, Boxes) else ()
    lines, points = _skeletons(annotated.answer, case.answer) if isinstance(annotated.answer, Keypoints) else ((), ())
    told = "" if answer is None else " " + _sentence(answer)
    return PictureContext(
        data=data,
        alt=f"Golden picture {case.name}, {width} by {height} pixels.{told}",
        width=width,
        height=height,
        shown_width=min(width * times, _WIDEST),
        is_enlarged=times > 1,
        mask=_mask(case.answer, colors) if isinstance(annotated.answer, Mask) else "",
        boxes=boxes,
        lines=lines,
        points=points,
        font=number(font),
        patch_height=number(font * 1.35),
        radius=number(font / 3.5),
    )


def _sentence(answer: AnswerContext) -> str:
    """An answer in words, for those who do not see the picture."""
    rows = [" ".join(filter(None, (row.name, row.value, row.place and f"at {row.place}"))) for row in answer.rows[:5]]
    return f"{answer.caption}: {'; '.join(rows) or answer.rest}."


def _boxes(
    found: Sequence[Detection], colors: dict[int, int], font: float, width: int, height: int
) -> tuple[BoxShape, ...]:
    """Boxes in the order in which they are drawn: the best one last, over the others."""
    shapes = []
    taken: list[tuple[float, float, float, float]] = []
    for item in found:
        left, top, right, bottom = item.box
        label = f"{_short(_class_name(item.label, item.index))} {item.score:.2f}"
        text, high = text_width(label) * font, font * 1.35
        wide = text + font * 0.5
        # Above its box, inside, below, at either side: the first place without another label, else the first.
        places = [
            (min(max(0.0, x), max(0.0, width - wide)), min(max(0.0, y), max(0.0, height - high)))
            for y in (top - high, top, bottom, bottom - high)
            for x in (left, right - wide)
        ]
        patches = [(x, y, x + wide, y + high) for x, y in places]
        patch = next((one for one in patches if not any(touch(one, other) for other in taken)), patches[0])
        taken.append(patch)
        color = colors[item.index]
        shapes.append(
            BoxShape(
                color=color,
                x=number(left),
                y=number(top),
                width=number(max(0.0, right - left)),
                height=number(max(0.0, bottom - top)),
                label=label,
                is_dark=color == _DARK,
                patch_x=number(patch[0]),
                patch_y=number(patch[1]),
                patch_width=number(wide),
                text_x=number(patch[0] + font * 0.25),
                text_y=number(patch[1] + font),
                text_width=number(text),
            )
        )
    return tuple(reversed(shapes))


def touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Whether two boxes (left, top, right, bottom) overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _skeletons(kind: Keypoints, poses: Sequence[Pose]) -> tuple[tuple[LineShape, ...], tuple[PointShape, ...]]:
    bones = COCO_SKELETON if len(kind.names) == len(COCO_KEYPOINTS) else ()
    lines, points = [], []
    for order, pose in enumerate(poses):
        color = order % COLORS
        for start, end in bones:
            one, other = pose.keypoints[start], pose.keypoints[end]
            if min(one.score, other.score) >= CERTAIN_POINT:
                lines.append(LineShape(color, number(one.x), number(one.y), number(other.x), number(other.y)))
        points += [_point(color, point) for point in pose.keypoints]
    return tuple(lines), tuple(points)


def _point(color: int, point: Keypoint) -> PointShape:
    title = f"{_short(point.name)} {point.score:.2f}"
    return PointShape(color, number(point.x), number(point.y), title, point.score < CERTAIN_POINT)


def _mask(answer: Segmentation, colors: dict[int, int]) -> str:
    """The mask as a picture of the colours of its classes; what has none is clear."""
    painted = np.full(answer.mask.shape, COLORS, np.uint8)
    for index, color in colors.items():
        painted[answer.mask == index] = color
    picture = Image.frombytes("P", painted.shape[::-1], painted.tobytes())
    picture.putpalette([*(part for rgb in _RGB for part in rgb), 0, 0, 0])
    return _png(picture, transparency=bytes([_MASK_ALPHA] * COLORS + [0]))


def _input(image: ImageInput, case: GoldenCase) -> InputContext:
    """The tensor's items as the 8-bit pixels that they stand for."""
    tensor = case.inputs[0][0]
    pixels = (
        tensor.transpose(1, 2, 0) if image.is_planar else tensor.reshape(image.height, image.width, image.channels)
    )
    if image.tensor.dtype != "uint8":
        real = dequantize(pixels, image.tensor)
        pixels = np.rint(real * np.array(image.std, np.float32) + np.array(image.mean, np.float32)).clip(0, 255)
    pixels = pixels.astype(np.uint8)
    if image.order is ChannelOrder.BGR:
        pixels = pixels[:, :, ::-1]
    picture = Image.fromarray(np.ascontiguousarray(pixels if image.channels == 3 else pixels[:, :, 0]))
    times = max(1, _INPUT_SIDE // max(picture.size))
    kind = "gray" if image.channels == 1 else image.order.upper()
    size = f"{image.width}×{image.height}"
    return InputContext(
        data=_png(picture),
        alt=f"The same after {image.crop} to {size} pixels, as the model sees it.",
        width=image.width * times,
        height=image.height * times,
        caption=f"The model's input: {size} {kind}, {image.tensor.dtype}, {image.crop}"
        + (f", shown {times} times as large" if times > 1 else ""),
    )


# --- signals and texts ----------------------------------------


def _plot(annotated: AnnotatedModel, case: GoldenCase) -> PlotContext | None:
    """The first input as curves over its longest axis, where it is a signal of one to three channels."""
    tensor, values = annotated.inputs[0].tensor, case.inputs[0]
    signal = values.reshape(-1, 1) if isinstance(annotated.input, AudioInput) else _signal(values)
    if signal is None or values.dtype.kind not in "iuf":
        return None
    real = dequantize(signal, tensor)
    low, high = float(real.min()), float(real.max())
    title = visible_line(annotated.inputs[0].title, _LONGEST_LABEL)
    length = f"{len(real):,} samples"
    if isinstance(annotated.input, AudioInput):
        rate = annotated.input.sample_rate
        length += f" at {rate:,} Hz ({len(real) / rate:.2f} s)"
        title = "Sound"
    channels = "" if real.shape[1] == 1 else f", {real.shape[1]} channels"
    caption = f"{title}: {length}{channels}, from {figure(low)} to {figure(high)}"
    curves = tuple(
        CurveContext(place, " ".join(_curve(real[:, place], low, high or 1.0))) for place in range(real.shape[1])
    )
    return PlotContext(caption, f"A plot of {case.name}. {caption}.", curves)


def _signal(values: Array) -> Array | None:
    shape = [size for size in values.shape if size != 1]
    if len(shape) == 1 and shape[0] >= 16:
        return values.reshape(-1, 1)
    if len(shape) == 2 and shape[0] >= 16 and shape[1] <= 3:
        return values.reshape(shape)
    return None


def _curve(values: Array, low: float, high: float) -> Iterator[str]:
    """Points of a curve in 300 x 100: of each column the least and the largest value."""
    span = (high - low) or 1.0
    columns = min(_COLUMNS, len(values))
    for column, part in enumerate(np.array_split(values, columns)):
        x = _COLUMNS * (column + 0.5) / columns
        ends = sorted({float(part.min()), float(part.max())}, reverse=column % 2 == 0)
        for value in ends:
            yield f"{number(x)},{number(96 - 92 * (value - low) / span)}"


def _text(input: TextInput, text: str, inputs: Sequence[Array]) -> TextContext:
    ids = inputs[input.roles.index("ids")].reshape(-1).tolist()
    names = {number: token for token, number in input.tokenizer.vocabulary.items()}
    pad = input.tokenizer.pad
    used = len(ids)
    while used and ids[used - 1] == pad:
        used -= 1
    tokens = tuple(TokenContext(visible_line(names.get(it, "?"), _LONGEST_LABEL), it) for it in ids[:used])
    kind = "split by a regular expression" if isinstance(input.tokenizer, RegexTokenizer) else "WordPiece"
    rest = f"{counted(used, 'token')} ({kind}), filled up to {len(ids):,} with {pad}"
    if used > _MOST_TOKENS:
        rest += f"; the first {_MOST_TOKENS} are shown"
    return TextContext(cut(text), tokens[:_MOST_TOKENS], rest)


def _arrays(ports: Sequence[Port], tensors: Sequence[Array]) -> tuple[ArrayContext, ...]:
    return tuple(_array(port, tensor) for port, tensor in zip(ports[:_MOST_ROWS], tensors, strict=False))


def _array(port: Port, tensor: Array) -> ArrayContext:
    real = dequantize(tensor, port.tensor).reshape(-1)
    flat = [figure(value) for value in real[:_MOST_ROWS].tolist()]
    is_there = real.size > 0
    return ArrayContext(
        name=visible_line(port.title, _LONGEST_LABEL),
        shape="×".join(map(str, tensor.shape)) or "scalar",
        dtype=port.tensor.dtype,
        least=figure(float(real.min())) if is_there else "–",
        mean=figure(float(real.mean(dtype=np.float64))) if is_there else "–",
        most=figure(float(real.max())) if is_there else "–",
        first=", ".join(flat) + (", …" if real.size > _MOST_ROWS else ""),
    )


# --- answers ----------------------------------------


def _answer(annotated: AnnotatedModel, case: GoldenCase, colors: dict[int, int]) -> AnswerContext | None:
    match annotated.answer:
        case Classes() as classes:
            scores = [item.score for item in case.answer]
            top = max([1.0, *scores]) if max([0.0, *scores]) > 1 else 1.0
            rows = [
                RowContext(_short(item.label), _DARK, False, _percent(item.score / top), _score(item.score), "")
                for item in case.answer[:5]
            ]
            return _table(
                "Scores, best first",
                ("label", "score", ""),
                rows,
                len(case.answer) - len(rows),
                f"no class has a score of {classes.threshold:g} or more",
            )
        case Boxes() as boxes:
            rows = [
                RowContext(
                    _short(_class_name(item.label, item.index)),
                    colors[item.index],
                    True,
                    _percent(item.score),
                    f"{item.score:.3f}",
                    "{:.0f}, {:.0f} – {:.0f}, {:.0f}".format(*item.box),
                )
                for item in case.answer
            ]
            nothing = f"nothing has a score of {boxes.threshold:g} or more"
            return _table(
                "Boxes (left, top – right, bottom), best first", ("label", "score", "box"), rows, 0, nothing
            )
        case Mask() as mask:
            rows = _mask_rows(mask, case.answer, colors)
            return _table("Classes of the mask", ("label", "share of pixels", ""), rows, 0, "nothing")
        case Keypoints() as kind:
            rows = [
                RowContext(
                    _short(point.name),
                    order % COLORS,
                    True,
                    _percent(point.score),
                    f"{point.score:.3f}",
                    f"{point.x:.0f}, {point.y:.0f}",
                )
                for order, pose in enumerate(case.answer)
                for point in pose.keypoints
            ]
            nothing = f"nobody has a score of {kind.threshold:g} or more"
            return _table("Keypoints", ("point", "score", "x, y"), rows, 0, nothing)
    return None


def _table(
    caption: str, heads: tuple[str, str, str], rows: Sequence[RowContext], more: int, nothing: str
) -> AnswerContext:
    shown = rows[: 2 * _MOST_ROWS + 1]
    more += len(rows) - len(shown)
    rest = f"and {more:,} more" if more else "" if rows else nothing
    return AnswerContext(len(shown) > _MOST_UNFOLDED, caption, *heads, tuple(shown), rest)


def _mask_rows(kind: Mask, answer: Segmentation, colors: dict[int, int]) -> list[RowContext]:
    """A row for each class, largest first; it is the legend too. What is not painted has no colour."""
    labels = dict(enumerate(kind.labels.default))
    counts = np.bincount(answer.mask.reshape(-1), minlength=UNSEEN + 1)
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda index: (-counts[index], index))
    rows = []
    for index in order:
        share = float(counts[index]) / answer.mask.size
        name = "outside of the input" if index == UNSEEN else _class_name(labels.get(index), index)
        shown = f"{share:.1%}" if share >= 0.001 else "under 0.1%"
        rows.append(RowContext(_short(name), colors.get(index, COLORS), True, _percent(share), shown, ""))
    return rows


# --- texts and numbers ----------------------------------------


def _class_name(label: str | None, index: int) -> str:
    return label or f"class {index}"


def cut(text: str, most: int = _LONGEST_TEXT) -> str:
    """``text`` of at most so many characters, with its line breaks."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _short(text: str) -> str:
    return visible_line(text, _LONGEST_LABEL)


def _percent(share: float) -> str:
    return number(100 * min(1.0, max(0.0, share)))


def number(value: float) -> str:
    """A coordinate: with one decimal, where it has any."""
    return f"{value:.1f}".removesuffix(".0")


def _score(value: float) -> str:
    """A score: a share as one is used to, a logit in its own digits."""
    return f"{value:.3f}" if 0 <= value <= 1 else figure(value)


def figure(value: float) -> str:
    """A measured number, in four digits."""
    return f"{value:.4g}"


def text_width(text: str) -> float:
    """About how wide a text is, in units of its font's size: East Asian characters and emoji are twice as wide."""
    return sum(_character_widths(text))


def _character_widths(text: Iterable[str]) -> Iterator[float]:
    for character in text:
        yield 1.05 if unicodedata.east_asian_width(character) in "WF" else 0.56
