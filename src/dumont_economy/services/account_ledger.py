"""An account's usage at one version: what its caches hold, kept between reads.

What is kept in memory follows what is kept in the database, which follows the facts: each read asks
for the ledger's head, and after an event for what that changed. Where the caches are of another
state than is asked for, or damaged, others are made of the facts, in memory.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from dumont_economy.instant import EPOCH, from_microseconds
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.ledger.usage_step import UseKey
from dumont_economy.ledger.usage_sum import (
    DAY,
    EMPTY,
    HOUR,
    HOURS_PER_DAY,
    AccruedUse,
    Sum,
    add_sum,
    moved,
)
from dumont_economy.metering.gpu_session import InstanceState, Shape
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.savings.open_usage import OpenUsage
from dumont_economy.savings.totals import Totals
from dumont_economy.services.follow_usage import CacheTerms, is_of, rebuild
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage import usage_events
from dumont_economy.storage.clock_skew import ClockSkew, clocks_ahead
from dumont_economy.storage.event_chain import (
    EMPTY_LEDGER,
    LedgerHead,
    head_before,
    read_chain,
    read_head,
)
from dumont_economy.storage.usage_cache import (
    NO_DIGESTS,
    CacheHead,
    DamagedCacheError,
    added_digests,
    create_tables,
)

_MAX_ACCOUNTS = 64
_MAX_DERIVED = 4
_MAX_CHECKED = 10_000
_CHECKED_AT_ONCE = 20_000
_MAX_QUESTIONS = 6
_MAX_DAYS_OF_HOURS = 4_000
_MAX_INSTANCES = 20_000
# Ten years of days in a few time zones.
_MAX_WINDOWS = 20_000
# An hour of a large account has many lines; the start of the last 30 days moves through it.
_MAX_HOURS = 2
_DISTRUST = timedelta(minutes=10)
_INSTANT = timedelta(microseconds=1)
_log = logging.getLogger(__name__)

QuestionKey = tuple[ComparisonQuestion, int]
HourRows = dict[UseKey, list[tuple[int, Sum]]]


@dataclass(slots=True)
class KeptTotals:
    """What was worked out for one question: totals of stretches, by key, and of instances.

    `hours` holds the lines of what has ended that touch an hour in which a window began or ended.
    `open` is what is on, as it was rated last; `open_before` the same of an earlier version.
    """

    windows: dict[Window, Mapping[UseKey, Totals]] = field(default_factory=dict)
    instances: dict[str, Totals] = field(default_factory=dict)
    open: OpenUsage | None = None
    open_before: OpenUsage | None = None
    hours: dict[int, Sequence[Line]] = field(default_factory=dict)

    def without(self, instances: Iterable[str], touched: Window | None) -> "KeptTotals":
        """Return what stays when some instances, and what lies in a stretch, have changed."""
        gone = set(instances)
        return KeptTotals(
            {
                window: held
                for window, held in self.windows.items()
                if touched is None or not _overlap(window, touched)
            },
            {name: held for name, held in self.instances.items() if name not in gone},
            open_before=self.open or self.open_before,
        )

    def keep_window(self, window: Window, held: Mapping[UseKey, Totals]) -> None:
        """Keep the totals of a stretch for the next time."""
        if len(self.windows) >= _MAX_WINDOWS:
            del self.windows[next(iter(self.windows))]
        self.windows[window] = held

    def keep_hour(self, hour: int, held: Sequence[Line]) -> None:
        """Keep the lines of an hour for the next time."""
        if len(self.hours) >= _MAX_HOURS:
            del self.hours[next(iter(self.hours))]
        self.hours[hour] = held

    def keep_instance(self, name: str, held: Totals) -> None:
        """Keep the totals of an instance for the next time."""
        if len(self.instances) >= _MAX_INSTANCES:
            del self.instances[next(iter(self.instances))]
        self.instances[name] = held


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sums of all days, with their digests added up; the hours of a day once they are read."""

    accrued: AccruedUse
    digests: Mapping[tuple[UseKey, int], str]
    days_hash: str
    hours: dict[int, HourRows]

    def followed(
        self, changed: Sequence[tuple[int, UseKey, Sum, str]], expected_hash: str
    ) -> "_Sums":
        """Return the sums with those of some days in the place of what was there.

        Raises:
            DamagedCacheError: together they are not what was written.
        """
        digests = dict(self.digests)
        gone, come = [], []
        for day, key, _, digest in changed:
            if (key, day) in digests:
                gone.append(digests[key, day])
            digests[key, day] = digest
            come.append(digest)
        days_hash = added_digests(self.days_hash, gone, come)
        if days_hash != expected_hash:
            raise DamagedCacheError
        days = {day for day, *_ in changed}
        hours = {day: held for day, held in self.hours.items() if day not in days}
        accrued = self.accrued.with_days((key, day, sums) for day, key, sums, _ in changed)
        return _Sums(accrued, digests, days_hash, hours)


