"""The lists of files in CONTRIBUTING.md are the true ones: each file in them is there, for every kind and target."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packager.targets import TARGETS, load_target
from packager.tasks import Head, MaskForm, Task
from packager.tasks.boxes import Boxes
from packager.tasks.keypoints import Keypoints
from packager.tasks.mask import Mask
from tests.cells.executors import EXECUTORS
from tests.cells.models import ROWS
from tests.cells.projects import annotated
from tests.conftest import PROJECT

TEXT = (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
# What targets have something for; the other kinds of the table are packaged as tensors.
TASKS = {(task.input, task.answer) for task in Task}
CELLS = {name: [cell for cell in load_target(name).cells if cell in TASKS] for name in TARGETS}
INPUTS = {input for cells in CELLS.values() for input, _ in cells}
ANSWERS = {answer for cells in CELLS.values() for _, answer in cells}


def listed(heading: str) -> list[str]:
    """The paths in the section of that heading: what stands in backticks and holds a slash or a wildcard."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None, f"CONTRIBUTING.md has no section {heading!r}"
    return [path for path in re.findall(r"`([^`\n]+)`", found[1]) if "/" in path and " " not in path]


def absent(heading: str, **names: str) -> list[str]:
    """The files of that section that are not there, with <kind>, <target>… replaced."""
    paths = [re.sub(r"<(\w+)>", lambda match: names.get(match[1], match[0]), path) for path in listed(heading)]
    assert len(paths) >= 3
    return [path for path in paths if "<" not in path and not is_there(path)]


def is_there(path: str) -> bool:
    """Whether something has that name; a package may stand where a module is named."""
    package = PROJECT / path.removesuffix(".py") / "__init__.py"
    return bool(list(PROJECT.glob(path.rstrip("/")))) or (path.endswith(".py") and package.is_file())


@pytest.mark.parametrize("target", TARGETS)
def test_add_a_target(target: str) -> None:
    assert absent("Add a target", target=target) == []


def test_add_a_task() -> None:
    assert absent("Add a task") == []
    for task in Task:
        assert task in (PROJECT / "README.md").read_text("utf-8"), f"README.md does not tell of {task}"


@pytest.mark.parametrize("kind", sorted(INPUTS))
def test_add_an_input_kind(kind: str) -> None:
    for target, cells in CELLS.items():
        if any(kind == input for input, _ in cells):
            assert absent("Add an input kind", kind=kind, target=target) == []


@pytest.mark.parametrize("kind", sorted(ANSWERS))
def test_add_an_answer_kind(kind: str) -> None:
    for target, cells in CELLS.items():
        if any(kind == answer for _, answer in cells):
            assert absent("Add an answer kind", kind=kind, target=target) == []


def test_every_module_has_its_line() -> None:
    """The table of modules names each module or package of this tool."""
    table = TEXT[TEXT.index("| module |") :].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([\w/.]+)`", row.split("|")[1])}
    there = {
        path.name + ("/" if path.is_dir() else "")
        for path in Path(PROJECT / "packager").iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").is_file()
    }
    assert named == there


# --- the table of models and the executors in tests/cells/ ----------------------------------------

OWN = [row for row in ROWS if not row.is_real]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_an_executor_for_all_models(target: str) -> None:
    found = [executor for executor in EXECUTORS.values() if executor.target == target and not executor.models]
    assert found, f"tests/cells/executors.py runs no project of {target}"


@pytest.mark.parametrize("task", Task)
def test_every_task_has_a_line_that_needs_no_foreign_file(task: Task) -> None:
    assert any(row.task is task for row in OWN), f"tests/cells/models.py has no model of {task} that is made here"


@pytest.mark.parametrize("kind", [*Head, *MaskForm])
def test_every_head_and_form_of_a_mask_has_a_line(kind: Head | MaskForm) -> None:
    answers = [annotated(row.name).answer for row in OWN]
    found = {answer.head for answer in answers if isinstance(answer, Boxes | Keypoints)}
    found_forms = {answer.form for answer in answers if isinstance(answer, Mask)}
    assert kind in {*found, *found_forms}, f"tests/cells/models.py has no model of {kind}"
