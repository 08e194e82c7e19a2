"""Whether a runtime from PyPI takes a model: each model in a process of its own, which it may crash or keep busy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Imports the runtime once and forks for each model. Prints {file name: reason, or null}.
_PROGRAM = """
import contextlib, json, os, signal, sys
from pathlib import Path
import numpy as np
{load}

verdicts = {{}}
for path in map(Path, sys.argv[1:]):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(120)
            os.dup2(writing, 1), os.dup2(writing, 2)
            run(path)
            os._exit(0)
        except BaseException as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = " ".join(pipe.read().decode("utf-8", "replace").split())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    verdicts[path.name] = None if code == 0 else f"exit code {{code}}: {{told[-300:]}}"
print(json.dumps(verdicts))
"""

MICRO = """
from tflite_micro import runtime

def run(path):
    interpreter = runtime.Interpreter.from_file(path, arena_size=1 << 25)
    for index in range(1000):
        try:
            detail = interpreter.get_input_details(index)
        except IndexError:
            break
        with contextlib.suppress(ValueError):  # NumPy has this type, and the package does not
            interpreter.set_input(np.ones(detail["shape"], detail["dtype"]), index)
    interpreter.invoke()
"""

# As for golden cases: with the default delegates and without.
LITERT = """
from ai_edge_litert.interpreter import Interpreter, OpResolverType

def run(path):
    for kind in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=kind, num_threads=1)
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], np.ones(detail["shape"], detail["dtype"]))
        for _ in range(2):
            interpreter.invoke()
        for detail in interpreter.get_output_details():
            interpreter.get_tensor(detail["index"])
        del interpreter
"""


def run_files(runtime: str, paths: Sequence[Path]) -> dict[str, str | None]:
    """File name → why ``runtime``, MICRO or LITERT, does not run the model; None where it does."""
    program = _PROGRAM.format(load=runtime)
    child = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
    verdicts: dict[str, str | None] = json.loads(child.stdout)
    return verdicts


def run_models(runtime: str, models: Mapping[str, bytes], folder: Path) -> dict[str, str | None]:
    """The same for models in memory, by their names."""
    for name, data in models.items():
        (folder / name).write_bytes(data)
    return run_files(runtime, [folder / name for name in models])
