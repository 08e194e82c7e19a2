"""From a loaded model to the bytes of a .tflite, in the child process.

However the model came, it is saved once as a SavedModel of fixed shapes in the session's folder, of which TensorFlow's
converter makes every .tflite: a function is traced once only, so that names in the graph, which count the tracings, do
not depend on what was converted before. From that path the converter also freezes variables, which it does not for the
concrete functions of a Keras 3 model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from packager.convert.loading import Loaded, start_tensorflow
from packager.convert.protocol import Reason, RefusedError, Settings, State

_MESSAGE_LIMIT = 1 << 20
# In the SavedModel; in this order when sorted, as the converter sorts them.
_INPUT, _OUTPUT = "input_{:04d}", "output_{:04d}"


def convert(
    state: State, loaded: Loaded, settings: Settings, representative: Sequence[np.ndarray[Any, Any]]
) -> bytes:
    """The .tflite; ``representative`` are samples as ``loading.predict`` takes them, float32 where floats go in.

    The same model, settings and samples give the same bytes.
    """
    tf = start_tensorflow()
    if loaded.exported is None:
        _export(state, loaded)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(loaded.exported), signature_keys=["serving_default"])
    ops = tf.lite.OpsSet
    if settings.quantized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if settings.float16:
        converter.target_spec.supported_types = [tf.float16]
    kernels = {
        "": ops.TFLITE_BUILTINS,
        "int8": ops.TFLITE_BUILTINS_INT8,
        "int16": ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    converter.target_spec.supported_ops = [
        kernels[settings.activations],
        *([ops.SELECT_TF_OPS] if settings.select_tf else ()),
    ]
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(settings.io)
    if representative:
        converter.representative_dataset = lambda: _samples(state, loaded, representative)
    state.progress("converting")
    try:
        data = converter.convert()
    except Exception as error:  # whatever the converter raises, it is about this model
        calibrated = "calibrat" in str(error).lower() or (
            isinstance(error, (ValueError, TypeError)) and representative
        )
        reason = Reason.CALIBRATION if calibrated and type(error).__name__ != "ConverterError" else Reason.CONVERTER
        raise RefusedError(reason, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]) from None
    return _named(data, loaded)


def _samples(state: State, loaded: Loaded, tensors: Sequence[np.ndarray[Any, Any]]) -> Iterator[Mapping[str, Any]]:
    count = len(loaded.inputs)
    for start in range(0, len(tensors), count):
        state.progress(f"calibrating on sample {start // count + 1} of {len(tensors) // count}")
        yield {_INPUT.format(index): tensors[start + index] for index in range(count)}


def _export(state: State, loaded: Loaded) -> None:
    """Save ``loaded`` with its fixed shapes as a SavedModel."""
    import tensorflow as tf

    for port, shape in zip(loaded.inputs, loaded.shapes, strict=True):
        if None in shape:
            raise RefusedError(Reason.OPEN_SHAPE, name=port.name, shape=shape)
    state.progress("saving it with fixed shapes")
    specs = {
        _INPUT.format(index): tf.TensorSpec(shape, port.dtype, name=_INPUT.format(index))
        for index, (port, shape) in enumerate(zip(loaded.inputs, loaded.shapes, strict=True))
    }

    def call(**values: Any) -> dict[str, Any]:
        outputs = loaded.call([values[name] for name in sorted(values)])
        return {_OUTPUT.format(index): tf.convert_to_tensor(value) for index, value in enumerate(outputs)}

    module = tf.Module()
    module.kept = loaded.kept
    module.call = tf.function(call, autograph=False)
    folder = state.folder / "exported"
    try:
        function = module.call.get_concrete_function(**specs)
        tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    except (ValueError, TypeError, tf.errors.OpError, AssertionError, NotImplementedError) as error:
        raise RefusedError(Reason.PREDICTION, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]) from None
    loaded.exported = folder


def _named(data: bytes, loaded: Loaded) -> bytes:
    """The .tflite with the model's own names for its inputs and outputs, in the model's order."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(data)
    signature = model.signatureDefs[0]
    graph = model.subgraphs[signature.subgraphIndex]
    for maps, ports, pattern, side in (
        (signature.inputs, loaded.inputs, _INPUT, "inputs"),
        (signature.outputs, loaded.outputs, _OUTPUT, "outputs"),
    ):
        found = {entry.name.decode(): entry for entry in maps}
        entries = [found.get(pattern.format(index)) for index in range(len(ports))]
        if None not in entries and {entry.tensorIndex for entry in entries} == set(getattr(graph, side)):
            setattr(graph, side, np.array([entry.tensorIndex for entry in entries], np.int32))
        for port, entry in zip(ports, entries, strict=True):
            if entry is not None:
                entry.name = port.name.encode()
                graph.tensors[entry.tensorIndex].name = port.name.encode()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
