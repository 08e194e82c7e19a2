"""Train a dense net on 28x28 gray pictures, the first one of many courses: 784 → 128 → 10, about 100,000 weights.

    uv run --extra convert --group train examples/fashion/train.py [TRAIN.npz HELD-OUT.npz]

Writes `fashion.h5` next to itself, the same numbers every time on one machine. Courses train it on Fashion-MNIST,
which no package brings: the MNIST pictures that `examples/mnist.py` writes stand in for it. For the real ones give
two `.npz` with `x` [N, 28, 28] of uint8 and `y` [N].
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
MNIST = HERE.parent.parent / "build" / "mnist"
EPOCHS = 15


def main(train: str = str(MNIST / "train.npz"), held_out: str = str(MNIST / "held-out.npz")) -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with np.load(train) as file:
        model.fit(file["x"] / np.float32(255), file["y"], epochs=EPOCHS, verbose=2)
    # The format of most courses, with the optimizer's state: three times the weights.
    model.save(HERE / "fashion.h5")
    with np.load(held_out) as file:
        accuracy = model.evaluate(file["x"] / np.float32(255), file["y"], verbose=0)[1]
        print(f"fashion.h5: {model.count_params():,} weights; {accuracy:.1%} of {len(file['y']):,} held-out pictures")


if __name__ == "__main__":
    main(*sys.argv[1:])
