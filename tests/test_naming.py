"""Names for generated code: identifiers in every language, whatever the text they are made from."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest

from packager.errors import ConfigError
from packager.render.naming import PackageName, PascalName, ProjectName, SnakeName, unique
from tests.bounds import within
from tests.conftest import HOSTILE_LABELS, require_tools

NAMES = [
    # text, SnakeName, PascalName
    ("digits", "digits", "Digits"),
    ("Digits Classifier", "digits_classifier", "DigitsClassifier"),
    ("mobilenet_v1_0.25_128_quant", "mobilenet_v1_0_25_128_quant", "MobilenetV1025128Quant"),
    ("serving_default_dense_input:0", "serving_default_dense_input_0", "ServingDefaultDenseInput0"),
    ("", "model", "Net"),
    (" \t ", "model", "Net"),
    ("--", "model_d8156b", "ModelD8156b"),
    ("\ue000", "model_d3bff2", "ModelD3bff2"),
    ("\ue001", "model_5af0ac", "Model5af0ac"),
    ("\ud800", "model_91a681", "Model91a681"),
    ("🐈", "cat2", "Cat2"),
    ("מודל", "mvdl", "Mvdl"),
    ("鳥", "niao", "Niao"),
    ("犬", "quan", "Quan"),
    ("日本", "riben", "RiBen"),
    ("日本語", "ribenyu", "RiBenYu"),
    ("кошка", "koshka", "Koshka"),
    ("объект 2", "obekt_2", "Obekt2"),
    ("Größe é", "grosse_e", "GrosseE"),
    # The same letters, composed and taken apart as macOS hands file names out.
    ("caf\u00e9 \u304c \ud55c", "cafe_ga_han", "CafeGaHan"),
    ("cafe\u0301 \u304b\u3099 \u1112\u1161\u11ab", "cafe_ga_han", "CafeGaHan"),
    ("ｆｕｌｌ１", "full1", "Full1"),
    ("\u202egnp", "gnp", "Gnp"),
    ("../../etc/passwd", "etc_passwd", "EtcPasswd"),
    ("a\nb\0c", "a_b_c", "ABC"),
    ('"; drop()', "drop", "Drop"),
    ("7", "m7", "M7"),
    ("3d", "m3d", "M3d"),
    ("3D net", "m3d_net", "M3DNet"),
    ("224", "m224", "M224"),
    ("class", "class_model", "Class"),
    ("input", "input", "Input"),
    ("Model", "model", "ModelNet"),
    ("self", "self_model", "SelfNet"),
    ("float", "float_model", "FloatNet"),
    ("co-await", "co_await_model", "CoAwait"),
    ("True", "true_model", "TrueNet"),
    ("con", "con_model", "ConNet"),
    ("LPT1", "lpt1_model", "LPT1Net"),
    ("x" * 5000, "x" * 100, "X" + "x" * 99),
    ("x" * 99 + " y", "x" * 99, "X" + "x" * 98 + "Y"),
]


@pytest.mark.parametrize(("text", "snake", "pascal"), NAMES)
def test_names(text: str, snake: str, pascal: str) -> None:
    assert SnakeName.of(text) == snake
    assert PascalName.of(text) == pascal


def test_names_of_names_stay_as_they_are() -> None:
    for text, snake, pascal in NAMES:
        assert SnakeName.of(snake) == snake, text
        assert PascalName.of(pascal) == pascal, text


# Python's own list, and as the languages' references have them: C++20's with the alternative spellings, Kotlin's hard
# ones, those that Swift reserves in declarations, statements and expressions, Java's.
KEYWORDS = [
    *keyword.kwlist,
    *"""
