"""The price book: all rates known, and which of them holds for a SKU at an instant.

Invariants: no rate is overwritten, a later one takes over; without a rate there is no price.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from dumont_economy.errors import PriceNotFoundError
from dumont_economy.instant import instant_text
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import Sku


@dataclass(frozen=True, slots=True)
class OfferEnd:
    """From `not_offered_from` on, a provider does not sell types of this pattern."""

    provider: str
    instance_type_pattern: str
    pricing_model: PricingModel | None
    not_offered_from: datetime
    reason: str

    def ends(self, sku: Sku, pricing_model: PricingModel) -> bool:
        """Say whether this concerns the SKU under the pricing model (None stands for all)."""
        return (
            self.provider == sku.provider
            and self.pricing_model in (None, pricing_model)
            and fnmatchcase(sku.instance_type, self.instance_type_pattern)
        )


@dataclass(frozen=True, slots=True)
class _Offer:
    """One SKU under one pricing model: its rates, and when it stops being sold."""

    sku: Sku
    rates: tuple[Rate, ...]
    ends_at: datetime | None

    def rate_at(self, at: datetime, as_of: datetime) -> Rate | None:
        best: Rate | None = None
        for rate in self.rates:
            in_force = rate.effective_from <= at and rate.published_at <= as_of
            if in_force and (best is None or rate.wins_over(best)):
                best = rate
        return best


class PriceBook:
    """All rates of all SKUs, immutable; `version` changes whenever a rate is learned."""

    def __init__(self, rates: Iterable[Rate], offer_ends: Iterable[OfferEnd], version: int) -> None:
        self.version = version
        ends = tuple(offer_ends)
        rates_of: dict[tuple[Sku, PricingModel], list[Rate]] = {}
        for rate in rates:
            rates_of.setdefault((rate.sku, rate.pricing_model), []).append(rate)
        self._offers: dict[tuple[str, str, PricingModel], list[_Offer]] = {}
        for (sku, model), held in rates_of.items():
            ends_at = min(
                (end.not_offered_from for end in ends if end.ends(sku, model)), default=None
            )
            key = (sku.provider, sku.region, model)
            self._offers.setdefault(key, []).append(_Offer(sku, tuple(held), ends_at))

    def rate_at(
        self,
        provider: str,
        region: str,
        instance_type: str,
        pricing_model: PricingModel,
        at: datetime,
        as_of: datetime,
    ) -> Rate:
        """Return the rate of one SKU in force at `at`, as known at `as_of` (R-PRICE).

        Raises:
            PriceNotFoundError: no rate covers that SKU at that instant.
        """
        for offer in self._offers.get((provider, region, pricing_model), ()):
            if offer.sku.instance_type == instance_type:
                rate = offer.rate_at(at, as_of)
                if rate is not None:
                    return rate
        raise PriceNotFoundError(f"{provider} {region} {instance_type}", instant_text(at))

    def rates_on_offer(
        self,
        provider: str,
        region: str,
        pricing_model: PricingModel,
        at: datetime,
        as_of: datetime,
    ) -> list[Rate]:
        """Return the rate of every SKU that was sold in a region at `at`, as known at `as_of`."""
        found = []
        for offer in self._offers.get((provider, region, pricing_model), ()):
            if offer.ends_at is None or at < offer.ends_at:
                rate = offer.rate_at(at, as_of)
                if rate is not None:
                    found.append(rate)
        return found

    def change_instants(
        self, provider: str, region: str, pricing_model: PricingModel, as_of: datetime
    ) -> list[datetime]:
        """Return, in order, when the rates on offer in a region can have changed."""
        instants: set[datetime] = set()
        for offer in self._offers.get((provider, region, pricing_model), ()):
            instants.update(r.effective_from for r in offer.rates if r.published_at <= as_of)
            if offer.ends_at is not None:
                instants.add(offer.ends_at)
        return sorted(instants)
