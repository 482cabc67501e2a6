"""Sums of steps by UTC hour and day, and what had accrued by any whole hour.

Invariant: whatever a stretch of whole hours holds is the difference of what had accrued at its two
ends, exactly; a day's sum is that of its hours.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dumont_economy.ledger.usage_step import Accrued, Step, UseKey

HOUR = 3_600_000_000
HOURS_PER_DAY = 24
DAY = HOURS_PER_DAY * HOUR

_MEMBERS = len(set(Accrued))
# Slope, moment and lump of each member.
_WIDTH = 3

# Of each member its slope, its moment and its lump. A moment is the sum of slope x instant.
Sum = Sequence[int]
# Of each member what has accrued.
Amounts = tuple[int, ...]
# The sums of a day's hours by key, each in order; and sums by key, and by hour or day. Instants
# count from its beginning.
HoursOfDay = Mapping[UseKey, Sequence[tuple[int, Sum]]]
HourSums = dict[UseKey, dict[int, list[int]]]

EMPTY: Sum = (0,) * (_MEMBERS * _WIDTH)
NOTHING: Amounts = (0,) * _MEMBERS


def add_steps(sums: HourSums, key: UseKey, steps: Iterable[Step], *, sign: int = 1) -> None:
    """Add steps to the sums of their hours, or take them out with a `sign` of -1."""
    of_key = sums.setdefault(key, {})
    for at, members, slope, lump in steps:
        hour, within = divmod(at, HOUR)
        held = of_key.get(hour)
        if held is None:
            held = of_key[hour] = list(EMPTY)
        if slope:
            faster = sign * slope
            moment = faster * within
            for member in members:
                place = member * _WIDTH
                held[place] += faster
                held[place + 1] += moment
        if lump:
            for member in members:
                held[member * _WIDTH + 2] += sign * lump


def day_sums(hours: HourSums) -> HourSums:
    """Return the sums of days, by key and day: instants count from the day's beginning."""
    return {key: _day_sums(of_hour) for key, of_hour in hours.items()}


def _day_sums(of_hour: Mapping[int, Sum]) -> dict[int, list[int]]:
    days: dict[int, list[int]] = {}
    for hour, held in of_hour.items():
        day, hour_of_day = divmod(hour, HOURS_PER_DAY)
        into = days.get(day)
        if into is None:
            into = days[day] = list(EMPTY)
        add_sum(into, moved(held, hour_of_day * HOUR))
    return days


def add_sum(into: list[int], other: Sum) -> None:
    """Add a sum to another whose instants count from the same one."""
    for place, value in enumerate(other):
        into[place] += value


def moved(held: Sum, later: int) -> list[int]:
    """Return a sum with its instants counted from one that lies so many microseconds earlier."""
    found = list(held)
    for place in range(0, len(found), _WIDTH):
        found[place + 1] += found[place] * later
    return found


def accrued_at(held: Sum, at: int) -> Amounts:
    """Return what has accrued `at` an instant, which is counted as those of the sum are."""
    return tuple(
        held[place] * at - held[place + 1] + held[place + 2]
        for place in range(0, len(held), _WIDTH)
    )


class AccruedUse:
    """Everything that has ended, as what had accrued by any whole UTC hour; never changed.

    It holds the sums of days; those of a day's hours are given where they are needed.
    """

    def __init__(self, of_key: Mapping[UseKey, "_UseOfKey"] | None = None) -> None:
        self._of_key = of_key or {}

    def with_days(self, changed: Iterable[tuple[UseKey, int, Sum]]) -> "AccruedUse":
        """Return the use with the sums of some days in the place of those that were there."""
        of_day: dict[UseKey, dict[int, Sum]] = {}
        for key, day, held in changed:
            if key not in of_day:
                of_day[key] = dict(self._of_key[key].of_day) if key in self._of_key else {}
            of_day[key][day] = held
        fresh = {key: _UseOfKey.of(days) for key, days in of_day.items()}
        return AccruedUse({**self._of_key, **fresh})

    @property
    def keys(self) -> Iterable[UseKey]:
        """Return what the sums are kept apart by."""
        return self._of_key.keys()

    def last_day(self, key: UseKey) -> int:
        """Return the last UTC day in which anything of a key ended, or began."""
        return self._of_key[key].days[-1]

    def sum_of_day(self, key: UseKey, day: int) -> Sum:
        """Return the sum of one day."""
        held = self._of_key.get(key)
        return EMPTY if held is None else held.of_day.get(day, EMPTY)

    def until(self, key: UseKey, hour: int, hours_of: Callable[[int], HoursOfDay]) -> Amounts:
        """Return what had accrued before an hour began; `hours_of` gives a day's hours."""
        of_key = self._of_key.get(key)
        if of_key is None:
            return NOTHING
        day, hour_of_day = divmod(hour, HOURS_PER_DAY)
        found = accrued_at(of_key.before[bisect_left(of_key.days, day)], hour * HOUR)
        if hour_of_day and day in of_key.of_day:
            for one, held in hours_of(day).get(key, ()):
                if one < hour:
                    found = _added(found, accrued_at(held, (hour - one) * HOUR))
        return found


@dataclass(frozen=True, slots=True)
class _UseOfKey:
    """The sums of the days of one key, the days in order, and the sums of all days before each."""

    of_day: Mapping[int, Sum]
    days: Sequence[int]
    before: Sequence[Sum]

    @classmethod
    def of(cls, of_day: Mapping[int, Sum]) -> "_UseOfKey":
        days = sorted(of_day)
        return cls(of_day, days, list(_running((day, of_day[day]) for day in days)))


def _added(one: Amounts, other: Amounts) -> Amounts:
    return tuple(map(sum, zip(one, other, strict=True)))


def difference(later: Amounts, earlier: Amounts) -> Amounts:
    """Return what had accrued since."""
    return tuple(one - other for one, other in zip(later, earlier, strict=True))


def _running(held: Iterable[tuple[int, Sum]]) -> Iterator[list[int]]:
    """Yield the sum of all days before each, then of all, with instants as they are."""
    total = list(EMPTY)
    yield list(total)
    for day, of_day in held:
        add_sum(total, moved(of_day, day * DAY))
        yield list(total)
