"""The JSON numbers of the five published endpoints: the one place where money becomes a float.

Their contract (API.md, section 1) fixes JSON numbers. Each is rounded once, half to even, from the
exact value; the float that carries it is the one nearest to that decimal, and prints as it.
"""

from fractions import Fraction

from dumont_economy.instant import MICROSECONDS_PER_SECOND
from dumont_economy.money import rounded_units

MONEY_PLACES = 4
HOURS_PLACES = 4
PERCENT_PLACES = 1
HOURLY_RATE_PLACES = 8
PER_SECOND_PLACES = 10
LIVE_PER_SECOND_PLACES = 16

_MICROSECONDS_PER_HOUR = 3600 * MICROSECONDS_PER_SECOND


def published(value: Fraction, places: int) -> float:
    """Return a value as the JSON number that the contract asks for."""
    # The quotient of two whole numbers is the float nearest to it, and never a negative zero.
    scale: int = 10**places
    return rounded_units(value, places) / scale


def published_or_none(value: Fraction | None, places: int) -> float | None:
    """Return a value as a JSON number; what is not known stays null."""
    return None if value is None else published(value, places)


def hours(microseconds: int) -> float:
    """Return a time as hours."""
    return published(Fraction(microseconds, _MICROSECONDS_PER_HOUR), HOURS_PLACES)
