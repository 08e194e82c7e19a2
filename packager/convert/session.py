"""This side of the child process in which models are loaded, run, trained and converted; see ``worker.py``.

The process has a temporary folder of its own as its current one, is a group of its own with all that it starts, and
is killed with that and the folder removed when the session ends, however it ends. TensorFlow's own messages are never
shown; the last of them are kept for the message of an error.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from packager.annotated import AnnotatedModel
from packager.convert.explaining import explain
from packager.convert.protocol import QuantizerRule, Reason, Settings, TrainingPlan
from packager.dataset import Dataset
from packager.errors import ModelError
from packager.golden import runner
from packager.golden.isolation import child_environment, drain, how_it_ended, kill, temporary_folder

Array = np.ndarray[Any, Any]
Samples = Sequence[tuple[Array, ...]]

# Seconds for one request: a large model is calibrated on hundreds of samples in a part of that.
TIME_LIMIT = 3600
# What a worker may answer with, in bytes.
_ANSWER_LIMIT = 1 << 34

# Before TensorFlow is imported. CUDA and oneDNN compute other last bits on other machines.
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "KERAS_BACKEND": "tensorflow",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True)
class SourceTensor:
    """An input or output of a source: of an input's shape the batch is 1, and None is open."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class SourceLayer:
    """A layer of a Keras model: its name, its class, and how many numbers it learned."""

    name: str
    kind: str
    parameters: int


@dataclass(frozen=True)
class Source:
    """A model that a session loaded; ``format`` is "Keras 3", "Keras 2" or "SavedModel", which tells no layers."""

    path: Path
    format: str
    inputs: tuple[SourceTensor, ...]
    outputs: tuple[SourceTensor, ...]
    layers: tuple[SourceLayer, ...]
    parameters: int


@dataclass(frozen=True)
class Training:
    """The epochs that a model was trained for, and the loss on what was held out, before and after.

    ``zeros`` is the part of the weights of its kernels that are zero.
    """

    epochs: int
    loss_before: float
    loss_after: float
    zeros: float


@dataclass(frozen=True)
class Reply:
    """What the worker answered."""

    header: Mapping[str, Any]
    blobs: Sequence[bytes]
    tensors: runner.Tensors


