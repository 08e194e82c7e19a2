"""The child process in which a model runs.

A model can take its interpreter down (abort, heap corruption, an endless loop), so no other process of this tool ever
runs one. ``isolation.py`` starts this file with the job on its standard input and reads the answer from its standard
output; both are one frame: the length of a JSON header (8 bytes, little-endian), the header, then raw bytes whose
lengths the header tells. Before the answer comes a tick, a header's length of 0, for each case that is done. A job
that serves keeps its model loaded, and is followed by requests, each of which has one answer. It imports nothing of
this package: it is started by its path, so that neither the current folder nor the one it stands
in is searched for modules.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import select
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from typing import IO, Any, NamedTuple

import numpy as np

Tensors = list[np.ndarray[Any, Any]]

# Seconds that a model may go on when nobody waits for its answer.
_END_LIMIT = 5
# Seconds for a probe; one that damaged its memory may run for ever.
_PROBE_LIMIT = 60

_LENGTH = struct.Struct("<Q")
_HEADER_LIMIT = 1 << 24
_MESSAGE_LIMIT = 4096
# What a tensor may hold: truth values, integers, floats.
_KINDS = "biuf"


class LostError(Exception):
    """The other end of a pipe is gone, or what came through it is no frame."""


def write_frame(stream: IO[bytes], header: Mapping[str, Any], blobs: Sequence[bytes], tensors: Tensors) -> None:
    """Write one frame: ``header``, the ``blobs`` and the ``tensors``; nothing of it is held twice in memory."""
    described = [[tensor.dtype.str, tensor.shape] for tensor in tensors]
    text = json.dumps({**header, "blobs": list(map(len, blobs)), "tensors": described}).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    for blob in blobs:
        stream.write(blob)
    for tensor in tensors:
        if tensor.nbytes:
            stream.write(np.ascontiguousarray(tensor).data.cast("B"))
    stream.flush()


def write_tick(stream: IO[bytes]) -> None:
    """Tell the reader of ``stream`` that one more case is done."""
    stream.write(_LENGTH.pack(0))
    stream.flush()


def read_frame(
    stream: IO[bytes], limit: int, most_ticks: int = 0, tick: Callable[[], None] = lambda: None
) -> tuple[dict[str, Any], list[bytes], Tensors]:
    """Read one frame whose contents have at most ``limit`` bytes, and call ``tick`` for each tick before it.

    Raises:
        LostError: there is none, it is no frame, or it is larger; or there are more than ``most_ticks``.
    """
    length = _read_length(stream)
    while length == 0 and most_ticks:
        most_ticks -= 1
        tick()
        length = _read_length(stream)
    if length > _HEADER_LIMIT:
        raise LostError(f"a header of {length} bytes")
    try:
        header = json.loads(_read(stream, length))
        sizes = [int(size) for size in header.pop("blobs")]
        kinds = [(np.dtype(kind), tuple(map(int, shape))) for kind, shape in header.pop("tensors")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LostError(f"no frame: {error}") from None
    counts = [_product(shape) for _, shape in kinds]
    if any(dtype.kind not in _KINDS for dtype, _ in kinds) or min([*sizes, *counts], default=0) < 0:
        raise LostError("no frame: a tensor of no plain numbers")
    total = sum(sizes) + sum(dtype.itemsize * count for (dtype, _), count in zip(kinds, counts, strict=True))
    if total > limit:
        raise LostError(f"{total} bytes")
    blobs = [_read(stream, size) for size in sizes]
    tensors = [
        np.frombuffer(_read(stream, dtype.itemsize * count), dtype, count).reshape(shape)
        for (dtype, shape), count in zip(kinds, counts, strict=True)
    ]
    return header, blobs, tensors


def _product(shape: Sequence[int]) -> int:
    product = 1
    for size in shape:
        product *= size if size >= 0 else -1 << 200
    return product


def _read_length(stream: IO[bytes]) -> int:
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    return int(length)


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise LostError(f"ends after {len(data)} of {size} bytes")
    return data


# --- the runtimes ----------------------------------------


# What LiteRT calls the kernels of each runtime.
_KERNELS = {
    "litert": "AUTO",
    "litert-reference": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "litert-for-micro": "BUILTIN_REF",
}


def _run_litert(data: bytes, cases: Sequence[Tensors], kernels: str) -> Iterator[Tensors]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType[kernels]
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=kind, num_threads=1)
    interpreter.allocate_tensors()
    inputs = [detail["index"] for detail in interpreter.get_input_details()]
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    for case in cases:
        interpreter.reset_all_variables()
        for index, tensor in zip(inputs, case, strict=True):
            interpreter.set_tensor(index, tensor)
        interpreter.invoke()
        yield [interpreter.get_tensor(index) for index in outputs]


class Server:
    """A model that stays loaded in LiteRT, with its default kernels and one thread.

    Where ``batch`` is above 1, so many cases go through it at a time if it can be resized to them, and if the first
    ones then have the very outputs that they have one by one, and not later.
    """

    def __init__(self, data: bytes, batch: int) -> None:
        """Load nothing so far: what fails is the answer to the first request."""
        self._data = data
        self._batch = batch
        self._single: Any = None
        self._many: Any = None

    def run(self, inputs: Tensors) -> Iterator[Tensors]:
        """The outputs of each case; ``inputs`` holds an array [cases, ...] of each of the model's inputs."""
        cases = len(inputs[0]) if inputs else 1
        self._single = self._single or _load(self._data, 1)
        done = 0
        if self._many is None and cases >= self._batch > 1:
            yield from self._try_batch([tensor[: self._batch] for tensor in inputs])
            done = self._batch
        while self._many and cases - done >= self._batch:
            outputs = _invoke(self._many, [_joined(tensor[done : done + self._batch]) for tensor in inputs])
            yield from _split(outputs, self._batch)
            done += self._batch
        for number in range(done, cases):
            yield _invoke(self._single, [tensor[number] for tensor in inputs])

    def _try_batch(self, inputs: Tensors) -> Iterator[Tensors]:
        """Decide whether batches are taken by these cases, and give their outputs."""
        started = time.perf_counter()
        singly = [_invoke(self._single, [tensor[number] for tensor in inputs]) for number in range(self._batch)]
        between = time.perf_counter()
        self._many = False
        # Not all that cannot be resized says so, and what was resized may be right all the same.
        with contextlib.suppress(RuntimeError, ValueError):
            many = _load(self._data, 1, self._batch)
            batch = [_joined(tensor) for tensor in inputs]
            outputs = _invoke(many, batch)
            loaded = time.perf_counter()
            _invoke(many, batch)
            is_faster = time.perf_counter() - loaded < between - started
            if is_faster and _are_equal(list(_split(outputs, self._batch)), singly):
                self._many = many
        yield from singly

    def time(self, inputs: Tensors, threads: int, most: int, seconds: float) -> Iterator[float]:
        """Milliseconds of 5 to ``most`` inferences, as fit into ``seconds``, after a tenth of them to warm up.

        The cases of ``inputs`` are taken in turn. Putting its input in is not counted.
        """
        loaded = _load(self._data, threads)
        cases = len(inputs[0]) if inputs else 1
        started = time.perf_counter()
        for number in range(max(1, most // 10)):
            _invoke(loaded, [tensor[number % cases] for tensor in inputs])
            if time.perf_counter() - started > seconds / 2:
                break
        started = time.perf_counter()
        for number in range(most):
            _fill(loaded, [tensor[number % cases] for tensor in inputs])
            before = time.perf_counter()
            loaded.interpreter.invoke()
            after = time.perf_counter()
            yield (after - before) * 1000
            if number >= 4 and after - started > seconds:
                break


class _Loaded(NamedTuple):
    """An interpreter that is allocated, and the indices of its inputs and outputs."""

    interpreter: Any
    inputs: list[int]
    outputs: list[int]


def _load(data: bytes, threads: int, batch: int = 1) -> _Loaded:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=threads)
    inputs = interpreter.get_input_details()
    if batch > 1:
        for detail in inputs:
            if list(detail["shape"][:1]) != [1]:
                raise ValueError("no batch of 1")
            interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
    interpreter.allocate_tensors()
    outputs = interpreter.get_output_details()
    return _Loaded(interpreter, *([detail["index"] for detail in side] for side in (inputs, outputs)))


def _fill(loaded: _Loaded, case: Tensors) -> None:
    loaded.interpreter.reset_all_variables()
    for index, tensor in zip(loaded.inputs, case, strict=True):
        loaded.interpreter.set_tensor(index, tensor)


def _invoke(loaded: _Loaded, case: Tensors) -> Tensors:
    _fill(loaded, case)
    loaded.interpreter.invoke()
    return [loaded.interpreter.get_tensor(index) for index in loaded.outputs]


def _joined(tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """[cases, 1, ...] as [cases, ...]."""
    return tensor.reshape(len(tensor), *tensor.shape[2:])


def _split(outputs: Tensors, batch: int) -> Iterator[Tensors]:
    if any(output.shape[:1] != (batch,) for output in outputs):
        raise ValueError("an output without a batch")
    return ([output[number : number + 1] for output in outputs] for number in range(batch))


def _are_equal(some: Sequence[Tensors], others: Sequence[Tensors]) -> bool:
    return all(
        one.shape == other.shape and one.tobytes() == other.tobytes()
        for case, other_case in zip(some, others, strict=True)
        for one, other in zip(case, other_case, strict=True)
    )


def _run_micro(
    data: bytes, cases: Sequence[Tensors], outputs: int, arena_bytes: int, sequence: int = 1
) -> Iterator[Tensors]:
    """The outputs of each of ``cases``; the model forgets what went before where a ``sequence`` of them begins."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=arena_bytes)
    for number, case in enumerate(cases):
        if number and number % sequence == 0:
            interpreter.reset()
        for index, tensor in enumerate(case):
            interpreter.set_input(tensor, index)
        interpreter.invoke()
        yield [interpreter.get_output(index) for index in range(outputs)]


def smallest_arena(data: bytes, case: Tensors, outputs: int, limit: int, step: int = 16) -> int:
    """The smallest tensor arena, in bytes and to a multiple of ``step``, in which the model allocates and runs.

    Raises:
        RuntimeError: not even ``limit`` bytes suffice.
    """
    # Imported before the first fork, so that no probe pays for it.
    from tflite_micro import runtime

    def allocates(size: int) -> None:
        runtime.Interpreter.from_bytes(data, arena_size=size)

    def runs(size: int) -> None:
        list(_run_micro(data, [case], outputs, size))

    # All memory is planned when it allocates, and an inference may take seconds: one of them confirms the size.
    smallest = _smallest(allocates, 0, limit, step)
    return smallest if _survives(runs, smallest) else _smallest(runs, smallest, limit, step)


# What RecordingMicroAllocator prints of an arena: a name, and the number that belongs to it.
_ARENA_USE = {
    "planned": r"Arena allocation head (\d+) bytes",
    "persistent": r"Arena allocation tail (\d+) bytes",
    "eval_tensors": r"'TfLiteEvalTensor data' .* for (\d+) allocations",
    "tensors": r"'Persistent TfLiteTensor data' .* for (\d+) tensors",
    "nodes": r"'NodeAndRegistration struct' .* for (\d+) ",
    "variables": r"'TfLiteTensor variable buffer data' .* for (\d+) ",
}
# It prints less than a pipe holds.
_PRINTED_LIMIT = 1 << 16


def arena_use(data: bytes, arena_bytes: int) -> dict[str, int] | None:
    """What the runtime tells of an arena in which the model is prepared; None where it prints another text."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=arena_bytes)
    source, target = os.pipe()
    kept = os.dup(2)
    try:
        os.dup2(target, 2)
        interpreter.print_allocations()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(target)
    with os.fdopen(source, "rb") as stream:
        printed = stream.read(_PRINTED_LIMIT).decode(errors="replace")
    found = {name: re.search(pattern, printed) for name, pattern in _ARENA_USE.items()}
    if found["planned"] is None or found["persistent"] is None:
        return None
    # What there is none of has no line.
    return {name: int(match[1]) if match else 0 for name, match in found.items()}


def _smallest(use: Callable[[int], None], too_small: int, limit: int, step: int) -> int:
    low, high = too_small, max(1024, 2 * too_small)
    while not _survives(use, high):
        low, high = high, high * 2
        if low >= limit:
            raise RuntimeError(f"an arena of {low} bytes is still too small")
    while high - low > step:
        middle = (low + high) // 2 // step * step
        low, high = (low, middle) if _survives(use, middle) else (middle, high)
    return high


def _survives(use: Callable[[int], None], size: int) -> bool:
    """Whether ``use`` works in a forked process: an arena that is too small may corrupt memory instead of failing."""
    if sys.platform == "win32":
        raise NotImplementedError("TensorFlow Lite Micro's package has wheels for Linux only")
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            die_with(parent)
            signal.alarm(_PROBE_LIMIT)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 2)
            use(size)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- the process ----------------------------------------


def die_with(parent: int) -> None:
    """Have the system kill this process when ``parent`` dies, however it dies; Linux only."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def die_with_parent(lifeline: int) -> None:
    """End this process with the one that started it, which holds the other end of the pipe ``lifeline``."""
    if sys.platform == "linux":
        die_with(os.getppid())
        # It may have died before the system knew.
        if select.select([lifeline], [], [], 0)[0] and not os.read(lifeline, 1):
            os._exit(1)
        return

    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(lifeline, 1)  # returns when the other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def limit_resources(memory_bytes: int, cpu_seconds: int) -> None:
    """Bound this process, but on Windows: address space, CPU time, no core file, nothing written to a file."""
    if sys.platform == "win32":
        return
    import resource

    for kind, soft in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        # macOS refuses a limit on the address space.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _run(
    job: Mapping[str, Any], data: bytes, cases: Sequence[Tensors], tick: Callable[[], None]
) -> tuple[dict[str, Any], Tensors]:
    """The versions of the runtimes and the smallest arena, and the outputs of all runtimes and cases in order.

    ``tick`` is called after each case.
    """
    from importlib.metadata import version

    result: dict[str, Any] = {}
    tensors: Tensors = []
    left = job["output_limit"]
    for runtime in job["runtimes"]:
        micro = runtime == "tflite-micro"
        for outputs in (
            _run_micro(data, cases, job["outputs"], job["arena_limit"], job["sequence"])
            if micro
            else _run_litert(data, cases, _KERNELS[runtime])
        ):
            left -= sum(tensor.nbytes for tensor in outputs)
            if left < 0:
                return {"failed": "output"}, []
            strange = next((tensor.dtype for tensor in outputs if tensor.dtype.kind not in _KINDS), None)
            if strange is not None:
                raise TypeError(f"an output holds {strange}, which is no plain number")
            tensors += outputs
            tick()
        if micro:
            result["arena_bytes"] = smallest_arena(data, cases[0], job["outputs"], job["arena_limit"])
            result["arena_use"] = arena_use(data, job["arena_limit"])
        package = "tflite-micro" if micro else "ai-edge-litert"
        kernels = ", reference kernels" if runtime == "litert-for-micro" else ""
        result[runtime] = f"{package} {version(package)}{kernels}"
    return result, tensors


def main() -> int:
    """Do the job on standard input; 0, or 1 with ``failed`` in the answer: runtime, memory or output."""
    # What a runtime prints on standard output must not get among the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        job, (data,), inputs = read_frame(sys.stdin.buffer, sys.maxsize)
    except LostError:
        return 1
    if sys.platform == "win32":
        # A library that asks what standard input is, as some do when they are loaded, waits there for as long as a
        # thread reads it.
        with contextlib.suppress(ImportError):
            importlib.import_module("ai_edge_litert.interpreter")
    if "batch" in job:
        limit_resources(job["memory_bytes"], job["cpu_seconds"])
        _serve(Server(data, job["batch"]), answer)
        # The interpreter is gone by now, which kills a process whose memory it damaged.
        return 0
    die_with_parent(sys.stdin.fileno())
    limit_resources(job["memory_bytes"], job["cpu_seconds"])
    count = job["inputs"]
    cases = (
        [inputs[start : start + count] for start in range(0, len(inputs), count)] if count else [[]] * job["cases"]
    )
    result, tensors = _attempt(lambda: _run(job, data, cases, lambda: write_tick(answer)))
    write_frame(answer, result, (), tensors)
    return 1 if "failed" in result else 0


def _attempt(work: Callable[[], tuple[dict[str, Any], Tensors]]) -> tuple[dict[str, Any], Tensors]:
    try:
        return work()
    except MemoryError:
        return {"failed": "memory"}, []
    except (RuntimeError, ValueError, TypeError, ImportError) as error:
        return {"failed": "runtime", "message": str(error)[:_MESSAGE_LIMIT]}, []


def _serve(server: Server, answer: IO[bytes]) -> None:
    """Answer requests until there are no more: ``time``, or the outputs of all cases one after the other."""

    def work(request: Mapping[str, Any], inputs: Tensors) -> tuple[dict[str, Any], Tensors]:
        if "threads" in request:
            times = server.time(inputs, request["threads"], request["most"], request["seconds"])
            return {}, [np.fromiter(times, np.float64)]
        left = request["output_limit"]
        tensors: Tensors = []
        for outputs in server.run(inputs):
            tensors += outputs
            left -= sum(tensor.nbytes for tensor in outputs)
            if left < 0:
                return {"failed": "output"}, []
        return {}, tensors

    requests: SimpleQueue[tuple[Mapping[str, Any], Tensors] | None] = SimpleQueue()

    def read() -> None:
        with contextlib.suppress(LostError, OSError, ValueError):
            while True:
                request, _, inputs = read_frame(sys.stdin.buffer, sys.maxsize)
                requests.put((request, inputs))
        # The end of its input is the end of the work, or that of the process that started this one.
        requests.put(None)
        time.sleep(_END_LIMIT)
        os._exit(1)

    if sys.platform == "linux":
        die_with(os.getppid())
    threading.Thread(target=read, daemon=True).start()
    while (asked := requests.get()) is not None:
        result, tensors = _attempt(partial(work, *asked))
        write_frame(answer, result, (), tensors)


if __name__ == "__main__":
    sys.exit(main())
