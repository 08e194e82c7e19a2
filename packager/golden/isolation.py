"""Runs a model in a process of its own, which cannot harm this one, nor outlive it.

The process starts in an empty folder of its own, imports nothing from the current one, has limits on memory and CPU
time, writes no file, and is killed with all that it started when this function returns, however it returns. What it
answers is read up to a limit.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from packager.errors import WriteError
from packager.golden import runner

# Of what a runtime prints: the reason stands at the beginning, the last words at the end.
_KEPT_PRINT = 16384
# How long a process may take to end after its answer.
_END_LIMIT = 30
# Seconds of CPU time of a model that answers many requests, each of which has its own limit on time.
_CPU_LIMIT = 1_000_000
# Seconds between two looks at how far it is; what ends earlier needs no progress.
_PROGRESS_INTERVAL = 0.5


class Failure(StrEnum):
    """Why there is no answer."""

    RUNTIME = "runtime"  # the runtime refuses the model, and says why
    DIED = "died"
    DAMAGED = "damaged"  # it answered and then died: its memory was damaged before
    TIME = "time"
    CPU = "cpu"
    MEMORY = "memory"
    OUTPUT = "output"


@dataclass(frozen=True)
class Outcome:
    """What came back: the versions and the arena in ``result``, and the outputs of all runtimes and cases in order.

    ``how`` tells in words how the process ended; ``printed`` is what it printed, shortened in the middle.
    """

    failure: Failure | None
    how: str
    printed: str
    result: Mapping[str, Any]
    tensors: runner.Tensors


def run_isolated(
    job: Mapping[str, Any],
    model: bytes,
    inputs: runner.Tensors,
    *,
    seconds: float,
    cpu_seconds: int,
    memory_bytes: int,
    output_limit: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> Outcome:
    """Run ``model`` on ``inputs`` in a child process; see ``runner.py`` for ``job``.

    Args:
        job: what to do.
        model: the bytes of the .tflite.
        inputs: the input tensors of all cases, one after the other.
        seconds: the limit on time.
        cpu_seconds: the limit on CPU time.
        memory_bytes: the limit on the child's address space.
        output_limit: the limit on the bytes of all outputs together.
        progress: called now and then, where it takes longer, with how many cases of all runtimes are done.

    Raises:
        WriteError: no temporary folder can be made.
    """
    limits = {"cpu_seconds": cpu_seconds, "memory_bytes": memory_bytes, "output_limit": output_limit}
    with _started_child() as child:
        return _converse(child, {**job, **limits}, model, inputs, seconds, progress)


class IsolatedModel:
    """A model that stays loaded in LiteRT in a child process, for many requests; see ``runner.Server``.

    A context manager: the process ends with it. It starts anew after a failure.
    """

    def __init__(self, model: bytes, *, batch: int, memory_bytes: int) -> None:
        """Start nothing so far; ``batch`` and the limit on memory are as in ``runner.py``."""
        self.batch = batch
        self._model = model
        self._job = {"batch": batch, "memory_bytes": memory_bytes, "cpu_seconds": _CPU_LIMIT}
        self._stack = ExitStack()
        self._child: subprocess.Popen[bytes] | None = None
        self._printed = bytearray()

    def __enter__(self) -> IsolatedModel:
        """The model itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def ask(
        self, request: Mapping[str, Any], inputs: runner.Tensors, *, seconds: float, output_limit: int
    ) -> Outcome:
        """The answer to one request, within so many ``seconds`` and bytes.

        Raises:
            WriteError: no temporary folder can be made.
        """
        job = None
        if self._child is None:
            self._child, job = self._stack.enter_context(_started_child()), self._job
            self._printed = bytearray()
            stderr = self._child.stderr
            assert stderr is not None
            reader = threading.Thread(target=drain, args=(stderr, self._printed), daemon=True)
            reader.start()
            self._stack.callback(reader.join, _END_LIMIT)
            self._stack.callback(kill, self._child)
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        stdin, stdout = child.stdin, child.stdout
        received: list[tuple[dict[str, Any], runner.Tensors]] = []

        def send() -> None:
            with suppress(OSError, ValueError):
                if job is not None:
                    runner.write_frame(stdin, job, (self._model,), [])
                runner.write_frame(stdin, {**request, "output_limit": output_limit}, (), inputs)

        def receive() -> None:
            with suppress(runner.LostError, OSError, ValueError):
                result, _, tensors = runner.read_frame(stdout, output_limit)
                received.append((result, tensors))

        threads = [threading.Thread(target=work, daemon=True) for work in (send, receive)]
        for thread in threads:
            thread.start()
        threads[1].join(seconds)
        if received:
            threads[0].join()
            result, tensors = received[0]
            failure = Failure(result["failed"]) if "failed" in result else None
            text = self._printed.decode("utf-8", "replace")
            if failure is not None:
                self.close()
            return Outcome(failure, "", text, result, tensors)
        timed_out = threads[1].is_alive()
        if not timed_out:
            with suppress(subprocess.TimeoutExpired):
                child.wait(_END_LIMIT)
        self.close()
        for thread in threads:
            thread.join(_END_LIMIT)
        text = self._printed.decode("utf-8", "replace")
        failure = Failure.TIME if timed_out else _find_failure(child.returncode, {}, text)
        return Outcome(failure, how_it_ended(child.returncode, text), text, {}, [])

    def finish(self) -> Outcome:
        """End the process, and see how: one whose memory the model damaged often dies of it then."""
        child = self._child
        if child is None:
            return Outcome(None, "", "", {}, [])
        assert child.stdin is not None
        with suppress(OSError, ValueError):
            child.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            child.wait(_END_LIMIT)
        ended = child.returncode == 0
        self.close()
        text = self._printed.decode("utf-8", "replace")
        return Outcome(None if ended else Failure.DAMAGED, how_it_ended(child.returncode, text), text, {}, [])

    def close(self) -> None:
        """End the process; the next request starts another."""
        self._child = None
        self._stack.close()


