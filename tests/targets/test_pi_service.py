"""The generated Pi package as a service: what it answers, what it refuses, and what it does when it has too much."""

from __future__ import annotations

import configparser
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

from packager.annotated import AnnotatedModel
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import words
from tests.targets import test_pi_arrays, test_pi_sounds
from tests.targets.pi.serving import Answer, Service, answers_on, served, wait_until
from tests.targets.test_pi import project
from tests.targets.test_pi_commands import MODELS as PICTURE_MODELS
from tests.targets.test_pi_commands import photo
from tests.tasks.wavs import written

pytestmark = pytest.mark.slow

OPENAPI = json.loads((Path(__file__).parent / "pi" / "openapi-3.1.json").read_text("utf-8"))


# --- answers ----------------------------------------


@dataclass(frozen=True)
class Case:
    """A model; what its service is asked, by default what is in ``sample``; and what its command is.

    The command prints ``given``, what it was given, beside the same answer.
    """

    model: Callable[[Path], AnnotatedModel]
    sample: str
    kind: str
    command: str
    body: bytes | None
    given: str
    options: tuple[str, ...] = ()


TEXT = "A red rose, é"


def of_picture(name: str, command: str, *options: str) -> Case:
    return Case(PICTURE_MODELS[name], "a.png", "image/png", command, None, "picture", options)


def of_json(model: Callable[[], AnnotatedModel], sample: str, name: str, document: object) -> Case:
    body = json.dumps(document).encode()
    return Case(lambda _: model(), sample, "application/json", "classify", body, name)


CASES = {
    "boxes": of_picture("boxes", "detect", "--threshold", "0.7", "--locale", "de"),
    "mask": of_picture("mask", "segment"),
    "keypoints": of_picture("keypoints", "pose"),
    "embedding": of_picture("embedding", "embed"),
    "floats": Case(
        lambda folder: test_pi_sounds.model("floats", folder),
        *("a.wav", "audio/wav", "listen", None, "file", ("--hop", "500")),
    ),
    "words": of_json(words, "a.txt", "text", {"text": TEXT}),
    "two": of_json(test_pi_arrays.two, "a.npz", "array", {"scores": [[1, 0.5, 0]], "offsets": [[1, 2, 3]]}),
    "one": of_json(test_pi_arrays.one, "a.npy", "array", {"input": [1, 2, 0, 0]}),
}


def write_samples(folder: Path) -> None:
    """A file for each kind of input, which holds what a case asks."""
    photo(folder / "a.png")
    (folder / "a.wav").write_bytes(written(test_pi_sounds.spoken(0.3), test_pi_sounds.RATE))
    (folder / "a.txt").write_text(TEXT, "utf-8")
    np.savez(folder / "a.npz", scores=np.array([[1, 0.5, 0]]), offsets=np.array([[1.0, 2, 3]]))
    np.save(folder / "a.npy", np.array([1.0, 2, 0, 0]))


def check_openapi(service: Service) -> dict[str, Any]:
    """The document, which is as OpenAPI 3.1 has it."""
    document: dict[str, Any] = service.ask("/openapi.json").document
    jsonschema.Draft202012Validator(OPENAPI).validate(document)
    return document


def check_schema(document: dict[str, Any], answer: Answer, path: str = "/predict") -> None:
    """An answer is what the document says."""
    responses = document["paths"][path]["post"]["responses"]
    content = responses[str(answer.status)]["content"][answer.headers["Content-Type"]]
    if "schema" in content:
        jsonschema.Draft202012Validator(content["schema"]).validate(answer.document)


@pytest.mark.parametrize("name", CASES)
def test_answers_are_those_of_the_command(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    write_samples(tmp_path)
    # The golden arrays are others.
    samples = [] if case.given == "array" else [tmp_path / case.sample]
    write_files(tmp_path, project(case.model(tmp_path), samples))
    given = TEXT if case.given == "text" else case.sample
    command = [sys.executable, "-m", name, case.command, "--json", *case.options, given]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = json.loads(ran.stdout)
    assert expected.pop(case.given) == given
    assert next(iter(expected.values()))
    body = case.body or (tmp_path / case.sample).read_bytes()
    with served(tmp_path, name, *case.options) as service:
        document = check_openapi(service)
        answer = service.ask(body=body, kind=case.kind)
        assert (answer.status, answer.document) == (200, expected)
        check_schema(document, answer)
        assert set(document["paths"]["/predict"]["post"]["requestBody"]["content"]) >= {case.kind}
        health = service.ask("/health")
        assert (health.status, health.document["status"], health.document["failed"]) == (200, "ok", [])
        assert health.document["cases"] >= 1
        refused = service.ask(body=b"\xff" + body, kind=case.kind)
        assert refused.status == 400
        check_schema(document, refused)
        if name == "mask":
            answer = service.ask("/mask", body)
            check_schema(document, answer, "/mask")
            with Image.open(io.BytesIO(answer.body)) as mask:
                assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (120, 80))
                counts = {index: count for count, index in mask.getcolors() or ()}
            assert counts == {**{item["index"]: item["pixels"] for item in expected["classes"]}, 255: counts[255]}


