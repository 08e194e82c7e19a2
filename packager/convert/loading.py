"""Reading models of Keras and SavedModels, in the child process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from packager.convert.protocol import Reason, RefusedError

Shape = tuple[int | None, ...]
# Bytes of input, about, that are predicted at once.
_BATCH_BYTES = 1 << 24
_MOST_AT_ONCE = 64
# What Keras calls an input, and an only output of an exported model, that nobody named.
_UNNAMED = re.compile(r"keras_tensor(_\d+)?|input_layer(_\d+)?|output_0|args_0")
_MESSAGE_LIMIT = 4096


@dataclass(frozen=True)
class Port:
    """An input or output: its name for people, and its shape, in which None is open."""

    name: str
    shape: Shape
    dtype: str

    @property
    def has_batch(self) -> bool:
        """Whether several samples go in at once."""
        return bool(self.shape) and self.shape[0] is None


@dataclass(frozen=True)
class Layer:
    """A layer of a Keras model: its name, its class, and the numbers that it learned."""

    name: str
    kind: str
    parameters: int


@dataclass
class Loaded:
    """A model in this process.

    ``call`` takes tensors in the order of ``inputs`` and gives those of ``outputs``, in inference mode. ``shapes``
    are those of the inputs with which it is converted, where nothing open is left but what nobody said; ``kept`` is
    what must live as long as ``call``. ``recurrent`` are the layers of Keras 3 that can be unrolled, and ``exported``
    the folders of SavedModels that were made of it, by whether they are.
    """

    format: str
    model: Any
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    shapes: tuple[Shape, ...]
    layers: tuple[Layer, ...]
    parameters: int
    call: Callable[[Sequence[Any]], Sequence[Any]]
    kept: Sequence[Any]
    recurrent: Sequence[Any] = ()
    exported: dict[bool, Path] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """What the parent learns of it, as JSON."""
        return {
            "format": self.format,
            "inputs": [[port.name, shape, port.dtype] for port, shape in zip(self.inputs, self.shapes, strict=True)],
            "outputs": [[port.name, port.shape, port.dtype] for port in self.outputs],
            "layers": [[layer.name, layer.kind, layer.parameters] for layer in self.layers],
            "parameters": self.parameters,
        }


def start_tensorflow() -> Any:
    """TensorFlow with its seeds fixed."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    tf.random.set_seed(0)
    return tf


def load(path: Path, *, shapes: Mapping[str, Sequence[int]], trust: bool) -> Loaded:
    """Read a ``.keras`` or ``.h5`` file or the folder of a SavedModel.

    ``shapes`` fills in the open dimensions of the inputs, by their names; ``trust`` lets a file bring Python code.
    """
    start_tensorflow()
    loaded = _load_saved_model(path) if path.is_dir() else _load_keras(path, trust)
    loaded.shapes = _fixed(loaded.inputs, shapes)
    return loaded


# --- Keras ----------------------------------------


def _load_keras(path: Path, trust: bool) -> Loaded:
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except Exception as error:  # whatever a file makes Keras do
        refusal = _keras_refusal(error)
        if path.suffix.lower() == ".keras" or refusal.reason in (Reason.LAMBDA, Reason.WEIGHTS_ONLY):
            raise refusal from None
        try:
            return of_keras(_load_keras_2(path, trust), "Keras 2")
        except RefusedError:
            raise
        except Exception as older:
            second = _keras_refusal(older)
            raise (second if refusal.reason is Reason.UNREADABLE else refusal) from None
    return of_keras(model, "Keras 3")


def _load_keras_2(path: Path, trust: bool) -> Any:
    import tf_keras

    return tf_keras.models.load_model(path, compile=False, safe_mode=not trust)


