"""The caches of one account, as one transaction sees them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dumont_economy.ledger.line_item import Window
from dumont_economy.ledger.usage_step import UseKey
from dumont_economy.ledger.usage_sum import HOURS_PER_DAY, Sum
from dumont_economy.metering.gpu_session import InstanceState
from dumont_economy.storage import usage_cache
from dumont_economy.storage.usage_cache import HOUR_SUM, CachedInstance, CacheHead, EndedUse


@dataclass(frozen=True, slots=True)
class UsageRecords:
    """Reads what an account's caches hold; anything damaged raises `DamagedCacheError`."""

    connection: Connection
    account_id: str

    def head(self) -> CacheHead | None:
        """Return of which ledger the caches are, None where there are none."""
        return usage_cache.read_cache_head(self.connection, self.account_id)

    def next_event_at(self) -> datetime | None:
        """Return the time of the first event that had not happened yet."""
        return usage_cache.next_event_at(self.connection, self.account_id)

    def first_started_at(self) -> datetime | None:
        """Return when the first session began."""
        return usage_cache.first_started_at(self.connection, self.account_id)

    def notable_instances(self) -> dict[str, CachedInstance]:
        """Return the instances that every answer needs."""
        return usage_cache.notable_instances(self.connection, self.account_id)

    def instances_changed(self, after_seq: int) -> dict[str, CachedInstance]:
        """Return the instances that were written after an event."""
        return usage_cache.instances_changed(self.connection, self.account_id, after_seq)

    def instance(self, name: str) -> InstanceState | None:
        """Return an instance, None where it was never reported."""
        found = usage_cache.instances_named(self.connection, self.account_id, [name])
        return found[name].state if name in found else None

    def instances(self, names: Iterable[str]) -> dict[str, CachedInstance]:
        """Return some instances."""
        return usage_cache.instances_named(self.connection, self.account_id, names)

    def every_instance(self) -> Iterator[CachedInstance]:
        """Return all instances, by id."""
        return usage_cache.every_instance(self.connection, self.account_id)

    def used_last(self, *, start: int, limit: int) -> list[InstanceState]:
        """Return some of the instances that ever started: active ones first, then the latest."""
        return usage_cache.used_last(self.connection, self.account_id, start=start, limit=limit)

    def days_changed(self, after_seq: int = -1) -> Iterator[tuple[int, UseKey, Sum, str]]:
        """Return the sums of days that were written after an event, with their digests."""
        return usage_cache.days_changed(self.connection, self.account_id, after_seq)

    def hours_of(self, day: int) -> Mapping[tuple[UseKey, int], Sum]:
        """Return the sums of a day's hours."""
        first = day * HOURS_PER_DAY
        last = first + HOURS_PER_DAY - 1
        return usage_cache.sums_between(self.connection, self.account_id, HOUR_SUM, first, last)

    def ended_in(self, window: Window) -> Iterator[EndedUse]:
        """Return what has ended and lies in a window, in part at least."""
        return usage_cache.ended_in(self.connection, self.account_id, window)

    def ended_of(self, instance: str) -> list[EndedUse]:
        """Return everything of an instance that has ended, each kind in order."""
        return usage_cache.ended_of_instance(self.connection, self.account_id, instance)
