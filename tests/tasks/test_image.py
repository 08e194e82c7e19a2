"""From a picture to the input tensor: crop, resize, lookup; and the answers that real models then give."""

from __future__ import annotations

import json
import tracemalloc
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

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
from packager.tasks.image import ImageInput, input_tensor, lookup_table, place, resize
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
) -> ImageInput:
    shape = (1, height, width, channels)
    tensor = Tensor(0, "x", shape, shape, dtype, quantization, 0, is_variable=False)
    return ImageInput(
        tensor=tensor,
        width=width,
        height=height,
        channels=channels,
        is_planar=False,
        crop=crop,
        pad=0,
        resize=Resize.ANTIALIAS,
        order=ChannelOrder.RGB,
        mean=mean * (channels // len(mean)),
        std=std * (channels // len(std)),
    )


def rounded(value: float) -> int:
    """Half away from zero, by the decimal module."""
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP))


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def resample(pixels: np.ndarray, size: int) -> np.ndarray:
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
    return np.stack(rows).astype(np.uint8)


def expected_pixels(source: Image.Image, width: int, height: int, crop: CropMode) -> np.ndarray:
    """What fit() is to give, by the definition in fractions and with a resize of its own."""
    pixels = np.asarray(source)
    if crop is CropMode.CENTER_CROP:
        scale = min(Fraction(source.width, width), Fraction(source.height, height))
        cut_width, cut_height = max(1, int(width * scale)), max(1, int(height * scale))
        top, left = (source.height - cut_height) // 2, (source.width - cut_width) // 2
        pixels = pixels[top : top + cut_height, left : left + cut_width]
    fitted = width, height
    if crop is CropMode.LETTERBOX:
        scale = min(Fraction(width, source.width), Fraction(height, source.height))
        half = Fraction(1, 2)
        fitted = max(1, int(source.width * scale + half)), max(1, int(source.height * scale + half))
    if len(pixels) - fitted[1] > 2 * max(pixels.shape[1] - fitted[0], 0):
        pixels = resample(pixels, fitted[1])
    across = resample(pixels.swapaxes(0, 1), fitted[0]).swapaxes(0, 1)
    resized = resample(across, fitted[1])
    canvas = np.zeros((height, width, *resized.shape[2:]), np.uint8)
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
@pytest.mark.parametrize(("width", "height"), [(28, 28), (1, 1), (96, 32), (17, 40)])
def test_input_tensor(crop: CropMode, mode: str, width: int, height: int) -> None:
    channels = len(mode) if mode == "RGB" else 1
    image = image_input(width, height, channels, crop=crop)
    for size in SIZES:
        source = picture(*size, mode)
        pixels = expected_pixels(source, width, height, crop).reshape(1, height, width, channels)
        # With scale 1/255 and zero point -128 the item is the pixel, moved.
        expected = (pixels.astype(int) - 128).astype(np.int8)
        np.testing.assert_array_equal(input_tensor(source, image), expected, strict=True)


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


def test_a_uint8_input_takes_the_pixels() -> None:
    quantization = Quantization((0.0078125,), (128,), None)
    table = lookup_table(image_input(4, 4, dtype="uint8", quantization=quantization, mean=(127.5,), std=(127.5,)))
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
        assert annotated.input is not None
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
def test_resize_is_pillows_own() -> None:
    """In two steps as in one, over sizes on both sides of where Pillow changes the order."""
    generator = np.random.default_rng(0)
    for _ in range(500):
        width, height, *size = (int(side) for side in np.exp(generator.uniform(0, np.log(300), 4)))
        source = Image.fromarray(generator.integers(0, 256, (height, width), dtype=np.uint8))
        expected = source.resize((size[0], size[1]), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(np.asarray(resize(source, (size[0], size[1]))), np.asarray(expected))
