"""Rejections: why GPUs that a provider has are no candidates for a comparison."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from dumont_economy.pricing.equivalence import GpuDemand, why_not_alike
from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.matching_rules import MatchingRules
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import Offer
from dumont_economy.pricing.reason import Reason, RejectionCode, because


@dataclass(frozen=True, slots=True)
class Rejected:
    """A GPU model that was no candidate, and why."""

    gpu_model: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Weighing:
    """What was asked when candidates were weighed, at one instant."""

    demand: GpuDemand
    models: Mapping[str, GpuModel]
    rules: MatchingRules
    basis: Basis
    substitutes: Substitutes
    at: datetime

    def rejected(self, offers: Iterable[Offer], compared: Collection[str]) -> list[Rejected]:
        """Return every model with a price then, other than the compared ones, by name."""
        offers_of: dict[str, list[Offer]] = {}
        for offer in offers:
            rate = offer.rate_at(self.at)
            if rate is not None and rate.sku.gpu_model not in compared:
                offers_of.setdefault(rate.sku.gpu_model, []).append(offer)
        return [
            Rejected(gpu_model, self._reason(gpu_model, offers_of[gpu_model]))
            for gpu_model in sorted(offers_of)
        ]

    def _reason(self, gpu_model: str, offers: list[Offer]) -> Reason:
        wanted, offered = self.demand.model, self.models.get(gpu_model)
        if offered is None:
            return because(RejectionCode.FIGURES_UNKNOWN)
        not_alike = why_not_alike(wanted, offered, self.rules)
        if not_alike is not None:
            return not_alike
        if offered.chip != wanted.chip and self.substitutes is Substitutes.EXCLUDE:
            return because(RejectionCode.SUBSTITUTES_EXCLUDED)
        return self._why_not_for_sale(offers) or self._why_not_reached()

    def _why_not_for_sale(self, offers: list[Offer]) -> Reason | None:
        rates = [rate for offer in offers if (rate := offer.rate_on_offer_at(self.at))]
        if not rates:
            ended = max(offer.ends_at for offer in offers if offer.ends_at is not None)
            return because(RejectionCode.NO_LONGER_SOLD, since=ended.date().isoformat())
        fitting = [
            rate for rate in rates if rate.sku.cpu_architecture == self.demand.cpu_architecture
        ]
        if not fitting:
            others = sorted({rate.sku.cpu_architecture for rate in rates})
            return because(RejectionCode.OTHER_ARCHITECTURE, architecture=" / ".join(others))
        if all(rate.sku.whole_gpus is None for rate in fitting):
            return because(RejectionCode.ONLY_SLICES)
        return None

    def _why_not_reached(self) -> Reason:
        if self.basis is Basis.SMALLEST_INSTANCE:
            return because(RejectionCode.TAKES_SEVERAL_MACHINES)
        return because(RejectionCode.NOT_EXACTLY_THAT_MANY, gpus=str(Fraction(self.demand.gpus)))
