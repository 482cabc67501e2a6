"""GET /ledger/closed: closed periods, as they were closed, as they are now, and the adjustment."""

from typing import Annotated

from pydantic import BaseModel, Field

from dumont_economy.api.cursor import CursorParameter, decode_cursor, encode_cursor
from dumont_economy.api.economy.shared import view_of
from dumont_economy.api.ledger.shared import (
    AdjustedAmounts,
    Figures,
    adjusted_amounts,
    blueprint,
    figures_info,
)
from dumont_economy.api.operation import operation, principal, services
from dumont_economy.api.parameters import FewParameter, ProviderQuery
from dumont_economy.instant import instant_text
from dumont_economy.pricing.sku import ProviderLabel
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.read_closed_periods import closed_figures, read_closed_periods
from dumont_economy.storage.closed_periods import ClosedPeriod

_PAGE = 12


class ClosedQuery(ProviderQuery):
    """Parameters of the list of closed periods; each is read as of two instants, so few at once."""

    limit: FewParameter = _PAGE
    cursor: CursorParameter | None = None


class ClosedPeriodInfo(BaseModel):
    """A closed period. `as_closed` is of its `as_of` and the policy then, `now` of the present.

    `adjustment` is what `now` has more; each figure is rounded once.
    """

    period: str
    timezone: str
    starts_at: Annotated[str, Field(serialization_alias="from")]
    ends_at: Annotated[str, Field(serialization_alias="to")]
    as_of: str
    closed_at: str
    closed_by: str
    as_closed: Figures
    now: Figures
    adjustment: AdjustedAmounts


class ClosedAnswer(BaseModel):
    """A page of closed periods, the latest first."""

    provider: ProviderLabel
    currency: str
    as_of: str
    periods: list[ClosedPeriodInfo]
    next_cursor: str | None


@operation(
    blueprint,
    "GET",
    "/closed",
    summary="Closed periods: their figures as closed, now, and the adjustment",
    scope="read",
    query=ClosedQuery,
    answer=ClosedAnswer,
    errors=(400,),
)
def closed_periods(query: ClosedQuery) -> ClosedAnswer:
    """Answer a page of closed periods."""
    start = decode_cursor(query.cursor, 1)[0] if query.cursor else 0
    account, views = principal().account, services().views
    found, has_more = read_closed_periods(
        services().database, account, start=start, limit=query.limit
    )
    with views.read(account) as state:
        present = view_of(state, query)
        periods = []
        for one in found:
            with views.read_past(account, as_of=one.as_of) as as_closed:
                periods.append(_period_info(one, view_of(as_closed, query), present))
    return ClosedAnswer(
        provider=query.provider.label,
        currency=account.currency,
        as_of=instant_text(present.as_of),
        periods=periods,
        next_cursor=encode_cursor(start + query.limit) if has_more else None,
    )


def _period_info(
    closed: ClosedPeriod, as_closed: AccountView, present: AccountView
) -> ClosedPeriodInfo:
    figures = closed_figures(closed, as_closed, present)
    return ClosedPeriodInfo(
        period=closed.period,
        timezone=closed.timezone,
        starts_at=instant_text(closed.starts_at),
        ends_at=instant_text(closed.ends_at),
        as_of=instant_text(closed.as_of),
        closed_at=instant_text(closed.closed_at),
        closed_by=closed.closed_by,
        as_closed=figures_info(figures.as_closed),
        now=figures_info(figures.now),
        adjustment=adjusted_amounts(figures.adjustment),
    )
