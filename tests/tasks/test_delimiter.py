"""Delimiters of RE2 in Python: what they match, what is refused, and that no text takes them long."""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import re
from collections.abc import Iterator

import pytest

from packager.tasks.delimiter import DelimiterError, jvm_pattern, python_pattern
from tests import mixed_texts
from tests.bounds import within


@pytest.mark.parametrize(
    ("delimiter", "pattern"),
    [
        (r"[^\w\']+", r"[^\w']+"),
        (r"\W", r"\W"),
        (r"\s+|,\s*", r"[\t\n\f\r ]+|,[\t\n\f\r ]*"),
        (r"[\S,]", r"[\S\v,]"),
        ("[[:punct:][:digit:]_]+", r"[!-/:-@\[-`{-~0-9_]+"),
        (r"\x{2014}|\x2d\x2D", "—|--"),
        (r"(?P<one>a|b)+|(?:c|d)|(?<two>e)", "(?:a|b)+|(?:c|d)|(?:e)"),
        ("[]a-]", r"[\]a\-]"),
        (r"[\w-.]", r"[\w\-.]"),
        ("[a&&b||c]", r"[a\&\&b\|\|c]"),
        ("a{2,3}", "a{2,3}"),
        ("a{,3}|{", r"a\{,3\}|\{"),
        ('"', r"\x22"),
        ("\u202e", r"\U0000202e"),
    ],
)
def test_patterns(delimiter: str, pattern: str) -> None:
    assert python_pattern(delimiter) == pattern
    re.compile(pattern, re.ASCII)


@pytest.mark.parametrize(
    ("delimiter", "text", "found"),
    [
        # RE2's \s has no vertical tab, and both have only ASCII.
        (r"\s", "a\vb\u00a0c d\u3000\n", [" ", "\n"]),
        (r"\S", "\v \u00a0", ["\v", "\u00a0"]),
        (r"[^\S]+", "a \v\t", [" ", "\t"]),
        (r"\W+", "é_1-", ["é", "-"]),
        (r"\d", "1\u0661", ["1"]),
        (".", "\n\r", ["\r"]),
        ("a|ab", "ab", ["a"]),
        ("c(a|b)+?", "cabcac", ["ca", "ca"]),
        ("--|-", "---", ["--", "-"]),
    ],
)
def test_what_they_match(delimiter: str, text: str, found: list[str]) -> None:
    assert [match[0] for match in re.finditer(python_pattern(delimiter), text, re.ASCII)] == found


@pytest.mark.parametrize(
    ("delimiter", "why"),
    [
        ("", "matches the empty text"),
        ("a*", "matches the empty text"),
        ("a|", "matches the empty text"),
        ("a(b|)", "matches the empty text"),
        ("a{0}", "matches the empty text"),
        ("(a", "has a ( without a )"),
        ("(", "has a ( without a )"),
        ("a)|(b", "has a ) without a ("),
        ("[a", "has a [ without a ]"),
        ("[z-a]", "a range in a set that does not go up"),
        (r"[a-\d]", "a range in a set that does not go up"),
        ("+a", "has + behind nothing"),
        ("a**", "repeats a repeat by **"),
        ("a++", "repeats a repeat by ++"),
        ("a{1001}", "repeats by {1001}, beyond what RE2 takes"),
        ("a{3,2}", "repeats by {3,2}, beyond"),
        ("(?=a)", "looks around by (?=, which RE2 does not"),
        ("(?<!a)b", "looks around by (?<!, which RE2 does not"),
        (r"(a)\1", "before the end of an alternative"),
        (r"\1", r"has the backreference \1, which RE2 has not"),
        ("(?P=a)", "has (?P=, a flag or a group of a kind that is not taken"),
        ("(?i)a", "has (?i), a flag"),
        ("(?>a)", "has (?>a, a flag"),
        ("^a", "has the anchor ^"),
        ("a$", "has the anchor $"),
        (r"\ba", r"has \b, which is not taken"),
        (r"\p{P}", r"has \p, which is not taken"),
        (r"\x{110000}", r"has \x{110000}, which is no character"),
        (r"\x{d800}", "which is no character"),
        ("[[:^alpha:]]", "has the class [:^alpha:]"),
        ("a\\", "has \\, which is not taken"),
        ("a+b", "repeats something, or has a group, before the end"),
        ("(a+)+b", "repeats something, or has a group, before the end"),
        ("(a|b)c", "repeats something, or has a group, before the end"),
        ("(ab){2}", "counts a group"),
        ("a" * 257, "has 257 characters, and at most 256 are taken"),
    ],
)
def test_refused(delimiter: str, why: str) -> None:
    with pytest.raises(DelimiterError) as caught:
        python_pattern(delimiter)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("delimiter", "part"),
    [
        (r"[^\w\']+", "a"),
        (r"[^\w\']+", " "),
        ("ab|a(a|ba?|(a|b)+)", "a"),
        ("aaaaaaaaaaaaaaaaaaaaaaab", "a"),
        ("(a|ab|aab|aaab+)+", "a"),
        ("a(aa+|aab+)+", "a"),
        ("x(a+|(b|a)+)?", "xa"),
        ("(" * 80 + "a+" + ")+" * 80, "a"),
    ],
)
def test_a_text_of_a_megabyte(delimiter: str, part: str) -> None:
    """In proportion to the text, where Python's own search is quadratic, or worse, for what is refused."""
    pattern, text = re.compile(python_pattern(delimiter), re.ASCII), part * (1_000_000 // len(part))
    with within(1):
        for _ in pattern.finditer(text):
            pass


# --- on the JVM, and in ICU, which Android has in its place ----------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "pattern"),
    [
        (r"[^\w\']+", r"[^\'0-9A-Z_a-z]+"),
        (r"\s+|,\s*", r"[\x{9}\x{a}\x{c}\x{d} ]+|\,[\x{9}\x{a}\x{c}\x{d} ]*"),
        (r"[\S,]", r"[^\x{9}\x{a}\x{c}\x{d} ]"),
        (r"[^\S,]{2,}", r"[\x{9}\x{a}\x{c}\x{d} ]{2,}"),
        (r"(?P<one>a|b)+|c+?|.", r"(?:a|b)++|c+?|[^\x{a}]"),
        ("[]a-]|\U0001f600", r"[\-\]a]|\x{1f600}"),
        (r"[\s\S]", r"[\x{0}-\x{10ffff}]"),
        (r"[^\s\S]", r"[^\x{0}-\x{10ffff}]"),
    ],
)
def test_patterns_of_the_jvm(delimiter: str, pattern: str) -> None:
    assert jvm_pattern(delimiter) == pattern


