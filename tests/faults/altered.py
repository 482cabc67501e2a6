"""The product with one of its protections removed, or with what a test has to set.

`python altered.py NAME[,NAME...] ARGUMENT...` is `economy ARGUMENT...` after the alterations of
these names. They are what shows that a fault test can fail, and they live here
alone: the product has no setting for any of them.
"""

import atexit
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import gevent
from sqlalchemy import Connection, Engine, event

from dumont_economy.api import connection as api_connection
from dumont_economy.api import usage
from dumont_economy.api.app import create_app
from dumont_economy.api.operation import services
from dumont_economy.cli import server, server_worker
from dumont_economy.cli.main import main
from dumont_economy.clock import Clock, SystemClock
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.services import market, rebuild_caches, record_usage
from dumont_economy.services.account_ledger import AccountLedger, AccountLedgers
from dumont_economy.services.change_watch import ChangeWatch
from dumont_economy.services.follow_usage import CacheTerms
from dumont_economy.services.market import Market
from dumont_economy.services.record_usage import EventResult, UsageBatch
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage import database, usage_events
from dumont_economy.storage.database import Database
from dumont_economy.storage.event_chain import LedgerHead, StoredEvent

# What alterations are told beside their names, by environment variables.
CLOCK_FILE = "TEST_CLOCK_FILE"
MOST_PAGES_FILE = "TEST_MOST_PAGES_FILE"
FATAL_STEP = "TEST_FATAL_STEP"
STEPS_FILE = "TEST_STEPS_FILE"
MEMORY_FILE = "TEST_MEMORY_FILE"

_STORES_LATER_BY = 0.5  # seconds


def _answers_before_commit() -> None:
    """Answer a batch as accepted, and store it half a second later."""

    def promise(_connection: Connection, clock: Clock, batch: UsageBatch) -> list[EventResult]:
        gevent.spawn_later(_STORES_LATER_BY, store, services().database, clock, batch)
        return [one.result for one in batch.judged]

    def store(held: Database, clock: Clock, batch: UsageBatch) -> None:
        held.transact(
            lambda connection: record_usage.store_batch(connection, clock, batch),
            account_id=batch.account.id,
        )

    _replace(usage, "store_batch", promise)


def _forgets_what_it_stored() -> None:
    """Take every event for a new one."""
    append = usage_events.append_events

    def append_as_new(
        connection: Connection,
        account_id: str,
        newest: Any,  # noqa: ANN401
        events: Sequence[UsageEvent],
        **more: Any,  # noqa: ANN401
    ) -> tuple[LedgerHead, list[str]]:
        fresh = [one._replace(source=uuid4().hex) for one in events]
        return append(connection, account_id, newest, fresh, **more)

    _replace(usage_events, "append_events", append_as_new)
    _replace(usage_events, "events_by_key", lambda *_: {})


def _synchronous_normal() -> None:
    """Let SQLite answer before a commit is on disk."""
    _after_connecting("PRAGMA synchronous=NORMAL")


def _synchronous_off() -> None:
    """Let SQLite never wait for the disk."""
    _after_connecting("PRAGMA synchronous=OFF")


def _never_checkpoints() -> None:
    """Let the write-ahead log grow for ever."""
    _after_connecting("PRAGMA wal_autocheckpoint=0")


def _keeps_few_pages() -> None:
    """Let SQLite keep as few pages of its file as ever while caches are made anew."""
    _replace(rebuild_caches, "many_pages_kept", nullcontext)


def _begins_deferred() -> None:
    """Let a writer on SQLite wait for no turn, begin as a reader, and then upgrade its lock."""
    _replace(Database, "_turn", lambda _database: nullcontext())
    _replace(database, "_begin_on_sqlite", lambda connection: connection.exec_driver_sql("BEGIN"))


def _commits_each_statement() -> None:
    """Let SQLite commit statement by statement."""
    _replace(database, "_begin_on_sqlite", lambda _connection: None)


def _commits_asynchronously() -> None:
    """Let PostgreSQL answer before a commit is on disk."""
    begin = database._begin_on_postgresql  # noqa: SLF001

    def begin_without_waiting(connection: Connection) -> None:
        begin(connection)
        if connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")

    _replace(database, "_begin_on_postgresql", begin_without_waiting)


def _passes_errors_on() -> None:
    """Let errors of the database through as they are."""
    _replace(database, "_unavailable_as_our_own", nullcontext)


def _starts_once() -> None:
    """Let a worker that finds no database fail."""
    _replace(server._Server, "load", lambda self: create_app(self._settings))  # noqa: SLF001


def _drops_soon() -> None:
    """Take a reader who takes nothing for gone after a tenth of the time."""
    api_connection._TAKEN_WITHIN_MILLISECONDS //= 10  # noqa: SLF001


def _reads_bodies_shortly() -> None:
    """Wait a fifth of the time for a body."""
    server_worker._BODY_SECONDS //= 5  # noqa: SLF001


