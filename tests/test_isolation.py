"""The child process that runs a model: what it may take and import, and that it never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from packager.annotated import AnnotatedModel, annotated_model
from packager.errors import ModelError, WriteError
from packager.golden import build_goldens, read_samples, runner, running
from packager.golden.isolation import Failure, Outcome, run_isolated
from packager.model import parse_model, read_model
from packager.runtimes import Runtime
from tests.conftest import PROJECT, needs_micro
from tests.kill_builds import main as kill_builds
from tests.models import Op, T, graph, options, pack, unpack
from tests.processes import alive, wait_for

pytestmark = pytest.mark.slow

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SINE = PROJECT / "examples/sine/sine.tflite"


def endless() -> bytes:
    """``while true``: a model that never answers."""
    loop = Op("WHILE", ["x"], ["y"], options("While", condSubgraphIndex=1, bodySubgraphIndex=2))
    model = unpack(graph([T("x", [1]), T("y", [1])], [loop], ["x"], ["y"]))
    condition = unpack(graph([T("x", [1]), T("true", [1], "bool", data=np.ones(1))], [], ["x"], ["true"]))
    body = unpack(graph([T("x", [1])], [], ["x"], ["x"]))
    always = condition.subgraphs[0].tensors[1]
    model.buffers.append(condition.buffers[always.buffer])
    always.buffer = len(model.buffers) - 1
    model.subgraphs += [*condition.subgraphs, *body.subgraphs]
    return pack(model)


def filled(megabytes: int) -> bytes:
    """An output of so many MB from a model of some bytes; the file does not tell its shape."""
    return graph(
        [
            T("x", [1]),
            T("dims", [1], "int32", data=np.array([megabytes << 18])),
            T("y", [], signature=[-1]),
        ],
        [Op("FILL", ["dims", "x"], ["y"], options("Fill"))],
        ["x"],
        ["y"],
    )


def scalar(model: bytes) -> bytes:
    """FILL takes a scalar."""
    unpacked = unpack(model)
    unpacked.subgraphs[0].tensors[0].shape = []
    return pack(unpacked)


def annotated(model: bytes) -> AnnotatedModel:
    return annotated_model(parse_model(model, "hostile.tflite"))


def refused(model: bytes, limit: int = 256) -> ModelError:
    given = annotated(model)
    with pytest.raises(ModelError) as caught:
        build_goldens(given, read_samples(given, [])[:1], [Runtime.LITERT], limit=limit)
    assert caught.value.where == "hostile.tflite"
    return caught.value


# --- limits ----------------------------------------


@posix_only
def test_a_model_that_never_ends_uses_up_its_cpu_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CPU_LIMIT", 2)
    started = time.monotonic()
    error = refused(endless())
    assert error.what == "LiteRT ran it for 2 s of CPU time without an answer"
    assert error.fix is not None
    assert time.monotonic() - started < 60


def test_a_model_that_never_ends_uses_up_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "TIME_LIMIT", 2)
    assert refused(endless()).what == "LiteRT ran it for 2 s without an answer"


@linux_only
def test_a_model_that_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the child that runs out of it, at its own limit."""
    monkeypatch.setattr(running, "memory_limit", lambda _model, _limit: 1 << 30)
    error = refused(scalar(filled(2000)), limit=4000)
    assert error.what in (
        "LiteRT needs more than 1,024 MB of memory to run it",
        # It depends on which allocation meets the limit.
        "LiteRT cannot run it and gives no reason; mostly 1,024 MB of memory are too few",
    )


def test_an_answer_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(scalar(filled(64)), limit=32)
    assert error.what == "its outputs for all golden cases take more than 32 MB"
    assert error.fix is not None
    given = annotated(scalar(filled(64)))
    goldens = build_goldens(given, read_samples(given, [])[:1], [Runtime.LITERT], limit=64)
    assert goldens.sets[Runtime.LITERT].cases[0].outputs[0].nbytes == 64 << 20


