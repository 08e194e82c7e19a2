"""Run in the environment with TensorFlow: makes small models, converts them in many ways and tells what came of it.

``python tests/convert/models.py FOLDER`` writes the models and what they were converted to into FOLDER, and
FOLDER/found.json: by the name of a conversion its report as ``--json`` has it, its sha256 twice, and the error where
there was one.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras import layers as L  # noqa: N812
from PIL import Image

from packager.convert.agreement import compare, needed_snr
from packager.convert.conversion import convert_model
from packager.convert.recipes import RECIPES, ConvertOptions, ConvertTarget, LayerRule, Ops, Quantize
from packager.convert.session import Session
from packager.errors import ModelError, PackagerError
from packager.golden.running import run_model
from packager.metadata.attach import Annotation, LabelFile
from packager.model import read_model
from packager.runtimes import Runtime
from packager.targets.edge_tpu import edge_tpu_problems
from packager.targets.target import Level
from packager.tasks import Task


class Inverse(L.Layer):  # type: ignore[misc]
    """A layer of an operator that no .tflite has."""

    def call(self, x: Any) -> Any:
        matrices = tf.reshape(tf.tanh(x), (-1, 2, 2)) + 4 * tf.eye(2)
        return tf.reshape(tf.linalg.inv(matrices), (-1, 4))


def make_models(folder: Path) -> None:
    """The sources, with seeded weights."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    mlp = keras.Sequential(
        [keras.Input((32,), name="features"), L.Dense(64, "relu", name="hidden"), L.Dense(5, name="scores")]
    )
    mlp.save(folder / "mlp.keras")
    mlp.save(folder / "mlp.h5")
    mlp.export(folder / "mlp_saved", verbose=False)
    left, right = keras.Input((4,), name="zebra"), keras.Input((5,), name="ant")
    outputs = {"total": L.Dense(3)(L.Concatenate()([left, right])), "alone": L.Dense(2)(left)}
    keras.Model([left, right], outputs).save(folder / "two.keras")
    cnn = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            L.Conv2D(8, 3, activation="relu"),
            L.BatchNormalization(),
            L.DepthwiseConv2D(3, activation="relu6"),
            L.MaxPooling2D(),
            L.Conv2D(64, 3),
            L.GlobalAveragePooling2D(),
            L.Dense(4, "softmax"),
        ]
    )
    weights = cnn.get_weights()
    # Channels of unlike sizes, as training makes them: each has a scale of its own.
    weights[0] *= np.linspace(0.2, 2, 8, dtype=np.float32)
    cnn.set_weights(weights)
    cnn.save(folder / "cnn.keras")
    keras.Sequential([keras.Input((6, 4)), L.LSTM(8), L.Dense(3)]).save(folder / "lstm.keras")
    keras.Sequential(
        [keras.Input((None,), dtype="int32"), L.Embedding(50, 32), L.GlobalAveragePooling1D(), L.Dense(2)]
    ).save(folder / "text.keras")
    keras_2 = [tf_keras.layers.LSTM(8, input_shape=(6, 4)), tf_keras.layers.Dense(3)]
    tf_keras.Sequential(keras_2).save(folder / "keras_2.h5")
    keras.Sequential([keras.Input((4,)), L.Dense(4), Inverse(name="inverse"), L.Dense(2)]).save(
        folder / "custom.keras"
    )
    inverse = keras.Sequential([keras.Input((4,)), L.Dense(4), Inverse(name="inverse"), L.Dense(2)])
    inverse.export(folder / "inverse_saved", verbose=False)
    keras.Sequential([keras.Input((4,)), L.Lambda(lambda x: x * 2), L.Dense(2)]).save(folder / "lambda.keras")
    spoiled = keras.Sequential([keras.Input((4,)), L.Dense(8, name="fine"), L.Dense(2, name="spoiled")])
    weights = spoiled.get_weights()
    weights[2][1, 1] = np.nan
    spoiled.set_weights(weights)
    spoiled.save(folder / "nan.keras")
    outlier = keras.Sequential([keras.Input((4,)), L.Dense(16, "relu"), L.Dense(16), L.Dense(3)])
    weights = outlier.get_weights()
    # A channel that nothing listens to is a thousand times larger than the others.
    weights[2][:, 0] *= 3000
    weights[4][0] = 0
    outlier.set_weights(weights)
    outlier.save(folder / "outlier.keras")
    keras.Sequential([L.Dense(3)]).save(folder / "unbuilt.keras")
    mlp.save_weights(folder / "mlp.weights.h5")
    (folder / "broken.keras").write_bytes(b"PK\x03\x04 no archive")
    (folder / "empty_folder").mkdir()
    np.save(folder / "v32.npy", rng.normal(size=(40, 32)).astype(np.float32))
    np.save(folder / "v4.npy", rng.normal(size=(40, 4)).astype(np.float32))
    np.save(folder / "steps.npy", rng.normal(size=(40, 6, 4)).astype(np.float32))
    np.save(folder / "tokens.npy", rng.integers(0, 50, (40, 8)).astype(np.int32))
    pictures = rng.integers(0, 256, (40, 12, 12, 3), dtype=np.uint8)
    # A thousand of which one in the middle is cut off, a folder of a class that there is not, and one of nothing.
    for place in ("corrupt", "unknown/blue", "unknown/yellow", "nothing"):
        (folder / place).mkdir(parents=True)
    png = io.BytesIO()
    Image.fromarray(pictures[0]).save(png, "PNG")
    for number in range(1000):
        data = png.getvalue()[:100] if number == 500 else png.getvalue()
        (folder / "corrupt" / f"{number:04}.png").write_bytes(data)
    for name in ("blue", "yellow"):
        (folder / "unknown" / name / "one.png").write_bytes(png.getvalue())
    np.save(folder / "pictures.npy", pictures)


