"""Literals of the generated languages: each text comes out of the real compiler or parser as itself."""

from __future__ import annotations

import ast
import json
import random
import re
import struct
import subprocess
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

from packager.render import literals
from packager.render.literals import FILTERS, comment, cpp_string, float32, markdown
from tests.conftest import HOSTILE_LABELS, require_tools

TEXTS = [
    *HOSTILE_LABELS,
    "",
    " ",
    "plain",
    '"',
    '""',
    '"""',
    'ends with a quote"',
    "'''",
    "\\",
    "\\\\",
    "\\n",
    "*\\",
    "\\*",
    "/*",
    "*/",
    "/*/",
    "*/*",
    "**/ /**/",
    "//",
    "??/",
    "??\\",
    "??=??(??)??!??<??>??-??'",
    "a\rb",
    "a\r\nb\n",
    "a\0b",
    "\0" + "7",
    "\x01" + "9f",
    "\x7f\x80\x85\x9f",
    "é" + "1",
    "\u2028line\u2029paragraph",
    "\u202eevil\u2066\u2069\u200f\u061c",
    "\ufeffbom",
    "\U000e0041tag",
    "\ue000private",
    "\U0010ffff\ufffe",
    "👩\u200d👩\u200d👧\u200d👦 🇩🇪",
    "\u0301combining",
    "𝕏 𐍈",
    "${x}$y\\(z)#{w}%s{0}{{jinja}}{% if %}",
    "<b>&amp;</b><!-- -- --> ]]>",
    "u0041\\u0041\\x41\\101\\N{BULLET}",
    'R"(raw)"',
    "#define X\n#include <x>",
    "=cmd|' /C calc'!A0",
    "x" * 70_000,
    "ünï" * 3_000,
]
# Half a surrogate pair: no file can hold it, but a name from the file system can.
BROKEN = ["\ud800", "a\udcffb", "\udc00\ud800"]


def short(text: str) -> str:
    return ascii(text[:30])


