"""Replays the golden cases of a generated microcontroller project in TensorFlow Lite Micro on this computer.

It reads what would be compiled: the array in ``model_data.cpp``, the cases in ``golden_data.cpp``, the arena in the
class's header, and the front end, if there is one. So it finds what was edited or damaged after the project was made.
"""

from __future__ import annotations

import hashlib
import os
import re
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from packager.annotated import annotated_model
from packager.errors import ConfigError, ModelError, TargetError
from packager.finding import is_folder
from packager.golden import MeasuredArena, Sample, build_features, build_goldens
from packager.model import Model, Tensor, parse_model
from packager.reading import open_file
from packager.runtimes import Runtime, Tolerance, require
from packager.settings import FORCE
from packager.targets.micro.arena import need_of, share
from packager.targets.micro.c_array import read_c_array
from packager.targets.micro.frontend import features_input
from packager.targets.micro.ports import CTYPES
from packager.targets.micro.project import TARGET, stand_in_tolerance
from packager.targets.target import ETHOS_U_OPERATOR
from packager.tasks.features import FeaturesInput
from packager.tasks.kinds import Array


@dataclass(frozen=True)
class CaseReport:
    """One golden case: the largest difference of an output, in counts for integers."""

    name: str
    difference: float
    passed: bool


@dataclass(frozen=True)
class VerifyReport:
    """What was replayed.

    ``arena_bytes`` is what the project gives the interpreter on a 32-bit target, ``needed_arena`` what is enough
    there, None where that was not measured; ``smallest_arena`` is what it needs on this computer, to
    a multiple of 16; None where the model did not run, or not in TensorFlow Lite Micro. ``problems`` are all reasons
    why the project is not right.
    """

    folder: Path
    runtime: str
    model_bytes: int
    model_sha256: str
    arena_bytes: int
    smallest_arena: int | None
    needed_arena: int | None
    cases: tuple[CaseReport, ...]
    problems: tuple[str, ...]

    @property
    def is_stand_in(self) -> bool:
        """Whether LiteRT stood in for TensorFlow Lite Micro."""
        return bool(self.cases) and self.smallest_arena is None

    @property
    def passed(self) -> bool:
        """Whether all is as it was made."""
        return not self.problems


# A project is a stranger's: nothing in it is read that is much larger than what this tool writes. The array has 6.3
# times the bytes of the model, golden cases have up to 18 characters an item.
_LARGEST_ARRAY = 4 << 30
_LARGEST_GOLDEN = 1 << 30
_LARGEST_HEADER = 16 << 20
# Where the project is looked for: so many folders deep (this tool puts the sources two deep at most, and the folder
# of a build or of a repository may be given), and among so many files.
_DEEPEST = 6
_MOST_HEADERS = 1_000
_MOST_ENTRIES = 100_000

_DTYPES = {ctype: dtype for dtype, ctype in CTYPES.items()}
_NUMBERS = {
    b"true": 1,
    b"false": 0,
    b"INT64_MIN": -(2**63),
    b"NAN": np.nan,
    b"INFINITY": np.inf,
    b"-INFINITY": -np.inf,
}
# The longest literal is that of a float32, -1.17549435e-38f, or of INT64_MAX.
_LONGEST_LITERAL = 40


# One size, or that of a 64-bit computer and that of a 32-bit target.
_ARENA = rb"kArenaBytes =\s+(?:sizeof\(void\*\) > 4 \? \d{1,18} : )?(\d{1,18});"


def verify_all(folder: Path) -> tuple[VerifyReport, ...]:
    """Replay the golden cases of each model of the microcontroller project in ``folder``, as ``verify`` does."""
    return tuple(map(verify, _find_cores(folder)))


