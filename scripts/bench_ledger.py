"""Times reading, ingest and rating of a ledger, as ratios in one run on the same machine.

    make bench                      10 thousand and 1 million events, on SQLite and on PostgreSQL
    make bench EVENTS="1000 20000"  other sizes of history

Each size is an account of its own with 100 instances that are on, beside a history of sessions that
have ended. The real server answers over HTTP with the credential checked each time; its health
route says what any request costs. All figures are medians. It is a benchmark and no test: it prints
whether a goal is reached, and fails for none.
"""

import argparse
import json
import os
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, MetaData, insert, select

from dumont_economy.clock import SystemClock
from dumont_economy.ledger.line_item import LineItem
from dumont_economy.ledger.rating import rate_session
from dumont_economy.metering.gpu_session import replay
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.totals import total_of
from dumont_economy.services.market import market_known_at
from dumont_economy.services.people import Scope, create_token, make_account
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.services.record_usage import record_usage
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import EMPTY_LEDGER, read_chain, read_head
from dumont_economy.storage.tables import usage_event
from scripts.bench_rating import time_rating
from scripts.bench_table import TURNS, milliseconds, say
from tests.e2e.live_server import HOST, LiveServer
from tests.postgresql import running_postgresql

SIZES = (10_000, 1_000_000)
LONG_HISTORY = 1_000_000
MOST_GROWTH = 1.3
STORED_AT_ONCE = 5_000
ACTIVE = 100
BATCH = 100
BATCHES = 100
FIRST_TURNS = 5
REBUILT_A_SECOND = 30_000
MOST_MEGABYTES = 400
MEGABYTE = 10**6
KIB = 1_024
SECONDS_BETWEEN_LOOKS = 0.02
HEALTH = "/healthz"
HELD = "304"
MOST_TIMES_HEALTH = 6
ENDPOINTS = ("savings", "savings/history", "savings/realtime", "active-session", "pricing")
SHAPES = (("RTX 4090", 1, "0.74"), ("A100", 1, "2.50"), ("H100", 8, "20.00"), ("T4", 1, "0.15"))

Event = dict[str, object]


@dataclass(frozen=True)
class Filled:
    """An account with a history of a size, and a token to read it with."""

    events: int
    account: Account
    token: str


def report(kind: str, instance: str, at: datetime, number: int, **more: object) -> Event:
    """Return a usage event as it is sent."""
    return {
        "id": f"{kind}-{number}",
        "source": "bench",
        "type": kind,
        "instance": instance,
        "time": at.isoformat(),
        **more,
    }


def history(events: int, now: datetime) -> Iterator[Event]:
    """Yield so many events: sessions of an hour that have ended, then 100 instances that are on."""
    pairs = max(0, events - ACTIVE) // 2
    began = now - timedelta(days=300)
    step = timedelta(days=290) / max(1, pairs)
    for number in range(pairs):
        gpu, count, rate = SHAPES[number % len(SHAPES)]
        instance, at = f"old-{number % 5_000}", began + number * step
        yield report(
            "start", instance, at, number, provider="vast", gpu=gpu, gpu_count=count, rate=rate
        )
        yield report("stop", instance, at + min(timedelta(hours=1), 4_000 * step), number)
    for number in range(ACTIVE):
        gpu, count, rate = SHAPES[number % len(SHAPES)]
        yield report(
            "start",
            f"on-{number}",
            now - timedelta(hours=5),
            pairs + number,
            provider="vast",
            gpu=gpu,
            gpu_count=count,
            rate=rate,
        )


def filled(database: Database, events: int) -> Filled:
    """Return a new account with a history of a size."""
    clock = SystemClock()
    account = make_account(database, clock, f"bench-{events}")
    waiting: list[Event] = []
    for event in history(events, clock.now()):
        waiting.append(event)
        if len(waiting) == STORED_AT_ONCE:
            _record(database, account, waiting)
            waiting = []
    _record(database, account, waiting)
    _, token = create_token(
        database, clock, account, name="bench", scopes=(Scope.READ, Scope.INGEST)
    )
    return Filled(events, account, token)