def whole(text: str) -> str:
    """``text`` as languages hold it that have no half surrogate pairs."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def visible(text: str) -> str:
    """What a comment shows: control and format characters are spaces, runs of spaces are one."""
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return " ".join("".join(" " if unicodedata.category(c) in hidden else c for c in text).split())


def run_cpp(source: str, folder: Path, *options: str) -> bytes:
    require_tools("g++", install="apt-get install g++")
    (folder / "main.cpp").write_text(source, "utf-8")
    warnings = ["-Wall", "-Wextra", "-Wtrigraphs", "-Werror"]
    command = ["g++", "-std=c++14", *warnings, *options, "main.cpp", "-o", "program"]
    compiled = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr[:4000]
    return subprocess.run([folder / "program"], capture_output=True, check=True).stdout


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_python(text: str) -> None:
    assert ast.literal_eval(literals.python_string(text)) == text


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_json(text: str) -> None:
    assert json.loads(literals.json_string(text)) == text
    assert literals.json_string(text).isascii()


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_toml(text: str) -> None:
    assert tomllib.loads(f"key = {literals.toml_string(text)} # comment")["key"] == whole(text)


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_xml(text: str) -> None:
    # XML 1.0, production 2: the characters that a document may hold.
    expected = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", text)
    escaped = literals.xml_text(text)
    element = ET.fromstring(f"""<a b="{escaped}" c='{escaped}'>{escaped}</a>""".encode())
    assert (element.text or "", element.get("b"), element.get("c")) == (expected,) * 3


@pytest.mark.cpp
def test_cpp(tmp_path: Path) -> None:
    """The strings of one program, and each text in comments of both kinds between them."""
    parts = ["#include <cstdio>\n#include <string>\nstatic int count = 0;\nint main() {\n"]
    for text in TEXTS + BROKEN:
        parts.append(
            f"  {{ static const char text[] = {cpp_string(text)};\n"
            "    std::fwrite(text, 1, sizeof text, stdout); std::fputc('\\n', stdout); }\n"
            f"  // {comment(text)}\n"
            f"  ++count;  // {comment(text)}\n"
            f"  /* {comment(text)} */ ++count; /** {comment(text)}. */\n"
        )
    parts.append(f"  return count == {2 * len(TEXTS + BROKEN)} ? 0 : 1;\n}}\n")
    output = run_cpp("".join(parts), tmp_path, "-Wno-overlength-strings")
    assert output == b"".join(whole(text).encode() + b"\0\n" for text in TEXTS + BROKEN)


@pytest.mark.cpp
def test_cpp_float32(tmp_path: Path) -> None:
    """C++ reads the decimal as a float32 straight away, and not through a double as Python does."""
    values = float_bits(20_000)
    literal = ",\n".join(f"{float32(value)}f" for value in values)
    output = run_cpp(
        "#include <cstdio>\n"
        f"static const float values[] = {{\n{literal}}};\n"
        "int main() { return std::fwrite(values, sizeof(float), sizeof values / sizeof(float), stdout) ? 0 : 1; }\n",
        tmp_path,
    )
    assert output == np.array(values, np.float32).tobytes()


def float_bits(count: int) -> list[float]:
    """Finite float32 values of all kinds: the edges, powers of two and ten, and seeded bit patterns."""
    edges = [0.0, -0.0, 1.0, 0.1, 1 / 3, 1 / 255, 0.00390625, 127.5, 16777216.0, 16777217.0, 123456789.0]
    edges += [struct.unpack("<f", struct.pack("<I", bits))[0] for bits in (1, 2, 0x7FFFFF, 0x800000, 0x7F7FFFFF)]
    edges += [2.0**power for power in range(-149, 128)] + [float(f"1e{power}") for power in range(-45, 39)]
    generator = random.Random(0)
    patterns = (struct.unpack("<f", generator.randbytes(4))[0] for _ in range(count))
    denormals = (struct.unpack("<f", struct.pack("<I", generator.getrandbits(23)))[0] for _ in range(count // 10))
    return [value for value in (*edges, *patterns, *denormals) if abs(value) <= float.fromhex("0x1.fffffep127")]


def test_float32_reads_back() -> None:
    for value in float_bits(20_000):
        text = float32(value)
        packed = struct.pack("<f", value)
        assert struct.pack("<f", float(text)) == packed, text
        assert re.fullmatch(r"-?\d+\.\d+(e[+-]\d+)?", text), text
        assert tomllib.loads(f"x = {text}")["x"] == float(text)
        assert json.loads(text) == float(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1, "1.0"),
        (127.5, "127.5"),
        (1 / 255, "0.003921569"),
        (0.1, "0.1"),
        (1e-45, "1.0e-45"),
        (3.4028234663852886e38, "3.4028235e+38"),
        (1e10, "1.0e+10"),
        (6.2831855, "6.2831855"),
    ],
)
def test_float32_is_short(value: float, expected: str) -> None:
    assert float32(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e39, -3.5e38, 1e300])
def test_float32_refuses(value: float) -> None:
    with pytest.raises(ValueError, match=re.escape(str(value))):
        float32(value)


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_comment_in_python(text: str) -> None:
    source = f'"""{comment(text)}"""\n"""A. {comment(text)}: b."""\n# {comment(text)}\nx = 1  # {comment(text)}\n'
    module = ast.parse(source)
    assert [type(statement) for statement in module.body] == [ast.Expr, ast.Expr, ast.Assign]
    assert ast.get_docstring(module, clean=False) == comment(text)


@pytest.mark.parametrize("text", TEXTS + BROKEN, ids=short)
def test_comment_is_one_line_of_visible_text(text: str) -> None:
    line = comment(text)
    assert line == visible(line)
    assert len(line.splitlines()) <= 1
    # Kotlin and Swift nest comments, so the start of one matters as much as its end.
    assert not re.search(r'/\*|\*/|\\|\?\?/|"""|"$', line)
    # Nothing else is lost.
    assert re.sub(r"[\s\"']", "", line) == re.sub(r"[\s\"']", "", visible(text).replace("\\", "/"))


