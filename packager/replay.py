"""Replays the golden cases of a generated microcontroller project in TensorFlow Lite Micro on this computer.

It reads what would be compiled: the array in ``model_data.cpp``, the cases in ``golden_data.cpp``, the arena in the
class's header. So it finds what was edited or damaged after the project was made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from packager.annotated import annotated_model
from packager.errors import ConfigError, ModelError
from packager.golden import Array, Sample, build_goldens
from packager.model import Model, parse_model
from packager.reading import read_file
from packager.runtimes import Runtime, Tolerance
from packager.targets.c_array import read_c_array
from packager.targets.micro import CTYPES


@dataclass(frozen=True)
class CaseReport:
    """One golden case: the largest difference of an output, in counts for integers."""

    name: str
    difference: float
    passed: bool


@dataclass(frozen=True)
class VerifyReport:
    """What was replayed.

    ``arena_bytes`` is what the project gives the interpreter, ``smallest_arena`` what it needs on this computer, to
    a multiple of 16; None where the model did not run. ``problems`` are all reasons why the project is not right.
    """

    folder: Path
    runtime: str
    model_bytes: int
    model_sha256: str
    arena_bytes: int
    smallest_arena: int | None
    cases: tuple[CaseReport, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all is as it was made."""
        return not self.problems


@dataclass(frozen=True)
class _Case:
    name: str
    arrays: tuple[Array, ...]


_DTYPES = {ctype: dtype for dtype, ctype in CTYPES.items()}
_NUMBERS = {"true": 1, "false": 0, "NAN": np.nan, "INFINITY": np.inf, "-INFINITY": -np.inf, "INT64_MIN": -(2**63)}


def verify(folder: Path) -> VerifyReport:
    """Replay the golden cases of the microcontroller project in ``folder``.

    Raises:
        ConfigError: there is no such project, or its files are not as this tool writes them.
        MissingPackageError: TensorFlow Lite Micro's package is not installed.
    """
    core = _find_core(folder)
    source = _read(core / "model_data.cpp")
    data = read_c_array(source)
    if data is None:
        raise ConfigError("holds no array of hexadecimal bytes", where=core / "model_data.cpp", fix=_AGAIN)
    arena = int(_search(rb"kArenaBytes = (\d+);", _class_header(core), "kArenaBytes"))
    tolerance, cases = _read_tolerance(core / "golden_data.h"), _read_cases(core / "golden_data.cpp")
    problems = list(_model_problems(core, source, data))
    reports: tuple[CaseReport, ...] = ()
    runtime, smallest = "", None
    try:
        # Its metadata, if any, is not for the device, and its label files are not in the array.
        model = replace(parse_model(data, core / "model_data.cpp"), metadata_buffer=None)
        samples, expected = _samples(model, cases, core / "golden_data.cpp")
        goldens = build_goldens(annotated_model(model), samples, [Runtime.TFLITE_MICRO])
    except ModelError as error:
        problems.append(error.what)
    else:
        golden_set, smallest = goldens.sets[Runtime.TFLITE_MICRO], goldens.arena_bytes
        runtime = golden_set.runtime
        reports = tuple(
            _compare(case.name, case.outputs, outputs, tolerance)
            for case, outputs in zip(golden_set.cases, expected, strict=True)
        )
        failed = [report.name for report in reports if not report.passed]
        if failed:
            problems.append(f"another answer than the golden one in {', '.join(failed)}")
        if smallest is not None and arena < smallest:
            problems.append(f"the tensor arena has {arena} bytes, and {smallest} are needed on this computer")
    return VerifyReport(
        folder=folder,
        runtime=runtime,
        model_bytes=len(data),
        model_sha256=hashlib.sha256(data).hexdigest(),
        arena_bytes=arena,
        smallest_arena=smallest,
        cases=reports,
        problems=tuple(problems),
    )


_AGAIN = "Make the project again; --force replaces edited files."


def _find_core(folder: Path) -> Path:
    """The folder of the sources, which is another one for each platform."""
    if not folder.is_dir():
        raise ConfigError("no such folder", where=folder)
    found = [path.parent for path in folder.rglob("model_data.cpp") if (path.parent / "golden_data.cpp").is_file()]
    if not found:
        raise ConfigError(
            "holds no microcontroller project of this tool",
            where=folder,
            fix="Give the folder that holds the sketch, or src/ with model_data.cpp and golden_data.cpp.",
        )
    # A build folder deeper down may hold copies.
    return min(found, key=lambda path: (len(path.parts), path))


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path, fix=_AGAIN) from None


def _class_header(core: Path) -> Path:
    for path in sorted(core.glob("*.h")):
        if b"constexpr size_t kArenaBytes" in _read(path):
            return path
    raise ConfigError("holds no header with kArenaBytes", where=core, fix=_AGAIN)


