"""What every target is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from packager.annotated import AnnotatedModel
from packager.errors import ConfigError, TargetError
from packager.model import Model
from packager.render.naming import ProjectName
from packager.render.templates import render_layers, template_files
from packager.runtimes import Runtime, is_installed
from packager.settings import Example, Setting
from packager.tasks import AnswerKind, InputKind

if TYPE_CHECKING:
    from packager.golden import Goldens


class Level(StrEnum):
    """An error keeps the model from running on a target; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """Why a model cannot run, or should not run, on a target, and what to do about it."""

    level: Level
    what: str
    fix: str


def _accept(_model: Model, _options: Any) -> None:
    """Any options go with any model."""


@dataclass(frozen=True)
class Enclosure:
    """What a project is a part of: it moves into ``folder``, and ``layers`` are rendered beside that."""

    folder: str
    layers: tuple[str, ...]


def _stands_alone(_context: Any) -> Enclosure | None:
    """A project is part of nothing."""
    return None


def _take_any(_annotated: AnnotatedModel, _options: Any) -> None:
    """Any options go with any input."""


def _itself(annotated: AnnotatedModel, _options: Any) -> AnnotatedModel:
    """A model stands alone, and computes its own golden cases."""
    return annotated


def _be_alone(_options: Any) -> tuple[AnnotatedModel, ...]:
    """A project holds one model."""
    return ()


def _warn_of_nothing(_context: Any) -> tuple[Problem, ...]:
    """A project is as it should be."""
    return ()


def _lack_nothing(_annotated: AnnotatedModel) -> str | None:
    """Every model of its kinds is served."""
    return None


OptionsT = TypeVar("OptionsT")
ContextT = TypeVar("ContextT")


@dataclass(frozen=True)
class Target(Generic[OptionsT, ContextT]):
    """One kind of generated project.

    ``options`` is a frozen dataclass whose every field has a default and ``metadata={"help": …}``: its fields are the
    keys of the target's table in packager.toml and the options of its command; ``"known"`` in that metadata is a
    function that tells what editors offer for a text, with the meaning of each, ``"option"`` what the command calls
    the field where that is not its name, and ``"argument"`` how help shows values that are given without any.
    ``context`` is the frozen dataclass whose fields the templates use. ``layers`` are the folders under
    ``templates/`` that are rendered over one another. ``cells`` are the kinds of tasks that it has templates for, and
    ``find_lack`` says what of a model of such kinds it cannot do all the same: that one is packaged as plain tensors.
    ``extra_files`` are those that no template makes: the model, the golden cases. ``enclosure`` tells what the
    project is a part of, if it is. ``check_options`` raises a TargetError or ConfigError for options with which the
    model cannot be packaged, as far as that is known before golden cases are computed, ``check_input`` the same for
    those that do not go with what it takes, and ``find_warnings`` tells what is to be said of a project once they
    are. ``with_frontend`` reads what is in front of the model, where ``options`` name something. ``golden_source``
    reads the model that computes the golden cases, where that is not the one that is packaged, and ``companions``
    those that its options put into the same project: what they answer is among the goldens. ``stand_in`` computes the
    golden cases on a machine that has not the package of ``runtime``.
    """

    name: str
    title: str
    runtime: Runtime
    cells: tuple[tuple[InputKind, AnswerKind], ...]
    options: type[OptionsT]
    context: type[ContextT]
    find_problems: Callable[[Model], tuple[Problem, ...]]
    build_context: Callable[[AnnotatedModel, OptionsT, Goldens], ContextT]
    layers: Callable[[ContextT], tuple[str, ...]]
    extra_files: Callable[[AnnotatedModel, ContextT, Goldens], Mapping[str, bytes]]
    next_steps: Callable[[ContextT], tuple[str, ...]]
    enclosure: Callable[[ContextT], Enclosure | None] = _stands_alone
    check_options: Callable[[Model, OptionsT], None] = _accept
    with_frontend: Callable[[AnnotatedModel, OptionsT], AnnotatedModel] = _itself
    check_input: Callable[[AnnotatedModel, OptionsT], None] = _take_any
    golden_source: Callable[[AnnotatedModel, OptionsT], AnnotatedModel] = _itself
    companions: Callable[[OptionsT], tuple[AnnotatedModel, ...]] = _be_alone
    find_warnings: Callable[[ContextT], tuple[Problem, ...]] = _warn_of_nothing
    find_lack: Callable[[AnnotatedModel], str | None] = _lack_nothing
    stand_in: Runtime | None = None

    @property
    def golden_runtime(self) -> Runtime:
        """What computes the golden cases on this machine; ``runtime`` where nothing does."""
        if self.stand_in is None or is_installed(self.runtime) or not is_installed(self.stand_in):
            return self.runtime
        return self.stand_in


