"""The regular expressions at which texts are split into tokens: RE2's, as Python's ``re`` matches the same.

tflite-support and MediaPipe split with RE2 (https://github.com/google/re2/wiki/Syntax), which reads some signs in
another way than Python: ``\\s`` is without the vertical tab, ``[[:punct:]]`` is a class, ``\\x{2014}`` a character.
And RE2 takes a time in proportion to the text, whatever the expression, where Python may try for years. So one part
of RE2's syntax is taken, in which Python cannot go back and try again: an alternative is a row of single characters
and sets, and only its last part may repeat or be a group.
"""

from __future__ import annotations

import re
from functools import cache

# Longer ones are no delimiters, and groups in groups would be read by as many calls in calls.
_LONGEST = 256
# RE2's own limit.
_MOST_REPEATS = 1000

# In a set, RE2's meaning of its classes: \s has no vertical tab.
_CLASSES = {
    "d": r"\d",
    "D": r"\D",
    "w": r"\w",
    "W": r"\W",
    "s": r"\t\n\f\r ",
    "S": r"\S\v",
}
# The classes of POSIX, which RE2 has for ASCII.
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_GROUP = re.compile(r"\((?:\?:|\?P?<[A-Za-z_][A-Za-z0-9_]*>|(?!\?))")
_REPEAT = re.compile(r"[*+?]|\{([0-9]+)(,([0-9]+)?)?\}")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_POSIX_CLASS = re.compile(r"\[:(\^?[a-z]+):\]")
_LOOKAROUND = re.compile(r"\(\?<?[=!]")


class DelimiterError(ValueError):
    """Why an expression is no delimiter, in words that follow it."""


def python_pattern(delimiter: str) -> str:
    """The pattern for ``re.compile(…, re.ASCII)`` that matches as ``delimiter`` does in RE2.

    Raises:
        DelimiterError: RE2 would refuse it, it matches the empty text (which keeps the original looking for ever), or
            it holds what is not taken here: anchors, flags, Unicode classes, repeats before the end.
    """
    return _pattern(delimiter, is_jvm=False)


def jvm_pattern(delimiter: str) -> str:
    """The pattern for ``java.util.regex`` on a JVM, and for ICU's on Android and on iOS, that matches so.

    ICU's own classes are Unicode's. A group that repeats is possessive: nothing behind it could want some of it back,
    and a JVM that keeps the way back to each repeat overflows its stack. A set that repeats is not: of that ICU keeps
    the way back only where it is possessive, and has no room for a million.

    Raises:
        DelimiterError: as ``python_pattern``.
    """
    return _pattern(delimiter, is_jvm=True)


def _pattern(delimiter: str, *, is_jvm: bool) -> str:
    if len(delimiter) > _LONGEST:
        raise DelimiterError(f"has {len(delimiter):,} characters, and at most {_LONGEST} are taken")
    reader = _Reader(delimiter, is_jvm=is_jvm)
    pattern, least = reader.alternatives()
    if reader.rest:
        raise DelimiterError("has a ) without a (")
    _refuse_empty(least)
    return pattern


