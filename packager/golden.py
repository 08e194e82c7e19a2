"""Golden cases: sample inputs and the answers that the real runtimes give to them.

Each generated project carries them and a self-test that replays them. Runtimes disagree by some counts on
quantized models, so each project's answers come from the runtime that will run it, and the tolerance is stated
beside them.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, MissingPackageError, ModelError
from packager.model import Model, Tensor
from packager.naming import SnakeName, unique
from packager.preprocessing import input_tensor, quantize
from packager.reading import open_file
from packager.runtimes import Runtime, Tolerance

Array = np.ndarray[Any, Any]

# Seconds that a child process may take for all its cases.
TIME_LIMIT = 300
# Cases made up where no samples are given, and the pixels of the long side of a picture that goes into a project.
RANDOM_CASES = 3
LONGEST_SIDE = 512
ANSWERS = 3
# Bytes that an input may take; more is a damaged shape, or a model for which random samples make no sense.
LARGEST_INPUT = 1 << 30


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


def read_samples(annotated: AnnotatedModel, paths: Sequence[Path]) -> tuple[Sample, ...]:
    """Sample inputs from files; seeded random ones where ``paths`` is empty.

    A picture (anything Pillow reads) suits an image classifier. ``.npy`` holds the tensor of a model with one
    input, ``.npz`` one array an input under the input's name: arrays of the tensor's own dtype go in as they are,
    float arrays for a quantized input hold real values and are quantized.

    Raises:
        ConfigError: a file is missing, is of no such kind, or does not fit the model.
        ModelError: the model's inputs are of a type or shape for which there are no samples.
    """
    for port in annotated.inputs:
        _check_input(port.tensor)
    if not paths:
        return _random_samples(annotated)
    names = unique([SnakeName.of(path.stem) for path in paths])
    return tuple(_read_sample(annotated, path, name) for path, name in zip(paths, names, strict=True))


def _read_sample(annotated: AnnotatedModel, path: Path, name: str) -> Sample:
    try:
        loaded = _load_arrays(path) if path.suffix in (".npy", ".npz") else _load_picture(path)
    except FileNotFoundError:
        raise ConfigError("no such golden sample", where=path) from None
    except Exception as error:  # on a damaged file, NumPy and Pillow raise whatever happens to go wrong
        what = str(error) or type(error).__name__
        raise ConfigError(f"cannot be read as a golden sample: {what}", where=path) from None
    if not isinstance(loaded, Image.Image):
        arrays = _arrays_of_inputs(annotated, loaded, path)
        tensors = tuple(_fit(array, port, path) for array, port in zip(arrays, annotated.inputs, strict=True))
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


def _load_arrays(path: Path) -> Array | dict[str, Array]:
    """The array of an .npy; those of an .npz by name."""
    with open_file(path) as file:
        loaded = np.load(file, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}


def _arrays_of_inputs(annotated: AnnotatedModel, loaded: Array | dict[str, Array], path: Path) -> list[Array]:
    if not isinstance(loaded, dict):
        if len(annotated.inputs) == 1:
            return [loaded]
        raise ConfigError(
            f"holds one array, and the model has {len(annotated.inputs)} inputs",
            where=path,
            fix="Save an .npz with an array for each: " + ", ".join(port.name for port in annotated.inputs),
        )
    missing = [port.name for port in annotated.inputs if port.name not in loaded]
    if missing:
        raise ConfigError(
            f"has no array {missing[0]!r}",
            where=path,
            fix="The model's inputs are: " + ", ".join(port.name for port in annotated.inputs),
        )
    return [loaded[port.name] for port in annotated.inputs]


def _fit(array: Array, port: Port, path: Path) -> Array:
    tensor = port.tensor
    if array.size != tensor.size:
        raise ConfigError(
            f"holds an array of {list(array.shape)} for input {port.name!r} of {list(tensor.shape)}", where=path
        )
    if array.dtype == tensor.dtype:
        fitted = array
    elif array.dtype.kind == "f" and tensor.is_quantized and np.isfinite(array).all():
        assert tensor.quantization is not None
        fitted = quantize(array.astype(np.float64), tensor.quantization, tensor.dtype)
    else:
        cast = _cast(array, tensor.dtype, path)
        if cast is None:
            raise ConfigError(
                f"holds {array.dtype}, and input {port.name!r} is {tensor.dtype}",
                where=path,
                fix=f"Save it as {tensor.dtype}" + (", or real values as float32." if tensor.is_quantized else "."),
            )
        fitted = cast
    return np.ascontiguousarray(fitted.reshape(tensor.shape))


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


def _check_input(tensor: Tensor) -> None:
    try:
        item_bytes = np.dtype(tensor.dtype).itemsize
    except TypeError:
        raise ModelError(f"its input {tensor.name!r} is of {tensor.dtype}, for which there are no samples") from None
    if tensor.is_dynamic:
        raise ModelError(
            f"its input {tensor.name!r} has the open shape {list(tensor.shape_signature)}",
            fix="Convert it with a fixed shape.",
        )
    if min(tensor.shape, default=1) < 1 or tensor.size * item_bytes > LARGEST_INPUT:
        raise ModelError(f"its input {tensor.name!r} has the shape {list(tensor.shape)}, which no sample can have")


# --- answers ----------------------------------------


def build_goldens(annotated: AnnotatedModel, samples: Sequence[Sample], runtimes: Sequence[Runtime]) -> Goldens:
    """Run ``samples`` on each of ``runtimes``; LiteRT and TFLite Micro each in a child process of its own.

    Raises:
        MissingPackageError: the runtime's package is not installed.
        ModelError: the runtime refuses the model, dies from it, or takes longer than TIME_LIMIT.
    """
    for port in annotated.inputs:
        _check_input(port.tensor)
    groups = (
        [runtime for runtime in runtimes if runtime is not Runtime.TFLITE_MICRO],
        [runtime for runtime in runtimes if runtime is Runtime.TFLITE_MICRO],
    )
    sets: dict[Runtime, GoldenSet] = {}
    arena = None
    for group in groups:
        if not group:
            continue
        result, outputs = _run_child(annotated.model, samples, group)
        arena = result.get("arena_bytes", arena)
        for runtime in group:
            cases = tuple(
                _case(annotated, sample, tensors) for sample, tensors in zip(samples, outputs[runtime], strict=True)
            )
            sets[runtime] = GoldenSet(result[runtime], cases)
    return Goldens(sets, arena)


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
    model: Model, samples: Sequence[Sample], runtimes: Sequence[Runtime]
) -> tuple[dict[str, Any], dict[Runtime, list[tuple[Array, ...]]]]:
    micro = runtimes[0] is Runtime.TFLITE_MICRO
    title = "TensorFlow Lite Micro" if micro else "LiteRT"
    _require("tflite-micro" if micro else "ai-edge-litert", model.path)
    with tempfile.TemporaryDirectory(prefix="packager-") as name:
        folder = Path(name)
        job = {
            "runtimes": list(runtimes),
            "cases": len(samples),
            "inputs": len(model.inputs),
            "outputs": len(model.outputs),
            "arena_limit": _arena_limit(model),
        }
        (folder / "job.json").write_text(json.dumps(job))
        (folder / "model.tflite").write_bytes(model.data)
        arrays = {
            f"{case}_{i}": tensor for case, sample in enumerate(samples) for i, tensor in enumerate(sample.inputs)
        }
        np.savez(folder / "inputs.npz", **arrays)
        try:
            child = subprocess.run(
                [sys.executable, "-m", "packager.runner", name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIME_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ModelError(f"{title} ran it for {TIME_LIMIT} s without an answer", where=model.path) from None
        try:
            result = json.loads((folder / "result.json").read_text())
        except FileNotFoundError:
            raise ModelError(
                f"{title} died while it ran the model ({_death(child)})",
                where=model.path,
                fix="The model, or an operator in it, crashes this runtime; it would do so on the device too.",
            ) from None
        if "error" in result:
            raise ModelError(f"{title} cannot run it: {_reason(result['error'], child.stderr)}", where=model.path)
        if child.returncode != 0:
            # It answered and then died: its heap was damaged before, so its answers are worth nothing.
            raise ModelError(f"{title} damaged its memory while it ran the model ({_death(child)})", where=model.path)
        with np.load(folder / "outputs.npz") as archive:
            outputs = {
                runtime: [
                    tuple(archive[f"{runtime}_{case}_{i}"] for i in range(len(model.outputs)))
                    for case in range(len(samples))
                ]
                for runtime in runtimes
            }
    return result, outputs


def _arena_limit(model: Model) -> int:
    # Every tensor at once and 1 KB of bookkeeping for each is more than a planner ever needs.
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    return (
        2 * sum(8 * max(tensor.size, 1) for tensor in tensors if not tensor.constant_bytes)
        + 1024 * len(tensors)
        + (1 << 20)
    )


def _death(child: subprocess.CompletedProcess[bytes]) -> str:
    how = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
    last = _last_line(child.stderr)
    return f"{how}: {last}" if last else how


def _reason(message: str, stderr: bytes) -> str:
    # LiteRT lists every tensor that it dislikes; the first one tells enough.
    message = " ".join(message.split())
    message = message if len(message) <= 300 else message[:300] + "…"
    # TFLite Micro's exception says only that it failed; the reason stands on stderr.
    lines = (line.strip() for line in stderr.decode("utf-8", "replace").splitlines())
    told = [line for line in lines if line and not line.startswith(("INFO:", "WARNING:"))]
    return f"{message} ({told[0]})" if told and "TFLM" in message else message


def _last_line(stderr: bytes) -> str:
    lines = (line.strip() for line in reversed(stderr.decode("utf-8", "replace").splitlines()))
    return next((line for line in lines if line and not line.startswith("INFO:")), "")


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
