"""What fault tests share: their size and seed, a server to harm, and a client that never gives up.

A client keeps what it was answered. What the database holds is then read from outside the product,
and what it comes to is compared with the reference model.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, TypeVar

from sqlalchemy import create_engine, text

from tests.e2e.live_server import HOST, PASSWORD, LiveServer
from tests.reference_model import Figures, Price, Report, Rule, World, added, pieces_of, runs_of

TORTURE = "DUMONT_ECONOMY_TORTURE"
SEED = "DUMONT_ECONOMY_FAULT_SEED"
BATCH = 100
# What a client may meet while a server is harmed: no answer, or half of one.
NO_ANSWER = (OSError, HTTPException)

_ALTERED = Path(__file__).parent / "altered.py"
_RETRY_SECONDS = 0.05
# The first read of half a million events takes a while.
_PATIENCE_SECONDS = 120
_GIVES_UP_SECONDS = 120
_SESSIONS_OF_AN_INSTANCE = 10
# After all usage.
_THE_END = datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
# The reference card (API.md, section 4), USD per GPU-hour on AWS, and how the fleet is billed.
_CARD = {"RTX 4090": "4.10", "T4": "0.53", "RTX 3090": "3.06"}
_WORLD = World(
    rules={"lambda": [Rule(Fraction(0), 0, 60, rounds_up=True)]},
    compared_party="the card, which has no minimum",
    prices={gpu: [Price(Fraction(0), Fraction(usd))] for gpu, usd in _CARD.items()},
)
_STORED = text("SELECT id FROM usage_event ORDER BY seq")

Size = TypeVar("Size", int, str)
Json = dict[str, Any]
Batch = list[Json]
Totals = dict[str, dict[str, str]]


def size(usual: Size, torture: Size) -> Size:
    """Return how much of something a run has: usually, or under `make torture`."""
    return torture if os.environ.get(TORTURE) == "1" else usual


def seeded(test: str) -> Random:
    """Return the random numbers of a run; say its seed and how to repeat it."""
    seed = int(os.environ.get(SEED, "20261128"))
    full_size = f"{TORTURE}=1 " if os.environ.get(TORTURE) == "1" else ""
    print(f"seed {seed}; again: {full_size}{SEED}={seed} .venv/bin/python -m pytest {test}")  # noqa: T201  for `pytest -rP`
    return Random(seed)


def say(**found: object) -> None:
    """Say what a run came to."""
    print("; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items()))  # noqa: T201  for `pytest -rP`


@dataclass
class FaultyServer(LiveServer):
    """A server that a test harms.

    `alterations` are names that `altered` knows, `told` is what they are told. A database that is
    no file has its `address`. `prefix` is a command that runs the server. What the server says goes
    to a file beside the database, or to `log`.
    """

    alterations: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    prefix: Sequence[str] = ()
    log: Path | None = None

    def __post_init__(self) -> None:
        if self.alterations:
            self.program = (sys.executable, str(_ALTERED), self.alterations)
        self.log = self.log or self.database.with_suffix(".log")
        into_log = ("sh", "-c", 'exec "$@" >>"$0" 2>&1', str(self.log))
        self.program = (*into_log, *self.prefix, *self.program)

    @property
    def database_url(self) -> str:
        """Return the database's address."""
        return self.address or super().database_url

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that names the database and tells the alterations."""
        return {**super().environment, **self.told}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the server, and stop it in the end."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def said(self) -> str:
        """Return what the server said in its log."""
        assert self.log is not None
        return self.log.read_text()

    def new_token(self, account: str = "acme") -> str:
        """Return a token of all scopes for a new account."""
        owner = f"owner@{account}.example"
        self.economy("user", "add", owner, "--account", account, given=f"{PASSWORD}\n")
        scopes = ("--scope", "ingest", "--scope", "backfill", "--scope", "read")
        return self.economy("token", "create", "--account", account, *scopes)

    def workers(self) -> list[int]:
        """Return the processes that answer requests."""
        assert self.process is not None
        return _children(self.process.pid)

    def kill_below_prefix(self) -> None:
        """Kill all of the server, and let the command that runs it end by itself."""
        assert self.process is not None
        for arbiter in _children(self.process.pid):
            # The first one first: it would start others.
            for process in (arbiter, *_children(arbiter)):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self.process.wait(_GIVES_UP_SECONDS)
        self.process = None

    def kill_a_worker(self, random: Random) -> None:
        """Kill a process that answers requests; the server starts another."""
        if workers := self.workers():
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)

    def kill_and_restart(self) -> float:
        """Kill all of the server and start it; return after how many seconds it was ready."""
        self.stop(signal.SIGKILL)
        begun = time.monotonic()
        self.start()
        return time.monotonic() - begun

    def stored_ids(self) -> list[str]:
        """Return the ids of all events that the database holds, in the order received."""
        return stored_ids(self.database_url)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Client:
    """Reports usage with a token, one request after the other, and notes what it was answered."""

    port: int
    token: str
    # Of each event that was answered as stored, what its first such answer called it.
    acknowledged: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Make a request.

        Raises:
            OSError: there was no answer.
            HTTPException: there was no whole answer.
        """
        connection = HTTPConnection(HOST, self.port, timeout=_PATIENCE_SECONDS)
        try:
            headers = {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            }
            connection.request(method, path, json.dumps(body) if body else None, headers)
            got = connection.getresponse()
            answer = Answer(got.status, dict(got.headers), json.loads(got.read()))
        except NO_ANSWER:
            self.unanswered += 1
            raise
        finally:
            connection.close()
        self.statuses[answer.status] += 1
        return answer

    def read(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Return the answer to a question that has to be answered."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def push(self, batch: Batch) -> Answer:
        """Send a batch once; note the events that were answered as stored.

        Raises:
            OSError: there was no answer.
            HTTPException: there was no whole answer.
        """
        answer = self.ask("POST", "/api/v1/usage/events", {"events": batch})
        if answer.status == 200:
            for event, result in zip(batch, answer.body["results"], strict=True):
                assert result["status"] in ("accepted", "duplicate"), result
                self.acknowledged.setdefault(event["id"], result["status"])
        return answer

    def push_until_acknowledged(self, batch: Batch) -> None:
        """Send a batch again and again until it is answered as stored."""
        gives_up_at = time.monotonic() + _GIVES_UP_SECONDS
        while True:
            with suppress(*NO_ANSWER):
                answer = self.push(batch)
                if answer.status == 200:
                    return
                assert answer.status == 503, answer
            assert time.monotonic() < gives_up_at, "The server did not come back."
            time.sleep(_RETRY_SECONDS)

    def totals(self) -> Totals:
        """Return what the usage of each GPU comes to, compared with the reference card."""
        return self.totals_and_instant()[0]

    def totals_and_instant(self) -> tuple[Totals, datetime]:
        """Return the totals, and the instant at which they stand so."""
        answer = self.read("/api/v1/instances?group_by=gpu&rate_card=reference")
        kept = ("cost", "comparable_cost", "comparison_cost", "saving")
        totals = {
            group["gpu_type"]: {name: group["lifetime"][name] for name in kept}
            for group in answer["groups"]
        }
        return totals, datetime.fromisoformat(answer["as_of"])


def usage(random: Random) -> Iterator[Batch]:
    """Yield batches of a fleet's starts and stops without end: all sessions are over."""
    session = 0
    while True:
        batch: Batch = []
        while len(batch) < BATCH:
            instance, turn = divmod(session, _SESSIONS_OF_AN_INSTANCE)
            begins = _BEGINNING + timedelta(hours=turn, milliseconds=random.randrange(1_000_000))
            ends = begins + timedelta(milliseconds=random.randrange(1, 2_500_000))
            shape = {
                "provider": random.choice(("vast", "lambda")),
                "gpu": random.choice(tuple(_CARD)),
                "gpu_count": random.choice((1, 2, 8)),
                "rate": f"0.{random.randrange(10**6):06}",
            }
            batch += [
                event("start", f"i-{instance}", begins, f"start-{session}", **shape),
                event("stop", f"i-{instance}", ends, f"stop-{session}"),
            ]
            session += 1
        random.shuffle(batch)
        yield batch


def event(kind: str, instance: str, at: datetime, name: str, **more: object) -> Json:
    """Return an event as a reporter sends it."""
    return {
        "id": name,
        "source": "fleet",
        "type": kind,
        "instance": instance,
        "time": at.isoformat(),
        **more,
    }


def send_while(running: Event, client: Client, random: Random, *, per_second: float) -> Batch:
    """Send batches at a pace until told to stop; return all events sent.

    One batch in five is sent again after it was acknowledged.
    """
    sent: Batch = []
    due = time.monotonic()
    for batch in usage(random):
        if not running.is_set():
            return sent
        client.push_until_acknowledged(batch)
        if random.random() < 0.2:
            client.push_until_acknowledged(batch)
        sent += batch
        # What an outage held up is not made up for in a burst.
        due = max(due + 1 / per_second, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))
    return sent


