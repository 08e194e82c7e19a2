"""Whether this process would survive the Edge TPU's library."""

from __future__ import annotations

import subprocess
import sys

from .edge_tpu import BUILDS, EdgeTpuError, check_library
from .files import FOLDER
from .finding import Finding

SECONDS = 60
# In a process of its own: a library that was built for another TensorFlow Lite than
# the runtime does not always say so, but kills what loads the model.
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from digits.edge_tpu import open_on_edge_tpu
from digits.runtime import import_litert
open_on_edge_tpu(import_litert(), sys.argv[2], 1, sys.argv[3])
"""


def check_survival(device: str) -> None:
    """Load the compiled model in another process first.

    Raises:
        EdgeTpuError: there is no library, or that process has died of it.
    """
    check_library()
    model = str(FOLDER / "model_edgetpu.tflite")
    command = [sys.executable, "-c", CHILD, str(FOLDER.parent), model, device]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EdgeTpuError(
            Finding(
                "stuck",
                f"libedgetpu has not loaded the model within {SECONDS} s",
                "plug the Edge TPU in again",
            )
        ) from None
    # What it raises is raised here too, and told then. Windows has large numbers.
    if not 0 <= done.returncode <= 255:
        raise EdgeTpuError(
            Finding(
                "crash",
                f"libedgetpu kills Python ({done.returncode}): it was built for "
                "another version than LiteRT",
                f"install the libedgetpu1-std for its version from {BUILDS}",
            )
        )
