"""Data sets: what is read of folders, arrays and tables, what of it goes into a model, and what bad ones are told."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.dataset import Dataset, read_dataset
from packager.dataset.dataset import Files
from packager.errors import ConfigError
from packager.golden import read_samples
from packager.metadata.attach import Annotation, LabelFile
from packager.tasks import Task
from packager.tasks.text import TextInput
from tests import hand_made
from tests.bounds import within
from tests.example_models import digits, golden_pictures, sine
from tests.tasks.wavs import noise, written

Array = np.ndarray[Any, Any]


def colors(dtype: str = "int8") -> AnnotatedModel:
    """Which of red, green and blue a picture of 8 x 6 has most of."""
    labels = (LabelFile(Path(__file__).parent.parent / "targets" / "colors.txt"),)
    settings: dict[str, Any] = {} if dtype == "uint8" else {"mean": (0.0,), "std": (255.0,)}
    annotation = Annotation(task=Task.IMAGE_CLASSIFICATION, labels=labels, **settings)
    return hand_made.attached(hand_made.colors(dtype), annotation, "colors")


LABELS = ("red", "green", "blue")


def picture(color: int, size: tuple[int, int] = (11, 9)) -> Image.Image:
    pixels = np.random.default_rng(color).integers(0, 80, (size[1], size[0], 3), dtype=np.uint8)
    pixels[:, :, color] += 150
    return Image.fromarray(pixels)


def save_classes(folder: Path, each: int = 2) -> None:
    for color, label in enumerate(LABELS):
        (folder / label).mkdir(parents=True)
        for number in range(each):
            picture(color, (11 + number, 9)).save(folder / label / f"{number}.png")


def refused(path: Path, annotated: AnnotatedModel, *, labelled: bool = False) -> ConfigError:
    """The error of reading the data at ``path``, all samples included."""

    def read() -> None:
        dataset = read_dataset(path, annotated, labelled=labelled)
        dataset.tensors(annotated, range(len(dataset)))

    with pytest.raises(ConfigError) as caught:
        read()
    return caught.value


# --- folders ----------------------------------------


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    save_classes(tmp_path)
    (tmp_path / "red" / ".DS_Store").write_text("no picture")
    (tmp_path / "labels.txt").write_text("beside the classes")
    dataset = read_dataset(tmp_path, colors(), labelled=True)
    # Folders in the order of their names; a class is its place among the labels.
    assert dataset.classes == (2, 2, 1, 1, 0, 0)
    assert len(dataset) == 6
    assert [item.where for item in dataset.items([4])] == [str(tmp_path / "red" / "0.png")]


def test_tensors_are_those_of_golden_samples(examples: Path) -> None:
    """The one preprocessing: what a target's self-test feeds is what is measured."""
    folder = examples / "digits" / "golden"
    annotated = digits(examples)
    dataset = read_dataset(folder, annotated, labelled=False)
    samples = read_samples(annotated, golden_pictures(examples))
    made = dataset.tensors(annotated, range(len(dataset)))
    assert len(made) == len(samples) == 5
    for (tensor,), sample in zip(made, samples, strict=True):
        np.testing.assert_array_equal(tensor, sample.inputs[0], strict=True)


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_values_are_what_the_tensors_stand_for(dtype: str, tmp_path: Path) -> None:
    """(pixel - 0) / 255 for int8 and float; a uint8 input without a scale takes the pixel."""
    save_classes(tmp_path)
    annotated = colors(dtype)
    dataset = read_dataset(tmp_path, annotated, labelled=True)
    for (tensor,), (value,) in zip(
        dataset.tensors(annotated, range(6)), dataset.values(annotated, range(6)), strict=True
    ):
        assert (tensor.dtype, value.dtype, tensor.shape, value.shape) == (
            dtype,
            "float32",
            (1, 6, 8, 3),
            (1, 6, 8, 3),
        )
        pixels = {"float32": tensor * 255.0, "int8": tensor.astype(float) + 128, "uint8": tensor}[dtype]
        np.testing.assert_allclose(value * (1 if dtype == "uint8" else 255), pixels, atol=1e-4)


