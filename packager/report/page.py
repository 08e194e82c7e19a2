"""What is known of a model becomes a page."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packager import __version__
from packager.annotated import AnnotatedModel, Port
from packager.config import KEYS
from packager.errors import PackagerError, worded
from packager.golden import Goldens, GoldenSet
from packager.metadata.embedding import strip
from packager.metadata.view import OWN_SETTINGS, ModelMetadata
from packager.model import Model, Quantization, Tensor
from packager.render.templates import render_layers, templates_folder
from packager.report.comparison import (
    Comparison,
    ComparisonContext,
    NoteContext,
    build_comparison,
    cut_sentence,
)
from packager.report.samples import MOST_SAMPLES, SampleContext, build_samples, cut, number
from packager.runtimes import Runtime
from packager.targets import TARGETS, load_target
from packager.targets.micro import Options as MicroOptions
from packager.targets.micro.arena import likely_arena
from packager.targets.micro.boards import BOARDS, Board, Demand, check_board
from packager.targets.micro.frontend import read_frontend
from packager.targets.micro.project import choose_build, plan_arena
from packager.targets.target import Level, Problem, served
from packager.tasks.audio import AudioInput
from packager.tasks.image import ImageInput
from packager.tasks.text import TextInput
from packager.terminal import counted, visible_line

FILE_NAME = "report.html"
INSTALL = f"pip install tflite-packager=={__version__}"
"""The first command of each page."""

# What a page shows of a name, of labels, of inputs and of operators.
_LONGEST_NAME = 200
_MOST_LABELS = 2_000
_MOST_ROWS = 100
# Whose answers are shown, where several computed some.
_BEST = (Runtime.LITERT, Runtime.LITERT_REFERENCE, Runtime.TFLITE_MICRO, Runtime.LITERT_FOR_MICRO)


@dataclass(frozen=True)
class Subject:
    """A model, and what is known of it.

    ``goldens`` has no sets where nothing ran, and ``failed`` says why for a target. ``heading`` tells it from the
    other models of the page; "" where it is alone. ``micro`` are the options by which its arena is planned.
    """

    annotated: AnnotatedModel
    goldens: Goldens
    failed: Mapping[str, PackagerError] = field(default_factory=dict)
    heading: str = ""
    micro: MicroOptions = field(default_factory=MicroOptions)


@dataclass(frozen=True)
class FactContext:
    """A line of the card; ``is_code`` for what is not prose."""

    name: str
    value: str
    is_code: bool


@dataclass(frozen=True)
class LabelsContext:
    """The labels: a sentence, and the texts themselves; ``rest`` tells how many are left out."""

    summary: str
    texts: tuple[str, ...]
    rest: str


@dataclass(frozen=True)
class PortContext:
    """An input or output; ``meaning`` is what goes in or comes out."""

    side: str
    name: str
    shape: str
    dtype: str
    quantization: str
    meaning: str


@dataclass(frozen=True)
class OperatorContext:
    """An operator, and the length of the bar of its count."""

    name: str
    version: int
    count: int
    percent: str


@dataclass(frozen=True)
class SizeContext:
    """A part of the file: ``start`` and ``percent`` are its place in a bar of 100."""

    name: str
    color: int
    bytes: str
    share: str
    start: str
    percent: str


@dataclass(frozen=True)
class TargetContext:
    """A target: whether the model runs there, as what it is packaged, and what is to be known."""

    name: str
    title: str
    verdict: str
    is_able: bool
    form: str
    notes: tuple[NoteContext, ...]


@dataclass(frozen=True)
class UseContext:
    """What of a memory is taken: ``key`` sorts, ``percent`` is the length of the bar."""

    text: str
    key: str
    percent: str
    is_over: bool


@dataclass(frozen=True)
class BoardContext:
    """A board: ``level`` is the class of its verdict."""

    name: str
    core: str
    flash: UseContext
    ram: UseContext
    verdict: str
    level: str
    key: str
    notes: tuple[NoteContext, ...]


@dataclass(frozen=True)
class MemoryContext:
    """What a model takes on each board; ``lead`` says what is counted."""

    lead: str
    boards: tuple[BoardContext, ...]


@dataclass(frozen=True)
class ModelContext:
    """All that the page shows of one model."""

    heading: str
    file: str
    description: str
    facts: tuple[FactContext, ...]
    labels: LabelsContext | None
    golden_lead: str
    weakness: NoteContext | None
    samples: tuple[SampleContext, ...]
    ports: tuple[PortContext, ...]
    ports_rest: str
    total: str
    sizes: tuple[SizeContext, ...]
    operators: tuple[OperatorContext, ...]
    operators_rest: str
    targets: tuple[TargetContext, ...]
    memory: MemoryContext | None
    no_memory: str


@dataclass(frozen=True)
class Page:
    """What the templates of a report use. The hashes are those that the page's policy lets run."""

    title: str
    lead: str
    version: str
    style_hash: str
    script_hash: str
    comparison: ComparisonContext | None
    models: tuple[ModelContext, ...]
    commands: tuple[str, ...]


