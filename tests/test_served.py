"""A target serves a model as its task is, or as plain tensors, and says so."""

from __future__ import annotations

import numpy as np

from packager.annotated import annotated_model
from packager.model import parse_model
from packager.targets import TARGETS, load_target
from packager.targets.target import served
from tests.models import Op, T, graph


def test_outputs_that_are_all_in_the_order_of_a_ranking() -> None:
    """Of which, as tensors, none is compared."""
    tensors = [T("x", [4]), T("k", [], "int32", data=np.array(2)), T("values", [2]), T("indices", [2], "int32")]
    topk = Op("TOPK_V2", ["x", "k"], ["values", "indices"])
    told = {}
    for outputs in (["indices"], ["values", "indices"]):
        annotated = annotated_model(parse_model(graph(tensors, [topk], ["x"], outputs)))
        for name in TARGETS:
            _, problems = served(load_target(name), annotated)
            told[name, len(outputs)] = [problem.what for problem in problems]
    (what,) = told["android", 1]
    assert what.startswith("a ranking decides the order of all its outputs")
    assert told["ios", 1] == told["pi", 1] == [what]
    # Its own runtime on a computer and on a board ranks in the same way.
    assert told["micro", 1] == told["micro", 2] == told["pi", 2] == told["android", 2] == []