def test_plain_text_is_a_text_too(tmp_path: Path) -> None:
    write_files(tmp_path, project(words(), []))
    with served(tmp_path, "words") as service:
        plain = service.ask(body=TEXT.encode(), kind="text/plain; charset=utf-8")
        as_json = service.ask(body=json.dumps({"text": TEXT}).encode(), kind="application/json")
        assert plain.document == as_json.document
        for body in (b"[1]", b'{"text": 1}', b"{", b"[" * 100_000, b'"\xff"'):
            assert service.ask(body=body, kind="application/json").status == 400
        assert service.ask(body=b"\xe9", kind="text/plain").error == "the text is not UTF-8"


def test_numbers_are_real_however_json_writes_them(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(sine(examples), []))
    with served(tmp_path, "sine") as service:
        for text in ("[[1]]", "1.0", "[1e0]"):
            answer = service.ask(body=f'{{"x": {text}}}'.encode(), kind="application/json")
            assert answer.document["y"][0][0] == pytest.approx(np.sin(1), abs=0.1)
        refused = {
            '{"x": [[1, 2]]}': "input 'x' takes [1, 1], not [1, 2]",
            '{"x": "1"}': "input 'x' takes numbers, in lists of one length",
            '{"x": [[1], [1, 2]]}': "input 'x' takes numbers, in lists of one length",
            '{"x": null}': "input 'x' takes numbers, in lists of one length",
            '{"y": 1}': "give an object with an array for each of ['x']",
            '{"x": 1, "y": 1}': "give an object with an array for each of ['x']",
            f'{{"x": {"[" * 200}{"]" * 200}}}': "input 'x' takes numbers, in lists of one length",
            '{"x": ' + "9" * 400 + "}": "input 'x' takes numbers, in lists of one length",
        }
        said = {body: service.ask(body=body.encode(), kind="application/json") for body in refused}
        assert {body: (answer.status, answer.error) for body, answer in said.items()} == {
            body: (400, error) for body, error in refused.items()
        }


def test_a_sound_of_many_windows_is_refused(tmp_path: Path) -> None:
    write_samples(tmp_path)
    write_files(tmp_path, project(test_pi_sounds.model("floats", tmp_path), [tmp_path / "a.wav"]))
    with served(tmp_path, "floats", "--hop", "1") as service:
        answer = service.ask(body=(tmp_path / "a.wav").read_bytes(), kind="audio/wav")
        assert (answer.status, answer.error) == (400, "has more than 1000 windows: ask for its parts")


def test_a_package_that_answers_otherwise_says_so(examples: Path, tmp_path: Path) -> None:
    write_files(tmp_path, project(digits(examples), golden_pictures(examples)[:2]))
    (tmp_path / "digits/golden/five.output0.bin").write_bytes(bytes(10))
    with served(tmp_path, "digits") as service:
        health = service.ask("/health")
        assert (health.status, health.document["status"]) == (503, "failing")
        assert [item["case"] for item in health.document["failed"]] == ["five"]
        jsonschema.Draft202012Validator(
            check_openapi(service)["paths"]["/health"]["get"]["responses"]["503"]["content"]["application/json"][
                "schema"
            ]
        ).validate(health.document)
        code, said = service.stop()
        assert (code, said) == (0, ["the golden cases fail here: see /health"])


# --- requests that are none ----------------------------------------


