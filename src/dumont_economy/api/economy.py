"""The five economy endpoints (API.md, section 1): a view in, the published answer out."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel

from dumont_economy.api.conditional import answer_conditionally
from dumont_economy.api.economy_schemas import (
    ActiveSessionAnswer,
    HistoryAnswer,
    HistoryDay,
    HistoryTotals,
    HourlyComparison,
    InstanceSummary,
    Live,
    LivePair,
    PriceDetail,
    PricingAnswer,
    Projections,
    RealtimeAnswer,
    RealtimeInstance,
    RealtimeTotals,
    SavingsAnswer,
    SessionInstance,
    comparison_info,
    coverage_of,
    live,
    match_info,
    notices_of,
)
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import (
    ComparisonQuery,
    DailyHoursParameter,
    DaysParameter,
    PricingProviderParameter,
    ZoneParameter,
)
from dumont_economy.api.published_number import (
    HOURLY_RATE_PLACES,
    HOURS_PLACES,
    MONEY_PLACES,
    PER_SECOND_PLACES,
    PERCENT_PLACES,
    hours,
    published,
    published_or_none,
)
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.match_timeline import ComparisonQuestion, ask
from dumont_economy.pricing.policy import Basis, Policy, RateCardName
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.savings.projection import Projection
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import VALID_FOR, AccountView, ActiveInstance
from dumont_economy.services.notices import notices_on
from dumont_economy.services.read_history import History, read_history
from dumont_economy.services.read_price_list import PriceList, read_price_list
from dumont_economy.services.read_savings import project_savings, summarise_instances

blueprint = Blueprint("economy", __name__, url_prefix="/api/v1/economy")


class SavingsQuery(ComparisonQuery):
    """Parameters of /savings."""

    daily_hours: DailyHoursParameter | None = None


class HistoryQuery(ComparisonQuery):
    """Parameters of /savings/history; the time zone is the account's where it is left out."""

    days: DaysParameter = 30
    timezone: ZoneParameter | None = None


class PricingQuery(BaseModel):
    """Parameters of /pricing; all providers where none is named."""

    provider: PricingProviderParameter = None
    rate_card: RateCardName = RateCardName.LIST
    basis: Basis | None = None
    pricing_model: PricingModel | None = None


def question_of(query: ComparisonQuery) -> ComparisonQuestion:
    """Return the question that a query asks under the account's policy."""
    return ask(
        Policy(),
        query.provider,
        rate_card=query.rate_card,
        pricing_model=query.pricing_model,
        basis=query.basis,
    )


def open_view(query: ComparisonQuery) -> AccountView:
    """Return the caller's account beside the provider that the query names."""
    return services().views.open(principal().account, question_of(query))


def versions_of(view: AccountView) -> tuple[object, ...]:
    """Return everything but time and query that an answer depends on."""
    return (
        view.account,
        view.ledger.version,
        view.question.policy_version,
        view.market.version,
    )


def answer(view: AccountView, build: Callable[[], BaseModel]) -> Response:
    """Return a live answer, or 304 where the client's still holds."""
    return answer_conditionally(versions_of(view), view.valid_until, view.as_of, build)


def _common(view: AccountView) -> dict[str, Any]:
    """Return the members that all answers over usage carry, but the coverage."""
    return {
        "provider": view.question.provider.label,
        "comparison": comparison_info(view.question, region=view.question.region),
        "as_of": instant_text(view.as_of),
        "valid_until": instant_text(view.valid_until),
        "notices": notices_of(notices_on(view)),
    }


def _covered(view: AccountView, totals: Totals) -> dict[str, Any]:
    return {
        **_common(view),
        "coverage": coverage_of(totals),
        "oldest_price_retrieved_at": totals.oldest_price,
    }


def _money(value: Fraction) -> float:
    return published(value, MONEY_PLACES)


def _money_or_none(value: Fraction | None) -> float | None:
    return published_or_none(value, MONEY_PLACES)


def _hourly(value: Fraction | None) -> float | None:
    return published_or_none(value, HOURLY_RATE_PLACES)


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
    view = open_view(query)
    hours_a_day = None if query.daily_hours is None else Fraction(query.daily_hours)
    return answer(view, lambda: _savings_answer(view, project_savings(view, hours_a_day)))


