"""Whoever has hung up, or takes nothing, is noticed without being written to."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

import pytest

from dumont_economy.api import connection
from dumont_economy.api.connection import line_of
from dumont_economy.services.listener import Line

SOON = 10
TAKEN_WITHIN_MILLISECONDS = 300


@dataclass(frozen=True)
class Call:
    """A connection over TCP: our end, theirs, and what is known of it."""

    ours: socket.socket
    theirs: socket.socket
    line: Line


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Return a connection to somebody who has hardly any room for what comes."""
    monkeypatch.setattr(connection, "_TAKEN_WITHIN_MILLISECONDS", TAKEN_WITHIN_MILLISECONDS)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        with ours:
            yield Call(ours, theirs, line_of({"gunicorn.socket": ours}))


def comes_true(is_so: Callable[[], bool]) -> bool:
    """Say whether something comes true soon."""
    deadline = time.monotonic() + SOON
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


def fill(ours: socket.socket) -> int:
    """Write until nothing more is taken; return how many bytes were."""
    ours.setblocking(False)  # noqa: FBT003  the socket's own
    written = 0
    while True:
        try:
            written += ours.send(bytes(1024))
        except BlockingIOError:
            return written


def test_a_line_is_open_while_both_ends_are(call: Call) -> None:
    """Although nothing is said."""
    assert call.line.is_open()


def test_who_hangs_up_is_noticed(call: Call) -> None:
    """At once, for their system tells ours."""
    call.theirs.close()

    assert comes_true(lambda: not call.line.is_open())


def test_who_takes_nothing_is_noticed(call: Call) -> None:
    """The system itself gives up; until then it has kept little."""
    kept = fill(call.ours)

    assert comes_true(lambda: not call.line.is_open())
    assert kept <= 2 * 64 * 1024


def test_who_takes_what_comes_is_not_taken_for_gone(call: Call) -> None:
    """The control: as much is written to somebody who reads, for longer."""
    reading = Thread(target=lambda: [None for _ in iter(lambda: call.theirs.recv(65_536), b"")])
    reading.start()

    for _ in range(4):
        fill(call.ours)
        time.sleep(TAKEN_WITHIN_MILLISECONDS / 2_000)

    assert call.line.is_open()
    call.line.cut()
    reading.join()


def test_a_write_that_waits_fails_when_the_line_is_cut(call: Call) -> None:
    """So whoever writes is set free."""
    fill(call.ours)
    call.ours.settimeout(SOON)
    failed: list[type[OSError]] = []

    def write() -> None:
        try:
            call.ours.sendall(bytes(1024 * 1024))
        except OSError as error:
            failed.append(type(error))

    writing = Thread(target=write)
    writing.start()
    time.sleep(0.05)
    call.line.cut()
    writing.join()

    assert failed
    assert failed != [TimeoutError]
    call.line.cut()


def test_a_line_that_cannot_be_looked_at_counts_as_open() -> None:
    """Of another server, or not over TCP: who has gone is then found out by writing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for environ in ({}, {"gunicorn.socket": ours}):
            line = line_of(environ)
            line.cut()
            assert line.is_open()
