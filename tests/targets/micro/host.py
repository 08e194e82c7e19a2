"""Compiles generated microcontroller projects for this computer and runs them on the package tflite-micro.

Its extension module has today's TensorFlow Lite Micro whole, Signal operators included, and exports it. The headers
in ``pypi`` declare what generated code calls of it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from packager.model import Operator
from packager.targets.micro.kernels import CUSTOM_KERNELS, KERNELS
from packager.targets.micro.operators import resolver_method
from tests.conftest import require_tools
from tests.targets.micro import harness

HEADERS = Path(__file__).parent / "pypi"


def compile_project(project: Path, work: Path, *defines: str, main: Path | None = None) -> Path:
    """A library with the sources of a project for CMake; with ``main`` in place of its program."""
    require_tools("g++", install="apt-get install g++")
    _write_methods(work / "methods.h")
    sources = project / "src"
    ours = ("app.cpp", "main.cpp") if main else ()
    files = [
        path
        for path in sorted(sources.glob("*.cpp"))
        if path.name not in (*ours, "model_data.cpp", "frontend_data.cpp")
    ]
    program = work / "program.so"
    harness.run_tool(
        [
            *("g++", "-std=c++17", "-O1", "-fPIC", "-shared", *harness.WARNINGS, *defines),
            *("-isystem", str(HEADERS), "-isystem", str(work), f"-I{sources}"),
            *(str(path) for path in (*files, *sorted(sources.glob("*.S")), *((main,) if main else ()))),
            *("-o", str(program)),
        ]
    )
    return program


def run(program: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(HEADERS / "run.py"), str(program)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)


def _write_methods(path: Path) -> None:
    known = [*(Operator(name, 1, False) for name in KERNELS), *(Operator(name, 1, True) for name in CUSTOM_KERNELS)]
    lines = []
    for operator in known:
        number = "BuiltinOperator_CUSTOM" if operator.custom else getattr(schema.BuiltinOperator, operator.name)
        name = f'"{operator.name}"' if operator.custom else "nullptr"
        lines.append(f"TfLiteStatus {resolver_method(operator)}() {{ return add({number}, {name}); }}\n")
    path.write_text("".join(lines))
