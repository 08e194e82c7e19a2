"""The generated Pi package and the world's files, through its own command line and within a time limit."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
import tomllib
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from PIL import Image, PngImagePlugin

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ConfigError
from packager.golden import read_samples
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model
from packager.tasks import Task
from tests import hand_made
from tests.conftest import write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import COLORS
from tests.models import Op, T, graph
from tests.targets.test_pi import project

pytestmark = pytest.mark.slow

SECONDS = 180
Run = subprocess.CompletedProcess[str]


def run(folder: Path, package: str, *arguments: str | Path, **options: Any) -> Run:
    return subprocess.run(
        [sys.executable, "-m", package, *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        **options,
    )


def run_code(folder: Path, code: str) -> Run:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)


def told(ran: Run) -> list[str]:
    """What the package itself wrote to stderr: LiteRT tells there what it is doing."""
    return [line for line in ran.stderr.split("\n") if line and not line.startswith("INFO: ")]


# --- projects ----------------------------------------


def colors() -> AnnotatedModel:
    """Which of red, green and blue a picture has most of."""
    annotation = Annotation(task=Task.IMAGE_CLASSIFICATION, labels=(LabelFile(COLORS),), mean=(0.0,), std=(255.0,))
    return annotated_model(parse_model(annotate(parse_model(hand_made.colors()), annotation), "colors.tflite"))


@pytest.fixture(scope="session")
def gray(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package digits, which takes gray pictures."""
    return write_files(tmp_path_factory.mktemp("pi"), project(digits(examples), golden_pictures(examples)[:2]))


@pytest.fixture(scope="session")
def colored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package colors, which takes RGB."""
    return write_files(tmp_path_factory.mktemp("pi"), project(colors(), []))


@pytest.fixture(scope="session")
def sines(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package sine: one int8 number in, one out."""
    return write_files(tmp_path_factory.mktemp("pi"), project(sine(examples), []))


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package every_dtype: seven inputs [2, 3]."""
    annotated = annotated_model(parse_model(hand_made.every_dtype(), "every_dtype.tflite"))
    return write_files(tmp_path_factory.mktemp("pi"), project(annotated, []))


# --- pictures that are none ----------------------------------------


def png(size: tuple[int, int], kind: bytes = b"\x08\x00\x00\x00\x00", *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of a header and some chunks, whether they fit together or not."""
    header = (b"IHDR", struct.pack(">II", *size) + kind)
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in (header, *chunks, (b"IEND", b"")):
        data += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return data


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def photo(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(7)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)


def huge_text() -> bytes:
    pixels = zlib.compress(b"\0" + b"\x80" * 8)
    text = b"Comment\0\0" + zlib.compress(b"A" * 50_000_000)
    return png((8, 1), b"\x08\x00\x00\x00\x00", (b"zTXt", text), (b"IDAT", pixels))


BAD_PICTURES: dict[str, bytes | Callable[[Path], object]] = {
    "zero bytes.jpg": b"",
    "garbage.png": bytes(range(256)) * 8,
    "page.jpg": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "drawing.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="10" height="10"/></svg>',
    "header only.png": png((8, 8)),
    "no pixels.png": png((0, 8)),
    "bomb.png": png((60_000, 60_000)),
    "billions.png": png((2**31 - 1, 2**31 - 1)),
    "huge text.png": huge_text(),
    "wrong sum.png": encoded(photo(), "PNG").replace(b"IDAT", b"IDAt"),
    "truncated.png": encoded(photo(), "PNG")[:800],
    "truncated.jpg": encoded(photo((200, 200)), "JPEG")[:3000],
    "truncated.gif": encoded(photo(), "GIF")[:1200],
    "truncated.tif": encoded(photo(), "TIFF")[:200],
    "truncated.webp": encoded(photo(), "WEBP")[:200],
    "floats.tif": encoded(Image.fromarray(np.ones((8, 8), np.float32)), "TIFF"),
    "integers.tif": encoded(Image.fromarray(np.ones((8, 8), np.int32)), "TIFF"),
    "missing.png": lambda _path: None,
    "folder.png": Path.mkdir,
    "pipe.png": os.mkfifo,
    "loop.png": lambda path: path.symlink_to(path),
    "device.png": lambda path: path.symlink_to("/dev/zero"),
    "terminal.png": lambda path: path.symlink_to("/dev/ptmx"),
    "too long" * 100 + ".png": lambda _path: None,
    "below a file.png": lambda _path: None,
    "\x1b[31mred\x1b[0m\nfive.png: forged\r.png": b"",
    "\u202egnp.\u2028exe.png": b"",
    "\udcff.png": b"",
}


def make(path: Path, content: bytes | Callable[[Path], object]) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    return path


@pytest.mark.parametrize("name", BAD_PICTURES, ids=lambda name: ascii(name[:20]))
def test_a_bad_picture_is_one_line_and_stops_no_other(name: str, gray: Path, examples: Path, tmp_path: Path) -> None:
    good = golden_pictures(examples)[:2]
    bad = make(tmp_path / name, BAD_PICTURES[name])
    if name == "below a file.png":
        bad = good[0] / name
    ran = run(gray, "digits", "classify", "--json", good[0], bad, good[1])
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [answer["picture"] for answer in answers] == list(map(str, good)), ran.stderr
    (line,) = told(ran)
    assert line.isprintable()
    assert line.startswith(str(tmp_path)[:10] if name != "below a file.png" else str(good[0]))
    assert "Traceback" not in line
    assert "<_io." not in line
    assert ran.returncode == 1


