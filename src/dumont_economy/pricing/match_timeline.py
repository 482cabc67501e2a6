"""What a GPU shape is compared with, at each instant of time (R-MATCH)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.equivalence import (
    Equivalent,
    GpuDemand,
    Grade,
    Reach,
    find_equivalent,
    rank_equivalents,
)
from dumont_economy.pricing.gpu_identity import GpuIdentifier, GpuIdentity
from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.matching_rules import MatchingRules
from dumont_economy.pricing.policy import Basis, Policy, RateCardName, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.reference_card import ReferenceCard
from dumont_economy.pricing.rejection import Rejected, Weighing
from dumont_economy.pricing.sku import ComparisonProvider

_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class ComparisonQuestion:
    """With whom, and how, usage is compared: a policy narrowed to one provider."""

    provider: ComparisonProvider
    region: str
    rate_card: RateCardName
    pricing_model: PricingModel
    basis: Basis
    substitutes: Substitutes
    discount: Fraction
    policy_version: int


def ask(
    policy: Policy,
    provider: ComparisonProvider,
    *,
    rate_card: RateCardName = RateCardName.LIST,
    pricing_model: PricingModel | None = None,
    basis: Basis | None = None,
) -> ComparisonQuestion:
    """Return the question that a policy asks about a provider; arguments given override it."""
    return ComparisonQuestion(
        provider=provider,
        region=policy.regions[provider],
        rate_card=rate_card,
        pricing_model=pricing_model or policy.pricing_model,
        basis=basis or policy.basis,
        substitutes=policy.substitutes,
        discount=policy.discounts.get(provider, Fraction(0)),
        policy_version=policy.version,
    )


class UnpricedReason(StrEnum):
    """Why there is no comparison."""

    UNKNOWN_GPU = "unknown_gpu"
    NO_PRICE_AT_THAT_TIME = "no_price_at_that_time"
    NO_EQUIVALENT = "no_equivalent"
    NOT_ON_REFERENCE_CARD = "not_on_reference_card"
    CURRENCY_NOT_CONVERTED = "currency_not_converted"


@dataclass(frozen=True, slots=True)
class Unpriced:
    """No comparison (grade N), and why: in words, and as what the words name.

    Parameters: `gpu` and, of no price or no equivalent, `provider` and `region`, of no price also
    `pricing_model` and, where there is one later, `first_on`; of no exchange rate `currency`.
    """

    reason: UnpricedReason
    message: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


Match = Equivalent | Unpriced


@dataclass(frozen=True, slots=True)
class MatchSegment:
    """From `since` until the next segment, the shape is compared with `match`."""

    since: datetime
    match: Match


@dataclass(frozen=True, slots=True)
class RequestedGpu:
    """GPUs as a usage report names them; memory in GiB per GPU, where it was reported."""

    spelling: str
    memory_gib: Decimal | None
    count: int
    cpu_architecture: str


class Matcher:
    """Finds what GPUs are compared with, in one state of the price book.

    Answers are functions of that state and are kept: a matcher lives as long as its price book.
    """

    def __init__(
        self,
        book: PriceBook,
        models: Mapping[str, GpuModel],
        identifier: GpuIdentifier,
        card: ReferenceCard,
        rules: MatchingRules,
    ) -> None:
        self.book = book
        self.models = models
        self.card = card
        self.rules = rules
        self._identifier = identifier
        self._known: dict[tuple[RequestedGpu, ComparisonQuestion], tuple[MatchSegment, ...]] = {}
        self._identities: dict[tuple[str, Decimal | None], GpuIdentity | None] = {}

    def identify(self, gpu: RequestedGpu) -> GpuIdentity | None:
        """Return which GPU model a report means, or None."""
        key = (gpu.spelling, gpu.memory_gib)
        if key in self._identities:
            return self._identities[key]
        found = self._identifier.identify(*key)
        if len(self._identities) >= _MOST_KNOWN:  # Reporters choose the spellings.
            self._identities.clear()
        self._identities[key] = found
        return found

    def timeline(self, gpu: RequestedGpu, question: ComparisonQuestion) -> tuple[MatchSegment, ...]:
        """Return the matches of all time in order, the first one since `ALWAYS`."""
        key = (gpu, question)
        held = self._known.get(key)
        if held is None:
            held = tuple(self._segments(gpu, question))
            if len(self._known) >= _MOST_KNOWN:  # Reporters choose the spellings.
                self._known.clear()
            self._known[key] = held
        return held

    def match_at(self, gpu: RequestedGpu, question: ComparisonQuestion, at: datetime) -> Match:
        """Return the match in effect at one instant."""
        found = self.timeline(gpu, question)[0].match
        for segment in self.timeline(gpu, question):
            if segment.since > at:
                break
            found = segment.match
        return found

    def candidates_at(
        self, gpu: RequestedGpu, question: ComparisonQuestion, at: datetime
    ) -> list[Equivalent]:
        """Return every candidate at one instant, the chosen one first; none for an unknown GPU."""
        demand = self._demand(gpu)
        if demand is None:
            return []
        return rank_equivalents(
            demand,
            self._rates(question, at),
            self.models,
            self.rules,
            basis=question.basis,
            substitutes=question.substitutes,
            discount=question.discount,
        )

    def rejected_at(
        self, gpu: RequestedGpu, question: ComparisonQuestion, at: datetime
    ) -> list[Rejected]:
        """Return the GPUs that had a price then and were no candidates, and why, by name."""
        demand = self._demand(gpu)
        if demand is None:
            return []
        weighing = Weighing(
            demand, self.models, self.rules, question.basis, question.substitutes, at
        )
        offers = self.book.offers_in(question.provider, question.region, question.pricing_model)
        compared = {one.gpu_model for one in self.candidates_at(gpu, question, at)}
        return weighing.rejected(offers, compared)

    def _demand(self, gpu: RequestedGpu) -> GpuDemand | None:
        identity = self.identify(gpu)
        if identity is None:
            return None
        model = self.models[identity.gpu_model]
        return GpuDemand(model, gpu.count, gpu.cpu_architecture, identity.fraction)

    def _segments(self, gpu: RequestedGpu, question: ComparisonQuestion) -> list[MatchSegment]:
        demand = self._demand(gpu)
        if demand is None:
            named = gpu.spelling.strip() or "(empty)"
            unknown = Unpriced(
                UnpricedReason.UNKNOWN_GPU,
                f"The GPU name {named!r} is not one that we know.",
                {"gpu": named},
            )
            return [MatchSegment(ALWAYS, unknown)]
        if question.rate_card is RateCardName.REFERENCE:
            return [MatchSegment(ALWAYS, self._reference_match(demand, question))]
        changes = self.book.change_instants(
            question.provider, question.region, question.pricing_model
        )
        segments = [MatchSegment(ALWAYS, _no_price(question, changes))]
        for instant in changes:
            match = self._list_match(demand, question, instant)
            if match != segments[-1].match:
                segments.append(MatchSegment(instant, match))
        return segments

    def _list_match(self, demand: GpuDemand, question: ComparisonQuestion, at: datetime) -> Match:
        found = find_equivalent(
            demand,
            self._rates(question, at),
            self.models,
            self.rules,
            basis=question.basis,
            substitutes=question.substitutes,
            discount=question.discount,
        )
        if found is not None:
            return found
        return Unpriced(
            UnpricedReason.NO_EQUIVALENT,
            f"{question.provider.label} sold nothing in {question.region} that {demand.gpus} x "
            f"{demand.model.name} compares with.",
            {
                "gpu": f"{demand.gpus} x {demand.model.name}",
                "provider": question.provider.label,
                "region": question.region,
            },
        )

    def _rates(self, question: ComparisonQuestion, at: datetime) -> list[Rate]:
        return self.book.rates_on_offer(
            question.provider, question.region, question.pricing_model, at
        )

    def _reference_match(self, demand: GpuDemand, question: ComparisonQuestion) -> Match:
        row = self.card.rate_for(question.provider, demand.model.chip)
        if row is None:
            return Unpriced(
                UnpricedReason.NOT_ON_REFERENCE_CARD,
                f"The reference rate card has no row for {demand.model.name}.",
                {"gpu": demand.model.name},
            )
        gpu, usd_per_gpu_hour = row
        return Equivalent(
            grade=Grade.R,
            reach=Reach.REFERENCE,
            gpu_model=gpu,
            gpu_count=demand.count,
            machines=Fraction(demand.gpus),
            usd_per_hour=usd_per_gpu_hour * demand.gpus,
            smallest_instance_usd_per_hour=None,
            ratios=None,
            rate=None,
            source=self.card.source,
        )


def _no_price(question: ComparisonQuestion, changes: list[datetime]) -> Unpriced:
    where = f"{question.provider.label} {question.pricing_model} prices in {question.region}"
    parameters = {
        "provider": question.provider.label,
        "region": question.region,
        "pricing_model": question.pricing_model.value,
    }
    message = f"No {where} are known."
    if changes:
        parameters["first_on"] = changes[0].date().isoformat()
        message = f"No {where} are known before {parameters['first_on']}."
    return Unpriced(UnpricedReason.NO_PRICE_AT_THAT_TIME, message, parameters)
