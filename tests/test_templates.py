"""Python decides, templates place: what a template may hold, and that its names are those of its context.

A template has ``{{ name }}``, literal filters, ``for``, and ``if`` on a ready value. Decisions, arithmetic and calls
belong into Python, where they are typed and tested.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import types
import typing
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import pytest
from jinja2 import nodes

from packager.initial import Proposal
from packager.render.literals import FILTERS
from packager.render.templates import TEMPLATE_SUFFIX, environment, template_files, templates_folder
from packager.report.page import Page
from packager.targets import TARGETS, load_target

# --- what a template may hold ----------------------------------------


def violations(source: str) -> list[str]:
    """What in a template is more than placing, each with its line."""
    found: list[str] = []

    def refuse(node: nodes.Node, what: str) -> None:
        found.append(f"line {node.lineno}: {what}")

    def visit(node: nodes.Node) -> None:
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Filter):
            value(node)
        elif isinstance(node, nodes.If):
            if not is_name(node.test):
                refuse(node, f"if on {type(node.test).__name__}")
            visit_all(node.iter_child_nodes(exclude=("test",)))
        elif isinstance(node, nodes.For):
            if not is_name(node.iter):
                refuse(node, f"for over {type(node.iter).__name__}")
            if not isinstance(node.target, nodes.Name):
                refuse(node, "for with more than one name")
            if node.test is not None or node.else_ or node.recursive:
                refuse(node, "for with if, else or recursive")
            visit_all(node.body)
        elif isinstance(node, nodes.Template | nodes.Output):
            visit_all(node.iter_child_nodes())
        elif not isinstance(node, nodes.TemplateData):
            refuse(node, type(node).__name__)

    def visit_all(children: Iterable[nodes.Node]) -> None:
        for child in children:
            visit(child)

    def value(node: nodes.Node) -> None:
        while isinstance(node, nodes.Filter):
            if node.name not in FILTERS:
                refuse(node, f"the filter {node.name}")
            if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                refuse(node, f"arguments to the filter {node.name}")
            if node.node is None:
                refuse(node, "a filter block")
                return
            node = node.node
        if not is_name(node):
            refuse(node, type(node).__name__)

    def is_name(node: nodes.Node) -> bool:
        while isinstance(node, nodes.Getattr):
            node = node.node
        return isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in ("loop", "self", "caller")

    visit(environment().parse(source))
    return found


TEMPLATES = [path for path in sorted(templates_folder().rglob("*")) if path.is_file()]


def relative(path: Path) -> str:
    return path.relative_to(templates_folder()).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_only_place(path: Path) -> None:
    assert violations(relative(path)) == []
    if path.suffix == TEMPLATE_SUFFIX:
        assert violations(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_file_names_only_hold_names(path: Path) -> None:
    """No filter and no block: a name in a path is a validated identifier."""
    (output,) = environment().parse(relative(path)).body
    assert isinstance(output, nodes.Output)
    assert {type(node) for node in output.nodes} <= {nodes.TemplateData, nodes.Name, nodes.Getattr}


@pytest.mark.parametrize(
    "source",
    [
        "text",
        "{{ a }}{{ a.b.c }}",
        "{{ a | comment }} {{ a.b | cpp_string | comment }} {{ a | float32 }}",
        "{% for a in b %}{{ a.c | kotlin_string }}{% endfor %}",
        "{% for a in b.c %}{% for d in a.e %}{{ d }}{% endfor %}{% endfor %}",
        "{% if a %}x{% elif b.c %}y{% else %}{{ d }}{% endif %}",
        "{# a comment #}{% raw %}{{ 1 + 1 }}{% endraw %}",
    ],
)
def test_what_is_allowed(source: str) -> None:
    assert violations(source) == []


@pytest.mark.parametrize(
    ("source", "violation"),
    [
        ("{% set x = a %}", "Assign"),
        ("{% set x %}a{% endset %}", "AssignBlock"),
        ("{% macro m() %}{% endmacro %}", "Macro"),
        ("{% call m() %}{% endcall %}", "CallBlock"),
        ("{% include 'x' %}", "Include"),
        ("{% extends 'x' %}", "Extends"),
        ("{% import 'x' as y %}", "Import"),
        ("{% block x %}{% endblock %}", "Block"),
        ("{% with x = a %}{% endwith %}", "With"),
        ("{% filter comment %}a{% endfilter %}", "FilterBlock"),
        ("{{ f() }}", "Call"),
        ("{{ a.strip() }}", "Call"),
        ("{{ a == b }}", "Compare"),
        ("{{ a + 1 }}", "Add"),
        ("{{ a ~ b }}", "Concat"),
        ("{{ -a }}", "Neg"),
        ("{{ a and b }}", "And"),
        ("{{ a[0] }}", "Getitem"),
        ("{{ a if b else c }}", "CondExpr"),
        ("{{ 'text' }}", "Const"),
        ("{{ ['a'] }}", "List"),
        ("{{ 'a' | comment }}", "Const"),
        ("{{ (a + b) | comment }}", "Add"),
        ("{{ a | comment(1) }}", "arguments to the filter comment"),
        ("{{ a is defined }}", "Test"),
        ("{% if a == 1 %}{% endif %}", "if on Compare"),
        ("{% if not a %}{% endif %}", "if on Not"),
        ("{% if a or b %}{% endif %}", "if on Or"),
        ("{% if a | comment %}{% endif %}", "if on Filter"),
        ("{% if a is none %}{% endif %}", "if on Test"),
        ("{% if a %}{% elif b > 1 %}{% endif %}", "if on Compare"),
        ("{% if a[0] %}{% endif %}", "if on Getitem"),
        ("{% for a in b %}{{ loop.last }}{% endfor %}", "Getattr"),
        ("{% for a in b %}{% if loop.first %}{% endif %}{% endfor %}", "if on Getattr"),
        ("{% for a in range(3) %}{% endfor %}", "for over Call"),
        ("{% for a in b | comment %}{% endfor %}", "for over Filter"),
        ("{% for a in b[1:] %}{% endfor %}", "for over Getitem"),
        ("{% for a in b if a %}{% endfor %}", "for with if, else or recursive"),
        ("{% for a in b %}{% else %}x{% endfor %}", "for with if, else or recursive"),
        ("{% for a in b recursive %}{% endfor %}", "for with if, else or recursive"),
        ("{% for a, b in c %}{% endfor %}", "for with more than one name"),
        ("{% if a %}{% for x in y %}{{ f(x) }}{% endfor %}{% endif %}", "Call"),
        ("{% if a %}{% else %}{{ f(x) }}{% endif %}", "Call"),
    ],
)
def test_what_is_not_allowed(source: str, violation: str) -> None:
    assert violations(source) == [f"line 1: {violation}"]


def test_unknown_filters_do_not_even_parse() -> None:
    assert violations("\n{{ a | upper }}") == ["line 2: the filter upper"]
    with pytest.raises(jinja2.TemplateAssertionError, match="No filter named 'upper'"):
        environment().from_string("{{ a | upper }}")


# --- names against the context ----------------------------------------

Used = dict[type, set[str]]
NO_KINDS: Mapping[str, str] = types.MappingProxyType({})


class NamesError(AssertionError):
    pass


def use_names(source: str, context: type, used: Used, kinds: Mapping[str, str] = NO_KINDS) -> None:
    """Note in ``used`` which fields of ``context``, and of the dataclasses in it, a template uses.

    A field that is one of several dataclasses is used by what all of them have; ``kinds`` says which of them, by
    their own ``kind``, the template is for.

    Raises:
        NamesError: it uses a name that is no field, or that a loop would hide.
    """

    def type_of(node: nodes.Node, local: dict[str, Any]) -> Any:
        if isinstance(node, nodes.Filter):
            assert node.node is not None
            return type_of(node.node, local)
        if isinstance(node, nodes.Getattr):
            return field_of(type_of(node.node, local), node.attr, node.lineno)
        assert isinstance(node, nodes.Name)
        return local[node.name] if node.name in local else field_of(context, node.name, node.lineno)

    def field_of(kind: Any, name: str, line: int) -> Any:
        found = []
        for arm in arms(kind):
            hints = field_types(arm) | property_types(arm)
            if name not in hints:
                raise NamesError(f"line {line}: {name} is no field of {getattr(arm, '__name__', arm)}")
            used[arm].add(name)
            found.append(without_none(hints[name]))
        if any(other != found[0] for other in found):
            raise NamesError(f"line {line}: {name} is {found[0]} in one context and {found[-1]} in another")
        if kind is context and name in kinds:
            chosen = [arm for arm in arms(found[0]) if getattr(arm, "kind", None) == kinds[name]]
            if len(chosen) != 1:
                raise NamesError(f"line {line}: {name} has {len(chosen)} contexts of the kind {kinds[name]}")
            return chosen[0]
        return found[0]

    def visit(node: nodes.Node, local: dict[str, Any]) -> None:
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Filter):
            kind = type_of(node, local)
            if not is_text_or_number(kind):
                raise NamesError(f"line {node.lineno}: places a {kind}, which is no text and no number")
        elif isinstance(node, nodes.For):
            assert isinstance(node.target, nodes.Name)
            name = node.target.name
            if name in local or name in field_types(context):
                raise NamesError(f"line {node.lineno}: the loop hides the name {name}")
            items = type_of(node.iter, local)
            if typing.get_origin(items) is not tuple:
                raise NamesError(f"line {node.lineno}: loops over {items}, which is no tuple")
            for child in node.body:
                visit(child, {**local, name: without_none(typing.get_args(items)[0])})
        elif isinstance(node, nodes.If):
            type_of(node.test, local)
            for child in node.iter_child_nodes(exclude=("test",)):
                visit(child, local)
        else:
            for child in node.iter_child_nodes():
                visit(child, local)

    visit(environment().parse(source), {})


def field_types(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        return {}
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def property_types(kind: Any) -> dict[str, Any]:
    """Properties of an item are decided in Python too; they need not be used by a template."""
    if not field_types(kind):
        return {}
    found = {name: item.fget for name, item in vars(kind).items() if isinstance(item, property)}
    return {name: typing.get_type_hints(getter)["return"] for name, getter in found.items() if getter is not None}


def arms(kind: Any) -> tuple[Any, ...]:
    """The types that ``kind`` may be, without None."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return tuple(item for item in typing.get_args(kind) if item is not type(None))
    return (kind,)


