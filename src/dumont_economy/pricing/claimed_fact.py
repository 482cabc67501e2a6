"""Makes price facts of claims: what a feed said, once it is dated and its SKU is known."""

from datetime import UTC, datetime, time

from dumont_economy.pricing.bracket import DatedPrice
from dumont_economy.pricing.price_claim import FeedScope, PriceClaim
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.sku import Sku


def fact_of(dated_price: DatedPrice, sku: Sku, claim: PriceClaim, scope: FeedScope) -> PriceFact:
    """Return a dated price as the fact that its source states."""
    restated = dated_price.restates
    return PriceFact(
        sku=sku,
        pricing_model=claim.pricing_model,
        usd_per_instance_hour=dated_price.price,
        effective_from=dated_price.effective_from,
        source_kind=scope.source_kind if restated is None else restated.source_kind,
        source=source_of(claim, scope) if restated is None else restated.source,
        source_url=claim.source_url if restated is None else restated.source_url,
        retrieved_at=dated_price.retrieved_at,
        first_seen=dated_price.first_seen,
        previous_last_seen=dated_price.previous_last_seen,
    )


def asserted_fact(
    claim: PriceClaim, sku: Sku, scope: FeedScope, since: datetime | None
) -> PriceFact:
    """Return a claim as the fact that it holds from an instant, or from the day it was seen on.

    It is for a person to say that it holds whatever else was seen then.
    """
    return PriceFact(
        sku=sku,
        pricing_model=claim.pricing_model,
        usd_per_instance_hour=claim.price_per_instance_hour,
        effective_from=since or datetime.combine(claim.seen_on, time.min, UTC),
        source_kind=scope.source_kind,
        source=source_of(claim, scope),
        source_url=claim.source_url,
        retrieved_at=claim.seen_on,
        first_seen=None if since else claim.seen_on,
        previous_last_seen=None,
    )


def restated_fact(rate: Rate, since: datetime) -> PriceFact:
    """Return a known rate as the fact that it holds from an instant on, as its source saw it."""
    return PriceFact(
        sku=rate.sku,
        pricing_model=rate.pricing_model,
        usd_per_instance_hour=rate.usd_per_instance_hour,
        effective_from=since,
        source_kind=rate.source_kind,
        source=rate.source,
        source_url=rate.source_url,
        retrieved_at=rate.retrieved_at,
        first_seen=since.date(),
        previous_last_seen=None,
    )


def source_of(claim: PriceClaim, scope: FeedScope) -> str:
    """Return the source that a claim's rate bears: the one it names, or the feed itself."""
    return claim.stated_source or scope.source
