"""Projections: what the saving comes to in a day, week, month and year, and by which method."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from dumont_economy.instant import MICROSECONDS_PER_SECOND

MEASURED_DAYS = 30
ASSUMED_DAILY_HOURS = 8
_MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND

_DAYS_PER_WEEK, _DAYS_PER_MONTH, _DAYS_PER_YEAR = 7, 30, 365


class ProjectionMethod(StrEnum):
    """What a projection rests on."""

    MEASURED = "measured"
    HOURLY = "hourly"
    ASSUMED_8_HOURS = "assumed_8_hours"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Projection:
    """A daily saving carried forward; None with method `none`: there is not enough data."""

    method: ProjectionMethod
    daily: Fraction | None = None
    daily_hours: Fraction | None = None
    days_measured: Fraction | None = None

    @property
    def weekly(self) -> Fraction | None:
        """Return the saving of 7 such days."""
        return self._over(_DAYS_PER_WEEK)

    @property
    def monthly(self) -> Fraction | None:
        """Return the saving of 30 such days."""
        return self._over(_DAYS_PER_MONTH)

    @property
    def yearly(self) -> Fraction | None:
        """Return the saving of 365 such days."""
        return self._over(_DAYS_PER_YEAR)

    def _over(self, days: int) -> Fraction | None:
        return None if self.daily is None else self.daily * days


@dataclass(frozen=True, slots=True)
class MeasuredSaving:
    """The saving of the last days; `microseconds` is how long they lasted, 30 days at most."""

    saving: Fraction
    microseconds: int
    is_comparable: bool


def project(
    *,
    daily_hours: Fraction | None,
    saving_per_hour: Fraction | None,
    measured: MeasuredSaving | None,
) -> Projection:
    """Project a saving (DESIGN.md, section 5).

    Args:
        daily_hours: Hours a day to assume, or None to measure.
        saving_per_hour: The hourly saving of the active instances; None where none is compared.
        measured: What the last days saved; None before the first use.
    """
    if daily_hours is not None:
        return _hourly(ProjectionMethod.HOURLY, saving_per_hour, daily_hours)
    if measured is not None and measured.microseconds >= _MICROSECONDS_PER_DAY:
        if not measured.is_comparable:
            return Projection(ProjectionMethod.NONE)
        days = Fraction(measured.microseconds, _MICROSECONDS_PER_DAY)
        return Projection(
            ProjectionMethod.MEASURED, daily=measured.saving / days, days_measured=days
        )
    hours = Fraction(ASSUMED_DAILY_HOURS)
    return _hourly(ProjectionMethod.ASSUMED_8_HOURS, saving_per_hour, hours)


def _hourly(method: ProjectionMethod, per_hour: Fraction | None, hours: Fraction) -> Projection:
    if per_hour is None:
        return Projection(ProjectionMethod.NONE)
    return Projection(method, daily=per_hour * hours, daily_hours=hours)
