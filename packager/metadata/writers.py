"""What makes the parts of metadata: tflite-support where it can be imported, else this package. The bytes are equal.

tflite-support has wheels for Python 3.10 and 3.11 on Linux x86-64 and Intel Macs alone.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

from packager.metadata.schema import (
    OBJECTS,
    AssociatedFileType,
    ColorSpaceType,
    ContentProperties,
    ProcessUnitOptions,
    finish_metadata,
)


class MetadataWriter(Protocol):
    """Makes the parts of metadata as the schema's Python objects (``objects.TensorMetadataT``…).

    Attributes:
        objects: the module with their classes.
    """

    objects: Any

    def tensor(self, name: str, description: str) -> Any:
        """The metadata of a tensor of plain numbers."""

    def image(
        self, name: str, description: str, mean: Sequence[float], std: Sequence[float], *, is_gray: bool, dtype: str
    ) -> Any:
        """The metadata of a picture: its normalization, and the range of values that follows; 0..255 for uint8."""

    def audio(self, name: str, description: str, sample_rate: int, channels: int) -> Any:
        """The metadata of a sound."""

    def classes(self, name: str, description: str, dtype: str) -> Any:
        """The metadata of the scores of classes; with their range for uint8 and float32."""

    def label_file(self, name: str, locale: str | None) -> Any:
        """The entry of a file with labels."""

    def associated_file(self, name: str, description: str) -> Any:
        """The entry of any other file."""

    def regex_tokenizer(self, delimiter: str, vocabulary: str) -> Any:
        """The process unit of a tokenizer that splits at a regular expression; ``vocabulary`` is its file's name."""

    def bert_tokenizer(self, vocabulary: str) -> Any:
        """The process unit of BERT's tokenizer."""

    def minimum_parser_version(self, metadata: Any) -> str:
        """The version of the schema that a reader of a ``ModelMetadataT`` must know."""

    def read_back(self, data: bytes, *, has_files: bool) -> tuple[dict[str, Any], list[str]] | None:
        """Metadata as another reader of the model ``data`` sees it, as JSON, and its files; None without one."""


def find_writer() -> MetadataWriter:
    """tflite-support's where it can be imported, else this package's own."""
    if FORCED is not None:
        return FORCED
    try:
        return TfliteSupportWriter()
    except ImportError:
        return PortableWriter()


# For tests: the writer in place of the one that is found.
FORCED: MetadataWriter | None = None


# What tflite-support writes for numbers that JSON has no word for, alone on its line or behind its key. The text of a
# string is in quotes, and its line breaks are escaped.
_NO_JSON = re.compile(r'(?m)^( *(?:"[a-z_]+": )?)-?(?:nan|inf)(,?)$')


