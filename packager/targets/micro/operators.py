"""What TensorFlow Lite Micro can run: the operators of its resolver, and whether its kernels take their tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packager.model import Model, Node, Operator, Subgraph, Tensor
from packager.targets.micro.kernels import CUSTOM_KERNELS, KERNELS, OUTPUT, Kernel, Types
from packager.targets.micro.libraries import Library
from packager.targets.target import ETHOS_U_OPERATOR, Level, Problem

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
    ETHOS_U_OPERATOR: "AddEthosU",
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

# Custom operators that remember what went before, beside the graphs that hold variable tensors.
_STATEFUL = frozenset(
    """
    CIRCULAR_BUFFER SignalDelay SignalFilterBankSpectralSubtraction SignalFramer SignalOverlapAdd SignalStacker
    """.split()
)

_WITHOUT_CUSTOM = "Convert it without custom operators (allow_custom_ops = False shows where they come from)."
_OR_CUT = "Or cut the model there, and compute that part in your firmware."
_REPLACE = f"Replace the layer that it comes from by one of other operators. {_OR_CUT}"
INT8_RECIPE = (
    "Convert it with full integer quantization: Optimize.DEFAULT, a representative_dataset, supported_ops = "
    "[tf.lite.OpsSet.TFLITE_BUILTINS_INT8], and tf.int8 as inference_input_type and inference_output_type."
)


# What full integer quantization makes int8 of.
_RECONVERTED = frozenset("float32 float16 float64 bfloat16 int4 int16 uint4 uint8 uint16".split())


@dataclass(frozen=True)
class _Refusal:
    """Why a kernel does not run a node; of those of one ``kind`` the first is told."""

    kind: str
    what: str
    fix: str


def resolver_method(operator: Operator) -> str | None:
    """The method of MicroMutableOpResolver that registers ``operator``; None if TensorFlow Lite Micro lacks it."""
    if operator.custom:
        return _CUSTOM.get(operator.name)
    if operator.name not in KERNELS:
        return None
    camel = "".join(word.upper() if word in ("2D", "3D") else word.capitalize() for word in operator.name.split("_"))
    return _IRREGULAR.get(operator.name, f"Add{camel}")


def resolver_methods(model: Model) -> tuple[str, ...]:
    """The methods for exactly the operators that ``model`` uses, sorted."""
    methods = {resolver_method(operator) for operator, _ in model.operators}
    return tuple(sorted(method for method in methods if method is not None))


def missing_in(library: Library, model: Model) -> tuple[str, ...]:
    """The operators of ``model`` that TensorFlow Lite Micro has and ``library`` has not."""
    return tuple(operator.name for operator, _ in model.operators if operator.name in library.lacks)


def int8_operators(model: Model) -> frozenset[str]:
    """The operators of ``model`` that have data of int8 at least once."""
    return frozenset(
        node.operator.name
        for graph in model.subgraphs
        for node in graph.nodes
        if (tensor := _tensor(graph, node, 0)) is not None and tensor.dtype == "int8"
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
                what = f"{refused.what} ({_place(graph, node)})"
                found.setdefault(refused.kind, Problem(Level.ERROR, what, refused.fix))
    return tuple(found.values())


def _refusal(graph: Subgraph, node: Node) -> _Refusal | None:
    """Why no kernel runs ``node``."""
    name, custom = node.operator.name, node.operator.custom
    if name == ETHOS_U_OPERATOR:
        # Its tensors are the compiler's matter.
        return None
    if resolver_method(node.operator) is None:
        return _Refusal(
            name,
            f"TensorFlow Lite Micro has no {'custom ' if custom else ''}operator {name}",
            _WITHOUT_CUSTOM if custom else _REPLACE,
        )
    if name in ("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
        return _Refusal(
            "resource",
            "it keeps its state in resource variables",
            "Make the state an input and an output of the model.",
        )
    kernel = (CUSTOM_KERNELS if custom else KERNELS)[name]
    places = range(len(node.inputs)) if kernel.data is None else kernel.data
    data = [tensor for place in places if (tensor := _tensor(graph, node, place)) is not None]
    if not data:
        return None
    return (
        _data_refusal(kernel, name, data)
        or _type_refusal(kernel, name, graph, node, data[0].dtype)
        or _form_refusal(kernel, name, graph, node, data)
    )


def _data_refusal(kernel: Kernel, name: str, data: Sequence[Tensor]) -> _Refusal | None:
    """Whether the data has types that the kernel takes, all of the same."""
    for tensor in data:
        if tensor.dtype == "float16" and "float16" not in kernel.types:
            return _Refusal(
                "float16",
                "it has float16 tensors, which TensorFlow Lite Micro does not compute with",
                "Convert it without supported_types = [tf.float16]. " + INT8_RECIPE,
            )
    first = data[0].dtype
    for tensor in data:
        if {first, tensor.dtype} in ({"float32", "int8"}, {"float32", "uint8"}):
            return _hybrid("int8" if "int8" in (first, tensor.dtype) else "uint8")
        if tensor.dtype not in kernel.types:
            return _unsupported(name, tensor.dtype, kernel.types, "does not take")
        if tensor.dtype != first:
            return _Refusal(
                f"{name} {first} {tensor.dtype}",
                f"TensorFlow Lite Micro's {name} takes inputs of one type, and has {first} and {tensor.dtype}",
                "Cast them to one type before you convert it.",
            )
    return None


def _type_refusal(kernel: Kernel, name: str, graph: Subgraph, node: Node, dtype: str) -> _Refusal | None:
    """Whether weights, axes, shapes and the output have types that go with data of ``dtype``."""
    own = {place: types[dtype] for place, types in kernel.with_type.items()}
    expected: dict[int, Types] = {OUTPUT: (dtype,), **kernel.beside, **own}
    for place, types in sorted(expected.items()):
        tensor = _tensor(graph, node, place)
        if tensor is None or tensor.dtype in types:
            continue
        if place in own and dtype == "float32" and tensor.dtype in ("int4", "int8", "uint8"):
            return _hybrid(tensor.dtype)
        if place == OUTPUT:
            return _unsupported(name, tensor.dtype, types, f"takes {dtype} and does not give")
        return _unsupported(name, tensor.dtype, types, f"does not take, as its input {_called(tensor, place)},")
    return None


def _form_refusal(kernel: Kernel, name: str, graph: Subgraph, node: Node, data: Sequence[Tensor]) -> _Refusal | None:
    """Whether the numbers of dimensions are those that the kernel takes, and its inputs where it needs them."""
    fewest, most = kernel.ranks
    for shape in (tensor.shape for tensor in data if not fewest <= len(tensor.shape) <= most):
        takes = f"{most}" if fewest == most else f"{fewest} to {most}" if fewest else f"at most {most}"
        return _Refusal(
            f"{name} {len(shape)}D",
            f"TensorFlow Lite Micro's {name} takes {takes} dimensions, and gets {list(shape)}",
            "Reshape what goes into it, or merge dimensions, before you convert it.",
        )
    for place in kernel.constant:
        tensor = _tensor(graph, node, place)
        if tensor is not None and not tensor.constant_bytes:
            return _Refusal(
                f"{name} computed {place}",
                f"TensorFlow Lite Micro's {name} needs its input {_called(tensor, place)} in the file, and here it "
                "is computed",
                "Convert it with a fixed shape, the batch included, so that the converter can compute it.",
            )
    for place in kernel.required:
        if place < len(node.inputs) and node.inputs[place] < 0:
            return _Refusal(
                f"{name} without {place}",
                f"it leaves the bias of {name} out, and TensorFlow Lite Micro's crashes without",
                "Give the layer a bias (use_bias = True), of zeros if need be.",
            )
    for place, called in kernel.absent.items():
        if _tensor(graph, node, place) is not None:
            return _Refusal(f"{name} {called}", f"TensorFlow Lite Micro's {name} has no {called}", _REPLACE)
    return None


def _unsupported(name: str, dtype: str, types: Types, verb: str) -> _Refusal:
    what = f"TensorFlow Lite Micro's {name} {verb} {dtype}"
    if "int8" in types and dtype in _RECONVERTED and name != "CAST":
        # One conversion mends all operators of this type at once.
        return _Refusal(dtype, what, INT8_RECIPE)
    takes = ", ".join(types)
    return _Refusal(f"{name} {dtype}", what, f"It takes {takes}: compute it so before you convert it. {_OR_CUT}")


def _hybrid(weights: str) -> _Refusal:
    return _Refusal(
        "hybrid",
        f"it is a hybrid model, of {weights} weights and float32 activations, and TensorFlow Lite Micro runs none",
        "It was converted with dynamic range quantization, without a representative_dataset. " + INT8_RECIPE,
    )


def _called(tensor: Tensor, place: int) -> str:
    return repr(tensor.name) if tensor.name else str(place)


def _place(graph: Subgraph, node: Node) -> str:
    """Where a reader finds the node in a viewer of models."""
    names = [graph.tensors[index].name for index in node.outputs if index >= 0]
    # A fused operator's tensor is called by the names of all that went into it, separated by semicolons.
    tensor = f", which computes {names[0].split(';')[0]!r}" if names and names[0] else ""
    subgraph = f" of subgraph {graph.name!r}" if graph.name not in ("", "main") else ""
    return f"{node.operator.name}, operator {node.index}{subgraph}{tensor}"


def _tensor(graph: Subgraph, node: Node, place: int) -> Tensor | None:
    """The node's input at ``place``, or its first output; None where it is left out."""
    indices, position = (node.outputs, 0) if place == OUTPUT else (node.inputs, place)
    if position >= len(indices) or indices[position] < 0:
        return None
    return graph.tensors[indices[position]]
