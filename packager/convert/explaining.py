"""What the child process could not do, in words that say what to do next. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packager.convert.protocol import Reason
from packager.errors import ModelError
from packager.settings import Text


def explain(reason: Reason, facts: Mapping[str, Any], path: Path | None) -> ModelError:
    """The error for a refusal of the worker about the model at ``path``."""
    what, fix, details = _WORDS[reason](facts)
    return ModelError(what, where=path, fix=fix, details=details)


Words = tuple[Text, Text | None, Sequence[Text]]


def _told(facts: Mapping[str, Any]) -> str:
    """An exception in one line."""
    message = " ".join(str(facts.get("message", "")).split())
    message = message if len(message) <= 500 else message[:500] + "…"
    return f"{facts.get('type', 'error')}: {message}"


def _bug(facts: Mapping[str, Any]) -> Words:
    return f"the conversion failed: {_told(facts)} ({facts.get('place')})", "Try another recipe, or report it.", ()


def _says(facts: Mapping[str, Any]) -> Words:
    where = facts.get("where")
    return facts["what"] if where is None else f"{where}: {facts['what']}", facts["fix"], ()


_WORDS = {**dict.fromkeys(Reason, _bug), Reason.SAYS: _says}
