"""Replays the golden cases: does this device give the answers of where it was made?"""

from __future__ import annotations

import json

import numpy as np

from .errors import damaged
from .files import FOLDER, read_own_file
from .model import DigitsClassifier


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
    model = DigitsClassifier()
    failures = 0
    for case in golden["cases"]:
        problems = []
        expected_input = _load(case["inputs"][0], model.input)
        tensor = model.input_tensor(FOLDER / "golden" / case["picture"])
        if not np.array_equal(tensor.reshape(-1), expected_input):
            problems.append("another input tensor")
        output = model.run(tensor)
        expected = _load(case["outputs"][0], model.output)
        difference = _difference(output, expected)
        allowed = tolerance["counts" if output.dtype.kind in "iu" else "absolute"]
        if difference > allowed:
            problems.append("output differs")
        ranked = model.categories(output, len(model.labels))
        answer = case["answers"][0]
        same = next(item for item in ranked if item.index == answer["index"])
        # What `allowed` is worth as a score, and a little for rounding.
        margin = allowed * (model.output["quantization"][0] or 1) + 1e-6
        off = abs(same.score - answer["score"])
        if same.label != answer["label"] or off > margin:
            problems.append(f"{same.label!r} scores {same.score:.4f}, not {answer}")
        # Two classes that score nearly the same may change places within the tolerance.
        elif ranked[0].score - same.score > 2 * margin:
            problems.append(f"answers {ranked[0].label!r}, not {answer['label']!r}")
        failures += bool(problems)
        verdict = "FAIL" if problems else "PASS"
        texts = [f"max difference {difference:g}", *problems]
        print(f"{verdict} {case['name']}: {'; '.join(texts)}")
    # No case proves nothing.
    passed = bool(golden["cases"]) and not failures
    counts = f"{len(golden['cases'])} cases, {failures} failed"
    print(f"{'PASS' if passed else 'FAIL'} {counts} ({golden['runtime']})")
    return passed