def _savings_answer(view: AccountView, projection: Projection) -> SavingsAnswer:
    lifetime, session = view.lifetime, view.current_session
    return SavingsAnswer(
        **_covered(view, lifetime),
        lifetime_savings=_money(lifetime.saving),
        lifetime_hours=hours(lifetime.used),
        lifetime_gpu_hours=hours(lifetime.gpu_used),
        lifetime_cost=_money(lifetime.actual.total()),
        lifetime_comparable_cost=_money(lifetime.comparable.total()),
        lifetime_provider_cost=_money(lifetime.counterfactual.total()),
        savings_percentage=published_or_none(lifetime.saving_percent, PERCENT_PLACES),
        current_session_savings=_money(session.saving),
        current_session_hours=hours(session.used),
        current_session_cost=_money(session.actual.total()),
        current_session_comparable_cost=_money(session.comparable.total()),
        hourly_comparison=_hourly_comparison(view),
        projections=_projections(projection),
        active_instances_count=len(view.active),
        instances_summary=[
            InstanceSummary(
                instance_id=timeline.instance,
                gpu_type="" if timeline.shape is None else view.gpu_type(timeline.shape),
                hours_used=hours(totals.used),
                dumont_cost=_money(totals.actual.total()),
                status=str(timeline.status),
            )
            for timeline, totals in summarise_instances(view)
        ],
        live=LivePair(
            lifetime=live(lifetime.saving, view.saving_per_second),
            session=live(session.saving, view.saving_per_second),
        ),
        first_use=view.ledger.version == 0,
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
        daily=_money_or_none(projection.daily),
        weekly=_money_or_none(projection.weekly),
        monthly=_money_or_none(projection.monthly),
        yearly=_money_or_none(projection.yearly),
        method=projection.method,
        daily_hours=published_or_none(projection.daily_hours, HOURS_PLACES),
        days_measured=published_or_none(projection.days_measured, HOURS_PLACES),
    )


@operation(
    blueprint,
    "GET",
    "/savings/history",
    summary="Costs and savings by local day, newest first",
    scope="read",
    query=HistoryQuery,
    answer=HistoryAnswer,
    errors=(400,),
    is_conditional=True,
)
def savings_history(query: HistoryQuery) -> Response:
    """Answer the account's last days."""
    view = open_view(query)
    zone = query.timezone or parse_zone(view.account.timezone)
    history = read_history(view, query.days, zone)
    valid_until = None if view.active else history.valid_until(view)
    return answer_conditionally(
        (*versions_of(view), zone.key),
        valid_until,
        view.as_of,
        lambda: _history_answer(view, query.days, zone.key, history),
    )


def _history_answer(view: AccountView, days: int, timezone: str, history: History) -> HistoryAnswer:
    totals = history.totals
    return HistoryAnswer(
        **_covered(view, totals),
        period_days=days,
        timezone=timezone,
        history=[_history_day(day, of_day) for day, of_day in history.days],
        totals=HistoryTotals(
            total_hours=hours(totals.used),
            total_dumont_cost=_money(totals.actual.total()),
            total_comparable_cost=_money(totals.comparable.total()),
            total_provider_cost=_money(totals.counterfactual.total()),
            total_savings=_money(totals.saving),
        ),
    )


def _history_day(day: date, totals: Totals) -> HistoryDay:
    return HistoryDay(
        date=day,
        hours_used=hours(totals.used),
        dumont_cost=_money(totals.actual.total()),
        comparable_cost=_money(totals.comparable.total()),
        provider_cost=_money(totals.counterfactual.total()),
        savings=_money(totals.saving),
    )


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
    view = open_view(query)
    return answer(view, lambda: _realtime_answer(view))


def _realtime_answer(view: AccountView) -> RealtimeAnswer:
    session, rates = view.current_session, view.hourly_rates
    return RealtimeAnswer(
        **_covered(view, session),
        timestamp=instant_text(view.as_of),
        active_instances=[_realtime_instance(view, one) for one in view.active],
        totals=RealtimeTotals(
            instances_count=len(view.active),
            total_running_hours=hours(session.used),
            total_current_cost=_money(session.actual.total()),
            total_savings=_money(session.saving),
            savings_rate_per_hour=published(rates.saving, HOURLY_RATE_PLACES),
            avg_savings_rate_per_hour=published(
                rates.saving / max(1, len(view.active)), HOURLY_RATE_PLACES
            ),
            live=live(session.saving, view.saving_per_second),
        ),
    )


def _realtime_instance(view: AccountView, one: ActiveInstance) -> RealtimeInstance:
    shape = one.session.runs[-1].shape
    return RealtimeInstance(
        instance_id=one.timeline.instance,
        name=one.timeline.name,
        gpu_type=view.gpu_type(shape),
        gpu_count=shape.gpu_count,
        status=str(one.timeline.status),
        running_hours=hours(one.totals.used),
        dumont_hourly_rate=_hourly(one.live.rate),
        current_cost=_money(one.totals.actual.total()),
        provider_hourly_rate=_hourly(one.live.comparison_rate),
        provider_equivalent=_money_or_none(one.counterfactual),
        savings_so_far=_money_or_none(one.saving),
        savings_per_hour=_hourly(one.live.saving_per_hour),
        silent=view.is_silent(one.timeline),
        match=match_info(one.live.match),
        live=_instance_live(one),
    )


