"""A 2xx means on disk on PostgreSQL too: whatever moment it is stopped at (RELIABILITY.md, D1).

`pg_ctl stop -m immediate` keeps what the server has not written itself from ever being written.
What it has written and not synced is the system's, so that it syncs is asked of its settings.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event

import pytest
from sqlalchemy import text

from dumont_economy.storage.database import Database
from tests.faults.harness import (
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

_CUTS = size(8, 100)
_CONTROL_CUTS = 8
_BATCHES_PER_SECOND = 20
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@pytest.fixture
def cluster() -> Iterator[PostgreSql]:
    """Start a PostgreSQL of this test's own, since it is stopped."""
    with running_postgresql() as own:
        yield own


@pytest.fixture
def address(cluster: PostgreSql) -> str:
    """Return the address of an empty database."""
    return cluster.new_database()


def _cut(
    cluster: PostgreSql, server: FaultyServer, client: Client, random: Random, cuts: int
) -> tuple[int, list[dict[str, object]]]:
    """Stop the database at random moments while a client reports, and look for each event.

    Returns how many of the cuts lost an event that had been answered by then, and what was sent.
    """
    seen_at = cluster.superuser_url(server.database_url)
    lossy = 0
    running = Event()
    running.set()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(
            send_while, running, client, Random(random.random()), per_second=_BATCHES_PER_SECOND
        )
        try:
            for _ in range(cuts):
                time.sleep(random.uniform(0.3, 1.2))
                answered = list(client.acknowledged)
                with cluster.stopped():
                    pass
                lossy += loss(answered, stored_ids(seen_at)).lost > 0
        finally:
            running.clear()
        return lossy, sending.result()


def test_what_was_acknowledged_outlives_a_stop(
    cluster: PostgreSql, address: str, tmp_path: Path
) -> None:
    """No stop loses an answered event, and all that a commit on disk rests on is switched on."""
    random = seeded("tests/faults/test_power_cut_postgresql.py -k outlives")
    server = FaultyServer(tmp_path / "economy", address=address)
    client = Client(server.port, server.new_token())
    database = Database(address)
    with database.write() as connection:
        held = {name: connection.execute(text(f"SHOW {name}")).scalar() for name in _DURABLE}
    database.close()
    with server.running():
        lossy, sent = _cut(cluster, server, client, random, _CUTS)
        totals = client.totals()

    say(cuts=_CUTS, lossy=lossy, events=len(sent), settings=held)
    assert held == dict.fromkeys(_DURABLE, "on")
    assert lossy == 0
    assert totals == expected_totals(sent)


def test_a_commit_that_is_not_on_disk_would_be_noticed(
    cluster: PostgreSql, address: str, tmp_path: Path
) -> None:
    """Control: with `synchronous_commit` off, stops lose answered events."""
    random = seeded("tests/faults/test_power_cut_postgresql.py -k not_on_disk")
    server = FaultyServer(
        tmp_path / "economy", address=address, alterations="commits_asynchronously"
    )
    client = Client(server.port, server.new_token())
    with server.running():
        lossy, _ = _cut(cluster, server, client, random, _CONTROL_CUTS)

    say(cuts=_CONTROL_CUTS, lossy=lossy)
    assert lossy
