"""Killed processes: what was answered is counted once (RELIABILITY.md, M1).

A `kill -9` leaves what the system has in memory, so it cannot show whether a commit is on disk:
`test_power_cut.py` does.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event

import pytest

from tests.faults.harness import (
    NO_LOSS,
    Batch,
    Client,
    FaultyServer,
    expected_totals,
    loss,
    say,
    seeded,
    send_while,
    size,
    stored_ids,
)
from tests.postgresql import PostgreSql

_KILLS = size(20, 200)
_BATCHES_PER_SECOND = 20


def _report_through_kills(
    server: FaultyServer, client: Client, random: Random, kills: int
) -> tuple[Batch, list[float]]:
    """Kill a worker or all of the server at random moments while a client reports.

    Returns all events sent, and after how many seconds each restart was ready.
    """
    running = Event()
    running.set()
    restarts = []
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(
            send_while, running, client, Random(random.random()), per_second=_BATCHES_PER_SECOND
        )
        try:
            for _ in range(kills):
                time.sleep(random.uniform(0.2, 1.2))
                if random.random() < 0.7:
                    server.kill_a_worker(random)
                else:
                    restarts.append(server.kill_and_restart())
        finally:
            running.clear()
        return sending.result(), restarts


@dataclass(frozen=True)
class _Stored:
    """Where the server keeps its data, and the address at which everything of it is seen."""

    address: str | None
    seen_at: str


@pytest.fixture(params=["sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> _Stored:
    """Return an empty database of either kind."""
    if request.param == "sqlite":
        return _Stored(None, f"sqlite:///{tmp_path / 'economy.db'}")
    cluster: PostgreSql = request.getfixturevalue("postgresql")
    address = cluster.new_database()
    return _Stored(address, cluster.superuser_url(address))


def test_what_was_acknowledged_is_counted_once_through_kills(
    stored: _Stored, tmp_path: Path
) -> None:
    """Nothing lost, nothing doubled, and every total as the reference model has it."""
    random = seeded("tests/faults/test_kill.py -k counted_once")
    server = FaultyServer(tmp_path / "economy.db", address=stored.address)
    client = Client(server.port, server.new_token())
    with server.running():
        sent, restarts = _report_through_kills(server, client, random, _KILLS)
        totals = client.totals()

    say(
        kills=_KILLS,
        events=len(sent),
        unanswered=client.unanswered,
        answers=dict(client.statuses),
        slowest_restart=f"{max(restarts, default=0):.1f} s",
    )
    assert set(client.statuses) <= {200, 503}
    assert client.unanswered, "no kill met a request"
    assert set(client.acknowledged) == {event["id"] for event in sent}
    held = stored_ids(stored.seen_at)
    assert loss(client.acknowledged, held) == NO_LOSS
    assert len(held) == len(sent)
    assert totals == expected_totals(sent)


def test_an_answer_before_the_commit_would_be_noticed(stored: _Stored, tmp_path: Path) -> None:
    """Control: where a batch is stored after its answer, kills lose acknowledged events."""
    random = seeded("tests/faults/test_kill.py -k before_the_commit")
    server = FaultyServer(
        tmp_path / "economy.db", address=stored.address, alterations="answers_before_commit"
    )
    client = Client(server.port, server.new_token())
    with server.running():
        _report_through_kills(server, client, random, kills=2)
        server.kill_and_restart()

    found = loss(client.acknowledged, stored_ids(stored.seen_at))
    say(lost=found.lost, doubled=found.doubled)
    assert found.lost
    assert not found.doubled


def test_forgotten_events_would_be_noticed(stored: _Stored, tmp_path: Path) -> None:
    """Control: where no event is recognised, what is sent again is stored twice."""
    random = seeded("tests/faults/test_kill.py -k forgotten")
    server = FaultyServer(
        tmp_path / "economy.db", address=stored.address, alterations="forgets_what_it_stored"
    )
    client = Client(server.port, server.new_token())
    with server.running():
        _report_through_kills(server, client, random, kills=4)

    found = loss(client.acknowledged, stored_ids(stored.seen_at))
    say(lost=found.lost, doubled=found.doubled)
    assert found.doubled
    assert not found.lost