_NO_SUMS = _Sums(AccruedUse(), {}, NO_DIGESTS, {})


class AccountLedger:
    """The usage of one account at one version; what it holds is not changed once it is read.

    `notable` are the instances that are on, have a disk, or were reported in an odd way, `skews`
    the reporters whose clocks run ahead; what is made in memory tells none.
    """

    def __init__(
        self,
        cache: CacheHead,
        *,
        newest_received_at: datetime | None,
        skews: tuple[ClockSkew, ...],
        first_use_at: datetime | None,
        next_event_at: datetime | None,
        notable: Mapping[str, InstanceState],
        sums: _Sums,
        kept: "OrderedDict[QuestionKey, KeptTotals]",
    ) -> None:
        self.cache = cache
        self.newest_received_at = newest_received_at
        self.skews = skews
        self.first_use_at = first_use_at
        self.next_event_at = next_event_at
        self.notable = notable
        self._sums = sums
        self._kept = kept
        self._used_last: dict[int, list[InstanceState]] = {}

    @property
    def version(self) -> int:
        """Return the sequence number of the newest event, 0 where there is none."""
        return self.cache.ledger.seq

    @property
    def newest_event_at(self) -> datetime | None:
        """Return the time of the last event that has happened."""
        return self.cache.newest_event_at

    @property
    def accrued(self) -> AccruedUse:
        """Return what has ended, as what had accrued by any whole hour."""
        return self._sums.accrued

    @cached_property
    def orphans(self) -> list[str]:
        """Return the instances that were reported to stop, and never to start, by id."""
        return self._named(lambda one: one.orphan_stops > 0 and one.sessions == 0)

    @cached_property
    def contradicting(self) -> list[str]:
        """Return the instances that started at one instant at different terms, by id."""
        return self._named(lambda one: one.contradicting_starts > 0)

    @cached_property
    def flapping(self) -> list[str]:
        """Return the instances that start and stop all the time, by id."""
        return self._named(lambda one: one.is_flapping)

    def _named(self, is_meant: Callable[[InstanceState], bool]) -> list[str]:
        return sorted(name for name, one in self.notable.items() if is_meant(one))

    @property
    def shapes(self) -> Iterable[Shape]:
        """Return every shape that ever ran."""
        return self.last_used_at.keys()

    @cached_property
    def last_used_at(self) -> Mapping[Shape, datetime | None]:
        """Return when each shape ran last, to its UTC day; None where it still does."""
        last: dict[Shape, datetime | None] = {
            key.shape: from_microseconds((self.accrued.last_day(key) + 1) * DAY) - _INSTANT
            for key in self.accrued.keys
            if not key.is_disk
        }
        for one in self.active:
            if one.open_session is not None:
                for run in one.open_session.runs:
                    ended = None if run.ends_at is None else _end_of_day(run.ends_at)
                    held = last.get(run.shape, ended)
                    last[run.shape] = None if ended is None or held is None else max(held, ended)
        return last

    @cached_property
    def active(self) -> list[InstanceState]:
        """Return the instances that are on, in the order in which they came on."""
        on = [
            (one.open_session.starts_at, name, one)
            for name, one in self.notable.items()
            if one.open_session is not None
        ]
        return [one for *_, one in sorted(on, key=lambda each: each[:2])]

    @cached_property
    def with_disk(self) -> list[InstanceState]:
        """Return the instances that have a disk now, on or off, by id."""
        return [self.notable[name] for name in self._named(lambda one: one.disk_now is not None)]

    def used_last(self, records: UsageRecords, limit: int) -> list[InstanceState]:
        """Return some of the instances that ever started: active ones first, then the latest."""
        held = self._used_last.get(limit)
        if held is None:
            held = self._used_last[limit] = records.used_last(start=0, limit=limit)
        return held

    def kept(self, question: ComparisonQuestion, market_version: int) -> KeptTotals:
        """Return what is kept for a question in a state of the market."""
        key = (question, market_version)
        held = self._kept.setdefault(key, KeptTotals())
        self._kept.move_to_end(key)
        while len(self._kept) > _MAX_QUESTIONS:
            self._kept.popitem(last=False)
        return held

    def hours_of(self, records: UsageRecords, day: int) -> HourRows:
        """Return the sums of a day's hours by key, each in order.

        Raises:
            DamagedCacheError: they do not add up to the day's.
        """
        held = self._sums.hours.get(day)
        if held is None:
            held = {}
            for (key, hour), sums in sorted(
                records.hours_of(day).items(), key=lambda each: each[0][1]
            ):
                held.setdefault(key, []).append((hour, sums))
            self._check_hours(day, held)
            if len(self._sums.hours) >= _MAX_DAYS_OF_HOURS:
                del self._sums.hours[next(iter(self._sums.hours))]
            self._sums.hours[day] = held
        return held

    def _check_hours(self, day: int, hours: HourRows) -> None:
        for key in {*hours, *self.accrued.keys}:
            total = list(EMPTY)
            for hour, sums in hours.get(key, ()):
                add_sum(total, moved(sums, (hour % HOURS_PER_DAY) * HOUR))
            if total != list(self.accrued.sum_of_day(key, day)):
                raise DamagedCacheError

    def followed(
        self, records: UsageRecords, cache: CacheHead, received_at: datetime | None
    ) -> "AccountLedger":
        """Return the ledger after further events, what they do not touch taken over.

        Raises:
            DamagedCacheError: the caches are not what was written.
        """
        # What caught up with time was written under the same event.
        after_seq = self.version - 1
        changed = records.instances_changed(after_seq)
        notable = {name: one for name, one in self.notable.items() if name not in changed}
        notable |= {name: one.state for name, one in changed.items() if one.state.is_notable}
        days = list(records.days_changed(after_seq))
        touched = _stretch_of([day for day, *_ in days])
        return AccountLedger(
            cache,
            newest_received_at=received_at,
            skews=clocks_ahead(records.connection, records.account_id, cache.ledger.seq),
            first_use_at=records.first_started_at(),
            next_event_at=records.next_event_at(),
            notable=notable,
            sums=self._sums.followed(days, cache.days_hash),
            kept=OrderedDict(
                (key, held.without(changed, touched)) for key, held in self._kept.items()
            ),
        )


