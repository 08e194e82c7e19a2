"""`packager inspect`: a stable JSON, and tables that a hostile model cannot turn against the terminal."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from rich.console import Console

from packager.errors import MetadataError, ModelError
from packager.inspection import Inspection, inspect_model, metadata_to_rich, runs
from packager.metadata.reader import read_metadata
from packager.metadata.view import AssociatedFile, ModelMetadata, TensorMetadata
from packager.model import parse_model, read_model
from packager.targets import TARGETS
from packager.targets.target import Level, Problem
from packager.tasks import Task
from packager.terminal import visible
from tests.conftest import HOSTILE_LABELS, PROJECT
from tests.models import T, ports
from tests.test_model_reader import annotated_example, build

Compare = Callable[[str, Mapping[str, bytes]], None]

PROBLEMS = {
    "pi": (),
    "micro": (
        Problem(Level.ERROR, "its arena needs 300 KB", "Take another board."),
        Problem(Level.WARNING, "it is slow", "Quantize it."),
    ),
}


def shown(report: Any, width: int = 100, *, color: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=color, color_system="truecolor" if color else None).print(report)
    return out.getvalue()


@pytest.mark.parametrize("name", ["sine", "digits"])
def test_reports(name: str, assert_tree: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """The JSON is an interface: its keys, their order and their values. The tables are what people see."""
    monkeypatch.chdir(PROJECT)
    path = Path("examples") / name / f"{name}.tflite"
    plain = read_model(path)
    model = replace(parse_model(annotated_example(name), path), sha256="f" * 64)
    files = {}
    for suffix, inspection in [
        ("", Inspection(plain, None, PROBLEMS)),
        ("_annotated", Inspection(model, read_metadata(model), PROBLEMS)),
    ]:
        text = json.dumps(inspection.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        files[f"inspect{suffix}.json"] = f"{text}\n".encode()
        lines = [line.rstrip() for line in shown(inspection.to_rich()).splitlines()]
        files[f"inspect{suffix}.txt"] = ("\n".join(lines) + "\n").encode()
    assert_tree(f"inspect_{name}", files)


def test_every_target_judges_the_model(examples: Path) -> None:
    inspection = inspect_model(examples / "sine" / "sine.tflite")
    assert list(inspection.targets) == list(TARGETS)
    assert all(runs(problems) for problems in inspection.targets.values())
    assert inspection.metadata is None
    assert inspection.to_json()["targets"].keys() == TARGETS.keys()


def test_only_errors_keep_a_model_from_running() -> None:
    error, warning = PROBLEMS["micro"]
    assert runs(())
    assert runs((warning,))
    assert not runs((warning, error))


def test_real_models(models: Path) -> None:
    """Each gives JSON of the same keys and tables; where a target refuses one, it says why."""
    keys = set()
    refused = {}
    for path in sorted(models.glob("*.tflite")):
        inspection = inspect_model(path)
        document = inspection.to_json()
        assert json.loads(json.dumps(document, allow_nan=False)) == document
        keys.add(tuple(document))
        refused[path.stem] = [name for name, problems in inspection.targets.items() if not runs(problems)]
        text = shown(inspection.to_rich(), width=300)
        for tensor in (*inspection.model.inputs, *inspection.model.outputs):
            assert tensor.name in text
        for problems in inspection.targets.values():
            assert all(problem.what and problem.fix for problem in problems)
    assert len(keys) == 1
    assert refused["model_invoking_error"] == list(TARGETS)
    assert refused["mobilenet_v1_0.25_128_quant_edgetpu"] == list(TARGETS)
    assert refused["hello_world_int8"] == []


def hostile_inspection(text: str) -> Inspection:
    """Everything in a model that can hold text holds ``text``."""
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.customCode = 32, 32, text.encode()
    node = schema.OperatorT()
    node.inputs, node.outputs = [0], [0]
    graph = schema.SubGraphT.InitFromObj(schema.Model.GetRootAs(build()).Subgraphs(0))
    graph.operators, graph.name = [node], text.encode()
    graph.tensors[0].name = text.encode()
    signature = schema.SignatureDefT()
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = text.encode(), 0
    signature.signatureKey, signature.inputs, signature.outputs = text.encode(), [entry], [entry]
    data = build(subgraphs=[graph], operatorCodes=[code], signatureDefs=[signature], description=text.encode())
    model = parse_model(data, f"{text}.tflite")
    labels = AssociatedFile(text, text, "TENSOR_AXIS_LABELS", "", (text.replace("\n", " ") + "\n").encode())
    tensor = TensorMetadata(name=text, description=text, dimension_names=(text,), files=(labels,))
    metadata = ModelMetadata(
        name=text,
        description=text,
        version=text,
        author=text,
        license=text,
        min_parser_version=text,
        task=Task.TENSORS,
        inputs=(tensor,),
        outputs=(tensor,),
    )
    return Inspection(model, metadata, {"pi": (Problem(Level.ERROR, text, text),)})


STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    "text",
    [
        "[bold red]x[/bold red]",
        "[link=http://x]y[/link]",
        "[/]",
        "[",
        ":smiley:",
        "\\[x]",
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "a\rb",
        "a\bb",
        "\u202egnp\u2066",
        *HOSTILE_LABELS,
    ],
    ids=ascii,
)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    inspection = hostile_inspection(text)
    assert inspection.model.operators[0][0].name == text
    for width in (40, 4000):
        colored = shown(inspection.to_rich(), width=width, color=True)
        plain = STYLE.sub("", colored)
        # Nothing but the lines and characters of a table: no escape, no carriage return, no override.
        assert all(character == "\n" or character.isprintable() for character in plain)
        assert plain == shown(inspection.to_rich(), width=width)
    expected = visible(text)
    # The model's name, custom operator, tensor, signature, metadata: all there, and as they are.
    assert plain.count(expected) >= 13
    # The styles are those of any other model.
    harmless = shown(hostile_inspection("x").to_rich(), width=4000, color=True)
    assert STYLE.findall(colored) == STYLE.findall(harmless)


def test_spaces_of_other_scripts_are_no_control_characters() -> None:
    text = shown(metadata_to_rich(ModelMetadata(name="犬\u3000猫\u00a0x")))
    assert "犬\u3000猫\u00a0x" in text


def test_numbers_that_json_does_not_have() -> None:
    parameters = schema.QuantizationParametersT()
    parameters.scale, parameters.zeroPoint = [float("nan"), float("inf"), 0.1], [0, 1, 2]
    parameters.quantizedDimension = 1
    model = parse_model(build(tensor={"quantization": parameters}))
    metadata = ModelMetadata(inputs=(TensorMetadata(mean=(float("nan"), 0.1), minimum=(-3.4028234663852886e38,)),))
    document = Inspection(model, metadata, {}).to_json()
    assert document["inputs"][0]["quantization"] == {"scales": [None, None, 0.1], "zero_points": [0, 1, 2], "axis": 1}
    assert (document["metadata"]["inputs"][0]["mean"], document["metadata"]["inputs"][0]["minimum"]) == (
        [None, 0.1],
        [-3.4028235e38],
    )
    json.dumps(document, allow_nan=False)


def test_open_dimensions_show_a_question_mark() -> None:
    model = parse_model(build(tensor={"shape": [1, 1, 3], "shapeSignature": [-1, -1, 3]}))
    assert "[?, ?, 3]" in shown(Inspection(model, None, {}).to_rich())


def test_a_terminal_gets_the_first_of_very_many() -> None:
    inputs = tuple(T(f"input {number}", (1,)) for number in range(150))
    text = shown(Inspection(parse_model(ports(inputs, (T("", (1,)),))), None, {}).to_rich())
    assert ("input 99" in text, "input 100" in text, "… and 50 more" in text) == (True, False, True)
    long = shown(metadata_to_rich(ModelMetadata(description="x" * 100_000)))
    assert (long.count("x") < 1010, "…" in long) == (True, True)


def test_what_cannot_be_inspected(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        inspect_model(tmp_path / "no.tflite")
    path = tmp_path / "damaged.tflite"
    data = annotated_example("digits")
    path.write_bytes(data.replace(b"M001", b"M999"))
    with pytest.raises(MetadataError, match="not of the format"):
        inspect_model(path)
