"""Training on with quantization, or with ever more zeros, in the child process.

tensorflow-model-optimization takes models of tf-keras (Keras 2) only: ``tf_keras_model`` makes one of a model of
Keras 3 whose layers both have. What is trained on replaces the loaded model, to be converted as any other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.convert.loading import Loaded, of_keras, start_tensorflow
from packager.convert.protocol import Reason, RefusedError, State, TrainingPlan, held_out
from packager.dataset import Dataset

Array = np.ndarray[Any, Any]

# What both Keras have in the same words, and what only describes how weights came to be.
_IGNORED = ("initializer", "constraint")
_PLAIN: tuple[Any, ...] = (None, False, [], {}, "")
_RENAMED = {("LeakyReLU", "negative_slope"): "alpha"}
_UNKNOWN = re.compile(r"argument not understood:', '(\w+)'|unexpected keyword argument '(\w+)'")
# How far the outputs of the rebuilt model may be from those of the model itself, of their range: both are float32.
_SAME = 1e-4
# Bytes of samples that are kept from one epoch to the next; more are read again.
_KEPT_BYTES = 1 << 30
# The ranges of activations, and those of weights too, among the variables of a quantized model; how far a range moves
# in a step; and on how many samples they are found.
_RANGE = re.compile(r"/(?!.*kernel|quantize_layer)\w*_(min|max)(:0)?$")
_EXTREME = re.compile(r"_(min|max)(:0)?$")
_MOVED = 0.001
_CALIBRATED = 200
# Steps between two words on how far it is.
_STEPS_TOLD = 20


def train(
    state: State, loaded: Loaded, plan: TrainingPlan, dataset: Dataset, annotated: AnnotatedModel
) -> dict[str, Any]:
    """Train ``loaded`` on as ``plan`` says, and put the result in its place in ``state``.

    Of the samples every tenth is not trained on, and tells when to stop. Where the data have classes, the loss is the
    cross-entropy; otherwise the squared distance from what the model itself answered before, of the spread of that.

    Returns:
        ``epochs`` that were trained, and ``loss`` on the samples that were not trained on: of the model as it came
        and as it is now; ``zeros``, the part of the weights of its kernels that are zero.
    """
    # Before tf-keras is imported, which asks it.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    tf = start_tensorflow()
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    state.progress("rebuilding the model for tf-keras")
    model = loaded.model if loaded.format == "Keras 2" else tf_keras_model(loaded)
    data = _Data(state, loaded, plan, dataset, annotated)
    loss = data.loss(tf_keras)
    epochs = 0
    model.compile(loss=loss)
    before = _evaluate(model, data)
    if plan.sparsity is not None:
        model, epochs = _prune(model, loss, data, plan, state)
    if plan.quantize:
        model, trained = _quantize(model, loss, data, plan, state)
        epochs += trained
    after = _evaluate(model, data)
    state.loaded = of_keras(model, "Keras 2")
    state.loaded.shapes = loaded.shapes
    # The names that people know it by, and not those of the wrappers.
    state.loaded.inputs, state.loaded.outputs = loaded.inputs, loaded.outputs
    return {"epochs": epochs, "loss": [before, after], "zeros": _zeros(model)}


# --- the data ----------------------------------------


class _Data:
    """The samples in batches, with what the model is to answer."""

    def __init__(
        self, state: State, loaded: Loaded, plan: TrainingPlan, dataset: Dataset, annotated: AnnotatedModel
    ) -> None:
        self._dataset, self._annotated, self._loaded = dataset, annotated, loaded
        self.batch_size = plan.batch_size
        self.held_out = np.array(held_out(len(dataset)), int)
        self.training = np.setdiff1d(np.arange(len(dataset)), self.held_out)
        if not self.held_out.size:
            raise RefusedError(
                Reason.SAYS,
                what=f"{len(dataset)} samples are too few to train on: every tenth tells when to stop",
                fix="Give as many as you can.",
            )
        first = self._read(np.arange(len(dataset))[:: max(1, len(dataset) // self.batch_size)])
        each = max(1, sum(array.nbytes for array in first) // len(first[0]))
        self._kept: list[Array] | None = None
        if each * len(dataset) <= _KEPT_BYTES:
            state.progress("reading the samples")
            self._kept = self._read(np.arange(len(dataset)))
        answers = self._answers(first)
        self.classes = None if dataset.classes is None else np.array(dataset.classes, np.int64)
        if self.classes is not None and (len(answers) > 1 or answers[0].ndim != 2):
            self.classes = None
        self._are_probabilities = all(
            float(answer.min()) >= 0 and float(answer.max()) <= 1 + 1e-5 for answer in answers
        )
        self._width = answers[0].shape[-1] if answers[0].ndim else 1
        self._scales = [max(float(answer.std()), 1e-6) for answer in answers]

    def _read(self, numbers: Array) -> list[Array]:
        rows = self._dataset.values(self._annotated, numbers.tolist())
        return [np.concatenate(column) for column in zip(*rows, strict=True)]

    def _answers(self, inputs: Sequence[Array]) -> list[Array]:
        import tensorflow as tf

        values = [tf.constant(array, port.dtype) for array, port in zip(inputs, self._loaded.inputs, strict=True)]
        return [np.asarray(answer) for answer in self._loaded.call(values)]

    def loss(self, tf_keras: Any) -> Any:
        """What is made small."""
        if self.classes is None:
            # Each output by its own spread, so that none outweighs the others.
            return [_Distance(scale) for scale in self._scales]
        if self._width == 1:
            return tf_keras.losses.BinaryCrossentropy(from_logits=not self._are_probabilities)
        return tf_keras.losses.SparseCategoricalCrossentropy(from_logits=not self._are_probabilities)

    def batches(self, numbers: Array) -> Iterator[tuple[Any, Any]]:
        """What goes in and what is to come out, of the samples of these numbers."""
        for start in range(0, len(numbers), self.batch_size):
            chosen = numbers[start : start + self.batch_size]
            inputs = [array[chosen] for array in self._kept] if self._kept is not None else self._read(chosen)
            outputs: Any = (
                self._answers(inputs)
                if self.classes is None
                else self.classes[chosen][:, None].astype(np.float32)
                if self._width == 1
                else self.classes[chosen]
            )
            yield (
                (inputs[0] if len(inputs) == 1 else tuple(inputs)),
                (outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs),
            )


class _Distance:
    """The mean squared distance from an answer, of the square of its spread ``scale``."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self.__name__ = "distance"

    def __call__(self, true: Any, answer: Any) -> Any:
        import tensorflow as tf

        return tf.reduce_mean(tf.square((tf.cast(true, answer.dtype) - answer) / self._scale))


