"""How a text becomes the model's input tensors; the generated projects do exactly the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packager.errors import MetadataError
from packager.metadata.annotation import AS_TENSOR_CLASSIFICATION, DELIMITER, VOCABULARY, WITH_VOCABULARY
from packager.metadata.texts import sentencepiece_error
from packager.metadata.view import ModelMetadata
from packager.model import Model, Tensor
from packager.settings import Part
from packager.tasks import InputKind
from packager.tasks.delimiter import DelimiterError
from packager.tasks.heads import text_misfit, text_roles
from packager.tasks.kinds import Array, Input
from packager.tasks.tokenizers import RegexTokenizer, VocabularyError, WordPiece, read_word_pieces, regex_tokenizer


@dataclass(frozen=True)
class TextInput(Input):
    """The inputs of a text, each [1, length] or [length] of int32 or int64.

    ``roles`` say what the model's inputs are, in its order: ``ids`` (the numbers of the tokens, filled up with the
    tokenizer's ``pad``), and for BERT's ``mask`` (1 for each token, 0 behind them) and ``segment_ids`` (0).
    """

    kind = InputKind.TEXT

    tensors: tuple[Tensor, ...]
    roles: tuple[str, ...]
    length: int
    tokenizer: RegexTokenizer | WordPiece


def text_input(model: Model, metadata: ModelMetadata) -> TextInput:
    """The text input of a model with one.

    Raises:
        MetadataError: it takes no text, or the metadata do not say how.
    """

    def fail(what: str, *fix: Part) -> MetadataError:
        return MetadataError(what, where=model.path, fix=fix)

    again = "Attach metadata that fits: packager metadata attach --help"
    misfit = text_misfit(model)
    if misfit is not None:
        raise fail(misfit, "Convert it so, or attach it with ", AS_TENSOR_CLASSIFICATION, ".")
    roles = text_roles(model, [item.name for item in metadata.inputs])
    if roles is None:
        raise fail(
            "which of its inputs are the ids, the mask and the segment_ids is not to be told",
            "Name them so in its metadata, in the model's order: packager metadata attach --help",
        )
    found = metadata.tokenizer_of(len(model.inputs))
    if found is None:
        raise fail(
            "its metadata names no tokenizer",
            *("Attach one with ", WITH_VOCABULARY, "; or attach it with ", AS_TENSOR_CLASSIFICATION, "."),
        )
    if found.kind == "sentencepiece":
        raise sentencepiece_error(model)
    if found.kind == "regex" and len(roles) > 1:
        raise fail(f"its tokenizer is of a single input, and it has {len(roles)}", again)
    if found.vocabulary is None or found.vocabulary.data is None:
        raise fail("the vocabulary of its tokenizer is not in it", "Attach it with ", WITH_VOCABULARY, ".")
    vocabulary, where = found.vocabulary.data, "in its metadata"
    tokenizer: RegexTokenizer | WordPiece
    try:
        if found.kind == "regex":
            tokenizer = regex_tokenizer(found.delimiter, vocabulary)
        else:
            tokenizer = WordPiece(read_word_pieces(vocabulary))
    except VocabularyError as error:
        raise fail(f"the vocabulary {where} {error}", f"{error.fix} Attach it with ", VOCABULARY, ".") from None
    except DelimiterError as error:
        raise fail(f"the delimiter {where} {error}", "Attach another with ", DELIMITER, ".") from None
    return TextInput(model.inputs, roles, model.inputs[0].size, tokenizer)


def input_tensors(text: str, input: TextInput) -> tuple[Array, ...]:
    """The input tensors for ``text``, in the model's order: each of its own shape and dtype."""
    numbers = input.tokenizer.encode(text, input.length)
    rest = input.length - len(numbers)
    filled = {
        "ids": numbers + [input.tokenizer.pad] * rest,
        "mask": [1] * len(numbers) + [0] * rest,
        "segment_ids": [0] * input.length,
    }
    return tuple(
        np.array(filled[role], tensor.dtype).reshape(tensor.shape)
        for role, tensor in zip(input.roles, input.tensors, strict=True)
    )
