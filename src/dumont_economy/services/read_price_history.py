"""Reads the past of one SKU: what every source has stated of it, and which rate held when."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dumont_economy.errors import FieldProblem, InvalidInputError, NotFoundError
from dumont_economy.pricing.offer_end import shipped_offer_ends
from dumont_economy.pricing.price_book import Offer, PriceBook
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.services.look_up_rates import Regions, default_region, provider_label
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database

_ANY_VERSION = 0
_NAMED_REGIONS = 5


@dataclass(frozen=True, slots=True)
class HeldRate:
    """A rate, and until when it was in force; None where no other has taken over."""

    rate: Rate
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """The past of one SKU under one pricing model, as it was known at `as_of`.

    `timeline` is what was in force, in order; `statements` is everything that was stated, in the
    order in which it was learned. `not_offered_from` is when its sale ends, None where it does not.
    """

    as_of: datetime
    timeline: list[HeldRate]
    not_offered_from: datetime | None
    statements: list[Rate]


def read_price_history(
    database: Database,
    instance_type: str,
    *,
    provider: str | None,
    region: str | None,
    regions: Regions,
    pricing_model: PricingModel,
    as_of: datetime,
) -> PriceHistory:
    """Return the past of an instance type in one region.

    Without a `provider` it is the one that has a type of that name, without a `region` the
    provider's in `regions`, or the only one that is known.

    Raises:
        InvalidInputError: several have it, so that one has to be named.
        NotFoundError: no price of it was known.
    """
    with database.read() as connection:
        places = prices.places_of(connection, instance_type, provider=provider, as_of=as_of)
        found_provider, found_region = _place(instance_type, places, region, regions)
        stated = prices.rate_history(
            connection,
            provider=found_provider,
            region=found_region,
            instance_type=instance_type,
            as_of=as_of,
        )
    statements = [rate for rate in stated if rate.pricing_model == pricing_model]
    book = PriceBook(statements, shipped_offer_ends(), _ANY_VERSION)
    offer = book.offer(found_provider, found_region, instance_type, pricing_model)
    if offer is None:
        named = f"{instance_type} at {provider_label(found_provider)} in {found_region}"
        message = f"No {pricing_model} price of {named} is known."
        raise NotFoundError(message)
    return PriceHistory(as_of, _timeline(offer), offer.ends_at, statements)


def _place(
    instance_type: str, places: list[tuple[str, str]], region: str | None, regions: Regions
) -> tuple[str, str]:
    """Return the one provider and region that are meant, of those where a type is known."""
    named_place = [place for place in places if place[1] == region]
    regions_of = {
        provider: [known for _, known in of_provider]
        for provider, of_provider in groupby(named_place or places, key=lambda place: place[0])
    }
    if not regions_of:
        message = f"Nothing is known of {instance_type}."
        raise NotFoundError(message)
    if len(regions_of) > 1:
        named = ", ".join(provider_label(one) for one in regions_of)
        message = f"Several providers have a {instance_type}: {named}. Name one."
        raise InvalidInputError([FieldProblem("provider", "ambiguous", message)])
    provider, known = next(iter(regions_of.items()))
    wanted = region or default_region(provider, regions) or (known[0] if not known[1:] else None)
    named = ", ".join(known[:_NAMED_REGIONS])
    if wanted is None:
        message = f"{provider_label(provider)} has {instance_type} in several regions: {named}."
        raise InvalidInputError([FieldProblem("region", "ambiguous", message)])
    if wanted not in known:
        message = (
            f"No price of {instance_type} at {provider_label(provider)} in {wanted} is known; "
            f"there are some in: {named}."
        )
        raise NotFoundError(message)
    return provider, wanted


def _timeline(offer: Offer) -> list[HeldRate]:
    ends = (*offer.since[1:], None)
    return [HeldRate(rate, until) for rate, until in zip(offer.rates, ends, strict=True)]
