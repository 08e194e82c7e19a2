"""The command line: the only module that knows Typer, and the only one that prints.

Each command imports what it needs when it runs, so that `--help` and completion are quick.
"""

from __future__ import annotations

import dataclasses
import inspect as python_inspect
import json
import math
import os
import shutil
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from packager.errors import ConfigError, PackagerError
from packager.runtimes import GOLDEN_LIMIT
from packager.settings import Example, Setting
from packager.targets import TARGETS, load_target
from packager.tasks import Task
from packager.terminal import counted, is_active, visible, visible_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from packager.pipeline import BuildReport
    from packager.targets.target import Problem
    from packager.writing import Plan


class _TargetCommand(TyperCommand):
    """A target's command: its options come from the target's module, which is imported when they are needed."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        assert self.name is not None
        return _target_command(self.name).make_context(info_name, args, parent=parent, **extra)


class _Options:
    """Somebody whose settings are the options of a command."""

    def name(self, setting: Setting, _where: str | None) -> str:
        if setting.name not in ("inputs", "outputs"):
            return setting.option
        side = setting.name.removesuffix("s")
        if setting.index is None:
            return f"--{side}-name, --{side}-description and --{side}-range"
        return f"--{side}-{setting.part if setting.part in ('name', 'description') else 'range'}"

    def example(self, example: Example) -> str:
        import shlex

        return shlex.join(word for setting, value in example.settings for word in self._words(setting, value))

    def place(self, _setting: Setting) -> None:
        return None

    def _words(self, setting: Setting, value: Any) -> list[str]:
        option = self.name(setting, None)
        if value is True:
            return [option]
        if isinstance(value, tuple) and all(isinstance(item, int | float) for item in value):
            return [option, ",".join(f"{item:g}" for item in value)]
        values = value if isinstance(value, tuple) else (value,)
        return [word for item in values for word in (option, str(item))]


class _PackagerGroup(TyperGroup):
    """Adds a command for each target, and turns a PackagerError into one message and exit code 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, title in TARGETS.items():
            self.commands[name] = _TargetCommand(name, help=f"Write {title}.", callback=lambda: None)

    def list_commands(self, ctx: Any) -> list[str]:
        order = ["convert", "qat", "ladder", "compare", "init", "inspect", "metadata", "build", "report", *TARGETS]
        return [*order, *(name for name in self.commands if name not in order)]

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        with _usage_errors():
            return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _usage_errors():
                return super().invoke(ctx)
        except PackagerError as error:
            error.answer(_Options())
            first, *rest = error.lines
            _say(f"error: {first}", *rest)
            raise typer.Exit(1) from None


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Make what Typer prints itself visible: it repeats arguments, and a shell puts names of files there."""
    try:
        yield
    except TyperException as error:
        context = getattr(error, "ctx", None)
        if context is None or error.message != context.get_help():
            error.message = visible_line(error.message)
        raise


# Rich's help takes three times as long to start as the whole command does without it.
app = typer.Typer(cls=_PackagerGroup, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
metadata_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Attach, show or export metadata.")
app.add_typer(metadata_app, name="metadata")

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="The .tflite.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that you edited.")]
DiffOption = Annotated[
    bool, typer.Option("--diff", help="Show how the files on disk differ from the new ones, and write nothing.")
]
GoldenOption = Annotated[
    list[Path] | None,
    typer.Option("--golden", metavar="FILE", help="A sample input: a picture, .npy or .npz. Repeat it for more."),
]
GoldenLimitOption = Annotated[
    int, typer.Option("--golden-limit", metavar="MB", help="Megabytes that all inputs, and all outputs, may take.")
]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Package a converted .tflite for Android, iOS, Raspberry Pi and microcontrollers."""
    if version:
        from packager import __version__

        _print(f"packager {__version__}")
        raise typer.Exit