def verify(folder: Path) -> VerifyReport:
    """Replay the golden cases of the first model of the microcontroller project in ``folder``.

    Where the package of TensorFlow Lite Micro is not installed, LiteRT's reference kernels stand in for it: they
    leave the arena unchecked, and their answers may be further from the golden ones.

    Raises:
        ConfigError: there is no such project, or its files are not as this tool writes them.
        MissingPackageError: neither is installed.
        ModelError: what stands in refuses the model, and nothing else is wrong with it.
    """
    core = _find_cores(folder)[0]
    data, array_problems = _read_array(core, "model")
    has_frontend = (core / "frontend_data.cpp").exists()
    frontend_data, frontend_problems = _read_array(core, "frontend") if has_frontend else (b"", ())
    arena = int(_search(_ARENA, _class_header(core), "kArenaBytes"))
    tolerance = _read_tolerance(core / "golden_data.h")
    problems = [*array_problems, *frontend_problems]
    reports: tuple[CaseReport, ...] = ()
    runtime, smallest, need = "", None, None
    replaying, model = TARGET.golden_runtime, None
    try:
        # Its metadata, if any, is not for the device, and its label files are not in the array.
        model = replace(parse_model(data, core / "model_data.cpp"), metadata_buffer=None)
        if any(operator.name == ETHOS_U_OPERATOR for operator, _ in model.operators):
            raise ConfigError(
                f"holds a model for an Arm Ethos-U (operator {ETHOS_U_OPERATOR}), which nothing here runs",
                where=core / "model_data.cpp",
                fix="Build it with SELF_TEST, and the chip replays the golden cases.",
            )
        heard = _frontend(core, frontend_data, model) if has_frontend else None
        given = model.inputs if heard is None else (heard.clip.tensor,)
        # What a front end makes is expected of it, as outputs are.
        made = () if heard is None else model.inputs
        samples, expected = _read_cases(core / "golden_data.cpp", given, (*made, *model.outputs))
        frontend_arena = None
        if heard is not None:
            require(Runtime.TFLITE_MICRO, core / "frontend_data.cpp")
            samples, frontend_arena = build_features(heard, samples)
        goldens = build_goldens(annotated_model(model), samples, [replaying])
    except ModelError as error:
        if model is not None and replaying is TARGET.stand_in and not problems:
            # Where the sources are as they were written, that says nothing of the project.
            raise
        problems.append(error.what)
    else:
        golden_set, smallest = goldens.sets[replaying], goldens.arena_bytes
        runtime = golden_set.runtime
        if replaying is TARGET.stand_in:
            wider = stand_in_tolerance(model, golden_set)
            tolerance = Tolerance(max(tolerance.counts, wider.counts), max(tolerance.absolute, wider.absolute))
        reports = tuple(
            _compare(case.name, (*(case.inputs if has_frontend else ()), *case.outputs), outputs, tolerance)
            for case, outputs in zip(golden_set.cases, expected, strict=True)
        )
        failed = [report.name for report in reports if not report.passed]
        if failed:
            problems.append(f"the answer differs from the golden one in {', '.join(failed)}")
        use = goldens.arena_use
        if smallest is not None and frontend_arena is not None:
            both = share(MeasuredArena(smallest, use), frontend_arena)
            smallest, use = both.bytes, both.use
        need = None if smallest is None else need_of(smallest, use)
        if need is not None and arena < need.least:
            problems.append(f"the tensor arena has {arena} bytes, and a 32-bit target needs at least {need.least}")
    return VerifyReport(
        folder=folder,
        runtime=runtime,
        model_bytes=len(data),
        model_sha256=hashlib.sha256(data).hexdigest(),
        arena_bytes=arena,
        smallest_arena=smallest,
        needed_arena=None if need is None else need.bytes,
        cases=reports,
        problems=tuple(problems),
    )


_AGAIN = ("Make the project again; ", FORCE, " replaces edited files.")


