"""Classes in Kotlin, of arrays, sounds and texts: as the reference makes them, and as apps ask for them.

All modules are compiled in one go and run in one JVM.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.golden import build_goldens, read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.targets.android import TARGET, Options
from packager.targets.target import build_project
from packager.tasks import Activation, Task
from packager.tasks.classes import Classes
from packager.tasks.delimiter import jvm_pattern
from packager.tasks.text import TextInput
from packager.tasks.tokenizers import RegexTokenizer, WordPiece
from tests import mixed_texts
from tests.conftest import write_files
from tests.hand_made import BERT_INPUTS, COLORS, PIECES, attached, loudness, pieces, text_classifier, words
from tests.models import Op, T, graph
from tests.targets.android import harness
from tests.tasks.test_delimiter import DELIMITERS, TEXTS, utf16_spans
from tests.tasks.test_text import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.kotlin]

Call = dict[str, Any]
GERMAN = COLORS.with_name("colors_de.txt")


# --- models ----------------------------------------


def ranking(
    folder: Path, count: int, activation: Activation, dtype: str = "float32", **tensor: Any
) -> AnnotatedModel:
    """A model that gives what it gets: that many scores, or logits."""
    labels = folder / f"{count}.json"
    labels.write_text(json.dumps([f"class {number}" for number in range(count)]))
    data = graph(
        [
            T("shape", [2], "int32", data=np.array([1, count])),
            T("given", [count], dtype, **tensor),
            T("scores", [1, count], dtype, **tensor),
        ],
        [Op("RESHAPE", ["given", "shape"], ["scores"])],
        ["given"],
        ["scores"],
    )
    return attached(data, Annotation(Task.TENSOR_CLASSIFICATION, (LabelFile(labels),), activation=activation))


def other_words(folder: Path) -> AnnotatedModel:
    """Texts with another delimiter, whose vocabulary has no <START>; labels in two languages."""
    path = folder / "vocabulary"
    path.write_text("<PAD> 0\n<UNKNOWN> 1\nred\u2028 3\n\"green\" 4\nblue* 5\n'''\\ 6\n", "utf-8")
    annotation = Annotation(
        Task.TEXT_CLASSIFICATION,
        (LabelFile(COLORS), LabelFile(GERMAN, "de"), LabelFile(GERMAN, "pt_BR")),
        vocabulary=path,
        delimiter=r"[[:space:]\"]+|--",
        activation=Activation.SOFTMAX,
    )
    return attached(text_classifier(dtype="int64"), annotation)


def cased_pieces(folder: Path) -> AnnotatedModel:
    path = folder / "cased.txt"
    path.write_text(PIECES.read_text("utf-8") + "Red\n", "utf-8")
    return pieces(BERT_INPUTS[:2], path)


def sound(**settings: Any) -> AnnotatedModel:
    annotation = Annotation(Task.AUDIO_CLASSIFICATION, (LabelFile(COLORS),), sample_rate=16000)
    return attached(loudness(**settings), annotation)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AnnotatedModel]:
    folder = tmp_path_factory.mktemp("android-classes-models")
    return {
        "plain": ranking(folder, 7, Activation.NONE),
        "softmax": ranking(folder, 7, Activation.SOFTMAX),
        "sigmoid": ranking(folder, 7, Activation.SIGMOID),
        "thousand": ranking(folder, 1001, Activation.SOFTMAX),
        "int8": ranking(folder, 10, Activation.NONE, "int8", scale=1 / 256, zero_point=-128),
        "int8_logits": ranking(folder, 10, Activation.SOFTMAX, "int8", scale=0.1, zero_point=7),
        "uint8": ranking(folder, 10, Activation.NONE, "uint8", scale=1 / 256),
        "words": words(),
        "other_words": other_words(folder),
        "pieces": pieces(),
        "cased_pieces": cased_pieces(folder),
        "sound": sound(embedding=True),
        "quantized_sound": sound(dtype="int16", scale=1 / 20000),
    }


# --- what is asked of them ----------------------------------------


@dataclass(frozen=True)
class Ranking:
    """Scores or logits, and what is asked of them."""

    module: str
    values: Sequence[float]
    most: int = 100_000
    threshold: float = 0.0
    allow: Sequence[int] = ()
    deny: Sequence[int] = ()

    @property
    def call(self) -> Call:
        kind = {"int8": "bytes", "int8_logits": "bytes", "uint8": "bytes"}.get(self.module, "floats")
        labels = [[f"class {number}" for number in numbers] for numbers in (self.allow, self.deny)]
        given = {kind: [*self.values]}
        return {"method": "classify", "given": [given, {"options": [self.most, self.threshold, *labels]}]}


NAN, INFINITY = float("nan"), float("inf")
COUNTS = (-128, 127, 0, 0, 5, -1, 127, -128, 1, 2)
RANKINGS = (
    # 0 and -0 are equal, and NaN is less than anything.
    Ranking("plain", (-0.0, NAN, 0.0, -1.5, 3.25, -INFINITY, 3.25)),
    Ranking("plain", (NAN, NAN, 1.0, NAN, 1.0, 2.0, NAN), most=4),
    Ranking("plain", (NAN, 0.5, 0.25, 0.75, 0.5, 0.4999999, 1.0), threshold=0.5),
    Ranking("plain", (7, 6, 5, 4, 3, 2, 1), most=3),
    Ranking("plain", (1, 2, 3, 4, 5, 6, 7), most=3),
    Ranking("plain", (4, 4, 4, 4, 4, 4, 4), most=2),
    Ranking("plain", (7, 6, 5, 4, 3, 2, 1), most=2, allow=(1, 3, 5), deny=(1,)),
    Ranking("plain", (7, 6, 5, 4, 3, 2, 1), deny=(0, 2), threshold=4),
    Ranking("plain", (1, 1, 1, 1, 1, 1, 1), deny=range(7)),
    Ranking("softmax", (-0.0, 100.0, -100.0, 99.5, 98.25, 97.0, 100.0)),
    Ranking("softmax", (1.0, 2.0, NAN, 0.0, 0.0, 0.0, 0.0)),
    Ranking("softmax", (-INFINITY, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0), threshold=0.2),
    Ranking("sigmoid", (-0.0, 100.0, -100.0, 1e-3, -1.25, 7.5, NAN)),
    Ranking("thousand", tuple(np.sin(np.arange(1001) * 0.37) * 6)),
    Ranking("thousand", tuple(np.linspace(-9, 9, 1001)), most=5),
    Ranking("int8", COUNTS),
    Ranking("int8_logits", COUNTS, most=4),
    Ranking("uint8", (0, 255, 128, 127, 1, 254, 3, 3, 200, 0)),
)

SAMPLES = [int(3000 * np.sin(index * index / 5e5) * (index % 1300 > 600)) for index in range(5000)]
# As the model's own window has 1,600 samples.
WINDOW, HOP = 1600, 700


def slices(start: int, stop: int) -> tuple[Call, Call]:
    """Both forms of a part of ``SAMPLES``."""
    part = SAMPLES[start:stop]
    return {"shorts": part}, {"floats": [sample / 32768 for sample in part]}


def streams() -> list[Call]:
    """``SAMPLES`` in blocks of many sizes."""
    edges = [0, 1, 2, 400, 2500, 2500, 2501, 4401, 5000]
    pairs = [slices(*edge) for edge in itertools.pairwise(edges)]
    return [
        {"given": [{"int": HOP}, ALL], "blocks": [shorts for shorts, _ in pairs]},
        {"given": [{"int": HOP}, ALL], "blocks": [floats for _, floats in pairs]},
        {"given": [{"int": 3000}, ALL], "blocks": [shorts for shorts, _ in pairs]},
    ]


ALL: Call = {"options": [3, 0, [], []]}
SOUNDS: tuple[Call, ...] = (
    *({"method": "classify", "given": [part, ALL]} for part in slices(100, 1700)),
    *({"method": "classify", "given": [part, ALL]} for part in slices(100, 900)),
    {"method": "classify", "given": [{"shorts": []}, ALL]},
    {"method": "classify", "given": [slices(0, WINDOW + 1)[0], ALL]},
    *({"method": "classify", "given": [slices(start, start + WINDOW)[0], ALL]} for start in range(0, 3401, HOP)),
    *streams(),
    {"method": "stream", "given": [{"int": 0}, ALL]},
)

RED: Call = {"text": "red red"}
USES: tuple[Call, ...] = (
    {"method": "getLabels"},
    {"method": "classify", "given": [RED]},
    {"method": "classify", "given": [RED, {"options": [1, 0, ["green"], []]}]},
    {"method": "classify", "given": [RED, {"options": [1, 0, [], ["pink"]]}]},
    {"method": "classify", "given": [RED, {"options": [0, 0, [], []]}]},
    {"method": "classify", "given": [RED, {"options": [1, -0.5, [], []]}]},
    {"method": "classify", "given": [RED, {"options": [1, NAN, [], []]}]},
    {"method": "classify", "given": [RED]},
    {"method": "close"},
    {"method": "close"},
    {"method": "classify", "given": [RED]},
)
LOCALES = {"de": "rot", "de-AT": "rot", "pt-BR": "rot", "pt": "red", "fr": "red", "en-US": "red"}


@dataclass(frozen=True)
class Tokenization:
    """Texts for the tokenizer of a module, which cuts off what is behind so many tokens."""

    module: str
    tokenizer: RegexTokenizer | WordPiece
    texts: Sequence[str]
    length: int

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.vocabulary)


def tokenizations(models: Mapping[str, AnnotatedModel]) -> dict[str, Tokenization]:
    found = {}
    for module in ("words", "other_words", "pieces", "cased_pieces"):
        input = models[module].input
        assert isinstance(input, TextInput)
        found[module] = Tokenization(module, input.tokenizer, TEXTS, 24)
        found[f"{module} hostile"] = Tokenization(module, input.tokenizer, [*HOSTILE.values()], 128)
        found[f"{module} short"] = Tokenization(module, input.tokenizer, TEXTS[:100], 3)
    for module, is_uncased in (("pieces", True), ("cased_pieces", False)):
        vocabulary = {token: number for number, token in enumerate(mixed_texts.vocabulary(is_uncased=is_uncased))}
        mixed = WordPiece(vocabulary if is_uncased else {**vocabulary, "Upper": len(vocabulary)})
        found[f"{module} mixed"] = Tokenization(module, mixed, TEXTS, 64)
        found[f"{module} each"] = Tokenization(module, every_character(is_uncased=is_uncased), CHARACTERS, 8)
    return found


# What the planes hold that have letters and signs, each character between two letters.
CHARACTERS = [f"a{chr(code)}a" for code in (*range(0x30000), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF)]
TOKENIZATIONS = tuple(
    f"{module}{what}"
    for module in ("words", "other_words", "pieces", "cased_pieces")
    for what in ("", " hostile", " short", *((" mixed", " each") if "pieces" in module else ()))
)


def every_character(*, is_uncased: bool) -> WordPiece:
    """Tokens for whatever a character may become, inside of a word or as one."""
    chars = {chr(code) for code in range(0x21, 0x30000) if not 0xD800 <= code < 0xE000}
    if is_uncased:
        chars = {char for char in chars if char == char.lower()}
    tokens = ["[UNK]", "[CLS]", "[SEP]", *sorted(chars), *(f"##{char}" for char in sorted(chars))]
    return WordPiece({token: number for number, token in enumerate(tokens)})


# --- what they answer ----------------------------------------


@dataclass(frozen=True)
class Told:
    """What is told of the modules that do not compile, and what the driver found."""

    broken: Mapping[str, AssertionError]
    self_tests: Mapping[str, Any] = field(default_factory=dict)
    calls: Mapping[str, list[Call]] = field(default_factory=dict)
    tokens: Mapping[str, list[list[int]]] = field(default_factory=dict)
    patterns: list[list[list[list[int]]]] = field(default_factory=list)
    characters: list[list[int]] = field(default_factory=list)

    def of(self, module: str) -> Told:
        """Itself, where the module compiles."""
        if module in self.broken:
            raise self.broken[module]
        return self


def packaged(name: str, model: AnnotatedModel) -> dict[str, bytes]:
    goldens = build_goldens(model, read_samples(model, ()), [TARGET.runtime])
    return build_project(TARGET, model, Options(name=name), goldens)[1]


@pytest.mark.parametrize("name", ["sound", "pieces"])
def test_tree(
    name: str, models: dict[str, AnnotatedModel], assert_tree: Callable[[str, Mapping[str, bytes]], None]
) -> None:
    assert_tree(f"android_{name}", packaged(name, models[name]))


@pytest.fixture(scope="session")
def told(models: dict[str, AnnotatedModel], tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Compile everything, and run once what compiles."""
    tools = harness.toolchain()
    work = tmp_path_factory.mktemp("android-classes")
    files = {name: packaged(name, model) for name, model in models.items()}
    folders = {name: write_files(work / name, content) for name, content in files.items()}
    broken = harness.compile_kotlin(tools, folders, harness.DRIVER, work / "classes")
    made = [name for name in models if name not in broken]
    assets = {
        path.split("/assets/", 1)[1]: data
        for name in made
        for path, data in files[name].items()
        if "/assets/" in path
    }
    calls: dict[str, list[Call]] = {name: [item.call for item in RANKINGS if item.module == name] for name in made}
    calls |= {name: [*SOUNDS] for name in ("sound", "quantized_sound")}
    calls["words"] = [*USES]
    jobs = {name: {"class": class_name(files[name]), "calls": asked} for name, asked in calls.items() if asked}
    for locale in LOCALES:
        task = {"class": class_name(files["other_words"]), "locale": locale, "calls": [{"method": "getLabels"}]}
        jobs[f"other_words {locale}"] = task
    tokens = {name: asked for name, asked in tokenizations(models).items() if asked.module in made}
    assets |= {f"vocabularies/{name}.json": json.dumps(asked.vocabulary).encode() for name, asked in tokens.items()}
    job = {
        "selfTests": [{"package": f"com.example.{name}"} for name in made],
        "calls": [task for name, task in jobs.items() if name.split()[0] in made],
        "tokens": [
            {
                "package": f"com.example.{asked.module}",
                "vocabulary": f"vocabularies/{name}.json",
                "texts": asked.texts,
                "length": asked.length,
            }
            for name, asked in tokens.items()
        ],
        "patterns": [{"pattern": jvm_pattern(delimiter), "texts": TEXTS} for delimiter in DELIMITERS],
        "characters": [{}],
    }
    found = harness.run_driver(tools, [work / "classes"], assets, job, work / "run")
    return Told(
        broken,
        dict(zip(made, found["selfTests"], strict=True)),
        dict(zip((name for name in jobs if name.split()[0] in made), found["calls"], strict=True)),
        dict(zip(tokens, found["tokens"], strict=True)),
        found["patterns"],
        found["characters"][0],
    )


