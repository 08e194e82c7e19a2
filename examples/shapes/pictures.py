"""Synthetic pictures of circles, squares and triangles, with the box of each: what the detector learns from.

Needs NumPy and Pillow. The same seed gives the same pictures with one version of each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

LABELS = ("circle", "square", "triangle")
MOST_SHAPES = 6
# (width, height) of pictures; none is the detector's own size, and most are not square.
SIZES = ((120, 120), (160, 120), (120, 160), (192, 108), (144, 192), (256, 192))
# A picture to learn from, or to be tested with, has this seed and its number.
TRAINING, HELD_OUT, GOLDEN = 1, 2, 3

# Of the picture's shorter side.
_SMALLEST, _LARGEST = 0.17, 0.48
_MOST_TILT = math.radians(20)
# How much of a shape others may hide.
_MOST_HIDDEN = 0.35
# Shapes are drawn so many times larger and shrunk, for smooth edges.
_FINER = 4
# How far a shape's colour is from what it stands on, at least: Euclidean, of 8-bit RGB.
_LEAST_CONTRAST = 90

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Shape:
    """One shape: ``index`` is its place in ``LABELS``, ``box`` its left, top, right and bottom in pixels."""

    index: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """A picture (RGB) and the shapes in it, those in front last."""

    picture: Image.Image
    shapes: tuple[Shape, ...]


def scenes(seed: int, count: int) -> Iterator[Scene]:
    """``count`` scenes of no to ``MOST_SHAPES`` shapes each, in the sizes ``SIZES``."""
    for number in range(count):
        random = np.random.default_rng((seed, number))
        size = SIZES[random.integers(len(SIZES))]
        yield draw_scene(random, size, int(random.integers(MOST_SHAPES + 1)))


def draw_scene(random: np.random.Generator, size: tuple[int, int], count: int) -> Scene:
    """A scene of ``size`` (width, height) with ``count`` shapes, or fewer where no place is left.

    Shapes lie within the picture, may touch and overlap, and show at least 65 % of themselves.
    """
    picture = _background(random, size)
    owners = np.full((size[1], size[0]), -1)
    areas: list[int] = []
    shapes: list[Shape] = []
    for _ in range(count):
        # Where a shape would hide too much of another one, another place is tried.
        for _ in range(20):
            index = int(random.integers(len(LABELS)))
            outline = _outline(random, index, size)
            mask = _mask(outline, size)
            covered = np.asarray(mask) > 127
            hidden = owners.copy()
            hidden[covered] = len(shapes)
            visible = [int((hidden == number).sum()) for number in range(len(shapes))]
            if all(seen >= (1 - _MOST_HIDDEN) * area for seen, area in zip(visible, areas, strict=True)):
                break
        else:
            break
        owners = hidden
        areas.append(int(covered.sum()))
        color = _color_on(random, np.asarray(picture)[covered])
        _paint(random, picture, outline, mask, color)
        left, top = outline.min(axis=0).tolist()
        right, bottom = outline.max(axis=0).tolist()
        shapes.append(Shape(index, (left, top, right, bottom)))
    return Scene(_spoiled(random, picture), tuple(shapes))


def _color(random: np.random.Generator) -> Color:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue


def _color_on(random: np.random.Generator, ground: npt.NDArray[np.uint8]) -> Color:
    """A colour that stands out from the pixels ``ground`` [N, 3]."""
    mean = ground.reshape(-1, 3).mean(axis=0)
    while math.dist(color := _color(random), mean) < _LEAST_CONTRAST:
        pass
    return color


def _background(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A gradient, soft clouds on it, and lines, rings and specks that are no shapes."""
    corners = random.integers(0, 256, (2, 2, 3))
    # Most backgrounds are calm: the four corners are near each other.
    calm = corners.mean(axis=(0, 1)) + (corners - corners.mean(axis=(0, 1))) * random.uniform(0.1, 0.8)
    picture = Image.fromarray(calm.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    cells = random.integers(3, 9)
    clouds = random.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    picture = Image.blend(
        picture, Image.fromarray(clouds).resize(size, Image.Resampling.BICUBIC), random.uniform(0, 0.3)
    )
    draw = ImageDraw.Draw(picture)
    width, height = size
    for _ in range(random.integers(8)):
        x, y = random.uniform(0, width), random.uniform(0, height)
        length = random.uniform(0.1, 0.8) * min(size)
        angle = random.uniform(0, 2 * math.pi)
        end = (x + length * math.cos(angle), y + length * math.sin(angle))
        stroke = int(random.integers(1, max(2, min(size) // 40) + 1))
        if random.random() < 0.7:
            draw.line((x, y, *end), _color(random), stroke)
        else:
            start = random.uniform(0, 360)
            box = (x - length / 2, y - length / 2, x + length / 2, y + length / 2)
            draw.arc(box, start, start + random.uniform(40, 200), _color(random), stroke)
    for _ in range(random.integers(12)):
        x, y = random.uniform(0, width), random.uniform(0, height)
        radius = random.uniform(0.004, 0.012) * min(size)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), _color(random))
    return picture.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.0)))


