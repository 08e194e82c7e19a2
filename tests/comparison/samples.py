"""Made-up data and models for comparisons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from packager.comparison.pool import Pool
from packager.metadata.attach import Annotation, LabelFile, attach_metadata
from packager.tasks import Task
from tests.models import Op, T, graph, options

CIFAR = "airplane automobile bird cat deer dog frog horse ship truck".split()


def save_pictures(folder: Path, count: int, size: tuple[int, int], ending: str = "png") -> None:
    """So many coloured clouds, in a folder for each of CIFAR-10's classes."""
    generator = np.random.default_rng(0)
    for number in range(count):
        place = folder / CIFAR[number % 10]
        place.mkdir(parents=True, exist_ok=True)
        coarse = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(place / f"{number:05}.{ending}")


def float_network() -> bytes:
    """A float convolutional network [1, 32, 32, 3] → ten scores, about as large as ResNet-8, of random weights."""
    generator = np.random.default_rng(0)
    tensors, operators = [T("x", [1, 32, 32, 3])], []
    source, channels, size = "x", 3, 32
    for number, (wide, stride) in enumerate([(16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1)]):
        size //= stride
        scale = (2 / (9 * channels)) ** 0.5
        tensors += [
            T(f"w{number}", [wide, 3, 3, channels], data=generator.normal(0, scale, (wide, 3, 3, channels))),
            T(f"b{number}", [wide], data=np.zeros(wide)),
            T(f"a{number}", [1, size, size, wide]),
        ]
        convolution = options("Conv2D", strideW=stride, strideH=stride, padding=0, fusedActivationFunction=1)
        operators.append(Op("CONV_2D", [source, f"w{number}", f"b{number}"], [f"a{number}"], convolution))
        source, channels = f"a{number}", wide
    tensors += [
        T("axes", [2], "int32", data=np.array([1, 2])),
        T("mean", [1, channels]),
        T("w", [10, channels], data=generator.normal(0, 0.02, (10, channels))),
        T("b", [10], data=np.zeros(10)),
        T("logits", [1, 10]),
        T("scores", [1, 10]),
    ]
    operators += [
        Op("MEAN", [source, "axes"], ["mean"], options("Reducer")),
        Op("FULLY_CONNECTED", ["mean", "w", "b"], ["logits"], options("FullyConnected")),
        Op("SOFTMAX", ["logits"], ["scores"], options("Softmax", beta=1.0)),
    ]
    return graph(tensors, operators, ["x"], ["scores"])


def save_networks(folder: Path, models: Path) -> list[Path]:
    """ResNet-8, int8, and ``float_network``, annotated: (pixel - 0) / 1 and CIFAR-10's labels."""
    labels = folder / "labels.txt"
    labels.write_text("\n".join(CIFAR) + "\n")
    annotation = Annotation(Task.IMAGE_CLASSIFICATION, (LabelFile(labels),), mean=(0.0,), std=(1.0,))
    (folder / "network.tflite").write_bytes(float_network())
    paths = [folder / "resnet8.tflite", folder / "float.tflite"]
    for source, path in zip((models / "resnet8_cifar10_int8.tflite", folder / "network.tflite"), paths, strict=True):
        attach_metadata(source, annotation, path)
    return paths


def save_coco(
    folder: Path, scenes: Sequence[tuple[Image.Image, Sequence[tuple[int, Sequence[float]]]]], labels: Sequence[str]
) -> Path:
    """Pictures with (class, (left, top, right, bottom)) of what is in each, as a COCO JSON beside them."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, (picture, boxes) in enumerate(scenes, 1):
        picture.save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": picture.width, "height": picture.height})
        for index, (left, top, right, bottom) in boxes:
            box = [left, top, right - left, bottom - top]
            annotations.append({"id": len(annotations), "image_id": number, "category_id": 10 + index, "bbox": box})
    categories = [{"id": 10 + index, "name": label} for index, label in enumerate(labels)]
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


@contextmanager
def in_threads() -> Iterator[Pool]:
    """The work by threads of this process: any executor does, and these start at once."""
    with ThreadPoolExecutor(2) as executor:
        yield Pool(executor, 2)
