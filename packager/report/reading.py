"""What `packager report` is asked about: a model, or a folder that holds models, on disk."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from packager.annotated import AnnotatedModel, annotated_model, read_annotated
from packager.config import FILE_NAME as CONFIG
from packager.config import Config, read_config
from packager.errors import ConfigError, ModelError, PackagerError, TargetError
from packager.finding import find_files, is_file, is_folder
from packager.golden import Goldens, Sample, build_goldens, read_samples
from packager.golden.cases import reading_sample
from packager.golden.samples import check_budget, input_bytes
from packager.golden.texts import text_sample
from packager.metadata.attach import annotate
from packager.model import Model, Tensor, parse_model, read_model
from packager.reading import read_file
from packager.report.comparison import FILE_NAME as COMPARISON
from packager.report.comparison import read_comparison
from packager.report.page import FILE_NAME as REPORT
from packager.report.page import INSTALL, Subject, model_commands, render_page
from packager.runtimes import GOLDEN_LIMIT, Runtime, require
from packager.targets import TARGETS, load_target
from packager.targets.micro import Options as MicroOptions
from packager.targets.micro.arena import least_arena
from packager.targets.micro.boards import Demand, find_boards_that_fit
from packager.targets.target import Level
from packager.tasks.kinds import Array
from packager.tasks.text import TextInput
from packager.terminal import counted
from packager.writing import MANIFEST, find_fault, write_file

Say = Callable[[str], None]

# Of a folder that build wrote: the targets whose projects hold the annotated model, the fullest first.
_HOLDERS = ("pi", "android", "ios")
_LARGEST_CASES = 64 << 20
# Models of a comparison that are shown by themselves.
_MOST_SHOWN = 4


def write_report(
    path: Path | str,
    out: Path | str,
    *,
    golden: Sequence[Path] = (),
    golden_limit: int = GOLDEN_LIMIT,
    say: Say = lambda _text: None,
) -> None:
    """Write a page about a model, or about those in a folder, to the file ``out``.

    Args:
        path: a .tflite, annotated or not; or a folder: with a packager.toml, with what ``build`` or the ladder
            wrote, or with a comparison.json. The first of these that it holds counts, in the order
            comparison.json, manifest.json, packager.toml.
        out: the HTML file.
        golden: files with sample inputs, see ``read_samples``; default: those that the folder names, else made up.
        golden_limit: the megabytes that the inputs of all golden cases may take, and likewise the outputs.
        say: called with a line on each step.

    Raises:
        PackagerError: the model, the samples or what the folder holds cannot be read; nothing is written then.
    """
    path, out = Path(path), Path(out)
    if not is_folder(path):
        page = _of_model(read_annotated(path), golden, golden_limit, say)
    elif is_file(path / COMPARISON):
        page = _of_comparison(path, golden, golden_limit, say)
    elif is_file(path / MANIFEST):
        page = _of_projects(path, golden, golden_limit, say)
    elif is_file(path / CONFIG):
        page = _of_config(read_config(path), golden, golden_limit, say)
    else:
        raise ConfigError(
            f"holds no {COMPARISON}, no {MANIFEST} and no {CONFIG}",
            where=path,
            fix="Give a .tflite, or a folder that packager build or packager init wrote.",
        )
    say(f"writing {out}")
    write_file(out, page)


def _of_model(annotated: AnnotatedModel, golden: Sequence[Path], limit: int, say: Say) -> bytes:
    subject = _run(annotated, lambda: read_samples(annotated, golden, limit=limit), limit, say)
    return render_page([subject], commands=model_commands(subject, [path.name for path in golden]))


def _of_config(config: Config, golden: Sequence[Path], limit: int, say: Say) -> bytes:
    model = read_model(config.model)
    if config.metadata is not None:
        model = parse_model(annotate(model, config.metadata), config.model)
    annotated = annotated_model(model)
    limit = config.golden_limit if limit == GOLDEN_LIMIT else limit
    paths = golden or config.golden_samples()
    subject = _run(
        annotated, lambda: read_samples(annotated, paths, limit=limit), limit, say, config.options["micro"]
    )
    return render_page([subject], title=annotated.title(config.name), commands=build_commands(config))


def build_commands(config: Config) -> tuple[str, ...]:
    """How to make a page again that tells of what a packager.toml says."""
    name = "." if config.path.name == CONFIG else config.path.name
    return INSTALL, shlex.join(["packager", "build", name])


def _run(
    annotated: AnnotatedModel,
    read: Callable[[], Sequence[Sample]],
    limit: int,
    say: Say,
    micro: MicroOptions | None = None,
    heading: str = "",
) -> Subject:
    """The model with its golden answers; what keeps it from any is said on the page."""
    goldens, failed = Goldens({}, None), dict[str, PackagerError]()
    by_runtime = _runtimes(annotated.model)
    try:
        samples = read()
    except ModelError as error:
        by_runtime, failed = {}, dict.fromkeys((name for names in by_runtime.values() for name in names), error)
        samples = ()
    for runtime, names in by_runtime.items():
        say(f"computing {counted(len(samples), 'golden case')} ({runtime})")
        try:
            require(runtime, annotated.model.path)
            goldens = goldens.with_those_of(build_goldens(annotated, samples, [runtime], limit=limit))
        except (ModelError, TargetError) as error:
            failed |= dict.fromkeys(names, error)
    return Subject(annotated, goldens, failed, heading, micro or MicroOptions())


def _runtimes(model: Model) -> dict[Runtime, list[str]]:
    """What has to run the model, for which targets: LiteRT once, and TensorFlow Lite Micro where a board has room."""
    found: dict[Runtime, list[str]] = {}
    for name in TARGETS:
        target = load_target(name)
        if any(problem.level is Level.ERROR for problem in target.find_problems(model)):
            continue
        is_micro = target.runtime is Runtime.TFLITE_MICRO
        operators = [operator.name for operator, _ in model.operators]
        if is_micro and not find_boards_that_fit(Demand(model.sizes.weights, least_arena(model), operators)):
            continue
        found.setdefault(target.golden_runtime if is_micro else Runtime.LITERT, []).append(name)
    return found


# --- folders ----------------------------------------


def _of_projects(folder: Path, golden: Sequence[Path], limit: int, say: Say) -> bytes:
    """Of what build wrote: the annotated model in one of the projects, and the golden samples beside it."""
    target, path = next(
        ((target, path) for target in _HOLDERS for path in find_files(folder, f"{target}/**/model.tflite")),
        (None, None),
    )
    if path is None:
        raise ConfigError(
            "holds no project with the annotated model: a microcontroller's has it without its metadata",
            where=folder,
            fix="Give the model, or the folder of its packager.toml.",
        )
    annotated = read_annotated(path)

    def read() -> Sequence[Sample]:
        cases = () if golden else find_files(folder, f"{target}/**/cases.json")
        return read_cases(annotated, cases[0], limit) if cases else read_samples(annotated, golden, limit=limit)

    subject = _run(annotated, read, limit, say)
    return render_page([subject], commands=model_commands(subject, [path.name for path in golden]))


def read_cases(annotated: AnnotatedModel, path: Path, limit: int) -> Sequence[Sample]:
    """The samples of the golden cases that a project's ``cases.json`` tells of.

    Raises:
        ConfigError: it is no such file, or what it names is not there or of another model.
    """
    with reading_sample(path):
        cases = json.loads(read_file(path, _LARGEST_CASES))["cases"]
        if isinstance(annotated.input, TextInput):
            return tuple(text_sample(annotated.input, str(case["name"]), str(case["text"])) for case in cases)
        made_of = [case.get("picture") or case.get("sound") for case in cases]
        if all(made_of):
            paths = [_beside(path, name) for name in dict.fromkeys(made_of)]
            return read_samples(annotated, paths, limit=limit)
        check_budget("inputs", input_bytes(annotated), len(cases), limit, annotated.model.path)
        return tuple(
            Sample(
                str(case["name"]),
                None,
                tuple(
                    _tensor(port.tensor, _beside(path, name))
                    for port, name in zip(annotated.inputs, case["inputs"], strict=True)
                ),
            )
            for case in cases
        )


def _tensor(tensor: Tensor, path: Path) -> Array:
    dtype = np.dtype(tensor.dtype)
    data = read_file(path, -(-tensor.size * dtype.itemsize // 1024) * 1024)
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(tensor.shape)


def _beside(path: Path, name: str) -> Path:
    if "/" in name or find_fault(name) is not None:
        raise ConfigError(f"names {name!r}, which is no file beside it", where=path)
    return path.parent / name


def _of_comparison(folder: Path, golden: Sequence[Path], limit: int, say: Say) -> bytes:
    """Of models that were compared: those that are recommended, else the first one."""
    comparison = read_comparison(folder / COMPARISON)
    chosen = dict.fromkeys(item.path for item in comparison.recommendations if item.path)
    there = [name for name in chosen or [item.path for item in comparison.variants] if _holds(folder, name)]
    subjects = []
    for name in there[: _MOST_SHOWN if chosen else 1]:
        annotated = read_annotated(folder / name)
        read = partial(read_samples, annotated, golden, limit=limit)
        subjects.append(_run(annotated, read, limit, say, heading=name))
    title = subjects[0].annotated.metadata.name if subjects else ""
    commands = comparison.reproduce or (shlex.join(["packager", "report", ".", "-o", REPORT]),)
    commands = (INSTALL, *commands)
    return render_page(subjects, title=title or "Comparison", comparison=comparison, commands=commands)


def _holds(folder: Path, name: str) -> bool:
    """Whether a comparison names a model in its own folder."""
    parts = name.split("/")
    return name.endswith(".tflite") and all(find_fault(part) is None for part in parts) and is_file(folder / name)
