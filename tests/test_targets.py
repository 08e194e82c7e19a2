"""A target is one module, one template folder and one line in TARGETS; this names what is missing of one."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import packager.targets
from packager.render import templates
from packager.render.templates import template_files
from packager.runtimes import Runtime
from packager.targets import TARGETS, load_target
from packager.targets.target import Target
from packager.tasks import AnswerKind, InputKind
from tests.conftest import write_files

FOLDER = Path(packager.targets.__file__).parent


def missing(name: str, load: Callable[[str], Target[Any, Any]] = load_target) -> Iterator[str]:
    """What the target ``name`` lacks, in sentences."""
    try:
        target = load(name)
    except ModuleNotFoundError as error:
        yield f"there is no module packager/targets/{name}.py ({error})"
        return
    except AttributeError:
        yield f"packager/targets/{name}.py has no constant TARGET"
        return
    if not isinstance(target, Target):
        yield f"TARGET in packager/targets/{name}.py is no Target"
        return
    if target.name != name:
        yield f"the target in packager/targets/{name}.py calls itself {target.name!r}"
    if not target.title:
        yield f"the target {name} has no title"
    if not isinstance(target.runtime, Runtime):
        yield f"the target {name} has no Runtime"
    if not template_files(name):
        yield f"there are no files in templates/{name}/"
    yield from missing_in_cells(name, target)
    yield from missing_in_options(name, target.options)
    yield from missing_in_context(name, target.context)


def missing_in_cells(name: str, target: Target[Any, Any]) -> Iterator[str]:
    """What of the kinds in ``target.cells`` has no templates or no context, and the other way round."""
    sides = {"input": "in", "answer": "out"}
    kinds: dict[str, list[StrEnum]] = {
        "input": list(dict.fromkeys(input for input, _ in target.cells)),
        "answer": list(dict.fromkeys(answer for _, answer in target.cells)),
    }
    hints = typing.get_type_hints(target.context) if is_frozen_dataclass(target.context) else {}
    for side, folder in sides.items():
        contexts = {getattr(arm, "kind", None) for arm in typing.get_args(hints.get(side)) or (hints.get(side),)}
        for kind in kinds[side]:
            if not template_files(f"{name}/{folder}/{kind}"):
                yield f"there are no files in templates/{name}/{folder}/{kind}/"
            if kind not in contexts:
                yield f"the context of {name} has no {side} of the kind {kind}"
        for stray in sorted(folders_in(f"{name}/{folder}") - {*kinds[side]}):
            yield f"templates/{name}/{folder}/{stray}/ belongs to no cell of {name}"
    pairs = {f"{input}-{answer}" for input, answer in target.cells}
    for stray in sorted(folders_in(f"{name}/pair") - pairs):
        yield f"templates/{name}/pair/{stray}/ belongs to no cell of {name}"


def folders_in(layer: str) -> set[str]:
    return {path.partition("/")[0] for path, _ in template_files(layer)}


def missing_in_options(name: str, options: Any) -> Iterator[str]:
    if not is_frozen_dataclass(options):
        yield f"the Options of {name} are no frozen dataclass"
        return
    hints = typing.get_type_hints(options)
    if hints.get("name") is not str:
        yield f"the Options of {name} have no field `name: str`"
    for option in dataclasses.fields(options):
        where = f"the option {option.name} of {name}"
        if option.default is dataclasses.MISSING:
            yield f"{where} has no default"
        text = option.metadata.get("help", "")
        if not text.endswith(".") or not text[0].isupper():
            yield f'{where} has no metadata={{"help": "A sentence."}}'
        kind = hints[option.name]
        plain = next(arm for arm in typing.get_args(kind) or (kind,) if arm is not type(None))
        is_choice = isinstance(plain, type) and issubclass(plain, StrEnum)
        if not (
            kind in (str, int, bool, float, int | None, Path | None)
            or (is_choice and kind in (plain, plain | None))
            or (kind == tuple[Path, ...] and "argument" in option.metadata)
        ):
            yield f"{where} is of the type {kind}, which is no option of a command"


def missing_in_context(name: str, context: Any, seen: tuple[Any, ...] = ()) -> Iterator[str]:
    if not is_frozen_dataclass(context):
        yield f"{context.__name__} of {name} is no frozen dataclass"
        return
    for field_name, kind in typing.get_type_hints(context).items():
        arms = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
        several = [item_type(arm) for arm in arms if arm is not type(None)]
        # One of several kinds of input or answer is always a dataclass.
        if not all(map(dataclasses.is_dataclass, several)) and (len(several) > 1 or not is_plain(several[0])):
            yield f"{context.__name__}.{field_name} of {name} is of the type {kind}, which is no plain data"
            continue
        for inner in filter(dataclasses.is_dataclass, several):
            if inner not in seen:
                yield from missing_in_context(name, inner, (*seen, context))


def item_type(kind: Any) -> Any:
    """The type of a tuple's items; any other type itself."""
    is_tuple = typing.get_origin(kind) is tuple and typing.get_args(kind)[1:] == (Ellipsis,)
    return typing.get_args(kind)[0] if is_tuple else kind