def class_name(files: Mapping[str, bytes]) -> str:
    (path,) = (path for path in files if path.startswith("src/main/kotlin/") and path.endswith("Classifier.kt"))
    return path.removeprefix("src/main/kotlin/").removesuffix(".kt").replace("/", ".")


def test_self_tests_pass(told: Told, models: Mapping[str, AnnotatedModel]) -> None:
    for name in models:
        report = told.of(name).self_tests[name]
        assert report["passed"], f"{name}: {report['report']}"


@pytest.mark.parametrize("name", dict.fromkeys(item.module for item in RANKINGS))
def test_classes_are_those_of_the_reference(name: str, told: Told, models: Mapping[str, AnnotatedModel]) -> None:
    classes = models[name].answer
    assert isinstance(classes, Classes)
    asked = [item for item in RANKINGS if item.module == name]
    for item, said in zip(asked, told.of(name).calls[name], strict=True):
        every = replace(classes, threshold=item.threshold)
        expected = [
            category
            for category in every.read((np.array(item.values).astype(classes.tensor.dtype),))
            if (category.index in item.allow or not item.allow) and category.index not in item.deny
        ]
        found = said["answer"]
        # All classes of a model that answers with a NaN may be none.
        assert [category["index"] for category in found] == [one.index for one in expected[: item.most]], item
        assert [category["label"] for category in found] == [one.label for one in expected[: item.most]]
        scores = [float(category["score"]) for category in found]
        np.testing.assert_allclose(scores, [one.score for one in expected[: item.most]], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["sound", "quantized_sound"])
