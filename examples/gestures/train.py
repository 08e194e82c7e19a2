"""Train the gesture classifier of this example: 2.56 seconds of an accelerometer's three axes to one of five motions.

    uv run --extra convert --group train examples/gestures/train.py

Writes `gestures.tflite`, `labels.txt` and `golden/` next to itself, the same bytes every time on one machine, and
prints how often it is right on 2,000 windows that were not learned from. `motions.py` makes the windows, which go
into the model in g, quantized. Takes a minute or two.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert.interpreter import Interpreter
from motions import GOLDEN, HELD_OUT, LABELS, LENGTH, RANGE, TRAINING, draw_window, windows

HERE = Path(__file__).resolve().parent
WINDOWS = 8000
HELD_OUT_WINDOWS = 2000
EPOCHS = 15
BATCH = 50
# label → number of a golden window, on which the gesture is plain to see. That of idle is a walk.
GOLDEN_WINDOWS = {"idle": 9, "shake": 1, "circle": 9, "wing": 3, "slope": 4}


def build_model() -> keras.Model:
    # The axes are channels of a picture that is one pixel wide: TensorFlow Lite has convolutions of pictures only.
    layers = [keras.layers.InputLayer(input_shape=(LENGTH, 3)), keras.layers.Reshape((LENGTH, 1, 3))]
    for filters in (12, 16, 24, 32):
        layers += [
            keras.layers.Conv2D(filters, (5, 1), (2, 1), padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    # The mean over time: a gesture may be anywhere in the window.
    layers += [keras.layers.AveragePooling2D((LENGTH // 16, 1)), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(len(LABELS), "softmax")])


def train(made: np.ndarray, indices: np.ndarray) -> keras.Model:
    model = build_model()
    rate = keras.optimizers.schedules.CosineDecay(4e-3, EPOCHS * (len(made) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(made, indices, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    return model


def convert(model: keras.Model, made: np.ndarray) -> bytes:
    # A fixed batch of 1: an open one would bring SHAPE, STRIDED_SLICE and PACK into the model.
    signature = tf.TensorSpec([1, LENGTH, 3], tf.float32, name="acceleration")
    function = tf.function(lambda window: model(window, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # Quantization takes the range of the input from these windows: the last one has both ends of the sensor's.
    ends = np.resize(np.array([-RANGE, RANGE], np.float32), (1, LENGTH, 3))
    converter.representative_dataset = lambda: ([window[None]] for window in (*made, *ends))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # Per-channel dense layers are newer than TFLite Micro of 2020.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def classify(model: bytes, made: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    quantized = np.clip(np.round(made / scale) + zero_point, -128, 127).astype(np.int8)
    indices = []
    for window in quantized:
        interpreter.set_tensor(source["index"], window[None])
        interpreter.invoke()
        indices.append(interpreter.get_tensor(target["index"])[0].argmax())
    return np.array(indices)


def write_golden(model: bytes) -> None:
    folder = HERE / "golden"
    folder.mkdir(exist_ok=True)
    for label, number in GOLDEN_WINDOWS.items():
        window = draw_window(np.random.default_rng((GOLDEN, number)), label)
        answer = LABELS[classify(model, window[None])[0]]
        if answer != label:
            raise SystemExit(f"golden/{label}.npy is taken for {answer}; choose another window")
        np.save(folder / f"{label}.npy", window[None])


def main() -> None:
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    # With more threads the sums, and so the bytes, would depend on the number of cores.
    tf.config.threading.set_intra_op_parallelism_threads(1)

    made, indices = windows(TRAINING, WINDOWS)
    model = train(made, indices)
    converted = convert(model, made[:500])

    (HERE / "gestures.tflite").write_bytes(converted)
    (HERE / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))

    held_out, true = windows(HELD_OUT, HELD_OUT_WINDOWS)
    in_float = model.predict(held_out, verbose=0).argmax(axis=1) == true
    in_int8 = classify(converted, held_out) == true
    print(f"gestures.tflite: {len(converted):,} bytes; {len(true):,} held-out windows")
    print(f"accuracy: {in_float.mean():.1%} float, {in_int8.mean():.1%} int8")
    write_golden(converted)


if __name__ == "__main__":
    main()