def _write(text: str | bytes, *, err: bool = False) -> None:
    """Print ``text``: all that this tool prints goes through here, and what is not its own through ``visible``."""
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    # As bytes, so that no character is one too many for the encoding, and nothing is taken out of it.
    data = text.encode(encoding, "backslashreplace") if isinstance(text, str) else text
    typer.echo(data if hasattr(stream, "buffer") else data.decode(encoding, "replace"), nl=False, err=err)


def _print(*lines: str, err: bool = False) -> None:
    _write("".join(visible_line(line) + "\n" for line in lines), err=err)


def _say(*lines: str) -> None:
    """Tell people something, a line each; stdout is for what was asked for."""
    _print(*lines, err=True)


class _Progress:
    """A line on the terminal that each text takes from the one before; an empty one leaves nothing of it.

    Nothing where stderr is no terminal, or one that cannot go back to the beginning of a line.
    """

    def __init__(self) -> None:
        self.width = 0

    def __call__(self, text: str) -> None:
        if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            return
        shown = visible_line(text)[: shutil.get_terminal_size().columns - 1]
        if shown or self.width:
            _write("\r" + shown.ljust(self.width) + ("" if shown else "\r"), err=True)
        self.width = len(shown)


def _show(table: RenderableType) -> None:
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console()
    # Once more, for a cell that was forgotten; Rich itself lets escapes through.
    safe = [Segment(visible(text, keep="\n"), style) for text, style, control in console.render(table) if not control]
    with console.capture() as captured:
        console.print(Segments(safe), end="", crop=False)
    _write(captured.get())


def _show_diff(plan: Plan) -> None:
    """Exact where it goes into a file, a patch say; visible where somebody looks at it."""
    diff = plan.diff()
    _write(visible(diff, keep="\t\n") if sys.stdout.isatty() else diff.encode("utf-8", "surrogateescape"))


def _to_json(value: Any) -> str:
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    if text.replace("\n", "").isprintable():
        return text
    # Outside of strings there is nothing to escape but the line ends.
    return "".join(json.dumps(item)[1:-1] if item != "\n" and is_active(item) else item for item in text)


def _finite(value: Any) -> Any:
    """``value`` without the numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_json(value: Any) -> None:
    _write(_to_json(value) + "\n")


def _ask(question: str, default: str) -> str:
    """A person's answer on stdin; ``default`` where they only press Enter."""
    shown = visible(default)
    while True:
        _write(f"{question} [{shown}]: ", err=True)
        try:
            answer = input()
        except EOFError:
            _say("")
            raise typer.Abort from None
        except UnicodeDecodeError:
            _say("That is no text in this terminal's encoding.")
            continue
        return default if answer in ("", shown) else answer


# --- inspect and init ----------------------------------------


