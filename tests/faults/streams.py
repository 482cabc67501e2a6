"""Many open streams, held by one thread, and polls beside them."""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from dumont_economy.clock import SystemClock
from dumont_economy.services import people
from dumont_economy.services.people import Scope
from dumont_economy.storage.accounts import all_accounts
from dumont_economy.storage.database import Database
from tests.e2e.live_server import HOST
from tests.faults.harness import NO_ANSWER

PATH = "/api/v1/economy/stream"
_EVENT = b"event: changed"
# A hint when to come back, and the end of a body that is sent in chunks.
_CLEAN_END = re.compile(rb"retry: \d+\n\n\r\n0\r\n\r\n\Z")
_SMALLEST_BUFFER = 1
_POLLERS = 8


@dataclass(eq=False)
class OpenStream:
    """One stream: when it was asked for, and all that has come of it."""

    client: socket.socket
    asked_at: float
    first_event_at: float | None = None
    received: bytes = b""
    is_over: bool = False

    @property
    def status(self) -> int:
        """Return the status of its answer."""
        return int(self.received.split(b" ", 2)[1])

    @property
    def events(self) -> int:
        """Return how many events have come."""
        return self.received.count(_EVENT)

    @property
    def ended_cleanly(self) -> bool:
        """Say whether it ended with a hint when to come back, and with the end of its body."""
        return self.is_over and _CLEAN_END.search(self.received) is not None

    def read(self) -> None:
        """Read what has come."""
        try:
            piece = self.client.recv(65_536)
        except OSError:
            piece = b""
        self.received += piece
        self.is_over = not piece
        if self.first_event_at is None and _EVENT in self.received:
            self.first_event_at = time.monotonic()


def _ask(port: int, token: str, *, is_reader: bool) -> OpenStream:
    """Ask for a stream; whoever does not mean to read has hardly any room for what comes."""
    client = socket.socket()
    if not is_reader:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_BUFFER)
    client.connect((HOST, port))
    stream = OpenStream(client, time.monotonic())
    client.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    return stream


@dataclass
class Streams:
    """Streams that are read whenever something comes, and some that never are."""

    held: list[OpenStream] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def open(self, port: int, token: str, *, is_reader: bool = True) -> OpenStream:
        """Open one more."""
        stream = _ask(port, token, is_reader=is_reader)
        self.held.append(stream)
        if is_reader:
            self._selector.register(stream.client, selectors.EVENT_READ, stream)
        return stream

    def read_for(self, seconds: float) -> None:
        """Read for a time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(min(left, 0.05)):
                stream: OpenStream = key.data
                stream.read()
                if stream.is_over:
                    self._selector.unregister(stream.client)

    def close(self) -> None:
        """Hang up all."""
        for stream in self.held:
            stream.client.close()
        self._selector.close()


@contextmanager
def streams() -> Iterator[Streams]:
    """Hold streams during the block."""
    with ExitStack() as stack:
        held = Streams()
        stack.callback(held.close)
        yield held


@dataclass
class Polls:
    """What polls were answered; an answer that did not come has the status 0."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    # From the first question to the last answer: longer than planned where the pace was not kept.
    lasted: float = 0

    @property
    def failed(self) -> int:
        """Return how many were not answered with what was asked for."""
        return sum(count for status, count in self.statuses.items() if status not in (200, 304))

    @property
    def p95(self) -> float:
        """Return how long the slowest of all but a twentieth took, in seconds."""
        return sorted(self.seconds)[-(len(self.seconds) // 20) - 1]


def poll(port: int, tokens: Sequence[str], *, per_second: float, seconds: float) -> Polls:
    """Ask for the savings at a steady pace, as screens do: for each token with the tag it holds."""
    polls, began = Polls(), time.monotonic()

    def poll_from(first: int) -> None:
        connection, tags = HTTPConnection(HOST, port, timeout=10), dict[str, str]()
        for number in range(first, int(per_second * seconds), _POLLERS):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            token = tokens[number % len(tokens)]
            headers = {"Authorization": f"Bearer {token}", "If-None-Match": tags.get(token, '""')}
            asked_at = time.monotonic()
            try:
                connection.request("GET", "/api/v1/economy/savings", headers=headers)
                answer = connection.getresponse()
                answer.read()
                tags[token] = answer.headers.get("ETag", '""')
                status = answer.status
            except NO_ANSWER:
                connection.close()
                status = 0
            polls.statuses[status] += 1
            polls.seconds.append(time.monotonic() - asked_at)
        connection.close()

    with ThreadPoolExecutor(_POLLERS) as pool:
        list(pool.map(poll_from, range(_POLLERS)))
    polls.lasted = time.monotonic() - began
    return polls


def tokens_of_new_accounts(database_url: str, number: int) -> list[str]:
    """Make accounts with a token each, which may do everything."""
    database, clock = Database(database_url), SystemClock()
    tokens = []
    for account in range(number):
        made = people.make_account(database, clock, f"of streams {account}")
        made_token = people.create_token(database, clock, made, name="screen", scopes=tuple(Scope))
        tokens.append(made_token[1])
    database.close()
    return tokens


def revoke_all(database_url: str) -> None:
    """Revoke every token of every account."""
    database, clock = Database(database_url), SystemClock()
    with database.read() as connection:
        accounts = all_accounts(connection)
    for account in accounts:
        for token in people.list_tokens(database, account):
            people.revoke_token(database, clock, account, token.id)
    database.close()


def resident_megabytes(process: int) -> float:
    """Return how much memory a process has."""
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found
    return int(found[1]) / 1024
