"""A model of the table as a target packages it."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packager.annotated import AnnotatedModel
from packager.golden import Goldens, GoldenSet, build_goldens, read_samples
from packager.runtimes import Runtime
from packager.targets import load_target
from packager.targets.micro.project import _cases_for_flash
from packager.targets.target import Target, build_project, served
from tests.cells.models import ROWS, Row

BY_NAME = {row.name: row for row in ROWS}
LITERT = (Runtime.LITERT, Runtime.LITERT_REFERENCE)


@dataclass(frozen=True)
class Project:
    """What ``target`` makes of a model, which is ``annotated`` as it serves it.

    ``goldens`` are those of ``runtime``, the target's or what stands in for it, and those alone that its self-test
    replays.
    """

    target: Target[Any, Any]
    runtime: Runtime
    row: Row
    annotated: AnnotatedModel
    goldens: Goldens
    options: Any
    context: Any
    files: Mapping[str, bytes]

    @property
    def golden_set(self) -> GoldenSet:
        return self.goldens.sets[self.runtime]

    @property
    def golden_folder(self) -> str | None:
        """Where the golden cases are files, those of the self-test. Microcontrollers have them in their code."""
        # Those that prove an accelerator are in the app itself, and do not take part here.
        found = [path for path in self.files if path.endswith("/cases.json")]
        found.sort(key=lambda path: "Test" not in path)
        return found[0].removesuffix("cases.json") if found else None

    def with_goldens(self, golden_set: GoldenSet) -> dict[str, bytes]:
        """Its files, had its golden cases been these."""
        goldens = replace(self.goldens, sets={self.runtime: golden_set})
        if self.golden_folder is None:
            return build_project(self.target, self.annotated, self.options, goldens)[1]
        return {**self.files, **self.target.extra_files(self.annotated, self.context, goldens)}


@functools.cache
def annotated(name: str) -> AnnotatedModel:
    return BY_NAME[name].annotated()


@functools.cache
def goldens_of(name: str, runtime: Runtime) -> Goldens:
    """The golden cases of a model; LiteRT computes those with its default delegates and those without in one go."""
    runtimes = LITERT if runtime in LITERT else (runtime,)
    with tempfile.TemporaryDirectory() as folder:
        samples = read_samples(annotated(name), BY_NAME[name].samples(Path(folder)))
    return build_goldens(annotated(name), samples, runtimes)


@functools.cache
def project(target_name: str, name: str, *, stands_in: bool = False, **options: Any) -> Project:
    """``stands_in`` says that the target's runtime is not to be had."""
    target = load_target(target_name)
    view, _ = served(target, annotated(name))
    runtime = target.stand_in if stands_in and target.stand_in else target.runtime
    goldens = goldens_of(name, Runtime.LITERT if runtime in LITERT else runtime)
    golden_set = goldens.sets[runtime]
    if target.runtime is Runtime.TFLITE_MICRO:
        # Of large ones not all fit into a board's flash.
        golden_set = replace(golden_set, cases=tuple(_cases_for_flash(view, golden_set.cases)))
    goldens = replace(goldens, sets={runtime: golden_set})
    if view is not annotated(name):
        goldens = goldens.as_tensors()
    # Swift's modules and Kotlin's packages are all compiled together.
    given = target.options(name=name, **options)
    context, files = build_project(target, view, given, goldens)
    return Project(target, runtime, BY_NAME[name], view, goldens, given, context, files)