@app.command()
def inspect(
    model: ModelArgument,
    layers: Annotated[
        bool, typer.Option("--layers", help="Count multiply-accumulates and weights, layer by layer, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a model holds, and on which targets it can run."""
    from packager.inspection import inspect_model

    report = inspect_model(model, layers=layers)
    if as_json:
        _print_json(report.to_json())
        return
    _show(report.to_rich())


@app.command()
def init(
    model: ModelArgument,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; take what the model and its folder say.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write; default: packager.toml beside the model."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented packager.toml from what is in the model.

    Beside it stands its schema, by which editors complete and check it.
    """
    from packager.finding import is_file, is_folder
    from packager.initial import propose, render_proposal
    from packager.schema import SCHEMA_NAME, check_schema_place, render_schema
    from packager.writing import write_file

    out = model.parent / "packager.toml" if out is None else out / "packager.toml" if is_folder(out) else out
    if not force and (is_folder(out) or is_file(out)):
        raise ConfigError("exists already", where=out, fix="Edit it, or replace it with --force.")
    schema = out.parent / SCHEMA_NAME
    if not force:
        check_schema_place(schema)
    proposal = propose(model, out.parent) if yes else propose(model, out.parent, _ask)
    write_file(schema, render_schema())
    write_file(out, render_proposal(proposal))
    _say(f"wrote {out}, and {schema.name} for editors")
    _say(f"next: packager build {out.parent if out.name == 'packager.toml' else out}")


@app.command()
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write; default: stdout.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is something else.")] = False,
) -> None:
    """Print the JSON Schema of packager.toml, for editors."""
    from packager.finding import is_folder
    from packager.schema import SCHEMA_NAME, check_schema_place, render_schema

    if out is None:
        _write(render_schema())
        return
    from packager.writing import write_file

    out = out / SCHEMA_NAME if is_folder(out) else out
    if not force:
        check_schema_place(out)
    write_file(out, render_schema())
    _say(f"wrote {out}")


# --- metadata ----------------------------------------


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no number, nor several with commas between them", param_hint=option
        ) from None


def _specs(
    names: Sequence[str] | None, descriptions: Sequence[str] | None, ranges: Sequence[str] | None, side: str
) -> tuple[Any, ...]:
    from itertools import zip_longest

    from packager.metadata.attach import TensorSpec

    specs = []
    for name, description, limits in zip_longest(names or (), descriptions or (), ranges or ()):
        low, high = None, None
        if limits is not None:
            values = _numbers(limits, f"--{side}-range")
            if values is None or len(values) != 2:
                raise typer.BadParameter(f"{limits!r} is not MIN,MAX", param_hint=f"--{side}-range")
            low, high = (values[0],), (values[1],)
        specs.append(TensorSpec(name, description, minimum=low, maximum=high))
    return tuple(specs)


def _parameter(name: str, annotation: Any, default: Any = python_inspect.Parameter.empty) -> python_inspect.Parameter:
    kind = python_inspect.Parameter.KEYWORD_ONLY
    return python_inspect.Parameter(name, kind, annotation=annotation, default=default)


class _SettingsCommand(TyperCommand):
    """Its options have the help texts of the fields that they fill in, which are imported when they are needed."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        from packager.metadata.annotation import Annotation

        helps = self._helps(Annotation)
        helps["labels"] += " Repeat it for another language: de=labels_de.txt."
        for option in self.params:
            if isinstance(option, TyperOption) and option.name in helps:
                option.help = helps[option.name]
        return super().make_context(*args, **extra)

    def _helps(self, *kinds: Any) -> dict[str, str]:
        return {field.name: field.metadata["help"] for kind in kinds for field in dataclasses.fields(kind)}


def _show_as_path(parameter: Any) -> None:
    """In the help. Typer's own is a type of Python: list[Path]."""
    parameter.display_type = lambda _ctx: "<path>"


class _CompareCommand(_SettingsCommand):
    def make_context(self, *args: Any, **extra: Any) -> Any:
        for parameter in self.params:
            if parameter.name == "models":
                _show_as_path(parameter)
        return super().make_context(*args, **extra)


class _ConvertCommand(_SettingsCommand):
    def _helps(self, *kinds: Any) -> dict[str, str]:
        from packager.convert.recipes import ConvertOptions

        return super()._helps(*kinds, ConvertOptions)


class _TuneCommand(_SettingsCommand):
    def _helps(self, *kinds: Any) -> dict[str, str]:
        from packager.convert.recipes import TuneOptions

        return super()._helps(*kinds, TuneOptions)


def _text_option(metavar: str, help: str | None = None) -> Any:
    return Annotated[str | None, typer.Option(metavar=metavar, help=help)]


def _several_option(metavar: str, help: str | None = None) -> Any:
    return Annotated[list[str] | None, typer.Option(metavar=metavar, help=help)]


_RANGE = "Smallest and largest real value of the first {}; repeat it for the next."
# The options that make an Annotation: those of ``metadata attach``, and of what annotates on the way.
_ANNOTATION_OPTIONS: dict[str, Any] = {
    "task": _text_option("TASK"),
    "labels": _several_option("FILE"),
    "mean": _text_option("M[,M,M]"),
    "std": _text_option("S[,S,S]"),
    "crop": _text_option("MODE"),
    "resize": _text_option("METHOD"),
    "pad": Annotated[int | None, typer.Option(metavar="VALUE")],
    "channels": _text_option("ORDER"),
    "activation": _text_option("FUNCTION"),
    "head": _text_option("HEAD"),
    "threshold": Annotated[float | None, typer.Option(metavar="SCORE")],
    "iou": Annotated[float | None, typer.Option(metavar="OVERLAP")],
    "points": Annotated[int | None, typer.Option(metavar="COUNT")],
    "name": _text_option("TEXT"),
    "version": _text_option("TEXT"),
    "author": _text_option("TEXT"),
    "license": _text_option("TEXT"),
    "description": _text_option("TEXT"),
    "sample_rate": Annotated[int | None, typer.Option(metavar="HZ")],
    "audio_channels": Annotated[int | None, typer.Option(metavar="COUNT")],
    "hop": Annotated[int | None, typer.Option(metavar="COUNT")],
    "vocabulary": Annotated[Path | None, typer.Option(metavar="FILE")],
    "delimiter": _text_option("REGEX"),
    "input_name": _several_option("TEXT", "Name of the first input; repeat it for the next."),
    "input_description": _several_option("TEXT", "What the first input is; repeat it for the next."),
    "input_range": _several_option("MIN,MAX", _RANGE.format("input")),
    "output_name": _several_option("TEXT", "Name of the first output; repeat it for the next."),
    "output_description": _several_option("TEXT", "What the first output is; repeat it for the next."),
    "output_range": _several_option("MIN,MAX", _RANGE.format("output")),
}


def _takes_annotation(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that make an Annotation; it takes that as ``annotation``."""

    def wrapper(**given: Any) -> None:
        annotation = _annotation(**{name: given.pop(name) for name in _ANNOTATION_OPTIONS})
        run(**given, annotation=annotation)

    own = python_inspect.signature(run, eval_str=True).parameters.values()
    parameters = [
        *(parameter for parameter in own if parameter.name != "annotation"),
        *(_parameter(name, annotation, None) for name, annotation in _ANNOTATION_OPTIONS.items()),
    ]
    keywords = [parameter.replace(kind=python_inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    typing.cast("Any", wrapper).__signature__ = python_inspect.Signature(keywords)
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in keywords}
    wrapper.__name__, wrapper.__doc__ = run.__name__, run.__doc__
    return wrapper


def _annotation(
    *,
    labels: list[str] | None,
    mean: str | None,
    std: str | None,
    input_name: list[str] | None,
    input_description: list[str] | None,
    input_range: list[str] | None,
    output_name: list[str] | None,
    output_description: list[str] | None,
    output_range: list[str] | None,
    **given: Any,
) -> Any:
    from packager.metadata.annotation import Annotation
    from packager.metadata.labels import LabelFile
    from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize

    kinds: dict[str, Any] = {
        "task": Task,
        "crop": CropMode,
        "resize": Resize,
        "channels": ChannelOrder,
        "activation": Activation,
        "head": Head,
    }
    given |= {name: _choice(kind, given[name], f"--{name}") for name, kind in kinds.items()}
    return Annotation(
        labels=tuple(map(LabelFile.parse, labels or ())),
        mean=_numbers(mean, "--mean"),
        std=_numbers(std, "--std"),
        inputs=_specs(input_name, input_description, input_range, "input"),
        outputs=_specs(output_name, output_description, output_range, "output"),
        **given,
    )


@metadata_app.command(cls=_SettingsCommand)
@_takes_annotation
def attach(
    model: ModelArgument,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="Where to write the annotated .tflite.", show_default=False),
    ],
    annotation: Any,
) -> None:
    """Write labels, normalization and names into a copy of a model.

    What the model holds already is kept unless an option replaces it.
    """
    from packager.metadata.attach import attach_metadata

    attach_metadata(model, annotation, out)
    _say(f"wrote {out}")


def _choice(kind: Any, text: str | None, option: str) -> Any:
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        choices = ", ".join(kind)
        raise typer.BadParameter(f"{text!r} is not one of {choices}", param_hint=option) from None


@metadata_app.command()
def show(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Print a model's metadata."""
    from packager.errors import MetadataError
    from packager.inspection import metadata_to_rich
    from packager.metadata.export import metadata_to_json
    from packager.metadata.reader import read_metadata
    from packager.model import read_model

    found = read_metadata(read_model(model), lenient=True)
    if found is None:
        raise MetadataError("carries no metadata", where=model, fix="Attach some: packager metadata attach --help")
    if as_json:
        _print_json(metadata_to_json(found))
        return
    _show(metadata_to_rich(found))


@metadata_app.command()
def export(
    model: ModelArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write to.", show_default=False)
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace files that hold something else.")] = False,
) -> None:
    """Write a model's metadata, and the files in it, into a folder."""
    from packager.metadata.export import export_metadata
    from packager.model import read_model
    from packager.writing import State, write_files

    for change in write_files(out, export_metadata(read_model(model)), force=force):
        if change.state is not State.UNCHANGED:
            _say(f"wrote {out / change.path}")


# --- convert ----------------------------------------


@app.command(cls=_ConvertCommand)
@_takes_annotation
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A .keras or .h5 file, the folder of a SavedModel, or a float .tflite.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the .tflite.", show_default=False)
    ],
    annotation: Any,
    quantize: Annotated[str, typer.Option(metavar="RECIPE")] = "none",
    representative: Annotated[Path | None, typer.Option(metavar="FILE_OR_FOLDER")] = None,
    samples: Annotated[int, typer.Option(metavar="COUNT")] = 200,
    io: Annotated[str | None, typer.Option(metavar="TYPE")] = None,
    ops: Annotated[str, typer.Option(metavar="OPERATORS")] = "builtins",
    optimize: Annotated[str | None, typer.Option(metavar="GOAL")] = None,
    target: Annotated[str | None, typer.Option(metavar="TARGET")] = None,
    layers: Annotated[list[str] | None, typer.Option(metavar="REGEX=RECIPE")] = None,
    shape: Annotated[list[str] | None, typer.Option(metavar="SIZES")] = None,
    trust: Annotated[bool, typer.Option("--trust")] = False,
    time_limit: Annotated[int, typer.Option(metavar="SECONDS")] = 3600,
    force: Annotated[
        bool, typer.Option("--force", help="Write it though its answers differ from those of SOURCE.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Convert a Keras model to an annotated .tflite.

    The .tflite is held against the model, and one that answers otherwise is not written. The options of metadata
    attach are attached in the same step.
    """
    from packager.convert.recipes import IO, ConvertOptions, ConvertTarget, LayerRule, Ops, Optimize, Quantize

    options = ConvertOptions(
        quantize=_choice(Quantize, quantize, "--quantize"),
        representative=representative,
        samples=samples,
        io=_choice(IO, io, "--io"),
        ops=_choice(Ops, ops, "--ops"),
        optimize=_choice(Optimize, optimize, "--optimize"),
        target=_choice(ConvertTarget, target, "--target"),
        layers=tuple(map(LayerRule.parse, layers or ())),
        shape=tuple(shape or ()),
        trust=trust,
        time_limit=time_limit,
    )
    from packager.convert.conversion import convert_model

    report = convert_model(source, out, options, annotation, force=force, say=_say, progress=_Progress())
    for problem in report.warnings:
        _say(f"warning: {problem.what}", f"  {problem.fix}")
    if as_json:
        _print_json(report.to_json())
        return
    for line in report.lines():
        _say(line)


@app.command(cls=_TuneCommand)
@_takes_annotation
def qat(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A .keras or .h5 file.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the .tflite.", show_default=False)
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="PATH",
            help="What it is trained on: a folder with a folder for each class, an .npz or .csv.",
            show_default=False,
        ),
    ],
    annotation: Any,
    epochs: Annotated[int, typer.Option(metavar="COUNT")] = 5,
    prune: Annotated[float | None, typer.Option(metavar="SPARSITY")] = None,
    quantize: Annotated[str, typer.Option(metavar="RECIPE")] = "int8",
    io: Annotated[str | None, typer.Option(metavar="TYPE")] = None,
    target: Annotated[str | None, typer.Option(metavar="TARGET")] = None,
    batch_size: Annotated[int, typer.Option(metavar="COUNT")] = 32,
    learning_rate: Annotated[float, typer.Option(metavar="RATE")] = 1e-4,
    patience: Annotated[int, typer.Option(metavar="EPOCHS")] = 3,
    samples: Annotated[int, typer.Option(metavar="COUNT")] = 200,
    trust: Annotated[bool, typer.Option("--trust")] = False,
    time_limit: Annotated[int, typer.Option(metavar="SECONDS")] = 3600,
    force: Annotated[
        bool, typer.Option("--force", help="Write it though its answers differ from those of the trained model.")
    ] = False,
) -> None:
    """Train a Keras model with quantization or pruning, and convert it.

    It takes the options of metadata attach too, which are attached in the same step.
    """
    from packager.convert.recipes import IO, ConvertTarget, Quantize, TuneOptions
    from packager.convert.tuning import tune

    options = TuneOptions(
        epochs=epochs,
        prune=prune,
        quantize=_choice(Quantize, quantize, "--quantize"),
        io=_choice(IO, io, "--io"),
        target=_choice(ConvertTarget, target, "--target"),
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
        samples=samples,
        trust=trust,
        time_limit=time_limit,
    )
    report = tune(source, out, data, options, annotation, force=force, say=_say, progress=_Progress())
    for problem in report.conversion.warnings:
        _say(f"warning: {problem.what}", f"  {problem.fix}")
    for line in report.lines():
        _say(line)


# --- compare ----------------------------------------


@app.command(cls=_CompareCommand)
@_takes_annotation
def compare(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL",
            help="A .tflite, .keras or .h5 file, or the folder of a SavedModel; others are compared with the first.",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="PATH", help="A folder, .npy, .npz, .csv or COCO .json of samples.", show_default=False
        ),
    ],
    annotation: Any,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw size against accuracy into this .png or .svg.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Do the work on the workers of this Dask scheduler.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare models on the same data: size, accuracy, latency, targets.

    It takes the options of metadata attach too, which replace what the models hold.
    """
    from packager.comparison import compare as compare_models
    from packager.comparison.plot import check_plot, render_plot
    from packager.writing import write_file

    if plot is not None:
        check_plot(plot)
    comparison = compare_models(models, data, annotation=annotation, dask=dask, progress=_Progress())
    if plot is not None:
        write_file(plot, render_plot(comparison, plot.suffix))
        _say(f"wrote {plot}")
    if as_json:
        _print_json(comparison.to_json())
        return
    _show(comparison.to_rich(shutil.get_terminal_size().columns))


# --- ladder ----------------------------------------


@app.command(cls=_TuneCommand)
@_takes_annotation
def ladder(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A .keras or .h5 file, or the folder of a SavedModel.", show_default=False
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write to.", show_default=False)
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="PATH",
            help="What is compared on: a folder, .npz, .csv or COCO .json.",
            show_default=False,
        ),
    ],
    annotation: Any,
    train: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="What int8 and int16x8 are calibrated, and --qat trained, on; default: --data."
        ),
    ] = None,
    qat: Annotated[bool, typer.Option("--qat", help="Also train with quantization, on --train.")] = False,
    epochs: Annotated[int, typer.Option(metavar="COUNT")] = 5,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw size against accuracy into this .png or .svg.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Compare on the workers of this Dask scheduler.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that hold something else.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Convert a Keras model by every recipe, and compare them.

    It takes the options of metadata attach too, which are attached to each.
    """
    from packager.comparison.plot import check_plot, render_plot
    from packager.convert.recipes import ConvertOptions, TuneOptions

    if plot is not None:
        check_plot(plot)
    from packager.ladder import climb
    from packager.writing import write_file

    report = climb(
        source, out, data, train=train, qat=qat, tuning=TuneOptions(epochs=epochs),
        options=ConvertOptions(trust=trust), annotation=annotation, dask=dask, force=force,
        say=_say, progress=_Progress(),
    )  # fmt: skip
    if plot is not None:
        write_file(plot, render_plot(report.comparison, plot.suffix))
    for name, error in report.failed:
        error.answer(_Options())
        _say(f"failed: {name}: {error.what}", *error.lines[1:])
    if as_json:
        _print_json(report.to_json())
        return
    _show(report.comparison.to_rich(shutil.get_terminal_size().columns))
    for item in report.recommendations:
        _print(f"{item.target}: {item.path or 'none'}", f"  {item.why}")
    _say("", f"wrote {out}; look at {out / 'report.html'}")


# --- build, targets ----------------------------------------


@app.command()
def build(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A packager.toml, or the folder that holds one.")
    ] = Path(),
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where to write; default: dist/NAME beside packager.toml."),
    ] = None,
    force: ForceOption = False,
    diff: DiffOption = False,
) -> None:
    """Write the projects that a packager.toml asks for."""
    from packager import pipeline

    if diff:
        _show_diff(pipeline.plan_build(path, out, say=_say, progress=_Progress()))
    else:
        report = pipeline.build(path, out, force=force, say=_say, progress=_Progress())
        _tell(report)
        _say("", f"all about the model: {report.out / pipeline.REPORT}")


# What help shows for a value that is none of a list of choices.
_METAVARS: dict[Any, str] = {
    str: "TEXT",
    int: "NUMBER",
    int | None: "NUMBER",
    float: "NUMBER",
    Path | None: "FILE",
}


def _target_command(name: str) -> Any:
    """Typer's command for a target: MODEL, -o DIR, the common options, and one for each field of its Options."""
    target = load_target(name)
    hints = typing.get_type_hints(target.options)
    arguments = {field.name: field for field in dataclasses.fields(target.options) if "argument" in field.metadata}
    fields = [field for field in dataclasses.fields(target.options) if field.name not in arguments]

    def run(
        model: Path,
        out: Path,
        golden: list[Path] | None = None,
        golden_limit: int = GOLDEN_LIMIT,
        force: bool = False,
        diff: bool = False,
        **given: Any,
    ) -> None:
        from packager import pipeline

        options = target.options(
            **{key: tuple(value or ()) if key in arguments else value for key, value in given.items()}
        )
        common: dict[str, Any] = {
            "golden": golden or (),
            "golden_limit": golden_limit,
            "say": _say,
            "progress": _Progress(),
        }
        if diff:
            _show_diff(pipeline.plan_package(name, model, out, options, **common))
        else:
            _tell(pipeline.package(name, model, out, options, **common, force=force, asker=_Options()))

    parameters = [
        _parameter("model", ModelArgument),
        *(
            _parameter(
                field.name,
                Annotated[
                    list[Path] | None,
                    typer.Argument(metavar=field.metadata["argument"], help=field.metadata["help"]),
                ],
                None,
            )
            for field in arguments.values()
        ),
        _parameter("out", Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The project's folder.")]),
        *(
            _parameter(
                field.name,
                Annotated[
                    hints[field.name],
                    # Named, so that a flag has no second form, --no-….
                    typer.Option(
                        Setting(target.options, field.name).option,
                        metavar=_METAVARS.get(hints[field.name]),
                        help=field.metadata["help"],
                        show_default=field.default != "",
                    ),
                ],
                field.default,
            )
            for field in fields
        ),
        _parameter("golden", GoldenOption, None),
        _parameter("golden_limit", GoldenLimitOption, GOLDEN_LIMIT),
        _parameter("force", ForceOption, False),
        _parameter("diff", DiffOption, False),
    ]
    typing.cast("Any", run).__signature__ = python_inspect.Signature(parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(name=name, help=f"Write {TARGETS[name]} from an annotated .tflite.")(run)
    command = typer.main.get_command(single)
    for parameter in command.params:
        if parameter.name in arguments:
            _show_as_path(parameter)
    return command


def _tell(report: BuildReport) -> None:
    from packager.writing import State

    # One line for all targets that have the same to say.
    warned: dict[Problem, list[str]] = {}
    for name, problem in report.warnings:
        warned.setdefault(problem, []).append(name)
    for problem, names in warned.items():
        _say(f"warning: {', '.join(names)}: {problem.what}", f"  {problem.fix}")
    for item in report.skipped:
        item.why.answer(_Options())
        _say(f"skipped: {item.target}: {item.why.what}", *item.why.lines[1:])
    notes: dict[State, Callable[[str], str]] = {
        State.KEPT: lambda path: f"kept: {path} (you edited it; --diff shows how, --force replaces it)",
        State.KEPT_NEW: lambda path: f"kept: {path} (you edited it; the new one is {Path(path).name}.new beside it)",
        State.ORPHANED: lambda path: f"left: {path} (no longer generated, but you edited it)",
        State.REMOVED: lambda path: f"removed: {path} (no longer generated)",
    }
    for change in report.changes:
        if change.state in notes:
            _say(notes[change.state](change.path))
    for name, folder in report.folders.items():
        _say("", f"{name}: {folder}")
        for step in report.next_steps[name]:
            _say(f"  {step}")


@app.command()
def report(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A .tflite, or a folder with a packager.toml, a comparison, or what build wrote.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The HTML file.", show_default=False)],
    golden: GoldenOption = None,
    golden_limit: GoldenLimitOption = GOLDEN_LIMIT,
) -> None:
    """Write a page about a model, or about models that were compared."""
    from packager.report import write_report

    write_report(path, out, golden=golden or (), golden_limit=golden_limit, say=_say)


@app.command()
def boards(as_json: JsonOption = False) -> None:
    """List the boards that packager micro --board knows."""
    from packager.targets.micro.boards import BOARDS

    if as_json:
        _print_json([dataclasses.asdict(board) for board in BOARDS.values()])
        return
    from packager.inspection import boards_to_rich

    _show(boards_to_rich(BOARDS.values()))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Find what on this computer keeps commands from working."""
    from packager.doctor import examine, has_errors

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            _print(f"{finding.level:<8} {finding.what}")
            if finding.fix:
                _print(f"{'':<8} -> {finding.fix}")
    if as_json:
        _print_json([dataclasses.asdict(finding) for finding in findings])
    if has_errors(findings):
        raise typer.Exit(1)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A generated micro project.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Replay a micro project's golden cases on this computer.

    They run in TensorFlow Lite Micro, on the sources that would be compiled. Where the package tflite-micro is not
    installed, LiteRT's reference kernels stand in for it.
    """
    from packager.replay import verify_all

    reports = verify_all(folder)
    told = [
        {**dataclasses.asdict(report), "folder": str(report.folder), "passed": report.passed} for report in reports
    ]
    passed = all(report.passed for report in reports)
    if as_json:
        _print_json(told[0] if len(told) == 1 else {"models": told, "passed": passed})
    for report in () if as_json else reports:
        if len(reports) > 1:
            _print(f"{report.folder}:")
        for case in report.cases:
            _print(f"{'PASS' if case.passed else 'FAIL'} {case.name}: max difference {case.difference:g}")
        needed = f"; {report.needed_arena} are enough on a 32-bit target, and {report.smallest_arena} are needed here"
        needed = "" if report.smallest_arena is None else needed
        unchecked = ", not checked: that takes the package tflite-micro" if report.is_stand_in else ""
        _print(f"tensor arena of {report.arena_bytes} bytes{needed}{unchecked}")
        for problem in report.problems:
            _print(f"problem: {problem}")
        _print(f"{'PASS' if report.passed else 'FAIL'} {counted(len(report.cases), 'case')} ({report.runtime})")
    if not passed:
        raise typer.Exit(1)
