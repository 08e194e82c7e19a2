"""Who does the work: processes of this machine, or a Dask cluster; both are executors of ``concurrent.futures``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packager import __version__
from packager.errors import ConfigError, PackagerError
from packager.extras import Extra, require_extra
from packager.golden import runner
from packager.settings import Setting

DASK = Setting(None, "dask")
# Seconds to reach a scheduler, and for it to have a worker.
DASK_LIMIT = 10


@dataclass(frozen=True)
class Pool:
    """An executor, and how many units it does at a time."""

    executor: Executor
    workers: int


@contextmanager
def local_pool() -> Iterator[Pool]:
    """Processes of this machine, one a core; none is left at the end, however it comes.

    Raises:
        PackagerError: one of them was killed.
    """
    import multiprocessing
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

    count = cores()
    # Forking a process that has threads may hang; a spawned one is the same on every system.
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(count, context, _begin)
    try:
        yield Pool(executor, count)
    except BrokenProcessPool:
        raise PackagerError(
            "a process that did a part of the comparison was killed, mostly because the memory did not suffice",
            fix="Compare fewer models at a time, or do it on a machine with more memory.",
        ) from None
    except BaseException:
        # Not after what they are doing: they may have minutes of it.
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """The processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin() -> None:
    """What a worker process does first."""
    import multiprocessing

    # Ctrl-C is for the process that started it, which ends it; so does that one's end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        runner.die_with(parent.pid)


@contextmanager
def dask_pool(address: str, data: Path) -> Iterator[Pool]:
    """The workers of the Dask scheduler at ``address``, which must have this package and ``data`` (an absolute path).

    Raises:
        MissingPackageError: the extra ``dask`` is not installed.
        ConfigError: there is no scheduler, it has no workers, or one lacks something.
        PackagerError: units were lost again and again.
    """
    require_extra(Extra.DASK, "work on a Dask cluster")
    import distributed

    try:
        # A client whose address is none says so, and then waits for what never was.
        distributed.comm.get_address_host_port(address, strict=True)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{address!r} is no address of a Dask scheduler ({_reason(error)})",
            fix="It says where it listens: tcp://HOST:8786.",
            about=DASK,
        ) from None
    try:
        client = distributed.Client(address, timeout=DASK_LIMIT, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {address} within {DASK_LIMIT} s ({_reason(error)})",
            fix="Start one, and workers: dask scheduler, and dask worker ADDRESS",
            about=DASK,
        ) from None
    try:
        try:
            client.wait_for_workers(1, timeout=DASK_LIMIT)
        except TimeoutError:
            raise ConfigError(
                f"the Dask scheduler at {address} has no workers",
                fix=f"Start some: dask worker {address}",
                about=DASK,
            ) from None
        _check_workers(client, data)
        workers = sum(client.nthreads().values())
        yield Pool(client.get_executor(), workers)
    except distributed.KilledWorker as error:
        raise PackagerError(
            f"a part of the comparison was lost with each worker that did it, the last one {_last_worker(error)}",
            fix="Its log tells why; mostly the memory did not suffice.",
        ) from None
    finally:
        client.close(timeout=DASK_LIMIT)


def _last_worker(error: Any) -> str:
    return str(getattr(error.last_worker, "address", error.last_worker))


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _check_workers(client: Any, data: Path) -> None:
    answers: dict[str, Any] = client.run(describe, data, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            what = f"has no tflite-packager {__version__} ({_reason(answer)})"
            fix = f"Install it there: pip install 'tflite-packager[dask]=={__version__}'"
        elif answer[0] != __version__:
            what, fix = f"has tflite-packager {answer[0]}, and this is {__version__}", "Install the same one."
        elif not answer[1]:
            what, fix = f"has nothing at {data}", "Put the data, and the models, where all workers find them."
        else:
            continue
        raise ConfigError(f"the Dask worker {worker} {what}", fix=fix, about=DASK)


def describe(data: Path) -> tuple[str, bool]:
    """On a worker: the version of this package, and whether the data are there."""
    return __version__, data.exists()
