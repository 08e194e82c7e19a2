"""Run where TensorFlow is: rebuilds models of Keras 3 for tf-keras, and prints what came of each as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_USE_LEGACY_KERAS="1")

import keras
import numpy as np

from packager.convert.loading import of_keras
from packager.convert.protocol import RefusedError
from packager.convert.training import tf_keras_model

layers = keras.layers


def dense() -> Any:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu"), layers.BatchNormalization(), layers.Dense(2)]
    )


def residual() -> Any:
    given = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer="l2")(given)
    x = layers.ReLU(max_value=6)(layers.BatchNormalization()(x))
    y = layers.Add()([x, layers.DepthwiseConv2D(3, padding="same")(x)])
    y = layers.ZeroPadding2D()(layers.Concatenate()([x, y]))
    y = layers.GlobalAveragePooling2D(keepdims=True)(layers.SeparableConv2D(4, 3)(y))
    return keras.Model(given, layers.Dense(3, "softmax")(layers.Flatten()(y)))


def nested_twice() -> Any:
    """One model in another, applied to both of its inputs."""
    inner, one, other = dense(), keras.Input((4,)), keras.Input((4,))
    return keras.Model([one, other], layers.Concatenate()([inner(one), inner(other)]))


def outputs_by_name() -> Any:
    given = keras.Input((4,), name="a")
    return keras.Model({"a": given}, {"u": layers.Dense(2)(given), "v": layers.Dense(3)(given)})


def encoder_and_decoder() -> Any:
    given = keras.Input((8, 8, 1))
    kept = layers.Conv2D(2, 3, padding="same", activation="relu")(given)
    x = layers.Conv2DTranspose(2, 2, strides=2)(layers.MaxPooling2D()(kept))
    x = layers.UpSampling2D()(layers.AveragePooling2D(2)(x))
    return keras.Model(given, layers.Conv2D(1, 1, activation="sigmoid")(layers.Concatenate()([kept, x])))


def other_settings() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.Rescaling(1 / 255, offset=-1),
            layers.Conv2D(4, 3, groups=2, activation="swish"),
            layers.GroupNormalization(2),
            layers.LayerNormalization(),
            layers.ReLU(negative_slope=0.2),
            layers.LeakyReLU(negative_slope=0.1),
            layers.PReLU(),
            layers.Reshape((-1,)),
            layers.Dropout(0.3),
            layers.Softmax(),
        ]
    )


def sequences() -> Any:
    return keras.Sequential(
        [
            keras.Input((16, 3)),
            layers.Conv1D(4, 3, padding="causal"),
            layers.MaxPooling1D(),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GRU(3),
        ]
    )


def words() -> Any:
    return keras.Sequential(
        [keras.Input((6,), dtype="int32"), layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.Dense(2)]
    )


def arithmetic() -> Any:
    """Refused: keras.layers.Multiply is another thing than what multiplies a tensor by a number."""
    given = keras.Input((4,))
    return keras.Model(given, layers.Dense(2)(given * 2.0 + 1))


def new_activation() -> Any:
    """Refused: Keras 2 has no such function."""
    return keras.Sequential([keras.Input((4,)), layers.Dense(2, "hard_silu", name="last")])


class Subclass(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def in_a_subclass() -> Any:
    """Refused: what is called in Python cannot be read off."""
    given = keras.Input((4,))
    return keras.Model(given, Subclass()(given))


MAKERS: tuple[Callable[[], Any], ...] = (
    dense, residual, nested_twice, outputs_by_name, encoder_and_decoder, other_settings, sequences, words, arithmetic,
    new_activation, in_a_subclass,
)  # fmt: skip


def main() -> None:
    results = {}
    for make in MAKERS:
        keras.utils.set_random_seed(0)
        model = make()
        generator = np.random.default_rng(1)
        for weight in model.weights:  # as they are made, half of them are 0 and 1, and none is in another's place
            weight.assign(generator.uniform(0.1, 0.6, weight.shape))
        loaded = of_keras(model, "Keras 3")
        loaded.shapes = tuple((1, *port.shape[1:]) for port in loaded.inputs)
        try:
            results[make.__name__] = [tuple(output.shape)[1:] for output in tf_keras_model(loaded).outputs]
        except RefusedError as refusal:
            results[make.__name__] = refusal.facts["what"]
    print(json.dumps(results))


if __name__ == "__main__":
    main()