def test_a_socket_is_no_picture(gray: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.png")
        ran = run(gray, "digits", "classify", tmp_path / "socket.png", golden_pictures(examples)[0])
    assert (ran.returncode, len(told(ran))) == (1, 1)


def test_a_picture_that_may_not_be_read(gray: Path, examples: Path, tmp_path: Path) -> None:
    secret = make(tmp_path / "secret.png", golden_pictures(examples)[0].read_bytes())
    secret.chmod(0)

    def give_up_the_rights_of_root() -> None:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP

    ran = run(gray, "digits", "classify", secret, golden_pictures(examples)[0], preexec_fn=give_up_the_rights_of_root)
    assert (ran.returncode, told(ran)) == (1, [f"{secret}: Permission denied"])


def test_memory_that_does_not_suffice_is_one_bad_picture(colored: Path, examples: Path, tmp_path: Path) -> None:
    """A picture within Pillow's limits may still be more than a small board has room for."""
    large = make(tmp_path / "large.png", encoded(Image.new("RGBA", (13_000, 13_000)), "PNG", compress_level=1))
    good = golden_pictures(examples)[0]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    ran = run(colored, "colors", "classify", "--json", large, good, preexec_fn=limit)
    assert json.loads(ran.stdout)["picture"] == str(good), ran.stderr
    assert (ran.returncode, told(ran)) == (1, [f"{large}: MemoryError"])


# --- pictures as there are some ----------------------------------------


def with_exif(orientation: Any, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(photo(), kind, exif=exif)


def with_raw_exif(data: bytes) -> bytes:
    return encoded(photo(), "JPEG", exif=b"Exif\0\0" + data)


# A TIFF directory of two entries: orientation 6, and a unit of the resolution that fits into no short, which Pillow
# reads and cannot write again.
UNWRITABLE_EXIF = b"MM\0*\0\0\0\x08\0\x02" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
UNWRITABLE_EXIF += struct.pack(">HHII", 0x0128, 4, 1, 2**32 - 1) + bytes(4)


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "lime", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def palette_with_transparency() -> bytes:
    picture = photo().quantize(16)
    return encoded(picture, "PNG", transparency=bytes(range(0, 256, 16)))


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.arange(0, 65536, 21, dtype=np.uint16)[:3000].reshape(50, 60))


def big_endian_tiff() -> bytes:
    picture = np.frombuffer(sixteen_bits().tobytes(), "<u2").astype(">u2")
    tags = [(256, 60), (257, 50), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, 50), (279, 6000)]
    entries = b"".join(struct.pack(">HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    return b"MM\0*" + struct.pack(">I", 6008) + picture.tobytes() + struct.pack(">H", len(tags)) + entries + bytes(4)


GOOD_PICTURES = {
    "bilevel.png": encoded(photo(mode="1"), "PNG"),
    "gray.png": encoded(photo(mode="L"), "PNG"),
    "gray and alpha.png": encoded(photo(mode="LA"), "PNG"),
    "alpha.png": encoded(photo(mode="RGBA"), "PNG"),
    "palette.gif": encoded(photo(), "GIF"),
    "palette and transparency.png": palette_with_transparency(),
    "one transparent color.png": encoded(photo().quantize(16), "PNG", transparency=3),
    "gray transparent.png": encoded(photo(mode="L"), "PNG", transparency=7),
    "cmyk.jpg": encoded(photo(mode="CMYK"), "JPEG"),
    "cmyk.tif": encoded(photo(mode="CMYK"), "TIFF"),
    "gray.jpg": encoded(photo(mode="L"), "JPEG"),
    "16 bits.png": encoded(sixteen_bits(), "PNG"),
    "16 bits.tif": encoded(sixteen_bits(), "TIFF"),
    "16 bits the other way.tif": big_endian_tiff(),
    "three times 16 bits.png": png(
        (4, 1), b"\x10\x02\x00\x00\x00", (b"IDAT", zlib.compress(b"\0" + bytes(range(0, 240, 10))))
    ),
    "animated.gif": animated("GIF"),
    "animated.webp": animated("WEBP"),
    "animated.png": animated("PNG"),
    "photo.bmp": encoded(photo(), "BMP"),
    "photo.ppm": encoded(photo(), "PPM"),
    "pixel.png": encoded(photo((1, 1)), "PNG"),
    "broken exif.jpg": with_raw_exif(b"MM\0*\0\0\0\x08\0\x09\x01\x12"),
    "no exif.jpg": with_raw_exif(b"\xff" * 20),
    **{f"turned {number}.jpg": with_exif(number) for number in range(10)},
    "turned 6.tif": with_exif(6, "TIFF"),
    "turned 6.png": with_exif(6, "PNG"),
    "turned 6.webp": with_exif(6, "WEBP"),
}


@pytest.mark.parametrize("package", ["digits", "colors"])
def test_pictures_become_the_tensors_of_the_packagers_own_reader(
    package: str, gray: Path, colored: Path, examples: Path, tmp_path: Path
) -> None:
    folder, annotated = (gray, digits(examples)) if package == "digits" else (colored, colors())
    paths = [make(tmp_path / name, content) for name, content in GOOD_PICTURES.items()]
    ran = run_code(
        folder,
        f"import numpy; from pathlib import Path; from {package}.preprocessing import Preprocessor\n"
        f"to_tensors = Preprocessor().tensors\n"
        f"paths = sorted(Path({str(tmp_path)!r}).iterdir())\n"
        f"numpy.savez({str(tmp_path / 'tensors')!r}, **{{path.name: to_tensors(path)[0] for path in paths}})",
    )
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    with np.load(tmp_path / "tensors.npz") as tensors:
        for path in paths:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ((expected,),) = (sample.inputs for sample in read_samples(annotated, [path]))
            np.testing.assert_array_equal(tensors[path.name], expected, err_msg=path.name, strict=True)


def test_pictures_of_all_kinds_are_classified_without_a_word(colored: Path, tmp_path: Path) -> None:
    paths = [make(tmp_path / name, content) for name, content in GOOD_PICTURES.items()]
    ran = run(colored, "colors", "classify", "--json", *paths)
    assert (ran.returncode, told(ran)) == (0, [])
    answers = {Path(line["picture"]).name: line["results"] for line in map(json.loads, ran.stdout.splitlines())}
    assert list(answers) == list(GOOD_PICTURES)
    for kind in ("gif", "webp", "png"):
        assert answers[f"animated.{kind}"][0]["label"] == "red"


def test_exif_data_that_pillow_cannot_write_again_still_turn_the_picture(colored: Path, tmp_path: Path) -> None:
    broken = make(tmp_path / "broken.jpg", with_raw_exif(UNWRITABLE_EXIF))
    whole = make(tmp_path / "whole.jpg", with_exif(6))
    ran = run(colored, "colors", "classify", "--json", broken, whole)
    first, second = (json.loads(line)["results"] for line in ran.stdout.splitlines())
    assert first == second


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1), (9_500, 9_500)])
def test_pictures_of_extreme_sizes(size: tuple[int, int], colored: Path, tmp_path: Path) -> None:
    """The last is one of which Pillow warns, and phones take larger ones."""
    picture = make(tmp_path / "picture.png", encoded(Image.new("1", size, 1), "PNG"))
    ran = run(colored, "colors", "classify", "--json", picture)
    assert (ran.returncode, told(ran)) == (0, [])
    scores = [result["score"] for result in json.loads(ran.stdout)["results"]]
    assert scores == pytest.approx([1.0] * 3, abs=0.01)
    strict = run_code(
        colored,
        f"import warnings; warnings.simplefilter('error'); import colors\n"
        f"print(len(colors.ColorsClassifier().classify({str(picture)!r})))",
    )
    assert strict.stdout == "3\n", strict.stderr


