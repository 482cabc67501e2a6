"""Makes the caches of usage anew of the facts, and compares what is there with what they should be.

An account's reports wait meanwhile, as its questions do not: they are answered of what was there.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Row, create_engine, event

from dumont_economy.clock import Clock
from dumont_economy.errors import DamagedCachesError, DamageError
from dumont_economy.services.follow_usage import is_of, present_terms, rebuild
from dumont_economy.storage import usage_cache, usage_events
from dumont_economy.storage.accounts import Account, all_accounts
from dumont_economy.storage.database import Database, many_pages_kept
from dumont_economy.storage.event_chain import read_head
from dumont_economy.storage.usage_cache import CACHES, DamagedCacheError, added_digests


def rebuild_caches(
    database: Database,
    clock: Clock,
    account: Account,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Make the caches of an account anew, in one transaction; return of how many events.

    Raises:
        DamagedFactError: an event is not what was written; the caches stay as they are.
        DatabaseUnavailableError: the database cannot be written now.
    """

    def work(connection: Connection) -> int:
        head = usage_events.lock_ledger(connection, account.id).head
        terms = present_terms(connection)
        with many_pages_kept(connection):
            rebuild(
                connection,
                connection,
                account.id,
                head,
                terms=terms,
                now=clock.now(),
                progress=progress,
            )
        return head.seq

    with _without_collecting():
        return database.transact(work, account_id=account.id)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Leave cycles of garbage alone: rebuilding makes none, and looking for them takes long."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def rebuild_those_behind(database: Database, clock: Clock) -> Iterator[Account]:
    """Make the caches anew that are of another state than their facts; return whose, before each.

    Another version of this program may make other caches, or have brought other billing rules.
    Damaged facts make none: whoever asks for that account is told, and `economy verify` says more.

    Raises:
        DatabaseUnavailableError: the database cannot be read or written now.
    """
    with database.read() as connection:
        accounts = all_accounts(connection)
    for account in accounts:
        with suppress(DamageError):
            if _is_behind(database, account):
                yield account
                rebuild_caches(database, clock, account)


def _is_behind(database: Database, account: Account) -> bool:
    with database.read(account_id=account.id) as connection:
        head = read_head(connection, account.id)
        cache = usage_cache.read_cache_head(connection, account.id)
        return head.seq > 0 and not is_of(cache, head, present_terms(connection))


def compared_caches(connection: Connection, account_id: str) -> Iterator[object]:
    """Return the rows of an account's caches, each compared with what its facts come to.

    Caches of another state than the facts are none: nobody reads them. Memory does not grow with
    them: what they should be is written to a file that is removed.

    Raises:
        DamagedCachesError: a row differs, is missing, or should not be there.
        DamagedFactError: an event is not what was written.
    """
    head = read_head(connection, account_id)
    cache = usage_cache.read_cache_head(connection, account_id)
    terms = present_terms(connection)
    if cache is None or not is_of(cache, head, terms):
        return
    with _scratch() as scratch:
        # As of the last event in them; before the next one nothing changes.
        now = cache.newest_event_at
        if now is None:
            now = usage_events.received_at(connection, account_id, head.seq)
        if now is None:
            return
        rebuild(connection, scratch, account_id, head, terms=terms, now=now)
        for table in CACHES:
            held = usage_cache.rows_of(connection, table, account_id)
            expected = usage_cache.rows_of(scratch, table, account_id)
            for one, other in zip_longest(held, expected):
                if one is None or other is None or tuple(one) != tuple(other):
                    raise DamagedCachesError(table.name, _named(one or other))
                yield one
        _check_days(connection, account_id, cache.days_hash)


def _check_days(connection: Connection, account_id: str, expected: str) -> None:
    try:
        digests = [row[-1] for row in usage_cache.days_changed(connection, account_id, -1)]
    except DamagedCacheError as error:
        raise DamagedCachesError("usage_sum", "holds a sum that is not what was written") from error
    if added_digests(usage_cache.NO_DIGESTS, (), digests) != expected:
        raise DamagedCachesError("ledger_cache", "names other sums of days")


def _named(row: Row[Any] | None) -> str:
    shown = "" if row is None else ", ".join(map(str, tuple(row)[1:4]))[:200]
    return f"differs from what the facts come to, at {shown}"


@contextmanager
def _scratch() -> Iterator[Connection]:
    """Give a database for what is thrown away in the end."""
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'caches.db'}")
        event.listen(engine, "connect", _make_fast)
        usage_cache.create_tables(engine)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def _make_fast(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=OFF")
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
