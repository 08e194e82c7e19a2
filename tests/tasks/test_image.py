"""From a picture to the input tensor: crop, resize, lookup; and the answers that real models then give."""

from __future__ import annotations

import json
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.golden import Sample, build_goldens
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import Quantization, Tensor, parse_model, read_model
from packager.runtimes import Runtime
from packager.tasks import ChannelOrder, CropMode, Resize, Task
from packager.tasks.image import ImageInput, antialias, bilinear, input_tensor, lookup_table, place
from packager.tasks.kinds import Array, Placement
from packager.tasks.quantization import quantize

INT8 = Quantization((1 / 255,), (-128,), None)


def image_input(
    width: int,
    height: int,
    channels: int = 3,
    *,
    crop: CropMode = CropMode.STRETCH,
    dtype: str = "int8",
    quantization: Quantization | None = INT8,
    mean: tuple[float, ...] = (0.0,),
    std: tuple[float, ...] = (255.0,),
    resize: Resize = Resize.ANTIALIAS,
    order: ChannelOrder = ChannelOrder.RGB,
    pad: int = 0,
    is_planar: bool = False,
) -> ImageInput:
    shape = (1, channels, height, width) if is_planar else (1, height, width, channels)
    tensor = Tensor(0, "x", shape, shape, dtype, quantization, 0, is_variable=False)
    return ImageInput(
        tensor=tensor,
        width=width,
        height=height,
        channels=channels,
        is_planar=is_planar,
        crop=crop,
        pad=pad,
        resize=resize,
        order=order,
        mean=mean * (channels // len(mean)),
        std=std * (channels // len(std)),
    )


def rounded(value: float) -> int:
    """Half away from zero, by the decimal module."""
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP))


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def resample(pixels: Array, size: int) -> Array:
    """The rows of ``pixels`` resized to ``size`` rows in Pillow's arithmetic.

    A triangle as wide as the reduction, its weights in fixed point with 22 bits, and a rounded sum.
    """
    length = len(pixels)
    if length == size:
        return pixels
    scale = length / size
    support = max(scale, 1.0)
    rows = []
    for row in range(size):
        centre = (row + 0.5) * scale
        first = max(int(centre - support + 0.5), 0)
        last = min(int(centre + support + 0.5), length)
        weights = [max(0.0, 1.0 - abs((index - centre + 0.5) / support)) for index in range(first, last)]
        fixed = [int(0.5 + weight / sum(weights) * (1 << 22)) for weight in weights]
        total = sum(weight * pixels[first + index].astype(np.int64) for index, weight in enumerate(fixed))
        rows.append(np.clip((total + (1 << 21)) >> 22, 0, 255))
    resized: Array = np.stack(rows).astype(np.uint8)
    return resized


def interpolate(pixels: Array, size: int) -> Array:
    """Where each of ``size`` rows lies among those of ``pixels``, in exact fractions: rows, and their weights."""
    length = len(pixels)
    rows = []
    for row in range(size):
        centre = Fraction(2 * row + 1, 2) * Fraction(length, size) - Fraction(1, 2)
        first = floor(centre)
        weight = int((centre - first) * 2048 + Fraction(1, 2))
        low, high = (min(max(index, 0), length - 1) for index in (first, first + 1))
        rows.append((2048 - weight) * pixels[low].astype(np.int64) + weight * pixels[high].astype(np.int64))
    return np.stack(rows)


