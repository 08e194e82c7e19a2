"""Texts as input tensors: both tokenizers, their vocabularies, and which models take texts."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence

import pytest
import tokenizers

from packager.errors import MetadataError
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata, TokenizerMetadata
from packager.model import Model, parse_model
from packager.tasks.text import TextInput, input_tensors, text_input
from packager.tasks.tokenizers import (
    MOST_TOKENS,
    RegexTokenizer,
    VocabularyError,
    WordPiece,
    read_regex_vocabulary,
    read_word_pieces,
)
from tests.bounds import within
from tests.mixed_texts import lines, vocabulary
from tests.models import T, ports

WORDS = {"<PAD>": 0, "<START>": 1, "<UNKNOWN>": 2, "good": 52, "morning": 1972, "i'm": 146, "Your": 129, "é": 7}
PIECES = "[PAD] [UNK] [CLS] [SEP] un ##able ##aff a ##a ##b , the 好 ァ ##ˊ ii".split()
DEFAULT = r"[^\w\']+"

# --- the regular expression ----------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # tflite-support's own test, but for what its vocabulary lacks here.
        ("good    morning, i'm Your teacher.\n", [1, 52, 1972, 146, 129, 2]),
        ("", [1]),
        (" ,. ", [1]),
        ("good", [1, 52]),
        ("Good GOOD your", [1, 2, 2, 2]),
        ("good\0morning", [1, 52, 1972]),
        # Letters beyond ASCII part tokens.
        ("goodémorning", [1, 52, 1972]),
        ("é", [1]),
        ("<PAD> <START>", [1, 2, 2]),
        ("good " * 10, [1] + [52] * 7),
    ],
)
def test_regex(text: str, ids: list[int]) -> None:
    assert RegexTokenizer(DEFAULT, WORDS).encode(text, 8) == ids


def test_regex_without_a_start() -> None:
    words = {word: number for word, number in WORDS.items() if word != "<START>"}
    assert RegexTokenizer(r"\s", words).encode(" good  <PAD> é i'm. ", 8) == [52, 0, 7, 2]
    assert RegexTokenizer(r"\s", words).encode("good " * 9, 8) == [52] * 8


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<PAD> 0\n<UNKNOWN> 1\nthe 2\n", {"<PAD>": 0, "<UNKNOWN>": 1, "the": 2}),
        # Of any order, numbered as the file says, with line ends of any system.
        (b"the 7\r\n\r\n<UNKNOWN> 2147483647\r\n<PAD> 7", {"the": 7, "<UNKNOWN>": 2147483647, "<PAD>": 7}),
        # Of a token that stands twice the last counts; what follows the number does not.
        (b"<PAD> 0\n<UNKNOWN> 1\nthe 2\nthe 3 x\n 4\n", {"<PAD>": 0, "<UNKNOWN>": 1, "the": 3, "": 4}),
        ("<PAD> 0\n<UNKNOWN> 1\n\u2028é 2\n".encode(), {"<PAD>": 0, "<UNKNOWN>": 1, "\u2028é": 2}),
    ],
)
def test_vocabularies_of_numbered_tokens(data: bytes, expected: dict[str, int]) -> None:
    assert read_regex_vocabulary(data) == expected


@pytest.mark.parametrize(
    ("data", "what", "fix"),
    [
        (b"", "is empty", "it has <PAD>, <UNKNOWN>."),
        (b"\n\n", "is empty", "it has"),
        (b"<PAD> 0\nthe 1\n", "has no <UNKNOWN>", "it has"),
        (b"the 1\n", "has no <PAD> and no <UNKNOWN>", "it has"),
        (b"<PAD> 0\nthe\n", "is no vocabulary of 'token number' lines: line 2 is 'the'", "a space and its number"),
        (b"[PAD]\n[UNK]\n", "line 1 is '[PAD]'", "number"),
        (b"<PAD>\t0\n", r"line 1 is '<PAD>\t0'", "number"),
        (b"a b 1\n", "line 1 is 'a b 1'", "number"),
        (b"<PAD> -1\n", "line 1 is '<PAD> -1'", "from 0 to 2,147,483,647"),
        (b"<PAD> 2147483648\n", "line 1 is '<PAD> 2147483648'", "number"),
        (b"<PAD> " + b"9" * 9000, "line 1 is '<PAD> 9999999", "number"),
        ("<PAD> ٣".encode(), "line 1 is '<PAD> ٣'", "number"),
        (b"<PAD> 0x1\n", "line 1 is", "number"),
        ("<PAD> 0".encode("utf-16"), "is not UTF-8 (byte 0)", "UTF-8"),
        (b"<PAD> 0\n\xff 1", "is not UTF-8 (byte 8)", "UTF-8"),
        (b"\xef\xbb\xbf<PAD> 0\n<UNKNOWN> 1", "begins with a byte order mark", "without"),
        (b"\n" * MOST_TOKENS, "has 2,000,001 lines, and at most 2,000,000 are taken", "Give"),
    ],
)
def test_no_vocabularies_of_numbered_tokens(data: bytes, what: str, fix: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        read_regex_vocabulary(data)
    assert what in str(caught.value)
    assert len(str(caught.value)) < 200
    assert fix in caught.value.fix


# --- WordPiece ----------------------------------------


def pieces(*extra: str) -> dict[str, int]:
    return {token: number for number, token in enumerate((*PIECES, *extra))}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("unaffable", "un ##aff ##able"),
        ("UNAFFÁBLE, the", "un ##aff ##able , the"),
        ("the好the", "the 好 the"),
        ("aab the aaq", "a ##a ##b the [UNK]"),
        ("[CLS] [SEP]", "[UNK] [UNK] [UNK] [UNK] [UNK] [UNK]"),
        ("th\0e\u200b\u00adthe\tthe\u3000the", "[UNK] the the"),
        ("ガ\u3099", "[UNK]"),
        ("a" * 100, "a" + " ##a" * 99),
        ("a" * 101, "[UNK]"),
        ("İİ", "ii"),
        ("\u212a", "[UNK]"),
    ],
)
def test_word_pieces(text: str, tokens: str) -> None:
    vocabulary = pieces()
    expected = [vocabulary[token] for token in tokens.split()]
    tokenizer = WordPiece(vocabulary)
    assert tokenizer.is_uncased
    assert tokenizer.encode(text, 200) == [2, *expected, 3]
    assert tokenizer.encode(text, 4) == [2, *expected[:2], 3]


@pytest.mark.parametrize(
    ("extra", "is_uncased"),
    [((), True), (("[MASK]", "[X]"), True), (("The",), False), (("##É",), False), (("Ⅷ",), False), (("ß",), True)],
)
def test_case_is_told_by_the_vocabulary(extra: tuple[str, ...], is_uncased: bool) -> None:
    assert WordPiece(pieces(*extra)).is_uncased is is_uncased


def test_cased_text_keeps_its_accents() -> None:
    vocabulary = pieces("The", "É", "##é")
    assert WordPiece(vocabulary).encode("The the Éé THE", 9) == [2, 16, 11, 17, 18, 1, 3]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[CLS]\n[SEP]\n[UNK]\nthe\n", {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "the": 3}),
        (b"[CLS]\r\n[SEP]\r\n[UNK]\r\n\r\n\n", {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2}),
        ("[CLS]\n[SEP]\nx\n[UNK]\n\u2028\nx y\nx".encode(),
         {"[CLS]": 0, "[SEP]": 1, "x": 6, "[UNK]": 3, "\u2028": 4, "x y": 5}),
    ],
)  # fmt: skip
def test_vocabularies_of_pieces(data: bytes, expected: dict[str, int]) -> None:
    assert read_word_pieces(data) == expected


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"the\n[UNK]\n", "has no [CLS] and no [SEP]"),
        (b"<PAD> 0\n<UNKNOWN> 1\n", "has no [CLS] and no [SEP] and no [UNK]"),
        (b"[CLS]\n\n[SEP]\n[UNK]\n", "has a blank line, 2, before its end"),
        (b"\n[CLS]\n[SEP]\n[UNK]\n", "has a blank line, 1, before its end"),
        ("[CLS]".encode("utf-16"), "is not UTF-8"),
        (b"\xef\xbb\xbf[CLS]\n[SEP]\n[UNK]\n", "begins with a byte order mark"),
    ],
)
def test_no_vocabularies_of_pieces(data: bytes, what: str) -> None:
    with pytest.raises(VocabularyError, match=re.escape(what)):
        read_word_pieces(data)


def published(numbers: dict[str, int], *, is_uncased: bool) -> tokenizers.Tokenizer:
    """Hugging Face's, without what takes special tokens out of a text."""
    model = tokenizers.models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100)
    made = tokenizers.Tokenizer(model)
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=is_uncased)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return made