def check_model(target: Target[Any, Any], model: Model) -> tuple[Problem, ...]:
    """What is to be said of a model that can run on ``target``.

    Raises:
        TargetError: it cannot.
    """
    problems = target.find_problems(model)
    for problem in problems:
        if problem.level is Level.ERROR:
            raise TargetError(f"cannot run on {target.title}: {problem.what}", where=model.path, fix=problem.fix)
    return problems


def served(target: Target[Any, Any], annotated: AnnotatedModel) -> tuple[AnnotatedModel, tuple[Problem, ...]]:
    """The model as ``target`` packages it: as its task is, or as plain tensors, with a warning that says why."""
    task = annotated.task
    lack = f"has nothing for {task}" if (task.input, task.answer) not in target.cells else target.find_lack(annotated)
    problems = []
    if lack is not None:
        annotated = annotated.as_tensors()
        problems.append(
            Problem(
                Level.WARNING,
                f"the {target.name} target {lack} yet: the model is packaged as plain tensors",
                "What goes in and comes out is then for the app to prepare and to read; the self-test compares raw "
                "outputs.",
            )
        )
    if annotated.answer.kind is AnswerKind.TENSORS and target.runtime is not Runtime.TFLITE_MICRO:
        problems += _proof_problems(annotated.model)
    return annotated, tuple(problems)


def _proof_problems(model: Model) -> Iterator[Problem]:
    from packager.golden.ranking import Ranking, output_rankings

    if all(ranking is Ranking.ORDER for ranking in output_rankings(model)):
        yield Problem(
            Level.WARNING,
            "a ranking decides the order of all its outputs, and as plain tensors they cannot be compared: the "
            "self-test proves that the model runs, not what it answers",
            "A target that has boxes compares these; or convert the model without what ranks inside.",
        )


def task_layers(target: str, input: InputKind, answer: AnswerKind) -> tuple[str, ...]:
    """The template folders for a task on ``target``: ``pair/`` holds the little that needs both kinds."""
    pair = f"{target}/pair/{input}-{answer}"
    layers = (f"{target}/common", f"{target}/in/{input}", f"{target}/out/{answer}")
    return (*layers, pair) if template_files(pair) else layers


def build_project(
    target: Target[OptionsT, ContextT], annotated: AnnotatedModel, options: OptionsT, goldens: Goldens
) -> tuple[ContextT, dict[str, bytes]]:
    """The context, and every file of the project as {relative POSIX path: content}. Pure: nothing is written.

    The caller has seen to it that ``target.find_problems`` reports no error and ``target.check_options`` raises none.

    Raises:
        TargetError: the model cannot run there with these options.
    """
    context = target.build_context(annotated, options, goldens)
    files = render_layers(target.layers(context), context)
    files.update(target.extra_files(annotated, context, goldens))
    enclosure = target.enclosure(context)
    if enclosure is not None:
        files = {f"{enclosure.folder}/{name}": content for name, content in files.items()}
        files.update(render_layers(enclosure.layers, context))
    return context, dict(sorted(files.items()))


def project_name(annotated: AnnotatedModel, options: Any) -> ProjectName:
    """What the project is called: as its target's ``options`` say, else what the metadata say, else the file's name.

    Raises:
        ConfigError: it is too long, holds control characters or nothing that can be spelled.
    """
    given, setting = options.name, Setting(type(options), "name")
    where = str(annotated.model.path)
    if not given and annotated.metadata.name:
        where += " (its metadata)"
    try:
        return ProjectName.parse(given or annotated.name)
    except ConfigError as error:
        fix = ("Give another one: ", Example.of((setting, "NAME")))
        raise ConfigError(error.what, where=where, fix=fix, about=setting if given else None) from None


def spelling_problems(name: ProjectName) -> tuple[Problem, ...]:
    """A warning that tells how the project is spelled, where its user cannot know."""
    spelling = name.surprising_spelling
    if spelling is None:
        return ()
    return (
        Problem(
            Level.WARNING,
            f"code and files spell the name {str(name)!r} as {spelling}",
            "For another spelling, give the project a name in Latin letters.",
        ),
    )


EDGE_TPU_OPERATOR = "edgetpu-custom-op"
ETHOS_U_OPERATOR = "ethos-u"