def test_names_and_labels_reach_the_terminal_as_text(examples: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps([f"\x1b[3{number}m\nlabel \u202e é 鳥" for number in range(10)]))
    folder = write_files(tmp_path / "pi", project(digits(examples, labels=labels), []))
    picture = make(tmp_path / "\x1b[31m\n\udcff.png", golden_pictures(examples)[0].read_bytes())
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "1"}):
        ran = run(folder, "digits", "classify", picture, "--top-k", "10", env={**os.environ, **environment})
        assert (ran.returncode, told(ran)) == (0, [])
        assert len(ran.stdout.splitlines()) == 11
        assert all(line.isprintable() for line in ran.stdout.splitlines())


# --- arrays and Pillow images as pictures ----------------------------------------


def test_arrays_are_pictures(gray: Path, colored: Path) -> None:
    code = """
import numpy as np
from PIL import Image
from PACKAGE import CLASS
from PACKAGE.preprocessing import Preprocessor
model, to_tensors = CLASS(), Preprocessor().tensors
pixels = np.random.default_rng(3).integers(0, 256, (30, 40, 3), dtype=np.uint8)
def same(picture, expected):
    np.testing.assert_array_equal(to_tensors(picture), to_tensors(expected), strict=True)
    assert model.classify(picture) == model.classify(expected)
same(pixels, Image.fromarray(pixels))
same(pixels[..., 0], Image.fromarray(pixels[..., 0].copy()))
bgr = pixels[:, :, ::-1].copy()
same(bgr[:, :, ::-1], Image.fromarray(pixels))
same(pixels[::2, ::-3], Image.fromarray(pixels[::2, ::-3].copy()))
same(np.asfortranarray(pixels), Image.fromarray(pixels))
before = pixels.copy()
pixels.flags.writeable = False
model.classify(pixels)
np.testing.assert_array_equal(before, pixels)
print("fine")
"""
    for folder, package in ((gray, "digits"), (colored, "colors")):
        ran = run_code(folder, code.replace("PACKAGE", package).replace("CLASS", f"{package.capitalize()}Classifier"))
        assert ran.stdout == "fine\n", ran.stderr