def render_page(
    subjects: Sequence[Subject], *, title: str = "", comparison: Comparison | None = None, commands: Sequence[str]
) -> bytes:
    """The page as HTML: the same for the same arguments.

    Args:
        subjects: the models, at least one unless there is a comparison.
        title: what the page is called; default: the first model's name.
        comparison: what was measured of several.
        commands: how to make it again.
    """
    page = build_page(subjects, title=title, comparison=comparison, commands=commands)
    return render_layers(("report",), page)[FILE_NAME]


def build_page(
    subjects: Sequence[Subject], *, title: str, comparison: Comparison | None, commands: Sequence[str]
) -> Page:
    """The context of ``render_page``."""
    first = subjects[0].annotated if subjects else None
    title = title or (first.title("") if first else "Comparison")
    lead = f"{first.task}, {size_text(len(first.model.data))}" if first and comparison is None else ""
    if comparison is not None:
        lead = f"{counted(len(comparison.variants), 'model')} compared"
    return Page(
        title=visible_line(title, _LONGEST_NAME),
        lead=lead,
        version=__version__,
        style_hash=_content_hash("20-style.css"),
        script_hash=_content_hash("80-sort.js"),
        comparison=None if comparison is None else build_comparison(comparison),
        models=tuple(map(_model, subjects)),
        commands=tuple(visible_line(line, 4_000) for line in commands),
    )


def _content_hash(name: str) -> str:
    """The source of a Content-Security-Policy for an element of that part: it stands there behind a line end."""
    content = b"\n" + (templates_folder() / "report" / f"{FILE_NAME}.parts" / name).read_bytes()
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def _model(subject: Subject) -> ModelContext:
    annotated, model = subject.annotated, subject.annotated.model
    shown = next((subject.goldens.sets[one] for one in _BEST if one in subject.goldens.sets), None)
    ports = (*_ports(annotated, "in", annotated.inputs), *_ports(annotated, "out", annotated.outputs))
    operators = sorted(model.operators, key=lambda item: (-item[1], item[0].name))
    most = max((count for _, count in operators), default=1)
    targets = tuple(_target(subject, name) for name in TARGETS)
    return ModelContext(
        heading=visible_line(subject.heading, _LONGEST_NAME),
        file=visible_line(model.path.name, _LONGEST_NAME),
        description=cut(annotated.metadata.description),
        facts=tuple(_facts(annotated)),
        labels=_labels(annotated.labels) if annotated.labels else None,
        golden_lead=_golden_lead(subject, shown),
        weakness=_weakness(annotated, shown) if shown else None,
        samples=build_samples(annotated, shown.cases) if shown else (),
        ports=ports[:_MOST_ROWS],
        ports_rest=f"and {len(ports) - _MOST_ROWS:,} more" if len(ports) > _MOST_ROWS else "",
        total=f"{len(model.data):,} bytes",
        sizes=_sizes(model),
        operators=tuple(
            OperatorContext(
                visible_line(operator.name + (" (custom)" if operator.custom else ""), _LONGEST_NAME),
                operator.version,
                count,
                number(100 * count / most),
            )
            for operator, count in operators[:_MOST_ROWS]
        ),
        operators_rest=f"and {len(operators) - _MOST_ROWS:,} more" if len(operators) > _MOST_ROWS else "",
        targets=targets,
        memory=_memory(subject) if targets[-1].is_able else None,
        no_memory="" if targets[-1].is_able else "TensorFlow Lite Micro does not run it: see the targets.",
    )