@pytest.mark.parametrize("is_uncased", [True, False])
def test_as_the_published_tokenizer(is_uncased: bool) -> None:
    numbers = {token: number for number, token in enumerate(vocabulary(is_uncased=is_uncased))}
    theirs, ours = published(numbers, is_uncased=is_uncased), WordPiece(numbers)
    assert ours.is_uncased is is_uncased
    known = unknown = 0
    for line in lines(2000):
        ids = theirs.encode(line).ids
        assert ours.encode(line, 10_000)[1:-1] == ids, ascii(line)
        unknown += ids.count(numbers["[UNK]"])
        known += len(ids)
    assert 0.1 < unknown / known < 0.5


# Chinese characters that Hugging Face's tokenizers do not take for such, by a slip.
_FORGOTTEN = frozenset(range(0x2B820, 0x2B920))


@pytest.mark.slow
@pytest.mark.parametrize("is_uncased", [True, False])
def test_every_character_as_in_the_published_tokenizer(is_uncased: bool) -> None:
    """All of 16 bits, and each 16th of the others; theirs are tables of about Unicode 8."""
    numbers = {token: number for number, token in enumerate((*PIECES, "##b", *([] if is_uncased else ["A"])))}
    theirs, ours = published(numbers, is_uncased=is_uncased), WordPiece(numbers)
    different = [
        code
        for code in (*range(0xD800), *range(0xE000, 0x10000), *range(0x10000, 0x110000, 16))
        if code not in _FORGOTTEN and theirs.encode(text := f"a{chr(code)}b").ids != ours.encode(text, 9)[1:-1]
    ]
    # Signs of scripts that hardly anyone writes, all in these blocks.
    assert len(different) < 250
    assert min(different) == 0x61D
    assert {unicodedata.category(chr(code)) for code in different} <= {"Mn", "Po", "Ps", "Pe", "Pd", "Cf", "Mc", "So"}


