"""What TensorFlow Lite Micro can run: the operators of its resolver and the types that its kernels take."""

from __future__ import annotations

from packager.model import Model, Node, Operator, Subgraph, Tensor
from packager.targets.target import Level, Problem

# Builtin operators with an AddXxx method in MicroMutableOpResolver. A test compares them with the symbols of the
# runtime from PyPI, so that a new release shows.
_BUILTIN = frozenset(
    """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
    BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTH_TO_SPACE DEPTHWISE_CONV_2D DEQUANTIZE
    DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD
    FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU
    LESS LESS_EQUAL LOG LOG_SOFTMAX LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC MAX_POOL_2D MAXIMUM MEAN MINIMUM
    MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU
    RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX
    SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM
    SVDF TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
    """.split()
)

# The methods whose names are not the operator's in CamelCase.
_IRREGULAR = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}

# Custom operators, by the name that the model gives them.
_CUSTOM = {
    "CIRCULAR_BUFFER": "AddCircularBuffer",
    "TFLM_DECODE": "AddDecode",
    "TFLite_Detection_PostProcess": "AddDetectionPostprocess",
    "ethos-u": "AddEthosU",
    "SignalDelay": "AddDelay",
    "SignalEnergy": "AddEnergy",
    "SignalFftAutoScale": "AddFftAutoScale",
    "SignalFilterBank": "AddFilterBank",
    "SignalFilterBankLog": "AddFilterBankLog",
    "SignalFilterBankSpectralSubtraction": "AddFilterBankSpectralSubtraction",
    "SignalFilterBankSquareRoot": "AddFilterBankSquareRoot",
    "SignalFramer": "AddFramer",
    "SignalIrfft": "AddIrfft",
    "SignalOverlapAdd": "AddOverlapAdd",
    "SignalPCAN": "AddPCAN",
    "SignalRfft": "AddRfft",
    "SignalStacker": "AddStacker",
    "SignalWindow": "AddWindow",
}

# What upstream has and Arduino_TensorFlowLite, a snapshot of 2023, has not.
_NOT_IN_ARDUINO_LIBRARY = frozenset(
    """
    AddBatchMatMul AddDecode AddDelay AddDynamicUpdateSlice AddEmbeddingLookup AddEnergy AddFftAutoScale
    AddFilterBank AddFilterBankLog AddFilterBankSpectralSubtraction AddFilterBankSquareRoot AddFramer AddIrfft
    AddOverlapAdd AddPCAN AddReduceAll AddReduceMin AddReverseV2 AddRfft AddStacker AddWindow
    """.split()
)

# Custom operators that remember what went before, beside the graphs that hold variable tensors.
_STATEFUL = frozenset(
    """
    CIRCULAR_BUFFER SignalDelay SignalFilterBankSpectralSubtraction SignalFramer SignalOverlapAdd SignalStacker
    """.split()
)

_QUANTIZED = ("float32", "int8", "int16")
_WIDE = (*_QUANTIZED, "int32")
# The types that a kernel takes as its first input, from its Prepare and Eval. Of operators that are not listed only
# the types of _NEVER are known to fail.
_DTYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        """
        AVERAGE_POOL_2D BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED LEAKY_RELU LOGISTIC MAX_POOL_2D MEAN
        PRELU RELU RELU6 SOFTMAX SUM TANH TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM
        """.split(),
        _QUANTIZED,
    ),
    **dict.fromkeys("ADD MUL PAD PADV2 SQUARED_DIFFERENCE SUB".split(), _WIDE),
    **dict.fromkeys(
        "ADD_N BATCH_TO_SPACE_ND DEPTH_TO_SPACE ELU HARD_SWISH L2_NORMALIZATION LOG_SOFTMAX SPACE_TO_BATCH_ND "
        "SPACE_TO_DEPTH SVDF".split(),
        ("float32", "int8"),
    ),
    "CONCATENATION": (*_WIDE, "int64", "bool"),
    "DEQUANTIZE": ("int8", "int16", "uint8"),
    "QUANTIZE": (*_WIDE, "uint8"),
}
# Types that no kernel computes with; whatever operator meets them, the table above apart, fails.
_NEVER = ("float16", "float64", "uint8", "string", "complex64", "complex128", "resource", "variant", "bfloat16")
# Operators that only pass their input on, whatever it is.
_ANY = frozenset("EXPAND_DIMS RESHAPE SHAPE SQUEEZE REVERSE_V2 IF WHILE CALL_ONCE CAST".split())

# The kernels that check their weights, and where the weights stand among the inputs.
_WEIGHTS = {
    **dict.fromkeys("CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED SVDF BATCH_MATMUL TRANSPOSE_CONV".split(), 1),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2,
}

# Which input is the activation where it is not the first.
_ACTIVATION = {"TRANSPOSE_CONV": 2, "SPLIT": 1, "EMBEDDING_LOOKUP": 1}