def without_none(kind: Any) -> Any:
    found = arms(kind)
    return found[0] if len(found) == 1 else typing.Union[found]  # noqa: UP007 - of a tuple


def is_text_or_number(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, str | int | float) and kind is not bool


def dataclasses_in(kind: Any) -> Iterator[type]:
    """``kind`` and the dataclasses of its fields, at any depth."""
    for arm in arms(kind):
        if typing.get_origin(arm) is tuple:
            yield from dataclasses_in(typing.get_args(arm)[0])
        elif field_types(arm):
            yield arm
            for field_type in field_types(arm).values():
                yield from dataclasses_in(field_type)


def tables_of(module: ModuleType) -> set[type]:
    """The types of the items of a module's own tables, such as what Kotlin calls each dtype.

    They may hold facts that only the module uses.
    """
    tables = [value.values() if isinstance(value, dict) else value for value in vars(module).values()]
    return {type(item) for table in tables if isinstance(table, Collection) for item in table}


def unused(context: type, used: Used) -> list[str]:
    tables = tables_of(sys.modules[context.__module__])
    return [
        f"{kind.__name__}.{name}"
        for kind in dict.fromkeys(dataclasses_in(context))
        if kind not in tables
        for name, field_type in field_types(kind).items()
        # Bytes are of a file that the project ships.
        if field_type is not bytes and name not in used[kind]
    ]


