"""Golden cases: samples from files, answers from the real runtimes, and models that take a runtime down."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel, Port, read_annotated
from packager.errors import ConfigError, ModelError
from packager.golden import Picture, Sample, build_goldens, golden_files, read_samples, running
from packager.metadata.view import TensorMetadata
from packager.model import Quantization, Tensor
from packager.render.naming import SnakeName
from packager.runtimes import Runtime
from packager.tasks import Task
from packager.tasks.image import ImageInput, input_tensor
from packager.tasks.kinds import Placement
from packager.tasks.tensors import TensorsAnswer
from tests.conftest import PROJECT, needs_micro
from tests.example_models import packaged

LITERT = [runtime for runtime in Runtime if runtime is not Runtime.TFLITE_MICRO]


@pytest.fixture(scope="session")
def digits() -> AnnotatedModel:
    return packaged(PROJECT / "examples" / "digits")


@pytest.fixture(scope="session")
def sine() -> AnnotatedModel:
    return packaged(PROJECT / "examples" / "sine")


def png_of(sample: Sample) -> bytes:
    assert isinstance(sample.given, Picture)
    return sample.given.png


def port(name: str, dtype: str, shape: tuple[int, ...] = (1, 4), **fields: Any) -> Port:
    quantization = fields.pop("quantization", None)
    tensor = Tensor(0, name, shape, fields.pop("signature", shape), dtype, quantization, 0, is_variable=False)
    return Port(tensor, SnakeName(name), name, "", TensorMetadata(**fields))


def with_inputs(annotated: AnnotatedModel, *ports: Port) -> AnnotatedModel:
    """``annotated`` with other inputs, to read samples for; it cannot be run."""
    return replace(annotated, inputs=ports)


def saved(path: Path, *arrays: Any, **named: Any) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **named)
    else:
        np.save(path, *arrays)
    return path


# --- samples ----------------------------------------


def test_a_picture(digits: AnnotatedModel, examples: Path) -> None:
    path = examples / "digits" / "golden" / "five.png"
    (sample,) = read_samples(digits, [path])
    assert sample.name == "five"
    with Image.open(path) as original, Image.open(io.BytesIO(png_of(sample))) as kept:
        assert (kept.format, kept.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(original.convert("L")))
        assert isinstance(digits.input, ImageInput)
        np.testing.assert_array_equal(sample.inputs[0], input_tensor(original, digits.input), strict=True)


@pytest.mark.parametrize(
    ("size", "kept"),
    [((2000, 500), (512, 128)), ((500, 2000), (128, 512)), ((512, 512), (512, 512)), ((3000, 1), (512, 1))],
)
def test_a_large_picture_is_made_smaller(
    digits: AnnotatedModel, tmp_path: Path, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    Image.new("RGB", size, "white").save(tmp_path / "large.png")
    (sample,) = read_samples(digits, [tmp_path / "large.png"])
    with Image.open(io.BytesIO(png_of(sample))) as picture:
        assert picture.size == kept
        # The tensor is that of the picture in the project, not of the larger one.
        assert isinstance(digits.input, ImageInput)
        np.testing.assert_array_equal(sample.inputs[0], input_tensor(picture, digits.input))


def gradient() -> np.ndarray[Any, Any]:
    return np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_a_turned_picture_is_upright(digits: AnnotatedModel, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to the right
    Image.fromarray(gradient()).save(tmp_path / "turned.png", exif=exif)
    (sample,) = read_samples(digits, [tmp_path / "turned.png"])
    with Image.open(io.BytesIO(png_of(sample))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.rot90(gradient(), -1))


# A TIFF directory of two entries: the same orientation, and a unit of the resolution that fits into no short, which
# Pillow reads and cannot write again.
UNWRITABLE_EXIF = b"MM\0*\0\0\0\x08\0\x02" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
UNWRITABLE_EXIF += struct.pack(">HHII", 0x0128, 4, 1, 2**32 - 1) + bytes(4)


# What a camera's picture becomes, by the orientation that it names; others are none.
UPRIGHT: dict[int, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation(digits: AnnotatedModel, tmp_path: Path, kind: str, orientation: int) -> None:
    """And what is kept says nothing of it, so that nobody turns it again."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = gradient()[:, :12]
    Image.fromarray(pixels).save(tmp_path / "turned", kind, exif=exif, quality=100)
    (sample,) = read_samples(digits, [tmp_path / "turned"])
    with Image.open(io.BytesIO(png_of(sample))) as kept:
        expected = UPRIGHT[orientation](pixels) if orientation in UPRIGHT else pixels
        assert kept.size == expected.shape[::-1]
        np.testing.assert_allclose(np.asarray(kept).astype(int), expected, atol=4)
        assert (dict(kept.getexif()), kept.info) == ({}, {})


