"""What is measured of a model apart from its answers: how long an inference takes, and its tensor arena."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from packager.comparison.pool import cores
from packager.comparison.work import Child, Variant
from packager.dataset import Dataset
from packager.errors import ModelError
from packager.golden import build_goldens, read_samples
from packager.runtimes import Runtime
from packager.tasks.kinds import Array

# Inferences that are timed with each number of threads, the seconds that they may take, and samples that they are of.
_RUNS = 100
_SECONDS = 1.0
_SAMPLES = 10


@dataclass(frozen=True)
class Times:
    """Of the times of single inferences, in milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, times: Array) -> Times:
        """The median and the 95th percentile of ``times``."""
        median, p95 = np.percentile(times, (50, 95))
        return cls(float(median), float(p95))

    def to_json(self) -> dict[str, Any]:
        """``median`` and ``p95``."""
        return {"median": self.median, "p95": self.p95}


@dataclass(frozen=True)
class Latency:
    """The times of an inference in LiteRT on this machine, by the number of threads, of which the first is 1."""

    by_threads: tuple[tuple[int, Times], ...]

    @property
    def single(self) -> Times:
        """Those with one thread."""
        return self.by_threads[0][1]

    def to_json(self) -> dict[str, Any]:
        """``median`` and ``p95`` with one thread, and ``by_threads``."""
        return {
            **self.single.to_json(),
            "by_threads": {str(threads): times.to_json() for threads, times in self.by_threads},
        }


def measure_latency(variant: Variant, dataset: Dataset) -> Latency:
    """Time inferences of ``variant`` on the first samples, while this process does nothing else.

    Raises:
        RunError: it cannot be run.
        ConfigError: a sample cannot be read.
    """
    samples = dataset.tensors(variant.annotated, range(min(_SAMPLES, len(dataset))))
    with closing(Child(variant)) as child:
        timed = ((threads, child.time(samples, threads, _RUNS, _SECONDS)) for threads in _threads())
        return Latency(tuple((threads, Times.of(times)) for threads, times in timed))


def _threads() -> list[int]:
    """1, 2, 4, … below the number of processors, and that."""
    most = cores()
    powers = [1 << power for power in range(most.bit_length())]
    return sorted({*(threads for threads in powers if threads < most), most})


def measure_arena(variant: Variant) -> int | None:
    """The smallest arena in which TensorFlow Lite Micro runs the model, as `packager micro` measures it, in bytes.

    None where it cannot run it.
    """
    annotated = replace(variant.annotated, model=replace(variant.annotated.model, data=variant.read()))
    try:
        goldens = build_goldens(annotated, read_samples(annotated, [])[:1], [Runtime.TFLITE_MICRO])
    except ModelError:
        return None
    return goldens.arena_bytes
