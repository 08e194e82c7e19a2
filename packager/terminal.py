"""Text of strangers, for people to look at.

Names in a model, labels, paths and files may hold characters that steer a terminal, turn text around, hide it or
begin a line of their own. They are shown as what they are: ``\\x1b``, ``\\u202e``, ``\\n``.
"""

from __future__ import annotations

import unicodedata

# Control and format characters, halves of surrogate pairs, private and unassigned ones, separators of lines.
_ACTIVE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, keep: str = "") -> str:
    """``text`` on one line, with an escape for each character that does more than stand there, but for ``keep``."""
    if text.isprintable():
        return text
    return "".join(item if item in keep or not is_active(item) else _escape(item) for item in text)


def visible_line(text: str, most: int = 2_000) -> str:
    """``visible`` for a message, of ``most`` characters: a name in a model may have megabytes."""
    shown = visible(text[:most])
    return shown if len(text) <= most and len(shown) <= most else shown[: most - 1] + "…"


def counted(count: int, noun: str) -> str:
    """``1 label``, ``2 labels``; with an ending of its own as in ``class/classes``."""
    one, _, many = noun.partition("/")
    return f"{count} {one if count == 1 else many or one + 's'}"


def is_active(character: str) -> bool:
    """Whether a terminal, or whoever reads it, may see something else than this character."""
    return unicodedata.category(character) in _ACTIVE


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