def is_plain(kind: Any) -> bool:
    """A text, a number, or the bytes of a file."""
    return isinstance(kind, type) and issubclass(kind, str | int | float | bytes)


def is_frozen_dataclass(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) and bool(vars(kind)["__dataclass_params__"].frozen)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_complete(name: str) -> None:
    assert list(missing(name)) == []
    assert TARGETS[name].startswith(("a ", "an "))


def test_every_target_module_has_its_line() -> None:
    modules = {
        path.stem if path.parent == FOLDER else path.parent.name
        for path in FOLDER.rglob("*.py")
        if "\nTARGET = " in path.read_text("utf-8")
    }
    assert modules == set(TARGETS), "add a line to TARGETS in packager/targets/__init__.py"


@pytest.mark.parametrize("name", ["", "nosuch", "target", "../pi", "__init__"])
def test_no_other_name_is_a_target(name: str) -> None:
    with pytest.raises(KeyError):
        load_target(name)


@pytest.mark.parametrize("name", TARGETS)
def test_loading_a_target_is_quick(name: str) -> None:
    """`packager inspect` and `--help` load every target, and nothing that takes its time."""
    code = (
        "import sys; from packager.targets import load_target; load_target(sys.argv[1]);"
        "print(*sorted(set(sys.modules) & set(sys.argv[2:])))"
    )
    heavy = (
        "numpy PIL jinja2 rich typer tensorflow ai_edge_litert tflite_micro tensorflow_lite_support flatbuffers "
        "packager.golden packager.tasks.image"
    )
    command = [sys.executable, "-c", code, name, *heavy.split()]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)
    assert loaded.stdout == "\n"


# --- the check itself ----------------------------------------


@dataclass(frozen=True)
class GoodOptions:
    name: str = field(default="", metadata={"help": "Name."})


@dataclass(frozen=True)
class GoodInput:
    kind = InputKind.IMAGE
    name: str


@dataclass(frozen=True)
class GoodAnswer:
    kind = AnswerKind.CLASSES
    name: str


@dataclass(frozen=True)
class GoodContext:
    project: str
    input: GoodInput
    answer: GoodAnswer


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class EveryOption:
    name: str = field(default="", metadata={"help": "Name."})
    a: int = field(default=1, metadata={"help": "A."})
    b: bool = field(default=False, metadata={"help": "B."})
    c: float = field(default=1.0, metadata={"help": "C."})
    d: int | None = field(default=None, metadata={"help": "D."})
    e: Colour = field(default=Colour.RED, metadata={"help": "E."})


@dataclass(frozen=True)
class BadOptions:
    nothing: str
    silent: str = "x"
    mumbling: str = field(default="x", metadata={"help": "no sentence"})
    many: tuple[str, ...] = field(default=(), metadata={"help": "Many."})


@dataclass
class Thawed:
    name: str = field(default="", metadata={"help": "Name."})


@dataclass(frozen=True)
class BadItem:
    names: list[str]


