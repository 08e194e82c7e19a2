"""What a use of hostile input may take of a machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Other work on the same cores has made sound code take five times as long as alone; what grows by the square takes
# hundreds of times as long.
_BUSY = 15


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """About ``seconds`` of processor time on an idle machine: fails what takes another order of magnitude."""
    start = time.process_time()
    yield
    took = time.process_time() - start
    assert took < seconds * _BUSY, f"{took:.1f} s"


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """No more memory than now and ``more`` bytes: an allocation beyond it is a MemoryError."""
    if sys.platform != "linux":
        pytest.skip("needs /proc and RLIMIT_AS")
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
