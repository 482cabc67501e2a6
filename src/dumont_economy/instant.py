"""Instants and durations: RFC 3339 text, aware UTC datetimes, whole microseconds (R-TIME)."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from dumont_economy.errors import InvalidInstantError

MICROSECONDS_PER_SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:([Zz])|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)
_MAX_FRACTION_DIGITS = 6
_MAX_OFFSET_HOURS = 23
_MAX_OFFSET_MINUTES = 59
_LEAP_SECOND = 60
# A report of all instances names one instant for each of them.
_MOST_TEXTS = 256


@lru_cache(_MOST_TEXTS)
def parse_instant(text: str) -> datetime:
    """Return the instant that an RFC 3339 text names, as an aware UTC datetime.

    A leap second (23:59:60 UTC on 30 June or 31 December) is the start of the next second,
    because POSIX time has no place of its own for it.

    Raises:
        InvalidInstantError: no offset, more digits than microseconds, or no such instant.
    """
    match = _RFC3339.fullmatch(text)
    if not match:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?", text, re.ASCII):
            reason = "Add the offset: write an instant as 2026-05-04T09:00:00Z."
            raise InvalidInstantError(reason, "offset_required")
        reason = "Write an instant in RFC 3339 with an offset, as 2026-05-04T09:00:00Z."
        raise InvalidInstantError(reason)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    digits, sign = match[7] or "", match[9]
    if len(digits) > _MAX_FRACTION_DIGITS:
        reason = "Give at most six digits of a second: finer times would be cut."
        raise InvalidInstantError(reason, "too_precise")
    offset = timedelta()
    if sign:
        hours, minutes = int(match[10]), int(match[11])
        if hours > _MAX_OFFSET_HOURS or minutes > _MAX_OFFSET_MINUTES:
            reason = "The offset lies outside -23:59 to +23:59."
            raise InvalidInstantError(reason)
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
    is_leap = second == _LEAP_SECOND
    try:
        local = datetime(
            year,
            month,
            day,
            hour,
            minute,
            second - is_leap,
            int(digits.ljust(_MAX_FRACTION_DIGITS, "0")),
            tzinfo=timezone(offset) if offset else UTC,
        )
        instant = (
            local.astimezone(UTC) + timedelta(seconds=int(is_leap)) if offset or is_leap else local
        )
    except (ValueError, OverflowError) as error:
        reason = "There is no such date and time."
        raise InvalidInstantError(reason) from error
    if is_leap and (
        instant.hour,
        instant.minute,
        instant.second,
        instant.month,
        instant.day,
    ) not in (
        (0, 0, 0, 7, 1),
        (0, 0, 0, 1, 1),
    ):
        reason = "Second 60 exists only at the end of 30 June and 31 December (UTC)."
        raise InvalidInstantError(reason)
    return instant


def instant_text(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, with microseconds only where there are some."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def microseconds_between(start: datetime, end: datetime) -> int:
    """Return the exact duration from `start` to `end` in microseconds; negative if reversed."""
    return (end - start) // _MICROSECOND


def to_microseconds(instant: datetime) -> int:
    """Return the POSIX time of an instant in whole microseconds."""
    return (instant - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the instant at a POSIX time in whole microseconds."""
    # Very many are read: making the duration by its argument's name takes twice as long.
    return EPOCH + microseconds * _MICROSECOND


def plus_microseconds(instant: datetime, microseconds: int) -> datetime:
    """Return the instant `microseconds` after another."""
    return instant + timedelta(microseconds=microseconds)
