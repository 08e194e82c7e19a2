"""The command line: see README.md."""

from __future__ import annotations

import sys

from .console import run


def main() -> int:
    # Imported here, so that one who interrupts while NumPy is loaded gets no traceback,
    # and that the doctor comes where it cannot be loaded at all.
    if sys.argv[1:2] == ["doctor"]:
        from .doctor import command
    else:
        from .command import command

    return command()


def script() -> int:
    """What the command digits does."""
    return run(main)


if __name__ == "__main__":
    sys.exit(script())