def _read_all(
    records: UsageRecords,
    cache: CacheHead,
    received_at: datetime | None,
    skews: tuple[ClockSkew, ...],
) -> AccountLedger:
    notable = records.notable_instances()
    return AccountLedger(
        cache,
        newest_received_at=received_at,
        skews=skews,
        first_use_at=records.first_started_at(),
        next_event_at=records.next_event_at(),
        notable={name: one.state for name, one in notable.items()},
        sums=_NO_SUMS.followed(list(records.days_changed()), cache.days_hash),
        kept=OrderedDict(),
    )


def _end_of_day(at: datetime) -> datetime:
    return at - (at - EPOCH) % timedelta(days=1) + timedelta(days=1) - _INSTANT


def _stretch_of(days: Sequence[int]) -> Window | None:
    """Return from the first of some UTC days to the end of the last: a long use lies between."""
    if not days:
        return None
    return Window(from_microseconds(min(days) * DAY), from_microseconds((max(days) + 1) * DAY))


def _overlap(one: Window, other: Window) -> bool:
    return (one.starts_at is None or other.ends_at is None or one.starts_at < other.ends_at) and (
        other.starts_at is None or one.ends_at is None or other.starts_at < one.ends_at
    )


class CachesBehindError(Exception):
    """What lay in the future has happened since the caches were written: they have to catch up."""