def _keras_refusal(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    message = str(error)
    if "Lambda" in message and ("safe_mode" in message or "unsafe" in message):
        return RefusedError(Reason.LAMBDA)
    if "No model config found" in message or "No model found in config file" in message:
        return RefusedError(Reason.WEIGHTS_ONLY)
    custom = (
        re.search(r"Could not locate (?:class|function) '([^']+)'", message)
        or re.search(r"Unknown (?:layer|object|\w+ function|initializer|\w+): '?([\w>.]+)'?", message)
        or re.search(r"class_name='([^']+)'", message if "registered" in message else "")
    )
    if custom is not None:
        return RefusedError(Reason.CUSTOM, name=custom[1])
    return RefusedError(Reason.UNREADABLE, type=type(error).__name__, message=message[:_MESSAGE_LIMIT])


def of_keras(model: Any, format: str) -> Loaded:
    """A model of Keras 3 or of tf-keras, built."""
    import tensorflow as tf

    if not getattr(model, "built", True) or not getattr(model, "inputs", None):
        raise RefusedError(Reason.NEVER_BUILT)
    _check_weights((weight.path if hasattr(weight, "path") else weight.name, weight) for weight in model.weights)
    # A Sequential of Keras 3 holds the Functional that it is; the structures are what a dict of inputs or outputs
    # was.
    functional = getattr(model, "_functional", None) or model
    given = _structure(functional, "inputs")
    made = _structure(functional, "outputs")
    inputs = _ports(_names(given, "input", _input_names(functional)), list(given.values()) or model.inputs)
    outputs = _ports(_names(made, "output", _output_names(model)), list(made.values()) or model.outputs)

    def call(values: Sequence[Any]) -> Sequence[Any]:
        together = dict(zip(given, values, strict=True)) if given else values[0] if len(values) == 1 else list(values)
        result = model(together, training=False)
        return [result[name] for name in made] if made else tf.nest.flatten(result)

    layers = tuple(
        Layer(layer.name, type(layer).__name__, int(layer.count_params()) if layer.built else 0)
        for layer in model.layers
    )
    is_newer = format == "Keras 3"
    return Loaded(
        format=format,
        model=model,
        inputs=inputs,
        outputs=outputs,
        shapes=(),
        layers=layers,
        parameters=int(model.count_params()),
        call=call,
        # Not the model itself, whose saving would trace each layer again.
        kept=[variable.value if is_newer else variable for variable in model.variables],
        recurrent=[layer for layer in _all_layers(model) if hasattr(layer, "unroll")] if is_newer else (),
    )


def _all_layers(model: Any) -> Iterator[Any]:
    """Its layers, and those inside of them."""
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _all_layers(layer)
        for name in ("layer", "forward_layer", "backward_layer"):
            if hasattr(layer, name):
                yield getattr(layer, name)


def _structure(functional: Any, side: str) -> dict[str, Any]:
    """The tensors by their keys, of a model that takes, or gives, a dict; empty for another."""
    found = getattr(functional, f"_{side}_struct", getattr(functional, f"_nested_{side}", None))
    return dict(found) if isinstance(found, dict) else {}


def _ports(names: Sequence[str], tensors: Sequence[Any]) -> tuple[Port, ...]:
    return tuple(
        Port(name, _shape(tensor.shape), _dtype(tensor)) for name, tensor in zip(names, tensors, strict=True)
    )


def _names(structure: Mapping[str, Any], role: str, others: Sequence[str]) -> list[str]:
    return _unlike(list(structure) or others, role)


def _input_names(functional: Any) -> list[str]:
    names = getattr(functional, "input_names", None)
    if names:
        return list(names)
    return [tensor._keras_history.operation.name for tensor in functional.inputs]


def _output_names(model: Any) -> list[str]:
    names = getattr(model, "output_names", None)
    return list(names) if names else [model.layers[-1].name]


def _unlike(names: Sequence[str], role: str) -> list[str]:
    """The names, no two alike; those that nobody gave are called by their role."""
    made: list[str] = []
    for number, given in enumerate(names):
        base = given if given and not _UNNAMED.fullmatch(given) else role if len(names) == 1 else f"{role}_{number}"
        name, again = base, 1
        while name in made:
            again += 1
            name = f"{base}_{again}"
        made.append(name)
    return made


def _check_weights(weights: Iterator[tuple[str, Any]]) -> None:
    for name, weight in weights:
        value = np.asarray(weight)
        if value.dtype.kind == "f" and not (finite := np.isfinite(value)).all():
            raise RefusedError(
                Reason.NOT_FINITE, weight=name, count=int(value.size - finite.sum()), size=int(value.size)
            )


# --- SavedModel ----------------------------------------

_SIGNATURE = "serving_default"


def _load_saved_model(path: Path) -> Loaded:
    import tensorflow as tf

    try:
        model = tf.saved_model.load(str(path))
    except Exception as error:  # whatever a folder makes TensorFlow do
        raise RefusedError(
            Reason.UNREADABLE, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]
        ) from None
    signatures = list(model.signatures)
    chosen = _SIGNATURE if _SIGNATURE in signatures else signatures[0] if len(signatures) == 1 else None
    if chosen is None:
        raise RefusedError(Reason.NO_SIGNATURE, signatures=signatures)
    function = model.signatures[chosen]
    _check_weights((variable.name, variable) for variable in function.variables if variable.dtype.is_floating)
    # In the order in which the signature's function takes them, which is that of the model's inputs.
    specs = dict(sorted(function.structured_input_signature[1].items()))
    order = [name for name in getattr(function, "_arg_keywords", ()) if name in specs]
    order = order if len(order) == len(specs) else list(specs)
    results = function.structured_outputs
    if not isinstance(results, dict) or not all(isinstance(spec, tf.TensorSpec) for spec in specs.values()):
        raise RefusedError(Reason.NOT_A_TENSOR)

    def call(values: Sequence[Any]) -> Sequence[Any]:
        answer = function(**dict(zip(order, values, strict=True)))
        return [answer[name] for name in results]

    def ports(keys: Sequence[str], of: Mapping[str, Any], role: str) -> tuple[Port, ...]:
        named = _unlike(keys, role)
        return tuple(
            Port(name, _shape(of[key].shape), of[key].dtype.name) for name, key in zip(named, keys, strict=True)
        )

    return Loaded(
        format="SavedModel",
        model=model,
        inputs=ports(order, specs, "input"),
        outputs=ports(list(results), results, "output"),
        shapes=(),
        layers=(),
        parameters=sum(int(np.prod(variable.shape)) for variable in function.trainable_variables),
        call=call,
        kept=[model, function],
    )


