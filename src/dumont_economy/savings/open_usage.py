"""What is on at an instant, rated for one question, and how it goes on.

Up to the next change that is known, each second adds the same. So the figures of another second
are a sum and so many times a slope, exactly, whatever the number of instances.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from dumont_economy.instant import MICROSECONDS_PER_SECOND
from dumont_economy.ledger.line_item import Line
from dumont_economy.ledger.rating import RatingTerms, rate_disk, rate_session
from dumont_economy.metering.gpu_session import DiskSpan, GpuSession, InstanceState
from dumont_economy.savings.live_disk import LiveDisk, live_disk
from dumont_economy.savings.live_rate import LiveRate, live_rate
from dumont_economy.savings.moving_totals import MovingTotals, sum_of
from dumont_economy.savings.totals import Totals, total_of, totals_by_day

_NO_TIME = timedelta()
_SECOND = timedelta(seconds=1)
_MOST_CALENDARS = 8


@dataclass(frozen=True, slots=True)
class HourlyRates:
    """Sums over the active instances, per hour.

    `paid` is everything, `comparable` the part of it that stands beside `compared`.
    """

    paid: Fraction
    comparable: Fraction
    compared: Fraction

    @property
    def saving(self) -> Fraction:
        """Return compared minus comparable; a loss is negative."""
        return self.compared - self.comparable


@dataclass(frozen=True, slots=True)
class OpenSession:
    """The open session of an instance."""

    state: InstanceState
    session: GpuSession
    live: LiveRate
    totals: MovingTotals

    @property
    def starts_at(self) -> datetime:
        """Return when it began."""
        return self.session.starts_at

    def lines_at(self, at: datetime, terms: RatingTerms) -> Sequence[Line]:
        """Return its lines, rated as if it ended at an instant."""
        return rate_session(self.session, terms, at)


@dataclass(frozen=True, slots=True)
class OpenDisk:
    """The disk of an instance, from its latest change."""

    state: InstanceState
    span: DiskSpan
    live: LiveDisk
    totals: MovingTotals

    @property
    def starts_at(self) -> datetime:
        """Return since when it has been what it is."""
        return self.span.starts_at

    def lines_at(self, at: datetime, terms: RatingTerms) -> Sequence[Line]:
        """Return its lines, rated as if it ended at an instant."""
        return rate_disk(self.state.instance, [self.span], terms, at)


@dataclass(frozen=True)
class OpenUsage:
    """The open sessions and the disks of an account, rated at one instant.

    It is of the same usage and terms as long as `holds_at` is asked of these.
    """

    at: datetime
    terms: RatingTerms
    sessions: Sequence[OpenSession]
    disks: Sequence[OpenDisk]

    @property
    def _all(self) -> list[OpenSession | OpenDisk]:
        return [*self.sessions, *self.disks]

    def holds_at(self, at: datetime) -> bool:
        """Say whether the figures at an instant are those of `self.at` and so many slopes.

        Billing by the second lies on its slope at whole seconds only.
        """
        later = at - self.at
        return (
            later >= _NO_TIME
            and later % _SECOND == _NO_TIME
            and (self.changes_at is None or at < self.changes_at)
        )

    def seconds_to(self, at: datetime) -> int:
        """Return how many seconds later an instant is at which this holds."""
        return (at - self.at) // _SECOND

    @cached_property
    def changes_at(self) -> datetime | None:
        """Return when the first of the slopes changes, as far as that is known."""
        changes = [one.live.changes_at for one in self._all]
        return min((at for at in changes if at is not None), default=None)

    @cached_property
    def of_sessions(self) -> MovingTotals:
        """Return the totals of all open sessions, each from its start."""
        return sum_of(one.totals for one in self.sessions)

    @cached_property
    def of_disks(self) -> MovingTotals:
        """Return the totals of all disks, each from its latest change."""
        return sum_of(one.totals for one in self.disks)

    @cached_property
    def of_all(self) -> MovingTotals:
        """Return the totals of both together."""
        return sum_of([self.of_sessions, self.of_disks])

    @cached_property
    def of_instances(self) -> Mapping[str, MovingTotals]:
        """Return the totals of each instance that is on or has a disk."""
        parts: dict[str, list[MovingTotals]] = {}
        for one in self._all:
            parts.setdefault(one.state.instance, []).append(one.totals)
        return {name: sum_of(found) for name, found in parts.items()}

    @cached_property
    def hourly_rates(self) -> HourlyRates:
        """Return what the active instances cost an hour, and would cost."""
        paid = comparable = compared = Fraction(0)
        for one in self.sessions:
            rate, comparison_rate = one.live.rate, one.live.comparison_rate
            paid += rate or 0
            if rate is not None and comparison_rate is not None:
                comparable += rate
                compared += comparison_rate
        return HourlyRates(paid, comparable, compared)

    @cached_property
    def saving_per_second(self) -> Fraction:
        """Return the slope of the open sessions' saving."""
        return sum((one.live.saving_per_second for one in self.sessions), Fraction(0))

    @cached_property
    def is_compared(self) -> bool:
        """Say whether any active instance has a comparison."""
        return any(one.live.is_priced for one in self.sessions)

    @cached_property
    def first_starts_at(self) -> datetime | None:
        """Return since when the oldest of it has been there."""
        return min((one.starts_at for one in self._all), default=None)

    def lines_at(self, at: datetime) -> list[Line]:
        """Return the lines of all of it, rated as if it ended at an instant."""
        return [line for one in self._all for line in one.lines_at(at, self.terms)]

    def totals_by_day(self, borders: tuple[datetime, ...], at: datetime) -> dict[int, Totals]:
        """Return the totals at an instant by day; they are not to be changed.

        Args:
            borders: The starts of the days, and the end of the last, in which the instant lies.
            at: An instant at which this holds.
        """
        # What a minimum adds is booked at the last used instant: both must be of the same day.
        if not borders[-2] < self.at <= at <= borders[-1]:
            return totals_by_day(self.lines_at(at), borders)
        held = self._days.get(borders)
        if held is None:
            held = totals_by_day(self.lines_at(self.at), borders)
            if len(self._days) >= _MOST_CALENDARS:
                self._days.clear()
            self._days[borders] = held
        seconds = self.seconds_to(at)
        if not seconds or not (self.sessions or self.disks):
            return held
        today = Totals()
        today.merge(held.get(len(borders) - 2, Totals()))
        today.merge(self.of_all.a_second, seconds)
        return {**held, len(borders) - 2: today}

    @cached_property
    def _days(self) -> dict[tuple[datetime, ...], dict[int, Totals]]:
        return {}