def kinds_of(path: str) -> dict[str, str]:
    """The kinds of input and answer that a template is for, by the layer that it stands in.

    A target's programs around the model may have such layers of their own: ``app/in/image``.
    """
    found = re.match(r"(?:\w+/)?(in|out|pair)/([\w-]+)/", path)
    if found is None:
        return {}
    side, kind = found.groups()
    if side == "pair":
        given, _, answered = kind.partition("-")
        return {"input": given, "answer": answered}
    return {"input" if side == "in" else "answer": kind}


def check_names(folder: str, context: type) -> list[str]:
    """The fields of ``context`` that no template in ``folder`` uses; NamesError where one uses another name."""
    used: Used = defaultdict(set)
    for name, path in template_files(folder):
        kinds = kinds_of(name)
        try:
            use_names(name, context, used, kinds)
            if path.suffix == TEMPLATE_SUFFIX:
                use_names(path.read_text("utf-8"), context, used, kinds)
        except NamesError as error:
            raise NamesError(f"templates/{folder}/{name}, {error}") from None
    for base in context.__bases__:
        used[base] |= used[context]
    return unused(context, used)


@pytest.mark.parametrize("name", TARGETS)
def test_names_of_a_target(name: str) -> None:
    assert check_names(name, load_target(name).context) == []


def test_names_of_the_configuration() -> None:
    assert check_names("config", Proposal) == []


