"""Tokenizers in metadata: what attach writes, what tflite-support's own writers wrote, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from packager.annotated import annotated_model
from packager.cli import app
from packager.errors import MetadataError
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.embedding import embed
from packager.metadata.export import export_metadata
from packager.metadata.reader import read_metadata
from packager.metadata.schema import OBJECTS, ProcessUnitOptions, finish_metadata
from packager.metadata.view import ModelMetadata
from packager.metadata.writers import find_writer
from packager.model import Model, parse_model
from packager.tasks import Task
from packager.tasks.text import TextInput
from packager.tasks.tokenizers import RegexTokenizer, WordPiece
from tests.conftest import tflite_support
from tests.hand_made import BERT_INPUTS, COLORS, PIECES, WORDS, bert, text_classifier

writer = find_writer()
TOKENS = len(PIECES.read_text().split())


def given(**settings: Any) -> Annotation:
    return Annotation(Task.TEXT_CLASSIFICATION, (LabelFile(COLORS),), **settings)


def words_model() -> Model:
    return parse_model(text_classifier(), "m.tflite")


def bert_model(names: Sequence[str] = BERT_INPUTS) -> Model:
    return parse_model(bert(TOKENS, names=names), "m.tflite")


def attached(model: Model, annotation: Annotation) -> Model:
    return parse_model(annotate(model, annotation), "m.tflite")


def read(model: Model) -> ModelMetadata:
    metadata = read_metadata(model)
    assert metadata is not None
    return metadata


def input_of(model: Model) -> TextInput:
    found = annotated_model(model)
    assert found.task is Task.TEXT_CLASSIFICATION
    assert found.answer.kind == "classes"
    assert isinstance(found.input, TextInput)
    return found.input


def graph_json(model: Model) -> dict[str, Any]:
    displayer = tflite_support().displayer.with_model_buffer(model.data)
    graph: dict[str, Any] = json.loads(displayer.get_metadata_json())["subgraph_metadata"][0]
    return graph


def vocabulary_file(name: str) -> dict[str, str]:
    return {
        "name": name,
        "description": "Vocabulary file to convert natural language words to embedding vectors.",
        "type": "VOCABULARY",
    }


# --- what is written ----------------------------------------


def test_a_model_of_one_input() -> None:
    """As tflite-support's nl_classifier writer: at the tensor."""
    model = attached(words_model(), given(vocabulary=WORDS))
    graph = graph_json(model)
    assert "input_process_units" not in graph
    (tensor,) = graph["input_tensor_metadata"]
    assert (tensor["name"], tensor["content"]) == ("input_text", {"content_properties_type": "FeatureProperties",
                                                                  "content_properties": {}})  # fmt: skip
    assert tensor["process_units"] == [
        {
            "options_type": "RegexTokenizerOptions",
            "options": {"delim_regex_pattern": r"[^\w\']+", "vocab_file": [vocabulary_file("vocab.txt")]},
        }
    ]
    made = input_of(model)
    assert made.tokenizer == RegexTokenizer(r"[^\w\']+", {"<PAD>": 0, "<START>": 1, "<UNKNOWN>": 2, "red": 3,
        "green": 4, "blue": 5, "rose": 6, "grass": 7, "sky's": 8})  # fmt: skip


def test_a_model_of_three_inputs() -> None:
    """As tflite-support's bert_nl_classifier writer: for the graph, and the inputs by names that are looked for."""
    model = attached(bert_model(), given(vocabulary=PIECES))
    graph = graph_json(model)
    assert [(tensor["name"], tensor["description"]) for tensor in graph["input_tensor_metadata"]] == [
        ("mask", "Mask with 1 for real tokens and 0 for padding tokens."),
        ("ids", "Tokenized ids of the input text."),
        ("segment_ids", "0 for the first sequence, 1 for the second sequence if exists."),
    ]
    assert not any("process_units" in tensor for tensor in graph["input_tensor_metadata"])
    assert graph["input_process_units"] == [
        {"options_type": "BertTokenizerOptions", "options": {"vocab_file": [vocabulary_file("vocab.txt")]}}
    ]
    made = input_of(model)
    assert made.roles == ("mask", "ids", "segment_ids")
    assert made.tokenizer == WordPiece({token: n for n, token in enumerate(PIECES.read_text("utf-8").split())})
    assert export_metadata(model)["vocab.txt"] == PIECES.read_bytes()