def interpolated(pixels: Array, width: int, height: int) -> Array:
    """The resize ``bilinear``, one direction after the other and rounded once at the end."""
    across = interpolate(pixels.swapaxes(0, 1), width).swapaxes(0, 1)
    return ((interpolate(across, height) + (1 << 21)) // (1 << 22)).astype(np.uint8)


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def expected_pixels(source: Image.Image, width: int, height: int, crop: CropMode, resize: Resize, pad: int) -> Array:
    """What fit() is to give, by the definition in fractions and with resizes of its own."""
    pixels = np.asarray(source)
    if crop is CropMode.CENTER_CROP:
        scale = min(Fraction(source.width, width), Fraction(source.height, height))
        cut_width, cut_height = max(1, int(width * scale)), max(1, int(height * scale))
        top, left = (source.height - cut_height) // 2, (source.width - cut_width) // 2
        pixels = pixels[top : top + cut_height, left : left + cut_width]
    fitted = width, height
    if crop is CropMode.LETTERBOX:
        scale = min(Fraction(width, source.width), Fraction(height, source.height))
        fitted = max(1, half_up(source.width * scale)), max(1, half_up(source.height * scale))
    if resize is Resize.BILINEAR:
        resized = interpolated(pixels, *fitted)
    else:
        if len(pixels) - fitted[1] > 2 * max(pixels.shape[1] - fitted[0], 0):
            pixels = resample(pixels, fitted[1])
        across = resample(pixels.swapaxes(0, 1), fitted[0]).swapaxes(0, 1)
        resized = resample(across, fitted[1])
    canvas = np.full((height, width, *resized.shape[2:]), pad, np.uint8)
    top, left = (height - fitted[1]) // 2, (width - fitted[0]) // 2
    canvas[top : top + fitted[1], left : left + fitted[0]] = resized
    return canvas


SIZES = [
    (1, 1),
    (1, 7),
    (7, 1),
    (2, 3),
    (28, 28),
    (29, 28),
    (27, 28),
    (100, 37),
    (37, 100),
    (640, 3),
    (3, 640),
    (224, 225),
]


@pytest.mark.parametrize("crop", list(CropMode))
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize(("width", "height"), [(28, 28), (1, 1), (96, 32), (17, 40)])
def test_input_tensor(crop: CropMode, mode: str, resize: Resize, width: int, height: int) -> None:
    channels = len(mode) if mode == "RGB" else 1
    image = image_input(width, height, channels, crop=crop, resize=resize, pad=114)
    for size in SIZES:
        source = picture(*size, mode)
        pixels = expected_pixels(source, width, height, crop, resize, 114).reshape(1, height, width, channels)
        # With scale 1/255 and zero point -128 the item is the pixel, moved.
        expected = (pixels.astype(int) - 128).astype(np.int8)
        np.testing.assert_array_equal(input_tensor(source, image), expected, strict=True)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("crop", list(CropMode))
def test_layout_and_order_of_channels(channels: int, crop: CropMode) -> None:
    """Planar and blue first hold the same items elsewhere; mean and std are in the model's order."""
    source = picture(31, 17)
    means, stds = (10.0, 20.0, 30.0)[:channels], (1.0, 2.0, 4.0)[:channels]
    plain, planar = (
        image_input(
            *(8, 12, channels),
            dtype="float32",
            quantization=None,
            mean=means,
            std=stds,
            crop=crop,
            is_planar=is_planar,
        )
        for is_planar in (False, True)
    )
    expected = input_tensor(source, plain)
    moved = input_tensor(source, planar)
    assert moved.flags.c_contiguous
    np.testing.assert_array_equal(moved, expected.transpose(0, 3, 1, 2), strict=True)
    reverse: dict[str, Any] = {"order": ChannelOrder.BGR, "mean": means[::-1], "std": stds[::-1]}
    blue_first = input_tensor(source, replace(plain, **reverse))
    np.testing.assert_array_equal(blue_first, expected[..., ::-1], strict=True)
    both = input_tensor(source, replace(planar, **reverse))
    np.testing.assert_array_equal(both, expected[..., ::-1].transpose(0, 3, 1, 2), strict=True)


@pytest.mark.parametrize(
    ("size", "input_size", "fitted"),
    [
        ((1280, 720), (640, 640), (0, 140, 640, 360)),
        ((810, 1080), (640, 640), (80, 0, 480, 640)),
        ((1024, 681), (640, 640), (0, 107, 640, 426)),  # 425.625
        ((4, 3), (6, 6), (0, 0, 6, 5)),  # 4.5
        ((4, 3), (2, 2), (0, 0, 2, 2)),  # 1.5
        ((9, 4), (3, 3), (0, 1, 3, 1)),  # 1.333
        ((1000, 1), (32, 32), (0, 15, 32, 1)),  # 0.032
        ((1, 1000), (32, 16), (15, 0, 1, 16)),
        ((640, 480), (640, 480), (0, 0, 640, 480)),
        ((321, 240), (320, 240), (0, 0, 320, 239)),  # 239.25
        ((641, 480), (640, 480), (0, 0, 640, 479)),  # 479.25
        ((1281, 960), (640, 480), (0, 0, 640, 480)),  # 479.63
    ],
)
def test_letterbox_sizes(
    size: tuple[int, int], input_size: tuple[int, int], fitted: tuple[int, int, int, int]
) -> None:
    placement = place(size, image_input(*input_size, crop=CropMode.LETTERBOX))
    assert placement == Placement(size, (0, 0, *size), fitted, input_size)


EXTREMES = [(1, 1), (1, 2), (2, 1), (3, 5), (7, 7), (16, 9), (640, 1), (1, 480), (333, 251)]


@pytest.mark.parametrize("size", EXTREMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_bilinear(size: tuple[int, int], channels: int) -> None:
    for source_size in EXTREMES:
        pixels = np.random.default_rng(0).integers(0, 256, (*source_size[::-1], channels), dtype=np.uint8)
        np.testing.assert_array_equal(bilinear(pixels, size), interpolated(pixels, *size), strict=True)


def test_bilinear_is_that_of_real_numbers_within_a_count() -> None:
    """With half-pixel centres, and edges that go on: tf.image.resize and OpenCV's INTER_LINEAR."""
    generator = np.random.default_rng(1)
    for _ in range(50):
        width, height, *size = (int(side) for side in np.exp(generator.uniform(0, np.log(400), 4)))
        pixels = generator.integers(0, 256, (height, width, 1), dtype=np.uint8)

        def at(length: int, count: int) -> Array:
            return np.clip((np.arange(count) + 0.5) * length / count - 0.5, 0, length - 1)

        lines = [np.interp(at(width, size[0]), np.arange(width), line) for line in pixels[:, :, 0].astype(float)]
        columns = [np.interp(at(height, size[1]), np.arange(height), column) for column in np.transpose(lines)]
        found = bilinear(pixels, (size[0], size[1]))[:, :, 0]
        assert np.abs(found - np.transpose(columns)).max() <= 1


def test_bilinear_keeps_what_it_does_not_resize() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    np.testing.assert_array_equal(bilinear(pixels, (53, 37)), pixels)
    for value in (0, 1, 254, 255):
        assert (bilinear(np.full((9, 11, 3), value, np.uint8), (100, 3)) == value).all()


def test_a_colour_picture_becomes_gray_and_back() -> None:
    gray, rgb = image_input(5, 5, 1), image_input(5, 5, 3)
    np.testing.assert_array_equal(
        input_tensor(picture(9, 9), gray), input_tensor(picture(9, 9).convert("L"), gray), strict=True
    )
    three = input_tensor(picture(9, 9, "L"), rgb)
    np.testing.assert_array_equal(three[..., 0], three[..., 2])


@pytest.mark.parametrize("crop", list(CropMode))
def test_resize_box_stays_inside(crop: CropMode) -> None:
    for width, height in [(1, 1), (3, 1), (28, 28), (10, 1000)]:
        image = image_input(width, height, crop=crop)
        for size in [*SIZES, (1, 10_000), (10_000, 1), (4000, 3000)]:
            placement = place(size, image)
            (left, top, right, bottom), (_, _, to_width, to_height) = placement.box, placement.fitted
            assert 0 <= left < right <= size[0]
            assert 0 <= top < bottom <= size[1]
            assert 1 <= to_width <= width
            assert 1 <= to_height <= height
            # One side of what is cut or fitted is always as large as it can be.
            full = {
                CropMode.STRETCH: (right - left, bottom - top) == size and (to_width, to_height) == (width, height),
                CropMode.CENTER_CROP: right - left == size[0] or bottom - top == size[1],
                CropMode.LETTERBOX: to_width == width or to_height == height,
            }
            assert full[crop]


@pytest.mark.parametrize(("dtype", "low", "high"), [("int8", -128, 127), ("uint8", 0, 255), ("int16", -32768, 32767)])
def test_quantize(dtype: str, low: int, high: int) -> None:
    generator = np.random.default_rng(0)
    for scale, zero_point in [(1.0, 0), (0.5, 3), (1 / 255, low), (0.0078125, 0), (7.3e-5, high), (123.0, 1)]:
        real = np.concatenate(
            [generator.uniform(-300, 300, 500) * scale, np.arange(-20, 20) * scale / 2, [1e30, -1e30]]
        )
        expected = [min(max(rounded(value / scale) + zero_point, low), high) for value in real]
        found = quantize(real, Quantization((scale,), (zero_point,), None), dtype)
        assert found.dtype == dtype
        assert found.tolist() == expected


def test_quantizing_millions_takes_no_array_for_each_step() -> None:
    real = np.zeros(8 << 20)
    tracemalloc.start()
    quantized = quantize(real, Quantization((0.5,), (3,), None), "int8")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (quantized == 3).all()
    assert peak < real.nbytes


def test_quantize_rounds_half_away_from_zero() -> None:
    real = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert quantize(real, Quantization((1.0,), (0,), None), "int8").tolist() == [-3, -2, -1, 1, 2, 3]


@pytest.mark.parametrize(
    ("mean", "std"),
    [((0.0,), (255.0,)), ((127.5,), (127.5,)), ((0.0,), (1.0,)), ((123.7, 116.3, 103.5), (58.4, 57.1, 57.4))],
)
def test_lookup_table(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    pairs = list(zip(mean * (3 // len(mean)), std * (3 // len(std)), strict=True))
    floats = lookup_table(image_input(4, 4, dtype="float32", quantization=None, mean=mean, std=std))
    expected = [[np.float32((pixel - m) / s) for pixel in range(256)] for m, s in pairs]
    np.testing.assert_array_equal(floats, np.array(expected, np.float32), strict=True)
    for quantization in (INT8, Quantization((2 / 255,), (0,), None), Quantization((0.0186,), (-14,), None)):
        table = lookup_table(image_input(4, 4, quantization=quantization, mean=mean, std=std))
        counts = [
            [rounded((pixel - m) / s / quantization.scale) + quantization.zero_point for pixel in range(256)]
            for m, s in pairs
        ]
        assert table.dtype == np.int8
        assert table.tolist() == np.clip(counts, -128, 127).tolist()


@pytest.mark.parametrize("quantization", [None, Quantization((0.0,), (0,), None), Quantization((0.3,), (7,), None)])
def test_a_uint8_input_takes_the_pixels(quantization: Quantization | None) -> None:
    table = lookup_table(image_input(4, 4, dtype="uint8", quantization=quantization, mean=(9.0,), std=(3.0,)))
    np.testing.assert_array_equal(table, np.tile(np.arange(256, dtype=np.uint8), (3, 1)), strict=True)


def test_each_channel_has_its_own_row() -> None:
    source = Image.new("RGB", (3, 3), (10, 20, 30))
    image = image_input(2, 2, dtype="float32", quantization=None, mean=(10.0, 10.0, 10.0), std=(1.0, 2.0, 4.0))
    assert input_tensor(source, image)[0, 0, 0].tolist() == [0.0, 5.0, 5.0]


def annotated_classifier(models: Path, name: str) -> AnnotatedModel:
    model = read_model(models / name)
    if model.metadata_buffer is not None:
        return read_annotated(models / name)
    annotation = Annotation(
        task=Task.IMAGE_CLASSIFICATION,
        labels=(LabelFile(models / "imagenet_labels.txt"),),
        mean=(127.5,),
        std=(127.5,),
    )
    return annotated_model(parse_model(annotate(model, annotation)))


def test_expected_answers_of_real_models(models: Path) -> None:
    """Twelve answers that somebody else computed, with the pictures in their own size."""
    by_model = defaultdict(list)
    for entry in json.loads((models / "expected.json").read_text()):
        by_model[entry["model"]].append(entry)
    checked = 0
    for name, entries in by_model.items():
        annotated = annotated_classifier(models, name)
        assert isinstance(annotated.input, ImageInput)
        samples = []
        for entry in entries:
            with Image.open(models / entry["image"]) as opened:
                samples.append(Sample(entry["image"], None, (input_tensor(opened, annotated.input),)))
        cases = build_goldens(annotated, samples, [Runtime.LITERT]).sets[Runtime.LITERT].cases
        for entry, case in zip(entries, cases, strict=True):
            best = case.answer[0]
            assert (best.index, best.label) == (entry["top_index"], entry["top_label"])
            assert best.score == pytest.approx(entry["score"], abs=0.00005), entry
            checked += 1
    assert checked == 12


@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="the order is that of Pillow 13 and later")
def test_antialias_is_pillows_own() -> None:
    """In two steps as in one, over sizes on both sides of where Pillow changes the order."""
    generator = np.random.default_rng(0)
    for _ in range(500):
        width, height, *size = (int(side) for side in np.exp(generator.uniform(0, np.log(300), 4)))
        source = Image.fromarray(generator.integers(0, 256, (height, width), dtype=np.uint8))
        expected = source.resize((size[0], size[1]), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(np.asarray(antialias(source, (size[0], size[1]))), np.asarray(expected))
