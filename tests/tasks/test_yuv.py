"""From a camera's frame to the input tensor: layouts, the integers of YUV, rotation, region."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from packager.golden.frames import Layout, PixelFormat, random_buffer, random_frame
from packager.tasks.image import input_tensor, upright
from packager.tasks.yuv import ORIENTATIONS, Range, Rotation, YuvFrame, frame_tensor, luma, rgb
from tests.tasks.test_image import image_input


def one_pixel(y: int, u: int, v: int, range: Range = Range.FULL) -> YuvFrame:
    brightness, blueness, redness = (np.array([value], np.uint8) for value in (y, u, v))
    return YuvFrame(1, 1, brightness, blueness, redness, 1, 1, 1, range)


def one_color(y: int, u: int, v: int, range: Range = Range.FULL) -> tuple[int, ...]:
    return tuple(rgb(one_pixel(y, u, v, range))[0, 0].tolist())


@pytest.mark.parametrize(
    ("yuv", "color"),
    [
        ((0, 128, 128), (0, 0, 0)),
        ((255, 128, 128), (255, 255, 255)),
        ((99, 128, 128), (99, 99, 99)),
        # The primary colours of JPEG, and what is beyond them.
        ((76, 85, 255), (254, 0, 0)),
        ((150, 44, 21), (0, 255, 1)),
        ((29, 255, 107), (0, 0, 254)),
        ((255, 255, 255), (255, 121, 255)),
        ((0, 0, 0), (0, 135, 0)),
    ],
)
def test_colors_are_known_ones(yuv: tuple[int, int, int], color: tuple[int, ...]) -> None:
    assert one_color(*yuv) == color


def test_every_color_is_that_of_the_formula_and_near_to_pillows() -> None:
    """All of Y, U and V in steps: to a count of the real numbers, and of Pillow, which rounds twice."""
    values = np.array([*range(0, 256, 5)], np.uint8)
    y, u, v = (plane.reshape(-1) for plane in np.meshgrid(values, values, values, indexing="ij"))
    size = y.size
    pixels = rgb(YuvFrame(2 * size, 1, y.repeat(2), u, v, 2 * size, size, 1))[0, ::2]
    real = np.stack([y + 1.402 * (v - 128.0), y - 0.344136 * (u - 128.0) - 0.714136 * (v - 128.0)], axis=1)
    real = np.concatenate([real, (y + 1.772 * (u - 128.0))[:, None]], axis=1).clip(0, 255)
    assert np.abs(pixels - real).max() <= 0.51
    ycc = Image.fromarray(np.stack([y, u, v], axis=1)[None], "YCbCr").convert("RGB")
    assert np.abs(pixels.astype(int) - np.asarray(ycc)[0].astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("yuv", "color"),
    [
        ((16, 128, 128), (0, 0, 0)),
        ((235, 128, 128), (255, 255, 255)),
        ((126, 128, 128), (128, 128, 128)),
        # The bars of a television's test picture: red, green and blue of BT.601.
        ((81, 90, 240), (255, 0, 0)),
        ((145, 54, 34), (0, 255, 1)),
        ((41, 240, 110), (0, 0, 255)),
        # Beyond the range.
        ((0, 128, 128), (0, 0, 0)),
        ((255, 128, 128), (255, 255, 255)),
        ((0, 255, 255), (184, 0, 237)),
        ((255, 0, 0), (74, 255, 20)),
    ],
)
def test_colors_of_video_are_known_ones(yuv: tuple[int, int, int], color: tuple[int, ...]) -> None:
    assert one_color(*yuv, Range.VIDEO) == color
    assert luma(one_pixel(*yuv, Range.VIDEO)) == one_color(yuv[0], 128, 128, Range.VIDEO)[0]


def test_every_color_of_video_is_near_to_the_real_one() -> None:
    """By the definition of BT.601: Kr of 0.299 and Kb of 0.114, 219 steps of Y, and 224 of U and V."""
    values = np.array([*range(0, 256, 5)], np.uint8)
    y, u, v = (plane.reshape(-1) for plane in np.meshgrid(values, values, values, indexing="ij"))
    size = y.size
    pixels = rgb(YuvFrame(2 * size, 1, y.repeat(2), u, v, 2 * size, size, 1, Range.VIDEO))[0, ::2]
    bright, blueness, redness = (y - 16.0) / 219, (u - 128.0) / 112, (v - 128.0) / 112
    red, blue = bright + (1 - 0.299) * redness, bright + (1 - 0.114) * blueness
    green = (bright - 0.299 * red - 0.114 * blue) / 0.587
    real = 255 * np.stack([red, green, blue], axis=1).clip(0, 1)
    assert np.abs(pixels - real).max() <= 1.01


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3), (8, 7)])
def test_layouts_hold_what_their_names_say(layout: Layout, size: tuple[int, int]) -> None:
    """Pixel by pixel, by where the layouts have their bytes."""
    width, height = size
    padding = 3
    stored = random_frame(np.random.default_rng(0), width, height, layout, padding)
    memory = stored.memory.astype(int)
    columns, rows = (width + 1) // 2, (height + 1) // 2
    behind = (width + padding) * height
    pixels = rgb(stored.frame)
    assert pixels.shape == (height, width, 3)
    for y in range(height):
        for x in range(width):
            bright = memory[y * (width + padding) + x]
            assert luma(stored.frame)[y, x] == bright
            if layout is Layout.I420:
                first = behind + y // 2 * (columns + padding) + x // 2
                u, v = memory[first], memory[first + (columns + padding) * rows]
            else:
                first = behind + y // 2 * (2 * columns + padding) + x // 2 * 2
                u, v = memory[first], memory[first + 1]
                u, v = (v, u) if layout is Layout.NV21 else (u, v)
            assert tuple(pixels[y, x].tolist()) == one_color(bright, u, v)
    # A plane ends with its last pixel.
    last = max(start + count for start, count in (stored.y, stored.u, stored.v))
    assert last == memory.size


@pytest.mark.parametrize("format", PixelFormat)
@pytest.mark.parametrize("channels", [1, 3])
def test_pixel_buffers_hold_what_their_names_say(format: PixelFormat, channels: int) -> None:
    """Pixel by pixel, by where Apple's buffers have their bytes."""
    width, height, padding = 31, 22, 3
    buffer = random_buffer(np.random.default_rng(0), width, height, format, padding)
    picture = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            if format is PixelFormat.BGRA:
                first = y * (4 * width + padding) + 4 * x
                blue, green, red = buffer.memory[first : first + 3].tolist()
            else:
                first = height * (width + padding) + y // 2 * (32 + padding) + x // 2 * 2
                brightness, u, v = (
                    int(buffer.memory[place]) for place in (y * (width + padding) + x, first, first + 1)
                )
                pixel = one_pixel(brightness, u, v, Range.VIDEO if format is PixelFormat.VIDEO else Range.FULL)
                # The brightness of a gray input is that of the frame, not of its colours.
                red, green, blue = (luma(pixel).repeat(3) if channels == 1 else rgb(pixel)).flatten().tolist()
            picture.putpixel((x, y), (red, green, blue))
    image, region = image_input(9, 12, channels), (2, 3, 20, 30)
    expected = input_tensor(picture.transpose(Image.Transpose.TRANSPOSE).crop(region), image)
    assert np.array_equal(buffer.tensor(5, region, image), expected)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, [[1, 2, 3], [4, 5, 6]]),
        (90, [[4, 1], [5, 2], [6, 3]]),
        (180, [[6, 5, 4], [3, 2, 1]]),
        (270, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_upright_turns_clockwise(rotation: Rotation, expected: list[list[int]]) -> None:
    picture = Image.fromarray(np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    orientation = ORIENTATIONS[rotation]
    assert np.asarray(upright(picture, orientation)).tolist() == expected
    # The region lies in the picture that is upright.
    part = upright(picture, orientation, (1, 0, 2, 2))
    assert np.asarray(part).tolist() == [row[1:2] for row in expected[:2]]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_frame_becomes_what_its_picture_becomes(channels: int) -> None:
    stored = random_frame(np.random.default_rng(0), 31, 22, Layout.NV21, 2)
    image = image_input(9, 12, channels)
    pixels = luma(stored.frame) if channels == 1 else rgb(stored.frame)
    turned = Image.fromarray(np.rot90(pixels, -1)).crop((2, 3, 20, 30))
    found = frame_tensor(stored.frame, ORIENTATIONS[90], (2, 3, 20, 30), image)
    assert np.array_equal(found, input_tensor(turned, image))
