"""Looks rates up: in force for one SKU, or on offer in a region, as known at any instant."""

from datetime import datetime

from dumont_economy.errors import PriceNotFoundError
from dumont_economy.instant import instant_text
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.services.market import Market, market_known_at
from dumont_economy.services.shipped_facts import shipped_offer_ends
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database


def rate_in_force(
    database: Database,
    provider: str,
    region: str,
    instance_type: str,
    *,
    pricing_model: PricingModel,
    at: datetime,
    as_of: datetime,
) -> Rate:
    """Return the rate of one SKU in force at `at`, as known at `as_of` (R-PRICE).

    Raises:
        PriceNotFoundError: no rate covers that SKU at that instant.
    """
    with database.read() as connection:
        found = prices.rates_in_force(
            connection,
            provider=provider,
            region=region,
            pricing_model=pricing_model,
            at=at,
            as_of=as_of,
            instance_type=instance_type,
        )
    if not found:
        raise PriceNotFoundError(f"{provider} {region} {instance_type}", instant_text(at))
    return found[0]


def rates_on_offer(
    database: Database,
    provider: str,
    region: str,
    *,
    pricing_model: PricingModel,
    at: datetime,
    as_of: datetime,
) -> list[Rate]:
    """Return the rate of every SKU that was sold in a region at `at`, as known at `as_of`."""
    with database.read() as connection:
        found = prices.rates_in_force(
            connection,
            provider=provider,
            region=region,
            pricing_model=pricing_model,
            at=at,
            as_of=as_of,
        )
    ends = [end for end in shipped_offer_ends() if end.not_offered_from <= at]
    return [rate for rate in found if not any(end.ends(rate.sku, pricing_model) for end in ends)]


def market_at(database: Database, as_of: datetime) -> Market:
    """Return the market as it was known at an instant."""
    with database.read() as connection, connection.begin():
        return market_known_at(connection, as_of, prices.price_facts_version(connection))
