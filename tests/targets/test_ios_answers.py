"""Answers of iOS packages of every task: exactly the reference's, also of what is made to be hard to read.

All packages are compiled in one go.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.golden import build_goldens, golden_files, read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.targets.ios import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import Activation, Head, Task
from packager.tasks.text import TextInput
from tests import mixed_texts
from tests.cells.models import pictures, shown
from tests.conftest import write_files
from tests.hand_made import BERT_INPUTS, COLORS, Output, attached, pieces, words
from tests.targets.ios.harness import complaints, picture_files, results, swift_root
from tests.targets.test_android_classes import cased_pieces, other_words, sound
from tests.targets.test_ios import exact_goldens
from tests.tasks.test_text import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.swift]

LABELS = (LabelFile(COLORS),)
Files = dict[str, bytes]
Array = np.ndarray[Any, Any]


# --- models ----------------------------------------


def rows(random: np.random.Generator, count: int, classes: int) -> Array:
    """Candidates [count, 4 + classes] of YOLO: centre, size and scores, many of them equal."""
    places = random.uniform(0.1, 0.9, (count, 2))
    sizes = random.uniform(0.02, 0.5, (count, 2))
    scores = random.integers(0, 60, (count, classes)) / 64
    found: Array = np.concatenate([places, sizes, scores], axis=1).astype(np.float32)
    return found


def corners(random: np.random.Generator, count: int) -> Array:
    found = rows(random, count, 0)
    return np.concatenate([found[:, :2] - found[:, 2:] / 2, found[:, :2] + found[:, 2:] / 2], axis=1)


def detector(head: Head, *outputs: Array, **settings: Any) -> AnnotatedModel:
    data = shown(*(Output(np.asarray(output, np.float32)) for output in outputs))()
    annotation = Annotation(Task.OBJECT_DETECTION, LABELS, mean=(0.0,), std=(255.0,), head=head, **settings)
    return attached(data, annotation)


def hard_boxes() -> Iterator[tuple[str, AnnotatedModel]]:
    random = np.random.default_rng(5)
    many = rows(random, 2100, 3)
    logits = many.copy()
    logits[:, 4:] = random.integers(-40, 40, (2100, 3)) / 4
    yield "Many", detector(Head.YOLO_V8, many.T[None])
    yield "Logits", detector(Head.YOLO_V8, logits.T[None], activation=Activation.SIGMOID, threshold=0.5, iou=0.2)
    yield "Softmax", detector(Head.YOLO_V8, logits.T[None], activation=Activation.SOFTMAX)
    pixels = many * np.array([16, 16, 16, 16, 1, 1, 1], np.float32)
    yield "Pixels", detector(Head.YOLO_V5, np.insert(pixels, 4, 0.9, axis=1)[None])
    v5 = np.insert(logits, 4, random.uniform(-3, 6, 2100), axis=1)[None]
    yield "Objectness", detector(Head.YOLO_V5, v5, activation=Activation.SIGMOID)
    yield (
        "Finished",
        detector(
            Head.END_TO_END,
            np.concatenate(
                [corners(random, 300), random.integers(0, 64, (300, 1)) / 64, random.integers(-1, 6, (300, 1)) + 0.3],
                1,
            )[None],
        ),
    )
    sides = corners(random, 150)[:, [1, 0, 3, 2]]
    scores, numbers = random.integers(0, 64, (1, 150)) / 64, random.integers(0, 3, (1, 150))
    yield "Ssd", detector(Head.SSD, sides[None], numbers, scores, np.array([120.7]))
    grid = random.uniform(-4, 6, (1, 2, 2, 4))
    yield "Grid", detector(Head.FOMO, grid, activation=Activation.SIGMOID, threshold=0.4)


def texts(models: Mapping[str, AnnotatedModel], name: str) -> list[str]:
    """Lines of every script, megabytes of one sign, and each sign that all versions of Unicode know alike."""
    known = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000 and is_old(chr(code))]
    whole = ["".join(known[start : start + 60]) for start in range(0, len(known), 60)]
    alone = ["x" + "x".join(known[start : start + 60]) for start in range(0, len(known), 60)]
    return [*mixed_texts.lines(1500), *HOSTILE.values(), *whole, *alone]


def is_old(char: str) -> bool:
    """Whether Unicode 3.2 had it, which Python keeps, and later versions say the same of it."""
    old, new = unicodedata.ucd_3_2_0, unicodedata
    return old.category(char) != "Cn" and old.category(char) == new.category(char) and char != "\u1734"


# --- packages ----------------------------------------


@dataclass(frozen=True)
class Package:
    """A model, and what of it is checked."""

    annotated: AnnotatedModel
    checks: tuple[str, ...]
    expected: Files = field(default_factory=dict)


def packages(folder: Path) -> dict[str, Package]:
    tokenized = {
        "Words": words(),
        "OtherWords": other_words(folder),
        "Pieces": pieces(),
        "MorePieces": pieces(BERT_INPUTS, mixed(folder, is_uncased=True)),
        "CasedPieces": cased_pieces(folder),
        "MoreCasedPieces": pieces(BERT_INPUTS, mixed(folder, is_uncased=False)),
    }
    found = {
        name: Package(
            model,
            ("TextChecks.swift", *(["LocaleChecks.swift"] if name == "OtherWords" else [])),
            {"tokens.json": tokens(model, texts(tokenized, name))},
        )
        for name, model in tokenized.items()
    }
    found["Sound"] = Package(sound(embedding=True), ("SoundChecks.swift",))
    found["QuantizedSound"] = Package(sound(dtype="int16", scale=1 / 20000), ("SoundChecks.swift",))
    for name, model in hard_boxes():
        # The cells of a grid that reach another threshold make other objects.
        found[name] = Package(model, () if name == "Grid" else ("BoxesChecks.swift",))
    return found


def mixed(folder: Path, *, is_uncased: bool) -> Path:
    path = folder / f"vocabulary_{is_uncased}.txt"
    path.write_text("\n".join(mixed_texts.vocabulary(is_uncased=is_uncased)) + "\n", "utf-8")
    return path


def tokens(annotated: AnnotatedModel, lines: list[str]) -> bytes:
    given = annotated.input
    assert isinstance(given, TextInput)
    numbers = [given.tokenizer.encode(line, given.length) for line in lines]
    return json.dumps({"length": given.length, "texts": lines, "numbers": numbers}).encode()


PACKAGES = (
    *("Words", "OtherWords", "Pieces", "MorePieces", "CasedPieces", "MoreCasedPieces", "Sound", "QuantizedSound"),
    *("Many", "Logits", "Softmax", "Pixels", "Objectness", "Finished", "Ssd", "Grid"),
)
TESTS = {
    "TextChecks.swift": ("TextChecks.testTokensAreThoseOfPython",),
    "LocaleChecks.swift": ("LocaleChecks.testLabelsAreInTheLanguageOfTheLocale",),
    "SoundChecks.swift": tuple(
        f"SoundChecks.test{name}" for name in ("StreamsOfAnyBlocks", "SilenceFollows", "WhatIsAskedWrongly")
    ),
    "BoxesChecks.swift": tuple(f"BoxesChecks.test{name}" for name in ("Options", "Regions", "ActorAndStream")),
    "TensorChecks.swift": ("Checks.testGoldenCasesExactly",),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, str], str]]:
    """By package how each of its tests ended, and all that was printed."""
    folder = tmp_path_factory.mktemp("ios-answers")
    made = packages(folder)
    assert tuple(made) == PACKAGES
    with swift_root() as root:
        wanted = {}
        for name, item in made.items():
            is_picture = item.annotated.input.kind == "image"
            samples = pictures(folder) if is_picture else []
            goldens = build_goldens(item.annotated, read_samples(item.annotated, samples), [TARGET.runtime])
            context, files = build_project(TARGET, item.annotated, Options(name=name), goldens)
            checks = (*item.checks, "TensorChecks.swift", "PictureCases.swift" if is_picture else "Cases.swift")
            root.add(name, context.project.type_name, files, checks)
            exact = exact_goldens(golden_files(item.annotated, goldens.sets[TARGET.runtime]))
            golden = {f"golden/{path}": data for path, data in {**exact, **picture_files(exact)}.items()}
            write_files(root.work / "expected" / name, {**item.expected, **golden})
            wanted[name] = [f"{name}{test}" for check in checks for test in TESTS.get(check, ())]
        root.write_manifest([*made])
        ran = root.run("swift", "test", "-Xswiftc", "-gnone", at="Checks")
        ended = results(ran.stdout + ran.stderr)
    output = complaints(ran.stdout + ran.stderr)
    return {name: ({test: ended.get(test, "absent") for test in tests}, output) for name, tests in wanted.items()}


@pytest.mark.parametrize("name", PACKAGES)
def test_answers_are_those_of_the_reference(name: str, checked: dict[str, tuple[dict[str, str], str]]) -> None:
    ended, output = checked[name]
    assert ended == dict.fromkeys(ended, "passed"), output
