"""Generated packages as services: started, asked, and looked into while they run."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        text: str = self.document["error"]
        return text


@dataclass(frozen=True)
class Service:
    """A package that serves."""

    process: subprocess.Popen[str]
    port: int

    def ask(
        self,
        path: str = "/predict",
        body: bytes | None = None,
        kind: str = "image/png",
        method: str = "",
        **headers: str,
    ) -> Answer:
        """The answer to one request, over a connection of its own."""
        given = {"Content-Type": kind} if body is not None else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request(method or ("GET" if body is None else "POST"), path, body, given)
            return read_answer(connection.getresponse())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def say(self, data: bytes) -> Answer:
        """The first answer to ``data``."""
        with self.connect() as connection:
            connection.sendall(data)
            return next(answers_on(connection))

    def megabytes(self, what: str) -> float:
        """Of the process: VmRSS, what it has; VmHWM, the most that it had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = re.findall(rf"{what}:\s+(\d+) kB", status)
        return int(kilobytes) / 1024

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, list[str]]:
        """The exit code, and what the service said on stderr but for what LiteRT says."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, [line for line in said.splitlines() if not line.startswith("INFO")]


def read_answer(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, dict(response.getheaders()), response.read())


def answers_on(connection: socket.socket) -> Iterator[Answer]:
    """What comes on a connection, answer after answer, until the other side closes it."""
    with connection.makefile("rb") as file:

        class Stream:
            def makefile(self, _mode: str) -> Any:
                return file

        while file.peek(1):
            response = http.client.HTTPResponse(Stream())  # type: ignore[arg-type]
            # It would close the file with the first of them.
            response.close = lambda: None  # type: ignore[method-assign]
            response.begin()
            length = response.getheader("Content-Length")
            yield Answer(response.status, dict(response.getheaders()), file.read(int(length or 0)))


@contextmanager
def served(
    folder: Path, package: str, *options: str, program: str = "", environment: Mapping[str, str] = os.environ
) -> Iterator[Service]:
    """The service of a package in ``folder``, which ends in peace if the test lets it.

    ``program`` may call it in place of ``python -m``.
    """
    start = ["-c", program] if program else ["-m", package]
    process = subprocess.Popen(
        [sys.executable, *start, "serve", "--port", "0", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        started = re.fullmatch(r"http://\S+:(\d+)/ .*\n", process.stdout.readline())
        assert started, process.communicate()[1]
        service = Service(process, int(started[1]))
        yield service
        if process.poll() is None:
            code, said = service.stop()
            assert (code, said) == (0, [])
    finally:
        process.kill()
        process.communicate()


def wait_until(what: Any, seconds: float = SECONDS) -> None:
    """Until ``what()`` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)
