"""The price book: every rate that was known at one instant, and which of them holds when.

Invariants: no rate is overwritten, a later one takes over; without a rate there is no price.
What is learned later makes another book, so an answer from this one never changes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dumont_economy.errors import PriceNotFoundError
from dumont_economy.instant import instant_text
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.rate import PricingModel, Rate


@dataclass(frozen=True, slots=True)
class Offer:
    """One SKU under one pricing model: the rates in force, in order, and when its sale ends."""

    since: tuple[datetime, ...]
    rates: tuple[Rate, ...]
    ends_at: datetime | None

    def rate_at(self, at: datetime) -> Rate | None:
        """Return the rate in force at an instant, sold or not."""
        position = bisect_right(self.since, at)
        return self.rates[position - 1] if position else None

    def rate_on_offer_at(self, at: datetime) -> Rate | None:
        """Return the rate at which the SKU was sold at an instant."""
        return None if self.ends_at is not None and at >= self.ends_at else self.rate_at(at)


class PriceBook:
    """All rates known at one instant, immutable; another `version` is another book."""

    def __init__(self, rates: Iterable[Rate], offer_ends: Iterable[OfferEnd], version: int) -> None:
        self.version = version
        ends = tuple(offer_ends)
        rates_of: dict[tuple[str, str, str, PricingModel], list[Rate]] = {}
        for rate in rates:
            sku = rate.sku
            key = (sku.provider, sku.region, sku.instance_type, rate.pricing_model)
            rates_of.setdefault(key, []).append(rate)
        # Most SKUs change on the same dates: kept once, they stay where a processor is quick.
        shared: dict[tuple[datetime, ...], tuple[datetime, ...]] = {}
        self._offers: dict[tuple[str, str, str, PricingModel], Offer] = {}
        self._offers_in: dict[tuple[str, str, PricingModel], list[Offer]] = {}
        # Of each offer `since` and then its rates: so many as are in force by an instant, so far
        # on is the newest of them. A look-up mostly waits for memory, and this is in one place.
        self._timelines: dict[PricingModel, dict[str, dict[str, dict[str, tuple[Any, ...]]]]] = {}
        for key, held in rates_of.items():
            provider, region, instance_type, pricing_model = key
            offer = _offer(held, ends, shared)
            self._offers[key] = offer
            regions = self._timelines.setdefault(pricing_model, {}).setdefault(provider, {})
            regions.setdefault(region, {})[instance_type] = (offer.since, *offer.rates)
            self._offers_in.setdefault((provider, region, pricing_model), []).append(offer)

    def offer(
        self, provider: str, region: str, instance_type: str, pricing_model: PricingModel
    ) -> Offer | None:
        """Return everything known of one SKU under a pricing model, None where it is nothing."""
        return self._offers.get((provider, region, instance_type, pricing_model))

    def rate_at(
        self,
        provider: str,
        region: str,
        instance_type: str,
        pricing_model: PricingModel,
        at: datetime,
    ) -> Rate:
        """Return the rate of one SKU in force at `at` (R-PRICE).

        Raises:
            PriceNotFoundError: no rate covers that SKU at that instant.
        """
        try:
            timeline = self._timelines[pricing_model][provider][region][instance_type]
            position = bisect_right(timeline[0], at)
        except KeyError:
            position = 0
        if not position:
            raise PriceNotFoundError(f"{provider} {region} {instance_type}", instant_text(at))
        rate: Rate = timeline[position]
        return rate

    def offers_in(self, provider: str, region: str, pricing_model: PricingModel) -> Sequence[Offer]:
        """Return what is known of every SKU in a region."""
        return self._offers_in.get((provider, region, pricing_model), ())

    def rates_on_offer(
        self, provider: str, region: str, pricing_model: PricingModel, at: datetime
    ) -> list[Rate]:
        """Return the rate of every SKU that was sold in a region at `at`."""
        offers = self.offers_in(provider, region, pricing_model)
        rates = (offer.rate_on_offer_at(at) for offer in offers)
        return [rate for rate in rates if rate is not None]

    def regions(self, provider: str) -> list[str]:
        """Return the regions in which any rate of a provider is known, in order."""
        return sorted({region for held, region, _ in self._offers_in if held == provider})

    def change_instants(
        self, provider: str, region: str, pricing_model: PricingModel
    ) -> list[datetime]:
        """Return, in order, when the rates on offer in a region can have changed."""
        instants: set[datetime] = set()
        for offer in self.offers_in(provider, region, pricing_model):
            instants.update(offer.since)
            if offer.ends_at is not None:
                instants.add(offer.ends_at)
        return sorted(instants)


def _offer(
    rates: Sequence[Rate],
    ends: Sequence[OfferEnd],
    shared: dict[tuple[datetime, ...], tuple[datetime, ...]],
) -> Offer:
    winners: dict[datetime, Rate] = {}
    for rate in rates:
        held = winners.get(rate.effective_from)
        if held is None or rate.wins_over(held):
            winners[rate.effective_from] = rate
    in_order = sorted(winners.items())
    first = in_order[0][1]
    since = tuple(instant for instant, _ in in_order)
    return Offer(
        since=shared.setdefault(since, since),
        rates=tuple(rate for _, rate in in_order),
        ends_at=min(
            (end.not_offered_from for end in ends if end.ends(first.sku, first.pricing_model)),
            default=None,
        ),
    )
