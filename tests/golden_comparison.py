"""What every self-test does with golden cases, in Python: the files are read as a device reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.golden import GoldenSet, Sample
from packager.tasks.kinds import Array


def find_differences(
    annotated: AnnotatedModel,
    samples: Sequence[Sample],
    goldens: GoldenSet,
    files: Mapping[str, bytes],
    actual: Sequence[Sequence[Array]],
) -> tuple[str, ...]:
    """In what the ``actual`` outputs of all cases, and the answers in them, are not the golden ones.

    ``files`` are those of ``golden_files``; ``goldens`` has the answers that they hold as objects.
    """
    document = json.loads(files["cases.json"])
    found: list[str] = []
    for case, sample, golden, outputs in zip(document["cases"], samples, goldens.cases, actual, strict=True):
        raw = _raw_differences(document["outputs"], case, files, outputs)
        answer = annotated.answer.read(outputs, sample.placement)
        told = annotated.answer.find_differences(answer, golden.answer, document["agreement"])
        found += (f"{case['name']}: {line}" for line in (*raw, *told))
    return tuple(found)


def _raw_differences(
    rules: Sequence[Mapping[str, Any] | None],
    case: Mapping[str, Any],
    files: Mapping[str, bytes],
    outputs: Sequence[Array],
) -> Iterator[str]:
    for number, (rule, name, output) in enumerate(zip(rules, case["outputs"], outputs, strict=True)):
        assert (rule is None) == (name is None)
        if rule is None:
            continue
        items = output.reshape(-1)[:: rule["stride"]]
        golden = np.frombuffer(files[name], output.dtype.newbyteorder("<"))
        if len(golden) != len(items):
            yield f"output {number} has {len(items)} items, and {len(golden)} are expected"
            continue
        allowed = rule["counts" if output.dtype.kind in "biu" else "absolute"]
        # As float64, in which integers of 53 bits are exact; what is no number agrees with nothing.
        strays = np.count_nonzero(~(np.abs(items.astype(np.float64) - golden.astype(np.float64)) <= allowed))
        if strays > rule["items"]:
            yield f"output {number} has {strays} items that are off by more than {allowed}"
