"""Laws of local days, over time zones from all over the world (R-DAY)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.instant import EPOCH
from dumont_economy.ledger.line_item import Window
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.savings.local_day import day_start, local_date
from tests.builders import NINE, after, instant
from tests.properties.worlds import (
    STORY_SECONDS,
    Market,
    figures_of,
    markets,
    rated,
    stories,
)
from tests.reference_model import Figures, day_starts

# What is particular about each: half hours, quarters, gaps at midnight, skipped days, long jumps.
PARTICULAR_ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Asuncion",
    "America/Campo_Grande",
    "America/Caracas",
    "America/Godthab",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Damascus",
    "Asia/Dhaka",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Etc/GMT+12",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Fakaofo",
    "Pacific/Kiritimati",
    "UTC",
]
DAY = timedelta(days=1)
FIRST, LAST = date(2005, 1, 1), date(2035, 12, 31)
IS_TORTURE = settings.get_current_profile_name() == "torture"
ALL_ZONES = sorted(available_timezones() - {"localtime"})

zones = st.sampled_from(ALL_ZONES).map(ZoneInfo)
days = st.dates(FIRST, LAST)
moments = st.datetimes(datetime(2005, 1, 2), datetime(2035, 12, 30)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=NINE.tzinfo)
)


@pytest.mark.parametrize("name", ALL_ZONES if IS_TORTURE else PARTICULAR_ZONES)
def test_the_days_of_thirty_years_are_those_that_the_zones_clock_shows(name: str) -> None:
    """Each begins where the model sees its date first, so they tile, without gap or overlap."""
    zone = ZoneInfo(name)

    assert starts_by(day_start, zone) == day_starts(zone, FIRST, LAST)


def starts_by(start_of: Callable[[date, ZoneInfo], datetime], zone: ZoneInfo) -> dict[date, int]:
    """Return the POSIX seconds at which the days of thirty years begin."""
    days = (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))
    return {day: int((start_of(day, zone) - EPOCH).total_seconds()) for day in days}


def test_days_that_begin_at_a_midnight_that_never_was_are_found() -> None:
    """The comparison with the model is able to fail, and only on those days."""

    def at_midnight(day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, time(fold=1), zone).astimezone(UTC)

    beirut, london = ZoneInfo("Asia/Beirut"), ZoneInfo("Europe/London")
    wrong, right = starts_by(at_midnight, beirut), day_starts(beirut, FIRST, LAST)

    assert len({day for day in right if wrong[day] != right[day]}) == 31
    assert starts_by(at_midnight, london) == day_starts(london, FIRST, LAST)


@given(zones, moments)
def test_every_instant_is_in_exactly_one_day(zone: ZoneInfo, moment: datetime) -> None:
    """The one whose start is not after it, and whose next day's start is."""
    day = local_date(moment, zone)

    assert day_start(day, zone) <= moment < day_start(day + DAY, zone)


@given(zones, days)
def test_a_day_begins_at_its_first_existing_instant(zone: ZoneInfo, day: date) -> None:
    """Just before it the zone's clocks show an earlier day."""
    begins = day_start(day, zone)

    assert begins.astimezone(zone).date() >= day
    assert (begins - timedelta(microseconds=1)).astimezone(zone).date() < day


@given(zones, stories(), markets(), moments)
def test_the_days_of_a_period_add_up_to_it(
    zone: ZoneInfo, story: list[UsageEvent], market: Market, moment: datetime
) -> None:
    """Whatever the zone, usage over a midnight is split and none of it is lost or doubled."""
    shift = day_start(local_date(moment, zone), zone) - after(STORY_SECONDS // 2)
    lines = rated(story, market, after(STORY_SECONDS))
    around = local_date(moment, zone)
    borders = [day_start(around + number * DAY, zone) - shift for number in range(-1, 3)]

    by_day = [figures_of(lines, Window(begins, ends)) for begins, ends in pairwise(borders)]

    assert reduce(Figures.plus, by_day) == figures_of(lines)


def test_midnight_in_kathmandu_is_a_quarter_to() -> None:
    """A check by hand that the laws above are about real days."""
    assert day_start(date(2026, 5, 4), ZoneInfo("Asia/Kathmandu")) == instant("2026-05-03 18:15")