# --- shapes ----------------------------------------


def _dtype(tensor: Any) -> str:
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def _shape(shape: Any) -> Shape:
    if getattr(shape, "rank", len(shape) if not hasattr(shape, "rank") else None) is None:
        raise RefusedError(Reason.OPEN_SHAPE, name="", shape=None)
    return tuple(None if size is None else int(size) for size in shape)


def _fixed(inputs: Sequence[Port], given: Mapping[str, Sequence[int]]) -> tuple[Shape, ...]:
    """The shapes with a batch of 1 and with what ``given`` says of the input of that name; "" is the only input."""
    names = [port.name for port in inputs]
    for name in given:
        if name not in names and not (name == "" and len(names) == 1):
            raise RefusedError(Reason.WRONG_SHAPE, name=name, inputs=names)
    shapes = []
    for port in inputs:
        wanted = given.get(port.name, given.get("") if len(inputs) == 1 else None)
        if wanted is None:
            shapes.append((1, *port.shape[1:]) if port.has_batch else port.shape)
            continue
        fits = len(wanted) == len(port.shape) and all(
            size in (None, want) for size, want in zip(port.shape, wanted, strict=True)
        )
        if not fits or min(wanted, default=1) < 1:
            raise RefusedError(Reason.WRONG_SHAPE, name=port.name, inputs=names, shape=port.shape, given=list(wanted))
        shapes.append(tuple(wanted))
    return tuple(shapes)


# --- predicting ----------------------------------------


def predict(
    loaded: Loaded, tensors: Sequence[np.ndarray[Any, Any]], progress: Callable[[str], None]
) -> list[np.ndarray[Any, Any]]:
    """What the model answers: for each sample, which is an array for each input, an array for each output."""
    import tensorflow as tf

    count = len(loaded.inputs)
    samples = [tensors[start : start + count] for start in range(0, len(tensors), count)]
    batched = all(port.has_batch for port in (*loaded.inputs, *loaded.outputs))
    each = sum(array.nbytes for array in samples[0]) if samples else 0
    at_once = max(1, min(_MOST_AT_ONCE, _BATCH_BYTES // max(each, 1))) if batched else 1
    same = [array.shape for array in samples[0]] if samples else []
    if any([array.shape for array in sample] != same for sample in samples):
        at_once = 1
    outputs: list[np.ndarray[Any, Any]] = []
    for start in range(0, len(samples), at_once):
        chosen = samples[start : start + at_once]
        values = [
            tf.constant(
                np.concatenate([sample[index] for sample in chosen]) if batched else chosen[0][index], port.dtype
            )
            for index, port in enumerate(loaded.inputs)
        ]
        try:
            answer = [np.asarray(value) for value in loaded.call(values)]
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise RefusedError(
                Reason.PREDICTION, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]
            ) from None
        for row in range(len(chosen)):
            outputs += [value[row : row + 1] if batched else value for value in answer]
        progress(f"predicted {min(start + at_once, len(samples))} of {len(samples)}")
    return outputs
