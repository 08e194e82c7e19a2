"""Golden cases: sample inputs and the answers that the real runtimes give to them.

Each generated project carries them and a self-test that replays them. Runtimes disagree by some counts on
quantized models, so each project's answers come from the runtime that will run it, and the tolerance is stated
beside them.
"""

from __future__ import annotations

import io
import json
import math
import os
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, ImageOps

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, MissingPackageError, ModelError, PackagerError
from packager.isolation import Failure, Outcome, run_isolated
from packager.model import Model, Tensor
from packager.model.operators import TENSOR_TYPE_BITS
from packager.naming import SnakeName, unique
from packager.preprocessing import input_tensor, quantize
from packager.reading import open_file
from packager.runtimes import GOLDEN_LIMIT, GOLDEN_LIMIT_SETTING, Runtime, Tolerance
from packager.settings import Example, Text

Array = np.ndarray[Any, Any]

# Seconds that a child process may take for all its cases, and seconds of CPU time.
TIME_LIMIT = 300
CPU_LIMIT = 300
# Cases made up where no samples are given, and the pixels of the long side of a picture that goes into a project.
RANDOM_CASES = 3
LONGEST_SIDE = 512
ANSWERS = 3
# Items of an input beyond which its shape is taken for a damaged one, whatever the limit on golden cases.
_LARGEST_INPUT = 1 << 34
# Bytes of tensor arena that are tried; no microcontroller comes near it.
LARGEST_ARENA = 1 << 30


@dataclass(frozen=True)
class Sample:
    """One input of a golden case: ``inputs`` are ready tensors, ``picture`` the PNG that the first came from."""

    name: str
    picture: bytes | None = field(repr=False)
    inputs: tuple[Array, ...] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """One line of a classification, ``score`` in real numbers."""

    label: str
    index: int
    score: float


@dataclass(frozen=True)
class GoldenCase:
    """A sample with the raw output tensors of the runtime; ``answers`` best first, empty for plain tensors."""

    name: str
    picture: bytes | None = field(repr=False)
    inputs: tuple[Array, ...] = field(repr=False)
    outputs: tuple[Array, ...] = field(repr=False)
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class GoldenSet:
    """The golden cases of one runtime; ``runtime`` names package and version."""

    runtime: str
    cases: tuple[GoldenCase, ...]


@dataclass(frozen=True)
class Goldens:
    """What ``build_goldens`` measured: a set for each runtime asked for, and TFLite Micro's smallest arena.

    ``arena_bytes`` is a multiple of 16 and has no margin; None where TFLite Micro was not asked for.
    """

    sets: dict[Runtime, GoldenSet]
    arena_bytes: int | None


# --- samples ----------------------------------------


def read_samples(
    annotated: AnnotatedModel, paths: Sequence[Path], *, limit: int = GOLDEN_LIMIT
) -> tuple[Sample, ...]:
    """Sample inputs from files; seeded random ones where ``paths`` is empty.

    A picture (anything Pillow reads) suits an image classifier. ``.npy`` holds the tensor of a model with one
    input, ``.npz`` one array an input under the input's name: arrays of the tensor's own dtype go in as they are,
    float arrays for a quantized input hold real values and are quantized. ``limit`` is how many megabytes the tensors
    of all samples may take together.

    Raises:
        ConfigError: a file is missing, is of no such kind, or does not fit the model, or all are beyond ``limit``.
        ModelError: the model's inputs are of a type or shape for which there are no samples.
    """
    bytes_each = sum(_input_bytes(port.tensor) for port in annotated.inputs)
    _check_budget("inputs", bytes_each, len(paths) or RANDOM_CASES, limit, annotated.model.path)
    if not paths:
        return _random_samples(annotated)
    names = unique([SnakeName.of(path.stem) for path in paths])
    return tuple(_read_sample(annotated, path, name) for path, name in zip(paths, names, strict=True))