def _evaluate(model: Any, data: _Data) -> float:
    total = 0.0
    for inputs, outputs in data.batches(data.held_out):
        count = len(outputs[0]) if isinstance(outputs, list) else len(outputs)
        result = model.test_on_batch(inputs, outputs, reset_metrics=True, return_dict=True)
        total += float(result["loss"]) * count
    return total / len(data.held_out)


def _zeros(model: Any) -> float:
    kernels = [np.asarray(weight) for weight in model.trainable_weights if len(weight.shape) > 1]
    count = sum(kernel.size for kernel in kernels)
    return 1 - sum(map(np.count_nonzero, kernels)) / count if count else 0.0


# --- training ----------------------------------------


def _fit(
    model: Any,
    loss: Any,
    data: _Data,
    plan: TrainingPlan,
    state: State,
    title: str,
    step_callbacks: Sequence[Any] = (),
    *,
    stops_early: bool = True,
) -> int:
    """Train for up to the plan's epochs; the weights with the least loss on what is held out stay. The epochs."""
    import tf_keras

    model.compile(optimizer=tf_keras.optimizers.Adam(plan.learning_rate), loss=loss)
    generator = np.random.default_rng(1)
    steps = -(-len(data.training) // data.batch_size)
    for callback in step_callbacks:
        callback.set_model(model)
        callback.on_train_begin()
    best, best_weights, worse, epoch = float("inf"), None, 0, 0
    for epoch in range(1, plan.epochs + 1):
        for step, (inputs, outputs) in enumerate(data.batches(generator.permutation(data.training))):
            for callback in step_callbacks:
                callback.on_train_batch_begin(step)
            model.train_on_batch(inputs, outputs)
            if step % _STEPS_TOLD == 0:
                state.progress(f"{title}: epoch {epoch} of at most {plan.epochs}, step {step + 1} of {steps}")
        for callback in step_callbacks:
            callback.on_epoch_end(epoch)
        loss_now = _evaluate(model, data)
        if not np.isfinite(loss_now):
            raise RefusedError(
                Reason.SAYS,
                what=f"training makes the loss {loss_now} in epoch {epoch}",
                fix="Train at a smaller learning rate, and see that the data are what the model was trained on.",
            )
        # Where sparsity still grows, an earlier epoch is no candidate.
        if loss_now < best or not stops_early:
            best, best_weights, worse = loss_now, model.get_weights(), 0
        else:
            worse += 1
            if worse >= plan.patience:
                break
    model.set_weights(best_weights)
    return epoch


def _prune(model: Any, loss: Any, data: _Data, plan: TrainingPlan, state: State) -> tuple[Any, int]:
    """The model with ``plan.sparsity`` of the weights of its kernels zero, which training brings about by and by."""
    import tensorflow_model_optimization as tfmot

    steps = -(-len(data.training) // data.batch_size) * plan.epochs
    schedule = tfmot.sparsity.keras.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=plan.sparsity,
        begin_step=0,
        # The last quarter of the time is for what is left to settle.
        end_step=max(1, steps * 3 // 4),
        frequency=max(1, min(100, steps // 20)),
    )
    try:
        pruned = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
    except ValueError as error:
        raise _unsupported(error, "prune") from None
    epochs = _fit(
        pruned, loss, data, plan, state, "pruning",
        [tfmot.sparsity.keras.UpdatePruningStep()], stops_early=False,
    )  # fmt: skip
    stripped = tfmot.sparsity.keras.strip_pruning(pruned)
    stripped.compile(loss=loss)
    return stripped, epochs


def _quantize(model: Any, loss: Any, data: _Data, plan: TrainingPlan, state: State) -> tuple[Any, int]:
    """The model with quantization simulated, trained on; zeros that pruning made stay zero."""
    import tensorflow_model_optimization as tfmot

    keras = tfmot.quantization.keras
    try:
        annotated = keras.quantize_annotate_model(model)
        if plan.sparsity is None:
            quantized = keras.quantize_apply(annotated)
        else:
            scheme = tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme()
            quantized = keras.quantize_apply(annotated, scheme)
    except (ValueError, RuntimeError) as error:
        raise _unsupported(error, "quantize") from None
    _calibrate(quantized, data, state)
    return quantized, _fit(quantized, loss, data, plan, state, "training with quantization")


def _calibrate(model: Any, data: _Data, state: State) -> None:
    """Set the ranges of all activations to what the samples need.

    They begin as -6 to 6 and move by a thousandth of what is missing in each step of training
    (MovingAverageQuantizer), so that a few hundred steps would leave them far from what they should be. What a call
    in training mode found is told by how far it moved them. A range that was too small hides what the layers after
    it need, so this is repeated until nothing moves. Those of inputs hold all that was seen (AllValuesQuantizer).
    """
    state.progress("finding the ranges of its activations")
    ranges = [variable for variable in model.variables if _RANGE.search(variable.name)]
    others = [variable for variable in model.variables if not _EXTREME.search(variable.name)]
    kept = [variable.numpy() for variable in others]
    batches = [inputs for inputs, _ in data.batches(data.training[:: max(1, len(data.training) // _CALIBRATED)])]

    def found(inputs: Any) -> list[float]:
        before = [float(variable.numpy()) for variable in ranges]
        model(inputs, training=True)
        moved = [float(variable.numpy()) for variable in ranges]
        return [old + (new - old) / _MOVED for old, new in zip(before, moved, strict=True)]

    def assign(values: Sequence[float]) -> None:
        for variable, value in zip(ranges, values, strict=True):
            variable.assign(value)

    last = [0.0] * len(ranges)
    for _ in range(len(ranges)):
        values = found(batches[0])
        assign(values)
        if all(abs(value - old) <= 0.01 * abs(value) for value, old in zip(values, last, strict=True)):
            break
        last = values
    every = []
    for inputs in batches:
        every.append(found(inputs))
        assign(every[0])
    extremes = [
        (max if "max" in variable.name else min)(values)
        for variable, values in zip(ranges, zip(*every, strict=True), strict=True)
    ]
    assign(extremes)
    # Calls in training mode moved the statistics of batch normalization too.
    for variable, value in zip(others, kept, strict=True):
        variable.assign(value)


def _unsupported(error: Exception, verb: str) -> RefusedError:
    message = " ".join(str(error).split())
    return RefusedError(
        Reason.SAYS,
        what=f"tensorflow-model-optimization cannot {verb} it: {message[:300]}",
        fix="It takes the usual layers of convolutional and dense nets. For others: packager convert, by the"
        " recipes int8 and int16x8, which need no training.",
    )


# --- from Keras 3 to tf-keras ----------------------------------------


def tf_keras_model(loaded: Loaded) -> Any:
    """A model of tf-keras with the layers, weights and outputs of a model of Keras 3; nested models are laid open."""
    import tf_keras

    if loaded.format == "SavedModel":
        raise RefusedError(
            Reason.SAYS,
            what="a SavedModel cannot be trained on: it has no layers any more",
            fix="Give the .keras or .h5 file of the model.",
        )
    builder = _Builder(tf_keras)
    source = loaded.model
    inputs = [
        tf_keras.Input(tuple(tensor.shape)[1:], dtype=str(tensor.dtype), name=name)
        for tensor, name in zip(source.inputs, _input_names(source), strict=True)
    ]
    outputs = builder.apply(source, inputs)
    model = tf_keras.Model(inputs, outputs[0] if len(outputs) == 1 else outputs)
    for layer, weights in builder.weights:
        try:
            layer.set_weights(weights)
        except ValueError as error:
            raise _other_layer(layer.name, type(layer).__name__, str(error)) from None
    _check_same(loaded, model)
    return model


def _input_names(source: Any) -> list[str]:
    functional = getattr(source, "_functional", None) or source
    names = [tensor._keras_history.operation.name for tensor in functional.inputs]
    return [str(name) for name in names]


class _Builder:
    """Applies the layers of Keras 3 one after the other, each made anew for tf-keras."""

    def __init__(self, tf_keras: Any) -> None:
        self._keras = tf_keras
        self._made: dict[int, Any] = {}
        self._names: set[str] = set()
        self.weights: list[tuple[Any, list[Array]]] = []

    def apply(self, model: Any, inputs: Sequence[Any]) -> list[Any]:
        """The outputs of ``model``, a Functional or Sequential of Keras 3, for tensors of tf-keras."""
        import keras
        import tensorflow as tf

        functional = getattr(model, "_functional", None) or model
        if not isinstance(functional, keras.src.models.functional.Functional):
            raise RefusedError(
                Reason.SAYS,
                what=f"{model.name} is a model whose code is Python ({type(model).__name__}): its layers cannot be"
                " read off it",
                fix="Build it by keras.Sequential or keras.Model(inputs, outputs), or use: packager convert.",
            )
        tensors = {id(tensor): value for tensor, value in zip(functional.inputs, inputs, strict=True)}
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                if node.is_input or not node.operation:
                    continue
                given, keywords = node.arguments.fill_in(tensors)
                made = self._call(node.operation, given, keywords)
                for tensor, value in zip(node.output_tensors, tf.nest.flatten(made), strict=True):
                    tensors[id(tensor)] = value
        return [tensors[id(tensor)] for tensor in functional.outputs]

    def _call(self, operation: Any, given: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        import keras
        import tensorflow as tf

        keywords = {
            name: value for name, value in keywords.items() if name not in ("training", "mask") and value is not None
        }
        if isinstance(operation, keras.Model):
            return self.apply(operation, tf.nest.flatten(given))
        if id(operation) not in self._made:
            self._made[id(operation)] = self._layer(operation)
        return self._made[id(operation)](*given, **keywords)

    def _layer(self, operation: Any) -> Any:
        import keras

        kind = type(operation).__name__
        if not isinstance(operation, keras.layers.Layer):
            raise _other_layer(operation.name, kind, "it is an operation on tensors, and no layer")
        made = getattr(self._keras.layers, kind, None)
        if made is None or not type(operation).__module__.startswith("keras."):
            raise _other_layer(operation.name, kind, "tf-keras has no such layer")
        name, number = operation.name, 1
        while name in self._names:
            number += 1
            name = f"{operation.name}_{number}"
        self._names.add(name)
        layer = _construct(made, {**_cleaned(kind, operation.get_config()), "name": name}, kind)
        if operation.weights:
            self.weights.append((layer, operation.get_weights()))
        return layer


def _cleaned(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a layer, and of layers in it, without those that say how its weights came to be."""
    kept: dict[str, Any] = {}
    for key, value in config.items():
        if key == "dtype" or key.endswith(_IGNORED):
            continue
        if isinstance(value, dict) and isinstance(value.get("config"), dict) and "layer" in key:
            inner = value["class_name"]
            value = {"class_name": inner, "config": _cleaned(inner, value["config"])}
        kept[_RENAMED.get((kind, key), key)] = value
    return kept


def _construct(made: Any, config: dict[str, Any], kind: str) -> Any:
    """The layer; settings that tf-keras does not know and that are not used here are left out."""
    has_layers = any(isinstance(value, dict) and "class_name" in value for value in config.values())
    while True:
        try:
            return made.from_config(dict(config)) if has_layers else made(**config)
        except Exception as error:  # whatever a constructor says of a setting
            unknown = _UNKNOWN.search(str(error))
            setting = unknown and (unknown[1] or unknown[2])
            if setting not in config or config[setting] not in _PLAIN:
                why = " ".join(str(error).split())
                raise _other_layer(config["name"], kind, f"{type(error).__name__}: {why}") from None
            del config[setting]


def _other_layer(name: str, kind: str, why: str) -> RefusedError:
    return RefusedError(
        Reason.SAYS,
        what=f"training on needs tf-keras (Keras 2), which cannot have the layer {name!r} ({kind}): {why[:300]}",
        fix="Build the model of layers that both have, save it by tf-keras itself as .h5, or use: packager convert.",
    )


def _check_same(loaded: Loaded, model: Any) -> None:
    """Refuse a rebuilt model that answers otherwise."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    values = []
    for port, shape in zip(loaded.inputs, loaded.shapes, strict=True):
        fixed = [size or 1 for size in shape]
        is_float = np.dtype(port.dtype).kind == "f"
        values.append(tf.constant(generator.random(fixed) if is_float else np.zeros(fixed), port.dtype))
    here = [np.asarray(value) for value in loaded.call(values)]
    made = model(values[0] if len(values) == 1 else values, training=False)
    there = [np.asarray(value) for value in tf.nest.flatten(made)]
    for one, other in zip(here, there, strict=True):
        far = float(np.abs(one - other).max(initial=0))
        if one.shape != other.shape or not far <= _SAME * max(1.0, float(np.abs(one).max(initial=0))):
            raise RefusedError(
                Reason.SAYS,
                what="rebuilt for tf-keras, the model answers otherwise than in Keras 3",
                fix="Save it by tf-keras itself as .h5, or use: packager convert.",
            )
