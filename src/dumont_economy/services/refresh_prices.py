"""Refreshes prices: feeds are read one after another, by one process at a time."""

import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import FeedError, RefreshRunningError
from dumont_economy.pricing.price_claim import FeedScope
from dumont_economy.services.import_prices import (
    STRICT,
    Leniency,
    PriceImport,
    import_prices,
    record_failure,
)
from dumont_economy.services.price_feeds import Feed
from dumont_economy.storage import leases, price_imports
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_imports import ImportOutcome

REFRESH_EVERY = timedelta(hours=24)
RETRY_AFTER = timedelta(hours=1)

_LEASE = "price_refresh"
# Longer than any feed keeps silent within its limits, so that who holds it still is at work.
_LEASE_LASTS = timedelta(minutes=30)
_RENEW_EVERY = timedelta(minutes=1)


class RefreshLease:
    """The right to refresh, which one process has at a time; work that goes on prolongs it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._holder = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._renewed_at: datetime | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease while the block runs.

        Raises:
            RefreshRunningError: another process holds it.
        """
        self._take()
        try:
            yield
        finally:
            try:
                self._give_back()
            except BaseException:
                # Whoever asks this process to end may do so in the middle of giving it back.
                self._give_back()
                raise

    def prolong(self) -> None:
        """Go on holding it; called often, it asks the database once a minute.

        Raises:
            RefreshRunningError: it ran out meanwhile, and another process holds it.
        """
        now = self._clock.now()
        if self._renewed_at is None or now - self._renewed_at >= _RENEW_EVERY:
            self._take()

    def _give_back(self) -> None:
        self._database.transact(partial(leases.give_lease_back, name=_LEASE, holder=self._holder))

    def _take(self) -> None:
        now = self._clock.now()
        take = partial(
            leases.take_lease, name=_LEASE, holder=self._holder, now=now, until=now + _LEASE_LASTS
        )
        if not self._database.transact(take):
            raise RefreshRunningError
        self._renewed_at = now


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A feed that was not read, because its provider asked not to be called before `until`."""

    scope: FeedScope
    until: datetime


def refresh_prices(
    database: Database, clock: Clock, feeds: Iterable[Feed], leniency: Leniency = STRICT
) -> Iterator[PriceImport | LeftAlone]:
    """Read feeds and learn what they say; yield each attempt once it is on record.

    A feed that cannot be read leaves every price as it is, and the others are read all the same.
    """
    for feed in feeds:
        until = _left_alone_until(database, clock, feed.scope)
        if until is not None:
            yield LeftAlone(feed.scope, until)
            continue
        try:
            for edition in feed.editions():
                with edition.download:
                    yield import_prices(
                        database,
                        clock,
                        edition.download,
                        leniency=leniency,
                        is_of_the_past=edition.is_of_the_past,
                    )
        except FeedError as error:
            yield record_failure(database, clock, feed.scope, feed.url, error)


def due_feeds(database: Database, clock: Clock, feeds: Sequence[Feed]) -> list[Feed]:
    """Return the feeds to read again: a day after a reading, sooner after a failure."""
    now = clock.now()
    with database.read() as connection:
        return [feed for feed in feeds if _is_due(connection, feed.scope, now)]


def _is_due(connection: Connection, scope: FeedScope, now: datetime) -> bool:
    newest = price_imports.newest_import(connection, scope)
    if newest is None:
        return True
    record = newest.record
    has_failed = record.outcome is ImportOutcome.FAILED
    next_at = record.retrieved_at + (RETRY_AFTER if has_failed else REFRESH_EVERY)
    return max(next_at, record.retry_at or next_at) <= now


def _left_alone_until(database: Database, clock: Clock, scope: FeedScope) -> datetime | None:
    with database.read() as connection:
        newest = price_imports.newest_import(connection, scope)
    until = None if newest is None else newest.record.retry_at
    return until if until is not None and until > clock.now() else None
