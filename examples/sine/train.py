"""Train the sine model of this example: one number x of 0..2*pi to sin(x), for microcontrollers.

    uv run --extra convert --group train examples/sine/train.py

Writes `sine.tflite` next to itself, the same bytes every time on one machine, and prints its largest error.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert.interpreter import Interpreter

HERE = Path(__file__).resolve().parent
EPOCHS = 600
BATCH = 32


def train(x: np.ndarray) -> keras.Model:
    layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.layers.InputLayer(input_shape=(1,)), *layers])
    rate = keras.optimizers.schedules.CosineDecay(1e-2, EPOCHS * (len(x) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(x, np.sin(x), batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model


def convert(model: keras.Model, x: np.ndarray) -> bytes:
    # A fixed batch of 1 keeps the model to FULLY_CONNECTED alone.
    signature = tf.TensorSpec([1, 1], tf.float32, name="x")
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([value[None]] for value in x)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # Per-channel dense layers are newer than TFLite Micro of 2020.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def predict(model: bytes, x: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    quantized = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)
    answers = []
    for value in quantized:
        interpreter.set_tensor(source["index"], value[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(target["index"])[0])
    scale, zero_point = target["quantization"]
    return (np.array(answers, np.float32) - zero_point) * scale


def main() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums, and so the bytes, would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    # An even grid with both ends: quantization takes the range of the input from it.
    x = np.linspace(0, 2 * np.pi, 1001, dtype=np.float32)[:, None]
    model = train(x)
    converted = convert(model, x)
    (HERE / "sine.tflite").write_bytes(converted)

    in_float = np.abs(model(x).numpy() - np.sin(x))
    in_int8 = np.abs(predict(converted, x) - np.sin(x))
    print(f"sine.tflite: {len(converted):,} bytes")
    print(f"largest error: {in_float.max():.3f} float, {in_int8.max():.3f} int8")


if __name__ == "__main__":
    main()
