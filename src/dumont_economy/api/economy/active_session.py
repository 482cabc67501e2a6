"""GET /economy/active-session: the current session, all open GPU sessions together."""

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
)
from dumont_economy.api.operation import operation
from dumont_economy.api.parameters import ComparisonQuery
from dumont_economy.api.published_number import PER_SECOND_PLACES, hours, published
from dumont_economy.instant import instant_text
from dumont_economy.services.account_view import AccountView, ActiveInstance


class SessionInstance(BaseModel):
    """One active instance of the current session."""

    instance_id: str
    gpu_type: str
    status: str
    running_hours: float
    dumont_hourly_rate: float | None
    provider_hourly_rate: float | None
    dumont_cost: float | None
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
    return answer(query, _active_session_answer)


def _active_session_answer(view: AccountView) -> ActiveSessionAnswer:
    session = view.current_session
    return ActiveSessionAnswer(
        **covered(view, session),
        timestamp=instant_text(view.as_of),
        active_instances=[_session_instance(view, one) for one in view.active],
        current_cost_dumont=money(session.actual.total()),
        current_comparable_cost=money(session.comparable.total()),
        current_cost_provider=money(session.counterfactual.total()),
        session_savings=money(session.saving),
        session_hours=hours(session.used),
        instances_count=len(view.active),
        savings_per_second=published(view.saving_per_second, PER_SECOND_PLACES),
        live=live(session.saving, view.saving_per_second),
    )


def _session_instance(view: AccountView, one: ActiveInstance) -> SessionInstance:
    return SessionInstance(
        instance_id=one.state.instance,
        gpu_type=view.gpu_type(one.session.runs[-1].shape),
        status=str(one.state.status),
        running_hours=hours(one.used),
        dumont_hourly_rate=hourly(one.live.rate),
        provider_hourly_rate=hourly(one.live.comparison_rate),
        dumont_cost=money_or_none(one.cost),
        provider_cost=money_or_none(one.counterfactual),
        savings=money_or_none(one.saving),
    )
