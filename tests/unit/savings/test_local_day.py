"""Local days: each begins at its first existing instant (R-DAY)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dumont_economy.errors import UnknownTimeZoneError
from dumont_economy.savings.local_day import day_start, local_date, local_days, parse_zone
from tests.builders import instant

MICROSECOND = timedelta(microseconds=1)


def hours_of(day: str, zone: str) -> timedelta:
    """Return how long a local day lasts."""
    begins, clock = date.fromisoformat(day), ZoneInfo(zone)
    return day_start(begins + timedelta(days=1), clock) - day_start(begins, clock)


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        ("UTC", "2026-05-04", "2026-05-04 00:00"),
        ("America/Sao_Paulo", "2026-05-04", "2026-05-04 03:00"),
        ("Asia/Kathmandu", "2026-05-04", "2026-05-03 18:15"),
        ("Asia/Kolkata", "2026-05-04", "2026-05-03 18:30"),
        ("Australia/Lord_Howe", "2026-01-15", "2026-01-14 13:00"),
        ("Australia/Lord_Howe", "2026-07-15", "2026-07-14 13:30"),
        # Clocks went from 00:00 to 01:00, so the day began at one o'clock.
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15 03:00"),
        ("America/Havana", "2026-03-08", "2026-03-08 05:00"),
        # They went from 23:30 to 00:30, so the day began half an hour after its midnight.
        ("America/Toronto", "1919-03-31", "1919-03-31 04:30"),
        # A skipped day begins where the next one does.
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00"),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: str, utc: str) -> None:
    """Midnight where there is one, else the end of the gap it lies in."""
    assert day_start(date.fromisoformat(day), ZoneInfo(zone)) == instant(utc)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Sao_Paulo", "2017-10-15", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Asia/Kolkata", "2026-10-04", 24),
    ],
)
def test_days_last_23_24_25_or_other_hours(zone: str, day: str, hours: float) -> None:
    """Where clocks move, the day is as long as it is."""
    assert hours_of(day, zone) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "utc", "day"),
    [
        ("America/Sao_Paulo", "2017-10-15 02:59:59.999999", "2017-10-14"),
        ("America/Sao_Paulo", "2017-10-15 03:00", "2017-10-15"),
        ("Pacific/Apia", "2011-12-30 09:59:59.999999", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30 10:00", "2011-12-31"),
        ("Asia/Kolkata", "2026-05-03 18:29:59", "2026-05-03"),
        ("Asia/Kolkata", "2026-05-03 18:30", "2026-05-04"),
    ],
)
def test_an_instant_is_in_the_day_that_has_begun(zone: str, utc: str, day: str) -> None:
    """Half-open: the first instant is in, the next day's first is out."""
    assert local_date(instant(utc), ZoneInfo(zone)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2006-10-29 02:29:59", "2006-10-28"),
        # 00:00 to 00:01 on the 29th, then 23:01 on the 28th for the second time.
        ("2006-10-29 02:30:00", "2006-10-29"),
        ("2006-10-29 02:31:00", "2006-10-29"),
        ("2006-10-29 03:29:59", "2006-10-29"),
        ("2006-10-29 03:30:00", "2006-10-29"),
    ],
)
def test_a_day_that_has_begun_goes_on_when_clocks_return_over_midnight(utc: str, day: str) -> None:
    """In St. John's clocks went back at 00:01; the day before does not come round again."""
    zone = ZoneInfo("America/St_Johns")

    assert local_date(instant(utc), zone) == date.fromisoformat(day)


def test_clocks_that_return_at_midnight_lengthen_the_day_that_ends() -> None:
    """In Sao Paulo midnight of 18 February 2018 was put off by an hour."""
    zone = ZoneInfo("America/Sao_Paulo")
    begins: datetime = day_start(date(2018, 2, 18), zone)

    assert begins == instant("2018-02-18 03:00")
    assert local_date(begins - MICROSECOND, zone) == date(2018, 2, 17)


@pytest.mark.parametrize("name", ["UTC", "America/Sao_Paulo", "EST5EDT", "Asia/Kathmandu"])
def test_a_zone_is_known_by_its_iana_name(name: str) -> None:
    """The names of the built-in list, and no others."""
    assert parse_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "America",
        "Sao Paulo",
        "america/sao_paulo",
        "../../etc/passwd",
        "/etc/localtime",
        "UTC\x00",
        "UTC+3",
        "A" * 10_000,
        "Europe/Berlin ",
        "localtime",
    ],
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    """Never a file path, never a near match; the message quotes no more than it must."""
    with pytest.raises(UnknownTimeZoneError) as raised:
        parse_zone(name)

    assert len(str(raised.value)) < 200


class TestDaysOfAPeriod:
    """The local days that touch a period: whole, in order, each once."""

    def test_a_day_that_was_skipped_is_left_out(self) -> None:
        """Samoa had no 30 December 2011."""
        days = local_days(
            instant("2011-12-29 12:00"), instant("2012-01-01"), ZoneInfo("Pacific/Apia")
        )

        assert [day.date.isoformat() for day in days] == ["2011-12-29", "2011-12-31", "2012-01-01"]
        assert [day.hours for day in days] == [24, 24, 24]

    def test_they_tile_the_period_whatever_their_length(self) -> None:
        """São Paulo put its clocks forward at midnight of 15 October 2017."""
        zone = ZoneInfo("America/Sao_Paulo")
        days = local_days(instant("2017-10-14 03:00"), instant("2017-10-16 02:00:00"), zone)

        assert [day.hours for day in days] == [24, 23]
        assert days[0].ends_at == days[1].starts_at

    def test_a_period_that_ends_where_a_day_begins_does_not_touch_it(self) -> None:
        """Half-open."""
        days = local_days(instant("2026-05-04"), instant("2026-05-05"), ZoneInfo("UTC"))

        assert [day.date.isoformat() for day in days] == ["2026-05-04"]