def _record(database: Database, account: Account, events: Sequence[Event]) -> None:
    record_usage(database, SystemClock(), account, events, reporter="bench", may_backfill=True)


@dataclass
class Reader:
    """One connection to the server that is kept open, as a poller's is."""

    connection: HTTPConnection
    token: str

    def get(self, path: str, tag: str | None = None) -> tuple[int, str | None]:
        """Ask for a path and return status and entity tag."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if tag is not None:
            headers["If-None-Match"] = tag
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, answer.headers["ETag"]

    def post(self, path: str, body: bytes, key: str | None = None) -> bytes:
        """Send a body of JSON, under a key where there is one, and return the answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        self.connection.request("POST", path, body, headers)
        return self.connection.getresponse().read()


@dataclass
class BenchServer(LiveServer):
    """The server over any database."""

    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that names the database."""
        return {**super().environment, "DUMONT_ECONOMY_DATABASE_URL": self.database_url}


def time_reading(server: LiveServer, accounts: Sequence[Filled]) -> None:
    """Time the endpoints of each account, against each other and against the health route.

    Whatever is compared is asked in turn, so that a machine that is slower for a while is so for
    all of it.
    """
    readers = [
        Reader(HTTPConnection(HOST, server.port, timeout=600), one.token) for one in accounts
    ]
    for one, reader in zip(accounts, readers, strict=True):
        began = time.perf_counter()
        reader.get("/api/v1/economy/savings")
        say(
            f"first answer after a start, {one.events:,} events",
            f"{time.perf_counter() - began:.2f} s",
        )
    taken: dict[tuple[int, str], list[float]] = {}
    for _ in range(TURNS):
        for one, reader in zip(accounts, readers, strict=True):
            _, tag = reader.get("/api/v1/economy/savings")
            questions: dict[str, Callable[[], object]] = {
                HEALTH: partial(reader.get, HEALTH),
                HELD: partial(reader.get, "/api/v1/economy/savings", tag),
                **{name: partial(reader.get, f"/api/v1/economy/{name}") for name in ENDPOINTS},
            }
            for name, question in questions.items():
                taken.setdefault((one.events, name), []).append(milliseconds(question, 1))
    medians = {what: median(times) for what, times in taken.items()}
    for one, reader in zip(accounts, readers, strict=True):
        health, held = medians[one.events, HEALTH], medians[one.events, HELD]
        slowest = max(medians[one.events, endpoint] for endpoint in ENDPOINTS)
        say(
            f"slowest full answer, times health, {one.events:,} events",
            f"{slowest / health:.1f}",
            f"at most {MOST_TIMES_HEALTH}",
            is_reached=slowest <= MOST_TIMES_HEALTH * health,
        )
        reader.connection.close()  # The server closes one that has rested; it is opened anew.
        fresh = _first_of_a_second(reader)
        say(
            f"  the first of its second, against health after such a rest, {one.events:,} events",
            f"{fresh:.1f}",
            f"at most {MOST_TIMES_HEALTH}",
            is_reached=fresh <= MOST_TIMES_HEALTH,
        )
        say(
            f"unchanged answer (304), times health, {one.events:,} events",
            f"{held / health:.1f}",
            "at most 2",
            is_reached=held <= 2 * health,
        )
    smallest, largest = accounts[0].events, accounts[-1].events
    growth = max(medians[largest, one] / medians[smallest, one] for one in ENDPOINTS)
    say(
        f"growth of an answer from {smallest:,} to {largest:,} events",
        f"{growth:.2f}",
        f"at most {MOST_GROWTH}",
        is_reached=growth <= MOST_GROWTH,
    )


def _first_of_a_second(reader: Reader) -> float:
    """Return how many times health the slowest endpoint takes that nobody asked in its second.

    Machine and caches have rested since the second before, which makes anything slower.
    """
    paths = [HEALTH, *(f"/api/v1/economy/{name}" for name in ENDPOINTS)]
    taken: dict[str, list[float]] = {}
    for _ in range(FIRST_TURNS):
        for path in paths:
            time.sleep(1 - time.time() % 1 + 0.01)
            taken.setdefault(path, []).append(milliseconds(partial(reader.get, path), 1))
    health = median(taken.pop(HEALTH))
    return max(median(times) for times in taken.values()) / health


def time_rebuild(server: BenchServer, one: Filled) -> None:
    """Time `economy rebuild` of an account, and the most memory that it takes."""
    began = time.perf_counter()
    rebuild = subprocess.Popen(
        [*server.program, "rebuild", "--account", one.account.name],
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # What is told when it has ended counts the memory of this process too, from which it was made.
    most = 0.0
    while (ended := os.wait4(rebuild.pid, os.WNOHANG))[0] == 0:
        most = max(most, megabytes_of(rebuild.pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    _, status, used = ended
    taken = time.perf_counter() - began
    if status != 0:
        message = "The caches were not rebuilt."
        raise RuntimeError(message)
    a_core_second = one.events / (used.ru_utime + used.ru_stime)
    say(
        f"rebuild, {one.events:,} events: events a second of its core",
        f"{a_core_second:,.0f}",
        "at least 30,000",
        is_reached=a_core_second >= REBUILT_A_SECOND,
    )
    say("  on the clock, with a server's own time", f"{one.events / taken:,.0f}")
    say("  its memory", f"{most:,.0f} MB", "under 400 MB", is_reached=most < MOST_MEGABYTES)


def megabytes_of(process: int) -> float:
    """Return the most memory that a process has had so far."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    told = re.search(r"VmHWM:\s+(\d+) kB", status)
    return 0.0 if told is None else int(told[1]) * KIB / MEGABYTE