@pytest.fixture(scope="module")
def package(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package digits, whose labels are hostile."""
    folder = tmp_path_factory.mktemp("pi")
    (folder / "labels.json").write_text(json.dumps(HOSTILE_LABELS))
    files = project(digits(examples, labels=folder / "labels.json"), golden_pictures(examples)[:1])
    return write_files(folder, files)


@pytest.fixture(scope="module")
def service(package: Path) -> Iterator[Service]:
    with served(package, "digits", "--timeout", "1", "--max-bytes", "300000") as service:
        yield service


@pytest.fixture(scope="module")
def five(examples: Path) -> bytes:
    (path,) = (path for path in golden_pictures(examples) if path.stem == "five")
    return path.read_bytes()


def encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def check_that_it_serves(service: Service, five: bytes) -> None:
    answer = service.ask(body=five)
    assert (answer.status, answer.document["results"][0]["index"]) == (200, 5)


def post(head: str, body: bytes = b"") -> bytes:
    """The bytes of a request, whose headers are ``head`` and a Host."""
    return f"POST /predict HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode() + body


TYPE = "Content-Type: image/png"
BAD_REQUESTS: dict[str, tuple[bytes, int]] = {
    "no request": (b"hello\r\n\r\n", 400),
    "no version": (b"GET /health HTTP/x\r\n\r\n", 400),
    "another version": (b"GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n", 505),
    "a path without an end": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    "a header without an end": (b"GET / HTTP/1.1\r\nHost: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    "the name of another": (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 403),
    "a name that begins so": (b"GET / HTTP/1.1\r\nHost: localhost.example.com:80\r\n\r\n", 403),
    "the page of another": (post(f"{TYPE}\r\nOrigin: http://example.com\r\nContent-Length: 1", b"x"), 403),
    "a page without a name": (post(f"{TYPE}\r\nOrigin: null\r\nContent-Length: 1", b"x"), 403),
    "another method": (b"DELETE /predict HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
    "a file of the system": (b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a file of the package": (b"GET /golden/cases.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a hidden file": (b"GET /%2e%2e/labels.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "another site": (b"GET http://example.com/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a broken address": (b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a page that is asked": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405),
    "an answer without a question": (b"GET /predict HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "options": (b"POST /predict?top_k=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 400),
    "no type": (post("Content-Length: 1", b"x"), 415),
    "the type of a form": (post("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1", b"x"), 415),
    "no length": (post(TYPE), 411),
    "pieces": (post(f"{TYPE}\r\nTransfer-Encoding: chunked", b"1\r\nx\r\n0\r\n\r\n"), 411),
    "both": (post(f"{TYPE}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), 411),
    "two lengths": (post(f"{TYPE}\r\nContent-Length: 1\r\nContent-Length: 2", b"x"), 400),
    "a negative length": (post(f"{TYPE}\r\nContent-Length: -1"), 400),
    "a length that is none": (post(f"{TYPE}\r\nContent-Length: 1_0", b"x" * 10), 400),
    "a huge length": (post(f"{TYPE}\r\nContent-Length: {'9' * 15}"), 413),
    "a length of too many digits": (post(f"{TYPE}\r\nContent-Length: {'9' * 5000}"), 400),
    "a little too much": (post(f"{TYPE}\r\nContent-Length: 300001", b"x" * 300_001), 413),
    "too much at once": (post(f"{TYPE}\r\nContent-Length: 20000000", b"x" * 20_000_000), 413),
    "nothing": (post(f"{TYPE}\r\nContent-Length: 0"), 400),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_bad_requests(name: str, service: Service, five: bytes) -> None:
    data, status = BAD_REQUESTS[name]
    answer = service.say(data)
    assert answer.status == status, answer.body
    assert answer.error
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    check_that_it_serves(service, five)


def truncated(size: tuple[int, int] = (300, 200)) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), "JPEG")
    return data[: len(data) // 2]


BAD_PICTURES: dict[str, Callable[[], bytes]] = {
    "garbage": lambda: bytes(range(256)) * 8,
    "a truncated JPEG": truncated,
    "a JPEG that is all head": lambda: truncated()[:300],
    "a TIFF": lambda: encoded(Image.new("L", (9, 9)), "TIFF"),
    "an EPS, which would be run": lambda: encoded(Image.new("L", (9, 9)), "EPS"),
    "a page": lambda: b"<!DOCTYPE html><script>alert(1)</script>",
}


@pytest.mark.parametrize("name", BAD_PICTURES)
@pytest.mark.parametrize("kind", ["image/png", "image/jpeg"])
def test_bad_pictures(name: str, kind: str, service: Service, five: bytes) -> None:
    answer = service.ask(body=BAD_PICTURES[name](), kind=kind)
    assert answer.status == 400
    assert answer.error.startswith("the picture: ")
    check_that_it_serves(service, five)


def test_a_picture_of_50_megapixels_is_not_even_decoded(service: Service, five: bytes) -> None:
    check_that_it_serves(service, five)
    large = encoded(Image.new("L", (7_072, 7_072)), "PNG")
    assert len(large) < 300_000
    before = service.megabytes("VmHWM")
    answer = service.ask(body=large)
    assert (answer.status, answer.error) == (400, "the picture: has more than 50,000,000 pixels")
    assert service.megabytes("VmHWM") - before < 10
    check_that_it_serves(service, five)
    # And one of hardly fewer is.
    assert service.ask(body=encoded(Image.new("1", (7_071, 7_071)), "PNG")).status == 200
    assert service.megabytes("VmHWM") - before > 40


def test_upright_pictures(service: Service, five: bytes) -> None:
    """As the command reads them: turned as their EXIF data say."""
    with Image.open(io.BytesIO(five)) as picture:
        upright = picture.convert("RGB").resize((112, 112))
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif, quality=95)
    answer = service.ask(body=file.getvalue(), kind="image/jpeg")
    assert answer.document["results"][0]["index"] == 5


def test_labels_are_those_of_the_model(service: Service, five: bytes) -> None:
    results = service.ask(body=five).document["results"]
    assert [item["label"] for item in results] == [HOSTILE_LABELS[item["index"]] for item in results]


# --- connections ----------------------------------------


def test_one_connection_takes_request_after_request(service: Service, five: bytes) -> None:
    """Also those that come before the answers to others, and a refusal of what was read whole."""
    question = post(f"{TYPE}\r\nContent-Length: {len(five)}", five)
    bad = post(f"{TYPE}\r\nContent-Length: 4", b"none")
    with service.connect() as connection:
        connection.sendall(question + bad + question)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = [*answers_on(connection)]
    assert [answer.status for answer in answers] == [200, 400, 200, 200]
    assert answers[0].document == answers[2].document


def test_what_follows_a_request_that_was_not_read_is_no_request(service: Service, five: bytes) -> None:
    """The body of a request is not taken for another one."""
    hidden = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for head in (
        post(f"Content-Type: text/plain\r\nContent-Length: {len(hidden)}"),
        post(f"{TYPE}\r\nTransfer-Encoding: chunked"),
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(hidden),
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        with service.connect() as connection:
            connection.sendall(head + hidden)
            with connection.makefile("rb") as file:
                assert file.read().count(b"HTTP/1.1 ") == 1
    check_that_it_serves(service, five)


def test_who_asks_before_sending_is_told(service: Service, five: bytes) -> None:
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(post(f"{TYPE}\r\nExpect: 100-continue\r\nContent-Length: {len(five)}"))
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert file.readline() == b"\r\n"
        connection.sendall(five)
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(post(f"{TYPE}\r\nExpect: 100-continue\r\nContent-Length: 300001"))
        assert file.readline().startswith(b"HTTP/1.1 413 ")


def test_slow_clients_are_let_go_and_keep_nobody_waiting(service: Service, five: bytes) -> None:
    """One a byte at a time, in the head and in the body; one that says nothing."""
    question = post(f"{TYPE}\r\nContent-Length: {len(five)}", five)
    starts = {"head": question[:20], "body": question[:-20], "silent": b""}
    slow = {name: service.connect() for name in starts}
    for name, connection in slow.items():
        connection.sendall(starts[name])
    begin, answered = time.monotonic(), 0
    is_open = dict.fromkeys(slow, True)
    while any(is_open.values()):
        assert time.monotonic() - begin < 20
        check_that_it_serves(service, five)
        answered += 1
        for name, connection in slow.items():
            try:
                if name != "silent":
                    connection.sendall(b"x")
                connection.settimeout(0.05)
                is_open[name] = is_open[name] and connection.recv(1) != b""
            except TimeoutError:
                pass
            except OSError:
                is_open[name] = False
    for connection in slow.values():
        connection.close()
    assert answered > 3


def test_clients_that_leave(service: Service, five: bytes) -> None:
    """In the middle of the head, of the body, and before the answer; in peace, and not."""
    question = post(f"{TYPE}\r\nContent-Length: {len(five)}", five)
    for end in (10, len(question) - 50, len(question)):
        for linger in (b"\x01\0\0\0\0\0\0\0", b"\0" * 8):
            with service.connect() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.sendall(question[:end])
        check_that_it_serves(service, five)


def test_half_an_upload_is_told_so(service: Service, five: bytes) -> None:
    with service.connect() as connection:
        connection.sendall(post(f"{TYPE}\r\nContent-Length: {len(five)}", five[:-1]))
        connection.shutdown(socket.SHUT_WR)
        answer = next(answers_on(connection))
    assert (answer.status, answer.error) == (400, "the request is shorter than it said")


def test_more_connections_than_it_takes(service: Service, five: bytes) -> None:
    idle = [service.connect() for _ in range(70)]
    refused = 0
    for connection in idle[64:]:
        refused += b" 503 " in connection.recv(100)
        connection.close()
    assert refused == 6
    for connection in idle:
        connection.close()
    wait_until(lambda: len([*Path(f"/proc/{service.process.pid}/task").iterdir()]) < 20)
    check_that_it_serves(service, five)


# --- the names of the service ----------------------------------------


def test_names_of_the_service(package: Path) -> None:
    with served(package, "digits", "--allow-host", "Pi.example") as service:
        port = service.port
        for host in (
            "localhost",
            f"localhost:{port}",
            f"127.0.0.1:{port}",
            f"[::1]:{port}",
            "pi.example",
            "PI.example:1",
        ):
            assert service.ask("/health", Host=host).status == 200, host
            assert service.ask("/health", Host=host, Origin=f"https://{host}").status == 200, host
        for host in ("pi.example.com", "127.0.0.1.example.com", "", "[::2]", "localhost."):
            assert service.ask("/health", Host=host).status == 403, host
        assert service.ask("/health", Host="localhost", Origin="https://pi.example").status == 403


def test_on_a_network_it_has_any_name_and_says_what_that_means(package: Path) -> None:
    with served(package, "digits", "--host", "0.0.0.0") as service:
        assert service.ask("/health", Host="raspberrypi.local").status == 200
        assert service.ask("/health", Host="a.example", Origin="http://b.example").status == 403
        code, said = service.stop()
        assert (code, said) == (0, ["whoever reaches this computer can use it; nothing is encrypted"])


def test_addresses_that_cannot_be_had(package: Path) -> None:
    with served(package, "digits") as service:
        for options in (["--port", str(service.port)], ["--host", "192.0.2.1"], ["--host", "no such name"]):
            command = [sys.executable, "-m", "digits", "serve", *options]
            ran = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
            assert (ran.returncode, ran.stdout) == (1, ""), options
            (said,) = (line for line in ran.stderr.splitlines() if "INFO" not in line)
            assert said.startswith(options[1] if "--host" in options else "127.0.0.1, port")


# --- too much ----------------------------------------


@pytest.fixture(scope="module")
def large() -> bytes:
    """A picture that takes the service some tenths of a second."""
    return encoded(Image.new("1", (7_000, 7_000)), "PNG")


class Crowd:
    """Those who ask at the same time, each in a thread."""

    def __init__(self, service: Service, body: bytes, count: int) -> None:
        self.answers: list[Answer] = []
        ask = lambda: self.answers.append(service.ask(body=body))  # noqa: E731
        self.threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def join(self) -> list[int]:
        """The statuses of all their answers."""
        for thread in self.threads:
            thread.join()
        assert len(self.answers) == len(self.threads)
        return [answer.status for answer in self.answers]


def refusal(service: Service, five: bytes, crowd: Crowd) -> Answer:
    """What one more is told, when the whole crowd has been accepted."""
    wait_until(lambda: service.ask("/health").document["waiting"] == len(crowd.threads))
    return service.ask(body=five)


def test_a_full_queue_says_when_to_come_again(package: Path, five: bytes, large: bytes) -> None:
    with served(package, "digits", "--waiting", "2") as service:
        crowd = Crowd(service, large, 3)
        answer = refusal(service, five, crowd)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.error == "too many wait: ask again"
        # Other paths have nothing to wait for.
        assert service.ask("/health").status == 200
        assert crowd.join() == [200] * 3
        check_that_it_serves(service, five)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_all_that_it_accepted_is_answered(
    number: signal.Signals, package: Path, five: bytes, large: bytes
) -> None:
    with served(package, "digits", "--waiting", "2") as service, service.connect() as idle:
        crowd = Crowd(service, large, 3)
        assert refusal(service, five, crowd).status == 503
        assert service.stop(number) == (0, [])
        assert crowd.join() == [200] * 3
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            service.connect()


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.long)])
def test_twice_as_much_as_it_can(seconds: int, package: Path, record_property: Callable[[str, object], None]) -> None:
    """Nothing that was accepted is lost, others are told at once, and the memory stays as it was."""
    waiting = 4
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    body = encoded(Image.fromarray(pixels).resize((1_200, 900)), "JPEG")
    statuses: Counter[int] = Counter()
    times: list[float] = []
    with served(package, "digits", "--waiting", str(waiting)) as service:
        expected = service.ask(body=body, kind="image/jpeg").document
        end = time.monotonic() + seconds

        def ask(_: int) -> None:
            while time.monotonic() < end:
                start = time.monotonic()
                answer = service.ask(body=body, kind="image/jpeg")
                statuses[answer.status] += 1
                if answer.status == 200:
                    assert answer.document == expected
                    times.append(time.monotonic() - start)
                else:
                    assert answer.headers["Retry-After"] == "1"
                    time.sleep(0.02)

        with ThreadPoolExecutor(2 * (waiting + 1)) as clients:
            asked = [clients.submit(ask, number) for number in range(2 * (waiting + 1))]
            time.sleep(seconds / 4)
            before = service.megabytes("VmRSS")
            time.sleep(seconds / 2)
            after = service.megabytes("VmRSS")
            for client in asked:
                client.result()
    times.sort()
    figures = {
        "answered a second": round(len(times) / seconds),
        "refused": statuses[503],
        "p50 ms": round(1000 * times[len(times) // 2]),
        "p99 ms": round(1000 * times[len(times) * 99 // 100]),
        "MB before": round(before),
        "MB after": round(after),
    }
    record_property("load", figures)
    print(figures)
    assert set(statuses) == {200, 503}
    assert after - before < 8, figures


# --- systemd ----------------------------------------


def install(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "digits", "serve", "--install-service", *arguments]
    return subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)


def read_unit(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return unit


def test_unit_of_systemd(package: Path, tmp_path: Path) -> None:
    ran = install(package, "--dry-run", "--port", "80", "--threshold", "0.5", "--allow-host", 'a "b" %c $d')
    assert ran.returncode == 0, ran.stderr
    service = read_unit(ran.stdout)["Service"]
    assert service["DynamicUser"] == "yes"
    assert service["CapabilityBoundingSet"] == "CAP_NET_BIND_SERVICE"
    assert service["WorkingDirectory"] == str(package.resolve())
    python, rest = service["ExecStart"].split(" ", 1)
    assert python == sys.executable
    assert rest == r'-m digits serve --port 80 --threshold 0.5 --allow-host "a \"b\" %%c $$d"'
    assert read_unit(install(package, "--dry-run").stdout)["Service"]["CapabilityBoundingSet"] == ""
    if shutil.which("systemd-analyze"):
        path = tmp_path / "digits.service"
        path.write_text(ran.stdout)
        checked = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


def test_wrong_options_reach_no_unit(package: Path) -> None:
    for wrong in (["--port", "80000"], ["--nosuch"], ["--install"]):
        ran = install(package, "--dry-run", *wrong)
        assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1)


INSTALL = """
import pathlib, sys, digits.unit as unit
_, units, port = sys.argv
# The environment of the tests may be where nobody else may read it.
unit._find_hidden = lambda: None
sys.argv = ["digits", "serve", "--install-service", "--port", port]
unit.install_unit(int(port), False, pathlib.Path(units))
"""


def test_a_unit_is_installed_and_renewed_but_not_that_of_somebody_else(package: Path, tmp_path: Path) -> None:
    def run(port: int, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", INSTALL, str(folder), str(port)]
        return subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)

    path = tmp_path / "digits.service"
    for port in (1234, 4321):
        ran = run(port, tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines() == [
            str(path),
            "systemctl daemon-reload",
            "systemctl enable --now digits.service",
        ]
        assert f"serve --port {port}" in read_unit(path.read_text())["Service"]["ExecStart"]
    assert [*tmp_path.iterdir()] == [path]
    path.write_text("[Service]\nExecStart=/bin/true\n")
    ran = run(1, tmp_path)
    assert (ran.returncode, "was made by somebody else" in ran.stderr) == (1, True)
    assert path.read_text() == "[Service]\nExecStart=/bin/true\n"
    ran = run(1, tmp_path / "nosuch")
    assert "No such file or directory; is it run by sudo?" in ran.stderr


def test_a_package_that_no_other_user_may_read_is_told(package: Path) -> None:
    """As one in a home folder is: the user of the service is another one."""
    package.chmod(0o700)
    ran = install(package)
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (1, "", 1)
    assert re.match("no other user may read /", ran.stderr)
    assert not os.path.exists("/etc/systemd/system/digits.service")  # noqa: PTH110
