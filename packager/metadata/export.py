"""What is in a model's metadata, as JSON and as files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from packager.errors import MetadataError
from packager.metadata.reader import read_files, read_metadata
from packager.metadata.view import OWN_SETTINGS, AssociatedFile, ModelMetadata, TensorMetadata, TokenizerMetadata
from packager.model import Model
from packager.render.literals import float32
from packager.writing import fold, make_usable

_OWN_NAME = "metadata.json"
# Longer names do not fit every file system (255 bytes), suffixes against collisions included.
_MAX_NAME_BYTES = 200


def export_metadata(model: Model) -> dict[str, bytes]:
    """The model's metadata as files: ``metadata.json``, then each associated file under its own name.

    Names are those inside the model, reduced to a base name that every file system takes, and numbered where two
    are the same: the result never leads out of the folder it is written to. ``metadata.json`` is
    ``metadata_to_json``, indented by 2; a file of that name in the model becomes another.

    Raises:
        MetadataError: the model carries no metadata, or it is damaged.
    """
    metadata = read_metadata(model, lenient=True)
    if metadata is None:
        raise MetadataError(
            "carries no metadata", where=model.path, fix="Attach some first: packager metadata attach --help"
        )
    text = json.dumps(metadata_to_json(metadata), indent=2, ensure_ascii=False, allow_nan=False)
    files = read_files(model)
    return {_OWN_NAME: text.encode() + b"\n", **dict(zip(_file_names(files), files.values(), strict=True))}


def metadata_to_json(metadata: ModelMetadata) -> dict[str, Any]:
    """The metadata as JSON values; the keys and their order are stable.

    ``name description version author license min_parser_version`` (strings, empty where absent), ``task``
    (string or null), ``crop resize channels activation`` (strings), ``pad`` (number), ``head`` (string or null),
    ``threshold iou points hop`` (numbers or null), ``tokenizer``, ``inputs``, ``outputs`` (an object a tensor, in
    the model's order) and ``files`` (those of no tensor). A tensor has ``name description dimension_names content
    color_space sample_rate audio_channels mean std minimum maximum`` as TensorMetadata describes them, ``tokenizer``,
    ``labels`` (array of strings, or null), ``localized_labels`` (such an array by locale) and ``files``; a tokenizer
    is null or has ``kind delimiter`` and ``vocabulary``, a file or null; a file ``name description kind locale
    bytes``, where ``bytes`` is null for a file that the model names and does not hold. Numbers have the digits that
    name their float32, and are null where they are not finite.
    """
    return {
        "name": metadata.name,
        "description": metadata.description,
        "version": metadata.version,
        "author": metadata.author,
        "license": metadata.license,
        "min_parser_version": metadata.min_parser_version,
        "task": None if metadata.task is None else metadata.task.value,
        **{name: getattr(metadata, name) for name in OWN_SETTINGS},
        "tokenizer": _tokenizer(metadata.tokenizer),
        "inputs": [_tensor(tensor) for tensor in metadata.inputs],
        "outputs": [_tensor(tensor) for tensor in metadata.outputs],
        "files": [_file(file) for file in metadata.files],
    }


def _tensor(tensor: TensorMetadata) -> dict[str, Any]:
    labels = tensor.labels()
    return {
        "name": tensor.name,
        "description": tensor.description,
        "dimension_names": list(tensor.dimension_names),
        "content": tensor.content,
        "color_space": tensor.color_space,
        "sample_rate": tensor.sample_rate,
        "audio_channels": tensor.audio_channels,
        "mean": _numbers(tensor.mean),
        "std": _numbers(tensor.std),
        "minimum": _numbers(tensor.minimum),
        "maximum": _numbers(tensor.maximum),
        "tokenizer": _tokenizer(tensor.tokenizer),
        "labels": None if labels is None else list(labels),
        "localized_labels": {locale: list(tensor.labels(locale) or ()) for locale in tensor.locales},
        "files": [_file(file) for file in tensor.files],
    }


def _tokenizer(tokenizer: TokenizerMetadata | None) -> dict[str, Any] | None:
    if tokenizer is None:
        return None
    vocabulary = tokenizer.vocabulary
    return {
        "kind": tokenizer.kind,
        "delimiter": tokenizer.delimiter,
        "vocabulary": None if vocabulary is None else _file(vocabulary),
    }


def _file(file: AssociatedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "description": file.description,
        "kind": file.kind,
        "locale": file.locale,
        "bytes": None if file.data is None else len(file.data),
    }


def _numbers(values: Sequence[float]) -> list[float | None]:
    return [float(float32(value)) if math.isfinite(value) else None for value in values]


def _file_names(names: Iterable[str]) -> Iterator[str]:
    """A name for each file: its own without folders, made usable, and unlike those of the others on every system."""
    taken = {fold(_OWN_NAME)}
    counts: dict[str, int] = {}
    for name in names:
        base = re.split(r"[/\\]", name)[-1]
        usable = make_usable(make_usable(base).encode()[:_MAX_NAME_BYTES].decode("utf-8", "ignore"))
        stem, dot, suffix = usable.rpartition(".")
        unique, number = usable, counts.get(fold(usable), 1)
        while fold(unique) in taken:
            number += 1
            unique = f"{stem}-{number}{dot}{suffix}" if stem else f"{usable}-{number}"
        counts[fold(usable)] = number
        taken.add(fold(unique))
        yield unique
