"""Every model of the table on every target: served as its task or as plain tensors, run by its self-test, broken."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from packager.errors import PackagerError, TargetError
from packager.targets import load_target
from packager.targets.target import Level, served
from packager.tasks import AnswerKind, InputKind
from tests.cells.breakages import breakages
from tests.cells.executors import EXECUTORS, Executor, Subject, Verdict, Verdicts
from tests.cells.models import ROWS, Row
from tests.cells.projects import annotated, project
from tests.conftest import MODELS, require_tflite_micro


def is_served(executor: Executor, row: Row) -> bool:
    """Whether the target has templates for the task."""
    return (row.task.input, row.task.answer) in load_target(executor.target).cells


def is_broken(executor: Executor, row: Row) -> bool:
    """Whether what is broken is run too. Plain tensors are broken as such."""
    return is_served(executor, row) if executor.broken is None else row.name in executor.broken


def cells(wanted: Callable[[Executor, Row], bool] = lambda _executor, _row: True) -> list[Any]:
    """A cell is a model on an executor. What a target has no templates for, it packages as plain tensors: once."""
    made = []
    for executor in EXECUTORS.values():
        seen = set()
        for row in ROWS:
            is_first = row.task not in seen
            seen.add(row.task)
            whole = is_served(executor, row)
            taken = row.name in executor.models if executor.models else whole or is_first
            if taken and wanted(executor, row):
                ident = f"{executor.name}-{row.name}" + ("" if whole else "-as-tensors")
                marks = [getattr(pytest.mark, mark) for mark in executor.marks]
                made.append(pytest.param(executor, row, id=ident, marks=marks))
    return made


pytestmark = pytest.mark.slow
all_cells = pytest.mark.parametrize(("executor", "row"), cells())
Run = Callable[[Executor, Row], tuple[Subject, dict[str, Verdict]]]


def subject(executor: Executor, row: Row) -> Subject:
    made = project(executor.target, row.name, stands_in=executor.stands_in, **executor.options(row))
    return Subject(made, breakages(made) if is_broken(executor, row) else {})


def refuse(executor: Executor, row: Row) -> None:
    """Raise the error that a user gets, of a model that the target's runtime cannot run."""
    target, view = load_target(executor.target), annotated(row.name)
    errors = [problem for problem in target.find_problems(view.model) if problem.level is Level.ERROR]
    if errors:
        raise TargetError(errors[0].what)
    project(executor.target, row.name)


@pytest.fixture(autouse=True)
def has_model(request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["row"].is_real:
        request.getfixturevalue("models")


@pytest.fixture(autouse=True)
def has_runtime(request: pytest.FixtureRequest) -> None:
    executor = request.node.callspec.params["executor"]
    if executor.target == "micro" and not executor.name.endswith("emulated-made-elsewhere"):
        require_tflite_micro()


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a cell's self-tests said. All cells of an executor that this session has are run at once."""
    chosen: dict[str, dict[str, Row]] = {}
    for item in request.session.items:
        parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        if "row" in parameters:
            executor, row = parameters["executor"], parameters["row"]
            if executor.target not in row.refused and (MODELS.is_dir() or not row.is_real):
                chosen.setdefault(executor.name, {})[row.name] = row
    subjects: dict[tuple[str, str], Subject | Exception] = {}

    @functools.cache
    def run_all(executor: Executor) -> Verdicts | BaseException:
        made = {}
        for row in chosen[executor.name].values():
            try:
                made[row.name] = subjects[executor.name, row.name] = subject(executor, row)
            except Exception as error:
                subjects[executor.name, row.name] = error
        try:
            return executor.run(made, tmp_path_factory.mktemp(executor.name))
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            return error

    def run_one(executor: Executor, row: Row) -> tuple[Subject, dict[str, Verdict]]:
        if executor.target in row.refused:
            with pytest.raises(PackagerError):
                refuse(executor, row)
            pytest.skip(row.refused[executor.target])
        verdicts = run_all(executor)
        made = subjects[executor.name, row.name]
        if isinstance(made, Exception):
            raise made
        if isinstance(verdicts, BaseException):
            raise verdicts
        said = verdicts[row.name]
        if isinstance(said, Exception):
            raise said
        return made, said

    return run_one


@all_cells
def test_the_task_is_served_or_packaged_as_plain_tensors(executor: Executor, row: Row) -> None:
    view = annotated(row.name)
    made, problems = served(load_target(executor.target), view)
    assert view.task is row.task
    if is_served(executor, row):
        assert (made, problems) == (view, ())
        return
    assert (made.input.kind, made.answer.kind) == (InputKind.TENSORS, AnswerKind.TENSORS)
    assert [(problem.level, problem.what) for problem in problems] == [
        (
            Level.WARNING,
            f"the {executor.target} target has nothing for {row.task} yet: the model is packaged as plain tensors",
        )
    ]


@all_cells
def test_the_self_test_passes(executor: Executor, row: Row, run: Run) -> None:
    """And tells of each golden case."""
    made, verdicts = run(executor, row)
    names = [case.name for case in made.project.golden_set.cases]
    assert (verdicts[""].passed, verdicts[""].cases) == (True, dict.fromkeys(names, True)), verdicts[""].lines


@pytest.mark.parametrize(("executor", "row"), cells(is_broken))
def test_the_self_test_fails_on_what_is_broken(executor: Executor, row: Row, run: Run) -> None:
    """Each golden case fails that says something else than the device, and no other."""
    made, verdicts = run(executor, row)
    wrong = {}
    for name, broken in made.broken.items():
        found = verdicts[name]
        failed = {case for case, passed in found.cases.items() if not passed}
        if found.passed or not (failed if broken.cases is None else failed == broken.cases):
            wrong[name] = found.lines
    assert wrong == {}
    assert made.broken
