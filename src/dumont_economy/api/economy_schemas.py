"""The answers of the five economy endpoints, as published (API.md, section 1)."""

from datetime import date
from fractions import Fraction

from pydantic import BaseModel

from dumont_economy.api.published_number import (
    LIVE_PER_SECOND_PLACES,
    hours,
    published,
)
from dumont_economy.instant import instant_text
from dumont_economy.money import AMOUNT_DECIMALS, amount_text
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.match_timeline import ComparisonQuestion, Match
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.savings.totals import Totals
from dumont_economy.services.notices import Notice

_COVERAGE_PLACES = 4


class Live(BaseModel):
    """A saving and its exact slope per second, as decimal strings to tick from."""

    value: str
    per_second: str


class ComparisonInfo(BaseModel):
    """What the figures compare with; `region` is null on the reference card."""

    rate_card: str
    pricing_model: str
    basis: str
    substitutes: str
    region: str | None
    policy_version: int


class GradeHours(BaseModel):
    """GPU-hours by grade."""

    A: float
    B: float
    C: float
    D: float
    N: float
    R: float


class UnpricedGpu(BaseModel):
    """GPU-hours without a comparison; `gpu_type` as it was reported."""

    gpu_type: str
    gpu_hours: float


class Coverage(BaseModel):
    """The share of GPU time and of cost that has a counterfactual price, from 0 to 1."""

    gpu_time: float
    cost: float
    grades: GradeHours
    unpriced: list[UnpricedGpu]
    substitutes_saving: str


class NoticeInfo(BaseModel):
    """Something that the figures leave out or assume, in words."""

    code: str
    message: str


class EconomyAnswer(BaseModel):
    """What all five answers carry."""

    success: bool = True
    provider: str
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    notices: list[NoticeInfo]


class CoveredAnswer(EconomyAnswer):
    """An answer over usage, with what of it is covered."""

    coverage: Coverage
    oldest_price_retrieved_at: date | None


class HourlyComparison(BaseModel):
    """Sums over the active instances, USD per hour; per second is the slope of the live counter."""

    dumont_rate: float
    dumont_comparable_rate: float
    provider_rate: float
    savings_per_hour: float
    savings_per_second: float


class Projections(BaseModel):
    """The saving carried forward, and by which method; null where there is not enough data."""

    daily: float | None
    weekly: float | None
    monthly: float | None
    yearly: float | None
    method: str
    daily_hours: float | None
    days_measured: float | None


class InstanceSummary(BaseModel):
    """One instance in brief; hours and cost are of its lifetime."""

    instance_id: str
    gpu_type: str
    hours_used: float
    dumont_cost: float
    status: str


class LivePair(BaseModel):
    """The two ticking savings."""

    lifetime: Live
    session: Live


class SavingsAnswer(CoveredAnswer):
    """GET /economy/savings."""

    lifetime_savings: float
    lifetime_hours: float
    lifetime_gpu_hours: float
    lifetime_cost: float
    lifetime_comparable_cost: float
    lifetime_provider_cost: float
    savings_percentage: float | None
    current_session_savings: float
    current_session_hours: float
    current_session_cost: float
    current_session_comparable_cost: float
    hourly_comparison: HourlyComparison
    projections: Projections
    active_instances_count: int
    instances_summary: list[InstanceSummary]
    live: LivePair
    first_use: bool


class HistoryDay(BaseModel):
    """One local day with use."""

    date: date
    hours_used: float
    dumont_cost: float
    comparable_cost: float
    provider_cost: float
    savings: float


class HistoryTotals(BaseModel):
    """The exact totals of the period, each rounded once."""

    total_hours: float
    total_dumont_cost: float
    total_comparable_cost: float
    total_provider_cost: float
    total_savings: float


class HistoryAnswer(CoveredAnswer):
    """GET /economy/savings/history."""

    period_days: int
    timezone: str
    history: list[HistoryDay]
    totals: HistoryTotals


class MatchInfo(BaseModel):
    """What an instance is compared with; grade N with the reason where with nothing."""

    grade: str
    sku: str | None
    gpu_type: str | None
    region: str | None
    effective_from: str | None
    source: str | None
    reason: str | None