def _check_budget(side: str, bytes_each: int, cases: int, limit: int, path: Path) -> None:
    """Refuse golden cases that take too much memory and disk, before any is made."""
    if limit < 1:
        raise ConfigError((GOLDEN_LIMIT_SETTING, " is not a whole number from 1 up"), about=GOLDEN_LIMIT_SETTING)
    total = bytes_each * cases
    if total > limit << 20:
        raise ConfigError(
            f"the {side} of {cases} golden cases take {-(-total >> 20):,} MB, and the limit is {limit:,} MB",
            where=path,
            fix=_fewer(-(-total >> 20)),
        )


def _fewer(megabytes: int) -> Text:
    return "Give fewer golden samples, or raise the limit: ", Example.of((GOLDEN_LIMIT_SETTING, megabytes))


def _read_sample(annotated: AnnotatedModel, path: Path, name: str) -> Sample:
    try:
        loaded = _load_arrays(annotated, path) if path.suffix in (".npy", ".npz") else _load_picture(path)
    except FileNotFoundError:
        raise ConfigError("no such golden sample", where=path) from None
    except PackagerError:
        raise
    except Exception as error:  # on a damaged file, NumPy and Pillow raise whatever happens to go wrong
        what = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise ConfigError(f"cannot be read as a golden sample: {what}", where=path) from None
    if not isinstance(loaded, Image.Image):
        tensors = tuple(_fit(array, port, path) for array, port in zip(loaded, annotated.inputs, strict=True))
        return Sample(name, None, tensors)
    if annotated.image is None:
        raise ConfigError(
            f"is a picture, and the model's task is {annotated.task}",
            where=path,
            fix="Give .npy samples, or attach the metadata of an image classifier to the model.",
        )
    if loaded.mode in ("I", "F"):
        raise ConfigError("has pixels of 32 bits", where=path, fix="Save it with 8 bits a channel.")
    return picture_sample(annotated, name, loaded)


def _load_picture(path: Path) -> Image.Image:
    with warnings.catch_warnings(), open_file(path) as file, Image.open(file) as opened:
        warnings.simplefilter("ignore")
        # Cameras store pictures turned and say so; the generated code turns them upright too.
        picture = ImageOps.exif_transpose(opened)
        picture.load()
    # Transparency is left out; Pillow warns of one that it cannot carry over.
    picture.info.pop("transparency", None)
    if picture.mode.startswith("I;16"):
        # Pillow would clip these to 255 rather than scale them.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture


def _load_arrays(annotated: AnnotatedModel, path: Path) -> list[Array]:
    """The array of an .npy, or those of an .npz, in the order of the inputs, of their sizes and of plain numbers."""
    with open_file(path) as file:
        if file.read(4) != b"PK\x03\x04":
            if len(annotated.inputs) != 1:
                raise ConfigError(
                    f"holds one array, and the model has {len(annotated.inputs)} inputs",
                    where=path,
                    fix="Save an .npz with an array for each: " + ", ".join(port.name for port in annotated.inputs),
                )
            return [_load_array(lambda: file, annotated.inputs[0], path)]
        with zipfile.ZipFile(file) as archive:
            return [_load_entry(archive, port, annotated, path) for port in annotated.inputs]


def _load_entry(archive: zipfile.ZipFile, port: Port, annotated: AnnotatedModel, path: Path) -> Array:
    entry = f"{port.name}.npy"
    if entry not in archive.namelist():
        raise ConfigError(
            f"has no array {port.name!r}",
            where=path,
            fix="The model's inputs are: " + ", ".join(port.name for port in annotated.inputs),
        )
    if archive.getinfo(entry).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks other methods without a bound.
        raise ConfigError(
            f"its array {port.name!r} is packed in an unusual way", where=path, fix="Save it by np.savez."
        )
    return _load_array(lambda: archive.open(entry), port, path)


