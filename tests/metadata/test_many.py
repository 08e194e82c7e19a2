"""Twenty thousand of anything: no step takes the square of that, nor what a terminal cannot show."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from rich.console import Console

from packager.annotated import MOST_PORTS, annotated_model
from packager.errors import ModelError
from packager.inspection import Inspection
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.embedding import embed, strip
from packager.metadata.export import export_metadata
from packager.metadata.reader import read_metadata
from packager.metadata.schema import OBJECTS, AssociatedFileType, finish_metadata
from packager.model import Model, parse_model
from packager.targets import TARGETS, load_target
from packager.tasks import Task
from tests.hand_made import IMAGE, SCORES, classifier
from tests.models import Op, T, graph, pack, ports, unpack

pytestmark = pytest.mark.slow

COUNT = 20_000
LABELS = b"a\nb\nc\n"


def label_files(names: list[tuple[str, str]]) -> bytes:
    """A model whose output has these label files, as (name, locale)."""
    metadata, graph = OBJECTS.ModelMetadataT(), OBJECTS.SubGraphMetadataT()
    output = OBJECTS.TensorMetadataT()
    output.associatedFiles = []
    for name, locale in names:
        file = OBJECTS.AssociatedFileT()
        file.name, file.locale, file.type = name, locale, AssociatedFileType.TENSOR_AXIS_LABELS
        output.associatedFiles.append(file)
    graph.outputTensorMetadata = [output]
    metadata.subgraphMetadata = [graph]
    return embed(classifier().data, finish_metadata(metadata), {name: LABELS for name, _ in names})


def operators(count: int) -> bytes:
    nodes = [Op(f"operator {number}", [0], [1], custom=True) for number in range(count)]
    return graph([IMAGE, SCORES], nodes, [0], [1])


def signatures(count: int) -> bytes:
    model = unpack(ports((IMAGE,), (SCORES,)))
    model.signatureDefs = []
    for number in range(count):
        signature = schema.SignatureDefT()
        signature.signatureKey = f"signature {number}"
        model.signatureDefs.append(signature)
    return pack(model)


MANY: dict[str, Callable[[], bytes]] = {
    "inputs without a name": lambda: ports((T("", (1,)),) * MOST_PORTS, (T("", (1,)),)),
    "inputs that are too many": lambda: ports((T("", (1,)),) * COUNT, (T("", (1,)),)),
    "outputs": lambda: ports((T("", (1,)),), tuple(T(f"o{number}", (1,)) for number in range(COUNT))),
    "operators": lambda: operators(COUNT),
    "signatures": lambda: signatures(COUNT),
    "buffers": lambda: ports((IMAGE,), (SCORES,), buffers=[b""] * COUNT),
    "entries": lambda: ports((IMAGE,), (SCORES,), metadata={f"entry {number}": 0 for number in range(COUNT)}),
    "locales": lambda: label_files([("l.txt", ""), *((f"{number}.txt", f"l{number}") for number in range(COUNT))]),
    "labels of one locale": lambda: label_files([(f"{number}.txt", "") for number in range(COUNT)]),
    "names that new labels would get": lambda: label_files(
        [("l.txt", ""), ("labels.txt", "de"), *((f"labels-{number}.txt", f"l{number}") for number in range(2, COUNT))]
    ),
}


def _inspect(model: Model) -> Inspection:
    problems = {name: load_target(name).find_problems(model) for name in TARGETS}
    return Inspection(model, read_metadata(model), problems)


@pytest.mark.parametrize("kind", MANY)
def test_many(kind: str, tmp_path: Path) -> None:
    data = MANY[kind]()
    model = parse_model(data)
    (tmp_path / "labels.txt").write_text("x\ny\nz\n" if model.outputs[0].shape == (1, 3) else "x\n")
    labels = (LabelFile(tmp_path / "labels.txt"),)
    steps: dict[str, Callable[[], Any]] = {
        "parse": lambda: parse_model(data),
        "inspect --json": lambda: json.dumps(_inspect(model).to_json(), indent=2),
        "inspect": lambda: Console(file=io.StringIO(), width=80).print(_inspect(model).to_rich()),
        "annotated": lambda: annotated_model(model),
        "strip": lambda: strip(data),
        "attach": lambda: annotate(model, Annotation(Task.TENSORS, labels, name="n")),
    }
    if model.metadata_buffer is not None:
        steps["export"] = lambda: export_metadata(model)
    took = {}
    for step, take in steps.items():
        start = time.process_time()
        if step in ("annotated", "attach") and max(len(model.inputs), len(model.outputs)) > MOST_PORTS:
            with pytest.raises(ModelError, match=r"has 20,000 (in|out)puts, and at most 1,000 are supported"):
                take()
        else:
            take()
        took[step] = time.process_time() - start
    # What takes a time in proportion takes 5 s on a slow machine, 20 on a busy one; what is quadratic takes minutes.
    assert {step: seconds for step, seconds in took.items() if seconds > 60} == {}
