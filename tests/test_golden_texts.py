"""Golden samples of texts: a text a line, and made up of the vocabulary's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from packager.annotated import AnnotatedModel
from packager.errors import ConfigError
from packager.golden import Sample, build_goldens, golden_files, read_samples
from packager.golden.cases import Text
from packager.metadata.attach import Annotation
from packager.runtimes import Runtime
from packager.tasks import Task
from packager.tasks.text import TextInput, input_tensors
from tests.hand_made import attached, pieces, text_classifier, words

MODELS: dict[str, Callable[[], AnnotatedModel]] = {"words": words, "pieces": pieces}


def written(folder: Path, data: str | bytes, name: str = "texts.txt") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def texts(samples: Sequence[Sample]) -> list[str]:
    found = []
    for sample in samples:
        assert isinstance(sample.given, Text)
        found.append(sample.given.text)
    return found


@pytest.mark.parametrize("model", MODELS)
def test_each_line_is_a_sample(model: str, tmp_path: Path) -> None:
    annotated = MODELS[model]()
    assert isinstance(annotated.input, TextInput)
    first = written(tmp_path, "\ufeffa red  rose\r\n\n \t\r\n grass,\u2028green\tgrass")
    second = written(tmp_path, "the sky\n", "Texts.TXT")
    samples = read_samples(annotated, [first, second])
    assert texts(samples) == ["a red  rose", " grass,\u2028green\tgrass", "the sky"]
    assert [sample.name for sample in samples] == ["texts_0", "texts_1", "texts_0_2"]
    for sample, text in zip(samples, texts(samples), strict=True):
        for tensor, expected in zip(sample.inputs, input_tensors(text, annotated.input), strict=True):
            np.testing.assert_array_equal(tensor, expected)


@pytest.mark.parametrize("model", MODELS)
def test_made_up_ones(model: str) -> None:
    annotated = MODELS[model]()
    assert isinstance(annotated.input, TextInput)
    samples = read_samples(annotated, [])
    assert texts(samples) == texts(read_samples(MODELS[model](), []))
    assert len({*texts(samples)}) == len(samples) == 3
    tokenizer = annotated.input.tokenizer
    unknown = tokenizer.vocabulary["<UNKNOWN>" if model == "words" else "[UNK]"]
    for text in texts(samples):
        # Of ASCII, so that no table of Unicode matters.
        assert text.isascii()
        numbers = tokenizer.encode(text, 100)
        assert unknown in numbers
        # The largest number of a word: whether the model has a row for it is seen here.
        assert max(tokenizer.vocabulary[word] for word in tokenizer.words if word.isascii()) in numbers
        assert len({*numbers}) > 4


def test_the_cases_hold_their_texts(tmp_path: Path) -> None:
    annotated = words()
    samples = read_samples(annotated, [written(tmp_path, "a rose\n“grüß” green")])
    goldens = build_goldens(annotated, samples, [Runtime.LITERT])
    files = golden_files(annotated, goldens.sets[Runtime.LITERT])
    first, second = json.loads(files["cases.json"])["cases"]
    assert (first["name"], first["text"]) == ("texts_0", "a rose")
    assert second["text"] == "“grüß” green"
    assert "picture" not in first
    assert [answer["label"] for answer in first["answers"]] == ["red", "green", "blue"]
    assert second["answers"][0]["label"] == "green"
    assert np.frombuffer(files["texts_0.input0.bin"], "<i4").tolist() == [1, 2, 6, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "holds no text"),
        (b"\n \r\n\t\n", "holds no text"),
        (b"a\xff", "is not in UTF-8"),
        ("a".encode("utf-16"), "is not in UTF-8"),
        (b"a\n" * 101, "brings more than 100 golden texts"),
        (b"a" * 10_001, "has a text of more than 10,000 characters"),
        (b"a\n" * (1 << 20), "cannot be read as a golden sample: it has more than 1 MiB"),
    ],
)
def test_files_that_are_none(data: bytes, what: str, tmp_path: Path) -> None:
    path = written(tmp_path, data)
    with pytest.raises(ConfigError) as caught:
        read_samples(words(), [path])
    assert caught.value.what == what
    assert caught.value.where == str(path)


def test_samples_of_another_kind(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.zeros((1, 8), np.int32))
    with pytest.raises(ConfigError, match=r"is no \.txt, and the model takes texts"):
        read_samples(words(), [tmp_path / "ids.npy"])
    with pytest.raises(ConfigError, match="no such golden sample"):
        read_samples(words(), [tmp_path / "none.txt"])
    as_arrays = attached(text_classifier(), Annotation(Task.TENSORS))
    with pytest.raises(ConfigError, match="is a text, and the model's task is tensors"):
        read_samples(as_arrays, [written(tmp_path, "a")])


def test_lone_surrogates_are_no_utf_8(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not in UTF-8"):
        read_samples(words(), [written(tmp_path, "a \ud83d".encode("utf-8", "surrogatepass"))])
