"""Text and numbers as literals of the generated languages.

Labels, tensor names and descriptions come from files of strangers. They reach generated code only through these
functions, as filters in the templates. Line breaks, quotes and control characters are escaped; so are format
characters (Unicode category Cf, for example right-to-left overrides), which would let a label show a reader
other code than the compiler sees.
"""

from __future__ import annotations

import html
import json
import math
import re
import struct
import unicodedata
from collections.abc import Callable

from packager.terminal import is_active, visible


def _is_plain(character: str) -> bool:
    return not is_active(character)


def _utf16(character: str) -> str:
    units = struct.iter_unpack("<H", character.encode("utf-16-le", "surrogatepass"))
    return "".join(f"\\u{unit:04x}" for (unit,) in units)


def _without_surrogates(text: str) -> str:
    return "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in text)


def _one_line(text: str) -> str:
    return " ".join("".join(c if _is_plain(c) else " " for c in text).split())


def kotlin_string(text: str) -> str:
    """A Kotlin string literal; ``$`` is escaped, so nothing is interpolated."""
    return '"' + "".join("\\" + c if c in '"\\$' else c if _is_plain(c) else _utf16(c) for c in text) + '"'


def swift_string(text: str) -> str:
    """A Swift string literal; half a surrogate pair, which Swift cannot hold, becomes U+FFFD."""
    whole = _without_surrogates(text)
    return '"' + "".join("\\" + c if c in '"\\' else c if _is_plain(c) else f"\\u{{{ord(c):x}}}" for c in whole) + '"'


def python_string(text: str) -> str:
    """A Python string literal in double quotes, as ruff and black write it."""

    def escape(character: str) -> str:
        if character in '"\\':
            return "\\" + character
        if _is_plain(character):
            return character
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"

    return '"' + "".join(map(escape, text)) + '"'


def toml_string(text: str) -> str:
    """A TOML basic string; half a surrogate pair, which TOML cannot hold, becomes U+FFFD."""
    return python_string(_without_surrogates(text))


def cpp_string(text: str) -> str:
    """A C++ string literal that holds ``text`` as UTF-8; half a surrogate pair becomes U+FFFD.

    Octal escapes take three digits at most, so a digit may follow one; ``?`` is escaped against trigraphs, which
    C++14 still has.
    """

    def escape(character: str) -> str:
        if character in '"\\?':
            return "\\" + character
        if _is_plain(character):
            return character
        return "".join(f"\\{byte:03o}" for byte in character.encode())

    return '"' + "".join(map(escape, _without_surrogates(text))) + '"'


def json_string(text: str) -> str:
    """A JSON string in ASCII; it is a YAML string too."""
    return json.dumps(text, ensure_ascii=True)


def comment(text: str) -> str:
    """``text`` on one line, for a comment of any of the languages: it cannot end the comment."""
    # A backslash (or its trigraph) at the end of a // line would take the next line into the comment, and
    # Kotlin and Swift nest /* */. Three quotes would end a Python docstring, and so would one in front of its end.
    line = _one_line(text).replace("\\", "/").replace("??/", "?? /")
    line = line.replace("*/", "* /").replace("/*", "/ *").replace('"""', "'''")
    return line[:-1] + "'" if line.endswith('"') else line


def xml_text(text: str) -> str:
    """``text`` as XML character data or attribute value; what XML cannot hold becomes a space."""

    def escape(character: str) -> str:
        if _is_plain(character):
            return html.escape(character)
        code = ord(character)
        forbidden = (code < 0x20 and character not in "\t\n\r") or 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF)
        return " " if forbidden else f"&#x{code:x};"

    return "".join(map(escape, text))


def android_string(text: str) -> str:
    """``text`` as the content of a ``<string>`` of Android's resources, in one line.

    Behind XML's own escapes, a backslash escapes quotes, which would keep white space, and ``@`` and ``?``, which
    refer to something where they come first.
    """
    line = "".join("\\" + c if c in "\\'\"@?" else c for c in _one_line(text))
    return html.escape(_without_surrogates(line), quote=False)


def html_text(text: str) -> str:
    """``text`` as HTML text or the value of an attribute in quotes: no tags, no entities, nothing invisible.

    What would steer its reader (right-to-left overrides, control characters) is shown as what it is, ``\\u202e``;
    line breaks stay.
    """
    return html.escape(visible(text, keep="\n"))


def markdown(text: str) -> str:
    """``text`` on one line of Markdown, shown as it is, also where it begins the line."""
    line = "".join("\\" + c if c in "\\`*_[]#|~!$" else html.escape(c, quote=False) for c in _one_line(text))
    # At the start of a line these would make a list, a rule or a heading.
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub("^([-+=])", r"\\\1", line))


def float32(value: float) -> str:
    """The shortest decimal literal that reads back as the same float32, always with a point or an exponent.

    Raises:
        ValueError: ``value`` is not finite or beyond float32.
    """
    exact = _nearest_float32(value)
    if not math.isfinite(exact):
        raise ValueError(f"{value} is no finite number of float32's range")
    for digits in range(1, 10):
        text = f"{exact:.{digits}g}"
        if _nearest_float32(float(text)) == exact:
            break
    return text if "." in text else text.replace("e", ".0e") if "e" in text else text + ".0"


def _nearest_float32(value: float) -> float:
    try:
        (nearest,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(nearest)


FILTERS: dict[str, Callable[..., str]] = {
    "kotlin_string": kotlin_string,
    "swift_string": swift_string,
    "python_string": python_string,
    "cpp_string": cpp_string,
    "json_string": json_string,
    "toml_string": toml_string,
    "comment": comment,
    "xml_text": xml_text,
    "android_string": android_string,
    "markdown": markdown,
    "float32": float32,
}