@posix_only
def test_limits_of_the_child(tmp_path: Path) -> None:
    """As the system has them, in a process that was limited so."""
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import runner; runner.limit_resources(3 << 30, 7)\n"
        "kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)\n"
        "print([resource.getrlimit(kind)[0] for kind in kinds])"
    )
    command = [sys.executable, "-c", code, str(Path(runner.__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [f"[{3 << 30},", "7,", "0,", "0]"]


# --- what it imports and where it works ----------------------------------------

PLANTED = "import os; open(os.environ['PLANTED'], 'a').write(__name__ + '\\n'); raise SystemExit('planted')\n"


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder whose modules say that they were run."""
    folder = tmp_path / "downloaded"
    for name in ("json", "random", "struct", "threading", "flatbuffers", "typer"):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(PLANTED)
    for name in ("numpy", "packager", "ai_edge_litert", "tflite_micro", "PIL"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(PLANTED)
    (folder / "sine.tflite").write_bytes(SINE.read_bytes())
    monkeypatch.setenv("PLANTED", str(tmp_path / "planted"))
    monkeypatch.chdir(folder)
    yield folder
    assert not (tmp_path / "planted").exists(), (tmp_path / "planted").read_text()


@needs_micro
@pytest.mark.parametrize("search", [None, "", os.pathsep])
def test_nothing_is_imported_from_the_current_folder(
    planted: Path, search: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the command either, as it is installed."""
    if search is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", search)
    given = annotated_model(read_model(Path("sine.tflite")))
    goldens = build_goldens(given, read_samples(given, []), [Runtime.LITERT, Runtime.TFLITE_MICRO])
    assert len(goldens.sets) == 2
    if search == os.pathsep:
        return  # Python itself takes the empty entry for the current folder.
    command = Path(sys.executable).with_name("packager")
    for target in ("pi", "micro"):
        ran = subprocess.run(
            [command, target, "sine.tflite", "-o", "../out-" + target], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


def test_a_relative_search_path_means_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who names a folder in PYTHONPATH wants it searched, wherever the child works."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/numpy.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "mine")
    given = annotated(SINE.read_bytes())
    with pytest.raises(ModelError, match="mine"):
        build_goldens(given, read_samples(given, []), [Runtime.LITERT])


def run_small(**given: object) -> Outcome:
    job = {"runtimes": ["litert"], "cases": 1, "inputs": 1, "outputs": 1, "arena_limit": 1 << 20}
    limits = {"seconds": 60, "cpu_seconds": 60, "memory_bytes": 4 << 30, "output_limit": 1 << 20, **given}
    return run_isolated(job, SINE.read_bytes(), [np.zeros((1, 1), np.int8)], **limits)  # type: ignore[arg-type]


@linux_only
def test_it_works_in_a_folder_where_nothing_can_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is gone before it begins: the parent's death leaves nothing, and a model can write nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[str] = []
    started = subprocess.Popen

    def watched(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        child = started(*arguments, **options)  # type: ignore[call-overload]
        seen.append(str(Path(f"/proc/{child.pid}/cwd").readlink()))
        return child  # type: ignore[no-any-return]

    monkeypatch.setattr(subprocess, "Popen", watched)
    assert run_small().failure is None
    assert seen[0].startswith(str(tmp_path / "packager-"))
    assert list(tmp_path.iterdir()) == []


def test_no_temporary_folder_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(WriteError, match="needs a temporary folder, and none can be made: No such file") as caught:
        run_small()
    assert str(tmp_path / "absent") in (caught.value.where or "")
    assert "TMPDIR" in (caught.value.fix or "")


# --- what comes back ----------------------------------------


GOOD_ANSWER = b'{"litert": "1", "blobs": [], "tensors": [["<f4", [1]]]}'


@posix_only
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"short",
        (1 << 60).to_bytes(8, "little") + b"{}",
        bytes(8),
        bytes(8_000_000),
        # One case was asked for, and two are done.
        bytes(16) + len(GOOD_ANSWER).to_bytes(8, "little") + GOOD_ANSWER + bytes(4),
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (35).to_bytes(8, "little") + b'{"blobs": [], "tensors": [["O", 1]]}'[:35],
        *(
            len(text).to_bytes(8, "little") + text
            for text in (
                b'{"litert": "1", "blobs": [], "tensors": [["<f4", [1000000000000]]]}',
                b'{"litert": "1", "blobs": [], "tensors": [["<f4", [-4]]]}',
                b'{"litert": "1", "blobs": [], "tensors": [["<f4", [-4, -4]]]}',
                b'{"litert": "1", "blobs": [-4], "tensors": []}',
                b'{"litert": "1", "blobs": [], "tensors": [["|O", [1]]]}' + bytes(8),
                b'{"litert": "1", "blobs": [], "tensors": [["<f4", [4]]]}' + bytes(15),
            )
        ),
    ],
)
def test_an_answer_that_is_none(answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that took its process over can answer anything."""
    outcome = run_forged(answer, tmp_path, monkeypatch)
    assert (outcome.failure, outcome.tensors) == (Failure.DIED, [])


def run_forged(answer: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """What comes of a child that says these bytes."""
    (folder / "answer").write_bytes(answer)
    forged = folder / "python"
    forged.write_text(f"#!/bin/sh\nexec cat '{folder / 'answer'}'\n")
    forged.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(forged))
    return run_small()


@posix_only
@pytest.mark.parametrize("ticks", [0, 1])
def test_an_answer_behind_its_ticks(ticks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = bytes(8 * ticks) + len(GOOD_ANSWER).to_bytes(8, "little") + GOOD_ANSWER + bytes(4)
    outcome = run_forged(answer, tmp_path, monkeypatch)
    assert (outcome.failure, [tensor.tolist() for tensor in outcome.tensors]) == (None, [[0.0]])


@posix_only
def test_what_it_prints_is_kept_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chatty = tmp_path / "python"
    chatty.write_text("#!/bin/sh\necho first >&2; yes | head -c 20000000 >&2; echo last >&2; exit 3\n")
    chatty.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(chatty))
    outcome = run_small()
    assert outcome.how == "exit code 3: last"
    assert "first\n" in outcome.printed[:100]  # behind what the shell says of its folder
    assert len(outcome.printed) <= 40000


# --- progress ----------------------------------------


def slow(steps: int = 4) -> bytes:
    """A model of so many convolutions, each of which takes about a tenth of a second."""
    once = options("Conv2D", strideW=1, strideH=1)
    shape = [1, 128, 128, 64]
    weights, bias = T("w", [64, 5, 5, 64], data=np.zeros((64, 5, 5, 64))), T("b", [64], data=np.zeros(64))
    nodes = [Op("CONV_2D", [str(number), "w", "b"], [str(number + 1)], once) for number in range(steps)]
    return graph([weights, bias, *(T(str(number), shape) for number in range(steps + 1))], nodes, ["0"], [str(steps)])


def test_it_tells_how_far_it_is() -> None:
    """The cases that are done of each runtime, in order; of a run that takes a moment, nothing."""
    told: list[tuple[Runtime, int]] = []
    given = annotated(slow())
    runtimes = [Runtime.LITERT, Runtime.LITERT_REFERENCE]
    build_goldens(given, read_samples(given, []), runtimes, progress=lambda *done: told.append(done))
    assert told == sorted(told, key=lambda item: (runtimes.index(item[0]), item[1]))
    assert len(set(told)) == len(told) >= 2
    assert {done for _, done in told} <= {0, 1, 2, 3}
    told.clear()
    given = annotated(SINE.read_bytes())
    build_goldens(given, read_samples(given, []), [Runtime.LITERT], progress=lambda *done: told.append(done))
    assert told in ([], [(Runtime.LITERT, 3)])  # the last, where a busy machine takes its time to end


@linux_only
def test_whoever_is_told_may_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that is gone, say: that is no failure of the model, and the child ends."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("PACKAGER_MARK", mark)
    given = annotated(slow())

    def gone(_runtime: Runtime, _done: int) -> None:
        assert len(alive(mark)) == 1
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        build_goldens(given, read_samples(given, []), [Runtime.LITERT_REFERENCE], progress=gone)
    assert wait_for(lambda: not alive(mark))


# --- the end of the parent ----------------------------------------


@linux_only
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "error: terminated\n"),
        (signal.SIGINT, 130, "error: interrupted\n"),
        (signal.SIGHUP, 129, "error: the terminal was closed\n"),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_a_child_never_outlives_its_parent(tmp_path: Path, number: signal.Signals, code: int, said: str) -> None:
    """Killed in the middle of a model that never ends, in every way there is."""
    (tmp_path / "model.tflite").write_bytes(endless())
    (tmp_path / "temporary").mkdir()
    mark = uuid.uuid4().hex
    command: list[str | Path] = [Path(sys.executable).with_name("packager"), "pi", "model.tflite", "-o", "out"]
    environment = {**os.environ, "PACKAGER_MARK": mark, "TMPDIR": str(tmp_path / "temporary")}
    parent = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    assert wait_for(lambda: len(alive(mark)) == 2)
    time.sleep(0.3)
    parent.send_signal(number)
    _, printed = parent.communicate(timeout=20)
    assert parent.returncode == code
    assert printed.removeprefix("computing 3 golden cases (litert)\n") == said
    assert wait_for(lambda: not alive(mark))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tflite", "temporary"]
    assert list((tmp_path / "temporary").iterdir()) == []


@linux_only
def test_probes_of_the_arena_die_too(tmp_path: Path) -> None:
    """They are children of the child."""
    mark = uuid.uuid4().hex
    code = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]); import runner\n"
        "runner.die_with_parent(sys.stdin.fileno())\n"
        "runner._survives(lambda size: time.sleep(60), 1024)"
    )
    command = [sys.executable, "-c", code, str(Path(runner.__file__).parent)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "PACKAGER_MARK": mark})
    assert wait_for(lambda: len(alive(mark)) == 2)
    child.kill()
    child.communicate()
    assert wait_for(lambda: not alive(mark))


@posix_only
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_it_sees_the_end_of_its_parent(platform: str) -> None:
    """By the system's signal, and where there is none by the pipe that only its parent holds."""
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import runner\n"
        f"sys.platform = {platform!r}\n"
        "runner.die_with_parent(sys.stdin.fileno()); print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(Path(runner.__file__).parent)]
    # A shell between this process and the child dies without a word to it.
    middle = (
        "import sys; from subprocess import PIPE, Popen; child = Popen(sys.argv[1:], stdin=PIPE, stdout=PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", middle, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    number = int(parent.stdout.readline())
    os.kill(number, 0)
    parent.kill()
    parent.communicate()

    def is_gone() -> bool:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        return state == "Z"

    assert wait_for(is_gone)


def test_a_second_signal_ends_it_at_once() -> None:
    code = (
        "import os, signal, sys, time, types; from packager import __main__\n"
        "def app():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    finally:\n        os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
        "sys.modules['packager.cli'] = types.SimpleNamespace(app=app)\n"
        "__main__.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    assert (ran.returncode, ran.stderr) == (-signal.SIGTERM, b"")


def test_an_ignored_signal_stays_ignored() -> None:
    """As nohup and background jobs have it."""
    code = (
        "import os, signal, sys, types; from packager import __main__\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "app = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.modules['packager.cli'] = types.SimpleNamespace(app=app)\n"
        "__main__.main(); print('went on')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stdout) == (0, "went on\n")


@needs_micro
@linux_only
def test_builds_that_are_killed_leave_nothing() -> None:
    """A few; ``make long`` kills 200."""
    assert sum(kill_builds(2, seed=3).values()) == 2
