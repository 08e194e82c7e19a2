"""What is true of pictures beside their class: the boxes in a COCO JSON, and masks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.dataset.items import reading
from packager.errors import ConfigError
from packager.reading import open_file, read_file
from packager.tasks.kinds import Array
from packager.terminal import counted

# The pixels of a mask that nobody says anything about.
IGNORED = 255
_LARGEST_JSON = 4 << 30


@dataclass(frozen=True)
class TrueBox:
    """An object in a picture: its class, and ``box`` (left, top, width, height) in pixels.

    ``area`` is what COCO sizes it by. A crowd is of many objects: to find some of them is no mistake.
    """

    index: int
    box: tuple[float, float, float, float]
    area: float
    is_crowd: bool


@dataclass(frozen=True)
class TrueBoxes:
    """The objects in a picture of ``size`` (width, height), None where the JSON does not tell it."""

    size: tuple[int, int] | None
    boxes: tuple[TrueBox, ...]


def read_coco(path: Path, annotated: AnnotatedModel) -> tuple[tuple[str, ...], tuple[TrueBoxes, ...]]:
    """The pictures of a COCO JSON, relative to its folder and in its order, and the objects in each.

    A category is the model's label of that name; of a model without labels, the place of its id among all sorted.

    Raises:
        ConfigError: it is none, or does not fit the model, or a picture is not there.
    """
    with reading(path):
        data = json.loads(read_file(path, _LARGEST_JSON))
    try:
        return _read(path, data, annotated)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError(
            f"is no COCO JSON of objects: {what}",
            where=path,
            fix="It has images (id, file_name), annotations (image_id, category_id, bbox) and categories (id, name).",
        ) from None


def _read(
    path: Path, data: Mapping[str, Any], annotated: AnnotatedModel
) -> tuple[tuple[str, ...], tuple[TrueBoxes, ...]]:
    categories = {item["id"]: str(item["name"]) for item in data["categories"]}
    labels = annotated.labels or tuple(categories[key] for key in sorted(categories))
    numbers = {label: number for number, label in reversed(list(enumerate(labels)))}
    names: list[str] = []
    sizes: list[tuple[int, int] | None] = []
    places: dict[Any, int] = {}
    for item in data["images"]:
        name = str(item["file_name"])
        if not (path.parent / name).is_file():
            raise ConfigError(
                f"names the picture {name!r}, which is not there",
                where=path,
                fix="Its pictures stand where file_name says, relative to the folder of the JSON.",
            )
        places[item["id"]] = len(names)
        names.append(name)
        sizes.append((int(item["width"]), int(item["height"])) if "width" in item and "height" in item else None)
    if not names:
        raise ConfigError("lists no pictures", where=path)
    found: list[list[TrueBox]] = [[] for _ in names]
    for item in data["annotations"]:
        if item["image_id"] not in places:
            raise ConfigError(
                f"has an annotation of the picture {item['image_id']!r}, which it does not list", where=path
            )
        if item["category_id"] not in categories:
            raise ConfigError(
                f"has an annotation of the category {item['category_id']!r}, which it does not list", where=path
            )
        label = categories[item["category_id"]]
        if label not in numbers:
            raise ConfigError(
                f"has objects of the category {label!r}, which is none of the {counted(len(labels), 'label')} of "
                f"{annotated.model.path}",
                where=path,
                fix=f"The labels are: {', '.join(labels[:10])}{', …' if len(labels) > 10 else ''}.",
            )
        left, top, width, height = map(float, item["bbox"])
        if not all(map(math.isfinite, (left, top, width, height))) or width < 0 or height < 0:
            raise ConfigError(f"has the bbox {item['bbox']}", where=path, fix="It is [left, top, width, height].")
        area = float(item.get("area", width * height))
        place = places[item["image_id"]]
        found[place].append(TrueBox(numbers[label], (left, top, width, height), area, bool(item.get("iscrowd", 0))))
    truths = (TrueBoxes(size, tuple(boxes)) for size, boxes in zip(sizes, found, strict=True))
    return tuple(names), tuple(truths)


def find_masks(folder: Path, pictures: Sequence[str]) -> tuple[str, ...]:
    """The mask in ``masks`` of each of ``pictures`` in ``images``, relative to ``folder``: the PNG of the same stem.

    Raises:
        ConfigError: there is none.
    """
    names = []
    for name in pictures:
        mask = Path("masks", f"{Path(name).stem}.png")
        if not (folder / mask).is_file():
            raise ConfigError(
                "has no mask",
                where=folder / name,
                fix=f"Its mask is {folder / mask}: a PNG of gray or palette values, which are the classes.",
            )
        names.append(str(mask))
    return tuple(names)


def read_mask(path: Path, size: tuple[int, int], classes: int) -> Array:
    """The mask in a PNG: uint8 [height, width] of class numbers, 255 where nobody says.

    Raises:
        ConfigError: it is none, or not of ``size`` (width, height), or has a class that is not below ``classes``.
    """
    with reading(path), open_file(path) as file, Image.open(file) as picture:
        if picture.mode not in ("L", "P", "1"):
            raise ConfigError(
                f"is a picture of the mode {picture.mode}, no mask",
                where=path,
                fix="Save it in gray or with a palette: a pixel is the number of its class.",
            )
        if picture.size != size:
            raise ConfigError(
                f"is of {picture.size[0]} x {picture.size[1]} pixels, and its picture of {size[0]} x {size[1]}",
                where=path,
                fix="Save a mask of the size of its picture, turned as the picture is shown.",
            )
        mask: Array = np.asarray(picture).astype(np.uint8)
    wrong = mask[(mask >= classes) & (mask != IGNORED)]
    if classes and wrong.size:
        raise ConfigError(
            f"holds the class {wrong[0]}, and the model has {counted(classes, 'class/classes')}",
            where=path,
            fix="Classes are numbers from 0; 255 is what nobody says anything about.",
        )
    return mask
