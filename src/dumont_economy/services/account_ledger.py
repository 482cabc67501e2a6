"""An account's usage, replayed from its events and kept in memory between reads.

What is kept here is a cache: a function of the facts that is followed, never trusted on its own.
Each read asks the database for the ledger's version and replays only the instances that have new
events, so a poll of an unchanged account costs its open sessions alone.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property
from heapq import nlargest
from operator import attrgetter
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection

from dumont_economy.errors import DamagedFactError
from dumont_economy.fact_digest import CHAIN_START, chained
from dumont_economy.ledger.line_item import Line
from dumont_economy.ledger.rating import RatingTerms, rate_disk, rate_session
from dumont_economy.metering.gpu_session import InstanceTimeline, Shape, replay
from dumont_economy.metering.usage_event import EventType, UsageEvent, without_voided
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.closed_usage import NOTHING_CLOSED, ClosedUsage, RatedInstance
from dumont_economy.storage import usage_events
from dumont_economy.storage.event_chain import (
    EMPTY_LEDGER,
    LedgerHead,
    StoredEvent,
    read_chain,
    read_head,
)

_MAX_ACCOUNTS = 64
_MAX_PAST = 4
_MAX_QUESTIONS = 6
_NEWEST = 5
_VOIDS = None

_ends_at = attrgetter("ends_at")

QuestionKey = tuple[ComparisonQuestion, int]
# Closed usage at an earlier version, and the instances that have changed since.
_Before = tuple[ClosedUsage, frozenset[str]]
_PastKey = tuple[str, datetime, LedgerHead]
_Held = TypeVar("_Held")


def _used_last(held: "OrderedDict[QuestionKey, _Held]", key: QuestionKey) -> _Held:
    """Return what is held for a question, and let go of what was asked longest ago."""
    held.move_to_end(key)
    while len(held) > _MAX_QUESTIONS:
        held.popitem(last=False)
    return held[key]


class AccountLedger:
    """The replayed usage of one account at one version; never changed once it is made.

    `replayed_at` is the instant up to which events have happened in it. `seals` are digests of what
    was read of each instance, and of the voids: what is read of one again has to be the same.
    """

    def __init__(
        self,
        head: LedgerHead,
        replayed_at: datetime,
        newest_received_at: datetime | None,
        timelines: Mapping[str, InstanceTimeline],
        seals: Mapping[str | None, str],
        *,
        rated: "OrderedDict[QuestionKey, dict[str, RatedInstance]]",
        before: Mapping[QuestionKey, "_Before"],
    ) -> None:
        self.head = head
        self.replayed_at = replayed_at
        self.newest_received_at = newest_received_at
        self.timelines = timelines
        self.seals = seals
        self._rated = rated
        self._before = before
        self._closed: OrderedDict[QuestionKey, ClosedUsage] = OrderedDict()

    @property
    def version(self) -> int:
        """Return the sequence number of the newest event, 0 where there is none."""
        return self.head.seq

    @cached_property
    def next_event_at(self) -> datetime | None:
        """Return the time of the first event that has not happened yet."""
        return min(
            (t.next_event_at for t in self.timelines.values() if t.next_event_at is not None),
            default=None,
        )

    @cached_property
    def newest_event_at(self) -> datetime | None:
        """Return the time of the last event that has happened."""
        return max(
            (t.last_report_at for t in self.timelines.values() if t.last_report_at is not None),
            default=None,
        )

    @cached_property
    def first_use_at(self) -> datetime | None:
        """Return when the first session began."""
        return min(
            (t.sessions[0].starts_at for t in self.timelines.values() if t.sessions), default=None
        )

    @cached_property
    def newest_used(self) -> list[InstanceTimeline]:
        """Return a few instances, active ones first, then the latest used."""
        started = [timeline for timeline in self.timelines.values() if timeline.sessions]
        return nlargest(_NEWEST, started, key=_newest_use)

    @cached_property
    def orphans(self) -> list[str]:
        """Return the instances that were reported to stop, and never to start."""
        return [t.instance for t in self.timelines.values() if t.orphan_stops and not t.sessions]

    @cached_property
    def contradicting(self) -> list[str]:
        """Return the instances that started at one instant at different terms."""
        return [t.instance for t in self.timelines.values() if t.contradicting_starts]

    @cached_property
    def flapping(self) -> list[str]:
        """Return the instances that start and stop all the time."""
        return [t.instance for t in self.timelines.values() if t.is_flapping]

    @property
    def shapes(self) -> AbstractSet[Shape]:
        """Return every shape that ever ran."""
        return self.last_used_at.keys()

    @cached_property
    def last_used_at(self) -> Mapping[Shape, datetime | None]:
        """Return when each shape ran last, None where it still does."""
        last: dict[Shape, datetime | None] = {}
        for timeline in self.timelines.values():
            for session in timeline.sessions:
                for run in session.runs:
                    held = last.get(run.shape, run.ends_at)
                    last[run.shape] = _later(held, run.ends_at)
        return last

    @cached_property
    def active(self) -> list[InstanceTimeline]:
        """Return the instances that are on, in the order in which they came on."""
        on = [t for t in self.timelines.values() if t.open_session is not None]
        return sorted(on, key=lambda t: (t.sessions[-1].starts_at, t.instance))

    @cached_property
    def with_disk(self) -> list[InstanceTimeline]:
        """Return the instances that have a disk now, on or off."""
        return [t for t in self.timelines.values() if t.disk_now is not None]

    def closed_usage(
        self, question: ComparisonQuestion, market_version: int, terms: RatingTerms
    ) -> ClosedUsage:
        """Return the closed sessions and disks rated for a question, kept for the next time."""
        key = (question, market_version)
        if key not in self._closed:
            held = self._rated_of(*key)
            before, changed = self._before.get(key, (NOTHING_CLOSED, frozenset(self.timelines)))
            rated = (self._rate(self.timelines[name], held, terms) for name in changed)
            self._closed[key] = before.with_changed(rated)
        return _used_last(self._closed, key)

    def closed_totals_of(
        self, instance: str, question: ComparisonQuestion, market_version: int, terms: RatingTerms
    ) -> Totals:
        """Return the totals of one instance's closed sessions and disks."""
        timeline = self.timelines[instance]
        held = self._rated_of(question, market_version)
        return self._rate(timeline, held, terms).totals

    def _rated_of(
        self, question: ComparisonQuestion, market_version: int
    ) -> dict[str, RatedInstance]:
        self._rated.setdefault((question, market_version), {})
        return _used_last(self._rated, (question, market_version))

    def _rate(
        self, timeline: InstanceTimeline, held: dict[str, RatedInstance], terms: RatingTerms
    ) -> RatedInstance:
        known = held.get(timeline.instance)
        if known is None or known.timeline is not timeline:
            ended = [span for span in timeline.disk_spans if span.ends_at is not None]
            lines: tuple[Line, ...] = (
                *(
                    line
                    for session in timeline.sessions
                    if not session.is_open
                    for line in rate_session(session, terms, self.replayed_at)
                ),
                *rate_disk(timeline.instance, ended, terms, self.replayed_at),
            )
            totals = total_of(lines)
            totals.settle()
            known = RatedInstance(timeline, lines, totals)
            held[timeline.instance] = known
        return known

    def successor(
        self,
        head: LedgerHead,
        replayed_at: datetime,
        read: "_Read",
        changed: Mapping[str, InstanceTimeline],
    ) -> "AccountLedger":
        """Return the ledger with some timelines changed; what was rated of the others is kept."""
        before = {
            key: (usage, names.union(changed))
            for key, (usage, names) in self._before.items()
            if key not in self._closed
        }
        before |= {key: (usage, frozenset(changed)) for key, usage in self._closed.items()}
        return AccountLedger(
            head,
            replayed_at,
            read.newest_received_at,
            {**self.timelines, **changed},
            {**self.seals, **read.seals},
            rated=self._rated,
            before=before,
        )


