"""The generated Pi package that classifies texts: with either tokenizer, through its own command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from packager.annotated import AnnotatedModel
from packager.metadata.attach import Annotation, LabelFile
from packager.tasks import Activation, Task
from packager.tasks.text import TextInput
from packager.tasks.tokenizers import RegexTokenizer
from tests.conftest import write_files
from tests.hand_made import BERT_INPUTS, COLORS, PIECES, attached, pieces, text_classifier, words
from tests.mixed_texts import lines, vocabulary
from tests.targets.pi.code import check_code
from tests.targets.test_pi import Compare, project, unused_names
from tests.targets.test_pi_files import run, run_code, told
from tests.tasks.test_text import HOSTILE, published

pytestmark = pytest.mark.slow

TEXTS = "A red rose\nred\n\nThe sky is blue, the grass's green!\nunseen things, 空空 Café\n"


def cased(folder: Path) -> AnnotatedModel:
    """A model whose words have case, of two inputs."""
    path = folder / "cased.txt"
    path.write_text(PIECES.read_text("utf-8") + "Red\n", "utf-8")
    return pieces(BERT_INPUTS[:2], path)


def without_start(folder: Path) -> AnnotatedModel:
    """A model of another delimiter, whose vocabulary has no <START>, with labels in two languages."""
    path = folder / "vocabulary"
    path.write_text("<PAD> 0\n<UNKNOWN> 1\nred\u2028 3\n\"green\" 4\nblue* 5\n'''\\ 6\n", "utf-8")
    annotation = Annotation(
        Task.TEXT_CLASSIFICATION,
        (LabelFile(COLORS), LabelFile(COLORS.with_name("colors_de.txt"), "de")),
        vocabulary=path,
        delimiter=r'[[:space:]"]+|--',
        activation=Activation.SOFTMAX,
    )
    return attached(text_classifier(dtype="int64"), annotation, "other")


MODELS: dict[str, Callable[[Path], AnnotatedModel]] = {
    "words": lambda _: words(),
    "pieces": lambda _: pieces(),
    "cased": cased,
    "other": without_start,
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of ``MODELS``."""
    folder = tmp_path_factory.mktemp("pi")
    golden = folder / "texts.txt"
    golden.write_text(TEXTS, "utf-8")
    for name, make in MODELS.items():
        write_files(folder, project(make(folder), [golden], name))
    return folder


@pytest.mark.parametrize("name", ["words", "pieces"])
def test_tree(name: str, assert_tree: Compare, tmp_path: Path) -> None:
    golden = tmp_path / "texts.txt"
    golden.write_text(TEXTS, "utf-8")
    tree = {"words": "pi_text", "pieces": "pi_bert"}[name]
    assert_tree(tree, project(MODELS[name](tmp_path), [golden]))


def test_code_is_as_ruff_has_it_and_holds_nothing_unused(tmp_path: Path) -> None:
    for name, make in MODELS.items():
        files = project(make(tmp_path), [], "A long name of a dozen words")
        assert unused_names(files) == set(), name
        write_files(tmp_path / name, files)
    check_code(tmp_path)


# --- answers ----------------------------------------


def answers(folder: Path, package: str, *arguments: str) -> list[dict[str, Any]]:
    ran = run(folder, package, "classify", "--json", *arguments)
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_the_packager(name: str, packages: Path, tmp_path: Path) -> None:
    """The golden ones are: of the packager's own tokenizer, and of LiteRT."""
    cases = json.loads((packages / name / "golden/cases.json").read_text("utf-8"))["cases"]
    assert [case["text"] for case in cases] == [line for line in TEXTS.split("\n") if line]
    for case, answer in zip(cases, answers(packages, name, *(case["text"] for case in cases)), strict=True):
        assert list(answer) == ["text", "results"]
        assert answer["text"] == case["text"]
        assert [item["index"] for item in answer["results"]] == [item["index"] for item in case["answers"]]
        for item, expected in zip(answer["results"], case["answers"], strict=True):
            assert item == {**expected, "score": pytest.approx(expected["score"], abs=1e-5)}


def best(folder: Path, package: str, text: str, *arguments: str) -> str:
    (answer,) = answers(folder, package, text, "--top-k=1", *arguments)
    (item,) = answer["results"]
    label: str = item["label"]
    return label


def test_what_they_say(packages: Path) -> None:
    assert best(packages, "words", "grass, grass!") == "green"
    assert best(packages, "words", "sky's") == "blue"
    assert best(packages, "words", "Grass sky's") == "blue"
    # Sums of what a vocabulary of 22 pieces weighs: 6 % 3 is blue's number, 4 % 3 red's.
    assert best(packages, "pieces", "BLUE rose rose rose") == best(packages, "pieces", "blue Rose rosé rose")
    assert best(packages, "cased", "Red Red Red Red") == "green"
    assert best(packages, "other", "blue*--blue*\tx", "--locale=de") == "blau"
    assert best(packages, "other", "'''\\\\\v'''\\") == "red"


