"""What is done with each mutant: all that reads a model, but for running it."""

from __future__ import annotations

import io
import json
import math
import random
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from packager.annotated import annotated_model
from packager.errors import PackagerError
from packager.golden import GoldenCase, Goldens, GoldenSet, read_samples
from packager.initial import propose, render_proposal
from packager.inspection import inspect_model, metadata_to_rich
from packager.metadata.attach import Annotation, LabelFile, TensorSpec, annotate
from packager.metadata.export import export_metadata, metadata_to_json
from packager.metadata.reader import read_metadata
from packager.model import Model, parse_model
from packager.render.templates import environment
from packager.runtimes import Runtime
from packager.targets import TARGETS, load_target
from packager.targets.boards import BOARDS
from packager.targets.micro import ArduinoForm, ArduinoLibrary, Options, Platform
from packager.targets.target import Level, build_project, served
from packager.tasks import Activation, AnswerKind, ChannelOrder, CropMode, Head, InputKind, Resize, Task
from packager.terminal import is_active
from packager.writing import Project, find_fault, fold, plan_tree
from tests.metadata.test_labels import HOSTILE

# What one use may take: seconds of CPU on a machine that may be busy, and bytes of memory at its worst.
MOST_SECONDS = 6.0
MOST_BYTES = 1 << 30
# Made-up answers are as large as the model says, and a runtime would have had to make larger ones. Those of the micro
# target become source code, its inputs too: more items than this fit no board, but for a runtime nobody would know.
_LARGEST = 1 << 17


@dataclass(frozen=True)
class Finding:
    """What went wrong with a mutant."""

    use: str
    what: str
    trace: str


@dataclass(frozen=True)
class Took:
    """What a use took; ``outcome`` is "ok", "refused" or "found"."""

    use: str
    outcome: str
    seconds: float
    peak_bytes: int


def exercise(
    data: bytes, chance: random.Random, folder: Path, *, share: float = 1.0, patience: float = 1.0
) -> tuple[list[Took], list[Finding]]:
    """Use ``data`` in every way, or in that share of them, which ``chance`` chooses.

    ``folder`` is for files; ``patience`` multiplies the seconds that a use may take.
    """
    path = folder / "model.tflite"
    path.write_bytes(data)
    took: list[Took] = []
    findings: list[Finding] = []
    for name, use in _uses(path, data, chance):
        if name != "parse" and chance.random() > share:
            continue
        _reset_peak()
        start = time.process_time()
        outcome, finding = "ok", None
        try:
            use()
        except PackagerError as error:
            outcome = "refused"
            if _ran_out_of_memory(error) or not _is_told(error):
                finding = Finding(name, f"{type(error).__name__}: {error}"[:300], traceback.format_exc())
        except Exception as error:
            finding = Finding(name, f"{type(error).__name__}: {error}"[:300], traceback.format_exc())
        seconds, peak = time.process_time() - start, _peak()
        if finding is None and seconds > MOST_SECONDS * patience:
            finding = Finding(name, f"took {seconds:.1f} s", "")
        if finding is None and peak > MOST_BYTES:
            finding = Finding(name, f"took {peak / 1e6:.0f} MB", "")
        if finding is not None:
            findings.append(finding)
            outcome = "found"
        took.append(Took(name, outcome, seconds, peak))
        if name == "parse" and outcome != "ok":
            break
    path.unlink()
    return took, findings


def _ran_out_of_memory(error: BaseException) -> bool:
    cause = error.__cause__ or error.__context__
    return isinstance(error, MemoryError) or (cause is not None and _ran_out_of_memory(cause))


def _is_told(error: PackagerError) -> bool:
    """Whether the message is one, and no control character of a stranger's steers the terminal that shows it."""
    text = str(error)
    return len(text) > 3 and all(unicodedata.category(c) not in ("Cc", "Cs") or c == "\n" for c in text)


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # another system: the peak is then that of the whole run
        return


