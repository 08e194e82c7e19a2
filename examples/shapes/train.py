"""Train the detector of this example: the circles, squares and triangles of a picture, and where they are.

    uv run --extra convert --group train examples/shapes/train.py

Writes `shapes.tflite` (int8), `shapes_float.tflite` and `golden/` next to itself, the same bytes every time on one
machine, and prints how good they are on 500 pictures that were not learned from. The pictures are drawn by
`pictures.py` and go into the model as the packaged model takes them: letterboxed on gray, a pixel p of 0..255 as
p / 255. Takes about ten minutes of one core.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from evaluation import OVERLAP, detect, mean_average_precision
from pictures import GOLDEN, HELD_OUT, LABELS, TRAINING, Scene, draw_scene, scenes

from packager.annotated import AnnotatedModel, annotated_model
from packager.config import Config, read_config
from packager.metadata.attach import annotate
from packager.model import Tensor, parse_model, read_model
from packager.tasks import ChannelOrder
from packager.tasks.boxes import overlap
from packager.tasks.image import ImageInput, fit, place

HERE = Path(__file__).resolve().parent
# Of the input, in pixels; and of the grid, in cells of 8 x 8 pixels.
SIDE, GRID = 96, 12
CHANNELS, BLOCKS = 48, 2
# How far from its own middle, in cells, a cell can see the centre of a shape.
REACH = 2
PICTURES = 5000
EPOCHS = 30
BATCH = 32
HELD_OUT_SCENES = 500
# name → number, size and count of shapes of a scene in which all are found. One is of the model's own size.
GOLDEN_SCENES = {
    "overlapping": (76, (320, 240), 6),
    "small": (36, (96, 96), 3),
    "tall": (30, (192, 256), 5),
    "wide": (18, (256, 144), 4),
}


def convolve(x: tf.Tensor, filters: int, size: int, strides: int = 1) -> tf.Tensor:
    x = keras.layers.Conv2D(filters, size, strides, "same", use_bias=False)(x)
    return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))


def build_model() -> keras.Model:
    """[1, 96, 96, 3] of 0..1 → [1, 4 + classes, 144], laid out as YOLO v8's: x, y, width, height, scores.

    Each of the 12x12 cells tells where the centre of a shape near it is, how large the shape's box is, and how sure
    it is of each class. All are of 0..1, because int8 has one scale for a whole output.
    """
    image = x = keras.layers.Input((SIDE, SIDE, 3), name="image")
    for filters, strides in ((16, 2), (24, 2), (32, 1), (CHANNELS, 2)):
        x = convolve(x, filters, 3, strides)
    for _ in range(BLOCKS):
        # Large kernels let a cell see the whole of a large shape; one a channel, they are cheap.
        y = keras.layers.DepthwiseConv2D(5, padding="same", use_bias=False)(x)
        y = keras.layers.ReLU()(keras.layers.BatchNormalization()(y))
        x = keras.layers.Add()([x, convolve(y, CHANNELS, 1)])
    x = convolve(x, CHANNELS, 3)
    # At first no cell is sure of anything.
    bias = keras.initializers.Constant([0, 0, -1, -1] + [-4] * len(LABELS))
    x = keras.layers.Conv2D(4 + len(LABELS), 1, bias_initializer=bias, activation="sigmoid")(x)
    # x and y become (sigmoid - 1/2) * 2 * REACH cells from the cell's middle; the others stay.
    slope = np.array([2 * REACH / GRID] * 2 + [1.0] * (2 + len(LABELS)), np.float32)
    rows, columns = np.mgrid[:GRID, :GRID]
    start = np.zeros((1, GRID, GRID, 4 + len(LABELS)), np.float32)
    start[..., :2] = (np.stack([columns, rows], axis=-1) + 0.5 - REACH) / GRID
    x = keras.layers.Lambda(lambda part: part * slope + start)(x)
    x = keras.layers.Reshape((GRID * GRID, 4 + len(LABELS)))(x)
    return keras.Model(image, keras.layers.Permute((2, 1))(x))


def image_of(config: Config) -> ImageInput:
    """How a picture goes into the model that a packager.toml is for, before there is one."""
    shape = (1, SIDE, SIDE, 3)
    tensor = Tensor(0, "image", shape, shape, "float32", None, 0, is_variable=False)
    said = config.metadata
    assert said is not None
    look = (said.crop, said.pad, said.resize, ChannelOrder.RGB)
    return ImageInput(tensor, SIDE, SIDE, 3, False, *look, said.mean * 3, said.std * 3)


def prepare(drawn: list[Scene], image: ImageInput) -> tuple[np.ndarray, list[np.ndarray]]:
    """Pictures as the model takes them, uint8 [N, 96, 96, 3], and for each rows of class, x, y, width and height.

    These are of 0..1, as fractions of the input.
    """
    pictures = np.empty((len(drawn), SIDE, SIDE, 3), np.uint8)
    truth = []
    for number, scene in enumerate(drawn):
        pictures[number] = np.asarray(fit(scene.picture, image))
        where = place(scene.picture.size, image)
        x, y, width, height = where.fitted
        rows = np.zeros((len(scene.shapes), 5), np.float32)
        for row, shape in zip(rows, scene.shapes, strict=True):
            corners = np.array(shape.box).reshape(2, 2) * (np.array([width, height]) / where.size) + (x, y)
            row[:] = shape.index, *(corners.mean(axis=0) / SIDE), *((corners[1] - corners[0]) / SIDE)
        truth.append(rows)
    return pictures, truth


def augment(picture: np.ndarray, rows: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mirrored or not, and with its colours exchanged: 12 pictures of one."""
    if random.random() < 0.5:
        picture, rows = picture[:, ::-1], rows * [1, -1, 1, 1, 1] + [0, 1, 0, 0, 0]
    return picture[:, :, random.permutation(3)], rows


