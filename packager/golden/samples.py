"""Sample inputs: from files, or made up."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image

from packager.annotated import AnnotatedModel, Port
from packager.errors import ConfigError, ModelError, PackagerError
from packager.golden import cases
from packager.golden.cases import Picture, Sample, Sound
from packager.model import Tensor
from packager.reading import open_file, read_file
from packager.render.naming import SnakeName, unique
from packager.runtimes import GOLDEN_LIMIT, GOLDEN_LIMIT_SETTING
from packager.settings import Example, Text
from packager.tasks import audio
from packager.tasks.audio import AudioInput
from packager.tasks.image import ImageInput, input_tensor, place
from packager.tasks.kinds import Array
from packager.tasks.quantization import quantize
from packager.tasks.text import TextInput, input_tensors
from packager.tasks.wav import SAVE_AS, Wav, WavError, open_wav, wav_bytes

# Cases made up where no samples are given, the pixels of the long side of a picture that goes into a project, and the
# windows of a sound.
RANDOM_CASES = 3
LONGEST_SIDE = 512
MOST_WINDOWS = 8
# Items of an input beyond which its shape is taken for a damaged one, whatever the limit on golden cases.
_LARGEST_INPUT = 1 << 34
# A file of texts, its texts and the characters of each. A project holds them all, for people to read.
_LARGEST_TEXTS = 1 << 20
_MOST_TEXTS = 100
_LONGEST_TEXT = 10_000
# Words of a text that is made up, and what no vocabulary has.
_RANDOM_WORDS = 12
_UNKNOWN_WORD = "qzxqzx"


def read_samples(
    annotated: AnnotatedModel, paths: Sequence[Path], *, limit: int = GOLDEN_LIMIT
) -> tuple[Sample, ...]:
    """Sample inputs from files; seeded random ones where ``paths`` is empty.

    A picture (anything Pillow reads) suits a model that takes one. Of a ``.wav`` (PCM or floats, of any rate and any
    number of channels) each window is a sample, up to the first ``MOST_WINDOWS``: the rest of it is cut off; of a
    ``.txt`` (UTF-8) each line. ``.npy`` holds the tensor of a model with one input, ``.npz`` one array an input under
    the input's name: arrays of the tensor's own dtype go in as they are, float arrays for a quantized input hold real
    values and are quantized. ``limit`` is how many megabytes the tensors of all samples may take together.

    Raises:
        ConfigError: a file is missing, is of no such kind, or does not fit the model, or all are beyond ``limit``.
        ModelError: the model's inputs are of a type or shape for which there are no samples.
    """
    texts = _read_texts(paths) if isinstance(annotated.input, TextInput) else {}
    bytes_each = input_bytes(annotated)
    count = len(texts) or sum(_count_cases(annotated, path) for path in paths)
    check_budget("inputs", bytes_each, count or RANDOM_CASES, limit, annotated.model.path)
    if not paths:
        return _random_samples(annotated)
    if texts:
        return tuple(_text_sample(annotated, name, text) for name, text in texts.items())
    names = unique([SnakeName.of(path.stem) for path in paths])
    made = [
        sample
        for path, name in zip(paths, names, strict=True)
        for sample in _read_samples(annotated, path, SnakeName(name))
    ]
    # A window of one sound may be called as another sample is.
    cases_names = unique([sample.name for sample in made])
    return tuple(replace(sample, name=name) for sample, name in zip(made, cases_names, strict=True))


def _count_cases(annotated: AnnotatedModel, path: Path) -> int:
    """How many cases a file makes, as far as it tells before it is read."""
    if not isinstance(annotated.input, AudioInput):
        return 1
    with _reading(path), open_file(path) as file, _reading_sound(path):
        wav = open_wav(file)
        samples = wav.frames * annotated.input.sample_rate // wav.rate
        return min(len(audio.window_starts(samples, annotated.input)), MOST_WINDOWS)


def check_budget(side: str, bytes_each: int, cases: int, limit: int, path: Path) -> None:
    """Refuse golden cases that take too much memory and disk, before any is made."""
    if limit < 1:
        raise ConfigError((GOLDEN_LIMIT_SETTING, " is not a whole number from 1 up"), about=GOLDEN_LIMIT_SETTING)
    total = bytes_each * cases
    if total > limit << 20:
        raise ConfigError(
            f"the {side} of {cases} golden cases take {-(-total >> 20):,} MB, and the limit is {limit:,} MB",
            where=path,
            fix=give_fewer(-(-total >> 20)),
        )


def give_fewer(megabytes: int) -> Text:
    """What to do where golden cases take so many megabytes."""
    return "Give fewer golden samples, or raise the limit: ", Example.of((GOLDEN_LIMIT_SETTING, megabytes))


def _read_texts(paths: Sequence[Path]) -> dict[str, str]:
    """The texts in files that hold one a line, by the names of their samples; blank lines are none."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.suffix != ".txt":
            raise ConfigError("is no .txt, and the model takes texts", where=path, fix="Give a .txt, a text a line.")
        try:
            data = read_file(path, _LARGEST_TEXTS)
            lines = [line.removesuffix("\r") for line in data.decode("utf-8-sig").split("\n")]
        except FileNotFoundError:
            raise ConfigError("no such golden sample", where=path) from None
        except (OSError, ValueError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise ConfigError("is not in UTF-8", where=path, fix="Save it in UTF-8.") from None
            what = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ConfigError(f"cannot be read as golden samples: {what}", where=path) from None
        texts = [line for line in lines if line.strip()]
        if not texts:
            raise ConfigError("holds no text", where=path, fix="Write a text a line.")
        if max(map(len, texts)) > _LONGEST_TEXT:
            raise ConfigError(
                f"has a text of more than {_LONGEST_TEXT:,} characters", where=path, fix="Give shorter ones."
            )
        found += [(f"{path.stem}_{number}", text) for number, text in enumerate(texts)]
        if len(found) > _MOST_TEXTS:
            raise ConfigError(
                f"brings more than {_MOST_TEXTS} golden texts", where=path, fix="A few that differ prove as much."
            )
    names = unique([SnakeName.of(name) for name, _ in found])
    return dict(zip(names, (text for _, text in found), strict=True))


def _text_sample(annotated: AnnotatedModel, name: str, text: str) -> Sample:
    assert isinstance(annotated.input, TextInput)
    return Sample(name, cases.Text(text), input_tensors(text, annotated.input))


def _read_samples(annotated: AnnotatedModel, path: Path, name: SnakeName) -> tuple[Sample, ...]:
    if isinstance(annotated.input, AudioInput):
        with _reading(path), open_file(path) as file, _reading_sound(path):
            return _sound_samples(annotated.input, name, open_wav(file))
    if path.suffix.lower() == ".wav":
        raise ConfigError(
            f"is a sound, and the model's task is {annotated.task}",
            where=path,
            fix="Give other samples, or attach the metadata of audio-classification: packager metadata attach --help",
        )
    if path.suffix == ".txt":
        raise ConfigError(f"is a text, and the model's task is {annotated.task}", where=path)
    with _reading(path):
        loaded = _load_arrays(annotated, path) if path.suffix in (".npy", ".npz") else _load_picture(path)
    if not isinstance(loaded, Image.Image):
        tensors = tuple(_fit(array, port, path) for array, port in zip(loaded, annotated.inputs, strict=True))
        return (Sample(name, None, tensors),)
    if not isinstance(annotated.input, ImageInput):
        raise ConfigError(
            f"is a picture, and the model's task is {annotated.task}",
            where=path,
            fix="Give .npy samples, or attach the metadata of a task that takes pictures: "
            "packager metadata attach --help",
        )
    if loaded.mode in ("I", "F"):
        raise ConfigError("has pixels of 32 bits", where=path, fix="Save it with 8 bits a channel.")
    return (picture_sample(annotated, name, loaded),)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ConfigError("no such golden sample", where=path) from None
    except PackagerError:
        raise
    except Exception as error:  # on a damaged file, NumPy and Pillow raise whatever happens to go wrong
        what = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise ConfigError(f"cannot be read as a golden sample: {what}", where=path) from None


@contextmanager
def _reading_sound(path: Path) -> Iterator[None]:
    try:
        yield
    except WavError as error:
        raise ConfigError(f"cannot be read as a golden sample: it {error}", where=path, fix=SAVE_AS) from None


def _sound_samples(audio_input: AudioInput, name: SnakeName, wav: Wav) -> tuple[Sample, ...]:
    """A sample for each window; what goes into the project, and so into the tensors, is kept in 16 bits."""
    most = (MOST_WINDOWS - 1) * audio_input.hop + audio_input.window
    return _windows(audio_input, name, audio.to_pcm(audio.read_sound(wav, audio_input.sample_rate, most)))


def _windows(audio_input: AudioInput, name: SnakeName, pcm: Array) -> tuple[Sample, ...]:
    starts = audio.window_starts(pcm.size, audio_input)
    pcm = pcm[: starts[-1] + audio_input.window]
    wav = wav_bytes(pcm, audio_input.sample_rate)
    samples = pcm.astype(np.float32) / np.float32(32768)
    return tuple(
        Sample(
            f"{name}_{number}",
            Sound(name, wav, start),
            (audio.input_tensor(samples[start : start + audio_input.window], audio_input),),
        )
        for number, start in enumerate(starts)
    )


# How a picture is turned upright, by the orientation in its EXIF data.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _load_picture(path: Path) -> Image.Image:
    with warnings.catch_warnings(action="ignore"), open_file(path) as file, Image.open(file) as opened:
        opened.load()
        # Cameras store pictures turned and say so; the generated code turns them upright too. Pillow's own function
        # writes the EXIF data anew, and refuses what it cannot write.
        orientation: Any = 1
        with suppress(Exception):  # damaged EXIF data make no picture worthless
            orientation = opened.getexif().get(ExifTags.Base.Orientation)
        picture = opened.transpose(_TURNS[orientation]) if orientation in _TURNS else opened.copy()
    # What else the file says is left out: Pillow warns of transparency that it cannot carry over, and EXIF data would
    # turn the picture once more.
    picture.info.clear()
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


def picture_sample(annotated: AnnotatedModel, name: str, picture: Image.Image) -> Sample:
    """A picture as a golden sample: PNG, because JPEG decoders differ, and at most 512 pixels long."""
    image = annotated.input
    assert isinstance(image, ImageInput)
    plain = picture.convert("L" if image.channels == 1 else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    # Phones convert a picture that names its color space, and the input tensor would be another one.
    plain.save(png, "PNG", optimize=True, icc_profile=None)
    return Sample(name, Picture(png.getvalue()), (input_tensor(plain, image),), place(plain.size, image))


def _random_samples(annotated: AnnotatedModel) -> tuple[Sample, ...]:
    generator = np.random.default_rng(0)
    if isinstance(annotated.input, AudioInput):
        return _windows(annotated.input, SnakeName("random"), _random_sound(generator, annotated.input))
    samples = []
    for number in range(RANDOM_CASES):
        name = f"random_{number}"
        if isinstance(annotated.input, ImageInput):
            # Not of the input's own size, so that the resize is tested too.
            size = (annotated.input.height + 13 * number, annotated.input.width * 3 // 2 - 7 * number)
            pixels = generator.integers(0, 256, (*(max(1, side) for side in size), 3), dtype=np.uint8)
            samples.append(picture_sample(annotated, name, Image.fromarray(pixels)))
        elif isinstance(annotated.input, TextInput):
            samples.append(_text_sample(annotated, name, _random_text(generator, annotated.input)))
        else:
            tensors = tuple(_random_tensor(generator, port) for port in annotated.inputs)
            samples.append(Sample(name, None, tensors))
    return tuple(samples)


def _random_sound(generator: np.random.Generator, audio_input: AudioInput) -> Array:
    """Noise with a louder tone in it, which rises from one hop to the next; 16 bits, so that every machine has it."""
    count = (RANDOM_CASES - 1) * audio_input.hop + audio_input.window
    noise = generator.integers(-3000, 3001, count)
    time = np.arange(count)
    square = time * (400 + 200 * (time // audio_input.hop)) * 2 // audio_input.sample_rate % 2
    return (noise + 8000 * (2 * square - 1)).astype(np.int16)


def _random_text(generator: np.random.Generator, input: TextInput) -> str:
    """Words of the vocabulary, that of the largest number among them, and an unknown one."""
    tokenizer = input.tokenizer
    # Of ASCII where there are such: of these all versions of Unicode say the same.
    words = [word for word in tokenizer.words if word.isascii()] or list(tokenizer.words)
    if not words:
        return _UNKNOWN_WORD
    count = min(_RANDOM_WORDS, max(input.length - 4, 1))
    chosen = [words[index] for index in generator.integers(0, len(words), count)]
    return " ".join((*chosen, max(words, key=tokenizer.vocabulary.__getitem__), _UNKNOWN_WORD))


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
        if is_bounded and tensor.affine is not None:
            return quantize(generator.uniform(low, high, tensor.shape), tensor.affine, tensor.dtype)
        return generator.integers(limits.min, limits.max, tensor.shape, dtype=dtype, endpoint=True)
    # Plain integers are mostly indices (token ids), and one beyond the table is an error in every runtime.
    first, last = (min(max(int(bound), limits.min), limits.max) for bound in ((low, high) if is_bounded else (0, 9)))
    return generator.integers(first, last, tensor.shape, dtype, endpoint=True)


def input_bytes(annotated: AnnotatedModel) -> int:
    """The bytes of all inputs of one case; ModelError where there are no samples of a type or shape."""
    return sum(_tensor_bytes(port.tensor, annotated.model.path) for port in annotated.inputs)


def _tensor_bytes(tensor: Tensor, path: Path) -> int:
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        dtype = np.dtype(object)
    what, fix = "", None
    if dtype.kind not in "biuf":
        what = f"is of {tensor.dtype}, for which there are no samples"
    elif tensor.is_dynamic:
        what = f"has the open shape {list(tensor.shape_signature)}"
        fix = "Convert it with a fixed shape."
    elif min(tensor.shape, default=1) < 1 or tensor.size > _LARGEST_INPUT:
        what = f"has the shape {list(tensor.shape)}, which no sample can have"
    if what:
        raise ModelError(f"its input {tensor.name!r} {what}", where=path, fix=fix)
    return tensor.size * dtype.itemsize