NO_PICTURES = {
    "np.zeros((8, 8, 3))": "float64",
    "np.zeros((8, 8, 3), np.int8)": "int8",
    "np.zeros((8, 8, 3), bool)": "bool",
    "np.zeros((8, 8, 4), np.uint8)": "[8, 8, 4]",
    "np.zeros((8, 8, 1), np.uint8)": "[8, 8, 1]",
    "np.zeros((1, 8, 8, 3), np.uint8)": "[1, 8, 8, 3]",
    "np.zeros(8, np.uint8)": "[8]",
    "np.uint8(3)": "uint8",
    "np.zeros((0, 8, 3), np.uint8)": "[0, 8, 3]",
    "np.zeros((8, 0), np.uint8)": "[8, 0]",
    "np.array([['a']], object)": "object",
    "Image.new('RGB', (0, 0))": "no pixels",
    "Image.new('L', (0, 7))": "no pixels",
    "Image.new('I', (8, 8))": "32 bits",
    "Image.new('La', (8, 8))": "La",
    "Image.new('F', (8, 8))": "32 bits",
    "None": "NoneType",
    "0": "int",
    "[[1, 2], [3, 4]]": "list",
    "b'five.png'": "bytes",
    "''": "No such file",
    "'a\\0b'": "null",
    "Path('.')": "not a regular file",
}