def targets(rows: np.ndarray) -> np.ndarray:
    """What the cells should tell of one picture: [144, 4 + classes + 1].

    A score falls off from 1 in the cell that holds a shape's centre, as in CenterNet (Zhou et al., Objects as
    Points, 2019). A box is that of the nearest shape; the last number is how much it counts.
    """
    result = np.zeros((GRID, GRID, 4 + len(LABELS) + 1), np.float32)
    down, across = np.mgrid[:GRID, :GRID]
    for index, x, y, width, height in rows:
        # Measured from the middle of the centre's own cell, so that one cell has 1.
        squares = (across - int(x * GRID)) ** 2 + (down - int(y * GRID)) ** 2
        near = np.where(squares <= 2, np.exp(-squares / (2 * (max(width, height) * GRID / 6) ** 2)), 0)
        is_nearest = near > result[..., -1]
        result[is_nearest, :4] = x, y, width, height
        result[is_nearest, 4:-1] = 0
        result[is_nearest, 4 + int(index)] = near[is_nearest]
        result[is_nearest, -1] = near[is_nearest]
    return result.reshape(GRID * GRID, -1)


def loss(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """The quality focal loss of scores (Li et al., Generalized Focal Loss, 2020), and how far boxes are off.

    Both are of a whole batch, for each shape in it.
    """
    predicted = tf.transpose(predicted, (0, 2, 1))
    scores, told = true[..., 4:-1], tf.clip_by_value(predicted[..., 4:], 1e-5, 1 - 1e-5)
    entropy = -scores * tf.math.log(told) - (1 - scores) * tf.math.log(1 - told)
    distance = true[..., -1:] * tf.abs(true[..., :4] - predicted[..., :4]) * GRID
    shapes = tf.maximum(tf.reduce_sum(tf.cast(scores == 1, tf.float32)), 1.0)
    return (tf.reduce_sum((scores - told) ** 2 * entropy) + 0.3 * tf.reduce_sum(distance)) / shapes


def train(pictures: np.ndarray, truth: list[np.ndarray]) -> keras.Model:
    random = np.random.default_rng(0)
    model = build_model()
    steps = len(pictures) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(4e-3, EPOCHS * steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=10.0), loss)
    for epoch in range(EPOCHS):
        order, losses = random.permutation(len(pictures)), []
        for batch in order[: steps * BATCH].reshape(steps, BATCH):
            drawn = [augment(pictures[number], truth[number], random) for number in batch]
            images = np.stack([picture for picture, _ in drawn]).astype(np.float32) / 255
            losses.append(model.train_on_batch(images, np.stack([targets(rows) for _, rows in drawn])))
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.3f}", flush=True)
    return model


def convert(model: keras.Model, images: np.ndarray | None) -> bytes:
    """The model in float, or in int8 with the ranges that ``images`` give it."""
    # A fixed batch of 1: an open one would bring SHAPE, STRIDED_SLICE and PACK into the model.
    signature = tf.TensorSpec([1, SIDE, SIDE, 3], tf.float32, name="image")
    function = tf.function(lambda image: model(image, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    if images is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def packaged(config: Config) -> AnnotatedModel:
    """The model that a packager.toml names, annotated as it says."""
    assert config.metadata is not None
    return annotated_model(parse_model(annotate(read_model(config.model), config.metadata), config.model))


def write_golden(model: AnnotatedModel) -> None:
    folder = HERE / "golden"
    folder.mkdir(exist_ok=True)
    for name, (number, size, count) in GOLDEN_SCENES.items():
        scene = draw_scene(np.random.default_rng((GOLDEN, number)), size, count)
        (found,) = detect(model, [scene.picture])
        is_right = len(found) == len(scene.shapes) and all(
            any(item.index == shape.index and overlap(item.box, shape.box) >= 0.7 for item in found)
            for shape in scene.shapes
        )
        if not is_right:
            raise SystemExit(f"golden/{name}.png: {found} of {scene.shapes}; choose another scene")
        scene.picture.save(folder / f"{name}.png", optimize=True)


def main() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums, and so the bytes, would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    in_int8, in_float = read_config(HERE), read_config(HERE / "float.toml")
    (HERE / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    pictures, truth = prepare(list(scenes(TRAINING, PICTURES)), image_of(in_int8))
    model = train(pictures, truth)
    in_float.model.write_bytes(convert(model, None))
    in_int8.model.write_bytes(convert(model, pictures[:300].astype(np.float32) / 255))

    held_out = list(scenes(HELD_OUT, HELD_OUT_SCENES))
    print(f"mean average precision at an overlap of {OVERLAP}, of {len(held_out)} held-out pictures:")
    for config in (in_float, in_int8):
        found = detect(packaged(config), [scene.picture for scene in held_out])
        true = [[(shape.index, shape.box) for shape in scene.shapes] for scene in held_out]
        precision = mean_average_precision(found, true, len(LABELS))
        print(f"{config.model.name}: {config.model.stat().st_size:,} bytes; {precision:.3f}")
    write_golden(packaged(in_int8))


if __name__ == "__main__":
    main()
