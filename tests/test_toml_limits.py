"""packager.toml of people who mean harm, or whose generator ran wild: one error with the line, at once."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from packager.config import read_config
from packager.errors import ConfigError
from packager.toml_lines import MAX_BYTES, read_lines
from tests.bounds import within

pytestmark = pytest.mark.slow

BIG = "9" * 400
HUGE = "9" * 5_000

# text, line, what
HARD: dict[str, tuple[str | bytes, int, str]] = {
    "deep arrays": ("model = 'm'\nname = " + "[" * 20_000 + "]" * 20_000, 2, "brackets nested more than 16 deep"),
    "deep tables": ("model = 'm'\nname = " + "{a=" * 20_000 + "1" + "}" * 20_000, 2, "brackets nested more than 16"),
    "deep, many lines": ("model = 'm'\nname = " + "[\n" * 20_000, 18, "brackets nested more than 16 deep"),
    "never closed": ("model = 'm'\nname = " + "[" * 20_000, 2, "brackets nested more than 16 deep"),
    "dotted key": ("model = 'm'\n" + "a." * 20_000 + "b = 1", 2, "a key of more than 16 parts"),
    "spaced key": ("model = 'm'\n" + "'a' . " * 20_000 + "b = 1", 2, "a key of more than 16 parts"),
    "header": ("model = 'm'\n[" + "a." * 20_000 + "b]", 2, "a key of more than 16 parts"),
    "double header": ("model = 'm'\n\n[[" + "a." * 20_000 + "b]]", 3, "a key of more than 16 parts"),
    "inline key": ("model = 'm'\nname = [\n{" + "a." * 20_000 + "b = 1}]", 3, "a key of more than 16 parts"),
    "quoted inline key": ("model = 'm'\nname = {" + "'a'." * 20_000 + "b = 1}", 2, "a key of more than 16 parts"),
    "400 digits": (f"model = 'm'\n[micro]\narena_bytes = {BIG}", 3, "a whole number beyond 64 bits"),
    "5,000 digits": (f"model = 'm'\n[micro]\narena_bytes = {HUGE}", 3, "a whole number beyond 64 bits"),
    "negative": (f"model = 'm'\n[micro]\narena_margin = -{BIG}", 3, "a whole number beyond 64 bits"),
    "just beyond": ("model = 'm'\n[micro]\narena_margin = 9_223_372_036_854_775_808", 3, "beyond 64 bits"),
    "just below": ("model = 'm'\n[micro]\narena_margin = -9223372036854775809", 3, "beyond 64 bits"),
    "hexadecimal": ("model = 'm'\n[micro]\narena_bytes = 0x" + "f" * 5_000, 3, "beyond 64 bits"),
    "octal": ("model = 'm'\n[micro]\narena_bytes = 0o" + "7" * 30, 3, "beyond 64 bits"),
    "binary": ("model = 'm'\n[micro]\narena_bytes = 0b" + "1" * 70, 3, "beyond 64 bits"),
    "in a list": (f"model = 'm'\n[metadata]\nmean = [\n1,\n{BIG}]", 5, "a whole number beyond 64 bits"),
    "surrogate": ('model = "m"\nname = "\\ud800"', 2, "is no valid TOML: Escaped character is not a Unicode scalar"),
    "surrogate bytes": (b'model = "m"\nname = "\xed\xa0\x80"', 2, "is not UTF-8"),
    "latin-1": ('model = "m"\r\n\r\nname = "Größe"'.encode("latin-1"), 3, "is not UTF-8"),
    "UTF-16": ('model = "m"\n'.encode("utf-16"), 1, "is not UTF-8"),
    "NUL": ('model = "m"\nname = "\0"', 2, "is no valid TOML: Illegal character '\\x00'"),
    "date": ("model = 'm'\nname = 1979-05-27T07:32:00Z", 2, "name is a date or a time, and should be a string"),
    "no date": ("model = 'm'\nname = 1979-02-30", 2, "is no valid TOML: Invalid date or datetime"),
    "table twice": ("model = 'm'\n[pi]\n[pi]\n", 3, "is no valid TOML: Cannot declare ('pi',) twice"),
    "key twice": ("model = 'm'\nmodel = 'm'\n", 2, "is no valid TOML: Cannot overwrite a value"),
    "at the end": ("model = 'm'\n\nname =", 3, "is no valid TOML: Invalid value"),
    "open string": ('model = "m"\nname = """' + '\\"""' * 50_000, 2, "is no valid TOML: "),
    "far down": ("# x\n" * 100_000 + "modle = 1", 100_001, "unknown key 'modle'"),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_files_are_one_error_with_the_line_within_a_second(tmp_path: Path, name: str) -> None:
    text, line, what = HARD[name]
    path = tmp_path / "packager.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with within(1), pytest.raises(ConfigError) as caught:
        read_config(path)
    assert caught.value.where == f"{path}:{line}"
    assert what in caught.value.what
    assert len(caught.value.what) < 300


@pytest.mark.parametrize(
    "text",
    [
        "arena_bytes = 9223372036854775807",
        "arena_bytes = 0x7fffffffffffffff",
        "arena_margin = 1_000_000",
        "name = '99999999999999999999999999'",
        'name = """[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n99999999999999999999999999"""',
        "name = 'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v' # [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ],
)
def test_what_only_looks_hard_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "packager.toml"
    path.write_text(f"model = 'm'\n[micro]\n{text}\n")
    read_config(path)


def test_a_number_as_long_as_one_likes_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "packager.toml"
    path.write_text(f"model = 'm'\n[metadata]\nmean = 127.5{'0' * 5_000}\n")
    config = read_config(path)
    assert config.metadata is not None
    assert config.metadata.mean == (127.5,)


def test_a_file_that_is_too_large_says_what_is_the_most(tmp_path: Path) -> None:
    path = tmp_path / "packager.toml"
    path.write_bytes(b"model = 'm'\n" + b"#" * MAX_BYTES)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert (caught.value.what, caught.value.where) == ("cannot be read: it has more than 512 KiB", str(path))


def filled(line: str) -> str:
    """As much of ``line`` as a packager.toml may hold, numbered where it has a place for it."""
    text, number = [], 0
    size = 0
    while size < MAX_BYTES - 100:
        text.append(line.format(number))
        size += len(text[-1])
        number += 1
    return "".join(text)


# The slowest that fit into the limits: what the scanner, tomllib and the reader each dislike.
LARGEST = {
    "comments": filled("# [[[ x\n"),
    "tables": filled("[[a]]\n"),
    "other tables": filled("[a{}]\n"),
    "deep tables": filled("[a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p{}]\n"),
    "keys": filled("k{}=1\n"),
    "dotted keys": filled("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p{}=1\n"),
    "long header, dotted keys": "[a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p]\n" + filled("a.b.c.d.e.f.g.h.p{}=1\n"),
    "a list": "targets = [" + filled("1,") + "]",
    "a list of strings": "golden = [" + filled("'',") + "\n1]",
    "a list of lists": "targets = [" + filled("[[[[[[[[]]]]]]]],") + "]",
    "a string": 'name = """' + filled("\\n\\u0041") + '"""\n[x]',
    "quotes": "name = '''" + filled("x''") + "'''\n[x]",
    "strings": filled("k{}=''\n"),
    "inline": "targets = [" + filled("{{a.b.c.d.e.f.g.h=1}},") + "]",
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files_take_no_longer_than_they_must(tmp_path: Path, name: str) -> None:
    """Half a second; the bound is for machines that are busy, and for growth by the square."""
    path = tmp_path / "packager.toml"
    path.write_text(LARGEST[name])
    with within(1), pytest.raises(ConfigError):
        read_config(path)


# --- lines ----------------------------------------

TEXT = """\
# a = 1
a = 1 # b = 2
"b c" = '''
[t]
x = 1'''
'd' = "[l]\\"" # '''
e.f . "g\\u0041" = [
  { h = 1 }, # ]
  "]",
]
[ t ] # [u]
x = { y = 1, z = [1,
  2] }
[[l]]
"" = 1
[l.m]
n = 1
[[l]]
[[l.o]]
p = 1
[[l.o]]
p = 2
q = 2024-01-01T00:00:00.5
[t.v]
w = \"\"\"x\\\"" \"\"\"\"\"
[e.f.x]
y = 1
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a",), 2),
        (("b c",), 3),
        (("d",), 6),
        (("e",), 7),
        (("e", "f"), 7),
        (("e", "f", "gA"), 7),
        (("e", "f", "gA", 0, "h"), 7),
        (("t",), 11),
        (("t", "x"), 12),
        (("t", "x", "z", 1), 12),
        (("l",), 14),
        (("l", 0), 14),
        (("l", 0, ""), 15),
        (("l", 0, "m"), 16),
        (("l", 0, "m", "n"), 17),
        (("l", 1), 18),
        (("l", 1, "o"), 19),
        (("l", 1, "o", 1, "p"), 22),
        (("l", 1, "o", 1, "q"), 23),
        (("t", "v"), 24),
        (("t", "v", "w"), 25),
        (("e", "f", "x", "y"), 27),
        # What is not there: its table.
        (("t", "nothing"), 11),
        (("l", 1, "o", 0, "nothing"), 19),
        (("l", 7), 14),
        (("nothing", "at all"), None),
    ],
)
def test_lines(keys: tuple[str | int, ...], line: int | None, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    if keys[:3] != ("e", "f", "x"):
        assert tomllib.loads(text.split("[e.f.x]")[0])
    assert read_lines(text).line(keys) == line


def test_what_is_set_is_told_from_what_is_not() -> None:
    lines = read_lines(TEXT)
    for keys in [("a",), ("t", "x"), ("t", "x", "y"), ("l", 1, "o", 0, "p"), ("l", 0)]:
        assert lines.holds(keys), keys
    for keys in [("b",), ("t", "y"), ("l", 2), ("l", 0, "o"), ("nothing", "at all")]:
        assert not lines.holds(keys), keys


def slow_line_of(text: str, keys: tuple[str | int, ...]) -> int:
    """What tomllib itself says: the first statement with which the key is there."""

    def holds(document: Any) -> bool:
        for key in keys:
            if isinstance(key, int):
                document = document if isinstance(document, list) else [document]
                if key >= len(document):
                    return False
            elif not isinstance(document, dict) or key not in document:
                return False
            document = document[key]
        return True

    lines = [line + "\n" for line in text.split("\n")]
    start = 1
    for count in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        if holds(document):
            break
        start = count + 1
    while not lines[start - 1].strip() or lines[start - 1].lstrip().startswith("#"):
        start += 1
    return start


def every_key(document: Any, keys: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    found = [keys] if keys else []
    for key, value in inside:
        found += every_key(value, (*keys, key)) if isinstance(value, dict | list) else [(*keys, key)]
    return found


VALUES = [
    "1", "-1.5e3", "true", "2024-01-01 10:00:00", "'it'", '"a # b"', '"\\"]"', "'\\'", '""', "''",
    '"""\n[x]\n"""', "'''\na = 1\n'''", '"""q""""', "''''q'''''", '"""\\\n  """', "[]", "[[1, 2], [3]]",
    "[\n 1, # ]\n 2,\n]", "{}", "{ a = 1, b.c = [1, { d = 2 }] }", "[{ a = 1 }, { a = 2 }]",
]  # fmt: skip
KEYS = ["a", "b", '"c d"', "'e.f'", '"g\\u0068"', "i . j", "k.l.m", "1", "-"]
HEADERS = ["[t]", "[ t.u ]", '["v w"]', "[[x]]", "[[x.y]]", "[x.z]", "[[t.n]]", "[t.n.o] # [p]"]


def test_lines_are_those_that_tomllib_tells() -> None:
    """Documents by chance, with the old way, which asks tomllib for every line, as the judge."""
    chance = random.Random(1)
    judged = 0
    while judged < 150:
        statements = []
        for _ in range(chance.randint(1, 9)):
            kind = chance.random()
            statements.append(
                chance.choice(HEADERS)
                if kind < 0.3
                else chance.choice(["", "# a = [", "\t"])
                if kind < 0.45
                else f"{chance.choice(KEYS)} = {chance.choice(VALUES)}{chance.choice(['', ' # x', ' '])}"
            )
        text = "\n".join(statements)
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            read_lines(text)  # whatever it is
            continue
        judged += 1
        lines = read_lines(text)
        for keys in every_key(document):
            assert lines.line(keys) == slow_line_of(text, keys), (text, keys)
            assert lines.holds(keys), (text, keys)
            absent = (*keys, "absent")
            inner: Any = document
            for key in keys:
                inner = inner[key]
            if isinstance(inner, dict) and not re.search(r"\{", text):
                assert not lines.holds(absent), (text, absent)


def test_six_thousand_lines_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "packager.toml"
    inputs = "".join(f"[[metadata.inputs]]\nname = 'input {number}'\n\n" for number in range(2_000))
    path.write_text(f"model = 'm'\n{inputs}descripton = 'x'\n")
    with within(1), pytest.raises(ConfigError) as caught:
        read_config(path)
    assert caught.value.where == f"{path}:6002"
