"""Replays the golden cases: does this device give the answers of where it was made?"""

from __future__ import annotations

import json

import numpy as np

from .arrays import to_raw
from .errors import damaged
from .files import read_own_file
from .model import Sine


def _load(name: str, like: dict) -> np.ndarray:
    """The items of a golden tensor in one dimension."""
    data, dtype = read_own_file(f"golden/{name}"), np.dtype(like["dtype"])
    if len(data) % dtype.itemsize:
        raise damaged(f"golden/{name}", "is cut off")
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype)


def _difference(actual: np.ndarray, expected: np.ndarray) -> float:
    if actual.size != expected.size:
        return float("inf")
    if actual.size == 0:
        return 0.0
    difference = np.abs(actual.astype(np.float64).reshape(-1) - expected)
    # Not max(): a NaN on one side only must count as a difference.
    return float("inf") if np.isnan(difference).any() else float(difference.max())


def self_test() -> bool:
    """Run every case, print a line for each, and tell whether all passed."""
    try:
        golden = json.loads(read_own_file("golden/cases.json"))
    except ValueError:
        raise damaged("golden/cases.json", "is no JSON") from None
    tolerance = golden["tolerance"]
    model = Sine()
    failures = 0
    for case in golden["cases"]:
        problems = []
        inputs = [
            to_raw(like["name"], _load(name, like), like)
            for name, like in zip(case["inputs"], model.inputs)
        ]
        difference = 0.0
        outputs = model.run_raw(inputs)
        for output, name, like in zip(outputs, case["outputs"], model.outputs):
            largest = _difference(output, _load(name, like))
            difference = max(difference, largest)
            kind = "counts" if output.dtype.kind in "iu" else "absolute"
            if largest > tolerance[kind]:
                problems.append(f"output {like['name']!r} differs")
        failures += bool(problems)
        verdict = "FAIL" if problems else "PASS"
        texts = [f"max difference {difference:g}", *problems]
        print(f"{verdict} {case['name']}: {'; '.join(texts)}")
    # No case proves nothing.
    passed = bool(golden["cases"]) and not failures
    counts = f"{len(golden['cases'])} cases, {failures} failed"
    print(f"{'PASS' if passed else 'FAIL'} {counts} ({golden['runtime']})")
    return passed
