"""Exact money: decimal text in, fractions inside, rounded once where it is reported.

Invariants: no float ever holds an amount; a sum of rate x time is exact, so neither the order of
adding nor a cut in time changes it; `rounded_units` is the only rounding.
"""

import re
from decimal import Decimal
from fractions import Fraction

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
    """Money accrued as rate x time, kept as time per rate until it is asked for.

    Adding is integer arithmetic; the product is taken once per distinct rate, in `total`. So a
    sum over a million line items is exact, and independent of their order. What will not change
    any more can be settled, so that it is not multiplied again each time it is asked for.
    """

    __slots__ = ("_microseconds_at", "_settled")

    def __init__(self) -> None:
        self._microseconds_at: dict[Fraction, int] = {}
        self._settled = Fraction(0)

    def add(self, rate_per_hour: Fraction, microseconds: int) -> None:
        """Accrue `microseconds` at a rate per hour."""
        held = self._microseconds_at.get(rate_per_hour, 0)
        self._microseconds_at[rate_per_hour] = held + microseconds

    def merge(self, other: "Accrual") -> None:
        """Accrue everything that `other` holds."""
        self._settled += other._settled  # noqa: SLF001  of this class too
        for rate, microseconds in other._microseconds_at.items():  # noqa: SLF001
            self.add(rate, microseconds)

    def subtract(self, other: "Accrual") -> None:
        """Take out everything that `other` holds."""
        self._settled -= other._settled  # noqa: SLF001  of this class too
        for rate, microseconds in other._microseconds_at.items():  # noqa: SLF001
            self.add(rate, -microseconds)

    def total(self) -> Fraction:
        """Return the accrued money, exact."""
        # Whole numbers over each denominator, of which there are few: one fraction for each.
        numerators: dict[int, int] = {}
        for rate, microseconds in self._microseconds_at.items():
            held = numerators.get(rate.denominator, 0)
            numerators[rate.denominator] = held + rate.numerator * microseconds
        total = self._settled
        for denominator, numerator in numerators.items():
            part = Fraction(numerator, denominator * MICROSECONDS_PER_HOUR)
            total = total + part if total else part  # Adding to nothing costs as much as to much.
        return total

    def settle(self) -> None:
        """Keep the total instead of what it is made of."""
        self._settled = self.total()
        self._microseconds_at = {}