def open_usage(
    active: Iterable[InstanceState],
    with_disk: Iterable[InstanceState],
    terms: RatingTerms,
    at: datetime,
    known: OpenUsage | None = None,
) -> OpenUsage:
    """Rate what is on at an instant.

    Args:
        active: The instances that are on.
        with_disk: Those that have a disk.
        terms: What they are rated with.
        at: The instant.
        known: What was rated before with the same terms: states that are still the same objects
            are moved from there, where they have stayed on their slopes.
    """
    on_slope = _Moved(known, at)
    sessions = [
        on_slope.session_of(state) or _open_session(state, state.open_session, terms, at)
        for state in active
        if state.open_session is not None
    ]
    disks = [
        on_slope.disk_of(state) or _open_disk(state, state.disk_now, terms, at)
        for state in with_disk
        if state.disk_now is not None
    ]
    return OpenUsage(at, terms, sessions, disks)


class _Moved:
    """Open sessions and disks that are where their slopes have brought them."""

    def __init__(self, known: OpenUsage | None, at: datetime) -> None:
        self._at = at
        self._seconds = 0
        self._sessions: dict[str, OpenSession] = {}
        self._disks: dict[str, OpenDisk] = {}
        later = _NO_TIME if known is None else at - known.at
        if known is not None and later >= _NO_TIME and later % _SECOND == _NO_TIME:
            self._seconds = later // _SECOND
            self._sessions = {one.state.instance: one for one in known.sessions}
            self._disks = {one.state.instance: one for one in known.disks}

    def session_of(self, state: InstanceState) -> OpenSession | None:
        held = self._sessions.get(state.instance)
        if held is None or held.state is not state or self._is_past(held.live.changes_at):
            return None
        return OpenSession(state, held.session, held.live, self._moved(held.totals))

    def disk_of(self, state: InstanceState) -> OpenDisk | None:
        held = self._disks.get(state.instance)
        if held is None or held.state is not state or self._is_past(held.live.changes_at):
            return None
        return OpenDisk(state, held.span, held.live, self._moved(held.totals))

    def _is_past(self, changes_at: datetime | None) -> bool:
        return changes_at is not None and changes_at <= self._at

    def _moved(self, totals: MovingTotals) -> MovingTotals:
        if not self._seconds:
            return totals
        return MovingTotals(totals.after(self._seconds), totals.a_second)


def _open_session(
    state: InstanceState, session: GpuSession, terms: RatingTerms, at: datetime
) -> OpenSession:
    live = live_rate(session, terms, at)
    a_second = Totals()
    a_second.add_gpu_use(
        session.runs[-1].shape,
        live.match,
        used=MICROSECONDS_PER_SECOND,
        rate=live.rate,
        actual=MICROSECONDS_PER_SECOND if live.actual_per_second else 0,
        compared=MICROSECONDS_PER_SECOND if live.comparison_per_second else 0,
    )
    totals = MovingTotals(total_of(rate_session(session, terms, at)), a_second)
    return OpenSession(state, session, live, totals)


def _open_disk(state: InstanceState, span: DiskSpan, terms: RatingTerms, at: datetime) -> OpenDisk:
    live = live_disk(span, terms, at)
    a_second = Totals()
    a_second.add_disk_use(
        live.line.comparison,
        used=MICROSECONDS_PER_SECOND,
        rate=live.line.rate,
        actual=MICROSECONDS_PER_SECOND,
        comparison_rate=live.line.comparison_rate,
        compared=MICROSECONDS_PER_SECOND,
    )
    totals = MovingTotals(total_of(rate_disk(state.instance, [span], terms, at)), a_second)
    return OpenDisk(state, span, live, totals)