class Session:
    """A child process with TensorFlow, which keeps the model that was loaded last.

    ``progress`` is called with how far a request is. A session whose process died, or took longer than
    ``time_limit`` seconds for one request, answers no more.

    Raises:
        WriteError: no temporary folder can be made.
    """

    def __init__(
        self, *, progress: Callable[[str], None] = lambda _text: None, time_limit: float = TIME_LIMIT
    ) -> None:
        """Start the process."""
        self._progress = progress
        self._time_limit = time_limit
        self._path: Path | None = None
        self._asked: tuple[Path, dict[str, list[int]], bool] | None = None
        self._source: Source | None = None
        self._printed = bytearray()
        self._frames: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        with ExitStack() as stack:
            folder = stack.enter_context(temporary_folder("converting"))
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-B", "-m", "packager.convert.worker", str(os.getpid())],
                cwd=folder,
                env={**child_environment(), **_ENVIRONMENT, "TMPDIR": folder},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=None if sys.platform == "win32" else 0,
            )
            stack.callback(self._end)
            assert self._child.stderr is not None
            works = (self._receive, lambda: drain(self._child.stderr, self._printed))
            self._threads = [threading.Thread(target=work, daemon=True) for work in works]
            for thread in self._threads:
                thread.start()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End the process, and remove its folder."""
        self.close()

    def close(self) -> None:
        """End the process, and remove its folder."""
        self._stack.close()

    def _end(self) -> None:
        kill(self._child)
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            assert stream is not None
            with suppress(OSError, ValueError):
                stream.close()

    def _receive(self) -> None:
        assert self._child.stdout is not None
        with suppress(runner.LostError, OSError, ValueError):
            while True:
                self._frames.put(Reply(*runner.read_frame(self._child.stdout, _ANSWER_LIMIT)))
        self._frames.put(None)

    def ask(
        self, request: str, /, blobs: Sequence[bytes] = (), tensors: runner.Tensors | None = None, **header: Any
    ) -> Reply:
        """Have the worker's handler ``request`` answer.

        Args:
            request: the name of a handler, a key of ``worker.HANDLERS``.
            blobs: bytes for it.
            tensors: arrays for it.
            header: JSON for it.

        Raises:
            ModelError: it cannot, the process died, or it takes longer than the time limit.
        """
        if self._child.returncode is not None:
            raise ModelError("the process that had the model died before", where=self._path, fix="Load it again.")
        stdin = self._child.stdin
        assert stdin is not None

        def send() -> None:
            with suppress(OSError, ValueError):
                runner.write_frame(stdin, {"request": request, **header}, blobs, tensors or [])

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        deadline = time.monotonic() + self._time_limit
        while True:
            try:
                reply = self._frames.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                kill(self._child)
                raise ModelError(
                    f"no answer after {self._time_limit:g} s of {_VERBS.get(request, request)}",
                    where=self._path,
                    fix="Give fewer representative samples, or a larger time limit.",
                ) from None
            if reply is None:
                raise self._death(request)
            if "progress" in reply.header:
                self._progress(str(reply.header["progress"]))
                continue
            sender.join()
            self._progress("")
            if "refused" in reply.header:
                raise explain(Reason(reply.header["refused"]), reply.header["facts"], self._path)
            return reply

    def _death(self, request: str) -> ModelError:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(5)
        kill(self._child)
        self._threads[1].join(5)
        text = self._printed.decode("utf-8", "replace")
        killed = self._child.returncode == -getattr(signal, "SIGKILL", 0)
        return ModelError(
            f"the process died while {_VERBS.get(request, request)} ({how_it_ended(self._child.returncode, text)})",
            where=self._path,
            fix="Mostly the system ended it because memory ran out: give fewer representative samples."
            if killed
            else "TensorFlow crashed on this model: try another recipe, or leave out layers until it converts.",
        )

    def load(
        self, path: Path | str, *, shapes: Mapping[str, Sequence[int]] | None = None, trust: bool = False
    ) -> Source:
        """Load a ``.keras`` or ``.h5`` file, or the folder of a SavedModel; nothing where it was the last.

        Args:
            path: the model.
            shapes: by the names of inputs, their shapes where dimensions other than the batch are open; "" is the
                name of an only input.
            trust: let the file bring Python code (a Lambda layer), which runs then.

        Raises:
            ModelError: it cannot be loaded, or its weights are not finite.
        """
        given = {name: list(shape) for name, shape in (shapes or {}).items()}
        asked = (Path(path), given, trust)
        if self._source is not None and self._asked == asked:
            return self._source
        self._path, self._asked, self._source = Path(path), asked, None
        found = self.ask("load", path=str(Path(path).absolute()), shapes=given, trust=trust).header
        self._source = Source(
            path=self._path,
            format=found["format"],
            inputs=tuple(_tensor(*item) for item in found["inputs"]),
            outputs=tuple(_tensor(*item) for item in found["outputs"]),
            layers=tuple(SourceLayer(*item) for item in found["layers"]),
            parameters=found["parameters"],
        )
        return self._source

    def convert(self, settings: Settings, representative: Samples = ()) -> bytes:
        """The .tflite of the model that was loaded; the same arguments give the same bytes.

        ``representative`` are the samples that quantization is calibrated on: for each input an array of its shape
        with the batch of 1, in the source's order, of real values.

        Raises:
            ModelError: the converter refuses it.
        """
        tensors = [array for sample in representative for array in sample]
        return bytes(self.ask("convert", settings=vars(settings), tensors=tensors).blobs[0])

    def predict(self, samples: Samples) -> list[tuple[Array, ...]]:
        """What the model itself answers to each sample (an array for each input, with the batch of 1).

        Raises:
            ModelError: it cannot run.
        """
        assert self._source is not None
        tensors = self.ask("predict", tensors=[array for sample in samples for array in sample]).tensors
        count = len(self._source.outputs)
        return [tuple(tensors[start : start + count]) for start in range(0, len(tensors), count)]

    def quantize(self, data: bytes, rules: Sequence[QuantizerRule], representative: Samples = ()) -> bytes:
        """A float .tflite quantized by litert-quantizer; TensorFlow is not imported for that.

        Raises:
            ModelError: litert-quantizer refuses it.
        """
        tensors = [array for sample in representative for array in sample]
        described = [list(dataclasses.astuple(rule)) for rule in rules]
        return bytes(self.ask("quantize", blobs=(data,), tensors=tensors, rules=described).blobs[0])

    def train(self, plan: TrainingPlan, dataset: Dataset, annotated: AnnotatedModel) -> Training:
        """Train the model that was loaded on; what comes of it takes its place.

        Args:
            plan: how.
            dataset: what it is trained on, and of which every tenth sample tells when to stop.
            annotated: a .tflite of the model, which tells how samples go into it.

        Raises:
            ModelError: it cannot be trained, or a sample cannot be read.
        """
        found = self.ask(
            "train", [pickle.dumps((dataset, annotated))], plan=vars(plan), folder=str(Path.cwd())
        ).header
        before, after = found["loss"]
        return Training(found["epochs"], before, after, found["zeros"])


_VERBS = {
    "train": "training",
    "load": "loading",
    "convert": "converting",
    "predict": "running",
    "quantize": "quantizing",
}


def _tensor(name: str, shape: Sequence[int | None], dtype: str) -> SourceTensor:
    return SourceTensor(name, tuple(shape), dtype)