def test_what_stays_and_what_is_replaced(tmp_path: Path) -> None:
    model = attached(words_model(), given(vocabulary=WORDS, delimiter=r"\s+"))
    other = tmp_path / "other"
    other.write_bytes(b"<PAD> 1\n<UNKNOWN> 0\n")
    renamed = attached(model, Annotation(name="n"))
    assert read(renamed).inputs[0].tokenizer == read(model).inputs[0].tokenizer
    replaced = attached(model, Annotation(vocabulary=other))
    assert input_of(replaced).tokenizer == RegexTokenizer(r"\s+", {"<PAD>": 1, "<UNKNOWN>": 0})
    assert export_metadata(replaced)["vocab.txt"] == other.read_bytes()
    split = attached(replaced, Annotation(delimiter=","))
    assert input_of(split).tokenizer == RegexTokenizer(",", {"<PAD>": 1, "<UNKNOWN>": 0})
    assert attached(split, Annotation(delimiter=",")).data == split.data
    # As numbers, the vocabulary is of no use, and stays.
    numbers = attached(split, Annotation(Task.TENSOR_CLASSIFICATION))
    assert annotated_model(numbers).input.kind == "tensors"


def test_names_given_for_the_inputs_tell_which_is_which() -> None:
    model = bert_model(("a", "b", "c"))
    names = tuple(map(TensorSpec, ("mask", "ids", "segment_ids")))
    made = input_of(attached(model, given(vocabulary=PIECES, inputs=names)))
    assert made.roles == ("mask", "ids", "segment_ids")
    two = input_of(attached(bert_model(BERT_INPUTS[:2]), given(vocabulary=PIECES)))
    assert two.roles == ("mask", "ids")


# --- what others wrote ----------------------------------------


def theirs(
    model: Model, files: Mapping[str, bytes], *, of_graph: Sequence[Any] = (), of_tensor: Sequence[Any] = ()
) -> Model:
    """The model with tokenizers as tflite-support's writers describe them, and labels."""
    metadata, graph = writer.objects.ModelMetadataT(), writer.objects.SubGraphMetadataT()
    graph.inputTensorMetadata = [writer.objects.TensorMetadataT() for _ in model.inputs]
    graph.inputTensorMetadata[0].processUnits = [*of_tensor]
    graph.inputProcessUnits = [*of_graph]
    output = writer.classes("probability", "", "float32")
    output.associatedFiles = [writer.label_file("labels", None)]
    graph.outputTensorMetadata = [output]
    metadata.subgraphMetadata = [graph]
    packed = {"labels": COLORS.read_bytes(), **files}
    return parse_model(embed(model.data, finish_metadata(metadata), packed), "theirs.tflite")


def test_models_of_others() -> None:
    words = theirs(words_model(), {"v": WORDS.read_bytes()}, of_tensor=[writer.regex_tokenizer("x+", "v")])
    assert input_of(words).tokenizer.vocabulary["rose"] == 6
    pieces = theirs(bert_model(), {"v": PIECES.read_bytes()}, of_graph=[writer.bert_tokenizer("v")])
    assert input_of(pieces).tokenizer.vocabulary["rose"] == 7
    # Attaching more keeps it, and names the inputs.
    named = attached(pieces, Annotation(Task.TEXT_CLASSIFICATION, name="n"))
    assert [tensor.name for tensor in read(named).inputs] == ["mask", "ids", "segment_ids"]
    assert input_of(named).tokenizer.vocabulary["rose"] == 7


def test_a_vocabulary_that_is_lost() -> None:
    with pytest.raises(MetadataError, match="the vocabulary of its tokenizer is not in it"):
        annotated_model(theirs(words_model(), {}, of_tensor=[writer.regex_tokenizer("x+", "v")]))


