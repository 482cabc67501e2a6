"""Disk prices: what a provider asks for a GB of disk a month, dated like other prices (R-DISK)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from dumont_economy.pricing.dated_fact import ALWAYS, in_force_from


@dataclass(frozen=True, slots=True)
class DiskPrice:
    """From `effective_from` on, a GB of disk costs so many USD a month of `hours_per_month`."""

    provider: str
    region: str
    usd_per_gb_month: Decimal
    hours_per_month: int
    effective_from: datetime
    published_at: datetime
    source: str
    source_url: str | None
    retrieved_at: date


@dataclass(frozen=True, slots=True)
class DiskSegment:
    """From `since` until the next segment, disks are compared with this price.

    `per_gb_month` is in the ledger's currency, a month of `hours_per_month`; None where there is
    nothing to compare with. `price` is the fact that it rests on.
    """

    since: datetime
    per_gb_month: Fraction | None
    hours_per_month: int = 1
    price: DiskPrice | None = None


NOT_COMPARED = (DiskSegment(ALWAYS, None),)


class DiskPrices:
    """All disk prices known."""

    def __init__(self, prices: Iterable[DiskPrice]) -> None:
        self._prices: dict[tuple[str, str], list[DiskPrice]] = {}
        for price in prices:
            self._prices.setdefault((price.provider, price.region), []).append(price)

    def timeline(
        self, provider: str, region: str, discount: Fraction = Fraction(0)
    ) -> tuple[DiskSegment, ...]:
        """Return what disks are compared with at each instant, in USD, less a discount."""
        known = in_force_from(self._prices.get((provider, region), ()))
        stated = [
            DiskSegment(
                since,
                Fraction(price.usd_per_gb_month) * (1 - discount),
                price.hours_per_month,
                price,
            )
            for since, price in known.items()
        ]
        return (*NOT_COMPARED, *stated)