@pytest.mark.parametrize(("exif", "turned"), [(UNWRITABLE_EXIF, True), (b"MM\0*\0\0\0\x08\0\x09\x01\x12", False)])
def test_exif_data_that_pillow_cannot_write(
    digits: AnnotatedModel, tmp_path: Path, exif: bytes, turned: bool
) -> None:
    picture = Image.new("L", (16, 8))
    picture.save(tmp_path / "turned.jpg", exif=b"Exif\0\0" + exif)
    (sample,) = read_samples(digits, [tmp_path / "turned.jpg"])
    with Image.open(io.BytesIO(png_of(sample))) as kept:
        assert kept.size == ((8, 16) if turned else (16, 8))


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(Image.fromarray(gradient().astype(np.uint16) * 257), id="16 bits"),
        pytest.param(Image.fromarray(gradient()).convert("P"), id="palette"),
        pytest.param(Image.fromarray(np.dstack([gradient()] * 3 + [255 - gradient()])), id="RGBA"),
        pytest.param(Image.fromarray(np.dstack([gradient(), 255 - gradient()])), id="gray and alpha"),
    ],
)
def test_other_kinds_of_pixels(digits: AnnotatedModel, tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "p.png")
    (sample,) = read_samples(digits, [tmp_path / "p.png"])
    with Image.open(io.BytesIO(png_of(sample))) as kept:
        np.testing.assert_array_equal(np.asarray(kept), gradient())


def test_a_transparent_palette_warns_nobody(digits: AnnotatedModel, tmp_path: Path) -> None:
    picture = Image.fromarray(gradient()).convert("P")
    picture.save(tmp_path / "p.png", transparency=b"\0\x10\x20")
    assert len(read_samples(digits, [tmp_path / "p.png"])) == 1


def test_names_are_safe_and_differ(sine: AnnotatedModel, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a b.npy", "a-b.npy", "класс.npy", "con.npy")]
    for path in paths:
        saved(path, np.zeros((1, 1), np.int8))
    assert [sample.name for sample in read_samples(sine, paths)] == ["a_b", "a_b_2", "klass", "con_model"]


def test_npy_of_its_own_dtype_goes_in_as_it_is(sine: AnnotatedModel, tmp_path: Path) -> None:
    (sample,) = read_samples(sine, [saved(tmp_path / "x.npy", np.array([[-77]], np.int8))])
    assert sample.given is None
    np.testing.assert_array_equal(sample.inputs[0], np.array([[-77]], np.int8), strict=True)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_real_values_are_quantized(sine: AnnotatedModel, tmp_path: Path, dtype: str) -> None:
    quantization = sine.inputs[0].tensor.quantization
    assert quantization is not None
    for value, expected in [
        (0.0, quantization.zero_point),
        (quantization.scale * 10, quantization.zero_point + 10),
        (quantization.scale * 10.6, quantization.zero_point + 11),
        (1e4, 127),
        (-1e4, -128),
    ]:
        (sample,) = read_samples(sine, [saved(tmp_path / "x.npy", np.array([value], dtype))])
        np.testing.assert_array_equal(sample.inputs[0], np.array([[expected]], np.int8), strict=True)


def test_npz_holds_an_array_for_each_input(sine: AnnotatedModel, tmp_path: Path) -> None:
    two = with_inputs(sine, port("left", "float32"), port("right", "int32"))
    left, right = np.array([0.1, 0.2, 0.3, 0.4]), np.array([[1], [2], [3], [4]], np.int64)
    (sample,) = read_samples(two, [saved(tmp_path / "x.npz", right=right, left=left, more=np.zeros(9))])
    np.testing.assert_array_equal(sample.inputs[0], np.array([left], np.float32), strict=True)
    np.testing.assert_array_equal(sample.inputs[1], np.array([[1, 2, 3, 4]], np.int32), strict=True)


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        ("bool", "uint8", [1, 0, 1, 1]),
        ("int64", "uint8", [3, 0, 255, 9]),
        ("uint8", "int64", [3, 0, 255, 9]),
        ("int64", "float32", [3, 0, -255, 9]),
        ("uint8", "bool", [1, 0, 1, 0]),
    ],
)
def test_values_that_the_dtype_holds(
    sine: AnnotatedModel, tmp_path: Path, given: str, dtype: str, expected: list[int]
) -> None:
    model = with_inputs(sine, port("x", dtype))
    (sample,) = read_samples(model, [saved(tmp_path / "x.npy", np.array(expected, given))])
    np.testing.assert_array_equal(sample.inputs[0], np.array([expected], dtype), strict=True)


