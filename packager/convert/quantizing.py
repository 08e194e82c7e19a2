"""Quantizing a float .tflite with Google's litert-quantizer, in the child process: no TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from packager.convert.protocol import Reason, RefusedError, State

_MESSAGE_LIMIT = 4096


def quantize(
    state: State, data: bytes, rules: Sequence[Sequence[Any]], representative: Sequence[np.ndarray[Any, Any]]
) -> bytes:
    """The .tflite with its weights, and its activations where the recipe says so, quantized.

    ``rules`` are ``[regular expression, kind, weight bits, activation bits, block]`` with ``kind`` one of ``none``,
    ``dynamic``, ``weights`` and ``static``, of which the last that matches an operator counts; the expression is held
    against the names of what an operator gives. ``representative`` is an array for each input of each sample.
    """
    from litert_quantizer import algorithm_manager, qtyping, quantizer
    from litert_quantizer.calibrator import Calibrator
    from litert_quantizer.utils import qsv_utils

    every = qtyping.TFLOperationName.ALL_SUPPORTED
    state.progress("quantizing")
    try:
        work = quantizer.Quantizer(data)
        for pattern, kind, weight_bits, activation_bits, block in rules:
            granularity = qtyping.QuantGranularity[f"BLOCKWISE_{block}" if block else "CHANNELWISE"]
            if kind == "dynamic":
                work.add_dynamic_config(pattern, every, weight_bits, granularity=granularity)
            elif kind == "weights":
                work.add_weight_only_config(pattern, every, weight_bits, granularity=granularity)
            elif kind == "static":
                work.add_static_config(pattern, every, activation_bits, weight_bits)
            else:
                operations = (every,) if kind == "none" else (qtyping.TFLOperationName(kind),)
                for operation in operations:
                    work.update_quantization_recipe(
                        pattern, operation, algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE
                    )
        calibration = None
        if work.need_calibration:
            # Of its own accord it takes a moving average of each sample's range, which cuts off what is unusual; the
            # whole range is what TensorFlow's converter takes.
            calibrator = Calibrator(data, num_threads=1, qsv_update_func=qsv_utils.min_max_update)
            samples = {_signature(data): _samples(state, data, representative)}
            calibrator.calibrate(samples, work._recipe_manager)
            calibration = calibrator.get_model_qsvs()
        result = work.quantize(calibration, enable_progress_bar=False, enable_progress_report=False)
    except Exception as error:  # whatever it raises, it is about this model and this recipe
        raise RefusedError(Reason.QUANTIZER, type=type(error).__name__, message=str(error)[:_MESSAGE_LIMIT]) from None
    return bytes(result.quantized_model)


def _interpreter(data: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=data)


def _signature(data: bytes) -> str | None:
    return next(iter(_interpreter(data).get_signature_list()), None)


def _samples(state: State, data: bytes, tensors: Sequence[np.ndarray[Any, Any]]) -> list[dict[str, Any]]:
    interpreter = _interpreter(data)
    signature = _signature(data)
    details = interpreter.get_input_details()
    names = [detail["name"] for detail in details]
    if signature is not None:
        runner = interpreter.get_signature_runner(signature)
        indices = {detail["index"]: name for name, detail in runner.get_input_details().items()}
        names = [indices[detail["index"]] for detail in details]
    count = len(names)
    state.progress(f"calibrating on {len(tensors) // count} samples")
    return [dict(zip(names, tensors[start : start + count], strict=True)) for start in range(0, len(tensors), count)]