def time_naive(database: Database, server: LiveServer, one: Filled) -> None:
    """Time reading all events and adding them up, against the answer."""
    reader = Reader(HTTPConnection(HOST, server.port, timeout=600), one.token)
    answer = milliseconds(partial(reader.get, "/api/v1/economy/savings"), 20)
    naive = milliseconds(partial(add_up, database, one.account), 1)
    goal = 1_000 if one.events >= LONG_HISTORY else 100
    say(
        f"the naive way, times the answer, {one.events:,} events",
        f"{naive / answer:,.0f}",
        f"at least {goal:,}",
        is_reached=naive >= goal * answer,
    )


def add_up(database: Database, account: Account) -> Fraction:
    """Return the saving of all time by reading every event."""
    now = SystemClock().now()
    with database.read(account_id=account.id) as connection:
        market = market_known_at(connection, None, 1)
        terms = market.terms(ask(Policy(), ComparisonProvider.AWS), account.currency)
        lines: list[LineItem] = []
        of_instance: dict[str, list[Any]] = {}
        head = read_head(connection, account.id)
        for stored in read_chain(connection, account.id, EMPTY_LEDGER, head):
            of_instance.setdefault(stored.event.instance or "", []).append(stored.event)
        for instance, events in of_instance.items():
            for session in replay(instance, events, now).sessions:
                lines += rate_session(session, terms, now)
        return total_of(lines).saving


def time_ingest(database: Database, server: LiveServer, one: Filled, goal: float) -> None:
    """Time ingest over HTTP in batches of 100, against bare inserts of the same rows.

    Both sides have what they send ready beforehand: bodies here, rows there. The bare side inserts
    into a table with all keys and indexes of ours; beside it stands one without the other indexes.
    """
    reader = Reader(HTTPConnection(HOST, server.port, timeout=600), one.token)
    ours = _ingested_a_second(reader, is_keyed=False)
    keyed = _ingested_a_second(reader, is_keyed=True)
    bare = bare_inserts_a_second(database, one.account, is_indexed=True)
    barest = bare_inserts_a_second(database, one.account, is_indexed=False)
    say(
        "ingest over HTTP, of bare inserts of the same rows into the same table",
        f"{ours / bare:.2f}",
        f"at least {goal}",
        is_reached=ours >= goal * bare,
    )
    say("  of bare inserts into one with its keys alone", f"{ours / barest:.2f}")
    say(
        "  each with an Idempotency-Key, of the same two",
        f"{keyed / bare:.2f}, {keyed / barest:.2f}",
    )
    rates = (ours, keyed, bare, barest)
    say(
        "  rows a second: ours, with keys, bare, with its keys alone",
        ", ".join(f"{rate:,.0f}" for rate in rates),
    )


