"""The main job: from a .tflite to finished projects on disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packager import __version__
from packager.annotated import AnnotatedModel, annotated_model
from packager.config import Config, read_config
from packager.errors import ConfigError, MissingPackageError, ModelError, PackagerError, TargetError, asked_by, worded
from packager.golden import Goldens, Progress, build_features, build_goldens, processes, read_samples
from packager.metadata.attach import annotate
from packager.model import parse_model, read_model
from packager.runtimes import GOLDEN_LIMIT, Runtime, require
from packager.settings import PYTHON, Asker, Text, find_wrong_type
from packager.targets import TARGETS, load_target
from packager.targets.target import (
    Level,
    Problem,
    Target,
    build_project,
    check_model,
    project_name,
    served,
    spelling_problems,
)
from packager.tasks.features import FeaturesInput
from packager.terminal import counted
from packager.writing import Change, Plan, Project, plan_tree, write_tree

Say = Callable[[str], None]

REPORT = "report.html"
"""The page about the model that ``build`` writes beside the projects."""


def _silent(_text: str) -> None:
    """What a caller who wants no messages gets."""


@dataclass(frozen=True)
class _Caller:
    """Whom a build talks to: ``say``, ``progress`` and ``asker`` as ``package`` has them."""

    say: Say
    progress: Say
    asker: Asker

    def told(self, cases: int) -> Progress:
        """What tells of the progress of golden cases."""

        def tell(runtime: Runtime, done: int) -> None:
            if done < cases:
                self.progress(f"computing golden case {done + 1} of {cases} ({runtime})")
            elif runtime is Runtime.TFLITE_MICRO:
                self.progress(f"measuring the tensor arena ({runtime})")

        return tell


@dataclass(frozen=True)
class Skipped:
    """A target that was not built, because the model cannot run there."""

    target: str
    why: PackagerError


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    ``folders`` maps each target that was built to its folder, ``next_steps`` to the commands to go on with;
    ``warnings`` are pairs of a target's name, or ``golden``, and what is to be said of it; ``changes`` are the files
    by their path from ``out``.
    """

    out: Path
    annotated: AnnotatedModel
    folders: Mapping[str, Path]
    next_steps: Mapping[str, tuple[str, ...]]
    warnings: tuple[tuple[str, Problem], ...]
    skipped: tuple[Skipped, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class _Built:
    annotated: AnnotatedModel
    goldens: Goldens
    projects: tuple[Project, ...]
    next_steps: dict[str, tuple[str, ...]]
    warnings: tuple[tuple[str, Problem], ...]
    skipped: tuple[Skipped, ...]


def build(
    path: Path | str = ".",
    out: Path | str | None = None,
    *,
    force: bool = False,
    say: Say = _silent,
    progress: Say = _silent,
) -> BuildReport:
    """Do what a packager.toml says: annotate its model and write a project for each of its targets.

    Args:
        path: the packager.toml, or the folder that holds it.
        out: where to write ``OUT/<target>/``, ``OUT/report.html`` and ``OUT/manifest.json``; default ``dist/<name>``
            beside the file.
        force: replace files that a person edited.
        say: called with a line on each step.
        progress: called, where a step takes long, with how far it is, and with an empty text when it is done.

    Raises:
        PackagerError: see the functions that this calls; nothing is written then.
    """
    config = read_config(path)
    out = config.default_out if out is None else Path(out)
    built = _build(config, say, progress)
    say(f"writing {out}")
    changes = write_tree(out, built.projects, version=__version__, force=force, manifest=True)
    return BuildReport(
        out=out,
        annotated=built.annotated,
        folders={project.folder: out / project.folder for project in built.projects if project.folder},
        next_steps=built.next_steps,
        warnings=built.warnings,
        skipped=built.skipped,
        changes=changes,
    )


def plan_build(
    path: Path | str = ".", out: Path | str | None = None, *, say: Say = _silent, progress: Say = _silent
) -> Plan:
    """What ``build`` would do, without writing: ``Plan.diff()`` shows where people's edits differ."""
    config = read_config(path)
    out = config.default_out if out is None else Path(out)
    return plan_tree(out, _build(config, say, progress).projects, version=__version__, manifest=True)


def package(
    target: str,
    model: Path | str,
    out: Path | str,
    options: Any = None,
    *,
    golden: Sequence[Path] = (),
    golden_limit: int = GOLDEN_LIMIT,
    force: bool = False,
    say: Say = _silent,
    progress: Say = _silent,
    asker: Asker = PYTHON,
) -> BuildReport:
    """Write one target's project for an annotated .tflite into the folder ``out``.

    Args:
        target: a key of TARGETS.
        model: the annotated .tflite; one without metadata is packaged as plain tensors.
        out: the project's folder.
        options: the target's ``Options``; None for their defaults.
        golden: files with sample inputs, see ``read_samples``.
        golden_limit: the megabytes that the inputs of all golden cases may take, and likewise the outputs.
        force: replace files that a person edited.
        say: called with a line on each step.
        progress: called, where a step takes long, with how far it is, and with an empty text when it is done.
        asker: whose words warnings use for the arguments of this function.

    Raises:
        PackagerError: see the functions that this calls; nothing is written then.
    """
    out = Path(out)
    built = _package(target, Path(model), options, golden, golden_limit, _Caller(say, progress, asker))
    say(f"writing {out}")
    changes = write_tree(out, built.projects, version=__version__, force=force)
    return BuildReport(out, built.annotated, {target: out}, built.next_steps, built.warnings, (), changes)


def plan_package(
    target: str,
    model: Path | str,
    out: Path | str,
    options: Any = None,
    *,
    golden: Sequence[Path] = (),
    golden_limit: int = GOLDEN_LIMIT,
    say: Say = _silent,
    progress: Say = _silent,
) -> Plan:
    """What ``package`` would do, without writing."""
    built = _package(target, Path(model), options, golden, golden_limit, _Caller(say, progress, PYTHON))
    return plan_tree(Path(out), built.projects, version=__version__)


def _package(target: str, model: Path, options: Any, golden: Sequence[Path], limit: int, caller: _Caller) -> _Built:
    chosen = load_target(target)
    annotated = annotated_model(read_model(model))
    options = chosen.options() if options is None else options
    wrong = find_wrong_type(options)
    if wrong is not None:
        raise ConfigError(wrong, about=wrong[0])
    return _render(annotated, golden, {"": (chosen, options)}, limit, caller, may_skip=False)


def _build(config: Config, say: Say, progress: Say) -> _Built:
    with asked_by(config.asker):
        built = _build_asked(config, _Caller(say, progress, config.asker))
    for item in built.skipped:
        item.why.answer(config.asker)
    return built


def _build_asked(config: Config, caller: _Caller) -> _Built:
    model = read_model(config.model)
    if config.metadata is not None:
        caller.say("attaching metadata")
        model = parse_model(annotate(model, config.metadata), config.model)
    annotated = annotated_model(model)
    golden = config.golden_samples()
    names = TARGETS if config.targets is None else config.targets
    chosen = {name: (load_target(name), _named(config.options[name], config.name)) for name in names}
    built = _render(annotated, golden, chosen, config.golden_limit, caller, may_skip=config.targets is None)
    return dataclasses.replace(built, projects=(*built.projects, _report(config, built)))


def _report(config: Config, built: _Built) -> Project:
    """The page about the model, beside the projects; nothing is computed for it that they have not needed."""
    from packager.report.page import Subject, render_page
    from packager.report.reading import build_commands

    failed = {item.target: item.why for item in built.skipped}
    subject = Subject(built.annotated, built.goldens, failed, micro=config.options["micro"])
    page = render_page([subject], title=built.annotated.title(config.name), commands=build_commands(config))
    return Project("", {REPORT: page}, built.annotated.model.sha256)


def _named(options: Any, name: str) -> Any:
    """A target's options with the name of the whole build, unless its own table has one."""
    return options if options.name else dataclasses.replace(options, name=name)


def _render(
    annotated: AnnotatedModel,
    golden: Sequence[Path],
    chosen: Mapping[str, tuple[Target[Any, Any], Any]],
    golden_limit: int,
    caller: _Caller,
    *,
    may_skip: bool,
) -> _Built:
    """Build each chosen target. Where nobody named the targets, one that cannot run the model is skipped."""
    warnings: list[tuple[str, Problem]] = []
    skipped: list[Skipped] = []

    @contextmanager
    def skipping(names: Iterable[str]) -> Iterator[None]:
        try:
            yield
        except (TargetError, ModelError, MissingPackageError) as error:
            if not may_skip:
                raise
            skipped.extend(Skipped(name, error) for name in names)

    fronted = {name: target.with_frontend(annotated, options) for name, (target, options) in chosen.items()}
    # What a front end hears is what all targets get samples of.
    heard = next((model for model in fronted.values() if model is not annotated), annotated)
    samples = read_samples(heard, golden, limit=golden_limit)
    # Before anything else: a name is a matter of the whole build.
    names = {name: project_name(annotated, options) for name, (_, options) in chosen.items()}
    views: dict[str, AnnotatedModel] = {}
    sources: dict[str, AnnotatedModel] = {}
    runnable: dict[str, tuple[Target[Any, Any], Any]] = {}
    for name, (target, options) in chosen.items():
        with skipping([name]):
            views[name], lacks = served(target, fronted[name])
            problems = (*spelling_problems(names[name]), *check_model(target, annotated.model), *lacks)
            require(target.golden_runtime, annotated.model.path)
            target.check_options(annotated.model, options)
            target.check_input(views[name], options)
            sources[name] = target.golden_source(fronted[name], options)
            warnings += [(target.name, problem) for problem in problems]
            runnable[name] = (target, options)

    arena = None
    if isinstance(heard.input, FeaturesInput) and runnable:
        caller.say(f"computing features of {counted(len(samples), 'golden sample')} ({Runtime.TFLITE_MICRO})")
        samples, arena = build_features(heard.input, samples)
    # Where features go in, they are made of nothing.
    bare = tuple(dataclasses.replace(sample, given=None) for sample in samples) if arena else samples
    projects: list[Project] = []
    computed = Goldens({}, None)
    next_steps: dict[str, tuple[str, ...]] = {}
    weakness: tuple[str, Text] | None = None
    own = {name: item for name, item in runnable.items() if sources[name] is annotated}
    for group in [*_by_process(own), *({name: runnable[name]} for name in runnable if name not in own)]:
        source = sources[next(iter(group))]
        runtimes = sorted({target.golden_runtime for target, _ in group.values()})
        caller.say(f"computing {counted(len(samples), 'golden case')} ({', '.join(runtimes)})")
        with skipping(group):
            try:
                goldens = build_goldens(
                    source,
                    bare if source is annotated else samples,
                    runtimes,
                    limit=golden_limit,
                    progress=caller.told(len(samples)),
                )
            finally:
                caller.progress("")
            if source.model is not annotated.model:
                # Of the arena of another model nothing is known.
                goldens = Goldens(goldens.sets, None)
            elif source is not annotated:
                goldens = dataclasses.replace(goldens, frontend=arena)
            computed = computed.with_those_of(goldens)
            for name, (target, options) in group.items():
                with skipping([name]):
                    view = views[name]
                    is_whole = view is fronted[name]
                    kept = goldens if is_whole else goldens.as_tensors()
                    companions = tuple(served(target, companion) for companion in target.companions(options))
                    warnings += [(target.name, problem) for _, lacks in companions for problem in lacks]
                    kept = dataclasses.replace(
                        kept,
                        companions=tuple(
                            (companion, _made_up(target, companion, golden_limit, caller))
                            for companion, _ in companions
                        ),
                    )
                    context, files = build_project(target, view, options, kept)
                    projects.append(Project(name, files, annotated.model.sha256))
                    next_steps[target.name] = target.next_steps(context)
                    warnings += [(target.name, problem) for problem in target.find_warnings(context)]
                    weakness = weakness or (_weakness(annotated, goldens) if is_whole else None)
    if not projects:
        if all(isinstance(item.why, MissingPackageError) for item in skipped):
            # The machine's matter, not the model's; what computes for most targets comes first.
            raise skipped[0].why
        raise TargetError(
            "cannot run on any target",
            where=annotated.model.path,
            details=[line for item in skipped for line in _reason(item)],
        )
    if weakness is not None:
        what, fix = weakness
        warnings.append(("golden", Problem(Level.WARNING, what, worded(fix, caller.asker))))
    return _Built(annotated, computed, tuple(projects), next_steps, tuple(warnings), tuple(skipped))


def _made_up(target: Target[Any, Any], companion: AnnotatedModel, limit: int, caller: _Caller) -> Goldens:
    """What a further model of a project answers to inputs that are made up: the golden files are the first one's."""
    samples = read_samples(companion, (), limit=limit)
    caller.say(f"computing {counted(len(samples), 'golden case')} of {companion.name} ({target.golden_runtime})")
    try:
        return build_goldens(
            companion, samples, [target.golden_runtime], limit=limit, progress=caller.told(len(samples))
        )
    finally:
        caller.progress("")


def _weakness(annotated: AnnotatedModel, goldens: Goldens) -> tuple[str, Text] | None:
    """Why the golden answers prove nothing, if they do not, and what to do; all runtimes see the same."""
    cases = next(iter(goldens.sets.values())).cases
    return annotated.answer.find_weakness([case.answer for case in cases])


def _reason(item: Skipped) -> Iterator[Text]:
    yield (f"{item.target}: ", *item.why.parts)
    if item.why.fix_parts is not None:
        yield ("  ", *item.why.fix_parts)


def _by_process(chosen: Mapping[str, tuple[Target[Any, Any], Any]]) -> list[dict[str, tuple[Target[Any, Any], Any]]]:
    """The targets in groups whose golden cases are computed by the same child process."""
    return [
        {name: item for name, item in chosen.items() if item[0].golden_runtime in group}
        for group in processes(target.golden_runtime for target, _ in chosen.values())
    ]