def _outline(random: np.random.Generator, index: int, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """The corners [N, 2] of a shape at any place, upright or tilted by some degrees; a circle has many."""
    corners = {"circle": 72, "square": 4, "triangle": 3}[LABELS[index]]
    extent = random.uniform(_SMALLEST, _LARGEST) * min(size)
    # A side is at the bottom.
    first = math.pi / 2 - math.pi / corners + random.uniform(-_MOST_TILT, _MOST_TILT)
    angles = first + np.arange(corners) * (2 * math.pi / corners)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points *= extent / np.ptp(points, axis=0).max()
    points -= points.min(axis=0)
    placed: npt.NDArray[np.float64] = points + random.uniform(0, 1, 2) * (np.array(size) - points.max(axis=0))
    return placed


def _mask(outline: npt.NDArray[np.float64], size: tuple[int, int]) -> Image.Image:
    """How much of each pixel lies within ``outline``: mode L."""
    left, top = np.floor(outline.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(outline.max(axis=0)).astype(int).tolist()
    fine = Image.new("L", ((right - left) * _FINER, (bottom - top) * _FINER))
    # Pillow's whole numbers are the centres of pixels.
    corners = (outline - (left, top)) * _FINER - 0.5
    ImageDraw.Draw(fine).polygon([(x, y) for x, y in corners.tolist()], 255)
    mask = Image.new("L", size)
    mask.paste(fine.reduce(_FINER), (left, top))
    return mask


def _paint(
    random: np.random.Generator,
    picture: Image.Image,
    outline: npt.NDArray[np.float64],
    mask: Image.Image,
    color: Color,
) -> None:
    """Fill a shape with ``color``, which half the shapes shade off a little, and a third have an edge of another."""
    fill = Image.new("RGB", picture.size, color)
    if random.random() < 0.5:
        shade = np.clip(np.array(color) + random.integers(-50, 51, (2, 2, 3)), 0, 255).astype(np.uint8)
        fill = Image.fromarray(shade).resize(picture.size, Image.Resampling.BILINEAR)
    if random.random() < 1 / 3:
        middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
        inner = _mask(middle + (outline - middle) * random.uniform(0.7, 0.9), picture.size)
        picture.paste(Image.new("RGB", picture.size, _color(random)), mask=mask)
        picture.paste(fill, mask=inner)
    else:
        picture.paste(fill, mask=mask)


def _spoiled(random: np.random.Generator, picture: Image.Image) -> Image.Image:
    """What a camera adds: noise, and light of more or less strength."""
    pixels = np.asarray(picture, np.float32)
    noise = random.standard_normal(pixels.shape, np.float32) * np.float32(random.uniform(0, 10))
    light = np.float32(random.uniform(0.8, 1.1))
    return Image.fromarray(np.clip(pixels * light + noise, 0, 255).astype(np.uint8))