# --- the card ----------------------------------------


def _facts(annotated: AnnotatedModel) -> Iterator[FactContext]:
    model, metadata = annotated.model, annotated.metadata
    yield FactContext("Task", annotated.task, False)
    for name in ("version", "author", "license"):
        value = getattr(metadata, name)
        if value:
            yield FactContext(name.capitalize(), visible_line(value, _LONGEST_NAME), False)
    yield FactContext("File", visible_line(model.path.name, _LONGEST_NAME), True)
    yield FactContext("Size", f"{len(model.data):,} bytes ({size_text(len(model.data))})", False)
    yield FactContext("SHA-256", model.sha256, True)
    if annotated.metadata == ModelMetadata():
        yield FactContext("Metadata", "none: it is taken as plain tensors", False)
    yield from _settings(annotated)


def _settings(annotated: AnnotatedModel) -> Iterator[FactContext]:
    """What of the metadata says how inputs are made and outputs read, where it is not what is always so."""
    for name in OWN_SETTINGS:
        value = getattr(annotated.metadata, name)
        if value is not None and value != getattr(ModelMetadata, name):
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            yield FactContext("IoU" if name == "iou" else name.capitalize(), shown, False)


def _labels(labels: Sequence[str]) -> LabelsContext:
    first = ", ".join(visible_line(label, 40) for label in labels[:5])
    return LabelsContext(
        summary=f"{counted(len(labels), 'label')}: {first}{', …' if len(labels) > 5 else ''}",
        texts=tuple(visible_line(label, _LONGEST_NAME) for label in labels[:_MOST_LABELS]),
        rest=f"and {len(labels) - _MOST_LABELS:,} more" if len(labels) > _MOST_LABELS else "",
    )


def _ports(annotated: AnnotatedModel, side: str, ports: Sequence[Port]) -> Iterator[PortContext]:
    for port in ports[: _MOST_ROWS + 1]:
        yield PortContext(
            side=side,
            name=visible_line(port.title, _LONGEST_NAME),
            shape="×".join("?" if size < 0 else str(size) for size in _open_shape(port.tensor)) or "scalar",
            dtype=port.tensor.dtype,
            quantization=_quantization(port.tensor.quantization),
            meaning=" ".join(_meaning(annotated, side, port)),
        )


def _open_shape(tensor: Tensor) -> tuple[int, ...]:
    return tensor.shape_signature if len(tensor.shape_signature) == len(tensor.shape) else tensor.shape


def _quantization(quantization: Quantization | None) -> str:
    if quantization is None:
        return "–"
    if quantization.axis is not None:
        return f"{len(quantization.scales)} scales along axis {quantization.axis}"
    return f"scale {quantization.scale:.7g}, zero point {quantization.zero_point}"


def _meaning(annotated: AnnotatedModel, side: str, port: Port) -> Iterator[str]:
    if port.description:
        yield cut_sentence(visible_line(port.description, 500))
    match annotated.input if side == "in" else None:
        case ImageInput() as image:
            kind = "Gray" if image.channels == 1 else image.order.upper()
            layout = "planar " if image.is_planar else ""
            yield f"{kind} {layout}pixels, {image.crop}, {image.resize} resize."
            if image.tensor.dtype != "uint8":
                yield f"(pixel − {_each(image.mean)}) / {_each(image.std)}."
        case AudioInput() as audio:
            yield f"Mono samples at {audio.sample_rate:,} Hz, a window every {audio.hop:,}."
        case TextInput() as text:
            yield f"Tokens of a text, of {len(text.tokenizer.vocabulary):,} in its vocabulary."
    low, high = port.metadata.minimum, port.metadata.maximum
    if low and high:
        yield f"From {_each(low)} to {_each(high)}."