def test_no_paths_give_seeded_samples(digits: AnnotatedModel, sine: AnnotatedModel) -> None:
    for annotated in (digits, sine):
        first, second = read_samples(annotated, []), read_samples(annotated, [])
        assert [sample.name for sample in first] == ["random_0", "random_1", "random_2"]
        assert len({sample.inputs[0].tobytes() for sample in first}) == 3
        for one, other in zip(first, second, strict=True):
            assert (one.name, one.given) == (other.name, other.given)
            np.testing.assert_array_equal(one.inputs[0], other.inputs[0], strict=True)
    pictures = [Image.open(io.BytesIO(png_of(sample))).size for sample in read_samples(digits, [])]
    assert (28, 28) not in pictures


@pytest.mark.parametrize(
    ("item", "low", "high"),
    [
        (port("x", "float32", (1, 500)), -1, 1),
        (port("x", "float32", (1, 500), minimum=(0.0,), maximum=(6.0,)), 0, 6),
        (port("x", "int8", (1, 500), quantization=Quantization((0.5,), (0,), None)), -128, 127),
        (
            port(
                "x", "int8", (1, 500), quantization=Quantization((0.5,), (0,), None), minimum=(0.0,), maximum=(6.0,)
            ),
            0,
            12,
        ),
        (port("x", "int32", (1, 500)), 0, 9),
        (port("x", "int32", (1, 500), minimum=(-5.0,), maximum=(5.0,)), -5, 5),
        (port("x", "uint8", (1, 500), minimum=(0.0,), maximum=(1e9,)), 0, 255),
        (port("x", "bool", (1, 500)), 0, 1),
        # Bounds that say nothing.
        (port("x", "float32", (1, 500), minimum=(3.0,), maximum=(2.0,)), -1, 1),
        (port("x", "float32", (1, 500), minimum=(float("nan"),), maximum=(2.0,)), -1, 1),
        (port("x", "float32", (1, 500), minimum=(-float("inf"),), maximum=(float("inf"),)), -1, 1),
        (port("x", "int32", (1, 500), minimum=(0.0,), maximum=(float("inf"),)), 0, 9),
    ],
    ids=str,
)
def test_random_samples_keep_to_the_bounds(sine: AnnotatedModel, item: Port, low: float, high: float) -> None:
    values = np.concatenate([sample.inputs[0] for sample in read_samples(with_inputs(sine, item), [])]).astype(float)
    assert low <= values.min() <= low + (high - low) / 20
    assert high - (high - low) / 20 <= values.max() <= high


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (port("x", "string"), "its input 'x' is of string, for which there are no samples"),
        (port("x", "int4"), "its input 'x' is of int4, for which there are no samples"),
        (port("x", "float32", (1, 1), signature=(1, -1)), "its input 'x' has the open shape [1, -1]"),
        (port("x", "float32", (0, 4)), "its input 'x' has the shape [0, 4], which no sample can have"),
        (port("x", "float32", (-1, 4)), "its input 'x' has the shape [-1, 4], which no sample can have"),
        (port("x", "complex64"), "its input 'x' is of complex64, for which there are no samples"),
        (port("x", "bfloat16"), "its input 'x' is of bfloat16, for which there are no samples"),
    ],
)
def test_inputs_that_have_no_samples(sine: AnnotatedModel, tmp_path: Path, item: Port, message: str) -> None:
    model = with_inputs(sine, item)
    path = saved(tmp_path / "x.npy", np.zeros(1, np.float32))
    for refused in (
        lambda: read_samples(model, []),
        lambda: read_samples(model, [path]),
        lambda: build_goldens(model, [], []),
    ):
        with pytest.raises(ModelError) as caught:
            refused()
        assert (caught.value.what, caught.value.where) == (message, str(sine.model.path))


