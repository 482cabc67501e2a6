"""GET /economy/savings: what was saved in all time, in this session, per hour, and projected."""

from fractions import Fraction

from flask import Response
from pydantic import BaseModel

from dumont_economy.api.economy.shared import (
    CoveredAnswer,
    Live,
    answer,
    blueprint,
    covered,
    live,
    money,
    money_or_none,
    status_of,
)
from dumont_economy.api.operation import operation
from dumont_economy.api.parameters import ComparisonQuery, DailyHoursParameter
from dumont_economy.api.published_number import (
    HOURLY_RATE_PLACES,
    HOURS_PLACES,
    PER_SECOND_PLACES,
    PERCENT_PLACES,
    hours,
    published,
    published_or_none,
)
from dumont_economy.metering.gpu_session import InstanceStatus
from dumont_economy.savings.projection import Projection, ProjectionMethod
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.read_savings import project_savings, summarise_instances


class SavingsQuery(ComparisonQuery):
    """Parameters of /savings."""

    daily_hours: DailyHoursParameter | None = None


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
    method: ProjectionMethod
    daily_hours: float | None
    days_measured: float | None


class InstanceSummary(BaseModel):
    """One instance in brief; hours and cost are of its lifetime."""

    instance_id: str
    gpu_type: str
    hours_used: float
    dumont_cost: float
    status: InstanceStatus


class LiveFigures(BaseModel):
    """The two ticking savings, and what that of the lifetime is made of.

    At every second `lifetime` is `lifetime_provider_cost` less `lifetime_comparable_cost`.
    """

    lifetime: Live
    session: Live
    lifetime_cost: Live
    lifetime_comparable_cost: Live
    lifetime_provider_cost: Live


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
    live: LiveFigures
    first_use: bool


@operation(
    blueprint,
    "GET",
    "/savings",
    summary="What was saved: all time, this session, per hour, projected",
    scope="read",
    query=SavingsQuery,
    answer=SavingsAnswer,
    errors=(400,),
    is_conditional=True,
)
def savings(query: SavingsQuery) -> Response:
    """Answer the account's savings."""
    hours_a_day = None if query.daily_hours is None else Fraction(query.daily_hours)
    return answer(query, lambda view: _savings_answer(view, project_savings(view, hours_a_day)))


def _savings_answer(view: AccountView, projection: Projection) -> SavingsAnswer:
    lifetime, session = view.lifetime, view.current_session
    return SavingsAnswer(
        **covered(view, lifetime),
        lifetime_savings=money(lifetime.saving),
        lifetime_hours=hours(lifetime.used),
        lifetime_gpu_hours=hours(lifetime.gpu_used),
        lifetime_cost=money(lifetime.actual.total()),
        lifetime_comparable_cost=money(lifetime.comparable.total()),
        lifetime_provider_cost=money(lifetime.counterfactual.total()),
        savings_percentage=published_or_none(lifetime.saving_percent, PERCENT_PLACES),
        current_session_savings=money(session.saving),
        current_session_hours=hours(session.used),
        current_session_cost=money(session.actual.total()),
        current_session_comparable_cost=money(session.comparable.total()),
        hourly_comparison=_hourly_comparison(view),
        projections=_projections(projection),
        active_instances_count=len(view.active),
        instances_summary=[
            InstanceSummary(
                instance_id=state.instance,
                gpu_type="" if state.shape is None else view.gpu_type(state.shape),
                hours_used=hours(totals.used),
                dumont_cost=money(totals.actual.total()),
                status=status_of(state),
            )
            for state, totals in summarise_instances(view)
        ],
        live=_live_figures(view),
        first_use=view.ledger.version == 0,
    )


def _live_figures(view: AccountView) -> LiveFigures:
    lifetime, slope = view.lifetime, view.lifetime_per_second
    return LiveFigures(
        lifetime=live(lifetime.saving, slope.saving),
        session=live(view.current_session.saving, view.saving_per_second),
        lifetime_cost=live(lifetime.actual.total(), slope.actual.total()),
        lifetime_comparable_cost=live(lifetime.comparable.total(), slope.comparable.total()),
        lifetime_provider_cost=live(lifetime.counterfactual.total(), slope.counterfactual.total()),
    )


def _hourly_comparison(view: AccountView) -> HourlyComparison:
    rates = view.hourly_rates
    return HourlyComparison(
        dumont_rate=published(rates.paid, HOURLY_RATE_PLACES),
        dumont_comparable_rate=published(rates.comparable, HOURLY_RATE_PLACES),
        provider_rate=published(rates.compared, HOURLY_RATE_PLACES),
        savings_per_hour=published(rates.saving, HOURLY_RATE_PLACES),
        savings_per_second=published(view.saving_per_second, PER_SECOND_PLACES),
    )


def _projections(projection: Projection) -> Projections:
    return Projections(
        daily=money_or_none(projection.daily),
        weekly=money_or_none(projection.weekly),
        monthly=money_or_none(projection.monthly),
        yearly=money_or_none(projection.yearly),
        method=projection.method,
        daily_hours=published_or_none(projection.daily_hours, HOURS_PLACES),
        days_measured=published_or_none(projection.days_measured, HOURS_PLACES),
    )
