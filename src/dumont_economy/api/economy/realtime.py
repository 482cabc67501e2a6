"""GET /economy/savings/realtime: the active instances, each beside its comparison."""

from flask import Response
from pydantic import BaseModel

from dumont_economy.api.economy.shared import (
    CoveredAnswer,
    Live,
    answer,
    blueprint,
    covered,
    hourly,
    live,
    money,
    money_or_none,
    status_of,
)
from dumont_economy.api.operation import operation
from dumont_economy.api.parameters import ComparisonQuery
from dumont_economy.api.published_number import HOURLY_RATE_PLACES, hours, published
from dumont_economy.api.reasons import ReasonParameters, reason_parameters
from dumont_economy.instant import instant_text
from dumont_economy.metering.gpu_session import InstanceStatus
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.match_timeline import Match, UnpricedReason
from dumont_economy.services.account_view import AccountView, ActiveInstance


class MatchInfo(BaseModel):
    """What an instance is compared with; grade N with the reason where with nothing."""

    grade: Grade
    sku: str | None
    gpu_type: str | None
    region: str | None
    effective_from: str | None
    source: str | None
    reason: str | None
    reason_code: UnpricedReason | None
    reason_parameters: ReasonParameters | None


class RealtimeInstance(BaseModel):
    """One active instance; the provider fields are null where there is no comparison."""

    instance_id: str
    name: str | None
    gpu_type: str
    gpu_count: int
    status: InstanceStatus
    running_hours: float
    dumont_hourly_rate: float | None
    current_cost: float | None
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


@operation(
    blueprint,
    "GET",
    "/savings/realtime",
    summary="The active instances, each beside its comparison",
    scope="read",
    query=ComparisonQuery,
    answer=RealtimeAnswer,
    errors=(400,),
    is_conditional=True,
)
def savings_realtime(query: ComparisonQuery) -> Response:
    """Answer the active instances."""
    return answer(query, _realtime_answer)


def _realtime_answer(view: AccountView) -> RealtimeAnswer:
    session, rates = view.current_session, view.hourly_rates
    return RealtimeAnswer(
        **covered(view, session),
        timestamp=instant_text(view.as_of),
        active_instances=[_realtime_instance(view, one) for one in view.active],
        totals=RealtimeTotals(
            instances_count=len(view.active),
            total_running_hours=hours(session.used),
            total_current_cost=money(session.actual.total()),
            total_savings=money(session.saving),
            savings_rate_per_hour=published(rates.saving, HOURLY_RATE_PLACES),
            avg_savings_rate_per_hour=published(
                rates.saving / max(1, len(view.active)), HOURLY_RATE_PLACES
            ),
            live=live(session.saving, view.saving_per_second),
        ),
    )


def _realtime_instance(view: AccountView, one: ActiveInstance) -> RealtimeInstance:
    shape, saving = one.session.runs[-1].shape, one.saving
    return RealtimeInstance(
        instance_id=one.state.instance,
        name=one.state.name,
        gpu_type=view.gpu_type(shape),
        gpu_count=shape.gpu_count,
        status=status_of(one.state),
        running_hours=hours(one.used),
        dumont_hourly_rate=hourly(one.live.rate),
        current_cost=money_or_none(one.cost),
        provider_hourly_rate=hourly(one.live.comparison_rate),
        provider_equivalent=money_or_none(one.counterfactual),
        savings_so_far=money_or_none(saving),
        savings_per_hour=hourly(one.live.saving_per_hour),
        silent=view.is_silent(one.state),
        match=match_info(one.live.match),
        live=None if saving is None else live(saving, one.live.saving_per_second),
    )


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
            reason_code=match.reason,
            reason_parameters=reason_parameters(match.parameters),
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
        reason_code=None,
        reason_parameters=None,
    )
