"""Exact money: decimal text in, fractions inside, rounded once where it is reported.

Invariants: no float ever holds an amount; a sum of rate x time is exact, so neither the order of
adding nor a cut in time changes it; `rounded_units` is the only rounding.
"""

import re
from decimal import Decimal
from fractions import Fraction
from math import lcm

from dumont_economy.errors import InvalidAmountError

MICROSECONDS_PER_HOUR = 3_600_000_000
AMOUNT_DECIMALS = 10
PERCENT_DECIMALS = 4
RATE_DECIMALS = 12

_UNITS = Decimal(10) ** RATE_DECIMALS
_DECIMAL_TEXT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,40})?", re.ASCII)


def parse_amount(text: str, *, max_decimals: int = RATE_DECIMALS) -> Decimal:
    """Return the exact decimal that a plain text such as `0.74` writes.

    Only ASCII digits with an optional point and minus sign: no exponent, separator, currency
    sign or foreign digits, which `Decimal` alone would take.

    Raises:
        InvalidAmountError: the text is no such decimal, or has more than `max_decimals` decimals.
    """
    if not _DECIMAL_TEXT.fullmatch(text):
        reason = "Write an amount as plain decimal digits with a point, for example 0.74."
        raise InvalidAmountError(reason, "not_a_decimal")
    value = Decimal(text)
    fraction_digits = text.partition(".")[2].rstrip("0")
    if len(fraction_digits) > max_decimals:
        reason = f"At most {max_decimals} decimals are kept exactly; this has more."
        raise InvalidAmountError(reason, "too_precise")
    return value


def to_units(value: Decimal) -> int:
    """Return an amount as a whole number of 10^-12, the smallest that is kept.

    Raises:
        ValueError: it has more than 12 decimals.
    """
    scaled = value.scaleb(RATE_DECIMALS)
    units = int(scaled)
    if units != scaled:
        message = f"{value} has more than {RATE_DECIMALS} decimals."
        raise ValueError(message)
    return units


def from_units(units: int) -> Decimal:
    """Return the amount that a whole number of 10^-12 stands for."""
    return Decimal(units) / _UNITS


def rounded_units(value: Fraction, places: int = AMOUNT_DECIMALS) -> int:
    """Round an exact value once, half to even, to a whole number of 10^-`places` (R-ROUND)."""
    scale: int = 10**places
    denominator = value.denominator
    units, rest = divmod(value.numerator * scale, denominator)
    is_up = 2 * rest > denominator or (2 * rest == denominator and units % 2 == 1)
    return units + is_up


def round_amount(value: Fraction, places: int = AMOUNT_DECIMALS) -> Decimal:
    """Round an exact value to `places` decimals.

    What is rounded to zero has no sign.
    """
    return Decimal(amount_text(value, places))


def amount_text(value: Fraction, places: int = AMOUNT_DECIMALS) -> str:
    """Return the rounded value as plain decimal text with exactly `places` decimals."""
    units = rounded_units(value, places)
    if not places:
        return str(units)
    digits = str(abs(units)).zfill(places + 1)
    return f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def exact_text(value: Decimal | Fraction) -> str:
    """Return a rate as the shortest plain decimal text; fractions round to 12 decimals."""
    decimal = round_amount(value, RATE_DECIMALS) if isinstance(value, Fraction) else value
    text = f"{decimal:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cost(rate_per_hour: Fraction, microseconds: int) -> Fraction:
    """Return what `microseconds` cost at a rate per hour, exactly."""
    return rate_per_hour * Fraction(microseconds, MICROSECONDS_PER_HOUR)


class Accrual:
    """Money accrued as rate x time, in whole numbers over each denominator that a rate has.

    Adding is integer arithmetic, and a fraction is only made in `total`. So a sum over a million
    line items is exact, independent of their order, and as large as the few denominators there
    are. What will not change any more can be settled, to be kept over one denominator.
    """

    __slots__ = ("_numerators",)

    def __init__(self) -> None:
        # By the rate's denominator: its numerator times microseconds.
        self._numerators: dict[int, int] = {}

    def add(self, rate_per_hour: Fraction, microseconds: int) -> None:
        """Accrue `microseconds` at a rate per hour."""
        numerator, denominator = rate_per_hour.as_integer_ratio()
        held = self._numerators
        held[denominator] = held.get(denominator, 0) + numerator * microseconds

    def merge(self, other: "Accrual", times: int = 1) -> None:
        """Accrue everything that `other` holds, so many times."""
        held = self._numerators
        for denominator, numerator in other._numerators.items():  # noqa: SLF001  of this class too
            held[denominator] = held.get(denominator, 0) + numerator * times

    def total(self) -> Fraction:
        """Return the accrued money, exact."""
        numerator, denominator = self._over_one_denominator()
        return Fraction(numerator, denominator * MICROSECONDS_PER_HOUR)

    def settle(self) -> None:
        """Keep the sum instead of what it is made of."""
        numerator, denominator = self._over_one_denominator()
        self._numerators = {denominator: numerator} if numerator else {}

    def _over_one_denominator(self) -> tuple[int, int]:
        common = lcm(*self._numerators)
        numerator = sum(
            numerator * (common // denominator)
            for denominator, numerator in self._numerators.items()
        )
        return numerator, common