def corrupt_zip(path: Path) -> None:
    np.savez_compressed(path, image=np.zeros((28, 28), np.int8))
    data = bytearray(path.read_bytes())
    data[64:72] = b"\xff" * 8  # in the deflated bytes of the first file
    path.write_bytes(bytes(data))


def encrypted_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", b"")
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0"))


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "empty.npy": lambda path: path.write_bytes(b""),
    "empty.npz": lambda path: path.write_bytes(b""),
    "text.npy": lambda path: path.write_text("1 2 3"),
    "text.npz": lambda path: path.write_text("1 2 3"),
    "cut.npy": lambda path: path.write_bytes(b"\x93NUMPY\x01\0v\0{'descr'"),
    "header.npy": lambda path: path.write_bytes(b"\x93NUMPY\x01\0\x10\0__import__('os')\n"),
    "short.npy": lambda path: path.write_bytes(
        b"\x93NUMPY\x01\0\x46\0" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (784,)}".ljust(69) + b"\n"
    ),
    "corrupt.npz": corrupt_zip,
    "encrypted.npz": encrypted_zip,
    "cut.npz": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(30)),
    "empty.png": lambda path: path.write_bytes(b""),
    "text.png": lambda path: path.write_text("no picture"),
    "cut.png": lambda path: path.write_bytes((PROJECT / "examples/digits/golden/five.png").read_bytes()[:120]),
    "folder.png": lambda path: path.mkdir(),
    "folder.npy": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_files_that_cannot_be_read(digits: AnnotatedModel, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    UNREADABLE[name](path)
    model = digits.as_tensors() if path.suffix in (".npy", ".npz") else digits
    with pytest.raises(ConfigError) as caught:
        read_samples(model, [path])
    assert caught.value.where == str(path)
    assert caught.value.what.startswith("cannot be read as a golden sample: ")
    assert not caught.value.what.endswith(": ")


def npy(shape: str, descr: str = "'<f8'", version: bytes = b"\x01\0") -> bytes:
    """An .npy whose header says so, and which holds nothing."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY" + version + len(header).to_bytes(2 if version == b"\x01\0" else 4, "little") + header


def packed(path: Path, method: int, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("image.npy", content)


LYING: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickle.npy": (
        lambda path: np.save(path, np.array([{"a": 1}], object), allow_pickle=True),
        "holds Python objects, not numbers",
    ),
    "huge.npy": (
        lambda path: path.write_bytes(npy("(9999999999999999,)")),
        "holds an array of [9999999999999999] for input 'image' of [1, 28, 28, 1]",
    ),
    "wide.npy": (
        lambda path: path.write_bytes(npy("(28, 28)", "'<U1000000'")),
        "holds <U1000000, and input 'image' is int8",
    ),
    "records.npy": (
        lambda path: path.write_bytes(npy("(784,)", "[('ä', '<f8')]", b"\x03\0")),
        "is an .npy of records, not of numbers",
    ),
    "bomb.npz": (
        lambda path: packed(path, zipfile.ZIP_DEFLATED, npy("(1 << 30,)".replace("1 << 30", str(1 << 30)))),
        f"holds an array of [{1 << 30}] for input 'image' of [1, 28, 28, 1]",
    ),
    "bzip.npz": (
        lambda path: packed(path, zipfile.ZIP_BZIP2, npy("(784,)")),
        "its array 'image' is packed in an unusual way",
    ),
}


@pytest.mark.parametrize("name", LYING)
def test_arrays_that_are_not_what_they_say(digits: AnnotatedModel, tmp_path: Path, name: str) -> None:
    make, what = LYING[name]
    make(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        read_samples(digits.as_tensors(), [tmp_path / name])
    assert (caught.value.what, caught.value.where) == (what, str(tmp_path / name))


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_an_array_is_no_picture(digits: AnnotatedModel, tmp_path: Path, ending: str) -> None:
    """A self-test on a device would have nothing to make its input of."""
    path = tmp_path / f"a.{ending}"
    save = np.save if ending == "npy" else np.savez
    save(path, np.zeros((1, 28, 28, 1), np.int8))
    with pytest.raises(ConfigError) as caught:
        read_samples(digits, [path])
    assert caught.value.what == "holds an array, and the model's task is image-classification"


def test_the_samples_have_a_budget(sine: AnnotatedModel, tmp_path: Path) -> None:
    """A few kilobytes can ask for gigabytes: nothing is made, or opened, before the sum is known."""
    large = with_inputs(sine, port("x", "int8", (1, 2**28 - 1)))
    absent = tmp_path / "absent.npy"
    for paths in ([], [absent, absent]):
        with pytest.raises(ConfigError) as caught:
            read_samples(large, paths)
        count = len(paths) or 3
        assert caught.value.what == (
            f"the inputs of {count} golden cases take {256 * count} MB, and the limit is 128 MB"
        )
    with pytest.raises(ConfigError, match="no such golden sample"):
        read_samples(large, [absent, absent], limit=512)
    with pytest.raises(ModelError, match="which no sample can have"):
        read_samples(with_inputs(sine, port("x", "int8", (1 << 20, 1 << 20))), [], limit=1 << 40)


def test_the_outputs_have_a_budget(sine: AnnotatedModel) -> None:
    samples = read_samples(sine, [])
    large = replace(sine, outputs=(port("y", "float32", (1, 2**26)),))
    with pytest.raises(ConfigError) as caught:
        build_goldens(large, samples, [Runtime.LITERT])
    assert caught.value.what == "the outputs of 3 golden cases take 768 MB, and the limit is 128 MB"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_damaged_pictures(digits: AnnotatedModel, tmp_path: Path, kind: str) -> None:
    """Byte flips give a picture or a ConfigError; nothing else, whatever the decoder makes of them."""
    whole = io.BytesIO()
    Image.fromarray(gradient()).save(whole, kind)
    data = whole.getvalue()
    generator = np.random.default_rng(0)
    refused = 0
    for number in range(60):
        spoilt = bytearray(data)
        for position in generator.integers(0, len(data), 4):
            spoilt[position] = generator.integers(0, 256)
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes(spoilt if number % 2 else spoilt[: generator.integers(1, len(data))]))
        try:
            read_samples(digits, [path])
        except ConfigError:
            refused += 1
    assert refused >= 5


def test_a_picture_of_floats(digits: AnnotatedModel, tmp_path: Path) -> None:
    Image.fromarray(gradient().astype(np.float32)).save(tmp_path / "f.tiff")
    with pytest.raises(ConfigError) as caught:
        read_samples(digits, [tmp_path / "f.tiff"])
    assert (caught.value.what, caught.value.fix) == ("has pixels of 32 bits", "Save it with 8 bits a channel.")


def test_a_missing_file(digits: AnnotatedModel, tmp_path: Path) -> None:
    for name in ("no.png", "no.npy", "no.npz"):
        with pytest.raises(ConfigError) as caught:
            read_samples(digits, [tmp_path / name])
        assert (caught.value.what, caught.value.where) == ("no such golden sample", str(tmp_path / name))


def test_a_picture_for_a_tensor_model(sine: AnnotatedModel, examples: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_samples(sine, [examples / "digits" / "golden" / "five.png"])
    assert caught.value.what == "is a picture, and the model's task is tensors"
    assert caught.value.fix == (
        "Give .npy samples, or attach the metadata of a task that takes pictures: packager metadata attach --help"
    )


def test_a_picture_for_any_task_that_takes_one(models: Path) -> None:
    """What comes out does not matter."""
    annotated = read_annotated(models / "mobilenet_v2_1.0_224_quant.tflite")
    pictured = replace(annotated, task=Task.IMAGE_TO_TENSORS, answer=TensorsAnswer())
    (sample,) = read_samples(pictured, [models / "cat.bmp"])
    assert sample.placement == Placement((512, 341), (0, 0, 512, 341), (0, 0, 224, 224), (224, 224))
    assert sample.inputs[0].shape == (1, 224, 224, 3)


INT8 = port("x", "int8", quantization=Quantization((0.5,), (0,), None))


@pytest.mark.parametrize(
    ("inputs", "array", "what", "fix"),
    [
        ([INT8], np.zeros((2, 4), np.int8), "holds an array of [2, 4] for input 'x' of [1, 4]", None),
        ([INT8], np.zeros((), np.int8), "holds an array of [] for input 'x' of [1, 4]", None),
        (
            [INT8],
            np.full(4, np.nan),
            "holds float64, and input 'x' is int8",
            "Save it as int8, or real values as float32.",
        ),
        ([INT8], np.array([1, 2, 3, 300]), "holds 300, which is beyond int8", None),
        (
            [INT8],
            np.zeros(4, complex),
            "holds complex128, and input 'x' is int8",
            "Save it as int8, or real values as float32.",
        ),
        ([port("x", "int32")], np.zeros(4), "holds float64, and input 'x' is int32", "Save it as int32."),
        ([port("x", "uint8")], np.array([0, 1, 2, -1]), "holds -1, which is beyond uint8", None),
        ([port("x", "bool")], np.array([0, 1, 2, 3]), "holds 2, which is beyond bool", None),
        ([port("x", "float32")], np.array([0, 1, 2, 1e39]), "holds 1e+39, which is beyond float32", None),
        (
            [port("x", "float32")],
            np.array(["a", "b", "c", "d"]),
            "holds <U1, and input 'x' is float32",
            "Save it as float32.",
        ),
        (
            [port("a", "float32"), port("b", "float32")],
            np.zeros(4, np.float32),
            "holds one array, and the model has 2 inputs",
            "Save an .npz with an array for each: a, b",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_arrays_that_do_not_fit(
    sine: AnnotatedModel, tmp_path: Path, inputs: list[Port], array: np.ndarray[Any, Any], what: str, fix: str | None
) -> None:
    path = saved(tmp_path / "x.npy", array)
    with pytest.raises(ConfigError) as caught:
        read_samples(with_inputs(sine, *inputs), [path])
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, str(path), fix)


def test_an_npz_without_the_input(sine: AnnotatedModel, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npz", y=np.zeros((1, 1), np.int8))
    with pytest.raises(ConfigError) as caught:
        read_samples(sine, [path])
    assert (caught.value.what, caught.value.fix) == ("has no array 'x'", "The model's inputs are: x")


def test_endings_that_lie(sine: AnnotatedModel, tmp_path: Path) -> None:
    """NumPy tells the two formats by their content, not by the name."""
    array = np.array([[5]], np.int8)
    saved(tmp_path / "x.npz", x=array).rename(tmp_path / "really_npz.npy")
    saved(tmp_path / "x.npy", array).rename(tmp_path / "really_npy.npz")
    for name in ("really_npz.npy", "really_npy.npz"):
        (sample,) = read_samples(sine, [tmp_path / name])
        np.testing.assert_array_equal(sample.inputs[0], array, strict=True)


# --- answers ----------------------------------------


def run_interpreter(model: bytes, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The example models are safe to run in this process."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
    interpreter.invoke()
    output: np.ndarray[Any, Any] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return output


@needs_micro
def test_answers_of_each_runtime(digits: AnnotatedModel, examples: Path) -> None:
    samples = read_samples(digits, sorted((examples / "digits" / "golden").glob("*.png")))
    goldens = build_goldens(digits, samples, list(Runtime))
    assert list(goldens.sets) == list(Runtime)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for runtime, found in goldens.sets.items():
        package = "tflite-micro" if runtime is Runtime.TFLITE_MICRO else "ai-edge-litert"
        assert found.runtime.startswith(f"{package} ")
        for sample, case in zip(samples, found.cases, strict=True):
            assert (case.name, case.given, case.inputs) == (sample.name, sample.given, sample.inputs)
            assert words[case.answer[0].index] == case.name
            output = case.outputs[0]
            assert (output.dtype, output.shape) == (np.int8, (1, 10))
            tensor = digits.outputs[0].tensor
            assert tensor.quantization is not None
            best = sorted(range(10), key=lambda index: (-int(output[0, index]), index))[:3]
            assert [answer.index for answer in case.answer[:3]] == best
            for answer in case.answer[:3]:
                counts = int(output[0, answer.index]) - tensor.quantization.zero_point
                assert answer.score == pytest.approx(counts * tensor.quantization.scale, rel=1e-6)
                assert answer.label == digits.labels[answer.index]
    for case in goldens.sets[Runtime.LITERT].cases:
        np.testing.assert_array_equal(
            case.outputs[0], run_interpreter(digits.model.data, case.inputs[0]), strict=True
        )


def test_the_runtimes_are_different_ones(models: Path) -> None:
    """XNNPACK and the reference kernels differ by some counts on this one: neither set is a copy of the other."""
    annotated = read_annotated(models / "mobilenet_v2_1.0_224_quant.tflite")
    samples = read_samples(annotated, [models / "cat.bmp"])
    sets = build_goldens(annotated, samples, [Runtime.LITERT, Runtime.LITERT_REFERENCE]).sets
    litert, reference = (found.cases[0].outputs[0].astype(int) for found in sets.values())
    assert 0 < np.abs(litert - reference).max() < 20


def test_answers_rank_equals_by_index(digits: AnnotatedModel) -> None:
    output = np.array([[5, 9, 5, 9, 1, 1, 1, 1, 9, 1]], np.int8)
    assert [answer.index for answer in digits.answer.read([output], None)[:5]] == [1, 3, 8, 0, 2]


def test_tensor_models_have_no_answers(sine: AnnotatedModel) -> None:
    assert sine.answer.read([np.zeros((1, 1), np.int8)], None) is None


@pytest.mark.slow
@needs_micro
def test_a_second_run_gives_the_same(sine: AnnotatedModel) -> None:
    samples = read_samples(sine, [])
    first, second = (build_goldens(sine, samples, [Runtime.LITERT, Runtime.TFLITE_MICRO]) for _ in range(2))
    assert first.arena_bytes == second.arena_bytes
    for runtime in first.sets:
        files = [golden_files(sine, goldens.sets[runtime]) for goldens in (first, second)]
        assert files[0] == files[1]


@pytest.mark.slow
@needs_micro
def test_the_models_input_dtypes_run(models: Path) -> None:
    """Token ids (int32) and int16, on the runtimes that take them."""
    review = read_annotated(models / "movie_review.tflite")
    case = build_goldens(review, read_samples(review, []), [Runtime.LITERT]).sets[Runtime.LITERT].cases[0]
    assert case.inputs[0].dtype == np.int32
    assert case.outputs[0].sum() == pytest.approx(1, abs=1e-5)
    keyword = read_annotated(models / "keyword_scrambled_8bit.tflite")
    goldens = build_goldens(keyword, read_samples(keyword, [])[:1], [Runtime.TFLITE_MICRO])
    case = goldens.sets[Runtime.TFLITE_MICRO].cases[0]
    assert (case.inputs[0].dtype, case.outputs[0].dtype) == (np.int16, np.int32)


# --- tensor arena ----------------------------------------

PROBE = """
import sys
import numpy as np
from tflite_micro import runtime

interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))
interpreter.set_input(np.zeros((1, 1), np.int8), 0)
interpreter.invoke()
interpreter.get_output(0)
print("ran")
"""


@pytest.mark.slow
@needs_micro
def test_the_arena_is_the_smallest(models: Path) -> None:
    path = models / "hello_world_int8.tflite"
    annotated = read_annotated(path)
    arena = build_goldens(annotated, read_samples(annotated, []), [Runtime.TFLITE_MICRO]).arena_bytes
    assert arena is not None
    assert arena % 16 == 0

    def runs(size: int) -> bool:
        command = [sys.executable, "-c", PROBE, str(path), str(size)]
        child = subprocess.run(command, capture_output=True, text=True, check=False)
        return child.returncode == 0 and child.stdout == "ran\n"

    assert runs(arena)
    assert not runs(arena - 16)


def test_only_tflite_micro_measures_an_arena(sine: AnnotatedModel) -> None:
    assert build_goldens(sine, read_samples(sine, [])[:1], [Runtime.LITERT]).arena_bytes is None


# --- models that fail ----------------------------------------


def failure(annotated: AnnotatedModel, samples: list[Sample] | None, runtime: Runtime) -> ModelError:
    with pytest.raises(ModelError) as caught:
        build_goldens(annotated, read_samples(annotated, []) if samples is None else samples, [runtime])
    assert caught.value.where == str(annotated.model.path)
    return caught.value


def test_a_model_that_corrupts_the_heap(models: Path) -> None:
    """The child dies, or ends with a damaged heap; this process only reads about it."""
    error = failure(read_annotated(models / "keyword_scrambled_8bit.tflite"), None, Runtime.LITERT)
    assert error.what.startswith(
        ("LiteRT died while it ran the model (", "LiteRT damaged its memory", "LiteRT cannot run it")
    )


def test_a_model_that_litert_refuses(models: Path) -> None:
    error = failure(read_annotated(models / "person_detect.tflite"), None, Runtime.LITERT)
    assert error.what.startswith("LiteRT cannot run it: ")
    assert len(error.what) < 400


@needs_micro
def test_a_model_that_tflite_micro_refuses(models: Path) -> None:
    annotated = read_annotated(models / "mobilenet_v1_0.25_128_quant.tflite")
    error = failure(annotated, list(read_samples(annotated, []))[:1], Runtime.TFLITE_MICRO)
    assert error.what.startswith("TensorFlow Lite Micro ")


@pytest.mark.parametrize("runtime", [*LITERT, pytest.param(Runtime.TFLITE_MICRO, marks=needs_micro)])
def test_an_operator_that_no_runtime_has(models: Path, runtime: Runtime) -> None:
    error = failure(read_annotated(models / "model_invoking_error.tflite"), None, runtime)
    assert "\n" not in error.what


def test_an_answer_that_is_no_number(models: Path) -> None:
    annotated = read_annotated(models / "l2_norm_composite.tflite")
    tensor = np.full(annotated.inputs[0].tensor.shape, np.nan, np.float32)
    error = failure(annotated, [Sample("bad", None, (tensor,))], Runtime.LITERT)
    assert error.what.endswith("is infinite or not a number for the golden sample 'bad'")


def test_a_child_that_dies_after_its_answer(
    sine: AnnotatedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a damaged heap does when it is cleaned up: the answers are there, and worth nothing."""
    dying = tmp_path / "python"
    dying.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" && echo damaged >&2 && kill -ABRT $$\n')
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    error = failure(sine, None, Runtime.LITERT)
    assert error.what == "LiteRT damaged its memory while it ran the model (signal 6: damaged)"


def test_a_child_that_takes_too_long(sine: AnnotatedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real child, and no child starts Python and LiteRT in 20 ms."""
    monkeypatch.setattr(running, "TIME_LIMIT", 0.02)
    assert failure(sine, None, Runtime.LITERT).what == "LiteRT ran it for 0.02 s without an answer"


def test_nothing_is_left_behind(
    sine: AnnotatedModel, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    build_goldens(sine, read_samples(sine, [])[:1], [Runtime.LITERT])
    failure(read_annotated(models / "person_detect.tflite"), None, Runtime.LITERT)
    assert list(tmp_path.iterdir()) == []
