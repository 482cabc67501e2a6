"""GPU sessions: usage events replayed by time into what ran, when, at which rate.

Invariants (RATING.md, R-SET, R-STATE, R-TIE): the result depends on the set of events alone; a
report of the state already held changes nothing; a stop whose start is unknown counts for nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from operator import attrgetter
from typing import NamedTuple, Self

from dumont_economy.metering.flapping import MAX_STARTS, WITHIN, is_flapping
from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent


class InstanceStatus(StrEnum):
    """What an instance is doing; running and idle are active: on, and paid for."""

    RUNNING = "running"
    IDLE = "idle"
    HIBERNATED = "hibernated"
    STOPPED = "stopped"
    TERMINATED = "terminated"


# Tuples, where very many are made or looked up: they take a fraction of the time.
class Shape(NamedTuple):
    """What is rented: GPUs as the provider spells them, and where.

    `gpu_memory_gib` is per GPU and None where it was not reported; a `currency` of None is the
    account's.
    """

    provider: str
    gpu: str
    gpu_count: int
    gpu_memory_gib: Decimal | None
    arch: CpuArchitecture
    currency: str | None


class RateChange(NamedTuple):
    """From `since` on, the instance costs `rate` per instance-hour, in its shape's currency."""

    since: datetime
    rate: Fraction


class GpuRun(NamedTuple):
    """An uninterrupted stretch in one shape: the unit of a billing minimum (R-BILLED).

    `ends_at` is None while it runs. `rates` is ordered, and its first entry is at `starts_at`.
    """

    shape: Shape
    starts_at: datetime
    ends_at: datetime | None
    rates: tuple[RateChange, ...]

    @property
    def rate(self) -> Fraction:
        """Return the latest rate per instance-hour."""
        return self.rates[-1].rate


