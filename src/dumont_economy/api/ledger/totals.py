"""GET /ledger/totals: exact figures of a period, divided by day, GPU, instance or provider."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from dumont_economy.api.api_error import ApiError
from dumont_economy.api.economy.shared import (
    ComparisonInfo,
    NoticeInfo,
    comparison_info,
    notices_of,
    open_view,
    view_of,
)
from dumont_economy.api.ledger.shared import (
    AdjustedAmounts,
    Figures,
    LedgerQuery,
    adjusted_amounts,
    blueprint,
    figures_info,
    scope_of,
)
from dumont_economy.api.operation import operation, services
from dumont_economy.api.parameters import InstantOfUseParameter
from dumont_economy.api.period import zone_of
from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.instant import instant_text
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.money import exact_text
from dumont_economy.pricing.sku import ProviderLabel
from dumont_economy.savings.ledger_figures import (
    Adjustment,
    DayFigures,
    figures_by_day,
    figures_of,
)
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.notices import notices_on
from dumont_economy.services.read_ledger import (
    GroupBy,
    LedgerScope,
    days_of,
    group_key,
    lines_in,
    read_adjustments,
    read_groups,
)


class TotalsQuery(LedgerQuery):
    """Parameters of the totals."""

    group_by: GroupBy = GroupBy.NONE
    adjustment_since: InstantOfUseParameter | None = None


class GroupFigures(Figures):
    """What one GPU type, instance or provider comes to; `key` as the filters take it."""

    key: str


class DayInfo(Figures):
    """What one local day comes to, inside the period; `day_hours` are those of the whole day."""

    date: date
    day_starts: str
    day_hours: str


class AdjustmentInfo(AdjustedAmounts):
    """What the figures of one day of use have more than they had, each rounded once."""

    date: date


class NoticedInfo(BaseModel):
    """What is odd about the reports of the instances meant, over all time.

    Stops whose start is not known count for nothing; a start while it runs changes nothing.
    """

    orphan_stop: int
    start_while_running: int


class TotalsAnswer(BaseModel):
    """The figures of a period; `days` or `groups` where they are divided, else both empty.

    `adjustment` is null unless `adjustment_since` asks for it; days without a difference are left
    out of it.
    """

    provider: ProviderLabel
    currency: str
    comparison: ComparisonInfo
    as_of: str
    timezone: str
    totals: Figures
    days: list[DayInfo]
    groups: list[GroupFigures]
    adjustment: list[AdjustmentInfo] | None
    noticed: NoticedInfo
    notices: list[NoticeInfo]


@operation(
    blueprint,
    "GET",
    "/totals",
    summary="Exact figures of a period, by day, GPU, instance or provider, and their adjustment",
    scope="read",
    query=TotalsQuery,
    answer=TotalsAnswer,
    errors=(400,),
)
def ledger_totals(query: TotalsQuery) -> TotalsAnswer:
    """Answer the figures of a period."""
    view = open_view(query)
    zone = zone_of(query, view.account)
    scope = scope_of(query, view.account)
    lines = lines_in(view, scope)
    try:
        days = _days(query, lines, scope.window, zone)
        groups = _groups(query, view, lines, scope.window)
        adjustment = _adjustment(query, view, scope, zone)
    except InvalidInputError as error:
        raise ApiError(422, error.code, str(error), error.problems) from error
    return TotalsAnswer(
        provider=view.question.provider.label,
        currency=view.account.currency,
        comparison=comparison_info(view.question),
        as_of=instant_text(view.as_of),
        timezone=zone.key,
        totals=figures_info(figures_of(lines, scope.window)),
        days=days,
        groups=groups,
        adjustment=adjustment,
        noticed=_noticed(view, query.instance),
        notices=notices_of(notices_on(view)),
    )


def _days(
    query: TotalsQuery, lines: Sequence[Line], window: Window, zone: ZoneInfo
) -> list[DayInfo]:
    if query.group_by is not GroupBy.DAY:
        return []
    return [_day_info(one) for one in figures_by_day(lines, window, days_of(lines, window, zone))]


def _day_info(one: DayFigures) -> DayInfo:
    day = one.day
    return DayInfo(
        date=day.date,
        day_starts=instant_text(day.starts_at),
        day_hours=exact_text(day.hours),
        **dict(figures_info(one.figures)),
    )


def _groups(
    query: TotalsQuery, view: AccountView, lines: Sequence[Line], window: Window
) -> list[GroupFigures]:
    if query.group_by in (GroupBy.NONE, GroupBy.DAY):
        return []
    found = read_groups(lines, window, group_key(view, query.group_by))
    return [GroupFigures(key=key, **dict(figures_info(figures))) for key, figures in found]


def _adjustment(
    query: TotalsQuery, view: AccountView, scope: LedgerScope, zone: ZoneInfo
) -> list[AdjustmentInfo] | None:
    since = query.adjustment_since
    if since is None:
        return None
    if since > view.as_of:
        message = f"Must not lie after as_of, which is {instant_text(view.as_of)}."
        problem = FieldProblem("adjustment_since", "since_after_as_of", message)
        raise ApiError(422, problem.code, f"adjustment_since: {message}", [problem])
    # An earlier answer was given under the policy that was in force then, unless one is named.
    with services().views.read_past(view.account, query.policy_version, as_of=since) as earlier:
        found = read_adjustments(view_of(earlier, query), view, scope, zone)
    return [_adjustment_info(one) for one in found]


def _adjustment_info(one: Adjustment) -> AdjustmentInfo:
    return AdjustmentInfo(date=one.date, **dict(adjusted_amounts(one.change)))


def _noticed(view: AccountView, instance: str | None) -> NoticedInfo:
    odd = [one for name, one in view.ledger.notable.items() if instance in (None, name)]
    return NoticedInfo(
        orphan_stop=sum(one.orphan_stops for one in odd),
        start_while_running=sum(one.starts_while_running for one in odd),
    )
