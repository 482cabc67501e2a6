"""Explains a comparison: what a GPU is set beside at an instant, and all that was weighed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from sqlalchemy import Connection

from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.gpu_identity import GpuIdentity
from dumont_economy.pricing.match_timeline import ComparisonQuestion, Match, Matcher, RequestedGpu
from dumont_economy.pricing.offer_end import shipped_offer_ends
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import PriceClaim
from dumont_economy.pricing.price_guard import DoubtCode, doubt_parameters
from dumont_economy.pricing.price_range import PriceRange, price_range
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.reason import Reason, WhyNotCode, because
from dumont_economy.pricing.rejection import Rejected
from dumont_economy.services.claim_text import parse_claim
from dumont_economy.services.market import matcher_over
from dumont_economy.storage import price_quarantine, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_quarantine import QuarantinedPrice

_ANY_VERSION = 0


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is to be explained: a comparison at `at`, as it was known at `as_of`."""

    gpu: RequestedGpu
    question: ComparisonQuestion
    at: datetime
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to get the GPUs, and why it was not chosen; None for the chosen one."""

    equivalent: Equivalent
    why_not: Reason | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another price of the chosen SKU, which waits for a person, and the claim that states it.

    `parameters` are what the sentence of its doubt names.
    """

    waiting: QuarantinedPrice
    claim: PriceClaim
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What GPUs are compared with at an instant, and everything else that was weighed.

    `rejected` are the GPUs that had a price and were no candidates. `conflicts` and `price_range`
    are of the chosen SKU; without one they are empty and None.
    """

    inquiry: Inquiry
    identity: GpuIdentity | None
    match: Match
    candidates: list[Candidate]
    rejected: list[Rejected]
    matching_rules_version: int
    conflicts: list[Conflict]
    price_range: PriceRange | None


def explain_prices(database: Database, inquiry: Inquiry) -> Explanation:
    """Return the match in effect with all candidates, best first, from one read of the database."""
    question = inquiry.question
    with database.read() as connection:
        offered = (question.provider.value, question.region, question.pricing_model)
        rates = prices.rates_known(connection, inquiry.as_of, offered=offered)
        matcher = matcher_over(PriceBook(rates, shipped_offer_ends(), _ANY_VERSION))
        explained = explain_match(matcher, inquiry)
        chosen = _chosen_rate(explained.match)
        waiting = [] if chosen is None else _waiting_beside(connection, chosen, inquiry.as_of)
    return beside_waiting(explained, waiting)


def explain_match(matcher: Matcher, inquiry: Inquiry) -> Explanation:
    """Return the match in effect with all candidates; only prices that are accepted play a part."""
    gpu, question, at = inquiry.gpu, inquiry.question, inquiry.at
    ranked = matcher.candidates_at(gpu, question, at)
    match = matcher.match_at(gpu, question, at)
    chosen = _chosen_rate(match)
    return Explanation(
        inquiry=inquiry,
        identity=matcher.identify(gpu),
        match=match,
        candidates=[Candidate(one, _why_not(one, ranked[0])) for one in ranked],
        rejected=matcher.rejected_at(gpu, question, at),
        matching_rules_version=matcher.rules.version,
        conflicts=[],
        price_range=None if chosen is None else price_range(chosen.usd_per_instance_hour, ()),
    )


def beside_waiting(explained: Explanation, waiting: list[QuarantinedPrice]) -> Explanation:
    """Return an explanation with the prices that wait; none of them moves the price in force."""
    chosen = _chosen_rate(explained.match)
    if chosen is None:
        return explained
    stated = [_conflict(one, chosen) for one in waiting]
    conflicts = [one for one in stated if _concerns(one.claim, chosen, explained.inquiry.at)]
    return replace(
        explained,
        conflicts=conflicts,
        price_range=price_range(
            chosen.usd_per_instance_hour,
            (one.waiting.price.price_per_instance_hour for one in conflicts),
        ),
    )


def _conflict(waiting: QuarantinedPrice, chosen: Rate) -> Conflict:
    price = waiting.price
    named = doubt_parameters(
        DoubtCode(price.code),
        price.price_per_instance_hour,
        price.last_price,
        chosen.sku,
        price.pricing_model,
    )
    return Conflict(waiting, parse_claim(price.claim), named)


def _chosen_rate(match: Match) -> Rate | None:
    return match.rate if isinstance(match, Equivalent) else None


def _waiting_beside(connection: Connection, rate: Rate, as_of: datetime) -> list[QuarantinedPrice]:
    sku = rate.sku
    return price_quarantine.waiting_on(
        connection,
        provider=sku.provider,
        region=sku.region,
        instance_type=sku.instance_type,
        pricing_model=rate.pricing_model,
        as_of=as_of,
    )


def _concerns(claim: PriceClaim, rate: Rate, at: datetime) -> bool:
    """Say whether a claim contradicts a rate at an instant, and not what held before or later."""
    starts_at = claim.effective_from or datetime.combine(claim.seen_on, time.min, UTC)
    stands_on = max(claim.seen_on, starts_at.date())
    return starts_at <= at and stands_on >= rate.effective_from.date()


def _why_not(one: Equivalent, best: Equivalent) -> Reason | None:
    return None if one is best else _what_put_it_later(one, best)


def _what_put_it_later(one: Equivalent, best: Equivalent) -> Reason:
    if one.grade != best.grade:
        return because(WhyNotCode.LATER_GRADE, grade=one.grade, chosen_grade=best.grade)
    if (one.reach is Reach.SHARE) != (best.reach is Reach.SHARE):
        return because(WhyNotCode.SHARE_AFTER_WHOLE)
    if one.reach != best.reach and one.grade is Grade.B:
        return because(WhyNotCode.SEVERAL_AFTER_ONE)
    if one.usd_per_hour != best.usd_per_hour:
        return because(WhyNotCode.COSTS_MORE)
    if one.machines != best.machines:
        return because(WhyNotCode.MORE_MACHINES)
    return because(WhyNotCode.LATER_BY_NAME)
