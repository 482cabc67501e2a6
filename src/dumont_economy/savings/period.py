"""Periods of the local calendar: a year, a month or a day."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.savings.local_day import day_start

FIRST_YEAR, LAST_YEAR = 1970, 9998
_WRITTEN = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period `[starts_at, ends_at)` of one time zone, and how it is written."""

    name: str
    starts_at: datetime
    ends_at: datetime


def parse_period(text: str, zone: ZoneInfo) -> Period:
    """Return the year, month or day that `2026`, `2026-05` or `2026-05-04` writes.

    Raises:
        InvalidInputError: the text writes none of the years 1970 to 9998.
    """
    written = _WRITTEN.fullmatch(text)
    try:
        days = None if written is None else _days(written)
    except ValueError:
        days = None
    if days is None or not FIRST_YEAR <= days[0].year <= LAST_YEAR:
        message = (
            f"{text[:32]!r} is no period. Write a year, a month or a day as 2026, 2026-05 or "
            "2026-05-04."
        )
        raise InvalidInputError([FieldProblem("period", "invalid_period", message)])
    first, following = days
    return Period(text, day_start(first, zone), day_start(following, zone))


def _days(written: re.Match[str]) -> tuple[date, date]:
    """Return the first day of a period and of the one after it."""
    year, month, day = written.groups()
    if month is None:
        return date(int(year), 1, 1), date(int(year) + 1, 1, 1)
    first = date(int(year), int(month), int(day or 1))
    if day is not None:
        return first, first + timedelta(days=1)
    return first, date(first.year + first.month // _MONTHS, first.month % _MONTHS + 1, 1)