def _instance_live(one: ActiveInstance) -> Live | None:
    return None if one.saving is None else live(one.saving, one.live.saving_per_second)


@operation(
    blueprint,
    "GET",
    "/active-session",
    summary="The current session: all open GPU sessions",
    scope="read",
    query=ComparisonQuery,
    answer=ActiveSessionAnswer,
    errors=(400,),
    is_conditional=True,
)
def active_session(query: ComparisonQuery) -> Response:
    """Answer the current session."""
    view = open_view(query)
    return answer(view, lambda: _active_session_answer(view))


def _active_session_answer(view: AccountView) -> ActiveSessionAnswer:
    session = view.current_session
    return ActiveSessionAnswer(
        **_covered(view, session),
        timestamp=instant_text(view.as_of),
        active_instances=[_session_instance(view, one) for one in view.active],
        current_cost_dumont=_money(session.actual.total()),
        current_comparable_cost=_money(session.comparable.total()),
        current_cost_provider=_money(session.counterfactual.total()),
        session_savings=_money(session.saving),
        session_hours=hours(session.used),
        instances_count=len(view.active),
        savings_per_second=published(view.saving_per_second, PER_SECOND_PLACES),
        live=live(session.saving, view.saving_per_second),
    )


def _session_instance(view: AccountView, one: ActiveInstance) -> SessionInstance:
    return SessionInstance(
        instance_id=one.timeline.instance,
        gpu_type=view.gpu_type(one.session.runs[-1].shape),
        status=str(one.timeline.status),
        running_hours=hours(one.totals.used),
        dumont_hourly_rate=_hourly(one.live.rate),
        provider_hourly_rate=_hourly(one.live.comparison_rate),
        dumont_cost=_money(one.totals.actual.total()),
        provider_cost=_money_or_none(one.counterfactual),
        savings=_money_or_none(one.saving),
    )


@operation(
    blueprint,
    "GET",
    "/pricing",
    summary="What the providers ask per GPU-hour, and where each price comes from",
    scope="read",
    query=PricingQuery,
    answer=PricingAnswer,
    errors=(400,),
    is_conditional=True,
)
def pricing(query: PricingQuery) -> Response:
    """Answer the prices that usage is compared with."""
    asked = [query.provider] if query.provider else list(ComparisonProvider)
    at = services().clock.now().replace(microsecond=0)
    market = services().views.market()
    lists = [
        read_price_list(
            market,
            ask(
                Policy(),
                provider,
                rate_card=query.rate_card,
                pricing_model=query.pricing_model,
                basis=query.basis,
            ),
            at,
        )
        for provider in asked
    ]
    valid_until = at + VALID_FOR
    return answer_conditionally(
        (principal().account, Policy().version, market.version),
        valid_until,
        at,
        lambda: _pricing_answer(query, lists, at, valid_until),
    )


def _pricing_answer(
    query: PricingQuery, lists: list[PriceList], at: datetime, valid_until: datetime
) -> PricingAnswer:
    retrievals = [one.newest_retrieval for one in lists if one.newest_retrieval is not None]
    question = lists[0].question
    region = question.region if query.provider else None
    return PricingAnswer(
        provider=query.provider.label if query.provider else "all",
        pricing={
            one.question.provider.label: {
                price.gpu: published(price.usd_per_gpu_hour, HOURLY_RATE_PLACES)
                for price in one.prices
            }
            for one in lists
        },
        details=[detail for one in lists for detail in _price_details(one, at)],
        last_updated=max(retrievals).isoformat() if retrievals else None,
        stale=any(one.is_stale(at) for one in lists),
        comparison=comparison_info(question, region=region),
        as_of=instant_text(at),
        valid_until=instant_text(valid_until),
        notices=[],
    )


def _price_details(listed: PriceList, at: datetime) -> list[PriceDetail]:
    details = []
    for price in listed.prices:
        rate = price.rate
        details.append(
            PriceDetail(
                provider=listed.question.provider.label,
                gpu=price.gpu,
                sku=rate.sku.instance_type if rate else None,
                region=rate.sku.region if rate else None,
                price_per_gpu_hour=exact_text(price.usd_per_gpu_hour),
                price_per_instance_hour=exact_text(rate.usd_per_instance_hour) if rate else None,
                gpu_count=rate.sku.whole_gpus if rate else None,
                effective_from=instant_text(rate.effective_from) if rate else None,
                published_at=instant_text(rate.published_at) if rate else None,
                source=price.source,
                age_days=(at.date() - rate.retrieved_at).days if rate else None,
            )
        )
    return details
