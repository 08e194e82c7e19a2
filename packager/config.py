"""packager.toml: reading it into typed options, and what its author calls them."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from packager import finding
from packager.errors import ConfigError, MetadataError
from packager.finding import TooManyEntriesError, find_files, is_folder
from packager.metadata.annotation import Annotation
from packager.metadata.labels import LabelFile
from packager.reading import read_file
from packager.render.literals import toml_string
from packager.runtimes import GOLDEN_LIMIT, GOLDEN_LIMIT_SETTING, GOLDEN_SETTING
from packager.settings import Asker, Example, Setting
from packager.targets import TARGETS, load_target
from packager.toml_lines import MAX_BYTES, NO_LINES, Keys, Lines, TooMuchError, read_lines
from packager.writing import make_usable

FILE_NAME = "packager.toml"

_MOST_SAMPLES = 1_000


@dataclass(frozen=True)
class Config:
    """What packager.toml says; paths are resolved against its folder.

    The fields with a help text are the keys of the file, beside a table for each target.
    ``golden_limit`` is how many megabytes the inputs, and the outputs, of all golden cases may take.
    ``metadata`` is None where the model carries its metadata already. ``targets`` is None where the file names
    none: then all that can run the model are built. ``options`` holds each target's own options by its name, and
    ``lines`` tells where in the file each key is.
    """

    path: Path
    name: str = field(metadata={"help": "What projects, packages and classes are called; default: the model's."})
    model: Path = field(metadata={"help": "The .tflite, by its path from this file."})
    golden: tuple[str, ...] = field(
        default=(), metadata={"help": "Sample inputs, by patterns of files; default: seeded random ones."}
    )
    golden_limit: int = field(
        default=GOLDEN_LIMIT, metadata={"help": "Megabytes that all inputs, and all outputs, may take."}
    )
    targets: tuple[str, ...] | None = field(
        default=None, metadata={"help": "What to build; default: all that can run the model.", "choices": TARGETS}
    )
    metadata: Annotation | None = field(
        default=None, metadata={"help": "What goes into the model; none where it carries its metadata already."}
    )
    options: Mapping[str, Any] = field(default_factory=dict)
    lines: Lines = field(default=NO_LINES, compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def default_out(self) -> Path:
        """Where ``build`` writes unless told otherwise: ``dist/<name>``, whatever the name holds."""
        return self.folder / "dist" / make_usable(re.sub(r"[^\w.+-]+", "-", self.name).strip("-.") or "model")

    def golden_samples(self) -> tuple[Path, ...]:
        """The files that the patterns under ``golden`` name, sorted within each pattern.

        Raises:
            ConfigError: a pattern names no file, or is too wide; or they name more than 1,000.
        """
        found: list[Path] = []
        for index, pattern in enumerate(self.golden):
            where = self._place(("golden", index))
            try:
                matches = find_files(self.folder, pattern)
            except TooManyEntriesError:
                raise ConfigError(
                    f"the golden pattern {pattern!r} looks at more than {finding.MOST_ENTRIES:,} files and folders",
                    where=where,
                    fix="Name a folder, and no `**` above it.",
                ) from None
            if not matches and pattern and is_folder(self.folder / pattern):
                raise ConfigError(
                    f"the golden pattern {pattern!r} names a folder",
                    where=where,
                    fix=f'Name the files in it: "{pattern.rstrip("/")}/*"',
                )
            if not matches:
                raise ConfigError(f"no file matches the golden pattern {pattern!r}", where=where)
            found += matches
        if len(found) > _MOST_SAMPLES:
            raise ConfigError(
                f"golden names {len(found):,} files, and {_MOST_SAMPLES:,} is the most",
                where=self._place(("golden",)),
                fix="Each of them goes into every project; a few dozen are enough.",
            )
        return tuple(found)

    @property
    def asker(self) -> Asker:
        """Whoever wrote the file, for messages about what it says."""
        return _Author(self.path, self.lines)

    def _place(self, keys: Keys) -> str:
        return _place(self.path, self.lines, keys)


def _place(path: Path, lines: Lines, keys: Keys) -> str:
    line = lines.line(keys)
    return str(path) if line is None else f"{path}:{line}"


@dataclass(frozen=True)
class _Author:
    """Somebody whose settings are the keys of a packager.toml."""

    path: Path
    lines: Lines

    def name(self, setting: Setting, where: str | None) -> str | None:
        keys = self._keys(setting)
        if keys is None:
            return None
        place = _place(self.path, self.lines, keys)
        told = where is not None and where in (place, str(self.path))
        line = "" if told or not self.lines.holds(keys) else f" ({place})"
        if len(keys) == 1:
            return f"{setting.name}{line}"
        table = keys[0]
        if setting.name not in _TABLES:
            return f"[{table}] {setting.name}{line}"
        if setting.index is None:
            return f"[[{table}.{setting.name}]]"
        return f"[{table}.{setting.name}]" + ("" if setting.part is None else f" {setting.part}") + line

    def example(self, example: Example) -> str | None:
        keys = self._keys(example.settings[0][0])
        if keys is None:
            return None
        table = "" if len(keys) == 1 else f"[{keys[0]}] "
        return table + ", ".join(f"{setting.name} = {_toml(value)}" for setting, value in example.settings)

    def place(self, setting: Setting) -> str | None:
        keys = self._keys(setting)
        line = None if keys is None else self.lines.line(keys)
        return None if line is None else f"{self.path}:{line}"

    def _keys(self, setting: Setting) -> Keys | None:
        keys = _keys_of(setting)
        # What all projects are called, where a target's table has no name of its own.
        return (
            keys[1:] if keys and keys[0] in TARGETS and keys[1:] == ("name",) and not self.lines.holds(keys) else keys
        )


KEYS: Asker = _Author(Path(FILE_NAME), NO_LINES)
"""Somebody who would fill in a packager.toml: its keys, without a place in a file."""


# The keys of [metadata] that are lists of tables.
_TABLES = ("inputs", "outputs")


def _keys_of(setting: Setting) -> Keys | None:
    """Where the file has a setting; None for one that is no key."""
    if setting in (GOLDEN_SETTING, GOLDEN_LIMIT_SETTING):
        return (setting.name,)
    if setting.owner is Annotation:
        table: str | None = "metadata"
    else:
        table = next((name for name in TARGETS if load_target(name).options is setting.owner), None)
    if table is None:
        return None
    return (table, setting.name, *(key for key in (setting.index, setting.part) if key is not None))


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        items = [_toml(item) for item in value]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    if isinstance(value, LabelFile):
        path = toml_string(value.path.as_posix())
        return path if not value.locale else f"{{ path = {path}, locale = {toml_string(value.locale)} }}"
    if isinstance(value, Path):
        return toml_string(value.as_posix())
    if isinstance(value, bool):
        return str(value).lower()
    return toml_string(str(value)) if isinstance(value, str | Path) else f"{value:g}"


def read_config(path: Path | str) -> Config:
    """Read the packager.toml at ``path``, or in the folder ``path``.

    Raises:
        ConfigError: it is missing, is no TOML, or holds an unknown key or a value of the wrong type; the message
            names the line.
    """
    path = Path(path)
    try:
        if path.is_dir():
            path = path / FILE_NAME
        data = read_file(path, MAX_BYTES)
    except FileNotFoundError:
        raise ConfigError("no such file", where=path, fix="Write one: packager init MODEL.tflite") from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path) from None
    except ValueError:
        raise ConfigError("cannot be read: its name holds a NUL", where=path) from None
    try:
        # A carriage return alone is no line end in TOML; so not by Python's universal newlines.
        text = data.decode("utf-8-sig")
        lines = read_lines(text)
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise ConfigError("is not UTF-8", where=f"{path}:{line}", fix="Save it as UTF-8.") from None
    except TooMuchError as error:
        raise ConfigError(f"holds {error.what}", where=f"{path}:{error.line}") from None
    except tomllib.TOMLDecodeError as error:
        what, line = _split_position(str(error), text)
        raise ConfigError(f"is no valid TOML: {what}", where=f"{path}:{line}") from None
    return _Reader(path, lines).config(document)


def keys_of(kind: type[Any]) -> dict[str, Any]:
    """The keys of the table that becomes a dataclass, and their types: its fields with a help text."""
    hints = typing.get_type_hints(kind)
    return {item.name: hints[item.name] for item in dataclasses.fields(kind) if "help" in item.metadata}


def _split_position(message: str, text: str) -> tuple[str, int]:
    """tomllib's message with the column, and the line."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), (column \d+)|end of document)\)", message, re.DOTALL)
    if found is None or found[2] is None:
        return message, text.rstrip("\n").count("\n") + 1
    return f"{found[1]} ({found[3]})", int(found[2])


