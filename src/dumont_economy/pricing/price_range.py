"""Price ranges: what a price is stated to be, at least and at most, around the one in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What one SKU is stated to cost, in USD per instance-hour: low <= expected <= high.

    `expected` is the list price in force; what waits for a person widens the range around it,
    and never moves it.
    """

    low: Decimal
    expected: Decimal
    high: Decimal


def price_range(in_force: Decimal, waiting: Iterable[Decimal]) -> PriceRange:
    """Return the range from the lowest price stated to the highest."""
    stated = [in_force, *waiting]
    return PriceRange(min(stated), in_force, max(stated))
