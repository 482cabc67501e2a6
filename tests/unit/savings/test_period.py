"""Periods of the local calendar: a year, a month or a day."""

from zoneinfo import ZoneInfo

import pytest

from dumont_economy.errors import InvalidInputError
from dumont_economy.savings.period import Period, parse_period
from tests.builders import instant

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("text", "starts_at", "ends_at"),
    [
        ("2025", "2025-01-01 03:00", "2026-01-01 03:00"),
        ("2026-05", "2026-05-01 03:00", "2026-06-01 03:00"),
        ("2025-12", "2025-12-01 03:00", "2026-01-01 03:00"),
        ("2024-02", "2024-02-01 03:00", "2024-03-01 03:00"),
        ("2026-05-04", "2026-05-04 03:00", "2026-05-05 03:00"),
        ("2025-12-31", "2025-12-31 03:00", "2026-01-01 03:00"),
        ("2017-10-15", "2017-10-15 03:00", "2017-10-16 02:00"),
        ("1970", "1970-01-01 03:00", "1971-01-01 03:00"),
        ("9998", "9998-01-01 03:00", "9999-01-01 03:00"),
    ],
)
def test_it_goes_from_its_first_local_instant_to_the_next_ones(
    text: str, starts_at: str, ends_at: str
) -> None:
    """Half-open; clocks that are put forward at midnight make the day before it shorter."""
    expected = Period(text, instant(starts_at), instant(ends_at))

    assert parse_period(text, SAO_PAULO) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "26", "20266", "2026-5", "2026-13", "2026-00", "2026-02-30", "2026-05-", "2026/05"),
        *(" 2026", "2026-05-04T00:00:00Z", "1969", "9999", "0000", "٢٠٢٦", "May"),
    ],
)
def test_what_is_none_is_refused_with_how_to_write_one(text: str) -> None:
    """Never a near match."""
    with pytest.raises(InvalidInputError, match="2026, 2026-05 or 2026-05-04") as caught:
        parse_period(text, SAO_PAULO)

    assert [(one.field, one.code) for one in caught.value.problems] == [
        ("period", "invalid_period")
    ]
