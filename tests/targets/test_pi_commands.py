"""The generated Pi package of every kind as its user has it: its tree, its commands, its drawings, its self-test."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from packager.metadata.attach import Annotation, LabelFile
from packager.tasks import Activation, CropMode, Head, Resize, Task
from tests.conftest import HOSTILE_LABELS, write_files
from tests.hand_made import COLORS, Output, attached, picture_model
from tests.targets.pi.code import check_code
from tests.targets.test_pi import Compare, project, unused_names
from tests.targets.test_pi_files import Run, run, run_code, told

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]


def photo(path: Path, size: tuple[int, int] = (120, 80), brightness: int = 90) -> Path:
    """A slope of grays with a red patch, of ``size`` (width, height)."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = np.linspace(20, brightness, width, dtype=np.uint8)[None, :, None]
    pixels[height // 4 : height // 2, width // 4 : width // 2] = 200, 20, 20
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


# --- small models, one of each kind ----------------------------------------


def boxes_model(labels: tuple[LabelFile, ...]) -> AnnotatedModel:
    """YOLO v8 with two boxes of the first class and one of the second, and one that overlaps the best."""
    rows = np.zeros((1, 7, 12), np.float32)
    rows[0, :4, 0] = 0.3, 0.4, 0.3, 0.4
    rows[0, :4, 1] = 0.31, 0.4, 0.3, 0.4
    rows[0, :4, 2] = 0.75, 0.6, 0.3, 0.3
    rows[0, :4, 3] = 0.5, 0.5, 0.9, 0.5
    rows[0, 4, [0, 1, 2]] = 0.9, 0.8, 0.6
    rows[0, 5, 3] = 0.5
    output = Output(rows, "int8", 1 / 256, -128, reach=0.02)
    annotation = Annotation(
        task=Task.OBJECT_DETECTION,
        labels=labels,
        mean=(0.0,),
        std=(255.0,),
        crop=CropMode.LETTERBOX,
        pad=114,
        resize=Resize.BILINEAR,
    )
    return attached(picture_model({"boxes": output}, (1, 3, 16, 16)), annotation, "boxes")


def mask_model(labels: tuple[LabelFile, ...]) -> AnnotatedModel:
    """A background, class 1 at the right, class 2 in a corner."""
    scores = np.zeros((1, 12, 12, 3), np.float32)
    scores[..., 0] = 0.5
    scores[:, :, 7:, 1] = 1
    scores[:, 8:, 2:6, 2] = 1.5
    annotation = Annotation(
        task=Task.IMAGE_SEGMENTATION, labels=labels, mean=(127.5,), std=(127.5,), crop=CropMode.CENTER_CROP
    )
    return attached(picture_model({"mask": Output(scores, reach=0.01)}, (1, 16, 16, 3), "uint8"), annotation, "mask")


def keypoints_model() -> AnnotatedModel:
    """MoveNet's layout, a body that stands."""
    body = [
        *((0.12, 0.5), (0.1, 0.52), (0.1, 0.48), (0.11, 0.55), (0.11, 0.45), (0.25, 0.6), (0.25, 0.4)),
        *((0.4, 0.65), (0.4, 0.35), (0.52, 0.68), (0.52, 0.32), (0.55, 0.56), (0.55, 0.44)),
        *((0.72, 0.57), (0.72, 0.43), (0.9, 0.58), (0.9, 0.42)),
    ]
    values = np.array([(y, x, 0.6) for y, x in body], np.float32).reshape(1, 1, 17, 3)
    values[0, 0, 4, 2] = 0.1
    return attached(
        picture_model({"points": Output(values, reach=0.02)}, (1, 16, 16, 3), "uint8"),
        Annotation(task=Task.POSE, head=Head.MOVENET),
        "keypoints",
    )


def embedding_model() -> AnnotatedModel:
    """Four numbers, and two whole ones."""
    outputs = {
        "embedding": Output(np.array([[0.5, -1, 2, 0]], np.float32), reach=0.5),
        "counts": Output(np.array([[3, 4]], np.float32), "int32"),
    }
    annotation = Annotation(task=Task.IMAGE_TO_TENSORS, mean=(10.0, 20.0, 30.0), std=(50.0, 60.0, 70.0))
    return attached(picture_model(outputs), annotation, "embedding")


def labels_of(folder: Path) -> tuple[LabelFile, ...]:
    german = folder / "german.txt"
    german.write_text("rot\ngrün\nblau\n")
    return (LabelFile(COLORS), LabelFile(german, "de"))


MODELS: dict[str, Callable[[Path], AnnotatedModel]] = {
    "boxes": lambda folder: boxes_model(labels_of(folder)),
    "mask": lambda folder: mask_model(labels_of(folder)),
    "keypoints": lambda _folder: keypoints_model(),
    "embedding": lambda _folder: embedding_model(),
}
COMMANDS = {"boxes": "detect", "mask": "segment", "keypoints": "pose", "embedding": "embed"}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of ``MODELS``, and two pictures beside them."""
    folder = tmp_path_factory.mktemp("pi")
    pictures = [photo(folder / "a.png"), photo(folder / "b.png", (90, 130), 250)]
    for model in MODELS.values():
        write_files(folder, project(model(folder), pictures))
    return folder


def answers(ran: Run) -> Any:
    assert (ran.returncode, told(ran)) == (0, []), ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("kind", MODELS)
def test_tree(kind: str, tmp_path: Path, assert_tree: Compare) -> None:
    assert_tree(f"pi_{kind}", project(MODELS[kind](tmp_path), [photo(tmp_path / "a.png")]))


# --- answers ----------------------------------------


def test_boxes_in_json(packages: Path) -> None:
    """One picture gives an object, several a list; a box lies in the picture's own pixels."""
    one = answers(run(packages, "boxes", "detect", "a.png", "--json"))
    assert list(one) == ["picture", "detections"]
    assert [(item["label"], item["index"]) for item in one["detections"]] == [("red", 0), ("red", 0), ("green", 1)]
    assert list(one["detections"][0]) == ["label", "index", "score", "box"]
    # 16x16 holds 120x80 as 16x11, 2 below the upper edge: so 7.5 pixels across, and 80/11 down.
    left, top, right, bottom = one["detections"][0]["box"]
    assert (left, right) == pytest.approx((0.15 * 120, 0.45 * 120), abs=3)
    assert (top, bottom) == pytest.approx(((3.2 - 2) * 80 / 11, (9.6 - 2) * 80 / 11), abs=3)
    many = answers(run(packages, "boxes", "detect", "a.png", "b.png", "--json"))
    assert [item["picture"] for item in many] == ["a.png", "b.png"]
    assert many[0] == one


def test_threshold_iou_and_locale(packages: Path) -> None:
    def found(*arguments: str) -> list[tuple[str, int]]:
        document = answers(run(packages, "boxes", "detect", "a.png", "--json", *arguments))
        return [(item["label"], item["index"]) for item in document["detections"]]

    assert found("--threshold", "0.7") == [("red", 0)]
    assert found("--threshold", "0.99") == []
    assert len(found("--iou", "0.99")) == 4
    assert found("--locale", "de") == [("rot", 0), ("rot", 0), ("grün", 1)]


def test_masks_in_json_and_in_a_file(packages: Path, tmp_path: Path) -> None:
    document = answers(run(packages, "mask", "segment", "a.png", "--json", "--mask", tmp_path / "m.png"))
    assert (document["width"], document["height"]) == (120, 80)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.mode, image.size, image.format) == ("L", (120, 80), "PNG")
        mask = np.asarray(image)
    # Center-crop looked at 80x80 in the middle.
    assert set(mask[:, :20].ravel()) == set(mask[:, 100:].ravel()) == {255}
    assert [item["index"] for item in document["classes"]] == [0, 1, 2]
    assert [item["label"] for item in document["classes"]] == ["red", "green", "blue"]
    for item in document["classes"]:
        assert item["pixels"] == np.count_nonzero(mask == item["index"])
    assert mask[:, 20 + 7 * 80 // 12 + 1 : 100].min() == mask[:, 20 + 7 * 80 // 12 + 1 : 100].max() == 1
    german = answers(run(packages, "mask", "segment", "a.png", "b.png", "--json", "--locale", "de"))
    assert [[item["label"] for item in one["classes"]] for one in german] == [["rot", "grün", "blau"]] * 2


def test_poses_in_json(packages: Path) -> None:
    document = answers(run(packages, "keypoints", "pose", "a.png", "--json"))
    (pose,) = document["poses"]
    assert list(pose) == ["score", "keypoints"]
    nose = pose["keypoints"][0]
    assert (nose["name"], len(pose["keypoints"])) == ("nose", 17)
    assert (nose["x"], nose["y"]) == pytest.approx((0.5 * 120, 0.12 * 80), abs=2)
    assert answers(run(packages, "keypoints", "pose", "a.png", "--json", "--threshold", "0.9"))["poses"] == []


def test_embeddings_in_json(packages: Path) -> None:
    document = answers(run(packages, "embedding", "embed", "a.png", "--json"))
    assert list(document) == ["picture", "outputs"]
    assert document["outputs"]["counts"] == [[3, 4]]
    assert len(document["outputs"]["embedding"][0]) == 4


def test_python(packages: Path) -> None:
    """The classes as their README shows them, with a path, a Pillow image and an array."""
    code = """
import numpy as np
from PIL import Image
from boxes import BoxesDetector, Detection
from mask import MaskSegmenter, Segmentation
from keypoints import KeypointsPoseEstimator, Pose
from embedding import EmbeddingEmbedder
picture = Image.open("a.png")
for given in ("a.png", picture, np.asarray(picture)):
    found = BoxesDetector().detect(given, threshold=0.5, iou=0.99)
    assert [type(item) for item in found] == [Detection] * 4, found
    segmentation = MaskSegmenter(threads=2, locale="de").segment(given)
    assert type(segmentation) is Segmentation and segmentation.mask.shape == (80, 120)
    (pose,) = KeypointsPoseEstimator().estimate(given)
    assert type(pose) is Pose and pose.keypoints[0].name == "nose"
    outputs = EmbeddingEmbedder().embed(given)
    assert {name: array.shape for name, array in outputs.items()} == {"embedding": (1, 4), "counts": (1, 2)}
try: BoxesDetector(locale="fr")
except ValueError as error: print(error)
"""
    ran = run_code(packages, code)
    assert (ran.returncode, ran.stdout) == (0, "no labels for 'fr': there are de\n"), ran.stderr


@pytest.mark.parametrize("kind", MODELS)
def test_lines_for_people(kind: str, packages: Path) -> None:
    ran = run(packages, kind, COMMANDS[kind], "a.png", "nosuch.png", "b.png")
    assert (ran.returncode, told(ran)) == (1, ["nosuch.png: No such file or directory"])
    pictures = [line for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert pictures == ["a.png", "b.png"]
    assert len(ran.stdout.splitlines()) > 4


def test_a_picture_that_cannot_be_read_in_json(packages: Path) -> None:
    ran = run(packages, "boxes", "detect", "nosuch.png", "b.png", "--json")
    assert (ran.returncode, told(ran)) == (1, ["nosuch.png: No such file or directory"])
    assert [item["picture"] for item in json.loads(ran.stdout)] == ["b.png"]
    ran = run(packages, "boxes", "detect", "nosuch.png", "--json")
    assert (ran.returncode, ran.stdout) == (1, "")


# --- what is wrong with the arguments ----------------------------------------

WRONG: dict[str, tuple[str, ...]] = {
    "a.png --threshold 2": ("boxes", "keypoints"),
    "a.png --threshold nan": ("boxes", "keypoints"),
    "a.png --threshold x": ("boxes", "keypoints"),
    "a.png --iou -1": ("boxes",),
    "a.png --iou 0.5": ("mask", "keypoints", "embedding"),
    "a.png --threshold 0.5": ("mask", "embedding"),
    "a.png --top-k 3": ("boxes", "mask", "keypoints", "embedding"),
    "a.png --locale fr": ("boxes", "mask", "keypoints", "embedding"),
    "a.png --locale de": ("keypoints", "embedding"),
    "a.png --mask m.png": ("boxes", "keypoints", "embedding"),
    "a.png --draw m.png": ("embedding",),
    "a.png --draw m.jpg": ("boxes", "mask", "keypoints"),
    "a.png b.png --draw m.png": ("boxes", "mask", "keypoints"),
    "a.png b.png --mask m.png": ("mask",),
    "a.png --threads 0": ("boxes", "mask", "keypoints", "embedding"),
    "a.png --threads 65": ("boxes", "mask", "keypoints", "embedding"),
    "": ("boxes", "mask", "keypoints", "embedding"),
}


@pytest.mark.parametrize(("kind", "arguments"), [(kind, text) for text, kinds in WRONG.items() for kind in kinds])
def test_wrong_options_are_one_line(kind: str, arguments: str, packages: Path) -> None:
    ran = run(packages, kind, COMMANDS[kind], *arguments.split())
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(told(ran)) == 1, ran.stderr
    assert not (packages / "m.png").exists()


@pytest.mark.parametrize("kind", MODELS)
def test_help_names_only_what_means_something(kind: str, packages: Path) -> None:
    text = run(packages, kind, COMMANDS[kind], "--help").stdout
    options = {word.strip("[],") for word in text.split() if word.strip("[],").startswith("--")}
    common = {"--help", "--json", "--threads"}
    own = {
        "boxes": {"--draw", "--threshold", "--iou", "--locale"},
        "mask": {"--draw", "--mask", "--locale"},
        "keypoints": {"--draw", "--threshold"},
        "embedding": set(),
    }
    assert options == common | own[kind]


# --- drawings ----------------------------------------


@pytest.mark.parametrize("kind", ["boxes", "mask", "keypoints"])
def test_drawings_show_the_answer(kind: str, packages: Path, tmp_path: Path) -> None:
    """The picture stays as it is where nothing is drawn, and is not where there is something."""
    ran = run(packages, kind, COMMANDS[kind], "a.png", "--json", "--draw", tmp_path / "out.png")
    assert (ran.returncode, told(ran)) == (0, [])
    with Image.open(tmp_path / "out.png") as image, Image.open(packages / "a.png") as picture:
        assert (image.format, image.mode, image.width) == ("PNG", "RGB", 120)
        drawn, plain = np.asarray(image).astype(int), np.asarray(picture).astype(int)
    changed = (drawn[: len(plain)] != plain).any(axis=2)
    document = json.loads(ran.stdout)
    if kind == "boxes":
        assert drawn.shape == plain.shape
        left, top, right, bottom = map(round, document["detections"][0]["box"])
        assert changed[top + 8 : bottom - 8, left].mean() > 0.9
        assert changed[bottom, left + 2 : right - 2].all()
        assert not changed[70:].any(axis=1)[5:].all()
    elif kind == "mask":
        # Below it is the legend.
        assert drawn.shape[0] > plain.shape[0]
        assert not changed[:, :20].any()
        green = plain[40, 90] // 2 + np.array([64, 0, 0])
        assert abs(drawn[40, 90] - green).max() <= 1
    else:
        assert drawn.shape == plain.shape
        for point in document["poses"][0]["keypoints"]:
            is_drawn = changed[int(point["y"]), int(point["x"])]
            assert is_drawn or point["score"] < 0.25, point
    assert changed.any()
    assert not changed.all()


@pytest.mark.parametrize("kind", ["boxes", "mask", "keypoints"])
def test_drawings_of_tiny_and_wide_pictures(kind: str, packages: Path, tmp_path: Path) -> None:
    for number, size in enumerate([(1, 1), (2, 300), (700, 3), (1500, 40)]):
        path = photo(tmp_path / f"{number}.png", size)
        ran = run(packages, kind, COMMANDS[kind], path, "--draw", tmp_path / f"out{number}.png")
        assert (ran.returncode, told(ran)) == (0, []), ran.stderr
        with Image.open(tmp_path / f"out{number}.png") as image:
            assert image.width == size[0]


def test_files_that_cannot_be_written(packages: Path, tmp_path: Path) -> None:
    picture = photo(tmp_path / "a.png")
    before = picture.read_bytes()
    (tmp_path / "folder.png").mkdir()
    for name, expected in {
        "nosuch/out.png": "No such file or directory",
        "folder.png": "Is a directory",
        "a.png": "is the picture itself",
    }.items():
        for kind, option in (("boxes", "--draw"), ("mask", "--mask")):
            ran = run(packages, kind, COMMANDS[kind], picture, option, tmp_path / name)
            (line,) = told(ran)
            assert (ran.returncode, expected in line) == (1, True), line
            assert line.startswith(str(tmp_path / name))
    assert picture.read_bytes() == before


@pytest.mark.parametrize("kind", ["boxes", "mask"])
def test_hostile_labels(kind: str, packages: Path, tmp_path: Path) -> None:
    """They are text in JSON, on one line of a terminal, and in a drawing."""
    for start in (0, 3, 6, 7):
        labels = tmp_path / f"{start}.json"
        labels.write_text(
            json.dumps([text * (20 if start == 7 else 1) for text in HOSTILE_LABELS[start : start + 3]])
        )
        given = (LabelFile(labels),)
        annotated = boxes_model(given) if kind == "boxes" else mask_model(given)
        folder = write_files(tmp_path / str(start), project(annotated, [packages / "a.png"]))
        tested = run(folder, kind, "selftest")
        assert tested.returncode == 0, tested.stdout
        out = tmp_path / f"{start}.png"
        document = answers(run(folder, kind, COMMANDS[kind], packages / "a.png", "--json", "--draw", out))
        items = document["detections" if kind == "boxes" else "classes"]
        expected = json.loads(labels.read_text())
        assert {item["index"]: item["label"] for item in items} == {
            item["index"]: expected[item["index"]] for item in items
        }
        with Image.open(out) as image:
            image.load()
        ran = run(folder, kind, COMMANDS[kind], packages / "a.png", env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert len(ran.stdout.splitlines()) == 1 + len(items)
        assert all(line.isprintable() for line in ran.stdout.splitlines())


# --- how the code reads ----------------------------------------


def variants(folder: Path) -> Mapping[str, AnnotatedModel]:
    """Models that have what those of ``MODELS`` have not."""
    shapes: dict[Head, list[tuple[int, ...]]] = {
        Head.SSD: [(1, 10, 4), (1, 10), (1, 10), (1,)],
        Head.YOLO_V5: [(1, 90, 8)],
        Head.END_TO_END: [(1, 12, 6)],
        Head.FOMO: [(1, 2, 2, 4)],
        Head.MOVENET_MULTIPOSE: [(1, 6, 56)],
        Head.YOLO_POSE: [(1, 17, 70)],
        Head.LANDMARKS: [(1, 10)],
    }
    found = {kind: model(folder) for kind, model in MODELS.items()}
    for head, sizes in shapes.items():
        outputs = {f"out {number}": Output(np.full(size, 0.4)) for number, size in enumerate(sizes)}
        is_boxes = head in (Head.SSD, Head.YOLO_V5, Head.END_TO_END, Head.FOMO)
        for number, crop in enumerate(CropMode):
            annotation = Annotation(
                task=Task.OBJECT_DETECTION if is_boxes else Task.POSE,
                mean=(0.0,),
                std=(255.0,),
                crop=crop,
                head=head,
                labels=(LabelFile(COLORS),) if is_boxes and number else (),
                activation=[*Activation][number] if head in (Head.YOLO_V5, Head.FOMO) else None,
                points=5 if head is Head.LANDMARKS else None,
            )
            found[f"{head} {crop}"] = attached(picture_model(outputs, (1, 16, 16, 3)), annotation)
    forms = {"numbers": Output(np.ones((1, 8, 8)), "int32"), "probability": Output(np.ones((1, 8, 8, 1)))}
    for form, output in forms.items():
        for crop in CropMode:
            annotation = Annotation(task=Task.IMAGE_SEGMENTATION, mean=(0.0,), std=(255.0,), crop=crop)
            found[f"{form} {crop}"] = attached(picture_model({"mask": output}), annotation)
    quantized = Output(np.ones((1, 8, 8)), "int8", 1 / 256, -128)
    annotation = Annotation(task=Task.IMAGE_SEGMENTATION, mean=(0.0,), std=(255.0,), activation=Activation.SIGMOID)
    found["quantized probability"] = attached(picture_model({"mask": quantized}, dtype="int8"), annotation)
    return found


def test_code_is_as_ruff_has_it_and_holds_nothing_unused(tmp_path: Path) -> None:
    for number, (name, annotated) in enumerate(variants(tmp_path).items()):
        files = project(annotated, [], "A long name of a dozen words" if number % 3 == 2 else "")
        assert unused_names(files) == set(), name
        write_files(tmp_path / "code" / name.replace(" ", "_"), files)
    check_code(tmp_path / "code")