def test_what_is_no_picture_is_told(colored: Path) -> None:
    code = """
import json, sys
from pathlib import Path
import numpy as np
from PIL import Image
from colors import ColorsClassifier, InputError
model = ColorsClassifier()
told = {}
for text in json.loads(sys.argv[1]):
    try:
        model.classify(eval(text))
    except (InputError, TypeError) as error:
        told[text] = f"{type(error).__name__}: {error}"
print(json.dumps(told))
"""
    command = [sys.executable, "-c", code, json.dumps(list(NO_PICTURES))]
    ran = subprocess.run(command, cwd=colored, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 0, ran.stderr
    messages = json.loads(ran.stdout)
    assert list(messages) == list(NO_PICTURES)
    for text, expected in NO_PICTURES.items():
        assert expected in messages[text], text
        is_type = text in ("None", "0", "b'five.png'", "[[1, 2], [3, 4]]", "np.uint8(3)")
        assert messages[text].startswith("TypeError" if is_type else "InputError"), text


def test_pillow_images_of_every_mode(gray: Path, colored: Path) -> None:
    code = """
import numpy as np
from PIL import Image
from PACKAGE import CLASS
from PACKAGE.preprocessing import Preprocessor
model, to_tensors = CLASS(), Preprocessor().tensors
photo = Image.fromarray(np.random.default_rng(3).integers(0, 256, (30, 40, 3), dtype=np.uint8))
for mode in "1 L LA P PA RGB RGBA RGBX CMYK YCbCr HSV".split():
    picture = photo.convert("P").convert("PA") if mode == "PA" else photo.convert(mode)
    np.testing.assert_array_equal(
        to_tensors(picture), to_tensors(picture.convert("MODE")), err_msg=mode, strict=True
    )
deep = Image.fromarray((np.arange(1200, dtype=np.uint16) * 54).reshape(30, 40))
assert deep.mode == "I;16"
np.testing.assert_array_equal(to_tensors(deep), to_tensors((np.asarray(deep) >> 8).astype(np.uint8)))
palette = photo.quantize(8)
palette.info["transparency"] = bytes(8)
model.classify(palette)
assert palette.info["transparency"] == bytes(8)
print("fine")
"""
    for folder, package, mode in ((gray, "digits", "L"), (colored, "colors", "RGB")):
        text = code.replace("PACKAGE", package).replace("CLASS", f"{package.capitalize()}Classifier")
        ran = run_code(folder, "import warnings; warnings.simplefilter('error')\n" + text.replace("MODE", mode))
        assert ran.stdout == "fine\n", ran.stderr


# --- the command line ----------------------------------------

WRONG_ARGUMENTS = [
    ("--threads", "0"),
    ("--threads", "-1"),
    ("--threads", "65"),
    ("--threads", "9" * 5000),
    ("--threads", "two"),
    ("--threads", "1.5"),
    ("--threads", "\x1b[31m"),
    ("--threads", ""),
    ("--top-k", "0"),
    ("--top-k", "-3"),
    ("--top-k", "11"),
    ("--top-k", "1e3"),
    ("--\x1b[31m\nforged", "1"),
]


@pytest.mark.parametrize(("option", "value"), WRONG_ARGUMENTS, ids=lambda text: ascii(text[:12]))
def test_wrong_options_of_a_classifier(option: str, value: str, gray: Path, examples: Path) -> None:
    ran = run(gray, "digits", "classify", golden_pictures(examples)[0], option, value)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = told(ran)
    assert line.startswith("python -m digits")
    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize("value", ["0", "-1", "65", "two"])
def test_wrong_options_of_a_tensor_model(value: str, sines: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float32(1))
    ran = run(sines, "sine", "run", tmp_path / "x.npy", "--threads", value)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = told(ran)
    assert line.startswith("python -m sine run: argument --threads")


@pytest.mark.parametrize("arguments", [[], ["classify"], ["nosuch"], ["classify", "--nosuch"], ["selftest", "x"]])
def test_wrong_commands_are_one_line(arguments: Sequence[str], gray: Path) -> None:
    ran = run(gray, "digits", *arguments)
    assert (ran.returncode, ran.stdout, len(told(ran))) == (2, "", 1), ran.stderr


def test_right_options(gray: Path, examples: Path) -> None:
    ran = run(gray, "digits", "classify", golden_pictures(examples)[0], "--json", "--top-k", "10", "--threads", "64")
    assert (ran.returncode, len(json.loads(ran.stdout)["results"])) == (0, 10)


@contextlib.contextmanager
def started(folder: Path, package: str, *arguments: str | Path, **options: Any) -> Any:
    command = [sys.executable, "-m", package, *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, **options) as process:
        watchdog = time.monotonic() + SECONDS
        try:
            yield process
            process.wait(watchdog - time.monotonic())
        finally:
            process.kill()


def test_each_answer_is_written_at_once(colored: Path, examples: Path, tmp_path: Path) -> None:
    slow = make(tmp_path / "slow.png", encoded(Image.new("RGB", (8_000, 8_000)), "PNG", compress_level=1))
    with started(colored, "colors", "classify", "--json", golden_pictures(examples)[0], slow) as process:
        process.stdout.readline()
        first = time.monotonic()
        assert json.loads(process.stdout.readline())["picture"] == str(slow)
        assert time.monotonic() - first > 0.1


def test_a_reader_that_has_seen_enough(gray: Path, examples: Path) -> None:
    pictures = golden_pictures(examples) * 400
    with started(gray, "digits", "classify", "--json", *pictures) as process:
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert told(subprocess.CompletedProcess([], 0, "", errors)) == []
    assert process.returncode == 141


def test_a_full_disk_is_one_line(gray: Path, examples: Path) -> None:
    with Path("/dev/full").open("w") as full:
        with started(gray, "digits", "classify", golden_pictures(examples)[0], stdout=full) as process:
            errors = process.stderr.read()
        assert len(told(subprocess.CompletedProcess([], 0, "", errors))) == 1, errors
        assert process.returncode == 1
        with started(gray, "digits", "selftest", stdout=full) as process:
            errors = process.stderr.read()
        assert (process.returncode, len(told(subprocess.CompletedProcess([], 0, "", errors)))) == (1, 1), errors


def test_no_stdout_at_all(gray: Path, examples: Path) -> None:
    ran = run(gray, "digits", "classify", golden_pictures(examples)[0], preexec_fn=lambda: os.close(1))
    assert "Traceback" not in ran.stderr


def test_an_interrupt_is_one_line(gray: Path, examples: Path) -> None:
    with started(gray, "digits", "classify", "--json", *golden_pictures(examples) * 2000) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
    assert told(subprocess.CompletedProcess([], 0, "", errors)) == ["interrupted"]
    assert process.returncode == 130


# --- the installed package ----------------------------------------


def other_model(data: bytes) -> bytes:
    return (Path(__file__).parents[2] / "examples" / "sine" / "sine.tflite").read_bytes()


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes] | None]] = {
    "no model": ("model.tflite", None),
    "no bytes of the model": ("model.tflite", lambda _data: b""),
    "half a model": ("model.tflite", lambda data: data[: len(data) // 2]),
    "another model": ("model.tflite", other_model),
    "no labels": ("labels.json", None),
    "labels that are no JSON": ("labels.json", lambda data: data[:-3]),
    "labels that are no text": ("labels.json", lambda data: b"\xff\xfe"),
    "a label less": ("labels.json", lambda data: json.dumps(json.loads(data)[1:]).encode()),
    "labels that are no strings": ("labels.json", lambda data: json.dumps(list(range(10))).encode()),
    "labels that are no list": ("labels.json", lambda data: b'{"0": "zero"}'),
    "labels that are nested": ("labels.json", lambda data: b"[" * 100_000),
    "no table": ("input_table.bin", None),
    "half a table": ("input_table.bin", lambda data: data[:100]),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", ["classify", "selftest"])
def test_a_damaged_package_says_so(damage: str, command: str, examples: Path, tmp_path: Path) -> None:
    folder = write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:1]))
    name, change = DAMAGES[damage]
    path = folder / "digits" / name
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(path.read_bytes()))
    ran = run(folder, "digits", command, *golden_pictures(examples)[:1] * (command == "classify"))
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = told(ran)
    assert name in line
    assert "install" in line


