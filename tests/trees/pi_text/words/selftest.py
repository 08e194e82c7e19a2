"""Replays the golden cases: does this device give the answers of where it was made?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .agreement import find_differences
from .errors import damaged
from .files import read_items, read_own_file
from .replay import golden_inputs
from .runtime import Runner


def self_test() -> bool:
    """Run every case, print a line for each, and tell whether all passed."""
    golden = read_golden()
    runner = Runner()
    failures = 0
    for case in golden["cases"]:
        problems, largest = find_problems(runner, golden, case)
        failures += bool(problems)
        verdict = "FAIL" if problems else "PASS"
        texts = [f"max difference {largest:g}", *problems]
        print(f"{verdict} {case['name']}: {'; '.join(texts)}")
    # No case proves nothing.
    passed = bool(golden["cases"]) and not failures
    counts = f"{len(golden['cases'])} cases, {failures} failed"
    print(f"{'PASS' if passed else 'FAIL'} {counts} ({golden['runtime']})")
    return passed


def read_golden() -> dict[str, Any]:
    """The golden cases, and how they are compared.

    Raises:
        InstallationError: they cannot be read.
    """
    try:
        golden: dict[str, Any] = json.loads(read_own_file("golden/cases.json"))
    except ValueError:
        raise damaged("golden/cases.json", "is no JSON") from None
    return golden


def find_problems(
    runner: Runner, golden: dict[str, Any], case: dict[str, Any]
) -> tuple[list[str], float]:
    """What differs in the answer to a case, and by how much outputs are off at most."""
    inputs, problems = golden_inputs(case, golden["inputs"], runner.inputs)
    raw = runner.run_raw(inputs)
    largest = 0.0
    for number, rule in enumerate(golden["outputs"]):
        off = _difference(raw[number], case["outputs"][number], rule)
        if off is None:
            continue
        # More items than the rule allows may not be further off than it allows.
        allowed = rule["counts"] if "counts" in rule else rule["absolute"]
        if np.count_nonzero(~(off <= allowed)) > rule["items"]:
            problems.append(f"output {runner.outputs[number]['name']!r} differs")
        largest = max(largest, float(off.max(initial=0)))
    problems += find_differences(raw, case, golden["agreement"])
    return problems, largest


def _difference(
    actual: np.ndarray, name: str | None, rule: dict[str, Any] | None
) -> np.ndarray | None:
    """How far each kept item is off; None for an output that is not compared."""
    if name is None or rule is None:
        return None
    items = actual.reshape(-1)[:: rule["stride"]]
    expected = read_items(f"golden/{name}", items.dtype)
    if items.size != expected.size:
        return np.full(max(items.size, expected.size), np.inf)
    off = np.abs(items.astype(np.float64) - expected)
    # The difference of two infinities, or of two NaNs, is NaN.
    off[(items == expected) | (np.isnan(items) & np.isnan(expected))] = 0
    return np.where(np.isnan(off), np.inf, off)
