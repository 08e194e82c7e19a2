"""`packager init`: a first packager.toml, from what is in the model and beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from packager.annotated import port_names
from packager.errors import ConfigError
from packager.finding import TooManyEntriesError, find_files, is_file
from packager.inspection import inspect_model, runs
from packager.metadata.plan import usual_normalization
from packager.model import Tensor
from packager.render.naming import SnakeName
from packager.render.templates import render_layers
from packager.tasks import Task

_LABEL_SUFFIXES = (".txt", ".csv", ".json")
_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")

Ask = Callable[[str, str], str]


@dataclass(frozen=True)
class TensorLine:
    """An input or output in the file."""

    name: str
    shape: str


@dataclass(frozen=True)
class Proposal:
    """What the packager.toml will say; also the context of its template."""

    name: str
    package: str
    model: str
    golden: tuple[str, ...]
    targets: tuple[str, ...]
    target_notes: tuple[str, ...]
    carries_metadata: bool
    task: str
    is_image: bool
    classes: int
    labels: str
    has_normalization: bool
    mean: str
    std: str
    inputs: tuple[TensorLine, ...]
    outputs: tuple[TensorLine, ...]

    def ask(self, ask: Ask) -> Proposal:
        """The proposal with a person's answers; ``ask`` takes a question and the answer it proposes."""
        name = ask("Name of the projects", self.name)
        answered = replace(self, name=name, package=SnakeName.of(name))
        if answered.carries_metadata:
            return answered
        task = Task.named(_until(ask, f"Task ({', '.join(Task)})", answered.task, _why_no_task))
        is_image = task is Task.IMAGE_CLASSIFICATION
        answered = replace(answered, task=task.value, is_image=is_image)
        if is_image:
            labels = ask("File with the labels", answered.labels or "labels.txt")
            question = "Mean of the pixels (127.5 for -1..1, 0 for 0..1)"
            mean = _number(_until(ask, question, answered.mean, _why_no_mean))
            question = "Standard deviation (127.5 for -1..1, 255 for 0..1)"
            std = _number(_until(ask, question, answered.std, _why_no_std))
            answered = replace(answered, labels=labels, mean=mean, std=std, has_normalization=True)
        return answered


def propose(path: Path, folder: Path) -> Proposal:
    """Look at the model at ``path`` and at the files in ``folder``, where the packager.toml will stand.

    Raises:
        ModelError: ``path`` is no readable .tflite.
        MetadataError: its metadata is damaged.
        ConfigError: its name is one that TOML cannot hold.
    """
    report = inspect_model(path)
    model, metadata = report.model, report.metadata
    image = model.inputs[0] if model.inputs else None
    is_image = (
        len(model.inputs) == len(model.outputs) == 1
        and image is not None
        and len(image.shape) == 4
        and image.shape[3] in (1, 3)
        and len(model.outputs[0].shape) == 2
        and image.dtype in ("float32", "int8", "uint8")
    )
    normalization = None
    if is_image and image is not None:
        # A uint8 input takes the pixels as they are, whatever the metadata says they stand for.
        normalization = (127.5, 127.5) if image.dtype == "uint8" else usual_normalization(image)
    runnable = tuple(name for name, problems in report.targets.items() if runs(problems))
    notes = tuple(
        f"Not {name}: {problem.what}"
        for name, problems in report.targets.items()
        if not runs(problems)
        for problem in problems
    )
    name = (metadata.name if metadata and metadata.name else "") or path.stem
    return Proposal(
        name=name,
        package=SnakeName.of(name),
        model=_relative(path, folder),
        golden=_golden_patterns(folder, is_image),
        targets=runnable if notes else (),
        target_notes=notes,
        carries_metadata=metadata is not None,
        task=(Task.IMAGE_CLASSIFICATION if is_image else Task.TENSORS).value,
        is_image=is_image,
        classes=model.outputs[0].size if model.outputs else 0,
        labels=_label_file(path, folder),
        has_normalization=normalization is not None,
        mean=f"{normalization[0]:g}" if normalization else "127.5",
        std=f"{normalization[1]:g}" if normalization else "127.5",
        inputs=_lines(model.inputs, "input"),
        outputs=_lines(model.outputs, "output"),
    )


def render_proposal(proposal: Proposal) -> bytes:
    """The text of the packager.toml."""
    return render_layers(("config",), proposal)["packager.toml"]


def _until(ask: Ask, question: str, proposed: str, why_not: Callable[[str], str]) -> str:
    """The first answer against which ``why_not`` has nothing; what it has stands before the next question."""
    answer = ask(question, proposed)
    while complaint := why_not(answer):
        answer = ask(f"{complaint} {question}", proposed)
    return answer


def _why_no_task(answer: str) -> str:
    return "" if answer in list(Task) else "That is none of the tasks."


def _why_no_mean(answer: str) -> str:
    try:
        # A float32, as it goes into the model.
        return "" if abs(float(answer)) < 3.4e38 else "That is no number that a model can hold."
    except ValueError:
        return "That is no number."


def _why_no_std(answer: str) -> str:
    return _why_no_mean(answer) or (
        "" if float(answer) > 1e-30 else "The pixels are divided by it: give one above 0."
    )


def _number(answer: str) -> str:
    # With the digits of a float32.
    return f"{float(answer):.9g}"


def _relative(path: Path, folder: Path) -> str:
    # Path.relative_to() goes up only since Python 3.12.
    relative = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError:
        raise ConfigError("has a name that is not valid Unicode", where=path, fix="Rename it first.") from None
    return relative


def _label_file(path: Path, folder: Path) -> str:
    stems = ("labels", f"{path.stem}_labels", f"labels_{path.stem}")
    names = (f"{stem}{suffix}" for stem in stems for suffix in _LABEL_SUFFIXES)
    return next((name for name in names if is_file(folder / name)), "")


def _golden_patterns(folder: Path, is_image: bool) -> tuple[str, ...]:
    suffixes = _PICTURE_SUFFIXES if is_image else (".npy", ".npz")
    return tuple(pattern for suffix in suffixes if _names_files(folder, pattern := f"golden/*{suffix}"))


def _names_files(folder: Path, pattern: str) -> bool:
    try:
        return bool(find_files(folder, pattern))
    except TooManyEntriesError:
        return False  # so many samples are no golden cases


def _lines(tensors: tuple[Tensor, ...], kind: str) -> tuple[TensorLine, ...]:
    names = port_names([tensor.name for tensor in tensors], [""] * len(tensors), kind)
    return tuple(
        TensorLine(name, f"{tensor.name}: {tensor.dtype} {list(tensor.shape)}")
        for tensor, name in zip(tensors, names, strict=True)
    )