def _each(values: Sequence[float]) -> str:
    shown = [f"{value:g}" for value in values[:4]]
    return shown[0] if len(set(values)) == 1 else f"({', '.join(shown)})"


# --- sizes ----------------------------------------


def size_text(count: float) -> str:
    """Bytes as people say them, in units of 1,024."""
    for unit, size in (("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= size:
            return f"{count / size:,.1f} {unit}" if count < 100 * size else f"{count / size:,.0f} {unit}"
    return f"{count:,.0f} bytes"


def _sizes(model: Model) -> tuple[SizeContext, ...]:
    parts = (("weights", model.sizes.weights), ("graph", model.sizes.graph), ("metadata", model.sizes.metadata))
    total = max(1, len(model.data))
    found, start = [], 0.0
    for color, (name, size) in enumerate(parts):
        percent = 100 * size / total
        found.append(SizeContext(name, color, f"{size:,}", f"{size / total:.1%}", f"{start:.2f}", f"{percent:.2f}"))
        start += percent
    return tuple(found)


# --- golden answers ----------------------------------------


def _golden_lead(subject: Subject, shown: GoldenSet | None) -> str:
    if shown is None:
        whys = dict.fromkeys(_failure(error) for error in subject.failed.values())
        return f"None: {' '.join(whys)}" if whys else "None: no runtime takes this model."
    count, made = len(shown.cases), " Its samples are made up, and show it nothing that it was made for."
    left = f" The first {MOST_SAMPLES} of {count} are shown." if count > MOST_SAMPLES else ""
    is_made = all(case.name.startswith("random_") for case in shown.cases)
    replayed = "The self-test of each project replays these samples, and compares what comes out."
    return f"Computed by {shown.runtime}. {replayed}{left}{made if is_made else ''}"


def _weakness(annotated: AnnotatedModel, shown: GoldenSet) -> NoteContext | None:
    found = annotated.answer.find_weakness([case.answer for case in shown.cases])
    if found is None:
        return None
    what, fix = found
    return NoteContext("These answers prove little", cut_sentence(what), cut_sentence(worded(fix, KEYS)), False)


def _failure(error: PackagerError) -> str:
    parts = [worded(error.parts, KEYS)]
    parts += [worded(line, KEYS) for line in error.detail_parts]
    parts += [] if error.fix_parts is None else [worded(error.fix_parts, KEYS)]
    return " ".join(map(cut_sentence, parts))


# --- targets and boards ----------------------------------------


def _target(subject: Subject, name: str) -> TargetContext:
    target, annotated = load_target(name), subject.annotated
    problems = target.find_problems(annotated.model)
    is_able = all(problem.level is not Level.ERROR for problem in problems)
    error = subject.failed.get(name) if is_able else None
    view, lacks = served(target, annotated)
    if error is not None:
        problems = (*problems, Problem(Level.ERROR, _failure(error), ""))
    is_able = is_able and error is None
    is_whole = view is annotated
    form = str(annotated.task) if is_whole else "plain tensors"
    return TargetContext(
        name=name,
        title=target.title,
        verdict="yes" if is_able else "no",
        is_able=is_able,
        form=form if is_able else "–",
        notes=tuple(_note(problem) for problem in (*problems, *(lacks if is_able else ()))),
    )


def _note(problem: Problem, head: str = "") -> NoteContext:
    return NoteContext(
        head or str(problem.level),
        cut_sentence(problem.what),
        cut_sentence(problem.fix),
        problem.level is Level.ERROR,
    )


def _memory(subject: Subject) -> MemoryContext:
    model = subject.annotated.model
    frontend = read_frontend(subject.micro)
    models = (model,) if frontend is None else (model, frontend)
    model_bytes = sum(len(strip(one.data)) for one in models)
    operators = [operator.name for one in models for operator, _ in one.operators]
    if subject.goldens.arena_bytes is None and subject.micro.arena_bytes is None:
        arena = sum(map(likely_arena, models))
        told = f"a tensor arena of about {arena:,} bytes, estimated from the graph and on the safe side"
    else:
        planned = plan_arena(model, subject.micro, subject.goldens, choose_build(subject.micro), frontend)
        arena = planned.bytes
        how = (
            "as given"
            if planned.is_given
            else f"{planned.needed:,} on a 32-bit target and {planned.margin} % of margin"
        )
        told = f"a tensor arena of {arena:,} bytes ({how})"
    demand = Demand(model_bytes, arena, operators)
    return MemoryContext(
        lead=f"The model takes {model_bytes:,} bytes of flash without its metadata, and {told} of RAM. TensorFlow "
        "Lite Micro, its operators and the board's framework come on top; these are estimates.",
        boards=tuple(_board(board, demand) for board in BOARDS.values()),
    )


def _board(board: Board, demand: Demand) -> BoardContext:
    needs, problems = demand.on(board), check_board(board.key, demand)
    level = "bad" if any(item.level is Level.ERROR for item in problems) else "warn" if problems else "good"
    return BoardContext(
        name=board.title,
        core=board.core,
        flash=_use(needs.flash + board.system_flash_bytes, board.program_bytes_for(board.platform)),
        ram=_use(needs.ram + board.system_ram_bytes, board.static_ram_bytes),
        verdict={"good": "fits", "warn": "barely", "bad": "no"}[level],
        level=level,
        key=str(("good", "warn", "bad").index(level)),
        notes=tuple(_note(problem, "Why") for problem in problems),
    )


def _use(needed: int, there: int) -> UseContext:
    share = needed / max(1, there)
    return UseContext(
        text=f"{size_text(needed)} of {size_text(there)}",
        key=str(needed),
        percent=number(100 * min(1.0, share)),
        is_over=share > 1,
    )


# --- how to make it again ----------------------------------------


def attach_command(annotated: AnnotatedModel) -> str:
    """The command that writes these metadata into the model, as far as options of it can."""
    metadata = annotated.metadata
    words = ["packager", "metadata", "attach", "MODEL.tflite"]

    def add(option: str, value: object) -> None:
        words.extend(_option(option, value))

    add("task", annotated.task)
    for name in ("name", "version", "author", "license", "description"):
        if getattr(metadata, name):
            add(name, getattr(metadata, name))
    if annotated.labels:
        add("labels", "labels.txt")
    first = annotated.inputs[0].metadata if annotated.inputs else None
    if first is not None:
        for name in ("mean", "std"):
            if getattr(first, name):
                add(name, ",".join(f"{value:g}" for value in getattr(first, name)))
        for name in ("sample_rate", "audio_channels"):
            if getattr(first, name):
                add(name, getattr(first, name))
    tokenizer = metadata.tokenizer_of(len(annotated.inputs))
    if tokenizer is not None and tokenizer.vocabulary is not None:
        add("vocabulary", PurePosixPath(tokenizer.vocabulary.name).name)
        if tokenizer.delimiter:
            add("delimiter", tokenizer.delimiter)
    for name in OWN_SETTINGS:
        value = getattr(metadata, name)
        if value is not None and value != getattr(ModelMetadata, name):
            add(name, f"{value:g}" if isinstance(value, float) else value)
    for side, ports in (("input", annotated.inputs), ("output", annotated.outputs)):
        for port in ports[:_MOST_ROWS]:
            if port.metadata.name:
                add(f"{side}_name", port.metadata.name)
            if port.metadata.description:
                add(f"{side}_description", port.metadata.description)
    return shlex.join([*words, "-o", annotated.model.path.name])


def _option(name: str, value: object) -> tuple[str, str]:
    return f"--{name.replace('_', '-')}", str(value)


def model_commands(subject: Subject, golden: Sequence[str]) -> tuple[str, ...]:
    """The commands that annotate a model, make its projects and this page; ``golden`` are names of files."""
    annotated, name = subject.annotated, subject.annotated.model.path.name
    attached = () if annotated.metadata == ModelMetadata() else (attach_command(annotated),)
    samples = [word for path in golden for word in _option("golden", path)]
    able = [target for target in TARGETS if _target(subject, target).is_able]
    return (
        INSTALL,
        *attached,
        *(shlex.join(["packager", target, name, "-o", target, *samples]) for target in able),
        shlex.join(["packager", "report", name, "-o", FILE_NAME, *samples]),
    )