HOSTILE = {
    "letters": "a" * 1_000_000,
    "words": "unaffable " * 100_000,
    "words too long": ("a" * 101 + " ") * 10_000,
    "long words": ("ab" * 50 + " ") * 10_000,
    "marks in disorder": "a" + "\u0315\u0300" * 500_000,
    "other marks in disorder": "a" + "\U0001d165\U0001d16d" * 500_000,
    "controls": "\0\1" * 500_000,
    "spaces": " \t" * 500_000,
    "signs": "!" * 1_000_000,
    "Chinese": "好" * 1_000_000,
    "Korean": "한" * 1_000_000,
    "all of 16 bits": "".join(chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000) * 16,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("tokenizer", [RegexTokenizer(DEFAULT, WORDS), WordPiece(pieces())], ids=["regex", "pieces"])
def test_a_line_of_a_megabyte(what: str, tokenizer: RegexTokenizer | WordPiece) -> None:
    with within(4):
        assert len(tokenizer.encode(HOSTILE[what], 128)) <= 128


def test_any_text_becomes_known_numbers() -> None:
    chance = random.Random(1)
    for tokenizer in (RegexTokenizer(DEFAULT, WORDS), WordPiece(pieces()), WordPiece(pieces("A"))):
        known = {*tokenizer.vocabulary.values()}
        for _ in range(200):
            codes = (chance.choice((chance.randrange(0x80), chance.randrange(0x3100), 0xDC80)) for _ in range(40))
            assert {*tokenizer.encode("".join(map(chr, codes)), 16)} <= known


# --- inputs ----------------------------------------

IDS = T("ids", (1, 8), "int32")
THREE = [T(name, (1, 8), "int32") for name in ("input_mask", "input_word_ids", "input_type_ids")]
WORDS_FILE = b"<PAD> 0\n<START> 1\n<UNKNOWN> 2\ngood 3\n"
PIECES_FILE = "\n".join(PIECES).encode()


def model(inputs: Sequence[T]) -> Model:
    return parse_model(ports(inputs, [T("scores", (1, 3))]), "m.tflite")


def described(
    kind: str, data: bytes | None, delimiter: str = DEFAULT, names: Sequence[str] = (), *, at_the_tensor: bool = False
) -> ModelMetadata:
    file = AssociatedFile("vocab.txt", "", "VOCABULARY", "", data)
    tokenizer = TokenizerMetadata(kind, delimiter if kind == "regex" else "", file)
    if at_the_tensor:
        return ModelMetadata(inputs=(TensorMetadata(tokenizer=tokenizer),))
    return ModelMetadata(tokenizer=tokenizer, inputs=tuple(map(TensorMetadata, names)))


def tensors(text: str, given: TextInput) -> list[list[int]]:
    made = input_tensors(text, given)
    for array, like in zip(made, given.tensors, strict=True):
        assert (array.shape, array.dtype) == (like.shape, like.dtype)
    return [array.reshape(-1).tolist() for array in made]


def test_one_input() -> None:
    for metadata in (
        described("regex", WORDS_FILE, at_the_tensor=True),
        described("regex", WORDS_FILE),
    ):
        given = text_input(model([IDS]), metadata)
        assert (given.roles, given.length) == (("ids",), 8)
        assert tensors("a good one", given) == [[1, 2, 3, 2, 0, 0, 0, 0]]
    flat = text_input(model([T("ids", (8,), "int64")]), described("regex", WORDS_FILE.replace(b"0", b"9")))
    assert tensors("good", flat) == [[1, 3, 9, 9, 9, 9, 9, 9]]


def test_three_inputs() -> None:
    given = text_input(model(THREE), described("bert", PIECES_FILE))
    assert given.roles == ("mask", "ids", "segment_ids")
    assert tensors("unable", given) == [[1, 1, 1, 1, 0, 0, 0, 0], [2, 4, 5, 3, 0, 0, 0, 0], [0] * 8]
    assert tensors("un " * 9, given) == [[1] * 8, [2, *[4] * 6, 3], [0] * 8]


def test_the_padding_is_that_of_the_vocabulary() -> None:
    other = b"\n".join([*PIECES_FILE.split(b"\n")[1:], b"[PAD]"])
    given = text_input(model(THREE[:2]), described("bert", other))
    assert given.roles == ("mask", "ids")
    assert tensors("", given)[1] == [1, 2] + [15] * 6
    without = text_input(model([IDS]), described("bert", other.replace(b"\n[PAD]", b"")))
    assert tensors("", without) == [[1, 2] + [0] * 6]


@pytest.mark.parametrize(
    ("names", "metadata", "roles"),
    [
        (("input_ids", "attention_mask", "token_type_ids"), (), ("ids", "mask", "segment_ids")),
        (("serving_default_input_type_ids:0", "x_word_ids", "MASK"), (), ("segment_ids", "ids", "mask")),
        (("a", "b", "c"), ("segment_ids", "mask", "ids"), ("segment_ids", "mask", "ids")),
        # The metadata count first.
        (("input_ids", "mask", "segment"), ("mask", "ids", "segment_ids"), ("mask", "ids", "segment_ids")),
        (("input_ids", "mask", "segment"), ("mask", "ids", "other"), ("ids", "mask", "segment_ids")),
        (("input_ids", "input_mask"), (), ("ids", "mask")),
        (("a", "b"), ("mask", "ids"), ("mask", "ids")),
        (("a", "b", "c"), (), None),
        (("ids", "mask", "mask_2"), (), None),
        (("ids", "segment_ids"), (), None),
        (("a", "b", "c"), ("ids", "mask", "mask"), None),
        (("a", "b", "c"), ("ids", "mask"), None),
    ],
)
def test_which_input_is_which(
    names: tuple[str, ...], metadata: tuple[str, ...], roles: tuple[str, ...] | None
) -> None:
    inputs = [T(name, (1, 8), "int32") for name in names]
    given = described("bert", PIECES_FILE, names=metadata)
    if roles is None:
        with pytest.raises(MetadataError, match="which of its inputs are the ids, the mask and the segment_ids"):
            text_input(model(inputs), given)
    else:
        assert text_input(model(inputs), given).roles == roles


@pytest.mark.parametrize(
    ("inputs", "metadata", "what", "fix"),
    [
        ([IDS], ModelMetadata(), "its metadata names no tokenizer", "vocab.txt"),
        ([IDS], described("regex", None), "the vocabulary of its tokenizer is not in it", "vocab.txt"),
        ([IDS], ModelMetadata(tokenizer=TokenizerMetadata("bert")), "the vocabulary of its tokenizer", "vocab.txt"),
        (THREE, described("sentencepiece", b""), "its tokenizer is SentencePiece", "TENSOR_CLASSIFICATION"),
        ([IDS], described("sentencepiece", b""), "its tokenizer is SentencePiece", "TENSOR_CLASSIFICATION"),
        (THREE, described("regex", WORDS_FILE), "its tokenizer is of a single input, and it has 3", "attach"),
        ([IDS], described("regex", b"the 1\n"), "the vocabulary in its metadata has no <PAD>", "vocabulary"),
        (THREE, described("bert", WORDS_FILE), "the vocabulary in its metadata has no [CLS]", "vocabulary"),
        ([IDS], described("regex", WORDS_FILE, "(?i)a"), "the delimiter in its metadata has (?i)", "delimiter"),
        ([IDS], described("regex", WORDS_FILE, ""), "the delimiter in its metadata matches the empty", "delimiter"),
        ([*THREE, IDS], described("bert", PIECES_FILE), "this model takes [1, 8] of int32 and", "TENSOR_CLASS"),
        ([T("x", (1, 8))], described("regex", WORDS_FILE), "takes [1, 8] of float32", "TENSOR_CLASSIFICATION"),
        ([T("x", (1, 8), "int32", 0.5)], described("regex", WORDS_FILE), "takes [1, 8] of int32", "TENSOR_CLASS"),
        ([T("x", (1,), "string")], described("regex", WORDS_FILE), "takes [1] of string", "TENSOR_CLASSIFICATION"),
        ([T("x", (2, 8), "int32")], described("regex", WORDS_FILE), "takes [2, 8] of int32", "TENSOR_CLASS"),
        ([T("x", (1, 1), "int32")], described("regex", WORDS_FILE), "takes [1, 1] of int32", "TENSOR_CLASS"),
        ([T("x", (), "int32")], described("regex", WORDS_FILE), "takes [] of int32", "TENSOR_CLASSIFICATION"),
        (
            [T("x", (1, 8), "int32", signature=(1, -1))],
            described("regex", WORDS_FILE),
            "takes [1, -1] of int32",
            "TENSOR_CLASSIFICATION",
        ),
        (
            [*THREE[:2], T("x_type_ids", (1, 9), "int32")],
            described("bert", PIECES_FILE),
            "takes [1, 8] of int32 and [1, 8] of int32 and [1, 9] of int32",
            "TENSOR_CLASSIFICATION",
        ),
    ],
)
def test_models_that_take_no_text(inputs: Sequence[T], metadata: ModelMetadata, what: str, fix: str) -> None:
    with pytest.raises(MetadataError) as caught:
        text_input(model(inputs), metadata)
    assert what in caught.value.what
    assert fix in str(caught.value.fix)
    assert caught.value.where == "m.tflite"