DELIMITERS = (
    *(r"[^\w\']+", r"\W", r"\s+|,\s*", r"[\S,]", "[[:punct:][:digit:]_]+", r"\x{2014}|\x2d\x2D", "[]a-]"),
    *(r"(?P<one>a|b)+|(?:c|d)|(?<two>e)", r"[\w-.]", "[a&&b||c]", "a{2,3}", "a{,3}|{", '"', "\u202e", r"\s", r"\S"),
    *(r"[^\S]+", r"\W+", r"\d", ".", "a|ab", "c(a|b)+?", "--|-", r"[\s\S]", "[^\U0001f600]", "\U0001f600+"),
    *(r"[\x{1f600}-\x{1f64f}a]", r"a[b-d]*", r"\$|\^|\#", r"(?:\s|,)+", r"(?:a(?:b|c)*)+"),
)
# Half of a pair of surrogates may stand in a text of Kotlin's.
SIGNS = ("", " ", "a", "a\vb\u00a0c d\u3000\n", "abcacabb--,, \t--aaaa{}-", "$^#.\n\r", "a\udc00b", "red\ud83d")
TEXTS = (*mixed_texts.lines(200), *SIGNS)


def utf16_spans(delimiter: str, text: str) -> list[list[int]]:
    """Where Python's pattern matches, counted in halves of pairs of surrogates."""

    units = [*itertools.accumulate((1 + (char > "\uffff") for char in text), initial=0)]
    found = re.finditer(python_pattern(delimiter), text, re.ASCII)
    return [[units[match.start()], units[match.end()]] for match in found]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_icu_matches_as_python(delimiter: str) -> None:
    library = ctypes.util.find_library("icui18n")
    if library is None:
        pytest.skip("needs ICU: apt-get install libicu-dev")
    text = "\0".join(TEXTS)
    assert [*icu_spans(library, jvm_pattern(delimiter), text)] == utf16_spans(delimiter, text)


def icu_spans(library: str, pattern: str, text: str) -> Iterator[list[int]]:
    """What uregex_findNext of ICU finds (icu4c/source/i18n/unicode/uregex.h)."""
    icu, version = ctypes.CDLL(library), library.rpartition(".")[2]

    def call(name: str, *arguments: object) -> int:
        status = ctypes.c_int()
        function = getattr(icu, f"{name}_{version}")
        function.restype = ctypes.c_void_p if name == "uregex_open" else ctypes.c_int32
        result = function(*arguments, ctypes.byref(status))
        assert status.value <= 0, f"{name}: error {status.value}"
        return int(result or 0)

    def utf16(string: str) -> tuple[bytes, int]:
        data = string.encode("utf-16-le", "surrogatepass")
        return data + b"\0\0", len(data) // 2

    expression = ctypes.c_void_p(call("uregex_open", *utf16(pattern), 0, None))
    kept, length = utf16(text)
    call("uregex_setText", expression, kept, length)
    while call("uregex_findNext", expression) & 0xFF:
        yield [call("uregex_start", expression, 0), call("uregex_end", expression, 0)]
    getattr(icu, f"uregex_close_{version}")(expression)
