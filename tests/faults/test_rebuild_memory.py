"""Making caches anew takes the same memory however many facts there are."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import pytest

from dumont_economy.clock import SystemClock
from dumont_economy.metering.usage_event import EventType, UsageEvent
from dumont_economy.services.people import make_account
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.storage.database import Database
from dumont_economy.storage.usage_events import append_events, lock_ledger
from tests.builders import event, start
from tests.faults.altered import MEMORY_FILE
from tests.faults.harness import FaultyServer, say, size

EVENTS = size(usual=60_000, torture=10_000_000)
# As many as are read at once, or what they take would lie below what starting the program does.
FEWER = size(usual=30_000, torture=EVENTS // 10)
# Of its file SQLite keeps up to this, which few facts do not fill; so it is left out where growth
# is looked for, and counted where the whole is.
PAGES_MEBIBYTES = 64
MOST_MEBIBYTES = 400 - PAGES_MEBIBYTES
# What two runs differ by; 30,000 more events at once take 28.
MOST_MORE_MEBIBYTES = size(usual=6, torture=30)
# The smallest account that is large enough to tell.
CONTROL = size(usual="many", torture="few")
INSTANCES = 5_000
STORED_AT_ONCE = 5_000


def told(count: int) -> Iterator[UsageEvent]:
    """Yield so many events: hours of use of many instances over 300 days, in order."""
    began = SystemClock().now() - timedelta(days=300)
    step = timedelta(days=290) / count
    for number in range(count // 2):
        instance, at = f"i-{number % INSTANCES}", began + 2 * number * step
        ended = at + min(timedelta(hours=1), INSTANCES * step)
        yield start(at, id=f"start-{number}", instance=instance, gpu_count=1 + number % 4)
        yield event(EventType.STOP, ended, id=f"stop-{number}", instance=instance)


def fill(database: Database, name: str, count: int) -> None:
    """Make an account with so many events, and no caches: those are what is made anew."""
    clock = SystemClock()
    account = make_account(database, clock, name)
    waiting = told(count)
    while some := list(islice(waiting, STORED_AT_ONCE)):
        with database.write(account_id=account.id) as connection:
            append_events(
                connection,
                account.id,
                lock_ledger(connection, account.id).head,
                some,
                received_at=clock.now(),
                reporter="test",
            )


def mebibytes_to_rebuild(server: FaultyServer, name: str, *, alterations: str = "") -> float:
    """Return the most memory that `economy rebuild` of an account takes."""
    told_in = server.database.with_name("memory.txt")
    altered = FaultyServer(
        server.database,
        alterations=",".join(["tells_its_memory", "keeps_few_pages", *filter(None, [alterations])]),
        told={MEMORY_FILE: str(told_in)},
    )
    command = [*altered.program, "rebuild", "--account", name]
    subprocess.run(command, env=altered.environment, check=True)
    return int(told_in.read_text()) / 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> FaultyServer:
    """Return a server whose database has an account with few events and one with many."""
    found = FaultyServer(tmp_path_factory.mktemp("rebuild") / "economy.db")
    database = prepare_database(found.database_url, SystemClock())
    try:
        fill(database, "few", FEWER)
        fill(database, "many", EVENTS)
    finally:
        database.close()
    return found


@pytest.mark.timeout(5_400)
def test_more_facts_take_the_same_memory(server: FaultyServer) -> None:
    """Under 400 MB, however many there are."""
    few, many = mebibytes_to_rebuild(server, "few"), mebibytes_to_rebuild(server, "many")
    say(events=f"{FEWER:,} and {EVENTS:,}", mebibytes=f"{few:.0f} and {many:.0f}")

    assert many - few < MOST_MORE_MEBIBYTES
    assert many < MOST_MEBIBYTES


@pytest.mark.timeout(5_400)
def test_all_facts_at_once_take_more(server: FaultyServer) -> None:
    """The control: some that are read at once are past the bound."""
    usual = mebibytes_to_rebuild(server, CONTROL)
    held = mebibytes_to_rebuild(server, CONTROL, alterations="holds_all_events")
    say(mebibytes=f"{usual:.0f}, all at once {held:.0f}")

    assert held - usual > MOST_MORE_MEBIBYTES
