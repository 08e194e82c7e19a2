"""The child process in which models are loaded, run, trained and converted: the only one that imports TensorFlow.

``session.py`` starts it as a module of this package (``-P -m``, so that neither the current folder nor this one is
searched): unlike ``golden/runner.py`` it shares modules with its parent, and it takes in no .tflite that could take
an interpreter down. They converse in the frames of ``golden/runner.py``: a request is one frame whose header has the
name of a handler under ``request``; frames with ``progress`` (a text) may come before the one that answers. What a
handler cannot do it says by a ``RefusedError``, which is answered as ``refused``; the process goes on then, and any
other exception is answered as the refusal ``Reason.BUG``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import IO

from packager.convert.protocol import Answer, Handler, Reason, RefusedError, Request, Settings, State, TrainingPlan
from packager.errors import PackagerError
from packager.golden import runner

_MESSAGE_LIMIT = 65536


def _load(state: State, request: Request) -> Answer:
    from packager.convert.loading import load

    state.loaded = None
    state.loaded = load(
        Path(request.header["path"]),
        shapes={name: tuple(shape) for name, shape in request.header["shapes"].items()},
        trust=request.header["trust"],
    )
    return Answer(state.loaded.described())


def _convert(state: State, request: Request) -> Answer:
    from packager.convert.converting import convert

    assert state.loaded is not None
    settings = Settings(**request.header["settings"])
    return Answer(blobs=(convert(state, state.loaded, settings, request.tensors),))


def _predict(state: State, request: Request) -> Answer:
    from packager.convert.loading import predict

    assert state.loaded is not None
    return Answer(tensors=predict(state.loaded, request.tensors, state.progress))


def _train(state: State, request: Request) -> Answer:
    from packager.convert.training import train

    assert state.loaded is not None
    # Of the parent, whose process this one is a part of.
    dataset, annotated = pickle.loads(request.blobs[0])
    try:
        # Where the parent is: what people named is relative to that.
        with contextlib.chdir(request.header["folder"]):
            return Answer(train(state, state.loaded, TrainingPlan(**request.header["plan"]), dataset, annotated))
    except PackagerError as error:
        raise RefusedError(Reason.SAYS, what=error.what, fix=error.fix, where=error.where) from None


def _quantize(state: State, request: Request) -> Answer:
    from packager.convert.quantizing import quantize

    return Answer(blobs=(quantize(state, request.blobs[0], request.header["rules"], request.tensors),))


# By the name in a request. ``load``, ``convert`` and ``predict`` are of models of TensorFlow; ``quantize`` needs
# litert-quantizer only.
HANDLERS: dict[str, Handler] = {
    "load": _load,
    "convert": _convert,
    "predict": _predict,
    "quantize": _quantize,
    "train": _train,
}


def _answer(state: State, request: Request) -> Answer:
    try:
        return HANDLERS[request.header["request"]](state, request)
    except RefusedError as refusal:
        return Answer({"refused": refusal.reason, "facts": refusal.facts})
    except MemoryError:
        return Answer({"refused": Reason.MEMORY, "facts": {}})
    except Exception as error:  # the parent says that it happened, and where
        last = traceback.extract_tb(error.__traceback__)[-1]
        facts = {
            "type": type(error).__name__,
            "message": str(error)[:_MESSAGE_LIMIT],
            "place": f"{Path(last.filename).name}:{last.lineno}",
        }
        memory = facts["type"] == "ResourceExhaustedError"
        return Answer({"refused": Reason.MEMORY if memory else Reason.BUG, "facts": facts})


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    def progress(text: str) -> None:
        runner.write_frame(answers, {"progress": text}, (), [])

    state = State(Path.cwd(), progress)
    while True:
        header, blobs, tensors = runner.read_frame(requests, sys.maxsize)
        answer = _answer(state, Request(header, blobs, tensors))
        runner.write_frame(answers, answer.header, answer.blobs, list(answer.tensors))


def main(parent: int) -> None:
    """Answer the requests of the process ``parent`` until there are no more."""
    # Elsewhere than on Linux it notices at the end of a request that its parent has died.
    runner.die_with(parent)
    # What a library prints on standard output must not get among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(runner.LostError, OSError):
        _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(int(sys.argv[1]))
