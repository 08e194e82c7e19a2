"""Golden samples that are arrays: .npy and .npz."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError
from packager.golden.cases import Sample
from packager.reading import open_file
from packager.tasks.kinds import Array
from packager.tasks.quantization import quantize


def array_sample(annotated: AnnotatedModel, name: str, path: Path) -> Sample:
    """The arrays of a file, each as the tensor of its input."""
    loaded = _load_arrays(annotated, path)
    tensors = (_fit(array, port, path) for array, port in zip(loaded, annotated.inputs, strict=True))
    return Sample(name, None, tuple(tensors))


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
    elif array.dtype.kind == "f" and tensor.affine is not None and np.isfinite(array).all():
        fitted = quantize(array.astype(np.float64), tensor.affine, tensor.dtype)
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
        fix=f"Save it as {tensor.dtype}" + (", or real values as float32." if tensor.affine else "."),
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


def random_tensor(generator: np.random.Generator, port: Port) -> Array:
    """Items within the input's range as the metadata tells it, else within -1..1, or of small numbers."""
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
        if is_bounded and tensor.affine is not None:
            return quantize(generator.uniform(low, high, tensor.shape), tensor.affine, tensor.dtype)
        return generator.integers(limits.min, limits.max, tensor.shape, dtype=dtype, endpoint=True)
    # Plain integers are mostly indices (token ids), and one beyond the table is an error in every runtime.
    first, last = (min(max(int(bound), limits.min), limits.max) for bound in ((low, high) if is_bounded else (0, 9)))
    return generator.integers(first, last, tensor.shape, dtype, endpoint=True)