def _find_cores(folder: Path) -> list[Path]:
    """The folder of the sources of each model; a build folder deeper down may hold copies."""
    if not is_folder(folder):
        raise ConfigError("no such folder", where=folder)
    level, seen = [folder], 0
    for _ in range(_DEEPEST + 1):
        cores = []
        for place in level:
            with suppress(PermissionError):
                if (place / "model_data.cpp").exists() and (place / "golden_data.cpp").exists():
                    cores.append(place)
        if cores:
            return cores
        below: list[Path] = []
        for place in level:
            # What may not be read holds nothing for us. Links are not followed: they may lead round in a circle.
            with suppress(PermissionError), os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_ENTRIES:
                        raise ConfigError(
                            f"holds no microcontroller project of this tool in its first {_MOST_ENTRIES:,} files",
                            where=folder,
                            fix="Give the folder of the project itself.",
                        )
                    if entry.is_dir(follow_symlinks=False):
                        below.append(place / entry.name)
        level = sorted(below)
    raise ConfigError(
        "holds no microcontroller project of this tool",
        where=folder,
        fix="Give the folder that holds the sketch, or src/ with model_data.cpp and golden_data.cpp.",
    )


def _read(path: Path, largest: int) -> bytes:
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= largest:
                return file.read()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path, fix=_AGAIN) from None
    raise ConfigError(f"has {size:,} bytes, more than this tool writes", where=path, fix=_AGAIN)


def _class_header(core: Path) -> Path:
    for path in sorted(core.glob("*.h"))[:_MOST_HEADERS]:
        # Others' headers may stand there too, and may be anything.
        with suppress(ConfigError):
            if b"constexpr size_t kArenaBytes" in _read(path, _LARGEST_HEADER):
                return path
    raise ConfigError("holds no header with kArenaBytes", where=core, fix=_AGAIN)


def _search(pattern: bytes, path: Path, name: str) -> bytes:
    found = re.search(pattern, _read(path, _LARGEST_HEADER))
    if found is None:
        raise ConfigError(f"holds no {name} as this tool writes it", where=path, fix=_AGAIN)
    return found.group(1)


def _read_array(core: Path, part: str) -> tuple[bytes, tuple[str, ...]]:
    """The model in ``PART_data.cpp``, and what is wrong with that."""
    path = core / f"{part}_data.cpp"
    source = _read(path, _LARGEST_ARRAY)
    data = read_c_array(source)
    if data is None:
        raise ConfigError("holds no array of hexadecimal bytes", where=path, fix=_AGAIN)
    return data, tuple(_array_problems(core, part, source, data))


def _array_problems(core: Path, part: str, source: bytes, data: bytes) -> Iterator[str]:
    stated = _search(rb"SHA-256:\s+//\s+([0-9a-f]{64})", core / f"{part}_data.h", "SHA-256").decode()
    if hashlib.sha256(data).hexdigest() != stated:
        yield f"the array in {part}_data.cpp is not the one that was written: {part}_data.h states another SHA-256"
    size = re.search(rf"_{part}_size = (\d{{1,18}});".encode(), source)
    if size is None or int(size.group(1)) != len(data):
        yield f"{part}_data.cpp holds {len(data)} bytes and states another size"
    beside = core / f"{part}.tflite"
    if beside.exists() and not _has_hash(beside, stated, len(data)):
        yield f"{part}.tflite, which {part}_data.S includes, is not the model that {part}_data.h names"


def _frontend(core: Path, data: bytes, model: Model) -> FeaturesInput:
    """The front end of a project, whose numbers are in ``input.h``.

    Raises:
        ConfigError: they are not there, or it does not fit the model.
        ModelError: its array is no model.
    """
    frontend = parse_model(data, core / "frontend_data.cpp")
    header = core / "input.h"
    rate, stride = (
        int(_search(rb"%b = (\d{1,9});" % name, header, name.decode())) for name in (b"kSampleRate", b"kStride")
    )
    try:
        return features_input(model, frontend, rate, stride)
    except (ConfigError, TargetError) as error:
        raise ConfigError(error.what, where=core / "frontend_data.cpp", fix=_AGAIN) from None


def _has_hash(path: Path, sha256: str, size: int) -> bool:
    """Whether the file has that hash; one of another size than ``size`` is not read."""
    if path.stat().st_size != size:
        return False
    return hashlib.sha256(_read(path, size)).hexdigest() == sha256


