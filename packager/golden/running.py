"""Running samples on the real runtimes, each in a child process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from packager.annotated import AnnotatedModel
from packager.errors import ModelError
from packager.golden.cases import ArenaUse, GoldenCase, Goldens, GoldenSet, MeasuredArena, Sample
from packager.golden.isolation import Failure, Outcome, run_isolated
from packager.golden.samples import check_budget, give_fewer, input_bytes
from packager.model import Model, Tensor
from packager.model.operators import TENSOR_TYPE_BITS
from packager.runtimes import GOLDEN_LIMIT, Runtime, require
from packager.settings import Text
from packager.tasks.kinds import Array

# Seconds that a child process may take for all its cases, and seconds of CPU time.
TIME_LIMIT = 300
CPU_LIMIT = 300
# Bytes of tensor arena that are tried; no microcontroller comes near it.
LARGEST_ARENA = 1 << 30


# Told where it takes longer: the runtime that computes, and how many of its cases are done.
Progress = Callable[[Runtime, int], None]


def build_goldens(
    annotated: AnnotatedModel,
    samples: Sequence[Sample],
    runtimes: Sequence[Runtime],
    *,
    limit: int = GOLDEN_LIMIT,
    progress: Progress = lambda _runtime, _done: None,
) -> Goldens:
    """Run ``samples`` on each of ``runtimes``, in a child process for each of ``processes``.

    ``limit`` is how many megabytes the outputs of all samples may take together.

    Raises:
        ConfigError: the outputs are beyond ``limit``.
        MissingPackageError: the runtime's package is not installed.
        ModelError: the runtime refuses the model, dies from it, or takes longer than TIME_LIMIT.
    """
    input_bytes(annotated)
    # Of some outputs the file tells no shape; those are counted as they come.
    known = sum(_output_bytes(port.tensor) for port in annotated.outputs)
    check_budget("outputs", known, len(samples), limit, annotated.model.path)
    sets: dict[Runtime, GoldenSet] = {}
    arena, use = None, None
    for group in processes(runtimes):
        result, outputs = _run_child(annotated.model, samples, group, limit << 20, progress)
        if "arena_bytes" in result:
            arena = result["arena_bytes"]
            use = ArenaUse(**result["arena_use"]) if result["arena_use"] else None
        for runtime in group:
            cases = tuple(
                _case(annotated, sample, tensors) for sample, tensors in zip(samples, outputs[runtime], strict=True)
            )
            sets[runtime] = GoldenSet(result[runtime], cases)
    return Goldens(sets, arena, use)


def run_model(
    model: Model, inputs: Sequence[tuple[Array, ...]], runtime: Runtime, *, limit: int = GOLDEN_LIMIT
) -> list[tuple[Array, ...]]:
    """What ``runtime`` answers to each of ``inputs``, tuples of tensors, in a child process.

    ``limit`` is how many megabytes the outputs may take together.

    Raises:
        MissingPackageError: the runtime's package is not installed.
        ModelError: the runtime refuses the model, dies from it, or takes longer than TIME_LIMIT.
    """
    samples = [Sample(f"sample_{number}", None, tensors) for number, tensors in enumerate(inputs)]
    return _run_child(model, samples, [runtime], limit << 20, lambda _runtime, _done: None)[1][runtime]


def run_sequences(
    model: Model, inputs: Sequence[tuple[Array, ...]], length: int
) -> tuple[list[tuple[Array, ...]], MeasuredArena]:
    """What TFLite Micro answers to each of ``inputs``, in a child process, and the arena of the model.

    The model remembers what it was given in a sequence of ``length`` of them, and no longer.

    Raises:
        MissingPackageError: the runtime's package is not installed.
        ModelError: the runtime refuses the model, dies from it, or takes longer than TIME_LIMIT.
    """
    samples = [Sample(f"sample_{number}", None, tensors) for number, tensors in enumerate(inputs)]
    result, outputs = _run_child(
        model, samples, [Runtime.TFLITE_MICRO], GOLDEN_LIMIT << 20, lambda _runtime, _done: None, length
    )
    use = ArenaUse(**result["arena_use"]) if result["arena_use"] else None
    return outputs[Runtime.TFLITE_MICRO], MeasuredArena(result["arena_bytes"], use)


def processes(runtimes: Iterable[Runtime]) -> list[list[Runtime]]:
    """``runtimes`` by the child process that they share: what a model does to one is no matter of the others'."""
    alone = (Runtime.LITERT_FOR_MICRO, Runtime.TFLITE_MICRO)
    chosen = sorted(set(runtimes))
    groups = [[one for one in chosen if one not in alone], *([one] for one in alone if one in chosen)]
    return [group for group in groups if group]


def _output_bytes(tensor: Tensor) -> int:
    return max(tensor.size, 0) * TENSOR_TYPE_BITS.get(tensor.dtype, 0) // 8


