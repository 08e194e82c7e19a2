"""Names that are safe in Kotlin, Swift, Python and C++, made from text that may hold anything."""

from __future__ import annotations

import re
import unicodedata

from packager.errors import ConfigError

# The union of the hard keywords of Kotlin, Java, Swift, Python and C++ (their published grammars), so that one
# name serves every project that is made from a model; words with capitals are listed as they are written. `linux`,
# `unix` and `errno` are macros of C++ compilers and of its library.
_RESERVED = frozenset(
    """
    abstract alignas alignof and and_eq any as asm assert associatedtype async auto await bitand bitor bool
    boolean break byte case catch char char8_t char16_t char32_t class co_await co_return co_yield compl concept
    const const_cast consteval constexpr constinit continue crossinline data decltype def default defer deinit del
    delete do double dynamic_cast elif else enum except explicit export extends extension extern fallthrough false
    fileprivate final finally float for friend from fun func global goto guard if implements import in init inline
    inout instanceof int interface internal is lambda let long main match mutable namespace native new nil
    noexcept nonlocal not not_eq null nullptr object open operator or or_eq package pass precedencegroup private
    protected protocol public raise register reinterpret_cast repeat requires rethrows return self short signed
    sizeof static static_assert static_cast strictfp struct subscript super switch synchronized template test this
    thread_local throw throws transient true try type typealias typedef typeid typename typeof union unsigned
    using val var virtual void volatile wchar_t when where while with xor xor_eq yield
    linux unix errno
    Any None Protocol Self True False Type String Int Float Double Model Interpreter
    """.split()
)

# Windows takes none of these as a file's name, and generated files and folders are called by names from here.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)

# A file's name has 255 bytes at most on most systems, and endings come behind these.
_LONGEST = 100


class SnakeName(str):
    """A lower-case ASCII identifier such as ``digits_classifier``; no keyword of any target language."""

    @classmethod
    def of(cls, text: str) -> SnakeName:
        """The nearest such name to ``text``; ``model`` where nothing of it is left."""
        name = "_".join(word.lower() for word in _words(text)) or "model"
        return cls(_made_safe(name, "m", "_model"))


class PascalName(str):
    """A type name such as ``DigitsClassifier``; no keyword or well-known type of any target language."""

    @classmethod
    def of(cls, text: str) -> PascalName:
        """The nearest such name to ``text``; ``Net`` where nothing of it is left."""
        name = "".join(word[0].upper() + word[1:] for word in _words(text)) or "Net"
        return cls(_made_safe(name, "M", "Net"))


class PackageName(str):
    """A dotted JVM package name such as ``com.example.digits``."""

    @classmethod
    def parse(cls, text: str) -> PackageName:
        """``text`` itself if it is one.

        Raises:
            ConfigError: it is not.
        """
        segments = text.split(".")
        if len(segments) < 2 or not all(
            re.fullmatch(r"[a-z][a-z0-9_]*", segment) and segment not in _RESERVED for segment in segments
        ):
            raise ConfigError(
                f"{text!r} is no package name",
                fix="Write two or more lower-case words joined by dots, none of them a keyword: com.example.digits",
            )
        return cls(text)


def camel_case(name: SnakeName) -> str:
    """``two_words`` as ``twoWords``, as Kotlin and Swift write the names of values."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _words(text: str) -> list[str]:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.findall(r"[A-Za-z0-9]+", ascii_text)


def _made_safe(name: str, prefix: str, suffix: str) -> str:
    name = name[:_LONGEST].rstrip("_")
    if name[0].isdigit():
        name = prefix + name
    return name + suffix if name in _RESERVED or name.lower() in _DEVICES else name


def unique(names: list[str]) -> tuple[str, ...]:
    """``names`` with ``_2``, ``_3``… behind repeated ones (compared without case), in the same order."""
    seen: set[str] = set()
    # The numbers that each name has used up, so that 20,000 equal names do not try them all again and again.
    counts: dict[str, int] = {}
    result = []
    for name in names:
        key = name.lower()
        candidate, count = name, counts.get(key, 1)
        while candidate.lower() in seen:
            count += 1
            candidate = f"{name}_{count}"
        counts[key] = count
        seen.add(candidate.lower())
        result.append(candidate)
    return tuple(result)
