"""A template folder and a context become files. Nothing is written to disk here.

A template folder mirrors what it generates: file and folder names are templates too. A file that ends in ``.j2``
is rendered and loses the ending; any other is copied byte for byte. A folder ``NAME.parts`` holds the parts of the
file NAME, which all layers add to: they follow one another in the order of their names. In a ``.html.j2`` all that is
placed is escaped, without a filter.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packager.render.literals import FILTERS, html_text

if TYPE_CHECKING:
    import jinja2

TEMPLATE_SUFFIX = ".j2"
HTML_SUFFIX = ".html" + TEMPLATE_SUFFIX
PARTS_SUFFIX = ".parts"


def templates_folder() -> Path:
    """The ``templates/`` in the package, where a wheel has put it; in a checkout the one beside ``packager/``.

    An editable install puts a copy into site-packages that grows stale; this module is then the checkout's.
    """
    package = Path(__file__).parent.parent
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"


@cache
def environment(*, is_html: bool = False) -> jinja2.Environment:
    """The Jinja environment: an unknown name is an error, and the only filters are those of ``literals``.

    That of HTML has none, and puts all that is placed through ``html_text``: nothing can be marked as safe.
    """
    import jinja2

    made = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_placed_in_html if is_html else None,
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update({} if is_html else FILTERS)
    return made


def _placed_in_html(value: Any) -> str:
    return html_text(str(value))


def template_files(layer: str) -> tuple[tuple[str, Path], ...]:
    """The files of a template folder as (relative POSIX path, path), sorted.

    ``layer`` is a path under ``templates/`` such as ``"android/image"``.
    """
    folder = templates_folder() / layer
    found = (path for path in folder.rglob("*") if path.is_file())
    return tuple(sorted((path.relative_to(folder).as_posix(), path) for path in found))


def render_layers(layers: tuple[str, ...], context: Any) -> dict[str, bytes]:
    """Render template folders over one another into {relative path: content}.

    ``context`` is a dataclass; its fields are the names that the templates may use.

    Raises:
        FileNotFoundError: a layer holds no files.
        ValueError: two layers render the same path, or the same part of a file.
    """
    names = {field.name: getattr(context, field.name) for field in dataclasses.fields(context)}
    files: dict[str, bytes] = {}
    parts: dict[str, dict[str, bytes]] = {}
    for layer in layers:
        found = template_files(layer)
        if not found:
            raise FileNotFoundError(f"no templates in {layer}")
        for relative, path in found:
            target = environment().from_string(relative.removesuffix(TEMPLATE_SUFFIX)).render(names)
            folder, _, name = target.rpartition("/")
            is_part = folder.endswith(PARTS_SUFFIX)
            group = parts.setdefault(folder.removesuffix(PARTS_SUFFIX), {}) if is_part else files
            key = name if is_part else target
            if key in group:
                raise ValueError(f"two templates render {target}")
            content = path.read_bytes()
            if relative.endswith(TEMPLATE_SUFFIX):
                chosen = environment(is_html=relative.endswith(HTML_SUFFIX))
                content = chosen.from_string(content.decode()).render(names).encode()
            group[key] = content
    for target, contents in parts.items():
        if target in files:
            raise ValueError(f"two templates render {target}")
        files[target] = b"".join(contents[name] for name in sorted(contents))
    return files