_WITHOUT_CUSTOM = "Convert it without custom operators (allow_custom_ops = False shows where they come from)."
_REPLACE = (
    "Replace the layer that it comes from by one of other operators, or cut the model in front of it and compute the "
    "rest in your firmware."
)
INT8_RECIPE = (
    "Convert it with full integer quantization: Optimize.DEFAULT, a representative_dataset, supported_ops = "
    "[tf.lite.OpsSet.TFLITE_BUILTINS_INT8], and tf.int8 as inference_input_type and inference_output_type."
)


def resolver_method(operator: Operator) -> str | None:
    """The method of MicroMutableOpResolver that registers ``operator``; None if TensorFlow Lite Micro lacks it."""
    if operator.custom:
        return _CUSTOM.get(operator.name)
    if operator.name not in _BUILTIN:
        return None
    camel = "".join(word.upper() if word in ("2D", "3D") else word.capitalize() for word in operator.name.split("_"))
    return _IRREGULAR.get(operator.name, f"Add{camel}")


def resolver_methods(model: Model) -> tuple[str, ...]:
    """The methods for exactly the operators that ``model`` uses, sorted."""
    methods = {resolver_method(operator) for operator, _ in model.operators}
    return tuple(sorted(method for method in methods if method is not None))


def missing_in_arduino_library(model: Model) -> tuple[str, ...]:
    """The operators of ``model`` that Arduino_TensorFlowLite is too old for."""
    return tuple(
        operator.name for operator, _ in model.operators if resolver_method(operator) in _NOT_IN_ARDUINO_LIBRARY
    )


def is_stateful(model: Model) -> bool:
    """Whether an answer depends on the inferences before it."""
    return any(tensor.is_variable for graph in model.subgraphs for tensor in graph.tensors) or any(
        operator.name in _STATEFUL for operator, _ in model.operators
    )


def operator_problems(model: Model) -> tuple[Problem, ...]:
    """Operators, and types of tensors, that TensorFlow Lite Micro refuses; each once, where it is first."""
    found: dict[str, Problem] = {}
    for graph in model.subgraphs:
        for node in graph.nodes:
            refused = _refusal(graph, node)
            if refused is not None:
                kind, what, fix = refused
                found.setdefault(kind, Problem(Level.ERROR, f"{what} ({_place(graph, node)})", fix))
    return tuple(found.values())


def _refusal(graph: Subgraph, node: Node) -> tuple[str, str, str] | None:
    """Why no kernel runs ``node``: the kind of reason, the reason and the remedy."""
    name, custom = node.operator.name, node.operator.custom
    if resolver_method(node.operator) is None:
        return (
            name,
            f"TensorFlow Lite Micro has no {'custom ' if custom else ''}operator {name}",
            _WITHOUT_CUSTOM if custom else _REPLACE,
        )
    if name in ("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
        return (
            "resource",
            "it keeps its state in resource variables",
            "Make the state an input and an output of the model.",
        )
    tensor = _input(graph, node, _ACTIVATION.get(name, 0))
    if tensor is None or custom or name in _ANY:
        return None
    if tensor.dtype == "float16":
        return (
            "float16",
            "it has float16 tensors, which TensorFlow Lite Micro does not compute with",
            "Convert it without supported_types = [tf.float16]. " + INT8_RECIPE,
        )
    if tensor.dtype not in _DTYPES[name] if name in _DTYPES else tensor.dtype in _NEVER:
        return tensor.dtype, f"TensorFlow Lite Micro's {name} does not take {tensor.dtype}", INT8_RECIPE
    weights = _input(graph, node, _WEIGHTS[name]) if name in _WEIGHTS else None
    if weights is not None and tensor.dtype == "float32" and weights.dtype in ("int8", "uint8", "int4"):
        return (
            "hybrid",
            f"it is a hybrid model, of {weights.dtype} weights and float32 activations, and TensorFlow Lite Micro "
            "runs none",
            "It was converted with dynamic range quantization, without a representative_dataset. " + INT8_RECIPE,
        )
    return None


def _place(graph: Subgraph, node: Node) -> str:
    """Where a reader finds the node in a viewer of models."""
    names = [graph.tensors[index].name for index in node.outputs if index >= 0]
    # A fused operator's tensor is called by the names of all that went into it, separated by semicolons.
    tensor = f", which computes {names[0].split(';')[0]!r}" if names and names[0] else ""
    subgraph = f" of subgraph {graph.name!r}" if graph.name not in ("", "main") else ""
    return f"{node.operator.name}, operator {node.index}{subgraph}{tensor}"


def _input(graph: Subgraph, node: Node, position: int) -> Tensor | None:
    if position >= len(node.inputs) or node.inputs[position] < 0:
        return None
    return graph.tensors[node.inputs[position]]
