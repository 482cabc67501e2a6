"""A worker that starts while the database is away waits for it; the server goes on (D4)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.harness import Client, FaultyServer, expected_totals, seeded, usage

_PATIENCE_SECONDS = 60
_AWAY = "The database cannot be used now"


@contextmanager
def _away(database: Path) -> Iterator[None]:
    """Put a folder in a database's place for a while."""
    moved = database.with_suffix(".away")
    database.rename(moved)
    database.mkdir()
    yield
    database.rmdir()
    moved.rename(database)


def _until_said(server: FaultyServer, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while what not in server.said():
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)


def test_a_worker_waits_for_a_database_that_is_away(tmp_path: Path) -> None:
    """Killed meanwhile, it comes back; once the database is there, reports are taken again."""
    random = seeded("tests/faults/test_start_without_database.py -k waits")
    server = FaultyServer(tmp_path / "economy.db")
    client = Client(server.port, server.new_token())
    batches = usage(random)
    before, after = next(batches), next(batches)
    with server.running():
        client.push_until_acknowledged(before)
        with _away(server.database):
            server.kill_a_worker(random)
            _until_said(server, _AWAY)
        client.push_until_acknowledged(after)
        totals = client.totals()

    assert totals == expected_totals([*before, *after])


def test_a_server_that_ends_would_be_noticed(tmp_path: Path) -> None:
    """Control: where a worker does not wait, the server ends with it."""
    random = seeded("tests/faults/test_start_without_database.py -k ends")
    server = FaultyServer(tmp_path / "economy.db", alterations="starts_once")
    with server.running():
        assert server.process is not None
        with _away(server.database):
            server.kill_a_worker(random)
            assert server.process.wait(_PATIENCE_SECONDS) == 3
        server.process = None
