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
from itertools import groupby
from operator import attrgetter

from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent


class InstanceStatus(StrEnum):
    """What an instance is doing; running and idle are active: on, and paid for."""

    RUNNING = "running"
    IDLE = "idle"
    HIBERNATED = "hibernated"
    STOPPED = "stopped"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Shape:
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


@dataclass(frozen=True, slots=True)
class RateChange:
    """From `since` on, the instance costs `rate` per instance-hour, in its shape's currency."""

    since: datetime
    rate: Fraction


@dataclass(frozen=True, slots=True)
class GpuRun:
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


@dataclass(frozen=True, slots=True)
class GpuSession:
    """One run of one instance from start to stop; a resize inside it begins a new GPU run."""

    instance: str
    starts_at: datetime
    ends_at: datetime | None
    runs: tuple[GpuRun, ...]

    @property
    def is_open(self) -> bool:
        """Say whether the session has not been stopped."""
        return self.ends_at is None


@dataclass(frozen=True, slots=True)
class InstanceTimeline:
    """Everything that the events up to one instant say about one instance.

    `status`, `since` and `shape` are None while no start is known. `next_event_at` is the time of
    the first event that still lies in the future.
    """

    instance: str
    name: str | None
    status: InstanceStatus | None
    since: datetime | None
    shape: Shape | None
    last_report_at: datetime | None
    sessions: tuple[GpuSession, ...]
    orphan_stops: int
    starts_while_running: int
    disk_reported: bool
    next_event_at: datetime | None

    @property
    def open_session(self) -> GpuSession | None:
        """Return the session that is running now, if one is."""
        if self.sessions and self.sessions[-1].is_open:
            return self.sessions[-1]
        return None


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
_ACTIVITY_STATUS = {
    EventType.IDLE: InstanceStatus.IDLE,
    EventType.BUSY: InstanceStatus.RUNNING,
}


def replay(instance: str, events: Iterable[UsageEvent], now: datetime) -> InstanceTimeline:
    """Replay one instance's events, voided ones left out, up to and including `now`.

    Events later than `now` have not happened yet: reporters' clocks may run ahead.
    """
    ordered = sorted(events, key=attrgetter("time"))
    replayer = _Replay(instance)
    for time, group in groupby(ordered, key=attrgetter("time")):
        if time > now:
            replayer.next_event_at = time
            break
        replayer.take_simultaneous(list(group))
    return replayer.timeline()


@dataclass
class _Replay:
    """The state machine of one instance."""

    instance: str
    name: str | None = None
    status: InstanceStatus | None = None
    since: datetime | None = None
    shape: Shape | None = None
    rate: Fraction = Fraction(0)
    last_report_at: datetime | None = None
    next_event_at: datetime | None = None
    orphan_stops: int = 0
    starts_while_running: int = 0
    disk_reported: bool = False
    session_starts_at: datetime | None = None
    runs: list[GpuRun] = field(default_factory=list)
    run_starts_at: datetime | None = None
    rates: list[RateChange] = field(default_factory=list)
    sessions: list[GpuSession] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.session_starts_at is not None

    def take_simultaneous(self, events: list[UsageEvent]) -> None:
        """Apply events of one instant: legal transitions first, then the rest (R-TIE)."""
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
        self.disk_reported = self.disk_reported or event.disk_gb is not None
        match event.type:
            case EventType.START | EventType.RESUME:
                self._open(event)
            case EventType.STOP | EventType.HIBERNATE | EventType.TERMINATE:
                self._close(event)
            case EventType.RESIZE:
                self._resize(event)
            case EventType.PRICE_CHANGE:
                self._change_rate(event.time, _rate_of(event, self.rate))
            case EventType.IDLE | EventType.BUSY if self.is_open:
                self._show(_ACTIVITY_STATUS[event.type], event.time)
            case _:
                pass

    def _show(self, status: InstanceStatus, at: datetime) -> None:
        if status is not self.status:
            self.status, self.since = status, at

    def _open(self, event: UsageEvent) -> None:
        if self.is_open:
            self.starts_while_running += 1
            return
        if event.type is EventType.START:
            self.shape = _shape_of(event)
            self.rate = _rate_of(event, self.rate)
        elif self.shape is None:
            return  # A resume keeps the shape of its start; until that is known it is nothing.
        self.session_starts_at = event.time
        self._begin_run(event.time)
        self._show(InstanceStatus.RUNNING, event.time)

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
        shape = replace(self.shape, gpu_count=event.gpu_count or self.shape.gpu_count)
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

    def _end_session(self, at: datetime | None) -> None:
        if self.session_starts_at is None:
            return
        session = GpuSession(self.instance, self.session_starts_at, at, tuple(self.runs))
        self.sessions.append(session)
        self.session_starts_at = None
        self.runs = []

    def timeline(self) -> InstanceTimeline:
        """Return what is known; an open session stays open in it."""
        self._end_run(None)
        self._end_session(None)
        return InstanceTimeline(
            instance=self.instance,
            name=self.name,
            status=self.status,
            since=self.since,
            shape=self.shape,
            last_report_at=self.last_report_at,
            sessions=tuple(self.sessions),
            orphan_stops=self.orphan_stops,
            starts_while_running=self.starts_while_running,
            disk_reported=self.disk_reported,
            next_event_at=self.next_event_at,
        )


def _rate_of(event: UsageEvent, held: Fraction) -> Fraction:
    return held if event.rate is None else Fraction(event.rate)


def _without_superseded(rates: list[RateChange]) -> tuple[RateChange, ...]:
    """Keep the last of several rates that were reported for one instant."""
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
