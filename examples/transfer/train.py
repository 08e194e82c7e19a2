"""Transfer learning in few lines: the features of a net that has seen much, and a new head for classes with few pictures.

    uv run --extra convert --group train examples/transfer/train.py

Writes `transfer.keras` next to itself: it tells 7, 8 and 9 apart, from one picture of each. Its features come from a
net that was trained here on 0 to 6 alone, each turned in four ways. That net stands in for one like MobileNetV2 with
ImageNet's weights, which Keras downloads and no package brings: in your own code, put

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(96, 96, 3))

in its place, and pixels as (p - 127.5) / 127.5. The pictures are those that `examples/mnist.py` writes.
"""

from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).resolve().parent
MNIST = HERE.parent.parent / "build" / "mnist"
SEEN, NEW = range(7), range(7, 10)

layers = keras.layers


def read(name: str, digits: range) -> tuple[np.ndarray, np.ndarray]:
    """Pictures [N, 28, 28, 1] as (p - 0) / 255, and their classes, counted from 0."""
    with np.load(MNIST / f"{name}.npz") as file:
        chosen = np.isin(file["y"], digits)
        return file["x"][chosen, ..., None] / np.float32(255), file["y"][chosen] - digits[0]


def turned(pictures: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each picture in four ways, each way a class of its own: the more a net must tell apart, the more it looks at."""
    ways = [np.rot90(pictures, turns, axes=(1, 2)) for turns in range(4)]
    return np.concatenate(ways), np.concatenate([classes + turns * len(SEEN) for turns in range(4)])


def one_of_each(pictures: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.unique(classes, return_index=True)[1]
    return pictures[chosen], classes[chosen]


def build_base() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(layer for filters in (16, 32, 64) for layer in (
                layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D())),
            layers.GlobalAveragePooling2D(),
        ],
        name="features",
    )  # fmt: skip


def train(model: keras.Model, data: tuple[np.ndarray, np.ndarray], epochs: int) -> None:
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*data, epochs=epochs, verbose=0)


def with_head(base: keras.Model, classes: int) -> keras.Model:
    return keras.Sequential([keras.Input((28, 28, 1)), base, layers.Dense(classes, "softmax")])


def main() -> None:
    keras.utils.set_random_seed(0)
    base = build_base()
    train(with_head(base, 4 * len(SEEN)), turned(*read("train", SEEN)), epochs=12)

    # This is the recipe: the base is frozen, and only the head learns.
    base.trainable = False
    model = with_head(base, len(NEW))
    train(model, one_of_each(*read("train", NEW)), epochs=100)
    model.save(HERE / "transfer.keras")

    scratch = with_head(build_base(), len(NEW))
    train(scratch, one_of_each(*read("train", NEW)), epochs=100)
    for name, trained in (("with frozen features", model), ("from scratch", scratch)):
        accuracy = trained.evaluate(*read("held-out", NEW), verbose=0)[1]
        print(f"{name}: {accuracy:.1%} of the held-out pictures, from one of each class")


if __name__ == "__main__":
    main()
