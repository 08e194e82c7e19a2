"""The Edge TPU: the same model, compiled for it, through libedgetpu as a delegate."""

from __future__ import annotations

import ctypes
import platform
from typing import Any

from .errors import InstallationError
from .finding import Finding

# What a model may be asked to run on.
DEVICES = ["auto", "cpu", "edgetpu", "edgetpu:usb", "edgetpu:pci"]
LIBRARIES = {"Darwin": "libedgetpu.1.dylib", "Windows": "edgetpu.dll"}
LIBRARY = LIBRARIES.get(platform.system(), "libedgetpu.so.1")
# The reasons for which a machine just has none.
ABSENT = ["no-library", "no-device"]
# Where there are builds of it for today's systems and runtimes.
BUILDS = "github.com/feranick/libedgetpu/releases"


class EdgeTpuError(InstallationError):
    """The model does not run on the Edge TPU: ``finding`` says why by name."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding

    @classmethod
    def failed(cls, error: object) -> EdgeTpuError:
        """The error for what happens while the model runs."""
        return cls(
            Finding(
                "failed",
                f"the Edge TPU has failed ({_line(error)})",
                "is it still plugged in, at a port that gives it enough current?",
            )
        )


def open_on_edge_tpu(litert: Any, path: str, threads: int, device: str) -> Any:
    """An interpreter of the compiled model at ``path``, its tensors allocated.

    ``litert`` is the module that has ``Interpreter``, ``device`` one of ``DEVICES``.

    See ``survival`` first: a wrong library may kill the process.

    Raises:
        EdgeTpuError: it cannot be had.
    """
    kind = device.partition(":")[2]
    try:
        delegate = litert.load_delegate(LIBRARY, {"device": kind} if kind else {})
    except ValueError:
        raise EdgeTpuError(_no_device(kind)) from None
    try:
        interpreter = litert.Interpreter(
            model_path=path, num_threads=threads, experimental_delegates=[delegate]
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise EdgeTpuError(_refusal(_line(error), litert)) from None
    return interpreter


def check_library() -> None:
    """See that libedgetpu can be loaded, and is it.

    Raises:
        EdgeTpuError: it cannot, or is something else.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise EdgeTpuError(_unloadable(_line(error))) from None
    if not hasattr(library, "tflite_plugin_create_delegate"):
        raise EdgeTpuError(
            Finding(
                "wrong-library",
                f"{LIBRARY} is something else, or older than delegates",
                f"install libedgetpu1-std from {BUILDS}",
            )
        )


def _unloadable(error: str) -> Finding:
    """Why the system does not load the library, by what it says."""
    is_absent = "No such file" in error or "could not find" in error.lower()
    if is_absent and not error.startswith(LIBRARY) and ": cannot open" in error:
        needed = error.partition(":")[0]
        package = "libusb-1.0-0" if "libusb" in needed else f"what has {needed}"
        return Finding(
            "missing-dependency",
            f"{LIBRARY} needs {needed}, which is not installed",
            f"sudo apt install {package}",
        )
    if is_absent or "image not found" in error:
        return Finding(
            "no-library",
            f"{LIBRARY} is not installed",
            f"install the package libedgetpu1-std for this system from {BUILDS} "
            "(on a Coral Dev Board: sudo apt install libedgetpu1-std)",
        )
    return Finding(
        "wrong-library",
        f"{LIBRARY} is damaged, or for another system ({error})",
        f"remove it, and install libedgetpu1-std for this one from {BUILDS}",
    )


def _no_device(kind: str) -> Finding:
    where = {"usb": " at USB", "pci": " at PCIe"}.get(kind, "")
    return Finding(
        "no-device",
        f"libedgetpu finds no Edge TPU{where} that it may use",
        "plug it in again, which its rights take after the installation of libedgetpu; "
        "join the group plugdev (USB) or apex (PCIe), and log in again",
    )


def _refusal(error: str, litert: Any) -> Finding:
    """Why an interpreter with the delegate does not take the model, by what it says."""
    runtime = litert.__name__.split(".")[0]
    if "requires runtime version" in error:
        return Finding(
            "old-library",
            f"libedgetpu is too old for the model ({error})",
            f"install a newer libedgetpu1-std from {BUILDS}, or compile the model with "
            "edgetpu_compiler --min_runtime_version",
        )
    if "op for builtin opcode" in error:
        return Finding(
            "old-runtime",
            f"{runtime} is too old for the model ({error})",
            f"pip install --upgrade {runtime.replace('_', '-')}",
        )
    if "custom op handler" in error:
        return Finding(
            "mismatch",
            f"libedgetpu was built for another version than {runtime} ({error})",
            f"install the libedgetpu1-std for its version from {BUILDS}; on a Coral "
            "Dev Board, sudo apt install python3-tflite-runtime and use that one",
        )
    if "edgetpu-custom-op" in error:
        return Finding(
            "not-delegated",
            "libedgetpu has not taken the compiled model over",
            f"install the libedgetpu1-std for {runtime} from {BUILDS}",
        )
    return Finding(
        "refused",
        f"the compiled model cannot be loaded ({error})",
        "compile it again with edgetpu_compiler, and package it again",
    )


def _line(error: object) -> str:
    return " ".join(str(error).split())
