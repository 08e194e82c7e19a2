"""What a message calls the settings that it is about.

The same mistake is made with an option of a command, with a key of packager.toml or with an argument of a function.
The library knows a setting by the dataclass that holds it, and an ``Asker`` puts their own words in its place; what
no asker claims has Python's words.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import PurePath
from typing import Any, Protocol


class Choice(StrEnum):
    """The values of a setting that has some; each says what it means, for those who choose."""

    meaning: str

    def __new__(cls, name: str, meaning: str = "") -> Choice:
        """The value of that name."""
        choice = str.__new__(cls, name)
        choice._value_ = name
        choice.meaning = meaning
        return choice


@dataclass(frozen=True)
class Setting:
    """A field of a dataclass that people fill in.

    ``index`` and ``part`` lead into it: ``Setting(Annotation, "inputs", 1, "minimum")`` is that of the second input.
    ``owner`` is None for an argument that every function which writes has, such as ``force``.
    """

    owner: type[Any] | None
    name: str
    index: int | None = None
    part: str | None = None

    def __post_init__(self) -> None:
        """Refuse a field that its dataclass has not, as an attribute would."""
        if self.owner is not None and self.name not in {field.name for field in dataclasses.fields(self.owner)}:
            raise AttributeError(f"{self.owner.__name__} has no field {self.name!r}")

    @property
    def option(self) -> str:
        """What a command calls it: as the metadata of its field say, else as it is called."""
        fields = () if self.owner is None else dataclasses.fields(self.owner)
        named = {field.name: field.metadata["option"] for field in fields if "option" in field.metadata}
        return f"--{named.get(self.name, self.name).replace('_', '-')}"


@dataclass(frozen=True)
class Example:
    """What to fill in: settings of one owner with the values that they could have."""

    settings: tuple[tuple[Setting, Any], ...]

    @classmethod
    def of(cls, *settings: tuple[Setting, Any]) -> Example:
        """The example with these settings, in this order."""
        return cls(settings)


FORCE = Example.of((Setting(None, "force"), True))


class Asker(Protocol):
    """Who filled in a setting, and so what it is called when it is wrong. None: it was not this one."""

    def name(self, setting: Setting, where: str | None, /) -> str | None:
        """The setting, in a message about the place ``where``."""

    def example(self, example: Example, /) -> str | None:
        """What would be written instead."""

    def place(self, setting: Setting, /) -> str | None:
        """Where it was written, or would be."""


Part = str | Setting | Example
Text = str | Sequence[Part]
"""A message, or its parts in order."""


class _Python:
    """Somebody who filled in the dataclasses themselves."""

    def name(self, setting: Setting, _where: str | None) -> str:
        index = "" if setting.index is None else f"[{setting.index}]"
        owner = "" if setting.owner is None else f"{setting.owner.__name__}."
        return f"{owner}{setting.name}{index}" + ("" if setting.part is None else f".{setting.part}")

    def example(self, example: Example) -> str:
        owner = example.settings[0][0].owner
        arguments = ", ".join(f"{setting.name}={_python(value)}" for setting, value in example.settings)
        return arguments if owner is None else f"{owner.__name__}({arguments})"

    def place(self, _setting: Setting) -> None:
        return None


PYTHON: Asker = _Python()


def _python(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        items = ", ".join(map(_python, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, PurePath):
        return f"Path({str(value)!r})"
    if dataclasses.is_dataclass(value):
        given = [getattr(value, field.name) for field in dataclasses.fields(value)]
        defaults = [field.default for field in dataclasses.fields(value)]
        while given and given[-1] == defaults[-1]:
            given.pop()
            defaults.pop()
        return f"{type(value).__name__}({', '.join(map(_python, given))})"
    return f"{value:g}" if isinstance(value, float) else repr(value)


def find_wrong_type(filled: Any) -> tuple[Setting, str] | None:
    """The first field of a dataclass whose value is not of its type, and what is wrong with it.

    Command lines and files are read into the right types; somebody who fills in a dataclass may not notice.
    """
    hints = typing.get_type_hints(type(filled))
    for field in dataclasses.fields(filled):
        value, kind = getattr(filled, field.name), hints[field.name]
        if not _fits(value, kind):
            return Setting(type(filled), field.name), _mismatch(value, kind)
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            inner = find_wrong_type(item) if dataclasses.is_dataclass(item) else None
            if inner is not None:
                return Setting(type(filled), field.name, index, inner[0].name), inner[1]
    return None


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(item, typing.get_args(kind)[0]) for item in value)
    if kind in (int, float):
        return isinstance(value, kind | int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _mismatch(value: Any, kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    is_tuple = typing.get_origin(kind) is tuple
    name = f"a tuple of {typing.get_args(kind)[0].__name__}" if is_tuple else f"of {kind.__name__}"
    shown = repr(value)
    return f" is {shown if len(shown) <= 60 else shown[:60] + '…'}, and should be {name}"
