"""`packager inspect`: what a model holds and where it can run, for people and as JSON."""

from __future__ import annotations

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

    from packager.targets.boards import Board


# What a terminal shows of a table and of a text in it; JSON has all. Rich takes a second for 4,000 rows.
_MOST_ROWS = 100
_LONGEST_TEXT = 1_000
# Columns of numbers.
_NUMBERS = {"count", "version", "bytes", "flash", "RAM", "PSRAM", "MHz"}
_NUMBERS |= {"gzip", "arena", "top-1", "top-5", "mAP", "mAP50", "mIoU", "95 %", "McNemar p", "SNR in dB"}


@dataclass(frozen=True)
class Inspection:
    """A model, its metadata, and for each target what speaks against it."""

    model: Model
    metadata: ModelMetadata | None
    targets: Mapping[str, tuple[Problem, ...]]

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
        zero_points, axis}; axis null means per tensor.
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
        }

    def to_rich(self) -> Group:
        """The report as tables for a terminal."""
        from rich.console import Group

        head = plain_text(str(self.model.path), f"sha256 {self.model.sha256}", "")
        described = () if self.metadata is None else (metadata_to_rich(self.metadata),)
        return Group(
            head,
            _sizes(self.model),
            _tensors(self.model),
            _operators(self.model),
            *described,
            _targets(self.targets),
            _edge_tpu(self.edge_tpu),
        )


def inspect_model(path: Path | str) -> Inspection:
    """Read a .tflite and judge it for every target.

    Raises:
        ModelError: the file is no readable .tflite.
        MetadataError: its metadata is damaged.
    """
    model = read_model(path)
    problems = {name: load_target(name).find_problems(model) for name in TARGETS}
    return Inspection(model, read_metadata(model, lenient=True), problems)


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


def boards_to_rich(boards: Iterable[Board]) -> Table:
    """The boards as a table for a terminal; sizes in KB of 1,024 bytes."""
    table = make_table("boards", "name", "board", "core", "MHz", "flash", "RAM", "PSRAM")
    for board in boards:
        sizes = (board.flash_bytes, board.ram_bytes, board.psram_bytes)
        table.add_row(
            board.key,
            board.title,
            board.core,
            f"{board.clock_mhz:g}",
            *(f"{size // 1024:,}" if size else "–" for size in sizes),
        )
    table.caption = "flash, RAM and PSRAM in KB (1,024 bytes)"
    table.caption_justify = "left"
    return table
