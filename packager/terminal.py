"""Text of strangers, for people to look at.

Names in a model, labels, paths and files may hold characters that steer a terminal, turn text around, hide it or
begin a line of their own. They are shown as what they are: ``\\x1b``, ``\\u202e``, ``\\n``.
"""

from __future__ import annotations

import unicodedata

# Control and format characters, halves of surrogate pairs, private and unassigned ones, separators of lines.
_ACTIVE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST = 2_000
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, keep: str = "") -> str:
    """``text`` on one line, with an escape for each character that does more than stand there, but for ``keep``."""
    if text.isprintable():
        return text
    return "".join(item if item in keep or not is_active(item) else _escape(item) for item in text)


def visible_line(text: str) -> str:
    """``visible`` for a message: a name in a model may have megabytes, and a line has 2,000 characters at most."""
    shown = visible(text[:_LONGEST])
    return shown if len(text) <= _LONGEST and len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def is_active(character: str) -> bool:
    """Whether a terminal, or whoever reads it, may see something else than this character."""
    return unicodedata.category(character) in _ACTIVE


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
