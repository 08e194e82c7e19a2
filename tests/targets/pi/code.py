"""What every generated package's Python is held against: ruff, and the oldest Python that it promises."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = "3.7"
_ISOLATED = ("--isolated", "--target-version", f"py{OLDEST.replace('.', '')}")
_TOOLS = (
    (sys.executable, "-m", "ruff", "format", "--diff", *_ISOLATED),
    (sys.executable, "-m", "ruff", "check", *_ISOLATED),
    (str(Path(sys.executable).with_name("vermin")), "--no-tips", f"--target={OLDEST}-", "--violations"),
)
_BUILTIN = {"dict", "frozenset", "list", "set", "tuple", "type"}


def check_code(folder: Path) -> None:
    """The packages in ``folder`` are as ruff has them, and ask for no more than Python 3.7, as far as can be seen."""
    for tool in _TOOLS:
        done = subprocess.run([*tool, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    paths = sorted(folder.rglob("*.py"))
    assert paths
    assert {path.name: names for path in paths if (names := [*generic_values(path.read_text())])} == {}


def generic_values(source: str) -> Iterator[str]:
    """Types with brackets that are computed when the module is loaded, which Python 3.9 was the first to do.

    vermin does not see them.
    """
    tree = ast.parse(source)
    classes = set(_BUILTIN)
    annotations: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("collections", "collections.abc", "queue", "re"):
            classes |= {item.name for item in node.names}
        for name in ("annotation", "returns"):
            annotation = getattr(node, name, None)
            if isinstance(annotation, ast.AST):
                annotations |= {id(part) for part in ast.walk(annotation)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript) or id(node) in annotations:
            continue
        if isinstance(node.value, ast.Name) and node.value.id in classes:
            yield f"line {node.lineno}: {ast.unparse(node)}"
