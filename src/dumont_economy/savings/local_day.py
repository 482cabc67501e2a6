"""Local days: where each begins, so that every instant is in exactly one (R-DAY)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from dumont_economy.errors import UnknownTimeZoneError
from dumont_economy.instant import microseconds_between
from dumont_economy.money import MICROSECONDS_PER_HOUR

_LONGEST_ZONE_NAME = 64
# Names in some systems' zone folders that mean a machine's own setting, or none.
_NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACE


def parse_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name.

    Raises:
        UnknownTimeZoneError: the list has no such name.
    """
    if len(name) > _LONGEST_ZONE_NAME or name not in _zone_names():
        raise UnknownTimeZoneError(name)
    return ZoneInfo(name)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the local day that an instant is in: the latest one that has begun by then."""
    day = instant.astimezone(zone).date()
    # Where clocks go back over midnight the earlier date comes round again; its next day has
    # begun and goes on.
    following = day + timedelta(days=1)
    return following if day_start(following, zone) <= instant else day


@lru_cache(maxsize=16_384)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, in UTC.

    A day that the zone skipped altogether begins where the next one does, and is empty.
    """
    midnight = datetime.combine(day, time(), zone)
    earlier = midnight.astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return earlier
    # Midnight does not exist: read before the gap it lies after it, read after the gap before
    # it. The day begins at the gap itself, found to the second.
    before = midnight.replace(fold=1).astimezone(UTC)
    after = earlier
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One local day, `[starts_at, ends_at)`; it lasts 23, 24, 25 or other hours."""

    date: date
    starts_at: datetime
    ends_at: datetime

    @property
    def hours(self) -> Fraction:
        """Return how long it lasts."""
        return Fraction(microseconds_between(self.starts_at, self.ends_at), MICROSECONDS_PER_HOUR)


def local_days(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[LocalDay]:
    """Return the local days that touch `[starts_at, ends_at)`, in order, each one whole.

    A day that the zone skipped altogether has no instants and is left out.
    """
    days = []
    day = local_date(starts_at, zone)
    begins = day_start(day, zone)
    while begins < ends_at:
        following = day + timedelta(days=1)
        ends = day_start(following, zone)
        if begins < ends:
            days.append(LocalDay(day, begins, ends))
        day, begins = following, ends
    return days
