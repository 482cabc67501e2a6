"""Region coverage: which SKUs of a provider's region have a price, and how old their prices are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.read_price_list import STALE_AFTER


@dataclass(frozen=True, slots=True)
class RegionCoverage:
    """What a region sells under one pricing model at an instant, as far as it is known.

    The days are those on which the sources were last seen to state the oldest and the newest of
    the prices; of `stale` prices that was over 180 days before.
    """

    provider: str
    region: str
    pricing_model: PricingModel
    skus: int
    oldest: date
    newest: date
    stale: int


def coverage_of_regions(
    book: PriceBook, places: Iterable[tuple[str, str]], at: datetime
) -> list[RegionCoverage]:
    """Return the coverage of providers' regions, one of each pricing model that has any price."""
    return [
        coverage
        for provider, region in places
        for pricing_model in PricingModel
        if (coverage := _coverage(book, provider, region, pricing_model, at)) is not None
    ]


def _coverage(
    book: PriceBook, provider: str, region: str, pricing_model: PricingModel, at: datetime
) -> RegionCoverage | None:
    rates = book.rates_on_offer(provider, region, pricing_model, at)
    if not rates:
        return None
    days = [rate.retrieved_at for rate in rates]
    return RegionCoverage(
        provider=provider,
        region=region,
        pricing_model=pricing_model,
        skus=len(rates),
        oldest=min(days),
        newest=max(days),
        stale=sum(at.date() - day > STALE_AFTER for day in days),
    )
