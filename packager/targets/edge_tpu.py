"""What the compiler of the Edge TPU asks of a .tflite, on paper: nothing here can run it.

The rules are those of Coral's page "TensorFlow models on the Edge TPU" (coral.ai/docs/edgetpu/models-intro): "Model
requirements", and "Supported operations" of its table of operators.
"""

from __future__ import annotations

from packager.model import Model
from packager.targets.target import Level, Problem

# "All operations supported by the Edge TPU", by their names in a .tflite; QUANTIZE and DEQUANTIZE are those at the
# edge of a model, which stay on the CPU where they convert floats.
SUPPORTED = frozenset(
    """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXPAND_DIMS FULLY_CONNECTED L2_NORMALIZATION LOGISTIC
    MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL PACK PAD PRELU QUANTIZE REDUCE_MAX REDUCE_MIN RELU RELU6 RELU_N1_TO_1 RESHAPE
    RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQUARED_DIFFERENCE SQUEEZE
    STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM
    """.split()
)
_EIGHT_BITS = ("int8", "uint8")


def edge_tpu_problems(model: Model) -> tuple[Problem, ...]:
    """What keeps a model from the Edge TPU, and which operators would stay on the CPU."""
    problems = []
    graph = model.subgraphs[0]
    dynamic = next((tensor for tensor in graph.tensors if min(tensor.shape_signature, default=0) < 0), None)
    if dynamic is not None:
        problems.append(
            Problem(
                Level.ERROR,
                f"its tensor {dynamic.name!r} has the open shape {list(dynamic.shape_signature)}, and the Edge TPU "
                "takes constant sizes",
                "Convert it with a fixed shape.",
            )
        )
    for node in graph.nodes:
        tensors = [graph.tensors[index] for index in (*node.inputs, *node.outputs) if index >= 0]
        is_edge = node.operator.name in ("QUANTIZE", "DEQUANTIZE")
        wide = next((one for one in tensors if one.dtype in ("float32", "float16", "int16", "int4")), None)
        if wide is not None and not is_edge:
            problems.append(
                Problem(
                    Level.ERROR,
                    f"its {node.operator.name} has {wide.dtype} ({wide.name!r}), and the Edge TPU computes in 8 "
                    "bits only",
                    "Convert it with full integer quantization: int8.",
                )
            )
            break
    if len(model.subgraphs) > 1:
        problems.append(
            Problem(Level.ERROR, "it has loops or branches, which the Edge TPU has not", "Unroll or remove them.")
        )
    unsupported = sorted(
        {node.operator.name for node in graph.nodes if node.operator.name not in (*SUPPORTED, "DEQUANTIZE")}
    )
    if unsupported:
        problems.append(
            Problem(
                Level.WARNING,
                f"the Edge TPU has no {', '.join(unsupported)}: from the first of them on, all runs on the CPU",
                "Replace them, or move them behind all others.",
            )
        )
    floats = [tensor.name for tensor in (*model.inputs, *model.outputs) if tensor.dtype == "float32"]
    if floats:
        problems.append(
            Problem(
                Level.WARNING,
                f"{', '.join(map(repr, floats))} is of float32: the CPU quantizes it in every inference",
                "Convert it with int8 or uint8 inputs and outputs.",
            )
        )
    return tuple(problems)