def _case(annotated: AnnotatedModel, sample: Sample, outputs: tuple[Array, ...]) -> GoldenCase:
    for port, tensor in zip(annotated.outputs, outputs, strict=True):
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            # No tolerance tells one such answer from another, and JSON has no word for them.
            raise ModelError(
                f"its output {port.name!r} is infinite or not a number for the golden sample {sample.name!r}",
                where=annotated.model.path,
                fix="Give golden samples of your own, of values that the model was made for.",
            )
    answer = annotated.answer.read(outputs, sample.placement)
    return GoldenCase(sample.name, sample.given, sample.inputs, outputs, answer)


def _run_child(
    model: Model,
    samples: Sequence[Sample],
    runtimes: Sequence[Runtime],
    limit: int,
    progress: Progress,
    sequence: int = 1,
) -> tuple[Mapping[str, Any], dict[Runtime, list[tuple[Array, ...]]]]:
    require(runtimes[0], model.path)
    job = {
        "runtimes": list(runtimes),
        "cases": len(samples),
        "inputs": len(model.inputs),
        "outputs": len(model.outputs),
        "arena_limit": _arena_limit(model),
        "sequence": sequence,
    }
    memory = memory_limit(model, limit)

    def told(done: int) -> None:
        # After its last case TFLite Micro measures its arena, while LiteRT goes on with the next runtime.
        index = min(done // len(samples), len(runtimes) - 1)
        progress(runtimes[index], done - index * len(samples))

    outcome = run_isolated(
        job,
        model.data,
        [tensor for sample in samples for tensor in sample.inputs],
        seconds=TIME_LIMIT,
        cpu_seconds=CPU_LIMIT,
        memory_bytes=memory,
        output_limit=limit * len(runtimes),
        progress=told,
    )
    if outcome.failure is not None:
        what, fix = explain(outcome, runtimes[0], memory, limit)
        raise ModelError(what, where=model.path, fix=fix)
    tensors = iter(outcome.tensors)
    outputs = {runtime: [tuple(next(tensors) for _ in model.outputs) for _ in samples] for runtime in runtimes}
    return outcome.result, outputs


def explain(outcome: Outcome, runtime: Runtime, memory: int, limit: int) -> tuple[str, Text | None]:
    """What went wrong in the child process, and what to do."""
    title = "TensorFlow Lite Micro" if runtime is Runtime.TFLITE_MICRO else "LiteRT"
    device = "It would do so on the device too: look for the operator that does it, or make its input smaller."
    refused: Text | None = None
    crashed: Text = "The model, or an operator in it, crashes this runtime; it would do so on the device too."
    if runtime is Runtime.LITERT_FOR_MICRO:
        refused = crashed = (
            "LiteRT stands in for TensorFlow Lite Micro here, which may run it all the same: do this on Linux on "
            "x86-64, for which the package tflite-micro has wheels."
        )
    match outcome.failure:
        case Failure.RUNTIME if not outcome.result["message"]:
            # What LiteRT says where an allocation fails.
            return (
                f"{title} cannot run it and gives no reason; mostly {memory >> 20:,} MB of memory are too few",
                device,
            )
        case Failure.RUNTIME:
            return f"{title} cannot run it: {_reason(outcome.result['message'], outcome.printed)}", refused
        case Failure.TIME:
            return f"{title} ran it for {TIME_LIMIT} s without an answer", device
        case Failure.CPU:
            return f"{title} ran it for {CPU_LIMIT} s of CPU time without an answer", device
        case Failure.MEMORY:
            return f"{title} needs more than {memory >> 20:,} MB of memory to run it", device
        case Failure.OUTPUT:
            return f"its outputs for all golden cases take more than {limit >> 20:,} MB", give_fewer(limit >> 19)
        case Failure.DAMAGED:
            # Its answers are worth nothing.
            return f"{title} damaged its memory while it ran the model ({outcome.how})", refused
        case _:
            return (
                f"{title} died while it ran the model ({outcome.how})",
                crashed,
            )


def memory_limit(model: Model, limit: int) -> int:
    """Bytes of address space for the child: far more than a model of its size needs, and not more than there is."""
    enough = (4 << 30) + 8 * (len(model.data) + limit)
    if sys.platform == "win32":
        return enough
    try:
        return min(enough, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError):
        return enough


def _arena_limit(model: Model) -> int:
    # Every tensor at once and 1 KB of bookkeeping for each is more than a planner ever needs.
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    enough = (
        2 * sum(8 * max(tensor.size, 1) for tensor in tensors if not tensor.constant_bytes)
        + 1024 * len(tensors)
        + (1 << 20)
    )
    return min(enough, LARGEST_ARENA)


def _reason(message: str, printed: str) -> str:
    # LiteRT lists every tensor that it dislikes; the first one tells enough.
    message = " ".join(message.split())
    message = message if len(message) <= 300 else message[:300] + "…"
    # TFLite Micro's exception says only that it failed; the reason stands on stderr.
    lines = (line.strip() for line in printed.splitlines())
    told = [line for line in lines if line and not line.startswith(("INFO:", "WARNING:"))]
    return f"{message} ({told[0]})" if told and "TFLM" in message else message
