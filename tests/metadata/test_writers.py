"""Metadata written by this package alone: the bytes of tflite-support, on every machine.

``digests.json`` has the sha256 of what tflite-support makes of each model; machines without it are held against that.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packager.errors import PackagerError
from packager.metadata import writers
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.writers import MetadataWriter, PortableWriter, TfliteSupportWriter, find_writer
from packager.model import Model, parse_model, read_model
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from tests.cells.models import ROWS, Row
from tests.conftest import MODELS, REAL_MODELS, tflite_support
from tests.hand_made import PIECES, WORDS, bert, classifier, loudness, text_classifier
from tests.metadata.test_labels import HOSTILE
from tests.models import T, ports

DIGESTS = Path(__file__).parent / "digests.json"


@contextmanager
def written_by(writer: MetadataWriter) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writers, "FORCED", writer)
        yield


def outcome(model: Model, annotation: Annotation, writer: MetadataWriter) -> bytes | str:
    """The annotated model, or what is wrong."""
    with written_by(writer):
        try:
            return annotate(model, annotation)
        except PackagerError as error:
            return str(error)


def test_the_writer_is_tflite_supports_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    tflite_support()
    assert isinstance(find_writer(), TfliteSupportWriter)
    for name in [name for name in sys.modules if name.startswith("tensorflow_lite_support")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow_lite_support", None)
    assert isinstance(find_writer(), PortableWriter)
    assert "tensorflow" not in sys.modules


# --- every model there is ----------------------------------------


def as_tensors(name: str) -> tuple[Model, Annotation]:
    first = (TensorSpec("in", "what goes in", minimum=(0.1,)),)
    return read_model(MODELS / name), Annotation(Task.TENSORS, name="a name 🐈", inputs=first)


def as_its_task(row: Row) -> tuple[Model, Annotation]:
    annotation = Annotation(row.task, **{"name": row.name, **row.settings})
    return parse_model(row.data(), f"{row.name}.tflite"), annotation


Case = Callable[[], tuple[Model, Annotation]]
CASES: dict[str, Case] = {
    **{f"{name} as tensors": lambda name=name: as_tensors(f"{name}.tflite") for name in REAL_MODELS},  # type: ignore[misc]
    **{row.name: lambda row=row: as_its_task(row) for row in ROWS},  # type: ignore[misc]
}
NEEDS_MODELS = {f"{name} as tensors" for name in REAL_MODELS} | {row.name for row in ROWS if row.is_real}


def digest(outcome: bytes | str) -> str:
    """The sha256 of the file, or what is wrong with it."""
    return hashlib.sha256(outcome).hexdigest() if isinstance(outcome, bytes) else outcome.partition(": ")[2]


@pytest.fixture
def case(name: str, request: pytest.FixtureRequest) -> Case:
    if name in NEEDS_MODELS:
        request.getfixturevalue("models")
    return CASES[name]


@pytest.mark.parametrize("name", CASES)
def test_every_machine_writes_the_same(name: str, case: Case, request: pytest.FixtureRequest) -> None:
    digests = json.loads(DIGESTS.read_text("utf-8"))
    if request.config.getoption("--update-trees"):
        digests[name] = digest(outcome(*case(), tflite_support()))
        DIGESTS.write_text(json.dumps(digests, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    assert digest(outcome(*case(), PortableWriter())) == digests[name]


@pytest.mark.parametrize("name", CASES)
def test_both_write_the_same(case: Case) -> None:
    support = tflite_support()
    assert outcome(*case(), PortableWriter()) == outcome(*case(), support)


def test_the_digests_are_of_models_that_are_there(models: Path) -> None:
    assert json.loads(DIGESTS.read_text("utf-8")).keys() == CASES.keys()


# --- any annotation ----------------------------------------


@dataclass(frozen=True)
class Made:
    """A model, the task that it is of, and how many labels it has; ``settings`` are those that the task has."""

    data: bytes
    task: Task
    labels: int = 0
    ports: tuple[int, int] = (1, 1)
    settings: dict[str, st.SearchStrategy[Any]] = field(default_factory=dict)


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


TEXTS = st.none() | st.sampled_from(["", *HOSTILE]) | st.text(max_size=20)
NUMBERS = st.floats(-1000, 1000, width=32) | st.sampled_from([0.0, 1.0, 127.5, 255.0])
UNIT = st.none() | st.floats(0, 1, width=32)
PICTURE: dict[str, st.SearchStrategy[Any]] = {
    "mean": st.sampled_from([(127.5,), (0.0,)]) | st.tuples(NUMBERS),
    "std": st.sampled_from([(127.5,), (255.0,)]) | st.tuples(st.floats(0.125, 1000, width=32)),
    "crop": maybe(*CropMode),
    "resize": maybe(*Resize),
}
COLORED = PICTURE | {
    "mean": PICTURE["mean"] | st.tuples(NUMBERS, NUMBERS, NUMBERS),
    "channels": maybe(*ChannelOrder),
}
CLASSES: dict[str, st.SearchStrategy[Any]] = {"activation": maybe(*Activation), "threshold": UNIT}
SOUND: dict[str, st.SearchStrategy[Any]] = {
    "sample_rate": st.sampled_from([1600, 8000, 16000]),
    "audio_channels": maybe(1),
    "hop": maybe(1, 800),
}
WORDS_OR_NONE = st.sampled_from([WORDS, WORDS, None])
MADE = [
    Made(classifier().data, Task.IMAGE_CLASSIFICATION, 3, settings=COLORED | CLASSES),
    Made(classifier(T("", (1, 4, 4, 3), "uint8", 1 / 255)).data, Task.IMAGE_CLASSIFICATION, 3, settings=COLORED),
    Made(
        classifier(T("", (1, 4, 4, 1), "int8", 1 / 255, -128), T("", (1, 3), "uint8", 1 / 256)).data,
        Task.IMAGE_CLASSIFICATION,
        3,
        settings=PICTURE | CLASSES,
    ),
    Made(classifier().data, Task.IMAGE_TO_TENSORS, settings=COLORED),
    Made(
        ports((T("", (1, 8, 8, 3)),), (T("", (1, 9, 4)), T("", (1, 9)), T("", (1, 9)), T("", (1,)))),
        Task.OBJECT_DETECTION,
        3,
        (1, 4),
        COLORED | {"threshold": UNIT, "iou": UNIT},
    ),
    Made(ports((T("", (1, 8, 8, 3)),), (T("", (1, 8, 8, 3)),)), Task.IMAGE_SEGMENTATION, 3, settings=COLORED),
    Made(ports((T("", (1, 8, 8, 3)),), (T("", (1, 6)),)), Task.POSE, settings=COLORED | {"points": st.just(3)}),
    Made(loudness(), Task.AUDIO_CLASSIFICATION, 3, settings=SOUND | CLASSES),
    Made(loudness(embedding=True), Task.TENSOR_CLASSIFICATION, 3, (1, 2), CLASSES),
    Made(
        text_classifier(),
        Task.TEXT_CLASSIFICATION,
        3,
        settings=CLASSES | {"vocabulary": st.just(WORDS), "delimiter": maybe(r"\s+", ",")},
    ),
    Made(
        bert(len(PIECES.read_text("utf-8").split())),
        Task.TEXT_CLASSIFICATION,
        3,
        (3, 1),
        CLASSES | {"vocabulary": st.just(PIECES)},
    ),
    Made(ports((T("", (2, 3)), T("", (1,), "int32")), (T("", (1, 5)),)), Task.TENSORS, ports=(2, 1)),
]


def label_files(folder: Path, count: int) -> st.SearchStrategy[tuple[LabelFile, ...]]:
    """One file of ``count`` labels, or more in several languages."""
    texts = {"plain": [f"label {number}" for number in range(count)], "hostile": [*HOSTILE[:count]]}
    paths = [folder / f"{name}{count}.json" for name in texts]
    for path, labels in zip(paths, texts.values(), strict=True):
        path.write_text(json.dumps(labels), "utf-8")
    default = st.sampled_from(paths).map(LabelFile)
    others = st.builds(LabelFile, st.sampled_from(paths), st.sampled_from(["de", "pt-BR", "zh"]))
    more = st.lists(others, max_size=2, unique_by=lambda file: file.locale)
    return st.builds(lambda first, rest: (first, *rest), default, more)


def specs(count: int) -> st.SearchStrategy[tuple[TensorSpec, ...]]:
    low, high = (st.none() | st.tuples(st.floats(*limits, width=32)) for limits in ((-1000, 0), (0, 1000)))
    return st.lists(st.builds(TensorSpec, TEXTS, TEXTS, low, high), max_size=count).map(tuple)


def fitting(made: Made, folder: Path) -> st.SearchStrategy[Annotation]:
    """Such as somebody would attach to that model."""
    return st.builds(
        Annotation,
        task=st.just(made.task),
        labels=label_files(folder, made.labels) if made.labels else st.just(()),
        **dict.fromkeys(("name", "version", "author", "license", "description"), TEXTS),
        inputs=specs(made.ports[0]),
        outputs=specs(made.ports[1]),
        **made.settings,
    )


# What is given for another model, or once more.
OTHER: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "task": st.sampled_from([Task.TENSORS, *Task]),
        "labels": st.just(()),
        "std": st.sampled_from([(0.0,), None, (1.0, 2.0)]),
        "head": st.sampled_from(Head),
        "pad": st.sampled_from([0, 114, 256]),
        "points": st.integers(0, 9),
        "sample_rate": st.sampled_from([None, 0, 44100, 2**32]),
        "vocabulary": WORDS_OR_NONE,
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labels")


WRITTEN: list[bool] = []


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_five_hundred_annotations(folder: Path, data: st.DataObject) -> None:
    """And over each another one; what one writer refuses the other does."""
    support = tflite_support()
    made = data.draw(st.sampled_from(MADE))
    model = parse_model(made.data, "m.tflite")
    first = data.draw(fitting(made, folder))
    for annotation in (first, replace(data.draw(fitting(made, folder)), **data.draw(OTHER))):
        ours = outcome(model, annotation, PortableWriter())
        assert ours == outcome(model, annotation, support)
        WRITTEN.append(isinstance(ours, bytes))
        if isinstance(ours, bytes):
            model = parse_model(ours, "m.tflite")


@pytest.mark.slow
def test_most_of_them_were_no_mistakes() -> None:
    tflite_support()
    assert sum(WRITTEN) > 500
    assert not all(WRITTEN)
