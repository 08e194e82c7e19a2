"""How much flash and RAM TensorFlow Lite Micro takes for a model, from measured sizes.

Measured in November 2026 on upstream TensorFlow Lite Micro of 20 August 2026 (commit 90b983c2): the reference
kernels, arm-none-eabi-g++ 12.2.1 with ``-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -Os -std=c++17
-fno-rtti -fno-exceptions -fno-threadsafe-statics -ffunction-sections -fdata-sections -DTF_LITE_STATIC_MEMORY``,
linked with newlib-nano and ``--gc-sections`` for each operator of MicroMutableOpResolver alone. A section of the
link map that several operators bring in is counted once, under what they share, where it weighs something, else with
each of them; so the estimate is never below what these links gave, and at most 12 % above for one operator and 11 %
for the models that were linked (sine, digits, person_detect, micro_speech, a MobileNet, an LSTM, a wake word). All
operators together come out 20 % too large.

CMSIS-NN's kernels were measured in the same way on pico-tflmicro of December 2024. A build with ``-O2`` or with
another C library has other sizes; ``_CORES`` has factors for other cores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """Bytes, without the framework of the board: the model, the code, the tensor arena, and the other RAM."""

    flash_model: int
    flash_code: int
    ram_arena: int
    ram_rest: int

    @property
    def flash(self) -> int:
        """Model and code."""
        return self.flash_model + self.flash_code

    @property
    def ram(self) -> int:
        """Arena, stack, interpreter and resolver."""
        return self.ram_arena + self.ram_rest


def estimate(
    board_core: str,
    operators: Sequence[str],
    model_bytes: int,
    arena_bytes: int,
    *,
    optimized_kernels: bool = True,
) -> Footprint:
    """The footprint of a model on a core; ``operators`` are the names of ``Model.operators``, each counted once.

    ``optimized_kernels`` says that a Cortex-M has those of CMSIS-NN, as in the libraries for Arduino and Pico; they
    are larger than the reference ones, which the projects for CMake and Zephyr take by default.
    """
    distinct = frozenset(operators)
    runtime_factor, kernel_factor = _CORES.get(board_core, _ANOTHER_CORE)
    kernels = sum(_OWN.get(name, _NOT_MEASURED) for name in distinct)
    kernels += sum(size for size, names in _SHARED if not distinct.isdisjoint(names.split()))
    if optimized_kernels and board_core.startswith("cortex-m"):
        kernels += sum(_CMSIS_NN.get(name, 0) for name in distinct)
    return Footprint(
        flash_model=model_bytes,
        flash_code=math.ceil(_RUNTIME * runtime_factor + kernels * kernel_factor),
        ram_arena=arena_bytes,
        ram_rest=_STACK + _STATIC + _RESOLVER_ENTRY * len(distinct),
    )


# What CMSIS-NN's kernel of an operator has beyond the reference one; for CONV_2D 18,196 and what it shares less.
_CMSIS_NN = {
    "ADD": 600,
    "BATCH_MATMUL": 1_536,
    "CONV_2D": 19_200,
    "DEPTHWISE_CONV_2D": 8_232,
    "FULLY_CONNECTED": 6_336,
    "SOFTMAX": 648,
    "SVDF": 1_472,
    "TRANSPOSE_CONV": 3_536,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 2_236,
}

# Interpreter, allocator, planner, flatbuffer access, printf and start of the C library (27,940 bytes without any
# operator), and what almost every operator brings in: registration 1,131, double arithmetic and the preparation of
# multipliers 2,846.
_RUNTIME = 31_917

# Static data of the runtime (interpreter 416 bytes with its C library) and one entry of the resolver.
_STATIC = 432
_RESOLVER_ENTRY = 36
# Kernels keep intermediate values on the stack: an allowance; Zephyr's samples have 2 to 8 KB.
_STACK = 4_096

# Size of (the runtime, the kernels) on a core in relation to Cortex-M4F, measured on 24 kernels and 7 files of the
# runtime; for Cortex-M0+ on linked programs, where the runtime is the larger by the arithmetic of floats; for
# Espressif's chips with -O3, as esp-tflite-micro compiles itself, by GCC 12.2 for lx106 and rv32imc.
_CORES = {
    "cortex-m0+": (1.27, 1.04),
    "cortex-m4f": (1.0, 1.0),
    # The same instructions, as far as these kernels use them.
    "cortex-m7": (1.0, 1.0),
    "cortex-m33": (1.0, 1.0),
    "xtensa-lx6": (1.44, 2.32),
    "xtensa-lx7": (1.44, 2.32),
    "rv32imc": (1.47, 2.0),
}
_ANOTHER_CORE = (1.5, 2.4)

# An operator without a figure of its own: as much as the largest but convolutions and the FFT.
_NOT_MEASURED = 20_480

# Code that the named operators share, counted once.
_SHARED: tuple[tuple[int, str], ...] = (
    # FFT
    (14_656, "SignalIrfft SignalRfft"),
    # maximum and minimum
    (4_176, "MAXIMUM MINIMUM"),
    # sine and cosine
    (3_868, "COS SIN"),
    # padding
    (3_839, "PAD PADV2"),
    # FlexBuffers
    (2_193, "SignalIrfft SignalOverlapAdd SignalRfft TFLite_Detection_PostProcess"),
    # reductions to an extreme
    (1_788, "REDUCE_MAX REDUCE_MIN"),
    # reductions
    (987, "MEAN REDUCE_ALL REDUCE_MAX REDUCE_MIN SUM"),
    # ring buffers
    (952, "SignalDelay SignalFramer SignalStacker"),
    # expm1
    (748, "ELU SVDF TANH UNIDIRECTIONAL_SEQUENCE_LSTM"),
    # 64-bit division
    (
        712,
        "AVERAGE_POOL_2D CONV_2D DEPTHWISE_CONV_2D EMBEDDING_LOOKUP L2_POOL_2D MAX_POOL_2D MEAN SUM "
        "SignalIrfft SignalOverlapAdd SignalRfft TFLite_Detection_PostProcess TRANSPOSE_CONV",
    ),
    # elementwise
    (653, "ABS COS LOG LOGICAL_NOT RSQRT SIN SQRT SQUARE"),
    # exp
    (644, "ELU EXP LOGISTIC LOG_SOFTMAX SOFTMAX SVDF UNIDIRECTIONAL_SEQUENCE_LSTM"),
    # log
    (628, "LOG LOGISTIC LOG_SOFTMAX TANH UNIDIRECTIONAL_SEQUENCE_LSTM"),
    # quantized convolutions
    (
        556,
        "BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
    # comparisons
    (408, "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL"),
    # activation ranges
    (
        374,
        "ADD ADD_N AVERAGE_POOL_2D CONV_2D CUMSUM DEPTHWISE_CONV_2D DIV FULLY_CONNECTED MAX_POOL_2D MUL SUB "
        "TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
    # small multipliers
    (
        348,
        "ADD ADD_N CUMSUM DIV EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL SQUARED_DIFFERENCE SUB",
    ),
    # quantized multiplication
    (
        342,
        "ABS BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED L2_NORMALIZATION LEAKY_RELU LOGISTIC "
        "LOG_SOFTMAX MEAN MUL PRELU QUANTIZE RELU RSQRT SOFTMAX SQUARED_DIFFERENCE SUM SVDF TANH "
        "TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
)

# What each operator adds beyond that.
_OWN = {
    "ABS": 1_679,
    "ADD": 6_408,
    "ADD_N": 2_029,
    "ARG_MAX": 1_392,
    "ARG_MIN": 1_392,
    "ASSIGN_VARIABLE": 1_337,
    "AVERAGE_POOL_2D": 3_165,
    "BATCH_MATMUL": 6_945,
    "BATCH_TO_SPACE_ND": 1_758,
    "BROADCAST_ARGS": 1_077,
    "BROADCAST_TO": 2_220,
    "CALL_ONCE": 464,
    "CAST": 1_872,
    "CEIL": 1_082,
    "CIRCULAR_BUFFER": 1_600,
    "CONCATENATION": 4_437,
    "CONV_2D": 6_916,
    "COS": 774,
    "CUMSUM": 2_273,
    "DEPTH_TO_SPACE": 2_058,
    "DEPTHWISE_CONV_2D": 6_324,
    "DEQUANTIZE": 1_217,
    "DIV": 5_796,
    "DYNAMIC_UPDATE_SLICE": 2_789,
    "ELU": 1_060,
    "EMBEDDING_LOOKUP": 2_225,
    "EQUAL": 4_742,
    "ethos-u": 295,
    "EXP": 1_023,
    "EXPAND_DIMS": 1_437,
    "FILL": 1_303,
    "FLOOR": 508,
    "FLOOR_DIV": 2_579,
    "FLOOR_MOD": 2_544,
    "FULLY_CONNECTED": 5_216,
    "GATHER": 2_329,
    "GATHER_ND": 1_853,
    "GREATER": 5_018,
    "GREATER_EQUAL": 4_008,
    "HARD_SWISH": 1_569,
    "IF": 1_959,
    "L2_NORMALIZATION": 1_988,
    "L2_POOL_2D": 2_683,
    "LEAKY_RELU": 1_421,
    "LESS": 4_008,
    "LESS_EQUAL": 4_008,
    "LOG": 511,
    "LOG_SOFTMAX": 4_250,
    "LOGICAL_AND": 1_338,
    "LOGICAL_NOT": 470,
    "LOGICAL_OR": 1_338,
    "LOGISTIC": 3_991,
    "MAX_POOL_2D": 3_319,
    "MAXIMUM": 738,
    "MEAN": 3_488,
    "MINIMUM": 740,
    "MIRROR_PAD": 1_039,
    "MUL": 6_481,
    "NEG": 242,
    "NOT_EQUAL": 4_718,
    "PACK": 1_204,
    "PAD": 160,
    "PADV2": 172,
    "PRELU": 3_336,
    "QUANTIZE": 2_695,
    "READ_VARIABLE": 512,
    "REDUCE_ALL": 1_169,
    "REDUCE_MAX": 815,
    "REDUCE_MIN": 815,
    "RELU": 1_300,
    "RELU6": 1_026,
    "RESHAPE": 1_632,
    "RESIZE_BILINEAR": 3_137,
    "RESIZE_NEAREST_NEIGHBOR": 2_570,
    "REVERSE_V2": 4_491,
    "ROUND": 1_153,
    "RSQRT": 2_283,
    "SELECT_V2": 5_673,
    "SHAPE": 485,
    "SignalDelay": 1_668,
    "SignalEnergy": 1_296,
    "SignalFftAutoScale": 1_363,
    "SignalFilterBank": 2_131,
    "SignalFilterBankLog": 1_739,
    "SignalFilterBankSpectralSubtraction": 1_920,
    "SignalFilterBankSquareRoot": 1_608,
    "SignalFramer": 2_206,
    "SignalIrfft": 4_674,
    "SignalOverlapAdd": 3_203,
    "SignalPCAN": 1_978,
    "SignalRfft": 4_760,
    "SignalStacker": 2_022,
    "SignalWindow": 1_634,
    "SIN": 778,
    "SLICE": 2_118,
    "SOFTMAX": 6_057,
    "SPACE_TO_BATCH_ND": 1_864,
    "SPACE_TO_DEPTH": 2_093,
    "SPLIT": 1_485,
    "SPLIT_V": 1_761,
    "SQRT": 599,
    "SQUARE": 500,
    "SQUARED_DIFFERENCE": 6_030,
    "SQUEEZE": 1_193,
    "STRIDED_SLICE": 5_571,
    "SUB": 6_571,
    "SUM": 3_364,
    "SVDF": 5_688,
    "TANH": 4_076,
    "TFLite_Detection_PostProcess": 8_156,
    "TFLM_DECODE": 8_786,
    "TRANSPOSE": 1_970,
    "TRANSPOSE_CONV": 6_375,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 12_188,
    "UNPACK": 1_030,
    "VAR_HANDLE": 588,
    "WHILE": 2_212,
    "ZEROS_LIKE": 664,
}
