"""Looks rates up: in force for one SKU, or on offer at a time, as known at any instant."""

from collections.abc import Mapping
from datetime import datetime

from dumont_economy.errors import PriceNotFoundError, UnknownProviderError
from dumont_economy.instant import instant_text
from dumont_economy.pricing.offer_end import shipped_offer_ends
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider, parse_provider
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database

Regions = Mapping[ComparisonProvider, str]


def provider_named(database: Database, text: str) -> str:
    """Return the provider of the price book that a text names, in any case.

    Raises:
        UnknownProviderError: the book has no prices of such a provider; it names those it has.
    """
    try:
        return parse_provider(text).value
    except UnknownProviderError:
        with database.read() as connection:
            known = sorted({*ComparisonProvider, *prices.providers_known(connection)})
        found: str | None = next((one for one in known if one.lower() == text.lower()), None)
        if found is None:
            raise UnknownProviderError(text, [provider_label(one) for one in known]) from None
        return found


def provider_label(provider: str) -> str:
    """Return a provider's name as answers spell it."""
    compared = _comparison_provider(provider)
    return provider if compared is None else compared.label


def default_region(provider: str, regions: Regions) -> str | None:
    """Return the region in which a provider is looked at unless told, None for everywhere."""
    compared = _comparison_provider(provider)
    return None if compared is None else regions[compared]


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
    *,
    provider: str | None,
    region: str | None,
    regions: Regions,
    pricing_model: PricingModel,
    at: datetime,
    as_of: datetime,
    gpu_model: str | None = None,
) -> list[Rate]:
    """Return the rate of every SKU that was sold at `at`, as known at `as_of`.

    In order of provider, region, GPU and instance type. Without a `provider` it is all that the
    book knows, without a `region` each provider's in `regions`, or everywhere where it has none
    there; without a `gpu_model` all GPUs.
    """
    with database.read() as connection:
        providers = prices.providers_known(connection) if provider is None else [provider]
        found = [
            rate
            for one in providers
            for rate in prices.rates_in_force(
                connection,
                provider=one,
                region=region or default_region(one, regions),
                pricing_model=pricing_model,
                at=at,
                as_of=as_of,
            )
        ]
    ends = [end for end in shipped_offer_ends() if end.not_offered_from <= at]
    on_offer = [
        rate
        for rate in found
        if gpu_model in (None, rate.sku.gpu_model)
        and not any(end.ends(rate.sku, pricing_model) for end in ends)
    ]
    return sorted(on_offer, key=_order)


def _order(rate: Rate) -> tuple[str, str, str, str]:
    sku = rate.sku
    return (sku.provider, sku.region, sku.gpu_model, sku.instance_type)


def _comparison_provider(provider: str) -> ComparisonProvider | None:
    try:
        return ComparisonProvider(provider)
    except ValueError:
        return None