def test_sounds_are_answered_alike_in_all_forms(name: str, told: Told) -> None:
    """The self-test proves what it says of 16-bit samples."""
    said = told.of(name).calls[name]
    shorts, floats, less, less_floats, none, more = said[:6]
    assert shorts == floats
    assert less == less_floats != shorts
    assert next(item["label"] for item in none["answer"]) == "red"
    assert more["failure"] == "IllegalArgumentException: a window has 1600 samples at most, not 1601"
    *windows, of_shorts, of_floats, with_gaps, never = said[6:]
    expected = [
        {"startSeconds": f"{start / 16000}", "answer": window["answer"]}
        for start, window in zip(range(0, 3401, HOP), windows, strict=False)
    ]
    assert len(expected) == len(windows) == 5
    for answers, allocated in (of_shorts["answer"], of_floats["answer"]):
        assert answers == expected
        # For 599 samples: the array of the call's arguments, and what the compiler does meanwhile; no copy of them.
        assert allocated < 599
    assert [window["startSeconds"] for window in with_gaps["answer"][0]] == ["0.0", "0.1875"]
    assert never["failure"] == "IllegalArgumentException: hop is 0, and must be 1 or more"


def test_what_is_asked_wrongly_is_refused(told: Told) -> None:
    labels, best, other, unknown, no_results, below_zero, nan, again, _, _, closed = told.of("words").calls["words"]
    assert labels["answer"] == ["red", "green", "blue"]
    assert best["answer"][0]["label"] == "red"
    assert [item["label"] for item in other["answer"]] == ["green"]
    assert again == best
    assert unknown["failure"] == 'IllegalArgumentException: there is no label "pink"'
    assert no_results["failure"] == "IllegalArgumentException: maxResults is 0, and must be 1 or more"
    assert below_zero["failure"] == "IllegalArgumentException: threshold is -0.5, and must be 0 or more"
    assert nan["failure"] == "IllegalArgumentException: threshold is NaN, and must be 0 or more"
    assert closed["failure"] == "IllegalStateException: the WordsClassifier is closed"


