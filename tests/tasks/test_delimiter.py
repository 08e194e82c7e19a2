"""Delimiters of RE2 in Python: what they match, what is refused, and that no text takes them long."""

from __future__ import annotations

import re
import time

import pytest

from packager.tasks.delimiter import DelimiterError, python_pattern


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
    start = time.process_time()
    for _ in pattern.finditer(text):
        pass
    assert time.process_time() - start < 5