def _load_array(open_: Callable[[], IO[bytes]], port: Port, path: Path) -> Array:
    """One array, whose header is believed only where it says what the input takes."""
    stream = open_()
    stream.seek(0)
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    if version not in _HEADERS:
        raise ConfigError("is an .npy of records, not of numbers", where=path)
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ConfigError("holds Python objects, not numbers", where=path, fix="Save an array of numbers by np.save.")
    if dtype.kind not in "biufc":
        raise _wrong_type(dtype, port, path)
    if math.prod(shape) != port.tensor.size:
        raise ConfigError(
            f"holds an array of {list(shape)} for input {port.name!r} of {list(port.tensor.shape)}", where=path
        )
    stream = open_()
    stream.seek(0)
    array: Array = np.lib.format.read_array(stream, allow_pickle=False)  # type: ignore[no-untyped-call]
    return array


_HEADERS: dict[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _fit(array: Array, port: Port, path: Path) -> Array:
    tensor = port.tensor
    if array.dtype == tensor.dtype:
        fitted = array
    elif array.dtype.kind == "f" and tensor.is_quantized and np.isfinite(array).all():
        assert tensor.quantization is not None
        fitted = quantize(array.astype(np.float64), tensor.quantization, tensor.dtype)
    else:
        cast = _cast(array, tensor.dtype, path)
        if cast is None:
            raise _wrong_type(array.dtype, port, path)
        fitted = cast
    return np.ascontiguousarray(fitted.reshape(tensor.shape))


def _wrong_type(dtype: np.dtype[Any], port: Port, path: Path) -> ConfigError:
    tensor = port.tensor
    return ConfigError(
        f"holds {dtype}, and input {port.name!r} is {tensor.dtype}",
        where=path,
        fix=f"Save it as {tensor.dtype}" + (", or real values as float32." if tensor.is_quantized else "."),
    )


def _cast(array: Array, dtype: str, path: Path) -> Array | None:
    """``array`` as ``dtype`` where that keeps its values: integers exactly, floats to ``dtype``'s precision."""
    is_float = np.dtype(dtype).kind == "f"
    if array.dtype.kind not in ("biuf" if is_float else "biu"):
        return None
    with np.errstate(over="ignore"):
        cast: Array = array.astype(dtype)
    is_kept = np.isfinite(cast) == np.isfinite(array) if is_float else cast == array
    if not is_kept.all():
        raise ConfigError(f"holds {array[~is_kept].flat[0]}, which is beyond {dtype}", where=path)
    return cast


def picture_sample(annotated: AnnotatedModel, name: str, picture: Image.Image) -> Sample:
    """A picture as a golden sample: PNG, because JPEG decoders differ, and at most 512 pixels long."""
    image = annotated.image
    assert image is not None
    plain = picture.convert("L" if image.channels == 1 else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    # Phones convert a picture that names its color space, and the input tensor would be another one.
    plain.save(png, "PNG", optimize=True, icc_profile=None)
    return Sample(name, png.getvalue(), (input_tensor(plain, image),))


def _random_samples(annotated: AnnotatedModel) -> tuple[Sample, ...]:
    generator = np.random.default_rng(0)
    samples = []
    for number in range(RANDOM_CASES):
        name = f"random_{number}"
        if annotated.image is not None:
            # Not of the input's own size, so that the resize is tested too.
            size = (annotated.image.height + 13 * number, annotated.image.width * 3 // 2 - 7 * number)
            pixels = generator.integers(0, 256, (*(max(1, side) for side in size), 3), dtype=np.uint8)
            samples.append(picture_sample(annotated, name, Image.fromarray(pixels)))
        else:
            tensors = tuple(_random_tensor(generator, port) for port in annotated.inputs)
            samples.append(Sample(name, None, tensors))
    return tuple(samples)


def _random_tensor(generator: np.random.Generator, port: Port) -> Array:
    tensor, bounds = port.tensor, (*port.metadata.minimum, *port.metadata.maximum)
    is_bounded = len(port.metadata.minimum) == 1 and len(bounds) == 2 and -np.inf < bounds[0] <= bounds[1] < np.inf
    low, high = bounds if is_bounded else (-1.0, 1.0)
    dtype = np.dtype(tensor.dtype)
    if dtype.kind == "f":
        return generator.uniform(low, high, tensor.shape).astype(dtype)
    if dtype.kind == "b":
        return generator.integers(0, 2, tensor.shape).astype(dtype)
    limits = np.iinfo(dtype)
    if tensor.is_quantized:
        if is_bounded and tensor.quantization is not None:
            return quantize(generator.uniform(low, high, tensor.shape), tensor.quantization, tensor.dtype)
        return generator.integers(limits.min, limits.max, tensor.shape, dtype=dtype, endpoint=True)
    # Plain integers are mostly indices (token ids), and one beyond the table is an error in every runtime.
    first, last = (min(max(int(bound), limits.min), limits.max) for bound in ((low, high) if is_bounded else (0, 9)))
    return generator.integers(first, last, tensor.shape, dtype, endpoint=True)


def _input_bytes(tensor: Tensor) -> int:
    """The bytes of one input; ModelError where there are no samples of its type or shape."""
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "biuf":
        raise ModelError(f"its input {tensor.name!r} is of {tensor.dtype}, for which there are no samples")
    if tensor.is_dynamic:
        raise ModelError(
            f"its input {tensor.name!r} has the open shape {list(tensor.shape_signature)}",
            fix="Convert it with a fixed shape.",
        )
    if min(tensor.shape, default=1) < 1 or tensor.size > _LARGEST_INPUT:
        raise ModelError(f"its input {tensor.name!r} has the shape {list(tensor.shape)}, which no sample can have")
    return tensor.size * dtype.itemsize


# --- answers ----------------------------------------


def build_goldens(
    annotated: AnnotatedModel, samples: Sequence[Sample], runtimes: Sequence[Runtime], *, limit: int = GOLDEN_LIMIT
) -> Goldens:
    """Run ``samples`` on each of ``runtimes``; LiteRT and TFLite Micro each in a child process of its own.

    ``limit`` is how many megabytes the outputs of all samples may take together.

    Raises:
        ConfigError: the outputs are beyond ``limit``.
        MissingPackageError: the runtime's package is not installed.
        ModelError: the runtime refuses the model, dies from it, or takes longer than TIME_LIMIT.
    """
    for port in annotated.inputs:
        _input_bytes(port.tensor)
    # Of some outputs the file tells no shape; those are counted as they come.
    known = sum(_output_bytes(port.tensor) for port in annotated.outputs)
    _check_budget("outputs", known, len(samples), limit, annotated.model.path)
    groups = (
        [runtime for runtime in runtimes if runtime is not Runtime.TFLITE_MICRO],
        [runtime for runtime in runtimes if runtime is Runtime.TFLITE_MICRO],
    )
    sets: dict[Runtime, GoldenSet] = {}
    arena = None
    for group in groups:
        if not group:
            continue
        result, outputs = _run_child(annotated.model, samples, group, limit << 20)
        arena = result.get("arena_bytes", arena)
        for runtime in group:
            cases = tuple(
                _case(annotated, sample, tensors) for sample, tensors in zip(samples, outputs[runtime], strict=True)
            )
            sets[runtime] = GoldenSet(result[runtime], cases)
    return Goldens(sets, arena)


def _output_bytes(tensor: Tensor) -> int:
    return max(tensor.size, 0) * TENSOR_TYPE_BITS.get(tensor.dtype, 0) // 8


def _case(annotated: AnnotatedModel, sample: Sample, outputs: tuple[Array, ...]) -> GoldenCase:
    for port, tensor in zip(annotated.outputs, outputs, strict=True):
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            # No tolerance tells one such answer from another, and JSON has no word for them.
            raise ModelError(
                f"its output {port.name!r} is infinite or not a number for the golden sample {sample.name!r}",
                where=annotated.model.path,
                fix="Give golden samples of your own, of values that the model was made for.",
            )
    return GoldenCase(sample.name, sample.picture, sample.inputs, outputs, answers(annotated, outputs))


def answers(annotated: AnnotatedModel, outputs: Sequence[Array], count: int = ANSWERS) -> tuple[Answer, ...]:
    """The ``count`` best classes of a classifier's output, best first, the lower index first among equals."""
    if not annotated.is_classifier:
        return ()
    scores = real_values(outputs[0].reshape(-1), annotated.outputs[0].tensor)
    best = np.argsort(-scores, kind="stable")[:count]
    return tuple(Answer(annotated.labels[index], int(index), float(scores[index])) for index in best)


def real_values(values: Array, tensor: Tensor) -> Array:
    """``scale * (q - zero_point)`` as float32; floats as they are."""
    if tensor.quantization is None or not tensor.is_quantized:
        return values.astype(np.float32)
    steps = values.astype(np.float32) - np.float32(tensor.quantization.zero_point)
    real: Array = steps * np.float32(tensor.quantization.scale)
    return real


_PACKAGES = {"tflite-micro": ("tflite_micro", "Linux on x86-64"), "ai-edge-litert": ("ai_edge_litert", "")}


def _require(package: str, path: Path) -> None:
    module, platforms = _PACKAGES[package]
    if find_spec(module) is None:
        where = f"It has wheels for {platforms} only." if platforms else "Intel Macs have no wheels of it."
        raise MissingPackageError(
            f"computing golden cases needs the package {package}, which is not installed",
            where=path,
            fix=f"pip install {package}. {where}",
        )


def _run_child(
    model: Model, samples: Sequence[Sample], runtimes: Sequence[Runtime], limit: int
) -> tuple[Mapping[str, Any], dict[Runtime, list[tuple[Array, ...]]]]:
    micro = runtimes[0] is Runtime.TFLITE_MICRO
    title = "TensorFlow Lite Micro" if micro else "LiteRT"
    _require("tflite-micro" if micro else "ai-edge-litert", model.path)
    job = {
        "runtimes": list(runtimes),
        "cases": len(samples),
        "inputs": len(model.inputs),
        "outputs": len(model.outputs),
        "arena_limit": _arena_limit(model),
    }
    memory = _memory_limit(model, limit)
    outcome = run_isolated(
        job,
        model.data,
        [tensor for sample in samples for tensor in sample.inputs],
        seconds=TIME_LIMIT,
        cpu_seconds=CPU_LIMIT,
        memory_bytes=memory,
        output_limit=limit * len(runtimes),
    )
    if outcome.failure is not None:
        what, fix = _explain(outcome, title, memory, limit)
        raise ModelError(what, where=model.path, fix=fix)
    tensors = iter(outcome.tensors)
    outputs = {runtime: [tuple(next(tensors) for _ in model.outputs) for _ in samples] for runtime in runtimes}
    return outcome.result, outputs


def _explain(outcome: Outcome, title: str, memory: int, limit: int) -> tuple[str, Text | None]:
    """What went wrong in the child process, and what to do."""
    device = "It would do so on the device too: look for the operator that does it, or make its input smaller."
    match outcome.failure:
        case Failure.RUNTIME if not outcome.result["message"]:
            # What LiteRT says where an allocation fails.
            return (
                f"{title} cannot run it and gives no reason; mostly {memory >> 20:,} MB of memory are too few",
                device,
            )
        case Failure.RUNTIME:
            return f"{title} cannot run it: {_reason(outcome.result['message'], outcome.printed)}", None
        case Failure.TIME:
            return f"{title} ran it for {TIME_LIMIT} s without an answer", device
        case Failure.CPU:
            return f"{title} ran it for {CPU_LIMIT} s of CPU time without an answer", device
        case Failure.MEMORY:
            return f"{title} needs more than {memory >> 20:,} MB of memory to run it", device
        case Failure.OUTPUT:
            return f"its outputs for all golden cases take more than {limit >> 20:,} MB", _fewer(limit >> 19)
        case Failure.DAMAGED:
            # Its answers are worth nothing.
            return f"{title} damaged its memory while it ran the model ({outcome.how})", None
        case _:
            return (
                f"{title} died while it ran the model ({outcome.how})",
                "The model, or an operator in it, crashes this runtime; it would do so on the device too.",
            )


def _memory_limit(model: Model, limit: int) -> int:
    """Bytes of address space for the child: far more than a model of its size needs, and not more than there is."""
    enough = (4 << 30) + 8 * (len(model.data) + limit)
    try:
        return min(enough, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # Windows
        return enough


def _arena_limit(model: Model) -> int:
    # Every tensor at once and 1 KB of bookkeeping for each is more than a planner ever needs.
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    enough = (
        2 * sum(8 * max(tensor.size, 1) for tensor in tensors if not tensor.constant_bytes)
        + 1024 * len(tensors)
        + (1 << 20)
    )
    return min(enough, LARGEST_ARENA)


def _reason(message: str, printed: str) -> str:
    # LiteRT lists every tensor that it dislikes; the first one tells enough.
    message = " ".join(message.split())
    message = message if len(message) <= 300 else message[:300] + "…"
    # TFLite Micro's exception says only that it failed; the reason stands on stderr.
    lines = (line.strip() for line in printed.splitlines())
    told = [line for line in lines if line and not line.startswith(("INFO:", "WARNING:"))]
    return f"{message} ({told[0]})" if told and "TFLM" in message else message


# --- in a project ----------------------------------------


def litert_tolerance(model: Model, goldens: GoldenSet) -> Tolerance:
    """How far LiteRT's answers on a device may be from the golden ones.

    LiteRT's own kernels and XNNPACK's, on x86-64 and on Arm, each round quantized layers in their own way, and what
    they differ by grows from layer to layer. Measured with LiteRT 2.3.0 and TensorFlow Lite 2.16.1, with and without
    XNNPACK: up to 11 counts in nets of up to 9 quantized operators (digits over 1,000 pictures, hello_world, an
    LSTM), up to 22 in those of 31 and more (MobileNet v1 and v2, YAMNet). Floats differed by 5e-5 where outputs go up
    to 19 (DeepLab); behind quantized layers they are as coarse as these, 256 steps over their range.
    """
    counts = 12 if model.quantized_operators <= 16 else 24
    floats = (tensor for case in goldens.cases for tensor in case.outputs if tensor.dtype.kind == "f" and tensor.size)
    largest = max([1.0, *(float(np.abs(tensor).max()) for tensor in floats)])
    return Tolerance(counts, float(f"{largest * (counts / 256 if model.quantized_operators else 1e-4):.3g}"))


def golden_files(goldens: GoldenSet, tolerance: Tolerance) -> dict[str, bytes]:
    """The cases as files that any language reads.

    ``cases.json`` names for each case its ``picture`` (PNG, or null), its ``inputs`` and ``outputs`` (files of raw
    little-endian items in the tensor's dtype, C order) and its ``answers``.
    """
    files: dict[str, bytes] = {}
    cases = []
    for case in goldens.cases:
        entry: dict[str, Any] = {"name": case.name, "picture": None, "inputs": [], "outputs": []}
        if case.picture is not None:
            entry["picture"] = f"{case.name}.png"
            files[entry["picture"]] = case.picture
        for side, tensors in (("inputs", case.inputs), ("outputs", case.outputs)):
            for index, tensor in enumerate(tensors):
                path = f"{case.name}.{side.removesuffix('s')}{index}.bin"
                files[path] = tensor.astype(tensor.dtype.newbyteorder("<")).tobytes()
                entry[side].append(path)
        entry["answers"] = [
            {"label": answer.label, "index": answer.index, "score": answer.score} for answer in case.answers
        ]
        cases.append(entry)
    document = {
        "runtime": goldens.runtime,
        "tolerance": {"counts": tolerance.counts, "absolute": tolerance.absolute},
        "cases": cases,
    }
    files["cases.json"] = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    return files
