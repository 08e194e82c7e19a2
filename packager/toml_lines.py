"""Where the keys of a TOML document are set, and whether it is of a size and depth that tomllib takes.

tomllib keeps no positions, dies of brackets nested a thousand deep and of numbers of five thousand digits, and takes
time by the square of a key's parts. So this goes over the text first, once: it finds the statements and their keys,
and leaves values and mistakes to tomllib. Where it no longer understands the text, neither does tomllib.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from dataclasses import dataclass, field

MAX_BYTES = 512 << 10
"""What a file may have; read_lines and tomllib take half a second for the worst of that size."""

_DEEPEST = 16
_LARGEST_INT = 2**63 - 1
_LONG_KEY = f"a key of more than {_DEEPEST} parts"

# Strings, the long ones first. Possessive, so that no text makes them try again.
_STRING = r"""
    \"\"\" (?: [^"\\]++ | \\[\s\S] | "(?!"") )*+ "{3,5}
  | '''    (?: [^']++ | '(?!'') )*+ '{3,5}
  | "(?!"") (?: [^"\\\n]++ | \\[^\n] )*+ "
  | '(?!'') [^'\n]*+ '
"""
_BLANK = re.compile(r"(?: [ \t\r\n]++ | \#[^\n]*+ )*+", re.VERBOSE)
_KEY_PART = re.compile(rf"[ \t]*+ (?: ([A-Za-z0-9_-]++) | ({_STRING}) ) [ \t]*+ (\.)?", re.VERBOSE)
_VALUE = re.compile(
    rf"""
    (?P<gap> [ \t\r\n,=]++ )
  | (?P<word> [^\s\[\]{{}},="'\#]++ )
  | (?P<string> {_STRING} )
  | (?P<open> [\[{{]++ )
  | (?P<close> [\]}}]++ )
  | (?P<comment> \#[^\n]*+ )
    """,
    re.VERBOSE,
)
_BRACKETS = re.compile(r"\[{0,2}")
_DECIMAL = re.compile(r"[+-]?[0-9_]{19,}")
_OTHER_INT = re.compile(r"0[xob][0-9A-Fa-f_]{16,}")

Keys = tuple[str | int, ...]
"""Where a value stands in the document: keys of tables, and indices of lists."""


class TooMuchError(ValueError):
    """What a packager.toml never needs, and tomllib cannot take."""

    def __init__(self, line: int, what: str) -> None:
        """``what`` is a noun; ``line`` counts from 1."""
        super().__init__(f"{what} (at line {line})")
        self.line = line
        self.what = what


@dataclass
class _Node:
    """A table or a value. ``tables`` are those of ``[[name]]``; what is inside a value has no nodes."""

    line: int
    children: dict[str, _Node] = field(default_factory=dict)
    tables: list[_Node] | None = None
    is_value: bool = False


@dataclass(frozen=True)
class Lines:
    """The lines of a document's keys."""

    _root: _Node

    def line(self, keys: Keys) -> int | None:
        """The line, from 1, of the statement that first sets the value at ``keys``.

        Where it is not set, that of the innermost table around it; None where there is none of these either.
        """
        return self._find(keys)[0].line or None

    def holds(self, keys: Keys) -> bool:
        """Whether the value at ``keys`` is set, or is inside of a value that is."""
        return self._find(keys)[1]

    def _find(self, keys: Keys) -> tuple[_Node, bool]:
        node = self._root
        for key in keys:
            inner: _Node | None = None
            if isinstance(key, str):
                inner = node.children.get(key)
            elif node.tables is None:
                inner = node  # A single value may stand without brackets.
            elif key < len(node.tables):
                inner = node.tables[key]
            if inner is None:
                return node, node.is_value
            node = inner
        return node, True


NO_LINES = Lines(_Node(0))
"""Those of an empty document."""


def read_lines(text: str) -> Lines:
    """Go over a TOML document.

    Raises:
        TooMuchError: it nests more than 16 deep, or holds a whole number beyond 64 bits.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        return bisect_left(self.newlines, at) + 1

    def scan(self) -> Lines:
        root = table = _Node(0)
        while True:
            blank = _BLANK.match(self.text, self.at)
            assert blank is not None  # it matches nothing too
            line = self.line(blank.end())
            brackets = _BRACKETS.match(self.text, blank.end())
            assert brackets is not None
            self.at = brackets.end()
            keys = self.read_keys()
            if not keys:
                return Lines(root)  # the end, or what is no TOML
            if not brackets[0]:
                _enter(table, keys, line).is_value = True
            else:
                table = _enter(root, keys, line)
                if brackets[0] == "[[":
                    table.tables = table.tables or []
                    table.tables.append(_Node(line))
                if table.tables:
                    table = table.tables[-1]
            if not self.skip_value(len(brackets[0])):
                return Lines(root)

    def read_keys(self) -> list[str]:
        """The parts of the dotted key that comes next; none where there is none."""
        keys: list[str] = []
        while part := _KEY_PART.match(self.text, self.at):
            bare, quoted, dot = part.groups()
            if len(keys) == _DEEPEST:
                raise TooMuchError(self.line(self.at), _LONG_KEY)
            try:
                keys.append(bare or _unquote(quoted))
            except tomllib.TOMLDecodeError:
                return []
            self.at = part.end()
            if not dot:
                return keys
        return []

    def skip_value(self, depth: int) -> bool:
        """Go to the end of the statement, with ``depth`` brackets open; False where there is none to be found."""
        dots = 0
        while token := _VALUE.match(self.text, self.at):
            self.at = token.end()
            kind, run = token.lastgroup, token[0]
            if kind == "gap":
                if not depth and "\n" in run:
                    return True
                dots = 0 if "," in run or "=" in run else dots
            elif kind == "word":
                dots += run.count(".")
                if dots >= _DEEPEST:
                    raise TooMuchError(self.line(token.start()), _LONG_KEY)
                if len(run) > 16 and _is_beyond(run):
                    raise TooMuchError(self.line(token.start()), "a whole number beyond 64 bits")
            elif kind == "open":
                dots, depth = 0, depth + len(run)
                if depth > _DEEPEST:
                    at = token.end() - (depth - _DEEPEST)
                    raise TooMuchError(self.line(at), f"brackets nested more than {_DEEPEST} deep")
            elif kind == "close":
                depth = max(0, depth - len(run))
        return False


def _unquote(key: str) -> str:
    if "\\" not in key:
        return key[1:-1]
    text: str = tomllib.loads(f"key = {key}")["key"]
    return text


def _enter(node: _Node, keys: list[str], line: int) -> _Node:
    """The node at ``keys`` in the table ``node``; of tables in a list, it is the last one that goes on."""
    for key in keys:
        if node.tables:
            node = node.tables[-1]
        node = node.children.setdefault(key, _Node(line))
    return node


def _is_beyond(word: str) -> bool:
    digits = word.replace("_", "")
    if _DECIMAL.fullmatch(word):
        return len(digits) > 20 or not -_LARGEST_INT - 1 <= int(digits) <= _LARGEST_INT
    return _OTHER_INT.fullmatch(word) is not None and int(digits, 0) > _LARGEST_INT