alignas alignof asm auto bool break case catch char char8_t char16_t char32_t class concept const consteval constexpr
constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new noexcept nullptr operator
private protected public register reinterpret_cast requires return short signed sizeof static static_assert
static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned using
virtual void volatile wchar_t while and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq
as fun in interface is null object package super typealias typeof val var when
associatedtype deinit extension fileprivate func import init inout internal let open precedencegroup protocol
rethrows subscript defer fallthrough guard repeat where any await self nil throws async
abstract assert boolean byte extends final finally implements instanceof native strictfp synchronized transient
""".split(),
]


def test_no_name_is_a_keyword() -> None:
    assert {SnakeName.of(word) for word in KEYWORDS} & set(KEYWORDS) == set()
    assert {PascalName.of(word) for word in KEYWORDS} & set(KEYWORDS) == set()


@pytest.mark.cpp
def test_a_compiler_takes_the_names(tmp_path: Path) -> None:
    require_tools("g++", install="apt-get install g++")
    texts = [*(text for text, _, _ in NAMES), *HOSTILE_LABELS, *KEYWORDS, "linux", "unix", "errno", "main", "assert"]
    variables = unique([SnakeName.of(text) for text in texts])
    types = unique([PascalName.of(text) for text in texts])
    source = tmp_path / "names.cpp"
    source.write_text(
        "#include <cassert>\n#include <cerrno>\n#include <cmath>\n#include <cstdio>\n"
        + "".join(f"namespace model_code {{ struct {name} {{}}; }}\n" for name in types)
        + "int sum() {\n"
        + "".join(f"  int {name} = 1;\n" for name in variables)
        + "  return "
        + " + ".join(variables)
        + ";\n}\n"
    )
    # The GNU dialect, for it predefines `linux` and `unix`.
    command = ["g++", "-std=gnu++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", str(source)]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr


@pytest.mark.parametrize(
    "text",
    ["com.example.digits", "a.b", "org.x_1.y2", "com.data.open.value", "com.KewlApps.Birds", "com.javax.android"],
)
def test_package_name(text: str) -> None:
    assert PackageName.parse(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "two or more words"),
        ("digits", "two or more words"),
        (".", "two or more words"),
        ("com.", "two or more words"),
        (".com", "two or more words"),
        ("com..digits", "two or more words"),
        ("com.1a", "two or more words"),
        ("com._a", "two or more words"),
        ("com.a-b", "two or more words"),
        ("com.a b", "two or more words"),
        ("com.ä", "two or more words"),
        ("com.a\n", "two or more words"),
        ("com/example", "two or more words"),
        ("../..", "two or more words"),
        ("com.example.class", "'class' is a keyword"),
        ("com.example.object", "'object' is a keyword"),
        ("when.example", "'when' is a keyword"),
        ("com.int.digits", "'int' is a keyword"),
        ("java.digits", "java belongs to the platform"),
        ("javax.digits", "javax belongs to the platform"),
        ("kotlin.digits", "kotlin belongs to the platform"),
        ("kotlinx.digits", "kotlinx belongs to the platform"),
        ("android.digits", "android belongs to the platform"),
        ("androidx.digits", "androidx belongs to the platform"),
        ("dalvik.digits", "dalvik belongs to the platform"),
        ("com." + "x" * 220, "224 characters"),
    ],
)
def test_package_name_refuses(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(text))) as caught:
        PackageName.parse(text)
    assert why in str(caught.value)


def test_every_name_makes_a_package() -> None:
    texts = [*(text for text, _, _ in NAMES), *HOSTILE_LABELS, *KEYWORDS, "java", "android", "Any"]
    for text in texts:
        package = f"com.example.{SnakeName.of(text)}"
        assert PackageName.parse(package) == package


@pytest.mark.parametrize(
    "text", ["digits", "Night Owl 2", "鳥", "🐈", "\ue000", "x" * 64, "é" * 64, "3d", "a\u200db", "--a"]
)
def test_project_name(text: str) -> None:
    assert ProjectName.parse(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("  ", "holds no letter and no digit"),
        ("\u3000\u200b", "holds no letter and no digit"),
        ("-._!", "holds no letter and no digit"),
        ("—", "holds no letter and no digit"),
        ("bird\n", "holds the control character '\\n'"),
        ("bird\x1b[31m", "holds the control character '\\x1b'"),
        ("bird\x00", "holds the control character '\\x00'"),
        ("x" * 65, "has 65 characters, and 64 are the most"),
        ("é" * 65, "has 65 characters, and 64 are the most"),
        ("鳥" * 17, "is spelled with 68 letters, and 64 are the most"),
    ],
)
def test_project_name_refuses(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)) as caught:
        ProjectName.parse(text)
    assert text == "" or repr(text)[:20] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("digits", None),
        ("Night Owl 2", None),
        ("café—noir", None),
        ("class", None),
        ("鳥", "niao"),
        ("bird 鳥", "bird_niao"),
        ("Größe", "grosse"),
        ("🐈", "cat2"),
        ("\ue000", "model_d3bff2"),
    ],
)
def test_a_spelling_that_nobody_would_guess(text: str, spelling: str | None) -> None:
    assert ProjectName.parse(text).surprising_spelling == spelling


def test_ascii_names_load_no_tables() -> None:
    """`--help` and `inspect` import this module; the tables of all scripts are for names that need them."""
    code = (
        "import sys; from packager.render.naming import SnakeName; SnakeName.of('digits');"
        "loaded = 'anyascii' in sys.modules; SnakeName.of('鳥'); print(loaded, 'anyascii' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ()),
        (["a", "b"], ("a", "b")),
        (["a", "a", "a"], ("a", "a_2", "a_3")),
        (["a", "A"], ("a", "A_2")),
        (["a", "a", "a_2"], ("a", "a_2", "a_2_2")),
        (["a_2", "a", "a"], ("a_2", "a", "a_3")),
        (["a", "a", "a_2", "a", "a_2", "A_2", "A"], ("a", "a_2", "a_2_2", "a_3", "a_2_3", "A_2_4", "A_4")),
    ],
)
def test_unique(names: list[str], expected: tuple[str, ...]) -> None:
    assert unique(names) == expected


def test_unique_in_camel_case() -> None:
    assert unique(["a1", "a1", "A", "a", "a12"], "") == ("a1", "a12", "A", "a2", "a122")


def test_unique_takes_a_crowd_of_equal_names() -> None:
    """A damaged or hostile model may name all its tensors alike; the time must grow with their number alone."""
    taken = [f"x_{number}" for number in range(2, 10_002)]
    with within(1):
        names = unique([*taken, *["x", "X"] * 10_000])
    assert len({name.lower() for name in names}) == 30_000
    assert names[:10_003] == (*taken, "x", "X_10002", "x_10003")
