"""Replays the golden cases: does this device give the answers that the model gave where it was packaged?"""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from .model import FOLDER, DigitsClassifier

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
    model = DigitsClassifier()
    failures = 0
    for case in golden["cases"]:
        problems = []
        expected_input = _load(case["inputs"][0], model.input)
        with Image.open(GOLDEN / case["picture"]) as picture:
            tensor = model.input_tensor(picture)
        if not np.array_equal(tensor, expected_input):
            problems.append(f"{np.count_nonzero(tensor != expected_input)} input items differ")
        output = model.run(expected_input)
        expected = _load(case["outputs"][0], model.output)
        difference = _difference(output, expected)
        allowed = tolerance["counts" if output.dtype.kind in "iu" else "absolute"]
        if difference > allowed:
            problems.append("output differs")
        ranked = model.categories(output, len(model.labels))
        answer = case["answers"][0]
        same = next(category for category in ranked if category.index == answer["index"])
        # What a difference of `allowed` is worth as a score, and a little for rounding.
        margin = allowed * (model.output["quantization"][0] or 1) + 1e-6
        if same.label != answer["label"] or abs(same.score - answer["score"]) > margin:
            problems.append(f"{answer['label']!r} scores {same.score:.4f}, not {answer['score']:.4f}")
        # Two classes that score nearly the same may change places within the tolerance.
        elif ranked[0].score - same.score > 2 * margin:
            problems.append(f"answers {ranked[0].label!r}, not {answer['label']!r}")
        verdict = "FAIL" if problems else "PASS"
        failures += bool(problems)
        print(f"{verdict} {case['name']}: max difference {difference:g}" + "".join(f"; {text}" for text in problems))
    print(f"{'FAIL' if failures else 'PASS'} {len(golden['cases'])} cases, {failures} failed ({golden['runtime']})")
    return not failures
