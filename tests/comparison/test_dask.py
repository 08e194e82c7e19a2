"""`packager compare --dask`: the same table from a cluster on this machine, whoever of its workers is lost."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from packager.comparison import Comparison, compare, comparison
from packager.errors import ConfigError
from tests.comparison.samples import in_threads, save_networks, save_pictures
from tests.processes import wait_for

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("dask")


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask, ended at the end."""
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        process = subprocess.Popen([PROGRAM, *arguments, "--no-dashboard"], stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler on the loopback, and its two workers, without nannies that would replace them."""
    folder = tmp_path_factory.mktemp("cluster")
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        port = address.rpartition(":")[2]
        stack.enter_context(started(folder, "scheduler", "--host", "127.0.0.1", "--port", port))
        workers = [
            stack.enter_context(started(folder, "worker", address, "--nthreads", "1", "--no-nanny")) for _ in range(2)
        ]
        log = folder / "scheduler.log"
        assert wait_for(lambda: log.read_text().count("Register worker") == 2, 60), log.read_text()
        yield address, workers


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory, models: Path) -> list[Path]:
    return save_networks(tmp_path_factory.mktemp("networks"), models)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    save_pictures(folder, 300, (32, 32))
    return folder


@pytest.fixture
def many_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of many more pictures: three units, for two workers. Latency is no matter of them."""
    monkeypatch.setattr(comparison, "_latency", lambda *_: None)
    monkeypatch.setattr(
        comparison, "slices", lambda samples, _workers, _size: [range(at, at + 100) for at in range(0, samples, 100)]
    )


def settled(given: Comparison) -> list[Any]:
    """All but the latency, which depends on the clock."""
    rows = given.to_json()["models"]
    return [{key: value for key, value in row.items() if key != "latency_ms"} for row in rows]


def test_it_is_the_same_table_and_a_lost_worker_costs_time(
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    networks: list[Path],
    pictures: Path,
    many_units: None,
    no_tflite_micro: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, workers = cluster
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "local_pool", in_threads)
        local = compare(networks, pictures)
    # The data by a relative path, which means another folder on the workers.
    monkeypatch.chdir(pictures.parent)
    assert settled(compare(networks, Path(pictures.name), dask=address)) == settled(local)

    told: list[str] = []

    def kill_one(text: str) -> None:
        told.append(text)
        if text.startswith("ran 100 "):
            workers[0].send_signal(signal.SIGKILL)

    assert settled(compare(networks, pictures, dask=address, progress=kill_one)) == settled(local)
    assert workers[0].wait(10) == -signal.SIGKILL
    assert "ran 300 of 300 samples" in told


def test_what_a_worker_lacks(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], networks: list[Path], tmp_path: Path, pictures: Path
) -> None:
    """A worker of another machine: it has no such folder, or not this package."""
    address = cluster[0]
    command = [
        sys.executable,
        "-c",
        "import sys; sys.modules['packager'] = None; from distributed.cli import dask_worker; dask_worker.main()",
    ]
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))
        other = subprocess.Popen([*command, address, "--no-nanny", "--no-dashboard"], stdout=log, stderr=log)
        stack.callback(other.wait)
        stack.callback(other.kill)
        assert wait_for(lambda: b"Registered to" in (tmp_path / "log").read_bytes(), 60)
        with pytest.raises(
            ConfigError, match=r"the Dask worker tcp://127\.0\.0\.1:\d+ has no tflite-packager"
        ) as caught:
            compare(networks, pictures, dask=address)
        assert (caught.value.fix or "").startswith("Install it there: pip install 'tflite-packager[dask]==")


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("nowhere", "'nowhere' is no address of a Dask scheduler"),
        ("foo://127.0.0.1:1", "'foo://127.0.0.1:1' is no address of a Dask scheduler"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1 within 1 s"),
    ],
)
def test_where_no_scheduler_is(
    address: str, what: str, networks: list[Path], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packager.comparison.pool.DASK_LIMIT", 1)
    began = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        compare(networks, pictures, dask=address)
    assert caught.value.what.startswith(what)
    assert time.monotonic() - began < 60


def test_a_scheduler_without_workers(
    networks: list[Path], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packager.comparison.pool.DASK_LIMIT", 3)
    address = f"tcp://127.0.0.1:{free_port()}"
    with started(tmp_path, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]):
        assert wait_for(lambda: "Scheduler at" in (tmp_path / "scheduler.log").read_text(), 60)
        with pytest.raises(ConfigError, match="has no workers"):
            compare(networks, pictures, dask=address)
