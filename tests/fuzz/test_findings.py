"""What the fuzz found, each as a test of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from packager.annotated import annotated_model
from packager.errors import MetadataError, ModelError, PackagerError
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.metadata.embedding import embed
from packager.metadata.reader import read_metadata
from packager.metadata.schema import OBJECTS, finish_metadata, unpack_metadata
from packager.model import parse_model
from packager.model.operators import TENSOR_TYPES
from packager.runtimes import Runtime
from packager.targets import load_target
from packager.targets.target import build_project
from packager.tasks import Task
from tests.hand_made import IMAGE, classifier
from tests.models import T, pack, ports, unpack

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dtype", TENSOR_TYPES)
def test_samples_of_every_type_are_made_or_refused(dtype: str) -> None:
    """complex64 is a type of NumPy's, and no integer."""
    annotated = annotated_model(parse_model(ports((T("", (2,), dtype, 0.5, 1),), (T("", (1,)),))))
    if dtype in ("float16", "float32", "float64", "bool") or re.fullmatch("u?int(8|16|32|64)", dtype):
        assert read_samples(annotated, ())[0].inputs[0].dtype == dtype
    else:
        with pytest.raises(ModelError, match=f"is of {dtype}, for which there are no samples"):
            read_samples(annotated, ())


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ([(1, 4096, 4096, 3)], "the inputs of 3 golden cases take 144 MB"),
        ([(1 << 20, 4, 1)] * 20, "the inputs of 3 golden cases take 240 MB"),
        ([(2**31 - 1,) * 8], "which no sample can have"),
    ],
)
def test_samples_of_gigabytes_are_refused(shapes: list[tuple[int, ...]], what: str) -> None:
    annotated = annotated_model(
        parse_model(ports(tuple(T("", shape, "uint8", 0.5, 1) for shape in shapes), (T("", (1,)),)))
    )
    with pytest.raises(PackagerError, match=what):
        read_samples(annotated, ())


@pytest.mark.parametrize("target", ["android", "ios", "pi", "micro"])
def test_a_model_without_inputs(target: str) -> None:
    annotated = annotated_model(parse_model(ports((), (T("", (1,)),))))
    (sample, *_) = read_samples(annotated, ())
    case = GoldenCase(sample.name, None, (), (np.zeros(1, np.float32),), None)
    goldens = Goldens({runtime: GoldenSet("made up", (case,)) for runtime in Runtime}, 4096)
    chosen = load_target(target)
    _, files = build_project(chosen, annotated, chosen.options(), goldens)
    assert files


@pytest.mark.parametrize(("mean", "std"), [(3e38, 1e-6), (0.0, 1e-44), (-3e38, 0.5)])
def test_a_normalization_beyond_float32(mean: float, std: float, tmp_path: Path) -> None:
    """Its value range could not be packed."""
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    annotation = Annotation(Task.IMAGE_CLASSIFICATION, (LabelFile(tmp_path / "labels.txt"),), (mean,), (std,))
    with pytest.raises(MetadataError, match="divided by it, is beyond float32"):
        annotate(classifier(), annotation)


@pytest.mark.parametrize(
    ("outputs", "ends_in"),
    [([1, 2, 3, 4, 1], [1, 2, 3, 4]), ([1, 2, 3, 4], [1, 1, 2, 3, 4]), ([4, 3, 2, 1], [-1, 4])],
)
def test_a_detector_that_names_an_output_twice(outputs: list[int], ends_in: list[int], tmp_path: Path) -> None:
    """Its operator then has more outputs than there are kinds of them."""
    shapes = (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,)))
    model = unpack(ports((IMAGE,), shapes, operator="TFLite_Detection_PostProcess"))
    model.subgraphs[0].outputs = outputs
    model.subgraphs[0].operators[0].outputs = ends_in
    (tmp_path / "labels.txt").write_text("cat\n")
    annotation = Annotation(Task.OBJECT_DETECTION, (LabelFile(tmp_path / "labels.txt"),), (0,), (1,))
    if len(outputs) > 4:
        with pytest.raises(MetadataError, match="with the four outputs of"):
            annotate(parse_model(pack(model)), annotation)
    else:
        metadata = read_metadata(parse_model(annotate(parse_model(pack(model)), annotation)))
        assert metadata is not None
        names = {"location": 1, "category": 2, "score": 3, "number of detections": 4}
        assert [names[item.name] for item in metadata.outputs] == outputs


def test_numbers_that_json_has_not_are_kept() -> None:
    """tflite-support writes them into its JSON as they are."""
    buffer = parse_model(annotate(classifier(), Annotation(Task.TENSORS))).metadata_buffer
    assert buffer is not None
    metadata = unpack_metadata(buffer)
    image = metadata.subgraphMetadata[0].inputTensorMetadata[0]
    image.name = 'nan\n  nan,\n"x": inf'
    image.stats = OBJECTS.StatsT()
    image.stats.min, image.stats.max = [float("-inf"), float("nan"), 1.0], [float("inf")]
    unit = OBJECTS.ProcessUnitT()
    unit.options, unit.optionsType = OBJECTS.ScoreThresholdingOptionsT(), 3
    unit.options.globalScoreThreshold = float("nan")
    image.processUnits = [unit]
    model = parse_model(embed(classifier().data, finish_metadata(metadata), {}))
    read = read_metadata(parse_model(annotate(model, Annotation(name="n"))))
    assert read is not None
    assert read.inputs[0].name == image.name
    assert str((read.inputs[0].minimum, read.inputs[0].maximum)) == "((-inf, nan, 1.0), (inf,))"


def test_a_scale_that_equals_nothing_is_no_other_graph() -> None:
    model = unpack(ports((T("", (1,), "float32", 0.5, 0),), (T("", (1,)),)))
    model.subgraphs[0].tensors[0].quantization.scale = [float("nan")]
    assert parse_model(annotate(parse_model(pack(model)), Annotation(Task.TENSORS))).metadata_buffer


@pytest.mark.parametrize("name", [None, b"\xff"])
def test_an_entry_that_tflite_support_cannot_read(name: bytes | None) -> None:
    model = unpack(ports((IMAGE,), (T("", (1,)),), buffers=[b"", b"1.5.0"], metadata={"min_runtime_version": 1}))
    model.metadata[0].name = name
    with pytest.raises(ModelError, match="has an entry in its list of metadata whose name cannot be read"):
        annotate(parse_model(pack(model)), Annotation(Task.TENSORS))
