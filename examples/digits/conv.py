"""Train a convolutional net for the digits of this example, the second one of many courses: about 77,000 weights.

    uv run --extra convert --group train examples/digits/conv.py

Writes `conv.keras` next to itself, the same numbers every time on one machine, from the pictures that
`examples/mnist.py` writes. `digits.tflite`, which train.py makes, is what somebody gets who looks at the sizes first;
this one is to see what converting and quantizing makes of a net that nobody made small.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
MNIST = HERE.parent.parent / "build" / "mnist"
EPOCHS = 15


def main() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(84, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with np.load(MNIST / "train.npz") as file:
        model.fit(file["x"][..., None] / np.float32(255), file["y"], epochs=EPOCHS, verbose=2)
    model.save(HERE / "conv.keras")
    with np.load(MNIST / "held-out.npz") as file:
        accuracy = model.evaluate(file["x"][..., None] / np.float32(255), file["y"], verbose=0)[1]
        print(f"conv.keras: {model.count_params():,} weights; {accuracy:.1%} of {len(file['y']):,} held-out pictures")


if __name__ == "__main__":
    main()
