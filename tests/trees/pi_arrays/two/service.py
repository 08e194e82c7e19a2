"""The model as a service: HTTP on one port, with nothing but Python's own library.

A thread for each connection reads requests and writes answers; one thread runs the
model, on one request after the other. See README.md for what may be asked.
"""

from __future__ import annotations

import base64
import hashlib
import io
import ipaddress
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Callable

from .console import json_text, tell
from .errors import InputError, InstallationError
from .files import read_own_file
from .openapi import build_openapi
from .request import TYPES, read_request
from .selftest import find_problems, read_golden

MOST_CONNECTIONS = 64
# Of the requests that come in or wait, together.
MOST_BYTES_HELD = 1 << 26
CHUNK = 1 << 16
# How long one who was refused may still send, so that the answer reaches him.
LINGERING_SECONDS = 2
LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"]
# Browsers take an answer for nothing else than it says, and keep none.
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Refusal(Exception):
    """A request that is not answered: the status says how, the message why."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): headers[name] for name in headers}


class PatientReader(io.RawIOBase):
    """What comes through a socket until ``deadline``, a time of ``time.monotonic``."""

    def __init__(self, connection: socket.socket) -> None:
        self.deadline = 0.0
        self._connection = connection

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for some bytes; raises socket.timeout at the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Service

    def setup(self) -> None:
        """Read with a deadline for each request, not for each of its bytes."""
        super().setup()
        self.rfile.close()
        self._reader = PatientReader(self.connection)
        self.rfile = io.BufferedReader(self._reader)
        # Whether bytes of the request are still to come.
        self._is_unread = False

    def handle_one_request(self) -> None:
        """Wait for the next request, and answer it."""
        self._reader.deadline = time.monotonic() + self.server.seconds
        if self.server.mark(self.connection, is_idle=True):
            super().handle_one_request()
        else:
            self.close_connection = True

    def parse_request(self) -> bool:
        """Its first line is there."""
        self.server.mark(self.connection, is_idle=False)
        self._is_unread = True
        if not super().parse_request():
            return False
        length = self.headers.get("Content-Length", "0")
        self._is_unread = length != "0" or "Transfer-Encoding" in self.headers
        return True

    def handle_expect_100(self) -> bool:
        """Not before it is known whether the request is welcome."""
        return True

    def do_GET(self) -> None:
        """The page, its description for programs, and whether all is well."""
        try:
            self._check_names()
            path = self.path.partition("?")[0]
            if path == "/":
                policy = {"Content-Security-Policy": self.server.policy}
                self._send(200, self.server.page, "text/html; charset=utf-8", policy)
            elif path == "/openapi.json":
                self._send_json(200, self.server.openapi)
            elif path == "/health":
                health = self.server.report()
                self._send_json(200 if health["status"] == "ok" else 503, health)
            elif path in self.server.answers:
                raise Refusal(405, f"{path} takes POST", Allow="POST")
            else:
                raise Refusal(404, "there is no such path: see /openapi.json")
        except Refusal as refusal:
            self._refuse(refusal)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer with what the model says."""
        held = 0
        try:
            self._check_names()
            work, kind, length = self._find_work()
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            chunks = []
            for chunk in self._chunks(length):
                if not self.server.hold(len(chunk)):
                    raise Refusal(503, "too much waits", Retry_After="1")
                held += len(chunk)
                chunks.append(chunk)
            self._is_unread = False
            answer = self.server.run(work, b"".join(chunks), kind)
            if isinstance(answer, bytes):
                self._send(200, answer, "image/png")
            else:
                self._send_json(200, answer)
        except Refusal as refusal:
            self._refuse(refusal)
        finally:
            self.server.hold(-held)

    def _check_names(self) -> None:
        """Who asks must know this service by a name of its own.

        Else a page of the web could have its own name lead here, and ask for its reader.
        """
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1:
            raise Refusal(400, "give one header Host")
        name = re.sub(r":\d*$", "", hosts[0]).lower()
        if self.server.names and name not in self.server.names:
            raise Refusal(403, "is not known by this name: see serve --allow-host")
        origin = self.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != hosts[0]:
            raise Refusal(403, "does not answer pages of others")

    def _find_work(self) -> tuple[Callable[..., Any], str, int]:
        """What answers the request, its type, and its length."""
        path, _, query = self.path.partition("?")
        work = self.server.answers.get(path)
        if work is None:
            if path in ("/", "/health", "/openapi.json"):
                raise Refusal(405, f"{path} takes GET", Allow="GET, HEAD")
            raise Refusal(404, "there is no such path: see /openapi.json")
        if query:
            raise Refusal(400, "takes no query: serve has the options")
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in TYPES:
            raise Refusal(415, f"takes the Content-Type {', '.join(TYPES)}")
        if "Transfer-Encoding" in self.headers or "Content-Length" not in self.headers:
            raise Refusal(411, "give the Content-Length")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
            raise Refusal(400, "the Content-Length is no number")
        length = int(lengths[0])
        if length > self.server.most_bytes:
            raise Refusal(413, f"takes at most {self.server.most_bytes:,} bytes")
        return work, kind, length

    def _chunks(self, length: int) -> Any:
        self._reader.deadline = time.monotonic() + self.server.seconds
        while length:
            try:
                chunk = self.rfile.read1(min(length, CHUNK))
            except socket.timeout:
                raise Refusal(408, "the request came too slowly") from None
            if not chunk:
                raise Refusal(400, "the request is shorter than it said")
            length -= len(chunk)
            yield chunk

    def _send_json(
        self, status: int, document: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        content = json_text(document).encode() + b"\n"
        self._send(status, content, "application/json", headers)

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.connection.settimeout(self.server.seconds)
        # Python would leave the headers out for one whose version it cannot read.
        self.request_version = self.protocol_version
        self.send_response(status)
        given = {"Content-Type": kind, "Content-Length": str(len(content))}
        if self._is_unread or self.server.is_stopping:
            given["Connection"] = "close"
        for name, value in {**HEADERS, **given, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if self._is_unread:
            self._linger()

    def _refuse(self, refusal: Refusal) -> None:
        self._send_json(refusal.status, {"error": str(refusal)}, refusal.headers)

    def _linger(self) -> None:
        """Let go by what is not wanted: closed at once, the answer might be lost."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self._reader.deadline = time.monotonic() + LINGERING_SECONDS
            while self.rfile.read1(CHUNK):
                pass

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """What Python's server finds wrong with a request."""
        self._is_unread = True
        self._send_json(code, {"error": message or self.responses[code][0]})

    def version_string(self) -> str:
        """The name of the server, without its versions."""
        return "two"

    def log_message(self, *_: object) -> None:
        """A line for each request would wear a Pi's card out."""


class Service(ThreadingHTTPServer):
    """A server for ``answers``, functions of what is asked by their paths.

    ``health`` is what the golden cases have told of the model, ``names`` those that the
    service answers to, or none if to any.
    """

    daemon_threads = True
    request_queue_size = 128
    # On Windows it would let another program have the same port.
    allow_reuse_address = os.name == "posix"

    def __init__(
        self,
        address: tuple[str, int],
        model: Any,
        answers: Mapping[str, Callable[..., Any]],
        allowed: list[str],
        waiting: int,
        most_bytes: int,
        seconds: float,
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)
        self.answers = answers
        self.most_bytes = most_bytes
        self.seconds = seconds
        self.page, self.policy = _read_page()
        self.openapi = build_openapi(most_bytes)
        self.health = _health(model)
        self.is_stopping = False
        self._inputs = model._runner.inputs
        self._changed = threading.Condition()
        self._is_idle: dict[socket.socket, bool] = {}
        self._held = 0
        self._most_held = max(MOST_BYTES_HELD, most_bytes)
        # The requests that wait for the model or are with it, and how many may be.
        self._taken, self._places = 0, waiting + 1
        self._worker = ThreadPoolExecutor(1)
        host = self.server_address[0]
        self.is_local = ipaddress.ip_address(host.partition("%")[0]).is_loopback
        self.names: list[str] = []
        if self.is_local or allowed:
            shown = f"[{host}]" if ":" in host else host
            self.names = [*LOCAL_NAMES, shown, *map(str.lower, allowed)]

    def server_bind(self) -> None:
        """Bind, and do not ask for the name of this computer, which may take long."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a thread of its own serve a connection, unless there are too many."""
        with self._changed:
            is_welcome = len(self._is_idle) < MOST_CONNECTIONS
            if is_welcome:
                self._is_idle[request] = False
        if is_welcome:
            super().process_request(request, client_address)
            return
        with suppress(OSError):
            request.setblocking(False)
            request.send(
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                b"Connection: close\r\nContent-Length: 0\r\n\r\n"
            )
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """A connection has come to its end."""
        super().shutdown_request(request)
        with self._changed:
            self._is_idle.pop(request, None)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What ended a connection."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # That is a client who is gone.
            tell(f"{type(error).__name__}: {error}")

    def mark(self, connection: socket.socket, *, is_idle: bool) -> bool:
        """Whether a connection waits for a request; False if none is wanted any more."""
        with self._changed:
            self._is_idle[connection] = is_idle
            return not self.is_stopping

    def report(self) -> dict[str, Any]:
        """What /health tells."""
        return {**self.health, "waiting": self._taken}

    def hold(self, count: int) -> bool:
        """Take so many bytes into account, unless they are too many."""
        with self._changed:
            if count > 0 and self._held + count > self._most_held:
                return False
            self._held += count
            return True

    def run(self, work: Callable[..., Any], body: bytes, kind: str) -> Any:
        """The answer of ``work``, when its turn has come.

        Raises:
            Refusal: too many wait, the request is wrong, or the model fails.
        """
        with self._changed:
            if self._taken == self._places:
                raise Refusal(503, "too many wait: ask again", Retry_After="1")
            self._taken += 1
        try:
            return self._worker.submit(self._answer, work, body, kind).result()
        finally:
            with self._changed:
                self._taken -= 1

    def _answer(self, work: Callable[..., Any], body: bytes, kind: str) -> Any:
        try:
            return work(read_request(body, kind, self._inputs))
        except InputError as error:
            raise Refusal(400, str(error)) from None
        except InstallationError as error:
            # What runs the model is gone, which no other request changes.
            # LiteRT adds to what it says each time: once is enough.
            if "reason" not in self.health:
                tell(error)
                self.health = {**self.health, "status": "failing", "reason": str(error)}
            raise Refusal(500, self.health["reason"]) from None
        except Exception as error:
            # Whatever it is, it is no reason not to answer the next one.
            message = f"{type(error).__name__}: {error}"
            tell(message)
            raise Refusal(500, message) from error

    def stop(self) -> None:
        """Accept nothing more, and answer what was accepted."""
        self.shutdown()
        self.server_close()
        with self._changed:
            self.is_stopping = True
            for connection, is_idle in self._is_idle.items():
                if is_idle:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._is_idle)
        self._worker.shutdown()


def run_service(
    address: tuple[str, int],
    model: Any,
    answers: Mapping[str, Callable[..., Any]],
    **limits: Any,
) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        service = Service(address, model, answers, **limits)
    except (OSError, OverflowError) as error:
        raise InputError(f"{address[0]}, port {address[1]}: {error}") from None
    host, port = service.server_address[:2]
    shown = f"[{host}]" if ":" in host else host
    if service.health["status"] != "ok":
        tell("the golden cases fail here: see /health")
    if not service.is_local:
        tell("whoever reaches this computer can use it; nothing is encrypted")
    threading.Thread(target=service.serve_forever, daemon=True).start()
    print(f"http://{shown}:{port}/ (Ctrl-C stops it)", flush=True)
    try:
        # Not for long: a signal that came to another thread is heard between two sleeps.
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        service.stop()
    return 0


def _read_page() -> tuple[bytes, str]:
    """The page, and what it may do: run its own script, show its own style, ask here."""
    page = read_own_file("page.html")
    hashes = {"script": "", "style": ""}
    for name, content in re.findall(rb"<(script|style)>(.*?)</\1>", page, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        hashes[name.decode()] = f"'sha256-{digest}'"
    policy = (
        f"default-src 'none'; connect-src 'self'; img-src data:; media-src blob:; "
        f"script-src {hashes['script']}; style-src {hashes['style']}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


def _health(model: Any) -> dict[str, Any]:
    """What the golden cases say of the model, once and for all."""
    golden = read_golden()
    failed = [
        {"case": case["name"], "problems": problems}
        for case in golden["cases"]
        for problems in [find_problems(model._runner, golden, case)[0]]
        if problems
    ]
    is_well = bool(golden["cases"]) and not failed
    return {
        "status": "ok" if is_well else "failing",
        "device": "cpu",
        "cases": len(golden["cases"]),
        "failed": failed,
    }