def _search(pattern: bytes, path: Path, name: str) -> bytes:
    found = re.search(pattern, _read(path))
    if found is None:
        raise ConfigError(f"holds no {name} as this tool writes it", where=path, fix=_AGAIN)
    return found.group(1)


def _model_problems(core: Path, source: bytes, data: bytes) -> Iterator[str]:
    stated = _search(rb"SHA-256:\s+//\s+([0-9a-f]{64})", core / "model_data.h", "SHA-256").decode()
    if hashlib.sha256(data).hexdigest() != stated:
        yield "the array in model_data.cpp is not the one that was written: model_data.h states another SHA-256"
    size = re.search(rb"_model_size = (\d+);", source)
    if size is None or int(size.group(1)) != len(data):
        yield f"model_data.cpp holds {len(data)} bytes and states another size"
    beside = core / "model.tflite"
    if beside.is_file() and hashlib.sha256(_read(beside)).hexdigest() != stated:
        yield "model.tflite, which model_data.S includes, is not the model that model_data.h names"


def _read_tolerance(path: Path) -> Tolerance:
    """What the self-test allows; a project has a constant for the kinds of outputs that its model has."""
    text = _read(path)
    counts = re.search(rb"kToleranceCounts = (\d+);", text)
    absolute = re.search(rb"kToleranceAbsolute = ([-+.0-9e]+)f;", text)
    return Tolerance(int(counts.group(1)) if counts else 0, float(absolute.group(1)) if absolute else 0.0)


def _read_cases(path: Path) -> tuple[_Case, ...]:
    text = _read(path).decode("utf-8", "replace")
    names = re.findall(r'^ {8}"([a-z0-9_]+)",$', text, re.MULTILINE)
    arrays: dict[int, list[Array]] = {}
    for ctype, number, items in re.findall(r"^const (\w+) kCase(\d+)\w+\[\w+\] = \{([^}]*)\};", text, re.MULTILINE):
        try:
            arrays.setdefault(int(number), []).append(_parse(ctype, items))
        except (KeyError, ValueError, OverflowError):
            raise ConfigError(f"holds a broken array in case {number}", where=path, fix=_AGAIN) from None
    if not names or sorted(arrays) != list(range(len(names))):
        raise ConfigError("holds no golden cases as this tool writes them", where=path, fix=_AGAIN)
    return tuple(_Case(name, tuple(arrays[number])) for number, name in enumerate(names))


def _parse(ctype: str, items: str) -> Array:
    words = [word.strip() for word in items.split(",")]
    values: list[Any] = [
        _NUMBERS[word] if word in _NUMBERS else float(word[:-1]) if ctype == "float" else int(word)
        for word in words
        if word
    ]
    return np.array(values, dtype=_DTYPES[ctype])


def _samples(
    model: Model, cases: tuple[_Case, ...], path: Path
) -> tuple[tuple[Sample, ...], tuple[tuple[Array, ...], ...]]:
    """The cases' inputs in the model's shapes, and the outputs that are expected of them."""
    tensors = (*model.inputs, *model.outputs)
    samples, expected = [], []
    for case in cases:
        if [(array.dtype, array.size) for array in case.arrays] != [
            (np.dtype(tensor.dtype), tensor.size) for tensor in tensors
        ]:
            raise ConfigError(f"case {case.name} does not fit the model in model_data.cpp", where=path, fix=_AGAIN)
        shaped = tuple(array.reshape(tensor.shape) for array, tensor in zip(case.arrays, tensors, strict=True))
        samples.append(Sample(case.name, None, shaped[: len(model.inputs)]))
        expected.append(shaped[len(model.inputs) :])
    return tuple(samples), tuple(expected)


def _compare(name: str, actual: tuple[Array, ...], expected: tuple[Array, ...], tolerance: Tolerance) -> CaseReport:
    largest, passed = 0.0, True
    for got, wanted in zip(actual, expected, strict=True):
        is_float = got.dtype.kind == "f"
        wide = np.float64 if is_float else np.int64
        with np.errstate(invalid="ignore"):
            differences = np.abs(got.astype(wide) - wanted.astype(wide))
        # The same bits agree, also where they are no number; any other no-number is as far off as can be.
        same = (got == wanted) | (np.isnan(got) & np.isnan(wanted)) if is_float else got == wanted
        differences = np.where(same, 0, np.where(np.isnan(differences), np.inf, differences))
        difference = float(differences.max(initial=0))
        largest = max(largest, difference)
        passed = passed and difference <= (tolerance.absolute if is_float else tolerance.counts)
    return CaseReport(name, largest, passed)