class _Reader:
    """Turns a TOML document into dataclasses, telling the line of whatever does not fit."""

    def __init__(self, path: Path, lines: Lines) -> None:
        self.path = path
        self.lines = lines

    def fail(self, keys: Keys, what: str, fix: str | None = None) -> ConfigError:
        return ConfigError(what, where=_place(self.path, self.lines, keys), fix=fix)

    def config(self, document: dict[str, Any]) -> Config:
        own = keys_of(Config)
        self.check_keys(document, (), [*own, *TARGETS])
        values = {key: self.value(document[key], kind, (key,)) for key, kind in own.items() if key in document}
        if "model" not in values:
            raise ConfigError("the key `model` is missing", where=self.path, fix='Add: model = "model.tflite"')
        if values.get("targets") == ():
            raise self.fail(
                ("targets",), "targets names none", f"Leave it out, or name some of {', '.join(TARGETS)}."
            )
        for name in values.get("targets", ()):
            if name not in TARGETS:
                raise self.fail(("targets",), f"unknown target {name!r}", _suggest(name, list(TARGETS)))
        return Config(
            path=self.path,
            name=values.get("name") or values["model"].stem,
            model=values["model"],
            golden=values.get("golden", ()),
            golden_limit=values.get("golden_limit", GOLDEN_LIMIT),
            targets=values.get("targets"),
            metadata=values.get("metadata"),
            options={
                name: self.value(document.get(name, {}), load_target(name).options, (name,)) for name in TARGETS
            },
            lines=self.lines,
        )

    def check_keys(self, table: dict[str, Any], keys: Keys, known: list[str]) -> None:
        for key in table:
            if key not in known:
                where = f" in [{_name(keys)}]" if keys else ""
                raise self.fail((*keys, key), f"unknown key {key!r}{where}", _suggest(key, known))

    def value(self, value: Any, kind: Any, keys: Keys) -> Any:
        """``value`` as ``kind``: a dataclass, a tuple, an enum, a Path or a plain type, optional or not."""
        if isinstance(kind, types.UnionType):
            kind = next(item for item in kind.__args__ if item is not type(None))
        if dataclasses.is_dataclass(kind):
            return self.table(value, typing.cast("type[Any]", kind), keys)
        if typing.get_origin(kind) is tuple:
            # One value may stand without brackets: mean = 127.5
            items = value if isinstance(value, list) else [value]
            return tuple(
                self.value(item, typing.get_args(kind)[0], (*keys, index)) for index, item in enumerate(items)
            )
        if kind is Path:
            return self.path.parent / self.plain(value, str, keys)
        if issubclass(kind, StrEnum):
            choices = [str(item) for item in kind]
            if self.plain(value, str, keys) not in choices:
                raise self.fail(keys, f"{_last(keys)} = {value!r} is not one of {', '.join(choices)}")
            return kind(value)
        if kind is float and type(value) is int:
            return float(value)
        return self.plain(value, kind, keys)

    def plain(self, value: Any, kind: type[Any], keys: Keys) -> Any:
        if type(value) is not kind:
            found = _TYPE_NAMES.get(type(value), "a date or a time")
            raise self.fail(keys, f"{_last(keys)} is {found}, and should be {_TYPE_NAMES[kind]}")
        return value

    def table(self, value: Any, kind: type[Any], keys: Keys) -> Any:
        fields = keys_of(kind)
        if isinstance(value, str) and fields.get("path") is Path:
            value = {"path": value}  # A file of which only the path needs saying.
        table = self.plain(value, dict, keys)
        self.check_keys(table, keys, list(fields))
        values = {key: self.value(item, fields[key], (*keys, key)) for key, item in table.items()}
        try:
            return kind(**values)
        except MetadataError as error:  # a locale that is none
            raise self.fail(keys, error.what, error.fix) from None
        except TypeError:
            missing = [item.name for item in dataclasses.fields(kind) if item.name not in values]
            raise self.fail(keys, f"[{_name(keys)}] needs the key {missing[0]!r}") from None


_TYPE_NAMES = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


def _name(keys: Keys) -> str:
    """The table as its header names it: ``metadata.inputs``, whichever of the inputs it is."""
    return ".".join(key for key in keys if isinstance(key, str))


def _last(keys: Keys) -> str:
    return next(key for key in reversed(keys) if isinstance(key, str))


def _suggest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f"Did you mean {close[0]!r}?" if close else "Known are: " + ", ".join(known)