def _read_tolerance(path: Path) -> Tolerance:
    """What the self-test allows; a project has a constant for the kinds of outputs that its model has."""
    text = _read(path, _LARGEST_HEADER)

    def find(name: bytes, number: bytes) -> float:
        found = re.search(name + rb" = (" + number + rb");", text)
        if found is None and name in text:
            raise ConfigError(f"holds no {name.decode()} as this tool writes it", where=path, fix=_AGAIN)
        return 0.0 if found is None else float(found.group(1).removesuffix(b"f"))

    absolute = find(b"kToleranceAbsolute", rb"\d{1,18}(?:\.\d{1,18})?(?:e[-+]?\d{1,3})?f")
    return Tolerance(int(find(b"kToleranceCounts", rb"\d{1,9}")), absolute)


# Bounded repeats, so that no text makes them try one split after another.
_CASE_NAME = re.compile(rb'^ {8}"([a-z0-9_]{1,200})",$', re.MULTILINE)
_CASE_ARRAY = re.compile(rb"^const (\w{1,20}) kCase(\d{1,9})\w{1,200}\[\w{1,200}\] = \{", re.MULTILINE)


def _read_cases(
    path: Path, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> tuple[tuple[Sample, ...], tuple[tuple[Array, ...], ...]]:
    """The cases' inputs, and the outputs that are expected of them, in the shapes of these tensors."""
    text = _read(path, _LARGEST_GOLDEN)
    names = [name.decode() for name in _CASE_NAME.findall(text)]
    tensors = (*inputs, *outputs)
    cases: list[list[Array]] = [[] for _ in names]
    position = 0
    while (head := _CASE_ARRAY.search(text, position)) is not None:
        number, position = int(head.group(2)), text.find(b"};", head.end())
        if position < 0:
            raise ConfigError(f"holds a broken array in case {number}", where=path, fix=_AGAIN)
        if number >= len(names):
            raise ConfigError("holds no golden cases as this tool writes them", where=path, fix=_AGAIN)
        case = cases[number]
        if len(case) == len(tensors):
            raise _misfit(names[number], path)
        tensor = tensors[len(case)]
        if _DTYPES.get(head.group(1).decode()) != tensor.dtype:
            raise _misfit(names[number], path)
        try:
            array = _parse(text, head.end(), position, tensor)
        except (ValueError, OverflowError):
            raise ConfigError(f"holds a broken array in case {number}", where=path, fix=_AGAIN) from None
        if array is None:
            raise _misfit(names[number], path)
        case.append(array)
    if not names or [] in cases:
        raise ConfigError("holds no golden cases as this tool writes them", where=path, fix=_AGAIN)
    for name, case in zip(names, cases, strict=True):
        if len(case) != len(tensors):
            raise _misfit(name, path)
    count = len(inputs)
    samples = (Sample(name, None, tuple(case[:count])) for name, case in zip(names, cases, strict=True))
    return tuple(samples), tuple(tuple(case[count:]) for case in cases)


def _misfit(name: str, path: Path) -> ConfigError:
    return ConfigError(f"case {name} does not fit the model in model_data.cpp", where=path, fix=_AGAIN)


def _parse(text: bytes, start: int, end: int, tensor: Tensor) -> Array | None:
    """The items between ``start`` and ``end`` in the tensor's shape; None where there are not as many as it has.

    Raises:
        ValueError: an item is no number, OverflowError: or one beyond the type.
    """
    dtype = np.dtype(tensor.dtype)
    # One item after another: as a list of Python's numbers they would take twenty times their own size.
    items = array("B" if dtype.kind == "b" else dtype.char)
    for found in re.compile(rb"[^,\s]+").finditer(text, start, end):
        if len(items) == tensor.size or found.end() - found.start() > _LONGEST_LITERAL:
            return None
        items.append(_number(found.group(), dtype))
    if len(items) != tensor.size:
        return None
    return np.array(items, dtype).reshape(tensor.shape)


def _number(word: bytes, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        return _NUMBERS[word] if word in _NUMBERS else float(word.removesuffix(b"f"))
    return _NUMBERS[word] if word in (b"true", b"false", b"INT64_MIN") else int(word)


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