def test_a_flat_folder_has_no_classes(tmp_path: Path) -> None:
    picture(0).save(tmp_path / "b.jpg")
    picture(1).save(tmp_path / "a.PNG")
    dataset = read_dataset(tmp_path, colors(), labelled=False)
    assert (len(dataset), dataset.classes) == (2, None)
    error = refused(tmp_path, colors(), labelled=True)
    assert error.what == "does not tell the class of its samples"
    assert error.where == str(tmp_path)


def test_classes_without_labels_are_the_sorted_folders(tmp_path: Path) -> None:
    save_classes(tmp_path)
    annotated = hand_made.attached(
        hand_made.colors(), Annotation(task=Task.IMAGE_TO_TENSORS, mean=(0.0,), std=(255.0,)), "plain"
    )
    assert read_dataset(tmp_path, annotated, labelled=True).classes == (0, 0, 1, 1, 2, 2)


def test_a_part_is_small_and_has_its_samples(tmp_path: Path) -> None:
    save_classes(tmp_path, each=40)
    annotated = colors()
    dataset = read_dataset(tmp_path, annotated, labelled=True)
    part = dataset.part(79, 82)
    assert (part.classes, len(part)) == ((1, 0, 0), 3)
    assert len(pickle.dumps(part)) < 1000
    again: Dataset = pickle.loads(pickle.dumps(part))
    for (one,), (other,) in zip(again.tensors(annotated, [1, 2]), dataset.tensors(annotated, [80, 81]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """A corrupt picture in the middle of 1,000 does not matter to the others, and is named when it is reached."""
    save_classes(tmp_path, each=0)
    data = tmp_path / "seed.png"
    picture(0).save(data)
    for number in range(1000):
        (tmp_path / LABELS[number % 3] / f"{number:04}.png").write_bytes(data.read_bytes())
    bad = tmp_path / "green" / "0502.png"
    bad.write_bytes(data.read_bytes()[:-60])
    dataset = read_dataset(tmp_path, colors(), labelled=True)
    assert isinstance(dataset.source, Files)
    index = next(number for number, item in enumerate(dataset.source.names) if item.endswith("0502.png"))
    assert len(dataset.tensors(colors(), range(index))) == index
    error = refused(tmp_path, colors())
    assert error.where == str(bad)
    assert error.what.startswith("cannot be read: ")
    assert error.fix == "Leave it out of the data, or put a sound one in its place."


def test_many_files_take_little_time(tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    for number in range(5000):
        (tmp_path / "red" / f"{number}.png").touch()
    with within(1):
        assert len(read_dataset(tmp_path, colors(), labelled=True)) == 5000


# --- arrays ----------------------------------------


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("names", [("x", "y"), ("x_test", "y_test"), ("input", "y")])
def test_pictures_in_arrays(save: Callable[..., None], names: tuple[str, str], tmp_path: Path) -> None:
    """uint8 arrays are pictures, of any size, and go the way of pictures."""
    pictures = [picture(number % 3) for number in range(7)]
    classes = np.arange(7) % 3
    path = tmp_path / "data.npz"
    annotated = colors()
    name = annotated.inputs[0].name if names[0] == "input" else names[0]
    save(path, **{name: np.stack([np.asarray(one) for one in pictures]), names[1]: classes})
    save_folder = tmp_path / "folder"
    save_folder.mkdir()
    for number, one in enumerate(pictures):
        one.save(save_folder / f"{number}.png")
    dataset = read_dataset(path, annotated, labelled=True)
    assert dataset.classes == tuple(classes)
    for method in ("tensors", "values"):
        from_folder = getattr(read_dataset(save_folder, annotated, labelled=False), method)(annotated, range(7))
        from_arrays = getattr(dataset, method)(annotated, range(7))
        for (one,), (other,) in zip(from_folder, from_arrays, strict=True):
            np.testing.assert_array_equal(one, other, strict=True)
    # In any order, and of a part.
    (last,), (first,) = dataset.part(2, 7).tensors(annotated, [4, 0])
    np.testing.assert_array_equal(last, dataset.tensors(annotated, [6])[0][0])
    np.testing.assert_array_equal(first, dataset.tensors(annotated, [2])[0][0])


def test_gray_arrays(examples: Path, tmp_path: Path) -> None:
    annotated = digits(examples)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    np.save(tmp_path / "flat.npy", pixels)
    np.save(tmp_path / "channels.npy", pixels[..., None])
    for name in ("flat.npy", "channels.npy"):
        dataset = read_dataset(tmp_path / name, annotated, labelled=False)
        made = np.concatenate([tensor for (tensor,) in dataset.tensors(annotated, range(3))])
        np.testing.assert_array_equal(made[..., 0], pixels.astype(np.int16) - 128)
        assert dataset.classes is None


def test_float_arrays_are_real_values(tmp_path: Path) -> None:
    real = np.random.default_rng(0).uniform(0, 1, (4, 6, 8, 3)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=real, y=[[0], [1], [2], [1]])
    for annotated in (colors("int8"), colors("float32")):
        dataset = read_dataset(tmp_path / "data.npz", annotated, labelled=True)
        assert dataset.classes == (0, 1, 2, 1)
        values = np.concatenate([value for (value,) in dataset.values(annotated, range(4))])
        np.testing.assert_array_equal(values, real, strict=True)
        tensors = np.concatenate([tensor for (tensor,) in dataset.tensors(annotated, range(4))])
        if annotated.inputs[0].tensor.dtype == "int8":
            np.testing.assert_array_equal(tensors, np.floor(real.astype(np.float64) * 255 + 0.5) - 128)
        else:
            np.testing.assert_array_equal(tensors, real)


def test_an_array_an_input(tmp_path: Path) -> None:
    annotated = hand_made.attached(hand_made.mixed(), Annotation(task=Task.TENSORS), "mixed")
    first, second = np.arange(8.0).reshape(2, 4), np.ones((2, 4), np.int16)
    np.savez(tmp_path / "data.npz", second=second, first=first)
    made = read_dataset(tmp_path / "data.npz", annotated, labelled=False).tensors(annotated, [0, 1])
    np.testing.assert_array_equal(made[1][0], np.array([[4, 5, 6, 7]], np.float32), strict=True)
    np.testing.assert_array_equal(made[1][1], np.ones((1, 4), np.float32), strict=True)


def test_names_of_classes_in_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.zeros((3, 8, 8, 3), np.uint8), y=np.array(["blue", "red", "green"]))
    assert read_dataset(tmp_path / "data.npz", colors(), labelled=True).classes == (2, 0, 1)


# --- csv ----------------------------------------


@pytest.mark.parametrize(
    "text", ["File,Label\n{},{}\n", "image;x;class\n{};1;{}\n", "\ufefflabel\tpath\n{1}\t{0}\n\n"]
)
def test_a_csv_of_files(text: str, tmp_path: Path) -> None:
    save_classes(tmp_path)
    head, row = text.split("\n", 1)[0] + "\n", text.split("\n", 1)[1]
    (tmp_path / "data.csv").write_text(
        head + row.format("red/0.png", "red") + row.format("green/1.png", "1"), encoding="utf-8"
    )
    dataset = read_dataset(tmp_path / "data.csv", colors(), labelled=True)
    assert dataset.classes == (0, 1)
    (made,) = dataset.tensors(colors(), [1])
    whole = read_dataset(tmp_path, colors(), labelled=True)
    np.testing.assert_array_equal(made[0], whole.tensors(colors(), [3])[0][0])


def test_a_csv_of_numbers(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("angle\n0.5\n1\n")
    annotated = sine(examples)
    dataset = read_dataset(tmp_path / "data.csv", annotated, labelled=False)
    assert [value.tolist() for (value,) in dataset.values(annotated, [0, 1])] == [[[0.5]], [[1.0]]]
    assert dataset.tensors(annotated, [0])[0][0].dtype == np.int8
    assert dataset.classes is None


def test_a_csv_of_texts(tmp_path: Path) -> None:
    annotated = hand_made.words()
    assert isinstance(annotated.input, TextInput)
    (tmp_path / "data.csv").write_text('text,label\n"the film, it is good",1\nbad,0\n')
    dataset = read_dataset(tmp_path / "data.csv", annotated, labelled=True)
    (sample,) = dataset.tensors(annotated, [0])
    np.testing.assert_array_equal(
        sample[0].reshape(-1)[:7], [*annotated.input.tokenizer.encode("the film, it is good", 8), 0, 0, 0][:7]
    )
    assert dataset.classes == (1, 0)
    assert dataset.values(annotated, [0])[0][0].dtype == np.int32


# --- sounds and texts ----------------------------------------


def test_folders_of_sounds_and_of_texts(tmp_path: Path) -> None:
    sound = hand_made.attached(
        hand_made.loudness(),
        Annotation(
            task=Task.AUDIO_CLASSIFICATION,
            labels=(LabelFile(hand_made.WORDS.parent / "colors.txt"),),
            sample_rate=16000,
        ),
        "sound",
    )
    for folder, frames in (("red", 1600), ("blue", 5000)):
        (tmp_path / "sounds" / folder).mkdir(parents=True)
        (tmp_path / "sounds" / folder / "1.wav").write_bytes(written(noise(frames), 16000))
    dataset = read_dataset(tmp_path / "sounds", sound, labelled=True)
    assert dataset.classes == (2, 0)
    (tensors,) = dataset.tensors(sound, [0])
    np.testing.assert_allclose(tensors[0][0], noise(5000)[:1600, 0], atol=1e-4)
    texts = hand_made.words()
    for folder in texts.labels:
        (tmp_path / "texts" / folder).mkdir(parents=True)
        (tmp_path / "texts" / folder / "1.txt").write_text("the film\nis good\n")
    assert read_dataset(tmp_path / "texts", texts, labelled=True).classes is not None
    error = refused(tmp_path / "sounds", texts)
    assert error.what == "holds sounds, and the task of words.tflite is text-classification"
    assert error.where == str(tmp_path / "sounds" / "blue")


# --- what is wrong ----------------------------------------


def empty(folder: Path) -> Path:
    return folder


def no_pictures(folder: Path) -> Path:
    save_classes(folder)
    (folder / "red" / "0.png").unlink()
    (folder / "red" / "1.png").rename(folder / "red" / "1.doc")
    return folder


def unknown_class(folder: Path) -> Path:
    save_classes(folder)
    (folder / "red").rename(folder / "rot")
    return folder


def arrays(**given: Any) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        np.savez(folder / "data.npz", **given)
        return folder / "data.npz"

    return save


def text(text: str, name: str = "data.csv") -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        save_classes(folder)
        (folder / name).write_text(text)
        return folder / name

    return save


REAL = np.zeros((3, 6, 8, 3), np.float32)
NAN = REAL.copy()
NAN[1, 2, 3, 0] = np.nan
PIXELS = np.zeros((3, 6, 8, 3), np.uint8)

BAD = [
    (empty, "", "holds no picture"),
    (lambda folder: folder / "absent", "absent", "no such file"),
    (no_pictures, "red", "holds no picture"),
    (unknown_class, "rot", "is none of the 3 labels of colors.tflite"),
    (
        arrays(x=REAL.transpose(0, 3, 1, 2)),
        "data.npz",
        "holds samples of [3, 6, 8], and input 'image' is [1, 6, 8, 3]",
    ),
    (
        arrays(x=PIXELS.reshape(3, 6, 24, 1, 1)),
        "data.npz",
        "holds uint8 samples of [6, 24, 1, 1], which are no pictures",
    ),
    (arrays(x=NAN), "data.npz (sample 1)", "holds nan for input 'image'"),
    (arrays(x=REAL[:0]), "data.npz", "holds no samples"),
    (arrays(z=REAL), "data.npz", "has no array 'x', but z"),
    (arrays(x=np.array([None, 1])), "data.npz", "its array 'x' holds object, not numbers"),
    (arrays(x=np.asfortranarray(REAL)), "data.npz", "its array 'x' is in Fortran order"),
    (arrays(x=PIXELS, y=[0, 1]), "data.npz", "holds 3 samples and 2 classes (y)"),
    (arrays(x=PIXELS, y=[0, 1, 3]), "data.npz", "sample 2 has the class 3, and colors.tflite has 3 labels"),
    (arrays(x=PIXELS, y=[0, -1, 2]), "data.npz", "sample 1 has the class -1, and colors.tflite has 3 labels"),
    (arrays(x=PIXELS, y=np.eye(3)), "data.npz", "its array 'y' [3, 3] of float64 is not one class a sample"),
    (
        arrays(x=PIXELS, y=["red", "green", "pink"]),
        "data.npz (sample 2)",
        "its class 'pink' is none of the 3 labels of",
    ),
    (text("path,label\nred/0.png,red\nred/9.png,red\n"), "data.csv:3", "names no file: "),
    (text("path,label\n,red\n"), "data.csv:2", "names no file"),
    (text("path,label\nred/0.png,pink\n"), "data.csv:2", "its class 'pink' is none of the 3 labels of"),
    (text("path,label\nred/0.png,3\n"), "data.csv:2", "its class '3' is none of the 3 labels of"),
    (text("path,label\nred/0.png\n"), "data.csv:2", "has 1 cell, and the header 2"),
    (text("path,label\n"), "data.csv", "holds no samples"),
    (text("a,b\n1,2\n"), "data.csv", "holds samples of [2], and input 'image' is [1, 6, 8, 3]"),
    (text("a,b\n1,x\n"), "data.csv:2", "'x' is no number"),
    (text("label\nred\n"), "data.csv", "has no column of samples"),
    (text("no array", "data.npy"), "data.npy", "cannot be read: "),
    (text("PK\x03\x04", "data.npz"), "data.npz", "cannot be read: "),
    (text("", "data.json.gz"), "data.json.gz", "is no folder, .npy, .npz or .csv"),
]


@pytest.mark.parametrize(("make", "where", "what"), BAD)
def test_what_is_wrong_is_told(make: Callable[[Path], Path], where: str, what: str, tmp_path: Path) -> None:
    error = refused(make(tmp_path), colors())
    assert error.where == str(tmp_path / where) if where else str(tmp_path)
    assert error.what.startswith(what)
    assert len(error.lines) <= 2


def test_pictures_for_a_model_of_arrays(examples: Path, tmp_path: Path) -> None:
    save_classes(tmp_path)
    error = refused(tmp_path, sine(examples))
    assert error.what == "holds pictures, and the task of sine.tflite is tensors"
    assert error.where == str(tmp_path / "blue")
    np.save(tmp_path / "data.npy", np.zeros(3))
    assert read_dataset(tmp_path / "data.npy", sine(examples), labelled=False).tensors(sine(examples), [2])
    # Numbers that an input of 8 bits does not reach are clamped, as on a device.
    np.save(tmp_path / "data.npy", np.array([[1e9]]))
    assert (
        read_dataset(tmp_path / "data.npy", sine(examples), labelled=False).tensors(sine(examples), [0])[0][0] == 127
    )


def test_tokens_are_whole_numbers(tmp_path: Path) -> None:
    plain = hand_made.attached(hand_made.text_classifier(), Annotation(task=Task.TENSORS), "tokens")
    np.save(tmp_path / "data.npy", np.full((2, 8), 1.5))
    assert refused(tmp_path / "data.npy", plain).what.startswith("holds 1.5, and input 'input' is int32")
    np.save(tmp_path / "data.npy", np.full((2, 8), 3.0))
    made = read_dataset(tmp_path / "data.npy", plain, labelled=False).values(plain, [0])
    assert (made[0][0].dtype, made[0][0].tolist()) == (np.int32, [[3] * 8])
