"""`packager inspect`: what a model holds and where it can run, for people and as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.metadata.export import metadata_to_json
from packager.metadata.reader import read_metadata
from packager.metadata.view import OWN_SETTINGS, ModelMetadata, TensorMetadata
from packager.model import Model, Quantization, Tensor, read_model
from packager.model.layers import Work, count_work
from packager.render.literals import float32
from packager.targets import TARGETS, load_target
from packager.targets.edge_tpu import Mapping as EdgeTpuMapping
from packager.targets.edge_tpu import Verdict, map_model
from packager.targets.target import Level, Problem
from packager.terminal import visible_line

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from packager.targets.micro.boards import Board


# What a terminal shows of a table and of a text in it; JSON has all. Rich takes a second for 4,000 rows.
_MOST_ROWS = 100
_LONGEST_TEXT = 1_000
# Columns of numbers.
_NUMBERS = {"count", "version", "bytes", "flash", "RAM", "PSRAM", "MHz"}
_NUMBERS |= {"MACs", "weights"}
_NUMBERS |= {"gzip", "arena", "top-1", "top-5", "mAP", "mAP50", "mIoU", "95 %", "McNemar p", "SNR in dB"}


@dataclass(frozen=True)
class Inspection:
    """A model, its metadata, for each target what speaks against it, and its layers where these were asked for."""

    model: Model
    metadata: ModelMetadata | None
    targets: Mapping[str, tuple[Problem, ...]]
    work: Work | None = None

    @cached_property
    def edge_tpu(self) -> EdgeTpuMapping:
        """What of it a Coral Edge TPU would run."""
        return map_model(self.model)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; the keys and their order are stable.

        ``sha256``, ``size_bytes``, ``sizes`` {weights, graph, metadata} in bytes, ``description``, ``inputs`` and
        ``outputs`` [{name, shape, shape_signature, dtype, quantization}], ``signatures`` [{key, inputs, outputs}],
        ``operators`` [{name, version, count, custom}], ``metadata`` (as `metadata show --json`, or null),
        ``targets`` {name: {runs, problems: [{level, what, fix}]}} and ``edge_tpu`` {verdict, operators, mapped, cut,
        runtime, problems}, as ``targets.edge_tpu.Mapping`` has them. ``quantization`` is null or {scales,
        zero_points, axis}; axis null means per tensor. Where layers were asked for, ``work`` {macs, weight_bytes,
        unknown, layers: [{graph, index, operator, output, shape, macs, weight_bytes}]}; the macs of a layer are null
        where they cannot be told, and ``unknown`` names the operators that have such.
        """
        model = self.model
        return {
            "sha256": model.sha256,
            "size_bytes": len(model.data),
            "sizes": {
                "weights": model.sizes.weights,
                "graph": model.sizes.graph,
                "metadata": model.sizes.metadata,
            },
            "description": model.description,
            "inputs": [_tensor_to_json(tensor) for tensor in model.inputs],
            "outputs": [_tensor_to_json(tensor) for tensor in model.outputs],
            "signatures": [
                {"key": signature.key, "inputs": dict(signature.inputs), "outputs": dict(signature.outputs)}
                for signature in model.signatures
            ],
            "operators": [
                {"name": operator.name, "version": operator.version, "count": count, "custom": operator.custom}
                for operator, count in model.operators
            ],
            "metadata": None if self.metadata is None else metadata_to_json(self.metadata),
            "targets": targets_to_json(self.targets),
            "edge_tpu": {**asdict(self.edge_tpu), "problems": _problems_to_json(self.edge_tpu.problems)},
            **({} if self.work is None else {"work": _work_to_json(self.work)}),
        }

    def to_rich(self) -> Group:
        """The report as tables for a terminal."""
        from rich.console import Group

        head = plain_text(str(self.model.path), f"sha256 {self.model.sha256}", "")
        described = () if self.metadata is None else (metadata_to_rich(self.metadata),)
        layers = () if self.work is None else (_layers(self.work),)
        return Group(
            head,
            _sizes(self.model),
            _tensors(self.model),
            _operators(self.model),
            *layers,
            *described,
            _targets(self.targets),
            _edge_tpu(self.edge_tpu),
        )


def inspect_model(path: Path | str, *, layers: bool = False) -> Inspection:
    """Read a .tflite and judge it for every target; with ``layers`` count its multiply-accumulates and weights too.

    Raises:
        ModelError: the file is no readable .tflite.
        MetadataError: its metadata is damaged.
    """
    model = read_model(path)
    problems = {name: load_target(name).find_problems(model) for name in TARGETS}
    work = count_work(model) if layers else None
    return Inspection(model, read_metadata(model, lenient=True), problems, work)


def runs(problems: Iterable[Problem]) -> bool:
    """Whether none of ``problems`` is an error."""
    return all(problem.level is not Level.ERROR for problem in problems)


