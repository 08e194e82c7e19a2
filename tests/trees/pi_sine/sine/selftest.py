"""Replays the golden cases: does this device give the answers that the model gave where it was packaged?"""

from __future__ import annotations

import json

import numpy as np

from .model import FOLDER, Sine

GOLDEN = FOLDER / "golden"


def _load(name: str, like: dict) -> np.ndarray:
    dtype = np.dtype(like["dtype"])
    return np.fromfile(GOLDEN / name, dtype.newbyteorder("<")).astype(dtype).reshape(like["shape"])


def _difference(actual: np.ndarray, expected: np.ndarray) -> float:
    if actual.size == 0:
        return 0.0
    difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    # Not max(): a NaN on one side only must count as a difference.
    return float("inf") if np.isnan(difference).any() else float(difference.max())


def self_test() -> bool:
    """Run every case, print a line for each, and tell whether all passed."""
    golden = json.loads((GOLDEN / "cases.json").read_text("utf-8"))
    tolerance = golden["tolerance"]
    model = Sine()
    failures = 0
    for case in golden["cases"]:
        problems = []
        inputs = [_load(name, like) for name, like in zip(case["inputs"], model.inputs)]
        difference = 0.0
        for output, name, like in zip(model.run_raw(inputs), case["outputs"], model.outputs):
            largest = _difference(output, _load(name, like))
            difference = max(difference, largest)
            if largest > tolerance["counts" if output.dtype.kind in "iu" else "absolute"]:
                problems.append(f"output {like['name']!r} differs")
        verdict = "FAIL" if problems else "PASS"
        failures += bool(problems)
        print(f"{verdict} {case['name']}: max difference {difference:g}" + "".join(f"; {text}" for text in problems))
    print(f"{'FAIL' if failures else 'PASS'} {len(golden['cases'])} cases, {failures} failed ({golden['runtime']})")
    return not failures
