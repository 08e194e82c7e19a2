"""Whether what is said of a text fits a model: which input is which, and the tokenizer."""

from __future__ import annotations

from packager.errors import MetadataError
from packager.metadata.annotation import (
    AS_TENSOR_CLASSIFICATION,
    DEFAULT_DELIMITER,
    DELIMITER,
    TASK,
    VOCABULARY,
    WITH_VOCABULARY,
    Annotation,
    misfit,
)
from packager.metadata.view import ModelMetadata, tensor_metadata
from packager.model import Model
from packager.reading import read_file, without_windows_marks
from packager.settings import Example, Setting
from packager.tasks.delimiter import DelimiterError, python_pattern
from packager.tasks.heads import text_misfit, text_roles
from packager.tasks.tokenizers import VocabularyError, read_regex_vocabulary, read_word_pieces

# A vocabulary has some megabytes at most.
_LARGEST_VOCABULARY = 32 << 20


def token_roles(model: Model, annotation: Annotation, old: ModelMetadata, given: Setting | None) -> tuple[str, ...]:
    """What each input is for a text, as keys of ``ROLES``."""
    wrong = text_misfit(model)
    if wrong is not None:
        raise misfit(model, given, wrong)
    if len(model.inputs) == 1:
        return ("text",)
    said = [spec.name for spec in annotation.inputs] + [None] * len(model.inputs)
    names = (
        (tensor_metadata(old.inputs, index).name if name is None else name)
        for index, name in zip(range(len(model.inputs)), said, strict=False)
    )
    roles = text_roles(model, tuple(names))
    if roles is None:
        wanted = ("ids", "mask") if len(model.inputs) == 2 else ("ids", "mask", "segment_ids")
        raise MetadataError(
            f"the names of its inputs, {', '.join(repr(tensor.name) for tensor in model.inputs)}, do not tell "
            f"which is which of {', '.join(wanted)}",
            where=model.path,
            fix=(
                *("Give ", Setting(Annotation, "inputs", 0, "name"), " for each, in the model's order: "),
                f"{', '.join(wanted)}.",
            ),
            about=Setting(Annotation, "inputs"),
        )
    return tuple(f"text_{role}" for role in roles)


def check_delimiter(model: Model, annotation: Annotation) -> None:
    """Refuse what is no regular expression of a delimiter."""
    if annotation.delimiter is None:
        return
    try:
        python_pattern(annotation.delimiter)
    except DelimiterError as error:
        raise MetadataError(
            (DELIMITER, f" {error}"),
            where=model.path,
            fix=("Give the signs between tokens as a set, such as ", Example.of((DELIMITER, DEFAULT_DELIMITER))),
            about=DELIMITER,
        ) from None


def read_vocabulary(annotation: Annotation) -> bytes | None:
    """The new vocabulary, None where none is given."""
    path = annotation.vocabulary
    if path is None:
        return None
    try:
        return without_windows_marks(read_file(path, _LARGEST_VOCABULARY))
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        why = error.strerror if isinstance(error, OSError) else error
        raise MetadataError(f"cannot be read: {why}", where=path, fix=("Check ", VOCABULARY, ".")) from None


def sentencepiece_error(model: Model) -> MetadataError:
    """The error for a text model with a tokenizer of that kind."""
    return MetadataError(
        "its tokenizer is SentencePiece, which is not supported",
        where=model.path,
        fix=("Attach it with ", AS_TENSOR_CLASSIFICATION, ", and give it the numbers of the tokens."),
        about=TASK,
    )


def checked_delimiter(model: Model, annotation: Annotation, old: ModelMetadata, vocabulary: bytes | None) -> str:
    """Check what will make tokens of a text, and give its delimiter, empty for WordPiece.

    What stays as another tool wrote it is checked where it is read: see ``packager.tasks.text``.
    """
    kept = old.tokenizer_of(len(model.inputs))
    if vocabulary is None and kept is None:
        raise MetadataError(
            "no vocabulary is given, and the model holds none",
            where=model.path,
            fix=("Give its own: ", WITH_VOCABULARY, "; or ", AS_TENSOR_CLASSIFICATION, " takes numbers of tokens."),
            about=VOCABULARY,
        )
    if vocabulary is None and kept is not None and kept.kind == "sentencepiece":
        raise sentencepiece_error(model)
    is_regex = len(model.inputs) == 1 if vocabulary is not None or kept is None else kept.kind == "regex"
    if not is_regex and annotation.delimiter is not None:
        raise MetadataError(
            (DELIMITER, " is of a model with one input; WordPiece, which has several, needs none"),
            where=model.path,
            fix="Leave it out.",
            about=DELIMITER,
        )
    delimiter = annotation.delimiter
    if delimiter is None:
        delimiter = (kept.delimiter if kept is not None else "") or DEFAULT_DELIMITER
    try:
        if vocabulary is not None:
            _ = read_regex_vocabulary(vocabulary) if is_regex else read_word_pieces(vocabulary)
    except VocabularyError as error:
        raise MetadataError(str(error), where=annotation.vocabulary, fix=error.fix, about=VOCABULARY) from None
    return delimiter if is_regex else ""