def targets_to_json(targets: Mapping[str, tuple[Problem, ...]]) -> dict[str, Any]:
    """For each target whether the model runs there, and what is to be said of it."""
    return {
        name: {
            "runs": runs(problems),
            "problems": _problems_to_json(problems),
        }
        for name, problems in targets.items()
    }


def _problems_to_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [{"level": item.level, "what": item.what, "fix": item.fix} for item in problems]


def _tensor_to_json(tensor: Tensor) -> dict[str, Any]:
    quantization = tensor.quantization
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "shape_signature": list(tensor.shape_signature),
        "dtype": tensor.dtype,
        "quantization": None
        if quantization is None
        else {
            # With the digits that name their float32; JSON has no word for what is not finite.
            "scales": [float(float32(scale)) if math.isfinite(scale) else None for scale in quantization.scales],
            "zero_points": list(quantization.zero_points),
            "axis": quantization.axis,
        },
    }


def _work_to_json(work: Work) -> dict[str, Any]:
    return {
        "macs": work.macs,
        "weight_bytes": work.weight_bytes,
        "unknown": list(work.unknown),
        "layers": [dataclasses.asdict(layer) for layer in work.layers],
    }


def make_table(title: str | Text, *columns: str) -> Table:
    """A table for a terminal, without a line around it."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        # Numbers stand under one another at the right.
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    return table


def _fill(table: Table, rows: Iterable[tuple[Any, ...]], count: int) -> None:
    """Add ``count`` rows; of very many, the first ones and how many there are more."""
    for row in islice(rows, _MOST_ROWS):
        table.add_row(*row)
    if count > _MOST_ROWS:
        table.add_row(f"… and {count - _MOST_ROWS:,} more")


def plain_text(*lines: str) -> Any:
    """Text from a model, shown as it is: no markup, no other lines, nothing that would steer the terminal."""
    from rich.text import Text

    return Text("\n".join(visible_line(line, _LONGEST_TEXT) for line in lines[:_MOST_ROWS]))


def _shape(tensor: Tensor) -> str:
    signature = tensor.shape_signature if len(tensor.shape_signature) == len(tensor.shape) else tensor.shape
    dimensions = (
        "?" if open_dimension < 0 else str(dimension)
        for dimension, open_dimension in zip(tensor.shape, signature, strict=True)
    )
    return "[" + ", ".join(dimensions) + "]"


def _quantization(quantization: Quantization | None) -> str:
    if quantization is None:
        return "–"
    if quantization.axis is not None:
        return f"{len(quantization.scales)} scales along axis {quantization.axis}"
    return f"scale {quantization.scale:.7g}, zero_point {quantization.zero_point}"


def _sizes(model: Model) -> Table:
    sizes = model.sizes
    table = make_table("size", "part", "bytes")
    for part, size in (("weights", sizes.weights), ("graph", sizes.graph), ("metadata", sizes.metadata)):
        table.add_row(part, f"{size:,}")
    table.add_section()
    table.add_row("all", f"{len(model.data):,}")
    return table


def _tensors(model: Model) -> Table:
    table = make_table("inputs and outputs", "", "name", "shape", "dtype", "quantization")
    for side, tensors in (("in", model.inputs), ("out", model.outputs)):
        rows = (
            (
                side,
                plain_text(tensor.name),
                plain_text(_shape(tensor)),
                tensor.dtype,
                _quantization(tensor.quantization),
            )
            for tensor in tensors
        )
        _fill(table, rows, len(tensors))
    names = (
        (signature.key, ", ".join(name for name, _ in (*signature.inputs, *signature.outputs)))
        for signature in model.signatures
    )
    _fill(table, (("sig", plain_text(f"{key}: {arguments}")) for key, arguments in names), len(model.signatures))
    return table


def _operators(model: Model) -> Table:
    table = make_table("operators", "name", "version", "count")
    rows = (
        (plain_text(operator.name + (" (custom)" if operator.custom else "")), str(operator.version), str(count))
        for operator, count in sorted(model.operators, key=lambda item: (-item[1], item[0].name))
    )
    _fill(table, rows, len(model.operators))
    return table


def _layers(work: Work) -> Table:
    """All layers with their multiply-accumulates, and the bytes of their weights."""
    table = make_table("layers", "operator", "output", "shape", "MACs", "weights")
    rows = (
        (
            plain_text(layer.operator),
            plain_text(layer.short_output),
            str(list(layer.shape)),
            "?" if layer.macs is None else f"{layer.macs:,}",
            f"{layer.weight_bytes:,}",
        )
        for layer in work.layers
    )
    _fill(table, rows, len(work.layers))
    table.add_section()
    table.add_row("all", "", "", f"{work.macs:,}", f"{work.weight_bytes:,}")
    unknown = f"; ?, and not in the sum: {', '.join(work.unknown)}" if work.unknown else ""
    table.caption = plain_text(f"MACs: multiply-accumulates of one inference; weights in bytes{unknown}")
    table.caption_justify = "left"
    return table


def _targets(targets: Mapping[str, tuple[Problem, ...]]) -> Table:
    table = make_table("targets", "target", "runs", "notes")
    for name, problems in targets.items():
        notes = plain_text(*(f"{problem.what}. {problem.fix}" for problem in problems))
        table.add_row(name, "yes" if runs(problems) else "no", notes)
    return table


_VERDICTS = {
    Verdict.ALL: "all of it would run there",
    Verdict.PART: "a part of it would run there",
    Verdict.NONE: "nothing of it would run there",
    Verdict.COMPILED: "compiled for it",
}


def _edge_tpu(mapping: EdgeTpuMapping) -> Table:
    table = make_table("Coral Edge TPU, by its published rules", "verdict", "operators on it", "notes")
    notes = [f"{problem.what}. {problem.fix}" for problem in mapping.problems]
    if mapping.runtime is not None:
        notes.append(f"It takes a libedgetpu of runtime {mapping.runtime} or newer.")
    count = f"{mapping.mapped:,} of {mapping.operators:,}"
    table.add_row(_VERDICTS[mapping.verdict], count, plain_text(*notes))
    return table


def metadata_to_rich(metadata: ModelMetadata) -> Group:
    """Metadata as tables for a terminal."""
    from rich.console import Group

    about = make_table("metadata", "field", "value")
    for field in ("name", "description", "version", "author", "license", "min_parser_version"):
        if getattr(metadata, field):
            about.add_row(field, plain_text(getattr(metadata, field)))
    if metadata.task is not None:
        about.add_row("task", metadata.task)
        for name in OWN_SETTINGS:
            if name == "crop" or getattr(metadata, name) != getattr(ModelMetadata, name):
                about.add_row(name, f"{getattr(metadata, name)}")
    tokenizer = metadata.tokenizer_of(len(metadata.inputs))
    if tokenizer is not None:
        file = "" if tokenizer.vocabulary is None else tokenizer.vocabulary.name
        about.add_row("tokenizer", plain_text(" ".join(filter(None, (tokenizer.kind, tokenizer.delimiter, file)))))
    tensors = make_table("", "", "name", "content", "mean, std", "min, max", "labels", "description")
    for side, items in (("in", metadata.inputs), ("out", metadata.outputs)):
        _fill(tensors, ((side, *_metadata_row(item)) for item in items), len(items))
    return Group(about, tensors)


def _metadata_row(item: TensorMetadata) -> tuple[Any, ...]:
    labels = item.labels()
    count = "–" if labels is None else f"{len(labels)}: {', '.join(labels[:3])}, …"
    return (
        plain_text(item.name),
        " ".join((item.content, item.color_space)),
        plain_text(_pairs(item.mean, item.std)),
        plain_text(_pairs(item.minimum, item.maximum)),
        plain_text(count + "".join(f", {locale}" for locale in item.locales)),
        plain_text(item.description),
    )


def _pairs(first: tuple[float, ...], second: tuple[float, ...]) -> str:
    if not first and not second:
        return "–"
    return ", ".join(" ".join(f"{value:g}" for value in values) for values in (first, second))


def boards_to_rich(boards: Iterable[Board]) -> Group:
    """The boards as tables for a terminal; sizes in KB of 1,024 bytes."""
    from rich.console import Group

    boards = tuple(boards)
    sizes = make_table("boards", "name", "board", "core", "MHz", "flash", "RAM", "PSRAM")
    for board in boards:
        figures = (
            board.program_bytes_for(board.platform) - board.system_flash_bytes,
            board.static_ram_bytes - board.system_ram_bytes,
            board.psram_bytes,
        )
        texts = (f"{figure // 1024:,}" if figure else "–" for figure in figures)
        sizes.add_row(board.key, board.title, board.core, f"{board.clock_mhz:g}", *texts)
    sizes.caption = (
        "flash, RAM and PSRAM in KB (1,024 bytes): what the framework of the first platform leaves to a program and "
        "its static data"
    )
    sizes.caption_justify = "left"
    parts = make_table("", "name", "platforms", "library in Arduino", "camera", "microphone", "motion")
    for board in boards:
        lists = (board.platforms, board.arduino_libraries)
        names = (", ".join(items) or "–" for items in lists)
        parts.add_row(board.key, *names, board.camera or "–", board.microphone or "–", board.imu or "–")
    for table in (sizes, parts):
        # A name is what one types; it stays in one piece.
        table.columns[0].no_wrap = True
    return Group(sizes, parts)