@dataclass(frozen=True)
class BadContext:
    items: tuple[BadItem, ...]
    item: BadItem | None
    either: str | int
    anything: Any
    table: dict[str, str]
    thawed: tuple[Thawed, ...]


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target[Any, Any]:
    """A target of one cell, with templates of its own."""
    write_files(tmp_path, {f"pi/{layer}/file": b"" for layer in ("common", "in/image", "out/classes")})
    monkeypatch.setattr(templates, "templates_folder", lambda: tmp_path)
    cells = ((InputKind.IMAGE, AnswerKind.CLASSES),)
    return replace(load_target("pi"), options=GoodOptions, context=GoodContext, cells=cells)


def test_the_check_passes_what_is_complete(good: Target[Any, Any]) -> None:
    assert list(missing("pi", lambda _name: good)) == []
    assert list(missing("pi", lambda _name: replace(good, options=EveryOption))) == []


def test_the_check_finds_a_missing_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "watch", "a watch")
    assert list(missing("watch")) == [
        "there is no module packager/targets/watch.py (No module named 'packager.targets.watch')"
    ]
    monkeypatch.setitem(sys.modules, "packager.targets.watch", ModuleType("watch"))
    assert list(missing("watch")) == ["packager/targets/watch.py has no constant TARGET"]


def test_the_check_finds_a_missing_template_folder(good: Target[Any, Any]) -> None:
    assert list(missing("watch", lambda _name: replace(good, name="watch"))) == [
        "there are no files in templates/watch/",
        "there are no files in templates/watch/in/image/",
        "there are no files in templates/watch/out/classes/",
    ]


def test_the_check_finds_cells_and_folders_without_one_another(good: Target[Any, Any], tmp_path: Path) -> None:
    write_files(tmp_path, {f"pi/{layer}/file": b"" for layer in ("in/audio", "out/mask", "pair/audio-mask")})
    cells = (*good.cells, (InputKind.TENSORS, AnswerKind.BOXES))
    assert list(missing("pi", lambda _name: replace(good, cells=cells))) == [
        "there are no files in templates/pi/in/tensors/",
        "the context of pi has no input of the kind tensors",
        "templates/pi/in/audio/ belongs to no cell of pi",
        "there are no files in templates/pi/out/boxes/",
        "the context of pi has no answer of the kind boxes",
        "templates/pi/out/mask/ belongs to no cell of pi",
        "templates/pi/pair/audio-mask/ belongs to no cell of pi",
    ]


def test_the_check_finds_what_is_wrong(good: Target[Any, Any], tmp_path: Path) -> None:
    for folder in ("in", "out"):
        shutil.rmtree(tmp_path / "pi" / folder)

    def found(**changes: Any) -> list[str]:
        return list(missing("pi", lambda _name: replace(good, cells=(), **changes)))

    assert list(missing("pi", lambda _name: "target")) == ["TARGET in packager/targets/pi.py is no Target"]  # type: ignore[arg-type,return-value]
    assert found(name="pie") == ["the target in packager/targets/pi.py calls itself 'pie'"]
    assert found(title="") == ["the target pi has no title"]
    assert found(runtime="litert") == ["the target pi has no Runtime"]
    assert found(options=Thawed) == ["the Options of pi are no frozen dataclass"]
    assert found(context=Thawed) == ["Thawed of pi is no frozen dataclass"]
    assert found(options=BadOptions) == [
        "the Options of pi have no field `name: str`",
        "the option nothing of pi has no default",
        'the option nothing of pi has no metadata={"help": "A sentence."}',
        'the option silent of pi has no metadata={"help": "A sentence."}',
        'the option mumbling of pi has no metadata={"help": "A sentence."}',
        "the option many of pi is of the type tuple[str, ...], which is no option of a command",
    ]
    assert found(context=BadContext) == [
        "BadItem.names of pi is of the type list[str], which is no plain data",
        "BadItem.names of pi is of the type list[str], which is no plain data",
        "BadContext.either of pi is of the type str | int, which is no plain data",
        "BadContext.anything of pi is of the type typing.Any, which is no plain data",
        "BadContext.table of pi is of the type dict[str, str], which is no plain data",
        "Thawed of pi is no frozen dataclass",
    ]
