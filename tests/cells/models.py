"""The models that every target packages and runs: a line each. Made here, of ``examples/``, or of PACKAGER_MODELS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from packager.annotated import AnnotatedModel, annotated_model
from packager.config import read_config
from packager.metadata.attach import Annotation, LabelFile, annotate
from packager.model import parse_model
from packager.tasks import Activation, ChannelOrder, CropMode, Head, Resize, Task
from tests import hand_made
from tests.conftest import MODELS, PROJECT
from tests.hand_made import Output, picture_model
from tests.models import Op, T, graph, options

Array = np.ndarray[Any, Any]
COLORS = (LabelFile(hand_made.COLORS),)


Samples = Callable[[Path], list[Path]]
# Fields of an Annotation.
Settings = dict[str, Any]


def random(_folder: Path) -> list[Path]:
    """No files: samples are made up."""
    return []


@dataclass(frozen=True)
class Row:
    """A model of the table.

    ``data`` are the bytes of its .tflite, ``settings`` the fields of its ``Annotation`` but the task. ``samples``
    makes golden samples in a folder. ``is_real`` says that others made it. ``refused`` says by target why no runtime
    that it has can run the model.
    """

    name: str
    task: Task
    data: Callable[[], bytes]
    settings: Settings = field(default_factory=dict)
    samples: Samples = random
    is_real: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)

    def annotated(self) -> AnnotatedModel:
        """The model with its metadata."""
        annotation = Annotation(task=self.task, **{"name": self.name, **self.settings})
        data = annotate(parse_model(self.data(), f"{self.name}.tflite"), annotation)
        return annotated_model(parse_model(data, f"{self.name}.tflite"))


# --- where a model comes from ----------------------------------------


def made(name: str, task: Task, data: Callable[[], bytes], samples: Samples = random, **settings: Any) -> Row:
    """A model that is made here."""
    return Row(name, task, data, settings, samples)


def example(name: str, task: Task) -> Row:
    """A model of ``examples/``, as its packager.toml says."""
    config = read_config(PROJECT / "examples" / name)
    metadata = vars(config.metadata or Annotation())
    settings = {key: value for key, value in metadata.items() if key != "task" and value not in (None, ())}
    return Row(name, task, config.model.read_bytes, settings, lambda _folder: list(config.golden_samples()))


def real(
    name: str, task: Task, file: str, samples: str = "", refused: Mapping[str, str] | None = None, **settings: Any
) -> Row:
    """A model of PACKAGER_MODELS, with ``samples`` of that folder as golden ones."""
    paths = [MODELS / name for name in samples.split()]
    data = (MODELS / f"{file}.tflite").read_bytes
    return Row(name, task, data, settings, lambda _folder: paths, is_real=True, refused=refused or {})


# --- golden samples ----------------------------------------


def pictures(folder: Path) -> list[Path]:
    """A reddish, a greenish and a bluish one, of other sizes than any input, each with a patch."""
    paths = []
    for number, size in enumerate(((60, 40), (33, 50), (64, 64))):
        slope = np.linspace(20, 120, size[0], dtype=np.float32)[None, :, None]
        pixels = np.broadcast_to(slope, (size[1], size[0], 3)).copy()
        pixels[..., number] += 90
        pixels[size[1] // 4 : size[1] // 2, size[0] // 4 : size[0] // 2] = 240
        paths.append(folder / f"{('red', 'green', 'blue')[number]}.png")
        Image.fromarray(pixels.astype(np.uint8)).save(paths[-1])
    return paths


def arrays(*cases: list[float]) -> Samples:
    """One float32 array a case."""

    def write(folder: Path) -> list[Path]:
        paths = [folder / f"case_{number}.npy" for number in range(len(cases))]
        for path, case in zip(paths, cases, strict=True):
            np.save(path, np.array(case, np.float32))
        return paths

    return write


def texts(*lines: str) -> Samples:
    """One text a case."""

    def write(folder: Path) -> list[Path]:
        path = folder / "texts.txt"
        path.write_text("\n".join(lines) + "\n")
        return [path]

    return write


# --- hand-made models ----------------------------------------


def dense(shape: tuple[int, ...], weights: Array) -> bytes:
    """Scores [1, classes] of a float input of ``shape``: ``weights`` [classes, items] times its items."""
    row = [1, weights.shape[1]]
    return graph(
        [
            T("x", shape),
            T("shape", [2], "int32", data=np.array(row)),
            T("row", row),
            T("weights", weights.shape, data=weights),
            T("scores", [1, len(weights)]),
        ],
        [
            Op("RESHAPE", ["x", "shape"], ["row"], options("Reshape", newShape=row)),
            Op("FULLY_CONNECTED", ["row", "weights", ""], ["scores"], options("FullyConnected")),
        ],
        ["x"],
        ["scores"],
    )


def shown(*outputs: Output, shape: tuple[int, ...] = (1, 16, 16, 3), dtype: str = "float32") -> Callable[[], bytes]:
    """A picture in, these outputs out: nearly the same for every picture."""
    return lambda: picture_model({f"output {n}": output for n, output in enumerate(outputs)}, shape, dtype)


def float_colors() -> bytes:
    return hand_made.colors("float32")


def pcm_loudness() -> bytes:
    return hand_made.loudness("int16")


def large_colors() -> bytes:
    """Of a picture larger than what a golden case keeps of a tensor."""
    return hand_made.mean_color(131, 97, 3)


def axes() -> bytes:
    """Which of three numbers is the largest."""
    return dense((1, 3), np.eye(3))


def bert() -> bytes:
    return hand_made.bert(len(hand_made.PIECES.read_text("utf-8").splitlines()))


# Left, top, right, bottom as shares of the input, class and score: two of one class and one of another.
BOXES = np.array([(0.1, 0.2, 0.4, 0.6, 0, 0.9), (0.5, 0.3, 0.8, 0.7, 0, 0.8), (0.6, 0.6, 0.95, 0.9, 1, 0.7)], "f4")


def candidates(rows: int) -> Array:
    """BOXES as YOLO has them: [rows, 4 + 3], centre x, y, width, height and a score for each of three classes."""
    out = np.zeros((rows, 7), np.float32)
    left, top, right, bottom, kind, score = BOXES.T
    out[:3, :4] = np.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], 1)
    out[np.arange(3), 4 + kind.astype(int)] = score
    # One that overlaps the best, and is suppressed.
    out[3] = out[0] * np.float32(0.9)
    out[3, :4] = out[0, :4] + np.float32(0.01)
    return out


def yolo_v5() -> Array:
    rows = candidates(20)
    return np.insert(rows, 4, rows[:, 4:].any(1), axis=1)[None]


def ssd() -> tuple[Array, ...]:
    """Boxes (top, left, bottom, right), classes, scores and their number, which is less than there are places."""
    rows = np.zeros((10, 6), np.float32)
    rows[:3] = BOXES
    return rows[None, :, [1, 0, 3, 2]], rows[None, :, 4], rows[None, :, 5], np.array([3], np.float32)


def end_to_end() -> Array:
    rows = np.zeros((1, 12, 6), np.float32)
    rows[0, :3] = BOXES[:, [0, 1, 2, 3, 5, 4]]
    return rows


def fomo() -> Array:
    """Logits for the background and two classes in 2 x 2 cells: one of either class."""
    grid = np.zeros((1, 2, 2, 3), np.float32)
    grid[..., 0] = 4
    grid[0, 0, 1] = 0, 5, 0
    grid[0, 1, 0] = 0, 0, 6
    return grid


# A body that stands: y and x of the 17 points of COCO.
BODY = np.array(
    [
        *((0.12, 0.5), (0.1, 0.54), (0.1, 0.46), (0.11, 0.6), (0.11, 0.4), (0.25, 0.65), (0.25, 0.35)),
        *((0.4, 0.72), (0.4, 0.28), (0.52, 0.75), (0.52, 0.25), (0.55, 0.58), (0.55, 0.42)),
        *((0.72, 0.6), (0.72, 0.4), (0.9, 0.62), (0.9, 0.38)),
    ],
    np.float32,
)


def movenet() -> Array:
    return np.insert(BODY, 2, 0.6, axis=1)[None, None]


def multipose() -> Array:
    """Two bodies of six: 17 points (y, x, score), the box and the score of the body."""
    rows = np.zeros((1, 6, 56), np.float32)
    for number, scale in enumerate((0.9, 0.5)):
        rows[0, number, :51] = np.insert(BODY * np.float32(scale), 2, 0.6, axis=1).reshape(-1)
        rows[0, number, 51:] = 0, 0, scale, scale, scale
    return rows


def yolo_pose() -> Array:
    """One body in 80 candidates: [1, 5 + 3 x 17, 80], a box, its score, and x, y and score of each point."""
    rows = np.zeros((1, 56, 80), np.float32)
    rows[0, :5, 0] = 0.5, 0.5, 0.5, 0.9, 0.8
    rows[0, 5:, 0] = np.insert(BODY[:, ::-1], 2, 0.9, axis=1).reshape(-1)
    return rows


def landmarks() -> Array:
    """x, y and z of five points, in pixels of an input of 16."""
    return np.insert(BODY[:5, ::-1] * np.float32(16), 2, 0, axis=1).reshape(1, 15)


def mask_scores() -> Array:
    """A background, class 1 at the right, class 2 in a corner."""
    scores = np.zeros((1, 12, 12, 3), np.float32)
    scores[..., 0] = 0.5
    scores[:, :, 7:, 1] = 1
    scores[:, 8:, 2:6, 2] = 1.5
    return scores


# Models that take a picture.
YOLO_V8 = shown(Output(candidates(12).T[None], "int8", 1 / 256, -128, reach=0.02), shape=(1, 3, 16, 16))
YOLO_V5 = shown(Output(yolo_v5(), reach=0.02))
SSD = shown(*map(Output, ssd()))
END_TO_END = shown(Output(end_to_end()), dtype="uint8")
FOMO = shown(Output(fomo(), reach=0.1))
MASK = shown(Output(mask_scores(), reach=0.01), dtype="uint8")
CLASS_NUMBERS = shown(Output(mask_scores().argmax(3), "int32"))
PROBABILITY = shown(Output(mask_scores()[..., 1:2] * 4 - 1, "int8", 0.1, 3))
MOVENET = shown(Output(movenet(), reach=0.02), dtype="uint8")
MULTIPOSE = shown(Output(multipose(), reach=0.02))
YOLO_POSE = shown(Output(yolo_pose(), reach=0.02))
LANDMARKS = shown(Output(landmarks(), reach=0.1))
# As it goes into the dense nets of most courses: [1, height, width].
GRAY = shown(Output(np.array([[0.2, 0.5, 0.1]], np.float32), reach=3), shape=(1, 6, 8), dtype="int8")
EMBEDDING = shown(
    Output(np.array([[0.5, -1, 2, 0]], np.float32), reach=1.5), Output(np.array([[3, 4]], np.float32), "int8", 0.1, 5)
)

TEXTS = ("red, Red rose", "the green grass?", "sky's blue blue")

# Settings that go together.
PIXELS: Settings = {"mean": (0.0,), "std": (255.0,)}
AROUND_ZERO: Settings = {"mean": (127.5,), "std": (127.5,)}
COLORED: Settings = {**PIXELS, "labels": COLORS}
LETTERBOX: Settings = {"crop": CropMode.LETTERBOX, "pad": 114}
CROPPED: Settings = {"crop": CropMode.CENTER_CROP}
BILINEAR: Settings = {"resize": Resize.BILINEAR}
BLUE_FIRST: Settings = {"channels": ChannelOrder.BGR}
SOFTMAX: Settings = {"activation": Activation.SOFTMAX}
SIGMOID: Settings = {"activation": Activation.SIGMOID, "threshold": 0.5}
BY_CHANNEL: Settings = {"mean": (10.0, 20.0, 30.0), "std": (50.0, 60.0, 70.0)}
WORDS: Settings = {"labels": COLORS, "vocabulary": hand_made.WORDS}
PIECES: Settings = {"labels": COLORS, "vocabulary": hand_made.PIECES}
COCO: Settings = {"labels": (LabelFile(MODELS / "coco_labels.txt"),)}
REVIEWS: Settings = {
    "labels": (LabelFile(MODELS / "movie_review_labels.txt"),),
    "vocabulary": MODELS / "movie_review_vocab.txt",
}

# Why a target has no runtime for a model.
NO_UINT8 = {"micro": "TensorFlow Lite Micro has no convolution, and no CAST, of uint8"}
NO_FFT = {"micro": "TensorFlow Lite Micro has no RFFT2D"}
HYBRID = {"micro": "TensorFlow Lite Micro has no kernels for int8 weights beside float activations"}
LITERT = ("android", "ios", "pi")
REFUSED = dict.fromkeys(LITERT, "LiteRT refuses weights that are quantized along a dimension beyond their last")
DEADLY = dict.fromkeys(LITERT, "LiteRT dies of it: it writes beyond the state of its SVDF layer")


# --- the table ----------------------------------------

VISION, DETECTION, POSE = Task.IMAGE_CLASSIFICATION, Task.OBJECT_DETECTION, Task.POSE
MASKS, TENSORS = Task.IMAGE_SEGMENTATION, Task.TENSORS

# The first of each task goes to every target, as plain tensors where that has nothing for the task; the others go
# where the task is served.
ROWS = (
    example("digits", VISION),
    made("colors", VISION, hand_made.colors, pictures, **COLORED),
    made("blue_first", VISION, float_colors, pictures, **BLUE_FIRST, **LETTERBOX, **COLORED),
    made("gray", VISION, GRAY, pictures, **SOFTMAX, **COLORED),
    made("logits", VISION, large_colors, pictures, **SOFTMAX, **COLORED),
    made("sigmoid", VISION, float_colors, pictures, labels=COLORS, **SIGMOID, **CROPPED, **AROUND_ZERO),
    example("shapes", DETECTION),
    made("yolo_v8", DETECTION, YOLO_V8, pictures, **BILINEAR, **LETTERBOX, **COLORED),
    made("yolo_v5", DETECTION, YOLO_V5, pictures, head=Head.YOLO_V5, **COLORED),
    made("ssd", DETECTION, SSD, pictures, head=Head.SSD, **CROPPED, **COLORED),
    made("end_to_end", DETECTION, END_TO_END, pictures, head=Head.END_TO_END, **PIXELS),
    made("fomo", DETECTION, FOMO, pictures, head=Head.FOMO, **SOFTMAX, **PIXELS),
    made("mask_scores", MASKS, MASK, pictures, **CROPPED, **COLORED),
    made("class_numbers", MASKS, CLASS_NUMBERS, pictures, **COLORED),
    made("probability", MASKS, PROBABILITY, pictures, **SIGMOID, **PIXELS),
    made("movenet", POSE, MOVENET, pictures, head=Head.MOVENET),
    made("movenet_multipose", POSE, MULTIPOSE, pictures, head=Head.MOVENET_MULTIPOSE, **PIXELS),
    made("yolo_pose", POSE, YOLO_POSE, pictures, head=Head.YOLO_POSE, **LETTERBOX, **PIXELS),
    made("landmarks", POSE, LANDMARKS, pictures, head=Head.LANDMARKS, points=5, **PIXELS),
    made("embedding", Task.IMAGE_TO_TENSORS, EMBEDDING, pictures, **BY_CHANNEL),
    made("audio", Task.AUDIO_CLASSIFICATION, hand_made.loudness, labels=COLORS, sample_rate=16000),
    made("audio_pcm", Task.AUDIO_CLASSIFICATION, pcm_loudness, labels=COLORS, sample_rate=16000),
    made("words", Task.TEXT_CLASSIFICATION, hand_made.text_classifier, texts(*TEXTS), **WORDS),
    made("bert", Task.TEXT_CLASSIFICATION, bert, texts(*TEXTS), **PIECES),
    example("gestures", Task.TENSOR_CLASSIFICATION),
    made("axes", Task.TENSOR_CLASSIFICATION, axes, arrays([1, 0, 0], [0, 2, 0], [0, 1, 3]), labels=COLORS),
    example("sine", TENSORS),
    made("mixed", TENSORS, hand_made.mixed),
    made("stateful", TENSORS, hand_made.stateful),
    made("every_dtype", TENSORS, hand_made.every_dtype),
    made("many_items", TENSORS, hand_made.many_items),
    real("mobilenet_v2", VISION, "mobilenet_v2_1.0_224_quant", "cat.bmp parrot.jpg", NO_UINT8, **CROPPED),
    real("mobilenet_v1", VISION, "mobilenet_v1_0.25_128_quant", "cat.bmp parrot.jpg", NO_UINT8),
    real("mobilenet_float", VISION, "mobilenet_v1_0.25_224_1_metadata_1", "cat.bmp", **BLUE_FIRST, **LETTERBOX),
    real(
        "ssd_coco",
        DETECTION,
        "ssd_mobilenet_v1_no_metadata",
        "cats_and_dogs.jpg cat.bmp",
        NO_UINT8,
        **COCO,
        **AROUND_ZERO,
    ),
    real("yolo11", DETECTION, "yolo11n_full_integer_quant", "cats_and_dogs.jpg", **LETTERBOX, **PIXELS),
    real("yolov8n", DETECTION, "yolov8n_int8", "cats_and_dogs.jpg cat.bmp", HYBRID, **LETTERBOX, **PIXELS),
    real("deeplab", MASKS, "deeplabv3", "bird_segmentation.bmp cat.bmp", **AROUND_ZERO),
    # In the bird's picture it sees a dog too, in 2 % of the pixels; TensorFlow Lite 2.16.1 sees a seventh of that.
    real("deeplab_argmax", MASKS, "deeplabv3_mnv2_dm05_pascal_quant", "cat.bmp", NO_UINT8),
    real("movenet_lightning", POSE, "movenet_single_pose_lightning_ptq", "squat.bmp", NO_UINT8),
    real("yamnet", Task.AUDIO_CLASSIFICATION, "yamnet_audio_classifier_with_metadata", "speech.wav", NO_FFT),
    real("movie_review", Task.TEXT_CLASSIFICATION, "movie_review", **REVIEWS),
    real("detector", TENSORS, "ssd_mobilenet_v1_no_metadata", refused=NO_UINT8),
    real("hello_world_int8", TENSORS, "hello_world_int8"),
    real("hello_world_float", TENSORS, "hello_world_float"),
    real("lstm", TENSORS, "trained_lstm_int8"),
    real("micro_speech", TENSORS, "micro_speech_quantized"),
    real("person_detect", TENSORS, "person_detect", refused=REFUSED),
    real("keyword", TENSORS, "keyword_scrambled_8bit", refused=DEADLY),
)