def temporary_folder(what: str) -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when it is left; ``what`` needs it ("running a model").

    Raises:
        WriteError: none can be made.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="packager-", ignore_cleanup_errors=True)
    except OSError as error:
        raise WriteError(
            f"{what} needs a temporary folder, and none can be made: {error.strerror}",
            where=error.filename,
            fix="Free some space there, or name another folder in the environment variable TMPDIR.",
        ) from None


@contextmanager
def _started_child() -> Iterator[subprocess.Popen[bytes]]:
    """The process of ``runner.py``, killed at the end with all that it started."""
    with temporary_folder("running a model") as cwd:
        child = subprocess.Popen(
            [sys.executable, "-P", "-B", runner.__file__],
            cwd=cwd,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=None if sys.platform == "win32" else 0,
        )
        try:
            with suppress(OSError):  # Windows keeps a folder that is in use
                Path(cwd).rmdir()  # empty: now nothing can come into it, nor stay behind
            yield child
        finally:
            kill(child)
            for stream in (child.stdin, child.stdout, child.stderr):
                assert stream is not None
                with suppress(OSError, ValueError):
                    stream.close()


def child_environment() -> dict[str, str]:
    """This process's environment, in which no entry stands for the current folder of the child."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    search = environment.pop("PYTHONPATH", "")
    if search:
        environment["PYTHONPATH"] = os.pathsep.join(
            str(Path(entry).absolute()) for entry in search.split(os.pathsep) if entry
        )
    return environment


def _converse(
    child: subprocess.Popen[bytes],
    job: Mapping[str, Any],
    model: bytes,
    inputs: runner.Tensors,
    seconds: float,
    progress: Callable[[int], None],
) -> Outcome:
    stdin, stdout, stderr = child.stdin, child.stdout, child.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    received: list[tuple[dict[str, Any], runner.Tensors]] = []
    done: list[None] = []
    printed = bytearray()

    def send() -> None:
        # Not closed then: the child takes the end of its input for the end of this process.
        with suppress(OSError, ValueError):
            runner.write_frame(stdin, job, (model,), inputs)

    def receive() -> None:
        # Closed then: a child that goes on writing ends by that.
        with suppress(runner.LostError, OSError, ValueError), stdout:
            most_ticks = job["cases"] * len(job["runtimes"])
            result, _, tensors = runner.read_frame(stdout, job["output_limit"], most_ticks, lambda: done.append(None))
            received.append((result, tensors))

    works = (send, receive, lambda: drain(stderr, printed))
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    # Told in this thread: what the caller's function raises is the caller's, and says nothing of the child.
    deadline, told = time.monotonic() + seconds, 0
    while threads[1].is_alive() and (left := deadline - time.monotonic()) > 0:
        threads[1].join(min(left, _PROGRESS_INTERVAL))
        if threads[1].is_alive() and len(done) > told:
            told = len(done)
            progress(told)
    if not threads[1].is_alive():
        # It ends by itself after its answer, unless its memory is damaged.
        with suppress(subprocess.TimeoutExpired):
            child.wait(_END_LIMIT)
    timed_out = child.returncode is None
    kill(child)
    for thread in threads:
        thread.join(_END_LIMIT)
    result, tensors = received[0] if received else ({}, [])
    text = printed.decode("utf-8", "replace")
    failure = Failure.TIME if timed_out else _find_failure(child.returncode, result, text)
    return Outcome(failure, how_it_ended(child.returncode, text), text, result, tensors)


def _find_failure(code: int, result: Mapping[str, Any], printed: str) -> Failure | None:
    if not result:
        lacked = any(words in printed for words in ("bad_alloc", "MemoryError", "Cannot allocate memory"))
        is_cpu = code < 0 and -code == getattr(signal, "SIGXCPU", None)  # Windows has no such limit
        return Failure.CPU if is_cpu else Failure.MEMORY if lacked else Failure.DIED
    if code != ("failed" in result):
        return Failure.DAMAGED
    return Failure(result["failed"]) if "failed" in result else None


def how_it_ended(code: int, printed: str) -> str:
    """How a process ended, in words: its signal or exit code, and the last line that it printed."""
    # Windows says by a large code what on others is a signal: 0xc0000005.
    how = f"signal {-code}" if code < 0 else f"exit code {code if code < 256 else hex(code)}"
    lines = (line.strip() for line in reversed(printed.splitlines()))
    last = next((line for line in lines if line and not line.startswith("INFO:")), "")
    return f"{how}: {last}" if last else how


def drain(stream: IO[bytes], kept: bytearray) -> None:
    """Read all that is printed, so that the child never waits; keep its beginning and its end."""
    with suppress(OSError, ValueError):
        while piece := stream.read1(65536):  # type: ignore[attr-defined]
            kept += piece
            if len(kept) > 2 * _KEPT_PRINT:
                del kept[_KEPT_PRINT:-_KEPT_PRINT]


def kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child, with all that it started, unless it has ended; its number may be another's by then."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
    child.wait()