def _peak() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _uses(path: Path, data: bytes, chance: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "parse", lambda: parse_model(data, path)
    model = parse_model(data, path)
    yield "inspect", lambda: _inspect(path, chance)
    yield "show", lambda: _show(model)
    yield "export", lambda: _export(model)
    # The tasks that the model may be for, and another; with what fits them, and with something else in its turn.
    for task in (*chance.choices(_likely_tasks(model), k=2), chance.choice([*Task, None])):
        fits = chance.random() < 0.7
        annotation = _annotation(model, task, chance, path.parent, fits=fits)
        yield f"attach {task or 'no task'}", partial(_attach, model, annotation)
    yield "init", lambda: render_proposal(propose(path, path.parent))
    for name in chance.sample(list(TARGETS), 2):
        yield f"target {name}", partial(_target, model, name, chance)


# --- reading ----------------------------------------


def _inspect(path: Path, chance: random.Random) -> None:
    report = inspect_model(path)
    _json(report.to_json())
    _rich(report.to_rich(), chance.choice((20, 80, 200)))


def _show(model: Model) -> None:
    metadata = read_metadata(model)
    if metadata is not None:
        _json(metadata_to_json(metadata))
        _rich(metadata_to_rich(metadata), 80)


def _json(value: Any) -> None:
    json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode()


def _rich(value: Any, width: int) -> None:
    out = io.StringIO()
    Console(file=out, width=width).print(value)
    text = out.getvalue()
    text.encode()
    # A space of no break, say, is not printable for Python, and harmless.
    assert not any(is_active(c) for c in text if c != "\n"), "something that steers the terminal"


def _export(model: Model) -> None:
    files = export_metadata(model)
    assert next(iter(files)) == "metadata.json"
    json.loads(files["metadata.json"])
    assert len({fold(name) for name in files}) == len(files)
    for name in files:
        assert "/" not in name
        assert find_fault(name) is None
        assert len(name.encode()) < 240


# --- writing into it ----------------------------------------


def _likely_tasks(model: Model) -> list[Task]:
    if len(model.inputs) == 1 and len(model.inputs[0].shape) == 4:
        boxes = [Task.OBJECT_DETECTION] * (len(model.outputs) > 2)
        mask = [Task.IMAGE_SEGMENTATION] * (bool(model.outputs) and len(model.outputs[0].shape) == 4)
        return [*boxes, *mask, Task.OBJECT_DETECTION, Task.POSE, Task.IMAGE_CLASSIFICATION, Task.TENSORS]
    return [Task.AUDIO_CLASSIFICATION, Task.TEXT_CLASSIFICATION, Task.TENSOR_CLASSIFICATION, Task.TENSORS]


def _annotation(model: Model, task: Task | None, chance: random.Random, folder: Path, *, fits: bool) -> Annotation:
    output = model.outputs[0].shape if model.outputs else ()
    count = output[-1] if fits and output and 0 < output[-1] < 5000 else chance.choice((1, 3, 10))
    channels = model.inputs[0].shape[-1] if fits and model.inputs and len(model.inputs[0].shape) == 4 else 1
    is_image = task is not None and task.input is InputKind.IMAGE
    is_audio, is_text = task is Task.AUDIO_CLASSIFICATION, task is Task.TEXT_CLASSIFICATION
    numbers = (0.0, 127.5, 255.0, 1e-6, 3e38) if fits else (0.0, -1.0, float("nan"), 1e300)
    labels = [LabelFile(_label_file(folder, count))] if chance.random() < 0.8 else []
    if chance.random() < 0.3:
        labels.append(LabelFile(_label_file(folder, count), "de"))
    text = chance.choice((None, "n", *HOSTILE, ""))
    sides = [
        tuple(
            TensorSpec(text, chance.choice((None, text)), *chance.choice((((0.0,), (1.0,)), (None, None))))
            for _ in range(chance.choice((0, len(tensors) if fits else len(tensors) + 1)))
        )
        for tensors in (model.inputs[:5], model.outputs[:5])
    ]
    if not fits:
        is_image, is_audio, is_text = (chance.random() < 0.5 for _ in range(3))
    return Annotation(
        task=task,
        labels=tuple(labels),
        mean=(chance.choice(numbers),) * chance.choice((1, min(channels, 4))) if is_image else None,
        std=(chance.choice(numbers[1:]),) if is_image else None,
        crop=chance.choice((None, *CropMode)) if is_image else None,
        name=text,
        version=chance.choice((None, text)),
        author=chance.choice((None, text)),
        license=chance.choice((None, text)),
        description=chance.choice((None, text)),
        inputs=sides[0],
        outputs=sides[1],
        sample_rate=chance.choice((None, 16_000)) if is_audio else None,
        audio_channels=chance.choice((None, 1)) if is_audio else None,
        vocabulary=_label_file(folder, 3) if is_text and chance.random() < 0.5 else None,
        **_settings(task, chance, fits=fits),
    )


def _settings(task: Task | None, chance: random.Random, *, fits: bool) -> dict[str, Any]:
    """Some of what the schema has no field for; what fits goes with the task's kinds."""
    numbers: tuple[Any, ...] = (0.0, 0.25, 1) if fits else (-1.0, float("nan"), 10**400)
    image = {"resize": tuple(Resize), "pad": (0, 114, 255) if fits else (-1, 256), "channels": tuple(ChannelOrder)}
    found = {"head": tuple(Head), "iou": numbers}
    by_kind: dict[Any, dict[str, tuple[Any, ...]]] = {
        InputKind.IMAGE: image,
        InputKind.AUDIO: {"hop": (1, 800) if fits else (0, 10**400)},
        AnswerKind.CLASSES: {"activation": tuple(Activation), "threshold": numbers},
        AnswerKind.BOXES: {"activation": tuple(Activation), "threshold": numbers, **found},
        AnswerKind.MASK: {"activation": tuple(Activation), "threshold": numbers},
        AnswerKind.KEYPOINTS: {"threshold": numbers, "points": (1, 17, 21), **found},
    }
    kinds = () if task is None else (task.input, task.answer)
    chosen = [by_kind.get(kind, {}) for kind in (kinds if fits else by_kind)]
    return {
        name: chance.choice(values) for group in chosen for name, values in group.items() if chance.random() < 0.3
    }


def _label_file(folder: Path, count: int) -> Path:
    path = folder / f"labels{count}.json"
    if not path.exists():
        path.write_text(json.dumps([f"label {number} {HOSTILE[number % len(HOSTILE)]}" for number in range(count)]))
    return path


def _attach(model: Model, annotation: Annotation) -> None:
    data = annotate(model, annotation)
    again = parse_model(data, model.path)
    assert read_metadata(again) is not None
    assert annotate(again, annotation) == data, "once is not the same as twice"


# --- projects ----------------------------------------

_MICRO_OPTIONS = (
    *(Options(platform=platform) for platform in Platform),
    Options(arduino_form=ArduinoForm.LIBRARY, arduino_library=ArduinoLibrary.CHIRALE),
    *(Options(arduino_library=ArduinoLibrary.CHIRALE, arena_bytes=1024, board=board) for board in BOARDS),
    Options(platform=Platform.CMAKE, name="数字 class", arena_margin=0),
)


@cache
def _compile_templates_once() -> None:
    made = environment()
    vars(made)["from_string"] = cache(made.from_string)


def _target(model: Model, name: str, chance: random.Random) -> None:
    _compile_templates_once()
    target = load_target(name)
    annotated = annotated_model(model)
    samples = read_samples(annotated, ())
    if any(problem.level is Level.ERROR for problem in target.find_problems(model)):
        return
    made_up = (*model.inputs, *model.outputs) if name == "micro" else model.outputs
    if sum(math.prod(max(size, 1) for size in tensor.shape) for tensor in made_up) > _LARGEST:
        return
    cases = []
    for sample in samples[: chance.choice((1, 3))]:
        outputs = tuple(_answer(port.tensor.shape, port.tensor.dtype, chance) for port in annotated.outputs)
        best = annotated.answer.read(outputs, sample.placement)
        cases.append(GoldenCase(sample.name, sample.given, sample.inputs, outputs, best))
    goldens = Goldens({runtime: GoldenSet("made up 1.0", tuple(cases)) for runtime in Runtime}, arena_bytes=4096)
    options = chance.choice(_MICRO_OPTIONS) if name == "micro" else target.options()
    view, _ = served(target, annotated)
    kept = goldens if view is annotated else goldens.as_tensors()
    context, files = build_project(target, view, options, kept)
    assert all(isinstance(step, str) for step in target.next_steps(context))
    plan_tree(Path("/nonexistent/out"), [Project("", files, model.sha256)], version="1")


def _answer(shape: tuple[int, ...], dtype: str, chance: random.Random) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(chance.randrange(1 << 30))
    if np.dtype(dtype).kind == "f":
        return generator.normal(0, chance.choice((1.0, 1e-30, 1e30)), shape).astype(dtype)
    if dtype == "bool":
        return generator.integers(0, 2, shape).astype(dtype)
    limits = np.iinfo(dtype)
    found: np.ndarray[Any, Any] = generator.integers(
        limits.min, limits.max, shape, np.dtype(dtype).type, endpoint=True
    )
    return found