def test_lines_for_people(packages: Path) -> None:
    ran = run(packages, "words", "classify", "a\x1b[31m\nred", "--top-k=1")
    assert ran.stdout.splitlines() == ["a\\x1b[31m\\nred", "    0.5142  red"]


def test_texts_that_begin_with_a_sign(packages: Path) -> None:
    assert answers(packages, "words", "--", "-red", "--help", "")[0]["text"] == "-red"


def test_python(packages: Path) -> None:
    code = """
from words import WordsClassifier
from pieces import PiecesClassifier
words, pieces = WordsClassifier(), PiecesClassifier(threads=2)
assert words.classify("grass")[0].label == "green"
assert len(pieces.classify("grass", top_k=2)) == 2
assert words.classify("grass", threshold=0.99) == []
try:
    words.classify("grass \\ud83d")
except ValueError as error:
    assert str(error) == "'grass \\\\ud83d': is not valid Unicode", error
else:
    raise AssertionError
"""
    ran = run_code(packages, code)
    assert ran.returncode == 0, ran.stderr


def test_bytes_that_are_no_unicode_stop_no_other_text(packages: Path) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "words", "classify", b"bad \xff", "red", "--json"]
    ran = subprocess.run(command, cwd=packages, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 1
    errors = [line for line in ran.stderr.decode().splitlines() if not line.startswith("INFO")]
    assert errors == ["'bad \\udcff': is not valid Unicode"]
    assert [json.loads(line)["text"] for line in ran.stdout.splitlines()] == ["red"]


# --- tokens ----------------------------------------


ENCODE = """
import json, sys, time
sys.stdin.reconfigure(encoding="utf-8")
from {package}.preprocessing import Preprocessor
from {package}.tokenizer import Tokenizer
tokenizer = Tokenizer()
for text in json.load(sys.stdin):
    start = time.process_time()
    print(json.dumps([tokenizer.encode(text, {length}), time.process_time() - start]))
"""


def encoded(folder: Path, package: str, texts: Sequence[str], length: int) -> list[tuple[list[int], float]]:
    """What the generated tokenizer makes of texts, and the seconds of processor time that each took."""
    code = ENCODE.format(package=package, length=length)
    ran = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(texts), cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return [tuple(json.loads(line)) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("is_uncased", [True, False])
def test_word_pieces_as_the_published_tokenizer(is_uncased: bool, tmp_path: Path) -> None:
    """On 2,000 lines of mixed text."""
    tokens = vocabulary(is_uncased=is_uncased)
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(tokens) + "\n", "utf-8", newline="\n")
    write_files(tmp_path, project(pieces(vocabulary=path), [], "mixed"))
    numbers = {token: number for number, token in enumerate(tokens)}
    theirs = published(numbers, is_uncased=is_uncased)
    texts = [*lines(2000)]
    assert len(texts) == 2000
    for text, (ids, _) in zip(texts, encoded(tmp_path, "mixed", texts, 10_000), strict=True):
        assert ids == [numbers["[CLS]"], *theirs.encode(text).ids, numbers["[SEP]"]], ascii(text)


@pytest.mark.parametrize("name", MODELS)
def test_tokens_are_those_of_the_packager(name: str, packages: Path, tmp_path: Path) -> None:
    given = MODELS[name](tmp_path).input
    assert isinstance(given, TextInput)
    words = [token for token in given.tokenizer.vocabulary if not isinstance(given.tokenizer, RegexTokenizer)] or [
        "red", "blue*", "\v", "--", '"green"', "grass", "sky's", "<PAD>", "é", "'''\\",
    ]  # fmt: skip
    texts = [f"{words[number % len(words)]} {line}" for number, line in enumerate(lines(500))]
    for text, (ids, _) in zip(texts, encoded(packages, name, texts, 50), strict=True):
        assert ids == given.tokenizer.encode(text, 50), ascii(text)


@pytest.mark.parametrize("name", ["words", "pieces"])
def test_a_line_of_a_megabyte(name: str, packages: Path) -> None:
    for what, (ids, seconds) in zip(HOSTILE, encoded(packages, name, [*HOSTILE.values()], 128), strict=True):
        assert len(ids) <= 128, what
        assert seconds < 120, what


# --- the self-test ----------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_the_self_test_passes(name: str, packages: Path) -> None:
    ran = run(packages, name, "selftest")
    assert (ran.returncode, ran.stdout.splitlines()[-1][:4]) == (0, "PASS"), ran.stdout


@pytest.mark.parametrize("name", ["words", "pieces"])
def test_made_up_texts_pass_it(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, project(MODELS[name](tmp_path), []))
    ran = run(tmp_path, name, "selftest")
    assert ran.stdout.splitlines()[-1].startswith("PASS 3 cases"), ran.stdout


def changed_vocabulary(data: bytes) -> bytes:
    """Two words with one another's numbers."""
    numbers = json.loads(data)
    numbers["red"], numbers["grass"] = numbers["grass"], numbers["red"]
    return json.dumps(numbers).encode()


def changed_answer(data: bytes) -> bytes:
    document = json.loads(data)
    answers = document["cases"][0]["answers"]
    answers[0]["label"], answers[1]["label"] = answers[1]["label"], answers[0]["label"]
    return json.dumps(document).encode()


def changed_text(data: bytes) -> bytes:
    return data.replace(b"rose", b"blue")


BROKEN: Mapping[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "vocabulary": ("vocabulary.json", changed_vocabulary, "other tokens"),
    "golden answer": ("golden/cases.json", changed_answer, "no class"),
    "golden text": ("golden/cases.json", changed_text, "other tokens"),
    "golden ids": ("golden/texts_0.input0.bin", lambda data: data[:4] + data[5:8] + data[4:5] + data[8:], "tokens"),
    "golden output": ("golden/texts_0.output0.bin", lambda data: data[4:] + data[:4], "differs"),
    "labels": ("labels.json", lambda data: data.replace(b"red", b"raw"), "no class"),
}


@pytest.mark.parametrize("name", ["words", "pieces"])
@pytest.mark.parametrize("what", BROKEN)
def test_the_self_test_fails_where_something_is_broken(name: str, what: str, packages: Path, tmp_path: Path) -> None:
    file, change, said = BROKEN[what]
    shutil.copytree(packages / name, tmp_path / name)
    path = tmp_path / name / file
    data = path.read_bytes()
    assert change(data) != data
    path.write_bytes(change(data))
    ran = run(tmp_path, name, "selftest")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1].startswith("FAIL 4 cases"), ran.stdout
    assert said in ran.stdout