class _Read:
    """What was read of an account's events, and the seals of that."""

    def __init__(self) -> None:
        self.events: list[UsageEvent] = []
        self.seals: dict[str | None, str] = {}
        self.newest_received_at: datetime | None = None

    def add(self, read: Iterable[StoredEvent]) -> None:
        """Add events, of each instance in the order received."""
        for stored in read:
            event = stored.event
            sealed = _VOIDS if event.type is EventType.VOID else event.instance
            self.events.append(event)
            self.seals[sealed] = chained(self.seals.get(sealed, CHAIN_START), stored.encoding)
            self.newest_received_at = stored.received_at


def _newest_use(timeline: InstanceTimeline) -> tuple[bool, datetime, str]:
    last = timeline.sessions[-1]
    return (last.is_open, last.ends_at or last.starts_at, timeline.instance)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two ends; None is one that has not come."""
    return None if one is None or other is None else max(one, other)


class AccountLedgers:
    """The ledgers of the accounts that were read last, and a few as they were known earlier."""

    def __init__(self) -> None:
        self._ledgers: OrderedDict[str, AccountLedger] = OrderedDict()
        self._past: OrderedDict[_PastKey, AccountLedger] = OrderedDict()
        self._lock = Lock()

    def read(self, connection: Connection, account_id: str, now: datetime) -> AccountLedger:
        """Return an account's ledger with everything received, as it stands at `now`."""
        with self._lock:
            held = self._ledgers.get(account_id)
            ledger = _follow(connection, account_id, held, now)
            self._ledgers[account_id] = ledger
            self._ledgers.move_to_end(account_id)
            while len(self._ledgers) > _MAX_ACCOUNTS:
                self._ledgers.popitem(last=False)
            return ledger

    def read_past(
        self, connection: Connection, account_id: str, as_of: datetime, known_at: datetime
    ) -> AccountLedger:
        """Return an account's ledger as it stood at `as_of`, of the events known at `known_at`.

        It is replayed from the first event on, beside the present one, which it leaves alone.

        Raises:
            DamagedFactError: an event known then, or the first that was not, is damaged.
        """
        head = usage_events.head_known_at(connection, account_id, known_at)
        key = (account_id, as_of, head)
        with self._lock:
            held = self._past.get(key)
        ledger = held or _replay_all(connection, account_id, head, as_of, is_newest=False)
        with self._lock:
            self._past[key] = ledger
            self._past.move_to_end(key)
            while len(self._past) > _MAX_PAST:
                self._past.popitem(last=False)
        return ledger


