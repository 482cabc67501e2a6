"""Clients that send their bodies a byte a second, beside others (RELIABILITY.md, S15)."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.live_server import HOST, Reporter
from tests.faults.harness import FaultyServer, say, size
from tests.faults.streams import poll, revoke_all, streams, tokens_of_new_accounts

CLIENTS = size(20, 200)
ALTERATIONS = size("reads_bodies_shortly", "")
# The product takes 25 s, of which an ordinary run has a fifth.
CLOSED_WITHIN_SECONDS = size(9, 30)
POLLS_PER_SECOND = 20
P95_MILLISECONDS = size(1_000, 500)
PATH = "/api/v1/usage/events"


@dataclass(eq=False)
class Dripping:
    """A client whose body comes byte by byte: what it was answered, and after how long."""

    client: socket.socket
    began: float
    sent: int = 0
    received: bytes = b""
    closed_after: float | None = None

    def drip(self, body: bytes) -> None:
        """Send the next byte of a body, and read what has come."""
        if self.closed_after is not None:
            return
        with suppress(OSError):
            self.client.send(body[self.sent : self.sent + 1])
            self.sent += 1
        try:
            part = self.client.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.received += part
        if part == b"":
            self.closed_after = time.monotonic() - self.began


@contextmanager
def dripping(server: FaultyServer, token: str, many: int, size_of: int) -> Iterator[list[Dripping]]:
    """Open connections with a head that announces a body of that size."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {size_of}\r\n\r\n"
    )
    with ExitStack() as opened:
        clients = []
        for _ in range(many):
            client = opened.enter_context(socket.create_connection((HOST, server.port), timeout=5))
            client.sendall(head.encode())
            client.setblocking(False)  # noqa: FBT003  the standard library's
            clients.append(Dripping(client, time.monotonic()))
        yield clients


def drip_for(clients: list[Dripping], body: bytes, seconds: float, *, apart: float = 1) -> None:
    """Send a byte of each every so often, until all are closed or the time is over."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and any(one.closed_after is None for one in clients):
        for one in clients:
            one.drip(body)
        time.sleep(apart)


def a_start() -> bytes:
    """Return a body with an event in it."""
    event = {
        "id": "e1",
        "source": "test",
        "type": "start",
        "instance": "slow",
        "time": "2026-11-01T00:00:00Z",
        "provider": "vast",
        "gpu": "T4",
        "gpu_count": 1,
        "rate": "0.15",
    }
    return json.dumps({"events": [event]}).encode()


def test_who_sends_a_byte_a_second_is_refused_in_time_and_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    """Each is told why, and its connection is closed; polls beside them are answered at once."""
    server, body = FaultyServer(tmp_path / "economy.db", alterations=ALTERATIONS), a_start()
    with server.running(), ThreadPoolExecutor(1) as pool:
        tokens = tokens_of_new_accounts(server.database_url, 2)
        with dripping(server, tokens[0], CLIENTS, len(body)) as clients:
            polling = pool.submit(
                poll,
                server.port,
                tokens[1:],
                per_second=POLLS_PER_SECOND,
                seconds=CLOSED_WITHIN_SECONDS,
            )
            drip_for(clients, body, CLOSED_WITHIN_SECONDS + 5)
            polls = polling.result()
        instances = Reporter(server, tokens[0]).read("/api/v1/instances")["instances"]

    closed = [one.closed_after for one in clients if one.closed_after is not None]
    say(closed=f"{len(closed)} within {max(closed):.1f} s", p95=f"{polls.p95 * 1000:.0f} ms")
    assert len(closed) == CLIENTS
    assert max(closed) <= CLOSED_WITHIN_SECONDS
    assert {one.received.split(b" ", 2)[1] for one in clients} == {b"408"}
    assert all(b'"code": "body_too_slow"' in one.received for one in clients)
    assert polls.failed == 0
    assert polls.p95 * 1000 < P95_MILLISECONDS
    assert instances == []


def test_a_slow_body_that_is_whole_in_time_is_taken(tmp_path: Path) -> None:
    """Control: it is not the pauses that are refused."""
    server, body = FaultyServer(tmp_path / "economy.db", alterations=ALTERATIONS), a_start()
    with server.running():
        [token] = tokens_of_new_accounts(server.database_url, 1)
        with dripping(server, token, 1, len(body)) as clients:
            drip_for(clients, body, 4, apart=2 / len(body))
        instances = Reporter(server, token).read("/api/v1/instances")["instances"]

    assert clients[0].received.split(b" ", 2)[1] == b"200"
    assert [one["instance_id"] for one in instances] == ["slow"]


def test_what_is_answered_for_longer_than_a_body_may_take_ends_cleanly(tmp_path: Path) -> None:
    """A stream's request had no body: nothing is said of one behind its end."""
    server = FaultyServer(tmp_path / "economy.db", alterations="reads_bodies_shortly")
    with server.running(), streams() as held:
        [token] = tokens_of_new_accounts(server.database_url, 1)
        stream = held.open(server.port, token)
        held.read_for(7)
        revoke_all(server.database_url)
        held.read_for(6)

    assert stream.events == 1
    assert stream.received.endswith(b"\n\n\r\n0\r\n\r\n")


def test_bodies_that_are_waited_for_would_be_noticed(tmp_path: Path) -> None:
    """Control: where a server has no limit for them, a connection stays open."""
    server = FaultyServer(tmp_path / "economy.db", alterations="reads_bodies_for_ever")
    body = a_start()
    with server.running():
        [token] = tokens_of_new_accounts(server.database_url, 1)
        with dripping(server, token, 1, len(body)) as clients:
            drip_for(clients, body, CLOSED_WITHIN_SECONDS)

    assert clients[0].closed_after is None
    assert clients[0].received == b""
