"""GET /economy/savings/history: costs and savings by local day."""

from datetime import date, datetime

from flask import Response
from pydantic import BaseModel

from dumont_economy.api.conditional import Tagged
from dumont_economy.api.economy.shared import (
    CoveredAnswer,
    answer_tagged,
    blueprint,
    covered,
    money,
)
from dumont_economy.api.operation import operation
from dumont_economy.api.parameters import ComparisonQuery, DaysParameter, ZoneParameter
from dumont_economy.api.published_number import hours
from dumont_economy.instant import instant_text
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.read_history import History, read_history


class HistoryQuery(ComparisonQuery):
    """Parameters of /savings/history; the time zone is the account's where it is left out."""

    days: DaysParameter = 30
    timezone: ZoneParameter | None = None


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
    given = query.timezone

    def build(view: AccountView) -> Tagged:
        zone = given or parse_zone(view.account.timezone)
        history = read_history(view, query.days, zone)
        grows = view.active or view.ledger.with_disk
        # At midnight what is told as today's is yesterday's.
        valid_until = min(view.valid_until, history.today_ends_at)
        model = _history_answer(view, query.days, zone.key, history, valid_until)
        tagged_until = None if grows else history.valid_until(view)
        return Tagged(model, view.as_of, valid_until, tagged_until)

    # Which one the account's is follows from the version of its policy.
    return answer_tagged(query, build, "" if given is None else given.key)


def _history_answer(
    view: AccountView, days: int, timezone: str, history: History, valid_until: datetime
) -> HistoryAnswer:
    totals = history.totals
    return HistoryAnswer(
        **(covered(view, totals) | {"valid_until": instant_text(valid_until)}),
        period_days=days,
        timezone=timezone,
        history=[_history_day(day, of_day) for day, of_day in history.days],
        totals=HistoryTotals(
            total_hours=hours(totals.used),
            total_dumont_cost=money(totals.actual.total()),
            total_comparable_cost=money(totals.comparable.total()),
            total_provider_cost=money(totals.counterfactual.total()),
            total_savings=money(totals.saving),
        ),
    )


def _history_day(day: date, totals: Totals) -> HistoryDay:
    return HistoryDay(
        date=day,
        hours_used=hours(totals.used),
        dumont_cost=money(totals.actual.total()),
        comparable_cost=money(totals.comparable.total()),
        provider_cost=money(totals.counterfactual.total()),
        savings=money(totals.saving),
    )