class TfliteSupportWriter:
    """tflite-support's own classes, imported in 0.2 s."""

    def __init__(self) -> None:
        """Import them.

        Raises:
            ImportError: tflite-support is not installed, or does not work here.
        """
        # Its extension modules link libusb-1.0 without bundling it.
        with suppress(ImportError, OSError):
            import libusb_package

            ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
        # It imports TensorFlow, if there is one, only to open files: seven seconds for nothing.
        hide = "tensorflow" not in sys.modules
        if hide:
            sys.modules["tensorflow"] = None  # type: ignore[assignment]
        try:
            from tensorflow_lite_support.metadata import metadata_schema_py_generated, schema_py_generated
            from tensorflow_lite_support.metadata.cc.python import _pywrap_metadata_version
            from tensorflow_lite_support.metadata.python import metadata
            from tensorflow_lite_support.metadata.python.metadata_writers import metadata_info
        finally:
            if hide:
                del sys.modules["tensorflow"]
        self.objects = metadata_schema_py_generated
        self.displayer = metadata.MetadataDisplayer
        self._info = metadata_info
        types = schema_py_generated.TensorType
        self._types = {"uint8": types.UINT8, "float32": types.FLOAT32}
        self._minimum_parser_version = _pywrap_metadata_version.GetMinimumMetadataParserVersion

    def tensor(self, name: str, description: str) -> Any:
        """See MetadataWriter."""
        return self._info.TensorMd(name, description).create_metadata()

    def image(
        self, name: str, description: str, mean: Sequence[float], std: Sequence[float], *, is_gray: bool, dtype: str
    ) -> Any:
        """See MetadataWriter."""
        color = ColorSpaceType.GRAYSCALE if is_gray else ColorSpaceType.RGB
        kind = self._types.get(dtype, self._types["float32"])
        return self._info.InputImageTensorMd(name, description, [*mean], [*std], color, kind).create_metadata()

    def audio(self, name: str, description: str, sample_rate: int, channels: int) -> Any:
        """See MetadataWriter."""
        return self._info.InputAudioTensorMd(name, description, sample_rate, channels).create_metadata()

    def classes(self, name: str, description: str, dtype: str) -> Any:
        """See MetadataWriter."""
        kind = self._types.get(dtype)
        return self._info.ClassificationTensorMd(name, description, tensor_type=kind).create_metadata()

    def label_file(self, name: str, locale: str | None) -> Any:
        """See MetadataWriter."""
        return self._info.LabelFileMd(name, locale).create_metadata()

    def associated_file(self, name: str, description: str) -> Any:
        """See MetadataWriter."""
        return self._info.AssociatedFileMd(name, description).create_metadata()

    def regex_tokenizer(self, delimiter: str, vocabulary: str) -> Any:
        """See MetadataWriter."""
        return self._info.RegexTokenizerMd(delimiter, vocabulary).create_metadata()

    def bert_tokenizer(self, vocabulary: str) -> Any:
        """See MetadataWriter."""
        return self._info.BertTokenizerMd(vocabulary).create_metadata()

    def minimum_parser_version(self, metadata: Any) -> str:
        """See MetadataWriter."""
        return str(self._minimum_parser_version(finish_metadata(metadata)))

    def read_back(self, data: bytes, *, has_files: bool) -> tuple[dict[str, Any], list[str]]:
        """See MetadataWriter."""
        displayer = self.displayer.with_model_buffer(data)
        found = json.loads(_NO_JSON.sub(r"\1null\2", displayer.get_metadata_json()))
        # Without files of ours it would take a zip among the weights for the archive, and unpack that unchecked.
        return found, displayer.get_packed_associated_file_list() if has_files else []


# From which version of the schema on there are parts of it: those which are not in 1.0.0, the first.
_FILE_VERSIONS = {
    AssociatedFileType.VOCABULARY: (1, 0, 1),
    AssociatedFileType.SCANN_INDEX_FILE: (1, 4, 0),
}
_UNIT_VERSIONS = {
    ProcessUnitOptions.BertTokenizerOptions: (1, 1, 0),
    ProcessUnitOptions.SentencePieceTokenizerOptions: (1, 1, 0),
    ProcessUnitOptions.RegexTokenizerOptions: (1, 2, 1),
}
_CONTENT_VERSIONS = {ContentProperties.AudioProperties: (1, 3, 0)}
_GRAPH_VERSIONS = {
    "inputProcessUnits": (1, 1, 0),
    "outputProcessUnits": (1, 1, 0),
    "inputTensorGroups": (1, 2, 0),
    "outputTensorGroups": (1, 2, 0),
    "customMetadata": (1, 5, 0),
}
_FILE_VERSION_VERSION = (1, 4, 1)

_LABELS_DESCRIPTION = "Labels for categories that the model can recognize."
_VOCABULARY_DESCRIPTION = "Vocabulary file to convert natural language words to embedding vectors."