def _reads_bodies_for_ever() -> None:
    """Wait for a body for as long as something of it comes."""
    server_worker._BODY_SECONDS = 86_400  # noqa: SLF001


def _forgets_its_streams() -> None:
    """Let a server that stops leave its streams open for as long as it waits for requests."""
    server._GRACE_SECONDS = 1  # noqa: SLF001
    _replace(ChangeWatch, "stop", lambda _self: None)


def _orders_by_clock() -> None:
    """Take an event for received when the clock says, and list events in that order."""
    newest_events = usage_events.newest_events

    def newest_by_clock(*arguments: Any, **options: Any) -> list[StoredEvent]:  # noqa: ANN401
        found = newest_events(*arguments, **options)
        return sorted(found, key=lambda stored: stored.received_at, reverse=True)

    _replace(usage_events, "next_receipt", lambda _ledger, now: now)
    _replace(usage_events, "newest_events", newest_by_clock)


def _follows_forward_only() -> None:
    """Take caches of what has not happened yet for those of now."""
    of_caches = AccountLedgers._of_caches  # noqa: SLF001

    def of_caches_forward(
        self: AccountLedgers,
        records: UsageRecords,
        head: LedgerHead,
        at: datetime,
        terms: CacheTerms,
    ) -> AccountLedger | None:
        cache = records.head()
        newest = None if cache is None else cache.newest_event_at
        return of_caches(self, records, head, at if newest is None else max(at, newest), terms)

    _replace(AccountLedgers, "_of_caches", of_caches_forward)


def _knows_prices_always() -> None:
    """Take every price for one that was known at any time."""
    right = market.market_known_at

    def known_always(connection: Connection, _as_of: datetime | None, version: int) -> Market:
        return right(connection, None, version)

    _replace(market, "market_known_at", known_always)


def _holds_all_events() -> None:
    """Read all events of an account at once."""
    right = usage_events.events_by_instance

    def all_at_once(connection: Connection, account_id: str, head: LedgerHead) -> list[StoredEvent]:
        return list(right(connection, account_id, head))

    _replace(usage_events, "events_by_instance", all_at_once)


def _few_pages() -> None:
    """Let a database on SQLite grow to a number of pages, which a file names."""
    begin = database._begin_on_sqlite  # noqa: SLF001
    told = Path(os.environ[MOST_PAGES_FILE])

    def begin_in_few_pages(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={int(told.read_text())}")
        begin(connection)

    _replace(database, "_begin_on_sqlite", begin_in_few_pages)


def _clock() -> None:
    """Read the time so many seconds off the machine's, as a file says."""
    told = Path(os.environ[CLOCK_FILE])

    def now(_self: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=int(told.read_text()))

    _replace(SystemClock, "now", now)


def _dies_at_step() -> None:
    """Count the statements and commits of this process, and die before the one named."""
    steps = count(1)
    fatal = int(os.environ[FATAL_STEP])
    told = Path(os.environ[STEPS_FILE])

    def step(*_: object) -> None:
        number = next(steps)
        told.write_text(str(number))
        if number == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)


def _tells_its_memory() -> None:
    """Write down in the end how many kibibytes this process has held at most."""

    def tell() -> None:
        status = Path("/proc/self/status").read_text()
        (most,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        Path(os.environ[MEMORY_FILE]).write_text(most)

    atexit.register(tell)


def _after_connecting(pragma: str) -> None:
    make_durable = database._make_sqlite_durable  # noqa: SLF001

    def connect(dbapi_connection: Any, record: object) -> None:  # noqa: ANN401
        make_durable(dbapi_connection, record)
        dbapi_connection.execute(pragma).close()

    _replace(database, "_make_sqlite_durable", connect)


def _replace(owner: object, name: str, value: Callable[..., object]) -> None:
    """Put something else in place of a function that is there."""
    assert hasattr(owner, name), name
    setattr(owner, name, value)


_ALTERATIONS = (
    _answers_before_commit,
    _begins_deferred,
    _clock,
    _commits_asynchronously,
    _commits_each_statement,
    _dies_at_step,
    _drops_soon,
    _few_pages,
    _follows_forward_only,
    _forgets_what_it_stored,
    _holds_all_events,
    _keeps_few_pages,
    _knows_prices_always,
    _never_checkpoints,
    _orders_by_clock,
    _passes_errors_on,
    _reads_bodies_for_ever,
    _reads_bodies_shortly,
    _starts_once,
    _forgets_its_streams,
    _synchronous_normal,
    _synchronous_off,
    _tells_its_memory,
)


def _alter(names: str) -> None:
    of_name = {one.__name__.removeprefix("_"): one for one in _ALTERATIONS}
    for name in names.split(","):
        of_name[name]()


if __name__ == "__main__":
    _alter(sys.argv.pop(1))
    main()
