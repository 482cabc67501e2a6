"""A PostgreSQL that crashes under load: nothing lost, nothing doubled (RELIABILITY.md, D4)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event

import pytest
from sqlalchemy import create_engine, text

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
from tests.postgresql import PostgreSql, running_postgresql

_RESTARTS = size(4, 20)


@pytest.fixture
def cluster() -> Iterator[PostgreSql]:
    """Start a PostgreSQL of this test's own, since it crashes it."""
    with running_postgresql() as own:
        yield own


def _report_through_restarts(
    cluster: PostgreSql, client: Client, random: Random, restarts: int, per_second: float
) -> Batch:
    """Crash the database at random moments while a client reports; return all events sent."""
    running = Event()
    running.set()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(
            send_while, running, client, Random(random.random()), per_second=per_second
        )
        try:
            for _ in range(restarts):
                time.sleep(random.uniform(0.5, 2))
                cluster.restart()
        finally:
            running.clear()
        return sending.result()


def test_what_was_acknowledged_is_counted_once_through_restarts(
    cluster: PostgreSql, tmp_path: Path
) -> None:
    """Meanwhile the answer is 503; afterwards the server serves as before, without a restart."""
    random = seeded("tests/faults/test_database_restart.py -k counted_once")
    server = FaultyServer(tmp_path / "economy", address=cluster.new_database())
    superuser_url = cluster.superuser_url(server.database_url)
    client = Client(server.port, server.new_token())
    engine = create_engine(superuser_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW fsync")).scalar() == "on"
    engine.dispose()
    with server.running():
        workers = server.workers()
        sent = _report_through_restarts(cluster, client, random, _RESTARTS, per_second=5)
        ready, _ = server.request("GET", "/readyz")
        totals = client.totals()
        assert server.workers() == workers

    say(restarts=_RESTARTS, events=len(sent), answers=dict(client.statuses))
    assert ready == 200
    assert set(client.statuses) == {200, 503}
    assert client.unanswered == 0
    stored = stored_ids(superuser_url)
    assert loss(client.acknowledged, stored) == NO_LOSS
    assert len(stored) == len(sent) == len(client.acknowledged)
    assert totals == expected_totals(sent)


def test_a_commit_that_is_not_waited_for_would_be_noticed(
    cluster: PostgreSql, tmp_path: Path
) -> None:
    """Control: with `synchronous_commit` off a crash loses acknowledged events."""
    random = seeded("tests/faults/test_database_restart.py -k not_waited_for")
    server = FaultyServer(
        tmp_path / "economy",
        alterations="commits_asynchronously",
        address=cluster.new_database(),
    )
    client = Client(server.port, server.new_token())
    with server.running():
        _report_through_restarts(cluster, client, random, restarts=4, per_second=20)

    found = loss(client.acknowledged, stored_ids(cluster.superuser_url(server.database_url)))
    say(lost=found.lost, doubled=found.doubled)
    assert found.lost
    assert not found.doubled