class _Reader:
    """Reads an expression from its beginning; ``rest`` is what is still to be read."""

    def __init__(self, rest: str, *, is_jvm: bool) -> None:
        self.rest = rest
        self._is_jvm = is_jvm

    def alternatives(self) -> tuple[str, int]:
        """What stands up to a ) or the end, and how many characters it matches at least."""
        found = [self._alternative()]
        while self._take("|"):
            found.append(self._alternative())
        return "|".join(pattern for pattern, _ in found), min(least for _, least in found)

    def _alternative(self) -> tuple[str, int]:
        parts: list[str] = []
        least = 0
        is_over = False
        while self.rest and self.rest[0] not in "|)":
            if is_over:
                raise DelimiterError("repeats something, or has a group, before the end of an alternative")
            is_over = self.rest[0] == "("
            part, size = self._group() if is_over else (self._character(), 1)
            repeat, fewest = self._repeat(is_group=is_over)
            if is_over and repeat.startswith("{"):
                raise DelimiterError("counts a group")
            is_over = is_over or bool(repeat)
            parts.append(part + repeat)
            least += size * fewest
        return "".join(parts), least

    def _take(self, expected: str) -> bool:
        is_next = self.rest.startswith(expected)
        if is_next:
            self.rest = self.rest[len(expected) :]
        return is_next

    def _group(self) -> tuple[str, int]:
        looks = _LOOKAROUND.match(self.rest)
        if looks is not None:
            raise DelimiterError(f"looks around by {looks[0]}, which RE2 does not")
        found = _GROUP.match(self.rest)
        if found is None:
            raise DelimiterError(f"has {self.rest[:4]}, a flag or a group of a kind that is not taken")
        self.rest = self.rest[found.end() :]
        pattern, least = self.alternatives()
        if not self._take(")"):
            raise DelimiterError("has a ( without a )")
        _refuse_empty(least)
        return f"(?:{pattern})", least

    def _repeat(self, *, is_group: bool) -> tuple[str, int]:
        """A repeat with its least number, ("", 1) where none follows."""
        found = _REPEAT.match(self.rest)
        if found is None:
            return "", 1
        fewest = 1 if found[0] == "+" else 0
        if found[1] is not None:
            fewest = int(found[1])
            most = int(found[3]) if found[3] else fewest
            if max(fewest, most) > _MOST_REPEATS or most < fewest:
                raise DelimiterError(f"repeats by {found[0]}, beyond what RE2 takes")
        self.rest = self.rest[found.end() :]
        lazy = "?" if self._take("?") else ""
        if _REPEAT.match(self.rest):
            raise DelimiterError(f"repeats a repeat by {found[0]}{lazy}{self.rest[0]}")
        return found[0] + (lazy or ("+" if self._is_jvm and is_group else "")), fewest

    def _character(self) -> str:
        """One character, or a set of which it is one."""
        found = self._python_character()
        return _jvm_set(found) if self._is_jvm else found

    def _python_character(self) -> str:
        char, self.rest = self.rest[0], self.rest[1:]
        if char == "[":
            return self._set()
        if char == "\\":
            found = self._escape()
            if not _is_class(found):
                return _literal(found)
            return f"[{found}]" if len(found) > 2 else found
        if char in "^$":
            raise DelimiterError(f"has the anchor {char}")
        if char in "*+?":
            raise DelimiterError(f"has {char} behind nothing")
        return char if char == "." else _literal(char)

    def _set(self) -> str:
        items = ["^" if self._take("^") else ""]
        is_first = True
        while is_first or not self._take("]"):
            is_first = False
            posix = _POSIX_CLASS.match(self.rest)
            if posix is not None:
                if posix[1] not in _POSIX:
                    raise DelimiterError(f"has the class {posix[0]}")
                items.append(_POSIX[posix[1]])
                self.rest = self.rest[posix.end() :]
                continue
            first = self._member()
            if _is_class(first) or not self.rest.startswith("-") or self.rest.startswith("-]"):
                items.append(_in_set(first))
                continue
            self._take("-")
            last = self._member()
            if _is_class(last) or first > last:
                raise DelimiterError("has a range in a set that does not go up")
            items.append(f"{_in_set(first)}-{_in_set(last)}")
        return f"[{''.join(items)}]"

    def _member(self) -> str:
        """A character of a set, or one of the classes."""
        if not self.rest:
            raise DelimiterError("has a [ without a ]")
        char, self.rest = self.rest[0], self.rest[1:]
        return self._escape() if char == "\\" else char

    def _escape(self) -> str:
        """The character that stands behind a backslash, or a class as it stands in a set."""
        char = self.rest[:1]
        code = _HEX.match(self.rest)
        if code is not None:
            self.rest = self.rest[code.end() :]
            number = int(code[1] or code[2], 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise DelimiterError(f"has \\{code[0]}, which is no character")
            return chr(number)
        self.rest = self.rest[1:]
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isdigit():
            raise DelimiterError(f"has the backreference \\{char}, which RE2 has not")
        if char.isalpha() or not char.isascii() or not char:
            raise DelimiterError(f"has \\{char}, which is not taken")
        return char


def _jvm_set(python: str) -> str:
    """A character or a set of Python's as the JVM has it, spelled out."""
    found = [match.span() for match in re.finditer(f"{python}+", _all_characters(), re.ASCII)]
    if len(found) == 1 and found[0][1] - found[0][0] == 1:
        return _jvm_character(found[0][0])
    # What goes on to the last character is told by what it leaves out.
    is_negated = bool(found) and found[-1][1] == len(_all_characters())
    ends = [0, *(end for span in found for end in span), len(_all_characters())]
    left_out = [span for span in zip(ends[::2], ends[1::2], strict=True) if span[0] < span[1]]
    if is_negated and left_out:
        return f"[^{''.join(map(_jvm_range, left_out))}]"
    return f"[{''.join(map(_jvm_range, found))}]" if found else f"[^{_jvm_range((0, len(_all_characters())))}]"


@cache
def _all_characters() -> str:
    return "".join(map(chr, range(0x110000)))


def _jvm_range(span: tuple[int, int]) -> str:
    first, last = span[0], span[1] - 1
    middle = "" if last == first + 1 else "-"
    return _jvm_character(first) + (middle + _jvm_character(last) if last > first else "")


def _jvm_character(code: int) -> str:
    char = chr(code)
    if char.isascii() and (char.isalnum() or char in "_ "):
        return char
    # A backslash before any other sign of ASCII means that sign.
    return f"\\{char}" if "!" <= char <= "~" else f"\\x{{{code:x}}}"


def _refuse_empty(least: int) -> None:
    if not least:
        raise DelimiterError("matches the empty text")


def _is_class(member: str) -> bool:
    return len(member) > 1


def _literal(char: str) -> str:
    return f"\\{char}" if char in ".^$*+?{}[]|()\\" else _visible(char)


def _in_set(member: str) -> str:
    """A member of a set; Python would read a doubled sign as an operation between sets."""
    if _is_class(member):
        return member
    return f"\\{member}" if member in "\\]^-[&~|" else _visible(member)


def _visible(char: str) -> str:
    """``char`` as people see it in a pattern."""
    # A pattern with a quote would be written in two ways, by which formatter it goes through.
    if char.isprintable() and char != '"':
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\U{ord(char):08x}"
