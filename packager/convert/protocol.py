"""What ``session.py`` and ``worker.py`` say to each other, beside the frames of ``golden/runner.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Help of ``packager convert`` comes from here too, and needs no NumPy.
    import numpy as np

    from packager.convert.loading import Loaded
    from packager.golden.runner import Tensors


class Reason(StrEnum):
    """Why a request failed; ``explaining.py`` says it in words."""

    UNREADABLE = "unreadable"
    LAMBDA = "lambda"
    CUSTOM = "custom"
    WEIGHTS_ONLY = "weights-only"
    NEVER_BUILT = "never-built"
    NO_SIGNATURE = "no-signature"
    NOT_A_TENSOR = "not-a-tensor"
    NOT_FINITE = "not-finite"
    WRONG_SHAPE = "wrong-shape"
    OPEN_SHAPE = "open-shape"
    CONVERTER = "converter"
    CALIBRATION = "calibration"
    QUANTIZER = "quantizer"
    PREDICTION = "prediction"
    MEMORY = "memory"
    SAYS = "says"  # ``what`` and ``fix`` are the words
    BUG = "bug"


class RefusedError(Exception):
    """A request that cannot be done; ``facts`` are JSON."""

    def __init__(self, reason: Reason, **facts: Any) -> None:
        """Keep both for the parent."""
        self.reason, self.facts = reason, facts
        super().__init__(reason)


@dataclass(frozen=True)
class Settings:
    """What TensorFlow's converter is told.

    ``quantized`` sets Optimize.DEFAULT; ``activations`` is "", "int8" or "int16": the kernels that every operator
    must have; ``float16`` stores weights so; ``io`` is the type of inputs and outputs that are floats otherwise;
    ``select_tf`` allows TensorFlow's own operators where there is no builtin one; ``unrolled`` makes operators of
    each time step of recurrent layers of Keras 3, in the place of a loop.
    """

    quantized: bool = False
    activations: str = ""
    float16: bool = False
    io: str = "float32"
    select_tf: bool = False
    unrolled: bool = False


@dataclass(frozen=True)
class TrainingPlan:
    """How a model is trained on.

    ``sparsity`` is the part of the weights of each kernel that becomes zero, None where none has to; ``quantize``
    simulates int8; both train for up to ``epochs``, the former first. Training ends earlier where the loss on what is
    held out has not become smaller for ``patience`` epochs.
    """

    epochs: int
    quantize: bool = True
    sparsity: float | None = None
    batch_size: int = 32
    learning_rate: float = 1e-4
    patience: int = 3


@dataclass(frozen=True)
class QuantizerRule:
    """What litert-quantizer does with the operators whose outputs have a name that ``pattern`` matches.

    ``kind`` is "none", "dynamic", "weights" or "static", or the operator that is left as it is: "INPUT", "OUTPUT".
    ``block`` is how many weights share a scale, 0 for those of a channel.
    """

    pattern: str
    kind: str
    weight_bits: int = 8
    activation_bits: int = 8
    block: int = 0


def held_out(count: int) -> list[int]:
    """Those of ``count`` samples that are not trained on: every tenth, so that each class has some of its own."""
    return list(range(9, count, 10))


@dataclass
class State:
    """What outlives a request: the model that was loaded, and how progress is told.

    ``folder`` is the session's temporary one, the current folder of this process.
    """

    folder: Path
    progress: Callable[[str], None]
    loaded: Loaded | None = None


@dataclass(frozen=True)
class Request:
    """What came: the header's own entries, and what came with it."""

    header: Mapping[str, Any]
    blobs: Sequence[bytes] = ()
    tensors: Tensors = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    header: Mapping[str, Any] = field(default_factory=dict)
    blobs: Sequence[bytes] = ()
    tensors: Sequence[np.ndarray[Any, Any]] = ()


Handler = Callable[[State, Request], Answer]