@dataclass(frozen=True, slots=True)
class _Derived:
    """Caches that were made in memory, of a state that those in the database are not of."""

    records: UsageRecords
    ledger: AccountLedger


_DerivedKey = tuple[str, LedgerHead, str]


class AccountLedgers:
    """The ledgers of the accounts that were read last, and a few that were made in memory."""

    def __init__(self) -> None:
        self._ledgers: OrderedDict[str, AccountLedger] = OrderedDict()
        self._derived: OrderedDict[_DerivedKey, _Derived] = OrderedDict()
        self._distrusted_until: dict[str, datetime] = {}
        self._checked: OrderedDict[str, LedgerHead] = OrderedDict()
        # Each of its connections is a database of its own, in memory; what is asked there is
        # compiled once for all of them. Without transactions: it is written once, and read by any
        # thread after that.
        self._memory = create_engine(
            "sqlite://",
            poolclass=NullPool,
            connect_args={"check_same_thread": False, "isolation_level": None},
        )
        self._lock = Lock()

    def read(
        self, connection: Connection, account_id: str, now: datetime, terms: CacheTerms
    ) -> tuple[AccountLedger, UsageRecords]:
        """Return an account's ledger with everything received, as it stands at `now`.

        Raises:
            CachesBehindError: the caches have to catch up; `read_derived` reads without them.
            DamagedFactError: an event that had not been looked at yet is damaged.
        """
        head = read_head(connection, account_id)
        self._check(connection, account_id, head)
        records = UsageRecords(connection, account_id)
        ledger = self._of_caches(records, head, now, terms)
        if ledger is None:
            return self._derive(connection, account_id, head, now, terms)
        if ledger.next_event_at is not None and ledger.next_event_at <= now:
            raise CachesBehindError
        with self._lock:
            self._ledgers[account_id] = ledger
            self._ledgers.move_to_end(account_id)
            while len(self._ledgers) > _MAX_ACCOUNTS:
                self._ledgers.popitem(last=False)
        return ledger, records

    def read_derived(
        self, connection: Connection, account_id: str, now: datetime, terms: CacheTerms
    ) -> tuple[AccountLedger, UsageRecords]:
        """Return the same, made of the facts."""
        return self._derive(connection, account_id, read_head(connection, account_id), now, terms)

    def read_past(
        self,
        connection: Connection,
        account_id: str,
        *,
        as_of: datetime,
        known_at: datetime,
        terms: CacheTerms,
    ) -> tuple[AccountLedger, UsageRecords]:
        """Return an account's ledger as it stood at `as_of`, of the events known at `known_at`.

        Raises:
            DamagedFactError: an event known then, or the first that was not, is damaged.
        """
        head = usage_events.head_known_at(connection, account_id, known_at)
        records = UsageRecords(connection, account_id)
        ledger = self._of_caches(records, head, as_of, terms)
        if ledger is not None and _holds_at(ledger, as_of):
            return ledger, records
        return self._derive(connection, account_id, head, as_of, terms)

    def distrust(self, account_id: str, now: datetime) -> None:
        """Read an account's caches no more for a while: they are damaged."""
        _log.warning("Caches of account %s are damaged; `economy rebuild` mends them.", account_id)
        with self._lock:
            self._ledgers.pop(account_id, None)
            self._distrusted_until[account_id] = now + _DISTRUST

    def _check(self, connection: Connection, account_id: str, head: LedgerHead) -> None:
        """Compare the events that were not looked at yet with their digests, up to the head.

        At first those are all, or the newest where there are very many: `economy verify` looks at
        the others.

        Raises:
            DamagedFactError: one of them is not what was written.
        """
        with self._lock:
            checked = self._checked.get(account_id, EMPTY_LEDGER)
        if checked == head:
            return
        if not EMPTY_LEDGER.seq < checked.seq < head.seq:
            checked = EMPTY_LEDGER
        if head.seq - checked.seq > _CHECKED_AT_ONCE:
            checked = head_before(connection, account_id, head.seq - _CHECKED_AT_ONCE + 1)
        for _ in read_chain(connection, account_id, checked, head):
            pass
        with self._lock:
            self._checked[account_id] = head
            self._checked.move_to_end(account_id)
            while len(self._checked) > _MAX_CHECKED:
                self._checked.popitem(last=False)

    def _of_caches(
        self, records: UsageRecords, head: LedgerHead, at: datetime, terms: CacheTerms
    ) -> AccountLedger | None:
        """Return what the caches hold, None where they are of another state or damaged."""
        account_id = records.account_id
        with self._lock:
            held = self._ledgers.get(account_id)
            until = self._distrusted_until.get(account_id)
        cache = records.head() if until is None or at >= until else None
        if cache is None or not is_of(cache, head, terms):
            return None
        if cache.newest_event_at is not None and at < cache.newest_event_at:
            return None
        try:
            return self._follow(records, held, cache)
        except DamagedCacheError:
            self.distrust(account_id, at)
            return None

    def _follow(
        self, records: UsageRecords, held: AccountLedger | None, cache: CacheHead
    ) -> AccountLedger:
        if held is not None and held.cache == cache:
            return held
        received_at = usage_events.newest_received_at(records.connection, records.account_id)
        if (
            held is None
            or held.cache.made_with != cache.made_with
            # Another history, as of a backup that was restored.
            or cache.ledger.seq < held.version
        ):
            skews = clocks_ahead(records.connection, records.account_id, cache.ledger.seq)
            return _read_all(records, cache, received_at, skews)
        return held.followed(records, cache, received_at)

    def _derive(
        self,
        connection: Connection,
        account_id: str,
        head: LedgerHead,
        now: datetime,
        terms: CacheTerms,
    ) -> tuple[AccountLedger, UsageRecords]:
        key = (account_id, head, terms.made_with)
        with self._lock:
            held = self._derived.get(key)
        if held is None or not _holds_at(held.ledger, now):
            held = self._made_of_facts(connection, account_id, head, now, terms)
        with self._lock:
            self._derived[key] = held
            self._derived.move_to_end(key)
            while len(self._derived) > _MAX_DERIVED:
                self._derived.popitem(last=False)
        return held.ledger, held.records

    def _made_of_facts(
        self,
        connection: Connection,
        account_id: str,
        head: LedgerHead,
        now: datetime,
        terms: CacheTerms,
    ) -> _Derived:
        """Make caches of the facts in a database of their own, in memory."""
        caches = self._memory.connect()
        create_tables(caches)
        rebuild(connection, caches, account_id, head, terms=terms, now=now)
        records = UsageRecords(caches, account_id)
        cache = records.head()
        if cache is None:
            message = "Caches that were made are there."
            raise AssertionError(message)
        received_at = usage_events.received_at(connection, account_id, head.seq)
        skews = clocks_ahead(connection, account_id, head.seq)
        return _Derived(records, _read_all(records, cache, received_at, skews))


def _holds_at(ledger: AccountLedger, at: datetime) -> bool:
    """Say whether a ledger is as it stood at an instant: what it holds has happened, and all."""
    return (ledger.newest_event_at is None or ledger.newest_event_at <= at) and (
        ledger.next_event_at is None or at < ledger.next_event_at
    )