@pytest.mark.parametrize("damage", ["gone", "cut", "cut input", "no json", "no cases"])
@pytest.mark.parametrize("kind", ["digits", "sine"])
def test_damaged_golden_cases_fail(damage: str, kind: str, examples: Path, tmp_path: Path) -> None:
    annotated = digits(examples) if kind == "digits" else sine(examples)
    folder = write_files(tmp_path, project(annotated, []))
    output, cases = (folder / kind / "golden" / name for name in ("random_1.output0.bin", "cases.json"))
    if damage == "gone":
        output.unlink()
    elif damage == "cut":
        output.write_bytes(b"")
    elif damage == "cut input":
        output.with_name("random_1.input0.bin").write_bytes(b"")
    elif damage == "no json":
        cases.write_bytes(b"\xff")
    else:
        cases.write_text(json.dumps({**json.loads(cases.read_text()), "cases": []}))
    ran = run(folder, kind, "selftest")
    assert ran.returncode == 1
    if damage in ("gone", "no json"):
        (line,) = told(ran)
        assert line.startswith("golden/")
    elif damage == "cut input" and kind == "sine":
        assert len(told(ran)) == 1
    else:
        assert told(ran) == []
        assert ran.stdout.splitlines()[-1].startswith("FAIL ")


# What there is to do where no LiteRT can be imported: by Python, by what platform.machine() says, by bits.
MISSING = [
    (
        (3, 13),
        "aarch64",
        64,
        ("ai-edge-litert is missing", "Python 3.13 on aarch64", "run pip install .", "3.10 to 3.14"),
    ),
    ((3, 9), "x86_64", 64, ("tflite-runtime is missing", "Python 3.9 on x86_64", "run pip install .")),
    ((3, 7), "aarch64", 64, ("tflite-runtime is missing", "Python 3.7 on aarch64", "run pip install .")),
    ((3, 7), "armv7l", 32, ("tflite-runtime is missing", "run linux32 pip install .")),
    ((3, 11), "armv7l", 32, ("tflite-runtime is missing", "run linux32 pip install .")),
    ((3, 11), "aarch64", 32, ("tflite-runtime is missing", "run linux32 pip install .")),
    ((3, 12), "armv7l", 32, ("no LiteRT for Python 3.12 on armv7l with 32 bits", "3.7 to 3.11 only", "64 bits")),
    ((3, 13), "aarch64", 32, ("no LiteRT for Python 3.13 on aarch64 with 32 bits", "3.7 to 3.11 only", "64 bits")),
]


@pytest.mark.parametrize(("version", "machine", "bits", "expected"), MISSING)
@pytest.mark.parametrize("arguments", [("digits", "classify", "x.png"), ("digits", "selftest")])
def test_a_missing_runtime_says_what_to_do(
    version: tuple[int, int], machine: str, bits: int, expected: Sequence[str], arguments: Sequence[str], gray: Path
) -> None:
    code = (
        "import runpy, sys, platform, numpy, digits.picture\n"
        "for name in ('ai_edge_litert', 'tflite_runtime'): sys.modules[name] = None\n"
        "import digits.wheels as wheels\n"
        "from types import SimpleNamespace\n"
        f"wheels.sys = SimpleNamespace(version_info=({version[0]}, {version[1]}, 1, 'final', 0), "
        f"maxsize=2**{bits - 1} - 1)\n"
        f"platform.machine = lambda: {machine!r}\n"
        f"sys.argv = {list(arguments)!r}\nrunpy.run_module('digits', run_name='__main__', alter_sys=True)"
    )
    ran = run_code(gray, code)
    (line,) = told(ran)
    assert (ran.returncode, ran.stdout) == (1, "")
    for words in expected:
        assert words in line
    helped = run_code(gray, code.replace(repr(list(arguments)), "['digits', '--help']"))
    assert (helped.returncode, "classify" in helped.stdout) == (0, True), helped.stderr


# What pip installs beside Pillow: by Python and by what platform.machine() says.
RUNTIMES = [
    ("3.7", "aarch64", {"numpy", "numpy<2", "tflite-runtime<3,>=2.5"}),
    ("3.7", "armv7l", {"numpy", "numpy<2", "tflite-runtime<3,>=2.5"}),
    ("3.8", "aarch64", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.8", "armv7l", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.9", "x86_64", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.10", "x86_64", {"numpy", "ai-edge-litert>=2.1"}),
    ("3.13", "aarch64", {"numpy", "ai-edge-litert>=2.1"}),
    ("3.9", "armv7l", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.11", "armv7l", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.11", "armv8l", {"numpy", "numpy<2", "tflite-runtime<3,>=2.14"}),
    ("3.12", "armv7l", {"numpy"}),
    ("3.13", "armv8l", {"numpy"}),
]


@pytest.mark.parametrize(("version", "machine", "expected"), RUNTIMES)
def test_what_pip_installs(version: str, machine: str, expected: set[str], sines: Path) -> None:
    project_table = tomllib.loads((sines / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project_table["requires-python"]).contains(version)
    environment = {"python_version": version, "platform_machine": machine}
    requirements = map(Requirement, project_table["dependencies"])
    needed = {item for item in requirements if item.marker is None or item.marker.evaluate(environment)}
    assert {f"{item.name}{item.specifier}" for item in needed} == expected


@pytest.mark.parametrize("module", ["numpy", "ai_edge_litert"])
def test_one_who_interrupts_an_import_gets_no_traceback(module: str, gray: Path, tmp_path: Path) -> None:
    """NumPy and LiteRT take longest to load, so that is when people lose patience."""
    slow = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n"
    write_files(tmp_path, {f"{module}/__init__.py": slow.encode()})
    ran = run(gray, "digits", "selftest", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (ran.returncode, ran.stdout, told(ran)) == (130, "", ["interrupted"])


# --- arrays in files ----------------------------------------


def npy(array: Any, **options: Any) -> bytes:
    data = io.BytesIO()
    np.save(data, array, **options)
    return data.getvalue()


def npy_header(text: str, version: tuple[int, int] = (1, 0), data: bytes = b"") -> bytes:
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text) + 1)
    return b"\x93NUMPY" + bytes(version) + size + text.encode() + b"\n" + data


def header(shape: Any, dtype: str = "<f4") -> str:
    return f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}"


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch pwned",)