@pytest.mark.parametrize("locale", LOCALES)
def test_labels_are_in_the_language_of_the_locale(locale: str, told: Told) -> None:
    (labels,) = told.of("other_words").calls[f"other_words {locale}"]
    assert labels["answer"][0] == LOCALES[locale]


@pytest.mark.parametrize("name", TOKENIZATIONS)
def test_tokens_are_those_of_the_reference(name: str, told: Told, models: Mapping[str, AnnotatedModel]) -> None:
    """Of characters that both of them know alike: Unicode grows, and its version 14 made U+1734 another mark."""
    asked = tokenizations(models)[name]
    known = {code for first, end in told.characters for code in range(first, end)}
    wrong = []
    for text, numbers in zip(asked.texts, told.of(asked.module).tokens[name], strict=True):
        if numbers == asked.tokenizer.encode(text, asked.length):
            continue
        if all(ord(char) in known and unicodedata.category(char) != "Cn" and char != "\u1734" for char in set(text)):
            wrong.append(text[:100])
    assert wrong == []


def test_delimiters_match_as_in_python(told: Told) -> None:
    for delimiter, found in zip(DELIMITERS, told.patterns, strict=True):
        for text, spans in zip(TEXTS, found, strict=True):
            assert spans == utf16_spans(delimiter, text), delimiter
