"""Which processes are alive, for tests of what must end with its parent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def alive(mark: str) -> list[int]:
    """The processes with PACKAGER_MARK=``mark`` in their environment: one that got it, its children and theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PACKAGER_MARK={mark}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether ``condition`` comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