def npz() -> bytes:
    data = io.BytesIO()
    np.savez(data, x=np.zeros((1, 1), np.float32))
    return data.getvalue()


WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\0\0\0"
BAD_ARRAYS: dict[str, tuple[bytes | Callable[[Path], object], str]] = {
    "empty.npy": (b"", "no .npy file"),
    "photo.jpg": (encoded(photo(), "JPEG"), "numpy.save"),
    "sound.wav": (WAV, "numpy.save"),
    "text.npy": (b"1.0 2.0 3.0\n", "numpy.save"),
    "array.npz": (npz(), "is an .npz"),
    "pickle.npy": (b"\x80\x04K\x01.", "no .npy file"),
    "magic.npy": (b"\x93NUMPY", "no .npy file"),
    "version.npy": (b"\x93NUMPY\x09\x09\x00\x00", "version 9.9"),
    "half a header.npy": (npy(np.zeros((1, 1), np.float32))[:40], ""),
    "no data.npy": (npy(np.zeros((1, 1), np.float32))[:-4], ""),
    "half an item.npy": (npy(np.zeros((1, 1), np.float32))[:-2], ""),
    "10**12 items.npy": (npy_header(header((10**6, 10**6))), "[1000000, 1000000]"),
    "10**40 items.npy": (npy_header(header((10**20, 10**20))), "[1, 1]"),
    "times zero.npy": (npy_header(header((10**12, 0))), "[1000000000000, 0]"),
    "large items.npy": (npy_header(header((1, 1), "<U100000000")), "<U100000000"),
    "negative.npy": (npy_header(header((-1, -1)), data=bytes(4)), ""),
    "no shape.npy": (npy_header(header("'x'")), ""),
    "no dictionary.npy": (npy_header("[1, 2]"), ""),
    "no literal.npy": (npy_header("__import__('os').system('touch pwned')"), ""),
    "nested.npy": (npy_header("(" * 9000), ""),
    "signs.npy": (npy_header("-" * 60_000 + "1"), "is large"),
    "unclosed.npy": (npy_header("{'descr': '"), ""),
    "wrong descr.npy": (npy_header(header((1, 1), "nosuch")), ""),
    "bytes.npy": (npy_header("\0\0\0"), ""),
    "version 2.npy": (npy_header(header((1, 1)), (2, 0), bytes(4)), "version 2.0"),
    "object.npy": (npy(np.array([[None]], object)), "object"),
    "evil.npy": (npy(np.array([[Evil()]], object)), "object"),
    "complex.npy": (npy(np.array([[1j]])), "complex128"),
    "text array.npy": (npy(np.array([["1"]])), "<U1"),
    "records.npy": (npy(np.zeros((1, 1), [("a", "f4")])), "'a'"),
    "times.npy": (npy(np.zeros((1, 1), "M8[s]")), "datetime64"),
    "nan.npy": (npy(np.array([[np.nan]], np.float32)), "nan"),
    "infinite.npy": (npy(np.array([[-np.inf]])), "-inf"),
    "300.npy": (npy(np.array([[300]])), "300"),
    "-129.npy": (npy(np.array([[-129]], np.int16)), "-129"),
    "three.npy": (npy(np.zeros(3, np.float32)), "[3]"),
    "none.npy": (npy(np.zeros(0, np.float32)), "[0]"),
    "missing.npy": (lambda _path: None, "No such file"),
    "folder.npy": (Path.mkdir, "not a regular file"),
    "pipe.npy": (os.mkfifo, "not a regular file"),
    "device.npy": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "loop.npy": (lambda path: path.symlink_to(path), ""),
    "\x1b[31m\nforged.npy": (b"", "\\x1b[31m\\nforged.npy"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS, ids=ascii)
def test_a_bad_array_is_one_line(name: str, sines: Path, tmp_path: Path) -> None:
    content, expected = BAD_ARRAYS[name]
    ran = run(sines, "sine", "run", make(tmp_path / name, content))
    assert (ran.returncode, ran.stdout) == (1, ""), ran.stderr
    (line,) = told(ran)
    assert expected in line
    assert line.isprintable()
    assert "allow_pickle" not in line
    assert "Traceback" not in line
    assert not (sines / "pwned").exists()


def test_the_message_names_the_input_and_both_shapes(sines: Path, tmp_path: Path) -> None:
    path = make(tmp_path / "three.npy", npy(np.zeros((3, 1), np.float32)))
    assert told(run(sines, "sine", "run", path)) == [f"{path}: input 'x' takes [1, 1], not [3, 1]"]


def test_a_header_of_gigabytes_is_not_read(sines: Path, tmp_path: Path) -> None:
    path = tmp_path / "header.npy"
    with path.open("wb") as file:
        file.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1))
        file.truncate(2**32 + 100)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    ran = run(sines, "sine", "run", path, preexec_fn=limit)
    (line,) = told(ran)
    assert (ran.returncode, "version 2.0" in line) == (1, True)


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        ("uint8", np.int64(300), "300"),
        ("uint8", np.int64(-1), "-1"),
        ("uint8", np.float32(np.nan), "nan"),
        ("int8", np.float64(np.inf), "inf"),
        ("int16", np.int32(2**20), "1048576"),
        ("int32", np.int64(2**40), "1099511627776"),
        ("int32", np.float32(1.5), "float32"),
        ("int64", np.uint64(2**63), "9223372036854775808"),
        ("int64", np.float64(1), "float64"),
        ("bool", np.int64(2), "2"),
        ("bool", np.float32(1), "float32"),
        ("float32", np.float64(1e300), "1e+300"),
        ("float32", np.complex64(1), "complex64"),
        ("uint8", np.complex64(1), "complex64"),
        ("uint8", np.float32(1.25), None),
        ("uint8", np.uint8(200), None),
        ("uint8", np.int64(200), None),
        ("int32", np.uint8(200), None),
        ("int64", True, None),
        ("bool", np.int8(1), None),
        ("float32", np.float64(0.1), None),
        ("float32", np.int64(3), None),
        ("float32", np.float64(np.nan), None),
        ("float32", np.float16(np.inf), None),
        ("int8", np.float16(0.5), None),
    ],
)
def test_arrays_are_taken_by_the_rules_of_golden_samples(
    dtype: str, value: Any, message: str | None, every: Path, tmp_path: Path
) -> None:
    annotated = annotated_model(parse_model(hand_made.every_dtype(), "every_dtype.tflite"))
    paths, arrays = [], {}
    for port in annotated.inputs:
        fill = value if port.tensor.dtype == dtype else np.zeros((), port.tensor.dtype)
        arrays[port.name] = np.full((2, 3), fill)
        paths.append(make(tmp_path / f"{port.name}.npy", npy(arrays[port.name])))
    np.savez(tmp_path / "sample.npz", **arrays)
    ran = run(every, "every_dtype", "run", *paths)
    if message is None:
        assert (ran.returncode, told(ran)) == (0, [])
        read_samples(annotated, [tmp_path / "sample.npz"])
    else:
        (line,) = told(ran)
        assert (ran.returncode, message in line) == (1, True), line
        with pytest.raises(ConfigError):
            read_samples(annotated, [tmp_path / "sample.npz"])