class GpuSession(NamedTuple):
    """One run of one instance from start to stop; a resize inside it begins a new GPU run."""

    instance: str
    starts_at: datetime
    ends_at: datetime | None
    runs: tuple[GpuRun, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """What an instance keeps on disk; a part that was not reported is None.

    Rates are per GB-month, a month of `hours_per_month`, in the currency of the instance's shape.
    """

    gb: Decimal | None = None
    rate_running: Decimal | None = None
    rate_stopped: Decimal | None = None
    hours_per_month: int | None = None


_NO_DISK = Disk()


@dataclass(frozen=True, slots=True)
class DiskSpan:
    """A stretch in which an instance had one disk, in one shape, and was on or off throughout.

    `ends_at` is None while it lasts: from the first start until the instance is terminated, on or
    off (R-DISK).
    """

    shape: Shape
    disk: Disk
    gb: Fraction
    is_running: bool
    starts_at: datetime
    ends_at: datetime | None

    @property
    def per_gb_month(self) -> Fraction | None:
        """Return what a GB costs a month of `disk.hours_per_month`, None where that is unknown."""
        rate = self.disk.rate_running if self.is_running else self.disk.rate_stopped
        if rate is None or self.disk.hours_per_month is None:
            return None
        return Fraction(rate)


@dataclass(frozen=True, slots=True)
class InstanceState:
    """What holds of one instance after its events up to one instant: all but what has ended.

    `status`, `since` and `shape` are None while no start is known; `rate` is per instance-hour.
    `last_report_at` is the time of the last event that has happened, `next_event_at` that of the
    first that still lies in the future. `ended_sessions` and `ended_disk_spans` count what has
    ended, `recent_starts` are the starts of sessions within an hour of the latest,
    `contradicting_starts` counts the instants for which starts at different terms were reported.
    `last_used_at` is when the latest session ended, or began where it is open.
    """

    instance: str
    name: str | None = None
    status: InstanceStatus | None = None
    since: datetime | None = None
    shape: Shape | None = None
    rate: Fraction = Fraction(0)
    disk: Disk = _NO_DISK
    last_report_at: datetime | None = None
    next_event_at: datetime | None = None
    open_session: GpuSession | None = None
    disk_now: DiskSpan | None = None
    ended_sessions: int = 0
    ended_disk_spans: int = 0
    first_started_at: datetime | None = None
    last_used_at: datetime | None = None
    recent_starts: tuple[datetime, ...] = ()
    is_flapping: bool = False
    orphan_stops: int = 0
    starts_while_running: int = 0
    contradicting_starts: int = 0

    @property
    def sessions(self) -> int:
        """Return how many sessions there were, an open one included."""
        return self.ended_sessions + (self.open_session is not None)

    @property
    def is_notable(self) -> bool:
        """Say whether it is on, has a disk, or was reported in an odd way."""
        return (
            self.open_session is not None
            or self.disk_now is not None
            or self.is_flapping
            or any((self.orphan_stops, self.starts_while_running, self.contradicting_starts))
        )


@dataclass(frozen=True, slots=True)
class InstanceTimeline:
    """What events say about one instance: its state after them, and what ended during them."""

    state: InstanceState
    ended_sessions: tuple[GpuSession, ...]
    ended_disk_spans: tuple[DiskSpan, ...]

    @property
    def sessions(self) -> tuple[GpuSession, ...]:
        """Return the sessions in order, one that is running now included."""
        session = self.state.open_session
        return self.ended_sessions if session is None else (*self.ended_sessions, session)

    @property
    def disk_spans(self) -> tuple[DiskSpan, ...]:
        """Return the spans of disks in order, one that is there now included."""
        span = self.state.disk_now
        return self.ended_disk_spans if span is None else (*self.ended_disk_spans, span)


_time = attrgetter("time")
# Looked up once: a member of an enumeration takes longer to find than to compare with.
_START = EventType.START
_RUNNING, _TERMINATED = InstanceStatus.RUNNING, InstanceStatus.TERMINATED
_TIE_ORDER = {
    kind: position
    for position, kind in enumerate(
        (
            EventType.PRICE_CHANGE,
            EventType.RESIZE,
            EventType.IDLE,
            EventType.BUSY,
            EventType.SEEN,
            EventType.STOP,
            EventType.HIBERNATE,
            EventType.TERMINATE,
            EventType.START,
            EventType.RESUME,
        )
    )
}
_CLOSED_STATUS = {
    EventType.STOP: InstanceStatus.STOPPED,
    EventType.HIBERNATE: InstanceStatus.HIBERNATED,
    EventType.TERMINATE: InstanceStatus.TERMINATED,
}
_OPENING = frozenset({EventType.START, EventType.RESUME})
_ACTIVITY_STATUS = {
    EventType.IDLE: InstanceStatus.IDLE,
    EventType.BUSY: InstanceStatus.RUNNING,
}


def replay(instance: str, events: Iterable[UsageEvent], now: datetime) -> InstanceTimeline:
    """Replay one instance's events, voided ones left out, up to and including `now`.

    Events later than `now` have not happened yet: reporters' clocks may run ahead.
    """
    return continued(InstanceState(instance), events, now)


def continued(
    state: InstanceState, events: Iterable[UsageEvent], now: datetime
) -> InstanceTimeline:
    """Replay further events, all of them later than what has happened, up to and including `now`.

    What was in the future has to be among them.
    """
    ordered = sorted(events, key=_time)
    replayer = _Replay.from_state(state)
    simultaneous: list[UsageEvent] = []
    for event, following in zip_longest(ordered, ordered[1:]):
        if event.time > now:
            replayer.next_event_at = event.time
            break
        simultaneous.append(event)
        if following is None or following.time != event.time:
            replayer.take_simultaneous(simultaneous)
            simultaneous = []
    return replayer.timeline()


@dataclass(slots=True)
class _Replay:
    """The state machine of one instance."""

    instance: str
    name: str | None
    status: InstanceStatus | None
    since: datetime | None
    shape: Shape | None
    rate: Fraction
    last_report_at: datetime | None
    orphan_stops: int
    starts_while_running: int
    contradicting_starts: int
    disk: Disk
    disk_span: DiskSpan | None
    ended_before: int
    disk_spans_before: int
    first_started_at: datetime | None
    last_used_at: datetime | None
    recent_starts: list[datetime]
    is_flapping: bool
    session_starts_at: datetime | None = None
    runs: list[GpuRun] = field(default_factory=list)
    run_starts_at: datetime | None = None
    rates: list[RateChange] = field(default_factory=list)
    next_event_at: datetime | None = None
    sessions: list[GpuSession] = field(default_factory=list)
    disk_spans: list[DiskSpan] = field(default_factory=list)

    @classmethod
    def from_state(cls, state: InstanceState) -> Self:
        """Return the machine as it stood when a state was taken from it."""
        replayer = cls(
            instance=state.instance,
            name=state.name,
            status=state.status,
            since=state.since,
            shape=state.shape,
            rate=state.rate,
            last_report_at=state.last_report_at,
            orphan_stops=state.orphan_stops,
            starts_while_running=state.starts_while_running,
            contradicting_starts=state.contradicting_starts,
            disk=state.disk,
            disk_span=state.disk_now,
            ended_before=state.ended_sessions,
            disk_spans_before=state.ended_disk_spans,
            first_started_at=state.first_started_at,
            last_used_at=state.last_used_at,
            recent_starts=list(state.recent_starts),
            is_flapping=state.is_flapping,
        )
        if state.open_session is not None:
            *before, current = state.open_session.runs
            replayer.session_starts_at = state.open_session.starts_at
            replayer.runs = before
            replayer.run_starts_at = current.starts_at
            replayer.rates = list(current.rates)
        return replayer

    @property
    def is_open(self) -> bool:
        return self.session_starts_at is not None

    def take_simultaneous(self, events: list[UsageEvent]) -> None:
        """Apply events of one instant: legal transitions first, then the rest (R-TIE)."""
        if len(events) == 1:
            self._take(events[0])
            return
        if len(_terms_of_starts(events)) > 1:
            self.contradicting_starts += 1
        waiting = sorted(events, key=lambda e: (_TIE_ORDER[e.type], e.source, e.id))
        while waiting:
            chosen = next((e for e in waiting if self._is_legal(e)), waiting[0])
            waiting.remove(chosen)
            self._take(chosen)

    def _is_legal(self, event: UsageEvent) -> bool:
        match event.type:
            case EventType.START:
                return not self.is_open
            case EventType.RESUME:
                return not self.is_open and self.shape is not None
            case EventType.TERMINATE:
                return self.is_open or self.status not in (None, InstanceStatus.TERMINATED)
            case EventType.SEEN:
                return True
            case _:
                return self.is_open

    def _take(self, event: UsageEvent) -> None:
        self.last_report_at = event.time
        self.name = event.name or self.name
        self.disk = _with_reported(self.disk, event)
        self._apply(event)
        # Most instances never have one, and for those nothing is asked.
        if self.disk is not _NO_DISK or self.disk_span is not None:
            self._follow_disk(event.time)

    def _apply(self, event: UsageEvent) -> None:
        kind = event.type
        if kind in _OPENING:
            self._open(event)
        elif kind in _CLOSED_STATUS:
            self._close(event)
        elif kind is EventType.RESIZE:
            self._resize(event)
        elif kind is EventType.PRICE_CHANGE:
            self._change_rate(event.time, _rate_of(event, self.rate))
        elif self.is_open and kind in _ACTIVITY_STATUS:
            self._show(_ACTIVITY_STATUS[kind], event.time)

    def _follow_disk(self, at: datetime) -> None:
        """Let a disk span end, and another begin, where this instant changed what it is made of."""
        held, now = self.disk_span, self._disk_at(at)
        if held is now is None:
            return
        if held is not None and now is not None and now == replace(held, starts_at=at):
            return
        if held is not None and held.starts_at != at:
            self.disk_spans.append(replace(held, ends_at=at))
        self.disk_span = now

    def _disk_at(self, at: datetime) -> DiskSpan | None:
        """Return the span of the disk that is there now, None where there is none."""
        if self.status is _TERMINATED:
            self.disk = _NO_DISK
        if self.shape is None or self.status is None or self.disk.gb is None:
            return None
        return DiskSpan(self.shape, self.disk, Fraction(self.disk.gb), self.is_open, at, None)

    def _show(self, status: InstanceStatus, at: datetime) -> None:
        if status is not self.status:
            self.status, self.since = status, at

    def _open(self, event: UsageEvent) -> None:
        if self.is_open:
            self.starts_while_running += 1
            return
        if event.type is _START:
            self.shape = _shape_of(event)
            self.rate = _rate_of(event, self.rate)
        elif self.shape is None:
            return  # A resume keeps the shape of its start; until that is known it is nothing.
        self._count_start(event.time)
        self.session_starts_at = event.time
        self._begin_run(event.time)
        self._show(_RUNNING, event.time)

    def _count_start(self, at: datetime) -> None:
        self.first_started_at = self.first_started_at or at
        self.recent_starts.append(at)
        self.is_flapping = self.is_flapping or is_flapping(self.recent_starts)
        # Only these can lie within an hour of a later one.
        recent = self.recent_starts[-MAX_STARTS:]
        self.recent_starts = [one for one in recent if at - one < WITHIN]

    def _close(self, event: UsageEvent) -> None:
        if not self.is_open:
            if event.type is EventType.TERMINATE and self.status is not None:
                self._show(InstanceStatus.TERMINATED, event.time)
            else:
                self.orphan_stops += 1
            return
        self._end_run(event.time)
        self._end_session(event.time)
        self._show(_CLOSED_STATUS[event.type], event.time)

    def _resize(self, event: UsageEvent) -> None:
        # While it is off, a resize or a new price is kept for the next resume.
        if self.shape is None:
            return
        shape = self.shape._replace(gpu_count=event.gpu_count or self.shape.gpu_count)
        rate = _rate_of(event, self.rate)
        if (shape, rate) == (self.shape, self.rate):
            return  # The state already held.
        if self.is_open:
            self._end_run(event.time)
        self.shape, self.rate = shape, rate
        if self.is_open:
            self._begin_run(event.time)

    def _change_rate(self, at: datetime, rate: Fraction) -> None:
        if self.is_open and rate != self.rate:
            self.rates.append(RateChange(at, rate))
        self.rate = rate

    def _begin_run(self, at: datetime) -> None:
        self.run_starts_at = at
        self.rates = [RateChange(at, self.rate)]

    def _end_run(self, at: datetime | None) -> None:
        if self.shape is None or self.run_starts_at is None:
            return
        if at != self.run_starts_at:  # A run of no length is billed nothing (R-BILLED).
            rates = _without_superseded(self.rates)
            self.runs.append(GpuRun(self.shape, self.run_starts_at, at, rates))
        self.run_starts_at = None

    def _end_session(self, at: datetime) -> None:
        if self.session_starts_at is None:
            return
        session = GpuSession(self.instance, self.session_starts_at, at, tuple(self.runs))
        self.sessions.append(session)
        self.session_starts_at = None
        self.last_used_at = at
        self.runs = []

    def timeline(self) -> InstanceTimeline:
        """Return what is known; an open session stays open in it."""
        open_session = None
        if self.session_starts_at is not None:
            self._end_run(None)
            open_session = GpuSession(self.instance, self.session_starts_at, None, tuple(self.runs))
            self.last_used_at = self.session_starts_at
        state = InstanceState(
            instance=self.instance,
            name=self.name,
            status=self.status,
            since=self.since,
            shape=self.shape,
            rate=self.rate,
            disk=self.disk,
            last_report_at=self.last_report_at,
            next_event_at=self.next_event_at,
            open_session=open_session,
            disk_now=self.disk_span,
            ended_sessions=self.ended_before + len(self.sessions),
            ended_disk_spans=self.disk_spans_before + len(self.disk_spans),
            first_started_at=self.first_started_at,
            last_used_at=self.last_used_at,
            recent_starts=tuple(self.recent_starts),
            is_flapping=self.is_flapping,
            orphan_stops=self.orphan_stops,
            starts_while_running=self.starts_while_running,
            contradicting_starts=self.contradicting_starts,
        )
        return InstanceTimeline(state, tuple(self.sessions), tuple(self.disk_spans))


def _terms_of_starts(events: Iterable[UsageEvent]) -> set[tuple[Shape, Decimal | None]]:
    """Return the shapes and rates at which events say that the instance started."""
    starts = (event for event in events if event.type is EventType.START)
    return {(_shape_of(start), start.rate) for start in starts}


def _rate_of(event: UsageEvent, held: Fraction) -> Fraction:
    return held if event.rate is None else _exact(event.rate)


@lru_cache(maxsize=4_096)
def _exact(rate: Decimal) -> Fraction:
    """Return a rate as a fraction: few are paid by many, and all of them share one object."""
    return Fraction(rate)


def _with_reported(disk: Disk, event: UsageEvent) -> Disk:
    """Return the disk with what an event says of it; what it leaves out stays."""
    if not event.tells_of_disk:
        return disk
    gb, running, stopped = event.disk_gb, event.disk_rate_running, event.disk_rate_stopped
    hours = event.disk_hours_per_month
    return Disk(
        disk.gb if gb is None else gb,
        disk.rate_running if running is None else running,
        disk.rate_stopped if stopped is None else stopped,
        disk.hours_per_month if hours is None else hours,
    )


def _without_superseded(rates: list[RateChange]) -> tuple[RateChange, ...]:
    """Keep the last of several rates that were reported for one instant."""
    if len(rates) == 1:
        return tuple(rates)
    last_at = {change.since: change for change in rates}
    return tuple(last_at.values())


def _shape_of(event: UsageEvent) -> Shape:
    if event.provider is None or event.gpu is None or event.gpu_count is None:
        message = f"Start event {event.id!r} lacks its provider, GPU or GPU count."
        raise ValueError(message)
    return Shape(
        provider=event.provider,
        gpu=event.gpu,
        gpu_count=event.gpu_count,
        gpu_memory_gib=event.gpu_memory_gib,
        arch=event.arch or CpuArchitecture.X86_64,
        currency=event.currency,
    )
