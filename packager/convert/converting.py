"""From a loaded model to the bytes of a .tflite, in the child process.

However the model came, it is saved once as a SavedModel of fixed shapes in the session's folder, of which
TensorFlow's converter makes every .tflite: a function is traced once only, so that names in the graph, which count
the tracings, do not depend on what was converted before. From that path the converter also freezes variables, which
it does not for the concrete functions of a Keras 3 model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
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
    is_unrolled = settings.unrolled and bool(loaded.recurrent)
    folder = loaded.exported.get(is_unrolled) or _export(state, loaded, is_unrolled)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["serving_default"])
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
    if is_unrolled and settings.activations:
        # The newer one quantizes hundreds of steps now in one way, now in another.
        converter.experimental_new_quantizer = False
    state.progress("converting")
    try:
        data = converter.convert()
    except Exception as error:  # whatever the converter raises, it is about this model
        name = type(error).__name__
        is_calibration = bool(representative) and name in ("ValueError", "TypeError", "RuntimeError")
        raise RefusedError(
            Reason.CALIBRATION if is_calibration and "not yet supported" not in str(error) else Reason.CONVERTER,
            type=name,
            message=str(error)[:_MESSAGE_LIMIT],
            layers=[layer.name for layer in loaded.layers],
            select_tf=settings.select_tf,
        ) from None
    return _named(data, loaded)


def _samples(state: State, loaded: Loaded, tensors: Sequence[np.ndarray[Any, Any]]) -> Iterator[Mapping[str, Any]]:
    count = len(loaded.inputs)
    for start in range(0, len(tensors), count):
        state.progress(f"calibrating on sample {start // count + 1} of {len(tensors) // count}")
        yield {_INPUT.format(index): tensors[start + index] for index in range(count)}


def _export(state: State, loaded: Loaded, is_unrolled: bool) -> Path:
    """Save ``loaded`` with its fixed shapes as a SavedModel.

    Recurrent layers of Keras 3 become loops unless they are unrolled. The converter does not quantize loops (it
    crashes on some), and TensorFlow Lite Micro's answers to them are wrong.
    """
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
    folder = Path(tempfile.mkdtemp(prefix="exported-", dir=state.folder))
    for layer in loaded.recurrent:
        layer.unroll = is_unrolled
    try:
        with _plain_scopes():
            function = module.call.get_concrete_function(**specs)
        tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    except (ValueError, TypeError, tf.errors.OpError, AssertionError, NotImplementedError) as error:
        raise RefusedError(
            Reason.PREDICTION, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]
        ) from None
    loaded.exported[is_unrolled] = folder
    return folder


@contextmanager
def _plain_scopes() -> Iterator[None]:
    """Have layers of Keras 3 keep their names in the graph, for messages and for patterns on layers.

    Keras opens the scope of a layer twice, and TensorFlow puts a number behind the second.
    """
    import tensorflow as tf
    from keras.src.backend.tensorflow import core

    original = core.name_scope.__init__

    def init(scope: Any, name: str, **options: Any) -> None:
        original(scope, name, **options)
        outer = tf.compat.v1.get_default_graph().get_name_scope() if not tf.executing_eagerly() else ""
        scope._tf_name_scope = tf.name_scope(f"{outer}/{name}/" if outer else f"{name}/")

    core.name_scope.__init__ = init
    try:
        yield
    finally:
        core.name_scope.__init__ = original


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
        # An input that the model does not use has none.
        pairs = [(port, found[name]) for index, port in enumerate(ports) if (name := pattern.format(index)) in found]
        indices = [entry.tensorIndex for _, entry in pairs]
        if sorted(indices) == sorted(getattr(graph, side)):
            setattr(graph, side, np.array(indices, np.int32))
        for port, entry in pairs:
            entry.name = graph.tensors[entry.tensorIndex].name = port.name.encode()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
