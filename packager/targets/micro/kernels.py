"""What each kernel of TensorFlow Lite Micro takes: types, numbers of dimensions, what must stand in the file.

Read from Prepare and Eval of upstream's reference kernels of 20 August 2026 (commit 90b983c2); a test tries them on
the runtime from PyPI, operator by operator and type by type. A kernel that reads a tensor as of another type than it
is, without looking, is taken to refuse it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Types = tuple[str, ...]

# The place of the first output, where the inputs are 0, 1, 2…
OUTPUT = -1
# A shape of the runtime has room for six dimensions, and nothing checks that a tensor has no more.
MOST_DIMENSIONS = 6


@dataclass(frozen=True)
class Kernel:
    """What a kernel takes; places count the node's inputs from 0.

    Attributes:
        types: the types of the data, all of it of the same.
        data: the places of the data; None for every input, () where any input will do.
        beside: place → types, of what is not data: axes, shapes, conditions. An OUTPUT in neither this nor
            ``with_type`` has the type of the data.
        with_type: place → type of the data → types: weights, biases, states.
        ranks: the fewest and the most dimensions of each piece of data.
        constant: the places of what must stand in the file, because it is read before anything is computed.
        required: the places of optional inputs whose absence crashes the kernel, where the node has the place.
        absent: place → what it is called, of optional inputs that the kernel lacks.
    """

    types: Types
    data: tuple[int, ...] | None = (0,)
    beside: Mapping[int, Types] = field(default_factory=dict)
    with_type: Mapping[int, Mapping[str, Types]] = field(default_factory=dict)
    ranks: tuple[int, int] = (0, MOST_DIMENSIONS)
    constant: tuple[int, ...] = ()
    required: tuple[int, ...] = ()
    absent: Mapping[int, str] = field(default_factory=dict)


_FLOAT = ("float32",)
_INT8 = ("int8",)
_BOOL = ("bool",)
_INT32 = ("int32",)
_INDEX = ("int32", "int64")
_REAL = ("float32", "int8")
_QUANTIZED = ("float32", "int8", "int16")
_WIDE = (*_QUANTIZED, "int32")
# What can be copied: all that the runtime knows the size of.
_ANY = (
    *("float32", "float16", "float64", "bfloat16", "bool", "complex64", "complex128"),
    *("int4", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
_CASTS = (*_WIDE, "uint32", "bool")

_WEIGHTS = {"float32": _FLOAT, "int8": ("int8", "int4"), "int16": _INT8}
_WHOLE_WEIGHTS = {"float32": _FLOAT, "int8": _INT8, "int16": _INT8}
_BIAS = {"float32": _FLOAT, "int8": _INT32, "int16": _INDEX}
_WIDE_BIAS = {"float32": _FLOAT, "int8": _INT32, "int16": ("int64",)}
_POOL = Kernel(_QUANTIZED, ranks=(4, 4))
_SPACE = Kernel(_REAL, beside={1: _INT32, 2: _INT32}, ranks=(3, 4))
_PAD = Kernel(_WIDE, beside={1: _INT32}, ranks=(0, 5), constant=(1,))
_REDUCTION = Kernel(_QUANTIZED, beside={1: _INT32})
_EXTREME = Kernel(_REAL, beside={1: _INT32})
_ARG = Kernel(_REAL, beside={1: _INT32, OUTPUT: _INT32})
_SPLIT = Kernel(_WIDE, data=(1,), beside={0: _INDEX}, constant=(0,))
# IF, WHILE and what has no data; the graphs that they run are checked by themselves.
_NO_DATA = Kernel((), data=())

KERNELS: Mapping[str, Kernel] = {
    **dict.fromkeys("CEIL COS EXP FLOOR LOG NEG ROUND SIN SQRT SQUARE".split(), Kernel(_FLOAT)),
    **dict.fromkeys("ELU HARD_SWISH LOG_SOFTMAX".split(), Kernel(_REAL)),
    **dict.fromkeys("ABS LEAKY_RELU LOGISTIC RELU RELU6 RSQRT TANH".split(), Kernel(_QUANTIZED)),
    **dict.fromkeys("ADD MUL SQUARED_DIFFERENCE SUB".split(), Kernel(_WIDE, data=(0, 1))),
    **dict.fromkeys("FLOOR_DIV FLOOR_MOD".split(), Kernel(_FLOAT, data=(0, 1))),
    **dict.fromkeys("MAXIMUM MINIMUM".split(), Kernel((*_WIDE, "int64"), data=(0, 1))),
    **dict.fromkeys(
        "GREATER_EQUAL LESS LESS_EQUAL".split(),
        Kernel((*_REAL, "int32", "int64"), data=(0, 1), beside={OUTPUT: _BOOL}),
    ),
    **dict.fromkeys(
        "EQUAL NOT_EQUAL".split(),
        Kernel((*_REAL, "int32", "int64", "bool"), data=(0, 1), beside={OUTPUT: _BOOL}),
    ),
    **dict.fromkeys("LOGICAL_AND LOGICAL_OR".split(), Kernel(_BOOL, data=(0, 1))),
    **dict.fromkeys("ARG_MAX ARG_MIN".split(), _ARG),
    **dict.fromkeys("AVERAGE_POOL_2D MAX_POOL_2D".split(), _POOL),
    **dict.fromkeys("BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND".split(), _SPACE),
    **dict.fromkeys("CALL_ONCE IF WHILE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE".split(), _NO_DATA),
    **dict.fromkeys("DEPTH_TO_SPACE SPACE_TO_DEPTH".split(), Kernel(_REAL, ranks=(4, 4))),
    **dict.fromkeys("MEAN SUM".split(), _REDUCTION),
    **dict.fromkeys("REDUCE_MAX REDUCE_MIN".split(), _EXTREME),
    **dict.fromkeys("PAD PADV2".split(), _PAD),
    "ADD_N": Kernel(_REAL, data=None),
    "BATCH_MATMUL": Kernel(_QUANTIZED, data=(0, 1), ranks=(2, 5)),
    "BROADCAST_ARGS": Kernel(_INDEX, data=(0, 1)),
    "BROADCAST_TO": Kernel(_ANY, beside={1: _INDEX}, ranks=(0, 5), constant=(1,)),
    "CAST": Kernel(_CASTS, beside={OUTPUT: _CASTS}),
    "CONCATENATION": Kernel((*_WIDE, "int64", "bool"), data=None),
    "CONV_2D": Kernel(_QUANTIZED, with_type={1: _WEIGHTS, 2: _BIAS}, ranks=(4, 4)),
    "CUMSUM": Kernel(_REAL, beside={1: _INT32}, ranks=(1, MOST_DIMENSIONS)),
    "DEPTHWISE_CONV_2D": Kernel(_QUANTIZED, with_type={1: _WEIGHTS, 2: _WIDE_BIAS}, ranks=(4, 4), required=(2,)),
    "DEQUANTIZE": Kernel(("int8", "int16", "uint8"), beside={OUTPUT: _FLOAT}),
    "DIV": Kernel((*_REAL, "int32"), data=(0, 1)),
    "DYNAMIC_UPDATE_SLICE": Kernel(_WIDE, data=(0, 1), beside={2: _INDEX}),
    "EMBEDDING_LOOKUP": Kernel(
        _REAL,
        data=(1,),
        beside={0: _INT32},
        with_type={OUTPUT: {"float32": _FLOAT, "int8": _REAL}},
        ranks=(2, MOST_DIMENSIONS),
    ),
    "EXPAND_DIMS": Kernel(_QUANTIZED, beside={1: _INT32}, constant=(1,)),
    "FILL": Kernel((*_REAL, "int32"), data=(1,), beside={0: ("int8", "int16", *_INDEX)}, ranks=(0, 0), constant=(0,)),
    "FULLY_CONNECTED": Kernel(_QUANTIZED, with_type={1: _WEIGHTS, 2: _BIAS}),
    "GATHER": Kernel(_REAL, beside={1: _INT32}),
    "GATHER_ND": Kernel(_REAL, beside={1: _INT32}),
    "GREATER": Kernel((*_WIDE, "int64"), data=(0, 1), beside={OUTPUT: _BOOL}),
    "L2_NORMALIZATION": Kernel(_REAL, ranks=(0, 4)),
    "L2_POOL_2D": Kernel(_FLOAT, ranks=(4, 4)),
    "LOGICAL_NOT": Kernel(_BOOL),
    "MIRROR_PAD": Kernel(_REAL, beside={1: _INDEX}),
    "PACK": Kernel((*_WIDE, "int64"), data=None),
    "PRELU": Kernel(_QUANTIZED, with_type={1: _WHOLE_WEIGHTS}, ranks=(0, 4)),
    "QUANTIZE": Kernel(
        (*_WIDE, "uint8"),
        with_type={
            OUTPUT: {
                "float32": ("int8", "int16"),
                "int8": ("int8", "uint8", "int16", "int32"),
                "int16": ("int8", "int16", "int32"),
                "int32": ("int8", "int16"),
                "uint8": ("int8",),
            }
        },
    ),
    "REDUCE_ALL": Kernel(_BOOL, beside={1: _INT32}),
    "RESHAPE": Kernel(_ANY, ranks=(0, 8)),
    "RESIZE_BILINEAR": Kernel(_REAL, beside={1: _INT32}, ranks=(4, 4), constant=(1,)),
    "RESIZE_NEAREST_NEIGHBOR": Kernel(_QUANTIZED, beside={1: _INT32}, ranks=(4, 4), constant=(1,)),
    "REVERSE_V2": Kernel((*_WIDE, "int64", "uint8", "bool"), beside={1: _INT32}),
    "SELECT_V2": Kernel(_QUANTIZED, data=(1, 2), beside={0: _BOOL}),
    "SHAPE": Kernel(_ANY, beside={OUTPUT: _INT32}),
    "SLICE": Kernel((*_WIDE, "bool"), beside={1: _INDEX, 2: _INDEX}, ranks=(0, 5)),
    "SOFTMAX": Kernel(
        _QUANTIZED,
        with_type={OUTPUT: {"float32": _FLOAT, "int8": ("int8", "int16"), "int16": ("int16",)}},
        ranks=(1, MOST_DIMENSIONS),
    ),
    "SPLIT": _SPLIT,
    "SPLIT_V": Kernel(_WIDE, beside={2: _INDEX}, constant=(2,)),
    "SQUEEZE": Kernel(_ANY, ranks=(0, 8)),
    "STRIDED_SLICE": Kernel(
        (*_WIDE, "bool"), beside={1: _INT32, 2: _INT32, 3: _INT32}, ranks=(0, 4), constant=(1, 2, 3)
    ),
    "SVDF": Kernel(
        _REAL,
        with_type={
            1: _WHOLE_WEIGHTS,
            2: {"float32": _FLOAT, "int8": ("int8", "int16")},
            3: _BIAS,
            4: {"float32": _FLOAT, "int8": ("int8", "int16")},
        },
        ranks=(2, 2),
        required=(3,),
    ),
    "TRANSPOSE": Kernel(_QUANTIZED, beside={1: _INT32}, ranks=(0, 5), constant=(1,)),
    "TRANSPOSE_CONV": Kernel(
        _QUANTIZED,
        data=(2,),
        beside={0: _INT32},
        with_type={1: _WHOLE_WEIGHTS, 3: {"float32": _FLOAT, "int8": _INT32, "int16": ("int16", "int64")}},
        ranks=(4, 4),
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Kernel(
        _QUANTIZED,
        with_type={
            **dict.fromkeys(range(1, 9), _WHOLE_WEIGHTS),
            **dict.fromkeys(range(12, 16), _WIDE_BIAS),
            19: {"float32": _FLOAT, "int8": ("int16",), "int16": ("int16",)},
        },
        ranks=(3, 3),
        absent={
            **dict.fromkeys(range(9, 12), "peephole"),
            **dict.fromkeys(range(16, 18), "projection"),
            **dict.fromkeys(range(20, 24), "layer normalization"),
        },
    ),
    "UNPACK": Kernel(_WIDE),
    "ZEROS_LIKE": Kernel((*_REAL, "int32", "int64")),
}

_SAMPLES = Kernel(("int16",))
_SPECTRUM = Kernel(("uint32",))
_TRANSFORM = Kernel(("int16", "int32", "float32"))

# Custom operators, by the name that the model gives them.
CUSTOM_KERNELS: Mapping[str, Kernel] = {
    "CIRCULAR_BUFFER": Kernel(_INT8, ranks=(4, 4)),
    "TFLM_DECODE": _NO_DATA,
    "TFLite_Detection_PostProcess": Kernel(_FLOAT, data=(0, 1, 2), ranks=(2, 3)),
    "SignalDelay": _SAMPLES,
    "SignalEnergy": Kernel(("int16",), beside={OUTPUT: ("uint32",)}, ranks=(1, 1)),
    "SignalFftAutoScale": Kernel(("int16",), ranks=(1, 1)),
    "SignalFilterBank": Kernel(
        ("uint32",),
        beside={**dict.fromkeys(range(1, 6), ("int16",)), OUTPUT: ("uint64",)},
        ranks=(1, 1),
    ),
    "SignalFilterBankLog": Kernel(("uint32",), beside={OUTPUT: ("int16",)}, ranks=(1, 1)),
    "SignalFilterBankSpectralSubtraction": Kernel(("uint32",), ranks=(1, 1)),
    "SignalFilterBankSquareRoot": Kernel(("uint64",), beside={1: _INT32, OUTPUT: ("uint32",)}, ranks=(1, 1)),
    "SignalFramer": _SAMPLES,
    "SignalIrfft": _TRANSFORM,
    "SignalOverlapAdd": Kernel(("int16", "float32")),
    "SignalPCAN": Kernel(("uint32",), data=(0, 1), beside={2: ("int16",)}, ranks=(1, 1)),
    "SignalRfft": _TRANSFORM,
    "SignalStacker": Kernel(("int16",), ranks=(1, 1)),
    "SignalWindow": Kernel(("int16",), data=(0, 1), ranks=(1, MOST_DIMENSIONS)),
}