CODE_CHANGES = {
    "words": {
        "another start": "tokenizer.Tokenizer.encode = changed(tokenizer.Tokenizer.encode, lambda ids: ids[1:])",
        "another delimiter": "import re; tokenizer.DELIMITER = re.compile('x')",
    },
    "pieces": {
        "no accents": "import unicodedata; unicodedata.normalize = lambda form, text: text",
        "no punctuation": "tokenizer._is_punctuation = lambda char: False",
        "no Chinese": "tokenizer.CHINESE.clear()",
        "no mask": "preprocessing.np.arange = lambda count: np.zeros(count) - 1",
        "shorter words": "tokenizer.LONGEST_WORD = 3",
        "no end": "tokenizer.Tokenizer.encode = changed(tokenizer.Tokenizer.encode, lambda ids: ids[:-1])",
    },
}


@pytest.mark.parametrize(("name", "what"), [(name, what) for name, all in CODE_CHANGES.items() for what in all])
def test_the_self_test_fails_where_the_code_is_another(name: str, what: str, packages: Path) -> None:
    code = f"""
import numpy as np
from {name} import preprocessing, tokenizer
def changed(function, change):
    return lambda *arguments: change(function(*arguments))
{CODE_CHANGES[name][what]}
from {name}.selftest import self_test
print("passed" if self_test() else "failed")
"""
    ran = run_code(packages, code)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "failed"), ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"red": 1}', b"[" * 100_000, b"\xff", b'{"a": "b"}', b"null"],
    ids=["empty", "list", "cut off", "few", "deep", "bytes", "strings", "null"],
)
def test_a_damaged_vocabulary_is_one_line(data: bytes, packages: Path, tmp_path: Path) -> None:
    shutil.copytree(packages / "words", tmp_path / "words")
    (tmp_path / "words/vocabulary.json").write_bytes(data)
    ran = run(tmp_path, "words", "classify", "red")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert told(ran) == ["vocabulary.json of this package holds no numbers of 9 tokens: install it again"]


def test_a_vocabulary_without_its_special_tokens_is_one_line(packages: Path, tmp_path: Path) -> None:
    for name in ("words", "pieces"):
        shutil.copytree(packages / name, tmp_path / name)
        path = tmp_path / name / "vocabulary.json"
        path.write_bytes(path.read_bytes().replace(b'"<UNKNOWN>"', b'"x"').replace(b'"[SEP]"', b'"x"'))
        ran = run(tmp_path, name, "classify", "red")
        assert ran.returncode == 1
        token = {"words": "<UNKNOWN>", "pieces": "[SEP]"}[name]
        assert told(ran) == [f"vocabulary.json of this package lacks '{token}': install it again"]
