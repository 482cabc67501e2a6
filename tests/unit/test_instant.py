"""Instants: RFC 3339 with an offset, kept to the microsecond; anything doubtful is refused."""

from datetime import UTC, datetime

import pytest

from dumont_economy.errors import InvalidInstantError
from dumont_economy.instant import (
    from_microseconds,
    instant_text,
    microseconds_between,
    parse_instant,
    plus_microseconds,
    to_microseconds,
)
from tests.builders import instant


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-05-04T09:00:00Z", "2026-05-04 09:00"),
        ("2026-05-04t09:00:00z", "2026-05-04 09:00"),
        ("2026-05-04T06:00:00-03:00", "2026-05-04 09:00"),
        ("2026-05-04T14:45:00+05:45", "2026-05-04 09:00"),
        ("2026-05-04T09:00:00.5Z", "2026-05-04 09:00:00.500000"),
        ("2026-05-04T09:00:00.000001Z", "2026-05-04 09:00:00.000001"),
        ("2024-02-29T23:59:59-23:59", "2024-03-01 23:58:59"),
        ("2025-01-01T00:00:00+14:00", "2024-12-31 10:00"),
    ],
)
def test_an_instant_with_an_offset_is_read_into_utc(text: str, utc: str) -> None:
    """RFC 3339, lower case allowed, any offset within a day (R-TIME)."""
    assert parse_instant(text) == instant(utc)


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00", "2026-01-01 00:00:00", "2026-01-01T00:00", "2026-01-01"]
)
def test_a_time_without_offset_says_what_is_missing(text: str) -> None:
    """Nobody can know which instant it means."""
    with pytest.raises(InvalidInstantError) as raised:
        parse_instant(text)

    assert raised.value.code == "offset_required"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-W01-4",
        "20260101T000000Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00+00:00:01",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00\u221203:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:60Z",
        "1767225600000",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Z ",
        "2026-01-01T00:00:00Z\n",
        "\u0968\u0966\u0968\u096c-01-01T00:00:00Z",
        "2026-01-01T00:00:00\x00Z",
    ],
)
def test_what_is_no_such_instant_is_refused(text: str) -> None:
    """Python's own reader takes several of these, and fails on others in other ways."""
    with pytest.raises(InvalidInstantError):
        parse_instant(text)


def test_a_seventh_digit_of_a_second_is_refused_rather_than_cut() -> None:
    """A time is kept exactly or not at all."""
    with pytest.raises(InvalidInstantError) as raised:
        parse_instant("2026-05-04T09:00:00.1234567Z")

    assert raised.value.code == "too_precise"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01 00:00"),
        ("2015-06-30T23:59:60Z", "2015-07-01 00:00"),
        ("2016-12-31T18:59:60-05:00", "2017-01-01 00:00"),
    ],
)
def test_a_leap_second_is_the_start_of_the_next_second(text: str, utc: str) -> None:
    """Every UTC day has 86,400 seconds here, so second 60 has no place of its own."""
    assert parse_instant(text) == instant(utc)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-04T09:00:60Z",
        "2026-03-31T23:59:60Z",
        "2016-12-31T23:59:60-05:00",
        "2016-12-31T22:59:60Z",
    ],
)
def test_second_60_exists_only_where_leap_seconds_are_put(text: str) -> None:
    """They come at the end of June and December in UTC, wherever the clock stands."""
    with pytest.raises(InvalidInstantError):
        parse_instant(text)


@pytest.mark.parametrize(
    ("utc", "text"),
    [
        ("2026-05-04 09:00", "2026-05-04T09:00:00Z"),
        ("2026-05-04 09:00:00.000001", "2026-05-04T09:00:00.000001Z"),
    ],
)
def test_an_instant_is_written_in_utc(utc: str, text: str) -> None:
    """Microseconds appear only where there are some."""
    assert instant_text(instant(utc)) == text


def test_a_duration_is_exact_over_centuries() -> None:
    """A float of seconds loses microseconds after a few hundred years."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 1, tzinfo=UTC)

    between = microseconds_between(first, last)

    assert between == 315_537_897_599_000_001
    assert plus_microseconds(first, between) == last
    assert microseconds_between(last, first) == -between


def test_posix_microseconds_lead_back_to_the_instant() -> None:
    """Also before 1970, where they are negative."""
    for text in ("2026-05-04 09:00:00.123456", "1969-12-31 23:59:59.999999"):
        assert from_microseconds(to_microseconds(instant(text))) == instant(text)