def _follow(
    connection: Connection, account_id: str, held: AccountLedger | None, now: datetime
) -> AccountLedger:
    head = read_head(connection, account_id)
    if held is None or now < held.replayed_at:
        return _replay_all(connection, account_id, head, now)
    if head == held.head and (held.next_event_at is None or now < held.next_event_at):
        return held
    try:
        followed = _replay_touched(connection, account_id, held, head, now)
    except DamagedFactError:
        # Another history, as of a backup that was restored, or damage: all of it will tell.
        followed = None
    return followed or _replay_all(connection, account_id, head, now)


def _replay_touched(
    connection: Connection, account_id: str, held: AccountLedger, head: LedgerHead, now: datetime
) -> AccountLedger | None:
    """Return the ledger with what has happened since, None where that takes all of it."""
    new = list(read_chain(connection, account_id, held.head, head))
    if _may_void_any(new):
        return None
    touched = {one.event.instance for one in new if one.event.instance is not None}
    touched |= {t.instance for t in held.timelines.values() if _is_due(t, now)}
    read = _Read()
    read.add(usage_events.voids_of_account(connection, account_id, up_to=held.version))
    read.add(usage_events.events_of_instances(connection, account_id, touched, up_to=held.version))
    if not _is_the_same(read, held, (_VOIDS, *touched)):
        return None
    read.newest_received_at = held.newest_received_at
    read.add(new)
    return held.successor(head, now, read, _timelines(read.events, now))


def _may_void_any(new: Iterable[StoredEvent]) -> bool:
    """Say whether there is a void among events: it may name an event of any instance."""
    return any(one.event.type is EventType.VOID for one in new)


def _is_the_same(read: _Read, held: AccountLedger, sealed: Iterable[str | None]) -> bool:
    """Say whether what was read again is what the ledger was made of."""
    return all(read.seals.get(one) == held.seals.get(one) for one in sealed)


def _is_due(timeline: InstanceTimeline, now: datetime) -> bool:
    return timeline.next_event_at is not None and timeline.next_event_at <= now


def _replay_all(
    connection: Connection,
    account_id: str,
    head: LedgerHead,
    now: datetime,
    *,
    is_newest: bool = True,
) -> AccountLedger:
    read = _Read()
    read.add(read_chain(connection, account_id, EMPTY_LEDGER, head, is_newest=is_newest))
    return AccountLedger(
        head,
        now,
        read.newest_received_at,
        _timelines(read.events, now),
        read.seals,
        rated=OrderedDict(),
        before={},
    )


def _timelines(events: Iterable[UsageEvent], now: datetime) -> dict[str, InstanceTimeline]:
    of_instance: dict[str, list[UsageEvent]] = {}
    for event in without_voided(events):
        of_instance.setdefault(event.instance or "", []).append(event)
    return {instance: replay(instance, held, now) for instance, held in of_instance.items()}
