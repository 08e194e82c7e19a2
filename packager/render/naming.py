"""Names that are safe in Kotlin, Swift, Python and C++, made from text that may hold anything."""

from __future__ import annotations

import hashlib
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

# What a package of the JVM must not be called by: Kotlin's hard keywords and Java's, in which the Android Gradle
# Plugin generates classes into the same package.
_JVM_KEYWORDS = frozenset(
    """
    as break class continue do else false for fun if in interface is null object package return super this throw true
    try typealias typeof val var when while
    abstract assert boolean byte case catch char const default double enum extends final finally float goto implements
    import instanceof int long native new private protected public short static strictfp switch synchronized throws
    transient void volatile
    """.split()
)
# The class loader or the compiler refuses classes in these, or the device's own ones hide them.
_PLATFORM_PACKAGES = frozenset({"android", "androidx", "dalvik", "java", "javax", "kotlin", "kotlinx"})
# Android's limit for a package, from which it makes names of files.
_LONGEST_PACKAGE = 223

# A file's name has 255 bytes at most on most systems, and endings come behind these.
_LONGEST = 100
# What people may give a project as its name: enough for any, and short enough that paths stay within all limits.
LONGEST_PROJECT_NAME = 64


class ProjectName(str):
    """What people call a project: any text of 1 to 64 characters with a letter or digit of any script in it."""

    @classmethod
    def parse(cls, text: str) -> ProjectName:
        """``text`` itself if it is one.

        Raises:
            ConfigError: it is not; ``where`` and ``fix`` are for the caller to add, who knows where it came from.
        """
        if not text:
            raise ConfigError("the name is empty")
        if len(text) > LONGEST_PROJECT_NAME:
            raise ConfigError(
                f"the name {text[:40]!r}… has {len(text):,} characters, and {LONGEST_PROJECT_NAME} are the most"
            )
        control = next((character for character in text if unicodedata.category(character) == "Cc"), None)
        if control is not None:
            raise ConfigError(f"the name {text!r} holds the control character {control!r}")
        if not _words(text) and not any(map(_is_written, text)):
            raise ConfigError(f"the name {text!r} holds no letter and no digit")
        letters = len(SnakeName.of(text))
        if letters > LONGEST_PROJECT_NAME:
            raise ConfigError(
                f"the name {text!r} is spelled with {letters} letters, and {LONGEST_PROJECT_NAME} are the most"
            )
        return cls(text)

    @property
    def surprising_spelling(self) -> str | None:
        """How code and files spell it, where that is not what anybody expects: another script, a hash."""
        spelled = "".join(_words(self))
        expected = "".join(filter(str.isalnum, _without_accents(self)))
        return None if spelled and spelled == expected else SnakeName.of(self)


class SnakeName(str):
    """A lower-case ASCII identifier such as ``digits_classifier``; no keyword of any target language."""

    @classmethod
    def of(cls, text: str, default: str = "model") -> SnakeName:
        """The nearest such name to ``text``.

        Other scripts are transliterated: ``niao`` for 鳥. What has no spelling gets ``default`` and a hash of
        ``text`` (``model_d3bff2``), so that two such texts get two names; blank text gets ``default`` alone.
        """
        words = _words(text) or _stand_in(text, default)
        return cls(_made_safe("_".join(words).lower(), "m", "_model"))


class PascalName(str):
    """A type name such as ``DigitsClassifier``; no keyword or well-known type of any target language."""

    @classmethod
    def of(cls, text: str) -> PascalName:
        """The nearest such name to ``text``; ``Net`` for blank text. See ``SnakeName.of``."""
        words = _words(text) or (_stand_in(text, "Model") if text.strip() else ["Net"])
        return cls(_made_safe("".join(word[0].upper() + word[1:] for word in words), "M", "Net"))


class PackageName(str):
    """A dotted JVM package name such as ``com.example.digits``."""

    @classmethod
    def parse(cls, text: str) -> PackageName:
        """``text`` itself if it is one that Kotlin, Java and the Android Gradle Plugin take.

        Raises:
            ConfigError: it is not.
        """
        segments = text.split(".")
        what = f"{text!r} is no package name"
        if len(segments) < 2 or not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", segment) for segment in segments):
            raise ConfigError(
                what, fix="Write two or more words of letters and digits with dots between: com.example.digits"
            )
        for segment in segments:
            if segment in _JVM_KEYWORDS:
                raise ConfigError(f"{what}: {segment!r} is a keyword of Kotlin or Java", fix="Take another word.")
        if segments[0] in _PLATFORM_PACKAGES:
            raise ConfigError(
                f"{what} for an app: {segments[0]} belongs to the platform",
                fix="Begin it with a domain of yours, turned round: com.example.digits",
            )
        if len(text) > _LONGEST_PACKAGE:
            raise ConfigError(f"{what}: it has {len(text):,} characters, and {_LONGEST_PACKAGE} are the most")
        return cls(text)


def camel_case(name: SnakeName) -> str:
    """``two_words`` as ``twoWords``, as Kotlin and Swift write the names of values."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _words(text: str) -> list[str]:
    """The letters and digits of ``text`` in ASCII, parted where something else stands between them."""
    # No more is kept in the end, and the name of a tensor may have megabytes.
    text = text[: 10 * _LONGEST]
    if not text.isascii():
        # Composed first: macOS hands the names of files out with their accents apart.
        text = "".join(map(_in_ascii, unicodedata.normalize("NFC", text)))
    return re.findall(r"[A-Za-z0-9]+", text)


def _in_ascii(character: str) -> str:
    plain = _without_accents(character)
    # Most of what is not Latin consists of nothing that is, but for spaces in some ligatures.
    if character.isascii() or any(map(str.isalnum, plain)):
        return plain
    # Imported here, because its tables are large and few names need them.
    from anyascii import anyascii

    spelled = anyascii(character)
    # A letter stays within its word, whatever stands for it: Cyrillic's signs become apostrophes.
    return "".join(filter(str.isalnum, spelled)) if character.isalpha() else spelled


def _without_accents(text: str) -> str:
    """What of ``text`` is ASCII once its accents are off: ``e`` for ``é``, nothing for 鳥."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _stand_in(text: str, default: str) -> list[str]:
    """The words for ``text`` that has none of its own."""
    if not text.strip():
        return [default]
    composed = unicodedata.normalize("NFC", text)
    return [default, hashlib.sha256(composed.encode("utf-8", "surrogatepass")).hexdigest()[:6]]


def _is_written(character: str) -> bool:
    """Whether it is a letter, a digit or a picture, also one that only its makers know."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("So", "Co", "Cn", "Cs")


def _made_safe(name: str, prefix: str, suffix: str) -> str:
    name = name[:_LONGEST].rstrip("_")
    if name[0].isdigit():
        name = prefix + name
    return name + suffix if name in _RESERVED or name.lower() in _DEVICES else name


def unique(names: list[str], joint: str = "_") -> tuple[str, ...]:
    """``names`` with ``_2``, ``_3``… behind repeated ones (compared without case), in the same order.

    ``joint`` stands before the number: nothing for names in camel case.
    """
    seen: set[str] = set()
    # The numbers that each name has used up, so that 20,000 equal names do not try them all again and again.
    counts: dict[str, int] = {}
    result = []
    for name in names:
        key = name.lower()
        candidate, count = name, counts.get(key, 1)
        while candidate.lower() in seen:
            count += 1
            candidate = f"{name}{joint}{count}"
        counts[key] = count
        seen.add(candidate.lower())
        result.append(candidate)
    return tuple(result)
