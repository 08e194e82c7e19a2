"""The process of the command line: a signal to stop ends it in one line, with nothing left behind.

Python's own way with SIGTERM is to end at once, without cleaning up, and with Ctrl-C to print a traceback. Here both
raise an exception, so that child processes, temporary folders and half-written files go; the exit code is that of a
shell, 128 and the signal's number. This module imports nothing that takes time, so that a signal is understood early.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

_WORDS = {
    "SIGINT": "interrupted",
    "SIGTERM": "terminated",
    "SIGHUP": "the terminal was closed",
    "SIGBREAK": "interrupted",  # Ctrl-Break, and a terminal that is closed, on Windows
}


class _StopError(BaseException):
    """A signal asks this process to end. No Exception, so that nothing takes it for a failure of its own."""


def main() -> None:
    """The entry point of the command ``packager``."""
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        # The next one ends this process at once, should the cleaning up take too long.
        signal.signal(number, signal.SIG_DFL)
        raise _StopError

    for name in _WORDS:
        # What is ignored (nohup) stays ignored; Windows has no SIGHUP, and no other system SIGBREAK.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        from packager.cli import app

        app()
    except BaseException:
        # Whatever came out: an import that was interrupted fails in its own way.
        if not received:
            raise
        # The terminal has written ^C on the line of a question.
        start = "\n" if os.isatty(2) else ""
        with suppress(OSError):
            os.write(2, f"{start}error: {_WORDS[signal.Signals(received[0]).name]}\n".encode())
        sys.exit(128 + received[0])


if __name__ == "__main__":
    main()
