"""The command line: see README.md."""

from __future__ import annotations

import sys

from .console import run


def main() -> int:
    # Imported here, so that one who interrupts while NumPy is loaded gets no traceback.
    from .command import command

    return command()


if __name__ == "__main__":
    sys.exit(run(main))
