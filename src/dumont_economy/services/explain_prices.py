"""Explains prices: the rate in force for a SKU, and what a GPU is compared with and why."""

from dataclasses import dataclass
from datetime import datetime

from dumont_economy.pricing.equivalence import Equivalent, Grade, Reach
from dumont_economy.pricing.gpu_identity import GpuIdentity
from dumont_economy.pricing.match_timeline import ComparisonQuestion, Match, RequestedGpu
from dumont_economy.services.market import Market


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to get the GPUs, and why it was not chosen; None for the chosen one."""

    equivalent: Equivalent
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What GPUs are compared with at an instant, and everything else that was weighed."""

    identity: GpuIdentity | None
    match: Match
    candidates: list[Candidate]


def explain_match(
    market: Market, gpu: RequestedGpu, question: ComparisonQuestion, at: datetime
) -> Explanation:
    """Return the match in effect at an instant with all candidates, best first."""
    ranked = market.matcher.candidates_at(gpu, question, at)
    return Explanation(
        identity=market.matcher.identify(gpu),
        match=market.matcher.match_at(gpu, question, at),
        candidates=[Candidate(one, _why_not(one, ranked[0])) for one in ranked],
    )


def _why_not(one: Equivalent, best: Equivalent) -> str | None:
    return None if one is best else _what_put_it_later(one, best)


def _what_put_it_later(one: Equivalent, best: Equivalent) -> str:
    if one.grade != best.grade:
        return f"grade {one.grade} comes after {best.grade}"
    if (one.reach is Reach.SHARE) != (best.reach is Reach.SHARE):
        return "a share of a bigger machine comes after whole machines"
    if one.reach != best.reach and one.grade is Grade.B:
        return "several machines come after one"
    if one.usd_per_hour != best.usd_per_hour:
        return "costs more"
    if one.machines != best.machines:
        return "needs more machines at the same price"
    return "comes later by name at the same price"
