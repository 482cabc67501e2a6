"""Requests that no client library would send, over a socket, to the server as it is run."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.live_server import HOST, LiveServer, Reporter

MIB = 1024 * 1024
PATH = "/api/v1/usage/events"
# Beyond the seconds for which the server keeps an idle connection.
CLOSED_WITHIN = 20
STARTED_AT = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)


@contextmanager
def connection(server: LiveServer) -> Iterator[socket.socket]:
    """Open a connection to the server."""
    with socket.create_connection((HOST, server.port), timeout=CLOSED_WITHIN) as opened:
        yield opened


def head(reporter: Reporter, *more: str, method: str = "POST", path: str = PATH) -> bytes:
    """Return the head of a request with the reporter's credentials."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {HOST}",
        f"Authorization: Bearer {reporter.token}",
        "Content-Type: application/json",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def problem_of(answer: bytes) -> tuple[int, str]:
    """Return status and code of an answer, which has to be of the one shape of errors."""
    told, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in told
    members = json.loads(body)
    assert members["status"] == status_of(answer)
    assert f"X-Request-Id: {members['request_id']}".encode() in told
    return members["status"], members["code"]


def everything(opened: socket.socket) -> bytes:
    """Return what is answered until the server closes the connection."""
    received = b""
    while part := opened.recv(MIB):
        received += part
    return received


def status_of(answer: bytes) -> int:
    """Return the status of an answer."""
    return int(answer.split(b" ", 2)[1])


def batch(name: str, *, padding: int = 0) -> bytes:
    """Return a body with one start in it, with spaces behind it that mean nothing."""
    event = {
        "id": name,
        "source": "test",
        "type": "start",
        "instance": name,
        "time": STARTED_AT.isoformat(),
        "provider": "vast",
        "gpu": "RTX 4090",
        "gpu_count": 1,
        "rate": "0.74",
    }
    return json.dumps({"events": [event]}).encode() + b" " * padding


def send_again(server: LiveServer, reporter: Reporter, body: bytes) -> str:
    """Send a batch as a client does, and return what became of its event."""
    status, answer = server.request(
        "POST", PATH, json.loads(body), {"Authorization": f"Bearer {reporter.token}"}
    )
    assert status == 200, answer
    became: str = answer["results"][0]["status"]
    return became


def received(reporter: Reporter) -> list[dict[str, Any]]:
    """Return every event that the server holds."""
    events: list[dict[str, Any]] = reporter.read(PATH)["events"]
    return events


@pytest.mark.timeout(120)
def test_a_body_that_cannot_be_taken_is_refused_before_it_is_read(
    server: LiveServer, reporter: Reporter
) -> None:
    """413 though nothing of it was sent; without an end, once it is too long. Then it closes."""
    with connection(server) as announced:
        announced.sendall(head(reporter, f"Content-Length: {10 * MIB}"))
        assert status_of(everything(announced)) == 413

    with connection(server) as endless:
        endless.sendall(head(reporter, "Transfer-Encoding: chunked"))
        for _ in range(80):  # 5 MiB
            endless.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        assert status_of(everything(endless)) == 413

    assert received(reporter) == []


@pytest.mark.timeout(120)
def test_a_head_that_cannot_be_read_is_refused(server: LiveServer, reporter: Reporter) -> None:
    """431 for too much of it, 414 for an address, 400 for what could smuggle another request."""
    codes = {400: "malformed_request", 431: "headers_too_large"}
    cases = [
        (431, [f"X-Long: {'a' * 100 * 1024}"]),
        (431, [f"X-{number}: a" for number in range(500)]),
        (400, ["X-Folded: a\r\n b"]),
        (400, ["X-Line: a\nX-Feed: b"]),
        (400, ["X-Return: a\rb"]),
        (400, ["X-Nul: a\x00b"]),
        (400, ["Content-Length: -1"]),
        (400, ["Content-Length: 1", "Content-Length: 2"]),
        (400, ["Content-Length: 2", "Transfer-Encoding: chunked"]),
        (400, ["Idempotency-Key: a\x07b", "Content-Length: 2"]),
    ]
    for status, lines in cases:
        with connection(server) as opened:
            opened.sendall(head(reporter, *lines))
            assert problem_of(everything(opened)) == (status, codes[status]), lines[0][:40]

    with connection(server) as opened:
        opened.sendall(head(reporter, method="GET", path="/" + "a" * 9_000))
        assert problem_of(everything(opened)) == (414, "address_too_long")

    with connection(server) as opened:
        opened.sendall(head(reporter, method="X" * 5_000))
        answer = everything(opened)
        assert problem_of(answer) == (400, "malformed_request")
        assert b"XXX" not in answer
    assert received(reporter) == []


@pytest.mark.timeout(120)
def test_a_body_that_is_cut_off_is_never_taken_for_a_whole_one(
    server: LiveServer, reporter: Reporter
) -> None:
    """Also where what came is JSON: more was announced, and may have meant something else."""
    body = batch("cut")
    with connection(server) as opened:
        opened.sendall(head(reporter, f"Content-Length: {len(body) + 1}") + body)
        opened.shutdown(socket.SHUT_WR)
        answer = everything(opened)

    assert status_of(answer) == 400
    assert b"body_cut_short" in answer
    assert received(reporter) == []

    size = f"{len(body):x}".encode()
    chunked = [
        (b"body_cut_short", size + b"\r\n" + body + b"\r\n"),
        (b"body_cut_short", size + b"\r\n" + body[:-9]),
        (b"body_cut_short", b""),
        (b"malformed_chunks", b"zz\r\n" + body + b"\r\n0\r\n\r\n"),
        (b"malformed_chunks", size + b"\r\n" + body + b"XX0\r\n\r\n"),
    ]
    for code, chunks in chunked:
        with connection(server) as opened:
            opened.sendall(head(reporter, "Transfer-Encoding: chunked") + chunks)
            opened.shutdown(socket.SHUT_WR)
            answer = everything(opened)
        assert (status_of(answer), code in answer) == (400, True), chunks[:10]

    assert received(reporter) == []


@pytest.mark.timeout(120)
def test_a_whole_body_in_chunks_is_taken(server: LiveServer, reporter: Reporter) -> None:
    """The control of the one before: it is not the chunks that are refused."""
    body = batch("whole")
    chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    with connection(server) as opened:
        opened.sendall(head(reporter, "Transfer-Encoding: chunked") + chunks)
        opened.shutdown(socket.SHUT_WR)
        answer = everything(opened)

    assert status_of(answer) == 200
    assert [event["id"] for event in received(reporter)] == ["whole"]


@pytest.mark.timeout(180)
def test_a_client_that_hangs_up_has_its_event_stored_once_or_not_at_all(
    server: LiveServer, reporter: Reporter
) -> None:
    """Sending it again says which; after any number of tries it is there once."""
    became = {}
    for number in range(24):
        name = f"i-{number}"
        body = batch(name)
        request = head(reporter, f"Content-Length: {len(body)}") + body
        # Before the body is whole for every third, else with the answer still to come.
        sent = request[: len(request) - (number % 3 == 0)]
        with connection(server) as opened:
            opened.sendall(sent)
            at_once = struct.pack("ii", 1, 0)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

        became[name] = [send_again(server, reporter, body) for _ in range(2)]

    for number, name in enumerate(became):
        first, second = became[name]
        assert first in ({"accepted"} if number % 3 == 0 else {"accepted", "duplicate"})
        assert second == "duplicate"
    events = received(reporter)
    assert sorted(event["id"] for event in events) == sorted(became)
    assert {event["status"] for event in events} == {"accepted"}