class PortableWriter:
    """The same on any machine. The texts are those of tflite-support 0.4.4, and so are the ranges of values."""

    objects = OBJECTS

    def tensor(self, name: str, description: str) -> Any:
        """See MetadataWriter."""
        return self._tensor(name, description, ContentProperties.FeatureProperties)

    def image(
        self, name: str, description: str, mean: Sequence[float], std: Sequence[float], *, is_gray: bool, dtype: str
    ) -> Any:
        """See MetadataWriter."""
        made = self._tensor(name, description, ContentProperties.ImageProperties)
        made.content.contentProperties.colorSpace = ColorSpaceType.GRAYSCALE if is_gray else ColorSpaceType.RGB
        if dtype == "uint8":
            made.stats.min, made.stats.max = [0], [255]
        elif mean and std:
            made.stats.min = [(0.0 - center) / width for center, width in zip(mean, std, strict=True)]
            made.stats.max = [(255.0 - center) / width for center, width in zip(mean, std, strict=True)]
        if mean and std:
            unit = self._unit(ProcessUnitOptions.NormalizationOptions)
            unit.options.mean, unit.options.std = [*mean], [*std]
            made.processUnits = [unit]
        return made

    def audio(self, name: str, description: str, sample_rate: int, channels: int) -> Any:
        """See MetadataWriter."""
        made = self._tensor(name, description, ContentProperties.AudioProperties)
        made.content.contentProperties.sampleRate, made.content.contentProperties.channels = sample_rate, channels
        return made

    def classes(self, name: str, description: str, dtype: str) -> Any:
        """See MetadataWriter."""
        made = self._tensor(name, description, ContentProperties.FeatureProperties)
        made.stats.min, made.stats.max = {"uint8": ([0], [255]), "float32": ([0.0], [1.0])}.get(dtype, (None, None))
        return made

    def label_file(self, name: str, locale: str | None) -> Any:
        """See MetadataWriter."""
        return self._file(name, _LABELS_DESCRIPTION, AssociatedFileType.TENSOR_AXIS_LABELS, locale)

    def associated_file(self, name: str, description: str) -> Any:
        """See MetadataWriter."""
        return self._file(name, description, AssociatedFileType.UNKNOWN)

    def regex_tokenizer(self, delimiter: str, vocabulary: str) -> Any:
        """See MetadataWriter."""
        unit = self._unit(ProcessUnitOptions.RegexTokenizerOptions)
        unit.options.delimRegexPattern, unit.options.vocabFile = delimiter, [self._vocabulary(vocabulary)]
        return unit

    def bert_tokenizer(self, vocabulary: str) -> Any:
        """See MetadataWriter."""
        unit = self._unit(ProcessUnitOptions.BertTokenizerOptions)
        unit.options.vocabFile = [self._vocabulary(vocabulary)]
        return unit

    def minimum_parser_version(self, metadata: Any) -> str:
        """See MetadataWriter. What tokenizers name of files is not looked at, as in tflite-support."""
        return ".".join(map(str, max(_versions(metadata), default=(1, 0, 0))))

    def read_back(self, _data: bytes, *, has_files: bool) -> None:
        """See MetadataWriter: there is no other reader."""
        return

    def _tensor(self, name: str, description: str, content: ContentProperties) -> Any:
        made = self.objects.TensorMetadataT()
        made.name, made.description = name, description
        made.stats, made.content = self.objects.StatsT(), self.objects.ContentT()
        made.content.contentPropertiesType = content
        made.content.contentProperties = getattr(self.objects, f"{content.name}T")()
        return made

    def _unit(self, kind: ProcessUnitOptions) -> Any:
        made = self.objects.ProcessUnitT()
        made.optionsType, made.options = kind, getattr(self.objects, f"{kind.name}T")()
        return made

    def _vocabulary(self, name: str) -> Any:
        return self._file(name, _VOCABULARY_DESCRIPTION, AssociatedFileType.VOCABULARY)

    def _file(self, name: str, description: str, kind: AssociatedFileType, locale: str | None = None) -> Any:
        made = self.objects.AssociatedFileT()
        made.name, made.description, made.type, made.locale = name, description, kind, locale
        return made


def _versions(metadata: Any) -> Iterator[tuple[int, int, int]]:
    """The versions of the schema that brought the parts of a ``ModelMetadataT``."""
    yield from _file_versions(metadata.associatedFiles)
    for graph in metadata.subgraphMetadata or ():
        for tensor in (*(graph.inputTensorMetadata or ()), *(graph.outputTensorMetadata or ())):
            yield from _file_versions(tensor.associatedFiles)
            yield from _unit_versions(tensor.processUnits)
            if tensor.content is not None and tensor.content.contentPropertiesType in _CONTENT_VERSIONS:
                yield _CONTENT_VERSIONS[tensor.content.contentPropertiesType]
        yield from _file_versions(graph.associatedFiles)
        yield from _unit_versions(graph.inputProcessUnits)
        yield from _unit_versions(graph.outputProcessUnits)
        # An empty list is one.
        yield from (version for field, version in _GRAPH_VERSIONS.items() if getattr(graph, field) is not None)


def _file_versions(files: Sequence[Any] | None) -> Iterator[tuple[int, int, int]]:
    for file in files or ():
        if file.type in _FILE_VERSIONS:
            yield _FILE_VERSIONS[file.type]
        if file.version is not None:
            yield _FILE_VERSION_VERSION


def _unit_versions(units: Sequence[Any] | None) -> Iterator[tuple[int, int, int]]:
    yield from (_UNIT_VERSIONS[unit.optionsType] for unit in units or () if unit.optionsType in _UNIT_VERSIONS)