def _ingested_a_second(reader: Reader, *, is_keyed: bool) -> float:
    """Return how many new events a second are taken in, one batch after the other.

    Raises:
        RuntimeError: an event was not accepted.
    """
    # A poller reports all instances at one second, and again at a later one.
    began_at = datetime.now(UTC) - timedelta(hours=1 if is_keyed else 2)
    serial = random.Random(time.time_ns()).randrange(10**12)  # noqa: S311  only to be new
    bodies = [
        json.dumps(
            {
                "events": [
                    report(
                        "seen",
                        f"on-{number % ACTIVE}",
                        began_at + timedelta(seconds=batch),
                        serial + batch * BATCH + number,
                    )
                    for number in range(BATCH)
                ]
            }
        ).encode()
        for batch in range(BATCHES)
    ]
    keys = [f"{serial}-{batch}" if is_keyed else None for batch in range(BATCHES)]
    began = time.perf_counter()
    answers = [
        reader.post("/api/v1/usage/events", body, key)
        for body, key in zip(bodies, keys, strict=True)
    ]
    taken = time.perf_counter() - began
    for answer in answers:
        results = json.loads(answer)["results"]
        if {result["status"] for result in results} != {"accepted"}:
            message = f"Not all were accepted: {results[0]}"
            raise RuntimeError(message)
    return BATCH * BATCHES / taken


def bare_inserts_a_second(database: Database, account: Account, *, is_indexed: bool) -> float:
    """Return how many rows a second SQLAlchemy inserts alone, with the same durability.

    The table has the key and the unique columns of ours, and its other indexes if `is_indexed`; it
    is empty, and its rows come in the order of ours.
    """
    twin = usage_event.to_metadata(MetaData(), name="bench_twin")
    twin.constraints -= twin.foreign_key_constraints
    if not is_indexed:
        twin.indexes.clear()
    everything_named: list[Any] = [*twin.constraints, *twin.indexes]
    for named in everything_named:
        named.name = f"bench_{named.name}"  # Those of ours are taken.
    rows = [
        {**row, "seq": number}
        for number, row in enumerate(_newest_rows(database, account), start=1)
    ]
    with database.write() as connection:
        twin.drop(connection, checkfirst=True)
        twin.create(connection)
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        with database.write() as connection:
            connection.execute(insert(twin), rows[start : start + BATCH])
    taken = time.perf_counter() - began
    with database.write() as connection:
        twin.drop(connection)
    return len(rows) / taken


def _newest_rows(database: Database, account: Account) -> list[dict[str, Any]]:
    def read(connection: Connection) -> list[dict[str, Any]]:
        newest = (
            select(usage_event)
            .where(usage_event.c.account_id == account.id)
            .order_by(usage_event.c.seq.desc())
            .limit(BATCH * BATCHES)
        )
        return [dict(row._mapping) for row in connection.execute(newest)]  # noqa: SLF001

    with database.read(account_id=account.id) as connection:
        return read(connection)


@contextmanager
def databases(folder: Path) -> Iterator[list[tuple[str, str, float]]]:
    """Give the name and address of one database of each kind, and the goal of ingest there."""
    with running_postgresql() as cluster:
        yield [
            ("SQLite", f"sqlite:///{folder / 'bench.db'}", 0.3),
            ("PostgreSQL", cluster.new_database(), 0.2),
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("events", nargs="*", type=int, default=SIZES)
    sizes = sorted(parser.parse_args().events)
    with TemporaryDirectory() as folder, databases(Path(folder)) as kinds:
        for name, url, ingest_goal in kinds:
            print(name)
            database = prepare_database(url, SystemClock())
            accounts = [filled(database, size) for size in sizes]
            server = BenchServer(Path(folder), database_url=url)
            server.start()
            try:
                time_reading(server, accounts)
                time_naive(database, server, accounts[-1])
                time_ingest(database, server, accounts[0], ingest_goal)
            finally:
                server.stop()
            try:
                time_rebuild(server, accounts[-1])
            finally:
                database.close()
    print("Rating")
    time_rating()


if __name__ == "__main__":
    main()