def test_sentencepiece_is_refused_by_name_until_it_is_numbers() -> None:
    unit, sentences = OBJECTS.ProcessUnitT(), OBJECTS.SentencePieceTokenizerOptionsT()
    unit.optionsType, unit.options = ProcessUnitOptions.SentencePieceTokenizerOptions, sentences
    sentences.sentencePieceModel = [writer.associated_file("model", "")]
    sentences.vocabFile = [writer.associated_file("v", "")]
    model = theirs(bert_model(), {"model": b"\0", "v": b"a\t0\n"}, of_graph=[unit])
    refused: list[Callable[[], object]] = [
        lambda: annotated_model(model),
        lambda: annotate(model, Annotation(name="n")),
        lambda: annotate(model, Annotation(Task.TEXT_CLASSIFICATION)),
    ]
    for read_or_attach in refused:
        with pytest.raises(MetadataError, match="its tokenizer is SentencePiece, which is not supported") as caught:
            read_or_attach()
        assert "task=Task.TENSOR_CLASSIFICATION" in str(caught.value.fix)
    numbers = annotated_model(attached(model, Annotation(Task.TENSOR_CLASSIFICATION)))
    assert (numbers.input.kind, numbers.answer.kind) == ("tensors", "classes")
    pieces = attached(model, Annotation(Task.TEXT_CLASSIFICATION, vocabulary=PIECES))
    assert isinstance(input_of(pieces).tokenizer, WordPiece)
    assert len(graph_json(pieces)["input_process_units"]) == 1


# --- what is refused ----------------------------------------


@pytest.mark.parametrize(
    ("make", "settings", "what", "fix"),
    [
        (words_model, {}, "no vocabulary is given, and the model holds none", "--vocabulary vocab.txt; or --task t"),
        (bert_model, {}, "no vocabulary is given, and the model holds none", "--vocabulary vocab.txt; or --task t"),
        (words_model, {"vocabulary": PIECES}, "line 1 is '[PAD]'", "a space and its number"),
        (bert_model, {"vocabulary": WORDS}, "has no [CLS] and no [SEP] and no [UNK]", "it has [CLS], [SEP], [UNK]"),
        (words_model, {"vocabulary": COLORS}, "line 1 is 'red'", "a space and its number"),
        (words_model, {"vocabulary": WORDS, "delimiter": "^"}, "--delimiter has the anchor ^", "--delimiter '[^"),
        (words_model, {"vocabulary": WORDS, "delimiter": ""}, "--delimiter matches the empty text", "--delimiter"),
        (bert_model, {"vocabulary": PIECES, "delimiter": "x"}, "--delimiter is of a model with one input", "Leave"),
        (
            lambda: bert_model(("a", "b", "c")),
            {"vocabulary": PIECES},
            "the names of its inputs, 'a', 'b', 'c', do not tell which is which of ids, mask, segment_ids",
            "Give --input-name for each, in the model's order: ids, mask, segment_ids.",
        ),
        (
            lambda: bert_model(("x", "y")),
            {"vocabulary": PIECES},
            "do not tell which is which of ids, mask",
            "in the model's order: ids, mask.",
        ),
    ],
)
def test_refused(make: Callable[[], Model], settings: dict[str, Any], what: str, fix: str, tmp_path: Path) -> None:
    path, out = tmp_path / "m.tflite", tmp_path / "out.tflite"
    path.write_bytes(make().data)
    options = [f"--{name}={value}" for name, value in settings.items()]
    arguments = ["--task=text-classification", f"--labels={COLORS}", *options]
    result = CliRunner().invoke(app, ["metadata", "attach", str(path), "-o", str(out), *arguments])
    assert result.exit_code == 1, result.output
    assert what in result.output
    assert fix in result.output
    assert not out.exists()


def test_a_vocabulary_that_is_too_large(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(MetadataError, match="cannot be read: it has more than 32 MiB"):
        annotate(words_model(), given(vocabulary=huge))


def test_show_and_export_tell_of_the_tokenizer(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(annotate(words_model(), given(vocabulary=WORDS)))
    shown = CliRunner().invoke(app, ["metadata", "show", str(path)])
    assert any(line.split() == ["tokenizer", "regex", r"[^\w\']+", "vocab.txt"] for line in shown.output.splitlines())
    document = json.loads(CliRunner().invoke(app, ["metadata", "show", "--json", str(path)]).output)
    assert document["tokenizer"] is None
    tokenizer = document["inputs"][0]["tokenizer"]
    assert (tokenizer["kind"], tokenizer["delimiter"]) == ("regex", r"[^\w\']+")
    assert tokenizer["vocabulary"]["bytes"] == WORDS.stat().st_size
    path.write_bytes(annotate(bert_model(), given(vocabulary=PIECES)))
    document = json.loads(CliRunner().invoke(app, ["metadata", "show", "--json", str(path)]).output)
    assert document["tokenizer"]["kind"] == "bert"
