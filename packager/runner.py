"""The child process in which a model runs: ``python -m packager.runner JOB``.

A model can take its interpreter down (abort, heap corruption), so no other process of this tool ever runs one.
The parent (``golden.py``) writes ``job.json`` and ``inputs.npz`` into the folder JOB; this process writes
``outputs.npz`` and ``result.json`` there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

Tensors = list[np.ndarray[Any, Any]]

# Seconds for a probe; one that damaged its memory may run for ever.
_PROBE_LIMIT = 60


def _run_litert(data: bytes, cases: Sequence[Tensors], *, delegates: bool) -> list[Tensors]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType.AUTO if delegates else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=kind, num_threads=1)
    interpreter.allocate_tensors()
    inputs = [detail["index"] for detail in interpreter.get_input_details()]
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    results = []
    for case in cases:
        interpreter.reset_all_variables()
        for index, tensor in zip(inputs, case, strict=True):
            interpreter.set_tensor(index, tensor)
        interpreter.invoke()
        results.append([interpreter.get_tensor(index) for index in outputs])
    return results


def _run_micro(data: bytes, cases: Sequence[Tensors], outputs: int, arena_bytes: int) -> list[Tensors]:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=arena_bytes)
    results: list[Tensors] = []
    for number, case in enumerate(cases):
        if number:
            interpreter.reset()
        for index, tensor in enumerate(case):
            interpreter.set_input(tensor, index)
        interpreter.invoke()
        results.append([interpreter.get_output(index) for index in range(outputs)])
    return results


def smallest_arena(data: bytes, case: Tensors, outputs: int, limit: int, step: int = 16) -> int:
    """The smallest tensor arena, in bytes and to a multiple of ``step``, in which the model allocates and runs.

    Each probe is a forked process: an arena that is too small may corrupt memory instead of failing.

    Raises:
        RuntimeError: not even ``limit`` bytes suffice.
    """
    # Imported before the first fork, so that no probe pays for it.
    from tflite_micro import runtime  # noqa: F401

    def works(size: int) -> bool:
        child = os.fork()
        if child == 0:
            try:
                # The parent is killed if it takes too long, and this process would live on.
                signal.alarm(_PROBE_LIMIT)
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 2)
                _run_micro(data, [case], outputs, size)
                os._exit(0)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    low, high = 0, 1024
    while not works(high):
        low, high = high, high * 2
        if low >= limit:
            raise RuntimeError(f"an arena of {low} bytes is still too small")
    while high - low > step:
        middle = (low + high) // 2 // step * step
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def main(folder: Path) -> int:
    """Do the job in ``folder``; 0, or 1 with the runtime's message in ``result.json``."""
    job = json.loads((folder / "job.json").read_text())
    data = (folder / "model.tflite").read_bytes()
    with np.load(folder / "inputs.npz") as archive:
        cases = [[archive[f"{case}_{index}"] for index in range(job["inputs"])] for case in range(job["cases"])]
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    result: dict[str, str | int] = {}
    try:
        for runtime in job["runtimes"]:
            if runtime == "tflite-micro":
                outputs = _run_micro(data, cases, job["outputs"], job["arena_limit"])
                result["arena_bytes"] = smallest_arena(data, cases[0], job["outputs"], job["arena_limit"])
            else:
                outputs = _run_litert(data, cases, delegates=runtime == "litert")
            for number, case in enumerate(outputs):
                tensors.update({f"{runtime}_{number}_{index}": tensor for index, tensor in enumerate(case)})
            package = "tflite-micro" if runtime == "tflite-micro" else "ai-edge-litert"
            result[runtime] = f"{package} {version(package)}"
    except (RuntimeError, ValueError, TypeError, ImportError) as error:
        result = {"error": str(error)}
    np.savez(folder / "outputs.npz", **tensors)
    (folder / "result.json").write_text(json.dumps(result))
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