class RealtimeInstance(BaseModel):
    """One active instance; the provider fields are null where there is no comparison."""

    instance_id: str
    name: str | None
    gpu_type: str
    gpu_count: int
    status: str
    running_hours: float
    dumont_hourly_rate: float | None
    current_cost: float
    provider_hourly_rate: float | None
    provider_equivalent: float | None
    savings_so_far: float | None
    savings_per_hour: float | None
    silent: bool
    match: MatchInfo
    live: Live | None


class RealtimeTotals(BaseModel):
    """Sums over the active instances."""

    instances_count: int
    total_running_hours: float
    total_current_cost: float
    total_savings: float
    savings_rate_per_hour: float
    avg_savings_rate_per_hour: float
    live: Live


class RealtimeAnswer(CoveredAnswer):
    """GET /economy/savings/realtime."""

    timestamp: str
    active_instances: list[RealtimeInstance]
    totals: RealtimeTotals


class SessionInstance(BaseModel):
    """One active instance of the current session."""

    instance_id: str
    gpu_type: str
    status: str
    running_hours: float
    dumont_hourly_rate: float | None
    provider_hourly_rate: float | None
    dumont_cost: float
    provider_cost: float | None
    savings: float | None


class ActiveSessionAnswer(CoveredAnswer):
    """GET /economy/active-session."""

    timestamp: str
    active_instances: list[SessionInstance]
    current_cost_dumont: float
    current_comparable_cost: float
    current_cost_provider: float
    session_savings: float
    session_hours: float
    instances_count: int
    savings_per_second: float
    live: Live


class PriceDetail(BaseModel):
    """The rate that a published price comes from; null where the card names no SKU."""

    provider: str
    gpu: str
    sku: str | None
    region: str | None
    price_per_gpu_hour: str
    price_per_instance_hour: str | None
    gpu_count: int | None
    effective_from: str | None
    published_at: str | None
    source: str
    age_days: int | None


class PricingAnswer(BaseModel):
    """GET /economy/pricing."""

    success: bool = True
    provider: str
    pricing: dict[str, dict[str, float]]
    details: list[PriceDetail]
    currency: str = "USD"
    unit: str = "per_hour"
    last_updated: str | None
    stale: bool
    comparison: ComparisonInfo
    as_of: str
    valid_until: str
    notices: list[NoticeInfo]


def live(value: Fraction, per_second: Fraction) -> Live:
    """Return a saving and its slope as the decimal strings of the contract."""
    return Live(
        value=amount_text(value, AMOUNT_DECIMALS),
        per_second=amount_text(per_second, LIVE_PER_SECOND_PLACES),
    )


def comparison_info(question: ComparisonQuestion, *, region: str | None) -> ComparisonInfo:
    """Return what a question compares with; the reference card knows no region."""
    is_list = question.rate_card is RateCardName.LIST
    return ComparisonInfo(
        rate_card=question.rate_card,
        pricing_model=question.pricing_model,
        basis=question.basis,
        substitutes=question.substitutes,
        region=region if is_list else None,
        policy_version=question.policy_version,
    )


def coverage_of(totals: Totals) -> Coverage:
    """Return what of some totals is covered."""
    grades = {grade.value: hours(totals.gpu_by_grade[grade]) for grade in Grade}
    return Coverage(
        gpu_time=published(totals.gpu_time_coverage, _COVERAGE_PLACES),
        cost=published(totals.cost_coverage, _COVERAGE_PLACES),
        grades=GradeHours(**grades),
        unpriced=[
            UnpricedGpu(gpu_type=gpu, gpu_hours=hours(used))
            for gpu, used in sorted(totals.gpu_unpriced.items())
        ],
        substitutes_saving=amount_text(totals.substitutes_saving),
    )


def notices_of(notices: list[Notice]) -> list[NoticeInfo]:
    """Return notices as they are answered."""
    return [NoticeInfo(code=one.code, message=one.message) for one in notices]


def match_info(match: Match) -> MatchInfo:
    """Return what a match is, or why there is none."""
    if not isinstance(match, Equivalent):
        return MatchInfo(
            grade=Grade.N,
            sku=None,
            gpu_type=None,
            region=None,
            effective_from=None,
            source=None,
            reason=match.message,
        )
    rate = match.rate
    return MatchInfo(
        grade=match.grade,
        sku=rate.sku.instance_type if rate else None,
        gpu_type=match.gpu_model,
        region=rate.sku.region if rate else None,
        effective_from=instant_text(rate.effective_from) if rate else None,
        source=match.source,
        reason=None,
    )