class Work:
    """The conversions, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        labels = folder / "labels.txt"
        labels.write_text("red\ngreen\nblue\nnone\n")
        self.pictures = Annotation(
            task=Task.IMAGE_CLASSIFICATION, labels=(LabelFile(labels),), mean=(127.5,), std=(127.5,)
        )
        self.found: dict[str, Any] = {}

    def convert(self, session: Session, name: str, source: str, **options: Any) -> None:
        """Convert ``source``, twice if asked, and keep what is told of it."""
        annotation = options.pop("annotation", None)
        force = options.pop("force", False)
        times = 2 if options.pop("twice", False) else 1
        if "representative" in options:
            options["representative"] = self.folder / options["representative"]
        out = self.folder / f"{name}.tflite"
        told: list[str] = []
        try:
            reports = [
                convert_model(
                    self.folder / source,
                    out,
                    ConvertOptions(**options),
                    annotation,
                    force=force,
                    session=session,
                    say=told.append,
                )
                for _ in range(times)
            ]
        except PackagerError as error:
            self.found[name] = {"error": str(error), "wrote": out.exists()}
            return
        model = reports[0].model.model
        self.found[name] = reports[0].to_json() | {
            "again": reports[-1].model.model.sha256,
            "told": told,
            "inputs": [[tensor.name, tensor.shape_signature, tensor.dtype] for tensor in model.inputs],
            "outputs": [[tensor.name, tensor.shape_signature, tensor.dtype] for tensor in model.outputs],
            "operators": sorted(operator.name for operator, _ in model.operators),
        }

    def measure(self, session: Session, quantize: Quantize) -> None:
        """What the runtimes make of the small CNN, or for the dense recipe the MLP, converted by a recipe."""
        source, samples = ("mlp", "v32.npy") if "block" in quantize else ("cnn", "pictures.npy")
        name = f"matrix_{quantize}"
        annotation = self.pictures if source == "cnn" else None
        self.convert(
            session,
            name,
            f"{source}.keras",
            quantize=quantize,
            representative=samples,
            annotation=annotation,
            force=True,
        )
        model = read_model(self.folder / f"{name}.tflite")
        values = [(array[None],) for array in np.load(self.folder / samples)]
        if source == "cnn":
            values = [((array.astype(np.float32) - 127.5) / 127.5,) for (array,) in values]
        expected = session.predict(values)
        affine = model.inputs[0].affine
        inputs = values
        if affine is not None:
            inputs = [
                ((np.round(x / affine.scale) + affine.zero_point).clip(-128, 127).astype(np.int8),) for (x,) in values
            ]
        answers = {}
        for runtime in (Runtime.LITERT, Runtime.TFLITE_MICRO):
            try:
                actual = run_model(model, inputs, runtime)
            except ModelError as error:
                answers[str(runtime)] = f"refuses: {error.what}"
                continue
            needed = needed_snr([RECIPES[quantize]], model)
            (output,) = compare(expected, actual, model.outputs, needed)
            answers[str(runtime)] = "runs" if output.agrees else f"wrong: {output.snr_db:.1f} dB of {needed:.1f}"
        errors = [problem.what for problem in edge_tpu_problems(model) if problem.level is Level.ERROR]
        answers["edge-tpu"] = f"refuses: {errors[0]}" if errors else "runs"
        self.found[name]["runtimes"] = answers


def main(folder: Path) -> None:
    make_models(folder)
    work = Work(folder)
    with Session() as session:
        for source in ("mlp.keras", "mlp.h5", "mlp_saved"):
            work.convert(session, f"float_{source}", source, twice=True)
        work.convert(session, "int8_mlp", "mlp.keras", twice=True, quantize=Quantize.INT8, representative="v32.npy")
        work.convert(session, "int16x8_mlp", "mlp.keras", quantize=Quantize.INT16X8, representative="v32.npy")
        mixed = (LayerRule("hidden", Quantize.WEIGHTS_INT4),)
        work.convert(session, "mixed", "mlp.keras", layers=mixed)
        work.convert(session, "wrong_samples", "mlp.keras", quantize=Quantize.INT8, representative="v4.npy")
        work.convert(session, "two", "two.keras")
        for quantize in Quantize:
            work.measure(session, quantize)
        work.convert(
            session,
            "micro",
            "cnn.keras",
            quantize=Quantize.INT8,
            target=ConvertTarget.MICRO,
            representative="pictures.npy",
            annotation=work.pictures,
        )
        work.convert(session, "lstm_micro", "lstm.keras", target=ConvertTarget.MICRO)
        work.convert(session, "lstm_loop", "lstm.keras")
        work.convert(
            session, "lstm_int8", "lstm.keras", twice=True, quantize=Quantize.INT8, representative="steps.npy"
        )
        work.convert(session, "keras_2", "keras_2.h5", quantize=Quantize.INT8, representative="steps.npy")
        work.convert(session, "text", "text.keras", shape=("1,8",))
        work.convert(
            session, "text_int8", "text.keras", shape=("1,8",), quantize=Quantize.INT8, representative="tokens.npy"
        )
        work.convert(session, "open", "text.keras")
        work.convert(session, "shape", "text.keras", shape=("1,8,3",))
        work.convert(session, "select_tf", "inverse_saved", ops=Ops.SELECT_TF)
        work.convert(session, "unsupported", "inverse_saved")
        work.convert(session, "trusted", "lambda.keras", trust=True)
        work.convert(session, "outlier", "outlier.keras", quantize=Quantize.INT8, representative="v4.npy")
        work.convert(session, "outlier_16", "outlier.keras", quantize=Quantize.INT16X8, representative="v4.npy")
        for name, samples in (("corrupt", 1000), ("unknown", 200), ("nothing", 200)):
            work.convert(
                session,
                f"pictures_{name}",
                "cnn.keras",
                quantize=Quantize.INT8,
                samples=samples,
                representative=name,
                annotation=work.pictures,
            )
        for name in ("custom", "lambda", "nan", "unbuilt", "broken"):
            work.convert(session, name, f"{name}.keras")
        work.convert(session, "weights", "mlp.weights.h5")
        work.convert(session, "empty_folder", "empty_folder")
        # Of the .tflite that another step made: no TensorFlow in this.
        work.convert(session, "of_tflite", "float_mlp.keras.tflite", quantize=Quantize.INT8, representative="v32.npy")
    (folder / "found.json").write_text(json.dumps(work.found, indent=1, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
