"""An account's usage, replayed from its events and kept in memory between reads.

What is kept here is a cache: a function of the facts that is followed, never trusted on its own.
Each read asks the database for the ledger's version and replays only the instances that have new
events, so a poll of an unchanged account costs its open sessions alone.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection

from dumont_economy.ledger.line_item import LineItem
from dumont_economy.ledger.rating import RatingTerms, rate_session
from dumont_economy.metering.gpu_session import InstanceTimeline, Shape, replay
from dumont_economy.metering.usage_event import UsageEvent, without_voided
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.storage import usage_events

_MAX_ACCOUNTS = 64
_MAX_QUESTIONS = 6

_ends_at = attrgetter("ends_at")

QuestionKey = tuple[ComparisonQuestion, int]
_Held = TypeVar("_Held")


@dataclass(frozen=True, slots=True)
class _RatedInstance:
    """The line items of one instance's closed sessions; good while its timeline is this one."""

    timeline: InstanceTimeline
    lines: tuple[LineItem, ...]
    totals: Totals


@dataclass(frozen=True)
class ClosedUsage:
    """All closed sessions of an account, rated: line items in order of their end, and their sum."""

    lines: list[LineItem]
    totals: Totals

    def ending_after(self, instant: datetime) -> list[LineItem]:
        """Return the line items that end after an instant."""
        return self.lines[bisect_right(self.lines, instant, key=_ends_at) :]


def _used_last(held: "OrderedDict[QuestionKey, _Held]", key: QuestionKey) -> _Held:
    """Return what is held for a question, and let go of what was asked longest ago."""
    held.move_to_end(key)
    while len(held) > _MAX_QUESTIONS:
        held.popitem(last=False)
    return held[key]


class AccountLedger:
    """The replayed usage of one account at one version; never changed once it is made.

    `replayed_at` is the instant up to which events have happened in it.
    """

    def __init__(
        self,
        version: int,
        replayed_at: datetime,
        newest_received_at: datetime | None,
        timelines: Mapping[str, InstanceTimeline],
        rated: "OrderedDict[QuestionKey, dict[str, _RatedInstance]]",
    ) -> None:
        self.version = version
        self.replayed_at = replayed_at
        self.newest_received_at = newest_received_at
        self.timelines = timelines
        self._rated = rated
        self._closed: OrderedDict[QuestionKey, ClosedUsage] = OrderedDict()

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
    def shapes(self) -> frozenset[Shape]:
        """Return every shape that ever ran."""
        return frozenset(
            run.shape
            for timeline in self.timelines.values()
            for session in timeline.sessions
            for run in session.runs
        )

    @cached_property
    def active(self) -> list[InstanceTimeline]:
        """Return the instances that are on, in the order in which they came on."""
        on = [t for t in self.timelines.values() if t.open_session is not None]
        return sorted(on, key=lambda t: (t.sessions[-1].starts_at, t.instance))

    def closed_usage(
        self, question: ComparisonQuestion, market_version: int, terms: RatingTerms
    ) -> ClosedUsage:
        """Return the closed sessions rated for a question, kept for the next time."""
        key = (question, market_version)
        if key not in self._closed:
            rated = self._rated_instances(key, terms)
            lines = [line for one in rated for line in one.lines]
            lines.sort(key=_ends_at)
            totals = Totals()
            for one in rated:
                totals.merge(one.totals)
            totals.settle()
            self._closed[key] = ClosedUsage(lines, totals)
        return _used_last(self._closed, key)

    def closed_totals_of(
        self, instance: str, question: ComparisonQuestion, market_version: int, terms: RatingTerms
    ) -> Totals:
        """Return the totals of one instance's closed sessions."""
        timeline = self.timelines[instance]
        held = self._rated_of(question, market_version)
        return self._rate(timeline, held, terms).totals

    def _rated_instances(self, key: QuestionKey, terms: RatingTerms) -> list[_RatedInstance]:
        held = self._rated_of(*key)
        return [self._rate(timeline, held, terms) for timeline in self.timelines.values()]

    def _rated_of(
        self, question: ComparisonQuestion, market_version: int
    ) -> dict[str, _RatedInstance]:
        self._rated.setdefault((question, market_version), {})
        return _used_last(self._rated, (question, market_version))

    def _rate(
        self, timeline: InstanceTimeline, held: dict[str, _RatedInstance], terms: RatingTerms
    ) -> _RatedInstance:
        known = held.get(timeline.instance)
        if known is None or known.timeline is not timeline:
            lines = tuple(
                line
                for session in timeline.sessions
                if not session.is_open
                for line in rate_session(session, terms, self.replayed_at)
            )
            totals = total_of(lines)
            totals.settle()
            known = _RatedInstance(timeline, lines, totals)
            held[timeline.instance] = known
        return known

    def successor(
        self,
        version: int,
        replayed_at: datetime,
        newest_received_at: datetime | None,
        changed: Mapping[str, InstanceTimeline],
    ) -> "AccountLedger":
        """Return the ledger with some timelines changed; what was rated of the others is kept."""
        timelines = {**self.timelines, **changed}
        return AccountLedger(version, replayed_at, newest_received_at, timelines, self._rated)


class AccountLedgers:
    """The ledgers of the accounts that were read last."""

    def __init__(self) -> None:
        self._ledgers: OrderedDict[str, AccountLedger] = OrderedDict()
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


def _follow(
    connection: Connection, account_id: str, held: AccountLedger | None, now: datetime
) -> AccountLedger:
    version = usage_events.ledger_version(connection, account_id)
    if held is None or now < held.replayed_at:
        return _replay_all(connection, account_id, version, now)
    if version == held.version and (held.next_event_at is None or now < held.next_event_at):
        return held
    touched, has_void = usage_events.instances_touched_since(connection, account_id, held.version)
    if has_void:  # A void may name an event of any instance.
        return _replay_all(connection, account_id, version, now)
    touched |= {t.instance for t in held.timelines.values() if _is_due(t, now)}
    events = [
        *usage_events.voids_of_account(connection, account_id),
        *usage_events.events_of_instances(connection, account_id, touched),
    ]
    received_at = usage_events.newest_received_at(connection, account_id)
    return held.successor(version, now, received_at, _timelines(events, now))


def _is_due(timeline: InstanceTimeline, now: datetime) -> bool:
    return timeline.next_event_at is not None and timeline.next_event_at <= now


def _replay_all(
    connection: Connection, account_id: str, version: int, now: datetime
) -> AccountLedger:
    events = usage_events.events_of_account(connection, account_id)
    timelines = _timelines(events, now)
    received_at = usage_events.newest_received_at(connection, account_id)
    return AccountLedger(version, now, received_at, timelines, OrderedDict())


def _timelines(events: Iterable[UsageEvent], now: datetime) -> dict[str, InstanceTimeline]:
    of_instance: dict[str, list[UsageEvent]] = {}
    for event in without_voided(events):
        of_instance.setdefault(event.instance or "", []).append(event)
    return {instance: replay(instance, held, now) for instance, held in of_instance.items()}
