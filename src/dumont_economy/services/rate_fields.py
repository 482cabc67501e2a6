"""Rates as the fields of an answer, the same on every surface; amounts are decimal text."""

from datetime import datetime

from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.rate import Rate

CURRENCY = "USD"

Fields = dict[str, object]


def rate_fields(rate: Rate) -> Fields:
    """Return a rate; prices in USD per hour."""
    return {
        "provider": rate.sku.provider,
        "region": rate.sku.region,
        "instance_type": rate.sku.instance_type,
        "gpu_type": rate.sku.gpu_model,
        "gpu_count": rate.sku.whole_gpus or exact_text(rate.sku.gpu_count),
        "pricing_model": rate.pricing_model.value,
        "price_per_instance_hour": exact_text(rate.usd_per_instance_hour),
        "price_per_gpu_hour": exact_text(rate.usd_per_gpu_hour),
        "currency": CURRENCY,
        **date_fields(rate),
    }


def date_fields(rate: Rate) -> Fields:
    """Return when a rate held, when it was known, and where it comes from."""
    return {
        "effective_from": instant_text(rate.effective_from),
        "published_at": instant_text(rate.published_at),
        "retrieved_at": rate.retrieved_at.isoformat(),
        "first_seen": None if rate.first_seen is None else rate.first_seen.isoformat(),
        "previous_last_seen": None
        if rate.previous_last_seen is None
        else rate.previous_last_seen.isoformat(),
        "source": rate.source,
        "source_url": rate.source_url,
    }


def age_days(rate: Rate, as_of: datetime) -> int:
    """Return how many days before an instant the source of a rate was last seen to state it."""
    return (as_of.date() - rate.retrieved_at).days
