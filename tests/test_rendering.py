"""Template folders become files: layers, names that are templates, and what must fail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
import pytest

from packager.render import templates as rendering
from packager.render.literals import FILTERS
from packager.render.templates import environment, render_layers, template_files, templates_folder
from tests.conftest import PROJECT, write_files


@dataclass(frozen=True)
class Item:
    label: str
    is_last: bool = False


@dataclass(frozen=True)
class Context:
    package: str = "digits"
    title: str = 'the "title"'
    items: tuple[Item, ...] = (Item("a"), Item("b", is_last=True))
    is_image: bool = True


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rendering, "templates_folder", lambda: tmp_path)
    return tmp_path


def test_a_layer(templates: Path) -> None:
    write_files(
        templates,
        {
            "t/{{ package }}/{{ package }}_test.py.j2": b"x = {{ title | python_string }}\n",
            "t/{{ package }}/data.bin": b"\xff\0{{ package }}\r\n",
            "t/plain/.gitignore": b"{% not a template\n",
            "t/lines.txt.j2": b"{% for item in items %}\n  {{ item.label }}\n{% endfor %}\nend",
            "t/empty.txt.j2": b"",
            "other/ignored.txt": b"",
        },
    )
    assert render_layers(("t",), Context()) == {
        "digits/digits_test.py": b'x = "the \\"title\\""\n',
        "digits/data.bin": b"\xff\0{{ package }}\r\n",
        "plain/.gitignore": b"{% not a template\n",
        "lines.txt": b"  a\n  b\nend",
        "empty.txt": b"",
    }


def test_layers_lie_over_one_another(templates: Path) -> None:
    write_files(templates, {"t/common/a.txt": b"a", "t/image/b.txt.j2": b"{{ package }}", "t/image/deep/c.txt": b"c"})
    assert render_layers(("t/common", "t/image"), Context()) == {
        "a.txt": b"a",
        "b.txt": b"digits",
        "deep/c.txt": b"c",
    }
    assert render_layers(("t/common",), Context()) == {"a.txt": b"a"}


def test_blocks_leave_no_lines(templates: Path) -> None:
    text = (
        b"a\n{% if is_image %}\n  b\n  {% for item in items %}\nc{{ item.label }}\n  {% endfor %}\n{% endif %}\nd\n"
    )
    write_files(templates, {"t/x.j2": text})
    assert render_layers(("t",), Context()) == {"x": b"a\n  b\nca\ncb\nd\n"}
    assert render_layers(("t",), Context(is_image=False)) == {"x": b"a\nd\n"}


def test_windows_lines_and_non_ascii_text(templates: Path) -> None:
    write_files(templates, {"t/x.j2": "ä {{ package }} …\n".encode(), "t/ü.txt": b""})
    assert render_layers(("t",), Context()) == {"x": "ä digits …\n".encode(), "ü.txt": b""}


@pytest.mark.parametrize(
    "files",
    [
        {"t/a/x.txt": b"", "t/b/x.txt": b""},
        {"t/a/x.txt": b"", "t/b/x.txt.j2": b""},
        {"t/a/digits.txt": b"", "t/b/{{ package }}.txt": b""},
        {"t/a/{{ package }}.txt": b"", "t/a/digits.txt": b"", "t/b/x": b""},
    ],
)
def test_two_templates_for_one_file(templates: Path, files: dict[str, bytes]) -> None:
    write_files(templates, files)
    with pytest.raises(ValueError, match=r"two templates render (x|digits)\.txt"):
        render_layers(("t/a", "t/b"), Context())


def test_parts_of_a_file(templates: Path) -> None:
    """Each layer adds to README.md what it knows of it."""
    write_files(
        templates,
        {
            "x/common/{{ package }}/README.md.parts/00-title.j2": b"# {{ package }}\n",
            "x/common/{{ package }}/README.md.parts/90-end": b"End\n",
            "x/in/image/{{ package }}/README.md.parts/50-picture.md.j2": b"A picture\n",
        },
    )
    files = render_layers(("x/common", "x/in/image"), Context("a"))
    assert files == {"a/README.md": b"# a\nA picture\nEnd\n"}


@pytest.mark.parametrize("other", ["a.parts/1", "a"])
def test_two_templates_for_one_part(templates: Path, other: str) -> None:
    write_files(templates, {"x/a.parts/1": b"", f"y/{other}": b""})
    with pytest.raises(ValueError, match="two templates render"):
        render_layers(("x", "y"), Context("a"))


def test_a_layer_without_files(templates: Path) -> None:
    write_files(templates, {"t/a/x.txt": b""})
    (templates / "t" / "empty").mkdir()
    for layer in ("t/missing", "t/empty"):
        with pytest.raises(FileNotFoundError, match=layer):
            render_layers(("t/a", layer), Context())


@pytest.mark.parametrize(
    "files",
    [
        {"t/x.j2": b"{{ nosuch }}"},
        {"t/x.j2": b"{% if nosuch %}{% endif %}"},
        {"t/x.j2": b"{% for item in nosuch %}{% endfor %}"},
        {"t/x.j2": b"{% for item in items %}{{ item.nosuch }}{% endfor %}"},
        {"t/x.j2": b"{{ nosuch | comment }}"},
        {"t/{{ nosuch }}.txt": b""},
        # Jinja's own globals are no names of a context.
        {"t/x.j2": b"{{ range }}"},
    ],
)
def test_an_unknown_name(templates: Path, files: dict[str, bytes]) -> None:
    write_files(templates, files)
    with pytest.raises(jinja2.UndefinedError, match=r"nosuch|range"):
        render_layers(("t",), Context())


@pytest.mark.parametrize("text", ["{{ title | upper }}", "{{ title | safe }}", "{{ title | replace('a', 'b') }}"])
def test_only_literal_filters(templates: Path, text: str) -> None:
    write_files(templates, {"t/x.j2": text.encode()})
    with pytest.raises(jinja2.TemplateAssertionError, match="No filter named"):
        render_layers(("t",), Context())
    assert environment().filters == FILTERS


def test_files_come_in_order(templates: Path) -> None:
    names = ["b.txt", "a/z.txt", "a.txt", "{{ package }}.txt"]
    write_files(templates, {f"t/{name}": b"" for name in names})
    assert [name for name, _ in template_files("t")] == sorted(names)


def test_templates_of_a_checkout() -> None:
    assert templates_folder() == PROJECT / "templates"


def test_templates_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed into a folder that looks like a checkout: `pip install --target .` in somebody's web project."""
    write_files(tmp_path, {"packager/render/templates.py": b"", "packager/templates/pi/x": b""})
    write_files(tmp_path, {"pyproject.toml": b"", "templates/index.html": b""})
    monkeypatch.setattr(rendering, "__file__", str(tmp_path / "packager" / "render" / "templates.py"))
    assert templates_folder() == tmp_path / "packager" / "templates"
