"""The JSON Schema of packager.toml, which editors complete, explain and check the file by.

It is made of the dataclasses that the file is read into, and takes what their reader takes: see ``config.py``.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from packager.config import Config, keys_of
from packager.errors import ConfigError
from packager.finding import is_file
from packager.reading import read_file
from packager.settings import FORCE
from packager.targets import TARGETS, load_target

SCHEMA_NAME = "packager.schema.json"
"""The file beside a packager.toml that its first line names."""

# What tells a schema that this tool wrote from somebody's own file.
_TITLE = "packager.toml of tflite-packager"
_MAX_BYTES = 1 << 20

_TYPES = {str: "string", Path: "string", int: "integer", float: "number", bool: "boolean"}


def config_schema() -> dict[str, Any]:
    """The schema, as JSON would be read: of draft 4, with Taplo's texts for choices (``x-taplo``).

    Draft 4 is the one that Taplo promises, and the last in which 16000.0 is no whole number, as in TOML.
    """
    table = _table(Config)
    targets = {name: {"description": f"{title}.", **_table(load_target(name).options)} for name, title in _titles()}
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": _TITLE,
        "description": "How tflite-packager packages a model.",
        **table,
        "properties": {**table["properties"], **targets},
        # Without a name, projects are called as the model's file is.
        "required": ["model"],
    }


def render_schema() -> bytes:
    """The schema as a file."""
    return (json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n").encode()


def check_schema_place(path: Path) -> None:
    """Refuse to put the schema in the place of what is something else; an older schema is fine.

    Raises:
        ConfigError: there is another file.
    """
    if not is_file(path):
        return
    try:
        found = json.loads(read_file(path, _MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("title") != _TITLE:
        raise ConfigError(
            "is there already, and is no schema of packager.toml",
            where=path,
            fix=("Move it, or replace it with ", FORCE, "."),
        )


def _titles() -> list[tuple[str, str]]:
    return [(name, title[0].upper() + title[1:]) for name, title in TARGETS.items()]


def _table(kind: type[Any]) -> dict[str, Any]:
    """The schema of the table that becomes the dataclass ``kind``."""
    fields = {item.name: item for item in dataclasses.fields(kind)}
    properties = {}
    for name, item_kind in keys_of(kind).items():
        about, default = fields[name].metadata, fields[name].default
        schema = _value(item_kind, about)
        if "anyOf" not in schema:
            schema = {"description": about["help"], **schema}
        # An empty string, and None, stand for a default that the help text tells of.
        if default not in (dataclasses.MISSING, None, ""):
            schema["default"] = list(default) if isinstance(default, tuple) else default
        properties[name] = schema
    required = [name for name in properties if fields[name].default is dataclasses.MISSING]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _value(kind: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """What a key may hold that becomes a ``kind``; ``about`` is the metadata of its field.

    No ``anyOf`` but for what it cannot do without: an editor could not say which part of a value is wrong.
    """
    if isinstance(kind, types.UnionType):
        kind = next(item for item in kind.__args__ if item is not type(None))
    if typing.get_origin(kind) is tuple:
        return _one_or_more(_value(typing.get_args(kind)[0], about))
    if dataclasses.is_dataclass(kind):
        kind = typing.cast("type[Any]", kind)
        table = _table(kind)
        # A file of which only the path needs saying.
        return {**table, "type": ["string", "object"]} if keys_of(kind).get("path") is Path else table
    if "choices" in about:
        return _choices(about["choices"])
    if issubclass(kind, StrEnum):
        return _choices({item.value: item.meaning for item in kind})
    if "known" in about:
        # Taplo completes a key by its alternatives, and shows all their descriptions where one points at it.
        return {"anyOf": [{"description": about["help"], **_choices(about["known"]())}, {"type": "string"}]}
    pattern = {"pattern": f"^({about['pattern']})?$"} if "pattern" in about else {}
    return {"type": _TYPES[kind], **pattern}


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    """A list, or one value without brackets. What is said of objects, strings and items goes for these alone."""
    single = item["type"] if isinstance(item["type"], list) else [item["type"]]
    many = {**item, "type": ["array", *single], "items": item}
    if "enum" in item:
        # A list that names none says nothing that leaving it out would not.
        del many["enum"], many["x-taplo"]
        many |= {"pattern": f"^({'|'.join(item['enum'])})$", "minItems": 1}
    return many


def _choices(meanings: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "string",
        "enum": list(meanings),
        "x-taplo": {"docs": {"enumValues": list(meanings.values())}},
    }