def test_names_of_the_report() -> None:
    assert check_names("report", Page) == []


def test_every_template_folder_belongs_to_something() -> None:
    assert {path.name for path in templates_folder().iterdir()} == {*TARGETS, "config", "report"}


@dataclass(frozen=True)
class Leaf:
    text: str
    number: float

    @property
    def unit(self) -> str:
        return "m"


@dataclass(frozen=True)
class Branch:
    leaves: tuple[Leaf, ...]
    flag: bool


@dataclass(frozen=True)
class Kind:
    name: str
    only_for_python: int


KINDS = {"oak": Kind("Oak", 1)}


@dataclass(frozen=True)
class Tree:
    name: str
    kind: Kind
    branches: tuple[Branch, ...]
    best: Branch | None
    lines: tuple[str, ...]
    flag: bool


@dataclass(frozen=True)
class Picture:
    kind = "image"
    name: str
    width: int


@dataclass(frozen=True)
class Numbers:
    kind = "tensors"
    name: str


@dataclass(frozen=True)
class Composed:
    input: Picture | Numbers


def test_a_layer_uses_the_context_of_its_kind() -> None:
    used: Used = defaultdict(set)
    use_names("{{ input.name }}", Composed, used)
    assert unused(Composed, used) == ["Picture.width"]
    use_names("{{ input.width }}", Composed, used, kinds_of("in/image/a.txt"))
    assert unused(Composed, used) == []
    with pytest.raises(NamesError, match="width is no field of Numbers"):
        use_names("{{ input.width }}", Composed, used)
    with pytest.raises(NamesError, match="width is no field of Numbers"):
        use_names("{{ input.width }}", Composed, used, kinds_of("in/tensors/a.txt"))
    with pytest.raises(NamesError, match="input has 0 contexts of the kind audio"):
        use_names("{{ input.width }}", Composed, used, kinds_of("pair/audio-classes/a.txt"))
    assert kinds_of("pair/image-classes/x/y") == {"input": "image", "answer": "classes"}
    assert kinds_of("app/out/classes/x") == {"answer": "classes"}
    assert kinds_of("common/x") == kinds_of("app/common/in/x") == {}


def test_the_names_check_finds_every_use() -> None:
    used: Used = defaultdict(set)
    source = (
        "{{ name | comment }}{{ kind.name }}{% for branch in branches %}{% if branch.flag %}x{% endif %}"
        "{% for leaf in branch.leaves %}{{ leaf.text }}{{ leaf.unit }}{% endfor %}{% endfor %}"
        "{% for line in lines %}{{ line | comment }}{% endfor %}"
    )
    use_names(source, Tree, used)
    assert unused(Tree, used) == ["Tree.best", "Tree.flag", "Leaf.number"]
    use_names(
        "{% if flag %}{% for leaf in best.leaves %}{{ leaf.number | float32 }}{% endfor %}{% endif %}", Tree, used
    )
    assert unused(Tree, used) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ nosuch }}", "line 1: nosuch is no field of Tree"),
        ("\n{{ name.nosuch }}", "line 2: nosuch is no field of str"),
        ("{% for b in branches %}{{ b.nosuch }}{% endfor %}", "line 1: nosuch is no field of Branch"),
        ("{% for b in branches %}{% endfor %}{{ b.flag }}", "line 1: b is no field of Tree"),
        ("{% if flag %}{% else %}{{ nosuch }}{% endif %}", "line 1: nosuch is no field of Tree"),
        ("{% if nosuch %}{% endif %}", "line 1: nosuch is no field of Tree"),
        ("{% for name in branches %}{% endfor %}", "line 1: the loop hides the name name"),
        (
            "{% for b in branches %}{% for b in b.leaves %}{% endfor %}{% endfor %}",
            "line 1: the loop hides the name b",
        ),
        ("{% for c in name %}{% endfor %}", "line 1: loops over <class 'str'>, which is no tuple"),
        (
            "{{ branches }}",
            "line 1: places a tuple[tests.test_templates.Branch, ...], which is no text and no number",
        ),
        ("{{ flag }}", "line 1: places a <class 'bool'>, which is no text and no number"),
        ("{% for b in branches %}{{ b }}{% endfor %}", f"line 1: places a {Branch}, which is no text and no number"),
    ],
)
def test_the_names_check_refuses(source: str, message: str) -> None:
    with pytest.raises(NamesError) as caught:
        use_names(source, Tree, defaultdict(set))
    assert str(caught.value) == message