@pytest.mark.parametrize("text", ["plain", "a / b * c", "“quoted” – 100 %", "it's", "עברית", "x ? y : z", "50 $"])
def test_comment_leaves_plain_text_alone(text: str) -> None:
    assert comment(text) == text


MARKDOWN_STARTS = [
    "- a",
    "+ a",
    "* a",
    "1. a",
    "12) a",
    "# a",
    "> a",
    "=== a",
    "---",
    "~~~",
    "```",
    "| a | b |",
    "[a]: b",
]
MARKDOWN_TEXTS = [
    *MARKDOWN_STARTS,
    "`code` *a* _b_ **c** __d__ ~~e~~",
    "[link](http://x) ![picture](x) <http://x> <b>html</b> [^1]",
    "&amp; &lt; &#65;",
    "a | b || c",
    "2 * 3 * 4_000_000",
    "$x^2$ and $$y$$",
    "1.5 and 2",
]


def shown_by_markdown(source: str) -> list[str]:
    """The visible text of each block of a Markdown document, with GitHub's tables and strikethrough."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    allowed = {"paragraph_open", "paragraph_close", "heading_open", "heading_close", "inline"}
    kinds = {token.type for token in tokens if not re.match("(table|thead|tbody|tr|th|td)_", token.type)}
    assert kinds <= allowed, kinds
    blocks = []
    for token in tokens:
        if token.type == "inline":
            children: Sequence[object] = token.children or ()
            assert {child.type for child in token.children or ()} <= {"text", "text_special"}, children
            blocks.append("".join(child.content for child in token.children or ()))
    return blocks


@pytest.mark.parametrize("text", [text for text in TEXTS + MARKDOWN_TEXTS if visible(text)], ids=short)
def test_markdown_shows_the_text(text: str) -> None:
    expected = visible(text)
    source = f"# {markdown(text)}\n\n{markdown(text)}\n\n| a | b |\n| --- | --- |\n| {markdown(text)} | c |\n"
    assert shown_by_markdown(source) == [expected, expected, "a", "b", expected, "c"]


def test_kotlin() -> None:
    """By the grammar of Kotlin's strings, since its compiler is slow; the target's tests compile them."""
    for text in TEXTS + BROKEN:
        literal = literals.kotlin_string(text)
        assert literal[0] == literal[-1] == '"'
        body = literal[1:-1]
        assert re.fullmatch(r'([^"\\$\x00-\x1f]|\\["\\$]|\\u[0-9a-f]{4})*', body)
        units = re.sub(r"\\u([0-9a-f]{4})|\\(.)", lambda found: found[2] or chr(int(found[1], 16)), body)
        # UTF-16 code units, as the JVM holds them.
        assert units.encode("utf-16-le", "surrogatepass") == text.encode("utf-16-le", "surrogatepass")


def test_swift() -> None:
    """By the grammar of Swift's strings, as for Kotlin."""
    for text in TEXTS + BROKEN:
        literal = literals.swift_string(text)
        assert literal[0] == literal[-1] == '"'
        body = literal[1:-1]
        assert re.fullmatch(r'([^"\\\x00-\x1f]|\\["\\]|\\u\{[0-9a-f]{1,8}\})*', body)
        decoded = re.sub(r"\\u\{([0-9a-f]+)\}|\\(.)", lambda found: found[2] or chr(int(found[1], 16)), body)
        assert decoded == whole(text)


def test_no_filter_lets_a_hidden_character_through() -> None:
    hidden = [
        chr(code) for code in range(0x11_0000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    for name, text_filter in FILTERS.items():
        if name != "float32":
            assert visible(text_filter(f"a{''.join(hidden)}b")).isprintable(), name
            assert not set(text_filter(f"a{''.join(hidden)}b")) & set(hidden), name
