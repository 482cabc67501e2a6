"""Projections: a daily saving carried forward, by a method that is said."""

from fractions import Fraction

import pytest

from dumont_economy.savings.projection import (
    MeasuredSaving,
    Projection,
    ProjectionMethod,
    project,
)

A_DAY = 86_400_000_000  # microseconds


def measured(saving: str, days: str, *, is_comparable: bool = True) -> MeasuredSaving:
    """Return what a number of days saved."""
    return MeasuredSaving(Fraction(saving), int(Fraction(days) * A_DAY), is_comparable)


def carried(projection: Projection) -> tuple[Fraction | int | None, ...]:
    """Return the saving of a day, a week, a month and a year."""
    return projection.daily, projection.weekly, projection.monthly, projection.yearly


@pytest.mark.parametrize(
    ("per_hour", "month", "year"),
    [("3.36", "806.40", "9811.20"), ("30.27", "7264.80", "88388.40"), ("60.5", "14520", "176660")],
)
def test_hours_a_day_are_carried_forward(per_hour: str, month: str, year: str) -> None:
    """At 8 hours a day: the worked figures of the reference rate card (API.md, section 4)."""
    projection = project(daily_hours=Fraction(8), saving_per_hour=Fraction(per_hour), measured=None)

    assert projection.method is ProjectionMethod.HOURLY
    assert projection.daily_hours == 8
    assert projection.daily == Fraction(per_hour) * 8
    assert projection.weekly == Fraction(per_hour) * 8 * 7
    assert projection.monthly == Fraction(month)
    assert projection.yearly == Fraction(year)


def test_without_hours_the_last_days_are_measured() -> None:
    """60 dollars in 30 days are 2 a day."""
    projection = project(
        daily_hours=None, saving_per_hour=Fraction(99), measured=measured("60", "30")
    )

    assert projection.method is ProjectionMethod.MEASURED
    assert projection.days_measured == 30
    assert carried(projection) == (2, 14, 60, 730)
    assert projection.daily_hours is None


def test_a_whole_day_is_enough_to_measure() -> None:
    """Its mean is what it saved."""
    projection = project(daily_hours=None, saving_per_hour=None, measured=measured("5", "1"))

    assert projection.method is ProjectionMethod.MEASURED
    assert projection.daily == 5


@pytest.mark.parametrize("history", [None, measured("5", "86399/86400")])
def test_with_less_than_a_day_eight_hours_are_assumed(history: MeasuredSaving | None) -> None:
    """Of what the active instances save now; and the answer says so."""
    projection = project(daily_hours=None, saving_per_hour=Fraction(3), measured=history)

    assert projection.method is ProjectionMethod.ASSUMED_8_HOURS
    assert projection.daily == 24
    assert projection.daily_hours == 8


@pytest.mark.parametrize(
    ("daily_hours", "history"),
    [
        (None, None),
        (None, measured("5", "1/2")),
        (Fraction(8), measured("60", "30")),
        (None, measured("0", "30", is_comparable=False)),
    ],
)
def test_without_enough_data_there_is_no_figure(
    daily_hours: Fraction | None, history: MeasuredSaving | None
) -> None:
    """Null and the reason, never a number from nowhere."""
    projection = project(daily_hours=daily_hours, saving_per_hour=None, measured=history)

    assert projection.method is ProjectionMethod.NONE
    assert carried(projection) == (None, None, None, None)


def test_a_projected_loss_is_shown() -> None:
    """Measured or assumed, with its sign."""
    past = project(daily_hours=None, saving_per_hour=None, measured=measured("-30", "30"))
    ahead = project(daily_hours=Fraction(24), saving_per_hour=Fraction(-1), measured=None)

    assert past.yearly == -365
    assert ahead.yearly == -8760


def test_a_time_without_use_projects_to_nothing_saved() -> None:
    """Thirty days off have saved 0, which is a figure."""
    projection = project(daily_hours=None, saving_per_hour=None, measured=measured("0", "30"))

    assert projection.method is ProjectionMethod.MEASURED
    assert projection.daily == 0