def test_outputs_that_json_has_no_word_for_are_null(every: Path, tmp_path: Path) -> None:
    annotated = annotated_model(parse_model(hand_made.every_dtype(), "every_dtype.tflite"))
    paths = []
    for port in annotated.inputs:
        array = np.zeros((2, 3), port.tensor.dtype)
        if port.tensor.dtype == "float32":
            array[0] = np.nan, np.inf, -np.inf
        paths.append(make(tmp_path / f"{port.name}.npy", npy(array)))
    ran = run(every, "every_dtype", "run", *paths)

    def refuse(text: str) -> Any:
        raise AssertionError(text)

    outputs = json.loads(ran.stdout, parse_constant=refuse)
    (floats,) = (port.name for port in annotated.outputs if port.tensor.dtype == "float32")
    (truths,) = (port.name for port in annotated.outputs if port.tensor.dtype == "bool")
    assert outputs[floats] == [[None, None], [None, 0.0], [0.0, 0.0]]
    assert outputs[truths] == [[False] * 2] * 3


def test_inputs_that_the_model_cannot_run_on_are_one_line(tmp_path: Path) -> None:
    """An index beyond the table is found by the kernel only."""
    data = graph(
        [
            T("table", [4, 2], data=np.arange(8).reshape(4, 2)),
            T("index", [1], "int32"),
            T("row", [1, 2]),
        ],
        [Op("GATHER", ["table", "index"], ["row"])],
        ["index"],
        ["row"],
    )
    np.save(tmp_path / "two.npy", np.array([2], np.int32))
    annotated = annotated_model(parse_model(data, "rows.tflite"))
    folder = write_files(tmp_path / "pi", project(annotated, [tmp_path / "two.npy"]))
    np.save(tmp_path / "nine.npy", np.array([9], np.int32))
    ran = run(folder, "rows", "run", tmp_path / "nine.npy")
    assert ran.returncode == 1
    assert len([line for line in told(ran) if not line.startswith("ERROR: ")]) == 1, ran.stderr
    assert json.loads(run(folder, "rows", "run", tmp_path / "two.npy").stdout) == {"output": [[4.0, 5.0]]}


def test_text_chunks_are_what_pillow_refuses() -> None:
    """The file of the table above is refused for its text, and nothing else is wrong with it."""
    with pytest.raises(ValueError, match="too large"):
        Image.open(io.BytesIO(huge_text()))
    assert PngImagePlugin.MAX_TEXT_CHUNK < 50_000_000
