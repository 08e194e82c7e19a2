"""Transfer learning in few lines: the features of a net that has seen much, and a new head, from few pictures.

    uv run --extra convert --group train examples/transfer/train.py

Writes `transfer.keras` next to itself. The features are those of `examples/digits/conv.keras`, frozen: a net that was
trained here, on MNIST, stands in for one like MobileNetV2 with ImageNet's weights, which Keras downloads and no
package brings. In your own code, put

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(96, 96, 3))

in its place, and pixels as (p - 127.5) / 127.5. The new pictures are the 8x8 digits of scikit-learn, which other
people wrote and another machine scanned; of each digit it learns from two, and is asked about all others.
"""

from pathlib import Path

import keras
import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
EACH = 2


def read_pictures() -> tuple[np.ndarray, np.ndarray]:
    """Pictures [1797, 28, 28, 1] as (p - 0) / 255, as large in the middle as MNIST's are, and their classes."""
    digits = load_digits()
    pictures = np.zeros((len(digits.images), 28, 28, 1), np.float32)
    for small, picture in zip(digits.images, pictures, strict=True):
        enlarged = Image.fromarray((small * 255 / 16).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
        picture[4:24, 4:24, 0] = np.asarray(enlarged, np.float32) / 255
    return pictures, digits.target


def train_head(base: keras.Model, pictures: np.ndarray, classes: np.ndarray) -> keras.Model:
    model = keras.Sequential([keras.Input((28, 28, 1)), base, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures, classes, epochs=60, verbose=0)
    return model


def main() -> None:
    keras.utils.set_random_seed(0)
    pictures, classes = read_pictures()
    few = np.concatenate([np.flatnonzero(classes == digit)[:EACH] for digit in range(10)])
    others = np.setdiff1d(np.arange(len(classes)), few)

    # This is the recipe: what comes before the dense layers, frozen, and a head that learns.
    trained = keras.models.load_model(HERE.parent / "digits" / "conv.keras")
    base = keras.Model(trained.inputs, trained.get_layer("flatten").output, name="features")
    unlearned = keras.models.clone_model(base)
    base.trainable = False
    model = train_head(base, pictures[few], classes[few])
    model.save(HERE / "transfer.keras")

    scratch = train_head(unlearned, pictures[few], classes[few])
    for name, net in (("with frozen features", model), ("the same net from scratch", scratch)):
        accuracy = net.evaluate(pictures[others], classes[others], verbose=0)[1]
        print(f"{name}: {accuracy:.1%} of {len(others):,} other pictures, from {EACH} of each digit")


if __name__ == "__main__":
    main()