def expected_totals(events: Iterable[Json], now: datetime = _THE_END) -> Totals:
    """Return what the reference model says of a fleet's usage at an instant, by GPU."""
    # Instance by instance: the model compares each report with all of its instance's.
    of_instance: dict[str, list[Report]] = {}
    for one in events:
        of_instance.setdefault(one["instance"], []).append(_report(one))
    sums: dict[str, Figures] = {}
    for reports in of_instance.values():
        for run in runs_of(reports, _posix(now)):
            of_run = added(piece.figures for piece in pieces_of(run, _WORLD, _posix(now)))
            sums[run.gpu] = sums.get(run.gpu, Figures()).plus(of_run)
    return {
        gpu: {
            "cost": ten_decimals(of.actual),
            "comparable_cost": ten_decimals(of.comparable),
            "comparison_cost": ten_decimals(of.comparison),
            "saving": ten_decimals(of.comparison - of.comparable),
        }
        for gpu, of in sums.items()
    }


def ten_decimals(amount: Fraction) -> str:
    """R-ROUND: return an amount rounded half to even to 10 decimals."""
    units = round(amount * 10**10)
    whole, part = divmod(abs(units), 10**10)
    return f"{'-' if units < 0 else ''}{whole}.{part:010}"


def stored_ids(database_url: str) -> list[str]:
    """Return the ids of all events that a database holds, in the order received."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        found = list(connection.execute(_STORED).scalars())
    engine.dispose()
    return found


@dataclass(frozen=True)
class Loss:
    """How what a database holds differs from what was acknowledged: numbers of events."""

    lost: int
    doubled: int


def loss(acknowledged: Iterable[str], stored: Iterable[str]) -> Loss:
    """Compare the ids of events that were answered as stored with those that are."""
    held = Counter(stored)
    return Loss(
        lost=sum(not held[name] for name in set(acknowledged)),
        doubled=held.total() - len(held),
    )


NO_LOSS = Loss(0, 0)


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(number) for number in found.split()]


def _report(sent: Json) -> Report:
    return Report(
        source=sent["source"],
        id=sent["id"],
        type=sent["type"],
        time=_posix(datetime.fromisoformat(sent["time"])),
        instance=sent["instance"],
        provider=sent.get("provider", ""),
        gpu=sent.get("gpu", ""),
        gpu_count=sent.get("gpu_count", 0),
        rate=Fraction(sent.get("rate", 0)),
    )


def _posix(instant: datetime) -> Fraction:
    """Return an instant as the model counts: POSIX seconds."""
    return Fraction((instant - _EPOCH) // timedelta(microseconds=1), 10**6)
